use flow::domain::store::{IdempotencyKey, Store, StoreError, StoredResponse};
use futures_util::future::join_all;

use super::samples::{at, lead, reply, says};

fn key(scope: &str, fingerprint: &str) -> IdempotencyKey {
    IdempotencyKey { scope: scope.to_owned(), fingerprint: fingerprint.to_owned() }
}

fn answer(status: u16, body: &str) -> StoredResponse {
    StoredResponse { status, headers: vec![("location".to_owned(), "/x".to_owned())], body: body.as_bytes().to_vec() }
}

pub async fn a_key_is_written_with_its_effect(store: &dyn Store) {
    assert_eq!(store.known_key("lead").await.unwrap(), None);
    let made = store.create_lead(&lead(at(0)), false, at(0), Some(&key("lead", "f"))).await.unwrap().lead;
    let known = store.known_key("lead").await.unwrap().unwrap();
    assert_eq!((known.fingerprint.as_str(), known.effect), ("f", made.id.to_string()));
    assert_eq!(known.response, None);
    let received = store.receive(&says("anna", 1, "Привет"), at(0), None, Some(&key("in", "f"))).await.unwrap();
    assert_eq!(store.known_key("in").await.unwrap().unwrap().effect, received.message_id.to_string());
    let id = received.conversation_id;
    let posted = store.post(id, &reply("Привет"), None, at(1), Some(&key("out", "f"))).await.unwrap();
    assert_eq!(store.known_key("out").await.unwrap().unwrap().effect, posted.id.to_string());
}

pub async fn an_effect_under_a_known_key_writes_nothing(store: &dyn Store) {
    let id = store.receive(&says("anna", 1, "Привет"), at(0), None, None).await.unwrap().conversation_id;
    store.create_lead(&lead(at(0)), false, at(0), Some(&key("k", "f"))).await.unwrap();
    let before = (store.counts().await.unwrap(), store.events_since(0, 100).await.unwrap());
    let used = Some(key("k", "f"));
    let told = store.create_lead(&lead(at(1)), false, at(1), used.as_ref()).await;
    assert_eq!(told.map(|_| ()), Err(StoreError::KeyReused));
    let told = store.post(id, &reply("Привет"), None, at(1), used.as_ref()).await;
    assert_eq!(told.map(|_| ()), Err(StoreError::KeyReused));
    let told = store.receive(&says("boris", 1, "Привет"), at(1), Some(at(1)), used.as_ref()).await;
    assert_eq!(told, Err(StoreError::KeyReused));
    assert_eq!((store.counts().await.unwrap(), store.events_since(0, 100).await.unwrap()), before);
    assert_eq!(store.queue_stats().await.unwrap().pending, 0);
}

pub async fn an_answer_is_kept_for_its_fingerprint(store: &dyn Store) {
    store.create_lead(&lead(at(0)), false, at(0), Some(&key("k", "f"))).await.unwrap();
    store.store_response(&key("k", "other"), &answer(200, "not mine"), at(1)).await.unwrap();
    assert_eq!(store.known_key("k").await.unwrap().unwrap().response, None);
    store.store_response(&key("k", "f"), &answer(201, "made"), at(1)).await.unwrap();
    let known = store.known_key("k").await.unwrap().unwrap();
    assert_eq!(known.response, Some(answer(201, "made")));
    assert!(known.effect.starts_with("ld_"));
    // A refusal had no effect and is remembered all the same.
    store.store_response(&key("refused", "f"), &answer(422, "no"), at(1)).await.unwrap();
    let refused = store.known_key("refused").await.unwrap().unwrap();
    assert_eq!((refused.effect.as_str(), refused.response), ("", Some(answer(422, "no"))));
}

pub async fn of_ten_requests_with_one_key_one_has_an_effect(store: &dyn Store) {
    let leads: Vec<_> = (0..10).map(|_| lead(at(0))).collect();
    let used = key("k", "f");
    let told = join_all(leads.iter().map(|lead| store.create_lead(lead, false, at(0), Some(&used)))).await;
    assert_eq!(told.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(store.counts().await.unwrap().leads, 1);
}

pub async fn old_keys_are_forgotten(store: &dyn Store) {
    for (scope, seconds) in [("old", 0), ("new", 100)] {
        store.store_response(&key(scope, "f"), &answer(200, "x"), at(seconds)).await.unwrap();
    }
    assert_eq!(store.forget_keys(at(100)).await.unwrap(), 1);
    assert_eq!(store.known_key("old").await.unwrap(), None);
    assert!(store.known_key("new").await.unwrap().is_some());
}
