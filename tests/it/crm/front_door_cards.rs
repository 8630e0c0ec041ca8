//! Cards, notes and calls of a CRM from a terminal, before a served stand-in.

use flow::adapters::crm::ROWS;

use super::front_door::{bare, home, run};

/// A phone that no stand-in knows.
const NOBODY: &str = "+79037654321";

#[test]
fn a_card_is_made_once_and_changed_when_that_is_asked_for() {
    let mut made = 0;
    for row in ROWS {
        let kind = row.kind.kind;
        let home = home(row);
        let first = run(&home, &["crm", "client", kind, "--phone", NOBODY, "--name", "Вера", "-o", "json"]);
        if first.code != 0 {
            assert_eq!(first.code, 5, "{kind}: {}", first.stderr);
            assert!(
                first.stderr.contains("unsupported") || first.stderr.contains("has no"),
                "{kind}: {}",
                first.stderr
            );
            continue;
        }
        let first = first.json();
        let id = first["id"].as_str().unwrap_or_else(|| panic!("{kind}: {first}")).to_owned();
        let again = run(&home, &["crm", "client", kind, "--phone", "8 903 765-43-21", "--name", "Вера", "-o", "json"]);
        assert_eq!(again.ok().json()["id"], id.as_str(), "{kind}: the same phone is the same card");
        let found = run(&home, &["crm", "find", kind, "--phone", NOBODY, "--all", "-o", "json"]).ok().json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{kind}: {found}");
        let renamed = ["crm", "client", kind, "--phone", NOBODY, "--name", "Вера Павлова", "--update", "-o", "json"];
        let renamed = run(&home, &renamed);
        if renamed.code == 0 {
            assert_eq!(renamed.json()["name"], "Вера Павлова", "{kind}");
        } else {
            assert_eq!(renamed.code, 5, "{kind}: {}", renamed.stderr);
        }
        if row.kind.capabilities.contains(&"notes") {
            let note = ["crm", "note", kind, "--client", &id, "просит окно у стены", "-o", "json"];
            for _ in 0..2 {
                let noted = run(&home, &note).ok().json();
                assert_eq!((&noted["about"], &noted["kind"]), (&"client".into(), &"note".into()), "{kind}");
            }
            let task = [&note[..], &["--due", "2099-03-11T15:00"]].concat();
            assert_eq!(run(&home, &task).ok().json()["kind"], "task", "{kind}");
        }
        made += 1;
    }
    assert!(made >= 5, "{made} kinds make cards");
}

#[test]
fn a_crm_is_told_where_to_call_or_a_person_is_told_what_to_paste() {
    for row in ROWS {
        let kind = row.kind.kind;
        if !row.kind.capabilities.contains(&"hooks") {
            continue;
        }
        let home = home(row);
        let run = |args: &[&str]| home.flow(&[&["crm"], args, &["-o", "json"]].concat());
        let without = run(&["register", kind]);
        assert_eq!(without.code, 3, "{kind}: {}", without.stderr);
        assert!(without.stderr.contains("http.public_url"), "{kind}: {}", without.stderr);
        let told = run(&["register", kind, "--url", "https://bot.example.ru/hooks/x"]);
        if told.code != 0 {
            assert!(told.stderr.contains("secret"), "{kind}: {}", told.stderr);
            continue;
        }
        let told = told.json();
        assert_eq!(told["connection"], kind);
        let paste = told["paste"].as_array().unwrap();
        assert_ne!(told["registered"] == true, !paste.is_empty(), "{kind}: {told}");
        assert!(paste.iter().all(|url| url.as_str().unwrap().starts_with("https://bot.example.ru/hooks/x")), "{told}");
        let gone = run(&["unregister", kind, "--url", "https://bot.example.ru/hooks/x"]).ok().json();
        assert_eq!(gone["registered"], false, "{kind}");
        let bad = run(&["register", kind, "--url", "http://bot.example.ru/hooks/x"]);
        assert_eq!(bad.code, 2, "{kind}: {}", bad.stderr);
    }
}

#[test]
fn a_connection_is_tried_out_before_there_is_a_store() {
    let row = ROWS.iter().find(|row| row.kind.kind == "yclients").unwrap();
    let home = bare(row);
    let probed = run(&home, &["crm", "test", "yclients", "-o", "json"]).ok().json();
    assert_eq!(probed["ok"], true, "{probed}");
    let services = run(&home, &["crm", "services", "yclients", "-o", "json"]).ok().json();
    assert!(!services.as_array().unwrap().is_empty());
    let unknown = run(&home, &["crm", "services", "yclient", "-o", "json"]);
    assert_eq!(
        (unknown.code, unknown.error()["code"].as_str().unwrap().to_owned()),
        (3, "unknown_connection".to_owned())
    );
    home.file("config.toml", "[crm.yclients]\npartner = 5\n");
    let wrong = run(&home, &["crm", "services", "yclients", "-o", "json"]);
    assert!(wrong.error()["hint"].as_str().unwrap().contains("flow config check"), "{}", wrong.stderr);
}
