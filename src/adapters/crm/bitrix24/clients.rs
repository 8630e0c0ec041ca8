//! Contacts: found by the portal's index of phones, in whatever form they are stored.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::Bitrix24;
use super::batch::Command;
use super::catalogue::PAGE;
use super::texts::split_name;
use super::wire::{SETTLES, is_doubt};
use crate::adapters::crm::Begun;
use crate::adapters::http::read;
use crate::domain::contact::Phone;
use crate::domain::crm::{ClientCards, Clients, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::short_mark;

/// The type of contacts among `crm.item.*`.
pub const CONTACT: i64 = 3;
/// A card that was made so lately may be there without being seen.
const UNSEEN: SignedDuration = SignedDuration::from_secs(60);
/// Who made what flow made.
pub const ORIGINATOR: &str = "flow";

/// A contact as the portal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// What flow takes from it.
    pub client: CrmClient,
    /// Its id.
    pub id: String,
    /// When somebody last dealt with it; ISO texts of one portal sort by time.
    pub active: String,
    /// Its phones as they are stored.
    pub phones: Vec<Value>,
    /// Its e-mail addresses.
    pub emails: Vec<String>,
}

/// The forms in which the index may have a phone.
#[must_use]
pub fn phone_forms(phone: &Phone) -> Vec<String> {
    let plus = phone.as_str();
    let digits = plus.trim_start_matches('+');
    match digits.strip_prefix('7').filter(|national| national.len() == 10) {
        Some(national) => vec![plus.to_owned(), format!("8{national}"), national.to_owned()],
        None => vec![plus.to_owned(), digits.to_owned()],
    }
}

fn duplicates(phone: &Phone) -> Value {
    json!({"type": "PHONE", "entity_type": "CONTACT", "values": phone_forms(phone)})
}

/// Reads `crm.duplicate.findbycomm`; what is empty is a list.
#[must_use]
pub fn read_duplicates(value: &Value) -> Vec<String> {
    let ids = value.get("CONTACT").map(read::list).unwrap_or_default();
    ids.into_iter().filter_map(read::text).collect()
}

/// Reads the items of `crm.item.list`.
///
/// # Errors
/// When there are none in it.
pub fn read_items(value: &Value) -> Result<Vec<&Value>, String> {
    match value {
        Value::Array(rows) if rows.is_empty() => Ok(Vec::new()),
        Value::Object(members) => {
            members.get("items").map(read::list).ok_or_else(|| "the answer has no `items`".to_owned())
        }
        _ => Err("the answer has no `items`".to_owned()),
    }
}

/// Reads a contact.
///
/// # Errors
/// When it has no id.
pub fn read_card(value: &Value) -> Result<Card, String> {
    let value = value.get("item").unwrap_or(value);
    let of = |name: &str| value.get(name).and_then(read::text);
    let id = of("id").ok_or("a contact has no `id`")?;
    let multi = value.get("fm").map(read::list).unwrap_or_default();
    let valued = |kind: &str| {
        let is_of = |row: &&&Value| row.get("typeId").and_then(read::text).is_some_and(|known| known == kind);
        multi.iter().filter(is_of).filter_map(|row| row.get("value")).cloned().collect::<Vec<_>>()
    };
    let mut phones = valued("PHONE");
    if phones.is_empty() {
        phones.extend(value.get("phone").filter(|phone| phone.is_string()).cloned());
    }
    let mut emails: Vec<String> = valued("EMAIL").iter().filter_map(read::text).collect();
    if emails.is_empty() {
        emails.extend(of("email"));
    }
    let client = CrmClient {
        id: Some(id.clone()),
        name: read::full_name(&[of("name"), of("secondName"), of("lastName")]),
        phone: phones.iter().find_map(read::phone),
        email: emails.first().cloned(),
    };
    let active = of("lastActivityTime").or_else(|| of("updatedTime")).or_else(|| of("createdTime"));
    Ok(Card { client, id, active: active.unwrap_or_default(), phones, emails })
}

impl Bitrix24 {
    /// Cards with that phone, the most recently active first. What flow made under `origin` is there even when the
    /// index does not know it yet.
    async fn cards(&self, phone: &Phone) -> Result<Vec<Card>, Fault> {
        Ok(self.cards_beside(phone, None).await?.0)
    }

    /// The same, and what another command asked for in the same request answers.
    async fn cards_beside(&self, phone: &Phone, beside: Option<Command>) -> Result<(Vec<Card>, Option<Value>), Fault> {
        let mut commands = vec![
            Command::new("dup", "crm.duplicate.findbycomm", duplicates(phone)),
            Command::new("own", "crm.item.list", origin_params(CONTACT, &contact_origin(phone), &["*"])),
        ];
        let key = beside.as_ref().map(|command| command.key.clone());
        commands.extend(beside);
        let replies = self.wire.batch(&commands, false).await?;
        let told = key.map(|key| replies.get(&key).cloned()).transpose()?;
        let ids = read_duplicates(replies.get("dup")?);
        let mut cards = Vec::new();
        // A portal where this field cannot be filtered by has the index all the same.
        if let Ok(own) = replies.get("own") {
            for row in read_items(own).map_err(self.wire.unread("crm.item.list"))? {
                cards.push(read_card(row).map_err(self.wire.unread("crm.item.list"))?);
            }
        }
        let missing: Vec<String> = ids.into_iter().filter(|id| cards.iter().all(|card| card.id != *id)).collect();
        cards.extend(self.contacts(&missing).await?.into_values());
        cards.retain(|card| card.phones.iter().any(|stored| read::same_phone(phone, stored)));
        cards.sort_by(|a, b| b.active.cmp(&a.active).then_with(|| b.id.len().cmp(&a.id.len())).then(b.id.cmp(&a.id)));
        for card in &mut cards {
            // Of several phones the one that was asked for.
            card.client.phone = Some(phone.clone());
        }
        Ok((cards, told))
    }

    /// Contacts by their ids.
    pub(super) async fn contacts(&self, ids: &[String]) -> Result<HashMap<String, Card>, Fault> {
        let command = |(index, ids): (usize, &[String])| {
            let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            let params = json!({"entityTypeId": CONTACT, "filter": {"id": ids}, "select": ["*"], "start": -1});
            Command::new(format!("c{index}"), "crm.item.list", params)
        };
        let commands: Vec<Command> = ids.chunks(PAGE).enumerate().map(command).collect();
        let mut cards = HashMap::new();
        let mut take = |value: &Value| -> Result<(), Fault> {
            for row in read_items(value).map_err(self.wire.unread("crm.item.list"))? {
                let card = read_card(row).map_err(self.wire.unread("crm.item.list"))?;
                cards.insert(card.id.clone(), card);
            }
            Ok(())
        };
        match commands.as_slice() {
            [] => {}
            [one] => take(&self.wire.read(one.method, one.params.clone()).await?["result"])?,
            many => {
                let replies = self.wire.batch(many, false).await?;
                for command in many {
                    take(replies.get(&command.key)?)?;
                }
            }
        }
        Ok(cards)
    }

    /// The card with that phone, made when there is none.
    pub(super) async fn ensure_contact(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        Ok(self.ensure_contact_beside(client, None).await?.0)
    }

    /// The same, and what another command asked for in the same request answers.
    pub(super) async fn ensure_contact_beside(
        &self,
        client: &NewClient,
        beside: Option<Command>,
    ) -> Result<(CrmClient, Option<Value>), Fault> {
        let (cards, told) = self.cards_beside(&client.phone, beside).await?;
        let card = match cards.into_iter().next() {
            Some(card) => card.client,
            None => match self.late_contact(client).await? {
                Some(card) => card,
                None => self.make_contact(client).await?,
            },
        };
        Ok((card, told))
    }

    /// The card that an earlier call began to make and that is not seen: it is there and late, or still under way.
    async fn late_contact(&self, client: &NewClient) -> Result<Option<CrmClient>, Fault> {
        let begun = self.wire.wiring().begun(&contact_origin(&client.phone), UNSEEN).await?;
        match begun {
            None => Ok(None),
            Some(Begun { id: Some(id), .. }) => {
                let (name, phone, email) = (client.name.clone(), Some(client.phone.clone()), client.email.clone());
                Ok(Some(CrmClient { id: Some(id), name, phone, email }))
            }
            Some(Begun { id: None, .. }) => {
                tokio::time::sleep(SETTLES).await;
                Ok(self.cards(&client.phone).await?.into_iter().next().map(|card| card.client))
            }
        }
    }

    /// Makes a card: the intent is kept first, and a doubt is looked into before anything is repeated.
    async fn make_contact(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        let (origin, wiring) = (contact_origin(&client.phone), self.wire.wiring());
        wiring.begin(&origin, Some(&client.phone)).await?;
        let made = match self.add_contact(client).await {
            Err(fault) if is_doubt(&fault) => {
                tokio::time::sleep(SETTLES).await;
                match self.cards(&client.phone).await {
                    Ok(cards) => match cards.into_iter().next() {
                        Some(card) => Ok(card.client),
                        None => self.add_contact(client).await,
                    },
                    Err(_) => Err(fault),
                }
            }
            told => told,
        };
        match &made {
            Ok(card) => {
                let id = card.id.as_deref().unwrap_or_default();
                wiring.was_made(&origin, Some(&client.phone), id).await;
            }
            Err(fault) if is_doubt(fault) => {}
            Err(_) => wiring.came_to_nothing(&origin).await,
        }
        made
    }

    async fn add_contact(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        let fields = self.contact_fields(client);
        let answer = self.wire.write("crm.item.add", json!({"entityTypeId": CONTACT, "fields": fields})).await?;
        let card = read_card(&answer["result"]).map_err(self.wire.unread("crm.item.add"))?;
        let known = CrmClient { phone: Some(client.phone.clone()), ..card.client };
        Ok(CrmClient { name: known.name.or_else(|| client.name.clone()), ..known })
    }

    fn contact_fields(&self, client: &NewClient) -> Map<String, Value> {
        let (first, last) = split_name(client.name.as_deref().unwrap_or("Без имени"));
        let mut multi = vec![json!({"typeId": "PHONE", "valueType": "MOBILE", "value": client.phone.as_str()})];
        let email = client.email.iter().map(|email| json!({"typeId": "EMAIL", "valueType": "WORK", "value": email}));
        multi.extend(email);
        let mut fields = self.made_fields(&contact_origin(&client.phone));
        fields.insert("name".to_owned(), json!(first));
        if !last.is_empty() {
            fields.insert("lastName".to_owned(), json!(last));
        }
        fields.insert("opened".to_owned(), json!("Y"));
        fields.insert("fm".to_owned(), Value::Array(multi));
        fields
    }

    /// What stands in everything that flow makes.
    pub(super) fn made_fields(&self, origin: &str) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("originatorId".to_owned(), json!(ORIGINATOR));
        fields.insert("originId".to_owned(), json!(origin));
        let source = self.settings.source_id.as_deref().unwrap_or("WEB");
        fields.insert("sourceId".to_owned(), json!(source));
        if let Some(responsible) = self.settings.responsible_id {
            fields.insert("assignedById".to_owned(), json!(responsible));
        }
        fields
    }
}

/// What finds again what flow made.
pub(super) fn origin_params(entity: i64, origin: &str, select: &[&str]) -> Value {
    json!({"entityTypeId": entity, "filter": {"originatorId": ORIGINATOR, "originId": origin}, "select": select,
        "order": {"id": "ASC"}, "start": -1})
}

fn contact_origin(phone: &Phone) -> String {
    format!("contact:{}", short_mark(phone.as_str()))
}

#[async_trait]
impl Clients for Bitrix24 {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        Ok(self.cards(phone).await?.into_iter().map(|card| card.client).collect())
    }
}

#[async_trait]
impl ClientCards for Bitrix24 {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        self.ensure_contact(client).await
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        let number: i64 = id
            .parse()
            .map_err(|_| self.wire.fault(FaultKind::NotFound, "crm.item.get", format!("there is no contact `{id}`")))?;
        let answer = self.wire.read("crm.item.get", json!({"entityTypeId": CONTACT, "id": number})).await?;
        let card = read_card(&answer["result"]).map_err(self.wire.unread("crm.item.get"))?;
        let fields = changes(&card, client);
        if fields.is_empty() {
            return Ok(card.client);
        }
        let params = json!({"entityTypeId": CONTACT, "id": number, "fields": fields});
        // A new phone would be added twice.
        let answer = self.wire.write("crm.item.update", params).await?;
        let written = read_card(&answer["result"]);
        let written = written.map_err(self.wire.unread("crm.item.update"))?;
        Ok(CrmClient { phone: Some(client.phone.clone()), ..written.client })
    }
}

/// What of a client the card does not say yet. New phones and addresses are added, those that are there stay.
fn changes(card: &Card, client: &NewClient) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(name) = client.name.as_deref().filter(|name| card.client.name.as_deref() != Some(*name)) {
        let (first, last) = split_name(name);
        fields.insert("name".to_owned(), json!(first));
        if !last.is_empty() {
            fields.insert("lastName".to_owned(), json!(last));
        }
    }
    let mut multi = Map::new();
    if !card.phones.iter().any(|stored| read::same_phone(&client.phone, stored)) {
        let row = json!({"typeId": "PHONE", "valueType": "MOBILE", "value": client.phone.as_str()});
        multi.insert("n0".to_owned(), row);
    }
    if let Some(email) = client.email.as_ref().filter(|email| card.emails.iter().all(|known| known != *email)) {
        multi.insert("n1".to_owned(), json!({"typeId": "EMAIL", "valueType": "WORK", "value": email}));
    }
    if !multi.is_empty() {
        fields.insert("fm".to_owned(), Value::Object(multi));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Region;

    fn phone(text: &str) -> Phone {
        Phone::parse(text, Region::default()).unwrap()
    }

    #[test]
    fn a_phone_is_looked_for_in_each_form_of_the_index() {
        assert_eq!(phone_forms(&phone("+79161234567")), ["+79161234567", "89161234567", "9161234567"]);
        assert_eq!(phone_forms(&phone("+442079460000")), ["+442079460000", "442079460000"]);
        assert_eq!(read_duplicates(&json!([])), Vec::<String>::new());
        assert_eq!(read_duplicates(&json!({"CONTACT": [275, "2297"]})), ["275", "2297"]);
    }

    #[test]
    fn a_contact_is_read_with_all_its_phones() {
        let card = read_card(&json!({"id": 275, "name": "Иван", "lastName": "П.", "fm": [
            {"id": 1, "typeId": "EMAIL", "value": "i@x.ru"}, {"id": 2, "typeId": "PHONE", "value": "8 (916) 123-45-67"}]}))
        .unwrap();
        assert_eq!(card.client.name.as_deref(), Some("Иван П."));
        assert_eq!(card.client.phone, Some(phone("+79161234567")));
        assert_eq!(card.client.email.as_deref(), Some("i@x.ru"));
        assert!(read_card(&json!({"name": "x"})).is_err());
        let update =
            changes(&card, &NewClient { name: Some("Иван П.".into()), phone: phone("+79160000000"), email: None });
        assert_eq!(Value::Object(update)["fm"]["n0"]["value"], "+79160000000");
    }
}
