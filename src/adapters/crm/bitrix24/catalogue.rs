//! Services of the catalogue and resources that are people. Prices lie apart; how long a service takes and who provides
//! it Bitrix24 does not know: the configuration, the business profile, or a resource's own step says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Bitrix24;
use super::account::Account;
use super::batch::{Command, MOST};
use super::goods::{
    Good, SERVICE_TYPE, base_prices, product_catalog, read_base_group, read_goods, read_prices, read_products, rows,
};
use super::kept::LONG;
use crate::adapters::http::read;
use crate::domain::company::{Price, Profile};
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService};
use crate::domain::fault::{Fault, FaultKind};

/// So many rows a page has.
pub const PAGE: usize = 50;
/// A list that never ends is not followed any further.
const MOST_ROWS: usize = 10_000;

/// A resource of the booking module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Of which type.
    pub type_id: Option<i64>,
}

/// Where services were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `catalog.product.service.list` or `catalog.product.list`: prices lie apart.
    Catalog,
    /// `crm.product.list`: the price is in the row.
    Products,
    /// The business profile: the portal has none that we may read.
    Profile,
}

/// All services.
#[derive(Debug, Clone)]
pub struct Goods {
    /// Where they are from.
    pub source: Source,
    /// They.
    pub rows: Vec<Good>,
}

impl Bitrix24 {
    /// Services of the catalogue, kept for a while.
    pub(super) async fn goods(&self) -> Result<Arc<Goods>, Fault> {
        if let Some(goods) = self.goods.fresh(LONG) {
            return Ok(goods);
        }
        let account = self.account().await?;
        let catalog = self.settings.catalog_id.or_else(|| product_catalog(&account.catalogs));
        let found = match catalog {
            Some(catalog) => self.catalog_goods(catalog).await?,
            None => None,
        };
        let goods = match found {
            Some(rows) => Goods { source: Source::Catalog, rows },
            None => self.goods_elsewhere().await?,
        };
        tracing::debug!(source = ?goods.source, rows = goods.rows.len(), "services were read");
        Ok(self.goods.keep(goods))
    }

    /// An administrator reads services, others products of the type of services: both are asked at once.
    async fn catalog_goods(&self, catalog: i64) -> Result<Option<Vec<Good>>, Fault> {
        let mut rows: Vec<Good> = Vec::new();
        let mut by = None;
        for start in (0..MOST_ROWS).step_by(PAGE) {
            let mut commands = Vec::new();
            if by != Some("products") {
                commands.push(Command::new("services", SERVICES, self.goods_params(catalog, false, start)));
            }
            if by != Some("services") {
                commands.push(Command::new("products", PRODUCTS, self.goods_params(catalog, true, start)));
            }
            let replies = self.wire.batch(&commands, false).await?;
            let (key, value) = match (replies.get("services"), replies.get("products")) {
                (Ok(value), _) if by != Some("products") => ("services", value),
                (_, Ok(value)) => ("products", value),
                (Err(fault), _) | (_, Err(fault)) if is_passing(&fault) => return Err(fault),
                _ => return Ok(None),
            };
            by = Some(key);
            let (page, more) =
                read_goods(value, self.settings.duration_property).map_err(self.wire.unread(SERVICES))?;
            let is_new = page.first().is_none_or(|good| rows.iter().all(|known| known.id != good.id));
            rows.extend(page.into_iter().filter(|_| is_new));
            if !more || !is_new {
                break;
            }
        }
        // The filter by type is not sure to be heard; rows of other types were left out by the reader.
        Ok(Some(rows))
    }

    fn goods_params(&self, catalog: i64, products: bool, start: usize) -> Value {
        let mut select = vec!["id", "iblockId", "name", "active", "iblockSectionId", "sort", "xmlId", "type"];
        let property = self.settings.duration_property.map(|id| format!("property{id}"));
        select.extend(property.as_deref());
        let mut filter = json!({"iblockId": catalog});
        if products {
            filter["type"] = json!(SERVICE_TYPE);
        }
        json!({"select": select, "filter": filter, "order": {"sort": "asc", "id": "asc"}, "start": start})
    }

    async fn goods_elsewhere(&self) -> Result<Goods, Fault> {
        let mut rows: Vec<Good> = Vec::new();
        for start in (0..MOST_ROWS).step_by(PAGE) {
            let params = json!({"select": ["ID", "NAME", "CURRENCY_ID", "PRICE", "ACTIVE", "SECTION_ID"],
                "order": {"ID": "ASC"}, "start": start});
            match self.wire.read("crm.product.list", params).await {
                Ok(answer) => {
                    let page = read_products(&answer["result"]).map_err(self.wire.unread("crm.product.list"))?;
                    let is_last = answer.get("next").is_none() || page.is_empty();
                    rows.extend(page);
                    if is_last {
                        break;
                    }
                }
                Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::Unsupported) => break,
                Err(fault) => return Err(fault),
            }
        }
        if !rows.is_empty() {
            return Ok(Goods { source: Source::Products, rows });
        }
        let profile = self.profile().await?;
        let services = profile.iter().flat_map(|profile| &profile.services);
        let row = |service: &crate::domain::company::Service| Good {
            id: service.id.clone(),
            name: service.title.clone(),
            is_active: !service.hidden,
            section: None,
            minutes: Some(service.duration_min),
            price: None,
        };
        Ok(Goods { source: Source::Profile, rows: services.map(row).collect() })
    }

    pub(super) async fn profile(&self) -> Result<Option<Arc<Profile>>, Fault> {
        let profile = self.wire.wiring().store.profile().await;
        profile.map_err(|error| self.wire.fault(FaultKind::Store, "services", error.to_string()))
    }

    /// Prices of the base group by the service's id.
    async fn prices(&self, goods: &Goods) -> Result<BTreeMap<String, (i64, String)>, Fault> {
        let ids: Vec<i64> = goods.rows.iter().filter_map(|good| good.id.parse().ok()).collect();
        let command = |(index, ids): (usize, &[i64])| {
            let select = ["id", "productId", "catalogGroupId", "price", "currency"];
            // Each chunk stays inside a page as long as a service has a price in one group.
            let params = json!({"filter": {"productId": ids}, "select": select, "order": {"id": "asc"}, "start": 0});
            Command::new(format!("p{index}"), "catalog.price.list", params)
        };
        let commands: Vec<Command> = ids.chunks(PAGE / 2).enumerate().map(command).collect();
        let groups =
            Command::new("groups", "catalog.priceType.list", json!({"filter": {"base": "Y"}, "select": ["id"]}));
        let mut prices = Vec::new();
        let mut base = None;
        for some in commands.chunks(MOST - 1) {
            let with_groups: Vec<Command> = some.iter().cloned().chain([groups.clone()]).collect();
            let replies = self.wire.batch(&with_groups, false).await?;
            for command in some {
                match replies.get(&command.key) {
                    Ok(value) => prices.extend(read_prices(value)),
                    Err(fault) if is_passing(&fault) => return Err(fault),
                    Err(fault) => {
                        tracing::info!(%fault, "prices of the catalogue cannot be read");
                    }
                }
            }
            base = base.or_else(|| replies.get("groups").ok().and_then(read_base_group));
        }
        Ok(base_prices(prices, base))
    }

    /// Resources that are people, kept for a while.
    pub(super) async fn resources(&self) -> Result<Arc<Vec<Resource>>, Fault> {
        if let Some(resources) = self.resources.fresh(LONG) {
            return Ok(resources);
        }
        let account = self.account().await?;
        let rows = self.all_resources(&account).await?;
        Ok(self.resources.keep(staff_of(rows, self.settings.resource_type_id, &account.staff_types)))
    }

    /// Every resource: the account knows the first page.
    pub(super) async fn all_resources(&self, account: &Account) -> Result<Vec<Resource>, Fault> {
        let mut rows = account.resources.clone();
        // The list never says that there is more.
        while rows.len().is_multiple_of(PAGE) && rows.len() < MOST_ROWS {
            let start = rows.len();
            let params = json!({"order": {"id": "ASC"}, "start": start});
            let answer = self.wire.read("booking.v1.resource.list", params).await?;
            let page = read_resources(&answer["result"]).map_err(self.wire.unread("booking.v1.resource.list"))?;
            if page.first().is_none_or(|first| rows.contains(first)) {
                break;
            }
            rows.extend(page);
        }
        Ok(rows)
    }

    /// Minutes of a service: its property, the configuration, the profile.
    pub(super) fn minutes(&self, good: &Good, profile: Option<&Profile>) -> Option<u32> {
        let known = good.minutes.or_else(|| self.settings.minutes(&good.id));
        let of_profile = || {
            let services = &profile?.services;
            let same = services.iter().find(|service| service.id == good.id);
            let same = same.or_else(|| services.iter().find(|service| is_same_word(&service.title, &good.name)))?;
            Some(same.duration_min)
        };
        known.or_else(of_profile).filter(|minutes| *minutes > 0)
    }

    /// Ids of services that somebody provides: by the configuration, by the profile, else all.
    pub(super) fn provided(&self, resource: &Resource, goods: &Goods, profile: Option<&Profile>) -> Vec<String> {
        if let Some(given) = self.settings.services_of(&resource.id) {
            return given;
        }
        let active = || goods.rows.iter().filter(|good| good.is_active);
        let employee = profile.and_then(|profile| {
            let of =
                |e: &&crate::domain::company::Employee| e.id == resource.id || is_same_word(&e.name, &resource.name);
            profile.employees.iter().find(of)
        });
        if let (Some(profile), Some(employee)) = (profile, employee) {
            let provides = |good: &&Good| {
                let own = profile.services.iter().filter(|service| employee.services.contains(&service.id));
                own.into_iter().any(|service| service.id == good.id || is_same_word(&service.title, &good.name))
            };
            let ids: Vec<String> = active().filter(provides).map(|good| good.id.clone()).collect();
            if !ids.is_empty() {
                return ids;
            }
        }
        active().map(|good| good.id.clone()).collect()
    }

    /// The service of that id, whether it is sold or not.
    pub(super) async fn good(&self, operation: &'static str, id: &str) -> Result<Good, Fault> {
        let goods = self.goods().await?;
        let good = goods.rows.iter().find(|good| good.id == id).cloned();
        good.ok_or_else(|| self.wire.fault(FaultKind::NotFound, operation, format!("there is no service `{id}`")))
    }
}

const SERVICES: &str = "catalog.product.service.list";
const PRODUCTS: &str = "catalog.product.list";

/// Whether asking later may help.
pub(super) fn is_passing(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Unavailable | FaultKind::RateLimited | FaultKind::Timeout | FaultKind::Protocol)
}

/// Whether two names are one: by their words, in any order and case.
#[must_use]
pub fn is_same_word(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        let lower = text.to_lowercase().replace('ё', "е");
        let mut words: Vec<String> = lower.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    words(one) == words(other)
}

#[async_trait]
impl Catalogue for Bitrix24 {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        let goods = self.goods().await?;
        let profile = self.profile().await?;
        let mut prices = match goods.source {
            Source::Catalog => self.prices(&goods).await?,
            Source::Products | Source::Profile => BTreeMap::new(),
        };
        let currency = profile.as_ref().map_or_else(|| "RUB".to_owned(), |profile| profile.company.currency.clone());
        let rows = goods.rows.iter().filter(|good| all || good.is_active);
        Ok(rows
            .map(|good| {
                let priced = prices.remove(&good.id).or_else(|| good.price.clone());
                let of_profile = profile.as_ref().filter(|_| goods.source == Source::Profile);
                let own = of_profile.and_then(|profile| profile.services.iter().find(|service| service.id == good.id));
                CrmService {
                    id: good.id.clone(),
                    title: good.name.clone(),
                    category: own.and_then(|service| service.category.clone()),
                    duration_min: self.minutes(good, profile.as_deref()),
                    price: match &priced {
                        Some((amount, _)) => Some(Price { from: *amount, to: None }),
                        None => own.and_then(|service| service.price),
                    },
                    currency: priced.map_or_else(|| currency.clone(), |(_, currency)| currency),
                }
            })
            .collect())
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let goods = self.goods().await?;
        if let Some(id) = service {
            self.good("staff", id).await?;
        }
        let profile = self.profile().await?;
        let resources = self.resources().await?;
        let employee = |resource: &Resource| CrmEmployee {
            id: resource.id.clone(),
            name: resource.name.clone(),
            title: resource.description.clone(),
            service_ids: self.provided(resource, &goods, profile.as_deref()),
        };
        let provides =
            |employee: &CrmEmployee| service.is_none_or(|id| employee.service_ids.iter().any(|own| own == id));
        Ok(resources.iter().map(employee).filter(provides).collect())
    }
}

/// Reads `booking.v1.resource.list`.
///
/// # Errors
/// When it has no resources in it.
pub fn read_resources(value: &Value) -> Result<Vec<Resource>, String> {
    let row = |row: &Value| {
        Some(Resource {
            id: row.get("id").and_then(read::text)?,
            name: row.get("name").and_then(read::text)?,
            description: row.get("description").and_then(read::text),
            type_id: row.get("typeId").and_then(read::int),
        })
    };
    Ok(rows(value, "resource")?.into_iter().filter_map(row).collect())
}

/// Reads the types of `booking.v1.resourceType.list` that are people.
#[must_use]
pub fn read_staff_types(value: &Value) -> Vec<i64> {
    let is_staff = |row: &&&Value| {
        let code = row.get("code").and_then(read::text).unwrap_or_default().to_lowercase();
        ["expert", "specialist", "doctor", "master", "staff", "employee"].iter().any(|word| code.contains(word))
    };
    let rows = rows(value, "resource").or_else(|_| rows(value, "resourceType")).unwrap_or_default();
    rows.iter().filter(is_staff).filter_map(|row| row.get("id").and_then(read::int)).collect()
}

/// Those of the type that is configured; else those of types that are people; else all.
fn staff_of(rows: Vec<Resource>, wanted: Option<i64>, staff: &[i64]) -> Vec<Resource> {
    let is_of = |resource: &Resource, types: &[i64]| resource.type_id.is_some_and(|id| types.contains(&id));
    if let Some(wanted) = wanted {
        return rows.into_iter().filter(|row| is_of(row, &[wanted])).collect();
    }
    if rows.iter().any(|row| is_of(row, staff)) {
        return rows.into_iter().filter(|row| is_of(row, staff)).collect();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_from_rooms() {
        let types = json!({"resource": [{"id": 1, "code": "room"}, {"id": "5", "code": "expert"}]});
        assert_eq!(read_staff_types(&types), [5]);
        let rows = read_resources(&json!({"resource": [{"id": 1, "name": "Room", "typeId": 1},
            {"id": "2", "name": "Anna", "typeId": "5"}]}))
        .unwrap();
        assert_eq!(staff_of(rows.clone(), None, &[5]).len(), 1);
        assert_eq!(staff_of(rows.clone(), Some(1), &[5])[0].name, "Room");
        assert_eq!(staff_of(rows, None, &[9]).len(), 2);
        assert!(is_same_word("Петрова Анна", "анна петрова"));
    }
}
