//! What must be carried to a client: one row a part, one part after the other in each chat.
//! `queued → sending → sent | failed | unknown`.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::contact::{Channel, Identity};
use super::conversation::{Button, DeliveryError, named_enum};
use super::id::{ConversationId, MessageId};
use super::job::Lease;
use super::store::StoreResult;

named_enum! {
    /// Why an address takes no messages.
    Unreachable {
        /// The client blocked us.
        Blocked = "blocked",
        /// The account is gone.
        Deactivated = "deactivated",
        /// The client has never written to us.
        NeverStarted = "never_started",
        /// We were thrown out of the group.
        Kicked = "kicked",
        /// There is no such address.
        NotFound = "not_found",
    }
}

/// A part that is being carried to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The part's number in the store.
    pub id: i64,
    /// The message.
    pub message_id: MessageId,
    /// Order of the message; buttons are known by it.
    pub message_seq: i64,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Where to.
    pub identity: Identity,
    /// The words of this part.
    pub text: String,
    /// Buttons under it; only the last part has them.
    pub buttons: Vec<Button>,
    /// It asks for the client's phone.
    pub asks_phone: bool,
    /// The channel's id of the message that it answers, where several people talk in one chat.
    pub reply_to: Option<String>,
    /// How many parts the message has.
    pub parts: u32,
    /// 1 on the first try.
    pub attempt: u32,
}

/// A part with the right to carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrying {
    /// The right.
    pub lease: Lease,
    /// The job.
    pub job: i64,
    /// What to carry.
    pub part: Part,
}

/// What a look for parts came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// To be carried now; the store has them as `sending`.
    pub parts: Vec<Carrying>,
    /// Conversations whose part was under way when its worker died: nobody knows whether it went out.
    pub doubtful: Vec<ConversationId>,
    /// Conversations whose part was given up, because the address takes none.
    pub given_up: Vec<ConversationId>,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The channel has it.
    Sent {
        /// The channel's id of it.
        external_id: Option<String>,
    },
    /// It certainly did not go out, and may be tried again then.
    Again {
        /// When.
        at: Timestamp,
        /// Why.
        error: DeliveryError,
    },
    /// The chat has another address now; it is tried there at once.
    Moved {
        /// The new address.
        to: String,
    },
    /// It will never arrive.
    Failed {
        /// Why.
        error: DeliveryError,
        /// And nothing else will, until the client writes.
        unreachable: Option<Unreachable>,
    },
    /// It may have gone out. A person decides (`flow jobs`).
    Unknown {
        /// Why nobody knows.
        error: DeliveryError,
    },
}

/// How fast one chat may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Time between two messages in the long run.
    pub every: SignedDuration,
    /// How many may follow each other at once after a silence.
    pub burst: u32,
}

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxStats {
    /// Parts that wait.
    pub queued: u64,
    /// Parts under way.
    pub sending: u64,
    /// Parts of which nobody knows whether they went out, and nobody has decided yet.
    pub unknown: u64,
    /// Parts that the channel refused, and nobody has decided about yet.
    pub failed: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

/// Messages on their way to clients.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes at most `limit` chats of a channel that are due, with the next part of each, and notes durably
    /// that these parts are under way. A part that was under way already is in doubt from now on.
    async fn take_parts(
        &self,
        channel: Channel,
        limit: u32,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Taken>;

    /// Notes what became of a part. `pace` says when the chat may be written to again.
    async fn carried(
        &self,
        carrying: &Carrying,
        carried: &Carried,
        pace: Option<Pace>,
        now: Timestamp,
    ) -> StoreResult<()>;

    /// How the outbox stands.
    async fn outbox_stats(&self) -> StoreResult<OutboxStats>;
}
