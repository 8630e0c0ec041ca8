//! A dialogue's steps: everything one step changes is one transaction with the end of its job.

use async_trait::async_trait;
use jiff::Timestamp;

use super::conversations::{conversation, held};
use super::handoffs::set_handoff;
use super::messages::{MESSAGE, append, messages, read_message};
use super::near::{self, Near};
use super::rows::{all, execute, int, ms, parsed, scalar, to_json};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore, jobs, leads, ledger, queue};
use crate::domain::booking::BookingState;
use crate::domain::contact::Phone;
use crate::domain::conversation::{Session, Unanswered};
use crate::domain::id::{ConversationId, QuestionId};
use crate::domain::job::{Lease, NewJob};
use crate::domain::store::{Effects, MessageRange, StoreError, StoreResult, TurnInput, Turns};

/// More unanswered messages than this are taken in several turns.
const NEW_AT_MOST: i64 = 50;

#[async_trait]
impl Turns for PostgresStore {
    async fn turn_input(&self, id: ConversationId, history: u32) -> StoreResult<TurnInput> {
        turn_input(&*self.sessions.connection().await?, id, history, self.near.as_ref()).await
    }

    async fn unanswered_by(&self, id: ConversationId) -> StoreResult<Unanswered> {
        unanswered(&*self.sessions.connection().await?, id).await
    }

    async fn commit_turn(
        &self,
        id: ConversationId,
        job: (&Lease, i64),
        effects: &Effects,
        now: Timestamp,
    ) -> StoreResult<()> {
        let written = async { transaction!(self.sessions, c => commit(c, id, job, effects, now).await) };
        let (written, ()) = tokio::join!(written, self.keep_near(id, effects));
        if let (Err(_), Some(near)) = (&written, &self.near) {
            // Whoever it was may be gone.
            near.forget(&[id.to_string()]).await;
        }
        written?;
        self.sessions.written.notify_one();
        Ok(())
    }
}

impl PostgresStore {
    /// Does no harm where the dialogue is not written after all: a copy of something else is not used.
    async fn keep_near(&self, id: ConversationId, effects: &Effects) {
        if let (Some(near), Some((session, _))) = (&self.near, &effects.session) {
            near.keep(&id.to_string(), session).await;
        }
    }
}

async fn turn_input(c: &Connection, id: ConversationId, history: u32, near: Option<&Near>) -> StoreResult<TurnInput> {
    let key = id.to_string();
    let sql = format!(
        "{MESSAGE} WHERE conversation_id=$1 AND seq>(SELECT answered_seq FROM conversations WHERE id=$1)
         AND role='customer' ORDER BY seq LIMIT $2::bigint"
    );
    let few = params![key, NEW_AT_MOST];
    let messages = async {
        let new = all(c, &sql, few, read_message).await?;
        let before = new.first().map_or(i64::MAX, |message| message.seq);
        let history = messages(c, id, MessageRange::Before(before), history).await?;
        Ok((new, history))
    };
    // They do not wait for each other: they share a way to the server.
    let (conversation, (new, history), session) =
        tokio::try_join!(conversation(c, id), messages, near::session(c, &key, near))?;
    let conversation = conversation.ok_or(StoreError::NotFound("conversation"))?;
    let session_version = session.as_ref().map_or(0, |(_, version)| *version);
    let session = session.map(|(session, _)| session);
    Ok(TurnInput { conversation, session, session_version, new, history })
}

/// Reads neither the dialogue's form nor what messages hold: one of them may be damaged.
async fn unanswered(c: &Connection, id: ConversationId) -> StoreResult<Unanswered> {
    let conversation = conversation(c, id).await?.ok_or(StoreError::NotFound("conversation"))?;
    let sql = "SELECT seq, id FROM messages WHERE conversation_id=$1 AND role='customer'
               AND seq>(SELECT answered_seq FROM conversations WHERE id=$1) ORDER BY seq LIMIT $2::bigint";
    let new = all(c, sql, params![id.to_string(), NEW_AT_MOST + 1], |row| {
        Ok((int(row, "seq")?, parsed(row, "id", |s| s.parse().ok())?))
    })
    .await?;
    let taken = usize::try_from(NEW_AT_MOST).unwrap_or(usize::MAX);
    Ok(Unanswered { conversation, last: new.iter().take(taken).next_back().copied(), more: new.len() > taken })
}

async fn commit(
    c: &Connection,
    id: ConversationId,
    (lease, job): (&Lease, i64),
    effects: &Effects,
    now: Timestamp,
) -> StoreResult<()> {
    // The conversation before its lane, as whoever writes into it does; a lost lease is told all the same.
    let current = match held(c, id).await {
        Err(error) if !matches!(error, StoreError::NotFound(_)) => return Err(error),
        current => current,
    };
    match &effects.given_up {
        None => queue::complete(c, lease, job, now).await?,
        Some(error) => queue::bury(c, lease, job, error, None, now).await?,
    }
    let current = current?;
    if effects.with_person.is_some_and(|was| was != current.is_with_person()) {
        return Err(StoreError::Version { current: current.version });
    }
    apply(c, current, effects, now).await
}

async fn apply(
    c: &Connection,
    mut current: crate::domain::conversation::Conversation,
    effects: &Effects,
    now: Timestamp,
) -> StoreResult<()> {
    let id = current.id;
    let key = id.to_string();
    if effects.name.is_some() || effects.phone.is_some() {
        let sql = "UPDATE contacts SET name=coalesce($2, name), phone=coalesce($3, phone) WHERE id=$1";
        let phone = effects.phone.as_ref().map(Phone::as_str);
        execute(c, sql, params![current.contact.id.to_string(), effects.name, phone]).await?;
        // The lead is made of what the contact is now.
        current = conversation(c, id).await?.ok_or(StoreError::NotFound("conversation"))?;
    }
    if let Some(draft) = &effects.lead
        && let Some(lead) = leads::from_dialogue(c, &current, draft, now).await?
    {
        execute(c, "UPDATE conversations SET lead_id=$2 WHERE id=$1", params![key, lead.to_string()]).await?;
        current.lead_id = Some(lead);
    }
    if let Some((booking, new)) = &effects.hold {
        let mut new = new.clone();
        new.lead_id = new.lead_id.or(current.lead_id);
        ledger::reserve(c, *booking, &new, BookingState::Held, now).await?;
    }
    if let Some(update) = &effects.booking {
        ledger::apply(c, update, now).await?;
    }
    for message in &effects.messages {
        append(c, id, &current.identity, message, now).await?;
    }
    // Before the hand-over, which remembers how far the bot had answered.
    bookkeeping(c, &key, effects, now).await?;
    if let Some(handoff) = &effects.handoff {
        set_handoff(c, id, handoff, now).await?;
    }
    if effects.begins_anew {
        execute(c, "DELETE FROM sessions WHERE conversation_id=$1", params![key]).await?;
    }
    if let Some((session, was)) = &effects.session {
        save_session(c, &key, session, *was).await?;
    }
    for work in &effects.scheduled {
        jobs::schedule(c, work).await?;
    }
    let jobs: Vec<(NewJob, Timestamp)> = effects.jobs.iter().map(|job| (job.clone(), now)).collect();
    queue::insert_all(c, &jobs).await
}

async fn save_session(c: &Connection, key: &str, session: &Session, was: i64) -> StoreResult<()> {
    let current = "SELECT version FROM sessions WHERE conversation_id=$1";
    let current: i64 = scalar(c, current, params![key]).await?.unwrap_or(0);
    if current != was {
        return Err(StoreError::Version { current });
    }
    let sql = "INSERT INTO sessions(conversation_id, state, form, updated_at) VALUES($1,$2,$3,$4)
               ON CONFLICT(conversation_id) DO UPDATE SET state=excluded.state, form=excluded.form,
               updated_at=excluded.updated_at, version=sessions.version+1";
    let values = params![key, session.state.as_str(), to_json(&session.form)?, ms(session.updated_at)];
    execute(c, sql, values).await.map(|_| ())
}

async fn bookkeeping(c: &Connection, key: &str, effects: &Effects, now: Timestamp) -> StoreResult<()> {
    if effects.answered_seq.is_some() || effects.language.is_some() {
        let sql = "UPDATE conversations SET answered_seq=greatest(answered_seq, coalesce($2::bigint, 0)),
                   language=coalesce($3, language) WHERE id=$1";
        let language = effects.language.map(|language| language.as_str());
        execute(c, sql, params![key, effects.answered_seq, language]).await?;
    }
    if let Some(question) = &effects.question {
        let sql = "INSERT INTO questions(id, conversation_id, text, at) VALUES($1,$2,$3,$4)";
        execute(c, sql, params![QuestionId::new(now).to_string(), key, question, ms(now)]).await?;
        execute(c, "UPDATE conversations SET unanswered=true WHERE id=$1", params![key]).await?;
    }
    if let Some((engine, micros)) = &effects.usage {
        let sql = "INSERT INTO usage(conversation_id, engine, duration_us, at) VALUES($1,$2,$3,$4)";
        execute(c, sql, params![key, engine, micros, ms(now)]).await?;
    }
    Ok(())
}
