//! `flow inbox list`.

use clap::Args;
use serde_json::Value;

use crate::cli::context::{Context, Open, Session};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::conversation::{Conversation, HandoffState};
use crate::domain::store::{ConversationFilter, Page};
use crate::domain::view::ConversationView;

/// Show who waits for a person, the longest first, then what people have taken
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  flow inbox list
  flow inbox list -o json")]
pub struct ListArgs {
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    limit: usize,
}

/// Conversations as in the HTTP API, with what one needs to choose in the table.
pub(super) static INBOX: Shape = Shape {
    members: &[
        "id",
        "channel",
        "status",
        "handoff.state",
        "handoff.reason",
        "handoff.at",
        "handoff.operator",
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
        ("state", "handoff.state"),
        ("reason", "handoff.reason"),
        ("since", "handoff.at"),
        ("client", "client"),
        ("channel", "channel"),
        ("last message", "last_message.text"),
    ],
    times: &["handoff.at", "last_message.at", "started_at", "last_message_at", "closed_at"],
};

const PAGE: u32 = 200;

/// Shows it.
pub(super) fn run(args: &ListArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let mut waiting = waiting(session).await?;
        if args.limit > 0 {
            waiting.truncate(args.limit);
        }
        let for_people = out.is_for_people();
        let mut list = out.list(&INBOX)?;
        for conversation in &waiting {
            list.row(row(conversation, for_people))?;
        }
        list.finish()?;
        if waiting.is_empty() {
            out.note("nobody waits for a person");
        }
        Ok(())
    })
}

/// Those that wait before those that somebody has, each the oldest first.
async fn waiting(session: &Session) -> Result<Vec<Conversation>, Failure> {
    let filter = ConversationFilter { handoff: Some(true), ..ConversationFilter::default() };
    let mut found: Vec<Conversation> = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let read = session.app.store.conversations(&filter, &page).await?;
        page.after = read.last().map(|last| (last.last_message_at, last.id.to_string()));
        let is_last = read.len() < PAGE as usize;
        found.extend(read);
        if is_last {
            break;
        }
    }
    found.sort_by_key(|conversation| {
        let handoff = conversation.handoff.as_ref();
        (handoff.map(|handoff| handoff.state != HandoffState::Requested), handoff.map(|handoff| handoff.at))
    });
    Ok(found)
}

fn row(conversation: &Conversation, for_people: bool) -> Value {
    let mut value = serde_json::to_value(ConversationView::from(conversation)).unwrap_or_default();
    if let (true, Value::Object(members)) = (for_people, &mut value) {
        let contact = &conversation.contact;
        let phone = contact.phone.as_ref().map(ToString::to_string);
        members.insert("client".to_owned(), contact.name.clone().or(phone).into());
    }
    value
}
