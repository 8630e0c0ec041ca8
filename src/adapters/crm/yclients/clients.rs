//! Clients by phone. The vendor's quick search looks at phones, names and cards alike: what it finds is compared here.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Branch;
use super::record::name_of;
use super::wire::{self, Who};
use crate::adapters::http::{Method, Repeat, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{Clients, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// Rows of a page of the search, and how many pages a number is worth.
const PAGE: usize = 25;
const PAGES: usize = 8;
/// So many cards are opened for the phone that the search leaves out.
const OPENED: usize = 5;

/// A card as a search shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientRow {
    pub id: String,
    pub client: CrmClient,
    /// As it was written; nothing where it is withheld.
    pub phone: Option<Value>,
    /// When they came last, as a text that sorts.
    pub last_visit: String,
    pub visits: i64,
}

impl ClientRow {
    fn is_withheld(&self) -> bool {
        self.phone.as_ref().and_then(read::text).is_none_or(|phone| wire::digits(&phone).len() < 7)
    }

    fn has(&self, phone: &Phone) -> bool {
        self.phone.as_ref().is_some_and(|theirs| read::same_phone(phone, theirs))
    }
}

impl Branch {
    /// Cards with that phone, the most recently active first.
    pub(super) async fn cards_of(&self, phone: &Phone) -> Result<Vec<ClientRow>, Fault> {
        let digits = wire::digits(phone.as_str());
        // Old and imported cards may begin with an 8, or with nothing.
        let national = digits.get(digits.len().saturating_sub(10)..).unwrap_or(&digits).to_owned();
        let mut found = Vec::new();
        for value in [&digits, &national] {
            let rows = match self.searched(value).await {
                Err(fault) if fault.kind == FaultKind::NotFound => self.listed(value).await?,
                outcome => outcome?,
            };
            found = self.with_phones(rows).await?;
            // Nobody known and somebody whose phone is not shown are two things: a second card would be made.
            if !found.is_empty() && found.iter().all(ClientRow::is_withheld) {
                let detail = format!(
                    "phones of clients are withheld: the user lacks clients.clients_phones_email_access; give {} in {}",
                    self.vendor.cabinet.phones, self.vendor.cabinet.rights
                );
                return Err(self.fault(FaultKind::Forbidden, "find", detail));
            }
            found.retain(|row| row.has(phone));
            if !found.is_empty() {
                break;
            }
        }
        found.sort_by(|a, b| {
            let key = |row: &ClientRow| (row.last_visit.clone(), row.visits, row.id.len(), row.id.clone());
            key(b).cmp(&key(a))
        });
        Ok(found)
    }

    async fn searched(&self, value: &str) -> Result<Vec<ClientRow>, Fault> {
        let mut rows = Vec::new();
        for page in 1..=PAGES {
            let body = json!({
                "page": page, "page_size": PAGE,
                "fields": ["id", "name", "phone", "email", "discount", "last_visit_date", "visits_count"],
                "order_by": "id", "order_by_direction": "ASC", "operation": "AND",
                "filters": [{"type": "quick_search", "state": {"value": value}}],
            });
            let parts = ["company", &self.company_id, "clients", "search"];
            let call = self.wire.call("find_client", Method::Post, Who::User, &parts).json(body).repeat(Repeat::Safe);
            let answer = self.wire.portal.json(&call).await?;
            let read = read_clients(&answer).map_err(self.unreadable("find"))?;
            let came = read.len();
            let is_new = super::catalogue::add_new(&mut rows, read, |row| &row.id);
            if came < PAGE || !is_new || wire::total(&answer).is_some_and(|total| rows.len() >= total) {
                break;
            }
        }
        Ok(rows)
    }

    /// The older list, where the search is not to be had.
    async fn listed(&self, value: &str) -> Result<Vec<ClientRow>, Fault> {
        tracing::info!(connection = %self.wiring.name, "no search for clients here: the older list is asked");
        let call = self.wire.call("find_client", Method::Get, Who::User, &["clients", &self.company_id]).query(&[
            ("phone", value),
            ("count", "25"),
            ("page", "1"),
        ]);
        read_clients(&self.wire.portal.json(&call).await?).map_err(self.unreadable("find"))
    }

    /// Opens cards whose phones the search left out: it does not say which members it knows.
    async fn with_phones(&self, mut rows: Vec<ClientRow>) -> Result<Vec<ClientRow>, Fault> {
        if rows.iter().any(|row| row.phone.is_some()) {
            return Ok(rows);
        }
        for row in rows.iter_mut().take(OPENED) {
            let Some(card) = self.card("find", &row.id).await? else { continue };
            if let Ok(mut read) = read_clients(&json!([card]))
                && let Some(read) = read.pop()
            {
                *row = read;
            }
        }
        Ok(rows)
    }

    /// A card, as the vendor writes it.
    pub(super) async fn card(&self, operation: &'static str, id: &str) -> Result<Option<Value>, Fault> {
        if !wire::is_id(id) {
            return Ok(None);
        }
        let call = self.wire.call("client", Method::Get, Who::User, &["client", &self.company_id, id]);
        match self.wire.portal.json(&call).await {
            Ok(body) if wire::one(&body).is_object() => Ok(Some(wire::one(&body).clone())),
            Ok(_) => Err(self.fault(FaultKind::Protocol, operation, "expected a client")),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Clients for Branch {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        Ok(self.cards_of(phone).await?.into_iter().map(|row| row.client).collect())
    }
}

/// Reads cards.
pub(super) fn read_clients(body: &Value) -> Result<Vec<ClientRow>, String> {
    Ok(wire::rows(body, "clients")?.into_iter().filter_map(read_client).collect())
}

fn read_client(row: &Value) -> Option<ClientRow> {
    let id = wire::id(row, "id")?;
    let is_date = |date: &String| !date.starts_with("0000") && !date.starts_with("19");
    Some(ClientRow {
        client: CrmClient {
            id: Some(id.clone()),
            name: name_of(row),
            phone: row.get("phone").and_then(read::phone),
            email: wire::text(row, "email"),
        },
        phone: row.get("phone").filter(|phone| read::text(phone).is_some()).cloned(),
        last_visit: ["last_visit_date", "last_change_date"]
            .iter()
            .find_map(|name| wire::text(row, name).filter(is_date))
            .unwrap_or_default(),
        visits: ["visits_count", "visits"].iter().find_map(|name| wire::int(row, name)).unwrap_or(0),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_read_with_what_they_have() {
        let body = json!({"data": [
            {"id": "66", "name": "Пётр", "phone": 79_161_502_239_i64, "email": "", "last_visit_date": "2026-06-13 12:00:00", "visits_count": "3"},
            {"id": 67, "name": "Анна", "surname": "Петрова", "last_visit_date": "0000-00-00"}, {"name": "никто"}]});
        let rows = read_clients(&body).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].client.phone.as_ref().unwrap().as_str(), "+79161502239");
        assert_eq!((rows[0].visits, rows[0].last_visit.as_str()), (3, "2026-06-13 12:00:00"));
        assert_eq!(rows[1].client.name.as_deref(), Some("Анна Петрова"));
        assert_eq!((rows[1].phone.clone(), rows[1].last_visit.as_str()), (None, ""));
    }
}
