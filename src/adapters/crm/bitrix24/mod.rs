//! Bitrix24: services and resources of its booking module, calendars of its users, or deals; contacts, leads, timelines.

mod account;
mod batch;
mod calendar;
mod cancel;
mod catalogue;
mod change;
mod clients;
mod deals;
mod desk;
mod goods;
mod hooks;
mod item;
mod judge;
mod kept;
mod leads;
mod notes;
mod people;
mod php;
mod probe;
mod settings;
mod settle;
mod slots;
pub mod stand_in;
mod texts;
mod token;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::time::Instant;

use self::account::{Account, Model, account_commands, read_account};
use self::calendar::Chosen;
use self::catalogue::{Goods, Resource, is_passing};
use self::kept::{Kept, LONG};
use self::people::User;
use self::settings::{Settings, is_russian};
use self::slots::Rule;
use self::wire::Wire;
use crate::adapters::crm::{Kind, Row, Wiring};
use crate::domain::company::Profile;
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, Hooks, Leads, Notes, Probe, Records};
use crate::domain::fault::{Fault, FaultKind};

/// What Bitrix24 can do at most.
pub const KIND: Kind = Kind {
    kind: "bitrix24",
    summary: "Bitrix24: the booking module, calendars of employees or deals; contacts, leads, timelines",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes", "hooks"],
};

/// The row of this kind.
pub const ROW: Row = Row { kind: &KIND, open, stand_in: stand_in::fresh, sample: stand_in::sample, read_all };

/// A connection to a portal.
pub struct Bitrix24 {
    wire: Wire,
    settings: Settings,
    account: Kept<Account>,
    goods: Kept<Goods>,
    resources: Kept<Vec<Resource>>,
    users: Kept<Vec<User>>,
    rules: Mutex<HashMap<String, (Instant, Vec<Rule>)>>,
    offers: Mutex<HashMap<String, (Instant, Chosen)>>,
    has_no_get: AtomicBool,
}

fn open(wiring: Wiring, settings: Value) -> Result<Arc<dyn Crm>, String> {
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let wire = Wire::open(wiring, &settings)?;
    Ok(Arc::new(Bitrix24 {
        wire,
        settings,
        account: Kept::default(),
        goods: Kept::default(),
        resources: Kept::default(),
        users: Kept::default(),
        rules: Mutex::default(),
        offers: Mutex::default(),
        has_no_get: AtomicBool::new(false),
    }))
}

impl Bitrix24 {
    /// What the account can do, as of lately.
    async fn account(&self) -> Result<Arc<Account>, Fault> {
        if let Some(account) = self.account.fresh(LONG) {
            return Ok(account);
        }
        let asked = match self.wire.batch(&account_commands(), false).await {
            Ok(replies) => read_account(&replies, self.settings.booking),
            Err(fault) => Err(fault),
        };
        match asked {
            Ok(account) => {
                let before = self.account.any().map(|before| before.model);
                if before != Some(account.model) {
                    tracing::info!(connection = %self.wire.wiring().name, "visits are written into {}", account.model.as_str());
                }
                Ok(self.account.keep(account))
            }
            // What was known a while ago is better than nothing.
            Err(fault) => self.account.any().filter(|_| is_passing(&fault)).ok_or(fault),
        }
    }

    /// Where visits lie; deals as long as nobody has looked.
    fn model(&self) -> Model {
        self.account.any().map_or(Model::Deal, |account| account.model)
    }

    /// The zone of the business: as it is configured, the profile's, the portal's.
    async fn zone(&self) -> Result<TimeZone, Fault> {
        let wiring = self.wire.wiring();
        if wiring.timezone.is_some() || self.profile().await?.is_some() {
            return Ok(wiring.zone().await);
        }
        match self.account().await?.zone.clone() {
            Some(zone) => Ok(zone),
            None => Ok(wiring.zone().await),
        }
    }

    /// The business profile, without which calendars cannot be booked.
    async fn own_profile(&self, operation: &'static str) -> Result<Arc<Profile>, Fault> {
        self.profile().await?.ok_or_else(|| {
            let detail = "this Bitrix24 has no services of its own here and there is no business profile yet: load one \
                 with `flow seed`";
            self.wire.fault(FaultKind::Rejected, operation, detail)
        })
    }

    fn is_russian(&self) -> bool {
        is_russian(&self.wire.site())
    }

    fn rule(&self, resource: &str) -> Option<Vec<Rule>> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.get(resource).filter(|(at, _)| at.elapsed() < LONG).map(|(_, rules)| rules.clone())
    }

    fn keep_rule(&self, resource: &str, rules: Vec<Rule>) {
        let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(resource.to_owned(), (Instant::now(), rules));
    }

    fn offers(&self) -> MutexGuard<'_, HashMap<String, (Instant, Chosen)>> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_no_get(&self) -> bool {
        self.has_no_get.load(Ordering::Relaxed)
    }

    fn note_no_get(&self) {
        self.has_no_get.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Crm for Bitrix24 {
    fn connection(&self) -> &str {
        &self.wire.wiring().name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.looked().await
    }

    async fn detect(&self) -> Result<(), Fault> {
        self.account().await.map(|_| ())
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        (self.model() == Model::Booking).then_some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        (self.model() != Model::Deal).then_some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        Some(self)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        Some(self)
    }

    fn records(&self) -> Option<&dyn Records> {
        (self.model() == Model::Deal).then_some(self)
    }

    fn leads(&self) -> Option<&dyn Leads> {
        Some(self)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        Some(self)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        Some(self)
    }

    /// A request may still be running on the portal while its connection is gone.
    fn settles_after(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// What a reader answers is of no interest here.
fn read<T>(_: T) {}

/// Every reader of the adapter.
fn read_all(value: &Value) {
    let zone = TimeZone::UTC;
    let users = ["7".to_owned(), "0".to_owned()];
    read(judge::read_error(value));
    read(token::read_tokens(value));
    read(wire::read_time(value));
    read(account::read_profile(value));
    read(account::read_scopes(value));
    read(account::read_mode(value));
    read(account::read_method(value));
    read(goods::read_catalogs(value));
    read(goods::read_goods(value, Some(90)));
    read(goods::read_products(value));
    read(goods::read_prices(value));
    read(catalogue::read_resources(value));
    read(catalogue::read_staff_types(value));
    read(item::read_booking(value));
    read(item::read_bookings(value));
    read(item::read_clients(value));
    read(item::read_made(value));
    read(item::read_event(value, &zone));
    read(item::read_events(value, "7", &zone, true));
    read(item::read_accessibility(value, &users, &zone));
    read(slots::read_rules(value));
    read(people::read_users(value));
    read(clients::read_duplicates(value));
    read(clients::read_items(value));
    read(clients::read_card(value));
    read(deals::read_record("1", value, Some("LOSE")));
    read(deals::read_lost_stage(value));
    read(deals::read_deal_id(value));
    read(notes::read_texts(value, "COMMENT"));
    read(notes::read_activities(value));
    read(deals::read_own_deal(value, "flow-ABCDEFGHIJ"));
    read(hooks::read_told(value));
    read(cancel::read_called_off("1", value, &zone));
    if let Some(text) = value.as_str() {
        read(texts::Tag::read(text));
        read(texts::bb(text));
    }
}
