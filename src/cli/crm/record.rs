//! `flow crm record`: a cassette of real traffic, masked.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::ToSpan;

use super::far::{Able, WaitArgs, opened};
use crate::adapters::http::recorded::Recorded;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::crm::{AppointmentQuery, Crm, SlotQuery};

/// Days of free times that are recorded.
const DAYS: i64 = 7;

/// Record a connection's traffic into a cassette, without secrets and phones
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm record yclients salon.cassette")]
pub struct RecordArgs {
    /// The connection
    name: String,
    /// The cassette to write
    file: PathBuf,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(super) fn run(args: RecordArgs, cx: &mut Context) -> Result<(), Failure> {
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        // A name that is unknown or broken is told as everywhere.
        super::far::connection(&session.app, &args.name)?;
        let file = File::options().write(true).create_new(true).open(&args.file).map_err(|error| {
            Failure::usage(format!("cannot write {}: {error}", args.file.display()))
                .hint("name a file that is not there")
        })?;
        let connection = session.app.config.crm.connections.get(&args.name);
        let secrets = connection.into_iter().flat_map(|connection| connection.secrets.values());
        let secrets: Vec<String> = secrets.map(|secret| secret.expose().to_owned()).collect();
        let out_file: Box<dyn Write + Send> = Box::new(file);
        let wrap = |way| Arc::new(Recorded::new(way, secrets, out_file)) as _;
        let crm = session.app.connect_through(&args.name, wrap).map_err(Failure::config)?;
        let told = play(crm.as_ref(), session.here().today(), args.wait).await;
        for line in &told {
            out.note(line);
        }
        out.note(&format!(
            "written to {}; names of people and services stand in it: look before you pass it on",
            args.file.display()
        ));
        Ok(())
    })
}

/// Everything that only reads; what fails is told and recorded too.
async fn play(crm: &dyn Crm, today: jiff::civil::Date, wait: WaitArgs) -> Vec<String> {
    let mut told = Vec::new();
    let mut note = |what: &str, outcome: Result<usize, Failure>| match outcome {
        Ok(count) => told.push(format!("{what}: {count}")),
        Err(failure) => told.push(format!("{what}: {}", failure.message)),
    };
    note("checks", wait.call(async || crm.probe().await).await.map(|probe| probe.checks.len()));
    let mut first = None;
    match crm.must_list("record") {
        Ok(catalogue) => {
            let services = wait.call(async || catalogue.services(true).await).await;
            first = services.as_ref().ok().and_then(|all| all.first()).map(|service| service.id.clone());
            note("services", services.map(|all| all.len()));
            note("staff", wait.call(async || catalogue.staff(None).await).await.map(|all| all.len()));
        }
        Err(failure) => note("services", Err(failure)),
    }
    match (crm.must_book("record"), first) {
        (Ok(calendar), Some(service_id)) => {
            let to = today.saturating_add(DAYS.days());
            let query = SlotQuery { service_id, employee_id: None, from: today, to, moving: None };
            note("slots", wait.call(async || calendar.free_slots(&query).await).await.map(|all| all.len()));
            let query = AppointmentQuery { phone: None, from: Some(today), to: Some(to), all: false };
            note("appointments", wait.call(async || calendar.appointments(&query).await).await.map(|all| all.len()));
        }
        (Err(failure), _) => note("slots", Err(failure)),
        (Ok(_), None) => {}
    }
    told
}
