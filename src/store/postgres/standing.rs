//! What a process keeps for as long as it works on a database: a mark that it does, and an ear for others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client};

use super::connect::Connector;
use super::open::LOCKS;
use super::sessions::Sessions;
use super::{failure, kept};
use crate::domain::store::{StoreError, StoreResult};

/// The second half of the lock that every daemon shares.
pub(super) const SERVING: i32 = 2;
/// The name under which work is announced.
const CHANNEL: &str = "flow_work";
/// Announcements closer together are one.
const TOGETHER: Duration = Duration::from_millis(5);
/// How soon a lost connection is noticed, and how long it is left alone before it is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// The standing connection.
pub(super) struct Standing {
    shared: Arc<Shared>,
    handle: Handle,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    connector: Arc<Connector>,
    sessions: Arc<Sessions>,
    heard: broadcast::Sender<()>,
    /// This process is a daemon.
    serves: AtomicBool,
    listens: AtomicBool,
}

impl Standing {
    pub(super) fn new(connector: Arc<Connector>, sessions: Arc<Sessions>, handle: &Handle) -> Self {
        let (heard, _) = broadcast::channel(1);
        let shared =
            Shared { connector, sessions, heard, serves: AtomicBool::new(false), listens: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let announcing = handle.spawn(announce(Arc::clone(&shared)));
        Self { shared, handle: handle.clone(), tasks: vec![announcing].into() }
    }

    /// What is told whenever there may be work.
    pub(super) fn wakeups(&self) -> broadcast::Receiver<()> {
        let receiver = self.shared.heard.subscribe();
        if !self.shared.listens.swap(true, Ordering::SeqCst) {
            kept(&self.tasks).push(self.handle.spawn(stand(Arc::clone(&self.shared), None)));
        }
        receiver
    }

    /// Runs something whenever there may be work.
    pub(super) fn on_work(&self, work: impl Fn() + Send + 'static) {
        let mut heard = self.shared.heard.subscribe();
        kept(&self.tasks).push(self.handle.spawn(async move {
            use tokio::sync::broadcast::error::RecvError;
            // What was missed is the same word.
            while let Ok(()) | Err(RecvError::Lagged(_)) = heard.recv().await {
                work();
            }
        }));
    }

    /// Marks this process as a daemon. Where there is no other, `alone` is run before one can come.
    pub(super) async fn serve<T: Default>(&self, alone: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        if self.shared.serves.swap(true, Ordering::SeqCst) {
            return Ok(T::default());
        }
        let marked = async {
            let client = open(&self.shared).await?;
            let sql = format!("SELECT pg_try_advisory_lock({LOCKS}, {SERVING})");
            let row = client.query_one(sql.as_str(), &[]).await.map_err(failure)?;
            if !row.try_get::<_, bool>(0).map_err(failure)? {
                mark(&client).await?;
                return Ok((client, T::default()));
            }
            let outcome = alone.await?;
            mark(&client).await?;
            let sql = format!("SELECT pg_advisory_unlock({LOCKS}, {SERVING})");
            client.batch_execute(&sql).await.map_err(failure)?;
            Ok((client, outcome))
        };
        match marked.await {
            Ok((client, outcome)) => {
                self.shared.listens.store(true, Ordering::SeqCst);
                kept(&self.tasks).push(self.handle.spawn(stand(Arc::clone(&self.shared), Some(client))));
                Ok(outcome)
            }
            Err(error) => {
                self.shared.serves.store(false, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    pub(super) fn stop(&self) {
        for task in kept(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

/// The lock that daemons share; whoever wants to be alone waits for all of them.
async fn mark(client: &Client) -> StoreResult<()> {
    let sql = format!("SELECT pg_advisory_lock_shared({LOCKS}, {SERVING})");
    client.batch_execute(&sql).await.map_err(failure)
}

async fn open(shared: &Shared) -> StoreResult<Client> {
    let heard = shared.heard.clone();
    let opened = shared.connector.open(move |message| {
        if let AsyncMessage::Notification(_) = message {
            // Nobody may be listening yet.
            drop(heard.send(()));
        }
    });
    let (client, _) = opened.await.map_err(failure)?;
    client.batch_execute("SET idle_session_timeout=0").await.ok();
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(failure)?;
    Ok(client)
}

/// Keeps the connection standing; opens it again when it is lost.
async fn stand(shared: Arc<Shared>, mut client: Option<Client>) {
    let mut is_lost = false;
    loop {
        if let Some(client) = &client {
            while !client.is_closed() {
                tokio::time::sleep(PAUSE).await;
            }
            tracing::warn!("the connection that hears of work is lost");
            is_lost = true;
        }
        let opened = async {
            let client = open(&shared).await?;
            if shared.serves.load(Ordering::SeqCst) {
                mark(&client).await?;
            }
            Ok::<_, StoreError>(client)
        };
        match opened.await {
            Ok(opened) => {
                if std::mem::take(&mut is_lost) {
                    tracing::warn!("the connection that hears of work stands again");
                }
                client = Some(opened);
                // Whatever was announced meanwhile was not heard.
                drop(shared.heard.send(()));
            }
            Err(error) => {
                tracing::debug!(%error, "the connection that hears of work cannot be opened");
                client = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Announces work that was written, after its commit.
async fn announce(shared: Arc<Shared>) {
    loop {
        shared.sessions.written.notified().await;
        if let Ok(session) = shared.sessions.connection().await
            && let Err(error) = session.batch_execute(&format!("NOTIFY {CHANNEL}")).await
        {
            // Others look by themselves now and then.
            tracing::debug!(%error, "work could not be announced");
        }
        tokio::time::sleep(TOGETHER).await;
    }
}
