//! Conversations and their messages.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::handoffs::set_handoff;
use super::rows::{
    Where, all, execute, int, json, json_opt, ms, one, order, parsed, parsed_opt, scalar, text, text_opt, time_of,
    time_opt, to_json, to_json_opt,
};
use super::{SqliteStore, idempotency, ingest, outbox};
use crate::domain::contact::{Channel, Contact, Identity, Locale, Phone, Region};
use crate::domain::conversation::{
    Conversation, ConversationStatus, Delivery, DeliveryState, Handoff, HandoffState, Incoming, LastMessage, Message,
    MessageKind, Outgoing, Received, Role,
};
use crate::domain::id::{ContactId, ConversationId, MessageId};
use crate::domain::knowledge::UnansweredQuestion;
use crate::domain::outbox::Unreachable;
use crate::domain::store::{
    ConversationFilter, Conversations, IdempotencyKey, MessageRange, Page, StoreError, StoreResult,
};
use crate::domain::text::stems;

/// `last_message.text` of a list is at most this long (HTTP API B2).
const EXCERPT: usize = 200;
/// Messages indexed in one go.
const INDEX_BATCH: i64 = 20_000;

const CONVERSATION: &str = "SELECT v.*, p.name AS contact_name, p.phone AS contact_phone,
 p.verified_phone AS contact_verified_phone, p.email AS contact_email, p.created_at AS contact_created_at FROM conversations v JOIN contacts p ON p.id = v.contact_id";

/// Words in more messages than this are frequent.
const FEW: i64 = 20_000;

#[async_trait]
impl Conversations for SqliteStore {
    async fn receive(
        &self,
        incoming: &Incoming,
        now: Timestamp,
        answer_at: Option<Timestamp>,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Received> {
        let (incoming, key) = (incoming.clone(), key.cloned());
        self.write(move |c| ingest::receive(c, &incoming, now, answer_at, key.as_ref())).await
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
        let (messages, handoff, key) = (messages.to_vec(), handoff.cloned(), key.cloned());
        self.write(move |c| {
            let address = address_of(c, id)?;
            let ids: Vec<_> =
                messages.iter().map(|message| append(c, id, &address, message, now)).collect::<StoreResult<_>>()?;
            if let (Some(key), Some(first)) = (&key, ids.first()) {
                idempotency::claim(c, key, &first.to_string(), now)?;
            }
            if let Some(handoff) = &handoff {
                set_handoff(c, id, handoff, now)?;
            }
            let stored = |id: &MessageId| {
                one(c, "SELECT * FROM messages WHERE id=?1", [id.to_string()], read_message)?
                    .ok_or(StoreError::NotFound("message"))
            };
            ids.iter().map(stored).collect()
        })
        .await
    }

    async fn conversation(&self, id: ConversationId) -> StoreResult<Option<Conversation>> {
        self.read(move |c| conversation(c, id)).await
    }

    async fn conversation_of(&self, identity: &Identity) -> StoreResult<Option<Conversation>> {
        let identity = identity.clone();
        self.read(move |c| {
            one(
                c,
                &format!("{CONVERSATION} WHERE v.channel=?1 AND v.account=?2 AND v.external_id=?3"),
                params![identity.channel.as_str(), identity.account, identity.external_id],
                read_conversation,
            )
        })
        .await
    }

    async fn conversations(&self, filter: &ConversationFilter, page: &Page) -> StoreResult<Vec<Conversation>> {
        if filter.q.is_some() {
            self.index_messages().await?;
        }
        let (filter, page) = (filter.clone(), page.clone());
        self.read(move |c| {
            let mut clause = clause_of(c, &filter)?;
            clause.after(&page, "v.last_message_at", "v.id");
            let sql = format!("{CONVERSATION}{}{}", clause.sql(), order(&page, "v.last_message_at", "v.id"));
            all(c, &sql, clause.params(), read_conversation)
        })
        .await
    }

    async fn count_conversations(&self, filter: &ConversationFilter, cap: u32) -> StoreResult<u32> {
        if filter.q.is_some() {
            self.index_messages().await?;
        }
        let filter = filter.clone();
        self.read(move |c| {
            let clause = clause_of(c, &filter)?;
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM conversations v{} LIMIT {cap})", clause.sql());
            Ok(scalar(c, &sql, clause.params())?.unwrap_or(0))
        })
        .await
    }

    async fn messages(&self, id: ConversationId, range: MessageRange, limit: u32) -> StoreResult<Vec<Message>> {
        self.read(move |c| messages(c, id, range, limit)).await
    }

    async fn message(&self, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(move |c| one(c, "SELECT * FROM messages WHERE id=?1", [id.to_string()], read_message)).await
    }

    async fn messages_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Message>> {
        self.read(move |c| {
            all(c, "SELECT * FROM messages WHERE seq>?1 ORDER BY seq LIMIT ?2", params![seq, limit], read_message)
        })
        .await
    }

    async fn last_seq(&self) -> StoreResult<i64> {
        self.read(|c| Ok(scalar::<Option<i64>>(c, "SELECT max(seq) FROM messages", [])?.flatten().unwrap_or(0))).await
    }

    async fn set_handoff(&self, id: ConversationId, handoff: &Handoff, now: Timestamp) -> StoreResult<()> {
        let handoff = handoff.clone();
        self.write(move |c| set_handoff(c, id, &handoff, now)).await
    }

    async fn close(&self, id: ConversationId, now: Timestamp) -> StoreResult<()> {
        self.write(move |c| {
            let sql = "UPDATE conversations SET status='closed', closed_at=coalesce(closed_at, ?2), version=version+1
                       WHERE id=?1 AND status<>'closed'";
            if execute(c, sql, params![id.to_string(), ms(now)])? == 0 && conversation(c, id)?.is_none() {
                return Err(StoreError::NotFound("conversation"));
            }
            execute(c, "DELETE FROM sessions WHERE conversation_id=?1", [id.to_string()]).map(|_| ())
        })
        .await
    }

    async fn contacts_by_phone(&self, phone: &Phone) -> StoreResult<Vec<Contact>> {
        let phone = phone.clone();
        self.read(move |c| contacts_by_phone(c, &phone)).await
    }

    async fn ensure_contact(&self, phone: &Phone, name: Option<&str>, now: Timestamp) -> StoreResult<Contact> {
        let (phone, name) = (phone.clone(), name.map(str::to_owned));
        self.write(move |c| {
            // Whoever only typed the number may be somebody else.
            let vouched = |contact: &Contact| contact.verified_phone.as_ref() == Some(&phone);
            if let Some(mut known) = contacts_by_phone(c, &phone)?.into_iter().find(vouched) {
                if known.name.is_none() && name.is_some() {
                    let sql = "UPDATE contacts SET name=?2 WHERE id=?1";
                    execute(c, sql, params![known.id.to_string(), name])?;
                    known.name = name;
                }
                return Ok(known);
            }
            let contact = Contact {
                id: ContactId::new(now),
                name,
                phone: Some(phone.clone()),
                verified_phone: Some(phone),
                email: None,
                created_at: now,
            };
            execute(
                c,
                "INSERT INTO contacts(id, name, phone, verified_phone, created_at) VALUES(?1,?2,?3,?3,?4)",
                params![contact.id.to_string(), contact.name, contact.phone.as_ref().map(Phone::as_str), ms(now)],
            )?;
            Ok(contact)
        })
        .await
    }

    async fn unanswered(&self, limit: u32) -> StoreResult<Vec<UnansweredQuestion>> {
        self.read(move |c| {
            all(c, "SELECT * FROM questions ORDER BY at DESC, id DESC LIMIT ?1", [limit], |row| {
                Ok(UnansweredQuestion {
                    id: parsed(row, "id", |s| s.parse().ok())?,
                    conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
                    text: text(row, "text")?,
                    at: time_of(row, "at")?,
                })
            })
        })
        .await
    }
}

impl SqliteStore {
    /// Brings the full-text index up to the last message, in batches, so that no other write waits long.
    async fn index_messages(&self) -> StoreResult<()> {
        let behind = "SELECT coalesce((SELECT max(seq) FROM messages), 0)
                      > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key='indexed_seq'), 0)";
        while self.read(move |c| Ok(scalar::<bool>(c, behind, [])?.unwrap_or(false))).await? {
            self.write(index_batch).await?;
        }
        Ok(())
    }
}

fn index_batch(c: &Connection) -> StoreResult<()> {
    let from: i64 = scalar(c, "SELECT CAST(value AS INTEGER) FROM meta WHERE key='indexed_seq'", [])?.unwrap_or(0);
    let rows = all(
        c,
        "SELECT seq, text FROM messages WHERE seq>?1 ORDER BY seq LIMIT ?2",
        params![from, INDEX_BATCH],
        |row| Ok((int(row, "seq")?, text(row, "text")?)),
    )?;
    let Some((last, _)) = rows.last() else { return Ok(()) };
    let last = last.to_string();
    for (seq, body) in rows {
        execute(c, "INSERT INTO messages_index(rowid, body) VALUES(?1,?2)", params![seq, stems(&body).join(" ")])?;
    }
    execute(
        c,
        "INSERT INTO meta(key, value) VALUES('indexed_seq', ?1) ON CONFLICT(key) DO UPDATE SET value=excluded.value",
        [last],
    )
    .map(|_| ())
}

pub(super) fn messages(
    c: &Connection,
    id: ConversationId,
    range: MessageRange,
    limit: u32,
) -> StoreResult<Vec<Message>> {
    let id = id.to_string();
    let newest_first = match range {
        MessageRange::After(seq) => {
            let sql = "SELECT * FROM messages WHERE conversation_id=?1 AND seq>?2 ORDER BY seq LIMIT ?3";
            return all(c, sql, params![id, seq, limit], read_message);
        }
        MessageRange::Before(seq) => seq,
        MessageRange::Last => i64::MAX,
    };
    let sql = "SELECT * FROM messages WHERE conversation_id=?1 AND seq<?2 ORDER BY seq DESC LIMIT ?3";
    let mut found = all(c, sql, params![id, newest_first, limit], read_message)?;
    found.reverse();
    Ok(found)
}

pub(super) fn conversation(c: &Connection, id: ConversationId) -> StoreResult<Option<Conversation>> {
    one(c, &format!("{CONVERSATION} WHERE v.id=?1"), [id.to_string()], read_conversation)
}

fn clause_of(c: &Connection, filter: &ConversationFilter) -> StoreResult<Where> {
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
    clause.and_opt("v.unanswered = ?", filter.unanswered.map(i64::from));
    clause.and_opt("v.last_message_at >= ?", filter.updated_after.map(ms));
    clause.and_opt("v.last_message_at < ?", filter.updated_before.map(ms));
    if let Some(q) = &filter.q {
        let query: Vec<String> = stems(q).iter().map(|stem| format!("\"{stem}\"")).collect();
        // Only stop words: nothing can be found by them.
        let query = if query.is_empty() { "\"\"".to_owned() } else { query.join(" AND ") };
        let many = "SELECT count(*)>?2 FROM (SELECT 1 FROM messages_index WHERE messages_index MATCH ?1 LIMIT ?2+1)";
        let piece = if scalar(c, many, params![query, FEW])?.unwrap_or(false) {
            // A frequent word is soon found from conversation to conversation, the newest first.
            "EXISTS (SELECT 1 FROM messages m CROSS JOIN messages_index ON messages_index.rowid=m.seq
             WHERE m.conversation_id=v.id AND messages_index MATCH ?)"
        } else {
            "v.id IN (SELECT conversation_id FROM messages WHERE seq IN
             (SELECT rowid FROM messages_index WHERE messages_index MATCH ?))"
        };
        clause.and(piece, query);
    }
    Ok(clause)
}

fn read_conversation(row: &Row<'_>) -> StoreResult<Conversation> {
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
        unanswered: int(row, "unanswered")? != 0,
        unreachable: parsed_opt(row, "unreachable", Unreachable::parse)?,
    })
}

fn contacts_by_phone(c: &Connection, phone: &Phone) -> StoreResult<Vec<Contact>> {
    all(
        c,
        "SELECT p.* FROM contacts p WHERE p.phone=?1 ORDER BY coalesce(
         (SELECT max(last_message_at) FROM conversations v WHERE v.contact_id=p.id), p.created_at) DESC, p.id DESC",
        [phone.as_str()],
        read_contact,
    )
}

pub(super) fn read_contact(row: &Row<'_>) -> StoreResult<Contact> {
    Ok(Contact {
        id: parsed(row, "id", |s| s.parse().ok())?,
        name: text_opt(row, "name")?,
        phone: parsed_opt(row, "phone", phone)?,
        verified_phone: parsed_opt(row, "verified_phone", phone)?,
        email: text_opt(row, "email")?,
        created_at: time_of(row, "created_at")?,
    })
}

pub(super) fn phone(stored: &str) -> Option<Phone> {
    Phone::parse(stored, Region::default()).ok()
}

pub(super) fn read_message(row: &Row<'_>) -> StoreResult<Message> {
    let delivery = match parsed_opt(row, "delivery_state", DeliveryState::parse)? {
        Some(state) => Some(Delivery {
            state,
            error: json_opt(row, "delivery_error")?,
            attempts: u32::try_from(int(row, "delivery_attempts")?).unwrap_or(0),
            at: time_of(row, "delivery_at")?,
        }),
        None => None,
    };
    let role = parsed(row, "role", Role::parse)?;
    Ok(Message {
        seq: int(row, "seq")?,
        id: parsed(row, "id", |s| s.parse().ok())?,
        conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
        role,
        kind: parsed(row, "kind", MessageKind::parse)?,
        text: text(row, "text")?,
        button_value: text_opt(row, "button_value")?,
        buttons: match text_opt(row, "buttons")? {
            Some(_) => json(row, "buttons")?,
            None => Vec::new(),
        },
        at: time_of(row, "at")?,
        edited_at: time_opt(row, "edited_at")?,
        channel_message_id: text_opt(row, "external_id")?,
        delivery,
        in_reply_to: parsed_opt(row, "in_reply_to", |s| s.parse().ok())?,
        metadata: json_opt(row, "metadata")?,
        trace: json_opt(row, "trace")?,
    })
}

fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

/// Counts a message and keeps its beginning for lists.
pub(super) fn touch(c: &Connection, id: ConversationId, role: Role, body: &str, now: Timestamp) -> StoreResult<()> {
    execute(
        c,
        "UPDATE conversations SET message_count=message_count+1, last_role=?2, last_text=?3, last_at=?4,
         last_message_at=max(last_message_at, ?4), version=version+1 WHERE id=?1",
        params![id.to_string(), role.as_str(), excerpt(body), ms(now)],
    )
    .map(|_| ())
}

/// Where a conversation's client is.
pub(super) fn address_of(c: &Connection, id: ConversationId) -> StoreResult<Identity> {
    one(c, "SELECT channel, account, external_id FROM conversations WHERE id=?1", [id.to_string()], |row| {
        Ok(Identity {
            channel: parsed(row, "channel", Channel::parse)?,
            account: text(row, "account")?,
            external_id: text(row, "external_id")?,
        })
    })?
    .ok_or(StoreError::NotFound("conversation"))
}

/// Stores an outgoing message. Where clients read it from the store, stored is sent; elsewhere it is carried.
pub(super) fn append(
    c: &Connection,
    id: ConversationId,
    identity: &Identity,
    message: &Outgoing,
    now: Timestamp,
) -> StoreResult<MessageId> {
    let message_id = MessageId::new(now);
    let buttons = if message.buttons.is_empty() { None } else { Some(to_json(&message.buttons)?) };
    // Nothing can be carried of a message without words.
    let has_words = !message.text.trim().is_empty();
    let is_carried = identity.channel.is_carried() && has_words && matches!(message.role, Role::Bot | Role::Operator);
    let state = if is_carried { DeliveryState::Queued } else { DeliveryState::Sent };
    execute(
        c,
        "INSERT INTO messages(id, conversation_id, role, kind, text, buttons, at, channel, account, delivery_state,
         delivery_attempts, delivery_at, in_reply_to, metadata, trace)
         VALUES(?1,?2,?3,'text',?4,?5,?6,?7,?8,?12,?13,?6,?9,?10,?11)",
        params![
            message_id.to_string(),
            id.to_string(),
            message.role.as_str(),
            message.text,
            buttons,
            ms(now),
            identity.channel.as_str(),
            identity.account,
            message.in_reply_to.map(|id| id.to_string()),
            to_json_opt(message.metadata.as_ref())?,
            to_json_opt(message.trace.as_ref())?,
            state.as_str(),
            i64::from(!is_carried)
        ],
    )?;
    if is_carried {
        outbox::put(c, message_id, id, identity, &message.text, now)?;
    }
    touch(c, id, message.role, &message.text, now)?;
    Ok(message_id)
}

/// Notes something that happened.
pub(super) fn event(c: &Connection, kind: &str, subject: &str, now: Timestamp) -> StoreResult<()> {
    execute(c, "INSERT INTO events(kind, subject, at) VALUES(?1,?2,?3)", params![kind, subject, ms(now)]).map(|_| ())
}
