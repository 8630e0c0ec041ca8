//! Asks for a day or a time with real free times as buttons.

use jiff::Zoned;
use jiff::civil::Date;

use super::Need;
use super::choose::{Found, days_of, spread};
use super::form::{Asked, Chosen, Days, Hours, Task};
use super::turn::Turn;
use crate::dialog::say::{Refusal, format};
use crate::domain::conversation::{Button, DialogState};
use crate::domain::crm::Slot;

/// Times offered at once.
const MAX_TIMES: usize = 12;
/// Days so few that some times of each are told with the question.
const FEW_DAYS: usize = 3;
/// Times told of each.
const HINTS: usize = 5;
/// Days offered at once.
const MAX_DAYS: usize = 7;

impl Turn<'_> {
    /// Settles the time, or asks for what is missing; `true` when there is a free time.
    pub fn settle_time(&mut self, service: &str) -> Result<bool, Need> {
        let found = match std::mem::take(&mut self.unclear_day) {
            true => match self.find(service)? {
                Found::Days(days, _) => Found::Days(days, Some(Refusal::UnclearDay)),
                found => found,
            },
            false => self.find(service)?,
        };
        Ok(self.settle(found))
    }

    /// Takes a free time that was found, or says what there is instead.
    pub fn settle(&mut self, found: Found) -> bool {
        self.form.slot = None;
        match found {
            Found::Slot(slot) => {
                self.form.date = Some(Days::single(slot.start.date()));
                self.form.time = Some(Hours::point(slot.start.time()));
                self.form.slot = Some(Chosen::from(&slot));
                return true;
            }
            Found::Days(slots, why) => self.ask_day(&slots, why),
            Found::Times(day, slots) => self.ask_time(day, &slots),
            Found::Reading(first, second) => {
                let day = self.on_day(first.start.date());
                let (a, b) = (format::time(first.start.time()), format::time(second.start.time()));
                let text = self.words().ask_reading(&day, &a, &b);
                let buttons = vec![time_button(&first), time_button(&second)];
                self.ask(Asked::Time, DialogState::Booking, text, buttons);
            }
            Found::Several(slots) => {
                let text = self.words().offer_days_at(&self.listed(&slots));
                let buttons = self.slot_buttons(&slots, false);
                self.ask(Asked::Time, DialogState::Booking, text, buttons);
            }
            Found::Nearest(why, slots, elsewhere) => self.offer_nearest(&why, &slots, elsewhere.as_ref()),
            Found::Nothing(why) => {
                let text = self.words().refusal(&why);
                self.ask_person(DialogState::Booking, text);
            }
        }
        false
    }

    fn ask_day(&mut self, slots: &[Slot], why: Option<Refusal>) {
        let words = self.words();
        let text = match (&why, &self.form.visit, self.form.task) {
            (None, Some(visit), Task::Move) => {
                words.ask_new_day(&self.service_title(&visit.service), &self.when(&visit.start))
            }
            (None, ..) => {
                words.ask_day(&self.form.service.as_deref().map_or_else(String::new, |id| self.service_title(id)))
            }
            (Some(_), ..) => words.ask_other_day().to_owned(),
        };
        let (refused, unclear) = (why.is_some(), why == Some(Refusal::UnclearDay));
        if let Some(why) = why {
            self.say(words.refusal(&why));
            // A day that is refused is no wish any more; the hour still is.
            self.form.shunned = self.form.date.take();
        }
        let days = days_of(slots);
        let few: Vec<Slot> = self.hints(slots, &days, refused, unclear);
        if !few.is_empty() {
            self.say(self.words().free_then(&self.listed(&few)));
        }
        let title = |day: &Date| format::day_title(*day, self.today(), self.language);
        let buttons = days.iter().take(MAX_DAYS);
        let buttons = buttons.map(|day| Button { text: title(day), value: format!("day:{day}") }).collect();
        self.ask(Asked::Day, DialogState::Booking, text, buttons);
    }

    /// A few free times to go with the question for the day: of each day when they are few, of the
    /// nearest when the wished one was refused.
    fn hints(&self, slots: &[Slot], days: &[Date], refused: bool, unclear: bool) -> Vec<Slot> {
        let shown = match (refused, days.len()) {
            (true, _) => usize::from(!unclear),
            (false, 1..=FEW_DAYS) => days.len(),
            (false, _) => 0,
        };
        let of = |day: &Date| -> Vec<Slot> { slots.iter().filter(|slot| slot.start.date() == *day).cloned().collect() };
        days.iter().take(shown).flat_map(|day| spread(&of(day), HINTS)).collect()
    }

    fn ask_time(&mut self, day: Date, slots: &[Slot]) {
        let shown = spread(slots, MAX_TIMES);
        let times: Vec<String> = shown.iter().map(|slot| format::time(slot.start.time())).collect();
        let text = self.words().offer_times(&self.on_day(day), &times.join(", "), shown.len() < slots.len());
        self.form.date = Some(Days::single(day));
        let buttons = self.slot_buttons(&shown, true);
        self.ask(Asked::Time, DialogState::Booking, text, buttons);
    }

    /// Says why not, and what is free nearby.
    fn offer_nearest(&mut self, why: &Refusal, slots: &[Slot], elsewhere: Option<&Slot>) {
        let wish = (self.form.date, self.form.time);
        if self.form.refused.replace(wish) != Some(wish) {
            self.say(self.words().refusal(why));
        }
        let text = self.words().offer_nearest(&self.listed(slots));
        let one_day = days_of(slots).len() == 1;
        if let (true, Some(first)) = (one_day, slots.first()) {
            self.form.date = Some(Days::single(first.start.date()));
        }
        self.form.refused = Some((self.form.date, self.form.time));
        let mut buttons = self.slot_buttons(slots, one_day);
        // A slot of nobody in particular says nothing of whom.
        if let Some(slot) = elsewhere.filter(|slot| !self.employee_name(slot.employee_id.as_deref()).is_empty()) {
            let (name, time) = (self.employee_name(slot.employee_id.as_deref()), format::time(slot.start.time()));
            self.say(self.words().free_with(&time, &name));
            buttons.insert(0, Button { text: format!("{time}, {name}"), value: slot_value(slot) });
        }
        self.ask(Asked::Time, DialogState::Booking, text, buttons);
    }

    /// «в среду, 11 марта: 14:00, 16:00; в четверг, 12 марта: 15:00»
    fn listed(&self, slots: &[Slot]) -> String {
        let days = days_of(slots).into_iter().map(|day| {
            let at_day = slots.iter().filter(|slot| slot.start.date() == day);
            let times: Vec<String> = at_day.map(|slot| format::time(slot.start.time())).collect();
            format!("{}: {}", self.on_day(day), times.join(", "))
        });
        days.collect::<Vec<_>>().join("; ")
    }

    /// Buttons titled with the time; those of another day name it.
    fn slot_buttons(&self, slots: &[Slot], one_day: bool) -> Vec<Button> {
        let wished = self.form.date.and_then(Days::day);
        let button = |slot: &Slot| {
            let day = slot.start.date();
            if one_day || wished == Some(day) {
                return time_button(slot);
            }
            let title = format::day_title(day, self.today(), self.language);
            Button { text: format!("{title}, {}", format::time(slot.start.time())), value: slot_value(slot) }
        };
        slots.iter().take(MAX_TIMES).map(button).collect()
    }
}

/// `slot:2026-03-11T15:00:00+03:00|anna`
fn slot_value(slot: &Slot) -> String {
    let start = slot.start.strftime("%Y-%m-%dT%H:%M:%S%:z");
    format!("slot:{start}|{}", slot.employee_id.as_deref().unwrap_or_default())
}

fn time_button(slot: &Slot) -> Button {
    Button { text: format::time(slot.start.time()), value: slot_value(slot) }
}

/// The start and the employee of a slot's button, in the company's zone.
pub(super) fn read_slot(value: &str, turn: &Turn<'_>) -> Option<(Zoned, Option<String>)> {
    let (start, employee) = value.split_once('|')?;
    let start: jiff::Timestamp = start.parse().ok()?;
    let zone = turn.scene.profile.company.timezone.tz().clone();
    Some((start.to_zoned(zone), Some(employee.to_owned()).filter(|id| !id.is_empty())))
}
