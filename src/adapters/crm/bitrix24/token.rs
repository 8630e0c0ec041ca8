//! OAuth: an access token for an hour, and a refresh token that is spent when it is used.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::calendar::certain;
use super::wire::Wire;
use crate::adapters::http::credentials::{Renewal, renewed_by};
use crate::adapters::http::{Call, Repeat, read, url};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::short_mark;

/// An application's way in.
pub struct Application {
    client_id: String,
    client_secret: SecretString,
    refresh_token: SecretString,
    oauth_url: String,
    current: Mutex<Option<Current>>,
    /// One at a time in this process; between processes the store decides.
    renewing: tokio::sync::Mutex<()>,
}

/// A renewal of one connection.
struct Asking<'w> {
    application: &'w Application,
    wire: &'w Wire,
}

#[async_trait]
impl Renewal for Asking<'_> {
    async fn renew(&self, stored: Option<&str>) -> Result<String, Fault> {
        self.application.ask(self.wire, stored).await
    }
}

#[derive(Clone)]
struct Current {
    version: i64,
    tokens: Tokens,
}

/// A token to call with.
pub struct Token {
    /// Of which renewal.
    pub version: i64,
    /// The token.
    pub access: String,
}

/// What a renewal gives, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    access: String,
    refresh: String,
    /// `https://HOST/rest`.
    endpoint: Option<String>,
    /// The server that renews.
    server: Option<String>,
    member_id: Option<String>,
    /// Which refresh token of the configuration this began with.
    seed: String,
}

impl Application {
    /// With these keys.
    #[must_use]
    pub fn new(client_id: String, client_secret: SecretString, refresh_token: SecretString, oauth_url: String) -> Self {
        Self {
            client_id,
            client_secret,
            refresh_token,
            oauth_url,
            current: Mutex::new(None),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// The portal's id.
    pub(super) fn member_id(&self) -> Option<String> {
        self.lock().as_ref().and_then(|current| current.tokens.member_id.clone())
    }

    /// The token that is kept, or the first one.
    pub(super) async fn token(&self, wire: &Wire) -> Result<Token, Fault> {
        if let Some(current) = self.lock().clone() {
            return Ok(Token { version: current.version, access: current.tokens.access });
        }
        let name = name_of(wire);
        let stored = wire.wiring().store.credential(&name).await;
        let stored = stored.map_err(|error| wire.fault(FaultKind::Store, "oauth.token", error.to_string()))?;
        let known = stored.as_ref().and_then(|stored| Some((stored.version, read_kept(&stored.value)?)));
        match known.filter(|(_, tokens)| tokens.seed == self.seed()) {
            Some((version, tokens)) => Ok(self.take(wire, version, tokens)),
            // None yet, or the operator gave a new refresh token.
            None => self.renew(wire, stored.map_or(0, |stored| stored.version)).await,
        }
    }

    /// A token newer than that: whoever comes first renews, and what comes is stored before it is used.
    pub(super) async fn renew(&self, wire: &Wire, known: i64) -> Result<Token, Fault> {
        let _one = self.renewing.lock().await;
        if let Some(current) = self.lock().clone().filter(|current| current.version > known) {
            return Ok(Token { version: current.version, access: current.tokens.access });
        }
        let name = name_of(wire);
        let wiring = wire.wiring();
        let asking = Asking { application: self, wire };
        let renewed = renewed_by((&*wiring.store, &*wiring.clock), (&name, &wiring.holder), known, &asking).await;
        let credential = renewed.map_err(|fault| Fault { adapter: wiring.name.clone(), ..fault })?;
        let tokens = read_kept(&credential.value)
            .ok_or_else(|| wire.fault(FaultKind::Store, "oauth.token", "the stored token cannot be read"))?;
        Ok(self.take(wire, credential.version, tokens))
    }

    async fn ask(&self, wire: &Wire, stored: Option<&str>) -> Result<String, Fault> {
        let before = stored.and_then(read_kept).filter(|tokens| tokens.seed == self.seed());
        let refresh = before.as_ref().map_or_else(|| self.refresh_token.expose_secret(), |tokens| &tokens.refresh);
        let server = before.as_ref().and_then(|tokens| tokens.server.as_deref()).unwrap_or(&self.oauth_url);
        // Nothing of what the call itself wants was asked for yet.
        let answer = wire.portal().json(&self.call(server, refresh)).await.map_err(certain)?;
        let mut tokens = read_tokens(&answer).map_err(|why| wire.fault(FaultKind::Protocol, "oauth.token", why))?;
        tokens.seed = self.seed();
        if let (Some(was), Some(is)) = (before.as_ref().and_then(|t| t.member_id.as_ref()), &tokens.member_id)
            && was != is
        {
            let why = "the tokens are another portal's than before: check client_id, client_secret and refresh_token";
            return Err(wire.fault(FaultKind::Unauthorized, "oauth.token", why));
        }
        Ok(kept(&tokens))
    }

    /// The call that spends a refresh token.
    fn call(&self, server: &str, refresh: &str) -> Call {
        Call::get("oauth.token", format!("{server}/oauth/token/"))
            .query(&[
                ("grant_type", "refresh_token"),
                ("client_id", &self.client_id),
                ("client_secret", self.client_secret.expose_secret()),
                ("refresh_token", refresh),
            ])
            .header("accept", "application/json")
            .repeat(Repeat::Never)
    }

    fn take(&self, wire: &Wire, version: i64, tokens: Tokens) -> Token {
        // A renamed portal tells its new host here. A test server that was put in its place stays.
        if let Some(endpoint) = &tokens.endpoint
            && wire.wiring().base_url.is_none()
            && *endpoint != wire.root()
        {
            tracing::info!(connection = %wire.wiring().name, "the portal is called at the host its tokens name");
            wire.set_root(endpoint.clone());
        }
        let access = tokens.access.clone();
        *self.lock() = Some(Current { version, tokens });
        Token { version, access }
    }

    fn seed(&self) -> String {
        short_mark(self.refresh_token.expose_secret())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(wire: &Wire) -> String {
    format!("crm.{}", wire.wiring().name)
}

/// Reads the answer of the OAuth server.
///
/// # Errors
/// What is missing in it.
pub fn read_tokens(value: &Value) -> Result<Tokens, String> {
    let of = |name: &str| value.get(name).and_then(read::text);
    let address = |name: &str| {
        let text = of(name)?.trim_end_matches('/').to_owned();
        url::check(&text).is_ok().then_some(text)
    };
    let server = address("server_endpoint").and_then(|endpoint| {
        let (scheme, host, _) = url::split(&endpoint)?;
        Some(format!("{scheme}://{host}"))
    });
    Ok(Tokens {
        access: of("access_token").ok_or("the answer has no access_token")?,
        refresh: of("refresh_token").ok_or("the answer has no refresh_token")?,
        endpoint: address("client_endpoint"),
        server,
        member_id: of("member_id"),
        seed: String::new(),
    })
}

fn kept(tokens: &Tokens) -> String {
    json!({"access": tokens.access, "refresh": tokens.refresh, "endpoint": tokens.endpoint, "server": tokens.server,
        "member_id": tokens.member_id, "seed": tokens.seed})
    .to_string()
}

fn read_kept(text: &str) -> Option<Tokens> {
    let value: Value = serde_json::from_str(text).ok()?;
    let of = |name: &str| value.get(name).and_then(read::text);
    Some(Tokens {
        access: of("access")?,
        refresh: of("refresh")?,
        endpoint: of("endpoint"),
        server: of("server"),
        member_id: of("member_id"),
        seed: of("seed")?,
    })
}
