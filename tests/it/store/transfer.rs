//! A store that is moved: into the other kind and back, half-way, and while it changes.

use std::collections::BTreeSet;

use flow::domain::booking::BookingState;
use flow::domain::channel::Arrival;
use flow::domain::copies::Copied as Copy;
use flow::domain::id::TokenId;
use flow::domain::job::Scheduled;
use flow::domain::lead::{LeadPatch, LeadStatus};
use flow::domain::store::{
    Companies, ConversationFilter, Conversations, Effects, IdempotencyKey, Page, Queue, Store, StoreError,
    StoredResponse, Upkeep,
};
use flow::domain::token::{Scope, Token};
use flow::domain::transfer::{Copied, Mark, OF_THE_MOMENT, TABLES, TableSum, Transfer, copy, sums};
use flow::store::postgres::PostgresStore;
use flow::store::sqlite::SqliteStore;
use rusqlite::Connection;
use serde_json::json;

use super::samples::{at, chat, claim_one, job, lead, phone, profile, raw, reply, say, says, take_one, tells, visit};
use crate::support::postgres::Database;

/// A little of everything that a store may hold, odd letters and documents among it.
pub async fn lived_in(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    for secret in ["buttons", "chat"] {
        store.meta_secret(secret).await.unwrap();
    }
    store.save_credential("amocrm", "refresh", 0, at(0)).await.unwrap();
    let copy = Copy { id: "dk-1".to_owned(), phone: Some(phone(3)), body: json!({"status": "booked"}), at: at(0) };
    store.keep_copy("dikidi", "appointment", &copy).await.unwrap();
    let key = IdempotencyKey { scope: "token POST /leads k".to_owned(), fingerprint: "f".to_owned() };
    let mut wish = lead(at(0));
    (wish.phone, wish.name) = (Some(phone(3)), Some("Ольга".to_owned()));
    wish.tags = vec!["срочно".to_owned(), "a,b".to_owned()];
    wish.custom = json!({"z": 1.50, "a": {"b": [1, 100.0, null, true], "и": "ё"}, "big": 9_007_199_254_740_993_i64});
    let made = store.create_lead(&wish, false, at(0), Some(&key)).await.unwrap().lead;
    let won = LeadPatch { status: Some(LeadStatus::Won), ..LeadPatch::default() };
    store.update_lead(made.id, &won, None, at(1)).await.unwrap();
    let answer =
        StoredResponse { status: 201, headers: vec![("etag".to_owned(), "\"1\"".to_owned())], body: vec![0, 255] };
    store.store_response(&key, &answer, at(1)).await.unwrap();

    let mut hello = says("anna", 1, "Привет\0 \u{1F600}");
    hello.metadata = Some(json!({"b": 2, "a": "x\0"}));
    let received = store.receive(&hello, at(0), Some(at(0)), None).await.unwrap();
    let turn = claim_one(store, at(0)).await;
    let effects = Effects {
        session: Some((
            flow::domain::conversation::Session {
                state: flow::domain::conversation::DialogState::Confirming,
                form: json!({"service": "haircut", "asked": ["phone"]}),
                updated_at: at(1),
            },
            0,
        )),
        messages: vec![reply("Здравствуйте")],
        question: Some("А собаку можно?".to_owned()),
        usage: Some(("offline".to_owned(), 900)),
        jobs: vec![job("crm:local:1", at(1))],
        ..Effects::default()
    };
    store.commit_turn(received.conversation_id, (&turn.lease, turn.id), &effects, at(1)).await.unwrap();
    let work = job("later", at(600)).work;
    let scheduled = Scheduled { key: "later:1".to_owned(), due_at: at(600), lane: "later".to_owned(), work };
    store.schedule(&[scheduled]).await.unwrap();

    let arrival = Arrival::Message(Box::new(tells("5001", 7, "Здравствуйте")), at(0));
    let mark = flow::domain::channel::Mark {
        channel: flow::domain::contact::Channel::Telegram,
        account: "7".to_owned(),
        name: "offset",
        value: "4".to_owned(),
    };
    store.ingest(vec![(raw(1), arrival)], Some(&mark), at(2)).await.unwrap();
    let id = chat(store, "5001").await;
    say(store, id, &"Долгий ответ. ".repeat(700), 3).await;
    take_one(store, 4).await;
    store.reserve(&visit("k", 60, 120), BookingState::Booked, at(0)).await.unwrap();
    store.reserve(&visit("l", 180, 240), BookingState::Held, at(0)).await.unwrap();
    store.try_key("local", "m", "tried", at(0)).await.unwrap();
    let token = Token {
        id: TokenId::new(at(0)),
        name: "сайт".to_owned(),
        scopes: vec![Scope::Admin],
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        last_used_ip: None,
        revoked_at: None,
    };
    store.create_token(&token, &[7; 32]).await.unwrap();
}

async fn all(store: &dyn Transfer) -> Vec<TableSum> {
    sums(&mut *store.snapshot().await.unwrap()).await.unwrap()
}

fn begin(from: &str) -> Mark {
    Mark::new(from.to_owned(), format!("flow db copy {from} somewhere"))
}

async fn moved(from: &dyn Transfer, to: &dyn Transfer) -> Copied {
    let copied = copy(from, to, begin("one"), false, &mut |_, _| {}).await.unwrap();
    assert_eq!(copied.tables, all(from).await);
    copied
}

struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("flow.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).unwrap()
    }
}

/// Without the tables that are never moved.
fn lasting(found: BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    found.into_iter().filter(|(table, _)| !OF_THE_MOMENT.contains(&table.as_str())).collect()
}

/// Tables with their columns, but for what is worked out from others.
fn listed() -> BTreeSet<(String, String)> {
    let columns = TABLES.iter().flat_map(|table| table.columns.iter().map(move |(name, _)| (table.name, *name)));
    columns.map(|(table, column)| (table.to_owned(), column.to_owned())).collect()
}

#[test]
fn every_column_of_a_file_is_moved_or_worked_out_again() {
    let file = File::new();
    drop(file.open());
    let c = Connection::open(file.path()).unwrap();
    let sql = "SELECT t.name, c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c
               WHERE t.schema='main' AND t.type='table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '%\\_index\\_%' ESCAPE '\\'
               AND t.name<>'refinery_schema_history'";
    let mut statement = c.prepare(sql).unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(lasting(found.collect::<Result<_, _>>().unwrap()), listed());
    for table in TABLES {
        let mut statement = c.prepare("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)").unwrap();
        let parents = statement.query_map([table.name], |row| row.get::<_, String>(0)).unwrap();
        let parents: BTreeSet<String> = parents.map(Result::unwrap).collect();
        assert_eq!(parents, table.parents.iter().map(|name| (*name).to_owned()).collect(), "{}", table.name);
        let before = TABLES.iter().take_while(|other| other.name != table.name);
        let before: Vec<&str> = before.map(|table| table.name).collect();
        assert!(table.parents.iter().all(|parent| before.contains(parent)), "{}", table.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_a_database_is_moved_or_worked_out_again() {
    let Some(home) = Database::new().await else { return };
    let session = home.session().await;
    let sql = "SELECT table_name::text, column_name::text, is_identity='YES' FROM information_schema.columns
               WHERE table_schema=current_schema() AND table_name NOT IN ('refinery_schema_history', 'knowledge_terms')
               AND data_type NOT IN ('tsvector', 'ARRAY')";
    let rows = session.query(sql, &[]).await.unwrap();
    let found: BTreeSet<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(lasting(found), listed());
    let numbered: BTreeSet<String> = rows.iter().filter(|row| row.get::<_, bool>(2)).map(|row| row.get(0)).collect();
    let wanted = TABLES.iter().filter(|table| table.numbered).map(|table| table.name.to_owned()).collect();
    assert_eq!(numbered, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_the_same_after_a_way_through_the_other_kind() {
    let Some(between) = Database::new().await else { return };
    let (first, last) = (File::new(), File::new());
    let source = first.open();
    lived_in(&source).await;
    let before = all(&source).await;
    let empty: Vec<&str> = before.iter().filter(|table| table.rows == 0).map(|table| table.table.as_str()).collect();
    assert_eq!(empty, Vec::<&str>::new(), "a table that nothing is in proves nothing");
    let middle = between.open();
    moved(&source, &middle).await;
    let target = last.open();
    moved(&middle, &target).await;
    assert_eq!(all(&target).await, before);
    for store in [&middle as &dyn Store, &target] {
        assert_eq!(store.check().await.unwrap(), []);
        assert_eq!(store.counts().await.unwrap(), source.counts().await.unwrap());
        assert_eq!(*store.profile().await.unwrap().unwrap(), profile());
        assert_eq!(store.meta_secret("buttons").await, source.meta_secret("buttons").await);
        // What is worked out from the rows.
        let stems = flow::domain::text::stems("парковки");
        assert_eq!(store.search_knowledge(&stems, 3).await.unwrap()[0].title, "Парковка");
        let found = ConversationFilter { q: Some("приветы".to_owned()), ..ConversationFilter::default() };
        assert_eq!(store.conversations(&found, &Page::first(9)).await.unwrap().len(), 2);
        // Numbers go on, and are not given out twice.
        let next = store.receive(&says("boris", 1, "Ау"), at(9), Some(at(9)), None).await.unwrap();
        assert!(next.seq > source.last_seq().await.unwrap());
        say(store, chat(store, "5002").await, "Да", 10).await;
        assert_eq!(store.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_gone_is_not_given_out_again_by_the_copy() {
    let Some(between) = Database::new().await else { return };
    let (first, last) = (File::new(), File::new());
    let source = first.open();
    source.enqueue(&[job("a", at(0)), job("a", at(0)), job("a", at(0))], at(0)).await.unwrap();
    for now in 0..3 {
        let claimed = claim_one(&source, at(now)).await;
        source.finish(&claimed.lease, claimed.id, &flow::domain::job::Outcome::Done, at(now)).await.unwrap();
    }
    let middle = between.open();
    moved(&source, &middle).await;
    let target = last.open();
    moved(&middle, &target).await;
    for store in [&middle as &dyn Store, &target] {
        store.enqueue(&[job("b", at(9))], at(9)).await.unwrap();
        assert_eq!(claim_one(store, at(9)).await.id, 4);
    }
}

/// Copies until so many rows are through, then lets go.
async fn interrupted(from: &dyn Transfer, to: &dyn Transfer, rows: u64) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let (mut tell, mut through) = (Some(tell), 0);
    let mut watch = |_, more| {
        through += more;
        if through >= rows
            && let Some(tell) = tell.take()
        {
            tell.send(()).unwrap();
        }
    };
    tokio::select! {
        biased;
        told = told => told.unwrap(),
        ended = copy(from, to, begin("one"), false, &mut watch) => panic!("it ended: {ended:?}"),
    }
}

async fn many(store: &dyn Store, from: u32, to: u32) {
    for client in from..to {
        store.receive(&says(&format!("c{client:04}"), 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
    }
}

async fn goes_on(to: &dyn Transfer, refused: impl AsyncFn() -> Result<(), StoreError>) {
    let file = File::new();
    let source = file.open();
    many(&source, 0, 1000).await;
    interrupted(&source, to, 2200).await;
    let mark = to.copy_mark().await.unwrap().unwrap();
    assert!(!mark.done.is_empty() && mark.at.is_some(), "{mark:?}");
    assert_eq!(refused().await, Err(StoreError::Unfinished("flow db copy one somewhere".to_owned())));
    let told = copy(&source, to, begin("two"), false, &mut |_, _| {}).await;
    assert_eq!(told, Err(StoreError::Unfinished("flow db copy one somewhere".to_owned())));

    // What was copied already changes, and something comes before it.
    let first = source.messages_since(0, 1).await.unwrap().remove(0);
    source.close(first.conversation_id, at(5)).await.unwrap();
    source.ensure_contact(&phone(1), Some("Мария"), at(0)).await.unwrap();
    let mut written = 0;
    let mut watch = |stage, rows| {
        if matches!(stage, flow::domain::transfer::Stage::Rows(_)) {
            written += rows;
        }
    };
    let copied = copy(&source, to, begin("one"), false, &mut watch).await.unwrap();
    assert!(copied.resumed);
    assert_eq!(copied.tables, all(&source).await);
    assert_eq!(all(to).await, all(&source).await);
    assert_eq!(to.copy_mark().await.unwrap(), None);
    assert_eq!(to.check().await.unwrap(), []);
    let again = copy(&source, to, begin("one"), false, &mut |_, _| {}).await;
    assert_eq!(again, Err(StoreError::NotEmpty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_into_a_file_goes_on_although_its_source_has_changed() {
    let file = File::new();
    let target = file.open();
    goes_on(&target, async || SqliteStore::open(&file.path()).map(|_| ())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_into_a_database_goes_on_although_its_source_has_changed() {
    let Some(home) = Database::new().await else { return };
    let target = home.open();
    goes_on(&target, async || PostgresStore::open(&home.url(), 2).map(|_| ())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_on_from_where_it_was() {
    let (one, two) = (File::new(), File::new());
    let (source, target) = (one.open(), two.open());
    many(&source, 0, 1000).await;
    interrupted(&source, &target, 2200).await;
    let mut total = 0;
    let mut watch = |stage, _| {
        if let flow::domain::transfer::Stage::Rows(rows) = stage {
            total = rows;
        }
    };
    copy(&source, &target, begin("one"), false, &mut watch).await.unwrap();
    let all: u64 = all(&source).await.iter().map(|table| table.rows).sum();
    assert!(total > 0 && total < all, "{total} of {all} were still to be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_meanwhile_is_not_in_the_copy() {
    let (one, two) = (File::new(), File::new());
    let (source, target) = (one.open(), two.open());
    many(&source, 0, 500).await;
    let before = all(&source).await;
    let writing = async {
        many(&source, 500, 600).await;
        source.save_profile(&profile(), at(1)).await.unwrap();
    };
    let mut snapshot = source.snapshot().await.unwrap();
    let (mut watch, begin) = (|_, _| {}, begin("one"));
    let (copied, ()) = tokio::join!(copy(&source, &target, begin, false, &mut watch), writing);
    let copied = copied.unwrap();
    // It began after `before` was read and before the last word.
    assert!(copied.rows() >= before.iter().map(|table| table.rows).sum());
    assert_eq!(sums(&mut *snapshot).await.unwrap(), before, "one moment is one moment");
    assert_eq!(target.check().await.unwrap(), []);
}

async fn is_served_while_it_lives(daemon: impl Transfer, other: &dyn Transfer) {
    assert_eq!(other.is_served().await, Ok(false));
    daemon.begin_service().await.unwrap();
    assert_eq!(other.is_served().await, Ok(true));
    assert_eq!(other.is_served().await, Ok(true), "a look leaves no mark");
    drop(daemon);
    // A server notices a little later that a session has ended.
    for _ in 0..500 {
        if other.is_served().await == Ok(false) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody serves any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_serves_a_file_is_seen() {
    let file = File::new();
    is_served_while_it_lives(file.open(), &file.open()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_serves_a_database_is_seen() {
    let Some(home) = Database::new().await else { return };
    is_served_while_it_lives(home.open(), &home.open()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_nobody_can_read_is_named_and_stays_out_of_a_database() {
    let Some(home) = Database::new().await else { return };
    let file = File::new();
    drop(file.open());
    let c = Connection::open(file.path()).unwrap();
    let sql =
        "INSERT INTO leads(id, status, channel, custom, created_at, updated_at) VALUES('ld_x','new','api','{no',0,0)";
    c.execute_batch(sql).unwrap();
    let told = copy(&file.open(), &home.open(), begin("one"), false, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(&told, StoreError::Damaged(text) if text.contains("custom of leads")), "{told:?}");
}
