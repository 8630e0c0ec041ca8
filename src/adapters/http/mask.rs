//! What of a far side's answer may be shown: short, without phones, addresses and anything like a secret.

/// So much of an answer is shown.
const SHOWN: usize = 200;
/// As many digits may be a phone.
const DIGITS: usize = 7;
/// A word as long as this, of letters and digits, may be a secret.
const LONG_WORD: usize = 20;

/// The beginning of an answer in one line, as it may be shown.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = masked(&unnamed(&line)).chars().take(SHOWN).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

/// JSON without what stands under a key that speaks of somebody.
fn unnamed(text: &str) -> String {
    const OF_SOMEBODY: &[&str] =
        &["name", "fio", "surname", "patronymic", "phone", "mail", "address", "description", "client", "наименование"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // A key in quotes, a colon, a value in quotes.
    while let Some(colon) = rest.find("\":") {
        let (before, after) = rest.split_at(colon);
        out.push_str(before);
        let key = before.rsplit('"').next().unwrap_or_default().to_lowercase();
        let value = after[2..].trim_start();
        out.push_str(&after[..after.len() - value.len()]);
        let quoted = value.strip_prefix('"');
        match quoted.filter(|_| OF_SOMEBODY.iter().any(|word| key.contains(word))) {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                out.push_str("\"***");
                rest = &quoted[end..];
            }
            None => rest = value,
        }
    }
    out.push_str(rest);
    out
}

/// A text without phones, e-mail addresses and long words.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        out.push_str(&word(run));
        run.clear();
    };
    for letter in text.chars() {
        let is_part = letter.is_alphanumeric() || matches!(letter, '+' | '-' | '_' | '@' | '.' | '(' | ')');
        if is_part {
            if run.ends_with(' ') && !is_of_phone(letter) {
                flush(&mut run, &mut out);
            }
            run.push(letter);
        } else if letter == ' ' && run.chars().any(|c| c.is_ascii_digit()) && run.chars().all(is_of_phone) {
            // A phone may be written with spaces.
            run.push(letter);
        } else {
            flush(&mut run, &mut out);
            out.push(letter);
        }
    }
    flush(&mut run, &mut out);
    out
}

fn is_of_phone(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '+' | '-' | '(' | ')' | ' ')
}

fn word(run: &str) -> String {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    let trimmed = run.trim_end();
    let is_address = trimmed.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    let is_uuid = trimmed.len() == 36 && trimmed.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let is_date = !trimmed.contains(' ')
        && trimmed.len() >= 10
        && trimmed.as_bytes().get(4) == Some(&b'-')
        && trimmed.starts_with("20");
    let is_long = trimmed.chars().count() >= LONG_WORD
        && digits > 0
        && trimmed.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_uuid || is_date {
        return run.to_owned();
    }
    if is_address || is_long || digits >= DIGITS {
        let spaces = &run[trimmed.len()..];
        return format!("***{spaces}");
    }
    run.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_addresses_and_long_words_are_not_shown() {
        let text = r#"{"phone":"+7 (916) 123-45-67","mail":"anna@mail.ru","token":"abcdef0123456789abcdef","id":42}"#;
        let shown = masked(text);
        assert_eq!(shown, r#"{"phone":"***","mail":"***","token":"***","id":42}"#);
        assert_eq!(masked("время 2026-03-11T15:00:00 занято"), "время 2026-03-11T15:00:00 занято");
        assert!(!masked("login 2026-11-28 79161234567 x").contains("7916"), "a phone after a date");
        assert_eq!(masked("client 79161234567 blocked"), "client *** blocked");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        let shown = excerpt("<html>\n<body>\n\n  Bad   gateway".as_bytes());
        assert_eq!(shown, "<html> <body> Bad gateway");
        assert!(excerpt("слово ".repeat(500).as_bytes()).chars().count() <= SHOWN + 1);
        let list = r#"{"clients":[{"id":7,"name": "Мария Иванова","message":"нет прав"},{"first_name":"Ан"#;
        let shown = excerpt(list.as_bytes());
        assert_eq!(shown, r#"{"clients":[{"id":7,"name": "***","message":"нет прав"},{"first_name":"***…"#);
        assert_eq!(excerpt(&[0xff, 0xfe]), "\u{fffd}\u{fffd}");
    }
}
