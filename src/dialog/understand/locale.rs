//! The language of a message.

use crate::domain::contact::Locale;

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
