use flow::domain::id::ConversationId;
use flow::domain::job::{NewJob, Outcome, Pool, Scheduled, Work};
use flow::domain::store::Queue;
use flow::store::sqlite::SqliteStore;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Home;

fn at(minutes: i64) -> Timestamp {
    "2026-03-10T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn open(home: &Home) -> SqliteStore {
    SqliteStore::open(&home.store()).unwrap()
}

/// A job for an answer in a lane of its own.
async fn waits(store: &SqliteStore, minute: i64) -> Work {
    let conversation_id = ConversationId::new(at(minute));
    let work = Work::Answer { conversation_id };
    let lane = NewJob::conversation_lane(conversation_id);
    store.enqueue(&[NewJob { lane, work: work.clone(), ready_at: at(minute) }], at(minute)).await.unwrap();
    work
}

/// A job that carries a message to a client.
async fn is_to_be_sent(store: &SqliteStore, minute: i64) {
    let work = Work::Send { part: 1, conversation_id: ConversationId::new(at(minute)) };
    let lane = NewJob::chat_lane("telegram", "7000001", "5001");
    store.enqueue(&[NewJob { lane, work, ready_at: at(minute) }], at(minute)).await.unwrap();
}

/// A worker takes all that is ready in a pool and gives it up.
async fn dies(store: &SqliteStore, pool: Pool, why: &str) {
    for claimed in store.claim(&pool, 10, at(60), at(50)).await.unwrap() {
        let outcome = Outcome::Dead { error: why.to_owned() };
        store.finish(&claimed.lease, claimed.id, &outcome, at(51)).await.unwrap();
    }
}

fn list(home: &Home, filter: &[&str]) -> Vec<Value> {
    let list = home.flow(&[&["jobs", "list", "-o", "json"], filter].concat()).ok().json();
    list.as_array().unwrap().clone()
}

fn ids(list: &[Value]) -> Vec<&str> {
    list.iter().map(|job| job["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn jobs_are_listed_by_state_kind_and_lane_and_shown_whole() {
    let home = Home::salon();
    let store = open(&home);
    waits(&store, 0).await;
    dies(&store, Pool::Inside, "nobody could read it").await;
    let work = waits(&store, 1).await;
    is_to_be_sent(&store, 2).await;
    let later = Scheduled { key: "remind:1".to_owned(), due_at: at(90), lane: "sweep".to_owned(), work: work.clone() };
    store.schedule(&[later]).await.unwrap();

    assert_eq!(ids(&list(&home, &[])), ["1", "2", "3", "remind:1"]);
    assert_eq!(ids(&list(&home, &["--limit", "2"])), ["1", "2"]);
    assert_eq!(ids(&list(&home, &["--limit", "0"])).len(), 4);
    assert_eq!(ids(&list(&home, &["--state", "waiting,scheduled", "--kind", "answer"])), ["2", "remind:1"]);
    assert_eq!(ids(&list(&home, &["--lane", "out:telegram:7000001:5001"])), ["3"]);
    let dead = list(&home, &["--state", "dead"]);
    assert_eq!((&dead[0]["state"], &dead[0]["attempts"]), (&json!("dead"), &json!(1)));
    assert_eq!((&dead[0]["error"], &dead[0]["died_at"]), (&json!("nobody could read it"), &json!(rfc3339(at(51)))));
    let table = home.flow(&["jobs", "list"]).ok().stdout;
    for word in ["ID", "KIND", "STATE", "LANE", "TRIES", "READY", "ERROR", "send_reply", "remind:1"] {
        assert!(table.contains(word), "{word}: {table}");
    }

    let shown = home.flow(&["jobs", "show", "2", "-o", "json"]).ok().json();
    assert_eq!(shown["work"], serde_json::to_value(&work).unwrap());
    assert_eq!((&shown["id"], &shown["created_at"]), (&json!("2"), &json!(rfc3339(at(1)))));
    assert!(home.flow(&["jobs", "show", "2"]).ok().stdout.contains("conversation_id"));
    assert_eq!(home.flow(&["jobs", "show", "remind:1", "-o", "json"]).ok().json()["state"], "scheduled");
}

fn rfc3339(at: Timestamp) -> String {
    flow::domain::view::rfc3339(at)
}

#[tokio::test]
async fn what_does_not_exist_is_told() {
    let home = Home::salon();
    for command in ["show", "retry", "cancel"] {
        let error = home.flow(&["jobs", command, "99", "--yes", "-o", "json"]).fails(4).error();
        assert_eq!(error["code"], "not_found", "{command}");
        assert!(error["hint"].as_str().unwrap().contains("flow jobs list"), "{error}");
    }
    let error = home.flow(&["jobs", "list", "--kind", "send", "-o", "json"]).fails(2).error();
    assert!(error["hint"].as_str().unwrap().contains("send_reply"), "{error}");
    assert_eq!(home.flow(&["jobs", "list", "--state", "alive", "-o", "json"]).fails(2).error()["code"], "usage");
    home.flow(&["jobs", "retry"]).fails(2);
    home.flow(&["jobs", "retry", "1", "--dead"]).fails(2);
    home.flow(&["jobs", "cancel", "--yes"]).fails(2);
    assert_eq!(home.flow(&["jobs", "retry", "--dead", "-o", "json"]).ok().json(), json!([]));
}

#[tokio::test]
async fn dead_jobs_get_another_chance_and_a_doubtful_message_is_told() {
    let home = Home::salon();
    let store = open(&home);
    for minute in 0..3 {
        waits(&store, minute).await;
    }
    is_to_be_sent(&store, 3).await;
    dies(&store, Pool::Inside, "a bug").await;
    dies(&store, Pool::Class("out:telegram".to_owned()), "it may have gone out").await;

    let run = home.flow(&["jobs", "retry", "1", "-o", "json"]).ok();
    assert_eq!((&run.json()[0]["id"], &run.json()[0]["state"]), (&json!("5"), &json!("waiting")), "a new number");
    assert_eq!(run.stderr, "", "an answer is written anew");
    let some = home.flow(&["jobs", "retry", "2", "99", "2", "-o", "json"]).fails(8);
    assert_eq!(ids(some.json().as_array().unwrap()), ["6"]);
    assert_eq!(some.error()["code"], "not_found");
    assert!(some.stderr.contains("`99`"), "{some:?}");
    let most = home.flow(&["jobs", "retry", "--dead"]).ok();
    assert_eq!(most.stdout, "7 (answer) is tried again\n");
    assert!(most.stderr.contains("1 messages that may have arrived are left alone"), "{most:?}");
    let all = home.flow(&["jobs", "retry", "--dead", "--yes"]).ok();
    assert_eq!(all.stdout, "8 (send_reply) is tried again\n");
    assert!(all.stderr.contains("what 8 carries may have gone out before"), "{all:?}");
    assert_eq!(list(&home, &["--state", "dead"]), Vec::<Value>::new());
    assert_eq!(store.queue_stats().await.unwrap().pending, 4);
}

#[tokio::test]
async fn a_job_is_cancelled_only_when_that_is_meant() {
    let home = Home::salon();
    let store = open(&home);
    waits(&store, 0).await;
    waits(&store, 1).await;
    dies(&store, Pool::Inside, "a bug").await;
    waits(&store, 2).await;
    let error = home.flow(&["jobs", "cancel", "1", "-o", "json"]).fails(2).error();
    assert!(error["hint"].as_str().unwrap().contains("--yes"), "{error}");
    assert_eq!(list(&home, &[]).len(), 3);
    let gone = home.flow(&["jobs", "cancel", "1", "3", "--yes", "-o", "json"]).ok().json();
    assert_eq!(ids(gone.as_array().unwrap()), ["1", "3"]);
    assert_eq!(ids(&list(&home, &[])), ["2"]);
    assert_eq!(store.queue_stats().await.unwrap().pending, 0);
    assert_eq!(home.flow(&["jobs", "cancel", "2", "--yes"]).ok().stdout, "2 (answer) is cancelled\n");
}

#[tokio::test]
async fn a_job_that_a_worker_has_is_left_to_it() {
    let home = Home::salon();
    let store = open(&home);
    waits(&store, 0).await;
    store.claim(&Pool::Inside, 1, at(60), at(50)).await.unwrap();
    assert_eq!(list(&home, &[])[0]["state"], "running");
    for command in ["retry", "cancel"] {
        let error = home.flow(&["jobs", command, "1", "--yes", "-o", "json"]).fails(7).error();
        assert_eq!(error["code"], "conflict", "{command}");
        assert!(error["hint"].as_str().unwrap().contains("wait"), "{error}");
    }
    assert_eq!(list(&home, &[])[0]["state"], "running");
}

#[tokio::test]
async fn the_queue_is_shown_by_class_with_the_outbox() {
    let home = Home::salon();
    let store = open(&home);
    waits(&store, 0).await;
    dies(&store, Pool::Inside, "a bug").await;
    waits(&store, 1).await;
    is_to_be_sent(&store, 2).await;
    is_to_be_sent(&store, 3).await;
    let stats = home.flow(&["jobs", "stats", "-o", "json"]).ok().json();
    let expected = json!({
        "pending": 3, "dead": 1, "oldest": rfc3339(at(1)),
        "classes": [
            {"class": "conv", "lanes": 1, "pending": 1, "running": 0},
            {"class": "out:telegram", "lanes": 1, "pending": 2, "running": 0},
        ],
        "outbox": {"queued": 0, "sending": 0, "unknown": 0, "failed": 0, "oldest": null},
    });
    assert_eq!(stats, expected);
    let screen = home.flow(&["jobs", "stats"]).ok().stdout;
    for words in ["3 waiting, 1 given up, the oldest since 2026-03-10 10:01", "2 waiting in 1 lanes", "0 under way"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[tokio::test]
async fn a_doctor_names_what_was_given_up_and_how_long_work_waits() {
    let home = Home::salon();
    let store = open(&home);
    waits(&store, 0).await;
    is_to_be_sent(&store, 1).await;
    let doctor = || home.flow(&["doctor", "-o", "json"]).fails(9).json();
    let look = |report: &Value, name: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {report}")).clone()
    };
    let report = doctor();
    assert_eq!(look(&report, "disk")["hint"], Value::Null, "{report}");
    let queue = look(&report, "queue");
    assert!(queue["detail"].as_str().unwrap().starts_with("2 jobs wait, the oldest for "), "{queue}");
    assert_eq!((&queue["verdict"], &look(&report, "outbox")["verdict"]), (&json!("warn"), &json!("ok")));
    dies(&store, Pool::Class("out:telegram".to_owned()), "it may have gone out").await;
    let report = doctor();
    for name in ["queue", "outbox"] {
        let look = look(&report, name);
        assert_eq!(look["verdict"], "warn", "{report}");
        assert!(look["hint"].as_str().unwrap().contains("flow jobs list --state dead"), "{look}");
    }
}
