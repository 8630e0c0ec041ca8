//! Claims jobs and runs them; a job may run twice, its commit happens once.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rand::Rng;

use super::wakeups::Wakeups;
use crate::dialog::{Desk, TurnError};
use crate::domain::clock::Clock;
use crate::domain::crm::MoveRequest;
use crate::domain::fault::Retry;
use crate::domain::job::{Claimed, Outcome, Work};
use crate::domain::store::{Store, StoreError, StoreResult};

/// A worker that dies gives its work back after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A running job prolongs its lease this often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// After so many tries a job is given up and a person is told by `flow status` and `/health`.
const ATTEMPTS: u32 = 12;
/// The first wait between two tries; each next one doubles, up to the longest.
const FIRST_WAIT: SignedDuration = SignedDuration::from_millis(500);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);

/// What a look at the queue came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// So many jobs were run.
    Ran(usize),
    /// There was nothing to do.
    Nothing,
}

/// Runs jobs.
#[derive(Clone)]
pub struct Runner {
    store: Arc<dyn Store>,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    wakeups: Arc<Wakeups>,
}

impl Runner {
    /// A runner over that desk.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, desk: Arc<Desk>, clock: Arc<dyn Clock>, wakeups: Arc<Wakeups>) -> Self {
        Self { store, desk, clock, wakeups }
    }

    /// Takes at most `limit` jobs that are due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(&self, limit: u32) -> StoreResult<Vec<Claimed>> {
        let now = self.clock.now();
        self.store.claim(limit, now + LEASE, now).await
    }

    /// Runs what is due, one after another, until nothing is: the terminal chat and scenarios.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_due(&self) -> StoreResult<Worked> {
        let mut ran = 0;
        loop {
            let claimed = self.claim(1).await?;
            let Some(job) = claimed.into_iter().next() else { break };
            self.run(job).await;
            ran += 1;
        }
        Ok(if ran == 0 { Worked::Nothing } else { Worked::Ran(ran) })
    }

    /// Runs one job to its end, prolonging its lease meanwhile.
    pub async fn run(&self, job: Claimed) {
        let work = self.perform(&job);
        tokio::pin!(work);
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        let result = loop {
            tokio::select! {
                result = &mut work => break result,
                _ = beat.tick() => {
                    if self.store.heartbeat(&job.lease, self.clock.now() + LEASE).await == Err(StoreError::LostLease) {
                        tracing::warn!(job = job.id, "another worker has taken the job over");
                        return;
                    }
                }
            }
        };
        if let Err(error) = result {
            self.failed(&job, &error).await;
        }
        if let Ok(work) = &job.work {
            self.wakeups.conversation(work.conversation());
        }
        self.wakeups.work();
    }

    async fn perform(&self, job: &Claimed) -> Result<(), TurnError> {
        let work = job.work.as_ref().map_err(|error| {
            TurnError::Store(StoreError::Other(format!("a job that this version cannot read: {error}")))
        })?;
        match work {
            Work::Answer { conversation_id } => self.desk.answer(*conversation_id, (&job.lease, job.id)).await,
            Work::CommitBooking { booking_id, conversation_id } => {
                self.desk.commit_booking(*booking_id, *conversation_id, job).await
            }
            Work::MoveBooking { conversation_id, appointment_id, start, employee_id, key, .. } => {
                let request = MoveRequest {
                    key: key.clone(),
                    id: appointment_id.clone(),
                    start: *start,
                    employee_id: employee_id.clone(),
                };
                self.desk.move_booking(*conversation_id, &request, job).await
            }
            Work::CancelBooking { conversation_id, appointment_id, .. } => {
                self.desk.cancel_booking(*conversation_id, appointment_id, job).await
            }
        }
    }

    async fn failed(&self, job: &Claimed, error: &TurnError) {
        let outcome = self.next(job, error);
        let Some(outcome) = outcome else { return };
        let kind = job.work.as_ref().map_or("unreadable", Work::name);
        match &outcome {
            Outcome::Dead { .. } => tracing::error!(job = job.id, kind, attempt = job.attempt, %error, "given up"),
            _ => tracing::warn!(job = job.id, kind, attempt = job.attempt, %error, "will be tried again"),
        }
        if let Err(error) = self.store.finish(&job.lease, job.id, &outcome, self.clock.now()).await
            && error != StoreError::LostLease
        {
            tracing::error!(job = job.id, %error, "its outcome could not be stored; the lease will run out");
        }
    }

    /// Whether and when a failed job is tried again; nothing when somebody else has it.
    fn next(&self, job: &Claimed, error: &TurnError) -> Option<Outcome> {
        let text = error.to_string();
        let now = self.clock.now();
        let again = match error {
            TurnError::Store(StoreError::LostLease) => return None,
            // Somebody else moved the dialogue on: look again at once.
            TurnError::Store(StoreError::Version { .. }) => return Some(Outcome::Retry { at: now, error: text }),
            TurnError::Store(StoreError::NotFound(_) | StoreError::Damaged(_)) | TurnError::Endless => false,
            TurnError::Store(_) => job.work.is_ok(),
            TurnError::Crm(fault) => fault.retry() != Retry::Never,
        };
        if !again || job.attempt >= ATTEMPTS {
            return Some(Outcome::Dead { error: text });
        }
        Some(Outcome::Retry { at: now + backoff(job.attempt), error: text })
    }
}

/// Doubles with each attempt, with jitter, so that many who failed together do not return together.
fn backoff(attempt: u32) -> SignedDuration {
    let factor = 1_i32 << attempt.saturating_sub(1).min(10);
    let wait = (FIRST_WAIT * factor).min(LONGEST_WAIT);
    let half = i64::try_from(wait.as_millis() / 2).unwrap_or(0).max(1);
    SignedDuration::from_millis(half + rand::rng().random_range(0..=half))
}
