//! The map: which catalogue, document and field of this infobase means what. Every configuration of 1C is different.

use serde::Deserialize;
use serde_json::{Map as Object, Value, json};

use super::hours::{Hours, read_hours};
use super::wire;

/// The map as it is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    pub(super) base: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) max_parallel: Option<usize>,
    pub(super) step_min: Option<u16>,
    pub(super) lead_time_min: Option<u32>,
    #[serde(default)]
    pub(super) allowed_only: bool,
    pub(super) currency: Option<String>,
    pub(super) phone_field: Option<String>,
    pub(super) client: Option<ClientMap>,
    pub(super) service: Option<ServiceMap>,
    pub(super) employee: Option<EmployeeMap>,
    pub(super) appointment: Option<AppointmentMap>,
    pub(super) lead: Option<LeadMap>,
    pub(super) lock: Option<LockMap>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientMap {
    pub(super) set: String,
    #[serde(default = "description")]
    pub(super) name: String,
    pub(super) full_name: Option<String>,
    #[serde(default, rename = "const")]
    pub(super) constants: Object<String, Value>,
    pub(super) phone: Option<PhoneMap>,
    pub(super) phone_field: Option<String>,
    pub(super) email: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) filter: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneMap {
    #[serde(default)]
    pub(super) kind: PhoneKind,
    #[serde(default = "contacts")]
    pub(super) table: String,
    pub(super) kind_key: Option<String>,
    #[serde(alias = "phone_field")]
    pub(super) field: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PhoneKind {
    #[default]
    BspTable,
    Attribute,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceMap {
    pub(super) set: String,
    pub(super) filter: Option<String>,
    #[serde(default = "description")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) duration_min: Duration,
    pub(super) price: Option<PriceMap>,
    /// The field of the group; with `""` there is none.
    pub(super) parent: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Duration {
    Fixed(u32),
    Field(DurationField),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DurationField {
    #[serde(default = "an_hour")]
    pub(super) default: u32,
    pub(super) field: Option<String>,
}

impl Default for Duration {
    fn default() -> Self {
        Self::Fixed(an_hour())
    }
}

impl Duration {
    pub(super) const fn usual(&self) -> u32 {
        match self {
            Self::Fixed(minutes) => *minutes,
            Self::Field(field) => field.default,
        }
    }

    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::Fixed(_) => None,
            Self::Field(field) => field.field.as_deref().filter(|field| !field.is_empty()),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceMap {
    pub(super) register: String,
    pub(super) type_key: Option<String>,
    #[serde(default = "price_kind")]
    pub(super) type_field: String,
    #[serde(default = "item")]
    pub(super) item: String,
    #[serde(default = "price")]
    pub(super) field: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmployeeMap {
    pub(super) set: String,
    #[serde(default = "description")]
    pub(super) name: String,
    pub(super) filter: Option<String>,
    pub(super) title: Option<String>,
    pub(super) hours: Option<Value>,
    pub(super) services: Option<ProvidedMap>,
    pub(super) step_min: Option<u16>,
    pub(super) lead_time_min: Option<u32>,
}

/// A tabular part of the employee that lists what they provide.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvidedMap {
    pub(super) table: String,
    #[serde(default = "item")]
    pub(super) service: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppointmentMap {
    pub(super) set: String,
    pub(super) start: String,
    pub(super) end: Option<String>,
    pub(super) duration: Option<String>,
    pub(super) client: Option<String>,
    pub(super) employee: Option<String>,
    pub(super) service: Option<String>,
    pub(super) lines: Option<LinesMap>,
    pub(super) status: Option<StatusMap>,
    pub(super) comment: Option<String>,
    pub(super) marker: Option<String>,
    #[serde(default)]
    pub(super) post: bool,
    pub(super) repost: Option<bool>,
    pub(super) cancel: Option<Cancel>,
    #[serde(default, rename = "const")]
    pub(super) constants: Object<String, Value>,
    pub(super) phone_field: Option<String>,
    pub(super) step_min: Option<u16>,
    pub(super) lead_time_min: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cancel {
    Status,
    UnpostAndMark,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinesMap {
    pub(super) table: String,
    #[serde(default = "item")]
    pub(super) service: String,
    pub(super) price: Option<String>,
    pub(super) amount: Option<String>,
    #[serde(default = "quantity")]
    pub(super) quantity: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusMap {
    pub(super) field: String,
    pub(super) new: Option<Value>,
    #[serde(alias = "cancelled")]
    pub(super) canceled: Option<Value>,
    pub(super) done: Option<Value>,
    pub(super) no_show: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadMap {
    pub(super) set: String,
    pub(super) title: Option<String>,
    pub(super) text: String,
    pub(super) client: Option<String>,
    #[serde(alias = "phone_field")]
    pub(super) phone: Option<String>,
    pub(super) source: Option<String>,
    pub(super) marker: Option<String>,
    #[serde(default, rename = "const")]
    pub(super) constants: Object<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockMap {
    pub(super) set: String,
    #[serde(default = "lock_key")]
    pub(super) key: String,
    #[serde(default = "lock_operation")]
    pub(super) operation: String,
    #[serde(default = "lock_until")]
    pub(super) until: String,
}

fn description() -> String {
    "Description".to_owned()
}
fn contacts() -> String {
    "КонтактнаяИнформация".to_owned()
}
const fn an_hour() -> u32 {
    60
}
fn price_kind() -> String {
    "ВидЦены_Key".to_owned()
}
fn item() -> String {
    "Номенклатура_Key".to_owned()
}
fn price() -> String {
    "Цена".to_owned()
}
fn quantity() -> String {
    "Количество".to_owned()
}
fn lock_key() -> String {
    "Ключ".to_owned()
}
fn lock_operation() -> String {
    "Операция".to_owned()
}
fn lock_until() -> String {
    "Срок".to_owned()
}

/// The sections of a map.
pub(super) const SECTIONS: &[&str] = &["client", "service", "employee", "appointment", "lead", "lock"];

/// A map for a common configuration: what holds when none is given.
pub(super) fn worked() -> Value {
    json!({
        "client": {
            "set": "Catalog_Контрагенты", "name": "Description", "const": {"ЮрФизЛицо": "ФизЛицо"},
            "phone": {"kind": "bsp_table", "table": "КонтактнаяИнформация"},
        },
        "service": {
            "set": "Catalog_Номенклатура",
            "filter": "IsFolder eq false and DeletionMark eq false and ТипНоменклатуры eq 'Услуга'",
            "name": "Description", "duration_min": {"default": 60, "field": "Длительность"},
            "price": {"register": "InformationRegister_ЦеныНоменклатуры", "field": "Цена"},
        },
        "employee": {
            "set": "Catalog_Сотрудники", "name": "Description",
            "hours": {"mon-fri": "10:00-20:00", "sat": "10:00-18:00"},
        },
        "appointment": {
            "set": "Document_Запись", "start": "Дата_Начала", "end": "Дата_Окончания", "client": "Клиент_Key",
            "employee": "Сотрудник_Key",
            "lines": {"table": "Услуги", "service": "Номенклатура_Key", "price": "Цена", "amount": "Сумма"},
            "status": {"field": "Статус", "new": "Запланирована", "canceled": "Отменена"},
            "comment": "Комментарий", "marker": "Комментарий", "post": false, "cancel": "status",
        },
        "lead": {
            "set": "Document_Событие", "title": "Тема", "text": "ОписаниеСобытия", "client": "Контрагент_Key",
        },
        "lock": {"set": "InformationRegister_flow_Блокировки"},
    })
}

/// The map as it was given, with what it leaves out: a section without `set` is the worked map's with these changes,
/// a map without any section is the worked one. A section that is not named is not there.
pub(super) fn settled(given: Option<&Value>) -> Result<Map, String> {
    let mut map = worked();
    if let Some(given) = given {
        let Value::Object(given) = given else { return Err("`map` is no table".to_owned()) };
        let has_sections = given.keys().any(|key| SECTIONS.contains(&key.as_str()));
        if has_sections {
            for section in SECTIONS {
                match given.get(*section) {
                    None => drop(map.as_object_mut().and_then(|map| map.remove(*section))),
                    Some(own) if own.get("set").is_some() => map[*section] = own.clone(),
                    Some(changes) => lay(&mut map[*section], changes),
                }
            }
        }
        for (key, value) in given.iter().filter(|(key, _)| !SECTIONS.contains(&key.as_str())) {
            map[key.as_str()] = value.clone();
        }
    }
    let map: Map = serde_json::from_value(map).map_err(|error| format!("`map`: {error}"))?;
    check(&map)?;
    Ok(map)
}

fn lay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                let whole = matches!(key.as_str(), "const" | "hours");
                match under.get_mut(key) {
                    Some(known) if !whole => lay(known, value),
                    _ => drop(under.insert(key.clone(), value.clone())),
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn check(map: &Map) -> Result<(), String> {
    let is_guid = |at: &str, value: Option<&str>| match value {
        Some(text) if wire::guid(text).is_none() => Err(format!(
            "`map.{at}`: `{text}` is no guid: open the element in 1C and copy its «Уникальный идентификатор»"
        )),
        _ => Ok(()),
    };
    is_guid("client.phone.kind_key", map.client.as_ref().and_then(|c| c.phone.as_ref()?.kind_key.as_deref()))?;
    let price = map.service.as_ref().and_then(|service| service.price.as_ref());
    is_guid("service.price.type_key", price.and_then(|price| price.type_key.as_deref()))?;
    let constants = [
        ("client", map.client.as_ref().map(|client| &client.constants)),
        ("appointment", map.appointment.as_ref().map(|appointment| &appointment.constants)),
        ("lead", map.lead.as_ref().map(|lead| &lead.constants)),
    ];
    for (section, constants) in constants {
        for (field, value) in constants.into_iter().flatten() {
            let text = value.as_str().filter(|text| text.starts_with("guid:"));
            is_guid(&format!("{section}.const.{field}"), text)?;
        }
    }
    if let Some(appointment) = &map.appointment {
        check_appointment(appointment)?;
    }
    if map.step_min == Some(0) {
        return Err("`map.step_min` is zero: times are offered every so many minutes".to_owned());
    }
    map.hours().map(drop)
}

fn check_appointment(map: &AppointmentMap) -> Result<(), String> {
    if map.end.is_none() && map.duration.is_none() {
        return Err(
            "`map.appointment`: name the field `end`, or `duration`: else nobody knows when a visit ends".into()
        );
    }
    if map.cancel() == Cancel::Status && map.status.as_ref().is_none_or(|status| status.canceled.is_none()) {
        return Err("`map.appointment.cancel` is \"status\": say which status with `status.canceled`, or take \
                    \"unpost_and_mark\""
            .to_owned());
    }
    Ok(())
}

impl Map {
    /// Working hours; `None` when the map has none.
    pub(super) fn hours(&self) -> Result<Option<Hours>, String> {
        let hours = self.employee.as_ref().and_then(|employee| employee.hours.as_ref());
        hours.map(read_hours).transpose().map_err(|why| format!("`map.employee.hours`: {why}"))
    }

    /// Minutes between two offered times.
    pub(super) fn step(&self) -> u16 {
        let employee = self.employee.as_ref().and_then(|employee| employee.step_min);
        let appointment = self.appointment.as_ref().and_then(|appointment| appointment.step_min);
        self.step_min.or(employee).or(appointment).unwrap_or(30).max(1)
    }

    /// No offered time is sooner than so many minutes from now.
    pub(super) fn lead_time(&self) -> u32 {
        let employee = self.employee.as_ref().and_then(|employee| employee.lead_time_min);
        let appointment = self.appointment.as_ref().and_then(|appointment| appointment.lead_time_min);
        self.lead_time_min.or(employee).or(appointment).unwrap_or(0)
    }

    /// Where a client's phone stands.
    pub(super) fn phone(&self, client: &ClientMap) -> PhonePlace {
        let phone = client.phone.as_ref();
        let field = phone.and_then(|phone| phone.field.clone());
        let field = field.or_else(|| client.phone_field.clone()).or_else(|| self.phone_field.clone());
        match (phone, field) {
            (Some(PhoneMap { kind: PhoneKind::Attribute, .. }), field) => {
                PhonePlace::Field(field.unwrap_or_else(|| "Телефон".to_owned()))
            }
            (None, Some(field)) => PhonePlace::Field(field),
            (phone, _) => {
                let table = phone.map_or_else(contacts, |phone| phone.table.clone());
                PhonePlace::Table { table, kind_key: phone.and_then(|phone| wire::guid(phone.kind_key.as_deref()?)) }
            }
        }
    }
}

/// Where a client's phone stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PhonePlace {
    /// In rows of the standard subsystem's table.
    Table {
        /// Its name.
        table: String,
        /// The kind of contact that is written.
        kind_key: Option<String>,
    },
    /// In a field of the client.
    Field(String),
}

impl AppointmentMap {
    /// How an appointment is called off.
    pub(super) fn cancel(&self) -> Cancel {
        self.cancel.unwrap_or(match self.status.as_ref().and_then(|status| status.canceled.as_ref()) {
            Some(_) => Cancel::Status,
            None => Cancel::UnpostAndMark,
        })
    }

    /// Where the mark stands.
    pub(super) fn marker(&self) -> Option<&str> {
        self.marker.as_deref().or(self.comment.as_deref())
    }

    pub(super) fn is_document(&self) -> bool {
        self.set.starts_with("Document_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_the_worked_one_with_changes_or_its_own() {
        let worked = settled(None).unwrap();
        assert!(worked.lock.is_some() && worked.hours().unwrap().is_some());
        let changed = settled(Some(&json!({"step_min": 15, "lead_time_min": 120}))).unwrap();
        assert_eq!((changed.step(), changed.lead_time(), changed.lead.is_some()), (15, 120, true));
        let own = settled(Some(&json!({
            "appointment": {"status": {"done": "Завершена", "no_show": "Неявка"}},
            "client": {"set": "Catalog_Клиенты", "phone_field": "Телефон"},
        })))
        .unwrap();
        let status = own.appointment.as_ref().unwrap().status.as_ref().unwrap();
        assert_eq!(
            (status.canceled.as_ref(), status.done.as_ref()),
            (Some(&json!("Отменена")), Some(&json!("Завершена")))
        );
        assert!(own.lead.is_none() && own.lock.is_none() && own.service.is_none());
        assert_eq!(own.phone(own.client.as_ref().unwrap()), PhonePlace::Field("Телефон".to_owned()));
    }

    #[test]
    fn a_map_that_cannot_work_is_told() {
        for (map, word) in [
            (json!({"client": {"set": "Catalog_К", "const": {"Parent_Key": "guid:…"}}}), "no guid"),
            (json!({"client": {"set": "Catalog_К", "nmae": "x"}}), "nmae"),
            (json!({"appointment": {"set": "Document_З", "start": "Начало"}}), "end"),
            (json!({"appointment": {"set": "Document_З", "start": "Н", "end": "К", "cancel": "status"}}), "canceled"),
            (json!({"employee": {"hours": {"mon": "25:00-26:00"}}}), "hours"),
            (json!("x"), "table"),
        ] {
            let error = settled(Some(&map)).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
