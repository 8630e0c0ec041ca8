//! Buttons that come back from a channel: a short sign of ours stands for the value, which stays in the store.

use crate::domain::contact::Identity;
use crate::domain::conversation::{Button, Incoming};
use crate::domain::signing::{SigningKey, from_base64url, to_base64url};
use crate::domain::store::{Conversations, StoreError, StoreResult};

const PURPOSE: &str = "button";
/// Every sign begins with it, so that another form can follow one day.
const FORM: &str = "b";
/// What a button that is not ours, or no longer stands for anything, means.
const STALE: &str = "menu:stale";

/// Replaces the values of a message's buttons by signs that only we can have made.
pub(super) fn sign(key: &SigningKey, identity: &Identity, seq: i64, buttons: &mut [Button]) {
    for (index, button) in buttons.iter_mut().enumerate() {
        let tag = key.sign(PURPOSE, text(identity, seq, index).as_bytes());
        button.value = format!("{FORM}.{seq}.{index}.{}", to_base64url(&tag));
    }
}

/// What a sign covers: it is worth nothing in another chat or under another message.
fn text(identity: &Identity, seq: i64, index: usize) -> String {
    let chat = identity.external_id.split('/').next().unwrap_or_default();
    format!("{}|{}|{chat}|{seq}|{index}", identity.channel, identity.account)
}

fn read(key: &SigningKey, identity: &Identity, data: &str) -> Option<(i64, usize)> {
    let mut fields = data.split('.');
    let (form, seq, index, tag) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if form != FORM || fields.next().is_some() {
        return None;
    }
    let (seq, index): (i64, usize) = (seq.parse().ok()?, index.parse().ok()?);
    let tag = from_base64url(tag)?;
    key.verifies(PURPOSE, text(identity, seq, index).as_bytes(), &tag).then_some((seq, index))
}

/// Fills a press with the words and the value of its button; a forged one becomes a stale one.
///
/// # Errors
/// When the store fails.
pub async fn resolve(
    store: &(impl Conversations + ?Sized),
    key: &SigningKey,
    mut incoming: Incoming,
    data: &str,
) -> StoreResult<Incoming> {
    let button = match read(key, &incoming.identity, data) {
        Some((seq, index)) => match button(store, seq, index).await {
            // What it stood for is gone; the client hears that it is old, and nobody else waits.
            Err(error @ StoreError::Damaged(_)) => {
                tracing::error!(seq, %error, "a button cannot be read any more: `flow db check`");
                None
            }
            found => found?,
        },
        None => {
            tracing::warn!(channel = %incoming.identity.channel, "a press carries what we did not make");
            metrics::counter!("flow_buttons_refused_total", "channel" => incoming.identity.channel.as_str())
                .increment(1);
            None
        }
    };
    let Button { text, value } = button.unwrap_or(Button { text: String::new(), value: STALE.to_owned() });
    incoming.text = text;
    incoming.button_value = Some(value);
    Ok(incoming)
}

async fn button(store: &(impl Conversations + ?Sized), seq: i64, index: usize) -> StoreResult<Option<Button>> {
    let found = store.messages_since(seq - 1, 1).await?;
    let message = found.into_iter().find(|message| message.seq == seq);
    Ok(message.and_then(|mut message| (index < message.buttons.len()).then(|| message.buttons.swap_remove(index))))
}

/// Whether a press answers a question that is asked once: its buttons are taken away.
#[must_use]
pub fn is_spent(value: &str) -> bool {
    value.starts_with("yes:") || value.starts_with("no:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Channel;

    fn chat(external_id: &str) -> Identity {
        Identity { channel: Channel::Telegram, account: "7".to_owned(), external_id: external_id.to_owned() }
    }

    #[test]
    fn a_sign_is_short_and_worth_nothing_elsewhere() {
        let key = SigningKey::of_secret("k");
        let mut buttons = vec![Button::titled("Мужская стрижка с укладкой и бородой"), Button::titled("10:00")];
        sign(&key, &chat("5001"), i64::MAX, &mut buttons);
        assert!(buttons.iter().all(|button| button.value.len() <= 64), "{buttons:?}");
        let data = &buttons[1].value;
        assert_eq!(read(&key, &chat("5001"), data), Some((i64::MAX, 1)));
        assert_eq!(read(&key, &chat("5002"), data), None);
        assert_eq!(read(&SigningKey::of_secret("other"), &chat("5001"), data), None);
        for at in 0..data.len() {
            let mut edited = data.clone().into_bytes();
            edited[at] = if edited[at] == b'1' { b'2' } else { b'1' };
            assert_eq!(read(&key, &chat("5001"), &String::from_utf8(edited).unwrap()), None, "character {at}");
        }
        for bad in ["", "b", "b.1.1", "b.1.1.x", "slot:1", "b.1.1.AAAAAAAAAAA.1"] {
            assert_eq!(read(&key, &chat("5001"), bad), None, "{bad}");
        }
    }
}
