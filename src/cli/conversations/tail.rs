//! `flow conversations tail`.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::show::message_text;
use crate::cli::context::{Context, Open, Session};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, Out, Shape};
use crate::domain::conversation::Message;
use crate::domain::view::MessageView;

/// Show the latest messages of all conversations
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations tail
  flow conversations tail -f -o jsonl")]
pub struct TailArgs {
    /// So many of them
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// Go on until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

/// A message, as in the HTTP API.
pub(in crate::cli) static MESSAGE: Shape = Shape {
    members: &[
        "conversation_id",
        "id",
        "role",
        "kind",
        "text",
        "at",
        "channel_message_id",
        "attachments",
        "delivery",
        "transcript",
        "buttons",
        "in_reply_to",
        "metadata",
    ],
    columns: &[("at", "at"), ("conversation", "conversation_id"), ("role", "role"), ("text", "text")],
    times: &["at"],
};

const LOOK_EVERY: Duration = Duration::from_millis(500);
const PAGE: u32 = 500;
/// How far back the first look goes at most when numbers have gaps.
const WIDEN: i64 = 8;

/// Shows the last messages and, with `--follow`, those that come.
pub(super) fn run(args: TailArgs, cx: &mut Context) -> Result<(), Failure> {
    if args.follow && cx.out.format() == Format::Json {
        return Err(Failure::usage("a list without an end is no JSON document").hint("use -o jsonl"));
    }
    cx.session(Open::Existing, async |session, out| {
        out.expects(&MESSAGE)?;
        let newest = newest(session, args.limit).await?;
        let mut seen = match newest.last() {
            Some(message) => message.seq,
            None => session.app.store.last_seq().await?,
        };
        if out.is_for_people() {
            people(&newest, session, out)?;
            return match args.follow {
                true => follow(session, &mut seen, |more| people(&more, session, out)).await,
                false => Ok(()),
            };
        }
        let mut list = out.list(&MESSAGE)?;
        newest.iter().try_for_each(|message| list.row(row(message)))?;
        if args.follow {
            list.flush()?;
            let show = |more: Vec<Message>| {
                more.iter().try_for_each(|message| list.row(row(message)))?;
                list.flush()
            };
            return follow(session, &mut seen, show).await;
        }
        list.finish()
    })
}

/// Shows what comes until the command is interrupted.
async fn follow(
    session: &Session,
    seen: &mut i64,
    mut show: impl FnMut(Vec<Message>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let more = next(session, seen).await?;
        if !more.is_empty() {
            show(more)?;
        }
    }
}

/// The newest messages, oldest first: numbers are nearly dense, so a look a little back finds them.
async fn newest(session: &Session, limit: u32) -> Result<Vec<Message>, Failure> {
    let last = session.app.store.last_seq().await?;
    let mut back = i64::from(limit);
    loop {
        let from = (last - back).max(0);
        let found = session.app.store.messages_since(from, u32::try_from(last - from).unwrap_or(u32::MAX)).await?;
        if found.len() >= limit as usize || from == 0 {
            let skip = found.len().saturating_sub(limit as usize);
            return Ok(found.into_iter().skip(skip).collect());
        }
        back *= WIDEN;
    }
}

async fn next(session: &Session, seen: &mut i64) -> Result<Vec<Message>, Failure> {
    tokio::time::sleep(LOOK_EVERY).await;
    let more = session.app.store.messages_since(*seen, PAGE).await?;
    if let Some(last) = more.last() {
        *seen = last.seq;
    }
    Ok(more)
}

fn people(messages: &[Message], session: &Session, out: &mut Out) -> Result<(), Failure> {
    for message in messages {
        out.line(&format!("{}\n{}", message.conversation_id, message_text(message, &session.here())))?;
    }
    out.flush()
}

fn row(message: &Message) -> Value {
    let mut value = json!({"conversation_id": message.conversation_id});
    let view = serde_json::to_value(MessageView::from(message)).unwrap_or_default();
    if let (Value::Object(members), Value::Object(more)) = (&mut value, view) {
        members.extend(more);
    }
    value
}
