//! Calls of channels: size, authenticity over the raw bytes, one durable step, then the answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use super::Http;
use super::frame::AsItIs;
use crate::daemon::outage::Outage;
use crate::domain::contact::Channel;
use crate::domain::store::{StoreError, StoreResult};

/// An update is never larger.
const BODY_LIMIT: usize = 1024 * 1024;
/// Kilobytes of bodies that may be in work at once; what comes on top is told to come again.
pub(super) const IN_WORK_KB: usize = 64 * 1024;
/// Telegram hangs up after a while: it is told to come again before.
const PATIENCE: Duration = Duration::from_secs(10);
/// A refused call is told once in so long.
const QUIET: SignedDuration = SignedDuration::from_mins(1);
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// Seconds after which a call that could not be stored is to come again.
pub(super) const RETRY: HeaderValue = HeaderValue::from_static("5");
const SOON: HeaderValue = HeaderValue::from_static("1");

/// `POST /api/v1/telegram/webhook`.
pub async fn telegram(State(http): State<Http>, request: Request) -> Response {
    let Some(messenger) = http.app.messenger(Channel::Telegram) else { return StatusCode::NOT_FOUND.into_response() };
    let (parts, body) = request.into_parts();
    let declared =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_LIMIT) {
        return rejected("too_large", StatusCode::PAYLOAD_TOO_LARGE);
    }
    let weight = declared.unwrap_or(BODY_LIMIT) / 1024 + 1;
    let Ok(_place) = http.hooks.try_acquire_many(u32::try_from(weight).unwrap_or(u32::MAX)) else {
        return busy(SOON);
    };
    // Whoever may not call is not read to the end.
    let secret = match http.hook_secret(Channel::Telegram).await {
        Ok(secret) => secret,
        Err(error) => {
            http.note_unstored(&Err::<(), _>(error));
            return busy(RETRY);
        }
    };
    if !is_authentic(&parts.headers, secret.as_bytes()) {
        http.refusals.tell(http.app.now());
        return rejected("secret", StatusCode::UNAUTHORIZED);
    }
    let Ok(bytes) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return rejected("too_large", StatusCode::PAYLOAD_TOO_LARGE);
    };
    let event = std::str::from_utf8(&bytes).ok().and_then(|body| messenger.read(body).ok());
    let Some(event) = event else {
        // Another answer would bring the same bytes again for a day.
        tracing::error!(bytes = bytes.len(), "Telegram delivered what is no update");
        return rejected("unreadable", StatusCode::OK);
    };
    // A step that ends later than this is recognised when the call comes again.
    let stored = tokio::time::timeout(PATIENCE, http.app.ingest(vec![event], None)).await;
    let stored = stored.unwrap_or_else(|_| Err(StoreError::Busy("the store does not answer".to_owned())));
    http.note_unstored(&stored);
    if stored.is_ok() { answer(StatusCode::OK) } else { busy(RETRY) }
}

/// All is stored so far.
pub(super) fn unstored() -> Outage {
    Outage::new(
        "what Telegram delivers cannot be stored; it will deliver it again",
        "what Telegram delivers is stored again",
    )
}

impl super::Parts {
    fn note_unstored<T>(&self, outcome: &StoreResult<T>) {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner).note(outcome);
    }
}

/// Refused calls are told in the log, but not by whoever makes many of them.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Option<Timestamp>>);

impl Refusals {
    fn tell(&self, now: Timestamp) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| now.duration_since(told) >= QUIET) {
            *told = Some(now);
            tracing::warn!(
                channel = "telegram",
                "a call without the webhook's secret was refused; `flow channel test telegram` tells whether it was Telegram"
            );
        }
    }
}

fn is_authentic(headers: &HeaderMap, secret: &[u8]) -> bool {
    headers.get(SECRET).is_some_and(|sent| sent.as_bytes().ct_eq(secret).into())
}

fn rejected(reason: &'static str, status: StatusCode) -> Response {
    metrics::counter!("flow_webhook_rejected_total", "channel" => "telegram", "reason" => reason).increment(1);
    answer(status)
}

/// What is to come again.
pub(super) fn busy(retry: HeaderValue) -> Response {
    metrics::counter!("flow_webhook_rejected_total", "channel" => "telegram", "reason" => "busy").increment(1);
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, retry);
    response
}

/// An empty answer, which nobody dresses up as an error of the API.
fn answer(status: StatusCode) -> Response {
    let mut response = (status, Body::empty()).into_response();
    response.extensions_mut().insert(AsItIs);
    response
}
