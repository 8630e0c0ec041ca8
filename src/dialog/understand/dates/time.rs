//! Hours as they are said.

use jiff::civil::Time;

use super::super::DayPart;
use super::super::numbers::{Class, Num};
use super::lex::{Lex, Unit, W};
use super::reader::Reader;

/// An hour of the clock, as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub hour: u8,
    pub minute: u8,
    /// Nothing to choose: `15:00`, `03:00`, `3 pm`.
    pub exact: bool,
    /// «утра», «вечера».
    pub part: Option<DayPart>,
    /// "am" or "pm" was said.
    pub pm: bool,
}

impl Clock {
    fn bare(hour: u32, minute: u32) -> Option<Self> {
        let (hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
        (hour < 24 && minute < 60).then_some(Self {
            hour,
            minute,
            exact: hour > 12 || hour == 0,
            part: None,
            pm: false,
        })
    }

    fn at(hour: u8, minute: u8) -> Option<Time> {
        Time::new(i8::try_from(hour % 24).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    }

    /// Every reading, the preferred one first. `part` is the part of the day named elsewhere.
    pub fn readings(&self, part: Option<DayPart>) -> Vec<Time> {
        let hour = self.hour;
        if self.exact {
            return Self::at(hour, self.minute).into_iter().collect();
        }
        let (early, late) = if hour == 12 { (0, 12) } else { (hour, hour + 12) };
        let chosen = match self.part.or(part) {
            Some(part) => part_reading(part, early, late, hour),
            None if hour <= 7 => vec![late, early],
            None if hour == 12 => vec![late, early],
            None => vec![early, late],
        };
        chosen.into_iter().filter_map(|h| Self::at(h, self.minute)).collect()
    }

    /// Whether a bare hour could as well be the other one.
    pub fn is_ambiguous(&self, part: Option<DayPart>) -> bool {
        !self.exact && self.hour == 8 && self.readings(part).len() > 1
    }
}

/// The half of the day that a part decides.
fn part_reading(part: DayPart, early: u8, late: u8, hour: u8) -> Vec<u8> {
    match part {
        DayPart::Morning => vec![if hour == 12 { late } else { early }],
        DayPart::Day if matches!(hour, 8..=11) => vec![early],
        DayPart::Day => vec![late],
        DayPart::Evening if hour == 12 => vec![early],
        DayPart::Evening if hour < 4 => vec![late],
        DayPart::Evening => vec![late],
        DayPart::Night if (8..12).contains(&hour) => vec![late],
        DayPart::Night => vec![early],
    }
}

/// The time that begins at `at`; a number alone is one only when `bare` allows it.
pub(super) fn read(r: &Reader<'_>, at: usize, prep: Option<W>, bare: bool) -> Option<(Clock, usize)> {
    let at = if matches!(r.lex(at), Lex::W(W::Filler)) { at + 1 } else { at };
    match r.lex(at) {
        Lex::Noon => return Some((Clock { hour: 12, minute: 0, exact: true, part: None, pm: false }, at + 1)),
        Lex::Midnight => return Some((Clock { hour: 0, minute: 0, exact: true, part: None, pm: false }, at + 1)),
        _ => {}
    }
    let (clock, end) = written(r, at, prep)
        .or_else(|| four_digits(r, at, prep))
        .or_else(|| fractions(r, at, prep))
        .or_else(|| hours(r, at, prep, bare))
        .or_else(|| spoken(r, at, bare))
        .or_else(|| alone(r, at, prep, bare))?;
    Some(with_part(r, clock, end, prep))
}

/// `15:00`, `3:30`, «18.30» and «18-30» where a time is meant.
fn written(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Clock, usize)> {
    let hour = r.digits(at).filter(|n| n.digits <= 2 && n.class == Class::Cardinal)?;
    let separator = [':', '.', '-'].into_iter().find(|c| r.sign(at + 1, *c) && r.glued(at + 1) && r.glued(at + 2))?;
    let minute = r.digits(at + 2).filter(|n| n.digits == 2 && n.value < 60)?;
    if separator != ':' && r.digits(at + 4).is_some() && r.sign(at + 3, separator) && r.glued(at + 4) {
        return None;
    }
    let part_of_range =
        separator == '-' && (r.month(at + 3).is_some() || r.is(at + 3, W::DayNumber) || !is_minute(minute, hour, prep));
    if part_of_range || (separator == '.' && at > 0 && r.sign(at - 1, '.') && r.glued(at)) {
        return None;
    }
    let mut clock =
        if hour.value == 24 && minute.value == 0 { Clock::bare(0, 0)? } else { Clock::bare(hour.value, minute.value)? };
    clock.exact |= hour.zero;
    let seconds = r.sign(at + 3, ':') && r.glued(at + 3) && r.digits(at + 4).is_some_and(|n| n.digits == 2);
    let end = if seconds { at + 5 } else { at + 3 };
    Some((clock, end))
}

/// «в 1430»: four digits that are no year.
fn four_digits(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Clock, usize)> {
    let num = r.digits(at).filter(|n| n.digits == 4 && n.class == Class::Cardinal)?;
    let is_year = (1950..2050).contains(&num.value);
    let fits = matches!(prep, Some(W::In | W::To | W::Until | W::After)) && num.value.is_multiple_of(5) && !is_year;
    let mut clock = Clock::bare(num.value / 100, num.value % 100).filter(|_| fits)?;
    clock.exact |= num.zero;
    Some((clock, at + 1))
}

/// «18-30» is a time, «10-12» a stretch of hours.
fn is_minute(minute: Num, hour: Num, prep: Option<W>) -> bool {
    let round = minute.value.is_multiple_of(5);
    let could_be_hour = minute.value > hour.value && minute.value <= 23;
    match prep {
        Some(W::In | W::To | W::Until | W::After) => round || !could_be_hour,
        _ => !could_be_hour && (round || minute.value > 23),
    }
}

/// «полтретьего», «без четверти пять», «четверть шестого», "half past two", "ten to six".
fn fractions(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Clock, usize)> {
    if let Lex::HalfTo(hour) = r.lex(at) {
        return before(u32::from(hour), 30).map(|clock| (clock, at + 1));
    }
    if r.is(at, W::Without) {
        let (minutes, next) = minutes_said(r, at + 1)?;
        let (hour, end) = hour_said(r, next)?;
        return before(hour, minutes).map(|clock| (clock, end));
    }
    let at = if r.is(at, W::The) && r.is(at + 1, W::Quarter) { at + 1 } else { at };
    let half = r.is(at, W::Half);
    let (minutes, next) = if half { (30, at + 1) } else { minutes_said(r, at)? };
    match r.lex(next) {
        Lex::W(W::Past | W::After) if r.is_english(next) => {
            let (hour, end) = hour_said(r, next + 1)?;
            Clock::bare(hour, minutes).map(|clock| (clock, end))
        }
        Lex::W(W::Through) if r.token_is(next, "to") && !half && !matches!(prep, Some(W::From | W::Between)) => {
            let plain = r.num(at).is_some_and(|n| !matches!(n.value, 5 | 10 | 20 | 25)) && r.unit(at + 1).is_none();
            let (hour, end) = hour_said(r, next + 1).filter(|_| !plain)?;
            before(hour, minutes).map(|clock| (clock, end))
        }
        Lex::Num(num)
            if half
                && (num.class == Class::Day || num.class == Class::Ordinal || r.is_english(at) || num.digits > 0) =>
        {
            let clock = if r.is_english(at) { Clock::bare(num.value, 30) } else { before(num.value, 30) };
            clock.filter(|_| num.value <= 12).map(|clock| (clock, next + 1))
        }
        // «десять минут шестого», «четверть шестого».
        Lex::Num(num)
            if matches!(num.class, Class::Day | Class::Ordinal)
                && (r.is(at, W::Quarter) || r.unit(at + 1).is_some()) =>
        {
            (1..=12)
                .contains(&num.value)
                .then(|| Clock::bare(if num.value == 1 { 12 } else { num.value - 1 }, minutes))
                .flatten()
                .map(|c| (c, next + 1))
        }
        _ => None,
    }
}

/// So many minutes before the hour.
fn before(hour: u32, minutes: u32) -> Option<Clock> {
    let previous = match hour {
        1 | 13 => hour + 11 - if hour == 13 { 12 } else { 0 },
        0 => 23,
        hour => hour - 1,
    };
    (minutes > 0 && minutes < 60).then(|| Clock::bare(previous, 60 - minutes)).flatten()
}

fn minutes_said(r: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    if r.is(at, W::Quarter) {
        return Some((15, at + 1));
    }
    let num = r.num(at).filter(|n| (1..60).contains(&n.value) && n.class == Class::Cardinal)?;
    let unit = usize::from(r.unit(at + 1) == Some(Unit::Minute) || r.is_glued_word(at + 1, "ти"));
    Some((num.value, at + 1 + unit))
}

fn hour_said(r: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    if r.lex(at) == Lex::Unit(Unit::Hour) && !r.is_english(at) {
        return Some((1, at + 1));
    }
    let num = r.num(at).filter(|n| n.value <= 23 && matches!(n.class, Class::Cardinal))?;
    Some((num.value, at + 1))
}

/// «15 часов», «3 часа 20 минут», «15ч», «в час», «час дня».
fn hours(r: &Reader<'_>, at: usize, prep: Option<W>, bare: bool) -> Option<(Clock, usize)> {
    if r.lex(at) == Lex::Unit(Unit::Hour) && !r.is_english(at) && r.token_text(at) != "часов" {
        let plain = matches!(prep, Some(W::In | W::To | W::Until | W::After | W::From | W::Through | W::About))
            && !r.is_other_noun_number(at + 1);
        let parted = matches!(r.lex(at + 1), Lex::OfDay | Lex::Part(_));
        // «в час тридцать».
        let minute = r.num(at + 1).filter(|n| (10..60).contains(&n.value) && n.class == Class::Cardinal && plain);
        if let Some(minute) = minute.filter(|_| r.unit(at + 2).is_none_or(|unit| unit == Unit::Minute)) {
            let end = at + 2 + usize::from(r.unit(at + 2) == Some(Unit::Minute));
            return Clock::bare(1, minute.value).map(|clock| (clock, end));
        }
        return (plain || parted).then(|| Clock::bare(1, 0)).flatten().map(|clock| (clock, at + 1));
    }
    let hour = r.num(at).filter(|n| n.value <= 23 && matches!(n.class, Class::Cardinal))?;
    if r.lex(at + 1) != Lex::Unit(Unit::Hour)
        || (prep == Some(W::On) && at > 0 && (r.lasts(at - 1) || r.token_is(at - 1, "for")))
    {
        return None;
    }
    let parted = matches!(r.lex(at + 2), Lex::OfDay | Lex::Part(_) | Lex::W(W::Am | W::Pm));
    if !(bare
        || parted
        || prep.is_some_and(|p| p != W::Through || bare)
        || r.whole(at, at + 2)
        || r.glued(at + 1)
        || hour.value > 12)
    {
        return None;
    }
    let minute = r.num(at + 2).filter(|n| {
        n.value < 60
            && n.class == Class::Cardinal
            && (r.unit(at + 3) == Some(Unit::Minute) || n.digits == 2 || r.glued(at + 2))
    });
    let (minute, end) =
        minute.map_or((0, at + 2), |n| (n.value, at + 3 + usize::from(r.unit(at + 3) == Some(Unit::Minute))));
    let mut clock = Clock::bare(hour.value, minute)?;
    clock.exact |= hour.zero;
    Some((clock, end))
}

/// «пять пятнадцать», «10 00», "three thirty".
fn spoken(r: &Reader<'_>, at: usize, bare: bool) -> Option<(Clock, usize)> {
    let in_words = |at: usize| r.num(at).is_some_and(|n| n.digits == 0);
    let after_day =
        at > 1 && r.sign(at - 1, ',') && matches!(r.lex(at - 2), Lex::Weekday(_) | Lex::Rel(_) | Lex::Month(_));
    let suits = at == 0 && in_words(at + 1) && r.num(at).is_some_and(|n| n.value >= 7) && r.is_verb_like(at + 2);
    let meridiem = in_words(at) && in_words(at + 1) && matches!(r.lex(at + 2), Lex::W(W::Am | W::Pm));
    let whole = meridiem || in_words(at) && (at == 0 && r.whole(at, at + 2) || after_day && in_words(at + 1) || suits);
    let hour = r.num(at).filter(|n| n.value <= 23 && n.class == Class::Cardinal && (bare || whole))?;
    let hyphen = usize::from(hour.digits == 0 && r.sign(at + 1, '-'));
    let minute = r.num(at + 1 + hyphen).filter(|n| n.class == Class::Cardinal && n.value < 60)?;
    let next = at + 2 + hyphen;
    let zeros = minute.value == 0 && minute.digits == 0;
    let (minute, end) = if zeros {
        let dash = usize::from(r.sign(next, '-'));
        let second = r.num(next + dash).filter(|n| n.digits == 0 && n.value < 10)?;
        (second.value, next + dash + 1)
    } else {
        ((hour.digits == 0 && minute.digits == 0 && minute.value >= 10) || (hour.digits > 0 && minute.digits == 2))
            .then_some((minute.value, next))?
    };
    let counted = r.month(end).is_some() || matches!(r.lex(end), Lex::Unit(unit) if unit != Unit::Minute);
    let end = if r.unit(end) == Some(Unit::Minute) { end + 1 } else { end };
    let mut clock = Clock::bare(hour.value, minute).filter(|_| !counted)?;
    clock.exact |= hour.zero;
    Some((clock, end))
}

/// «в 15», «к пяти», "3 pm".
fn alone(r: &Reader<'_>, at: usize, prep: Option<W>, bare: bool) -> Option<(Clock, usize)> {
    let num = r.num(at).filter(|n| n.value <= 24 && n.digits <= 2 && n.class == Class::Cardinal)?;
    let next = r.lex(at + 1);
    let meridiem = matches!(next, Lex::W(W::Am | W::Pm));
    let oclock = r.token_is(at + 1, "o'clock") || r.token_is(at + 1, "oclock");
    let parted =
        matches!(next, Lex::Part(_)) && !r.is_english(at + 1) || (r.is_english(at + 1) && r.in_the_part(at + 1));
    let of_day = next == Lex::OfDay
        && (bare && prep != Some(W::On) || matches!(prep, Some(W::In | W::To | W::Until | W::After | W::About)));
    if !(meridiem || oclock || parted || of_day || bare) {
        return None;
    }
    let counts = matches!(next, Lex::Unit(unit) if unit != Unit::Hour)
        || r.month(at + 1).is_some()
        || (matches!(next, Lex::Sign('.' | '/' | ':'))
            && r.glued(at + 1)
            && r.glued(at + 2)
            && r.digits(at + 2).is_some());
    let instrumental = num.digits == 0 && prep == Some(W::From) && r.token_text(at).ends_with(['ю', 'я']);
    if instrumental || counts || (next == Lex::OfDay && !of_day) || r.is_other_noun_number(at + 1) {
        return None;
    }
    if num.value == 24 {
        return Clock::bare(0, 0).map(|clock| (clock, at + 1));
    }
    let mut clock = Clock::bare(num.value, 0)?;
    clock.exact |= num.zero;
    Some((clock, at + 1))
}

/// Takes «часов», «утра», "pm", "in the evening" after the hour.
fn with_part(r: &Reader<'_>, mut clock: Clock, mut end: usize, prep: Option<W>) -> (Clock, usize) {
    if r.lex(end) == Lex::Unit(Unit::Hour)
        || matches!(r.lex(end), Lex::Hours)
        || r.token_is(end, "o'clock")
        || r.token_is(end, "oclock")
    {
        end += 1;
    }
    match r.lex(end) {
        Lex::W(W::Am) => return (meridiem(clock, 0), end + 1),
        Lex::W(W::Pm) => return (meridiem(clock, 12), end + 1),
        Lex::Part(part) if !r.is_english(end) && matches!(r.token_text(end), "утра" | "вечера" | "ночи") =>
        {
            clock.part = Some(part);
            return (clock, end + 1);
        }
        Lex::OfDay if prep != Some(W::Later) => {
            clock.part = Some(DayPart::Day);
            return (clock, end + 1);
        }
        _ => {}
    }
    if r.is_english(end) && r.in_the_part(end) {
        let article = usize::from(r.is(end + 1, W::The));
        if let Lex::Part(part) = r.lex(end + 1 + article) {
            clock.part = Some(part);
            return (clock, end + 2 + article);
        }
    }
    (clock, end)
}

fn meridiem(mut clock: Clock, add: u8) -> Clock {
    if clock.hour <= 12 {
        clock.hour = clock.hour % 12 + add;
    }
    clock.exact = true;
    clock.pm = true;
    clock
}
