//! Idempotency keys of the HTTP API.

use async_trait::async_trait;
use jiff::Timestamp;

use super::rows::{execute, get, int_opt, json, ms, one, text, to_json};
use super::values::params;
use super::{Connection, PostgresStore};
use crate::domain::store::{Idempotency, IdempotencyKey, KnownKey, StoreError, StoreResult, StoredResponse};

#[async_trait]
impl Idempotency for PostgresStore {
    async fn known_key(&self, scope: &str) -> StoreResult<Option<KnownKey>> {
        let c = self.sessions.connection().await?;
        one(&c, "SELECT * FROM idempotency WHERE scope=$1", params![scope], |row| {
            let response = match int_opt(row, "status")? {
                Some(status) => Some(StoredResponse {
                    status: u16::try_from(status).unwrap_or(500),
                    headers: json(row, "headers")?,
                    body: get::<Option<Vec<u8>>>(row, "body")?.unwrap_or_default(),
                }),
                None => None,
            };
            Ok(KnownKey { fingerprint: text(row, "fingerprint")?, effect: text(row, "effect")?, response })
        })
        .await
    }

    async fn store_response(&self, key: &IdempotencyKey, response: &StoredResponse, now: Timestamp) -> StoreResult<()> {
        let c = self.sessions.connection().await?;
        let sql = "INSERT INTO idempotency(scope, fingerprint, effect, status, headers, body, created_at)
                   VALUES($1,$2,'',$3,$4,$5,$6)
                   ON CONFLICT(scope) DO UPDATE SET status=excluded.status, headers=excluded.headers, body=excluded.body
                   WHERE idempotency.fingerprint=excluded.fingerprint";
        let headers = to_json(&response.headers)?;
        let values = params![key.scope, key.fingerprint, response.status, headers, response.body, ms(now)];
        execute(&c, sql, values).await.map(|_| ())
    }

    async fn forget_keys(&self, before: Timestamp) -> StoreResult<u64> {
        let c = self.sessions.connection().await?;
        execute(&c, "DELETE FROM idempotency WHERE created_at<$1", params![ms(before)]).await
    }
}

/// Writes the key's row beside the effect; a row that is there means that somebody was first.
pub(super) async fn claim(c: &Connection, key: &IdempotencyKey, effect: &str, now: Timestamp) -> StoreResult<()> {
    claim_all(c, &[(key, effect.to_owned(), now)]).await
}

/// As [`claim`], for several effects: all of them or none.
pub(super) async fn claim_all(c: &Connection, keys: &[(&IdempotencyKey, String, Timestamp)]) -> StoreResult<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO idempotency(scope, fingerprint, effect, created_at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
               AS i(scope, fingerprint, effect, at) ORDER BY scope ON CONFLICT(scope) DO NOTHING";
    let values = params![
        keys.iter().map(|(key, ..)| key.scope.clone()).collect::<Vec<_>>(),
        keys.iter().map(|(key, ..)| key.fingerprint.clone()).collect::<Vec<_>>(),
        keys.iter().map(|(_, effect, _)| effect.clone()).collect::<Vec<_>>(),
        keys.iter().map(|(.., now)| ms(*now)).collect::<Vec<_>>()
    ];
    let written = execute(c, sql, values).await?;
    if usize::try_from(written) == Ok(keys.len()) { Ok(()) } else { Err(StoreError::KeyReused) }
}
