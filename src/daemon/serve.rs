//! `flow serve`: the parts together, from the open port to the last drained job.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::http::{self, Http, Lifecycle};
use super::parts::Parts;
use super::standby::Begun;
use super::{courtesy, helper, introduction, metrics, poller, scheduler, sender, worker};
use crate::app::App;
use crate::domain::channel::Delivery;
use crate::domain::job::Pool;
use crate::domain::store::StoreError;

/// How long the parts may take to end after the stop.
const PATIENCE: Duration = Duration::from_secs(35);
/// How long requests that are under way may take after the stop; one that never ends is cut off.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Dialogues under way at once; they mostly wait for the store.
const DIALOGUES: usize = 32;
/// Calls to one CRM under way at once.
const CRM_CALLS: usize = 8;

/// A duty of a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Answers HTTP.
    Http,
    /// Runs jobs.
    Worker,
    /// Does what happens by the clock.
    Scheduler,
}

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Take any free port of the same address when that one is taken.
    pub any_port: bool,
    /// What it does.
    pub roles: Vec<Role>,
}

/// Why the daemon did not run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port cannot be had.
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The store cannot be opened.
    #[error("{0}")]
    Store(StoreError),
    /// A part failed.
    #[error("{0}")]
    Part(String),
    /// A second signal came before everything was finished.
    #[error("stopped at once by a second signal; what was under way will be taken up at the next start")]
    AtOnce,
}

/// Runs until a signal. `ready` hears the address once clients are answered; nothing without a listener.
///
/// # Errors
/// When a part fails, or a second signal comes.
pub async fn run(begun: Begun, roles: &[Role], ready: impl FnOnce(Option<SocketAddr>)) -> Result<(), ServeError> {
    let Begun { app, listener } = begun;
    metrics::start();
    let mut signals = Signals::new().map_err(|error| ServeError::Part(format!("signals: {error}")))?;
    let stop = CancellationToken::new();
    let lifecycle = Arc::new(Lifecycle::new(app.now()));
    let mut parts = Parts::new(stop.clone());
    parts.add("figures", metrics::run(stop.clone()));
    if let Some(asked) = app.courtesies.take().filter(|_| !app.messengers.is_empty()) {
        parts.add("courtesies", courtesy::run(app.clone(), asked, stop.clone()));
    }
    if let Some(helper) = app.helper.clone() {
        parts.add("helper", helper::run(app.clone(), helper, stop.clone()));
    }
    for messenger in app.messengers.values() {
        let known = introduction::recall(&app, &**messenger).await;
        parts.add("introduction", introduction::run(app.clone(), Arc::clone(messenger), known, stop.clone()));
    }
    let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    if let Some(listener) = listener {
        let http = Http::new(app.clone(), Arc::clone(&lifecycle));
        parts.add("watch", http::watch(http.clone(), stop.clone()));
        parts.add("http server", serve_http(http, listener, stop.clone()));
    }
    if roles.contains(&Role::Worker) {
        match app.store.begin_service().await {
            Ok(0) => {}
            Ok(freed) => tracing::info!(freed, "took back what a daemon had in work when it died"),
            Err(error) => tracing::warn!(%error, "what a dead daemon had in work waits for its lease to run out"),
        }
        add_workers(&app, &mut parts, &stop);
    }
    if roles.contains(&Role::Scheduler) {
        parts.add("scheduler", scheduler::run(app.clone(), stop.clone()));
    }
    ready(address);
    tell_manager(NotifyState::Ready);

    let finished = parts.finish(PATIENCE);
    tokio::pin!(finished);
    let result = tokio::select! {
        result = &mut finished => Some(result),
        () = signals.next() => None,
    };
    let result = match result {
        Some(result) => result,
        None => {
            tell_manager(NotifyState::Stopping);
            lifecycle.drain();
            stop.cancel();
            tokio::select! {
                result = &mut finished => result,
                () = signals.next() => return Err(ServeError::AtOnce),
            }
        }
    };
    result.map_err(ServeError::Part)
}

/// One for the dialogues, one for each CRM, and for each channel one that fetches and one that carries.
fn add_workers(app: &App, parts: &mut Parts, stop: &CancellationToken) {
    let class = |name: String| Pool::Class(name);
    parts.add("worker", worker::run(app.clone(), class("conv".to_owned()), DIALOGUES, stop.clone()));
    for connection in app.crms.keys() {
        let pool = class(format!("crm:{connection}"));
        parts.add("worker of a CRM", worker::run(app.clone(), pool, CRM_CALLS, stop.clone()));
    }
    for (channel, messenger) in app.messengers.iter() {
        parts.add("sender", sender::run(app.clone(), *channel, stop.clone()));
        if messenger.delivery() == Delivery::Polling {
            parts.add("poller", poller::run(app.clone(), *channel, stop.clone()));
        }
    }
}

/// The port, for a daemon that answers HTTP.
pub(super) async fn listener(options: &Options) -> Result<Option<TcpListener>, ServeError> {
    match options.roles.contains(&Role::Http) {
        true => listen(options).await.map(Some),
        false => Ok(None),
    }
}

async fn listen(options: &Options) -> Result<TcpListener, ServeError> {
    let listen = options.listen;
    match TcpListener::bind(listen).await {
        Err(error) if options.any_port && error.kind() == std::io::ErrorKind::AddrInUse => {
            let free = SocketAddr::new(listen.ip(), 0);
            TcpListener::bind(free).await.map_err(|error| ServeError::Listen { listen: free, error })
        }
        other => other.map_err(|error| ServeError::Listen { listen, error }),
    }
}

async fn serve_http(http: Http, listener: TcpListener, stop: CancellationToken) -> Result<(), String> {
    let router = http::router(http).into_make_service_with_connect_info::<SocketAddr>();
    let cut_off = stop.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::select! {
        ended = serving.into_future() => ended.map_err(|error| error.to_string()),
        () = async {
            cut_off.cancelled().await;
            tokio::time::sleep(LAST_REQUESTS).await;
        } => Ok(()),
    }
}

/// Asks the service manager to wait for us a minute longer.
pub(super) fn ask_for_time() {
    tell_manager(NotifyState::ExtendTimeoutUsec(60_000_000));
}

/// The service manager that started us, when there is one (`systemd` `Type=notify`).
fn tell_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// What ends the daemon.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
