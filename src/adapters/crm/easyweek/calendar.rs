//! The location's calendar.

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::EasyWeek;
use super::kept::Kept;
use crate::domain::crm::{Appointment, AppointmentQuery, BookRequest, Calendar, MoveRequest, Slot, SlotQuery};
use crate::domain::fault::Fault;

#[async_trait]
impl Calendar for EasyWeek {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        self.free("slots", query).await
    }

    async fn offer(&self, request: &BookRequest, _: &TimeZone) -> Result<Slot, Fault> {
        self.offered(request).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        self.one_visit(id).await
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.book_visit(request).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let location = self.location("find_booked").await?;
        let marker = request.marker();
        let found = self.marked("find_booked", &request.phone, request.start, &marker).await?;
        let Some((row, client)) = found else { return Ok(None) };
        let kept = Kept { service: request.service_id.clone(), employee: request.employee_id.clone() };
        self.keep(&row.id, Some(&request.phone), &kept).await;
        Ok(Some(self.shown(&row, Some(kept), client, &location.zone)))
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.move_visit(request).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.cancel_visit(id).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.list_visits(query).await
    }
}
