//! Which sites' scripts may call the API. Without a list there are no CORS headers at all.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::config::settings::CorsConfig;

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
const HEADERS: &str = "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id";
const EXPOSED: &str =
    "etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id, idempotency-replayed";
const MAX_AGE_S: &str = "600";

/// The answer to a preflight, given before anybody asks for a token.
pub fn preflight(cors: &CorsConfig, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let is_preflight = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight || cors.allowed_origins.is_empty() {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if is_allowed(cors, headers.get(header::ORIGIN)) {
        put(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        put(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        put(response.headers_mut(), header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
    }
    Some(response)
}

/// Tells the browser whether the page may read the response.
pub fn mark(cors: &CorsConfig, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    if cors.allowed_origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin.filter(|origin| is_allowed(cors, Some(origin))) else { return };
    if is_open(cors) {
        put(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    } else {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        // Never together with `*`: any site could then act as the person who is signed in.
        if cors.credentials {
            put(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
    put(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

fn is_open(cors: &CorsConfig) -> bool {
    cors.allowed_origins.iter().any(|allowed| allowed == "*")
}

fn is_allowed(cors: &CorsConfig, origin: Option<&HeaderValue>) -> bool {
    let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else { return false };
    is_open(cors) || cors.allowed_origins.iter().any(|allowed| allowed == origin)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
