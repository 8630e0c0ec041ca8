//! Asks a channel for its events. The channel forgets them only after they are durable here: the mark up to
//! which they were read is stored with them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::outage::Outage;
use super::{introduction, trouble};
use crate::app::App;
use crate::domain::channel::{Mark, Messenger};
use crate::domain::contact::Channel;
use crate::domain::fault::{Fault, FaultKind};

/// How long the channel may wait for something to tell.
const WAIT: Duration = Duration::from_secs(10);
/// The first pause after a failure; each next one doubles, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(64);
/// What only a person can mend is not asked every second.
const LONG_PAUSE: Duration = Duration::from_secs(30);
/// After a week without updates Telegram begins to count anew: an older mark says nothing.
const MARK_LIFE: SignedDuration = SignedDuration::from_hours(6 * 24);
/// A daemon that dies leaves its duty to another after this long; a round takes half of it.
const DUTY: SignedDuration = SignedDuration::from_secs(25);
/// A duty is renewed this often.
const RENEW: SignedDuration = SignedDuration::from_secs(5);
/// Who has no duty looks this often.
const OFF_DUTY: Duration = Duration::from_secs(2);
const MARK: &str = "offset";

/// Asks until the stop.
///
/// # Errors
/// When the channel is not there.
pub async fn run(app: App, channel: Channel, stop: CancellationToken) -> Result<(), String> {
    let messenger = app.messenger(channel).ok_or("the channel is not configured")?.clone();
    let mut failures = 0_u32;
    let mut is_clean = None;
    tokio::select! {
        () = stop.cancelled() => return Ok(()),
        () = introduction::first(&app, &*messenger) => {}
    }
    let mut duty = Duty::of(&app, &*messenger);
    let mut troubles = Troubles::none();
    while !stop.is_cancelled() {
        let is_ours = tokio::select! {
            () = stop.cancelled() => break,
            is_ours = duty.hold() => is_ours,
        };
        if !is_ours {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(OFF_DUTY) => {}
            }
            continue;
        }
        let pause = tokio::select! {
            () = stop.cancelled() => break,
            round = round(&app, &*messenger, &mut troubles) => match round {
                Ok(()) => {
                    if is_clean != Some(true) {
                        trouble::note(&app, &*messenger, trouble::POLL, None).await;
                        is_clean = Some(true);
                    }
                    failures = 0;
                    continue;
                }
                Err(pause) => pause,
            }
        };
        is_clean = Some(false);
        let doubled = FIRST_PAUSE.saturating_mul(1 << failures.min(6)).min(LONGEST_PAUSE);
        failures = failures.saturating_add(1);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause.unwrap_or(doubled)) => {}
        }
    }
    duty.give_up().await;
    Ok(())
}

/// Of several daemons one asks at a time: a channel answers one of them only.
struct Duty<'a> {
    app: &'a App,
    name: String,
    held_since: Option<Timestamp>,
    unknown: Outage,
}

/// What keeps what the channel tells from being stored.
struct Troubles {
    unread: Outage,
    unstored: Outage,
}

impl Troubles {
    const fn none() -> Self {
        Self {
            unread: Outage::new(
                "the store does not say how far the channel was read",
                "the store says again how far the channel was read",
            ),
            unstored: Outage::new(
                "what the channel delivers cannot be stored; it will be asked for again",
                "what the channel delivers is stored again",
            ),
        }
    }
}

impl<'a> Duty<'a> {
    fn of(app: &'a App, messenger: &dyn Messenger) -> Self {
        let name = format!("poll:{}:{}", messenger.channel(), messenger.account());
        let unknown =
            Outage::new("the store does not say who asks the channel", "the store says again who asks the channel");
        Self { app, name, held_since: None, unknown }
    }

    /// Whether it is ours until the next round.
    async fn hold(&mut self) -> bool {
        let now = self.app.now();
        if self.held_since.is_some_and(|since| now.duration_since(since) < RENEW) {
            return true;
        }
        let held = self.app.store.hold_duty(&self.name, &self.app.name, now + DUTY, now).await;
        self.unknown.note(&held);
        let is_ours = held.unwrap_or(false);
        self.held_since = is_ours.then_some(now);
        is_ours
    }

    async fn give_up(&self) {
        if let Err(error) = self.app.store.drop_duty(&self.name, &self.app.name).await {
            tracing::warn!(%error, "another daemon asks the channel a moment later");
        }
    }
}

/// Somebody else asks with the same token, or a webhook is set.
fn is_conflict(fault: &Fault) -> bool {
    fault.detail.contains("conflict") || fault.detail.contains("terminated by other")
}

fn explained(fault: &Fault) -> String {
    if is_conflict(fault) && !fault.detail.contains("webhook") {
        return format!("{}; another program uses the same token: stop it, or give it a bot of its own", fault.detail);
    }
    fault.detail.clone()
}

/// Asks once and stores what came; answers how long to wait after a failure, when it is known.
async fn round(app: &App, messenger: &dyn Messenger, troubles: &mut Troubles) -> Result<(), Option<Duration>> {
    let channel = messenger.channel();
    let known = app.store.mark(channel, messenger.account(), MARK).await;
    troubles.unread.note(&known);
    let known = known.map_err(|_| None)?;
    let fresh = known.filter(|(_, since)| app.now().duration_since(*since) < MARK_LIFE);
    let offset = fresh.as_ref().map(|(offset, _)| offset.as_str());
    let (bodies, next) = match messenger.poll(offset, WAIT).await {
        Ok(polled) => polled,
        Err(fault) => {
            let told = format!("it cannot be asked for what clients write: {}", explained(&fault));
            trouble::note(app, messenger, trouble::POLL, Some(&told)).await;
            return Err(match fault.kind {
                FaultKind::RateLimited => fault.retry_after,
                FaultKind::Unauthorized => Some(LONG_PAUSE),
                _ if is_conflict(&fault) => Some(LONG_PAUSE),
                _ => None,
            });
        }
    };
    let Some(next) = next else { return Ok(()) };
    let mut events = Vec::with_capacity(bodies.len());
    for body in &bodies {
        match messenger.read(body) {
            Ok(event) => events.push(event),
            Err(error) => {
                tracing::error!(%channel, %error, "an event is left out");
                metrics::counter!("flow_webhook_rejected_total", "channel" => channel.as_str(), "reason" => "unreadable")
                    .increment(1);
            }
        }
    }
    let mark = Mark { channel, account: messenger.account().to_owned(), name: MARK, value: next };
    let stored = app.ingest(events, Some(&mark)).await;
    troubles.unstored.note(&stored);
    if let Err(error) = stored {
        let told = format!("what it delivers cannot be stored: {error}");
        trouble::note(app, messenger, trouble::POLL, Some(&told)).await;
        return Err(None);
    }
    Ok(())
}
