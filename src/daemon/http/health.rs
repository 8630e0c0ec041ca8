//! `/health`: whether flow works, from results that are at most a second old. No outside calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::frame::Context;
use super::problem::{Problem, words};
use super::query::Params;
use super::view::time;
use super::{Http, auth};
use crate::config::settings::HealthDetails;
use crate::daemon::outage::Outage;
use crate::daemon::trouble;
use crate::domain::contact::Channel;

/// The whole look may take so long; the route promises 50 ms.
const BUDGET: Duration = Duration::from_millis(40);
const FRESH_MS: i64 = 1000;
/// A store that does not answer in time for so long cannot be used.
const GIVEN_UP_AFTER_MS: i64 = 10_000;
/// Work that waits longer than this is late.
const LATE_S: i64 = 60;
const RETRY_S: u32 = 5;
/// How often the daemon looks by itself, so that a hanging store is known of before somebody asks.
const LOOK: Duration = Duration::from_secs(2);
/// Nobody waits for that look.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last look.
#[derive(Debug, Default)]
pub struct Probes {
    last: Mutex<Option<(i64, Found)>>,
}

#[derive(Debug, Clone)]
struct Found {
    is_usable: bool,
    /// Since when (in milliseconds) the store has not answered in time.
    late_since: Option<i64>,
    database: Value,
    outbox: Value,
    crm: Value,
    telegram: Value,
    cache: Value,
    knowledge: Value,
}

/// `GET /health`.
pub async fn all(
    State(http): State<Http>,
    Extension(context): Extension<Arc<Context>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    let now = http.app.now();
    let found = look(&http, now, BUDGET).await;
    let is_well = found.is_usable && http.life.is_ready() && !http.life.is_draining();
    let is_degraded = found.late_since.is_some()
        || [&found.outbox, &found.crm, &found.telegram, &found.cache].iter().any(|check| check["status"] == "degraded");
    let word = if !is_well {
        "unhealthy"
    } else if is_degraded {
        "degraded"
    } else {
        "ok"
    };
    let uptime = now.duration_since(http.life.started_at()).as_secs().max(0);
    let mut body = json!({ "status": word, "version": env!("CARGO_PKG_VERSION"), "uptime_s": uptime });
    if shows_details(&http, &context, &headers).await? {
        let web = if http.app.config.channels.web.enabled { "ok" } else { "disabled" };
        body["commit"] = option_env!("FLOW_COMMIT").into();
        body["started_at"] = time(http.life.started_at()).into();
        body["checks"] = json!({
            "database": found.database,
            "outbox": found.outbox,
            "channels": { "web": { "status": web }, "telegram": found.telegram, "api": { "status": "ok" } },
            "cache": found.cache,
            "llm": { "status": "disabled" },
            "crm": found.crm,
            "knowledge_base": found.knowledge,
        });
    }
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(body)).into_response())
}

/// `GET /health/live`.
pub async fn live(uri: Uri) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    Ok(Json(json!({ "status": "ok" })).into_response())
}

/// `GET /health/ready`.
pub async fn ready(State(http): State<Http>, uri: Uri) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    if !http.life.is_ready() || http.life.is_draining() {
        let detail = words("Сервер запускается или останавливается", "The server is starting or stopping");
        return Err(Problem::unavailable(RETRY_S, detail));
    }
    Ok(Json(json!({ "status": "ok" })).into_response())
}

async fn shows_details(http: &Http, context: &Context, headers: &HeaderMap) -> Result<bool, Problem> {
    Ok(match http.app.config.http.health_details {
        HealthDetails::Public => true,
        HealthDetails::Local => context.is_local,
        HealthDetails::Token => auth::identify(http, headers, context).await.is_ok(),
    })
}

/// Looks by itself until the stop, and tells when the store is lost and when it is back.
///
/// # Errors
/// Never by itself.
pub async fn watch(http: Http, stop: CancellationToken) -> Result<(), String> {
    let mut outage = Outage::new("the store cannot be used: /health is unhealthy", "the store can be used again");
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK) => {}
        }
        let found = look(&http, http.app.now(), PATIENCE).await;
        outage.note(&if found.is_usable { Ok(()) } else { Err("it fails or does not answer in time") });
    }
}

async fn look(http: &Http, now: Timestamp, budget: Duration) -> Found {
    let kept = http.health.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now_ms = now.as_millisecond();
    if let Some((at, found)) = &kept
        && (0..FRESH_MS).contains(&(now_ms - at))
    {
        return found.clone();
    }
    let found = match timeout(budget, probe(http, now)).await {
        Ok(found) => found,
        Err(_) => late(kept.map(|(_, found)| found), now_ms),
    };
    *http.health.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, found.clone()));
    found
}

async fn probe(http: &Http, now: Timestamp) -> Found {
    let store = &http.app.store;
    let began = Instant::now();
    let answer = store.ping().await;
    let latency = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (stats, profile) = (store.queue_stats().await, store.profile().await);
    let (Ok(()), Ok(stats), Ok(profile)) = (answer, stats, profile) else {
        let failed = json!({ "status": "unhealthy", "latency_ms": latency });
        let unknown = json!({ "status": "unknown" });
        let [outbox, crm, telegram, cache, knowledge] = std::array::from_fn(|_| unknown.clone());
        let (is_usable, late_since, database) = (false, None, failed);
        return Found { is_usable, late_since, database, outbox, crm, telegram, cache, knowledge };
    };
    let oldest = stats.oldest.map_or(0, |at| now.duration_since(at).as_secs().max(0));
    let outbox = if oldest > LATE_S || stats.dead > 0 { "degraded" } else { "ok" };
    let crm = match &profile {
        Some(_) => json!({ "status": "ok" }),
        None => json!({ "status": "degraded", "detail": "no business profile is loaded: run `flow seed`" }),
    };
    Found {
        is_usable: true,
        late_since: None,
        database: json!({ "status": "ok", "latency_ms": latency }),
        outbox: json!({ "status": outbox, "oldest_s": oldest, "dead": stats.dead }),
        crm,
        telegram: channel(http, Channel::Telegram).await,
        cache: cache(http).await,
        knowledge: json!({ "status": "ok", "chunks": profile.map_or(0, |profile| profile.knowledge.len()) }),
    }
}

/// The helper beside the store.
async fn cache(http: &Http) -> Value {
    match &http.app.helper {
        None => json!({ "status": "disabled" }),
        Some(helper) => match timeout(BUDGET / 4, helper.ping()).await {
            Ok(Ok(())) => json!({ "status": "ok" }),
            Ok(Err(detail)) => json!({ "status": "degraded", "detail": detail }),
            Err(_) => json!({ "status": "degraded", "detail": "no answer in time" }),
        },
    }
}

/// A channel that is called, by what its daemon saw last.
async fn channel(http: &Http, channel: Channel) -> Value {
    let app = &http.app;
    let Some(messenger) = app.messenger(channel) else {
        let is_meant = app.config.channels.telegram.token.is_some();
        return match is_meant {
            true => json!({ "status": "degraded", "detail": "it is configured wrongly: `flow config check`" }),
            false => json!({ "status": "disabled" }),
        };
    };
    let last = app.last_inbound(channel).map(time);
    match trouble::of(app, &**messenger).await {
        Ok(None) => json!({ "status": "ok", "last_inbound_at": last }),
        Ok(Some(detail)) => json!({ "status": "degraded", "detail": detail, "last_inbound_at": last }),
        Err(_) => json!({ "status": "unknown", "last_inbound_at": last }),
    }
}

/// The store did not answer within the budget: what was known before stands, marked as late. One that has
/// been late for long is unusable.
fn late(kept: Option<Found>, now_ms: i64) -> Found {
    let unknown = || json!({ "status": "unknown" });
    let before = kept.unwrap_or_else(|| Found {
        is_usable: true,
        late_since: None,
        database: Value::Null,
        outbox: unknown(),
        crm: unknown(),
        telegram: unknown(),
        cache: unknown(),
        knowledge: unknown(),
    });
    let since = before.late_since.unwrap_or(now_ms);
    let is_usable = now_ms - since < GIVEN_UP_AFTER_MS;
    let word = if is_usable { "degraded" } else { "unhealthy" };
    let database = json!({ "status": word, "latency_ms": null, "detail": "no answer in time" });
    Found { is_usable, late_since: Some(since), database, ..before }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_late_for_long_is_unusable() {
        let first = late(None, 1_000);
        assert!(first.is_usable && first.late_since == Some(1_000));
        let then = late(Some(first), 1_000 + GIVEN_UP_AFTER_MS);
        assert!(!then.is_usable && then.database["status"] == "unhealthy");
    }
}
