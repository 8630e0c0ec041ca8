//! EasyWeek, by its public API v2: services, staff, free times, bookings. A booking does not name its employee and cannot
//! be moved: what was sent is kept, and a move is a new booking and a cancelled one.

mod book;
mod calendar;
mod catalogue;
mod change;
mod clients;
mod hooks;
mod kept;
mod location;
mod probe;
mod read;
mod slots;
pub mod stand_in;
mod visits;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use self::location::Location;
use self::read::ServiceRow;
use self::wire::Wire;
use super::{Kind, Row, Wiring};
use crate::adapters::http::far::FarSide;
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, CrmClient, Hooks, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// The row of the table of kinds.
pub const KIND: Kind = Kind {
    kind: "easyweek",
    summary: "EasyWeek: the workspace's own calendar; a move is a new booking and a cancelled one; leads stay in flow",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "hooks"],
};

/// The row of the table of those over a wire.
pub const ROW: Row = Row {
    kind: &KIND,
    open,
    stand_in: |_| Box::new(stand_in::Workspace::salon()) as Box<dyn FarSide>,
    sample: |base| {
        json!({"base_url": format!("{base}/api/public/v2"), "token": stand_in::TOKEN, "workspace": stand_in::WORKSPACE,
            "webhook_secret": stand_in::SECRET})
    },
    read_all,
};

/// A booking whose answer was lost is looked for so long before another is made.
const SETTLES: Duration = Duration::from_secs(60);
const BASE: &str = "https://my.easyweek.io/api/public/v2";

/// The connection's own keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    token: SecretString,
    workspace: String,
    location: Option<String>,
    webhook_secret: Option<SecretString>,
}

/// A location of a workspace.
pub(crate) struct EasyWeek {
    wire: Wire,
    wiring: Wiring,
    wanted_location: Option<String>,
    webhook_secret: Option<SecretString>,
    location: Mutex<Option<(Timestamp, Arc<Location>)>>,
    services: Mutex<Option<(Timestamp, Arc<Vec<ServiceRow>>)>>,
    customers: Mutex<HashMap<String, CrmClient>>,
}

fn open(wiring: Wiring, settings: Value) -> Result<Arc<dyn Crm>, String> {
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    if settings.token.expose_secret().trim().is_empty() {
        return Err("token is empty: Settings → Developers → API keys of the workspace makes one".to_owned());
    }
    let workspace = settings.workspace.trim().to_owned();
    if workspace.is_empty() || !workspace.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("workspace: expected the slug, as in the address of the workspace's public page".to_owned());
    }
    let wire = Wire::open(&wiring, BASE, &settings.token, workspace)?;
    Ok(Arc::new(EasyWeek {
        wire,
        wiring,
        wanted_location: settings.location.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()),
        webhook_secret: settings.webhook_secret,
        location: Mutex::default(),
        services: Mutex::default(),
        customers: Mutex::default(),
    }))
}

impl EasyWeek {
    fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        self.wire.portal.fault(kind, operation, detail)
    }

    fn unreadable(&self, operation: &'static str) -> impl Fn(String) -> Fault + '_ {
        move |why| self.fault(FaultKind::Protocol, operation, why)
    }

    fn missing(&self, operation: &'static str, what: &str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no {what} `{id}`"))
    }

    fn now(&self) -> Timestamp {
        self.wiring.clock.now()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Crm for EasyWeek {
    fn connection(&self) -> &str {
        &self.wiring.name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.look_around().await
    }

    fn settles_after(&self) -> Duration {
        SETTLES
    }

    /// Sixty calls a minute are everybody's.
    fn follows_every(&self) -> Duration {
        Duration::from_secs(900)
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        Some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        Some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        Some(self)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        Some(self)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        self.webhook_secret.is_some().then_some(self)
    }
}

/// Gives every reader this value, whatever it is.
fn read_all(value: &Value) {
    let zone = jiff::tz::TimeZone::UTC;
    read::services(value).ok();
    read::titles(value).ok();
    read::staff(value).ok();
    read::locations(value).ok();
    read::customers(value).ok();
    read::bookings(value).ok();
    read::booking(value).ok();
    read::slots(value, &zone).ok();
    read::last_page(value);
    hooks::read_event(value.to_string().as_bytes(), "booking-created");
    wire::fields(value);
    kept::of(value);
}
