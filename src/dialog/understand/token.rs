//! A message as words, numbers and signs, each with its place in the text.

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, an apostrophe may stand inside.
    Word,
    /// ASCII digits.
    Number,
    /// One character of anything else.
    Sign,
}

/// A piece of the message.
#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    /// As it was written.
    pub raw: &'t str,
    /// Folded: lower case, `ё` as `е`, stretched letters shortened.
    pub text: String,
    /// What it is made of.
    pub kind: Kind,
    /// First byte in the message.
    pub start: usize,
    /// No space before it.
    pub glued: bool,
}

impl Token<'_> {
    /// First byte after the token.
    pub fn end(&self) -> usize {
        self.start + self.raw.len()
    }

    /// Whether it is a word.
    pub fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    /// Whether it is this sign or word.
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// Whether it begins with a capital letter.
    pub fn is_capitalised(&self) -> bool {
        self.raw.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Cuts a message into tokens; spaces are dropped.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::with_capacity(text.len() / 6 + 4);
    let mut chars = text.char_indices().peekable();
    let mut spaced = true;
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() || is_invisible(c) {
            spaced |= c.is_whitespace();
            continue;
        }
        let kind = kind_of(c);
        let mut end = start + c.len_utf8();
        while kind != Kind::Sign
            && let Some(&(at, next)) = chars.peek()
            && continues(kind, next, &text[at..])
        {
            end = at + next.len_utf8();
            chars.next();
        }
        let raw = &text[start..end];
        found.push(Token { raw, text: folded(raw, kind), kind, start, glued: !spaced });
        spaced = false;
    }
    found
}

fn kind_of(c: char) -> Kind {
    if c.is_ascii_digit() {
        Kind::Number
    } else if c.is_alphabetic() {
        Kind::Word
    } else {
        Kind::Sign
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe0f}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn continues(kind: Kind, c: char, rest: &str) -> bool {
    match kind {
        Kind::Number => c.is_ascii_digit(),
        Kind::Word if is_apostrophe(c) => rest.chars().nth(1).is_some_and(char::is_alphabetic),
        Kind::Word => c.is_alphabetic() || is_combining(c) || is_invisible(c),
        Kind::Sign => false,
    }
}

fn folded(raw: &str, kind: Kind) -> String {
    match kind {
        Kind::Number => raw.to_owned(),
        Kind::Sign => sign(raw),
        Kind::Word => word(raw),
    }
}

fn sign(raw: &str) -> String {
    match raw.chars().next() {
        Some('‐' | '‑' | '‒' | '–' | '—' | '−') => "-".to_owned(),
        Some('：') => ":".to_owned(),
        Some('…') => ".".to_owned(),
        _ => raw.to_owned(),
    }
}

fn word(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut cyrillic = false;
    for c in raw.chars() {
        match c {
            'ё' | 'Ё' => out.push('е'),
            // Some keyboards send «й» as «и» and a breve.
            '\u{306}' if out.ends_with('и') => {
                out.pop();
                out.push('й');
            }
            c if is_combining(c) || is_invisible(c) => {}
            c if is_apostrophe(c) => out.push('\''),
            c => out.extend(c.to_lowercase()),
        }
        cyrillic |= matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё');
    }
    if cyrillic && out.bytes().any(|b| b.is_ascii_alphabetic()) {
        out = out.chars().map(lookalike).collect();
    }
    shortened(&out).unwrap_or(out)
}

/// «cегодня» with a Latin `c` is still «сегодня».
fn lookalike(c: char) -> char {
    match c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        c => c,
    }
}

/// «дааа» is «да»: three and more of one letter are one.
fn shortened(word: &str) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    if !letters.windows(3).any(|w| w[0] == w[1] && w[1] == w[2]) {
        return None;
    }
    let mut out = String::with_capacity(word.len());
    let mut at = 0;
    while at < letters.len() {
        let run = letters[at..].iter().take_while(|c| **c == letters[at]).count();
        let kept = if run >= 3 { 1 } else { run };
        out.extend(std::iter::repeat_n(letters[at], kept));
        at += run;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn digits_and_letters_are_separate_and_know_their_spaces() {
        assert_eq!(texts("18ч, it's ЁЖ"), ["18", "ч", ",", "it's", "еж"]);
        let glued: Vec<bool> = tokens("15-го марта").into_iter().map(|t| t.glued).collect();
        assert_eq!(glued, [false, true, true, false]);
    }

    #[test]
    fn stretched_letters_lookalikes_and_split_marks_are_folded() {
        assert_eq!(texts("Дааа cегодня чаи\u{306}"), ["да", "сегодня", "чай"]);
    }
}
