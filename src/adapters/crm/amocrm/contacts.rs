//! Contacts: found by the last digits of a phone, made when there is none, changed without losing what is there.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Amo;
use super::doubts::SETTLES;
use super::leads::read_lead;
use super::rows::{Field, id_of, list_of, member, moment, read_made, values};
use crate::adapters::http::{Call, Method, read};
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::crm::{ClientCards, Clients, CrmClient, NewClient, marker};
use crate::domain::fault::{Fault, FaultKind};

const PHONE: Field<'_> = Field::Code("PHONE");
const EMAIL: Field<'_> = Field::Code("EMAIL");
/// More pages of one phone's contacts are not looked at: the search went astray.
const PAGES: usize = 40;
/// Contacts that flow made, by their phone.
const MADE: &str = "made";
/// So many leads are asked for at once.
pub(super) const AT_ONCE: usize = 50;

/// A contact.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub id: i64,
    pub name: Option<String>,
    pub phones: Vec<String>,
    pub email: Option<String>,
    updated_at: i64,
    /// Its leads, the newest first.
    pub leads: Vec<i64>,
}

pub(super) fn read_contact(row: &Value) -> Result<Contact, String> {
    let text = |name: &str| read::text(member(row, name));
    let value_of = |value: &&Value| read::text(member(value, "value"));
    let embedded = member(row, "_embedded");
    let mut leads: Vec<i64> = list_of(embedded, "leads").into_iter().filter_map(|lead| id_of(lead).ok()).collect();
    leads.sort_unstable_by(|a, b| b.cmp(a));
    Ok(Contact {
        id: id_of(row)?,
        name: text("name").or_else(|| read::full_name(&[text("first_name"), text("last_name")])),
        phones: values(row, PHONE).iter().filter_map(value_of).collect(),
        email: values(row, EMAIL).iter().find_map(value_of),
        updated_at: moment(member(row, "updated_at")).map_or(0, jiff::Timestamp::as_second),
        leads,
    })
}

impl Contact {
    /// As flow knows a client; the phone is the one that was looked for.
    fn client(&self, phone: Option<&Phone>) -> CrmClient {
        let phone = phone.cloned().or_else(|| self.phones.iter().find_map(|text| read::phone(&json!(text))));
        CrmClient { id: Some(self.id.to_string()), name: self.name.clone(), phone, email: self.email.clone() }
    }

    fn has(&self, phone: &Phone) -> bool {
        self.phones.iter().any(|text| is_same(phone, text))
    }
}

/// Whether a stored text is that phone: by the last ten digits in Russia and Kazakhstan, elsewhere by all of them.
fn is_same(phone: &Phone, text: &str) -> bool {
    if phone.as_str().starts_with("+7") {
        return read::same_phone(phone, &json!(text));
    }
    read::phone(&json!(text)).is_some_and(|theirs| theirs == *phone) || digits(text) == digits(phone.as_str())
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What the search is asked for: `+7` and `8` are different strings for it.
fn last_ten(phone: &Phone) -> String {
    let digits = digits(phone.as_str());
    digits[digits.len().saturating_sub(10)..].to_owned()
}

fn create_call(url: String, name: Option<&str>, phone: Option<&Phone>, email: Option<&str>, request_id: &str) -> Call {
    let mut body = contact_body(name, phone, email);
    body["request_id"] = json!(request_id);
    body["tags_to_add"] = json!([{"name": "flow"}]);
    Call::post("create_contact", url).json(json!([body]))
}

/// A new contact.
pub(super) fn contact_body(name: Option<&str>, phone: Option<&Phone>, email: Option<&str>) -> Value {
    let mut fields = Vec::new();
    if let Some(phone) = phone {
        let values = json!([{"value": phone.as_str(), "enum_code": "MOB"}]);
        fields.push(json!({"field_code": "PHONE", "values": values}));
    }
    if let Some(email) = email {
        fields.push(json!({"field_code": "EMAIL", "values": [{"value": email, "enum_code": "WORK"}]}));
    }
    let named = name.map(str::trim).filter(|name| !name.is_empty());
    let shown = named.or_else(|| phone.map(Phone::as_str)).unwrap_or("flow");
    let mut body = json!({"name": shown, "custom_fields_values": fields});
    // amoCRM shows the parts where an account prefers them to the whole.
    if let Some((first, last)) = named.map(|name| name.split_once(char::is_whitespace).unwrap_or((name, ""))) {
        body["first_name"] = json!(first);
        if !last.trim().is_empty() {
            body["last_name"] = json!(last.trim());
        }
    }
    body
}

impl Amo {
    /// Contacts with that phone: those with an open lead first, then the latest changed. With `only_best` nothing is
    /// asked to order what is one anyway.
    pub(super) async fn contacts_with(&self, phone: &Phone) -> Result<Vec<Contact>, Fault> {
        let digits = last_ten(phone);
        let query = [("query", digits.as_str()), ("with", "leads"), ("limit", "50")];
        let rows = self.all("contacts", ("contacts", "contacts"), &query, PAGES).await?;
        let contacts: Result<Vec<Contact>, String> = rows.iter().map(read_contact).collect();
        let mut found = contacts.map_err(self.unreadable("contacts"))?;
        // The search looks into every field: a foreign contact may bear the same digits elsewhere.
        found.retain(|contact| contact.has(phone));
        if found.is_empty() {
            found.extend(self.made_before(phone).await?);
        }
        found.sort_by_key(|contact| std::cmp::Reverse((contact.updated_at, contact.id)));
        if found.len() > 1 && found.iter().any(|contact| !contact.leads.is_empty()) {
            let open = self.open_among(&found).await?;
            found.sort_by_key(|contact| !contact.leads.iter().any(|lead| open.contains(lead)));
        }
        Ok(found)
    }

    async fn open_among(&self, contacts: &[Contact]) -> Result<Vec<i64>, Fault> {
        let ids: Vec<i64> = contacts.iter().flat_map(|contact| contact.leads.iter().take(10).copied()).collect();
        let rows = self.leads_by_id(&ids[..ids.len().min(AT_ONCE)], "").await?;
        Ok(rows
            .iter()
            .filter_map(|row| read_lead(row).ok())
            .filter(|lead| lead.is_open())
            .map(|lead| lead.id)
            .collect())
    }

    /// The contact with that phone, made when there is none.
    pub(super) async fn contact_for(&self, client: &NewClient) -> Result<Contact, Fault> {
        if let Some(found) = self.contacts_with(&client.phone).await?.into_iter().next() {
            return Ok(found);
        }
        let mark = marker(&format!("contact:{}", client.phone.as_str()));
        // One that was written a moment ago must have had the time to show.
        if let Some(left) = self.unsettled("create_contact", &mark).await?
            && let Some(found) = self.shown_after(left, &client.phone).await?
        {
            return Ok(found);
        }
        let (name, email) = (client.name.as_deref(), client.email.as_deref());
        let call = create_call(self.api("contacts"), name, Some(&client.phone), email, &mark);
        let is_doubt = |fault: &Fault| matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::Protocol);
        let mut made = self.doubted(&mark, self.made(&call, "contacts").await).await;
        if made.as_ref().is_err_and(is_doubt) {
            // It may be there already: then nothing is in doubt. What does not show in time is written again, once.
            for wait in [Duration::ZERO, SETTLES] {
                if let Some(found) = self.shown_after(wait, &client.phone).await? {
                    return Ok(found);
                }
            }
            made = self.doubted(&mark, self.made(&call, "contacts").await).await;
        }
        let made = made?;
        self.remember(&client.phone, made).await;
        Ok(Contact {
            id: made,
            name: client.name.clone(),
            phones: vec![client.phone.as_str().to_owned()],
            email: client.email.clone(),
            updated_at: 0,
            leads: Vec::new(),
        })
    }

    async fn shown_after(&self, wait: Duration, phone: &Phone) -> Result<Option<Contact>, Fault> {
        tokio::time::sleep(wait).await;
        Ok(self.contacts_with(phone).await?.into_iter().next())
    }

    /// Remembers a contact that flow made: the search may be late by nobody knows how much.
    pub(super) async fn remember(&self, phone: &Phone, id: i64) {
        let at = self.wiring.clock.now();
        let copy = Copied { id: phone.as_str().to_owned(), phone: Some(phone.clone()), body: json!({"id": id}), at };
        if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, MADE, &copy).await {
            tracing::warn!(connection = %self.wiring.name, %error, "a new contact could not be remembered");
        }
    }

    /// The contact that flow made for a phone, when it is there and still has it.
    async fn made_before(&self, phone: &Phone) -> Result<Option<Contact>, Fault> {
        let (store, name) = (&self.wiring.store, &self.wiring.name);
        let copy = store.copied(name, MADE, phone.as_str()).await;
        let copy = copy.map_err(|error| self.store_fault("contact", &error))?;
        let Some(id) = copy.and_then(|copy| read::int(member(&copy.body, "id"))) else { return Ok(None) };
        let row = self.one("contact", "contacts", &id.to_string(), "leads").await?;
        let contact = row.map(|row| read_contact(&row).map_err(self.unreadable("contact"))).transpose()?;
        let contact = contact.filter(|contact| contact.has(phone));
        if contact.is_none() {
            // It was merged into another, or is gone.
            store.forget_copy(name, MADE, phone.as_str()).await.map_err(|error| self.store_fault("contact", &error))?;
        }
        Ok(contact)
    }

    /// Makes one object and answers its id.
    pub(super) async fn made(&self, call: &Call, entity: &str) -> Result<i64, Fault> {
        let answer = self.ask(call).await?.unwrap_or_default();
        read_made(&answer, entity).map(|made| made.id).map_err(self.unreadable(call.operation))
    }
}

#[async_trait]
impl Clients for Amo {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let found = self.contacts_with(phone).await?;
        Ok(found.iter().map(|contact| contact.client(Some(phone))).collect())
    }
}

#[async_trait]
impl ClientCards for Amo {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        Ok(self.contact_for(client).await?.client(Some(&client.phone)))
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        let found = self.one("contact", "contacts", id, "").await?;
        let Some(row) = found else {
            return Err(self.portal().fault(
                FaultKind::NotFound,
                "update_contact",
                format!("there is no contact `{id}`"),
            ));
        };
        let contact = read_contact(&row).map_err(self.unreadable("contact"))?;
        if let Some(changes) = changes(&row, &contact, client) {
            let call = Call::new("update_contact", Method::Patch, self.api(&format!("contacts/{}", contact.id)));
            self.ask(&call.json(changes)).await?;
        }
        let (name, email) = (client.name.clone().or(contact.name), client.email.clone().or(contact.email));
        Ok(CrmClient { id: Some(contact.id.to_string()), name, phone: Some(client.phone.clone()), email })
    }
}

/// What differs, with every value that is there: amoCRM replaces the values of a field as a whole.
fn changes(row: &Value, contact: &Contact, client: &NewClient) -> Option<Value> {
    let mut changed = json!({});
    if let Some(name) = client.name.as_ref().filter(|name| contact.name.as_ref() != Some(name)) {
        changed["name"] = json!(name);
    }
    let mut fields = Vec::new();
    if !contact.has(&client.phone) {
        fields.push(with_one_more(row, "PHONE", client.phone.as_str(), "MOB"));
    }
    let is_known = |email: &str| {
        let same = |value: &&Value| read::text(member(value, "value")).is_some_and(|v| v.eq_ignore_ascii_case(email));
        values(row, EMAIL).iter().any(same)
    };
    if let Some(email) = client.email.as_deref().filter(|email| !is_known(email)) {
        fields.push(with_one_more(row, "EMAIL", email, "WORK"));
    }
    if !fields.is_empty() {
        changed["custom_fields_values"] = json!(fields);
    }
    changed.as_object().is_some_and(|changed| !changed.is_empty()).then_some(changed)
}

fn with_one_more(row: &Value, code: &str, value: &str, kind: &str) -> Value {
    let kept = values(row, Field::Code(code)).into_iter().filter_map(|known| {
        let value = read::text(member(known, "value"))?;
        let mut kept = json!({"value": value});
        match (read::text(member(known, "enum_code")), read::int(member(known, "enum_id"))) {
            (Some(code), _) => kept["enum_code"] = json!(code),
            (None, Some(id)) => kept["enum_id"] = json!(id),
            (None, None) => {}
        }
        Some(kept)
    });
    let mut all: Vec<Value> = kept.collect();
    all.push(json!({"value": value, "enum_code": kind}));
    json!({"field_code": code, "values": all})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Region;

    fn phone(text: &str) -> Phone {
        Phone::parse(text, Region::default()).unwrap()
    }

    #[test]
    fn a_contact_is_read_whatever_its_types_are() {
        let row = json!({"id": "7", "name": "", "first_name": "Мария", "last_name": "Иванова", "updated_at": "1700000000",
            "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "8 (916) 111-22-33"}]}],
            "_embedded": {"leads": [{"id": 1}, {"id": "9"}]}});
        let contact = read_contact(&row).unwrap();
        assert_eq!(
            (contact.id, contact.name.as_deref(), contact.leads.as_slice()),
            (7, Some("Мария Иванова"), &[9, 1][..])
        );
        assert!(contact.has(&phone("+79161112233")) && !contact.has(&phone("+79161112234")));
        assert!(
            read_contact(&json!({"id": 1, "custom_fields_values": null, "_embedded": []})).unwrap().phones.is_empty()
        );
    }

    #[test]
    fn abroad_all_digits_are_compared() {
        assert!(is_same(&phone("+375291234567"), "375 29 123-45-67"));
        assert!(!is_same(&phone("+375291234567"), "+7 529 123-45-67"));
    }

    #[test]
    fn a_phone_is_added_beside_those_that_are_there() {
        let row = json!({"id": 7, "name": "Мария", "custom_fields_values": [{"field_code": "PHONE", "values":
            [{"value": "+79161112233", "enum_id": 5, "enum_code": "WORK"}, {"value": "old", "enum_id": 6}]}]});
        let contact = read_contact(&row).unwrap();
        let client = NewClient { name: Some("Мария".to_owned()), phone: phone("+79160000001"), email: None };
        let changed = changes(&row, &contact, &client).unwrap();
        let values = json!([{"value": "+79161112233", "enum_code": "WORK"}, {"value": "old", "enum_id": 6},
            {"value": "+79160000001", "enum_code": "MOB"}]);
        assert_eq!(changed, json!({"custom_fields_values": [{"field_code": "PHONE", "values": values}]}));
        let same = NewClient { phone: phone("+79161112233"), ..client };
        assert_eq!(changes(&row, &contact, &same), None, "what is there is not written again");
    }
}
