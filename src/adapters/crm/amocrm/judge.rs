//! What amoCRM means by an answer: rights and bans share a status, and a limit may say how long.

use std::time::Duration;

use serde_json::Value;

use super::rows::{list_of, member};
use crate::adapters::http::judge::{Refusal, by_status};
use crate::adapters::http::{Answer, Call, mask, read};
use crate::domain::fault::FaultKind;

/// What a ban begins with, so that whoever hears it stops.
pub(super) const BANNED: &str = "amoCRM has shut us out";
/// What a limit begins with that says itself how long it lasts.
pub(super) const TOLD_TO_WAIT: &str = "too many calls: amoCRM asks to wait";
/// A limit that does not say how long it lasts.
const PAUSE: Duration = Duration::from_secs(60);

pub(super) fn judge(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    let said = answer.value();
    let body = said.as_ref().filter(|body| body.is_object());
    let words = match body.map(problem) {
        Some(words) if !words.is_empty() => words,
        _ => "it does not say why".to_owned(),
    };
    // Its support asks for it.
    let words = match answer.header("x-request-id").filter(|id| is_plain(id)) {
        Some(id) => format!("{words} (request {id})"),
        None => words,
    };
    let refusal = match answer.status {
        400 if words.contains("244") => Refusal::new(
            FaultKind::Forbidden,
            format!("the right to add is missing, or the subscription does not include it (code 244): {words}"),
        ),
        400 | 409 | 413 | 422 => Refusal::new(FaultKind::Rejected, format!("amoCRM refuses the data: {words}")),
        401 => Refusal::new(FaultKind::Unauthorized, format!("amoCRM refuses the token: {words}")),
        402 => Refusal::new(
            FaultKind::LicenceExpired,
            "the subscription of the account has ended: pay it in «Настройки → Счёт и оплата»",
        ),
        403 if is_page(answer) => Refusal::new(
            FaultKind::Forbidden,
            format!("{BANNED} (HTTP 403, a page instead of an answer) after too many calls: write to its support"),
        ),
        403 => Refusal::new(FaultKind::Forbidden, format!("a right is missing: {words}")),
        404 if body.is_some() => Refusal::new(FaultKind::NotFound, format!("there is no such thing: {words}")),
        429 => {
            let asked = body.map(|body| member(body, "retry_after")).and_then(read::int);
            let asked = asked.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
            match asked.or_else(|| answer.retry_after()) {
                Some(wait) => {
                    let detail = format!("{TOLD_TO_WAIT}, for {} s (HTTP 429)", wait.as_secs());
                    Refusal::new(FaultKind::RateLimited, detail).after(Some(wait))
                }
                None => Refusal::new(FaultKind::RateLimited, "too many calls (HTTP 429)").after(Some(PAUSE)),
            }
        }
        301 | 302 | 303 | 307 | 308 => match answer.header("location").and_then(moved_to) {
            Some(host) => Refusal::new(
                FaultKind::Rejected,
                format!("the account has another address now: set `base_url` of the connection to https://{host}"),
            ),
            None => return by_status(call, answer),
        },
        200..=299 => return in_a_good_status(said.as_ref()),
        _ => return by_status(call, answer),
    };
    Err(refusal)
}

/// The vendor's host that an answer points to.
fn moved_to(location: &str) -> Option<&str> {
    let host = location.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let is_theirs = [".amocrm.ru", ".amocrm.com", ".kommo.com"].iter().any(|domain| host.ends_with(domain));
    (is_theirs && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))).then_some(host)
}

fn is_plain(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether it is a page for people: the server before amoCRM answered.
fn is_page(answer: &Answer) -> bool {
    let is_html = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
    is_html || answer.body.trim_ascii_start().starts_with(b"<")
}

/// A problem document under a good status.
fn in_a_good_status(said: Option<&Value>) -> Result<(), Refusal> {
    let Some(body) = said.filter(|body| body.is_object()) else { return Ok(()) };
    let status = read::int(member(body, "status")).filter(|status| (400..600).contains(status));
    let is_problem = body.get("type").is_some_and(Value::is_string) && body.get("title").is_some();
    match (status, is_problem) {
        (Some(status), true) => {
            let kind = match status {
                401 => FaultKind::Unauthorized,
                402 => FaultKind::LicenceExpired,
                403 => FaultKind::Forbidden,
                404 => FaultKind::NotFound,
                429 => FaultKind::RateLimited,
                500.. => FaultKind::Protocol,
                _ => FaultKind::Rejected,
            };
            Err(Refusal::new(kind, format!("amoCRM refuses in a good status: {}", problem(body))))
        }
        _ => Ok(()),
    }
}

/// A problem document in one line: what, and which members of the request.
pub(super) fn problem(body: &Value) -> String {
    let mut parts = Vec::new();
    for name in ["title", "detail", "hint"] {
        if let Some(text) = read::text(member(body, name)).filter(|text| !parts.contains(text)) {
            parts.push(text);
        }
    }
    for group in list_of(body, "validation-errors") {
        for error in list_of(group, "errors") {
            let one = ["path", "code", "detail"].map(|name| read::text(member(error, name)).unwrap_or_default());
            parts.push(one.join(" ").trim().to_owned());
        }
    }
    mask::excerpt(parts.join("; ").as_bytes())
}
