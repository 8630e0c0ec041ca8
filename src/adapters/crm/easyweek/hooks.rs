//! What EasyWeek tells: one address for each event, which alone says what happened; no signature. It is switched off
//! when it is refused too often, so whatever carries the secret is taken.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::EasyWeek;
use crate::adapters::http::read::text;
use crate::adapters::http::url::with_query;
use crate::domain::crm::{HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
use crate::domain::signing::hex;

/// Each has an address of its own in the cabinet.
const EVENTS: [&str; 5] =
    ["booking-created", "booking-updated", "booking-rescheduled", "booking-canceled", "booking-succeeded"];

#[async_trait]
impl Hooks for EasyWeek {
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal> {
        let secret = self.webhook_secret.as_ref().ok_or(HookRefusal::Forged)?;
        let ours = Sha256::digest(secret.expose_secret());
        let given = ["token", "s", "secret"].iter().filter_map(|name| call.param(name));
        if !given.fold(false, |known, given| known | bool::from(ours.ct_eq(&Sha256::digest(given)))) {
            return Err(HookRefusal::Forged);
        }
        Ok(vec![read_event(&call.body, call.param("event").unwrap_or("unknown"))])
    }

    fn addresses(&self, url: &str) -> Result<Vec<String>, String> {
        let secret = self.webhook_secret.as_ref();
        let secret = secret.ok_or("`webhook_secret` is not set: nothing would prove that a call is EasyWeek's")?;
        Ok(EVENTS.iter().map(|event| with_query(url, &[("event", event), ("token", secret.expose_secret())])).collect())
    }
}

/// Reads what is told.
pub(super) fn read_event(body: &[u8], event: &str) -> HookEvent {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    // The other numbers in it belong to another space of ids.
    let uid = ["uid", "booking_uuid"].iter().find_map(|name| text(value.get(*name)?));
    let hash = hex(&Sha256::digest(body));
    HookEvent {
        dedupe: format!("{event}:{}:{hash}", uid.as_deref().unwrap_or_default()),
        kind: event.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(40).collect(),
        subject: uid.map_or(HookSubject::Other, HookSubject::Appointment),
    }
}
