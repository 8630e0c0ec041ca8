//! Clients that bring updates as fast as they are acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::client::Client;
use super::common::ms;
use super::update::{Update, WISH};

/// What came of it: calls a second, and how long they took in milliseconds.
pub struct Load {
    /// Calls a second.
    pub rate: f64,
    /// Half of the calls took no longer.
    pub p50: f64,
    /// Of a hundred calls 99 took no longer.
    pub p99: f64,
}

/// Brings updates of so many chats over so many connections, on each one after the other; the connections are divided
/// among the addresses.
pub async fn load(addresses: &[SocketAddr], connections: usize, chats: u64, time: Duration) -> Load {
    let numbers = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for address in addresses.iter().copied().cycle().take(connections) {
        let numbers = Arc::clone(&numbers);
        tasks.spawn(async move {
            let mut client = Client::of_hook(address).await;
            let mut times = Vec::new();
            while began.elapsed() < time {
                let update = Update::among(chats, numbers.fetch_add(1, Ordering::Relaxed), WISH);
                let body = update.json();
                let sent = Instant::now();
                client.post(&body).await;
                times.push(sent.elapsed());
            }
            times
        });
    }
    let mut times = tasks.join_all().await.concat();
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort();
    let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
    Load { rate, p50: at(0.5), p99: at(0.99) }
}
