//! One given value against what its key takes.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use toml::de::DeValue;

use super::document::{integer, type_name};
use super::duration;
use super::keys::Kind;
use super::near;
use super::problem::Problem;
use super::settings::{StoreUrl, StoreUrlError, without_password};
use crate::domain::company::Zone;

/// A value as it was given.
#[derive(Clone, Copy)]
pub enum Given<'g> {
    /// In a file.
    Toml(&'g DeValue<'g>),
    /// In a variable or a flag.
    Text(&'g str),
    /// In a variable that names a file or another variable which holds it: `…__FILE`, `…__ENV`.
    Reference(Reference<'g>),
}

/// Where a secret is to be taken from.
#[derive(Clone, Copy)]
pub enum Reference<'g> {
    /// A variable.
    Env(&'g str),
    /// A file.
    File(&'g str),
}

/// What a value may refer to.
pub struct Place<'p> {
    /// Relative paths are taken from here.
    pub base: &'p Path,
    /// The value of a variable.
    pub var: &'p dyn Fn(&str) -> Option<String>,
}

/// Checks a value and puts it into the form that the configuration reads. Problems come without key and place.
///
/// # Errors
/// What is wrong with the value; the value of a secret is never repeated.
pub fn read(kind: Kind, given: Given<'_>, place: &Place<'_>) -> Result<Value, Problem> {
    match kind {
        Kind::Bool => boolean(given),
        Kind::Int(min, max) => whole(given, min, max),
        Kind::Number(min, max) => number(given, min, max),
        Kind::Path => file(text(given)?, place.base),
        Kind::Duration(min, max) => length(text(given)?, min, max),
        Kind::Word(words) => word(text(given)?, words),
        Kind::Address => address(text(given)?),
        Kind::Url => url(text(given)?).map(Value::String),
        Kind::Origins => origins(given),
        Kind::Store => store(text(given)?, place),
        Kind::Secret(min) => secret(given, min, place),
        Kind::Zone => zone(text(given)?),
        Kind::Currency => currency(text(given)?),
        Kind::Filter => filter(text(given)?),
        Kind::Text => line(given),
        Kind::Table => table(given),
    }
}

fn problem(message: impl Into<String>) -> Problem {
    Problem::of("", message)
}

fn wrong_type(expected: &str, given: Given<'_>) -> Problem {
    match given {
        Given::Toml(value) => problem(format!("expected {expected}, got {}", type_name(value))),
        Given::Text(text) => problem(format!("expected {expected}, got `{text}`")),
        Given::Reference(_) => problem(format!("expected {expected}")),
    }
}

fn text<'g>(given: Given<'g>) -> Result<&'g str, Problem> {
    match given {
        Given::Toml(DeValue::String(text)) => Ok(text),
        Given::Text(text) => Ok(text.trim()),
        Given::Toml(_) | Given::Reference(_) => Err(wrong_type("a string", given)),
    }
}

fn boolean(given: Given<'_>) -> Result<Value, Problem> {
    match given {
        Given::Toml(DeValue::Boolean(value)) => Ok(json!(value)),
        Given::Text(text) if text.trim() == "true" => Ok(json!(true)),
        Given::Text(text) if text.trim() == "false" => Ok(json!(false)),
        _ => Err(wrong_type("true or false", given)),
    }
}

fn whole(given: Given<'_>, min: i64, max: i64) -> Result<Value, Problem> {
    let number = match given {
        Given::Toml(value) => integer(value),
        Given::Text(text) => text.trim().parse().ok(),
        Given::Reference(_) => None,
    };
    let number = number.ok_or_else(|| wrong_type("a whole number", given))?;
    let fits = (min..=max).contains(&number);
    if fits { Ok(json!(number)) } else { Err(problem(format!("{number} is outside {min}…{max}"))) }
}

fn number(given: Given<'_>, min: f64, max: f64) -> Result<Value, Problem> {
    let number = match given {
        Given::Toml(DeValue::Float(float)) => float.as_str().replace('_', "").parse().ok(),
        // Bounds of a number are small: every whole one in them is exact.
        Given::Toml(value) => integer(value).map(|whole| whole as f64),
        Given::Text(text) => text.trim().parse().ok(),
        Given::Reference(_) => None,
    };
    let number: f64 = number.ok_or_else(|| wrong_type("a number", given))?;
    let fits = (min..=max).contains(&number);
    if fits { Ok(json!(number)) } else { Err(problem(format!("{number} is outside {min}…{max}"))) }
}

fn file(text: &str, base: &Path) -> Result<Value, Problem> {
    if text.is_empty() || text.contains('\0') {
        return Err(problem("expected a path"));
    }
    Ok(json!(base.join(text)))
}

fn length(text: &str, min: u64, max: u64) -> Result<Value, Problem> {
    let length = duration::parse(text).ok_or_else(|| {
        problem(format!("`{text}` is no length of time")).hint("write a number and ms, s, m, h or d, such as \"30s\"")
    })?;
    let [min, max] = [min, max].map(std::time::Duration::from_millis);
    if (min..=max).contains(&length) {
        return Ok(json!(duration::format(length)));
    }
    Err(problem(format!("`{text}` is outside {}…{}", duration::format(min), duration::format(max))))
}

/// Words that are known but not available in this version, with the reason.
const NOT_YET: &[(&str, &str)] =
    &[("llm", "no language model is configured in this version; use \"auto\" or \"offline\"")];

fn word(text: &str, words: &[&str]) -> Result<Value, Problem> {
    if words.contains(&text) {
        return Ok(json!(text));
    }
    if let Some((_, why)) = NOT_YET.iter().find(|(known, _)| *known == text) {
        return Err(problem(format!("`{text}` is not available: {why}")));
    }
    let expected = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    let problem = problem(format!("expected {expected}, got `{text}`"));
    match near::nearest(text, words.iter().copied()) {
        Some(near) => Err(problem.hint(format!("did you mean `{near}`?"))),
        None => Err(problem),
    }
}

fn address(text: &str) -> Result<Value, Problem> {
    let address: Result<SocketAddr, _> = text.parse();
    address.map(|address| json!(address)).map_err(|_| {
        problem(format!("`{text}` is no address and port"))
            .hint("write an IP address and a port, such as \"127.0.0.1:8080\"")
    })
}

/// Splits `https://host:port/path` into its lower-cased scheme and authority, and its path.
fn split_url(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_lowercase();
    let default_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.to_lowercase();
    let host = authority.strip_suffix(default_port).unwrap_or(&authority);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let host_fits = if let Some(v6) = name.strip_prefix('[') {
        v6.strip_suffix(']').is_some_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok())
    } else {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let path_fits = !path.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#'));
    (host_fits && port_fits && path_fits).then(|| (format!("{scheme}://{host}"), path))
}

fn url(text: &str) -> Result<String, Problem> {
    let (origin, path) = split_url(text).ok_or_else(|| {
        problem(format!("`{text}` is no web address"))
            .hint("write it with its scheme, such as \"https://bot.example.ru\"")
    })?;
    Ok(format!("{origin}{}", path.trim_end_matches('/')))
}

fn origins(given: Given<'_>) -> Result<Value, Problem> {
    let expected = "a list of origins";
    let items: Vec<&str> = match given {
        Given::Text(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
        Given::Toml(DeValue::Array(items)) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            texts.collect::<Option<_>>().ok_or_else(|| problem("expected a list of strings"))?
        }
        Given::Toml(_) | Given::Reference(_) => return Err(wrong_type(expected, given)),
    };
    if items.contains(&"*") && items.len() > 1 {
        return Err(problem("`*` allows every site and must stand alone"));
    }
    let mut origins = Vec::new();
    for item in items {
        let origin = if item == "*" { "*".to_owned() } else { origin(item)? };
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(json!(origins))
}

fn origin(text: &str) -> Result<String, Problem> {
    match split_url(text) {
        Some((origin, "")) => Ok(origin),
        Some((origin, _)) => {
            Err(problem(format!("`{text}` has a path; an origin has none")).hint(format!("write \"{origin}\"")))
        }
        None => {
            Err(problem(format!("`{text}` is no origin"))
                .hint("write scheme and host, such as \"https://app.example.ru\""))
        }
    }
}

fn store(text: &str, place: &Place<'_>) -> Result<Value, Problem> {
    match StoreUrl::parse(text, place.base) {
        Ok(url @ StoreUrl::Sqlite(_)) => Ok(json!(url)),
        Ok(url @ StoreUrl::Postgres(_)) => {
            let password = (place.var)("PGPASSWORD").filter(|password| !password.is_empty());
            match password.map_or(url.clone(), |password| url.with_password(&password)) {
                // The word itself: an address prints without its password.
                StoreUrl::Postgres(url) => Ok(json!(url.expose())),
                StoreUrl::Sqlite(_) => Err(problem(StoreUrlError::Unknown.to_string())),
            }
        }
        Err(error @ StoreUrlError::Postgres) => Err(problem(error.to_string())),
        Err(error @ StoreUrlError::Unknown) => {
            Err(problem(format!("`{}` is no store: {error}", without_password(text))))
        }
    }
}

fn secret(given: Given<'_>, min: usize, place: &Place<'_>) -> Result<Value, Problem> {
    let value = match given {
        Given::Text(_) | Given::Toml(DeValue::String(_)) => text(given)?.to_owned(),
        Given::Reference(reference) => resolve(reference, place)?,
        Given::Toml(DeValue::Table(table)) => {
            let member = |name: &str| table.get(name).and_then(|value| value.get_ref().as_str());
            match (table.len(), member("env"), member("file")) {
                (1, Some(name), None) => resolve(Reference::Env(name), place)?,
                (1, None, Some(path)) => resolve(Reference::File(path), place)?,
                _ => return Err(problem("a secret is a string, { env = \"NAME\" } or { file = \"PATH\" }")),
            }
        }
        Given::Toml(_) => {
            return Err(wrong_type("a secret", given).hint("write { env = \"NAME\" } or { file = \"PATH\" }"));
        }
    };
    let length = value.chars().count();
    if length < min {
        return Err(problem(format!("the secret has {length} characters, at least {min} are needed")));
    }
    Ok(json!(value))
}

fn resolve(reference: Reference<'_>, place: &Place<'_>) -> Result<String, Problem> {
    match reference {
        Reference::Env(name) => (place.var)(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            problem(format!("the variable {name} is not set")).hint(format!("set {name}, or take the key out"))
        }),
        Reference::File(path) => {
            let path = place.base.join(path);
            // Editors and `echo` end a file with a line break that is no part of the secret.
            std::fs::read_to_string(&path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| problem(format!("cannot read the secret from {}: {error}", path.display())))
        }
    }
}

fn zone(text: &str) -> Result<Value, Problem> {
    check_zone(text).map(|zone| json!(zone))
}

/// The zone of that name.
///
/// # Errors
/// When there is none, with the nearest name.
pub fn check_zone(text: &str) -> Result<Zone, Problem> {
    if let Some(zone) = Zone::find(text) {
        return Ok(zone);
    }
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let problem = problem(format!("unknown time zone `{text}`"));
    Err(match near::nearest(text, names.iter().map(String::as_str)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("write an IANA name, such as \"Europe/Moscow\""),
    })
}

fn currency(text: &str) -> Result<Value, Problem> {
    check_currency(text).map(|code| json!(code))
}

/// A code of ISO 4217's form.
///
/// # Errors
/// When it is not three capital letters.
pub fn check_currency(text: &str) -> Result<&str, Problem> {
    let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let wrong =
        || problem(format!("`{text}` is no currency code")).hint("write three capital letters, such as \"RUB\"");
    fits.then_some(text).ok_or_else(wrong)
}

fn line(given: Given<'_>) -> Result<Value, Problem> {
    let text = match given {
        Given::Toml(value @ DeValue::Integer(_)) => integer(value).map(|number| number.to_string()).unwrap_or_default(),
        _ => text(given)?.trim().to_owned(),
    };
    let fits = !text.is_empty() && text.chars().count() <= 1000 && !text.chars().any(char::is_control);
    if fits { Ok(json!(text)) } else { Err(problem("expected a word or a line")) }
}

/// A table as it stands; in a variable it is written as JSON.
fn table(given: Given<'_>) -> Result<Value, Problem> {
    match given {
        Given::Toml(value @ DeValue::Table(_)) => plain(value),
        Given::Text(text) => match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Value::Object(members)),
            _ => Err(problem("expected an object of JSON")),
        },
        _ => Err(wrong_type("a table", given)),
    }
}

fn plain(value: &DeValue<'_>) -> Result<Value, Problem> {
    Ok(match value {
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Float(_) => number(Given::Toml(value), f64::MIN, f64::MAX)?,
        DeValue::Integer(_) => json!(integer(value).ok_or_else(|| problem("a number is too large"))?),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| plain(item.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Table(members) => {
            let member = |(name, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| {
                plain(value.get_ref()).map(|value| (name.get_ref().to_string(), value))
            };
            Value::Object(members.iter().map(member).collect::<Result<_, _>>()?)
        }
        DeValue::String(text) => json!(text),
        DeValue::Datetime(at) => json!(at.to_string()),
    })
}

fn filter(text: &str) -> Result<Value, Problem> {
    if text.trim().is_empty() {
        return Err(problem("is empty").hint("write a level such as \"info\", or \"off\""));
    }
    let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
    parsed.map(|_| json!(text)).map_err(|error| {
        problem(format!("`{text}` says nothing about logs: {error}")).hint("write a level such as \"info\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(kind: Kind, text: &str) -> Result<Value, String> {
        let place = Place { base: Path::new("/b"), var: &|_| None };
        read(kind, Given::Text(text), &place).map_err(|problem| problem.to_string())
    }

    #[test]
    fn addresses_and_origins_are_put_in_the_form_browsers_send() {
        assert_eq!(given(Kind::Url, "https://Bot.Example.ru/desk/"), Ok(json!("https://bot.example.ru/desk")));
        assert_eq!(
            given(Kind::Origins, "https://a.ru:443, http://b.ru:8080"),
            Ok(json!(["https://a.ru", "http://b.ru:8080"]))
        );
        assert_eq!(given(Kind::Origins, ""), Ok(json!([])));
        assert_eq!(given(Kind::Origins, "http://[::1]:3000"), Ok(json!(["http://[::1]:3000"])));
        for bad in
            ["a.ru", "ftp://a.ru", "https://a.ru/", "https://", "https://a.ru:x", "*,https://a.ru", "https://a b.ru"]
        {
            assert!(given(Kind::Origins, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_store_is_a_file_or_a_database() {
        assert_eq!(given(Kind::Store, "sqlite://flow.db"), Ok(json!("sqlite:///b/flow.db")));
        assert_eq!(given(Kind::Store, "sqlite:///var/flow.db"), Ok(json!("sqlite:///var/flow.db")));
        assert_eq!(given(Kind::Store, "postgres://flow@db/flow"), Ok(json!("postgres://flow@db/flow")));
        assert_eq!(given(Kind::Store, "postgresql:///flow?host=/run"), Ok(json!("postgresql:///flow?host=/run")));
        assert!(
            given(Kind::Store, "postgres://flow:hunter2@db").unwrap_err().contains("postgres://USER@HOST/DATABASE")
        );
        assert!(given(Kind::Store, "flow.db").unwrap_err().contains("sqlite://flow.db"));
    }

    #[test]
    fn a_near_zone_is_named() {
        assert!(given(Kind::Zone, "Europe/Moskow").unwrap_err().contains("`Europe/Moscow`"));
        assert_eq!(given(Kind::Zone, "Asia/Yekaterinburg"), Ok(json!("Asia/Yekaterinburg")));
    }

    #[test]
    fn a_language_model_is_a_known_word_that_is_refused() {
        let told = given(Kind::Word(&["auto", "offline"]), "llm").unwrap_err();
        assert!(told.contains("no language model is configured in this version"), "{told}");
    }
}
