//! Work that must happen: a row in a lane, written with the data that causes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{BookingId, ConversationId};

/// A job's payload. The name in the store is the variant's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Answer what a client wrote.
    Answer {
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// Ask the CRM to book a held row.
    CommitBooking {
        /// The row.
        booking_id: BookingId,
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
    },
    /// Ask the CRM to move an appointment.
    MoveBooking {
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
        /// The connection.
        connection: String,
        /// The CRM's id.
        appointment_id: String,
        /// To when.
        start: Timestamp,
        /// To whom.
        employee_id: Option<String>,
        /// Idempotency key.
        key: String,
    },
    /// Ask the CRM to cancel an appointment.
    CancelBooking {
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
        /// The connection.
        connection: String,
        /// The CRM's id.
        appointment_id: String,
    },
}

impl Work {
    /// The stable name, as the store and `flow status` show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::CommitBooking { .. } => "commit_booking",
            Self::MoveBooking { .. } => "move_booking",
            Self::CancelBooking { .. } => "cancel_booking",
        }
    }

    /// The dialogue it is for.
    #[must_use]
    pub const fn conversation(&self) -> ConversationId {
        match self {
            Self::Answer { conversation_id }
            | Self::CommitBooking { conversation_id, .. }
            | Self::MoveBooking { conversation_id, .. }
            | Self::CancelBooking { conversation_id, .. } => *conversation_id,
        }
    }
}

/// A job to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Strict order inside a lane, lanes side by side.
    pub lane: String,
    /// What to do.
    pub work: Work,
    /// When an empty lane becomes ready.
    pub ready_at: Timestamp,
}

impl NewJob {
    /// The lane of a conversation.
    #[must_use]
    pub fn conversation_lane(id: ConversationId) -> String {
        format!("conv:{id}")
    }

    /// The lane of a conversation's writes to one CRM connection.
    #[must_use]
    pub fn crm_lane(connection: &str, id: ConversationId) -> String {
        format!("crm:{connection}:{id}")
    }
}

/// The right to work on a lane until it runs out. A completion with a lost lease is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The lane.
    pub lane: String,
    /// The fencing token.
    pub token: i64,
}

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The job's number.
    pub id: i64,
    /// The right to work on it.
    pub lease: Lease,
    /// What to do; a text no present code reads is an error told in words.
    pub work: Result<Work, String>,
    /// 1 on the first try.
    pub attempt: u32,
    /// When it was written.
    pub created_at: Timestamp,
}

/// How a job's lane goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Try again then.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        error: String,
    },
    /// Never again; kept for a person to look at.
    Dead {
        /// Why.
        error: String,
    },
}
