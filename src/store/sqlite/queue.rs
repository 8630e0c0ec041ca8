//! Jobs in lanes: strict order inside a lane, lanes side by side. `docs/adr/0004-lanes.md`.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::rows::{all, execute, int, ms, one, scalar, text, time, time_of};
use crate::domain::job::{Claimed, Lease, NewJob, Outcome, Work};
use crate::domain::store::{Queue, QueueStats, StoreError, StoreResult};

#[async_trait]
impl Queue for SqliteStore {
    async fn claim(&self, limit: u32, lease_until: Timestamp, now: Timestamp) -> StoreResult<Vec<Claimed>> {
        // A look with a reader is free; the writer is only asked when there is something to take.
        if self.readers.is_some() {
            let due = "SELECT 1 FROM lanes WHERE lease_until IS NULL AND ready_at<=?1 LIMIT 1";
            if self.read(move |c| scalar::<i64>(c, due, [ms(now)])).await?.is_none() {
                return Ok(Vec::new());
            }
        }
        self.write(move |c| claim(c, limit, lease_until, now)).await
    }

    async fn heartbeat(&self, lease: &Lease, until: Timestamp) -> StoreResult<()> {
        let lease = lease.clone();
        self.write(move |c| {
            let sql = "UPDATE lanes SET lease_until=?3 WHERE lane=?1 AND lease_token=?2";
            owned(execute(c, sql, params![lease.lane, lease.token, ms(until)])?)
        })
        .await
    }

    async fn finish(&self, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()> {
        let (lease, outcome) = (lease.clone(), outcome.clone());
        self.write(move |c| finish(c, &lease, job, &outcome, now)).await
    }

    async fn enqueue(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<()> {
        let jobs = jobs.to_vec();
        self.write(move |c| jobs.iter().try_for_each(|job| insert(c, job, now))).await
    }

    async fn reap(&self, now: Timestamp) -> StoreResult<u64> {
        let stale = "SELECT 1 FROM lanes WHERE lease_until<?1 LIMIT 1";
        if self.read(move |c| scalar::<i64>(c, stale, [ms(now)])).await?.is_none() {
            return Ok(0);
        }
        self.write(move |c| {
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lease_until<?1";
            Ok(execute(c, sql, [ms(now)])? as u64)
        })
        .await
    }

    async fn next_ready(&self) -> StoreResult<Option<Timestamp>> {
        self.read(|c| {
            let sql = "SELECT min(ready_at) FROM lanes WHERE lease_until IS NULL AND ready_at IS NOT NULL";
            scalar::<Option<i64>>(c, sql, [])?.flatten().map(time).transpose()
        })
        .await
    }

    async fn queue_stats(&self) -> StoreResult<QueueStats> {
        self.read(|c| {
            let count = |sql: &str| Ok::<_, StoreError>(scalar::<i64>(c, sql, [])?.unwrap_or(0).unsigned_abs());
            Ok(QueueStats {
                pending: count("SELECT coalesce(sum(pending), 0) FROM lanes")?,
                dead: count("SELECT count(*) FROM jobs WHERE state=2")?,
                oldest: scalar::<i64>(c, "SELECT created_at FROM jobs WHERE state=0 ORDER BY id LIMIT 1", [])?
                    .map(time)
                    .transpose()?,
            })
        })
        .await
    }
}

pub(super) fn insert(c: &Connection, job: &NewJob, now: Timestamp) -> StoreResult<()> {
    let payload = serde_json::to_string(&job.work).map_err(|error| StoreError::Other(error.to_string()))?;
    execute(
        c,
        "INSERT INTO lanes(lane, pending, ready_at) VALUES(?1,1,?2)
         ON CONFLICT(lane) DO UPDATE SET pending=pending+1, ready_at=coalesce(ready_at, excluded.ready_at)",
        params![job.lane, ms(job.ready_at)],
    )?;
    execute(
        c,
        "INSERT INTO jobs(lane, kind, payload, created_at) VALUES(?1,?2,?3,?4)",
        params![job.lane, job.work.name(), payload, ms(now)],
    )
    .map(|_| ())
}

fn claim(c: &Connection, limit: u32, lease_until: Timestamp, now: Timestamp) -> StoreResult<Vec<Claimed>> {
    let ready = "SELECT lane FROM lanes WHERE lease_until IS NULL AND ready_at<=?1 ORDER BY ready_at LIMIT ?2";
    let lanes = all(c, ready, params![ms(now), limit], |row| text(row, "lane"))?;
    let mut claimed = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let token = (rand::rng().next_u64() >> 1).cast_signed();
        let taken =
            "UPDATE lanes SET lease_until=?2, lease_token=?3, attempts=attempts+1 WHERE lane=?1 RETURNING attempts";
        let attempts: i64 = scalar(c, taken, params![lane, ms(lease_until), token])?.unwrap_or(1);
        let head = one(
            c,
            "SELECT id, payload, created_at FROM jobs WHERE lane=?1 AND state=0 ORDER BY id LIMIT 1",
            [&lane],
            |row| Ok((int(row, "id")?, text(row, "payload")?, time_of(row, "created_at")?)),
        )?;
        let Some((id, payload, created_at)) = head else {
            // A lane without jobs was left behind by damage; `db check` tells, nothing waits for it.
            let sql = "UPDATE lanes SET pending=0, ready_at=NULL, lease_until=NULL, lease_token=NULL WHERE lane=?1";
            execute(c, sql, [&lane])?;
            continue;
        };
        claimed.push(Claimed {
            id,
            lease: Lease { lane, token },
            work: serde_json::from_str::<Work>(&payload).map_err(|error| error.to_string()),
            attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
            created_at,
        });
    }
    Ok(claimed)
}

fn owned(changed: usize) -> StoreResult<()> {
    if changed == 1 { Ok(()) } else { Err(StoreError::LostLease) }
}

/// Fences first: whoever lost the lease changes nothing.
pub(super) fn complete(c: &Connection, lease: &Lease, job: i64, now: Timestamp) -> StoreResult<()> {
    advance(c, lease, now)?;
    execute(c, "DELETE FROM jobs WHERE id=?1", [job]).map(|_| ())
}

fn advance(c: &Connection, lease: &Lease, now: Timestamp) -> StoreResult<()> {
    owned(execute(
        c,
        "UPDATE lanes SET lease_until=NULL, lease_token=NULL, attempts=0, pending=pending-1,
         ready_at=CASE WHEN pending>1 THEN ?3 END WHERE lane=?1 AND lease_token=?2",
        params![lease.lane, lease.token, ms(now)],
    )?)?;
    execute(c, "DELETE FROM lanes WHERE lane=?1 AND pending<=0", [&lease.lane]).map(|_| ())
}

fn finish(c: &Connection, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()> {
    match outcome {
        Outcome::Done => complete(c, lease, job, now),
        Outcome::Retry { at, error } => {
            let sql =
                "UPDATE lanes SET lease_until=NULL, lease_token=NULL, ready_at=?3 WHERE lane=?1 AND lease_token=?2";
            owned(execute(c, sql, params![lease.lane, lease.token, ms(*at)])?)?;
            execute(c, "UPDATE jobs SET last_error=?2 WHERE id=?1", params![job, error]).map(|_| ())
        }
        Outcome::Dead { error } => {
            advance(c, lease, now)?;
            execute(c, "UPDATE jobs SET state=2, last_error=?2 WHERE id=?1", params![job, error]).map(|_| ())
        }
    }
}
