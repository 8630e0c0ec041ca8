//! What the account has: custom fields of leads, users. Asked once in a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Amo;
use super::rows::{id_of, list_of, member};
use crate::adapters::http::read;
use crate::domain::fault::{Fault, FaultKind, Retry};

/// As old as this a dictionary is asked for again.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// Dictionaries with their age.
#[derive(Default)]
pub(super) struct Known {
    fields: Mutex<Option<(Instant, Arc<Fields>)>>,
    users: Mutex<Option<(Instant, Arc<Vec<User>>)>>,
}

/// Custom fields of a lead that flow writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub start: Option<Field>,
    pub duration: Option<Field>,
    pub master: Option<Field>,
    pub flow: Option<Field>,
    pub source: Option<Field>,
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub id: i64,
    pub name: String,
    /// `text`, `numeric`, `select`, `date_time`, …
    pub kind: String,
    pub code: Option<String>,
    pub options: Vec<(i64, String)>,
}

/// A user with a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub id: i64,
    pub name: String,
    pub is_active: bool,
}

/// What a field is for: the names it is found by, lower-cased, and the types it may have.
struct Purpose {
    names: &'static [&'static str],
    kinds: &'static [&'static str],
}

const START: Purpose = Purpose {
    names: &["flow: начало", "flow: start", "flow_start", "appointment start", "дата и время записи", "начало визита"],
    kinds: &["date_time", "date", "text", "numeric"],
};
const DURATION: Purpose = Purpose {
    names: &["flow: длительность", "flow: duration", "flow_duration", "duration, min", "длительность, мин"],
    kinds: &["numeric", "text"],
};
const MASTER: Purpose = Purpose {
    names: &["flow: мастер", "flow: master", "flow_master", "master", "мастер"],
    kinds: &["select", "text"],
};
const FLOW: Purpose = Purpose { names: &["flow: id", "flow id", "flow_id", "flow"], kinds: &["text", "textarea"] };
const SOURCE: Purpose = Purpose {
    names: &["flow: канал", "flow: source", "flow_source", "source channel", "канал обращения"],
    kinds: &["select", "text"],
};

impl Field {
    /// Such a value for this field as amoCRM takes it; nothing where the field has no such option.
    pub fn value(&self, text: &str) -> Option<Value> {
        if self.kind == "select" || self.kind == "radiobutton" {
            let wanted = text.trim().to_lowercase();
            let option = self.options.iter().find(|(_, option)| option.trim().to_lowercase() == wanted)?;
            return Some(json!({"field_id": self.id, "values": [{"enum_id": option.0}]}));
        }
        Some(json!({"field_id": self.id, "values": [{"value": text}]}))
    }

    /// A moment for this field, in unix seconds; in a text as a person reads it.
    pub fn moment(&self, at: &jiff::Zoned) -> Value {
        let value = match self.kind.as_str() {
            "text" | "textarea" => json!(at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            _ => json!(at.timestamp().as_second()),
        };
        json!({"field_id": self.id, "values": [{"value": value}]})
    }
}

impl Amo {
    /// The fields of a lead; where they may not be listed, those that are configured.
    pub(super) async fn fields(&self) -> Result<Arc<Fields>, Fault> {
        if let Some(known) = fresh(&self.known.fields) {
            return Ok(known);
        }
        let query = [("limit", "250")];
        let listed = self.all("fields", ("leads/custom_fields", "custom_fields"), &query, 10).await;
        let rows = match listed {
            Ok(rows) => rows,
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound) => {
                tracing::info!(connection = %self.wiring.name, %fault, "fields cannot be listed: those configured serve");
                Vec::new()
            }
            Err(fault) => return Err(fault),
        };
        let all: Vec<Field> = rows.iter().filter_map(|row| read_field(row).ok()).collect();
        let found = Arc::new(self.chosen(&all));
        keep(&self.known.fields, &found);
        Ok(found)
    }

    /// Which of them flow writes: those configured, else those that bear a known name.
    pub(super) fn chosen(&self, all: &[Field]) -> Fields {
        let settings = &self.settings;
        let pick = |given: Option<i64>, purpose: &Purpose, otherwise: &str| match given {
            Some(id) => Some(all.iter().find(|field| field.id == id).cloned().unwrap_or_else(|| Field {
                id,
                name: String::new(),
                kind: otherwise.to_owned(),
                code: None,
                options: Vec::new(),
            })),
            None => all.iter().find(|field| purpose.is_met_by(field)).cloned(),
        };
        Fields {
            start: pick(settings.start_field_id, &START, "date_time"),
            duration: pick(settings.duration_field_id, &DURATION, "numeric"),
            master: pick(settings.master_field_id, &MASTER, "text"),
            flow: pick(settings.flow_field_id, &FLOW, "text"),
            source: pick(settings.source_field_id, &SOURCE, "text"),
        }
    }

    /// The users, none where they may not be listed: masters need not be users.
    pub(super) async fn users(&self) -> Result<Arc<Vec<User>>, Fault> {
        if let Some(known) = fresh(&self.known.users) {
            return Ok(known);
        }
        let users = match self.all("users", ("users", "users"), &[("limit", "250")], 10).await {
            Ok(rows) => rows.iter().filter_map(|row| read_user(row).ok()).filter(|user| user.is_active).collect(),
            Err(fault) if matches!(fault.retry(), Retry::Never) && fault.kind != FaultKind::Unauthorized => {
                tracing::info!(connection = %self.wiring.name, %fault, "users cannot be listed");
                Vec::new()
            }
            Err(fault) => return Err(fault),
        };
        let found = Arc::new(users);
        keep(&self.known.users, &found);
        Ok(found)
    }

    /// The user of amoCRM that an employee of the profile is: the configured one, else the one of the same name.
    pub(super) async fn user_of(&self, employee_id: Option<&str>, name: Option<&str>) -> Result<Option<i64>, Fault> {
        if let Some(user) = employee_id.and_then(|id| self.settings.users.get(id)) {
            return Ok(Some(*user));
        }
        let (true, Some(name)) = (self.settings.users.is_empty(), name) else { return Ok(None) };
        Ok(named(&self.users().await?, name))
    }

    /// Employees of the profile that are users of amoCRM.
    pub(super) async fn masters(&self) -> Result<BTreeMap<i64, String>, Fault> {
        if !self.settings.users.is_empty() {
            return Ok(self.settings.users.iter().map(|(employee, user)| (*user, employee.clone())).collect());
        }
        let profile = self.wiring.store.profile().await.map_err(|error| self.store_fault("users", &error))?;
        let Some(profile) = profile else { return Ok(BTreeMap::new()) };
        let users = self.users().await?;
        Ok(profile.employees.iter().filter_map(|e| Some((named(&users, &e.name)?, e.id.clone()))).collect())
    }
}

impl Purpose {
    fn is_met_by(&self, field: &Field) -> bool {
        let known = |text: &str| self.names.contains(&text.trim().to_lowercase().as_str());
        self.kinds.contains(&field.kind.as_str()) && (known(&field.name) || field.code.as_deref().is_some_and(known))
    }
}

/// The one user of that name; two of one name are none.
fn named(users: &[User], name: &str) -> Option<i64> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut same = users.iter().filter(|user| plain(&user.name) == plain(name));
    let first = same.next()?;
    same.next().is_none().then_some(first.id)
}

fn fresh<T>(known: &Mutex<Option<(Instant, Arc<T>)>>) -> Option<Arc<T>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, found)| Arc::clone(found))
}

fn keep<T>(known: &Mutex<Option<(Instant, Arc<T>)>>, found: &Arc<T>) {
    *known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(found)));
}

pub(super) fn read_field(row: &Value) -> Result<Field, String> {
    let option = |row: &Value| Some((id_of(row).ok()?, read::text(member(row, "value"))?));
    Ok(Field {
        id: id_of(row)?,
        name: read::text(member(row, "name")).unwrap_or_default(),
        kind: read::text(member(row, "type")).unwrap_or_default(),
        code: read::text(member(row, "code")),
        options: list_of(row, "enums").into_iter().filter_map(option).collect(),
    })
}

pub(super) fn read_user(row: &Value) -> Result<User, String> {
    let rights = member(row, "rights");
    Ok(User {
        id: id_of(row)?,
        name: read::text(member(row, "name")).unwrap_or_default(),
        is_active: read::flag(member(rights, "is_active")).unwrap_or(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_purpose_and_written_by_its_type() {
        let rows = [
            json!({"id": "5003", "name": "Мастер", "type": "select", "enums": [{"id": 456, "value": "Анна Петрова"}]}),
            json!({"id": 5004, "name": "flow id", "type": "text", "code": null, "enums": null}),
        ];
        let fields: Vec<Field> = rows.iter().map(|row| read_field(row).unwrap()).collect();
        assert!(MASTER.is_met_by(&fields[0]) && FLOW.is_met_by(&fields[1]) && !FLOW.is_met_by(&fields[0]));
        let written = fields[0].value("анна петрова").unwrap();
        assert_eq!(written, json!({"field_id": 5003, "values": [{"enum_id": 456}]}));
        assert_eq!(fields[0].value("Ольга"), None, "an option that is not there is not invented");
        assert_eq!(fields[1].value("x").unwrap(), json!({"field_id": 5004, "values": [{"value": "x"}]}));
    }

    #[test]
    fn two_users_of_one_name_are_nobody() {
        let user = |id, name: &str| User { id, name: name.to_owned(), is_active: true };
        let users = [user(1, "Анна  Петрова"), user(2, "Ольга"), user(3, "ольга")];
        assert_eq!((named(&users, "анна петрова"), named(&users, "Ольга")), (Some(1), None));
    }
}
