//! Jobs in lanes: strict order inside a lane, lanes side by side. `docs/adr/0004-lanes.md`.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::jobs;
use super::rows::{all, execute, int, ms, one, scalar, text, time, time_of, to_json};
use crate::domain::job::{
    Claimed, ClassStats, Job, JobFilter, Lease, NewJob, Outcome, Pool, Scheduled, Work, class_of,
};
use crate::domain::store::{Queue, QueueStats, StoreError, StoreResult};

#[async_trait]
impl Queue for SqliteStore {
    async fn claim(
        &self,
        pool: &Pool,
        limit: u32,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Vec<Claimed>> {
        let pool = pool.clone();
        // A look with a reader is free; the writer is only asked when there is something to take.
        if self.readers.is_some() {
            let looked = pool.clone();
            if self.read(move |c| ready(c, &looked, 1, now)).await?.is_empty() {
                return Ok(Vec::new());
            }
        }
        self.write(move |c| claim(c, &pool, limit, lease_until, now)).await
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

    async fn next_ready(&self, pool: &Pool) -> StoreResult<Option<Timestamp>> {
        let pool = pool.clone();
        self.read(move |c| {
            let (clause, class) = of(&pool);
            let sql = format!(
                "SELECT min(ready_at) FROM lanes WHERE lease_until IS NULL AND ready_at IS NOT NULL AND {clause}"
            );
            scalar::<Option<i64>>(c, &sql, [class])?.flatten().map(time).transpose()
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

    async fn class_stats(&self) -> StoreResult<Vec<ClassStats>> {
        self.read(jobs::class_stats).await
    }

    async fn schedule(&self, work: &[Scheduled]) -> StoreResult<()> {
        let work = work.to_vec();
        self.write(move |c| work.iter().try_for_each(|work| jobs::schedule(c, work))).await
    }

    async fn enter_due(&self, limit: u32, now: Timestamp) -> StoreResult<u64> {
        let due = "SELECT 1 FROM scheduled WHERE entered_at IS NULL AND due_at<=?1 LIMIT 1";
        if self.read(move |c| scalar::<i64>(c, due, [ms(now)])).await?.is_none() {
            return Ok(0);
        }
        self.write(move |c| jobs::enter_due(c, limit, now)).await
    }

    async fn sweep_queue(&self, entered_before: Timestamp, now: Timestamp) -> StoreResult<u64> {
        self.write(move |c| jobs::sweep(c, entered_before, now)).await
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> StoreResult<Vec<Job>> {
        let filter = filter.clone();
        self.read(move |c| jobs::list(c, &filter, limit)).await
    }

    async fn job(&self, id: &str) -> StoreResult<Option<Job>> {
        let id = id.to_owned();
        self.read(move |c| jobs::find(c, &id)).await
    }

    async fn retry_job(&self, id: &str, now: Timestamp) -> StoreResult<Job> {
        let id = id.to_owned();
        self.write(move |c| jobs::retry(c, &id, now)).await
    }

    async fn cancel_job(&self, id: &str, now: Timestamp) -> StoreResult<Job> {
        let id = id.to_owned();
        self.write(move |c| jobs::cancel(c, &id, now)).await
    }
}

/// The condition of a pool, with its one parameter.
fn of(pool: &Pool) -> (&'static str, &str) {
    match pool {
        Pool::Inside => ("class NOT LIKE ?1", "out:%"),
        Pool::Class(class) => ("class=?1", class),
    }
}

/// Lanes that may be taken, the longest ready first.
pub(super) fn ready(c: &Connection, pool: &Pool, limit: u32, now: Timestamp) -> StoreResult<Vec<String>> {
    let (clause, class) = of(pool);
    let sql = format!(
        "SELECT lane FROM lanes WHERE {clause} AND lease_until IS NULL AND ready_at<=?2 ORDER BY ready_at LIMIT ?3"
    );
    all(c, &sql, params![class, ms(now), limit], |row| text(row, "lane"))
}

/// Takes a lane; answers the right to it and how often its head was tried.
pub(super) fn take(c: &Connection, lane: String, lease_until: Timestamp) -> StoreResult<(Lease, i64)> {
    let token = (rand::rng().next_u64() >> 1).cast_signed();
    let sql = "UPDATE lanes SET lease_until=?2, lease_token=?3, attempts=attempts+1 WHERE lane=?1 RETURNING attempts";
    let attempts = scalar(c, sql, params![lane, ms(lease_until), token])?.unwrap_or(1);
    Ok((Lease { lane, token }, attempts))
}

/// The first job of a lane that waits: its number, its work as text, and when it was written.
pub(super) fn head(c: &Connection, lane: &str) -> StoreResult<Option<(i64, String, Timestamp)>> {
    let sql = "SELECT id, payload, created_at FROM jobs WHERE lane=?1 AND state=0 ORDER BY id LIMIT 1";
    let read = one(c, sql, [lane], |row| Ok((int(row, "id")?, text(row, "payload")?, time_of(row, "created_at")?)))?;
    if read.is_none() {
        // A lane without jobs was left behind by damage; `db check` tells, nothing waits for it.
        let sql = "UPDATE lanes SET pending=0, ready_at=NULL, lease_until=NULL, lease_token=NULL WHERE lane=?1";
        execute(c, sql, [lane])?;
    }
    Ok(read)
}

pub(super) fn insert(c: &Connection, job: &NewJob, now: Timestamp) -> StoreResult<()> {
    let payload = to_json(&job.work)?;
    enter(c, &job.lane, 1, job.ready_at)?;
    execute(
        c,
        "INSERT INTO jobs(lane, kind, payload, created_at) VALUES(?1,?2,?3,?4)",
        params![job.lane, job.work.name(), payload, ms(now)],
    )
    .map(|_| ())
}

/// Says that so many more jobs wait in a lane.
pub(super) fn enter(c: &Connection, lane: &str, jobs: i64, ready_at: Timestamp) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO lanes(lane, class, pending, ready_at) VALUES(?1,?2,?3,?4)
         ON CONFLICT(lane) DO UPDATE SET pending=pending+excluded.pending,
         ready_at=coalesce(ready_at, max(excluded.ready_at, coalesce(not_before, 0)))",
        params![lane, class_of(lane), jobs, ms(ready_at)],
    )
    .map(|_| ())
}

fn claim(c: &Connection, pool: &Pool, limit: u32, lease_until: Timestamp, now: Timestamp) -> StoreResult<Vec<Claimed>> {
    let lanes = ready(c, pool, limit, now)?;
    let mut claimed = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let (lease, attempts) = take(c, lane, lease_until)?;
        let Some((id, payload, created_at)) = head(c, &lease.lane)? else { continue };
        claimed.push(Claimed {
            id,
            lease,
            work: serde_json::from_str::<Work>(&payload).map_err(|error| error.to_string()),
            attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
            created_at,
        });
    }
    Ok(claimed)
}

pub(super) fn owned(changed: usize) -> StoreResult<()> {
    if changed == 1 { Ok(()) } else { Err(StoreError::LostLease) }
}

/// Fences first: whoever lost the lease changes nothing.
pub(super) fn complete(c: &Connection, lease: &Lease, job: i64, now: Timestamp) -> StoreResult<()> {
    advance(c, lease, None, now)?;
    execute(c, "DELETE FROM jobs WHERE id=?1", [job]).map(|_| ())
}

/// As [`complete`], for a job that is given up and kept.
pub(super) fn bury(
    c: &Connection,
    lease: &Lease,
    job: i64,
    error: &str,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> StoreResult<()> {
    let attempts: i64 = scalar(c, "SELECT attempts FROM lanes WHERE lane=?1", [&lease.lane])?.unwrap_or(0);
    advance(c, lease, not_before, now)?;
    let sql = "UPDATE jobs SET state=2, last_error=?2, attempts=?3, died_at=?4 WHERE id=?1";
    execute(c, sql, params![job, error, attempts, ms(now)]).map(|_| ())
}

/// Lets go of a lane whose head is done; the next job is not taken before `not_before`.
pub(super) fn advance(c: &Connection, lease: &Lease, not_before: Option<Timestamp>, now: Timestamp) -> StoreResult<()> {
    // A pace that was set before holds on.
    let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL, attempts=0, pending=pending-1,
               not_before=coalesce(?4, not_before),
               ready_at=CASE WHEN pending>1 THEN max(?3, coalesce(?4, not_before, 0)) END
               WHERE lane=?1 AND lease_token=?2 RETURNING pending>0 OR not_before IS NOT NULL";
    let stays: Option<bool> = scalar(c, sql, params![lease.lane, lease.token, ms(now), not_before.map(ms)])?;
    match stays {
        None => Err(StoreError::LostLease),
        Some(true) => Ok(()),
        Some(false) => execute(c, "DELETE FROM lanes WHERE lane=?1 AND pending<=0", [&lease.lane]).map(|_| ()),
    }
}

/// Lets go of a lane whose head is tried again then.
pub(super) fn postpone(c: &Connection, lease: &Lease, at: Timestamp) -> StoreResult<()> {
    let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL, ready_at=max(?3, coalesce(not_before, 0))
               WHERE lane=?1 AND lease_token=?2";
    owned(execute(c, sql, params![lease.lane, lease.token, ms(at)])?)
}

fn finish(c: &Connection, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()> {
    match outcome {
        Outcome::Done => complete(c, lease, job, now),
        Outcome::Retry { at, error } => {
            postpone(c, lease, *at)?;
            execute(c, "UPDATE jobs SET last_error=?2 WHERE id=?1", params![job, error]).map(|_| ())
        }
        Outcome::Dead { error } => bury(c, lease, job, error, None, now),
    }
}
