//! How many messages a channel may still be given: a bucket of this daemon's own, or a budget that all daemons
//! on the store draw from.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::domain::outbox::Pace;
use crate::domain::store::StoreResult;
use crate::jobs::budgets::Budgets;

/// What may go out in all.
pub struct Allowance {
    bucket: Bucket,
    shared: Option<Shared>,
}

struct Shared {
    budgets: Arc<Budgets>,
    name: String,
    pace: Pace,
    next_at: Option<Timestamp>,
}

impl Allowance {
    /// So many a second; without a number there is no limit. With budgets the daemons share it under that name.
    pub fn new(rate: Option<f64>, budgets: Option<Arc<Budgets>>, name: String) -> Self {
        let shared = budgets.zip(rate).and_then(|(budgets, rate)| {
            let every = SignedDuration::try_from_secs_f64(1.0 / rate).ok()?;
            let pace = Pace { every, burst: Bucket::most(rate) as u32 };
            Some(Shared { budgets, name, pace, next_at: None })
        });
        Self { bucket: Bucket::new(rate.filter(|_| shared.is_none())), shared }
    }

    /// How many of `most` may go out now. What is not used is given back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take(&mut self, most: usize, now: Timestamp) -> StoreResult<usize> {
        let Some(shared) = &mut self.shared else { return Ok(self.bucket.room().min(most)) };
        if most == 0 || shared.next_at.is_some_and(|at| at > now) {
            return Ok(0);
        }
        let wanted = i64::try_from(most.min(shared.pace.burst as usize)).unwrap_or(1);
        let drawn = shared.budgets.draw(&shared.name, shared.pace, wanted, now).await?;
        shared.next_at = (drawn.calls == 0).then_some(drawn.next_at);
        Ok(drawn.calls as usize)
    }

    /// Of `taken` so many were used.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn spend(&mut self, taken: usize, used: usize, now: Timestamp) -> StoreResult<()> {
        let Some(shared) = &self.shared else {
            self.bucket.spend(used);
            return Ok(());
        };
        let unused = i64::try_from(taken.saturating_sub(used)).unwrap_or(0);
        if unused > 0 {
            shared.budgets.draw(&shared.name, shared.pace, -unused, now).await?;
        }
        Ok(())
    }

    /// Whether a look for work should come before anything is taken: to take is a step of its own elsewhere.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// How long until one more may go out.
    pub fn until_room(&self, now: Timestamp) -> Duration {
        match &self.shared {
            None => self.bucket.until_room(),
            Some(shared) => {
                let left = shared.next_at.map_or(SignedDuration::ZERO, |at| at.duration_since(now));
                Duration::try_from(left).unwrap_or_default().clamp(Duration::from_millis(1), Duration::from_secs(1))
            }
        }
    }
}

/// So many messages a second, with little in reserve.
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
