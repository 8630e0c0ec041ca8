//! Every kind through the binary, before a stand-in that is served over HTTP as `flow crm mock` serves it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use flow::adapters::crm::{ROWS, Row};
use flow::adapters::http::far::{FarRequest, FarSide};
use flow::adapters::http::{Method, url};
use flow::daemon::http::stand_in::{Asked, Given, serve};
use flow::domain::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::cli::{Home, Run};

/// A stand-in on a port of its own, until the test ends.
fn stand_in(row: &'static Row) -> SocketAddr {
    let far: Mutex<Box<dyn FarSide>> = Mutex::new((row.stand_in)(SystemClock.now()));
    let answer = move |asked: Asked| {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let request = FarRequest {
            method: Method::parse(&asked.method).unwrap(),
            path: url::decode(path, false),
            query: url::pairs(query),
            headers: asked.headers,
            body: asked.body,
        };
        let answer = far.lock().unwrap().answer(&request, SystemClock.now());
        Given { status: answer.status, headers: answer.headers, body: answer.body }
    };
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ready = |address| tell.send(address).unwrap();
        runtime.block_on(serve("127.0.0.1:0".parse().unwrap(), Arc::new(answer), ready)).unwrap();
    });
    told.recv().unwrap()
}

/// A salon whose bookings go to that kind of CRM.
pub fn home(row: &'static Row) -> Home {
    let home = bare(row);
    home.flow(&["seed", "--preset", "salon"]).ok();
    home
}

/// The same with a configuration and nothing else.
pub fn bare(row: &'static Row) -> Home {
    let address = stand_in(row);
    let kind = row.kind.kind;
    let mut text = format!("[crm]\nactive = \"{kind}\"\n[crm.{kind}]\n");
    for (key, value) in (row.sample)(&format!("http://{address}")).as_object().unwrap() {
        text.push_str(&format!("{key} = {}\n", toml::Value::try_from(value).unwrap()));
    }
    let home = Home::empty();
    home.file("config.toml", &text);
    home
}

pub fn run(home: &Home, args: &[&str]) -> Run {
    home.flow(args)
}

/// The first service that has room the day after tomorrow, and its free times.
fn room(home: &Home, kind: &str) -> Option<(Value, Value)> {
    let services = run(home, &["crm", "services", kind, "-o", "json"]).ok().json();
    for service in services.as_array().unwrap() {
        let id = service["id"].as_str().unwrap();
        let staff = run(home, &["crm", "staff", kind, "--service", id, "-o", "json"]).ok().json();
        let Some(employee) = staff[0]["id"].as_str() else { continue };
        let args =
            ["crm", "slots", kind, "--service", id, "--staff", employee, "--from", "+2d", "--to", "+3d", "-o", "json"];
        let found = run(home, &args);
        if found.code == 5 {
            assert_eq!(found.error()["code"], "unsupported", "{kind}");
            return None;
        }
        let slots = found.ok().json();
        if slots.as_array().unwrap().len() > 6 {
            return Some((json!({"service": id, "staff": employee}), slots));
        }
    }
    panic!("{kind}: nothing has room")
}

/// From a terminal: tried out, booked, moved, cancelled, each key meaning one.
fn round(kind: &str) {
    let row = ROWS.iter().find(|row| row.kind.kind == kind).unwrap();
    let kind = row.kind.kind;
    let home = home(row);
    let tested = run(&home, &["crm", "test", kind, "-o", "json"]).ok().json();
    assert_eq!((tested["ok"].as_bool(), tested["kind"].as_str()), (Some(true), Some(kind)), "{tested}");
    let lead = run(&home, &["leads", "add", "--name", "Анна", "--phone", "89161234567", "-o", "json"]).ok().json();
    let lead = lead["id"].as_str().unwrap();
    if row.kind.capabilities.contains(&"leads") {
        let pushed = run(&home, &["crm", "push", kind, lead, "-o", "json"]);
        if pushed.code == 0 {
            let first = pushed.json();
            let again = run(&home, &["crm", "push", kind, lead, "-o", "json"]).ok().json();
            assert_eq!(first["external_id"], again["external_id"], "{kind}");
            let stored = run(&home, &["leads", "show", lead, "-o", "json"]).ok().json();
            assert_eq!(
                (&stored["crm"]["state"], &stored["crm"]["external_id"]),
                (&json!("synced"), &first["external_id"])
            );
        } else {
            assert_eq!(pushed.error()["code"], "unsupported", "{kind}");
        }
    }
    let Some((who, slots)) = room(&home, kind) else { return };
    run(&home, &["crm", "test", kind, "--write", "-o", "json"]).ok();
    let (service, staff) = (who["service"].as_str().unwrap(), who["staff"].as_str().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (start, later) = (text(&slots[0]["start"]), text(&slots.as_array().unwrap().last().unwrap()["start"]));
    let book = |start: &str, key: &str| {
        run(
            &home,
            &[
                "crm",
                "book",
                kind,
                "--service",
                service,
                "--staff",
                staff,
                "--start",
                start,
                "--phone",
                "8 (916) 123-45-67",
                "--name",
                "Анна",
                "--comment",
                "первый визит",
                "--key",
                key,
                "-o",
                "json",
            ],
        )
    };
    let first = book(&start, "k1").ok().json();
    let id = first["id"].as_str().unwrap();
    assert_eq!(book(&start, "k1").ok().json()["id"], id, "{kind}");
    assert_eq!(book(&later, "k1").fails(2).error()["code"], "usage", "{kind}");
    assert_eq!(book(&start, "k2").fails(5).error()["code"], "slot_taken", "{kind}");
    let moved = run(&home, &["crm", "move", kind, id, "--start", &later, "--key", "m1", "-o", "json"]).ok().json();
    let id = moved["id"].as_str().unwrap();
    let list = ["crm", "appointments", kind, "--phone", "+79161234567", "-o", "json"];
    let found = run(&home, &list).ok().json();
    assert_eq!(found.as_array().unwrap().iter().map(|visit| &visit["id"]).collect::<Vec<_>>(), [id], "{kind}: {found}");
    for _ in 0..2 {
        let gone = run(&home, &["crm", "cancel", kind, id, "-o", "json"]).ok().json();
        assert_eq!(gone["id"], id, "{kind}");
    }
    assert_eq!(run(&home, &list).ok().json(), json!([]), "{kind}");
    assert_eq!(
        run(&home, &["crm", "cancel", kind, "no-such-visit", "-o", "json"]).fails(4).error()["code"],
        "not_found"
    );
}

/// A test for each kind: they take their vendors' pace.
macro_rules! rounds {
    ($($kind:ident),*) => {
        mod every_kind_is_tried_out_booked_moved_and_cancelled_from_a_terminal {
            $(#[test]
            fn $kind() {
                super::round(stringify!($kind));
            })*

            #[test]
            fn none_is_left_out() {
                let named = [$(stringify!($kind)),*];
                assert!(super::ROWS.iter().all(|row| named.contains(&row.kind.kind)));
            }
        }
    };
}

rounds!(bitrix24, yclients, altegio, amocrm, onec, easyweek, dikidi);

#[test]
fn a_client_who_writes_is_booked_in_the_crm() {
    for row in ROWS {
        let kind = row.kind.kind;
        let home = home(row);
        if room(&home, kind).is_none() {
            continue;
        }
        let synced = run(&home, &["crm", "sync", kind, "-o", "json"]);
        assert!(synced.code == 0 || synced.error()["code"] == "unsupported", "{kind}");
        home.file("talk.txt", "Здравствуйте! Хочу на мужскую стрижку послезавтра в 15:00\nда\n");
        let talk = run(&home, &["chat", "--as", "+79165550011", "--name", "Пётр", "--script", "talk.txt"]).ok();
        let found = run(&home, &["crm", "appointments", kind, "--phone", "+79165550011", "-o", "json"]).ok().json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{kind}: {found}\n{}", talk.stdout);
        assert!(found[0]["start"].as_str().unwrap().contains("T15:00"), "{kind}: {found}");
        // What waits for the vendor's staff is not said to be booked.
        let said = talk.stdout.to_lowercase().contains("записаны");
        assert_eq!(said, found[0]["status"] == "booked", "{kind}: {found}\n{}", talk.stdout);
    }
}
