//! A profile as the text that it is read from.

use std::fmt::Write as _;

use super::hours::{DAYS, show};
use crate::domain::company::{Company, DaySpan, Employee, Profile, Service, WeekHours};

/// Writes a profile so that reading it gives the same one. Hidden services and employees, which a profile no longer
/// has, are left out.
#[must_use]
pub fn to_toml(profile: &Profile) -> String {
    let mut out = Writer(String::new());
    out.company(&profile.company);
    profile.visible_services().for_each(|service| out.service(service));
    profile.visible_employees().for_each(|employee| out.employee(employee));
    for entry in &profile.knowledge {
        out.header("[[knowledge]]");
        out.text("title", &entry.title);
        out.text("text", &entry.text);
        out.texts("tags", &entry.tags);
    }
    out.0
}

struct Writer(String);

/// A string in TOML's quotes.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

impl Writer {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing into a `String` cannot fail.
        let _ = writeln!(self.0, "{name} = {value}");
    }

    /// Opens a table; the tables of an entry follow it without a blank line.
    fn header(&mut self, header: &str) {
        let begins_entry = !header.starts_with("[[employee.") && !header.contains(".hours]");
        if begins_entry && !self.0.is_empty() {
            self.0.push('\n');
        }
        let _ = writeln!(self.0, "{header}");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.line(name, quoted(text));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn texts(&mut self, name: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.line(name, list(texts.iter().map(|text| quoted(text))));
        }
    }

    fn company(&mut self, company: &Company) {
        self.header("[company]");
        self.text("name", &company.name);
        self.optional("phone", company.phone.as_ref().map(|phone| phone.as_str()));
        self.optional("address", company.address.as_deref());
        self.text("timezone", company.timezone.name());
        self.text("locale", company.locale.as_str());
        self.text("currency", &company.currency);
        self.hours("[company.hours]", &company.hours);
        self.header("[company.booking]");
        self.line("step_min", company.booking.step_min);
        self.line("lead_time_min", company.booking.lead_time_min);
        self.line("horizon_days", company.booking.horizon_days);
        self.days("[[company.closed]]", &company.closed);
    }

    fn hours(&mut self, header: &str, hours: &WeekHours) {
        self.header(header);
        for (day, intervals) in DAYS.iter().zip(&hours.0) {
            match intervals.as_slice() {
                [] => {}
                [one] => self.text(day, &show(*one)),
                several => self.line(day, list(several.iter().map(|interval| quoted(&show(*interval))))),
            }
        }
    }

    fn days(&mut self, header: &str, days: &[DaySpan]) {
        for span in days {
            self.header(header);
            if span.from == span.to {
                self.text("date", &span.from.to_string());
            } else {
                self.text("from", &span.from.to_string());
                self.text("to", &span.to.to_string());
            }
        }
    }

    fn service(&mut self, service: &Service) {
        self.header("[[service]]");
        self.text("id", &service.id);
        self.text("title", &service.title);
        self.texts("aliases", &service.aliases);
        self.optional("category", service.category.as_deref());
        self.line("duration_min", service.duration_min);
        if let Some(price) = service.price {
            self.line("price", price.from);
            if let Some(to) = price.to {
                self.line("price_to", to);
            }
        }
    }

    fn employee(&mut self, employee: &Employee) {
        self.header("[[employee]]");
        self.text("id", &employee.id);
        self.text("name", &employee.name);
        self.texts("aliases", &employee.aliases);
        self.optional("title", employee.title.as_deref());
        self.line("services", list(employee.services.iter().map(|id| quoted(id))));
        if let Some(hours) = &employee.hours {
            self.hours("[employee.hours]", hours);
        }
        self.days("[[employee.day_off]]", &employee.days_off);
    }
}
