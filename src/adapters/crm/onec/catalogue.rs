//! Services with their prices and durations, and staff.

use std::collections::HashMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::Value;

use super::far::Query;
use super::map::{EmployeeMap, PriceMap, ServiceMap};
use super::{OneC, wire};
use crate::adapters::http::{Call, read};
use crate::domain::company::Price;
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService};
use crate::domain::fault::{Fault, FaultKind};

/// So long what was read serves those who book.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// A service as the base has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sold {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) minutes: i64,
    pub(super) group: Option<String>,
}

/// The field of the group, where services lie in folders.
fn group_field(map: &ServiceMap) -> Option<&str> {
    match map.parent.as_deref() {
        Some("") => None,
        Some(field) => Some(field),
        // A catalogue whose filter asks for folders has some.
        None => map.filter.as_deref().is_some_and(|filter| filter.contains("IsFolder")).then_some("Parent_Key"),
    }
}

pub(super) fn service_select(map: &ServiceMap) -> String {
    let fields = ["Ref_Key", map.name.as_str()];
    let fields = fields.into_iter().chain(map.duration_min.field()).chain(group_field(map));
    fields.collect::<Vec<_>>().join(",")
}

pub(super) fn employee_select(map: &EmployeeMap) -> String {
    let fields = ["Ref_Key", map.name.as_str()];
    let table = map.services.as_ref().map(|provided| provided.table.as_str());
    fields.into_iter().chain(map.title.as_deref()).chain(table).collect::<Vec<_>>().join(",")
}

/// Reads a service.
pub(super) fn read_service(map: &ServiceMap, row: &Value) -> Result<Sold, String> {
    let id = row.get("Ref_Key").and_then(wire::read_reference).ok_or("a service has no Ref_Key")?;
    let minutes = map.duration_min.field().and_then(|field| wire::read_minutes(row.get(field)?));
    Ok(Sold {
        title: row.get(&map.name).and_then(read::text).unwrap_or_else(|| id.clone()),
        minutes: minutes.unwrap_or_else(|| i64::from(map.duration_min.usual())),
        group: group_field(map).and_then(|field| wire::read_reference(row.get(field)?)),
        id,
    })
}

/// Reads an employee.
pub(super) fn read_employee(map: &EmployeeMap, row: &Value) -> Result<CrmEmployee, String> {
    let id = row.get("Ref_Key").and_then(wire::read_reference).ok_or("an employee has no Ref_Key")?;
    let provided = map.services.as_ref().map_or_else(Vec::new, |provided| {
        let lines = row.get(&provided.table).map_or_else(Vec::new, read::list);
        lines.into_iter().filter_map(|line| wire::read_reference(line.get(&provided.service)?)).collect()
    });
    Ok(CrmEmployee {
        name: row.get(&map.name).and_then(read::text).unwrap_or_else(|| id.clone()),
        title: map.title.as_deref().and_then(|field| read::text(row.get(field)?)),
        service_ids: provided,
        id,
    })
}

/// Reads what something costs: its key and the price in minor units.
pub(super) fn read_price(map: &PriceMap, row: &Value) -> Option<(String, i64)> {
    let price = row.get(&map.field).and_then(read::minor).filter(|price| *price > 0)?;
    Some((wire::read_reference(row.get(&map.item)?)?, price))
}

impl OneC {
    pub(super) fn service_map(&self, operation: &'static str) -> Result<&ServiceMap, Fault> {
        self.map.service.as_ref().ok_or_else(|| self.unmapped(operation, "service"))
    }

    pub(super) fn employee_map(&self, operation: &'static str) -> Result<&EmployeeMap, Fault> {
        self.map.employee.as_ref().ok_or_else(|| self.unmapped(operation, "employee"))
    }

    pub(super) fn unmapped(&self, operation: &'static str, section: &str) -> Fault {
        self.fault(FaultKind::Unsupported, operation, format!("the map has no section `{section}`"))
    }

    /// A service by its id.
    pub(super) async fn sold(&self, operation: &'static str, id: &str) -> Result<Sold, Fault> {
        let now = self.now();
        let missing = || self.fault(FaultKind::NotFound, operation, format!("there is no service `{id}`"));
        let key = wire::guid(id).ok_or_else(missing)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).services.get(&key).cloned();
        if let Some((_, sold)) = known.filter(|(at, _)| now.duration_since(*at) < FRESH) {
            return Ok(sold);
        }
        let map = self.service_map(operation)?;
        let select = format!("{},DeletionMark", service_select(map));
        let row = self.element(operation, &map.set, &key, &select).await?;
        let is_gone = |row: &Value| row.get("DeletionMark").and_then(read::flag) == Some(true);
        let row = row.filter(|row| !is_gone(row)).ok_or_else(missing)?;
        let sold = read_service(map, &row).map_err(self.odd(operation))?;
        self.remember(|known| drop(known.services.insert(key, (now, sold.clone()))));
        Ok(sold)
    }

    /// Everybody whom clients may book, as of a moment ago.
    pub(super) async fn everybody(&self, operation: &'static str) -> Result<Vec<CrmEmployee>, Fault> {
        let now = self.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).staff.clone();
        match known.filter(|(at, _)| now.duration_since(*at) < FRESH) {
            Some((_, staff)) => Ok(staff),
            None => self.read_staff(operation).await,
        }
    }

    async fn read_staff(&self, operation: &'static str) -> Result<Vec<CrmEmployee>, Fault> {
        let map = self.employee_map(operation)?;
        let query = Query {
            filter: map.filter.clone().unwrap_or_else(|| "DeletionMark eq false".to_owned()),
            select: employee_select(map),
            order: format!("{},Ref_Key", map.name),
        };
        let rows = self.rows(operation, &map.set, &query).await?;
        let staff = rows.iter().map(|row| read_employee(map, row)).collect::<Result<Vec<_>, _>>();
        let staff = staff.map_err(self.odd(operation))?;
        let now = self.now();
        self.remember(|known| known.staff = Some((now, staff.clone())));
        Ok(staff)
    }

    pub(super) fn remember(&self, keep: impl FnOnce(&mut super::Known)) {
        keep(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether somebody does something; where the base does not say, everybody does everything.
    pub(super) fn provides(&self, employee: &CrmEmployee, service: &str) -> bool {
        let is_said = self.map.employee.as_ref().is_some_and(|map| map.services.is_some());
        !is_said || employee.service_ids.iter().any(|id| id == service)
    }

    /// What one service costs now, for a line of an appointment: without it the line has no price.
    pub(super) async fn price_of(&self, id: &str) -> Option<i64> {
        let now = self.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).prices.get(id).copied();
        if let Some((_, price)) = known.filter(|(at, _)| now.duration_since(*at) < FRESH) {
            return Some(price);
        }
        let map = self.map.service.as_ref()?.price.as_ref()?;
        match self.prices("price", map, Some(id)).await {
            Ok(prices) => prices.get(id).copied(),
            Err(fault) => {
                tracing::warn!(%fault, "the price of a service could not be read: its line has none");
                None
            }
        }
    }

    /// Prices of today, of one service or of all.
    async fn prices(
        &self,
        operation: &'static str,
        map: &PriceMap,
        only: Option<&str>,
    ) -> Result<HashMap<String, i64>, Fault> {
        let today = self.now().to_zoned(self.zone().await).datetime();
        let of_kind = map.type_key.as_deref().map(|key| format!("{} eq {}", map.type_field, wire::guid_literal(key)));
        let of_one = only.map(|id| format!("{} eq {}", map.item, wire::guid_literal(id)));
        let condition = wire::all(&[of_kind.as_deref().unwrap_or(""), of_one.as_deref().unwrap_or("")]);
        let condition =
            if condition.is_empty() { String::new() } else { format!(",Condition={}", wire::quoted(&condition)) };
        let path = format!("{}/SliceLast(Period={}{condition})", map.register, wire::moment_literal(today));
        let query =
            Query { select: format!("{},{}", map.item, map.field), order: map.item.clone(), ..Query::default() };
        let rows = self.rows(operation, &path, &query).await?;
        let prices: HashMap<String, i64> = rows.iter().filter_map(|row| read_price(map, row)).collect();
        let now = self.now();
        self.remember(|known| known.prices.extend(prices.iter().map(|(id, price)| (id.clone(), (now, *price)))));
        Ok(prices)
    }

    /// Prices of all, or none where the base does not give them: a person names them then.
    async fn prices_if_any(&self, map: &PriceMap) -> Result<HashMap<String, i64>, Fault> {
        match self.prices("services", map, None).await {
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Rejected) => {
                tracing::warn!(%fault, "prices could not be read: services have none");
                Ok(HashMap::new())
            }
            prices => prices,
        }
    }

    /// Titles of the folders that services lie in.
    async fn groups(&self, map: &ServiceMap, sold: &[Sold]) -> Result<HashMap<String, String>, Fault> {
        let mut ids: Vec<String> = sold.iter().filter_map(|service| service.group.clone()).collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() || group_field(map) != Some("Parent_Key") {
            return Ok(HashMap::new());
        }
        let rows = self.elements("services", &map.set, &ids, &format!("Ref_Key,{}", map.name)).await?;
        let title = |row: &Value| Some((wire::read_reference(row.get("Ref_Key")?)?, read::text(row.get(&map.name)?)?));
        Ok(rows.iter().filter_map(title).collect())
    }

    /// Whether a set can be read with these fields.
    pub(super) async fn glance(&self, operation: &'static str, set: &str, select: &str) -> Result<usize, Fault> {
        let options = [("$select", select), ("$top", "1")];
        let answer = self.ask(Call::get(operation, self.address(set, &options))).await?;
        super::far::read_rows(&answer).map(|rows| rows.rows.len()).map_err(self.odd(operation))
    }
}

#[async_trait]
impl Catalogue for OneC {
    async fn services(&self, _all: bool) -> Result<Vec<CrmService>, Fault> {
        let map = self.service_map("services")?;
        let query = Query {
            filter: map.filter.clone().unwrap_or_else(|| "DeletionMark eq false".to_owned()),
            select: service_select(map),
            order: format!("{},Ref_Key", map.name),
        };
        let rows = self.rows("services", &map.set, &query).await?;
        let sold = rows.iter().map(|row| read_service(map, row)).collect::<Result<Vec<_>, _>>();
        let sold = sold.map_err(self.odd("services"))?;
        let now = self.now();
        self.remember(|known| {
            known.services.extend(sold.iter().map(|service| (service.id.clone(), (now, service.clone()))));
        });
        let prices = match &map.price {
            Some(price) => self.prices_if_any(price).await?,
            None => HashMap::new(),
        };
        let groups = self.groups(map, &sold).await?;
        let currency = self.map.currency.clone().unwrap_or_else(|| "RUB".to_owned());
        let shown = sold.into_iter().map(|service| CrmService {
            category: service.group.as_ref().and_then(|group| groups.get(group).cloned()),
            duration_min: u32::try_from(service.minutes).ok(),
            price: prices.get(&service.id).map(|price| Price { from: *price, to: None }),
            currency: currency.clone(),
            title: service.title,
            id: service.id,
        });
        Ok(shown.collect())
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let service = match service {
            Some(id) => Some(self.sold("staff", id).await?.id),
            None => None,
        };
        let staff = self.read_staff("staff").await?;
        let provides = |employee: &CrmEmployee| service.as_deref().is_none_or(|id| self.provides(employee, id));
        Ok(staff.into_iter().filter(provides).collect())
    }
}
