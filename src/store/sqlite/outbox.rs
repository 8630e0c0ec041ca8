//! Parts of messages on their way to clients.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::handoffs::set_handoff;
use super::rows::{all, execute, int, json, ms, one, parsed, parsed_opt, scalar, text, text_opt, time, to_json};
use super::{SqliteStore, jobs, queue};
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::{Button, DeliveryError, DeliveryState, Handoff, HandoffState};
use crate::domain::id::MessageId;
use crate::domain::job::{Lease, NewJob, Pool, Work};
use crate::domain::outbox::{Carried, Carrying, Outbox, OutboxStats, Pace, Part, Taken, Unreachable};
use crate::domain::store::StoreResult;
use crate::domain::text::parts;

/// A chat that is said to have moved to where it is, is left alone for so long.
const SAME_PLACE: SignedDuration = SignedDuration::from_mins(1);

#[async_trait]
impl Outbox for SqliteStore {
    async fn take_parts(
        &self,
        channel: Channel,
        limit: u32,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Taken> {
        let pool = Pool::Class(format!("out:{channel}"));
        let looked = pool.clone();
        if self.read(move |c| queue::ready(c, &looked, 1, now)).await?.is_empty() {
            return Ok(Taken::default());
        }
        self.write(move |c| take(c, &pool, limit, lease_until, now)).await
    }

    async fn carried(
        &self,
        carrying: &Carrying,
        carried: &Carried,
        pace: Option<Pace>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let (carrying, carried) = (carrying.clone(), carried.clone());
        self.write(move |c| settle(c, &carrying, &carried, pace, now)).await
    }

    async fn outbox_stats(&self) -> StoreResult<OutboxStats> {
        self.read(|c| {
            let open = "SELECT count(*) FILTER (WHERE state='queued'), count(*) FILTER (WHERE state='sending')
                        FROM outbox WHERE state IN ('queued', 'sending')";
            let two = |row: &Row<'_>| {
                let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs).map_err(super::failure);
                Ok((count(0)?, count(1)?))
            };
            let (queued, sending) = one(c, open, [], two)?.unwrap_or_default();
            // Those that a person has not decided about.
            let given_up = "SELECT count(*) FILTER (WHERE coalesce(o.state, '')<>'failed'), count(*) FILTER (WHERE o.state='failed')
                            FROM jobs j LEFT JOIN outbox o ON o.id=json_extract(j.payload, '$.part')
                            WHERE j.state=2 AND j.kind='send_reply'";
            let (unknown, failed) = one(c, given_up, [], two)?.unwrap_or_default();
            Ok(OutboxStats { queued, sending, unknown, failed, oldest: jobs::oldest_open(c)? })
        })
        .await
    }
}

/// Writes the parts of a message that must be carried, and the job of each.
pub(super) fn put(
    c: &Connection,
    message: MessageId,
    conversation: crate::domain::id::ConversationId,
    identity: &Identity,
    body: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let cut = parts(body, crate::domain::channel::PART_UNITS);
    let lane = NewJob::chat_lane(identity.channel.as_str(), &identity.account, &identity.external_id);
    let count = i64::try_from(cut.len()).unwrap_or(1);
    for (number, part) in (0_i64..).zip(&cut) {
        execute(
            c,
            "INSERT INTO outbox(message_id, conversation_id, part, parts, text, state, created_at, updated_at)
             VALUES(?1,?2,?3,?4,?5,'queued',?6,?6)",
            params![
                message.to_string(),
                conversation.to_string(),
                number,
                count,
                (count > 1).then_some(*part),
                ms(now)
            ],
        )?;
        let work = Work::Send { part: c.last_insert_rowid(), conversation_id: conversation };
        queue::insert(c, &NewJob { lane: lane.clone(), work, ready_at: now }, now)?;
    }
    Ok(())
}

/// A part as it lies in the store.
struct Lying {
    part: Part,
    state: DeliveryState,
    unreachable: Option<Unreachable>,
}

fn read(row: &Row<'_>) -> StoreResult<Lying> {
    let (number, parts) = (int(row, "part")?, int(row, "parts")?);
    let buttons: Vec<Button> = match text_opt(row, "buttons")? {
        // Only the last part has them.
        Some(_) if number + 1 == parts => json(row, "buttons")?,
        _ => Vec::new(),
    };
    Ok(Lying {
        part: Part {
            id: int(row, "id")?,
            message_id: parsed(row, "message_id", |s| s.parse().ok())?,
            message_seq: int(row, "seq")?,
            conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
            identity: Identity {
                channel: parsed(row, "channel", Channel::parse)?,
                account: text(row, "account")?,
                external_id: text(row, "address")?,
            },
            text: text(row, "body")?,
            asks_phone: number + 1 == parts && text_opt(row, "asks")?.as_deref() == Some("phone"),
            reply_to: text_opt(row, "answers")?,
            buttons,
            parts: u32::try_from(parts).unwrap_or(1),
            attempt: u32::try_from(int(row, "attempts")?).unwrap_or(0),
        },
        state: parsed(row, "state", DeliveryState::parse)?,
        unreachable: parsed_opt(row, "unreachable", Unreachable::parse)?,
    })
}

fn find(c: &Connection, id: i64) -> StoreResult<Option<Lying>> {
    let sql = "SELECT o.id, o.message_id, o.conversation_id, o.part, o.parts, o.state, o.attempts,
               coalesce(o.text, m.text) AS body, m.seq, m.buttons, v.channel, v.account, v.external_id AS address,
               v.unreachable, json_extract(m.metadata, '$.asks') AS asks,
               CASE WHEN v.external_id LIKE '%/%' THEN
               (SELECT a.external_id FROM messages a WHERE a.id=m.in_reply_to) END AS answers FROM outbox o JOIN messages m ON m.id=o.message_id
               JOIN conversations v ON v.id=o.conversation_id WHERE o.id=?1";
    one(c, sql, [id], read)
}

fn take(c: &Connection, pool: &Pool, limit: u32, lease_until: Timestamp, now: Timestamp) -> StoreResult<Taken> {
    let mut taken = Taken::default();
    for lane in queue::ready(c, pool, limit, now)? {
        let (lease, _) = queue::take(c, lane, lease_until)?;
        let Some((job, payload, _)) = queue::head(c, &lease.lane)? else { continue };
        let part = match serde_json::from_str::<Work>(&payload) {
            Ok(Work::Send { part, .. }) => find(c, part)?,
            _ => None,
        };
        let Some(Lying { mut part, state, unreachable }) = part else {
            queue::bury(c, &lease, job, "a job of the outbox without its part", None, now)?;
            continue;
        };
        match (state, unreachable) {
            (DeliveryState::Sending, _) => {
                let error = fault("in_doubt", "the worker died while this was under way; it may have gone out");
                note(c, Stood::of(&part), part.message_id, DeliveryState::Unknown, Some(&error), None, now)?;
                // Taking it was no try.
                execute(c, "UPDATE lanes SET attempts=max(attempts-1, 0) WHERE lane=?1", [&lease.lane])?;
                queue::bury(c, &lease, job, &error.detail, None, now)?;
                taken.doubtful.push(part.conversation_id);
            }
            (DeliveryState::Queued, Some(why)) => {
                let error = fault(why.as_str(), "the client's address takes no messages");
                note(c, Stood::of(&part), part.message_id, DeliveryState::Failed, Some(&error), None, now)?;
                queue::complete(c, &lease, job, now)?;
                taken.given_up.push(part.conversation_id);
            }
            (DeliveryState::Queued, None) => {
                part.attempt += 1;
                // The message itself is only touched when something is known of it: this is the hot path.
                let sql =
                    "UPDATE outbox SET state='sending', error=NULL, attempts=attempts+1, updated_at=?2 WHERE id=?1";
                execute(c, sql, params![part.id, ms(now)])?;
                taken.parts.push(Carrying { lease, job, part });
            }
            // It was settled before its job was: nothing is left to do.
            _ => queue::complete(c, &lease, job, now)?,
        }
    }
    Ok(taken)
}

fn fault(code: &str, detail: &str) -> DeliveryError {
    DeliveryError { code: code.to_owned(), detail: detail.to_owned() }
}

fn settle(
    c: &Connection,
    carrying: &Carrying,
    carried: &Carried,
    pace: Option<Pace>,
    now: Timestamp,
) -> StoreResult<()> {
    let Carrying { lease, job, part } = carrying;
    let set = |state, error: Option<&DeliveryError>, external: Option<&str>| {
        note(c, Stood::of(part), part.message_id, state, error, external, now)
    };
    match carried {
        Carried::Sent { external_id } => {
            go_on(c, lease, *job, pace, now)?;
            set(DeliveryState::Sent, None, external_id.as_deref())
        }
        Carried::Again { at, error } => {
            queue::postpone(c, lease, *at)?;
            execute(c, "UPDATE jobs SET last_error=?2 WHERE id=?1", params![job, error.detail])?;
            set(DeliveryState::Queued, Some(error), None)
        }
        // A move to where it is makes no sense; it is not asked about without end.
        Carried::Moved { to } if part.identity.external_id.split('/').next() == Some(to.as_str()) => {
            queue::postpone(c, lease, now + SAME_PLACE)?;
            set(DeliveryState::Queued, None, None)
        }
        Carried::Moved { to } => {
            queue::postpone(c, lease, now)?;
            set(DeliveryState::Queued, None, None)?;
            relocate(c, &part.identity, to, &lease.lane, now)
        }
        Carried::Failed { error, unreachable: Some(why) } => {
            go_on(c, lease, *job, pace, now)?;
            set(DeliveryState::Failed, Some(error), None)?;
            set_reach(c, &part.identity, Some(*why), now)
        }
        // Nothing is wrong with the address: the job is kept for a person, who is asked to write instead.
        Carried::Failed { error, unreachable: None } => {
            queue::bury(c, lease, *job, &error.detail, pause(c, lease, pace, now)?, now)?;
            set(DeliveryState::Failed, Some(error), None)?;
            ask_person(c, part, now)
        }
        Carried::Unknown { error } => {
            queue::bury(c, lease, *job, &error.detail, pause(c, lease, pace, now)?, now)?;
            set(DeliveryState::Unknown, Some(error), None)
        }
    }
}

/// The client waits for words that will not come.
fn ask_person(c: &Connection, part: &Part, now: Timestamp) -> StoreResult<()> {
    let is_with_person = "SELECT 1 FROM conversations WHERE id=?1 AND handoff_state IN ('requested', 'taken')";
    let id = part.conversation_id;
    if scalar::<i64>(c, is_with_person, [id.to_string()])?.is_some() {
        return Ok(());
    }
    let reason = "not_delivered".to_owned();
    set_handoff(c, id, &Handoff { state: HandoffState::Requested, reason, at: now, operator: None }, now)
}

/// Lets the chat go on at its pace.
fn go_on(c: &Connection, lease: &Lease, job: i64, pace: Option<Pace>, now: Timestamp) -> StoreResult<()> {
    queue::advance(c, lease, pause(c, lease, pace, now)?, now)?;
    execute(c, "DELETE FROM jobs WHERE id=?1", [job]).map(|_| ())
}

/// When a chat may be written to again after a message now (a generic cell rate: bursts after a silence, then
/// one after the other).
fn pause(c: &Connection, lease: &Lease, pace: Option<Pace>, now: Timestamp) -> StoreResult<Option<Timestamp>> {
    let Some(pace) = pace else { return Ok(None) };
    let tolerance = pace.every * i32::try_from(pace.burst.saturating_sub(1)).unwrap_or(0);
    let kept = "SELECT not_before FROM lanes WHERE lane=?1";
    let kept = scalar::<Option<i64>>(c, kept, [&lease.lane])?.flatten().map(time).transpose()?;
    let due = kept.map_or(now, |kept| (kept + tolerance).max(now)) + pace.every;
    Ok(Some(due - tolerance))
}

/// A chat has another address: so have the conversations in it, and what waits for it.
fn relocate(c: &Connection, identity: &Identity, to: &str, lane: &str, now: Timestamp) -> StoreResult<()> {
    let chat = identity.external_id.split('/').next().unwrap_or_default();
    let of_chat = "channel=?1 AND account=?2 AND (external_id=?3 OR substr(external_id, 1, length(?3)+1)=?3 || '/')";
    let moved = [
        "substr(external_id, length(?3)+1)",
        // Whoever has a dialogue there already keeps this one beside it.
        "'/' || external_id",
    ];
    for rest in moved {
        let sql =
            format!("UPDATE OR IGNORE conversations SET external_id=?4 || {rest}, version=version+1 WHERE {of_chat}");
        execute(c, &sql, params![identity.channel.as_str(), identity.account, chat, to])?;
    }
    let new = NewJob::chat_lane(identity.channel.as_str(), &identity.account, to);
    // What was given up may be tried again: then there, too.
    execute(c, "UPDATE jobs SET lane=?2 WHERE lane=?1 AND state=2", params![lane, new])?;
    if execute(c, "UPDATE OR IGNORE lanes SET lane=?2 WHERE lane=?1", params![lane, new])? > 0 {
        return execute(c, "UPDATE jobs SET lane=?2 WHERE lane=?1 AND state=0", params![lane, new]).map(|_| ());
    }
    // One chat has one lane: what waited in the old one stands behind what waits there.
    let sql = "INSERT INTO jobs(lane, kind, payload, created_at, last_error)
               SELECT ?2, kind, payload, created_at, last_error FROM jobs WHERE lane=?1 AND state=0 ORDER BY id";
    let count = execute(c, sql, params![lane, new])?;
    execute(c, "DELETE FROM jobs WHERE lane=?1 AND state=0", [lane])?;
    execute(c, "DELETE FROM lanes WHERE lane=?1", [lane])?;
    queue::enter(c, &new, i64::try_from(count).unwrap_or(0), now)
}

/// Says why an address takes no messages, or that it does.
pub(super) fn set_reach(
    c: &Connection,
    identity: &Identity,
    unreachable: Option<Unreachable>,
    now: Timestamp,
) -> StoreResult<()> {
    execute(
        c,
        "UPDATE conversations SET unreachable=?4, unreachable_at=?5, version=version+1 WHERE channel=?1 AND account=?2 AND external_id=?3",
        params![
            identity.channel.as_str(),
            identity.account,
            identity.external_id,
            unreachable.map(Unreachable::as_str),
            unreachable.map(|_| ms(now))
        ],
    )
    .map(|_| ())
}

/// A part, as far as its message must know: how many there are, and how often this one was tried.
#[derive(Debug, Clone, Copy)]
struct Stood {
    part: i64,
    parts: i64,
    attempts: i64,
}

impl Stood {
    fn of(part: &Part) -> Self {
        Self { part: part.id, parts: i64::from(part.parts), attempts: i64::from(part.attempt) }
    }
}

/// Changes a part's state and with it what is told of its message.
fn note(
    c: &Connection,
    Stood { part, parts, attempts }: Stood,
    message: MessageId,
    state: DeliveryState,
    error: Option<&DeliveryError>,
    external_id: Option<&str>,
    now: Timestamp,
) -> StoreResult<()> {
    let error = error.map(to_json).transpose()?;
    let sql = "UPDATE outbox SET state=?2, error=?3, external_id=coalesce(?4, external_id), updated_at=?5 WHERE id=?1";
    execute(c, sql, params![part, state.as_str(), error, external_id, ms(now)])?;
    let (state, attempts, error) = match parts {
        1 => (state, attempts, error),
        _ => state_of(c, message)?,
    };
    execute(
        c,
        "UPDATE messages SET delivery_state=?2, delivery_error=?3, delivery_attempts=?4, delivery_at=?5,
         external_id=coalesce(external_id, ?6) WHERE id=?1",
        params![message.to_string(), state.as_str(), error, attempts, ms(now), external_id],
    )
    .map(|_| ())
}

/// What is told of a message in several parts: the worst that is certain, else how far it is; how often parts
/// of it were tried, and why the part that decides is as it is.
fn state_of(c: &Connection, message: MessageId) -> StoreResult<(DeliveryState, i64, Option<String>)> {
    use DeliveryState::{Failed, Queued, Sending, Sent, Unknown};
    let sql = "SELECT state, attempts, error FROM outbox WHERE message_id=?1 ORDER BY part";
    let parts = all(c, sql, [message.to_string()], |row| {
        Ok((parsed(row, "state", DeliveryState::parse)?, int(row, "attempts")?, text_opt(row, "error")?))
    })?;
    let first = |state| parts.iter().find(|(known, ..)| *known == state);
    let attempts = parts.iter().map(|(_, attempts, _)| attempts).sum();
    let decides = [Failed, Unknown, Sending, Queued].into_iter().find_map(first);
    Ok(match decides {
        // Some of it has arrived.
        Some((Queued, _, error)) if first(Sent).is_some() => (Sending, attempts, error.clone()),
        Some((state, _, error)) => (*state, attempts, error.clone()),
        None => (Sent, attempts, None),
    })
}

/// A person wants it sent after all.
pub(super) fn queue_again(c: &Connection, part: i64, now: Timestamp) -> StoreResult<()> {
    let Some(found) = find(c, part)? else { return Ok(()) };
    note(c, Stood::of(&found.part), found.part.message_id, DeliveryState::Queued, None, None, now)
}

/// A person does not want it sent.
pub(super) fn call_off(c: &Connection, part: i64, now: Timestamp) -> StoreResult<()> {
    let Some(found) = find(c, part)? else { return Ok(()) };
    let (state, error) = match found.state {
        // Its worker died meanwhile: it may have gone out.
        DeliveryState::Sending => (DeliveryState::Unknown, fault("in_doubt", "it may have gone out; called off since")),
        _ => (DeliveryState::Failed, fault("cancelled", "called off by the staff")),
    };
    note(c, Stood::of(&found.part), found.part.message_id, state, Some(&error), None, now)
}
