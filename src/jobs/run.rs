//! Claims jobs and runs them; a job may run twice, its commit happens once.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use rand::Rng;

use super::crm;
use super::follow::follow_all;
use super::wakeups::Wakeups;
use crate::dialog::flow::Apology;
use crate::dialog::{Desk, TurnError};
use crate::domain::clock::Clock;
use crate::domain::crm::{Crm, MoveRequest};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::job::{Claimed, Outcome, Pool, Work};
use crate::domain::store::{Store, StoreError, StoreResult};

/// A worker that dies gives its work back after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A running job prolongs its lease this often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// After so many tries a job is given up and a person is told by `flow status` and `/health`.
const ATTEMPTS: u32 = 12;
/// A turn that panics is a bug: it is not tried for long.
const PANICS: u32 = 3;
/// After so many tries against a CRM that does not answer the client is told, about two seconds later.
const SILENT_TRIES: u32 = 3;
/// Seconds after which services and staff that could not be read are asked for again.
const READ_AGAIN: i64 = 60;
/// The first wait between two tries; each next one doubles, up to the longest.
const FIRST_WAIT: SignedDuration = SignedDuration::from_millis(500);
/// No far side makes a client wait for an answer any longer between two tries.
const LONGEST_FOR_A_CLIENT: SignedDuration = SignedDuration::from_secs(2);
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
    crms: Arc<BTreeMap<String, Arc<dyn Crm>>>,
    /// When services and staff of the CRM are looked for again; never, once they are known.
    reads_again_at: Arc<AtomicI64>,
}

impl Runner {
    /// A runner over that desk.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, desk: Arc<Desk>, clock: Arc<dyn Clock>, wakeups: Arc<Wakeups>) -> Self {
        Self { store, desk, clock, wakeups, crms: Arc::default(), reads_again_at: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// With these connections, for what is no part of a dialogue.
    #[must_use]
    pub fn with_crms(self, crms: Arc<BTreeMap<String, Arc<dyn Crm>>>) -> Self {
        Self { crms, ..self }
    }

    /// Takes at most `limit` jobs of a pool that are due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(&self, pool: &Pool, limit: u32) -> StoreResult<Vec<Claimed>> {
        let now = self.clock.now();
        let claimed = self.store.claim(pool, limit, now + LEASE, now).await;
        crate::crash::point("claim.taken");
        claimed
    }

    /// Runs what is due, one after another, until nothing is: the terminal chat and scenarios. What must be
    /// carried to a channel is left to the daemon.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_due(&self) -> StoreResult<Worked> {
        let mut ran = 0;
        loop {
            self.store.enter_due(100, self.clock.now()).await?;
            let claimed = self.claim(&Pool::Inside, 1).await?;
            let Some(job) = claimed.into_iter().next() else { break };
            self.run(job).await;
            ran += 1;
        }
        Ok(if ran == 0 { Worked::Nothing } else { Worked::Ran(ran) })
    }

    /// Runs one job to its end, prolonging its lease meanwhile.
    pub async fn run(&self, job: Claimed) {
        // A bug in one turn is a failed job, and nobody else's.
        let work = AssertUnwindSafe(self.perform(&job)).catch_unwind();
        tokio::pin!(work);
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        let result = loop {
            tokio::select! {
                result = &mut work => break result.unwrap_or(Err(TurnError::Panicked)),
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
        if let Some(conversation) = job.work.as_ref().ok().and_then(Work::conversation) {
            self.wakeups.conversation(conversation);
        }
        self.wakeups.work();
    }

    async fn perform(&self, job: &Claimed) -> Result<(), TurnError> {
        let work = job.work.as_ref().map_err(|error| TurnError::Unreadable(error.clone()))?;
        let desk = &self.desk;
        match work {
            Work::Answer { conversation_id } => {
                self.know_the_catalogue().await;
                desk.answer(*conversation_id, (&job.lease, job.id)).await
            }
            Work::CommitBooking { booking_id, conversation_id } => {
                desk.commit_booking(*booking_id, *conversation_id, None, job).await
            }
            Work::ReconcileBooking { booking_id, conversation_id, looks } => {
                desk.commit_booking(*booking_id, *conversation_id, Some(*looks), job).await
            }
            Work::EscalateBooking { booking_id, conversation_id } => {
                desk.escalate_booking(*booking_id, *conversation_id, job).await
            }
            Work::TellDecision { booking_id, conversation_id, cancelling } => {
                desk.tell_decision(*booking_id, *conversation_id, *cancelling, job).await
            }
            Work::MoveBooking { conversation_id, appointment_id, start, employee_id, key, tries, .. } => {
                let request = MoveRequest {
                    key: key.clone(),
                    id: appointment_id.clone(),
                    start: *start,
                    employee_id: employee_id.clone(),
                };
                desk.move_booking(*conversation_id, &request, *tries, job).await
            }
            Work::CancelBooking { conversation_id, appointment_id, tries, .. } => {
                desk.cancel_booking(*conversation_id, appointment_id, *tries, job).await
            }
            Work::PushLead { lead_id, connection } => {
                crm::push_lead(self.store.as_ref(), self.clock.as_ref(), self.crm(connection)?, *lead_id).await?;
                self.done(job).await
            }
            Work::SyncCrm { connection } => {
                crm::sync(self.store.as_ref(), self.clock.as_ref(), self.crm(connection)?).await?;
                self.done(job).await
            }
            Work::FollowCrm { connection } => {
                follow_all(self.store.as_ref(), self.clock.as_ref(), self.crm(connection)?).await?;
                self.done(job).await
            }
            Work::CrmHook { connection, id } => {
                crm::work_on_hook(self.store.as_ref(), self.clock.as_ref(), self.crm(connection)?, id).await?;
                self.done(job).await
            }
            Work::Send { .. } => Err(TurnError::Unreadable("a part of a message outside its lane".to_owned())),
        }
    }

    /// A CRM that does not answer makes nobody wait twice within a minute.
    async fn know_the_catalogue(&self) {
        let Some(crm) = self.crms.get(self.desk.connection()) else { return };
        let now = self.clock.now().as_second();
        if now < self.reads_again_at.load(Ordering::Relaxed) {
            return;
        }
        self.reads_again_at.store(now.saturating_add(READ_AGAIN), Ordering::Relaxed);
        if crm::first_reading(self.store.as_ref(), self.clock.as_ref(), crm.as_ref()).await {
            self.reads_again_at.store(i64::MAX, Ordering::Relaxed);
        }
    }

    fn crm(&self, connection: &str) -> Result<&dyn Crm, TurnError> {
        let known = self.crms.get(connection).map(AsRef::as_ref);
        known.ok_or_else(|| TurnError::Unreadable(format!("there is no CRM connection `{connection}` (any more)")))
    }

    async fn done(&self, job: &Claimed) -> Result<(), TurnError> {
        Ok(self.store.finish(&job.lease, job.id, &Outcome::Done, self.clock.now()).await?)
    }

    async fn failed(&self, job: &Claimed, error: &TurnError) {
        let outcome = self.next(job, error);
        let Some(outcome) = outcome else { return };
        let kind = job.work.as_ref().map_or("unreadable", Work::name);
        if matches!(error, TurnError::Store(StoreError::Version { .. })) {
            // Nothing failed: somebody wrote meanwhile, and the answer is worked out from what stands now.
            tracing::debug!(job = job.id, kind, "the dialogue moved on meanwhile");
            if let Err(error) = self.store.finish(&job.lease, job.id, &outcome, self.clock.now()).await
                && error != StoreError::LostLease
            {
                tracing::error!(job = job.id, %error, "its outcome could not be stored; the lease will run out");
            }
            return;
        }
        metrics::counter!("flow_jobs_failed_total", "kind" => kind).increment(1);
        match &outcome {
            Outcome::Dead { .. } => tracing::error!(job = job.id, kind, attempt = job.attempt, %error, "given up"),
            _ => tracing::warn!(job = job.id, kind, attempt = job.attempt, %error, "will be tried again"),
        }
        let conversation = job.work.as_ref().ok().and_then(Work::conversation);
        let stored = match (self.words_for(job, error, &outcome), conversation) {
            (Some((why, error)), Some(conversation)) => {
                let told = self.desk.apologise(conversation, why, error, (&job.lease, job.id)).await;
                match told {
                    Ok(()) => Ok(()),
                    // Even that cannot be said: the job itself must not stay in the way.
                    Err(_) => self.store.finish(&job.lease, job.id, &outcome, self.clock.now()).await,
                }
            }
            _ => self.store.finish(&job.lease, job.id, &outcome, self.clock.now()).await,
        };
        if let Err(error) = stored
            && error != StoreError::LostLease
        {
            tracing::error!(job = job.id, %error, "its outcome could not be stored; the lease will run out");
        }
    }

    /// What a client is told of a failure, and whether its job is given up: nobody waits in silence.
    fn words_for(&self, job: &Claimed, error: &TurnError, outcome: &Outcome) -> Option<(Apology, Option<String>)> {
        let is_turn = matches!(job.work, Ok(Work::Answer { .. }));
        match (outcome, error) {
            // The CRM stays silent: a person is asked after a few seconds, and the dialogue goes on.
            (_, TurnError::Crm(fault))
                if is_turn && fault.kind != FaultKind::Store && is_silent_for_long(job, fault) =>
            {
                Some((Apology::ScheduleAway, None))
            }
            (Outcome::Dead { error }, TurnError::Crm(fault)) if is_turn => Some(match fault.kind {
                // Nothing is broken: this account is booked on a page of its own.
                FaultKind::Unsupported => (Apology::Elsewhere, None),
                _ => (Apology::ScheduleAway, Some(error.clone())),
            }),
            (Outcome::Dead { error }, _) => Some((Apology::Broken, Some(error.clone()))),
            _ => None,
        }
    }

    /// Whether and when a failed job is tried again; nothing when somebody else has it.
    fn next(&self, job: &Claimed, error: &TurnError) -> Option<Outcome> {
        let text = error.to_string();
        let now = self.clock.now();
        let attempts = match error {
            TurnError::Store(StoreError::LostLease) => return None,
            // Somebody else moved the dialogue on: look again at once.
            TurnError::Store(StoreError::Version { .. }) => return Some(Outcome::Retry { at: now, error: text }),
            TurnError::Store(StoreError::NotFound(_) | StoreError::Damaged(_))
            | TurnError::Endless
            | TurnError::Unreadable(_) => 1,
            TurnError::Panicked => PANICS,
            TurnError::Store(_) => ATTEMPTS,
            TurnError::Crm(fault) if fault.retry() == Retry::Never => 1,
            TurnError::Crm(_) => ATTEMPTS,
        };
        if job.attempt >= attempts {
            return Some(Outcome::Dead { error: text });
        }
        let asked = match error {
            TurnError::Crm(Fault { retry_after: Some(wait), .. }) => SignedDuration::try_from(*wait).ok(),
            _ => None,
        };
        // A client who waits for an answer hears of the delay before a far side's rest is over.
        let is_turn = matches!(job.work, Ok(Work::Answer { .. }));
        let asked = asked.map(|asked| if is_turn { asked.min(LONGEST_FOR_A_CLIENT) } else { asked });
        let wait = backoff(job.attempt);
        Some(Outcome::Retry { at: now + asked.map_or(wait, |asked| asked.max(wait)), error: text })
    }
}

/// One that was waited for in vain has used up the time of a reply.
fn is_silent_for_long(job: &Claimed, fault: &Fault) -> bool {
    job.attempt >= SILENT_TRIES || fault.kind == FaultKind::Timeout
}

/// Doubles with each attempt, with jitter, so that many who failed together do not return together.
fn backoff(attempt: u32) -> SignedDuration {
    let factor = 1_i32 << attempt.saturating_sub(1).min(10);
    let wait = (FIRST_WAIT * factor).min(LONGEST_WAIT);
    let half = i64::try_from(wait.as_millis() / 2).unwrap_or(0).max(1);
    SignedDuration::from_millis(half + rand::rng().random_range(0..=half))
}
