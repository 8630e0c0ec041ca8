//! What happens in a made-up dialogue, and what comes of it.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use serde_json::json;

use super::dialogue::Dialogue;
use super::diary::{Diary, Visit};
use super::texts::{day_name, fill, price_name};
use crate::domain::booking::{BookingState, NewBooking};
use crate::domain::company::{Profile, Service};
use crate::domain::contact::Locale;
use crate::domain::conversation::{DialogState, Session};
use crate::domain::id::{BookingId, LeadId};
use crate::domain::lead::{Lead, LeadCrm, LeadStatus};
use crate::domain::store::WholeConversation;

/// The business that people write to, and the moment everything ends at.
pub struct Scene<'p> {
    /// The business.
    pub profile: &'p Profile,
    /// Services that somebody provides.
    pub services: Vec<&'p Service>,
    /// The CRM connection of the bookings.
    pub connection: &'p str,
    /// The end of the made-up time.
    pub until: Timestamp,
}

/// What came of a dialogue.
struct Ending {
    state: DialogState,
    lead: Option<LeadStatus>,
    service: Option<String>,
    booking: Option<(Visit, BookingState)>,
}

impl Ending {
    fn talk(state: DialogState) -> Self {
        Self { state, lead: None, service: None, booking: None }
    }

    fn lead(mut self, status: LeadStatus, service: &Service) -> Self {
        self.lead = Some(status);
        self.service = Some(service.title.clone());
        self
    }
}

const SOURCES: [&str; 5] = ["site", "instagram", "yandex-maps", "2gis", "friend"];

/// Lets a dialogue happen and writes down what came of it.
pub fn tell(mut talk: Dialogue<'_>, scene: &Scene<'_>, diary: &mut Diary<'_>) -> WholeConversation {
    let service = scene.services[talk.rng.random_range(0..scene.services.len())];
    let ending = match talk.rng.random_range(0..100) {
        0..46 => visit(&mut talk, scene, diary, service),
        46..58 => price(&mut talk, scene, service),
        58..74 => question(&mut talk, scene),
        74..80 => unanswered(&mut talk),
        80..92 => half_way(&mut talk, scene, diary, service),
        92..96 => complaint(&mut talk, service),
        _ => spam(&mut talk, service),
    };
    written(talk, scene, ending)
}

fn service_name(service: &Service, locale: Locale) -> &str {
    let english = || service.aliases.iter().find(|alias| alias.is_ascii());
    match locale {
        Locale::Ru => &service.title,
        Locale::En => english().map_or(&service.title, |alias| alias),
    }
}

impl Scene<'_> {
    fn today(&self, talk: &Dialogue<'_>) -> jiff::civil::Date {
        talk.at.to_zoned(self.profile.company.timezone.tz().clone()).date()
    }

    fn price_text(&self, service: &Service, locale: Locale) -> String {
        price_name(service.price, &self.profile.company.currency, locale).unwrap_or_default()
    }

    /// What a visit is called in sentences.
    fn blanks(&self, talk: &Dialogue<'_>, service: &Service, visit: &Visit) -> [String; 5] {
        let locale = talk.person.locale;
        [
            service_name(service, locale).to_owned(),
            day_name(visit.day, self.today(talk), locale),
            visit.time.strftime("%H:%M").to_string(),
            visit.employee_name.clone(),
            self.price_text(service, locale),
        ]
    }
}

fn named(blanks: &[String; 5]) -> [(&'static str, &str); 5] {
    let [service, day, time, staff, price] = blanks;
    [("service", service), ("day", day), ("time", time), ("staff", staff), ("price", price)]
}

/// Asks for a visit and chooses a time; `None` when everything is full.
fn choose(talk: &mut Dialogue<'_>, scene: &Scene<'_>, diary: &Diary<'_>, service: &Service) -> Option<Visit> {
    let locale = talk.person.locale;
    let name = service_name(service, locale);
    let found = diary.find(service, talk.at + SignedDuration::from_mins(10), talk.rng);
    let Some(visit) = found else {
        talk.client(talk.phrases.wants, &[("service", name)]);
        let day = day_name(scene.today(talk), scene.today(talk), locale);
        let text = fill(talk.pick(talk.phrases.bot_full), &[("service", name), ("day", &day)]);
        talk.bot(text, &[talk.phrases.person]);
        return None;
    };
    let blanks = scene.blanks(talk, service, &visit);
    let wants = if talk.rng.random_bool(0.5) { talk.phrases.wants_with_day } else { talk.phrases.wants };
    talk.client(wants, &named(&blanks));
    let others = [SignedDuration::from_mins(-60), SignedDuration::from_mins(60)];
    let tz = scene.profile.company.timezone.tz();
    let time = |at: Timestamp| at.to_zoned(tz.clone()).strftime("%H:%M").to_string();
    let times = [time(visit.start + others[0]), blanks[2].clone(), time(visit.start + others[1])];
    let text = fill(talk.pick(talk.phrases.bot_times), &named(&blanks));
    talk.bot(text, &[&times[0], &times[1], &times[2]]);
    if talk.rng.random_bool(0.6) {
        talk.press(&blanks[2]);
    } else {
        talk.client(talk.phrases.takes_time, &named(&blanks));
    }
    Some(visit)
}

/// Tells name and phone where the channel does not.
fn introduce(talk: &mut Dialogue<'_>) {
    talk.bot(talk.phrases.bot_contacts.to_owned(), &[]);
    let (name, phone) = (talk.person.name, talk.person.phone.to_string());
    talk.client(talk.phrases.contacts, &[("name", name), ("phone", &phone)]);
    talk.named = true;
}

fn visit(talk: &mut Dialogue<'_>, scene: &Scene<'_>, diary: &mut Diary<'_>, service: &Service) -> Ending {
    let Some(visit) = choose(talk, scene, diary, service) else {
        return Ending::talk(DialogState::Booking).lead(LeadStatus::Lost, service);
    };
    introduce(talk);
    confirm(talk, scene, service, &visit);
    let done = Ending::talk(DialogState::Completed);
    match talk.rng.random_range(0..100) {
        0..10 => {
            cancel(talk, scene, &visit);
            let mut ending = done.lead(LeadStatus::Lost, service);
            ending.booking = Some((visit, BookingState::Cancelled));
            ending
        }
        10..17 => {
            let visit = moved(talk, scene, diary, service, visit);
            kept(talk, scene, diary, service, visit)
        }
        _ => kept(talk, scene, diary, service, visit),
    }
}

/// The summary, the yes and what follows.
fn confirm(talk: &mut Dialogue<'_>, scene: &Scene<'_>, service: &Service, visit: &Visit) {
    let blanks = scene.blanks(talk, service, visit);
    let summary = fill(talk.phrases.bot_summary, &named(&blanks)).replace(". . ", ". ");
    talk.bot(summary, &[talk.phrases.yes, talk.phrases.change]);
    if talk.rng.random_bool(0.7) {
        talk.press(talk.phrases.yes);
    } else {
        talk.client(talk.phrases.says_yes, &[]);
    }
    let text = fill(talk.pick(talk.phrases.bot_booked), &named(&blanks));
    talk.bot(text, &[]);
    if talk.rng.random_bool(0.5) {
        talk.client(talk.phrases.thanks, &[]);
        let bye = talk.pick(talk.phrases.bot_bye);
        talk.bot(bye.to_owned(), &[]);
    }
}

/// Some hours later, but before the visit and before the made-up time ends.
fn later(talk: &mut Dialogue<'_>, scene: &Scene<'_>, visit: &Visit) {
    let room = (visit.start.min(scene.until).as_second() - talk.at.as_second()) / 2;
    let most = room.min(2 * 24 * 3600);
    if most > 600 {
        talk.at += SignedDuration::from_secs(talk.rng.random_range(300..most));
    }
}

fn cancel(talk: &mut Dialogue<'_>, scene: &Scene<'_>, visit: &Visit) {
    later(talk, scene, visit);
    talk.client(talk.phrases.cancels, &[]);
    let day = day_name(visit.day, scene.today(talk), talk.person.locale);
    let time = visit.time.strftime("%H:%M").to_string();
    let text = fill(talk.phrases.bot_cancelled, &[("day", &day), ("time", &time)]);
    talk.bot(text, &[]);
}

fn moved(talk: &mut Dialogue<'_>, scene: &Scene<'_>, diary: &Diary<'_>, service: &Service, visit: Visit) -> Visit {
    later(talk, scene, &visit);
    let Some(other) = diary.find(service, talk.at + SignedDuration::from_mins(10), talk.rng) else { return visit };
    talk.client(talk.phrases.moves, &[]);
    let blanks = scene.blanks(talk, service, &other);
    let text = fill(talk.pick(talk.phrases.bot_times), &named(&blanks));
    talk.bot(text, &[&blanks[2]]);
    talk.press(&blanks[2]);
    talk.bot(fill(talk.phrases.bot_moved, &named(&blanks)), &[]);
    other
}

/// The visit stands, or took place by now.
fn kept(talk: &mut Dialogue<'_>, scene: &Scene<'_>, diary: &mut Diary<'_>, service: &Service, visit: Visit) -> Ending {
    diary.take(&visit);
    let (booking, lead) = if visit.end > scene.until {
        (BookingState::Booked, LeadStatus::Booked)
    } else if talk.rng.random_ratio(1, 12) {
        (BookingState::NoShow, LeadStatus::Lost)
    } else {
        (BookingState::Done, LeadStatus::Won)
    };
    let mut ending = Ending::talk(DialogState::Completed).lead(lead, service);
    ending.booking = Some((visit, booking));
    ending
}

fn price(talk: &mut Dialogue<'_>, scene: &Scene<'_>, service: &Service) -> Ending {
    let locale = talk.person.locale;
    let (name, cost) = (service_name(service, locale), scene.price_text(service, locale));
    talk.client(talk.phrases.asks_price, &[("service", name)]);
    let sentence = if cost.is_empty() { talk.phrases.bot_price_by_person } else { talk.pick(talk.phrases.bot_price) };
    talk.bot(fill(sentence, &[("service", name), ("price", &cost)]), &[talk.phrases.yes]);
    talk.client(talk.phrases.leaves, &[]);
    let bye = talk.pick(talk.phrases.bot_bye);
    talk.bot(bye.to_owned(), &[]);
    Ending::talk(DialogState::Consulting).lead(LeadStatus::New, service)
}

fn question(talk: &mut Dialogue<'_>, scene: &Scene<'_>) -> Ending {
    let knowledge = &scene.profile.knowledge;
    if knowledge.is_empty() {
        return unanswered(talk);
    }
    let entry = &knowledge[talk.rng.random_range(0..knowledge.len())];
    let title = entry.title.to_lowercase();
    talk.client(talk.phrases.asks_about, &[("title", &title)]);
    talk.bot(entry.text.clone(), &[]);
    if talk.rng.random_bool(0.6) {
        talk.client(talk.phrases.thanks, &[]);
        let bye = talk.pick(talk.phrases.bot_bye);
        talk.bot(bye.to_owned(), &[]);
    }
    Ending::talk(DialogState::Consulting)
}

fn unanswered(talk: &mut Dialogue<'_>) -> Ending {
    talk.client(talk.phrases.asks_unknown, &[]);
    let text = talk.pick(talk.phrases.bot_unknown);
    talk.bot(text.to_owned(), &[talk.phrases.person]);
    talk.client(talk.phrases.leaves, &[]);
    let bye = talk.pick(talk.phrases.bot_bye);
    talk.bot(bye.to_owned(), &[]);
    Ending::talk(DialogState::Consulting)
}

/// Leaves in the middle of the form, some with a phone: those are to be called back.
fn half_way(talk: &mut Dialogue<'_>, scene: &Scene<'_>, diary: &Diary<'_>, service: &Service) -> Ending {
    let found = choose(talk, scene, diary, service);
    if found.is_none() || talk.rng.random_bool(0.4) {
        talk.client(talk.phrases.leaves, &[]);
        let status = if talk.rng.random_bool(0.5) { LeadStatus::Lost } else { LeadStatus::InProgress };
        return Ending::talk(DialogState::Booking).lead(status, service);
    }
    introduce(talk);
    if let Some(visit) = &found {
        let blanks = scene.blanks(talk, service, visit);
        let summary = fill(talk.phrases.bot_summary, &named(&blanks)).replace(". . ", ". ");
        talk.bot(summary, &[talk.phrases.yes, talk.phrases.change]);
    }
    let status = if talk.rng.random_bool(0.7) { LeadStatus::Qualified } else { LeadStatus::InProgress };
    Ending::talk(DialogState::Confirming).lead(status, service)
}

fn complaint(talk: &mut Dialogue<'_>, service: &Service) -> Ending {
    talk.client(talk.phrases.complains, &[]);
    talk.bot(talk.phrases.bot_person.to_owned(), &[]);
    let status = if talk.rng.random_bool(0.5) { LeadStatus::New } else { LeadStatus::InProgress };
    Ending::talk(DialogState::Consulting).lead(status, service)
}

fn spam(talk: &mut Dialogue<'_>, service: &Service) -> Ending {
    talk.client(talk.phrases.advertises, &[]);
    let text = talk.pick(talk.phrases.bot_unknown);
    talk.bot(text.to_owned(), &[talk.phrases.person]);
    let mut ending = Ending::talk(DialogState::Consulting).lead(LeadStatus::Spam, service);
    ending.service = None;
    ending
}

fn written(talk: Dialogue<'_>, scene: &Scene<'_>, ending: Ending) -> WholeConversation {
    let source = SOURCES[talk.rng.random_range(0..SOURCES.len())];
    let lead_id = LeadId::from_parts(talk.started, talk.rng.random());
    let booking_id = BookingId::from_parts(talk.at, talk.rng.random());
    let contact = talk.known_contact();
    let last = talk.messages.last().map_or(talk.at, |message| message.at);
    let desired_at = ending.booking.as_ref().map(|(visit, _)| visit.start);
    // Somebody who cannot be reached is no lead.
    let lead = ending.lead.filter(|_| contact.phone.is_some()).map(|status| Lead {
        id: lead_id,
        status,
        name: contact.name.clone(),
        phone: contact.phone.clone(),
        email: None,
        channel: talk.person.identity.channel,
        source: Some(source.to_owned()),
        service: ending.service.clone(),
        desired_at,
        desired_text: None,
        comment: None,
        tags: Vec::new(),
        assigned_to: None,
        contact_id: Some(contact.id),
        conversation_id: Some(talk.id),
        consent: None,
        crm: LeadCrm::default(),
        custom: json!({}),
        created_at: talk.messages.first().map_or(talk.started, |message| message.at),
        updated_at: last,
        version: 1,
    });
    let lead_id = lead.as_ref().map(|lead| lead.id);
    let booking = ending.booking.and_then(|(visit, state)| {
        let service = scene.profile.service(&visit.service)?;
        let new = NewBooking {
            connection: scene.connection.to_owned(),
            key: booking_id.to_string(),
            service_id: service.id.clone(),
            service_title: service.title.clone(),
            employee_id: Some(visit.employee),
            employee_name: Some(visit.employee_name),
            start: visit.start,
            end: visit.end,
            client_name: contact.name.clone(),
            phone: contact.phone.clone(),
            price: service.price.map(|price| price.from),
            currency: scene.profile.company.currency.clone(),
            comment: None,
            channel: Some(talk.person.identity.channel),
            contact_id: Some(contact.id),
            conversation_id: Some(talk.id),
            lead_id,
        };
        Some((booking_id, new, state))
    });
    WholeConversation {
        id: talk.id,
        identity: talk.person.identity.clone(),
        contact,
        language: talk.person.locale,
        session: Session { state: ending.state, form: json!({}), updated_at: last },
        messages: talk.messages,
        lead,
        booking,
    }
}
