//! A stand-in of the platform: a salon with its quirks. Numbers are texts here and there, empty objects are lists, a
//! refusal may come in a 200, and a whole-body change loses what it leaves out.

mod form;
mod journal;
mod people;
mod settings;

use std::collections::VecDeque;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::adapters::http::far::{FarRequest, FarSide, json as answer_json};
use crate::adapters::http::{Answer, Method};

/// The partner's token.
pub const PARTNER: &str = "partner-token-of-the-stand-in";
/// The user's token.
pub const USER: &str = "user-token-of-the-stand-in";
/// The branch.
pub const COMPANY: i64 = 4564;
/// What the address of hooks carries.
pub const SECRET: &str = "a-secret-of-the-stand-in-0123456789";

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its group.
    pub category: i64,
    /// Its price, in units.
    pub price: i64,
    /// Its length, in seconds.
    pub seconds: i64,
    /// Who provides it.
    pub staff: Vec<i64>,
    /// Whether clients can book it.
    pub is_online: bool,
}

/// An employee.
#[derive(Debug, Clone)]
pub struct Employee {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Whether clients see them.
    pub is_hidden: bool,
}

/// An appointment.
#[derive(Debug, Clone)]
pub struct Record {
    /// The id.
    pub id: i64,
    /// Whose.
    pub staff: i64,
    /// Of what.
    pub services: Vec<i64>,
    /// When, on the salon's wall.
    pub start: DateTime,
    /// How long.
    pub seconds: i64,
    /// Whose visit; nobody's is time that is blocked.
    pub client: Option<i64>,
    /// What the staff reads.
    pub comment: String,
    /// A number from outside.
    pub api_id: String,
    /// Whether it was called off.
    pub is_deleted: bool,
    /// `0` waits, `1` came, `2` confirmed, `-1` did not come.
    pub attendance: i64,
    /// The key to it.
    pub hash: String,
    /// Own fields of the salon.
    pub custom_fields: Value,
}

/// A salon.
pub struct Salon {
    /// Whether it is Altegio's.
    pub is_altegio: bool,
    /// Services.
    pub services: Vec<Service>,
    /// Staff.
    pub staff: Vec<Employee>,
    /// Clients, as they are written.
    pub clients: Vec<Value>,
    /// Appointments.
    pub records: Vec<Record>,
    /// Comments of clients: id, client, text.
    pub comments: Vec<(i64, i64, String)>,
    /// Labels: id and title.
    pub labels: Vec<(i64, String)>,
    /// The setting of hooks.
    pub hooks: Value,
    /// Rights of the user.
    pub rights: Value,
    /// Members of the branch beside its id.
    pub company: Value,
    /// What stands after the wall clock of every time.
    pub offset: String,
    /// Whether the licence has expired.
    pub is_expired: bool,
    /// Digits of a phone on the black list.
    pub blocked: Option<String>,
    /// Whether a deleted appointment cannot be read any more.
    pub forgets_deleted: bool,
    /// Whether there are no comments of clients.
    pub has_no_comments: bool,
    /// Whether there are no labels of the first version.
    pub has_no_labels: bool,
    /// Whether a busy time is refused without a code.
    pub hides_codes: bool,
    /// Whether a range of days is overheard, so that the days of a month are told.
    pub ignores_ranges: bool,
    /// Messages and overlaps that were asked for; there must be none.
    pub sins: Vec<String>,
    /// Most rows of a page, whatever is asked for.
    pub page: usize,
    calls: VecDeque<Timestamp>,
    next: i64,
}

impl Salon {
    /// A salon at YCLIENTS.
    #[must_use]
    pub fn yclients() -> Self {
        let service = |id, title: &str, category, price, minutes: i64, staff: &[i64]| Service {
            id,
            title: title.to_owned(),
            category,
            price,
            seconds: minutes * 60,
            staff: staff.to_vec(),
            is_online: true,
        };
        let employee = |id, name: &str, is_hidden| Employee { id, name: name.to_owned(), is_hidden };
        let mut salon = Self {
            is_altegio: false,
            services: vec![
                service(331, "Женская стрижка", 83_167, 2500, 60, &[6544, 6545]),
                service(332, "Мужская стрижка", 83_167, 1500, 30, &[6544]),
                service(333, "Маникюр", 83_168, 2000, 90, &[6545]),
            ],
            staff: vec![
                employee(6544, "Анна Петрова", false),
                employee(6545, "Ольга Смирнова", false),
                employee(6546, "Лист ожидания", true),
            ],
            clients: Vec::new(),
            records: Vec::new(),
            comments: Vec::new(),
            labels: Vec::new(),
            hooks: settings::hooks(),
            rights: settings::rights(),
            company: settings::company(),
            offset: "+03:00".to_owned(),
            is_expired: false,
            blocked: None,
            forgets_deleted: false,
            has_no_comments: false,
            has_no_labels: false,
            hides_codes: false,
            ignores_ranges: false,
            sins: Vec::new(),
            page: 200,
            calls: VecDeque::new(),
            next: 2_820_023,
        };
        salon.add_client("Мария Иванова", "+79161112233");
        salon
    }

    /// The same salon at Altegio.
    #[must_use]
    pub fn altegio() -> Self {
        Self { is_altegio: true, ..Self::yclients() }
    }

    /// Adds a card; answers its id.
    pub fn add_client(&mut self, name: &str, phone: &str) -> i64 {
        let id = self.id();
        self.clients.push(json!({
            "id": id, "name": name, "surname": "", "patronymic": "", "display_name": name, "phone": phone, "email": "",
            "categories": [], "sex_id": "0", "importance_id": 0, "discount": "0", "card": "", "birth_date": "",
            "comment": "", "sms_check": 0, "sms_not": 0, "spent": 0, "balance": 0, "visits": 0, "last_visit_date": "",
            "custom_fields": [],
        }));
        id
    }

    /// Adds an appointment with anything in it; answers its id.
    pub fn add_record(&mut self, staff: i64, service: i64, start: DateTime, client: Option<i64>) -> i64 {
        let (id, seconds) = (self.id(), self.service(service).map_or(3600, |known| known.seconds));
        self.records.push(Record {
            id,
            staff,
            services: vec![service],
            start,
            seconds,
            client,
            comment: String::new(),
            api_id: String::new(),
            is_deleted: false,
            attendance: 0,
            hash: format!("{:032x}", id * 7919),
            custom_fields: json!([]),
        });
        id
    }

    fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    fn service(&self, id: i64) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    fn client(&self, id: i64) -> Option<&Value> {
        self.clients.iter().find(|client| client["id"] == id)
    }

    /// Whether somebody is free for so long; `but` does not stand in its own way.
    fn is_free(&self, staff: i64, start: DateTime, seconds: i64, but: Option<i64>) -> bool {
        let end = start.saturating_add(SignedDuration::from_secs(seconds));
        let (opens, closes) = (start.date().at(10, 0, 0, 0), start.date().at(20, 0, 0, 0));
        let busy = self.records.iter().filter(|record| record.staff == staff && !record.is_deleted);
        let clash = busy.filter(|record| Some(record.id) != but).any(|record| {
            start < record.start.saturating_add(SignedDuration::from_secs(record.seconds)) && record.start < end
        });
        start >= opens && end <= closes && !clash
    }

    fn datetime(&self, wall: DateTime) -> String {
        format!("{}{}", wall.strftime("%Y-%m-%dT%H:%M:%S"), self.offset)
    }

    /// Five calls a second and two hundred a minute.
    fn is_too_fast(&mut self, now: Timestamp) -> bool {
        let since = |ms: i64| now - SignedDuration::from_millis(ms);
        while self.calls.front().is_some_and(|at| *at <= since(60_000)) {
            self.calls.pop_front();
        }
        let last_second = self.calls.iter().rev().take_while(|at| **at > since(1000)).count();
        if self.calls.len() >= 200 || last_second >= 5 {
            return true;
        }
        self.calls.push_back(now);
        false
    }
}

/// The salon's wall clock.
fn wall(now: Timestamp) -> DateTime {
    now.to_zoned(TimeZone::get("Europe/Moscow").unwrap_or(TimeZone::UTC)).datetime()
}

fn good(status: u16, data: &Value) -> Answer {
    answer_json(status, &json!({"success": true, "data": data, "meta": []}))
}

fn counted(data: &[Value], total: usize) -> Answer {
    answer_json(200, &json!({"success": true, "data": data, "meta": {"page": 1, "total_count": total}}))
}

fn refused(status: u16, message: &str) -> Answer {
    answer_json(status, &json!({"success": false, "data": null, "meta": {"message": message}}))
}

fn refused_by(status: u16, code: i64, message: &str) -> Answer {
    answer_json(
        status,
        &json!({"success": false, "data": null, "meta": {"message": message, "errors": {"code": code, "id": 1}}}),
    )
}

fn missing() -> Answer {
    refused(404, "Не найдено")
}

fn int(value: &Value) -> i64 {
    crate::adapters::http::read::int(value).unwrap_or(0)
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

fn day(text: &str) -> Date {
    text.parse().unwrap_or(date(1970, 1, 1))
}

fn digits(value: &Value) -> String {
    super::wire::digits(&crate::adapters::http::read::text(value).unwrap_or_default())
}

impl FarSide for Salon {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        if self.is_too_fast(now) {
            return refused(429, "Too many requests");
        }
        let parts = request.parts();
        let Some(["api", version @ ("v1" | "v2"), parts @ ..]) =
            parts.as_slice().get(..).filter(|parts| parts.len() > 2)
        else {
            return missing();
        };
        let accept = request.header("accept").unwrap_or_default();
        if !accept.starts_with("application/vnd.") || (self.is_altegio && accept != "application/vnd.api.v2+json") {
            return refused(400, "Accept header is missing");
        }
        let authorization = request.header("authorization").unwrap_or_default();
        let guest = format!("Bearer {PARTNER}");
        let user = format!("{guest}, User {USER}");
        if authorization != guest && authorization != user {
            return refused(401, "Authentication needed.");
        }
        if self.is_expired && !parts.starts_with(&["user", "permissions"]) {
            let status = if parts.ends_with(&["clients", "search"]) { 402 } else { 403 };
            return refused(status, &format!("Необходимо продлить лицензию в филиале с id: {COMPANY}"));
        }
        if *version == "v2" {
            return self.tags(request, parts);
        }
        if let Some(answer) = self.form(request, parts, now) {
            return answer;
        }
        if authorization != user {
            return refused(401, "Необходима авторизация пользователя");
        }
        let answer = self.journal(request, parts, now).or_else(|| self.people(request, parts));
        answer.or_else(|| self.settings(request, parts)).unwrap_or_else(missing)
    }
}

impl Salon {
    fn lacks(&self, section: &str, right: &str) -> Option<Answer> {
        (self.rights[section][right] == false).then(|| refused(403, "Недостаточно прав"))
    }

    fn tags(&mut self, request: &FarRequest, parts: &[&str]) -> Answer {
        let ["locations", _, "tags"] = parts else { return refused(404, "") };
        if request.method == Method::Post {
            let id = self.id();
            self.labels.push((id, request.json()["title"].as_str().unwrap_or_default().to_owned()));
        }
        let tag =
            |(id, title): &(i64, String)| json!({"type": "tags", "id": id.to_string(), "attributes": {"title": title}});
        answer_json(200, &json!({"data": self.labels.iter().map(tag).collect::<Vec<_>>(), "meta": {"pagination": {}}}))
    }
}
