//! A portal that lives in memory: what the tests speak to and `flow crm mock bitrix24` serves. It refuses what a real one
//! refuses, answers empty maps as lists, and lets bookings overlap.

mod catalog;
mod crm;
mod oauth;
mod times;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

pub use self::oauth::Oauth;
pub use self::times::{Booked, Event};
use crate::adapters::crm::bitrix24::php;
use crate::adapters::http::far::{FarRequest, FarSide, json as answer};
use crate::adapters::http::{Answer, url};

/// So many rows a page has.
const PAGE: usize = 50;
/// The code of the webhook.
pub const CODE: &str = "salon0code";
/// What events carry.
pub const APPLICATION_TOKEN: &str = "salon-application-token";

/// A portal.
pub struct Portal {
    /// What the webhook may touch.
    pub scopes: Vec<&'static str>,
    /// 1 with leads, 2 without.
    pub mode: i64,
    /// Whether the booking module is there.
    pub has_booking: bool,
    /// Whether a booking can be asked for by its id.
    pub has_get: bool,
    /// Whether whoever made the webhook was dismissed.
    pub is_dismissed: bool,
    /// Whether moving a booking drops its clients.
    pub drops_clients: bool,
    /// Whether what is made is answered as a bare number.
    pub bare_ids: bool,
    /// The host that the portal was renamed to.
    pub renamed: Option<String>,
    /// Calendars that the webhook's owner may not write.
    pub shut_calendars: Vec<i64>,
    /// Server seconds that a method has used up.
    pub operating: BTreeMap<String, f64>,
    /// Leads, deals and contacts by type and id.
    pub items: BTreeMap<i64, BTreeMap<i64, Value>>,
    /// Bookings by id.
    pub bookings: BTreeMap<i64, Booked>,
    /// Events by id.
    pub events: BTreeMap<i64, Event>,
    /// Comments: word of the entity, its id, text.
    pub comments: Vec<(String, i64, String)>,
    /// Activities by id.
    pub activities: BTreeMap<i64, Value>,
    /// Rows of deals by the deal's id.
    pub rows: BTreeMap<i64, Value>,
    /// Services of the catalogue.
    pub services: Vec<Value>,
    /// Resources of the booking module.
    pub resources: Vec<Value>,
    /// Users.
    pub users: Vec<Value>,
    /// The application, when calls come by tokens.
    pub oauth: Option<Oauth>,
    /// Leads, deals and contacts that were made and that no read shows yet.
    pub late: BTreeSet<i64>,
    /// Whether a batch names a method that is not there in its own way.
    pub names_batch: bool,
    /// Somebody else books this right after the next booking of ours was looked for: start, end, resource.
    pub rival: Option<(i64, i64, i64)>,
    /// Every method that was called, those inside of batches too.
    pub asked: Vec<String>,
    pub(super) last_id: i64,
}

/// A salon that is open at that moment, as the table of kinds has it.
#[must_use]
pub fn fresh(_now: Timestamp) -> Box<dyn FarSide> {
    Box::new(Portal::salon())
}

/// The keys of a connection to the portal at that address.
#[must_use]
pub fn sample(base: &str) -> Value {
    json!({
        "webhook_url": format!("{base}/rest/1/{CODE}/"),
        "application_token": APPLICATION_TOKEN,
        "duration_property": catalog::DURATION,
        "staff_services": {"257": "1265,1266", "258": "1265,1267"},
    })
}

/// Why a method refuses.
pub(super) struct Refused {
    status: u16,
    code: Value,
    words: String,
}

pub(super) fn refused(status: u16, code: impl Into<Value>, words: &str) -> Refused {
    Refused { status, code: code.into(), words: words.to_owned() }
}

/// What a method answers.
pub(super) struct Told {
    result: Value,
    total: Option<usize>,
    next: Option<usize>,
}

impl From<Value> for Told {
    fn from(result: Value) -> Self {
        Self { result, total: None, next: None }
    }
}

pub(super) type Outcome = Result<Told, Refused>;

/// A scalar as text: in a batch everything is.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A scalar as a number; 0 when it is none.
pub(super) fn int(value: &Value) -> i64 {
    text(value).parse().unwrap_or(0)
}

/// Rows of a list, or of a map that stands for one.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows) => rows.values().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// A page of rows as lists of entities have it; `start` of -1 counts nothing.
pub(super) fn page(rows: Vec<Value>, start: &Value, shape: impl Fn(Vec<Value>) -> Value) -> Told {
    let start = int(start);
    let total = rows.len();
    let from = usize::try_from(start).unwrap_or(0);
    let some: Vec<Value> = rows.into_iter().skip(from).take(PAGE).collect();
    let next = (start >= 0 && from + some.len() < total).then(|| from + PAGE);
    Told { result: shape(some), total: Some(if start < 0 { 0 } else { total }), next }
}

impl Portal {
    /// A salon with two people, three services and one client.
    #[must_use]
    pub fn salon() -> Self {
        let client = json!({"id": 275, "name": "Мария", "lastName": "Иванова", "assignedById": 1, "originatorId": null,
            "originId": null, "lastActivityTime": "2026-03-01T10:00:00+03:00",
            "fm": [{"id": 101, "typeId": "PHONE", "valueType": "MOBILE", "value": "8 (916) 111-22-33"}]});
        Self {
            scopes: vec!["crm", "catalog", "booking", "calendar", "user_brief", "task"],
            mode: 1,
            has_booking: true,
            has_get: true,
            is_dismissed: false,
            drops_clients: false,
            bare_ids: false,
            renamed: None,
            shut_calendars: Vec::new(),
            operating: BTreeMap::new(),
            items: BTreeMap::from([(1, BTreeMap::new()), (2, BTreeMap::new()), (3, BTreeMap::from([(275, client)]))]),
            bookings: BTreeMap::new(),
            events: BTreeMap::new(),
            comments: Vec::new(),
            activities: BTreeMap::new(),
            rows: BTreeMap::new(),
            services: catalog::services(),
            resources: times::resources(),
            users: times::users(),
            oauth: None,
            late: BTreeSet::new(),
            names_batch: false,
            rival: None,
            asked: Vec::new(),
            last_id: 1800,
        }
    }

    pub(super) fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// How often a method was called.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.asked.iter().filter(|asked| *asked == method).count()
    }

    fn allowed(&self, method: &str) -> Result<(), Refused> {
        let scope = method.split('.').next().unwrap_or_default();
        let missing = |words: &str| Err(refused(403, "insufficient_scope", words));
        let words = "The request requires higher privileges than provided by the access token";
        match scope {
            "booking" if !self.has_booking => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
            "user" if !self.scopes.iter().any(|scope| scope.starts_with("user")) => missing(words),
            "crm" | "catalog" | "booking" | "calendar" if !self.scopes.contains(&scope) => missing(words),
            _ => Ok(()),
        }
    }

    fn method(&mut self, method: &str, params: &Value, now: Timestamp) -> Outcome {
        self.asked.push(method.to_owned());
        self.allowed(method)?;
        if self.operating.get(method).is_some_and(|used| *used >= 480.0) {
            return Err(refused(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit"));
        }
        match method {
            "profile" if self.is_dismissed => Ok(json!([]).into()),
            "profile" => Ok(json!({"ID": "1", "ADMIN": true, "NAME": "Ирина", "LAST_NAME": "Салонова",
                "TIME_ZONE": "Europe/Moscow"})
            .into()),
            "scope" => Ok(json!(self.scopes).into()),
            "server.time" => Ok(json!(now.to_string()).into()),
            "method.get" => Ok(self.method_state(&text(&params["name"])).into()),
            "user.get" => Ok(page(self.users.clone(), &params["start"], Value::Array)),
            "event.bind" | "event.unbind" if self.oauth.is_none() => {
                Err(refused(403, "ACCESS_DENIED", "Application context required"))
            }
            "event.bind" | "event.unbind" => Ok(json!(true).into()),
            _ => match method.split('.').next().unwrap_or_default() {
                "crm" => self.crm(method, params, now),
                "catalog" => self.catalog(method, params),
                "booking" => self.booking(method, params),
                "calendar" => self.calendar(method, params),
                _ => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
            },
        }
    }

    fn method_state(&self, name: &str) -> Value {
        let scope = name.split('.').next().unwrap_or_default();
        let is_existing = scope != "booking" || self.has_booking;
        json!({"isExisting": is_existing, "isAvailable": is_existing && self.scopes.contains(&scope)})
    }

    fn batch(&mut self, params: &Value, now: Timestamp) -> Outcome {
        let Some(commands) = params["cmd"].as_object() else {
            return Ok(
                json!({"result": [], "result_error": [], "result_total": [], "result_next": [], "result_time": []})
                    .into(),
            );
        };
        if commands.len() > 50 {
            return Err(refused(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"));
        }
        let mut maps = [const { Vec::new() }; 5].map(|_: Vec<Value>| Map::new());
        for (key, command) in commands {
            let command = text(command);
            let (method, query) = command.split_once('?').unwrap_or((&command, ""));
            let params = php::value(&url::pairs(query));
            match self.method(method, &params, now) {
                Ok(told) => {
                    maps[0].insert(key.clone(), told.result);
                    maps[2].extend(told.total.map(|total| (key.clone(), json!(total))));
                    maps[3].extend(told.next.map(|next| (key.clone(), json!(next))));
                    maps[4].insert(key.clone(), self.time(method, now));
                }
                Err(mut refused) => {
                    if self.names_batch && refused.code == "ERROR_METHOD_NOT_FOUND" {
                        refused.code = json!("ERROR_BATCH_METHOD_NOT_ALLOWED");
                    }
                    let error = json!({"error": refused.code, "error_description": refused.words});
                    maps[1].insert(key.clone(), error);
                }
            }
        }
        let [result, errors, totals, nexts, times] = maps.map(php_map);
        Ok(json!({"result": result, "result_error": errors, "result_total": totals, "result_next": nexts,
            "result_time": times})
        .into())
    }

    fn time(&self, method: &str, now: Timestamp) -> Value {
        let operating = self.operating.get(method).copied().unwrap_or(0.12);
        json!({"start": 1.0, "finish": 1.2, "duration": 0.2, "processing": 0.1, "date_start": now.to_string(),
            "operating": operating, "operating_reset_at": (now + SignedDuration::from_mins(5)).as_second()})
    }

    /// Who calls which method; the webhook's code or an application's token.
    fn called<'r>(&self, request: &'r FarRequest, body: &Value, now: Timestamp) -> Result<&'r str, Refused> {
        let parts = request.parts();
        let wrong = || refused(401, "NO_AUTH_FOUND", "Wrong authorization data");
        let method = *parts.last().ok_or_else(wrong)?;
        match (parts.as_slice(), &self.oauth) {
            (["rest", "1", code, _], None) if *code == CODE => {}
            (["rest", _], Some(oauth)) => match oauth.is_valid(&text(&body["auth"]), now) {
                Some(true) => {}
                Some(false) => {
                    return Err(refused(401, "expired_token", "The access token provided has expired."));
                }
                None => return Err(wrong()),
            },
            _ => return Err(wrong()),
        }
        Ok(method.strip_suffix(".json").unwrap_or(method))
    }

    fn rest(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        let body = request.json();
        let told = self.called(request, &body, now).map(str::to_owned);
        let told = told.and_then(|method| {
            let told = if method == "batch" { self.batch(&body, now) } else { self.method(&method, &body, now) };
            told.map(|told| (method, told))
        });
        match told {
            Ok((method, told)) => {
                let mut whole = json!({"result": told.result});
                if let Some(total) = told.total {
                    whole["total"] = json!(total);
                }
                if let Some(next) = told.next {
                    whole["next"] = json!(next);
                }
                whole["time"] = self.time(&method, now);
                answer(200, &whole)
            }
            Err(refused) => answer(refused.status, &json!({"error": refused.code, "error_description": refused.words})),
        }
    }
}

/// A map as PHP writes it: an empty one is a list.
fn php_map(map: Map<String, Value>) -> Value {
    if map.is_empty() { json!([]) } else { Value::Object(map) }
}

impl FarSide for Portal {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        if request.path.starts_with("/oauth/") {
            return self.renew(request, now);
        }
        let is_old = |host: &String| request.header("host") != Some(host.as_str());
        if let Some(host) = self.renamed.as_ref().filter(|host| is_old(host)) {
            let location = format!("https://{host}{}", request.path);
            return Answer { status: 302, headers: vec![("location".to_owned(), location)], body: Vec::new() };
        }
        self.rest(request, now)
    }
}
