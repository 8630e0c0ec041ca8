//! Numbers as words: cardinals, ordinals and collectives, inflected, in Russian and English.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::token::{Kind, Token};

/// How a number is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// «три», `3`, «5-ти».
    Cardinal,
    /// «третьего», «третьему», `3-го`, `3rd`: the form that names a day.
    Day,
    /// «третье»: a day only beside a month or after «на».
    Neuter,
    /// «третий», «третью»: never a day.
    Ordinal,
    /// «трое», «троих»: people.
    Collective,
}

/// A number of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Num {
    /// Its value.
    pub value: u32,
    /// How it is said.
    pub class: Class,
    /// How many digits it is written with; 0 for words.
    pub digits: u8,
    /// Written with a leading zero.
    pub zero: bool,
}

const CARDINALS: &[(u32, &str)] = &[
    (0, "ноль нуль ноля нуля нолю zero"),
    (1, "один одна одно одну одного одной одному одним одном one"),
    (2, "два две двух двум двумя пара пару парочку two"),
    (3, "три трех трем тремя three"),
    (4, "четыре четырех четырем четырьмя four"),
    (5, "пять пяти пятью five"),
    (6, "шесть шести шестью six"),
    (7, "семь семи семью seven"),
    (8, "восемь восьми восьмью восемью eight"),
    (9, "девять девяти девятью nine"),
    (10, "десять десяти десятью ten"),
    (11, "eleven"),
    (12, "twelve"),
    (13, "thirteen"),
    (14, "fourteen"),
    (15, "fifteen"),
    (16, "sixteen"),
    (17, "seventeen"),
    (18, "eighteen"),
    (19, "nineteen"),
    (20, "двадцать двадцати двадцатью twenty"),
    (30, "тридцать тридцати тридцатью thirty"),
    (40, "сорок сорока forty"),
    (50, "пятьдесят пятидесяти пятьюдесятью fifty"),
];

const TEENS: &[(u32, &str)] = &[
    (11, "одиннадцат"),
    (12, "двенадцат"),
    (13, "тринадцат"),
    (14, "четырнадцат"),
    (15, "пятнадцат"),
    (16, "шестнадцат"),
    (17, "семнадцат"),
    (18, "восемнадцат"),
    (19, "девятнадцат"),
];

const ORDINAL_STEMS: &[(u32, &str)] = &[
    (1, "перв"),
    (2, "втор"),
    (4, "четверт"),
    (5, "пят"),
    (6, "шест"),
    (7, "седьм"),
    (8, "восьм"),
    (9, "девят"),
    (10, "десят"),
    (20, "двадцат"),
    (30, "тридцат"),
];

const ENGLISH_ORDINALS: &[(u32, &str)] = &[
    (1, "first"),
    (2, "second"),
    (3, "third"),
    (4, "fourth"),
    (5, "fifth"),
    (6, "sixth"),
    (7, "seventh"),
    (8, "eighth"),
    (9, "ninth"),
    (10, "tenth"),
    (11, "eleventh"),
    (12, "twelfth"),
    (13, "thirteenth"),
    (14, "fourteenth"),
    (15, "fifteenth"),
    (16, "sixteenth"),
    (17, "seventeenth"),
    (18, "eighteenth"),
    (19, "nineteenth"),
    (20, "twentieth"),
    (30, "thirtieth"),
];

const COLLECTIVES: &[(u32, &str)] = &[
    (2, "двое двоих двоим двоими вдвоем оба обе"),
    (3, "трое троих троим троими втроем"),
    (4, "четверо четверых четверым вчетвером"),
    (5, "пятеро пятерых пятерым впятером"),
];

static WORDS: LazyLock<HashMap<String, (u32, Class)>> = LazyLock::new(build);

fn build() -> HashMap<String, (u32, Class)> {
    let mut words = HashMap::new();
    for (value, forms) in CARDINALS {
        words.extend(forms.split(' ').map(|form| (form.to_owned(), (*value, Class::Cardinal))));
    }
    for (value, stem) in TEENS {
        words.extend(["ь", "и", "ью"].map(|end| (format!("{stem}{end}"), (*value, Class::Cardinal))));
    }
    for (value, stem) in ORDINAL_STEMS.iter().chain(TEENS) {
        for (ends, class) in [
            (&["ого", "ому"][..], Class::Day),
            (&["ое"], Class::Neuter),
            (&["ый", "ой", "ая", "ую", "ым", "ом", "ых", "ые"], Class::Ordinal),
        ] {
            words.extend(ends.iter().map(|end| (format!("{stem}{end}"), (*value, class))));
        }
    }
    for (form, class) in [
        ("третьего", Class::Day),
        ("третьему", Class::Day),
        ("третье", Class::Neuter),
        ("третий", Class::Ordinal),
        ("третья", Class::Ordinal),
        ("третьей", Class::Ordinal),
        ("третью", Class::Ordinal),
        ("третьим", Class::Ordinal),
        ("третьем", Class::Ordinal),
    ] {
        words.insert(form.to_owned(), (3, class));
    }
    words.extend(ENGLISH_ORDINALS.iter().map(|(value, form)| ((*form).to_owned(), (*value, Class::Day))));
    for (value, forms) in COLLECTIVES {
        words.extend(forms.split(' ').map(|form| (form.to_owned(), (*value, Class::Collective))));
    }
    words
}

/// The number that a folded word says.
pub(super) fn word(text: &str) -> Option<(u32, Class)> {
    WORDS.get(text).copied()
}

/// Every number word, for the reader of misspelt ones.
pub(super) fn known_words() -> impl Iterator<Item = (&'static str, u32, Class)> {
    WORDS.iter().map(|(text, (value, class))| (text.as_str(), *value, *class))
}

/// The number that begins at `at`, and how many tokens it takes.
pub(super) fn read(tokens: &[Token<'_>], at: usize) -> Option<(Num, usize)> {
    let token = tokens.get(at)?;
    match token.kind {
        Kind::Number => Some(written(tokens, at)),
        Kind::Word => spoken(tokens, at),
        Kind::Sign => None,
    }
}

fn written(tokens: &[Token<'_>], at: usize) -> (Num, usize) {
    let raw = tokens[at].raw;
    let value = if raw.len() > 9 { u32::MAX } else { raw.parse().unwrap_or(u32::MAX) };
    let digits = u8::try_from(raw.len()).unwrap_or(u8::MAX);
    let (class, used) = suffix(tokens, at + 1).unwrap_or((Class::Cardinal, 0));
    (Num { value, class, digits, zero: raw.starts_with('0') && raw.len() > 1 }, 1 + used)
}

/// «-го», «ое», `th` right after the digits.
fn suffix(tokens: &[Token<'_>], at: usize) -> Option<(Class, usize)> {
    let first = tokens.get(at).filter(|t| t.glued)?;
    let hyphen = usize::from(first.is("-"));
    let word = tokens.get(at + hyphen).filter(|t| t.glued && t.is_word())?;
    let class = match word.text.as_str() {
        "го" | "ого" | "его" | "е" | "ое" | "му" | "ому" | "th" | "st" | "nd" | "rd" => Class::Day,
        "й" | "ый" | "ой" | "ий" | "я" | "ая" | "ю" | "ую" | "ым" | "ом" => Class::Ordinal,
        "ти" | "х" | "ми" | "и" | "ех" => Class::Cardinal,
        "м" | "ём" | "ем" if hyphen == 1 => Class::Cardinal,
        _ => return None,
    };
    Some((class, hyphen + 1))
}

fn spoken(tokens: &[Token<'_>], at: usize) -> Option<(Num, usize)> {
    let (value, class) = word(&tokens[at].text)?;
    let num = |value, class| Num { value, class, digits: 0, zero: false };
    if class == Class::Cardinal && matches!(value, 20 | 30 | 40 | 50) {
        let hyphen = usize::from(tokens.get(at + 1).is_some_and(|t| t.is("-") && t.glued));
        if let Some(unit) = tokens.get(at + 1 + hyphen)
            && let Some((units, class)) = word(&unit.text)
            && (1..=9).contains(&units)
            && class != Class::Collective
            && agree(&tokens[at].text, &unit.text, class)
        {
            return Some((num(value + units, class), 2 + hyphen));
        }
    }
    Some((num(value, class), 1))
}

/// «двадцать пять» and «двадцати пяти» are one number; «без двадцати восемь» has two.
fn agree(tens: &str, units: &str, class: Class) -> bool {
    let oblique = |word: &str| {
        word.ends_with('и') || ["ух", "ех", "го", "ум", "ем", "му", "мя"].iter().any(|end| word.ends_with(end))
    };
    class != Class::Cardinal || tens.is_ascii() || !tens.ends_with('и') || oblique(units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::understand::token::tokens;

    #[test]
    fn tens_join_their_units_and_suffixes_make_days() {
        let first = |text: &str| read(&tokens(text), 0).map(|(n, used)| (n.value, n.class, used));
        assert_eq!(first("двадцать третьего"), Some((23, Class::Day, 2)));
        assert_eq!(first("twenty-first"), Some((21, Class::Day, 3)));
        assert_eq!(first("15-го"), Some((15, Class::Day, 3)));
        assert_eq!(first("5-ти"), Some((5, Class::Cardinal, 3)));
        assert_eq!(first("троих"), Some((3, Class::Collective, 1)));
        assert_eq!(first("дом"), None);
    }
}
