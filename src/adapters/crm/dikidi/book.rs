//! Requests to the salon: written down, sent, and decided there.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Dikidi;
use super::catalogue::as_sent;
use super::kept::{Request, State, Wish};
use super::outbound::{Event, Reply, id_of};
use super::scalars::{sent, text};
use crate::domain::crm::{Appointment, BookRequest};
use crate::domain::fault::{Fault, FaultKind};

/// So long the salon may think.
const PATIENCE: SignedDuration = SignedDuration::from_hours(4);

/// When a request that is made now ends: the salon's time to think, and not after the visit itself.
pub(super) fn expiry(now: Timestamp, start: Timestamp) -> Timestamp {
    let end = now.checked_add(PATIENCE).unwrap_or(now);
    if start > now { end.min(start) } else { end }
}

impl Dikidi {
    pub(super) async fn book_by_request(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        let id = self.request_id(&request.key);
        if let Some(known) = self.request("book", &id).await? {
            return match known.state {
                State::Requested => self.ask_salon("book", known, &zone).await,
                State::Rejected => Err(self.fault(
                    FaultKind::Rejected,
                    "book",
                    "the salon has declined this request: take another time",
                )),
                _ => Ok(known.appointment(now, &zone)),
            };
        }
        // One open request of a client for one time.
        let open = self.requests("book", Some(&request.phone)).await?;
        let is_same = |known: &&Request| {
            known.wish == Wish::Create
                && known.start == request.start
                && known.is_open(now)
                && known.state != State::Requested
        };
        if let Some(known) = open.iter().find(is_same) {
            return Ok(known.appointment(now, &zone));
        }
        let wanted = self.wanted("book", &request.service_id).await?;
        let employee = match &request.employee_id {
            Some(id) => Some(self.person("book", id).await?),
            None => None,
        };
        let new = Request {
            id,
            state: State::Requested,
            wish: Wish::Create,
            ext_id: None,
            start: request.start,
            minutes: wanted.minutes,
            service: wanted.named,
            price: wanted.price,
            employee,
            name: request.name.clone(),
            phone: Some(request.phone.clone()),
            comment: request.comment.clone(),
            made_at: now,
            expires_at: expiry(now, request.start),
            decided: None,
        };
        self.keep_request("book", &new).await?;
        self.ask_salon("book", new, &zone).await
    }

    /// Sends a request that is written down, and answers what is known then.
    pub(super) async fn ask_salon(
        &self,
        operation: &'static str,
        request: Request,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let now = self.wiring.clock.now();
        let mut request = request;
        if now >= request.expires_at {
            // It waited here for longer than it was good for: it is asked anew, as another event.
            request = Request { made_at: now, expires_at: expiry(now, request.start), ..request };
            self.keep_request(operation, &request).await?;
        }
        let reply = self.deliver(&self.event_of(operation, &request, zone)).await?;
        let mut delivered = Request { state: State::Delivered, ..request };
        if delivered.wish == Wish::Create && reply.ext_id.is_some() {
            delivered.ext_id.clone_from(&reply.ext_id);
        }
        self.keep_request(operation, &delivered).await?;
        let decided = self.decided_at_once(operation, &delivered, reply).await?;
        let shown = decided.unwrap_or(delivered);
        Ok(shown.appointment(now, zone))
    }

    async fn decided_at_once(
        &self,
        operation: &'static str,
        request: &Request,
        reply: Reply,
    ) -> Result<Option<Request>, Fault> {
        let Some(mut decided) = reply.decided else { return Ok(None) };
        decided.insert("request_id".to_owned(), json!(request.id));
        let now = self.wiring.clock.now();
        let settled = self.decide(operation, request, &decided, now).await?;
        if settled.state == State::Rejected {
            let reason = text(&Value::Object(decided), "reason").unwrap_or_else(|| "no reason".to_owned());
            let kind = match reason.as_str() {
                "client_blocked" => FaultKind::ClientBlocked,
                "no_time" | "no_employee" | "closed" => FaultKind::SlotTaken,
                _ => FaultKind::Rejected,
            };
            return Err(self.fault(kind, operation, format!("the salon declined at once: {reason}")));
        }
        Ok(Some(settled))
    }

    /// Writes down what became of a request, and of the visit it is about.
    pub(super) async fn decide(
        &self,
        operation: &'static str,
        request: &Request,
        told: &Map<String, Value>,
        at: Timestamp,
    ) -> Result<Request, Fault> {
        let body = Value::Object(told.clone());
        let state = match text(&body, "result").as_deref() {
            Some("confirmed") => State::Confirmed,
            Some("changed") => State::Changed,
            _ => State::Rejected,
        };
        let start = text(&body, "start").and_then(|start| start.parse().ok()).unwrap_or(request.start);
        let minutes = super::scalars::minutes(super::scalars::member(&body, "minutes")).unwrap_or(request.minutes);
        let settled = Request {
            state,
            ext_id: text(&body, "ext_id").or_else(|| request.ext_id.clone()),
            start,
            minutes,
            decided: Some(body),
            // Whoever must agree to another time has as long as anybody had.
            expires_at: if state == State::Changed { expiry(at, start) } else { request.expires_at },
            ..request.clone()
        };
        self.keep_request(operation, &settled).await?;
        if state == State::Confirmed {
            self.keep_visit(operation, &visit_of(&settled), at).await?;
        }
        Ok(settled)
    }

    /// A request as it goes out.
    fn event_of(&self, operation: &'static str, request: &Request, zone: &TimeZone) -> Event {
        let (kind, word) = match request.wish {
            Wish::Create => ("appointment.requested", "create"),
            Wish::Reschedule => ("appointment.reschedule_requested", "reschedule"),
            Wish::Cancel => ("appointment.cancel_requested", "cancel"),
        };
        let price = request.price.map(|price| format!("{}.{:02}", price / 100, price % 100));
        let mut service = as_sent(&request.service);
        service.insert("price".to_owned(), json!(price));
        let phone = request.phone.as_ref().map(|phone| phone.as_str());
        let mut data = json!({
            "request_id": request.id, "expires_at": sent(request.expires_at, zone), "kind": word, "ext_id": request.ext_id,
            "start": sent(request.start, zone), "timezone": zone.iana_name(), "duration_min": request.minutes,
            "client": {"name": request.name, "phone": phone},
            "employee": request.employee.as_ref().map(as_sent),
            "services": [service], "alternatives": [], "comment": request.comment,
            "text_for_operator": for_operator(request, zone),
            "resolve_url": self.link(request),
        });
        if request.wish == Wish::Cancel {
            data["reason"] = json!("client");
        }
        let id = id_of(&self.wiring.name, &format!("{word}|{}|{}", request.id, request.made_at));
        Event { operation, kind, id, at: request.made_at, data }
    }
}

/// The visit that a confirmed request stands for.
fn visit_of(request: &Request) -> Map<String, Value> {
    let mut visit = Map::new();
    let ext_id = request.ext_id.clone().unwrap_or_else(|| request.id.clone());
    visit.insert("ext_id".to_owned(), json!(ext_id));
    if request.wish == Wish::Cancel {
        visit.insert("status".to_owned(), json!("canceled"));
        return visit;
    }
    visit.insert("status".to_owned(), json!("confirmed"));
    visit.insert("start".to_owned(), json!(request.start.to_string()));
    visit.insert("minutes".to_owned(), json!(request.minutes));
    visit.insert("services".to_owned(), json!([as_sent(&request.service)]));
    if let Some(employee) = &request.employee {
        visit.insert("employee".to_owned(), Value::Object(as_sent(employee)));
    }
    if request.wish == Wish::Create {
        visit.insert("request_id".to_owned(), json!(request.id));
        let phone = request.phone.as_ref().map(|phone| phone.as_str());
        visit.insert("client".to_owned(), json!({"name": request.name, "phone": phone}));
    }
    visit
}

/// «Новая заявка: пт 4 сент 09:00, Стрижка, Ольга. Анна +79161502239».
pub(super) fn for_operator(request: &Request, zone: &TimeZone) -> String {
    const DAYS: [&str; 7] = ["пн", "вт", "ср", "чт", "пт", "сб", "вс"];
    const MONTHS: [&str; 12] =
        ["янв", "фев", "марта", "апр", "мая", "июня", "июля", "авг", "сент", "окт", "нояб", "дек"];
    let at = request.start.to_zoned(zone.clone());
    let day = DAYS[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
    let month = MONTHS[usize::from(at.month().unsigned_abs().max(1) - 1) % 12];
    let what = match request.wish {
        Wish::Create => "Новая заявка",
        Wish::Reschedule => "Просьба перенести запись на",
        Wish::Cancel => "Просьба отменить запись на",
    };
    let colon = if request.wish == Wish::Create { ":" } else { "" };
    let employee = request.employee.as_ref().map_or_else(String::new, |employee| format!(", {}", employee.name));
    let name = request.name.as_deref().unwrap_or("Клиент");
    let phone = request.phone.as_ref().map_or("", |phone| phone.as_str());
    let comment = request.comment.as_ref().map_or_else(String::new, |comment| format!(". {comment}"));
    let when = format!("{day} {} {month} {}", at.day(), at.strftime("%H:%M"));
    format!("{what}{colon} {when}, {}{employee}. {name} {phone}{comment}", request.service.name)
}
