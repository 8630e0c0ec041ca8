//! Word of new work by way of the helper, beside what the store tells. Only a hint: whoever waits also looks by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::sharing::Helper;

/// Words closer together are one.
const TOGETHER: Duration = Duration::from_millis(5);
/// How long a helper that is away is left alone.
const PAUSE: Duration = Duration::from_secs(2);

/// Tells the others of our work and hears of theirs, until the stop.
///
/// # Errors
/// Never by itself.
pub async fn run(app: App, helper: Arc<dyn Helper>, stop: CancellationToken) -> Result<(), String> {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tell(&app, &*helper) => {}
        () = hear(&app, &*helper) => {}
    }
    Ok(())
}

async fn tell(app: &App, helper: &dyn Helper) {
    let word = app.wakeups.teller();
    loop {
        word.notified().await;
        // Whoever is away hears it from the store, or looks.
        drop(helper.tell().await);
        tokio::time::sleep(TOGETHER).await;
    }
}

async fn hear(app: &App, helper: &dyn Helper) {
    // Each loss is told once, however long it lasts.
    let is_told = AtomicBool::new(false);
    loop {
        let heard = || {
            is_told.store(false, Ordering::Relaxed);
            app.wakeups.heard();
        };
        if let Err(error) = helper.hear(&heard).await
            && !is_told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(error, "Redis tells of no work; the store does, and everybody looks by itself");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
