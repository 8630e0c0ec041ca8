//! Ready business profiles, for a first look and for `flow init`.

const PRESETS: [(&str, &str); 4] = [
    ("salon", include_str!("../../presets/salon.toml")),
    ("clinic", include_str!("../../presets/clinic.toml")),
    ("autoservice", include_str!("../../presets/autoservice.toml")),
    ("it-support", include_str!("../../presets/it-support.toml")),
];

/// Their names; the first is the demo's.
pub const NAMES: [&str; 4] = [PRESETS[0].0, PRESETS[1].0, PRESETS[2].0, PRESETS[3].0];

/// The text of a preset (`profile.toml`).
#[must_use]
pub fn get(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::config::profile::to_toml;
    use crate::config::{CompanyOverrides, parse_profile};
    use crate::domain::company::{Employee, Profile, Service};

    fn load(name: &str) -> Profile {
        let no_files = |path: &Path| Err(io::Error::other(path.display().to_string()));
        let text = get(name).unwrap();
        let (profile, warnings) = parse_profile(text, Path::new(""), &CompanyOverrides::default(), &no_files)
            .unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert_eq!(warnings, [], "{name}");
        profile
    }

    /// Whether some stretch of that weekday is long enough for the visit.
    fn is_offered(profile: &Profile, service: &Service, employee: &Employee, day: usize) -> bool {
        let hours = employee.hours.as_ref().unwrap_or(&profile.company.hours);
        let fits = hours.0[day].iter().any(|stretch| u32::from(stretch.to - stretch.from) >= service.duration_min);
        fits && employee.services.contains(&service.id)
    }

    #[test]
    fn every_preset_loads_without_warnings_and_survives_being_written() {
        assert_eq!(get("bakery"), None);
        for name in NAMES {
            let profile = load(name);
            assert!((10..=18).contains(&profile.services.len()), "{name}");
            assert!((4..=7).contains(&profile.employees.len()), "{name}");
            assert!((12..=20).contains(&profile.knowledge.len()), "{name}");
            assert!(profile.services.iter().any(|service| service.price.is_none()), "{name}");
            assert!(profile.services.iter().all(|service| service.duration_min.is_multiple_of(5)), "{name}");
            assert!(profile.services.iter().all(|service| service.category.is_some()), "{name}");
            assert!(profile.knowledge.iter().all(|entry| !entry.tags.is_empty()), "{name}");
            let no_files = |_: &Path| Err(io::Error::other("none"));
            let again = parse_profile(&to_toml(&profile), Path::new(""), &CompanyOverrides::default(), &no_files);
            assert_eq!(again.unwrap().0, profile, "{name}");
        }
    }

    #[test]
    fn every_service_of_every_preset_can_be_booked_on_some_day_and_the_salons_ordinary_ones_on_any() {
        for name in NAMES {
            let profile = load(name);
            for service in &profile.services {
                let offered =
                    |day| profile.employees.iter().any(|employee| is_offered(&profile, service, employee, day));
                let days = (0..7).filter(|day| offered(*day)).count();
                assert!(days > 0, "{name}: {}", service.id);
                let is_rare = service.price.is_none();
                assert!(name != "salon" || is_rare || days == 7, "{}: {days} days", service.id);
            }
        }
    }

    #[test]
    fn nobody_works_when_the_company_is_closed() {
        for name in NAMES {
            let profile = load(name);
            for employee in &profile.employees {
                let Some(hours) = &employee.hours else { continue };
                for (own, company) in hours.0.iter().zip(&profile.company.hours.0) {
                    let inside = |stretch| company.iter().any(|open: &_| within(stretch, open));
                    assert!(own.iter().all(inside), "{name}: {}", employee.id);
                }
            }
        }
    }

    fn within(inner: &crate::domain::company::Interval, outer: &crate::domain::company::Interval) -> bool {
        outer.from <= inner.from && inner.to <= outer.to
    }

    #[test]
    fn a_haircut_in_the_salon_is_one_of_three() {
        let profile = load("salon");
        let called = |service: &&Service| service.aliases.iter().any(|alias| alias == "стрижка");
        let ids: Vec<_> = profile.services.iter().filter(called).map(|service| service.id.as_str()).collect();
        assert_eq!(ids, ["haircut-women", "haircut-men", "haircut-child"]);
    }
}
