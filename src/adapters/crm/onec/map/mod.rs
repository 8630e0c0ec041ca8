//! The map: which catalogue, document and field of this infobase means what. Every configuration of 1C is different.

mod settle;

use serde::Deserialize;
use serde_json::{Map as Object, Value};

use super::hours::{Hours, read_hours};
use super::wire;

pub(super) use self::settle::{settled, worked};

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
