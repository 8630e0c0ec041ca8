//! What daemons on one store share beside the work itself: duties that one of them has at a time, budgets of calls
//! that all draw from, and credentials that one of them renews.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::outbox::Pace;
use super::store::StoreResult;

/// What was drawn from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// So many calls may be made now.
    pub calls: u32,
    /// When one more may.
    pub next_at: Timestamp,
}

/// A budget as a generic cell rate: the moment, in microseconds, at which it is whole again. Answers what is drawn
/// and the new moment; a negative number gives back what was not used.
#[must_use]
pub fn drawn(whole_at: Option<i64>, pace: Pace, wanted: i64, now: Timestamp) -> (Drawn, i64) {
    let every = i64::try_from(pace.every.as_micros()).unwrap_or(i64::MAX / 1024).max(1);
    let most = every.saturating_mul(i64::from(pace.burst.max(1)));
    let now_us = now.as_microsecond();
    let whole_at = whole_at.unwrap_or(now_us).max(now_us);
    let room = (now_us.saturating_add(most).saturating_sub(whole_at) / every).max(0);
    let calls = wanted.min(room);
    let then = whole_at.saturating_add(calls.saturating_mul(every)).max(now_us);
    let wait = then.saturating_add(every).saturating_sub(now_us.saturating_add(most)).max(0);
    let calls = u32::try_from(calls.max(0)).unwrap_or(u32::MAX);
    (Drawn { calls, next_at: now + SignedDuration::from_micros(wait) }, then)
}

/// A secret of a far side that is renewed now and then.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// As the adapter wrote it.
    pub value: String,
    /// Grows with each renewal.
    pub version: i64,
}

impl std::fmt::Debug for Credential {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("version", &self.version).finish_non_exhaustive()
    }
}

/// What daemons share.
#[async_trait]
pub trait Sharing: Send + Sync {
    /// Takes a duty, or keeps it, until then; `false` while somebody else has it.
    async fn hold_duty(&self, duty: &str, holder: &str, until: Timestamp, now: Timestamp) -> StoreResult<bool>;

    /// Gives a duty up; one that somebody else has stays theirs.
    async fn drop_duty(&self, duty: &str, holder: &str) -> StoreResult<()>;

    /// Draws calls from a budget that everybody on this store draws from; a negative number gives back.
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> StoreResult<Drawn>;

    /// A credential as it was stored last.
    async fn credential(&self, name: &str) -> StoreResult<Option<Credential>>;

    /// Stores a renewed credential; `Version` when somebody else renewed the one it was made from.
    async fn save_credential(&self, name: &str, value: &str, was: i64, now: Timestamp) -> StoreResult<Credential>;
}

/// What calls to far sides are drawn from, wherever it lies.
#[async_trait]
pub trait Purse: Send + Sync {
    /// As [`Sharing::draw`].
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> Result<Drawn, String>;
}

/// A faster place for what daemons share than the store. It may be away at any moment: then the store serves.
#[async_trait]
pub trait Helper: Send + Sync {
    /// As [`Sharing::draw`].
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> Result<Drawn, String>;

    /// Tells the other daemons that there is work.
    async fn tell(&self) -> Result<(), String>;

    /// Runs `heard` whenever another daemon tells so, until the connection is lost.
    async fn hear(&self, heard: &(dyn Fn() + Send + Sync)) -> Result<(), String>;

    /// Whether it is there.
    async fn ping(&self) -> Result<(), String>;
}

/// A near place for copies of what the store holds. It may be away, and may lose, mix up or make up what it gives:
/// whoever takes a copy has the store compare it with what the store holds.
#[async_trait]
pub trait SessionCopies: Send + Sync {
    /// The copy under that key; nothing when there is none, or none at once.
    async fn copy(&self, key: &str) -> Option<String>;

    /// Keeps a copy for so long, unless it is long or cannot be kept at once.
    async fn keep(&self, key: &str, copy: &str, life: Duration);

    /// Removes copies.
    async fn forget(&self, keys: &[String]) -> Result<(), String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { every: SignedDuration::from_millis(100), burst: 3 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_budget_gives_its_burst_and_then_its_rate() {
        let (first, whole) = drawn(None, PACE, 10, at(0));
        assert_eq!((first.calls, first.next_at), (3, at(100)));
        let (none, whole) = drawn(Some(whole), PACE, 1, at(99));
        assert_eq!((none.calls, none.next_at), (0, at(100)));
        let (one, whole) = drawn(Some(whole), PACE, 5, at(100));
        assert_eq!((one.calls, one.next_at), (1, at(200)));
        let (rested, _) = drawn(Some(whole), PACE, 10, at(5000));
        assert_eq!(rested.calls, 3);
    }

    #[test]
    fn what_is_given_back_may_be_drawn_again_and_never_more_than_the_burst() {
        let (_, whole) = drawn(None, PACE, 3, at(0));
        let (_, whole) = drawn(Some(whole), PACE, -2, at(0));
        let (again, whole) = drawn(Some(whole), PACE, 5, at(0));
        assert_eq!(again.calls, 2);
        let (_, whole) = drawn(Some(whole), PACE, -50, at(0));
        assert_eq!(drawn(Some(whole), PACE, 50, at(0)).0.calls, 3);
    }
}
