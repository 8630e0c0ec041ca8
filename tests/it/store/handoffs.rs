use flow::domain::conversation::{Handoff, HandoffState, Role};
use flow::domain::id::ConversationId;
use flow::domain::job::Work;
use flow::domain::store::{Effects, MessageRange, Store, StoreError};
use futures_util::future::join_all;

use super::samples::{at, claim_one, reply, says};

async fn hear(store: &dyn Store, number: u32, text: &str) -> ConversationId {
    let now = at(i64::from(number));
    store.receive(&says("anna", number, text), now, None, None).await.unwrap().conversation_id
}

async fn asked(store: &dyn Store) -> ConversationId {
    let id = hear(store, 1, "Позовите человека").await;
    let handoff = Handoff { state: HandoffState::Requested, reason: "asked".to_owned(), at: at(1), operator: None };
    store.set_handoff(id, &handoff, at(1)).await.unwrap();
    id
}

async fn new(store: &dyn Store, id: ConversationId) -> Vec<String> {
    let input = store.turn_input(id, 10).await.unwrap();
    input.new.into_iter().map(|message| message.text).collect()
}

pub async fn of_two_who_take_one_conversation_one_has_it(store: &dyn Store) {
    let id = asked(store).await;
    let names: Vec<String> = (0..10).map(|n| format!("p{n}")).collect();
    let taken = join_all(names.iter().map(|name| store.take(id, name, false, at(2)))).await;
    let owners: Vec<_> = taken.iter().flatten().map(|c| c.handoff.clone().unwrap().operator.unwrap()).collect();
    assert_eq!(owners.len(), 1, "{taken:?}");
    let refused = StoreError::Owned { by: owners[0].clone() };
    assert!(taken.iter().all(|result| result.is_ok() || result.as_ref() == Err(&refused)));
    let handoff = store.take(id, "boss", true, at(3)).await.unwrap().handoff.unwrap();
    assert_eq!((handoff.operator.as_deref(), handoff.reason.as_str()), (Some("boss"), "asked"));
}

pub async fn a_reply_takes_what_nobody_has(store: &dyn Store) {
    let id = hear(store, 1, "Привет").await;
    let stored = store.reply(id, "Здравствуйте", "olga", at(2)).await.unwrap();
    assert_eq!((stored.role, stored.text.as_str()), (Role::Operator, "Здравствуйте"));
    store.reply(id, "И ещё", "irina", at(3)).await.unwrap();
    let handoff = store.conversation(id).await.unwrap().unwrap().handoff.unwrap();
    assert_eq!((handoff.state, handoff.operator.as_deref(), handoff.at), (HandoffState::Taken, Some("olga"), at(2)));
}

pub async fn what_was_written_to_a_person_is_dealt_with_when_one_answered(store: &dyn Store) {
    let id = asked(store).await;
    hear(store, 2, "Алло").await;
    store.reply(id, "Слушаю", "olga", at(3)).await.unwrap();
    hear(store, 4, "Спасибо").await;
    store.hand_back(id, at(5)).await.unwrap();
    assert_eq!((new(store, id).await, store.queue_stats().await.unwrap().pending), (vec![], 0));
    hear(store, 6, "А завтра?").await;
    assert_eq!(new(store, id).await, ["А завтра?"]);
}

pub async fn without_an_answer_the_last_message_is_given_to_the_bot(store: &dyn Store) {
    let id = asked(store).await;
    hear(store, 2, "Алло").await;
    hear(store, 3, "Сколько стоит стрижка?").await;
    // An answer of an earlier hand-over does not count.
    store.reply(id, "Слушаю", "olga", at(4)).await.unwrap();
    store.hand_back(id, at(5)).await.unwrap();
    hear(store, 6, "Ещё вопрос").await;
    store.take(id, "olga", false, at(7)).await.unwrap();
    store.hand_back(id, at(8)).await.unwrap();
    assert_eq!(new(store, id).await, ["Ещё вопрос"]);
    let job = claim_one(store, at(8)).await;
    assert_eq!(job.work, Ok(Work::Answer { conversation_id: id }));
    assert_eq!(store.hand_back(id, at(9)).await.unwrap().handoff.unwrap().at, at(8), "twice is once");
}

pub async fn a_turn_that_began_under_another_owner_writes_nothing(store: &dyn Store) {
    let id = store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap().conversation_id;
    let job = claim_one(store, at(0)).await;
    store.take(id, "olga", false, at(1)).await.unwrap();
    let spoken = Effects { with_person: Some(false), messages: vec![reply("Привет!")], ..Effects::default() };
    let told = store.commit_turn(id, (&job.lease, job.id), &spoken, at(2)).await;
    assert!(matches!(told, Err(StoreError::Version { .. })), "{told:?}");
    assert_eq!(store.messages(id, MessageRange::Last, 10).await.unwrap().len(), 1);
    let silent = Effects { with_person: Some(true), ..Effects::default() };
    store.commit_turn(id, (&job.lease, job.id), &silent, at(2)).await.unwrap();
}

pub async fn what_has_ended_is_neither_taken_nor_answered(store: &dyn Store) {
    let id = asked(store).await;
    store.close(id, at(2)).await.unwrap();
    assert_eq!(store.take(id, "olga", true, at(3)).await, Err(StoreError::Closed));
    assert_eq!(store.reply(id, "Ау", "olga", at(3)).await, Err(StoreError::Closed));
    assert_eq!(store.hand_back(id, at(3)).await, Err(StoreError::Closed));
    let nobody = ConversationId::new(at(0));
    assert_eq!(store.take(nobody, "olga", true, at(3)).await, Err(StoreError::NotFound("conversation")));
}
