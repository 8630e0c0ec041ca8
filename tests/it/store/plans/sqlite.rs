//! The store itself tells its log of a statement that read a table from end to end; here somebody listens.

use std::io::Write;
use std::sync::{Arc, Mutex};

use flow::domain::store::{ConversationFilter, Conversations, Store, Upkeep};
use flow::store::sqlite::SqliteStore;
use tracing_subscriber::EnvFilter;

use super::{Large, RUNS, filled, page};

/// What the log says of such a statement.
const TOLD: &str = "read a table from end to end";

/// As in the database; `$N(…)` is a column of whole numbers up to that one.
const FILL: &str = "
INSERT INTO contacts(id, phone, created_at) SELECT printf('ct_%026d', i), printf('+7916%07d', i), $B FROM $N(20000);
INSERT INTO conversations(id, channel, account, external_id, contact_id, lead_id, status, handoff_state, handoff_at,
 started_at, last_message_at, message_count)
 SELECT printf('cv_%026d', i), CASE i%4 WHEN 0 THEN 'web' ELSE 'telegram' END, '', 'client-' || i,
 printf('ct_%026d', i), printf('ld_%026d', i), CASE i%5 WHEN 0 THEN 'open' ELSE 'closed' END,
 CASE WHEN i%400=0 THEN 'requested' END, CASE WHEN i%400=0 THEN $B END, $B, $B+i*1000, 10 FROM $N(20000);
INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id)
 SELECT printf('msg_%026d', i), printf('cv_%026d', 1+i%20000), 'customer', 'text',
 CASE WHEN i%5000=0 THEN 'стрижка, редкость' ELSE 'стрижка' END, $B+i, 'telegram', '', 'message-' || i FROM $N(200000);
INSERT INTO leads(id, status, phone, channel, service, created_at, updated_at)
 SELECT printf('ld_%026d', i),
 CASE WHEN i%2000=0 THEN 'qualified' WHEN i%3=0 THEN 'new' WHEN i%3=1 THEN 'booked' ELSE 'lost' END,
 printf('+7916%07d', i), CASE i%4 WHEN 0 THEN 'web' ELSE 'telegram' END, 'haircut', $B+i*1000, $B+i*1000
 FROM $N(50000);
INSERT INTO lanes(lane, class, pending, ready_at) SELECT 'conv:' || i, 'conv', 1, $B-i FROM $N(20000);
INSERT INTO lanes(lane, class, pending, ready_at)
 SELECT 'out:telegram::' || i, 'out:telegram', 1, $B-i FROM $N(20000);
INSERT INTO jobs(lane, kind, payload, created_at) SELECT 'conv:' || i, 'answer', '$A', $B FROM $N(20000);
INSERT INTO outbox(message_id, conversation_id, part, parts, state, created_at, updated_at)
 SELECT id, conversation_id, 0, 1, 'queued', $B, $B FROM messages ORDER BY seq LIMIT 20000;
INSERT INTO jobs(lane, kind, payload, created_at)
 SELECT 'out:telegram::' || id, 'send_reply', json_set('$S', '$.part', id), $B FROM outbox;
INSERT INTO scheduled(key, due_at, lane, payload, entered_at)
 SELECT 'look:' || i, $B+(i-30)*1000000, 'later:' || i, '$A', CASE WHEN i%4=0 THEN $B END FROM $N(40000);
INSERT INTO raw_events(channel, account, event_id, body, received_at)
 SELECT 'telegram', '', i, '{}', $B+i FROM $N(50000);";

/// A large store in a file, and what its log says.
pub struct Watched {
    store: SqliteStore,
    log: Arc<Mutex<Vec<u8>>>,
    too_much: Mutex<Vec<String>>,
    _home: tempfile::TempDir,
}

/// Writes into something shared.
struct Into(Arc<Mutex<Vec<u8>>>);

impl Write for Into {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Watched {
    pub async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("flow.db");
        drop(SqliteStore::open(&path).unwrap());
        let mut fill = filled(FILL);
        for count in ["20000", "40000", "50000", "200000"] {
            let numbers = format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{count}) SELECT i FROM n)"
            );
            fill = fill.replace(&format!("$N({count})"), &numbers);
        }
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.execute_batch(&format!("PRAGMA synchronous=OFF; BEGIN; {fill} COMMIT;")).unwrap();
        drop(raw);
        let log: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = Arc::clone(&log);
        let listening = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("flow::store=debug"))
            .with_writer(move || Into(Arc::clone(&writer)))
            .try_init();
        listening.unwrap();
        let store = SqliteStore::open(&path).unwrap();
        // The first search brings the full text up to date.
        let rare = ConversationFilter { q: Some("редкость".to_owned()), ..ConversationFilter::default() };
        store.conversations(&rare, &page()).await.unwrap();
        let watched = Self { store, log, too_much: Mutex::default(), _home: home };
        // What is meant to read everything is told of, so the rest can be as well.
        watched.store.check().await.unwrap();
        assert!(watched.lines().contains(TOLD), "the log tells nothing");
        watched
    }

    /// What was told since the last look.
    fn lines(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.log.lock().unwrap())).unwrap()
    }

    /// What was too much.
    pub fn told(self) -> Vec<String> {
        self.too_much.into_inner().unwrap()
    }
}

impl Large for Watched {
    /// The bound is the store's own.
    async fn reads_at_most(&self, _entries: i64, what: &str, operation: impl AsyncFn(&dyn Store)) {
        drop(self.lines());
        for _ in 0..RUNS {
            operation(&self.store).await;
        }
        let lines = self.lines();
        if let Some(line) = lines.lines().find(|line| line.contains(TOLD)) {
            self.too_much.lock().unwrap().push(format!("{what}: {line}"));
        }
    }

    async fn once(&self, operation: impl AsyncFn(&dyn Store)) {
        operation(&self.store).await;
    }
}
