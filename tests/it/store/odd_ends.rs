//! The outbox where two things meet: a part that failed among parts that arrived, a chat that moved to where
//! somebody is already, a call-off beside a doubt.

use flow::domain::conversation::DeliveryState;
use flow::domain::job::{JobFilter, JobState};
use flow::domain::outbox::{Carried, Pace};
use flow::domain::store::Store;
use jiff::SignedDuration;

use super::samples::{
    arrives, at, chat, delivery, delivery_error, look, refused, say, state, take, take_one, telegram_lanes,
};

/// One a second, and none beside it.
const PACE: Option<Pace> = Some(Pace { every: SignedDuration::from_secs(1), burst: 1 });

pub async fn the_reason_of_the_part_that_failed_is_kept(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let message = say(store, id, &"я".repeat(5000), 0).await;
    let first = take_one(store, 0).await;
    store.carried(&first, &refused(None), None, at(0)).await.unwrap();
    let second = take_one(store, 0).await;
    arrives(store, &second, 0).await;
    let told = delivery(store, &message).await;
    assert_eq!((told.state, told.error), (DeliveryState::Failed, Some(delivery_error("refused"))));
}

pub async fn a_doubt_and_a_call_off_leave_the_pace_as_it_was(store: &dyn Store) {
    let id = chat(store, "5001").await;
    for text in ["1", "2", "3"] {
        say(store, id, text, 0).await;
    }
    let doubtful = take_one(store, 0).await;
    store.carried(&doubtful, &Carried::Unknown { error: delivery_error("t") }, PACE, at(0)).await.unwrap();
    assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(1)));
    let waiting = JobFilter { state: vec![JobState::Waiting], ..JobFilter::default() };
    for job in store.jobs(&waiting, 10).await.unwrap() {
        store.cancel_job(&job.id, at(0)).await.unwrap();
    }
    say(store, id, "4", 0).await;
    assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(1)));
}

pub async fn a_chat_that_moved_to_where_somebody_is_has_one_lane(store: &dyn Store) {
    let old = chat(store, "-100/1").await;
    let there = chat(store, "-200/2").await;
    let moved = say(store, old, "1", 0).await;
    say(store, there, "2", 0).await;
    let parts = take(store, 0).await;
    let from = parts.iter().find(|carrying| carrying.part.conversation_id == old).unwrap();
    let other = parts.iter().find(|carrying| carrying.part.conversation_id == there).unwrap();
    store.carried(from, &Carried::Moved { to: "-200".to_owned() }, PACE, at(0)).await.unwrap();
    assert_eq!(take(store, 0).await, [], "one chat, one at a time");
    arrives(store, other, 0).await;
    let again = take_one(store, 5).await;
    assert!(again.part.identity.external_id.starts_with("-200/"), "{:?}", again.part.identity);
    arrives(store, &again, 5).await;
    assert_eq!(state(store, &moved).await, DeliveryState::Sent);
}

pub async fn what_moved_stands_behind_what_waits_there_and_keeps_its_order(store: &dyn Store) {
    let (old, there) = (chat(store, "-100/1").await, chat(store, "-200/2").await);
    for (id, text) in [(old, "1"), (old, "2"), (there, "3")] {
        say(store, id, text, 0).await;
    }
    let parts = take(store, 0).await;
    let of = |id| parts.iter().find(|carrying| carrying.part.conversation_id == id).unwrap();
    let again = Carried::Again { at: at(900), error: delivery_error("rate_limited") };
    store.carried(of(there), &again, PACE, at(0)).await.unwrap();
    store.carried(of(old), &Carried::Moved { to: "-200".to_owned() }, PACE, at(0)).await.unwrap();
    assert_eq!(take(store, 899).await, [], "the chat that it moved to is held back");
    let mut texts = Vec::new();
    for now in 900..903 {
        let carrying = take_one(store, now).await;
        arrives(store, &carrying, now).await;
        texts.push((carrying.part.text, carrying.part.attempt));
    }
    assert_eq!(texts, [("3".to_owned(), 2), ("1".to_owned(), 2), ("2".to_owned(), 1)]);
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap(), []);
}

pub async fn a_chat_that_moved_keeps_the_pace_of_where_it_went(store: &dyn Store) {
    let (old, there) = (chat(store, "-100/1").await, chat(store, "-200/2").await);
    let sent = Carried::Sent { external_id: None };
    say(store, there, "1", 0).await;
    store.carried(&take_one(store, 0).await, &sent, PACE, at(0)).await.unwrap();
    say(store, old, "2", 0).await;
    let moved = Carried::Moved { to: "-200".to_owned() };
    store.carried(&take_one(store, 0).await, &moved, PACE, at(0)).await.unwrap();
    assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(1)));
    arrives(store, &take_one(store, 1).await, 1).await;
}

pub async fn calling_off_a_message_hurries_no_other(store: &dyn Store) {
    let id = chat(store, "5001").await;
    for text in ["1", "2", "3", "4"] {
        say(store, id, text, 0).await;
    }
    store.carried(&take_one(store, 0).await, &Carried::Sent { external_id: None }, PACE, at(0)).await.unwrap();
    let waiting = store.jobs(&JobFilter::default(), 10).await.unwrap();
    for place in [2, 0] {
        store.cancel_job(&waiting[place].id, at(0)).await.unwrap();
        assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(1)));
    }
    let last = take_one(store, 1).await;
    assert_eq!(last.part.text, "3");
    store.carried(&last, &Carried::Sent { external_id: None }, PACE, at(1)).await.unwrap();
    // A lane that only remembers its pace has no work.
    assert_eq!(store.class_stats().await.unwrap(), []);
}

pub async fn a_dialogue_that_moved_onto_another_keeps_its_own(store: &dyn Store) {
    let old = chat(store, "-100").await;
    let there = chat(store, "-200").await;
    let moved = say(store, old, "1", 0).await;
    let from = take_one(store, 0).await;
    store.carried(&from, &Carried::Moved { to: "-200".to_owned() }, None, at(0)).await.unwrap();
    let again = take_one(store, 1).await;
    assert_eq!(again.part.conversation_id, old);
    assert_eq!(again.part.identity.external_id.split('/').next(), Some("-200"));
    arrives(store, &again, 1).await;
    assert_eq!(state(store, &moved).await, DeliveryState::Sent);
    assert_ne!(old, there);
}

pub async fn what_was_under_way_when_it_was_called_off_stays_in_doubt(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let message = say(store, id, "1", 0).await;
    let carrying = take_one(store, 0).await;
    store.reap(at(61)).await.unwrap();
    store.cancel_job(&carrying.job.to_string(), at(62)).await.unwrap();
    assert_eq!(state(store, &message).await, DeliveryState::Unknown);
}

pub async fn finding_a_doubt_is_no_try(store: &dyn Store) {
    let id = chat(store, "5001").await;
    say(store, id, "1", 0).await;
    let carrying = take_one(store, 0).await;
    store.reap(at(61)).await.unwrap();
    look(store, 62).await;
    assert_eq!(store.job(&carrying.job.to_string()).await.unwrap().unwrap().attempts, 1);
}

pub async fn a_message_without_words_waits_for_nobody(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let message = say(store, id, "  ", 2).await;
    assert_ne!(state(store, &message).await, DeliveryState::Queued);
}

pub async fn what_changes_a_dialogue_changes_its_version(store: &dyn Store) {
    use flow::domain::channel::Arrival;
    use flow::domain::outbox::Unreachable;

    use super::samples::{raw, telegram};
    let id = chat(store, "5001").await;
    let version = async || store.conversation(id).await.unwrap().unwrap().version;
    let before = version().await;
    let identity = telegram("5001");
    let edit = Arrival::Edit { identity: identity.clone(), external_id: "5001/1".to_owned(), text: "x".to_owned() };
    store.ingest(vec![(raw(1), edit)], None, at(1)).await.unwrap();
    let edited = version().await;
    let block = Arrival::Reach { identity, unreachable: Some(Unreachable::Blocked) };
    store.ingest(vec![(raw(2), block)], None, at(1)).await.unwrap();
    assert!(before < edited && edited < version().await);
}
