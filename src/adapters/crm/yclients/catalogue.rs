//! Services and staff: the journal's lists with a user's token, the booking form's without one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::Value;

use super::wire::{self, PAGE, Who};
use super::{Branch, locked};
use crate::adapters::http::{Call, Method, read};
use crate::domain::company::Price;
use crate::domain::crm::{Catalogue, CrmEmployee, CrmService};
use crate::domain::fault::{Fault, FaultKind};

/// So long prices and lengths that bookings are written with hold.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// Who provides a service, for how long and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provider {
    pub id: String,
    pub seconds: Option<i64>,
    pub price: Option<i64>,
}

/// A service as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRow {
    pub id: String,
    pub title: String,
    pub category: Option<String>,
    pub price: Option<Price>,
    pub seconds: Option<i64>,
    pub is_online: bool,
    /// Clients must pay before they come.
    pub is_prepaid: bool,
    pub providers: Vec<Provider>,
}

/// A person as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StaffRow {
    pub id: String,
    pub name: String,
    pub title: Option<String>,
    /// Neither dismissed nor hidden.
    pub is_there: bool,
    pub is_bookable: Option<bool>,
}

impl Branch {
    fn services_call(&self) -> Call {
        let company = self.company_id.as_str();
        if self.has_user {
            return self.wire.call("services", Method::Get, Who::User, &["company", company, "services", ""]);
        }
        self.wire.call("book_services", Method::Get, Who::Guest, &["book_services", company])
    }

    /// Services as the vendor has them now.
    pub(super) async fn fresh_services(&self, operation: &'static str) -> Result<(Arc<Vec<ServiceRow>>, Value), Fault> {
        let call = self.services_call();
        let body = self.wire.portal.json(&call).await?;
        let mut rows = read_services(&body).map_err(self.unreadable(operation))?;
        // The list comes whole; where it says that there is more, the rest is asked for.
        let mut page = 1;
        while wire::total(&body).is_some_and(|total| total > rows.len()) && page < wire::PAGES {
            page += 1;
            let next = self.wire.portal.json(&paged(self.services_call(), page, PAGE)).await?;
            if !add_new(&mut rows, read_services(&next).map_err(self.unreadable(operation))?, |row| &row.id) {
                break;
            }
        }
        let rows = Arc::new(rows);
        *locked(&self.services) = Some((self.now(), Arc::clone(&rows)));
        Ok((rows, body))
    }

    /// Services, as known for at most ten minutes.
    pub(super) async fn known_services(&self, operation: &'static str) -> Result<Arc<Vec<ServiceRow>>, Fault> {
        if let Some((at, known)) = &*locked(&self.services)
            && self.now().duration_since(*at) < HOLDS
        {
            return Ok(Arc::clone(known));
        }
        Ok(self.fresh_services(operation).await?.0)
    }

    /// The titles of groups; that they cannot be had is no reason to show no services.
    async fn categories(&self, services: &Value) -> BTreeMap<String, String> {
        if !self.has_user {
            return read_categories(services).unwrap_or_default();
        }
        let company = self.company_id.as_str();
        let own = ["company", company, "service_categories", ""];
        for (who, parts) in [(Who::User, &own[..]), (Who::Guest, &["book_services", company][..])] {
            let call = self.wire.call("categories", Method::Get, who, parts);
            let read = match self.wire.portal.json(&call).await {
                Ok(body) => read_categories(&body),
                Err(fault) => Err(fault.to_string()),
            };
            match read {
                Ok(titles) => return titles,
                Err(error) => tracing::debug!(connection = %self.wiring.name, error, "no titles of groups"),
            }
        }
        BTreeMap::new()
    }

    async fn staff_rows(&self, service: Option<&str>) -> Result<Vec<StaffRow>, Fault> {
        let company = self.company_id.as_str();
        let call = || match (self.has_user, service) {
            (true, _) => self.wire.call("staff", Method::Get, Who::User, &["company", company, "staff", ""]),
            (false, service) => self
                .wire
                .call("book_staff", Method::Get, Who::Guest, &["book_staff", company])
                .query(&[("service_ids[]", service.unwrap_or_default())]),
        };
        let body = self.wire.portal.json(&call()).await?;
        let mut rows = read_staff(&body).map_err(self.unreadable("staff"))?;
        let mut page = 1;
        while wire::total(&body).is_some_and(|total| total > rows.len()) && page < wire::PAGES {
            page += 1;
            let next = self.wire.portal.json(&paged(call(), page, PAGE)).await?;
            if !add_new(&mut rows, read_staff(&next).map_err(self.unreadable("staff"))?, |row| &row.id) {
                break;
            }
        }
        rows.retain(|row| row.is_there);
        Ok(rows)
    }

    /// Who may be booked for a service at that time, as the vendor writes it.
    pub(super) async fn able_at(
        &self,
        operation: &'static str,
        service: &str,
        datetime: &str,
    ) -> Result<Vec<String>, Fault> {
        let call = self
            .wire
            .call("book_staff", Method::Get, Who::Guest, &["book_staff", &self.company_id])
            .query(&[("service_ids[]", service), ("datetime", datetime)]);
        let rows = read_staff(&self.wire.portal.json(&call).await?).map_err(self.unreadable(operation))?;
        let able = rows.into_iter().filter(|row| row.is_there && row.is_bookable != Some(false));
        Ok(able.map(|row| row.id).collect())
    }

    /// Refuses a service that the branch does not have.
    pub(super) async fn must_have(&self, operation: &'static str, service: &str) -> Result<(), Fault> {
        let known = self.known_services(operation).await?;
        if known.iter().any(|row| row.id == service) {
            return Ok(());
        }
        Err(self.missing(operation, "service", service))
    }

    /// Refuses a service that the branch does not have, and a person whom it does not have where the service names
    /// others: a vendor that answers times for anything would be booked for nothing.
    pub(super) async fn must_provide(
        &self,
        operation: &'static str,
        service: &str,
        employee: Option<&str>,
    ) -> Result<(), Fault> {
        self.must_have(operation, service).await?;
        let Some(employee) = employee else { return Ok(()) };
        let known = self.known_services(operation).await?;
        let row = known.iter().find(|row| row.id == service);
        let is_named = |row: &ServiceRow| row.providers.iter().any(|provider| provider.id == employee);
        if row.is_some_and(|row| row.providers.is_empty() || is_named(row)) {
            return Ok(());
        }
        self.must_employ(operation, employee).await
    }

    /// Refuses a person whom the branch does not have.
    pub(super) async fn must_employ(&self, operation: &'static str, employee: &str) -> Result<(), Fault> {
        let staff = self.staff_rows(None).await?;
        if staff.iter().any(|row| row.id == employee) {
            return Ok(());
        }
        Err(self.missing(operation, "employee", employee))
    }

    /// The service, where it may be booked without being paid for.
    pub(super) async fn payable_later(
        &self,
        operation: &'static str,
        service: &str,
    ) -> Result<Option<ServiceRow>, Fault> {
        let known = self.known_services(operation).await?;
        let Some(row) = known.iter().find(|row| row.id == service) else { return Ok(None) };
        if row.is_prepaid {
            let detail = format!("«{}» must be paid in advance, on the branch's own booking page", row.title);
            return Err(self.fault(FaultKind::Rejected, operation, detail));
        }
        Ok(Some(row.clone()))
    }
}

fn paged(call: Call, page: usize, count: usize) -> Call {
    call.query(&[("page", &page.to_string()), ("count", &count.to_string())])
}

/// Adds rows that are new; whether there were any.
pub(super) fn add_new<T>(rows: &mut Vec<T>, more: Vec<T>, id: impl Fn(&T) -> &String) -> bool {
    let known: HashSet<String> = rows.iter().map(|row| id(row).clone()).collect();
    let before = rows.len();
    rows.extend(more.into_iter().filter(|row| !known.contains(id(row))));
    rows.len() > before
}

#[async_trait]
impl Catalogue for Branch {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        let company = self.company("services").await?;
        let (rows, body) = self.fresh_services("services").await?;
        let titles = self.categories(&body).await;
        let currency = company.row.currency.clone().unwrap_or_else(|| "RUB".to_owned());
        let shown = rows.iter().filter(|row| all || row.is_online);
        Ok(shown
            .map(|row| CrmService {
                id: row.id.clone(),
                title: row.title.clone(),
                category: row.category.as_ref().and_then(|id| titles.get(id)).cloned(),
                duration_min: minutes(row),
                price: row.price,
                currency: currency.clone(),
            })
            .collect())
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let services = self.fresh_services("staff").await?.0;
        if let Some(id) = service
            && services.iter().all(|row| row.id != id)
        {
            return Err(self.missing("staff", "service", id));
        }
        let rows = self.staff_rows(service).await?;
        let provided = |id: &str| -> Vec<String> {
            let of = services.iter().filter(|row| row.providers.iter().any(|provider| provider.id == id));
            let known: Vec<String> = of.map(|row| row.id.clone()).collect();
            // The booking form's list holds those who provide what was asked for, and does not say what else.
            if known.is_empty() && !self.has_user { service.map(str::to_owned).into_iter().collect() } else { known }
        };
        let staff = rows.into_iter().map(|row| {
            let service_ids = provided(&row.id);
            CrmEmployee { id: row.id, name: row.name, title: row.title, service_ids }
        });
        Ok(staff.filter(|one| service.is_none_or(|id| one.service_ids.iter().any(|known| known == id))).collect())
    }
}

/// How long a service lasts; of several lengths the longest, so that nobody is promised too short a visit.
fn minutes(row: &ServiceRow) -> Option<u32> {
    let longest = row.providers.iter().filter_map(|provider| provider.seconds).max();
    let seconds = row.seconds.or(longest)?;
    u32::try_from(seconds / 60).ok().filter(|minutes| *minutes > 0)
}

/// Reads services of either list.
pub(super) fn read_services(body: &Value) -> Result<Vec<ServiceRow>, String> {
    let inner = wire::data(body).get("services").unwrap_or(body);
    Ok(wire::rows(inner, "services")?.into_iter().filter_map(read_service).collect())
}

fn read_service(row: &Value) -> Option<ServiceRow> {
    let id = wire::id(row, "id")?;
    let title = ["booking_title", "title"].iter().find_map(|name| wire::text(row, name));
    let amount = |name: &str| row.get(name).and_then(read::minor).filter(|amount| *amount > 0);
    let price = amount("price_min").map(|from| Price { from, to: amount("price_max").filter(|to| *to > from) });
    let seconds = |row: &Value, name: &str| wire::int(row, name).filter(|seconds| (60..=86_400).contains(seconds));
    let providers = row.get("staff").map(read::list).unwrap_or_default().into_iter().filter_map(|one| {
        let price = one.get("price").and_then(|price| {
            read::minor(price)
                .or_else(|| ["price", "price_min", "min"].iter().find_map(|name| read::minor(price.get(*name)?)))
        });
        Some(Provider {
            id: wire::id(one, "id")?,
            seconds: seconds(one, "seance_length"),
            price: price.filter(|price| *price > 0),
        })
    });
    Some(ServiceRow {
        title: title.unwrap_or_else(|| id.clone()),
        category: wire::id(row, "category_id"),
        price,
        seconds: seconds(row, "duration").or_else(|| seconds(row, "seance_length")),
        is_online: wire::flag(row, "active").unwrap_or(true) && wire::flag(row, "is_online").unwrap_or(true),
        is_prepaid: wire::text(row, "prepaid").as_deref() == Some("required"),
        providers: providers.collect(),
        id,
    })
}

/// Reads the titles of groups, of either list.
pub(super) fn read_categories(body: &Value) -> Result<BTreeMap<String, String>, String> {
    let data = wire::data(body);
    let inner = ["category", "categories"].iter().find_map(|name| data.get(*name)).unwrap_or(body);
    let title = |row: &&Value| Some((wire::id(row, "id")?, wire::text(row, "title")?));
    Ok(wire::rows(inner, "groups of services")?.iter().filter_map(title).collect())
}

/// Reads staff; what the list says of their own accounts is not looked at.
pub(super) fn read_staff(body: &Value) -> Result<Vec<StaffRow>, String> {
    Ok(wire::rows(body, "staff")?.into_iter().filter_map(read_employee).collect())
}

fn read_employee(row: &Value) -> Option<StaffRow> {
    let id = wire::id(row, "id")?;
    let position = row.get("position").and_then(|position| wire::text(position, "title"));
    let is = |name: &str| wire::flag(row, name).unwrap_or(false);
    Some(StaffRow {
        name: wire::text(row, "name").unwrap_or_else(|| id.clone()),
        title: position.or_else(|| wire::text(row, "specialization")),
        is_there: !is("fired") && !is("hidden") && !is("is_fired") && !is("deleted"),
        is_bookable: wire::flag(row, "bookable"),
        id,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_and_lengths_are_read_in_every_form() {
        let body = json!({"success": true, "data": [
            {"id": "331", "title": "Стрижка", "category_id": 0, "price_min": "1300.00", "price_max": 1300, "active": "1",
             "staff": [{"id": 5, "seance_length": "2700", "price": null}, {"id": "6", "seance_length": 3600, "price": {"price_min": 1500}}]},
            {"id": 2, "title": "Уход", "price_min": 0, "price_max": 0, "active": 0, "duration": 1800, "staff": []},
            {"id": 3, "title": "Цвет", "price_min": 1000, "price_max": 2500, "prepaid": "required", "staff": {}},
            {"title": "без номера"}, 7]});
        let rows = read_services(&body).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].price, Some(Price { from: 130_000, to: None }));
        assert_eq!((minutes(&rows[0]), rows[0].is_online, &rows[0].category), (Some(60), true, &None));
        assert_eq!(rows[0].providers[1].price, Some(150_000));
        assert_eq!((rows[1].price, minutes(&rows[1]), rows[1].is_online), (None, Some(30), false));
        assert_eq!(rows[2].price, Some(Price { from: 100_000, to: Some(250_000) }));
        assert!(rows[2].is_prepaid);
    }

    #[test]
    fn the_booking_forms_list_has_services_and_groups() {
        for name in ["category", "categories"] {
            let body = json!({"data": {"services": [{"id": 1, "title": "А", "category_id": 9}], name: [{"id": 9, "title": "Волосы"}]}});
            assert_eq!(read_services(&body).unwrap().len(), 1);
            assert_eq!(read_categories(&body).unwrap()["9"], "Волосы");
        }
    }

    #[test]
    fn those_who_left_are_no_staff_and_private_phones_are_not_read() {
        let body = json!({"data": [
            {"id": 1, "name": "Анна", "position": [], "specialization": "Стилист", "fired": 0, "hidden": "0", "user": {"phone": "+79160000000"}},
            {"id": 2, "name": "Б", "position": {"id": 1, "title": "Мастер"}, "fired": "1"},
            {"id": 3, "name": "В", "hidden": 1, "bookable": false}]});
        let rows = read_staff(&body).unwrap();
        assert_eq!(rows.iter().map(|row| row.is_there).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!((rows[0].title.as_deref(), rows[2].is_bookable), (Some("Стилист"), Some(false)));
        assert!(!format!("{rows:?}").contains("7916"));
    }
}
