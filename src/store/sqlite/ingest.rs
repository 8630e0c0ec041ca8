//! The one durable step of everything that clients write and channels deliver.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::conversations::touch;
use super::outbox::set_reach;
use super::rows::{execute, int, ms, one, parsed, scalar, text, text_opt, time_of, to_json_opt};
use super::{SqliteStore, idempotency, queue};
use crate::domain::channel::{Arrival, Ingest, Mark, RawEvent, Stored};
use crate::domain::contact::{Channel, Identity, Phone};
use crate::domain::conversation::{ConversationStatus, Incoming, Received, Role};
use crate::domain::id::{ContactId, ConversationId, MessageId};
use crate::domain::job::{NewJob, Work};
use crate::domain::store::{IdempotencyKey, StoreResult};
use crate::domain::text::stems;

/// `last_message.text` of a list is at most this long (HTTP API B2).
const EXCERPT: i64 = 200;

#[async_trait]
impl Ingest for SqliteStore {
    async fn ingest(
        &self,
        events: Vec<(RawEvent, Arrival)>,
        mark: Option<&Mark>,
        now: Timestamp,
    ) -> StoreResult<Vec<Stored>> {
        let mark = mark.cloned();
        self.write(move |c| {
            let stored = events.iter().map(|(raw, arrival)| take_in(c, raw, arrival, now));
            let stored = stored.collect::<StoreResult<_>>()?;
            if let Some(mark) = &mark {
                set_mark(c, mark, now)?;
            }
            Ok(stored)
        })
        .await
    }

    async fn mark(
        &self,
        channel: Channel,
        account: &str,
        name: &'static str,
    ) -> StoreResult<Option<(String, Timestamp)>> {
        let account = account.to_owned();
        self.read(move |c| {
            let sql = "SELECT value, updated_at FROM channel_marks WHERE channel=?1 AND account=?2 AND name=?3";
            one(c, sql, params![channel.as_str(), account, name], |row| {
                Ok((text(row, "value")?, time_of(row, "updated_at")?))
            })
        })
        .await
    }

    async fn forget_events(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        let old = "SELECT 1 FROM raw_events WHERE received_at<?1 LIMIT 1";
        if self.read(move |c| scalar::<i64>(c, old, [ms(before)])).await?.is_none() {
            return Ok(0);
        }
        self.write(move |c| {
            let sql = "DELETE FROM raw_events WHERE id IN
                       (SELECT id FROM raw_events WHERE received_at<?1 ORDER BY received_at LIMIT ?2)";
            Ok(execute(c, sql, params![ms(before), limit])? as u64)
        })
        .await
    }
}

fn set_mark(c: &Connection, mark: &Mark, now: Timestamp) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO channel_marks(channel, account, name, value, updated_at) VALUES(?1,?2,?3,?4,?5)
         ON CONFLICT(channel, account, name) DO UPDATE SET value=excluded.value, updated_at=excluded.updated_at",
        params![mark.channel.as_str(), mark.account, mark.name, mark.value, ms(now)],
    )
    .map(|_| ())
}

fn take_in(c: &Connection, raw: &RawEvent, arrival: &Arrival, now: Timestamp) -> StoreResult<Stored> {
    let fresh = execute(
        c,
        "INSERT INTO raw_events(channel, account, event_id, body, received_at) VALUES(?1,?2,?3,?4,?5)
         ON CONFLICT(channel, account, event_id) DO NOTHING",
        params![raw.channel.as_str(), raw.account, raw.id, raw.body, ms(now)],
    )?;
    if fresh == 0 {
        return Ok(Stored::Duplicate);
    }
    match arrival {
        Arrival::Message(incoming, answer_at) => {
            // The same message under another event number: it came both ways, by call and by asking.
            let received = receive(c, incoming, now, Some(*answer_at), None)?;
            Ok(if received.duplicate { Stored::Duplicate } else { Stored::New(Some(received.conversation_id)) })
        }
        Arrival::Edit { identity, external_id, text } => edit(c, identity, external_id, text, now),
        Arrival::Reach { identity, unreachable } => {
            set_reach(c, identity, *unreachable, now).map(|()| Stored::New(None))
        }
        Arrival::Nothing => Ok(Stored::New(None)),
    }
}

/// A client changed a message; it is not answered again.
fn edit(c: &Connection, identity: &Identity, external_id: &str, body: &str, now: Timestamp) -> StoreResult<Stored> {
    let known = one(
        c,
        "UPDATE messages SET text=?4, edited_at=?5 WHERE channel=?1 AND account=?2 AND external_id=?3
         AND role='customer' RETURNING seq, conversation_id",
        params![identity.channel.as_str(), identity.account, external_id, body, ms(now)],
        |row| Ok((int(row, "seq")?, parsed(row, "conversation_id", |s| s.parse::<ConversationId>().ok())?)),
    )?;
    let Some((seq, conversation)) = known else { return Ok(Stored::New(None)) };
    execute(
        c,
        "UPDATE conversations SET version=version+1, last_text=CASE WHEN
         ?3=(SELECT max(seq) FROM messages WHERE conversation_id=?1) THEN substr(?2, 1, ?4) ELSE last_text END
         WHERE id=?1",
        params![conversation.to_string(), body, seq, EXCERPT],
    )?;
    let indexed = "SELECT CAST(value AS INTEGER) FROM meta WHERE key='indexed_seq'";
    if scalar::<i64>(c, indexed, [])?.is_some_and(|indexed| seq <= indexed) {
        execute(c, "DELETE FROM messages_index WHERE rowid=?1", [seq])?;
        let sql = "INSERT INTO messages_index(rowid, body) VALUES(?1,?2)";
        execute(c, sql, params![seq, stems(body).join(" ")])?;
    }
    Ok(Stored::New(Some(conversation)))
}

/// One durable step: conversation, message, job.
pub(super) fn receive(
    c: &Connection,
    incoming: &Incoming,
    now: Timestamp,
    answer_at: Option<Timestamp>,
    key: Option<&IdempotencyKey>,
) -> StoreResult<Received> {
    let identity = &incoming.identity;
    let channel = identity.channel.as_str();
    let twice = one(
        c,
        "SELECT m.id, m.seq, m.conversation_id, v.contact_id FROM messages m JOIN conversations v ON v.id=m.conversation_id
         WHERE m.channel=?1 AND m.account=?2 AND m.external_id=?3",
        params![channel, identity.account, incoming.external_id],
        |row| {
            Ok(Received {
                conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
                message_id: parsed(row, "id", |s| s.parse().ok())?,
                seq: int(row, "seq")?,
                contact_id: parsed(row, "contact_id", |s| s.parse().ok())?,
                duplicate: true,
            })
        },
    )?;
    if let Some(first) = twice {
        return Ok(first);
    }
    let (conversation_id, contact_id) = open_conversation(c, incoming, now)?;
    let message_id = MessageId::new(now);
    execute(
        c,
        "INSERT INTO messages(id, conversation_id, role, kind, text, button_value, at, channel, account, external_id, metadata)
         VALUES(?1,?2,'customer',?3,?4,?5,?6,?7,?8,?9,?10)",
        params![
            message_id.to_string(),
            conversation_id.to_string(),
            incoming.kind.as_str(),
            incoming.text,
            incoming.button_value,
            ms(now),
            channel,
            identity.account,
            incoming.external_id,
            to_json_opt(incoming.metadata.as_ref())?
        ],
    )?;
    let seq = c.last_insert_rowid();
    touch(c, conversation_id, Role::Customer, &incoming.text, now)?;
    if let Some(key) = key {
        idempotency::claim(c, key, &message_id.to_string(), now)?;
    }
    if let Some(ready_at) = answer_at {
        let lane = NewJob::conversation_lane(conversation_id);
        queue::insert(c, &NewJob { lane, work: Work::Answer { conversation_id }, ready_at }, now)?;
    }
    Ok(Received { conversation_id, message_id, seq, contact_id, duplicate: false })
}

/// Finds or makes the conversation of that identity; what the channel knows of the person fills empty fields.
fn open_conversation(c: &Connection, incoming: &Incoming, now: Timestamp) -> StoreResult<(ConversationId, ContactId)> {
    let identity = &incoming.identity;
    let address = params![identity.channel.as_str(), identity.account, identity.external_id];
    let sql = "SELECT id, contact_id, status, unreachable FROM conversations
               WHERE channel=?1 AND account=?2 AND external_id=?3";
    let known = one(c, sql, address, |row| {
        Ok((
            parsed(row, "id", |s| s.parse::<ConversationId>().ok())?,
            parsed(row, "contact_id", |s| s.parse::<ContactId>().ok())?,
            parsed(row, "status", ConversationStatus::parse)?,
            text_opt(row, "unreachable")?.is_some(),
        ))
    })?;
    let phone = incoming.phone.as_ref().map(Phone::as_str);
    if let Some((id, contact, status, was_unreachable)) = known {
        if was_unreachable {
            set_reach(c, identity, None, now)?;
        }
        if incoming.name.is_some() || phone.is_some() {
            execute(
                c,
                "UPDATE contacts SET name=coalesce(name, ?2), phone=coalesce(phone, ?3),
                 verified_phone=coalesce(?3, verified_phone)
                 WHERE id=?1 AND ((name IS NULL AND ?2 IS NOT NULL)
                 OR (?3 IS NOT NULL AND (phone IS NULL OR verified_phone IS NOT ?3)))",
                params![contact.to_string(), incoming.name, phone],
            )?;
        }
        if status == ConversationStatus::Closed {
            let sql = "UPDATE conversations SET status='open', closed_at=NULL, handoff_state=NULL WHERE id=?1";
            execute(c, sql, [id.to_string()])?;
        }
        return Ok((id, contact));
    }
    let (id, contact) = (ConversationId::new(now), ContactId::new(now));
    execute(
        c,
        "INSERT INTO contacts(id, name, phone, verified_phone, created_at) VALUES(?1,?2,?3,?3,?4)",
        params![contact.to_string(), incoming.name, phone, ms(now)],
    )?;
    execute(
        c,
        "INSERT INTO conversations(id, channel, account, external_id, contact_id, started_at, last_message_at)
         VALUES(?1,?2,?3,?4,?5,?6,?6)",
        params![
            id.to_string(),
            identity.channel.as_str(),
            identity.account,
            identity.external_id,
            contact.to_string(),
            ms(now)
        ],
    )?;
    Ok((id, contact))
}
