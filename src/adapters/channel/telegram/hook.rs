//! Where Telegram calls us, and what may keep messages from arriving.

use std::time::Instant;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest_under_teloxide::Url;
use serde_json::Value;
use teloxide::Bot;
use teloxide::payloads::{DeleteWebhook, GetMe, GetWebhookInfo, SetWebhookSetters};
use teloxide::requests::{Request, Requester};
use teloxide::types::AllowedUpdate;

use super::client::{call, fault};
use crate::domain::channel::{ChannelProbe, Hook};
use crate::domain::crm::Check;
use crate::domain::fault::{Fault, FaultKind};

/// Connections that Telegram may hold to us at once.
const CONNECTIONS: u8 = 40;
/// A clock that is off by more misreads dates and leases.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// A failed call that is older is history.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// What Telegram says of its calls.
pub(super) async fn look(bot: &Bot) -> Result<Hook, Fault> {
    let info = call(bot, GetWebhookInfo {}).await.map_err(|error| fault("hook", &error))?;
    Ok(read(&info))
}

fn read(info: &Value) -> Hook {
    Hook {
        url: info["url"].as_str().unwrap_or_default().to_owned(),
        pending: info["pending_update_count"].as_u64().unwrap_or(0),
        failed_at: info["last_error_date"].as_i64().and_then(|at| Timestamp::from_second(at).ok()),
        failure: info["last_error_message"].as_str().map(str::to_owned),
    }
}

/// Has Telegram call us, and looks whether it will.
pub(super) async fn register(bot: &Bot, url: &str, secret: &str) -> Result<Hook, Fault> {
    let url =
        Url::parse(url).map_err(|error| Fault::new(FaultKind::Rejected, "telegram", "register", error.to_string()))?;
    let updates = [
        AllowedUpdate::Message,
        AllowedUpdate::EditedMessage,
        AllowedUpdate::CallbackQuery,
        AllowedUpdate::MyChatMember,
    ];
    // What waits is not thrown away: it was written by clients.
    let set = bot.set_webhook(url).secret_token(secret).allowed_updates(updates).max_connections(CONNECTIONS);
    set.send().await.map_err(|error| fault("register", &error))?;
    look(bot).await
}

/// Has Telegram call nobody; what waits is kept for whoever asks.
pub(super) async fn unregister(bot: &Bot) -> Result<(), Fault> {
    call(bot, DeleteWebhook { drop_pending_updates: None }).await.map_err(|error| fault("unregister", &error))?;
    Ok(())
}

/// Looks at the token, the clock and the calls.
pub(super) async fn probe(bot: &Bot, expected: Option<&str>, now: Timestamp) -> Result<ChannelProbe, Fault> {
    let began = Instant::now();
    let me = call(bot, GetMe {}).await.map_err(|error| fault("probe", &error))?;
    let username = me["username"].as_str().unwrap_or("?");
    let check = |name: &str, ok: bool, detail: String| Check {
        name: name.to_owned(),
        ok,
        detail,
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let mut checks = vec![check("token", true, format!("valid, of @{username}"))];
    if let Some(there) = time_there(bot).await {
        let skew = now.duration_since(there);
        let ok = skew.abs() <= SKEW;
        let advice = if ok { "" } else { ": set the clock, best by NTP" };
        checks.push(check("clock", ok, format!("{} s beside Telegram's{advice}", skew.as_secs())));
    }
    let hook = look(bot).await?;
    checks.push(webhook(&check, &hook, expected));
    let recent = hook.failed_at.filter(|at| now.duration_since(*at) < RECENT);
    if let (Some(at), Some(failure)) = (recent, &hook.failure) {
        let detail =
            format!("the last call failed at {at}: {failure}; the address must be reachable from outside over TLS");
        checks.push(check("calls", expected.is_none(), detail));
    }
    if hook.pending > 0 {
        checks.push(check("waiting", true, format!("{} updates wait at Telegram", hook.pending)));
    }
    Ok(ChannelProbe { account: format!("@{username}"), checks })
}

fn webhook(check: &impl Fn(&str, bool, String) -> Check, hook: &Hook, expected: Option<&str>) -> Check {
    match expected {
        Some(url) if hook.url == url => check("webhook", true, format!("Telegram calls {url}")),
        Some(url) if hook.url.is_empty() => {
            check("webhook", false, format!("none is set, {url} is expected: `flow channel register telegram`"))
        }
        Some(url) => check(
            "webhook",
            false,
            format!("Telegram calls {}, {url} is expected: `flow channel register telegram`", hook.url),
        ),
        None if hook.url.is_empty() => check("webhook", true, "none is set; the daemon asks for updates".to_owned()),
        None => check(
            "webhook",
            false,
            format!(
                "Telegram calls {}, so the daemon cannot ask for updates: `flow channel unregister telegram`, or set `channels.telegram.mode` to \"webhook\"",
                hook.url
            ),
        ),
    }
}

/// The time by the far side's clock, as its answers tell it.
async fn time_there(bot: &Bot) -> Option<Timestamp> {
    let answer = bot.client().get(bot.api_url()).send().await.ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    rfc2822::parse(date).ok().map(|moment| moment.timestamp())
}
