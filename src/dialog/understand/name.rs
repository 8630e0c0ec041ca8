//! The client's own name.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::dates::is_date_word;
use super::lexicon::words_of;
use super::token::{Kind, Token};
use super::{given, lexicon, numbers};
use crate::domain::text::is_stop_word;

/// A name and the tokens it takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub name: String,
    pub first: usize,
    pub end: usize,
}

/// How much the words before a name promise one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// «меня зовут»: any word that can be a name.
    Certain,
    /// «это», «я»: a known name, or a capital letter and nothing else it could be.
    Careful,
}

const LEADS: &[(&str, Trust)] = &[
    ("меня зовут", Trust::Certain),
    ("зовут меня", Trust::Certain),
    ("мое имя", Trust::Certain),
    ("на имя", Trust::Certain),
    ("зовут", Trust::Certain),
    ("имя", Trust::Certain),
    ("фио", Trust::Certain),
    ("фамилия", Trust::Certain),
    ("моя фамилия", Trust::Certain),
    ("вас беспокоит", Trust::Certain),
    ("беспокоит", Trust::Careful),
    ("звать", Trust::Certain),
    ("пишет", Trust::Careful),
    ("пишет вам", Trust::Careful),
    ("с вами", Trust::Careful),
    ("на связи", Trust::Careful),
    ("с уважением", Trust::Certain),
    ("это снова", Trust::Careful),
    ("это опять", Trust::Careful),
    ("it's me", Trust::Careful),
    ("regards", Trust::Certain),
    ("это", Trust::Careful),
    ("я", Trust::Careful),
    ("клиент", Trust::Careful),
    ("my name is", Trust::Certain),
    ("name is", Trust::Certain),
    ("my name's", Trust::Certain),
    ("name's", Trust::Certain),
    ("my name", Trust::Certain),
    ("name", Trust::Certain),
    ("call me", Trust::Careful),
    ("i am", Trust::Careful),
    ("i'm", Trust::Careful),
    ("im", Trust::Careful),
    ("this is", Trust::Careful),
    ("it's", Trust::Careful),
    ("it is", Trust::Careful),
    ("its", Trust::Careful),
    ("it under", Trust::Careful),
    ("me under", Trust::Careful),
    ("under the name", Trust::Certain),
    ("under the name of", Trust::Certain),
];

type Lead = (Vec<&'static str>, Trust);

/// The words before a name by their first word.
static LEADS_BY_WORD: LazyLock<HashMap<&str, Vec<Lead>>> = LazyLock::new(|| {
    let mut leads: HashMap<&str, Vec<Lead>> = HashMap::new();
    for (lead, trust) in LEADS {
        let words: Vec<&str> = lead.split(' ').collect();
        leads.entry(words[0]).or_default().push((words, *trust));
    }
    leads
});

static NOT_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| words_of(include_str!("lexicon/not_names.txt")));

/// The name that the message gives. `phones` are the tokens of phone numbers.
pub(super) fn find(tokens: &[Token<'_>], phones: &[bool]) -> Option<Found> {
    introduced(tokens)
        .or_else(|| told_inside(tokens))
        .or_else(|| told_after(tokens))
        .or_else(|| beside_phone(tokens, phones))
}

fn introduced(tokens: &[Token<'_>]) -> Option<Found> {
    let mut careful = None;
    for at in 0..tokens.len() {
        for (lead, trust) in LEADS_BY_WORD.get(tokens[at].text.as_str()).into_iter().flatten() {
            let words = lead.len();
            let said = lead.iter().enumerate().all(|(i, word)| tokens.get(at + i).is_some_and(|t| t.is(word)));
            if !said || (words == 1 && is_someone_elses(tokens, at)) {
                continue;
            }
            // «Янка меня зовут, …»: the name has been said.
            let first = at - usize::from(lead.as_slice() == ["зовут"] && at > 0 && tokens[at - 1].is("меня"));
            let told = first > 0 && is_name_word(&tokens[first - 1], Trust::Careful);
            if told && matches!(lead.as_slice(), ["меня", "зовут"] | ["зовут", "меня"] | ["зовут"])
            {
                continue;
            }
            let mut start = at + words;
            while tokens.get(start).is_some_and(|t| {
                matches!(t.text.as_str(), ":" | "-" | "," | "\"" | "«" | "(") && *trust == Trust::Certain || t.is("-")
            }) {
                start += 1;
            }
            match span(tokens, start, *trust) {
                Some(found) if *trust == Trust::Certain => return Some(found),
                Some(found) if careful.is_none() => careful = Some(found),
                _ => {}
            }
        }
    }
    careful
}

/// «как вас зовут», «мастера зовут Анна», «её зовут».
fn is_someone_elses(tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |i| tokens[i].text.as_str());
    match tokens[at].text.as_str() {
        "зовут" | "имя" | "фамилия" => {
            !matches!(before, "" | "меня" | "мое" | "моя" | "на" | "," | "." | "!" | "и" | "ваше" | "\n" | ":" | "мою")
        }
        "name" | "name's" => !matches!(before, "" | "my" | "," | "." | "!" | "the" | "full"),
        "я" | "это" | "пишет" | "клиент" => matches!(before, "не" | "и" | "что" | "а"),
        _ => false,
    }
}

/// «его зовут Рустам», «коллегу зовут Аркадий», "her name is Ella": somebody else who may be the one to come.
pub(super) fn of_another(tokens: &[Token<'_>]) -> Option<String> {
    let at = (1..tokens.len()).find(|at| {
        let word = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
        let said = word(*at) == "зовут" || (word(*at) == "name" && word(at + 1) == "is");
        said && is_someone_elses(tokens, *at) && !matches!(word(at - 1), "вас" | "тебя" | "your")
    })?;
    let start = at + 1 + usize::from(tokens[at].is("name"));
    span(tokens, start, Trust::Certain).map(|found| found.name)
}

/// «меня Зульфия зовут».
fn told_inside(tokens: &[Token<'_>]) -> Option<Found> {
    let end = tokens.iter().position(|t| t.is("зовут"))?;
    let start = tokens[..end].iter().rposition(|t| t.is("меня"))? + 1;
    let named = start < end && end - start <= 3 && tokens[start..end].iter().all(|t| is_name_word(t, Trust::Certain));
    named.then(|| Found { name: spell(&tokens[start..end]), first: start, end })
}

/// «Ольга меня зовут», "Ann here".
fn told_after(tokens: &[Token<'_>]) -> Option<Found> {
    let at = (1..tokens.len()).find(|at| {
        let next = tokens.get(at + 1).map_or("", |t| t.text.as_str());
        matches!(
            (tokens[*at].text.as_str(), next),
            ("меня", "зовут") | ("зовут", "меня") | ("я", "") | ("я", "," | ".")
        ) || (matches!(tokens[*at].text.as_str(), "here" | "speaking") && matches!(next, "" | "." | "," | "!"))
    })?;
    let first = (at.saturating_sub(3)..at).find(|i| (*i..at).all(|j| is_name_word(&tokens[j], Trust::Careful)))?;
    Some(Found { name: spell(&tokens[first..at]), first, end: at })
}

fn is_name_word(token: &Token<'_>, trust: Trust) -> bool {
    let word = token.text.as_str();
    if !token.is_word() || word.chars().count() < 2 || NOT_NAMES.contains(word) {
        return false;
    }
    if given::is_given_name(word) {
        // «марта» is a month before it is a name.
        return !is_date_word(word) || token.is_capitalised();
    }
    let plain = is_date_word(word) || is_stop_word(word) || lexicon::is_service_word(word);
    let pattern = lexicon::is_pattern_word(word);
    match trust {
        Trust::Certain => !plain && (!pattern || token.is_capitalised()),
        Trust::Careful => token.is_capitalised() && !plain && !pattern && !is_shouted(token),
    }
}

fn is_shouted(token: &Token<'_>) -> bool {
    token.raw.chars().count() > 1 && !token.raw.chars().any(char::is_lowercase)
}

fn is_surname(word: &str) -> bool {
    const ENDS: &[&str] = &[
        "ов",
        "ова",
        "ев",
        "ева",
        "ин",
        "ина",
        "ын",
        "ына",
        "ский",
        "ская",
        "цкий",
        "цкая",
        "ко",
        "ук",
        "юк",
        "ич",
        "вна",
        "чна",
        "ян",
        "швили",
        "дзе",
        "их",
        "ых",
    ];
    word.chars().count() > 4 && ENDS.iter().any(|end| word.ends_with(end))
}

/// One to three words of a name from `at` on.
fn span(tokens: &[Token<'_>], at: usize, trust: Trust) -> Option<Found> {
    let first = tokens.get(at).filter(|t| is_name_word(t, trust))?;
    if trust == Trust::Careful && !is_end_of_name(tokens, at) && !given::is_given_name(&first.text) {
        return None;
    }
    let mut end = at + 1;
    let mut words = 1;
    while words < 3
        && let Some(next) = tokens.get(end)
    {
        let hyphen = next.is("-") && next.glued && tokens.get(end + 1).is_some_and(|t| t.glued && t.is_word());
        if hyphen {
            end += 2;
            continue;
        }
        let same_case = next.is_capitalised() && first.is_capitalised() && (!is_shouted(next) || is_shouted(first));
        let more = given::is_given_name(&next.text)
            || is_surname(&next.text)
            || (same_case && !lexicon::is_pattern_word(&next.text));
        if !(next.is_word()
            && more
            && (same_case || !first.is_capitalised() || is_surname(&next.text))
            && !NOT_NAMES.contains(next.text.as_str())
            && !is_stop_word(&next.text)
            && !is_date_word(&next.text))
        {
            break;
        }
        end += 1;
        words += 1;
    }
    Some(Found { name: spell(&tokens[at..end]), first: at, end })
}

/// An unknown name must stand before a sign, the end, or a surname.
fn is_end_of_name(tokens: &[Token<'_>], at: usize) -> bool {
    match tokens.get(at + 1) {
        None => true,
        Some(next) => (next.kind == Kind::Sign && !next.is("?")) || next.is_capitalised() || next.kind == Kind::Number,
    }
}

/// «Иванова Мария, 8916…», «8.916.123.45.67 Анна».
fn beside_phone(tokens: &[Token<'_>], phones: &[bool]) -> Option<Found> {
    let first = phones.iter().position(|p| *p)?;
    let end = phones.iter().rposition(|p| *p)? + 1;
    before_phone(tokens, first).or_else(|| after_phone(tokens, end)).or_else(|| signed(tokens))
}

/// «Ирина, балаяж к Соколовой, 8916…»: a name in front of a message that has a phone.
fn signed(tokens: &[Token<'_>]) -> Option<Found> {
    let first = tokens.first().filter(|t| given::is_given_name(&t.text) && t.is_capitalised())?;
    let alone = tokens.get(1).is_some_and(|t| t.is(","));
    alone.then(|| Found { name: spell(std::slice::from_ref(first)), first: 0, end: 1 })
}

fn before_phone(tokens: &[Token<'_>], phone: usize) -> Option<Found> {
    let mut end = phone;
    let is_label = |t: &Token<'_>| {
        t.kind == Kind::Sign && !t.is("?")
            || matches!(
                t.text.as_str(),
                "тел"
                    | "телефон"
                    | "номер"
                    | "phone"
                    | "tel"
                    | "мой"
                    | "и"
                    | "моб"
                    | "ее"
                    | "его"
                    | "вот"
                    | "this"
                    | "is"
                    | "his"
                    | "her"
                    | "my"
                    | "number"
            )
    };
    while end > 0 && is_label(&tokens[end - 1]) {
        end -= 1;
    }
    let mut first = end;
    while first > 0 && end - first < 4 {
        // «дмитрий соколов», "Mary-Jane".
        let surname = first == end && first > 1 && given::is_given_name(&tokens[first - 2].text);
        let surname = surname && is_surname(&tokens[first - 1].text);
        let hyphen =
            first > 1 && tokens[first - 1].is("-") && tokens[first - 1].glued && first < end && tokens[first].glued;
        if !(surname || hyphen || is_name_word(&tokens[first - 1], Trust::Careful)) {
            break;
        }
        first -= 1;
    }
    let alone = first == 0
        || matches!(tokens[first - 1].kind, Kind::Sign)
        || !matches!(tokens[first - 1].text.as_str(), "к" | "у" | "ко" | "для" | "with" | "to" | "for" | "на" | "от");
    // «2 марта, 8 916 …» is a day.
    if first > 0 && (tokens[first - 1].kind == Kind::Number || numbers::word(&tokens[first - 1].text).is_some()) {
        return None;
    }
    let known = tokens[first..end].iter().any(|t| given::is_given_name(&t.text));
    let to_person = first > 0 && !alone;
    let aside = first > 0 && tokens[first - 1].is(",");
    (end > first && !to_person && (known || first == 0 || aside)).then(|| Found {
        name: spell(&tokens[first..end]),
        first,
        end,
    })
}

fn after_phone(tokens: &[Token<'_>], phone: usize) -> Option<Found> {
    let first = (phone..tokens.len()).find(|at| tokens[*at].kind != Kind::Sign)?;
    let found = span(tokens, first, Trust::Careful)?;
    let ends = tokens.get(found.end).is_none_or(|t| t.kind == Kind::Sign);
    (ends || given::is_given_name(&tokens[first].text)).then_some(found)
}

/// What would be the name if the client had just been asked for it.
pub(super) fn bare(tokens: &[Token<'_>]) -> Option<String> {
    let words: Vec<&Token<'_>> = tokens.iter().filter(|t| t.kind != Kind::Sign).collect();
    let signs_fit =
        tokens.iter().all(|t| t.kind != Kind::Sign || matches!(t.text.as_str(), "." | "," | "!" | "-" | ")" | "("));
    if words.is_empty() || words.len() > 3 || !signs_fit {
        return None;
    }
    let known = |t: &Token<'_>| given::is_given_name(&t.text) || is_surname(&t.text);
    let fits = |t: &&Token<'_>| is_name_word(t, Trust::Certain) && (known(t) || !lexicon::is_pattern_word(&t.text));
    let some_name = words.len() == 1 || words.iter().any(|t| known(t)) || words.iter().all(|t| t.is_capitalised());
    (words.iter().all(fits) && some_name).then(|| {
        let first = tokens.iter().position(Token::is_word).unwrap_or(0);
        let end = tokens.iter().rposition(Token::is_word).map_or(0, |i| i + 1);
        spell(&tokens[first..end])
    })
}

/// As it was said, with capital letters.
fn spell(tokens: &[Token<'_>]) -> String {
    let mut name = String::new();
    for token in tokens {
        if token.kind == Kind::Sign && !token.is("-") {
            continue;
        }
        if !name.is_empty() && !token.glued {
            name.push(' ');
        }
        let mixed = token.raw.chars().skip(1).any(char::is_uppercase) && token.raw.chars().any(char::is_lowercase);
        let mut letters = token.raw.chars();
        if let Some(first) = letters.next() {
            name.extend(first.to_uppercase());
            if mixed {
                name.extend(letters);
            } else {
                name.extend(letters.flat_map(char::to_lowercase));
            }
        }
    }
    name
}
