//! API tokens: hashes only. Every request asks for one, so what was read is kept for a moment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Row, params};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::rows::{all, execute, json, ms, one, parsed, text, text_opt, time_of, time_opt, to_json};
use super::{SqliteStore, failure};
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

impl SqliteStore {
    /// All tokens, when they are few. Whoever comes while they are read waits for the same read.
    async fn few_tokens(&self) -> StoreResult<Few> {
        let mut kept = self.tokens.0.lock().await;
        let now = Instant::now();
        if let Some((read_at, few)) = &*kept
            && now.duration_since(*read_at) < FRESH
        {
            return Ok(few.clone());
        }
        let sql = "SELECT * FROM tokens ORDER BY created_at DESC, id DESC LIMIT ?1";
        let hashed = |row: &Row<'_>| Ok((row.get("hash").map_err(failure)?, read_token(row)?));
        let rows: Vec<Hashed> = self.read(move |c| all(c, sql, [FEW + 1], hashed)).await?;
        let few: Few = (rows.len() <= usize::from(FEW)).then(|| rows.into());
        *kept = Some((now, few.clone()));
        Ok(few)
    }
}

#[async_trait]
impl Tokens for SqliteStore {
    async fn create_token(&self, token: &Token, hash: &[u8; 32]) -> StoreResult<()> {
        let (token, hash) = (token.clone(), hash.to_vec());
        let made = self.write(move |c| {
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
        });
        let outcome = made.await;
        self.tokens.forget().await;
        outcome
    }

    async fn token_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<Token>> {
        if let Some(few) = self.few_tokens().await? {
            return Ok(few.iter().find(|(known, _)| known == hash).map(|(_, token)| token.clone()));
        }
        let hash = hash.to_vec();
        self.read(move |c| one(c, "SELECT * FROM tokens WHERE hash=?1", [hash], read_token)).await
    }

    async fn tokens(&self) -> StoreResult<Vec<Token>> {
        if let Some(few) = self.few_tokens().await? {
            return Ok(few.iter().map(|(_, token)| token.clone()).collect());
        }
        self.read(|c| all(c, "SELECT * FROM tokens ORDER BY created_at DESC, id DESC", [], read_token)).await
    }

    async fn revoke_token(&self, id: TokenId, now: Timestamp) -> StoreResult<Token> {
        let revoked = self.write(move |c| {
            let sql = "UPDATE tokens SET revoked_at=coalesce(revoked_at, ?2) WHERE id=?1";
            execute(c, sql, params![id.to_string(), ms(now)])?;
            one(c, "SELECT * FROM tokens WHERE id=?1", [id.to_string()], read_token)?
                .ok_or(StoreError::NotFound("token"))
        });
        let outcome = revoked.await;
        self.tokens.forget().await;
        outcome
    }

    async fn touch_token(&self, id: TokenId, ip: Option<&str>, now: Timestamp) -> StoreResult<()> {
        let ip = ip.map(str::to_owned);
        let noted = self.write(move |c| {
            execute(
                c,
                "UPDATE tokens SET last_used_at=?2, last_used_ip=?3
                 WHERE id=?1 AND (last_used_at IS NULL OR last_used_at <= ?4)",
                params![id.to_string(), ms(now), ip, ms(now) - MINUTE_MS],
            )
            .map(|_| ())
        });
        let outcome = noted.await;
        self.tokens.forget().await;
        outcome
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::Scope;

    fn token(n: u16) -> (Token, [u8; 32]) {
        let now = Timestamp::from_second(1_780_000_000 + i64::from(n)).unwrap();
        let token = Token {
            id: TokenId::new(now),
            name: n.to_string(),
            scopes: vec![Scope::Admin],
            created_at: now,
            expires_at: None,
            last_used_at: None,
            last_used_ip: None,
            revoked_at: None,
        };
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&n.to_be_bytes());
        (token, hash)
    }

    #[tokio::test(start_paused = true)]
    async fn a_revocation_holds_at_once_here_and_a_moment_later_in_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flow.db");
        let (here, there) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
        let (made, hash) = token(1);
        here.create_token(&made, &hash).await.unwrap();
        for store in [&here, &there] {
            assert_eq!(store.token_by_hash(&hash).await, Ok(Some(made.clone())));
        }
        let revoked = here.revoke_token(made.id, made.created_at).await.unwrap();
        assert_eq!(here.token_by_hash(&hash).await, Ok(Some(revoked.clone())));
        tokio::time::advance(FRESH).await;
        assert_eq!(there.token_by_hash(&hash).await, Ok(Some(revoked)));
    }

    #[tokio::test]
    async fn many_tokens_are_found_as_few_are() {
        let store = SqliteStore::in_memory().unwrap();
        let most = FEW + 1;
        for n in 1..=most {
            let (made, hash) = token(n);
            store.create_token(&made, &hash).await.unwrap();
            assert_eq!(store.token_by_hash(&hash).await, Ok(Some(made)));
        }
        assert_eq!(store.token_by_hash(&token(0).1).await, Ok(None));
        assert_eq!(store.tokens().await.map(|tokens| tokens.len()), Ok(usize::from(most)));
    }
}
