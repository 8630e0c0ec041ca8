//! One value as a few characters.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A member by its dotted name.
pub fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(member) = value.get(path) {
        return Some(member);
    }
    let (head, rest) = path.split_once('.')?;
    find(value.get(head)?, rest)
}

/// A value as a program reads it in one cell; nothing is lost.
pub fn exact(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as a person reads it in one line.
pub fn shown(value: &Value, is_time: bool, zone: &TimeZone) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_time => local(text, zone).unwrap_or_else(|| one_line(text)),
        Value::String(text) => one_line(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| shown(item, is_time, zone)).collect();
            items.join(", ")
        }
        Value::Object(members) => match money(value) {
            Some(money) => money,
            None if members.is_empty() => String::new(),
            None => one_line(&value.to_string()),
        },
        other => other.to_string(),
    }
}

fn local(text: &str, zone: &TimeZone) -> Option<String> {
    let at: Timestamp = text.parse().ok()?;
    Some(at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
}

/// `{"amount":250000,"currency":"RUB"}` as `2500 RUB`.
fn money(value: &Value) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let amount = members.get("amount")?.as_i64()?;
    let currency = members.get("currency")?.as_str()?;
    let (whole, minor) = (amount / 100, (amount % 100).abs());
    Some(if minor == 0 { format!("{whole} {currency}") } else { format!("{whole}.{minor:02} {currency}") })
}

/// Clients write these texts: what would move the cursor or end the row becomes a space.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect()
}

/// As [`one_line`], with its line breaks kept.
pub fn lines(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) && c != '\n' { ' ' } else { c }).collect()
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A cell that a spreadsheet would take for a formula is prefixed with an apostrophe.
pub fn without_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

/// The other way round: what `without_formula` made of a text.
pub fn with_formula(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

/// A cell between tabs.
pub fn without_tabs(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// The beginning of a text that is wider than `most` columns, with `…`.
pub fn cut(text: &str, most: usize) -> String {
    let mut taken = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        taken += columns(c);
        if taken > most {
            return format!("{}…", &text[..end]);
        }
        // Room for the ellipsis.
        if taken < most {
            end = at + c.len_utf8();
        }
    }
    text.to_owned()
}

/// How many columns of a terminal a character takes (Unicode UAX #11, in broad strokes).
fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_to_the_columns_it_has() {
        assert_eq!(cut("привет", 6), "привет");
        assert_eq!(cut("привет!", 6), "приве…");
        assert_eq!(cut("你好吗", 4), "你…");
        assert_eq!(cut("", 0), "");
    }
}
