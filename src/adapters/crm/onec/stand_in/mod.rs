//! A stand-in of an infobase behind its OData interface, with a salon in it: it ignores what it does not know, cuts
//! what is long, takes every reference, and says little, as 1C does.

mod filter;
mod salon;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map as Object, Value, json};

use super::wire;
use crate::adapters::http::far::{self, FarRequest, FarSide};
use crate::adapters::http::{Answer, Method};

const LOGIN: &str = "бот";
const PASSWORD: &str = "секрет";
const ROOT: &str = "/odata/standard.odata";

/// An infobase.
pub struct Infobase {
    /// Elements and records by set.
    pub sets: BTreeMap<String, Vec<Value>>,
    /// Sets that are not in the composition.
    pub unpublished: BTreeSet<String>,
    /// Sets that the user may not see.
    pub forbidden: BTreeSet<String>,
    /// Fields that are cut at so many letters.
    pub short: BTreeMap<String, usize>,
    /// Fields that are silently not written.
    pub ignored: BTreeSet<String>,
    /// Texts of unlimited length, by which nothing is found.
    pub unfilterable: Vec<String>,
    /// What the configuration's own code says to each new document.
    pub refusal: Option<String>,
    /// And to posting.
    pub posting_refusal: Option<String>,
    /// Whether a refused document stands nevertheless.
    pub half_done: bool,
    /// Physical deletions of what is no record of a register.
    pub destroyed: u32,
    written: u64,
}

/// The stand-in at the beginning.
pub fn stand_in(_now: Timestamp) -> Box<dyn FarSide> {
    Box::new(Infobase::salon())
}

/// The keys of a connection to it.
#[must_use]
pub fn sample(base: &str) -> Value {
    json!({"base_url": format!("{base}/salon{ROOT}"), "username": LOGIN, "password": PASSWORD, "map": salon::map()})
}

impl Infobase {
    /// A salon without visits.
    #[must_use]
    pub fn salon() -> Self {
        Self {
            sets: salon::salon(),
            unpublished: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            short: BTreeMap::new(),
            ignored: BTreeSet::new(),
            unfilterable: Vec::new(),
            refusal: None,
            posting_refusal: None,
            half_done: false,
            destroyed: 0,
            written: 1000,
        }
    }

    /// «Женская стрижка», «Мужская стрижка», «Маникюр».
    #[must_use]
    pub fn services() -> [String; 3] {
        [salon::WOMEN, salon::MEN, salon::NAILS].map(salon::guid)
    }

    /// «Анна Петрова», «Ольга Смирнова».
    #[must_use]
    pub fn staff() -> [String; 2] {
        [salon::ANNA, salon::OLGA].map(salon::guid)
    }

    /// «Мария Иванова».
    #[must_use]
    pub fn maria() -> String {
        salon::guid(salon::MARIA)
    }

    /// The elements of a set.
    #[must_use]
    pub fn all(&self, set: &str) -> &[Value] {
        self.sets.get(set).map_or(&[], Vec::as_slice)
    }

    /// Adds a client with a phone as it is stored in one of several ways; answers the key.
    pub fn client(&mut self, name: &str, number: &str, shown: &str) -> String {
        let rows = json!([salon::contact(number, shown)]);
        let body = json!({"Description": name, "КонтактнаяИнформация": rows, "Телефон": shown});
        let made = self.new_row("Catalog_Контрагенты", body.as_object().cloned().unwrap_or_default());
        made["Ref_Key"].as_str().unwrap_or_default().to_owned()
    }

    /// Adds an element; answers its key.
    pub fn add(&mut self, set: &str, body: Value) -> String {
        let made = self.new_row(set, body.as_object().cloned().unwrap_or_default());
        made["Ref_Key"].as_str().unwrap_or_default().to_owned()
    }

    fn route(&mut self, request: &FarRequest) -> Answer {
        let Some(path) = request.path.split_once(ROOT).map(|(_, path)| path.trim_matches('/').to_owned()) else {
            return html(404);
        };
        match path.as_str() {
            "" => return self.root(),
            "$metadata" => return Answer { status: 200, body: salon::metadata().into_bytes(), ..Answer::default() },
            _ => {}
        }
        let (head, action) = match path.split_once(")/") {
            Some((head, action)) => (format!("{head})"), Some(action.to_owned())),
            None => match path.split_once('/') {
                Some((set, function)) => return self.slice(request, set, function),
                None => (path, None),
            },
        };
        let (set, key) = match head.split_once('(') {
            Some((set, key)) => (set.to_owned(), Some(key.trim_end_matches(')').to_owned())),
            None => (head, None),
        };
        if self.unpublished.contains(&set) || salon::fields(&set).is_none() {
            return error(404, "9", "Экземпляр Сущности не найден");
        }
        if self.forbidden.contains(&set) {
            return error(403, "-1", "Нарушение прав доступа!");
        }
        match (request.method, key, action) {
            (Method::Get, None, None) => self.list(request, &set, None),
            (Method::Get, Some(key), None) => match self.at(&set, &key) {
                Some(at) => match select(&self.sets[&set][at], request.param("$select").unwrap_or_default(), &set) {
                    Ok(row) => far::json(200, &row),
                    Err(field) => error(400, "6", &format!("Сегмент пути {field} не найден!")),
                },
                None => error(404, "9", "Экземпляр Сущности не найден"),
            },
            (Method::Post, None, None) => self.create(request, &set),
            (Method::Patch, Some(key), None) => self.patch(request, &set, &key),
            (Method::Delete, Some(key), None) => self.delete(&set, &key),
            (Method::Post, Some(key), Some(verb)) => self.post(&set, &key, &verb),
            _ => error(400, "6", "Метод не найден"),
        }
    }

    fn root(&self) -> Answer {
        let sets = salon::SETS.iter().chain(salon::TABLES).map(|(name, _)| *name);
        let shown = sets.filter(|name| !self.unpublished.contains(*name));
        let rows: Vec<Value> = shown.map(|name| json!({"name": name, "url": name})).collect();
        far::json(200, &json!({"odata.metadata": "http://h/salon/odata/standard.odata/$metadata", "value": rows}))
    }

    /// The rows of a set; those of a tabular part carry their owner's key.
    fn rows(&self, set: &str) -> Vec<Value> {
        let Some((owner, table)) =
            salon::TABLES.iter().find(|(name, _)| *name == set).and_then(|_| set.rsplit_once('_'))
        else {
            return self.all(set).to_vec();
        };
        let lines = |row: &Value| -> Vec<Value> {
            let lines = row[table].as_array().cloned().unwrap_or_default();
            let with_key = |mut line: Value| {
                line["Ref_Key"] = row["Ref_Key"].clone();
                line
            };
            lines.into_iter().map(with_key).collect()
        };
        self.all(owner).iter().flat_map(lines).collect()
    }

    fn list(&self, request: &FarRequest, set: &str, condition: Option<&str>) -> Answer {
        let filter = request.param("$filter").unwrap_or_default();
        let fits = |row: &Value| -> Result<bool, String> {
            let here = filter::fits(filter, row, &self.unfilterable)?;
            Ok(here && filter::fits(condition.unwrap_or_default(), row, &self.unfilterable)?)
        };
        let mut rows = Vec::new();
        for row in self.rows(set) {
            match fits(&row) {
                Ok(true) => rows.push(row),
                Ok(false) => {}
                Err(why) => return error(400, "14", &format!("Ошибка при разборе опции запроса $filter: {why}")),
            }
        }
        let order: Vec<&str> = request.param("$orderby").map_or_else(Vec::new, |order| order.split(',').collect());
        rows.sort_by_key(|row| order.iter().map(|field| row[*field].to_string()).collect::<Vec<_>>());
        let total = rows.len();
        let number = |name: &str| request.param(name).and_then(|text| text.parse::<usize>().ok());
        let rows = rows.iter().skip(number("$skip").unwrap_or(0)).take(number("$top").unwrap_or(usize::MAX));
        let chosen = request.param("$select").unwrap_or_default();
        let rows: Result<Vec<Value>, String> = rows.map(|row| select(row, chosen, set)).collect();
        let unknown = chosen.split(',').find(|field| !field.is_empty() && !has(set, field));
        match (rows, unknown) {
            (Ok(rows), None) => {
                let mut answer = json!({"odata.metadata": format!("http://h/$metadata#{set}"), "value": rows});
                if request.param("$inlinecount") == Some("allpages") {
                    answer["odata.count"] = total.to_string().into();
                }
                far::json(200, &answer)
            }
            (Err(field), _) => error(400, "6", &format!("Сегмент пути {field} не найден!")),
            (_, Some(field)) => error(400, "6", &format!("Сегмент пути {field} не найден!")),
        }
    }

    fn slice(&self, request: &FarRequest, set: &str, function: &str) -> Answer {
        if self.unpublished.contains(set) || !function.starts_with("SliceLast(Period=datetime'") {
            return error(404, "9", "Экземпляр Сущности не найден");
        }
        let condition = function.split_once("Condition='").map(|(_, rest)| rest.trim_end_matches(')'));
        let condition = condition.and_then(|rest| rest.strip_suffix('\'')).map(|text| text.replace("''", "'"));
        self.list(request, set, condition.as_deref())
    }

    /// Where an element lies, by `guid'…'` or by `Ключ='…'`.
    fn at(&self, set: &str, key: &str) -> Option<usize> {
        let text = key.split_once('\'').and_then(|(_, rest)| rest.strip_suffix('\''))?.replace("''", "'");
        let field = if key.starts_with("guid'") { "Ref_Key" } else { key.split('=').next()? };
        self.all(set).iter().position(|row| row[field].as_str().is_some_and(|held| held.eq_ignore_ascii_case(&text)))
    }
}

impl FarSide for Infobase {
    fn answer(&mut self, request: &FarRequest, _now: Timestamp) -> Answer {
        let wanted = format!("Basic {}", wire::base64(format!("{LOGIN}:{PASSWORD}").as_bytes()));
        if request.header("authorization") != Some(&wanted) {
            return html(401);
        }
        let is_xml = request.param("$format") != Some("json") && request.header("accept") != Some("application/json");
        if is_xml && !request.path.ends_with("$metadata") {
            return Answer {
                status: 200,
                body: b"<feed xmlns=\"http://www.w3.org/2005/Atom\"/>".to_vec(),
                ..Answer::default()
            };
        }
        self.route(request)
    }
}

fn has(set: &str, field: &str) -> bool {
    salon::fields(set).unwrap_or_default().iter().any(|(name, _)| *name == field)
}

fn select(row: &Value, chosen: &str, set: &str) -> Result<Value, String> {
    if chosen.is_empty() {
        return Ok(row.clone());
    }
    let mut shown = Object::new();
    for field in chosen.split(',') {
        if !has(set, field) {
            return Err(field.to_owned());
        }
        shown.insert(field.to_owned(), row.get(field).cloned().unwrap_or_default());
    }
    Ok(Value::Object(shown))
}

fn error(status: u16, code: &str, text: &str) -> Answer {
    far::json(status, &json!({"odata.error": {"code": code, "message": {"lang": "ru", "value": text}}}))
}

fn html(status: u16) -> Answer {
    Answer { status, body: b"<html><body>Error</body></html>".to_vec(), ..Answer::default() }
}
