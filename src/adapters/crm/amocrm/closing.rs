//! What a visit's lead is asked beside its time: whose it is, and why it is closed.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Amo;
use super::contacts::AT_ONCE;
use super::rows::{id_of, list_of, member};
use crate::adapters::http::read;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::fault::{Fault, FaultKind};

/// Leads of visits, each with its contact.
const VISIT: &str = "visit";
/// So many leads of one list are asked whose they are; the next list knows them.
const ASKED: usize = 100;
/// What reads like a client's cancellation among the reasons of an account.
const BY_CLIENT: &[&str] = &["отмен", "клиент", "передумал", "cancel", "client"];

impl Amo {
    /// Remembers whose visit a lead stands for.
    pub(super) async fn is_of(&self, lead: i64, contact: i64, phone: Option<&Phone>) {
        let at = self.wiring.clock.now();
        let copy = Copied { id: lead.to_string(), phone: phone.cloned(), body: json!({"contact": contact}), at };
        if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, VISIT, &copy).await {
            tracing::debug!(connection = %self.wiring.name, %error, "whose a visit is could not be remembered");
        }
    }

    /// The contacts of leads: as remembered, else asked for by the page. Who stays unknown is left out.
    pub(super) async fn contacts_of(&self, ids: &[String]) -> HashMap<String, String> {
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        for id in ids {
            let copy = self.wiring.store.copied(&self.wiring.name, VISIT, id).await.ok().flatten();
            match copy.and_then(|copy| read::text(member(&copy.body, "contact"))) {
                Some(contact) => drop(known.insert(id.clone(), contact)),
                None => unknown.extend(id.parse::<i64>()),
            }
        }
        for ids in unknown.chunks(AT_ONCE).take(ASKED / AT_ONCE) {
            let rows = match self.leads_by_id(ids, "contacts").await {
                Ok(rows) => rows,
                Err(fault) => {
                    tracing::info!(connection = %self.wiring.name, %fault, "whose some visits are could not be asked");
                    break;
                }
            };
            for row in rows {
                if let (Ok(lead), Some(contact)) = (id_of(&row), main_contact(&row)) {
                    self.is_of(lead, contact, None).await;
                    known.insert(lead.to_string(), contact.to_string());
                }
            }
        }
        known
    }

    /// Closes a lead. Where the account wants a reason and none is configured, it is the one that reads like a client's
    /// cancellation, else the first.
    pub(super) async fn close(&self, lead: i64, mut changes: Value) -> Result<(), Fault> {
        let fault = match self.change_lead(lead, changes.clone()).await {
            Err(fault) if fault.kind == FaultKind::Rejected && fault.detail.contains("loss_reason") => fault,
            outcome => return outcome,
        };
        let rows = self.all("loss_reasons", ("leads/loss_reasons", "loss_reasons"), &[("limit", "250")], 4).await?;
        let reasons: Vec<(i64, String)> = rows
            .iter()
            .filter_map(|row| Some((id_of(row).ok()?, read::text(member(row, "name")).unwrap_or_default())))
            .collect();
        let reads_so = |(_, name): &&(i64, String)| {
            let name = name.to_lowercase();
            BY_CLIENT.iter().any(|part| name.contains(part))
        };
        let Some((id, name)) = reasons.iter().find(reads_so).or_else(|| reasons.first()) else {
            let detail = format!("{}: set `loss_reason_id` of the connection", fault.detail);
            return Err(Fault { detail, ..fault });
        };
        tracing::info!(connection = %self.wiring.name, lead, reason = id, name, "closed for a reason that was chosen: \
            `loss_reason_id` of the connection names another");
        changes["loss_reason_id"] = json!(id);
        self.change_lead(lead, changes).await
    }
}

/// The contact of a lead: the main one, else the first.
fn main_contact(row: &Value) -> Option<i64> {
    let contacts = list_of(member(row, "_embedded"), "contacts");
    let is_main = |contact: &&&Value| read::flag(member(contact, "is_main")).unwrap_or(false);
    contacts.iter().find(is_main).or_else(|| contacts.first()).and_then(|contact| id_of(contact).ok())
}
