//! Documents that stand for appointments, as the base has them.

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::far::Query;
use super::map::{AppointmentMap, LinesMap};
use super::{OneC, slots, wire};
use crate::adapters::http::read;
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient};
use crate::domain::fault::Fault;

/// A document that stands for an appointment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) version: Option<String>,
    pub(super) number: Option<String>,
    pub(super) is_posted: Option<bool>,
    pub(super) is_marked: bool,
    pub(super) start: DateTime,
    pub(super) end: DateTime,
    pub(super) client: Option<String>,
    pub(super) employee: Option<String>,
    pub(super) service: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) mark: Option<String>,
    pub(super) status: AppointmentStatus,
}

impl Seen {
    pub(super) fn is_live(&self) -> bool {
        self.status != AppointmentStatus::Cancelled
    }

    pub(super) fn overlaps(&self, start: DateTime, end: DateTime) -> bool {
        self.start < end && start < self.end
    }
}

/// What is asked of a document: enough to know whether the time is taken, or everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Time,
    All,
}

pub(super) fn visit_select(map: &AppointmentMap, detail: Detail) -> String {
    let mut fields = vec!["Ref_Key", "DeletionMark"];
    if map.is_document() {
        fields.extend(["Number", "Posted"]);
    }
    fields.push(&map.start);
    fields.extend([map.end.as_deref(), map.duration.as_deref(), map.employee.as_deref()].into_iter().flatten());
    fields.extend(map.status.as_ref().map(|status| status.field.as_str()));
    if detail == Detail::All {
        fields.push("DataVersion");
        fields.extend([map.client.as_deref(), map.service.as_deref(), map.comment.as_deref()].into_iter().flatten());
        fields.extend(map.marker());
        fields.extend(map.lines.as_ref().map(|lines| lines.table.as_str()));
    }
    let mut once: Vec<&str> = Vec::new();
    for field in fields {
        if !once.contains(&field) {
            once.push(field);
        }
    }
    once.join(",")
}

/// Reads a document; one without a time stands for no appointment.
pub(super) fn read_visit(map: &AppointmentMap, usual_min: i64, row: &Value) -> Result<Option<Seen>, String> {
    let field = |name: &str| row.get(name).unwrap_or(&Value::Null);
    let id = wire::read_reference(field("Ref_Key")).ok_or("a document has no Ref_Key")?;
    let Some(start) = wire::read_moment(field(&map.start)) else { return Ok(None) };
    let lasts = map.duration.as_deref().and_then(|name| wire::read_minutes(field(name))).unwrap_or(usual_min);
    let end = map.end.as_deref().and_then(|name| wire::read_moment(field(name))).filter(|end| *end > start);
    let is_marked = read::flag(field("DeletionMark")) == Some(true);
    let is_posted = read::flag(field("Posted"));
    Ok(Some(Seen {
        version: read::text(field("DataVersion")),
        number: read::text(field("Number")),
        is_posted,
        is_marked,
        start,
        end: end.unwrap_or_else(|| start.saturating_add(lasts.minutes())),
        client: map.client.as_deref().and_then(|name| wire::read_reference(field(name))),
        employee: map.employee.as_deref().and_then(|name| wire::read_reference(field(name))),
        service: read_service(map, row),
        comment: map.comment.as_deref().and_then(|name| read::text(field(name))),
        mark: map.marker().and_then(|name| read::text(field(name))),
        status: read_status(map, row, is_marked, is_posted),
        id,
    }))
}

fn read_service(map: &AppointmentMap, row: &Value) -> Option<String> {
    let own = map.service.as_deref().and_then(|name| wire::read_reference(row.get(name)?));
    let of_lines = |lines: &LinesMap| {
        let rows = read::list(row.get(&lines.table)?);
        rows.into_iter().find_map(|line| wire::read_reference(line.get(&lines.service)?))
    };
    own.or_else(|| map.lines.as_ref().and_then(of_lines))
}

fn read_status(map: &AppointmentMap, row: &Value, is_marked: bool, is_posted: Option<bool>) -> AppointmentStatus {
    if is_marked {
        return AppointmentStatus::Cancelled;
    }
    if let Some(status) = &map.status {
        let held = row.get(&status.field).unwrap_or(&Value::Null);
        let is = |value: &Option<Value>| value.as_ref().is_some_and(|value| wire::is_value(held, value));
        match () {
            () if is(&status.canceled) => return AppointmentStatus::Cancelled,
            () if is(&status.done) => return AppointmentStatus::Done,
            () if is(&status.no_show) => return AppointmentStatus::NoShow,
            () => {}
        }
    }
    // One that should be posted and is not waits for a person there.
    if map.post && is_posted == Some(false) { AppointmentStatus::Requested } else { AppointmentStatus::Booked }
}

/// The condition that a visit touches a time.
pub(super) fn touches(map: &AppointmentMap, from: DateTime, to: DateTime) -> String {
    let begins = format!("{} lt {}", map.start, wire::moment_literal(to));
    let ends = match &map.end {
        Some(end) => format!("{end} gt {}", wire::moment_literal(from)),
        // Nobody's visit is longer than a day.
        None => format!("{} ge {}", map.start, wire::moment_literal(from.saturating_sub(1.day()))),
    };
    format!("{begins} and {ends} and DeletionMark eq false")
}

impl OneC {
    pub(super) fn appointment_map(&self, operation: &'static str) -> Result<&AppointmentMap, Fault> {
        self.map.appointment.as_ref().ok_or_else(|| self.unmapped(operation, "appointment"))
    }

    fn usual_min(&self) -> i64 {
        self.map.service.as_ref().map_or(60, |service| i64::from(service.duration_min.usual()))
    }

    pub(super) fn seen(
        &self,
        operation: &'static str,
        map: &AppointmentMap,
        row: &Value,
    ) -> Result<Option<Seen>, Fault> {
        read_visit(map, self.usual_min(), row).map_err(self.odd(operation))
    }

    /// Documents that a condition finds.
    pub(super) async fn visits(
        &self,
        operation: &'static str,
        filter: String,
        detail: Detail,
    ) -> Result<Vec<Seen>, Fault> {
        let map = self.appointment_map(operation)?;
        let query = Query { filter, select: visit_select(map, detail), order: format!("{},Ref_Key", map.start) };
        let rows = self.rows(operation, &map.set, &query).await?;
        let seen = rows.iter().map(|row| self.seen(operation, map, row)).collect::<Result<Vec<_>, _>>()?;
        Ok(seen.into_iter().flatten().collect())
    }

    /// Live visits that touch a time, of one person or of all.
    pub(super) async fn busy(
        &self,
        operation: &'static str,
        (from, to): (DateTime, DateTime),
        employee: Option<&str>,
        detail: Detail,
    ) -> Result<Vec<Seen>, Fault> {
        let map = self.appointment_map(operation)?;
        let of_one = match (employee, &map.employee, &self.map.employee) {
            (Some(id), Some(field), Some(employees)) => wire::refers(field, &employees.set, id),
            _ => String::new(),
        };
        let filter = wire::all(&[&touches(map, from, to), &of_one]);
        let mut found = self.visits(operation, filter, detail).await?;
        found.retain(|seen| seen.is_live() && seen.overlaps(from, to));
        Ok(found)
    }

    /// A document by its id.
    pub(super) async fn visit(&self, operation: &'static str, id: &str) -> Result<Option<Seen>, Fault> {
        let map = self.appointment_map(operation)?;
        match self.element(operation, &map.set, id, &visit_select(map, Detail::All)).await? {
            Some(row) => self.seen(operation, map, &row),
            None => Ok(None),
        }
    }

    /// A document as an appointment, for a client who is known.
    pub(super) fn shown(&self, zone: &TimeZone, seen: &Seen, client: CrmClient) -> Result<Appointment, Fault> {
        let at = |at: DateTime| {
            slots::zoned(zone, at).ok_or_else(|| self.odd("appointment")("a time is out of range".to_owned()))
        };
        Ok(Appointment {
            id: seen.id.clone(),
            start: at(seen.start)?,
            end: at(seen.end)?,
            service_id: seen.service.clone().unwrap_or_default(),
            employee_id: seen.employee.clone(),
            client,
            status: seen.status,
        })
    }

    /// A document as an appointment, its client looked up.
    pub(super) async fn shown_whole(&self, operation: &'static str, seen: &Seen) -> Result<Appointment, Fault> {
        let zone = self.zone().await;
        let ids: Vec<String> = seen.client.iter().cloned().collect();
        let client = self.people(operation, &ids).await?.into_values().next();
        let client = client.unwrap_or(CrmClient { id: seen.client.clone(), name: None, phone: None, email: None });
        self.shown(&zone, seen, client)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::map::settled;
    use super::*;

    const ID: &str = "ab4f0e5a-0000-11ee-8c0b-0050569a0001";

    #[test]
    fn a_document_is_read_by_the_map() {
        let map = settled(Some(&json!({"appointment": {"post": true, "status": {"done": "Завершена"}}}))).unwrap();
        let map = map.appointment.unwrap();
        let row = json!({"Ref_Key": ID, "DeletionMark": false, "Posted": true, "Дата_Начала": "2026-09-04T09:00:00",
            "Дата_Окончания": "2026-09-04T10:30:00", "Сотрудник_Key": super::super::wire::NOBODY, "Статус": "Завершена",
            "Услуги": [{"LineNumber": "1", "Номенклатура_Key": ID}]});
        let seen = read_visit(&map, 60, &row).unwrap().unwrap();
        assert_eq!((seen.status, seen.employee, seen.service.as_deref()), (AppointmentStatus::Done, None, Some(ID)));
        let row = json!({"Ref_Key": ID, "Posted": "false", "Дата_Начала": "2026-09-04T09:00:00"});
        let seen = read_visit(&map, 60, &row).unwrap().unwrap();
        assert_eq!((seen.status, seen.end.hour()), (AppointmentStatus::Requested, 10));
        assert_eq!(read_visit(&map, 60, &json!({"Ref_Key": ID})), Ok(None));
        assert!(read_visit(&map, 60, &json!([1])).is_err());
        assert!(!visit_select(&map, Detail::Time).contains("Комментарий"));
        assert_eq!(visit_select(&map, Detail::All).matches("Комментарий").count(), 1);
    }
}
