//! One way to every method of a portal: where it lies, who we are, one write at a time, and the time that each method
//! has used up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::judge::{STEP, judge};
use super::settings::{Entry, Settings, entry, host};
use super::token::Application;
use crate::adapters::crm::Wiring;
use crate::adapters::http::portal::{Budget, Portal, Rules};
use crate::adapters::http::{Answer, Call, Repeat, read, url};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// The vendor ends a request after 60 s; whoever stops waiting earlier makes a doubt of it.
const LONGEST_WRITE: Duration = Duration::from_secs(70);
/// Server time that one method has in ten minutes.
const OPERATING: f64 = 480.0;
/// So many steps of [`STEP`] a method rests at most.
const STEPS: u32 = 10;

/// A request whose answer was lost may still be running for so long.
pub const SETTLES: Duration = Duration::from_millis(2500);

/// Whether a write may have been applied.
#[must_use]
pub fn is_doubt(fault: &Fault) -> bool {
    fault.retry() == Retry::Look
}

/// The way to a portal.
pub struct Wire {
    portal: Portal,
    root: RwLock<String>,
    application: Option<Application>,
    /// The portal is asked to write one thing at a time.
    writes: tokio::sync::Mutex<()>,
    used: Mutex<HashMap<&'static str, Used>>,
    wiring: Wiring,
}

/// What a method has used up.
#[derive(Default)]
struct Used {
    /// When its time begins anew.
    reset_at: Option<Timestamp>,
    /// How often in a row it was refused.
    refusals: u32,
}

impl Wire {
    /// Opens the way.
    ///
    /// # Errors
    /// Which key is missing or wrong.
    pub fn open(wiring: Wiring, settings: &Settings) -> Result<Self, String> {
        let (root, application) = match entry(settings, wiring.base_url.as_deref())? {
            Entry::Webhook { root } => (root, None),
            Entry::Application { root, client_id, client_secret, refresh_token, oauth_url } => {
                let application = Application::new(client_id, client_secret, refresh_token, oauth_url);
                (root, Some(application))
            }
        };
        let budget = Budget::per_second(format!("bitrix24:{}", host(&root)), 2.0, 50);
        let portal = wiring.portal(Rules { judge, budgets: vec![budget] });
        Ok(Self {
            portal,
            root: RwLock::new(root),
            application,
            writes: tokio::sync::Mutex::default(),
            used: Mutex::default(),
            wiring,
        })
    }

    /// What the connection is made of.
    #[must_use]
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// Whether flow is an application there: only those may subscribe to events.
    #[must_use]
    pub fn is_application(&self) -> bool {
        self.application.is_some()
    }

    /// The id of the portal, when an application was told it.
    #[must_use]
    pub fn member_id(&self) -> Option<String> {
        self.application.as_ref().and_then(Application::member_id)
    }

    /// The portal's address as it is now, without anything secret.
    #[must_use]
    pub fn site(&self) -> String {
        let root = self.root();
        url::split(&root).map_or_else(String::new, |(scheme, host, _)| format!("{scheme}://{host}"))
    }

    pub(super) fn root(&self) -> String {
        self.root.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn portal(&self) -> &Portal {
        &self.portal
    }

    pub(super) fn set_root(&self, root: String) {
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    }

    /// A fault of this connection.
    #[must_use]
    pub fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        self.portal.fault(kind, operation, detail)
    }

    /// What cannot be read in an answer that came.
    pub(super) fn unread(&self, method: &'static str) -> impl Fn(String) -> Fault + '_ {
        move |why| self.fault(FaultKind::Protocol, method, why)
    }

    /// Asks; the whole answer with its `result`, `next` and `time`.
    ///
    /// # Errors
    /// What the seam and the judge say.
    pub async fn read(&self, method: &'static str, params: Value) -> Result<Value, Fault> {
        self.call(method, params, Repeat::Safe).await
    }

    /// Asks to write what a second call would write twice.
    ///
    /// # Errors
    /// As [`Wire::read`].
    pub async fn write(&self, method: &'static str, params: Value) -> Result<Value, Fault> {
        let _one = self.writes.lock().await;
        self.call(method, params, Repeat::Never).await
    }

    /// Asks to write once. When nobody knows what came of it, looks whether it is there, and writes again only when it
    /// is not.
    ///
    /// # Errors
    /// As [`Wire::read`]; a look that fails leaves the doubt.
    pub async fn settle<L>(&self, method: &'static str, params: Value, look: L) -> Result<(), Fault>
    where
        L: Future<Output = Result<bool, Fault>> + Send,
    {
        match self.write(method, params.clone()).await {
            Err(fault) if is_doubt(&fault) => {
                // The portal may still be at work on the first.
                tokio::time::sleep(SETTLES).await;
                match look.await {
                    Ok(true) => Ok(()),
                    Ok(false) => self.write(method, params).await.map(drop),
                    Err(_) => Err(fault),
                }
            }
            told => told.map(drop),
        }
    }

    async fn call(&self, method: &'static str, params: Value, repeat: Repeat) -> Result<Value, Fault> {
        let Some(application) = &self.application else { return self.once(method, &params, repeat, None).await };
        let token = application.token(self).await?;
        match self.once(method, &params, repeat, Some(&token.access)).await {
            // It was not taken: nothing is done twice.
            Err(fault) if fault.kind == FaultKind::Unauthorized && fault.detail.starts_with("expired_token") => {
                let token = application.renew(self, token.version).await?;
                self.once(method, &params, repeat, Some(&token.access)).await
            }
            told => told,
        }
    }

    async fn once(
        &self,
        method: &'static str,
        params: &Value,
        repeat: Repeat,
        token: Option<&str>,
    ) -> Result<Value, Fault> {
        let root = self.root();
        let mut answer = self.send(&root, method, params, repeat, token).await?;
        if (300..400).contains(&answer.status) {
            let moved = moved(&root, method, answer.header("location").unwrap_or_default());
            let moved = moved.map_err(|why| self.fault(FaultKind::Rejected, method, why))?;
            tracing::warn!(connection = %self.wiring.name, host = host(&moved),
                "the portal was renamed: put its new host into the configuration");
            answer = self.send(&moved, method, params, repeat, token).await?;
            if (300..400).contains(&answer.status) {
                let why = "the portal sends us on and on: put its present host into the configuration";
                return Err(self.fault(FaultKind::Rejected, method, why));
            }
            self.set_root(moved);
        }
        let value = answer.value().unwrap_or_default();
        self.note_time(method, value.get("time").unwrap_or(&Value::Null));
        Ok(value)
    }

    async fn send(
        &self,
        root: &str,
        method: &'static str,
        params: &Value,
        repeat: Repeat,
        token: Option<&str>,
    ) -> Result<Answer, Fault> {
        let mut body = if params.is_object() { params.clone() } else { json!({}) };
        if let (Some(token), Some(members)) = (token, body.as_object_mut()) {
            members.insert("auth".to_owned(), Value::String(token.to_owned()));
        }
        let mut call = Call::post(method, format!("{root}/{method}"))
            .json(body)
            .header("accept", "application/json")
            .repeat(repeat);
        if repeat == Repeat::Never && self.wiring.timeout.is_none() {
            call = call.within(LONGEST_WRITE);
        }
        self.portal.send(&call).await.map_err(|fault| self.rested(method, fault))
    }

    /// A method whose time is used up rests until the portal said its time begins anew, else in growing steps.
    fn rested(&self, method: &'static str, fault: Fault) -> Fault {
        if fault.kind != FaultKind::RateLimited || !fault.detail.starts_with("OPERATION_TIME_LIMIT") {
            return fault;
        }
        let wait = self.rest(method);
        Fault { retry_after: Some(wait), ..fault }
    }

    /// Pauses a method and says for how long.
    pub(super) fn rest(&self, method: &'static str) -> Duration {
        let now = self.wiring.clock.now();
        let wait = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let used = used.entry(method).or_default();
            used.refusals = (used.refusals + 1).min(STEPS);
            let until = used.reset_at.map(|at| at.duration_since(now)).and_then(|wait| Duration::try_from(wait).ok());
            until.filter(|wait| !wait.is_zero()).map_or(STEP * used.refusals, |wait| wait.min(STEP * STEPS))
        };
        self.portal.pause(Some(method), wait);
        tracing::info!(connection = %self.wiring.name, method, seconds = wait.as_secs(), "the method's time is used up");
        wait
    }

    /// Remembers what a success says of the method's time, and lets one rest that has none left.
    pub(super) fn note_time(&self, method: &'static str, time: &Value) {
        let (operating, reset_at) = read_time(time);
        if operating.is_none() && reset_at.is_none() {
            return;
        }
        let wait = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let used = used.entry(method).or_default();
            used.refusals = 0;
            used.reset_at = reset_at;
            let is_out = operating.is_some_and(|operating| operating >= OPERATING);
            let left = reset_at.map(|at| at.duration_since(self.wiring.clock.now()));
            left.filter(|_| is_out).and_then(|wait| Duration::try_from(wait).ok())
        };
        if let Some(wait) = wait.map(|wait| wait.min(STEP * STEPS)) {
            self.portal.pause(Some(method), wait);
        }
    }
}

/// Server time that a method has used, and when that begins anew: as a number, a text or an ISO time.
#[must_use]
pub fn read_time(time: &Value) -> (Option<f64>, Option<Timestamp>) {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let operating = time.get("operating").and_then(number).filter(|operating| operating.is_finite());
    let reset = time.get("operating_reset_at");
    let reset = reset.and_then(|value| {
        let seconds = read::int(value).and_then(|seconds| Timestamp::from_second(seconds).ok());
        seconds.or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    });
    (operating, reset)
}

/// The root that a renamed portal names: the same path on another host, reached as safely as before.
fn moved(root: &str, method: &str, location: &str) -> Result<String, String> {
    let told = "the portal sends us to an address that is not one of its REST: check the host in the configuration";
    url::check(location).map_err(|_| told)?;
    let (old_scheme, _, old_path) = url::split(root).ok_or(told)?;
    let (scheme, host, path) = url::split(location).ok_or(told)?;
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    let path = path.strip_suffix(".json").unwrap_or(path);
    let same = format!("{old_path}/{method}");
    if (old_scheme == "https" && scheme != "https") || path != same || !path.contains("/rest/") {
        return Err(told.to_owned());
    }
    Ok(format!("{scheme}://{host}{old_path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_portal_is_followed_to_its_rest_and_nowhere_else() {
        let root = "https://old.bitrix24.ru/rest/1/abc";
        let fine = moved(root, "profile", "https://new.bitrix24.ru/rest/1/abc/profile.json");
        assert_eq!(fine.as_deref(), Ok("https://new.bitrix24.ru/rest/1/abc"));
        for bad in [
            "http://new.bitrix24.ru/rest/1/abc/profile",
            "https://new.bitrix24.ru/",
            "https://evil.ru/login?to=/rest/1/abc/profile",
            "/rest/1/abc/profile",
            "",
        ] {
            let why = moved(root, "profile", bad).unwrap_err();
            assert!(!why.contains("abc"), "{why}");
        }
    }

    #[test]
    fn the_time_of_a_method_is_read_in_each_form() {
        let at = Timestamp::from_second(1_787_220_142).unwrap();
        for reset in [json!(1_787_220_142), json!("1787220142"), json!("2026-08-20T12:02:22+00:00")] {
            let (operating, reset_at) = read_time(&json!({"operating": "0.5", "operating_reset_at": reset}));
            assert_eq!(operating, Some(0.5));
            assert!(reset_at.is_some(), "{reset}");
        }
        assert_eq!(read_time(&json!({"operating_reset_at": 1_787_220_142})).1, Some(at));
        assert_eq!(read_time(&json!([])), (None, None));
    }
}
