//! Duties, budgets and credentials that daemons share.

use std::sync::Mutex;

use flow::adapters::http::credentials::renewed;
use flow::domain::clock::ManualClock;
use flow::domain::fault::{Fault, FaultKind};
use flow::domain::outbox::Pace;
use flow::domain::store::{Store, StoreError};
use futures_util::future::join_all;
use jiff::SignedDuration;

use super::samples::at;

pub async fn a_duty_is_one_daemons_until_it_ends_or_is_given_up(store: &dyn Store) {
    let hold = async |holder: &str, until, now| store.hold_duty("poll", holder, at(until), at(now)).await.unwrap();
    assert!(hold("a", 30, 0).await);
    assert!(!hold("b", 60, 29).await);
    assert!(hold("a", 50, 20).await, "whoever has it keeps it");
    assert!(!hold("b", 60, 49).await);
    assert!(hold("b", 80, 50).await, "it has run out");
    store.drop_duty("poll", "a").await.unwrap();
    assert!(!hold("a", 90, 60).await, "nobody gives up what somebody else has");
    store.drop_duty("poll", "b").await.unwrap();
    assert!(hold("a", 90, 60).await);
    assert!(store.hold_duty("other", "b", at(90), at(60)).await.unwrap());
}

pub async fn of_many_who_want_a_duty_one_has_it(store: &dyn Store) {
    let names: Vec<String> = (0..16).map(|n| format!("daemon-{n}")).collect();
    let held = join_all(names.iter().map(|name| store.hold_duty("poll", name, at(30), at(0)))).await;
    assert_eq!(held.into_iter().filter(|held| *held == Ok(true)).count(), 1);
}

pub async fn a_budget_is_drawn_from_by_all_and_never_overdrawn(store: &dyn Store) {
    let pace = Pace { every: SignedDuration::from_millis(500), burst: 5 };
    let draws = join_all((0..12).map(|_| store.draw("portal", pace, 1, at(0)))).await;
    let calls: u32 = draws.into_iter().map(|drawn| drawn.unwrap().calls).sum();
    assert_eq!(calls, 5);
    let next = store.draw("portal", pace, 3, at(1)).await.unwrap();
    assert_eq!((next.calls, next.next_at), (2, at(1) + SignedDuration::from_millis(500)));
    store.draw("portal", pace, -2, at(1)).await.unwrap();
    assert_eq!(store.draw("portal", pace, 9, at(1)).await.unwrap().calls, 2, "what was given back");
    assert_eq!(store.draw("another", pace, 9, at(1)).await.unwrap().calls, 5);
}

pub async fn a_credential_is_renewed_by_one_and_read_by_all(store: &dyn Store) {
    assert_eq!(store.credential("amocrm").await.unwrap(), None);
    assert_eq!(store.save_credential("amocrm", "old", 3, at(0)).await, Err(StoreError::Version { current: 0 }));
    let first = store.save_credential("amocrm", "r1", 0, at(0)).await.unwrap();
    assert_eq!((first.value.as_str(), first.version), ("r1", 1));
    let values: Vec<String> = (0..8).map(|n| format!("r2-{n}")).collect();
    let saved = join_all(values.iter().map(|value| store.save_credential("amocrm", value, 1, at(1)))).await;
    let won: Vec<_> = saved.into_iter().filter_map(Result::ok).collect();
    assert_eq!((won.len(), won[0].version), (1, 2));
    assert_eq!(store.credential("amocrm").await.unwrap().as_ref(), Some(&won[0]));
    assert!(!format!("{:?}", won[0]).contains("r2"), "a secret is not printed");
}

pub async fn a_token_that_may_be_used_once_is_used_once(store: &dyn Store) {
    let clock = ManualClock::at(at(0));
    store.save_credential("amocrm", "refresh-1", 0, at(0)).await.unwrap();
    let used = Mutex::new(Vec::new());
    let names: Vec<String> = (0..8).map(|n| format!("daemon-{n}")).collect();
    let renewals = join_all(names.iter().map(|name| {
        renewed((store, &clock), ("amocrm", name), 1, async |token| {
            used.lock().unwrap().push(token.map(str::to_owned));
            tokio::task::yield_now().await;
            Ok("refresh-2".to_owned())
        })
    }))
    .await;
    assert_eq!(*used.lock().unwrap(), [Some("refresh-1".to_owned())]);
    assert!(renewals.iter().all(|renewed| renewed.as_ref().is_ok_and(|found| found.version == 2)), "{renewals:?}");
    // What the far side refuses leaves everything as it was, and the next may try.
    let refuse = async |_: Option<&str>| Err(Fault::new(FaultKind::Unauthorized, "amocrm", "renew", "revoked"));
    let refused = renewed((store, &clock), ("amocrm", "a"), 2, refuse).await;
    assert_eq!(refused.unwrap_err().kind, FaultKind::Unauthorized);
    let again = renewed((store, &clock), ("amocrm", "b"), 2, async |_| Ok("refresh-3".to_owned())).await;
    assert_eq!(again.unwrap().version, 3);
}
