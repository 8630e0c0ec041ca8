//! Booking under a key: written down, asked once, and looked into when nobody knows.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::visits::of_row;
use super::{Ledgered, Way, doubt};
use crate::domain::booking::{Booking, BookingState, NewBooking, REQUESTED};
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, CrmClient, Slot};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::store::BookingUpdate;

impl Ledgered {
    /// Books; whoever else works under the key is waited for.
    pub(super) async fn book_under_key(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.alone("book", &request.key, self.book_alone(request)).await
    }

    async fn book_alone(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let way = self.way("book").await?;
        let zone = self.zone().await;
        let known = self.store().booking_by_key(self.name(), &request.key).await.map_err(self.lost("book"))?;
        let Some(row) = known.filter(|row| row.state != BookingState::Refused) else {
            return self.book_anew(&way, request, &zone).await;
        };
        // By what the key was used for, not by where the visit is now: it may have been moved since.
        let meant = self.store().key_meaning(self.name(), &request.key).await.map_err(self.lost("book"))?;
        if !meant.is_some_and(|meant| is_meant(request, &meant)) {
            let detail = format!("the key was used for booking {}", row.id);
            return Err(self.fault(FaultKind::KeyReused, "book", detail));
        }
        match row.state {
            // The dialogue looks and waits by itself before it asks again.
            BookingState::Held | BookingState::Committing | BookingState::Unknown
                if row.id.to_string() == request.key =>
            {
                self.write(&way, &row, request, &zone).await
            }
            BookingState::Held => self.commit(&way, row, request, &zone).await,
            BookingState::Committing | BookingState::Unknown => self.resume(&way, row, request, &zone).await,
            _ => Ok(requested_or(of_row(row.clone(), &zone), row.error.as_deref())),
        }
    }

    async fn book_anew(&self, way: &Way<'_>, request: &BookRequest, zone: &TimeZone) -> Result<Appointment, Fault> {
        let fingerprint = format!(
            "book|{}|{}|{}|{}",
            request.service_id,
            request.employee_id.as_deref().unwrap_or(""),
            request.start,
            request.phone.as_str()
        );
        let now = self.clock().now();
        let lost = self.lost("book");
        let known = self.store().booking_by_key(self.name(), &request.key).await.map_err(&lost)?;
        if known.is_none() {
            self.store().try_key(self.name(), &request.key, &fingerprint, now).await.map_err(&lost)?;
        }
        if request.start <= now {
            let at = request.start.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
            return Err(self.fault(FaultKind::Rejected, "book", format!("{at} has passed")));
        }
        let slot = self.offered(way, request, zone).await?;
        let new = self.row_for(way, request, &slot).await?;
        let row = self.store().reserve(&new, BookingState::Committing, now).await.map_err(&lost)?;
        self.commit(way, row, request, zone).await
    }

    async fn offered(&self, way: &Way<'_>, request: &BookRequest, zone: &TimeZone) -> Result<Slot, Fault> {
        match way {
            Way::Native(calendar) => {
                let offered = calendar.offer(request, zone).await;
                offered.map_err(|fault| Fault { adapter: self.name().to_owned(), ..fault })
            }
            Way::Ledger(records) => {
                let profile = self.profile("book").await?;
                if let Some(id) = &request.employee_id
                    && let Some(employee) = profile.employee(id)
                    && !employee.services.contains(&request.service_id)
                {
                    let detail = format!("{} does not provide `{}`", employee.name, request.service_id);
                    return Err(self.fault(FaultKind::Rejected, "book", detail));
                }
                self.own_offer("book", &profile, *records, request, None).await
            }
        }
    }

    async fn row_for(&self, way: &Way<'_>, request: &BookRequest, slot: &Slot) -> Result<NewBooking, Fault> {
        let employee_id = request.employee_id.clone().or_else(|| slot.employee_id.clone());
        let (service, employee) = match way {
            // The ledger's own titles are for people; they are not worth a call of a CRM.
            Way::Native(_) => {
                let profile = self.store().profile().await.map_err(self.lost("book"))?;
                let service = profile.as_ref().and_then(|p| p.service(&request.service_id).cloned());
                let employee = profile.as_ref().and_then(|p| p.employee(employee_id.as_deref()?).cloned());
                (service, employee)
            }
            Way::Ledger(_) => {
                let profile = self.profile("book").await?;
                let employee = employee_id.as_deref().and_then(|id| profile.employee(id).cloned());
                (profile.service(&request.service_id).cloned(), employee)
            }
        };
        let profile = self.store().profile().await.map_err(self.lost("book"))?;
        let currency = profile.map_or_else(|| "RUB".to_owned(), |profile| profile.company.currency.clone());
        let contact_id = match request.origin.contact_id {
            Some(id) => id,
            None => {
                let (name, now) = (request.name.as_deref(), self.clock().now());
                self.store().ensure_contact(&request.phone, name, now).await.map_err(self.lost("book"))?.id
            }
        };
        Ok(NewBooking {
            connection: self.name().to_owned(),
            key: request.key.clone(),
            service_id: request.service_id.clone(),
            service_title: service.as_ref().map_or_else(|| request.service_id.clone(), |known| known.title.clone()),
            employee_name: employee.map(|known| known.name),
            employee_id,
            start: request.start,
            end: slot.end.timestamp(),
            client_name: request.name.clone(),
            phone: Some(request.phone.clone()),
            price: service.and_then(|known| known.price).map(|price| price.from),
            currency,
            comment: request.comment.clone(),
            channel: request.origin.channel,
            contact_id: Some(contact_id),
            conversation_id: request.origin.conversation_id,
            lead_id: request.origin.lead_id,
        })
    }

    /// Asks the CRM once and writes down what it said.
    async fn commit(
        &self,
        way: &Way<'_>,
        row: Booking,
        request: &BookRequest,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let written = self.write(way, &row, request, zone).await;
        self.noted(&row, written).await
    }

    /// Writes down what the CRM said.
    async fn noted(&self, row: &Booking, written: Result<Appointment, Fault>) -> Result<Appointment, Fault> {
        match written {
            Ok(appointment) => self.settle(row, appointment).await,
            Err(fault) => {
                let (state, error) = match fault.retry() {
                    Retry::Look => (BookingState::Unknown, "crm_unavailable"),
                    Retry::After(_) => (BookingState::Refused, "crm_unavailable"),
                    Retry::Never if fault.kind == FaultKind::SlotTaken => (BookingState::Refused, "slot_taken"),
                    Retry::Never => (BookingState::Refused, "refused"),
                };
                let told = BookingUpdate { id: row.id, state, external_id: None, error: Some(error.to_owned()) };
                self.store().update_booking(&told, self.clock().now()).await.map_err(self.lost("book"))?;
                Err(fault)
            }
        }
    }

    async fn settle(&self, row: &Booking, appointment: Appointment) -> Result<Appointment, Fault> {
        let is_requested = appointment.status == AppointmentStatus::Requested;
        let told = BookingUpdate {
            id: row.id,
            state: BookingState::Booked,
            external_id: Some(appointment.id.clone()),
            error: is_requested.then(|| REQUESTED.to_owned()),
        };
        self.store().update_booking(&told, self.clock().now()).await.map_err(self.lost("book"))?;
        self.keep_zone(&appointment).await?;
        Ok(appointment)
    }

    async fn write(
        &self,
        way: &Way<'_>,
        row: &Booking,
        request: &BookRequest,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        match way {
            Way::Native(calendar) => calendar.book(request).await.map_err(doubt),
            Way::Ledger(records) => {
                let visit = self.visit(row, &request.key, zone)?;
                let id = records.create(&visit).await.map_err(doubt)?;
                Ok(shown(row, id, zone))
            }
        }
    }

    /// Whether the CRM has what was asked for under this key.
    pub(super) async fn look(
        &self,
        way: &Way<'_>,
        row: Option<&Booking>,
        request: &BookRequest,
        zone: &TimeZone,
    ) -> Result<Option<Appointment>, Fault> {
        match (way, row) {
            (Way::Native(calendar), _) => calendar.find_booked(request).await,
            (Way::Ledger(records), Some(row)) => {
                let visit = self.visit(row, &request.key, zone)?;
                Ok(records.find(&visit).await?.map(|id| shown(row, id, zone)))
            }
            (Way::Ledger(_), None) => Ok(None),
        }
    }

    /// What an earlier call left in doubt: looked for; written again only when a look proves that nothing is there.
    async fn resume(
        &self,
        way: &Way<'_>,
        row: Booking,
        request: &BookRequest,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let looked = self.look(way, Some(&row), request, zone).await;
        // A look that fails leaves it as open as before.
        let looked = looked.map_err(|fault| Fault { kind: FaultKind::UnknownOutcome, ..fault })?;
        if let Some(found) = looked {
            return self.settle(&row, found).await;
        }
        let settles = SignedDuration::try_from(self.inner.settles_after()).unwrap_or(SignedDuration::MAX);
        let age = self.clock().now().duration_since(row.updated_at);
        if age < settles {
            let detail = "the booking may still be under way there; nothing of it is to be seen yet";
            let fault = self.fault(FaultKind::UnknownOutcome, "book", detail);
            return Err(Fault { retry_after: (settles - age).try_into().ok(), ..fault });
        }
        if let Way::Native(calendar) = way
            && let Err(fault) = calendar.offer(request, zone).await
        {
            if fault.kind == FaultKind::SlotTaken && self.inner.busy_may_be_ours() {
                return Err(self.fault(FaultKind::UnknownOutcome, "book", still_open(request)));
            }
            if fault.kind == FaultKind::SlotTaken {
                let refused = BookingUpdate {
                    id: row.id,
                    state: BookingState::Refused,
                    external_id: None,
                    error: Some("slot_taken".to_owned()),
                };
                self.store().update_booking(&refused, self.clock().now()).await.map_err(self.lost("book"))?;
                return Err(Fault { adapter: self.name().to_owned(), ..fault });
            }
            return Err(Fault { kind: FaultKind::UnknownOutcome, ..fault });
        }
        let again = BookingUpdate { id: row.id, state: BookingState::Committing, external_id: None, error: None };
        let row = self.store().update_booking(&again, self.clock().now()).await.map_err(self.lost("book"))?;
        let written = self.write(way, &row, request, zone).await.map_err(|fault| match fault.kind {
            // What offered the time may have been as late as the look.
            FaultKind::SlotTaken if self.inner.busy_may_be_ours() => {
                self.fault(FaultKind::UnknownOutcome, "book", still_open(request))
            }
            _ => fault,
        });
        self.noted(&row, written).await
    }
}

/// What a person is told to look for when a time is busy and nothing says by whom.
fn still_open(request: &BookRequest) -> String {
    format!(
        "the time is busy there now and nothing says by whom: look for an appointment marked {} in the CRM; when there \
         is none, book under a new key",
        request.marker()
    )
}

/// Whether a key that was noted like this means this booking. Who names nobody left it to the CRM.
fn is_meant(request: &BookRequest, noted: &str) -> bool {
    let noted: Vec<&str> = noted.split('|').collect();
    let [what, service, employee, start, phone] = noted.as_slice() else { return false };
    *what == "book"
        && *service == request.service_id
        && *start == request.start.to_string()
        && *phone == request.phone.as_str()
        && request.employee_id.as_deref().is_none_or(|wanted| wanted == *employee)
}

/// A row that is shown by an object of the CRM.
fn shown(row: &Booking, id: String, zone: &TimeZone) -> Appointment {
    Appointment {
        id,
        start: row.start.to_zoned(zone.clone()),
        end: row.end.to_zoned(zone.clone()),
        service_id: row.service_id.clone(),
        employee_id: row.employee_id.clone(),
        client: CrmClient { id: None, name: row.client_name.clone(), phone: row.phone.clone(), email: None },
        status: AppointmentStatus::Booked,
    }
}

pub(super) fn requested_or(appointment: Appointment, error: Option<&str>) -> Appointment {
    match (appointment.status, error) {
        (AppointmentStatus::Booked, Some(REQUESTED)) => {
            Appointment { status: AppointmentStatus::Requested, ..appointment }
        }
        _ => appointment,
    }
}
