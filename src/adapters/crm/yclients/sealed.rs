//! What is kept of a secret that the vendor gives: encrypted by a key that follows from the partner's token, which is
//! never in the store.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::signing::{hex, hmac_sha256};

/// What sealed texts begin with.
const FORM: &str = "s1:";

/// The text, readable by whoever has the token only, and only under that name.
pub(super) fn seal(token: &SecretString, name: &str, text: &str) -> Option<String> {
    let nonce: [u8; NONCE_LEN] = rand::random();
    let mut sealed = text.as_bytes().to_vec();
    let key = key(token)?;
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut sealed).ok()?;
    Some(format!("{FORM}{}{}", hex(&nonce), hex(&sealed)))
}

/// The text again; one that was never sealed is itself.
pub(super) fn opened(token: &SecretString, name: &str, kept: &str) -> Option<String> {
    let Some(digits) = kept.strip_prefix(FORM) else { return Some(kept.to_owned()) };
    let mut bytes = unhex(digits)?;
    let mut sealed = bytes.split_off(NONCE_LEN.min(bytes.len()));
    let nonce = Nonce::try_assume_unique_for_key(&bytes).ok()?;
    let text = key(token)?.open_in_place(nonce, Aad::from(name), &mut sealed).ok()?;
    String::from_utf8(text.to_vec()).ok()
}

fn key(token: &SecretString) -> Option<LessSafeKey> {
    let bytes = hmac_sha256(token.expose_secret().trim().as_bytes(), b"flow: keys to appointments");
    UnboundKey::new(&CHACHA20_POLY1305, bytes.as_ref()).ok().map(LessSafeKey::new)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_with_its_token_and_under_its_name_only() {
        let token = SecretString::from("a-token");
        let sealed = seal(&token, "salon:7", "567df655").unwrap();
        assert!(!sealed.contains("567df655") && sealed != seal(&token, "salon:7", "567df655").unwrap());
        assert_eq!(opened(&token, "salon:7", &sealed).as_deref(), Some("567df655"));
        assert_eq!(opened(&SecretString::from("another"), "salon:7", &sealed), None);
        assert_eq!(opened(&token, "salon:8", &sealed), None);
        for bad in ["s1:", "s1:zz", "s1:00", "s1:ы", &sealed[..sealed.len() - 2]] {
            assert_eq!(opened(&token, "salon:7", bad), None, "{bad}");
        }
        assert_eq!(opened(&token, "salon:7", "567df655").as_deref(), Some("567df655"));
    }
}
