//! The booking form: what needs the partner's token alone.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{Record, Salon, day, digits, good, int, missing, number, refused, refused_by, wall};
use crate::adapters::crm::yclients::wire::naive;
use crate::adapters::http::far::{FarRequest, empty};
use crate::adapters::http::{Answer, Method};

/// So far ahead clients can book.
const DAYS: i64 = 60;

impl Salon {
    pub(super) fn form(&mut self, request: &FarRequest, parts: &[&str], now: Timestamp) -> Option<Answer> {
        Some(match (request.method, parts) {
            (Method::Get, ["company", _]) => self.company_answer(parts[1]),
            (Method::Get, ["company", _, "settings", "online"]) if self.is_altegio => {
                good(200, &json!({"confirm_number": false, "any_master": true, "seance_delay_step": 0}))
            }
            (Method::Get, ["book_services", _]) => self.book_services(),
            (Method::Get, ["book_staff", _]) => self.book_staff(request, now),
            (Method::Get, ["book_dates", _]) => self.book_dates(request, now),
            (Method::Get, ["book_times", _, staff, date]) => self.book_times(request, number(staff), day(date), now),
            (Method::Post, ["book_check", _]) => {
                let body = request.json();
                let refused = self.refusal(&body["appointments"][0], None, now);
                refused.unwrap_or_else(|| empty(201))
            }
            (Method::Post, ["book_record", _]) => self.book_record(&request.json(), now),
            (Method::Get, ["book_record", _, id, hash]) => match self.keyed(id, hash) {
                Some(at) => good(200, &self.for_client(&self.records[at])),
                None => missing(),
            },
            (Method::Put, ["book_record", _, id, hash]) => self.rebook(id, hash, &request.json(), now),
            (Method::Delete, ["user", "records", id, hash]) => match self.keyed(id, hash) {
                Some(at) => {
                    self.records[at].is_deleted = true;
                    empty(204)
                }
                None => missing(),
            },
            _ => return None,
        })
    }

    fn company_answer(&self, id: &str) -> Answer {
        if number(id) != super::COMPANY {
            return missing();
        }
        let mut company = self.company.clone();
        company["id"] = id.into();
        if self.is_altegio {
            company["timezone"] = 3.into();
            company["timezone_name"] = "Europe/Moscow".into();
        }
        good(200, &company)
    }

    fn book_services(&self) -> Answer {
        let services: Vec<Value> = self
            .services
            .iter()
            .filter(|service| service.is_online)
            .map(|service| {
                json!({"id": service.id, "title": service.title, "category_id": service.category.to_string(),
                    "price_min": service.price, "price_max": format!("{}.00", service.price), "discount": 0, "comment": "",
                    "weight": 6, "active": "1", "sex": 0, "image": "", "prepaid": "forbidden"})
            })
            .collect();
        good(200, &json!({"events": [], "services": services, "category": self.groups()}))
    }

    pub(super) fn groups(&self) -> Value {
        json!([{"id": "83167", "title": "Волосы", "weight": 1}, {"id": 83_168, "title": "Ногти", "weight": 2}])
    }

    fn book_staff(&self, request: &FarRequest, now: Timestamp) -> Answer {
        let services: Vec<i64> = request.params("service_ids[]").map(number).collect();
        let at = request.param("datetime").and_then(naive);
        let provides = |id: i64| {
            services.iter().all(|service| self.service(*service).is_some_and(|known| known.staff.contains(&id)))
        };
        let seconds: i64 = services.iter().filter_map(|id| self.service(*id)).map(|service| service.seconds).sum();
        let staff = self.staff.iter().filter(|employee| !employee.is_hidden && provides(employee.id));
        let staff = staff.map(|employee| {
            let is_bookable = at.is_none_or(|at| at > wall(now) && self.is_free(employee.id, at, seconds, None));
            let mut row = self.employee(employee);
            row["bookable"] = is_bookable.into();
            row["seance_date"] = now.as_second().into();
            row["seances"] = json!([]);
            row
        });
        good(200, &staff.collect())
    }

    fn book_dates(&self, request: &FarRequest, now: Timestamp) -> Answer {
        let today = wall(now).date();
        let last = today.saturating_add(DAYS.days());
        let (from, to) = match (request.param("date_from"), request.param("date_to")) {
            (Some(from), Some(to)) if !self.ignores_ranges => (day(from), day(to)),
            _ => {
                let month = request.param("date").map_or(today, day);
                (month.first_of_month(), month.last_of_month())
            }
        };
        let services: Vec<i64> = request.params("service_ids[]").map(number).collect();
        let staff = request.param("staff_id").map_or(0, number);
        let days = from.max(today).series(1.day()).take_while(|day| *day <= to.min(last));
        let days: Vec<String> =
            days.filter(|day| !self.times(&services, staff, *day, now).is_empty()).map(|day| day.to_string()).collect();
        let by_month = if days.is_empty() { json!([]) } else { json!({"9": ["4"]}) };
        good(
            200,
            &json!({"booking_days": by_month, "booking_dates": days, "working_days": by_month, "working_dates": days}),
        )
    }

    fn times(&self, services: &[i64], staff: i64, day: Date, now: Timestamp) -> Vec<(jiff::civil::DateTime, i64)> {
        let known: Vec<_> = services.iter().filter_map(|id| self.service(*id)).collect();
        if known.is_empty() || known.len() < services.len() {
            return Vec::new();
        }
        let seconds = known.iter().map(|service| service.seconds).sum();
        let able: Vec<i64> = self
            .staff
            .iter()
            .filter(|employee| !employee.is_hidden && (staff == 0 || employee.id == staff))
            .filter(|employee| known.iter().all(|service| service.staff.contains(&employee.id)))
            .map(|employee| employee.id)
            .collect();
        let grid = day.at(10, 0, 0, 0).series(30.minutes()).take_while(|at| at.date() == day && at.hour() < 20);
        grid.filter(|at| *at > wall(now))
            .filter(|at| able.iter().any(|id| self.is_free(*id, *at, seconds, None)))
            .map(|at| (at, seconds))
            .collect()
    }

    fn book_times(&self, request: &FarRequest, staff: i64, day: Date, now: Timestamp) -> Answer {
        let services: Vec<i64> = request.params("service_ids[]").map(number).collect();
        let times = self.times(&services, staff, day, now).into_iter().enumerate().map(|(at, (start, seconds))| {
            let seconds = if at % 2 == 0 { json!(seconds) } else { json!(seconds.to_string()) };
            json!({"time": format!("{}:{:02}", start.hour(), start.minute()), "seance_length": seconds,
                "datetime": self.datetime(start)})
        });
        good(200, &times.collect())
    }

    /// Why one appointment of a request is not taken.
    pub(super) fn refusal(&self, wanted: &Value, but: Option<i64>, now: Timestamp) -> Option<Answer> {
        let busy = |code| match (self.hides_codes, self.is_altegio) {
            (true, true) => refused(409, "The time is taken"),
            (true, false) => refused(422, "Ошибка"),
            _ => refused_by(422, code, "Выбранное время недоступно"),
        };
        let services: Vec<i64> = wanted["services"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|service| if service.is_object() { int(&service["id"]) } else { int(service) })
            .collect();
        let known: Vec<_> = services.iter().filter_map(|id| self.service(*id)).collect();
        if known.is_empty() || known.len() < services.len() {
            return Some(refused_by(422, 438, "Услуга была удалена"));
        }
        let seconds = known.iter().map(|service| service.seconds).sum();
        let start = wanted["datetime"].as_str().and_then(naive)?;
        let staff = int(&wanted["staff_id"]);
        let is_able = known.iter().all(|service| service.staff.contains(&staff));
        let is_free = start > wall(now) && self.is_free(staff, start, seconds, but);
        if staff == 0 {
            return Some(busy(436));
        }
        (!is_able || !is_free).then(|| busy(433))
    }

    fn book_record(&mut self, body: &Value, now: Timestamp) -> Answer {
        let phone = digits(&body["phone"]);
        if phone.len() < 9 || phone.len() > 15 {
            return refused_by(422, 431, "Неправильный формат телефона");
        }
        if body["fullname"].as_str().is_none_or(str::is_empty) {
            return refused_by(422, 435, "Не указано имя");
        }
        if self.blocked.as_deref() == Some(&phone) {
            return refused_by(403, 434, "Клиент находится в чёрном списке");
        }
        if self.company["phone_confirmation"] == true && body["code"].is_null() {
            return refused_by(422, 432, "Неправильный код подтверждения");
        }
        if body["notify_by_sms"] != 0 {
            self.sins.push("notify_by_sms".to_owned());
        }
        let wanted = &body["appointments"][0];
        if let Some(refused) = self.refusal(wanted, None, now) {
            return refused;
        }
        let Some(start) = wanted["datetime"].as_str().and_then(naive) else { return refused(422, "datetime") };
        let client = self.client_by(&phone, body["fullname"].as_str().unwrap_or_default());
        let id = self.add_record(int(&wanted["staff_id"]), int(&wanted["services"][0]), start, Some(client));
        let Some(record) = self.records.last_mut() else { return missing() };
        record.comment = body["comment"].as_str().unwrap_or_default().to_owned();
        record.api_id = body["api_id"].as_str().unwrap_or_default().to_owned();
        let hash = record.hash.clone();
        good(201, &json!([{"id": wanted["id"], "record_id": id, "record_hash": hash}]))
    }

    fn rebook(&mut self, id: &str, hash: &str, body: &Value, now: Timestamp) -> Answer {
        let Some(at) = self.keyed(id, hash) else { return missing() };
        let record = &self.records[at];
        let wanted = json!({"services": record.services, "staff_id": record.staff, "datetime": body["datetime"]});
        if let Some(refused) = self.refusal(&wanted, Some(record.id), now) {
            return refused;
        }
        if let Some(start) = body["datetime"].as_str().and_then(naive) {
            self.records[at].start = start;
            self.records[at].comment = body["comment"].as_str().unwrap_or_default().to_owned();
        }
        good(200, &self.for_client(&self.records[at]))
    }

    fn keyed(&self, id: &str, hash: &str) -> Option<usize> {
        let found = self.records.iter().position(|record| record.id == number(id) && record.hash == hash);
        found.filter(|at| !(self.forgets_deleted && self.records[*at].is_deleted))
    }

    /// An appointment as its client sees it.
    fn for_client(&self, record: &Record) -> Value {
        let services = record.services.iter().map(|id| json!({"id": id, "title": "", "cost": 0})).collect::<Vec<_>>();
        json!({"id": record.id, "services": services, "company": {"id": super::COMPANY}, "staff": {"id": record.staff.to_string()},
            "date": self.datetime(record.start), "create_date": "2026-09-01T12:00:00+0300", "comment": record.comment,
            "length": record.seconds, "deleted": record.is_deleted, "notify_by_sms": 0, "api_id": record.api_id})
    }

    /// The card with that phone, made when there is none.
    pub(super) fn client_by(&mut self, phone: &str, name: &str) -> i64 {
        let known = self.clients.iter().find(|client| digits(&client["phone"]) == phone);
        match known.map(|client| int(&client["id"])) {
            Some(id) => id,
            None => self.add_client(name, &format!("+{phone}")),
        }
    }
}
