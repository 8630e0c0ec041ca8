//! Parts of messages on their way to clients: written, taken, found. What becomes of them is in `carry`.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::rows::{all, execute, int, json, ms, one, parsed, parsed_opt, scalar, text, text_opt};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore, carry, jobs, queue};
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::{Button, DeliveryState};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::job::{Lease, NewJob, Pool, Work};
use crate::domain::outbox::{Carried, Carrying, Outbox, OutboxStats, Pace, Part, Taken, Unreachable};
use crate::domain::store::StoreResult;
use crate::domain::text::parts;

#[async_trait]
impl Outbox for PostgresStore {
    async fn take_parts(
        &self,
        channel: Channel,
        limit: u32,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Taken> {
        let pool = Pool::Class(format!("out:{channel}"));
        let ready = "SELECT 1::bigint FROM lanes WHERE class=$1 AND lease_until IS NULL AND ready_at<=$2
                     ORDER BY ready_at LIMIT 1";
        let looked = {
            let c = self.sessions.connection().await?;
            let Pool::Class(class) = &pool else { return Ok(Taken::default()) };
            scalar::<i64>(&c, ready, params![class, ms(now)]).await?
        };
        if looked.is_none() {
            return Ok(Taken::default());
        }
        transaction!(self.sessions, c => take(c, &pool, limit, lease_until, now).await)
    }

    async fn carried(
        &self,
        carrying: &Carrying,
        carried: &Carried,
        pace: Option<Pace>,
        now: Timestamp,
    ) -> StoreResult<()> {
        transaction!(self.sessions, c => carry::settle(c, carrying, carried, pace, now).await)
    }

    async fn outbox_stats(&self) -> StoreResult<OutboxStats> {
        let c = self.sessions.connection().await?;
        let open = "SELECT count(*) FILTER (WHERE state='queued') AS queued, count(*) FILTER (WHERE state='sending') AS sending
                    FROM outbox WHERE state IN ('queued', 'sending')";
        let count = |row: &_, column| int(row, column).map(i64::unsigned_abs);
        let open = one(&c, open, &[], |row| Ok((count(row, "queued")?, count(row, "sending")?))).await?;
        let (queued, sending) = open.unwrap_or_default();
        // Those that a person has not decided about.
        let given_up = "SELECT count(*) FILTER (WHERE coalesce(o.state, '')<>'failed') AS unknown,
                        count(*) FILTER (WHERE o.state='failed') AS failed
                        FROM jobs j LEFT JOIN outbox o ON o.id=(j.payload->>'part')::bigint
                        WHERE j.state=2 AND j.kind='send_reply'";
        let given_up = one(&c, given_up, &[], |row| Ok((count(row, "unknown")?, count(row, "failed")?))).await?;
        let (unknown, failed) = given_up.unwrap_or_default();
        Ok(OutboxStats { queued, sending, unknown, failed, oldest: jobs::oldest_open(&c).await? })
    }
}

/// Writes the parts of a message that must be carried, and the job of each.
pub(super) async fn put(
    c: &Connection,
    message: MessageId,
    conversation: ConversationId,
    identity: &Identity,
    body: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let cut = parts(body, crate::domain::channel::PART_UNITS);
    let lane = NewJob::chat_lane(identity.channel.as_str(), &identity.account, &identity.external_id);
    let count = i64::try_from(cut.len()).unwrap_or(1);
    let sql = "INSERT INTO outbox(message_id, conversation_id, part, parts, text, state, created_at, updated_at)
               SELECT $1, $2, i.ord-1, $3::bigint, CASE WHEN $3>1 THEN i.text END, 'queued', $4::bigint, $4
               FROM unnest($5::text[]) WITH ORDINALITY AS i(text, ord) ORDER BY i.ord RETURNING id, part";
    let cut: Vec<String> = cut.into_iter().map(str::to_owned).collect();
    let values = params![message.to_string(), conversation.to_string(), count, ms(now), cut];
    let mut written = all(c, sql, values, |row| Ok((int(row, "part")?, int(row, "id")?))).await?;
    written.sort_unstable();
    let job = |part| {
        let work = Work::Send { part, conversation_id: conversation };
        (NewJob { lane: lane.clone(), work, ready_at: now }, now)
    };
    let jobs: Vec<_> = written.into_iter().map(|(_, part)| job(part)).collect();
    queue::insert_all(c, &jobs).await
}

/// A part as it lies in the store.
pub(super) struct Lying {
    pub(super) part: Part,
    pub(super) state: DeliveryState,
    unreachable: Option<Unreachable>,
}

fn read(row: &Row) -> StoreResult<Lying> {
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

/// The parts of these numbers.
pub(super) async fn find(c: &Connection, ids: Vec<i64>) -> StoreResult<HashMap<i64, Lying>> {
    let sql = "SELECT o.id, o.message_id, o.conversation_id, o.part, o.parts, o.state, o.attempts,
               coalesce(o.text, m.text) AS body, m.seq, m.buttons, v.channel, v.account, v.external_id AS address,
               v.unreachable, m.metadata->>'asks' AS asks,
               CASE WHEN v.external_id LIKE '%/%' THEN
               (SELECT a.external_id FROM messages a WHERE a.id=m.in_reply_to) END AS answers FROM outbox o JOIN messages m ON m.id=o.message_id
               JOIN conversations v ON v.id=o.conversation_id WHERE o.id=ANY($1)";
    Ok(all(c, sql, params![ids], read).await?.into_iter().map(|lying| (lying.part.id, lying)).collect())
}

async fn take(c: &Connection, pool: &Pool, limit: u32, lease_until: Timestamp, now: Timestamp) -> StoreResult<Taken> {
    let lanes = queue::take(c, pool, limit, lease_until, now).await?;
    // Statements of their own: they see what was committed before the lanes were locked.
    let mut heads = queue::heads(c, &lanes).await?;
    let part = |payload: &str| match serde_json::from_str::<Work>(payload) {
        Ok(Work::Send { part, .. }) => Some(part),
        _ => None,
    };
    let numbers = heads.values().filter_map(|head| part(&head.payload)).collect();
    let mut found = find(c, numbers).await?;
    let (mut taken, mut under_way) = (Taken::default(), Vec::new());
    for (lease, _) in lanes {
        let Some(head) = heads.remove(&lease.lane) else {
            queue::idle(c, &lease).await?;
            continue;
        };
        let Some(lying) = part(&head.payload).and_then(|part| found.remove(&part)) else {
            queue::bury(c, &lease, head.id, "a job of the outbox without its part", None, now).await?;
            continue;
        };
        if let (DeliveryState::Queued, None) = (lying.state, lying.unreachable) {
            let mut part = lying.part;
            part.attempt += 1;
            under_way.push(part.id);
            taken.parts.push(Carrying { lease, job: head.id, part });
        } else {
            set_aside(c, &lease, head.id, lying, &mut taken, now).await?;
        }
    }
    if !under_way.is_empty() {
        // The message itself is only touched when something is known of it: this is the hot path.
        let sql = "UPDATE outbox SET state='sending', error=NULL, attempts=attempts+1, updated_at=$2 WHERE id=ANY($1)";
        execute(c, sql, params![under_way, ms(now)]).await?;
    }
    Ok(taken)
}

/// A part that cannot be carried as it is.
async fn set_aside(
    c: &Connection,
    lease: &Lease,
    job: i64,
    lying: Lying,
    taken: &mut Taken,
    now: Timestamp,
) -> StoreResult<()> {
    let Lying { part, state, unreachable } = lying;
    match (state, unreachable) {
        (DeliveryState::Sending, _) => {
            let error = carry::fault("in_doubt", "the worker died while this was under way; it may have gone out");
            carry::note(c, &part, DeliveryState::Unknown, Some(&error), None, now).await?;
            // Taking it was no try.
            let sql = "UPDATE lanes SET attempts=greatest(attempts-1, 0) WHERE lane=$1";
            execute(c, sql, params![lease.lane]).await?;
            queue::bury(c, lease, job, &error.detail, None, now).await?;
            taken.doubtful.push(part.conversation_id);
        }
        (DeliveryState::Queued, Some(why)) => {
            let error = carry::fault(why.as_str(), "the client's address takes no messages");
            carry::note(c, &part, DeliveryState::Failed, Some(&error), None, now).await?;
            queue::complete(c, lease, job, now).await?;
            taken.given_up.push(part.conversation_id);
        }
        // It was settled before its job was: nothing is left to do.
        _ => queue::complete(c, lease, job, now).await?,
    }
    Ok(())
}

/// Says why an address takes no messages, or that it does.
pub(super) async fn set_reach(
    c: &Connection,
    identity: &Identity,
    unreachable: Option<Unreachable>,
    now: Timestamp,
) -> StoreResult<()> {
    let sql = "UPDATE conversations SET unreachable=$4, unreachable_at=$5, version=version+1
               WHERE channel=$1 AND account=$2 AND external_id=$3";
    let values = params![
        identity.channel.as_str(),
        identity.account,
        identity.external_id,
        unreachable.map(Unreachable::as_str),
        unreachable.map(|_| ms(now))
    ];
    execute(c, sql, values).await.map(|_| ())
}
