//! Bookings of the location. A list's rows say when; of what and whose is in each by itself, which costs a call.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::EasyWeek;
use super::kept::Kept;
use super::read::{BookingRow, bookings};
use crate::adapters::http::Method;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// So long bookings of a list are looked at one by one: a minute has sixty calls.
const LOOKS_FOR: Duration = Duration::from_secs(12);
/// And so long their clients are.
const ASKS_FOR: Duration = Duration::from_secs(6);

impl EasyWeek {
    /// Rows of the list.
    pub(super) async fn listed(
        &self,
        operation: &'static str,
        (customer, employee): (Option<&str>, Option<&str>),
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<BookingRow>, Fault> {
        let location = self.location(operation).await?;
        let utc =
            |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let (from, to) = (utc(from), utc(to));
        let call = self.wire.call("bookings", Method::Get, &["bookings"]).query(&[
            ("location_uuid", location.id.as_str()),
            ("customer_uuid", customer.unwrap_or_default()),
            ("staffer_uuid", employee.unwrap_or_default()),
            ("reserved_on_from", &from),
            ("reserved_on_to", &to),
        ]);
        let mut rows = self.wire.all(&call, bookings, |row| &row.id).await?;
        // Another location's are listed where the filter is not known.
        rows.retain(|row| row.location.as_ref().is_none_or(|of| *of == location.id));
        Ok(rows)
    }

    pub(super) async fn list_visits(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let location = self.location("appointments").await?;
        let zone = &location.zone;
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        let from = query.from.and_then(midnight);
        let to = query.to.and_then(|day| day.tomorrow().ok()).and_then(midnight);
        let mut rows = Vec::new();
        match &query.phone {
            None => rows
                .extend(self.listed("appointments", (None, None), from, to).await?.into_iter().map(|row| (row, None))),
            Some(phone) => {
                for customer in self.customers_of(phone).await? {
                    let Some(id) = customer.id.clone() else { continue };
                    let found = self.listed("appointments", (Some(&id), None), from, to).await?;
                    rows.extend(found.into_iter().map(|row| (row, Some(customer.clone()))));
                }
            }
        }
        let is_within =
            |row: &BookingRow| from.is_none_or(|from| from <= row.start) && to.is_none_or(|to| row.start < to);
        rows.retain(|(row, _)| is_within(row) && (query.all || row.status != AppointmentStatus::Cancelled));
        rows.sort_by(|(a, _), (b, _)| (a.start, &a.id).cmp(&(b.start, &b.id)));
        self.described(rows, zone).await
    }

    /// Rows with what a list leaves out of them: as it was sent or seen lately, else looked at one by one, as far as
    /// the vendor's pace allows in the time that somebody waits.
    async fn described(
        &self,
        rows: Vec<(BookingRow, Option<CrmClient>)>,
        zone: &TimeZone,
    ) -> Result<Vec<Appointment>, Fault> {
        let until = Instant::now() + LOOKS_FOR;
        let (mut found, mut unseen) = (Vec::with_capacity(rows.len()), 0_usize);
        for (row, customer) in rows {
            let kept = self.kept("appointments", &row.id).await?;
            let knows_all = (kept.is_some() || row.service.is_some()) && (customer.is_some() || row.customer.is_some());
            let (row, is_new) = match knows_all {
                true => (row, false),
                false => self.completed(row, until, &mut unseen).await?,
            };
            found.push((row, kept, customer, is_new));
        }
        if found.iter().any(|(row, kept, ..)| kept.is_none() && row.service.is_some()) {
            // The titles' ids.
            self.known_services("appointments").await?;
        }
        let nameless = |(row, _, customer, _): &(BookingRow, _, Option<CrmClient>, _)| match (customer, &row.customer) {
            (None, Some(client)) if client.phone.is_none() => client.id.clone(),
            _ => None,
        };
        let nameless: BTreeSet<String> = found.iter().filter_map(nameless).collect();
        unseen += self.learn(nameless, until.max(Instant::now()) + ASKS_FOR).await?;
        if unseen > 0 {
            tracing::warn!(connection = %self.wiring.name, bookings = found.len(), unseen,
                "EasyWeek takes sixty calls a minute: some bookings come without service or client; ask again for them");
        }
        let mut visits = Vec::with_capacity(found.len());
        for (row, kept, customer, is_new) in found {
            let was_nameless = row.customer.as_ref().is_some_and(|client| client.phone.is_none());
            let client = customer.or_else(|| self.remembered(row.customer.as_ref()));
            let client = client.unwrap_or(CrmClient { id: None, name: None, phone: None, email: None });
            if is_new || (was_nameless && kept.is_none() && client.phone.is_some()) {
                self.saw(&row, &client).await;
            }
            visits.push(self.shown(&row, kept, client, zone));
        }
        Ok(visits)
    }

    /// A row of the list with what the booking itself says, and whether it was looked at for that.
    async fn completed(
        &self,
        row: BookingRow,
        until: Instant,
        unseen: &mut usize,
    ) -> Result<(BookingRow, bool), Fault> {
        if let Some((service, customer)) = self.seen("appointments", &row.id).await? {
            return Ok((BookingRow { service, customer: Some(customer), ..row }, false));
        }
        if Instant::now() >= until {
            *unseen += 1;
            return Ok((row, false));
        }
        match self.booking("appointments", &row.id).await {
            Ok(Some(whole)) => Ok((whole, true)),
            Ok(None) => Ok((row, false)),
            Err(fault) if fault.kind == FaultKind::RateLimited => {
                *unseen += 1;
                Ok((row, false))
            }
            Err(fault) => Err(fault),
        }
    }

    /// A booking as the dialogue knows it.
    pub(super) fn shown(
        &self,
        row: &BookingRow,
        kept: Option<Kept>,
        client: CrmClient,
        zone: &TimeZone,
    ) -> Appointment {
        let by_title = || {
            let services = super::locked(&self.services);
            let rows = services.as_ref().map(|(_, rows)| rows)?;
            rows.iter().find(|known| row.service.as_ref() == Some(&known.name)).map(|known| known.id.clone())
        };
        let (service, employee) = match kept {
            Some(kept) => (Some(kept.service), kept.employee),
            None => (by_title(), None),
        };
        Appointment {
            id: row.id.clone(),
            start: row.start.to_zoned(zone.clone()),
            end: row.end.to_zoned(zone.clone()),
            service_id: service.unwrap_or_default(),
            employee_id: employee,
            client,
            status: row.status,
        }
    }

    pub(super) async fn one_visit(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let location = self.location("appointment").await?;
        let Some(row) = self.booking("appointment", id).await? else { return Ok(None) };
        let kept = self.kept("appointment", id).await?;
        if kept.is_none() {
            self.known_services("appointment").await?;
        }
        let client = match self.client_of("appointment", &row).await {
            Err(fault) if fault.kind == FaultKind::NotFound => None,
            outcome => Some(outcome?),
        };
        let client = client.unwrap_or(CrmClient { id: None, name: None, phone: None, email: None });
        Ok(Some(self.shown(&row, kept, client, &location.zone)))
    }
}
