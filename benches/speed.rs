//! What flow promises of its speed, each figure beside its floor in the same run.
//!
//! `cargo bench --bench speed` (about three minutes) or, for one part, `cargo bench --bench speed -- ingest`.
//! Parts: `start`, `help`, `list`, `seed`, `ingest`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and ends when something is wrong")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Incoming, MessageKind};
use flow::domain::store::Conversations;
use flow::store::sqlite::SqliteStore;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FLOW: &str = env!("CARGO_BIN_EXE_flow");
const LEADS: u32 = 1_000_000;

type Part = (&'static str, fn());

fn main() {
    let parts: [Part; 5] = [("start", start), ("help", help), ("list", list), ("seed", seed), ("ingest", ingest)];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("{:<44} {:>14} {:>14} {:>8}", "what", "flow", "floor", "ratio");
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part();
        }
    }
}

fn row(what: &str, flow: f64, floor: f64, unit: &str) {
    let ratio = if floor > 0.0 { format!("{:.2}", flow / floor) } else { "-".to_owned() };
    let floor = if floor > 0.0 { format!("{floor:.1} {unit}") } else { "-".to_owned() };
    println!("{what:<44} {:>14} {floor:>14} {ratio:>8}", format!("{flow:.1} {unit}"));
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn timed(runs: usize, mut command: impl FnMut() -> Command) -> f64 {
    let times = (0..runs)
        .map(|_| {
            let mut command = command();
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let began = Instant::now();
            assert!(command.status().expect("it runs").success());
            began.elapsed()
        })
        .collect();
    median(times)
}

fn flow(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(FLOW);
    command
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("FLOW_STORE__URL", format!("sqlite://{}", home.join("flow.db").display()))
        .args(arguments);
    command
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the daemon and waits until it is ready.
fn serve(home: &Path, arguments: &[&str], env: &[(&str, &str)]) -> (Daemon, SocketAddr, Duration) {
    let address = free_port();
    let mut command = flow(home, &["serve", "--listen", &address.to_string()]);
    command.args(arguments).envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let daemon = Daemon(command.spawn().expect("the daemon starts"));
    while !is_ready(address) {
        assert!(began.elapsed() < Duration::from_secs(10), "the daemon does not become ready");
        std::thread::sleep(Duration::from_micros(500));
    }
    (daemon, address, began.elapsed())
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = "GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

fn start() {
    let home = tempfile::tempdir().expect("a folder");
    assert!(flow(home.path(), &["seed", "--preset", "salon"]).output().expect("seed").status.success());
    let times = (0..11).map(|_| serve(home.path(), &[], &[]).2).collect();
    let floor = timed(11, || flow(home.path(), &["version"]));
    row("start to ready", median(times), floor, "ms");
    let (daemon, _, _) = serve(home.path(), &[], &[]);
    std::thread::sleep(Duration::from_secs(2));
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.0.id())).expect("its memory");
    let kib = |name: &str| -> f64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0)
    };
    row("idle memory (floor: its anonymous part)", kib("VmRSS") / 1024.0, kib("RssAnon") / 1024.0, "MiB");
    let binary = std::fs::metadata(FLOW).expect("the binary").len();
    row("binary", binary as f64 / 1_048_576.0, 0.0, "MiB");
}

fn help() {
    let home = tempfile::tempdir().expect("a folder");
    let floor = timed(41, || Command::new("/bin/true"));
    row("flow --help (floor: /bin/true)", timed(41, || flow(home.path(), &["--help"])), floor, "ms");
    assert!(flow(home.path(), &["seed", "--preset", "salon"]).output().expect("seed").status.success());
    row("flow leads list, small store", timed(41, || flow(home.path(), &["leads", "list"])), floor, "ms");
}

fn list() {
    let home = tempfile::tempdir().expect("a folder");
    assert!(flow(home.path(), &["seed", "--preset", "salon"]).output().expect("seed").status.success());
    let file = home.path().join("flow.db");
    let connection = rusqlite::Connection::open(&file).expect("the store");
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous=OFF;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{LEADS})
             INSERT INTO leads(id, status, name, phone, channel, service, created_at, updated_at)
             SELECT printf('ld_01%024d', i), CASE i%3 WHEN 0 THEN 'new' WHEN 1 THEN 'booked' ELSE 'lost' END,
             'Клиент ' || i, printf('+7916%07d', i), 'web', 'Стрижка', 1700000000000+i*1000, 1700000000000+i*1000 FROM n;"
        ))
        .expect("a million leads");
    drop(connection);
    let sql = "SELECT * FROM leads ORDER BY created_at DESC, id DESC LIMIT 50";
    let floor = timed(15, || {
        let mut command = Command::new("sqlite3");
        command.arg("-json").arg(&file).arg(sql);
        command
    });
    let arguments = ["leads", "list", "--limit", "50", "-o", "json"];
    row("leads list, 50 of 1,000,000 (floor: sqlite3)", timed(15, || flow(home.path(), &arguments)), floor, "ms");
    let arguments = ["leads", "list", "--limit", "50", "--status", "lost", "-o", "json"];
    row("leads list --status lost, 50 of 333,333", timed(15, || flow(home.path(), &arguments)), floor, "ms");
}

fn seed() {
    let home = tempfile::tempdir().expect("a folder");
    let arguments = ["seed", "--preset", "salon", "--activity", "20000", "--days", "60", "--rng", "7", "-o", "json"];
    let began = Instant::now();
    let output = flow(home.path(), &arguments).output().expect("seed");
    let took = began.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let connection = rusqlite::Connection::open(home.path().join("flow.db")).expect("the store");
    let messages: i64 = connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).expect("a count");
    row("seed --activity, messages a second", messages as f64 / took, 0.0, "/s");
}

fn incoming(producer: usize, number: usize) -> Incoming {
    Incoming {
        identity: Identity {
            channel: Channel::Api,
            account: String::new(),
            external_id: format!("user-{}", (producer * 7919 + number) % 10_000),
        },
        external_id: format!("{producer}-{number}"),
        kind: MessageKind::Text,
        text: "Здравствуйте! Хочу записаться на стрижку завтра после шести, есть ли свободное время?".to_owned(),
        button_value: None,
        name: None,
        phone: None,
        metadata: None,
    }
}

const SECONDS: u64 = 5;

fn ingest() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for connections in [64_usize, 512] {
        let floor = runtime.block_on(direct(connections));
        let (rate, p50, p99) = runtime.block_on(over_http(connections));
        row(&format!("durable acknowledgements over HTTP, {connections}"), rate, floor, "/s");
        row("  p50", p50, 0.0, "ms");
        row("  p99", p99, 0.0, "ms");
    }
}

/// The same transaction without HTTP: the group commit itself.
async fn direct(producers: usize) -> f64 {
    let home = tempfile::tempdir().expect("a folder");
    let store = Arc::new(SqliteStore::open(&home.path().join("flow.db")).expect("a store"));
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for producer in 0..producers {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut count = 0;
            while Instant::now() < end {
                let now = Timestamp::from_millisecond(1_767_225_600_000 + count as i64).expect("a time");
                store.receive(&incoming(producer, count), now, Some(now), None).await.expect("stored");
                count += 1;
            }
            count
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count.expect("a producer");
    }
    total as f64 / SECONDS as f64
}

async fn over_http(connections: usize) -> (f64, f64, f64) {
    let home = tempfile::tempdir().expect("a folder");
    let limits = ["DEFAULT", "WRITE", "MESSAGES"].map(|name| format!("FLOW_API__LIMITS__{name}"));
    let env: Vec<(&str, &str)> = limits.iter().map(|name| (name.as_str(), "0")).collect();
    assert!(flow(home.path(), &["seed", "--preset", "salon"]).output().expect("seed").status.success());
    let (_daemon, address, _) = serve(home.path(), &["--roles", "http"], &env);
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for producer in 0..connections {
        tasks.spawn(client(address, producer, end));
    }
    let mut times = Vec::new();
    while let Some(found) = tasks.join_next().await {
        times.extend(found.expect("a client"));
    }
    let rate = times.len() as f64 / SECONDS as f64;
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    (rate, at(0.5), at(0.99))
}

async fn client(address: SocketAddr, producer: usize, end: Instant) -> Vec<Duration> {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let mut times = Vec::new();
    let mut buffer = vec![0_u8; 8192];
    let mut number = 0;
    while Instant::now() < end {
        let message = incoming(producer, number);
        let body = serde_json::json!({"role": "customer", "channel": "api",
            "sender": {"id": message.identity.external_id}, "text": message.text})
        .to_string();
        let request = format!(
            "POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut read = 0;
        loop {
            read += stream.read(&mut buffer[read..]).await.expect("an answer");
            let text = String::from_utf8_lossy(&buffer[..read]);
            let Some(head) = text.find("\r\n\r\n") else { continue };
            let length = text
                .to_ascii_lowercase()
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok())
                .unwrap_or(0);
            if read >= head + 4 + length {
                assert!(text.starts_with("HTTP/1.1 202"), "{text}");
                break;
            }
        }
        times.push(began.elapsed());
        number += 1;
    }
    times
}
