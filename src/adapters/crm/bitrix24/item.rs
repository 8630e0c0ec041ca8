//! A visit as the portal has it: a booking of the booking module or an event of somebody's calendar.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::adapters::http::read;

/// A visit, or whatever else takes somebody's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id; empty where the portal does not tell it.
    pub id: String,
    /// Whose time it takes: resources or users.
    pub owners: Vec<String>,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Contacts that come, where it says so itself.
    pub contacts: Option<Vec<String>>,
}

impl Item {
    /// Whether it takes that time of that owner; what only touches it does not.
    #[must_use]
    pub fn takes(&self, owner: &str, start: Timestamp, end: Timestamp) -> bool {
        self.owners.iter().any(|own| own == owner) && self.start < end && start < self.end
    }

    /// Whether it is older than another that wants the same time: the smaller id was first.
    #[must_use]
    pub fn was_before(&self, id: &str) -> bool {
        match (self.id.parse::<u64>(), id.parse::<u64>()) {
            (Ok(own), Ok(other)) => own < other,
            _ => self.id.as_str() < id,
        }
    }
}

fn moment(value: Option<&Value>) -> Option<Timestamp> {
    let seconds = match value? {
        Value::Object(members) => members.get("timestamp").and_then(read::int)?,
        other => read::int(other)?,
    };
    Timestamp::from_second(seconds).ok().filter(|at| at.as_second() > 0)
}

/// Reads one booking.
///
/// # Errors
/// Which member is missing.
pub fn read_booking(value: &Value) -> Result<Item, String> {
    let value = value.get("booking").filter(|booking| booking.is_object()).unwrap_or(value);
    let of = |name: &str| value.get(name).and_then(read::text);
    let period = value.get("datePeriod").ok_or("a booking has no `datePeriod`")?;
    let owners = value.get("resourceIds").map(|ids| read::list(ids).into_iter().filter_map(read::text).collect());
    let item = Item {
        id: of("id").ok_or("a booking has no `id`")?,
        owners: owners.unwrap_or_default(),
        start: moment(period.get("from")).ok_or("a booking has no start")?,
        end: moment(period.get("to")).ok_or("a booking has no end")?,
        name: of("name").unwrap_or_default(),
        description: of("description").unwrap_or_default(),
        contacts: value.get("clients").and_then(read_clients),
    };
    Ok(item)
}

/// Reads a page of bookings and whether it is a whole one.
///
/// # Errors
/// When it is no page.
pub fn read_bookings(value: &Value) -> Result<(Vec<Item>, bool), String> {
    let rows = match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        _ => read::list(value.get("booking").ok_or("the answer has no `booking`")?),
    };
    let is_whole = rows.len() >= super::catalogue::PAGE;
    Ok((rows.into_iter().map(read_booking).collect::<Result<_, _>>()?, is_whole))
}

/// Reads `booking.v1.booking.client.list`, or the clients inside a booking: contacts only.
#[must_use]
pub fn read_clients(value: &Value) -> Option<Vec<String>> {
    let rows = match value {
        Value::Object(members) => members.get("bookingClient").or_else(|| members.get("clients"))?,
        other => other,
    };
    let contact = |row: &Value| {
        let code = row.get("type").and_then(|kind| kind.get("code")).and_then(read::text);
        let is_contact = code.is_none_or(|code| code.eq_ignore_ascii_case("contact"));
        row.get("id").and_then(read::text).filter(|_| is_contact)
    };
    Some(read::list(rows).into_iter().filter_map(contact).collect())
}

/// Reads the id that a call which makes something answers: plain, or in an object.
#[must_use]
pub fn read_made(value: &Value) -> Option<String> {
    let plain = |value: &Value| read::text(value).filter(|id| id != "0");
    plain(value).or_else(|| {
        let inner = value.get("id").or_else(|| value.get("ID")).or_else(|| value.get("booking"))?;
        plain(inner).or_else(|| inner.get("id").and_then(plain))
    })
}

/// Whole days from and to, as moments: the portal names each by a midnight, of the zone or of UTC.
fn whole_days(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let day = |at: Timestamp| -> Date {
        let is_utc = at.as_second() % 86_400 == 0;
        at.to_zoned(if is_utc { TimeZone::UTC } else { zone.clone() }).date()
    };
    let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let last = day(end.checked_sub(SignedDuration::from_secs(1)).ok()?).max(day(start)).max(day(end));
    Some((midnight(day(start))?, midnight(last.tomorrow().ok()?)?))
}

/// From and until of an event.
fn span(event: &Value, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let (start, end) = (moment(event.get("DATE_FROM_TS_UTC"))?, moment(event.get("DATE_TO_TS_UTC"))?);
    if event.get("DT_SKIP_TIME").and_then(read::flag) == Some(true) {
        return whole_days(start, end, zone);
    }
    Some((start, end))
}

/// Reads one event of a calendar; nothing when there is none, or when it is deleted.
///
/// # Errors
/// Which member is missing.
pub fn read_event(value: &Value, zone: &TimeZone) -> Result<Option<Item>, String> {
    let value = match value {
        Value::Array(rows) => match rows.first() {
            Some(first) => first,
            None => return Ok(None),
        },
        other => other,
    };
    if !value.is_object() || value.get("DELETED").and_then(read::flag) == Some(true) {
        return Ok(None);
    }
    let of = |name: &str| value.get(name).and_then(read::text);
    let Some(id) = of("ID") else { return Ok(None) };
    let (start, end) = span(value, zone).ok_or("an event has no DATE_FROM_TS_UTC and DATE_TO_TS_UTC")?;
    let bound = value.get("UF_CRM_CAL_EVENT").map(read::list).unwrap_or_default();
    let contact = |bound: &Value| read::text(bound)?.strip_prefix("C_").map(str::to_owned);
    Ok(Some(Item {
        id,
        owners: of("OWNER_ID").into_iter().collect(),
        start,
        end,
        name: of("NAME").unwrap_or_default(),
        description: of("DESCRIPTION").unwrap_or_default(),
        contacts: Some(bound.into_iter().filter_map(contact).collect()),
    }))
}

/// Whether an event takes its owner's time.
#[must_use]
pub fn takes_time(event: &Value) -> bool {
    let said = event.get("ACCESSIBILITY").and_then(read::text).unwrap_or_else(|| "busy".to_owned());
    let declined = event.get("MEETING_STATUS").and_then(read::text).is_some_and(|status| status == "N");
    matches!(said.as_str(), "busy" | "absent") && !declined
}

/// Reads the events of somebody's calendar.
///
/// # Errors
/// When they are no list.
pub fn read_events(value: &Value, owner: &str, zone: &TimeZone, only_busy: bool) -> Result<Vec<Item>, String> {
    if !value.is_array() && !value.is_object() && !value.is_null() && value != &Value::Bool(false) {
        return Err("the events are no list".to_owned());
    }
    let mut items = Vec::new();
    for row in read::list(value) {
        if only_busy && !takes_time(row) {
            continue;
        }
        if let Some(mut item) = read_event(row, zone)? {
            if item.owners.is_empty() {
                item.owners.push(owner.to_owned());
            }
            items.push(item);
        }
    }
    Ok(items)
}

/// Reads `calendar.accessibility.get`: what takes the time of each user.
///
/// # Errors
/// When it is no map.
pub fn read_accessibility(value: &Value, users: &[String], zone: &TimeZone) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    for user in users {
        let events = match value {
            Value::Object(members) => members.get(user),
            // A map whose keys are 0, 1, … comes as a list.
            Value::Array(rows) => user.parse::<usize>().ok().and_then(|at| rows.get(at)),
            _ => return Err("the accessibility is no map".to_owned()),
        };
        for event in events.map(read::list).unwrap_or_default() {
            if !takes_time(event) {
                continue;
            }
            let Some((start, end)) = span(event, zone) else { continue };
            items.push(Item {
                id: event.get("ID").and_then(read::text).unwrap_or_default(),
                owners: vec![user.clone()],
                start,
                end,
                name: String::new(),
                description: String::new(),
                contacts: None,
            });
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_booking_is_read_with_numbers_and_texts() {
        let booking = json!({"id": "15", "resourceIds": [257, "258"], "name": null, "description": null,
            "datePeriod": {"from": {"timestamp": "1787011200", "timezone": "Europe/Moscow"}, "to": {"timestamp": 1_787_014_800}}});
        let item = read_booking(&booking).unwrap();
        assert_eq!((item.id.as_str(), item.owners.len(), item.end.as_second()), ("15", 2, 1_787_014_800));
        assert!(read_booking(&json!({"id": 1})).is_err());
        assert!(read_bookings(&json!([])).unwrap().0.is_empty());
        assert!(read_bookings(&json!({"booking": []})).unwrap().0.is_empty());
    }

    #[test]
    fn what_was_made_is_read_in_each_form() {
        for value in [json!(1823), json!("1823"), json!({"id": 1823}), json!({"booking": {"id": "1823"}})] {
            assert_eq!(read_made(&value).as_deref(), Some("1823"), "{value}");
        }
        assert_eq!(read_made(&json!(false)), None);
    }

    #[test]
    fn an_event_is_read_by_its_utc_times_and_without_clients() {
        let event = json!({"ID": "9", "OWNER_ID": "7", "NAME": "x", "DATE_FROM": "12/11/2024 05:59:00 pm",
            "DATE_FROM_TS_UTC": "1787011200", "DATE_TO_TS_UTC": "1787014800", "UF_CRM_CAL_EVENT": false});
        let item = read_event(&event, &TimeZone::UTC).unwrap().unwrap();
        assert_eq!((item.owners, item.contacts), (vec!["7".to_owned()], Some(vec![])));
        assert_eq!(read_event(&json!([]), &TimeZone::UTC), Ok(None));
        assert_eq!(read_event(&json!(false), &TimeZone::UTC), Ok(None));
    }

    #[test]
    fn whole_days_are_days_of_the_zone_however_they_are_named() {
        let moscow = TimeZone::get("Europe/Moscow").unwrap();
        for (from, to) in
            [("2026-03-11T00:00:00Z", "2026-03-11T00:00:00Z"), ("2026-03-10T21:00:00Z", "2026-03-11T20:59:59Z")]
        {
            let of = |text: &str| text.parse::<Timestamp>().unwrap().as_second().to_string();
            let map = json!({"7": [{"DATE_FROM_TS_UTC": of(from), "DATE_TO_TS_UTC": of(to), "DT_SKIP_TIME": "Y"}]});
            let item = &read_accessibility(&map, &["7".to_owned()], &moscow).unwrap()[0];
            assert_eq!(item.start.to_string(), "2026-03-10T21:00:00Z", "{from}");
            assert_eq!(item.end.to_string(), "2026-03-11T21:00:00Z", "{from}");
        }
    }

    #[test]
    fn smaller_ids_were_first_and_touching_times_do_not_collide() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let item = Item {
            id: "99".into(),
            owners: vec!["7".into()],
            start: at(100),
            end: at(200),
            name: String::new(),
            description: String::new(),
            contacts: None,
        };
        assert!(item.was_before("100") && !item.was_before("98"));
        assert!(
            !item.takes("7", at(200), at(300)) && item.takes("7", at(199), at(300)) && !item.takes("8", at(0), at(300))
        );
    }
}
