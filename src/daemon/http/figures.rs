//! `GET /metrics`: for callers on this machine, and for tokens that may read them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};

use super::frame::Context;
use super::problem::{Problem, words};
use super::query::Params;
use super::{Http, auth};
use crate::daemon::metrics;
use crate::domain::token::Scope;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`.
pub async fn metrics(
    State(http): State<Http>,
    Extension(context): Extension<Arc<Context>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    if !context.is_local {
        auth::identify(&http, &headers, &context).await?.need(Scope::MetricsRead)?;
    }
    let text = metrics::render(&http.app).await?;
    let text = text.ok_or_else(|| Problem::unavailable(5, words("Счётчики не ведутся", "Nothing is counted here")))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}
