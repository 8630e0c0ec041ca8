//! `/api/v1/leads`.

mod export;
mod filter;
mod write;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::Value;

use super::auth::Caller;
use super::body::{self, API_LIMIT, Fields};
use super::frame::Context;
use super::problem::{Problem, words};
use super::query::{Params, negotiated};
use super::view::{self, Sight};
use super::{Http, LEADS, etag, idempotency, region};
use crate::domain::id::LeadId;
use crate::domain::lead::Lead;
use crate::domain::store::IdempotencyKey;
use crate::domain::token::Scope;

const DUPLICATE: HeaderName = HeaderName::from_static("x-duplicate");
const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// `GET /api/v1/leads`: a page of JSON, or all of them as CSV.
pub async fn list(State(http): State<Http>, caller: Caller, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    caller.need(Scope::LeadsRead)?;
    let region = region(&http).await?;
    let mut params = Params::of(&uri)?;
    let media = match params.name_of("format", &["json", "csv"], |name| name) {
        Some("csv") => CSV,
        Some(_) => JSON,
        None => negotiated(&headers, &[JSON, CSV])?,
    };
    let wanted = filter::read(&mut params, region, &uri);
    if media == CSV {
        for name in ["cursor", "limit", "include"] {
            if params.take(name).is_some() {
                let detail = words("В CSV выгружаются все строки сразу", "CSV holds all rows at once");
                params.refuse(name, "not_with_csv", detail);
            }
        }
        params.finish()?;
        return export::stream(http, wanted, Sight::of(caller.sees_people())).await;
    }
    let page = super::query::Paging::read(&mut params);
    params.finish()?;
    let key = http.key().await?;
    let cursors = super::cursor::Cursors::new(key, &wanted.what);
    let (asked, total) = (page.ask(&cursors, wanted.descending)?, page.with_total);
    let mut rows = http.app.store.leads(&wanted.filter, wanted.sort, &asked).await?;
    let next = page.cut(&mut rows, |lead| cursors.after_row(wanted.time_of(lead), &lead.id.to_string()));
    let total = match total {
        true => Some(http.app.store.count_leads(&wanted.filter, super::query::TOTAL_CAP + 1).await?),
        false => None,
    };
    let sight = Sight::of(caller.sees_people());
    Ok(super::query::listed(&uri, rows.iter().map(|lead| view::lead(lead, sight)).collect(), next, total))
}

/// `GET /api/v1/leads/{id}`.
pub async fn show(
    State(http): State<Http>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.need(Scope::LeadsRead)?;
    Params::of(&uri)?.finish()?;
    negotiated(&headers, &[JSON])?;
    let lead = find(&http, &id).await?;
    Ok(shown(&headers, &lead, &caller))
}

/// `POST /api/v1/leads`.
pub async fn create(
    State(http): State<Http>,
    caller: Caller,
    Extension(context): Extension<Arc<Context>>,
    request: Request,
) -> Result<Response, Problem> {
    caller.need(Scope::LeadsWrite)?;
    let (parts, body) = request.into_parts();
    let mut params = Params::of(&parts.uri)?;
    let dedupe = params.name_of("dedupe", &["phone", "none"], |name| name) != Some("none");
    params.finish()?;
    negotiated(&parts.headers, &[JSON])?;
    let key = idempotency::key_of(&parts.headers)?;
    let fields = body::object(&parts.headers, body, API_LIMIT, &[JSON]).await?;
    let target = ("POST", LEADS, parts.uri.query());
    let key = key.map(|key| idempotency::scoped(&caller, target, &key, fields.members()));
    let effect = store(&http, &caller, fields, dedupe, key.clone());
    let rebuild = async |id: String| Ok(created(&find(&http, &id).await?, false, &caller));
    idempotency::once(&http, &context, key, effect, rebuild).await
}

async fn store(
    http: &Http,
    caller: &Caller,
    fields: Fields,
    dedupe: bool,
    key: Option<IdempotencyKey>,
) -> Result<Response, Problem> {
    let now = http.app.now();
    let lead = write::new_lead(http, fields, region(http).await?, now).await?;
    let made = http.app.store.create_lead(&lead, dedupe, now, key.as_ref()).await?;
    Ok(created(&made.lead, made.duplicate, caller))
}

/// `PUT` and `PATCH /api/v1/leads/{id}`: members that are absent keep their value, `null` clears.
pub async fn change(
    State(http): State<Http>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.need(Scope::LeadsWrite)?;
    let (parts, body) = request.into_parts();
    Params::of(&parts.uri)?.finish()?;
    negotiated(&parts.headers, &[JSON])?;
    let media: &[&str] =
        if parts.method == axum::http::Method::PATCH { &["application/merge-patch+json", JSON] } else { &[JSON] };
    let fields = body::object(&parts.headers, body, API_LIMIT, media).await?;
    let lead = find(&http, &id).await?;
    let if_version = etag::required(&parts.headers, lead.version, http.app.config.api.require_if_match);
    // A condition is judged after the request itself (RFC 9110 §13.2.1), but for a whole object of the version
    // that the condition names: that was right when it was read.
    let version = fields.members().get("version").and_then(Value::as_i64);
    if version.is_some_and(|version| etag::names(&parts.headers, version)) {
        if_version.clone()?;
    }
    let seen = view::lead(&lead, Sight::of(caller.sees_people()));
    let now = http.app.now();
    let patch = write::patch(fields, &seen, region(&http).await?, now)?;
    let if_version = if_version?;
    let lead = http.app.store.update_lead(lead.id, &patch, if_version, now).await?;
    Ok(answered(StatusCode::OK, &lead, &caller))
}

async fn find(http: &Http, id: &str) -> Result<Lead, Problem> {
    let id: LeadId = id.parse().map_err(|_| Problem::not_found())?;
    http.app.store.lead(id).await?.ok_or_else(Problem::not_found)
}

fn shown(headers: &HeaderMap, lead: &Lead, caller: &Caller) -> Response {
    let tag = etag::of(lead.version);
    if etag::is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    answered(StatusCode::OK, lead, caller)
}

fn answered(status: StatusCode, lead: &Lead, caller: &Caller) -> Response {
    let body: Value = view::lead(lead, Sight::of(caller.sees_people()));
    (status, [(header::ETAG, etag::of(lead.version))], Json(body)).into_response()
}

fn created(lead: &Lead, duplicate: bool, caller: &Caller) -> Response {
    let status = if duplicate { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = answered(status, lead, caller);
    let headers = response.headers_mut();
    if duplicate {
        headers.insert(DUPLICATE, HeaderValue::from_static("true"));
    }
    if let Ok(location) = HeaderValue::from_str(&format!("{LEADS}/{}", lead.id)) {
        headers.insert(header::LOCATION, location);
    }
    response
}
