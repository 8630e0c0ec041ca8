//! Idempotency keys of the HTTP API.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::rows::{execute, int_opt, json, ms, one, text, to_json};
use crate::domain::store::{Idempotency, IdempotencyKey, KnownKey, StoreError, StoreResult, StoredResponse};

#[async_trait]
impl Idempotency for SqliteStore {
    async fn known_key(&self, scope: &str) -> StoreResult<Option<KnownKey>> {
        let scope = scope.to_owned();
        self.read(move |c| {
            one(c, "SELECT * FROM idempotency WHERE scope=?1", [scope], |row| {
                let response = match int_opt(row, "status")? {
                    Some(status) => Some(StoredResponse {
                        status: u16::try_from(status).unwrap_or(500),
                        headers: json(row, "headers")?,
                        body: row.get::<_, Option<Vec<u8>>>("body").map_err(super::failure)?.unwrap_or_default(),
                    }),
                    None => None,
                };
                Ok(KnownKey { fingerprint: text(row, "fingerprint")?, effect: text(row, "effect")?, response })
            })
        })
        .await
    }

    async fn store_response(&self, key: &IdempotencyKey, response: &StoredResponse, now: Timestamp) -> StoreResult<()> {
        let (key, response) = (key.clone(), response.clone());
        self.write(move |c| {
            execute(
                c,
                "INSERT INTO idempotency(scope, fingerprint, effect, status, headers, body, created_at)
                 VALUES(?1,?2,'',?3,?4,?5,?6)
                 ON CONFLICT(scope) DO UPDATE SET status=excluded.status, headers=excluded.headers, body=excluded.body
                 WHERE fingerprint=excluded.fingerprint",
                params![
                    key.scope,
                    key.fingerprint,
                    response.status,
                    to_json(&response.headers)?,
                    response.body,
                    ms(now)
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn forget_keys(&self, before: Timestamp) -> StoreResult<u64> {
        self.write(move |c| Ok(execute(c, "DELETE FROM idempotency WHERE created_at<?1", [ms(before)])? as u64)).await
    }
}

/// Writes the key's row beside the effect; a row that is there means that somebody was first.
pub(super) fn claim(c: &Connection, key: &IdempotencyKey, effect: &str, now: Timestamp) -> StoreResult<()> {
    let sql = "INSERT INTO idempotency(scope, fingerprint, effect, created_at) VALUES(?1,?2,?3,?4)
               ON CONFLICT(scope) DO NOTHING";
    match execute(c, sql, params![key.scope, key.fingerprint, effect, ms(now)])? {
        1 => Ok(()),
        _ => Err(StoreError::KeyReused),
    }
}
