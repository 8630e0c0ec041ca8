//! Services and staff: the CRM's own, or the profile's where it has none.

use std::sync::Arc;

use async_trait::async_trait;

use super::Ledgered;
use crate::domain::company::Profile;
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::overlay::{services_of, staff_of};

impl Ledgered {
    pub(super) async fn profile(&self, operation: &'static str) -> Result<Arc<Profile>, Fault> {
        let loaded = self.store().profile().await.map_err(self.lost(operation))?;
        loaded.ok_or_else(|| {
            let detail = format!(
                "{} has no services of its own here and there is no business profile yet: load one with `flow seed`",
                self.kind.kind
            );
            self.fault(FaultKind::Rejected, operation, detail)
        })
    }

    pub(super) fn missing(&self, operation: &'static str, what: &str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no {what} `{id}`"))
    }
}

#[async_trait]
impl Catalogue for Ledgered {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        self.inner.detect().await?;
        if let Some(catalogue) = self.inner.catalogue() {
            return catalogue.services(all).await;
        }
        Ok(services_of(self.profile("services").await?.as_ref(), all))
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        self.inner.detect().await?;
        if let Some(catalogue) = self.inner.catalogue() {
            return catalogue.staff(service).await;
        }
        let profile = self.profile("staff").await?;
        if let Some(id) = service
            && profile.service(id).is_none()
        {
            return Err(self.missing("staff", "service", id));
        }
        Ok(staff_of(&profile, service))
    }
}
