//! Looking after the store: counts, damage, events.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;
use rusqlite::{Connection, params};

use super::rows::{all, execute, int, ms, scalar, text, time_of};
use super::{LATEST_SCHEMA, SqliteStore, activity, looks, open};
use crate::domain::store::{Counts, Event, Finding, SchemaStatus, StoreError, StoreResult, Upkeep, WholeConversation};

#[async_trait]
impl Upkeep for SqliteStore {
    async fn ping(&self) -> StoreResult<()> {
        self.read(|c| scalar::<i64>(c, "SELECT count(*) FROM meta", []).map(|_| ())).await?;
        if self.writer.ailment().is_none() { Ok(()) } else { self.try_write().await }
    }

    async fn try_write(&self) -> StoreResult<()> {
        self.write(|c| {
            // Larger than a page, so that a disk with a little room left over tells of it too.
            let sql =
                "INSERT INTO meta(key, value) VALUES('probe', ?1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
            execute(c, sql, ["x".repeat(8192)])?;
            execute(c, "DELETE FROM meta WHERE key='probe'", []).map(|_| ())
        })
        .await
    }

    async fn begin_service(&self) -> StoreResult<u64> {
        if !self.is_only_daemon()? {
            return Ok(0);
        }
        self.write(|c| {
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lease_until IS NOT NULL";
            // Nor has anybody else a duty.
            execute(c, "DELETE FROM duties", [])?;
            Ok(execute(c, sql, [])? as u64)
        })
        .await
    }

    async fn meta_secret(&self, name: &str) -> StoreResult<[u8; 32]> {
        let key = format!("secret:{name}");
        self.write(move |c| {
            let mut fresh = [0; 32];
            rand::rng().fill_bytes(&mut fresh);
            let sql = "INSERT INTO meta(key, value) VALUES(?1, hex(?2)) ON CONFLICT(key) DO NOTHING";
            execute(c, sql, params![key, fresh])?;
            scalar::<Vec<u8>>(c, "SELECT unhex(value) FROM meta WHERE key=?1", [key])?
                .and_then(|kept| kept.try_into().ok())
                .ok_or_else(|| StoreError::Damaged("a secret in the store is not 32 bytes long".to_owned()))
        })
        .await
    }

    async fn schema(&self) -> StoreResult<SchemaStatus> {
        self.read(|c| Ok(SchemaStatus { current: open::schema_of(c)?.unwrap_or(0), latest: LATEST_SCHEMA })).await
    }

    async fn counts(&self) -> StoreResult<Counts> {
        self.read(|c| {
            let count = |sql: &str| scalar::<i64>(c, sql, []).map(|n| n.unwrap_or(0).unsigned_abs());
            Ok(Counts {
                conversations: count("SELECT count(*) FROM conversations")?,
                messages: count("SELECT count(*) FROM messages")?,
                leads: count("SELECT count(*) FROM leads")?,
                bookings: count("SELECT count(*) FROM bookings")?,
                services: count("SELECT count(*) FROM services WHERE hidden=0")?,
                employees: count("SELECT count(*) FROM employees WHERE hidden=0")?,
                knowledge: count("SELECT count(*) FROM knowledge")?,
                tokens: count("SELECT count(*) FROM tokens WHERE revoked_at IS NULL")?,
            })
        })
        .await
    }

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        self.read(check).await
    }

    async fn write_activity(&self, batch: Vec<WholeConversation>) -> StoreResult<()> {
        self.write(move |c| activity::write(c, &batch)).await
    }

    async fn bookings_on(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        self.read(move |c| {
            let sql = "SELECT count(*) FROM bookings WHERE state='booked' AND start_at>=?1 AND start_at<?2";
            Ok(scalar::<i64>(c, sql, params![ms(from), ms(to)])?.unwrap_or(0).unsigned_abs())
        })
        .await
    }

    async fn events_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Event>> {
        self.read(move |c| {
            all(c, "SELECT * FROM events WHERE seq>?1 ORDER BY seq LIMIT ?2", params![seq, limit], |row| {
                Ok(Event {
                    seq: int(row, "seq")?,
                    kind: text(row, "kind")?,
                    subject: text(row, "subject")?,
                    at: time_of(row, "at")?,
                })
            })
        })
        .await
    }
}

fn check(c: &Connection) -> StoreResult<Vec<Finding>> {
    let mut findings: Vec<Finding> = file_damage(c)?
        .into_iter()
        .map(|detail| Finding {
            check: "file".to_owned(),
            detail,
            hint: "stop the daemon and restore the store from a backup".to_owned(),
        })
        .collect();
    let damaged = !findings.is_empty();
    // In a damaged file a look may fail; what the others find is still worth telling.
    let told = |found: StoreResult<i64>| match found {
        Err(StoreError::Damaged(_)) if damaged => Ok(0),
        other => other,
    };
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    let broken = told(scalar(c, broken, []).map(|count| count.unwrap_or(0)))?;
    if broken > 0 {
        findings.push(Finding {
            check: "references".to_owned(),
            detail: format!("{broken} rows refer to rows that are gone"),
            hint: "restore the store from a backup".to_owned(),
        });
    }
    findings.extend(looks::findings(c, |found| match found {
        Err(StoreError::Damaged(_)) if damaged => Ok(Vec::new()),
        other => other,
    })?);
    Ok(findings)
}

/// What SQLite itself says of the file; empty when it is sound.
fn file_damage(c: &Connection) -> StoreResult<Vec<String>> {
    // A connection that has searched before remembers where the full text lay then: opening it anew lets it forget.
    for open in [
        "SELECT count(*) FROM messages_index WHERE messages_index MATCH '\"\"'",
        "SELECT count(*) FROM knowledge_index WHERE knowledge_index MATCH '\"\"'",
    ] {
        // What is wrong there is told below.
        drop(scalar::<i64>(c, open, []));
    }
    let lines = all(c, "PRAGMA integrity_check(20)", [], |row| row.get::<_, String>(0).map_err(super::failure));
    match lines {
        Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
        Err(StoreError::Damaged(detail)) => Ok(vec![detail]),
        Err(other) => Err(other),
    }
}
