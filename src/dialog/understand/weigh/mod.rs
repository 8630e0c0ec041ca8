//! Which intent a message comes down to. The grammar (`intent.rs`) finds what is said outright; every word, every piece
//! of one and every tag of the grammar then speaks for or against each intent, with weights that were learnt from the
//! sentences of `tests/nlu` (`train.rs`). Adding up is all that happens here: no model, no state, no chance.

mod features;
mod table;
#[cfg(test)]
mod train;

use std::ops::Range;

use super::intent::{self, Marks, Wants};
use super::tags::{Tag, Tags};
use super::token::Token;
use super::{Intent, YesNo};
use features::{Grammar, features};

/// Words of a message that is too long to be one thought: there the grammar's patterns see more than a sum of words.
const LONG: usize = 30;
/// How much more than anything else an intent must weigh that no pattern heard, to be more than a guess.
const SURE: f32 = 1.0;
/// Clauses of a message that are weighed one by one.
const MOST_CLAUSES: usize = 8;

/// What is known of a message besides its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// It names a service or an employee of the profile.
    profile: bool,
    /// It names one hour of the clock.
    hour: bool,
    /// How many words it has.
    words: usize,
}

/// A message, or a part of it, ready to be weighed.
#[derive(Debug, Clone)]
pub(super) struct Part {
    range: Range<usize>,
    features: Vec<u32>,
    known: Known,
    wants: Wants,
    /// The grammar has the last word.
    settled: bool,
    /// It names a day, an hour or a person: a question with those is mostly a wish.
    dated: bool,
}

/// A message and the clauses that it has besides.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    whole: Part,
    parts: Vec<Part>,
}

/// What was wanted, and the places of the questions that stand beside something else.
pub(super) struct Settled {
    pub wants: Wants,
    pub asides: Vec<Range<usize>>,
    /// What the patterns heard.
    pub outright: Vec<Intent>,
}

/// Reads a message and its clauses with the grammar. `hour` tells that one hour of the clock is named.
pub(super) fn hear(tokens: &[Token<'_>], marks: Marks<'_>, hour: bool) -> Heard {
    let spoken = intent::spoken(tokens, marks);
    let whole = part(tokens, marks, 0..tokens.len(), hour, &spoken);
    let clauses = intent::clauses(tokens);
    let parts = match clauses.as_slice() {
        [] | [_] => Vec::new(),
        _ if clauses.len() > MOST_CLAUSES => Vec::new(),
        several => {
            let said = |range: &&Range<usize>| tokens[(*range).clone()].iter().filter(|t| t.is_word()).count() > 1;
            let timed = |range: &Range<usize>| hour && marks.date[range.clone()].iter().any(|mark| *mark);
            let read = |range: &Range<usize>| {
                let own = match spoken.iter().find(|sentence| sentence.range == *range) {
                    Some(sentence) => vec![sentence.clone()],
                    None => intent::spoken(&tokens[range.clone()], marks.within(range)),
                };
                part(tokens, marks, range.clone(), timed(range), &own)
            };
            several.iter().filter(said).map(read).collect()
        }
    };
    Heard { whole, parts }
}

fn part(tokens: &[Token<'_>], marks: Marks<'_>, range: Range<usize>, hour: bool, spoken: &[intent::Spoken]) -> Part {
    let (tokens, marks) = (&tokens[range.clone()], marks.within(&range));
    let (tags, wants) = intent::grammar(tokens, spoken);
    let grammar = Grammar { tags, intents: &wants.intents, said_yes_no: wants.yes_no.is_some() };
    let settled = tags.has(Tag::Injection) || is_bare(tokens, marks, tags);
    let features = if settled { Vec::new() } else { features(tokens, marks, Some(grammar)) };
    let profile = marks.service.iter().chain(marks.employee).any(|mark| *mark);
    let words = tokens.iter().filter(|token| token.is_word()).count();
    let dated = marks.date.iter().chain(marks.employee).any(|mark| *mark);
    Part { range, features, known: Known { profile, hour, words }, wants, settled, dated }
}

/// Weighs what was heard.
pub(super) fn settle(heard: Heard) -> Settled {
    weighed(heard, &table::scores)
}

fn weighed(heard: Heard, scores: &dyn Fn(&[u32]) -> [f32; table::INTENTS]) -> Settled {
    let weigh = |part: Part| {
        let wants = if part.settled { part.wants } else { decide(&scores(&part.features), part.known, part.wants) };
        (wants, part.range, part.dated)
    };
    let settled = heard.whole.settled;
    let outright = heard.whole.wants.intents.clone();
    let (whole, ..) = weigh(heard.whole);
    if settled || heard.parts.is_empty() {
        return Settled { wants: whole, asides: Vec::new(), outright };
    }
    let parts: Vec<(Wants, Range<usize>, bool)> = heard.parts.into_iter().map(weigh).collect();
    join(whole, outright, parts)
}

/// Puts a message and its clauses together: «здравствуйте, по ДМС принимаете?» is more than manners, and
/// «в среду в 16:00, а картой можно?» has a question beside the wish.
fn join(whole: Wants, outright: Vec<Intent>, parts: Vec<(Wants, Range<usize>, bool)>) -> Settled {
    let said = |wants: &Wants| wants.intents.first().copied().unwrap_or(Intent::Other);
    let mut first = said(&whole);
    if matches!(first, Intent::Greet | Intent::Thanks | Intent::Bye) {
        let others = parts.iter().map(|(wants, ..)| said(wants)).filter(|intent| !is_light(*intent));
        first = others.min_by_key(|intent| *intent as usize).unwrap_or(first);
    }
    // A clause may want what the sum of all words hides, when the grammar heard it too.
    let stronger = parts.iter().map(|(wants, ..)| said(wants));
    let stronger = stronger.filter(|intent| (*intent as usize) < first as usize && outright.contains(intent));
    first = stronger.filter(|intent| !is_light(*intent)).min_by_key(|intent| *intent as usize).unwrap_or(first);
    let asks =
        |intent: Intent| intent as usize >= Intent::AskPrice as usize && intent as usize <= Intent::Question as usize;
    let asked = parts.iter().map(|(wants, ..)| said(wants)).filter(|intent| asks(*intent));
    let mut intents: Vec<Intent> = std::iter::once(first)
        .chain(whole.intents.iter().copied().chain(asked).filter(|intent| *intent as usize > first as usize))
        .collect();
    intents.sort_by_key(|intent| *intent as usize);
    intents.dedup();
    if !is_light(first) {
        intents.retain(|intent| !is_light(*intent));
    }
    let asks = parts.into_iter().filter(|(wants, _, dated)| !dated && said(wants) == Intent::Question);
    let asides = asks.map(|(_, range, _)| range).collect();
    Settled { wants: Wants { intents, ..whole }, asides, outright }
}

/// Nothing but data: the grammar knows best what that is.
fn is_bare(tokens: &[Token<'_>], marks: Marks<'_>, tags: Tags) -> bool {
    let data = |at: usize| {
        [marks.date, marks.service, marks.employee, marks.name, marks.phone]
            .iter()
            .any(|mark| mark.get(at).copied().unwrap_or(false))
    };
    tags == Tags::default() && tokens.iter().enumerate().all(|(at, token)| !token.is_word() || data(at))
}

/// Manners, and what is no wish and no question.
const fn is_light(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Yes | Intent::No | Intent::Thanks | Intent::Bye | Intent::Greet | Intent::Smalltalk | Intent::Other
    )
}

/// The intents that follow from what each weighs.
fn decide(scores: &[f32; table::INTENTS], known: Known, wants: Wants) -> Wants {
    let outright = wants.intents.first().copied().filter(|intent| !is_light(*intent));
    if known.words > LONG && outright.is_some() {
        return wants;
    }
    let heaviest = |allowed: &dyn Fn(Intent) -> bool| {
        let among = (0..scores.len()).filter(|at| allowed(Intent::ALL[*at]));
        among.max_by(|a, b| scores[*a].total_cmp(&scores[*b])).map_or(Intent::Other, |at| Intent::ALL[at])
    };
    let mut first = heaviest(&|_| true);
    let runner_up = heaviest(&|intent| intent != first);
    let faint = scores[first as usize] - scores[runner_up as usize] < SURE && !wants.intents.contains(&first);
    if known.profile && matches!(first, Intent::Smalltalk | Intent::Greet | Intent::Thanks | Intent::Bye) {
        first = heaviest(&|intent| !is_light(intent));
    }
    if first == Intent::AskHours && known.hour && !wants.intents.contains(&Intent::AskHours) {
        // «а в субботу в 10:00?» asks for a time, whatever the business's hours are.
        first = Intent::Book;
    }
    let beside = |intent: &Intent| {
        *intent as usize > first as usize
            && *intent != Intent::Other
            && first != Intent::Other
            && (!is_light(*intent) || is_light(first))
    };
    let others = wants.intents.iter().copied().filter(beside);
    let intents = std::iter::once(first).chain(others).collect();
    // «да нет» has both words; which of them is meant was weighed.
    let yes_no = wants.yes_no.filter(|said| !(first == Intent::No && *said == YesNo::Yes));
    Wants { intents, yes_no, faint, ..wants }
}
