//! `flow jobs retry` and `cancel`.

use std::collections::BTreeSet;

use clap::Args;

use super::{JOB, missing, row};
use crate::cli::context::{Context, Open, Session};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Out;
use crate::domain::job::{Job, JobFilter, JobState};
use crate::domain::store::{StoreError, StoreResult};

/// Give dead jobs another chance, and run at once what waits
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow jobs retry 12
  flow jobs retry 12 15 -o json
  flow jobs retry --dead")]
pub struct RetryArgs {
    /// The jobs
    #[arg(value_name = "ID", required_unless_present = "dead", conflicts_with = "dead")]
    ids: Vec<String>,
    /// All that are dead; messages that may have arrived only with --yes
    #[arg(long)]
    dead: bool,
}

/// Take jobs away for good
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow jobs cancel 12
  flow jobs cancel 12 15 --yes")]
pub struct CancelArgs {
    /// The jobs
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

/// Gives them another chance.
pub(super) fn retry(args: &RetryArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&JOB)?;
    let agreed = cx.is_agreed();
    cx.session(Open::Existing, async |session, out| {
        let mut ids = if args.dead { dead(session, agreed, out).await? } else { args.ids.clone() };
        // A job that is tried again has a new number: naming it twice is naming it once.
        let mut seen = std::collections::BTreeSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        if ids.is_empty() && args.dead {
            out.note("nothing is tried again");
        }
        let (store, now) = (&session.app.store, session.now());
        let changed = each(&ids, async |id: &str| {
            let before = store.job(id).await?;
            Ok((before.is_some_and(|job| job.is_doubtful), store.retry_job(id, now).await?))
        });
        let (changed, failures) = changed.await;
        let doubtful: Vec<&str> =
            changed.iter().filter(|(was_doubtful, _)| *was_doubtful).map(|(_, job)| job.id.as_str()).collect();
        if !doubtful.is_empty() {
            let ids = doubtful.join(", ");
            out.note(&format!("what {ids} carries may have gone out before; it is sent now, perhaps a second time"));
        }
        let jobs: Vec<Job> = changed.into_iter().map(|(_, job)| job).collect();
        tell(&jobs, "is tried again", failures, out)
    })
}

/// All that are dead; messages that may have arrived only when that was agreed to.
async fn dead(session: &Session, agreed: bool, out: &mut Out) -> Result<Vec<String>, Failure> {
    let filter = JobFilter { state: vec![JobState::Dead], ..JobFilter::default() };
    let mut dead = session.app.store.jobs(&filter, u32::MAX).await?;
    let all = dead.len();
    dead.retain(|job| agreed || !job.is_doubtful);
    let left = all - dead.len();
    if left > 0 {
        out.note(&format!(
            "{left} messages that may have arrived are left alone: look into the chats, then name them, or add --yes"
        ));
    }
    Ok(dead.into_iter().map(|job| job.id).collect())
}

/// Takes them away, once somebody has agreed.
pub(super) fn cancel(args: &CancelArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&JOB)?;
    if !cx.agrees(&format!("cancel {} for good?", args.ids.join(", ")))? {
        return Err(Failure::usage("nothing was cancelled: what a cancelled job was for never happens")
            .hint("cancel with --yes; `flow jobs show ID` tells what a job is for"));
    }
    cx.session(Open::Existing, async |session, out| {
        let (store, now) = (&session.app.store, session.now());
        let (jobs, failures) = each(&args.ids, async |id: &str| store.cancel_job(id, now).await).await;
        tell(&jobs, "is cancelled", failures, out)
    })
}

/// Does the same to each. What one job refuses does not spare the next; a store that is gone is gone for all.
async fn each<T>(ids: &[String], change: impl AsyncFn(&str) -> StoreResult<T>) -> (Vec<T>, Vec<Failure>) {
    let (mut changed, mut failures) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for id in ids.iter().map(String::as_str).filter(|id| seen.insert(*id)) {
        match change(id).await {
            Ok(done) => changed.push(done),
            Err(error) => {
                let is_last = !matches!(error, StoreError::NotFound(_) | StoreError::LostLease);
                failures.push(explained(error, id));
                if is_last {
                    break;
                }
            }
        }
    }
    (changed, failures)
}

fn explained(error: StoreError, id: &str) -> Failure {
    match error {
        StoreError::NotFound(_) => missing(id),
        StoreError::LostLease => Failure::new("conflict", exit::STORE, format!("a worker has job `{id}` right now"))
            .hint(format!("wait until it is done; `flow jobs show {id}` tells")),
        error => error.into(),
    }
}

/// Tells what was done, and then what was not.
fn tell(done: &[Job], what: &str, failures: Vec<Failure>, out: &mut Out) -> Result<(), Failure> {
    if !done.is_empty() || failures.is_empty() {
        let lines: Vec<String> = done.iter().map(|job| format!("{} ({}) {what}", job.id, job.kind)).collect();
        out.told_all(&JOB, &done.iter().map(row).collect::<Vec<_>>(), &lines.join("\n"))?;
    }
    let is_alone = done.len() + failures.len() == 1;
    if !is_alone {
        failures.iter().for_each(|failure| out.warn(&failure.message));
    }
    match failures.into_iter().next() {
        None => Ok(()),
        Some(only) if is_alone => Err(only),
        Some(first) if done.is_empty() => Err(Failure { message: "none of the jobs was changed".to_owned(), ..first }),
        Some(first) => {
            let message = format!("only {} of the jobs were changed", done.len());
            Err(Failure { message, exit: exit::PARTLY, ..first })
        }
    }
}
