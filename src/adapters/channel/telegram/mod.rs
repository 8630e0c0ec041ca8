//! Telegram, through teloxide's requests. Its dispatcher and its webhook server are not used: they answer
//! before anything is stored. `docs/adr/0012-telegram-store-first.md`.

mod client;
mod hook;
mod send;
mod update;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use teloxide::Bot;
use teloxide::payloads::{AnswerCallbackQuery, EditMessageReplyMarkup, GetMe, SendChatAction};
use teloxide::requests::Payload;
use teloxide::types::{CallbackQueryId, ChatAction, MessageId};

use self::client::{call, fault};
use crate::domain::channel::{ChannelProbe, Courtesy, Delivery, Event, Hook, Messenger, Unreadable};
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::DeliveryError;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::outbox::{Carried, Pace, Part};

/// Updates that are asked for; others do not come.
const UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];
/// Updates fetched at once, as many as Telegram gives.
const BATCH: u8 = 100;
/// Messages that may follow each other at once after a silence.
const BURST: u32 = 2;
/// Time between two messages to a group.
const IN_A_GROUP: SignedDuration = SignedDuration::from_secs(3);
/// A call that nothing depends on is not waited for any longer.
const COURTESY: Duration = Duration::from_secs(5);

/// What the configuration says.
#[derive(Clone)]
pub struct Settings {
    /// The bot's token.
    pub token: String,
    /// The Bot API server.
    pub api_url: String,
    /// How updates reach us.
    pub delivery: Delivery,
    /// The longest call, a long poll included.
    pub timeout: Duration,
    /// A proxy: `socks5://…`, `http://…`.
    pub proxy: Option<String>,
    /// Further certificates to trust, PEM.
    pub ca_bundle: Option<Vec<u8>>,
    /// Messages a second to one chat; 0: no limit.
    pub per_chat: f64,
    /// Messages a second in all; 0: no limit.
    pub total: f64,
    /// Whether the client sees that an answer is being written.
    pub typing: bool,
}

/// Who the bot is.
pub(in crate::adapters::channel::telegram) struct Me {
    id: String,
    /// Can be changed at any time by whoever owns the bot.
    username: RwLock<Option<String>>,
}

impl Me {
    fn username(&self) -> Option<String> {
        self.username.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The bot.
pub struct Telegram {
    bot: Bot,
    me: Me,
    settings: Settings,
    /// The last message may or may not have gone out.
    is_in_doubt: AtomicBool,
}

impl fmt::Debug for Telegram {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").field("account", &self.me.id).finish_non_exhaustive()
    }
}

/// The number of the bot that a token is of; nothing when it is no token.
#[must_use]
pub fn account_of(token: &str) -> Option<&str> {
    let (id, secret) = token.split_once(':')?;
    let is_secret = !secret.is_empty() && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let is_id = !id.is_empty() && id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit());
    (is_id && is_secret).then_some(id)
}

impl Telegram {
    /// A bot with these settings. Nothing is called yet.
    ///
    /// # Errors
    /// What is wrong with the settings, without the token.
    pub fn open(settings: Settings) -> Result<Self, String> {
        let id = account_of(&settings.token).ok_or("token: expected 123456:AA…, as @BotFather gives it")?.to_owned();
        let bot = client::bot(&settings)?;
        Ok(Self { bot, me: Me { id, username: RwLock::default() }, settings, is_in_doubt: AtomicBool::new(false) })
    }

    async fn courtesy<P>(&self, payload: P)
    where
        P: Payload + Serialize + Send + 'static,
    {
        match tokio::time::timeout(COURTESY, call(&self.bot, payload)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(call = P::NAME, error = client::words(&error), "a courtesy was refused"),
            Err(_) => tracing::debug!(call = P::NAME, "a courtesy took too long"),
        }
    }
}

/// `getUpdates`, with room for any number of an update.
#[derive(Serialize)]
struct FetchUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    limit: u8,
    timeout: u64,
    allowed_updates: [&'static str; 4],
}

impl Payload for FetchUpdates {
    type Output = serde_json::Value;
    const NAME: &'static str = "GetUpdates";

    fn timeout_hint(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.timeout))
    }
}

#[async_trait]
impl Messenger for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn account(&self) -> &str {
        &self.me.id
    }

    fn delivery(&self) -> Delivery {
        self.settings.delivery
    }

    fn pace(&self, to: &Identity) -> Option<Pace> {
        let rate = self.settings.per_chat;
        let every = (rate > 0.0).then(|| SignedDuration::try_from_secs_f64(1.0 / rate).ok()).flatten()?;
        // A group takes twenty messages a minute, whoever they are for.
        let every = if to.external_id.starts_with('-') { every.max(IN_A_GROUP) } else { every };
        Some(Pace { every, burst: BURST })
    }

    fn total_per_second(&self) -> Option<f64> {
        Some(self.settings.total).filter(|total| *total > 0.0)
    }

    async fn introduce(&self) -> Result<String, Fault> {
        let me = call(&self.bot, GetMe {}).await.map_err(|error| fault("introduce", &error))?;
        let username = me["username"].as_str().unwrap_or_default().to_owned();
        self.recall(&username);
        Ok(username)
    }

    fn recall(&self, name: &str) {
        let mut known = self.me.username.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(name.to_owned()).filter(|name| !name.is_empty());
    }

    fn read(&self, body: &str) -> Result<Event, Unreadable> {
        let mut event = update::read(body, &self.me)?;
        if !self.settings.typing && matches!(event.courtesy, Some(Courtesy::Typing { .. })) {
            event.courtesy = None;
        }
        Ok(event)
    }

    async fn carry(&self, part: &Part, now: Timestamp) -> Carried {
        if part.identity.account != self.me.id {
            let detail = "the dialogue is with another bot; the client must write to this one first";
            let error = DeliveryError { code: "another_account".to_owned(), detail: detail.to_owned() };
            return Carried::Failed { error, unreachable: None };
        }
        send::carry(&self.bot, &self.is_in_doubt, part, now).await
    }

    async fn oblige(&self, courtesy: &Courtesy) {
        match courtesy {
            Courtesy::Typing { identity } => {
                if let Some(chat) = send::chat_of(&identity.external_id) {
                    self.courtesy(SendChatAction::new(chat, ChatAction::Typing)).await;
                }
            }
            Courtesy::Pressed { id, spent, .. } => {
                self.courtesy(AnswerCallbackQuery::new(CallbackQueryId(id.clone()))).await;
                let message = spent.as_deref().and_then(|spent| spent.rsplit_once('/'));
                let Some((chat, number)) = message else { return };
                if let (Some(chat), Ok(number)) = (send::chat_of(chat), number.parse()) {
                    self.courtesy(EditMessageReplyMarkup::new(chat, MessageId(number))).await;
                }
            }
        }
    }

    async fn poll(&self, offset: Option<&str>, wait: Duration) -> Result<(Vec<String>, Option<String>), Fault> {
        // The answer must come before the call is cut off.
        let longest = self.settings.timeout.saturating_sub(Duration::from_secs(2));
        let fetch = FetchUpdates {
            offset: offset.and_then(|offset| offset.parse().ok()),
            limit: BATCH,
            timeout: wait.min(longest).as_secs().min(50),
            allowed_updates: UPDATES,
        };
        let answer = call(&self.bot, fetch).await.map_err(|error| fault("poll", &error))?;
        let Some(updates) = answer.as_array() else {
            return Err(Fault::new(FaultKind::Protocol, "telegram", "poll", "the answer is no list of updates"));
        };
        let next = updates.iter().filter_map(|update| update["update_id"].as_i64()).max();
        let next = next.map(|last| (last + 1).to_string());
        Ok((updates.iter().map(ToString::to_string).collect(), next))
    }

    async fn probe(&self, expected_hook: Option<&str>, now: Timestamp) -> Result<ChannelProbe, Fault> {
        hook::probe(&self.bot, expected_hook, now).await
    }

    async fn register(&self, url: &str, secret: &str) -> Result<Hook, Fault> {
        hook::register(&self.bot, url, secret).await
    }

    async fn unregister(&self) -> Result<(), Fault> {
        hook::unregister(&self.bot).await
    }

    async fn hook(&self) -> Result<Hook, Fault> {
        hook::look(&self.bot).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_bot() {
        assert_eq!(account_of("123456:AAE-x_9"), Some("123456"));
        for bad in ["", "123456", ":AAE", "12a:AAE", "123456:", "123456:AA E", "123456:AA/../x"] {
            assert_eq!(account_of(bad), None, "{bad}");
        }
    }
}
