//! Who calls, and what the token allows.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use super::frame::Context;
use super::limits::{Policy, enforce};
use super::problem::{FORBIDDEN, Problem, UNAUTHENTICATED, words};
use super::{Http, MESSAGES};
use crate::domain::token::{Scope, Token, hash_of};

/// Calls are counted a minute.
const WINDOW_S: u32 = 60;
/// Refused credentials are counted this long.
const FAILURES_WINDOW_S: u32 = 300;
/// A use is noted at most this often.
const TOUCH_EVERY_MS: i64 = 60_000;
/// So much of a refused token is logged.
const LOGGED_CHARS: usize = 12;

/// Who calls. Taking it as an argument is what protects a route.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token's id.
    pub id: String,
    /// What a person calls the token.
    pub name: String,
    scopes: Vec<Scope>,
}

impl Caller {
    /// Whether the token allows it.
    #[must_use]
    pub fn allows(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(needed))
    }

    /// Refuses a caller whose token does not allow it.
    ///
    /// # Errors
    /// 403 with the scope.
    pub fn need(&self, needed: Scope) -> Result<(), Problem> {
        if self.allows(needed) {
            return Ok(());
        }
        let detail = words(format!("Нужно право {needed}"), format!("The scope {needed} is needed"));
        Err(Problem::new(&FORBIDDEN, detail).member("required_scope", needed.as_str()))
    }

    /// Whether names, phones and e-mails are shown unmasked.
    #[must_use]
    pub fn sees_people(&self) -> bool {
        self.allows(Scope::PiiRead)
    }

    fn of(token: &Token) -> Self {
        Self { id: token.id.to_string(), name: token.name.clone(), scopes: token.scopes.clone() }
    }

    /// Whoever is at this machine while there is no token at all.
    fn local() -> Self {
        Self { id: "local".to_owned(), name: "local".to_owned(), scopes: vec![Scope::Admin] }
    }
}

impl FromRequestParts<Http> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        let context = parts.extensions.get::<Arc<Context>>().ok_or_else(Problem::internal)?;
        let caller = identify(http, &parts.headers, context).await?;
        let limits = &http.app.config.api.limits;
        let mut policies = vec![Policy { name: "default", quota: limits.default, window_s: WINDOW_S }];
        if !parts.method.is_safe() {
            policies.push(Policy { name: "write", quota: limits.write, window_s: WINDOW_S });
            if parts.uri.path() == MESSAGES {
                policies.push(Policy { name: "messages", quota: limits.messages, window_s: WINDOW_S });
            }
        }
        let now = http.app.now();
        let standings: Vec<_> =
            policies.into_iter().filter_map(|policy| http.limits.count(policy, &caller.id, now)).collect();
        enforce(&standings, context)?;
        Ok(caller)
    }
}

/// Who calls.
///
/// # Errors
/// 401, and 429 for an address that was refused too often.
pub async fn identify(http: &Http, headers: &HeaderMap, context: &Context) -> Result<Caller, Problem> {
    let Some(presented) = headers.get(header::AUTHORIZATION) else {
        let is_open = context.is_local && !http.has_tokens().await?;
        return if is_open { Ok(Caller::local()) } else { Err(unauthenticated()) };
    };
    let address = context.address.map_or_else(String::new, |address| address.to_string());
    let quota = http.app.config.api.limits.auth_failures;
    let failures = Policy { name: "auth", quota, window_s: FAILURES_WINDOW_S };
    let now = http.app.now();
    if let Some(standing) = http.limits.look(failures, &address, now)
        && standing.is_exceeded()
    {
        enforce(&[standing], context)?;
    }
    let text = presented.to_str().unwrap_or_default();
    match valid_token(http, text, now).await? {
        Some(token) => {
            touch(http, &token, &address, now).await;
            Ok(Caller::of(&token))
        }
        None => {
            http.limits.count(failures, &address, now);
            let beginning: String = text.chars().skip("Bearer ".len()).take(LOGGED_CHARS).collect();
            tracing::warn!(address, beginning, "a token was refused");
            Err(unauthenticated())
        }
    }
}

async fn valid_token(http: &Http, presented: &str, now: Timestamp) -> Result<Option<Token>, Problem> {
    let Some((scheme, text)) = presented.split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let Some(hash) = hash_of(text.trim()) else { return Ok(None) };
    Ok(http.app.store.token_by_hash(&hash).await?.filter(|token| token.is_valid(now)))
}

/// Notes the use; a failure to do so is no reason to refuse the caller.
async fn touch(http: &Http, token: &Token, address: &str, now: Timestamp) {
    let is_recent = token.last_used_at.is_some_and(|at| now.as_millisecond() - at.as_millisecond() < TOUCH_EVERY_MS);
    if is_recent {
        return;
    }
    let ip = Some(address).filter(|address| !address.is_empty());
    if let Err(error) = http.app.store.touch_token(token.id, ip, now).await {
        tracing::warn!(%error, "the use of a token was not noted");
    }
}

fn unauthenticated() -> Problem {
    let detail = words(
        "Пришлите Authorization: Bearer с действующим токеном; `flow token create` выдаёт новый",
        "Send Authorization: Bearer with a valid token; `flow token create` makes one",
    );
    Problem::new(&UNAUTHENTICATED, detail)
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"flow\", error=\"invalid_token\"")
}
