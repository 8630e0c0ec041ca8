//! What only a PostgreSQL database can go through: others' schemas, several processes, lost connections.

use std::sync::Arc;
use std::time::Duration;

use flow::domain::booking::BookingState;
use flow::domain::contact::Channel;
use flow::domain::conversation::Incoming;
use flow::domain::job::{Outcome, Pool};
use flow::domain::outbox::{Carried, Outbox};
use flow::domain::store::{
    Companies, Conversations, Counts, Effects, IdempotencyKey, Ledger, Queue, Store, StoreError, Tokens, Turns, Upkeep,
};
use flow::store::postgres::{LATEST_SCHEMA, PostgresStore};
use futures_util::future::join_all;
use refinery::{Migration, Runner};
use serde_json::json;

use super::samples::{at, job, profile, reply, says, tells, visit};
use crate::support::daemon::{Daemon, Home};
use crate::support::postgres::Database;

fn refused(outcome: Result<PostgresStore, StoreError>) -> StoreError {
    outcome.err().expect("the database is refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn six_processes_that_come_at_once_bring_the_schema_forward_once() {
    let Some(database) = Database::empty().await else { return };
    assert_eq!(PostgresStore::peek_schema(&database.url()), Ok(0));
    let open = |url: String| tokio::task::spawn_blocking(move || PostgresStore::open(&url, 2).map(|_| ()));
    for outcome in join_all((0..6).map(|_| open(database.url()))).await {
        assert_eq!(outcome.unwrap(), Ok(()));
    }
    assert_eq!(PostgresStore::peek_schema(&database.url()), Ok(LATEST_SCHEMA));
    let session = database.session().await;
    let applied: i64 = session.query_one("SELECT count(*) FROM refinery_schema_history", &[]).await.unwrap().get(0);
    assert_eq!(applied, i64::from(LATEST_SCHEMA));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_each_earlier_schema_is_brought_forward_with_what_waits_in_it() {
    let first = ("V1__first.sql", include_str!("../../../src/store/migrations/postgres/V1__first.sql"));
    let second = ("V2__durable_path.sql", include_str!("../../../src/store/migrations/postgres/V2__durable_path.sql"));
    for known in [&[first][..], &[first, second]] {
        let Some(database) = Database::empty().await else { return };
        let migrations: Vec<Migration> =
            known.iter().map(|(name, sql)| Migration::unapplied(name, sql).unwrap()).collect();
        let mut session = database.session().await;
        Runner::new(&migrations).run_async(&mut session).await.unwrap();
        let lived = r#"INSERT INTO contacts(id, created_at) VALUES('ct_01JXABCDEFGHJKMNPQRSTVWXYZ', 0);
            INSERT INTO conversations(id, channel, account, external_id, contact_id, message_count, started_at, last_message_at)
             VALUES('cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'web', '', 'anna', 'ct_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 0, 0);
            INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id) VALUES
             ('msg_01JXABCDEFGHJKMNPQRSTVWXYZ', 'cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'customer', 'text', 'Привет', 0, 'web', '', 'anna-1');
            INSERT INTO jobs(lane, kind, payload, state, created_at) VALUES
             ('conv:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 'answer',
              '{"kind":"answer","conversation_id":"cv_01JXABCDEFGHJKMNPQRSTVWXYZ"}', 0, 0);
            INSERT INTO lanes(lane, pending, ready_at, attempts) VALUES ('conv:cv_01JXABCDEFGHJKMNPQRSTVWXYZ', 1, 0, 2);"#;
        session.batch_execute(lived).await.unwrap();
        assert_eq!(PostgresStore::peek_schema(&database.url()), Ok(u32::try_from(known.len()).unwrap()));
        let store = database.open();
        assert_eq!(PostgresStore::peek_schema(&database.url()), Ok(LATEST_SCHEMA));
        assert_eq!(store.check().await.unwrap(), []);
        let id = "cv_01JXABCDEFGHJKMNPQRSTVWXYZ".parse().unwrap();
        assert_eq!(store.conversation(id).await.unwrap().unwrap().message_count, 1);
        let claimed = store.claim(&Pool::Class("conv".to_owned()), 9, at(60), at(0)).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].attempt), (1, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_newer_flow_is_refused_unchanged() {
    let Some(database) = Database::new().await else { return };
    let session = database.session().await;
    let newer = "INSERT INTO refinery_schema_history(version, name, applied_on, checksum)
                 SELECT 9999, 'future', applied_on, checksum FROM refinery_schema_history WHERE version=1";
    session.batch_execute(newer).await.unwrap();
    let told = refused(PostgresStore::open(&database.url(), 2));
    assert_eq!(told, StoreError::Newer { found: 9999, known: LATEST_SCHEMA });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_program_is_refused_unchanged() {
    let tables = [
        "CREATE TABLE messages(id BIGINT PRIMARY KEY)",
        "CREATE TABLE refinery_schema_history(version INT PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT);
         INSERT INTO refinery_schema_history VALUES (1, 'users', '', '1')",
    ];
    for tables in tables {
        let Some(database) = Database::empty().await else { return };
        let session = database.session().await;
        session.batch_execute(tables).await.unwrap();
        let told = refused(PostgresStore::open(&database.url(), 2));
        assert!(matches!(&told, StoreError::Open(why) if why.contains("another program")), "{told:?}");
        let there = "SELECT count(*) FROM pg_class WHERE relkind='r' AND relnamespace='public'::regnamespace";
        assert_eq!(session.query_one(there, &[]).await.unwrap().get::<_, i64>(0), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_told_without_a_password() {
    let told = refused(PostgresStore::open("postgres://flow:hunter2@127.0.0.1:1/flow", 2));
    assert!(matches!(&told, StoreError::Away(why) if !why.contains("hunter2")), "{told:?}");
    let Some(database) = Database::new().await else { return };
    let url = database.url();
    let missing = format!("{}/missing", url.rsplit_once('/').unwrap().0);
    let told = refused(PostgresStore::open(&missing, 2));
    assert!(matches!(&told, StoreError::Open(why) if why.contains("missing")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_rights_is_told_what_the_database_says_and_what_to_grant() {
    let Some(database) = Database::empty().await else { return };
    let session = database.session().await;
    let role = format!("poor_{}", std::process::id());
    session.batch_execute(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
    let url = database.url().replace("://flow@", &format!("://{role}@"));
    let home = Home::new();
    let told = |url: &str| {
        let run = home.run(&["seed", "--preset", "salon", "--store", url]);
        assert_eq!(run.status.code(), Some(7), "{run:?}");
        String::from_utf8(run.stderr).unwrap()
    };
    let fresh = told(&url);
    assert!(fresh.contains("permission denied for schema public") && fresh.contains("GRANT"), "{fresh}");
    drop(tokio::task::block_in_place(|| database.open()));
    let made = told(&url);
    assert!(made.contains("permission denied for table") && made.contains("GRANT"), "{made}");
    session.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_new_start() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    store.save_profile(&profile(), at(0)).await.unwrap();
    store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
    store.reserve(&visit("k", 60, 120), BookingState::Booked, at(0)).await.unwrap();
    drop(store);
    let store = database.open();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.bookings, counts.knowledge), (1, 1, 3));
    assert_eq!(store.profile().await.unwrap().unwrap().company.name, profile().company.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_the_refused_one_takes_nothing_from_the_others() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    let key = IdempotencyKey { scope: "t:POST:/x:1".to_owned(), fingerprint: "a".to_owned() };
    store.receive(&says("first", 1, "раз"), at(0), Some(at(0)), Some(&key)).await.unwrap();
    let messages: Vec<Incoming> = (0..60).map(|n| says(&format!("client-{n}"), 1, "Привет")).collect();
    let told = join_all(messages.iter().enumerate().map(|(n, incoming)| {
        let key = (n % 20 == 7).then_some(&key);
        store.receive(incoming, at(1), Some(at(1)), key)
    }))
    .await;
    let refused = told.iter().filter(|told| **told == Err(StoreError::KeyReused)).count();
    assert_eq!((refused, told.iter().filter(|told| told.is_ok()).count()), (3, 57));
    assert_eq!(store.counts().await.unwrap().messages, 58);
    assert_eq!(store.queue_stats().await.unwrap().pending, 58);
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivered_message_opens_nothing_that_was_closed() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    let id = store.receive(&says("anna", 1, "раз"), at(0), None, None).await.unwrap().conversation_id;
    store.close(id, at(1)).await.unwrap();
    let closed = store.conversation(id).await.unwrap();
    let (again, other) = (says("anna", 1, "раз"), says("boris", 1, "два"));
    let told = tokio::join!(store.receive(&again, at(2), None, None), store.receive(&other, at(2), None, None));
    assert!(told.0.unwrap().duplicate && !told.1.unwrap().duplicate);
    assert_eq!(store.conversation(id).await.unwrap(), closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_hear_the_same_store_it_once() {
    let Some(database) = Database::new().await else { return };
    let (one, other) = (database.open(), database.open());
    let messages: Vec<Incoming> = (0..40).map(|n| says(&format!("client-{}", n % 8), n, "Привет")).collect();
    let told = join_all(
        messages
            .iter()
            .flat_map(|incoming| [&one, &other].map(|store| store.receive(incoming, at(0), Some(at(0)), None))),
    )
    .await;
    let told: Vec<_> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(told.iter().filter(|received| !received.duplicate).count(), 40);
    assert!(told.chunks(2).all(|pair| pair[0].message_id == pair[1].message_id && pair[0].seq == pair[1].seq));
    let counts = one.counts().await.unwrap();
    assert_eq!((counts.messages, counts.conversations), (40, 8));
    assert_eq!(one.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_several_processes_never_share_a_lane() {
    let Some(database) = Database::new().await else { return };
    let stores: Vec<PostgresStore> = (0..3).map(|_| database.open()).collect();
    let jobs: Vec<_> = (0..300).map(|n| job(&format!("lane-{}", n % 30), at(0))).collect();
    stores[0].enqueue(&jobs, at(0)).await.unwrap();
    let work = stores.iter().map(|store| async move {
        let mut done: Vec<(String, i64)> = Vec::new();
        loop {
            let claimed = store.claim(&Pool::Inside, 4, at(60), at(1)).await.unwrap();
            if claimed.is_empty() && store.queue_stats().await.unwrap().pending == 0 {
                return done;
            }
            for job in claimed {
                store.finish(&job.lease, job.id, &Outcome::Done, at(1)).await.unwrap();
                done.push((job.lease.lane, job.id));
            }
        }
    });
    let done = join_all(work).await;
    for worker in &done {
        let mut last = std::collections::HashMap::new();
        assert!(worker.iter().all(|(lane, id)| last.insert(lane, *id).is_none_or(|before| before < *id)));
    }
    let mut all: Vec<i64> = done.into_iter().flatten().map(|(_, id)| id).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 300);
    assert_eq!(stores[0].check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_messages_misses_none_that_is_committed_late() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    let first = store.receive(&says("anna", 1, "раз"), at(0), None, None).await.unwrap();
    // Somebody takes the next number and is slow to commit.
    let slow = database.session().await;
    let copy = "BEGIN; INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id)
                SELECT 'msg_01KMTF000000000000000000AA', conversation_id, role, kind, 'два', at, channel, account, 'late'
                FROM messages";
    slow.batch_execute(copy).await.unwrap();
    let third = store.receive(&says("boris", 1, "три"), at(0), None, None).await.unwrap();
    assert!(third.seq > first.seq + 1);
    assert_eq!(store.messages_since(first.seq, 10).await.unwrap(), [], "the later one is not told before the earlier");
    slow.batch_execute("COMMIT").await.unwrap();
    let told = store.messages_since(first.seq, 10).await.unwrap();
    assert_eq!(told.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["два", "три"]);
    assert_eq!(store.last_seq().await.unwrap(), third.seq);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_no_database_holds_keeps_no_message_out() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    let metadata = Some(json!({"page\0": "\0"}));
    let incoming = Incoming { metadata, name: Some("А\0".to_owned()), ..says("an\0na", 1, "при\0вет") };
    let received = store.receive(&incoming, at(0), Some(at(0)), None).await.unwrap();
    let again = store.receive(&incoming, at(1), Some(at(1)), None).await.unwrap();
    assert!(again.duplicate);
    let stored = store.message(received.message_id).await.unwrap().unwrap();
    assert_eq!((stored.text.as_str(), stored.metadata), ("при\u{fffd}вет", Some(json!({"page\u{fffd}": "\u{fffd}"}))));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_one_daemon_writes_wakes_another() {
    let Some(database) = Database::new().await else { return };
    let (here, there) = (database.open(), database.open());
    let mut heard = there.wakeups();
    let wait = Duration::from_secs(20);
    tokio::time::timeout(wait, heard.recv()).await.expect("it says that it listens").unwrap();
    here.enqueue(&[job("a", at(0))], at(0)).await.unwrap();
    tokio::time::timeout(wait, heard.recv()).await.expect("the work is heard of").unwrap();
    // A connection that was lost stands again by itself.
    let session = database.session().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname=current_database() AND pid<>pg_backend_pid()";
    session.query_one(cut, &[]).await.unwrap();
    tokio::time::timeout(wait, heard.recv()).await.expect("it says that it listens again").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_connections_were_cut_works_on() {
    let Some(database) = Database::new().await else { return };
    let store = database.open();
    store.receive(&says("anna", 1, "раз"), at(0), None, None).await.unwrap();
    let session = database.session().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname=current_database() AND pid<>pg_backend_pid()";
    session.query_one(cut, &[]).await.unwrap();
    for number in 2..20 {
        match store.receive(&says("anna", number, "ещё"), at(1), None, None).await {
            Ok(_) => {}
            // Whoever is told so comes again.
            Err(told) => assert!(matches!(told, StoreError::Busy(_)), "{told:?}"),
        }
    }
    store.receive(&says("anna", 99, "всё"), at(2), None, None).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_daemon_takes_back_at_once_what_a_dead_one_had_in_work() {
    let Some(database) = Database::new().await else { return };
    let dead = database.open();
    dead.begin_service().await.unwrap();
    dead.enqueue(&[job("a", at(0)), job("b", at(0))], at(0)).await.unwrap();
    assert_eq!(dead.claim(&Pool::Inside, 1, at(60), at(0)).await.unwrap().len(), 1);
    let beside = database.open();
    assert_eq!(beside.begin_service().await, Ok(0), "the other one lives");
    drop(dead);
    // The one beside it still works: what it holds is not taken from it.
    assert_eq!(beside.claim(&Pool::Inside, 1, at(60), at(0)).await.unwrap().len(), 1);
    let third = database.open();
    assert_eq!(third.begin_service().await, Ok(0));
    drop((beside, third));
    let mut freed = 0;
    for _ in 0..100 {
        let alone = database.open();
        freed = alone.begin_service().await.unwrap();
        if freed > 0 {
            break;
        }
        // The server notices a closed connection a moment later.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(freed, 2);
}

/// Clients that write to a few chats, workers that answer and a carrier: two processes, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_everybody_at_work_nothing_is_lost_doubled_or_stuck() {
    let Some(database) = Database::new().await else { return };
    let (one, other) = (database.open(), database.open());
    let stores = [&one, &other];
    let clients = (0..6_u32).map(|client| async move {
        for number in 0..20 {
            let store = stores[(number % 2) as usize];
            // Two people of one group share a chat.
            let chat = format!("-{}/{client}", client / 2);
            store.receive(&tells(&chat, number, "Привет"), at(0), Some(at(0)), None).await.unwrap();
        }
    });
    let is_over = async || {
        let (queue, counts) = (one.queue_stats().await.unwrap(), one.counts().await.unwrap());
        queue.pending == 0 && counts.messages == 240
    };
    let workers = stores.map(|store| async move {
        while !is_over().await {
            for job in store.claim(&Pool::Inside, 3, at(600), at(1)).await.unwrap() {
                let id = job.work.unwrap().conversation().unwrap();
                let effects = Effects { messages: vec![reply("Здравствуйте")], ..Effects::default() };
                store.commit_turn(id, (&job.lease, job.id), &effects, at(1)).await.unwrap();
            }
        }
    });
    let carriers = stores.map(|store| async move {
        while !is_over().await {
            let taken = store.take_parts(Channel::Telegram, 3, at(600), at(2)).await.unwrap();
            assert_eq!((taken.doubtful, taken.given_up), (vec![], vec![]));
            for carrying in taken.parts {
                let sent = Carried::Sent { external_id: Some(format!("m/{}", carrying.part.id)) };
                store.carried(&carrying, &sent, None, at(2)).await.unwrap();
            }
        }
    });
    let all = async { tokio::join!(join_all(clients), join_all(workers), join_all(carriers)) };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("nobody waits for ever");
    let stats = one.outbox_stats().await.unwrap();
    assert_eq!((stats.queued, stats.sending, stats.unknown), (0, 0, 0));
    assert_eq!(one.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_callers_than_sessions_wait_for_their_turn() {
    let Some(database) = Database::new().await else { return };
    let store = Arc::new(PostgresStore::open(&database.url(), 2).unwrap());
    let told = join_all((0..100).map(|n| {
        let store = Arc::clone(&store);
        async move {
            store.enqueue(&[job(&format!("lane-{}", n % 7), at(0))], at(0)).await?;
            store.counts().await
        }
    }))
    .await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
    assert_eq!(store.queue_stats().await.unwrap().pending, 100);
    assert_ne!(store.counts().await.unwrap(), Counts { messages: 1, ..Counts::default() });
    assert_eq!(store.tokens().await.unwrap(), []);
    let store: &dyn Store = &*store;
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_in_a_database_is_seeded_served_and_looked_after() {
    let Some(database) = Database::empty().await else { return };
    let (home, url) = (Home::new(), database.url());
    let missing = home.run(&["leads", "list", "--store", &url]);
    assert_eq!(missing.status.code(), Some(7), "reading makes no store in a new place");
    assert!(home.run(&["seed", "--preset", "salon", "--store", &url]).status.success());
    let status = home.json(&["db", "status", "-o", "json", "--store", &url]);
    assert_eq!((status["current"].as_u64(), &status["file"]), (Some(LATEST_SCHEMA.into()), &json!(null)), "{status}");
    let daemon = Daemon::start(&home, &["--store", &url, "--listen", "127.0.0.1:0"], &[]);
    let client = crate::support::web().no_proxy().build().unwrap();
    let health = client.get(format!("{}/health", daemon.url)).send().await.unwrap();
    assert!(health.status().is_success(), "{}", health.text().await.unwrap());
    let looked = home.run(&["db", "check", "--store", &url]);
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stdout));
    let show = home.run(&["config", "show", "--store", "postgres://flow:hunter2@db/flow"]);
    let shown = String::from_utf8_lossy(&show.stdout).into_owned();
    assert!(shown.contains("postgres://flow:***@db/flow") && !shown.contains("hunter2"), "{shown}");
}
