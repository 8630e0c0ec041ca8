//! What went wrong on a far side, as a decision: may it be tried again, and was it perhaps applied?

use std::fmt;
use std::time::Duration;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The credentials are wrong or have expired.
    Unauthorized,
    /// The credentials lack a permission.
    Forbidden,
    /// The far side refuses the data.
    Rejected,
    /// There is no such thing there.
    NotFound,
    /// This CRM or account cannot do it.
    Unsupported,
    /// Somebody else has the slot.
    SlotTaken,
    /// The CRM blocks this client.
    ClientBlocked,
    /// The account is not paid for.
    LicenceExpired,
    /// The key was used with other arguments.
    KeyReused,
    /// Too many calls.
    RateLimited,
    /// It cannot be reached.
    Unreachable,
    /// It answers that it is out of order.
    Unavailable,
    /// It did not answer in time, before a write was sent.
    Timeout,
    /// Its answer makes no sense.
    Protocol,
    /// A write may have been applied.
    UnknownOutcome,
    /// The local store failed.
    Store,
}

impl FaultKind {
    /// Its stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Rejected => "rejected",
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::SlotTaken => "slot_taken",
            Self::ClientBlocked => "client_blocked",
            Self::LicenceExpired => "licence_expired",
            Self::KeyReused => "key_reused",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Store => "store",
        }
    }
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before this much time.
    After(Option<Duration>),
    /// Look first whether it was applied.
    Look,
    /// Never.
    Never,
}

/// A failure of a far side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// The connection or adapter.
    pub adapter: String,
    /// The operation.
    pub operation: &'static str,
    /// What the far side said, without secrets or personal data.
    pub detail: String,
    /// How long it asks us to wait.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault of that kind.
    #[must_use]
    pub fn new(kind: FaultKind, adapter: &str, operation: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, adapter: adapter.to_owned(), operation, detail: detail.into(), retry_after: None }
    }

    /// Whether it is refused for a reason that a person of the company can mend: then it is done.
    #[must_use]
    pub const fn is_for_the_company(&self) -> bool {
        matches!(self.kind, FaultKind::Unauthorized | FaultKind::Forbidden | FaultKind::LicenceExpired)
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self.kind {
            FaultKind::RateLimited
            | FaultKind::Unreachable
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Store => Retry::After(self.retry_after),
            FaultKind::UnknownOutcome | FaultKind::Protocol => Retry::Look,
            FaultKind::Unauthorized
            | FaultKind::Forbidden
            | FaultKind::Rejected
            | FaultKind::NotFound
            | FaultKind::Unsupported
            | FaultKind::SlotTaken
            | FaultKind::ClientBlocked
            | FaultKind::LicenceExpired
            | FaultKind::KeyReused => Retry::Never,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.adapter, self.operation, self.detail)
    }
}
