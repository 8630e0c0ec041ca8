//! Comments of clients: under one of two paths, or in the card itself.

use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use super::Branch;
use super::cards::{Change, body};
use super::wire::{self, Who};
use crate::adapters::http::{Call, Method};
use crate::domain::crm::{About, Notes};
use crate::domain::fault::{Fault, FaultKind};

/// A comment: its id and what it says.
pub(super) fn read_comments(body: &Value) -> Result<Vec<(Option<String>, String)>, String> {
    let data = wire::data(body);
    let inner = ["comments", "items"].iter().find_map(|name| data.get(*name)).unwrap_or(body);
    let text = |row: &Value| {
        let text = ["text", "comment", "content", "body"].iter().find_map(|name| wire::text(row, name));
        text.map(|text| (wire::id(row, "id"), text))
    };
    Ok(wire::rows(inner, "comments")?.into_iter().filter_map(text).collect())
}

impl Branch {
    /// Writes a comment that carries the mark. What an earlier one with the mark says is replaced; one that says the
    /// same is left.
    pub(super) async fn write_comment(
        &self,
        operation: &'static str,
        client: &str,
        text: &str,
        marker: &str,
    ) -> Result<(), Fault> {
        let text = format!("{text}\n#{marker}");
        let Some(known) = self.comments(operation, client).await? else {
            return self.write_into_card(operation, client, &text, marker).await;
        };
        let ours: Vec<_> = known.into_iter().filter(|(_, known)| known.contains(marker)).collect();
        let is_there = ours.iter().any(|(_, known)| known.trim() == text.trim());
        if !is_there && !self.add_comment(client, &text).await? {
            return self.write_into_card(operation, client, &text, marker).await;
        }
        for (id, _) in ours.into_iter().filter(|(_, known)| known.trim() != text.trim()) {
            let Some(id) = id else { continue };
            let call = self.comments_call("remove_comment", Method::Delete, client, Some(&id));
            if let Err(fault) = self.wire.done(&call).await {
                tracing::info!(connection = %self.wiring.name, %fault, "an older comment of ours stays");
            }
        }
        Ok(())
    }

    fn comments_call(&self, operation: &'static str, method: Method, client: &str, id: Option<&str>) -> Call {
        let [first, second] = self.vendor.comments;
        let root = if self.comments_elsewhere() { second } else { first };
        let mut parts = vec![root, &self.company_id, "clients", client, "comments"];
        parts.extend(id);
        self.wire.call(operation, method, Who::User, &parts)
    }

    /// Comments of a client; nothing where this account has no such list.
    async fn comments(
        &self,
        operation: &'static str,
        client: &str,
    ) -> Result<Option<Vec<(Option<String>, String)>>, Fault> {
        for _ in 0..2 {
            let call = self.comments_call("client_comments", Method::Get, client, None);
            match self.wire.portal.json(&call).await {
                Ok(body) => return read_comments(&body).map(Some).map_err(self.unreadable(operation)),
                Err(fault) if fault.kind == FaultKind::NotFound => {
                    // Either of two paths is there; which one, is remembered.
                    let is_elsewhere = self.comments_elsewhere.fetch_not(Ordering::Relaxed);
                    tracing::info!(connection = %self.wiring.name, second = !is_elsewhere, "comments of clients lie elsewhere");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(None)
    }

    /// Whether the comment could be written; how its text is called is not in the vendor's papers.
    async fn add_comment(&self, client: &str, text: &str) -> Result<bool, Fault> {
        for name in ["text", "comment"] {
            let call = self.comments_call("comment_client", Method::Post, client, None).json(json!({name: text}));
            match self.wire.done(&call).await {
                Ok(_) => return Ok(true),
                Err(fault) if fault.kind == FaultKind::NotFound => return Ok(false),
                Err(fault) if fault.kind == FaultKind::Rejected => {
                    tracing::info!(connection = %self.wiring.name, name, "a comment is not taken under this name");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    async fn write_into_card(
        &self,
        operation: &'static str,
        client: &str,
        text: &str,
        marker: &str,
    ) -> Result<(), Fault> {
        let card = self.card(operation, client).await?.ok_or_else(|| self.missing(operation, "client", client))?;
        let known = wire::text(&card, "comment").unwrap_or_default();
        let block = format!("[{marker}] {text} [/{marker}]");
        let comment = with_block(&known, &block, marker);
        if comment == known {
            return Ok(());
        }
        self.put_card(operation, client, body(&card, &Change { comment: Some(comment), ..Change::default() })).await
    }
}

/// A text with our block in it: in the place of the one that was there, else at the end.
fn with_block(known: &str, block: &str, marker: &str) -> String {
    let (open, close) = (format!("[{marker}]"), format!("[/{marker}]"));
    if let Some(from) = known.find(&open)
        && let Some(length) = known[from..].find(&close)
    {
        let to = from + length + close.len();
        return format!("{}{block}{}", &known[..from], &known[to..]);
    }
    if known.is_empty() { block.to_owned() } else { format!("{known}\n{block}") }
}

#[async_trait]
impl Notes for Branch {
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault> {
        match about {
            About::Appointment(id) => self.remark(id, text, marker).await,
            About::Client(id) | About::Lead(id) => {
                if self.card("note", id).await?.is_none() {
                    return Err(self.missing("note", "client", id));
                }
                self.write_comment("note", id, text, marker).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_block_takes_the_place_of_the_one_before() {
        let first = with_block("любит кофе", "[flow-A] раз [/flow-A]", "flow-A");
        assert_eq!(first, "любит кофе\n[flow-A] раз [/flow-A]");
        let second = with_block(&format!("{first} ещё"), "[flow-A] два [/flow-A]", "flow-A");
        assert_eq!(second, "любит кофе\n[flow-A] два [/flow-A] ещё");
    }

    #[test]
    fn comments_are_read_whatever_their_text_is_called() {
        let body = json!({"data": [{"id": 1, "text": "раз"}, {"id": 2, "comment": "два"}, {"id": 3}]});
        assert_eq!(read_comments(&body).unwrap().len(), 2);
    }
}
