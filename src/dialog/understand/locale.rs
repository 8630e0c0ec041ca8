//! The language of a message.

use crate::domain::contact::Locale;

/// Words of an English sentence that no Russian message holds as a name or a brand.
const ENGLISH: &[&str] = &[
    "hello",
    "hi",
    "hey",
    "morning",
    "afternoon",
    "evening",
    "please",
    "thanks",
    "thank",
    "sorry",
    "yes",
    "yeah",
    "no",
    "i",
    "im",
    "id",
    "we",
    "you",
    "my",
    "me",
    "your",
    "it",
    "the",
    "a",
    "an",
    "is",
    "are",
    "do",
    "does",
    "can",
    "could",
    "would",
    "what",
    "when",
    "where",
    "how",
    "who",
    "which",
    "for",
    "at",
    "on",
    "to",
    "of",
    "and",
    "with",
    "want",
    "need",
    "have",
    "there",
    "today",
    "tomorrow",
    "much",
    "any",
    "not",
];
/// Latin words that are at home in Russian messages too.
const EVERYWHERE: &[&str] = &["ok", "okay", "wi", "fi", "wifi", "sms", "vip", "spa", "id", "no", "a"];
/// So many Latin words in a row are a sentence.
const SENTENCE: usize = 3;

/// Russian unless the Latin letters prevail; a text without letters is Russian.
pub(super) fn of(text: &str) -> Locale {
    let (mut latin, mut cyrillic) = (0usize, 0usize);
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => latin += 1,
            '\u{400}'..='\u{4ff}' => cyrillic += 1,
            _ => {}
        }
    }
    // A Russian sentence may name a brand; an English one seldom has a Russian word.
    if latin > cyrillic * 2 { Locale::En } else { Locale::Ru }
}

/// The language that a message shows, beside the one that was spoken until now: a brand, a command, a piece of
/// markup or a lone Latin word among Russian ones shows none.
pub(super) fn shown(text: &str, known: Option<Locale>) -> Option<Locale> {
    let words: Vec<String> = text.split_whitespace().filter_map(word).collect();
    let is_english = words.iter().any(|word| ENGLISH.contains(&word.as_str()));
    let cyrillic = text.chars().filter(|c| matches!(c, '\u{400}'..='\u{4ff}')).count();
    // «Хочу Schwarzkopf» has more Latin letters than others.
    if of(text) == Locale::Ru || cyrillic > 1 && !is_english {
        return (cyrillic > 1).then_some(Locale::Ru);
    }
    let is_sentence = words.len() >= SENTENCE || is_english;
    let is_shown = match known {
        Some(Locale::Ru) => is_sentence,
        // Of somebody who has said nothing yet a word is all there is.
        _ => !words.is_empty(),
    };
    is_shown.then_some(Locale::En)
}

/// A token as a word in lower case; nothing for a command, a tag, an address or a name of an account.
fn word(token: &str) -> Option<String> {
    let bare = token.trim_matches(|c: char| matches!(c, '.' | ',' | '!' | '?' | ':' | ';' | '(' | ')' | '"' | '\''));
    let is_word = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '\'' | '’' | '-'));
    let word: String = bare.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    (is_word && !EVERYWHERE.contains(&word.as_str())).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_latin_word_changes_no_language() {
        let russian = Some(Locale::Ru);
        for text in [
            "ok",
            "OK!",
            "/price",
            "/settings now",
            "<b>bold</b>",
            "Schwarzkopf",
            "@anna",
            "https://a.example",
            "gel polish",
        ] {
            assert_ne!(shown(text, russian), Some(Locale::En), "{text}");
        }
        for text in ["Hello", "how much?", "gel polish removal", "I need a haircut", "thanks"] {
            assert_eq!(shown(text, russian), Some(Locale::En), "{text}");
        }
    }

    #[test]
    fn the_first_words_show_the_language_and_cyrillic_always_does() {
        for text in ["haircut", "Hi", "price list"] {
            assert_eq!(shown(text, None), Some(Locale::En), "{text}");
        }
        for text in ["ok", "/start", "12:30", "👍", "<i>"] {
            assert_eq!(shown(text, None), None, "{text}");
        }
        assert_eq!(shown("да", Some(Locale::En)), Some(Locale::Ru));
        assert_eq!(shown("Хочу Schwarzkopf", None), Some(Locale::Ru));
        assert_eq!(shown("no", Some(Locale::En)), None, "it stays as it is");
    }
}
