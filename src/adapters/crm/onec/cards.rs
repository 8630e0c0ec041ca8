//! Cards of clients that flow writes: searched first, created once, compared with what 1C kept.

use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::{Map as Object, Value, json};

use super::clients::{EMAIL, PHONE, client_select, read_client};
use super::map::{ClientMap, PhonePlace};
use super::{OneC, judge, locks, wire};
use crate::adapters::crm::Begun;
use crate::adapters::http::{Call, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{ClientCards, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// 1C may be at work on a call whose answer was lost for so long: meanwhile it is looked for, and not repeated.
pub(super) const DOUBT: SignedDuration = SignedDuration::from_secs(60);
/// What 1C does at once is there after so long.
const AT_WORK: Duration = Duration::from_secs(2);

/// How this base writes a phone: seen in a row that a person made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Example {
    kind_key: Option<String>,
    /// Newer versions of the standard subsystem keep JSON in a field of its own.
    has_json: bool,
}

/// Reads a row of contacts.
pub(super) fn read_example(row: &Value) -> Example {
    Example {
        kind_key: row.get("Вид_Key").and_then(wire::read_reference),
        has_json: row.get("Значение").and_then(read::text).is_some_and(|text| text.starts_with('{')),
    }
}

/// The number in its parts: country, city, the rest. Of other countries than Russia nobody knows where they part.
fn parts(phone: &Phone) -> Option<(String, String)> {
    let national = phone.as_str().strip_prefix("+7").filter(|national| national.len() == 10)?;
    Some((national[..3].to_owned(), national[3..].to_owned()))
}

/// `+7 (916) 150-22-39`.
fn shown(phone: &Phone) -> String {
    match parts(phone) {
        Some((city, rest)) => format!("+7 ({city}) {}-{}-{}", &rest[..3], &rest[3..5], &rest[5..]),
        None => phone.as_str().to_owned(),
    }
}

/// A row of contacts as the standard subsystem has it.
fn contact(phone: &Phone, line: usize, example: &Example) -> Object<String, Value> {
    let digits: String = phone.as_str().chars().filter(char::is_ascii_digit).collect();
    let bare = parts(phone).map_or_else(|| digits.clone(), |(_, rest)| rest);
    let mut row = Object::new();
    row.insert("LineNumber".to_owned(), line.to_string().into());
    row.insert("Тип".to_owned(), PHONE.into());
    if let Some(kind) = &example.kind_key {
        row.insert("Вид_Key".to_owned(), kind.clone().into());
    }
    row.insert("Представление".to_owned(), shown(phone).into());
    row.insert("НомерТелефона".to_owned(), digits.into());
    row.insert("НомерТелефонаБезКодов".to_owned(), bare.clone().into());
    row.insert("ЗначенияПолей".to_owned(), "".into());
    if example.has_json {
        let city = parts(phone).map_or_else(String::new, |(city, _)| city);
        let value = json!({"value": shown(phone), "comment": "", "type": PHONE, "countryCode": "7",
            "areaCode": city, "number": bare, "extNumber": ""});
        row.insert("Значение".to_owned(), value.to_string().into());
    }
    row
}

fn email_row(email: &str, line: usize) -> Object<String, Value> {
    let mut row = Object::new();
    row.insert("LineNumber".to_owned(), line.to_string().into());
    row.insert("Тип".to_owned(), EMAIL.into());
    row.insert("Представление".to_owned(), email.into());
    row.insert("АдресЭП".to_owned(), email.into());
    row.insert("ЗначенияПолей".to_owned(), "".into());
    row
}

impl OneC {
    /// The card with that phone: the one that is there, else a new one.
    pub(super) async fn card_of(&self, call: &'static str, card: &NewClient) -> Result<CrmClient, Fault> {
        use crate::domain::crm::Clients;
        if let Some(first) = self.find_by_phone(&card.phone).await?.into_iter().next() {
            return Ok(first);
        }
        let digits: String = card.phone.as_str().chars().filter(char::is_ascii_digit).collect();
        let key = [format!("client:{digits}")];
        if let Some(begun) = self.wiring.begun(&key[0], DOUBT).await? {
            return self.begun_card(call, card, begun);
        }
        let operation = locks::operation(&format!("client {digits} {:016x}", rand::random::<u64>()));
        match self.hold(call, &key, &operation).await {
            Ok(()) => {}
            Err(fault) if fault.kind == FaultKind::SlotTaken => {
                // Somebody creates the same card now; it may be there already.
                let made = self.cards(call, &card.phone).await?.into_iter().next();
                let detail = "somebody else is creating this client now: try again";
                return made.ok_or_else(|| self.fault(FaultKind::Unavailable, call, detail));
            }
            Err(fault) => return Err(fault),
        }
        self.wiring.begin(&key[0], Some(&card.phone)).await?;
        let made = self.create_card(call, card).await;
        match &made {
            Ok(made) => {
                let id = made.id.as_deref().unwrap_or_default();
                self.wiring.was_made(&key[0], Some(&card.phone), id).await;
            }
            // 1C may still be at work: nobody begins another one meanwhile.
            Err(fault) if fault.retry() == Retry::Look => return made,
            Err(_) => self.wiring.came_to_nothing(&key[0]).await,
        }
        self.release(call, &key).await;
        made
    }

    /// A card that was begun a moment ago and that a search does not find: it is there and not seen yet, or perhaps never
    /// will be.
    fn begun_card(&self, call: &'static str, card: &NewClient, begun: Begun) -> Result<CrmClient, Fault> {
        if let Some(id) = begun.id {
            let (name, phone, email) = (card.name.clone(), Some(card.phone.clone()), card.email.clone());
            return Ok(CrmClient { id: Some(id), name, phone, email });
        }
        let detail = "nobody knows yet whether 1C created this client a moment ago: it is looked for again, and created \
                      when it is not there after a minute";
        let fault = self.fault(FaultKind::Unavailable, call, detail);
        Err(Fault { retry_after: (DOUBT - begun.age).try_into().ok(), ..fault })
    }

    async fn create_card(&self, call: &'static str, card: &NewClient) -> Result<CrmClient, Fault> {
        let map = self.client_map(call)?;
        let place = self.map.phone(map);
        let body = self.card_body(call, map, &place, card).await?;
        let made = match self.create("create_client", &map.set, body.clone()).await {
            Ok(made) => made,
            // Whatever became of it, a search tells.
            Err(fault) if fault.retry() == Retry::Look => {
                if !judge::is_refused(&fault) {
                    tokio::time::sleep(AT_WORK).await;
                }
                let found = self.cards(call, &card.phone).await.ok().and_then(|found| found.into_iter().next());
                return found.ok_or_else(|| judge::certain(fault));
            }
            Err(fault) => return Err(fault),
        };
        let field = match &place {
            PhonePlace::Table { table, .. } => table,
            PhonePlace::Field(field) => field,
        };
        let read = read_client(map, &place, &made).map_err(self.odd(call))?.client;
        if made.get(field).is_some() && read.phone.as_ref() != Some(&card.phone) {
            // Nobody would find it again, and the next visit would make another one.
            return Err(self.not_kept(call, field));
        }
        if made.get(&map.name) != body.get(&map.name) {
            tracing::warn!(field = map.name, "1C cut the name of a new client: the field is short");
        }
        Ok(CrmClient { phone: Some(card.phone.clone()), email: read.email.or_else(|| card.email.clone()), ..read })
    }

    async fn card_body(
        &self,
        call: &'static str,
        map: &ClientMap,
        place: &PhonePlace,
        card: &NewClient,
    ) -> Result<Object<String, Value>, Fault> {
        let mut body = Object::new();
        for (field, value) in &map.constants {
            body.insert(field.clone(), wire::sent(value));
        }
        let name = card.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| shown(&card.phone));
        body.insert(map.name.clone(), name.clone().into());
        if let Some(field) = &map.full_name {
            body.insert(field.clone(), name.into());
        }
        if let (Some(field), Some(email)) = (&map.email, &card.email) {
            body.insert(field.clone(), email.clone().into());
        }
        match place {
            PhonePlace::Field(field) => {
                body.insert(field.clone(), card.phone.as_str().into());
            }
            PhonePlace::Table { table, .. } => {
                let example = self.example(call, map, place).await;
                let mut rows = vec![Value::Object(contact(&card.phone, 1, &example))];
                if let (None, Some(email)) = (&map.email, &card.email) {
                    rows.push(Value::Object(email_row(email, 2)));
                }
                body.insert(table.clone(), Value::Array(rows));
            }
        }
        Ok(body)
    }

    /// How a phone is written here: as the map says, else as a person wrote one.
    async fn example(&self, call: &'static str, map: &ClientMap, place: &PhonePlace) -> Example {
        let PhonePlace::Table { table, kind_key } = place else { return Example::default() };
        if kind_key.is_some() {
            return Example { kind_key: kind_key.clone(), has_json: false };
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).contact_kind.clone();
        if let Some(known) = known {
            return known;
        }
        let filter = format!("Тип eq {}", wire::quoted(PHONE));
        let set = format!("{}_{table}", map.set);
        let found = self.ask(Call::get(call, self.address(&set, &[("$filter", &filter), ("$top", "1")]))).await;
        match found.and_then(|found| super::far::read_rows(&found).map_err(self.odd(call))) {
            Ok(found) => {
                let example = found.rows.first().map(read_example).unwrap_or_default();
                self.remember(|known| known.contact_kind = Some(example.clone()));
                example
            }
            Err(fault) => {
                tracing::warn!(%fault, "no phone could be read as an example: set `client.phone.kind_key`");
                Example::default()
            }
        }
    }

    /// Fields of a card that differ from what flow knows.
    async fn differences(
        &self,
        map: &ClientMap,
        place: &PhonePlace,
        row: &Value,
        card: &NewClient,
    ) -> Object<String, Value> {
        let mut body = Object::new();
        if let Some(name) =
            card.name.as_ref().filter(|name| row.get(&map.name).and_then(read::text).as_ref() != Some(name))
        {
            body.insert(map.name.clone(), name.clone().into());
        }
        if let (Some(field), Some(email)) = (&map.email, &card.email)
            && row.get(field).and_then(read::text).as_ref() != Some(email)
        {
            body.insert(field.clone(), email.clone().into());
        }
        match place {
            PhonePlace::Field(field) => {
                if !row.get(field).is_some_and(|held| read::same_phone(&card.phone, held)) {
                    body.insert(field.clone(), card.phone.as_str().into());
                }
            }
            PhonePlace::Table { table, .. } => {
                let mut rows: Vec<Value> =
                    row.get(table).map_or_else(Vec::new, read::list).into_iter().cloned().collect();
                let known = rows.len();
                let has =
                    |field: &str, row: &Value| row.get(field).is_some_and(|held| read::same_phone(&card.phone, held));
                if !rows.iter().any(|row| has("НомерТелефона", row) || has("Представление", row))
                {
                    let example = self.example("update_client", map, place).await;
                    rows.push(Value::Object(contact(&card.phone, known + 1, &example)));
                }
                if let (None, Some(email)) = (&map.email, &card.email)
                    && !rows.iter().any(|row| row.get("Представление").and_then(read::text).as_ref() == Some(email))
                {
                    rows.push(Value::Object(email_row(email, rows.len() + 1)));
                }
                if rows.len() > known {
                    // The part is replaced as a whole, and counted from one.
                    for (at, row) in rows.iter_mut().enumerate() {
                        row["LineNumber"] = (at + 1).to_string().into();
                        row.as_object_mut().map(|row| row.remove("Ref_Key"));
                    }
                    body.insert(table.clone(), Value::Array(rows));
                }
            }
        }
        body
    }
}

#[async_trait]
impl ClientCards for OneC {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        self.card_of("ensure_client", client).await
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        let map = self.client_map("update_client")?;
        let place = self.map.phone(map);
        let row = self.element("update_client", &map.set, id, &client_select(map, &place)).await?;
        let row =
            row.ok_or_else(|| self.fault(FaultKind::NotFound, "update_client", format!("there is no client `{id}`")))?;
        let body = self.differences(map, &place, &row, client).await;
        let key = wire::guid(id).unwrap_or_default();
        if !body.is_empty() {
            let held = self.patch("update_client", &map.set, &key, body.clone()).await.map_err(judge::certain)?;
            let fields: Vec<&str> = body.keys().map(String::as_str).collect();
            self.kept("update_client", &body, &held, &fields)?;
        }
        let read = read_client(map, &place, &row).map_err(self.odd("update_client"))?.client;
        Ok(CrmClient {
            id: Some(key),
            name: client.name.clone().or(read.name),
            phone: Some(client.phone.clone()),
            email: client.email.clone().or(read.email),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Region;

    #[test]
    fn a_phone_is_written_as_the_standard_subsystem_does() {
        let phone = Phone::parse("8 916 150 22 39", Region::default()).unwrap();
        let row = contact(&phone, 1, &Example { kind_key: None, has_json: true });
        assert_eq!(row["Представление"], "+7 (916) 150-22-39");
        assert_eq!((&row["НомерТелефона"], &row["НомерТелефонаБезКодов"]), (&json!("79161502239"), &json!("1502239")));
        assert!(row["Значение"].as_str().unwrap().contains("\"areaCode\":\"916\""));
        let foreign = Phone::parse("+4915112345678", Region::default()).unwrap();
        assert_eq!(contact(&foreign, 1, &Example::default())["Представление"], "+4915112345678");
    }
}
