//! Leads, deals, contacts, their timelines and activities.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Outcome, Portal, int, list, page, php_map, refused, text};

/// A phone as the index of duplicates has it.
fn normal(phone: &str) -> String {
    let kept: String = phone.chars().filter(|c| c.is_ascii_digit() || matches!(c, '#' | '*')).collect();
    let digits = kept.split('#').next().unwrap_or_default().to_owned();
    if phone.trim().starts_with("+8") && digits.len() >= 10 {
        return digits;
    }
    if digits.len() < 10 {
        return digits;
    }
    match digits.as_bytes() {
        [b'0', b'0', ..] => digits[2..].to_owned(),
        [b'0', ..] => digits[1..].to_owned(),
        [b'8', b'0' | b'1' | b'2', ..] => digits,
        [b'8', ..] => format!("7{}", &digits[1..]),
        _ => digits,
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match right {
        Value::Array(rows) => rows.iter().any(|row| text(row) == text(left)),
        Value::Object(rows) => rows.values().any(|row| text(row) == text(left)),
        one => text(one) == text(left),
    }
}

fn fits(item: &Value, filter: &Value) -> bool {
    let Some(members) = filter.as_object() else { return true };
    members.iter().all(|(name, wanted)| match name.strip_prefix('>') {
        Some(name) => int(&item[name]) > int(wanted),
        None => is_same(&item[name.trim_start_matches(['@', '='])], wanted),
    })
}

fn shown(item: &Value, select: &Value) -> Value {
    let names: Vec<String> = list(select).into_iter().map(text).collect();
    if names.is_empty() || names.iter().any(|name| name == "*") {
        return item.clone();
    }
    let Some(members) = item.as_object() else { return Value::Null };
    // Phones come only with everything.
    let is_asked = |name: &str| name != "fm" && (name == "id" || names.iter().any(|asked| asked == name));
    members.iter().filter(|(name, _)| is_asked(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Portal {
    pub(super) fn crm(&mut self, method: &str, params: &Value, now: Timestamp) -> Outcome {
        match method {
            "crm.settings.mode.get" => Ok(json!(self.mode).into()),
            "crm.category.list" => Ok(json!({"categories": [{"id": 0, "name": "Общая", "isDefault": "Y"}]}).into()),
            "crm.status.list" => Ok(json!([
                {"STATUS_ID": "NEW", "NAME": "Новая", "SEMANTICS": null},
                {"STATUS_ID": "WON", "NAME": "Сделка успешна", "SEMANTICS": "S"},
                {"STATUS_ID": "LOSE", "NAME": "Сделка провалена", "SEMANTICS": "F", "EXTRA": {"SEMANTICS": "failure"}}])
            .into()),
            "crm.item.list" => {
                let rows = self.items.get(&int(&params["entityTypeId"]));
                let rows = rows.ok_or_else(|| refused(400, "NOT_FOUND", "Wrong entityTypeId"))?;
                let is_seen = |item: &&Value| !self.late.contains(&int(&item["id"]));
                let wanted = rows.values().filter(is_seen).filter(|item| fits(item, &params["filter"]));
                let rows = wanted.map(|item| shown(item, &params["select"])).collect();
                Ok(page(rows, &params["start"], |rows| json!({"items": rows})))
            }
            "crm.item.get" if self.late.contains(&int(&params["id"])) => {
                Err(refused(400, "NOT_FOUND", "Элемент не найден"))
            }
            "crm.item.get" => Ok(json!({"item": self.item(params)?.clone()}).into()),
            "crm.item.add" => self.item_add(params, now),
            "crm.item.update" => {
                let fields = params["fields"].clone();
                let fm = &fields["fm"];
                let fresh: i64 = self.next_id() * 10;
                let item = self.item(params)?;
                for (name, value) in fields.as_object().into_iter().flatten().filter(|(name, _)| *name != "fm") {
                    item[name.as_str()] = value.clone();
                }
                let added = fm.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with('n'));
                let added: Vec<Value> = added.map(|(_, row)| row.clone()).collect();
                let mut multi: Vec<Value> = list(&item["fm"]).into_iter().cloned().collect();
                for (index, mut row) in added.into_iter().enumerate() {
                    row["id"] = json!(fresh + i64::try_from(index).unwrap_or(0));
                    multi.push(row);
                }
                item["fm"] = Value::Array(multi);
                Ok(json!({"item": item.clone()}).into())
            }
            "crm.item.productrow.set" => {
                self.rows.insert(int(&params["ownerId"]), params["productRows"].clone());
                Ok(json!({"productRows": params["productRows"]}).into())
            }
            "crm.duplicate.findbycomm" => Ok(self.duplicates(params).into()),
            "crm.product.list" => {
                let row = |row: &Value| json!({"ID": text(&row["id"]), "NAME": row["name"], "CURRENCY_ID": "RUB", "PRICE": row["price"]});
                Ok(page(self.services.iter().map(row).collect(), &params["start"], Value::Array))
            }
            _ => self.timeline(method, params),
        }
    }

    fn item(&mut self, params: &Value) -> Result<&mut Value, super::Refused> {
        let rows = self.items.get_mut(&int(&params["entityTypeId"]));
        let item = rows.and_then(|rows| rows.get_mut(&int(&params["id"])));
        item.ok_or_else(|| refused(400, "NOT_FOUND", "Элемент не найден"))
    }

    fn item_add(&mut self, params: &Value, now: Timestamp) -> Outcome {
        let id = self.next_id();
        let mut entity = int(&params["entityTypeId"]);
        let mut item = params["fields"].clone();
        let members =
            item.as_object_mut().ok_or_else(|| refused(400, "100", "Could not find value for parameter {fields}"))?;
        members.insert("id".to_owned(), json!(id));
        members.insert("createdTime".to_owned(), json!(now.to_string()));
        members.insert("lastActivityTime".to_owned(), json!(now.to_string()));
        if entity != 3 && !members.contains_key("stageId") {
            members.insert("stageId".to_owned(), json!("NEW"));
        }
        if let Some(Value::Array(multi)) = members.get_mut("fm") {
            for (index, row) in multi.iter_mut().enumerate() {
                row["id"] = json!(id * 10 + i64::try_from(index).unwrap_or(0));
            }
        }
        // Without leads a lead becomes a deal at once, and its own id is worth nothing.
        if entity == 1 && self.mode == 2 {
            entity = 2;
            members.insert("leadId".to_owned(), json!(id));
            let deal = self.next_id();
            item["id"] = json!(deal);
            self.items.entry(entity).or_default().insert(deal, item);
            return Ok(json!({"item": {"id": id}}).into());
        }
        self.items.entry(entity).or_default().insert(id, item.clone());
        Ok(json!({"item": item}).into())
    }

    fn duplicates(&self, params: &Value) -> Value {
        let wanted: Vec<String> = list(&params["values"]).into_iter().map(|value| normal(&text(value))).collect();
        let has = |item: &Value| {
            list(&item["fm"])
                .into_iter()
                .any(|row| text(&row["typeId"]) == "PHONE" && wanted.contains(&normal(&text(&row["value"]))))
        };
        let contacts = self.items.get(&3).into_iter().flatten();
        let contacts = contacts.filter(|(id, _)| !self.late.contains(id));
        let ids: Vec<i64> = contacts.filter(|(_, item)| has(item)).map(|(id, _)| *id).take(20).collect();
        let mut map = Map::new();
        if !ids.is_empty() {
            map.insert("CONTACT".to_owned(), json!(ids));
        }
        php_map(map)
    }

    fn is_closed(&self, params: &Value) -> bool {
        let rows = self.items.get(&int(&params["ownerTypeId"]));
        let owner = rows.and_then(|rows| rows.get(&int(&params["ownerId"])));
        owner.is_none_or(|owner| matches!(owner["stageId"].as_str(), Some("WON" | "LOSE")))
    }

    fn timeline(&mut self, method: &str, params: &Value) -> Outcome {
        let fields = &params["fields"];
        let id = int(&params["id"]);
        match method {
            "crm.timeline.comment.list" => {
                let (kind, id) = (text(&params["filter"]["ENTITY_TYPE"]), int(&params["filter"]["ENTITY_ID"]));
                let own = self.comments.iter().enumerate().rev().filter(|(_, (k, i, _))| *k == kind && *i == id);
                let rows = own.map(|(index, (_, _, text))| json!({"ID": (index + 1).to_string(), "COMMENT": text}));
                Ok(page(rows.collect(), &params["start"], Value::Array))
            }
            "crm.timeline.comment.add" => {
                let (kind, id) = (text(&fields["ENTITY_TYPE"]), int(&fields["ENTITY_ID"]));
                if kind.is_empty() || id == 0 {
                    return Err(refused(400, "100", "Could not find value for parameter {fields}"));
                }
                self.comments.push((kind, id, text(&fields["COMMENT"])));
                Ok(json!(self.comments.len()).into())
            }
            "crm.activity.list" => {
                let bound = list(&params["filter"]["BINDINGS"]);
                let owner = bound.first().map(|row| (int(&row["OWNER_TYPE_ID"]), int(&row["OWNER_ID"])));
                let own = |row: &&Value| Some((int(&row["OWNER_TYPE_ID"]), int(&row["OWNER_ID"]))) == owner;
                Ok(page(self.activities.values().filter(own).cloned().collect(), &params["start"], Value::Array))
            }
            "crm.activity.todo.add" if self.is_closed(params) => {
                Err(refused(400, "ERROR_PARENT_ACTIVITY_RESTRICT", "The deal is closed"))
            }
            "crm.activity.todo.add" => {
                let id = self.next_id();
                let row = json!({"ID": id.to_string(), "OWNER_TYPE_ID": params["ownerTypeId"], "OWNER_ID": params["ownerId"],
                    "SUBJECT": params["title"], "DESCRIPTION": params["description"], "DEADLINE": params["deadline"],
                    "PROVIDER_ID": "CRM_TODO", "COMPLETED": "N"});
                self.activities.insert(id, row);
                Ok(json!({"id": id}).into())
            }
            "crm.activity.todo.updateDeadline" => {
                let row = self.activities.get_mut(&id).ok_or_else(|| refused(400, "NOT_FOUND", "Not found"))?;
                row["DEADLINE"] = params["value"].clone();
                Ok(json!({"id": id}).into())
            }
            "crm.activity.delete" => {
                self.activities.remove(&id).ok_or_else(|| refused(400, "", "Activity is not found"))?;
                Ok(json!(true).into())
            }
            _ => Err(refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")),
        }
    }
}
