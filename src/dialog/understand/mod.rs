//! What a client's words mean: dates, times, intents and entities. Pure; `docs/interfaces.md` §6 is the contract.

mod catalogue;
mod dates;
mod given;
mod intent;
mod known;
mod latin;
mod lexicon;
mod lists;
mod locale;
mod measures;
mod name;
mod numbers;
mod phone;
mod stems;
mod tags;
#[cfg(test)]
mod tests;
mod title;
mod token;
mod typo;
mod weigh;

pub use catalogue::Vocabulary;

use jiff::Zoned;
use jiff::civil::{Date, Time};
use serde::{Serialize, Serializer};

use crate::domain::contact::{Locale, Phone, Region};
use crate::domain::conversation::named_enum;

named_enum! {
    /// What a client wants, strongest first.
    Intent {
        /// A person, or a complaint, or anger.
        Human = "human",
        /// To call a visit off.
        Cancel = "cancel",
        /// To move a visit.
        Reschedule = "reschedule",
        /// A visit, or whether there is a free time.
        Book = "book",
        /// Which visits stand.
        MyBookings = "my_bookings",
        /// What something costs.
        AskPrice = "ask_price",
        /// When it is open.
        AskHours = "ask_hours",
        /// Where it is.
        AskAddress = "ask_address",
        /// What it does.
        AskServices = "ask_services",
        /// Who works there.
        AskStaff = "ask_staff",
        /// Any other question about the business.
        Question = "question",
        /// Yes, and nothing more.
        Yes = "yes",
        /// No, and nothing more.
        No = "no",
        /// Thanks.
        Thanks = "thanks",
        /// Goodbye.
        Bye = "bye",
        /// Hello.
        Greet = "greet",
        /// Sociable, no business in it.
        Smalltalk = "smalltalk",
        /// Bare data, gibberish, instructions to the bot.
        Other = "other",
    }
}

named_enum! {
    /// A part of the day that was named.
    DayPart {
        /// 06:00–12:00.
        Morning = "morning",
        /// 12:00–17:00.
        Day = "day",
        /// 17:00–23:00.
        Evening = "evening",
        /// 23:00–06:00.
        Night = "night",
    }
}

named_enum! {
    /// Agreement or refusal.
    YesNo {
        /// Agreement.
        Yes = "yes",
        /// Refusal.
        No = "no",
    }
}

/// Days, both inclusive; an open end is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DateRange {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

/// Times of day; an open end is absent. A point has `from` = `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TimeRange {
    /// The earliest, `HH:MM`.
    #[serde(serialize_with = "hh_mm")]
    pub from: Option<Time>,
    /// The latest, `HH:MM`.
    #[serde(serialize_with = "hh_mm")]
    pub to: Option<Time>,
}

fn hh_mm<S: Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute())),
        None => serializer.serialize_none(),
    }
}

fn rfc3339<S: Serializer>(start: &Option<Zoned>, serializer: S) -> Result<S::Ok, S::Error> {
    match start {
        Some(start) => serializer.collect_str(&start.strftime("%Y-%m-%dT%H:%M:%S%:z")),
        None => serializer.serialize_none(),
    }
}

/// Everything of the profile that fits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Candidates {
    /// Service ids.
    pub service: Vec<String>,
    /// Employee ids.
    pub employee: Vec<String>,
}

/// What one message means. Serialises as `flow nlu parse` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Understanding {
    /// The text, unchanged.
    pub text: String,
    /// Its language.
    pub locale: Locale,
    /// The strongest intent.
    pub intent: Intent,
    /// Every intent, the strongest first.
    pub intents: Vec<Intent>,
    /// Days.
    pub date: Option<DateRange>,
    /// Times.
    pub time: Option<TimeRange>,
    /// When date and time are both single points.
    #[serde(serialize_with = "rfc3339")]
    pub start: Option<Zoned>,
    /// When such a word was said.
    pub part: Option<DayPart>,
    /// Date or time has more than one reading.
    pub ambiguous: bool,
    /// The service, when exactly one fits.
    pub service: Option<String>,
    /// The employee, when exactly one fits.
    pub employee: Option<String>,
    /// All that fit.
    pub candidates: Candidates,
    /// The first phone number.
    pub phone: Option<Phone>,
    /// As the client said it, capitalised.
    pub name: Option<String>,
    /// Agreement or refusal.
    pub yes_no: Option<YesNo>,
    /// The other reading of an `ambiguous` time («в 8»: 20:00), when there is one. For the dialogue only.
    #[serde(skip)]
    pub other_time: Option<Time>,
    /// «К любому мастеру», "anyone". For the dialogue only.
    #[serde(skip)]
    pub any_employee: bool,
    /// «Любое время», «когда угодно», "any time". For the dialogue only.
    #[serde(skip)]
    pub any_time: bool,
    /// What would be the name if the client had just been asked for it: one to three capitalisable
    /// words and nothing else («анна», «Анна Петровна»). For the dialogue only.
    #[serde(skip)]
    pub bare_name: Option<String>,
    /// A lone number («2»), to choose from a list or as an hour when one was asked for. For the dialogue only.
    #[serde(skip)]
    pub lone_number: Option<u32>,
    /// The services are named apart from each other, in the order of `candidates`. For the dialogue only.
    #[serde(skip)]
    pub several_services: bool,
    /// What the patterns heard, apart from what all words weigh together. For the dialogue only.
    #[serde(skip)]
    pub outright: Vec<Intent>,
    /// The first intent is a guess. For the dialogue only.
    #[serde(skip)]
    pub faint: bool,
    /// The name of whoever else is spoken of: «его зовут Рустам». For the dialogue only.
    #[serde(skip)]
    pub other_name: Option<String>,
    /// Questions of their own beside what is wanted: «а картой оплатить можно?». For the dialogue only.
    #[serde(skip)]
    pub asides: Vec<String>,
    /// Says what it should not be («не в пятницу», «не к Ане»): date, time or employee are what is refused.
    /// For the dialogue only.
    #[serde(skip)]
    pub negated: bool,
}

/// A message and which of its tokens mean what, before the intents are read.
struct Marked<'t> {
    tokens: Vec<token::Token<'t>>,
    phones: Vec<phone::Found>,
    named: Option<name::Found>,
    when: dates::When,
    services: catalogue::Found,
    employees: catalogue::Found,
    phone: Vec<bool>,
    name: Vec<bool>,
    service: Vec<bool>,
    employee: Vec<bool>,
}

impl Marked<'_> {
    fn marks(&self) -> intent::Marks<'_> {
        intent::Marks {
            date: &self.when.used,
            service: &self.service,
            employee: &self.employee,
            name: &self.name,
            phone: &self.phone,
        }
    }
}

/// Letters of a message that are read.
const MOST_CHARS: usize = 8_000;

fn mark<'t>(text: &'t str, now: &Zoned, vocabulary: &Vocabulary, region: Region) -> Marked<'t> {
    // What is said after so many letters is no message any more; reading it would only take time.
    let end = text.char_indices().nth(MOST_CHARS).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let tokens = token::tokens(text);
    let phones = phone::find(&tokens, text, region);
    let phone = marked(tokens.len(), phones.iter().flat_map(|p| p.first..p.end));
    let named = name::find(&tokens, &phone);
    let name = marked(tokens.len(), named.iter().flat_map(|n| n.first..n.end));
    let taken: Vec<bool> = phone.iter().zip(&name).map(|(a, b)| *a || *b).collect();

    let moves = tokens.iter().any(|t| dates::is_moving(&t.text));
    let when = dates::read(&tokens, &taken, moves, now, &|word| vocabulary.knows(word));
    let busy: Vec<bool> = taken.iter().zip(&when.used).map(|(a, b)| *a || *b).collect();
    let services = vocabulary.services(&tokens, &taken, &when.used);
    let employees = vocabulary.employees(&tokens, &busy);
    let service = marked(tokens.len(), services.tokens.iter().copied());
    let employee = marked(tokens.len(), employees.tokens.iter().copied());
    Marked { tokens, phones, named, when, services, employees, phone, name, service, employee }
}

/// Reads one message. `now` carries the company's zone; `region` is the country of numbers without one.
#[must_use]
pub fn understand(text: &str, now: &Zoned, vocabulary: &Vocabulary, region: Region) -> Understanding {
    let said = mark(text, now, vocabulary, region);
    let hour = said.when.time.is_some_and(|time| time.from.is_some() && time.from == time.to);
    let weigh::Settled { wants, asides, outright } = weigh::settle(weigh::hear(&said.tokens, said.marks(), hour));
    let asides = asides.into_iter().filter_map(|range| {
        let (first, last) = (said.tokens.get(range.start)?, said.tokens.get(range.end.checked_sub(1)?)?);
        Some(text[first.start..last.end()].to_owned())
    });
    let asides: Vec<String> = asides.collect();
    let cancels = outright.contains(&Intent::Cancel);
    let other_name = name::of_another(&said.tokens);
    let Marked { tokens, phones, named, when, services, employees, .. } = said;
    let bare_name =
        if when.said || !services.ids.is_empty() || wants.yes_no.is_some() { None } else { name::bare(&tokens) };

    Understanding {
        text: text.to_owned(),
        locale: locale::of(text),
        intent: wants.intents.first().copied().unwrap_or(Intent::Other),
        intents: wants.intents,
        date: when.date,
        time: when.time,
        start: when.start,
        part: when.part,
        ambiguous: when.ambiguous,
        service: only(&services.ids),
        employee: only(&employees.ids),
        several_services: services.apart,
        candidates: Candidates { service: services.ids, employee: employees.ids },
        phone: phones.into_iter().next().map(|p| p.phone),
        name: named.map(|n| n.name),
        yes_no: wants.yes_no,
        other_time: when.other_time,
        any_employee: wants.any_employee,
        any_time: wants.any_time,
        bare_name,
        lone_number: when.lone_number,
        asides,
        outright,
        faint: wants.faint,
        other_name,
        negated: (when.negated || employees.refused) && !cancels,
    }
}

fn marked(len: usize, places: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut marks = vec![false; len];
    for place in places {
        if let Some(mark) = marks.get_mut(place) {
            *mark = true;
        }
    }
    marks
}

fn only(ids: &[String]) -> Option<String> {
    match ids {
        [id] => Some(id.clone()),
        _ => None,
    }
}

/// The language that a message shows, beside the one that was spoken until now.
#[must_use]
pub fn shown_locale(text: &str, known: Option<Locale>) -> Option<Locale> {
    locale::shown(text, known)
}

/// The language of a text; nothing when it has no letters.
#[must_use]
pub fn locale_of(text: &str) -> Option<Locale> {
    text.chars().any(char::is_alphabetic).then(|| locale::of(text))
}
