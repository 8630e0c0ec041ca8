//! What the business wrote down: its profile.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::contact::{Locale, Phone, Region};

/// An IANA zone that is known to exist.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

impl Zone {
    /// Looks the zone up; `None` when there is no such zone.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let tz = TimeZone::get(name).ok()?;
        Some(Self { name: name.to_owned(), tz })
    }

    /// `Europe/Moscow`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules of the zone.
    #[must_use]
    pub fn tz(&self) -> &TimeZone {
        &self.tz
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::find(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown time zone `{name}`")))
    }
}

/// A stretch of a day in minutes from local midnight, `from < to <= 1440`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    /// First minute inside.
    pub from: u16,
    /// First minute after.
    pub to: u16,
}

/// Opening hours, Monday first; an empty day is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeekHours(pub [Vec<Interval>; 7]);

impl WeekHours {
    /// The intervals of a weekday, in order.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[Interval] {
        &self.0[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }
}

/// Days on which the company or an employee does not work, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySpan {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl DaySpan {
    /// Whether `day` is inside.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The rules of free times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingRules {
    /// The slot grid, from the start of each interval, in minutes.
    pub step_min: u32,
    /// No slot sooner than this many minutes from now.
    pub lead_time_min: u32,
    /// The last day offered is this many days away.
    pub horizon_days: u32,
}

impl Default for BookingRules {
    fn default() -> Self {
        Self { step_min: 30, lead_time_min: 60, horizon_days: 60 }
    }
}

/// The company itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Company {
    /// As clients know it.
    pub name: String,
    /// The number clients may call.
    pub phone: Option<Phone>,
    /// Where it is.
    pub address: Option<String>,
    /// Every date a client says is meant here.
    pub timezone: Zone,
    /// The language of a client who has not shown one yet.
    pub locale: Locale,
    /// ISO 4217.
    pub currency: String,
    /// Opening hours.
    pub hours: WeekHours,
    /// The rules of free times.
    pub booking: BookingRules,
    /// Days on which all of it is closed.
    pub closed: Vec<DaySpan>,
}

impl Company {
    /// The region whose phone numbers may come without a country.
    #[must_use]
    pub fn region(&self) -> Region {
        Region::of(self.phone.as_ref())
    }

    /// Whether the company is closed all day by a `[[company.closed]]` entry.
    #[must_use]
    pub fn is_closed_on(&self, day: Date) -> bool {
        self.closed.iter().any(|span| span.contains(day))
    }
}

/// What a service costs, in minor units of the company's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The price, or the lower end of a range.
    pub from: i64,
    /// The upper end of a range.
    pub to: Option<i64>,
}

/// Something the company does for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The profile's id.
    pub id: String,
    /// As it is shown.
    pub title: String,
    /// Other words for it.
    pub aliases: Vec<String>,
    /// The group it is listed in.
    pub category: Option<String>,
    /// Length of a visit.
    pub duration_min: u32,
    /// Absent: a person names the price.
    pub price: Option<Price>,
    /// Taken out of the profile; its past bookings stay.
    #[serde(default)]
    pub hidden: bool,
}

/// Someone who provides services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The profile's id.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Position.
    pub title: Option<String>,
    /// Ids of the services provided.
    pub services: Vec<String>,
    /// Own hours replace the company's.
    pub hours: Option<WeekHours>,
    /// Days off.
    pub days_off: Vec<DaySpan>,
    /// Taken out of the profile.
    #[serde(default)]
    pub hidden: bool,
}

/// Something the business wrote down for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeEntry {
    /// The heading.
    pub title: String,
    /// What is told.
    pub text: String,
    /// Words that lead here.
    pub tags: Vec<String>,
}

/// A whole business profile (`flow seed`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The company.
    pub company: Company,
    /// Its services, hidden ones too.
    pub services: Vec<Service>,
    /// Its people, hidden ones too.
    pub employees: Vec<Employee>,
    /// What it wrote down.
    pub knowledge: Vec<KnowledgeEntry>,
}

impl Profile {
    /// The visible service of that id.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id && !service.hidden)
    }

    /// The visible employee of that id.
    #[must_use]
    pub fn employee(&self, id: &str) -> Option<&Employee> {
        self.employees.iter().find(|employee| employee.id == id && !employee.hidden)
    }

    /// Services that clients may book.
    pub fn visible_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| !service.hidden)
    }

    /// People that clients may book with.
    pub fn visible_employees(&self) -> impl Iterator<Item = &Employee> {
        self.employees.iter().filter(|employee| !employee.hidden)
    }
}
