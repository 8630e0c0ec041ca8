//! Forms with PHP's brackets: `leads[add][0][id]=5` is a tree. Every value in it is a text.

use serde_json::{Map, Value};

use crate::adapters::http::url;

/// A larger form is none of amoCRM's.
const LARGEST: usize = 1024 * 1024;
const PAIRS: usize = 20_000;
const DEPTH: usize = 8;

/// The tree that a form stands for; lists are objects with numbers as keys.
pub(super) fn tree(body: &[u8]) -> Result<Value, String> {
    if body.len() > LARGEST {
        return Err(format!("a form of more than {LARGEST} bytes"));
    }
    let text = String::from_utf8_lossy(body);
    let pairs = url::pairs(text.trim());
    if pairs.len() > PAIRS {
        return Err(format!("a form of more than {PAIRS} pairs"));
    }
    let mut root = Map::new();
    for (name, value) in pairs {
        put(&mut root, &keys(&name)?, value);
    }
    Ok(Value::Object(root))
}

/// `a[b][]` → `a`, `b`, ``.
fn keys(name: &str) -> Result<Vec<&str>, String> {
    let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let mut keys = vec![first];
    let mut rest = rest;
    while let Some(inner) = rest.strip_prefix('[') {
        let Some((key, after)) = inner.split_once(']') else { break };
        keys.push(key);
        rest = after;
    }
    if keys.len() > DEPTH + 1 { Err(format!("a form deeper than {DEPTH} levels")) } else { Ok(keys) }
}

fn put(map: &mut Map<String, Value>, keys: &[&str], value: String) {
    let Some((key, rest)) = keys.split_first() else { return };
    // An empty key is the next number.
    let key = if key.is_empty() { map.len().to_string() } else { (*key).to_owned() };
    if rest.is_empty() {
        map.insert(key, Value::String(value));
        return;
    }
    let inner = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_become_a_tree() {
        let form = "leads%5Bstatus%5D%5B0%5D%5Bid%5D=15&leads[status][0][name]=a+b&x[]=1&x[]=2&plain=%zz&deep[=3";
        let read = tree(form.as_bytes()).unwrap();
        assert_eq!(read["leads"]["status"]["0"], json!({"id": "15", "name": "a b"}));
        assert_eq!((&read["x"], &read["plain"]), (&json!({"0": "1", "1": "2"}), &json!("%zz")));
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_refused() {
        assert!(tree(format!("a{}=1", "[b]".repeat(9)).as_bytes()).is_err());
        assert!(tree(format!("a{}=1", "[b]".repeat(8)).as_bytes()).is_ok());
        assert!(tree("a=1&".repeat(PAIRS + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_form_breaks_the_reader(form in "[a-c\\[\\]0-9=&%+]{0,80}") {
            tree(form.as_bytes()).ok();
        }
    }
}
