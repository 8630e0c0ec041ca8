//! Notes and tasks for the people who work in amoCRM.

use async_trait::async_trait;
use jiff::Zoned;
use serde_json::{Value, json};

use super::Amo;
use super::rows::member;
use super::tasks::NewTask;
use crate::adapters::http::{Call, read};
use crate::domain::crm::{About, Notes};
use crate::domain::fault::{Fault, FaultKind};

/// The text of a note.
pub(super) fn read_note(row: &Value) -> Option<String> {
    let params = member(row, "params");
    read::text(member(params, "text")).or_else(|| read::text(member(row, "text")))
}

impl Amo {
    /// Whether a note with that mark is among the last of the object.
    pub(super) async fn has_note(&self, entity: &str, id: &str, marker: &str) -> Result<bool, Fault> {
        let path = format!("{entity}/{id}/notes");
        let query = [("filter[note_type][]", "common"), ("order[id]", "desc"), ("limit", "50")];
        let notes = self.all("notes", (&path, "notes"), &query, 1).await?;
        Ok(notes.iter().filter_map(read_note).any(|text| text.contains(marker)))
    }

    /// Writes a note whose last line is its mark.
    pub(super) async fn write_note(&self, entity: &str, id: &str, text: &str, marker: &str) -> Result<(), Fault> {
        let note = json!([{
            "note_type": "common",
            "params": {"text": format!("{text}\n{marker}")},
            "request_id": marker,
        }]);
        let call = Call::post("create_note", self.api(&format!("{entity}/{id}/notes"))).json(note);
        self.made(&call, "notes").await.map(|_| ())
    }

    /// What a note is about, as amoCRM has it.
    fn about<'a>(&self, about: &'a About) -> Result<(&'static str, &'a str), Fault> {
        let (entity, id) = match about {
            About::Client(id) => ("contacts", id),
            About::Appointment(id) | About::Lead(id) => ("leads", id),
        };
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.portal().fault(FaultKind::NotFound, "note", format!("there is no `{id}` in {entity}")));
        }
        Ok((entity, id))
    }
}

#[async_trait]
impl Notes for Amo {
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault> {
        let (entity, id) = self.about(about)?;
        if self.has_note(entity, id, marker).await? {
            return Ok(());
        }
        self.is_settled("note", marker).await?;
        let written = self.write_note(entity, id, text, marker).await;
        self.doubted(marker, written).await
    }

    async fn task(&self, about: &About, text: &str, due: &Zoned, marker: &str) -> Result<(), Fault> {
        let (entity, id) = self.about(about)?;
        if self.tasks_of(entity, id).await?.iter().any(|task| task.text.contains(marker)) {
            return Ok(());
        }
        self.is_settled("task", marker).await?;
        let task = NewTask {
            entity,
            id,
            kind: 1,
            text: format!("{text}\n{marker}"),
            at: due.timestamp(),
            seconds: 0,
            user: None,
            marker,
        };
        let written = self.write_task(&task).await;
        self.doubted(marker, written).await
    }
}
