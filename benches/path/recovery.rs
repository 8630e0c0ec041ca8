//! After a power cut, and behind a long queue: how long until clients are answered.

use std::time::{Duration, Instant};

use flow::domain::channel::Ingest;
use flow::domain::clock::{Clock, SystemClock};
use flow::store::sqlite::SqliteStore;

use super::update::{QUESTION, Update, words};
use super::{Bot, ms, row, runtime, until, until_sent};

const RUNS: i64 = 7;
/// Chats that are being answered when the daemon dies.
const CHATS: i64 = 5;
const JOBS: u64 = 100_000;
/// Messages of one chat that wait; a turn answers all that it finds, each by itself.
const EACH: u64 = 10;
/// Messages stored at once.
const BATCH: u64 = 100;
/// How long the rate behind a queue is watched.
const WATCHED: Duration = Duration::from_secs(10);

/// How long clients wait after a start that was not planned.
pub fn run(jobs: Option<u64>) {
    after_a_kill();
    behind_a_queue(jobs.unwrap_or(JOBS));
}

/// The goal is 2 s from the kill to the first reply that was not under way. The floor is a start to ready.
fn after_a_kill() {
    let bot = Bot::new("polling");
    bot.api.set_journal(true);
    let (mut times, mut starts) = (Vec::new(), Vec::new());
    let mut daemon = bot.serve(&[]);
    for run in 0..RUNS {
        let before = bot.api.sent_count();
        bot.api.push_many((0..CHATS).map(|chat| bot.api.text(5000 + chat, QUESTION)));
        until_sent(&bot.api, before + 1);
        let began = Instant::now();
        daemon.kill();
        let waiting = 9000 + run;
        bot.api.push(bot.api.text(waiting, QUESTION));
        daemon = bot.serve(&[]);
        starts.push(daemon.start);
        until("a reply after the kill", || bot.api.sent(waiting).len(), |sent| *sent > 0);
        times.push(began.elapsed());
    }
    times.sort();
    starts.sort();
    let middle = times.len() / 2;
    row(
        &format!("kill to first reply, median of {RUNS} (floor: a start)"),
        ms(times[middle]),
        ms(starts[middle]),
        "ms",
    );
    row("  the longest", times.last().map_or(0.0, |time| ms(*time)), 0.0, "ms");
}

/// A start with so many messages unanswered. The floor is the same with one.
fn behind_a_queue(jobs: u64) {
    let (floor, many) = (start_behind(1), start_behind(jobs));
    row(&format!("start to ready, {jobs} jobs waiting (floor: one)"), ms(many.ready), ms(floor.ready), "ms");
    row("  to the first reply", ms(many.first), ms(floor.first), "ms");
    row("  replies in the first 10 s", many.rate, 0.0, "/s");
}

struct Started {
    ready: Duration,
    first: Duration,
    /// Replies a second while it was watched.
    rate: f64,
}

fn start_behind(jobs: u64) -> Started {
    // So that the daemon has nothing to fetch.
    let bot = Bot::new("webhook");
    let store = SqliteStore::open(&bot.store()).expect("a store");
    runtime().block_on(fill(&store, jobs));
    drop(store);
    let daemon = bot.serve(&[]);
    until_sent(&bot.api, 1);
    let first = daemon.began.elapsed();
    let is_over = |sent: &u64| *sent >= jobs || daemon.began.elapsed() >= daemon.start + WATCHED;
    until("the replies", || bot.api.sent_count(), is_over);
    let watched = daemon.began.elapsed() - daemon.start;
    Started { ready: daemon.start, first, rate: bot.api.sent_count() as f64 / watched.as_secs_f64() }
}

/// Stores messages that are to be answered at once.
async fn fill(store: &SqliteStore, jobs: u64) {
    let chats = jobs.div_ceil(EACH);
    for first in (0..jobs).step_by(BATCH as usize) {
        let now = SystemClock.now();
        let numbers = first..jobs.min(first + BATCH);
        let rows = numbers.map(|number| Update::among(chats, number, words(number / chats)).row(now)).collect();
        store.ingest(rows, None, now).await.expect("stored");
    }
}
