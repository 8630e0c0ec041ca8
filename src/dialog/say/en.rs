//! English.

use super::{Label, Phrases, Refusal, VisitWords};
use crate::dialog::say::format::capitalised;

pub(super) struct En;

/// Lines of a visit, the first letters as capitals.
fn lines(visit: VisitWords<'_>) -> String {
    let employee = if visit.employee.is_empty() { String::new() } else { format!("With {}", visit.employee) };
    [visit.service, &capitalised(visit.when), &employee, visit.price]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

impl Phrases for En {
    fn hello(&self) -> &'static str {
        "Hello!"
    }
    fn greeting(&self, company: &str) -> String {
        format!("Hello! This is {company}.")
    }
    fn how_can_i_help(&self) -> &'static str {
        "How can I help? I can arrange a visit, tell you our prices, address and opening hours."
    }
    fn you_are_welcome(&self) -> &'static str {
        "You are welcome. Write to us if you need anything else."
    }
    fn goodbye(&self) -> &'static str {
        "Goodbye, have a nice day."
    }
    fn smalltalk(&self) -> &'static str {
        "All is well, thank you. I am glad to arrange a visit or answer a question."
    }

    fn button(&self, label: Label) -> &'static str {
        match label {
            Label::Book => "Book a visit",
            Label::Prices => "Prices",
            Label::Contacts => "Address and hours",
            Label::Visits => "My visits",
            Label::Person => "Call a person",
            Label::Yes => "Yes",
            Label::No => "No",
            Label::Change => "Change",
            Label::Move => "Move",
            Label::Cancel => "Cancel",
            Label::AnyEmployee => "Anyone",
            Label::Drop => "Forget it",
            Label::ChangeService => "Service",
            Label::ChangeDay => "Day",
            Label::ChangeTime => "Time",
            Label::ChangeEmployee => "Specialist",
            Label::OtherDay => "Another day",
            Label::AllServices => "All services",
        }
    }

    fn ask_service(&self) -> &'static str {
        "Which service would you like?"
    }
    fn ask_which_service(&self) -> &'static str {
        "Which service do you mean?"
    }
    fn ask_category(&self) -> &'static str {
        "What are you interested in?"
    }
    fn ask_employee(&self) -> &'static str {
        "Who would you like to see?"
    }
    fn employee_does_not(&self, name: &str, service: &str) -> String {
        format!("{name} does not do \"{service}\".")
    }
    fn ask_day(&self, service: &str) -> String {
        format!("{service}: which day suits you?")
    }
    fn ask_new_day(&self, service: &str, when: &str) -> String {
        format!("I see your visit: {service}, {when}. Which day should it be moved to?")
    }
    fn ask_other_day(&self) -> &'static str {
        "Which day would suit you?"
    }
    fn offer_times(&self, day: &str, times: &str, more: bool) -> String {
        let more = if more { " There are other times too, just name one." } else { "" };
        format!("Free times {day}: {times}.{more} Which time suits you?")
    }
    fn ask_reading(&self, day: &str, first: &str, second: &str) -> String {
        format!("{}, both {first} and {second} are free. Which one did you mean?", capitalised(day))
    }
    fn offer_days_at(&self, list: &str) -> String {
        format!("There is free time: {list}. Which suits you?")
    }
    fn free_with(&self, time: &str, name: &str) -> String {
        format!("At {time} another specialist is free: {name}.")
    }
    fn free_then(&self, list: &str) -> String {
        format!("Free, for example, {list}.")
    }
    fn offer_nearest(&self, list: &str) -> String {
        format!("The nearest free times: {list}. Which suits you?")
    }
    fn refusal(&self, why: &Refusal) -> String {
        match why {
            Refusal::Past => "Unfortunately that time has already passed.".to_owned(),
            Refusal::TooSoon(lead) => {
                format!("Unfortunately that is too soon: a visit has to be arranged at least {lead} ahead.")
            }
            Refusal::Beyond(days, last) => format!(
                "Unfortunately that is too far ahead: visits are arranged up to {days} ahead, the last day is {last}."
            ),
            Refusal::Closed(day) => format!("Unfortunately we are closed {day}."),
            Refusal::DayOff(name, day) => format!("Unfortunately {name} does not work {day}."),
            Refusal::NotProvided(day) => format!("Unfortunately nobody provides this service {day}."),
            Refusal::Outside(day, time, hours) => {
                format!("Unfortunately {time} is outside our working hours: {day}, they are {hours}.")
            }
            Refusal::PartOutside(day, hours) => {
                format!("Unfortunately that is outside our working hours: {day}, they are {hours}.")
            }
            Refusal::TooLong(time, length) => {
                format!("Unfortunately, starting at {time} we could not finish before closing: it takes {length}.")
            }
            Refusal::NotOffered(time) => format!("Unfortunately no visit begins at {time} exactly."),
            Refusal::Taken(day, time) => format!("Unfortunately {time} {day} is already taken."),
            Refusal::JustTaken(day, time) => format!("Unfortunately {time} {day} has just been taken."),
            Refusal::Busy(name, day, time) => format!("Unfortunately {name} is busy at {time} {day}."),
            Refusal::DayFull(day) => format!("Unfortunately there is no free time {day}."),
            Refusal::PartFull(day) => format!("Unfortunately there is no free time at those hours {day}."),
            Refusal::RangeFull => "Unfortunately there is no free time on those days.".to_owned(),
            Refusal::UnclearDay => "I could not tell which day you mean.".to_owned(),
            Refusal::SameTime => "Your visit is at that very time already.".to_owned(),
            Refusal::NothingFree => {
                "Unfortunately there is no free time at present. A colleague can help you find one.".to_owned()
            }
        }
    }

    fn time_is_free(&self, when: &str) -> String {
        format!("{} is free.", capitalised(when))
    }
    fn ask_contact(&self) -> &'static str {
        "What is your name, and what phone number can we reach you at?"
    }
    fn ask_name(&self) -> &'static str {
        "What is your name?"
    }
    fn ask_phone(&self) -> &'static str {
        "Please send your phone number."
    }
    fn bad_phone(&self) -> &'static str {
        "That does not look like a phone number, please check the digits."
    }
    fn ask_phone_for_visits(&self) -> &'static str {
        "Please send the phone number the visit was arranged with, and I will find it."
    }
    fn why_contact(&self) -> &'static str {
        "A visit needs a name and a phone number, so that we know who is coming and can tell you if anything changes."
    }

    fn summary_book(&self, visit: VisitWords<'_>) -> String {
        format!("Please check:\n{}\nIs everything right?", lines(visit))
    }
    fn summary_move(&self, service: &str, old: &str, new: &str, employee: &str) -> String {
        let employee = if employee.is_empty() { String::new() } else { format!("\nWith {employee}") };
        format!("Move the visit?\n{service}\nWas: {old}\nWill be: {new}{employee}\nIs everything right?")
    }
    fn summary_cancel(&self, visit: VisitWords<'_>) -> String {
        format!("Cancel this visit?\n{}", lines(visit))
    }
    fn ask_change(&self) -> &'static str {
        "All right, what should I change? You can simply name another day or time."
    }
    fn dropped(&self) -> &'static str {
        "All right, I will leave it. Write to us if you change your mind."
    }
    fn all_right(&self) -> &'static str {
        "All right. Write to us if you need anything."
    }
    fn kept(&self) -> &'static str {
        "All right, everything stays as it was."
    }
    fn stale(&self) -> &'static str {
        "That button belongs to an earlier offer, which no longer stands."
    }

    fn booked(&self, visit: VisitWords<'_>, address: Option<&str>) -> String {
        let address = address.map(|address| format!("\nAddress: {address}")).unwrap_or_default();
        format!("Done, you are booked:\n{}{address}\nSee you then.", lines(visit))
    }
    fn requested(&self, visit: VisitWords<'_>) -> String {
        format!("Your request is sent, a colleague will confirm it:\n{}", lines(visit))
    }
    fn moved(&self, visit: VisitWords<'_>) -> String {
        format!("Done, your visit has been moved:\n{}\nSee you then.", lines(visit))
    }
    fn cancelled(&self, visit: VisitWords<'_>) -> String {
        format!("Your visit has been cancelled:\n{}\nWe would be glad to see you another time.", lines(visit))
    }
    fn pending(&self) -> &'static str {
        "Your request is being worked on, I will write as soon as it is confirmed."
    }
    fn pending_cancel(&self) -> &'static str {
        "Your cancellation is being worked on, I will write as soon as the visit is off."
    }
    fn unknown_command(&self) -> &'static str {
        "I have no such command."
    }
    fn place_received(&self) -> &'static str {
        "Thank you, I have got the place on the map but cannot look at it. Please tell me in words how I can help."
    }
    fn in_private(&self) -> &'static str {
        "I talk about visits and phone numbers in private only. Please write to me there."
    }
    fn delayed(&self) -> &'static str {
        "Your request is accepted. We will confirm it a little later and write to you here."
    }
    fn escalated(&self) -> &'static str {
        "The confirmation is taking longer than usual. A colleague will check it and answer you here."
    }
    fn schedule_away(&self) -> &'static str {
        "I cannot see the schedule right now: the booking system does not answer. A colleague will answer you here."
    }
    fn elsewhere(&self, link: Option<&str>) -> String {
        let request = "I have passed your request to a colleague, who will answer you here.";
        match link {
            Some(link) => format!("You can choose a free time and book at {link} {request}"),
            None => format!("I cannot book for you by myself. {request}"),
        }
    }
    fn broken(&self) -> &'static str {
        "Sorry, I could not deal with your message. I am passing it to a colleague, who will answer you here."
    }
    fn voice_received(&self) -> &'static str {
        "Your voice message is received, but I cannot listen to it right now. Please write it as text."
    }
    fn media_received(&self) -> &'static str {
        "Thank you, the attachment is received, but I cannot open it. Please describe in words how I can help."
    }
    fn card_of_somebody(&self) -> &'static str {
        "This is somebody else's contact. If the booking is for that number, please write it as text."
    }
    fn what_i_can(&self) -> &'static str {
        "I can book, move or cancel a visit, and tell you prices, the address and opening hours. Just write what you need. Start over: /start, drop what was begun: /cancel."
    }
    fn refused(&self) -> &'static str {
        "Unfortunately that did not work. I am passing this to a colleague, who will answer you here."
    }
    fn stands(&self, visit: VisitWords<'_>) -> String {
        let comma = if visit.service.is_empty() { "" } else { ", " };
        format!("Everything stands: {}{comma}{}.", visit.service, visit.when)
    }
    fn stays_cancelled(&self) -> &'static str {
        "The visit is cancelled already, there is nothing more to do."
    }

    fn no_visits(&self) -> &'static str {
        "I found no upcoming visits."
    }
    fn no_visits_by_phone(&self) -> &'static str {
        "I found no upcoming visits under this number. If it is another number, please send it, or let us find a new time."
    }
    fn no_visits_untrusted(&self) -> &'static str {
        "I cannot look a visit up by a number typed in the chat. A colleague can help, shall I call one?"
    }
    fn visits(&self) -> &'static str {
        "Your upcoming visits:"
    }
    fn ask_visit(&self) -> &'static str {
        "Which visit do you mean?"
    }

    fn price(&self, from: &str, to: Option<&str>) -> String {
        to.map_or_else(|| from.to_owned(), |to| format!("from {from} to {to}"))
    }
    fn price_by_person(&self) -> &'static str {
        "our staff will name the price"
    }
    fn service_line(&self, title: &str, price: &str, duration: &str) -> String {
        format!("{title} — {price}, {duration}")
    }
    fn prices(&self) -> &'static str {
        "Our prices:"
    }
    fn services(&self) -> &'static str {
        "Our services:"
    }
    fn and_more(&self, count: usize) -> String {
        format!("and {count} more")
    }
    fn duration(&self, title: &str, duration: &str) -> String {
        format!("{title} takes {duration}.")
    }
    fn staff(&self) -> &'static str {
        "Our team:"
    }
    fn staff_for(&self, service: &str) -> String {
        format!("\"{service}\" is done by:")
    }
    fn staff_none(&self) -> &'static str {
        "Nobody can be visited at present."
    }
    fn hours(&self, week: &str) -> String {
        format!("We are open: {week}.")
    }
    fn hours_on(&self, day: &str, hours: &str) -> String {
        format!("{}, we are open {hours}.", capitalised(day))
    }
    fn employee_hours(&self, name: &str, hours: &str) -> String {
        format!("{name} works {hours}.")
    }
    fn closed_on(&self, day: &str) -> String {
        format!("{}, we are closed.", capitalised(day))
    }
    fn closed_soon(&self, days: &str) -> String {
        format!("Closed: {days}.")
    }
    fn day_off(&self) -> &'static str {
        "closed"
    }
    fn contacts(&self, address: Option<&str>, phone: Option<&str>) -> String {
        match (address, phone) {
            (Some(address), Some(phone)) => format!("Our address: {address}. Phone: {phone}."),
            (Some(address), None) => format!("Our address: {address}."),
            (None, Some(phone)) => format!("Please ask for the address by phone: {phone}."),
            (None, None) => "A colleague will tell you the address.".to_owned(),
        }
    }
    fn one_by_one(&self, first: &str, next: &str) -> String {
        format!("Let us begin with {first} and then find a time for {next}.")
    }
    fn and_also(&self, service: &str) -> String {
        format!("You also mentioned {service}. Shall I find a time?")
    }
    fn no_such_service(&self) -> &'static str {
        "I do not see that among our services, I will check with the team."
    }
    fn unknown_answer(&self) -> &'static str {
        "Sorry, I don't know the exact answer to that. I will pass the question to our team."
    }

    fn not_set_up(&self) -> &'static str {
        "Hello! I am passing your message to a colleague, who will answer you here."
    }
    fn not_understood(&self) -> &'static str {
        "I did not quite understand, could you put it in other words?"
    }
    fn offer_person(&self) -> &'static str {
        "I could not understand again. I can call a colleague if you like."
    }
    fn person_comes(&self) -> &'static str {
        "I am passing this to a colleague, a person from our team will answer you here."
    }
    fn sorry_person_comes(&self) -> &'static str {
        "I am very sorry about this, please accept our apologies. I am passing it to a manager, who will look into it and answer you here."
    }
    fn failures_person_comes(&self) -> &'static str {
        "I seem to be of no help here. I am passing this to a colleague, who will answer you here."
    }
}
