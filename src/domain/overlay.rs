//! A CRM's own services and staff, laid over the profile: the CRM says what can be booked, for how much and how long,
//! the profile how clients call it.

use serde::{Deserialize, Serialize};

use super::company::{Company, Employee, Profile, Service};
use super::crm::{CrmEmployee, CrmService};
use super::text::fold;

/// A visit whose length the vendor does not say.
const USUAL_MIN: u32 = 60;

/// What a CRM sells and who provides it, as it was read last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CatalogueCopy {
    /// Services that clients can book.
    pub services: Vec<CrmService>,
    /// Staff.
    pub staff: Vec<CrmEmployee>,
}

/// Changes a company's words.
pub type Words = Box<dyn Fn(&mut Company) + Send + Sync>;

/// The profile's services, for a CRM that has none of its own; those that clients cannot book only with `all`.
#[must_use]
pub fn services_of(profile: &Profile, all: bool) -> Vec<CrmService> {
    let offered = |id: &str| profile.visible_employees().any(|e| e.services.iter().any(|s| s == id));
    let services = profile.services.iter().filter(|service| all || (!service.hidden && offered(&service.id)));
    services
        .map(|service| CrmService {
            id: service.id.clone(),
            title: service.title.clone(),
            category: service.category.clone(),
            duration_min: Some(service.duration_min),
            price: service.price,
            currency: profile.company.currency.clone(),
        })
        .collect()
}

/// The profile's staff, those who provide `service` when one is given.
#[must_use]
pub fn staff_of(profile: &Profile, service: Option<&str>) -> Vec<CrmEmployee> {
    let provides = |services: &[String]| service.is_none_or(|id| services.iter().any(|s| s == id));
    let staff = profile.visible_employees().filter(|employee| provides(&employee.services));
    staff
        .map(|employee| CrmEmployee {
            id: employee.id.clone(),
            name: employee.name.clone(),
            title: employee.title.clone(),
            service_ids: employee.services.clone(),
        })
        .collect()
}

/// What is laid over the profile whenever it is read.
#[derive(Default)]
pub struct Refine {
    /// The configuration's words over the company's.
    pub company: Option<Words>,
    /// The connection whose services and staff are laid over the profile's, once they were read.
    pub connection: Option<String>,
}

impl Refine {
    /// Lays everything over a profile.
    pub fn apply(&self, profile: &mut Profile, copy: Option<&CatalogueCopy>) {
        if let Some(company) = &self.company {
            company(&mut profile.company);
        }
        if let Some(copy) = copy.filter(|copy| !copy.services.is_empty()) {
            lay(profile, copy);
        }
    }
}

/// Where profile and CRM differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// `service` or `employee`.
    pub what: &'static str,
    /// `only_in_crm`, `only_in_profile`, `price`, `duration`, `services`.
    pub difference: &'static str,
    /// The CRM's id.
    pub crm_id: Option<String>,
    /// The profile's id.
    pub profile_id: Option<String>,
    /// The title or name.
    pub title: String,
    /// As the profile has it.
    pub profile: Option<String>,
    /// As the CRM has it.
    pub crm: Option<String>,
}

/// The profile's service that a CRM's is: by id, else by title or alias.
fn service_of<'p>(profile: &'p Profile, crm: &CrmService) -> Option<&'p Service> {
    let title = fold(&crm.title);
    profile.services.iter().find(|service| service.id == crm.id).or_else(|| {
        profile
            .visible_services()
            .find(|service| fold(&service.title) == title || service.aliases.iter().any(|alias| fold(alias) == title))
    })
}

fn employee_of<'p>(profile: &'p Profile, crm: &CrmEmployee) -> Option<&'p Employee> {
    let name = fold(&crm.name);
    profile.employees.iter().find(|employee| employee.id == crm.id).or_else(|| {
        profile
            .visible_employees()
            .find(|employee| fold(&employee.name) == name || employee.aliases.iter().any(|alias| fold(alias) == name))
    })
}

/// Lays what the CRM has over the profile. What only the profile has cannot be booked there and is hidden.
pub fn lay(profile: &mut Profile, copy: &CatalogueCopy) {
    let services: Vec<Service> = copy
        .services
        .iter()
        .map(|crm| {
            let own = service_of(profile, crm);
            let mut aliases = own.map(|own| own.aliases.clone()).unwrap_or_default();
            let title = own.map_or_else(|| crm.title.clone(), |own| own.title.clone());
            if fold(&title) != fold(&crm.title) && aliases.iter().all(|alias| fold(alias) != fold(&crm.title)) {
                aliases.push(crm.title.clone());
            }
            Service {
                id: crm.id.clone(),
                title,
                aliases,
                category: own.and_then(|own| own.category.clone()).or_else(|| crm.category.clone()),
                duration_min: crm.duration_min.or(own.map(|own| own.duration_min)).unwrap_or(USUAL_MIN),
                price: crm.price.or(own.and_then(|own| own.price)),
                hidden: false,
            }
        })
        .collect();
    let employees: Vec<Employee> = copy
        .staff
        .iter()
        .map(|crm| {
            let own = employee_of(profile, crm);
            Employee {
                id: crm.id.clone(),
                name: own.map_or_else(|| crm.name.clone(), |own| own.name.clone()),
                aliases: own.map(|own| own.aliases.clone()).unwrap_or_default(),
                title: own.and_then(|own| own.title.clone()).or_else(|| crm.title.clone()),
                services: match crm.service_ids.is_empty() {
                    // The vendor does not say who does what: anybody may.
                    true => services.iter().map(|service| service.id.clone()).collect(),
                    false => crm.service_ids.clone(),
                },
                hours: own.and_then(|own| own.hours.clone()),
                days_off: own.map(|own| own.days_off.clone()).unwrap_or_default(),
                hidden: false,
            }
        })
        .collect();
    // Past bookings keep their names.
    let gone = profile.services.drain(..).filter(|own| services.iter().all(|service| service.id != own.id));
    let gone: Vec<Service> = gone.map(|own| Service { hidden: true, ..own }).collect();
    profile.services = services.into_iter().chain(gone).collect();
    let left = profile.employees.drain(..).filter(|own| employees.iter().all(|employee| employee.id != own.id));
    let left: Vec<Employee> = left.map(|own| Employee { hidden: true, ..own }).collect();
    profile.employees = employees.into_iter().chain(left).collect();
}

/// Where profile and CRM differ, in the CRM's order and then in the profile's.
#[must_use]
pub fn drift(profile: &Profile, copy: &CatalogueCopy) -> Vec<Drift> {
    let mut found = Vec::new();
    for crm in &copy.services {
        let row = |difference, own: Option<&Service>, profile: Option<String>, theirs: Option<String>| Drift {
            what: "service",
            difference,
            crm_id: Some(crm.id.clone()),
            profile_id: own.map(|own| own.id.clone()),
            title: crm.title.clone(),
            profile,
            crm: theirs,
        };
        let Some(own) = service_of(profile, crm) else {
            found.push(row("only_in_crm", None, None, None));
            continue;
        };
        if let Some(price) = crm.price.filter(|price| own.price != Some(*price)) {
            found.push(row("price", Some(own), own.price.map(shown), Some(shown(price))));
        }
        if let Some(minutes) = crm.duration_min.filter(|minutes| *minutes != own.duration_min) {
            let (ours, theirs) = (own.duration_min.to_string(), minutes.to_string());
            found.push(row("duration", Some(own), Some(ours), Some(theirs)));
        }
    }
    for crm in &copy.staff {
        if employee_of(profile, crm).is_none() {
            found.push(Drift {
                what: "employee",
                difference: "only_in_crm",
                crm_id: Some(crm.id.clone()),
                profile_id: None,
                title: crm.name.clone(),
                profile: None,
                crm: None,
            });
        }
    }
    let only = |what, id: &str, title: &str| Drift {
        what,
        difference: "only_in_profile",
        crm_id: None,
        profile_id: Some(id.to_owned()),
        title: title.to_owned(),
        profile: None,
        crm: None,
    };
    for own in profile.visible_services() {
        if !copy.services.iter().any(|crm| service_of(profile, crm).is_some_and(|known| known.id == own.id)) {
            found.push(only("service", &own.id, &own.title));
        }
    }
    for own in profile.visible_employees() {
        if !copy.staff.iter().any(|crm| employee_of(profile, crm).is_some_and(|known| known.id == own.id)) {
            found.push(only("employee", &own.id, &own.name));
        }
    }
    found
}

fn shown(price: super::company::Price) -> String {
    let major = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    price.to.map_or_else(|| major(price.from), |to| format!("{}–{}", major(price.from), major(to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::Price;

    fn service(id: &str, title: &str, price: i64) -> CrmService {
        CrmService {
            id: id.to_owned(),
            title: title.to_owned(),
            category: None,
            duration_min: Some(45),
            price: Some(Price { from: price, to: None }),
            currency: "RUB".to_owned(),
        }
    }

    fn own(id: &str, title: &str, alias: &str) -> Service {
        Service {
            id: id.to_owned(),
            title: title.to_owned(),
            aliases: vec![alias.to_owned()],
            category: None,
            duration_min: 60,
            price: Some(Price { from: 100, to: None }),
            hidden: false,
        }
    }

    #[test]
    fn the_crm_says_what_can_be_booked_and_the_profile_how_it_is_called() {
        let mut profile: Profile = serde_json::from_value(serde_json::json!({
            "company": {"name": "Ромашка", "phone": null, "address": null, "timezone": "Europe/Moscow", "locale": "ru", "currency": "RUB", "hours": serde_json::to_value(crate::domain::company::WeekHours::default()).unwrap(), "booking": {"step_min": 30, "lead_time_min": 60, "horizon_days": 60}, "closed": []}, "services": [], "employees": [], "knowledge": [],
        }))
        .unwrap();
        profile.services = vec![own("cut", "Женская стрижка", "стрижка женская"), own("spa", "СПА", "спа")];
        let copy = CatalogueCopy {
            services: vec![service("331", "Стрижка ЖЕНСКАЯ", 2500), service("332", "Маникюр", 2000)],
            staff: vec![CrmEmployee {
                id: "9".to_owned(),
                name: "Анна".to_owned(),
                title: None,
                service_ids: Vec::new(),
            }],
        };
        let told: Vec<_> = drift(&profile, &copy).iter().map(|d| (d.what, d.difference, d.title.clone())).collect();
        let told: Vec<_> = told.iter().map(|(what, difference, title)| (*what, *difference, title.as_str())).collect();
        assert_eq!(
            told,
            [
                ("service", "price", "Стрижка ЖЕНСКАЯ"),
                ("service", "duration", "Стрижка ЖЕНСКАЯ"),
                ("service", "only_in_crm", "Маникюр"),
                ("employee", "only_in_crm", "Анна"),
                ("service", "only_in_profile", "СПА"),
            ]
        );
        lay(&mut profile, &copy);
        let shown: Vec<_> = profile.services.iter().map(|s| (s.id.as_str(), s.title.as_str(), s.hidden)).collect();
        assert_eq!(
            shown,
            [
                ("331", "Женская стрижка", false),
                ("332", "Маникюр", false),
                ("cut", "Женская стрижка", true),
                ("spa", "СПА", true)
            ]
        );
        assert_eq!(profile.services[0].duration_min, 45);
        assert_eq!(profile.services[0].aliases, ["стрижка женская"]);
        assert_eq!(profile.employees[0].services, ["331", "332"]);
        let once = profile.clone();
        lay(&mut profile, &copy);
        assert_eq!(profile.services[..2], once.services[..2], "laying it twice changes nothing");
    }
}
