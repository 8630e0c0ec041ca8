//! There are no leads here: a lead is a client with a label and a comment.

use async_trait::async_trait;
use serde_json::Value;

use super::Branch;
use super::cards::{Change, body, labels_of};
use crate::domain::crm::{LeadToPush, Leads, NewClient, Pushed};
use crate::domain::fault::{Fault, FaultKind};

/// A summary is cut after so many characters.
const LONGEST: usize = 2000;

#[async_trait]
impl Leads for Branch {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let (id, card) = self.client_of(lead).await?;
        self.labelled(lead, &id, card).await?;
        let text = words(lead, self.vendor.language == "ru");
        self.write_comment("push", &id, &text, &lead.marker).await?;
        // Where a card is opened in the cabinet is not in the vendor's papers.
        Ok(Pushed { external_id: id, url: None })
    }
}

impl Branch {
    /// The client whom the lead was written to before, else whoever has the phone; with the card where it was read.
    async fn client_of(&self, lead: &LeadToPush) -> Result<(String, Option<Value>), Fault> {
        if let Some(id) = &lead.external_id
            && let Some(card) = self.card("push", id).await?
        {
            return Ok((id.clone(), Some(card)));
        }
        let Some(phone) = lead.phone.clone() else {
            let detail = "a client needs a phone here, and the lead has none: it stays in flow until it has one";
            return Err(self.fault(FaultKind::Rejected, "push", detail));
        };
        let client = NewClient { name: lead.name.clone(), phone, email: lead.email.clone() };
        let card = self.ensured(&client).await?;
        let id = card.id.ok_or_else(|| self.fault(FaultKind::Protocol, "push", "a card without an id"))?;
        Ok((id, None))
    }

    /// Puts the label on the card. A lead without its label is still a lead: what stands in the way is told.
    async fn labelled(&self, lead: &LeadToPush, id: &str, card: Option<Value>) -> Result<(), Fault> {
        let label = match self.label().await {
            Ok(label) => Some(label),
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Rejected) => {
                tracing::warn!(connection = %self.wiring.name, %fault, "the label of leads cannot be had");
                None
            }
            Err(fault) => return Err(fault),
        };
        let card = match card {
            Some(card) => card,
            None => self.card("push", id).await?.ok_or_else(|| self.missing("push", "client", id))?,
        };
        let label = label.filter(|label| !labels_of(&card).contains(label));
        // An address that the card lacks is worth keeping; one that it has is the salon's.
        let has_email = super::wire::text(&card, "email").is_some();
        let email = lead.email.clone().filter(|_| !has_email);
        if label.is_none() && email.is_none() {
            return Ok(());
        }
        let change = Change { label, email, ..Change::default() };
        match self.put_card("push", id, body(&card, &change)).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => {
                tracing::warn!(connection = %self.wiring.name, %fault, "the label of a lead cannot be put on its card");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// The lead as the salon's people read it.
fn words(lead: &LeadToPush, in_russian: bool) -> String {
    let say = |russian: &'static str, english: &'static str| if in_russian { russian } else { english };
    let mut lines = vec![lead.title.clone()];
    let mut line = |name: &str, value: Option<&str>| {
        lines.extend(value.map(str::trim).filter(|value| !value.is_empty()).map(|value| format!("{name}: {value}")));
    };
    line(say("Имя", "Name"), lead.name.as_deref());
    line(say("Услуга", "Service"), lead.service.as_deref());
    line(say("Когда", "When"), lead.wanted.as_deref());
    line(say("Состояние", "Status"), Some(lead.status.as_str()));
    line(say("Откуда", "Source"), Some(lead.source.as_deref().unwrap_or(lead.channel.as_str())));
    line(say("Заметка", "Comment"), lead.comment.as_deref());
    lines.extend(Some(lead.summary.trim().to_owned()).filter(|summary| !summary.is_empty()));
    let text = lines.join("\n");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
