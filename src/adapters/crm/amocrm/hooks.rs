//! What amoCRM calls: a form that says what changed. Nothing in it is signed: the address holds a secret, and what it
//! tells of is read again. The one signed call says that a person switched the integration off.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::rows::{list_of, member};
use super::settings::{Credentials, clear};
use super::{Amo, form};
use crate::adapters::http::{Call, Method, read};
use crate::domain::copies::Copied;
use crate::domain::crm::{HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::{hex, hmac_sha256, short_mark};

/// What flow wants to hear of.
const WANTED: &[&str] = &[
    "add_lead",
    "update_lead",
    "status_lead",
    "delete_lead",
    "restore_lead",
    "add_task",
    "update_task",
    "delete_task",
    "add_contact",
    "update_contact",
    "delete_contact",
];
/// The store's word for how the connection is, and its one copy.
pub(super) const CONNECTION: &str = "connection";
pub(super) const CUT_OFF: &str = "cut_off";
/// What the signed call says.
const DISCONNECTED: &str = "disconnected";
/// Whose account it is.
const ACCOUNT: &str = "account";
/// amoCRM hangs up after two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The secret of the address, from what only the two of us know.
pub(super) fn secret_of(key: &str, connection: &str) -> String {
    hex(&hmac_sha256(key.as_bytes(), format!("hook|{connection}").as_bytes())[..16])
}

fn is_equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// What a form tells, one event for each object, two for a lead: it may stand for a visit.
pub(super) fn read_events(form: &Value) -> Vec<HookEvent> {
    let Some(tops) = form.as_object() else { return Vec::new() };
    let mut events = Vec::new();
    for (top, actions) in tops.iter().filter(|(top, _)| top.as_str() != "account") {
        for (action, items) in actions.as_object().into_iter().flatten() {
            for item in list_of(&json!({"items": items}), "items") {
                let kind = format!("{top}.{action}");
                let words = short_mark(&format!("{kind}|{item}"));
                for (at, subject) in subjects(top, item).into_iter().enumerate() {
                    let dedupe = format!("{kind}.{words}.{at}");
                    events.push(HookEvent { dedupe, kind: kind.clone(), subject });
                }
            }
        }
    }
    events
}

/// Whose account a form is from.
fn account_of(form: &Value) -> Option<String> {
    read::text(member(member(form, "account"), "id"))
}

fn subjects(top: &str, item: &Value) -> Vec<HookSubject> {
    // A note tells of the object in a member of its own.
    let item = item.get("note").filter(|note| note.is_object()).unwrap_or(item);
    let id = |name: &str| read::text(member(item, name)).filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let element = || id("element_id").or_else(|| id("id"));
    match top {
        "leads" => match element() {
            Some(id) => vec![HookSubject::Appointment(id.clone()), HookSubject::Lead(id)],
            None => vec![HookSubject::Other],
        },
        // Companies come here too.
        "contacts" if read::text(member(item, "type")).is_some_and(|kind| kind == "company") => {
            vec![HookSubject::Other]
        }
        "contacts" => vec![element().map_or(HookSubject::Other, HookSubject::Client)],
        "task" | "tasks" => {
            let kind = read::text(member(item, "element_type")).unwrap_or_default();
            vec![match (kind.as_str(), id("element_id")) {
                ("2" | "lead" | "leads", Some(id)) => HookSubject::Appointment(id),
                ("1" | "contact" | "contacts", Some(id)) => HookSubject::Client(id),
                _ => HookSubject::Other,
            }]
        }
        "catalogs" => vec![HookSubject::Catalogue],
        _ => vec![HookSubject::Other],
    }
}

impl Amo {
    /// The signed word that the integration was switched off.
    fn disconnection(&self, call: &HookCall) -> Option<Result<HookEvent, HookRefusal>> {
        let (client, account, signature) =
            (call.param("client_uuid")?, call.param("account_id")?, call.param("signature")?);
        let Credentials::Oauth(oauth) = &self.access.credentials else { return Some(Err(HookRefusal::Forged)) };
        let message = format!("{client}|{account}");
        let wanted = hex(&hmac_sha256(clear(&oauth.client_secret).as_bytes(), message.as_bytes()));
        if client != oauth.client_id || !is_equal(&wanted, &signature.to_ascii_lowercase()) || !self.is_ours(account) {
            return Some(Err(HookRefusal::Forged));
        }
        let dedupe = format!("disconnected.{account}.{}", call.now / 86_400);
        Some(Ok(HookEvent { dedupe, kind: DISCONNECTED.to_owned(), subject: HookSubject::Connection }))
    }

    /// Whether an account is the connection's, as far as that is known without asking.
    fn is_ours(&self, account: &str) -> bool {
        self.known_account().is_none_or(|known| account == known.to_string())
    }

    /// The account's id: as it was told, else as the token says.
    fn known_account(&self) -> Option<i64> {
        let told = self.account.load(Ordering::Relaxed);
        Some(told).filter(|id| *id != 0).or_else(|| self.access.claims().account_id)
    }

    /// The account's id, asked for once and kept.
    async fn account_id(&self) -> Result<i64, Fault> {
        if let Some(id) = self.known_account() {
            return Ok(id);
        }
        let copy = self.wiring.store.copied(&self.wiring.name, CONNECTION, ACCOUNT).await;
        let copy = copy.map_err(|error| self.store_fault("account", &error))?;
        if let Some(id) = copy.and_then(|copy| read::int(member(&copy.body, "id"))) {
            self.account.store(id, Ordering::Relaxed);
            return Ok(id);
        }
        let body = self.ask(&Call::get("account", self.api("account"))).await?.unwrap_or_default();
        let id = super::rows::id_of(&body).map_err(self.unreadable("account"))?;
        self.is_account(id).await?;
        Ok(id)
    }

    /// Keeps whose calls are believed.
    pub(super) async fn is_account(&self, id: i64) -> Result<(), Fault> {
        if self.account.swap(id, Ordering::Relaxed) == id {
            return Ok(());
        }
        let copy = Copied { id: ACCOUNT.to_owned(), phone: None, body: json!({"id": id}), at: self.wiring.clock.now() };
        let kept = self.wiring.store.keep_copy(&self.wiring.name, CONNECTION, &copy).await;
        kept.map(drop).map_err(|error| self.store_fault("account", &error))
    }

    async fn subscription(&self, url: &str) -> Result<Option<bool>, Fault> {
        let query = [("filter[destination]", url), ("limit", "250")];
        let rows = self.all("webhooks", ("webhooks", "webhooks"), &query, 4).await?;
        let is_it = |row: &&Value| read::text(member(row, "destination")).is_some_and(|known| known == url);
        Ok(rows.iter().find(is_it).map(|row| !read::flag(member(row, "disabled")).unwrap_or(false)))
    }

    fn destination(&self, url: &str) -> String {
        format!("{}/{}", url.trim_end_matches('/'), self.hook_secret())
    }
}

/// What a person must do where the token may not.
fn by_hand(fault: Fault) -> Result<bool, Fault> {
    match fault.kind {
        FaultKind::Forbidden | FaultKind::LicenceExpired | FaultKind::Rejected => {
            tracing::info!(%fault, "webhooks cannot be set by the API");
            Ok(false)
        }
        _ => Err(fault),
    }
}

#[async_trait]
impl Hooks for Amo {
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal> {
        if let Some(told) = self.disconnection(call) {
            return told.map(|event| vec![event]);
        }
        let given = call.rest.last().map(String::as_str).or_else(|| call.param("secret")).unwrap_or_default();
        if !is_equal(given, &self.hook_secret()) {
            return Err(HookRefusal::Forged);
        }
        let form = form::tree(&call.body).map_err(HookRefusal::Unreadable)?;
        match account_of(&form) {
            Some(id) if self.is_ours(&id) => Ok(read_events(&form)),
            Some(_) => Err(HookRefusal::Forged),
            None => Err(HookRefusal::Unreadable("it does not name its account".to_owned())),
        }
    }

    /// The account's id is asked for where nobody told it yet, once for a connection: what names another is refused.
    async fn admit(&self, call: &HookCall) -> Result<bool, HookRefusal> {
        if self.known_account().is_some() {
            return Ok(true);
        }
        let form = form::tree(&call.body).map_err(HookRefusal::Unreadable)?;
        let told = account_of(&form).or_else(|| call.param("account_id").map(str::to_owned));
        match tokio::time::timeout(PATIENCE, self.account_id()).await {
            Ok(Ok(id)) if told == Some(id.to_string()) => Ok(true),
            Ok(Ok(_)) => Err(HookRefusal::Forged),
            outcome => {
                tracing::warn!(connection = %self.wiring.name, fault = ?outcome.ok().and_then(Result::err),
                    "whose account it is could not be asked: a call is told to come again");
                Err(HookRefusal::Stale)
            }
        }
    }

    async fn apply(&self, _call: &HookCall, events: &[HookEvent]) -> Result<(), Fault> {
        if events.iter().any(|event| event.kind == DISCONNECTED) {
            tracing::warn!(connection = %self.wiring.name, "the integration was switched off in amoCRM");
            self.is_cut_off.store(true, Ordering::Relaxed);
            let at = self.wiring.clock.now();
            let copy = Copied { id: CUT_OFF.to_owned(), phone: None, body: json!({}), at };
            let kept = self.wiring.store.keep_copy(&self.wiring.name, CONNECTION, &copy).await;
            kept.map_err(|error| self.store_fault("hook", &error))?;
        }
        Ok(())
    }

    fn addresses(&self, url: &str) -> Result<Vec<String>, String> {
        Ok(vec![self.destination(url)])
    }

    async fn register(&self, url: &str) -> Result<bool, Fault> {
        let destination = self.destination(url);
        match self.subscription(&destination).await {
            Ok(Some(true)) => return Ok(true),
            Ok(_) => {}
            Err(fault) => return by_hand(fault),
        }
        let body = json!({"destination": destination, "settings": WANTED, "sort": 10});
        let call = Call::post("subscribe", self.api("webhooks")).json(body);
        match self.ask(&call).await {
            Ok(_) => Ok(true),
            Err(fault) => by_hand(fault),
        }
    }

    async fn unregister(&self, url: &str) -> Result<bool, Fault> {
        let body = json!({"destination": self.destination(url)});
        let call = Call::new("unsubscribe", Method::Delete, self.api("webhooks")).json(body);
        match self.ask(&call).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(true),
            Err(fault) => by_hand(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_tells_what_changed_and_the_same_words_are_the_same_event() {
        let form = "leads[status][0][id]=15318175&leads[status][0][status_id]=143&task[update][0][id]=9\
                    &task[update][0][element_id]=77&task[update][0][element_type]=2&contacts[update][0][id]=5\
                    &contacts[update][0][type]=company&account[id]=32720107";
        let read = || read_events(&form::tree(form.as_bytes()).unwrap());
        let subjects: Vec<HookSubject> = read().into_iter().map(|event| event.subject).collect();
        let appointment = |id: &str| HookSubject::Appointment(id.to_owned());
        assert_eq!(
            subjects,
            [appointment("15318175"), HookSubject::Lead("15318175".to_owned()), appointment("77"), HookSubject::Other]
        );
        assert_eq!(read(), read());
        let other = read_events(&form::tree(form.replace("=143", "=142").as_bytes()).unwrap());
        assert_ne!(other[0].dedupe, read()[0].dedupe);
    }
}
