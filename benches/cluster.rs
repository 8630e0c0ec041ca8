//! Several daemons on one PostgreSQL, each figure beside its floor in the same run.
//!
//! `cargo bench --bench cluster` takes some minutes; for some parts, `cargo bench --bench cluster -- hook lists`.
//! Parts: `commit`, `hook`, `replies`, `turns`, `lists`. A number gives a part another size: `commit=5` and `hook=5` seconds,
//! `replies=100000` messages, `turns=2000` turns, `lists=1000000` conversations, each with a lead and ten messages.
//!
//! The server is the bench's own, made of the system's programs, with `fsync` on. It, the stand-in for the Bot API, all
//! daemons and all clients share this machine: read the ratios first, and do not expect three daemons to be three times
//! as fast where there are two cores.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

#[path = "../tests/it/support/botapi.rs"]
mod botapi;
// With their paths, because a file beside this one would be a bench of its own.
#[path = "path/client.rs"]
mod client;
#[path = "path/common.rs"]
mod common;
#[path = "path/daemon.rs"]
#[allow(dead_code, reason = "the other bench uses all of it")]
mod daemon;
#[path = "cluster/fill.rs"]
mod fill;
#[path = "cluster/lists.rs"]
mod lists;
#[path = "path/load.rs"]
mod load;
#[path = "../tests/it/support/redis.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the tests'")]
mod redis_server;
#[path = "cluster/salon.rs"]
mod salon;
#[path = "cluster/server.rs"]
mod server;
#[path = "cluster/turns.rs"]
mod turns;
#[path = "path/update.rs"]
#[allow(dead_code, reason = "the other bench uses all of it")]
mod update;

use std::time::{Duration, Instant};

use self::common::{row, runtime, until};
use self::load::load;
use self::salon::Salon;
use self::server::Server;
use self::update::{Update, WISH, words};

/// What the calls of the webhook carry.
const SECRET: &str = "secret-of-the-bench";
/// How many daemons there are at most.
const DAEMONS: usize = 3;
/// Each daemon commits what it acknowledges by so many.
const GATHERERS: usize = 2;
/// Each daemon has so many sessions at most.
const SESSIONS: usize = 16;
const SECONDS: u64 = 5;
const CONNECTIONS: usize = 64;
/// Chats that write by webhook.
const CHATS: u64 = 10_000;
const MESSAGES: u64 = 20_000;
/// Messages of one chat, where they are answered.
const EACH: u64 = 20;

/// A part on a server, with its size when another one is wanted.
type Part = (&'static str, fn(&Server, Option<u64>));

fn main() {
    let parts: [Part; 5] =
        [("commit", commit), ("hook", hook), ("replies", replies), ("turns", turns::run), ("lists", lists::run)];
    let Some(server) = Server::start() else {
        println!("nothing is measured: there is no PostgreSQL with pgbench in /usr/lib/postgresql");
        return;
    };
    common::run(&parts, |part, size| part(&server, size));
}

fn seconds(size: Option<u64>) -> Duration {
    Duration::from_secs(size.unwrap_or(SECONDS))
}

/// What the server gives: commits of one row a second.
fn commit(server: &Server, size: Option<u64>) {
    for clients in [GATHERERS, SESSIONS] {
        let floor = server.commits(clients, seconds(size));
        row(&format!("pgbench, commits of one row, {clients} clients"), floor, 0.0, "/s");
    }
}

/// Updates that are durable before they are acknowledged. The floor is commits by as many clients as commit them; a
/// commit holds many updates.
fn hook(server: &Server, size: Option<u64>) {
    for count in 1..=DAEMONS {
        let floor = server.commits(GATHERERS * count, seconds(size));
        let salon = Salon::new(server, "webhook");
        let daemons: Vec<_> = (0..count).map(|_| salon.serve(&["--roles", "http"])).collect();
        let addresses: Vec<_> = daemons.iter().map(|daemon| daemon.address()).collect();
        let hook = runtime().block_on(load(&addresses, CONNECTIONS, CHATS, seconds(size)));
        row(&format!("updates acknowledged, daemons: {count}, {CONNECTIONS} connections"), hook.rate, floor, "/s");
        row("  p50", hook.p50, 0.0, "ms");
        row("  p99", hook.p99, 0.0, "ms");
    }
}

/// From the update to the carried reply. The floor is one daemon.
fn replies(server: &Server, size: Option<u64>) {
    let messages = size.unwrap_or(MESSAGES);
    let chats = messages.div_ceil(EACH);
    let mut alone = 0.0;
    for count in 1..=DAEMONS {
        let salon = Salon::new(server, "polling");
        let chat = |number| i64::try_from(Update::among(chats, number, WISH).chat).expect("a small number");
        salon.api.push_many((0..messages).map(|number| salon.api.text(chat(number), words(number / chats))));
        let began = Instant::now();
        let daemons: Vec<_> = (0..count).map(|_| salon.serve(&[])).collect();
        until(&format!("{messages} messages"), || salon.api.sent_count(), |sent| *sent >= messages);
        let rate = messages as f64 / began.elapsed().as_secs_f64();
        drop(daemons);
        row(&format!("replies to {messages} updates in {chats} chats, daemons: {count}"), rate, alone, "/s");
        if count == 1 {
            alone = rate;
        }
    }
}
