//! Learns who we are on a channel: in a group people call us by that name.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::channel::{Mark, Messenger};

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
            is_known = ask(&app, &*messenger, known.as_deref()) => if is_known { break },
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
