//! What flow keeps of what a CRM has or told: services and staff with their age, visits that cannot be asked for, and
//! calls of the CRM until they are worked on. A copy is never the truth.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::contact::Phone;
use super::job::NewJob;
use super::store::StoreResult;

/// Services and staff, as one copy under an empty id.
pub const CATALOGUE: &str = "catalogue";
/// Calls of the CRM that were taken.
pub const HOOK: &str = "hook";

/// A copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// The vendor's id.
    pub id: String,
    /// Whose it is, when it is somebody's: with them it is erased.
    pub phone: Option<Phone>,
    /// What it says.
    pub body: Value,
    /// As of when.
    pub at: Timestamp,
}

/// Copies of what CRMs have.
#[async_trait]
pub trait Copies: Send + Sync {
    /// One copy.
    async fn copied(&self, connection: &str, kind: &str, id: &str) -> StoreResult<Option<Copied>>;

    /// Copies of a kind by id, one client's when a phone is given; at most `limit`.
    async fn all_copied(
        &self,
        connection: &str,
        kind: &str,
        phone: Option<&Phone>,
        limit: u32,
    ) -> StoreResult<Vec<Copied>>;

    /// Keeps a copy; one that is older than what is kept changes nothing and answers `false`.
    async fn keep_copy(&self, connection: &str, kind: &str, copy: &Copied) -> StoreResult<bool>;

    /// Forgets a copy.
    async fn forget_copy(&self, connection: &str, kind: &str, id: &str) -> StoreResult<()>;

    /// Forgets what is older. Answers how many.
    async fn forget_copies(&self, kind: &str, before: Timestamp) -> StoreResult<u64>;

    /// Keeps a call of a CRM with the jobs that work on it, in one transaction; one that was kept before under the same
    /// id changes nothing and answers `false`.
    async fn keep_hook(&self, connection: &str, hook: &Copied, jobs: &[NewJob], now: Timestamp) -> StoreResult<bool>;
}
