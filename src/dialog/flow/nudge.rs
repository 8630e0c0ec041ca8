//! Wishes that lean on what was just offered: earlier, later, another day, the first of them.

use jiff::civil::Time;
use jiff::{SignedDuration, Zoned};

use super::choose::plus;
use super::form::{Asked, Days, Hours, Task, Wanted};
use super::offer::read_slot;
use super::turn::Turn;
use crate::dialog::understand::Understanding;
use crate::domain::text::fold;

const LATER: &[&str] = &["позже", "попозже", "позднее", "later"];
const EARLIER: &[&str] = &["раньше", "пораньше", "earlier", "sooner"];
const SHIFTS: &[(&str, i64)] = &[
    ("на полчаса", 30),
    ("на 30 минут", 30),
    ("на полтора часа", 90),
    ("на час", 60),
    ("на 1 час", 60),
    ("на два часа", 120),
    ("на 2 часа", 120),
    ("half an hour", 30),
    ("an hour", 60),
    ("one hour", 60),
    ("two hours", 120),
    ("2 hours", 120),
];
const OTHER: &[&str] = &["друг", "иное", "иной", "another", "other", "different", "else"];
const DAY: &[&str] = &["день", "дня", "дни", "дату", "дата", "day", "date"];
const TIME: &[&str] = &["врем", "часы", "час", "time", "hour"];
const EMPLOYEE: &[&str] = &[
    "к друг",
    "кому",
    "кого",
    "мастер",
    "специалист",
    "врач",
    "доктор",
    "сотрудник",
    "someone",
    "specialist",
    "master",
    "doctor",
    "person",
];
const SAME_DAY: &[&str] = &["тот же день", "этот же день", "same day"];
const NEXT_DAY: &[&str] = &[
    "следующий день",
    "день позже",
    "через день",
    "день спустя",
    "next day",
    "day after",
    "day later",
    "following day",
];
const FIRST: &[&str] = &["перво", "ранн", "ближайш", "earliest", "first", "soonest"];
const LAST: &[&str] = &["последн", "поздн", "latest", "last"];
const SOON: &[&str] = &[
    "ближайш",
    "как можно скорее",
    "как можно раньше",
    "поскорее",
    "asap",
    "soonest",
    "as soon as",
    "earliest",
    "next available",
];

/// Whether a text leans on what was offered.
pub(super) fn is_nudge(text: &str) -> bool {
    let folded = fold(text);
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    has(LATER) || has(EARLIER) || has(SOON) || has(NEXT_DAY) || (has(OTHER) && (has(DAY) || has(TIME) || has(EMPLOYEE)))
}

impl Turn<'_> {
    /// Takes such a wish; `true` when there was one.
    pub fn merge_nudge(&mut self, said: &Understanding) -> bool {
        let folded = fold(&said.text);
        if super::plain::postpones(&folded) {
            return false;
        }
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        if has(NEXT_DAY) || has(SAME_DAY) {
            return false;
        }
        if let Some(forward) = has(LATER).then_some(true).or(has(EARLIER).then_some(false)) {
            let shift = SHIFTS.iter().find(|(words, _)| folded.contains(words)).map(|(_, minutes)| *minutes);
            return (shift.is_some() || said.time.is_none()) && self.nudge_time(forward, shift);
        }
        if said.date.is_some() || said.time.is_some() {
            return false;
        }
        if has(OTHER) && self.form.asked != Some(Asked::Visit) {
            let same_time = has(&["же время", "same time"]);
            return self.nudge_other(has(DAY), has(TIME) && !same_time, has(EMPLOYEE));
        }
        if self.form.asked == Some(Asked::Time) {
            let slots = self.offered_slots();
            let chosen = has(FIRST).then(|| slots.first()).or(has(LAST).then(|| slots.last())).flatten();
            if let Some((start, employee)) = chosen.cloned() {
                self.form.date = Some(Days::single(start.date()));
                self.form.time = Some(Hours::point(start.time()));
                self.form.picked = employee;
                return true;
            }
        }
        let soon = has(SOON) && self.form.date.is_none();
        self.form.soonest |= soon;
        soon
    }

    /// «в тот же день», «на следующий день»: a day counted from the one that was spoken of.
    pub fn merge_day_of_context(&mut self, said: &Understanding) -> bool {
        let folded = fold(&said.text);
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        let done = self.form.done.as_ref().map(|done| done.visit.start.date());
        let chosen = self.form.slot.as_ref().map(|slot| slot.start.date());
        let spoken_of = self.form.date.or(self.form.shunned).and_then(Days::day).or(chosen);
        let day = match (said.date, has(SAME_DAY), has(NEXT_DAY)) {
            (None, true, _) => done.or(spoken_of),
            (None, _, true) => spoken_of.or(done).map(|day| plus(day, 1)),
            _ => None,
        };
        if let Some(day) = day {
            self.form.date = Some(Days::single(day));
            self.form.not_days.retain(|refused| *refused != day);
        }
        day.is_some()
    }

    /// «На час позже» of a visit that has only now been found.
    pub fn nudge_visit(&mut self, said: &Understanding) {
        let folded = fold(&said.text);
        if LATER.iter().chain(EARLIER).any(|word| folded.contains(word)) {
            let merged = self.form.time.take();
            if !self.merge_nudge(said) {
                self.form.time = merged;
            }
        }
    }

    fn offered_slots(&self) -> Vec<(Zoned, Option<String>)> {
        let slot = |value: &str| read_slot(value.strip_prefix("slot:")?, self);
        self.form.buttons.iter().filter_map(|button| slot(&button.value)).collect()
    }

    /// Earlier or later than what was chosen or offered.
    fn nudge_time(&mut self, forward: bool, shift: Option<i64>) -> bool {
        let moved = self.form.visit.as_ref().filter(|_| self.form.task == Task::Move);
        let offered = self.offered_slots();
        let edge = if forward { offered.last() } else { offered.first() };
        let chosen = self.form.slot.as_ref().map(|slot| &slot.start);
        let wished = self.form.time.and_then(Hours::moment);
        let base = chosen.map(|start| start.time()).or(wished);
        let base = base.or(edge.map(|(start, _)| start.time())).or(moved.map(|visit| visit.start.time()));
        let Some(base) = base else { return false };
        if self.form.date.is_none() {
            let day = edge.map(|(start, _)| start.date()).or(moved.map(|visit| visit.start.date()));
            self.form.date = day.map(Days::single);
        }
        self.form.time = Some(match (shift, forward) {
            (Some(minutes), true) => Hours::point(plus_minutes(base, minutes)),
            (Some(minutes), false) => Hours::point(plus_minutes(base, -minutes)),
            (None, true) => Hours { from: Some(plus_minutes(base, 1)), ..Hours::default() },
            (None, false) => Hours { to: Some(base), ..Hours::default() },
        });
        true
    }

    /// Another day, another time, somebody else than what was offered.
    fn nudge_other(&mut self, day: bool, time: bool, employee: bool) -> bool {
        if employee {
            let present = match &self.form.employee {
                Wanted::Named(id) => Some(id.clone()),
                _ => self.form.slot.as_ref().and_then(|slot| slot.employee.clone()),
            };
            self.form.without.extend(present);
            self.form.employee = Wanted::Any;
            self.form.picked = None;
        }
        if day {
            self.form.not_days.extend(self.form.date.and_then(Days::day));
            self.form.date = None;
        } else if time {
            self.form.time = None;
            self.form.new_hour = true;
        }
        employee || day || time
    }
}

/// `at` and so many minutes, inside the same day.
fn plus_minutes(at: Time, minutes: i64) -> Time {
    at.saturating_add(SignedDuration::from_mins(minutes))
}
