use std::fs;

use super::Home;

#[test]
fn reading_makes_no_store_in_a_new_place() {
    let home = Home::empty();
    for args in [
        &["leads", "list"][..],
        &["conversations", "tail"],
        &["bookings", "list"],
        &["crm", "services", "local"],
        &["status"],
        &["db", "status"],
        &["db", "check"],
        &["token", "list"],
    ] {
        let mut args = args.to_vec();
        args.extend(["-o", "json"]);
        let error = home.flow(&args).fails(7).error();
        assert_eq!(error["code"], "store", "{args:?}");
        assert!(error["hint"].as_str().unwrap().contains("flow seed"), "{error}");
    }
    assert!(!home.store().exists());
    home.flow(&["leads", "add", "--phone", "+79161234567"]).ok();
    assert!(home.store().exists());
}

#[test]
fn what_is_no_store_is_left_alone() {
    let home = Home::empty();
    let text = "not a database, but somebody's notes ".repeat(200);
    let notes = home.file("notes.db", &text);
    for args in [&["leads", "list"][..], &["db", "status"], &["seed", "--preset", "salon"]] {
        let mut args = args.to_vec();
        args.extend(["--store", "sqlite://notes.db", "-o", "json"]);
        assert_eq!(home.flow(&args).fails(7).error()["code"], "store", "{args:?}");
    }
    assert_eq!(fs::read_to_string(notes).unwrap(), text);
}

#[test]
fn a_store_of_a_newer_flow_is_refused() {
    let home = Home::salon();
    let db = rusqlite::Connection::open(home.store()).unwrap();
    let sql = "INSERT INTO refinery_schema_history(version, name, applied_on, checksum) VALUES(999, 'later', '', '')";
    db.execute(sql, []).unwrap();
    drop(db);
    let error = home.flow(&["leads", "list", "-o", "json"]).fails(7).error();
    assert_eq!(error["code"], "store");
    assert!(error["message"].as_str().unwrap().contains("999"), "{error}");
    let status = home.flow(&["db", "status", "-o", "json"]).fails(7);
    assert_eq!(status.json()["current"], 999);
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let home = Home::empty();
    home.file("file", "");
    let run = home.flow(&["seed", "--preset", "salon", "--store", "sqlite://file/flow.db", "-o", "json"]).fails(7);
    assert_eq!(run.error()["code"], "store");
    home.flow(&["init", "--dir", "file/inside"]).fails(2);
}

#[test]
fn a_fresh_store_is_current_and_whole() {
    let home = Home::salon();
    let status = home.flow(&["db", "status", "-o", "json"]).ok().json();
    assert_eq!(status["up_to_date"], true);
    assert_eq!(home.flow(&["db", "migrate", "-o", "json"]).ok().json()["changed"], false);
    assert_eq!(home.flow(&["db", "check", "-o", "json"]).ok().json(), serde_json::json!([]));
}

#[test]
fn damage_is_found_with_exit_9() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "20"]).ok();
    let db = rusqlite::Connection::open(home.store()).unwrap();
    db.execute_batch("UPDATE conversations SET message_count = message_count + 1").unwrap();
    drop(db);
    let findings = home.flow(&["db", "check", "-o", "json"]).fails(9).json();
    assert_eq!(findings[0]["check"], "message_counts");
}

#[test]
fn a_doctor_finds_nothing_in_a_seeded_place_and_something_in_an_empty_one() {
    let home = Home::salon();
    let listen = ("FLOW_HTTP__LISTEN", "127.0.0.1:1");
    let run =
        |home: &Home| super::Run::of(home.command(&["doctor", "-o", "json"]).env(listen.0, listen.1).output().unwrap());
    let report = run(&home).ok().json();
    assert_eq!(report["ok"], true, "{report}");
    let empty = Home::empty();
    let report = run(&empty).fails(9).json();
    let store = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "store").unwrap();
    assert_eq!(store["verdict"], "fail", "{report}");
    empty.file("config.toml", "[htp]\n");
    let report = run(&empty).fails(9).json();
    assert!(report.to_string().contains("config.toml:1"), "{report}");
}

#[test]
fn a_status_counts() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "30"]).ok();
    let status = home.flow(&["status", "-o", "json"]).ok().json();
    assert_eq!(status["counts"]["conversations"], 30);
    assert_eq!(status["queue"]["pending"], 0);
    assert_eq!(status["daemon"]["listen"], "127.0.0.1:8080");
}

#[test]
fn a_token_is_printed_once_and_revoked_by_its_name() {
    let home = Home::salon();
    let token = home.flow(&["token", "create", "site", "--scope", "leads:read,pii:read", "--expires", "90d"]).ok();
    assert!(token.stdout.starts_with("flow_pat_") && token.stdout.lines().count() == 1, "{token:?}");
    let list = home.flow(&["token", "list", "-o", "json"]).ok();
    assert!(!list.stdout.contains(token.stdout.trim()));
    assert_eq!(list.json()[0]["scopes"], serde_json::json!(["leads:read", "pii:read"]));
    let revoked = home.flow(&["token", "revoke", "site", "-o", "json"]).ok().json();
    assert!(revoked["revoked_at"].is_string());
    home.flow(&["token", "revoke", "site"]).fails(4);
    home.flow(&["token", "create", "x", "--scope", "leads:reed"]).fails(2);
    let open = home.flow(&["token", "create", "all", "-o", "json"]).ok().json();
    assert!(!open["scopes"].as_array().unwrap().contains(&"admin".into()), "{open}");
}

#[test]
fn a_damaged_store_is_examined_to_the_end() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "200"]).ok();
    let db = rusqlite::Connection::open(home.store()).unwrap();
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(db);
    let whole = fs::read(home.store()).unwrap();
    for from in [40, 4, 8, 12, 60, 100] {
        let mut bytes = whole.clone();
        bytes[from * 1024..(from + 4) * 1024].fill(0x5a);
        for beside in ["-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{beside}", home.store().display())));
        }
        fs::write(home.store(), bytes).unwrap();
        let found = home.flow(&["db", "check", "-o", "json"]).fails(9).json();
        assert!(!found.as_array().unwrap().is_empty(), "{from}");
        let run = super::Run::of(home.command(&["doctor", "-o", "json"]).output().unwrap()).fails(9);
        assert_eq!(run.json()["ok"], false, "{from}");
    }
}

#[test]
fn the_database_of_another_program_is_called_that() {
    let home = Home::empty();
    let db = rusqlite::Connection::open(home.path().join("other.db")).unwrap();
    db.execute_batch("CREATE TABLE notes(text TEXT)").unwrap();
    drop(db);
    let error = home.flow(&["leads", "list", "--store", "sqlite://other.db", "-o", "json"]).fails(7).error();
    assert!(error["message"].as_str().unwrap().contains("another program"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--store"), "{error}");
}

#[test]
fn a_token_has_a_name_of_its_own() {
    let home = Home::salon();
    home.flow(&["token", "create", "site"]).ok();
    let error = home.flow(&["token", "create", "site", "-o", "json"]).fails(2).error();
    assert!(error["hint"].as_str().unwrap().contains("flow token revoke site"), "{error}");
    home.flow(&["token", "revoke", "site"]).ok();
    home.flow(&["token", "create", "site"]).ok();
}
