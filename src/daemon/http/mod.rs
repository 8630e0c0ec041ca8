//! The HTTP side of the daemon: the API under `/api/v1`, health and the web chat.

mod auth;
mod body;
mod chat;
mod conversations;
mod cors;
mod crm_hooks;
mod cursor;
mod etag;
mod figures;
mod frame;
mod health;
mod hooks;
mod idempotency;
mod leads;
mod limits;
mod messages;
mod openapi;
pub mod problem;
mod query;
mod resolve;
pub mod stand_in;
mod standby;
mod view;
mod waiting;

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use jiff::Timestamp;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

pub use self::health::watch;
use self::limits::Limits;
pub use self::standby::stand_by;
use super::outage::Outage;
use crate::app::{App, TELEGRAM_HOOK};
use crate::domain::contact::{Channel, Region};
use crate::domain::signing::SigningKey;
use crate::domain::store::StoreResult;

const LEADS: &str = "/api/v1/leads";
const CONVERSATIONS: &str = "/api/v1/conversations";
const MESSAGES: &str = "/api/v1/messages";
/// The key's name in the store.
const SESSION_KEY: &str = "http_session";

/// How far the daemon is: starting, serving, stopping.
#[derive(Debug)]
pub struct Lifecycle {
    started_at: Timestamp,
    ready: AtomicBool,
    draining: CancellationToken,
}

impl Lifecycle {
    /// A daemon that serves since `started_at`.
    #[must_use]
    pub fn new(started_at: Timestamp) -> Self {
        Self { started_at, ready: AtomicBool::new(true), draining: CancellationToken::new() }
    }

    /// When it started.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Says whether requests can be served: not before migrations have finished.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    /// Whether requests can be served.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    /// Begins to stop: new writes are refused, waiting answers and event streams end.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Whether it is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Ends when it begins to stop.
    pub async fn drained(&self) {
        self.draining.cancelled().await;
    }
}

/// What every route works with.
#[derive(Clone)]
pub struct Http(Arc<Parts>);

/// The insides of [`Http`].
pub struct Parts {
    app: App,
    life: Arc<Lifecycle>,
    limits: Limits,
    running: idempotency::Running,
    health: health::Probes,
    streams: chat::Streams,
    key: OnceCell<SigningKey>,
    hooks: Semaphore,
    refusals: hooks::Refusals,
    hook_secret: OnceCell<String>,
    /// Whether what channels deliver can be stored.
    unstored: Mutex<Outage>,
}

impl Http {
    /// Over an open store.
    #[must_use]
    pub fn new(app: App, life: Arc<Lifecycle>) -> Self {
        Self(Arc::new(Parts {
            app,
            life,
            limits: Limits::default(),
            running: idempotency::Running::default(),
            health: health::Probes::default(),
            streams: chat::Streams::default(),
            key: OnceCell::new(),
            hooks: Semaphore::new(hooks::IN_WORK_KB),
            refusals: hooks::Refusals::default(),
            hook_secret: OnceCell::new(),
            unstored: Mutex::new(hooks::unstored()),
        }))
    }
}

impl Deref for Http {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// The key of cursors and visitors: the configured one, or the one the store made once.
    async fn key(&self) -> StoreResult<&SigningKey> {
        self.key
            .get_or_try_init(async || match &self.app.config.http.session_key {
                Some(secret) => Ok(SigningKey::of_secret(secret.expose())),
                None => Ok(SigningKey::of_bytes(self.app.store.meta_secret(SESSION_KEY).await?)),
            })
            .await
    }

    /// What the calls of a channel must carry.
    async fn hook_secret(&self, channel: Channel) -> StoreResult<&str> {
        self.hook_secret.get_or_try_init(|| self.app.hook_secret(channel)).await.map(String::as_str)
    }

    /// Whether any token stands; while none does, the API is open to this machine.
    async fn has_tokens(&self) -> StoreResult<bool> {
        Ok(self.app.store.tokens().await?.iter().any(|token| token.revoked_at.is_none()))
    }
}

/// Where phones without a country are at home.
async fn region(http: &Http) -> StoreResult<Region> {
    Ok(http.app.store.profile().await?.map(|profile| profile.company.region()).unwrap_or_default())
}

/// An address, the methods it answers, and what answers.
type Route = (&'static str, &'static [&'static str], MethodRouter<Http>);

fn api_routes() -> Vec<Route> {
    vec![
        (LEADS, &["GET", "POST"], get(leads::list).post(leads::create)),
        ("/api/v1/leads/{id}", &["GET", "PUT", "PATCH"], get(leads::show).put(leads::change).patch(leads::change)),
        (CONVERSATIONS, &["GET"], get(conversations::list)),
        ("/api/v1/conversations/{id}", &["GET"], get(conversations::show)),
        (MESSAGES, &["POST"], post(messages::send)),
        ("/api/v1/openapi.json", &["GET"], get(openapi::serve)),
        ("/health", &["GET"], get(health::all)),
        ("/health/live", &["GET"], get(health::live)),
        ("/health/ready", &["GET"], get(health::ready)),
        ("/metrics", &["GET"], get(figures::metrics)),
    ]
}

/// What channels call: shaped by them, and no part of the described API.
fn hook_routes() -> Vec<Route> {
    vec![
        (TELEGRAM_HOOK, &["POST"], post(hooks::telegram)),
        ("/hooks/{family}/{name}", &["POST", "GET"], post(crm_hooks::take).get(crm_hooks::take)),
        ("/r/{id}", &["POST", "GET"], post(resolve::decide).get(resolve::show)),
        ("/hooks/{family}/{name}/{*rest}", &["POST", "GET"], post(crm_hooks::take).get(crm_hooks::take)),
    ]
}

/// Every address with its methods, as the description of the API must list them.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static [&'static str])> {
    let all = api_routes().into_iter().chain(chat::pages()).chain(chat::calls());
    all.map(|(path, methods, _)| (path, methods)).collect()
}

/// The routes of the daemon. Serve them with `into_make_service_with_connect_info::<SocketAddr>()`:
/// a caller whose address is unknown counts as one from elsewhere.
pub fn router(http: Http) -> Router {
    let is_chat_open = http.app.config.channels.web.enabled;
    let add = |router: Router<Http>, (path, methods, answer): Route| {
        router.route(
            path,
            answer.fallback(async move || (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allow(methods))])),
        )
    };
    let mut squeezed = api_routes().into_iter().fold(Router::new(), add);
    let mut plain = hook_routes().into_iter().fold(Router::new(), add);
    if is_chat_open {
        squeezed = chat::pages().into_iter().fold(squeezed, add);
        // A visitor's secret and what the visitor wrote stand in one answer: it is never compressed.
        plain = chat::calls().into_iter().fold(plain, add);
    }
    squeezed
        .layer(CompressionLayer::new())
        .merge(plain)
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(middleware::from_fn_with_state(http.clone(), frame::frame))
        .with_state(http)
}

/// What an address answers, HEAD and OPTIONS included.
fn allow(methods: &[&str]) -> String {
    let head: &[&str] = if methods.contains(&"GET") { &["HEAD"] } else { &[] };
    [methods, head, &["OPTIONS"]].concat().join(", ")
}
