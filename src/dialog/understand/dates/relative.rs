//! Time counted from now: «через три дня», «через полчаса», "two weeks ago".

use jiff::{Span, Zoned};

use super::super::numbers::Class;
use super::day::Day;
use super::lex::{Lex, Unit, W};
use super::reader::Reader;

/// «через три дня», «дня через три», "in a week", "three days from now", «неделю назад».
pub(super) fn days(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(Day, usize)> {
    let (count, unit, sign, end) = counted(r, at, prep)?;
    let count = i32::try_from(count).ok()?.checked_mul(sign)?;
    let day = match unit {
        Unit::Day => Day::Offset(count),
        Unit::Week => Day::Weeks(count),
        Unit::Fortnight => Day::Weeks(count.checked_mul(2)?),
        Unit::Month => Day::Months(count),
        Unit::Year => Day::Months(count.checked_mul(12)?),
        Unit::Hour | Unit::Minute => return None,
    };
    Some((day, end))
}

/// How many units from now, which way, and where it ends.
fn counted(r: &Reader<'_>, at: usize, prep: Option<W>) -> Option<(u32, Unit, i32, usize)> {
    let lead = usize::from(matches!(r.lex(at), Lex::W(W::Later | W::Inside)));
    if lead == 1 || prep == Some(W::Inside) {
        let at = after_filler(r, at + lead);
        let (count, unit, end) = quantity(r, at)?;
        return Some((count, unit, 1, end));
    }
    // «дня через три».
    if let Some(unit) = r.unit(at)
        && r.is(at + 1, W::Later)
        && let Some(num) = r.num(at + 2).filter(|n| n.class == Class::Cardinal)
        && r.unit(at + 3).is_none()
    {
        return Some((num.value, unit, 1, at + 3));
    }
    let (count, unit, end) = quantity(r, at).filter(|_| prep.is_none())?;
    if r.is(end, W::Ago) {
        return Some((count, unit, -1, end + 1));
    }
    if let (true, Unit::Day | Unit::Week, Lex::Rel(offset @ 1..)) = (r.is(end, W::From), unit, r.lex(end + 1)) {
        // "a week from tomorrow".
        let days = count.checked_mul(if unit == Unit::Week { 7 } else { 1 })?;
        return Some((days.checked_add(u32::try_from(offset).ok()?)?, Unit::Day, 1, end + 2));
    }
    let from_now = r.is(end, W::From) && matches!(r.lex(end + 1), Lex::Now | Lex::Rel(0));
    (from_now || r.is(end, W::AfterThat)).then(|| (count, unit, 1, if from_now { end + 2 } else { end + 1 }))
}

fn after_filler(r: &Reader<'_>, at: usize) -> usize {
    if matches!(r.lex(at), Lex::W(W::About | W::Filler)) { at + 1 } else { at }
}

/// «три дня», «неделю», "a week", "a couple of weeks", «полгода».
fn quantity(r: &Reader<'_>, at: usize) -> Option<(u32, Unit, usize)> {
    if r.lex(at) == Lex::HalfYear {
        return Some((6, Unit::Month, at + 1));
    }
    if let Some(unit) = r.unit(at) {
        return Some((1, unit, at + 1));
    }
    // "in a day" is tomorrow, "in the day" is not.
    if r.token_is(at, "the") {
        return None;
    }
    let article = usize::from(r.is(at, W::The));
    if r.token_is(at + article, "couple") || r.token_is(at + article, "few") {
        let of = usize::from(r.is(at + article + 1, W::Of));
        let count = if r.token_is(at + article, "couple") { 2 } else { 3 };
        return r.unit(at + article + 1 + of).map(|unit| (count, unit, at + article + 2 + of));
    }
    if article == 1 {
        return r.unit(at + 1).map(|unit| (1, unit, at + 2));
    }
    let num = r.num(at).filter(|n| n.class == Class::Cardinal && n.value < 1000)?;
    let unit = r.unit(at + 1)?;
    Some((num.value, unit, at + 2))
}

/// «через 2 часа», «через полчаса», «минут через 20», «час назад»: minutes from now.
pub(super) fn minutes(r: &Reader<'_>, at: usize) -> Option<(i64, usize)> {
    if matches!(r.lex(at), Lex::W(W::Later | W::Inside)) {
        let at = after_filler(r, at + 1);
        return reversed(r, at).map(|(count, unit, end)| (count * length(unit), end)).or_else(|| duration(r, at));
    }
    if let (Some(unit @ (Unit::Hour | Unit::Minute)), true) = (r.unit(at), r.is(at + 1, W::Later)) {
        if let Some((minutes, end)) = duration(r, at + 2) {
            return Some((minutes, end));
        }
        let num = r.num(at + 2).filter(|n| n.class == Class::Cardinal)?;
        return Some((i64::from(num.value) * length(unit), at + 3));
    }
    let (minutes, end) = duration(r, at)?;
    if r.is(end, W::Ago) {
        return Some((-minutes, end + 1));
    }
    let from_now = r.is(end, W::From) && r.lex(end + 1) == Lex::Now;
    from_now.then_some((minutes, end + 2))
}

/// «минут 40», «часа два»: the number after its unit, which makes it a guess.
fn reversed(r: &Reader<'_>, at: usize) -> Option<(i64, Unit, usize)> {
    let unit = r.unit(at).filter(|u| matches!(u, Unit::Hour | Unit::Minute) && !r.is_english(at))?;
    let num = r.num(at + 1).filter(|n| n.class == Class::Cardinal && n.value < 1000)?;
    r.unit(at + 2).is_none().then_some((i64::from(num.value), unit, at + 2))
}

const fn length(unit: Unit) -> i64 {
    if matches!(unit, Unit::Hour) { 60 } else { 1 }
}

/// A length in minutes: «полтора часа», «2 часа 30 минут», "half an hour", «два с половиной часа».
fn duration(r: &Reader<'_>, at: usize) -> Option<(i64, usize)> {
    let (first, end) = simple(r, at)?;
    let and = usize::from(r.is(end, W::And));
    if first % 60 == 0
        && let Some((more, end)) = simple(r, end + and)
        && more < 60
    {
        return Some((first + more, end));
    }
    if r.is(end, W::And) && r.is(end + 1, W::The) && r.is(end + 2, W::Half) {
        return Some((first + 30, end + 3));
    }
    Some((first, end))
}

fn simple(r: &Reader<'_>, at: usize) -> Option<(i64, usize)> {
    let unit = |at: usize| r.unit(at).filter(|u| matches!(u, Unit::Hour | Unit::Minute));
    match r.lex(at) {
        Lex::HalfHour => return Some((30, at + 1)),
        Lex::W(W::OneAndHalf) => return unit(at + 1).map(|u| (length(u) * 3 / 2, at + 2)),
        Lex::W(W::Half) if r.is(at + 1, W::The) => return unit(at + 2).map(|u| (length(u) / 2, at + 3)),
        Lex::W(W::Half) => return unit(at + 1).map(|u| (length(u) / 2, at + 2)),
        Lex::W(W::Quarter) => return unit(at + 1).map(|_| (15, at + 2)),
        Lex::W(W::The) => return unit(at + 1).map(|u| (length(u), at + 2)).or_else(|| couple(r, at + 1)),
        _ => {}
    }
    if let Some(unit) = unit(at) {
        return Some((length(unit), at + 1));
    }
    let num = r.num(at).filter(|n| n.class == Class::Cardinal && n.value <= 1000)?;
    if r.is(at + 1, W::From) && r.token_is(at + 2, "половиной") {
        return unit(at + 3).map(|u| (i64::from(num.value) * length(u) + length(u) / 2, at + 4));
    }
    // «1,5 часа».
    if matches!(r.lex(at + 1), Lex::Sign(',' | '.'))
        && r.glued(at + 2)
        && r.digits(at + 2).is_some_and(|n| n.value == 5)
    {
        return unit(at + 3).map(|u| (i64::from(num.value) * length(u) + length(u) / 2, at + 4));
    }
    unit(at + 1).map(|u| (i64::from(num.value) * length(u), at + 2))
}

fn couple(r: &Reader<'_>, at: usize) -> Option<(i64, usize)> {
    let of = usize::from(r.is(at + 1, W::Of));
    let unit = r.unit(at + 1 + of).filter(|u| matches!(u, Unit::Hour | Unit::Minute) && r.token_is(at, "couple"));
    unit.map(|u| (2 * length(u), at + 2 + of))
}

/// The moment that many minutes from `now`.
pub(super) fn moment(now: &Zoned, minutes: i64) -> Option<Zoned> {
    now.checked_add(Span::new().try_minutes(minutes).ok()?).ok()
}
