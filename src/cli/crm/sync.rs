//! `flow crm sync`: a CRM's services and staff beside the profile's.

use clap::Args;

use super::far::{WaitArgs, connection, opened};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::overlay::drift;
use crate::jobs::crm::sync;

/// Show where a CRM's services and staff differ from the profile, and keep what the CRM has
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm sync yclients --dry-run
  flow crm sync yclients")]
pub struct SyncArgs {
    /// The connection
    name: String,
    /// Only show the differences
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

static DRIFT: Shape = Shape {
    members: &["what", "difference", "crm_id", "profile_id", "title", "profile", "crm"],
    columns: &[
        ("what", "what"),
        ("difference", "difference"),
        ("title", "title"),
        ("profile", "profile"),
        ("crm", "crm"),
        ("crm id", "crm_id"),
        ("profile id", "profile_id"),
    ],
    times: &[],
};

pub(super) fn run(args: SyncArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&DRIFT)?;
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let app = &session.app;
        let copy = match args.dry_run {
            true => args.wait.call(async || crm.read_catalogue().await).await?,
            false => args.wait.call(async || sync(app.store.as_ref(), app.clock.as_ref(), crm.as_ref()).await).await?,
        };
        let copy = copy.ok_or_else(|| {
            let detail = format!("this {} has no services of its own: the profile's serve", crm.kind());
            Failure::from(Fault::new(FaultKind::Unsupported, &args.name, "sync", detail))
        })?;
        let profile = app.store.own_profile().await?;
        let found = profile.as_ref().map(|profile| drift(profile, &copy)).unwrap_or_default();
        if profile.is_none() {
            let (services, staff) = (copy.services.len(), copy.staff.len());
            out.note(&format!(
                "the CRM has {services} services and {staff} staff; there is no profile yet to compare them with: \
                 `flow seed` loads one"
            ));
        } else if found.is_empty() {
            out.note("the profile and the CRM have the same services and staff");
        } else if !args.dry_run && app.config.crm.active != args.name {
            out.note("kept; clients are offered it once `crm.active` names this connection");
        }
        out.all(&DRIFT, &found)
    })
}
