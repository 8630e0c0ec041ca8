//! In a large PostgreSQL store, what is done often reads no table from end to end, and little more than it answers.
//!
//! What was read is told by the server's own counters, which a session hands over when it ends. Nothing is asked of
//! the plans themselves: another way to the same rows is as good.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flow::domain::contact::Channel;
use flow::domain::conversation::ConversationStatus;
use flow::domain::id::ConversationId;
use flow::domain::job::{Pool, Work};
use flow::domain::lead::LeadStatus;
use flow::domain::outbox::Outbox;
use flow::domain::store::{
    ConversationFilter, Conversations, LeadFilter, LeadSort, Leads, MessageRange, Page, Queue, Turns,
};
use flow::domain::text::stems;
use flow::store::postgres::PostgresStore;

use super::samples::{at, phone, says, telegram_lanes};
use crate::support::postgres::Database;

/// The tables that grow.
const LARGE: [&str; 9] =
    ["contacts", "conversations", "messages", "leads", "jobs", "lanes", "outbox", "scheduled", "raw_events"];
/// A statement that is prepared gets a plan for all values when it ran often enough.
const RUNS: i64 = 14;
const PAGE: u32 = 50;
const MESSAGES: i64 = 200_000;

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
struct Large {
    database: Database,
    session: tokio_postgres::Client,
    too_much: Mutex<Vec<String>>,
}

impl Large {
    async fn new() -> Option<Self> {
        let database = Database::new().await?;
        let session = database.session().await;
        let conversation_id = conversation(1);
        let json = |work: &Work| serde_json::to_string(work).unwrap();
        let fill = FILL
            .replace("$B", &at(0).as_millisecond().to_string())
            .replace("$F", &stems("стрижка").remove(0))
            .replace("$C", &stems("редкость").remove(0))
            .replace("$A", &json(&Work::Answer { conversation_id }))
            .replace("$S", &json(&Work::Send { part: 0, conversation_id }));
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

    /// Runs something often. It may read so many entries of a table's indexes each time, and no table from end to end.
    async fn reads_at_most(&self, entries: i64, what: &str, operation: impl AsyncFn(&PostgresStore)) {
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
}

fn conversation(number: u32) -> ConversationId {
    format!("cv_{number:026}").parse().unwrap()
}

fn page() -> Page {
    Page { limit: PAGE, after: None, descending: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_often_in_a_large_database_reads_little_more_than_it_answers() {
    // One for all of it, because filling it takes long.
    let Some(large) = Large::new().await else { return };
    leads(&large).await;
    conversations(&large).await;
    work(&large).await;
    let too_much = large.too_much.lock().unwrap();
    assert!(too_much.is_empty(), "{too_much:#?}");
}

async fn leads(large: &Large) {
    let list = async |what: &str, sort: LeadSort, filter: LeadFilter, page: Page| {
        let run = async |store: &PostgresStore| assert!(!store.leads(&filter, sort, &page).await.unwrap().is_empty());
        large.reads_at_most(500, what, run).await;
    };
    let all = LeadFilter::default;
    list("all leads", LeadSort::Created, all(), page()).await;
    list("the leads changed last", LeadSort::Updated, all(), page()).await;
    let second = Page { after: Some((at(30_000), format!("ld_{:026}", 30_000))), ..page() };
    list("the leads of a later page", LeadSort::Created, all(), second).await;
    for status in [LeadStatus::Lost, LeadStatus::Qualified] {
        list(status.as_str(), LeadSort::Created, LeadFilter { status: vec![status], ..all() }, page()).await;
    }
    let open = vec![LeadStatus::New, LeadStatus::Qualified];
    list("leads in two states", LeadSort::Created, LeadFilter { status: open, ..all() }, page()).await;
    list("leads of the web", LeadSort::Created, LeadFilter { channel: vec![Channel::Web], ..all() }, page()).await;
    list("a phone's leads", LeadSort::Created, LeadFilter { phone: Some(phone(777)), ..all() }, page()).await;
    let week = LeadFilter { created_after: Some(at(100)), created_before: Some(at(200)), ..all() };
    list("the leads of some minutes", LeadSort::Created, week, page()).await;
    let late = LeadFilter { updated_after: Some(at(49_900)), ..all() };
    list("leads changed lately", LeadSort::Updated, late, page()).await;
}

async fn conversations(large: &Large) {
    let list = async |what: &str, filter: ConversationFilter| {
        let list = async |store: &PostgresStore| {
            assert!(!store.conversations(&filter, &page()).await.unwrap().is_empty());
        };
        large.reads_at_most(600, what, list).await;
    };
    let all = ConversationFilter::default;
    list("all conversations", all()).await;
    list("open conversations", ConversationFilter { status: vec![ConversationStatus::Open], ..all() }).await;
    list("conversations of the web", ConversationFilter { channel: vec![Channel::Web], ..all() }).await;
    list("conversations with a person", ConversationFilter { handoff: Some(true), ..all() }).await;
    let lead_id = Some(format!("ld_{:026}", 5).parse().unwrap());
    list("a lead's conversation", ConversationFilter { lead_id, ..all() }).await;
    list("conversations with a word", ConversationFilter { q: Some("редкость".to_owned()), ..all() }).await;
    let show = async |store: &PostgresStore| {
        assert!(store.conversation(conversation(77)).await.unwrap().is_some());
        for range in [MessageRange::Last, MessageRange::After(90_000), MessageRange::Before(90_000)] {
            assert!(!store.messages(conversation(77), range, PAGE).await.unwrap().is_empty());
        }
    };
    large.reads_at_most(60, "a conversation", show).await;
    let person = async |store: &PostgresStore| {
        assert_eq!(store.contacts_by_phone(&phone(777)).await.unwrap().len(), 1);
    };
    large.reads_at_most(20, "a phone's person", person).await;
    let turn = async |store: &PostgresStore| {
        assert!(!store.turn_input(conversation(77), 20).await.unwrap().new.is_empty());
    };
    large.reads_at_most(100, "what a turn starts from", turn).await;
    let follow = async |store: &PostgresStore| {
        let last = store.last_seq().await.unwrap();
        assert_eq!(store.messages_since(last - 20, PAGE).await.unwrap().len(), 20);
        assert!(store.messages_since(last, PAGE).await.unwrap().is_empty());
    };
    large.reads_at_most(60, "following the messages", follow).await;
    let catch_up = async |store: &PostgresStore| {
        assert_eq!(store.messages_since(MESSAGES / 2, PAGE).await.unwrap().len(), PAGE as usize);
    };
    large.reads_at_most(120, "catching up with the messages", catch_up).await;
}

async fn work(large: &Large) {
    let pool = Pool::Class("conv".to_owned());
    let claim = async |store: &PostgresStore| {
        assert_eq!(store.claim(&pool, 8, at(60), at(1)).await.unwrap().len(), 8);
        assert!(store.next_ready(&pool).await.unwrap().is_some());
    };
    large.reads_at_most(300, "taking work", claim).await;
    let carry = async |store: &PostgresStore| {
        assert_eq!(store.take_parts(Channel::Telegram, 8, at(60), at(1)).await.unwrap().parts.len(), 8);
        assert!(store.next_ready(&telegram_lanes()).await.unwrap().is_some());
    };
    large.reads_at_most(300, "taking parts", carry).await;
    let reap = async |store: &PostgresStore| assert_eq!(store.reap(at(1)).await.unwrap(), 0);
    large.reads_at_most(300, "taking leases back", reap).await;
    let nothing_due = async |store: &PostgresStore| {
        assert_eq!(store.enter_due(PAGE, at(-100_000)).await.unwrap(), 0);
    };
    large.reads_at_most(60, "a look for due work", nothing_due).await;
    let due = async |store: &PostgresStore| assert!(store.enter_due(1, at(0)).await.unwrap() <= 1);
    large.reads_at_most(60, "moving due work", due).await;
    let number = AtomicU32::new(0);
    let hear = async |store: &PostgresStore| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let incoming = says(&format!("new-{}", number % 5), number, "Привет");
        assert!(!store.receive(&incoming, at(2), Some(at(2)), None).await.unwrap().duplicate);
    };
    large.reads_at_most(60, "storing a message", hear).await;
}
