//! Customers: one for a phone in a workspace, found by exactly that phone.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::read::{customer, customers, last_page, one};
use super::{EasyWeek, locked};
use crate::adapters::http::{Method, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{ClientCards, Clients, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind};

/// So many customers are read one by one.
const FEW: usize = 3;
/// Customers are remembered up to so many.
const REMEMBERED: usize = 1000;

/// First and last name, of one text.
pub(super) fn names(name: Option<&str>) -> (String, Option<String>) {
    let name = name.map(str::trim).filter(|name| !name.is_empty()).unwrap_or("Client");
    match name.split_once(char::is_whitespace) {
        Some((first, last)) => (first.to_owned(), Some(last.trim().to_owned())),
        None => (name.to_owned(), None),
    }
}

fn body(client: &NewClient, with_email: bool) -> Value {
    let (first, last) = names(client.name.as_deref());
    let mut body = Map::new();
    body.insert("first_name".to_owned(), first.into());
    if let Some(last) = last {
        body.insert("last_name".to_owned(), last.into());
    }
    body.insert("phone".to_owned(), client.phone.as_str().into());
    if let Some(email) = client.email.as_deref().filter(|_| with_email) {
        body.insert("email".to_owned(), email.into());
    }
    Value::Object(body)
}

impl EasyWeek {
    pub(super) async fn customers_of(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let call = self.wire.call("find_client", Method::Get, &["customers"]).query(&[("phone", phone.as_str())]);
        let rows = self.wire.all(&call, customers_with_ids, |row| &row.0).await?;
        let is_theirs = |row: &CrmClient| {
            row.phone.as_ref().is_none_or(|theirs| read::same_phone(phone, &Value::from(theirs.as_str())))
        };
        let found: Vec<CrmClient> = rows.into_iter().map(|row| row.1).filter(is_theirs).collect();
        found.iter().for_each(|client| self.remember(client));
        Ok(found)
    }

    pub(super) fn remember(&self, client: &CrmClient) {
        let mut known = locked(&self.customers);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        if let Some(id) = &client.id {
            known.insert(id.clone(), client.clone());
        }
    }

    /// A customer as last read, else as given.
    pub(super) fn remembered(&self, client: Option<&CrmClient>) -> Option<CrmClient> {
        let client = client?;
        let known = client.id.as_ref().and_then(|id| locked(&self.customers).get(id).cloned());
        Some(known.filter(|_| client.phone.is_none()).unwrap_or_else(|| client.clone()))
    }

    /// Reads these customers until that moment: a few one by one, more by the pages of the list. Answers how many it
    /// could not read in time.
    pub(super) async fn learn(&self, mut ids: BTreeSet<String>, until: Instant) -> Result<usize, Fault> {
        ids.retain(|id| !locked(&self.customers).contains_key(id));
        let mut page = 1;
        // A page costs one call and has a hundred: it is worth it while more are looked for than pages were read.
        while ids.len() > FEW && page <= ids.len() && Instant::now() < until {
            let number = page.to_string();
            let call =
                self.wire.call("clients", Method::Get, &["customers"]).query(&[("page", &number), ("per_page", "100")]);
            let body = match self.wire.portal.json(&call).await {
                Err(fault) if fault.kind == FaultKind::RateLimited => return Ok(ids.len()),
                body => body?,
            };
            for client in customers(&body).map_err(self.unreadable("clients"))? {
                if client.id.as_ref().is_some_and(|id| ids.remove(id)) {
                    self.remember(&client);
                }
            }
            if last_page(&body).is_none_or(|last| i64::try_from(page).unwrap_or(i64::MAX) >= last) {
                break;
            }
            page += 1;
        }
        let mut unread = 0;
        for id in ids {
            if Instant::now() >= until {
                unread += 1;
                continue;
            }
            match self.customer("client", &id).await {
                Err(fault) if fault.kind == FaultKind::RateLimited => unread += 1,
                found => drop(found?),
            }
        }
        Ok(unread)
    }

    /// A customer by id; nothing when they are gone.
    pub(super) async fn customer(&self, operation: &'static str, id: &str) -> Result<Option<CrmClient>, Fault> {
        if let Some(known) = locked(&self.customers).get(id) {
            return Ok(Some(known.clone()));
        }
        let body = match self.wire.portal.json(&self.wire.call("client", Method::Get, &["customers", id])).await {
            Ok(body) => body,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let read = customer(one(&body));
        let read = read.ok_or_else(|| self.fault(FaultKind::Protocol, operation, "expected a customer"))?;
        self.remember(&read);
        Ok(Some(read))
    }
}

fn customers_with_ids(body: &Value) -> Result<Vec<(String, CrmClient)>, String> {
    Ok(customers(body)?.into_iter().filter_map(|row| Some((row.id.clone()?, row))).collect())
}

#[async_trait]
impl Clients for EasyWeek {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        self.customers_of(phone).await
    }
}

#[async_trait]
impl ClientCards for EasyWeek {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        if let Some(known) = self.customers_of(&client.phone).await?.into_iter().next() {
            return Ok(known);
        }
        let mut with_email = client.email.is_some();
        loop {
            let call = self.wire.call("create_client", Method::Post, &["customers"]).json(body(client, with_email));
            let fault = match self.wire.portal.json(&call).await {
                Ok(body) => match customer(one(&body)) {
                    Some(made) => {
                        let name = made.name.or_else(|| client.name.clone());
                        return Ok(CrmClient { name, phone: Some(client.phone.clone()), ..made });
                    }
                    None => self.fault(FaultKind::UnknownOutcome, "create_client", "a customer without an id"),
                },
                Err(fault) => fault,
            };
            if !matches!(fault.kind, FaultKind::Rejected | FaultKind::UnknownOutcome | FaultKind::Protocol) {
                return Err(fault);
            }
            // The phone is one customer's only: whoever was refused or does not know looks for them.
            if let Some(known) = self.customers_of(&client.phone).await?.into_iter().next() {
                return Ok(known);
            }
            if !(with_email && fault.kind == FaultKind::Rejected) {
                return Err(fault);
            }
            // The address may be another customer's.
            with_email = false;
        }
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        locked(&self.customers).remove(id);
        let known = self.customer("update_client", id).await?;
        let known = known.ok_or_else(|| self.missing("update_client", "customer", id))?;
        let is_same = client.name.as_ref().is_none_or(|name| known.name.as_ref() == Some(name))
            && client.email.as_ref().is_none_or(|email| known.email.as_ref() == Some(email))
            && known.phone.as_ref() == Some(&client.phone);
        if is_same {
            return Ok(known);
        }
        let detail = "EasyWeek's API does not change customers: change the card in Customers of the workspace";
        Err(self.fault(FaultKind::Unsupported, "update_client", detail))
    }
}
