//! Tokens: a long-lived one as it is, or one that is renewed by one process at a time and stored before it is used.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Amo;
use super::rows::member;
use super::settings::{Credentials, Oauth, clear};
use crate::adapters::http::credentials::{self, Renewal};
use crate::adapters::http::{Call, read};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::{from_base64url, short_mark};

/// A token is renewed so many seconds before it ends.
const EARLY: i64 = 5 * 60;
/// An authorization is used again when its token has ended so many seconds ago.
const UNUSED: i64 = 5 * 86_400;
/// Two exchanges must end before somebody else may try.
const EXCHANGE: Duration = Duration::from_secs(10);

/// Tokens of a connection.
pub(super) struct Access {
    pub credentials: Credentials,
    current: Mutex<Option<Token>>,
}

/// What calls carry.
#[derive(Clone)]
pub(super) struct Token {
    pub access: String,
    /// Of the stored credential; nothing for a long-lived one.
    pub version: Option<i64>,
    /// Unix seconds.
    expires_at: Option<i64>,
}

/// What is stored of an authorization.
#[derive(Serialize, Deserialize)]
struct Pair {
    access: String,
    refresh: String,
    /// The one before: it works until the new pair is used.
    previous: Option<String>,
    expires_at: i64,
    host: String,
    /// Which refresh token of the configuration it came from: another one there begins anew.
    of: String,
}

/// What a token says of itself. It is read, not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Claims {
    /// Unix seconds.
    pub exp: Option<i64>,
    pub account_id: Option<i64>,
}

impl Access {
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, current: Mutex::default() }
    }

    /// What the budget of calls is counted by beside the account.
    pub fn integration(&self) -> String {
        match &self.credentials {
            Credentials::Token(token) => short_mark(clear(token)),
            Credentials::Oauth(oauth) => oauth.client_id.clone(),
        }
    }

    /// What of the token that is used now is known without asking.
    pub fn claims(&self) -> Claims {
        match &self.credentials {
            Credentials::Token(token) => read_claims(clear(token)),
            Credentials::Oauth(_) => self.held().map(|token| read_claims(&token.access)).unwrap_or_default(),
        }
    }

    fn held(&self) -> Option<Token> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, token: &Token) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
    }
}

impl Amo {
    /// The token for the next call.
    pub(super) async fn token(&self) -> Result<Token, Fault> {
        let oauth = match &self.access.credentials {
            Credentials::Token(token) => {
                return Ok(Token { access: clear(token).to_owned(), version: None, expires_at: None });
            }
            Credentials::Oauth(oauth) => oauth,
        };
        let now = self.wiring.clock.now().as_second();
        let is_fresh = |token: &Token| token.expires_at.is_none_or(|end| end - EARLY > now);
        if let Some(token) = self.access.held().filter(is_fresh) {
            return Ok(token);
        }
        let stored =
            self.wiring.store.credential(&self.credential()).await.map_err(|e| self.store_fault("token", &e))?;
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        if let Some(pair) = stored.as_ref().and_then(|stored| read_pair(&stored.value, &mark(oauth))) {
            let token = Token { access: pair.access, version: Some(version), expires_at: Some(pair.expires_at) };
            if is_fresh(&token) {
                self.access.hold(&token);
                return Ok(token);
            }
        }
        self.renewed(oauth, version).await
    }

    /// A token that is newer than the one that was refused; nothing where it cannot be renewed.
    pub(super) async fn token_after(&self, refused: &Token) -> Result<Option<Token>, Fault> {
        match (&self.access.credentials, refused.version) {
            (Credentials::Oauth(oauth), Some(version)) => self.renewed(oauth, version).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn renewed(&self, oauth: &Oauth, known: i64) -> Result<Token, Fault> {
        let (store, clock) = (self.wiring.store.as_ref(), self.wiring.clock.as_ref());
        let name = self.credential();
        let exchange = Exchange { amo: self, oauth };
        // Two calls of one process are two: a duty is kept by whoever has its holder's name.
        let holder = format!("{}:{:016x}", self.wiring.holder, rand::random::<u64>());
        let renewed = credentials::renewed_by((store, clock), (&name, &holder), known, &exchange).await;
        let renewed = renewed.map_err(|fault| Fault { adapter: self.wiring.name.clone(), ..fault })?;
        let pair = read_pair(&renewed.value, &mark(oauth))
            .ok_or_else(|| self.portal().fault(FaultKind::Store, "token", "the stored credential cannot be read"))?;
        let token = Token { access: pair.access, version: Some(renewed.version), expires_at: Some(pair.expires_at) };
        self.access.hold(&token);
        Ok(token)
    }

    /// A new pair for what is stored, or for what is configured.
    async fn exchanged(&self, oauth: &Oauth, stored: Option<&str>) -> Result<String, Fault> {
        let known = stored.and_then(|stored| read_pair(stored, &mark(oauth)));
        let tokens = match &known {
            Some(pair) => [Some(pair.refresh.clone()), pair.previous.clone()],
            None => [oauth.first.as_ref().map(|first| clear(first).to_owned()), None],
        };
        let mut refused = None;
        for token in tokens.into_iter().flatten() {
            match self.exchange(oauth, &token).await {
                Ok(answer) => {
                    let now = self.wiring.clock.now().as_second();
                    let read = read_grant(&answer, now);
                    let (access, refresh, expires_at) =
                        read.map_err(|detail| self.portal().fault(FaultKind::Protocol, "token", detail))?;
                    let (previous, host) = (Some(token), self.base.clone());
                    let pair = Pair { access, refresh, previous, expires_at, host, of: mark(oauth) };
                    return serde_json::to_string(&pair)
                        .map_err(|error| self.portal().fault(FaultKind::Store, "token", error.to_string()));
                }
                Err(fault) if matches!(fault.kind, FaultKind::Unauthorized | FaultKind::Rejected) => {
                    refused = refused.or(Some(fault));
                }
                Err(fault) => return Err(fault),
            }
        }
        let why = refused.map_or_else(|| "there is no refresh token".to_owned(), |fault| fault.detail);
        let what = "authorize again in the integration («amoМаркет → установленные → …») and set the new refresh_token";
        Err(self.portal().fault(FaultKind::Unauthorized, "token", format!("{why}: {what}")))
    }

    /// One exchange. When its answer is lost the old token still works, once more.
    async fn exchange(&self, oauth: &Oauth, refresh: &str) -> Result<Value, Fault> {
        let call = exchange_call(&self.base, oauth, refresh);
        match self.portal().json(&call).await {
            Err(fault)
                if matches!(
                    fault.kind,
                    FaultKind::UnknownOutcome | FaultKind::Unavailable | FaultKind::Timeout | FaultKind::Protocol
                ) =>
            {
                tracing::info!(connection = %self.wiring.name, "the answer to a renewal was lost: asked once more");
                self.portal().json(&call).await
            }
            answer => answer,
        }
    }

    /// Uses an authorization that was not renewed for days, so that it never runs out unused.
    pub(super) async fn touch(&self) -> Result<(), Fault> {
        if matches!(self.access.credentials, Credentials::Token(_)) {
            return Ok(());
        }
        let stored = self.wiring.store.credential(&self.credential()).await;
        let stored = stored.map_err(|error| self.store_fault("token", &error))?;
        let end =
            stored.and_then(|stored| serde_json::from_str::<Pair>(&stored.value).ok()).map(|pair| pair.expires_at);
        if end.is_none_or(|end| end + UNUSED <= self.wiring.clock.now().as_second()) {
            self.token().await?;
        }
        Ok(())
    }

    fn credential(&self) -> String {
        format!("amocrm:{}", self.wiring.name)
    }
}

/// How a pair of tokens is renewed.
struct Exchange<'a> {
    amo: &'a Amo,
    oauth: &'a Oauth,
}

#[async_trait]
impl Renewal for Exchange<'_> {
    async fn renew(&self, stored: Option<&str>) -> Result<String, Fault> {
        self.amo.exchanged(self.oauth, stored).await
    }
}

fn exchange_call(base: &str, oauth: &Oauth, refresh: &str) -> Call {
    Call::post("token", format!("{base}/oauth2/access_token")).within(EXCHANGE).json(json!({
        "client_id": oauth.client_id,
        "client_secret": clear(&oauth.client_secret),
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "redirect_uri": oauth.redirect_uri,
    }))
}

/// The access token, the refresh token and when the first ends.
pub(super) fn read_grant(answer: &Value, now: i64) -> Result<(String, String, i64), String> {
    let text = |name: &str| read::text(member(answer, name)).ok_or_else(|| format!("a grant without `{name}`"));
    let (access, refresh) = (text("access_token")?, text("refresh_token")?);
    let lasts = read::int(member(answer, "expires_in")).filter(|seconds| (1..=400_000_000).contains(seconds));
    let end = lasts.map(|seconds| now + seconds).or_else(|| read_claims(&access).exp);
    Ok((access, refresh, end.unwrap_or(now + 86_400)))
}

fn read_pair(stored: &str, of: &str) -> Option<Pair> {
    serde_json::from_str::<Pair>(stored).ok().filter(|pair| pair.of == of)
}

/// Stands for what is configured, without telling it.
fn mark(oauth: &Oauth) -> String {
    let first = oauth.first.as_ref().map(clear).unwrap_or_default();
    short_mark(&format!("{}|{first}", oauth.client_id))
}

/// What a token says of itself, when it is a JWT.
pub(super) fn read_claims(token: &str) -> Claims {
    let payload = token.split('.').nth(1).and_then(from_base64url);
    let claims: Value = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    Claims { exp: read::int(member(&claims, "exp")), account_id: read::int(member(&claims, "account_id")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signing::to_base64url;

    #[test]
    fn a_token_is_read_without_being_believed() {
        let payload = to_base64url(br#"{"aud":"x","exp":1893456000,"account_id":32720107}"#);
        let claims = read_claims(&format!("h.{payload}.s"));
        assert_eq!(claims, Claims { exp: Some(1_893_456_000), account_id: Some(32_720_107) });
        for odd in ["", "a.b", "a.!!!.c", "plain"] {
            assert_eq!(read_claims(odd), Claims::default(), "{odd}");
        }
    }

    #[test]
    fn a_grant_is_read_with_drifting_types() {
        let grant = json!({"access_token": "a", "refresh_token": "r", "expires_in": "86400"});
        assert_eq!(read_grant(&grant, 10), Ok(("a".to_owned(), "r".to_owned(), 86_410)));
        assert!(read_grant(&json!({"access_token": "a"}), 10).is_err());
        assert!(read_grant(&json!([]), 10).is_err());
    }
}
