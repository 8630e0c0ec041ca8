//! Around every CRM that is spoken to over a wire: the ledger. A key is written down before the CRM is asked, a doubt
//! is looked into before anything is written again, and of two who want one slot one wins. Where the CRM has no
//! calendar the ledger is the calendar, and an object of the CRM shows each visit.

mod alone;
mod book;
mod calendar;
mod change;
mod known;
mod profile;
mod push;
mod visits;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Kind, Wiring};
use crate::adapters::http::portal::in_background;
use crate::domain::booking::Booking;
use crate::domain::clock::Clock;
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, Hooks, Leads, Notes, Probe, Records};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::overlay::CatalogueCopy;
use crate::domain::store::{BookingFilter, Page, Store, StoreError};

/// A write whose answer makes no sense may have been applied as much as one without an answer.
fn doubt(fault: Fault) -> Fault {
    match fault.retry() {
        Retry::Look => Fault { kind: FaultKind::UnknownOutcome, ..fault },
        _ => fault,
    }
}

/// A connection with its ledger.
pub struct Ledgered {
    inner: Arc<dyn Crm>,
    kind: &'static Kind,
    wiring: Wiring,
}

/// Where visits lie.
enum Way<'c> {
    /// In the CRM's own calendar.
    Native(&'c dyn Calendar),
    /// In the ledger; an object of the CRM shows each.
    Ledger(&'c dyn Records),
}

impl Ledgered {
    /// Lays the ledger around a connection.
    #[must_use]
    pub fn new(inner: Arc<dyn Crm>, kind: &'static Kind, wiring: Wiring) -> Self {
        Self { inner, kind, wiring }
    }

    fn name(&self) -> &str {
        &self.wiring.name
    }

    fn store(&self) -> &dyn Store {
        self.wiring.store.as_ref()
    }

    fn clock(&self) -> &dyn Clock {
        self.wiring.clock.as_ref()
    }

    fn can(&self, capability: &str) -> bool {
        self.kind.capabilities.contains(&capability)
    }

    fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        Fault::new(kind, self.name(), operation, detail)
    }

    fn lost(&self, operation: &'static str) -> impl Fn(StoreError) -> Fault + '_ {
        move |error| {
            let kind = match error {
                StoreError::SlotTaken => FaultKind::SlotTaken,
                StoreError::KeyReused => FaultKind::KeyReused,
                StoreError::NotFound(_) => FaultKind::NotFound,
                _ => FaultKind::Store,
            };
            self.fault(kind, operation, error.to_string())
        }
    }

    /// Where this account's visits lie.
    async fn way(&self, operation: &'static str) -> Result<Way<'_>, Fault> {
        self.inner.detect().await?;
        if let Some(calendar) = self.inner.calendar() {
            return Ok(Way::Native(calendar));
        }
        if let Some(records) = self.inner.records() {
            return Ok(Way::Ledger(records));
        }
        let instead = self.inner.instead().map_or_else(String::new, |instead| format!(": {instead}"));
        let detail = format!("this {} account cannot be booked through{instead}", self.kind.kind);
        Err(self.fault(FaultKind::Unsupported, operation, detail))
    }

    /// The row that stands for an appointment of the CRM, when flow knows it.
    async fn row_of(&self, operation: &'static str, id: &str) -> Result<Option<Booking>, Fault> {
        let filter = BookingFilter {
            connection: Some(self.name().to_owned()),
            external_id: Some(id.to_owned()),
            ..BookingFilter::default()
        };
        let page = Page { limit: 1, after: None, descending: true };
        let rows = self.store().bookings(&filter, &page).await.map_err(self.lost(operation))?;
        Ok(rows.into_iter().next())
    }
}

#[async_trait]
impl Crm for Ledgered {
    fn connection(&self) -> &str {
        self.name()
    }

    fn kind(&self) -> &'static str {
        self.kind.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.inner.probe().await
    }

    async fn detect(&self) -> Result<(), Fault> {
        self.inner.detect().await
    }

    fn settles_after(&self) -> Duration {
        self.inner.settles_after()
    }

    fn follows_every(&self) -> Duration {
        self.inner.follows_every()
    }

    fn busy_may_be_ours(&self) -> bool {
        self.inner.busy_may_be_ours()
    }

    fn instead(&self) -> Option<String> {
        self.inner.instead()
    }

    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        in_background(self.inner.read_catalogue()).await
    }

    async fn discover(&self) -> Result<Option<String>, Fault> {
        self.inner.discover().await
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        self.can("services").then_some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        (self.can("slots") || self.can("appointments")).then_some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        self.inner.clients()
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        self.inner.client_cards()
    }

    fn leads(&self) -> Option<&dyn Leads> {
        self.inner.leads().map(|_| self as &dyn Leads)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        self.inner.notes()
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        self.inner.hooks()
    }
}
