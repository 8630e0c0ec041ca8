//! The one analyser: how text is folded and stemmed, for the index and for questions alike, so that
//! both stores find the same entries.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

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

/// A text in parts of at most so many UTF-16 units, cut where a paragraph, a line, a sentence or a word ends;
/// never inside what a reader sees as one letter, unless that alone is longer.
#[must_use]
pub fn parts(text: &str, units: usize) -> Vec<&str> {
    let mut rest = text.trim();
    let mut parts = Vec::new();
    while let Some(end) = fitting(rest, units) {
        let head = &rest[..end];
        // A cut in the first half would make many small parts.
        let cut = ["\n\n", "\n", ". ", "! ", "? ", "… ", " "]
            .iter()
            .find_map(|mark| head.rfind(mark).map(|at| at + mark.len()).filter(|at| *at > end / 2))
            .unwrap_or(end);
        parts.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Where the longest beginning that fits ends; nothing when the whole does.
fn fitting(text: &str, units: usize) -> Option<usize> {
    // No UTF-8 text has more units than bytes.
    if text.len() <= units {
        return None;
    }
    let mut used = 0;
    for (at, letter) in text.grapheme_indices(true) {
        let next = used + letter.encode_utf16().count();
        if next > units {
            return Some(if at > 0 { at } else { first_units(letter, units) });
        }
        used = next;
    }
    None
}

/// A heap of marks on one letter may be longer than a whole part.
fn first_units(letter: &str, units: usize) -> usize {
    let mut used = 0;
    let end = letter.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > units
    });
    end.map_or(letter.len(), |(at, c)| at.max(c.len_utf8()))
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

    #[test]
    fn a_long_text_is_cut_between_words_and_nothing_is_lost() {
        let text = "слово и ещё слово. ".repeat(1000);
        let cut = parts(&text, 4000);
        assert!(cut.len() > 1 && cut.iter().all(|part| part.encode_utf16().count() <= 4000));
        assert!(cut.iter().all(|part| part.ends_with('.')), "a sentence is not cut where it need not be");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&cut.join(" ")), words(&text));
        assert_eq!(parts(&"я".repeat(9000), 4000).len(), 3);
        assert_eq!(parts("  коротко ", 4000), ["коротко"]);
    }

    #[test]
    fn no_letter_is_cut_in_two() {
        // A family is one letter of eleven units.
        let family = "👨‍👩‍👧‍👦";
        for part in parts(&family.repeat(1000), 4000) {
            assert_eq!(part.len() % family.len(), 0);
            assert!(part.encode_utf16().count() <= 4000);
        }
        let marked = format!("a{}", "\u{301}".repeat(9000));
        assert_eq!(parts(&marked, 4000).concat(), marked);
    }
}
