//! Booking, and the look for what may have been booked.

use std::time::Duration;

use serde_json::{Map, Value};

use super::EasyWeek;
use super::clients::names;
use super::kept::Kept;
use super::location::Location;
use super::read::{BookingRow, booking, one};
use crate::adapters::http::{Method, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, CrmClient, Slot};
use crate::domain::fault::{Fault, FaultKind};

/// Waits between two looks at a booking that was made a moment ago.
const SHOWS_AFTER: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// A booking on its way.
pub(super) struct Order<'o> {
    pub service: &'o str,
    pub employee: Option<&'o str>,
    pub start: jiff::Timestamp,
    pub name: Option<&'o str>,
    pub phone: &'o Phone,
    pub email: Option<&'o str>,
    pub comment: String,
}

fn body(order: &Order<'_>, location: &Location) -> Value {
    let (first, last) = names(order.name);
    let mut body = Map::new();
    let mut put = |name: &str, value: &str| body.insert(name.to_owned(), value.into());
    put("location_uuid", &location.id);
    put("service_uuid", order.service);
    if let Some(employee) = order.employee {
        put("staffer_uuid", employee);
    }
    put("reserved_on", &order.start.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    put("timezone", location.zone.iana_name().unwrap_or("UTC"));
    put("customer_phone", order.phone.as_str());
    put("customer_first_name", &first);
    if let Some(last) = &last {
        put("customer_last_name", last);
    }
    if let Some(email) = order.email {
        put("customer_email", email);
    }
    put("booking_comment", &order.comment);
    Value::Object(body)
}

/// What the staff (and the client) reads, and what the booking is found by.
pub(super) fn comment(remark: Option<&str>, marker: &str) -> String {
    match remark.map(str::trim).filter(|remark| !remark.is_empty()) {
        Some(remark) => format!("{remark} {marker}"),
        None => format!("From chat. {marker}"),
    }
}

impl EasyWeek {
    pub(super) async fn book_visit(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let order = Order {
            service: &request.service_id,
            employee: request.employee_id.as_deref(),
            start: request.start,
            name: request.name.as_deref(),
            phone: &request.phone,
            email: None,
            comment: comment(request.comment.as_deref(), &request.marker()),
        };
        self.write("book", &order).await
    }

    /// Writes a booking and reads it back.
    pub(super) async fn write(&self, operation: &'static str, order: &Order<'_>) -> Result<Appointment, Fault> {
        let location = self.location(operation).await.map_err(certain)?;
        let call = self.wire.call("create_booking", Method::Post, &["bookings"]).json(body(order, &location));
        let made = match self.wire.portal.json(&call).await {
            Ok(made) => made,
            // Under which field a taken time is refused is not told: whether it is free still, is.
            Err(fault) if fault.kind == FaultKind::Rejected => {
                let looked = self.looked_up(operation, (order.service, order.employee), order.start).await;
                return Err(looked.err().filter(|gone| gone.kind == FaultKind::SlotTaken).unwrap_or(fault));
            }
            Err(fault) => return Err(fault),
        };
        let id = one(&made).get("uuid").and_then(read::text);
        let id = id.ok_or_else(|| {
            self.fault(FaultKind::UnknownOutcome, operation, "it was taken, and the answer does not name the booking")
        })?;
        let kept = Kept { service: order.service.to_owned(), employee: order.employee.map(str::to_owned) };
        self.keep(&id, Some(order.phone), &kept).await;
        let client = CrmClient {
            id: None,
            name: order.name.map(str::to_owned),
            phone: Some(order.phone.clone()),
            email: order.email.map(str::to_owned),
        };
        let length = self.length_of(order.service);
        let end = order.start.checked_add(length).unwrap_or(order.start);
        let sent = Appointment {
            id: id.clone(),
            start: order.start.to_zoned(location.zone.clone()),
            end: end.to_zoned(location.zone.clone()),
            service_id: order.service.to_owned(),
            employee_id: kept.employee.clone(),
            client,
            status: AppointmentStatus::Booked,
        };
        match self.booking(operation, &id).await {
            Ok(Some(row)) => {
                if row.start != order.start {
                    tracing::warn!(connection = %self.wiring.name, booking = %id, "a booking was stored otherwise than it was sent");
                }
                let employee_id = self.proved(operation, order, &row).await;
                let zone = &location.zone;
                let client = CrmClient { id: row.customer.and_then(|customer| customer.id), ..sent.client.clone() };
                let (start, end) = (row.start.to_zoned(zone.clone()), row.end.to_zoned(zone.clone()));
                Ok(Appointment { start, end, status: row.status, client, employee_id, ..sent })
            }
            outcome => {
                tracing::warn!(connection = %self.wiring.name, fault = ?outcome.err(), "a booking could not be read back");
                Ok(sent)
            }
        }
    }

    fn length_of(&self, service: &str) -> jiff::SignedDuration {
        let known = super::locked(&self.services);
        let row = known.as_ref().and_then(|(_, rows)| rows.iter().find(|row| row.id == service));
        jiff::SignedDuration::from_secs(row.and_then(|row| row.seconds).unwrap_or(3600))
    }

    /// The booking of that id.
    pub(super) async fn booking(&self, operation: &'static str, id: &str) -> Result<Option<BookingRow>, Fault> {
        if id.trim().is_empty() {
            return Ok(None);
        }
        match self.wire.portal.json(&self.wire.call("booking", Method::Get, &["bookings", id])).await {
            Ok(body) => booking(&body).map(Some).map_err(self.unreadable(operation)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The booking of that id, that must be there. One that flow made a moment ago may take its time to show.
    pub(super) async fn standing(&self, operation: &'static str, id: &str) -> Result<BookingRow, Fault> {
        for wait in SHOWS_AFTER {
            if let Some(row) = self.booking(operation, id).await? {
                return Ok(row);
            }
            if !self.is_new(operation, id).await? {
                break;
            }
            tokio::time::sleep(*wait).await;
        }
        Err(self.missing(operation, "booking", id))
    }

    pub(super) async fn offered(&self, request: &BookRequest) -> Result<Slot, Fault> {
        self.looked_up("book", (&request.service_id, request.employee_id.as_deref()), request.start).await
    }

    /// With whom the booking is that was just made: no booking says so, the list of whoever was asked for does.
    async fn proved(&self, operation: &'static str, order: &Order<'_>, row: &BookingRow) -> Option<String> {
        let wanted = order.employee?;
        match self.with_whom(operation, row, Some(wanted)).await {
            Ok(Some(found)) if found == wanted => {}
            Ok(Some(found)) => {
                tracing::warn!(connection = %self.wiring.name, booking = %row.id, wanted, found,
                    "a booking was made with another employee than it was asked for");
                let kept = Kept { service: order.service.to_owned(), employee: Some(found.clone()) };
                self.keep(&row.id, Some(order.phone), &kept).await;
                return Some(found);
            }
            Ok(None) => {
                tracing::warn!(connection = %self.wiring.name, booking = %row.id, wanted,
                    "a booking is on nobody's list: its employee is taken to be the one asked for");
            }
            Err(fault) => {
                tracing::warn!(connection = %self.wiring.name, booking = %row.id, %fault,
                    "whether a booking is with the employee asked for could not be looked up");
            }
        }
        Some(wanted.to_owned())
    }

    /// Whose list a booking is on: that one's first, then everybody's.
    pub(super) async fn with_whom(
        &self,
        operation: &'static str,
        row: &BookingRow,
        first: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        if let Some(employee) = first
            && self.is_with(operation, row, employee).await?
        {
            return Ok(Some(employee.to_owned()));
        }
        for employee in self.staffers(operation).await? {
            if first != Some(employee.id.as_str()) && self.is_with(operation, row, &employee.id).await? {
                return Ok(Some(employee.id));
            }
        }
        Ok(None)
    }

    async fn is_with(&self, operation: &'static str, row: &BookingRow, employee: &str) -> Result<bool, Fault> {
        let (from, to) = around(row.start);
        let listed = self.listed(operation, (None, Some(employee)), Some(from), Some(to)).await?;
        Ok(listed.iter().any(|listed| listed.id == row.id))
    }

    /// The standing booking of a client that starts then and carries the mark. Whatever only looks alike is somebody
    /// else's; two that carry it are for a person.
    pub(super) async fn marked(
        &self,
        operation: &'static str,
        phone: &Phone,
        start: jiff::Timestamp,
        marker: &str,
    ) -> Result<Option<(BookingRow, CrmClient)>, Fault> {
        let (from, to) = around(start);
        let mut found = Vec::new();
        for customer in self.customers_of(phone).await? {
            let Some(id) = customer.id.clone() else { continue };
            for row in self.listed(operation, (Some(&id), None), Some(from), Some(to)).await? {
                if row.start != start || row.status == AppointmentStatus::Cancelled {
                    continue;
                }
                let Some(row) = self.booking(operation, &row.id).await? else { continue };
                if row.status == AppointmentStatus::Cancelled || row.start != start {
                    continue;
                }
                if row.notes.contains(marker) {
                    found.push((row, customer.clone()));
                }
            }
        }
        if found.len() > 1 {
            let ids = found.iter().map(|(row, _)| row.id.as_str()).collect::<Vec<_>>().join(", ");
            let detail = format!("{} bookings bear one mark: cancel all but one of {ids} in EasyWeek", found.len());
            return Err(self.fault(FaultKind::UnknownOutcome, operation, detail));
        }
        Ok(found.pop())
    }
}

/// A minute on both sides.
fn around(start: jiff::Timestamp) -> (jiff::Timestamp, jiff::Timestamp) {
    let minute = jiff::SignedDuration::from_mins(1);
    (start.checked_sub(minute).unwrap_or(start), start.checked_add(minute).unwrap_or(start))
}

/// What fails before anything is written is in no doubt.
pub(super) fn certain(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Protocol | FaultKind::UnknownOutcome => Fault { kind: FaultKind::Unavailable, ..fault },
        _ => fault,
    }
}
