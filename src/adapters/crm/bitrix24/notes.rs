//! Comments in timelines and universal activities. Each carries a mark, so that it is not written twice.

use async_trait::async_trait;
use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::Bitrix24;
use super::account::Model;
use super::clients::CONTACT;
use super::deals::number;
use super::leads::{DEAL, kind_of};
use super::texts::bb;
use crate::adapters::http::read;
use crate::domain::crm::{About, Notes};
use crate::domain::fault::{Fault, FaultKind};

/// So many pages of a timeline are looked through, the newest first.
const PAGES: usize = 4;

impl Bitrix24 {
    /// Writes a comment of plain text.
    pub(super) async fn comment(&self, kind: &str, id: &str, text: &str, marker: &str) -> Result<(), Fault> {
        self.raw_comment(kind, id, &bb(text), marker).await
    }

    /// Writes a comment, unless the timeline has one with that mark.
    pub(super) async fn raw_comment(&self, kind: &str, id: &str, text: &str, marker: &str) -> Result<(), Fault> {
        if self.has_comment(kind, id, marker).await? {
            return Ok(());
        }
        let text = if text.contains(marker) { text.to_owned() } else { format!("{text}\n{marker}") };
        // The key `fields` in lower case: others are not heard since crm 23.100.
        let params = json!({"fields": {"ENTITY_ID": number(id), "ENTITY_TYPE": kind, "COMMENT": text}});
        self.wire.settle("crm.timeline.comment.add", params, self.has_comment(kind, id, marker)).await
    }

    async fn has_comment(&self, kind: &str, id: &str, marker: &str) -> Result<bool, Fault> {
        const LIST: &str = "crm.timeline.comment.list";
        let mut start = 0;
        for _ in 0..PAGES {
            let params = json!({"filter": {"ENTITY_ID": number(id), "ENTITY_TYPE": kind}, "select": ["ID", "COMMENT"],
                "order": {"ID": "DESC"}, "start": start});
            let answer = self.wire.read(LIST, params).await?;
            let texts = read_texts(&answer["result"], "COMMENT").map_err(self.wire.unread(LIST))?;
            if texts.iter().any(|(_, text)| text.contains(marker)) {
                return Ok(true);
            }
            match answer.get("next").and_then(read::int) {
                Some(next) => start = next,
                None => break,
            }
        }
        Ok(false)
    }

    /// Makes an activity with a deadline.
    pub(super) async fn activity(
        &self,
        (_, entity, id): (&str, i64, &str),
        title: &str,
        text: &str,
        due: &Zoned,
        marker: &str,
    ) -> Result<(), Fault> {
        let mut params = json!({"ownerTypeId": entity, "ownerId": number(id),
            "deadline": due.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), "title": title,
            "description": format!("{text}\n{marker}"), "pingOffsets": [0, 15]});
        let responsible = match self.settings.responsible_id {
            Some(id) => Some(json!(id)),
            None => Some(self.account().await?.user_id.clone()).filter(|id| !id.is_empty()).map(|id| number(&id)),
        };
        if let Some(responsible) = responsible {
            params["responsibleId"] = responsible;
        }
        let is_there = async { Ok(self.activities(entity, id).await?.iter().any(|known| known.text.contains(marker))) };
        self.wire.settle("crm.activity.todo.add", params, is_there).await
    }

    async fn activities(&self, entity: i64, id: &str) -> Result<Vec<Activity>, Fault> {
        const LIST: &str = "crm.activity.list";
        let bindings = json!([{"OWNER_TYPE_ID": entity, "OWNER_ID": number(id)}]);
        // Which provider universal activities are of is not sure: any open one is looked at.
        let params = json!({"filter": {"BINDINGS": bindings, "COMPLETED": "N"}, "order": {"DEADLINE": "ASC"},
            "select": ["ID", "SUBJECT", "DESCRIPTION", "PROVIDER_ID", "DEADLINE"], "start": -1});
        let answer = self.wire.read(LIST, params).await?;
        read_activities(&answer["result"]).map_err(self.wire.unread(LIST))
    }

    /// The open activity that flow made for something.
    pub(super) async fn open_activity(&self, entity: i64, id: &str) -> Result<Option<Activity>, Fault> {
        let open = self.activities(entity, id).await?;
        Ok(open.into_iter().find(|known| known.text.contains("flow-")))
    }

    /// What a note is written to: its word, its type and its id.
    async fn subject(&self, about: &About) -> Result<(&'static str, i64, String), Fault> {
        match about {
            About::Client(id) => Ok(("contact", CONTACT, id.clone())),
            About::Lead(id) => {
                let entity = self.lead_entity().await?;
                Ok((kind_of(entity), entity, id.clone()))
            }
            About::Appointment(id) if self.model() == Model::Deal => Ok(("deal", DEAL, id.clone())),
            About::Appointment(id) => {
                let missing = |what: &str| self.wire.fault(FaultKind::NotFound, "note", format!("{what} `{id}`"));
                let item = self.one(id).await?.ok_or_else(|| missing("there is no appointment"))?;
                let contact = item.contacts.into_iter().flatten().next();
                let contact = contact.ok_or_else(|| missing("nobody is known to come to"))?;
                Ok(("contact", CONTACT, contact))
            }
        }
    }
}

#[async_trait]
impl Notes for Bitrix24 {
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault> {
        let (kind, _, id) = self.subject(about).await?;
        self.comment(kind, &id, text, marker).await
    }

    async fn task(&self, about: &About, text: &str, due: &Zoned, marker: &str) -> Result<(), Fault> {
        let (kind, entity, id) = self.subject(about).await?;
        let open = self.activities(entity, &id).await?;
        if open.iter().any(|known| known.text.contains(marker)) {
            return Ok(());
        }
        let title: String = text.lines().next().unwrap_or_default().chars().take(100).collect();
        self.activity((kind, entity, &id), &title, &bb(text), due, marker).await
    }
}

/// An open activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// Its description.
    pub text: String,
    /// When it is due, as the portal writes it.
    pub due: String,
}

impl Activity {
    /// Whether it is due then; a time without an offset is the business's.
    #[must_use]
    pub fn is_due(&self, at: &Zoned) -> bool {
        let due = self.due.replacen(' ', "T", 1);
        let local = || due.parse::<DateTime>().ok()?.to_zoned(at.time_zone().clone()).ok().map(|due| due.timestamp());
        due.parse::<Timestamp>().ok().or_else(local) == Some(at.timestamp())
    }
}

/// Reads `crm.activity.list`.
///
/// # Errors
/// When it is no list.
pub fn read_activities(value: &Value) -> Result<Vec<Activity>, String> {
    let Value::Array(rows) = value else { return Err("the answer is no list".to_owned()) };
    let of = |row: &Value, name: &str| row.get(name).and_then(read::text);
    let activity = |row: &Value| {
        let (text, due) = (of(row, "DESCRIPTION").unwrap_or_default(), of(row, "DEADLINE").unwrap_or_default());
        Some(Activity { id: of(row, "ID").or_else(|| of(row, "id"))?, text, due })
    };
    Ok(rows.iter().filter_map(activity).collect())
}

/// Reads ids and one text of each row.
///
/// # Errors
/// When it is no list.
pub fn read_texts(value: &Value, name: &str) -> Result<Vec<(String, String)>, String> {
    let Value::Array(rows) = value else { return Err("the answer is no list".to_owned()) };
    let row = |row: &Value| {
        let text = row.get(name).and_then(read::text).unwrap_or_default();
        Some((row.get("ID").or_else(|| row.get("id")).and_then(read::text)?, text))
    };
    Ok(rows.iter().filter_map(row).collect())
}
