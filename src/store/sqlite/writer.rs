//! The one writer: a thread that gathers what waits and commits it together. Every caller is answered
//! after the commit, so that an acknowledgement is durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::failure;
use crate::domain::store::{StoreError, StoreResult};

/// How many callers may wait; the next one waits at the door.
const QUEUE: usize = 1024;
/// How many operations share a commit at most.
const BATCH: usize = 256;

/// Runs an operation inside the batch and answers how to tell its caller once the batch is committed.
/// Without a connection the batch could not begin: nothing is run.
type Operation = Box<dyn FnOnce(Option<&Connection>) -> Tell + Send>;
type Tell = Box<dyn FnOnce(&StoreResult<()>) + Send>;

/// Why nothing can be written at present: a full disk, a file that became read-only. A write that
/// succeeds takes it back.
type Ailment = Arc<Mutex<Option<StoreError>>>;

#[derive(Debug)]
pub(super) struct Writer {
    sender: Option<mpsc::Sender<Operation>>,
    thread: Option<JoinHandle<()>>,
    ailment: Ailment,
    /// A test's clock that runs by itself must stand still while a store in memory works.
    #[cfg(feature = "crash-points")]
    pub(super) holds_the_clock: bool,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> StoreResult<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, receiver))
            .map_err(|error| StoreError::Open(error.to_string()))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
            ailment: Ailment::default(),
            #[cfg(feature = "crash-points")]
            holds_the_clock: false,
        })
    }

    pub(super) async fn run<T, F>(&self, operation: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let ailment = Arc::clone(&self.ailment);
        let boxed: Operation = Box::new(move |connection| {
            let outcome = match connection {
                Some(connection) => inside_savepoint(connection, operation),
                None => Err(StoreError::Busy("the store could not begin a transaction".to_owned())),
            };
            Box::new(move |committed| {
                let told = match committed {
                    Ok(()) => outcome,
                    Err(error) => Err(error.clone()),
                };
                note(&ailment, told.as_ref().err());
                // A caller that went away has no use for the answer.
                drop(answer.send(told));
            })
        });
        let gone = || StoreError::Busy("the store is shutting down".to_owned());
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(boxed).await.map_err(|_| gone())?;
        #[cfg(feature = "crash-points")]
        if self.holds_the_clock {
            let waited = tokio::task::spawn_blocking(move || result.blocking_recv()).await;
            return waited.map_err(|_| gone())?.map_err(|_| gone())?;
        }
        result.await.map_err(|_| gone())?
    }
}

impl Writer {
    /// Why nothing can be written at present, as far as the last write told.
    pub(super) fn ailment(&self) -> Option<StoreError> {
        self.ailment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(ailment: &Ailment, error: Option<&StoreError>) {
    let lasting = |error: &&StoreError| {
        matches!(error, StoreError::Full | StoreError::ReadOnly | StoreError::Damaged(_) | StoreError::Busy(_))
    };
    *ailment.lock().unwrap_or_else(PoisonError::into_inner) = error.filter(lasting).cloned();
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // The thread finishes what was accepted, then closes the file.
            drop(thread.join());
        }
    }
}

fn serve(connection: &Connection, mut receiver: mpsc::Receiver<Operation>) {
    let untouched = connection.total_changes();
    let mut waiting = Vec::with_capacity(BATCH);
    while receiver.blocking_recv_many(&mut waiting, BATCH) > 0 {
        commit(connection, &mut waiting);
    }
    // Leaves a small file behind, but waits for nobody: what only read must end at once. A failure here
    // loses nothing, the log is replayed at the next start.
    if connection.total_changes() != untouched {
        drop(connection.busy_timeout(Duration::ZERO));
        drop(connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);"));
    }
}

fn commit(connection: &Connection, waiting: &mut Vec<Operation>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(failure);
    if begun.is_err() {
        for operation in waiting.drain(..) {
            operation(None)(&begun);
        }
        return;
    }
    let tells: Vec<Tell> = waiting.drain(..).map(|operation| operation(Some(connection))).collect();
    crate::crash::point("commit.before");
    let committed = connection.execute_batch("COMMIT").map_err(failure);
    crate::crash::point("commit.after");
    if committed.is_err() {
        drop(connection.execute_batch("ROLLBACK"));
    }
    for tell in tells {
        tell(&committed);
    }
}

fn inside_savepoint<T>(
    connection: &Connection,
    operation: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    connection.prepare_cached("SAVEPOINT op").and_then(|mut s| s.execute([])).map_err(failure)?;
    let outcome = catch_unwind(AssertUnwindSafe(|| operation(connection)))
        .unwrap_or_else(|_| Err(StoreError::Other("a store operation panicked".to_owned())));
    let end = |sql: &str| connection.prepare_cached(sql).and_then(|mut s| s.execute([])).map_err(failure);
    if outcome.is_err() {
        end("ROLLBACK TO op")?;
    }
    end("RELEASE op")?;
    outcome
}
