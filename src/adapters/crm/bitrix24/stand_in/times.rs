//! The booking module and the calendars. Neither refuses an overlap.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Outcome, Portal, Told, int, list, page, refused, text};

/// A booking.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// From, in seconds.
    pub from: i64,
    /// Until.
    pub to: i64,
    /// Of which resources.
    pub resources: Vec<i64>,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Contacts that come.
    pub clients: Vec<i64>,
    /// What it is fastened to.
    pub external: Value,
}

/// An event of a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whose.
    pub owner: i64,
    /// From, in seconds.
    pub from: i64,
    /// Until.
    pub to: i64,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What it is fastened to, as `C_342`.
    pub bound: Vec<String>,
    /// `busy`, `absent`, `free`.
    pub accessibility: String,
}

pub(super) fn resources() -> Vec<Value> {
    let resource = |id: i64, name: &str, kind: i64| json!({"id": id, "name": name, "description": null, "typeId": kind, "isMain": true});
    vec![resource(257, "Анна Петрова", 5), resource(258, "Ольга Смирнова", 5), resource(300, "Кабинет", 7)]
}

pub(super) fn users() -> Vec<Value> {
    let user = |id: &str, name: &str, last: &str| json!({"ID": id, "ACTIVE": true, "NAME": name, "LAST_NAME": last, "TIMESTAMP_X": {}});
    vec![user("1", "Ирина", "Салонова"), user("7", "Анна", "Петрова"), user("8", "Ольга", "Смирнова")]
}

impl Portal {
    pub(super) fn booking(&mut self, method: &str, params: &Value) -> Outcome {
        let fields = &params["fields"];
        match method {
            "booking.v1.resourceType.list" => {
                Ok(json!({"resource": [{"id": 5, "code": "expert"}, {"id": 7, "code": "equipment"}]}).into())
            }
            "booking.v1.resource.list" => Ok(self.silent(self.resources.clone(), params, "resource")),
            "booking.v1.resource.slots.list" => {
                let week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
                let slot = |id: i64, from: i64, to: i64| json!({"id": id, "from": from, "to": to, "timezone": "Europe/Moscow", "weekDays": week, "slotSize": 30});
                Ok(json!({"slots": [slot(171, 600, 1200)]}).into())
            }
            "booking.v1.booking.list" => self.booking_list(params),
            "booking.v1.booking.get" if self.has_get => {
                let id = int(&params["id"]);
                let booked = self.bookings.get(&id).ok_or_else(|| refused(400, 1019, "Booking not found"))?;
                Ok(json!({"booking": booking_row(id, booked)}).into())
            }
            "booking.v1.booking.add" => self.booking_add(fields),
            "booking.v1.booking.update" => self.booking_update(params),
            "booking.v1.booking.delete" => {
                self.booked(params)?;
                self.bookings.remove(&int(&params["id"]));
                Ok(json!(true).into())
            }
            _ => self.booking_bound(method, params),
        }
    }

    fn booking_add(&mut self, fields: &Value) -> Outcome {
        let (from, to) = period(&fields["datePeriod"])?;
        let resources: Vec<i64> = list(&fields["resourceIds"]).into_iter().map(int).collect();
        if resources.is_empty() {
            return Err(refused(400, 1018, "Empty resource collection"));
        }
        // Whoever books beside us came a moment earlier.
        if let Some((from, to, resource)) = self.rival.take() {
            let id = self.next_id();
            self.bookings.insert(id, Booked { from, to, resources: vec![resource], ..blank() });
        }
        let id = self.next_id();
        let (name, description) = (text(&fields["name"]), text(&fields["description"]));
        self.bookings.insert(id, Booked { from, to, resources, name, description, ..blank() });
        Ok(if self.bare_ids { json!(id) } else { json!({"id": id}) }.into())
    }

    fn booking_update(&mut self, params: &Value) -> Outcome {
        let fields = &params["fields"];
        let drops = self.drops_clients;
        let booked = self.booked(params)?;
        if !fields["datePeriod"].is_null() {
            (booked.from, booked.to) = period(&fields["datePeriod"])?;
        }
        let resources: Vec<i64> = list(&fields["resourceIds"]).into_iter().map(int).collect();
        if !resources.is_empty() {
            booked.resources = resources;
        }
        if drops {
            booked.clients.clear();
        }
        Ok(json!(true).into())
    }

    /// What is fastened to a booking.
    fn booking_bound(&mut self, method: &str, params: &Value) -> Outcome {
        match method {
            "booking.v1.booking.client.set" => {
                let clients = list(&params["clients"]).into_iter().map(|client| int(&client["id"])).collect();
                self.booked_of(&params["bookingId"])?.clients = clients;
                Ok(json!(true).into())
            }
            "booking.v1.booking.client.list" => {
                let booked = self.booked_of(&params["bookingId"])?;
                let row = |id: &i64| json!({"id": id, "type": {"module": "crm", "code": "CONTACT"}});
                let rows: Vec<Value> = booked.clients.iter().map(row).collect();
                Ok(json!({"bookingClient": rows}).into())
            }
            "booking.v1.booking.externalData.set" => {
                self.booked_of(&params["bookingId"])?.external = params["externalData"].clone();
                Ok(json!(true).into())
            }
            _ => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
        }
    }

    fn booked(&mut self, params: &Value) -> Result<&mut Booked, super::Refused> {
        self.booked_of(&params["id"])
    }

    fn booked_of(&mut self, id: &Value) -> Result<&mut Booked, super::Refused> {
        self.bookings.get_mut(&int(id)).ok_or_else(|| refused(400, 1019, "Booking not found"))
    }

    /// A page of a list that never tells how many there are.
    fn silent(&self, rows: Vec<Value>, params: &Value, key: &str) -> Told {
        let told = page(rows, &params["start"], |rows| json!({key: rows}));
        Told { total: Some(0), next: None, ..told }
    }

    fn booking_list(&self, params: &Value) -> Outcome {
        let within = &params["filter"]["within"];
        if !within.is_null() && (within["dateFrom"].is_null() || within["dateTo"].is_null()) {
            return Err(refused(400, 100, "dateFrom and dateTo are required"));
        }
        let (from, to) = (int(&within["dateFrom"]), int(&within["dateTo"]));
        let entities = &params["filter"]["client"]["entities"];
        let clients: Vec<i64> = list(entities).into_iter().map(|entity| int(&entity["id"])).collect();
        let is_wanted = |booked: &Booked| {
            let is_inside = within.is_null() || (booked.from < to && from < booked.to);
            is_inside && (clients.is_empty() || booked.clients.iter().any(|client| clients.contains(client)))
        };
        let mut found: Vec<(&i64, &Booked)> = self.bookings.iter().filter(|(_, booked)| is_wanted(booked)).collect();
        found.sort_by_key(|(id, booked)| (booked.from, **id));
        let rows = found.into_iter().map(|(id, booked)| booking_row(*id, booked)).collect();
        Ok(self.silent(rows, params, "booking"))
    }

    pub(super) fn calendar(&mut self, method: &str, params: &Value) -> Outcome {
        let owner = int(&params["ownerId"]);
        let id = int(&params["id"]);
        let is_shut = self.shut_calendars.contains(&owner);
        match method {
            "calendar.settings.get" => Ok(json!({"work_time_start": "10", "work_time_end": "20",
                "week_holidays": [], "year_holidays": "1.01,2.01"})
            .into()),
            "calendar.event.add" | "calendar.event.update" if is_shut => Err(refused(400, "", "Access denied")),
            "calendar.event.add" => {
                let bound = list(&params["crm_fields"]).into_iter().map(text).collect();
                if let Some((from, to, owner)) = self.rival.take() {
                    let id = self.next_id();
                    let (name, accessibility) = ("Встреча".to_owned(), "busy".to_owned());
                    let rival =
                        Event { owner, from, to, name, description: String::new(), bound: Vec::new(), accessibility };
                    self.events.insert(id, rival);
                }
                let event = Event {
                    owner,
                    from: moment(&params["from"])?,
                    to: moment(&params["to"])?,
                    name: text(&params["name"]),
                    description: text(&params["description"]),
                    bound,
                    accessibility: text(&params["accessibility"]),
                };
                let id = self.next_id();
                self.events.insert(id, event);
                Ok(json!(id).into())
            }
            "calendar.event.update" => {
                let (from, to) = (moment(&params["from"])?, moment(&params["to"])?);
                let event = self.events.get_mut(&id).ok_or_else(|| refused(400, "", "Event not found"))?;
                (event.from, event.to) = (from, to);
                Ok(json!(id).into())
            }
            "calendar.event.delete" => {
                self.events.remove(&id).ok_or_else(|| refused(400, "", "Event not found"))?;
                Ok(json!(true).into())
            }
            _ => self.calendar_read(method, params),
        }
    }

    fn calendar_read(&self, method: &str, params: &Value) -> Outcome {
        let (owner, id) = (int(&params["ownerId"]), int(&params["id"]));
        match method {
            "calendar.event.getbyid" => {
                Ok(self.events.get(&id).map_or_else(|| json!([]), |event| event_row(id, event)).into())
            }
            "calendar.event.get" => {
                let (from, to) = (day(&params["from"])?, day(&params["to"])? + 86_400);
                let is_in = |event: &Event| event.owner == owner && event.from < to && from < event.to;
                let rows = self.events.iter().filter(|(_, event)| is_in(event));
                Ok(rows
                    .map(|(id, event)| event_row(*id, event))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .collect::<Value>()
                    .into())
            }
            "calendar.accessibility.get" => {
                let (from, to) = (day(&params["from"])?, day(&params["to"])? + 86_400);
                let mut map = Map::new();
                for user in list(&params["users"]) {
                    let is_in = |event: &Event| event.owner == int(user) && event.from < to && from < event.to;
                    let rows: Vec<Value> = self
                        .events
                        .iter()
                        .filter(|(_, event)| is_in(event))
                        .map(|(id, event)| {
                            json!({"ID": id.to_string(), "ACCESSIBILITY": event.accessibility, "DT_SKIP_TIME": "N",
                                "DATE_FROM_TS_UTC": event.from.to_string(), "DATE_TO_TS_UTC": event.to.to_string()})
                        })
                        .collect();
                    map.insert(text(user), Value::Array(rows));
                }
                Ok(super::php_map(map).into())
            }
            _ => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
        }
    }
}

fn blank() -> Booked {
    Booked {
        from: 0,
        to: 0,
        resources: Vec::new(),
        name: String::new(),
        description: String::new(),
        clients: Vec::new(),
        external: Value::Null,
    }
}

fn booking_row(id: i64, booked: &Booked) -> Value {
    // Numbers here, texts there: both are documented.
    json!({"id": id, "name": booked.name, "description": booked.description, "resourceIds": booked.resources,
        "datePeriod": {"from": {"timestamp": booked.from.to_string(), "timezone": "Europe/Moscow"},
            "to": {"timestamp": booked.to, "timezone": "Europe/Moscow"}}})
}

fn event_row(id: i64, event: &Event) -> Value {
    let bound = if event.bound.is_empty() { json!(false) } else { json!(event.bound) };
    json!({"ID": id.to_string(), "OWNER_ID": event.owner.to_string(), "NAME": event.name,
        "DESCRIPTION": event.description, "DATE_FROM": "12/11/2024 05:59:00 pm", "DATE_FROM_TS_UTC": event.from.to_string(),
        "DATE_TO_TS_UTC": event.to.to_string(), "DT_SKIP_TIME": "N", "ACCESSIBILITY": event.accessibility,
        "UF_CRM_CAL_EVENT": bound})
}

fn period(value: &Value) -> Result<(i64, i64), super::Refused> {
    let (from, to) = (int(&value["from"]["timestamp"]), int(&value["to"]["timestamp"]));
    let has_zone = !text(&value["from"]["timezone"]).is_empty();
    if from > 0 && from < to && has_zone { Ok((from, to)) } else { Err(refused(400, 422, "Invalid date period")) }
}

fn moment(value: &Value) -> Result<i64, super::Refused> {
    let at = text(value).parse::<Timestamp>().map_err(|_| refused(400, "", "Wrong date"))?;
    Ok(at.as_second())
}

fn day(value: &Value) -> Result<i64, super::Refused> {
    moment(&json!(format!("{}T00:00:00Z", text(value))))
}
