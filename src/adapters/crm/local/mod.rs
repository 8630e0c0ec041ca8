//! The built-in CRM: services and staff from the profile, appointments in the ledger.

mod calendar;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Kind;
use crate::domain::clock::Clock;
use crate::domain::company::Profile;
use crate::domain::contact::Phone;
use crate::domain::crm::{Calendar, Catalogue, Check, Clients, Crm, CrmClient, CrmEmployee, CrmService, Probe};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::overlay::{CatalogueCopy, services_of, staff_of};
use crate::domain::slots::providers;
use crate::domain::store::{Store, StoreError};

/// The row of the table of CRMs.
pub const KIND: Kind = Kind {
    kind: "local",
    summary: "Built in: services and staff of the profile, appointments in flow's own ledger",
    capabilities: &["services", "staff", "slots", "clients", "appointments"],
};

/// A connection to the built-in CRM.
pub struct Local {
    name: String,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Local {
    /// The connection of that name.
    #[must_use]
    pub fn new(name: &str, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { name: name.to_owned(), store, clock }
    }

    fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        Fault::new(kind, &self.name, operation, detail)
    }

    /// What a failure of the store means to whoever asked the CRM.
    fn store_fault(&self, operation: &'static str, error: &StoreError) -> Fault {
        let kind = match error {
            StoreError::SlotTaken => FaultKind::SlotTaken,
            StoreError::KeyReused => FaultKind::KeyReused,
            StoreError::NotFound(_) => FaultKind::NotFound,
            _ => FaultKind::Store,
        };
        self.fault(kind, operation, error.to_string())
    }

    fn no_service(&self, operation: &'static str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no service `{id}`"))
    }

    fn no_employee(&self, operation: &'static str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no employee `{id}`"))
    }

    async fn profile(&self, operation: &'static str) -> Result<Arc<Profile>, Fault> {
        let loaded = self.store.profile().await.map_err(|error| self.store_fault(operation, &error))?;
        loaded.ok_or_else(|| {
            self.fault(FaultKind::Rejected, operation, "there is no business profile yet: load one with `flow seed`")
        })
    }
}

#[async_trait]
impl Crm for Local {
    fn connection(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        KIND.kind
    }

    /// What the store has is seen at once.
    fn settles_after(&self) -> Duration {
        Duration::ZERO
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        let profile = self.profile("probe").await?;
        let services = profile.visible_services().count();
        let staff = profile.visible_employees().count();
        let idle: Vec<&str> = profile
            .visible_services()
            .filter(|service| providers(&profile, service, None).next().is_none())
            .map(|service| service.id.as_str())
            .collect();
        let check = |name: &str, ok: bool, detail: String| Check { name: name.to_owned(), ok, detail, ms: 0 };
        Ok(Probe {
            account: profile.company.name.clone(),
            checks: vec![
                check("services", services > 0, format!("{services} that clients can book")),
                check("staff", staff > 0, format!("{staff} that clients can book with")),
                check(
                    "providers",
                    idle.is_empty(),
                    if idle.is_empty() {
                        "every service has somebody who provides it".to_owned()
                    } else {
                        format!("nobody provides {}: add the id to an employee's `services`", idle.join(", "))
                    },
                ),
            ],
        })
    }

    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        Ok(None)
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        Some(self)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        Some(self)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        Some(self)
    }
}

#[async_trait]
impl Catalogue for Local {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        Ok(services_of(self.profile("services").await?.as_ref(), all))
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let profile = self.profile("staff").await?;
        if let Some(id) = service
            && profile.service(id).is_none()
        {
            return Err(self.no_service("staff", id));
        }
        Ok(staff_of(&profile, service))
    }
}

#[async_trait]
impl Clients for Local {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let found = self.store.contacts_by_phone(phone).await.map_err(|error| self.store_fault("find", &error))?;
        Ok(found
            .into_iter()
            .map(|contact| CrmClient {
                id: Some(contact.id.to_string()),
                name: contact.name,
                phone: contact.phone,
                email: contact.email,
            })
            .collect())
    }
}
