//! Jobs as people see and repair them, and work that waits for its time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::open::LOCKS;
use super::queue::{enter_all, lock, write};
use super::rows::{
    all, execute, flag, int, int_opt, ms, one, parsed, scalar, text, text_opt, time, time_of, time_opt, to_json,
};
use super::values::params;
use super::{Connection, carry};
use crate::domain::job::{ClassStats, Job, JobFilter, JobState, Scheduled, Work};
use crate::domain::store::{StoreError, StoreResult};

/// Every job of the lanes with how far it is: the head of a lane that is held runs.
const JOBS: &str = "SELECT j.id, j.lane, j.kind, j.payload, j.created_at, j.last_error, j.died_at,
 CASE WHEN j.state=2 THEN 'dead' WHEN l.lease_until IS NOT NULL AND NOT EXISTS
 (SELECT 1 FROM jobs h WHERE h.lane=j.lane AND h.state=0 AND h.id<j.id) THEN 'running' ELSE 'waiting' END AS how,
 CASE WHEN j.state=2 THEN j.attempts WHEN NOT EXISTS
 (SELECT 1 FROM jobs h WHERE h.lane=j.lane AND h.state=0 AND h.id<j.id) THEN coalesce(l.attempts, 0) ELSE 0 END AS tries,
 j.state=2 AND j.kind='send_reply' AND NOT EXISTS
 (SELECT 1 FROM outbox o WHERE o.id=(j.payload->>'part')::bigint AND o.state='failed') AS doubtful,
 CASE WHEN j.state=0 THEN l.ready_at END AS ready_at
 FROM jobs j LEFT JOIN lanes l ON l.lane=j.lane";
const SCHEDULED: &str = "SELECT key, lane, payload, due_at FROM scheduled WHERE entered_at IS NULL";
/// How many jobs a list reads at once.
const PIECE: usize = 200;
/// The second half of the lock of whoever moves due work.
const ENTERING: i32 = 4;

fn read_job(row: &Row) -> StoreResult<Job> {
    Ok(Job {
        id: int(row, "id")?.to_string(),
        lane: text(row, "lane")?,
        kind: text(row, "kind")?,
        state: parsed(row, "how", JobState::parse)?,
        attempts: u32::try_from(int(row, "tries")?).unwrap_or(0),
        ready_at: time_opt(row, "ready_at")?,
        created_at: time_of(row, "created_at")?,
        died_at: time_opt(row, "died_at")?,
        error: text_opt(row, "last_error")?,
        is_doubtful: flag(row, "doubtful")?,
        payload: text(row, "payload")?,
    })
}

fn read_scheduled(row: &Row) -> StoreResult<Job> {
    let payload = text(row, "payload")?;
    let kind = serde_json::from_str::<Work>(&payload).map_or("unreadable", |work| work.name());
    Ok(Job {
        id: text(row, "key")?,
        lane: text(row, "lane")?,
        kind: kind.to_owned(),
        state: JobState::Scheduled,
        attempts: 0,
        ready_at: Some(time_of(row, "due_at")?),
        created_at: time_of(row, "due_at")?,
        died_at: None,
        error: None,
        is_doubtful: false,
        payload,
    })
}

/// Which rows of `JOBS` may fit, so that an index finds them.
fn rough(filter: &JobFilter) -> &'static str {
    let is_only = |states: &[JobState]| !filter.state.is_empty() && filter.state.iter().all(|s| states.contains(s));
    match &filter.lane {
        Some(_) => "((j.lane=$1 AND j.state=0) OR (j.lane=$1 AND j.state=2))",
        None if is_only(&[JobState::Dead, JobState::Scheduled]) => "j.state=2 AND $1::text IS NULL",
        None if is_only(&[JobState::Running, JobState::Scheduled]) => {
            // As a list, whose jobs are always found by their numbers, however many the server guesses there to be.
            "j.id=ANY(ARRAY(SELECT (SELECT min(h.id) FROM jobs h WHERE h.lane=t.lane AND h.state=0)
             FROM lanes t WHERE t.lease_until IS NOT NULL)) AND $1::text IS NULL"
        }
        None => "$1::text IS NULL",
    }
}

pub(super) async fn list(c: &Connection, filter: &JobFilter, limit: u32) -> StoreResult<Vec<Job>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let fits = |job: &Job| {
        (filter.state.is_empty() || filter.state.contains(&job.state))
            && (filter.kind.is_empty() || filter.kind.contains(&job.kind))
    };
    let mut found = Vec::new();
    let mut last = (filter.state != [JobState::Scheduled]).then_some(0);
    // Piece by piece, because what comes after the last that is wanted need not be read.
    while let Some(after) = last
        && found.len() < limit
    {
        let sql = format!("{JOBS} WHERE {} AND j.id>$2 ORDER BY j.id LIMIT {PIECE}", rough(filter));
        let piece = all(c, &sql, params![filter.lane, after], read_job).await?;
        last = if piece.len() < PIECE { None } else { piece.last().map(number) };
        found.extend(piece.into_iter().filter(fits).take(limit - found.len()));
    }
    let left = limit - found.len();
    if left > 0 && (filter.state.is_empty() || filter.state.contains(&JobState::Scheduled)) {
        // Which kind it is stands in its payload.
        let most = filter.kind.is_empty().then(|| i64::try_from(left).unwrap_or(i64::MAX));
        let sql = format!("{SCHEDULED} AND ($1::text IS NULL OR lane=$1) ORDER BY due_at, key LIMIT $2::bigint");
        let scheduled = all(c, &sql, params![filter.lane, most], read_scheduled).await?;
        found.extend(scheduled.into_iter().filter(fits).take(left));
    }
    Ok(found)
}

pub(super) async fn find(c: &Connection, id: &str) -> StoreResult<Option<Job>> {
    match id.parse::<i64>() {
        Ok(number) => one(c, &format!("{JOBS} WHERE j.id=$1"), params![number], read_job).await,
        Err(_) => one(c, &format!("{SCHEDULED} AND key=$1"), params![id], read_scheduled).await,
    }
}

/// A job that nobody else changes until the transaction ends.
async fn held(c: &Connection, id: &str) -> StoreResult<Job> {
    let missing = || StoreError::NotFound("job");
    match find(c, id).await?.ok_or_else(missing)? {
        job if job.state == JobState::Scheduled => {
            let sql = "SELECT 1::bigint FROM scheduled WHERE key=$1 FOR UPDATE";
            scalar::<i64>(c, sql, params![id]).await?;
        }
        job => lock(c, &job.lane).await?,
    }
    // As it is now that it is held.
    find(c, id).await?.ok_or_else(missing)
}

/// The part that a job carries, when that is its work.
fn part_of(job: &Job) -> Option<i64> {
    match serde_json::from_str::<Work>(&job.payload) {
        Ok(Work::Send { part, .. }) => Some(part),
        _ => None,
    }
}

fn number(job: &Job) -> i64 {
    job.id.parse().unwrap_or(0)
}

pub(super) async fn retry(c: &Connection, id: &str, now: Timestamp) -> StoreResult<Job> {
    let job = held(c, id).await?;
    let mut known = id.to_owned();
    match job.state {
        JobState::Running => return Err(StoreError::LostLease),
        JobState::Scheduled => {
            execute(c, "UPDATE scheduled SET due_at=$2 WHERE key=$1", params![id, ms(now)]).await?;
        }
        JobState::Waiting => {
            let sql = "UPDATE lanes SET ready_at=least(ready_at, $2) WHERE lane=$1 AND lease_until IS NULL";
            execute(c, sql, params![job.lane, ms(now)]).await?;
        }
        JobState::Dead => {
            // The lane first; then a new number puts it behind what waits, and never before what runs.
            enter_all(c, &BTreeMap::from([(job.lane.as_str(), (1, now))])).await?;
            let sql = "INSERT INTO jobs(lane, kind, payload, created_at) SELECT lane, kind, payload, created_at
                       FROM jobs WHERE id=$1 AND state=2 RETURNING id";
            let again = scalar::<i64>(c, sql, params![number(&job)]).await?.ok_or(StoreError::NotFound("job"))?;
            execute(c, "DELETE FROM jobs WHERE id=$1", params![number(&job)]).await?;
            if let Some(part) = part_of(&job) {
                carry::queue_again(c, part, now).await?;
            }
            known = again.to_string();
        }
    }
    find(c, &known).await?.ok_or(StoreError::NotFound("job"))
}

pub(super) async fn cancel(c: &Connection, id: &str, now: Timestamp) -> StoreResult<Job> {
    let job = held(c, id).await?;
    match job.state {
        JobState::Running => return Err(StoreError::LostLease),
        JobState::Scheduled => {
            execute(c, "UPDATE scheduled SET entered_at=$2 WHERE key=$1", params![id, ms(now)]).await?;
        }
        JobState::Dead => {
            execute(c, "DELETE FROM jobs WHERE id=$1", params![number(&job)]).await?;
        }
        JobState::Waiting => {
            let head = "SELECT min(id) FROM jobs WHERE lane=$1 AND state=0";
            let head = scalar::<Option<i64>>(c, head, params![job.lane]).await?.flatten();
            let is_head = head == Some(number(&job));
            execute(c, "DELETE FROM jobs WHERE id=$1", params![number(&job)]).await?;
            // The next in the lane has not been tried yet, and waits for nothing that this one waited for.
            let sql = "UPDATE lanes SET pending=pending-1, attempts=CASE WHEN $2::bool THEN 0 ELSE attempts END,
                       ready_at=CASE WHEN pending<=1 THEN NULL WHEN $2 THEN greatest($3, coalesce(not_before, 0))
                       ELSE ready_at END WHERE lane=$1";
            execute(c, sql, params![job.lane, is_head, ms(now)]).await?;
            let idle = "DELETE FROM lanes WHERE lane=$1 AND pending<=0 AND lease_until IS NULL
                        AND coalesce(not_before, 0)<=$2";
            execute(c, idle, params![job.lane, ms(now)]).await?;
            if let Some(part) = part_of(&job) {
                carry::call_off(c, part, now).await?;
            }
        }
    }
    Ok(job)
}

pub(super) async fn schedule(c: &Connection, work: &Scheduled) -> StoreResult<()> {
    let sql = "INSERT INTO scheduled(key, due_at, lane, payload) VALUES($1,$2,$3,$4) ON CONFLICT(key) DO NOTHING";
    execute(c, sql, params![work.key, ms(work.due_at), work.lane, to_json(&work.work)?]).await.map(|_| ())
}

pub(super) async fn enter_due(c: &Connection, limit: u32, now: Timestamp) -> StoreResult<u64> {
    // One at a time: two would mix the order of what is due in one lane.
    let alone = format!("SELECT pg_try_advisory_xact_lock({LOCKS}, {ENTERING})");
    if scalar::<bool>(c, &alone, &[]).await? != Some(true) {
        return Ok(0);
    }
    let sql = "SELECT key, lane, payload FROM scheduled WHERE entered_at IS NULL AND due_at<=$1
               ORDER BY due_at, key LIMIT $2::bigint FOR UPDATE SKIP LOCKED";
    let read = |row: &_| Ok((text(row, "key")?, text(row, "lane")?, text(row, "payload")?));
    let due = all(c, sql, params![ms(now), limit], read).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut lanes: BTreeMap<&str, (i64, Timestamp)> = BTreeMap::new();
    for (_, lane, _) in &due {
        lanes.entry(lane).or_insert((0, now)).0 += 1;
    }
    enter_all(c, &lanes).await?;
    // What this version cannot read is still a job: its runner tells so.
    let kind = |payload: &str| serde_json::from_str::<Work>(payload).map_or("unreadable", |work| work.name());
    let columns = params![
        due.iter().map(|(_, lane, _)| lane.clone()).collect::<Vec<_>>(),
        due.iter().map(|(.., payload)| kind(payload).to_owned()).collect::<Vec<_>>(),
        due.iter().map(|(.., payload)| payload.clone()).collect::<Vec<_>>(),
        due.iter().map(|_| ms(now)).collect::<Vec<_>>()
    ];
    write(c, columns).await?;
    let keys: Vec<String> = due.iter().map(|(key, ..)| key.clone()).collect();
    execute(c, "UPDATE scheduled SET entered_at=$2 WHERE key=ANY($1)", params![keys, ms(now)]).await?;
    Ok(due.len() as u64)
}

pub(super) async fn sweep(c: &Connection, entered_before: Timestamp, now: Timestamp) -> StoreResult<u64> {
    let keys = "DELETE FROM scheduled WHERE key IN
                (SELECT key FROM scheduled WHERE entered_at<$1 FOR UPDATE SKIP LOCKED)";
    let keys = execute(c, keys, params![ms(entered_before)]).await?;
    let idle = "DELETE FROM lanes WHERE lane IN (SELECT lane FROM lanes WHERE ready_at IS NULL AND lease_until IS NULL
                AND pending<=0 AND coalesce(not_before, 0)<$1 FOR UPDATE SKIP LOCKED)";
    Ok(keys + execute(c, idle, params![ms(now)]).await?)
}

pub(super) async fn class_stats(c: &Connection) -> StoreResult<Vec<ClassStats>> {
    let sql = "SELECT class, count(*) AS lanes, sum(pending)::bigint AS pending,
               count(*) FILTER (WHERE lease_until IS NOT NULL) AS running
               FROM lanes WHERE pending>0
               AND (lease_until IS NOT NULL OR (lease_until IS NULL AND ready_at IS NOT NULL)) GROUP BY class ORDER BY class COLLATE \"C\"";
    all(c, sql, &[], |row| {
        let count = |name: &str| int_opt(row, name).map(|n| n.unwrap_or(0).unsigned_abs());
        Ok(ClassStats {
            class: text(row, "class")?,
            lanes: count("lanes")?,
            pending: count("pending")?,
            running: count("running")?,
        })
    })
    .await
}

/// When the oldest open part was written.
pub(super) async fn oldest_open(c: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT created_at FROM outbox WHERE state IN ('queued', 'sending') ORDER BY created_at LIMIT 1";
    scalar::<i64>(c, sql, &[]).await?.map(time).transpose()
}
