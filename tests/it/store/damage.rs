//! Damage that was planted is found, named with its ids, and says what to do.

use flow::domain::id::ConversationId;
use flow::domain::store::{Finding, Upkeep};
use flow::store::sqlite::SqliteStore;
use rusqlite::Connection;

use super::transfer::lived_in;
use crate::support::postgres::Database;

/// What a careless hand does, in words that both stores take.
const PLANTED: &[(&str, &str)] = &[
    ("orphaned_conversations", "DELETE FROM contacts"),
    ("orphaned_messages", "DELETE FROM conversations"),
    ("orphaned_sessions", "DELETE FROM conversations"),
    ("orphaned_questions", "DELETE FROM conversations"),
    ("orphaned_outbox", "DELETE FROM messages"),
    ("lead_words", "UPDATE leads SET tags='[1]'"),
    ("lead_words", "UPDATE leads SET tags='{\"a\":1}'"),
    ("lead_words", "UPDATE leads SET custom='[]'"),
    ("lead_words", "UPDATE leads SET consent='[]'"),
    ("lead_words", "UPDATE leads SET crm_state='zzz'"),
    ("message_words", "UPDATE messages SET delivery_error='[]'"),
    (
        "orphaned_leads",
        "INSERT INTO leads(id, status, channel, conversation_id, created_at, updated_at)
         VALUES('ld_x', 'new', 'api', 'cv_gone', 0, 0)",
    ),
    ("orphaned_leads", "UPDATE leads SET contact_id='ct_gone'"),
    ("orphaned_bookings", "UPDATE bookings SET contact_id='ct_gone'"),
    ("orphaned_bookings", "UPDATE bookings SET conversation_id='cv_gone'"),
    ("lost_leads", "UPDATE conversations SET lead_id='ld_gone'"),
    ("orphaned_slots", "DELETE FROM bookings"),
    ("orphaned_keys", "DELETE FROM bookings"),
    ("message_counts", "UPDATE conversations SET message_count=7"),
    ("message_counts", "DELETE FROM messages WHERE seq=(SELECT min(seq) FROM messages)"),
    ("answered_ahead", "UPDATE conversations SET answered_seq=999"),
    ("ledger_states", "UPDATE bookings SET state='perhaps'"),
    ("ledger_unconfirmed", "UPDATE bookings SET connection='bitrix24', external_id=NULL, version=2"),
    ("ledger_stuck", "UPDATE bookings SET state='committing', updated_at=0 WHERE state='booked'"),
    ("ledger_slots", "DELETE FROM booking_slots"),
    ("ledger_leftovers", "UPDATE bookings SET state='cancelled'"),
    (
        "double_bookings",
        "INSERT INTO bookings SELECT 'bk_twin', connection, external_id, state, service_id, service_title,
         employee_id, employee_name, start_at+60000, end_at, client_name, phone, price, currency, comment, channel,
         contact_id, conversation_id, lead_id, error, created_at, updated_at, version FROM bookings WHERE state='booked'",
    ),
    ("jobs_without_lane", "DELETE FROM lanes"),
    ("job_states", "UPDATE jobs SET state=1"),
    ("lane_counts", "UPDATE lanes SET pending=5"),
    ("lane_classes", "UPDATE lanes SET class='conversation'"),
    ("leases", "UPDATE lanes SET lease_until=9, lease_token=NULL"),
    ("leases", "UPDATE lanes SET lease_until=NULL, lease_token=9"),
    ("outbox_without_job", "DELETE FROM jobs WHERE kind='send_reply'"),
    ("outbox_states", "UPDATE outbox SET state='perhaps'"),
    ("outbox_parts", "DELETE FROM outbox WHERE part=(SELECT max(part) FROM outbox)"),
    ("messages_unsent", "DELETE FROM outbox"),
    ("message_words", "UPDATE messages SET role='nobody'"),
    ("message_words", "UPDATE messages SET buttons='{}'"),
    ("sessions", "UPDATE sessions SET state='lost'"),
    ("sessions", "UPDATE sessions SET form='[]'"),
    ("conversation_words", "UPDATE conversations SET handoff_state='asked'"),
    ("lead_words", "UPDATE leads SET status='perhaps'"),
    ("unreadable_work", "UPDATE jobs SET payload='{\"kind\":\"dance\"}'"),
    ("unreadable_work", "UPDATE scheduled SET payload='{}'"),
    ("profile", "UPDATE company SET body='{\"name\":1}'"),
    ("secrets", "UPDATE meta SET value='00' WHERE key LIKE 'secret:%'"),
    (
        "lost_secrets",
        "UPDATE messages SET buttons='[{\"text\":\"A\",\"value\":\"a\"}]'; UPDATE outbox SET state='sent';
         DELETE FROM meta WHERE key='secret:buttons'",
    ),
    ("credentials", "UPDATE credentials SET value=''"),
    ("credentials", "UPDATE credentials SET version=0"),
];

/// What only a file can hold.
const IN_A_FILE: &[(&str, &str)] = &[
    ("message_words", "UPDATE messages SET metadata='{no'"),
    ("sessions", "UPDATE sessions SET form='{no'"),
    ("lead_words", "UPDATE leads SET custom='{no'"),
    ("unreadable_work", "UPDATE jobs SET payload='{no'"),
    ("outbox_without_job", "UPDATE jobs SET payload='{no'"),
    ("tokens", "UPDATE tokens SET hash=x'00'"),
    ("credentials", "UPDATE credentials SET value=CAST(x'ff' AS TEXT)"),
    ("message_order", "UPDATE sqlite_sequence SET seq=0 WHERE name='messages'"),
    ("number_order", "UPDATE sqlite_sequence SET seq=0 WHERE name='jobs'"),
    ("index_ahead", "INSERT INTO meta(key, value) VALUES('indexed_seq', '999')"),
];

/// What only a database can hold.
const IN_A_DATABASE: &[(&str, &str)] = &[
    ("tokens", "UPDATE tokens SET hash='\\x00'"),
    ("message_order", "ALTER SEQUENCE messages_seq_seq RESTART"),
    ("number_order", "ALTER SEQUENCE outbox_id_seq RESTART"),
    ("number_order", "SELECT setval('jobs_id_seq', 1)"),
    ("indexes", "UPDATE pg_index SET indisvalid=false WHERE indexrelid='contacts_phone'::regclass"),
];

fn is_told(check: &str, sql: &str, found: &[Finding]) {
    let told = found.iter().find(|finding| finding.check == check);
    let told = told.unwrap_or_else(|| panic!("{check} was not found after {sql}: {found:?}"));
    assert!(!told.hint.is_empty() && told.detail.contains(": "), "{told:?}");
}

#[tokio::test]
async fn a_check_of_a_file_finds_what_was_planted() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    let store = SqliteStore::open(&whole).unwrap();
    lived_in(&store).await;
    assert_eq!(store.check().await.unwrap(), []);
    drop(store);
    for (number, (check, sql)) in PLANTED.iter().chain(IN_A_FILE).enumerate() {
        let path = folder.path().join(format!("{number}.db"));
        Connection::open(&whole).unwrap().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
        Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA foreign_keys=OFF; {sql}")).unwrap();
        is_told(check, sql, &SqliteStore::open(&path).unwrap().check().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_a_database_finds_what_was_planted() {
    let Some(home) = Database::new().await else { return };
    let store = home.open();
    lived_in(&store).await;
    assert_eq!(store.check().await.unwrap(), []);
    let session = home.session().await;
    for (check, sql) in PLANTED.iter().chain(IN_A_DATABASE) {
        // Nothing of it stays but what a sequence does, and that is set right again.
        session.batch_execute("SET session_replication_role=replica").await.unwrap();
        session.batch_execute(&planted(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        is_told(check, sql, &store.check().await.unwrap());
        session.batch_execute(RESTORED).await.unwrap();
        assert_eq!(store.check().await.unwrap(), [], "after {sql}");
    }
}

/// Keeps every table aside first.
fn planted(sql: &str) -> String {
    let aside = flow::domain::transfer::TABLES.iter();
    let aside: String = aside.map(|table| format!("CREATE TABLE aside.{0} AS TABLE public.{0};", table.name)).collect();
    format!("DROP SCHEMA IF EXISTS aside CASCADE; CREATE SCHEMA aside; {aside} {sql}")
}

/// Puts every table back, and the sequences where they were.
const RESTORED: &str = "DO $$ DECLARE name text; BEGIN
   FOR name IN SELECT table_name FROM information_schema.tables WHERE table_schema='aside' LOOP
     EXECUTE format('DELETE FROM public.%I', name);
     EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM aside.%I', name, name);
   END LOOP;
 END $$;
 SELECT setval('messages_seq_seq', 1000), setval('outbox_id_seq', 1000), setval('jobs_id_seq', 1000);
 UPDATE pg_index SET indisvalid=true";

#[tokio::test]
async fn a_finding_names_a_few_ids_and_counts_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.db");
    let store = SqliteStore::open(&path).unwrap();
    let c = Connection::open(&path).unwrap();
    let mut ids: Vec<String> = Vec::new();
    for number in 0..8 {
        let id = ConversationId::new(super::samples::at(number)).to_string();
        let sql = "INSERT INTO leads(id, status, channel, conversation_id, created_at, updated_at)
                   VALUES(?1, 'new', 'api', 'cv_gone', 0, 0)";
        c.execute(sql, [&id]).unwrap();
        ids.push(id);
    }
    let found = store.check().await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].detail.starts_with("8 leads") && found[0].detail.ends_with("and 3 more"), "{found:?}");
    assert!(ids.iter().any(|id| found[0].detail.contains(id)));
}
