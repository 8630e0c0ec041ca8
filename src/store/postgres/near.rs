//! Copies of what dialogues remember, near at hand. A turn names the copy that it has in the statement which reads the
//! dialogue: the server hashes what it holds, and gives it only when the copy is another.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use super::Connection;
use super::rows::{int, json_opt, one, parsed, time_of};
use super::values::params;
use crate::domain::conversation::{DialogState, Session};
use crate::domain::sharing::SessionCopies;
use crate::domain::signing::hex;
use crate::domain::store::{StoreError, StoreResult};

/// A copy stays no longer than this, also that of somebody who was erased while the place was away.
const LIFE: Duration = Duration::from_secs(3600);

/// Where copies lie, and for how long.
pub(super) struct Near {
    place: Arc<dyn SessionCopies>,
    life: Duration,
}

impl Near {
    pub(super) fn new(place: Arc<dyn SessionCopies>, life: Duration) -> Self {
        Self { place, life: life.min(LIFE) }
    }

    pub(super) async fn keep(&self, conversation: &str, session: &Session) {
        let mut copy = String::new();
        document(&session.form, &mut copy);
        self.place.keep(&key(conversation), &copy, self.life).await;
    }

    /// Removes copies of what is gone.
    pub(super) async fn forget(&self, conversations: &[String]) {
        let keys: Vec<String> = conversations.iter().map(|id| key(id)).collect();
        if let Err(error) = self.place.forget(&keys).await {
            let minutes = self.life.as_secs().div_ceil(60);
            tracing::warn!(error, minutes, "Redis is away; copies of what was erased stay there until they run out");
        }
    }

    /// What the dialogue may remember, and the hash of that; what cannot be read is no copy.
    async fn copy(&self, conversation: &str) -> Option<(Json, String)> {
        let copy = self.place.copy(&key(conversation)).await?;
        let form = serde_json::from_str(&copy).ok()?;
        Some((form, hex(&Sha256::digest(copy))))
    }
}

fn key(conversation: &str) -> String {
    format!("flow:session:{conversation}")
}

/// What a dialogue remembers, with its version.
pub(super) async fn session(
    c: &Connection,
    conversation: &str,
    near: Option<&Near>,
) -> StoreResult<Option<(Session, i64)>> {
    let copy = match near {
        Some(near) => near.copy(conversation).await,
        None => None,
    };
    let has_copy = copy.is_some();
    let (form, hash) = copy.unzip();
    let sql = "SELECT state, updated_at, version, CASE WHEN $2::text IS NULL OR
               encode(sha256(convert_to(form::text, 'UTF8')), 'hex')<>$2 THEN form END AS form
               FROM sessions WHERE conversation_id=$1";
    let read = |row: &Row| {
        let stored: Option<Json> = json_opt(row, "form")?;
        let at = (parsed(row, "state", DialogState::parse)?, time_of(row, "updated_at")?);
        Ok((stored, at, int(row, "version")?))
    };
    let found = one(c, sql, params![conversation, hash], read).await?;
    if near.is_some() {
        count(has_copy, found.as_ref().map(|(stored, ..)| stored.is_none()));
    }
    let Some((stored, (state, updated_at), version)) = found else { return Ok(None) };
    let form = stored.or(form).ok_or(StoreError::NotFound("session"))?;
    Ok(Some((Session { state, form, updated_at }, version)))
}

fn count(has_copy: bool, is_same: Option<bool>) {
    let outcome = match (has_copy, is_same) {
        (true, Some(true)) => "used",
        (true, _) => "stale",
        (false, Some(_)) => "missing",
        // There is nothing to copy yet.
        (false, None) => return,
    };
    metrics::counter!("flow_session_copies_total", "outcome" => outcome).increment(1);
}

/// A document as the server writes a `jsonb`. Where it writes something else, no copy is ever the same, and none is used.
fn document(value: &Json, out: &mut String) {
    match value {
        Json::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                document(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| (name.len(), name.as_bytes()));
            out.push('{');
            for (number, (name, member)) in members.into_iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                write!(out, "{}: ", Json::from(name.as_str())).ok();
                document(member, out);
            }
            out.push('}');
        }
        // Writing to a String cannot fail.
        plain => {
            write!(out, "{plain}").ok();
        }
    }
}
