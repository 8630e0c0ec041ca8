//! A dialogue's steps: everything one step changes is one transaction with the end of its job.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::conversations::{append, conversation, messages, read_message};
use super::handoffs::set_handoff;
use super::rows::{all, execute, int, json, ms, one, parsed, scalar, time_of, to_json};
use super::{SqliteStore, jobs, leads, ledger, queue};
use crate::domain::booking::BookingState;
use crate::domain::contact::Phone;
use crate::domain::conversation::{DialogState, Session, Unanswered};
use crate::domain::id::{ConversationId, QuestionId};
use crate::domain::job::Lease;
use crate::domain::store::{Effects, MessageRange, StoreError, StoreResult, TurnInput, Turns};

/// More unanswered messages than this are taken in several turns.
const NEW_AT_MOST: i64 = 50;

#[async_trait]
impl Turns for SqliteStore {
    async fn turn_input(&self, id: ConversationId, history: u32) -> StoreResult<TurnInput> {
        self.read(move |c| turn_input(c, id, history)).await
    }

    async fn unanswered_by(&self, id: ConversationId) -> StoreResult<Unanswered> {
        self.read(move |c| unanswered(c, id)).await
    }

    async fn commit_turn(
        &self,
        id: ConversationId,
        (lease, job): (&Lease, i64),
        effects: &Effects,
        now: Timestamp,
    ) -> StoreResult<()> {
        let (lease, effects) = (lease.clone(), effects.clone());
        self.write(move |c| {
            match &effects.given_up {
                None => queue::complete(c, &lease, job, now)?,
                Some(error) => queue::bury(c, &lease, job, error, None, now)?,
            }
            apply(c, id, &effects, now)
        })
        .await
    }
}

fn turn_input(c: &Connection, id: ConversationId, history: u32) -> StoreResult<TurnInput> {
    let conversation = conversation(c, id)?.ok_or(StoreError::NotFound("conversation"))?;
    let key = id.to_string();
    let answered: i64 = scalar(c, "SELECT answered_seq FROM conversations WHERE id=?1", [&key])?.unwrap_or(0);
    let new = all(
        c,
        "SELECT * FROM messages WHERE conversation_id=?1 AND seq>?2 AND role='customer' ORDER BY seq LIMIT ?3",
        params![key, answered, NEW_AT_MOST],
        read_message,
    )?;
    let before = new.first().map_or(i64::MAX, |message| message.seq);
    let history = messages(c, id, MessageRange::Before(before), history)?;
    let session = one(c, "SELECT * FROM sessions WHERE conversation_id=?1", [&key], |row| {
        let session = Session {
            state: parsed(row, "state", DialogState::parse)?,
            form: json(row, "form")?,
            updated_at: time_of(row, "updated_at")?,
        };
        Ok((session, int(row, "version")?))
    })?;
    let session_version = session.as_ref().map_or(0, |(_, version)| *version);
    let session = session.map(|(session, _)| session);
    Ok(TurnInput { conversation, session, session_version, new, history })
}

/// Reads neither the dialogue's form nor what messages hold: one of them may be damaged.
fn unanswered(c: &Connection, id: ConversationId) -> StoreResult<Unanswered> {
    let conversation = conversation(c, id)?.ok_or(StoreError::NotFound("conversation"))?;
    let new = all(
        c,
        "SELECT seq, id FROM messages WHERE conversation_id=?1 AND role='customer'
         AND seq>(SELECT answered_seq FROM conversations WHERE id=?1) ORDER BY seq LIMIT ?2",
        params![id.to_string(), NEW_AT_MOST + 1],
        |row| Ok((int(row, "seq")?, parsed(row, "id", |s| s.parse().ok())?)),
    )?;
    let taken = usize::try_from(NEW_AT_MOST).unwrap_or(usize::MAX);
    Ok(Unanswered { conversation, last: new.iter().take(taken).next_back().copied(), more: new.len() > taken })
}

fn apply(c: &Connection, id: ConversationId, effects: &Effects, now: Timestamp) -> StoreResult<()> {
    let key = id.to_string();
    let current = conversation(c, id)?.ok_or(StoreError::NotFound("conversation"))?;
    if effects.with_person.is_some_and(|was| was != current.is_with_person()) {
        return Err(StoreError::Version { current: current.version });
    }
    if effects.name.is_some() || effects.phone.is_some() {
        execute(
            c,
            "UPDATE contacts SET name=coalesce(?2, name), phone=coalesce(?3, phone) WHERE id=?1",
            params![current.contact.id.to_string(), effects.name, effects.phone.as_ref().map(Phone::as_str)],
        )?;
    }
    // The lead is made of what the contact is now.
    let mut current = match effects.name.is_some() || effects.phone.is_some() {
        true => conversation(c, id)?.ok_or(StoreError::NotFound("conversation"))?,
        false => current,
    };
    if let Some(draft) = &effects.lead
        && let Some(lead) = leads::from_dialogue(c, &current, draft, now)?
    {
        execute(c, "UPDATE conversations SET lead_id=?2 WHERE id=?1", params![key, lead.to_string()])?;
        current.lead_id = Some(lead);
    }
    if let Some((booking, new)) = &effects.hold {
        let mut new = new.clone();
        new.lead_id = new.lead_id.or(current.lead_id);
        ledger::reserve(c, *booking, &new, BookingState::Held, now)?;
    }
    if let Some(update) = &effects.booking {
        ledger::apply(c, update, now)?;
    }
    for message in &effects.messages {
        append(c, id, &current.identity, message, now)?;
    }
    // Before the hand-over, which remembers how far the bot had answered.
    bookkeeping(c, &key, effects, now)?;
    if let Some(handoff) = &effects.handoff {
        set_handoff(c, id, handoff, now)?;
    }
    if effects.begins_anew {
        execute(c, "DELETE FROM sessions WHERE conversation_id=?1", [&key])?;
    }
    if let Some((session, was)) = &effects.session {
        save_session(c, &key, session, *was)?;
    }
    effects.scheduled.iter().try_for_each(|work| jobs::schedule(c, work))?;
    effects.jobs.iter().try_for_each(|job| queue::insert(c, job, now))
}

fn save_session(c: &Connection, key: &str, session: &Session, was: i64) -> StoreResult<()> {
    let current: i64 = scalar(c, "SELECT version FROM sessions WHERE conversation_id=?1", [key])?.unwrap_or(0);
    if current != was {
        return Err(StoreError::Version { current });
    }
    execute(
        c,
        "INSERT INTO sessions(conversation_id, state, form, updated_at) VALUES(?1,?2,?3,?4)
         ON CONFLICT(conversation_id) DO UPDATE SET state=excluded.state, form=excluded.form,
         updated_at=excluded.updated_at, version=version+1",
        params![key, session.state.as_str(), to_json(&session.form)?, ms(session.updated_at)],
    )
    .map(|_| ())
}

fn bookkeeping(c: &Connection, key: &str, effects: &Effects, now: Timestamp) -> StoreResult<()> {
    if effects.answered_seq.is_some() || effects.language.is_some() {
        execute(
            c,
            "UPDATE conversations SET answered_seq=max(answered_seq, coalesce(?2, 0)), language=coalesce(?3, language)
             WHERE id=?1",
            params![key, effects.answered_seq, effects.language.map(|language| language.as_str())],
        )?;
    }
    if let Some(question) = &effects.question {
        execute(
            c,
            "INSERT INTO questions(id, conversation_id, text, at) VALUES(?1,?2,?3,?4)",
            params![QuestionId::new(now).to_string(), key, question, ms(now)],
        )?;
        execute(c, "UPDATE conversations SET unanswered=1 WHERE id=?1", [key])?;
    }
    if let Some((engine, micros)) = &effects.usage {
        execute(
            c,
            "INSERT INTO usage(conversation_id, engine, duration_us, at) VALUES(?1,?2,?3,?4)",
            params![key, engine, micros, ms(now)],
        )?;
    }
    Ok(())
}
