//! Learns who we are on a channel (in a group people call us by that name), and has it call us.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::channel::{Delivery, Mark, Messenger};

const MARK: &str = "username";
/// Without a name from an earlier start the first updates wait for it, but not for long.
const FIRST: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

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
        drop(tokio::time::timeout(FIRST, ask(app, messenger, None)).await);
    }
}

async fn ask(app: &App, messenger: &dyn Messenger, known: Option<&str>) -> bool {
    let name = match messenger.introduce().await {
        Ok(name) => name,
        Err(fault) => {
            tracing::error!(channel = %messenger.channel(), %fault, "the channel does not say who we are");
            return false;
        }
    };
    if known != Some(name.as_str()) {
        let account = messenger.account().to_owned();
        let mark = Mark { channel: messenger.channel(), account, name: MARK, value: name };
        if let Err(error) = app.store.ingest(Vec::new(), Some(&mark), app.now()).await {
            tracing::warn!(%error, "the name on the channel could not be kept");
        }
    }
    true
}

/// Who we are, and that the channel calls us where it should.
async fn settle(app: &App, messenger: &dyn Messenger, known: Option<&str>) -> bool {
    ask(app, messenger, known).await && register(app, messenger).await
}

/// Where the channel is to call us and does not, it is told so; what waits there is kept.
async fn register(app: &App, messenger: &dyn Messenger) -> bool {
    let channel = messenger.channel();
    let Some(url) = app.hook_url(channel).filter(|_| messenger.delivery() == Delivery::Webhook) else { return true };
    let set = async {
        let hook = messenger.hook().await.map_err(|fault| fault.to_string())?;
        // Calls that we refused carried another secret.
        let is_refused = hook.failure.as_deref().is_some_and(|failure| failure.contains("401"));
        let is_known = app.knows_hook(messenger, &url).await.map_err(|error| error.to_string())?;
        if hook.url == url && is_known && !is_refused {
            return Ok(());
        }
        let secret = app.hook_secret(channel).await.map_err(|error| error.to_string())?;
        messenger.register(&url, &secret).await.map_err(|fault| fault.to_string())?;
        app.note_hook(messenger, &url).await.map_err(|error| error.to_string())?;
        tracing::info!(%channel, url, "the channel calls us from now on");
        Ok::<(), String>(())
    };
    match set.await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%channel, url, error, "the channel cannot be told where to call us; `flow channel register` tells more");
            false
        }
    }
}

/// Asks until it is known.
///
/// # Errors
/// Never by itself.
pub async fn run(
    app: App,
    messenger: Arc<dyn Messenger>,
    known: Option<String>,
    stop: CancellationToken,
) -> Result<(), String> {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            is_known = settle(&app, &*messenger, known.as_deref()) => if is_known { break },
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
    // A part that ends by itself would end the daemon.
    stop.cancelled().await;
    Ok(())
}
