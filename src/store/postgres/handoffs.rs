//! Conversations between the bot and the people of the company.

use async_trait::async_trait;
use jiff::Timestamp;

use super::conversations::{conversation, held};
use super::messages::{append, event, message};
use super::rows::{execute, ms, scalar};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore, queue};
use crate::domain::conversation::{Conversation, ConversationStatus, Handoff, HandoffState, Message, Outgoing, Role};
use crate::domain::id::ConversationId;
use crate::domain::job::{NewJob, Work};
use crate::domain::store::{Handoffs, StoreError, StoreResult};

#[async_trait]
impl Handoffs for PostgresStore {
    async fn take(
        &self,
        id: ConversationId,
        operator: &str,
        from_others: bool,
        now: Timestamp,
    ) -> StoreResult<Conversation> {
        transaction!(self.sessions, c => take(c, id, operator, from_others, now).await)
    }

    async fn reply(&self, id: ConversationId, text: &str, operator: &str, now: Timestamp) -> StoreResult<Message> {
        let stored = transaction!(self.sessions, c => reply(c, id, text.to_owned(), operator, now).await)?;
        self.sessions.written.notify_one();
        Ok(stored)
    }

    async fn hand_back(&self, id: ConversationId, now: Timestamp) -> StoreResult<Conversation> {
        let back = transaction!(self.sessions, c => hand_back(c, id, now).await)?;
        self.sessions.written.notify_one();
        Ok(back)
    }
}

async fn known(c: &Connection, id: ConversationId) -> StoreResult<Conversation> {
    conversation(c, id).await?.ok_or(StoreError::NotFound("conversation"))
}

/// One that has not ended.
async fn running(c: &Connection, id: ConversationId) -> StoreResult<Conversation> {
    let found = held(c, id).await?;
    if found.status == ConversationStatus::Closed { Err(StoreError::Closed) } else { Ok(found) }
}

/// The hand-over with which somebody takes a conversation; why it was asked for stays known.
fn taken(conversation: &Conversation, operator: &str, otherwise: &str, now: Timestamp) -> Handoff {
    let asked = conversation.handoff.as_ref().filter(|handoff| handoff.state != HandoffState::Returned);
    Handoff {
        state: HandoffState::Taken,
        reason: asked.map_or_else(|| otherwise.to_owned(), |handoff| handoff.reason.clone()),
        at: now,
        operator: Some(operator.to_owned()),
    }
}

fn is_taken(conversation: &Conversation) -> Option<&Handoff> {
    conversation.handoff.as_ref().filter(|handoff| handoff.state == HandoffState::Taken)
}

async fn take(
    c: &Connection,
    id: ConversationId,
    operator: &str,
    from_others: bool,
    now: Timestamp,
) -> StoreResult<Conversation> {
    let found = running(c, id).await?;
    if let Some(handoff) = is_taken(&found) {
        match &handoff.operator {
            Some(by) if by == operator => return Ok(found),
            by if !from_others => {
                let by = by.clone().unwrap_or_else(|| "somebody else".to_owned());
                return Err(StoreError::Owned { by });
            }
            _ => {}
        }
    }
    set_handoff(c, id, &taken(&found, operator, "taken", now), now).await?;
    known(c, id).await
}

async fn reply(
    c: &Connection,
    id: ConversationId,
    text: String,
    operator: &str,
    now: Timestamp,
) -> StoreResult<Message> {
    let found = running(c, id).await?;
    let outgoing =
        Outgoing { role: Role::Operator, text, buttons: Vec::new(), in_reply_to: None, metadata: None, trace: None };
    let stored = append(c, id, &found.identity, &outgoing, now).await?;
    if is_taken(&found).is_none() {
        set_handoff(c, id, &taken(&found, operator, "operator_message", now), now).await?;
    }
    message(c, stored).await?.ok_or(StoreError::NotFound("message"))
}

async fn hand_back(c: &Connection, id: ConversationId, now: Timestamp) -> StoreResult<Conversation> {
    let found = held(c, id).await?;
    let Some(handoff) = found.handoff.clone().filter(|_| found.is_with_person()) else { return Ok(found) };
    if found.status == ConversationStatus::Closed {
        return Err(StoreError::Closed);
    }
    let key = id.to_string();
    let latest = async |role: Role| -> StoreResult<Option<i64>> {
        let sql = "SELECT max(m.seq) FROM messages m JOIN conversations v ON v.id=m.conversation_id
                   WHERE m.conversation_id=$1 AND m.role=$2 AND m.seq>v.handoff_seq";
        Ok(scalar::<Option<i64>>(c, sql, params![key, role.as_str()]).await?.flatten())
    };
    let (asked, answered) = (latest(Role::Customer).await?, latest(Role::Operator).await?);
    let dealt_with = match (asked, answered) {
        // Nobody answered: the bot does, but only the last of it.
        (Some(asked), None) => {
            let lane = NewJob::conversation_lane(id);
            let job = NewJob { lane, work: Work::Answer { conversation_id: id }, ready_at: now };
            queue::insert_all(c, &[(job, now)]).await?;
            Some(asked - 1)
        }
        (asked, answered) => asked.max(answered),
    };
    if let Some(seq) = dealt_with {
        execute(c, "UPDATE conversations SET answered_seq=$2 WHERE id=$1", params![key, seq]).await?;
    }
    set_handoff(c, id, &Handoff { state: HandoffState::Returned, at: now, ..handoff }, now).await?;
    known(c, id).await
}

pub(super) async fn set_handoff(
    c: &Connection,
    id: ConversationId,
    handoff: &Handoff,
    now: Timestamp,
) -> StoreResult<()> {
    let status = match handoff.state {
        HandoffState::Requested | HandoffState::Taken => ConversationStatus::WaitingOperator,
        HandoffState::Returned => ConversationStatus::Open,
    };
    let sql =
        "UPDATE conversations SET handoff_state=$2, handoff_reason=$3, handoff_at=$4, handoff_operator=$5, status=$6,
               handoff_seq=CASE WHEN handoff_state IN ('requested', 'taken') THEN handoff_seq ELSE answered_seq END,
               closed_at=NULL, version=version+1 WHERE id=$1";
    let values = params![
        id.to_string(),
        handoff.state.as_str(),
        handoff.reason,
        ms(handoff.at),
        handoff.operator,
        status.as_str()
    ];
    if execute(c, sql, values).await? == 0 {
        return Err(StoreError::NotFound("conversation"));
    }
    event(c, "conversation.handoff", &id.to_string(), now).await
}
