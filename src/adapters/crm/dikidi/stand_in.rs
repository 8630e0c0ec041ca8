//! A stand-in of the other side of the bridge: a script that takes signed events, knows each by its id, answers what
//! is free, and decides at once where it is told to.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::outbound::signature;
use crate::adapters::http::far::{FarRequest, FarSide, empty, json as answer};
use crate::adapters::http::{Answer, Method};

/// What both sides sign with.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The other side.
#[derive(Default)]
pub struct Middleware {
    /// Events by their ids: the same one again changes nothing.
    pub events: BTreeMap<String, Value>,
    /// Ids in the order they came, the repeated ones too.
    pub heard: Vec<String>,
    /// How often each was tried, as it says itself, with its signature.
    pub tries: Vec<(String, i64, String)>,
    /// Starts that are not free, in unix seconds.
    pub taken: Vec<i64>,
    /// What it answers to requests beside "taken".
    pub replies: Option<Value>,
    /// It is closed for good.
    pub is_gone: bool,
    /// It refuses every event.
    pub refuses: bool,
}

/// The other side of a salon's bridge.
#[must_use]
pub fn salon(_now: Timestamp) -> Box<dyn FarSide> {
    Box::new(Middleware::default())
}

/// The keys of a connection to it.
#[must_use]
pub fn sample(base: &str) -> Value {
    json!({
        "booking_url": "https://dikidi.net/123456",
        "bridge_url": format!("{base}/bridge"),
        "query_url": format!("{base}/query"),
        "bridge_secret": SECRET,
    })
}

impl FarSide for Middleware {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        if request.method != Method::Post {
            return empty(405);
        }
        let id = request.header("x-flow-event-id").unwrap_or_default().to_owned();
        let given = request.header("x-flow-signature").unwrap_or_default();
        let at = given.strip_prefix("t=").and_then(|rest| rest.split(',').next()).and_then(|t| t.parse::<i64>().ok());
        let at = at.unwrap_or(0);
        if given != signature(SECRET.as_bytes(), at, &id, &request.body) || (now.as_second() - at).abs() > 300 {
            return answer(401, &json!({"error": "bad signature"}));
        }
        let body = request.json();
        let tried = request.header("x-flow-attempt").and_then(|tried| tried.parse().ok()).unwrap_or(0);
        if request.path == "/bridge" {
            self.tries.push((id.clone(), tried, given.to_owned()));
        }
        match request.path.as_str() {
            _ if self.is_gone => empty(410),
            _ if self.refuses => answer(422, &json!({"error": "no"})),
            "/query" => self.free(&body["data"]),
            "/bridge" if request.header("idempotency-key") == Some(id.as_str()) => self.take(id, body),
            _ => empty(404),
        }
    }
}

impl Middleware {
    /// Events of that kind, in no order.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.events.values().filter(|event| event["type"] == kind).collect()
    }

    fn take(&mut self, id: String, body: Value) -> Answer {
        self.heard.push(id.clone());
        if let Some(known) = self.events.get(&id) {
            // The same id is the same event, to the letter.
            if *known != body {
                return answer(409, &json!({"error": "another event under this id"}));
            }
        }
        let is_request = body["type"].as_str().is_some_and(|kind| kind.starts_with("appointment."));
        self.events.insert(id, body);
        match &self.replies {
            Some(reply) if is_request => answer(200, reply),
            _ => Answer { body: b"ok".to_vec(), ..empty(200) },
        }
    }

    /// Every half hour from ten to eight in Moscow, with whoever is asked for.
    fn free(&self, data: &Value) -> Answer {
        let moment = |name: &str| data[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let (Some(from), Some(to)) = (moment("from"), moment("to")) else { return empty(400) };
        let zone = jiff::tz::TimeZone::get("Europe/Moscow").unwrap_or(jiff::tz::TimeZone::UTC);
        let minutes = data["service"]["duration_min"].as_i64().unwrap_or(60);
        let mut day = from.to_zoned(zone.clone()).date();
        let mut slots = Vec::new();
        while let Ok(opens) = day.at(10, 0, 0, 0).to_zoned(zone.clone())
            && opens.timestamp() < to
        {
            let mut at = opens.timestamp();
            let closes = at + SignedDuration::from_hours(10);
            while at + SignedDuration::from_mins(minutes) <= closes {
                if at >= from && at < to && !self.taken.contains(&at.as_second()) {
                    let start = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
                    slots.push(
                        json!({"start": start, "duration_min": minutes.to_string(), "employee": data["employee"]}),
                    );
                }
                at += SignedDuration::from_mins(30);
            }
            day = day.saturating_add(1.day());
        }
        answer(200, &json!({"slots": slots}))
    }
}
