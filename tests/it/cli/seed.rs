use super::Home;

const TEN_MISTAKES: &str = r#"[company]
name = "Салон"
phone = "12"
timezone = "Europe/Moskow"
[company.hours]
mon = "20:00-10:00"
monday = "10:00-20:00"

[[service]]
id = "cut"
title = "Стрижка"
duration_min = 0
[[service]]
id = "cut"
title = "Ещё стрижка"
duration_min = 30
price = 5000
price_to = 100

[[employee]]
id = "anna"
name = "Анна"
services = ["cutt"]
[employee.hours]
tue = "25:00-26:00"
[[employee.day_off]]
date = "2026-02-30"

[[knowledge]]
title = "Оплата"
file = "nowhere.md"
"#;

#[test]
fn a_bad_profile_is_refused_whole_with_every_problem_and_its_line() {
    let home = Home::salon();
    home.file("bad.toml", TEN_MISTAKES);
    let run = home.flow(&["seed", "bad.toml"]).fails(3);
    for line in [3, 4, 6, 7, 12, 14, 18, 23, 25, 27, 31] {
        let place = format!("bad.toml:{line}: ");
        assert!(run.stderr.contains(&place), "{place} is missing in\n{}", run.stderr);
    }
    let services = home.flow(&["crm", "services", "local", "-o", "json"]).ok().json();
    assert!(services.as_array().unwrap().len() > 10, "the salon is still there");
    home.flow(&["seed", "nowhere.toml"]).fails(3);
}

#[test]
fn the_same_profile_twice_changes_nothing() {
    let home = Home::empty();
    assert_eq!(home.flow(&["seed", "--preset", "salon", "-o", "json"]).ok().json()["changed"], true);
    assert_eq!(home.flow(&["seed", "--preset", "salon", "-o", "json"]).ok().json()["changed"], false);
    let other = home.flow(&["seed", "--preset", "clinic", "-o", "json"]).ok().json();
    assert!(other["services_hidden"].as_u64().unwrap() > 0, "{other}");
    home.flow(&["seed"]).fails(2);
    home.flow(&["seed", "--preset", "bank"]).fails(2);
}

fn activity(rng: &str) -> (Home, String) {
    let home = Home::empty();
    let at = "2026-03-10T18:00:00+03:00";
    let args = ["seed", "--preset", "salon", "--activity", "150", "--days", "20", "--rng", rng, "--at", at];
    home.flow(&args).ok();
    let written = written(&home);
    (home, written)
}

fn written(home: &Home) -> String {
    let leads = home.flow(&["leads", "list", "--limit", "0", "-o", "jsonl"]).ok().stdout;
    let talks = home.flow(&["conversations", "export"]).ok().stdout;
    let bookings = home.flow(&["bookings", "list", "--from", "2026-01-01", "--limit", "0", "-o", "jsonl"]).ok().stdout;
    format!("{leads}{talks}{bookings}")
}

#[test]
fn activity_is_the_same_for_the_same_number() {
    let (home, first) = activity("7");
    assert_eq!(first, activity("7").1);
    assert_ne!(first, activity("8").1);
    let again = home.flow(&["seed", "--preset", "salon", "--activity", "150", "--rng", "7", "-o", "json"]).ok().json();
    let (added, there) = (&again["activity"]["conversations"], &again["activity"]["there_already"]);
    assert_eq!((added, there), (&0.into(), &150.into()));
    home.flow(&["seed", "--preset", "salon", "--activity", "5", "--rng", "8"]).ok();
    assert_eq!(home.flow(&["db", "check", "-o", "json"]).ok().json(), serde_json::json!([]));
}

#[test]
fn activity_has_leads_in_every_state_and_no_double_booking() {
    let home = Home::empty();
    let seeded = home.flow(&["seed", "--preset", "salon", "--activity", "1200", "-o", "json"]).ok().json();
    assert_eq!(seeded["activity"]["conversations"], 1200);
    for status in ["new", "in_progress", "qualified", "booked", "won", "lost", "spam"] {
        let leads = home.flow(&["leads", "list", "--status", status, "-o", "json"]).ok().json();
        assert_ne!(leads, serde_json::json!([]), "{status}");
    }
    let rows = home.flow(&["bookings", "list", "--from", "2020-01-01", "--limit", "0", "-o", "json"]).ok().json();
    let mut last_end = std::collections::HashMap::new();
    let live = |row: &&serde_json::Value| row["state"] != "cancelled";
    for row in rows.as_array().unwrap().iter().filter(live) {
        let (start, end) = (row["start"].as_str().unwrap().to_owned(), row["end"].as_str().unwrap().to_owned());
        let before = last_end.insert(row["employee_id"].as_str().unwrap().to_owned(), end);
        assert!(before.is_none_or(|before| before <= start), "{row}");
    }
}

/// Takes the later conversations away, as if the run had been interrupted before them.
fn interrupt(home: &Home, kept: u32) {
    let db = rusqlite::Connection::open(home.store()).unwrap();
    let sql = format!(
        "PRAGMA foreign_keys=OFF; BEGIN;
         CREATE TEMP TABLE gone AS SELECT id, contact_id FROM conversations ORDER BY started_at LIMIT -1 OFFSET {kept};
         CREATE TEMP TABLE gone_bookings AS SELECT id FROM bookings WHERE conversation_id IN (SELECT id FROM gone);
         DELETE FROM messages WHERE conversation_id IN (SELECT id FROM gone);
         DELETE FROM sessions WHERE conversation_id IN (SELECT id FROM gone);
         DELETE FROM leads WHERE conversation_id IN (SELECT id FROM gone);
         DELETE FROM booking_slots WHERE booking_id IN (SELECT id FROM gone_bookings);
         DELETE FROM booking_keys WHERE booking_id IN (SELECT id FROM gone_bookings);
         DELETE FROM bookings WHERE id IN (SELECT id FROM gone_bookings);
         DELETE FROM conversations WHERE id IN (SELECT id FROM gone);
         DELETE FROM contacts WHERE id IN (SELECT contact_id FROM gone);
         COMMIT;"
    );
    db.execute_batch(&sql).unwrap();
}

#[test]
fn interrupted_activity_is_completed_to_what_it_would_have_been() {
    let (home, whole) = activity("7");
    interrupt(&home, 60);
    let again = ["seed", "--preset", "salon", "--activity", "150", "--days", "20", "--rng", "7"];
    let mut same = again.to_vec();
    same.extend(["--at", "2026-03-10T18:00:00+03:00", "-o", "json"]);
    let seeded = home.flow(&same).ok().json();
    let (added, there) = (&seeded["activity"]["conversations"], &seeded["activity"]["there_already"]);
    assert_eq!((added, there), (&90.into(), &60.into()));
    assert_eq!(written(&home), whole);

    // At another time the rest is new, and still fits between what stands.
    interrupt(&home, 60);
    home.flow(&again).ok();
    assert_eq!(home.flow(&["status", "-o", "json"]).ok().json()["counts"]["conversations"], 150);
    assert_eq!(home.flow(&["db", "check", "-o", "json"]).ok().json(), serde_json::json!([]));
    assert!(home.flow(&again).ok().stdout.contains("was there already"));
}
