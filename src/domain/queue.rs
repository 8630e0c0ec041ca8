//! The queue: jobs in lanes, taken by class. Statements and measurements: `docs/adr/0004-lanes.md`.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::job::{Claimed, ClassStats, Job, JobFilter, Lease, NewJob, Outcome, Pool, Scheduled};
use super::store::StoreResult;

/// How the queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct QueueStats {
    /// Jobs that wait.
    pub pending: u64,
    /// Jobs given up.
    pub dead: u64,
    /// When the oldest waiting job was written.
    pub oldest: Option<Timestamp>,
}

/// Jobs in lanes.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes at most `limit` ready lanes of a pool and the head job of each, until `lease_until`.
    async fn claim(&self, pool: &Pool, limit: u32, lease_until: Timestamp, now: Timestamp)
    -> StoreResult<Vec<Claimed>>;

    /// Prolongs a lease. `LostLease` when it ran out and somebody else has the lane.
    async fn heartbeat(&self, lease: &Lease, until: Timestamp) -> StoreResult<()>;

    /// Ends a job that changes nothing else.
    async fn finish(&self, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()>;

    /// Writes jobs.
    async fn enqueue(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<()>;

    /// Frees lanes whose lease ran out; answers how many.
    async fn reap(&self, now: Timestamp) -> StoreResult<u64>;

    /// When the next free lane of a pool is ready.
    async fn next_ready(&self, pool: &Pool) -> StoreResult<Option<Timestamp>>;

    /// How the queue stands.
    async fn queue_stats(&self) -> StoreResult<QueueStats>;

    /// How each class of lanes stands.
    async fn class_stats(&self) -> StoreResult<Vec<ClassStats>>;

    /// Writes down work for later; what is there under the same key stays as it is.
    async fn schedule(&self, work: &[Scheduled]) -> StoreResult<()>;

    /// Moves what is due into its lanes, at most `limit`; answers how many.
    async fn enter_due(&self, limit: u32, now: Timestamp) -> StoreResult<u64>;

    /// Forgets the keys of scheduled work that entered its lane before that, and lanes that lie idle.
    async fn sweep_queue(&self, entered_before: Timestamp, now: Timestamp) -> StoreResult<u64>;

    /// Jobs, the oldest first, at most `limit`.
    async fn jobs(&self, filter: &JobFilter, limit: u32) -> StoreResult<Vec<Job>>;

    /// One job.
    async fn job(&self, id: &str) -> StoreResult<Option<Job>>;

    /// Gives a dead job another chance at the end of its lane, under a new number, or has one that waits run at
    /// once.
    /// `NotFound` when there is none, `LostLease` when a worker has it.
    async fn retry_job(&self, id: &str, now: Timestamp) -> StoreResult<Job>;

    /// Takes a job away for good. `NotFound` when there is none, `LostLease` when a worker has it.
    async fn cancel_job(&self, id: &str, now: Timestamp) -> StoreResult<Job>;
}
