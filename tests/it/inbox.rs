//! `flow inbox` through the binary, over a store that a worker would use.

use std::io::Write;
use std::process::Stdio;

use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Handoff, HandoffState, Incoming, MessageKind, Role};
use flow::domain::id::ConversationId;
use flow::domain::store::{Conversations, MessageRange, Queue};
use flow::store::sqlite::SqliteStore;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::daemon::Home;

fn at(minutes: i64) -> Timestamp {
    "2026-03-10T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

async fn hear(store: &SqliteStore, channel: Channel, client: &str, text: &str, minute: i64) -> ConversationId {
    let incoming = Incoming {
        identity: Identity { channel, account: String::new(), external_id: client.to_owned() },
        external_id: format!("{client}-{minute}"),
        kind: MessageKind::Text,
        text: text.to_owned(),
        button_value: None,
        name: Some(client.to_owned()),
        phone: None,
        metadata: None,
    };
    store.receive(&incoming, at(minute), None, None).await.unwrap().conversation_id
}

async fn asked(store: &SqliteStore, id: ConversationId, reason: &str, minute: i64) {
    let handoff = Handoff { state: HandoffState::Requested, reason: reason.to_owned(), at: at(minute), operator: None };
    store.set_handoff(id, &handoff, at(minute)).await.unwrap();
}

/// Anna has waited longest although she wrote last, Boris waits, Vera talks to the bot.
async fn three(home: &Home) -> [ConversationId; 3] {
    home.run(&["seed", "--preset", "salon"]);
    let store = SqliteStore::open(&home.store()).unwrap();
    let anna = hear(&store, Channel::Web, "Анна", "Позовите человека", 0).await;
    asked(&store, anna, "asked", 1).await;
    let boris = hear(&store, Channel::Api, "Борис", "Безобразие!", 2).await;
    asked(&store, boris, "anger", 3).await;
    hear(&store, Channel::Web, "Анна", "Алло?", 4).await;
    let vera = hear(&store, Channel::Web, "Вера", "Здравствуйте", 5).await;
    [anna, boris, vera]
}

fn failure(home: &Home, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = home.run(&[arguments, &["-o", "json"]].concat());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().last().unwrap_or_default();
    (output.status.code(), serde_json::from_str(line).unwrap_or_else(|_| panic!("{arguments:?}: {text}")))
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_inbox_lists_who_waits_the_longest_first_and_then_what_is_taken() {
    let home = Home::new();
    let [anna, boris, vera] = three(&home).await.map(|id| id.to_string());
    let list = home.json(&["inbox", "-o", "json"]);
    assert_eq!(ids(&list), [&anna, &boris]);
    assert_eq!(
        (list[0]["handoff"]["state"].as_str(), list[0]["last_message"]["text"].as_str()),
        (Some("requested"), Some("Алло?"))
    );
    let conversations = home.json(&["conversations", "list", "-o", "json"]);
    let same = conversations.as_array().unwrap().iter().find(|row| row["id"] == list[0]["id"]).unwrap();
    assert_eq!(&list[0], same, "the objects of the HTTP API");
    home.json(&["inbox", "take", &anna, "--as", "Ольга", "-o", "json"]);
    home.json(&["inbox", "take", &vera, "--as", "Ольга", "-o", "json"]);
    assert_eq!(ids(&home.json(&["inbox", "list", "-o", "json"])), [&boris, &anna, &vera]);
    let table = String::from_utf8(home.run(&["inbox"]).stdout).unwrap();
    for word in
        ["ID", "STATE", "REASON", "SINCE", "CLIENT", "CHANNEL", "LAST MESSAGE", "anger", "Борис", "api", "Безобразие!"]
    {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[tokio::test]
async fn taking_is_for_one_person_at_a_time() {
    let home = Home::new();
    let [anna, _, vera] = three(&home).await.map(|id| id.to_string());
    let taken = home.json(&["inbox", "take", &anna, "-o", "json"]);
    assert_eq!((&taken["handoff"]["operator"], &taken["handoff"]["reason"]), (&"operator".into(), &"asked".into()));
    let again = home.json(&["inbox", "take", &anna, "-o", "json"]);
    assert_eq!(again["handoff"], taken["handoff"], "what one has stays as it is");
    let (code, told) = failure(&home, &["inbox", "take", &anna, "--as", "Ольга"]);
    assert_eq!((code, told["error"]["code"].as_str()), (Some(7), Some("conflict")));
    assert!(told["error"]["message"].as_str().unwrap().contains("operator"), "{told}");
    assert!(told["error"]["hint"].as_str().unwrap().contains("--yes"), "{told}");
    let over = home.json(&["inbox", "take", &anna, "--as", "Ольга", "--yes", "-o", "json"]);
    assert_eq!(over["handoff"]["operator"], "Ольга");
    let output = home.command(&["inbox", "take", &vera, "-o", "json"]).env("USER", "irina").output().unwrap();
    let live: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&live["handoff"]["operator"], &live["status"]), (&"irina".into(), &"waiting_operator".into()));
    let nobody = ConversationId::new(at(0)).to_string();
    assert_eq!(failure(&home, &["inbox", "take", &nobody]).0, Some(4));
    assert_eq!(failure(&home, &["inbox", "return", "cv_nothing"]).0, Some(4));
}

#[tokio::test]
async fn a_reply_is_stored_as_a_persons_and_takes_what_nobody_has() {
    let home = Home::new();
    let [anna, boris, _] = three(&home).await;
    let id = anna.to_string();
    let sent = home.json(&["inbox", "reply", &id, "Добрый", "день!", "--as", "Ольга", "-o", "json"]);
    assert_eq!((&sent["role"], &sent["text"]), (&"operator".into(), &"Добрый день!".into()));
    let mut child = home
        .command(&["inbox", "reply", &boris.to_string(), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all("Извините!\nМы всё исправим.\n".as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    home.json(&["inbox", "reply", &id, "И ещё", "--as", "Ирина", "-o", "json"]);
    let store = SqliteStore::open(&home.store()).unwrap();
    let last = store.messages(boris, MessageRange::Last, 1).await.unwrap().remove(0);
    assert_eq!((last.role, last.text.as_str()), (Role::Operator, "Извините!\nМы всё исправим."));
    let handoff = store.conversation(anna).await.unwrap().unwrap().handoff.unwrap();
    assert_eq!((handoff.state, handoff.operator.as_deref()), (HandoffState::Taken, Some("Ольга")));
    store.close(anna, at(9)).await.unwrap();
    drop(store);
    let (code, told) = failure(&home, &["inbox", "reply", &id, "Ещё кое-что"]);
    assert_eq!((code, told["error"]["code"].as_str()), (Some(7), Some("conflict")));
    assert_eq!(failure(&home, &["inbox", "take", &id]).0, Some(7));
    assert_eq!(failure(&home, &["inbox", "reply", &boris.to_string(), " "]).0, Some(2));
}

#[tokio::test]
async fn returning_asks_for_an_answer_only_when_no_person_gave_one() {
    let home = Home::new();
    let [anna, boris, vera] = three(&home).await;
    home.json(&["inbox", "reply", &boris.to_string(), "Разберёмся", "-o", "json"]);
    let pending = async || SqliteStore::open(&home.store()).unwrap().queue_stats().await.unwrap().pending;
    let before = pending().await;
    let returned = home.json(&["inbox", "return", &boris.to_string(), "-o", "json"]);
    assert_eq!((&returned["handoff"]["state"], &returned["status"]), (&"returned".into(), &"open".into()));
    assert_eq!(pending().await, before);
    home.json(&["inbox", "return", &anna.to_string(), "-o", "json"]);
    assert_eq!(pending().await, before + 1, "she asked «Алло?» and nobody answered");
    let vera = vera.to_string();
    assert_eq!(home.json(&["inbox", "return", &vera, "-o", "json"])["handoff"], Value::Null, "it was the bot's");
    assert_eq!(ids(&home.json(&["inbox", "-o", "json"])), Vec::<&str>::new());
}
