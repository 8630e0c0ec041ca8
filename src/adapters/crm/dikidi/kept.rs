//! What flow keeps: requests that it sent, and visits as the bridge told them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Dikidi;
use super::outbound::id_of;
use super::scalars::{member, minutes, text};
use crate::adapters::http::read;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient};
use crate::domain::fault::Fault;

const REQUEST: &str = "request";
const VISIT: &str = "appointment";
/// A list is never longer.
const AT_MOST: u32 = 10_000;
/// A visit whose length nobody told.
const USUAL: i64 = 60;

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Written down, perhaps not delivered.
    Requested,
    Delivered,
    Confirmed,
    Rejected,
    /// Confirmed at another time; the client must agree.
    Changed,
    /// The client changed their mind.
    Withdrawn,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wish {
    Create,
    Reschedule,
    Cancel,
}

/// Something with a name, as the other side knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub ext_id: String,
    pub name: String,
}

/// A request that flow sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    pub id: String,
    pub state: State,
    pub wish: Wish,
    /// The visit there, once it is known.
    pub ext_id: Option<String>,
    pub start: Timestamp,
    pub minutes: i64,
    pub service: Named,
    /// In minor units.
    pub price: Option<i64>,
    pub employee: Option<Named>,
    pub name: Option<String>,
    pub phone: Option<Phone>,
    pub comment: Option<String>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
    /// The words of whoever decided, to know them again.
    pub decided: Option<Value>,
}

impl Request {
    /// Whether somebody may still decide.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Requested | State::Delivered | State::Changed) && now < self.expires_at
    }

    /// As a visit: one that waits for the salon, stands, or will not be.
    pub fn appointment(&self, now: Timestamp, zone: &TimeZone) -> Appointment {
        let status = match self.state {
            State::Confirmed if self.wish != Wish::Cancel => AppointmentStatus::Booked,
            _ if self.is_open(now) => AppointmentStatus::Requested,
            _ => AppointmentStatus::Cancelled,
        };
        let known = self.ext_id.clone().filter(|_| self.wish != Wish::Create || self.state == State::Confirmed);
        Appointment {
            id: known.unwrap_or_else(|| self.id.clone()),
            start: self.start.to_zoned(zone.clone()),
            end: (self.start + SignedDuration::from_mins(self.minutes)).to_zoned(zone.clone()),
            service_id: self.service.ext_id.clone(),
            employee_id: self.employee.as_ref().map(|employee| employee.ext_id.clone()),
            client: CrmClient { id: None, name: self.name.clone(), phone: self.phone.clone(), email: None },
            status,
        }
    }

    pub fn end(&self) -> Timestamp {
        self.start + SignedDuration::from_mins(self.minutes)
    }
}

/// A visit as the bridge told it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Visit {
    pub ext_id: String,
    pub request_id: Option<String>,
    pub start: Option<Timestamp>,
    pub minutes: i64,
    pub status: AppointmentStatus,
    pub service: Option<Named>,
    pub employee: Option<Named>,
    pub client: CrmClient,
}

/// Reads a kept visit; nothing when it is none.
pub(super) fn read_visit(body: &Value) -> Option<Visit> {
    let named = |object: &Value| {
        let (ext_id, name) = (text(object, "ext_id"), text(object, "name"));
        let id = ext_id.or_else(|| name.clone())?;
        Some(Named { name: name.unwrap_or_else(|| id.clone()), ext_id: id })
    };
    let client = member(body, "client");
    let services = read::list(member(body, "services"));
    Some(Visit {
        ext_id: text(body, "ext_id")?,
        request_id: text(body, "request_id"),
        start: text(body, "start").and_then(|start| start.parse().ok()),
        minutes: minutes(member(body, "minutes")).unwrap_or(USUAL),
        status: match text(body, "status").as_deref() {
            Some("canceled") => AppointmentStatus::Cancelled,
            Some("came") => AppointmentStatus::Done,
            Some("no_show") => AppointmentStatus::NoShow,
            _ => AppointmentStatus::Booked,
        },
        service: services.first().and_then(|service| named(service)),
        employee: named(member(body, "employee")),
        client: CrmClient {
            id: text(client, "ext_id"),
            name: text(client, "name"),
            phone: read::phone(member(client, "phone")),
            email: text(client, "email"),
        },
    })
}

impl Visit {
    /// As an appointment; one whose time was never told is none yet.
    pub fn appointment(&self, zone: &TimeZone) -> Option<Appointment> {
        let start: Zoned = self.start?.to_zoned(zone.clone());
        Some(Appointment {
            id: self.ext_id.clone(),
            end: self.end()?.to_zoned(zone.clone()),
            start,
            service_id: self.service.as_ref().map(|service| service.ext_id.clone()).unwrap_or_default(),
            employee_id: self.employee.as_ref().map(|employee| employee.ext_id.clone()),
            client: self.client.clone(),
            status: self.status,
        })
    }

    pub fn end(&self) -> Option<Timestamp> {
        self.start?.checked_add(SignedDuration::from_mins(self.minutes)).ok()
    }
}

impl Dikidi {
    /// The id of the request that a key makes.
    pub(super) fn request_id(&self, key: &str) -> String {
        let digits: String =
            id_of(&self.wiring.name, &format!("request|{key}")).chars().filter(|c| *c != '-').collect();
        format!("rq_{}", &digits[..26])
    }

    pub(super) async fn request(&self, operation: &'static str, id: &str) -> Result<Option<Request>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, REQUEST, id).await.map_err(self.lost(operation))?;
        Ok(copy.and_then(|copy| serde_json::from_value(copy.body).ok()))
    }

    pub(super) async fn requests(&self, operation: &'static str, phone: Option<&Phone>) -> Result<Vec<Request>, Fault> {
        let copies = self.wiring.store.all_copied(&self.wiring.name, REQUEST, phone, AT_MOST).await;
        let copies = copies.map_err(self.lost(operation))?;
        Ok(copies.into_iter().filter_map(|copy| serde_json::from_value(copy.body).ok()).collect())
    }

    pub(super) async fn keep_request(&self, operation: &'static str, request: &Request) -> Result<(), Fault> {
        let copy = Copied {
            id: request.id.clone(),
            phone: request.phone.clone(),
            body: json!(request),
            at: self.wiring.clock.now(),
        };
        self.wiring.store.keep_copy(&self.wiring.name, REQUEST, &copy).await.map_err(self.lost(operation)).map(|_| ())
    }

    pub(super) async fn visit(&self, operation: &'static str, ext_id: &str) -> Result<Option<Visit>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, VISIT, ext_id).await.map_err(self.lost(operation))?;
        Ok(copy.and_then(|copy| read_visit(&copy.body)))
    }

    pub(super) async fn visits(&self, operation: &'static str, phone: Option<&Phone>) -> Result<Vec<Visit>, Fault> {
        let copies = self.wiring.store.all_copied(&self.wiring.name, VISIT, phone, AT_MOST).await;
        Ok(copies.map_err(self.lost(operation))?.iter().filter_map(|copy| read_visit(&copy.body)).collect())
    }

    /// Keeps what is told of a visit: what is newer wins, member by member; what is older only fills gaps.
    pub(super) async fn keep_visit(
        &self,
        operation: &'static str,
        told: &Map<String, Value>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let ext_id = told.get("ext_id").and_then(read::text).unwrap_or_default();
        let known = self.wiring.store.copied(&self.wiring.name, VISIT, &ext_id).await.map_err(self.lost(operation))?;
        let (body, at) = match known {
            Some(known) if known.at > at => (over(told, known.body.as_object()), known.at),
            Some(known) => (over(known.body.as_object().unwrap_or(&Map::new()), Some(told)), at),
            None => (told.clone(), at),
        };
        let body = Value::Object(body);
        let phone = read_visit(&body).and_then(|visit| visit.client.phone);
        let copy = Copied { id: ext_id, phone, body, at };
        self.wiring.store.keep_copy(&self.wiring.name, VISIT, &copy).await.map_err(self.lost(operation)).map(|_| ())
    }
}

/// What lies below, with what lies above it on top.
fn over(below: &Map<String, Value>, above: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut both = below.clone();
    for (name, value) in above.into_iter().flatten() {
        both.insert(name.clone(), value.clone());
    }
    both
}
