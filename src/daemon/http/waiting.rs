//! Waiting for the front desk's reply to a message.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Http;
use super::problem::Problem;
use crate::domain::conversation::{Conversation, ConversationStatus, Message, Received, Role};
use crate::domain::store::{MessageRange, StoreResult};

/// Another process may have answered: nobody wakes us then.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Messages looked at; a turn says far fewer.
const LOOKED_AT: u32 = 50;

/// What the front desk said to a message.
pub struct Reply {
    /// All of it; messages are parted by an empty line.
    pub text: String,
    /// The last message, whose buttons count.
    pub last: Message,
    /// How the conversation stands now.
    pub status: ConversationStatus,
}

/// Waits at most so many seconds for the reply. Nothing at once when a person owns the conversation.
///
/// # Errors
/// When the store fails.
pub async fn wait_for_reply(http: &Http, received: &Received, seconds: u64) -> Result<Option<Reply>, Problem> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let listener = http.app.wakeups.listen(received.conversation_id);
    loop {
        let notified = listener.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        // Looked at before the messages: a reply that hands over is stored together with the hand-over.
        let conversation = http.app.store.conversation(received.conversation_id).await?;
        let is_with_person = conversation.as_ref().is_none_or(Conversation::is_with_person);
        let status = conversation.map_or(ConversationStatus::Closed, |conversation| conversation.status);
        if let Some((text, last)) = reply_to(http, received).await? {
            return Ok(Some(Reply { text, last, status }));
        }
        if is_with_person || http.life.is_draining() || Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::select! {
            () = notified => {}
            () = sleep_until(deadline.min(Instant::now() + LOOK_AGAIN)) => {}
            () = http.life.drained() => {}
        }
    }
}

/// What the bot has said to that message or to a later one of the same client. A step of the dialogue is
/// stored whole, so whoever sees its first message sees the last.
async fn reply_to(http: &Http, received: &Received) -> StoreResult<Option<(String, Message)>> {
    let store = &http.app.store;
    let later = store.messages(received.conversation_id, MessageRange::After(received.seq), LOOKED_AT).await?;
    let answers = |message: &&Message| {
        message.role == Role::Bot
            && message.in_reply_to.is_none_or(|answered| {
                answered == received.message_id || later.iter().any(|message| message.id == answered)
            })
    };
    let said: Vec<&Message> = later.iter().filter(answers).collect();
    let Some(last) = said.last() else { return Ok(None) };
    let texts: Vec<&str> = said.iter().map(|message| message.text.as_str()).collect();
    Ok(Some((texts.join("\n\n"), (*last).clone())))
}
