//! The frame around every route: request id, language, panics, errors in one form, headers of every response.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use jiff::Timestamp;

use super::problem::{self, Problem, words};
use super::{Http, cors, hooks};
use crate::app::TELEGRAM_HOOK;
use crate::domain::contact::Locale;
use crate::domain::id::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a caller waits before it tries a server that is stopping once more.
const RETRY_S: u32 = 5;

/// What is known of a request before anything has looked at it.
pub struct Context {
    /// The caller's own id of it, or a new one.
    pub request_id: String,
    /// For errors.
    pub language: Locale,
    /// From where, as far as it is known; the nearest proxy's word when that runs on this machine.
    pub address: Option<IpAddr>,
    /// From this very machine, asked by a name of this machine, and not handed on by a proxy.
    pub is_local: bool,
    headers: Mutex<Vec<(HeaderName, HeaderValue)>>,
}

impl Context {
    fn of(request: &Request, now: Timestamp) -> Self {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let is_loopback = peer.is_some_and(|ip| ip.is_loopback());
        let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
        let address = if is_loopback { forwarded_for(headers).or(peer) } else { peer };
        Self {
            request_id: request_id(headers).unwrap_or_else(|| RequestId::new(now).to_string()),
            language: language(headers),
            address,
            is_local: is_loopback && !is_forwarded && names_this_machine(headers),
            headers: Mutex::default(),
        }
    }

    /// Adds a header to the response, whatever becomes of the request.
    pub fn add_header(&self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.lock().unwrap_or_else(PoisonError::into_inner).push((name, value));
        }
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    fits.then(|| id.to_owned())
}

/// A proxy on this machine appends the address that it saw.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let all = headers.get_all("x-forwarded-for");
    all.into_iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// A page of another site whose name was pointed at this machine asks by that name.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Russian unless English is wanted more.
pub fn language(headers: &HeaderMap) -> Locale {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0, Locale::Ru);
    for entry in wanted.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        let known = Locale::parse(tag.split('-').next().unwrap_or_default());
        if let Some(locale) = known
            && weight > best.0
        {
            best = (weight, locale);
        }
    }
    best.1
}

/// A response that is told as it is, also when its status is an error's.
#[derive(Debug, Clone, Copy)]
pub struct AsItIs;

/// Runs a request inside the frame.
pub async fn frame(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let context = Arc::new(Context::of(&request, http.app.now()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let origin = request.headers().get(header::ORIGIN).cloned();
    request.extensions_mut().insert(Arc::clone(&context));

    let is_api = path.starts_with("/api/");
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let mut response = match before(&http, &request, is_api) {
        Some(response) => response,
        None => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(request_id = context.request_id, %method, "a handler panicked");
            Problem::internal().into_response()
        }),
    };
    response = written(response, &method, &context);
    if is_api {
        cors::mark(&http.app.config.http.cors, origin.as_ref(), response.headers_mut());
    }
    finish(&mut response, &context, is_api);
    count(route.as_ref(), &method, response.status(), began);
    tracing::debug!(request_id = context.request_id, traceparent, %method, path, status = response.status().as_u16(), "answered");
    response
}

/// What is answered without looking at routes.
fn before(http: &Http, request: &Request, is_api: bool) -> Option<Response> {
    if is_api && let Some(preflight) = cors::preflight(&http.app.config.http.cors, request) {
        return Some(preflight);
    }
    if request.uri().path().starts_with("/health") {
        return None;
    }
    let detail = if !http.life.is_ready() {
        words("Сервер запускается", "The server is starting")
    } else if http.life.is_draining() && !request.method().is_safe() {
        words("Сервер останавливается, новые записи не принимаются", "The server is stopping and takes no new writes")
    } else {
        return None;
    };
    if request.uri().path() == TELEGRAM_HOOK {
        // A channel reads no documents.
        return Some(hooks::busy(hooks::RETRY));
    }
    Some(Problem::unavailable(RETRY_S, detail).into_response())
}

/// Errors in their one form: those of the routes and those that the framework made itself.
fn written(response: Response, method: &Method, context: &Context) -> Response {
    if let Some(problem) = response.extensions().get::<Arc<Problem>>() {
        return problem.response(context.language, &context.request_id);
    }
    if response.extensions().get::<AsItIs>().is_some() {
        return response;
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() || is_json(&response) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    if status == StatusCode::METHOD_NOT_ALLOWED && *method == Method::OPTIONS {
        let mut answer = StatusCode::NO_CONTENT.into_response();
        answer.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
        return answer;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(&problem::METHOD_NOT_ALLOWED, words("Допустимые методы — в Allow", "Allow lists the methods"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(&problem::TOO_LARGE, words("Сократите запрос", "Make the request smaller"))
        }
        status if status.is_client_error() => {
            Problem::new(&problem::INVALID_PARAMETER, words("Запрос не читается", "The request cannot be read"))
        }
        _ => Problem::internal(),
    };
    let mut answer = problem.response(context.language, &context.request_id);
    answer.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    answer
}

/// Only routes of ours become labels: paths that strangers try would be without end.
fn count(route: Option<&MatchedPath>, method: &Method, status: StatusCode, began: Instant) {
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = match *method {
        Method::GET | Method::HEAD => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let taken = began.elapsed();
    metrics::histogram!("flow_http_request_duration_seconds", "route" => route.clone()).record(taken);
    let status = status.as_str().to_owned();
    metrics::counter!("flow_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json") || kind == problem::MEDIA)
}

fn finish(response: &mut Response, context: &Context, is_api: bool) {
    let extra = std::mem::take(&mut *context.headers.lock().unwrap_or_else(PoisonError::into_inner));
    let headers = response.headers_mut();
    headers.extend(extra);
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_api || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let clock = Arc::new(crate::domain::clock::ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let app = crate::app::App::in_memory(crate::config::Config::default(), clock).unwrap();
        let life = Arc::new(super::super::Lifecycle::new(jiff::Timestamp::UNIX_EPOCH));
        let http = Http::new(app, life);
        let router = axum::Router::new()
            .route("/panic", axum::routing::get(async || -> StatusCode { panic!("a secret") }))
            .layer(axum::middleware::from_fn_with_state(http, frame));
        let request = Request::get("/panic").header("accept-language", "en").body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["code"], body.to_string().contains("secret")), (&"internal".into(), false));
        assert!(body["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn errors_are_told_in_the_language_wanted_most() {
        for (wanted, told) in [
            ("", Locale::Ru),
            ("de", Locale::Ru),
            ("en", Locale::En),
            ("en-GB,ru;q=0.5", Locale::En),
            ("ru;q=0.9,en;q=0.3", Locale::Ru),
            ("en;q=0", Locale::Ru),
        ] {
            assert_eq!(language(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, wanted.parse().unwrap())])), told);
        }
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert!(names_this_machine(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "192.168.0.2:8080", ""] {
            assert!(!names_this_machine(&headers(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn a_request_id_of_another_form_is_replaced() {
        assert_eq!(request_id(&headers(&[("x-request-id", "abc_12-XYZ")])), Some("abc_12-XYZ".to_owned()));
        for bad in ["short", "with space", "кириллица", "semi;colon"] {
            let value = HeaderValue::from_bytes(bad.as_bytes()).unwrap();
            assert_eq!(request_id(&HeaderMap::from_iter([(REQUEST_ID, value)])), None, "{bad}");
        }
    }

    #[test]
    fn the_nearest_proxys_word_counts() {
        let chain = headers(&[("x-forwarded-for", "1.1.1.1, 2.2.2.2")]);
        assert_eq!(forwarded_for(&chain), "2.2.2.2".parse().ok());
    }
}
