//! Leads and notes: events, each once for each of its words.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Dikidi;
use super::calendar::Standing;
use super::outbound::{Event, id_of};
use super::scalars::text;
use crate::adapters::http::read;
use crate::domain::copies::Copied;
use crate::domain::crm::{About, LeadToPush, Leads, Notes, Pushed};
use crate::domain::fault::Fault;
use crate::domain::lead::LeadStatus;
use crate::domain::signing::short_mark;

const LEAD: &str = "lead";
const NOTE: &str = "note";

/// A lead's status in the words of the bridge.
const fn status(status: LeadStatus) -> &'static str {
    match status {
        LeadStatus::New => "new",
        LeadStatus::InProgress | LeadStatus::Qualified | LeadStatus::Booked => "in_progress",
        LeadStatus::Won => "won",
        LeadStatus::Lost => "lost",
        LeadStatus::Spam => "spam",
    }
}

fn lead_data(lead: &LeadToPush, revision: i64) -> Value {
    let services: Vec<Value> = lead.service.iter().map(|title| json!({"name": title})).collect();
    let phone = lead.phone.as_ref().map(|phone| phone.as_str());
    json!({
        "lead_id": lead.lead_id, "revision": revision, "channel": lead.channel.as_str(), "channel_user": null,
        "language": null, "status": status(lead.status), "title": lead.title,
        "client": {"name": lead.name, "phone": phone, "email": lead.email},
        "interest": {"services": services, "employee": null, "wanted": lead.wanted},
        "summary": lead.summary, "comment": lead.comment, "consent": null, "conversation_url": null,
        "utm": {"source": lead.source},
    })
}

#[async_trait]
impl Leads for Dikidi {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let store = &self.wiring.store;
        let known = store.copied(&self.wiring.name, LEAD, &lead.lead_id).await.map_err(self.lost("lead"))?;
        let kept = known.map(|copy| copy.body).unwrap_or_default();
        let int = |name: &str| kept.get(name).and_then(read::int).unwrap_or(0);
        let words = short_mark(&lead_data(lead, 0).to_string());
        let ext_id = text(&kept, "ext_id");
        let answer =
            |ext_id: Option<String>| Pushed { external_id: ext_id.unwrap_or_else(|| lead.lead_id.clone()), url: None };
        let (sent, tried) = (int("sent"), int("tried"));
        let is_same = text(&kept, "words").as_deref() == Some(words.as_str());
        if is_same && sent > 0 && sent == tried {
            return Ok(answer(ext_id));
        }
        // A revision that was tried with other words may have been heard: the next one is newer.
        let revision = if is_same && tried > 0 { tried } else { tried + 1 };
        let keep = |sent: i64, ext_id: &Option<String>| Copied {
            id: lead.lead_id.clone(),
            phone: lead.phone.clone(),
            body: json!({"words": words, "tried": revision, "sent": sent, "ext_id": ext_id}),
            at: self.wiring.clock.now(),
        };
        store.keep_copy(&self.wiring.name, LEAD, &keep(sent, &ext_id)).await.map_err(self.lost("lead"))?;
        let event = Event {
            operation: "lead",
            kind: if revision == 1 { "lead.created" } else { "lead.updated" },
            id: id_of(&self.wiring.name, &format!("lead|{}|{revision}|{words}", lead.lead_id)),
            at: if revision == 1 { lead.created_at } else { self.wiring.clock.now() },
            data: lead_data(lead, revision),
        };
        let ext_id = self.deliver(&event).await?.ext_id.or(ext_id);
        store.keep_copy(&self.wiring.name, LEAD, &keep(revision, &ext_id)).await.map_err(self.lost("lead"))?;
        Ok(answer(ext_id))
    }
}

impl Dikidi {
    /// What a note is about, as the other side knows it.
    async fn target(&self, about: &About) -> Result<(Value, Option<crate::domain::contact::Phone>), Fault> {
        let (kind, id, phone) = match about {
            About::Client(id) => {
                let copy =
                    self.wiring.store.copied(&self.wiring.name, "client", id).await.map_err(self.lost("note"))?;
                ("client", id.clone(), copy.and_then(|copy| copy.phone))
            }
            About::Lead(id) => ("lead", id.clone(), None),
            About::Appointment(id) => match self.standing("note", id).await? {
                Some(Standing::Visit(visit)) => ("appointment", visit.ext_id, visit.client.phone),
                Some(Standing::Request(request)) => ("appointment", request.id, request.phone),
                None => ("appointment", id.clone(), None),
            },
        };
        let shown = phone.as_ref().map(|phone| phone.as_str().to_owned());
        Ok((json!({"kind": kind, "ext_id": id, "phone": shown}), phone))
    }
}

#[async_trait]
impl Notes for Dikidi {
    async fn note(&self, about: &About, words: &str, marker: &str) -> Result<(), Fault> {
        let store = &self.wiring.store;
        let known = store.copied(&self.wiring.name, NOTE, marker).await.map_err(self.lost("note"))?;
        if known.is_some() {
            return Ok(());
        }
        let (target, phone) = self.target(about).await?;
        let now = self.wiring.clock.now();
        let event = Event {
            operation: "note",
            kind: "note.added",
            id: id_of(&self.wiring.name, &format!("note|{marker}")),
            at: now,
            data: json!({"target": target, "text": words, "note_id": format!("nt_{marker}")}),
        };
        self.deliver(&event).await?;
        let copy = Copied { id: marker.to_owned(), phone, body: json!({}), at: now };
        store.keep_copy(&self.wiring.name, NOTE, &copy).await.map_err(self.lost("note")).map(|_| ())
    }
}
