//! Cursors: where a list goes on. Signed, and bound to the list's filters and order.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::problem::{INVALID_CURSOR, Problem, words};
use crate::domain::signing::{SigningKey, TAG, from_base64url, hex, to_base64url};

const VERSION: u64 = 1;
const PURPOSE: &str = "cursor";

/// Writes and reads the cursors of one list: its address, filters and order.
pub struct Cursors<'a> {
    key: &'a SigningKey,
    list: String,
}

impl<'a> Cursors<'a> {
    /// The cursors of the list that `what` describes.
    #[must_use]
    pub fn new(key: &'a SigningKey, what: &str) -> Self {
        Self { key, list: hex(&Sha256::digest(what)[..4]) }
    }

    /// After the row with that time and id.
    #[must_use]
    pub fn after_row(&self, at: Timestamp, id: &str) -> String {
        self.write(&json!([at.as_millisecond(), id]))
    }

    /// At the message with that number.
    #[must_use]
    pub fn at_message(&self, seq: i64) -> String {
        self.write(&json!([seq]))
    }

    /// The row a list goes on after.
    ///
    /// # Errors
    /// `invalid_cursor` when it was edited or belongs to another list.
    pub fn row(&self, cursor: &str) -> Result<(Timestamp, String), Problem> {
        let found = self.read(cursor).and_then(|key| {
            let at = Timestamp::from_millisecond(key.get(0)?.as_i64()?).ok()?;
            Some((at, key.get(1)?.as_str()?.to_owned()))
        });
        found.ok_or_else(refused)
    }

    /// The message a list goes on at.
    ///
    /// # Errors
    /// As [`Cursors::row`].
    pub fn message(&self, cursor: &str) -> Result<i64, Problem> {
        self.read(cursor).and_then(|key| key.get(0)?.as_i64()).ok_or_else(refused)
    }

    fn write(&self, key: &Value) -> String {
        let mut bytes = json!({ "v": VERSION, "k": key, "f": self.list }).to_string().into_bytes();
        let tag = self.key.sign(PURPOSE, &bytes);
        bytes.extend_from_slice(&tag);
        to_base64url(&bytes)
    }

    fn read(&self, cursor: &str) -> Option<Value> {
        let bytes = from_base64url(cursor)?;
        let (text, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        if !self.key.verifies(PURPOSE, text, tag) {
            return None;
        }
        let mut parts: Value = serde_json::from_slice(text).ok()?;
        (parts["v"] == VERSION && parts["f"] == self.list.as_str()).then(|| parts["k"].take())
    }
}

fn refused() -> Problem {
    let detail = words(
        "Возьмите next_cursor из ответа с теми же фильтрами и порядком",
        "Take next_cursor from an answer with the same filters and order",
    );
    Problem::new(&INVALID_CURSOR, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_works_only_unedited_and_in_its_own_list() {
        let key = SigningKey::of_secret("k");
        let list = Cursors::new(&key, "/api/v1/leads?status=new");
        let at = Timestamp::from_millisecond(1_780_000_000_123).unwrap();
        let cursor = list.after_row(at, "ld_1");
        assert_eq!(list.row(&cursor).ok(), Some((at, "ld_1".to_owned())));
        assert!(Cursors::new(&key, "/api/v1/leads").row(&cursor).is_err());
        for at in 0..cursor.len() {
            let mut edited = cursor.clone().into_bytes();
            edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
            assert!(list.row(&String::from_utf8(edited).unwrap()).is_err(), "character {at}");
        }
        for bad in ["", "x", "eyJ2IjoxfQ"] {
            assert!(list.row(bad).is_err(), "{bad}");
        }
    }
}
