//! Messages: read, written, and found by their words.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::open::LOCKS;
use super::rows::{
    all, execute, int, json_opt, ms, one, parsed, parsed_opt, scalar, text, text_opt, time_of, time_opt, to_json,
    to_json_opt,
};
use super::sessions::{Sessions, transaction};
use super::values::params;
use super::{Connection, PostgresStore, failure, outbox};
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::{Delivery, DeliveryState, Message, MessageKind, Outgoing, Role};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::store::{MessageRange, StoreError, StoreResult};
use crate::domain::text::stems;

/// `last_message.text` of a list is at most this long (HTTP API B2).
const EXCERPT: usize = 200;
/// Messages indexed in one go.
const INDEX_BATCH: i64 = 2_000;
/// Longer words than this many bytes are no words; the index would refuse them.
const LONGEST: usize = 512;
/// The second half of the lock that whoever gives out a number shares; see `flow_numbered` in the schema.
const NUMBERED: i32 = 3;
/// How long those who follow the numbers keep others from taking new ones.
const PATIENCE: &str = "SET LOCAL lock_timeout='250ms'";

/// Runs a block that follows numbers: no row under a lower one can appear later than what it reads. `$late` is the
/// answer while somebody takes long to write.
macro_rules! in_order {
    ($sessions:expr, $late:expr, $c:ident => $body:expr) => {
        transaction!($sessions, $c => {
            match $crate::store::postgres::messages::wait_for_numbers($c).await {
                Err(StoreError::Busy(_)) => Ok($late),
                Err(error) => Err(error),
                Ok(()) => $body,
            }
        })
    };
}
pub(super) use in_order;

/// Waits for those who took a number and have not committed yet.
pub(super) async fn wait_for_numbers(c: &Connection) -> StoreResult<()> {
    // A savepoint, because a wait that was too long fails what it is in.
    let sql = format!("SAVEPOINT numbers; {PATIENCE}; SELECT pg_advisory_xact_lock({LOCKS}, {NUMBERED})");
    let waited = c.batch_execute(&sql).await.map_err(failure);
    if waited.is_err() {
        c.batch_execute("ROLLBACK TO numbers").await.map_err(failure)?;
    }
    waited
}

/// Whether there is anything after a number: a look that waits for nobody. It asks for the first in order: for just any
/// row the whole table may be read.
pub(super) async fn is_anything(sessions: &Sessions, sql: &str, seq: i64) -> StoreResult<bool> {
    let c = sessions.connection().await?;
    Ok(scalar::<i64>(&c, sql, params![seq]).await?.is_some())
}

pub(super) fn read_message(row: &Row) -> StoreResult<Message> {
    let delivery = match parsed_opt(row, "delivery_state", DeliveryState::parse)? {
        Some(state) => Some(Delivery {
            state,
            error: json_opt(row, "delivery_error")?,
            attempts: u32::try_from(int(row, "delivery_attempts")?).unwrap_or(0),
            at: time_of(row, "delivery_at")?,
        }),
        None => None,
    };
    Ok(Message {
        seq: int(row, "seq")?,
        id: parsed(row, "id", |s| s.parse().ok())?,
        conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
        role: parsed(row, "role", Role::parse)?,
        kind: parsed(row, "kind", MessageKind::parse)?,
        text: text(row, "text")?,
        button_value: text_opt(row, "button_value")?,
        buttons: json_opt(row, "buttons")?.unwrap_or_default(),
        at: time_of(row, "at")?,
        edited_at: time_opt(row, "edited_at")?,
        channel_message_id: text_opt(row, "external_id")?,
        delivery,
        in_reply_to: parsed_opt(row, "in_reply_to", |s| s.parse().ok())?,
        metadata: json_opt(row, "metadata")?,
        trace: json_opt(row, "trace")?,
    })
}

/// What is read of a message; its stems are only for the index.
pub(super) const MESSAGE: &str = "SELECT seq, id, conversation_id, role, kind, text, button_value, buttons, at, edited_at,
 external_id, delivery_state, delivery_error, delivery_attempts, delivery_at, in_reply_to, metadata, trace FROM messages";

pub(super) async fn message(c: &Connection, id: MessageId) -> StoreResult<Option<Message>> {
    one(c, &format!("{MESSAGE} WHERE id=$1"), params![id.to_string()], read_message).await
}

pub(super) async fn messages(
    c: &Connection,
    id: ConversationId,
    range: MessageRange,
    limit: u32,
) -> StoreResult<Vec<Message>> {
    let id = id.to_string();
    let newest_first = match range {
        MessageRange::After(seq) => {
            let sql = format!("{MESSAGE} WHERE conversation_id=$1 AND seq>$2 ORDER BY seq LIMIT $3::bigint");
            return all(c, &sql, params![id, seq, limit], read_message).await;
        }
        MessageRange::Before(seq) => seq,
        MessageRange::Last => i64::MAX,
    };
    let sql = format!("{MESSAGE} WHERE conversation_id=$1 AND seq<$2 ORDER BY seq DESC LIMIT $3::bigint");
    let mut found = all(c, &sql, params![id, newest_first, limit], read_message).await?;
    found.reverse();
    Ok(found)
}

/// Counts a message and keeps its beginning for lists.
async fn touch(c: &Connection, id: ConversationId, role: Role, body: &str, now: Timestamp) -> StoreResult<()> {
    let excerpt: String = body.chars().take(EXCERPT).collect();
    let sql = "UPDATE conversations SET message_count=message_count+1, last_role=$2, last_text=$3, last_at=$4,
               last_message_at=greatest(last_message_at, $4), version=version+1 WHERE id=$1";
    execute(c, sql, params![id.to_string(), role.as_str(), excerpt, ms(now)]).await.map(|_| ())
}

/// Where a conversation's client is. Nobody else writes into the conversation until the transaction ends.
pub(super) async fn address_of(c: &Connection, id: ConversationId) -> StoreResult<Identity> {
    let sql = "SELECT channel, account, external_id FROM conversations WHERE id=$1 FOR NO KEY UPDATE";
    let found = one(c, sql, params![id.to_string()], |row| {
        Ok(Identity {
            channel: parsed(row, "channel", Channel::parse)?,
            account: text(row, "account")?,
            external_id: text(row, "external_id")?,
        })
    })
    .await?;
    found.ok_or(StoreError::NotFound("conversation"))
}

/// Stores an outgoing message of a conversation that nobody else writes into. Where clients read it from the store,
/// stored is sent; elsewhere it is carried.
pub(super) async fn append(
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
    let sql =
        "INSERT INTO messages(id, conversation_id, role, kind, text, buttons, at, channel, account, delivery_state,
               delivery_attempts, delivery_at, in_reply_to, metadata, trace)
               VALUES($1,$2,$3,'text',$4,$5,$6,$7,$8,$12,$13,$6,$9,$10,$11)";
    let values = params![
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
    ];
    execute(c, sql, values).await?;
    if is_carried {
        outbox::put(c, message_id, id, identity, &message.text, now).await?;
    }
    touch(c, id, message.role, &message.text, now).await?;
    Ok(message_id)
}

/// Stems as the index takes them.
pub(super) fn indexed(body: &str) -> Vec<String> {
    let mut found = stems(body);
    found.retain(|stem| !stem.is_empty() && stem.len() <= LONGEST);
    found
}

impl PostgresStore {
    /// Brings the full text up to the last message, in batches, so that no other write waits long.
    pub(super) async fn index_messages(&self) -> StoreResult<()> {
        loop {
            let behind = "SELECT seq FROM messages WHERE stems IS NULL AND seq>$1 ORDER BY seq LIMIT 1";
            if !is_anything(&self.sessions, behind, 0).await? {
                return Ok(());
            }
            transaction!(self.sessions, c => index_batch(c).await)?;
        }
    }
}

async fn index_batch(c: &Connection) -> StoreResult<()> {
    let sql = "SELECT seq, text FROM messages WHERE stems IS NULL ORDER BY seq LIMIT $1::bigint FOR NO KEY UPDATE";
    let rows = all(c, sql, params![INDEX_BATCH], |row| Ok((int(row, "seq")?, text(row, "text")?))).await?;
    let (seqs, bodies): (Vec<i64>, Vec<String>) =
        rows.into_iter().map(|(seq, body)| (seq, indexed(&body).join(" "))).unzip();
    let sql = "UPDATE messages m SET stems=array_to_tsvector(string_to_array(i.stems, ' '))
               FROM unnest($1::bigint[], $2::text[]) AS i(seq, stems) WHERE m.seq=i.seq";
    execute(c, sql, params![seqs, bodies]).await.map(|_| ())
}

/// What finds messages that hold all of these words.
pub(super) fn query_of(q: &str) -> String {
    // Stems are letters and digits: nothing a person writes is query syntax.
    let query: Vec<String> = indexed(q).iter().map(|stem| format!("'{stem}'")).collect();
    query.join(" & ")
}

/// Notes something that happened.
pub(super) async fn event(c: &Connection, kind: &str, subject: &str, now: Timestamp) -> StoreResult<()> {
    let sql = "INSERT INTO events(kind, subject, at) VALUES($1,$2,$3)";
    execute(c, sql, params![kind, subject, ms(now)]).await.map(|_| ())
}
