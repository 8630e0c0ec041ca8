//! Prefixed ULIDs (`ld_01J…`): sortable by creation time, opaque to clients.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rand::RngCore;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id such as {prefix}_01JX…, got `{got}`")]
pub struct IdError {
    /// The prefix that ids of this kind carry.
    pub prefix: &'static str,
    /// What was given, cut to 64 characters.
    pub got: String,
}

fn random_bits() -> u128 {
    let mut rng = rand::rng();
    (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Ulid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id whose order follows `now`.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self::from_parts(now, random_bits())
            }

            /// An id from a moment and random bits of the caller's (reproducible seeds).
            #[must_use]
            pub fn from_parts(now: Timestamp, random: u128) -> Self {
                let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(Ulid::from_parts(ms, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 26)
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { prefix: $prefix, got: text.chars().take(64).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A lead.
    LeadId = "ld";
    /// A conversation.
    ConversationId = "cv";
    /// A message.
    MessageId = "msg";
    /// A person who writes.
    ContactId = "ct";
    /// A row of the booking ledger.
    BookingId = "bk";
    /// An API token.
    TokenId = "tok";
    /// A question nobody could answer.
    QuestionId = "qn";
    /// A request to the HTTP API.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_foreign_text_does_not() {
        let id = LeadId::new(Timestamp::UNIX_EPOCH);
        assert_eq!(id.to_string().parse::<LeadId>(), Ok(id));
        for bad in ["", "ld_", "cv_01JXABCDEFGHJKMNPQRSTVWXYZ", "ld_ОООООООООООООООООООООООООО", "ld_01"]
        {
            assert!(bad.parse::<LeadId>().is_err(), "{bad}");
        }
    }
}
