//! The booking form's way: with the partner's token alone. What it gives for an appointment, a hash, is the only key
//! to it: it is kept encrypted, and never shown.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Branch;
use super::book::{Order, api_id, appointment, sent};
use super::company::Company;
use super::record::{RecordRow, read_record};
use super::sealed;
use super::wire::{self, Who};
use crate::adapters::http::Method;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, BookRequest, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// The kind of the copies.
const HASH: &str = "record_hash";
/// So many of one client's are looked at.
const AT_MOST: u32 = 100;

/// What flow keeps of an appointment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub hash: String,
    pub phone: Option<Phone>,
    body: Value,
}

impl Kept {
    /// Whether we have begun to call it off.
    pub fn is_given_up(&self) -> bool {
        wire::flag(&self.body, "given_up").unwrap_or(false)
    }

    /// What was booked, by what is kept.
    pub fn appointment(&self, id: &str, zone: &TimeZone, status: AppointmentStatus) -> Option<Appointment> {
        visit(&self.body, id, self.phone.clone(), zone, status)
    }
}

/// An appointment as it is kept.
pub(super) fn to_keep(appointment: &Appointment) -> Value {
    json!({
        "start": appointment.start.timestamp().to_string(), "end": appointment.end.timestamp().to_string(),
        "service": appointment.service_id, "staff": appointment.employee_id,
    })
}

/// An appointment that was kept.
pub(super) fn visit(
    body: &Value,
    id: &str,
    phone: Option<Phone>,
    zone: &TimeZone,
    status: AppointmentStatus,
) -> Option<Appointment> {
    let at = |name: &str| wire::text(body, name)?.parse::<Timestamp>().ok().map(|at| at.to_zoned(zone.clone()));
    Some(Appointment {
        id: id.to_owned(),
        start: at("start")?,
        end: at("end")?,
        service_id: wire::text(body, "service")?,
        employee_id: wire::text(body, "staff"),
        client: CrmClient { id: None, name: None, phone, email: None },
        status,
    })
}

/// The id and the hash of what was booked.
pub(super) fn read_booked(body: &Value) -> Result<(String, String), String> {
    let rows = wire::rows(body, "bookings")?;
    let [row] = rows.as_slice() else { return Err(format!("expected one booking, {} came", rows.len())) };
    let id = ["record_id", "id"].iter().find_map(|name| wire::id(row, name));
    let hash = wire::text(row, "record_hash");
    id.zip(hash).ok_or_else(|| "a booking without its id and hash".to_owned())
}

impl Branch {
    pub(super) async fn write_by_form(&self, order: &Order<'_>) -> Result<Appointment, Fault> {
        self.is_open_to_us(order.company).await?;
        let request = order.request;
        let body = json!({
            "phone": wire::digits(request.phone.as_str()), "fullname": self.name_of(request), "email": "",
            "comment": self.comment(request), "type": "mobile", "notify_by_sms": 0, "notify_by_email": 0,
            "api_id": api_id(&request.key), "appointments": [with_fields(appointment(order))],
        });
        let parts = ["book_record", &self.company_id];
        let call = self.wire.call("book_record", Method::Post, Who::Guest, &parts).json(body);
        let (id, hash) = read_booked(&self.wire.portal.json(&call).await?).map_err(self.unreadable("book"))?;
        let booked = sent(order, id.clone());
        let kept = Kept { hash, phone: Some(request.phone.clone()), body: to_keep(&booked) };
        if let Err(fault) = self.keep(&id, &kept, false).await {
            tracing::error!(connection = %self.wiring.name, record = %id, %fault,
                "the key to a booking could not be kept: only the branch's staff can move or cancel it");
            return Ok(booked);
        }
        match self.form_record("book", &id, &kept).await {
            Ok(Some(row)) => {
                Ok(self.shown(&row, &kept, request.name.as_deref(), &order.company.zone).unwrap_or(booked))
            }
            Ok(None) => Ok(booked),
            Err(fault) => {
                tracing::warn!(connection = %self.wiring.name, %fault, "a booking could not be read back");
                Ok(booked)
            }
        }
    }

    /// Refuses where the form asks for what only a person can give.
    async fn is_open_to_us(&self, company: &Company) -> Result<(), Fault> {
        let cabinet = &self.vendor.cabinet;
        let asks = if company.row.needs_code || self.online_code().await {
            cabinet.code
        } else if company.row.needs_email {
            cabinet.email
        } else {
            return Ok(());
        };
        let detail = format!(
            "the booking form has {asks} switched on: switch it off in {}, or set `user_token` of the connection",
            cabinet.online
        );
        Err(self.fault(FaultKind::Unsupported, "book", detail))
    }

    /// Where newer accounts say that the form wants a code; what they do not say is no.
    async fn online_code(&self) -> bool {
        if !self.vendor.has_tags {
            return false;
        }
        let parts = ["company", &self.company_id, "settings", "online"];
        let call = self.wire.call("online_settings", Method::Get, Who::Guest, &parts);
        let answer = self.wire.portal.json(&call).await;
        answer.ok().and_then(|body| wire::flag(wire::one(&body), "confirm_number")).unwrap_or(false)
    }

    /// Keeps the key to an appointment; `given_up` before it is called off.
    pub(super) async fn keep(&self, id: &str, kept: &Kept, given_up: bool) -> Result<(), Fault> {
        let mut body = kept.body.clone();
        let sealed = sealed::seal(&self.partner_token, &self.name_of_key(id), &kept.hash);
        let sealed = sealed.ok_or_else(|| self.fault(FaultKind::Store, "book", "a key could not be encrypted"))?;
        body["hash"] = sealed.into();
        body["given_up"] = given_up.into();
        let copy = Copied { id: id.to_owned(), phone: kept.phone.clone(), body, at: self.now() };
        let kept = self.wiring.store.keep_copy(&self.wiring.name, HASH, &copy).await;
        kept.map(|_| ()).map_err(|error| self.fault(FaultKind::Store, "book", error.to_string()))
    }

    /// The key to an appointment; without it the form has no say in it.
    pub(super) async fn key_to(&self, operation: &'static str, id: &str) -> Result<Kept, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, HASH, id).await;
        let copy = copy.map_err(|error| self.fault(FaultKind::Store, operation, error.to_string()))?;
        let copy = copy.ok_or_else(|| self.needs_user(operation, "an appointment that flow did not book"))?;
        self.of_copy(copy).ok_or_else(|| {
            self.needs_user(operation, "an appointment whose key was kept under another partner's token")
        })
    }

    fn name_of_key(&self, id: &str) -> String {
        format!("{}:{id}", self.company_id)
    }

    fn of_copy(&self, copy: Copied) -> Option<Kept> {
        let hash = sealed::opened(&self.partner_token, &self.name_of_key(&copy.id), &wire::text(&copy.body, "hash")?)?;
        Some(Kept { hash, phone: copy.phone, body: copy.body })
    }

    pub(super) async fn form_record(
        &self,
        operation: &'static str,
        id: &str,
        kept: &Kept,
    ) -> Result<Option<RecordRow>, Fault> {
        let parts = ["book_record", &self.company_id, id, &kept.hash];
        let call = self.wire.call("form_record", Method::Get, Who::Guest, &parts);
        match self.wire.portal.json(&call).await {
            Ok(body) => read_record(&body).map(Some).map_err(self.unreadable(operation)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// An appointment as the form shows it, with what the form leaves out.
    pub(super) fn shown(
        &self,
        row: &RecordRow,
        kept: &Kept,
        name: Option<&str>,
        zone: &TimeZone,
    ) -> Option<Appointment> {
        let mut shown = row.appointment(zone)?;
        if row.seconds == 0 {
            let known = kept.appointment(&row.id, zone, shown.status)?;
            let length = known.end.duration_since(&known.start);
            shown.end = shown.start.checked_add(length).ok()?;
        }
        let client = &mut shown.client;
        client.phone = client.phone.take().or_else(|| kept.phone.clone());
        client.name = client.name.take().or_else(|| name.map(str::to_owned));
        if shown.service_id.is_empty() {
            shown.service_id = wire::text(&kept.body, "service").unwrap_or_default();
        }
        shown.employee_id = shown.employee_id.or_else(|| wire::text(&kept.body, "staff"));
        Some(shown)
    }

    /// Nobody can look an appointment up without a user. That its time is free again proves that it was not made.
    pub(super) async fn find_by_form(
        &self,
        request: &BookRequest,
        company: &Company,
    ) -> Result<Option<Appointment>, Fault> {
        let doubt = |why: &str| {
            let detail = format!("whether the booking form took it cannot be looked up without `user_token`: {why}");
            Err(self.fault(FaultKind::UnknownOutcome, "find_booked", detail))
        };
        let Some(employee) = &request.employee_id else {
            return doubt("ask the branch whether the client is booked");
        };
        match self.looked_up("find_booked", (&request.service_id, Some(employee)), request.start, company).await {
            Ok(_) => Ok(None),
            Err(fault) if fault.kind == FaultKind::SlotTaken => {
                doubt("the time is taken now, probably by it; ask the branch")
            }
            Err(fault) => Err(fault),
        }
    }

    /// The appointments of a client that flow booked: the form lists none.
    pub(super) async fn form_visits(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let Some(phone) = &query.phone else {
            return Err(self.needs_user("appointments", "listing the branch's appointments"));
        };
        let copies = self.wiring.store.all_copied(&self.wiring.name, HASH, Some(phone), AT_MOST).await;
        let copies = copies.map_err(|error| self.fault(FaultKind::Store, "appointments", error.to_string()))?;
        if copies.is_empty() {
            return Err(self.needs_user("appointments", "finding appointments that flow did not book"));
        }
        let company = self.company("appointments").await?;
        let mut found = Vec::new();
        for copy in copies {
            let id = copy.id.clone();
            let Some(kept) = self.of_copy(copy) else { continue };
            // What is out of the days that are asked for by more than a move is not worth a call.
            let Some(row) = self.form_record("appointments", &id, &kept).await? else { continue };
            found.extend(self.shown(&row, &kept, None, &company.zone));
        }
        found.retain(|visit| super::visits::fits(visit, query));
        found.sort_by_key(|visit| visit.start.timestamp());
        Ok(found)
    }

    /// Moves by the form: to another time of the same person.
    pub(super) async fn move_by_form(&self, request: &crate::domain::crm::MoveRequest) -> Result<Appointment, Fault> {
        let company = self.company("move").await?;
        let kept = self.key_to("move", &request.id).await?;
        let row = self.form_record("move", &request.id, &kept).await?;
        let row = row.ok_or_else(|| self.missing("move", "appointment", &request.id))?;
        let now = self.shown(&row, &kept, None, &company.zone);
        let now = now.ok_or_else(|| self.fault(FaultKind::Protocol, "move", "an appointment without a time"))?;
        let keeps_employee = request.employee_id.is_none() || request.employee_id == now.employee_id;
        if !row.is_deleted && now.start.timestamp() == request.start && keeps_employee {
            return Ok(now);
        }
        if !keeps_employee {
            return Err(self.needs_user("move", "moving to another employee"));
        }
        self.may_be_moved(&row)?;
        self.may_still("move", company.row.change, now.start.timestamp(), "move")?;
        let wanted = (now.service_id.as_str(), now.employee_id.as_deref());
        let slot = self.looked_up("move", wanted, request.start, &company).await?;
        let parts = ["book_record", &self.company_id, &request.id, &kept.hash];
        let call = self
            .wire
            .call("rebook", Method::Put, Who::Guest, &parts)
            .json(json!({"datetime": slot.datetime, "comment": row.comment}));
        self.wire.done(&call).await?;
        let length = SignedDuration::from_secs(slot.seconds);
        let start = request.start.to_zoned(company.zone.clone());
        let moved = Appointment { end: start.saturating_add(length), start, ..now };
        let kept = Kept { body: to_keep(&moved), ..kept };
        if let Err(fault) = self.keep(&request.id, &kept, false).await {
            tracing::warn!(connection = %self.wiring.name, %fault, "what is kept of an appointment is out of date");
        }
        match self.form_record("move", &request.id, &kept).await {
            Ok(Some(row)) => Ok(self.shown(&row, &kept, None, &company.zone).unwrap_or(moved)),
            _ => Ok(moved),
        }
    }

    /// Calls off by the form.
    pub(super) async fn cancel_by_form(&self, id: &str) -> Result<Appointment, Fault> {
        let company = self.company("cancel").await?;
        let kept = self.key_to("cancel", id).await?;
        let row = self.form_record("cancel", id, &kept).await?;
        let gone = || {
            let gone = kept.appointment(id, &company.zone, AppointmentStatus::Cancelled);
            gone.ok_or_else(|| self.missing("cancel", "appointment", id))
        };
        let Some(row) = row else {
            return if kept.is_given_up() { gone() } else { Err(self.missing("cancel", "appointment", id)) };
        };
        let now = self.shown(&row, &kept, None, &company.zone);
        let now = now.ok_or_else(|| self.fault(FaultKind::Protocol, "cancel", "an appointment without a time"))?;
        if row.is_deleted {
            return Ok(now);
        }
        self.may_still("cancel", company.row.delete, now.start.timestamp(), "cancel")?;
        self.keep(id, &Kept { body: to_keep(&now), ..kept.clone() }, true).await?;
        let parts = ["user", "records", id, &kept.hash];
        self.wire.done(&self.wire.call("form_cancel", Method::Delete, Who::Guest, &parts)).await?;
        match self.form_record("cancel", id, &kept).await {
            Ok(Some(row)) if !row.is_deleted => Err(self.fault(
                FaultKind::UnknownOutcome,
                "cancel",
                "it says that it is done, and the appointment stands",
            )),
            _ => Ok(Appointment { status: AppointmentStatus::Cancelled, ..now }),
        }
    }
}

fn with_fields(mut appointment: Value) -> Value {
    appointment["custom_fields"] = json!({});
    appointment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_booking_with_its_key_is_taken() {
        let good = json!({"success": true, "data": [{"id": 1, "record_id": "2820023", "record_hash": "567d"}]});
        assert_eq!(read_booked(&good).unwrap(), ("2820023".to_owned(), "567d".to_owned()));
        for bad in [json!({"data": []}), json!({"data": [{"record_id": 1}]}), json!({"data": [{}, {}]}), json!("x")] {
            assert!(read_booked(&bad).is_err(), "{bad}");
        }
    }
}
