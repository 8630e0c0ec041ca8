//! `flow crm discover`: which of the account's objects means what, as a proposal for the configuration.

use clap::Args;
use serde::Serialize;

use super::far::{WaitArgs, connection, opened};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::fault::{Fault, FaultKind};

/// Propose a map of the account's objects for the configuration
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm discover onec
  flow crm discover onec > map.toml")]
pub struct DiscoverArgs {
    /// The connection
    name: String,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, Serialize)]
struct Proposal {
    connection: String,
    kind: &'static str,
    /// TOML.
    map: String,
}

static PROPOSAL: Shape = Shape {
    members: &["connection", "kind", "map"],
    columns: &[("connection", "connection"), ("kind", "kind"), ("map", "map")],
    times: &[],
};

pub(super) fn run(args: DiscoverArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&PROPOSAL)?;
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let proposed = args.wait.call(async || crm.discover().await).await?;
        let map = proposed.ok_or_else(|| {
            let detail = format!("a {} needs no map: there is nothing to propose", crm.kind());
            Failure::from(Fault::new(FaultKind::Unsupported, &args.name, "discover", detail))
        })?;
        let proposal = Proposal { connection: args.name.clone(), kind: crm.kind(), map };
        out.told(&PROPOSAL, &proposal, &proposal.map)
    })
}
