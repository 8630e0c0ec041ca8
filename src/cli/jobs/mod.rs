//! `flow jobs`: what still has to happen, and what was given up.

mod change;
mod stats;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{Context, Open, names};
use super::failure::Failure;
use super::output::Shape;
use crate::domain::job::{Job, JobFilter, JobState};
use crate::domain::view::rfc3339;

/// Look after the work that waits
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow jobs list --state dead
  flow jobs show 12
  flow jobs retry --dead
  flow jobs cancel 12 --yes
  flow jobs stats")]
pub enum JobsCommand {
    /// Show jobs, the oldest first
    List(ListArgs),
    /// Show one job with its arguments
    Show(ShowArgs),
    /// Give dead jobs another chance, and run at once what waits
    Retry(change::RetryArgs),
    /// Take jobs away for good
    Cancel(change::CancelArgs),
    /// Show how the queue and the outbox stand
    #[command(after_help = "Examples:
  flow jobs stats
  flow jobs stats -o json")]
    Stats,
}

/// Show jobs, the oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow jobs list
  flow jobs list --state dead --kind send_reply
  flow jobs list --lane out:telegram:7000001:5001 --limit 0")]
pub struct ListArgs {
    /// Only in these states: waiting, running, scheduled, dead
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// Only of these kinds, such as answer, commit_booking, send_reply
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,
    /// Only of this lane
    #[arg(long)]
    lane: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// Show one job with its arguments
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow jobs show 12
  flow jobs show 12 -o json")]
pub struct ShowArgs {
    /// The job
    id: String,
}

static JOB: Shape = Shape {
    members: &["id", "kind", "state", "lane", "attempts", "ready_at", "created_at", "died_at", "error", "doubtful"],
    columns: &[
        ("id", "id"),
        ("kind", "kind"),
        ("state", "state"),
        ("lane", "lane"),
        ("tries", "attempts"),
        ("ready", "ready_at"),
        ("error", "error"),
    ],
    times: &["ready_at", "created_at", "died_at"],
};
static DETAIL: Shape = Shape {
    members: &["id", "kind", "state", "lane", "attempts", "ready_at", "created_at", "died_at", "error", "work"],
    columns: &[("id", "id"), ("kind", "kind"), ("state", "state"), ("work", "work")],
    times: &["ready_at", "created_at", "died_at"],
};

/// The kind of job that carries a message to a client.
const SEND: &str = "send_reply";
/// What can be asked for: the names of all work, and of what this version cannot read.
const KINDS: [&str; 13] = [
    "answer",
    "commit_booking",
    "reconcile_booking",
    "escalate_booking",
    "tell_decision",
    SEND,
    "move_booking",
    "cancel_booking",
    "push_lead",
    "sync_crm",
    "follow_crm",
    "crm_hook",
    "unreadable",
];

/// Runs the command.
pub fn run(command: JobsCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        JobsCommand::List(args) => list(&args, cx),
        JobsCommand::Show(args) => show(&args, cx),
        JobsCommand::Retry(args) => change::retry(&args, cx),
        JobsCommand::Cancel(args) => change::cancel(&args, cx),
        JobsCommand::Stats => stats::run(cx),
    }
}

fn list(args: &ListArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&JOB)?;
    let filter = args.filter()?;
    let limit = if args.limit == 0 { u32::MAX } else { args.limit };
    cx.session(Open::Existing, async |session, out| {
        let jobs = session.app.store.jobs(&filter, limit).await?;
        out.all(&JOB, &jobs.iter().map(row).collect::<Vec<_>>())
    })
}

impl ListArgs {
    fn filter(&self) -> Result<JobFilter, Failure> {
        let states = JobState::ALL.iter().map(|state| state.as_str());
        Ok(JobFilter {
            state: names(&self.state, "state", states, JobState::parse)?,
            kind: names(&self.kind, "kind", KINDS.into_iter(), kind)?,
            lane: self.lane.clone(),
        })
    }
}

fn kind(name: &str) -> Option<String> {
    KINDS.contains(&name).then(|| name.to_owned())
}

fn show(args: &ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&DETAIL)?;
    cx.session(Open::Existing, async |session, out| {
        let job = session.app.store.job(&args.id).await?.ok_or_else(|| missing(&args.id))?;
        let mut value = row(&job);
        // What cannot be read is shown as it lies there.
        value["work"] = serde_json::from_str(&job.payload).unwrap_or_else(|_| Value::String(job.payload.clone()));
        out.object(&DETAIL, &value)
    })
}

fn row(job: &Job) -> Value {
    json!({
        "id": job.id, "kind": job.kind, "state": job.state, "lane": job.lane, "attempts": job.attempts,
        "ready_at": job.ready_at.map(rfc3339), "created_at": rfc3339(job.created_at),
        "died_at": job.died_at.map(rfc3339), "error": job.error, "doubtful": job.is_doubtful,
    })
}

fn missing(id: &str) -> Failure {
    Failure::not_found(format!("there is no job `{id}`")).hint("`flow jobs list` shows them")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::id::{BookingId, ConversationId, LeadId};
    use crate::domain::job::Work;

    /// A new kind of work does not compile until it stands here.
    fn another(work: &Work) -> Option<Work> {
        let (now, conversation_id) = (Timestamp::UNIX_EPOCH, ConversationId::new(Timestamp::UNIX_EPOCH));
        let booking_id = BookingId::new(now);
        let (connection, appointment_id) = ("local".to_owned(), "1".to_owned());
        Some(match work {
            Work::Answer { .. } => Work::CommitBooking { booking_id, conversation_id },
            Work::CommitBooking { .. } => Work::ReconcileBooking { booking_id, conversation_id, looks: 0 },
            Work::ReconcileBooking { .. } => Work::EscalateBooking { booking_id, conversation_id },
            Work::EscalateBooking { .. } => Work::TellDecision { booking_id, conversation_id, cancelling: false },
            Work::TellDecision { .. } => Work::Send { part: 1, conversation_id },
            Work::Send { .. } => Work::CancelBooking { conversation_id, connection, appointment_id, tries: 0 },
            Work::CancelBooking { .. } => Work::MoveBooking {
                conversation_id,
                connection,
                appointment_id,
                start: now,
                employee_id: None,
                key: "k".to_owned(),
                tries: 0,
            },
            Work::MoveBooking { .. } => Work::PushLead { lead_id: LeadId::new(now), connection },
            Work::PushLead { .. } => Work::SyncCrm { connection },
            Work::SyncCrm { .. } => Work::FollowCrm { connection },
            Work::FollowCrm { .. } => Work::CrmHook { connection, id: "1".to_owned() },
            Work::CrmHook { .. } => return None,
        })
    }

    #[test]
    fn every_kind_of_work_can_be_asked_for() {
        let first = Work::Answer { conversation_id: ConversationId::new(Timestamp::UNIX_EPOCH) };
        let all: Vec<Work> = std::iter::successors(Some(first), another).collect();
        assert_eq!(all.len() + 1, KINDS.len());
        for work in all {
            assert_eq!(kind(work.name()).as_deref(), Some(work.name()));
        }
        assert_eq!(kind("send"), None);
    }
}
