//! Words that are what they are: none of them is a misspelt word of a date, a service or a name.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dates::is_date_word;
use super::lexicon::words_of;

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| words_of(include_str!("lexicon/known.txt")));

/// Whether the folded word is a word of its own.
pub(super) fn is_known(word: &str) -> bool {
    WORDS.contains(word) || is_date_word(word) || super::given::is_given_name(word)
}
