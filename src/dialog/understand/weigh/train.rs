//! Learns the weights: multinomial logistic regression by gradient steps that shrink where a feature was met often
//! (AdaGrad). Everything is in a fixed order, so that the same sentences give the same table.
//!
//! `scripts/learn` runs [`learn`], which writes the table, and prints what [`shares`] finds: how many sentences are read
//! right by weights that have not seen them.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::super::*;
use super::features::features;
use super::table::{HEADER, INTENTS, PLACE};
use super::{Heard, hear, weighed};

/// Rounds over all sentences.
const ROUNDS: usize = 14;
const STEP: f32 = 0.35;
/// How much a weight shrinks in a round.
const SHRINK: f32 = 0.04;
/// Sentences a feature must be in to have weights.
const LEAST: usize = 2;

/// One sentence: the features with and without what the grammar says of it, and the intent.
#[derive(Clone)]
pub(super) struct Example {
    intent: usize,
    plain: Vec<u32>,
    heard: Heard,
    /// The grammar was written with this sentence in sight: what it says of it proves nothing.
    tuned: bool,
}

impl Example {
    /// What the weights are learnt from.
    fn taught(&self) -> &[u32] {
        if self.tuned || self.heard.whole.settled { &self.plain } else { &self.heard.whole.features }
    }
}

fn index(intent: &str) -> usize {
    Intent::ALL.iter().position(|known| known.as_str() == intent).unwrap()
}

fn example(text: &str, intent: usize, tuned: bool) -> Example {
    let now: Zoned = "2026-03-10T10:00:00+03:00[Europe/Moscow]".parse().unwrap();
    let said = mark(text, &now, &Vocabulary::empty(), Region::default());
    let hour = said.when.time.is_some_and(|time| time.from.is_some() && time.from == time.to);
    Example {
        intent,
        plain: features(&said.tokens, said.marks(), None),
        heard: hear(&said.tokens, said.marks(), hour),
        tuned,
    }
}

/// The sentences of a set of `tests/nlu`.
pub(super) fn set(name: &str) -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nlu").join(name);
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let intent = case["intent"].as_str().or(case["expect"]["intent"].as_str()).unwrap();
            example(case["text"].as_str().unwrap(), index(intent), name == "intents.jsonl")
        })
        .collect()
}

/// Weights by feature.
pub(super) struct Learnt(HashMap<u32, [f32; INTENTS]>);

impl Learnt {
    pub fn of(examples: &[&Example]) -> Self {
        let mut met: HashMap<u32, usize> = HashMap::new();
        for example in examples {
            for feature in example.taught() {
                *met.entry(*feature).or_default() += 1;
            }
        }
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut rows: Vec<(Vec<usize>, usize)> = Vec::new();
        for example in examples {
            let known = example.taught();
            let mut row = Vec::with_capacity(known.len());
            for feature in known.iter().filter(|feature| met[*feature] >= LEAST) {
                let next = places.len();
                row.push(*places.entry(*feature).or_insert(next));
            }
            rows.push((row, example.intent));
        }
        let mut weights = vec![[0.0_f32; INTENTS]; places.len()];
        let mut squares = vec![[1e-6_f32; INTENTS]; places.len()];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut seed = 1_u64;
        for _ in 0..ROUNDS {
            shuffle(&mut order, &mut seed);
            for at in &order {
                let (row, intent) = &rows[*at];
                descend(row, *intent, &mut weights, &mut squares);
            }
            weights.iter_mut().flatten().for_each(|weight| *weight *= 1.0 - SHRINK);
        }
        Self(places.into_iter().map(|(feature, place)| (feature, weights[place])).collect())
    }

    /// The intent of an example, from everything that is known of it.
    pub fn best(&self, example: &Example) -> usize {
        let scores = |features: &[u32]| {
            let mut sums = [0.0_f32; INTENTS];
            for weights in features.iter().filter_map(|feature| self.0.get(feature)) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
            }
            sums
        };
        weighed(example.heard.clone(), &scores).wants.intents[0] as usize
    }

    /// As `table.rs` reads it.
    fn table(&self, origin: u32) -> Vec<u8> {
        let most = self.0.values().flatten().fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let step = most / 127.0;
        let steps = |weights: &[f32; INTENTS]| weights.map(|weight| (weight / step).round() as i8);
        let mut kept: Vec<(u32, [i8; INTENTS])> =
            self.0.iter().map(|(feature, weights)| (*feature, steps(weights))).collect();
        kept.retain(|(_, steps)| steps.iter().any(|step| step.abs() > 1));
        kept.sort_unstable_by_key(|(feature, _)| *feature);
        let places = (kept.len() * 3 / 2).next_power_of_two();
        let mut table = vec![0_u8; HEADER + places * PLACE];
        table[..4].copy_from_slice(b"flow");
        table[4..8].copy_from_slice(&origin.to_le_bytes());
        table[8..12].copy_from_slice(&step.to_bits().to_le_bytes());
        for (feature, steps) in kept {
            let mut place = feature as usize & (places - 1);
            while table[HEADER + place * PLACE..][..4] != [0; 4] {
                place = (place + 1) & (places - 1);
            }
            let at = HEADER + place * PLACE;
            table[at..at + 4].copy_from_slice(&feature.to_le_bytes());
            for (byte, step) in table[at + 4..at + PLACE].iter_mut().zip(steps) {
                *byte = step as u8;
            }
        }
        table
    }
}

fn shuffle(order: &mut [usize], seed: &mut u64) {
    for at in (1..order.len()).rev() {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(at, (*seed >> 33) as usize % (at + 1));
    }
}

/// One step down the slope of one sentence's loss.
fn descend(row: &[usize], intent: usize, weights: &mut [[f32; INTENTS]], squares: &mut [[f32; INTENTS]]) {
    let mut sums = [0.0_f32; INTENTS];
    for place in row {
        for (sum, weight) in sums.iter_mut().zip(&weights[*place]) {
            *sum += weight;
        }
    }
    let most = sums.iter().copied().fold(f32::MIN, f32::max);
    let shares = sums.map(|sum| (sum - most).exp());
    let all: f32 = shares.iter().sum();
    for class in 0..INTENTS {
        let slope = shares[class] / all - f32::from(u8::from(class == intent));
        if slope.abs() < 1e-4 {
            continue;
        }
        for place in row {
            let square = &mut squares[*place][class];
            *square += slope * slope;
            weights[*place][class] -= STEP * slope / square.sqrt().max(1.0) / (row.len() as f32).sqrt();
        }
    }
}

/// The share of sentences read right by weights learnt from the others: every fifth is held back in turn.
fn held_back(examples: &[Example], folds: usize) -> f64 {
    let mut right = 0;
    for fold in 0..folds {
        let others: Vec<&Example> =
            examples.iter().enumerate().filter(|(at, _)| at % folds != fold).map(|(_, e)| e).collect();
        let learnt = Learnt::of(&others);
        let own = examples.iter().enumerate().filter(|(at, e)| at % folds == fold && !e.tuned);
        right += own.filter(|(_, e)| learnt.best(e) == e.intent).count();
    }
    let all = examples.iter().filter(|e| !e.tuned).count();
    right as f64 * 100.0 / all as f64
}

/// What the weights are learnt from. A change of any of it asks for new weights.
const SETS: [&str; 3] = ["intents.jsonl", "intents_more.jsonl", "intents_turns.jsonl"];

fn origin() -> u32 {
    let mut hash = crc32fast::Hasher::new();
    for name in SETS {
        hash.update(&std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nlu").join(name)).unwrap());
    }
    hash.update(include_bytes!("features.rs"));
    hash.update(include_bytes!("train.rs"));
    hash.update(include_bytes!("../intent.rs"));
    hash.update(include_bytes!("../lexicon/intents.txt"));
    hash.finalize()
}

#[test]
#[ignore = "writes the weights: run it by scripts/learn"]
fn learn() {
    let examples: Vec<Example> = SETS.into_iter().flat_map(set).collect();
    let table = Learnt::of(&examples.iter().collect::<Vec<_>>()).table(origin());
    println!("| weights | {} sentences | {} KiB |", examples.len(), table.len() / 1024);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialog/understand/lexicon/weights.bin");
    std::fs::write(path, table).unwrap();
}

#[test]
#[ignore = "takes a minute: run it by scripts/learn"]
fn shares() {
    let examples: Vec<Example> = SETS.into_iter().flat_map(set).collect();
    println!("| weights | sentences they have not seen | {:.1} % right |", held_back(&examples, 5));
}

#[test]
fn weights_are_those_of_the_sentences() {
    assert_eq!(super::table::origin(), origin(), "the sentences or the features changed: run scripts/learn");
}
