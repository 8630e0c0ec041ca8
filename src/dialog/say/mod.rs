//! Replies in Russian and English from templates; pure.
//!
//! [`Phrases`] is the list of everything that can be said: a sentence that one language lacks does not
//! compile. Dates, prices and plurals come from [`mod@format`].

mod en;
pub mod format;
mod ru;

use crate::domain::contact::Locale;

/// What a client agrees to before a visit is booked. Every member is ready to be shown.
#[derive(Debug, Clone, Copy)]
pub struct VisitWords<'a> {
    /// The service's title.
    pub service: &'a str,
    /// Day with weekday and date, and the time.
    pub when: &'a str,
    /// Who does it; empty when nobody is named.
    pub employee: &'a str,
    /// The price, or that a person names it; empty when it does not matter.
    pub price: &'a str,
}

/// Why the time a client wanted is not to be had. Strings are ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The moment or the day has passed.
    Past,
    /// Sooner than the company takes bookings; how long ahead it must be.
    TooSoon(String),
    /// After the last bookable day: how far ahead bookings go («60 дней»), and that day («13 марта»).
    Beyond(String, String),
    /// The company is closed that day («в пятницу, 13 марта»).
    Closed(String),
    /// The employee does not work that day: name, day.
    DayOff(String, String),
    /// Nobody provides the service that day.
    NotProvided(String),
    /// Outside the hours of that day: day, time, hours.
    Outside(String, String, String),
    /// A part of the day outside the hours of that day: day, hours.
    PartOutside(String, String),
    /// Begins inside the hours but would end after them: time, length.
    TooLong(String, String),
    /// No visit begins at that time: it is between those that do.
    NotOffered(String),
    /// Taken: day, time.
    Taken(String, String),
    /// Taken a moment ago: day, time.
    JustTaken(String, String),
    /// The employee is busy: name, day, time.
    Busy(String, String, String),
    /// No free time left that day.
    DayFull(String),
    /// No free time in that part of that day.
    PartFull(String),
    /// No free time in those days.
    RangeFull,
    /// The day could not be understood.
    UnclearDay,
    /// The visit to be moved is at that very time.
    SameTime,
    /// Nothing is free at all in the days that can be booked.
    NothingFree,
}

/// Everything flow says to a client, in one language.
pub trait Phrases: Sync {
    /// «Здравствуйте!»
    fn hello(&self) -> &'static str;
    /// Greets and names the company.
    fn greeting(&self, company: &str) -> String;
    /// «Чем помочь?»
    fn how_can_i_help(&self) -> &'static str;
    /// Answer to thanks.
    fn you_are_welcome(&self) -> &'static str;
    /// Goodbye.
    fn goodbye(&self) -> &'static str;
    /// Answer to sociable words.
    fn smalltalk(&self) -> &'static str;

    /// Title of a button.
    fn button(&self, label: Label) -> &'static str;

    /// Asks what service it is about.
    fn ask_service(&self) -> &'static str;
    /// Asks which of several services is meant.
    fn ask_which_service(&self) -> &'static str;
    /// Asks for the group of services.
    fn ask_category(&self) -> &'static str;
    /// Asks who should do it.
    fn ask_employee(&self) -> &'static str;
    /// The employee does not do this service.
    fn employee_does_not(&self, name: &str, service: &str) -> String;
    /// Asks for the day.
    fn ask_day(&self, service: &str) -> String;
    /// Asks for the day a visit is to be moved to.
    fn ask_new_day(&self, service: &str, when: &str) -> String;
    /// Asks for the day, when a reason was just given.
    fn ask_other_day(&self) -> &'static str;
    /// Offers the free times of a day.
    fn offer_times(&self, day: &str, times: &str, more: bool) -> String;
    /// Both readings of an hour are free.
    fn ask_reading(&self, day: &str, first: &str, second: &str) -> String;
    /// The time is free on several days.
    fn offer_days_at(&self, list: &str) -> String;
    /// The wanted time is free with somebody else.
    fn free_with(&self, time: &str, name: &str) -> String;
    /// Tells some free times before the day is asked for.
    fn free_then(&self, list: &str) -> String;
    /// Offers the nearest free times.
    fn offer_nearest(&self, list: &str) -> String;
    /// Why the wanted time is not to be had.
    fn refusal(&self, why: &Refusal) -> String;

    /// The wanted time is free.
    fn time_is_free(&self, when: &str) -> String;
    /// Asks for name and phone.
    fn ask_contact(&self) -> &'static str;
    /// Asks for the name.
    fn ask_name(&self) -> &'static str;
    /// Asks for the phone.
    fn ask_phone(&self) -> &'static str;
    /// The digits are no phone number.
    fn bad_phone(&self) -> &'static str;
    /// Asks for the phone that the visit was booked with.
    fn ask_phone_for_visits(&self) -> &'static str;
    /// Why the phone or name is needed.
    fn why_contact(&self) -> &'static str;

    /// Sums up before booking.
    fn summary_book(&self, visit: VisitWords<'_>) -> String;
    /// Sums up before moving.
    fn summary_move(&self, service: &str, old: &str, new: &str, employee: &str) -> String;
    /// Sums up before cancelling.
    fn summary_cancel(&self, visit: VisitWords<'_>) -> String;
    /// Asks what to change in the summary.
    fn ask_change(&self) -> &'static str;
    /// The form is given up.
    fn dropped(&self) -> &'static str;
    /// Takes a «no» that stops nothing.
    fn all_right(&self) -> &'static str;
    /// The visit stays.
    fn kept(&self) -> &'static str;
    /// The button belongs to an earlier summary.
    fn stale(&self) -> &'static str;

    /// The CRM has it.
    fn booked(&self, visit: VisitWords<'_>, address: Option<&str>) -> String;
    /// The CRM's staff must agree first.
    fn requested(&self, visit: VisitWords<'_>) -> String;
    /// The CRM moved it.
    fn moved(&self, visit: VisitWords<'_>) -> String;
    /// The CRM cancelled it.
    fn cancelled(&self, visit: VisitWords<'_>) -> String;
    /// The CRM is being asked.
    fn pending(&self) -> &'static str;
    /// The CRM is being asked to call a visit off.
    fn pending_cancel(&self) -> &'static str;
    /// A command that is none.
    fn unknown_command(&self) -> &'static str;
    /// A place on a map.
    fn place_received(&self) -> &'static str;
    /// In a group: what is private is not said there.
    fn in_private(&self) -> &'static str;
    /// The request stands and will be finished later.
    fn delayed(&self) -> &'static str;
    /// It takes too long; a person is asked to see to it.
    fn escalated(&self) -> &'static str;
    /// The free times cannot be seen at present; a person is asked to help.
    fn schedule_away(&self) -> &'static str;
    /// Clients book on a page of the CRM's; a person is asked to help too.
    fn elsewhere(&self, link: Option<&str>) -> String;
    /// A fault of ours; a person is asked to help.
    fn broken(&self) -> &'static str;
    /// A voice note came; it cannot be heard yet.
    fn voice_received(&self) -> &'static str;
    /// A picture, a file or a place came.
    fn media_received(&self) -> &'static str;
    /// The card of somebody else came.
    fn card_of_somebody(&self) -> &'static str;
    /// What one can do here.
    fn what_i_can(&self) -> &'static str;
    /// The CRM refused.
    fn refused(&self) -> &'static str;
    /// What was done stands.
    fn stands(&self, visit: VisitWords<'_>) -> String;
    /// What was cancelled stays cancelled.
    fn stays_cancelled(&self) -> &'static str;

    /// No visits for this client.
    fn no_visits(&self) -> &'static str;
    /// No visits under that phone.
    fn no_visits_by_phone(&self) -> &'static str;
    /// Visits may not be looked up by a typed phone.
    fn no_visits_untrusted(&self) -> &'static str;
    /// Heads the list of visits.
    fn visits(&self) -> &'static str;
    /// Asks which visit is meant.
    fn ask_visit(&self) -> &'static str;

    /// «2 500 ₽», or a range.
    fn price(&self, from: &str, to: Option<&str>) -> String;
    /// A person names the price.
    fn price_by_person(&self) -> &'static str;
    /// A service with its price and length.
    fn service_line(&self, title: &str, price: &str, duration: &str) -> String;
    /// Heads the price list.
    fn prices(&self) -> &'static str;
    /// Heads the list of services.
    fn services(&self) -> &'static str;
    /// More services than are shown.
    fn and_more(&self, count: usize) -> String;
    /// How long a service takes.
    fn duration(&self, title: &str, duration: &str) -> String;
    /// Heads the list of people.
    fn staff(&self) -> &'static str;
    /// Heads the list of people for a service.
    fn staff_for(&self, service: &str) -> String;
    /// Nobody does it at present.
    fn staff_none(&self) -> &'static str;
    /// The week's hours.
    fn hours(&self, week: &str) -> String;
    /// The hours of one day.
    fn hours_on(&self, day: &str, hours: &str) -> String;
    /// The hours of an employee.
    fn employee_hours(&self, name: &str, hours: &str) -> String;
    /// Closed on that day.
    fn closed_on(&self, day: &str) -> String;
    /// Days with exceptional closing.
    fn closed_soon(&self, days: &str) -> String;
    /// «выходной»
    fn day_off(&self) -> &'static str;
    /// Address and phone, whichever are known.
    fn contacts(&self, address: Option<&str>, phone: Option<&str>) -> String;
    /// Of two services the first is arranged first.
    fn one_by_one(&self, first: &str, next: &str) -> String;
    /// Another service that was named beside the one just booked: shall a time be found?
    fn and_also(&self, service: &str) -> String;
    /// A service was asked for that the profile does not have.
    fn no_such_service(&self) -> &'static str;
    /// The data has no answer.
    fn unknown_answer(&self) -> &'static str;

    /// The company has not been described yet.
    fn not_set_up(&self) -> &'static str;
    /// The first message that was not understood.
    fn not_understood(&self) -> &'static str;
    /// The second in a row: offers a person.
    fn offer_person(&self) -> &'static str;
    /// A person was asked for.
    fn person_comes(&self) -> &'static str;
    /// The client is angry.
    fn sorry_person_comes(&self) -> &'static str;
    /// It did not work out: a person takes over.
    fn failures_person_comes(&self) -> &'static str;
}

/// The titles of buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Book a visit.
    Book,
    /// Prices.
    Prices,
    /// Address and hours.
    Contacts,
    /// The client's visits.
    Visits,
    /// A person.
    Person,
    /// Yes.
    Yes,
    /// No.
    No,
    /// Change the summary.
    Change,
    /// Move a visit.
    Move,
    /// Cancel a visit.
    Cancel,
    /// Whoever is free.
    AnyEmployee,
    /// Give the form up.
    Drop,
    /// Change the service.
    ChangeService,
    /// Change the day.
    ChangeDay,
    /// Change the time.
    ChangeTime,
    /// Change the employee.
    ChangeEmployee,
    /// Another day.
    OtherDay,
    /// All services.
    AllServices,
}

/// The phrases of a language.
#[must_use]
pub fn phrases(locale: Locale) -> &'static dyn Phrases {
    match locale {
        Locale::Ru => &ru::Ru,
        Locale::En => &en::En,
    }
}

/// Said while the company has not been described yet.
#[must_use]
pub fn not_set_up(locale: Locale) -> &'static str {
    phrases(locale).not_set_up()
}
