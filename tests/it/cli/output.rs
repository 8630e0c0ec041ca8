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
    let build = option_env!("FLOW_COMMIT").map(|commit| format!(" ({commit})")).unwrap_or_default();
    assert_eq!(home.flow(&["version"]).ok().stdout, format!("flow {version}{build}\n"));
    assert_eq!(home.flow(&["version", "-o", "json"]).ok().json()["commit"].as_str(), option_env!("FLOW_COMMIT"));
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

#[test]
fn usage_failures_name_what_is_missing_allowed_and_meant() {
    let home = Home::empty();
    let told = |args: &[&str]| {
        let mut args = args.to_vec();
        args.extend(["-o", "json"]);
        let error = home.flow(&args).fails(2).error();
        (error["message"].as_str().unwrap().to_owned(), error["hint"].as_str().unwrap().to_owned())
    };
    let (message, hint) = told(&["crm", "book", "local", "--service", "x"]);
    for missing in ["--start", "--phone", "--name", "--key"] {
        assert!(message.contains(missing), "{message}");
    }
    assert!(hint.contains("`flow crm book --help`"), "{hint}");
    let (message, _) = told(&["seed", "--preset", "bank"]);
    assert!(message.contains("bank") && message.contains("it-support"), "{message}");
    let (message, hint) = told(&["leads", "lst"]);
    assert!(message.contains("lst") && message.contains("`list`"), "{message}");
    assert!(hint.contains("`flow leads --help`"), "{hint}");
    assert!(told(&["leads", "list", "--sinse", "7d"]).0.contains("--since"));
    assert!(told(&["leads"]).0.contains("needs a command"));
}

#[test]
fn an_empty_search_and_an_end_before_its_beginning_are_refused() {
    let home = Home::salon();
    home.flow(&["conversations", "search", ""]).fails(2);
    for list in ["bookings", "leads", "conversations"] {
        home.flow(&[list, "list", "--since", "tomorrow", "--until", "yesterday"]).fails(2);
        home.flow(&[list, "list", "--since", "today", "--until", "today"]).ok();
    }
}

#[test]
fn failures_say_what_to_do() {
    let home = Home::salon();
    let far = "ld_01JX0000000000000000000000";
    for (args, hint) in [
        (&["leads", "show", "x"][..], "flow leads list"),
        (&["leads", "show", far], "flow leads list"),
        (&["leads", "add", "--phone", "12"], "+79161234567"),
        (&["leads", "import", "nowhere.csv"], "check the path"),
        (&["seed", "nowhere.toml"], "check the path"),
        (&["bookings", "show", "x"], "flow bookings list"),
        (&["crm", "cancel", "local", "x"], "flow crm appointments local"),
        (
            &["crm", "slots", "local", "--service", "nope", "--from", "today", "--to", "today"],
            "flow crm services local",
        ),
        (&["crm", "staff", "local", "--service", "haircut-mem"], "`haircut-men`"),
        (&["crm", "find", "local", "--phone", "+79169999999"], "+79161234567"),
    ] {
        let mut args = args.to_vec();
        args.extend(["-o", "json"]);
        let run = home.flow(&args);
        let error = run.error();
        assert!(error["hint"].as_str().is_some_and(|told| told.contains(hint)), "{args:?}: {error}");
    }
}
