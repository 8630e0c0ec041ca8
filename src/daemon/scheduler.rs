//! What happens by the clock: work that is due, leases that ran out, what is no longer needed.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::outage::Outage;
use crate::app::App;
use crate::domain::copies::HOOK;
use crate::domain::store::StoreResult;
use crate::jobs::crm;
use crate::jobs::follow::next_follow;

const TICK: Duration = Duration::from_millis(500);
/// So much due work enters its lanes in one step.
const ENTER: u32 = 500;
/// Every so many ticks leases are looked at: five seconds.
const REAP_EVERY: u32 = 10;
/// Every so many ticks what is no longer needed is forgotten: a minute.
const SWEEP_EVERY: u32 = 120;
/// Every so many ticks leads are looked at that the CRM does not know: five seconds.
const PUSH_EVERY: u32 = 10;
/// Calls of CRMs are kept so long: the same call again is recognised (30 days, `docs/crm/dikidi.md`).
const HOOK_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Idempotency keys are kept this long (HTTP API A4).
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// What channels delivered is kept longer than any of them delivers it again.
const EVENT_LIFE: SignedDuration = SignedDuration::from_hours(9 * 24);
/// Events forgotten in one step, so that no other write waits long.
const FORGET: u32 = 2000;

/// Runs until the stop.
///
/// # Errors
/// Never by itself: a store that fails is tried at the next tick.
pub async fn run(app: App, stop: CancellationToken) -> Result<(), String> {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut count: u32 = 0;
    let mut unstarted = Outage::new("work that is due cannot be started", "work that is due is started again");
    let mut unreaped = Outage::new("leases cannot be looked at", "leases are looked at again");
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let entered = enter_due(&app).await;
        unstarted.note(&entered);
        // Without the store there is nothing else to do either.
        if entered.is_err() {
            continue;
        }
        if count.is_multiple_of(REAP_EVERY) {
            let reaped = reap(&app).await;
            unreaped.note(&reaped);
        }
        if count.is_multiple_of(PUSH_EVERY) {
            queue_leads(&app).await;
        }
        if count.is_multiple_of(SWEEP_EVERY) {
            sync_crm(&app).await;
            sweep(&app).await;
        }
        count = count.wrapping_add(1);
    }
}

async fn enter_due(app: &App) -> StoreResult<()> {
    loop {
        let entered = app.store.enter_due(ENTER, app.now()).await?;
        if entered > 0 {
            app.wakeups.work();
        }
        if entered < u64::from(ENTER) {
            return Ok(());
        }
    }
}

async fn reap(app: &App) -> StoreResult<()> {
    let freed = app.store.reap(app.now()).await?;
    if freed > 0 {
        tracing::warn!(freed, "took back work whose worker is gone");
        app.wakeups.work();
    }
    Ok(())
}

async fn queue_leads(app: &App) {
    let Some(crm) = app.active_crm() else { return };
    match crm::queue_leads(app.store.as_ref(), crm.as_ref(), app.now()).await {
        Ok(0) => {}
        Ok(_) => app.wakeups.work(),
        Err(error) => tracing::error!(%error, "leads for the CRM could not be looked at"),
    }
}

/// Services and staff are read anew, and what became of the visits is asked: jobs whose key makes it one for all daemons.
async fn sync_crm(app: &App) {
    if !app.config.crm.connections.contains_key(&app.config.crm.active) {
        return;
    }
    let mut next = vec![crm::next_sync(&app.config.crm.active, app.now())];
    next.extend(app.active_crm().map(|crm| next_follow(crm.as_ref(), app.now())));
    if let Err(error) = app.store.schedule(&next).await {
        tracing::error!(%error, "the next reading of the CRM could not be written down");
    }
}

async fn sweep(app: &App) {
    let now = app.now();
    if let Err(error) = app.store.forget_keys(now - KEY_LIFE).await {
        tracing::error!(%error, "old idempotency keys could not be forgotten");
    }
    if let Err(error) = app.store.sweep_queue(now - EVENT_LIFE, now).await {
        tracing::error!(%error, "the queue could not be swept");
    }
    if let Err(error) = app.store.forget_copies(HOOK, now - HOOK_LIFE).await {
        tracing::error!(%error, "old calls of CRMs could not be forgotten");
    }
    if let Err(error) = app.store.forget_events(now - EVENT_LIFE, FORGET).await {
        tracing::error!(%error, "old events could not be forgotten");
    }
}
