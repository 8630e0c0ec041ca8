//! `flow conversations show`.

use std::fmt::Write as _;

use clap::Args;

use super::{WITH_MESSAGES, read};
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::{lines, one_line};
use crate::cli::times::Here;
use crate::domain::conversation::{Conversation, DeliveryState, Message, MessageKind, Role};

/// Show one conversation with its messages
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow conversations show cv_01JX…
  flow conversations show cv_01JX… --trace     why each reply was given")]
pub struct ShowArgs {
    /// The conversation
    id: String,
    /// Show how each reply came about
    #[arg(long)]
    trace: bool,
}

/// Shows it; for people as a dialogue.
pub(super) fn run(args: ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let conversation = read::conversation(session, &args.id).await?;
        let messages = read::all_messages(session, conversation.id).await?;
        let text = dialogue(&conversation, &messages, args.trace, &session.here());
        out.told(&WITH_MESSAGES, &read::whole(&conversation, &messages, args.trace), &text)
    })
}

fn dialogue(conversation: &Conversation, messages: &[Message], trace: bool, here: &Here) -> String {
    let contact = &conversation.contact;
    let who = [contact.name.as_deref(), contact.phone.as_ref().map(|phone| phone.as_str())];
    let who: Vec<String> = who.into_iter().flatten().map(one_line).collect();
    let mut text = format!("{}  {}  {}", conversation.id, conversation.identity.channel, conversation.status);
    if !who.is_empty() {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "  {}", who.join(" "));
    }
    if let Some(handoff) = &conversation.handoff {
        let _ = write!(text, "\nwith a person: {} ({}), {}", handoff.state, handoff.reason, here.show(handoff.at));
    }
    text.push('\n');
    for message in messages {
        text.push('\n');
        text.push_str(&message_text(message, here));
        if let Some(trace) = message.trace.as_ref().filter(|_| trace) {
            let _ = writeln!(text, "  trace: {trace}");
        }
    }
    text
}

/// Time and role, then the words and the buttons below.
pub(super) fn message_text(message: &Message, here: &Here) -> String {
    let role = match message.role {
        Role::Customer => "client",
        other => other.as_str(),
    };
    let edited = if message.edited_at.is_some() { "  (edited)" } else { "" };
    let mut text = format!("{}  {role}{}{edited}\n", here.show(message.at), carried(message));
    if let Some(shown) = attached(message) {
        let _ = writeln!(text, "  [{shown}]");
    }
    for line in lines(&message.text).lines() {
        let _ = writeln!(text, "  {line}");
    }
    if !message.buttons.is_empty() {
        let buttons: Vec<_> = message.buttons.iter().map(|button| format!("[{}]", one_line(&button.text))).collect();
        let _ = writeln!(text, "  {}", buttons.join(" "));
    }
    text
}

/// What came that is no words.
fn attached(message: &Message) -> Option<String> {
    let metadata = message.metadata.as_ref();
    let file = |name: &str| metadata.and_then(|metadata| metadata["file"].get(name)).cloned().unwrap_or_default();
    let name = match message.kind {
        MessageKind::Voice => match file("duration").as_u64() {
            Some(seconds) => format!("voice, {seconds} s"),
            None => "voice".to_owned(),
        },
        MessageKind::Image => "picture".to_owned(),
        MessageKind::File => match file("file_name").as_str() {
            Some(name) => format!("file {}", one_line(name)),
            None => "file".to_owned(),
        },
        MessageKind::Location => {
            let place = metadata.map(|metadata| &metadata["location"]);
            let at = |name: &str| place.and_then(|place| place[name].as_f64());
            match (at("latitude"), at("longitude")) {
                (Some(latitude), Some(longitude)) => format!("place {latitude:.5}, {longitude:.5}"),
                _ => "place".to_owned(),
            }
        }
        MessageKind::Contact => "contact".to_owned(),
        MessageKind::Text | MessageKind::Button | MessageKind::Event => return None,
    };
    Some(name)
}

/// What a person must know of a message that is not simply there.
fn carried(message: &Message) -> String {
    let Some(delivery) = &message.delivery else { return String::new() };
    let why = delivery.error.as_ref().map(|error| format!(": {}", error.code)).unwrap_or_default();
    match delivery.state {
        DeliveryState::Queued | DeliveryState::Sending => format!("  (on its way{why})"),
        DeliveryState::Failed => format!("  (NOT delivered{why})"),
        DeliveryState::Unknown => "  (may not have arrived: `flow jobs list --state dead`)".to_owned(),
        DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read => String::new(),
    }
}
