//! Serves a stand-in of a vendor: every request is handed to a function, whatever its path.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;

/// A request is never larger.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A request as it came.
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path with its query, encoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered.
pub struct Given {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Serves until the process ends; tells the address once it listens.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    listen: SocketAddr,
    answer: Arc<dyn Fn(Asked) -> Given + Send + Sync>,
    ready: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    ready(listener.local_addr()?);
    let router = Router::new().fallback(move |request: Request| {
        let answer = Arc::clone(&answer);
        async move { handle(request, answer.as_ref()).await }
    });
    axum::serve(listener, router).await
}

async fn handle(request: Request, answer: &(dyn Fn(Asked) -> Given + Send + Sync)) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Body::empty());
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let given = answer(Asked {
        method: parts.method.as_str().to_owned(),
        target: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: parts.headers.iter().map(header).collect(),
        body: body.to_vec(),
    });
    *response.status_mut() = StatusCode::from_u16(given.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in given.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = Body::from(given.body);
    response
}
