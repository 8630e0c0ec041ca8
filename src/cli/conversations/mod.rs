//! `flow conversations`.

mod read;
mod show;
mod tail;

pub(in crate::cli) use self::tail::MESSAGE;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::{Context, Open, Session, id, names};
use super::failure::Failure;
use super::output::{List, Shape};
use super::times::{Edge, in_order};
use crate::domain::contact::Channel;
use crate::domain::conversation::{Conversation, ConversationStatus};
use crate::domain::store::{ConversationFilter, Page};
use crate::domain::view::ConversationView;

/// Read conversations
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow conversations list --status waiting_operator
  flow conversations search 'окрашивание'
  flow conversations show cv_01JX…
  flow conversations tail -f")]
pub enum ConversationsCommand {
    /// Show conversations, the latest first
    List(ListArgs),
    /// Show one conversation with its messages
    Show(show::ShowArgs),
    /// Find conversations by their words
    Search(SearchArgs),
    /// Write conversations with their messages as JSON lines
    Export(ExportArgs),
    /// Show the latest messages of all conversations
    Tail(tail::TailArgs),
    /// End a conversation; the client's next message opens it again
    Close(CloseArgs),
}

/// Show conversations, the latest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations list --status waiting_operator
  flow conversations list --since today --channel telegram")]
pub struct ListArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Only with these words in the messages
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
}

/// Find conversations by their words
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations search окрашивание
  flow conversations search 'сломался принтер' --since 7d")]
pub struct SearchArgs {
    /// Words of the messages
    text: String,
    #[command(flatten)]
    which: WhichArgs,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
}

/// Write conversations with their messages as JSON lines
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations export --since 30d > talks.jsonl")]
pub struct ExportArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    limit: u64,
}

/// End a conversation; the client's next message opens it again
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations close cv_01JX…")]
pub struct CloseArgs {
    /// The conversation
    id: String,
}

/// Which conversations.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// Only in these states: open, waiting_operator, closed
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,
    /// Only on these channels
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    channel: Vec<String>,
    /// Only with a question that nobody answered
    #[arg(long)]
    unanswered: bool,
    /// Only with a message at or after: 2026-03-11, 7d, today, вчера
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only with the last message before the end of: 2026-03-11, yesterday
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// The members of a conversation, as in the HTTP API.
pub(super) static CONVERSATION: Shape = Shape {
    members: &[
        "id",
        "channel",
        "status",
        "handoff",
        "contact.id",
        "contact.name",
        "contact.phone",
        "lead_id",
        "message_count",
        "last_message.role",
        "last_message.text",
        "last_message.at",
        "language",
        "started_at",
        "last_message_at",
        "closed_at",
    ],
    columns: &[
        ("id", "id"),
        ("channel", "channel"),
        ("status", "status"),
        ("name", "contact.name"),
        ("phone", "contact.phone"),
        ("messages", "message_count"),
        ("last", "last_message_at"),
        ("text", "last_message.text"),
    ],
    times: &["last_message.at", "started_at", "last_message_at", "closed_at"],
};
static WITH_MESSAGES: Shape = Shape {
    members: &[
        "id",
        "channel",
        "status",
        "handoff",
        "contact",
        "lead_id",
        "message_count",
        "last_message",
        "language",
        "started_at",
        "last_message_at",
        "closed_at",
        "messages",
    ],
    columns: &[("id", "id"), ("messages", "message_count"), ("last", "last_message_at")],
    times: &["started_at", "last_message_at", "closed_at"],
};
static CLOSED: Shape = Shape { members: &["id", "status"], columns: &[("id", "id")], times: &[] };

const PAGE: u32 = 200;

/// Runs the command.
pub fn run(command: ConversationsCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        ConversationsCommand::List(args) => list(&args.which, args.q.as_deref(), args.limit, cx),
        ConversationsCommand::Search(args) if args.text.trim().is_empty() => {
            Err(Failure::usage("there is nothing to search for").hint("`flow conversations list` shows all of them"))
        }
        ConversationsCommand::Search(args) => list(&args.which, Some(&args.text), args.limit, cx),
        ConversationsCommand::Show(args) => show::run(args, cx),
        ConversationsCommand::Export(args) => export(args, cx),
        ConversationsCommand::Tail(args) => tail::run(args, cx),
        ConversationsCommand::Close(args) => close(args, cx),
    }
}

fn list(which: &WhichArgs, words: Option<&str>, limit: u64, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let filter = which.filter(words, session)?;
        let mut list = out.list(&CONVERSATION)?;
        let show = async |conversation: &Conversation, list: &mut List<'_>| {
            let view = serde_json::to_value(ConversationView::from(conversation)).unwrap_or_default();
            list.row(view)
        };
        each(session, &filter, limit, &mut list, show).await?;
        list.finish()
    })
}

fn export(args: ExportArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.prefer(super::output::Format::Jsonl);
    cx.session(Open::Existing, async |session, out| {
        let filter = args.which.filter(None, session)?;
        let mut list = out.list(&WITH_MESSAGES)?;
        let show = async |conversation: &Conversation, list: &mut List<'_>| {
            let messages = read::all_messages(session, conversation.id).await?;
            list.row(read::whole(conversation, &messages, false))
        };
        each(session, &filter, args.limit, &mut list, show).await?;
        list.finish()
    })
}

/// Reads conversations page by page, at most `limit`; 0 is all.
async fn each(
    session: &Session,
    filter: &ConversationFilter,
    limit: u64,
    list: &mut List<'_>,
    show: impl AsyncFn(&Conversation, &mut List<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut left = if limit == 0 { u64::MAX } else { limit };
    let mut page = Page::first(PAGE);
    while left > 0 {
        page.limit = u32::try_from(left.min(u64::from(PAGE))).unwrap_or(PAGE);
        let found = session.app.store.conversations(filter, &page).await?;
        for conversation in &found {
            show(conversation, list).await?;
        }
        let read = u64::try_from(found.len()).unwrap_or(u64::MAX);
        if read < u64::from(page.limit) {
            break;
        }
        left -= read;
        page.after = found.last().map(|last| (last.last_message_at, last.id.to_string()));
    }
    Ok(())
}

fn close(args: CloseArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&CLOSED)?;
    cx.session(Open::Existing, async |session, out| {
        let conversation = read::conversation(session, &args.id).await?;
        session.app.store.close(conversation.id, session.now()).await?;
        out.told(
            &CLOSED,
            &json!({"id": conversation.id, "status": "closed"}),
            &format!("{} is closed", conversation.id),
        )
    })
}

impl WhichArgs {
    fn filter(&self, words: Option<&str>, session: &Session) -> Result<ConversationFilter, Failure> {
        let here = session.here();
        let edge = |text: &Option<String>, edge| text.as_deref().map(|text| here.moment(text, edge)).transpose();
        let statuses = ConversationStatus::ALL.iter().map(|status| status.as_str());
        let (since, until) = (edge(&self.since, Edge::Start)?, edge(&self.until, Edge::End)?);
        in_order(since, until)?;
        Ok(ConversationFilter {
            status: names(&self.status, "status", statuses, ConversationStatus::parse)?,
            channel: names(&self.channel, "channel", Channel::ALL.iter().map(|c| c.as_str()), Channel::parse)?,
            unanswered: self.unanswered.then_some(true),
            updated_after: since,
            updated_before: until,
            q: words.map(str::to_owned).filter(|words| !words.trim().is_empty()),
            ..ConversationFilter::default()
        })
    }
}

fn conversation_id(text: &str) -> Result<crate::domain::id::ConversationId, Failure> {
    id(text, "conversation")
}
