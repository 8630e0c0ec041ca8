//! How a chat is written to: its pace, its address, and whether it takes anything.

use flow::domain::contact::Identity;
use flow::domain::conversation::{Conversation, DeliveryState, Incoming};
use flow::domain::job::{JobFilter, JobState, Lease};
use flow::domain::outbox::{Carried, Carrying, OutboxStats, Pace, Taken, Unreachable};
use flow::domain::store::Store;
use jiff::{SignedDuration, Timestamp};

use super::samples::{
    arrives, at, chat, delivery, delivery_error, look, refused, say, state, take, take_one, telegram, telegram_lanes,
    tells,
};

/// One a second, and a second one at once.
const PACE: Option<Pace> = Some(Pace { every: SignedDuration::from_secs(1), burst: 2 });

/// Carries what is due and lets it arrive at that pace; answers the words.
async fn pass(store: &dyn Store, now: i64) -> Vec<String> {
    let parts = take(store, now).await;
    for carrying in &parts {
        store.carried(carrying, &Carried::Sent { external_id: None }, PACE, at(now)).await.unwrap();
    }
    parts.into_iter().map(|carrying| carrying.part.text).collect()
}

async fn next(store: &dyn Store) -> Option<Timestamp> {
    store.next_ready(&telegram_lanes()).await.unwrap()
}

async fn with(store: &dyn Store, identity: &Identity) -> Option<Conversation> {
    store.conversation_of(identity).await.unwrap()
}

async fn hear_again(store: &dyn Store, chat: &str, now: i64) {
    store.receive(&tells(chat, 2, "Я здесь"), at(now), None, None).await.unwrap();
}

pub async fn after_a_silence_two_follow_each_other_then_one_a_second(store: &dyn Store) {
    let id = chat(store, "5001").await;
    for text in ["1", "2", "3", "4", "5", "6"] {
        say(store, id, text, 0).await;
    }
    assert_eq!(pass(store, 0).await, ["1"]);
    assert_eq!(next(store).await, Some(at(0)));
    assert_eq!(pass(store, 0).await, ["2"]);
    for (now, text) in [(1, "3"), (2, "4")] {
        assert_eq!(next(store).await, Some(at(now)));
        assert_eq!(pass(store, now - 1).await, Vec::<String>::new());
        assert_eq!(pass(store, now).await, [text]);
    }
    // Nobody looked for a while: what was saved up is two, not all that would have fitted.
    assert_eq!((pass(store, 60).await, next(store).await), (vec!["5".to_owned()], Some(at(60))));
    assert_eq!((pass(store, 60).await, next(store).await), (vec!["6".to_owned()], None));
    say(store, id, "7", 60).await;
    assert_eq!(next(store).await, Some(at(61)));
}

pub async fn a_single_burst_is_one_a_second(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let pace = Some(Pace { every: SignedDuration::from_secs(3), burst: 1 });
    for text in ["1", "2", "3"] {
        say(store, id, text, 0).await;
    }
    for now in [0, 3, 10] {
        let carrying = take_one(store, now).await;
        store.carried(&carrying, &Carried::Sent { external_id: None }, pace, at(now)).await.unwrap();
        let due = (now < 10).then(|| at(now + 3));
        assert_eq!(next(store).await, due);
    }
}

pub async fn the_pace_holds_for_what_is_written_into_the_emptied_lane(store: &dyn Store) {
    let (anna, boris) = (chat(store, "5001").await, chat(store, "5002").await);
    for text in ["1", "2"] {
        say(store, anna, text, 0).await;
        assert_eq!(pass(store, 0).await, [text]);
    }
    assert_eq!(next(store).await, None);
    say(store, anna, "3", 0).await;
    assert_eq!(next(store).await, Some(at(1)));
    // The pace is the chat's own.
    say(store, boris, "Привет", 0).await;
    assert_eq!(pass(store, 0).await, ["Привет"]);
    assert_eq!(pass(store, 0).await, Vec::<String>::new());
    assert_eq!(pass(store, 1).await, ["3"]);
    // After a silence there is nothing to wait for.
    for text in ["4", "5"] {
        say(store, anna, text, 30).await;
        assert_eq!(pass(store, 30).await, [text]);
    }
}

pub async fn a_try_that_did_not_go_out_keeps_the_pace(store: &dyn Store) {
    let id = chat(store, "5001").await;
    for text in ["1", "2", "3"] {
        say(store, id, text, 0).await;
    }
    assert_eq!([pass(store, 0).await, pass(store, 0).await].concat(), ["1", "2"]);
    let carrying = take_one(store, 1).await;
    let error = delivery_error("away");
    store.carried(&carrying, &Carried::Again { at: at(0), error }, PACE, at(1)).await.unwrap();
    // It cost nothing, and buys nothing either.
    assert_eq!((next(store).await, pass(store, 1).await), (Some(at(1)), vec!["3".to_owned()]));
    say(store, id, "4", 1).await;
    assert_eq!(next(store).await, Some(at(2)));
}

pub async fn a_lane_that_keeps_its_pace_is_swept_when_that_is_over(store: &dyn Store) {
    let id = chat(store, "5001").await;
    for text in ["1", "2"] {
        say(store, id, text, 0).await;
        assert_eq!(pass(store, 0).await, [text]);
    }
    assert_eq!(store.sweep_queue(at(0), at(1)).await.unwrap(), 0);
    say(store, id, "3", 0).await;
    assert_eq!(next(store).await, Some(at(1)), "the lane was swept too early");
    assert_eq!(store.sweep_queue(at(0), at(500)).await.unwrap(), 0, "it has work");
    let carrying = take_one(store, 1).await;
    assert_eq!(store.sweep_queue(at(0), at(500)).await.unwrap(), 0, "it is worked on");
    store.carried(&carrying, &Carried::Sent { external_id: None }, PACE, at(1)).await.unwrap();
    assert_eq!(store.sweep_queue(at(0), at(3)).await.unwrap(), 1);
    assert_eq!(store.sweep_queue(at(0), at(3)).await.unwrap(), 0);
}

pub async fn what_waits_for_an_address_that_takes_nothing_is_given_up(store: &dyn Store) {
    let (anna, boris) = (chat(store, "5001").await, chat(store, "5002").await);
    let mut said = Vec::new();
    for text in ["1", "2", "3"] {
        said.push(say(store, anna, text, 0).await);
    }
    let other = say(store, boris, "Привет", 1).await;
    let parts = take(store, 1).await;
    store.carried(&parts[0], &refused(Some(Unreachable::Blocked)), None, at(2)).await.unwrap();
    arrives(store, &parts[1], 2).await;
    let told = delivery(store, &said[0]).await;
    assert_eq!((told.state, told.error.unwrap().code.as_str()), (DeliveryState::Failed, "refused"));
    assert_eq!(state(store, &other).await, DeliveryState::Sent);
    let why = async || with(store, &telegram("5001")).await.unwrap().unreachable;
    assert_eq!(why().await, Some(Unreachable::Blocked));
    assert_eq!(with(store, &telegram("5002")).await.unwrap().unreachable, None);

    assert_eq!(look(store, 3).await, Taken { given_up: vec![anna], ..Taken::default() });
    let told = delivery(store, &said[1]).await;
    assert_eq!((told.state, told.attempts, told.at), (DeliveryState::Failed, 0, at(3)));
    assert_eq!(told.error.unwrap().code, "blocked");
    assert_eq!(store.queue_stats().await.unwrap().dead, 0, "nobody has to decide anything");
    // The client is there again before the rest is given up.
    assert_eq!(state(store, &said[2]).await, DeliveryState::Queued);
    hear_again(store, "5001", 4).await;
    assert_eq!(why().await, None);
    let third = take_one(store, 5).await;
    assert_eq!(third.part.message_id, said[2].id);
    arrives(store, &third, 6).await;
    assert_eq!(state(store, &said[2]).await, DeliveryState::Sent);
    assert_eq!(state(store, &said[1]).await, DeliveryState::Failed);
    assert_eq!(store.outbox_stats().await.unwrap(), OutboxStats::default());
}

pub async fn a_message_that_is_refused_for_itself_stops_nothing_else(store: &dyn Store) {
    let id = chat(store, "5001").await;
    let (first, second) = (say(store, id, "1", 0).await, say(store, id, "2", 0).await);
    let carrying = take_one(store, 0).await;
    store.carried(&carrying, &refused(None), PACE, at(0)).await.unwrap();
    assert_eq!(state(store, &first).await, DeliveryState::Failed);
    assert_eq!(with(store, &telegram("5001")).await.unwrap().unreachable, None);
    assert_eq!(pass(store, 0).await, ["2"]);
    assert_eq!(state(store, &second).await, DeliveryState::Sent);
    // It is kept for a person, and may be sent again without a doubt.
    let kept = store.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].state, kept[0].is_doubtful), (1, JobState::Dead, false));
    // The refused one counts as written: the channel saw it.
    say(store, id, "3", 0).await;
    assert_eq!(next(store).await, Some(at(1)));
}

pub async fn a_chat_that_moved_takes_its_conversations_and_jobs_along(store: &dyn Store) {
    let elsewhere = Identity { account: "8".to_owned(), ..telegram("-100/1") };
    let namesake = Incoming { identity: elsewhere.clone(), ..tells("-100/1", 1, "Привет") };
    store.receive(&namesake, at(0), None, None).await.unwrap();
    let mut ids = Vec::new();
    for who in ["-100/1", "-100/2", "-1005/1", "5001"] {
        ids.push(chat(store, who).await);
    }
    let [first, second, near, private] = ids[..] else { panic!("{ids:?}") };
    for (id, text) in [(first, "1"), (second, "2"), (first, "3"), (near, "4"), (private, "5")] {
        say(store, id, text, 0).await;
    }
    let parts = take(store, 0).await;
    let of = |parts: &[Carrying], id| parts.iter().find(|carrying| carrying.part.conversation_id == id).cloned();
    let carrying = of(&parts, first).unwrap();
    store.carried(&carrying, &Carried::Moved { to: "-200".to_owned() }, PACE, at(1)).await.unwrap();
    for (old, new, id) in [("-100/1", "-200/1", first), ("-100/2", "-200/2", second)] {
        assert_eq!(with(store, &telegram(new)).await.unwrap().id, id);
        assert_eq!(with(store, &telegram(old)).await, None);
    }
    // What only looks alike stays where it was.
    assert!(with(store, &elsewhere).await.is_some());
    assert_eq!(with(store, &telegram("-1005/1")).await.unwrap().id, near);
    assert_eq!(with(store, &telegram("5001")).await.unwrap().id, private);
    let lane = JobFilter { lane: Some("out:telegram:7:-200".to_owned()), ..JobFilter::default() };
    assert_eq!(store.jobs(&lane, 10).await.unwrap().len(), 3);
    let old = JobFilter { lane: Some("out:telegram:7:-100".to_owned()), ..JobFilter::default() };
    assert_eq!(store.jobs(&old, 10).await.unwrap(), []);

    // It is tried there at once, in the order of before; what is written now comes behind.
    say(store, second, "6", 1).await;
    let again = take_one(store, 1).await;
    assert_eq!((again.job, again.part.id, again.part.attempt), (carrying.job, carrying.part.id, 2));
    assert_eq!((again.part.identity.clone(), again.part.text.as_str()), (telegram("-200/1"), "1"));
    arrives(store, &again, 1).await;
    let rest = [pass(store, 1).await, pass(store, 1).await, pass(store, 2).await].concat();
    assert_eq!(rest, ["2", "3", "6"]);
    for carrying in [of(&parts, near).unwrap(), of(&parts, private).unwrap()] {
        arrives(store, &carrying, 2).await;
    }
    assert_eq!(store.outbox_stats().await.unwrap(), OutboxStats::default());
}

pub async fn a_chat_that_moved_is_heard_and_held_back_under_its_new_address(store: &dyn Store) {
    let id = chat(store, "-100").await;
    for text in ["1", "2", "3"] {
        say(store, id, text, 0).await;
    }
    assert_eq!([pass(store, 0).await, pass(store, 0).await].concat(), ["1", "2"]);
    let carrying = take_one(store, 1).await;
    store.carried(&carrying, &Carried::Moved { to: "-200".to_owned() }, PACE, at(1)).await.unwrap();
    assert_eq!(pass(store, 1).await, ["3"]);
    let heard = store.receive(&tells("-200", 2, "Мы переехали"), at(1), None, None).await.unwrap();
    assert_eq!(heard.conversation_id, id);
    // The pace went along, and the old lane is no longer anybody's.
    say(store, id, "4", 1).await;
    assert_eq!(next(store).await, Some(at(2)));
    let stale = Lease { lane: "out:telegram:7:-100".to_owned(), token: carrying.lease.token };
    assert!(store.heartbeat(&stale, at(99)).await.is_err());
    assert_eq!(pass(store, 2).await, ["4"]);
}
