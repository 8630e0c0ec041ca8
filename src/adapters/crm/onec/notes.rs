//! Notes: in the text that people of the company read, or as an event of the client.

use async_trait::async_trait;
use serde_json::{Map as Object, Value};

use super::far::Query;
use super::leads::NOTE;
use super::{OneC, judge, wire};
use crate::adapters::http::read;
use crate::domain::crm::{About, Notes};
use crate::domain::fault::{Fault, FaultKind};

impl OneC {
    /// Adds a note to a text field, once.
    async fn append(&self, place: (&str, &str), id: &str, text: &str, marker: &str) -> Result<(), Fault> {
        let (set, field) = place;
        let row = self.element("note", set, id, &format!("Ref_Key,{field}")).await?;
        let row = row.ok_or_else(|| self.fault(FaultKind::NotFound, "note", format!("there is no `{id}`")))?;
        let held = row.get(field).and_then(Value::as_str).unwrap_or_default().trim_end();
        if held.contains(marker) {
            return Ok(());
        }
        let whole = format!("{held}{NOTE}{marker}: {text}");
        self.keep_text("note", place, &row, whole.trim_start(), false).await
    }

    /// A note about a client as an event: the card has no room for it.
    async fn event(&self, client: &str, text: &str, marker: &str) -> Result<(), Fault> {
        let (Some(map), Some(clients)) = (&self.map.lead, &self.map.client) else {
            return Err(self.unmapped("note", "lead"));
        };
        let Some(field) = &map.client else {
            let detail = "name `client.comment` or `lead.client` in the map: there is no place for a note on a client";
            return Err(self.fault(FaultKind::Unsupported, "note", detail));
        };
        let filter = wire::all(&[&wire::refers(field, &clients.set, client), "DeletionMark eq false"]);
        let query = Query { filter, select: format!("Ref_Key,{}", map.text), order: "Ref_Key".to_owned() };
        let rows = self.rows("note", &map.set, &query).await?;
        let is_it = |row: &Value| row.get(&map.text).and_then(read::text).is_some_and(|text| text.contains(marker));
        if rows.iter().any(is_it) {
            return Ok(());
        }
        let mut body = Object::new();
        for (name, value) in &map.constants {
            body.insert(name.clone(), wire::sent(value));
        }
        if map.set.starts_with("Document_") {
            let now = self.now().to_zoned(self.zone().await).datetime();
            body.insert("Date".to_owned(), wire::moment(now).into());
        }
        if let Some(title) = &map.title {
            body.insert(title.clone(), "Заметка из чата".into());
        }
        body.insert(map.text.clone(), format!("{marker}: {text}").into());
        wire::refer(&mut body, field, &clients.set, client);
        let made = self.create("note", &map.set, body.clone()).await.map_err(judge::certain)?;
        self.kept("note", &body, &made, &[field.as_str()])
    }
}

#[async_trait]
impl Notes for OneC {
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault> {
        match about {
            About::Client(id) => match self.map.client.as_ref().and_then(|map| Some((&map.set, map.comment.as_ref()?)))
            {
                Some((set, field)) => self.append((set, field), id, text, marker).await,
                None => match wire::guid(id) {
                    Some(client) => self.event(&client, text, marker).await,
                    None => Err(self.fault(FaultKind::NotFound, "note", format!("there is no client `{id}`"))),
                },
            },
            About::Appointment(id) => {
                let map = self.appointment_map("note")?;
                let field = map.comment.as_ref().ok_or_else(|| self.unmapped("note", "appointment.comment"))?;
                self.append((&map.set, field), id, text, marker).await
            }
            About::Lead(id) => {
                let map = self.lead_map("note")?;
                self.append((&map.set, &map.text), id, text, marker).await
            }
        }
    }
}
