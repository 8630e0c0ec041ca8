//! The files of the chat, embedded in the program.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use sha2::{Digest, Sha256};

use crate::daemon::http::{Http, etag};
use crate::domain::signing::hex;

/// A file: its address, its media type and its bytes.
#[derive(Debug)]
pub struct File {
    /// The address.
    pub path: &'static str,
    media: &'static str,
    bytes: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Everything that is served.
pub static FILES: [File; 8] = [
    File { path: "/chat", media: HTML, bytes: include_str!("chat.html") },
    File { path: "/chat/chat.css", media: CSS, bytes: include_str!("chat.css") },
    File { path: "/chat/chat.js", media: SCRIPT, bytes: include_str!("chat.js") },
    File { path: "/chat/i18n.js", media: SCRIPT, bytes: include_str!("i18n.js") },
    File { path: "/chat/outbox.js", media: SCRIPT, bytes: include_str!("outbox.js") },
    File { path: "/chat/stream.js", media: SCRIPT, bytes: include_str!("stream.js") },
    File { path: "/chat/view.js", media: SCRIPT, bytes: include_str!("view.js") },
    File { path: "/widget.js", media: SCRIPT, bytes: include_str!("widget.js") },
];

/// The tag of each file: a hash of its bytes.
static TAGS: LazyLock<Vec<String>> =
    LazyLock::new(|| FILES.iter().map(|file| format!("\"{}\"", hex(&Sha256::digest(file.bytes)[..8]))).collect());

/// What answers for a file.
pub fn route(file: &'static File) -> MethodRouter<Http> {
    get(async move |State(http): State<Http>, headers: HeaderMap| serve(&http, file, &headers))
}

fn serve(http: &Http, file: &'static File, headers: &HeaderMap) -> Response {
    let index = FILES.iter().position(|known| known.path == file.path).unwrap_or_default();
    let tag = &TAGS[index];
    let mut response = if etag::is_known(headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, file.media)], file.bytes).into_response()
    };
    let embedders = frame_ancestors(&http.app.config.channels.web.embed_origins);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors {embedders}"
    );
    let mut put = |name: HeaderName, value: &str| {
        response.headers_mut().extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
    };
    put(header::ETAG, tag);
    put(header::CACHE_CONTROL, "no-cache");
    put(header::CONTENT_SECURITY_POLICY, &policy);
    put(header::REFERRER_POLICY, "no-referrer");
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    );
    // The widget is a script that other sites include.
    let readers = if file.path == "/widget.js" { "cross-origin" } else { "same-origin" };
    put(HeaderName::from_static("cross-origin-resource-policy"), readers);
    response
}

fn frame_ancestors(origins: &[String]) -> String {
    if origins.iter().any(|origin| origin == "*") {
        return "*".to_owned();
    }
    std::iter::once("'self'").chain(origins.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_a_file_refers_to_is_served() {
        let html = FILES[0].bytes;
        let linked = html.split("chat/").skip(1).filter_map(|rest| rest.split('"').next());
        let imported = FILES
            .iter()
            .filter(|file| file.media == SCRIPT)
            .flat_map(|file| file.bytes.split("from './").skip(1).filter_map(|rest| rest.split('\'').next()));
        let mut count = 0;
        for name in linked.chain(imported) {
            assert!(FILES.iter().any(|file| file.path == format!("/chat/{name}")), "{name}");
            count += 1;
        }
        assert!(count > 6);
    }
}
