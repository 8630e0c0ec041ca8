//! Dates and times of a message.

mod choose;
mod day;
mod lex;
mod mask;
mod range;
mod reader;
mod refuse;
mod relative;
mod resolve;
mod scan;
mod time;
mod words;

use jiff::Zoned;
use jiff::civil::Time;

use super::token::Token;
use super::{DateRange, DayPart, TimeRange};
use choose::Chosen;
use lex::{Lex, Lexeme, W};
use reader::Reader;
use scan::{Piece, What};

pub(super) use lex::{is_date_word, is_moving};

/// The days and hours of a message.
#[derive(Debug, Clone, Default)]
pub(super) struct When {
    pub date: Option<DateRange>,
    pub time: Option<TimeRange>,
    pub start: Option<Zoned>,
    pub part: Option<DayPart>,
    pub ambiguous: bool,
    pub other_time: Option<Time>,
    pub negated: bool,
    pub lone_number: Option<u32>,
    /// A day, an hour or a part of the day was said, whether or not it could be resolved.
    pub said: bool,
    /// Tokens that the dates are made of.
    pub used: Vec<bool>,
}

/// Reads the dates and times of a message. `masked` tells the tokens of a phone number,
/// `moves` that a visit is to be moved, `own` the words of the profile.
pub(super) fn read(
    tokens: &[Token<'_>],
    masked: &[bool],
    moves: bool,
    now: &Zoned,
    own: &dyn Fn(&str) -> bool,
) -> When {
    let mut lexemes = lex::lexemes(tokens, own);
    for lexeme in &mut lexemes {
        if masked.get(lexeme.first).copied().unwrap_or(false) {
            lexeme.lex = Lex::Other;
        }
    }
    let lone_number = lone(&lexemes, tokens);
    mask::mask(&mut lexemes, tokens);
    let reader = Reader { lexemes: &lexemes, tokens, moves, today: now.date() };
    let pieces = if lone_number.is_some() { Vec::new() } else { scan::pieces(&reader) };
    let mut used = vec![false; tokens.len()];
    for piece in &pieces {
        for lexeme in &lexemes[piece.from..piece.to] {
            used[lexeme.first..lexeme.end].fill(true);
        }
    }
    let said = !pieces.is_empty();
    let chosen = choose::choose(&reader, pieces, now);
    When { lone_number, said, used, ..finish(chosen, now) }
}

/// A number that is the whole message: a choice from a list, or an hour that was asked for.
fn lone(lexemes: &[Lexeme], tokens: &[Token<'_>]) -> Option<u32> {
    let mut words = lexemes.iter().filter(|l| !matches!(l.lex, Lex::Sign('.' | ')' | '(' | '!' | ',' | '#' | '№')));
    let mut first = words.next()?;
    if matches!(first.lex, Lex::Other | Lex::W(W::The))
        && matches!(tokens[first.first].text.as_str(), "номер" | "вариант" | "number" | "option" | "пункт" | "the")
    {
        first = words.next()?;
    }
    let Lex::Num(num) = first.lex else { return None };
    let rest: Vec<&Lexeme> = words.collect();
    let only = match rest.as_slice() {
        [] => true,
        [word] => matches!(tokens[word.first].text.as_str(), "вариант" | "one" | "option" | "номер"),
        _ => false,
    };
    let is_day = num.digits > 0 && num.class == super::numbers::Class::Day;
    let long_spoken = num.digits == 0 && num.class == super::numbers::Class::Day && num.value > 5;
    (only && !is_day && !long_spoken && num.value < 1_000_000).then_some(num.value)
}

/// Puts day and hour together.
fn finish(chosen: Chosen, now: &Zoned) -> When {
    let mut when = When {
        date: chosen.days.and_then(|d| d.range),
        time: chosen.hours.map(|h| h.range),
        part: chosen.part,
        ambiguous: chosen.ambiguous
            || chosen.days.is_some_and(|d| d.ambiguous)
            || chosen.hours.is_some_and(|h| h.ambiguous),
        other_time: chosen.hours.and_then(|h| h.other),
        negated: chosen.negated,
        ..When::default()
    };
    if let Some(moment) = chosen.moment {
        set_moment(&mut when, &moment);
        return when;
    }
    if let (Some(DateRange { from: Some(day), to: Some(last) }), Some(TimeRange { from: Some(time), to: Some(end) })) =
        (when.date, when.time)
        && day == last
        && time == end
        && let Some(start) = resolve::local(day.to_datetime(time), now)
    {
        set_moment(&mut when, &start);
    }
    when
}

fn set_moment(when: &mut When, moment: &Zoned) {
    let time = Time::new(moment.hour(), moment.minute(), 0, 0).ok();
    when.date = Some(DateRange { from: Some(moment.date()), to: Some(moment.date()) });
    when.time = Some(TimeRange { from: time, to: time });
    when.start = moment.with().second(0).subsec_nanosecond(0).build().ok();
}

/// Whether the words of the message before `at` and after `end` are joined by nothing but signs.
fn between(reader: &Reader<'_>, first: &Piece, second: &Piece) -> Vec<Lex> {
    reader.lexemes[first.to..second.from.max(first.to)].iter().map(|l| l.lex).collect()
}

fn is_vague(what: &What) -> bool {
    matches!(what, What::Now)
}
