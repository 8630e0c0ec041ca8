//! Gathers what comes in at once into one transaction. Every caller is answered after the commit, so that an
//! acknowledgement is durable; one whose part is refused takes nothing from the others.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::sessions::{Sessions, is_in_the_way, transaction};
use super::{Connection, failure, ingest, kept};
use crate::domain::channel::{Arrival, Mark, RawEvent, Stored};
use crate::domain::contact::Identity;
use crate::domain::conversation::{Incoming, Received};
use crate::domain::store::{IdempotencyKey, StoreError, StoreResult};

/// How many callers may wait for one gatherer; the next one waits at the door.
const QUEUE: usize = 1024;
/// How many share a commit at most: larger statements cost more than they save.
const BATCH: usize = 64;
/// Gatherers. One conversation always goes to the same, so that its messages keep their order.
const GATHERERS: usize = 2;

/// What comes in.
pub(super) enum Op {
    Receive { incoming: Box<Incoming>, now: Timestamp, answer_at: Option<Timestamp>, key: Option<IdempotencyKey> },
    Ingest { events: Vec<(RawEvent, Arrival)>, mark: Option<Mark>, now: Timestamp },
}

/// What became of it.
pub(super) enum Answer {
    Received(Received),
    Stored(Vec<Stored>),
}

struct Waiting {
    op: Op,
    answer: oneshot::Sender<StoreResult<Answer>>,
}

pub(super) struct Gather {
    senders: Mutex<Vec<mpsc::Sender<Waiting>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Gather {
    pub(super) fn start(sessions: &Arc<Sessions>, handle: &Handle) -> Self {
        let started = (0..GATHERERS).map(|_| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            (sender, handle.spawn(serve(Arc::clone(sessions), receiver)))
        });
        let (senders, tasks): (Vec<_>, Vec<_>) = started.unzip();
        Self { senders: senders.into(), tasks: tasks.into() }
    }

    pub(super) async fn run(&self, op: Op) -> StoreResult<Answer> {
        let gone = || StoreError::Busy("the store is shutting down".to_owned());
        let sender = {
            let senders = kept(&self.senders);
            let number = usize::try_from(address(&op)).unwrap_or(0) % senders.len().max(1);
            senders.get(number).cloned().ok_or_else(gone)?
        };
        let (answer, told) = oneshot::channel();
        sender.send(Waiting { op, answer }).await.map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    /// Takes nothing more; answers the tasks that end when everything that was accepted is committed.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        kept(&self.senders).clear();
        kept(&self.tasks).drain(..).collect()
    }
}

/// A number of the conversation that something is about.
fn address(op: &Op) -> u64 {
    let identity: Option<&Identity> = match op {
        Op::Receive { incoming, .. } => Some(&incoming.identity),
        Op::Ingest { events, .. } => events.iter().find_map(|(_, arrival)| match arrival {
            Arrival::Message(incoming, _) => Some(&incoming.identity),
            Arrival::Edit { identity, .. } | Arrival::Reach { identity, .. } => Some(identity),
            Arrival::Nothing => None,
        }),
    };
    let mut hasher = DefaultHasher::new();
    if let Some(identity) = identity {
        (identity.channel.as_str(), &identity.account, &identity.external_id).hash(&mut hasher);
    }
    // Half of it fits wherever a number does.
    hasher.finish() >> 33
}

async fn serve(sessions: Arc<Sessions>, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut waiting, BATCH).await > 0 {
        let (ops, answers): (Vec<Op>, Vec<_>) = waiting.drain(..).map(|one| (one.op, one.answer)).unzip();
        let told = match commit(&sessions, &ops).await {
            Ok(told) => told,
            Err(error) => ops.iter().map(|_| Err(error.clone())).collect(),
        };
        sessions.written.notify_one();
        for (answer, told) in answers.into_iter().zip(told) {
            // A caller that went away has no use for the answer.
            drop(answer.send(told));
        }
    }
}

async fn commit(sessions: &Sessions, ops: &[Op]) -> StoreResult<Vec<StoreResult<Answer>>> {
    transaction!(sessions, c => together(c, ops).await)
}

/// All at once; when that is refused, one after the other, each in a savepoint of its own.
async fn together(c: &Connection, ops: &[Op]) -> StoreResult<Vec<StoreResult<Answer>>> {
    if let [op] = ops {
        return Ok(ingest::store(c, std::slice::from_ref(op)).await?.into_iter().map(Ok).collect());
    }
    run(c, "SAVEPOINT op").await?;
    match ingest::store(c, ops).await {
        Ok(answers) => return Ok(answers.into_iter().map(Ok).collect()),
        Err(error) if is_whole(&error) => return Err(error),
        Err(_) => run(c, "ROLLBACK TO op").await?,
    }
    let mut told = Vec::with_capacity(ops.len());
    for op in ops {
        run(c, "SAVEPOINT op").await?;
        match ingest::store(c, std::slice::from_ref(op)).await {
            Ok(answers) => {
                run(c, "RELEASE op").await?;
                told.extend(answers.into_iter().map(Ok));
            }
            Err(error) if is_whole(&error) => return Err(error),
            Err(error) => {
                run(c, "ROLLBACK TO op").await?;
                told.push(Err(error));
            }
        }
    }
    Ok(told)
}

/// Whether a failure is everybody's: the way to the database, or somebody else's transaction.
fn is_whole(error: &StoreError) -> bool {
    is_in_the_way(error) || matches!(error, StoreError::Busy(_) | StoreError::Full | StoreError::ReadOnly)
}

async fn run(c: &Connection, sql: &str) -> StoreResult<()> {
    c.batch_execute(sql).await.map_err(failure)
}
