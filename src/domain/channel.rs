//! Ways in and out: what a channel delivers, and the seam to those that messages are carried to.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::contact::{Channel, Identity};
use super::conversation::Incoming;
use super::crm::Check;
use super::fault::Fault;
use super::id::ConversationId;
use super::outbox::{Carried, Pace, Part, Unreachable};
use super::store::StoreResult;

/// A longer text is carried in parts. UTF-16 units, as the strictest channel counts them.
pub const PART_UNITS: usize = 4000;

impl Channel {
    /// Whether messages must be carried to the client; elsewhere the client reads them here.
    #[must_use]
    pub const fn is_carried(self) -> bool {
        matches!(self, Self::Telegram)
    }
}

/// Something a channel delivered, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// The channel.
    pub channel: Channel,
    /// Our account on it.
    pub account: String,
    /// The channel's number of the event; the same number again is the same event.
    pub id: String,
    /// Its text.
    pub body: String,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A client wrote.
    Message(Box<Incoming>),
    /// A client pressed a button of ours. `data` is what came back with it.
    Press {
        /// From whom, and the press's own id; words and value are filled in by whoever knows the button.
        incoming: Box<Incoming>,
        /// What came back.
        data: String,
    },
    /// A client changed the words of a message.
    Edit {
        /// Whose.
        identity: Identity,
        /// The channel's id of the message.
        external_id: String,
        /// The new words.
        text: String,
    },
    /// An address takes messages again, or none any more.
    Reach {
        /// Whose.
        identity: Identity,
        /// Why not; nothing: it does.
        unreachable: Option<Unreachable>,
    },
    /// Nothing for us: why, in one word.
    Nothing(&'static str),
}

/// An event, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// As it came.
    pub raw: RawEvent,
    /// What it means.
    pub meaning: Meaning,
    /// What the channel wants to hear of it at once, beside what is stored.
    pub courtesy: Option<Courtesy>,
}

/// A call that nothing depends on: it is tried once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Courtesy {
    /// Show that an answer is being written.
    Typing {
        /// To whom.
        identity: Identity,
    },
    /// Take the waiting sign off a pressed button.
    Pressed {
        /// The press.
        id: String,
        /// To whom.
        identity: Identity,
        /// The message whose buttons are taken away: a question that is answered now.
        spent: Option<String>,
    },
}

/// What becomes of an event in the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// A message, with the moment from which it may be answered.
    Message(Box<Incoming>, Timestamp),
    /// A message has other words now.
    Edit {
        /// Whose.
        identity: Identity,
        /// The channel's id of the message.
        external_id: String,
        /// The new words.
        text: String,
    },
    /// An address takes messages again, or none any more.
    Reach {
        /// Whose.
        identity: Identity,
        /// Why not.
        unreachable: Option<Unreachable>,
    },
    /// It is only kept.
    Nothing,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new. The conversation that has a new message.
    New(Option<ConversationId>),
    /// It had come before.
    Duplicate,
}

/// How far a channel has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The channel.
    pub channel: Channel,
    /// Our account on it.
    pub account: String,
    /// What is counted.
    pub name: &'static str,
    /// How far.
    pub value: String,
}

/// The one durable step of everything that channels deliver.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Stores events with what follows from them, and the mark, in one transaction. An event that came
    /// before changes nothing.
    async fn ingest(
        &self,
        events: Vec<(RawEvent, Arrival)>,
        mark: Option<&Mark>,
        now: Timestamp,
    ) -> StoreResult<Vec<Stored>>;

    /// How far a channel has been read, and since when that stands.
    async fn mark(
        &self,
        channel: Channel,
        account: &str,
        name: &'static str,
    ) -> StoreResult<Option<(String, Timestamp)>>;

    /// Forgets events older than `before`, at most `limit`; answers how many.
    async fn forget_events(&self, before: Timestamp, limit: u32) -> StoreResult<u64>;
}

/// How updates reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// We ask for them.
    Polling,
    /// The channel calls us.
    Webhook,
}

/// Where a channel calls us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The address it calls; empty: none.
    pub url: String,
    /// Events that wait to be delivered.
    pub pending: u64,
    /// When a call last failed.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
}

/// The answer of [`Messenger::probe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelProbe {
    /// Who we are there.
    pub account: String,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// An event that cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot be read: {0}")]
pub struct Unreadable(pub &'static str);

/// A channel that messages are carried to and fetched from.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Which one.
    fn channel(&self) -> Channel;

    /// Our account on it: conversations of another account are others.
    fn account(&self) -> &str;

    /// How its events reach us.
    fn delivery(&self) -> Delivery;

    /// How fast that chat may be written to; nothing: as fast as it goes.
    fn pace(&self, to: &Identity) -> Option<Pace>;

    /// Messages a second to all chats together; nothing: as fast as it goes.
    fn total_per_second(&self) -> Option<f64>;

    /// Asks who we are there: the name that people call us by. What depends on it works from then on.
    async fn introduce(&self) -> Result<String, Fault>;

    /// Takes the name over from an earlier introduction.
    fn recall(&self, name: &str);

    /// Reads one event.
    ///
    /// # Errors
    /// When it is no event of this channel.
    fn read(&self, body: &str) -> Result<Event, Unreadable>;

    /// Carries a part to a client. `buttons` holds what comes back when one is pressed.
    async fn carry(&self, part: &Part, now: Timestamp) -> Carried;

    /// Does something nothing depends on.
    async fn oblige(&self, courtesy: &Courtesy);

    /// Waits for events after `offset`, at most `wait`; answers them as they came with the offset after them.
    async fn poll(&self, offset: Option<&str>, wait: Duration) -> Result<(Vec<String>, Option<String>), Fault>;

    /// Asks the far side who we are and what may keep messages from arriving.
    async fn probe(&self, expected_hook: Option<&str>, now: Timestamp) -> Result<ChannelProbe, Fault>;

    /// Has the channel call us there; answers what it says of it afterwards.
    async fn register(&self, url: &str, secret: &str) -> Result<Hook, Fault>;

    /// Has the channel no longer call us.
    async fn unregister(&self) -> Result<(), Fault>;

    /// What the channel says of its calls to us.
    async fn hook(&self) -> Result<Hook, Fault>;
}
