//! Sentences whose meaning was written down first, read through the binary: days and hours computed from the calendar,
//! services and people of ten trades, intents that no weight was learnt from.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::daemon::Home;

fn set(name: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/nlu").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the binary answers to every case, in order.
fn parsed(home: &Home, cases: &[Value]) -> Vec<Value> {
    let file = home.path().join("cases.jsonl");
    let line = |case: &Value| {
        let at = case["at"].as_str().unwrap_or("2026-03-10T10:00:00+03:00");
        json!({ "text": case["text"], "at": at, "tz": case["tz"].as_str().unwrap_or("Europe/Moscow") }).to_string()
    };
    fs::write(&file, cases.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let output = home.run(&["nlu", "parse", "--file", &file.display().to_string()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len(), "{}", String::from_utf8_lossy(&output.stderr));
    answers
}

/// What of a case's expectation the answer does not hold to.
fn differences(expected: &Value, answer: &Value) -> Vec<String> {
    let sorted = |list: &Value| {
        let mut ids: Vec<String> = list.as_array().into_iter().flatten().map(ToString::to_string).collect();
        ids.sort();
        ids
    };
    let mut found = Vec::new();
    for (key, wanted) in expected.as_object().unwrap() {
        if key == "candidates" {
            for (kind, ids) in wanted.as_object().unwrap() {
                if sorted(ids) != sorted(&answer["candidates"][kind]) {
                    found.push(format!("{kind}s {}, not {ids}", answer["candidates"][kind]));
                }
            }
        } else if answer[key] != *wanted {
            found.push(format!("{key} {}, not {wanted}", answer[key]));
        }
    }
    found
}

/// How many were right, by kind, and what was not.
#[derive(Default)]
struct Score {
    kinds: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, kind: &str, text: &Value, differences: &[String]) {
        let (right, all) = self.kinds.entry(kind.to_owned()).or_default();
        *all += 1;
        *right += usize::from(differences.is_empty());
        if !differences.is_empty() {
            self.wrong.push(format!("{text}: {}", differences.join("; ")));
        }
    }

    /// Prints the table and holds the floor.
    fn hold(&self, name: &str, floor: f64) {
        let share = |right: usize, all: usize| right as f64 * 100.0 / all as f64;
        for (kind, (right, all)) in &self.kinds {
            println!("| {name} | {kind} | {right} of {all} | {:.1} % |", share(*right, *all));
        }
        let all: usize = self.kinds.values().map(|(_, all)| all).sum();
        let right = all - self.wrong.len();
        println!("| {name} | all | {right} of {all} | {:.1} % |", share(right, all));
        assert!(share(right, all) >= floor, "{name}: {right} of {all}\n{}", self.wrong.join("\n"));
    }
}

#[test]
fn days_and_hours_are_those_that_were_meant() {
    let (home, cases) = (Home::new(), set("dates_meant.jsonl"));
    let mut score = Score::default();
    for (case, answer) in cases.iter().zip(parsed(&home, &cases)) {
        score.count(case["rule"].as_str().unwrap(), &case["text"], &differences(&case["expect"], &answer));
    }
    score.hold("date meant", 99.5);
}

#[test]
fn services_people_phones_and_names_of_ten_trades_are_found() {
    let cases = set("entities_meant.jsonl");
    let mut trades: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for case in &cases {
        trades.entry(case["profile"].as_str().unwrap()).or_default().push(case.clone());
    }
    let mut score = Score::default();
    for (trade, cases) in trades {
        let home = Home::new();
        let profile = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/nlu/profiles/{trade}.toml"));
        let seeded = home.run(&["seed", &profile.display().to_string()]);
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        for (case, answer) in cases.iter().zip(parsed(&home, &cases)) {
            let kinds: Vec<&str> = case["expect"].as_object().unwrap().keys().map(String::as_str).collect();
            score.count(&kinds.join(" "), &case["text"], &differences(&case["expect"], &answer));
        }
    }
    score.hold("entity meant", 98.0);
}

#[test]
fn intents_of_sentences_that_no_weight_was_learnt_from_are_read() {
    let (home, cases) = (Home::new(), set("intents_unseen.jsonl"));
    let learnt: Vec<Value> =
        ["intents.jsonl", "intents_more.jsonl", "intents_turns.jsonl"].iter().flat_map(|name| set(name)).collect();
    let mut score = Score::default();
    let mut beside = (0, 0);
    for (case, answer) in cases.iter().zip(parsed(&home, &cases)) {
        assert!(learnt.iter().all(|known| known["text"] != case["text"]), "{} was learnt from", case["text"]);
        let expected = json!({ "intent": case["intent"] });
        score.count(case["intent"].as_str().unwrap(), &case["text"], &differences(&expected, &answer));
        for other in case["also"].as_array().into_iter().flatten() {
            beside = (beside.0 + usize::from(answer["intents"].as_array().unwrap().contains(other)), beside.1 + 1);
        }
    }
    println!("| intent unseen | beside the first | {} of {} | |", beside.0, beside.1);
    score.hold("intent unseen", 94.0);
}
