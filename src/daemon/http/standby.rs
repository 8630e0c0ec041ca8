//! What is answered before the store is there: that the daemon lives, and can do nothing yet.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::problem::{Problem, words};
use super::{frame, hooks};
use crate::app::TELEGRAM_HOOK;
use crate::domain::clock::Clock;
use crate::domain::id::RequestId;

const RETRY_S: u32 = 5;

/// Answers for a daemon that waits for its store, until the stop.
pub async fn stand_by(listener: TcpListener, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let serving = axum::serve(listener, routes(clock)).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::error!(%error, "nobody can be told that flow waits");
    }
}

fn routes(clock: Arc<dyn Clock>) -> Router {
    let started_at = clock.now();
    let health = {
        let clock = Arc::clone(&clock);
        async move || unhealthy(started_at, clock.now())
    };
    Router::new()
        .route("/health/live", get(async || Json(json!({ "status": "ok" }))))
        .route("/health", get(health))
        .fallback(async move |request: Request| later(&request, clock.now()))
        .layer(axum::middleware::map_response(last))
}

fn unhealthy(started_at: Timestamp, now: Timestamp) -> Response {
    let uptime = now.duration_since(started_at).as_secs().max(0);
    let body = json!({ "status": "unhealthy", "version": env!("CARGO_PKG_VERSION"), "uptime_s": uptime });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

fn later(request: &Request, now: Timestamp) -> Response {
    if request.uri().path() == TELEGRAM_HOOK {
        return hooks::busy(hooks::RETRY);
    }
    let detail = words("Сервер ждёт базу данных", "The server waits for its database");
    let language = frame::language(request.headers());
    Problem::unavailable(RETRY_S, detail).response(language, &RequestId::new(now).to_string())
}

/// Whoever asks again is answered by what comes after.
async fn last(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
