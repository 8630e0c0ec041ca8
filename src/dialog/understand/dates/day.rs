//! Days as they are named, before the calendar is asked.

use super::super::numbers::{Class, Num};
use super::lex::{Lex, Unit, W};
use super::reader::Reader;
use super::relative;

/// Which of the weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The nearest after today.
    Nearest,
    /// A week after that one.
    AfterNearest,
    This,
    Next,
    Last,
}

/// A third of a week or of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Third {
    Beginning,
    Middle,
    End,
}

/// What has a beginning and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Week(Which),
    Month(i8),
    MonthFrom(Which),
}

/// A day or a run of days, as named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Days from today.
    Offset(i32),
    Weekday(i8, Which),
    /// The nearest such day of a month.
    OfMonth(u32),
    Date {
        day: u32,
        month: u32,
        year: Option<u32>,
    },
    Weekend(Which),
    Week(Which),
    /// A whole month, by its number.
    Month(i8),
    /// This or the next month.
    MonthFrom(Which),
    /// Monday to Friday.
    Workdays(Which),
    /// «в начале недели», «в конце марта».
    Third(Third, Whole),
    /// Whole weeks from today.
    Weeks(i32),
    /// Whole months from today.
    Months(i32),
}

/// The day that begins at `at`; `prep` is the word before it.
pub(super) fn read(r: &Reader<'_>, start: usize, prep: Option<W>) -> Option<(Day, usize)> {
    let at = if r.is(start, W::The) { start + 1 } else { start };
    named(r, at)
        .or_else(|| numeric(r, at, prep))
        .or_else(|| dated(r, at, prep))
        .or_else(|| relative::days(r, start, prep))
        .or_else(|| whole(r, at, prep))
}

fn which(r: &Reader<'_>, at: usize) -> Option<Which> {
    match r.lex(at) {
        Lex::W(W::This) => Some(Which::This),
        Lex::W(W::Next) => Some(Which::Next),
        Lex::W(W::Last) => Some(Which::Last),
        Lex::W(W::Nearest) => Some(Which::Nearest),
        _ => None,
    }
}

/// «завтра», «в эту пятницу», «выходные», «на следующей неделе».
fn named(r: &Reader<'_>, at: usize) -> Option<(Day, usize)> {
    if let Lex::Rel(offset) = r.lex(at) {
        return Some((Day::Offset(offset), at + 1));
    }
    if r.token_is(at, "той") && r.lex(at + 1) == Lex::Unit(Unit::Week) {
        return Some((Day::Week(Which::Next), at + 2));
    }
    let (which, next) = which(r, at).map_or((None, at), |which| (Some(which), at + 1));
    match (r.lex(next), which) {
        (Lex::Weekday(day), None) if is_a_week_on(r, next) => Some((Day::Weekday(day, Which::AfterNearest), next + 2)),
        (Lex::Weekday(day), which) => {
            let dot = usize::from(r.sign(next + 1, '.') && r.is_abbreviated(next) && r.lex(next + 2) != Lex::Other);
            Some((Day::Weekday(day, which.unwrap_or(Which::Nearest)), next + 1 + dot))
        }
        (Lex::Weekend, Some(which)) => {
            Some((Day::Weekend(if which == Which::Nearest { Which::This } else { which }), next + 1))
        }
        (Lex::Unit(Unit::Week), Some(which)) => {
            Some((Day::Week(if which == Which::Nearest { Which::This } else { which }), next + 1))
        }
        (Lex::Workdays, Some(which)) => {
            Some((Day::Workdays(if which == Which::Nearest { Which::This } else { which }), next + 1))
        }
        (Lex::Unit(Unit::Month), Some(which)) => Some((Day::MonthFrom(which), next + 1)),
        (Lex::Part(_) | Lex::Lunch, Some(Which::This)) if r.is_english(next) => Some((Day::Offset(0), next)),
        _ => None,
    }
}

/// "Friday week": the one after the nearest.
fn is_a_week_on(r: &Reader<'_>, weekday: usize) -> bool {
    r.token_is(weekday + 1, "week") && r.is_english(weekday)
}

/// `15.03`, `15.03.2026`, `15/03`, `2026-03-15`.
fn numeric(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Day, usize)> {
    let first = r.digits(at)?;
    let separator = ['.', '/', '-'].into_iter().find(|c| r.sign(at + 1, *c) && r.glued(at + 1) && r.glued(at + 2))?;
    let second = r.digits(at + 2)?;
    let third = (r.sign(at + 3, separator) && r.glued(at + 3) && r.glued(at + 4)).then(|| r.digits(at + 4)).flatten();
    if first.digits == 4 && second.digits <= 2 {
        let day = third.filter(|n| n.digits <= 2)?;
        let after_t = usize::from(r.token_is(at + 5, "t"));
        return Some((Day::Date { day: day.value, month: second.value, year: Some(first.value) }, at + 5 + after_t));
    }
    if first.digits > 2 || second.digits > 2 {
        return None;
    }
    if let Some(year) = third.filter(|n| matches!(n.digits, 2 | 4)) {
        let year = if year.digits == 2 { 2000 + year.value } else { year.value };
        return Some((Day::Date { day: first.value, month: second.value, year: Some(year) }, at + 5));
    }
    let two_digits = second.digits == 2 || (separator == '/' && first.digits == 2);
    let is_time = separator != '/' && first.value < 24 && second.digits == 2 && second.value < 60;
    let asked_for_time = is_time && matches!(prep, Some(W::In | W::To | W::Until | W::After));
    let plausible = (1..40).contains(&first.value) && (1..=12).contains(&second.value);
    (separator != '-' && two_digits && plausible && !asked_for_time)
        .then_some((Day::Date { day: first.value, month: second.value, year: None }, at + 3))
}

/// «15 марта», «15-го», "March 15", «15-го следующего месяца».
fn dated(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Day, usize)> {
    if let Some(month) = r.month(at) {
        return month_first(r, at, month);
    }
    let num = r.num(at).filter(|n| n.value > 0 && !matches!(n.class, Class::Collective))?;
    let mut next = at + 1;
    if r.is(next, W::DayNumber) {
        next += 1;
    }
    let of = usize::from(r.is(next, W::Of)) + usize::from(r.is(next, W::Of) && r.is(next + 1, W::The));
    if let Some(month) = r.month(next + of).filter(|_| num.value < 100) {
        let end = next + of + 1;
        let dot = usize::from(r.sign(end, '.') && r.is_abbreviated(end - 1) && r.glued(end));
        let (year, end) = year(r, end + dot).map_or((None, end), |(year, end)| (Some(year), end));
        return Some((Day::Date { day: num.value, month: u32::from(month.unsigned_abs()), year }, end));
    }
    if r.lex(next + of + 1) == Lex::Unit(Unit::Month) && which(r, next + of).is_some() && num.value <= 31 {
        let month = r.month_from(which(r, next + of)?);
        return Some((Day::Date { day: num.value, month, year: None }, next + of + 2));
    }
    alone(r, at, next, num, prep).then_some((Day::OfMonth(num.value), next))
}

/// Whether a number by itself names a day.
fn alone(r: &Reader<'_>, at: usize, next: usize, num: Num, prep: Option<W>) -> bool {
    if next > at + 1 {
        return num.value <= 31;
    }
    let spoken = num.digits == 0;
    let noun_follows = r.is_other_word(next) && !r.is_verb_like(next);
    let named = match num.class {
        Class::Day if spoken && r.is_english(at) => {
            let led = matches!(prep, Some(W::On | W::Until | W::After | W::By | W::From | W::Through));
            // "the first" may be one of a list.
            (r.article_before(at) && (led || (num.value > 3 && prep.is_none())) || (num.value > 20 && led))
                && !noun_follows
        }
        Class::Day if spoken && prep == Some(W::In) => false,
        Class::Day if r.is_ordinal_of(next) => false,
        Class::Day if spoken => num.value > 12 || !noun_follows || prep.is_none(),
        // "our 10th anniversary"
        Class::Day => !(r.is_english(next) && noun_follows && !r.article_before(at)),
        Class::Neuter => {
            let named = at > 0 && matches!(r.lex(at - 1), Lex::Weekday(_));
            let neuter = noun_follows && r.token_text(next).ends_with(['о', 'е']);
            (matches!(prep, Some(W::On | W::Through)) || named) && !neuter
        }
        _ => false,
    };
    named && (1..=31).contains(&num.value)
}

fn month_first(r: &Reader<'_>, at: usize, month: i8) -> Option<(Day, usize)> {
    let dot = usize::from(r.sign(at + 1, '.') && r.is_abbreviated(at));
    let start = at + 1 + dot;
    let start = if r.is(start, W::The) { start + 1 } else { start };
    let num = r.num(start).filter(|n| (1..=39).contains(&n.value))?;
    let is_clock = r.sign(start + 1, ':') || matches!(r.lex(start + 1), Lex::Unit(Unit::Hour) | Lex::W(W::Am | W::Pm));
    if is_clock || !(r.is_english(at) || num.class == Class::Day) {
        return None;
    }
    let comma = usize::from(r.sign(start + 1, ','));
    let (year, end) = year(r, start + 1 + comma).map_or((None, start + 1), |(year, end)| (Some(year), end));
    Some((Day::Date { day: num.value, month: u32::from(month.unsigned_abs()), year }, end))
}

/// «2028 года», «26 года», `2028`.
fn year(r: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    let at = if r.sign(at, ',') && r.digits(at + 1).is_some_and(|n| n.digits == 4) { at + 1 } else { at };
    let num = r.digits(at)?;
    let word = usize::from(r.lex(at + 1) == Lex::Unit(Unit::Year) || r.token_is(at + 1, "г"));
    match num.digits {
        4 if (1900..2200).contains(&num.value) => Some((num.value, at + 1 + word)),
        2 if word == 1 => Some((2000 + num.value, at + 2)),
        _ => None,
    }
}

/// «на выходных», «в марте», «на неделе».
fn whole(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Day, usize)> {
    // «До конца недели» is a bound of its own.
    let bounds = matches!(prep, Some(W::Until | W::By));
    if let Some(found) = third(r, at).filter(|(day, _)| !(bounds && matches!(day, Day::Third(Third::End, _)))) {
        return Some(found);
    }
    let prep = prep?;
    match r.lex(at) {
        Lex::Workdays if matches!(prep, W::On | W::In | W::Through | W::Inside) => {
            Some((Day::Workdays(Which::This), at + 1 + usize::from(r.unit(at + 1) == Some(Unit::Day))))
        }
        Lex::Weekend if matches!(prep, W::On | W::In | W::Through | W::Inside | W::To | W::By | W::After) => {
            Some((Day::Weekend(Which::This), at + 1))
        }
        Lex::Month(month)
            if super::lex::is_date_word(r.token_text(at))
                && matches!(prep, W::On | W::In | W::Inside | W::To | W::By) =>
        {
            Some((Day::Month(month), at + 1))
        }
        Lex::Unit(Unit::Week) if prep == W::On && r.token_text(at) == "неделе" => {
            Some((Day::Week(Which::This), at + 1))
        }
        _ => None,
    }
}

/// «начале недели», «середине следующей недели», «конце марта», "the end of the week".
fn third(r: &Reader<'_>, at: usize) -> Option<(Day, usize)> {
    let at = at + usize::from(r.is(at, W::The));
    let third = match r.token_text(at) {
        "начале" | "начала" | "началу" | "начало" | "beginning" | "start" | "early" => {
            Third::Beginning
        }
        "середине" | "середины" | "середину" | "середина" | "middle" | "mid" => {
            Third::Middle
        }
        "конце" | "конец" | "концу" | "end" | "late" => Third::End,
        _ => return None,
    };
    let hyphen = usize::from(r.sign(at + 1, '-'));
    let of = (at + 1 + hyphen..at + 4).find(|i| !matches!(r.lex(*i), Lex::W(W::Of | W::The)))?;
    let (which, next) = which(r, of).map_or((Which::This, of), |which| (which, of + 1));
    let whole = match r.lex(next) {
        Lex::Unit(Unit::Week) => Whole::Week(which),
        Lex::Unit(Unit::Month) => Whole::MonthFrom(which),
        Lex::Month(month) if which == Which::This => Whole::Month(month),
        _ => return None,
    };
    Some((Day::Third(third, whole), next + 1))
}
