//! The one analyser: how text is folded and stemmed, for the index and for questions alike, so that
//! both stores find the same entries.

use rust_stemmers::{Algorithm, Stemmer};

/// Lower case, `ё` as `е`, straight quotes, every kind of space a plain one.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ё' | 'Ё' => out.push('е'),
            '«' | '»' | '„' | '“' | '”' => out.push('"'),
            '’' | '‘' | 'ʼ' | '`' => out.push('\''),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => out.push('-'),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// The words of a folded text: runs of letters and digits.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The stem of a folded word, by the Snowball algorithm of its script.
#[must_use]
pub fn stem(word: &str) -> String {
    thread_local! {
        static RU: Stemmer = Stemmer::create(Algorithm::Russian);
        static EN: Stemmer = Stemmer::create(Algorithm::English);
    }
    if word.chars().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    if word.is_ascii() { EN.with(|s| s.stem(word).into_owned()) } else { RU.with(|s| s.stem(word).into_owned()) }
}

/// The stems of a text, in order, stop words left out.
#[must_use]
pub fn stems(text: &str) -> Vec<String> {
    words(&fold(text)).filter(|word| !is_stop_word(word)).map(stem).collect()
}

/// Sorted by code point, for the search by halves.
#[rustfmt::skip]
const STOP: &[&str] = &[
    "a", "am", "an", "and", "are", "at", "be", "but", "by", "can", "could", "did", "do", "does", "for", "from",
    "had", "has", "have", "he", "i", "if", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our", "please",
    "she", "so", "than", "that", "the", "their", "there", "they", "this", "to", "us", "was", "we", "were", "what",
    "will", "with", "would", "you", "your", "а", "без", "бы", "был", "была", "было", "в", "вам", "вас", "ваш",
    "во", "вот", "вы", "да", "для", "до", "его", "ее", "если", "есть", "еще", "же", "за", "и", "из", "или", "им",
    "их", "к", "как", "ко", "когда", "кто", "ли", "меня", "мне", "можно", "мой", "моя", "мы", "на", "над", "надо",
    "нам", "нас", "не", "но", "ну", "нужно", "о", "об", "он", "она", "они", "от", "по", "под", "подскажите",
    "пожалуйста", "при", "про", "с", "скажите", "со", "так", "там", "то", "тоже", "тут", "ты", "у", "уже", "что",
    "чтобы", "эта", "это", "этот", "я",
];

/// Words that say nothing about what a text is about.
#[must_use]
pub fn is_stop_word(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_for_their_search() {
        assert!(STOP.is_sorted());
        assert!(is_stop_word("пожалуйста") && !is_stop_word("стрижка"));
    }

    #[test]
    fn inflected_words_share_a_stem() {
        assert_eq!(stems("Стрижку, пожалуйста"), stems("стрижка"));
        assert_eq!(fold("Ёлка «Ромашка»\u{a0}—"), "елка \"ромашка\" -");
    }
}
