//! Services and staff: as the bridge told them, else the profile's.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Dikidi;
use super::envelope::Told;
use super::kept::Named;
use super::scalars::{list, member, minutes, money, text};
use crate::adapters::http::read;
use crate::domain::company::Price;
use crate::domain::copies::Copied;
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService};
use crate::domain::fault::{Fault, FaultKind};

/// Services and staff as they were told, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    services: BTreeMap<String, Value>,
    employees: BTreeMap<String, Value>,
}

/// A service as a request names it.
pub(super) struct Wanted {
    pub named: Named,
    pub minutes: i64,
    pub price: Option<i64>,
}

fn by_id(rows: Vec<Value>) -> BTreeMap<String, Value> {
    rows.into_iter().filter_map(|row| Some((text(&row, "ext_id")?, row))).collect()
}

fn is_active(row: &Value) -> bool {
    read::flag(member(row, "active")).unwrap_or(true)
}

impl Snapshot {
    pub fn read(body: &Value) -> Self {
        Self { services: by_id(list(body, "services")), employees: by_id(list(body, "employees")) }
    }

    fn body(&self) -> Value {
        let rows = |rows: &BTreeMap<String, Value>| rows.values().cloned().collect::<Vec<_>>();
        json!({"services": rows(&self.services), "employees": rows(&self.employees)})
    }

    /// With what was told on top; what a complete one does not name is not offered any more.
    pub fn with(&self, told: &Told) -> Self {
        let merge = |known: &BTreeMap<String, Value>, rows: &[Value]| {
            let mut merged = known.clone();
            if told.is_complete {
                for row in merged.values_mut() {
                    if let Some(row) = row.as_object_mut() {
                        row.insert("active".to_owned(), json!(false));
                    }
                }
            }
            merged.extend(by_id(rows.to_vec()));
            merged
        };
        Self { services: merge(&self.services, &told.services), employees: merge(&self.employees, &told.employees) }
    }

    /// How many services and people are offered, and how many of them would not be after what is told.
    pub fn losses(&self, told: &Told) -> (usize, usize) {
        let after = self.with(told);
        let active = |rows: &BTreeMap<String, Value>| -> Vec<String> {
            rows.iter().filter(|(_, row)| is_active(row)).map(|(id, _)| id.clone()).collect()
        };
        let (mut before, mut lost) = (0, 0);
        for (was, is) in [(&self.services, &after.services), (&self.employees, &after.employees)] {
            let (was, is) = (active(was), active(is));
            before += was.len();
            lost += was.iter().filter(|id| !is.contains(id)).count();
        }
        (before, lost)
    }

    fn service(&self, row: &Value, currency: &str) -> Option<CrmService> {
        let from = money(member(row, "price_min")).or_else(|| money(member(row, "price")));
        let to = money(member(row, "price_max"));
        let told = text(member(row, "price_min"), "currency");
        Some(CrmService {
            id: text(row, "ext_id")?,
            title: text(row, "name")?,
            category: text(row, "category"),
            duration_min: minutes(member(row, "duration_min")).and_then(|minutes| u32::try_from(minutes).ok()),
            price: from.map(|from| Price { from, to: to.filter(|to| *to > from) }),
            currency: told.unwrap_or_else(|| currency.to_owned()),
        })
    }

    fn of_service(&self, row: &Value) -> Vec<String> {
        list(row, "employees").iter().filter_map(read::text).collect()
    }

    fn employee(&self, id: &str, row: &Value) -> Option<CrmEmployee> {
        let provides =
            |service: &&Value| is_active(service) && self.of_service(service).iter().any(|known| known == id);
        let services = self.services.values().filter(provides);
        Some(CrmEmployee {
            id: id.to_owned(),
            name: text(row, "name")?,
            title: text(row, "position"),
            service_ids: services.filter_map(|service| text(service, "ext_id")).collect(),
        })
    }
}

impl Dikidi {
    /// What was told of services and staff, when anything was.
    pub(super) async fn stored_snapshot(&self, operation: &'static str) -> Result<Option<Snapshot>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, TOLD, "").await.map_err(self.lost(operation))?;
        Ok(copy.map(|copy| Snapshot::read(&copy.body)))
    }

    /// As of when services and staff are known.
    pub(super) async fn snapshot_age(&self) -> Result<Option<Timestamp>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, TOLD, "").await.map_err(self.lost("probe"))?;
        Ok(copy.map(|copy| copy.at))
    }

    pub(super) async fn keep_snapshot(&self, told: &Told, at: Timestamp) -> Result<(), Fault> {
        let known = self.stored_snapshot("hook").await?.unwrap_or_default();
        let body = known.with(told).body();
        let copy = Copied { id: String::new(), phone: None, body, at };
        self.wiring.store.keep_copy(&self.wiring.name, TOLD, &copy).await.map_err(self.lost("hook")).map(|_| ())
    }

    /// The service that a request names: one that was told, else one of the profile.
    pub(super) async fn wanted(&self, operation: &'static str, id: &str) -> Result<Wanted, Fault> {
        let snapshot = self.stored_snapshot(operation).await?;
        let profile = self.wiring.store.profile().await.map_err(self.lost(operation))?;
        let of_profile = profile.as_ref().and_then(|profile| profile.service(id));
        let told = snapshot.as_ref().and_then(|snapshot| {
            let by_title =
                || snapshot.services.values().find(|row| is_titled(row, of_profile.map(|s| s.title.as_str())));
            snapshot.services.get(id).or_else(by_title)
        });
        if let Some(service) = told.and_then(|row| snapshot.as_ref()?.service(row, "RUB")) {
            return Ok(Wanted {
                minutes: service.duration_min.or_else(|| of_profile.map(|s| s.duration_min)).map_or(60, i64::from),
                price: service.price.map(|price| price.from),
                named: Named { ext_id: service.id, name: service.title },
            });
        }
        let service = of_profile
            .ok_or_else(|| self.fault(FaultKind::NotFound, operation, format!("there is no service `{id}`")))?;
        Ok(Wanted {
            named: Named { ext_id: service.id.clone(), name: service.title.clone() },
            minutes: i64::from(service.duration_min),
            price: service.price.map(|price| price.from),
        })
    }

    /// The person that a request names.
    pub(super) async fn person(&self, operation: &'static str, id: &str) -> Result<Named, Fault> {
        let snapshot = self.stored_snapshot(operation).await?;
        let profile = self.wiring.store.profile().await.map_err(self.lost(operation))?;
        let of_profile = profile.as_ref().and_then(|profile| profile.employee(id));
        let told = snapshot.as_ref().and_then(|snapshot| {
            let by_name =
                || snapshot.employees.values().find(|row| is_titled(row, of_profile.map(|e| e.name.as_str())));
            snapshot.employees.get(id).or_else(by_name)
        });
        let named = told.and_then(|row| Some(Named { ext_id: text(row, "ext_id")?, name: text(row, "name")? }));
        let own = || of_profile.map(|employee| Named { ext_id: employee.id.clone(), name: employee.name.clone() });
        named
            .or_else(own)
            .ok_or_else(|| self.fault(FaultKind::NotFound, operation, format!("there is no employee `{id}`")))
    }
}

/// Apart from the copy that a sync keeps of any CRM under the same word.
const TOLD: &str = "catalogue_told";

fn is_titled(row: &Value, title: Option<&str>) -> bool {
    title.is_some_and(|title| text(row, "name").is_some_and(|name| name.to_lowercase() == title.to_lowercase()))
}

#[async_trait]
impl Catalogue for Dikidi {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        let snapshot = self.stored_snapshot("services").await?.unwrap_or_default();
        let profile = self.wiring.store.profile().await.map_err(self.lost("services"))?;
        let currency = profile.map_or_else(|| "RUB".to_owned(), |profile| profile.company.currency.clone());
        let rows = snapshot.services.values().filter(|row| all || is_active(row));
        Ok(rows.filter_map(|row| snapshot.service(row, &currency)).collect())
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let snapshot = self.stored_snapshot("staff").await?.unwrap_or_default();
        let row = match service {
            None => None,
            Some(id) => Some(
                snapshot
                    .services
                    .get(id)
                    .ok_or_else(|| self.fault(FaultKind::NotFound, "staff", format!("there is no service `{id}`")))?,
            ),
        };
        // A service that names nobody is everybody's.
        let of = row.map(|row| snapshot.of_service(row)).filter(|of| !of.is_empty());
        let people = snapshot
            .employees
            .iter()
            .filter(|(id, row)| is_active(row) && of.as_ref().is_none_or(|of| of.contains(id)));
        Ok(people.filter_map(|(id, row)| snapshot.employee(id, row)).collect())
    }
}

/// A service or a person in an event.
pub(super) fn as_sent(named: &Named) -> Map<String, Value> {
    let mut sent = Map::new();
    sent.insert("ext_id".to_owned(), json!(named.ext_id));
    sent.insert("name".to_owned(), json!(named.name));
    sent
}
