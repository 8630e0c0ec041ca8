//! What was read of a PostgreSQL store is told by the server's own counters, which a session hands over when it ends.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use flow::domain::store::Store;
use flow::domain::text::stems;
use flow::store::postgres::PostgresStore;

use super::{Large, RUNS, filled};
use crate::support::postgres::Database;

/// The tables that grow.
const LARGE: [&str; 9] =
    ["contacts", "conversations", "messages", "leads", "jobs", "lanes", "outbox", "scheduled", "raw_events"];

/// `$B` is when it begins, in milliseconds; `$F` and `$C` are the stems of a frequent and of a rare word.
const FILL: &str = "
INSERT INTO contacts(id, phone, created_at)
 SELECT 'ct_' || lpad(i::text, 26, '0'), '+7916' || lpad(i::text, 7, '0'), $B FROM generate_series(1, 20000) i;
INSERT INTO conversations(id, channel, account, external_id, contact_id, lead_id, status, handoff_state, handoff_at,
 started_at, last_message_at, message_count)
 SELECT 'cv_' || lpad(i::text, 26, '0'), CASE i%4 WHEN 0 THEN 'web' ELSE 'telegram' END, '', 'client-' || i,
 'ct_' || lpad(i::text, 26, '0'), 'ld_' || lpad(i::text, 26, '0'), CASE i%5 WHEN 0 THEN 'open' ELSE 'closed' END,
 CASE WHEN i%400=0 THEN 'requested' END, CASE WHEN i%400=0 THEN $B END, $B, $B+i*1000, 10
 FROM generate_series(1, 20000) i;
INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id, stems)
 SELECT 'msg_' || lpad(i::text, 26, '0'), 'cv_' || lpad((1+i%20000)::text, 26, '0'), 'customer', 'text', 'words', $B+i,
 'telegram', '', 'message-' || i, array_to_tsvector(CASE WHEN i%5000=0 THEN ARRAY['$F', '$C'] ELSE ARRAY['$F'] END)
 FROM generate_series(1, 200000) i;
INSERT INTO leads(id, status, phone, channel, service, created_at, updated_at)
 SELECT 'ld_' || lpad(i::text, 26, '0'),
 CASE WHEN i%2000=0 THEN 'qualified' WHEN i%3=0 THEN 'new' WHEN i%3=1 THEN 'booked' ELSE 'lost' END,
 '+7916' || lpad(i::text, 7, '0'), CASE i%4 WHEN 0 THEN 'web' ELSE 'telegram' END, 'haircut', $B+i*1000, $B+i*1000
 FROM generate_series(1, 50000) i;
INSERT INTO lanes(lane, class, pending, ready_at)
 SELECT 'conv:' || i, 'conv', 1, $B-i FROM generate_series(1, 20000) i;
INSERT INTO lanes(lane, class, pending, ready_at)
 SELECT 'out:telegram::' || i, 'out:telegram', 1, $B-i FROM generate_series(1, 20000) i;
INSERT INTO jobs(lane, kind, payload, created_at)
 SELECT 'conv:' || i, 'answer', '$A', $B FROM generate_series(1, 20000) i;
INSERT INTO outbox(message_id, conversation_id, part, parts, state, created_at, updated_at)
 SELECT id, conversation_id, 0, 1, 'queued', $B, $B FROM messages ORDER BY seq LIMIT 20000;
INSERT INTO jobs(lane, kind, payload, created_at)
 SELECT 'out:telegram::' || id, 'send_reply', jsonb_set('$S', '{part}', to_jsonb(id)), $B FROM outbox;
INSERT INTO scheduled(key, due_at, lane, payload, entered_at)
 SELECT 'look:' || i, $B+(i::bigint-30)*1000000, 'later:' || i, '$A', CASE WHEN i%4=0 THEN $B END
 FROM generate_series(1, 40000) i;
INSERT INTO raw_events(channel, account, event_id, body, received_at)
 SELECT 'telegram', '', i::text, '{}', $B+i FROM generate_series(1, 50000) i;
ANALYZE";

/// A large store, and what was read of it.
pub struct Counted {
    database: Database,
    session: tokio_postgres::Client,
    too_much: Mutex<Vec<String>>,
}

impl Counted {
    pub async fn new() -> Option<Self> {
        let database = Database::new().await?;
        let session = database.session().await;
        let fill = filled(FILL).replace("$F", &stems("стрижка").remove(0)).replace("$C", &stems("редкость").remove(0));
        session.batch_execute(&fill).await.unwrap();
        Some(Self { database, session, too_much: Mutex::default() })
    }

    /// For each large table: how often it was read from end to end, and how many entries of its indexes were read.
    async fn reads(&self) -> BTreeMap<String, (i64, i64)> {
        let sql = "SELECT t.relname::text, t.seq_scan, coalesce(sum(i.idx_tup_read), 0)::bigint
                   FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
                   WHERE t.relname=ANY($1) GROUP BY t.relname, t.seq_scan";
        let tables: Vec<&str> = LARGE.to_vec();
        let rows = self.session.query(sql, &[&tables]).await.unwrap();
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()
    }

    /// Waits for the end of all other sessions: then the counters hold what they read.
    async fn alone(&self) {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND pid<>pg_backend_pid()
                      AND backend_type='client backend'";
        for _ in 0..400 {
            if self.session.query_one(others, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("a session stays");
    }

    /// What was too much.
    pub fn told(self) -> Vec<String> {
        self.too_much.into_inner().unwrap()
    }
}

impl Large for Counted {
    async fn reads_at_most(&self, entries: i64, what: &str, operation: impl AsyncFn(&dyn Store)) {
        self.alone().await;
        let before = self.reads().await;
        let store = PostgresStore::open(&self.database.url(), 2).unwrap();
        for _ in 0..RUNS {
            operation(&store).await;
        }
        drop(store);
        self.alone().await;
        for (table, (scans, read)) in self.reads().await {
            let (scans, read) = (scans - before[&table].0, read - before[&table].1);
            let each = read / RUNS;
            if scans > 0 || each > entries {
                let told = format!("{what}: of {table} {each} entries are read each time, and {scans} times all rows");
                self.too_much.lock().unwrap().push(told);
            }
        }
    }

    async fn once(&self, operation: impl AsyncFn(&dyn Store)) {
        operation(&PostgresStore::open(&self.database.url(), 2).unwrap()).await;
    }
}
