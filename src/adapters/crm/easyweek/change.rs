//! Moving and cancelling. No call moves a booking: a new one is made, read back, and the old one is cancelled; never the
//! other way round. What stops half-way is finished under the same key.

use serde_json::{Value, json};

use super::book::{Order, certain};
use super::kept::Kept;
use super::read::BookingRow;
use super::{EasyWeek, SETTLES};
use crate::adapters::http::Method;
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient, MoveRequest, marker};
use crate::domain::fault::{Fault, FaultKind, Retry};

impl EasyWeek {
    pub(super) async fn move_visit(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let marker = marker(&request.key);
        let begun = self.begun(&marker).await?;
        let moved = self.move_from(request, &marker, begun).await;
        moved.map_err(|fault| match fault.retry() {
            // It was begun and not finished: that it cannot go on now does not undo what is there.
            Retry::After(_) if begun.is_some() => Fault { kind: FaultKind::UnknownOutcome, ..fault },
            _ => fault,
        })
    }

    async fn move_from(
        &self,
        request: &MoveRequest,
        marker: &str,
        begun: Option<jiff::Timestamp>,
    ) -> Result<Appointment, Fault> {
        let location = self.location("move").await?;
        let old = self.standing("move", &request.id).await?;
        let known = self.known("move", &old).await?;
        let keeps_employee = request.employee_id.is_none() || request.employee_id == known.employee;
        if old.status == AppointmentStatus::Booked && old.start == request.start && keeps_employee {
            let client = self.client_of("move", &old).await?;
            return Ok(self.shown(&old, Some(known), client, &location.zone));
        }
        let client = self.client_of("move", &old).await?;
        let phone = client.phone.clone().ok_or_else(|| {
            self.fault(FaultKind::Rejected, "move", "the booking's customer has no phone, so it cannot be booked anew")
        })?;
        let employee = request.employee_id.clone().or(known.employee);
        let kept = Kept { service: known.service, employee };
        if let Some(begun) = begun {
            if let Some((new, customer)) = self.marked("move", &phone, request.start, marker).await? {
                self.keep(&new.id, Some(&phone), &kept).await;
                self.give_up(&old, &kept, marker).await?;
                return Ok(self.shown(&new, Some(kept), customer, &location.zone));
            }
            self.has_settled(begun)?;
        }
        if old.status != AppointmentStatus::Booked {
            let detail = format!("the booking is {}: book a new one", old.status);
            return Err(self.fault(FaultKind::Rejected, "move", detail));
        }
        let wanted = (kept.service.as_str(), kept.employee.as_deref());
        self.looked_up("move", wanted, request.start).await.map_err(certain)?;
        self.begin(marker, &old.id, Some(&phone)).await?;
        let order = Order {
            service: &kept.service,
            employee: kept.employee.as_deref(),
            start: request.start,
            name: client.name.as_deref(),
            phone: &phone,
            email: client.email.as_deref(),
            comment: carried(&old, marker),
        };
        let moved = match self.write("move", &order).await {
            Err(fault) if fault.retry() != Retry::Look => {
                self.not_begun(marker).await?;
                return Err(fault);
            }
            written => written?,
        };
        self.give_up(&old, &kept, marker).await?;
        Ok(Appointment { client, ..moved })
    }

    /// A look that finds nothing proves nothing for a while.
    fn has_settled(&self, begun: jiff::Timestamp) -> Result<(), Fault> {
        let settles = jiff::SignedDuration::try_from(SETTLES).unwrap_or(jiff::SignedDuration::MAX);
        let age = self.now().duration_since(begun);
        if age >= settles {
            return Ok(());
        }
        let fault = self.fault(FaultKind::UnknownOutcome, "move", "the new booking may still be under way");
        Err(Fault { retry_after: (settles - age).try_into().ok(), ..fault })
    }

    /// Cancels the old one of a move; as long as it stands the move is not finished.
    async fn give_up(&self, old: &BookingRow, kept: &Kept, marker: &str) -> Result<(), Fault> {
        let given_up = self.call_off("move", old, kept.employee.as_deref(), marker).await;
        given_up.map(|_| ()).map_err(|fault| {
            tracing::error!(connection = %self.wiring.name, booking = %old.id, %fault,
                "a booking was made anew and the old one still stands: both are in EasyWeek");
            let detail = format!("the new booking stands, the old one is not cancelled yet: {}", fault.detail);
            Fault { kind: FaultKind::UnknownOutcome, detail, ..fault }
        })
    }

    pub(super) async fn cancel_visit(&self, id: &str) -> Result<Appointment, Fault> {
        let location = self.location("cancel").await?;
        let row = self.standing("cancel", id).await?;
        if row.status == AppointmentStatus::Done {
            return Err(self.fault(FaultKind::Rejected, "cancel", "the booking is completed"));
        }
        let kept = self.kept("cancel", id).await?;
        let employee = kept.as_ref().and_then(|kept| kept.employee.clone());
        let row = self.call_off("cancel", &row, employee.as_deref(), &marker(id)).await?;
        let client = row.customer.clone().unwrap_or(CrmClient { id: None, name: None, phone: None, email: None });
        Ok(self.shown(&row, kept, client, &location.zone))
    }

    /// Cancels a booking that stands, and reads it back.
    async fn call_off(
        &self,
        operation: &'static str,
        row: &BookingRow,
        employee: Option<&str>,
        marker: &str,
    ) -> Result<BookingRow, Fault> {
        let row = match operation {
            // A move has looked some calls ago.
            "move" => self.booking(operation, &row.id).await?.unwrap_or_else(|| row.clone()),
            _ => row.clone(),
        };
        if row.status == AppointmentStatus::Cancelled {
            return Ok(row);
        }
        let notes = format!("{} in chat, {marker}", if operation == "move" { "moved" } else { "cancelled" });
        let body = json!({"cancel_reason": "customer_request", "internal_notes": notes});
        match self.put_status(&row.id, body.clone()).await {
            // Some workspaces want to know who cancels.
            Err(fault) if fault.kind == FaultKind::Rejected && fault.detail.contains("staffer_uuid") => {
                let employee = match employee {
                    Some(employee) => Some(employee.to_owned()),
                    None => self.with_whom(operation, &row, None).await?,
                };
                let mut body: Value = body;
                body["staffer_uuid"] = employee.ok_or(fault)?.into();
                self.put_status(&row.id, body).await?;
            }
            outcome => outcome?,
        }
        match self.booking(operation, &row.id).await {
            Ok(Some(now)) if now.status != AppointmentStatus::Cancelled => {
                let detail = "it says that it is done, and the booking stands";
                Err(self.fault(FaultKind::UnknownOutcome, operation, detail))
            }
            Ok(Some(now)) => Ok(now),
            _ => Ok(BookingRow { status: AppointmentStatus::Cancelled, ..row }),
        }
    }

    async fn put_status(&self, id: &str, body: Value) -> Result<(), Fault> {
        let parts = ["bookings", id, "status", "cancel"];
        self.wire.portal.send(&self.wire.call("cancel_booking", Method::Put, &parts).json(body)).await.map(|_| ())
    }

    /// What a booking is of and with whom: as it was sent, else by the title of its service and the lists of the staff.
    async fn known(&self, operation: &'static str, row: &BookingRow) -> Result<Kept, Fault> {
        let kept = self.kept(operation, &row.id).await?;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.employee.is_some()) {
            return Ok(kept.clone());
        }
        let employee = self.with_whom(operation, row, None).await?;
        if let Some(kept) = kept {
            return Ok(Kept { employee, ..kept });
        }
        let services = self.known_services(operation).await?;
        let found = services.iter().find(|known| row.service.as_ref() == Some(&known.name));
        let service = found.map(|known| known.id.clone()).ok_or_else(|| {
            let detail = "its service is not on the location's list any more, so it cannot be booked anew";
            self.fault(FaultKind::Rejected, operation, detail)
        })?;
        Ok(Kept { service, employee })
    }

    /// Who comes, with what their card says.
    pub(super) async fn client_of(&self, operation: &'static str, row: &BookingRow) -> Result<CrmClient, Fault> {
        let nobody = CrmClient { id: None, name: None, phone: None, email: None };
        let Some(customer) = &row.customer else { return Ok(nobody) };
        match (&customer.phone, &customer.id) {
            (None, Some(id)) => Ok(self.customer(operation, id).await?.unwrap_or_else(|| customer.clone())),
            _ => Ok(customer.clone()),
        }
    }
}

/// The comment of a booking that takes another's place.
fn carried(old: &BookingRow, marker: &str) -> String {
    let is_ours = |word: &&str| word.starts_with("flow-");
    // What was carried once is not carried again.
    let remark = old.notes.split(" (moved from").next().unwrap_or_default();
    let remark = remark.split(' ').filter(|word| !is_ours(word)).collect::<Vec<_>>().join(" ");
    let remark = remark.trim();
    let space = if remark.is_empty() { "" } else { " " };
    format!("{remark}{space}{marker} (moved from {})", old.id)
}
