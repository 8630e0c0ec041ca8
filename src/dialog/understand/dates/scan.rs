//! Walks through the message and takes out every day, hour and stretch that is said.

use super::super::DayPart;
use super::super::numbers::Class;
use super::day::{self, Day, Which};
use super::lex::{Lex, Unit, W};
use super::range;
use super::reader::Reader;
use super::relative;
use super::time::{self, Clock};

/// Which side of a point is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From it on.
    From,
    /// After it.
    After,
    /// Up to it.
    Until,
}

/// One thing that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Day(Day),
    DayBound(Side, Day),
    DayRange(Day, Day),
    Time(Clock),
    TimeBound(Side, Clock),
    TimeRange(Clock, Clock),
    /// Minutes of the day, open ends absent.
    Span(Option<u16>, Option<u16>),
    Part(DayPart),
    /// Minutes from now.
    Elapsed(i64),
    Now,
    Tonight,
}

impl What {
    pub fn is_day(&self) -> bool {
        matches!(self, Self::Day(_) | Self::DayBound(..) | Self::DayRange(..))
    }

    pub fn is_time(&self) -> bool {
        matches!(self, Self::Time(_) | Self::TimeBound(..) | Self::TimeRange(..) | Self::Span(..))
    }
}

/// What was said and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub what: What,
    /// First lexeme.
    pub from: usize,
    /// One past the last lexeme.
    pub to: usize,
    /// Where a visit is now, not where it should be.
    pub source: bool,
    /// Refused.
    pub negated: bool,
}

/// Everything said of days and hours, in order.
pub(super) fn pieces(r: &Reader<'_>) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut at = 0;
    while at < r.lexemes.len() {
        let before = found.len();
        at = match piece(r, at, found.last()) {
            Some((what, end, source)) if end > at => {
                found.push(Piece { what, from: at, to: end, source, negated: false });
                end
            }
            _ => at + 1,
        };
        if found.len() > before {
            at = moved_from(r, at, &mut found);
            at = or_later(r, at, &mut found);
        }
    }
    found
}

/// «с пятницы на субботу»: the first is where from.
fn moved_from(r: &Reader<'_>, at: usize, found: &mut [Piece]) -> usize {
    let Some((piece, earlier)) = found.split_last_mut() else { return at };
    let goes_on = day::read(r, at + 1, Some(W::On)).is_some() || r.num(at + 1).is_some();
    // «не раньше пяти на урок» is moved from nowhere.
    let on = r.is(at, W::On) && !r.is_english(at) && goes_on && !r.is(piece.from, W::Not);
    if on && let What::DayBound(Side::From, day) = piece.what {
        (piece.what, piece.source) = (What::Day(day), true);
    }
    if on && let What::TimeBound(Side::From, clock) = piece.what {
        (piece.what, piece.source) = (What::Time(clock), true);
    }
    // «с пятницы 24 апреля на субботу»: both words are of the day left.
    if on
        && let (What::Day(_), Some(before)) = (piece.what, earlier.last_mut())
        && before.to == piece.from
        && let What::DayBound(Side::From, day) = before.what
    {
        (before.what, before.source, piece.source) = (What::Day(day), true, true);
    }
    at
}

/// «в 11:00 или позже», "at 5 or earlier": the hour is a bound.
fn or_later(r: &Reader<'_>, at: usize, found: &mut [Piece]) -> usize {
    let Some(piece) = found.last_mut() else { return at };
    let side = match r.lex(at + 1) {
        Lex::W(W::AfterThat) => Side::From,
        Lex::W(W::Earlier) => Side::Until,
        _ => return at,
    };
    match piece.what {
        What::Time(clock) if matches!(r.lex(at), Lex::W(W::Or | W::And)) => {
            piece.what = What::TimeBound(side, clock);
            piece.to = at + 2;
            at + 2
        }
        _ => at,
    }
}

fn piece(r: &Reader<'_>, at: usize, last: Option<&Piece>) -> Option<(What, usize, bool)> {
    match r.lex(at) {
        Lex::Now if !(r.token_is(at, "прямо") && r.lex(at + 1) != Lex::Now) => {
            return Some((What::Now, at + 1, false));
        }
        Lex::Tonight => return Some((What::Tonight, at + 1, false)),
        Lex::RelAdjective(offset) => return Some((What::Day(Day::Offset(offset)), at + 1, true)),
        Lex::W(W::Or) => return alternative(r, at, last),
        _ => {}
    }
    if let Some((minutes, end)) = relative::minutes(r, at) {
        return Some((What::Elapsed(minutes), end, false));
    }
    let lead = preposition(r, at);
    if lead.source {
        return sourced(r, lead);
    }
    let adjacent =
        last.is_some_and(|p| p.to == at && (p.what.is_day() || matches!(p.what, What::Part(_) | What::Tonight)));
    range::read(r, lead, at)
        .or_else(|| {
            bounded(r, lead).map(|(what, end)| {
                (what, end, r.moves && matches!(what, What::DayBound(Side::From, _) | What::TimeBound(Side::From, _)))
            })
        })
        .or_else(|| {
            let found = point(r, lead, adjacent).filter(|_| !counts_people(r, lead, at, last));
            found.map(|(what, end)| (what, end, false))
        })
}

/// «в 12 на одну», «в 18:00 на 2»: so many people.
fn counts_people(r: &Reader<'_>, lead: Lead, at: usize, last: Option<&Piece>) -> bool {
    let after_time = last.is_some_and(|p| p.to == at && p.what.is_time());
    let number = r.num(lead.next).is_some_and(|n| n.value <= 6);
    let dated = r.month(lead.next + 1).is_some() || r.is(lead.next + 1, W::DayNumber) || r.sign(lead.next + 1, ':');
    after_time && lead.prep == Some(W::On) && number && !r.moves && !dated && r.unit(lead.next + 1).is_none()
}

/// «или в 4», «или 4», «24 марта или 25».
fn alternative(r: &Reader<'_>, at: usize, last: Option<&Piece>) -> Option<(What, usize, bool)> {
    if let Some(What::Day(Day::Date { month, year, .. })) = last.filter(|p| p.to == at).map(|p| p.what)
        && let Some(day) = r.digits(at + 1).filter(|n| (1..=31).contains(&n.value))
        && matches!(r.lex(at + 2), Lex::Other | Lex::Sign('?' | ',' | '.' | '!'))
        && !(r.sign(at + 2, '.') && r.glued(at + 3))
    {
        return Some((What::Day(Day::Date { day: day.value, month, year }), at + 2, false));
    }
    let after_time = last.is_some_and(|p| p.to == at && matches!(p.what, What::Time(_)));
    let clock = after_time.then(|| time::read(r, at + 1, None, true)).flatten().filter(|_| r.num(at + 1).is_some());
    clock.map(|(clock, end)| (What::Time(clock), end, false))
}

/// The words before a day or an hour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lead {
    pub prep: Option<W>,
    pub side: Option<Side>,
    /// Where the day or the hour begins.
    pub next: usize,
    /// «вместо».
    pub source: bool,
}

/// Reads «часов в», «не раньше», «ближе к», «где-то около» and the plain prepositions.
fn preposition(r: &Reader<'_>, start: usize) -> Lead {
    let none = Lead { prep: None, side: None, next: start, source: false };
    let mut at = start;
    if r.is(at, W::Instead) && (r.is(at + 1, W::Of) || !r.is_english(at)) {
        return Lead { next: at + 1 + usize::from(r.is(at + 1, W::Of)), source: true, ..none };
    }
    if r.is(at, W::Not) || r.token_is(at, "no") {
        let side = match r.lex(at + 1) {
            Lex::W(W::Earlier) => Some(Side::From),
            Lex::W(W::Until) if r.token_is(at + 1, "before") => Some(Side::From),
            Lex::W(W::AfterThat | W::After) if !r.is_english(at + 1) || r.is(at + 1, W::AfterThat) => Some(Side::Until),
            _ => None,
        };
        let next = at + 2 + usize::from(matches!(r.token_text(at + 2), "чем" | "than"));
        let next = if matches!(r.lex(next), Lex::W(W::In | W::On)) { next + 1 } else { next };
        return side.map_or(none, |side| Lead { prep: Some(W::Until), side: Some(side), next, source: false });
    }
    while matches!(
        r.lex(at),
        Lex::W(W::Filler | W::About | W::Toward | W::Starting) | Lex::Hours | Lex::Unit(Unit::Hour)
    ) && !(matches!(r.token_text(at), "часа" | "часика") && r.is(at + 1, W::On))
        && matches!(r.lex(at + 1), Lex::W(W::In | W::To | W::From | W::On | W::About | W::Filler) | Lex::Hours)
    {
        at += 1;
    }
    let Lex::W(prep) = r.lex(at) else { return none };
    let bounds = matches!(prep, W::AfterThat | W::Earlier) && !r.is_english(at) && r.num(at + 1).is_some();
    let side = match prep {
        W::AfterThat if bounds => Some(Side::After),
        W::Earlier if bounds => Some(Side::Until),
        W::Until => Some(Side::Until),
        W::By if r.is_english(at) => Some(Side::Until),
        W::After => Some(Side::After),
        W::From => Some(Side::From),
        W::In | W::Inside | W::On | W::To | W::Through | W::About | W::Between | W::Toward => None,
        _ => return none,
    };
    let mut next = at + 1;
    while matches!(r.lex(next), Lex::W(W::About | W::Filler) | Lex::Hours)
        || (r.token_is(next, "часов") && r.num(next + 1).is_some())
    {
        next += 1;
    }
    Lead { prep: Some(prep), side, next, source: false }
}

fn sourced(r: &Reader<'_>, lead: Lead) -> Option<(What, usize, bool)> {
    if let Some((day, end)) = day::read(r, lead.next, None) {
        return Some((What::Day(day), end, true));
    }
    time::read(r, lead.next, Some(W::In), true).map(|(clock, end)| (What::Time(clock), end, true))
}

/// «до пятницы», «после шести», «до обеда», «с 15-го».
fn bounded(r: &Reader<'_>, lead: Lead) -> Option<(What, usize)> {
    let side = lead.side?;
    let next = if r.is(lead.next, W::The) { lead.next + 1 } else { lead.next };
    if let Some((day, end)) = day::read(r, lead.next, lead.prep) {
        return Some((What::DayBound(side, day), end));
    }
    if let Lex::RelAdjective(offset) = r.lex(next)
        && r.lex(next + 1) == Lex::OfDay
    {
        return Some((What::DayBound(side, Day::Offset(offset)), next + 2));
    }
    if let Some(found) = end_of(r, side, next) {
        return Some(found);
    }
    match (r.lex(next), side) {
        (Lex::Lunch, Side::Until) => return Some((What::Span(None, Some(13 * 60)), next + 1)),
        (Lex::Lunch, _) => return Some((What::Span(Some(13 * 60), None), next + 1)),
        (Lex::Part(part), Side::Until) => return Some((What::Span(None, Some(part_minutes(part).0)), next + 1)),
        (Lex::Part(part), Side::From) => return Some((What::Part(part), next + 1)),
        (Lex::Part(part), Side::After) => return Some((What::Span(Some(part_minutes(part).1), None), next + 1)),
        _ => {}
    }
    let (clock, end) = time::read(r, lead.next, lead.prep, true)?;
    Some((What::TimeBound(side, clock), end))
}

/// «до конца недели», "by the end of the month".
fn end_of(r: &Reader<'_>, side: Side, at: usize) -> Option<(What, usize)> {
    if side != Side::Until || !matches!(r.token_text(at), "конца" | "end") {
        return None;
    }
    let at = (at + 1..at + 3).find(|i| !matches!(r.lex(*i), Lex::W(W::Of | W::The | W::This))).unwrap_or(at + 3);
    let last = match r.unit(at)? {
        Unit::Week => Day::Week(Which::This),
        Unit::Month => Day::MonthFrom(Which::This),
        _ => return None,
    };
    Some((What::DayRange(Day::Offset(0), last), at + 1))
}

/// The edges of a part of the day, in minutes.
pub(super) const fn part_minutes(part: DayPart) -> (u16, u16) {
    match part {
        DayPart::Morning => (6 * 60, 12 * 60),
        DayPart::Day => (12 * 60, 17 * 60),
        DayPart::Evening => (17 * 60, 23 * 60),
        DayPart::Night => (23 * 60, 6 * 60),
    }
}

/// The first day of «20 или 21 марта».
fn shares_month(r: &Reader<'_>, at: usize) -> Option<Day> {
    let num = r.num(at).filter(|n| (1..=31).contains(&n.value) && n.class != Class::Collective)?;
    let people = at > 0 && r.token_is(at - 1, "for");
    if !matches!(r.lex(at + 1), Lex::W(W::Or | W::And) | Lex::Sign(',')) || r.num(at + 2).is_none() || people {
        return None;
    }
    match day::read(r, at + 2, None) {
        Some((Day::Date { month, year, .. }, _)) if r.month(at + 3).is_some() => {
            Some(Day::Date { day: num.value, month, year })
        }
        _ => None,
    }
}

/// «в пятницу», «в 15:00», «вечером», «в обед».
fn point(r: &Reader<'_>, lead: Lead, adjacent: bool) -> Option<(What, usize)> {
    let (prep, at) = (lead.prep, lead.next);
    if let Some((day, end)) = day::read(r, at, prep) {
        return Some((What::Day(day), end));
    }
    if let Some(day) = shares_month(r, at) {
        return Some((What::Day(day), at + 1));
    }
    let article = usize::from(r.is(at, W::The));
    match r.lex(at + article) {
        Lex::Lunch => return Some((What::Span(Some(12 * 60), Some(14 * 60)), at + article + 1)),
        Lex::Part(part) => return Some((What::Part(part), at + article + 1)),
        Lex::Num(num) if num.value <= 2 && r.is(at + 1, W::Half) && r.lex(at + 2) == Lex::OfDay => {
            let span = if num.value == 1 { What::Span(None, Some(12 * 60)) } else { What::Span(Some(12 * 60), None) };
            return Some((span, at + 3));
        }
        _ => {}
    }
    let on_is_russian = prep == Some(W::On) && !r.is_english(at.saturating_sub(1));
    let bare = match prep {
        Some(W::In) => !r.counts_ways(at),
        Some(W::Toward) => !r.counts_next(at) && r.num(at).is_none_or(|n| n.value > 0),
        Some(W::To | W::About | W::By) => true,
        Some(W::On) => {
            on_is_russian
                && !r.is_other_noun_number(at + 1)
                && !r.counts_next(at)
                && !["ух", "ех"].iter().any(|end| r.token_text(at).ends_with(end))
                && r.unit(at + 1).is_none_or(|u| u == Unit::Hour && !r.lasts(at - 1))
        }
        None => adjacent && r.num(at).is_some_and(|n| n.class == Class::Cardinal),
        _ => false,
    };
    let (clock, end) = time::read(r, at, prep, bare)?;
    Some((What::Time(clock), end))
}
