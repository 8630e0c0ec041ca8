//! The patterns of intents, compiled once from `lexicon/intents.txt`, and their matching.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::known;
pub(super) use super::lists::{is_profession, is_service_word, listed, words_of};
use super::tags::{Tag, Tags};
use super::typo::is_one_edit;

/// A word of a sentence.
#[derive(Debug)]
pub(super) struct Word<'t> {
    /// Folded.
    pub text: &'t str,
    /// A clause begins here.
    pub starts: bool,
    /// A clause ends here.
    pub ends: bool,
}

/// What is known of a sentence besides its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// A day or an hour is in it.
    pub date: bool,
    /// A service is in it.
    pub service: bool,
    /// An employee, or a person to go to.
    pub employee: bool,
    /// It ends with a question mark.
    pub question: bool,
    /// It is a question.
    pub ask: bool,
}

#[derive(Debug)]
struct Phrase {
    /// The first of the atoms: without it in the sentence there is nothing to look for.
    first: u32,
    atoms: Vec<u32>,
    starts: bool,
    ends: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Date,
    Service,
    Employee,
    Question,
    Ask,
}

#[derive(Debug, Default)]
struct Element {
    phrases: Vec<Phrase>,
    facts: Vec<Fact>,
    negative: bool,
}

#[derive(Debug)]
struct Pattern {
    tag: Tag,
    elements: Vec<Element>,
    ordered: bool,
}

/// Shorter words are not guessed at: too many others are one letter away.
const LEAST_GUESSED: usize = 5;
const LEAST_ANGRY: usize = 8;

/// The first `count` letters.
fn head(word: &str, count: usize) -> &str {
    word.char_indices().nth(count).map_or(word, |(at, _)| &word[..at])
}

/// How many words may stand between two elements of an ordered pattern.
const GAP: usize = 4;

#[derive(Debug, Default)]
struct Lexicon {
    exact: HashMap<String, u32>,
    prefixes: HashMap<String, u32>,
    atoms: u32,
    patterns: Vec<Pattern>,
    /// Long enough atoms by their first letter, for misspelt words; the flag marks a prefix.
    guessed: HashMap<char, Vec<(String, u32, bool)>>,
    /// Patterns by the first atoms of their first element.
    by_atom: HashMap<u32, Vec<u32>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    for line in include_str!("lexicon/intents.txt").lines() {
        if !line.starts_with('#')
            && let Some((tag, pattern)) = line.split_once(": ")
            && let Some(tag) = Tag::parse(tag)
        {
            lexicon.add(tag, pattern);
        }
    }
    lexicon.index_guesses();
    lexicon
});

/// Whether the patterns have the folded word as it is, or but for its ending.
pub(super) fn is_own_word(word: &str) -> bool {
    const ENDING: usize = 3;
    let lexicon = &*LEXICON;
    let letters = word.chars().count();
    lexicon.exact.contains_key(word)
        || (letters.saturating_sub(ENDING)..=letters)
            .filter(|cut| *cut >= LEAST_GUESSED)
            .any(|cut| lexicon.prefixes.contains_key(head(word, cut)))
}

/// Whether the patterns know the folded word.
pub(super) fn is_pattern_word(word: &str) -> bool {
    let mut found = false;
    LEXICON.atoms_of(word, |_, _| found = true);
    found
}

impl Lexicon {
    fn add(&mut self, tag: Tag, text: &str) {
        let mut elements = Vec::new();
        let ordered = !text.split_whitespace().any(|part| part == "&");
        for part in text.split_whitespace().filter(|part| *part != "&") {
            elements.push(self.element(part));
        }
        let index = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        if let Some(first) = elements.iter().find(|e| !e.negative && !e.phrases.is_empty()) {
            for phrase in &first.phrases {
                let entries = self.by_atom.entry(phrase.atoms[0]).or_default();
                if entries.last() != Some(&index) {
                    entries.push(index);
                }
            }
        }
        self.patterns.push(Pattern { tag, elements, ordered });
    }

    fn element(&mut self, text: &str) -> Element {
        let (negative, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (starts, text) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
        let mut element = Element { negative, ..Element::default() };
        for alternative in text.split('|') {
            match alternative {
                "@date" => element.facts.push(Fact::Date),
                "@service" => element.facts.push(Fact::Service),
                "@employee" => element.facts.push(Fact::Employee),
                "@question" => element.facts.push(Fact::Question),
                "@ask" => element.facts.push(Fact::Ask),
                phrase => {
                    let (ends, phrase) = phrase.strip_suffix('$').map_or((false, phrase), |rest| (true, rest));
                    let atoms: Vec<u32> = phrase
                        .split(['_', '-'])
                        .filter(|w| !w.is_empty())
                        .map(|w| self.atom(&w.replace('ё', "е")))
                        .collect();
                    let first = atoms.first().copied().unwrap_or_default();
                    element.phrases.push(Phrase { first, atoms, starts, ends });
                }
            }
        }
        element
    }

    fn atom(&mut self, word: &str) -> u32 {
        let (table, key) = match word.strip_suffix('*') {
            Some(prefix) => (&mut self.prefixes, prefix),
            None => (&mut self.exact, word),
        };
        if let Some(atom) = table.get(key) {
            return *atom;
        }
        self.atoms += 1;
        table.insert(key.to_owned(), self.atoms);
        self.atoms
    }

    fn index_guesses(&mut self) {
        // «придут» is one letter from an insult: short words that only anger has are not guessed at.
        let atoms = |angry: bool| -> HashSet<u32> {
            let patterns = self.patterns.iter().filter(|p| (p.tag == Tag::Human) == angry);
            patterns.flat_map(|p| &p.elements).flat_map(|e| &e.phrases).flat_map(|p| p.atoms.iter().copied()).collect()
        };
        let (angry, plain) = (atoms(true), atoms(false));
        let exact = self.exact.iter().map(|(word, atom)| (word, *atom, false));
        let prefixes = self.prefixes.iter().map(|(word, atom)| (word, *atom, true));
        for (word, atom, prefix) in exact.chain(prefixes) {
            let rude = angry.contains(&atom) && !plain.contains(&atom);
            if word.chars().count() >= if rude { LEAST_ANGRY } else { LEAST_GUESSED }
                && let Some(first) = word.chars().next()
            {
                self.guessed.entry(first).or_default().push((word.clone(), atom, prefix));
            }
        }
    }

    /// The atoms that a misspelt word may have meant.
    fn guess(&self, word: &str, mut found: impl FnMut(u32)) {
        let letters = word.chars().count();
        if letters < LEAST_GUESSED || known::is_known(word) || is_service_word(word) {
            return;
        }
        let candidates = word.chars().next().and_then(|first| self.guessed.get(&first));
        for (meant, atom, prefix) in candidates.into_iter().flatten() {
            let near = if *prefix {
                let long = meant.chars().count();
                // The wrong letter may have made the beginning shorter or longer.
                [long - 1, long, long + 1].into_iter().any(|cut| cut <= letters && is_one_edit(head(word, cut), meant))
            } else {
                is_one_edit(word, meant)
            };
            if near {
                found(*atom);
            }
        }
    }

    /// Calls `found` with every atom of the word, and whether it is the whole word.
    fn atoms_of(&self, word: &str, mut found: impl FnMut(u32, bool)) {
        if let Some(atom) = self.exact.get(word) {
            found(*atom, true);
        }
        for (at, c) in word.char_indices() {
            if let Some(atom) = self.prefixes.get(&word[..at + c.len_utf8()]) {
                found(*atom, false);
            }
        }
    }
}

/// The atoms of every word of a sentence.
struct Sentence<'s> {
    words: &'s [Word<'s>],
    atoms: Vec<Vec<u32>>,
    /// One bit an atom that is anywhere in the sentence.
    present: Vec<u64>,
    facts: Facts,
}

/// The tags of a sentence.
pub(super) fn tags(words: &[Word<'_>], mut facts: Facts) -> Tags {
    let lexicon = &*LEXICON;
    let mut candidates: Vec<u32> = Vec::new();
    let atoms: Vec<Vec<u32>> = words
        .iter()
        .map(|word| {
            let mut atoms = Vec::new();
            lexicon.atoms_of(word.text, |atom, _| atoms.push(atom));
            if atoms.is_empty() {
                lexicon.guess(word.text, |atom| atoms.push(atom));
            }
            candidates.extend(atoms.iter().filter_map(|atom| lexicon.by_atom.get(atom)).flatten());
            atoms
        })
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let (asks, others): (Vec<u32>, Vec<u32>) =
        candidates.into_iter().partition(|i| lexicon.patterns[*i as usize].tag == Tag::Asks);
    let mut present = vec![0_u64; lexicon.atoms as usize / 64 + 1];
    for atom in atoms.iter().flatten() {
        present[*atom as usize / 64] |= 1 << (atom % 64);
    }
    let mut sentence = Sentence { words, atoms, present, facts };
    let mut tags = Tags::default();
    if facts.question || asks.iter().any(|i| sentence.matches(&lexicon.patterns[*i as usize])) {
        tags.add(Tag::Asks);
        facts.ask = true;
        sentence.facts = facts;
    }
    for index in others {
        let pattern = &lexicon.patterns[index as usize];
        if !tags.has(pattern.tag) && sentence.matches(pattern) {
            tags.add(pattern.tag);
        }
    }
    tags
}

impl Sentence<'_> {
    fn matches(&self, pattern: &Pattern) -> bool {
        let positive = pattern.elements.iter().filter(|e| !e.negative);
        // Most candidates end here, at a few bits.
        let may_be = |e: &Element| self.holds(e) || e.phrases.iter().any(|p| self.may_have(p));
        if !positive.clone().all(may_be) || pattern.elements.iter().any(|e| e.negative && self.excludes(e)) {
            return false;
        }
        if !pattern.ordered {
            return positive.into_iter().all(|e| self.has(e));
        }
        let mut from: Option<usize> = None;
        for element in positive {
            let limit = from.map_or(self.words.len(), |at| (at + GAP + 1).min(self.words.len()));
            let near = || element.phrases.iter().filter(|p| self.may_have(p));
            let found = near().next().and_then(|_| {
                (from.unwrap_or(0)..limit)
                    .find_map(|at| near().find_map(|p| self.phrase(p, at).then_some(at + p.atoms.len())))
            });
            match found {
                Some(end) => from = Some(end),
                None if self.holds(element) => {}
                None => return false,
            }
        }
        true
    }

    fn holds(&self, element: &Element) -> bool {
        element.facts.iter().any(|fact| match fact {
            Fact::Date => self.facts.date,
            Fact::Service => self.facts.service,
            Fact::Employee => self.facts.employee,
            Fact::Question => self.facts.question,
            Fact::Ask => self.facts.ask,
        })
    }

    /// What a pattern rules out stands within one clause: «не надо, отмените» is no «не надо отменять».
    fn excludes(&self, element: &Element) -> bool {
        let within = |p: &Phrase, at: usize| self.words[at..at + p.atoms.len() - 1].iter().all(|w| !w.ends);
        self.holds(element)
            || element
                .phrases
                .iter()
                .any(|p| self.may_have(p) && (0..self.words.len()).any(|at| self.phrase(p, at) && within(p, at)))
    }

    fn has(&self, element: &Element) -> bool {
        let said = |p: &Phrase| self.may_have(p) && (0..self.words.len()).any(|at| self.phrase(p, at));
        self.holds(element) || element.phrases.iter().any(said)
    }

    fn may_have(&self, phrase: &Phrase) -> bool {
        self.present.get(phrase.first as usize / 64).is_some_and(|bits| bits >> (phrase.first % 64) & 1 == 1)
    }

    fn phrase(&self, phrase: &Phrase, at: usize) -> bool {
        let end = at + phrase.atoms.len();
        end <= self.words.len()
            && phrase.atoms.iter().zip(&self.atoms[at..end]).all(|(atom, word)| word.contains(atom))
            && (!phrase.starts || self.words[at].starts)
            && (!phrase.ends || self.words[end - 1].ends)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::TAGS;
    use super::*;

    #[test]
    fn every_tag_fits_the_set_and_has_a_pattern() {
        assert!(TAGS.len() <= 32);
        assert!(TAGS.iter().all(|(_, tag)| LEXICON.patterns.iter().any(|p| p.tag == *tag)));
    }

    #[test]
    fn every_line_of_the_lexicon_is_a_pattern() {
        for (number, line) in include_str!("lexicon/intents.txt").lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let tag = line.split_once(": ").and_then(|(tag, _)| Tag::parse(tag));
            assert!(tag.is_some(), "line {}: {line}", number + 1);
        }
        assert!(LEXICON.patterns.iter().all(|p| p.elements.iter().any(|e| !e.negative && !e.phrases.is_empty())));
    }
}
