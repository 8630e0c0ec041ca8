//! flow: one program that puts a front desk before the CRM a small business already has.
//!
//! The house is described in `ARCHITECTURE.md`; the layers are held by `tests/it/layers.rs`.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod crash;
pub mod daemon;
pub mod dialog;
pub mod domain;
pub mod jobs;
pub mod store;

/// Runs the command line of this process.
#[must_use]
pub fn run() -> std::process::ExitCode {
    cli::run()
}
