//! Leads: a lead where the account works with leads, else a deal. In simple mode the portal turns a lead into a deal at
//! once and its id is worth nothing a second later.

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::Bitrix24;
use super::batch::{Command, Replies};
use super::catalogue::is_passing;
use super::clients::{origin_params, read_card, read_items};
use super::settings::LeadKey;
use super::texts::{bb, split_name};
use super::wire::{SETTLES, is_doubt};
use crate::adapters::http::read;
use crate::domain::crm::{Clients, LeadToPush, Leads, NewClient, Pushed};
use crate::domain::fault::{Fault, FaultKind};

/// The type of leads among `crm.item.*`.
pub const LEAD: i64 = 1;
/// The type of deals.
pub const DEAL: i64 = 2;
/// What was made so lately may be there without being seen.
const UNSEEN: SignedDuration = SignedDuration::from_secs(60);
/// So often it is looked for.
const LATE_LOOKS: usize = 4;
/// Titles are cut.
const TITLE: usize = 250;

/// Who asks, as it is written into the object.
#[derive(Default)]
struct Person {
    contact: Option<i64>,
    fields: Map<String, Value>,
}

impl Bitrix24 {
    /// What a lead becomes in this account.
    pub(super) async fn lead_entity(&self) -> Result<i64, Fault> {
        let is_simple = self.account().await?.is_simple;
        Ok(match (self.settings.lead, is_simple) {
            (LeadKey::Deal, _) | (LeadKey::Auto, Some(true) | None) => DEAL,
            (LeadKey::Lead, Some(true)) => {
                tracing::warn!("this portal works without leads (simple mode): a deal is made instead");
                DEAL
            }
            (LeadKey::Lead | LeadKey::Auto, _) => LEAD,
        })
    }

    /// The object that a lead was written to before: by its id, else by what flow wrote into it.
    async fn known_lead(&self, entity: i64, lead: &LeadToPush) -> Result<Option<(i64, Value)>, Fault> {
        let origin = origin_of(lead);
        let mut commands = Vec::new();
        if let Some(id) = lead.external_id.as_deref().and_then(|id| id.parse::<i64>().ok()) {
            commands.push(Command::new("known", "crm.item.get", json!({"entityTypeId": entity, "id": id})));
        }
        let other = if entity == DEAL { LEAD } else { DEAL };
        commands.push(Command::new("own", "crm.item.list", origin_params(entity, &origin, &["*"])));
        // The account's mode, or the configuration, may have changed since.
        commands.push(Command::new("other", "crm.item.list", origin_params(other, &origin, &["*"])));
        let replies = self.wire.batch(&commands, false).await?;
        match replies.get("known") {
            Ok(value) => {
                let item = value.get("item").unwrap_or(value);
                let made = item.get("originId").and_then(read::text);
                if item.is_object() && made.is_none_or(|made| made == origin) {
                    return Ok(Some((entity, item.clone())));
                }
            }
            Err(fault) if is_passing(&fault) && fault.operation != "batch" => return Err(fault),
            Err(_) => {}
        }
        if let Some(item) = first_of(replies.get("own")?, &origin).map_err(self.wire.unread("crm.item.list"))? {
            return Ok(Some((entity, item)));
        }
        let elsewhere = self.found_elsewhere(&replies, &origin)?;
        Ok(elsewhere.map(|item| (other, item)))
    }

    fn found_elsewhere(&self, replies: &Replies, origin: &str) -> Result<Option<Value>, Fault> {
        match replies.get("other") {
            Ok(value) => first_of(value, origin).map_err(self.wire.unread("crm.item.list")),
            Err(fault) if is_passing(&fault) => Err(fault),
            // Leads cannot be read in simple mode.
            Err(_) => Ok(None),
        }
    }

    async fn person(&self, entity: i64, lead: &LeadToPush) -> Result<Person, Fault> {
        let mut person = Person::default();
        let client =
            lead.phone.clone().map(|phone| NewClient { name: lead.name.clone(), phone, email: lead.email.clone() });
        if entity == DEAL {
            if let Some(client) = client {
                person.contact = self.ensure_contact(&client).await?.id.and_then(|id| id.parse().ok());
            }
            return Ok(person);
        }
        if let Some(client) = &client {
            let known = self.find_by_phone(&client.phone).await?.into_iter().next();
            person.contact = known.and_then(|known| known.id).and_then(|id| id.parse().ok());
        }
        if person.contact.is_none() {
            if let Some(name) = &lead.name {
                let (first, last) = split_name(name);
                person.fields.insert("name".to_owned(), json!(first));
                if !last.is_empty() {
                    person.fields.insert("lastName".to_owned(), json!(last));
                }
            }
            let phone = lead.phone.iter().map(|phone| multi("PHONE", "MOBILE", phone.as_str()));
            let multi: Vec<Value> = phone.chain(lead.email.iter().map(|email| multi("EMAIL", "WORK", email))).collect();
            if !multi.is_empty() {
                person.fields.insert("fm".to_owned(), Value::Array(multi));
            }
        }
        Ok(person)
    }

    async fn create_lead(&self, entity: i64, lead: &LeadToPush) -> Result<String, Fault> {
        let id = self.make_lead(entity, lead).await?;
        if entity == DEAL {
            self.put_service_on(&id, lead.service.as_deref(), None).await;
        }
        Ok(id)
    }

    async fn lead_fields(&self, entity: i64, lead: &LeadToPush) -> Result<Map<String, Value>, Fault> {
        let person = self.person(entity, lead).await?;
        let mut fields = self.made_fields(&origin_of(lead));
        fields.extend(person.fields);
        fields.insert("title".to_owned(), json!(title(lead)));
        fields.insert("comments".to_owned(), json!(self.lead_text(lead)));
        let source = lead.source.as_deref().map_or_else(String::new, |source| format!(" / {source}"));
        fields.insert("sourceDescription".to_owned(), json!(format!("flow / {}{source}", lead.channel.as_str())));
        match (entity, person.contact) {
            (DEAL, Some(contact)) => fields.insert("contactIds".to_owned(), json!([contact])),
            (_, Some(contact)) => fields.insert("contactId".to_owned(), json!(contact)),
            (_, None) => None,
        };
        if entity == DEAL {
            fields.insert("categoryId".to_owned(), json!(self.settings.category_id.unwrap_or(0)));
        }
        let stage = if entity == DEAL { &self.settings.deal_stage } else { &self.settings.lead_stage };
        if let Some(stage) = stage {
            fields.insert("stageId".to_owned(), json!(stage));
        }
        Ok(fields)
    }

    /// Writes what is new; what people wrote over stays, and the news go into the timeline.
    async fn update_lead(&self, entity: i64, item: &Value, lead: &LeadToPush) -> Result<String, Fault> {
        let id = item.get("id").and_then(read::text);
        let id = id.ok_or_else(|| self.wire.fault(FaultKind::Protocol, "crm.item.list", "an item has no id"))?;
        let text = self.lead_text(lead);
        let said = item.get("comments").and_then(read::text).unwrap_or_default();
        let mut fields = Map::new();
        let is_ours = said.is_empty() || said.contains(&lead.marker);
        if is_ours && plain(&said) != plain(&text) {
            fields.insert("comments".to_owned(), json!(text));
        }
        if is_ours && item.get("title").and_then(read::text).as_deref() != Some(title(lead).as_str()) {
            fields.insert("title".to_owned(), json!(title(lead)));
        }
        let has_contact = |name: &str| {
            let value = item.get(name).unwrap_or(&Value::Null);
            read::int(value).is_some_and(|id| id > 0) || !read::list(value).is_empty()
        };
        if !has_contact("contactId") && !has_contact("contactIds") && lead.phone.is_some() {
            let person = self.person(entity, lead).await?;
            match (entity, person.contact) {
                (DEAL, Some(contact)) => fields.insert("contactIds".to_owned(), json!([contact])),
                (_, Some(contact)) => fields.insert("contactId".to_owned(), json!(contact)),
                (_, None) => self.new_phone(item, lead).and_then(|new| fields.insert("fm".to_owned(), new)),
            };
        }
        if !fields.is_empty() {
            let adds = fields.contains_key("fm");
            let params = json!({"entityTypeId": entity, "id": super::deals::number(&id), "fields": fields.clone()});
            if adds {
                self.wire.write("crm.item.update", params).await?;
            } else {
                self.wire.settle("crm.item.update", params, self.has_texts(entity, &id, &fields)).await?;
            }
        }
        if !is_ours {
            let mark = crate::domain::crm::marker(&format!("{}:{text}", lead.lead_id));
            self.raw_comment(kind_of(entity), &id, &text, &mark).await?;
        }
        Ok(id)
    }

    /// Whether an object says these texts; what is no text is written again.
    async fn has_texts(&self, entity: i64, id: &str, wanted: &Map<String, Value>) -> Result<bool, Fault> {
        let params = json!({"entityTypeId": entity, "id": super::deals::number(id)});
        let answer = self.wire.read("crm.item.get", params).await?;
        let item = answer["result"].get("item").unwrap_or(&answer["result"]);
        let says = |name: &str| item.get(name).and_then(read::text).unwrap_or_default();
        Ok(wanted.iter().all(|(name, value)| value.as_str().is_some_and(|text| plain(&says(name)) == plain(text))))
    }

    /// What an earlier call began and cannot be seen: it may still be under way, or be there and late.
    async fn late_lead(&self, entity: i64, lead: &LeadToPush) -> Result<Option<(i64, Value)>, Fault> {
        let Some(begun) = self.wire.wiring().begun(&origin_of(lead), UNSEEN).await? else { return Ok(None) };
        let looks = if begun.id.is_some() { LATE_LOOKS } else { 1 };
        for _ in 0..looks {
            tokio::time::sleep(SETTLES).await;
            let found = self.known_lead(entity, lead).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Makes the object of a lead: the intent is kept first, and a doubt is looked into before anything is repeated.
    async fn make_lead(&self, entity: i64, lead: &LeadToPush) -> Result<String, Fault> {
        let fields = self.lead_fields(entity, lead).await.map_err(super::calendar::certain)?;
        let (origin, wiring) = (origin_of(lead), self.wire.wiring());
        wiring.begin(&origin, lead.phone.as_ref()).await?;
        let params = json!({"entityTypeId": entity, "fields": fields});
        let id = match self.add_item(params.clone()).await {
            Err(fault) if is_doubt(&fault) => {
                tokio::time::sleep(SETTLES).await;
                match self.known_lead(entity, lead).await {
                    Ok(Some((_, item))) => item.get("id").and_then(read::text).ok_or(fault),
                    Ok(None) => self.add_item(params).await,
                    Err(_) => Err(fault),
                }
            }
            told => told,
        };
        match &id {
            Ok(id) => wiring.was_made(&origin, lead.phone.as_ref(), id).await,
            Err(fault) if is_doubt(fault) => {}
            Err(_) => wiring.came_to_nothing(&origin).await,
        }
        id
    }

    async fn add_item(&self, params: Value) -> Result<String, Fault> {
        let answer = self.wire.write("crm.item.add", params).await?;
        let id = super::deals::read_deal_id(&answer["result"]);
        id.ok_or_else(|| self.wire.fault(FaultKind::UnknownOutcome, "crm.item.add", "the answer has no id"))
    }

    /// A phone that the lead's object does not have yet, in the form in which it is added.
    fn new_phone(&self, item: &Value, lead: &LeadToPush) -> Option<Value> {
        let phone = lead.phone.as_ref()?;
        let card = read_card(item).ok()?;
        let is_known = card.phones.iter().any(|stored| read::same_phone(phone, stored));
        (!is_known).then(|| json!({"n0": multi("PHONE", "MOBILE", phone.as_str())}))
    }

    fn lead_text(&self, lead: &LeadToPush) -> String {
        let words: [&str; 5] = if self.is_russian() {
            ["Кратко", "Услуга", "Когда", "Комментарий", "Состояние"]
        } else {
            ["Summary", "Service", "When", "Comment", "State"]
        };
        let line = |word: &str, value: Option<&str>| {
            let value = value.map(str::trim).filter(|value| !value.is_empty())?;
            Some(format!("[B]{word}:[/B] {}", bb(value)))
        };
        let summary = lead.summary.trim();
        let lines = [
            (!summary.is_empty()).then(|| format!("[B]{}[/B]\n{}", words[0], bb(summary))),
            line(words[1], lead.service.as_deref()),
            line(words[2], lead.wanted.as_deref()),
            line(words[3], lead.comment.as_deref()),
            line(words[4], Some(lead.status.as_str())),
            Some(lead.marker.clone()),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

#[async_trait]
impl Leads for Bitrix24 {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let entity = self.lead_entity().await?;
        let known = match self.known_lead(entity, lead).await? {
            Some(known) => Some(known),
            None => self.late_lead(entity, lead).await?,
        };
        let (entity, external_id) = match known {
            Some((entity, item)) => (entity, self.update_lead(entity, &item, lead).await?),
            None => (entity, self.create_lead(entity, lead).await?),
        };
        let url = format!("{}/crm/{}/details/{external_id}/", self.wire.site(), kind_of(entity));
        Ok(Pushed { external_id, url: Some(url) })
    }
}

/// The word of an entity in addresses and timelines.
pub(super) fn kind_of(entity: i64) -> &'static str {
    if entity == DEAL { "deal" } else { "lead" }
}

fn origin_of(lead: &LeadToPush) -> String {
    format!("lead:{}", lead.lead_id)
}

fn title(lead: &LeadToPush) -> String {
    lead.title.chars().take(TITLE).collect()
}

/// Text without what an editor may add to it.
fn plain(text: &str) -> String {
    text.replace("<br>", "\n").replace("<br />", "\n").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn multi(kind: &str, value_type: &str, value: &str) -> Value {
    json!({"typeId": kind, "valueType": value_type, "value": value})
}

/// The first item that carries that origin: a portal that does not hear the filter answers anything.
fn first_of(value: &Value, origin: &str) -> Result<Option<Value>, String> {
    let is_it = |item: &&&Value| item.get("originId").and_then(read::text).as_deref() == Some(origin);
    Ok(read_items(value)?.iter().find(is_it).map(|item| (**item).clone()))
}
