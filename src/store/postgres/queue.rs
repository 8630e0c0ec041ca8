//! Jobs in lanes: strict order inside a lane, lanes side by side. `docs/adr/0004-lanes.md`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;

use super::rows::{all, execute, int, ms, one, scalar, text, time, time_of, to_json};
use super::sessions::transaction;
use super::values::params;
use super::{Connection, PostgresStore, jobs};
use crate::domain::job::{
    Claimed, ClassStats, Job, JobFilter, Lease, NewJob, Outcome, Pool, Scheduled, Work, class_of,
};
use crate::domain::store::{Queue, QueueStats, StoreError, StoreResult};

#[async_trait]
impl Queue for PostgresStore {
    async fn claim(
        &self,
        pool: &Pool,
        limit: u32,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Vec<Claimed>> {
        let c = self.sessions.connection().await?;
        // Two statements, each committed: the second must see what was committed before the lanes were locked.
        let taken = take(&c, pool, limit, lease_until, now).await?;
        let mut heads = heads(&c, &taken).await?;
        drop(c);
        let mut claimed = Vec::with_capacity(taken.len());
        for (lease, attempts) in taken {
            let Some(Head { id, payload, created_at }) = heads.remove(&lease.lane) else {
                transaction!(self.sessions, c => idle(c, &lease).await)?;
                continue;
            };
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

    async fn heartbeat(&self, lease: &Lease, until: Timestamp) -> StoreResult<()> {
        let c = self.sessions.connection().await?;
        let sql = "UPDATE lanes SET lease_until=$3 WHERE lane=$1 AND lease_token=$2";
        owned(execute(&c, sql, params![lease.lane, lease.token, ms(until)]).await?)
    }

    async fn finish(&self, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()> {
        transaction!(self.sessions, c => finish(c, lease, job, outcome, now).await)?;
        self.sessions.written.notify_one();
        Ok(())
    }

    async fn enqueue(&self, jobs: &[NewJob], now: Timestamp) -> StoreResult<()> {
        let jobs: Vec<(NewJob, Timestamp)> = jobs.iter().map(|job| (job.clone(), now)).collect();
        transaction!(self.sessions, c => insert_all(c, &jobs).await)?;
        self.sessions.written.notify_one();
        Ok(())
    }

    async fn reap(&self, now: Timestamp) -> StoreResult<u64> {
        let c = self.sessions.connection().await?;
        // A lane that somebody is just completing is not waited for.
        let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lane IN
                   (SELECT lane FROM lanes WHERE lease_until<$1 FOR UPDATE SKIP LOCKED)";
        execute(&c, sql, params![ms(now)]).await
    }

    async fn next_ready(&self, pool: &Pool) -> StoreResult<Option<Timestamp>> {
        let c = self.sessions.connection().await?;
        let (clause, class) = of(pool);
        let sql =
            format!("SELECT min(ready_at) FROM lanes WHERE lease_until IS NULL AND ready_at IS NOT NULL AND {clause}");
        scalar::<Option<i64>>(&c, &sql, params![class]).await?.flatten().map(time).transpose()
    }

    async fn queue_stats(&self) -> StoreResult<QueueStats> {
        let c = self.sessions.connection().await?;
        // Lanes that lie idle are not looked at.
        let sql = "SELECT ((SELECT coalesce(sum(pending), 0) FROM lanes WHERE lease_until IS NOT NULL) +
                   (SELECT coalesce(sum(pending), 0) FROM lanes WHERE lease_until IS NULL AND ready_at IS NOT NULL)
                   )::bigint AS pending,
                   (SELECT count(*) FROM jobs WHERE state=2) AS dead,
                   (SELECT created_at FROM jobs WHERE state=0 ORDER BY id LIMIT 1) AS oldest";
        let stats = one(&c, sql, &[], |row| {
            Ok(QueueStats {
                pending: int(row, "pending")?.unsigned_abs(),
                dead: int(row, "dead")?.unsigned_abs(),
                oldest: super::rows::time_opt(row, "oldest")?,
            })
        });
        Ok(stats.await?.unwrap_or_default())
    }

    async fn class_stats(&self) -> StoreResult<Vec<ClassStats>> {
        jobs::class_stats(&*self.sessions.connection().await?).await
    }

    async fn schedule(&self, work: &[Scheduled]) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            for work in work {
                jobs::schedule(c, work).await?;
            }
            Ok(())
        })
    }

    async fn enter_due(&self, limit: u32, now: Timestamp) -> StoreResult<u64> {
        let due = "SELECT 1::bigint FROM scheduled WHERE entered_at IS NULL AND due_at<=$1 ORDER BY due_at LIMIT 1";
        let looked = {
            let c = self.sessions.connection().await?;
            scalar::<i64>(&c, due, params![ms(now)]).await?
        };
        if looked.is_none() {
            return Ok(0);
        }
        let entered = transaction!(self.sessions, c => jobs::enter_due(c, limit, now).await)?;
        self.sessions.written.notify_one();
        Ok(entered)
    }

    async fn sweep_queue(&self, entered_before: Timestamp, now: Timestamp) -> StoreResult<u64> {
        transaction!(self.sessions, c => jobs::sweep(c, entered_before, now).await)
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> StoreResult<Vec<Job>> {
        jobs::list(&*self.sessions.connection().await?, filter, limit).await
    }

    async fn job(&self, id: &str) -> StoreResult<Option<Job>> {
        jobs::find(&*self.sessions.connection().await?, id).await
    }

    async fn retry_job(&self, id: &str, now: Timestamp) -> StoreResult<Job> {
        let job = transaction!(self.sessions, c => jobs::retry(c, id, now).await)?;
        self.sessions.written.notify_one();
        Ok(job)
    }

    async fn cancel_job(&self, id: &str, now: Timestamp) -> StoreResult<Job> {
        transaction!(self.sessions, c => jobs::cancel(c, id, now).await)
    }
}

/// The condition of a pool, with its one parameter.
fn of(pool: &Pool) -> (&'static str, &str) {
    match pool {
        Pool::Inside => ("class NOT LIKE $1", "out:%"),
        Pool::Class(class) => ("class=$1", class),
    }
}

/// Takes lanes that are ready, the longest ready first; answers the right to each and how often its head was tried.
pub(super) async fn take(
    c: &Connection,
    pool: &Pool,
    limit: u32,
    lease_until: Timestamp,
    now: Timestamp,
) -> StoreResult<Vec<(Lease, i64)>> {
    let (clause, class) = of(pool);
    // Several processes share the lanes: only chance gives numbers that none of them gave before.
    let token = (rand::rng().next_u64() >> 1).cast_signed();
    let sql = format!(
        "WITH l AS (SELECT lane FROM lanes WHERE {clause} AND lease_until IS NULL AND ready_at<=$2
         ORDER BY ready_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED)
         UPDATE lanes SET lease_until=$4, lease_token=$5, attempts=attempts+1 FROM l WHERE lanes.lane=l.lane
         RETURNING lanes.lane, lanes.attempts, lanes.ready_at"
    );
    let values = params![class, ms(now), limit, ms(lease_until), token];
    let read = |row: &_| Ok((int(row, "ready_at")?, text(row, "lane")?, int(row, "attempts")?));
    let mut taken = all(c, &sql, values, read).await?;
    taken.sort_unstable();
    Ok(taken.into_iter().map(|(_, lane, attempts)| (Lease { lane, token }, attempts)).collect())
}

/// The first job of a lane that waits.
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) payload: String,
    pub(super) created_at: Timestamp,
}

/// The heads of lanes that were taken by an earlier statement.
pub(super) async fn heads(c: &Connection, taken: &[(Lease, i64)]) -> StoreResult<BTreeMap<String, Head>> {
    if taken.is_empty() {
        return Ok(BTreeMap::new());
    }
    let lanes: Vec<String> = taken.iter().map(|(lease, _)| lease.lane.clone()).collect();
    let sql = "SELECT l.lane, h.id, h.payload, h.created_at FROM unnest($1::text[]) AS l(lane) CROSS JOIN LATERAL
               (SELECT id, payload, created_at FROM jobs WHERE lane=l.lane AND state=0 ORDER BY id LIMIT 1) h";
    let found = all(c, sql, params![lanes], |row| {
        let created_at = time_of(row, "created_at")?;
        Ok((text(row, "lane")?, Head { id: int(row, "id")?, payload: text(row, "payload")?, created_at }))
    })
    .await?;
    Ok(found.into_iter().collect())
}

/// A lane without jobs was left behind by damage; `db check` tells, nothing waits for it.
pub(super) async fn idle(c: &Connection, lease: &Lease) -> StoreResult<()> {
    lock(c, &lease.lane).await?;
    // Only now: what was written before the lock is seen.
    let sql = "UPDATE lanes SET pending=0, ready_at=NULL, lease_until=NULL, lease_token=NULL WHERE lane=$1
               AND lease_token=$2 AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane=$1 AND state=0)";
    execute(c, sql, params![lease.lane, lease.token]).await.map(|_| ())
}

/// Keeps a lane from changing until the transaction ends; whoever writes jobs into it waits.
pub(super) async fn lock(c: &Connection, lane: &str) -> StoreResult<()> {
    scalar::<i64>(c, "SELECT 1::bigint FROM lanes WHERE lane=$1 FOR UPDATE", params![lane]).await.map(|_| ())
}

/// Writes jobs, each with the moment it is written at.
pub(super) async fn insert_all(c: &Connection, jobs: &[(NewJob, Timestamp)]) -> StoreResult<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let mut lanes: BTreeMap<&str, (i64, Timestamp)> = BTreeMap::new();
    for (job, _) in jobs {
        lanes.entry(&job.lane).or_insert((0, job.ready_at)).0 += 1;
    }
    // The lanes first: their locks put the numbers of the jobs into order.
    enter_all(c, &lanes).await?;
    let payloads: Vec<Option<String>> =
        jobs.iter().map(|(job, _)| to_json(&job.work).map(Some)).collect::<StoreResult<_>>()?;
    let values = params![
        jobs.iter().map(|(job, _)| job.lane.clone()).collect::<Vec<_>>(),
        jobs.iter().map(|(job, _)| job.work.name().to_owned()).collect::<Vec<_>>(),
        payloads,
        jobs.iter().map(|(_, now)| ms(*now)).collect::<Vec<_>>()
    ];
    write(c, values).await
}

/// Writes rows of jobs in their order: lanes, kinds, payloads, moments.
pub(super) async fn write(c: &Connection, columns: &[super::values::Value]) -> StoreResult<()> {
    let sql = "INSERT INTO jobs(lane, kind, payload, created_at)
               SELECT lane, kind, payload, at FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::bigint[])
               WITH ORDINALITY AS i(lane, kind, payload, at, ord) ORDER BY ord";
    execute(c, sql, columns).await.map(|_| ())
}

/// Says that more jobs wait in lanes: how many, and since when an empty lane is ready.
pub(super) async fn enter_all(c: &Connection, lanes: &BTreeMap<&str, (i64, Timestamp)>) -> StoreResult<()> {
    let names = || lanes.keys().map(|lane| (*lane).to_owned());
    // A lane that is there must be changed too: whoever completes its last job has to see this one.
    let sql = "INSERT INTO lanes(lane, class, pending, ready_at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS i(lane, class, pending, ready)
               ORDER BY lane COLLATE \"C\" ON CONFLICT(lane) DO UPDATE SET pending=lanes.pending+excluded.pending,
               ready_at=coalesce(lanes.ready_at, greatest(excluded.ready_at, coalesce(lanes.not_before, 0)))";
    let values = params![
        names().collect::<Vec<_>>(),
        lanes.keys().map(|lane| class_of(lane).to_owned()).collect::<Vec<_>>(),
        lanes.values().map(|(count, _)| *count).collect::<Vec<_>>(),
        lanes.values().map(|(_, ready_at)| ms(*ready_at)).collect::<Vec<_>>()
    ];
    execute(c, sql, values).await.map(|_| ())
}

pub(super) fn owned(changed: u64) -> StoreResult<()> {
    if changed == 1 { Ok(()) } else { Err(StoreError::LostLease) }
}

/// Fences first: whoever lost the lease changes nothing.
pub(super) async fn complete(c: &Connection, lease: &Lease, job: i64, now: Timestamp) -> StoreResult<()> {
    advance(c, lease, None, now).await?;
    execute(c, "DELETE FROM jobs WHERE id=$1", params![job]).await.map(|_| ())
}

/// As [`complete`], for a job that is given up and kept.
pub(super) async fn bury(
    c: &Connection,
    lease: &Lease,
    job: i64,
    error: &str,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> StoreResult<()> {
    let attempts = "SELECT attempts FROM lanes WHERE lane=$1";
    let attempts: i64 = scalar(c, attempts, params![lease.lane]).await?.unwrap_or(0);
    advance(c, lease, not_before, now).await?;
    let sql = "UPDATE jobs SET state=2, last_error=$2, attempts=$3, died_at=$4 WHERE id=$1";
    execute(c, sql, params![job, error, attempts, ms(now)]).await.map(|_| ())
}

/// Lets go of a lane whose head is done; the next job is not taken before `not_before`.
pub(super) async fn advance(
    c: &Connection,
    lease: &Lease,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> StoreResult<()> {
    // A pace that was set before holds on.
    let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL, attempts=0, pending=pending-1,
               not_before=coalesce($4, not_before),
               ready_at=CASE WHEN pending>1 THEN greatest($3::bigint, coalesce($4::bigint, not_before, 0)) END
               WHERE lane=$1 AND lease_token=$2 RETURNING pending>0 OR not_before IS NOT NULL";
    let values = params![lease.lane, lease.token, ms(now), not_before.map(ms)];
    match scalar::<bool>(c, sql, values).await? {
        None => Err(StoreError::LostLease),
        Some(true) => Ok(()),
        Some(false) => {
            execute(c, "DELETE FROM lanes WHERE lane=$1 AND pending<=0", params![lease.lane]).await.map(|_| ())
        }
    }
}

/// Lets go of a lane whose head is tried again then.
pub(super) async fn postpone(c: &Connection, lease: &Lease, at: Timestamp) -> StoreResult<()> {
    let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL,
               ready_at=greatest($3::bigint, coalesce(not_before, 0)) WHERE lane=$1 AND lease_token=$2";
    owned(execute(c, sql, params![lease.lane, lease.token, ms(at)]).await?)
}

async fn finish(c: &Connection, lease: &Lease, job: i64, outcome: &Outcome, now: Timestamp) -> StoreResult<()> {
    match outcome {
        Outcome::Done => complete(c, lease, job, now).await,
        Outcome::Retry { at, error } => {
            postpone(c, lease, *at).await?;
            execute(c, "UPDATE jobs SET last_error=$2 WHERE id=$1", params![job, error]).await.map(|_| ())
        }
        Outcome::Dead { error } => bury(c, lease, job, error, None, now).await,
    }
}
