//! The description of the API, as it is checked in.

use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::query::{Params, negotiated};

/// OpenAPI 3.1.
pub const DESCRIPTION: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`.
pub async fn serve(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    negotiated(&headers, &["application/json"])?;
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], DESCRIPTION).into_response())
}
