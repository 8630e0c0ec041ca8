//! Looking after the store: counts, damage, events.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;
use rusqlite::{Connection, params};

use super::rows::{all, execute, int, ms, scalar, text, time_of};
use super::{LATEST_SCHEMA, SqliteStore, activity, open};
use crate::domain::store::{Counts, Event, Finding, SchemaStatus, StoreError, StoreResult, Upkeep, WholeConversation};

#[async_trait]
impl Upkeep for SqliteStore {
    async fn ping(&self) -> StoreResult<()> {
        self.read(|c| scalar::<i64>(c, "SELECT count(*) FROM meta", []).map(|_| ())).await?;
        if self.writer.ailment().is_none() { Ok(()) } else { self.try_write().await }
    }

    async fn try_write(&self) -> StoreResult<()> {
        self.write(|c| {
            // Larger than a page, so that a disk with a little room left over tells of it too.
            let sql =
                "INSERT INTO meta(key, value) VALUES('probe', ?1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
            execute(c, sql, ["x".repeat(8192)])?;
            execute(c, "DELETE FROM meta WHERE key='probe'", []).map(|_| ())
        })
        .await
    }

    async fn begin_service(&self) -> StoreResult<u64> {
        if !self.is_only_daemon()? {
            return Ok(0);
        }
        self.write(|c| {
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lease_until IS NOT NULL";
            // Nor has anybody else a duty.
            execute(c, "DELETE FROM duties", [])?;
            Ok(execute(c, sql, [])? as u64)
        })
        .await
    }

    async fn meta_secret(&self, name: &str) -> StoreResult<[u8; 32]> {
        let key = format!("secret:{name}");
        self.write(move |c| {
            let mut fresh = [0; 32];
            rand::rng().fill_bytes(&mut fresh);
            let sql = "INSERT INTO meta(key, value) VALUES(?1, hex(?2)) ON CONFLICT(key) DO NOTHING";
            execute(c, sql, params![key, fresh])?;
            scalar::<Vec<u8>>(c, "SELECT unhex(value) FROM meta WHERE key=?1", [key])?
                .and_then(|kept| kept.try_into().ok())
                .ok_or_else(|| StoreError::Damaged("a secret in the store is not 32 bytes long".to_owned()))
        })
        .await
    }

    async fn schema(&self) -> StoreResult<SchemaStatus> {
        self.read(|c| Ok(SchemaStatus { current: open::schema_of(c)?.unwrap_or(0), latest: LATEST_SCHEMA })).await
    }

    async fn counts(&self) -> StoreResult<Counts> {
        self.read(|c| {
            let count = |sql: &str| scalar::<i64>(c, sql, []).map(|n| n.unwrap_or(0).unsigned_abs());
            Ok(Counts {
                conversations: count("SELECT count(*) FROM conversations")?,
                messages: count("SELECT count(*) FROM messages")?,
                leads: count("SELECT count(*) FROM leads")?,
                bookings: count("SELECT count(*) FROM bookings")?,
                services: count("SELECT count(*) FROM services WHERE hidden=0")?,
                employees: count("SELECT count(*) FROM employees WHERE hidden=0")?,
                knowledge: count("SELECT count(*) FROM knowledge")?,
                tokens: count("SELECT count(*) FROM tokens WHERE revoked_at IS NULL")?,
            })
        })
        .await
    }

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        self.read(check).await
    }

    async fn write_activity(&self, batch: Vec<WholeConversation>) -> StoreResult<()> {
        self.write(move |c| activity::write(c, &batch)).await
    }

    async fn bookings_on(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        self.read(move |c| {
            let sql = "SELECT count(*) FROM bookings WHERE state='booked' AND start_at>=?1 AND start_at<?2";
            Ok(scalar::<i64>(c, sql, params![ms(from), ms(to)])?.unwrap_or(0).unsigned_abs())
        })
        .await
    }

    async fn events_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Event>> {
        self.read(move |c| {
            all(c, "SELECT * FROM events WHERE seq>?1 ORDER BY seq LIMIT ?2", params![seq, limit], |row| {
                Ok(Event {
                    seq: int(row, "seq")?,
                    kind: text(row, "kind")?,
                    subject: text(row, "subject")?,
                    at: time_of(row, "at")?,
                })
            })
        })
        .await
    }
}

/// Name of a check, what its rows mean, what to do, and the query that finds them.
type Look = (&'static str, &'static str, &'static str, &'static str);

const LOOKS: &[Look] = &[
    (
        "orphaned_messages",
        "messages whose conversation is gone",
        "restore the store from a backup",
        "SELECT count(*) FROM messages m LEFT JOIN conversations v ON v.id=m.conversation_id WHERE v.id IS NULL",
    ),
    (
        "message_counts",
        "conversations whose message count is wrong",
        "restore the store from a backup; lists show a wrong number until then",
        "SELECT count(*) FROM conversations v WHERE message_count <>
         (SELECT count(*) FROM messages m WHERE m.conversation_id=v.id)",
    ),
    (
        "orphaned_leads",
        "leads whose conversation is gone",
        "export them with `flow leads export` and import them again",
        "SELECT count(*) FROM leads l WHERE l.conversation_id IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM conversations v WHERE v.id=l.conversation_id)",
    ),
    (
        "ledger_states",
        "bookings in a state that does not exist",
        "look at them with `flow bookings list` and cancel those that are wrong",
        "SELECT count(*) FROM bookings WHERE state NOT IN
         ('held','committing','booked','refused','unknown','cancelled','done','no_show')",
    ),
    (
        "ledger_slots",
        "live bookings that do not keep their slot",
        "stop the daemon, cancel and rebook them with `flow bookings`",
        "SELECT count(*) FROM bookings b WHERE state IN ('held','committing','booked','unknown')
         AND employee_id IS NOT NULL AND (start_at+299999)/300000 < (end_at+299999)/300000
         AND NOT EXISTS (SELECT 1 FROM booking_slots s WHERE s.booking_id=b.id)",
    ),
    (
        "ledger_leftovers",
        "slots kept by bookings that are no longer live",
        "run `flow bookings cancel ID` on them once more",
        "SELECT count(*) FROM booking_slots s JOIN bookings b ON b.id=s.booking_id
         WHERE b.state NOT IN ('held','committing','booked','unknown')",
    ),
    (
        "double_bookings",
        "pairs of live bookings of one employee that overlap",
        "call one of the clients and move the visit with `flow bookings move`",
        "SELECT count(*) FROM bookings a JOIN bookings b ON a.connection=b.connection AND a.employee_id=b.employee_id
         AND a.id<b.id AND a.start_at<b.end_at AND b.start_at<a.end_at
         WHERE a.state IN ('held','committing','booked','unknown') AND b.state IN ('held','committing','booked','unknown')",
    ),
    (
        "jobs_without_lane",
        "waiting jobs that no lane leads to",
        "restart the daemon; if it stays, restore from a backup",
        "SELECT count(*) FROM jobs j WHERE state=0 AND NOT EXISTS
         (SELECT 1 FROM lanes l WHERE l.lane=j.lane AND l.ready_at IS NOT NULL)",
    ),
    (
        "lane_counts",
        "lanes whose number of waiting jobs is wrong",
        "restart the daemon; if it stays, restore from a backup",
        "SELECT count(*) FROM lanes l WHERE pending <>
         (SELECT count(*) FROM jobs j WHERE j.lane=l.lane AND j.state=0)",
    ),
    (
        "outbox_without_job",
        "parts of messages that wait to be sent although nothing sends them",
        "write to those clients anew with `flow inbox reply`; `flow conversations list` shows them",
        "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending') AND id NOT IN
         (SELECT json_extract(payload, '$.part') FROM jobs WHERE state=0 AND kind='send_reply')",
    ),
    (
        "outbox_states",
        "parts of messages in a state that does not exist",
        "restore the store from a backup",
        "SELECT count(*) FROM outbox WHERE state NOT IN ('queued','sending','sent','failed','unknown')",
    ),
    (
        "message_order",
        "a message number above the sequence that gives them out",
        "restore the store from a backup before the next message comes",
        "SELECT count(*) FROM messages WHERE seq > coalesce((SELECT seq FROM sqlite_sequence WHERE name='messages'), 0)",
    ),
];

fn check(c: &Connection) -> StoreResult<Vec<Finding>> {
    let mut findings: Vec<Finding> = file_damage(c)?
        .into_iter()
        .map(|detail| Finding {
            check: "file".to_owned(),
            detail,
            hint: "stop the daemon and restore the store from a backup".to_owned(),
        })
        .collect();
    let damaged = !findings.is_empty();
    // In a damaged file a look may fail; what the others find is still worth telling.
    let told = |found: StoreResult<i64>| match found {
        Err(StoreError::Damaged(_)) if damaged => Ok(0),
        other => other,
    };
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    let broken = told(scalar(c, broken, []).map(|count| count.unwrap_or(0)))?;
    if broken > 0 {
        findings.push(Finding {
            check: "references".to_owned(),
            detail: format!("{broken} rows refer to rows that are gone"),
            hint: "restore the store from a backup".to_owned(),
        });
    }
    for (name, meaning, hint, sql) in LOOKS {
        let found = told(scalar(c, sql, []).map(|count| count.unwrap_or(0)))?;
        if found > 0 {
            findings.push(Finding {
                check: (*name).to_owned(),
                detail: format!("{found} {meaning}"),
                hint: (*hint).to_owned(),
            });
        }
    }
    Ok(findings)
}

/// What SQLite itself says of the file; empty when it is sound.
fn file_damage(c: &Connection) -> StoreResult<Vec<String>> {
    let lines = all(c, "PRAGMA integrity_check(20)", [], |row| row.get::<_, String>(0).map_err(super::failure));
    match lines {
        Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
        Err(StoreError::Damaged(detail)) => Ok(vec![detail]),
        Err(other) => Err(other),
    }
}
