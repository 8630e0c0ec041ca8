//! Why a store did not do what was asked.

use crate::domain::lead::LeadStatus;

/// Why the store did not do what was asked. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("the store cannot be opened: {0}")]
    Open(String),
    /// The server that holds it is out of reach at present.
    #[error("the database is out of reach: {0}")]
    Away(String),
    /// Whoever we are for the database may not do it.
    #[error("the database does not allow it: {0}")]
    Denied(String),
    /// Somebody else copies into it right now.
    #[error("the store is being filled by another copy")]
    Filling,
    /// A newer flow made it.
    #[error("the store has schema {found}, this flow knows {known}")]
    Newer {
        /// The store's schema.
        found: u32,
        /// The newest schema this program knows.
        known: u32,
    },
    /// Another process holds it too long, or it is being shut down.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// The disk is full.
    #[error("the disk that holds the store is full")]
    Full,
    /// It may not be written.
    #[error("the store is read-only")]
    ReadOnly,
    /// The file is a database, of another program.
    #[error("the file is a SQLite database of another program")]
    Foreign,
    /// The file is not a store or is damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// A copy into it has not ended; the command that goes on with it.
    #[error("the store is not whole: `{0}` has not finished")]
    Unfinished(String),
    /// Something is in it already.
    #[error("the store is not empty")]
    NotEmpty,
    /// There is no such row.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The slot is taken.
    #[error("the slot is taken")]
    SlotTaken,
    /// The key was used with other arguments.
    #[error("the key was used before with other arguments")]
    KeyReused,
    /// The lease ran out; somebody else has the work.
    #[error("the lease was lost")]
    LostLease,
    /// The row has another version.
    #[error("the row has version {current}")]
    Version {
        /// Its present version.
        current: i64,
    },
    /// Somebody else has the conversation.
    #[error("{by} has the conversation")]
    Owned {
        /// Who.
        by: String,
    },
    /// The conversation has ended.
    #[error("the conversation is closed")]
    Closed,
    /// A lead may not go from one state to the other.
    #[error("a lead cannot go from {from} to {to}")]
    Transition {
        /// The present state.
        from: LeadStatus,
        /// The state asked for.
        to: LeadStatus,
    },
    /// Something that should not happen.
    #[error("the store failed: {0}")]
    Other(String),
}

/// The result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;
