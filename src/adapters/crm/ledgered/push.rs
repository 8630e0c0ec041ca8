//! Leads: one process at a time writes one lead, so that two that look at once do not both create.

use async_trait::async_trait;

use super::Ledgered;
use crate::domain::crm::{LeadToPush, Leads, Pushed};
use crate::domain::fault::{Fault, FaultKind};

#[async_trait]
impl Leads for Ledgered {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        self.inner.detect().await?;
        let leads = self.inner.leads().ok_or_else(|| {
            let instead = self.inner.instead().map_or_else(String::new, |instead| format!(": {instead}"));
            let detail = format!("this {} account keeps no leads{instead}", self.kind.kind);
            self.fault(FaultKind::Unsupported, "push", detail)
        })?;
        self.alone("push", &format!("lead:{}", lead.lead_id), async { leads.push(lead).await.map_err(super::doubt) })
            .await
    }
}
