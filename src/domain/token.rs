//! API tokens: what is stored of them, and what they allow. HTTP API A7.

use jiff::Timestamp;
use rand::Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};

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

/// What every token begins with, so that scanners of leaked secrets know one.
const PREFIX: &str = "flow_pat_";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 30 characters of base62 carry 178 random bits.
const RANDOM_CHARS: usize = 30;
const CHECKSUM_CHARS: usize = 6;

/// A new token: shown once, stored as its hash.
pub struct IssuedToken {
    /// The token itself.
    pub text: String,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
}

/// Makes a token: `flow_pat_`, random characters, six of checksum.
#[must_use]
pub fn issue() -> IssuedToken {
    let body = format!("{PREFIX}{}", random_base62(RANDOM_CHARS));
    let text = format!("{body}{}", checksum(&body));
    let hash = Sha256::digest(&text).into();
    IssuedToken { text, hash }
}

/// The hash a token is looked up by; nothing when its form or checksum is wrong, so that a typing
/// error costs no lookup.
#[must_use]
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    let random = text.strip_prefix(PREFIX)?;
    if random.len() != RANDOM_CHARS + CHECKSUM_CHARS || !random.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (body, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
    (checksum(body) == sum).then(|| Sha256::digest(text).into())
}

/// Random letters and digits from a generator fit for secrets: log2(62) bits each.
#[must_use]
pub fn random_base62(chars: usize) -> String {
    let mut rng = rand::rng();
    (0..chars).map(|_| char::from(BASE62[rng.random_range(0..BASE62.len())])).collect()
}

/// CRC32 in base62.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % BASE62.len()];
        rest /= BASE62.len();
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_token_is_found_by_its_hash() {
        let issued = issue();
        assert!(issued.text.starts_with("flow_pat_"));
        assert_eq!(hash_of(&issued.text), Some(issued.hash));
        assert_ne!(issue().text, issued.text);
    }

    #[test]
    fn any_wrong_character_is_seen_without_a_lookup() {
        let good = issue().text;
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(hash_of(&String::from_utf8(bad).unwrap()), None, "character {at}");
        }
        for bad in ["", "flow_pat_", "Bearer", "flow_pat_ёёёёёёёёёёёёёёёёёё", &good[1..], &format!("{good}0")]
        {
            assert_eq!(hash_of(bad), None, "{bad}");
        }
    }
}
