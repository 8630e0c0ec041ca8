//! `flow crm push`: a lead into a CRM.

use clap::Args;

use super::far::{WaitArgs, connection};
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::id::LeadId;
use crate::jobs::crm::push_lead;

/// Write a lead into a CRM; again, it updates the same object
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm push bitrix24 ld_01JX…")]
pub struct PushArgs {
    /// The connection
    name: String,
    /// The lead
    lead: String,
    #[command(flatten)]
    wait: WaitArgs,
}

static PUSHED: Shape =
    Shape { members: &["external_id", "url"], columns: &[("external id", "external_id"), ("url", "url")], times: &[] };

pub(super) fn run(args: PushArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&PUSHED)?;
    cx.session(Open::Existing, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let missing =
            || Failure::not_found(format!("there is no lead {}", args.lead)).hint("`flow leads list` lists them");
        let id: LeadId = args.lead.parse().map_err(|_| missing())?;
        if session.app.store.lead(id).await?.is_none() {
            return Err(missing());
        }
        let (store, clock) = (session.app.store.as_ref(), session.app.clock.as_ref());
        let pushed = args.wait.resolve(async || push_lead(store, clock, crm.as_ref(), id).await).await?;
        let answer = serde_json::json!({"external_id": pushed.external_id, "url": pushed.url});
        out.object(&PUSHED, &answer)
    })
}
