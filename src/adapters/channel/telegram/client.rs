//! The client under teloxide, and calls whose answers are read by ourselves: a member that is new or missing
//! in an answer must not make a sent message look unsent.

use std::time::Duration;

use reqwest_under_teloxide::{Certificate, Client, Proxy, Url};
use serde::{Serialize, Serializer};
use serde_json::Value;
use teloxide::Bot;
use teloxide::requests::{JsonRequest, Payload, Request};
use teloxide::{ApiError, RequestError};

use super::Settings;
use crate::domain::fault::{Fault, FaultKind};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// A bot behind the configured way out.
pub(super) fn bot(settings: &Settings) -> Result<Bot, String> {
    let url = Url::parse(settings.api_url.trim_end_matches('/')).map_err(|error| format!("api_url: {error}"))?;
    let mut builder = Client::builder().connect_timeout(CONNECT).timeout(settings.timeout).tcp_nodelay(true);
    let is_here = url.host_str().is_some_and(|host| {
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    });
    match &settings.proxy {
        Some(proxy) => builder = builder.proxy(Proxy::all(proxy).map_err(|_| "proxy: no address of one".to_owned())?),
        // A server on this machine is not reached through anybody.
        None if is_here => builder = builder.no_proxy(),
        None => {}
    }
    if let Some(pem) = &settings.ca_bundle {
        for certificate in Certificate::from_pem_bundle(pem).map_err(|error| format!("ca_bundle: {error}"))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    let client = builder.build().map_err(|error| format!("the HTTP client: {error}"))?;
    Ok(Bot::with_client(settings.token.clone(), client).set_api_url(url))
}

/// A call of teloxide's whose answer is any JSON.
pub(super) struct Lenient<P>(pub P);

impl<P: Serialize> Serialize for Lenient<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<P: Payload> Payload for Lenient<P> {
    type Output = Value;
    const NAME: &'static str = P::NAME;

    fn timeout_hint(&self) -> Option<Duration> {
        self.0.timeout_hint()
    }
}

/// Makes a call.
pub(super) async fn call<P>(bot: &Bot, payload: P) -> Result<Value, RequestError>
where
    P: Payload + Serialize + Send + 'static,
{
    JsonRequest::new(bot.clone(), Lenient(payload)).send().await
}

/// What a failure says, in lower case and without the address of the call, which holds the token.
pub(super) fn words(error: &RequestError) -> String {
    match error {
        // teloxide has one word of its own for 401 and 404.
        RequestError::Api(ApiError::InvalidToken) => "unauthorized".to_owned(),
        RequestError::Api(ApiError::Unknown(text)) => text.to_lowercase(),
        RequestError::Api(error) => error.to_string().to_lowercase(),
        RequestError::MigrateToChatId(_) => "the chat has moved".to_owned(),
        RequestError::RetryAfter(wait) => format!("too many requests: retry after {}", wait.seconds()),
        RequestError::Network(error) if error.is_timeout() => "no answer in time".to_owned(),
        RequestError::Network(error) if error.is_connect() => "no connection".to_owned(),
        RequestError::Network(_) => "the connection broke".to_owned(),
        RequestError::InvalidJson { .. } => "an answer that is no Bot API's".to_owned(),
        RequestError::Io(_) => "a file cannot be read".to_owned(),
    }
}

/// A failure of a call that changes nothing, as a decision.
pub(super) fn fault(operation: &'static str, error: &RequestError) -> Fault {
    let told = words(error);
    let kind = match error {
        RequestError::RetryAfter(_) => FaultKind::RateLimited,
        RequestError::Network(error) if error.is_timeout() => FaultKind::Timeout,
        RequestError::Network(_) | RequestError::Io(_) => FaultKind::Unreachable,
        RequestError::InvalidJson { .. } => FaultKind::Protocol,
        _ if told.starts_with("unauthorized") || told == "not found" => FaultKind::Unauthorized,
        _ if told.starts_with("conflict") || told.contains("terminated by other getupdates") => FaultKind::Unavailable,
        _ if told.contains("too many requests") => FaultKind::RateLimited,
        _ if is_server(&told) => FaultKind::Unavailable,
        _ => FaultKind::Rejected,
    };
    let detail = match kind {
        FaultKind::Unauthorized => format!("{told}: the token is wrong or was revoked"),
        _ => told,
    };
    let retry_after = match error {
        RequestError::RetryAfter(wait) => Some(Duration::from_secs(wait.seconds().into())),
        _ => None,
    };
    Fault { retry_after, ..Fault::new(kind, "telegram", operation, detail) }
}

/// Whether the far side says that it is out of order.
pub(super) fn is_server(told: &str) -> bool {
    ["internal server error", "bad gateway", "gateway timeout", "service unavailable", "restart"]
        .iter()
        .any(|word| told.contains(word))
}
