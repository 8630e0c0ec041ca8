//! Free times: which days have some, and which each has. The wall clock is believed in the branch's zone; what the
//! vendor wrote is sent back to it letter by letter.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde_json::Value;

use super::company::Company;
use super::wire::{self, Who};
use super::{Branch, locked};
use crate::adapters::http::{Method, read};
use crate::domain::crm::{BookRequest, Slot, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};

/// Anybody, as the vendor writes it.
const ANYBODY: &str = "0";
/// So many days are asked for at once.
const DAYS: i32 = 31;
/// So few days are asked for one by one: the list of days would be a call more.
const FEW: i32 = 2;
/// So long a time that was looked up may be written.
const HOLDS: SignedDuration = SignedDuration::from_secs(60);

/// A free time as the vendor wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlotRow {
    /// To be sent back as it is.
    pub datetime: String,
    pub wall: DateTime,
    pub seconds: i64,
}

impl SlotRow {
    /// When it is.
    pub(super) fn start(&self, zone: &TimeZone) -> Option<Zoned> {
        self.wall.to_zoned(zone.clone()).ok()
    }
}

impl Branch {
    /// Free times of a day.
    pub(super) async fn times(
        &self,
        operation: &'static str,
        services: &[&str],
        employee: Option<&str>,
        day: Date,
    ) -> Result<Vec<SlotRow>, Fault> {
        let day = day.to_string();
        let parts = ["book_times", &self.company_id, employee.unwrap_or(ANYBODY), &day];
        let pairs: Vec<(&str, &str)> = services.iter().map(|service| ("service_ids[]", *service)).collect();
        let call = self.wire.call("book_times", Method::Get, Who::Guest, &parts).query(&pairs);
        read_times(&self.wire.portal.json(&call).await?).map_err(self.unreadable(operation))
    }

    /// Days that may have free times.
    async fn dates(&self, query: &SlotQuery, from: Date, to: Date) -> Result<BTreeSet<Date>, Fault> {
        let mut found = BTreeSet::new();
        let mut first = from;
        while first <= to {
            let last = first.saturating_add((DAYS - 1).days()).min(to);
            found.extend(self.dates_of(query, first, last).await?);
            let Ok(next) = last.tomorrow() else { break };
            first = next;
        }
        Ok(found)
    }

    async fn dates_of(&self, query: &SlotQuery, first: Date, last: Date) -> Result<BTreeSet<Date>, Fault> {
        let employee = query.employee_id.as_deref().unwrap_or_default();
        let ask = |range: [(&'static str, String); 2]| {
            let [(a, from), (b, to)] = range;
            let pairs = [("service_ids[]", query.service_id.as_str()), ("staff_id", employee), (a, &from), (b, &to)];
            self.wire.call("book_dates", Method::Get, Who::Guest, &["book_dates", &self.company_id]).query(&pairs)
        };
        let call = ask([("date_from", first.to_string()), ("date_to", last.to_string())]);
        let found = match self.wire.portal.json(&call).await {
            Ok(body) => Some(read_dates(&body).map_err(self.unreadable("slots"))?),
            Err(fault) if fault.kind == FaultKind::Rejected => None,
            Err(fault) => return Err(fault),
        };
        // A range is not in the vendor's papers; a month is. Where the range is overheard a whole month comes, and the
        // others were not looked at.
        let mut found = found.unwrap_or_default();
        let mut month = first;
        while month <= last {
            let is_it = |day: &Date| (day.year(), day.month()) == (month.year(), month.month());
            if !found.iter().any(is_it) {
                tracing::debug!(connection = %self.wiring.name, %month, "days are asked for by the month");
                let body = self.wire.portal.json(&ask([("date", month.to_string()), ("", String::new())])).await?;
                found.extend(read_dates(&body).map_err(self.unreadable("slots"))?);
            }
            let Ok(next) = month.last_of_month().tomorrow() else { break };
            month = next;
        }
        found.retain(|day| (first..=last).contains(day));
        Ok(found)
    }

    /// Free times in order.
    pub(super) async fn free(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        self.check_ids("slots", &query.service_id, query.employee_id.as_deref())?;
        self.must_provide("slots", &query.service_id, query.employee_id.as_deref()).await?;
        let company = self.company("slots").await?;
        let now = self.now();
        let from = query.from.max(now.to_zoned(company.zone.clone()).date());
        if query.to < from {
            return Ok(Vec::new());
        }
        let days: Vec<Date> = match (query.to - from).get_days() {
            few if few < FEW => from.series(1.day()).take_while(|day| *day <= query.to).collect(),
            _ => self.dates(query, from, query.to).await?.into_iter().collect(),
        };
        let mut slots = Vec::new();
        for day in days {
            let rows = self.times("slots", &[&query.service_id], query.employee_id.as_deref(), day).await?;
            for row in rows.iter().filter(|row| row.wall.date() == day) {
                let Some(slot) = slot(row, &query.service_id, query.employee_id.as_deref(), &company.zone) else {
                    continue;
                };
                if slot.start.timestamp() > now {
                    self.keep_offered(&slot, row);
                    slots.push(slot);
                }
            }
        }
        if slots.is_empty()
            && let Some(employee) = &query.employee_id
        {
            // No times is what an unknown person looks like, too.
            self.must_employ("slots", employee).await?;
        }
        slots.sort_by_key(|slot| slot.start.timestamp());
        slots.dedup_by_key(|slot| slot.start.timestamp());
        Ok(slots)
    }

    /// The free time that starts then, as the vendor writes it now.
    pub(super) async fn looked_up(
        &self,
        operation: &'static str,
        (service, employee): (&str, Option<&str>),
        start: Timestamp,
        company: &Company,
    ) -> Result<SlotRow, Fault> {
        self.check_ids(operation, service, employee)?;
        let at = start.to_zoned(company.zone.clone());
        if start <= self.now() {
            let detail = format!("{} is over", at.strftime("%Y-%m-%d %H:%M"));
            return Err(self.fault(FaultKind::Rejected, operation, detail));
        }
        self.must_provide(operation, service, employee).await?;
        let rows = self.times(operation, &[service], employee, at.date()).await?;
        let is_it = |row: &&SlotRow| row.start(&company.zone).is_some_and(|begins| begins.timestamp() == start);
        if let Some(row) = rows.iter().find(is_it) {
            return Ok(row.clone());
        }
        if rows.is_empty()
            && let Some(employee) = employee
        {
            self.must_employ(operation, employee).await?;
        }
        Err(self.taken(operation, &at, &rows))
    }

    /// That a time is not free, with what is near it.
    pub(super) fn taken(&self, operation: &'static str, at: &Zoned, rows: &[SlotRow]) -> Fault {
        let near = nearest(rows, at.datetime());
        let detail = format!("{} is not free; {near}", at.strftime("%Y-%m-%d %H:%M"));
        self.fault(FaultKind::SlotTaken, operation, detail)
    }

    /// The free time that a request wants; looked up a moment ago, or now.
    pub(super) async fn wanted(&self, request: &BookRequest, company: &Company) -> Result<SlotRow, Fault> {
        let key = offered_key(&request.service_id, request.employee_id.as_deref(), request.start);
        let known = locked(&self.offered).remove(&key);
        if let Some((at, row)) = known
            && self.now().duration_since(at) < HOLDS
        {
            return Ok(row);
        }
        self.looked_up("book", (&request.service_id, request.employee_id.as_deref()), request.start, company).await
    }

    pub(super) fn keep_offered(&self, slot: &Slot, row: &SlotRow) {
        let now = self.now();
        let mut offered = locked(&self.offered);
        if offered.len() >= 2000 {
            offered.retain(|_, (at, _)| now.duration_since(*at) < HOLDS);
        }
        let key = offered_key(&slot.service_id, slot.employee_id.as_deref(), slot.start.timestamp());
        offered.insert(key, (now, row.clone()));
    }

    /// Ids that are no numbers name nothing here.
    fn check_ids(&self, operation: &'static str, service: &str, employee: Option<&str>) -> Result<(), Fault> {
        if !wire::is_id(service) {
            return Err(self.missing(operation, "service", service));
        }
        match employee.filter(|id| !wire::is_id(id)) {
            Some(id) => Err(self.missing(operation, "employee", id)),
            None => Ok(()),
        }
    }
}

fn offered_key(service: &str, employee: Option<&str>, start: Timestamp) -> (String, String, Timestamp) {
    (service.to_owned(), employee.unwrap_or(ANYBODY).to_owned(), start)
}

/// A free time as the dialogue knows it.
pub(super) fn slot(row: &SlotRow, service: &str, employee: Option<&str>, zone: &TimeZone) -> Option<Slot> {
    let start = row.start(zone)?;
    let end = start.checked_add(SignedDuration::from_secs(row.seconds)).ok()?;
    Some(Slot { start, end, employee_id: employee.map(str::to_owned), service_id: service.to_owned() })
}

fn nearest(rows: &[SlotRow], wanted: DateTime) -> String {
    let mut walls: Vec<DateTime> = rows.iter().map(|row| row.wall).collect();
    walls.sort_by_key(|wall| wall.duration_since(wanted).abs());
    let mut near: Vec<DateTime> = walls.into_iter().take(3).collect();
    near.sort();
    if near.is_empty() {
        return "nothing is free on that day".to_owned();
    }
    let near: Vec<String> = near.iter().map(|wall| wall.strftime("%H:%M").to_string()).collect();
    format!("free near it: {}", near.join(", "))
}

/// Reads the days that may have free times.
pub(super) fn read_dates(body: &Value) -> Result<BTreeSet<Date>, String> {
    let data = wire::data(body);
    if let Some(days) = data.get("booking_dates") {
        let date = |day: &Value| match day {
            // A few answers write days as unix time of their midnight in the branch, which is the day before in UTC.
            Value::Number(_) => Timestamp::from_second(read::int(day)?).ok().map(noon),
            _ => read::text(day)?.get(..10)?.parse().ok(),
        };
        return Ok(read::list(days).into_iter().filter_map(date).collect());
    }
    match data {
        Value::Null | Value::Array(_) => Ok(BTreeSet::new()),
        Value::Object(members) if members.is_empty() => Ok(BTreeSet::new()),
        _ => Err("expected days that can be booked".to_owned()),
    }
}

/// The day of a midnight in any zone of the vendor's countries, which lie east of Greenwich.
fn noon(midnight: Timestamp) -> Date {
    let noon = midnight.checked_add(12.hours()).unwrap_or(midnight);
    noon.to_zoned(TimeZone::UTC).date()
}

/// Reads the free times of a day.
pub(super) fn read_times(body: &Value) -> Result<Vec<SlotRow>, String> {
    Ok(wire::rows(body, "free times")?.into_iter().filter_map(read_time).collect())
}

fn read_time(row: &Value) -> Option<SlotRow> {
    let datetime = row.get("datetime")?.as_str()?.to_owned();
    let wall = wire::naive(&datetime)?;
    let seconds = ["seance_length", "sum_length", "length"].iter().find_map(|name| wire::int(row, name));
    let seconds = seconds.filter(|seconds| (1..=7 * 86_400).contains(seconds))?;
    Some(SlotRow { datetime, wall, seconds })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_offset_does_not_move_a_free_time() {
        let body = json!({"success": true, "data": [
            {"time": "9:00", "seance_length": "3600", "datetime": "2026-09-04T09:00:00+09:00"},
            {"time": "10:00", "seance_length": 3600}, {"time": "x", "datetime": "x", "seance_length": 1}]});
        let rows = read_times(&body).unwrap();
        assert_eq!(rows.len(), 1);
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let slot = slot(&rows[0], "331", None, &zone).unwrap();
        assert_eq!(slot.start.to_string(), "2026-09-04T09:00:00+03:00[Europe/Moscow]");
        assert_eq!(slot.end.to_string(), "2026-09-04T10:00:00+03:00[Europe/Moscow]");
        assert_eq!(rows[0].datetime, "2026-09-04T09:00:00+09:00");
    }

    #[test]
    fn days_are_read_as_texts_and_as_unix_time() {
        let body =
            json!({"data": {"booking_dates": ["2026-09-04", 1_788_555_600, "нет"], "booking_days": {"9": ["4"]}}});
        let days: Vec<String> = read_dates(&body).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-09-04", "2026-09-05"]);
        assert!(read_dates(&json!({"data": []})).unwrap().is_empty());
        assert!(read_dates(&json!({"data": {"days": 1}})).is_err());
    }
}
