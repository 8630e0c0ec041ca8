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
#[path = "path/common.rs"]
mod common;
#[path = "path/daemon.rs"]
mod daemon;
#[path = "path/hook.rs"]
mod hook;
#[path = "path/load.rs"]
mod load;
#[path = "path/recovery.rs"]
mod recovery;
#[path = "path/replies.rs"]
mod replies;
#[path = "path/soak.rs"]
mod soak;
#[path = "path/update.rs"]
mod update;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use self::botapi::BotApi;
use self::common::{ms, row, runtime, until};
use self::daemon::Daemon;

/// What the calls of the webhook carry.
const SECRET: &str = "secret-of-the-bench";

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
    common::run(&parts, |part, size| part(size));
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
        command.args(arguments);
        Daemon::start(command)
    }
}
