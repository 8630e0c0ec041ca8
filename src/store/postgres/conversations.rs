//! Conversations and their messages.

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::contacts::{self, phone};
use super::gather::{Answer, Op};
use super::handoffs::set_handoff;
use super::ingest::mixed_up;
use super::messages::{self, MESSAGE, address_of, append, in_order, is_anything, query_of, read_message};
use super::rows::{
    Where, all, execute, flag, int, ms, one, order, parsed, parsed_opt, scalar, text, text_opt, time_of, time_opt,
};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore, idempotency};
use crate::domain::contact::{Channel, Contact, Identity, Locale, Phone};
use crate::domain::conversation::{
    Conversation, ConversationStatus, Handoff, HandoffState, Incoming, LastMessage, Message, Outgoing, Received, Role,
};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::knowledge::UnansweredQuestion;
use crate::domain::outbox::Unreachable;
use crate::domain::store::{
    ConversationFilter, Conversations, IdempotencyKey, MessageRange, Page, StoreError, StoreResult,
};

const CONVERSATION: &str = "SELECT v.*, p.name AS contact_name, p.phone AS contact_phone,
 p.verified_phone AS contact_verified_phone, p.email AS contact_email, p.created_at AS contact_created_at
 FROM conversations v JOIN contacts p ON p.id = v.contact_id";

/// Words in more messages than this are frequent.
const FEW: usize = 5000;

#[async_trait]
impl Conversations for PostgresStore {
    async fn receive(
        &self,
        incoming: &Incoming,
        now: Timestamp,
        answer_at: Option<Timestamp>,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Received> {
        let op = Op::Receive { incoming: Box::new(incoming.clone()), now, answer_at, key: key.cloned() };
        match self.gather.run(op).await? {
            Answer::Received(received) => Ok(received),
            Answer::Stored(_) => Err(mixed_up()),
        }
    }

    async fn post(
        &self,
        id: ConversationId,
        message: &Outgoing,
        handoff: Option<&Handoff>,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Message> {
        let stored = self.post_all(id, std::slice::from_ref(message), handoff, now, key).await?;
        stored.into_iter().next().ok_or(StoreError::NotFound("message"))
    }

    async fn post_all(
        &self,
        id: ConversationId,
        messages: &[Outgoing],
        handoff: Option<&Handoff>,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Vec<Message>> {
        let stored = transaction!(self.sessions, c => post_all(c, id, messages, handoff, now, key).await)?;
        self.sessions.written.notify_one();
        Ok(stored)
    }

    async fn conversation(&self, id: ConversationId) -> StoreResult<Option<Conversation>> {
        conversation(&*self.sessions.connection().await?, id).await
    }

    async fn conversation_of(&self, identity: &Identity) -> StoreResult<Option<Conversation>> {
        let c = self.sessions.connection().await?;
        let sql = format!("{CONVERSATION} WHERE v.channel=$1 AND v.account=$2 AND v.external_id=$3");
        let values = params![identity.channel.as_str(), identity.account, identity.external_id];
        one(&c, &sql, values, read_conversation).await
    }

    async fn conversations(&self, filter: &ConversationFilter, page: &Page) -> StoreResult<Vec<Conversation>> {
        if filter.q.is_some() {
            self.index_messages().await?;
        }
        let c = self.sessions.connection().await?;
        let mut clause = clause_of(&c, filter).await?;
        clause.after(page, "v.last_message_at", "v.id");
        let sql = format!("{CONVERSATION}{}{}", clause.sql(), order(page, "v.last_message_at", "v.id"));
        all(&c, &sql, clause.params(), read_conversation).await
    }

    async fn count_conversations(&self, filter: &ConversationFilter, cap: u32) -> StoreResult<u32> {
        if filter.q.is_some() {
            self.index_messages().await?;
        }
        let c = self.sessions.connection().await?;
        let clause = clause_of(&c, filter).await?;
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM conversations v{} LIMIT {cap}) AS found", clause.sql());
        let count: Option<i64> = scalar(&c, &sql, clause.params()).await?;
        Ok(count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
    }

    async fn messages(&self, id: ConversationId, range: MessageRange, limit: u32) -> StoreResult<Vec<Message>> {
        messages::messages(&*self.sessions.connection().await?, id, range, limit).await
    }

    async fn message(&self, id: MessageId) -> StoreResult<Option<Message>> {
        messages::message(&*self.sessions.connection().await?, id).await
    }

    async fn messages_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Message>> {
        if !is_anything(&self.sessions, "SELECT seq FROM messages WHERE seq>$1 ORDER BY seq LIMIT 1", seq).await? {
            return Ok(Vec::new());
        }
        let sql = format!("{MESSAGE} WHERE seq>$1 ORDER BY seq LIMIT $2::bigint");
        in_order!(self.sessions, Vec::new(), c => all(c, &sql, params![seq, limit], read_message).await)
    }

    async fn last_seq(&self) -> StoreResult<i64> {
        let newest = async |c: &Connection| {
            let last: Option<Option<i64>> = scalar(c, "SELECT max(seq) FROM messages", &[]).await?;
            Ok::<_, StoreError>(last.flatten().unwrap_or(0))
        };
        // Whoever takes long to write is not waited for; what they write is then told of as new or not at all.
        let known = in_order!(self.sessions, None, c => newest(c).await.map(Some))?;
        match known {
            Some(seq) => Ok(seq),
            None => newest(&*self.sessions.connection().await?).await,
        }
    }

    async fn set_handoff(&self, id: ConversationId, handoff: &Handoff, now: Timestamp) -> StoreResult<()> {
        transaction!(self.sessions, c => set_handoff(c, id, handoff, now).await)
    }

    async fn close(&self, id: ConversationId, now: Timestamp) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            let sql = "UPDATE conversations SET status='closed', closed_at=coalesce(closed_at, $2), version=version+1
                       WHERE id=$1 AND status<>'closed'";
            let changed = execute(c, sql, params![id.to_string(), ms(now)]).await?;
            if changed == 0 && conversation(c, id).await?.is_none() {
                return Err(StoreError::NotFound("conversation"));
            }
            execute(c, "DELETE FROM sessions WHERE conversation_id=$1", params![id.to_string()]).await.map(|_| ())
        })
    }

    async fn contacts_by_phone(&self, phone: &Phone) -> StoreResult<Vec<Contact>> {
        contacts::by_phone(&*self.sessions.connection().await?, phone).await
    }

    async fn ensure_contact(&self, phone: &Phone, name: Option<&str>, now: Timestamp) -> StoreResult<Contact> {
        transaction!(self.sessions, c => contacts::ensure(c, phone, name, now).await)
    }

    async fn unanswered(&self, limit: u32) -> StoreResult<Vec<UnansweredQuestion>> {
        let c = self.sessions.connection().await?;
        all(&c, "SELECT * FROM questions ORDER BY at DESC, id DESC LIMIT $1::bigint", params![limit], |row| {
            Ok(UnansweredQuestion {
                id: parsed(row, "id", |s| s.parse().ok())?,
                conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
                text: text(row, "text")?,
                at: time_of(row, "at")?,
            })
        })
        .await
    }
}

async fn post_all(
    c: &Connection,
    id: ConversationId,
    outgoing: &[Outgoing],
    handoff: Option<&Handoff>,
    now: Timestamp,
    key: Option<&IdempotencyKey>,
) -> StoreResult<Vec<Message>> {
    let address = address_of(c, id).await?;
    let mut ids = Vec::with_capacity(outgoing.len());
    for message in outgoing {
        ids.push(append(c, id, &address, message, now).await?);
    }
    if let (Some(key), Some(first)) = (key, ids.first()) {
        idempotency::claim(c, key, &first.to_string(), now).await?;
    }
    if let Some(handoff) = handoff {
        set_handoff(c, id, handoff, now).await?;
    }
    let mut stored = Vec::with_capacity(ids.len());
    for id in ids {
        stored.push(messages::message(c, id).await?.ok_or(StoreError::NotFound("message"))?);
    }
    Ok(stored)
}

pub(super) async fn conversation(c: &Connection, id: ConversationId) -> StoreResult<Option<Conversation>> {
    one(c, &format!("{CONVERSATION} WHERE v.id=$1"), params![id.to_string()], read_conversation).await
}

/// A conversation that nobody else changes until the transaction ends.
pub(super) async fn held(c: &Connection, id: ConversationId) -> StoreResult<Conversation> {
    let sql = format!("{CONVERSATION} WHERE v.id=$1 FOR NO KEY UPDATE OF v");
    let found = one(c, &sql, params![id.to_string()], read_conversation).await?;
    found.ok_or(StoreError::NotFound("conversation"))
}

/// The conversations with these words when they are in few messages; nothing when they are in many.
async fn holding(c: &Connection, query: &str) -> StoreResult<Option<Vec<String>>> {
    let sql = format!("SELECT conversation_id FROM messages WHERE stems @@ ($1::text)::tsquery LIMIT {}", FEW + 1);
    let mut found = all(c, &sql, params![query], |row| text(row, "conversation_id")).await?;
    let is_all = found.len() <= FEW;
    found.sort_unstable();
    found.dedup();
    Ok(is_all.then_some(found))
}

async fn clause_of(c: &Connection, filter: &ConversationFilter) -> StoreResult<Where> {
    let mut clause = Where::default();
    clause.any_of("v.status", filter.status.iter().map(|status| status.as_str()));
    clause.any_of("v.channel", filter.channel.iter().map(|channel| channel.as_str()));
    clause.and_opt("v.lead_id = ?", filter.lead_id.map(|id| id.to_string()));
    clause.and_opt("v.contact_id = ?", filter.contact_id.map(|id| id.to_string()));
    match filter.handoff {
        Some(true) => clause.fixed("v.handoff_state IN ('requested', 'taken')"),
        Some(false) => clause.fixed("(v.handoff_state IS NULL OR v.handoff_state = 'returned')"),
        None => {}
    }
    clause.and_opt("v.unanswered = ?", filter.unanswered);
    clause.and_opt("v.last_message_at >= ?", filter.updated_after.map(ms));
    clause.and_opt("v.last_message_at < ?", filter.updated_before.map(ms));
    if let Some(q) = &filter.q {
        // Only stop words: an empty query finds nothing.
        let query = query_of(q);
        // The server knows frequent words only: it would look for a rare one in every conversation.
        match holding(c, &query).await? {
            Some(few) => clause.and("v.id = ANY(?::text[])", few),
            None => {
                clause.and("v.id IN (SELECT conversation_id FROM messages WHERE stems @@ (?::text)::tsquery)", query);
            }
        }
    }
    Ok(clause)
}

fn read_conversation(row: &Row) -> StoreResult<Conversation> {
    let handoff = match parsed_opt(row, "handoff_state", HandoffState::parse)? {
        Some(state) => Some(Handoff {
            state,
            reason: text_opt(row, "handoff_reason")?.unwrap_or_default(),
            at: time_of(row, "handoff_at")?,
            operator: text_opt(row, "handoff_operator")?,
        }),
        None => None,
    };
    let last_message = match parsed_opt(row, "last_role", Role::parse)? {
        Some(role) => Some(LastMessage {
            role,
            text: text_opt(row, "last_text")?.unwrap_or_default(),
            at: time_of(row, "last_at")?,
        }),
        None => None,
    };
    Ok(Conversation {
        id: parsed(row, "id", |s| s.parse().ok())?,
        identity: Identity {
            channel: parsed(row, "channel", Channel::parse)?,
            account: text(row, "account")?,
            external_id: text(row, "external_id")?,
        },
        contact: Contact {
            id: parsed(row, "contact_id", |s| s.parse().ok())?,
            name: text_opt(row, "contact_name")?,
            phone: parsed_opt(row, "contact_phone", phone)?,
            verified_phone: parsed_opt(row, "contact_verified_phone", phone)?,
            email: text_opt(row, "contact_email")?,
            created_at: time_of(row, "contact_created_at")?,
        },
        lead_id: parsed_opt(row, "lead_id", |s| s.parse().ok())?,
        status: parsed(row, "status", ConversationStatus::parse)?,
        handoff,
        language: parsed_opt(row, "language", Locale::parse)?,
        message_count: int(row, "message_count")?,
        last_message,
        started_at: time_of(row, "started_at")?,
        last_message_at: time_of(row, "last_message_at")?,
        closed_at: time_opt(row, "closed_at")?,
        version: int(row, "version")?,
        unanswered: flag(row, "unanswered")?,
        unreachable: parsed_opt(row, "unreachable", Unreachable::parse)?,
    })
}
