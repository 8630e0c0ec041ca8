//! What only a SQLite file can go through: foreign files, damage, a newer flow, another process.

use std::path::Path;

use flow::domain::booking::BookingState;
use flow::domain::channel::{Arrival, Ingest, Mark, Stored};
use flow::domain::contact::Channel;
use flow::domain::id::TokenId;
use flow::domain::job::{JobFilter, JobState, Outcome, Pool, Work};
use flow::domain::store::{Companies, Conversations, Counts, Ledger, Queue, Store, StoreError, Tokens, Upkeep};
use flow::domain::token::{Scope, Token};
use flow::store::sqlite::{LATEST_SCHEMA, SqliteStore};
use jiff::Timestamp;
use refinery::{Migration, Runner};
use rusqlite::Connection;
use tempfile::TempDir;

use super::samples::{at, job, profile, raw, says, tells, visit};

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("flow.db")
    }

    fn open(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&self.file())
    }

    /// A store with a little of everything, closed.
    async fn lived_in(&self) {
        let store = self.open().unwrap();
        store.save_profile(&profile(), at(0)).await.unwrap();
        store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
        store.reserve(&visit("k", 60, 120), BookingState::Booked, at(0)).await.unwrap();
        store.enqueue(&[job("a", at(0))], at(0)).await.unwrap();
    }

    /// A store as the first schema left it.
    fn of_the_first_schema(&self, sql: &str) {
        let first = include_str!("../../../src/store/migrations/sqlite/V1__first.sql");
        let first = Migration::unapplied("V1__first.sql", first).unwrap();
        let mut connection = Connection::open(self.file()).unwrap();
        Runner::new(&[first]).run(&mut connection).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// What a careless hand does to the file.
    fn plant(&self, sql: &str) {
        let connection = Connection::open(self.file()).unwrap();
        connection.execute_batch(&format!("PRAGMA foreign_keys=OFF; {sql}")).unwrap();
    }
}

fn refused(outcome: Result<SqliteStore, StoreError>) -> StoreError {
    outcome.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_new_start() {
    let home = Home::new();
    home.lived_in().await;
    let store = home.open().unwrap();
    assert_eq!(*store.profile().await.unwrap().unwrap(), profile());
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.bookings), (1, 1));
    assert_eq!(store.queue_stats().await.unwrap().pending, 2);
    assert_eq!(store.check().await.unwrap(), []);
    assert_eq!(SqliteStore::peek_schema(&home.file()).unwrap(), LATEST_SCHEMA);
}

#[tokio::test]
async fn a_store_of_the_first_schema_is_brought_forward_with_what_waits_in_it() {
    let home = Home::new();
    let conversation = "cv_01JXABCDEFGHJKMNPQRSTVWXYZ".parse().unwrap();
    let booking = "bk_01JXABCDEFGHJKMNPQRSTVWXYZ".parse().unwrap();
    home.of_the_first_schema(
        r#"INSERT INTO contacts(id, created_at) VALUES('ct_01JXABCDEFGHJKMNPQRSTVWXYZ', 0);
        INSERT INTO conversations(id, channel, account, external_id, contact_id, message_count, started_at, last_message_at)
         VALUES('cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'web', '', 'anna', 'ct_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 0, 0);
        INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id) VALUES
         ('msg_01JXABCDEFGHJKMNPQRSTVWXYZ', 'cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'customer', 'text', 'Привет', 0, 'web', '', 'anna-1');
        INSERT INTO jobs(lane, kind, payload, state, created_at, last_error) VALUES
         ('conv:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'answer',
          '{"kind":"answer","conversation_id":"cv_01JXABCDEFGHJKMNPQRSTVWXYZ"}', 0, 0, NULL),
         ('crm:local:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'commit_booking', '{"kind":"commit_booking",
          "booking_id":"bk_01JXABCDEFGHJKMNPQRSTVWXYZ","conversation_id":"cv_01JXABCDEFGHJKMNPQRSTVWXYZ"}', 0, 0, NULL),
         ('conv:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'answer', '{}', 2, 0, 'refused for good');
        INSERT INTO lanes(lane, pending, ready_at, attempts) VALUES
         ('conv:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 0, 2), ('crm:local:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 0, 0);"#,
    );
    assert_eq!(SqliteStore::peek_schema(&home.file()), Ok(1));
    let store = home.open().unwrap();
    assert_eq!(SqliteStore::peek_schema(&home.file()), Ok(LATEST_SCHEMA));
    assert_eq!(store.check().await.unwrap(), []);
    let found = store.conversation(conversation).await.unwrap().unwrap();
    assert_eq!((found.message_count, found.unreachable), (1, None));
    for (class, work, attempt) in [
        ("conv", Work::Answer { conversation_id: conversation }, 3),
        ("crm:local", Work::CommitBooking { booking_id: booking, conversation_id: conversation }, 1),
    ] {
        let pool = Pool::Class(class.to_owned());
        assert_eq!(store.next_ready(&pool).await.unwrap(), Some(Timestamp::UNIX_EPOCH), "{class}");
        let claimed = store.claim(&pool, 9, at(60), at(0)).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].work.clone(), claimed[0].attempt), (1, Ok(work), attempt));
        store.finish(&claimed[0].lease, claimed[0].id, &Outcome::Done, at(1)).await.unwrap();
    }
    let left = store.jobs(&JobFilter::default(), 9).await.unwrap();
    assert_eq!((left.len(), left[0].state, left[0].attempts, left[0].died_at), (1, JobState::Dead, 0, None));
    // What comes from now on enters the same lanes.
    store.receive(&says("anna", 2, "Ау"), at(2), Some(at(2)), None).await.unwrap();
    assert_eq!(store.claim(&Pool::Class("conv".to_owned()), 9, at(60), at(2)).await.unwrap().len(), 1);
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn events_and_their_mark_are_stored_together_or_not_at_all() {
    let home = Home::new();
    let store = home.open().unwrap();
    home.plant("CREATE TRIGGER stop BEFORE INSERT ON channel_marks BEGIN SELECT RAISE(ABORT, 'no'); END;");
    let events: Vec<_> = (1..=3)
        .map(|number| (raw(number), Arrival::Message(Box::new(tells("5001", number, "Привет")), at(0))))
        .collect();
    let (channel, account) = (Channel::Telegram, "7".to_owned());
    let mark = Mark { channel, account, name: "offset", value: "4".to_owned() };
    assert!(store.ingest(events.clone(), Some(&mark), at(0)).await.is_err());
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    assert_eq!((store.queue_stats().await.unwrap().pending, store.forget_events(at(9), 9).await), (0, Ok(0)));
    home.plant("DROP TRIGGER stop");
    let told = store.ingest(events, Some(&mark), at(1)).await.unwrap();
    assert!(told.iter().all(|stored| matches!(stored, Stored::New(Some(_)))), "{told:?}");
    assert_eq!(store.mark(Channel::Telegram, "7", "offset").await.unwrap(), Some(("4".to_owned(), at(1))));
}

#[tokio::test]
async fn what_was_answered_is_in_the_file_before_the_store_is_closed() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.receive(&says("anna", 1, "Привет"), at(0), None, None).await.unwrap();
    let other = Connection::open(home.file()).unwrap();
    let count: i64 = other.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn the_file_is_kept_in_write_ahead_mode() {
    let home = Home::new();
    home.lived_in().await;
    let mode: String =
        Connection::open(home.file()).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.lived_in().await;
    let mode = std::fs::metadata(home.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_store_of_a_newer_flow_is_refused_unchanged() {
    let home = Home::new();
    home.lived_in().await;
    home.plant(&format!(
        "INSERT INTO refinery_schema_history(version, name, applied_on, checksum)
         VALUES({}, 'later', '2027-01-01T00:00:00Z', '1');",
        LATEST_SCHEMA + 1
    ));
    let before = std::fs::read(home.file()).unwrap();
    let newer = StoreError::Newer { found: LATEST_SCHEMA + 1, known: LATEST_SCHEMA };
    assert_eq!(refused(home.open()), newer);
    assert_eq!(SqliteStore::peek_schema(&home.file()), Ok(LATEST_SCHEMA + 1));
    assert!(std::fs::read(home.file()).unwrap() == before, "a refused file was written");
}

fn is_refused_unchanged(home: &Home) {
    let before = std::fs::read(home.file()).unwrap();
    let told = refused(home.open());
    assert!(matches!(told, StoreError::Damaged(_) | StoreError::Foreign), "{told:?}");
    assert!(std::fs::read(home.file()).unwrap() == before, "a refused file was written");
}

#[test]
fn a_database_of_another_program_is_refused_unchanged() {
    let home = Home::new();
    home.plant("CREATE TABLE invoices(id INTEGER PRIMARY KEY); INSERT INTO invoices VALUES(1);");
    is_refused_unchanged(&home);
}

#[test]
fn a_text_file_is_refused_unchanged() {
    let home = Home::new();
    for text in ["listen = \"127.0.0.1:8080\"\n".repeat(100), "hello".to_owned()] {
        std::fs::write(home.file(), text).unwrap();
        is_refused_unchanged(&home);
    }
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let home = Home::new();
    home.lived_in().await;
    let whole = std::fs::read(home.file()).unwrap();
    for length in [whole.len() / 2, 4096, 50] {
        std::fs::write(home.file(), &whole[..length]).unwrap();
        let told = refused(home.open());
        assert!(matches!(told, StoreError::Damaged(_)), "{length}: {told:?}");
    }
}

#[test]
fn an_empty_file_becomes_a_store() {
    let home = Home::new();
    std::fs::write(home.file(), "").unwrap();
    assert!(home.open().is_ok());
    assert_eq!(SqliteStore::peek_schema(&home.file()), Ok(LATEST_SCHEMA));
}

#[test]
fn a_file_that_cannot_be_reached_is_named() {
    let home = Home::new();
    let told = SqliteStore::peek_schema(&home.0.path().join("missing.db")).unwrap_err();
    assert!(matches!(&told, StoreError::Open(text) if text.contains("missing.db")), "{told:?}");
    std::fs::write(home.0.path().join("file"), "").unwrap();
    let below = SqliteStore::open(Path::new(&home.0.path().join("file/flow.db")));
    assert!(matches!(refused(below), StoreError::Open(_)));
    let folder = SqliteStore::open(home.0.path());
    assert!(matches!(refused(folder), StoreError::Open(_)));
}

#[tokio::test]
async fn folders_on_the_way_are_made() {
    let home = Home::new();
    let deep = home.0.path().join("var/lib/flow.db");
    SqliteStore::open(&deep).unwrap();
    assert!(deep.is_file());
}

#[tokio::test]
async fn a_token_is_never_in_the_file() {
    let home = Home::new();
    let clear = "flow_pat_0123456789abcdefghijABCDEFGHIJ";
    let store = home.open().unwrap();
    let token = Token {
        id: TokenId::new(at(0)),
        name: "site".to_owned(),
        scopes: vec![Scope::Admin],
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        last_used_ip: None,
        revoked_at: None,
    };
    let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(clear).into();
    store.create_token(&token, &hash).await.unwrap();
    assert_eq!(store.token_by_hash(&hash).await.unwrap(), Some(token));
    drop(store);
    let bytes = std::fs::read(home.file()).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(&hash) && !holds(clear.as_bytes()) && !holds(&clear.as_bytes()[9..20]));
}

#[tokio::test]
async fn a_check_finds_what_was_damaged() {
    let lane = "(SELECT lane FROM lanes WHERE lane LIKE 'conv:%')";
    let planted = [
        // An index that lacks the rows without a phone.
        (
            "file",
            "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql=replace(sql, ' WHERE phone IS NOT NULL', '')
             WHERE name='contacts_phone'"
                .to_owned(),
        ),
        ("references", "DELETE FROM contacts".to_owned()),
        ("orphaned_messages", "DELETE FROM conversations".to_owned()),
        ("message_counts", "UPDATE conversations SET message_count=7".to_owned()),
        (
            "orphaned_leads",
            "INSERT INTO leads(id, status, channel, conversation_id, created_at, updated_at)
             VALUES('ld_x', 'new', 'api', 'cv_gone', 0, 0)"
                .to_owned(),
        ),
        ("ledger_states", "UPDATE bookings SET state='perhaps'".to_owned()),
        ("ledger_slots", "DELETE FROM booking_slots".to_owned()),
        ("ledger_leftovers", "UPDATE bookings SET state='cancelled'".to_owned()),
        (
            "double_bookings",
            "INSERT INTO bookings SELECT 'bk_twin', connection, external_id, state, service_id, service_title,
             employee_id, employee_name, start_at+60000, end_at, client_name, phone, price, currency, comment, channel,
             contact_id, conversation_id, lead_id, error, created_at, updated_at, version FROM bookings"
                .to_owned(),
        ),
        ("jobs_without_lane", format!("DELETE FROM lanes WHERE lane={lane}")),
        ("lane_counts", format!("UPDATE lanes SET pending=5 WHERE lane={lane}")),
        ("message_order", "UPDATE sqlite_sequence SET seq=0 WHERE name='messages'".to_owned()),
    ];
    for (check, sql) in planted {
        let home = Home::new();
        home.lived_in().await;
        home.plant(&sql);
        let found = home.open().unwrap().check().await.unwrap();
        let told = found.iter().find(|finding| finding.check == check);
        assert!(told.is_some_and(|finding| !finding.hint.is_empty()), "{check} was not found: {found:?}");
    }
}

#[tokio::test]
async fn a_check_finds_a_damaged_page() {
    let home = Home::new();
    home.lived_in().await;
    let connection = Connection::open(home.file()).unwrap();
    let page: u64 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name='messages'", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .unsigned_abs();
    drop(connection);
    let mut bytes = std::fs::read(home.file()).unwrap();
    let start = usize::try_from((page - 1) * 4096).unwrap();
    bytes[start..start + 100].fill(0xff);
    std::fs::write(home.file(), bytes).unwrap();
    let found = home.open().unwrap().check().await.unwrap();
    assert!(found.iter().any(|finding| finding.check == "file"), "{found:?}");
}

#[tokio::test]
async fn readers_go_on_while_another_process_writes() {
    let home = Home::new();
    home.lived_in().await;
    let store = home.open().unwrap();
    let other = Connection::open(home.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE company SET version=version+1;").unwrap();
    assert_eq!(store.counts().await.unwrap().messages, 1);
    let reads: &dyn Store = &store;
    assert!(reads.profile().await.unwrap().is_some());
    other.execute_batch("COMMIT").unwrap();
    store.close(store.messages_since(0, 1).await.unwrap()[0].conversation_id, at(9)).await.unwrap();
}

#[tokio::test]
async fn the_only_daemon_takes_back_at_once_what_a_dead_one_had_in_work() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let dead = SqliteStore::open(&path).unwrap();
    assert_eq!(dead.begin_service().await.unwrap(), 0);
    dead.enqueue(&[job("a", at(0))], at(0)).await.unwrap();
    assert_eq!(dead.claim(&Pool::Inside, 1, at(60), at(1)).await.unwrap().len(), 1);

    // While it lives, another daemon takes nothing from it.
    let second = SqliteStore::open(&path).unwrap();
    assert_eq!(second.begin_service().await.unwrap(), 0);
    assert_eq!(second.claim(&Pool::Inside, 1, at(60), at(1)).await.unwrap(), []);
    drop(dead);
    assert_eq!(second.begin_service().await.unwrap(), 1);
    assert_eq!(second.claim(&Pool::Inside, 1, at(60), at(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn reading_waits_for_no_writer() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    drop(SqliteStore::open(&path).unwrap());
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = SqliteStore::open(&path).unwrap();
        runtime.block_on(store.counts()).unwrap();
        drop(store);
        tell.send(()).unwrap();
    });
    // The lock is only let go once the reader is through: had it waited, it would never be.
    let waited = told.recv_timeout(std::time::Duration::from_secs(4));
    writer.execute_batch("ROLLBACK").unwrap();
    reader.join().unwrap();
    assert!(waited.is_ok(), "opening, reading and closing waited for the writer");
}
