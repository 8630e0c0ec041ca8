//! Clients by phone, however it is written.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::DateTime;
use serde_json::Value;

use super::far::Query;
use super::map::{ClientMap, PhonePlace};
use super::visits::Detail;
use super::{OneC, wire};
use crate::adapters::http::read;
use crate::domain::contact::Phone;
use crate::domain::crm::{Clients, CrmClient};
use crate::domain::fault::{Fault, FaultKind};

/// The kinds of contact in the standard subsystem's table.
pub(super) const PHONE: &str = "Телефон";
pub(super) const EMAIL: &str = "АдресЭлектроннойПочты";
/// Digits of a number that are compared.
const LAST: usize = 10;

/// A client's card.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Card {
    pub(super) client: CrmClient,
    pub(super) is_marked: bool,
}

/// The digits that a number is searched by.
pub(super) fn needle(phone: &Phone) -> String {
    let digits: String = phone.as_str().chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(LAST)..].to_owned()
}

/// Conditions that find a number in a text that may be formatted: the last four digits as people part them.
fn formatted(field: &str, needle: &str) -> Vec<String> {
    let (front, back) = needle[needle.len().saturating_sub(4)..].split_at(2);
    let forms = [format!("{front}{back}"), format!("{front}-{back}"), format!("{front} {back}")];
    forms.iter().map(|form| format!("substringof({},{field})", wire::quoted(form))).collect()
}

pub(super) fn client_select(map: &ClientMap, place: &PhonePlace) -> String {
    let phone = match place {
        PhonePlace::Table { table, .. } => table.as_str(),
        PhonePlace::Field(field) => field,
    };
    let fields = ["Ref_Key", map.name.as_str(), "DeletionMark", phone];
    fields.into_iter().chain(map.email.as_deref()).collect::<Vec<_>>().join(",")
}

/// A number as one of the rows of contacts says it.
fn number(row: &Value) -> Option<&Value> {
    let has = |name: &str| row.get(name).filter(|value| read::text(value).is_some());
    has("НомерТелефона").or_else(|| has("Представление"))
}

fn is_of(row: &Value, kind: &str) -> bool {
    row.get("Тип").and_then(read::text).is_some_and(|held| held == kind)
}

/// Reads a card.
pub(super) fn read_client(map: &ClientMap, place: &PhonePlace, row: &Value) -> Result<Card, String> {
    let id = row.get("Ref_Key").and_then(wire::read_reference).ok_or("a client has no Ref_Key")?;
    let rows = match place {
        PhonePlace::Table { table, .. } => row.get(table).map_or_else(Vec::new, read::list),
        PhonePlace::Field(_) => Vec::new(),
    };
    let phone = match place {
        PhonePlace::Table { .. } => {
            let phones = rows.iter().filter(|row| is_of(row, PHONE));
            phones.filter_map(|row| read::phone(number(row)?)).next()
        }
        PhonePlace::Field(field) => row.get(field).and_then(read::phone),
    };
    let own_email = map.email.as_deref().and_then(|field| read::text(row.get(field)?));
    let email = || {
        let row = rows.iter().find(|row| is_of(row, EMAIL))?;
        row.get("АдресЭП").and_then(read::text).or_else(|| row.get("Представление").and_then(read::text))
    };
    Ok(Card {
        client: CrmClient {
            id: Some(id),
            name: row.get(&map.name).and_then(read::text),
            phone,
            email: own_email.or_else(email).filter(|text| text.contains('@')),
        },
        is_marked: row.get("DeletionMark").and_then(read::flag) == Some(true),
    })
}

impl OneC {
    pub(super) fn client_map(&self, operation: &'static str) -> Result<&ClientMap, Fault> {
        self.map.client.as_ref().ok_or_else(|| self.unmapped(operation, "client"))
    }

    /// Cards with that phone, those that are marked for deletion left out.
    pub(super) async fn cards(&self, call: &'static str, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let map = self.client_map(call)?;
        let place = self.map.phone(map);
        let select = client_select(map, &place);
        let rows = match &place {
            PhonePlace::Table { table, .. } => {
                let owners = self.owners(call, &format!("{}_{table}", map.set), phone).await?;
                self.elements(call, &map.set, &owners, &select).await?
            }
            PhonePlace::Field(field) => {
                let needle = needle(phone);
                let whole = format!("substringof({},{field})", wire::quoted(&needle));
                let conditions: Vec<String> = std::iter::once(whole).chain(formatted(field, &needle)).collect();
                let filter = wire::all(&[&wire::any(&conditions), map.filter.as_deref().unwrap_or("")]);
                let query = Query { filter, select, order: "Ref_Key".to_owned() };
                let mut rows = self.rows(call, &map.set, &query).await?;
                rows.retain(|row| row.get(field).is_some_and(|held| read::same_phone(phone, held)));
                rows
            }
        };
        let cards = rows.iter().map(|row| read_client(map, &place, row)).collect::<Result<Vec<_>, _>>();
        let cards = cards.map_err(self.odd(call))?;
        let live = cards.into_iter().filter(|card| !card.is_marked).map(|card| card.client);
        // Of several numbers of one card it is this one that was asked for.
        Ok(live.map(|client| CrmClient { phone: Some(phone.clone()), ..client }).collect())
    }

    /// Whose rows of contacts have that number.
    async fn owners(&self, call: &'static str, set: &str, phone: &Phone) -> Result<Vec<String>, Fault> {
        let needle = needle(phone);
        let whole = format!("substringof({},НомерТелефона)", wire::quoted(&needle));
        // Old rows have nothing but the text that people read.
        let conditions: Vec<String> =
            std::iter::once(whole.clone()).chain(formatted("Представление", &needle)).collect();
        let of_kind = format!("Тип eq {}", wire::quoted(PHONE));
        // A client may have several rows: the number of the line tells them apart.
        let select = "Ref_Key,LineNumber,Представление,НомерТелефона".to_owned();
        let query = |conditions: &[String]| Query {
            filter: wire::all(&[&of_kind, &wire::any(conditions)]),
            select: select.clone(),
            order: "Ref_Key,LineNumber".to_owned(),
        };
        let rows = match self.rows(call, set, &query(&conditions)).await {
            Err(fault) if fault.kind == FaultKind::Rejected => {
                tracing::info!("this base does not search by the text of a phone; by its number alone");
                self.rows(call, set, &query(&[whole])).await?
            }
            rows => rows?,
        };
        let has = |row: &&Value| {
            ["НомерТелефона", "Представление"]
                .iter()
                .any(|field| row.get(*field).is_some_and(|held| read::same_phone(phone, held)))
        };
        let mut owners: Vec<String> =
            rows.iter().filter(has).filter_map(|row| wire::read_reference(row.get("Ref_Key")?)).collect();
        owners.sort();
        owners.dedup();
        Ok(owners)
    }

    /// Those who came last come first.
    async fn by_activity(&self, call: &'static str, cards: &mut [CrmClient]) -> Result<(), Fault> {
        let (Some(appointment), Some(client)) = (&self.map.appointment, &self.map.client) else { return Ok(()) };
        let Some(field) = appointment.client.as_deref().filter(|_| cards.len() > 1) else { return Ok(()) };
        let ids = cards.iter().filter_map(|card| card.id.as_deref());
        let conditions: Vec<String> = ids.map(|id| wire::refers(field, &client.set, id)).collect();
        let filter = wire::all(&[&wire::any(&conditions), "DeletionMark eq false"]);
        let mut last: HashMap<String, DateTime> = HashMap::new();
        for seen in self.visits(call, filter, Detail::All).await? {
            if let Some(id) = seen.client.clone() {
                let known = last.entry(id).or_insert(seen.start);
                *known = (*known).max(seen.start);
            }
        }
        let at = |card: &CrmClient| card.id.as_ref().and_then(|id| last.get(id).copied());
        cards.sort_by_key(|card| std::cmp::Reverse(at(card)));
        Ok(())
    }
}

#[async_trait]
impl Clients for OneC {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let mut cards = self.cards("find", phone).await?;
        self.by_activity("find", &mut cards).await?;
        Ok(cards)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::map::settled;
    use super::*;

    #[test]
    fn a_card_is_read_from_rows_of_contacts() {
        let map = settled(None).unwrap();
        let client = map.client.as_ref().unwrap();
        let row = json!({"Ref_Key": "ab4f0e5a-0000-11ee-8c0b-0050569a0001", "Description": "Иванова Анна",
            "КонтактнаяИнформация": [
                {"Тип": "АдресЭлектроннойПочты", "Представление": "anna@example.ru"},
                {"Тип": "Телефон", "НомерТелефона": "", "Представление": "+7 (916) 150-22-39"}]});
        let card = read_client(client, &map.phone(client), &row).unwrap().client;
        assert_eq!(card.phone.unwrap().as_str(), "+79161502239");
        assert_eq!(card.email.as_deref(), Some("anna@example.ru"));
        let forms = formatted("П", "9161502239");
        assert_eq!(forms[1], "substringof('22-39',П)");
    }
}
