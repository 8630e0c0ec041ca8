//! The ledger as a calendar: free times from the profile, visits from its rows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Ledgered;
use crate::domain::booking::{Booking, BookingState};
use crate::domain::company::Profile;
use crate::domain::crm::{
    Appointment, AppointmentQuery, BookRequest, CrmClient, Records, Slot, SlotQuery, Visit, marker,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::refusal;
use crate::domain::slots::free_slots;
use crate::domain::store::{BookingFilter, Busy, Page};

/// A list of appointments is never longer.
const AT_MOST: u32 = 10_000;

impl Ledgered {
    /// Free times by the profile, less what the ledger and the CRM know to be taken.
    pub(super) async fn own_slots(
        &self,
        profile: &Profile,
        records: &dyn Records,
        query: &SlotQuery,
    ) -> Result<Vec<Slot>, Fault> {
        if profile.service(&query.service_id).is_none() {
            return Err(self.missing("slots", "service", &query.service_id));
        }
        if let Some(id) = &query.employee_id
            && profile.employee(id).is_none()
        {
            return Err(self.missing("slots", "employee", id));
        }
        let tz = profile.company.timezone.tz();
        let now = self.clock().now().to_zoned(tz.clone());
        let from = query.from.max(now.date());
        // A day wider on both sides: a visit may begin before midnight.
        let (from, to) = (edge(tz, from, -1), edge(tz, query.to, 2));
        let mut busy = self.store().busy(self.name(), from, to).await.map_err(self.lost("slots"))?;
        let taken = records.taken(from, to).await?;
        busy.extend(taken.into_iter().map(|taken| Busy {
            booking_id: crate::domain::id::BookingId::new(taken.start),
            external_id: None,
            employee_id: Some(taken.employee_id),
            start: taken.start,
            end: taken.end,
        }));
        Ok(free_slots(profile, query, &busy, &now))
    }

    /// The free slot that a request wants, or why there is none and what is near.
    pub(super) async fn own_offer(
        &self,
        operation: &'static str,
        profile: &Profile,
        records: &dyn Records,
        request: &BookRequest,
        moving: Option<String>,
    ) -> Result<Slot, Fault> {
        let day = request.start.to_zoned(profile.company.timezone.tz().clone()).date();
        let query = SlotQuery {
            service_id: request.service_id.clone(),
            employee_id: request.employee_id.clone(),
            from: day,
            to: day,
            moving,
        };
        let free = self.own_slots(profile, records, &query).await?;
        if let Some(slot) = free.into_iter().find(|slot| slot.start.timestamp() == request.start) {
            return Ok(slot);
        }
        let now = self.clock().now().to_zoned(profile.company.timezone.tz().clone());
        let around = refusal::around(&query);
        let near = refusal::nearest(&self.own_slots(profile, records, &around).await?, request.start);
        let (kind, reason) = refusal::reason(profile, &query, request.start, &now);
        Err(self.fault(kind, operation, format!("{reason}; {near}")))
    }

    /// Visits as the ledger has them.
    pub(super) async fn own_appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let zone = self.zone().await;
        let mut state = vec![BookingState::Booked, BookingState::Done, BookingState::NoShow];
        if query.all {
            state.push(BookingState::Cancelled);
        }
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        let filter = BookingFilter {
            connection: Some(self.name().to_owned()),
            state,
            phone: query.phone.clone(),
            from: query.from.and_then(midnight),
            to: query.to.and_then(|day| day.tomorrow().ok()).and_then(midnight),
            ..BookingFilter::default()
        };
        let page = Page { limit: AT_MOST, after: None, descending: false };
        let rows = self.store().bookings(&filter, &page).await.map_err(self.lost("appointments"))?;
        Ok(rows.into_iter().map(|row| of_row(row, &zone)).collect())
    }

    /// A row as it is written into an object of the CRM.
    pub(super) fn visit(&self, row: &Booking, key: &str, zone: &TimeZone) -> Result<Visit, Fault> {
        let phone = row
            .phone
            .clone()
            .ok_or_else(|| self.fault(FaultKind::Rejected, "book", format!("booking {} has no phone", row.id)))?;
        Ok(Visit {
            key: key.to_owned(),
            marker: marker(key),
            service_id: row.service_id.clone(),
            service_title: row.service_title.clone(),
            employee_id: row.employee_id.clone(),
            employee_name: row.employee_name.clone(),
            start: row.start.to_zoned(zone.clone()),
            end: row.end.to_zoned(zone.clone()),
            price: row.price,
            currency: row.currency.clone(),
            name: row.client_name.clone(),
            phone,
            comment: row.comment.clone(),
        })
    }
}

fn edge(tz: &TimeZone, day: Date, days: i64) -> Timestamp {
    day.saturating_add(days.days()).to_zoned(tz.clone()).map(|at| at.timestamp()).unwrap_or(Timestamp::MAX)
}

/// A row as an appointment of the CRM.
pub(super) fn of_row(row: Booking, zone: &TimeZone) -> Appointment {
    Appointment {
        id: row.external_id.unwrap_or_else(|| row.id.to_string()),
        start: row.start.to_zoned(zone.clone()),
        end: row.end.to_zoned(zone.clone()),
        service_id: row.service_id,
        employee_id: row.employee_id,
        client: CrmClient { id: None, name: row.client_name, phone: row.phone, email: None },
        status: row.state.into(),
    }
}
