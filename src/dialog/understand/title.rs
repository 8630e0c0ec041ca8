//! Job titles: «к хирургу», "the stylist".

use super::token::Token;

/// Words of titles that nearly everybody carries.
const GENERAL: &[&str] = &[
    "мастер",
    "врач",
    "доктор",
    "специалист",
    "сотрудник",
    "администратор",
    "менеджер",
    "старший",
    "старшая",
    "главный",
    "ведущий",
    "помощник",
    "master",
    "doctor",
    "specialist",
    "senior",
    "junior",
    "chief",
    "lead",
    "head",
    "assistant",
    "manager",
];

/// Whether a folded word of a title says nothing of what its bearer does.
pub(super) fn is_general(word: &str) -> bool {
    GENERAL.contains(&word)
}

/// Whether the token stands where a person is gone to: «к стилисту», "with a stylist".
pub(super) fn is_visited(tokens: &[Token<'_>], at: usize) -> bool {
    let word = |back: usize| at.checked_sub(back).map_or("", |i| tokens[i].text.as_str());
    let to = |word: &str| matches!(word, "к" | "ко" | "у" | "with" | "to" | "see");
    to(word(1)) || (matches!(word(1), "the" | "a" | "an" | "your" | "вашему" | "вашей" | "вашего" | "-") && to(word(2)))
}
