//! `POST /api/v1/messages`: to a client from a person or a program, or in from a client of the `api` channel.

mod inbound;
mod outbound;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::auth::Caller;
use super::body::{self, API_LIMIT, Fields};
use super::frame::Context;
use super::problem::{IDEMPOTENCY_KEY_MISSING, Problem, TOO_LONG, Words, words};
use super::query::{Params, negotiated};
use super::{CONVERSATIONS, Http, MESSAGES, idempotency};
use crate::domain::conversation::Message;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::store::IdempotencyKey;
use crate::domain::token::Scope;

const METADATA_BYTES: usize = 4 * 1024;
const LONGEST_WAIT_S: u64 = 25;
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A request in the hands of one of the two directions.
struct Post<'a> {
    http: &'a Http,
    caller: &'a Caller,
    key: Option<&'a IdempotencyKey>,
    /// `Prefer: wait`, in seconds.
    wait: Option<u64>,
}

/// `POST /api/v1/messages`.
pub async fn send(
    State(http): State<Http>,
    caller: Caller,
    Extension(context): Extension<Arc<Context>>,
    request: Request,
) -> Result<Response, Problem> {
    if !caller.allows(Scope::MessagesIngest) {
        caller.need(Scope::MessagesSend)?;
    }
    let (parts, body) = request.into_parts();
    Params::of(&parts.uri)?.finish()?;
    negotiated(&parts.headers, &["application/json"])?;
    let key = idempotency::key_of(&parts.headers)?;
    if key.is_none() && http.app.config.api.require_idempotency_key {
        let detail = words(
            "Пришлите Idempotency-Key: для каждого сообщения свой",
            "Send Idempotency-Key, a new one for each message",
        );
        return Err(Problem::new(&IDEMPOTENCY_KEY_MISSING, detail));
    }
    let fields = body::object(&parts.headers, body, API_LIMIT, &["application/json"]).await?;
    let is_inbound = fields.members().get("role").is_some_and(|role| role == "customer");
    caller.need(if is_inbound { Scope::MessagesIngest } else { Scope::MessagesSend })?;
    let key = key.map(|key| idempotency::scoped(&caller, ("POST", MESSAGES, None), &key, fields.members()));
    let post = Post { http: &http, caller: &caller, key: key.as_ref(), wait: wait_of(&parts.headers) };
    let effect = run(&post, fields, is_inbound);
    let rebuild = async |id: String| rebuilt(&http, &id).await;
    idempotency::once(&http, &context, key.clone(), effect, rebuild).await
}

async fn run(post: &Post<'_>, fields: Fields, is_inbound: bool) -> Result<Response, Problem> {
    if is_inbound { inbound::receive(post, fields).await } else { outbound::send(post, fields).await }
}

/// `Prefer: wait=20`.
fn wait_of(headers: &HeaderMap) -> Option<u64> {
    headers
        .get_all("prefer")
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .find_map(|preference| preference.trim().strip_prefix("wait=")?.trim().parse::<u64>().ok())
        .map(|seconds| seconds.min(LONGEST_WAIT_S))
}

/// The text of a message: at most `longest` characters when there is a bound at all.
fn text(fields: &mut Fields, longest: Option<usize>, too_long: Words) -> Option<String> {
    let text = fields.text("text", API_LIMIT);
    match &text {
        Some(Some(text)) if longest.is_some_and(|longest| text.chars().count() > longest) => {
            fields.refuse("text", TOO_LONG.code, too_long);
        }
        Some(None) => fields.refuse("text", "required", words("Нужен непустой текст", "A text is required")),
        None if fields.is_fine() => {
            fields.refuse("text", "required", words("Нужен непустой текст", "A text is required"));
        }
        _ => {}
    }
    text.flatten()
}

fn answered(status: StatusCode, body: Value, conversation: ConversationId, applied: Option<u64>) -> Response {
    let mut response =
        (status, [(header::LOCATION, format!("{CONVERSATIONS}/{conversation}"))], Json(body)).into_response();
    if let Some(value) = applied.and_then(|seconds| format!("wait={seconds}").parse().ok()) {
        response.headers_mut().insert(PREFERENCE_APPLIED, value);
    }
    response
}

/// The answer to a message that is stored: `state` is what has become of it.
fn accepted(id: MessageId, conversation: ConversationId, delivery: &Value, applied: Option<u64>) -> Response {
    let state = delivery.get("state").cloned().unwrap_or_else(|| "queued".into());
    let body = json!({ "id": id, "conversation_id": conversation, "state": state });
    answered(StatusCode::ACCEPTED, body, conversation, applied)
}

async fn rebuilt(http: &Http, id: &str) -> Result<Response, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let message: Message = http.app.store.message(id).await?.ok_or_else(Problem::not_found)?;
    Ok(accepted(message.id, message.conversation_id, &super::view::delivery(&message), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_bounded_and_found_among_other_preferences() {
        let wait =
            |text: &str| wait_of(&HeaderMap::from_iter([(HeaderName::from_static("prefer"), text.parse().unwrap())]));
        assert_eq!(wait("wait=20"), Some(20));
        assert_eq!(wait("respond-async, wait=100"), Some(25));
        assert_eq!(wait("wait=soon"), None);
        assert_eq!(wait_of(&HeaderMap::new()), None);
    }
}
