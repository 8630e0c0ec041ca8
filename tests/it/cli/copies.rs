//! `flow db copy`.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::{Home, Run};
use crate::support::postgres::Database;

/// A store with conversations, leads, bookings, and work that waits.
fn lived_in(home: &Home, name: &str, conversations: u32) -> String {
    let url = format!("sqlite://{name}");
    let conversations = conversations.to_string();
    home.flow(&["seed", "--preset", "salon", "--activity", &conversations, "--store", &url]).ok();
    home.flow(&["leads", "add", "--name", "Ольга", "--phone", "+79160000001", "--store", &url]).ok();
    home.flow(&["token", "create", "site", "--store", &url]).ok();
    waiting(&home.path().join(name));
    url
}

/// A reply that waits to be carried, with its job and its lane.
fn waiting(path: &Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(
        r#"INSERT INTO conversations(id, channel, account, external_id, contact_id, message_count, started_at, last_message_at)
            SELECT 'cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'telegram', '7', '5001', id, 1, 0, 0 FROM contacts LIMIT 1;
           INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, delivery_state, delivery_at)
            VALUES('msg_01JXABCDEFGHJKMNPQRSTVWXYZ', 'cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'bot', 'text', 'Ждём вас', 0,
            'telegram', '7', 'queued', 0);
           INSERT INTO outbox(message_id, conversation_id, part, parts, state, created_at, updated_at)
            VALUES('msg_01JXABCDEFGHJKMNPQRSTVWXYZ', 'cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 1, 'queued', 0, 0);
           INSERT INTO lanes(lane, class, pending, ready_at) VALUES('out:telegram:7:5001', 'out:telegram', 1, 0);
           INSERT INTO jobs(lane, kind, payload, created_at) SELECT 'out:telegram:7:5001', 'send_reply',
            json_object('kind', 'send', 'part', id, 'conversation_id', conversation_id), 0 FROM outbox"#,
    )
    .unwrap();
}

fn copy(home: &Home, from: &str, to: &str) -> serde_json::Value {
    home.flow(&["db", "copy", from, to, "-o", "json"]).ok().json()
}

/// What people and programs read of a store.
fn shown(home: &Home, url: &str) -> String {
    let commands: [&[&str]; 5] = [
        &["leads", "list", "--limit", "0", "-o", "jsonl"],
        &["conversations", "export"],
        &["bookings", "list", "--from", "2020-01-01", "--limit", "0", "-o", "jsonl"],
        &["jobs", "list", "-o", "jsonl"],
        &["token", "list", "-o", "jsonl"],
    ];
    commands.map(|args| home.flow(&[args, &["--store", url]].concat()).ok().stdout).join("\n")
}

#[test]
fn a_file_is_copied_into_a_file_and_compared() {
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 30);
    let told = copy(&home, &from, "sqlite://b.db");
    assert_eq!((&told["verified"], &told["resumed"]), (&true.into(), &false.into()), "{told}");
    assert!(told["rows"].as_u64().unwrap() > 200 && told["bytes"].as_u64().unwrap() > 10_000, "{told}");
    assert!(told["from"].as_str().unwrap().ends_with("/a.db") && told["to"].as_str().unwrap().ends_with("/b.db"));
    assert_eq!(
        home.flow(&["db", "check", "--store", "sqlite://b.db", "-o", "json"]).ok().json(),
        serde_json::json!([])
    );
    assert_eq!(shown(&home, "sqlite://b.db"), shown(&home, &from));
    let again = copy(&home, "sqlite://b.db", "sqlite://c.db");
    assert_eq!(again["checksum"], told["checksum"]);
    // One word more is another sum.
    home.flow(&["leads", "add", "--phone", "+79160000002", "--store", "sqlite://b.db"]).ok();
    assert_ne!(copy(&home, "sqlite://b.db", "sqlite://d.db")["checksum"], told["checksum"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_into_a_database_and_comes_back_as_it_was() {
    let Some(database) = Database::empty().await else { return };
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 40);
    let there = copy(&home, &from, &database.url());
    let back = copy(&home, &database.url(), "sqlite://b.db");
    assert_eq!((&there["checksum"], &there["rows"]), (&back["checksum"], &back["rows"]));
    assert_eq!(there["bytes"], serde_json::Value::Null);
    for url in [database.url().as_str(), "sqlite://b.db"] {
        assert_eq!(home.flow(&["db", "check", "--store", url, "-o", "json"]).ok().json(), serde_json::json!([]));
        assert_eq!(shown(&home, url), shown(&home, &from));
    }
    let refused = home.flow(&["db", "copy", &from, &database.url(), "-o", "json"]).fails(2).error();
    assert!(refused["message"].as_str().unwrap().contains("not empty"), "{refused}");
}

#[test]
fn what_cannot_be_copied_is_told_and_nothing_is_written() {
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 3);
    let filled = lived_in(&home, "b.db", 3);
    let before = shown(&home, &filled);
    let error = home.flow(&["db", "copy", &from, &filled, "-o", "json"]).fails(2).error();
    assert!(error["message"].as_str().unwrap().contains("not empty") && error["hint"].is_string(), "{error}");
    assert_eq!(shown(&home, &filled), before);
    home.flow(&["db", "copy", &from, "sqlite://./a.db"]).fails(2);
    home.flow(&["db", "copy", "mysql://x", "sqlite://c.db"]).fails(2);
    home.flow(&["db", "copy", "sqlite://none.db", "sqlite://c.db"]).fails(7);
    assert!(!home.path().join("c.db").exists());
    let run = home.flow(&["db", "copy", &from, "postgres://flow:hunter2@127.0.0.1:1/flow", "-o", "json"]).fails(7);
    assert!(!run.stderr.contains("hunter2") && run.stderr.contains("flow:***@"), "{run:?}");
}

fn killed(mut child: Child, began: impl Fn() -> bool) {
    let start = Instant::now();
    while !began() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_copy_opens_for_nothing_else_and_goes_on() {
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 1200);
    let to = home.path().join("b.db");
    let has_messages = || {
        let Ok(db) = rusqlite::Connection::open_with_flags(&to, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            return false;
        };
        db.query_row("SELECT count(*) FROM messages", [], |row| row.get::<_, i64>(0)).is_ok_and(|count| count > 500)
    };
    killed(home.command(&["db", "copy", &from, "sqlite://b.db"]).spawn().unwrap(), has_messages);
    let opened: [&[&str]; 4] =
        [&["leads", "list"], &["db", "check"], &["serve", "--listen", "127.0.0.1:0"], &["status"]];
    for args in opened {
        let error = home.flow(&[args, &["--store", "sqlite://b.db", "-o", "json"]].concat()).fails(7).error();
        assert_eq!(error["code"], "store");
        assert!(error["message"].as_str().unwrap().contains("flow db copy sqlite://"), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("once more"), "{error}");
    }
    let other = lived_in(&home, "c.db", 3);
    let error = home.flow(&["db", "copy", &other, "sqlite://b.db", "-o", "json"]).fails(7).error();
    assert!(error["message"].as_str().unwrap().contains("a.db"), "{error}");

    // The source goes on living.
    home.flow(&["leads", "add", "--phone", "+79160000003", "--store", &from]).ok();
    let told = copy(&home, &from, "sqlite://b.db");
    assert_eq!((&told["resumed"], &told["verified"]), (&true.into(), &true.into()), "{told}");
    assert_eq!(copy(&home, &from, "sqlite://d.db")["checksum"], told["checksum"]);
    assert_eq!(
        home.flow(&["db", "check", "--store", "sqlite://b.db", "-o", "json"]).ok().json(),
        serde_json::json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_into_a_database_that_was_killed_goes_on() {
    let Some(database) = Database::new().await else { return };
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 1200);
    let session = database.session().await;
    let child = home.command(&["db", "copy", &from, &database.url()]).spawn().unwrap();
    let mut child = Some(child);
    for _ in 0..5000 {
        let row = session.query_one("SELECT count(*) FROM messages", &[]).await.unwrap();
        if row.get::<_, i64>(0) > 500 {
            killed(child.take().unwrap(), || true);
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(child.is_none(), "nothing was copied");
    let error = home.flow(&["leads", "list", "--store", &database.url(), "-o", "json"]).fails(7).error();
    assert!(error["message"].as_str().unwrap().contains("flow db copy sqlite://"), "{error}");
    let told = copy(&home, &from, &database.url());
    assert_eq!(told["resumed"], true, "{told}");
    assert_eq!(copy(&home, &database.url(), "sqlite://d.db")["checksum"], told["checksum"]);
}

/// A copy that is stopped in the middle, a second one beside it, and the first to its end.
fn two_at_once(home: &Home, from: &str, to: &str, has_begun: impl Fn() -> bool) {
    let mut first = home.command(&["db", "copy", from, to]).spawn().unwrap();
    let began = Instant::now();
    while !has_begun() {
        assert!(first.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(2));
    }
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").arg(name).arg(first.id().to_string()).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    let other = lived_in(home, "other.db", 1);
    let told = [from, &other].map(|from| home.flow(&["db", "copy", from, to, "-o", "json"]));
    signal("-CONT");
    assert!(first.wait().unwrap().success());
    for run in told {
        let error = run.fails(7).error();
        assert!(error["message"].as_str().unwrap().contains("is being filled by another copy"), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("again"), "{error}");
    }
    assert_eq!(shown(home, to), shown(home, from));
    assert!(!home.path().join("b.db-copy").exists());
}

#[test]
fn a_second_copy_into_a_file_that_is_being_filled_is_told_so() {
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 1200);
    let to = home.path().join("b.db");
    two_at_once(&home, &from, "sqlite://b.db", || {
        let Ok(db) = rusqlite::Connection::open_with_flags(&to, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            return false;
        };
        db.query_row("SELECT count(*) FROM messages", [], |row| row.get::<_, i64>(0)).is_ok_and(|count| count > 500)
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_copy_into_a_database_that_is_being_filled_is_told_so() {
    let Some(database) = Database::new().await else { return };
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 1200);
    let session = database.session().await;
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        two_at_once(&home, &from, &database.url(), || {
            let row = handle.block_on(session.query_one("SELECT count(*) FROM messages", &[])).unwrap();
            row.get::<_, i64>(0) > 500
        });
    });
}

#[test]
fn a_bar_is_for_terminals_only() {
    let home = Home::empty();
    let from = lived_in(&home, "a.db", 3);
    let run: Run = home.flow(&["db", "copy", &from, "sqlite://b.db", "-q"]).ok();
    assert_eq!(run.stderr, "");
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
}
