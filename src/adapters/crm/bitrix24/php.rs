//! The notation of nested values in queries and forms that PHP reads: `filter[contactId]=42`, `select[]=id`.

use serde_json::{Map, Value};

use crate::adapters::http::url;

/// Deeper names are cut: nobody sends them.
const DEPTH: usize = 16;

/// A value as a query, encoded once.
#[must_use]
pub fn query(value: &Value) -> String {
    let pair = |(name, value): (String, String)| {
        let name = url::encode(&name).replace("%5B", "[").replace("%5D", "]");
        format!("{name}={}", url::encode(&value))
    };
    pairs(value).into_iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A value as pairs; what is null stays out.
#[must_use]
pub fn pairs(value: &Value) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if let Value::Object(members) = value {
        for (name, value) in members {
            flatten(name.clone(), value, &mut out);
        }
    }
    out
}

fn flatten(name: String, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push((name, flag.to_string())),
        Value::Number(number) => out.push((name, number.to_string())),
        Value::String(text) => out.push((name, text.clone())),
        Value::Array(rows) => {
            for (index, row) in rows.iter().enumerate() {
                let is_plain = !row.is_object() && !row.is_array();
                let key = if is_plain { String::new() } else { index.to_string() };
                flatten(format!("{name}[{key}]"), row, out);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                flatten(format!("{name}[{key}]"), value, out);
            }
        }
    }
}

/// Pairs as the value they stand for: names in brackets are members, empty brackets the next of a list. A list whose
/// names are numbers is an object here, as a reader takes both.
#[must_use]
pub fn value(pairs: &[(String, String)]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, text) in pairs {
        let (first, rest) = name.split_once('[').unwrap_or((name, ""));
        let mut at = member(&mut root, first);
        for key in rest.trim_end_matches(']').split("][").filter(|_| !rest.is_empty()).take(DEPTH) {
            at = if key.is_empty() { next(at) } else { member(at, key) };
        }
        *at = Value::String(text.clone());
    }
    root
}

fn member<'v>(at: &'v mut Value, key: &str) -> &'v mut Value {
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    match at {
        Value::Object(members) => members.entry(key.to_owned()).or_insert(Value::Null),
        other => other,
    }
}

fn next(at: &mut Value) -> &mut Value {
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    match at {
        Value::Array(rows) => {
            rows.push(Value::Null);
            let last = rows.len() - 1;
            &mut rows[last]
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_survives_the_way_into_a_query_and_back() {
        let asked = json!({"entityTypeId": 2, "filter": {">id": 5, "title": "a&b+c%"}, "select": ["id", "title"],
            "rows": [{"a": "1"}, {"a": "2"}], "none": null});
        let text = query(&asked);
        assert!(text.contains("filter[%3Eid]=5&filter[title]=a%26b%2Bc%25"), "{text}");
        let read = value(&url::pairs(&text));
        assert_eq!(
            read,
            json!({"entityTypeId": "2", "filter": {">id": "5", "title": "a&b+c%"}, "select": ["id", "title"],
                "rows": {"0": {"a": "1"}, "1": {"a": "2"}}})
        );
    }

    #[test]
    fn names_of_any_form_are_read_without_a_panic() {
        for name in ["", "[", "]", "a[", "a[]", "a[][b]", "a]b[c", "[][]"] {
            let _ = value(&[(name.to_owned(), "x".to_owned()), ("a".to_owned(), "y".to_owned())]);
        }
    }
}
