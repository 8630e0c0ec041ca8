//! `flow eval run` through the binary: the scenarios of this repository, and what a run promises.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::daemon::Home;
use crate::support::postgres::Database;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Everything of a report but how long it took.
fn without_times(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("\"ms\":"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A scenario over the car service that expects these words of the first reply.
fn scenario(home: &Home, file: &str, expected: &str) -> String {
    let profile = root().join("tests/scenarios/profiles/garage.toml");
    let text = format!(
        "name = \"{file}\"\nprofile = {:?}\nnow = \"2026-05-19T10:00:00+07:00\"\n\n[[turn]]\n\
         client = \"Сколько стоит шиномонтаж?\"\nexpect.reply_all = [\"{expected}\"]\n",
        profile.display().to_string()
    );
    let path = home.path().join(file);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Plays a folder of scenarios; every one must pass. How many there were.
fn passes(folder: &str) -> u64 {
    let home = Home::new();
    let path = root().join("tests/scenarios").join(folder).display().to_string();
    let output = home.run(&["eval", "run", &path, "-o", "json"]);
    let report = read(&output);
    let failed: Vec<String> = report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|graded| graded["passed"] != true)
        .map(|graded| format!("{}: {}", graded["file"].as_str().unwrap_or_default(), graded["failures"]))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(report["errors"], Value::Array(Vec::new()));
    assert_eq!(output.status.code(), Some(0));
    report["total"].as_u64().unwrap()
}

#[test]
fn scenarios_of_the_barber_the_dentist_and_the_garage_pass() {
    let played = passes("barber") + passes("dental") + passes("garage");
    assert!(played >= 100, "{played}");
}

#[test]
fn scenarios_come_out_the_same_on_postgresql() {
    let Some(home) = Database::home() else { return };
    let path = root().join("tests/scenarios/barber").display().to_string();
    let play = |arguments: &[&str]| {
        let output = home.run(&[&["eval", "run", path.as_str(), "-o", "json"], arguments].concat());
        let mut report = read(&output);
        for scenario in report["scenarios"].as_array_mut().unwrap() {
            scenario.as_object_mut().unwrap().remove("ms");
        }
        report
    };
    let there = play(&["--store", home.url()]);
    assert_eq!(there, play(&[]));
    assert_eq!(there["failed"], 0);
}

#[test]
fn scenarios_of_trades_pass() {
    assert!(passes("trades") >= 100);
}

#[test]
fn scenarios_of_long_talks_pass() {
    assert!(passes("talks") >= 100);
}

#[test]
fn scenarios_of_shops_pass() {
    assert!(passes("shops") >= 100);
}

#[test]
fn no_folder_of_scenarios_is_left_out() {
    let mut folders: Vec<String> = fs::read_dir(root().join("tests/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, ["barber", "dental", "garage", "profiles", "shops", "talks", "trades"]);
}

#[test]
fn two_runs_answer_the_same_bytes_but_for_the_time() {
    let home = Home::new();
    let path = root().join("tests/scenarios/garage").display().to_string();
    let run = || home.run(&["eval", "run", &path, "-o", "json"]);
    let (first, second) = (without_times(&run()), without_times(&run()));
    assert!(first.len() > 3_000);
    assert_eq!(first, second);
}

#[test]
fn a_failing_scenario_is_exit_9_and_says_what_was_expected() {
    let home = Home::new();
    let good = scenario(&home, "good.toml", "₽");
    let bad = scenario(&home, "bad.toml", "бесплатно");
    let output = home.run(&["eval", "run", &bad, &good, "-o", "json"]);
    assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
    let report = read(&output);
    assert_eq!(
        (report["total"].as_u64(), report["passed"].as_u64(), report["failed"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
    assert_eq!(report["scenarios"][0]["file"], bad.as_str());
    assert!(report["scenarios"][0]["failures"][0].as_str().unwrap().contains("бесплатно"), "{report}");
    assert_eq!(report["pass_k"]["1"], 0.5);
    assert_eq!(home.run(&["eval", "run", &good]).status.code(), Some(0));
}

#[test]
fn an_unreadable_file_is_exit_2_and_the_others_are_played() {
    let home = Home::new();
    let good = scenario(&home, "good.toml", "₽");
    let broken = home.path().join("broken.toml").display().to_string();
    fs::write(&broken, "name = \"x\"\nprofil = \"x.toml\"\n").unwrap();
    let gone = home.path().join("gone.toml").display().to_string();
    let output = home.run(&["eval", "run", &broken, &gone, &good, "-o", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let report = read(&output);
    assert_eq!((report["total"].as_u64(), report["passed"].as_u64()), (Some(1), Some(1)));
    let files: Vec<&str> = report["errors"].as_array().unwrap().iter().filter_map(|e| e["file"].as_str()).collect();
    assert_eq!(files, [broken.as_str(), gone.as_str()]);
    assert!(report["errors"][0]["error"].as_str().unwrap().contains("profil"), "{report}");
}

#[test]
fn a_junit_report_has_a_case_for_every_file() {
    let home = Home::new();
    let good = scenario(&home, "good.toml", "₽");
    let bad = scenario(&home, "bad.toml", "<бесплатно>");
    let broken = home.path().join("broken.toml").display().to_string();
    fs::write(&broken, "?").unwrap();
    let xml = home.path().join("eval.xml");
    let output = home.run(&["eval", "run", &good, &bad, &broken, "--junit", &xml.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    let text = fs::read_to_string(&xml).unwrap();
    assert!(text.starts_with("<?xml") && text.trim_end().ends_with("</testsuite>"), "{text}");
    assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"1\""), "{text}");
    assert_eq!(text.matches("<testcase ").count(), 3);
    assert!(text.contains("&lt;бесплатно&gt;") && !text.contains("<бесплатно>"), "{text}");
}

#[test]
fn the_profile_and_the_scenario_of_the_documents_are_played_as_they_stand() {
    let text = fs::read_to_string(root().join("docs/interfaces.md")).unwrap();
    let block = |section: &str| -> String {
        let rest = text.split(&format!("\n## {section}")).nth(1).expect(section);
        rest.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example").to_owned()
    };
    let home = Home::new();
    fs::create_dir_all(home.path().join("profiles")).unwrap();
    fs::create_dir_all(home.path().join("scenarios")).unwrap();
    fs::write(home.path().join("profiles/bolt.toml"), block("4. Business profile")).unwrap();
    fs::write(home.path().join("scenarios/move.toml"), block("5. Scenarios")).unwrap();
    let output = home.run(&["eval", "run", "scenarios"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
