//! A call as EasyWeek takes it, what its answers mean, and lists page by page.

use std::collections::HashSet;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::Wiring;
use super::read;
use crate::adapters::http::judge::{Refusal, by_status};
use crate::adapters::http::portal::{Budget, Portal, Rules};
use crate::adapters::http::{Answer, Call, Method, mask, url};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::hex;

/// Rows of a page; what the vendor gives at most.
const PAGE: &str = "100";
/// Pages of one question.
const PAGES: i64 = 500;
/// A list that grows while it is read is read once more.
const READINGS: usize = 2;
/// How long the vendor wants us to wait when it does not say.
const WAIT: Duration = Duration::from_secs(60);

/// The way to the vendor.
pub(super) struct Wire {
    pub portal: Portal,
    base: String,
    authorization: SecretString,
    workspace: String,
    /// How long reads and writes may take, where the connection does not say.
    limits: Option<(Duration, Duration)>,
}

impl Wire {
    pub fn open(wiring: &Wiring, base: &str, token: &SecretString, workspace: String) -> Result<Self, String> {
        let base = wiring.base_url.clone().unwrap_or_else(|| base.to_owned());
        url::check(&base).map_err(|why| format!("base_url: {why}"))?;
        let token = token.expose_secret().trim();
        // Sixty a minute for a key.
        let key = hex(&Sha256::digest(token)[..8]);
        let budgets = vec![Budget::new(format!("easyweek:{key}"), 50, SignedDuration::from_mins(1), 5)];
        Ok(Self {
            portal: wiring.portal(Rules { judge, budgets }),
            base,
            authorization: SecretString::from(format!("Bearer {token}")),
            workspace,
            limits: wiring.timeout.is_none().then_some((Duration::from_secs(20), Duration::from_secs(60))),
        })
    }

    /// The workspace's slug.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// A call of that address; its parts are encoded.
    pub fn call(&self, operation: &'static str, method: Method, parts: &[&str]) -> Call {
        let mut address = self.base.clone();
        for part in parts {
            address.push('/');
            address.push_str(&url::encode(part));
        }
        let call = Call::new(operation, method, address)
            .header("accept", "application/json")
            .header("authorization", self.authorization.expose_secret())
            .header("workspace", self.workspace.as_str());
        // A body says itself what it is; a call without one says it too, as the vendor's reference does.
        let call = match method {
            Method::Get => call.header("content-type", "application/json"),
            _ => call,
        };
        match self.limits {
            Some((read, _)) if method == Method::Get => call.within(read),
            Some((_, write)) => call.within(write),
            None => call,
        }
    }

    /// Every row of a list, page by page.
    pub async fn all<T>(
        &self,
        call: &Call,
        read: impl Fn(&Value) -> Result<Vec<T>, String>,
        id: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, Fault> {
        let unreadable = |why: String| self.portal.fault(FaultKind::Protocol, call.operation, why);
        for _ in 0..READINGS {
            let (mut rows, mut known): (Vec<T>, HashSet<String>) = (Vec::new(), HashSet::new());
            let mut end = None;
            for page in 1..=PAGES {
                let call = call.clone().query(&[("page", &page.to_string()), ("per_page", PAGE)]);
                let body = self.portal.json(&call).await?;
                let read = read(&body).map_err(unreadable)?;
                let is_empty = read.is_empty();
                rows.extend(read.into_iter().filter(|row| known.insert(id(row).clone())));
                let Some(last) = read::last_page(&body) else { return Ok(rows) };
                // Rows have moved between pages: whatever was read may lack some.
                if *end.get_or_insert(last) < last {
                    break;
                }
                if page >= last || is_empty {
                    return Ok(rows);
                }
            }
        }
        Err(unreadable("its pages do not end: their number grows while they are read".to_owned()))
    }
}

/// Fields that a refusal names, each with its first words.
pub(super) fn fields(body: &Value) -> Vec<(String, String)> {
    let Some(Value::Object(errors)) = body.get("errors") else { return Vec::new() };
    let said = |value: &Value| match value {
        Value::Array(rows) => rows.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    errors.iter().map(|(name, value)| (name.clone(), said(value))).collect()
}

/// What an answer means.
pub(super) fn judge(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    let body = answer.value().unwrap_or_default();
    let fields = fields(&body);
    match answer.status {
        200..=299 if fields.is_empty() || call.is_write() => Ok(()),
        // Without the workspace's slug or with another's key.
        401 | 403 => {
            let excerpt = mask::excerpt(&answer.body);
            let detail = format!("the key or the workspace's slug is refused (HTTP {}): {excerpt}", answer.status);
            Err(Refusal::new(FaultKind::Unauthorized, detail))
        }
        429 => by_status(call, answer).map_err(|refused| refused.after(answer.retry_after().or(Some(WAIT)))),
        400 | 409 | 422 | 200..=299 => Err(by_fields(call, &fields, &body, answer.status)),
        _ => by_status(call, answer),
    }
}

fn by_fields(call: &Call, fields: &[(String, String)], body: &Value, status: u16) -> Refusal {
    let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
    let named = |name: &str| fields.iter().find(|(field, _)| field == name);
    let shown = |words: &str| mask::excerpt(words.as_bytes());
    let told = |kind, words: String| Refusal::new(kind, words);
    if named("service_uuid").is_some() && named("reserved_on").is_none() {
        return told(FaultKind::NotFound, format!("there is no such service here: {}", shown(message)));
    }
    if let Some((name, words)) = ["reserved_on", "staffer_uuid", "datetime_start"].iter().find_map(|name| named(name)) {
        let kind = if call.operation == "create_booking" && status == 409 {
            FaultKind::SlotTaken
        } else {
            FaultKind::Rejected
        };
        return told(kind, format!("it does not take the time ({name}): {}", shown(words)));
    }
    if status == 409 && call.operation == "create_booking" {
        return told(FaultKind::SlotTaken, format!("the time is taken: {}", shown(message)));
    }
    if let Some((_, words)) = named("customer_phone").or_else(|| named("phone")) {
        return told(FaultKind::Rejected, format!("it does not take the phone: {}", shown(words)));
    }
    if let Some((name, words)) = fields.iter().find(|(name, _)| name.starts_with("customer_")) {
        let detail = format!(
            "the workspace's form demands `{name}`, which flow does not have: make it optional in Settings → Form Builder: {}",
            shown(words)
        );
        return told(FaultKind::Rejected, detail);
    }
    let fields = fields.iter().map(|(name, words)| format!("{name}: {words}")).collect::<Vec<_>>().join("; ");
    told(FaultKind::Rejected, format!("it refuses the data (HTTP {status}): {} {}", shown(message), shown(&fields)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_read_by_its_fields() {
        let call = Call::post("create_booking", "https://h");
        let refused = |status, body: Value| {
            judge(&call, &Answer { status, body: body.to_string().into_bytes(), ..Answer::default() }).unwrap_err()
        };
        let demanded = refused(422, json!({"message": "x", "errors": {"customer_email": ["required"]}}));
        assert_eq!(demanded.kind, FaultKind::Rejected);
        assert!(demanded.detail.contains("`customer_email`") && demanded.detail.contains("Form Builder"));
        assert_eq!(refused(422, json!({"errors": {"service_uuid": "x"}})).kind, FaultKind::NotFound);
        assert_eq!(refused(422, json!({"errors": {"reserved_on": ["x"]}})).kind, FaultKind::Rejected);
        assert_eq!(refused(409, json!({})).kind, FaultKind::SlotTaken);
        assert_eq!(refused(403, json!({})).kind, FaultKind::Unauthorized);
        assert_eq!(refused(500, json!({})).kind, FaultKind::UnknownOutcome);
        let limited = refused(429, json!({}));
        assert_eq!((limited.kind, limited.retry_after), (FaultKind::RateLimited, Some(WAIT)));
    }
}
