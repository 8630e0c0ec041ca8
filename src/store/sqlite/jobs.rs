//! Jobs as people see and repair them, and work that waits for its time.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::outbox;
use super::queue::enter;
use super::rows::{
    all, execute, int, int_opt, ms, one, parsed, scalar, text, text_opt, time, time_of, time_opt, to_json, watch,
};
use crate::domain::job::{ClassStats, Job, JobFilter, JobState, Scheduled, Work};
use crate::domain::store::{StoreError, StoreResult};

/// Every job of the lanes with how far it is: the head of a lane that is held runs.
const JOBS: &str = "SELECT j.id, j.lane, j.kind, j.payload, j.created_at, j.last_error, j.died_at,
 CASE WHEN j.state=2 THEN 'dead' WHEN l.lease_until IS NOT NULL AND NOT EXISTS
 (SELECT 1 FROM jobs h WHERE h.lane=j.lane AND h.state=0 AND h.id<j.id) THEN 'running' ELSE 'waiting' END AS how,
 CASE WHEN j.state=2 THEN j.attempts WHEN NOT EXISTS
 (SELECT 1 FROM jobs h WHERE h.lane=j.lane AND h.state=0 AND h.id<j.id) THEN coalesce(l.attempts, 0) ELSE 0 END AS tries,
 j.state=2 AND j.kind='send_reply' AND NOT EXISTS
 (SELECT 1 FROM outbox o WHERE o.id=json_extract(j.payload, '$.part') AND o.state='failed') AS doubtful,
 CASE WHEN j.state=0 THEN l.ready_at END AS ready_at
 FROM jobs j LEFT JOIN lanes l ON l.lane=j.lane";
const SCHEDULED: &str = "SELECT key, lane, payload, due_at FROM scheduled WHERE entered_at IS NULL";

fn read_job(row: &Row<'_>) -> StoreResult<Job> {
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
        is_doubtful: int(row, "doubtful")? != 0,
        payload: text(row, "payload")?,
    })
}

fn read_scheduled(row: &Row<'_>) -> StoreResult<Job> {
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
        Some(_) => {
            "j.id IN (SELECT id FROM jobs WHERE lane=?1 AND state=0 UNION ALL SELECT id FROM jobs WHERE lane=?1 AND state=2)"
        }
        None if is_only(&[JobState::Dead, JobState::Scheduled]) => "j.state=2 AND ?1 IS NULL",
        None if is_only(&[JobState::Running, JobState::Scheduled]) => {
            "j.state=0 AND j.lane IN (SELECT lane FROM lanes WHERE lease_until IS NOT NULL) AND ?1 IS NULL"
        }
        None => "?1 IS NULL",
    }
}

pub(super) fn list(c: &Connection, filter: &JobFilter, limit: u32) -> StoreResult<Vec<Job>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let fits = |job: &Job| {
        (filter.state.is_empty() || filter.state.contains(&job.state))
            && (filter.kind.is_empty() || filter.kind.contains(&job.kind))
    };
    let mut found = Vec::new();
    if filter.state != [JobState::Scheduled] {
        let sql = format!("{JOBS} WHERE {} ORDER BY j.id", rough(filter));
        let mut statement = c.prepare_cached(&sql).map_err(super::failure)?;
        let mut rows = statement.query([&filter.lane]).map_err(super::failure)?;
        // Row by row, because what comes after the last that is wanted need not be read.
        while found.len() < limit
            && let Some(row) = rows.next().map_err(super::failure)?
        {
            found.extend(Some(read_job(row)?).filter(&fits));
        }
        drop(rows);
        watch(&sql, &statement);
    }
    let left = limit - found.len();
    if left > 0 && (filter.state.is_empty() || filter.state.contains(&JobState::Scheduled)) {
        // Which kind it is stands in its payload.
        let most = if filter.kind.is_empty() { i64::try_from(left).unwrap_or(i64::MAX) } else { -1 };
        let sql = format!("{SCHEDULED} AND (?1 IS NULL OR lane=?1) ORDER BY due_at, key LIMIT ?2");
        let scheduled = all(c, &sql, params![filter.lane, most], read_scheduled)?;
        found.extend(scheduled.into_iter().filter(fits).take(left));
    }
    Ok(found)
}

pub(super) fn find(c: &Connection, id: &str) -> StoreResult<Option<Job>> {
    match id.parse::<i64>() {
        Ok(number) => one(c, &format!("{JOBS} WHERE j.id=?1"), [number], read_job),
        Err(_) => one(c, &format!("{SCHEDULED} AND key=?1"), [id], read_scheduled),
    }
}

fn known(c: &Connection, id: &str) -> StoreResult<Job> {
    find(c, id)?.ok_or(StoreError::NotFound("job"))
}

/// The part that a job carries, when that is its work.
fn part_of(job: &Job) -> Option<i64> {
    match serde_json::from_str::<Work>(&job.payload) {
        Ok(Work::Send { part, .. }) => Some(part),
        _ => None,
    }
}

pub(super) fn retry(c: &Connection, id: &str, now: Timestamp) -> StoreResult<Job> {
    let job = known(c, id)?;
    match job.state {
        JobState::Running => return Err(StoreError::LostLease),
        JobState::Scheduled => {
            execute(c, "UPDATE scheduled SET due_at=?2 WHERE key=?1", params![id, ms(now)])?;
        }
        JobState::Waiting => {
            let sql = "UPDATE lanes SET ready_at=min(ready_at, ?2) WHERE lane=?1 AND lease_until IS NULL";
            execute(c, sql, params![job.lane, ms(now)])?;
        }
        JobState::Dead => {
            // A new number puts it behind what waits, and never before what runs.
            let sql = "INSERT INTO jobs(lane, kind, payload, created_at) SELECT lane, kind, payload, created_at
                       FROM jobs WHERE id=?1";
            execute(c, sql, [id])?;
            let again = c.last_insert_rowid().to_string();
            execute(c, "DELETE FROM jobs WHERE id=?1", [id])?;
            enter(c, &job.lane, 1, now)?;
            if let Some(part) = part_of(&job) {
                outbox::queue_again(c, part, now)?;
            }
            return known(c, &again);
        }
    }
    known(c, id)
}

pub(super) fn cancel(c: &Connection, id: &str, now: Timestamp) -> StoreResult<Job> {
    let job = known(c, id)?;
    match job.state {
        JobState::Running => return Err(StoreError::LostLease),
        JobState::Scheduled => {
            execute(c, "UPDATE scheduled SET entered_at=?2 WHERE key=?1", params![id, ms(now)])?;
        }
        JobState::Dead => {
            execute(c, "DELETE FROM jobs WHERE id=?1", [id])?;
        }
        JobState::Waiting => {
            let head = "SELECT min(id) FROM jobs WHERE lane=?1 AND state=0";
            let head = scalar::<Option<i64>>(c, head, [&job.lane])?.flatten();
            let is_head = head.is_some_and(|head| head.to_string() == job.id);
            execute(c, "DELETE FROM jobs WHERE id=?1", [id])?;
            // The next in the lane has not been tried yet, and waits for nothing that this one waited for.
            let sql = "UPDATE lanes SET pending=pending-1, attempts=CASE WHEN ?2 THEN 0 ELSE attempts END,
                       ready_at=CASE WHEN pending<=1 THEN NULL WHEN ?2 THEN max(?3, coalesce(not_before, 0))
                       ELSE ready_at END WHERE lane=?1";
            execute(c, sql, params![job.lane, is_head, ms(now)])?;
            let idle = "DELETE FROM lanes WHERE lane=?1 AND pending<=0 AND lease_until IS NULL
                        AND coalesce(not_before, 0)<=?2";
            execute(c, idle, params![job.lane, ms(now)])?;
            if let Some(part) = part_of(&job) {
                outbox::call_off(c, part, now)?;
            }
        }
    }
    Ok(job)
}

pub(super) fn schedule(c: &Connection, work: &Scheduled) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO scheduled(key, due_at, lane, payload) VALUES(?1,?2,?3,?4) ON CONFLICT(key) DO NOTHING",
        params![work.key, ms(work.due_at), work.lane, to_json(&work.work)?],
    )
    .map(|_| ())
}

pub(super) fn enter_due(c: &Connection, limit: u32, now: Timestamp) -> StoreResult<u64> {
    let sql = "SELECT key, lane, payload FROM scheduled WHERE entered_at IS NULL AND due_at<=?1
               ORDER BY due_at, key LIMIT ?2";
    let due =
        all(c, sql, params![ms(now), limit], |row| Ok((text(row, "key")?, text(row, "lane")?, text(row, "payload")?)))?;
    for (key, lane, payload) in &due {
        // What this version cannot read is still a job: its runner tells so.
        let kind = serde_json::from_str::<Work>(payload).map_or("unreadable", |work| work.name());
        enter(c, lane, 1, now)?;
        let sql = "INSERT INTO jobs(lane, kind, payload, created_at) VALUES(?1,?2,?3,?4)";
        execute(c, sql, params![lane, kind, payload, ms(now)])?;
        execute(c, "UPDATE scheduled SET entered_at=?2 WHERE key=?1", params![key, ms(now)])?;
    }
    Ok(due.len() as u64)
}

pub(super) fn sweep(c: &Connection, entered_before: Timestamp, now: Timestamp) -> StoreResult<u64> {
    let keys = "DELETE FROM scheduled WHERE entered_at IS NOT NULL AND entered_at<?1";
    let keys = execute(c, keys, [ms(entered_before)])?;
    let idle = "DELETE FROM lanes WHERE ready_at IS NULL AND lease_until IS NULL AND pending<=0
                AND coalesce(not_before, 0)<?1";
    Ok((keys + execute(c, idle, [ms(now)])?) as u64)
}

pub(super) fn class_stats(c: &Connection) -> StoreResult<Vec<ClassStats>> {
    let sql = "SELECT class, count(*) AS lanes, sum(pending) AS pending,
               sum(lease_until IS NOT NULL) AS running FROM lanes WHERE pending>0 GROUP BY class ORDER BY class";
    all(c, sql, [], |row| {
        let count = |name: &str| int_opt(row, name).map(|n| n.unwrap_or(0).unsigned_abs());
        Ok(ClassStats {
            class: text(row, "class")?,
            lanes: count("lanes")?,
            pending: count("pending")?,
            running: count("running")?,
        })
    })
}

/// When the oldest open part was written.
pub(super) fn oldest_open(c: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT created_at FROM outbox WHERE state IN ('queued', 'sending') ORDER BY created_at LIMIT 1";
    scalar::<i64>(c, sql, [])?.map(time).transpose()
}
