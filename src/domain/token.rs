//! API tokens: what is stored of them, and what they allow. HTTP API A7.

use jiff::Timestamp;
use serde::Serialize;

use super::conversation::named_enum;
use super::id::TokenId;

named_enum! {
    /// What a token allows.
    Scope {
        /// Read leads.
        LeadsRead = "leads:read",
        /// Write leads.
        LeadsWrite = "leads:write",
        /// Read conversations.
        ConversationsRead = "conversations:read",
        /// Write to clients.
        MessagesSend = "messages:send",
        /// Bring in what clients write.
        MessagesIngest = "messages:ingest",
        /// Read figures.
        AnalyticsRead = "analytics:read",
        /// Read channels.
        ChannelsRead = "channels:read",
        /// Change channels.
        ChannelsWrite = "channels:write",
        /// Read the knowledge base's state.
        KnowledgeRead = "knowledge:read",
        /// Read metrics.
        MetricsRead = "metrics:read",
        /// See names, phones and e-mails unmasked.
        PiiRead = "pii:read",
        /// Everything.
        Admin = "admin",
    }
}

impl Scope {
    /// Whether holding `self` allows what `needed` names.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        self == needed
            || self == Self::Admin
            || matches!((self, needed), (Self::LeadsWrite, Self::LeadsRead) | (Self::ChannelsWrite, Self::ChannelsRead))
    }
}

/// A token as stored: never the token itself, only its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The token's id.
    pub id: TokenId,
    /// What a person calls it.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_used_ip: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it works at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it allows what `needed` names.
    #[must_use]
    pub fn allows(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(needed))
    }
}
