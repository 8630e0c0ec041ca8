//! Conversations, their messages and the state a dialogue is in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::{Contact, Identity, Locale, Phone};
use super::id::{ContactId, ConversationId, LeadId, MessageId};
use super::outbox::Unreachable;

/// Declares an enum whose members have stable names in JSON, in the store and on the command line.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// Where a conversation stands. HTTP API B2.
    ConversationStatus {
        /// The bot answers.
        Open = "open",
        /// A person is asked for or has taken over.
        WaitingOperator = "waiting_operator",
        /// Ended.
        Closed = "closed",
    }
}

named_enum! {
    /// How far a hand-over is.
    HandoffState {
        /// Asked for; nobody has taken it yet.
        Requested = "requested",
        /// A person owns the conversation.
        Taken = "taken",
        /// Back with the bot.
        Returned = "returned",
    }
}

named_enum! {
    /// Who wrote a message.
    Role {
        /// The client.
        Customer = "customer",
        /// flow.
        Bot = "bot",
        /// A person of the company.
        Operator = "operator",
        /// A remark of the system's, not shown to the client.
        System = "system",
    }
}

named_enum! {
    /// What a message is.
    MessageKind {
        /// Words.
        Text = "text",
        /// A voice note.
        Voice = "voice",
        /// A picture.
        Image = "image",
        /// A file.
        File = "file",
        /// A place.
        Location = "location",
        /// A shared contact.
        Contact = "contact",
        /// A pressed button.
        Button = "button",
        /// Something that happened.
        Event = "event",
    }
}

named_enum! {
    /// What became of an outgoing message.
    DeliveryState {
        /// Waits to be sent.
        Queued = "queued",
        /// Under way.
        Sending = "sending",
        /// The channel has it; on pull channels: stored where the client reads it.
        Sent = "sent",
        /// The device has it.
        Delivered = "delivered",
        /// The client saw it.
        Read = "read",
        /// It will not arrive.
        Failed = "failed",
        /// Nobody knows whether it went out.
        Unknown = "unknown",
    }
}

named_enum! {
    /// The six states of a dialogue. `interfaces.md` §5.
    DialogState {
        /// Nothing is asked yet.
        Greeting = "greeting",
        /// A form asks for the name or the phone.
        CollectingInfo = "collecting_info",
        /// A question was answered outside a form.
        Consulting = "consulting",
        /// A form asks back.
        Booking = "booking",
        /// A summary waits for its yes.
        Confirming = "confirming",
        /// Done.
        Completed = "completed",
    }
}

/// A longer message to a client is refused, or divided.
pub const TEXT_CHARS: usize = 4000;

/// A person takes over, or gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// How far it is.
    pub state: HandoffState,
    /// Why, in one word of `asked, anger, failures, question, crm_refused, crm_unavailable, no_profile,
    /// not_delivered, operator_message, taken`.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// Who took it.
    pub operator: Option<String>,
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Button {
    /// What is shown.
    pub text: String,
    /// What comes back when it is pressed.
    pub value: String,
}

impl Button {
    /// A button whose value is its own title.
    #[must_use]
    pub fn titled(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { value: text.clone(), text }
    }
}

/// What became of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The state.
    pub state: DeliveryState,
    /// Why it failed, for a person.
    pub error: Option<DeliveryError>,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is in this state.
    pub at: Timestamp,
}

/// Why a message could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

/// One message, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Order inside the store; grows with time.
    pub seq: i64,
    /// The message's id.
    pub id: MessageId,
    /// Whose it is.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub role: Role,
    /// What it is.
    pub kind: MessageKind,
    /// Its words; for a pressed button its title.
    pub text: String,
    /// The value of a pressed button.
    pub button_value: Option<String>,
    /// Buttons offered with it.
    pub buttons: Vec<Button>,
    /// When it was stored.
    pub at: Timestamp,
    /// When the client changed it since.
    pub edited_at: Option<Timestamp>,
    /// The channel's id of it.
    pub channel_message_id: Option<String>,
    /// For outgoing ones.
    pub delivery: Option<Delivery>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// The sender's own data, returned unchanged.
    pub metadata: Option<serde_json::Value>,
    /// How the reply came about (`--trace`); never shown to clients.
    pub trace: Option<serde_json::Value>,
}

/// The last words of a conversation, for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Who wrote.
    pub role: Role,
    /// At most 200 characters.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// One dialogue with one person on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Channel, account and address.
    pub identity: Identity,
    /// The person.
    pub contact: Contact,
    /// The newest lead that came out of it.
    pub lead_id: Option<LeadId>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Who owns it, when it is or was not the bot.
    pub handoff: Option<Handoff>,
    /// The client's language, once shown.
    pub language: Option<Locale>,
    /// How many messages it has.
    pub message_count: i64,
    /// The last of them.
    pub last_message: Option<LastMessage>,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last message came.
    pub last_message_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Grows with every change.
    pub version: i64,
    /// Has a question that nobody answered.
    pub unanswered: bool,
    /// Why the client's address takes no messages at present.
    pub unreachable: Option<Unreachable>,
}

impl Conversation {
    /// Whether a person owns it, so that the bot must be silent.
    #[must_use]
    pub fn is_with_person(&self) -> bool {
        self.handoff.as_ref().is_some_and(|handoff| handoff.state != HandoffState::Returned)
    }
}

/// What is left to say when a turn cannot be worked out: nothing here depends on what the turn broke on.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanswered {
    /// The conversation.
    pub conversation: Conversation,
    /// The last new message of the client's among those that one turn takes.
    pub last: Option<(i64, MessageId)>,
    /// There are more.
    pub more: bool,
}

/// The stored state of a dialogue: the flow's form is opaque to the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// One of the six states.
    pub state: DialogState,
    /// The form, as the state machine keeps it.
    pub form: serde_json::Value,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A message as a channel hands it in.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// From whom.
    pub identity: Identity,
    /// The channel's id of the message; the same id again is the same message.
    pub external_id: String,
    /// What it is.
    pub kind: MessageKind,
    /// Its words; for a pressed button its title.
    pub text: String,
    /// The value of a pressed button.
    pub button_value: Option<String>,
    /// The name the channel knows.
    pub name: Option<String>,
    /// The phone the channel knows.
    pub phone: Option<Phone>,
    /// The sender's own data.
    pub metadata: Option<serde_json::Value>,
}

/// A message to be stored for a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Who speaks.
    pub role: Role,
    /// Its words.
    pub text: String,
    /// Buttons under it.
    pub buttons: Vec<Button>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// The sender's own data.
    pub metadata: Option<serde_json::Value>,
    /// How it came about.
    pub trace: Option<serde_json::Value>,
}

/// Who the store says a message was from, once received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The conversation it went to.
    pub conversation_id: ConversationId,
    /// The stored message (the first one, when it is a duplicate).
    pub message_id: MessageId,
    /// Order of that message.
    pub seq: i64,
    /// The person.
    pub contact_id: ContactId,
    /// The same message had come before.
    pub duplicate: bool,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.channel, self.external_id)
    }
}
