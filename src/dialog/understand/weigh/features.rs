//! What of a message is weighed: its words, their pieces, how they follow each other, and what the grammar found.

use super::super::intent::Marks;
use super::super::lexicon;
use super::super::tags::{TAGS, Tags};
use super::super::token::{Kind, Token};
use super::super::{Intent, given};

/// Pieces of words are so many letters long, with the marks of the word's ends.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;
/// Letters of a word that count where words follow each other: endings differ, beginnings do not.
const HEAD: usize = 5;
/// More words than this say nothing new.
const MOST_WORDS: usize = 120;

/// What the grammar found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar<'a> {
    pub tags: Tags,
    pub intents: &'a [Intent],
    pub said_yes_no: bool,
}

/// FNV-1a over the parts of one feature.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    const fn of(kind: u8) -> Self {
        Self(0xcbf2_9ce4_8422_2325).byte(kind)
    }

    const fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3))
    }

    fn text(self, text: &str) -> Self {
        text.bytes().fold(self, Self::byte)
    }

    fn unit(self, unit: u64) -> Self {
        unit.to_le_bytes().into_iter().fold(self, Self::byte)
    }

    /// Never zero: that marks an empty place of the table.
    const fn end(self) -> u32 {
        let folded = (self.0 ^ (self.0 >> 32)) as u32;
        if folded == 0 { 1 } else { folded }
    }
}

/// The features of a message, each once, in order.
pub(super) fn features(tokens: &[Token<'_>], marks: Marks<'_>, grammar: Option<Grammar<'_>>) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(tokens.len() * 24 + 16);
    let mut units: Vec<u64> = Vec::with_capacity(tokens.len() + 2);
    units.push(Hash::of(b'<').0);
    for (at, token) in tokens.iter().enumerate().take(MOST_WORDS) {
        let class = class(token, at, marks);
        let unit = class.map_or_else(|| Hash::of(b'u').text(head(&token.text)).0, |class| Hash::of(b'@').byte(class).0);
        match class {
            // A run of one class is one thing: «завтра в 15:00».
            Some(_) if units.last() == Some(&unit) => continue,
            Some(class) => found.push(Hash::of(b'@').byte(class).end()),
            None if token.kind == Kind::Sign => {
                if !matches!(token.text.as_str(), "?" | "!" | "+") {
                    continue;
                }
                found.push(Hash::of(b'w').text(&token.text).end());
            }
            None => {
                found.push(Hash::of(b'w').text(&token.text).end());
                pieces(&token.text, &mut found);
            }
        }
        units.push(unit);
    }
    units.push(Hash::of(b'>').0);
    follow(&units, &mut found);
    let length = u8::try_from(units.len().min(10)).unwrap_or(0);
    found.push(Hash::of(b'l').byte(length).end());
    if let Some(grammar) = grammar {
        told(grammar, length, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What kind of thing a token is, when its letters do not matter.
fn class(token: &Token<'_>, at: usize, marks: Marks<'_>) -> Option<u8> {
    let marked = |mark: &[bool]| mark.get(at).copied().unwrap_or(false);
    if marked(marks.phone) {
        return Some(b'p');
    }
    if marked(marks.name) {
        return Some(b'n');
    }
    if marked(marks.date) {
        return Some(b'd');
    }
    if token.kind == Kind::Number {
        return Some(b'#');
    }
    if !token.is_word() {
        return None;
    }
    if marked(marks.employee) || given::is_given_name(&token.text) {
        return Some(b'e');
    }
    if marked(marks.service) || lexicon::is_service_word(&token.text) {
        return Some(b's');
    }
    lexicon::is_profession(&token.text).then_some(b'r')
}

fn head(word: &str) -> &str {
    word.char_indices().nth(HEAD).map_or(word, |(at, _)| &word[..at])
}

/// Every run of letters of a word: a wrong letter spoils some of them, an ending as few.
fn pieces(word: &str, found: &mut Vec<u32>) {
    let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')).collect();
    for length in PIECES {
        for window in marked.windows(length) {
            let mut hash = Hash::of(b'c');
            for c in window {
                hash = u32::from(*c).to_le_bytes().into_iter().take(3).fold(hash, Hash::byte);
            }
            found.push(hash.end());
        }
    }
}

/// Two and three units that follow each other, and two with one between.
fn follow(units: &[u64], found: &mut Vec<u32>) {
    for (at, first) in units.iter().enumerate() {
        let Some(second) = units.get(at + 1) else { break };
        found.push(Hash::of(b'b').unit(*first).unit(*second).end());
        if let Some(third) = units.get(at + 2) {
            found.push(Hash::of(b't').unit(*first).unit(*second).unit(*third).end());
            found.push(Hash::of(b'k').unit(*first).unit(*third).end());
        }
    }
}

/// What the grammar found.
fn told(grammar: Grammar<'_>, length: u8, found: &mut Vec<u32>) {
    let index = |intent: &Intent| Intent::ALL.iter().position(|known| known == intent).unwrap_or_default();
    let byte = |at: usize| u8::try_from(at).unwrap_or(u8::MAX);
    for (at, (_, tag)) in TAGS.iter().enumerate() {
        if grammar.tags.has(*tag) {
            found.push(Hash::of(b'g').byte(byte(at)).end());
            // «спасибо» alone is thanks, in front of ten words it is manners.
            found.push(Hash::of(b'm').byte(byte(at)).byte(length).end());
        }
    }
    for (place, intent) in grammar.intents.iter().enumerate() {
        found.push(Hash::of(b'i').byte(byte(index(intent))).end());
        if place == 0 {
            found.push(Hash::of(b'f').byte(byte(index(intent))).end());
        }
    }
    if grammar.said_yes_no {
        found.push(Hash::of(b'y').end());
    }
}
