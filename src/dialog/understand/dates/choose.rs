//! Which of the said days and hours is meant: corrections, refusals, alternatives, contradictions.

use jiff::Zoned;

use super::super::{DateRange, DayPart};
use super::day::{Day, Which};
use super::lex::{Lex, W};
use super::reader::Reader;
use super::refuse::{mark_refused, mark_remembered};
use super::resolve::{self, Days, Hours};
use super::scan::{Piece, What};
use super::{between, is_vague, relative};

/// What was settled on.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    pub days: Option<Days>,
    pub hours: Option<Hours>,
    pub part: Option<DayPart>,
    /// An exact moment: «через 2 часа», «сейчас».
    pub moment: Option<Zoned>,
    pub ambiguous: bool,
    pub negated: bool,
}

/// Settles on one of everything.
pub(super) fn choose(r: &Reader<'_>, mut pieces: Vec<Piece>, now: &Zoned) -> Chosen {
    if pieces.is_empty() {
        return Chosen::default();
    }
    mark_refused(r, &mut pieces);
    if pieces.len() > 1 && pieces.iter().any(|p| !is_vague(&p.what) && !p.negated) {
        pieces.retain(|p| !is_vague(&p.what));
    }
    let mut chosen = Chosen::default();
    if let Some(moment) = pieces.iter().find_map(|p| exact(p, now)) {
        chosen.moment = Some(moment);
        return chosen;
    }
    expand_tonight(&mut pieces);
    mark_remembered(r, &mut pieces);
    let days = kept(r, &pieces, |what| what.is_day());
    let times = kept(r, &pieces, |what| what.is_time());
    let parts = kept(r, &pieces, |what| matches!(what, What::Part(_)));
    chosen.negated = days.iter().chain(&times).chain(&parts).any(|p| p.negated);

    let part = parts.first().and_then(|p| if let What::Part(part) = p.what { Some(part) } else { None });
    choose_days(r, &days, &mut chosen);
    choose_hours(r, &times, part, &mut chosen);
    if times.is_empty()
        && let Some(first) = parts.first()
    {
        chosen.hours = resolve::hours(first.what, None);
        chosen.ambiguous |= parts.iter().any(|p| p.what != first.what);
    }
    chosen.part = part.or_else(|| times.iter().find_map(|p| said_part(&p.what)));
    chosen
}

fn exact(piece: &Piece, now: &Zoned) -> Option<Zoned> {
    match piece.what {
        What::Now => Some(now.clone()),
        What::Elapsed(minutes) => relative::moment(now, minutes),
        _ => None,
    }
}

fn expand_tonight(pieces: &mut Vec<Piece>) {
    let Some(at) = pieces.iter().position(|p| p.what == What::Tonight) else { return };
    let piece = pieces[at];
    pieces[at].what = What::Part(DayPart::Evening);
    if !pieces.iter().any(|p| p.what.is_day()) {
        pieces.push(Piece { what: What::Day(Day::Offset(0)), ..piece });
    }
}

fn said_part(what: &What) -> Option<DayPart> {
    match what {
        What::Time(clock) | What::TimeBound(_, clock) => clock.part,
        What::TimeRange(first, last) => first.part.or(last.part),
        _ => None,
    }
}

/// The pieces of one kind that are still meant.
fn kept(r: &Reader<'_>, pieces: &[Piece], kind: impl Fn(&What) -> bool) -> Vec<Piece> {
    let mut kept: Vec<Piece> = pieces.iter().filter(|p| kind(&p.what)).copied().collect();
    if kept.iter().any(|p| !p.negated) {
        kept.retain(|p| !p.negated);
    }
    if kept.iter().any(|p| !p.source) {
        kept.retain(|p| !p.source);
    }
    // A correction takes back what was said before it.
    let corrected = (1..kept.len()).rev().find(|at| {
        let gap = between(r, &kept[at - 1], &kept[*at]);
        gap.contains(&Lex::W(W::Rather))
            || r.token_is(kept[*at].from.saturating_sub(1), "нет")
            || gap_says(r, &kept[at - 1], &kept[*at], &["нет", "лучше", "давайте", "no"])
    });
    if let Some(at) = corrected {
        kept.drain(..at);
    }
    if r.moves && kept.len() > 1 && !alternatives(r, &kept) {
        let last_target = kept.iter().rposition(|p| matches!(r.lex(p.from), Lex::W(W::On))).unwrap_or(kept.len() - 1);
        let merges = kept.iter().any(|p| is_week(&p.what));
        if !merges && !adjoin(r, &kept) {
            kept = vec![kept[last_target]];
        }
    }
    kept
}

fn gap_says(r: &Reader<'_>, first: &Piece, second: &Piece, words: &[&str]) -> bool {
    (first.to..second.from).any(|at| words.contains(&r.token_text(at)))
}

fn alternatives(r: &Reader<'_>, pieces: &[Piece]) -> bool {
    pieces
        .windows(2)
        .any(|w| between(r, &w[0], &w[1]).contains(&Lex::W(W::Or)) || matches!(r.lex(w[1].from), Lex::W(W::Or)))
}

/// Whether two pieces stand side by side: they then speak of one day.
fn adjoin(r: &Reader<'_>, pieces: &[Piece]) -> bool {
    pieces.windows(2).any(|w| {
        let gap = between(r, &w[0], &w[1]);
        gap.len() <= 2 && gap.iter().all(|lex| matches!(lex, Lex::Sign(',' | '(' | '-') | Lex::W(W::The)))
    })
}

const fn is_week(what: &What) -> bool {
    matches!(what, What::Day(Day::Week(_) | Day::Month(_) | Day::MonthFrom(_) | Day::Weeks(_) | Day::Weekend(_)))
}

fn choose_days(r: &Reader<'_>, days: &[Piece], chosen: &mut Chosen) {
    let mut whats: Vec<What> = days.iter().map(|p| p.what).collect();
    merge_weeks(r, &mut whats);
    let mut found: Vec<Days> = whats.iter().filter_map(|what| resolve::days(*what, r.today)).collect();
    let or = alternatives(r, days);
    if found.len() > 1 && !or && adjoin(r, days) && whats.len() == days.len() {
        let (agreed, rest) = agreement(&whats, &found);
        if rest {
            found = vec![agreed];
        }
    }
    found.dedup();
    if found.len() > 1 && !or && found.iter().any(|d| !is_past(d, r)) {
        // «Вчера звонила, хочу в пятницу».
        found.retain(|d| !is_past(d, r));
    }
    if let Some(day) = precise(&found).filter(|_| !or) {
        found = vec![day];
    }
    chosen.ambiguous |= found.len() > 1;
    chosen.days = found.iter().min_by_key(|d| d.range.and_then(|range| range.from.or(range.to))).copied();
}

/// «к концу месяца, 30 июня»: the day that lies within everything else that was said.
fn precise(found: &[Days]) -> Option<Days> {
    let ends = |days: &Days| days.range.and_then(|range| range.from.zip(range.to));
    let (mut single, mut wide) = (found.iter().filter(|d| ends(d).is_some_and(|(from, to)| from == to)), 0);
    let day = single.next().filter(|_| single.next().is_none())?;
    let at = ends(day)?.0;
    for other in found.iter().filter(|d| *d != day) {
        let (from, to) = ends(other)?;
        if !(from..=to).contains(&at) {
            return None;
        }
        wide += 1;
    }
    (wide > 0).then_some(*day)
}

fn is_past(days: &Days, r: &Reader<'_>) -> bool {
    matches!(days.range, Some(DateRange { to: Some(to), .. }) if to < r.today)
}

/// A day named twice, as «в пятницу 13-го»: both must say the same, and a date rules a weekday.
fn agreement(whats: &[What], found: &[Days]) -> (Days, bool) {
    let none = Days { range: None, ambiguous: true };
    let (What::Day(a), What::Day(b)) = (whats[0], whats[1]) else { return (none, false) };
    let weekday = |day: Day| matches!(day, Day::Weekday(..));
    let (named, dated) = match (weekday(a), weekday(b)) {
        (true, false) => (0, 1),
        (false, true) => (1, 0),
        (true, true) => return (none, false),
        (false, false) => {
            // «через месяц, 27-го»: the number only has to agree.
            for (number, relative) in [(a, 1), (b, 0)] {
                let day = found[relative].range.and_then(|range| range.from.filter(|_| range.from == range.to));
                let plain = !matches!(whats[relative], What::Day(Day::OfMonth(_) | Day::Date { .. }));
                if let (Day::OfMonth(number), Some(day), true) = (number, day, plain)
                    && u32::from(day.day().unsigned_abs()) == number
                {
                    return (found[relative], true);
                }
            }
            return if found[0].range == found[1].range {
                (found[0], true)
            } else {
                (none, !matches!((a, b), (Day::Offset(_), Day::Offset(_))))
            };
        }
    };
    let (Some(range), What::Day(Day::Weekday(day, which))) = (found[dated].range, whats[named]) else {
        return (none, true);
    };
    let (Some(from), Some(to)) = (range.from, range.to) else { return (none, true) };
    let same = from == to && from.weekday().to_monday_zero_offset() == day;
    let precise = which == Which::Nearest || found[named].range == found[dated].range;
    if same && precise { (found[dated], true) } else { (none, true) }
}

/// «на следующей неделе во вторник», «в марте 15-го», «через неделю в среду».
fn merge_weeks(r: &Reader<'_>, whats: &mut Vec<What>) {
    let Some(week) = whats.iter().position(is_week) else { return };
    let Some(day) =
        whats.iter().position(|w| matches!(w, What::Day(Day::Weekday(_, Which::Nearest) | Day::OfMonth(_))))
    else {
        return;
    };
    let (What::Day(week_day), What::Day(named)) = (whats[week], whats[day]) else { return };
    let merged = match (week_day, named) {
        (Day::Week(which), Day::Weekday(day, _)) => Some(Day::Weekday(day, which)),
        (Day::Weekend(which), Day::Weekday(day @ 5..=6, _)) => Some(Day::Weekday(day, which)),
        (Day::Weeks(weeks @ 1..), Day::Weekday(day, _)) => {
            let today = i32::from(r.today.weekday().to_monday_zero_offset());
            Some(Day::Offset(weeks * 7 - today + i32::from(day)))
        }
        (Day::Month(month), Day::OfMonth(day)) => {
            Some(Day::Date { day, month: u32::from(month.unsigned_abs()), year: None })
        }
        (Day::MonthFrom(which), Day::OfMonth(day)) => Some(Day::Date { day, month: r.month_from(which), year: None }),
        _ => None,
    };
    if let Some(merged) = merged {
        whats[week] = What::Day(merged);
        whats.remove(day);
    }
}

fn choose_hours(r: &Reader<'_>, times: &[Piece], part: Option<DayPart>, chosen: &mut Chosen) {
    let mut times = times.to_vec();
    // «после обеда, но до шести» is one stretch.
    let bounds: Vec<Hours> = times.iter().filter_map(|p| resolve::hours(p.what, part)).collect();
    if let ([first, second], false) = (bounds.as_slice(), alternatives(r, &times))
        && times.iter().any(|p| matches!(p.what, What::Span(..)))
        && let Some(hours) = joined(first, second)
    {
        chosen.hours = Some(hours);
        return;
    }
    if times.iter().any(|p| !matches!(p.what, What::Span(..))) {
        times.retain(|p| !matches!(p.what, What::Span(..)));
    }
    let mut found: Vec<Hours> = times.iter().filter_map(|p| resolve::hours(p.what, part)).collect();
    found.dedup();
    if let [first, second] = found.as_slice()
        && !alternatives(r, &times)
        && let Some(joined) = joined(first, second)
    {
        found = vec![joined];
    }
    chosen.ambiguous |= found.len() > 1;
    let point = |h: &Hours| h.range.from.filter(|_| h.range.from == h.range.to);
    let other = found.iter().filter_map(point).max();
    chosen.hours = found.iter().min_by_key(|h| h.range.from.or(h.range.to)).copied();
    if let (Some(hours), true) = (chosen.hours.as_mut(), found.len() > 1 && found.iter().all(|h| point(h).is_some())) {
        // «в 3 или в 4»: the other one is the other reading.
        hours.other = other;
    }
}

/// «после шести, но до восьми» is one stretch.
fn joined(first: &Hours, second: &Hours) -> Option<Hours> {
    let (low, high) = match (first.range.to, second.range.to) {
        (None, Some(_)) => (first, second),
        (Some(_), None) => (second, first),
        _ => return None,
    };
    let open = high.range.from.is_none();
    let from = low.range.from?;
    let to = high.range.to.filter(|to| *to > from).or(high.other)?;
    let range = super::TimeRange { from: Some(from), to: Some(to) };
    open.then_some(Hours { range, ambiguous: low.ambiguous, other: None })
}
