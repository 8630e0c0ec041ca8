//! Hand-written sentences, counted by kind.

use serde_json::Value;

use super::*;

fn lines(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Prints the accuracy and holds the floor.
fn hold(kind: &str, floor: f64, wrong: &[String], all: usize) {
    let right = all - wrong.len();
    let share = right as f64 / all as f64;
    println!("{kind}: {right} of {all} ({:.1} %)", share * 100.0);
    assert!(share >= floor, "{kind}: {right} of {all}\n{}", wrong.join("\n"));
}

#[test]
fn intents_are_what_a_person_would_say_they_are() {
    let cases: Vec<Value> = lines(include_str!("../../../../tests/nlu/intents.jsonl")).collect();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let text = case["text"].as_str().unwrap();
            let said = read(text).intent;
            (said.as_str() != case["intent"]).then(|| format!("{text}: {said}, not {}", case["intent"]))
        })
        .collect();
    assert!(cases.len() >= 200);
    hold("intents", 0.99, &wrong, cases.len());
}

#[test]
fn entities_are_found_and_nothing_else_is() {
    let cases: Vec<Value> = lines(include_str!("../../../../tests/nlu/entities.jsonl")).collect();
    let vocabulary = salon();
    let mut wrong = Vec::new();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        let said = serde_json::to_value(understand(text, &tuesday(), &vocabulary, Region::default())).unwrap();
        for (key, expected) in case.as_object().unwrap().iter().filter(|(key, _)| *key != "text") {
            let found = if expected.is_array() { &said["candidates"][key] } else { &said[key] };
            if found != expected {
                wrong.push(format!("{text}: {key} {found}, not {expected}"));
            }
        }
    }
    assert!(cases.len() >= 120, "{}", cases.len());
    hold("entities", 0.98, &wrong, cases.len());
}

#[test]
fn dates_are_what_the_table_says() {
    let cases: Vec<Value> = lines(include_str!("../../../../tests/nlu/dates.jsonl")).collect();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (text, expected) = (case["text"].as_str().unwrap(), case["means"].as_str().unwrap());
            let said = brief(&read(text));
            (said != expected).then(|| format!("{text}: {said}, not {expected}"))
        })
        .collect();
    hold("dates", 0.99, &wrong, cases.len());
}
