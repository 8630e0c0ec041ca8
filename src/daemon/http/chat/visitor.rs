//! Visitors of the web chat: a secret the browser keeps, made and signed by the server.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::daemon::http::problem::{Problem, UNAUTHENTICATED, words};
use crate::domain::contact::{Channel, Identity};
use crate::domain::signing::{SigningKey, hex};
use crate::domain::token::random_base62;

const PURPOSE: &str = "visitor";
const HEADER: &str = "x-flow-visitor";
/// 30 characters of base62 carry 178 random bits.
const SECRET_CHARS: usize = 30;
/// Hexadecimal characters of the secret's hash that name the visitor in the store.
const NAME_CHARS: usize = 32;

/// A visitor: the secret with its signature.
#[derive(Debug, Clone)]
pub struct Visitor(String);

impl Visitor {
    /// A new one; nothing is stored of it before it writes.
    #[must_use]
    pub fn new(key: &SigningKey) -> Self {
        let secret = random_base62(SECRET_CHARS);
        let tag = hex(&key.sign(PURPOSE, secret.as_bytes()));
        Self(format!("{secret}-{tag}"))
    }

    /// The visitor who knows that text; nothing when we did not make it.
    #[must_use]
    pub fn of(text: &str, key: &SigningKey) -> Option<Self> {
        let (secret, tag) = text.split_once('-')?;
        if secret.len() != SECRET_CHARS || tag.len() % 2 != 0 || !tag.is_ascii() {
            return None;
        }
        let tag: Option<Vec<u8>> =
            (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).ok()).collect();
        key.verifies(PURPOSE, secret.as_bytes(), &tag?).then(|| Self(text.to_owned()))
    }

    /// The visitor who calls.
    ///
    /// # Errors
    /// 401 when the header is missing or not ours.
    pub fn of_headers(headers: &HeaderMap, key: &SigningKey) -> Result<Self, Problem> {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        sent.and_then(|text| Self::of(text, key)).ok_or_else(|| {
            let detail = words("Откройте чат заново: POST /chat/session", "Open the chat anew: POST /chat/session");
            Problem::new(&UNAUTHENTICATED, detail)
        })
    }

    /// What the browser keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the visitor is known in the store.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let secret = self.0.split('-').next().unwrap_or_default();
        let mut external_id = hex(&Sha256::digest(secret));
        external_id.truncate(NAME_CHARS);
        Identity { channel: Channel::Web, account: String::new(), external_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_of_our_own_are_visitors() {
        let key = SigningKey::of_secret("k");
        let visitor = Visitor::new(&key);
        assert_eq!(Visitor::of(visitor.as_str(), &key).map(|v| v.identity()), Some(visitor.identity()));
        assert!(Visitor::of(visitor.as_str(), &SigningKey::of_secret("other")).is_none());
        for at in 0..visitor.as_str().len() {
            let mut edited = visitor.as_str().to_owned().into_bytes();
            edited[at] = if edited[at] == b'0' { b'1' } else { b'0' };
            assert!(Visitor::of(&String::from_utf8(edited).unwrap(), &key).is_none(), "character {at}");
        }
        for bad in ["", "-", "x-y", "ёёёёёёёёёёёёёёё-ёё"] {
            assert!(Visitor::of(bad, &key).is_none(), "{bad}");
        }
    }
}
