//! `flow channel send`: one message to one address, now.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{messenger, named};
use crate::cli::context::{Context, Open, Session};
use crate::cli::crm::WaitArgs;
use crate::cli::failure::{Failure, exit};
use crate::cli::inbox::text_of;
use crate::cli::output::{Out, Shape};
use crate::domain::channel::{Messenger, PART_UNITS};
use crate::domain::contact::Identity;
use crate::domain::conversation::DeliveryError;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::outbox::{Carried, Part, Unreachable};
use crate::domain::text::parts;

/// Send one message now, outside any conversation
#[derive(Debug, Args)]
#[command(after_help = "The message is in no conversation; `flow inbox reply` writes into one. Examples:
  flow channel send telegram 123456789 Добрый день! Это проверка.
  flow channel send telegram -1001234567890 - < notice.txt")]
pub struct SendArgs {
    /// The channel: telegram
    name: String,
    /// The address there: for telegram the number of the chat
    #[arg(allow_negative_numbers = true)]
    address: String,
    /// What to write; - reads it from stdin
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

static SENT: Shape = Shape {
    members: &["channel", "address", "state", "message_id"],
    columns: &[("channel", "channel"), ("address", "address"), ("state", "state"), ("message", "message_id")],
    times: &[],
};

/// Sends it, a long one in several parts.
pub(super) fn run(args: &SendArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&SENT)?;
    let channel = named(&args.name)?;
    let text = text_of(&args.text)?;
    cx.session(Open::Optional, async |session, out| {
        let messenger = messenger(&session.app, channel)?;
        let identity = Identity { channel, account: messenger.account().to_owned(), external_id: args.address.clone() };
        let conversation = session.app.store.conversation_of(&identity).await?;
        let until = Instant::now() + args.wait.longest();
        let mut sending = Sending { session, messenger: messenger.as_ref(), identity, until, has_moved: false };
        let pieces = parts(&text, PART_UNITS);
        let mut message_id = None;
        for (done, piece) in pieces.iter().enumerate() {
            let carried = sending.carry(piece, out).await;
            message_id = carried.map_err(|failure| partly(failure, done, pieces.len()))?;
        }
        let address = sending.identity.external_id;
        let sent = json!({"channel": channel, "address": address, "state": "sent", "message_id": message_id});
        out.told(&SENT, &sent, &format!("sent to {address}"))?;
        if let Some(id) = conversation.map(|conversation| conversation.id) {
            out.note(&format!(
                "this message stays out of the conversation; `flow inbox reply {id} TEXT` writes into it"
            ));
        }
        Ok(())
    })
}

/// A message on its way, one part after the other.
struct Sending<'s> {
    session: &'s Session,
    messenger: &'s dyn Messenger,
    identity: Identity,
    /// Until then a channel that is busy is waited for.
    until: Instant,
    has_moved: bool,
}

impl Sending<'_> {
    /// Carries one part; answers the channel's id of it.
    async fn carry(&mut self, text: &str, out: &Out) -> Result<Option<String>, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let now = self.session.now();
            match self.messenger.carry(&self.part(text, attempt, now), now).await {
                Carried::Sent { external_id } => return Ok(external_id),
                Carried::Again { at, error } => {
                    let pause = Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO);
                    self.pause(pause, error).await?;
                }
                Carried::Moved { to } if !self.has_moved => {
                    out.note(&format!("the chat has the address {to} now"));
                    self.identity.external_id = to;
                    self.has_moved = true;
                }
                Carried::Moved { to } => return Err(refused(format!("the chat moved again, to {to}"), None)),
                Carried::Failed { error, unreachable } => return Err(refused(error.detail, unreachable)),
                Carried::Unknown { error } => return Err(in_doubt(error)),
            }
        }
    }

    fn part(&self, text: &str, attempt: u32, now: Timestamp) -> Part {
        Part {
            // It lies in no store: the numbers are of nothing.
            id: 0,
            message_id: MessageId::new(now),
            message_seq: 0,
            conversation_id: ConversationId::new(now),
            identity: self.identity.clone(),
            text: text.to_owned(),
            buttons: Vec::new(),
            asks_phone: false,
            reply_to: None,
            parts: 1,
            attempt,
        }
    }

    /// Waits, while there is patience left. A token that is refused does not become right by waiting.
    async fn pause(&self, pause: Duration, error: DeliveryError) -> Result<(), Failure> {
        if error.code == "unauthorized" {
            return Err(super::advised(Failure::new("unauthorized", exit::REFUSED, error.detail)));
        }
        if Instant::now() + pause <= self.until {
            sleep(pause).await;
            return Ok(());
        }
        let code = match error.code.as_str() {
            "rate_limited" => "rate_limited",
            "unavailable" => "unavailable",
            _ => "unreachable",
        };
        Err(Failure::new(code, exit::LATER, error.detail).hint("try again later, or wait longer with --wait"))
    }
}

fn refused(detail: String, unreachable: Option<Unreachable>) -> Failure {
    let hint = match unreachable {
        None => "correct what is named and try again",
        Some(Unreachable::Blocked) => "the client blocked us, and only the client can change that",
        Some(Unreachable::Deactivated) => "the account is gone; reach the client another way",
        Some(Unreachable::NeverStarted) => "the client has to write first",
        Some(Unreachable::Kicked) => "have us let into the group again",
        Some(Unreachable::NotFound) => "check the address",
    };
    let (code, exit) = match unreachable {
        None => ("rejected", exit::REFUSED),
        Some(Unreachable::NotFound) => ("not_found", exit::NOT_FOUND),
        Some(_) => ("client_blocked", exit::REFUSED),
    };
    Failure::new(code, exit, detail).hint(hint)
}

fn in_doubt(error: DeliveryError) -> Failure {
    Failure::new("unknown_outcome", exit::PARTLY, error.detail).hint("look into the chat before you send it again")
}

/// What came before a part that failed has gone out.
fn partly(failure: Failure, done: usize, all: usize) -> Failure {
    if done == 0 {
        return failure;
    }
    let message = format!("{done} of {all} parts were sent, then: {}", failure.message);
    Failure { message, exit: exit::PARTLY, ..failure }
}
