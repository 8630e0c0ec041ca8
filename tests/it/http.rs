//! The HTTP side, over a real socket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests fails as a test does")]

mod chat;
mod conversations;
mod described;
mod edges;
mod idempotency;
mod leads;
mod messages;
mod schema;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use flow::app::App;
use flow::config::{CompanyOverrides, Config, parse_profile};
use flow::daemon::http::{Http, Lifecycle, router};
use flow::domain::clock::{Clock, ManualClock};
use flow::domain::id::TokenId;
use flow::domain::token::{Scope, Token, issue};
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;

const NOW: &str = "2026-06-12T10:00:00.123Z";
const SHOP: &str = r#"
[company]
name = "Салон «Ромашка»"
phone = "+7 495 123-45-67"
timezone = "Europe/Moscow"
[company.hours]
mon = "10:00-20:00"
[[service]]
id = "cut"
title = "Стрижка"
duration_min = 60
[[employee]]
id = "anna"
name = "Анна"
services = ["cut"]
[[knowledge]]
title = "Парковка"
text = "Парковка во дворе."
"#;

/// A daemon of a test's own.
struct Flow {
    base: String,
    app: App,
    clock: Arc<ManualClock>,
    life: Arc<Lifecycle>,
    client: Client,
    token: Option<String>,
    _server: JoinSet<()>,
}

impl Flow {
    /// With the usual configuration, a profile, and a token that may do everything.
    async fn start() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        let mut flow = Self::bare(config).await;
        let read = |_: &Path| Err(std::io::Error::other("no files"));
        let (profile, _) = parse_profile(SHOP, Path::new("/shop"), &CompanyOverrides::default(), &read)
            .map_err(|e| e.to_string())
            .unwrap();
        flow.app.store.save_profile(&profile, flow.clock.now()).await.unwrap();
        flow.token = Some(flow.token(&[Scope::Admin]).await);
        flow
    }

    /// Without profile and token.
    async fn bare(config: Config) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let app = App::in_memory(config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        Self::over(app, clock).await
    }

    async fn over(app: App, clock: Arc<ManualClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let life = Arc::new(Lifecycle::new(clock.now()));
        let service =
            router(Http::new(app.clone(), Arc::clone(&life))).into_make_service_with_connect_info::<SocketAddr>();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { base, app, clock, life, client: crate::support::web().build().unwrap(), token: None, _server: server }
    }

    /// A token with those scopes.
    async fn token(&self, scopes: &[Scope]) -> String {
        let issued = issue();
        let now = self.clock.now();
        let token = Token {
            id: TokenId::new(now),
            name: "Ольга".to_owned(),
            scopes: scopes.to_vec(),
            created_at: now,
            expires_at: None,
            last_used_at: None,
            last_used_ip: None,
            revoked_at: None,
        };
        self.app.store.create_token(&token, &issued.hash).await.unwrap();
        issued.text
    }

    /// The same daemon, called with another token.
    async fn as_one_with(&self, scopes: &[Scope]) -> Caller<'_> {
        Caller { flow: self, token: Some(self.token(scopes).await) }
    }

    fn nobody(&self) -> Caller<'_> {
        Caller { flow: self, token: None }
    }

    fn caller(&self) -> Caller<'_> {
        Caller { flow: self, token: self.token.clone() }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.caller().call("GET", path)
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.caller().call("POST", path).json(body)
    }

    fn put(&self, path: &str, body: &Value) -> RequestBuilder {
        self.caller().call("PUT", path).json(body)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

struct Caller<'f> {
    flow: &'f Flow,
    token: Option<String>,
}

impl Caller<'_> {
    fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let request = self.flow.client.request(method, format!("{}{path}", self.flow.base));
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.call("GET", path)
    }
}

/// A response that was read whole.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Refused with that code, in the one form of errors.
    #[track_caller]
    fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{}", self.text);
        let body = self.json();
        for member in ["type", "title", "detail", "instance", "code", "request_id"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
        }
        assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(status.into()), Some(code)), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"));
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        body
    }

    #[track_caller]
    fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let status: StatusCode = status;
    Answer { status: status.as_u16(), headers, text: response.text().await.unwrap() }
}

async fn send(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}
