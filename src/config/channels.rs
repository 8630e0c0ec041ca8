//! `[channels]`: ways in and out.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;
use super::secret::Secret;

/// `[channels]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelsConfig {
    /// The Telegram bot.
    pub telegram: TelegramChannel,
    /// The web chat.
    pub web: WebChannel,
}

/// `[channels.telegram]`: on as soon as there is a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramChannel {
    /// The bot's token, from @BotFather.
    pub token: Option<Secret>,
    /// How updates reach the daemon.
    pub mode: TelegramMode,
    /// What Telegram's calls must carry; absent: made once and kept in the store.
    pub webhook_secret: Option<Secret>,
    /// The Bot API server.
    pub api_url: String,
    /// Stands for `api_url` when given: the name this key has everywhere else.
    pub base_url: Option<String>,
    /// The longest call, a long poll included.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// The way out; it may carry a password.
    pub proxy: Option<Secret>,
    /// Further certificates to trust, a PEM file.
    pub ca_bundle: Option<PathBuf>,
    /// Whether the client sees that an answer is being written.
    pub typing: bool,
    /// How fast clients may be written to.
    pub limits: SendLimits,
}

impl Default for TelegramChannel {
    fn default() -> Self {
        Self {
            token: None,
            mode: TelegramMode::default(),
            webhook_secret: None,
            api_url: "https://api.telegram.org".to_owned(),
            base_url: None,
            timeout: Duration::from_secs(17),
            proxy: None,
            ca_bundle: None,
            typing: true,
            limits: SendLimits::default(),
        }
    }
}

/// How updates of Telegram reach the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TelegramMode {
    /// The daemon asks for them.
    #[default]
    Polling,
    /// Telegram calls the daemon.
    Webhook,
}

/// `limits` of a channel: messages a second; 0 turns a limit off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendLimits {
    /// To one chat.
    pub per_chat: f64,
    /// In all.
    pub total: f64,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self { per_chat: 1.0, total: 30.0 }
    }
}

/// `[channels.web]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebChannel {
    /// Whether `/chat` and `/widget.js` answer.
    pub enabled: bool,
    /// Sites that may show the chat in a frame: exact origins, or `*` alone.
    pub embed_origins: Vec<String>,
}

impl Default for WebChannel {
    fn default() -> Self {
        Self { enabled: true, embed_origins: Vec::new() }
    }
}
