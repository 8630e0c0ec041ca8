//! Looking after the store: counts, damage, events.

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;

use super::messages::{in_order, is_anything};
use super::rows::{all, execute, int, ms, one, scalar, text, time_of};
use super::sessions::{snapshot, transaction};
use super::values::params;
use super::{Connection, LATEST_SCHEMA, PostgresStore, activity, failure, open};
use crate::domain::store::{Counts, Event, Finding, SchemaStatus, StoreError, StoreResult, Upkeep, WholeConversation};

#[async_trait]
impl Upkeep for PostgresStore {
    async fn ping(&self) -> StoreResult<()> {
        {
            let c = self.sessions.connection().await?;
            scalar::<i64>(&c, "SELECT count(*) FROM meta", &[]).await?;
        }
        if self.sessions.ailment().is_none() { Ok(()) } else { self.try_write().await }
    }

    async fn try_write(&self) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            // Larger than a page, so that a disk with a little room left over tells of it too.
            let sql =
                "INSERT INTO meta(key, value) VALUES('probe', $1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
            execute(c, sql, params!["x".repeat(8192)]).await?;
            execute(c, "DELETE FROM meta WHERE key='probe'", &[]).await.map(|_| ())
        })
    }

    async fn begin_service(&self) -> StoreResult<u64> {
        let freed = async {
            let c = self.sessions.connection().await?;
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL WHERE lease_until IS NOT NULL";
            // Nor has anybody else a duty.
            execute(&c, "DELETE FROM duties", &[]).await?;
            execute(&c, sql, &[]).await
        };
        self.standing.serve(freed).await
    }

    async fn meta_secret(&self, name: &str) -> StoreResult<[u8; 32]> {
        let key = format!("secret:{name}");
        let mut fresh = [0; 32];
        rand::rng().fill_bytes(&mut fresh);
        let c = self.sessions.connection().await?;
        let sql = "INSERT INTO meta(key, value) VALUES($1, upper(encode($2, 'hex'))) ON CONFLICT(key) DO NOTHING";
        execute(&c, sql, params![key, fresh.to_vec()]).await?;
        scalar::<Vec<u8>>(&c, "SELECT decode(value, 'hex') FROM meta WHERE key=$1", params![key])
            .await?
            .and_then(|kept| kept.try_into().ok())
            .ok_or_else(|| StoreError::Damaged("a secret in the store is not 32 bytes long".to_owned()))
    }

    async fn schema(&self) -> StoreResult<SchemaStatus> {
        let c = self.sessions.connection().await?;
        Ok(SchemaStatus { current: open::schema_of(&c).await?.unwrap_or(0), latest: LATEST_SCHEMA })
    }

    async fn counts(&self) -> StoreResult<Counts> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT (SELECT count(*) FROM conversations) AS conversations,
                   (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM leads) AS leads,
                   (SELECT count(*) FROM bookings) AS bookings,
                   (SELECT count(*) FROM services WHERE NOT hidden) AS services,
                   (SELECT count(*) FROM employees WHERE NOT hidden) AS employees,
                   (SELECT count(*) FROM knowledge) AS knowledge,
                   (SELECT count(*) FROM tokens WHERE revoked_at IS NULL) AS tokens";
        let counts = one(&c, sql, &[], |row| {
            let count = |column| int(row, column).map(i64::unsigned_abs);
            Ok(Counts {
                conversations: count("conversations")?,
                messages: count("messages")?,
                leads: count("leads")?,
                bookings: count("bookings")?,
                services: count("services")?,
                employees: count("employees")?,
                knowledge: count("knowledge")?,
                tokens: count("tokens")?,
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        // One moment: what is written meanwhile is no damage.
        snapshot!(self.sessions, c => check(c).await)
    }

    async fn write_activity(&self, batch: Vec<WholeConversation>) -> StoreResult<()> {
        transaction!(self.sessions, c => activity::write(c, &batch).await)
    }

    async fn bookings_on(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        let c = self.sessions.connection().await?;
        let sql = "SELECT count(*) FROM bookings WHERE state='booked' AND start_at>=$1 AND start_at<$2";
        Ok(scalar::<i64>(&c, sql, params![ms(from), ms(to)]).await?.unwrap_or(0).unsigned_abs())
    }

    async fn events_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Event>> {
        if !is_anything(&self.sessions, "SELECT seq FROM events WHERE seq>$1 LIMIT 1", seq).await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT * FROM events WHERE seq>$1 ORDER BY seq LIMIT $2::bigint";
        let read = |row: &_| {
            let (kind, subject) = (text(row, "kind")?, text(row, "subject")?);
            Ok(Event { seq: int(row, "seq")?, kind, subject, at: time_of(row, "at")? })
        };
        in_order!(self.sessions, Vec::new(), c => all(c, sql, params![seq, limit], read).await)
    }
}

/// Name of a check, what its rows mean, what to do, and the query that finds them.
type Look = (&'static str, &'static str, &'static str, &'static str);

const LOOKS: &[Look] = &[
    (
        "indexes",
        "indexes that PostgreSQL calls broken",
        "`REINDEX DATABASE` makes them anew",
        "SELECT count(*) FROM pg_index i JOIN pg_class t ON t.oid=i.indrelid WHERE NOT i.indisvalid
         AND t.relnamespace=current_schema()::regnamespace",
    ),
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
         (SELECT (payload->>'part')::bigint FROM jobs WHERE state=0 AND kind='send_reply')",
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
        "SELECT count(*) FROM messages WHERE seq > (SELECT last_value FROM messages_seq_seq)",
    ),
];

async fn check(c: &Connection) -> StoreResult<Vec<Finding>> {
    // A large store takes longer than anything else may.
    c.batch_execute("SET LOCAL statement_timeout='10min'").await.map_err(failure)?;
    let mut findings = Vec::new();
    for (name, meaning, hint, sql) in LOOKS {
        let found: i64 = scalar(c, sql, &[]).await?.unwrap_or(0);
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
