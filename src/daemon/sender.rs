//! Carries the outbox of one channel: chats side by side, at the pace that the channel allows in all.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::allowance::Allowance;
use super::outage::Outage;
use super::worker::until_next;
use crate::app::App;
use crate::domain::contact::Channel;
use crate::domain::job::Pool;
use crate::domain::store::StoreResult;
use crate::jobs::send::{Sender, Told};

/// Calls under way at once.
const AT_ONCE: usize = 256;
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(1);
/// So many chats in a row that are told to wait within [`CROWD`] mean that all are meant.
const MANY: usize = 8;
const LONGEST_HOLD: Duration = Duration::from_secs(60);
const CROWD: Duration = Duration::from_secs(5);

/// Carries until the stop, then finishes what is under way.
///
/// # Errors
/// When the channel is not there.
pub async fn run(app: App, channel: Channel, stop: CancellationToken) -> Result<(), String> {
    let messenger = app.messenger(channel).ok_or("the channel is not configured")?.clone();
    let pool_name = format!("out:{channel}");
    let pool = Pool::Class(pool_name.clone());
    let name = format!("{pool_name}:{}", messenger.account());
    let mut allowance = Allowance::new(messenger.total_per_second(), app.budgets.clone(), name);
    let mut refusals = Refusals::default();
    let word = app.wakeups.worker();
    let mut outage = Outage::new("messages cannot be carried", "messages are carried again");
    let sender = loop {
        let key = app.button_key().await;
        outage.note(&key);
        if let Ok(key) = key {
            break Sender::new(app.store.clone(), messenger, app.clock.clone(), app.wakeups.clone(), key);
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    };
    let mut running: JoinSet<Told> = JoinSet::new();
    while !stop.is_cancelled() {
        let wait = match refusals.held_for(app.now()) {
            Some(held) => held,
            None => {
                let wait = carry_some(&app, &pool, &sender, &mut allowance, &mut running).await;
                outage.note(&wait);
                wait.unwrap_or(PAUSE)
            }
        };
        let is_full = running.len() >= AT_ONCE;
        tokio::select! {
            () = stop.cancelled() => {}
            () = word.notified(), if !is_full => {}
            Some(told) = running.join_next(), if !running.is_empty() => refusals.note(told.ok()),
            () = tokio::time::sleep(wait), if !is_full => {}
        }
        while let Some(told) = running.try_join_next() {
            refusals.note(told.ok());
        }
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

/// Takes what may go out now and begins to carry it; answers when to look again.
async fn carry_some(
    app: &App,
    pool: &Pool,
    sender: &Sender,
    allowance: &mut Allowance,
    running: &mut JoinSet<Told>,
) -> StoreResult<Duration> {
    if allowance.is_shared() {
        // Nothing is drawn for nothing.
        let ready = app.store.next_ready(pool).await?;
        if ready.is_none_or(|at| at > app.now()) {
            return Ok(until_next(app, pool).await);
        }
    }
    let room = allowance.take(AT_ONCE - running.len(), app.now()).await?;
    if room == 0 {
        return Ok(allowance.until_room(app.now()));
    }
    let taken = sender.take(u32::try_from(room).unwrap_or(1)).await?;
    allowance.spend(room, taken.len(), app.now()).await?;
    let is_full = taken.len() == room;
    for carrying in taken {
        let sender = sender.clone();
        running.spawn(async move { sender.carry(carrying).await });
    }
    // With more to do there is no sense in asking when.
    Ok(if is_full { allowance.until_room(app.now()) } else { until_next(app, pool).await })
}

/// The latest chats that were told to wait, without one success between. A few are a matter of their own;
/// many in a row mean the bot as a whole.
#[derive(Default)]
struct Refusals(VecDeque<(Instant, String, Timestamp)>);

impl Refusals {
    fn note(&mut self, told: Option<Told>) {
        let Some(told) = told else { return };
        if told.is_sent {
            return self.0.clear();
        }
        let Some(until) = told.wait_until else { return };
        self.0.retain(|(at, known, _)| *known != told.chat && at.elapsed() <= CROWD);
        self.0.push_back((Instant::now(), told.chat, until));
        if self.0.len() > MANY {
            self.0.pop_front();
        }
    }

    fn held_for(&self, now: Timestamp) -> Option<Duration> {
        if self.0.len() < MANY {
            return None;
        }
        // The earliest may go first: its answer tells whether all may.
        let until = self.0.iter().map(|(_, _, until)| *until).min()?;
        let left = Duration::try_from(until.duration_since(now)).ok()?;
        (!left.is_zero()).then(|| left.min(LONGEST_HOLD))
    }
}
