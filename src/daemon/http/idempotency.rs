//! `Idempotency-Key`: the same request twice has one effect and one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Http;
use super::auth::Caller;
use super::body::API_LIMIT;
use super::frame::Context;
use super::problem::{IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, Problem, Wrong, words};
use crate::domain::signing::hex;
use crate::domain::store::{IdempotencyKey, KnownKey, StoreError, StoredResponse};

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Headers worth repeating.
const REPEATED: [&str; 5] = ["content-type", "content-language", "location", "etag", "x-duplicate"];

/// Scopes whose request is running in this process, with the fingerprint of each.
#[derive(Debug, Default)]
pub struct Running(Arc<Mutex<HashMap<String, String>>>);

struct Place {
    running: Arc<Mutex<HashMap<String, String>>>,
    scope: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}

impl Running {
    fn enter(&self, key: &IdempotencyKey) -> Result<Place, Problem> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get(&key.scope) {
            Some(fingerprint) if *fingerprint != key.fingerprint => Err(reused()),
            Some(_) => Err(in_progress()),
            None => {
                running.insert(key.scope.clone(), key.fingerprint.clone());
                Ok(Place { running: Arc::clone(&self.0), scope: key.scope.clone() })
            }
        }
    }
}

/// The client's key.
///
/// # Errors
/// 400 when it has another form.
pub fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(sent) = headers.get(HEADER) else { return Ok(None) };
    let key = sent.to_str().ok().map(str::trim).and_then(|text| match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"')?),
        None => Some(text.to_owned()),
    });
    let key =
        key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b)));
    key.map(Some).ok_or_else(|| {
        let detail = words("Нужно от 1 до 255 печатных символов ASCII", "Expected 1 to 255 printable ASCII characters");
        Problem::parameters(vec![Wrong::header("Idempotency-Key", "format", detail)])
    })
}

/// What stands between the quotes of a string; nothing when a quote or backslash in it is not escaped.
fn unquoted(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            '"' => return None,
            c => c,
        });
    }
    Some(plain)
}

/// What names a request: who sends it, where to, with which key; and what it says.
#[must_use]
pub fn scoped(
    caller: &Caller,
    target: (&str, &str, Option<&str>),
    key: &str,
    body: &Map<String, Value>,
) -> IdempotencyKey {
    let (method, path, query) = target;
    let said = format!("{}?{}", canonical(&Value::Object(body.clone())), query.unwrap_or_default());
    IdempotencyKey { scope: format!("{} {method} {path} {key}", caller.id), fingerprint: hex(&Sha256::digest(said)) }
}

/// JSON without spaces, members in order of their names.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let inside: Vec<_> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", inside.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// Runs a request once: `effect` does it, `rebuild` answers anew from what the effect made, for the
/// case that the process died between the effect and its answer.
///
/// # Errors
/// What `effect` or `rebuild` says, and the refusals of a key that is used twice at once or for something else.
pub async fn once<E, R>(
    http: &Http,
    context: &Context,
    key: Option<IdempotencyKey>,
    effect: E,
    rebuild: impl FnOnce(String) -> R,
) -> Result<Response, Problem>
where
    E: Future<Output = Result<Response, Problem>>,
    R: Future<Output = Result<Response, Problem>>,
{
    let Some(key) = key else { return effect.await };
    let _place = http.running.enter(&key)?;
    if let Some(known) = http.app.store.known_key(&key.scope).await? {
        return replay(http, &key, known, rebuild).await;
    }
    match effect.await {
        Ok(response) => remember(http, &key, response).await,
        Err(problem) if *problem.kind() == IDEMPOTENCY_KEY_REUSED => {
            // Another process was first; what it did is there now.
            match http.app.store.known_key(&key.scope).await? {
                Some(known) => replay(http, &key, known, rebuild).await,
                None => Err(in_progress()),
            }
        }
        Err(problem) if is_deterministic(problem.kind().status) => {
            remember(http, &key, problem.response(context.language, &context.request_id)).await
        }
        Err(problem) => Err(problem),
    }
}

/// A refusal that the same request would meet again.
const fn is_deterministic(status: u16) -> bool {
    matches!(status, 400 | 404 | 409 | 412 | 422 | 428)
}

async fn replay<R>(
    http: &Http,
    key: &IdempotencyKey,
    known: KnownKey,
    rebuild: impl FnOnce(String) -> R,
) -> Result<Response, Problem>
where
    R: Future<Output = Result<Response, Problem>>,
{
    if known.fingerprint != key.fingerprint {
        return Err(reused());
    }
    let mut response = match known.response {
        Some(stored) => restored(stored),
        None => remember(http, key, rebuild(known.effect).await?).await?,
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Keeps the answer. When that fails the effect still stands, and its answer is rebuilt if asked for again.
async fn remember(http: &Http, key: &IdempotencyKey, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, API_LIMIT * 4).await.map_err(|_| Problem::internal())?;
    let headers = REPEATED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), parts.headers.get(*name)?.to_str().ok()?.to_owned())));
    let stored = StoredResponse { status: parts.status.as_u16(), headers: headers.collect(), body: body.to_vec() };
    if let Err(error) = http.app.store.store_response(key, &stored, http.app.now()).await {
        tracing::warn!(%error, "an answer could not be kept for a repeated request");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn restored(stored: StoredResponse) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = (status, stored.body).into_response();
    for (name, value) in stored.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn reused() -> Problem {
    StoreError::KeyReused.into()
}

fn in_progress() -> Problem {
    let detail = words("Повторите через секунду", "Try again in a second");
    Problem::new(&IDEMPOTENCY_IN_PROGRESS, detail).header(header::RETRY_AFTER, 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_does_not_matter() {
        assert_eq!(
            canonical(&json!({ "b": [1, { "d": 1, "c": null }], "a": "x" })),
            r#"{"a":"x","b":[1,{"c":null,"d":1}]}"#
        );
    }

    #[test]
    fn a_key_is_a_string_or_a_token() {
        let key = |text: &str| {
            key_of(&HeaderMap::from_iter([(
                HeaderName::from_static(HEADER),
                HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            )]))
        };
        assert_eq!(key("\"8e03978e\"").ok().flatten().as_deref(), Some("8e03978e"));
        assert_eq!(key("8e03978e").ok().flatten().as_deref(), Some("8e03978e"));
        assert_eq!(key(r#""a \"b\" \\""#).ok().flatten().as_deref(), Some(r#"a "b" \"#));
        for bad in ["", "\"\"", "\"", "\"open", "\"a\"b\"", "\"a\\\"", "\"a\\n\"", "ключ", &"x".repeat(256)] {
            assert!(key(bad).is_err(), "{bad}");
        }
        assert!(key_of(&HeaderMap::new()).is_ok_and(|key| key.is_none()));
    }
}
