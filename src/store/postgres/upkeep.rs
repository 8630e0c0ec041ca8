//! Looking after the store: counts, damage, events.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;

use super::messages::{in_order, is_anything};
use super::rows::{all, at_length, execute, int, ms, one, scalar, text, time_of};
use super::sessions::{snapshot, transaction};
use super::values::params;
use super::{Connection, LATEST_SCHEMA, PostgresStore, activity, failure, looks, open};
use crate::domain::store::{Counts, Event, Finding, SchemaStatus, StoreError, StoreResult, Upkeep, WholeConversation};

#[async_trait]
impl Upkeep for PostgresStore {
    async fn ping(&self) -> StoreResult<()> {
        {
            let c = self.sessions.connection().await?;
            scalar::<i64>(&c, "SELECT count(*) FROM meta", &[]).await?;
        }
        if self.sessions.ailment().is_none() { Ok(()) } else { self.try_write().await }
    }

    async fn try_write(&self) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            // Larger than a page, so that a disk with a little room left over tells of it too.
            let sql =
                "INSERT INTO meta(key, value) VALUES('probe', $1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
            execute(c, sql, params!["x".repeat(8192)]).await?;
            execute(c, "DELETE FROM meta WHERE key='probe'", &[]).await.map(|_| ())
        })
    }

    async fn begin_service(&self) -> StoreResult<u64> {
        let freed = async {
            let c = self.sessions.connection().await?;
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lease_until IS NOT NULL";
            // Nor has anybody else a duty.
            execute(&c, "DELETE FROM duties", &[]).await?;
            execute(&c, sql, &[]).await
        };
        self.standing.serve(freed).await
    }

    async fn meta_secret(&self, name: &str) -> StoreResult<[u8; 32]> {
        let key = format!("secret:{name}");
        let mut fresh = [0; 32];
        rand::rng().fill_bytes(&mut fresh);
        let c = self.sessions.connection().await?;
        let sql = "INSERT INTO meta(key, value) VALUES($1, upper(encode($2, 'hex'))) ON CONFLICT(key) DO NOTHING";
        execute(&c, sql, params![key, fresh.to_vec()]).await?;
        scalar::<Vec<u8>>(&c, "SELECT decode(value, 'hex') FROM meta WHERE key=$1", params![key])
            .await?
            .and_then(|kept| kept.try_into().ok())
            .ok_or_else(|| StoreError::Damaged("a secret in the store is not 32 bytes long".to_owned()))
    }

    async fn schema(&self) -> StoreResult<SchemaStatus> {
        let c = self.sessions.connection().await?;
        Ok(SchemaStatus { current: open::schema_of(&c).await?.unwrap_or(0), latest: LATEST_SCHEMA })
    }

    async fn counts(&self) -> StoreResult<Counts> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT (SELECT count(*) FROM conversations) AS conversations,
                   (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM leads) AS leads,
                   (SELECT count(*) FROM bookings) AS bookings,
                   (SELECT count(*) FROM services WHERE NOT hidden) AS services,
                   (SELECT count(*) FROM employees WHERE NOT hidden) AS employees,
                   (SELECT count(*) FROM knowledge) AS knowledge,
                   (SELECT count(*) FROM tokens WHERE revoked_at IS NULL) AS tokens";
        let counts = one(&c, sql, &[], |row| {
            let count = |column| int(row, column).map(i64::unsigned_abs);
            Ok(Counts {
                conversations: count("conversations")?,
                messages: count("messages")?,
                leads: count("leads")?,
                bookings: count("bookings")?,
                services: count("services")?,
                employees: count("employees")?,
                knowledge: count("knowledge")?,
                tokens: count("tokens")?,
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        // One moment: what is written meanwhile is no damage.
        snapshot!(self.sessions, c => check(c).await)
    }

    async fn write_activity(&self, batch: Vec<WholeConversation>) -> StoreResult<()> {
        transaction!(self.sessions, c => activity::write(c, &batch).await)
    }

    async fn bookings_on(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT count(*) FROM bookings WHERE state='booked' AND start_at>=$1 AND start_at<$2";
        Ok(scalar::<i64>(&c, sql, params![ms(from), ms(to)]).await?.unwrap_or(0).unsigned_abs())
    }

    async fn events_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Event>> {
        if !is_anything(&self.sessions, "SELECT seq FROM events WHERE seq>$1 ORDER BY seq LIMIT 1", seq).await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT * FROM events WHERE seq>$1 ORDER BY seq LIMIT $2::bigint";
        let read = |row: &_| {
            let (kind, subject) = (text(row, "kind")?, text(row, "subject")?);
            Ok(Event { seq: int(row, "seq")?, kind, subject, at: time_of(row, "at")? })
        };
        in_order!(self.sessions, Vec::new(), c => all(c, sql, params![seq, limit], read).await)
    }
}

async fn check(c: &Connection) -> StoreResult<Vec<Finding>> {
    // A large store takes longer than anything else may.
    c.batch_execute("SET LOCAL statement_timeout='10min'").await.map_err(failure)?;
    at_length(looks::findings(c)).await
}
