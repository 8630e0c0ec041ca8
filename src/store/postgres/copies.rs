//! Copies of what CRMs have, and what they told.

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::contacts::phone;
use super::queue;
use super::rows::{all, execute, json, ms, one, parsed_opt, text, time_of, to_json};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore};
use crate::domain::contact::Phone;
use crate::domain::copies::{Copied, Copies, HOOK};
use crate::domain::job::NewJob;
use crate::domain::store::StoreResult;

#[async_trait]
impl Copies for PostgresStore {
    async fn copied(&self, connection: &str, kind: &str, id: &str) -> StoreResult<Option<Copied>> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT id, phone, body, at FROM copies WHERE connection=$1 AND kind=$2 AND id=$3";
        one(&c, sql, params![connection, kind, id], read).await
    }

    async fn all_copied(
        &self,
        connection: &str,
        kind: &str,
        phone: Option<&Phone>,
        limit: u32,
    ) -> StoreResult<Vec<Copied>> {
        let c = self.sessions.connection().await?;
        let phone = phone.map(|phone| phone.as_str().to_owned());
        let sql = "SELECT id, phone, body, at FROM copies WHERE connection=$1 AND kind=$2
                   AND ($3::text IS NULL OR phone=$3) ORDER BY id LIMIT $4";
        all(&c, sql, params![connection, kind, phone, i64::from(limit)], read).await
    }

    async fn keep_copy(&self, connection: &str, kind: &str, copy: &Copied) -> StoreResult<bool> {
        let c = self.sessions.connection().await?;
        let newer = "ON CONFLICT(connection, kind, id) DO UPDATE SET phone=excluded.phone, body=excluded.body,
                     at=excluded.at WHERE excluded.at>=copies.at";
        keep(&c, connection, kind, copy, newer).await
    }

    async fn forget_copy(&self, connection: &str, kind: &str, id: &str) -> StoreResult<()> {
        let c = self.sessions.connection().await?;
        let sql = "DELETE FROM copies WHERE connection=$1 AND kind=$2 AND id=$3";
        execute(&c, sql, params![connection, kind, id]).await.map(|_| ())
    }

    async fn forget_copies(&self, kind: &str, before: Timestamp) -> StoreResult<u64> {
        let c = self.sessions.connection().await?;
        execute(&c, "DELETE FROM copies WHERE kind=$1 AND at<$2", params![kind, ms(before)]).await
    }

    async fn keep_hook(&self, connection: &str, hook: &Copied, jobs: &[NewJob], now: Timestamp) -> StoreResult<bool> {
        let jobs: Vec<(NewJob, Timestamp)> = jobs.iter().map(|job| (job.clone(), now)).collect();
        transaction!(self.sessions, c => {
            let is_new = keep(c, connection, HOOK, hook, "ON CONFLICT DO NOTHING").await?;
            if is_new {
                queue::insert_all(c, &jobs).await?;
            }
            Ok(is_new)
        })
    }
}

fn read(row: &Row) -> StoreResult<Copied> {
    Ok(Copied {
        id: text(row, "id")?,
        phone: parsed_opt(row, "phone", phone)?,
        body: json(row, "body")?,
        at: time_of(row, "at")?,
    })
}

async fn keep(c: &Connection, connection: &str, kind: &str, copy: &Copied, conflict: &str) -> StoreResult<bool> {
    let sql = format!("INSERT INTO copies(connection, kind, id, phone, body, at) VALUES($1,$2,$3,$4,$5,$6) {conflict}");
    let phone = copy.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let kept = execute(c, &sql, params![connection, kind, copy.id, phone, to_json(&copy.body)?, ms(copy.at)]).await?;
    Ok(kept > 0)
}
