//! The store in a PostgreSQL database: a pool of sessions, gathered ingest, work announced to other daemons.

mod activity;
mod carry;
mod companies;
mod connect;
mod contacts;
mod conversations;
mod copies;
mod erasure;
mod gather;
mod handoffs;
mod idempotency;
mod ingest;
mod jobs;
mod knowledge;
mod leads;
mod ledger;
mod looks;
mod messages;
mod near;
mod open;
mod outbox;
mod queue;
mod rank;
mod receive;
mod rows;
mod scratch;
mod sessions;
mod sharing;
mod standing;
mod tls;
mod tokens;
mod transfer;
mod turns;
mod upkeep;
mod values;

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::ClientWrapper as Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tokio_postgres::error::SqlState;

use crate::domain::company::Profile;
use crate::domain::sharing::SessionCopies;
use crate::domain::store::{StoreError, StoreResult};

use self::connect::Connector;
use self::gather::Gather;
use self::sessions::{Sessions, in_the_way};
use self::standing::Standing;

/// The newest schema this program knows.
pub const LATEST_SCHEMA: u32 = 4;
/// Sessions of one process at most.
pub const SESSIONS: usize = 16;
/// How long ending waits for what was accepted.
const ENDING: Duration = Duration::from_secs(10);

/// What the configuration says of the company, laid over what the profile says.
pub use crate::domain::overlay::Refine;

/// A store in a database.
pub struct PostgresStore {
    sessions: Arc<Sessions>,
    gather: Gather,
    standing: Standing,
    /// The profile of that version, so that a turn does not read it anew.
    profile: Mutex<Option<(i64, Arc<Profile>)>>,
    /// The tokens as they were a moment ago.
    tokens: tokens::Kept,
    refine: Refine,
    /// Copies of what dialogues remember, so that they need not be sent each time.
    near: Option<near::Near>,
    connector: Arc<Connector>,
    /// It goes away with this value.
    scratch: Option<scratch::Scratch>,
    /// Where the sessions live, whichever runtime a caller is on.
    runtime: Option<Runtime>,
}

impl PostgresStore {
    /// Connects and brings the schema forward (never back). `sessions` is how many there may be at once.
    ///
    /// # Errors
    /// `Newer` for a store from a newer flow, `Open` for a database that cannot be reached or used or belongs to
    /// another program, `ReadOnly` for a standby, `Unfinished` for one that is not whole.
    pub fn open(url: &str, sessions: usize) -> StoreResult<Self> {
        Self::opened(url, sessions, true)
    }

    /// As [`PostgresStore::open`], also a store that a copy has not made whole yet.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn open_unfinished(url: &str, sessions: usize) -> StoreResult<Self> {
        Self::opened(url, sessions, false)
    }

    fn opened(url: &str, sessions: usize, must_be_whole: bool) -> StoreResult<Self> {
        outside(|| {
            let runtime = runtime()?;
            let connector = Arc::new(Connector::new(url, runtime.handle().clone())?);
            runtime.block_on(open::migrated(&connector, must_be_whole))?;
            let sessions = Arc::new(Sessions::new(&connector, sessions.max(2))?);
            Ok(Self {
                gather: Gather::start(&sessions, runtime.handle()),
                standing: Standing::new(Arc::clone(&connector), Arc::clone(&sessions), runtime.handle()),
                sessions,
                profile: Mutex::default(),
                tokens: tokens::Kept::default(),
                refine: Refine::default(),
                near: None,
                connector: Arc::clone(&connector),
                scratch: None,
                runtime: Some(runtime),
            })
        })
    }

    /// Lays this over the profile whenever it is read.
    #[must_use]
    pub fn refined(mut self, refine: Refine) -> Self {
        self.refine = refine;
        self
    }

    /// Keeps copies of what dialogues remember at that place, for so long and at most an hour. A turn uses one only
    /// when the database says, in the statement that reads the dialogue, that it holds the same.
    #[must_use]
    pub fn copying(mut self, place: Arc<dyn SessionCopies>, life: Duration) -> Self {
        self.near = Some(near::Near::new(place, life));
        self
    }

    /// The schema of a database, without changing it; 0 where there is none yet.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn peek_schema(url: &str) -> StoreResult<u32> {
        outside(|| {
            let runtime = runtime()?;
            let connector = Connector::new(url, runtime.handle().clone())?;
            let peeked = runtime.block_on(open::peek(&connector));
            runtime.shutdown_background();
            peeked
        })
    }

    /// Runs something whenever another daemon may have written work, for as long as this one is in service.
    pub fn on_work(&self, work: impl Fn() + Send + 'static) {
        self.standing.on_work(work);
    }

    /// Hears that there may be work: whenever a daemon on this database wrote some, and after every time that
    /// nothing could be heard.
    #[must_use]
    pub fn wakeups(&self) -> broadcast::Receiver<()> {
        self.standing.wakeups()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let gather = self.gather.close();
        self.standing.stop();
        // What was accepted is finished first.
        let ended: StoreResult<()> = outside(|| {
            let ended = async {
                for task in gather {
                    drop(task.await);
                }
                if let Some(scratch) = &self.scratch {
                    scratch.drop_schema().await;
                }
            };
            runtime.block_on(async { drop(tokio::time::timeout(ENDING, ended).await) });
            Ok(())
        });
        drop(ended);
        self.sessions.close();
        runtime.shutdown_background();
    }
}

fn runtime() -> StoreResult<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("store-session")
        .enable_all()
        .build()
        .map_err(|error| StoreError::Open(error.to_string()))
}

/// Runs something that blocks on a runtime of ours, although the caller may be on one itself.
fn outside<T: Send>(work: impl FnOnce() -> StoreResult<T> + Send) -> StoreResult<T> {
    let outcome = std::thread::scope(|scope| scope.spawn(work).join());
    outcome.unwrap_or_else(|_| Err(StoreError::Other("the store panicked".to_owned())))
}

/// A kept lock of the store is never poisoned: nothing panics under it.
fn kept<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a statement was prepared for a schema that has changed since.
fn stale(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        && error.as_db_error().is_some_and(|db| db.message().contains("cached plan"))
}

/// Turns PostgreSQL's failure into the next decision. Its details may hold values, so only its message is kept.
fn failure(error: tokio_postgres::Error) -> StoreError {
    if stale(&error) {
        return in_the_way();
    }
    let Some(told) = error.as_db_error() else {
        let text = chain(&error);
        if let Some(advice) = tls::advice(&error) {
            return StoreError::Open(format!("the server's certificate is not believed: {text}; {advice}"));
        }
        let is_ours = error.source().is_some_and(|source| source.is::<tokio_postgres::types::WasNull>());
        // Anything else that the server did not say is about the way to it.
        return if is_ours { StoreError::Other(text) } else { StoreError::Busy(text) };
    };
    let text = told.message().to_owned();
    match *told.code() {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => in_the_way(),
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Damaged(text),
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | SqlState::OUT_OF_MEMORY => StoreError::Busy(text),
        SqlState::INSUFFICIENT_PRIVILEGE => StoreError::Denied(text),
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION | SqlState::INVALID_CATALOG_NAME => {
            StoreError::Open(text)
        }
        ref code if code.code().starts_with("08") => StoreError::Busy(text),
        _ => StoreError::Other(text),
    }
}

/// Whether a connection could not be had because of the way, and may be had later without anybody's doing.
fn is_away(error: &tokio_postgres::Error) -> bool {
    if error.as_db_error().is_some() {
        return matches!(error.code(), Some(code) if [
            SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS, SqlState::OUT_OF_MEMORY,
        ].contains(code) || code.code().starts_with("08"));
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return tls::advice(error).is_none();
        }
        source = cause.source();
    }
    error.is_closed()
}

/// What failed and why, each said once.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let why = source.to_string();
        if !text.ends_with(&why) {
            text = format!("{text}: {why}");
        }
        next = source.source();
    }
    text
}
