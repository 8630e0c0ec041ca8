//! What flow and a CRM speak of: services, staff, free times, appointments and those who come to them.

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use super::marker;
use crate::domain::booking::BookingState;
use crate::domain::company::Price;
use crate::domain::contact::{Channel, Phone};
use crate::domain::conversation::named_enum;
use crate::domain::id::{ContactId, ConversationId, LeadId};

/// The answer of [`super::Crm::probe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Whose account it is.
    pub account: String,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found and, when not ok, what to do.
    pub detail: String,
    /// How long it took.
    pub ms: u64,
}

/// A service as the CRM has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmService {
    /// The vendor's id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The group's title.
    pub category: Option<String>,
    /// Absent where the vendor does not say.
    pub duration_min: Option<u32>,
    /// Absent when a person names it.
    pub price: Option<Price>,
    /// ISO 4217.
    pub currency: String,
}

/// A person as the CRM has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmEmployee {
    /// The vendor's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The position.
    pub title: Option<String>,
    /// Services provided.
    pub service_ids: Vec<String>,
}

/// Which free times are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotQuery {
    /// The service.
    pub service_id: String,
    /// One employee, or anybody.
    pub employee_id: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// An appointment whose own time counts as free (it is being moved).
    pub moving: Option<String>,
}

/// A free time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Start, in the connection's zone.
    pub start: Zoned,
    /// End, in the connection's zone.
    pub end: Zoned,
    /// Who would do it; `None` is anybody.
    pub employee_id: Option<String>,
    /// The service.
    pub service_id: String,
}

/// What to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRequest {
    /// Idempotency key.
    pub key: String,
    /// The service.
    pub service_id: String,
    /// The employee; `None` lets the CRM choose.
    pub employee_id: Option<String>,
    /// When.
    pub start: Timestamp,
    /// Who comes.
    pub name: Option<String>,
    /// Who comes.
    pub phone: Phone,
    /// For the staff.
    pub comment: Option<String>,
    /// Where it was asked for.
    pub origin: Origin,
}

impl BookRequest {
    /// What finds the appointment again.
    #[must_use]
    pub fn marker(&self) -> String {
        marker(&self.key)
    }
}

/// Where a booking was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The channel.
    pub channel: Option<Channel>,
    /// The person.
    pub contact_id: Option<ContactId>,
    /// The dialogue.
    pub conversation_id: Option<ConversationId>,
    /// The lead.
    pub lead_id: Option<LeadId>,
}

/// Where to move an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRequest {
    /// Idempotency key.
    pub key: String,
    /// Which one.
    pub id: String,
    /// To when.
    pub start: Timestamp,
    /// To whom; `None` keeps the employee.
    pub employee_id: Option<String>,
}

named_enum! {
    /// What became of an appointment.
    AppointmentStatus {
        /// It stands.
        Booked = "booked",
        /// The vendor's staff must agree first.
        Requested = "requested",
        /// Called off.
        Cancelled = "cancelled",
        /// Took place.
        Done = "done",
        /// The client did not come.
        NoShow = "no_show",
    }
}

impl From<BookingState> for AppointmentStatus {
    /// What a row of the ledger means to whoever asks for appointments.
    fn from(state: BookingState) -> Self {
        match state {
            BookingState::Held | BookingState::Committing | BookingState::Unknown => Self::Requested,
            BookingState::Booked => Self::Booked,
            BookingState::Refused | BookingState::Cancelled => Self::Cancelled,
            BookingState::Done => Self::Done,
            BookingState::NoShow => Self::NoShow,
        }
    }
}

/// An appointment as the CRM has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The vendor's id.
    pub id: String,
    /// Start, in the connection's zone.
    pub start: Zoned,
    /// End, in the connection's zone.
    pub end: Zoned,
    /// The (first) service.
    pub service_id: String,
    /// Who does it.
    pub employee_id: Option<String>,
    /// Who comes.
    pub client: CrmClient,
    /// Where it stands.
    pub status: AppointmentStatus,
}

/// A client as the CRM has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrmClient {
    /// The vendor's id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// E.164.
    pub phone: Option<Phone>,
    /// An e-mail address.
    pub email: Option<String>,
}

/// Which appointments are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppointmentQuery {
    /// Of this client.
    pub phone: Option<Phone>,
    /// First day, in the connection's zone.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Cancelled ones too.
    pub all: bool,
}
