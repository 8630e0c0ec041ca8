//! What flow signs, so that it cannot be edited: cursors, visitors' secrets, buttons.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a signature.
pub const TAG: usize = 8;
/// The block of SHA-256, which HMAC pads its key to.
const BLOCK: usize = 64;

/// The key of this installation.
#[derive(Clone, Copy)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// From a secret that a person set.
    #[must_use]
    pub fn of_secret(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// From random bytes.
    #[must_use]
    pub const fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The signature of `text` used as `purpose`.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &[u8]) -> [u8; TAG] {
        let mut block = [0; BLOCK];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&whole[..TAG]);
        tag
    }

    /// Whether `tag` is the signature, in time that tells nothing.
    #[must_use]
    pub fn verifies(&self, purpose: &str, text: &[u8], tag: &[u8]) -> bool {
        self.sign(purpose, text).ct_eq(tag).into()
    }
}

/// HMAC-SHA256 of a message (RFC 2104), as far sides sign with a secret that they share with us.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A short word that stands for a text: ten letters of RFC 4648's base 32, so that nobody misreads or breaks it.
#[must_use]
pub fn short_mark(text: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = Sha256::digest(text);
    hash.iter().take(10).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        write!(out, "{byte:02x}").ok();
        out
    })
}

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding (RFC 4648 §5).
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let joined =
            chunk.iter().fold(0_usize, |joined, byte| joined << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(URL_SAFE[joined >> (18 - 6 * at) & 63]));
        }
    }
    out
}

/// The bytes of a base64url text; nothing when it is none.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        if chunk.len() < 2 {
            return None;
        }
        let mut joined = 0_usize;
        for c in chunk {
            joined = joined << 6 | URL_SAFE.iter().position(|known| known == c)?;
        }
        joined <<= 6 * (4 - chunk.len());
        let [_, bytes @ ..] = u32::try_from(joined).ok()?.to_be_bytes();
        let (kept, rest) = bytes.split_at(chunk.len() - 1);
        // Another spelling of the same bytes would make two cursors of one.
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        out.extend_from_slice(kept);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_reads_back_and_has_one_spelling() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar", "привет"] {
            let encoded = to_base64url(text.as_bytes());
            assert_eq!(from_base64url(&encoded), Some(text.as_bytes().to_vec()), "{text}");
        }
        assert_eq!(to_base64url(b"foobar?>"), "Zm9vYmFyPz4");
        for bad in ["Z", "Zh", "Zm9=", "Zm+v", "Ж"] {
            assert_eq!(from_base64url(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_message_is_signed_as_rfc_4231_has_it() {
        let short = hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?"));
        assert_eq!(short, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hex(&hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"));
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn a_signature_holds_for_its_purpose_and_text_only() {
        let key = SigningKey::of_secret("a");
        let tag = key.sign("cursor", b"text");
        assert!(key.verifies("cursor", b"text", &tag));
        assert!(!key.verifies("visitor", b"text", &tag));
        assert!(!key.verifies("cursor", b"texT", &tag));
        assert!(!key.verifies("cursor", b"text", &tag[..4]));
        assert!(!SigningKey::of_secret("b").verifies("cursor", b"text", &tag));
    }
}
