//! Lists of the stand-in: pages, searches, filters, and what is made and changed in them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Account, problem};
use crate::adapters::http::Answer;
use crate::adapters::http::far::{FarRequest, empty, json as answer};
use crate::adapters::http::url;

impl Account {
    fn rows(&self, list: &str) -> &Vec<Value> {
        match list {
            "contacts" => &self.contacts,
            "leads" => &self.leads,
            _ => &self.tasks,
        }
    }

    fn rows_mut(&mut self, list: &str) -> &mut Vec<Value> {
        match list {
            "contacts" => &mut self.contacts,
            "leads" => &mut self.leads,
            _ => &mut self.tasks,
        }
    }

    /// One page of rows; nothing is a 204.
    pub(super) fn listed(&self, request: &FarRequest, entity: &str, rows: &[Value]) -> Answer {
        let number =
            |name: &str, otherwise: usize| request.param(name).and_then(|v| v.parse().ok()).unwrap_or(otherwise);
        let (page, limit) = (number("page", 1).max(1), number("limit", 50));
        if limit > 250 {
            return problem(422, "Unprocessable Entity", "Limit 250 per page");
        }
        let from = (page - 1) * limit;
        if from >= rows.len() {
            return empty(204);
        }
        let to = rows.len().min(from + limit);
        let mut links = json!({"self": {"href": "https://example.amocrm.ru"}});
        if to < rows.len() {
            let kept = request.query.iter().filter(|(name, _)| name != "page");
            let mut pairs: Vec<(&str, &str)> = kept.map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let next = (page + 1).to_string();
            pairs.push(("page", &next));
            let href = url::with_query(&format!("https://example.amocrm.ru{}", request.path), &pairs);
            links["next"] = json!({"href": href});
        }
        self.shown(json!({"_page": page, "_links": links, "_embedded": {entity: &rows[from..to]}}))
    }

    /// Whether the search knows a row already.
    fn is_indexed(&self, row: &Value) -> bool {
        self.indexed_below.is_none_or(|below| row["id"].as_i64().is_some_and(|id| id < below || id > 1_000_000))
    }

    /// A contact with its leads.
    fn with_leads(&self, contact: &Value) -> Value {
        let of = |lead: &&Value| {
            let contacts = lead["_embedded"]["contacts"].as_array();
            contacts.is_some_and(|contacts| contacts.iter().any(|known| known["id"] == contact["id"]))
        };
        let leads: Vec<Value> = self.leads.iter().filter(of).map(|lead| json!({"id": lead["id"]})).collect();
        let mut contact = contact.clone();
        contact["_embedded"] = json!({"tags": [], "companies": [], "leads": leads});
        contact
    }

    pub(super) fn found(&self, request: &FarRequest, list: &str) -> Answer {
        let query = request.param("query").map(str::to_lowercase);
        let ids: Vec<&str> = request.params("filter[id][]").collect();
        let users: Vec<&str> = request.params("filter[responsible_user_id][]").collect();
        let entities: Vec<&str> = request.params("filter[entity_id][]").collect();
        let is_in = |given: &[&str], value: &Value| {
            given.is_empty() || self.ignores_filters || given.contains(&value.to_string().as_str())
        };
        let is_open = |row: &Value| request.param("filter[is_completed]") != Some("0") || row["is_completed"] != true;
        let mut rows: Vec<Value> = self
            .rows(list)
            .iter()
            .filter(|row| query.as_deref().is_none_or(|query| self.is_indexed(row) && is_hit(row, query)))
            .filter(|row| is_in(&ids, &row["id"]) && is_in(&users, &row["responsible_user_id"]))
            .filter(|row| is_in(&entities, &row["entity_id"]) && is_open(row))
            .map(|row| if list == "contacts" { self.with_leads(row) } else { row.clone() })
            .collect();
        if request.param("order[complete_till]") == Some("asc") {
            rows.sort_by_key(|row| row["complete_till"].as_i64());
        }
        self.listed(request, list, &rows)
    }

    pub(super) fn read_one(&self, list: &str, id: &str) -> Answer {
        let found = self.rows(list).iter().find(|row| is_id(row, id));
        match found.filter(|row| row["is_deleted"] != true) {
            Some(row) if list == "contacts" => self.shown(self.with_leads(row)),
            Some(row) if list == "leads" => {
                let mut row = row.clone();
                let of = row["id"].as_i64();
                let linked = self.links.iter().filter(|(lead, _)| Some(*lead) == of);
                let linked: Vec<Value> = linked.map(|(_, link)| json!({"id": link["to_entity_id"]})).collect();
                row["_embedded"]["catalog_elements"] = json!(linked);
                self.shown(row)
            }
            Some(row) => self.shown(row.clone()),
            None => empty(204),
        }
    }

    /// Makes one row; what amoCRM does not take is told.
    fn put(&mut self, list: &str, body: &Value, now: Timestamp) -> Result<i64, Answer> {
        let fields = body["custom_fields_values"].as_array().cloned().unwrap_or_default();
        for (at, field) in fields.iter().enumerate() {
            let values = field["values"].as_array().cloned().unwrap_or_default();
            if values.iter().any(|value| value.get("enum").is_some()) {
                return Err(invalid(&format!("custom_fields_values.{at}.values.0.enum"), "FieldNotExpected"));
            }
            let id = &field["field_id"];
            if list == "leads" && !self.fields.iter().any(|known| known["id"] == *id) {
                return Err(invalid(&format!("custom_fields_values.{at}.field_id"), "NotSupportedChoice"));
            }
        }
        if list == "tasks" && (!body["text"].is_string() || body["complete_till"].is_null()) {
            return Err(invalid("text", "FieldMissing"));
        }
        let id = self.new_id();
        let mut row = body.clone();
        let tags = row.as_object_mut().and_then(|row| row.remove("tags_to_add")).unwrap_or_else(|| json!([]));
        row["id"] = json!(id);
        row["updated_at"] = json!(now.as_second());
        row["custom_fields_values"] = if fields.is_empty() { Value::Null } else { json!(fields) };
        if list == "leads" {
            let contacts = row["_embedded"]["contacts"].as_array().cloned().unwrap_or_default();
            row["_embedded"] = json!({"contacts": contacts, "tags": tags, "companies": []});
            for (name, value) in
                [("status_id", json!(2030)), ("pipeline_id", json!(1113)), ("is_deleted", json!(false))]
            {
                if row.get(name).is_none() {
                    row[name] = value;
                }
            }
        }
        if list == "tasks" && row.get("is_completed").is_none() {
            row["is_completed"] = json!(false);
        }
        self.rows_mut(list).push(row);
        Ok(id)
    }

    pub(super) fn make(&mut self, list: &str, body: &Value, now: Timestamp) -> Answer {
        let Some(rows) = body.as_array() else { return problem(400, "Bad Request", "an array is expected") };
        let mut made = Vec::new();
        for row in rows {
            match self.put(list, row, now) {
                Ok(id) => made.push(json!({"id": id, "request_id": row["request_id"]})),
                Err(refused) => return refused,
            }
        }
        self.shown(json!({"_links": {}, "_embedded": {list: made}}))
    }

    pub(super) fn make_complex(&mut self, body: &Value, now: Timestamp) -> Answer {
        let mut made = Vec::new();
        for lead in body.as_array().into_iter().flatten() {
            if lead.get("tags_to_add").is_some() {
                return invalid("0.tags_to_add", "FieldNotExpected");
            }
            let mut lead = lead.clone();
            let contact = lead["_embedded"]["contacts"][0].clone();
            let contact_id = match self.put("contacts", &contact, now) {
                Ok(id) => id,
                Err(refused) => return refused,
            };
            lead["_embedded"] = json!({"contacts": [{"id": contact_id}]});
            match self.put("leads", &lead, now) {
                Ok(id) => made.push(json!({"id": id, "contact_id": contact_id, "company_id": null,
                    "request_id": [lead["request_id"]], "merged": false})),
                Err(refused) => return refused,
            }
        }
        if self.is_odd {
            return self.shown(json!({"_embedded": {"leads": made}}));
        }
        answer(200, &json!(made))
    }

    pub(super) fn change(&mut self, list: &str, id: &str, body: &Value, now: Timestamp) -> Answer {
        let Some(changes) = body.as_object() else {
            return problem(405, "Method Not Allowed", "an array goes to the list");
        };
        let is_lost = changes.get("status_id").is_some_and(|status| *status == json!(143));
        if is_lost && !self.loss_reasons.is_empty() && body["loss_reason_id"].is_null() {
            return invalid("0.loss_reason_id", "NotBlank");
        }
        let Some(row) = self.rows_mut(list).iter_mut().find(|row| is_id(row, id)) else {
            return problem(404, "Not Found", "no such entity");
        };
        for (name, value) in changes {
            match (name.as_str(), value.as_array()) {
                // Fields that are not named stay; the values of one that is are replaced.
                ("custom_fields_values", Some(fields)) => replace(row, fields),
                ("tags_to_add", _) => {}
                _ => row[name.as_str()] = value.clone(),
            }
        }
        row["updated_at"] = json!(now.as_second());
        let id = row["id"].clone();
        self.shown(json!({"id": id, "updated_at": now.as_second(), "_links": {}}))
    }

    pub(super) fn notes_of(&self, request: &FarRequest, list: &str, id: &str) -> Answer {
        let of = self.notes.iter().filter(|(known, of, _)| known == list && of.to_string() == id);
        let mut rows: Vec<Value> = of.map(|(_, _, note)| note.clone()).collect();
        rows.reverse();
        self.listed(request, "notes", &rows)
    }

    pub(super) fn make_note(&mut self, list: &str, id: &str, body: &Value) -> Answer {
        let Ok(of) = id.parse::<i64>() else { return problem(404, "Not Found", "no such entity") };
        let mut made = Vec::new();
        for note in body.as_array().into_iter().flatten() {
            let mut note = note.clone();
            note["id"] = json!(self.new_id());
            made.push(json!({"id": note["id"], "entity_id": of, "request_id": note["request_id"]}));
            self.notes.push((list.to_owned(), of, note));
        }
        self.shown(json!({"_embedded": {"notes": made}}))
    }
}

/// Whether a row has the id that stands in an address.
pub(super) fn is_id(row: &Value, id: &str) -> bool {
    row["id"].as_i64().is_some_and(|known| id.parse() == Ok(known))
}

fn invalid(path: &str, code: &str) -> Answer {
    let errors = json!([{"request_id": "0", "errors": [{"code": code, "path": path, "detail": "see code"}]}]);
    answer(
        400,
        &json!({"title": "Bad Request", "type": "https://httpstatus.es/400", "status": 400,
            "detail": "Request validation failed", "validation-errors": errors}),
    )
}

fn replace(row: &mut Value, fields: &[Value]) {
    let mut kept = row["custom_fields_values"].as_array().cloned().unwrap_or_default();
    for field in fields {
        let same = |known: &Value| {
            let by_id = !field["field_id"].is_null() && known["field_id"] == field["field_id"];
            by_id || (!field["field_code"].is_null() && known["field_code"] == field["field_code"])
        };
        kept.retain(|known| !same(known));
        kept.push(field.clone());
    }
    row["custom_fields_values"] = json!(kept);
}

/// A search looks at every filled field; phones by their digits.
fn is_hit(row: &Value, query: &str) -> bool {
    let mut texts = Vec::new();
    collect(row, &mut texts);
    texts.iter().any(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        text.to_lowercase().contains(query) || (query.len() >= 7 && digits.contains(query))
    })
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(rows) => rows.iter().for_each(|row| collect(row, texts)),
        Value::Object(row) => row.values().for_each(|row| collect(row, texts)),
        _ => {}
    }
}

/// With every number as a text, and empty lists as nothing.
pub(super) fn oddly(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.to_string()),
        Value::Array(rows) if rows.is_empty() => json!({}),
        Value::Array(rows) => Value::Array(rows.into_iter().map(oddly).collect()),
        Value::Object(row) => Value::Object(row.into_iter().map(|(k, v)| (k, oddly(v))).collect::<Map<_, _>>()),
        other => other,
    }
}
