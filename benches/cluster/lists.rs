//! What a person waits for at a terminal, on either store, with many conversations in it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::common::{ms, row};
use super::fill::{self, EACH, FREQUENT, RARE};
use super::server::Server;

const CONVERSATIONS: u64 = 100_000;
const RUNS: usize = 7;

/// The median of some runs of the binary, each beside `flow version`.
pub fn run(server: &Server, conversations: Option<u64>) {
    let conversations = conversations.unwrap_or(CONVERSATIONS);
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("flow.db");
    on("SQLite", home.path(), &format!("sqlite://{}", path.display()), conversations, || {
        let file = rusqlite::Connection::open(&path).expect("a file");
        file.execute_batch(&fill::sqlite(conversations)).expect("it is filled");
        // What flow does itself when it ends.
        file.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);").expect("it is settled");
    });
    drop(home);
    let home = tempfile::tempdir().expect("a folder");
    let database = server.database();
    on("PostgreSQL", home.path(), &database, conversations, || {
        server.sql(&database, &fill::postgres(conversations));
        // What the server's own upkeep does a moment after so much was written.
        server.sql(&database, "VACUUM ANALYZE");
    });
}

fn on(store: &str, home: &Path, url: &str, conversations: u64, fill: impl FnOnce()) {
    let flow = |arguments: &[&str]| flow(home, url, arguments);
    json(flow(&["seed", "--preset", "salon", "-o", "json"]));
    let began = Instant::now();
    fill();
    row(&format!("{store}: filled"), began.elapsed().as_secs_f64(), 0.0, "s");
    println!("{store} holds {conversations} leads and conversations, {} messages", conversations * EACH);
    let newest = json(flow(&["conversations", "list", "--limit", "1", "-o", "json"]));
    let id = newest[0]["id"].as_str().expect("a conversation").to_owned();
    let floor = median(|| flow(&["version"]));
    for (what, arguments) in [
        ("leads list", vec!["leads", "list"]),
        ("leads list --status lost", vec!["leads", "list", "--status", "lost"]),
        ("conversations list", vec!["conversations", "list"]),
        ("conversations show ID", vec!["conversations", "show", &id]),
        ("conversations search, a frequent word", vec!["conversations", "search", FREQUENT]),
        ("conversations search, a rare word", vec!["conversations", "search", RARE]),
    ] {
        row(&format!("{store}: flow {what} (floor: flow version)"), median(|| flow(&arguments)), floor, "ms");
    }
}

fn flow(home: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
    command.current_dir(home).env_clear().env("HOME", home).env("FLOW_STORE__URL", url);
    command.stdin(Stdio::null()).args(arguments);
    command
}

fn json(mut command: Command) -> Value {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn median(command: impl Fn() -> Command) -> f64 {
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let mut command = command();
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let began = Instant::now();
            assert!(command.status().expect("it runs").success());
            began.elapsed()
        })
        .collect();
    times.sort();
    ms(times[RUNS / 2])
}
