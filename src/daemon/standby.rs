//! The time before the store is there: the daemon waits for a database that is out of reach, and says so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::http;
use super::outage::Outage;
use super::serve::{Options, ServeError, Signals, ask_for_time, listener};
use crate::app::App;
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::store::{StoreError, StoreResult};

/// The first pause between two tries; each next one doubles, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long an answer that is under way may take when the store has come.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// What the daemon begins with.
pub struct Begun {
    /// Over the open store.
    pub app: App,
    /// Where clients will be answered; nothing without the http role.
    pub listener: Option<TcpListener>,
}

/// Opens what the daemon works on. A database that is out of reach is waited for; meanwhile the port says that nothing
/// can be done yet. `None` when it was told to stop before.
///
/// # Errors
/// When the store cannot be opened for a reason that does not pass by itself, or the port cannot be had.
pub async fn begin(config: &Config, clock: &Arc<dyn Clock>, options: &Options) -> Result<Option<Begun>, ServeError> {
    let mut away = Outage::new("the database is out of reach; flow waits for it", "the database is there: flow begins");
    let first = opened(config, clock).await;
    match first {
        Err(error) if may_come(config, &error) => away.note(&Err::<(), _>(error)),
        first => {
            let app = first.map_err(ServeError::Store)?;
            return Ok(Some(Begun { app, listener: listener(options).await? }));
        }
    }
    let mut signals = Signals::new().map_err(|error| ServeError::Part(format!("signals: {error}")))?;
    let door = match listener(options).await? {
        Some(listener) => Some(Door::open(listener, options.listen, clock)?),
        None => None,
    };
    let app = tokio::select! {
        app = waited(config, clock, &mut away) => app?,
        () = signals.next() => return Ok(None),
    };
    let listener = match door {
        Some(door) => Some(door.handed_over().await?),
        None => None,
    };
    Ok(Some(Begun { app, listener }))
}

/// Tries until the store opens or will never.
async fn waited(config: &Config, clock: &Arc<dyn Clock>, away: &mut Outage) -> Result<App, ServeError> {
    let mut pause = FIRST_PAUSE;
    loop {
        ask_for_time();
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let outcome = opened(config, clock).await;
        match outcome {
            Err(error) if !may_come(config, &error) => return Err(ServeError::Store(error)),
            outcome => {
                away.note(&outcome);
                if let Ok(app) = outcome {
                    return Ok(app);
                }
            }
        }
    }
}

/// Opening blocks for as long as a server does not answer.
async fn opened(config: &Config, clock: &Arc<dyn Clock>) -> StoreResult<App> {
    let (config, clock) = (config.clone(), Arc::clone(clock));
    let opening = tokio::task::spawn_blocking(move || App::open(config, clock)).await;
    opening.unwrap_or_else(|error| Err(StoreError::Other(error.to_string())))
}

/// A database may come back by itself; a wrong password or a newer schema stays what it is, and so does a file.
fn may_come(config: &Config, error: &StoreError) -> bool {
    config.store.url.file().is_none() && matches!(error, StoreError::Away(_) | StoreError::Busy(_))
}

/// The open port before there is anything to answer with.
struct Door {
    listener: std::net::TcpListener,
    address: SocketAddr,
    stop: CancellationToken,
    answering: tokio::task::JoinSet<()>,
}

impl Door {
    fn open(listener: TcpListener, address: SocketAddr, clock: &Arc<dyn Clock>) -> Result<Self, ServeError> {
        let failed = |error| ServeError::Listen { listen: address, error };
        let listener = listener.into_std().map_err(failed)?;
        let copy = listener.try_clone().and_then(TcpListener::from_std).map_err(failed)?;
        let stop = CancellationToken::new();
        let mut answering = tokio::task::JoinSet::new();
        answering.spawn(http::stand_by(copy, Arc::clone(clock), stop.clone()));
        Ok(Self { listener, address, stop, answering })
    }

    /// Ends the answers; the port stays open.
    async fn handed_over(mut self) -> Result<TcpListener, ServeError> {
        self.stop.cancel();
        let ended = async { while self.answering.join_next().await.is_some() {} };
        drop(tokio::time::timeout(LAST_ANSWERS, ended).await);
        TcpListener::from_std(self.listener).map_err(|error| ServeError::Listen { listen: self.address, error })
    }
}
