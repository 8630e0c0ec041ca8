//! Recording: what goes over the wire, line by line into a cassette, without secrets, phones and addresses.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::cassette::Take;
use super::{Answer, Body, Broken, Call, Transport, url};

/// A shorter secret would mask words that are none.
const SECRET_CHARS: usize = 4;

/// A way that is recorded.
pub struct Recorded {
    inner: Arc<dyn Transport>,
    secrets: Vec<String>,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Recorded {
    /// Records that way into `out`; these words never stand in it.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, mut secrets: Vec<String>, out: Box<dyn Write + Send>) -> Self {
        // What a secret is made of: an address that is one, by its parts.
        let parts: Vec<String> =
            secrets.iter().flat_map(|secret| secret.split(['/', '?', '&', '=']).map(str::to_owned)).collect();
        secrets.extend(parts.into_iter().filter(|part| part.len() >= 8));
        secrets.retain(|secret| secret.len() >= SECRET_CHARS);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { inner, secrets, out: Mutex::new(out) }
    }

    fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "***").replace(&url::encode(secret), "***");
        }
        impersonal(&text)
    }
}

/// A text of the wire without tokens that were got on the way, phones and addresses; the same text is always the same.
pub(super) fn impersonal(text: &str) -> String {
    phones_and_addresses(&tokens(text))
}

/// What stands under a name that speaks of a secret, in JSON and in a form: a token that was renewed on the way is none
/// of those that the configuration has.
fn tokens(text: &str) -> String {
    let is_secret = |name: &str| {
        let name = name.rsplit(['[', '.']).next().unwrap_or(name).trim_end_matches(']').to_ascii_lowercase();
        matches!(name.as_str(), "auth" | "auth_id" | "refresh_id" | "authorization" | "sign" | "signature" | "hash")
            || ["token", "secret", "password", "passwd", "api_key", "apikey", "_hash"]
                .iter()
                .any(|it| name.contains(it))
    };
    let mut out = String::with_capacity(text.len());
    let mut name = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (head, tail) = rest.split_at(letter.len_utf8());
        let value = match letter {
            '"' => tail.trim_start().strip_prefix(':').map(str::trim_start).and_then(|value| value.strip_prefix('"')),
            '=' => Some(tail),
            _ => None,
        };
        out.push_str(head);
        match value.filter(|_| is_secret(&name)) {
            Some(value) => {
                let ends: &[char] = if letter == '"' { &['"'] } else { &['&', '"', ' ', '\n'] };
                out.push_str(&tail[..tail.len() - value.len()]);
                let length = value.find(ends).unwrap_or(value.len());
                out.push_str(if length > 0 { "***" } else { "" });
                rest = &value[length..];
                name.clear();
            }
            None => {
                rest = tail;
                if letter.is_alphanumeric() || matches!(letter, '_' | '[' | ']' | '.' | '-') {
                    name.push(letter);
                } else if letter != '"' || value.is_none() {
                    name.clear();
                }
            }
        }
    }
    out
}

#[async_trait]
impl Transport for Recorded {
    async fn send(&self, call: &Call) -> Result<Answer, Broken> {
        let answer = self.inner.send(call).await?;
        let body = match &call.body {
            None => String::new(),
            Some(Body::Json(value)) => value.to_string(),
            Some(Body::Form(pairs)) => url::form(pairs),
            Some(Body::Bytes(_, bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        };
        let path = url::split(&call.url).map_or("", |(.., path)| path);
        let take = Take {
            method: call.method.as_str().to_owned(),
            path: self.masked(path),
            body: self.masked(&body),
            status: answer.status,
            content_type: answer.header("content-type").unwrap_or_default().to_owned(),
            answer: self.masked(&String::from_utf8_lossy(&answer.body)),
        };
        let line = serde_json::to_string(&take).map_err(|error| Broken::Lost(error.to_string()))?;
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::error!(%error, "the cassette cannot be written");
        }
        Ok(answer)
    }
}

/// Digits of phones become others, the same for the same phone, so that a cassette still finds a client by theirs;
/// e-mail addresses become one that nobody has.
fn phones_and_addresses(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        if let Some(end) = phone(&letters, at) {
            let run: String = letters[at..end].iter().collect();
            out.push_str(&other(&run));
            at = end;
        } else {
            out.push(letters[at]);
            at += 1;
        }
    }
    addresses(&out)
}

/// Where a phone ends that begins here: ten to fifteen digits, with what people write between them.
fn phone(letters: &[char], at: usize) -> Option<usize> {
    let is_inside = |c: &char| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '.');
    let before = at.checked_sub(1).and_then(|before| letters.get(before));
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return None;
    }
    let first = letters.get(at)?;
    if !(first.is_ascii_digit() || *first == '+') {
        return None;
    }
    let start = if *first == '+' { at + 1 } else { at };
    let mut end = start + letters[start..].iter().take_while(|c| is_inside(c)).count();
    // Behind a whole number another may follow, or a date.
    let mut seen = 0;
    for (place, letter) in letters.iter().enumerate().take(end).skip(start) {
        match letter.is_ascii_digit() {
            true => seen += 1,
            false if seen >= 11 || (seen == 10 && letters.get(start) == Some(&'9')) => {
                end = place;
                break;
            }
            false => {}
        }
    }
    while end > start && !letters[end - 1].is_ascii_digit() {
        end -= 1;
    }
    let digits = letters[start..end].iter().filter(|c| c.is_ascii_digit()).count();
    // A date, a moment or an id is no phone: those begin with a country's code, the trunk's 8 or a 9.
    let is_national = matches!(letters.get(start), Some('7' | '8' | '9' | '3'));
    let after = letters.get(end);
    let is_word = after.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    ((10..=15).contains(&digits) && (*first == '+' || is_national) && !is_word).then_some(end)
}

/// The same form with other digits after the first four.
fn other(run: &str) -> String {
    let digits: u64 =
        run.chars().filter_map(|c| c.to_digit(10)).fold(7, |sum, digit| (sum * 31 + u64::from(digit)) % 1_000_003);
    let (mut seen, mut rest) = (0, digits);
    run.chars()
        .map(|c| match c.to_digit(10) {
            Some(_) => {
                seen += 1;
                let digit = u32::try_from(rest % 10).unwrap_or(0);
                rest = rest / 10 + (rest % 7) * 100_000;
                if seen <= 4 { c } else { char::from_digit(digit, 10).unwrap_or('0') }
            }
            None => c,
        })
        .collect()
}

fn addresses(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '@');
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(std::iter::once('\n')) {
        if is_part(letter) {
            word.push(letter);
            continue;
        }
        let is_address = word.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
        out.push_str(if is_address { "person@example.com" } else { &word });
        word.clear();
        out.push(letter);
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_came_on_the_way_is_masked_under_its_name() {
        let text = r#"{"access_token": "a1b2","expires_in":3600,"auth":{"refresh_token":"x\u0021"},"author":"Anna"}"#;
        assert_eq!(
            tokens(text),
            r#"{"access_token": "***","expires_in":3600,"auth":{"refresh_token":"***"},"author":"Anna"}"#
        );
        assert_eq!(tokens("a=1&auth[access_token]=abc&auth=def&b=2"), "a=1&auth[access_token]=***&auth=***&b=2");
        assert_eq!(tokens("/rest/crm.item.list.json?auth=abc"), "/rest/crm.item.list.json?auth=***");
        assert_eq!(
            tokens(r#"{"token":"","tokens":[1],"cmd":{"a":"crm.item.get?id=7"}}"#),
            r#"{"token":"","tokens":[1],"cmd":{"a":"crm.item.get?id=7"}}"#
        );
        assert_eq!(tokens("обычный \"текст\": \"да\""), "обычный \"текст\": \"да\"");
    }

    #[test]
    fn phones_and_addresses_become_others_and_stay_the_same_everywhere() {
        let masked = phones_and_addresses(
            r#"{"phone":"+7 (916) 123-45-67","mail":"anna@mail.ru","id":42,"at":"2026-03-11T15:00:00"}"#,
        );
        assert!(!masked.contains("123-45-67") && !masked.contains("anna"), "{masked}");
        assert!(masked.contains(r#""id":42,"at":"2026-03-11T15:00:00""#), "{masked}");
        let text = "тел 8.916.123.45.67 или 79161234568 79167654321 или +7 916 123-45-69 2026-11-29 2";
        let masked = phones_and_addresses(text);
        for told in ["8.916.123", "79161234568", "79167654321", "916 123-45-69"] {
            assert!(!masked.contains(told), "{told}: {masked}");
        }
        assert!(masked.contains("2026-11-29"), "{masked}");
        assert_eq!(phones_and_addresses("79161234567"), phones_and_addresses("79161234567"));
        assert_ne!(phones_and_addresses("79161234567"), "79161234567");
    }
}
