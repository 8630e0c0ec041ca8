//! The web chat: its page, its widget and the calls behind them.

mod events;
mod page;
mod session;
mod visitor;

use axum::routing::{get, post};
use serde_json::{Value, json};

use super::Route;
use super::view::time;
use crate::domain::contact::Identity;
use crate::domain::conversation::{Conversation, Message, Role};

pub(super) use self::events::Streams;

/// A reply that takes longer is not announced any further.
const TYPING_MS: i64 = 30_000;

/// The page, the widget and everything the page refers to.
pub(super) fn pages() -> Vec<Route> {
    page::FILES.iter().map(|file| (file.path, &["GET"] as &[_], page::route(file))).collect()
}

/// What the page calls.
pub(super) fn calls() -> Vec<Route> {
    vec![
        ("/chat/session", &["POST"], post(session::open)),
        ("/chat/messages", &["POST"], post(session::say)),
        ("/chat/events", &["GET"], get(events::listen)),
    ]
}

/// A message as the page shows it; remarks of the system's are not for clients.
fn shown(message: &Message, identity: &Identity) -> Option<Value> {
    let client_id = message
        .channel_message_id
        .as_deref()
        .and_then(|id| id.strip_prefix(&identity.external_id)?.strip_prefix('/'))
        .filter(|_| message.role == Role::Customer);
    let role = match message.role {
        Role::Customer => "customer",
        Role::Bot => "bot",
        Role::Operator => "operator",
        Role::System => return None,
    };
    Some(json!({
        "seq": message.seq,
        "id": message.id,
        "client_id": client_id,
        "role": role,
        "text": message.text,
        "buttons": message.buttons,
        "at": time(message.at),
    }))
}

/// Until when (in milliseconds) a reply is on its way, by the newest messages; nothing when none is.
fn typing_until(conversation: &Conversation, newest: &[Message]) -> Option<i64> {
    let last = newest.iter().rev().find(|message| message.role != Role::System)?;
    let is_waiting = last.role == Role::Customer && !conversation.is_with_person();
    is_waiting.then(|| last.at.as_millisecond() + TYPING_MS)
}
