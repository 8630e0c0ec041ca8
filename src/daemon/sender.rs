//! Carries the outbox of one channel: chats side by side, at the pace that the channel allows in all.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::worker::until_next;
use crate::app::App;
use crate::domain::contact::Channel;
use crate::domain::job::Pool;
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
    let pool = Pool::Class(format!("out:{channel}"));
    let mut bucket = Bucket::new(messenger.total_per_second());
    let mut refusals = Refusals::default();
    let word = app.wakeups.worker();
    let sender = loop {
        match app.button_key().await {
            Ok(key) => {
                break Sender::new(app.store.clone(), messenger, app.clock.clone(), app.wakeups.clone(), key);
            }
            Err(error) => tracing::error!(%error, "messages cannot be carried yet"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    };
    let mut running: JoinSet<Told> = JoinSet::new();
    while !stop.is_cancelled() {
        let held = refusals.held_for(app.now());
        let room = bucket.room().min(AT_ONCE - running.len());
        let mut wait = held.unwrap_or_else(|| bucket.until_room());
        if held.is_none() && room > 0 {
            match sender.take(u32::try_from(room).unwrap_or(1)).await {
                Ok(taken) => {
                    bucket.spend(taken.len());
                    let is_full = taken.len() == room;
                    for carrying in taken {
                        let sender = sender.clone();
                        running.spawn(async move { sender.carry(carrying).await });
                    }
                    // With more to do there is no sense in asking when.
                    wait = if is_full { bucket.until_room() } else { until_next(&app, &pool).await };
                }
                Err(error) => {
                    tracing::error!(%error, "messages cannot be taken from the outbox");
                    wait = PAUSE;
                }
            }
        }
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

/// How many messages may go out in all: so many a second, with little in reserve.
struct Bucket {
    rate: Option<f64>,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new(rate: Option<f64>) -> Self {
        Self { rate, tokens: 1.0, at: Instant::now() }
    }

    /// A tenth of a second's worth.
    fn most(rate: f64) -> f64 {
        (rate / 10.0).max(1.0)
    }

    fn room(&mut self) -> usize {
        let Some(rate) = self.rate else { return usize::MAX };
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * rate).min(Self::most(rate));
        self.at = now;
        // Never negative, and small.
        self.tokens as usize
    }

    fn spend(&mut self, count: usize) {
        self.tokens -= count as f64;
    }

    fn until_room(&self) -> Duration {
        match self.rate {
            Some(rate) => Duration::from_secs_f64(((1.0 - self.tokens) / rate).clamp(0.001, 1.0)),
            None => Duration::from_millis(500),
        }
    }
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
