//! One conversation out of the store.

use serde_json::{Value, json};

use super::conversation_id;
use crate::cli::context::Session;
use crate::cli::failure::Failure;
use crate::domain::conversation::{Conversation, Message};
use crate::domain::id::ConversationId;
use crate::domain::store::MessageRange;
use crate::domain::view::{ConversationView, MessageView};

const PAGE: u32 = 500;

/// The conversation of that id.
pub async fn conversation(session: &Session, text: &str) -> Result<Conversation, Failure> {
    let found = session.app.store.conversation(conversation_id(text)?).await?;
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no conversation `{text}`"))
            .hint("`flow conversations list` shows the latest")
    })
}

/// All of its messages, oldest first.
pub async fn all_messages(session: &Session, id: ConversationId) -> Result<Vec<Message>, Failure> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message.seq);
        let page = session.app.store.messages(id, MessageRange::After(after), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        messages.extend(page);
        if is_last {
            return Ok(messages);
        }
    }
}

/// Conversation and messages in one object, as the HTTP API answers it.
pub fn whole(conversation: &Conversation, messages: &[Message], trace: bool) -> Value {
    let view = |message: &Message| if trace { MessageView::traced(message) } else { MessageView::from(message) };
    let items: Vec<MessageView> = messages.iter().map(view).collect();
    let mut value = serde_json::to_value(ConversationView::from(conversation)).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.insert("messages".to_owned(), json!({"items": items, "next_cursor": null}));
    }
    value
}
