//! Leads: who may become a client. Contract: HTTP API B1.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::{Channel, Phone};
use super::conversation::named_enum;
use super::id::{ContactId, ConversationId, LeadId};

named_enum! {
    /// How far a lead is.
    LeadStatus {
        /// Nobody has looked at it.
        New = "new",
        /// Being worked on.
        InProgress = "in_progress",
        /// Wants to book and can be reached.
        Qualified = "qualified",
        /// A visit stands.
        Booked = "booked",
        /// Came and paid.
        Won = "won",
        /// Will not come.
        Lost = "lost",
        /// Was never a client.
        Spam = "spam",
    }
}

impl LeadStatus {
    /// The states a lead may move to from this one; a move to the same state is always allowed.
    #[must_use]
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::InProgress, Self::Qualified, Self::Booked, Self::Won, Self::Lost, Self::Spam],
            Self::InProgress => &[Self::Qualified, Self::Booked, Self::Lost, Self::Spam],
            Self::Qualified => &[Self::Booked, Self::Lost],
            Self::Booked => &[Self::Won, Self::Lost, Self::InProgress],
            Self::Won | Self::Lost | Self::Spam => &[Self::InProgress],
        }
    }

    /// Whether the lead may become `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self == next || self.allowed().contains(&next)
    }

    /// Whether the lead still waits for its outcome (`new`, `in_progress`, `qualified`).
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::InProgress | Self::Qualified)
    }
}

named_enum! {
    /// Where a lead stands in the CRM.
    CrmState {
        /// Not sent.
        None = "none",
        /// Waits to be sent.
        Queued = "queued",
        /// The CRM has it.
        Synced = "synced",
        /// The CRM refused it.
        Failed = "failed",
        /// The outcome of the last call is not known.
        Unknown = "unknown",
    }
}

/// What the client agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Processing of personal data.
    pub personal_data: bool,
    /// When.
    pub at: Option<Timestamp>,
}

/// The lead's double in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadCrm {
    /// The connection's name.
    pub provider: Option<String>,
    /// The CRM's id of it.
    pub external_id: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// How far the sync is.
    pub state: CrmState,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it last arrived.
    pub synced_at: Option<Timestamp>,
}

impl Default for LeadCrm {
    fn default() -> Self {
        Self { provider: None, external_id: None, url: None, state: CrmState::None, last_error: None, synced_at: None }
    }
}

/// A lead, as stored and as shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lead {
    /// The lead's id.
    pub id: LeadId,
    /// How far it is.
    pub status: LeadStatus,
    /// The person's name.
    pub name: Option<String>,
    /// E.164.
    pub phone: Option<Phone>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Where it came in.
    pub channel: Channel,
    /// Which site, advertisement or person sent it.
    pub source: Option<String>,
    /// What is wanted.
    pub service: Option<String>,
    /// For when.
    pub desired_at: Option<Timestamp>,
    /// For when, as it was said.
    pub desired_text: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Labels, sorted, each once.
    pub tags: Vec<String>,
    /// Who works on it.
    pub assigned_to: Option<String>,
    /// The person.
    pub contact_id: Option<ContactId>,
    /// The dialogue it came from.
    pub conversation_id: Option<ConversationId>,
    /// What the client agreed to.
    pub consent: Option<Consent>,
    /// Its double in the CRM.
    pub crm: LeadCrm,
    /// Free members, at most 8 KiB.
    pub custom: serde_json::Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

impl Lead {
    /// A new lead that has nothing yet.
    #[must_use]
    pub fn blank(channel: Channel, now: Timestamp) -> Self {
        Self {
            id: LeadId::new(now),
            status: LeadStatus::New,
            name: None,
            phone: None,
            email: None,
            channel,
            source: None,
            service: None,
            desired_at: None,
            desired_text: None,
            comment: None,
            tags: Vec::new(),
            assigned_to: None,
            contact_id: None,
            conversation_id: None,
            consent: None,
            crm: LeadCrm::default(),
            custom: serde_json::Value::Object(serde_json::Map::new()),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

/// A change of a lead: the outer `None` keeps the value, `Some(None)` clears it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeadPatch {
    /// New state.
    pub status: Option<LeadStatus>,
    /// New name.
    pub name: Option<Option<String>>,
    /// New phone.
    pub phone: Option<Option<Phone>>,
    /// New e-mail.
    pub email: Option<Option<String>>,
    /// New source.
    pub source: Option<Option<String>>,
    /// New service.
    pub service: Option<Option<String>>,
    /// New wish.
    pub desired_at: Option<Option<Timestamp>>,
    /// New wish in words.
    pub desired_text: Option<Option<String>>,
    /// New remark.
    pub comment: Option<Option<String>>,
    /// New labels.
    pub tags: Option<Vec<String>>,
    /// New owner.
    pub assigned_to: Option<Option<String>>,
    /// New consent.
    pub consent: Option<Option<Consent>>,
    /// New free members.
    pub custom: Option<serde_json::Value>,
    /// Where it lies in the CRM now.
    pub crm: Option<LeadCrm>,
}

impl LeadPatch {
    /// Applies the change; `false` when nothing differs.
    pub fn apply(&self, lead: &mut Lead) -> bool {
        let before = lead.clone();
        fn set<T: Clone>(target: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                *target = value.clone();
            }
        }
        set(&mut lead.status, self.status.as_ref());
        set(&mut lead.name, self.name.as_ref());
        set(&mut lead.phone, self.phone.as_ref());
        set(&mut lead.email, self.email.as_ref());
        set(&mut lead.source, self.source.as_ref());
        set(&mut lead.service, self.service.as_ref());
        set(&mut lead.desired_at, self.desired_at.as_ref());
        set(&mut lead.desired_text, self.desired_text.as_ref());
        set(&mut lead.comment, self.comment.as_ref());
        set(&mut lead.tags, self.tags.as_ref());
        set(&mut lead.assigned_to, self.assigned_to.as_ref());
        set(&mut lead.consent, self.consent.as_ref());
        set(&mut lead.custom, self.custom.as_ref());
        set(&mut lead.crm, self.crm.as_ref());
        lead.tags.sort();
        lead.tags.dedup();
        *lead != before
    }
}
