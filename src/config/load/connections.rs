//! `[crm.NAME]`: connections that the operator names.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::{ConfigFile, Loader, Origin, Spot};
use crate::config::connections::{self, Connection, find, kinds, names};
use crate::config::keys::Kind;
use crate::config::near;
use crate::config::problem::Problem;
use crate::config::secret::Secret;
use crate::config::settings::Config;
use crate::config::value::{Given, Place, Reference, read};

/// What was said of connections: name, then key.
#[derive(Default)]
pub(super) struct Connections {
    given: BTreeMap<String, Named>,
}

#[derive(Default)]
struct Named {
    kind: String,
    keys: BTreeMap<&'static str, (Value, Kind, Origin)>,
}

impl Connections {
    /// For each key of each connection, who said so.
    pub(super) fn origins(&self) -> impl Iterator<Item = (String, Origin)> + '_ {
        self.given.iter().flat_map(|(name, named)| {
            named.keys.iter().map(move |(key, (.., origin))| (format!("crm.{name}.{key}"), origin.clone()))
        })
    }
}

impl Loader<'_> {
    /// Takes a connection of the file.
    pub(super) fn layer_connection(&mut self, file: &ConfigFile<'_>, name: &str, table: &DeTable<'_>, spot: Spot) {
        let kind = match table.get("kind").map(|kind| kind.get_ref()) {
            None => name.to_owned(),
            Some(DeValue::String(kind)) => kind.to_string(),
            Some(_) => {
                self.problems.push(spot.problem(Problem::of("", "`kind` is a word")));
                return;
            }
        };
        if let Err(problem) = known(name, &kind) {
            self.problems.push(spot.problem(problem));
            return;
        }
        self.connections.given.entry(name.to_owned()).or_default().kind.clone_from(&kind);
        for (key, value) in table.iter().filter(|(key, _)| key.get_ref() != "kind") {
            let line = file.document.line(key);
            let spot = Spot {
                key: format!("crm.{name}.{}", key.get_ref()),
                line: Some(line),
                origin: Origin::File { line },
                ..spot.clone()
            };
            self.set_of_connection(name, key.get_ref(), Given::Toml(value.get_ref()), &spot);
        }
    }

    /// Takes `FLOW_CRM__NAME__KEY`; `false` when it is no key of a connection that is there or may be.
    pub(super) fn layer_connection_variable(&mut self, variable: &str, value: &str, spot: &Spot) -> bool {
        let Some(rest) = variable.strip_prefix("FLOW_CRM__") else { return false };
        let Some((name, key)) = rest.split_once("__") else { return false };
        let name = name.to_lowercase();
        let (key, part) = key.split_once("__").map_or((key, None), |(key, part)| (key, Some(part)));
        let key = key.to_lowercase();
        if !self.connections.given.contains_key(&name) {
            if find(&name, &key).is_none() {
                return false;
            }
            let named = Named { kind: name.clone(), ..Named::default() };
            self.connections.given.insert(name.clone(), named);
        }
        let given = match part {
            None => Given::Text(value),
            Some("ENV") => Given::Reference(Reference::Env(value)),
            Some("FILE") => Given::Reference(Reference::File(value)),
            Some(_) => return false,
        };
        self.set_of_connection(&name, &key, given, spot);
        true
    }

    fn set_of_connection(&mut self, name: &str, key: &str, given: Given<'_>, spot: &Spot) {
        let kind = self.connections.given.get(name).map(|named| named.kind.clone()).unwrap_or_default();
        let Some(known) = find(&kind, key) else {
            let problem = Problem::of("", format!("a connection to {kind} has no such key"));
            let problem = match near::advice(key, &names(&kind)) {
                Some(advice) => problem.hint(advice),
                None => problem,
            };
            self.problems.push(spot.problem(problem));
            return;
        };
        let var = |name: &str| {
            self.env.get(name).map(str::to_owned).or_else(|| self.dot_env.get(name).map(|(value, _)| value.clone()))
        };
        let cleared = matches!(given, Given::Text(text) if text.trim().is_empty());
        let value = match cleared {
            true => Ok(Value::Null),
            false => read(known.kind, given, &Place { base: &spot.base, var: &var }),
        };
        match (value, self.connections.given.get_mut(name)) {
            (Ok(Value::Null), Some(named)) => drop(named.keys.remove(known.name)),
            (Ok(value), Some(named)) => {
                named.keys.insert(known.name, (value, known.kind, spot.origin.clone()));
            }
            (Ok(_), None) => {}
            (Err(problem), _) => self.problems.push(spot.problem(problem)),
        }
    }

    /// What was said of connections, as the rest of flow takes it.
    pub(super) fn connections(&self) -> BTreeMap<String, Connection> {
        let read = |(name, named): (&String, &Named)| {
            let mut connection = Connection { kind: named.kind.clone(), ..Connection::default() };
            for (key, (value, kind, _)) in &named.keys {
                match (kind, value) {
                    (Kind::Secret(_), Value::String(secret)) => {
                        connection.secrets.insert((*key).to_owned(), Secret::new(secret.clone()));
                    }
                    _ => {
                        connection.values.insert((*key).to_owned(), value.clone());
                    }
                }
            }
            (name.clone(), connection)
        };
        self.connections.given.iter().map(read).collect()
    }

    /// Whether bookings go to a connection that is there.
    pub(super) fn check_active(&mut self, config: &Config) {
        let active = config.crm.active.as_str();
        if active == "local" || config.crm.connections.contains_key(active) {
            return;
        }
        let known: Vec<&str> =
            std::iter::once("local").chain(config.crm.connections.keys().map(String::as_str)).collect();
        let mut problem = Problem::of("crm.active", format!("there is no connection `{active}`"));
        problem = match near::nearest(active, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("describe it in [crm.{active}], or take one of: {}", known.join(", "))),
        };
        let problem = match self.given.get("crm.active") {
            Some((_, spot)) => spot.problem(problem),
            None => problem,
        };
        self.problems.push(problem);
    }
}

/// Whether a connection may have that name and kind.
fn known(name: &str, kind: &str) -> Result<(), Problem> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) || name == "active" {
        let problem = Problem::of("", format!("`{name}` is no name of a connection"));
        return Err(problem.hint("up to 40 small letters, digits, `-` and `_`"));
    }
    if connections::KINDS.iter().any(|(known, _)| *known == kind) {
        return Ok(());
    }
    let kinds = kinds();
    let problem = Problem::of("", format!("there is no kind of CRM `{kind}`"));
    Err(match near::nearest(kind, kinds.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("set `kind` to one of: {}", kinds.join(", "))),
    })
}
