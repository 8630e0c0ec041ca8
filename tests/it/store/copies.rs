//! Copies of what dialogues remember, in a Redis beside the database: used when they are what the database holds, and
//! without any effect otherwise.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::adapters::redis::Redis;
use flow::domain::conversation::{DialogState, Session};
use flow::domain::erasure::Contacts;
use flow::domain::id::ConversationId;
use flow::domain::sharing::{Helper, SessionCopies};
use flow::domain::store::{Conversations, Effects, TurnInput, Turns};
use flow::store::postgres::PostgresStore;
use redis::AsyncCommands;
use serde_json::{Value, json};

use super::samples::{at, claim_one, says};
use crate::support::postgres::Database;
use crate::support::redis::Redis as Server;

const LIFE: Duration = Duration::from_secs(24 * 3600);

/// A database, and two stores on it: one with copies and one without.
struct Pair {
    database: Database,
    near: PostgresStore,
    plain: PostgresStore,
}

impl Pair {
    async fn new(place: Arc<Redis>) -> Option<Self> {
        let database = Database::new().await?;
        // Connected, because a copy waits for nothing.
        drop(place.ping().await);
        Some(Self { near: database.open().copying(place, LIFE), plain: database.open(), database })
    }

    /// One turn that remembers `form`; answers what it began with.
    async fn turn(&self, number: u32, form: &Value) -> TurnInput {
        let heard = self.near.receive(&says("anna", number, "Да"), at(1), Some(at(1)), None).await.unwrap();
        let job = claim_one(&self.near, at(1)).await;
        let input = self.near.turn_input(heard.conversation_id, 20).await.unwrap();
        let session =
            Session { state: DialogState::CollectingInfo, form: form.clone(), updated_at: at(i64::from(number)) };
        let effects = Effects {
            answered_seq: input.new.last().map(|message| message.seq),
            session: Some((session, input.session_version)),
            ..Effects::default()
        };
        self.near.commit_turn(input.conversation.id, (&job.lease, job.id), &effects, at(2)).await.unwrap();
        input
    }

    /// Both stores tell the same of the dialogue.
    async fn agree(&self, id: ConversationId, what: &str) -> Session {
        let (near, plain) = (self.near.turn_input(id, 20).await.unwrap(), self.plain.turn_input(id, 20).await.unwrap());
        assert_eq!((&near.session, near.session_version), (&plain.session, plain.session_version), "{what}");
        near.session.unwrap()
    }

    async fn form_in_the_database(&self, id: ConversationId) -> String {
        let sql = "SELECT form::text FROM sessions WHERE conversation_id=$1";
        self.database.session().await.query_one(sql, &[&id.to_string()]).await.unwrap().get(0)
    }
}

fn key(id: ConversationId) -> String {
    format!("flow:session:{id}")
}

async fn raw(server: &Server) -> redis::aio::MultiplexedConnection {
    redis::Client::open(server.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// Runs turns until a copy is there: one that does not come at once is not waited for.
async fn copied(pair: &Pair, server: &Server, numbers: std::ops::Range<u32>, form: &Value) -> ConversationId {
    let mut raw = raw(server).await;
    for number in numbers {
        let id = pair.turn(number, form).await.conversation.id;
        let copy: Option<String> = raw.get(key(id)).await.unwrap();
        if copy == Some(pair.form_in_the_database(id).await) {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there is never a copy");
}

/// What a form may hold, and what is written in another way than it came.
fn odd() -> Value {
    json!({
        "zz": [1, -7, 1.5, true, null, [], {}], "b": {"я": "«Да», \"нет\"\\ \n\t\u{1}\u{7f} 🙂", "aa": [[{"x": ""}]]},
        "a": "", "long name": 9_007_199_254_740_993_i64, "service": "haircut"
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dialogue_remembers_is_copied_as_the_database_holds_it_and_goes_with_the_person() {
    let Some(server) = Server::start() else { return };
    let place = Arc::new(Redis::open(&server.url, "here").unwrap());
    let Some(pair) = Pair::new(place.clone()).await else { return };
    let id = copied(&pair, &server, 1..100, &odd()).await;
    assert_eq!(pair.agree(id, "a copy").await.form, odd());
    let mut raw = raw(&server).await;
    let life: i64 = raw.pttl(key(id)).await.unwrap();
    assert!((1..=3_600_000).contains(&life), "{life}: an hour at most");
    let person = pair.near.conversation(id).await.unwrap().unwrap().contact.id;
    pair.near.erase_contact(person, at(9)).await.unwrap().unwrap();
    assert!(!raw.exists::<_, bool>(key(id)).await.unwrap());
    place.forget(&[key(id)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_not_what_the_database_holds_has_no_effect() {
    let Some(server) = Server::start() else { return };
    let Some(pair) = Pair::new(Arc::new(Redis::open(&server.url, "here").unwrap())).await else { return };
    let id = copied(&pair, &server, 1..100, &json!({"service": "haircut", "asked": ["phone"]})).await;
    let mut raw = raw(&server).await;
    let old = "{\"asked\": [], \"service\": \"manicure\"}";
    let long = format!("[{}1]", "1, ".repeat(40_000));
    for copy in [old, "", "{", "null", "{}", "{\"service\":\"haircut\",\"asked\":[\"phone\"]}", long.as_str()] {
        raw.set::<_, _, ()>(key(id), copy).await.unwrap();
        assert_eq!(pair.agree(id, copy).await.form["service"], "haircut");
    }
    raw.set::<_, _, ()>(key(id), b"\xff\xfe{".as_slice()).await.unwrap();
    pair.agree(id, "no text").await;
    raw.del::<_, ()>(key(id)).await.unwrap();
    raw.lpush::<_, _, ()>(key(id), old).await.unwrap();
    pair.agree(id, "a list").await;
    // Somebody else wrote meanwhile, and knows of no copies.
    copied(&pair, &server, 100..200, &json!({"service": "haircut"})).await;
    let session = pair.database.session().await;
    session.execute("UPDATE sessions SET form='{\"service\": \"massage\"}'", &[]).await.unwrap();
    assert_eq!(pair.agree(id, "the version is the same").await.form["service"], "massage");
    let next = pair.turn(200, &json!({"service": "massage", "step": 2})).await;
    assert_eq!(next.session.unwrap().form["service"], "massage");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_dies_and_comes_back_empty_changes_no_turn() {
    let Some(mut server) = Server::start() else { return };
    let Some(pair) = Pair::new(Arc::new(Redis::open(&server.url, "here").unwrap())).await else { return };
    let id = copied(&pair, &server, 1..100, &json!({"step": 0})).await;
    server.kill();
    for number in 100..110 {
        let before = pair.turn(number, &json!({"step": number})).await.session.unwrap().form;
        assert_eq!(before["step"], if number == 100 { 0 } else { number - 1 });
    }
    server.revive();
    assert_eq!(pair.agree(id, "an empty one").await.form["step"], 109);
    copied(&pair, &server, 110..400, &json!({"step": "again"})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_holds_no_turn_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/0", listener.local_addr().unwrap());
    let place = Redis::open(&url, "here").unwrap();
    let began = Instant::now();
    for _ in 0..200 {
        assert_eq!(place.copy("any").await, None);
        place.keep("any", "{}", LIFE).await;
    }
    // 10 ms each time would be four seconds.
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let Some(pair) = Pair::new(Arc::new(place)).await else { return };
    for number in 1..5 {
        let before = pair.turn(number, &json!({"step": number})).await.session;
        assert_eq!(before.map(|session| session.form), (number > 1).then(|| json!({"step": number - 1})));
    }
}
