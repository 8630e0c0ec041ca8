//! In a large store, what is done often reads no table from end to end, and little more than it answers.
//!
//! Nothing is asked of the plans themselves: another way to the same rows is as good.

mod postgres;
mod sqlite;

use std::sync::atomic::{AtomicU32, Ordering};

use flow::domain::contact::Channel;
use flow::domain::conversation::ConversationStatus;
use flow::domain::id::ConversationId;
use flow::domain::job::{JobFilter, JobState, Pool, Work};
use flow::domain::lead::LeadStatus;
use flow::domain::store::{ConversationFilter, LeadFilter, LeadSort, MessageRange, Page, Store};

use super::samples::{at, phone, says, telegram_lanes};

/// A statement that is prepared gets a plan for all values when it ran often enough.
const RUNS: i64 = 14;
const PAGE: u32 = 50;
const MESSAGES: i64 = 200_000;

/// A large store, and what was read of it.
trait Large {
    /// Runs something often. It may read so many entries of a table's indexes each time, and no table from end to end.
    async fn reads_at_most(&self, entries: i64, what: &str, operation: impl AsyncFn(&dyn Store));

    /// Runs something, whatever it reads.
    async fn once(&self, operation: impl AsyncFn(&dyn Store));
}

/// `$B` is when it begins, `$A` and `$S` are work.
fn filled(sql: &str) -> String {
    let conversation_id = conversation(1);
    let json = |work: &Work| serde_json::to_string(work).unwrap();
    sql.replace("$B", &at(0).as_millisecond().to_string())
        .replace("$A", &json(&Work::Answer { conversation_id }))
        .replace("$S", &json(&Work::Send { part: 0, conversation_id }))
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
    let Some(large) = postgres::Counted::new().await else { return };
    all(&large).await;
    let too_much = large.told();
    assert!(too_much.is_empty(), "{too_much:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_often_in_a_large_file_goes_through_no_table() {
    let large = sqlite::Watched::new().await;
    all(&large).await;
    let too_much = large.told();
    assert!(too_much.is_empty(), "{too_much:#?}");
}

async fn all(large: &impl Large) {
    leads(large).await;
    conversations(large).await;
    work(large).await;
    queue(large).await;
}

async fn leads(large: &impl Large) {
    let list = async |what: &str, sort: LeadSort, filter: LeadFilter, page: Page| {
        let run = async |store: &dyn Store| assert!(!store.leads(&filter, sort, &page).await.unwrap().is_empty());
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

async fn conversations(large: &impl Large) {
    let list = async |what: &str, filter: ConversationFilter| {
        let list = async |store: &dyn Store| {
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
    let frequent = ConversationFilter { q: Some("стрижка".to_owned()), ..all() };
    let newest = async |store: &dyn Store| {
        let found = store.conversations(&frequent, &page()).await.unwrap();
        let expected: Vec<_> = (0..PAGE).map(|n| conversation(20_000 - n)).collect();
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), expected);
        assert_eq!(store.count_conversations(&frequent, 1000).await.unwrap(), 1000);
    };
    large.once(newest).await;
    let show = async |store: &dyn Store| {
        assert!(store.conversation(conversation(77)).await.unwrap().is_some());
        for range in [MessageRange::Last, MessageRange::After(90_000), MessageRange::Before(90_000)] {
            assert!(!store.messages(conversation(77), range, PAGE).await.unwrap().is_empty());
        }
    };
    large.reads_at_most(60, "a conversation", show).await;
    let person = async |store: &dyn Store| {
        assert_eq!(store.contacts_by_phone(&phone(777)).await.unwrap().len(), 1);
    };
    large.reads_at_most(20, "a phone's person", person).await;
    let turn = async |store: &dyn Store| {
        assert!(!store.turn_input(conversation(77), 20).await.unwrap().new.is_empty());
    };
    large.reads_at_most(100, "what a turn starts from", turn).await;
    let follow = async |store: &dyn Store| {
        let last = store.last_seq().await.unwrap();
        assert_eq!(store.messages_since(last - 20, PAGE).await.unwrap().len(), 20);
        assert!(store.messages_since(last, PAGE).await.unwrap().is_empty());
    };
    large.reads_at_most(60, "following the messages", follow).await;
    let catch_up = async |store: &dyn Store| {
        assert_eq!(store.messages_since(MESSAGES / 2, PAGE).await.unwrap().len(), PAGE as usize);
    };
    large.reads_at_most(120, "catching up with the messages", catch_up).await;
}

async fn work(large: &impl Large) {
    let pool = Pool::Class("conv".to_owned());
    let claim = async |store: &dyn Store| {
        assert_eq!(store.claim(&pool, 8, at(60), at(1)).await.unwrap().len(), 8);
        assert!(store.next_ready(&pool).await.unwrap().is_some());
    };
    large.reads_at_most(300, "taking work", claim).await;
    let carry = async |store: &dyn Store| {
        assert_eq!(store.take_parts(Channel::Telegram, 8, at(60), at(1)).await.unwrap().parts.len(), 8);
        assert!(store.next_ready(&telegram_lanes()).await.unwrap().is_some());
    };
    large.reads_at_most(300, "taking parts", carry).await;
    let reap = async |store: &dyn Store| assert_eq!(store.reap(at(1)).await.unwrap(), 0);
    large.reads_at_most(300, "taking leases back", reap).await;
    let nothing_due = async |store: &dyn Store| {
        assert_eq!(store.enter_due(PAGE, at(-100_000)).await.unwrap(), 0);
    };
    large.reads_at_most(60, "a look for due work", nothing_due).await;
    let due = async |store: &dyn Store| assert!(store.enter_due(1, at(0)).await.unwrap() <= 1);
    large.reads_at_most(60, "moving due work", due).await;
    let number = AtomicU32::new(0);
    let hear = async |store: &dyn Store| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let incoming = says(&format!("new-{}", number % 5), number, "Привет");
        assert!(!store.receive(&incoming, at(2), Some(at(2)), None).await.unwrap().duplicate);
    };
    large.reads_at_most(60, "storing a message", hear).await;
}

async fn queue(large: &impl Large) {
    let list = async |what: &str, filter: JobFilter| {
        let list = async |store: &dyn Store| assert!(!store.jobs(&filter, PAGE).await.unwrap().is_empty());
        large.reads_at_most(1000, what, list).await;
    };
    let all = JobFilter::default;
    list("jobs", all()).await;
    list("jobs of a kind", JobFilter { kind: vec!["answer".to_owned()], ..all() }).await;
    let entered = vec![JobState::Waiting, JobState::Running, JobState::Dead];
    list("jobs of a lane", JobFilter { lane: Some("conv:19000".to_owned()), state: entered, ..all() }).await;
    list("jobs that run", JobFilter { state: vec![JobState::Running], ..all() }).await;
    list("jobs that wait", JobFilter { state: vec![JobState::Waiting], ..all() }).await;
    list("work for later", JobFilter { state: vec![JobState::Scheduled], ..all() }).await;
}
