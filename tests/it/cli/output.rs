use std::io::Read;

use super::Home;

#[test]
fn usage_failures_exit_2_and_speak_json_when_asked() {
    let home = Home::empty();
    let plain = home.flow(&["leads", "lst"]).fails(2);
    assert!(plain.stderr.contains("list") && plain.stdout.is_empty());
    for args in [&["-o", "json", "leads", "lst"][..], &["leads", "list", "--limit", "x", "-ojson"], &["-o", "json"]] {
        assert_eq!(home.flow(args).fails(2).error()["code"], "usage", "{args:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let home = Home::empty();
    assert!(home.flow(&["--help"]).ok().stdout.contains("Examples:"));
    assert!(home.flow(&["crm", "book", "--help"]).ok().stdout.contains("--key"));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(home.flow(&["version"]).ok().stdout, format!("flow {version}\n"));
    assert_eq!(home.flow(&["version", "-o", "json"]).ok().json()["version"], version);
    assert_eq!(home.flow(&["--version"]).ok().stdout, format!("flow {version}\n"));
}

#[test]
fn later_commands_are_not_there_yet() {
    let home = Home::empty();
    for later in ["channel", "kb", "replay", "transcribe", "say", "report", "jobs", "webhooks", "tickets"] {
        home.flow(&[later]).fails(2);
    }
}

#[test]
fn every_format_prints_the_same_rows() {
    let home = Home::salon();
    let rows = home.flow(&["crm", "services", "local", "-o", "json"]).ok().json().as_array().unwrap().len();
    assert!(rows > 10);
    let lines = |format: &str| home.flow(&["crm", "services", "local", "-o", format]).ok().stdout.lines().count();
    assert_eq!(lines("jsonl"), rows);
    for with_header in ["table", "csv", "tsv"] {
        assert_eq!(lines(with_header), rows + 1, "{with_header}");
    }
}

#[test]
fn fields_choose_and_unknown_ones_list_what_there_is() {
    let home = Home::salon();
    let run = home.flow(&["crm", "services", "local", "--fields", "id,price.amount", "-o", "jsonl"]).ok();
    assert!(run.stdout.starts_with(r#"{"id":"haircut-women","price.amount":250000}"#), "{}", run.stdout);
    let error = home.flow(&["crm", "services", "local", "--fields", "titel", "-o", "json"]).fails(2).error();
    assert!(error["hint"].as_str().unwrap().contains("`title`"), "{error}");
}

#[test]
fn nothing_is_changed_when_fields_are_wrong() {
    let home = Home::salon();
    home.flow(&["leads", "add", "--phone", "89161234567", "--fields", "nope"]).fails(2);
    assert_eq!(home.flow(&["leads", "list", "-o", "json"]).ok().json(), serde_json::json!([]));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "600"]).ok();
    let mut child = home.command(&["conversations", "export"]).spawn().unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_pipe_gets_no_colours_unless_they_are_wanted() {
    let home = Home::salon();
    let plain = home.flow(&["crm", "staff", "local"]).ok().stdout;
    assert!(!plain.contains('\u{1b}') && !plain.contains('…'));
    assert!(home.flow(&["crm", "staff", "local", "--color", "always"]).ok().stdout.contains('\u{1b}'));
}
