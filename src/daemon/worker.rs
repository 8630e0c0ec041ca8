//! Takes jobs as they become due: lanes side by side, one job of a lane at a time.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Jobs under way at once; they mostly wait for the store.
const AT_ONCE: usize = 32;
/// Another process may have written: look at least this often.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(1);

/// Works until the stop, then finishes what is under way.
///
/// # Errors
/// Never by itself: a store that fails is tried again.
pub async fn run(app: App, stop: CancellationToken) -> Result<(), String> {
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        let mut wait = LOOK;
        let free = AT_ONCE - running.len();
        if free > 0 {
            match app.runner.claim(u32::try_from(free).unwrap_or(1)).await {
                Ok(claimed) => {
                    for job in claimed {
                        let runner = app.runner.clone();
                        running.spawn(async move { runner.run(job).await });
                    }
                    wait = until_next(&app).await;
                }
                Err(error) => {
                    tracing::error!(%error, "jobs cannot be taken");
                    wait = PAUSE;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.wakeups.wait_for_work() => {}
            Some(_) = running.join_next(), if !running.is_empty() => {}
            () = tokio::time::sleep(wait) => {}
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

/// How long until the next lane is ready, at most [`LOOK`].
async fn until_next(app: &App) -> Duration {
    match app.store.next_ready().await {
        Ok(Some(at)) => {
            let left = at.duration_since(app.now()).max(SignedDuration::ZERO);
            Duration::try_from(left).unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK)
        }
        _ => LOOK,
    }
}
