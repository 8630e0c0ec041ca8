//! Reading JSON bodies: bounded, typed, and with every error told at once.

use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::problem::{INVALID_JSON, Problem, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Words, Wrong, words};

/// Bodies of the API.
pub const API_LIMIT: usize = 1024 * 1024;
/// A body that is too large is read on for so many limits, so that the caller hears why it is refused.
const DISCARDED: usize = 8;
/// A body must have come whole after this long: whoever sends a byte a minute must not hold a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a JSON body of one of these media types.
///
/// # Errors
/// 415, 413, 408, 400, and 422 when it is no object.
pub async fn object(headers: &HeaderMap, body: Body, limit: usize, media: &[&str]) -> Result<Fields, Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if !media.iter().any(|allowed| allowed.eq_ignore_ascii_case(essence)) {
        let allowed = media.join(", ");
        let detail = words(format!("Нужен Content-Type: {allowed}"), format!("Expected Content-Type: {allowed}"));
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let bytes = timeout(PATIENCE, read(body, limit)).await.map_err(|_| too_slow())??;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let at = words(
            format!("Ошибка в строке {line}, столбце {column}"),
            format!("Not JSON at line {line}, column {column}"),
        );
        Problem::new(&INVALID_JSON, at)
    })?;
    Fields::of(value, "#").map_err(|wrong| Problem::validation(vec![wrong]))
}

/// The connection is closed with it: the rest of the body would be taken for the next request.
fn too_slow() -> Problem {
    let seconds = PATIENCE.as_secs();
    let detail = words(
        format!("Тело не пришло целиком за {seconds} с"),
        format!("The body had not come whole after {seconds} s"),
    );
    Problem::new(&REQUEST_TIMEOUT, detail).header(header::CONNECTION, "close")
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::new(&INVALID_JSON, words("Тело оборвалось", "The body broke off")))?;
        length = length.saturating_add(piece.len());
        if length <= limit {
            bytes.extend_from_slice(&piece);
        } else if length > limit.saturating_mul(DISCARDED) {
            break;
        }
    }
    if length > limit {
        let detail = words(format!("Не больше {limit} байт"), format!("At most {limit} bytes"));
        return Err(Problem::new(&TOO_LARGE, detail));
    }
    Ok(bytes)
}

/// The members of an object: taken one by one; what is left is unknown, what is wrong is gathered.
#[derive(Debug)]
pub struct Fields {
    at: String,
    members: Map<String, Value>,
    wrong: Vec<Wrong>,
}

impl Fields {
    /// The members of `value`, which stands at that pointer.
    ///
    /// # Errors
    /// When it is no object.
    pub fn of(value: Value, at: &str) -> Result<Self, Wrong> {
        match value {
            Value::Object(members) => Ok(Self { at: at.to_owned(), members, wrong: Vec::new() }),
            _ => Err(Wrong::at(at, "type", words("Нужен объект", "Expected an object"))),
        }
    }

    /// The whole object, as it came.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Takes a member out, whatever it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// Notes an error at a member.
    pub fn refuse(&mut self, name: &str, code: &'static str, detail: Words) {
        let pointer = format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1"));
        self.wrong.push(Wrong::at(pointer, code, detail));
    }

    /// Notes an error of the object itself.
    pub fn refuse_whole(&mut self, code: &'static str, detail: Words) {
        self.wrong.push(Wrong::at(self.at.clone(), code, detail));
    }

    /// Reads a member by `read`; absent is `None`, `null` is `Some(None)`, an error is noted and `None`.
    fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<Option<T>, (&'static str, Words)>,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            Value::Null => Some(None),
            value => match read(value) {
                Ok(value) => Some(value),
                Err((code, detail)) => {
                    self.refuse(name, code, detail);
                    None
                }
            },
        }
    }

    /// A text of at most `max` characters, trimmed; an empty one is `null`.
    pub fn text(&mut self, name: &str, max: usize) -> Option<Option<String>> {
        self.read(name, |value| {
            let Value::String(text) = value else {
                return Err(("type", words("Нужна строка", "Expected a string")));
            };
            let text = text.trim();
            if text.contains('\0') {
                return Err(("characters", words("Символ U+0000 недопустим", "The character U+0000 is not allowed")));
            }
            if text.chars().count() > max {
                let detail = words(format!("Не длиннее {max} символов"), format!("At most {max} characters"));
                return Err(("length", detail));
            }
            Ok(if text.is_empty() { None } else { Some(text.to_owned()) })
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, |value| {
            value.as_bool().map(Some).ok_or_else(|| ("type", words("Нужно true или false", "Expected true or false")))
        })
        .flatten()
    }

    /// An RFC 3339 time.
    pub fn time(&mut self, name: &str) -> Option<Option<Timestamp>> {
        self.read(name, |value| {
            let time = value.as_str().and_then(|text| text.parse().ok());
            time.map(Some).ok_or_else(|| ("time", expected_time()))
        })
    }

    /// One of the names.
    pub fn name_of<T: Copy>(&mut self, name: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Option<Option<T>> {
        self.read(name, |value| {
            let found = value.as_str().and_then(|text| all.iter().copied().find(|one| as_str(*one) == text));
            found.map(Some).ok_or_else(|| ("enum", allowed(all.iter().map(|one| as_str(*one)))))
        })
    }

    /// An id with that prefix. A blank one is an error: whoever gives an id means something.
    pub fn id<T: FromStr>(&mut self, name: &str, prefix: &str) -> Option<Option<T>> {
        let detail = words(format!("Нужен id вида {prefix}_01JX…"), format!("Expected an id such as {prefix}_01JX…"));
        self.read(name, |value| value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or(("id", detail)))
    }

    /// Something that `parse` reads out of a text; the error is `code`.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        code: &'static str,
        detail: Words,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        self.read(name, |value| match value.as_str().map(str::trim) {
            Some("") => Ok(None),
            Some(text) => parse(text).map(Some).ok_or((code, detail)),
            None => Err(("type", words("Нужна строка", "Expected a string"))),
        })
    }

    /// A free object of at most `max` bytes of JSON.
    pub fn object(&mut self, name: &str, max: usize) -> Option<Option<Value>> {
        self.read(name, |value| {
            if !value.is_object() {
                return Err(("type", words("Нужен объект", "Expected an object")));
            }
            if value.to_string().len() > max {
                return Err(("too_large", words(format!("Не больше {max} байт"), format!("At most {max} bytes"))));
            }
            Ok(Some(value))
        })
    }

    /// A list of at most `max` values.
    pub fn list(&mut self, name: &str, max: usize) -> Option<Option<Vec<Value>>> {
        self.read(name, |value| match value {
            Value::Array(items) if items.len() <= max => Ok(Some(items)),
            Value::Array(_) => Err(("too_many", words(format!("Не больше {max}"), format!("At most {max}")))),
            _ => Err(("type", words("Нужен список", "Expected a list"))),
        })
    }

    /// A list of texts of at most `each` characters.
    pub fn texts(&mut self, name: &str, max: usize, each: usize) -> Option<Option<Vec<String>>> {
        let items = self.list(name, max)?;
        let Some(items) = items else { return Some(None) };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match item.as_str().map(str::trim) {
                Some(text) if !text.is_empty() && text.chars().count() <= each && !text.contains('\0') => {
                    texts.push(text.to_owned());
                }
                _ => {
                    let detail = words(
                        format!("Нужна строка до {each} символов"),
                        format!("Expected a string of 1–{each} characters"),
                    );
                    self.refuse_in(name, index, "type", detail);
                }
            }
        }
        Some(Some(texts))
    }

    fn refuse_in(&mut self, name: &str, index: usize, code: &'static str, detail: Words) {
        self.wrong.push(Wrong::at(format!("{}/{name}/{index}", self.at), code, detail));
    }

    /// An object with members of its own; give it back with [`Fields::absorb`].
    pub fn nested(&mut self, name: &str) -> Option<Option<Self>> {
        let value = self.take(name)?;
        if value.is_null() {
            return Some(None);
        }
        match Self::of(value, &format!("{}/{name}", self.at)) {
            Ok(fields) => Some(Some(fields)),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    /// The objects of a list of at most `max`; each is given back with [`Fields::absorb`].
    pub fn nested_list(&mut self, name: &str, max: usize) -> Vec<Self> {
        let Some(Some(items)) = self.list(name, max) else { return Vec::new() };
        let mut all = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match Self::of(item, &format!("{}/{name}/{index}", self.at)) {
                Ok(fields) => all.push(fields),
                Err(wrong) => self.wrong.push(wrong),
            }
        }
        all
    }

    /// Takes over what is wrong inside an object.
    pub fn absorb(&mut self, inner: Self) {
        self.wrong.extend(inner.all_wrong());
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Ends the reading: members nobody took are unknown.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    pub fn finish(self) -> Result<(), Problem> {
        let wrong = self.all_wrong();
        if wrong.is_empty() { Ok(()) } else { Err(Problem::validation(wrong)) }
    }

    fn all_wrong(mut self) -> Vec<Wrong> {
        let unknown: Vec<String> = self.members.keys().cloned().collect();
        for name in unknown {
            self.refuse(&name, "unknown_member", words("Такого поля нет", "There is no such member"));
        }
        self.wrong
    }
}

/// The values that there are.
pub fn allowed(names: impl Iterator<Item = &'static str>) -> Words {
    let names = names.collect::<Vec<_>>().join(", ");
    words(format!("Допустимо: {names}"), format!("Allowed: {names}"))
}

/// What a time looks like.
pub fn expected_time() -> Words {
    const EXAMPLE: &str = "2026-06-12T10:00:00Z";
    words(format!("Нужно время вида {EXAMPLE}"), format!("Expected a time such as {EXAMPLE}"))
}

/// What a phone looks like.
pub fn expected_phone() -> Words {
    words("Нужен номер телефона вида +79990001122", "Expected a phone number such as +79990001122")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_is_told_at_once_with_its_place() {
        let body = json!({ "name": 1, "a/b": 2, "tags": ["x", 3], "consent": { "oops": 1 }, "ok": " yes " });
        let mut fields = Fields::of(body, "#").unwrap();
        assert_eq!(fields.text("ok", 3), Some(Some("yes".to_owned())));
        assert_eq!(fields.text("name", 10), None);
        assert_eq!(fields.text("absent", 10), None);
        fields.texts("tags", 5, 5);
        let inner = fields.nested("consent").flatten().unwrap();
        fields.absorb(inner);
        let body = fields.finish().unwrap_err().body(crate::domain::contact::Locale::En, "req_1");
        let places: Vec<&str> =
            body["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
        assert_eq!(places, ["#/name", "#/tags/1", "#/consent/oops", "#/a~1b"]);
        assert_eq!(body["code"], "validation");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up_and_its_connection_closed() {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        let begun = futures_util::stream::once(async { Ok::<_, std::io::Error>("{") });
        let endless = Body::from_stream(begun.chain(futures_util::stream::pending()));
        let problem = object(&headers, endless, API_LIMIT, &["application/json"]).await.unwrap_err();
        let response = problem.response(crate::domain::contact::Locale::En, "req_1");
        assert_eq!((response.status().as_u16(), &response.headers()["connection"]), (408, &"close".parse().unwrap()));
    }

    #[test]
    fn null_and_empty_clear_a_text() {
        let mut fields = Fields::of(json!({ "a": null, "b": "  " }), "#").unwrap();
        assert_eq!((fields.text("a", 9), fields.text("b", 9)), (Some(None), Some(None)));
        assert!(fields.finish().is_ok());
    }
}
