//! One at a time: what is done under a key is done by one process, which says every few seconds that it lives.

use std::future::Future;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, interval, sleep};

use super::Ledgered;
use crate::domain::fault::{Fault, FaultKind};

/// Whoever is silent for so long has died.
const LEASE: SignedDuration = SignedDuration::from_secs(12);
const RENEW: Duration = Duration::from_secs(4);
/// Between two looks at what somebody else does.
const LOOK: Duration = Duration::from_millis(50);
/// So long somebody else is waited for.
const PATIENCE: Duration = Duration::from_secs(25);

impl Ledgered {
    /// Runs work under a key that nobody else works under meanwhile.
    pub(super) async fn alone<T>(
        &self,
        operation: &'static str,
        key: &str,
        work: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, Fault> {
        let duty = format!("crm:{}:{key}", self.name());
        // Two calls of one process are two.
        let holder = format!("{}:{:016x}", self.wiring.holder, rand::random::<u64>());
        let until = Instant::now() + PATIENCE;
        while !self.hold(operation, &duty, &holder).await? {
            if Instant::now() >= until {
                let detail = "somebody else works under this key and does not finish: try again";
                return Err(self.fault(FaultKind::Unavailable, operation, detail));
            }
            sleep(LOOK).await;
        }
        let mut renew = interval(RENEW);
        renew.tick().await;
        tokio::pin!(work);
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = renew.tick() => {
                    if let Err(fault) = self.hold(operation, &duty, &holder).await {
                        tracing::warn!(%fault, "a duty could not be kept");
                    }
                }
            }
        };
        if let Err(error) = self.store().drop_duty(&duty, &holder).await {
            tracing::warn!(%error, "a duty could not be given up; it ends by itself");
        }
        done
    }

    async fn hold(&self, operation: &'static str, duty: &str, holder: &str) -> Result<bool, Fault> {
        let now = self.clock().now();
        self.store().hold_duty(duty, holder, now + LEASE, now).await.map_err(self.lost(operation))
    }
}
