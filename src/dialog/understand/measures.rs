//! Words that measure: they choose no service.

use std::collections::HashSet;
use std::sync::LazyLock;

struct Words {
    measures: HashSet<&'static str>,
    times: HashSet<&'static str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { measures: HashSet::new(), times: HashSet::new() };
    for line in include_str!("lexicon/measures.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('=') {
            Some(rest) => words.times.extend(rest.split_whitespace()),
            None => words.measures.extend(line.split_whitespace()),
        }
    }
    words
});

/// Whether the folded word of a title is only a measure: «Работы электрика, час».
pub(super) fn is_measure(word: &str) -> bool {
    WORDS.measures.contains(word)
}

/// Whether the folded word names a time: it tells services apart, and chooses none by itself.
pub(super) fn is_time(word: &str) -> bool {
    WORDS.times.contains(word)
}
