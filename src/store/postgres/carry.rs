//! What becomes of a part: how its chat goes on, and what is told of its message.

use jiff::{SignedDuration, Timestamp};

use super::handoffs::set_handoff;
use super::outbox::{find, set_reach};
use super::rows::{all, execute, int, ms, parsed, scalar, text_opt, time, to_json};
use super::sessions::in_the_way;
use super::values::params;
use super::{Connection, queue};
use crate::domain::contact::Identity;
use crate::domain::conversation::{DeliveryError, DeliveryState, Handoff, HandoffState};
use crate::domain::id::MessageId;
use crate::domain::job::{Lease, NewJob};
use crate::domain::outbox::{Carried, Carrying, Pace, Part};
use crate::domain::store::StoreResult;

/// A chat that is said to have moved to where it is, is left alone for so long.
const SAME_PLACE: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn fault(code: &str, detail: &str) -> DeliveryError {
    DeliveryError { code: code.to_owned(), detail: detail.to_owned() }
}

pub(super) async fn settle(
    c: &Connection,
    carrying: &Carrying,
    carried: &Carried,
    pace: Option<Pace>,
    now: Timestamp,
) -> StoreResult<()> {
    let Carrying { lease, job, part } = carrying;
    match carried {
        Carried::Sent { external_id } => {
            go_on(c, lease, *job, pace, now).await?;
            note(c, part, DeliveryState::Sent, None, external_id.as_deref(), now).await
        }
        Carried::Again { at, error } => {
            queue::postpone(c, lease, *at).await?;
            execute(c, "UPDATE jobs SET last_error=$2 WHERE id=$1", params![job, error.detail]).await?;
            note(c, part, DeliveryState::Queued, Some(error), None, now).await
        }
        // A move to where it is makes no sense; it is not asked about without end.
        Carried::Moved { to } if chat_of(&part.identity) == to => {
            queue::postpone(c, lease, now + SAME_PLACE).await?;
            note(c, part, DeliveryState::Queued, None, None, now).await
        }
        Carried::Moved { to } => {
            // The conversations first, as everybody does it who changes both.
            let conversations = conversations_of(c, &part.identity).await?;
            let new = NewJob::chat_lane(part.identity.channel.as_str(), &part.identity.account, to);
            let mut lanes = [lease.lane.as_str(), new.as_str()];
            lanes.sort_unstable();
            for lane in lanes {
                queue::lock(c, lane).await?;
            }
            queue::postpone(c, lease, now).await?;
            note(c, part, DeliveryState::Queued, None, None, now).await?;
            relocate(c, &part.identity, to, conversations).await?;
            merge(c, &lease.lane, &new, now).await
        }
        Carried::Failed { error, unreachable: Some(why) } => {
            conversations_of(c, &part.identity).await?;
            go_on(c, lease, *job, pace, now).await?;
            note(c, part, DeliveryState::Failed, Some(error), None, now).await?;
            set_reach(c, &part.identity, Some(*why), now).await
        }
        // Nothing is wrong with the address: the job is kept for a person, who is asked to write instead.
        Carried::Failed { error, unreachable: None } => {
            conversations_of(c, &part.identity).await?;
            let not_before = pause(c, lease, pace, now).await?;
            queue::bury(c, lease, *job, &error.detail, not_before, now).await?;
            note(c, part, DeliveryState::Failed, Some(error), None, now).await?;
            ask_person(c, part, now).await
        }
        Carried::Unknown { error } => {
            let not_before = pause(c, lease, pace, now).await?;
            queue::bury(c, lease, *job, &error.detail, not_before, now).await?;
            note(c, part, DeliveryState::Unknown, Some(error), None, now).await
        }
    }
}

/// The client waits for words that will not come.
async fn ask_person(c: &Connection, part: &Part, now: Timestamp) -> StoreResult<()> {
    let is_with_person = "SELECT 1::bigint FROM conversations WHERE id=$1 AND handoff_state IN ('requested', 'taken')";
    let id = part.conversation_id;
    if scalar::<i64>(c, is_with_person, params![id.to_string()]).await?.is_some() {
        return Ok(());
    }
    let reason = "not_delivered".to_owned();
    set_handoff(c, id, &Handoff { state: HandoffState::Requested, reason, at: now, operator: None }, now).await
}

fn chat_of(identity: &Identity) -> &str {
    identity.external_id.split('/').next().unwrap_or_default()
}

/// Lets the chat go on at its pace.
async fn go_on(c: &Connection, lease: &Lease, job: i64, pace: Option<Pace>, now: Timestamp) -> StoreResult<()> {
    let not_before = pause(c, lease, pace, now).await?;
    queue::advance(c, lease, not_before, now).await?;
    execute(c, "DELETE FROM jobs WHERE id=$1", params![job]).await.map(|_| ())
}

/// When a chat may be written to again after a message now (a generic cell rate: bursts after a silence, then
/// one after the other).
async fn pause(c: &Connection, lease: &Lease, pace: Option<Pace>, now: Timestamp) -> StoreResult<Option<Timestamp>> {
    let Some(pace) = pace else { return Ok(None) };
    let tolerance = pace.every * i32::try_from(pace.burst.saturating_sub(1)).unwrap_or(0);
    let kept = "SELECT not_before FROM lanes WHERE lane=$1";
    let kept = scalar::<Option<i64>>(c, kept, params![lease.lane]).await?.flatten().map(time).transpose()?;
    let due = kept.map_or(now, |kept| (kept + tolerance).max(now)) + pace.every;
    Ok(Some(due - tolerance))
}

/// The conversations of a chat with their addresses, kept from changing until the transaction ends.
async fn conversations_of(c: &Connection, identity: &Identity) -> StoreResult<Vec<(String, String)>> {
    let sql = "SELECT id, external_id FROM conversations WHERE channel=$1 AND account=$2
               AND (external_id=$3 OR left(external_id, length($3)+1)=$3 || '/') ORDER BY id FOR NO KEY UPDATE";
    let values = params![identity.channel.as_str(), identity.account, chat_of(identity)];
    all(c, sql, values, |row| Ok((super::rows::text(row, "id")?, super::rows::text(row, "external_id")?))).await
}

/// A chat has another address: so have the conversations in it.
async fn relocate(
    c: &Connection,
    identity: &Identity,
    to: &str,
    conversations: Vec<(String, String)>,
) -> StoreResult<()> {
    let chat = chat_of(identity);
    for (id, external_id) in conversations {
        let rest = external_id.get(chat.len()..).unwrap_or_default();
        // Whoever has a dialogue there already keeps this one beside it.
        for address in [format!("{to}{rest}"), format!("{to}/{external_id}")] {
            let sql = "UPDATE conversations v SET external_id=$2, version=version+1 WHERE id=$1 AND NOT EXISTS
                       (SELECT 1 FROM conversations o WHERE o.channel=v.channel AND o.account=v.account
                        AND o.external_id=$2)";
            let moved = execute(c, sql, params![id, address]).await;
            if raced(moved)? > 0 {
                break;
            }
        }
    }
    Ok(())
}

/// Somebody has just taken the place that was free: looked at anew, it is not.
fn raced(changed: StoreResult<u64>) -> StoreResult<u64> {
    changed.map_err(|error| match error {
        crate::domain::store::StoreError::Other(why) if why.starts_with("duplicate key") => in_the_way(),
        other => other,
    })
}

/// One chat has one lane: what waits in the old one goes into the new.
async fn merge(c: &Connection, old: &str, new: &str, now: Timestamp) -> StoreResult<()> {
    // What was given up may be tried again: then there, too.
    execute(c, "UPDATE jobs SET lane=$2 WHERE lane=$1 AND state=2", params![old, new]).await?;
    let sql = "UPDATE lanes SET lane=$2 WHERE lane=$1 AND NOT EXISTS (SELECT 1 FROM lanes WHERE lane=$2)";
    if raced(execute(c, sql, params![old, new]).await)? > 0 {
        let sql = "UPDATE jobs SET lane=$2 WHERE lane=$1 AND state=0";
        return execute(c, sql, params![old, new]).await.map(|_| ());
    }
    // What waited in the old one stands behind what waits there.
    let sql = "INSERT INTO jobs(lane, kind, payload, created_at, last_error)
               SELECT $2, kind, payload, created_at, last_error FROM jobs WHERE lane=$1 AND state=0 ORDER BY id";
    let count = execute(c, sql, params![old, new]).await?;
    execute(c, "DELETE FROM jobs WHERE lane=$1 AND state=0", params![old]).await?;
    execute(c, "DELETE FROM lanes WHERE lane=$1", params![old]).await?;
    let count = i64::try_from(count).unwrap_or(0);
    queue::enter_all(c, &std::collections::BTreeMap::from([(new, (count, now))])).await
}

/// Changes a part's state and with it what is told of its message.
pub(super) async fn note(
    c: &Connection,
    part: &Part,
    state: DeliveryState,
    error: Option<&DeliveryError>,
    external_id: Option<&str>,
    now: Timestamp,
) -> StoreResult<()> {
    let error = error.map(to_json).transpose()?;
    let sql = "UPDATE outbox SET state=$2, error=$3, external_id=coalesce($4, external_id), updated_at=$5 WHERE id=$1";
    execute(c, sql, params![part.id, state.as_str(), error, external_id, ms(now)]).await?;
    let (state, attempts, error) = match part.parts {
        1 => (state, i64::from(part.attempt), error),
        _ => state_of(c, part.message_id).await?,
    };
    let sql = "UPDATE messages SET delivery_state=$2, delivery_error=$3, delivery_attempts=$4, delivery_at=$5,
               external_id=coalesce(external_id, $6) WHERE id=$1";
    let values = params![part.message_id.to_string(), state.as_str(), error, attempts, ms(now), external_id];
    execute(c, sql, values).await.map(|_| ())
}

/// What is told of a message in several parts: the worst that is certain, else how far it is; how often parts
/// of it were tried, and why the part that decides is as it is.
async fn state_of(c: &Connection, message: MessageId) -> StoreResult<(DeliveryState, i64, Option<String>)> {
    use DeliveryState::{Failed, Queued, Sending, Sent, Unknown};
    let sql = "SELECT state, attempts, error FROM outbox WHERE message_id=$1 ORDER BY part";
    let parts = all(c, sql, params![message.to_string()], |row| {
        Ok((parsed(row, "state", DeliveryState::parse)?, int(row, "attempts")?, text_opt(row, "error")?))
    })
    .await?;
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
pub(super) async fn queue_again(c: &Connection, part: i64, now: Timestamp) -> StoreResult<()> {
    let Some(found) = find(c, vec![part]).await?.remove(&part) else { return Ok(()) };
    note(c, &found.part, DeliveryState::Queued, None, None, now).await
}

/// A person does not want it sent.
pub(super) async fn call_off(c: &Connection, part: i64, now: Timestamp) -> StoreResult<()> {
    let Some(found) = find(c, vec![part]).await?.remove(&part) else { return Ok(()) };
    let (state, error) = match found.state {
        // Its worker died meanwhile: it may have gone out.
        DeliveryState::Sending => (DeliveryState::Unknown, fault("in_doubt", "it may have gone out; called off since")),
        _ => (DeliveryState::Failed, fault("cancelled", "called off by the staff")),
    };
    note(c, &found.part, state, Some(&error), None, now).await
}
