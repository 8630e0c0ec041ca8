//! Cards of clients that flow writes. The vendor refuses a second card with a phone: whoever was refused or does not
//! know looks for the card.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::Branch;
use super::clients::read_clients;
use super::record::number;
use super::wire::{self, Who};
use crate::adapters::http::{Method, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{ClientCards, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind};

/// What is changed in a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub name: Option<String>,
    pub phone: Option<Phone>,
    pub email: Option<String>,
    pub comment: Option<String>,
    /// A label that is added.
    pub label: Option<String>,
}

/// Members of a card that are sent back as they are. What is left out of a change is lost there; money is left out:
/// its two members change each other.
const KEPT: &[&str] = &["sex_id", "importance_id", "discount", "card", "sms_check", "sms_not"];

/// The whole body of a change.
pub(super) fn body(card: &Value, change: &Change) -> Value {
    let mut body = Map::new();
    let text = |name: &str| wire::text(card, name);
    let name = change.name.clone().or_else(|| text("name")).unwrap_or_default();
    body.insert("name".to_owned(), name.into());
    for name in ["surname", "patronymic", "middle_name"] {
        if let Some(part) = text(name) {
            // A new name is a whole one.
            let part = if change.name.is_some() { String::new() } else { part };
            body.insert(name.to_owned(), part.into());
        }
    }
    // A phone that is withheld would be written over the one that is there.
    let known = card.get("phone").filter(|phone| read::phone(phone).is_some()).and_then(read::text);
    let phone = change.phone.as_ref().map(|phone| phone.as_str().to_owned()).or(known);
    if let Some(phone) = phone {
        body.insert("phone".to_owned(), wire::digits(&phone).into());
    }
    body.insert("email".to_owned(), change.email.clone().or_else(|| text("email")).unwrap_or_default().into());
    for name in KEPT {
        if let Some(value) = card.get(*name).filter(|value| !value.is_null()) {
            body.insert((*name).to_owned(), value.clone());
        }
    }
    let none =
        |date: &String| date.starts_with("1970-01-01") || date.starts_with("1900-01-01") || date.starts_with("0000");
    body.insert("birth_date".to_owned(), text("birth_date").filter(|date| !none(date)).unwrap_or_default().into());
    body.insert("comment".to_owned(), change.comment.clone().or_else(|| text("comment")).unwrap_or_default().into());
    let mut labels = labels_of(card);
    labels.extend(change.label.clone().filter(|label| !labels.contains(label)));
    body.insert("categories".to_owned(), labels.iter().map(|id| number(id)).collect());
    let fields = card.get("custom_fields").filter(|fields| fields.is_object()).cloned();
    body.insert("custom_fields".to_owned(), fields.unwrap_or_else(|| json!({})));
    Value::Object(body)
}

/// The labels of a card.
pub(super) fn labels_of(card: &Value) -> Vec<String> {
    let labels = ["categories", "client_tags"].iter().find_map(|name| card.get(*name)).map(read::list);
    let id = |label: &Value| wire::id(label, "id").or_else(|| read::text(label));
    labels.unwrap_or_default().into_iter().filter_map(id).collect()
}

impl Branch {
    /// A card with that phone, made when there is none.
    pub(super) async fn ensured(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        if let Some(known) = self.cards_of(&client.phone).await?.into_iter().next() {
            return Ok(known.client);
        }
        let body = json!({
            "name": client.name.as_deref().unwrap_or(self.vendor.nobody), "phone": wire::digits(client.phone.as_str()),
            "email": client.email.as_deref().unwrap_or_default(),
        });
        let parts = ["clients", &self.company_id];
        let call = self.wire.call("create_client", Method::Post, Who::User, &parts).json(body);
        let created = match self.wire.portal.json(&call).await {
            Ok(body) => read_clients(&json!([wire::one(&body)])).map_err(self.unreadable("create_client")),
            Err(fault) => Err(fault),
        };
        let fault = match created.map(|mut rows| rows.pop()) {
            Ok(Some(row)) => {
                let CrmClient { name, phone, email, .. } = row.client;
                return Ok(CrmClient {
                    id: Some(row.id),
                    name: name.or_else(|| client.name.clone()),
                    phone: phone.or_else(|| Some(client.phone.clone())),
                    email,
                });
            }
            Ok(None) => self.fault(FaultKind::Protocol, "create_client", "a card without an id"),
            Err(fault) => fault,
        };
        // Refused as a second one with the phone, or in doubt: the phone is on one card only.
        if !matches!(fault.kind, FaultKind::Rejected | FaultKind::UnknownOutcome | FaultKind::Protocol) {
            return Err(fault);
        }
        match self.cards_of(&client.phone).await?.into_iter().next() {
            Some(known) => Ok(known.client),
            None => Err(fault),
        }
    }

    /// Writes a card whole.
    pub(super) async fn put_card(&self, operation: &'static str, id: &str, body: Value) -> Result<(), Fault> {
        if body.get("phone").is_none() {
            let right = self.vendor.cabinet.phones;
            let detail = format!("the card's phone is withheld, so it cannot be written: the user lacks {right}");
            return Err(self.fault(FaultKind::Forbidden, operation, detail));
        }
        let parts = ["client", &self.company_id, id];
        let call = self.wire.call("change_client", Method::Put, Who::User, &parts).json(body);
        self.wire.portal.json(&call).await.map(|_| ())
    }
}

#[async_trait]
impl ClientCards for Branch {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        self.ensured(client).await
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        let card = self.card("update_client", id).await?;
        let card = card.ok_or_else(|| self.missing("update_client", "client", id))?;
        let is_same = card.get("phone").is_some_and(|known| read::same_phone(&client.phone, known));
        let change = Change {
            name: client.name.clone().filter(|name| super::record::name_of(&card).as_ref() != Some(name)),
            phone: (!is_same).then(|| client.phone.clone()),
            email: client.email.clone().filter(|email| wire::text(&card, "email").as_ref() != Some(email)),
            ..Change::default()
        };
        if change != Change::default() {
            self.put_card("update_client", id, body(&card, &change)).await?;
        }
        let now = self.card("update_client", id).await?;
        let now = now.ok_or_else(|| self.missing("update_client", "client", id))?;
        let read = read_clients(&json!([now])).map_err(self.unreadable("update_client"))?;
        let row = read.into_iter().next();
        row.map(|row| row.client)
            .ok_or_else(|| self.fault(FaultKind::Protocol, "update_client", "a card without an id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_written_back_whole_but_for_its_money() {
        let card = json!({"id": 5, "name": "Пётр", "surname": "Иванов", "phone": "+7 916 150-22-39", "email": "p@x.ru", "sex_id": 1,
            "discount": 5, "card": "17", "birth_date": "1900-01-01", "comment": "кофе", "sms_check": 0, "categories": [{"id": 7}],
            "custom_fields": [], "spent": 1000, "balance": -200});
        let written = body(&card, &Change { label: Some("9".to_owned()), ..Change::default() });
        assert_eq!(
            written,
            json!({"name": "Пётр", "surname": "Иванов", "phone": "79161502239", "email": "p@x.ru", "sex_id": 1,
            "discount": 5, "card": "17", "sms_check": 0, "birth_date": "", "comment": "кофе", "categories": [7, 9], "custom_fields": {}})
        );
        let again = body(&card, &Change { label: Some("7".to_owned()), ..Change::default() });
        assert_eq!(again["categories"], json!([7]));
    }
}
