//! How rows are shown to programs: the members of the HTTP API, times in UTC with milliseconds.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::booking::Booking;
use super::contact::{Channel, Locale, Phone};
use super::conversation::{
    Button, Conversation, ConversationStatus, Delivery, DeliveryError, DeliveryState, Handoff, HandoffState, Message,
    MessageKind, Role,
};
use super::id::{ContactId, ConversationId, LeadId, MessageId};
use super::lead::Lead;
use super::token::Token;

/// A moment as `2026-06-12T10:00:00.123Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Serialises a moment as [`rfc3339`] does.
///
/// # Errors
/// As the serializer.
pub fn millis<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// As [`millis`], null when absent.
///
/// # Errors
/// As the serializer.
pub fn millis_opt<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => millis(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A lead (HTTP API B1).
#[must_use]
pub fn lead(lead: &Lead) -> Value {
    let mut value = value(lead);
    set_time(&mut value, "/created_at", Some(lead.created_at));
    set_time(&mut value, "/updated_at", Some(lead.updated_at));
    set_time(&mut value, "/desired_at", lead.desired_at);
    set_time(&mut value, "/crm/synced_at", lead.crm.synced_at);
    set_time(&mut value, "/consent/at", lead.consent.as_ref().and_then(|consent| consent.at));
    value
}

/// A row of the ledger.
#[must_use]
pub fn booking(booking: &Booking) -> Value {
    let mut value = value(booking);
    set_time(&mut value, "/start", Some(booking.start));
    set_time(&mut value, "/end", Some(booking.end));
    set_time(&mut value, "/created_at", Some(booking.created_at));
    set_time(&mut value, "/updated_at", Some(booking.updated_at));
    value
}

/// A token, without its text.
#[must_use]
pub fn token(token: &Token) -> Value {
    let mut value = value(token);
    set_time(&mut value, "/created_at", Some(token.created_at));
    set_time(&mut value, "/expires_at", token.expires_at);
    set_time(&mut value, "/last_used_at", token.last_used_at);
    set_time(&mut value, "/revoked_at", token.revoked_at);
    value
}

fn value<T: Serialize>(row: &T) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

fn set_time(value: &mut Value, pointer: &str, at: Option<Timestamp>) {
    if let (Some(slot), Some(at)) = (value.pointer_mut(pointer), at) {
        *slot = Value::String(rfc3339(at));
    }
}

/// A conversation (HTTP API B2).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationView {
    /// The conversation's id.
    pub id: ConversationId,
    /// The way it came in.
    pub channel: Channel,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Who owns it, when it is or was not the bot.
    pub handoff: Option<HandoffView>,
    /// The person.
    pub contact: ContactView,
    /// The newest lead that came out of it.
    pub lead_id: Option<LeadId>,
    /// How many messages it has.
    pub message_count: i64,
    /// The last of them.
    pub last_message: Option<LastMessageView>,
    /// The client's language, once shown.
    pub language: Option<Locale>,
    /// When it began.
    #[serde(serialize_with = "millis")]
    pub started_at: Timestamp,
    /// When the last message came.
    #[serde(serialize_with = "millis")]
    pub last_message_at: Timestamp,
    /// When it was closed.
    #[serde(serialize_with = "millis_opt")]
    pub closed_at: Option<Timestamp>,
}

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandoffView {
    /// How far it is.
    pub state: HandoffState,
    /// Why, in one word.
    pub reason: String,
    /// Since when.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
    /// Who took it.
    pub operator: Option<String>,
}

/// The person of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContactView {
    /// The contact's id.
    pub id: ContactId,
    /// The name.
    pub name: Option<String>,
    /// E.164.
    pub phone: Option<Phone>,
}

/// The last words of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastMessageView {
    /// Who wrote.
    pub role: Role,
    /// At most 200 characters.
    pub text: String,
    /// When.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
}

impl From<&Handoff> for HandoffView {
    fn from(handoff: &Handoff) -> Self {
        Self {
            state: handoff.state,
            reason: handoff.reason.clone(),
            at: handoff.at,
            operator: handoff.operator.clone(),
        }
    }
}

impl From<&Conversation> for ConversationView {
    fn from(conversation: &Conversation) -> Self {
        let contact = &conversation.contact;
        Self {
            id: conversation.id,
            channel: conversation.identity.channel,
            status: conversation.status,
            handoff: conversation.handoff.as_ref().map(HandoffView::from),
            contact: ContactView { id: contact.id, name: contact.name.clone(), phone: contact.phone.clone() },
            lead_id: conversation.lead_id,
            message_count: conversation.message_count,
            last_message: conversation.last_message.as_ref().map(|last| LastMessageView {
                role: last.role,
                text: last.text.clone(),
                at: last.at,
            }),
            language: conversation.language,
            started_at: conversation.started_at,
            last_message_at: conversation.last_message_at,
            closed_at: conversation.closed_at,
        }
    }
}

/// A message (HTTP API B2).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageView {
    /// The message's id.
    pub id: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// What it is.
    pub kind: MessageKind,
    /// Its words.
    pub text: String,
    /// When it was stored.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
    /// The channel's id of it.
    pub channel_message_id: Option<String>,
    /// Files; none are kept yet.
    pub attachments: [(); 0],
    /// For outgoing ones.
    pub delivery: Option<DeliveryView>,
    /// What was said in a voice note; none are kept yet.
    pub transcript: Option<String>,
    /// Buttons offered with it.
    pub buttons: Vec<Button>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// What the channel or the sender told beside the words.
    pub metadata: Option<Value>,
    /// How the reply came about, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Value>,
}

/// What became of an outgoing message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeliveryView {
    /// The state.
    pub state: DeliveryState,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is in this state.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        Self { state: delivery.state, error: delivery.error.clone(), attempts: delivery.attempts, at: delivery.at }
    }
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id,
            role: message.role,
            kind: message.kind,
            text: message.text.clone(),
            at: message.at,
            channel_message_id: message.channel_message_id.clone(),
            attachments: [],
            delivery: message.delivery.as_ref().map(DeliveryView::from),
            transcript: None,
            buttons: message.buttons.clone(),
            in_reply_to: message.in_reply_to,
            metadata: message.metadata.clone(),
            trace: None,
        }
    }
}

impl MessageView {
    /// The message with how it came about.
    #[must_use]
    pub fn traced(message: &Message) -> Self {
        Self { trace: message.trace.clone(), ..Self::from(message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_always_has_three_digits_and_z() {
        let show = |text: &str| rfc3339(text.parse().unwrap());
        assert_eq!(show("2026-06-12T10:00:00Z"), "2026-06-12T10:00:00.000Z");
        assert_eq!(show("2026-06-12T13:00:00.123456+03:00"), "2026-06-12T10:00:00.123Z");
    }
}
