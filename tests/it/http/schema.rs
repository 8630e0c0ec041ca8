//! A small validator of JSON Schema 2020-12: the keywords that the description uses, and no others.

use serde_json::Value;

/// Keywords that say nothing about a value.
const REMARKS: [&str; 6] = ["description", "default", "examples", "format", "pattern", "readOnly"];

/// What is wrong with `value`; empty when it fits.
pub(super) fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "#", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let fits = match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                let target = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there"));
                check(document, target, value, at, found);
                true
            }
            "type" => match rule {
                Value::Array(names) => names.iter().any(|name| is_a(value, name)),
                name => is_a(value, name),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "properties" => {
                for (name, inner) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(document, inner, member, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "required" => {
                let missing =
                    rule.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.filter(|_| value.is_object()).map(|name| format!("{at}: {name} is missing")));
                true
            }
            "additionalProperties" => {
                check_others(document, (schema, rule), value, at, found);
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, rule, item, &format!("{at}/{index}"), found);
                }
                true
            }
            "anyOf" | "oneOf" => {
                let fitting =
                    rule.as_array().unwrap().iter().filter(|one| errors(document, one, value).is_empty()).count();
                if keyword == "oneOf" { fitting == 1 } else { fitting > 0 }
            }
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
            remark if REMARKS.contains(&remark) => true,
            other => panic!("{at}: the validator does not know {other}"),
        };
        if !fits {
            found.push(format!("{at}: {keyword} {rule} does not hold for {value}"));
        }
    }
}

/// Members that `properties` does not name.
fn check_others(document: &Value, (schema, rule): (&Value, &Value), value: &Value, at: &str, found: &mut Vec<String>) {
    let is_named = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
    for (name, member) in value.as_object().into_iter().flatten().filter(|(name, _)| !is_named(name)) {
        match rule {
            Value::Bool(true) => {}
            Value::Bool(false) => found.push(format!("{at}: {name} is not known")),
            inner => check(document, inner, member, &format!("{at}/{name}"), found),
        }
    }
}

fn is_a(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}
