//! What the stand-in makes of writes.

use serde_json::{Map as Object, Value};

use super::super::wire;
use super::{Infobase, error, salon};
use crate::adapters::http::Answer;
use crate::adapters::http::far::{self, FarRequest};

/// Registers have no key of their own.
const REGISTER: &str = "InformationRegister_";

impl Infobase {
    fn version(&mut self) -> String {
        self.written += 1;
        wire::base64(&self.written.to_be_bytes())
    }

    pub(super) fn new_row(&mut self, set: &str, body: Object<String, Value>) -> Value {
        let fields = salon::fields(set).unwrap_or_default();
        let mut row: Object<String, Value> =
            fields.iter().map(|(name, kind)| ((*name).to_owned(), salon::empty(kind))).collect();
        if row.contains_key("Ref_Key") {
            let version = self.version();
            let number = format!("{:09}", self.written - 1000);
            row.insert("Ref_Key".to_owned(), salon::guid(self.written).into());
            row.insert("DataVersion".to_owned(), version.into());
            let numbered = if row.contains_key("Number") { "Number" } else { "Code" };
            row.insert(numbered.to_owned(), number.into());
        }
        self.lay(&mut row, set, body);
        let row = Value::Object(row);
        self.sets.entry(set.to_owned()).or_default().push(row.clone());
        row
    }

    /// Writes what the set has; the rest is silently ignored, and long texts are cut.
    fn lay(&self, row: &mut Object<String, Value>, set: &str, body: Object<String, Value>) {
        for (field, value) in body {
            let is_known = row.contains_key(&field) && field != "Ref_Key";
            if !is_known || self.ignored.contains(&field) {
                continue;
            }
            let value = match (value, self.short.get(&field)) {
                (Value::String(text), Some(length)) => Value::String(text.chars().take(*length).collect()),
                (Value::Array(lines), _) => {
                    Value::Array(lines.into_iter().map(|line| whole(set, &field, line)).collect())
                }
                (value, _) => value,
            };
            row.insert(field, value);
        }
    }

    pub(super) fn create(&mut self, request: &FarRequest, set: &str) -> Answer {
        let Value::Object(body) = request.json() else {
            return error(400, "1", "Ошибка при разборе тела");
        };
        if salon::TABLES.iter().any(|(name, _)| *name == set) {
            return error(400, "13", "Строки табличной части не записываются отдельно");
        }
        if set.starts_with(REGISTER) {
            let is_known = self.all(set).iter().any(|row| row["Ключ"] == body.get("Ключ").cloned().unwrap_or_default());
            if is_known {
                return error(400, "15", "Запись с такими ключевыми полями существует!");
            }
            return far::json(200, &self.new_row(set, body));
        }
        if let Some(answer) = ill_formed(&body) {
            return answer;
        }
        if set.starts_with("Document_")
            && let Some(reason) = self.refusal.clone()
        {
            if self.half_done {
                self.new_row(set, body);
            }
            return error(500, "-1", &reason);
        }
        let made = self.new_row(set, body);
        let mut answer = far::json(201, &made);
        answer.headers.push(("location".to_owned(), format!("http://h/{set}(guid'…')")));
        answer
    }

    pub(super) fn patch(&mut self, request: &FarRequest, set: &str, key: &str) -> Answer {
        let Some(at) = self.at(set, key) else {
            return error(404, "9", "Экземпляр Сущности не найден");
        };
        let Value::Object(body) = request.json() else {
            return error(400, "1", "Ошибка при разборе тела");
        };
        if let Some(answer) = ill_formed(&body) {
            return answer;
        }
        let version = self.version();
        let mut row = self.sets[set][at].as_object().cloned().unwrap_or_default();
        self.lay(&mut row, set, body);
        row.insert("DataVersion".to_owned(), version.into());
        let row = Value::Object(row);
        if let Some(rows) = self.sets.get_mut(set) {
            rows[at] = row.clone();
        }
        far::json(200, &row)
    }

    pub(super) fn delete(&mut self, set: &str, key: &str) -> Answer {
        let Some(at) = self.at(set, key) else {
            return error(404, "9", "Экземпляр Сущности не найден");
        };
        if !set.starts_with(REGISTER) {
            self.destroyed += 1;
        }
        self.sets.get_mut(set).map(|rows| rows.remove(at));
        far::empty(204)
    }

    pub(super) fn post(&mut self, set: &str, key: &str, verb: &str) -> Answer {
        let Some(at) = self.at(set, key) else {
            return error(404, "9", "Экземпляр Сущности не найден");
        };
        let posted = match verb {
            "Post" => true,
            "Unpost" => false,
            _ => return error(400, "6", "Метод не найден"),
        };
        if posted && let Some(reason) = &self.posting_refusal {
            return error(500, "-1", reason);
        }
        let version = self.version();
        if let Some(row) = self.sets.get_mut(set).map(|rows| &mut rows[at]) {
            row["Posted"] = posted.into();
            row["DataVersion"] = version.into();
        }
        far::empty(200)
    }
}

/// A line of a tabular part with every field of it.
fn whole(set: &str, table: &str, line: Value) -> Value {
    let fields = salon::TABLES.iter().find(|(name, _)| *name == format!("{set}_{table}")).map_or(&[][..], |(_, f)| *f);
    let mut row: Object<String, Value> =
        fields.iter().map(|(name, kind)| ((*name).to_owned(), salon::empty(kind))).collect();
    for (field, value) in line.as_object().into_iter().flatten() {
        if row.contains_key(field) {
            row.insert(field.clone(), value.clone());
        }
    }
    Value::Object(row)
}

/// Lines are counted from one.
fn ill_formed(body: &Object<String, Value>) -> Option<Answer> {
    for lines in body.values().filter_map(Value::as_array) {
        for (at, line) in lines.iter().enumerate() {
            match line.get("LineNumber").and_then(Value::as_str) {
                None => return Some(error(500, "-1", "Внутренняя ошибка сервера")),
                Some(number) if number != (at + 1).to_string() => {
                    return Some(error(400, "1", "Номера строк должны идти подряд"));
                }
                Some(_) => {}
            }
        }
    }
    None
}
