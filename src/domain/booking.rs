//! The booking ledger: what flow promised, and what became of it. `docs/adr/0005-booking-ledger.md`.

use jiff::Timestamp;
use serde::Serialize;

use super::contact::{Channel, Phone};
use super::conversation::named_enum;
use super::id::{BookingId, ContactId, ConversationId, LeadId};

/// What the row of a booking that the vendor's staff must agree to says as its error: it stands, and is not booked.
pub const REQUESTED: &str = "requested";

/// The same of a visit that stands until the vendor's staff have called it off.
pub const CANCELLING: &str = "cancel_requested";

named_enum! {
    /// Where a row of the ledger stands.
    BookingState {
        /// The slot is kept while the CRM is asked.
        Held = "held",
        /// The CRM is being asked.
        Committing = "committing",
        /// The CRM has it.
        Booked = "booked",
        /// The CRM said no.
        Refused = "refused",
        /// Nobody knows whether the CRM has it.
        Unknown = "unknown",
        /// Called off.
        Cancelled = "cancelled",
        /// The visit took place.
        Done = "done",
        /// The client did not come.
        NoShow = "no_show",
    }
}

impl BookingState {
    /// Whether the row keeps its slot from others.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Held | Self::Committing | Self::Booked | Self::Unknown)
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Booking {
    /// The row's id.
    pub id: BookingId,
    /// The CRM connection it lives in.
    pub connection: String,
    /// The CRM's id of the appointment.
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: BookingState,
    /// Service, by the CRM's id.
    pub service_id: String,
    /// Its title when booked.
    pub service_title: String,
    /// Employee, by the CRM's id.
    pub employee_id: Option<String>,
    /// The name when booked.
    pub employee_name: Option<String>,
    /// Start of the visit.
    pub start: Timestamp,
    /// End of the visit.
    pub end: Timestamp,
    /// The client's name.
    pub client_name: Option<String>,
    /// The client's phone.
    pub phone: Option<Phone>,
    /// Price told to the client, in minor units.
    pub price: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// A remark for the staff.
    pub comment: Option<String>,
    /// Where it was asked for.
    pub channel: Option<Channel>,
    /// The person.
    pub contact_id: Option<ContactId>,
    /// The dialogue.
    pub conversation_id: Option<ConversationId>,
    /// The lead.
    pub lead_id: Option<LeadId>,
    /// What the CRM said when it refused.
    pub error: Option<String>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// A row to be made. `key` is one name space per connection: the same key again is the same booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBooking {
    /// The CRM connection.
    pub connection: String,
    /// Idempotency key.
    pub key: String,
    /// Service, by the CRM's id.
    pub service_id: String,
    /// Its title.
    pub service_title: String,
    /// Employee, by the CRM's id.
    pub employee_id: Option<String>,
    /// The name.
    pub employee_name: Option<String>,
    /// Start of the visit.
    pub start: Timestamp,
    /// End of the visit.
    pub end: Timestamp,
    /// The client's name.
    pub client_name: Option<String>,
    /// The client's phone.
    pub phone: Option<Phone>,
    /// Price told to the client.
    pub price: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// A remark for the staff.
    pub comment: Option<String>,
    /// Where it was asked for.
    pub channel: Option<Channel>,
    /// The person.
    pub contact_id: Option<ContactId>,
    /// The dialogue.
    pub conversation_id: Option<ConversationId>,
    /// The lead.
    pub lead_id: Option<LeadId>,
}

impl NewBooking {
    /// What must be equal when the same key is used again.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!(
            "book|{}|{}|{}|{}",
            self.service_id,
            self.employee_id.as_deref().unwrap_or(""),
            self.start,
            self.phone.as_ref().map_or("", Phone::as_str)
        )
    }
}
