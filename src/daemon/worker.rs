//! Takes jobs as they become due: lanes side by side, one job of a lane at a time. Each far side has a
//! worker of its own, so that a slow one keeps nobody else waiting.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::outage::Outage;
use crate::app::App;
use crate::domain::job::Pool;

/// Another process may have written: look at least this often.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(1);

/// Works until the stop, then finishes what is under way. At most `at_once` jobs run side by side.
///
/// # Errors
/// Never by itself: a store that fails is tried again.
pub async fn run(app: App, pool: Pool, at_once: usize, stop: CancellationToken) -> Result<(), String> {
    let mut running = JoinSet::new();
    let word = app.wakeups.worker();
    let mut outage = Outage::new("jobs cannot be taken", "jobs are taken again");
    while !stop.is_cancelled() {
        let mut wait = LOOK;
        let free = at_once - running.len();
        if free > 0 {
            let claimed = app.runner.claim(&pool, u32::try_from(free).unwrap_or(1)).await;
            outage.note(&claimed);
            match claimed {
                Ok(claimed) => {
                    for job in claimed {
                        let runner = app.runner.clone();
                        running.spawn(async move { runner.run(job).await });
                    }
                    wait = until_next(&app, &pool).await;
                }
                Err(_) => wait = PAUSE,
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = word.notified() => {}
            Some(_) = running.join_next(), if !running.is_empty() => {}
            () = tokio::time::sleep(wait) => {}
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

/// How long until the next lane is ready, at most [`LOOK`].
pub(super) async fn until_next(app: &App, pool: &Pool) -> Duration {
    match app.store.next_ready(pool).await {
        Ok(Some(at)) => {
            let left = at.duration_since(app.now()).max(SignedDuration::ZERO);
            Duration::try_from(left).unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK)
        }
        _ => LOOK,
    }
}
