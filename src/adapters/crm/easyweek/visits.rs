//! Bookings of the location. A list's rows say when; of what and whose is in each by itself, which costs a call.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::EasyWeek;
use super::kept::Kept;
use super::read::{BookingRow, bookings};
use crate::adapters::http::Method;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// So many bookings are looked at one by one: a minute has sixty calls.
const LOOKED_AT: usize = 100;

impl EasyWeek {
    /// Rows of the list.
    pub(super) async fn listed(
        &self,
        operation: &'static str,
        customer: Option<&str>,
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
            None => rows.extend(self.listed("appointments", None, from, to).await?.into_iter().map(|row| (row, None))),
            Some(phone) => {
                for customer in self.customers_of(phone).await? {
                    let Some(id) = customer.id.clone() else { continue };
                    let found = self.listed("appointments", Some(&id), from, to).await?;
                    rows.extend(found.into_iter().map(|row| (row, Some(customer.clone()))));
                }
            }
        }
        let is_within =
            |row: &BookingRow| from.is_none_or(|from| from <= row.start) && to.is_none_or(|to| row.start < to);
        rows.retain(|(row, _)| is_within(row) && (query.all || row.status != AppointmentStatus::Cancelled));
        rows.sort_by(|(a, _), (b, _)| (a.start, &a.id).cmp(&(b.start, &b.id)));
        if rows.len() > LOOKED_AT {
            tracing::info!(connection = %self.wiring.name, bookings = rows.len(), looked_at = LOOKED_AT,
                "more bookings than may be looked at one by one: the later ones come without service and client");
        }
        let mut visits = Vec::with_capacity(rows.len());
        for (at, (row, customer)) in rows.into_iter().enumerate() {
            visits.push(self.detailed(row, customer, at < LOOKED_AT, zone).await?);
        }
        Ok(visits)
    }

    /// A row with what it leaves out.
    async fn detailed(
        &self,
        row: BookingRow,
        customer: Option<CrmClient>,
        is_looked_at: bool,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let kept = self.kept("appointments", &row.id).await?;
        let knows_all = (kept.is_some() || row.service.is_some()) && (customer.is_some() || row.customer.is_some());
        let row = match is_looked_at && !knows_all {
            true => self.booking("appointments", &row.id).await?.unwrap_or(row),
            false => row,
        };
        if kept.is_none() && row.service.is_some() {
            // The title's id.
            self.known_services("appointments").await?;
        }
        let client = match customer {
            Some(customer) => customer,
            None if is_looked_at => self.client_of("appointments", &row).await?,
            None => row.customer.clone().unwrap_or(CrmClient { id: None, name: None, phone: None, email: None }),
        };
        Ok(self.shown(&row, kept, client, zone))
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
