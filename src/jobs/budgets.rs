//! Budgets that several daemons draw from: in the helper when there is one and it answers, else in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::outbox::Pace;
use crate::domain::sharing::{Drawn, Helper, Purse};
use crate::domain::store::{Store, StoreResult};

/// Where budgets lie.
pub struct Budgets {
    helper: Option<Arc<dyn Helper>>,
    store: Arc<dyn Store>,
    is_away: AtomicBool,
}

impl Budgets {
    /// Budgets in that store, or faster in that helper.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, helper: Option<Arc<dyn Helper>>) -> Self {
        Self { helper, store, is_away: AtomicBool::new(false) }
    }

    /// Draws; a negative number gives back. While the helper is away the store's budget is drawn from: both are
    /// whole at first, so a change of place lets through one burst more at most.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> StoreResult<Drawn> {
        if let Some(helper) = &self.helper {
            match helper.draw(budget, pace, wanted, now).await {
                Ok(drawn) => {
                    if self.is_away.swap(false, Ordering::Relaxed) {
                        tracing::warn!("Redis answers again");
                    }
                    return Ok(drawn);
                }
                Err(error) => {
                    if !self.is_away.swap(true, Ordering::Relaxed) {
                        tracing::warn!(error, "Redis is away; budgets are kept in the store meanwhile");
                    }
                }
            }
        }
        self.store.draw(budget, pace, wanted, now).await
    }
}

#[async_trait]
impl Purse for Budgets {
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> Result<Drawn, String> {
        Self::draw(self, budget, pace, wanted, now).await.map_err(|error| error.to_string())
    }
}
