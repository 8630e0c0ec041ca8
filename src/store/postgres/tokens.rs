//! API tokens: hashes only. Every request asks for one, so what was read is kept for a moment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_postgres::Row;

use super::PostgresStore;
use super::rows::{all, execute, get, json, ms, one, parsed, text, text_opt, time_of, time_opt, to_json};
use super::values::params;
use crate::domain::id::TokenId;
use crate::domain::store::{StoreError, StoreResult, Tokens};
use crate::domain::token::Token;

const MINUTE_MS: i64 = 60_000;
/// How long what was read counts. Another process that revokes a token takes longer to end, so a revocation
/// holds at once; under load this is one read for dozens of requests.
const FRESH: Duration = Duration::from_millis(5);
/// More tokens than this are looked up one by one.
const FEW: u16 = 256;

/// A token and the hash it is found by.
type Hashed = (Vec<u8>, Token);

/// The tokens, newest first; nothing when they are many.
type Few = Option<Arc<[Hashed]>>;

/// The tokens as they were at a moment.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(Instant, Few)>>);

impl Kept {
    /// What was read has changed. Waits for a read that is under way: it may have come before the change.
    async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

impl PostgresStore {
    /// All tokens, when they are few. Whoever comes while they are read waits for the same read.
    async fn few_tokens(&self) -> StoreResult<Few> {
        let mut kept = self.tokens.0.lock().await;
        let now = Instant::now();
        if let Some((read_at, few)) = &*kept
            && now.duration_since(*read_at) < FRESH
        {
            return Ok(few.clone());
        }
        let sql = "SELECT * FROM tokens ORDER BY created_at DESC, id DESC LIMIT $1::bigint";
        let hashed = |row: &Row| Ok((get(row, "hash")?, read_token(row)?));
        let rows: Vec<Hashed> = all(&*self.sessions.connection().await?, sql, params![FEW + 1], hashed).await?;
        let few: Few = (rows.len() <= usize::from(FEW)).then(|| rows.into());
        *kept = Some((now, few.clone()));
        Ok(few)
    }
}

#[async_trait]
impl Tokens for PostgresStore {
    async fn create_token(&self, token: &Token, hash: &[u8; 32]) -> StoreResult<()> {
        let made = async {
            let c = self.sessions.connection().await?;
            let sql = "INSERT INTO tokens(id, name, hash, scopes, created_at, expires_at) VALUES($1,$2,$3,$4,$5,$6)";
            let values = params![
                token.id.to_string(),
                token.name,
                hash.to_vec(),
                to_json(&token.scopes)?,
                ms(token.created_at),
                token.expires_at.map(ms)
            ];
            execute(&c, sql, values).await.map(|_| ())
        };
        let outcome = made.await;
        self.tokens.forget().await;
        outcome
    }

    async fn token_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<Token>> {
        if let Some(few) = self.few_tokens().await? {
            return Ok(few.iter().find(|(known, _)| known == hash).map(|(_, token)| token.clone()));
        }
        let c = self.sessions.connection().await?;
        one(&c, "SELECT * FROM tokens WHERE hash=$1", params![hash.to_vec()], read_token).await
    }

    async fn tokens(&self) -> StoreResult<Vec<Token>> {
        if let Some(few) = self.few_tokens().await? {
            return Ok(few.iter().map(|(_, token)| token.clone()).collect());
        }
        let c = self.sessions.connection().await?;
        all(&c, "SELECT * FROM tokens ORDER BY created_at DESC, id DESC", &[], read_token).await
    }

    async fn revoke_token(&self, id: TokenId, now: Timestamp) -> StoreResult<Token> {
        let revoked = async {
            let c = self.sessions.connection().await?;
            let sql = "UPDATE tokens SET revoked_at=coalesce(revoked_at, $2) WHERE id=$1 RETURNING *";
            let revoked = one(&c, sql, params![id.to_string(), ms(now)], read_token).await?;
            revoked.ok_or(StoreError::NotFound("token"))
        };
        let outcome = revoked.await;
        self.tokens.forget().await;
        outcome
    }

    async fn touch_token(&self, id: TokenId, ip: Option<&str>, now: Timestamp) -> StoreResult<()> {
        let noted = async {
            let c = self.sessions.connection().await?;
            let sql = "UPDATE tokens SET last_used_at=$2, last_used_ip=$3
                       WHERE id=$1 AND (last_used_at IS NULL OR last_used_at <= $4)";
            execute(&c, sql, params![id.to_string(), ms(now), ip, ms(now) - MINUTE_MS]).await.map(|_| ())
        };
        let outcome = noted.await;
        self.tokens.forget().await;
        outcome
    }
}

fn read_token(row: &Row) -> StoreResult<Token> {
    Ok(Token {
        id: parsed(row, "id", |s| s.parse().ok())?,
        name: text(row, "name")?,
        scopes: json(row, "scopes")?,
        created_at: time_of(row, "created_at")?,
        expires_at: time_opt(row, "expires_at")?,
        last_used_at: time_opt(row, "last_used_at")?,
        last_used_ip: text_opt(row, "last_used_ip")?,
        revoked_at: time_opt(row, "revoked_at")?,
    })
}
