//! The calendar that everybody sees: the CRM's own with the ledger's holds in it, or the ledger.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::visits::of_row;
use super::{Ledgered, Way};
use crate::adapters::http::portal::in_background;
use crate::domain::crm::{
    Appointment, AppointmentQuery, AppointmentStatus, BookRequest, Calendar, MoveRequest, Records, Slot, SlotQuery,
};
use crate::domain::fault::Fault;

/// Up to so many appointments, a call for each costs less than a list of everybody's.
const ONE_BY_ONE: usize = 8;

#[async_trait]
impl Calendar for Ledgered {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        match self.way("slots").await? {
            Way::Native(calendar) => {
                let free = calendar.free_slots(query).await?;
                self.without_holds(free, query).await
            }
            Way::Ledger(records) => {
                let profile = self.profile("slots").await?;
                self.own_slots(&profile, records, query).await
            }
        }
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        match self.way("appointment").await? {
            Way::Native(calendar) => calendar.appointment(id).await,
            Way::Ledger(records) => {
                let Some(row) = self.row_of("appointment", id).await? else { return Ok(None) };
                let zone = self.zone().await;
                let known = of_row(row, &zone);
                // A person may have moved the object, or called it off, in the CRM.
                let Some(seen) = records.read(id).await? else { return Ok(None) };
                let seen = match (seen.is_cancelled, seen.start) {
                    (true, _) => Appointment { status: AppointmentStatus::Cancelled, ..known },
                    (false, Some(start)) if start != known.start.timestamp() => {
                        let by = start.duration_since(known.start.timestamp());
                        Appointment { start: &known.start + by, end: &known.end + by, ..known }
                    }
                    (false, _) => known,
                };
                Ok(with_clients(records, vec![seen]).await.pop())
            }
        }
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.book_under_key(request).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let way = self.way("find_booked").await?;
        let zone = self.zone().await;
        let row = self.store().booking_by_key(self.name(), &request.key).await.map_err(self.lost("find_booked"))?;
        self.look(&way, row.as_ref(), request, &zone).await
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.move_under_key(request).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.alone("cancel", &format!("cancel:{id}"), self.cancel_visit(id)).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        match self.way("appointments").await? {
            Way::Native(calendar) => calendar.appointments(query).await,
            Way::Ledger(records) => {
                let visits = self.own_appointments(query).await?;
                Ok(with_clients(records, visits).await)
            }
        }
    }

    async fn look_over(&self, ids: &[String], days: (Date, Date)) -> Result<Vec<Option<Appointment>>, Fault> {
        in_background(self.looked_over(ids, days)).await
    }
}

/// Visits of the ledger with the CRM's ids of their clients, as far as they are known.
pub(super) async fn with_clients(records: &dyn Records, mut visits: Vec<Appointment>) -> Vec<Appointment> {
    let nameless = visits.iter().filter(|visit| visit.client.id.is_none());
    let ids: Vec<String> = nameless.map(|visit| visit.id.clone()).collect();
    let mut known = if ids.is_empty() { HashMap::new() } else { records.clients_of(&ids).await };
    for visit in visits.iter_mut().filter(|visit| visit.client.id.is_none()) {
        visit.client.id = known.remove(&visit.id);
    }
    visits
}

impl Ledgered {
    /// A few are read one by one; for more, what the CRM lists of these days is read, and the rest one by one.
    async fn looked_over(&self, ids: &[String], days: (Date, Date)) -> Result<Vec<Option<Appointment>>, Fault> {
        let mut listed = HashMap::new();
        if ids.len() > ONE_BY_ONE
            && let Way::Native(calendar) = self.way("look_over").await?
        {
            let query = AppointmentQuery { phone: None, from: Some(days.0), to: Some(days.1), all: true };
            let found = calendar.appointments(&query).await?;
            listed.extend(found.into_iter().map(|found| (found.id.clone(), found)));
        }
        let mut seen = Vec::with_capacity(ids.len());
        for id in ids {
            seen.push(match listed.remove(id) {
                Some(found) => Some(found),
                None => self.appointment(id).await?,
            });
        }
        Ok(seen)
    }

    /// Less what flow holds for somebody and the CRM does not know yet.
    async fn without_holds(&self, mut free: Vec<Slot>, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let (Some(first), Some(last)) = (free.first(), free.last()) else { return Ok(free) };
        let wide = |at: Timestamp, by: i64| at.checked_add(by.hours()).unwrap_or(at);
        let (from, to) = (wide(first.start.timestamp(), -24), wide(last.end.timestamp(), 24));
        let mut held = self.store().busy(self.name(), from, to).await.map_err(self.lost("slots"))?;
        held.retain(|busy| busy.external_id.is_none() && query.moving.as_deref().is_none_or(|id| !busy.is(id)));
        free.retain(|slot| {
            !held.iter().any(|busy| {
                busy.employee_id == slot.employee_id
                    && busy.start < slot.end.timestamp()
                    && slot.start.timestamp() < busy.end
            })
        });
        Ok(free)
    }
}
