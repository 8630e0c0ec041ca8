//! Takes what a message says into the form; what it does not mention stays.

use jiff::civil::{Date, Time};

use super::form::{Asked, Days, Hours, Task, Wanted};
use super::questions::QUESTIONS;
use super::turn::Turn;
use crate::dialog::understand::{Intent, Understanding};
use crate::domain::company::Profile;
use crate::domain::text::fold;

/// Digits that are meant as a phone number.
const PHONE_DIGITS: usize = 5;
/// Words that wish for something in a message that also asks.
const WISHES: &[&str] =
    &["лучше", "давайте", "тогда", "пусть", "instead", "better", "rather", "let's", "make it", "actually"];

impl Turn<'_> {
    /// Takes name and phone.
    pub fn learn_contact(&mut self, said: &Understanding) -> bool {
        if let Some(phone) = &said.phone {
            self.form.phone = Some(phone.clone());
            self.phone = Some(phone.clone());
        }
        let asked_name = matches!(self.form.asked, Some(Asked::Name | Asked::Contact));
        let only_words =
            said.candidates.service.is_empty() && said.date.is_none() && said.time.is_none() && said.yes_no.is_none();
        let nothing_else = matches!(said.intent, Intent::Other | Intent::Smalltalk | Intent::Greet);
        let bare = said.bare_name.clone().filter(|_| asked_name && only_words && nothing_else);
        // Who comes may be somebody else: «его зовут Рустам, 8 916 …».
        let other = said.other_name.clone().filter(|_| asked_name || said.phone.is_some());
        if let Some(name) = said.name.clone().or(other).or(bare) {
            self.form.name = Some(name.clone());
            self.name = Some(name);
        }
        let asked_phone = matches!(self.form.asked, Some(Asked::Phone | Asked::Contact | Asked::VisitPhone));
        let digits = said.text.chars().filter(char::is_ascii_digit).count();
        self.bad_phone = asked_phone && said.phone.is_none() && digits >= PHONE_DIGITS;
        self.name.is_some() || self.phone.is_some() || self.bad_phone
    }

    /// Takes what was said about service, employee, day and time; `true` when there was anything.
    pub fn merge(&mut self, said: &Understanding) -> bool {
        if matches!(said.intent, Intent::Thanks | Intent::Bye) {
            return false;
        }
        let asks = said.intents.iter().any(|intent| QUESTIONS.contains(intent))
            && !said.intents.iter().any(|intent| matches!(intent, Intent::Book | Intent::Reschedule | Intent::Cancel));
        match (self.form.task, asks) {
            (Task::None, _) => {
                self.merge_service(said);
                self.merge_employee(said);
                false
            }
            (Task::Book, true) => {
                let service = self.form.service.is_none() && self.merge_service(said);
                let day = self.form.asked == Some(Asked::Day) && said.date.is_some() && self.merge_day(said);
                service | day | self.merge_wish_among_questions(said)
            }
            (Task::Book, false) => {
                let service = self.merge_service(said);
                let employee = self.merge_employee(said);
                if employee && said.date.is_none() && self.form.date.is_none() {
                    // «а к Ильнуру можно?» after a day on which nobody else was free.
                    self.form.date = self.form.shunned.take();
                }
                service | employee | self.merge_when(said)
            }
            (Task::Move, true) => self.merge_wish_among_questions(said),
            (Task::Move, false) if self.form.asked == Some(Asked::Visit) => narrows(said),
            (Task::Move, false) => {
                let employee = self.form.visit.is_some() && self.merge_employee(said);
                employee | self.merge_when(said) | narrows(said)
            }
            (Task::Cancel | Task::List, asks) => !asks && narrows(said),
        }
    }

    fn merge_when(&mut self, said: &Understanding) -> bool {
        let day = self.merge_day(said) | self.merge_day_of_context(said);
        let nudged = self.merge_nudge(said);
        day | nudged | (!nudged && self.merge_time(said))
    }

    fn merge_wish_among_questions(&mut self, said: &Understanding) -> bool {
        wishes(&said.text)
            && !said.intents.contains(&Intent::AskHours)
            && (self.merge_employee(said) | self.merge_day(said) | self.merge_time(said))
    }

    fn merge_service(&mut self, said: &Understanding) -> bool {
        let mut two = false;
        let form = &mut self.form;
        let mut fitting: Vec<String> = match &said.service {
            Some(id) => vec![id.clone()],
            None => said.candidates.service.clone(),
        };
        let folded = fold(&said.text);
        let choice = [" или ", " or ", " либо "].iter().any(|or| folded.contains(or));
        // «температура, к педиатру» names one wish by two of its words; «маникюр и педикюр» are two.
        let joined = [" и ", " and ", " + ", " плюс ", " ещё ", " еще ", " потом ", " затем ", " then ", " also "];
        let joined = joined.iter().any(|word| folded.contains(word));
        if said.several_services && joined && !choice && form.services.is_empty() && fitting.len() > 1 {
            form.then = fitting.split_off(1);
            two = true;
        }
        if fitting.len() > 1
            && !said.several_services
            && let Some(named) = named_in_full(&said.text, &fitting, self.scene.profile)
        {
            fitting = vec![named];
        }
        if fitting.len() > 1 && form.services.iter().any(|id| fitting.contains(id)) {
            fitting.retain(|id| form.services.contains(id));
        }
        match fitting.as_slice() {
            [] => return false,
            [only] => {
                if form.service.as_ref() != Some(only) {
                    form.picked = None;
                }
                form.service = Some(only.clone());
                form.services.clear();
            }
            several if form.service.as_ref().is_some_and(|id| several.contains(id)) => {}
            _ => {
                form.service = None;
                form.services = fitting;
            }
        }
        if two && let (Some(first), Some(next)) = (self.form.service.clone(), self.form.then.first().cloned()) {
            let (first, next) = (self.service_title(&first), self.service_title(&next));
            self.say(self.words().one_by_one(&first, &next));
        }
        true
    }

    fn merge_employee(&mut self, said: &Understanding) -> bool {
        if said.any_employee {
            self.form.employee = Wanted::Any;
            self.form.employees.clear();
            self.form.without.clear();
            return true;
        }
        // A client may have the name of someone who works here.
        let own_name = |id: &String| {
            let learnt = self.name.as_deref().map(fold);
            let employee = self.scene.profile.employee(id);
            learnt.is_some_and(|name| {
                employee.is_some_and(|e| {
                    let names = std::iter::once(&e.name).chain(&e.aliases);
                    names.into_iter().any(|known| fold(known).split(' ').next() == name.split(' ').next())
                })
            })
        };
        let mut people: Vec<String> = match &said.employee {
            Some(id) => vec![id.clone()],
            None => said.candidates.employee.clone(),
        };
        people.retain(|id| !own_name(id));
        if people.is_empty() {
            return false;
        }
        self.form.picked = None;
        self.form.employees.clear();
        if said.negated {
            if matches!(&self.form.employee, Wanted::Named(id) if people.contains(id)) {
                self.form.employee = Wanted::Unset;
            }
            self.form.without.extend(people);
        } else if let [only] = people.as_slice() {
            self.form.without.retain(|id| id != only);
            self.form.employee = Wanted::Named(only.clone());
        } else {
            self.form.employees = people;
        }
        true
    }

    fn merge_day(&mut self, said: &Understanding) -> bool {
        let unclear = said.ambiguous && said.date.is_none() && said.other_time.is_none();
        if unclear {
            self.unclear_day = true;
            self.form.date = None;
            return true;
        }
        let lone = said.lone_number.filter(|_| self.form.asked == Some(Asked::Day)).and_then(|n| self.nth(n));
        let days = match (said.date, lone) {
            (Some(days), _) => Days { from: days.from, to: days.to },
            (None, Some(day)) => Days::single(day),
            (None, None) => return false,
        };
        if said.negated {
            self.form.date = self.form.date.filter(|wish| *wish != days);
            self.form.not_days.extend(days.day());
        } else {
            if let Some(day) = days.day() {
                self.form.not_days.retain(|refused| *refused != day);
            }
            self.form.date = Some(days);
            self.note_desired(&said.text);
        }
        true
    }

    /// The nearest day of that number from today on.
    fn nth(&self, number: u32) -> Option<Date> {
        let number = i8::try_from(number).ok()?;
        let mut day = self.today();
        for _ in 0..62 {
            if day.day() == number {
                return Some(day);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn merge_time(&mut self, said: &Understanding) -> bool {
        let lone = said.lone_number.filter(|_| self.form.asked == Some(Asked::Time)).and_then(hour);
        let time = match (said.time, lone) {
            (Some(time), _) => Hours { from: time.from, to: time.to, other: said.other_time, first: said.any_time },
            (None, Some(hour)) => hour,
            (None, None) if said.any_time => {
                let stretch = self.form.time.filter(|wish| wish.moment().is_none());
                Hours { first: true, ..stretch.unwrap_or_default() }
            }
            (None, None) => return false,
        };
        if said.negated && said.date.is_none() {
            self.form.time = None;
            return true;
        }
        // «вечера» to the question which of two readings was meant.
        let reading = |at: Time| time.moment().is_none() && !time.is_any() && time.holds(at);
        let before = self.form.time.filter(|before| before.other.is_some() && said.date.is_none());
        let meant = before.and_then(|before| match (before.moment(), before.other) {
            (Some(at), Some(other)) if reading(at) != reading(other) => Some(if reading(at) { at } else { other }),
            _ => None,
        });
        let time = meant.map_or(time, Hours::point);
        self.follow_offer(time, said.date.is_some());
        self.form.time = Some(time);
        if said.date.is_none() && self.form.desired_text.is_none() {
            self.note_desired(&said.text);
        }
        true
    }

    /// A time that was offered on one other day is meant on that day.
    fn follow_offer(&mut self, time: Hours, day_named: bool) {
        let (Some(at), false) = (time.moment(), day_named) else { return };
        let starts = self.form.buttons.iter().filter_map(|button| {
            let (start, _) = super::offer::read_slot(button.value.strip_prefix("slot:")?, self)?;
            Some(start)
        });
        let mut days: Vec<Date> = starts.filter(|start| start.time() == at).map(|start| start.date()).collect();
        days.dedup();
        if let [day] = days.as_slice() {
            self.form.date = Some(Days::single(*day));
        }
    }
}

/// Whether a message that may also ask has words of wishing.
pub(super) fn wishes(text: &str) -> bool {
    let folded = fold(text);
    WISHES.iter().any(|word| folded.contains(word))
}

/// Whether a message says which visit is meant.
fn narrows(said: &Understanding) -> bool {
    !said.candidates.service.is_empty()
        || said.service.is_some()
        || !said.candidates.employee.is_empty()
        || said.date.is_some()
        || said.time.is_some()
}

/// A lone number as an hour: 1–7 in the afternoon, 8 either way.
fn hour(number: u32) -> Option<Hours> {
    let at = |hour: u32| Time::new(i8::try_from(hour).ok()?, 0, 0, 0).ok();
    let (first, other) = match number {
        1..=7 => (at(number + 12)?, None),
        8 => (at(8)?, at(20)),
        9..=23 => (at(number)?, None),
        _ => return None,
    };
    Some(Hours { other, ..Hours::point(first) })
}

/// The one of several services whose title stands in the text; the longest of them.
fn named_in_full(text: &str, among: &[String], profile: &Profile) -> Option<String> {
    let folded = fold(text);
    let titles = among.iter().filter_map(|id| profile.service(id)).filter(|s| folded.contains(&fold(&s.title)));
    titles.max_by_key(|service| service.title.len()).map(|service| service.id.clone())
}
