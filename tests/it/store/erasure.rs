//! A person who goes: nothing of theirs is left, and nothing of anybody else's is missing.

use std::collections::BTreeSet;

use flow::domain::booking::BookingState;
use flow::domain::channel::{Arrival, RawEvent};
use flow::domain::contact::{Channel, Phone};
use flow::domain::conversation::{Button, DialogState, Incoming, MessageKind, Session};
use flow::domain::copies::Copied;
use flow::domain::erasure::{Contacts, Stays};
use flow::domain::id::{ContactId, ConversationId};
use flow::domain::job::{NewJob, Outcome, Pool, Scheduled, Work};
use flow::domain::lead::LeadStatus;
use flow::domain::store::{
    BookingFilter, ConversationFilter, Effects, IdempotencyKey, LeadDraft, LeadFilter, LeadSort, MessageRange, Page,
    Store, StoreError, StoredResponse,
};
use flow::domain::text::stems;
use flow::store::sqlite::SqliteStore;
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::json;

use super::samples::{arrives, at, claim_one, lead, minute, phone, refused, reply, say, says, take_one, tells, visit};
use crate::support::postgres::Database;

/// One whose number is a part of the other's.
const ADA: Person = Person { chat: "5001", number: 11, name: "Аделаида", words: "жасмин", hour: 1 };
const EVA: Person =
    Person { chat: "50012", number: 12, name: "Евангелина", words: "гвоздика", hour: 3 };
/// Long after all visits.
const LATER: i64 = 10 * 24 * 3600;

struct Person {
    chat: &'static str,
    number: u32,
    name: &'static str,
    words: &'static str,
    hour: i64,
}

impl Person {
    fn phone(&self) -> Phone {
        phone(self.number)
    }

    fn says(&self, number: u32) -> Incoming {
        let text = format!("Я {}, люблю {} {number}", self.name, self.words);
        Incoming { name: Some(self.name.to_owned()), phone: Some(self.phone()), ..tells(self.chat, number, &text) }
    }

    /// An event as Telegram delivers it.
    fn event(&self, number: u32) -> RawEvent {
        let body = json!({"update_id": self.number * 100 + number, "message": {
            "message_id": number, "chat": {"id": self.chat.parse::<i64>().unwrap(), "type": "private"},
            "from": {"id": self.chat.parse::<i64>().unwrap(), "first_name": self.name}, "text": self.words,
        }});
        let id = (self.number * 100 + number).to_string();
        RawEvent { channel: Channel::Telegram, account: "7".to_owned(), id, body: body.to_string() }
    }

    fn key(&self, what: &str) -> IdempotencyKey {
        IdempotencyKey { scope: format!("tk POST /{what} {}", self.number), fingerprint: "f".to_owned() }
    }

    async fn conversation(&self, store: &dyn Store) -> flow::domain::conversation::Conversation {
        store.conversation_of(&super::samples::telegram(self.chat)).await.unwrap().unwrap()
    }

    async fn contact(&self, store: &dyn Store) -> ContactId {
        self.conversation(store).await.contact.id
    }
}

/// Everything that somebody can leave behind in a store.
async fn lives(store: &dyn Store, who: &Person) {
    let arrival = Arrival::Message(Box::new(who.says(1)), at(0));
    let events = vec![(who.event(1), arrival), (who.event(2), Arrival::Nothing)];
    store.ingest(events, None, at(0)).await.unwrap();
    let conversation = who.conversation(store).await;
    let (id, contact) = (conversation.id, conversation.contact.id);
    turn(store, who, id, contact).await;
    let part = take_one(store, 2).await;
    arrives(store, &part, 2).await;
    say(store, id, &format!("{}, ждём", who.name), 3).await;
    let part = take_one(store, 4).await;
    store.carried(&part, &refused(None), None, at(4)).await.unwrap();

    let mut wish = lead(at(5));
    (wish.phone, wish.name, wish.contact_id) = (Some(who.phone()), Some(who.name.to_owned()), Some(contact));
    let made = store.create_lead(&wish, false, at(5), Some(&who.key("leads"))).await.unwrap().lead;
    let mut nobodys = lead(at(5));
    nobodys.phone = Some(who.phone());
    store.create_lead(&nobodys, false, at(5), None).await.unwrap();
    let answer = StoredResponse {
        status: 201,
        headers: vec![("location".to_owned(), format!("/leads/{}", made.id))],
        body: json!({"id": made.id, "name": who.name}).to_string().into_bytes(),
    };
    store.store_response(&who.key("leads"), &answer, at(5)).await.unwrap();
    let refusal = StoredResponse { status: 422, headers: Vec::new(), body: format!("{id}").into_bytes() };
    store.store_response(&who.key("refused"), &refusal, at(5)).await.unwrap();

    let copy = Copied { id: who.chat.to_owned(), phone: Some(who.phone()), body: json!({"name": who.name}), at: at(6) };
    store.keep_copy("dikidi", "appointment", &copy).await.unwrap();
    // A CRM writes phones its own way, and a call of it is nobody's row.
    let told = format!("name={}&phone=8{}", who.name, &who.phone().as_str()[2..]);
    let hook = Copied { id: format!("hook-{}", who.number), phone: None, body: json!({"body": told}), at: at(6) };
    store.keep_hook("amocrm", &hook, &[], at(6)).await.unwrap();

    let lane = NewJob::crm_lane("local", id);
    let work = Work::Answer { conversation_id: id };
    store.enqueue(&[NewJob { lane, work, ready_at: at(6) }], at(6)).await.unwrap();
    let job = claim_one(store, at(6)).await;
    let dead = Outcome::Dead { error: format!("no answer to {}", who.name) };
    store.finish(&job.lease, job.id, &dead, at(6)).await.unwrap();
    let mut tried = visit("tried", 0, 60);
    tried.phone = Some(who.phone());
    store.try_key("local", &format!("tried-{}", who.number), &tried.fingerprint(), at(6)).await.unwrap();
}

async fn turn(store: &dyn Store, who: &Person, id: ConversationId, contact: ContactId) {
    let job = claim_one(store, at(1)).await;
    let form = json!({"name": who.name, "wish": who.words});
    let mut said = reply(&format!("{}, записать вас на {}?", who.name, who.words));
    said.buttons = vec![Button { text: who.words.to_owned(), value: "yes".to_owned() }];
    said.trace = Some(json!({"words": who.words}));
    let mut new = visit(&format!("visit-{}", who.number), who.hour * 60, who.hour * 60 + 60);
    (new.client_name, new.phone) = (Some(who.name.to_owned()), Some(who.phone()));
    (new.contact_id, new.conversation_id) = (Some(contact), Some(id));
    let booked = store.reserve(&new, BookingState::Booked, at(1)).await.unwrap();
    let later = Scheduled {
        key: format!("escalate:{}", booked.id),
        due_at: at(LATER * 2),
        lane: NewJob::conversation_lane(id),
        work: Work::EscalateBooking { booking_id: booked.id, conversation_id: id },
    };
    let draft = LeadDraft {
        status: Some(LeadStatus::Qualified),
        name: Some(who.name.to_owned()),
        phone: Some(who.phone()),
        ..LeadDraft::default()
    };
    let effects = Effects {
        session: Some((Session { state: DialogState::Confirming, form, updated_at: at(1) }, 0)),
        messages: vec![said],
        lead: Some(draft),
        question: Some(format!("А {} у вас есть?", who.words)),
        usage: Some(("offline".to_owned(), 900)),
        scheduled: vec![later],
        ..Effects::default()
    };
    store.commit_turn(id, (&job.lease, job.id), &effects, at(1)).await.unwrap();
}

/// What still waits when the person goes.
async fn waits(store: &dyn Store, who: &Person) {
    let mut press = who.says(2);
    (press.kind, press.button_value) = (MessageKind::Button, Some(who.words.to_owned()));
    store.receive(&press, at(7), Some(at(7)), Some(&who.key("messages"))).await.unwrap();
    say(store, who.conversation(store).await.id, who.words, 8).await;
}

/// The two, each with a whole life; what they wrote can be found by its words.
async fn both(store: &dyn Store) {
    store.meta_secret("buttons").await.unwrap();
    for who in [&ADA, &EVA] {
        lives(store, who).await;
    }
    for who in [&ADA, &EVA] {
        waits(store, who).await;
        assert!(is_found(store, who).await);
    }
}

async fn is_found(store: &dyn Store, who: &Person) -> bool {
    let filter = ConversationFilter { q: Some(who.words.to_owned()), ..ConversationFilter::default() };
    !store.conversations(&filter, &Page::first(9)).await.unwrap().is_empty()
}

/// Everything by which a row names the person.
async fn marks(store: &dyn Store, who: &Person) -> Vec<String> {
    let conversation = who.conversation(store).await;
    let contact = conversation.contact.id;
    let mut marks = vec![conversation.id.to_string(), contact.to_string(), who.chat.to_owned()];
    let messages = store.messages(conversation.id, MessageRange::Last, 99).await.unwrap();
    marks.extend(messages.iter().map(|message| message.id.to_string()));
    let filter = LeadFilter { phone: Some(who.phone()), ..LeadFilter::default() };
    let leads = store.leads(&filter, LeadSort::Created, &Page::first(9)).await.unwrap();
    assert_eq!(leads.len(), 3);
    marks.extend(leads.iter().map(|lead| lead.id.to_string()));
    let filter = BookingFilter { contact_id: Some(contact), ..BookingFilter::default() };
    let bookings = store.bookings(&filter, &Page::first(9)).await.unwrap();
    marks.extend(bookings.iter().map(|booking| booking.id.to_string()));
    marks.extend([who.name, who.words, who.phone().digits()].map(str::to_owned));
    marks.extend(stems(who.words));
    marks.extend(stems(who.name));
    marks
}

/// A row with the name of its table, every column as text.
type Rows = BTreeSet<(String, String)>;

/// Whether a mark stands in a row: whole, where it is a number.
fn names(row: &str, marks: &[String]) -> bool {
    marks.iter().any(|mark| {
        row.match_indices(mark.as_str()).any(|(start, found)| {
            let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let ends = mark.ends_with(|c: char| c.is_ascii_digit());
            !(ends
                && (is_digit(row[..start].chars().next_back()) || is_digit(row[start + found.len()..].chars().next())))
        })
    })
}

fn file_rows(c: &Connection) -> Rows {
    let tables = "SELECT name FROM sqlite_schema WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'
                  AND name NOT IN (SELECT name FROM pragma_table_list WHERE type='shadow')";
    let mut statement = c.prepare(tables).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 25, "{tables:?}");
    let mut found = Rows::new();
    for table in tables {
        let mut statement = c.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Null => "-".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        let rows = statement.query_map([], |row| {
            let cells: Result<Vec<String>, _> = (0..columns).map(|at| row.get_ref(at).map(text)).collect();
            Ok(cells?.join(" | "))
        });
        found.extend(rows.unwrap().map(|row| (table.clone(), row.unwrap())));
    }
    found
}

async fn database_rows(session: &tokio_postgres::Client) -> Rows {
    let sql = "SELECT c.table_name::text, string_agg(CASE WHEN c.data_type='bytea' THEN
               format('convert_from(%I, ''UTF8'')', c.column_name) ELSE format('%I::text', c.column_name) END, ', ')
               FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
               WHERE c.table_schema=current_schema() AND t.table_type='BASE TABLE' GROUP BY 1";
    let tables = session.query(sql, &[]).await.unwrap();
    assert!(tables.len() > 25, "{}", tables.len());
    let mut found = Rows::new();
    for table in tables {
        let (name, columns): (String, String) = (table.get(0), table.get(1));
        let sql = format!("SELECT concat_ws(' | ', {columns}) FROM \"{name}\"");
        let rows = session.query(&sql, &[]).await.unwrap();
        found.extend(rows.iter().map(|row| (name.clone(), row.get(0))));
    }
    found
}

fn still<'r>(rows: &'r Rows, marks: &[String]) -> Vec<&'r (String, String)> {
    rows.iter().filter(|(_, row)| names(row, marks)).collect()
}

/// Compares what was there with what is left.
fn only_she_is_gone(before: &Rows, after: &Rows, marks: &[String], others: &[String]) {
    let (hers, left): (Rows, Rows) = before.iter().cloned().partition(|(_, row)| names(row, marks));
    let tables: BTreeSet<&str> = hers.iter().map(|(table, _)| table.as_str()).collect();
    let every =
        "booking_keys booking_slots bookings contacts conversations copies events idempotency jobs lanes leads messages
                 outbox questions raw_events scheduled sessions usage";
    assert_eq!(tables, every.split_whitespace().collect(), "a table that nothing is in proves nothing");
    let theirs: BTreeSet<&str> =
        left.iter().filter(|(_, row)| names(row, others)).map(|(table, _)| table.as_str()).collect();
    assert_eq!(theirs, tables, "the other one has the same kind of life");
    let still = still(after, marks);
    assert!(still.is_empty(), "{still:#?}");
    let missing: Vec<_> = left.difference(after).collect();
    let new: Vec<_> = after.difference(&left).collect();
    assert!(missing.is_empty() && new.is_empty(), "missing {missing:#?}\nnew {new:#?}");
}

async fn goes(store: &dyn Store, before: &Rows) -> Timestamp {
    let contact = ADA.contact(store).await;
    let held = store.holdings(contact).await.unwrap();
    let erased = store.erase_contact(contact, at(LATER)).await.unwrap().unwrap();
    for (table, rows) in &held {
        assert_eq!(
            erased.rows.get(table).copied().unwrap_or(0),
            rows.len() as u64,
            "{table}: what is held is what goes"
        );
    }
    assert!(held["messages"].len() > 3 && !before.is_empty());
    assert_eq!(store.contact(contact).await.unwrap(), None);
    assert_eq!(store.people(&ADA.phone()).await.unwrap(), []);
    let again = store.erase_contact(contact, at(LATER)).await;
    assert_eq!(again, Err(StoreError::NotFound("contact")));
    assert_eq!(store.check().await.unwrap(), []);
    at(LATER)
}

/// What is written afterwards is found and answered as ever.
async fn goes_on(store: &dyn Store, now: Timestamp) {
    assert!(!is_found(store, &ADA).await && is_found(store, &EVA).await);
    let again = ADA.says(9);
    store.receive(&again, now, Some(now), None).await.unwrap();
    assert!(is_found(store, &ADA).await);
    let claimed = store.claim(&Pool::Inside, 9, now + jiff::SignedDuration::from_mins(1), now).await.unwrap();
    assert_eq!(claimed.len(), 2, "{claimed:?}");
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_table_of_a_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("flow.db");
    let store = SqliteStore::open(&path).unwrap();
    both(&store).await;
    let (hers, others) = (marks(&store, &ADA).await, marks(&store, &EVA).await);
    let c = Connection::open(&path).unwrap();
    let before = file_rows(&c);
    let now = goes(&store, &before).await;
    only_she_is_gone(&before, &file_rows(&c), &hers, &others);
    for (who, rows) in [(&ADA, false), (&EVA, true)] {
        let query = format!("\"{}\"", stems(who.words)[0]);
        let sql = "SELECT count(*)>0 FROM messages_index WHERE messages_index MATCH ?1";
        assert_eq!(c.query_row(sql, [query], |row| row.get(0)), Ok(rows), "{}", who.name);
    }
    drop((c, store));
    goes_on(&SqliteStore::open(&path).unwrap(), now).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_stays_behind_is_seen() {
    for table in ["events", "idempotency", "lanes", "raw_events", "scheduled", "usage"] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("flow.db");
        let store = SqliteStore::open(&path).unwrap();
        both(&store).await;
        let hers = marks(&store, &ADA).await;
        let c = Connection::open(&path).unwrap();
        let keep = format!("CREATE TRIGGER keep BEFORE DELETE ON {table} BEGIN SELECT RAISE(IGNORE); END");
        c.execute_batch(&keep).unwrap();
        store.erase_contact(ADA.contact(&store).await, at(LATER)).await.unwrap().unwrap();
        let rows = file_rows(&c);
        let left: BTreeSet<&str> = still(&rows, &hers).iter().map(|(table, _)| table.as_str()).collect();
        assert_eq!(left, BTreeSet::from([table]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_table_of_a_database() {
    let Some(home) = Database::new().await else { return };
    let store = home.open();
    both(&store).await;
    let (hers, others) = (marks(&store, &ADA).await, marks(&store, &EVA).await);
    let session = home.session().await;
    let before = database_rows(&session).await;
    let now = goes(&store, &before).await;
    only_she_is_gone(&before, &database_rows(&session).await, &hers, &others);
    goes_on(&store, now).await;
}

pub async fn a_person_with_a_visit_to_come_stays(store: &dyn Store) {
    let received = store.receive(&says("anna", 1, "Привет"), at(0), None, None).await.unwrap();
    for (state, hour) in
        [(BookingState::Booked, 1), (BookingState::Held, 3), (BookingState::Committing, 5), (BookingState::Unknown, 7)]
    {
        let mut wanted = visit(state.as_str(), hour * 60, hour * 60 + 60);
        wanted.conversation_id = Some(received.conversation_id);
        let booked = store.reserve(&wanted, state, at(0)).await.unwrap();
        let told = store.erase_contact(received.contact_id, minute(hour * 60 + 59)).await.unwrap();
        assert_eq!(told, Err(Stays::Expected(booked.id)), "{state}");
        assert!(store.message(received.message_id).await.unwrap().is_some());
    }
    store.erase_contact(received.contact_id, minute(480)).await.unwrap().unwrap();
}

pub async fn a_person_whose_job_runs_stays_until_it_is_done(store: &dyn Store) {
    let received = store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
    let job = claim_one(store, at(0)).await;
    let told = store.erase_contact(received.contact_id, at(1)).await.unwrap();
    assert_eq!(told, Err(Stays::Busy(job.id)));
    // Whoever lost the lease writes nothing any more.
    store.erase_contact(received.contact_id, at(3600)).await.unwrap().unwrap();
    let late = store.finish(&job.lease, job.id, &Outcome::Done, at(3600)).await;
    assert_eq!(late, Err(StoreError::LostLease));
}

pub async fn who_goes_leaves_a_group_to_the_others(store: &dyn Store) {
    let mut ids = Vec::new();
    for who in ["-100/5001", "-100/50012"] {
        let received = store.receive(&tells(who, 1, "Привет всем"), at(0), None, None).await.unwrap();
        say(store, received.conversation_id, who, 1).await;
        ids.push(received);
    }
    let body = |id: i64| json!({"message": {"chat": {"id": -100}, "from": {"id": id}}}).to_string();
    let event = |number: u32, id| (RawEvent { body: body(id), ..super::samples::raw(number) }, Arrival::Nothing);
    store.ingest(vec![event(1, 5001), event(2, 50012)], None, at(1)).await.unwrap();
    let erased = store.erase_contact(ids[0].contact_id, at(2)).await.unwrap().unwrap();
    let count = |table| erased.rows.get(table).copied();
    assert_eq!((count("raw_events"), count("jobs"), count("lanes")), (Some(1), Some(1), None));
    let part = take_one(store, 3).await;
    assert_eq!(part.part.conversation_id, ids[1].conversation_id);
    arrives(store, &part, 3).await;
    assert_eq!(store.holdings(ids[1].contact_id).await.unwrap()["raw_events"].len(), 1);
}

pub async fn a_phone_that_others_have_too_is_not_proof(store: &dyn Store) {
    let shared = lead(at(0));
    let shared = flow::domain::lead::Lead { phone: Some(phone(5)), ..shared };
    store.create_lead(&shared, false, at(0), None).await.unwrap();
    let kept = store.ensure_contact(&phone(5), Some("Мария"), at(0)).await.unwrap();
    let typed = store.receive(&says("boris", 1, "Привет"), at(1), Some(at(1)), None).await.unwrap();
    let job = claim_one(store, at(1)).await;
    let effects = Effects { phone: Some(phone(5)), ..Effects::default() };
    store.commit_turn(typed.conversation_id, (&job.lease, job.id), &effects, at(1)).await.unwrap();
    assert_eq!(store.people(&phone(5)).await.unwrap().len(), 2);
    store.erase_contact(typed.contact_id, at(2)).await.unwrap().unwrap();
    assert_eq!(store.people(&phone(5)).await.unwrap(), std::slice::from_ref(&kept));
    assert!(store.lead(shared.id).await.unwrap().is_some(), "it may be the other one's");
    store.erase_contact(kept.id, at(3)).await.unwrap().unwrap();
    assert_eq!(store.lead(shared.id).await.unwrap(), None);
}
