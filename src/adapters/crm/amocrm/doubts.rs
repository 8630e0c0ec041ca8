//! What may have been written a moment ago: until it must be visible, a look that finds nothing proves nothing.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::Amo;
use crate::domain::copies::Copied;
use crate::domain::fault::{Fault, FaultKind};

const DOUBT: &str = "doubt";
/// So long the search may need for something new.
pub(super) const SETTLES: Duration = Duration::from_secs(5);

impl Amo {
    /// Refuses to write again what may still become visible.
    pub(super) async fn is_settled(&self, operation: &'static str, what: &str) -> Result<(), Fault> {
        let Some(left) = self.unsettled(operation, what).await? else { return Ok(()) };
        let detail = "what was written a moment ago may not be visible yet: try again";
        let fault = self.portal().fault(FaultKind::UnknownOutcome, operation, detail);
        Err(Fault { retry_after: Some(left), ..fault })
    }

    /// How long what was written may still become visible; nothing when there is no doubt about it any more.
    pub(super) async fn unsettled(&self, operation: &'static str, what: &str) -> Result<Option<Duration>, Fault> {
        let found = self.wiring.store.copied(&self.wiring.name, DOUBT, what).await;
        let Some(doubt) = found.map_err(|error| self.store_fault(operation, &error))? else { return Ok(None) };
        let settles = SignedDuration::try_from(SETTLES).unwrap_or(SignedDuration::ZERO);
        let left = settles - self.wiring.clock.now().duration_since(doubt.at);
        if left > SignedDuration::ZERO {
            return Ok(left.try_into().ok());
        }
        let forgotten = self.wiring.store.forget_copy(&self.wiring.name, DOUBT, what).await;
        forgotten.map(|()| None).map_err(|error| self.store_fault(operation, &error))
    }

    /// Remembers a write whose outcome nobody knows.
    pub(super) async fn doubted<T>(&self, what: &str, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &outcome
            && matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::Protocol)
        {
            let at = self.wiring.clock.now();
            let copy = Copied { id: what.to_owned(), phone: None, body: json!({}), at };
            if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, DOUBT, &copy).await {
                tracing::warn!(%error, "a doubtful write could not be noted");
            }
        }
        outcome
    }
}
