//! The pool, and transactions on its connections.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use tokio::sync::Notify;

use super::connect::Connector;
use super::rows::answered;
use super::{Connection, failure};
use crate::domain::store::{StoreError, StoreResult};

/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(5);
/// How often a transaction that was in another's way is run anew.
pub(super) const TRIES: u32 = 5;
const IN_THE_WAY: &str = "two writes were in each other's way";

/// Connections, as many as there may be.
pub(super) struct Sessions {
    pool: Pool,
    /// Why nothing can be written at present, as far as the last write told.
    ailment: Mutex<Option<StoreError>>,
    /// There may be work for others.
    pub(super) written: Notify,
}

impl Sessions {
    pub(super) fn new(connector: &Connector, size: usize) -> StoreResult<Self> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(connector.config().clone(), connector.clone(), recycling);
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .build()
            .map_err(|error| StoreError::Open(error.to_string()))?;
        Ok(Self { pool, ailment: Mutex::default(), written: Notify::new() })
    }

    /// A connection, for what needs no transaction.
    pub(super) async fn connection(&self) -> StoreResult<Object> {
        self.pool.get().await.map_err(unavailable)
    }

    /// A transaction in which every statement sees what was committed before it.
    pub(super) async fn begin(&self) -> StoreResult<Transaction<'_>> {
        self.begun("BEGIN").await
    }

    /// A transaction that reads, and sees all of it at one moment.
    pub(super) async fn look(&self) -> StoreResult<Transaction<'_>> {
        self.begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn begun(&self, sql: &str) -> StoreResult<Transaction<'_>> {
        let begun = async {
            let session = self.connection().await?;
            let open = Transaction { sessions: self, session: Some(session) };
            answered(async { open.connection()?.batch_execute(sql).await.map_err(failure) }).await?;
            Ok(open)
        };
        let begun = begun.await;
        if let Err(error) = &begun {
            self.note(Some(error));
        }
        begun
    }

    fn note(&self, error: Option<&StoreError>) {
        let lasting = |error: &&StoreError| {
            matches!(error, StoreError::Full | StoreError::ReadOnly | StoreError::Damaged(_) | StoreError::Busy(_))
        };
        *self.ailment.lock().unwrap_or_else(PoisonError::into_inner) = error.filter(lasting).cloned();
    }

    pub(super) fn ailment(&self) -> Option<StoreError> {
        self.ailment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

fn unavailable(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => failure(error),
        PoolError::Timeout(TimeoutType::Wait) => {
            StoreError::Busy("every connection to the database is in use".to_owned())
        }
        PoolError::Timeout(_) => StoreError::Busy("the database does not answer".to_owned()),
        PoolError::Closed => StoreError::Busy("the store is shutting down".to_owned()),
        other => StoreError::Other(other.to_string()),
    }
}

/// Two transactions waited for each other, or one changed what the other had seen: the whole may be run anew.
pub(super) fn in_the_way() -> StoreError {
    StoreError::Busy(IN_THE_WAY.to_owned())
}

pub(super) fn is_in_the_way(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy(why) if why == IN_THE_WAY)
}

/// A little while, longer with every try, and not the same for two who met.
pub(super) async fn step_aside(tries: u32) {
    use rand::Rng;
    let most = 5_u64 << tries.min(6);
    let pause = rand::rng().random_range(1..=most);
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

/// An open transaction. Dropped before its end, its connection is closed, and the server takes everything back.
pub(super) struct Transaction<'s> {
    sessions: &'s Sessions,
    session: Option<Object>,
}

impl Transaction<'_> {
    pub(super) fn connection(&self) -> StoreResult<&Connection> {
        self.session.as_deref().ok_or_else(|| StoreError::Other("the transaction is over".to_owned()))
    }

    /// Commits what went well and takes back what did not.
    pub(super) async fn end<T>(mut self, outcome: StoreResult<T>) -> StoreResult<T> {
        let outcome = match outcome {
            Ok(value) => {
                crate::crash::point("commit.before");
                let commit = async { self.connection()?.batch_execute("COMMIT").await.map_err(failure) };
                let committed = answered(commit).await;
                crate::crash::point("commit.after");
                committed.map(|()| value)
            }
            Err(error) => {
                // Without a connection there is nothing left to take back.
                let back = async { self.connection()?.batch_execute("ROLLBACK").await.map_err(failure) };
                if answered(back).await.is_err() {
                    self.part();
                }
                Err(error)
            }
        };
        self.sessions.note(outcome.as_ref().err());
        let is_silent = matches!(&outcome, Err(StoreError::Busy(why)) if !why.starts_with(IN_THE_WAY));
        match is_silent || outcome.is_err() && self.session.as_ref().is_some_and(|session| session.is_closed()) {
            true => self.part(),
            false => drop(self.session.take()),
        }
        outcome
    }

    /// Ends what only read.
    pub(super) async fn done<T>(mut self, outcome: StoreResult<T>) -> StoreResult<T> {
        let back = async { self.connection()?.batch_execute("ROLLBACK").await.map_err(failure) };
        match answered(back).await {
            Ok(()) => drop(self.session.take()),
            Err(_) => self.part(),
        }
        outcome
    }

    /// Gives the connection up rather than back.
    fn part(&mut self) {
        if let Some(session) = self.session.take() {
            drop(Object::take(session));
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.part();
    }
}

/// Runs a block in a transaction of its own, anew when another was in its way. `$c` is the connection in it.
macro_rules! transaction {
    ($sessions:expr, $c:ident => $body:expr) => {{
        let mut tries = 0;
        loop {
            let open = $sessions.begin().await?;
            let outcome: $crate::domain::store::StoreResult<_> = async {
                let $c = open.connection()?;
                $body
            }
            .await;
            match open.end(outcome).await {
                Err(error)
                    if tries < $crate::store::postgres::sessions::TRIES
                        && $crate::store::postgres::sessions::is_in_the_way(&error) =>
                {
                    tries += 1;
                    $crate::store::postgres::sessions::step_aside(tries).await;
                }
                ended => break ended,
            }
        }
    }};
}
pub(super) use transaction;

/// Runs a block that reads several times and sees one moment.
macro_rules! snapshot {
    ($sessions:expr, $c:ident => $body:expr) => {{
        let open = $sessions.look().await?;
        let outcome: $crate::domain::store::StoreResult<_> = async {
            let $c = open.connection()?;
            $body
        }
        .await;
        open.done(outcome).await
    }};
}
pub(super) use snapshot;
