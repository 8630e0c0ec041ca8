use std::process::Child;

use serde_json::{Value, json};

use super::{Home, Run};

/// The first free time of a men's haircut in the days that come.
fn slot(home: &Home) -> Value {
    let args = ["crm", "slots", "local", "--service", "haircut-men", "--from", "tomorrow", "--to", "+7d", "-o", "json"];
    home.flow(&args).ok().json()[0].clone()
}

fn book(slot: &Value, key: &str, phone: &str) -> Vec<String> {
    let text = |member: &str| slot[member].as_str().unwrap().to_owned();
    let mut args: Vec<String> = ["crm", "book", "local", "--service"].iter().map(|arg| (*arg).to_owned()).collect();
    args.push(text("service_id"));
    args.extend(["--staff".to_owned(), text("staff_id"), "--start".to_owned(), text("start")]);
    args.extend(["--phone", phone, "--name", "Пётр", "--key", key, "-o", "json"].map(str::to_owned));
    args
}

fn run(home: &Home, args: &[String]) -> Run {
    home.flow(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn an_appointment_is_booked_once_moved_and_cancelled_twice() {
    let home = Home::salon();
    let slot = slot(&home);
    assert!(slot["start"].as_str().unwrap().ends_with("+03:00"), "{slot}");
    let first = run(&home, &book(&slot, "k1", "8 916 123-45-67")).ok().json();
    assert_eq!(first["state"], "booked");
    assert_eq!(first["start"], slot["start"]);
    let id = first["id"].as_str().unwrap();
    assert_eq!(run(&home, &book(&slot, "k1", "+7 916 123-45-67")).ok().json()["id"], id);
    assert_eq!(run(&home, &book(&slot, "k1", "+79160000000")).fails(2).error()["code"], "usage");
    assert_eq!(run(&home, &book(&slot, "k2", "+79160000000")).fails(5).error()["code"], "slot_taken");
    let found = home.flow(&["crm", "find", "local", "--phone", "916 123 45 67", "-o", "json"]).ok().json();
    assert_eq!(found["phone"], "+79161234567");
    home.flow(&["crm", "find", "local", "--phone", "+79169999999"]).fails(4);

    let other = self::slot(&home);
    let start = other["start"].as_str().unwrap();
    let moved = home.flow(&["crm", "move", "local", id, "--start", start, "--key", "m1", "-o", "json"]);
    let moved = if moved.code == 5 {
        // The nearest free time may be another barber's.
        let staff = other["staff_id"].as_str().unwrap();
        home.flow(&["crm", "move", "local", id, "--start", start, "--staff", staff, "--key", "m1", "-o", "json"])
    } else {
        moved
    };
    assert_eq!(moved.ok().json()["start"], other["start"]);
    for _ in 0..2 {
        let cancelled = home.flow(&["crm", "cancel", "local", id, "-o", "json"]).ok().json();
        assert_eq!(cancelled, json!({"id": id, "status": "cancelled"}));
    }
    let left = ["crm", "appointments", "local", "--phone", "89161234567", "-o", "json"];
    assert_eq!(home.flow(&left).ok().json(), json!([]));
    let mut all = left.to_vec();
    all.push("--all");
    assert_eq!(home.flow(&all).ok().json()[0]["client"]["name"], "Пётр");
}

#[test]
fn of_two_that_want_one_slot_one_wins() {
    let home = Home::salon();
    let slot = slot(&home);
    let spawn = |key: &str, phone: &str| {
        let args = book(&slot, key, phone);
        home.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).spawn().unwrap()
    };
    let pair = [spawn("a", "+79160000001"), spawn("b", "+79160000002")];
    let mut codes = pair.map(|child: Child| Run::of(child.wait_with_output().unwrap()).code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 5]);
}

#[test]
fn the_ledger_works_over_the_active_crm() {
    let home = Home::salon();
    let free = home.flow(&["bookings", "slots", "--service", "haircut-men", "--from", "tomorrow", "-o", "json"]).ok();
    let slot = free.json()[0].clone();
    let (start, staff) = (slot["start"].as_str().unwrap(), slot["staff_id"].as_str().unwrap());
    let create = [
        "bookings",
        "create",
        "--service",
        "haircut-men",
        "--staff",
        staff,
        "--start",
        start,
        "--phone",
        "89160000001",
        "--name",
        "Пётр",
        "-o",
        "json",
    ];
    let id = home.flow(&create).ok().json()["id"].as_str().unwrap().to_owned();
    let row = home.flow(&["bookings", "show", &id, "-o", "json"]).ok().json();
    assert_eq!((row["state"].clone(), row["client_name"].clone()), (json!("booked"), json!("Пётр")));
    assert!(row["start"].as_str().unwrap().ends_with("00.000Z"), "{row}");
    assert_eq!(home.flow(&["bookings", "list", "--phone", "89160000001", "-o", "json"]).ok().json()[0]["id"], id);
    assert_eq!(home.flow(&["bookings", "cancel", &id, "-o", "json"]).ok().json()["status"], "cancelled");
    home.flow(&["bookings", "show", "bk_01JX0000000000000000000000"]).fails(4);
}

#[test]
fn a_test_that_writes_leaves_nothing_standing() {
    let home = Home::salon();
    let test = home.flow(&["crm", "test", "local", "--write", "-o", "json"]).ok().json();
    assert_eq!(test["ok"], true);
    assert_eq!(test["kind"], "local");
    let names: Vec<_> = test["checks"].as_array().unwrap().iter().map(|check| check["name"].clone()).collect();
    for step in ["book", "move", "cancel"] {
        assert!(names.contains(&json!(step)), "{test}");
    }
    let left = home.flow(&["crm", "appointments", "local", "--to", "+90d", "-o", "json"]).ok().json();
    assert_eq!(left, json!([]));
}

#[test]
fn what_a_connection_cannot_do_is_told() {
    let home = Home::salon();
    let unknown = home.flow(&["crm", "services", "locla", "-o", "json"]).fails(3).error();
    assert_eq!(unknown["code"], "unknown_connection");
    assert!(unknown["hint"].as_str().unwrap().contains("`local`"), "{unknown}");
    assert_eq!(
        home.flow(&["crm", "staff", "local", "--service", "x", "-o", "json"]).fails(4).error()["code"],
        "not_found"
    );
    home.flow(&["crm", "slots", "local", "--service", "haircut-men", "--from", "tomorrow", "--to", "today"]).fails(2);
    let kinds = home.flow(&["crm", "kinds", "-o", "json"]).ok().json();
    assert_eq!(kinds[0]["kind"], "local");
    let services = home.flow(&["crm", "services", "local", "-o", "json", "--wait", "5s"]).ok().json();
    assert_eq!(services[0]["price"], json!({"amount": 250_000, "currency": "RUB"}));
    assert_eq!(services[0]["price_to"]["amount"], 350_000);
    let empty = Home::empty();
    empty.flow(&["leads", "add", "--phone", "+79160000001"]).ok();
    let test = empty.flow(&["crm", "test", "local", "-o", "json"]).fails(5);
    assert_eq!(test.json()["ok"], false, "the document is printed also when a check failed");
}

#[test]
fn a_visit_needs_a_name() {
    let home = Home::salon();
    let slot = slot(&home);
    let mut args = book(&slot, "k", "+79160000001");
    let name = args.iter().position(|arg| arg == "Пётр").unwrap();
    args[name] = "  ".to_owned();
    assert_eq!(run(&home, &args).fails(2).error()["code"], "usage");
}

#[test]
fn a_test_that_writes_leaves_no_row_and_no_person() {
    let home = Home::salon();
    home.flow(&["crm", "test", "local", "--write"]).ok();
    let rows = home.flow(&["bookings", "list", "--from", "2020-01-01", "--limit", "0", "-o", "json"]).ok().json();
    assert_eq!(rows, json!([]));
    home.flow(&["crm", "find", "local", "--phone", "+79990000000"]).fails(4);
    let db = rusqlite::Connection::open(home.store()).unwrap();
    for table in ["bookings", "booking_slots", "booking_keys", "contacts", "events"] {
        let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

/// The code and the message of a booking that is refused.
fn refused(home: &Home, start: &str, key: &str) -> (String, String) {
    let slot = json!({"service_id": "haircut-men", "staff_id": slot(home)["staff_id"], "start": start});
    let error = run(home, &book(&slot, key, "+79160000001")).fails(5).error();
    (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

#[test]
fn why_a_time_cannot_be_had_is_told_with_the_nearest_free_ones() {
    let home = Home::salon();
    let free = slot(&home)["start"].as_str().unwrap().to_owned();
    let day = &free[..10];
    for (start, why) in [
        ("2020-03-11T15:00".to_owned(), "has passed"),
        ("2999-03-11T15:00".to_owned(), "is too far"),
        (format!("{day}T03:00"), "outside the working hours"),
        (format!("{}:07{}", &free[..13], &free[16..]), "visits begin every"),
    ] {
        let (code, message) = refused(&home, &start, &start);
        assert_eq!(code, "rejected", "{start}: {message}");
        assert!(message.contains(why) && message.contains("free"), "{start}: {message}");
    }
    assert!(refused(&home, &format!("{day}T03:00"), "near").1.contains(&free[..10]));
}

#[test]
fn a_move_is_refused_for_its_own_reasons() {
    let home = Home::salon();
    let first = slot(&home);
    let id = run(&home, &book(&first, "k", "+79160000001")).ok().json()["id"].as_str().unwrap().to_owned();
    let staff = home.flow(&["crm", "staff", "local", "-o", "json"]).ok().json();
    let other = staff
        .as_array()
        .unwrap()
        .iter()
        .find(|one| !one["service_ids"].as_array().unwrap().contains(&json!("haircut-men")));
    let other = other.unwrap()["id"].as_str().unwrap().to_owned();
    let to = slot(&home)["start"].as_str().unwrap().to_owned();
    let args = |key: &str| ["crm", "move", "local", &id, "--start", &to, "--key", key, "-o", "json"].map(str::to_owned);
    let mut with_other = args("m").to_vec();
    with_other.extend(["--staff".to_owned(), other]);
    let error = run(&home, &with_other).fails(5).error();
    assert!(error["code"] == "rejected" && error["message"].as_str().unwrap().contains("does not provide"), "{error}");
    home.flow(&["crm", "cancel", "local", &id]).ok();
    let error = run(&home, &args("n")).fails(5).error();
    assert!(error["code"] == "rejected" && error["message"].as_str().unwrap().contains("is cancelled"), "{error}");
}

#[test]
fn a_key_stands_for_what_it_was_first_tried_with() {
    let home = Home::salon();
    let first = slot(&home);
    let id = run(&home, &book(&first, "k1", "+79160000001")).ok().json()["id"].as_str().unwrap().to_owned();
    let taken = book(&first, "k2", "+79160000002");
    run(&home, &taken).fails(5);
    let other = book(&slot(&home), "k2", "+79160000002");
    assert_eq!(run(&home, &other).fails(2).error()["code"], "usage", "other arguments after a failure");
    home.flow(&["crm", "cancel", "local", &id]).ok();
    let again = run(&home, &book(&first, "k1", "+79160000001")).fails(2).error();
    assert!(again["message"].as_str().unwrap().contains("cancelled"), "{again}");
    assert_eq!(run(&home, &taken).ok().json()["state"], "booked", "the same arguments may try again");
}
