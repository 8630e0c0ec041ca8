//! `flow leads`.

mod draft;
mod edit;
mod export;
mod import;

use clap::{Args, Subcommand};

use super::context::{Context, Open, Session, id, names};
use super::failure::Failure;
use super::output::{List, Shape};
use super::times::{Edge, in_order};
use crate::domain::contact::Channel;
use crate::domain::lead::{Lead, LeadStatus};
use crate::domain::store::{LeadFilter, LeadSort, Page};
use crate::domain::view;

/// Show and change leads
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow leads list --status new,qualified --since today
  flow leads add --name Анна --phone '8 916 123-45-67' --service Стрижка
  flow leads set ld_01JX… --status won
  flow leads export --format csv > leads.csv
  flow leads import leads.csv")]
pub enum LeadsCommand {
    /// Show leads, newest first
    List(ListArgs),
    /// Show one lead
    Show(ShowArgs),
    /// Add a lead
    Add(edit::AddArgs),
    /// Change a lead
    Set(edit::SetArgs),
    /// Write leads as CSV or JSON lines
    Export(export::ExportArgs),
    /// Read leads from a CSV or JSON lines file
    Import(import::ImportArgs),
}

/// Show leads, newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow leads list --status new,qualified --since today
  flow leads list --q Анна --limit 0 -o csv")]
pub struct ListArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
}

/// Which leads.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// Only in these states: new, in_progress, qualified, booked, won, lost, spam
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,
    /// Only from these channels
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    channel: Vec<String>,
    /// Only from this source
    #[arg(long)]
    source: Option<String>,
    /// Only made at or after: 2026-03-11, 7d, today, вчера
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only made before the end of: 2026-03-11, yesterday
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only with this in name, phone or comment
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
}

/// Show one lead
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow leads show ld_01JX…")]
pub struct ShowArgs {
    /// The lead
    id: String,
}

/// The members of a lead, as in the HTTP API.
pub(super) static LEAD: Shape = Shape {
    members: &[
        "id",
        "status",
        "name",
        "phone",
        "email",
        "channel",
        "source",
        "service",
        "desired_at",
        "desired_text",
        "comment",
        "tags",
        "assigned_to",
        "contact_id",
        "conversation_id",
        "consent",
        "crm.provider",
        "crm.external_id",
        "crm.url",
        "crm.state",
        "crm.last_error",
        "crm.synced_at",
        "custom",
        "created_at",
        "updated_at",
        "version",
    ],
    columns: &[
        ("id", "id"),
        ("status", "status"),
        ("created", "created_at"),
        ("name", "name"),
        ("phone", "phone"),
        ("service", "service"),
        ("wanted", "desired_at"),
        ("channel", "channel"),
    ],
    times: &["desired_at", "created_at", "updated_at", "crm.synced_at"],
};

/// Rows of one query of a long list.
const PAGE: u32 = 500;

/// Runs the command.
pub fn run(command: LeadsCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        LeadsCommand::List(args) => list(args, cx),
        LeadsCommand::Show(args) => show(args, cx),
        LeadsCommand::Add(args) => edit::add(args, cx),
        LeadsCommand::Set(args) => edit::set(args, cx),
        LeadsCommand::Export(args) => export::run(args, cx),
        LeadsCommand::Import(args) => import::run(args, cx),
    }
}

fn list(args: ListArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let filter = args.which.filter(session)?;
        let mut list = out.list(&LEAD)?;
        stream(session, &filter, args.limit, &mut list).await?;
        list.finish()
    })
}

fn show(args: ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let lead = session.app.store.lead(id(&args.id, "lead")?).await?;
        let lead = lead.ok_or_else(|| missing(&args.id))?;
        out.object(&LEAD, &view::lead(&lead))
    })
}

fn missing(id: &str) -> Failure {
    Failure::not_found(format!("there is no lead `{id}`")).hint("`flow leads list` shows the newest")
}

/// Prints leads page by page, at most `limit`; 0 is all.
async fn stream(session: &Session, filter: &LeadFilter, limit: u64, list: &mut List<'_>) -> Result<(), Failure> {
    let mut left = if limit == 0 { u64::MAX } else { limit };
    let mut page = Page::first(PAGE);
    while left > 0 {
        page.limit = u32::try_from(left.min(u64::from(PAGE))).unwrap_or(PAGE);
        let leads = session.app.store.leads(filter, LeadSort::Created, &page).await?;
        for lead in &leads {
            list.row(view::lead(lead))?;
        }
        let read = u64::try_from(leads.len()).unwrap_or(u64::MAX);
        if read < u64::from(page.limit) {
            break;
        }
        left -= read;
        page.after = leads.last().map(key);
    }
    Ok(())
}

fn key(lead: &Lead) -> (jiff::Timestamp, String) {
    (lead.created_at, lead.id.to_string())
}

impl WhichArgs {
    fn filter(&self, session: &Session) -> Result<LeadFilter, Failure> {
        let here = session.here();
        let edge = |text: &Option<String>, edge| text.as_deref().map(|text| here.moment(text, edge)).transpose();
        let (since, until) = (edge(&self.since, Edge::Start)?, edge(&self.until, Edge::End)?);
        in_order(since, until)?;
        Ok(LeadFilter {
            status: statuses(&self.status)?,
            channel: names(&self.channel, "channel", Channel::ALL.iter().map(|c| c.as_str()), Channel::parse)?,
            source: self.source.clone(),
            q: self.q.clone().filter(|q| !q.trim().is_empty()),
            created_after: since,
            created_before: until,
            ..LeadFilter::default()
        })
    }
}

fn statuses(given: &[String]) -> Result<Vec<LeadStatus>, Failure> {
    names(given, "status", LeadStatus::ALL.iter().map(|status| status.as_str()), LeadStatus::parse)
}
