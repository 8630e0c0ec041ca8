//! `flow backup`.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Home;
use crate::support::daemon::{Daemon, Home as Serving};
use crate::support::postgres::Database;

fn seeded(conversations: &str) -> Home {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", conversations]).ok();
    home
}

fn leads(home: &Home) -> Value {
    home.flow(&["leads", "list", "--limit", "0", "-o", "json"]).ok().json()
}

/// What lies in the folder of the store beside it.
fn beside(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.store().parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_one_file_of_its_owner_with_everything_in_it() {
    let home = seeded("40");
    let made = home.flow(&["backup", "create", "b.db", "-o", "json"]).ok().json();
    assert_eq!((&made["verified"], &made["tables"]), (&true.into(), &27.into()), "{made}");
    let file = home.path().join("b.db");
    assert_eq!(made["bytes"].as_u64(), Some(fs::metadata(&file).unwrap().len()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().contains("b.db-") && !name.to_string_lossy().contains(".part"))
    );
    let seen = home.flow(&["backup", "verify", "b.db", "-o", "json"]).ok().json();
    assert_eq!((&seen["ok"], &seen["rows"], &seen["made_at"]), (&true.into(), &made["rows"], &made["made_at"]));
    assert_eq!(seen["counts"]["conversations"], 40);
    assert!(seen["newest_message_at"].is_string(), "{seen}");
    // An existing file stays.
    let error = home.flow(&["backup", "create", "b.db", "-o", "json"]).fails(2).error();
    assert!(error["message"].as_str().unwrap().contains("b.db"), "{error}");
    let named = home.flow(&["backup", "create", "-o", "json"]).ok().json();
    let name = PathBuf::from(named["file"].as_str().unwrap());
    let name = name.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("flow-20") && name.ends_with("Z.db"), "{name}");
    home.flow(&["backup", "verify", "none.db"]).fails(4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_taken_while_the_daemon_serves_and_writes() {
    let home = Serving::new();
    assert!(home.run(&["seed", "--preset", "salon", "--activity", "200"]).status.success());
    let daemon = Daemon::start(&home, &["--listen", "127.0.0.1:0"], &[]);
    let http = crate::support::web().no_proxy().build().unwrap();
    let url = format!("{}/api/v1/messages", daemon.url);
    let mut rows = Vec::new();
    for (round, name) in ["one.db", "two.db", "three.db"].into_iter().enumerate() {
        let writing = async {
            for number in 0..9 {
                let sender = json!({"id": format!("c{round}{number}")});
                let body =
                    json!({"role": "customer", "channel": "api", "sender": sender, "text": "Сколько стоит стрижка?"});
                let answer = http.post(&url).json(&body).send().await.unwrap();
                assert!(answer.status().is_success(), "{number}: {}", answer.text().await.unwrap());
            }
        };
        let mut command = home.command(&["backup", "create", name, "-o", "json"]);
        let taking = tokio::task::spawn_blocking(move || command.output().unwrap());
        let ((), output) = tokio::join!(writing, taking);
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        rows.push(made["rows"].as_u64().unwrap());
    }
    assert!(rows.is_sorted() && rows[0] < rows[2], "{rows:?}");
    for name in ["one.db", "two.db", "three.db"] {
        let seen = home.json(&["backup", "verify", name, "-o", "json"]);
        assert_eq!((&seen["ok"], &seen["findings"]), (&true.into(), &json!([])), "{seen}");
    }
    // Nothing is put over a store that somebody works on.
    let refused = home.run(&["backup", "restore", "one.db", "--yes", "-o", "json"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(7) && told.contains("daemon"), "{told}");
    drop(daemon);
    home.json(&["backup", "restore", "one.db", "--yes", "-o", "json"]);
    assert_eq!(home.json(&["db", "check", "-o", "json"]), json!([]));
}

#[test]
fn a_backup_replaces_a_store_with_yes_only_and_the_old_one_is_kept() {
    let home = seeded("20");
    home.flow(&["backup", "create", "b.db"]).ok();
    let before = leads(&home);
    home.flow(&["leads", "add", "--phone", "+79160000009"]).ok();
    let after = leads(&home);
    assert_ne!(before, after);
    let error = home.flow(&["backup", "restore", "b.db", "-o", "json"]).fails(2).error();
    assert!(error["hint"].as_str().unwrap().contains("--yes"), "{error}");
    assert_eq!((leads(&home), beside(&home)), (after.clone(), vec!["flow.db".to_owned()]));
    let told = home.flow(&["backup", "restore", "b.db", "--yes", "-o", "json"]).ok().json();
    assert_eq!(leads(&home), before);
    let kept = format!("sqlite://{}", told["kept"].as_str().unwrap());
    let there = home.flow(&["leads", "list", "--limit", "0", "-o", "json", "--store", &kept]).ok().json();
    assert_eq!(there, after);
    assert_eq!(home.flow(&["db", "check", "-o", "json"]).ok().json(), json!([]));
    // What says of itself that it is a backup stays one.
    assert_eq!(home.flow(&["backup", "verify", "b.db", "-o", "json"]).ok().json()["ok"], true);
}

#[test]
fn where_there_is_nothing_a_backup_is_restored_without_asking() {
    let home = seeded("10");
    home.flow(&["backup", "create", "b.db"]).ok();
    let before = leads(&home);
    let elsewhere = ["--store", "sqlite://new/place.db"];
    let told = home.flow(&[&["backup", "restore", "b.db", "-o", "json"][..], &elsewhere].concat()).ok().json();
    assert_eq!(told["kept"], Value::Null);
    let there = home.flow(&[&["leads", "list", "--limit", "0", "-o", "json"][..], &elsewhere].concat()).ok().json();
    assert_eq!(there, before);
}

#[test]
fn a_damaged_backup_is_told_and_never_restored() {
    let home = seeded("120");
    home.flow(&["backup", "create", "b.db"]).ok();
    let (whole, before) = (fs::read(home.path().join("b.db")).unwrap(), leads(&home));
    // One letter of a word in messages: nothing in the file's own structure changes.
    let word = "Здравствуйте".as_bytes();
    let places: Vec<usize> = (0..whole.len() - word.len()).filter(|at| whole[*at..].starts_with(word)).collect();
    assert!(!places.is_empty());
    let mut letter = whole.clone();
    places.iter().for_each(|at| letter[at + 3] ^= 1);
    let mut page = whole.clone();
    page[40 * 1024..44 * 1024].fill(0x5a);
    let notes = b"not a database, but somebody's notes ".repeat(200);
    for (name, bytes, check) in [
        ("letter.db", letter, "contents"),
        ("page.db", page, "file"),
        ("half.db", whole[..whole.len() / 2].to_vec(), "file"),
        ("notes.db", notes, "file"),
        ("empty.db", Vec::new(), "file"),
    ] {
        home.file(name, &bytes);
        let seen = home.flow(&["backup", "verify", name, "-o", "json"]).fails(9).json();
        let checks: Vec<&str> =
            seen["findings"].as_array().unwrap().iter().filter_map(|f| f["check"].as_str()).collect();
        assert!(checks.contains(&check), "{name}: {seen}");
        let error = home.flow(&["backup", "restore", name, "--yes", "-o", "json"]).fails(7).error();
        assert!(error["message"].as_str().unwrap().contains("nothing was restored"), "{error}");
        assert_eq!(fs::read(home.path().join(name)).unwrap(), bytes, "{name} was written");
    }
    assert_eq!((leads(&home), beside(&home)), (before, vec!["flow.db".to_owned()]));
}

#[test]
fn what_a_killed_run_left_gets_into_no_backup_and_no_store() {
    let home = seeded("10");
    home.flow(&["leads", "add", "--phone", "+79160000009"]).ok();
    let before = leads(&home);
    // A log of the same pages, older by a lead.
    let older = home.path().join("older.db");
    {
        let db = rusqlite::Connection::open(&older).unwrap();
        db.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE old(x); INSERT INTO old VALUES(1)").unwrap();
        let log = fs::read(home.path().join("older.db-wal")).unwrap();
        for file in [home.path().join("b.db.part-wal"), home.store().with_file_name("flow.db.part-wal")] {
            fs::write(file, &log).unwrap();
        }
    }
    home.flow(&["backup", "create", "b.db"]).ok();
    assert_eq!(home.flow(&["backup", "verify", "b.db", "-o", "json"]).ok().json()["ok"], true);
    home.flow(&["backup", "restore", "b.db", "--yes"]).ok();
    assert_eq!(leads(&home), before);
}

#[test]
fn a_damaged_store_is_replaced_by_its_backup() {
    let home = seeded("60");
    home.flow(&["backup", "create", "b.db"]).ok();
    let before = leads(&home);
    fs::write(home.store(), b"\0".repeat(5000)).unwrap();
    home.flow(&["backup", "restore", "b.db"]).fails(2);
    home.flow(&["backup", "restore", "b.db", "--yes"]).ok();
    assert_eq!(leads(&home), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_backed_up_into_a_file_and_restored_from_one() {
    let (Some(one), Some(two)) = (Database::new().await, Database::new().await) else { return };
    let home = Home::empty();
    let at = |database: &Database| ["--store".to_owned(), database.url()];
    let run = |args: &[&str], database: &Database| {
        let at = at(database);
        let all: Vec<&str> = args.iter().copied().chain(at.iter().map(String::as_str)).collect();
        home.flow(&all)
    };
    run(&["seed", "--preset", "salon", "--activity", "30"], &one).ok();
    let listed = |database: &Database| run(&["leads", "list", "--limit", "0", "-o", "json"], database).ok().json();
    let before = listed(&one);
    let made = run(&["backup", "create", "b.db", "-o", "json"], &one).ok().json();
    let seen = home.flow(&["backup", "verify", "b.db", "-o", "json"]).ok().json();
    assert_eq!((&seen["ok"], &seen["rows"]), (&true.into(), &made["rows"]), "{seen}");

    run(&["backup", "restore", "b.db"], &two).ok();
    assert_eq!(listed(&two), before);
    run(&["leads", "add", "--phone", "+79160000009"], &one).ok();
    run(&["backup", "restore", "b.db"], &one).fails(2);
    assert_ne!(listed(&one), before);
    run(&["backup", "restore", "b.db", "--yes"], &one).ok();
    assert_eq!(listed(&one), before);
    assert_eq!(run(&["db", "check", "-o", "json"], &one).ok().json(), json!([]));
    // A file takes it too.
    home.flow(&["backup", "restore", "b.db"]).ok();
    assert_eq!(leads(&home), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_restore_into_a_database_goes_on_and_opens_for_nothing_else() {
    let Some(database) = Database::new().await else { return };
    let home = seeded("600");
    home.flow(&["backup", "create", "b.db"]).ok();
    let (session, url) = (database.session().await, database.url());
    let restore = ["backup", "restore", "b.db", "--store", &url, "-o", "json"];
    let mut child = home.command(&restore).spawn().unwrap();
    let mut rows = 0;
    while rows < 200 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        rows = session.query_one("SELECT count(*) FROM messages", &[]).await.unwrap().get::<_, i64>(0);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let error = home.flow(&["leads", "list", "--store", &url, "-o", "json"]).fails(7).error();
    assert!(error["message"].as_str().unwrap().contains("flow backup restore"), "{error}");
    home.flow(&restore).ok();
    let there = home.flow(&["leads", "list", "--limit", "0", "-o", "json", "--store", &url]).ok().json();
    assert_eq!(there, leads(&home));
}

#[test]
fn a_folder_is_no_backup() {
    let home = seeded("1");
    fs::create_dir(home.path().join("backups")).unwrap();
    for command in ["verify", "restore"] {
        let error = home.flow(&["backup", command, "backups", "-o", "json"]).fails(2).error();
        assert!(error["message"].as_str().unwrap().contains("is a folder"), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("name the file"), "{error}");
    }
}

#[test]
fn what_a_killed_look_at_a_backup_left_is_cleared_by_the_next_and_a_living_one_is_left_alone() {
    let home = seeded("400");
    home.flow(&["backup", "create", "b.db"]).ok();
    let tmp = home.path().join("tmp");
    fs::create_dir(&tmp).unwrap();
    let drafts = || -> Vec<PathBuf> {
        let entries = fs::read_dir(&tmp).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.join("flow.db").exists()).collect()
    };
    let verify = || home.command(&["backup", "verify", "b.db"]).env("TMPDIR", &tmp).spawn().unwrap();
    let begun = |known: usize| {
        let mut child = verify();
        while drafts().len() == known {
            assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child
    };
    let mut killed = begun(0);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = drafts();
    assert_eq!(left.len(), 1, "a killed one leaves its draft");
    let mut living = begun(1);
    let stop = std::process::Command::new("kill").arg("-STOP").arg(living.id().to_string()).status();
    assert!(stop.unwrap().success());
    assert!(!left[0].exists(), "the next takes it away");
    let living_draft = drafts();
    assert!(verify().wait().unwrap().success());
    assert_eq!(drafts(), living_draft);
    let go_on = std::process::Command::new("kill").arg("-CONT").arg(living.id().to_string()).status();
    assert!(go_on.unwrap().success() && living.wait().unwrap().success());
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
}
