//! How words and values stand in an address and in JSON: one place that quotes, so that no client's text is ever read
//! as a part of a query.

use jiff::civil::DateTime;
use serde_json::{Map, Value};

use crate::adapters::http::{read, url};

/// A reference to nothing.
pub(super) const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A guid as it is written, in lower case; `guid:` before it is the map's way to say that it is one.
pub(super) fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("guid:").unwrap_or(text).trim();
    let is_one = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_one.then(|| text.to_ascii_lowercase())
}

/// `guid'…'`; what is none stands for nobody.
pub(super) fn guid_literal(id: &str) -> String {
    format!("guid'{}'", guid(id).unwrap_or_else(|| NOBODY.to_owned()))
}

/// `'…'` with its quotes doubled.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A local time as 1C writes it: without a zone.
pub(super) fn moment(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `datetime'…'`.
pub(super) fn moment_literal(at: DateTime) -> String {
    format!("datetime'{}'", moment(at))
}

/// A local time. The first of January of the year 1 is no time; a zone that somebody adds is not meant.
pub(super) fn read_moment(value: &Value) -> Option<DateTime> {
    let text = value.as_str()?.trim();
    let text = text.get(..19).unwrap_or(text);
    let at: DateTime = text.parse().ok()?;
    (at.year() > 1).then_some(at)
}

/// Minutes: a number, or a time of the first day of the calendar.
pub(super) fn read_minutes(value: &Value) -> Option<i64> {
    if let Some(minutes) = read::int(value) {
        return Some(minutes).filter(|minutes| (1..=24 * 60).contains(minutes));
    }
    if let Some(minutes) = value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
        return (1.0..=1440.0).contains(&minutes).then(|| minutes.round() as i64);
    }
    let at: DateTime = value.as_str()?.trim().get(..19)?.parse().ok()?;
    let minutes = i64::from(at.hour()) * 60 + i64::from(at.minute());
    (at.year() == 1 && minutes > 0).then_some(minutes)
}

/// What is referred to; the empty reference is nothing.
pub(super) fn read_reference(value: &Value) -> Option<String> {
    value.as_str().and_then(guid).filter(|id| id != NOBODY)
}

/// A value of the map as it is sent.
pub(super) fn sent(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("guid:") => guid(text).map_or(Value::Null, Value::String),
        other => other.clone(),
    }
}

/// Whether a field holds a value of the map.
pub(super) fn is_value(held: &Value, value: &Value) -> bool {
    let value = sent(value);
    match (held, &value) {
        (Value::String(held), Value::String(value)) => held.trim().to_lowercase() == value.trim().to_lowercase(),
        (held, value) => held == value || (read::text(held).is_some() && read::text(held) == read::text(value)),
    }
}

/// Sets a reference; one that may be of several types says which.
pub(super) fn refer(body: &mut Map<String, Value>, field: &str, set: &str, id: &str) {
    body.insert(field.to_owned(), Value::String(id.to_owned()));
    if !field.ends_with("_Key") {
        body.insert(format!("{field}_Type"), Value::String(format!("StandardODATA.{set}")));
    }
}

/// A condition on a reference.
pub(super) fn refers(field: &str, set: &str, id: &str) -> String {
    match field.ends_with("_Key") {
        true => format!("{field} eq {}", guid_literal(id)),
        false => format!("{field} eq cast({},{})", guid_literal(id), quoted(set)),
    }
}

/// Conditions of which one must hold.
pub(super) fn any(conditions: &[String]) -> String {
    match conditions {
        [one] => one.clone(),
        several => format!("({})", several.join(" or ")),
    }
}

/// Conditions that must all hold; what is empty says nothing.
pub(super) fn all(conditions: &[&str]) -> String {
    let said: Vec<&str> = conditions.iter().copied().filter(|said| !said.trim().is_empty()).collect();
    let bracketed = |said: &&str| match said.contains(" or ") && !said.starts_with('(') {
        true => format!("({said})"),
        false => (*said).to_owned(),
    };
    said.iter().map(bracketed).collect::<Vec<_>>().join(" and ")
}

/// A path with its letters encoded and what OData gives a meaning left as it is.
pub(super) fn path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '\'' | '=' | ',' | '/' | ':' => out.push(letter),
            other => out.push_str(&url::encode(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// An address with options; the dollar stays as it is, a space is `%20`, what is empty stays out.
pub(super) fn with_options(address: &str, options: &[(&str, &str)]) -> String {
    let mut address = address.to_owned();
    for (name, value) in options.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&url::encode(value).replace("%2C", ","));
    }
    address
}

/// RFC 4648 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The set as the settings of the REST service show it: `Справочник.Контрагенты`.
pub(super) fn shown(set: &str) -> String {
    let (kind, name) = set.split_once('_').unwrap_or(("", set));
    let kind = match kind {
        "Catalog" => "Справочник",
        "Document" => "Документ",
        "InformationRegister" => "РегистрСведений",
        "AccumulationRegister" => "РегистрНакопления",
        "Task" => "Задача",
        "BusinessProcess" => "БизнесПроцесс",
        "ChartOfCharacteristicTypes" => "ПланВидовХарактеристик",
        _ => return set.to_owned(),
    };
    format!("{kind}.{name}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_quoted_stays_a_value() {
        assert_eq!(quoted("O'Neill' or 1 eq 1"), "'O''Neill'' or 1 eq 1'");
        let id = "AB4F0E5A-0000-11EE-8C0B-0050569A0001";
        assert_eq!(guid_literal(&format!("guid:{id}")), format!("guid'{}'", id.to_lowercase()));
        assert_eq!(guid_literal("x' or 'a' eq 'a"), format!("guid'{NOBODY}'"));
        assert_eq!(
            with_options("https://h/b", &[("$filter", "Имя eq 'а+б'"), ("$top", ""), ("$select", "A,B")]),
            "https://h/b?$filter=%D0%98%D0%BC%D1%8F%20eq%20%27%D0%B0%2B%D0%B1%27&$select=A,B"
        );
        assert_eq!(path("Catalog_Я(guid'1')"), "Catalog_%D0%AF(guid'1')");
        assert_eq!(all(&["a eq 1", "", "b eq 1 or c eq 1"]), "a eq 1 and (b eq 1 or c eq 1)");
    }

    #[test]
    fn times_have_no_zone_and_the_first_year_is_none() {
        let at = read_moment(&json!("2026-09-04T09:00:00Z")).unwrap();
        assert_eq!(moment_literal(at), "datetime'2026-09-04T09:00:00'");
        assert_eq!(read_moment(&json!("0001-01-01T00:00:00")), None);
        assert_eq!(read_moment(&json!("не дата совсем, а текст")), None);
        assert_eq!(read_minutes(&json!("0001-01-01T01:30:00")), Some(90));
        assert_eq!(
            (read_minutes(&json!("45")), read_minutes(&json!(0)), read_minutes(&json!(null))),
            (Some(45), None, None)
        );
    }

    #[test]
    fn credentials_are_utf8_in_base64() {
        for (text, encoded) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("бот:", "0LHQvtGCOg==")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_reference_of_several_types_says_which() {
        let mut body = Map::new();
        refer(&mut body, "Объект", "Catalog_Партнеры", NOBODY);
        assert_eq!(body["Объект_Type"], "StandardODATA.Catalog_Партнеры");
        assert!(refers("Объект", "Catalog_Партнеры", NOBODY).contains("cast(guid'"));
        assert!(is_value(&json!("запланирована"), &json!("Запланирована")) && is_value(&json!(1), &json!("1")));
    }
}
