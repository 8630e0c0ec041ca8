//! The parts of a profile.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::fields::{Field, Fields, tidy};
use super::hours;
use crate::config::near;
use crate::config::problem::Problem;
use crate::config::settings::CompanyOverrides;
use crate::config::value::{check_currency, check_zone};
use crate::domain::company::{BookingRules, Company, Employee, KnowledgeEntry, Price, Service};
use crate::domain::contact::{Locale, Phone, Region};

const MAX_TITLE: usize = 200;
const MAX_ADDRESS: usize = 300;
const MAX_ALIAS: usize = 100;
const MAX_ALIASES: usize = 100;
const MAX_TEXT: usize = 20_000;
const MAX_ENTRIES: usize = 5000;
const MAX_PRICE: i64 = 1_000_000_000_000;
const DAY_MIN: i64 = 24 * 60;
const YEAR_MIN: i64 = 365 * DAY_MIN;

/// `[company]`; `None` when it lacks what nothing else can give.
pub fn company(root: &Fields<'_>, overrides: &CompanyOverrides) -> Option<Company> {
    const KNOWN: [&str; 9] =
        ["name", "phone", "address", "timezone", "locale", "currency", "hours", "booking", "closed"];
    root.required("company")?;
    let table = root.section("company", &KNOWN)?;
    let name = table.required_text("name", MAX_TITLE);
    let given_zone = if overrides.timezone.is_some() { table.field("timezone") } else { table.required("timezone") };
    let given_zone = given_zone.and_then(|field| field.raw_text().and_then(|text| field.check(check_zone(text))));
    let locale = table.field("locale").and_then(|field| {
        let wrong = |text| Problem::of("", format!("expected \"ru\" or \"en\", got `{text}`"));
        field.raw_text().and_then(|text| field.check(Locale::parse(text).ok_or_else(|| wrong(text))))
    });
    let currency = table
        .field("currency")
        .and_then(|field| field.raw_text().and_then(|text| field.check(check_currency(text))).map(str::to_owned));
    let company = Company {
        name: name.unwrap_or_default(),
        phone: table.field("phone").and_then(|field| phone(&field)),
        address: table.text("address", MAX_ADDRESS),
        locale: overrides.locale.or(locale).unwrap_or_default(),
        currency: overrides.currency.clone().or(currency).unwrap_or_else(|| "RUB".to_owned()),
        hours: hours::week(&table, "hours").unwrap_or_default(),
        booking: booking(&table),
        closed: hours::days(&table, "closed"),
        // Last, so that everything above is read, and its problems told, without a zone too.
        timezone: overrides.timezone.clone().or(given_zone)?,
    };
    Some(company)
}

fn phone(field: &Field<'_>) -> Option<Phone> {
    let text = field.raw_text()?;
    let wrong = |_| Problem::of("", format!("`{text}` is no phone number")).hint("write it as +74951234567");
    field.check(Phone::parse(text, Region::default()).map_err(wrong))
}

fn booking(company: &Fields<'_>) -> BookingRules {
    let defaults = BookingRules::default();
    let Some(table) = company.section("booking", &["step_min", "lead_time_min", "horizon_days"]) else {
        return defaults;
    };
    let whole = |name, bounds, default| {
        let given = table.field(name).and_then(|field| field.integer(bounds));
        given.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
    };
    let step_min = whole("step_min", 5..=DAY_MIN, defaults.step_min);
    if let Some(field) = table.field("step_min").filter(|_| !step_min.is_multiple_of(5)) {
        field.note(Problem::of("", format!("{step_min} is no multiple of 5")).hint("write 10, 15, 20, 30 or 60"));
    }
    BookingRules {
        step_min,
        lead_time_min: whole("lead_time_min", 0..=YEAR_MIN, defaults.lead_time_min),
        horizon_days: whole("horizon_days", 1..=730, defaults.horizon_days),
    }
}

/// Ids that were met.
#[derive(Default)]
struct Ids(BTreeSet<String>);

impl Ids {
    /// The id of an entry, checked for its form and for standing alone.
    fn take(&mut self, entry: &Fields<'_>) -> Option<String> {
        let field = entry.required("id")?;
        let id = field.raw_text()?;
        let starts = id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if !starts || !id.chars().all(fits) || id.len() > 64 {
            let problem = Problem::of("", format!("`{id}` is no id"));
            field.note(problem.hint("use up to 64 of a-z, 0-9, - and _, a letter or a digit first"));
            return None;
        }
        if !self.0.insert(id.to_owned()) {
            field.note(Problem::of("", format!("`{id}` is taken by an entry above")));
        }
        Some(id.to_owned())
    }
}

/// `[[service]]`, with their tables for warnings.
pub fn services<'a>(root: &Fields<'a>) -> Vec<(Fields<'a>, Service)> {
    const KNOWN: [&str; 7] = ["id", "title", "aliases", "category", "duration_min", "price", "price_to"];
    let mut ids = Ids::default();
    let read = |entry: Fields<'a>| {
        let id = ids.take(&entry);
        let title = entry.required_text("title", MAX_TITLE);
        let duration = entry.required("duration_min").and_then(|field| field.integer(1..=DAY_MIN));
        let service = Service {
            title: title.unwrap_or_default(),
            aliases: entry.texts("aliases", MAX_ALIASES, MAX_ALIAS),
            category: entry.text("category", MAX_TITLE),
            duration_min: duration.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or_default(),
            price: price(&entry),
            id: id?,
            hidden: false,
        };
        Some((entry, service))
    };
    root.sections("service", MAX_ENTRIES, &KNOWN).into_iter().filter_map(read).collect()
}

fn price(service: &Fields<'_>) -> Option<Price> {
    let money = |name: &str| service.field(name).map(|field| (field.integer(0..=MAX_PRICE), field));
    match (money("price"), money("price_to")) {
        (None, None) => None,
        (None, Some((_, field))) => {
            field.note(Problem::of("", "needs `price`, the lower end of the range"));
            None
        }
        (Some((from, _)), None) => Some(Price { from: from?, to: None }),
        (Some((from, _)), Some((to, field))) => {
            let (from, to) = (from?, to?);
            if to < from {
                field.note(Problem::of("", format!("{to} is less than `price`, {from}")));
            }
            Some(Price { from, to: Some(to) })
        }
    }
}

/// `[[employee]]`, with their tables for warnings.
pub fn employees<'a>(root: &Fields<'a>, services: &[(Fields<'_>, Service)]) -> Vec<(Fields<'a>, Employee)> {
    const KNOWN: [&str; 7] = ["id", "name", "aliases", "title", "services", "hours", "day_off"];
    let known: BTreeSet<&str> = services.iter().map(|(_, service)| service.id.as_str()).collect();
    let mut ids = Ids::default();
    let read = |entry: Fields<'a>| {
        let id = ids.take(&entry);
        let name = entry.required_text("name", MAX_TITLE);
        let employee = Employee {
            name: name.unwrap_or_default(),
            aliases: entry.texts("aliases", MAX_ALIASES, MAX_ALIAS),
            title: entry.text("title", MAX_TITLE),
            services: provided(&entry, &known),
            hours: hours::week(&entry, "hours"),
            days_off: hours::days(&entry, "day_off"),
            id: id?,
            hidden: false,
        };
        Some((entry, employee))
    };
    root.sections("employee", MAX_ENTRIES, &KNOWN).into_iter().filter_map(read).collect()
}

fn provided(employee: &Fields<'_>, known: &BTreeSet<&str>) -> Vec<String> {
    let Some(field) = employee.required("services") else { return Vec::new() };
    let items = field.items(MAX_ENTRIES);
    if items.is_empty() && field.value.as_array().is_some_and(|list| list.is_empty()) {
        field.note(Problem::of("", "is empty: an employee provides at least one service"));
    }
    let mut ids: Vec<String> = Vec::new();
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        let Some(id) = item.raw_text() else { continue };
        if !met.insert(id) {
            item.note(Problem::of("", format!("`{id}` stands twice")));
        } else if known.contains(id) {
            ids.push(id.to_owned());
        } else {
            let problem = Problem::of("", format!("there is no service `{id}`"));
            item.note(match near::advice(id, &known.iter().copied().collect::<Vec<_>>()) {
                Some(advice) => problem.hint(advice),
                None => problem,
            });
        }
    }
    ids
}

/// `[[knowledge]]`; texts in files are read from `base`.
pub fn knowledge(
    root: &Fields<'_>,
    base: &Path,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Vec<KnowledgeEntry> {
    let read = |entry: Fields<'_>| {
        let title = entry.required_text("title", MAX_TITLE);
        let tags = entry.texts("tags", MAX_ALIASES, MAX_ALIAS);
        let text = match (entry.field("text"), entry.field("file")) {
            (Some(text), None) => text.prose(MAX_TEXT),
            (None, Some(file)) => text_of_file(&file, base, read_file),
            (Some(_), Some(file)) => {
                file.note(Problem::of("", "stands beside `text`; keep one of them"));
                None
            }
            (None, None) => {
                entry.note("", Problem::of("", "needs `text` or `file`"));
                None
            }
        };
        Some(KnowledgeEntry { title: title?, text: text?, tags })
    };
    root.sections("knowledge", MAX_ENTRIES, &["title", "text", "file", "tags"]).into_iter().filter_map(read).collect()
}

fn text_of_file(field: &Field<'_>, base: &Path, read_file: &dyn Fn(&Path) -> io::Result<String>) -> Option<String> {
    let path = base.join(field.raw_text()?);
    let unreadable = |error: io::Error| Problem::of("", format!("cannot read {}: {error}", path.display()));
    let text = field.check(read_file(&path).map_err(unreadable))?;
    let about = |problem: Problem| Problem { message: format!("{} {}", path.display(), problem.message), ..problem };
    field.check(tidy(text.trim_start_matches('\u{feff}'), MAX_TEXT).map_err(about))
}
