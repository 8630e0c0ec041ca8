//! Phrases of services met in a message, and which of them say most.

use std::collections::HashSet;

use super::super::{known, lexicon};
use super::Said;

/// A phrase of a service met in the message.
#[derive(Debug)]
pub(super) struct Hit {
    pub service: usize,
    pub tokens: Vec<usize>,
    pub words: usize,
    pub full: bool,
    /// The noun that says what is done is there.
    pub head: bool,
    pub exact: usize,
    /// One of its words only says for whom: «собаке».
    pub for_whom: bool,
}

impl Hit {
    pub const fn rank(&self) -> (bool, usize) {
        (self.head, self.words)
    }
}

/// «стрижка» is met by the alias «постричься» and by the title «Детская стрижка» alike: a word of one root is no
/// better than the very word.
pub(super) fn same_word<'h>(best: &[&'h Hit], hits: &'h [Hit]) -> Vec<&'h Hit> {
    const AKIN: usize = 2;
    let [word] = best.iter().map(|h| h.tokens.as_slice()).collect::<HashSet<_>>().into_iter().collect::<Vec<_>>()[..]
    else {
        return Vec::new();
    };
    if word.len() != 1 || best.iter().any(|h| h.exact > AKIN) {
        return Vec::new();
    }
    hits.iter().filter(|h| h.head && !h.full && h.tokens == word && h.exact > AKIN).collect()
}

/// Of phrases that share a word and are equally long, those whose words stand together: «подстричь когти собаке» is about
/// claws.
fn closest(hits: Vec<&Hit>) -> Vec<&Hit> {
    let width = |hit: &Hit| {
        let (low, high) = (hit.tokens.iter().min(), hit.tokens.iter().max());
        high.zip(low).map_or(0, |(high, low)| high - low)
    };
    let rivals = |a: &Hit, b: &Hit| a.words == b.words && a.words > 1 && a.tokens.iter().any(|t| b.tokens.contains(t));
    let looser = |a: &Hit, b: &Hit| (a.for_whom, width(a)) > (b.for_whom, width(b));
    let kept = hits.iter().filter(|hit| !hits.iter().any(|other| rivals(hit, other) && looser(hit, other)));
    kept.copied().collect()
}

/// Whether several services are named, each in full and by words that no other shares.
pub(super) fn apart(best: &[&Hit]) -> bool {
    let shares = |a: &Hit, b: &Hit| a.tokens.iter().any(|token| b.tokens.contains(token));
    let alone = |at: usize, hit: &Hit| {
        best.iter().enumerate().all(|(other, b)| other == at || b.service == hit.service || !shares(hit, b))
    };
    best.iter().any(|hit| hit.service != best[0].service)
        && best.iter().enumerate().all(|(at, hit)| hit.full && alone(at, hit))
}

/// Full matches that are not a part of a longer one; of equal ones, the closest in letters.
pub(super) fn most_specific<'h>(full: &[&'h Hit]) -> Vec<&'h Hit> {
    let within = |a: &Hit, b: &Hit| a.tokens.iter().all(|t| b.tokens.contains(t));
    let specific = full
        .iter()
        .filter(|hit| {
            !full.iter().any(|other| {
                within(hit, other)
                    && (other.tokens.len() > hit.tokens.len()
                        || (other.tokens.len() == hit.tokens.len() && other.exact > hit.exact))
            })
        })
        .copied()
        .collect();
    closest(specific)
}

/// «установка видеокамер» is no «установка Windows», "tattoo removal" no "wax removal": a thing beside the head that no
/// service of the profile knows.
pub(super) fn names_other_thing(head: usize, said: &[Said], matched: &HashSet<usize>) -> bool {
    const NOUNS: [&str; 13] = ["ов", "ев", "ей", "ек", "ок", "ий", "ки", "ры", "ты", "ны", "ла", "да", "на"];
    let beside = |at: usize| said.iter().find(|s| s.at == at && s.carries && !matched.contains(&s.at));
    let english = said.iter().any(|s| s.at == head && s.stem.word.is_ascii());
    if english {
        return head.checked_sub(1).and_then(beside).is_some_and(|before| before.stem.is_service());
    }
    let Some(next) = beside(head + 1) else { return false };
    let word = next.stem.word.as_str();
    let noun = NOUNS.iter().any(|end| word.ends_with(end)) && word.chars().count() > 4;
    let strange = noun && !next.stem.adjective && !known::is_known(word) && !lexicon::is_pattern_word(word);
    strange || (next.stem.is_service() && !next.stem.adjective && !is_doing(word))
}

/// Whether a word is a verb of doing: «стрижку сделать».
fn is_doing(word: &str) -> bool {
    ["ть", "ться", "те", "ю", "у", "ем", "им", "ете", "ите"].iter().any(|end| word.ends_with(end))
}
