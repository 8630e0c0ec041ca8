//! What the business wrote down, as it is searched, and the questions it does not answer.

use jiff::Timestamp;
use serde::Serialize;

use super::id::{ConversationId, QuestionId};

/// An entry that fits a question.
#[derive(Debug, Clone, PartialEq)]
pub struct KnowledgeHit {
    /// The entry's number in the store.
    pub id: i64,
    /// The heading.
    pub title: String,
    /// What is told.
    pub text: String,
    /// Words that lead here.
    pub tags: Vec<String>,
    /// The store's own ranking, best first; comparable inside one answer only.
    pub rank: f64,
}

/// A question without an answer in the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnansweredQuestion {
    /// Its id.
    pub id: QuestionId,
    /// Where it was asked.
    pub conversation_id: ConversationId,
    /// As the client wrote it.
    pub text: String,
    /// When.
    pub at: Timestamp,
}
