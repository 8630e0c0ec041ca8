//! What happens by the clock: leases that ran out, keys that are forgotten.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::app::App;

const TICK: Duration = Duration::from_secs(5);
/// Idempotency keys are kept this long (HTTP API A4).
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Every so many ticks the keys are looked at: once in ten minutes.
const SWEEP_EVERY: u32 = 120;

/// Runs until the stop.
///
/// # Errors
/// Never by itself: a store that fails is tried at the next tick.
pub async fn run(app: App, stop: CancellationToken) -> Result<(), String> {
    let mut tick = tokio::time::interval(TICK);
    let mut count: u32 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let now = app.now();
        match app.store.reap(now).await {
            Ok(0) => {}
            Ok(freed) => {
                tracing::warn!(freed, "took back work whose worker is gone");
                app.wakeups.work();
            }
            Err(error) => tracing::error!(%error, "leases could not be looked at"),
        }
        if count.is_multiple_of(SWEEP_EVERY)
            && let Err(error) = app.store.forget_keys(now - KEY_LIFE).await
        {
            tracing::error!(%error, "old idempotency keys could not be forgotten");
        }
        count = count.wrapping_add(1);
    }
}
