//! `flow serve`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::context::{Context, at};
use super::failure::Failure;
use super::output::Out;
use super::{runtime, seed};
use crate::app::App;
use crate::config::presets;
use crate::daemon::serve::{self, Options, Role, ServeError};
use crate::daemon::standby;

/// Run the daemon
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow serve
  flow serve --demo                     a look at flow: nothing has to be set up
  flow serve --listen 0.0.0.0:8080 --roles http")]
pub struct ServeArgs {
    /// Listen here instead of `http.listen`
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Serve the salon preset from a store of its own
    #[arg(long)]
    demo: bool,
    /// What this daemon does
    #[arg(long, value_name = "ROLE", value_delimiter = ',', default_values = ["http", "worker", "scheduler"])]
    roles: Vec<RoleArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleArg {
    /// Answer HTTP
    Http,
    /// Run jobs
    Worker,
    /// Start what is due at a time
    Scheduler,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Http => Self::Http,
            RoleArg::Worker => Self::Worker,
            RoleArg::Scheduler => Self::Scheduler,
        }
    }
}

/// Runs until it is told to stop.
pub fn run(args: ServeArgs, cx: &mut Context) -> Result<(), Failure> {
    if args.demo && cx.store_flag.is_none() {
        let store = cx.load()?.config.store.url;
        let beside = store.file().unwrap_or(Path::new("flow.db")).with_file_name("demo.db");
        cx.store_flag = Some(format!("sqlite://{}", beside.display()));
    }
    #[cfg(feature = "crash-points")]
    if let Some(spec) = cx.env.get("FLOW_CRASH_AT") {
        crate::crash::arm(spec);
    }
    let config = cx.config()?;
    let mut roles: Vec<Role> = Vec::new();
    for role in args.roles.into_iter().map(Role::from) {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    let options = Options {
        listen: args.listen.unwrap_or(config.http.listen),
        // A look at flow should not fail because something else listens there.
        any_port: args.demo && args.listen.is_none(),
        roles,
    };
    let program = cx.env.program();
    let (out, clock) = (&mut cx.out, Arc::clone(&cx.clock));
    runtime::run_daemon(async move {
        let begun = standby::begin(&config, &clock, &options).await.map_err(|error| match error {
            ServeError::Store(error) => at(&config.store.url, error),
            other => other.into(),
        })?;
        // Told to stop before the store has come.
        let Some(begun) = begun else { return Ok(()) };
        let app = &begun.app;
        let active = &app.config.crm.active;
        if let Some(why) = app.broken_crms.get(active) {
            return Err(Failure::config(format!("the CRM `{active}` cannot be opened: {why}"))
                .hint(format!("correct [crm.{active}], or set `crm.active` to \"local\" meanwhile")));
        }
        if args.demo && app.store.profile().await?.is_none() {
            let profile = seed::preset(presets::NAMES[0], &app.config.company)?;
            app.store.save_profile(&profile, app.now()).await?;
        }
        warn(app, options.listen, out).await?;
        let store = app.config.store.url.to_string();
        let ready = |address: Option<SocketAddr>| {
            let demo = args.demo.then(|| Demo { program: &program, store: &store });
            tell(address, demo, out);
        };
        Ok(serve::run(begun, &options.roles, ready).await?)
    })
}

/// What a person should know before clients come.
async fn warn(app: &App, listen: SocketAddr, out: &Out) -> Result<(), Failure> {
    if app.store.profile().await?.is_none() {
        out.note(
            "there is no business profile yet, so clients are told to wait for a person: `flow seed profile.toml`",
        );
    }
    if !app.store.tokens().await?.iter().any(|token| token.is_valid(app.now())) {
        let reach = if listen.ip().is_loopback() { "" } else { ", although the daemon listens to others too" };
        out.note(&format!(
            "there is no API token, so only this machine may call the API{reach}: `flow token create NAME`"
        ));
    }
    Ok(())
}

/// What the commands that show a demo need.
struct Demo<'a> {
    program: &'a str,
    store: &'a str,
}

/// Says where it is. A reader that has gone away is no reason to stop serving.
fn tell(address: Option<SocketAddr>, demo: Option<Demo<'_>>, out: &mut Out) {
    let text = match (address, demo) {
        (None, _) => "flow is ready (no HTTP here)\n".to_owned(),
        (Some(address), None) => format!("flow is ready: http://{address}\n"),
        (Some(address), Some(Demo { program, store })) => {
            format!(
                "flow is ready: http://{address}/chat\n\n\
                 Write there as a client would, in Russian or English. From a second terminal:\n  \
                 {program} leads list --store {store}\n  \
                 {program} conversations list --store {store}\n  \
                 {program} bookings list --store {store}\n\n\
                 Ctrl-C stops it.\n"
            )
        }
    };
    drop(out.text(&text));
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let message = error.to_string();
        match error {
            ServeError::Listen { error, .. } => {
                let hint = match error.kind() {
                    ErrorKind::AddrInUse => {
                        "stop what listens there, or choose another port with --listen or `http.listen`"
                    }
                    ErrorKind::PermissionDenied => "ports below 1024 belong to root: choose another with --listen",
                    _ => "choose an address of this machine with --listen or `http.listen`",
                };
                Self::config(message).hint(hint)
            }
            ServeError::Store(error) => error.into(),
            ServeError::Part(_) => Self::internal(message).hint("`flow doctor` looks at what it needs"),
            ServeError::AtOnce => Self { message, ..Self::interrupted() },
        }
    }
}
