//! What keeps a channel from working, as a daemon saw it last. It lies in the store, so that every daemon and
//! every command can tell.

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::domain::channel::{Mark, Messenger};
use crate::domain::store::StoreResult;

/// What asking for events came to.
pub const POLL: &str = "trouble_poll";
/// What looking after the channel came to.
pub const WATCH: &str = "trouble_watch";
/// Trouble is told again at least every minute; what is older than this was seen by a daemon that is gone.
const FRESH: SignedDuration = SignedDuration::from_mins(3);

/// Notes what is wrong, or that nothing is.
pub async fn note(app: &App, messenger: &dyn Messenger, name: &'static str, trouble: Option<&str>) {
    let (channel, account) = (messenger.channel(), messenger.account());
    let Ok(known) = app.store.mark(channel, account, name).await else { return };
    let known = known.map(|(known, _)| known).unwrap_or_default();
    match trouble {
        Some(trouble) if known != trouble => tracing::error!(%channel, trouble, "the channel is in trouble"),
        None if !known.is_empty() => tracing::info!(%channel, "the channel works again"),
        None => return,
        Some(_) => {}
    }
    let value = trouble.unwrap_or_default().to_owned();
    let mark = Mark { channel, account: account.to_owned(), name, value };
    if let Err(error) = app.store.ingest(Vec::new(), Some(&mark), app.now()).await {
        tracing::warn!(%channel, %error, "the state of the channel could not be kept");
    }
}

/// What is wrong with a channel at present, if a daemon saw it.
///
/// # Errors
/// When the store fails.
pub async fn of(app: &App, messenger: &dyn Messenger) -> StoreResult<Option<String>> {
    for name in [WATCH, POLL] {
        let known = app.store.mark(messenger.channel(), messenger.account(), name).await?;
        if let Some((trouble, at)) = known
            && is_present(&trouble, at, app.now())
        {
            return Ok(Some(trouble));
        }
    }
    Ok(None)
}

fn is_present(trouble: &str, at: Timestamp, now: Timestamp) -> bool {
    !trouble.is_empty() && now.duration_since(at) < FRESH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_daemon_saw_that_is_gone_says_nothing() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or_default();
        assert!(is_present("no connection", at(0), at(179)));
        assert!(!is_present("no connection", at(0), at(180)));
        assert!(!is_present("", at(0), at(0)));
    }
}
