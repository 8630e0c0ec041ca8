//! The journal: services, staff and appointments as the salon's own people have them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Employee, Record, Salon, counted, day, digits, good, int, missing, number, refused, refused_by};
use crate::adapters::crm::yclients::wire::naive;
use crate::adapters::http::far::{FarRequest, empty};
use crate::adapters::http::{Answer, Method};

impl Salon {
    pub(super) fn journal(&mut self, request: &FarRequest, parts: &[&str], now: Timestamp) -> Option<Answer> {
        Some(match (request.method, parts) {
            (Method::Get, ["company", _, "services"]) => self.journal_services(),
            (Method::Get, ["company", _, "service_categories"]) => good(200, &self.groups()),
            (Method::Get, ["company", _, "staff"]) => {
                let staff: Vec<Value> = self.staff.iter().map(|employee| self.employee(employee)).collect();
                counted(&staff, staff.len())
            }
            (Method::Get, ["records", _]) => self.list(request),
            (Method::Post, ["records", _]) => self.create(&request.json(), now),
            (Method::Get, ["record", _, id]) => match self.found(id) {
                Some(at) => good(200, &self.row(&self.records[at])),
                None => missing(),
            },
            (Method::Put, ["record", _, id]) => self.change(id, &request.json(), now),
            (Method::Delete, ["record", _, id]) => {
                match (self.lacks("record_form", "delete_records_access"), self.found(id)) {
                    (Some(refused), _) => refused,
                    (None, Some(at)) => {
                        self.records[at].is_deleted = true;
                        empty(204)
                    }
                    (None, None) => missing(),
                }
            }
            _ => return None,
        })
    }

    fn journal_services(&self) -> Answer {
        let services: Vec<Value> = self
            .services
            .iter()
            .map(|service| {
                let staff: Vec<Value> =
                    service.staff.iter().map(|id| json!({"id": id.to_string(), "seance_length": service.seconds, "price": null})).collect();
                let mut row = json!({"id": service.id, "salon_service_id": service.id + 100, "title": service.title,
                    "category_id": service.category, "price_min": format!("{}.00", service.price), "price_max": service.price,
                    "discount": 0, "comment": "", "weight": 6, "active": i32::from(service.is_online), "api_id": "",
                    "staff": staff});
                if self.is_altegio {
                    row["booking_title"] = service.title.as_str().into();
                    row["is_online"] = service.is_online.into();
                    row["duration"] = service.seconds.into();
                    row["date_from"] = "0000-00-00".into();
                    row["api_id"] = "0".into();
                }
                row
            })
            .collect();
        counted(&services, services.len())
    }

    pub(super) fn employee(&self, employee: &Employee) -> Value {
        json!({"id": employee.id, "name": employee.name, "company_id": super::COMPANY.to_string(), "specialization": "Мастер",
            "position": [], "avatar": "", "fired": 0, "status": "0", "hidden": i32::from(employee.is_hidden),
            "user": {"phone": "+79990001122", "email": "private@example.ru"}})
    }

    fn found(&self, id: &str) -> Option<usize> {
        let found = self.records.iter().position(|record| record.id == number(id));
        found.filter(|at| !(self.forgets_deleted && self.records[*at].is_deleted))
    }

    fn list(&self, request: &FarRequest) -> Answer {
        if let Some(refused) = self.lacks("timetable", "timetable_access") {
            return refused;
        }
        let param = |name: &str| request.param(name);
        let fits = |record: &&Record| {
            (!record.is_deleted || param("with_deleted") == Some("1"))
                && param("client_id").is_none_or(|id| record.client == Some(number(id)))
                && param("staff_id").is_none_or(|id| record.staff == number(id))
                && param("start_date").is_none_or(|from| record.start.date() >= day(from))
                && param("end_date").is_none_or(|to| record.start.date() <= day(to))
        };
        let rows: Vec<Value> = self.records.iter().filter(fits).map(|record| self.row(record)).collect();
        if rows.is_empty() && !self.is_altegio {
            // The vendor's way of saying "none".
            return refused(200, "Не найдено");
        }
        let count = usize::try_from(param("count").map_or(50, number)).unwrap_or(50).min(self.page);
        let page = usize::try_from(param("page").map_or(1, number)).unwrap_or(1).max(1);
        let shown: Vec<Value> = rows.iter().skip((page - 1) * count).take(count).cloned().collect();
        counted(&shown, rows.len())
    }

    fn row(&self, record: &Record) -> Value {
        let services: Vec<Value> = record
            .services
            .iter()
            .map(|id| {
                let price = self.service(*id).map_or(0, |service| service.price);
                json!({"id": id, "title": "", "cost": price, "first_cost": price, "discount": 0, "amount": 1, "cost_to_pay": price})
            })
            .collect();
        let client = record.client.and_then(|id| self.client(id)).map_or(Value::Null, |client| {
            json!({"id": client["id"], "name": client["name"], "surname": client["surname"], "patronymic": "",
                "display_name": client["display_name"], "phone": client["phone"], "email": client["email"], "client_tags": []})
        });
        let mut row = json!({"id": record.id, "company_id": super::COMPANY, "staff_id": record.staff,
            "visit_id": (record.id + 1_000_000).to_string(), "activity_id": 0, "services": services,
            "staff": {"id": record.staff, "name": "", "position": []}, "client": client, "clients_count": 1,
            "date": record.start.strftime("%Y-%m-%d %H:%M:%S").to_string(), "datetime": self.datetime(record.start),
            "seance_length": record.seconds, "length": record.seconds.to_string(), "comment": record.comment,
            "attendance": record.attendance, "visit_attendance": record.attendance, "confirmed": 1, "deleted": record.is_deleted,
            "is_update_blocked": false, "paid_full": 0, "last_change_date": "2026-09-01T12:00:04+0300",
            "api_id": record.api_id, "record_labels": [], "custom_fields": record.custom_fields, "sms_remain_hours": 0});
        if record.is_deleted
            && let Some(members) = row.as_object_mut()
        {
            members.remove("api_id");
        }
        row
    }

    fn create(&mut self, body: &Value, now: Timestamp) -> Answer {
        if let Some(refused) = self.lacks("record_form", "create_records_access") {
            return refused;
        }
        let phone = digits(&body["client"]["phone"]);
        if self.blocked.as_deref() == Some(&phone) {
            return refused_by(403, 434, "Клиент находится в чёрном списке");
        }
        if let Some(refused) = self.unfit(body, None, now) {
            return refused;
        }
        let Some(start) = body["datetime"].as_str().and_then(naive) else { return refused(422, "datetime") };
        let client = self.client_by(&phone, body["client"]["name"].as_str().unwrap_or_default());
        self.add_record(int(&body["staff_id"]), int(&body["services"][0]["id"]), start, Some(client));
        let at = self.records.len() - 1;
        self.written(at, body);
        let row = self.row(&self.records[at]);
        good(201, &if self.is_altegio { json!([row]) } else { row })
    }

    fn change(&mut self, id: &str, body: &Value, now: Timestamp) -> Answer {
        if let Some(refused) = self.lacks("record_form", "edit_records_access") {
            return refused;
        }
        let Some(at) = self.found(id) else { return missing() };
        if let Some(refused) = self.unfit(body, Some(self.records[at].id), now) {
            return refused;
        }
        let Some(start) = body["datetime"].as_str().and_then(naive) else { return refused(422, "datetime") };
        self.records[at].start = start;
        self.records[at].staff = int(&body["staff_id"]);
        self.records[at].attendance = int(&body["attendance"]);
        // What is left out is lost.
        self.written(at, body);
        good(200, &self.row(&self.records[at]))
    }

    fn written(&mut self, at: usize, body: &Value) {
        let record = &mut self.records[at];
        record.seconds = int(&body["seance_length"]);
        record.comment = body["comment"].as_str().unwrap_or_default().to_owned();
        record.api_id = body["api_id"].as_str().unwrap_or_default().to_owned();
        record.custom_fields = body["custom_fields"].clone();
        record.services =
            body["services"].as_array().into_iter().flatten().map(|service| int(&service["id"])).collect();
    }

    /// Why a whole body is not taken.
    fn unfit(&mut self, body: &Value, but: Option<i64>, now: Timestamp) -> Option<Answer> {
        if body["save_if_busy"] != false {
            self.sins.push("save_if_busy".to_owned());
        }
        if body["send_sms"] != false {
            self.sins.push("send_sms".to_owned());
        }
        let named = ["staff_id", "services", "client", "datetime", "seance_length", "save_if_busy", "send_sms"];
        if let Some(name) = named.iter().find(|name| body[**name].is_null()) {
            return Some(refused(422, &format!("Не указан параметр {name}")));
        }
        if body["client"].get("name").is_none_or(|name| name == "") {
            return Some(refused_by(422, 435, "Не указано имя"));
        }
        self.refusal(body, but, now)
    }
}
