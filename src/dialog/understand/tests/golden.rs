//! Hand-written sentences, counted by kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

fn lines(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// What was right and what was not, by kind.
#[derive(Default)]
struct Score {
    kinds: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, kind: &str, wrong: Option<String>) {
        let (right, all) = self.kinds.entry(kind.to_owned()).or_default();
        *all += 1;
        *right += usize::from(wrong.is_none());
        self.wrong.extend(wrong);
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
fn intents_are_what_a_person_would_say_they_are() {
    let mut score = Score::default();
    for case in lines(include_str!("../../../../tests/nlu/intents.jsonl")) {
        let (text, expected) = (case["text"].as_str().unwrap(), case["intent"].as_str().unwrap());
        let said = read(text).intent;
        score.count(expected, (said.as_str() != expected).then(|| format!("{text}: {said}, not {expected}")));
    }
    score.hold("intent", 99.0);
}

#[test]
fn entities_are_found_and_nothing_else_is() {
    let vocabulary = salon();
    let mut score = Score::default();
    for case in lines(include_str!("../../../../tests/nlu/entities.jsonl")) {
        let text = case["text"].as_str().unwrap();
        let said = serde_json::to_value(understand(text, &tuesday(), &vocabulary, Region::default())).unwrap();
        for (key, expected) in case.as_object().unwrap().iter().filter(|(key, _)| *key != "text") {
            let found = if expected.is_array() { &said["candidates"][key] } else { &said[key] };
            score.count(key, (found != expected).then(|| format!("{text}: {key} {found}, not {expected}")));
        }
    }
    score.hold("entity", 98.0);
}

/// Four trades under one roof: services that share words, employees that share names.
fn medley() -> Vocabulary {
    let profile: Value = serde_json::from_str(include_str!("../../../../tests/nlu/medley.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let aliases = |value: &Value| value["aliases"].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let list = |key: &str| profile[key].as_array().unwrap().clone();
    let services: Vec<Service> = list("services")
        .iter()
        .map(|s| Service { aliases: aliases(s), ..service(&text(&s["id"]), &text(&s["title"]), &[]) })
        .collect();
    let employees: Vec<Employee> = list("employees")
        .iter()
        .map(|e| Employee {
            aliases: aliases(e),
            title: Some(text(&e["title"])),
            ..employee(&text(&e["id"]), &text(&e["name"]), &[])
        })
        .collect();
    Vocabulary::new(&services, &employees)
}

#[test]
fn what_fits_of_many_services_and_employees_is_found() {
    let vocabulary = medley();
    let mut score = Score::default();
    for case in lines(include_str!("../../../../tests/nlu/medley.jsonl")) {
        let text = case["text"].as_str().unwrap();
        let mut said = understand(text, &tuesday(), &vocabulary, Region::default()).candidates;
        said.service.sort();
        said.employee.sort();
        for (kind, found) in [("service", said.service), ("employee", said.employee)] {
            let expected = &case[kind];
            let wrong = (serde_json::json!(found) != *expected).then(|| format!("{text}: {found:?}, not {expected}"));
            score.count(kind, wrong);
        }
    }
    score.hold("medley", 98.0);
}

#[test]
fn dates_are_what_the_table_says() {
    let mut score = Score::default();
    for case in lines(include_str!("../../../../tests/nlu/dates.jsonl")) {
        let (text, expected) = (case["text"].as_str().unwrap(), case["means"].as_str().unwrap());
        let said = brief(&read(text));
        let wrong = (said != expected).then(|| format!("{text}: {said}, not {expected}"));
        score.count(case["rule"].as_str().unwrap(), wrong);
    }
    score.hold("date", 99.5);
}
