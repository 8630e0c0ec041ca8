use flow::domain::contact::Channel;
use flow::domain::conversation::{Button, Delivery, DeliveryState, Handoff, HandoffState, Outgoing, Role};
use flow::domain::job::{Job, JobFilter, JobState, Pool};
use flow::domain::outbox::{Carried, Carrying, OutboxStats, Taken, Unreachable};
use flow::domain::store::{Effects, QueueStats, Store, StoreError};
use futures_util::future::join_all;
use serde_json::json;

use super::samples::{
    arrives, at, chat, claim_one, delivery, delivery_error, look, refused, reply, say, says, state, take, take_one,
    telegram, telegram_lanes, tells,
};

fn doubt() -> Carried {
    Carried::Unknown { error: delivery_error("timeout") }
}

async fn jobs(store: &dyn Store) -> Vec<Job> {
    store.jobs(&JobFilter::default(), 100).await.unwrap()
}

/// So many letters that no word ends in.
fn long(letters: usize) -> String {
    "я".repeat(letters)
}

pub async fn what_must_be_carried_is_queued_with_its_job(store: &dyn Store) {
    let received = store.receive(&tells("5001", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
    let id = received.conversation_id;
    let turn = claim_one(store, at(0)).await;
    let effects = Effects { messages: vec![reply("Здравствуйте")], ..Effects::default() };
    store.commit_turn(id, (&turn.lease, turn.id), &effects, at(1)).await.unwrap();
    let answer = store.messages_since(received.seq, 10).await.unwrap().remove(0);
    let queued = Delivery { state: DeliveryState::Queued, error: None, attempts: 0, at: at(1) };
    assert_eq!(answer.delivery, Some(queued.clone()));
    let waiting = jobs(store).await;
    assert_eq!((waiting.len(), waiting[0].lane.as_str()), (1, "out:telegram:7:5001"));
    assert_eq!((waiting[0].kind.as_str(), waiting[0].state), ("send_reply", JobState::Waiting));
    assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(1)));
    // Dialogues and other channels leave it alone.
    assert_eq!(store.claim(&Pool::Inside, 10, at(60), at(9)).await.unwrap(), []);
    assert_eq!(store.take_parts(Channel::Max, 10, at(60), at(9)).await.unwrap(), Taken::default());

    let carrying = take_one(store, 2).await;
    let part = &carrying.part;
    assert_eq!((part.message_id, part.message_seq, part.conversation_id), (answer.id, answer.seq, id));
    assert_eq!((part.identity.clone(), part.text.as_str(), part.attempt), (telegram("5001"), "Здравствуйте", 1));
    assert_eq!((part.buttons.clone(), part.asks_phone), (vec![], false));
    // What is under way is told of the part; the message waits for what becomes of it.
    let stats = store.outbox_stats().await.unwrap();
    assert_eq!((stats.queued, stats.sending), (0, 1));
    assert_eq!(delivery(store, &answer).await, queued);
    let sent = Carried::Sent { external_id: Some("5001/9".to_owned()) };
    store.carried(&carrying, &sent, None, at(3)).await.unwrap();
    let answer = store.message(answer.id).await.unwrap().unwrap();
    assert_eq!(answer.delivery, Some(Delivery { state: DeliveryState::Sent, attempts: 1, at: at(3), ..queued }));
    assert_eq!(answer.channel_message_id.as_deref(), Some("5001/9"));
    assert_eq!((jobs(store).await, take(store, 4).await), (vec![], vec![]));
    assert_eq!(store.queue_stats().await.unwrap(), QueueStats::default());
}

pub async fn what_the_client_reads_here_is_sent_at_once(store: &dyn Store) {
    let web = store.receive(&says("anna", 1, "Привет"), at(0), None, None).await.unwrap().conversation_id;
    let sent = Delivery { state: DeliveryState::Sent, error: None, attempts: 1, at: at(1) };
    assert_eq!(say(store, web, "Здравствуйте", 1).await.delivery, Some(sent.clone()));
    // A remark is not for the client, a person's word is.
    let id = chat(store, "5001").await;
    let remark = Outgoing { role: Role::System, ..reply("Клиент вернулся") };
    assert_eq!(store.post(id, &remark, None, at(1), None).await.unwrap().delivery, Some(sent));
    assert_eq!((jobs(store).await, take(store, 9).await), (vec![], vec![]));
    assert_eq!(store.outbox_stats().await.unwrap(), OutboxStats::default());
    let taken = Handoff { state: HandoffState::Taken, reason: "taken".to_owned(), at: at(2), operator: None };
    let word = Outgoing { role: Role::Operator, ..reply("Это Ольга") };
    let word = store.post(id, &word, Some(&taken), at(2), None).await.unwrap();
    assert_eq!((state(store, &word).await, take_one(store, 2).await.part.message_id), (DeliveryState::Queued, word.id));
}

pub async fn a_long_text_is_carried_in_parts_in_their_order(store: &dyn Store) {
    // Whoever carries buttons has a secret that signs them.
    store.meta_secret("buttons").await.unwrap();
    let id = chat(store, "5001").await;
    let text = format!("{} {} {}", long(3000), "ю".repeat(3000), "э".repeat(3000));
    let buttons = vec![Button::titled("Да"), Button::titled("Нет")];
    let asks = Some(json!({"asks": "phone"}));
    let message = Outgoing { buttons: buttons.clone(), metadata: asks, ..reply(&text) };
    let message = store.post(id, &message, None, at(0), None).await.unwrap();
    assert_eq!(store.outbox_stats().await.unwrap().queued, 3);
    let mut carried = Vec::new();
    for number in 0..3 {
        let expected = if number == 0 { DeliveryState::Queued } else { DeliveryState::Sending };
        assert_eq!(state(store, &message).await, expected, "before part {number}");
        let carrying = take_one(store, number).await;
        assert_eq!(state(store, &message).await, expected, "part {number}");
        assert_eq!(take(store, number).await, [], "the parts follow each other");
        arrives(store, &carrying, number).await;
        carried.push(carrying.part);
    }
    assert_eq!(state(store, &message).await, DeliveryState::Sent);
    assert_eq!(carried.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" "), text);
    assert!(carried.iter().all(|part| part.message_id == message.id && part.attempt == 1));
    let asking: Vec<_> = carried.iter().map(|part| (part.buttons.clone(), part.asks_phone)).collect();
    assert_eq!(asking, [(vec![], false), (vec![], false), (buttons, true)]);
    // The message is known by the first of its parts.
    let stored = store.message(message.id).await.unwrap().unwrap();
    assert_eq!(stored.channel_message_id, Some(carried[0].id.to_string()));
    assert_eq!((take(store, 9).await, jobs(store).await), (vec![], vec![]));
}

pub async fn only_a_message_that_says_so_asks_for_the_phone(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let says_so = [None, Some(json!({"asks": "phone"})), Some(json!({"asks": "name"})), Some(json!({"phone": true}))];
    for metadata in says_so {
        let expected = metadata == Some(json!({"asks": "phone"}));
        let message = Outgoing { metadata, ..reply("Ваш номер?") };
        store.post(id, &message, None, at(0), None).await.unwrap();
        let carrying = take_one(store, 0).await;
        assert_eq!(carrying.part.asks_phone, expected);
        arrives(store, &carrying, 0).await;
    }
}

pub async fn of_several_parts_the_worst_that_is_certain_is_told(store: &dyn Store) {
    use DeliveryState::{Failed, Sent, Unknown};
    let arrived = || Carried::Sent { external_id: None };
    let outcomes = [
        ([arrived(), arrived()], Sent),
        ([refused(None), arrived()], Failed),
        ([arrived(), refused(None)], Failed),
        ([doubt(), arrived()], Unknown),
        ([arrived(), doubt()], Unknown),
        ([doubt(), refused(None)], Failed),
    ];
    for (number, (became, told)) in outcomes.iter().enumerate() {
        let id = chat(store, &format!("chat-{number}")).await;
        let message = say(store, id, &long(5000), 0).await;
        for carried in became {
            let carrying = take_one(store, 1).await;
            store.carried(&carrying, carried, None, at(1)).await.unwrap();
        }
        assert_eq!(state(store, &message).await, *told, "{became:?}");
    }
    assert_eq!(store.outbox_stats().await.unwrap(), OutboxStats { unknown: 3, failed: 3, ..OutboxStats::default() });
}

pub async fn a_chat_gets_one_after_the_other_and_chats_wait_for_nobody(store: &dyn Store) {
    let (anna, boris) = (chat(store, "5001").await, chat(store, "5002").await);
    let texts = async |now| -> Vec<String> {
        let parts = take(store, now).await;
        for carrying in &parts {
            arrives(store, carrying, now).await;
        }
        parts.into_iter().map(|carrying| carrying.part.text).collect()
    };
    for (id, text, now) in [(anna, "a1", 1), (anna, "a2", 1), (boris, "b1", 2), (anna, "a3", 3)] {
        say(store, id, text, now).await;
    }
    // The chat that has waited longest is first.
    let first = store.take_parts(Channel::Telegram, 1, at(60), at(3)).await.unwrap().parts;
    assert_eq!(first[0].part.text, "a1");
    assert_eq!(texts(3).await, ["b1"]);
    assert_eq!(texts(3).await, Vec::<String>::new());
    arrives(store, &first[0], 4).await;
    assert_eq!((texts(4).await, texts(4).await), (vec!["a2".to_owned()], vec!["a3".to_owned()]));
    // Several people of a group hear it in one chat.
    let (first, second) = (chat(store, "-100/1").await, chat(store, "-100/2").await);
    for (id, text) in [(second, "g1"), (first, "g2"), (second, "g3")] {
        say(store, id, text, 5).await;
    }
    assert_eq!([texts(5).await, texts(5).await, texts(5).await].concat(), ["g1", "g2", "g3"]);
}

pub async fn two_looks_at_once_never_share_a_chat(store: &dyn Store) {
    for number in 0..20 {
        let id = chat(store, &format!("{}", 5000 + number)).await;
        for text in ["раз", "два"] {
            say(store, id, text, 0).await;
        }
    }
    let looks = join_all((0..8).map(|_| store.take_parts(Channel::Telegram, 5, at(60), at(0)))).await;
    let taken: Vec<Carrying> = looks.into_iter().flat_map(|taken| taken.unwrap().parts).collect();
    assert_eq!(taken.len(), 20);
    assert!(taken.iter().all(|carrying| carrying.part.text == "раз" && carrying.part.attempt == 1));
    let mut chats: Vec<&str> = taken.iter().map(|carrying| carrying.part.identity.external_id.as_str()).collect();
    chats.sort_unstable();
    chats.dedup();
    assert_eq!(chats.len(), 20);
}

pub async fn what_a_dead_worker_had_is_in_doubt_and_the_chat_goes_on(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let (first, second) = (say(store, id, "раз", 0).await, say(store, id, "два", 0).await);
    let slow = take_one(store, 0).await;
    assert_eq!(look(store, 61).await, Taken::default(), "nobody has taken the lease away");
    assert_eq!(store.reap(at(61)).await.unwrap(), 1);
    assert_eq!(store.outbox_stats().await.unwrap().sending, 1);
    let taken = look(store, 62).await;
    assert_eq!(taken, Taken { doubtful: vec![id], ..Taken::default() });
    let told = delivery(store, &first).await;
    assert_eq!((told.state, told.error.unwrap().code.as_str()), (DeliveryState::Unknown, "in_doubt"));
    let dead = store.job(&slow.job.to_string()).await.unwrap().unwrap();
    assert_eq!((dead.state, dead.died_at), (JobState::Dead, Some(at(62))));
    assert!(dead.error.unwrap().contains("may have gone out"));
    let stats = store.outbox_stats().await.unwrap();
    assert_eq!((stats.queued, stats.sending, stats.unknown), (1, 0, 1));
    let next = take_one(store, 63).await;
    assert_eq!((next.part.message_id, next.part.attempt), (second.id, 1));
    arrives(store, &next, 64).await;
    assert_eq!((state(store, &second).await, take(store, 65).await), (DeliveryState::Sent, vec![]));
}

pub async fn a_late_outcome_is_refused_and_changes_nothing(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let messages = [say(store, id, "раз", 0).await, say(store, id, "два", 0).await];
    let slow = take_one(store, 0).await;
    let outcomes = [
        Carried::Sent { external_id: Some("5001/9".to_owned()) },
        Carried::Again { at: at(900), error: delivery_error("rate_limited") },
        Carried::Moved { to: "-200".to_owned() },
        refused(Some(Unreachable::Blocked)),
        doubt(),
    ];
    let everything = async || {
        let shown = store.messages_since(0, 100).await.unwrap();
        (shown, store.conversation(id).await.unwrap(), jobs(store).await, store.outbox_stats().await.unwrap())
    };
    let is_refused = async || {
        let before = everything().await;
        for outcome in &outcomes {
            let told = store.carried(&slow, outcome, None, at(62)).await;
            assert_eq!(told, Err(StoreError::LostLease), "{outcome:?}");
        }
        assert_eq!(everything().await, before);
    };
    // Nobody has it, somebody found it in doubt, and somebody carries the next.
    assert_eq!(store.reap(at(61)).await.unwrap(), 1);
    is_refused().await;
    assert_eq!(look(store, 62).await.doubtful, [id]);
    is_refused().await;
    let next = take_one(store, 62).await;
    is_refused().await;
    arrives(store, &next, 63).await;
    assert_eq!(state(store, &messages[1]).await, DeliveryState::Sent);
    // Nor does anything arrive twice.
    let twice = store.carried(&next, &refused(None), None, at(64)).await;
    assert_eq!((twice, state(store, &messages[1]).await), (Err(StoreError::LostLease), DeliveryState::Sent));
}

pub async fn again_delays_its_own_chat_and_counts_the_tries(store: &dyn Store) {
    let (anna, boris) = (chat(store, "5001").await, chat(store, "5002").await);
    let message = say(store, anna, "раз", 0).await;
    say(store, anna, "два", 0).await;
    let carrying = take_one(store, 0).await;
    let again = Carried::Again { at: at(30), error: delivery_error("rate_limited") };
    store.carried(&carrying, &again, None, at(1)).await.unwrap();
    let told = delivery(store, &message).await;
    assert_eq!(
        (told.state, told.attempts, told.error),
        (DeliveryState::Queued, 1, Some(delivery_error("rate_limited")))
    );
    let waiting = store.job(&carrying.job.to_string()).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.attempts, waiting.ready_at), (JobState::Waiting, 1, Some(at(30))));
    assert_eq!(waiting.error.as_deref(), Some("the far side said rate_limited"));
    say(store, boris, "Привет", 2).await;
    assert_eq!(take_one(store, 29).await.part.conversation_id, boris);
    assert_eq!(store.next_ready(&telegram_lanes()).await.unwrap(), Some(at(30)));
    let second = take_one(store, 30).await;
    assert_eq!((second.job, second.part.id, second.part.attempt), (carrying.job, carrying.part.id, 2));
    store.carried(&second, &Carried::Again { at: at(31), error: delivery_error("away") }, None, at(30)).await.unwrap();
    let third = take_one(store, 31).await;
    assert_eq!(third.part.attempt, 3);
    arrives(store, &third, 32).await;
    let told = delivery(store, &message).await;
    assert_eq!((told.state, told.attempts, told.error), (DeliveryState::Sent, 3, None));
    let next = take_one(store, 32).await;
    assert_eq!((next.part.text.as_str(), next.part.attempt), ("два", 1));
}

pub async fn what_is_in_doubt_is_sent_when_a_person_says_so(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let message = say(store, id, "раз", 0).await;
    let carrying = take_one(store, 0).await;
    store.carried(&carrying, &doubt(), None, at(1)).await.unwrap();
    let told = delivery(store, &message).await;
    assert_eq!((told.state, told.error), (DeliveryState::Unknown, Some(delivery_error("timeout"))));
    let dead = store.job(&carrying.job.to_string()).await.unwrap().unwrap();
    assert_eq!((dead.state, dead.attempts, dead.died_at), (JobState::Dead, 1, Some(at(1))));
    assert_eq!(dead.error.as_deref(), Some("the far side said timeout"));
    assert_eq!((take(store, 2).await, store.next_ready(&telegram_lanes()).await.unwrap()), (vec![], None));
    assert_eq!(store.outbox_stats().await.unwrap(), OutboxStats { unknown: 1, ..OutboxStats::default() });

    let retried = store.retry_job(&dead.id, at(9)).await.unwrap();
    assert_eq!((retried.state, retried.died_at), (JobState::Waiting, None));
    assert_eq!(store.job(&dead.id).await.unwrap(), None, "it has a new number");
    let told = delivery(store, &message).await;
    assert_eq!((told.state, told.error, told.attempts), (DeliveryState::Queued, None, 1));
    let second = take_one(store, 9).await;
    assert_eq!((second.part.id, second.part.attempt), (carrying.part.id, 2));
    arrives(store, &second, 10).await;
    assert_eq!(state(store, &message).await, DeliveryState::Sent);
    assert_eq!((store.outbox_stats().await.unwrap(), jobs(store).await), (OutboxStats::default(), vec![]));
}

pub async fn what_is_called_off_is_not_sent(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let mut said = Vec::new();
    for text in ["раз", "два", "три"] {
        said.push(say(store, id, text, 0).await);
    }
    let waiting = jobs(store).await;
    for at_place in [1, 0] {
        let called_off = store.cancel_job(&waiting[at_place].id, at(5)).await.unwrap();
        assert_eq!((called_off.id.as_str(), called_off.state), (waiting[at_place].id.as_str(), JobState::Waiting));
        let told = delivery(store, &said[at_place]).await;
        assert_eq!((told.state, told.at, told.attempts), (DeliveryState::Failed, at(5), 0));
        assert_eq!(told.error.unwrap().code, "cancelled");
    }
    let stats = store.outbox_stats().await.unwrap();
    assert_eq!(stats, OutboxStats { queued: 1, oldest: Some(at(0)), ..OutboxStats::default() });
    let last = take_one(store, 6).await;
    assert_eq!((last.part.message_id, last.part.attempt), (said[2].id, 1));
    arrives(store, &last, 7).await;
    assert_eq!((take(store, 8).await, jobs(store).await), (vec![], vec![]));
    assert_eq!(state(store, &said[0]).await, DeliveryState::Failed);
}

pub async fn the_outbox_counts_what_waits_and_what_is_under_way(store: &dyn Store) {
    let (anna, boris) = (chat(store, "5001").await, chat(store, "5002").await);
    say(store, anna, &long(5000), 3).await;
    say(store, boris, "Привет", 5).await;
    let counted = async || store.outbox_stats().await.unwrap();
    let all_wait = OutboxStats { queued: 3, oldest: Some(at(3)), ..OutboxStats::default() };
    assert_eq!(counted().await, all_wait);
    let parts = take(store, 6).await;
    assert_eq!(counted().await, OutboxStats { queued: 1, sending: 2, ..all_wait });
    let of = |id| parts.iter().find(|carrying| carrying.part.conversation_id == id).unwrap();
    store.carried(of(anna), &doubt(), None, at(7)).await.unwrap();
    arrives(store, of(boris), 8).await;
    assert_eq!(counted().await, OutboxStats { queued: 1, unknown: 1, ..all_wait });
    let last = take_one(store, 9).await;
    store.carried(&last, &refused(None), None, at(10)).await.unwrap();
    assert_eq!(counted().await, OutboxStats { unknown: 1, failed: 1, ..OutboxStats::default() });
    for (conversation, is_asked) in [(anna, true), (boris, false)] {
        let handoff = store.conversation(conversation).await.unwrap().unwrap().handoff;
        assert_eq!(handoff.is_some_and(|handoff| handoff.reason == "not_delivered"), is_asked);
    }
}
