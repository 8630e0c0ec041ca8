//! What comes over the bridge: the envelope, and each kind of event brought into one form. Nothing here waits.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::scalars::{list, member, minutes, moment, money, nested, text};
use crate::adapters::http::read;
use crate::domain::crm::HookRefusal;
use crate::domain::signing::hex;

/// A larger body is refused.
const LARGEST: usize = 256 * 1024;
/// A longer id is none.
const LONGEST_ID: usize = 64;

/// Path and what is wrong with it.
pub(super) type Wrong = Vec<(String, String)>;

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Envelope {
    pub id: String,
    pub kind: String,
    /// When it happened, where it says so.
    pub at: Option<Timestamp>,
    pub data: Value,
}

/// Every kind of event that flow takes.
const KINDS: &[&str] = &[
    "appointment.created",
    "appointment.updated",
    "appointment.canceled",
    "appointment.request_resolved",
    "client.upserted",
    "catalog.snapshot",
    "slots.snapshot",
    "ping",
    "pong",
];

fn wrong(path: &str, what: &str) -> Wrong {
    vec![(path.to_owned(), what.to_owned())]
}

/// The id that a body names; for the signature, before anything else of it is read.
pub(super) fn named_id(body: &[u8]) -> Option<String> {
    object_of(body).ok().and_then(|body| text(&body, "event_id"))
}

fn object_of(body: &[u8]) -> Result<Value, HookRefusal> {
    if body.len() > LARGEST {
        return Err(HookRefusal::Unreadable(format!("more than {LARGEST} bytes")));
    }
    let unreadable = |what: &str| HookRefusal::Unreadable(what.to_owned());
    let mut value: Value = serde_json::from_slice(body).map_err(|_| unreadable("the body is no JSON"))?;
    // A tool may send JSON in a text.
    if let Value::String(inner) = &value {
        value = serde_json::from_str(inner).map_err(|_| unreadable("the body is a text that is no JSON"))?;
    }
    if value.is_object() { Ok(value) } else { Err(unreadable("the body is no JSON object")) }
}

/// Reads a body.
pub(super) fn read(body: &[u8], header_id: Option<&str>, zone: &TimeZone) -> Result<Envelope, HookRefusal> {
    let value = object_of(body)?;
    let version = member(&value, "v");
    if !version.is_null() && read::int(version) != Some(1) {
        return Err(HookRefusal::Invalid(wrong("/v", "expected 1")));
    }
    let kind = text(&value, "type").ok_or_else(|| HookRefusal::Invalid(wrong("/type", "is missing")))?;
    let kind = if kind == "appointment.cancelled" { "appointment.canceled".to_owned() } else { kind };
    if !KINDS.contains(&kind.as_str()) {
        let what = format!("expected one of {}", KINDS.join(", "));
        return Err(HookRefusal::Invalid(wrong("/type", &what)));
    }
    let at = match member(&value, "occurred_at") {
        Value::Null => None,
        given => Some(
            moment(given, zone)
                .ok_or_else(|| HookRefusal::Invalid(wrong("/occurred_at", "expected 2026-09-01T10:15:00+03:00")))?,
        ),
    };
    let data = match member(&value, "data") {
        Value::Null if matches!(kind.as_str(), "ping" | "pong") => json!({}),
        Value::String(inner) => serde_json::from_str::<Value>(inner).unwrap_or_default(),
        data => data.clone(),
    };
    if !data.is_object() {
        return Err(HookRefusal::Invalid(wrong("/data", "expected an object")));
    }
    // Who gives no id is known by their words: type, moment and data, as they were sent.
    let said = |name: &str| text(&value, name).unwrap_or_default();
    let words = format!("{}{}{}", said("type"), said("occurred_at"), member(&value, "data"));
    let id = text(&value, "event_id").or_else(|| header_id.filter(|id| !id.is_empty()).map(str::to_owned));
    let id = id.unwrap_or_else(|| hex(&Sha256::digest(words.as_bytes())));
    if id.chars().count() > LONGEST_ID {
        return Err(HookRefusal::Invalid(wrong("/event_id", "is longer than 64 characters")));
    }
    let envelope = Envelope { id, kind, at, data };
    check(&envelope, zone).map_err(HookRefusal::Invalid)?;
    Ok(envelope)
}

/// Whether the data fits its kind.
fn check(envelope: &Envelope, zone: &TimeZone) -> Result<(), Wrong> {
    let data = &envelope.data;
    match envelope.kind.as_str() {
        "appointment.created" => {
            let visit = visit(data, zone)?;
            if visit.get("start").is_none_or(Value::is_null) {
                return Err(wrong("/data/start", "is missing"));
            }
            Ok(())
        }
        "appointment.updated" | "appointment.canceled" => visit(data, zone).map(|_| ()),
        "appointment.request_resolved" => resolution(data, zone).map(|_| ()),
        "client.upserted" => client(data).map(|_| ()),
        "catalog.snapshot" => catalogue(data).map(|_| ()),
        "slots.snapshot" => slots(data, zone).map(|_| ()),
        _ => Ok(()),
    }
}

/// A visit in one form: what is named stands there, what is cleared is null.
pub(super) fn visit(data: &Value, zone: &TimeZone) -> Result<Map<String, Value>, Wrong> {
    let mut visit = Map::new();
    let ext_id = text(data, "ext_id").ok_or_else(|| wrong("/data/ext_id", "is missing"))?;
    visit.insert("ext_id".to_owned(), json!(ext_id));
    if let Some(id) = text(data, "request_id") {
        visit.insert("request_id".to_owned(), json!(id));
    }
    if let Some(status) = text(data, "status") {
        let status = if status == "cancelled" { "canceled".to_owned() } else { status };
        if !matches!(status.as_str(), "booked" | "confirmed" | "came" | "no_show" | "canceled") {
            return Err(wrong("/data/status", "expected booked, confirmed, came, no_show or canceled"));
        }
        visit.insert("status".to_owned(), json!(status));
    }
    times(data, zone, &mut visit)?;
    for (name, members) in [("client", CLIENT), ("employee", NAMED)] {
        match (nested(data, name, members), data.get(name)) {
            (Some(object), _) => visit.insert(name.to_owned(), object),
            (None, Some(Value::Null)) => visit.insert(name.to_owned(), Value::Null),
            (None, _) => None,
        };
    }
    let services = list(data, "services");
    let service = nested(data, "service", SERVICE);
    if !services.is_empty() || service.is_some() {
        let all = if services.is_empty() { service.into_iter().collect() } else { services };
        visit.insert("services".to_owned(), Value::Array(all));
    }
    for name in ["comment", "url", "reason"] {
        if let Some(value) = data.get(name) {
            visit.insert(name.to_owned(), read::text(value).map_or(Value::Null, Value::String));
        }
    }
    Ok(visit)
}

const CLIENT: &[&str] = &["ext_id", "name", "phone", "email"];
const NAMED: &[&str] = &["ext_id", "name"];
const SERVICE: &[&str] = &["ext_id", "name", "price"];

/// `start` in UTC and `minutes`, from an end or a duration.
fn times(data: &Value, zone: &TimeZone, into: &mut Map<String, Value>) -> Result<(), Wrong> {
    let at = |name: &str| match member(data, name) {
        Value::Null => Ok(None),
        given => match moment(given, zone) {
            Some(at) => Ok(Some(at)),
            None => Err(wrong(&format!("/data/{name}"), "expected 2026-09-04T09:00:00+03:00")),
        },
    };
    let (start, end) = (at("start")?, at("end")?);
    if let Some(start) = start {
        into.insert("start".to_owned(), json!(start.to_string()));
    }
    let length = match member(data, "duration_min") {
        Value::Null => None,
        given => Some(minutes(given).ok_or_else(|| wrong("/data/duration_min", "expected minutes"))?),
    };
    let length = length.or_else(|| {
        let seconds = end?.duration_since(start?).as_secs();
        Some(seconds / 60).filter(|minutes| (1..=7 * 24 * 60).contains(minutes))
    });
    if let Some(length) = length {
        into.insert("minutes".to_owned(), json!(length));
    }
    Ok(())
}

/// What became of a request.
pub(super) fn resolution(data: &Value, zone: &TimeZone) -> Result<Map<String, Value>, Wrong> {
    let mut told = Map::new();
    let id = text(data, "request_id").ok_or_else(|| wrong("/data/request_id", "is missing"))?;
    told.insert("request_id".to_owned(), json!(id));
    let result = text(data, "result").ok_or_else(|| wrong("/data/result", "is missing"))?;
    if !matches!(result.as_str(), "confirmed" | "rejected" | "changed") {
        return Err(wrong("/data/result", "expected confirmed, rejected or changed"));
    }
    told.insert("result".to_owned(), json!(result));
    times(data, zone, &mut told)?;
    if result == "changed" && !told.contains_key("start") {
        return Err(wrong("/data/start", "is missing: to when was it changed?"));
    }
    for name in ["ext_id", "reason", "message_to_client"] {
        if let Some(value) = text(data, name) {
            told.insert(name.to_owned(), json!(value));
        }
    }
    let alternatives = list(data, "alternatives");
    if !alternatives.is_empty() {
        told.insert("alternatives".to_owned(), Value::Array(alternatives));
    }
    Ok(told)
}

/// A client's card.
pub(super) fn client(data: &Value) -> Result<Map<String, Value>, Wrong> {
    let mut card = Map::new();
    let phone = match member(data, "phone") {
        Value::Null => None,
        given => Some(read::phone(given).ok_or_else(|| wrong("/data/phone", "expected +79161234567"))?),
    };
    if let Some(phone) = &phone {
        card.insert("phone".to_owned(), json!(phone.as_str()));
    }
    let ext_id = text(data, "ext_id");
    if ext_id.is_none() && phone.is_none() {
        return Err(wrong("/data/ext_id", "is missing, and so is the phone"));
    }
    for name in ["ext_id", "name", "email", "birthday", "note"] {
        if let Some(value) = text(data, name) {
            card.insert(name.to_owned(), json!(value));
        }
    }
    Ok(card)
}

/// Services and staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub services: Vec<Value>,
    pub employees: Vec<Value>,
    pub is_complete: bool,
    pub is_forced: bool,
}

pub(super) fn catalogue(data: &Value) -> Result<Told, Wrong> {
    let mut problems = Wrong::new();
    let mut rows = |name: &str| -> Vec<Value> {
        let mut kept = Vec::new();
        for (at, row) in list(data, name).into_iter().enumerate() {
            for needed in ["ext_id", "name"] {
                if text(&row, needed).is_none() {
                    problems.push((format!("/data/{name}/{at}/{needed}"), "is missing".to_owned()));
                }
            }
            let price = member(&row, "price_min");
            if !price.is_null() && money(price).is_none() {
                problems.push((format!("/data/{name}/{at}/price_min"), "expected an amount".to_owned()));
            }
            kept.push(row);
        }
        kept
    };
    let (services, employees) = (rows("services"), rows("employees"));
    if !problems.is_empty() {
        return Err(problems);
    }
    let flag = |name: &str| read::flag(member(data, name)).unwrap_or(false);
    Ok(Told { services, employees, is_complete: flag("complete"), is_forced: flag("force") })
}

/// Free times that are offered until a moment: its key, and its body.
pub(super) fn slots(data: &Value, zone: &TimeZone) -> Result<(String, Value), Wrong> {
    let until = moment(member(data, "valid_until"), zone)
        .ok_or_else(|| wrong("/data/valid_until", "expected 2026-09-01T12:00:00+03:00"))?;
    let employee = nested(data, "employee", NAMED);
    let service = nested(data, "service", SERVICE);
    let mut free = Vec::new();
    for (at, row) in list(data, "slots").iter().enumerate() {
        let start = moment(member(row, "start"), zone)
            .ok_or_else(|| wrong(&format!("/data/slots/{at}/start"), "expected 2026-09-04T09:00:00+03:00"))?;
        free.push(json!({"start": start.to_string(), "minutes": minutes(member(row, "duration_min"))}));
    }
    let id = |object: &Option<Value>| object.as_ref().and_then(|object| text(object, "ext_id")).unwrap_or_default();
    let key = format!("{}|{}", id(&employee), id(&service));
    Ok((key, json!({"until": until.to_string(), "employee": employee, "service": service, "slots": free})))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Moscow").unwrap()
    }

    fn told(body: &Value) -> Result<Envelope, HookRefusal> {
        read(body.to_string().as_bytes(), None, &zone())
    }

    #[test]
    fn a_visit_is_brought_into_one_form_however_it_is_sent() {
        let flat = json!({"type": "appointment.created", "occurred_at": "2026-09-01 10:15:00", "event_id": 7,
            "data": "{\"ext_id\":558812,\"status\":\"booked\",\"start\":\"04.09.2026 09:00\",\"duration_min\":\"60\",\
                     \"client_name\":\"Анна\",\"client_phone\":\"8 916 150-22-39\",\"service_name\":\"Стрижка\",\
                     \"employee_name\":\"Ольга\",\"comment\":\"\"}"});
        let envelope = told(&flat).unwrap();
        assert_eq!((envelope.id.as_str(), envelope.at.unwrap().to_string().as_str()), ("7", "2026-09-01T07:15:00Z"));
        let read = Value::Object(visit(&envelope.data, &zone()).unwrap());
        assert_eq!(read["ext_id"], "558812");
        assert_eq!((&read["start"], &read["minutes"]), (&json!("2026-09-04T06:00:00Z"), &json!(60)));
        assert_eq!((&read["services"][0]["name"], &read["comment"]), (&json!("Стрижка"), &Value::Null));
        assert!(read.get("url").is_none(), "what is not named is not cleared");
    }

    #[test]
    fn what_does_not_fit_names_its_path() {
        for (body, path) in [
            (json!({"data": {}}), "/type"),
            (json!({"type": "appointment.exploded", "data": {}}), "/type"),
            (json!({"v": 2, "type": "ping"}), "/v"),
            (json!({"type": "appointment.created", "data": {"ext_id": "1"}}), "/data/start"),
            (json!({"type": "appointment.created", "data": {"ext_id": "1", "start": "скоро"}}), "/data/start"),
            (json!({"type": "appointment.canceled", "data": {}}), "/data/ext_id"),
            (json!({"type": "client.upserted", "data": {"ext_id": "1", "phone": "12"}}), "/data/phone"),
            (
                json!({"type": "appointment.request_resolved", "data": {"request_id": "r", "result": "maybe"}}),
                "/data/result",
            ),
            (json!({"type": "catalog.snapshot", "data": {"services": [{"name": "x"}]}}), "/data/services/0/ext_id"),
            (json!({"type": "ping", "event_id": "x".repeat(65)}), "/event_id"),
        ] {
            match told(&body) {
                Err(HookRefusal::Invalid(wrong)) => assert_eq!(wrong[0].0, path, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
        assert!(matches!(read(b"{", None, &zone()), Err(HookRefusal::Unreadable(_))));
        assert!(told(&json!({"type": "ping"})).is_ok());
        let same = json!({"type": "pong", "data": {"a": 1}});
        assert_eq!(told(&same).unwrap().id, told(&same).unwrap().id, "the same words have the same id");
    }
}
