//! The business profile: read whole or refused with every problem and its line.

mod fields;
mod hours;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use self::fields::{Fields, Sheet};
use super::document::{Document, utf8};
use super::problem::{Problem, Problems};
use super::settings::CompanyOverrides;
use crate::domain::company::{Company, Employee, Profile, Service, WeekHours};

pub use self::write::to_toml;

/// Reads the profile of a file. Beside it stand warnings: what is allowed but probably not meant.
///
/// # Errors
/// When the file cannot be read, or every problem in it.
pub fn load_profile(path: &Path, overrides: &CompanyOverrides) -> Result<(Profile, Vec<Problem>), Problems> {
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::of("", format!("cannot read the profile: {error}")).at(Some(path.to_owned()), None)
    })?;
    let text = utf8(bytes, Some(path))?;
    let base = path.parent().unwrap_or(Path::new(""));
    let of_file = |problems: Vec<Problem>| -> Vec<Problem> {
        problems.into_iter().map(|problem| Problem { file: Some(path.to_owned()), ..problem }).collect()
    };
    match parse_profile(&text, base, overrides, &|path| std::fs::read_to_string(path)) {
        Ok((profile, warnings)) => Ok((profile, of_file(warnings))),
        Err(problems) => Err(Problems(of_file(problems.0))),
    }
}

/// Reads the text of a profile. Files that it names are read through `read_file`, relative to `base_dir`.
///
/// # Errors
/// Every problem, with its line.
pub fn parse_profile(
    text: &str,
    base_dir: &Path,
    overrides: &CompanyOverrides,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(Profile, Vec<Problem>), Problems> {
    let document = Document::parse(text, None)?;
    let sheet = Sheet::new(&document.lines);
    let root = Fields::root(&sheet, document.root.get_ref(), &["company", "service", "employee", "knowledge"]);
    let company = read::company(&root, overrides);
    let services = read::services(&root);
    let employees = read::employees(&root, &services);
    let knowledge = read::knowledge(&root, base_dir, read_file);
    if let Some(company) = &company {
        warn(company, &services, &employees);
    }
    let services = services.into_iter().map(|(_, service)| service).collect();
    let employees = employees.into_iter().map(|(_, employee)| employee).collect();
    let (problems, mut warnings) = sheet.finish();
    warnings.sort_by_key(|warning| warning.line);
    Problems::none_or(problems)?;
    let company = company.ok_or_else(|| Problem::of("company", "missing"))?;
    Ok((Profile { company, services, employees, knowledge }, warnings))
}

/// What the profile promises and nobody can keep.
fn warn(company: &Company, services: &[(Fields<'_>, Service)], employees: &[(Fields<'_>, Employee)]) {
    // For each service, the longest stretch of anybody who provides it.
    let mut longest: BTreeMap<&str, u32> = BTreeMap::new();
    for (table, employee) in employees {
        let stretch = longest_stretch(employee.hours.as_ref().unwrap_or(&company.hours));
        if stretch == 0 {
            table.warn(format!("`{}` has no working hours: no time with them is offered", employee.id));
        }
        for id in &employee.services {
            let known = longest.entry(id).or_default();
            *known = stretch.max(*known);
        }
    }
    let mut titles: BTreeMap<&str, &str> = BTreeMap::new();
    for (table, Service { id, title, duration_min, .. }) in services {
        match longest.get(id.as_str()) {
            None => table.warn(format!("nobody provides `{id}`: it can be asked about, not booked")),
            // Whoever has no hours at all was warned about above.
            Some(0) => {}
            Some(stretch) if stretch < duration_min => {
                table.warn(format!("`{id}` takes {duration_min} min, nobody works that long: it cannot be booked"));
            }
            Some(_) => {}
        }
        if let Some(other) = titles.insert(title, id) {
            table.warn(format!("`{other}` and `{id}` have one title: clients cannot tell them apart"));
        }
    }
}

/// The longest unbroken stretch of a week, in minutes.
fn longest_stretch(hours: &WeekHours) -> u32 {
    hours.0.iter().flatten().map(|stretch| u32::from(stretch.to - stretch.from)).max().unwrap_or(0)
}
