//! Work that must happen: a row in a lane, written with the data that causes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::conversation::named_enum;
use super::id::{BookingId, ConversationId, LeadId};

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
    /// Look whether the CRM has a booking whose outcome nobody knows, and finish it.
    ReconcileBooking {
        /// The row.
        booking_id: BookingId,
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
        /// How often it was looked.
        #[serde(default)]
        looks: u32,
    },
    /// Tell a person that a booking still waits for the CRM.
    EscalateBooking {
        /// The row.
        booking_id: BookingId,
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
    },
    /// Tell the client what the vendor's staff made of a request.
    TellDecision {
        /// The row.
        booking_id: BookingId,
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
        /// The request was to call the visit off.
        #[serde(default)]
        cancelling: bool,
    },
    /// Carry a part of a message to the client.
    Send {
        /// The part's number in the outbox.
        part: i64,
        /// The dialogue it belongs to.
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
        /// How often it was tried in vain; the client knows that it takes longer.
        #[serde(default)]
        tries: u32,
    },
    /// Ask the CRM to cancel an appointment.
    CancelBooking {
        /// The dialogue that waits for it.
        conversation_id: ConversationId,
        /// The connection.
        connection: String,
        /// The CRM's id.
        appointment_id: String,
        /// How often it was tried in vain; the client knows that it takes longer.
        #[serde(default)]
        tries: u32,
    },
    /// Write a lead into a CRM.
    PushLead {
        /// The lead.
        lead_id: LeadId,
        /// The connection.
        connection: String,
    },
    /// Read a CRM's services and staff anew.
    SyncCrm {
        /// The connection.
        connection: String,
    },
    /// Ask a CRM what became of the visits that flow booked there.
    FollowCrm {
        /// The connection.
        connection: String,
    },
    /// Work on what a CRM told by itself.
    CrmHook {
        /// The connection.
        connection: String,
        /// The kept call.
        id: String,
    },
}

impl Work {
    /// The stable name, as the store and `flow status` show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::CommitBooking { .. } => "commit_booking",
            Self::ReconcileBooking { .. } => "reconcile_booking",
            Self::EscalateBooking { .. } => "escalate_booking",
            Self::TellDecision { .. } => "tell_decision",
            Self::Send { .. } => "send_reply",
            Self::MoveBooking { .. } => "move_booking",
            Self::CancelBooking { .. } => "cancel_booking",
            Self::PushLead { .. } => "push_lead",
            Self::SyncCrm { .. } => "sync_crm",
            Self::FollowCrm { .. } => "follow_crm",
            Self::CrmHook { .. } => "crm_hook",
        }
    }

    /// The dialogue it is for, when it is for one.
    #[must_use]
    pub const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::PushLead { .. } | Self::SyncCrm { .. } | Self::FollowCrm { .. } | Self::CrmHook { .. } => None,
            Self::Answer { conversation_id }
            | Self::CommitBooking { conversation_id, .. }
            | Self::ReconcileBooking { conversation_id, .. }
            | Self::EscalateBooking { conversation_id, .. }
            | Self::TellDecision { conversation_id, .. }
            | Self::Send { conversation_id, .. }
            | Self::MoveBooking { conversation_id, .. }
            | Self::CancelBooking { conversation_id, .. } => Some(*conversation_id),
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

    /// The lane of a chat: what is carried to it goes one after the other.
    #[must_use]
    pub fn chat_lane(channel: &str, account: &str, external_id: &str) -> String {
        // Several people of one group have one chat.
        let chat = external_id.split('/').next().unwrap_or(external_id);
        format!("out:{channel}:{account}:{chat}")
    }

    /// The lane of a conversation's writes to one CRM connection.
    #[must_use]
    pub fn crm_lane(connection: &str, id: ConversationId) -> String {
        format!("crm:{connection}:{id}")
    }
}

/// The lanes that are taken together: `conv`, `crm:NAME`, `out:CHANNEL`.
#[must_use]
pub fn class_of(lane: &str) -> &str {
    let depth = if lane.starts_with("crm:") || lane.starts_with("out:") { 2 } else { 1 };
    lane.match_indices(':').nth(depth - 1).map_or(lane, |(at, _)| &lane[..at])
}

/// Which lanes are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pool {
    /// All but those of channels.
    Inside,
    /// Those of one class.
    Class(String),
}

/// Work for later. The key makes it one, whoever writes it and however often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// What it is and for when.
    pub key: String,
    /// When it enters its lane.
    pub due_at: Timestamp,
    /// Its lane.
    pub lane: String,
    /// What to do.
    pub work: Work,
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

named_enum! {
    /// How far a job is.
    JobState {
        /// Its lane is free; it runs when it is due and all before it are done.
        Waiting = "waiting",
        /// A worker has it.
        Running = "running",
        /// It waits for its time outside the lanes.
        Scheduled = "scheduled",
        /// Given up; a person decides.
        Dead = "dead",
    }
}

/// A job as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, or the key of one that is scheduled.
    pub id: String,
    /// Its lane.
    pub lane: String,
    /// What it does.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it may run.
    pub ready_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was given up.
    pub died_at: Option<Timestamp>,
    /// Why it did not succeed the last time.
    pub error: Option<String>,
    /// It carried a message of which nobody knows whether it went out.
    pub is_doubtful: bool,
    /// Its arguments, as JSON.
    pub payload: String,
}

/// Which jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// In one of these states.
    pub state: Vec<JobState>,
    /// Of one of these kinds.
    pub kind: Vec<String>,
    /// Of that lane.
    pub lane: Option<String>,
}

/// How a class of lanes stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassStats {
    /// The class.
    pub class: String,
    /// Lanes with work.
    pub lanes: u64,
    /// Jobs that wait or run.
    pub pending: u64,
    /// Lanes being worked on.
    pub running: u64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_what_one_far_side_shares() {
        for (lane, class) in [
            ("conv:cv_1", "conv"),
            ("crm:yclients:cv_1", "crm:yclients"),
            ("out:telegram:7:5001", "out:telegram"),
            ("sweep", "sweep"),
        ] {
            assert_eq!(class_of(lane), class);
        }
        assert_eq!(NewJob::chat_lane("telegram", "7", "-100/55"), "out:telegram:7:-100");
    }
}
