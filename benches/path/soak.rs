//! Memory stays flat: a million messages brought, answered and carried by one daemon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::Semaphore;

use super::client::Client;
use super::update::{THANKS, Update};
use super::{Bot, Daemon, row, runtime, until};

const MESSAGES: u64 = 1_000_000;
const CHATS: u64 = 10_000;
const CONNECTIONS: usize = 64;
/// Messages that may wait for their answer: more would only fill the disk, and be answered after the last sample.
const UNANSWERED: usize = 2000;
const SAMPLES: u64 = 10;

/// Samples at every tenth; the goal is that the last tells what the first told.
pub fn run(messages: Option<u64>) {
    let messages = messages.unwrap_or(MESSAGES);
    let bot = Bot::new("webhook");
    let daemon = bot.serve(&[]);
    let runtime = runtime();
    let (numbers, places) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(UNANSWERED)));
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        runtime.spawn(bring(daemon.address(), messages, Arc::clone(&numbers), Arc::clone(&places)));
    }
    let mut anonymous = Vec::new();
    let mut seen = 0;
    for tenth in 1..=SAMPLES {
        let goal = messages * tenth / SAMPLES;
        while seen < goal {
            until("the next reply", || bot.api.sent_count(), |sent| *sent > seen);
            let sent = bot.api.sent_count();
            places.add_permits(usize::try_from(sent - seen).unwrap_or(0));
            seen = sent;
        }
        anonymous.push(sample(&daemon, seen));
    }
    row("soak: messages answered", messages as f64 / began.elapsed().as_secs_f64(), 0.0, "/s");
    let (first, last) = (anonymous[0], anonymous[anonymous.len() - 1]);
    row("soak: anonymous memory at the end (floor: first tenth)", last, first, "MiB");
}

/// Brings updates until there are enough, each when there is a place for it.
async fn bring(address: SocketAddr, messages: u64, numbers: Arc<AtomicU64>, places: Arc<Semaphore>) {
    let mut client = Client::of_hook(address).await;
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if number >= messages {
            return;
        }
        places.acquire().await.expect("it is never closed").forget();
        client.post(&Update::among(CHATS, number, THANKS).json()).await;
    }
}

/// Tells the daemon's memory; answers its anonymous part.
fn sample(daemon: &Daemon, messages: u64) -> f64 {
    let (resident, anonymous) = daemon.memory();
    row(&format!("soak: {messages} messages, resident (floor: anonymous)"), resident, anonymous, "MiB");
    anonymous
}
