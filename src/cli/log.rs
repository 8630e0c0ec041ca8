//! What the program tells of itself, on stderr.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::settings::{LogFormat, Observability};

/// Begins to log as the configuration says; `-v` says more, `--quiet` less.
pub fn start(settings: &Observability, verbose: u8, quiet: bool) {
    let filter = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => settings.log.as_str(),
        (false, 1) => "warn,flow=info",
        (false, _) => "info,flow=debug",
    };
    // Of a lost connection each part of ours tells once; the pool would tell it of every session.
    let filter =
        EnvFilter::try_new(format!("{filter},deadpool.postgres=error")).unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // A second start in one process (tests) keeps the first.
    drop(match settings.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    });
}
