//! Words that are what they are: none of them is a misspelt word of a date, a service or a name.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dates::is_date_word;
use super::lexicon::words_of;
use crate::domain::text::stem;

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| words_of(include_str!("lexicon/known.txt")));

/// The stems of the longer Russian words among them: their other forms are words of their own too.
static STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let long = WORDS.iter().filter(|word| !word.is_ascii() && word.chars().count() >= 4);
    long.map(|word| stem(word)).filter(|stem| stem.chars().count() >= 4).collect()
});

/// Whether the folded word is a word of its own.
pub(super) fn is_known(word: &str) -> bool {
    WORDS.contains(word) || is_date_word(word) || super::given::is_given_name(word)
}

/// Whether the folded word is a word of its own in some form: «брата» is no «брить».
pub(super) fn is_known_form(word: &str) -> bool {
    is_known(word) || (!word.is_ascii() && STEMS.contains(&stem(word)))
}
