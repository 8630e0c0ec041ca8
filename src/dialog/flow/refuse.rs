//! Why a wanted time is not to be had, told honestly.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::form::{Hours, Task};
use super::turn::Turn;
use crate::dialog::say::{Refusal, format};
use crate::domain::company::{Employee, Interval};

fn minute(at: Time) -> u16 {
    u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
}

/// When an employee works on a day.
fn working(turn: &Turn<'_>, employee: &Employee, day: Date) -> Vec<Interval> {
    let company = &turn.scene.profile.company;
    if company.is_closed_on(day) || employee.days_off.iter().any(|span| span.contains(day)) {
        return Vec::new();
    }
    employee.hours.as_ref().unwrap_or(&company.hours).on(day.weekday()).to_vec()
}

/// When the service is provided on a day: by the named employee, else by any.
fn provided(turn: &Turn<'_>, service: &str, day: Date) -> Vec<Interval> {
    if let Some(employee) = turn.named() {
        return working(turn, employee, day);
    }
    let mut all: Vec<Interval> =
        turn.providers(service).into_iter().flat_map(|employee| working(turn, employee, day)).collect();
    all.sort();
    let mut merged: Vec<Interval> = Vec::new();
    for next in all {
        match merged.last_mut() {
            Some(last) if next.from <= last.to => last.to = last.to.max(next.to),
            _ => merged.push(next),
        }
    }
    merged
}

/// Whether nobody provides the service at that hour.
pub(super) fn is_outside(turn: &Turn<'_>, service: &str, day: Date, at: Time) -> bool {
    !provided(turn, service, day).iter().any(|open| open.from <= minute(at) && minute(at) < open.to)
}

/// Why a whole day is not to be had.
pub(super) fn day(turn: &Turn<'_>, service: &str, day: Date) -> Refusal {
    let company = &turn.scene.profile.company;
    let shown = turn.on_day(day);
    let works = !provided(turn, service, day).is_empty();
    let closed = company.is_closed_on(day) || company.hours.on(day.weekday()).is_empty();
    match (works, closed, turn.named()) {
        (true, ..) => Refusal::DayFull(shown),
        (false, true, _) => Refusal::Closed(shown),
        (false, false, Some(employee)) => Refusal::DayOff(employee.name.clone(), shown),
        (false, false, None) => Refusal::NotProvided(shown),
    }
}

/// Why no time of a stretch of a day is to be had.
pub(super) fn hours(turn: &Turn<'_>, service: &str, day: Date, wish: Hours) -> Refusal {
    let open = provided(turn, service, day);
    let meets = |open: &Interval| {
        wish.from.is_none_or(|from| minute(from) < open.to) && wish.to.is_none_or(|to| minute(to) > open.from)
    };
    let gone = wish.to.is_some_and(|to| day.to_datetime(to) <= turn.scene.now.datetime());
    match (gone, open.iter().any(meets)) {
        (true, _) => Refusal::Past,
        (false, false) => Refusal::PartOutside(turn.on_day(day), format::intervals(&open)),
        (false, true) => Refusal::PartFull(turn.on_day(day)),
    }
}

/// Why a moment is not to be had.
pub(super) fn time(turn: &Turn<'_>, service: &str, day: Date, at: Time) -> Refusal {
    let rules = turn.scene.profile.company.booking;
    let (moment, now) = (day.to_datetime(at), turn.scene.now.datetime());
    let (shown, clock) = (turn.on_day(day), format::time(at));
    if moment <= now {
        return Refusal::Past;
    }
    let moving = turn.form.visit.as_ref().filter(|_| turn.form.task == Task::Move);
    if moving.is_some_and(|visit| visit.start.datetime() == moment) {
        return Refusal::SameTime;
    }
    let open = provided(turn, service, day);
    if open.is_empty() {
        return self::day(turn, service, day);
    }
    let Some(inside) = open.iter().find(|open| open.from <= minute(at) && minute(at) < open.to) else {
        return Refusal::Outside(shown, clock, format::intervals(&open));
    };
    let length = turn.scene.profile.services.iter().find(|s| s.id == service).map_or(0, |s| s.duration_min);
    if u32::from(minute(at)) + length > u32::from(inside.to) {
        return Refusal::TooLong(clock, format::duration(length, turn.language));
    }
    let soonest = now.checked_add(i64::from(rules.lead_time_min).minutes()).unwrap_or(now);
    if moment < soonest {
        return Refusal::TooSoon(format::lead_time(rules.lead_time_min, turn.language));
    }
    if !u32::from(minute(at) - inside.from).is_multiple_of(rules.step_min.max(1)) {
        return Refusal::NotOffered(clock);
    }
    match turn.named() {
        Some(employee) => Refusal::Busy(employee.name.clone(), shown, clock),
        None => Refusal::Taken(shown, clock),
    }
}
