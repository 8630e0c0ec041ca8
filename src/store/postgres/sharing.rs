//! Duties, budgets and credentials that daemons share.

use async_trait::async_trait;
use jiff::Timestamp;

use super::PostgresStore;
use super::rows::{execute, int, ms, one, scalar, text};
use super::sessions::transaction;
use super::values::params;
use crate::domain::outbox::Pace;
use crate::domain::sharing::{Credential, Drawn, Sharing, drawn};
use crate::domain::store::{StoreError, StoreResult};

#[async_trait]
impl Sharing for PostgresStore {
    async fn hold_duty(&self, duty: &str, holder: &str, until: Timestamp, now: Timestamp) -> StoreResult<bool> {
        let c = self.sessions.connection().await?;
        let sql = "INSERT INTO duties(name, holder, until) VALUES($1,$2,$3)
                   ON CONFLICT(name) DO UPDATE SET holder=excluded.holder, until=excluded.until
                   WHERE duties.holder=excluded.holder OR duties.until<=$4";
        Ok(execute(&c, sql, params![duty, holder, ms(until), ms(now)]).await? == 1)
    }

    async fn drop_duty(&self, duty: &str, holder: &str) -> StoreResult<()> {
        let c = self.sessions.connection().await?;
        execute(&c, "DELETE FROM duties WHERE name=$1 AND holder=$2", params![duty, holder]).await.map(|_| ())
    }

    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> StoreResult<Drawn> {
        transaction!(self.sessions, c => {
            // The row exists and is ours before it is looked at.
            let first = "INSERT INTO budgets(name, whole_at) VALUES($1, 0) ON CONFLICT(name) DO NOTHING";
            execute(c, first, params![budget]).await?;
            let held = "SELECT whole_at FROM budgets WHERE name=$1 FOR UPDATE";
            let whole_at = scalar::<i64>(c, held, params![budget]).await?;
            let (drawn, whole_at) = drawn(whole_at, pace, wanted, now);
            execute(c, "UPDATE budgets SET whole_at=$2 WHERE name=$1", params![budget, whole_at]).await?;
            Ok(drawn)
        })
    }

    async fn credential(&self, name: &str) -> StoreResult<Option<Credential>> {
        let c = self.sessions.connection().await?;
        one(&c, "SELECT value, version FROM credentials WHERE name=$1", params![name], |row| {
            Ok(Credential { value: text(row, "value")?, version: int(row, "version")? })
        })
        .await
    }

    async fn save_credential(&self, name: &str, value: &str, was: i64, now: Timestamp) -> StoreResult<Credential> {
        let c = self.sessions.connection().await?;
        // One statement: of two at once the later sees what the earlier wrote.
        let sql = "INSERT INTO credentials(name, value, version, updated_at)
                   SELECT $1, $2, $3::bigint+1, $4::bigint WHERE $3=0 OR EXISTS (SELECT 1 FROM credentials WHERE name=$1)
                   ON CONFLICT(name) DO UPDATE SET value=excluded.value, version=excluded.version,
                   updated_at=excluded.updated_at WHERE credentials.version=$3";
        if execute(&c, sql, params![name, value, was, ms(now)]).await? == 1 {
            return Ok(Credential { value: value.to_owned(), version: was + 1 });
        }
        let current = "SELECT version FROM credentials WHERE name=$1";
        let current = scalar::<i64>(&c, current, params![name]).await?.unwrap_or(0);
        Err(StoreError::Version { current })
    }
}
