//! From what was said to days of the calendar and hours of the clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{ToSpan, Zoned};

use super::super::{DateRange, DayPart, TimeRange};
use super::day::{Day, Third, Which, Whole};
use super::scan::{Side, What};
use super::time::Clock;

/// Days, or the fact that there is no one day to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub range: Option<DateRange>,
    pub ambiguous: bool,
}

impl Days {
    const NONE: Self = Self { range: None, ambiguous: true };

    fn span(from: Date, to: Date) -> Self {
        Self { range: Some(DateRange { from: Some(from), to: Some(to) }), ambiguous: false }
    }
}

/// Hours and their other reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    pub range: TimeRange,
    pub ambiguous: bool,
    pub other: Option<Time>,
}

fn plus(day: Date, days: i64) -> Option<Date> {
    day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn monday(day: Date) -> Option<Date> {
    plus(day, -i64::from(day.weekday().to_monday_zero_offset()))
}

fn civil(year: i64, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day of this description, counted from `today`.
pub(super) fn day(said: Day, today: Date) -> Days {
    single(said, today).or_else(|| several(said, today)).unwrap_or(Days::NONE)
}

fn single(said: Day, today: Date) -> Option<Days> {
    let on = |day: Date| Days::span(day, day);
    match said {
        Day::Offset(days) => plus(today, i64::from(days)).map(on),
        Day::Weeks(weeks) => plus(today, i64::from(weeks) * 7).map(on),
        Day::Months(months) => today.checked_add(jiff::Span::new().try_months(months).ok()?).ok().map(on),
        Day::Weekday(day, which) => weekday(day, which, today),
        Day::OfMonth(day) => of_month(day, today).map(on),
        Day::Date { day, month, year: Some(year) } => civil(i64::from(year), month, day).map(on),
        Day::Date { day, month, year: None } => {
            let year = i64::from(today.year());
            (year..year + 9).filter_map(|y| civil(y, month, day)).find(|d| *d >= today).map(on)
        }
        Day::Weekend(_) | Day::Week(_) | Day::Month(_) | Day::MonthFrom(_) | Day::Workdays(_) | Day::Third(..) => None,
    }
}

fn weekday(day: i8, which: Which, today: Date) -> Option<Days> {
    let week = monday(today)?;
    let (date, ambiguous) = match which {
        Which::Nearest => (nearest(day, today)?, false),
        Which::AfterNearest => (plus(nearest(day, today)?, 7)?, false),
        Which::This => {
            let date = plus(week, i64::from(day))?;
            (date, date < today)
        }
        Which::Next => (plus(week, i64::from(day) + 7)?, false),
        Which::Last => (plus(week, i64::from(day) - 7)?, false),
    };
    Some(Days { ambiguous, ..Days::span(date, date) })
}

/// The next such weekday after today.
fn nearest(day: i8, today: Date) -> Option<Date> {
    let ahead = i64::from((day - today.weekday().to_monday_zero_offset()).rem_euclid(7));
    plus(today, if ahead == 0 { 7 } else { ahead })
}

fn of_month(day: u32, today: Date) -> Option<Date> {
    let start = i64::from(today.year()) * 12 + i64::from(today.month()) - 1;
    (start..start + 14)
        .filter_map(|m| civil(m.div_euclid(12), u32::try_from(m.rem_euclid(12)).ok()? + 1, day))
        .find(|date| *date >= today)
}

fn several(said: Day, today: Date) -> Option<Days> {
    let week = monday(today)?;
    let weeks = |which| match which {
        Which::Next => 7,
        Which::Last => -7,
        Which::This | Which::Nearest | Which::AfterNearest => 0,
    };
    match said {
        Day::Weekend(which) => {
            let (saturday, sunday) = (plus(week, 5 + weeks(which))?, plus(week, 6 + weeks(which))?);
            let on_sunday = which == Which::This && today == sunday;
            Some(Days::span(if on_sunday { sunday } else { saturday }, sunday))
        }
        Day::Week(which) => {
            let from = if weeks(which) == 0 { today } else { plus(week, weeks(which))? };
            Some(Days::span(from, plus(week, 6 + weeks(which))?))
        }
        Day::Workdays(which) => workdays(plus(week, weeks(which))?, today),
        Day::Third(third, whole) => third_of(third, whole, today),
        Day::Month(month) => {
            let year = i64::from(today.year()) + i64::from(month < today.month());
            month_days(civil(year, u32::from(month.unsigned_abs()), 1)?, today)
        }
        Day::MonthFrom(which) => {
            let step = match which {
                Which::Next => 1,
                Which::Last => -1,
                Which::This | Which::Nearest | Which::AfterNearest => 0,
            };
            month_days(today.first_of_month().checked_add(jiff::Span::new().try_months(step).ok()?).ok()?, today)
        }
        _ => None,
    }
}

fn month_days(first: Date, today: Date) -> Option<Days> {
    let last = first.last_of_month();
    let from = if first <= today && today <= last { today } else { first };
    Some(Days::span(from, last))
}

/// Monday to Friday from today on; at the weekend those of the coming week.
fn workdays(week: Date, today: Date) -> Option<Days> {
    let friday = plus(week, 4)?;
    if week <= today && friday < today && today <= plus(week, 6)? {
        return Some(Days::span(plus(week, 7)?, plus(week, 11)?));
    }
    Some(Days::span(if friday < today { week } else { week.max(today) }, friday))
}

/// A week: Monday to Wednesday, Wednesday and Thursday, Friday to Sunday. A month: to the 10th, the 11th to the
/// 20th, from the 21st. One that is over is the next such; one that has begun is what is left of it.
fn third_of(third: Third, whole: Whole, today: Date) -> Option<Days> {
    let (mut from, mut to) = third_from(third, whole, today)?;
    if to < today {
        (from, to) = match whole {
            Whole::Week(Which::This | Which::Nearest) => third_from(third, Whole::Week(Which::Next), today)?,
            Whole::MonthFrom(Which::This | Which::Nearest) => third_from(third, Whole::MonthFrom(Which::Next), today)?,
            Whole::Month(month) => {
                third_in(third, civil(i64::from(today.year()) + 1, u32::from(month.unsigned_abs()), 1)?)?
            }
            _ => (from, to),
        };
    }
    Some(Days::span(if from < today && today <= to { today } else { from }, to))
}

fn third_from(third: Third, whole: Whole, today: Date) -> Option<(Date, Date)> {
    let step = |which| match which {
        Which::Next => 1,
        Which::Last => -1,
        Which::This | Which::Nearest | Which::AfterNearest => 0,
    };
    match whole {
        Whole::Week(which) => {
            let week = plus(monday(today)?, 7 * step(which))?;
            let (from, to) = match third {
                Third::Beginning => (0, 2),
                Third::Middle => (2, 3),
                Third::End => (4, 6),
            };
            Some((plus(week, from)?, plus(week, to)?))
        }
        Whole::Month(month) => third_in(third, civil(i64::from(today.year()), u32::from(month.unsigned_abs()), 1)?),
        Whole::MonthFrom(which) => {
            let first = today.first_of_month().checked_add(jiff::Span::new().try_months(step(which)).ok()?).ok()?;
            third_in(third, first)
        }
    }
}

fn third_in(third: Third, first: Date) -> Option<(Date, Date)> {
    match third {
        Third::Beginning => Some((first, plus(first, 9)?)),
        Third::Middle => Some((plus(first, 10)?, plus(first, 19)?)),
        Third::End => Some((plus(first, 20)?, first.last_of_month())),
    }
}

/// Days of a piece.
pub(super) fn days(what: What, today: Date) -> Option<Days> {
    match what {
        What::Day(said) => Some(day(said, today)),
        What::DayBound(side, said) => Some(bound(side, day(said, today), today)),
        What::DayRange(first, last) => Some(stretch(first, last, today)),
        _ => None,
    }
}

fn bound(side: Side, said: Days, today: Date) -> Days {
    let Some(DateRange { from: Some(from), to: Some(to) }) = said.range else { return Days::NONE };
    let range = match side {
        Side::From => Some(DateRange { from: Some(from), to: None }),
        Side::After => plus(to, 1).map(|next| DateRange { from: Some(next), to: None }),
        // «до выходных» ends before they begin.
        Side::Until => {
            let last = if from == to { Some(to) } else { plus(from, -1) };
            last.map(|last| DateRange { from: Some(today), to: Some(last) })
        }
    };
    Days { range, ambiguous: said.ambiguous }
}

fn stretch(first: Day, last: Day, today: Date) -> Days {
    let first = day(first, today);
    let Some(DateRange { from: Some(from), .. }) = first.range else { return Days::NONE };
    let last = match last {
        // The end is the first such day that is not before the start.
        Day::Weekday(_, Which::Nearest) => plus(from, -1).map_or(Days::NONE, |eve| day(last, eve)),
        Day::OfMonth(_) | Day::Date { year: None, .. } => day(last, from),
        last => day(last, today),
    };
    match last.range.and_then(|r| r.to) {
        Some(to) if to >= from => Days { ambiguous: first.ambiguous || last.ambiguous, ..Days::span(from, to) },
        _ => Days::NONE,
    }
}

fn clock_at(minutes: u16) -> Option<Time> {
    Time::new(i8::try_from(minutes / 60 % 24).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()
}

/// Hours of a piece; `part` is the part of the day named elsewhere.
pub(super) fn hours(what: What, part: Option<DayPart>) -> Option<Hours> {
    let plain = |from, to| Hours { range: TimeRange { from, to }, ambiguous: false, other: None };
    match what {
        What::Time(clock) => pointed(clock, part, |t| TimeRange { from: Some(t), to: Some(t) }),
        What::TimeBound(Side::Until, clock) => pointed(clock, part, |t| TimeRange { from: None, to: Some(t) }),
        What::TimeBound(_, clock) => pointed(clock, part, |t| TimeRange { from: Some(t), to: None }),
        What::TimeRange(first, last) => {
            let from = first.readings(part).first().copied()?;
            let readings = last.readings(part.filter(|_| last.part.is_none() && first.part.is_none()));
            let both = last.readings(None);
            let to = readings.iter().chain(&both).filter(|t| **t > from).min().or_else(|| readings.first()).copied()?;
            Some(plain(Some(from), Some(to)))
        }
        What::Span(from, to) => Some(plain(from.and_then(clock_at), to.and_then(clock_at))),
        What::Part(part) => {
            let (from, to) = super::scan::part_minutes(part);
            Some(plain(clock_at(from), clock_at(to)))
        }
        _ => None,
    }
}

fn pointed(clock: Clock, part: Option<DayPart>, range: impl Fn(Time) -> TimeRange) -> Option<Hours> {
    let readings = clock.readings(part);
    let ambiguous = clock.is_ambiguous(part);
    let other = if ambiguous { readings.get(1).copied() } else { None };
    Some(Hours { range: range(*readings.first()?), ambiguous, other })
}

/// The local moment: the first after a gap, the earlier of two.
pub(super) fn local(at: DateTime, now: &Zoned) -> Option<Zoned> {
    let tz = now.time_zone();
    if let AmbiguousOffset::Gap { before, .. } = tz.to_ambiguous_zoned(at).offset() {
        let inside = before.to_timestamp(at).ok()?;
        // The change itself may fall on this very moment.
        let next = inside.checked_add(1.second()).ok()?;
        let change = tz.preceding(next).next()?;
        return Some(change.timestamp().to_zoned(tz.clone()));
    }
    tz.to_ambiguous_zoned(at).compatible().ok()
}
