//! `flow contacts`, on both databases.

use serde_json::{Value, json};

use super::Run;
use crate::support::daemon::Home;
use crate::support::postgres::Database;

const PHONE: &str = "+79161234567";

fn flow(home: &Home, args: &[&str]) -> Run {
    Run::of(home.run(args))
}

fn homes() -> Vec<Home> {
    let homes: Vec<Home> = [Some(Home::new()), Database::home()].into_iter().flatten().collect();
    for home in &homes {
        flow(home, &["seed", "--preset", "salon"]).ok();
    }
    homes
}

/// Somebody who wrote and left a phone, and has a visit tomorrow; answers the booking.
fn visits(home: &Home) -> String {
    let free = ["bookings", "slots", "--service", "haircut-men", "--from", "tomorrow", "-o", "json"];
    let slot = flow(home, &free).ok().json()[0].clone();
    let text = |member: &str| slot[member].as_str().unwrap().to_owned();
    let args = ["bookings", "create", "--service", "haircut-men", "--phone", PHONE, "--name", "Аделаида", "-o", "json"];
    let (staff, start) = (text("staff_id"), text("start"));
    let booked = flow(home, &[&args[..], &["--staff", &staff, "--start", &start]].concat()).ok().json();
    flow(home, &["leads", "add", "--name", "Аделаида", "--phone", PHONE, "--comment", "любит жасмин"]).ok();
    booked["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_is_shown_handed_out_and_erased() {
    for home in homes() {
        let booking = visits(&home);
        let shown = flow(&home, &["contacts", "show", "8 (916) 123-45-67", "-o", "json"]).ok().json();
        assert_eq!((&shown["name"], &shown["phone"]), (&json!("Аделаида"), &json!(PHONE)), "{shown}");
        assert_eq!((&shown["leads"], &shown["bookings"]), (&json!(1), &json!(1)), "{shown}");
        let id = shown["id"].as_str().unwrap();
        assert!(flow(&home, &["contacts", "show", id]).ok().stdout.contains(PHONE));
        let held = flow(&home, &["contacts", "export", id]).ok().json();
        assert_eq!(held["contact_id"], id);
        assert_eq!(held["rows"]["leads"][0]["comment"], "любит жасмин");
        assert_eq!(held["rows"]["bookings"][0]["id"], json!(booking));
        assert_eq!(held["rows"]["contacts"][0]["phone"], PHONE);

        let refused = flow(&home, &["contacts", "erase", id, "-o", "json"]).fails(2).error();
        assert!(refused["hint"].as_str().unwrap().contains("--yes"), "{refused}");
        let refused = flow(&home, &["contacts", "erase", id, "--yes", "-o", "json"]).fails(7).error();
        assert_eq!(refused["code"], "conflict");
        assert!(refused["hint"].as_str().unwrap().contains(&format!("flow bookings cancel {booking}")), "{refused}");
        assert_eq!(flow(&home, &["contacts", "export", id]).ok().json()["rows"], held["rows"], "nothing was removed");

        flow(&home, &["bookings", "cancel", &booking]).ok();
        let erased = flow(&home, &["contacts", "erase", PHONE, "--yes", "-o", "json"]).ok();
        assert!(erased.stderr.contains("backups") && erased.stderr.contains("CRM"), "{erased:?}");
        let erased = erased.json();
        assert_eq!((&erased["id"], &erased["rows"]["leads"]), (&json!(id), &json!(1)), "{erased}");
        for who in [id, PHONE] {
            let gone = flow(&home, &["contacts", "show", who, "-o", "json"]).fails(4).error();
            assert_eq!(gone["code"], "not_found");
            flow(&home, &["contacts", "erase", who, "--yes"]).fails(4);
        }
        flow(&home, &["bookings", "show", &booking]).fails(4);
        assert_eq!(flow(&home, &["leads", "list", "-o", "json"]).ok().json(), json!([]));
        assert_eq!(flow(&home, &["db", "check", "-o", "json"]).ok().json(), json!([]));
        assert_eq!(rows_left(&home), 0);
    }
}

/// Rows of people and of what they did.
fn rows_left(home: &Home) -> u64 {
    let status = flow(home, &["leads", "export", "--format", "jsonl"]).ok().stdout;
    let talks = flow(home, &["conversations", "export"]).ok().stdout;
    let bookings = flow(home, &["bookings", "list", "--from", "2020-01-01", "--limit", "0", "-o", "jsonl"]).ok().stdout;
    [status, talks, bookings].iter().map(|text| text.lines().count() as u64).sum()
}

#[test]
fn of_several_people_with_a_phone_one_must_be_named() {
    for home in homes() {
        for name in ["Анна", "Борис"] {
            let said = home.path().join("said.txt");
            std::fs::write(&said, format!("меня зовут {name}, мой телефон {PHONE}\n")).unwrap();
            flow(&home, &["chat", "--as", PHONE, "--name", name, "--script", said.to_str().unwrap()]).ok();
        }
        flow(&home, &["leads", "add", "--name", "Вера", "--phone", PHONE]).ok();
        let told = flow(&home, &["contacts", "show", PHONE, "-o", "json"]);
        if told.code == 0 {
            assert!(told.json()["conversations"].as_u64().unwrap() > 0);
            continue;
        }
        let error = told.fails(2).error();
        let message = error["message"].as_str().unwrap();
        let ids: Vec<&str> = message.split([' ', ',']).filter(|word| word.starts_with("ct_")).collect();
        assert!(ids.len() > 1, "{message}");
        let before: Vec<Value> = ids.iter().map(|id| flow(&home, &["contacts", "export", id]).ok().json()).collect();
        flow(&home, &["contacts", "erase", ids[0], "--yes"]).ok();
        flow(&home, &["contacts", "show", ids[0]]).fails(4);
        let after = flow(&home, &["contacts", "export", ids[1]]).ok().json();
        assert_eq!(after["rows"]["contacts"], before[1]["rows"]["contacts"]);
        assert_eq!(flow(&home, &["db", "check", "-o", "json"]).ok().json(), json!([]));
    }
}

#[test]
fn who_is_nobody_is_told() {
    let home = Home::new();
    flow(&home, &["seed", "--preset", "salon"]).ok();
    for who in ["ct_01JX0000000000000000000000", "ct_nobody", "+79160000009"] {
        let error = flow(&home, &["contacts", "export", who, "-o", "json"]).fails(4).error();
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("flow ")), "{error}");
    }
    flow(&home, &["contacts", "show", "Анна", "-o", "json"]).fails(2);
}
