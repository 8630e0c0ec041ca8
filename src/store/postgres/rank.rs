//! How well entries fit a question: BM25 with the weights and the constants of SQLite's full text, so that both
//! stores answer in the same order.

use std::collections::HashMap;

/// Headings, tags, words.
const WEIGHTS: [f64; 3] = [4.0, 6.0, 1.0];
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// What a term weighs that half of the entries hold.
const LEAST: f64 = 1e-6;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// A stem.
    Whole(String),
    /// The beginning of stems.
    Beginning(String),
}

impl Term {
    fn fits(&self, stem: &str) -> bool {
        match self {
            Self::Whole(whole) => stem == whole,
            Self::Beginning(beginning) => stem.starts_with(beginning.as_str()),
        }
    }
}

/// An entry as it is ranked: the stems of its heading, tags and words.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) stems: [Vec<String>; 3],
}

/// All entries, also those that hold nothing of the question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Collection {
    pub(super) entries: i64,
    pub(super) stems: i64,
}

/// The rank of every entry; the lower the better. `found` holds every entry with any of the terms.
pub(super) fn ranks(terms: &[Term], found: &[Entry], all: Collection) -> HashMap<i64, f64> {
    let entries = float(all.entries.max(1));
    let average = float(all.stems.max(1)) / entries;
    let weighed: Vec<Vec<f64>> =
        terms.iter().map(|term| found.iter().map(|entry| weight(term, entry)).collect()).collect();
    let ranks = found.iter().enumerate().map(|(at, entry)| {
        let length: usize = entry.stems.iter().map(Vec::len).sum();
        let length = float(i64::try_from(length).unwrap_or(i64::MAX));
        let score: f64 = weighed
            .iter()
            .map(|weights| {
                let holding = weights.iter().filter(|weight| **weight > 0.0).count();
                let holding = float(i64::try_from(holding).unwrap_or(i64::MAX));
                let rarity = ((entries - holding + 0.5) / (holding + 0.5)).ln().max(LEAST);
                let weight = weights[at];
                rarity * (weight * (K1 + 1.0)) / (weight + K1 * (1.0 - B + B * length / average))
            })
            .sum();
        (entry.id, -score)
    });
    ranks.collect()
}

/// How often a term occurs, each place by its weight.
fn weight(term: &Term, entry: &Entry) -> f64 {
    let places = entry.stems.iter().zip(WEIGHTS);
    places.map(|(stems, weight)| weight * float(stems.iter().filter(|stem| term.fits(stem)).count() as i64)).sum()
}

/// Numbers here are small: every whole one is exact.
fn float(whole: i64) -> f64 {
    whole as f64
}
