//! Reading what EasyWeek answers: objects bare or in `data`, times with and without an offset, two shapes of free times.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::Value;

use crate::adapters::http::read::{flag, full_name, int, list, phone, text};
use crate::domain::company::Price;
use crate::domain::crm::{AppointmentStatus, CrmClient};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRow {
    pub id: String,
    pub name: String,
    pub category: Option<String>,
    pub price: Option<Price>,
    pub currency: Option<String>,
    pub seconds: Option<i64>,
}

/// An employee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StaffRow {
    pub id: String,
    pub name: String,
    pub title: Option<String>,
}

/// A location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocationRow {
    pub id: String,
    pub name: String,
    pub zone: Option<String>,
}

/// A booking, of a list or of a single look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BookingRow {
    pub id: String,
    pub location: Option<String>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub status: AppointmentStatus,
    pub notes: String,
    /// The title of the first service; only a single look has it.
    pub service: Option<String>,
    pub customer: Option<CrmClient>,
}

/// A free time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlotRow {
    pub start: Timestamp,
    pub end: Option<Timestamp>,
}

fn of(value: &Value, name: &str) -> Option<String> {
    text(value.get(name)?)
}

fn is(value: &Value, name: &str) -> bool {
    value.get(name).and_then(flag).unwrap_or(false)
}

/// The object that an answer is about.
pub(super) fn one(body: &Value) -> &Value {
    match body.get("data") {
        Some(Value::Array(rows)) if rows.len() == 1 => &rows[0],
        Some(data) => data,
        None => body,
    }
}

fn rows<'v>(body: &'v Value, what: &str) -> Result<Vec<&'v Value>, String> {
    match body.get("data").unwrap_or(body) {
        Value::Array(rows) => Ok(rows.iter().collect()),
        Value::Null => Ok(Vec::new()),
        _ => Err(format!("expected a list of {what}")),
    }
}

/// Rows that can be read; none of many is an answer that makes no sense.
fn read<T>(body: &Value, what: &str, one: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let rows = rows(body, what)?;
    let read: Vec<T> = rows.iter().filter_map(|row| one(row)).collect();
    if read.is_empty() && !rows.is_empty() { Err(format!("expected a list of {what}")) } else { Ok(read) }
}

/// The number of the last page; nothing where the answer is whole.
pub(super) fn last_page(body: &Value) -> Option<i64> {
    int(body.get("meta")?.get("last_page")?)
}

/// Reads services.
pub(super) fn services(body: &Value) -> Result<Vec<ServiceRow>, String> {
    read(body, "services", |row| {
        let id = of(row, "uuid")?;
        let category = row.get("category").and_then(|category| of(category, "uuid"));
        // Minor units, unlike everywhere else.
        let from = row.get("price").and_then(int).filter(|price| *price > 0);
        Some(ServiceRow {
            name: of(row, "name").unwrap_or_else(|| id.clone()),
            category: category.or_else(|| of(row, "category_uuid")),
            price: from.map(|from| Price { from, to: None }),
            currency: of(row, "currency"),
            seconds: row.get("duration").and_then(seconds),
            id,
        })
    })
}

/// A length: by its ISO form, else by its number of minutes or hours.
fn seconds(duration: &Value) -> Option<i64> {
    let iso = of(duration, "iso_8601").and_then(|iso| iso.parse::<Span>().ok());
    let iso = iso.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    let by_label = || {
        let value = duration.get("value").or(Some(duration)).and_then(int)?;
        match of(duration, "label").as_deref() {
            None | Some("minutes" | "minute") => value.checked_mul(60),
            Some("hours" | "hour") => value.checked_mul(3600),
            Some(_) => None,
        }
    };
    let seconds = iso.map(|iso| iso.as_secs()).or_else(by_label)?;
    (60..=7 * 86_400).contains(&seconds).then_some(seconds)
}

/// Reads titles of groups.
pub(super) fn titles(body: &Value) -> Result<BTreeMap<String, String>, String> {
    Ok(read(body, "groups", |row| Some((of(row, "uuid")?, of(row, "name").or_else(|| of(row, "title"))?)))?
        .into_iter()
        .collect())
}

/// Reads staff.
pub(super) fn staff(body: &Value) -> Result<Vec<StaffRow>, String> {
    read(body, "staffers", |row| {
        let id = of(row, "uuid")?;
        let name = full_name(&[of(row, "first_name"), of(row, "last_name")]).or_else(|| of(row, "name"));
        Some(StaffRow { name: name.unwrap_or_else(|| id.clone()), title: of(row, "position"), id })
    })
}

/// Reads locations.
pub(super) fn locations(body: &Value) -> Result<Vec<LocationRow>, String> {
    read(body, "locations", |row| {
        let zone = row.get("timezone");
        let zone = zone.and_then(|zone| of(zone, "name").or_else(|| text(zone)));
        let id = of(row, "uuid")?;
        Some(LocationRow { name: of(row, "name").unwrap_or_else(|| id.clone()), zone, id })
    })
}

/// Reads customers.
pub(super) fn customers(body: &Value) -> Result<Vec<CrmClient>, String> {
    read(body, "customers", customer)
}

/// Reads one customer.
pub(super) fn customer(row: &Value) -> Option<CrmClient> {
    let name = full_name(&[of(row, "first_name"), of(row, "last_name")]);
    Some(CrmClient {
        id: Some(of(row, "uuid")?),
        name: name.or_else(|| of(row, "full_name")).or_else(|| of(row, "name")),
        phone: row.get("phone").and_then(phone),
        email: of(row, "email"),
    })
}

/// Reads bookings of a list.
pub(super) fn bookings(body: &Value) -> Result<Vec<BookingRow>, String> {
    read(body, "bookings", booking_row)
}

/// Reads one booking.
pub(super) fn booking(body: &Value) -> Result<BookingRow, String> {
    booking_row(one(body)).ok_or_else(|| "expected a booking".to_owned())
}

fn booking_row(row: &Value) -> Option<BookingRow> {
    let start = ["start_time", "reserved_on"].iter().find_map(|name| moment(row.get(*name)?, &TimeZone::UTC))?;
    let length = row.get("duration").and_then(seconds).map(SignedDuration::from_secs);
    let end = row.get("end_time").and_then(|end| moment(end, &TimeZone::UTC));
    let status = match (is(row, "is_canceled") || is(row, "is_cancelled"), is(row, "is_completed")) {
        (true, _) => AppointmentStatus::Cancelled,
        (_, true) => AppointmentStatus::Done,
        _ => AppointmentStatus::Booked,
    };
    let service = row.get("ordered_services").map(list).unwrap_or_default().first().and_then(|line| of(line, "name"));
    Some(BookingRow {
        id: of(row, "uuid")?,
        location: of(row, "location_uuid"),
        start,
        end: end.or_else(|| start.checked_add(length?).ok()).unwrap_or(start),
        status,
        notes: ["public_notes", "booking_comment"].iter().find_map(|name| of(row, name)).unwrap_or_default(),
        service,
        customer: row.get("customer").and_then(customer),
    })
}

/// A moment with `Z`, an offset with or without its colon, or none: then it is in that zone.
fn moment(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let colonless = || jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?.to_timestamp().ok();
    let naive =
        || text.replace(' ', "T").parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    text.parse().ok().or_else(colonless).or_else(naive)
}

/// Reads free times of either shape; those without room are left out.
pub(super) fn slots(body: &Value, zone: &TimeZone) -> Result<Vec<SlotRow>, String> {
    let data = body.get("data").unwrap_or(body);
    let dates = match data {
        Value::Array(_) | Value::Null => data,
        _ => data.get("dates").ok_or("expected days with free times")?,
    };
    let mut found = Vec::new();
    for day in list(dates) {
        let times = ["slots", "intervals"].iter().find_map(|name| day.get(*name)).map(list).unwrap_or_default();
        for slot in times {
            let has_room = slot.get("quantity").and_then(int).is_none_or(|quantity| quantity > 0);
            let Some(start) = slot.get("start").and_then(|start| moment(start, zone)).filter(|_| has_room) else {
                continue;
            };
            found.push(SlotRow { start, end: slot.get("end").and_then(|end| moment(end, zone)) });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_and_prices_are_read() {
        let body = json!({"data": [{"uuid": "a", "name": "Haircut", "currency": "EUR", "price": 3500, "starting_at": true,
            "duration": {"value": 90, "label": "minutes", "iso_8601": "PT1H30M"}, "category": {"uuid": "c"}},
            {"uuid": "b", "price": 0, "duration": {"value": 2, "label": "hours"}, "category": null}]});
        let rows = services(&body).unwrap();
        assert_eq!(
            (rows[0].seconds, rows[0].price, rows[0].category.as_deref()),
            (Some(5400), Some(Price { from: 3500, to: None }), Some("c"))
        );
        assert_eq!((rows[1].seconds, rows[1].price), (Some(7200), None));
    }

    #[test]
    fn free_times_come_in_two_shapes_and_three_ways_to_write_a_time() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let first = json!({"data": {"timezone": "Europe/Berlin", "dates": [{"date": "2026-09-04", "slots": [
            {"start": "2026-09-04T07:00:00Z", "end": "2026-09-04T08:00:00Z", "quantity": 1},
            {"start": "2026-09-04T08:00:00Z", "end": "2026-09-04T09:00:00Z", "quantity": 0}]}]}});
        let second = json!({"dates": [{"date": "2026-09-04", "intervals": [{"start": "2026-09-04T09:00:00", "end": "2026-09-04T10:00:00+0200"}]}]});
        assert_eq!(slots(&first, &zone).unwrap(), slots(&second, &zone).unwrap());
        assert_eq!(slots(&json!({"data": []}), &zone).unwrap(), []);
        assert!(slots(&json!({"message": "x"}), &zone).is_err());
    }

    #[test]
    fn a_booking_is_read_bare_and_in_data() {
        let bare = json!({"uuid": "u", "start_time": "2026-09-04T07:00:00Z", "end_time": "2026-09-04T08:00:00Z", "is_canceled": false,
            "is_completed": true, "public_notes": "flow-A", "customer": {"uuid": "c"}, "ordered_services": [{"uuid": "line", "name": "Haircut"}]});
        let read = booking(&bare).unwrap();
        assert_eq!(read, booking(&json!({"data": bare})).unwrap());
        assert_eq!(
            (read.status, read.service.as_deref(), read.notes.as_str()),
            (AppointmentStatus::Done, Some("Haircut"), "flow-A")
        );
        assert_eq!(
            locations(&json!([{"uuid": "l", "timezone": "Europe/Berlin"}])).unwrap()[0].zone.as_deref(),
            Some("Europe/Berlin")
        );
    }
}
