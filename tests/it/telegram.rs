//! Telegram through the real binary and a stand-in for the Bot API.

mod carrying;
mod dialogue;
mod hooks;
mod trouble;

use std::time::Duration;

use serde_json::Value;

use crate::support::botapi::BotApi;
use crate::support::daemon::{Daemon, Home};

/// A client's chat.
const ANNA: i64 = 5001;

/// A home with the salon, and what points the daemon at that Bot API.
struct Bot {
    home: Home,
    api: BotApi,
}

impl Bot {
    fn new() -> Self {
        let home = Home::new();
        let api = BotApi::start();
        let config = format!(
            "[dialog]\ncoalesce = \"0s\"\n[channels.telegram]\ntoken = \"{}\"\napi_url = \"{}\"\n\
             [channels.telegram.limits]\nper_chat = 0\ntotal = 0\n",
            BotApi::TOKEN,
            api.url
        );
        std::fs::write(home.path().join("config.toml"), config).unwrap();
        assert!(home.run(&["seed", "--preset", "salon"]).status.success());
        Self { home, api }
    }

    /// Starts the daemon; `more` goes over the usual settings.
    fn serve(&self, more: &[(&str, &str)]) -> Daemon {
        Daemon::start(&self.home, &["--listen", "127.0.0.1:0"], more)
    }

    /// Waits until the bot has said so much in a chat; answers all of it.
    fn heard(&self, chat: i64, count: usize) -> Vec<String> {
        self.api.wait_until_blocking(&format!("{count} messages to {chat}"), |api| api.sent(chat).len() >= count);
        self.api.sent(chat).into_iter().map(|sent| sent.text).collect()
    }

    /// The sign of the button with that title in the last message that has it.
    fn button(&self, chat: i64, title: &str) -> (i64, String) {
        let sent = self.api.sent(chat);
        let found = sent.iter().rev().find_map(|sent| {
            let button = sent.buttons.iter().find(|(shown, _)| shown.contains(title))?;
            Some((sent.message_id, button.1.clone()))
        });
        found.unwrap_or_else(|| panic!("no button {title} in {sent:?}"))
    }

    /// Every conversation with its messages, as stored.
    fn stored(&self) -> Vec<Value> {
        let output = self.home.run(&["conversations", "export", "-o", "jsonl"]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The messages of a conversation.
    fn messages(conversation: &Value) -> &[Value] {
        conversation["messages"]["items"].as_array().expect("messages")
    }

    /// Looks until it holds, at most twenty seconds.
    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = std::time::Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(20), "waited for {what}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}
