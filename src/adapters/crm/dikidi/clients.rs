//! Clients: copies of what the bridge told, and wishes to write a card.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Dikidi;
use super::outbound::{Event, id_of};
use super::scalars::{member, text};
use crate::adapters::http::read;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::crm::{ClientCards, Clients, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::short_mark;

const CLIENT: &str = "client";
const AT_MOST: u32 = 1000;

fn read_client(copy: &Copied) -> CrmClient {
    CrmClient {
        id: Some(copy.id.clone()),
        name: text(&copy.body, "name"),
        phone: copy.phone.clone().or_else(|| read::phone(member(&copy.body, "phone"))),
        email: text(&copy.body, "email"),
    }
}

impl Dikidi {
    /// Keeps what is told of a client, under its id, else under its phone; what is newer wins, member by member.
    pub(super) async fn keep_client(
        &self,
        operation: &'static str,
        told: &Map<String, Value>,
        at: Timestamp,
    ) -> Result<String, Fault> {
        let body = Value::Object(told.clone());
        let phone = read::phone(member(&body, "phone"));
        let by_phone = phone.as_ref().map(|phone| format!("tel-{}", short_mark(phone.as_str())));
        let id = text(&body, "ext_id").or(by_phone).unwrap_or_default();
        let known = self.wiring.store.copied(&self.wiring.name, CLIENT, &id).await.map_err(self.lost(operation))?;
        let mut merged = Map::new();
        let kept = known.as_ref().and_then(|known| known.body.as_object());
        let is_older = known.as_ref().is_some_and(|known| known.at > at);
        let (below, above) = if is_older { (Some(told), kept) } else { (kept, Some(told)) };
        for (name, value) in below.into_iter().flatten().chain(above.into_iter().flatten()) {
            merged.insert(name.clone(), value.clone());
        }
        let at = known.filter(|_| is_older).map_or(at, |known| known.at);
        let merged = Value::Object(merged);
        let phone = read::phone(member(&merged, "phone"));
        let copy = Copied { id: id.clone(), phone, body: merged, at };
        self.wiring.store.keep_copy(&self.wiring.name, CLIENT, &copy).await.map_err(self.lost(operation))?;
        Ok(id)
    }

    async fn ask_to_write(&self, id: &str, ext_id: Option<&str>, client: &NewClient) -> Result<CrmClient, Fault> {
        let mut card = Map::new();
        card.insert("name".to_owned(), json!(client.name));
        card.insert("phone".to_owned(), json!(client.phone.as_str()));
        card.insert("email".to_owned(), json!(client.email));
        let words = Value::Object(card.clone()).to_string();
        let event = Event {
            operation: "client",
            kind: "client.upsert_requested",
            id: id_of(&self.wiring.name, &format!("client|{id}|{words}")),
            at: self.wiring.clock.now(),
            data: json!({"client": card, "ext_id": ext_id}),
        };
        let reply = self.deliver(&event).await?;
        card.retain(|_, value| !value.is_null());
        if let Some(ext_id) = reply.ext_id.as_deref().or(ext_id) {
            card.insert("ext_id".to_owned(), json!(ext_id));
        }
        let id = self.keep_client("client", &card, self.wiring.clock.now()).await?;
        Ok(CrmClient {
            id: Some(id),
            name: client.name.clone(),
            phone: Some(client.phone.clone()),
            email: client.email.clone(),
        })
    }
}

#[async_trait]
impl Clients for Dikidi {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let copies = self.wiring.store.all_copied(&self.wiring.name, CLIENT, Some(phone), AT_MOST).await;
        let mut copies = copies.map_err(self.lost("find"))?;
        copies.sort_by_key(|copy| std::cmp::Reverse(copy.at));
        if !copies.is_empty() {
            return Ok(copies.iter().map(read_client).collect());
        }
        // Whoever came is known by their visits.
        let mut visits = self.visits("find", Some(phone)).await?;
        visits.sort_by_key(|visit| std::cmp::Reverse(visit.start));
        let mut clients: Vec<CrmClient> = Vec::new();
        for visit in visits {
            if visit.client.name.is_some() && !clients.iter().any(|known| known.id == visit.client.id) {
                clients.push(CrmClient { phone: Some(phone.clone()), ..visit.client });
            }
        }
        Ok(clients)
    }
}

#[async_trait]
impl ClientCards for Dikidi {
    async fn ensure(&self, client: &NewClient) -> Result<CrmClient, Fault> {
        if let Some(known) = self.find_by_phone(&client.phone).await?.into_iter().next() {
            return Ok(known);
        }
        self.ask_to_write("new", None, client).await
    }

    async fn update(&self, id: &str, client: &NewClient) -> Result<CrmClient, Fault> {
        let known = self.wiring.store.copied(&self.wiring.name, CLIENT, id).await.map_err(self.lost("client"))?;
        let known =
            known.ok_or_else(|| self.fault(FaultKind::NotFound, "client", format!("there is no client `{id}`")))?;
        let was = read_client(&known);
        let (name, email) = (client.name.clone().or(was.name), client.email.clone().or(was.email));
        let whole = NewClient { name, email, phone: client.phone.clone() };
        self.ask_to_write(id, text(&known.body, "ext_id").as_deref(), &whole).await
    }
}
