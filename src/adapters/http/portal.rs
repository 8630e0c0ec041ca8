//! A far side as an adapter sees it: one `send`. Around the transport lie pace (one budget for a portal or an address,
//! shared by all daemons; a live booking goes before a sync), patience, and a breaker.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::judge::{Judge, Refusal};
use super::{Answer, Broken, Call, Repeat, Transport, mask};
use crate::domain::clock::Clock;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::outbox::Pace;
use crate::domain::sharing::Purse;

tokio::task_local! {
    /// Whether what is done now may wait for what is live.
    static IN_BACKGROUND: bool;
}

/// Runs work that may wait for what is live: a sync, an export.
pub async fn in_background<T>(work: impl Future<Output = T>) -> T {
    IN_BACKGROUND.scope(true, work).await
}

/// Waits between two tries of one call.
const WAITS: &[Duration] = &[Duration::from_millis(300), Duration::from_millis(900), Duration::from_millis(2700)];
/// Waits after "too many calls" that does not say how long.
const LIMIT_WAITS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// So long a call waits for its turn and for limits, in all, before whoever asked is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// What waits for the live work is more patient.
const PATIENCE_IN_BACKGROUND: Duration = Duration::from_secs(120);
/// So many failures in a row, and nobody asks for a while.
const FAILURES: u32 = 5;
const REST: Duration = Duration::from_secs(10);

/// One budget of calls that a portal draws from.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Its name: of a portal, an account or a host, whatever the vendor counts by.
    pub name: String,
    /// How fast.
    pub pace: Pace,
}

impl Budget {
    /// So many calls in so much time, as many of them at once.
    #[must_use]
    pub fn new(name: impl Into<String>, calls: u32, window: SignedDuration, burst: u32) -> Self {
        let every = window / i32::try_from(calls.max(1)).unwrap_or(i32::MAX);
        Self { name: name.into(), pace: Pace { every, burst: burst.max(1) } }
    }

    /// So many calls a second.
    #[must_use]
    pub fn per_second(name: impl Into<String>, calls: f64, burst: u32) -> Self {
        let every = SignedDuration::from_secs_f64(1.0 / calls.clamp(0.001, 1_000_000.0));
        Self { name: name.into(), pace: Pace { every, burst: burst.max(1) } }
    }
}

/// What an adapter says of its far side.
pub struct Rules {
    /// Reads answers.
    pub judge: Judge,
    /// What calls are drawn from.
    pub budgets: Vec<Budget>,
}

/// How the far side has been lately.
#[derive(Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
    /// When the far side last said "too many calls".
    limited_at: Option<Instant>,
    /// Until when nothing (or nothing of one operation) is asked.
    paused: HashMap<Option<&'static str>, Instant>,
}

/// A far side.
pub struct Portal {
    name: String,
    transport: Arc<dyn Transport>,
    purse: Arc<dyn Purse>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    health: Mutex<Health>,
    secrets: Arc<[String]>,
}

impl Portal {
    /// The far side of that connection.
    #[must_use]
    pub fn new(
        name: &str,
        transport: Arc<dyn Transport>,
        purse: Arc<dyn Purse>,
        clock: Arc<dyn Clock>,
        rules: Rules,
    ) -> Self {
        Self {
            name: name.to_owned(),
            transport,
            purse,
            clock,
            rules,
            health: Mutex::default(),
            secrets: Arc::default(),
        }
    }

    /// These words stand in no fault.
    #[must_use]
    pub fn hiding(self, secrets: Arc<[String]>) -> Self {
        Self { secrets, ..self }
    }

    /// Calls, with patience, and answers what the judge takes for an answer.
    ///
    /// # Errors
    /// A fault that says whether the call may have been applied.
    pub async fn send(&self, call: &Call) -> Result<Answer, Fault> {
        self.patiently(call, |answer| Ok(answer.clone())).await
    }

    /// Calls and answers the JSON that came.
    ///
    /// # Errors
    /// As [`Portal::send`]; `Protocol` when it is no JSON.
    pub async fn json(&self, call: &Call) -> Result<Value, Fault> {
        self.patiently(call, read_json).await
    }

    /// Calls and answers the JSON that came; nothing where the vendor says "nothing" by a 204.
    ///
    /// # Errors
    /// As [`Portal::json`].
    pub async fn json_or_none(&self, call: &Call) -> Result<Option<Value>, Fault> {
        let read = |answer: &Answer| match answer.status {
            204 => Ok(None),
            _ => read_json(answer).map(Some),
        };
        self.patiently(call, read).await
    }

    /// Nothing, or nothing of one operation, is asked for so long.
    pub fn pause(&self, operation: Option<&'static str>, wait: Duration) {
        self.health().paused.insert(operation, Instant::now() + wait);
    }

    /// When the far side last said "too many calls", also where that was waited out.
    #[must_use]
    pub fn limited_at(&self) -> Option<Instant> {
        self.health().limited_at
    }

    /// A fault of this connection.
    #[must_use]
    pub fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        let detail = self.secrets.iter().fold(detail.into(), |text: String, secret| text.replace(secret, "***"));
        Fault::new(kind, &self.name, operation, detail)
    }

    async fn patiently<T>(&self, call: &Call, read: impl Fn(&Answer) -> Result<T, Refusal>) -> Result<T, Fault> {
        let in_background = IN_BACKGROUND.try_with(|&yes| yes).unwrap_or(false);
        let until = Instant::now() + if in_background { PATIENCE_IN_BACKGROUND } else { PATIENCE };
        let mut tries = 0;
        loop {
            self.is_asked(call.operation, until).await?;
            self.draw(call.operation, in_background, until).await?;
            let outcome = match self.transport.send(call).await {
                Ok(answer) => (self.rules.judge)(call, &answer).and_then(|()| read(&answer)),
                Err(broken) => Err(refusal(call, broken)),
            };
            let refused = match outcome {
                Ok(value) => {
                    self.note(true);
                    return Ok(value);
                }
                Err(refused) => refused,
            };
            self.note(!is_failure(refused.kind));
            if refused.kind == FaultKind::RateLimited {
                self.health().limited_at = Some(Instant::now());
            }
            let Some(wait) = again(call.repeat, &refused, tries).filter(|wait| Instant::now() + *wait <= until) else {
                return Err(self.told(call, refused));
            };
            tracing::debug!(connection = %self.name, operation = call.operation, kind = refused.kind.as_str(),
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "asked again");
            if refused.kind == FaultKind::RateLimited {
                self.pause(refused.of_operation.then_some(call.operation), wait);
            }
            sleep(wait).await;
            tries += 1;
        }
    }

    fn told(&self, call: &Call, mut refused: Refusal) -> Fault {
        let operation = call.operation;
        // A keyed call may be made again, but its last try may have been heard.
        let is_open = matches!(refused.kind, FaultKind::Timeout | FaultKind::Unavailable);
        if call.repeat == Repeat::Keyed && is_open {
            refused.kind = FaultKind::UnknownOutcome;
        }
        if refused.kind == FaultKind::RateLimited
            && let Some(wait) = refused.retry_after
        {
            self.pause(refused.of_operation.then_some(operation), wait);
        }
        Fault { retry_after: refused.retry_after, ..self.fault(refused.kind, operation, refused.detail) }
    }

    /// Waits while the far side asked for it; refuses at once what would wait too long, or while it is out of order.
    async fn is_asked(&self, operation: &'static str, until: Instant) -> Result<(), Fault> {
        let (paused, rests) = {
            let health = self.health();
            let paused = [None, Some(operation)].iter().filter_map(|of| health.paused.get(of)).max().copied();
            (paused, health.rests_until)
        };
        let now = Instant::now();
        if let Some(rests) = rests.filter(|rests| *rests > now) {
            let detail =
                format!("{FAILURES} calls in a row failed: not asked for another {} s", (rests - now).as_secs());
            let fault = self.fault(FaultKind::Unavailable, operation, detail);
            return Err(Fault { retry_after: Some(rests - now), ..fault });
        }
        let Some(paused) = paused.filter(|paused| *paused > now) else { return Ok(()) };
        if paused > until {
            let fault = self.fault(FaultKind::RateLimited, operation, "it asked us to wait");
            return Err(Fault { retry_after: Some(paused - now), ..fault });
        }
        tokio::time::sleep_until(paused).await;
        Ok(())
    }

    /// Draws one call from every budget.
    async fn draw(&self, operation: &'static str, in_background: bool, until: Instant) -> Result<(), Fault> {
        for budget in &self.rules.budgets {
            // What may wait leaves half of what may come at once to what is live.
            let burst = if in_background { (budget.pace.burst / 2).max(1) } else { budget.pace.burst };
            let pace = Pace { burst, ..budget.pace };
            loop {
                let now = self.clock.now();
                let drawn = self.purse.draw(&budget.name, pace, 1, now).await;
                let drawn = drawn.map_err(|error| self.fault(FaultKind::Store, operation, error))?;
                if drawn.calls > 0 {
                    break;
                }
                let wait = between(now, drawn.next_at);
                if Instant::now() + wait > until {
                    let fault =
                        self.fault(FaultKind::RateLimited, operation, "the connection's own pace: too many calls");
                    return Err(Fault { retry_after: Some(wait), ..fault });
                }
                sleep(wait).await;
            }
        }
        Ok(())
    }

    fn note(&self, is_well: bool) {
        let mut health = self.health();
        if is_well {
            health.failures = 0;
            health.rests_until = None;
            return;
        }
        health.failures += 1;
        if health.failures >= FAILURES {
            // One call after the rest decides: it works, or the next rest begins.
            health.failures = FAILURES - 1;
            health.rests_until = Some(Instant::now() + REST);
            tracing::warn!(connection = %self.name, "{FAILURES} calls in a row failed; a rest of {} s", REST.as_secs());
        }
    }

    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_json(answer: &Answer) -> Result<Value, Refusal> {
    answer.value().ok_or_else(|| {
        let what = if answer.body.is_empty() { "an empty answer" } else { "an answer that is no JSON" };
        let excerpt = mask::excerpt(&answer.body);
        Refusal::new(FaultKind::Protocol, format!("{what} (HTTP {}): {excerpt}", answer.status))
    })
}

fn between(now: Timestamp, then: Timestamp) -> Duration {
    // Never nothing: a store's clock may be a little behind.
    Duration::try_from(then.duration_since(now)).unwrap_or_default().max(Duration::from_millis(5))
}

const fn is_failure(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Unreachable | FaultKind::Unavailable | FaultKind::Timeout | FaultKind::UnknownOutcome)
}

/// What a lost call means: what may have been heard is a doubt where it writes.
fn refusal(call: &Call, broken: Broken) -> Refusal {
    let doubt = |otherwise| if call.is_write() { FaultKind::UnknownOutcome } else { otherwise };
    match broken {
        Broken::NotSent(why) => Refusal::new(FaultKind::Unreachable, format!("it cannot be reached: {why}")),
        Broken::TooLong => Refusal::new(doubt(FaultKind::Timeout), "it did not answer in time"),
        Broken::Lost(why) => Refusal::new(doubt(FaultKind::Unavailable), format!("the connection was lost: {why}")),
        Broken::TooLarge => Refusal::new(FaultKind::Protocol, "its answer is too large"),
    }
}

/// Whether and after what wait a call is made again: by what a second one does, and by what went wrong.
#[must_use]
pub fn again(repeat: Repeat, refused: &Refusal, tries: usize) -> Option<Duration> {
    let waits = match refused.kind {
        // It was not taken, whatever it was.
        FaultKind::RateLimited => LIMIT_WAITS,
        FaultKind::Unreachable => WAITS,
        FaultKind::Unavailable | FaultKind::Timeout if repeat != Repeat::Never => WAITS,
        // A cut body once.
        FaultKind::Protocol if repeat != Repeat::Never => &WAITS[..1],
        _ => &[],
    };
    let wait = *waits.get(tries)?;
    Some(refused.retry_after.map_or(wait, |asked| asked.max(wait)))
}
