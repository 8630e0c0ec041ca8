//! Appointments of the journal, page by page.

use std::collections::HashSet;

use super::Branch;
use super::record::{RecordRow, read_records};
use super::wire::{self, PAGE, PAGES, Who};
use crate::adapters::http::Method;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus};
use crate::domain::fault::{Fault, FaultKind};

impl Branch {
    /// Appointments of these days, also deleted ones with `all`; of one client or one employee when given.
    pub(super) async fn records(
        &self,
        query: &AppointmentQuery,
        client: Option<&str>,
        employee: Option<&str>,
    ) -> Result<Vec<RecordRow>, Fault> {
        let from = query.from.map(|day| day.to_string()).unwrap_or_default();
        // Whether the last day is one of the answer's is not told: the next is asked for, and left out again.
        let to = query.to.map(|day| day.tomorrow().unwrap_or(day).to_string()).unwrap_or_default();
        let (count, mut rows, mut known) = (PAGE.to_string(), Vec::new(), HashSet::new());
        for page in 1..=PAGES {
            let page = page.to_string();
            let pairs = [
                ("page", page.as_str()),
                ("count", &count),
                ("client_id", client.unwrap_or_default()),
                ("staff_id", employee.unwrap_or_default()),
                ("start_date", &from),
                ("end_date", &to),
                ("with_deleted", if query.all { "1" } else { "" }),
            ];
            let parts = ["records", &self.company_id];
            let body =
                self.wire.portal.json(&self.wire.call("records", Method::Get, Who::User, &parts).query(&pairs)).await?;
            let read = read_records(&body).map_err(self.unreadable("appointments"))?;
            let came = wire::rows(&body, "appointments").map_or(0, |rows| rows.len());
            let before = known.len();
            rows.extend(read.into_iter().filter(|row| known.insert(row.id.clone())));
            let is_whole = wire::total(&body).is_some_and(|total| known.len() >= total);
            // A cap of the vendor's own below ours makes a short page that is not the last.
            let is_last = match wire::total(&body) {
                Some(_) => is_whole,
                None => came < PAGE,
            };
            if came == 0 || is_last || known.len() == before {
                return Ok(rows.into_iter().filter(|row| in_days(row, query)).collect());
            }
        }
        Err(self.fault(FaultKind::Protocol, "appointments", "its pages do not end: ask for fewer days"))
    }

    pub(super) async fn list_visits(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        if !self.has_user {
            return self.form_visits(query).await;
        }
        let company = self.company("appointments").await?;
        let rows = match &query.phone {
            None => self.records(query, None, None).await?,
            Some(phone) => {
                let mut rows = Vec::new();
                for client in self.cards_of(phone).await? {
                    rows.extend(self.records(query, Some(&client.id), None).await?);
                }
                rows
            }
        };
        // Time that is blocked without a client is nobody's appointment.
        let visits = rows.iter().filter(|row| row.client.is_some()).filter_map(|row| row.appointment(&company.zone));
        let mut visits: Vec<Appointment> = visits.filter(|visit| fits(visit, query)).collect();
        visits.sort_by(|a, b| (a.start.timestamp(), &a.id).cmp(&(b.start.timestamp(), &b.id)));
        visits.dedup_by(|a, b| a.id == b.id);
        Ok(visits)
    }
}

fn in_days(row: &RecordRow, query: &AppointmentQuery) -> bool {
    let day = row.wall.date();
    query.from.is_none_or(|from| from <= day) && query.to.is_none_or(|to| day <= to)
}

/// Whether an appointment was asked for.
pub(super) fn fits(visit: &Appointment, query: &AppointmentQuery) -> bool {
    let day = visit.start.date();
    (query.all || visit.status != AppointmentStatus::Cancelled)
        && query.from.is_none_or(|from| from <= day)
        && query.to.is_none_or(|to| day <= to)
}
