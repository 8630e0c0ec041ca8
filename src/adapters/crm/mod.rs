//! CRMs: one folder and one row each.

pub mod amocrm;
mod begun;
pub mod bitrix24;
pub mod broken;
pub mod dikidi;
pub mod easyweek;
pub mod ledgered;
pub mod local;
pub mod onec;
pub mod watched;
pub mod yclients;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

pub use self::begun::Begun;
use super::http::Transport;
use super::http::far::FarSide;
use super::http::portal::{Budget, Portal, Rules};
use crate::domain::clock::Clock;
use crate::domain::crm::Crm;
use crate::domain::sharing::Purse;
use crate::domain::store::Store;

/// What a kind of CRM can do at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Kind {
    /// The name in the configuration.
    pub kind: &'static str,
    /// One line for `flow crm kinds`.
    pub summary: &'static str,
    /// Of `services, staff, slots, clients, appointments, leads, notes, hooks`.
    pub capabilities: &'static [&'static str],
}

/// What a connection is made of.
#[derive(Clone)]
pub struct Wiring {
    /// The connection's name in the configuration.
    pub name: String,
    /// Where flow keeps things.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Carries calls.
    pub transport: Arc<dyn Transport>,
    /// Budgets of calls.
    pub purse: Arc<dyn Purse>,
    /// `base_url`, when given, without a slash at its end.
    pub base_url: Option<String>,
    /// How the outside world reaches the daemon, when it does; without a slash at its end.
    pub public_url: Option<String>,
    /// `timeout`, when given.
    pub timeout: Option<Duration>,
    /// `calls_per_second`, when given.
    pub calls_per_second: Option<f64>,
    /// `timezone`, when given.
    pub timezone: Option<TimeZone>,
    /// Names this process among those that share the store.
    pub holder: String,
    /// Words that never stand in a fault, whoever repeats them.
    pub secrets: Arc<[String]>,
}

impl Wiring {
    /// The far side, under these rules; `calls_per_second` replaces the vendor's budgets by one of that pace.
    #[must_use]
    pub fn portal(&self, mut rules: Rules) -> Portal {
        if let Some(calls) = self.calls_per_second {
            let name = rules.budgets.first().map_or_else(|| format!("crm:{}", self.name), |first| first.name.clone());
            // No burst: so many a second are so many in the first one too.
            rules.budgets = vec![Budget::per_second(name, calls, 1)];
        }
        let (transport, purse, clock) = (&self.transport, &self.purse, &self.clock);
        Portal::new(&self.name, Arc::clone(transport), Arc::clone(purse), Arc::clone(clock), rules)
            .hiding(Arc::clone(&self.secrets))
    }

    /// The zone that is configured for the connection, else the company's.
    pub async fn zone(&self) -> TimeZone {
        if let Some(zone) = &self.timezone {
            return zone.clone();
        }
        let profile = self.store.profile().await.ok().flatten();
        profile.map_or_else(
            || TimeZone::get("Europe/Moscow").unwrap_or(TimeZone::UTC),
            |profile| profile.company.timezone.tz().clone(),
        )
    }
}

/// A kind of CRM that is spoken to over a wire.
pub struct Row {
    /// What it is.
    pub kind: &'static Kind,
    /// Connects: from the keys of the connection that are its own.
    pub open: fn(Wiring, Value) -> Result<Arc<dyn Crm>, String>,
    /// A stand-in of the vendor: a salon that is open at that moment.
    pub stand_in: fn(Timestamp) -> Box<dyn FarSide>,
    /// The keys of a connection to the stand-in at that address (without a slash at its end), `base_url` among them
    /// where the kind takes it.
    pub sample: fn(&str) -> Value,
    /// Gives every reader of the adapter this value, whatever it is; for property tests and the fuzz target.
    pub read_all: fn(&Value),
}

/// Every kind this program has.
pub const CRMS: &[Kind] = &[
    local::KIND,
    bitrix24::KIND,
    yclients::YCLIENTS_KIND,
    yclients::ALTEGIO_KIND,
    amocrm::KIND,
    onec::KIND,
    easyweek::KIND,
    dikidi::KIND,
];

/// Those that are spoken to over a wire.
pub const ROWS: &[Row] =
    &[bitrix24::ROW, yclients::YCLIENTS_ROW, yclients::ALTEGIO_ROW, amocrm::ROW, onec::ROW, easyweek::ROW, dikidi::ROW];

/// The row of that kind.
#[must_use]
pub fn row(kind: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.kind.kind == kind)
}
