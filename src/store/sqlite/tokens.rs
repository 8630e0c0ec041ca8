//! API tokens: hashes only.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Row, params};

use super::SqliteStore;
use super::rows::{all, execute, json, ms, one, parsed, text, text_opt, time_of, time_opt, to_json};
use crate::domain::id::TokenId;
use crate::domain::store::{StoreError, StoreResult, Tokens};
use crate::domain::token::Token;

const MINUTE_MS: i64 = 60_000;

#[async_trait]
impl Tokens for SqliteStore {
    async fn create_token(&self, token: &Token, hash: &[u8; 32]) -> StoreResult<()> {
        let (token, hash) = (token.clone(), hash.to_vec());
        self.write(move |c| {
            execute(
                c,
                "INSERT INTO tokens(id, name, hash, scopes, created_at, expires_at) VALUES(?1,?2,?3,?4,?5,?6)",
                params![
                    token.id.to_string(),
                    token.name,
                    hash,
                    to_json(&token.scopes)?,
                    ms(token.created_at),
                    token.expires_at.map(ms)
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn token_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<Token>> {
        let hash = hash.to_vec();
        self.read(move |c| one(c, "SELECT * FROM tokens WHERE hash=?1", [hash], read_token)).await
    }

    async fn tokens(&self) -> StoreResult<Vec<Token>> {
        self.read(|c| all(c, "SELECT * FROM tokens ORDER BY created_at DESC, id DESC", [], read_token)).await
    }

    async fn revoke_token(&self, id: TokenId, now: Timestamp) -> StoreResult<Token> {
        self.write(move |c| {
            let sql = "UPDATE tokens SET revoked_at=coalesce(revoked_at, ?2) WHERE id=?1";
            execute(c, sql, params![id.to_string(), ms(now)])?;
            one(c, "SELECT * FROM tokens WHERE id=?1", [id.to_string()], read_token)?
                .ok_or(StoreError::NotFound("token"))
        })
        .await
    }

    async fn touch_token(&self, id: TokenId, ip: Option<&str>, now: Timestamp) -> StoreResult<()> {
        let ip = ip.map(str::to_owned);
        self.write(move |c| {
            execute(
                c,
                "UPDATE tokens SET last_used_at=?2, last_used_ip=?3
                 WHERE id=?1 AND (last_used_at IS NULL OR last_used_at <= ?4)",
                params![id.to_string(), ms(now), ip, ms(now) - MINUTE_MS],
            )
            .map(|_| ())
        })
        .await
    }
}

fn read_token(row: &Row<'_>) -> StoreResult<Token> {
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
