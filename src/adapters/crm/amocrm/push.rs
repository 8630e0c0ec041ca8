//! Leads of the desk: the same lead is the same object, and the conversation in short is a note on it.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Amo;
use super::contacts::{Contact, contact_body};
use super::fields::Fields;
use super::leads::Lead;
use super::rows::{Made, read_made};
use crate::adapters::http::Call;
use crate::domain::crm::{LeadToPush, Leads, Pushed, marker};
use crate::domain::fault::Fault;

impl Amo {
    fn new_lead(&self, lead: &LeadToPush, fields: &Fields) -> Value {
        let mut values: Vec<Value> =
            fields.flow.as_ref().and_then(|field| field.value(&lead.marker)).into_iter().collect();
        let source = lead.source.as_deref().unwrap_or(lead.channel.as_str());
        let source =
            fields.source.as_ref().and_then(|field| field.value(source).or_else(|| field.value(lead.channel.as_str())));
        values.extend(source);
        let mut body = json!({
            "name": Self::marked_name(&lead.title, &lead.marker, fields),
            "request_id": lead.marker,
        });
        if !values.is_empty() {
            body["custom_fields_values"] = json!(values);
        }
        for (name, value) in self.stage(self.settings.status_new) {
            body[name] = value;
        }
        body
    }

    /// Writes a lead that is not there yet: with its contact in one call, which takes no tags, when nobody is known by
    /// that phone.
    async fn push_new(&self, lead: &LeadToPush, known: Option<&Contact>, fields: &Fields) -> Result<Made, Fault> {
        let mut body = self.new_lead(lead, fields);
        let is_reachable = lead.phone.is_some() || lead.email.is_some();
        let (operation, path) = match known {
            Some(contact) => {
                body["_embedded"] = json!({"contacts": [{"id": contact.id}]});
                body["tags_to_add"] = json!([{"name": "flow"}]);
                ("create_lead", "leads")
            }
            None if is_reachable => {
                let contact = contact_body(lead.name.as_deref(), lead.phone.as_ref(), lead.email.as_deref());
                body["_embedded"] = json!({"contacts": [contact]});
                ("create_lead_complex", "leads/complex")
            }
            None => {
                body["tags_to_add"] = json!([{"name": "flow"}]);
                ("create_lead", "leads")
            }
        };
        let call = Call::post(operation, self.api(path)).json(json!([body]));
        let answer = self.ask(&call).await?.unwrap_or_default();
        let shape = if answer.is_array() { "an array" } else { "an object" };
        tracing::debug!(connection = %self.wiring.name, operation, shape, "a lead was made");
        read_made(&answer, "leads").map_err(self.unreadable(operation))
    }

    /// Brings what flow says of a lead up to date; what people changed in the stage or the contact stays theirs.
    async fn push_again(&self, found: &Lead, lead: &LeadToPush, fields: &Fields) -> Result<(), Fault> {
        let name = match found.mark_in_name() {
            Some(mark) => format!("{} · {mark}", lead.title.chars().take(200).collect::<String>()),
            None => Self::marked_name(&lead.title, &lead.marker, fields),
        };
        let mark: Vec<Value> = fields.flow.as_ref().and_then(|field| field.value(&lead.marker)).into_iter().collect();
        let mut changes = json!({});
        let differing = found.differing(&mark);
        if !differing.is_empty() {
            changes["custom_fields_values"] = json!(differing);
        }
        if found.name != name {
            changes["name"] = json!(name);
        }
        if changes.as_object().is_some_and(|changes| !changes.is_empty()) {
            self.change_lead(found.id, changes).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Leads for Amo {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let fields = self.fields().await?;
        // An object that is known needs nobody to be looked for.
        let known = match &lead.external_id {
            Some(id) => self.lead(id).await?,
            None => None,
        };
        let contacts = match (&known, &lead.phone) {
            (None, Some(phone)) => self.contacts_with(phone).await?,
            _ => Vec::new(),
        };
        let found = match known {
            Some(found) => Some(found),
            None => self.lead_marked(&lead.marker, &contacts, &fields).await?,
        };
        let (id, is_new) = match found {
            Some(found) => {
                self.push_again(&found, lead, &fields).await?;
                (found.id, false)
            }
            None => {
                self.is_settled("push", &lead.marker).await?;
                let made = self.push_new(lead, contacts.first(), &fields).await;
                let made = self.doubted(&lead.marker, made).await?;
                if let Some((phone, contact)) = lead.phone.as_ref().zip(made.contact) {
                    self.remember(phone, contact).await;
                }
                if made.is_merged {
                    tracing::info!(connection = %self.wiring.name, lead = made.id, "amoCRM joined a lead into another");
                    if let Some(other) = self.lead(&made.id.to_string()).await? {
                        self.push_again(&other, lead, &fields).await?;
                    }
                }
                (made.id, !made.is_merged)
            }
        };
        self.summarise(id, lead, is_new).await?;
        let url = format!("{}/leads/detail/{id}", self.base);
        Ok(Pushed { external_id: id.to_string(), url: Some(url) })
    }
}

impl Amo {
    /// The conversation in short, once for each text.
    async fn summarise(&self, id: i64, lead: &LeadToPush, is_new: bool) -> Result<(), Fault> {
        let text = note_text(lead);
        if text.is_empty() {
            return Ok(());
        }
        let mark = marker(&format!("{}|{text}", lead.lead_id));
        let id = id.to_string();
        if !is_new && self.has_note("leads", &id, &mark).await? {
            return Ok(());
        }
        self.is_settled("push", &mark).await?;
        let written = self.write_note("leads", &id, &text, &mark).await;
        self.doubted(&mark, written).await
    }
}

fn note_text(lead: &LeadToPush) -> String {
    let line = |name: &str, value: Option<&str>| value.map(|value| format!("{name}: {value}"));
    let lines = [
        line("Услуга", lead.service.as_deref()),
        line("Когда", lead.wanted.as_deref()),
        line("Комментарий", lead.comment.as_deref()),
        line("Источник", Some(lead.source.as_deref().unwrap_or(lead.channel.as_str()))),
        Some(lead.summary.trim().to_owned()).filter(|summary| !summary.is_empty()),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
