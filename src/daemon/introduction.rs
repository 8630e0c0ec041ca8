//! Learns who we are on a channel (in a group people call us by that name), has it call us, and looks from
//! then on whether it still would.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::trouble;
use crate::app::App;
use crate::domain::channel::{Delivery, Hook, Mark, Messenger};

const MARK: &str = "username";
/// Without a name from an earlier start the first updates wait for it, but not for long.
const FIRST: Duration = Duration::from_secs(5);
/// After a failure; each next pause doubles, up to the one between two looks.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);
/// A call of the channel's that failed longer ago is history.
const RECENT: SignedDuration = SignedDuration::from_mins(10);

/// Takes the name over from an earlier start; answers it.
pub async fn recall(app: &App, messenger: &dyn Messenger) -> Option<String> {
    let known = app.store.mark(messenger.channel(), messenger.account(), MARK).await;
    let (name, _) = known.ok().flatten()?;
    messenger.recall(&name);
    Some(name)
}

/// Waits for a first introduction where there was none before.
pub async fn first(app: &App, messenger: &dyn Messenger) {
    if recall(app, messenger).await.is_none() {
        let mut known = None;
        drop(tokio::time::timeout(FIRST, ask(app, messenger, &mut known)).await);
    }
}

async fn ask(app: &App, messenger: &dyn Messenger, known: &mut Option<String>) -> Result<(), String> {
    let name = messenger.introduce().await.map_err(|fault| fault.detail)?;
    if known.as_ref() != Some(&name) {
        let account = messenger.account().to_owned();
        let mark = Mark { channel: messenger.channel(), account, name: MARK, value: name.clone() };
        match app.store.ingest(Vec::new(), Some(&mark), app.now()).await {
            Ok(_) => *known = Some(name),
            Err(error) => tracing::warn!(%error, "the name on the channel could not be kept"),
        }
    }
    Ok(())
}

/// Where the channel is to call us and does not, it is told so once; what waits there is kept.
async fn register(app: &App, messenger: &dyn Messenger, url: &str) -> Result<(), String> {
    let channel = messenger.channel();
    let hook = messenger.hook().await.map_err(|fault| fault.detail)?;
    // Calls that we refused carried another secret.
    let is_refused = hook.failure.as_deref().is_some_and(|failure| failure.contains("401"));
    let is_known = app.knows_hook(messenger, url).await.map_err(|error| error.to_string())?;
    if hook.url == url && is_known && !is_refused {
        return Ok(());
    }
    let secret = app.hook_secret(channel).await.map_err(|error| error.to_string())?;
    let told = messenger.register(url, &secret).await;
    told.map_err(|fault| format!("it cannot be told where to call us: {}", fault.detail))?;
    app.note_hook(messenger, url).await.map_err(|error| error.to_string())?;
    tracing::info!(%channel, url, "the channel calls us from now on");
    Ok(())
}

/// One look at everything that what clients write depends on.
async fn look(
    app: &App,
    messenger: &dyn Messenger,
    known: &mut Option<String>,
    is_registered: &mut bool,
) -> Result<(), String> {
    ask(app, messenger, known).await?;
    let expected = app.hook_url(messenger.channel()).filter(|_| messenger.delivery() == Delivery::Webhook);
    if let Some(url) = expected.as_deref().filter(|_| !*is_registered) {
        register(app, messenger, url).await?;
        *is_registered = true;
    }
    let hook = messenger.hook().await.map_err(|fault| fault.detail)?;
    let channel = messenger.channel().as_str();
    let age = hook.failed_at.map(|at| app.now().duration_since(at));
    metrics::gauge!("flow_channel_pending", "channel" => channel).set(hook.pending as f64);
    if let Some(age) = age {
        metrics::gauge!("flow_channel_last_error_age_seconds", "channel" => channel).set(age.as_secs_f64().max(0.0));
    }
    judged(&hook, messenger.delivery(), expected.as_deref(), age)
}

fn judged(hook: &Hook, delivery: Delivery, expected: Option<&str>, age: Option<SignedDuration>) -> Result<(), String> {
    match (delivery, expected) {
        (Delivery::Webhook, None) if hook.url.is_empty() => {
            return Err("it calls nobody, and nothing says where to call: set `http.public_url`".to_owned());
        }
        (Delivery::Webhook, Some(url)) if hook.url != url => {
            let there = if hook.url.is_empty() { "nobody" } else { hook.url.as_str() };
            return Err(format!("it calls {there} instead of {url}: `flow channel register`, or restart the daemon"));
        }
        (Delivery::Polling, _) if !hook.url.is_empty() => {
            return Err(format!("it calls {}, so it cannot be asked: `flow channel unregister`", hook.url));
        }
        _ => {}
    }
    let is_failing = age.is_some_and(|age| age < RECENT) && hook.pending > 0 && delivery == Delivery::Webhook;
    match (&hook.failure, is_failing) {
        (Some(failure), true) => Err(format!("its calls fail: {failure}; {} updates wait there", hook.pending)),
        _ => Ok(()),
    }
}

/// Looks until the stop.
///
/// # Errors
/// Never by itself.
pub async fn run(
    app: App,
    messenger: Arc<dyn Messenger>,
    mut known: Option<String>,
    stop: CancellationToken,
) -> Result<(), String> {
    let (mut pause, mut is_registered) = (FIRST_PAUSE, false);
    loop {
        let looked = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            looked = look(&app, &*messenger, &mut known, &mut is_registered) => looked,
        };
        trouble::note(&app, &*messenger, trouble::WATCH, looked.as_ref().err().map(String::as_str)).await;
        pause = if looked.is_ok() { BETWEEN_LOOKS } else { pause };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        pause = if looked.is_ok() { FIRST_PAUSE } else { (pause * 2).min(BETWEEN_LOOKS) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://bot.example/api/v1/telegram/webhook";

    fn hook(url: &str, failure: Option<&str>, pending: u64) -> Hook {
        Hook { url: url.to_owned(), pending, failed_at: None, failure: failure.map(str::to_owned) }
    }

    #[test]
    fn what_keeps_messages_from_arriving_is_told() {
        let (soon, long) = (Some(SignedDuration::from_secs(5)), Some(SignedDuration::from_hours(2)));
        let (polling, webhook) = (Delivery::Polling, Delivery::Webhook);
        for (hook, delivery, expected, age, told) in [
            (hook("", None, 0), polling, None, None, None),
            (hook(HERE, None, 0), polling, None, None, Some("unregister")),
            (hook("", None, 0), webhook, None, None, Some("http.public_url")),
            (hook("", None, 0), webhook, Some(HERE), None, Some("calls nobody")),
            (hook("https://old.example", None, 0), webhook, Some(HERE), None, Some("calls https://old.example")),
            (hook(HERE, Some("timed out"), 3), webhook, Some(HERE), soon, Some("timed out; 3 updates")),
            (hook(HERE, Some("timed out"), 0), webhook, Some(HERE), soon, None),
            (hook(HERE, Some("timed out"), 3), webhook, Some(HERE), long, None),
        ] {
            let found = judged(&hook, delivery, expected, age).err();
            match told {
                None => assert_eq!(found, None),
                Some(told) => assert!(found.as_ref().is_some_and(|found| found.contains(told)), "{told}: {found:?}"),
            }
        }
    }
}
