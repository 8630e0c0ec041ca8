//! YCLIENTS and Altegio: one platform under two names. The booking form's API serves every connection; what the
//! salon's own people do in the journal needs a user's token.

mod book;
mod calendar;
mod cards;
mod catalogue;
mod change;
mod clients;
mod company;
mod form;
mod hook_settings;
mod hooks;
mod judge;
mod labels;
mod leads;
mod notes;
mod probe;
mod record;
mod rights;
mod sealed;
mod slots;
pub mod stand_in;
mod vendor;
mod visits;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use self::catalogue::ServiceRow;
use self::company::Company;
use self::slots::SlotRow;
use self::vendor::{ALTEGIO, Vendor, YCLIENTS};
use self::wire::Wire;
use super::{Kind, Row, Wiring};
use crate::adapters::http::far::FarSide;
use crate::domain::crm::{Calendar, Catalogue, ClientCards, Clients, Crm, Hooks, Leads, Notes, Probe};
use crate::domain::fault::{Fault, FaultKind};

pub use self::vendor::{ALTEGIO_KIND, YCLIENTS_KIND};

/// YCLIENTS' row of the table.
pub const YCLIENTS_ROW: Row = Row {
    kind: &YCLIENTS_KIND,
    open: |wiring, settings| open(&YCLIENTS, wiring, settings),
    stand_in: |_| Box::new(stand_in::Salon::yclients()) as Box<dyn FarSide>,
    sample: |base| sample(&format!("{base}/api/v1")),
    read_all,
};

/// Altegio's.
pub const ALTEGIO_ROW: Row = Row {
    kind: &ALTEGIO_KIND,
    open: |wiring, settings| open(&ALTEGIO, wiring, settings),
    stand_in: |_| Box::new(stand_in::Salon::altegio()) as Box<dyn FarSide>,
    sample: |base| sample(&format!("{base}/api/v1")),
    read_all,
};

fn sample(base: &str) -> Value {
    json!({
        "base_url": base, "partner_token": stand_in::PARTNER, "user_token": stand_in::USER,
        "company_id": stand_in::COMPANY, "webhook_secret": stand_in::SECRET,
    })
}

/// The connection's own keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    partner_token: SecretString,
    user_token: Option<SecretString>,
    company_id: Value,
    webhook_secret: Option<SecretString>,
    webhook_bearer: Option<SecretString>,
    lead_label: Option<String>,
}

/// Free times by service, employee and start, each with when it was looked up.
type Offered = HashMap<(String, String, Timestamp), (Timestamp, SlotRow)>;

/// A branch at YCLIENTS, or a location at Altegio.
pub(crate) struct Branch {
    vendor: &'static Vendor,
    wire: Wire,
    wiring: Wiring,
    company_id: String,
    webhook_secret: Option<SecretString>,
    webhook_bearer: Option<SecretString>,
    partner_token: SecretString,
    lead_label: String,
    has_user: bool,
    company: Mutex<Option<(Timestamp, Arc<Company>)>>,
    services: Mutex<Option<(Timestamp, Arc<Vec<ServiceRow>>)>>,
    /// Times that were looked up right before they are booked, as the vendor wrote them.
    offered: Mutex<Offered>,
    /// Moves that were written and not seen, each with when it was last tried and how often.
    moves: Mutex<HashMap<(String, Timestamp), (Timestamp, u8)>>,
    /// Whether comments of clients lie under the second of the two known paths.
    comments_elsewhere: AtomicBool,
}

fn open(vendor: &'static Vendor, wiring: Wiring, settings: Value) -> Result<Arc<dyn Crm>, String> {
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let company_id = crate::adapters::http::read::int(&settings.company_id)
        .filter(|id| *id > 0)
        .ok_or("company_id: expected the branch's number, as it stands in the address of its journal")?;
    if settings.partner_token.expose_secret().trim().is_empty() {
        return Err("partner_token is empty: the developer's cabinet shows it".to_owned());
    }
    let user = settings.user_token.filter(|token| !token.expose_secret().trim().is_empty());
    let has_user = user.is_some();
    let wire = Wire::open(vendor, &wiring, settings.partner_token.clone(), user)?;
    Ok(Arc::new(Branch {
        vendor,
        wire,
        wiring,
        company_id: company_id.to_string(),
        webhook_secret: settings.webhook_secret,
        webhook_bearer: settings.webhook_bearer,
        partner_token: settings.partner_token,
        lead_label: settings.lead_label.unwrap_or_else(|| vendor.label.to_owned()),
        has_user,
        company: Mutex::default(),
        services: Mutex::default(),
        offered: Mutex::default(),
        moves: Mutex::default(),
        comments_elsewhere: AtomicBool::new(false),
    }))
}

impl Branch {
    fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        self.wire.portal.fault(kind, operation, detail)
    }

    /// What an answer that cannot be read means: it was read, so nothing is in doubt but its sense.
    fn unreadable(&self, operation: &'static str) -> impl Fn(String) -> Fault + '_ {
        move |why| self.fault(FaultKind::Protocol, operation, why)
    }

    fn missing(&self, operation: &'static str, what: &str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no {what} `{id}`"))
    }

    fn needs_user(&self, operation: &'static str, what: &str) -> Fault {
        let detail = format!("{what} needs a user's token: set `user_token` of the connection");
        self.fault(FaultKind::Unsupported, operation, detail)
    }

    fn now(&self) -> Timestamp {
        self.wiring.clock.now()
    }

    fn comments_elsewhere(&self) -> bool {
        self.comments_elsewhere.load(Ordering::Relaxed)
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Crm for Branch {
    fn connection(&self) -> &str {
        &self.wiring.name
    }

    fn kind(&self) -> &'static str {
        self.vendor.kind.kind
    }

    fn settles_after(&self) -> Duration {
        // The journal may show a record that late (looks after 5, 15 and 45 s).
        Duration::from_secs(65)
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.look_around().await
    }

    fn busy_may_be_ours(&self) -> bool {
        true
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        Some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        Some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        self.has_user.then_some(self)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        self.has_user.then_some(self)
    }

    fn leads(&self) -> Option<&dyn Leads> {
        self.has_user.then_some(self)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        self.has_user.then_some(self)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        self.webhook_secret.is_some().then_some(self)
    }
}

/// Gives every reader this value, whatever it is.
fn read_all(value: &Value) {
    company::read_company(value).ok();
    catalogue::read_services(value).ok();
    catalogue::read_categories(value).ok();
    catalogue::read_staff(value).ok();
    slots::read_dates(value).ok();
    slots::read_times(value).ok();
    record::read_record(value).ok();
    record::read_records(value).ok();
    form::read_booked(value).ok();
    clients::read_clients(value).ok();
    labels::read_labels(value).ok();
    notes::read_comments(value).ok();
    rights::read_rights(value, &YCLIENTS, true);
    probe::read_branches(value).ok();
    probe::read_licence(value).ok();
    hook_settings::read_settings(value).ok();
    hooks::read_events(value, "4564", "").ok();
    judge::code(value);
    if let Ok(row) = record::read_record(value) {
        record::body(&row, &record::Change::default());
    }
    cards::body(value, &cards::Change::default());
}
