//! Leads: an event, an order, a task or an element of a catalogue, whatever the map says.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map as Object, Value};

use super::cards::DOUBT;
use super::far::Query;
use super::map::LeadMap;
use super::{OneC, judge, wire};
use crate::adapters::http::{read, url};
use crate::domain::crm::{LeadToPush, Leads, Pushed};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// Notes follow the lead's own text, each after such a line.
pub(super) const NOTE: &str = "\n\nЗаметка ";
/// A lead that cannot be seen yet is looked for again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(8);
/// What tells that 1C has less than flow.
const CUT: &str = "… (полностью — в flow)";

/// A lead's text: the mark first, because 1C cuts a text at its end and says nothing.
fn text(lead: &LeadToPush) -> String {
    let mut lines = vec![format!("Чат. {}", lead.marker), lead.summary.trim().to_owned()];
    let mut say = |name: &str, value: Option<&str>| {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            lines.push(format!("{name}: {value}"));
        }
    };
    say("Имя", lead.name.as_deref());
    say("Телефон", lead.phone.as_ref().map(crate::domain::contact::Phone::as_str));
    say("Почта", lead.email.as_deref());
    say("Услуга", lead.service.as_deref());
    say("Когда", lead.wanted.as_deref());
    say("Комментарий", lead.comment.as_deref());
    say("Канал", Some(lead.channel.as_str()));
    say("Источник", lead.source.as_deref());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A text that fits, cut between words.
fn shortened(text: &str, letters: usize) -> String {
    let room = letters.saturating_sub(CUT.chars().count());
    let head: String = text.chars().take(room).collect();
    let at = head.rfind(char::is_whitespace).filter(|at| *at > head.len() / 2).unwrap_or(head.len());
    format!("{}{CUT}", head[..at].trim_end())
}

/// The address that opens an object in the web client.
fn link(base: &str, set: &str, id: &str) -> Option<String> {
    let kind_and_name = wire::shown(set);
    let site = base.split("/odata/").next()?;
    let parts: Vec<&str> = id.split('-').collect();
    let [a, b, c, d, e] = parts.as_slice() else { return None };
    Some(format!("{site}/#e1cib/data/{}?ref={d}{e}{c}{b}{a}", url::encode(&kind_and_name)))
}

impl OneC {
    pub(super) fn lead_map(&self, call: &'static str) -> Result<&LeadMap, Fault> {
        self.map.lead.as_ref().ok_or_else(|| self.unmapped(call, "lead"))
    }

    fn lead_select(map: &LeadMap) -> String {
        let fields = ["Ref_Key", "DeletionMark", map.text.as_str()];
        fields.into_iter().chain(map.marker.as_deref()).collect::<Vec<_>>().join(",")
    }

    /// The object of a lead: by its id, else by its mark.
    async fn pushed(&self, map: &LeadMap, lead: &LeadToPush) -> Result<Option<Value>, Fault> {
        let select = Self::lead_select(map);
        if let Some(id) = &lead.external_id
            && let Some(found) = self.element("push", &map.set, id, &select).await?
        {
            return Ok(Some(found));
        }
        self.marked(map, &lead.marker, lead.created_at).await
    }

    /// The object that carries a mark.
    async fn marked(&self, map: &LeadMap, mark: &str, since: Timestamp) -> Result<Option<Value>, Fault> {
        let field = map.marker.as_ref().unwrap_or(&map.text);
        let carries = |row: &Value| row.get(field).and_then(read::text).is_some_and(|text| text.contains(mark));
        let query = |filter: String| Query { filter, select: Self::lead_select(map), order: "Ref_Key".to_owned() };
        let by_mark = format!("substringof({},{field}) and DeletionMark eq false", wire::quoted(mark));
        match self.rows("push", &map.set, &query(by_mark)).await {
            Ok(rows) => return Ok(rows.into_iter().find(carries)),
            Err(fault) if fault.kind == FaultKind::Rejected && map.set.starts_with("Document_") => {
                tracing::info!(field, "this base does not search by the text of a lead: the latest are looked through");
            }
            Err(fault) => return Err(fault),
        }
        let since = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
        let since = since.to_zoned(self.zone().await).datetime();
        let recent = format!("Date ge {} and DeletionMark eq false", wire::moment_literal(since));
        Ok(self.rows("push", &map.set, &query(recent)).await?.into_iter().find(carries))
    }

    async fn create_lead(&self, map: &LeadMap, lead: &LeadToPush) -> Result<Value, Fault> {
        let mut body = Object::new();
        for (field, value) in &map.constants {
            body.insert(field.clone(), wire::sent(value));
        }
        if map.set.starts_with("Document_") {
            let now = self.now().to_zoned(self.zone().await).datetime();
            body.insert("Date".to_owned(), wire::moment(now).into());
        }
        let title = map.title.as_deref().or_else(|| map.set.starts_with("Catalog_").then_some("Description"));
        if let Some(field) = title {
            body.insert(field.to_owned(), lead.title.clone().into());
        }
        body.insert(map.text.clone(), text(lead).into());
        if let Some(field) = map.marker.as_ref().filter(|field| **field != map.text) {
            body.insert(field.clone(), lead.marker.clone().into());
        }
        if let (Some(field), Some(phone)) = (&map.phone, &lead.phone) {
            body.insert(field.clone(), phone.as_str().into());
        }
        if let Some(field) = &map.source {
            let source = lead.source.clone().unwrap_or_else(|| lead.channel.as_str().to_owned());
            body.insert(field.clone(), source.into());
        }
        if let (Some(field), Some(clients)) = (&map.client, &self.map.client) {
            let known = match &lead.phone {
                Some(phone) => self.cards("push", phone).await.map_err(judge::before_the_write)?.into_iter().next(),
                None => None,
            };
            let id = known.and_then(|card| card.id).unwrap_or_else(|| wire::NOBODY.to_owned());
            wire::refer(&mut body, field, &clients.set, &id);
        }
        self.wiring.begin(&lead.marker, lead.phone.as_ref()).await?;
        let made = match self.create("create_lead", &map.set, body).await {
            Err(fault) if judge::is_refused(&fault) => match self.marked(map, &lead.marker, lead.created_at).await {
                Ok(found) => found.ok_or_else(|| judge::certain(fault)),
                Err(looked) => Err(Fault { kind: FaultKind::UnknownOutcome, ..looked }),
            },
            made => made,
        };
        match &made {
            Ok(row) => {
                let id = row.get("Ref_Key").and_then(wire::read_reference).unwrap_or_default();
                self.wiring.was_made(&lead.marker, lead.phone.as_ref(), &id).await;
            }
            Err(fault) if fault.retry() == Retry::Look => {}
            Err(_) => self.wiring.came_to_nothing(&lead.marker).await,
        }
        made
    }

    /// Whether an earlier call may have made the object although it cannot be seen.
    async fn is_open(&self, lead: &LeadToPush) -> Result<(), Fault> {
        let Some(begun) = self.wiring.begun(&lead.marker, DOUBT).await? else { return Ok(()) };
        let detail = "the lead was written a moment ago, or is being written: nothing of it is to be seen yet";
        let fault = self.fault(FaultKind::UnknownOutcome, "push", detail);
        let left = (DOUBT - begun.age).min(LOOK_AGAIN);
        Err(Fault { retry_after: left.try_into().ok(), ..fault })
    }

    /// Sees to it that an object has a text, in a shorter form where the field is short.
    pub(super) async fn keep_text(
        &self,
        call: &'static str,
        (set, field): (&str, &str),
        row: &Value,
        text: &str,
        is_new: bool,
    ) -> Result<(), Fault> {
        let id = row.get("Ref_Key").and_then(wire::read_reference);
        let id = id.ok_or_else(|| self.odd(call)("an object has no Ref_Key".to_owned()))?;
        let written = if call == "push" { "update_lead" } else { "write_note" };
        let mut body = Object::new();
        let held = row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        if same(&held, text) || is_short_of(&held, text) {
            return Ok(());
        }
        body.insert(field.to_owned(), text.into());
        let kept = match is_new && is_cut(&held, text) {
            // It was written a moment ago and was cut.
            true => held,
            false => {
                let kept = self.patch(written, set, &id, body.clone()).await.map_err(judge::certain)?;
                kept.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
            }
        };
        if same(&kept, text) {
            return Ok(());
        }
        if !is_cut(&kept, text) {
            return Err(self.not_kept(call, field));
        }
        let letters = kept.chars().count();
        tracing::warn!(field, letters, "1C cuts this field: the text is shortened");
        body.insert(field.to_owned(), shortened(text, letters).into());
        self.patch(written, set, &id, body).await.map_err(judge::certain).map(drop)
    }
}

fn plain(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

fn same(held: &str, text: &str) -> bool {
    plain(held) == plain(text)
}

/// Whether 1C has the beginning of a text and no more.
fn is_cut(held: &str, text: &str) -> bool {
    !plain(held).is_empty() && plain(text).starts_with(&plain(held))
}

/// Whether 1C has the shortened form of a text.
fn is_short_of(held: &str, text: &str) -> bool {
    plain(held).strip_suffix(CUT).is_some_and(|head| !head.is_empty() && plain(text).starts_with(head))
}

#[async_trait]
impl Leads for OneC {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let map = self.lead_map("push")?;
        let found = self.pushed(map, lead).await?;
        let is_new = found.is_none();
        let (row, text) = match found {
            Some(row) => {
                // What people of the company noted below stays.
                let held = row.get(&map.text).and_then(Value::as_str).unwrap_or_default();
                let notes = held.find(NOTE).map_or("", |at| &held[at..]).to_owned();
                (row, format!("{}{notes}", text(lead)))
            }
            None => {
                self.is_open(lead).await?;
                (self.create_lead(map, lead).await?, text(lead))
            }
        };
        self.keep_text("push", (&map.set, &map.text), &row, &text, is_new).await?;
        let id = row.get("Ref_Key").and_then(wire::read_reference);
        let id = id.ok_or_else(|| self.odd("push")("a lead has no Ref_Key".to_owned()))?;
        Ok(Pushed { url: link(&self.base, &map.set, &id), external_id: id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_between_words_and_known_again() {
        let text = "Чат. flow-ABC\nХочет стрижку в пятницу утром, лучше у Анны, можно и в субботу";
        let short = shortened(text, 60);
        assert!(short.chars().count() <= 60 && short.ends_with(CUT), "{short}");
        assert!(is_short_of(&short, text) && is_cut("Чат. flow-ABC\r\nХочет", text) && !is_cut("", text));
    }

    #[test]
    fn a_link_opens_the_object_in_the_web_client() {
        let id = "ab4f0e5a-1111-22ee-8c0b-0050569a0001";
        let link = link("https://h/salon/odata/standard.odata", "Document_Event", id).unwrap();
        assert!(link.starts_with("https://h/salon/#e1cib/data/%D0%94"), "{link}");
        assert!(link.ends_with("?ref=8c0b0050569a000122ee1111ab4f0e5a"), "{link}");
    }
}
