//! The label that marks clients whom flow wrote a lead to.

use serde_json::{Value, json};

use super::Branch;
use super::wire::{self, Who};
use crate::adapters::http::{Call, Method};
use crate::domain::fault::{Fault, FaultKind};

/// Its colour in the vendor's lists.
const COLOUR: &str = "#3f51b5";

/// A label: its id and its title.
pub(super) fn read_labels(body: &Value) -> Result<Vec<(String, String)>, String> {
    let title = |row: &Value| {
        let own = row.get("attributes").unwrap_or(row);
        Some((wire::id(row, "id")?, wire::text(own, "title").or_else(|| wire::text(own, "name"))?))
    };
    Ok(wire::rows(body, "labels")?.into_iter().filter_map(title).collect())
}

impl Branch {
    /// The label's id; the label is made when there is none.
    pub(super) async fn label(&self) -> Result<String, Fault> {
        let listed = self.labels(false).await;
        let as_tags = match &listed {
            // Labels give way to tags of the second version.
            Err(fault) if self.vendor.has_tags && matches!(fault.kind, FaultKind::NotFound | FaultKind::Rejected) => {
                true
            }
            _ => false,
        };
        let known = if as_tags { self.labels(true).await? } else { listed? };
        if let Some(id) = self.own(known) {
            return Ok(id);
        }
        let body = if as_tags {
            json!({"title": self.lead_label, "color": COLOUR, "entity": "client"})
        } else {
            json!({"title": self.lead_label, "color": COLOUR})
        };
        let call = self.labels_call("create_label", Method::Post, as_tags)?.json(body);
        match self.wire.done(&call).await {
            // A second one of that title is refused: somebody else made it just now.
            Err(fault) if !matches!(fault.kind, FaultKind::Rejected | FaultKind::UnknownOutcome) => return Err(fault),
            _ => {}
        }
        // It is accepted without its id.
        let id = self.own(self.labels(as_tags).await?);
        id.ok_or_else(|| self.fault(FaultKind::Protocol, "push", "the label was accepted and is not listed"))
    }

    fn own(&self, known: Vec<(String, String)>) -> Option<String> {
        known.into_iter().find(|(_, title)| title.trim() == self.lead_label.trim()).map(|(id, _)| id)
    }

    async fn labels(&self, as_tags: bool) -> Result<Vec<(String, String)>, Fault> {
        let call = self.labels_call("labels", Method::Get, as_tags)?;
        let call = if as_tags {
            call.query(&[("entity", "client"), ("limit", "200")])
        } else {
            call.query(&[("page", "1"), ("term", &self.lead_label)])
        };
        read_labels(&self.wire.portal.json(&call).await?).map_err(self.unreadable("push"))
    }

    fn labels_call(&self, operation: &'static str, method: Method, as_tags: bool) -> Result<Call, Fault> {
        let company = self.company_id.as_str();
        if as_tags {
            let call = self.wire.call_v2(operation, method, Who::User, &["locations", company, "tags"]);
            return call.ok_or_else(|| self.fault(FaultKind::NotFound, "push", "there are no labels here"));
        }
        let parts: &[&str] = match method {
            Method::Post => &["labels", company, "clients", "create"],
            _ => &["labels", company, "clients"],
        };
        Ok(self.wire.call(operation, method, Who::User, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_tags_are_read_alike() {
        let expected = vec![("9".to_owned(), "Лид: чат".to_owned())];
        assert_eq!(read_labels(&json!({"data": [{"id": 9, "title": "Лид: чат", "color": "#fff"}]})).unwrap(), expected);
        let tags = json!({"data": [{"type": "tags", "id": "9", "attributes": {"title": "Лид: чат"}}]});
        assert_eq!(read_labels(&tags).unwrap(), expected);
    }
}
