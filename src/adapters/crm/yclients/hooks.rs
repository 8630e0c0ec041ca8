//! What the vendor tells by itself: unsigned, once, in no order. The address holds the secret; only ids are read.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Branch;
use super::wire;
use crate::domain::crm::{HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
use crate::domain::fault::Fault;
use crate::domain::signing::hex;

/// Names of the secret in the address.
pub(super) const SECRETS: &[&str] = &["s", "secret", "token"];

fn is_it(secret: &SecretString, given: &str) -> bool {
    // Of a digest each, so that the length tells nothing.
    let (ours, theirs) = (Sha256::digest(secret.expose_secret()), Sha256::digest(given));
    ours.ct_eq(&theirs).into()
}

#[async_trait]
impl Hooks for Branch {
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal> {
        let secret = self.webhook_secret.as_ref().ok_or(HookRefusal::Forged)?;
        let given = SECRETS.iter().filter_map(|name| call.param(name)).chain(call.rest.iter().map(String::as_str));
        if !given.fold(false, |known, given| known | is_it(secret, given)) {
            return Err(HookRefusal::Forged);
        }
        if let Some(bearer) = &self.webhook_bearer {
            let given = call.header("authorization").unwrap_or_default();
            let given = given.strip_prefix("Bearer ").unwrap_or(given);
            if !is_it(bearer, given) {
                return Err(HookRefusal::Forged);
            }
        }
        let body: Value =
            serde_json::from_slice(&call.body).map_err(|error| HookRefusal::Unreadable(error.to_string()))?;
        if let Some(event) = self.life_of_application(&body)? {
            return Ok(vec![event]);
        }
        read_events(&body, &self.company_id, &hex(&Sha256::digest(&call.body)))
    }

    fn addresses(&self, url: &str) -> Result<Vec<String>, String> {
        if self.webhook_secret.is_none() {
            return Err("`webhook_secret` is not set: nothing would prove that a call is the CRM's".to_owned());
        }
        Ok(vec![self.with_secret(url)])
    }

    async fn register(&self, url: &str) -> Result<bool, Fault> {
        if !self.has_user {
            return Ok(false);
        }
        self.call_us_at(&self.with_secret(url)).await.map(|()| true)
    }

    async fn unregister(&self, url: &str) -> Result<bool, Fault> {
        if !self.has_user {
            return Ok(false);
        }
        self.call_us_no_more(&self.with_secret(url)).await.map(|()| true)
    }
}

impl Branch {
    fn with_secret(&self, url: &str) -> String {
        let Some(secret) = &self.webhook_secret else { return url.to_owned() };
        if url.contains(secret.expose_secret()) {
            return url.to_owned();
        }
        crate::adapters::http::url::with_query(url, &[("s", secret.expose_secret())])
    }

    /// A word about an application of the marketplace: it proves itself by the partner's token.
    fn life_of_application(&self, body: &Value) -> Result<Option<HookEvent>, HookRefusal> {
        let Some(event) = wire::text(body, "event").filter(|_| body.get("application_id").is_some()) else {
            return Ok(None);
        };
        let given = wire::text(body, "partner_token").unwrap_or_default();
        if !is_it(&self.partner_token, &given) {
            return Err(HookRefusal::Forged);
        }
        let salon = wire::id(body, "salon_id").unwrap_or_default();
        if salon != self.company_id {
            return Err(HookRefusal::Invalid(vec![(
                "salon_id".to_owned(),
                "is not this connection's branch".to_owned(),
            )]));
        }
        let application = wire::text(body, "application_id").unwrap_or_default();
        tracing::warn!(connection = %self.wiring.name, event, "the marketplace tells of this application");
        Ok(Some(HookEvent {
            dedupe: format!("{salon}:application:{application}:{event}"),
            kind: format!("application {event}"),
            subject: HookSubject::Connection,
        }))
    }
}

/// Reads what is told: one event, or a list of them.
pub(super) fn read_events(body: &Value, company: &str, hash: &str) -> Result<Vec<HookEvent>, HookRefusal> {
    match body {
        Value::Array(rows) if !rows.is_empty() => {
            let hashed = |at: usize| if rows.len() == 1 { hash.to_owned() } else { format!("{hash}:{at}") };
            rows.iter().enumerate().map(|(at, row)| read_event(row, company, &hashed(at))).collect()
        }
        Value::Object(_) => Ok(vec![read_event(body, company, hash)?]),
        _ => Err(HookRefusal::Unreadable("expected an event or a list of one".to_owned())),
    }
}

fn read_event(row: &Value, company: &str, hash: &str) -> Result<HookEvent, HookRefusal> {
    let mut wrong = Vec::new();
    let mut must = |name: &str, found: Option<String>| {
        found.unwrap_or_else(|| {
            wrong.push((name.to_owned(), "is missing".to_owned()));
            String::new()
        })
    };
    let theirs = must("company_id", wire::id(row, "company_id"));
    let resource = must("resource", wire::text(row, "resource"));
    let id = must("resource_id", wire::id(row, "resource_id"));
    if wrong.is_empty() && theirs != company {
        wrong.push(("company_id".to_owned(), "is not this connection's branch".to_owned()));
    }
    if !wrong.is_empty() {
        return Err(HookRefusal::Invalid(wrong));
    }
    // Unknown words come; what happened is read again anyway.
    let status = wire::text(row, "status").unwrap_or_else(|| "update".to_owned());
    let changed = row.get("data").and_then(|data| wire::text(data, "last_change_date"));
    let subject = match resource.as_str() {
        "record" => HookSubject::Appointment(id.clone()),
        "client" => HookSubject::Client(id.clone()),
        "service" | "service_category" | "staff" | "master" => HookSubject::Catalogue,
        _ => HookSubject::Other,
    };
    let dedupe = match changed {
        Some(changed) => format!("{theirs}:{resource}:{id}:{status}:{changed}"),
        None => format!("{theirs}:{resource}:{id}:{status}:{hash}"),
    };
    Ok(HookEvent { dedupe, kind: format!("{resource} {status}"), subject })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_an_object_or_a_list_of_one() {
        let event = json!({"company_id": "4564", "resource": "record", "resource_id": 2_820_023, "status": "visit_confirmed",
            "data": {"last_change_date": "2026-09-01T12:00:04+0300"}});
        let alone = read_events(&event, "4564", "h").unwrap();
        assert_eq!(alone, read_events(&json!([event]), "4564", "h").unwrap());
        assert_eq!(alone[0].subject, HookSubject::Appointment("2820023".to_owned()));
        assert_eq!(alone[0].dedupe, "4564:record:2820023:visit_confirmed:2026-09-01T12:00:04+0300");
        assert!(matches!(read_events(&event, "1", "h"), Err(HookRefusal::Invalid(_))));
        assert!(matches!(read_events(&json!([]), "4564", "h"), Err(HookRefusal::Unreadable(_))));
        let staff =
            json!({"company_id": 4564, "resource": "schedule", "resource_id": 9, "status": "update", "data": []});
        assert_eq!(read_events(&staff, "4564", "h").unwrap()[0].subject, HookSubject::Other);
    }
}
