//! What an answer means before the vendor's own words are read.

use std::time::Duration;

use super::{Answer, Call, mask};
use crate::domain::fault::FaultKind;

/// Why an answer is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong.
    pub kind: FaultKind,
    /// In words, as it may be shown.
    pub detail: String,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// Whether only this operation must wait, not the whole portal.
    pub of_operation: bool,
}

impl Refusal {
    /// A refusal of that kind.
    #[must_use]
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None, of_operation: false }
    }

    /// With a time to wait.
    #[must_use]
    pub const fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Only this operation must wait.
    #[must_use]
    pub const fn of_operation(mut self) -> Self {
        self.of_operation = true;
        self
    }
}

/// Reads an answer: whether it is one, and if not, why. A vendor's own looks at its codes first and leaves the rest to
/// [`by_status`].
pub type Judge = fn(&Call, &Answer) -> Result<(), Refusal>;

/// By the status alone.
///
/// # Errors
/// What a status other than 2xx means.
pub fn by_status(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    let said = |words: &str| {
        let excerpt = mask::excerpt(&answer.body);
        let colon = if excerpt.is_empty() { "" } else { ": " };
        format!("{words} (HTTP {}){colon}{excerpt}", answer.status)
    };
    let refusal = match answer.status {
        200..=299 => return Ok(()),
        300..=399 => Refusal::new(FaultKind::Protocol, said("it sends us elsewhere: check the address")),
        401 => Refusal::new(FaultKind::Unauthorized, said("the credentials are refused")),
        402 => Refusal::new(FaultKind::LicenceExpired, said("the account is not paid for")),
        403 => Refusal::new(FaultKind::Forbidden, said("the credentials lack a permission")),
        404 | 410 => Refusal::new(FaultKind::NotFound, said("there is no such thing")),
        // Whatever stood before the server may have passed the call on.
        408 => out_of_order(call, answer, said("it did not answer in time")),
        425 | 429 => Refusal::new(FaultKind::RateLimited, said("too many calls")).after(answer.retry_after()),
        500..=599 => out_of_order(call, answer, said("it is out of order")),
        _ => Refusal::new(FaultKind::Rejected, said("it refuses the data")),
    };
    Err(refusal)
}

/// A server that failed: whatever it was asked to write may have been written.
#[must_use]
pub fn out_of_order(call: &Call, answer: &Answer, detail: String) -> Refusal {
    let kind = if call.is_write() { FaultKind::UnknownOutcome } else { FaultKind::Unavailable };
    Refusal::new(kind, detail).after(answer.retry_after())
}
