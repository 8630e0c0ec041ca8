//! The calendar: the journal's with a user's token, the booking form's without one.

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::Branch;
use super::form::Kept;
use super::slots::slot;
use crate::domain::crm::{Appointment, AppointmentQuery, BookRequest, Calendar, MoveRequest, Slot, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};

#[async_trait]
impl Calendar for Branch {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        self.free(query).await
    }

    async fn offer(&self, request: &BookRequest, _: &TimeZone) -> Result<Slot, Fault> {
        let company = self.company("book").await?;
        let wanted = (request.service_id.as_str(), request.employee_id.as_deref());
        let row = self.looked_up("book", wanted, request.start, &company).await?;
        let offered = slot(&row, &request.service_id, request.employee_id.as_deref(), &company.zone);
        let offered = offered.ok_or_else(|| self.fault(FaultKind::Protocol, "book", "a free time that is none"))?;
        self.keep_offered(&offered, &row);
        Ok(offered)
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let company = self.company("appointment").await?;
        if self.has_user {
            let row = self.record("appointment", id).await?;
            return Ok(row.and_then(|row| row.appointment(&company.zone)));
        }
        let kept: Kept = self.key_to("appointment", id).await?;
        let row = self.form_record("appointment", id, &kept).await?;
        Ok(row.and_then(|row| self.shown(&row, &kept, None, &company.zone)))
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.book_visit(request).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        self.find_visit(request).await
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        if self.has_user { self.move_visit(request).await } else { self.move_by_form(request).await }
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        if self.has_user { self.cancel_visit(id).await } else { self.cancel_by_form(id).await }
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.list_visits(query).await
    }
}
