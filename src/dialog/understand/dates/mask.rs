//! Numbers that count something else: prices, ages, addresses, people, order numbers.

use std::sync::LazyLock;

use super::super::lexicon::listed;
use super::super::numbers::Class;
use super::super::token::{Kind, Token};
use super::lex::{Lex, Lexeme, Unit, W};

static COUNTED: LazyLock<Vec<&str>> = LazyLock::new(|| listed(include_str!("../lexicon/counted.txt")).collect());

static NUMBERED: LazyLock<Vec<&str>> = LazyLock::new(|| listed(include_str!("../lexicon/numbered.txt")).collect());

const STREETS: &[&str] = &[
    "ул",
    "улиц",
    "проспект",
    "просп",
    "пр",
    "переулок",
    "пер",
    "шоссе",
    "бульвар",
    "бул",
    "наб",
    "набережн",
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
];

/// Pronouns before an age or a count.
const PERSONS: &[&str] = &[
    "нас",
    "мне",
    "ему",
    "ей",
    "сыну",
    "дочке",
    "дочери",
    "ребенку",
    "мужу",
    "маме",
    "ему",
    "i'm",
    "she's",
    "he's",
    "we're",
    "нам",
];

fn starts(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| {
        let short = stem.chars().count() <= 3;
        word.strip_prefix(stem)
            .is_some_and(|rest| if short { rest.chars().count() <= 2 } else { rest.chars().count() <= 4 })
    })
}

/// Short words of streets are abbreviations: «про» is no «пр.».
fn is_street(word: &str) -> bool {
    STREETS.iter().any(|stem| word == *stem || (stem.chars().count() > 3 && starts(word, &[stem])))
}

/// Turns what is no date and no time into [`Lex::Other`].
pub(super) fn mask(lexemes: &mut [Lexeme], tokens: &[Token<'_>]) {
    for at in 0..lexemes.len() {
        if matches!(lexemes[at].lex, Lex::W(W::Good)) {
            mask_greeting(lexemes, tokens, at);
        }
        if let Lex::Month(_) = lexemes[at].lex
            && is_person(lexemes, tokens, at)
        {
            lexemes[at].lex = Lex::Other;
        }
        if is_coded(lexemes, tokens, at) {
            lexemes[at].lex = Lex::Other;
        }
        if is_verb_or_star(lexemes, tokens, at) || is_of_verb(lexemes, tokens, at) {
            lexemes[at].lex = Lex::Other;
        }
        if is_street_of_a_date(lexemes, tokens, at) {
            lexemes[at].lex = Lex::Other;
            lexemes[at + 1].lex = Lex::Other;
        }
        let Lex::Num(num) = lexemes[at].lex else { continue };
        let collective = num.class == Class::Collective;
        if collective
            || num.value > 9999
            || is_counted(lexemes, tokens, at)
            || is_numbered(lexemes, tokens, at)
            || is_decimal(lexemes, tokens, at)
            || is_before_street(lexemes, tokens, at)
            || is_aged(lexemes, tokens, at)
            || is_pair(lexemes, tokens, at)
        {
            lexemes[at].lex = Lex::Other;
        }
    }
}

/// «Добрый вечер», «хорошего дня», «с днём рождения» name no time.
fn mask_greeting(lexemes: &mut [Lexeme], tokens: &[Token<'_>], at: usize) {
    let after_be = at > 0 && matches!(tokens[lexemes[at - 1].first].text.as_str(), "is" | "be");
    if after_be {
        return;
    }
    for lexeme in lexemes.iter_mut().skip(at + 1).take(2) {
        if matches!(lexeme.lex, Lex::Part(_) | Lex::OfDay | Lex::Unit(_) | Lex::Weekend | Lex::Lunch) {
            lexeme.lex = Lex::Other;
            return;
        }
        if matches!(lexeme.lex, Lex::Sign(_)) {
            return;
        }
    }
}

/// «к Марте»: the month is «к марту».
fn is_person(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let word = tokens[lexemes[at].first].text.as_str();
    word.ends_with('е') && at > 0 && matches!(tokens[lexemes[at - 1].first].text.as_str(), "к" | "ко")
}

/// «А123ВС77», «r16», «5w30»: letters and digits in one word.
fn is_coded(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[lexemes[at].first];
    let before = at.checked_sub(1).map(|i| &lexemes[i]).filter(|_| lexemes[at].glued);
    let after = lexemes.get(at + 1).filter(|l| l.glued);
    match token.kind {
        Kind::Number => {
            // `2026-03-16T14:00`
            let stamp = at > 1 && lexemes[at - 1].glued && matches!(lexemes[at - 2].lex, Lex::Num(_));
            before.is_some_and(|l| {
                l.lex == Lex::Other && tokens[l.first].is_word() && !(stamp && tokens[l.first].is("t"))
            })
        }
        Kind::Word => {
            let number = |l: &Lexeme| tokens[l.first].kind == Kind::Number;
            matches!(lexemes[at].lex, Lex::Weekday(_) | Lex::Month(_))
                && before.is_some_and(number)
                && after.is_some_and(number)
        }
        Kind::Sign => false,
    }
}

/// "come by": the word belongs to the verb.
fn is_of_verb(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    const VERBS: &[&str] =
        &["come", "came", "coming", "stop", "stopped", "drop", "dropped", "swing", "pop", "popped", "pass", "passing"];
    lexemes[at].lex == Lex::W(W::By) && at > 0 && VERBS.contains(&tokens[lexemes[at - 1].first].text.as_str())
}

/// «24/7», «Ленина 10/2», «минус 3.25», «1С 8.3»: pairs of numbers that are no day and no hour.
fn is_pair(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let lex = |i: usize| lexemes.get(i).map_or(Lex::Other, |l| l.lex);
    let value = |i: usize| match lex(i) {
        Lex::Num(num) if num.digits > 0 => Some(num.value),
        _ => None,
    };
    let before = at.checked_sub(1).map(|i| &tokens[lexemes[i].first]);
    let word = before.map_or("", |t| t.text.as_str());
    if spoken_one(tokens, lexemes, at) && at > 0 && lex(at - 1) == Lex::W(W::In) {
        return true;
    }
    let two_back = at.checked_sub(2).map_or("", |i| tokens[lexemes[i].first].text.as_str());
    if two_back.starts_with("витамин") && word == "в" {
        return true;
    }
    let free = |i: usize| {
        !matches!(i.checked_sub(1).map_or(Lex::Other, lex), Lex::Month(_) | Lex::W(_) | Lex::Weekday(_) | Lex::Sign(_))
    };
    if is_one_of_few(lexemes, tokens, at) && free(at)
        || (at > 1 && is_one_of_few(lexemes, tokens, at - 2) && free(at - 2))
    {
        return true;
    }
    // «часа на четыре»: how long.
    if word == "на" && matches!(two_back, "часа" | "часика") {
        return true;
    }
    match lex(at + 1) {
        Lex::W(W::From)
            if matches!(lexemes.get(at + 2).map(|l| tokens[l.first].text.as_str()), Some("плюсом" | "минусом")) =>
        {
            true
        }
        Lex::Sign('/') if value(at) == Some(24) && value(at + 2) == Some(7) => true,
        Lex::Sign('/') => {
            // «Ленина 10/2», «Лесная 8/1»
            let street = ["ина", "ова", "ева", "ого", "ая", "ской"].iter().any(|end| word.ends_with(end));
            street && lex(at - 1) == Lex::Other && value(at + 2).is_some_and(|v| v < 10)
        }
        Lex::Sign('.' | ',') => {
            let signed = matches!(word, "минус" | "плюс" | "minus" | "plus") && value(at + 2).is_some();
            let version =
                matches!(word, "с" | "1с" | "c") && at > 1 && lexemes[at - 1].glued && value(at + 2).is_some();
            signed || version
        }
        // «1С»
        Lex::W(W::From) => lexemes[at + 1].glued && value(at) == Some(1),
        _ => false,
    }
}

/// «3 в 1», «два в одном».
fn is_one_of_few(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let word = |i: usize| lexemes.get(i).map_or("", |l| tokens[l.first].text.as_str());
    let cardinal = lexemes[at].end == lexemes[at].first + 1;
    let few = matches!(word(at), "два" | "три" | "пять") || word(at).parse::<u8>().is_ok_and(|n| n <= 10);
    cardinal && few && word(at + 1) == "в" && matches!(word(at + 2), "1" | "одном")
}

/// «в одном салоне», «два в одном»: an hour is «в час».
fn spoken_one(tokens: &[Token<'_>], lexemes: &[Lexeme], at: usize) -> bool {
    matches!(tokens[lexemes[at].first].text.as_str(), "одном" | "одной" | "одних" | "одним")
}

/// "I sat", "the sun": words that abbreviate a weekday only elsewhere.
fn is_verb_or_star(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |i| tokens[lexemes[i].first].text.as_str());
    let next = lexemes.get(at + 1);
    let named = next.map_or("", |l| tokens[l.first].text.as_str());
    match tokens[lexemes[at].first].text.as_str() {
        "sun" if at == 0 && next.is_some_and(|l| l.lex == Lex::Other) => {
            !matches!(named, "works" | "is" | "would" | "please" | "suits" | "if" | "sounds")
        }
        // «рабочая среда» is no day, «следующая среда» is.
        "среда" => {
            before.ends_with("ая")
                && lexemes.get(at.wrapping_sub(1)).is_some_and(|l| l.lex == Lex::Other)
                && !matches!(before, "каждая" | "любая")
        }
        // «с днём рождения»
        "днем" => before == "с",
        // «в час пик»
        "час" => named == "пик",
        "sat" => matches!(before, "i" | "we" | "he" | "she" | "they" | "you" | "just" | "had"),
        "sun" => matches!(before, "the" | "of" | "full" | "no"),
        _ => false,
    }
}

/// "at 15 High Street", "12 Park Road": a number before the name of a street.
fn is_before_street(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    const ROADS: &[&str] =
        &["street", "st", "avenue", "ave", "road", "rd", "lane", "drive", "square", "boulevard", "blvd"];
    let names = lexemes[at + 1..].iter().take(3).take_while(|l| l.lex == Lex::Other);
    let ordinal = matches!(lexemes[at].lex, Lex::Num(num) if num.class == Class::Day);
    names.skip(usize::from(!ordinal)).any(|l| ROADS.contains(&tokens[l.first].text.as_str()))
}

/// «с 3 до 6 лет», «10-летний»: ages and the like.
fn is_aged(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let lex = |ahead: usize| lexemes.get(at + ahead).map_or(Lex::Other, |l| l.lex);
    let glued = |ahead: usize| lexemes.get(at + ahead).is_some_and(|l| l.glued);
    let range = matches!(lex(1), Lex::W(W::Until | W::Through | W::Or) | Lex::Sign('-'))
        && matches!(lex(2), Lex::Num(_))
        && lex(3) == Lex::Unit(Unit::Year);
    let word = lexemes.get(at + 2).map_or("", |l| tokens[l.first].text.as_str());
    let adjective =
        lex(1) == Lex::Sign('-') && glued(1) && glued(2) && lex(2) == Lex::Other && word.chars().count() > 4;
    let counted = matches!(lex(1), Lex::W(W::Until | W::Through) | Lex::Sign('-'))
        && matches!(lex(2), Lex::Num(_))
        && matches!(lex(3), Lex::Other)
        && is_counted(lexemes, tokens, at + 2);
    range || adjective || counted
}

/// «ул. 8 Марта».
fn is_street_of_a_date(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let dated =
        matches!(lexemes[at].lex, Lex::Num(_)) && matches!(lexemes.get(at + 1).map(|l| l.lex), Some(Lex::Month(_)));
    let before = lexemes[..at].iter().rev().find(|l| l.lex != Lex::Sign('.'));
    dated && before.is_some_and(|l| l.lex == Lex::Other && is_street(&tokens[l.first].text))
}

fn is_counted(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let Some(next) = lexemes.get(at + 1) else { return false };
    if at > 1 && lexemes[at - 1].lex == Lex::Sign(':') && matches!(lexemes[at - 2].lex, Lex::Num(_)) {
        // `4:20`: what follows is not counted by the minutes.
        return false;
    }
    match next.lex {
        Lex::Sign('%' | '₽' | '$' | '€' | '£' | '°') => true,
        Lex::Sign('+') => next.glued,
        Lex::Unit(Unit::Year) => {
            let after_month = at > 0 && matches!(lexemes[at - 1].lex, Lex::Month(_) | Lex::Sign('.'));
            !after_month && !is_counted_from_now(lexemes, at)
        }
        Lex::Other => {
            let word = tokens[next.first].text.as_str();
            if word == "р" || word == "г" && lexemes[at].lex != Lex::Other {
                return word == "р";
            }
            let short = matches!(word, "евро" | "кило" | "фото" | "тыщи");
            // «в семь тридцать занятие»: from five on what is counted stands in the genitive plural.
            let many = matches!(lexemes[at].lex, Lex::Num(num) if num.value >= 5 && num.value % 10 != 1);
            let named =
                many && !short && word.ends_with(['а', 'я', 'о', 'е', 'у', 'ю', 'и', 'ы']) && !word.ends_with("ми");
            // «в 12 кабинете», «на 3 этаже».
            let place = word.ends_with('е') && (starts(word, &NUMBERED) || starts(word, &COUNTED)) && word != "занятие";
            let counted = starts(word, &COUNTED) && !word.starts_with("раздел") && (!named || word.is_ascii());
            counted || (place && ["ние", "тие"].iter().all(|end| !word.ends_with(end)))
        }
        _ => false,
    }
}

fn is_counted_from_now(lexemes: &[Lexeme], at: usize) -> bool {
    let before = at.checked_sub(1).map(|i| lexemes[i].lex);
    matches!(before, Some(Lex::W(W::Later | W::Inside)))
        || matches!(lexemes.get(at + 2).map(|l| l.lex), Some(Lex::W(W::Ago)))
}

fn is_numbered(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let mut before = lexemes[..at].iter().rev().filter(|l| !matches!(l.lex, Lex::Sign('.' | ':' | '#' | '№')));
    let signs = lexemes[..at].iter().rev().take_while(|l| matches!(l.lex, Lex::Sign('.' | ':' | '#' | '№')));
    if signs.clone().any(|l| matches!(l.lex, Lex::Sign('#' | '№')))
        || matches!(at.checked_sub(1).map(|i| lexemes[i].lex), Some(Lex::Sign('$' | '€' | '£' | '₽')))
    {
        return true;
    }
    if is_dated(lexemes, at) {
        return false;
    }
    let Some(previous) = before.next() else { return false };
    if matches!(previous.lex, Lex::Other) {
        let word = tokens[previous.first].text.as_str();
        if starts(word, &NUMBERED) || word == "д" {
            return true;
        }
        let last = !matches!(
            lexemes.get(at + 1).map(|l| l.lex),
            Some(Lex::Sign(':' | '.' | '-') | Lex::Unit(_) | Lex::Part(_) | Lex::OfDay)
        );
        if PERSONS.contains(&word) && last {
            return true;
        }
    }
    // «ул. Лесная, 5».
    lexemes[..at].iter().rev().take(4).any(|l| l.lex == Lex::Other && is_street(&tokens[l.first].text))
}

/// Whether what follows says that the number is a day or an hour.
fn is_dated(lexemes: &[Lexeme], at: usize) -> bool {
    let class_is_day = matches!(lexemes[at].lex, Lex::Num(num) if num.class == Class::Day);
    class_is_day || matches!(lexemes.get(at + 1).map(|l| l.lex), Some(Lex::Month(_) | Lex::Sign(':')))
}

/// «через 1,5 часа».
fn is_decimal_length(lexemes: &[Lexeme], at: usize) -> bool {
    at > 0 && matches!(lexemes[at - 1].lex, Lex::W(W::Later | W::Inside))
        || at > 2 && matches!(lexemes[at - 3].lex, Lex::W(W::Later | W::Inside))
}

/// «2,5» and «1 500».
fn is_decimal(lexemes: &[Lexeme], tokens: &[Token<'_>], at: usize) -> bool {
    let lex = |i: usize| lexemes.get(i).map(|l| l.lex);
    let glued = |i: usize| lexemes.get(i).is_some_and(|l| l.glued);
    let comma_after = lex(at + 1) == Some(Lex::Sign(','))
        && glued(at + 1)
        && glued(at + 2)
        && matches!(lex(at + 2), Some(Lex::Num(_)));
    let digits = |i: usize| match lex(i) {
        Some(Lex::Num(num)) => num.digits,
        _ => 0,
    };
    let thousands = digits(at) > 0 && digits(at + 1) == 3;
    let tail = at > 0 && digits(at) == 3 && tokens[lexemes[at - 1].first].kind == Kind::Number;
    (comma_after || thousands || tail) && !is_decimal_length(lexemes, at)
}
