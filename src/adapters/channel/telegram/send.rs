//! Carrying a part to a chat, and what the answer means: sent, not sent, or nobody knows.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use serde_json::Value;
use teloxide::payloads::{GetMe, SendMessage, SendMessageSetters};
use teloxide::types::{
    ButtonRequest, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardMarkup, KeyboardRemove,
    LinkPreviewOptions, MessageId, ParseMode, ReplyMarkup, ReplyParameters,
};
use teloxide::utils::html;
use teloxide::{Bot, RequestError};

use super::client::{call, is_server, words};
use crate::domain::conversation::{Button, DeliveryError};
use crate::domain::outbox::{Carried, Part, Unreachable};

/// The first wait before a part is carried again; each next one doubles, up to the longest.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// A token that is refused is a matter for a person: it is not tried every second.
const TOKEN_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// After so many tries, more than a day, an answer helps nobody.
const TRIES: u32 = 300;
/// Titles up to this long stand four in a row, two in a row; longer ones alone.
const SHORT: usize = 7;
const MIDDLE: usize = 16;

/// Carries it. After a doubt nothing is carried before the server has answered something harmless: an outage
/// leaves in doubt what was under way when it began, and nothing more.
pub(super) async fn carry(bot: &Bot, is_in_doubt: &AtomicBool, part: &Part, now: Timestamp) -> Carried {
    if is_in_doubt.load(Ordering::Relaxed) {
        if let Err(error) = call(bot, GetMe {}).await {
            return put_off(&error, part.attempt, now);
        }
        is_in_doubt.store(false, Ordering::Relaxed);
    }
    let carried = attempt(bot, part, now).await;
    if matches!(carried, Carried::Unknown { .. }) {
        is_in_doubt.store(true, Ordering::Relaxed);
    }
    carried
}

async fn attempt(bot: &Bot, part: &Part, now: Timestamp) -> Carried {
    let Some(chat) = chat_of(&part.identity.external_id) else {
        return failed("address", "the address is no chat of Telegram", Some(Unreachable::NotFound));
    };
    let message = message(part, chat);
    let mut answer = call(bot, message.clone()).await;
    if let Err(error) = &answer
        && words(error).contains("can't parse entities")
    {
        // Only a bug of ours leads here; the words matter more than their form.
        tracing::error!(part = part.id, "the markup was refused; the text goes as it is");
        answer = call(bot, SendMessage { text: part.text.clone(), parse_mode: None, ..message }).await;
    }
    match answer {
        Ok(sent) => Carried::Sent { external_id: sent_id(&sent, chat) },
        Err(error) => judged(&error, part.attempt, now),
    }
}

/// The chat of an address: in a group the people have dialogues of their own.
pub(super) fn chat_of(address: &str) -> Option<ChatId> {
    address.split('/').next()?.parse().ok().map(ChatId)
}

fn sent_id(sent: &Value, chat: ChatId) -> Option<String> {
    sent["message_id"].as_i64().map(|id| format!("{chat}/{id}"))
}

fn message(part: &Part, chat: ChatId) -> SendMessage {
    let preview = LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    };
    let message =
        SendMessage::new(chat, html::escape(&part.text)).parse_mode(ParseMode::Html).link_preview_options(preview);
    let message = match answered(part, chat) {
        Some(id) => message.reply_parameters(ReplyParameters::new(id).allow_sending_without_reply()),
        None => message,
    };
    match markup(part, chat) {
        Some(markup) => message.reply_markup(markup),
        None => message,
    }
}

/// In a group: the message that is answered.
fn answered(part: &Part, chat: ChatId) -> Option<MessageId> {
    let (there, number) = part.reply_to.as_deref()?.split_once('/')?;
    (there == chat.to_string()).then(|| number.parse().ok().map(MessageId))?
}

fn markup(part: &Part, chat: ChatId) -> Option<ReplyMarkup> {
    let is_private = chat.is_user();
    if part.asks_phone && is_private && part.buttons.is_empty() {
        let share = KeyboardButton::new(share_title(&part.text)).request(ButtonRequest::Contact);
        let keyboard = KeyboardMarkup::new([[share]]).resize_keyboard().one_time_keyboard();
        return Some(ReplyMarkup::Keyboard(keyboard));
    }
    if part.buttons.is_empty() {
        // Takes the button that shares the phone away again.
        return is_private.then(|| ReplyMarkup::KeyboardRemove(KeyboardRemove::new()));
    }
    Some(ReplyMarkup::InlineKeyboard(InlineKeyboardMarkup::new(rows(&part.buttons))))
}

/// In the language of the question it stands under.
fn share_title(question: &str) -> &'static str {
    let is_russian = question.chars().any(|c| matches!(c, 'а'..='я' | 'А'..='Я'));
    if is_russian { "Отправить мой номер" } else { "Share my number" }
}

/// Times four in a row, names two, sentences alone.
fn rows(buttons: &[Button]) -> Vec<Vec<InlineKeyboardButton>> {
    let longest = buttons.iter().map(|button| button.text.chars().count()).max().unwrap_or(0);
    let wide = match longest {
        longest if longest <= SHORT => 4,
        longest if longest <= MIDDLE => 2,
        _ => 1,
    };
    let shown = |button: &Button| InlineKeyboardButton::callback(button.text.clone(), button.value.clone());
    buttons.chunks(wide).map(|row| row.iter().map(shown).collect()).collect()
}

fn told(code: &str, detail: impl Into<String>) -> DeliveryError {
    DeliveryError { code: code.to_owned(), detail: detail.into() }
}

fn failed(code: &str, detail: impl Into<String>, unreachable: Option<Unreachable>) -> Carried {
    Carried::Failed { error: told(code, detail), unreachable }
}

/// What an error means for the part: it did not go out, it never will, or nobody knows.
pub(super) fn judged(error: &RequestError, attempt: u32, now: Timestamp) -> Carried {
    let text = words(error);
    match error {
        RequestError::RetryAfter(wait) => {
            let at = now + SignedDuration::from_secs(wait.seconds().into());
            Carried::Again { at, error: told("rate_limited", text) }
        }
        RequestError::MigrateToChatId(to) => Carried::Moved { to: to.to_string() },
        RequestError::Api(_) => refused(&text, now),
        // The request never left.
        RequestError::Network(error) if error.is_connect() || error.is_builder() => {
            again("unreachable", text, attempt, now)
        }
        RequestError::Io(_) => again("unreachable", text, attempt, now),
        RequestError::Network(_) | RequestError::InvalidJson { .. } => doubt(&text),
    }
}

/// A lost connection, a server's error and a gateway's page do not say what the server did before.
fn doubt(text: &str) -> Carried {
    Carried::Unknown { error: told("unknown_outcome", format!("{text}; it may have gone out")) }
}

/// The server did not answer a call that changes nothing: what waits was not sent.
fn put_off(error: &RequestError, attempt: u32, now: Timestamp) -> Carried {
    match judged(error, attempt, now) {
        known @ Carried::Again { .. } => known,
        _ => again("unavailable", words(error), attempt, now),
    }
}

fn refused(text: &str, now: Timestamp) -> Carried {
    let unreachable = [
        ("bot was blocked", Unreachable::Blocked),
        ("user is deactivated", Unreachable::Deactivated),
        ("can't initiate conversation", Unreachable::NeverStarted),
        ("bot was kicked", Unreachable::Kicked),
        ("is not a member", Unreachable::Kicked),
        ("chat not found", Unreachable::NotFound),
    ];
    if let Some((_, why)) = unreachable.iter().find(|(words, _)| text.contains(words)) {
        return failed(why.as_str(), text, Some(*why));
    }
    if text.starts_with("unauthorized") || text == "not found" {
        tracing::error!("Telegram refuses the token: set `channels.telegram.token` anew; messages wait");
        return Carried::Again { at: now + TOKEN_WAIT, error: told("unauthorized", text) };
    }
    if text.contains("too many requests") {
        let wait = text.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(5);
        return Carried::Again { at: now + SignedDuration::from_secs(wait), error: told("rate_limited", text) };
    }
    if is_server(text) {
        return doubt(text);
    }
    failed("rejected", text, None)
}

fn again(code: &str, text: String, attempt: u32, now: Timestamp) -> Carried {
    if attempt >= TRIES {
        return failed(code, format!("given up after {attempt} tries: {text}"), None);
    }
    let wait = (FIRST_WAIT * (1_i32 << attempt.saturating_sub(1).min(10))).min(LONGEST_WAIT);
    let half = i64::try_from(wait.as_millis() / 2).unwrap_or(0).max(1);
    let wait = SignedDuration::from_millis(half + rand::rng().random_range(0..=half));
    Carried::Again { at: now + wait, error: told(code, text) }
}
