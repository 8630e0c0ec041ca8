//! What tools without types write: numbers as texts, empty texts for nothing, local times, flat names.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::adapters::http::read;

const NOTHING: &Value = &Value::Null;

/// A member; an empty text is null.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    match value.get(name) {
        Some(Value::String(text)) if text.trim().is_empty() => NOTHING,
        Some(member) => member,
        None => NOTHING,
    }
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    read::text(member(value, name))
}

/// A moment: RFC 3339, a local time in the connection's zone, or unix seconds.
pub(super) fn moment(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    const FORMS: &[&str] = &[
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y, %H:%M",
    ];
    if let Some(seconds) = read::int(value) {
        return Timestamp::from_second(seconds).ok().filter(|at| at.as_second() > 946_684_800);
    }
    let text = read::text(value)?;
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local = FORMS.iter().find_map(|form| DateTime::strptime(form, &text).ok())?;
    local.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}

/// Money in minor units: `{"amount_minor", "currency"}`, or a decimal number of major ones.
pub(super) fn money(value: &Value) -> Option<i64> {
    match value {
        Value::Object(_) => read::int(member(value, "amount_minor")).filter(|amount| *amount >= 0),
        _ => read::minor(value).filter(|amount| *amount >= 0),
    }
}

/// Minutes of a visit.
pub(super) fn minutes(value: &Value) -> Option<i64> {
    read::int(value).filter(|minutes| (1..=7 * 24 * 60).contains(minutes))
}

/// A nested object, also where it is sent flat: `client_phone` for `client.phone`.
pub(super) fn nested(data: &Value, name: &str, members: &[&str]) -> Option<Value> {
    match data.get(name) {
        Some(object @ Value::Object(_)) => return Some(object.clone()),
        Some(Value::String(text)) if !text.trim().is_empty() => {
            // An object in a text, or just a name.
            return Some(match serde_json::from_str::<Value>(text) {
                Ok(object) if object.is_object() => object,
                _ => json!({"name": text}),
            });
        }
        _ => {}
    }
    let mut flat = Map::new();
    for inner in members {
        let value = member(data, &format!("{name}_{inner}"));
        if !value.is_null() {
            flat.insert((*inner).to_owned(), value.clone());
        }
    }
    (!flat.is_empty()).then_some(Value::Object(flat))
}

/// A list, also as JSON in a text.
pub(super) fn list(data: &Value, name: &str) -> Vec<Value> {
    match data.get(name) {
        Some(Value::String(text)) => serde_json::from_str::<Vec<Value>>(text).unwrap_or_default(),
        Some(rows) => read::list(rows).into_iter().cloned().collect(),
        None => Vec::new(),
    }
}

/// A moment as it is sent, in a zone.
pub(super) fn sent(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_tools_write_them() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        for form in [
            json!("2026-09-04T09:00:00+03:00"),
            json!("2026-09-04 09:00:00"),
            json!("2026-09-04T09:00"),
            json!("04.09.2026 09:00"),
            json!("1788501600"),
        ] {
            assert_eq!(
                moment(&form, &zone).map(|at| at.to_string()),
                Some("2026-09-04T06:00:00Z".to_owned()),
                "{form}"
            );
        }
        for odd in [json!(""), json!("завтра"), json!(5), json!([])] {
            assert_eq!(moment(&odd, &zone), None, "{odd}");
        }
    }

    #[test]
    fn flat_forms_and_texts_are_objects_too() {
        let flat = json!({"client_name": "Анна", "client_phone": "8 916", "client_ext_id": ""});
        assert_eq!(
            nested(&flat, "client", &["name", "phone", "ext_id"]),
            Some(json!({"name": "Анна", "phone": "8 916"}))
        );
        assert_eq!(nested(&json!({"employee": "Ольга"}), "employee", &["name"]), Some(json!({"name": "Ольга"})));
        assert_eq!(nested(&json!({"employee": null}), "employee", &["name"]), None);
        assert_eq!(list(&json!({"services": "[{\"name\":\"x\"}]"}), "services"), [json!({"name": "x"})]);
        assert_eq!((money(&json!("1500.00")), money(&json!({"amount_minor": "5"}))), (Some(150_000), Some(5)));
    }
}
