//! Everything about one person: what is held, and how it goes.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::contact::{Contact, Identity, Phone};
use super::id::{BookingId, ContactId};
use super::job::NewJob;
use super::store::StoreResult;
use super::transfer::{Cell, Kind, Table};

/// How long the id of a conversation is; the lanes that are a dialogue's own end in it.
pub const CONVERSATION_ID: i64 = 29;

/// Rows of one person: tables by name, rows as objects with the columns of their table.
pub type Holdings = BTreeMap<&'static str, Vec<Value>>;

/// How many rows of each table are gone. Tables that held nothing are not named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// By the name of the table.
    pub rows: BTreeMap<&'static str, u64>,
}

/// Why a person stays for now. Nothing was removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stays {
    /// They are expected: a visit stands.
    #[error("booking {0} of this person is still to come")]
    Expected(BookingId),
    /// A worker is at it right now; the number of its job.
    #[error("a worker has job {0} of this person right now")]
    Busy(i64),
}

/// People as a whole.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// One person.
    async fn contact(&self, id: ContactId) -> StoreResult<Option<Contact>>;

    /// People with that phone, typed or vouched for; the most recently active first.
    async fn people(&self, phone: &Phone) -> StoreResult<Vec<Contact>>;

    /// Every row that belongs to the person, read at one moment. `NotFound` when there is no such person.
    async fn holdings(&self, id: ContactId) -> StoreResult<Holdings>;

    /// Removes every row that belongs to the person, in one transaction: nothing in the store names them
    /// afterwards. What others share with them, such as the lane of a group, stays for the others. `NotFound`
    /// when there is no such person.
    async fn erase_contact(&self, id: ContactId, now: Timestamp) -> StoreResult<Result<Erased, Stays>>;
}

/// What rows of one person are known by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Ids of the person, of their conversations, messages, leads and bookings; phones that are theirs alone;
    /// lanes of chats that are theirs alone; scopes of idempotency keys.
    pub marks: Vec<String>,
    /// Numbers of events that channels delivered.
    pub events: Vec<i64>,
}

impl Traces {
    /// Begins with the person.
    #[must_use]
    pub fn of(contact: ContactId) -> Self {
        Self { marks: vec![contact.to_string()], events: Vec::new() }
    }

    /// Words by which a stored answer names the person: whole ones, never a part of a longer one.
    #[must_use]
    pub fn words(&self) -> HashSet<&str> {
        self.marks.iter().map(|mark| mark.trim_start_matches('+')).collect()
    }
}

/// Whether one of the words stands in a text.
#[must_use]
pub fn names(words: &HashSet<&str>, text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| words.contains(word))
}

/// The number that a channel knows the person by, whether in a chat with them alone or in a group.
#[must_use]
pub fn number(identity: &Identity) -> &str {
    identity.external_id.rsplit('/').next().unwrap_or_default()
}

/// The lane of what is carried to the person's chat.
#[must_use]
pub fn chat_lane(identity: &Identity) -> String {
    NewJob::chat_lane(identity.channel.as_str(), &identity.account, &identity.external_id)
}

/// Whether what a channel delivered is about the person of that number: they wrote it, it was written to them, or it
/// quotes them. Only whole ids count.
#[must_use]
pub fn is_about(body: &str, number: &str) -> bool {
    !number.is_empty() && serde_json::from_str(body).is_ok_and(|body| has_id(&body, number))
}

fn has_id(value: &Value, number: &str) -> bool {
    let is = |member: &Value| match member {
        Value::Number(id) => id.to_string() == number,
        Value::String(id) => id == number,
        _ => false,
    };
    match value {
        Value::Object(members) => members.iter().any(|(name, member)| {
            (matches!(name.as_str(), "id" | "user_id" | "chat_id") && is(member)) || has_id(member, number)
        }),
        Value::Array(items) => items.iter().any(|item| has_id(item, number)),
        _ => false,
    }
}

/// A row as an object. A document that cannot be read is its text.
#[must_use]
pub fn object(table: &Table, row: Vec<Cell>) -> Value {
    let members = table.columns.iter().zip(row).map(|((name, kind), cell)| {
        let value = match cell {
            Cell::Null => Value::Null,
            Cell::Int(number) => number.into(),
            Cell::Flag(flag) => flag.into(),
            Cell::Text(text) if *kind == Kind::Json => serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
            Cell::Text(text) => text.into(),
            Cell::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        ((*name).to_owned(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ConversationId;

    #[test]
    fn what_was_delivered_is_about_whole_numbers_only() {
        let body = r#"{"update_id":5001,"message":{"message_id":50,"chat":{"id":50012},"from":{"id":50012},
                       "text":"5001","reply_to_message":{"message_id":7,"from":{"id":77}}}}"#;
        assert!(is_about(body, "50012") && is_about(body, "77"));
        for other in ["5001", "50", "7", "0012", ""] {
            assert!(!is_about(body, other), "{other}");
        }
        assert!(!is_about("no document 5001", "5001"));
    }

    #[test]
    fn an_answer_names_whole_words_only() {
        let words = HashSet::from(["cv_01A", "79160000001"]);
        assert!(names(&words, r#"{"location":"/conversations/cv_01A/messages"}"#));
        assert!(names(&words, "phone +79160000001"));
        assert!(!names(&words, "cv_01AB xcv_01A 791600000012"));
    }

    #[test]
    fn lanes_end_in_an_id_of_the_length_that_is_looked_for() {
        let id = ConversationId::new(Timestamp::UNIX_EPOCH).to_string();
        assert_eq!(i64::try_from(id.len()), Ok(CONVERSATION_ID));
    }
}
