//! Calls of CRMs: checked, kept with the job that works on them, answered in the vendor's time. Nothing is believed but
//! what a call is about.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Http;
use super::frame::AsItIs;
use super::hooks::{RETRY, busy};
use crate::domain::crm::{HookCall, HookEvent, HookRefusal, Hooks};
use crate::jobs::crm::{hook_job, kept_hook};

/// A call is never larger.
const BODY_LIMIT: usize = 256 * 1024;
/// Vendors hang up after a few seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// `/hooks/FAMILY/NAME/…`.
pub async fn take(State(http): State<Http>, Path(path): Path<BTreeMap<String, String>>, request: Request) -> Response {
    let part = |name: &str| path.get(name).map_or("", String::as_str);
    let (family, name) = (part("family"), part("name"));
    let found = http.app.crms.get(name).filter(|crm| family == "bridge" || crm.kind() == family);
    let Some(hooks) = found.and_then(|crm| crm.hooks()) else {
        return told(
            "unknown_connection",
            StatusCode::NOT_FOUND,
            &json!({"status": "error", "code": "unknown_connection"}),
        );
    };
    let weight = u32::try_from(BODY_LIMIT / 1024).unwrap_or(u32::MAX);
    let Ok(_place) = http.hooks.try_acquire_many(weight) else { return busy(RETRY) };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return told("too_large", StatusCode::PAYLOAD_TOO_LARGE, &json!({"status": "error", "code": "too_large"}));
    };
    let header = |(name, value): (&header::HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let query = parts.uri.query().unwrap_or_default();
    let call = HookCall {
        headers: parts.headers.iter().map(header).collect(),
        query: decoded(query),
        rest: part("rest").split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        body: bytes.to_vec(),
        now: http.app.now().as_second(),
    };
    taken(&http, name, hooks, &call).await
}

/// Checks a call, keeps it with the job that works on it, and answers.
pub(super) async fn taken(http: &Http, name: &str, hooks: &dyn Hooks, call: &HookCall) -> Response {
    let events = match hooks.read(call) {
        Ok(events) => events,
        Err(refusal) => return refused(name, &refusal),
    };
    let admitted = tokio::time::timeout(PATIENCE, hooks.admit(call)).await;
    match admitted {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            let usual = json!({"status": "duplicate"});
            return respond(StatusCode::OK, &hooks.answer(&events, true).unwrap_or(usual));
        }
        Ok(Err(refusal)) => return refused(name, &refusal),
        Err(_) => return busy(RETRY),
    }
    let stored = tokio::time::timeout(PATIENCE, keep(http, name, call, &events)).await;
    let Ok(Ok(is_new)) = stored else {
        tracing::error!(connection = name, "a call of the CRM could not be kept; it is told to come again");
        return busy(RETRY);
    };
    let usual = json!({"status": if is_new { "ok" } else { "duplicate" }});
    let answer = hooks.answer(&events, !is_new).unwrap_or(usual);
    respond(StatusCode::OK, &answer)
}

async fn keep(http: &Http, name: &str, call: &HookCall, events: &[HookEvent]) -> Result<bool, String> {
    let Some(first) = events.first() else { return Ok(true) };
    let now = http.app.now();
    // Further events of one call come with the first, whenever it comes.
    let id = first.dedupe.clone();
    let kept = kept_hook(&id, call, events, now);
    let job = hook_job(name, &id, now);
    let is_new = http.app.store.keep_hook(name, &kept, &[job], now).await.map_err(|error| error.to_string())?;
    if is_new {
        http.app.wakeups.work();
    }
    Ok(is_new)
}

fn refused(name: &str, refusal: &HookRefusal) -> Response {
    let (reason, status, body) = match refusal {
        HookRefusal::Forged => {
            ("secret", StatusCode::UNAUTHORIZED, json!({"status": "error", "code": "bad_signature"}))
        }
        HookRefusal::Stale => ("stale", StatusCode::UNAUTHORIZED, json!({"status": "error", "code": "stale"})),
        HookRefusal::Unreadable(why) => {
            tracing::warn!(connection = name, why, "a call of the CRM cannot be read");
            ("unreadable", StatusCode::BAD_REQUEST, json!({"status": "error", "code": "bad_json"}))
        }
        HookRefusal::Conflict(detail) => {
            ("conflict", StatusCode::CONFLICT, json!({"status": "error", "code": "conflict", "detail": detail}))
        }
        HookRefusal::Invalid(errors) => {
            let errors: Vec<Value> =
                errors.iter().map(|(path, message)| json!({"path": path, "message": message})).collect();
            (
                "invalid",
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({"status": "error", "code": "invalid", "errors": errors}),
            )
        }
    };
    told(reason, status, &body)
}

fn told(reason: &'static str, status: StatusCode, body: &Value) -> Response {
    metrics::counter!("flow_webhook_rejected_total", "channel" => "crm", "reason" => reason).increment(1);
    respond(status, body)
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut response = (status, content_type, Body::from(body.to_string())).into_response();
    response.extensions_mut().insert(AsItIs);
    response
}

/// The pairs of a query or a form, decoded.
pub(super) fn decoded(query: &str) -> Vec<(String, String)> {
    let parsed =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&format!("/?{query}").parse().unwrap_or_default());
    parsed.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default()
}
