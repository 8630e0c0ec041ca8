//! Word lists of the lexicon, and what they tell of a word.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The words of a list file; lines that begin with `#` are remarks.
pub(super) fn listed(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

/// The words of a list file as a set.
pub(super) fn words_of(text: &'static str) -> HashSet<&'static str> {
    listed(text).collect()
}

static SERVICES: LazyLock<HashMap<char, Vec<&'static str>>> = LazyLock::new(|| {
    let mut stems: HashMap<char, Vec<&'static str>> = HashMap::new();
    for stem in listed(include_str!("lexicon/services.txt")) {
        if let Some(first) = stem.chars().next() {
            stems.entry(first).or_default().push(stem);
        }
    }
    stems
});

/// Whether a folded word names something that small businesses do.
pub(super) fn is_service_word(word: &str) -> bool {
    let Some(stems) = word.chars().next().and_then(|first| SERVICES.get(&first)) else { return false };
    stems
        .iter()
        .any(|stem| word.strip_prefix(stem).is_some_and(|rest| stem.chars().count() > 3 || rest.chars().count() <= 2))
}

static PROFESSIONS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| listed(include_str!("lexicon/professions.txt")).collect());

/// Whether a folded word names a person that one goes to for work done.
pub(super) fn is_profession(word: &str) -> bool {
    PROFESSIONS.iter().any(|stem| word.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= 3))
}
