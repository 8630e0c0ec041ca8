//! Duties, budgets and credentials that daemons share.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

use super::SqliteStore;
use super::rows::{execute, int, ms, one, scalar, text};
use crate::domain::outbox::Pace;
use crate::domain::sharing::{Credential, Drawn, Sharing, drawn};
use crate::domain::store::{StoreError, StoreResult};

#[async_trait]
impl Sharing for SqliteStore {
    async fn hold_duty(&self, duty: &str, holder: &str, until: Timestamp, now: Timestamp) -> StoreResult<bool> {
        let (duty, holder) = (duty.to_owned(), holder.to_owned());
        self.write(move |c| {
            let sql = "INSERT INTO duties(name, holder, until) VALUES(?1,?2,?3)
                       ON CONFLICT(name) DO UPDATE SET holder=excluded.holder, until=excluded.until
                       WHERE holder=excluded.holder OR until<=?4";
            Ok(execute(c, sql, params![duty, holder, ms(until), ms(now)])? == 1)
        })
        .await
    }

    async fn drop_duty(&self, duty: &str, holder: &str) -> StoreResult<()> {
        let (duty, holder) = (duty.to_owned(), holder.to_owned());
        self.write(move |c| {
            execute(c, "DELETE FROM duties WHERE name=?1 AND holder=?2", params![duty, holder]).map(|_| ())
        })
        .await
    }

    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> StoreResult<Drawn> {
        let budget = budget.to_owned();
        self.write(move |c| {
            let whole_at = scalar::<i64>(c, "SELECT whole_at FROM budgets WHERE name=?1", [&budget])?;
            let (drawn, whole_at) = drawn(whole_at, pace, wanted, now);
            let sql = "INSERT INTO budgets(name, whole_at) VALUES(?1,?2)
                       ON CONFLICT(name) DO UPDATE SET whole_at=excluded.whole_at";
            execute(c, sql, params![budget, whole_at])?;
            Ok(drawn)
        })
        .await
    }

    async fn credential(&self, name: &str) -> StoreResult<Option<Credential>> {
        let name = name.to_owned();
        self.read(move |c| {
            one(c, "SELECT value, version FROM credentials WHERE name=?1", [name], |row| {
                Ok(Credential { value: text(row, "value")?, version: int(row, "version")? })
            })
        })
        .await
    }

    async fn save_credential(&self, name: &str, value: &str, was: i64, now: Timestamp) -> StoreResult<Credential> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |c| {
            let current = scalar::<i64>(c, "SELECT version FROM credentials WHERE name=?1", [&name])?.unwrap_or(0);
            if current != was {
                return Err(StoreError::Version { current });
            }
            let sql = "INSERT INTO credentials(name, value, version, updated_at) VALUES(?1,?2,?3,?4)
                       ON CONFLICT(name) DO UPDATE SET value=excluded.value, version=excluded.version,
                       updated_at=excluded.updated_at";
            execute(c, sql, params![name, value, was + 1, ms(now)])?;
            Ok(Credential { value, version: was + 1 })
        })
        .await
    }
}
