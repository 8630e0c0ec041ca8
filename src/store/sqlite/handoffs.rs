//! Conversations between the bot and the people of the company.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::conversations::{address_of, append, conversation, event, read_message};
use super::rows::{execute, ms, one, scalar};
use super::{SqliteStore, queue};
use crate::domain::conversation::{Conversation, ConversationStatus, Handoff, HandoffState, Message, Outgoing, Role};
use crate::domain::id::ConversationId;
use crate::domain::job::{NewJob, Work};
use crate::domain::store::{Handoffs, StoreError, StoreResult};

#[async_trait]
impl Handoffs for SqliteStore {
    async fn take(
        &self,
        id: ConversationId,
        operator: &str,
        from_others: bool,
        now: Timestamp,
    ) -> StoreResult<Conversation> {
        let operator = operator.to_owned();
        self.write(move |c| take(c, id, &operator, from_others, now)).await
    }

    async fn reply(&self, id: ConversationId, text: &str, operator: &str, now: Timestamp) -> StoreResult<Message> {
        let (text, operator) = (text.to_owned(), operator.to_owned());
        self.write(move |c| reply(c, id, text, &operator, now)).await
    }

    async fn hand_back(&self, id: ConversationId, now: Timestamp) -> StoreResult<Conversation> {
        self.write(move |c| hand_back(c, id, now)).await
    }
}

fn known(c: &Connection, id: ConversationId) -> StoreResult<Conversation> {
    conversation(c, id)?.ok_or(StoreError::NotFound("conversation"))
}

/// One that has not ended.
fn running(c: &Connection, id: ConversationId) -> StoreResult<Conversation> {
    let found = known(c, id)?;
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

fn take(
    c: &Connection,
    id: ConversationId,
    operator: &str,
    from_others: bool,
    now: Timestamp,
) -> StoreResult<Conversation> {
    let found = running(c, id)?;
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
    set_handoff(c, id, &taken(&found, operator, "taken", now), now)?;
    known(c, id)
}

fn reply(c: &Connection, id: ConversationId, text: String, operator: &str, now: Timestamp) -> StoreResult<Message> {
    let found = running(c, id)?;
    let message =
        Outgoing { role: Role::Operator, text, buttons: Vec::new(), in_reply_to: None, metadata: None, trace: None };
    let stored = append(c, id, &address_of(c, id)?, &message, now)?;
    if is_taken(&found).is_none() {
        set_handoff(c, id, &taken(&found, operator, "operator_message", now), now)?;
    }
    one(c, "SELECT * FROM messages WHERE id=?1", [stored.to_string()], read_message)?
        .ok_or(StoreError::NotFound("message"))
}

fn hand_back(c: &Connection, id: ConversationId, now: Timestamp) -> StoreResult<Conversation> {
    let found = known(c, id)?;
    let Some(handoff) = found.handoff.clone().filter(|_| found.is_with_person()) else { return Ok(found) };
    if found.status == ConversationStatus::Closed {
        return Err(StoreError::Closed);
    }
    let key = id.to_string();
    let latest = |role: Role| -> StoreResult<Option<i64>> {
        let sql = "SELECT max(m.seq) FROM messages m JOIN conversations v ON v.id=m.conversation_id
                   WHERE m.conversation_id=?1 AND m.role=?2 AND m.seq>v.handoff_seq";
        Ok(scalar::<Option<i64>>(c, sql, params![key, role.as_str()])?.flatten())
    };
    let (asked, answered) = (latest(Role::Customer)?, latest(Role::Operator)?);
    let dealt_with = match (asked, answered) {
        // Nobody answered: the bot does, but only the last of it.
        (Some(asked), None) => {
            let lane = NewJob::conversation_lane(id);
            queue::insert(c, &NewJob { lane, work: Work::Answer { conversation_id: id }, ready_at: now }, now)?;
            Some(asked - 1)
        }
        (asked, answered) => asked.max(answered),
    };
    if let Some(seq) = dealt_with {
        execute(c, "UPDATE conversations SET answered_seq=?2 WHERE id=?1", params![key, seq])?;
    }
    set_handoff(c, id, &Handoff { state: HandoffState::Returned, at: now, ..handoff }, now)?;
    known(c, id)
}

pub(super) fn set_handoff(c: &Connection, id: ConversationId, handoff: &Handoff, now: Timestamp) -> StoreResult<()> {
    let status = match handoff.state {
        HandoffState::Requested | HandoffState::Taken => ConversationStatus::WaitingOperator,
        HandoffState::Returned => ConversationStatus::Open,
    };
    let changed = execute(
        c,
        "UPDATE conversations SET handoff_state=?2, handoff_reason=?3, handoff_at=?4, handoff_operator=?5, status=?6,
         handoff_seq=CASE WHEN handoff_state IN ('requested', 'taken') THEN handoff_seq ELSE answered_seq END,
         closed_at=NULL, version=version+1 WHERE id=?1",
        params![
            id.to_string(),
            handoff.state.as_str(),
            handoff.reason,
            ms(handoff.at),
            handoff.operator,
            status.as_str()
        ],
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound("conversation"));
    }
    event(c, "conversation.handoff", &id.to_string(), now)
}
