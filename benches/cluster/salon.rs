//! A salon in a database of its own, and a Bot API for its daemons.

use std::process::{Command, Stdio};

use super::SECRET;
use super::botapi::BotApi;
use super::daemon::Daemon;
use super::server::Server;

/// A salon; its database goes away with the server.
pub struct Salon {
    /// What its daemons call.
    pub api: BotApi,
    folder: tempfile::TempDir,
}

impl Salon {
    /// `mode` is `polling` or `webhook`. Nothing is limited, and each message is a turn.
    pub fn new(server: &Server, mode: &str) -> Self {
        let salon = Self { api: BotApi::start(), folder: tempfile::tempdir().expect("a folder") };
        salon.api.set_journal(false);
        let (store, token, url) = (server.database(), BotApi::TOKEN, &salon.api.url);
        let config = format!(
            "[store]\nurl = \"{store}\"\n[dialog]\ncoalesce = \"0s\"\n[observability]\nlog = \"off\"\n\
             [channels.telegram]\ntoken = \"{token}\"\napi_url = \"{url}\"\nmode = \"{mode}\"\n\
             webhook_secret = \"{SECRET}\"\ntyping = false\n\
             [channels.telegram.limits]\nper_chat = 0\ntotal = 0\n"
        );
        std::fs::write(salon.folder.path().join("config.toml"), config).expect("a configuration");
        let seeded = salon.flow(&["seed", "--preset", "salon"]).output().expect("seed");
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        salon
    }

    fn flow(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// One more daemon, that is ready.
    pub fn serve(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.flow(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Daemon::start(command)
    }
}
