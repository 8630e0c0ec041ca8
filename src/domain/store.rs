//! What the store promises. Time is an argument; no transaction leaves it: what must happen
//! together is one method that takes the jobs which follow.

mod error;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

pub use self::error::{StoreError, StoreResult};
use super::booking::{Booking, BookingState, NewBooking};
use super::channel::Ingest;
use super::company::Profile;
use super::contact::{Channel, Contact, Identity, Locale, Phone};
use super::conversation::{
    Conversation, ConversationStatus, Handoff, Incoming, Message, Outgoing, Received, Session, Unanswered,
};
use super::copies::Copies;
use super::erasure::Contacts;
use super::id::{BookingId, ContactId, ConversationId, LeadId, MessageId, TokenId};
use super::job::{Lease, NewJob, Scheduled};
use super::knowledge::{KnowledgeHit, UnansweredQuestion};
use super::lead::{Lead, LeadPatch, LeadStatus};
use super::outbox::Outbox;
pub use super::queue::{Queue, QueueStats};
use super::sharing::Sharing;
use super::token::Token;

/// Everything the store does.
pub trait Store:
    Companies
    + Contacts
    + Conversations
    + Handoffs
    + Ingest
    + Turns
    + Leads
    + Ledger
    + Queue
    + Outbox
    + Knowledge
    + Tokens
    + Idempotency
    + Sharing
    + Copies
    + Upkeep
{
}

impl<T> Store for T where
    T: Companies
        + Contacts
        + Conversations
        + Handoffs
        + Ingest
        + Turns
        + Leads
        + Ledger
        + Queue
        + Outbox
        + Knowledge
        + Tokens
        + Idempotency
        + Sharing
        + Copies
        + Upkeep
{
}

/// One page of a list, by key and never by offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: u32,
    /// The last row of the page before: its sort key and id.
    pub after: Option<(Timestamp, String)>,
    /// Newest first.
    pub descending: bool,
}

impl Page {
    /// The newest `limit` rows.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None, descending: true }
    }
}

/// The business profile.
#[async_trait]
pub trait Companies: Send + Sync {
    /// The loaded profile, hidden services and employees included.
    async fn profile(&self) -> StoreResult<Option<Arc<Profile>>>;

    /// The loaded profile alone, without what is laid over it.
    async fn own_profile(&self) -> StoreResult<Option<Profile>>;

    /// A number that changes whenever the profile does; 0 without a profile.
    async fn profile_version(&self) -> StoreResult<i64>;

    /// Loads a profile: rows are updated by id, rows that are gone are hidden. The same profile
    /// again changes nothing and keeps the version.
    async fn save_profile(&self, profile: &Profile, now: Timestamp) -> StoreResult<ProfileChange>;
}

/// What loading a profile changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ProfileChange {
    /// Anything at all.
    pub changed: bool,
    /// Services in the profile.
    pub services: u32,
    /// Services that were hidden now.
    pub services_hidden: u32,
    /// Employees in the profile.
    pub employees: u32,
    /// Employees that were hidden now.
    pub employees_hidden: u32,
    /// Knowledge entries.
    pub knowledge: u32,
}

/// Which conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversationFilter {
    /// In one of these states.
    pub status: Vec<ConversationStatus>,
    /// On one of these channels.
    pub channel: Vec<Channel>,
    /// With that lead.
    pub lead_id: Option<LeadId>,
    /// With that person.
    pub contact_id: Option<ContactId>,
    /// With a hand-over that has not returned, or without.
    pub handoff: Option<bool>,
    /// With a question nobody answered, or without.
    pub unanswered: Option<bool>,
    /// Last message at or after.
    pub updated_after: Option<Timestamp>,
    /// Last message before.
    pub updated_before: Option<Timestamp>,
    /// Words that occur in its messages.
    pub q: Option<String>,
}

/// Which messages of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRange {
    /// The newest.
    Last,
    /// Those before this one, the nearest.
    Before(i64),
    /// Those after this one, the oldest.
    After(i64),
}

/// An answer to a request with an idempotency key: written with the effect, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Token id, method, path and the client's key.
    pub scope: String,
    /// SHA-256 of the canonical body.
    pub fingerprint: String,
}

/// Messages and their conversations.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// Stores a client's message with its conversation and, with `answer_at`, the job that answers it.
    /// The same channel, account and external id again changes nothing and is a `duplicate`.
    async fn receive(
        &self,
        incoming: &Incoming,
        now: Timestamp,
        answer_at: Option<Timestamp>,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Received>;

    /// Stores a message written by an operator or by a program. `handoff` replaces the
    /// conversation's hand-over in the same transaction.
    async fn post(
        &self,
        id: ConversationId,
        message: &Outgoing,
        handoff: Option<&Handoff>,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Message>;

    /// As `post`, for a text in several parts: all of them or none. The key's effect is the first.
    async fn post_all(
        &self,
        id: ConversationId,
        messages: &[Outgoing],
        handoff: Option<&Handoff>,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<Vec<Message>>;

    /// One conversation.
    async fn conversation(&self, id: ConversationId) -> StoreResult<Option<Conversation>>;

    /// The conversation with that identity.
    async fn conversation_of(&self, identity: &Identity) -> StoreResult<Option<Conversation>>;

    /// Conversations by last message.
    async fn conversations(&self, filter: &ConversationFilter, page: &Page) -> StoreResult<Vec<Conversation>>;

    /// How many fit, counted up to `cap`.
    async fn count_conversations(&self, filter: &ConversationFilter, cap: u32) -> StoreResult<u32>;

    /// Messages of a conversation, oldest first.
    async fn messages(&self, id: ConversationId, range: MessageRange, limit: u32) -> StoreResult<Vec<Message>>;

    /// One message.
    async fn message(&self, id: MessageId) -> StoreResult<Option<Message>>;

    /// Messages after `seq` in all conversations, oldest first (`flow conversations tail`).
    async fn messages_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Message>>;

    /// The highest `seq`; 0 when there is none.
    async fn last_seq(&self) -> StoreResult<i64>;

    /// Replaces the hand-over; who takes and gives back by hand uses [`Handoffs`].
    async fn set_handoff(&self, id: ConversationId, handoff: &Handoff, now: Timestamp) -> StoreResult<()>;

    /// Ends a conversation; the client's next message opens it again.
    async fn close(&self, id: ConversationId, now: Timestamp) -> StoreResult<()>;

    /// People with that phone, the most recently active first.
    async fn contacts_by_phone(&self, phone: &Phone) -> StoreResult<Vec<Contact>>;

    /// The person with that phone, made when nobody has it; an empty name is filled.
    async fn ensure_contact(&self, phone: &Phone, name: Option<&str>, now: Timestamp) -> StoreResult<Contact>;

    /// Questions nobody answered, newest first.
    async fn unanswered(&self, limit: u32) -> StoreResult<Vec<UnansweredQuestion>>;
}

/// Conversations between the bot and the people of the company.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Gives a conversation to a person, also one that the bot owns. What one has already stays as it is;
    /// what somebody else has is `Owned` unless `from_others`; one that has ended is `Closed`.
    async fn take(
        &self,
        id: ConversationId,
        operator: &str,
        from_others: bool,
        now: Timestamp,
    ) -> StoreResult<Conversation>;

    /// Stores a person's message; one that nobody has taken is theirs from then on. `Closed` when it has ended.
    async fn reply(&self, id: ConversationId, text: &str, operator: &str, now: Timestamp) -> StoreResult<Message>;

    /// Gives a conversation back to the bot; one that the bot owns stays as it is. What the client wrote
    /// meanwhile counts as dealt with. When no person wrote, the last of it is answered by a job.
    async fn hand_back(&self, id: ConversationId, now: Timestamp) -> StoreResult<Conversation>;
}

/// What a turn starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnInput {
    /// The conversation.
    pub conversation: Conversation,
    /// The stored state of the dialogue.
    pub session: Option<Session>,
    /// Its version, to be given back with the change; 0 when there is none.
    pub session_version: i64,
    /// The client's messages that no turn has looked at, oldest first.
    pub new: Vec<Message>,
    /// The messages before them, oldest first.
    pub history: Vec<Message>,
}

/// A lead as a dialogue knows it: the conversation's open lead is updated, else one is made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeadDraft {
    /// The state to reach; kept when the lead may not go there.
    pub status: Option<LeadStatus>,
    /// The person's name.
    pub name: Option<String>,
    /// The person's phone.
    pub phone: Option<Phone>,
    /// What is wanted.
    pub service: Option<String>,
    /// For when.
    pub desired_at: Option<Timestamp>,
    /// For when, as it was said.
    pub desired_text: Option<String>,
    /// Only change a lead that exists.
    pub update_only: bool,
}

/// A change of a row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingUpdate {
    /// The row.
    pub id: BookingId,
    /// Its new state.
    pub state: BookingState,
    /// The CRM's id.
    pub external_id: Option<String>,
    /// What the CRM said.
    pub error: Option<String>,
}

/// Everything that one step of a dialogue changes, in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effects {
    /// Whether a person owned the conversation when the step was made. Another owner in the store fails
    /// the step with `Version`; absent: it does not matter who owns it.
    pub with_person: Option<bool>,
    /// The client's messages up to this `seq` are dealt with.
    pub answered_seq: Option<i64>,
    /// The dialogue's new state, and the version it was made from: another one in the store fails the
    /// step with `Version`, because somebody else moved the dialogue on.
    pub session: Option<(Session, i64)>,
    /// What is said.
    pub messages: Vec<Outgoing>,
    /// The client's name, once known.
    pub name: Option<String>,
    /// The client's phone, once known.
    pub phone: Option<Phone>,
    /// The client's language, once shown.
    pub language: Option<Locale>,
    /// The lead.
    pub lead: Option<LeadDraft>,
    /// A row of the ledger in state `held`; a taken slot fails the whole step with `SlotTaken`.
    pub hold: Option<(BookingId, NewBooking)>,
    /// A change of a row of the ledger.
    pub booking: Option<BookingUpdate>,
    /// A person is asked for.
    pub handoff: Option<Handoff>,
    /// A question nobody could answer.
    pub question: Option<String>,
    /// What must happen next.
    pub jobs: Vec<NewJob>,
    /// What must happen later.
    pub scheduled: Vec<Scheduled>,
    /// The job is given up rather than done: why.
    pub given_up: Option<String>,
    /// How long the engine itself took, in microseconds, and its name.
    pub usage: Option<(String, i64)>,
    /// The dialogue begins anew: what is stored of it cannot be worked with.
    pub begins_anew: bool,
}

/// A dialogue's steps.
#[async_trait]
pub trait Turns: Send + Sync {
    /// What a turn starts from, with at most `history` earlier messages.
    async fn turn_input(&self, id: ConversationId, history: u32) -> StoreResult<TurnInput>;

    /// What an apology starts from.
    async fn unanswered_by(&self, id: ConversationId) -> StoreResult<Unanswered>;

    /// Commits a step and completes its job. `LostLease` when somebody else has the work.
    async fn commit_turn(
        &self,
        id: ConversationId,
        job: (&Lease, i64),
        effects: &Effects,
        now: Timestamp,
    ) -> StoreResult<()>;
}

/// Which leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeadFilter {
    /// In one of these states.
    pub status: Vec<LeadStatus>,
    /// From one of these channels.
    pub channel: Vec<Channel>,
    /// From that source.
    pub source: Option<String>,
    /// For that service.
    pub service: Option<String>,
    /// Of that owner.
    pub assigned_to: Option<String>,
    /// With that label.
    pub tag: Option<String>,
    /// With that phone.
    pub phone: Option<Phone>,
    /// In one of these CRM states.
    pub crm_state: Vec<super::lead::CrmState>,
    /// Part of name, phone or comment, without regard to case.
    pub q: Option<String>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Changed at or after.
    pub updated_after: Option<Timestamp>,
    /// Changed before.
    pub updated_before: Option<Timestamp>,
}

/// What leads are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadSort {
    /// When they were made.
    Created,
    /// When they last changed.
    Updated,
}

/// A lead that was made, or found.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedLead {
    /// The lead.
    pub lead: Lead,
    /// It was there already: an open one with the same phone, younger than 30 days.
    pub duplicate: bool,
}

/// Leads.
#[async_trait]
pub trait Leads: Send + Sync {
    /// Stores a lead. With `dedupe` an open one with the same phone younger than 30 days is
    /// answered instead, its empty fields filled.
    async fn create_lead(
        &self,
        lead: &Lead,
        dedupe: bool,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<CreatedLead>;

    /// Changes a lead. `if_version` must equal its version. A change to nothing raises no version.
    async fn update_lead(
        &self,
        id: LeadId,
        patch: &LeadPatch,
        if_version: Option<i64>,
        now: Timestamp,
    ) -> StoreResult<Lead>;

    /// One lead.
    async fn lead(&self, id: LeadId) -> StoreResult<Option<Lead>>;

    /// Leads by time.
    async fn leads(&self, filter: &LeadFilter, sort: LeadSort, page: &Page) -> StoreResult<Vec<Lead>>;

    /// How many fit, counted up to `cap`.
    async fn count_leads(&self, filter: &LeadFilter, cap: u32) -> StoreResult<u32>;
}

/// Which rows of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BookingFilter {
    /// Of that connection.
    pub connection: Option<String>,
    /// In one of these states.
    pub state: Vec<BookingState>,
    /// Of that client.
    pub phone: Option<Phone>,
    /// Of that person.
    pub contact_id: Option<ContactId>,
    /// From that dialogue.
    pub conversation_id: Option<ConversationId>,
    /// With that employee.
    pub employee_id: Option<String>,
    /// That stands for this appointment of the CRM.
    pub external_id: Option<String>,
    /// Starting at or after.
    pub from: Option<Timestamp>,
    /// Starting before.
    pub to: Option<Timestamp>,
}

/// A stretch of time that an employee has no room in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// Who.
    pub employee_id: Option<String>,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Which booking.
    pub booking_id: BookingId,
    /// The CRM's id of the appointment, once it has one.
    pub external_id: Option<String>,
}

impl Busy {
    /// Whether this is the appointment of that id: the CRM's, or the row's own while the CRM has given none.
    #[must_use]
    pub fn is(&self, appointment: &str) -> bool {
        match &self.external_id {
            Some(id) => id == appointment,
            None => self.booking_id.to_string() == appointment,
        }
    }
}

/// The booking ledger: of N that want one slot one wins.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes a row in `state`, which keeps its slot. The same connection and key again answers the
    /// first row unless that one was refused (then it is written anew); other arguments are `KeyReused`.
    async fn reserve(&self, booking: &NewBooking, state: BookingState, now: Timestamp) -> StoreResult<Booking>;

    /// One row.
    async fn booking(&self, id: BookingId) -> StoreResult<Option<Booking>>;

    /// Notes what a key is tried with before it has a booking. `KeyReused` when it has one already, or
    /// was tried with something else: an attempt that had no effect may be repeated, but not changed.
    async fn try_key(&self, connection: &str, key: &str, fingerprint: &str, now: Timestamp) -> StoreResult<()>;

    /// Removes without a trace what was booked under these keys, and the person behind it when nothing
    /// else refers to them. For bookings that were never meant: a connection that was tried out.
    async fn remove_bookings(&self, connection: &str, keys: &[String]) -> StoreResult<()>;

    /// The row of that key.
    async fn booking_by_key(&self, connection: &str, key: &str) -> StoreResult<Option<Booking>>;

    /// What a key was used for: the fingerprint of the booking or the move.
    async fn key_meaning(&self, connection: &str, key: &str) -> StoreResult<Option<String>>;

    /// Rows by start of the visit.
    async fn bookings(&self, filter: &BookingFilter, page: &Page) -> StoreResult<Vec<Booking>>;

    /// Changes a row's state. A row that is no longer live gives its slot back.
    async fn update_booking(&self, update: &BookingUpdate, now: Timestamp) -> StoreResult<Booking>;

    /// Moves a live row to another slot, both in one transaction. The same key again answers the same.
    async fn move_booking(&self, change: &BookingMove, now: Timestamp) -> StoreResult<Booking>;

    /// Live rows of a connection that touch the stretch.
    async fn busy(&self, connection: &str, from: Timestamp, to: Timestamp) -> StoreResult<Vec<Busy>>;
}

/// Where a row of the ledger goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingMove {
    /// The row.
    pub id: BookingId,
    /// Idempotency key, one name space per connection.
    pub key: String,
    /// New start.
    pub start: Timestamp,
    /// New end.
    pub end: Timestamp,
    /// New employee.
    pub employee_id: Option<String>,
    /// The new employee's name.
    pub employee_name: Option<String>,
}

impl BookingMove {
    /// What must be equal when the same key is used again.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("move|{}|{}|{}", self.id, self.start, self.employee_id.as_deref().unwrap_or(""))
    }

    /// Whether a key that was noted like this means this move. Who named nobody left it to the CRM.
    #[must_use]
    pub fn is_meant_by(&self, noted: &str) -> bool {
        let own = self.fingerprint();
        let anybody = own.rsplit_once('|').map_or("", |(start, _)| start);
        noted == own || noted.strip_suffix('|') == Some(anybody)
    }
}

/// What the business wrote down, searched.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// Entries that hold any of the stems (see `domain::text`), best first.
    async fn search_knowledge(&self, stems: &[String], limit: u32) -> StoreResult<Vec<KnowledgeHit>>;
}

/// API tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Stores a token by the SHA-256 of its text.
    async fn create_token(&self, token: &Token, hash: &[u8; 32]) -> StoreResult<()>;

    /// The token with that hash, whatever its state.
    async fn token_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<Token>>;

    /// All of them, newest first.
    async fn tokens(&self) -> StoreResult<Vec<Token>>;

    /// Revokes at once. `NotFound` when there is no such token; twice is once.
    async fn revoke_token(&self, id: TokenId, now: Timestamp) -> StoreResult<Token>;

    /// Notes a use, at most once a minute.
    async fn touch_token(&self, id: TokenId, ip: Option<&str>, now: Timestamp) -> StoreResult<()>;
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers worth repeating (`location`, `etag`, `x-duplicate`).
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// SHA-256 of the canonical body of the first request.
    pub fingerprint: String,
    /// The effect of the first request: the id of the lead or message it made.
    pub effect: String,
    /// The answer, once there was one.
    pub response: Option<StoredResponse>,
}

/// Idempotency keys of the HTTP API, kept 24 hours.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// What is known of a key. The row itself is written by the effect (`receive`, `post`, `create_lead`);
    /// an effect under a key that is there already fails with `KeyReused` and writes nothing.
    async fn known_key(&self, scope: &str) -> StoreResult<Option<KnownKey>>;

    /// Stores the answer. A deterministic refusal, which had no effect, is stored with an empty one.
    async fn store_response(&self, key: &IdempotencyKey, response: &StoredResponse, now: Timestamp) -> StoreResult<()>;

    /// Forgets keys older than `before`; answers how many.
    async fn forget_keys(&self, before: Timestamp) -> StoreResult<u64>;
}

/// A conversation that is written whole: made-up activity and imports.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeConversation {
    /// Its id.
    pub id: ConversationId,
    /// Channel, account and address.
    pub identity: Identity,
    /// The person.
    pub contact: Contact,
    /// The client's language.
    pub language: Locale,
    /// Its messages, oldest first; `seq` is given by the store.
    pub messages: Vec<Message>,
    /// The state it ended in.
    pub session: Session,
    /// The lead that came of it.
    pub lead: Option<Lead>,
    /// The booking that came of it.
    pub booking: Option<(BookingId, NewBooking, BookingState)>,
}

/// The schema's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SchemaStatus {
    /// The store's.
    pub current: u32,
    /// The newest this program knows.
    pub latest: u32,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Leads.
    pub leads: u64,
    /// Rows of the ledger.
    pub bookings: u64,
    /// Services that are not hidden.
    pub services: u64,
    /// Employees that are not hidden.
    pub employees: u64,
    /// Knowledge entries.
    pub knowledge: u64,
    /// Tokens that are not revoked.
    pub tokens: u64,
}

/// Something wrong in the store, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check found it.
    pub check: String,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub hint: String,
}

/// Something that happened, for those who follow along.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Order.
    pub seq: i64,
    /// `lead.created`, `lead.updated`, `booking.booked`, `booking.moved`, `booking.cancelled`,
    /// `booking.refused`, `conversation.handoff`.
    pub kind: String,
    /// The id of what it happened to.
    pub subject: String,
    /// When.
    pub at: Timestamp,
}

/// Looking after the store.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Answers when the store can be read and, after a write that failed, written again.
    async fn ping(&self) -> StoreResult<()>;

    /// Answers when something small could be written durably.
    async fn try_write(&self) -> StoreResult<()>;

    /// Says that a daemon works on this store from now on. Where it is the only one, what a dead one had
    /// in work is free again at once; elsewhere leases run out. Answers how many lanes were freed.
    async fn begin_service(&self) -> StoreResult<u64>;

    /// A secret of that name: made at the first call, the same ever after.
    async fn meta_secret(&self, name: &str) -> StoreResult<[u8; 32]>;

    /// The schema's version.
    async fn schema(&self) -> StoreResult<SchemaStatus>;

    /// How many rows there are.
    async fn counts(&self) -> StoreResult<Counts>;

    /// Looks for damage: the file itself, orphans, broken ledger rows, jobs without lanes.
    async fn check(&self) -> StoreResult<Vec<Finding>>;

    /// Writes whole conversations in one transaction.
    async fn write_activity(&self, batch: Vec<WholeConversation>) -> StoreResult<()>;

    /// How many made-up or real bookings there are on a day (`flow status`).
    async fn bookings_on(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64>;

    /// Events after `seq`, oldest first.
    async fn events_since(&self, seq: i64, limit: u32) -> StoreResult<Vec<Event>>;
}
