//! Replies: from the fetched update to the carried answer, and the outbox by itself.

use std::net::SocketAddr;
use std::time::Instant;

use flow::domain::channel::{Ingest, Stored};
use flow::domain::clock::{Clock, SystemClock};
use flow::domain::conversation::{Outgoing, Role};
use flow::domain::store::Conversations;
use flow::store::sqlite::SqliteStore;
use jiff::SignedDuration;
use serde_json::json;
use tokio::task::JoinSet;

use super::botapi::BotApi;
use super::client::Client;
use super::update::{Update, WISH, words};
use super::{Bot, row, runtime, until_sent};

const MESSAGES: u64 = 20_000;
/// Messages of one chat.
const EACH: u64 = 20;
/// Connections of the client by hand.
const CALLERS: u64 = 16;
const ANSWER: &str = "Ждём вас завтра в 18:30 по адресу: Москва, ул. Лесная, 5. Если планы изменятся, напишите нам.";

/// All that an update costs. The floor is the outbox by itself, with as many messages already stored.
pub fn replies(messages: Option<u64>) {
    let messages = messages.unwrap_or(MESSAGES);
    let bot = Bot::new("polling");
    let chats = messages.div_ceil(EACH);
    bot.api.push_many((0..messages).map(|number| bot.api.text(chat(number, chats), words(number / chats))));
    let daemon = bot.serve(&[]);
    let began = Instant::now();
    until_sent(&bot.api, messages);
    let rate = messages as f64 / began.elapsed().as_secs_f64();
    drop(daemon);
    let (floor, _) = carried(messages);
    row(&format!("replies to {messages} updates (floor: the outbox alone)"), rate, floor, "/s");
}

fn chat(number: u64, chats: u64) -> i64 {
    i64::try_from(Update::among(chats, number, WISH).chat).expect("a small number")
}

/// What the store and the sender cost. The floor is the same calls without both; the goal 6,000 a second.
pub fn outbox(parts: Option<u64>) {
    let parts = parts.unwrap_or(MESSAGES);
    let (rate, bot) = carried(parts);
    let floor = runtime().block_on(by_hand(&bot.api, parts));
    row(&format!("parts carried, of {parts} (floor: the same calls by hand)"), rate, floor, "/s");
}

/// How many parts a second a worker carries that finds them stored.
fn carried(parts: u64) -> (f64, Bot) {
    // So that the worker has nothing to fetch.
    let bot = Bot::new("webhook");
    let store = SqliteStore::open(&bot.store()).expect("a store");
    runtime().block_on(fill(&store, parts));
    drop(store);
    let daemon = bot.serve(&["--roles", "worker"]);
    let began = Instant::now();
    until_sent(&bot.api, parts);
    let rate = parts as f64 / began.elapsed().as_secs_f64();
    drop(daemon);
    (rate, bot)
}

/// Stores parts for chats whose own message is answered in a year.
async fn fill(store: &SqliteStore, parts: u64) {
    let now = SystemClock.now();
    let later = now + SignedDuration::from_hours(365 * 24);
    let chats = parts.div_ceil(EACH);
    let events = (0..chats).map(|number| Update::among(chats, number, WISH).row(later)).collect();
    let stored = store.ingest(events, None, now).await.expect("stored");
    let message = Outgoing {
        role: Role::Bot,
        text: ANSWER.to_owned(),
        buttons: Vec::new(),
        in_reply_to: None,
        metadata: None,
        trace: None,
    };
    let mut left = usize::try_from(parts).expect("a small number");
    for conversation in stored {
        let Stored::New(Some(id)) = conversation else { panic!("the chat is new") };
        let messages = vec![message.clone(); left.min(EACH as usize)];
        left -= messages.len();
        store.post_all(id, &messages, None, now, None).await.expect("posted");
    }
}

/// The same calls without a store: what the server and this machine give.
async fn by_hand(api: &BotApi, parts: u64) -> f64 {
    let address: SocketAddr = api.url.trim_start_matches("http://").parse().expect("its address");
    let path = format!("/bot{}/SendMessage", BotApi::TOKEN);
    let chats = parts.div_ceil(EACH);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let path = path.clone();
        tasks.spawn(async move {
            let mut client = Client::connect(address, &path, "").await;
            for number in (caller..parts).step_by(CALLERS as usize) {
                let call = json!({
                    "chat_id": chat(number, chats),
                    "text": ANSWER,
                    "parse_mode": "HTML",
                    "link_preview_options": {"is_disabled": true},
                    "reply_markup": {"remove_keyboard": true},
                });
                client.post(&call.to_string()).await;
            }
        });
    }
    tasks.join_all().await;
    parts as f64 / began.elapsed().as_secs_f64()
}
