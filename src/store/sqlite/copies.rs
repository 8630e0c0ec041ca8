//! Copies of what CRMs have, and what they told.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::conversations::phone;
use super::queue;
use super::rows::{all, execute, json, ms, one, parsed_opt, text, time_of, to_json};
use crate::domain::contact::Phone;
use crate::domain::copies::{Copied, Copies, HOOK};
use crate::domain::job::NewJob;
use crate::domain::store::StoreResult;

#[async_trait]
impl Copies for SqliteStore {
    async fn copied(&self, connection: &str, kind: &str, id: &str) -> StoreResult<Option<Copied>> {
        let (connection, kind, id) = (connection.to_owned(), kind.to_owned(), id.to_owned());
        self.read(move |c| {
            let sql = "SELECT id, phone, body, at FROM copies WHERE connection=?1 AND kind=?2 AND id=?3";
            one(c, sql, params![connection, kind, id], read)
        })
        .await
    }

    async fn all_copied(
        &self,
        connection: &str,
        kind: &str,
        phone: Option<&Phone>,
        limit: u32,
    ) -> StoreResult<Vec<Copied>> {
        let (connection, kind) = (connection.to_owned(), kind.to_owned());
        let phone = phone.map(|phone| phone.as_str().to_owned());
        self.read(move |c| {
            let sql =
                "SELECT id, phone, body, at FROM copies WHERE connection=?1 AND kind=?2 AND (?3 IS NULL OR phone=?3)
                       ORDER BY id LIMIT ?4";
            all(c, sql, params![connection, kind, phone, limit], read)
        })
        .await
    }

    async fn keep_copy(&self, connection: &str, kind: &str, copy: &Copied) -> StoreResult<bool> {
        let (connection, kind, copy) = (connection.to_owned(), kind.to_owned(), copy.clone());
        self.write(move |c| {
            let newer = "ON CONFLICT(connection, kind, id) DO UPDATE SET phone=excluded.phone, body=excluded.body,
                         at=excluded.at WHERE excluded.at>=copies.at";
            keep(c, &connection, &kind, &copy, newer)
        })
        .await
    }

    async fn forget_copy(&self, connection: &str, kind: &str, id: &str) -> StoreResult<()> {
        let (connection, kind, id) = (connection.to_owned(), kind.to_owned(), id.to_owned());
        self.write(move |c| {
            let sql = "DELETE FROM copies WHERE connection=?1 AND kind=?2 AND id=?3";
            execute(c, sql, params![connection, kind, id]).map(|_| ())
        })
        .await
    }

    async fn forget_copies(&self, kind: &str, before: Timestamp) -> StoreResult<u64> {
        let kind = kind.to_owned();
        self.write(move |c| {
            let gone = execute(c, "DELETE FROM copies WHERE kind=?1 AND at<?2", params![kind, ms(before)])?;
            Ok(u64::try_from(gone).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn keep_hook(&self, connection: &str, hook: &Copied, jobs: &[NewJob], now: Timestamp) -> StoreResult<bool> {
        let (connection, hook, jobs) = (connection.to_owned(), hook.clone(), jobs.to_vec());
        self.write(move |c| {
            let is_new = keep(c, &connection, HOOK, &hook, "ON CONFLICT DO NOTHING")?;
            for job in jobs.iter().filter(|_| is_new) {
                queue::insert(c, job, now)?;
            }
            Ok(is_new)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> StoreResult<Copied> {
    Ok(Copied {
        id: text(row, "id")?,
        phone: parsed_opt(row, "phone", phone)?,
        body: json(row, "body")?,
        at: time_of(row, "at")?,
    })
}

fn keep(c: &Connection, connection: &str, kind: &str, copy: &Copied, conflict: &str) -> StoreResult<bool> {
    let sql = format!("INSERT INTO copies(connection, kind, id, phone, body, at) VALUES(?1,?2,?3,?4,?5,?6) {conflict}");
    let phone = copy.phone.as_ref().map(Phone::as_str);
    let kept = execute(c, &sql, params![connection, kind, copy.id, phone, to_json(&copy.body)?, ms(copy.at)])?;
    Ok(kept > 0)
}
