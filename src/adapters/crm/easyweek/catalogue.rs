//! Services and staff. Who provides what is in no list: whoever has free times for a service provides it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, ToSpan};

use super::read::{ServiceRow, StaffRow, services, staff, titles};
use super::{EasyWeek, locked};
use crate::adapters::http::Method;
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};

/// So long the services that bookings are read by hold.
const HOLDS: SignedDuration = SignedDuration::from_hours(1);
/// Whoever has no free time in so many days is taken not to provide a service.
const DAYS: i64 = 30;

impl EasyWeek {
    pub(super) async fn fresh_services(&self, operation: &'static str) -> Result<Arc<Vec<ServiceRow>>, Fault> {
        let location = self.location(operation).await?;
        let call = self.wire.call("services", Method::Get, &["locations", &location.id, "services"]);
        let rows = Arc::new(self.wire.all(&call, services, |row| &row.id).await?);
        *locked(&self.services) = Some((self.now(), Arc::clone(&rows)));
        Ok(rows)
    }

    pub(super) async fn known_services(&self, operation: &'static str) -> Result<Arc<Vec<ServiceRow>>, Fault> {
        if let Some((at, known)) = &*locked(&self.services)
            && self.now().duration_since(*at) < HOLDS
        {
            return Ok(Arc::clone(known));
        }
        self.fresh_services(operation).await
    }

    pub(super) async fn staffers(&self, operation: &'static str) -> Result<Vec<StaffRow>, Fault> {
        let location = self.location(operation).await?;
        let call = self.wire.call("staff", Method::Get, &["locations", &location.id, "staffers"]);
        self.wire.all(&call, staff, |row| &row.id).await
    }

    async fn groups(&self, operation: &'static str) -> Result<BTreeMap<String, String>, Fault> {
        let location = self.location(operation).await?;
        let call = self.wire.call("categories", Method::Get, &["locations", &location.id, "service-categories"]);
        match self.wire.all(&call, |body| Ok(titles(body)?.into_iter().collect::<Vec<_>>()), |row| &row.0).await {
            Ok(rows) => Ok(rows.into_iter().collect()),
            Err(fault) if fault.kind == FaultKind::Unauthorized => Err(fault),
            Err(fault) => {
                tracing::debug!(connection = %self.wiring.name, %fault, "no titles of groups");
                Ok(BTreeMap::new())
            }
        }
    }
}

#[async_trait]
impl Catalogue for EasyWeek {
    async fn services(&self, _all: bool) -> Result<Vec<CrmService>, Fault> {
        let rows = self.fresh_services("services").await?;
        let has_groups = rows.iter().any(|row| row.category.is_some());
        let groups = if has_groups { self.groups("services").await? } else { BTreeMap::new() };
        Ok(rows
            .iter()
            .map(|row| CrmService {
                id: row.id.clone(),
                title: row.name.clone(),
                category: row.category.as_ref().and_then(|id| groups.get(id)).cloned(),
                duration_min: row.seconds.and_then(|seconds| u32::try_from(seconds / 60).ok()),
                price: row.price,
                currency: row.currency.clone().unwrap_or_else(|| "EUR".to_owned()),
            })
            .collect())
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        if let Some(id) = service
            && self.known_services("staff").await?.iter().all(|row| row.id != id)
        {
            return Err(self.missing("staff", "service", id));
        }
        let rows = self.staffers("staff").await?;
        let employee = |row: StaffRow, service: Option<&str>| CrmEmployee {
            id: row.id,
            name: row.name,
            title: row.title,
            service_ids: service.map(str::to_owned).into_iter().collect(),
        };
        let Some(id) = service else { return Ok(rows.into_iter().map(|row| employee(row, None)).collect()) };
        let location = self.location("staff").await?;
        let today = self.now().to_zoned(location.zone.clone()).date();
        let mut able = Vec::new();
        for row in rows {
            let query = SlotQuery {
                service_id: id.to_owned(),
                employee_id: Some(row.id.clone()),
                from: today,
                to: today.saturating_add(DAYS.days()),
                moving: None,
            };
            match self.rows("staff", &query, &location).await {
                Ok(slots) if slots.is_empty() => {}
                // Whoever does not provide a service may be refused with it.
                Err(fault) if matches!(fault.kind, FaultKind::Rejected | FaultKind::NotFound) => {}
                Ok(_) => able.push(employee(row, service)),
                Err(fault) => return Err(fault),
            }
        }
        Ok(able)
    }
}
