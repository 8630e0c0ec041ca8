//! A connection by its name, what it must be able to do, and patience with its limits.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::cli::context::{Context, Open};
use crate::cli::failure::{Failure, exit};
use crate::cli::times;
use crate::config::near;
use crate::domain::crm::{Calendar, Catalogue, Clients, Crm};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// How long a command waits when a limit does not say so itself.
const PAUSE: Duration = Duration::from_secs(1);

/// Patience.
#[derive(Debug, Clone, Copy, Args)]
pub struct WaitArgs {
    /// Wait out a limit for at most so long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    wait: Duration,
}

fn length(text: &str) -> Result<Duration, String> {
    let length = times::length(text).ok_or_else(|| "expected a length of time such as 30s or 5m".to_owned())?;
    Duration::try_from(length).map_err(|error| error.to_string())
}

impl WaitArgs {
    /// For how long at most.
    #[must_use]
    pub fn longest(self) -> Duration {
        self.wait
    }

    /// Calls, and calls again while the far side only asks for patience.
    ///
    /// # Errors
    /// What the far side says, once patience is used up.
    pub async fn call<T>(self, call: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Failure> {
        let until = Instant::now() + self.wait;
        loop {
            match call().await {
                Err(fault) if fault.kind == FaultKind::RateLimited => {
                    let pause = fault.retry_after.unwrap_or(PAUSE);
                    if Instant::now() + pause > until {
                        return Err(fault.into());
                    }
                    sleep(pause).await;
                }
                outcome => return Ok(outcome?),
            }
        }
    }
}

impl WaitArgs {
    /// Calls what writes under a key, and calls again while nobody knows what came of it: each call looks first.
    ///
    /// # Errors
    /// What the far side says; `unknown_outcome` once patience is used up.
    pub async fn resolve<T>(self, call: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Failure> {
        let until = Instant::now() + self.wait;
        let (mut pause, mut doubt) = (PAUSE, None);
        loop {
            match call().await {
                Err(fault) if fault.kind == FaultKind::RateLimited || fault.retry() == Retry::Look => {
                    // A doubt may be seen to be over before anything may be written again.
                    let wait = match fault.kind {
                        FaultKind::RateLimited => fault.retry_after.unwrap_or(pause),
                        _ => pause,
                    };
                    if Instant::now() + wait > until {
                        // That it cannot be looked into now does not end a doubt.
                        let told = if fault.retry() == Retry::Look { fault } else { doubt.unwrap_or(fault) };
                        return Err(told.into());
                    }
                    if fault.retry() == Retry::Look {
                        doubt = Some(fault);
                    }
                    sleep(wait).await;
                    pause = (pause * 2).min(PAUSE * 5);
                }
                Err(fault) if matches!(fault.retry(), Retry::After(_)) => return Err(doubt.unwrap_or(fault).into()),
                outcome => return Ok(outcome?),
            }
        }
    }
}

/// How the store is opened for that connection: a CRM of somebody's needs nothing in it yet, and what is done there must be
/// remembered; what is built in is the store.
///
/// # Errors
/// What is wrong with the configuration.
pub fn opened(cx: &Context, name: &str) -> Result<Open, Failure> {
    Ok(match cx.config()?.crm.connections.contains_key(name) {
        true => Open::Create,
        false if name == "local" => Open::Existing,
        // That there is no such connection is told, whatever else is missing.
        false => Open::Optional,
    })
}

/// The connection of that name.
///
/// # Errors
/// `unknown_connection`, with the name that was probably meant.
pub fn connection(app: &App, name: &str) -> Result<Arc<dyn Crm>, Failure> {
    app.crms.get(name).cloned().ok_or_else(|| {
        if let Some(error) = app.broken_crms.get(name) {
            return Failure::config(format!("the connection `{name}` cannot be opened: {error}"))
                .hint(format!("correct [crm.{name}] in the configuration"));
        }
        let known: Vec<&str> = app.crms.keys().map(String::as_str).collect();
        Failure::new("unknown_connection", exit::CONFIG, format!("there is no CRM connection `{name}`"))
            .hint_opt(near::advice(name, &known))
    })
}

/// Adds to "there is no such service" (or person) the one that was probably meant.
pub async fn with_advice(failure: Failure, crm: &dyn Crm, service: Option<&str>, staff: Option<&str>) -> Failure {
    if failure.exit != exit::NOT_FOUND {
        return failure;
    }
    let name = crm.connection();
    let see = |what: &str| format!("`flow crm {what} {name}` lists them");
    let Some(catalogue) = crm.catalogue() else { return failure };
    let service = match service {
        Some(id) => catalogue.services(true).await.ok().map(|all| (id, all)),
        None => None,
    };
    if let Some((id, all)) = service
        && all.iter().all(|service| service.id != id)
    {
        let near = near::nearest(id, all.iter().map(|service| service.id.as_str()));
        return failure.hint(meant(near, &see("services")));
    }
    let Some(id) = staff else { return failure };
    let all = catalogue.staff(None).await.unwrap_or_default();
    let near = near::nearest(id, all.iter().map(|employee| employee.id.as_str()));
    failure.hint(meant(near, &see("staff")))
}

fn meant(near: Option<&str>, see: &str) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`? {see}"),
        None => see.to_owned(),
    }
}

/// What a connection may lack.
pub trait Able {
    /// Services and staff.
    fn must_list(&self, operation: &'static str) -> Result<&dyn Catalogue, Failure>;
    /// Free times and appointments.
    fn must_book(&self, operation: &'static str) -> Result<&dyn Calendar, Failure>;
    /// Clients.
    fn must_know(&self, operation: &'static str) -> Result<&dyn Clients, Failure>;
}

impl Able for dyn Crm + '_ {
    fn must_list(&self, operation: &'static str) -> Result<&dyn Catalogue, Failure> {
        self.catalogue().ok_or_else(|| lacks(self, operation, "services and staff"))
    }

    fn must_book(&self, operation: &'static str) -> Result<&dyn Calendar, Failure> {
        self.calendar().ok_or_else(|| lacks(self, operation, "appointments"))
    }

    fn must_know(&self, operation: &'static str) -> Result<&dyn Clients, Failure> {
        self.clients().ok_or_else(|| lacks(self, operation, "clients"))
    }
}

/// That a connection cannot do it.
pub fn lacks(crm: &dyn Crm, operation: &'static str, what: &str) -> Failure {
    let instead = crm.instead().map_or_else(String::new, |instead| format!(": {instead}"));
    let detail = format!("this {} connection has no {what}{instead}", crm.kind());
    Fault::new(FaultKind::Unsupported, crm.connection(), operation, detail).into()
}
