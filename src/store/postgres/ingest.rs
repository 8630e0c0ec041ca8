//! The one durable step of everything that clients write and channels deliver.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;

use super::gather::{Answer, Op};
use super::outbox::set_reach;
use super::receive::{Item, receive_all};
use super::rows::{all, execute, int, ms, one, parsed, scalar, text, time_of};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore};
use crate::domain::channel::{Arrival, Ingest, Mark, RawEvent, Stored};
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::Received;
use crate::domain::id::ConversationId;
use crate::domain::store::{StoreError, StoreResult};

/// `last_message.text` of a list is at most this long (HTTP API B2).
const EXCERPT: i64 = 200;

#[async_trait]
impl Ingest for PostgresStore {
    async fn ingest(
        &self,
        events: Vec<(RawEvent, Arrival)>,
        mark: Option<&Mark>,
        now: Timestamp,
    ) -> StoreResult<Vec<Stored>> {
        match self.gather.run(Op::Ingest { events, mark: mark.cloned(), now }).await? {
            Answer::Stored(stored) => Ok(stored),
            Answer::Received(_) => Err(mixed_up()),
        }
    }

    async fn mark(
        &self,
        channel: Channel,
        account: &str,
        name: &'static str,
    ) -> StoreResult<Option<(String, Timestamp)>> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT value, updated_at FROM channel_marks WHERE channel=$1 AND account=$2 AND name=$3";
        let read = |row: &_| Ok((text(row, "value")?, time_of(row, "updated_at")?));
        one(&c, sql, params![channel.as_str(), account, name], read).await
    }

    async fn forget_events(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        transaction!(self.sessions, c => {
            let sql = "DELETE FROM raw_events WHERE id IN
                       (SELECT id FROM raw_events WHERE received_at<$1 ORDER BY received_at LIMIT $2::bigint
                        FOR UPDATE SKIP LOCKED)";
            execute(c, sql, params![ms(before), limit]).await
        })
    }
}

/// An answer to another question, which would be a bug.
pub(super) fn mixed_up() -> StoreError {
    StoreError::Other("an answer to another question".to_owned())
}

/// What an operation comes to, in the order of what it brought.
enum Done {
    Received(Received),
    Stored(Stored),
}

/// Stores what came, all of it or nothing.
pub(super) async fn store(c: &Connection, ops: &[Op]) -> StoreResult<Vec<Answer>> {
    let fresh = note_events(c, ops).await?;
    let mut fresh = fresh.into_iter();
    let mut done: Vec<Option<Done>> = Vec::new();
    let mut run: Vec<(usize, Item<'_>)> = Vec::new();
    for op in ops {
        match op {
            Op::Receive { incoming, now, answer_at, key } => {
                let item = Item { incoming, now: *now, answer_at: *answer_at, key: key.as_ref() };
                run.push((done.len(), item));
                done.push(None);
            }
            Op::Ingest { events, mark, now } => {
                for (_, arrival) in events {
                    let at = done.len();
                    done.push(None);
                    if !fresh.next().unwrap_or(false) {
                        done[at] = Some(Done::Stored(Stored::Duplicate));
                    } else if let Arrival::Message(incoming, answer_at) = arrival {
                        run.push((at, Item { incoming, now: *now, answer_at: Some(*answer_at), key: None }));
                    } else {
                        // What came before it is there when it is looked for.
                        flush(c, &mut run, &mut done).await?;
                        done[at] = Some(Done::Stored(take_in(c, arrival, *now).await?));
                    }
                }
                if let Some(mark) = mark {
                    set_mark(c, mark, *now).await?;
                }
            }
        }
    }
    flush(c, &mut run, &mut done).await?;
    answers(ops, done)
}

/// Stores the messages that have gathered.
async fn flush(c: &Connection, run: &mut Vec<(usize, Item<'_>)>, done: &mut [Option<Done>]) -> StoreResult<()> {
    if run.is_empty() {
        return Ok(());
    }
    let (places, items): (Vec<usize>, Vec<Item<'_>>) = run.drain(..).unzip();
    for (place, received) in places.into_iter().zip(receive_all(c, &items).await?) {
        done[place] = Some(Done::Received(received));
    }
    Ok(())
}

fn answers(ops: &[Op], done: Vec<Option<Done>>) -> StoreResult<Vec<Answer>> {
    let mut done = done.into_iter().flatten();
    let mut next = || done.next().ok_or_else(mixed_up);
    ops.iter()
        .map(|op| match op {
            Op::Receive { .. } => match next()? {
                Done::Received(received) => Ok(Answer::Received(received)),
                Done::Stored(_) => Err(mixed_up()),
            },
            Op::Ingest { events, .. } => {
                let stored = events.iter().map(|_| {
                    Ok(match next()? {
                        Done::Stored(stored) => stored,
                        // The same message under another event number: it came both ways, by call and by asking.
                        Done::Received(received) if received.duplicate => Stored::Duplicate,
                        Done::Received(received) => Stored::New(Some(received.conversation_id)),
                    })
                });
                Ok(Answer::Stored(stored.collect::<StoreResult<_>>()?))
            }
        })
        .collect()
}

/// Keeps the events as they came; answers for each whether it is new.
async fn note_events(c: &Connection, ops: &[Op]) -> StoreResult<Vec<bool>> {
    type Key<'e> = (&'static str, &'e str, &'e str);
    fn key(raw: &RawEvent) -> Key<'_> {
        (raw.channel.as_str(), &raw.account, &raw.id)
    }
    let came: Vec<(&RawEvent, Timestamp)> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Ingest { events, now, .. } => Some(events.iter().map(|(raw, _)| (raw, *now))),
            Op::Receive { .. } => None,
        })
        .flatten()
        .collect();
    if came.is_empty() {
        return Ok(Vec::new());
    }
    let mut first = HashMap::new();
    for (raw, now) in &came {
        first.entry(key(raw)).or_insert((*raw, *now));
    }
    // In one order, so that two who bring the same do not wait for each other.
    let mut rows: Vec<_> = first.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    let column = |part: fn(&Key<'_>) -> String| rows.iter().map(|(key, _)| part(key)).collect::<Vec<_>>();
    let sql = "INSERT INTO raw_events(channel, account, event_id, body, received_at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
               ON CONFLICT(channel, account, event_id) DO NOTHING RETURNING channel, account, event_id";
    let values = params![
        column(|(channel, ..)| (*channel).to_owned()),
        column(|(_, account, _)| (*account).to_owned()),
        column(|(.., id)| (*id).to_owned()),
        rows.iter().map(|(_, (raw, _))| raw.body.clone()).collect::<Vec<_>>(),
        rows.iter().map(|(_, (_, now))| ms(*now)).collect::<Vec<_>>()
    ];
    let read = |row: &_| Ok((text(row, "channel")?, text(row, "account")?, text(row, "event_id")?));
    let mut stored: HashSet<(String, String, String)> = all(c, sql, values, read).await?.into_iter().collect();
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    // Of one that came twice at once only the first is new.
    Ok(came
        .iter()
        .map(|(raw, _)| {
            let (channel, account, id) = key(raw);
            stored.remove(&(channel.to_owned(), clean(account), clean(id)))
        })
        .collect())
}

async fn set_mark(c: &Connection, mark: &Mark, now: Timestamp) -> StoreResult<()> {
    let sql = "INSERT INTO channel_marks(channel, account, name, value, updated_at) VALUES($1,$2,$3,$4,$5)
               ON CONFLICT(channel, account, name) DO UPDATE SET value=excluded.value, updated_at=excluded.updated_at";
    let values = params![mark.channel.as_str(), mark.account, mark.name, mark.value, ms(now)];
    execute(c, sql, values).await.map(|_| ())
}

async fn take_in(c: &Connection, arrival: &Arrival, now: Timestamp) -> StoreResult<Stored> {
    match arrival {
        Arrival::Edit { identity, external_id, text } => edit(c, identity, external_id, text, now).await,
        Arrival::Reach { identity, unreachable } => {
            set_reach(c, identity, *unreachable, now).await.map(|()| Stored::New(None))
        }
        // Messages are stored together.
        Arrival::Message(..) | Arrival::Nothing => Ok(Stored::New(None)),
    }
}

/// A client changed a message; it is not answered again.
async fn edit(
    c: &Connection,
    identity: &Identity,
    external_id: &str,
    body: &str,
    now: Timestamp,
) -> StoreResult<Stored> {
    let (channel, account) = (identity.channel.as_str(), &identity.account);
    // The conversation first, as everybody does it who changes both.
    let holder = "SELECT 1::bigint FROM conversations WHERE id=(SELECT conversation_id FROM messages
                  WHERE channel=$1 AND account=$2 AND external_id=$3) FOR NO KEY UPDATE";
    if scalar::<i64>(c, holder, params![channel, account, external_id]).await?.is_none() {
        return Ok(Stored::New(None));
    }
    // The full text holds the new words when somebody looks for them next.
    let known = one(
        c,
        "UPDATE messages SET text=$4, edited_at=$5, stems=NULL WHERE channel=$1 AND account=$2 AND external_id=$3
         AND role='customer' RETURNING seq, conversation_id",
        params![channel, account, external_id, body, ms(now)],
        |row| Ok((int(row, "seq")?, parsed(row, "conversation_id", |s| s.parse::<ConversationId>().ok())?)),
    )
    .await?;
    let Some((seq, conversation)) = known else { return Ok(Stored::New(None)) };
    execute(
        c,
        "UPDATE conversations SET version=version+1, last_text=CASE WHEN
         $3::bigint=(SELECT max(seq) FROM messages WHERE conversation_id=$1) THEN substr($2, 1, $4::bigint::int)
         ELSE last_text END WHERE id=$1",
        params![conversation.to_string(), body, seq, EXCERPT],
    )
    .await?;
    Ok(Stored::New(Some(conversation)))
}
