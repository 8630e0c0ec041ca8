//! Reading what a vendor wrote: numbers that are strings, flags that are numbers, empty lists that are objects.

use serde_json::Value;

use crate::domain::contact::{Phone, Region};

/// A text, also where a number or a flag stands for it; what is empty is nothing.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, also as a text.
#[must_use]
pub fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            // A whole number that a script wrote with a point.
            #[expect(clippy::cast_possible_truncation, reason = "whole and far inside what an i64 holds")]
            number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i64)
        }),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.strip_suffix(".0").and_then(|whole| whole.parse().ok()))
        }
        _ => None,
    }
}

/// A flag, also as a number, a text or `Y`/`N`.
#[must_use]
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "y" | "yes" | "true" => Some(true),
            "0" | "n" | "no" | "false" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// An amount of money in minor units, from a decimal number of major ones (`1500`, `"1500.50"`, `"1 500,5"`). More
/// digits than a currency has are no amount.
#[must_use]
pub fn minor(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace(',', "."),
        _ => return None,
    };
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || part.len() > 2 || !plain(whole) || !plain(part) {
        return None;
    }
    let amount = whole.parse::<i64>().ok()? * 100 + format!("{part:0<2}").parse::<i64>().ok()?;
    Some(if negative { -amount } else { amount })
}

/// A list; an object of rows by key is one too, and what is absent, null or `false` is empty.
#[must_use]
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows) => rows.values().collect(),
        _ => Vec::new(),
    }
}

/// A phone as vendors write it: digits with the country's code, with or without `+`, with spaces, or a national one.
#[must_use]
pub fn phone(value: &Value) -> Option<Phone> {
    let text = text(value)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_international = text.starts_with('+') || (digits >= 11 && !text.trim_start().starts_with('8'));
    let plus = if is_international && !text.starts_with('+') { "+" } else { "" };
    Phone::parse(&format!("{plus}{text}"), Region::default()).ok()
}

/// Whether two numbers are one, compared as vendors do: by the last ten digits.
#[must_use]
pub fn same_phone(phone: &Phone, value: &Value) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let last = |digits: &str| digits[digits.len().saturating_sub(10)..].to_owned();
    text(value).is_some_and(|text| {
        let theirs = digits(&text);
        theirs.len() >= 10 && last(&theirs) == last(&digits(phone.as_str()))
    })
}

/// The names of a person as one.
#[must_use]
pub fn full_name(parts: &[Option<String>]) -> Option<String> {
    let name = parts.iter().flatten().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    (!name.is_empty()).then(|| name.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_texts_drift_into_each_other() {
        assert_eq!(
            (int(&json!("42")), int(&json!(42.0)), int(&json!("4.0")), int(&json!("x"))),
            (Some(42), Some(42), Some(4), None)
        );
        assert_eq!((text(&json!(7)), text(&json!(" ")), text(&json!([]))), (Some("7".to_owned()), None, None));
        assert_eq!(
            (flag(&json!("0")), flag(&json!(1)), flag(&json!("Y")), flag(&json!([]))),
            (Some(false), Some(true), Some(true), None)
        );
    }

    #[test]
    fn money_is_exact_or_nothing() {
        for (value, amount) in [
            (json!(1500), Some(150_000)),
            (json!("1500.00"), Some(150_000)),
            (json!("1 500,5"), Some(150_050)),
            (json!(0.29), Some(29)),
            (json!("-3"), Some(-300)),
            (json!("12.345"), None),
            (json!("1e3"), None),
            (json!(null), None),
        ] {
            assert_eq!(minor(&value), amount, "{value}");
        }
    }

    #[test]
    fn a_phone_is_read_however_it_is_written() {
        for form in ["+7 (916) 123-45-67", "79161234567", "89161234567", "9161234567"] {
            assert_eq!(phone(&json!(form)).unwrap().as_str(), "+79161234567", "{form}");
        }
        assert_eq!(phone(&json!(79_161_234_567_i64)).unwrap().as_str(), "+79161234567");
        assert!(phone(&json!("+7***67")).is_none());
    }
}
