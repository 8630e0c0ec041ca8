//! `flow inbox take`, `reply` and `return`.

use std::io::Read;

use clap::Args;

use super::list::INBOX;
use crate::cli::context::{Context, Open, Session, id};
use crate::cli::conversations::MESSAGE;
use crate::cli::failure::{Failure, exit};
use crate::domain::conversation::{Conversation, DeliveryState, Message, TEXT_CHARS};
use crate::domain::id::ConversationId;
use crate::domain::store::StoreError;
use crate::domain::view::{ConversationView, MessageView};

/// Who somebody is when neither `--as` nor `$USER` says it.
const SOMEBODY: &str = "operator";

/// Take a conversation; the bot is silent until it is returned
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow inbox take cv_01JX… --as Ольга")]
pub struct TakeArgs {
    /// The conversation
    id: String,
    #[command(flatten)]
    who: WhoArgs,
}

/// Write to the client; what nobody has taken is taken
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow inbox reply cv_01JX… Добрый день! Чем помочь?
  flow inbox reply cv_01JX… - < answer.txt")]
pub struct ReplyArgs {
    /// The conversation
    id: String,
    /// What to write; - reads it from stdin
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    #[command(flatten)]
    who: WhoArgs,
}

/// Give a conversation back to the bot
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow inbox return cv_01JX…")]
pub struct ReturnArgs {
    /// The conversation
    id: String,
}

/// Who does it.
#[derive(Debug, Args)]
struct WhoArgs {
    /// Your name; $USER when it is not given
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

impl WhoArgs {
    fn name(&self, cx: &Context) -> String {
        let given = self.name.as_deref().or_else(|| cx.env.get("USER")).map(str::trim);
        given.filter(|name| !name.is_empty()).unwrap_or(SOMEBODY).to_owned()
    }
}

/// Takes it.
pub(super) fn take(args: &TakeArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&INBOX)?;
    let (name, from_others) = (args.who.name(cx), cx.yes);
    cx.session(Open::Existing, async |session, out| {
        let id = conversation_id(&args.id)?;
        let taken = session.app.store.take(id, &name, from_others, session.now()).await;
        let taken = taken.map_err(|error| explained(error, &args.id))?;
        session.app.wakeups.conversation(id);
        out.told(&INBOX, &ConversationView::from(&taken), &format!("{id} is with {name}"))
    })
}

/// Writes to the client.
pub(super) fn reply(args: &ReplyArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&MESSAGE)?;
    let name = args.who.name(cx);
    let text = text_of(&args.text)?;
    cx.session(Open::Existing, async |session, out| {
        let conversation = found(session, &args.id).await?;
        let channel = conversation.identity.channel;
        if !session.app.reaches(channel) {
            return Err(Failure::new("unsupported", exit::REFUSED, format!("the channel {channel} is not enabled"))
                .hint("answer the client there, and note it with `flow inbox take`"));
        }
        if let Some(why) = conversation.unreachable {
            let message = format!("the client's address takes no messages ({why})");
            return Err(Failure::new("client_blocked", exit::REFUSED, message)
                .hint("reach the client another way; the dialogue opens again when the client writes"));
        }
        let stored = session.app.store.reply(conversation.id, &text, &name, session.now()).await;
        let stored = stored.map_err(|error| explained(error, &args.id))?;
        session.app.wakeups.conversation(conversation.id);
        out.told(&MESSAGE, &MessageView::from(&stored), &told(&stored, conversation.id))
    })
}

/// What happened to a message: on some channels the daemon carries it from here.
fn told(message: &Message, conversation: ConversationId) -> String {
    let is_carried = message.delivery.as_ref().is_some_and(|delivery| delivery.state == DeliveryState::Queued);
    if is_carried {
        return format!("queued for {conversation}; the daemon carries it");
    }
    format!("sent to {conversation}")
}

/// Gives it back to the bot.
pub(super) fn give_back(args: &ReturnArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&INBOX)?;
    cx.session(Open::Existing, async |session, out| {
        let id = conversation_id(&args.id)?;
        let returned = session.app.store.hand_back(id, session.now()).await;
        let returned = returned.map_err(|error| explained(error, &args.id))?;
        session.app.wakeups.conversation(id);
        out.told(&INBOX, &ConversationView::from(&returned), &format!("{id} is with the bot"))
    })
}

/// What is to be written: the words as they stand, or stdin.
///
/// # Errors
/// When there is nothing, or too much.
pub fn text_of(words: &[String]) -> Result<String, Failure> {
    let mut text = words.join(" ");
    if text == "-" {
        text.clear();
        let read = std::io::stdin().take(8 * TEXT_CHARS as u64).read_to_string(&mut text);
        read.map_err(|error| Failure::usage(format!("stdin cannot be read as text: {error}")))?;
    }
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Failure::usage("the message is empty").hint("write it at the end, or `-` to read stdin")),
        count if count > TEXT_CHARS => {
            Err(Failure::usage(format!("a message has at most {TEXT_CHARS} characters")).hint("send it in parts"))
        }
        _ => Ok(text.to_owned()),
    }
}

fn conversation_id(text: &str) -> Result<ConversationId, Failure> {
    id(text, "conversation")
}

async fn found(session: &Session, text: &str) -> Result<Conversation, Failure> {
    let found = session.app.store.conversation(conversation_id(text)?).await?;
    found.ok_or_else(|| missing(text))
}

fn missing(text: &str) -> Failure {
    Failure::not_found(format!("there is no conversation `{text}`")).hint("`flow inbox` shows those that need a person")
}

fn explained(error: StoreError, text: &str) -> Failure {
    match error {
        StoreError::NotFound(_) => missing(text),
        error => error.into(),
    }
}
