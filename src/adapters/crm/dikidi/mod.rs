//! DIKIDI has no public API: clients book on its page. With a bridge (signed events in both directions, through any
//! tool) flow sends requests that people of the salon agree to, and keeps copies of what it is told.

mod book;
mod calendar;
mod catalogue;
mod change;
mod clients;
mod envelope;
mod hooks;
mod judge;
mod kept;
mod leads;
mod outbound;
mod page;
mod probe;
mod scalars;
mod settings;
mod slots;
pub mod stand_in;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use self::catalogue::Snapshot;
use self::settings::{Bridge, Settings};
use super::{Kind, Row, Wiring};
use crate::adapters::http::portal::{Budget, Portal, Rules};
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, Hooks, Leads, Notes, Probe};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::store::StoreError;

/// What it can do at most: all but the link needs the bridge.
pub const KIND: Kind = Kind {
    kind: "dikidi",
    summary: "DIKIDI: the booking link; with a signed bridge requests that the salon confirms, leads and notes",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes", "hooks"],
};

/// Its row.
pub const ROW: Row = Row { kind: &KIND, open, stand_in: stand_in::salon, sample: stand_in::sample, read_all };

const CALLS_PER_SECOND: f64 = 5.0;

/// A connection.
struct Dikidi {
    wiring: Wiring,
    settings: Settings,
    portal: Portal,
    /// Services and staff as the bridge told them last.
    told: Mutex<Option<Arc<Snapshot>>>,
}

fn open(wiring: Wiring, value: Value) -> Result<Arc<dyn Crm>, String> {
    let settings = Settings::read(value)?;
    let budgets = vec![Budget::per_second(format!("dikidi:{}", wiring.name), CALLS_PER_SECOND, 5)];
    let portal = wiring.portal(Rules { judge: judge::judge, budgets });
    Ok(Arc::new(Dikidi { wiring, settings, portal, told: Mutex::default() }))
}

impl Dikidi {
    fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        self.portal.fault(kind, operation, detail)
    }

    fn lost(&self, operation: &'static str) -> impl Fn(StoreError) -> Fault + '_ {
        move |error| self.fault(FaultKind::Store, operation, error.to_string())
    }

    /// What can be done instead of what cannot be done here.
    fn cannot(&self, operation: &'static str, what: &str) -> Fault {
        let instead = self.instead().map_or_else(String::new, |instead| format!(": {instead}"));
        self.fault(FaultKind::Unsupported, operation, format!("{what}{instead}"))
    }

    fn bridge(&self) -> Option<&Bridge> {
        self.settings.bridge.as_ref()
    }

    /// Whether events can be sent.
    fn can_send(&self) -> bool {
        self.bridge().is_some_and(|bridge| bridge.url.is_some())
    }

    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Crm for Dikidi {
    fn connection(&self) -> &str {
        &self.wiring.name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.look_around().await
    }

    async fn detect(&self) -> Result<(), Fault> {
        let snapshot = self.stored_snapshot("detect").await?;
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = snapshot.map(Arc::new);
        Ok(())
    }

    fn settles_after(&self) -> Duration {
        // The same event may come twice: its id is known there.
        Duration::ZERO
    }

    fn instead(&self) -> Option<String> {
        self.settings.booking_url.as_ref().map(|url| format!("clients book at {url}"))
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        self.snapshot().map(|_| self as &dyn Catalogue)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        self.bridge().map(|_| self as &dyn Calendar)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        self.bridge().map(|_| self as &dyn Clients)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        self.can_send().then_some(self as &dyn ClientCards)
    }

    fn leads(&self) -> Option<&dyn Leads> {
        self.can_send().then_some(self as &dyn Leads)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        self.can_send().then_some(self as &dyn Notes)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        self.bridge().map(|_| self as &dyn Hooks)
    }
}

/// Gives every reader this value.
fn read_all(value: &Value) {
    let zone = jiff::tz::TimeZone::UTC;
    let body = value.to_string();
    envelope::read(body.as_bytes(), None, &zone).ok();
    envelope::visit(value, &zone).ok();
    envelope::resolution(value, &zone).ok();
    envelope::client(value).ok();
    envelope::slots(value, &zone).ok();
    if let Ok(told) = envelope::catalogue(value) {
        Snapshot::default().with(&told);
    }
    outbound::read_reply(value, &zone);
    slots::read_free(value, &zone).ok();
    kept::read_visit(value);
    Snapshot::read(value);
}
