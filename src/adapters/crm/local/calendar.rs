//! Free times, and appointments as rows of the ledger: the row is the appointment, its id the appointment's.

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};

use super::Local;
use crate::domain::booking::{Booking, BookingState, NewBooking};
use crate::domain::company::Profile;
use crate::domain::crm::{
    Appointment, AppointmentQuery, BookRequest, Calendar, CrmClient, MoveRequest, Slot, SlotQuery,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::BookingId;
use crate::domain::refusal;
use crate::domain::slots::free_slots;
use crate::domain::store::{BookingFilter, BookingMove, BookingUpdate, Page};

/// A list of appointments is never longer; a salon has fewer in a year.
const APPOINTMENTS_AT_MOST: u32 = 10_000;

#[async_trait]
impl Calendar for Local {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let profile = self.profile("slots").await?;
        if profile.service(&query.service_id).is_none() {
            return Err(self.no_service("slots", &query.service_id));
        }
        if let Some(id) = &query.employee_id
            && profile.employee(id).is_none()
        {
            return Err(self.no_employee("slots", id));
        }
        self.free(&profile, query).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let profile = self.profile("appointment").await?;
        match self.row("appointment", id).await {
            Ok(row) => Ok(Some(appointment(&profile, row))),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let profile = self.profile("book").await?;
        let lost = |error| self.store_fault("book", &error);
        let first = self.store.booking_by_key(&self.name, &request.key).await.map_err(lost)?;
        if let Some(row) = first {
            let same = row.service_id == request.service_id
                && row.start == request.start
                && row.phone.as_ref() == Some(&request.phone)
                && (request.employee_id.is_none() || row.employee_id == request.employee_id);
            if !same {
                let detail = format!("the key was used for booking {}", row.id);
                return Err(self.fault(FaultKind::KeyReused, "book", detail));
            }
            if row.state != BookingState::Refused {
                return self.settle(&profile, row).await;
            }
        } else {
            let tried = self.store.try_key(&self.name, &request.key, &fingerprint(request), self.clock.now()).await;
            tried.map_err(lost)?;
        }
        let new = self.new_booking(&profile, request).await?;
        let state = BookingState::Booked;
        let row = self.store.reserve(&new, state, self.clock.now()).await.map_err(lost)?;
        self.settle(&profile, row).await
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let profile = self.profile("move").await?;
        let row = self.row("move", &request.id).await?;
        if !row.state.is_live() {
            return Err(self.fault(FaultKind::Rejected, "move", format!("{} is {}", row.id, row.state)));
        }
        if let Some(id) = &request.employee_id {
            self.provider("move", &profile, id, &row.service_id)?;
        }
        let employee = request.employee_id.clone().or_else(|| row.employee_id.clone());
        let end = request.start + (row.end.duration_since(row.start));
        let change = BookingMove {
            id: row.id,
            key: request.key.clone(),
            start: request.start,
            end,
            employee_name: employee.as_deref().and_then(|id| profile.employee(id)).map(|e| e.name.clone()),
            employee_id: employee,
        };
        let lost = |error| self.store_fault("move", &error);
        let known = self.store.booking_by_key(&self.name, &request.key).await.map_err(lost)?;
        if known.is_none() {
            let fingerprint = change.fingerprint();
            let tried = self.store.try_key(&self.name, &request.key, &fingerprint, self.clock.now()).await;
            tried.map_err(lost)?;
            if (row.start, &row.employee_id) != (change.start, &change.employee_id) {
                let employee = change.employee_id.as_deref();
                let query = self.day_query(&profile, &row.service_id, employee, request.start, Some(&row));
                self.free_at("move", &profile, &query, request.start).await?;
            }
        }
        let moved = self.store.move_booking(&change, self.clock.now()).await;
        Ok(appointment(&profile, moved.map_err(lost)?))
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        let profile = self.profile("cancel").await?;
        let row = self.row("cancel", id).await?;
        if row.state == BookingState::Cancelled {
            return Ok(appointment(&profile, row));
        }
        let update = BookingUpdate { id: row.id, state: BookingState::Cancelled, external_id: None, error: None };
        let cancelled = self.store.update_booking(&update, self.clock.now()).await;
        Ok(appointment(&profile, cancelled.map_err(|error| self.store_fault("cancel", &error))?))
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let profile = self.profile("appointments").await?;
        let mut state = vec![BookingState::Booked, BookingState::Done, BookingState::NoShow];
        if query.all {
            state.push(BookingState::Cancelled);
        }
        let midnight = |day: Date| day.to_zoned(profile.company.timezone.tz().clone()).ok().map(|z| z.timestamp());
        let filter = BookingFilter {
            connection: Some(self.name.clone()),
            state,
            phone: query.phone.clone(),
            from: query.from.and_then(midnight),
            to: query.to.and_then(|day| day.tomorrow().ok()).and_then(midnight),
            ..BookingFilter::default()
        };
        let page = Page { limit: APPOINTMENTS_AT_MOST, after: None, descending: false };
        let rows = self.store.bookings(&filter, &page).await;
        let rows = rows.map_err(|error| self.store_fault("appointments", &error))?;
        Ok(rows.into_iter().map(|row| appointment(&profile, row)).collect())
    }
}

impl Local {
    async fn free(&self, profile: &Profile, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let tz = profile.company.timezone.tz();
        let now = self.clock.now().to_zoned(tz.clone());
        let from = query.from.max(now.date());
        // A day wider on both sides: a visit may begin before midnight.
        let edge = |day: Date, days: i64| {
            day.saturating_add(days.days()).to_zoned(tz.clone()).map(|z| z.timestamp()).unwrap_or(Timestamp::MAX)
        };
        let busy = self.store.busy(&self.name, edge(from, -1), edge(query.to, 2)).await;
        let busy = busy.map_err(|error| self.store_fault("slots", &error))?;
        Ok(free_slots(profile, query, &busy, &now))
    }

    fn day_query(
        &self,
        profile: &Profile,
        service: &str,
        employee: Option<&str>,
        start: Timestamp,
        moving: Option<&Booking>,
    ) -> SlotQuery {
        let day = start.to_zoned(profile.company.timezone.tz().clone()).date();
        SlotQuery {
            service_id: service.to_owned(),
            employee_id: employee.map(str::to_owned),
            from: day,
            to: day,
            moving: moving.map(|row| row.external_id.clone().unwrap_or_else(|| row.id.to_string())),
        }
    }

    async fn new_booking(&self, profile: &Profile, request: &BookRequest) -> Result<NewBooking, Fault> {
        let service =
            profile.service(&request.service_id).ok_or_else(|| self.no_service("book", &request.service_id))?;
        if let Some(id) = &request.employee_id {
            self.provider("book", profile, id, &service.id)?;
        }
        let query = self.day_query(profile, &service.id, request.employee_id.as_deref(), request.start, None);
        let slot = self.free_at("book", profile, &query, request.start).await?;
        let employee = slot.employee_id.as_deref().and_then(|id| profile.employee(id));
        let contact_id = match request.origin.contact_id {
            Some(id) => id,
            None => {
                let name = request.name.as_deref();
                let contact = self.store.ensure_contact(&request.phone, name, self.clock.now()).await;
                contact.map_err(|error| self.store_fault("book", &error))?.id
            }
        };
        Ok(NewBooking {
            connection: self.name.clone(),
            key: request.key.clone(),
            service_id: service.id.clone(),
            service_title: service.title.clone(),
            employee_id: slot.employee_id.clone(),
            employee_name: employee.map(|employee| employee.name.clone()),
            start: request.start,
            end: slot.end.timestamp(),
            client_name: request.name.clone(),
            phone: Some(request.phone.clone()),
            price: service.price.map(|price| price.from),
            currency: profile.company.currency.clone(),
            comment: request.comment.clone(),
            channel: request.origin.channel,
            contact_id: Some(contact_id),
            conversation_id: request.origin.conversation_id,
            lead_id: request.origin.lead_id,
        })
    }

    /// A row that a dialogue held becomes an appointment here; one that was cancelled stays so.
    async fn settle(&self, profile: &Profile, row: Booking) -> Result<Appointment, Fault> {
        if !row.state.is_live() || (row.state == BookingState::Booked && row.external_id.is_some()) {
            return Ok(appointment(profile, row));
        }
        let update = BookingUpdate {
            id: row.id,
            state: BookingState::Booked,
            external_id: Some(row.id.to_string()),
            error: None,
        };
        let booked = self.store.update_booking(&update, self.clock.now()).await;
        Ok(appointment(profile, booked.map_err(|error| self.store_fault("book", &error))?))
    }

    async fn row(&self, operation: &'static str, id: &str) -> Result<Booking, Fault> {
        let missing = || self.fault(FaultKind::NotFound, operation, format!("there is no appointment `{id}`"));
        let parsed: BookingId = id.parse().map_err(|_| missing())?;
        let row = self.store.booking(parsed).await.map_err(|error| self.store_fault(operation, &error))?;
        row.filter(|row| row.connection == self.name).ok_or_else(missing)
    }

    /// The free slot that begins then, or why there is none and what is near.
    async fn free_at(
        &self,
        operation: &'static str,
        profile: &Profile,
        query: &SlotQuery,
        start: Timestamp,
    ) -> Result<Slot, Fault> {
        let free = self.free(profile, query).await?;
        if let Some(slot) = free.into_iter().find(|slot| slot.start.timestamp() == start) {
            return Ok(slot);
        }
        let now = self.clock.now().to_zoned(profile.company.timezone.tz().clone());
        let around = refusal::around(query);
        let near = refusal::nearest(&self.free(profile, &around).await?, start);
        let (kind, reason) = refusal::reason(profile, query, start, &now);
        Err(self.fault(kind, operation, format!("{reason}; {near}")))
    }

    /// Refuses somebody who is not there, or does other things.
    fn provider(&self, operation: &'static str, profile: &Profile, id: &str, service: &str) -> Result<(), Fault> {
        let employee = profile.employee(id).ok_or_else(|| self.no_employee(operation, id))?;
        if employee.services.iter().any(|provided| provided == service) {
            return Ok(());
        }
        let detail = format!("{} does not provide `{service}`", employee.name);
        Err(self.fault(FaultKind::Rejected, operation, detail))
    }
}

/// What must be equal when the same key is tried again.
fn fingerprint(request: &BookRequest) -> String {
    let employee = request.employee_id.as_deref().unwrap_or("");
    format!("book|{}|{employee}|{}|{}", request.service_id, request.start, request.phone.as_str())
}

fn appointment(profile: &Profile, row: Booking) -> Appointment {
    let local = |at: Timestamp| -> Zoned { at.to_zoned(profile.company.timezone.tz().clone()) };
    Appointment {
        id: row.id.to_string(),
        start: local(row.start),
        end: local(row.end),
        service_id: row.service_id,
        employee_id: row.employee_id,
        client: CrmClient {
            id: row.contact_id.map(|id| id.to_string()),
            name: row.client_name,
            phone: row.phone,
            email: None,
        },
        status: row.state.into(),
    }
}
