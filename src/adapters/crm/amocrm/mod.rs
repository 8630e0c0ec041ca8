//! amoCRM and Kommo (API v4). They have no calendar: a lead with a task stands for a visit, the ledger guards its slot,
//! services and staff come from the profile.

mod access;
mod closing;
mod contacts;
mod doubts;
mod fields;
mod form;
mod hooks;
mod judge;
mod leads;
mod limits;
mod notes;
mod probe;
mod push;
mod rows;
mod settings;
pub mod stand_in;
mod tasks;
mod visits;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use self::access::Access;
use self::fields::Known;
use self::limits::Limits;
use self::settings::{Credentials, Settings};
use super::{Kind, Row, Wiring};
use crate::adapters::http::portal::{Budget, Portal, Rules};
use crate::adapters::http::{Call, read, url};
use crate::domain::crm::{ClientCards, Clients, Crm, Hooks, Leads, Notes, Probe, Records};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::overlay::CatalogueCopy;
use crate::domain::store::StoreError;

/// What it can do at most.
pub const KIND: Kind = Kind {
    kind: "amocrm",
    summary: "amoCRM / Kommo: a lead with a task stands for a visit; services, staff and free times by the profile",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes", "hooks"],
};

/// Its row.
pub const ROW: Row = Row { kind: &KIND, open, stand_in: stand_in::salon, sample: stand_in::sample, read_all };

/// Below the vendor's seven: others share the account.
const CALLS_PER_SECOND: f64 = 5.0;
const BURST: u32 = 2;
/// More pages than this are not the list that was asked for.
const PAGES: usize = 400;

/// A connection.
struct Amo {
    wiring: Wiring,
    settings: Settings,
    /// `https://SUB.amocrm.ru`.
    base: String,
    access: Access,
    fast: Portal,
    slow: Portal,
    limits: Limits,
    known: Known,
    /// The account's id, once it is known; 0 before.
    account: AtomicI64,
    /// A person cut the integration off in the vendor's cabinet.
    is_cut_off: AtomicBool,
}

fn open(wiring: Wiring, value: Value) -> Result<Arc<dyn Crm>, String> {
    let settings = Settings::read(value)?;
    let base = settings::base(wiring.base_url.as_deref())?;
    let access = Access::new(settings.credentials()?);
    let host = url::split(&base).map(|(_, host, _)| host.to_owned()).unwrap_or_default();
    let budget = format!("amocrm:{host}:{}", access.integration());
    let rules = |calls: f64, burst: u32| Rules {
        judge: judge::judge,
        budgets: vec![Budget::per_second(&budget, calls, burst)],
    };
    let pace = wiring.calls_per_second.unwrap_or(CALLS_PER_SECOND);
    let fast = wiring.portal(rules(CALLS_PER_SECOND, BURST));
    let slowly = Wiring { calls_per_second: None, ..wiring.clone() };
    let slow = slowly.portal(rules(pace / 2.0, 1));
    let account = AtomicI64::new(access.claims().account_id.unwrap_or(0));
    Ok(Arc::new(Amo {
        wiring,
        settings,
        base,
        access,
        fast,
        slow,
        limits: Limits::default(),
        known: Known::default(),
        account,
        is_cut_off: AtomicBool::new(false),
    }))
}

impl Amo {
    fn api(&self, path: &str) -> String {
        format!("{}/api/v4/{path}", self.base)
    }

    fn store_fault(&self, operation: &'static str, error: &StoreError) -> Fault {
        self.portal().fault(FaultKind::Store, operation, error.to_string())
    }

    /// What an answer means that cannot be read: after a write it is a doubt.
    fn unreadable(&self, operation: &'static str) -> impl Fn(String) -> Fault + '_ {
        move |detail| self.portal().fault(FaultKind::Protocol, operation, detail)
    }

    /// Calls with the token, with a renewed one when it is refused, and answers the JSON; nothing for "nothing found".
    async fn ask(&self, call: &Call) -> Result<Option<Value>, Fault> {
        if self.is_cut_off.load(Ordering::Relaxed) && call.operation != "account" {
            let detail = "the integration was switched off in amoCRM: install it again, then run `flow crm test`";
            return Err(self.portal().fault(FaultKind::Unauthorized, call.operation, detail));
        }
        self.mind(call.operation).await?;
        let answer = self.ask_signed(call).await;
        self.heed(answer.as_ref().err()).await;
        answer
    }

    async fn ask_signed(&self, call: &Call) -> Result<Option<Value>, Fault> {
        let token = self.token().await?;
        let signed = |access: &str| call.clone().header("authorization", format!("Bearer {access}"));
        match self.portal().json_or_none(&signed(&token.access)).await {
            // Refused is not applied, whatever it was.
            Err(fault) if fault.kind == FaultKind::Unauthorized => match self.token_after(&token).await? {
                Some(newer) => self.portal().json_or_none(&signed(&newer.access)).await,
                None => Err(fault),
            },
            answer => answer,
        }
    }

    /// Every row of a list, page by page, at most that many pages.
    async fn all(
        &self,
        operation: &'static str,
        (path, entity): (&str, &str),
        query: &[(&str, &str)],
        most: usize,
    ) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        let mut call = Call::get(operation, self.api(path)).query(query);
        for _ in 0..most.min(PAGES) {
            let Some(page) = self.ask(&call).await? else { break };
            let rows = rows::rows(&page, entity).map_err(self.unreadable(operation))?;
            found.extend(rows.into_iter().cloned());
            let Some(next) = rows::next_page(&page) else { break };
            let pairs: Vec<(&str, &str)> = next.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let following = Call::get(operation, self.api(path)).query(&pairs);
            if following.url == call.url {
                break;
            }
            call = following;
        }
        Ok(found)
    }

    /// One object by its id; nothing when there is none. An id that amoCRM cannot have is none.
    async fn one(&self, operation: &'static str, entity: &str, id: &str, with: &str) -> Result<Option<Value>, Fault> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let call = Call::get(operation, self.api(&format!("{entity}/{id}"))).query(&[("with", with)]);
        match self.ask(&call).await {
            Ok(found) => Ok(found.filter(|found| !read::flag(rows::member(found, "is_deleted")).unwrap_or(false))),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The secret of the address that amoCRM calls.
    fn hook_secret(&self) -> String {
        if let Some(secret) = &self.settings.hook_secret {
            return settings::clear(secret).to_owned();
        }
        let key = match &self.access.credentials {
            Credentials::Token(token) => settings::clear(token),
            Credentials::Oauth(oauth) => settings::clear(&oauth.client_secret),
        };
        hooks::secret_of(key, &self.wiring.name)
    }
}

#[async_trait]
impl Crm for Amo {
    fn connection(&self) -> &str {
        &self.wiring.name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.look_around().await
    }

    /// There is nothing to read; but an authorization that nobody uses for three months is lost.
    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        self.touch().await?;
        Ok(None)
    }

    fn settles_after(&self) -> Duration {
        doubts::SETTLES
    }

    fn clients(&self) -> Option<&dyn Clients> {
        Some(self)
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        Some(self)
    }

    fn records(&self) -> Option<&dyn Records> {
        Some(self)
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
}

/// Gives every reader this value.
fn read_all(value: &Value) {
    for entity in ["contacts", "leads", "tasks", "notes", "users", "custom_fields", "pipelines", "catalogs", "webhooks"]
    {
        let rows = rows::rows(value, entity).unwrap_or_default();
        for row in rows.into_iter().chain([value]) {
            contacts::read_contact(row).ok();
            leads::read_lead(row).ok();
            tasks::read_task(row).ok();
            notes::read_note(row);
            fields::read_field(row).ok();
            fields::read_user(row).ok();
            probe::read_pipeline(row).ok();
            probe::read_denied(row);
        }
        rows::read_made(value, entity).ok();
    }
    rows::next_page(value);
    judge::problem(value);
    access::read_grant(value, 0).ok();
    probe::read_account(value).ok();
    hooks::read_events(value);
    if let Some(text) = value.as_str() {
        form::tree(text.as_bytes()).ok();
        access::read_claims(text);
    }
}
