//! 1C:Enterprise by its standard OData interface: a driver for any configuration, with a map of names.

mod book;
mod calendar;
mod cards;
mod catalogue;
mod change;
mod clients;
mod discover;
mod far;
mod hours;
mod judge;
mod leads;
mod locks;
mod map;
mod metadata;
mod notes;
mod probe;
mod slots;
mod stand_in;
mod visits;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use self::hours::Hours;
use self::map::Map;
pub use self::stand_in::{Infobase, sample, stand_in};
use super::{Kind, Row, Wiring};
use crate::adapters::http::portal::{Portal, Rules};
use crate::adapters::http::url;
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, CrmEmployee, Leads, Notes, Probe};
use crate::domain::fault::Fault;

/// The row of the table of CRMs.
pub const KIND: Kind = Kind {
    kind: "onec",
    summary: "1C:Enterprise 8.3 by OData: any configuration, by a map of its names",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes"],
};

/// The row of those that are spoken to over a wire.
pub const ROW: Row = Row { kind: &KIND, open, stand_in, sample, read_all };

/// The keys of a connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    username: Option<String>,
    password: Option<SecretString>,
    map: Option<Value>,
}

/// A connection to an infobase.
pub struct OneC {
    wiring: Wiring,
    portal: Portal,
    /// The address up to `/odata/standard.odata`, without a slash at its end.
    base: String,
    auth: String,
    map: Map,
    hours: Option<Hours>,
    /// Whether the map is the worked one: then a register that is not there is done without.
    is_worked: bool,
    no_lock: AtomicBool,
    /// Each call uses a session and a licence: one at a time.
    turns: Semaphore,
    heard_at: Mutex<Option<Timestamp>>,
    known: Mutex<Known>,
}

/// What was read a moment ago: booking asks for the same service and staff several times.
#[derive(Default)]
struct Known {
    services: HashMap<String, (Timestamp, catalogue::Sold)>,
    staff: Option<(Timestamp, Vec<CrmEmployee>)>,
    prices: HashMap<String, (Timestamp, i64)>,
    contact_kind: Option<cards::Example>,
}

fn open(wiring: Wiring, settings: Value) -> Result<Arc<dyn Crm>, String> {
    Ok(Arc::new(OneC::open(wiring, settings)?))
}

impl OneC {
    /// The connection with those keys.
    ///
    /// # Errors
    /// What is missing or wrong in them.
    pub fn open(wiring: Wiring, settings: Value) -> Result<Self, String> {
        let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
        let map = map::settled(settings.map.as_ref())?;
        let hours = map.hours()?;
        let base = wiring.base_url.clone().or_else(|| map.base.clone()).ok_or(
            "`base_url` is missing: the address of the publication, such as https://HOST/BASE/odata/standard.odata",
        )?;
        url::check(&base).map_err(|why| format!("`base_url`: {why}"))?;
        let username = settings.username.filter(|name| !name.is_empty());
        let username = username.ok_or("`username` is missing: a user of the infobase with a right on the objects")?;
        if username.contains(':') {
            return Err("`username` has a colon in it: such a user cannot sign in over HTTP".to_owned());
        }
        if let Some(zone) = &map.timezone {
            TimeZone::get(zone).map_err(|_| format!("`map.timezone`: there is no zone `{zone}`"))?;
        }
        // An empty password is a legal one.
        let password = settings.password.map_or_else(String::new, |secret| secret.expose_secret().to_owned());
        let auth = format!("Basic {}", wire::base64(format!("{username}:{password}").as_bytes()));
        let portal = wiring.portal(Rules { judge: judge::judge, budgets: Vec::new() });
        Ok(Self {
            portal,
            base: base.trim_end_matches('/').to_owned(),
            auth,
            turns: Semaphore::new(map.max_parallel.unwrap_or(1).clamp(1, 3)),
            is_worked: settings.map.as_ref().is_none_or(|map| map.get("lock").is_none()),
            map,
            hours,
            no_lock: AtomicBool::new(false),
            heard_at: Mutex::default(),
            known: Mutex::default(),
            wiring,
        })
    }

    /// The zone of the base's local times.
    async fn zone(&self) -> TimeZone {
        let own = self.map.timezone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        match (&self.wiring.timezone, own) {
            (None, Some(zone)) => zone,
            _ => self.wiring.zone().await,
        }
    }

    fn now(&self) -> Timestamp {
        self.wiring.clock.now()
    }
}

#[async_trait]
impl Crm for OneC {
    fn connection(&self) -> &str {
        &self.wiring.name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.look_around().await
    }

    /// 1C may still be at work on a call whose answer was lost.
    fn settles_after(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn discover(&self) -> Result<Option<String>, Fault> {
        self.propose().await.map(Some)
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        (self.map.service.is_some() && self.map.employee.is_some()).then_some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        let map = &self.map;
        (map.appointment.is_some() && map.service.is_some() && map.employee.is_some() && map.client.is_some())
            .then_some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        self.map.client.is_some().then_some(self)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        self.map.client.is_some().then_some(self)
    }

    fn leads(&self) -> Option<&dyn Leads> {
        self.map.lead.is_some().then_some(self)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        let lead = self.map.lead.is_some();
        let comment = self.map.appointment.as_ref().is_some_and(|map| map.comment.is_some());
        (lead || comment || self.map.client.as_ref().is_some_and(|map| map.comment.is_some())).then_some(self)
    }
}

/// Every reader, with whatever it is given.
fn read_all(value: &Value) {
    let Ok(map) = map::settled(None) else { return };
    let _ = far::read_rows(value);
    let _ = far::read_element(value);
    for row in value.as_array().map_or_else(|| vec![value], |rows| rows.iter().collect()) {
        if let Some(appointment) = &map.appointment {
            let _ = visits::read_visit(appointment, 60, row);
        }
        if let Some(service) = &map.service {
            let _ = catalogue::read_service(service, row);
            let _ = service.price.as_ref().map(|price| catalogue::read_price(price, row));
        }
        if let Some(employee) = &map.employee {
            let _ = catalogue::read_employee(employee, row);
        }
        if let Some(client) = &map.client {
            let _ = clients::read_client(client, &map.phone(client), row);
        }
        if let Some(lock) = &map.lock {
            let _ = locks::read_lock(lock, row);
        }
        let _ = cards::read_example(row);
    }
    let _ = probe::read_sets(value);
    let _ = map::settled(Some(value));
    let _ = value.as_str().map(|text| metadata::read_metadata(text.as_bytes()));
}
