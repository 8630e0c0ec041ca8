//! The store in one SQLite file: WAL, `synchronous=FULL`, one writer with group commit, read-only readers.

mod activity;
pub mod backup;
mod companies;
mod conversations;
mod copies;
mod erasure;
mod handoffs;
mod idempotency;
mod ingest;
mod jobs;
mod knowledge;
mod leads;
mod ledger;
mod looks;
mod open;
mod outbox;
mod queue;
mod readers;
mod rows;
mod sharing;
mod tokens;
mod transfer;
mod turns;
mod upkeep;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;

use crate::domain::company::Profile;
use crate::domain::store::{StoreError, StoreResult};

use self::readers::Readers;
use self::writer::Writer;

/// The newest schema this program knows.
pub const LATEST_SCHEMA: u32 = 4;

/// What the configuration says of the company, laid over what the profile says.
pub use crate::domain::overlay::Refine;

/// A store in a file, or in memory.
pub struct SqliteStore {
    writer: Writer,
    /// Absent in memory: there the writer's connection is the only one.
    readers: Option<Readers>,
    /// The profile of that version, so that a turn does not read it anew.
    profile: Mutex<Option<(i64, Arc<Profile>)>>,
    /// The tokens as they were a moment ago.
    tokens: tokens::Kept,
    refine: Refine,
    /// Beside the store, locked by the daemon that serves it; the system lets go of it when the process dies.
    lock: Option<PathBuf>,
    held: Mutex<Option<File>>,
}

impl SqliteStore {
    /// Opens or makes the file and brings its schema forward (never back).
    ///
    /// # Errors
    /// `Newer` for a store from a newer flow, `Damaged` for a file that is none, `Unfinished` for one that is not
    /// whole, `Open` for one that cannot be reached.
    pub fn open(path: &Path) -> StoreResult<Self> {
        let connection = open::file(path)?;
        match transfer::mark(&connection)? {
            Some(mark) => Err(StoreError::Unfinished(mark.again)),
            None => Self::over(connection, path),
        }
    }

    /// As [`SqliteStore::open`], also a store that a copy has not made whole yet.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_unfinished(path: &Path) -> StoreResult<Self> {
        Self::over(open::file(path)?, path)
    }

    fn over(connection: Connection, path: &Path) -> StoreResult<Self> {
        let store = Self::with(Writer::start(connection)?, Some(Readers::new(path)));
        Ok(Self { lock: Some(backup::beside(path, "-daemon")), ..store })
    }

    /// A store that lives as long as this value.
    ///
    /// # Errors
    /// When SQLite has no memory for it.
    pub fn in_memory() -> StoreResult<Self> {
        #[cfg_attr(not(feature = "crash-points"), expect(unused_mut, reason = "set for tests only"))]
        let mut writer = Writer::start(open::memory()?)?;
        #[cfg(feature = "crash-points")]
        {
            writer.holds_the_clock = true;
        }
        Ok(Self::with(writer, None))
    }

    fn with(writer: Writer, readers: Option<Readers>) -> Self {
        Self {
            writer,
            readers,
            profile: Mutex::default(),
            tokens: tokens::Kept::default(),
            refine: Refine::default(),
            lock: None,
            held: Mutex::default(),
        }
    }

    /// Lays this over the profile whenever it is read.
    #[must_use]
    pub fn refined(mut self, refine: Refine) -> Self {
        self.refine = refine;
        self
    }

    /// The schema of a file that is there, without changing it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn peek_schema(path: &Path) -> StoreResult<u32> {
        open::peek(path)
    }

    /// Whether no other living daemon serves this store; keeps the mark for as long as this value lives.
    fn is_only_daemon(&self) -> StoreResult<bool> {
        let Some(path) = &self.lock else { return Ok(true) };
        let opened = File::options().create(true).truncate(false).write(true).open(path);
        let file = opened.map_err(|error| StoreError::Open(format!("{}: {error}", path.display())))?;
        let only = file.try_lock().is_ok();
        if only {
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        }
        Ok(only)
    }

    async fn read<T, F>(&self, operation: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let began = Instant::now();
        let result = match &self.readers {
            Some(readers) => readers.run(operation).await,
            None => self.writer.run(operation).await,
        };
        timed("read", began);
        result
    }

    async fn write<T, F>(&self, operation: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let began = Instant::now();
        let result = self.writer.run(operation).await;
        timed("write", began);
        result
    }
}

/// From asking to the answer, the wait for others included.
fn timed(op: &'static str, began: Instant) {
    metrics::histogram!("flow_db_query_duration_seconds", "op" => op).record(began.elapsed());
}

/// Turns SQLite's failure into the next decision.
fn failure(error: rusqlite::Error) -> StoreError {
    use rusqlite::ffi::ErrorCode;
    match &error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let text = message.clone().unwrap_or_else(|| error.to_string());
            match code.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy(text),
                ErrorCode::DiskFull => StoreError::Full,
                ErrorCode::ReadOnly => StoreError::ReadOnly,
                ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => StoreError::Damaged(text),
                ErrorCode::CannotOpen | ErrorCode::PermissionDenied => StoreError::Open(text),
                _ => StoreError::Other(text),
            }
        }
        _ => StoreError::Other(error.to_string()),
    }
}
