//! Booking: looked up, checked, written once, read back. A client is found or made by the vendor, by their phone.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Branch;
use super::catalogue::ServiceRow;
use super::company::Company;
use super::record::{RecordRow, number, read_record};
use super::slots::SlotRow;
use super::wire::{self, Who};
use crate::adapters::http::{Call, Method, Repeat};
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, BookRequest, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// So many of those who could do it are asked for.
const CANDIDATES: usize = 5;

/// One booking on its way.
pub(super) struct Order<'o> {
    pub request: &'o BookRequest,
    pub employee: &'o str,
    pub slot: &'o SlotRow,
    /// How long the employee takes.
    pub seconds: i64,
    pub service: Option<&'o ServiceRow>,
    pub company: &'o Company,
}

impl Branch {
    pub(super) async fn book_visit(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let company = self.company("book").await.map_err(certain)?;
        let slot = self.wanted(request, &company).await.map_err(certain)?;
        let service = self.payable_later("book", &request.service_id).await.map_err(certain)?;
        let able = match &request.employee_id {
            Some(employee) => vec![employee.clone()],
            None => self.able_at("book", &request.service_id, &slot.datetime).await.map_err(certain)?,
        };
        let mut refused = None;
        for employee in able.iter().take(CANDIDATES) {
            let provider = service.as_ref().and_then(|row| row.providers.iter().find(|known| known.id == *employee));
            // A time with anybody has a length with nobody in particular.
            let seconds = match &request.employee_id {
                Some(_) => slot.seconds,
                None => provider.and_then(|known| known.seconds).unwrap_or(slot.seconds),
            };
            let order = Order { request, employee, slot: &slot, seconds, service: service.as_ref(), company: &company };
            match self.book_with(&order).await {
                Err(fault) if fault.kind == FaultKind::SlotTaken => refused = Some(fault),
                outcome => return outcome,
            }
        }
        Err(refused.unwrap_or_else(|| {
            let at = request.start.to_zoned(company.zone.clone());
            self.taken("book", &at, &[])
        }))
    }

    async fn book_with(&self, order: &Order<'_>) -> Result<Appointment, Fault> {
        if let Err(fault) = self.check(order).await {
            return Err(self.gone_or(certain(fault), order).await);
        }
        let written = if self.has_user { self.write(order).await } else { self.write_by_form(order).await };
        match written {
            Err(fault) if fault.kind == FaultKind::Rejected => Err(self.gone_or(fault, order).await),
            outcome => outcome,
        }
    }

    /// Asks the vendor whether it would take the booking: it knows of equipment and rules that free times leave out.
    async fn check(&self, order: &Order<'_>) -> Result<(), Fault> {
        let call = self
            .wire
            .call("book_check", Method::Post, Who::Guest, &["book_check", &self.company_id])
            .json(json!({"appointments": [appointment(order)]}))
            .repeat(Repeat::Safe);
        self.wire.done(&call).await
    }

    async fn write(&self, order: &Order<'_>) -> Result<Appointment, Fault> {
        let body = self.wire.portal.json(&self.create_call(order)).await?;
        let id = wire::id(wire::one(&body), "id");
        let id = id.ok_or_else(|| self.fault(FaultKind::Protocol, "book", "a booking without an id"))?;
        match self.record("book", &id).await {
            Ok(Some(row)) => {
                self.compare(&row, order);
                Ok(row.appointment(&order.company.zone).unwrap_or_else(|| sent(order, id)))
            }
            Ok(None) => Ok(sent(order, id)),
            Err(fault) => {
                tracing::warn!(connection = %self.wiring.name, %fault, "a booking could not be read back");
                Ok(sent(order, id))
            }
        }
    }

    fn create_call(&self, order: &Order<'_>) -> Call {
        let request = order.request;
        let price = order.service.and_then(|row| {
            let own = row.providers.iter().find(|known| known.id == order.employee).and_then(|known| known.price);
            own.or_else(|| row.price.map(|price| price.from))
        });
        let cost = price.map_or(json!(0), money);
        let body = json!({
            "staff_id": number(order.employee),
            "services": [{"id": number(&request.service_id), "first_cost": cost, "discount": 0, "cost": cost}],
            "client": {"phone": wire::digits(request.phone.as_str()), "name": self.name_of(request), "email": ""},
            "save_if_busy": false,
            "datetime": order.slot.datetime,
            "seance_length": order.seconds,
            "send_sms": false,
            "sms_remain_hours": 0,
            "email_remain_hours": 0,
            "comment": self.comment(request),
            "attendance": 0,
            "api_id": api_id(&request.key),
            "custom_fields": {},
        });
        self.wire.call("create_record", Method::Post, Who::User, &["records", &self.company_id]).json(body)
    }

    pub(super) fn name_of(&self, request: &BookRequest) -> String {
        let name = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        name.unwrap_or(self.vendor.nobody).to_owned()
    }

    /// What the staff reads, and what the booking is found by.
    pub(super) fn comment(&self, request: &BookRequest) -> String {
        let remark = request.comment.as_deref().map(str::trim).filter(|remark| !remark.is_empty());
        format!("{} #{}", remark.unwrap_or(self.vendor.remark), request.marker())
    }

    /// What was read back is told; that it is not what was written is for a person to see.
    fn compare(&self, row: &RecordRow, order: &Order<'_>) {
        let request = order.request;
        let is_same = row.wall == order.slot.wall
            && row.staff.as_deref() == Some(order.employee)
            && row.services.contains(&request.service_id)
            && same_digits(&row.phone, request.phone.as_str());
        if !is_same {
            tracing::warn!(connection = %self.wiring.name, record = %row.id, "a booking was stored otherwise than it was sent");
        }
    }

    /// The appointment of that id.
    pub(super) async fn record(&self, operation: &'static str, id: &str) -> Result<Option<RecordRow>, Fault> {
        if !wire::is_id(id) {
            return Ok(None);
        }
        let call = self.wire.call("record", Method::Get, Who::User, &["record", &self.company_id, id]);
        match self.wire.portal.json(&call).await {
            Ok(body) => read_record(&body).map(Some).map_err(self.unreadable(operation)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// A refusal without a code: when the time is free no more, that was why.
    async fn gone_or(&self, fault: Fault, order: &Order<'_>) -> Fault {
        if fault.kind != FaultKind::Rejected {
            return fault;
        }
        let wanted = (order.request.service_id.as_str(), Some(order.employee));
        match self.looked_up("book", wanted, order.request.start, order.company).await {
            Err(gone) if gone.kind == FaultKind::SlotTaken => gone,
            _ => fault,
        }
    }

    /// What a request made, as far as the journal shows it.
    pub(super) async fn find_visit(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let company = self.company("find_booked").await?;
        if !self.has_user {
            return self.find_by_form(request, &company).await;
        }
        let day = request.start.to_zoned(company.zone.clone()).date();
        let query = AppointmentQuery { phone: None, from: Some(day), to: Some(day), all: true };
        let rows = self.records(&query, None, None).await?;
        match adopted(&rows, request, &company.zone) {
            Ok(row) => Ok(row.and_then(|row| row.appointment(&company.zone))),
            Err(detail) => Err(self.fault(FaultKind::UnknownOutcome, "find_booked", detail)),
        }
    }
}

/// The appointment that a request made, of those of its day. What only looks alike was made by somebody else; what
/// cannot be told apart is for a person.
fn adopted<'r>(rows: &'r [RecordRow], request: &BookRequest, zone: &TimeZone) -> Result<Option<&'r RecordRow>, String> {
    let (marker, number) = (request.marker(), api_id(&request.key));
    let is_ours = |row: &&RecordRow| row.comment.contains(&marker) || row.api_id.as_deref() == Some(&number);
    let ours: Vec<&RecordRow> = rows.iter().filter(is_ours).collect();
    let untouched: Vec<&RecordRow> = ours.iter().copied().filter(|row| is_as_asked(row, request, zone)).collect();
    // Whoever has moved it within the day since has not made it another one.
    match if untouched.is_empty() { ours.as_slice() } else { untouched.as_slice() } {
        [] => Ok(None),
        [one] if one.is_deleted => Err(format!(
            "appointment {} was made by this request and is cancelled there by now: book under a new key when it is \
             still wanted",
            one.id
        )),
        [one] => Ok(Some(one)),
        many => {
            let ids: Vec<&str> = many.iter().map(|row| row.id.as_str()).collect();
            Err(format!(
                "{} appointments are marked {marker}: {}; keep one of them in the journal and take the mark out of the \
                 others",
                many.len(),
                ids.join(", ")
            ))
        }
    }
}

/// Whether an appointment says everything that was asked for.
fn is_as_asked(row: &RecordRow, request: &BookRequest, zone: &TimeZone) -> bool {
    row.start(zone) == Some(request.start)
        && row.services.contains(&request.service_id)
        && same_digits(&row.phone, request.phone.as_str())
        && (request.employee_id.is_none() || row.staff == request.employee_id)
}

fn same_digits(theirs: &str, ours: &str) -> bool {
    let (theirs, ours) = (wire::digits(theirs), wire::digits(ours));
    let last = |digits: &str| digits.get(digits.len().saturating_sub(10)..).unwrap_or_default().to_owned();
    theirs.len() >= 10 && last(&theirs) == last(&ours)
}

/// One appointment as the booking form writes it.
pub(super) fn appointment(order: &Order<'_>) -> Value {
    json!({
        "id": 1, "services": [number(&order.request.service_id)], "staff_id": number(order.employee),
        "datetime": order.slot.datetime,
    })
}

/// A number of ours that the vendor keeps while nobody touches the appointment: decimal, below 2^53.
pub(super) fn api_id(key: &str) -> String {
    let hash = Sha256::digest(key);
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    ((number >> 11) | 1).to_string()
}

/// An amount as the vendor counts: units, not hundredths.
fn money(minor: i64) -> Value {
    if minor % 100 == 0 {
        return json!(minor / 100);
    }
    #[expect(clippy::cast_precision_loss, reason = "a price is far below 2^52")]
    let units = minor as f64 / 100.0;
    json!(units)
}

/// What was sent, where it could not be read back.
pub(super) fn sent(order: &Order<'_>, id: String) -> Appointment {
    let start = order.request.start.to_zoned(order.company.zone.clone());
    let end = start.saturating_add(jiff::SignedDuration::from_secs(order.seconds));
    Appointment {
        id,
        end,
        start,
        service_id: order.request.service_id.clone(),
        employee_id: Some(order.employee.to_owned()),
        client: CrmClient {
            id: None,
            name: order.request.name.clone(),
            phone: Some(order.request.phone.clone()),
            email: None,
        },
        status: AppointmentStatus::Booked,
    }
}

/// What fails before anything is written is in no doubt, also where an answer makes no sense.
pub(super) fn certain(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Protocol | FaultKind::UnknownOutcome => Fault { kind: FaultKind::Unavailable, ..fault },
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outer_number_is_a_small_decimal_that_follows_the_key() {
        let one = api_id("order-17");
        assert_eq!(one, api_id("order-17"));
        assert_ne!(one, api_id("order-18"));
        let number: u64 = one.parse().unwrap();
        assert!(number > 0 && number < 1 << 53);
    }

    #[test]
    fn amounts_are_units() {
        assert_eq!((money(130_000), money(130_050)), (json!(1300), json!(1300.5)));
    }
}
