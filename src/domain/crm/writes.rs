//! What flow writes into a CRM beside its calendar: leads, notes, clients, and objects that stand for an appointment
//! where the CRM has none.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::{Timestamp, Zoned};

use super::CrmClient;
use crate::domain::contact::{Channel, Phone};
use crate::domain::fault::Fault;
use crate::domain::lead::LeadStatus;

/// A visit as it is written into an object of a CRM that has no appointments of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Idempotency key.
    pub key: String,
    /// What finds the object again: [`super::marker`] of the key.
    pub marker: String,
    /// The service, by the profile's id.
    pub service_id: String,
    /// Its title.
    pub service_title: String,
    /// Who does it, by the profile's id.
    pub employee_id: Option<String>,
    /// The name.
    pub employee_name: Option<String>,
    /// Start, in the connection's zone.
    pub start: Zoned,
    /// End, in the connection's zone.
    pub end: Zoned,
    /// Price told to the client, in minor units.
    pub price: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// Who comes.
    pub name: Option<String>,
    /// Who comes.
    pub phone: Phone,
    /// For the staff.
    pub comment: Option<String>,
}

/// Somebody's time that the CRM knows to be taken although flow did not take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Whose time, by the profile's id.
    pub employee_id: String,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
}

/// An object that stands for an appointment, as the CRM has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The vendor's id.
    pub id: String,
    /// Whether it stands for a visit that somebody called off there.
    pub is_cancelled: bool,
    /// When the visit is, where the object says so: a person may have moved it there.
    pub start: Option<Timestamp>,
}

/// Objects that stand for appointments in a CRM that has none: the ledger guards the slot, the object shows it.
#[async_trait]
pub trait Records: Send + Sync {
    /// Writes the object of a visit: one call, no second try. Answers the vendor's id.
    async fn create(&self, visit: &Visit) -> Result<String, Fault>;

    /// The object of a visit, by its marker; asked when nobody knows whether it was written.
    async fn find(&self, visit: &Visit) -> Result<Option<String>, Fault>;

    /// The object of that id; nothing when it is gone.
    async fn read(&self, id: &str) -> Result<Option<Record>, Fault>;

    /// Writes a visit that was moved. Doing it again changes nothing.
    async fn change(&self, id: &str, visit: &Visit) -> Result<(), Fault>;

    /// Writes that a visit was called off. Doing it again changes nothing.
    async fn cancel(&self, id: &str, visit: &Visit) -> Result<(), Fault>;

    /// The vendor's ids of the clients of visits, by the ids of their objects; who is not known is left out.
    async fn clients_of(&self, _ids: &[String]) -> HashMap<String, String> {
        HashMap::new()
    }

    /// Times that the CRM knows to be taken, beside those of the ledger.
    async fn taken(&self, _from: Timestamp, _to: Timestamp) -> Result<Vec<Taken>, Fault> {
        Ok(Vec::new())
    }
}

/// A lead as it is written into a CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadToPush {
    /// flow's id of it.
    pub lead_id: String,
    /// What finds it again: [`super::marker`] of the lead's id.
    pub marker: String,
    /// The object it was written to before.
    pub external_id: Option<String>,
    /// A line that says what it is.
    pub title: String,
    /// Who asks.
    pub name: Option<String>,
    /// Who asks.
    pub phone: Option<Phone>,
    /// Who asks.
    pub email: Option<String>,
    /// What is wanted, as a title.
    pub service: Option<String>,
    /// For when, as it was said or meant.
    pub wanted: Option<String>,
    /// How far it is.
    pub status: LeadStatus,
    /// Where it came in.
    pub channel: Channel,
    /// Which site, advertisement or person sent it.
    pub source: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// The conversation in short, several lines.
    pub summary: String,
    /// When it came.
    pub created_at: Timestamp,
}

/// Where a lead lies in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The vendor's id.
    pub external_id: String,
    /// Where a person opens it.
    pub url: Option<String>,
}

/// Leads.
#[async_trait]
pub trait Leads: Send + Sync {
    /// Writes a lead: looks first whether it is there (by `external_id`, else by its marker), then creates or updates
    /// the same object. Doing it again changes nothing.
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault>;
}

/// What a note is about, by the vendor's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A client.
    Client(String),
    /// An appointment.
    Appointment(String),
    /// A lead, as [`Leads::push`] answered it.
    Lead(String),
}

/// Notes and tasks for the CRM's own people.
#[async_trait]
pub trait Notes: Send + Sync {
    /// Writes a note. `marker` stands in it, so that the same note is not written twice.
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault>;

    /// Gives somebody a task; where the CRM has none, a note that says by when.
    async fn task(&self, about: &About, text: &str, due: &Zoned, marker: &str) -> Result<(), Fault> {
        let text = format!("{text} ({})", due.strftime("%Y-%m-%d %H:%M"));
        self.note(about, &text, marker).await
    }
}

/// A client as flow knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// The name, as they gave it.
    pub name: Option<String>,
    /// The phone.
    pub phone: Phone,
    /// An e-mail address.
    pub email: Option<String>,
}

/// Cards of clients that flow may write.
#[async_trait]
pub trait ClientCards: Send + Sync {
    /// The card with that phone, made when there is none. One that is there is not changed.
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault>;

    /// Writes what flow knows into a card: what is absent here stays there.
    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault>;
}
