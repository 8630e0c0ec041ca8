//! `Idempotency-Key`.

use std::sync::Arc;

use flow::app::App;
use flow::config::Config;
use flow::domain::clock::{Clock, ManualClock};
use flow::domain::token::Scope;
use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::json;

use super::{Caller, Flow, NOW, send};

fn unlimited() -> Config {
    let mut config = Config::default();
    let limits = &mut config.api.limits;
    (limits.default, limits.write, limits.messages) = (0, 0, 0);
    config
}

#[tokio::test]
async fn fifty_equal_requests_at_once_have_one_effect() {
    let flow = Flow::with(unlimited()).await;
    let body = json!({ "email": "a@example.ru" });
    let calls =
        (0..50).map(|_| send(flow.post("/api/v1/leads?dedupe=none", &body).header("Idempotency-Key", "\"k1\"")));
    let answers = join_all(calls).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!done.is_empty());
    assert_eq!(done.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert!(
        done.iter()
            .all(|answer| answer.text == done[0].text && answer.header("location") == done[0].header("location"))
    );
    for running in answers.iter().filter(|answer| answer.status != 201) {
        running.refused(409, "idempotency_in_progress");
        assert_eq!(running.header("retry-after"), "1");
    }
    let list = send(flow.get("/api/v1/leads")).await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_processes_over_one_store_have_one_effect_too() {
    let first = Flow::with(unlimited()).await;
    let second = Flow::over(first.app.clone(), Arc::clone(&first.clock)).await;
    let body = json!({ "role": "customer", "sender": { "id": "u1" }, "text": "Здравствуйте" });
    let caller =
        |n: usize| Caller { flow: if n.is_multiple_of(2) { &first } else { &second }, token: first.token.clone() };
    let calls =
        (0..20).map(|n| send(caller(n).call("POST", "/api/v1/messages").json(&body).header("Idempotency-Key", "k")));
    let answers = join_all(calls).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert!(!done.is_empty() && done.iter().all(|answer| answer.text == done[0].text));
    for running in answers.iter().filter(|answer| answer.status != 202) {
        running.refused(409, "idempotency_in_progress");
    }
    assert_eq!(first.app.store.counts().await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_body_route_and_token() {
    let flow = Flow::with(unlimited()).await;
    let keyed = |body| flow.post("/api/v1/leads", &body).header("Idempotency-Key", "k");
    let first = send(keyed(json!({ "email": "a@example.ru", "name": "A" }))).await;
    first.ok(201);
    let replay = send(keyed(json!({ "name": "A", "email": "a@example.ru" }))).await;
    assert_eq!((replay.status, replay.header("idempotency-replayed"), replay.header("etag")), (201, "true", "\"v1\""));
    assert_eq!(replay.text, first.text);
    send(keyed(json!({ "email": "b@example.ru" }))).await.refused(422, "idempotency_key_reused");
    let other = flow.as_one_with(&[Scope::LeadsWrite, Scope::PiiRead]).await;
    let theirs =
        other.call("POST", "/api/v1/leads").json(&json!({ "email": "b@example.ru" })).header("Idempotency-Key", "k");
    assert_eq!(send(theirs).await.header("idempotency-replayed"), "");
    send(flow.post("/api/v1/leads", &json!({})).header("Idempotency-Key", "")).await.refused(400, "invalid_parameter");
}

#[tokio::test]
async fn a_refusal_that_would_come_again_is_replayed() {
    let flow = Flow::with(unlimited()).await;
    let call = || flow.post("/api/v1/leads", &json!({ "phone": "1" })).header("Idempotency-Key", "k");
    let first = send(call()).await;
    first.refused(422, "validation");
    let again = send(call()).await;
    assert_eq!((again.status, &again.text, again.header("idempotency-replayed")), (422, &first.text, "true"));
    assert_eq!(again.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_answered_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.db");
    let mut config = unlimited();
    config.store.url = flow::config::StoreUrl::Sqlite(path.clone());
    let open = async || {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        Flow::over(App::open(config.clone(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap(), clock).await
    };
    let lead = json!({ "email": "a@example.ru" });
    let message = json!({ "role": "customer", "sender": { "id": "u1" }, "text": "Здравствуйте" });
    let before = open().await;
    let made = send(before.post("/api/v1/leads", &lead).header("Idempotency-Key", "k")).await.ok(201);
    let sent = send(before.post("/api/v1/messages", &message).header("Idempotency-Key", "k")).await.ok(202);
    drop(before);
    // As if the process had died between the effect and its answer.
    let store = Connection::open(&path).unwrap();
    store.execute("UPDATE idempotency SET status=NULL, headers=NULL, body=NULL", []).unwrap();
    drop(store);
    let after = open().await;
    let again = send(after.post("/api/v1/leads", &lead).header("Idempotency-Key", "k")).await;
    assert_eq!((again.ok(201), again.header("idempotency-replayed")), (made, "true"));
    let again = send(after.post("/api/v1/messages", &message).header("Idempotency-Key", "k")).await;
    assert_eq!((again.ok(202), again.header("idempotency-replayed")), (sent, "true"));
    let list = send(after.get("/api/v1/leads")).await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}
