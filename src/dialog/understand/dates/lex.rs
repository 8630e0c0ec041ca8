//! The words of dates and times, as what they are to the grammar.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::DayPart;
use super::super::known;
use super::super::lexicon::words_of;
use super::super::numbers::{self, Class, Num};
use super::super::token::{Kind, Token};
use super::super::typo::is_one_edit;
use super::words::{HALVES, WORDS};

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Fortnight,
    Month,
    Year,
}

/// A small word of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum W {
    /// «в», "at".
    In,
    /// "in": «в» that also counts time from now.
    Inside,
    /// «на», "on", "for".
    On,
    /// «к».
    To,
    /// «до», "until", "before".
    Until,
    /// "by".
    By,
    /// «после», "after".
    After,
    /// «с», "from".
    From,
    /// «по», "to", "through".
    Through,
    /// «под», «ближе к».
    Toward,
    /// «около», "about".
    About,
    Between,
    /// «через».
    Later,
    /// «назад», "ago".
    Ago,
    Or,
    And,
    Not,
    Except,
    /// «вместо».
    Instead,
    This,
    Next,
    Last,
    /// «ближайшую».
    Nearest,
    /// «числа».
    DayNumber,
    /// «половина», «пол».
    Half,
    Quarter,
    /// «без».
    Without,
    /// "past".
    Past,
    /// "not" of «не раньше».
    Earlier,
    /// «позже».
    AfterThat,
    /// «начиная».
    Starting,
    Am,
    Pm,
    The,
    Of,
    /// «добрый», "good".
    Good,
    /// «ой», «лучше», «точнее».
    Rather,
    /// «полтора».
    OneAndHalf,
    /// «ровно», «где-то».
    Filler,
}

/// What a word or sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lex {
    Num(Num),
    /// Monday is 0.
    Weekday(i8),
    Month(i8),
    /// Days from today.
    Rel(i32),
    /// «завтрашний»: belongs to a visit that exists.
    RelAdjective(i32),
    Part(DayPart),
    /// «дня»: a unit, or the part of the day after an hour.
    OfDay,
    Lunch,
    Noon,
    Midnight,
    Weekend,
    /// «будни».
    Workdays,
    Unit(Unit),
    /// «часам», «часиков»: hours that only announce a time.
    Hours,
    /// «полчаса».
    HalfHour,
    /// «полгода».
    HalfYear,
    /// «полтретьего»: half an hour before this hour.
    HalfTo(u8),
    Now,
    Tonight,
    W(W),
    Sign(char),
    Other,
}

/// A word of the grammar in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme {
    pub lex: Lex,
    /// First token.
    pub first: usize,
    /// One past the last token.
    pub end: usize,
    /// No space before it.
    pub glued: bool,
}

struct Lexicon {
    words: HashMap<String, Lex>,
    /// Words that may be misspelt, by their first letter.
    guessed: HashMap<char, Vec<(String, Lex)>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words: HashMap<String, Lex> = HashMap::new();
    for (lex, forms) in WORDS {
        words.extend(forms.split(' ').map(|form| (form.replace('ё', "е"), *lex)));
    }
    for (hour, form) in HALVES {
        words.insert(format!("пол{form}"), Lex::HalfTo(*hour));
        // «к полпятому»
        let dative = form.strip_suffix("го").map(|stem| format!("пол{stem}му"));
        words.extend(dative.map(|form| (form, Lex::HalfTo(*hour))));
    }
    words.insert("полвторого".to_owned(), Lex::HalfTo(2));
    let never = words_of(include_str!("../lexicon/never_guessed.txt"));
    let mut guessed: HashMap<char, Vec<(String, Lex)>> = HashMap::new();
    let numbers = numbers::known_words()
        .map(|(text, value, class)| (text.to_owned(), Lex::Num(Num { value, class, digits: 0, zero: false })));
    let mut all: Vec<(String, Lex)> = words.iter().map(|(word, lex)| (word.clone(), *lex)).chain(numbers).collect();
    // The order decides between two guesses that are equally near.
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (word, lex) in all {
        if word.chars().count() >= 4
            && !never.contains(word.as_str())
            && let Some(first) = word.chars().next()
        {
            guessed.entry(first).or_default().push((word, lex));
        }
    }
    Lexicon { words, guessed }
});

/// Whether the grammar of dates knows the folded word as it is written.
pub(in crate::dialog::understand) fn is_date_word(word: &str) -> bool {
    LEXICON.words.contains_key(word) || numbers::word(word).is_some()
}

/// Reads tokens as words of the grammar. `own` tells words that belong to the profile and are never misspelt others.
pub(super) fn lexemes(tokens: &[Token<'_>], own: &dyn Fn(&str) -> bool) -> Vec<Lexeme> {
    let mut found = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let (lex, used) = lexeme(tokens, at, own);
        found.push(Lexeme { lex, first: at, end: at + used, glued: tokens[at].glued });
        at += used;
    }
    found
}

fn lexeme(tokens: &[Token<'_>], at: usize, own: &dyn Fn(&str) -> bool) -> (Lex, usize) {
    if let Some((num, used)) = numbers::read(tokens, at) {
        return (Lex::Num(num), used);
    }
    let token = &tokens[at];
    if token.kind == Kind::Sign {
        return (token.text.chars().next().map_or(Lex::Other, Lex::Sign), 1);
    }
    if let Some(found) = compound(tokens, at) {
        return found;
    }
    let lexicon = &*LEXICON;
    if let Some(lex) = lexicon.words.get(&token.text) {
        return (*lex, 1);
    }
    (guess(&token.text).filter(|_| !own(&token.text)).unwrap_or(Lex::Other), 1)
}

/// «пол-третьего», «где-то», «p.m.».
fn compound(tokens: &[Token<'_>], at: usize) -> Option<(Lex, usize)> {
    let text = |ahead: usize| tokens.get(at + ahead).filter(|t| t.glued).map_or("", |t| t.text.as_str());
    match tokens[at].text.as_str() {
        "a" | "p" if text(1) == "." && text(2) == "m" => {
            let used = if text(3) == "." { 4 } else { 3 };
            Some((Lex::W(if tokens[at].is("a") { W::Am } else { W::Pm }), used))
        }
        "где" if text(1) == "-" && text(2) == "то" => Some((Lex::W(W::Filler), 3)),
        "the" | "через" | "day" => phrase(tokens, at),
        "over" if tokens[at + 1..].iter().take(2).any(|t| t.text.starts_with("weekend")) => Some((Lex::W(W::On), 1)),
        "fortnight" | "fortnights" => Some((Lex::Unit(Unit::Fortnight), 1)),
        "будний" | "буднего" | "weekday" => Some((Lex::Workdays, 1)),
        "wk" => Some((Lex::Unit(Unit::Week), 1)),
        "пол" if text(1) == "-" => Some((Lex::W(W::Half), 2)),
        "после" if text(1) == "-" && text(2) == "завтра" => Some((Lex::Rel(2), 3)),
        "после" if tokens.get(at + 1).is_some_and(|t| t.is("завтра")) => Some((Lex::Rel(2), 2)),
        _ => None,
    }
}

/// "the day after tomorrow", "the day before yesterday".
fn phrase(tokens: &[Token<'_>], at: usize) -> Option<(Lex, usize)> {
    let article = usize::from(tokens[at].is("the"));
    let words: Vec<&str> = tokens.get(at + article..)?.iter().take(3).map(|t| t.text.as_str()).collect();
    match words.as_slice() {
        ["day", "after", day] if is_spelt(day, "tomorrow") => Some((Lex::Rel(2), 3 + article)),
        ["day", "before", day] if is_spelt(day, "yesterday") => Some((Lex::Rel(-2), 3 + article)),
        _ => None,
    }
}

fn is_spelt(word: &str, meant: &str) -> bool {
    word == meant || is_one_edit(word, meant)
}

fn guess(word: &str) -> Option<Lex> {
    if word.chars().count() < 4 || known::is_known(word) {
        return None;
    }
    let candidates = LEXICON.guessed.get(&word.chars().next()?)?;
    candidates.iter().find(|(meant, _)| is_one_edit(word, meant)).map(|(_, lex)| match lex {
        Lex::Num(num) if num.class == Class::Ordinal => Lex::Other,
        lex => *lex,
    })
}

/// Whether the folded word speaks of moving a visit.
pub(in crate::dialog::understand) fn is_moving(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "перенес",
        "перенос",
        "переставь",
        "перестав",
        "передви",
        "сдвин",
        "перезапи",
        "перезап",
        "reschedul",
        "postpon",
    ];
    const WORDS: &[&str] = &[
        "move",
        "moving",
        "change",
        "shift",
        "switch",
        "поменять",
        "поменяйте",
        "изменить",
        "измените",
        "перекинуть",
        "перекиньте",
        "сменить",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem)) || WORDS.contains(&word)
}
