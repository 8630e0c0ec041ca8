//! Free times, at most a month at once.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::EasyWeek;
use super::location::Location;
use super::read::{SlotRow, slots};
use crate::adapters::http::Method;
use crate::domain::crm::{Slot, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};

/// So many days are asked for at once.
const DAYS: i32 = 31;

impl EasyWeek {
    /// Free times as the vendor has them.
    pub(super) async fn rows(
        &self,
        operation: &'static str,
        query: &SlotQuery,
        location: &Location,
    ) -> Result<Vec<SlotRow>, Fault> {
        let zone = location.zone.iana_name().unwrap_or("UTC");
        let employee = query.employee_id.as_deref().unwrap_or_default();
        let (mut found, mut first) = (Vec::new(), query.from);
        while first <= query.to {
            let last: Date = first.saturating_add((DAYS - 1).days()).min(query.to);
            let (from, to) = (first.to_string(), last.to_string());
            let pairs = [
                ("service_uuid", query.service_id.as_str()),
                ("staffer_uuid", employee),
                ("range_start", &from),
                ("range_end", &to),
                ("timezone", zone),
            ];
            let parts = ["locations", &location.id, "time-slots"];
            let call = self.wire.call("time_slots", Method::Get, &parts).query(&pairs);
            let body = self.wire.portal.json(&call).await?;
            found.extend(slots(&body, &location.zone).map_err(self.unreadable(operation))?);
            let Ok(next) = last.tomorrow() else { break };
            first = next;
        }
        Ok(found)
    }

    pub(super) async fn free(&self, operation: &'static str, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let location = self.location(operation).await?;
        let now = self.now();
        let query = SlotQuery { from: query.from.max(now.to_zoned(location.zone.clone()).date()), ..query.clone() };
        if query.to < query.from {
            return Ok(Vec::new());
        }
        let rows = self.rows(operation, &query, &location).await?;
        if rows.is_empty() {
            // No times is what an unknown service or person looks like, too.
            self.must_know(operation, &query.service_id, query.employee_id.as_deref()).await?;
        }
        let needs_length = rows.iter().any(|row| row.end.is_none());
        let known = if needs_length { Some(self.known_services(operation).await?) } else { None };
        let length = known.and_then(|rows| rows.iter().find(|row| row.id == query.service_id)?.seconds);
        let mut found: Vec<Slot> = rows
            .into_iter()
            .filter(|row| row.start > now)
            .filter_map(|row| {
                let end = row.end.or_else(|| row.start.checked_add(SignedDuration::from_secs(length?)).ok())?;
                Some(Slot {
                    start: row.start.to_zoned(location.zone.clone()),
                    end: end.to_zoned(location.zone.clone()),
                    employee_id: query.employee_id.clone(),
                    service_id: query.service_id.clone(),
                })
            })
            .filter(|slot| (query.from..=query.to).contains(&slot.start.date()))
            .collect();
        found.sort_by_key(|slot| slot.start.timestamp());
        found.dedup_by_key(|slot| slot.start.timestamp());
        Ok(found)
    }

    async fn must_know(&self, operation: &'static str, service: &str, employee: Option<&str>) -> Result<(), Fault> {
        if self.known_services(operation).await?.iter().all(|row| row.id != service) {
            return Err(self.missing(operation, "service", service));
        }
        match employee {
            Some(id) if self.staffers(operation).await?.iter().all(|row| row.id != id) => {
                Err(self.missing(operation, "employee", id))
            }
            _ => Ok(()),
        }
    }

    /// The free time that starts then, looked up now.
    pub(super) async fn looked_up(
        &self,
        operation: &'static str,
        (service, employee): (&str, Option<&str>),
        start: Timestamp,
    ) -> Result<Slot, Fault> {
        let location = self.location(operation).await?;
        let at = start.to_zoned(location.zone.clone());
        if start <= self.now() {
            return Err(self.fault(FaultKind::Rejected, operation, "that time is over"));
        }
        let query = SlotQuery {
            service_id: service.to_owned(),
            employee_id: employee.map(str::to_owned),
            from: at.date(),
            to: at.date(),
            moving: None,
        };
        let free = self.free(operation, &query).await?;
        free.into_iter().find(|slot| slot.start.timestamp() == start).ok_or_else(|| {
            let detail = format!("{} is not free", at.strftime("%Y-%m-%d %H:%M"));
            self.fault(FaultKind::SlotTaken, operation, detail)
        })
    }
}
