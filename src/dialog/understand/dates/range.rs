//! Stretches: «с 10 по 15 марта», «с 8 до 10», "between 2 and 4", «пн-ср».

use super::super::numbers::Class;
use super::day::{self, Day};
use super::lex::{Lex, Unit, W};
use super::reader::Reader;
use super::scan::{Lead, Side, What};
use super::time::{self, Clock};

/// The stretch that begins with `lead`; the flag says that it is where a visit is moved from.
pub(super) fn read(r: &Reader<'_>, lead: Lead, start: usize) -> Option<(What, usize, bool)> {
    if matches!(lead.prep, Some(W::Until | W::After | W::By)) {
        return None;
    }
    days(r, lead).or_else(|| times(r, lead, start)).map(|(what, end)| (what, end, false))
}

/// How the two ends are joined; the place after the joint.
fn joint(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(W, usize)> {
    match r.lex(at) {
        Lex::W(W::Through) if !(r.moves && r.is_english(at) && prep == Some(W::From)) => Some((W::Through, at + 1)),
        Lex::W(W::Until) => Some((W::Until, at + 1)),
        Lex::W(W::And) if prep == Some(W::Between) => Some((W::And, at + 1)),
        Lex::Sign('-') => Some((W::To, at + 1)),
        _ => None,
    }
}

fn days(r: &Reader<'_>, lead: Lead) -> Option<(What, usize)> {
    let (first, mid) = match day::read(r, lead.next, lead.prep.filter(|p| *p != W::In || r.digits(lead.next).is_none()))
    {
        Some((day, end)) => (Some(day), end),
        None => {
            let at = lead.next;
            // Only whether it can be a day; its value is read below.
            r.num(at).filter(|n| (1..=31).contains(&n.value) && n.class != Class::Collective)?;
            (None, at + 1)
        }
    };
    let (joint, next) = joint(r, mid, lead.prep)?;
    let next = if matches!(r.lex(next), Lex::W(W::The)) { next + 1 } else { next };
    let low = r.num(lead.next).map(|n| n.value);
    let second = day::read(r, next, Some(W::Through));
    let (first, second, end) = match (first, second) {
        (Some(first), Some((second, end))) => (first, second, end),
        (None, Some((second @ (Day::Date { .. } | Day::OfMonth(_)), end))) => (Day::OfMonth(low?), second, end),
        // «с 15 марта по 20», «с 10 по 12».
        (first, None) => {
            let num = r.num(next).filter(|n| (1..=31).contains(&n.value) && n.class != Class::Collective)?;
            let is_clock =
                r.sign(next + 1, ':') || matches!(r.lex(next + 1), Lex::Unit(Unit::Hour) | Lex::Part(_) | Lex::OfDay);
            let plain = joint == W::Through && !r.is_english(next - 1) && lead.prep == Some(W::From);
            let dated = matches!(first, Some(Day::Date { .. } | Day::OfMonth(_)));
            // «28 февраля до трёх» ends at an hour, «с 28 февраля до 3-го» on a day.
            let hour = joint == W::Until && lead.prep != Some(W::From) && num.class == Class::Cardinal;
            if hour {
                return None;
            }
            // "April 10-12".
            let after_month = matches!(r.lex(lead.next), Lex::Month(_)) && joint == W::To && low_day(first) < num.value;
            if after_month && !is_clock {
                return Some((What::DayRange(first?, same_month(first?, num.value)?), next + 1));
            }
            if is_clock || !(plain || (dated && joint != W::To)) {
                return None;
            }
            (first.or(low.map(Day::OfMonth))?, Day::OfMonth(num.value), next + 1)
        }
        _ => return None,
    };
    Some((What::DayRange(with_month(first, second)?, second), end))
}

fn low_day(day: Option<Day>) -> u32 {
    match day {
        Some(Day::Date { day, .. }) => day,
        _ => u32::MAX,
    }
}

fn same_month(first: Day, day: u32) -> Option<Day> {
    match first {
        Day::Date { month, year, .. } => Some(Day::Date { day, month, year }),
        _ => None,
    }
}

/// «с 10 по 15 марта»: the month is said once, for both.
fn with_month(first: Day, second: Day) -> Option<Day> {
    match (first, second) {
        (Day::OfMonth(day), Day::Date { day: last, month, year }) => {
            let month = if day <= last { month } else { (month + 10) % 12 + 1 };
            Some(Day::Date { day, month, year })
        }
        (Day::Month(_) | Day::Week(_) | Day::MonthFrom(_), _) => None,
        (first, _) => Some(first),
    }
}

fn times(r: &Reader<'_>, lead: Lead, start: usize) -> Option<(What, usize)> {
    let opened = matches!(lead.prep, Some(W::From | W::Between));
    let guess = opened || matches!(lead.prep, Some(W::In | W::To | W::On | W::About)) || dashed(r, lead.next, start);
    if lead.prep.is_none() && r.lex(lead.next + 3) == Lex::OfDay {
        return None;
    }
    let (first, mid) = time::read(r, lead.next, lead.prep, guess)?;
    let (joint, next) = joint(r, mid, lead.prep).or_else(|| {
        let target = r.is(mid, W::On) && !r.is_english(mid) && lead.prep == Some(W::From);
        target.then_some((W::On, mid + 1))
    })?;
    if joint == W::On && r.month(mid + 2).is_some() {
        // «с 15 на 17 марта».
        let day = r.digits(lead.next).filter(|n| (1..=31).contains(&n.value) && mid == lead.next + 1)?;
        return Some((What::DayBound(Side::From, Day::OfMonth(day.value)), mid));
    }
    if joint == W::On {
        return Some((What::TimeBound(Side::From, first), mid));
    }
    if !opened
        && joint != W::To
        && !(first.exact || r.sign(lead.next + 1, ':') || r.moves)
        && joint != W::Until
        && joint != W::Through
    {
        return None;
    }
    let next = if r.is(next, W::In) { next + 1 } else { next };
    if day::read(r, next, Some(W::Until)).is_some() {
        return None;
    }
    let (second, end) = time::read(r, next, Some(W::Until), true)?;
    Some((What::TimeRange(shared_half(first, second), second), end))
}

/// Whether «10-12» stands where only hours can.
fn dashed(r: &Reader<'_>, at: usize, start: usize) -> bool {
    let bare = r.digits(at).is_some_and(|n| n.value <= 24)
        && r.sign(at + 1, '-')
        && r.digits(at + 2).is_some_and(|n| n.value <= 24);
    let before_unit =
        matches!(r.lex(at + 3), Lex::Unit(Unit::Hour) | Lex::Part(_) | Lex::OfDay | Lex::W(W::Am | W::Pm));
    let after_day =
        start > 0 && matches!(r.lex(start - 1), Lex::Rel(_) | Lex::Weekday(_) | Lex::Month(_) | Lex::Part(_));
    bare && (before_unit || after_day || r.whole(at, at + 3))
}

/// "2-4 pm": the half of the day is said once.
fn shared_half(first: Clock, second: Clock) -> Clock {
    let said = second.part.is_some() || (second.exact && second.pm);
    if first.exact || first.part.is_some() || !said {
        return first;
    }
    let Some(end) = second.readings(None).first().copied() else { return first };
    let latest = first.readings(None).into_iter().filter(|t| *t < end).max();
    latest.map_or(first, |t| Clock { hour: t.hour().unsigned_abs(), exact: true, ..first })
}
