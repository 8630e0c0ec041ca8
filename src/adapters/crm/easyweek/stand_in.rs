//! A stand-in of EasyWeek: a workspace with one salon and the vendor's quirks.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::adapters::http::far::{FarRequest, FarSide, empty, json as answer};
use crate::adapters::http::{Answer, Method};

/// The key.
pub const TOKEN: &str = "secret_of_the_stand_in";
/// The workspace's slug.
pub const WORKSPACE: &str = "romashka";
/// What the addresses of hooks carry.
pub const SECRET: &str = "a-secret-of-the-stand-in-0123456789";
/// The location.
pub const LOCATION: &str = "10000000-0000-4000-8000-000000000001";

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its price, in minor units.
    pub price: i64,
    /// Its length.
    pub minutes: i64,
    /// Who provides it: positions in the list of staff.
    pub staff: Vec<usize>,
}

/// A booking.
#[derive(Debug, Clone)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// Of what.
    pub service: String,
    /// With whom: a position in the list of staff. No answer says so.
    pub staff: usize,
    /// When.
    pub start: Timestamp,
    /// How long.
    pub minutes: i64,
    /// Whose.
    pub customer: String,
    /// What the client sees.
    pub notes: String,
    /// Whether it was called off.
    pub is_canceled: bool,
    /// Whether it took place.
    pub is_completed: bool,
}

/// A workspace.
pub struct Workspace {
    /// Services.
    pub services: Vec<Service>,
    /// Staff: id, first and last name.
    pub staff: Vec<(String, String, String)>,
    /// Customers: id, first and last name, phone, e-mail.
    pub customers: Vec<(String, String, String, String, String)>,
    /// Bookings.
    pub bookings: Vec<Booking>,
    /// Names of further locations.
    pub others: Vec<String>,
    /// A field of the form that must be filled in.
    pub demands: Option<String>,
    /// Whether cancelling must say who cancels.
    pub asks_who_cancels: bool,
    /// Who serves every booking, whoever was asked for: a position in the list of staff.
    pub serves_instead: Option<usize>,
    /// Whether the number of pages grows with each page that is read.
    pub grows: bool,
    /// A booking that does not show before that moment.
    pub hides: Option<(String, Timestamp)>,
    /// Whether free times come in the second shape.
    pub has_intervals: bool,
    calls: VecDeque<Timestamp>,
    next: u64,
}

fn uuid(number: u64) -> String {
    format!("{number:08x}-0000-4000-8000-0000000000aa")
}

impl Workspace {
    /// A salon.
    #[must_use]
    pub fn salon() -> Self {
        let service = |number, name: &str, price, minutes, staff: &[usize]| Service {
            id: uuid(number),
            name: name.to_owned(),
            price,
            minutes,
            staff: staff.to_vec(),
        };
        let mut salon = Self {
            services: vec![
                service(331, "Женская стрижка", 250_000, 60, &[0, 1]),
                service(332, "Мужская стрижка", 150_000, 30, &[0]),
                service(333, "Маникюр", 200_000, 90, &[1]),
            ],
            staff: vec![
                (uuid(6544), "Анна".to_owned(), "Петрова".to_owned()),
                (uuid(6545), "Ольга".to_owned(), "Смирнова".to_owned()),
            ],
            customers: Vec::new(),
            bookings: Vec::new(),
            others: Vec::new(),
            demands: None,
            asks_who_cancels: false,
            serves_instead: None,
            grows: false,
            hides: None,
            has_intervals: false,
            calls: VecDeque::new(),
            next: 70_000,
        };
        salon.add_customer("Мария", "Иванова", "+79161112233");
        salon
    }

    /// Adds a customer; answers their id.
    pub fn add_customer(&mut self, first: &str, last: &str, phone: &str) -> String {
        let id = self.id();
        self.customers.push((id.clone(), first.to_owned(), last.to_owned(), phone.to_owned(), String::new()));
        id
    }

    fn id(&mut self) -> String {
        self.next += 1;
        uuid(self.next)
    }

    fn is_too_fast(&mut self, now: Timestamp) -> bool {
        while self.calls.front().is_some_and(|at| *at <= now - SignedDuration::from_mins(1)) {
            self.calls.pop_front();
        }
        self.calls.push_back(now);
        self.calls.len() > 60 && self.calls.pop_back().is_some()
    }

    fn free(&self, service: &Service, staff: Option<usize>, start: Timestamp) -> Option<usize> {
        let local = start.to_zoned(zone());
        let end = start + SignedDuration::from_mins(service.minutes);
        let (opens, closes) = (local.date().at(10, 0, 0, 0), local.date().at(20, 0, 0, 0));
        let is_open = local.datetime() >= opens && end.to_zoned(zone()).datetime() <= closes;
        let able = service.staff.iter().copied().filter(|id| staff.is_none_or(|wanted| wanted == *id));
        let is_free = |id: &usize| {
            let theirs = self.bookings.iter().filter(|booking| booking.staff == *id && !booking.is_canceled);
            !theirs.into_iter().any(|booking| {
                start < booking.start + SignedDuration::from_mins(booking.minutes) && booking.start < end
            })
        };
        able.into_iter().find(|id| is_open && is_free(id))
    }

    fn page(&self, request: &FarRequest, rows: &[Value]) -> Answer {
        let number =
            |name: &str, otherwise: usize| request.param(name).and_then(|n| n.parse().ok()).unwrap_or(otherwise);
        let (page, size) = (number("page", 1).max(1), number("per_page", 15).clamp(1, 100));
        let skipped = if self.grows { 0 } else { (page - 1) * size };
        let shown: Vec<&Value> = rows.iter().skip(skipped).take(size).collect();
        let last = if self.grows { page + 2 } else { rows.len().div_ceil(size).max(1) };
        answer(
            200,
            &json!({"data": shown, "links": {"next": null},
                "meta": {"current_page": page, "last_page": last, "per_page": size, "total": rows.len()}}),
        )
    }

    fn customer(&self, row: &(String, String, String, String, String)) -> Value {
        json!({"uuid": row.0, "first_name": row.1, "last_name": row.2, "phone": row.3, "email": null})
    }

    fn row(&self, booking: &Booking) -> Value {
        let end = booking.start + SignedDuration::from_mins(booking.minutes);
        json!({"uuid": booking.id, "location_uuid": LOCATION, "start_time": booking.start.to_string(), "end_time": end.to_string(),
            "is_canceled": booking.is_canceled, "is_completed": booking.is_completed})
    }

    fn whole(&self, booking: &Booking) -> Value {
        let mut row = self.row(booking);
        let service = self.services.iter().find(|service| service.id == booking.service);
        let name = service.map_or("", |service| service.name.as_str());
        row["timezone"] = "Europe/Moscow".into();
        row["public_notes"] = booking.notes.as_str().into();
        row["customer"] = json!({"uuid": booking.customer});
        row["status"] = json!({"type": "neu"});
        row["ordered_services"] = json!([{"uuid": format!("line-{}", booking.id), "name": name, "quantity": 1}]);
        row
    }

    fn times(&self, request: &FarRequest, now: Timestamp) -> Answer {
        let Some(service) =
            self.services.iter().find(|service| Some(service.id.as_str()) == request.param("service_uuid"))
        else {
            return refused("service_uuid", "Service not found");
        };
        let staff = request.param("staffer_uuid").map(|id| self.staff.iter().position(|one| one.0 == id));
        if staff == Some(None) {
            return refused("staffer_uuid", "Staffer not found");
        }
        let day = |name: &str| request.param(name).and_then(|day| day.parse::<Date>().ok());
        let (Some(from), Some(to)) = (day("range_start"), day("range_end")) else {
            return refused("range_start", "required");
        };
        let days = from.series(1.day()).take_while(|day| *day <= to);
        let days: Vec<Value> = days
            .map(|day| {
                let grid = day.at(10, 0, 0, 0).series(30.minutes()).take_while(|at| at.date() == day && at.hour() < 20);
                let starts = grid.filter_map(|at| at.to_zoned(zone()).ok()).map(|at| at.timestamp());
                let free = starts.filter(|at| *at > now && self.free(service, staff.flatten(), *at).is_some());
                let slots: Vec<Value> = free
                    .map(|at| {
                        let end = at + SignedDuration::from_mins(service.minutes);
                        json!({"start": at.to_string(), "end": end.to_string(), "price": service.price, "quantity": 1})
                    })
                    .collect();
                json!({"date": day.to_string(), if self.has_intervals { "intervals" } else { "slots" }: slots})
            })
            .collect();
        let body = json!({"timezone": "Europe/Moscow", "currency": "RUB", "dates": days});
        answer(200, &if self.has_intervals { body } else { json!({"data": body}) })
    }

    fn book(&mut self, body: &Value, now: Timestamp) -> Answer {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        for name in ["location_uuid", "service_uuid", "reserved_on", "customer_phone", "customer_first_name"] {
            if text(name).is_empty() {
                return refused(name, "The field is required.");
            }
        }
        if let Some(name) = self.demands.as_ref().filter(|name| text(name).is_empty()) {
            return refused(name, "The field is required.");
        }
        let Some(service) = self.services.iter().find(|service| service.id == text("service_uuid")).cloned() else {
            return refused("service_uuid", "not found");
        };
        let wanted = body["staffer_uuid"].as_str();
        let wanted = wanted.map(|id| self.staff.iter().position(|one| one.0 == id).unwrap_or(usize::MAX));
        let start = text("reserved_on").parse::<Timestamp>().ok().filter(|start| *start > now);
        let Some((start, staff)) = start.and_then(|start| Some((start, self.free(&service, wanted, start)?))) else {
            return refused("reserved_on", "The selected time is not available.");
        };
        let phone = text("customer_phone");
        let known = self.customers.iter().find(|customer| customer.3 == phone).map(|customer| customer.0.clone());
        let customer = known
            .unwrap_or_else(|| self.add_customer(&text("customer_first_name"), &text("customer_last_name"), &phone));
        let id = self.id();
        self.bookings.push(Booking {
            id: id.clone(),
            service: service.id,
            staff: self.serves_instead.unwrap_or(staff),
            start,
            minutes: service.minutes,
            customer,
            notes: text("booking_comment"),
            is_canceled: false,
            is_completed: false,
        });
        answer(201, &json!({"uuid": id}))
    }

    fn list(&self, request: &FarRequest) -> Answer {
        let moment = |name: &str| request.param(name).and_then(|at| at.parse::<Timestamp>().ok());
        let (from, to) = (moment("reserved_on_from"), moment("reserved_on_to"));
        let fits = |booking: &&Booking| {
            request.param("customer_uuid").is_none_or(|id| booking.customer == id)
                && request
                    .param("staffer_uuid")
                    .is_none_or(|id| self.staff.get(booking.staff).is_some_and(|one| one.0 == id))
                && from.is_none_or(|from| booking.start >= from)
                && to.is_none_or(|to| booking.start <= to)
        };
        let rows: Vec<Value> = self.bookings.iter().filter(fits).map(|booking| self.row(booking)).collect();
        self.page(request, &rows)
    }

    fn shown(&self, id: &str, now: Timestamp) -> Option<&Booking> {
        let is_hidden = self.hides.as_ref().is_some_and(|(hidden, until)| hidden == id && now < *until);
        self.bookings.iter().find(|booking| booking.id == id && !is_hidden)
    }

    fn cancel(&mut self, id: &str, body: &Value) -> Answer {
        if self.asks_who_cancels && body["staffer_uuid"].is_null() {
            return refused("staffer_uuid", "The field is required.");
        }
        let Some(booking) = self.bookings.iter_mut().find(|booking| booking.id == id) else { return missing() };
        booking.is_canceled = true;
        answer(200, &json!({"data": {"uuid": id}}))
    }

    fn locations(&self, request: &FarRequest) -> Answer {
        let mut rows = vec![json!({"uuid": LOCATION, "name": "Салон «Ромашка»", "opening_hours": {"days": []},
            "timezone": {"name": "Europe/Moscow", "offset": 10_800, "short": "MSK"}})];
        rows.extend(self.others.iter().map(|name| json!({"uuid": uuid(9), "name": name, "timezone": "Europe/Moscow"})));
        self.page(request, &rows)
    }

    fn create_customer(&mut self, body: &Value) -> Answer {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if self.customers.iter().any(|customer| customer.3 == text("phone")) {
            return refused("phone", "The phone has already been taken.");
        }
        let email = text("email");
        if !email.is_empty() && self.customers.iter().any(|customer| customer.4 == email) {
            return refused("email", "The email has already been taken.");
        }
        let id = self.add_customer(&text("first_name"), &text("last_name"), &text("phone"));
        if let Some(customer) = self.customers.last_mut() {
            customer.4 = email;
        }
        answer(201, &json!({"data": {"uuid": id, "first_name": text("first_name")}}))
    }
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Moscow").unwrap_or(TimeZone::UTC)
}

fn refused(field: &str, words: &str) -> Answer {
    answer(422, &json!({"message": "The given data was invalid.", "errors": {field: [words]}}))
}

fn missing() -> Answer {
    answer(404, &json!({"message": "Not found."}))
}

impl FarSide for Workspace {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        if self.is_too_fast(now) {
            let mut limited = empty(429);
            limited.headers.push(("retry-after".to_owned(), "1".to_owned()));
            return limited;
        }
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return answer(401, &json!({"message": "Unauthenticated."}));
        }
        let lacks_type = request.method == Method::Get && request.header("content-type") != Some("application/json");
        if request.header("accept") != Some("application/json") || lacks_type {
            return answer(406, &json!({"message": "Not acceptable."}));
        }
        if request.header("workspace") != Some(WORKSPACE) {
            return answer(403, &json!({"message": "Forbidden."}));
        }
        let parts = request.parts();
        let Some(["api", "public", "v2", parts @ ..]) = parts.get(..) else { return missing() };
        match (request.method, parts) {
            (Method::Get, ["ping"]) => answer(200, &json!({"ping": "pong", "version": "v12.32.3"})),
            (Method::Get, ["workspace"]) => answer(200, &json!({"data": {"slug": WORKSPACE}})),
            (Method::Get, ["locations"]) => self.locations(request),
            (Method::Get, ["locations", _, "services"]) => {
                let rows = self.services.iter().map(|service| {
                    json!({"uuid": service.id, "name": service.name, "description": null, "currency": "RUB", "price": service.price,
                        "starting_at": false, "category": {"uuid": uuid(1)},
                        "duration": {"value": service.minutes, "label": "minutes", "iso_8601": format!("PT{}M", service.minutes)}})
                });
                self.page(request, &rows.collect::<Vec<_>>())
            }
            (Method::Get, ["locations", _, "service-categories"]) => {
                self.page(request, &[json!({"uuid": uuid(1), "name": "Красота"})])
            }
            (Method::Get, ["locations", _, "staffers"]) => {
                let rows = self.staff.iter().map(|one| {
                    json!({"uuid": one.0, "first_name": one.1, "last_name": one.2, "position": "Мастер", "avatar": null})
                });
                self.page(request, &rows.collect::<Vec<_>>())
            }
            (Method::Get, ["locations", _, "time-slots"]) => self.times(request, now),
            (Method::Get, ["customers"]) => {
                let phone = request.param("phone");
                let rows = self.customers.iter().filter(|customer| phone.is_none_or(|phone| customer.3 == phone));
                self.page(request, &rows.map(|row| self.customer(row)).collect::<Vec<_>>())
            }
            (Method::Get, ["customers", id]) => match self.customers.iter().find(|customer| customer.0 == *id) {
                Some(row) => answer(200, &json!({"data": self.customer(row)})),
                None => missing(),
            },
            (Method::Post, ["customers"]) => self.create_customer(&request.json()),
            (Method::Get, ["bookings"]) => self.list(request),
            (Method::Post, ["bookings"]) => self.book(&request.json(), now),
            (Method::Get, ["bookings", id]) => match self.shown(id, now) {
                Some(booking) => answer(200, &self.whole(booking)),
                None => missing(),
            },
            (Method::Put, ["bookings", id, "status", "cancel"]) => self.cancel(id, &request.json()),
            _ => missing(),
        }
    }
}
