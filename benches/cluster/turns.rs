//! What a copy of the dialogue's memory in Redis gives a turn: its reads and its writes, with and without.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::adapters::redis::Redis;
use flow::domain::clock::{Clock, SystemClock};
use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{DialogState, Incoming, MessageKind, Session};
use flow::domain::job::Pool;
use flow::domain::sharing::Helper;
use flow::domain::store::{Conversations, Effects, Queue, Turns};
use flow::store::postgres::{PostgresStore, SESSIONS};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{ms, row, runtime};
use super::redis_server;
use super::server::Server;

const TURNS: u64 = 2_000;
const CHATS: u64 = 50;
/// How many offered times a form holds: what a usual dialogue remembers, and far more than any.
const OFFERS: [usize; 2] = [8, 400];

pub fn run(server: &Server, turns: Option<u64>) {
    let Some(redis) = redis_server::Redis::start() else { return };
    for offers in OFFERS {
        let form = form(offers);
        let size = form.to_string().len();
        // Alternating, so that what else the machine does hits both.
        let [plain, near] = runtime().block_on(alternate(server, &redis.url, &form, turns.unwrap_or(TURNS)));
        for (name, plain, near) in [("read", plain.0, near.0), ("commit", plain.1, near.1)] {
            let what = format!("a turn's {name}, {size} bytes remembered, p50 with copies (floor: without)");
            row(&what, ms(median(near)), ms(median(plain)), "ms");
        }
    }
}

fn form(offers: usize) -> Value {
    let offer = |n: usize| json!({"start": format!("2026-03-10T{:02}:{:02}:00Z", n % 24, n % 60), "employee": "anna"});
    json!({"service": "haircut", "offers": (0..offers).map(offer).collect::<Vec<_>>(), "name": "Анна"})
}

type Times = (Vec<Duration>, Vec<Duration>);

async fn alternate(server: &Server, redis: &str, form: &Value, turns: u64) -> [Times; 2] {
    let url = server.database();
    let place = Arc::new(Redis::open(redis, "bench").expect("an address"));
    place.ping().await.expect("it answers");
    let plain = PostgresStore::open(&url, SESSIONS).expect("a store");
    let near = PostgresStore::open(&url, SESSIONS).expect("a store").copying(place, Duration::from_secs(600));
    let mut times = [Times::default(), Times::default()];
    for number in 0..turns * 2 {
        let (store, times) = if number % 2 == 0 { (&plain, &mut times[0]) } else { (&near, &mut times[1]) };
        // Each chat is one store's, so that its copy is the last one.
        let (read, commit) = turn(store, number % (CHATS * 2), number, form).await;
        if number >= CHATS * 4 {
            times.0.push(read);
            times.1.push(commit);
        }
    }
    times
}

async fn turn(store: &PostgresStore, chat: u64, number: u64, form: &Value) -> (Duration, Duration) {
    let now = SystemClock.now();
    let incoming = Incoming {
        identity: Identity { channel: Channel::Web, account: String::new(), external_id: format!("chat-{chat}") },
        external_id: number.to_string(),
        kind: MessageKind::Text,
        text: "Да, записывайте".to_owned(),
        button_value: None,
        name: None,
        phone: None,
        metadata: None,
    };
    let heard = store.receive(&incoming, now, Some(now), None).await.expect("it is stored");
    let pool = Pool::Class("conv".to_owned());
    let job = store.claim(&pool, 1, now + SignedDuration::from_secs(60), now).await.expect("work").remove(0);
    let began = Instant::now();
    let input = store.turn_input(heard.conversation_id, 20).await.expect("a turn");
    let read = began.elapsed();
    let mut form = form.clone();
    form["turn"] = json!(number);
    let session = Session { state: DialogState::CollectingInfo, form, updated_at: now };
    let effects = Effects {
        answered_seq: input.new.last().map(|message| message.seq),
        session: Some((session, input.session_version)),
        ..Effects::default()
    };
    let began = Instant::now();
    store.commit_turn(heard.conversation_id, (&job.lease, job.id), &effects, now).await.expect("it is written");
    (read, began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
