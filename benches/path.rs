//! The way of a message through Telegram, from the stored update to the carried reply, each figure beside its
//! floor in the same run.
//!
//! `cargo bench --bench path` takes half an hour, nearly all of it the soak of a million messages; for some parts,
//! `cargo bench --bench path -- hook outbox`. Parts: `hook`, `replies`, `outbox`, `recovery`, `soak`. A number
//! gives a part another size: `soak=200000` messages, `hook=2` seconds.
//!
//! The stand-in for the Bot API and all clients run in this process. On a machine of two cores they take their
//! share of what the daemon has, so read the ratios first. `hook` holds both ends of 512 connections to its
//! floor: `ulimit -n 2048` at least.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

#[path = "../tests/it/support/botapi.rs"]
mod botapi;
// With their paths, because a file beside this one would be a bench of its own.
#[path = "path/client.rs"]
mod client;
#[path = "path/hook.rs"]
mod hook;
#[path = "path/recovery.rs"]
mod recovery;
#[path = "path/replies.rs"]
mod replies;
#[path = "path/soak.rs"]
mod soak;
#[path = "path/update.rs"]
mod update;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use self::botapi::BotApi;

/// What the calls of the webhook carry.
const SECRET: &str = "secret-of-the-bench";
/// When nothing has moved for so long, something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// A part with its size when another one is wanted.
type Part = (&'static str, fn(Option<u64>));

fn main() {
    let parts: [Part; 5] = [
        ("hook", hook::run),
        ("replies", replies::replies),
        ("outbox", replies::outbox),
        ("recovery", recovery::run),
        ("soak", soak::run),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("{:<60} {:>14} {:>14} {:>8}", "what", "flow", "floor", "ratio");
    for (name, part) in parts {
        let asked = wanted.iter().find(|word| word.split('=').next() == Some(name));
        let size = asked.and_then(|word| word.split_once('=')).map(|(_, size)| size.parse().expect("a number"));
        if wanted.is_empty() || asked.is_some() {
            part(size);
        }
    }
}

fn row(what: &str, flow: f64, floor: f64, unit: &str) {
    let ratio = if floor > 0.0 { format!("{:.2}", flow / floor) } else { "-".to_owned() };
    let floor = if floor > 0.0 { format!("{floor:.1} {unit}") } else { "-".to_owned() };
    println!("{what:<60} {:>14} {floor:>14} {ratio:>8}", format!("{flow:.1} {unit}"));
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// Waits until it holds; fails when nothing has moved for long.
fn until<T: PartialEq>(what: &str, moving: impl Fn() -> T, holds: impl Fn(&T) -> bool) {
    let (mut seen, mut since) = (moving(), Instant::now());
    while !holds(&seen) {
        assert!(since.elapsed() < PATIENCE, "waited for {what} in vain");
        std::thread::sleep(LOOK);
        let now = moving();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
}

/// Waits until the bot has said so much.
fn until_sent(api: &BotApi, count: u64) {
    until(&format!("{count} messages"), || api.sent_count(), |sent| *sent >= count);
}

/// A folder with the salon's store, and what points its daemons at a Bot API of their own.
struct Bot {
    api: BotApi,
    folder: tempfile::TempDir,
}

impl Bot {
    /// `mode` is `polling` or `webhook`. Nothing is limited, and each message is a turn.
    fn new(mode: &str) -> Self {
        let bot = Self { api: BotApi::start(), folder: tempfile::tempdir().expect("a folder") };
        bot.api.set_journal(false);
        let (token, url) = (BotApi::TOKEN, &bot.api.url);
        let config = format!(
            "[dialog]\ncoalesce = \"0s\"\n[observability]\nlog = \"off\"\n\
             [channels.telegram]\ntoken = \"{token}\"\napi_url = \"{url}\"\nmode = \"{mode}\"\n\
             webhook_secret = \"{SECRET}\"\ntyping = false\n\
             [channels.telegram.limits]\nper_chat = 0\ntotal = 0\n"
        );
        std::fs::write(bot.folder.path().join("config.toml"), config).expect("a configuration");
        let seeded = bot.flow(&["seed", "--preset", "salon"]).output().expect("seed");
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        bot
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("flow.db")
    }

    fn flow(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .args(arguments);
        command
    }

    /// Starts the daemon and waits until it says that it is ready.
    fn serve(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.flow(&["serve", "--listen", "127.0.0.1:0"]);
        let began = Instant::now();
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the daemon starts");
        let output = child.stdout.take().expect("its output");
        let mut daemon = Daemon { child, address: None, began, start: Duration::ZERO };
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said).expect("its first line");
        daemon.start = began.elapsed();
        assert!(said.starts_with("flow is ready"), "the daemon does not become ready: {said}");
        daemon.address = said.trim().rsplit("http://").next().and_then(|address| address.parse().ok());
        daemon
    }
}

/// A running daemon; it ends with this value.
struct Daemon {
    child: Child,
    address: Option<SocketAddr>,
    began: Instant,
    /// From its start until it was ready.
    start: Duration,
}

impl Daemon {
    fn address(&self) -> SocketAddr {
        self.address.expect("a daemon that answers HTTP")
    }

    /// Kills it as a power cut would.
    fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("gone");
    }

    /// Its resident memory and the anonymous part of it, in MiB.
    fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its memory");
        let mib = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).map_or(0.0, |kib: f64| kib / 1024.0)
        };
        (mib("VmRSS"), mib("RssAnon"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
