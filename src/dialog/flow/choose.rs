//! Which free time fits the wish, and what lies near it when none does.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use super::form::{Days, Hours, Task};
use super::turn::Turn;
use super::{Need, refuse};
use crate::dialog::say::{Refusal, format};
use crate::domain::crm::{Slot, SlotQuery};

/// Days that are looked through at once.
const STRETCH: i32 = 14;
/// Times offered on each side of the wanted one.
const EACH_SIDE: usize = 3;
/// Times offered on other days.
const ON_OTHER_DAYS: usize = 4;
/// Same-day times that are enough without other days.
const ENOUGH: usize = 3;

/// What became of a wish.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// This one.
    Slot(Slot),
    /// Free times of several days, to ask for the day.
    Days(Vec<Slot>, Option<Refusal>),
    /// Free times of one day, to ask among.
    Times(Date, Vec<Slot>),
    /// Both readings of an hour are free.
    Reading(Slot, Slot),
    /// The wanted time is free on several days.
    Several(Vec<Slot>),
    /// Not to be had; what is near, and the same time with somebody else.
    Nearest(Refusal, Vec<Slot>, Option<Slot>),
    /// Not to be had, and nothing is near.
    Nothing(Refusal),
}

impl Found {
    /// Leaves out a time that is known to be gone.
    pub fn without(self, gone: Timestamp) -> Self {
        match self {
            Self::Nearest(why, slots, _) => {
                Self::Nearest(why, slots.into_iter().filter(|slot| slot.start.timestamp() != gone).collect(), None)
            }
            other => other,
        }
    }
}

impl Turn<'_> {
    pub fn horizon(&self) -> Date {
        let days = i32::try_from(self.scene.profile.company.booking.horizon_days).unwrap_or(60);
        plus(self.today(), days)
    }

    fn query(&self, service: &str, from: Date, to: Date) -> SlotQuery {
        SlotQuery {
            service_id: service.to_owned(),
            employee_id: self.named().map(|employee| employee.id.clone()),
            from: from.max(self.today()),
            to: to.min(self.horizon()),
            moving: self.moving().map(|visit| visit.id.clone()),
        }
    }

    fn moving(&self) -> Option<&super::form::Visit> {
        self.form.visit.as_ref().filter(|_| self.form.task == Task::Move)
    }

    /// Free times of those days; the visit's own present time is no news when it is being moved.
    fn slots(&self, service: &str, from: Date, to: Date) -> Result<Vec<Slot>, Need> {
        if from.max(self.today()) > to.min(self.horizon()) {
            return Ok(Vec::new());
        }
        let mut slots = self.free(&self.query(service, from, to))?;
        if let Some(visit) = self.moving() {
            let own = |slot: &Slot| {
                slot.start.timestamp() == visit.start.timestamp()
                    && (slot.employee_id == visit.employee || slot.employee_id.is_none() || self.named().is_none())
            };
            slots.retain(|slot| !own(slot));
        }
        Ok(slots)
    }

    /// The first free times from `from` on: two weeks, then all that can be booked.
    fn slots_from(&self, service: &str, from: Date, fits: impl Fn(&Slot) -> bool) -> Result<Vec<Slot>, Need> {
        let near: Vec<Slot> =
            self.slots(service, from, plus(from, STRETCH - 1))?.into_iter().filter(|slot| fits(slot)).collect();
        if !near.is_empty() {
            return Ok(near);
        }
        let rest = self.slots(service, plus(from, STRETCH), self.horizon())?;
        Ok(rest.into_iter().filter(|slot| fits(slot)).collect())
    }

    /// The free time for the form's wish.
    pub fn find(&self, service: &str) -> Result<Found, Need> {
        match self.form.date {
            None => self.find_any_day(service),
            Some(days) => match days.day() {
                Some(day) => self.find_on(service, day),
                None => self.find_within(service, days),
            },
        }
    }

    fn find_any_day(&self, service: &str) -> Result<Found, Need> {
        let wish = self.form.time.unwrap_or_default();
        let slots = self.slots_from(service, self.today(), |slot| fits(slot, wish))?;
        if let (true, Some(first)) = (self.form.soonest, slots.first()) {
            return self.find_on(service, first.start.date());
        }
        if !slots.is_empty() {
            return Ok(Found::Days(slots, None));
        }
        self.near(service, self.today(), Refusal::RangeFull)
    }

    fn find_on(&self, service: &str, day: Date) -> Result<Found, Need> {
        if day < self.today() {
            return self.near(service, self.today(), Refusal::Past);
        }
        if day > self.horizon() {
            return self.near_horizon(service);
        }
        let slots = self.slots(service, day, day)?;
        let Some(wish) = self.form.time.filter(|wish| !wish.is_any()) else {
            return match (slots.first(), self.form.time) {
                (None, _) => self.near(service, day, refuse::day(self, service, day)),
                (Some(first), Some(wish)) if wish.first => Ok(Found::Slot(first.clone())),
                (Some(_), _) => Ok(Found::Times(day, slots)),
            };
        };
        if let Some(at) = wish.moment() {
            return self.find_at(service, day, at, wish.other, &slots);
        }
        let inside: Vec<Slot> = slots.iter().filter(|slot| wish.holds(slot.start.time())).cloned().collect();
        match (inside.as_slice(), slots.is_empty()) {
            ([only], _) => Ok(Found::Slot(only.clone())),
            ([first, ..], _) if wish.first => Ok(Found::Slot(first.clone())),
            ([], true) => self.near(service, day, refuse::day(self, service, day)),
            ([], false) => self.near(service, day, refuse::hours(self, service, day, wish)),
            _ => Ok(Found::Times(day, inside)),
        }
    }

    fn find_at(&self, service: &str, day: Date, at: Time, other: Option<Time>, slots: &[Slot]) -> Result<Found, Need> {
        let free = |at: Time| slots.iter().find(|slot| slot.start.date() == day && slot.start.time() == at).cloned();
        match (free(at), other.and_then(free)) {
            (Some(first), Some(second)) => Ok(Found::Reading(first, second)),
            (Some(slot), None) | (None, Some(slot)) => Ok(Found::Slot(slot)),
            (None, None) => {
                // Of two readings that are both not to be had, the one inside the hours is what was meant.
                let outside = |at: Time| refuse::is_outside(self, service, day, at);
                let meant = other.filter(|other| outside(at) && !outside(*other)).unwrap_or(at);
                let why = refuse::time(self, service, day, meant);
                let elsewhere = self.elsewhere(service, day, meant, &why)?;
                match self.near_at(service, day, Some(meant), why)? {
                    Found::Nearest(why, near, _) => Ok(Found::Nearest(why, near, elsewhere)),
                    found => Ok(found),
                }
            }
        }
    }

    /// The same time with somebody else, when only the named employee stands in the way.
    fn elsewhere(&self, service: &str, day: Date, at: Time, why: &Refusal) -> Result<Option<Slot>, Need> {
        let personal = matches!(why, Refusal::Busy(..) | Refusal::DayOff(..) | Refusal::Outside(..));
        if self.named().is_none() || !personal {
            return Ok(None);
        }
        let anybody = SlotQuery { employee_id: None, ..self.query(service, day, day) };
        Ok(self.free(&anybody)?.into_iter().find(|slot| slot.start.date() == day && slot.start.time() == at))
    }

    fn find_within(&self, service: &str, days: Days) -> Result<Found, Need> {
        let from = days.from.unwrap_or(self.today()).max(self.today());
        if days.to.is_some_and(|to| to < self.today()) {
            return self.near(service, self.today(), Refusal::Past);
        }
        if from > self.horizon() {
            return self.near_horizon(service);
        }
        let to = days.to.unwrap_or(plus(from, STRETCH - 1));
        let wish = self.form.time.unwrap_or_default();
        let slots: Vec<Slot> = self.slots(service, from, to)?.into_iter().filter(|slot| fits(slot, wish)).collect();
        let free_days = days_of(&slots);
        match (slots.first(), free_days.as_slice()) {
            (None, _) => self.near(service, from, Refusal::RangeFull),
            (Some(first), _) if wish.first => Ok(Found::Slot(first.clone())),
            (_, [day]) => self.find_on(service, *day),
            _ if wish.moment().is_some() => Ok(Found::Several(first_of_each_day(&slots))),
            _ => Ok(Found::Days(slots, None)),
        }
    }

    /// What is free near a wish that cannot be met: the same day on both sides, then the next days.
    pub fn near(&self, service: &str, day: Date, why: Refusal) -> Result<Found, Need> {
        let at = self.form.time.and_then(|wish| wish.from.or(wish.to));
        self.near_at(service, day, at, why)
    }

    fn near_at(&self, service: &str, day: Date, at: Option<Time>, why: Refusal) -> Result<Found, Need> {
        let slots = self.slots_from(service, day, |_| true)?;
        if slots.is_empty() {
            return self.nothing(service, why);
        }
        Ok(match at {
            Some(at) => Found::Nearest(why, around(&slots, day, at), None),
            None => Found::Days(slots, Some(why)),
        })
    }

    fn near_horizon(&self, service: &str) -> Result<Found, Need> {
        let last = self.horizon();
        let why = Refusal::Beyond(
            format::days(self.scene.profile.company.booking.horizon_days, self.language),
            format::date(last, self.today(), self.language),
        );
        let slots = self.slots(service, plus(last, 1 - STRETCH), last)?;
        if slots.is_empty() {
            return self.near(service, self.today(), why);
        }
        let days = days_of(&slots);
        let first = days[days.len().saturating_sub(ON_OTHER_DAYS)];
        let last = slots.into_iter().filter(|slot| slot.start.date() >= first).collect();
        Ok(Found::Days(last, Some(why)))
    }

    /// Nothing later is free: something earlier may be.
    fn nothing(&self, service: &str, why: Refusal) -> Result<Found, Need> {
        let slots = self.slots_from(service, self.today(), |_| true)?;
        Ok(if slots.is_empty() { Found::Nothing(Refusal::NothingFree) } else { Found::Days(slots, Some(why)) })
    }
}

/// Whether a free time fits a wish in either of its readings.
fn fits(slot: &Slot, wish: Hours) -> bool {
    let at = slot.start.time();
    wish.is_any() || wish.holds(at) || wish.other == Some(at)
}

/// `day` and `count` days.
pub(super) fn plus(day: Date, count: i32) -> Date {
    day.checked_add(count.days()).unwrap_or(day)
}

/// The days of free times, in order, each once.
pub(super) fn days_of(slots: &[Slot]) -> Vec<Date> {
    let mut days: Vec<Date> = slots.iter().map(|slot| slot.start.date()).collect();
    days.dedup();
    days
}

fn first_of_each_day(slots: &[Slot]) -> Vec<Slot> {
    let mut firsts: Vec<Slot> = Vec::new();
    for slot in slots {
        if firsts.last().is_none_or(|last| last.start.date() != slot.start.date()) {
            firsts.push(slot.clone());
        }
    }
    firsts
}

fn distance(slot: &Slot, at: Time) -> i64 {
    let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    (minutes(slot.start.time()) - minutes(at)).abs()
}

/// Free times around `at` on `day`, then on the days after it, in order of time.
fn around(slots: &[Slot], day: Date, at: Time) -> Vec<Slot> {
    let same: Vec<&Slot> = slots.iter().filter(|slot| slot.start.date() == day).collect();
    let before = same.iter().filter(|slot| slot.start.time() < at).count();
    let mut near: Vec<Slot> = same[before.saturating_sub(EACH_SIDE)..(before + EACH_SIDE).min(same.len())]
        .iter()
        .map(|slot| (*slot).clone())
        .collect();
    if near.len() >= ENOUGH {
        return near;
    }
    let later = days_of(slots).into_iter().filter(|other| *other != day).take(ON_OTHER_DAYS);
    for other in later {
        let closest = slots.iter().filter(|slot| slot.start.date() == other).min_by_key(|slot| distance(slot, at));
        near.extend(closest.cloned());
    }
    near
}

/// At most `max` free times: those on the hour first, since people name them, the earliest of the rest.
pub(super) fn spread(slots: &[Slot], max: usize) -> Vec<Slot> {
    if slots.len() <= max {
        return slots.to_vec();
    }
    let (full, rest): (Vec<&Slot>, Vec<&Slot>) = slots.iter().partition(|slot| slot.start.minute() == 0);
    let mut chosen: Vec<Slot> = if full.len() > max {
        (0..max).map(|at| full[at * full.len() / max].clone()).collect()
    } else {
        full.into_iter().chain(rest).take(max).cloned().collect()
    };
    chosen.sort_by_key(|slot| slot.start.timestamp());
    chosen
}
