//! Whole conversations at once: made-up activity and imports.

use super::rows::{execute, ms, scalar, to_json, to_json_opt};
use super::values::params;
use super::{Connection, leads, ledger};
use crate::domain::contact::{Identity, Phone};
use crate::domain::conversation::{Message, Role};
use crate::domain::store::{StoreError, StoreResult, WholeConversation};

pub(super) async fn write(c: &Connection, batch: &[WholeConversation]) -> StoreResult<()> {
    for whole in batch {
        write_one(c, whole).await?;
    }
    Ok(())
}

async fn write_one(c: &Connection, whole: &WholeConversation) -> StoreResult<()> {
    let id = whole.id.to_string();
    let contact = &whole.contact;
    execute(
        c,
        "INSERT INTO contacts(id, name, phone, email, created_at, verified_phone) VALUES($1,$2,$3,$4,$5,$6)",
        params![
            contact.id.to_string(),
            contact.name,
            contact.phone.as_ref().map(Phone::as_str),
            contact.email,
            ms(contact.created_at),
            contact.verified_phone.as_ref().map(Phone::as_str)
        ],
    )
    .await?;
    if let Some(lead) = &whole.lead {
        leads::insert(c, lead).await?;
    }
    let last = whole.messages.last().ok_or_else(|| StoreError::Other("a conversation without messages".to_owned()))?;
    let first = whole.messages.first().unwrap_or(last);
    execute(
        c,
        "INSERT INTO conversations(id, channel, account, external_id, contact_id, lead_id, language, message_count,
         last_role, last_text, last_at, started_at, last_message_at)
         VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$11)",
        params![
            id,
            whole.identity.channel.as_str(),
            whole.identity.account,
            whole.identity.external_id,
            contact.id.to_string(),
            whole.lead.as_ref().map(|lead| lead.id.to_string()),
            whole.language.as_str(),
            i64::try_from(whole.messages.len()).unwrap_or(i64::MAX),
            last.role.as_str(),
            last.text.chars().take(200).collect::<String>(),
            ms(last.at),
            ms(first.at)
        ],
    )
    .await?;
    let mut answered = 0;
    for message in &whole.messages {
        answered = write_message(c, &id, &whole.identity, message).await?;
    }
    execute(c, "UPDATE conversations SET answered_seq=$2 WHERE id=$1", params![id, answered]).await?;
    execute(
        c,
        "INSERT INTO sessions(conversation_id, state, form, updated_at) VALUES($1,$2,$3,$4)",
        params![id, whole.session.state.as_str(), to_json(&whole.session.form)?, ms(whole.session.updated_at)],
    )
    .await?;
    if let Some((booking, new, state)) = &whole.booking {
        ledger::reserve(c, *booking, new, *state, last.at).await?;
    }
    Ok(())
}

async fn write_message(c: &Connection, conversation: &str, identity: &Identity, message: &Message) -> StoreResult<i64> {
    let outgoing = message.role != Role::Customer;
    let seq: Option<i64> = scalar(
        c,
        "INSERT INTO messages(id, conversation_id, role, kind, text, button_value, buttons, at, channel, account,
         external_id, delivery_state, delivery_attempts, delivery_at, in_reply_to, metadata)
         VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) RETURNING seq",
        params![
            message.id.to_string(),
            conversation,
            message.role.as_str(),
            message.kind.as_str(),
            message.text,
            message.button_value,
            if message.buttons.is_empty() { None } else { Some(to_json(&message.buttons)?) },
            ms(message.at),
            identity.channel.as_str(),
            identity.account,
            message.channel_message_id,
            outgoing.then_some("sent"),
            i64::from(outgoing),
            outgoing.then(|| ms(message.at)),
            message.in_reply_to.map(|id| id.to_string()),
            to_json_opt(message.metadata.as_ref())?
        ],
    )
    .await?;
    seq.ok_or_else(|| StoreError::Other("a message without a number".to_owned()))
}
