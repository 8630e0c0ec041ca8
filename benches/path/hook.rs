//! Updates that are brought: durable first, then acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use flow::app::TELEGRAM_HOOK;
use flow::domain::channel::Ingest;
use flow::domain::clock::{Clock, SystemClock};
use flow::store::sqlite::SqliteStore;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::load::load;
use super::update::{Update, WISH};
use super::{Bot, row, runtime};

const CHATS: u64 = 10_000;
const SECONDS: u64 = 5;

/// The goal is at least half of the group commit's floor, and 8,000 a second.
pub fn run(seconds: Option<u64>) {
    let time = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let runtime = runtime();
    for connections in [64, 512] {
        let floor = runtime.block_on(group_commit(connections, time));
        let bot = Bot::new("webhook");
        let daemon = bot.serve(&["--roles", "http"]);
        let hook = runtime.block_on(load(&[daemon.address()], connections, CHATS, time));
        drop(daemon);
        let (server, address) = echo();
        let bare = runtime.block_on(load(&[address], connections, CHATS, time));
        drop(server);
        row(&format!("durable acknowledgements, {connections} connections"), hook.rate, floor, "/s");
        row("  p50", hook.p50, 0.0, "ms");
        row("  p99", hook.p99, 0.0, "ms");
        row("  a bare axum server, the same calls", bare.rate, 0.0, "/s");
        row("  acknowledgements beside it", hook.rate, bare.rate, "/s");
    }
}

/// The same transaction without HTTP: the group commit itself.
async fn group_commit(producers: usize, time: Duration) -> f64 {
    let home = tempfile::tempdir().expect("a folder");
    let store = Arc::new(SqliteStore::open(&home.path().join("flow.db")).expect("a store"));
    let numbers = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..producers {
        let (store, numbers) = (Arc::clone(&store), Arc::clone(&numbers));
        tasks.spawn(async move {
            while began.elapsed() < time {
                let update = Update::among(CHATS, numbers.fetch_add(1, Ordering::Relaxed), WISH);
                let now = SystemClock.now();
                store.ingest(vec![update.row(now)], None, now).await.expect("stored");
            }
        });
    }
    tasks.join_all().await;
    numbers.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// A server that only reads the body; it ends with its runtime.
fn echo() -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("its address");
    let router = Router::new().route(TELEGRAM_HOOK, post(|_body: Bytes| async {}));
    runtime.spawn(async move { axum::serve(listener, router).await });
    (runtime, address)
}
