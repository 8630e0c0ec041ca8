//! What goes out over the bridge: one event, signed, under an id that stays the same however often it is sent.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::envelope::resolution;
use super::scalars::{member, sent, text};
use super::settings::Auth;
use super::{Dikidi, judge};
use crate::adapters::http::read::int;
use crate::adapters::http::{Body, Call, Repeat};
use crate::domain::copies::Copied;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::signing::{hex, hmac_sha256, short_mark};

/// An event is delivered when it is taken within so long.
const DELIVERY: Duration = Duration::from_secs(15);
/// Seconds between tries, of an event that nobody took: a day and a half in all.
const LADDER: [u64; 7] = [10, 60, 300, 1800, 7200, 21_600, 86_400];
/// How the connection is: copies of this kind.
pub(super) const STATE: &str = "connection";
/// Events that were begun, with the moment of their first try.
const BEGUN: &str = "event";
/// The other side closed the bridge.
const CLOSED: &str = "closed";

/// An event to be sent.
pub(super) struct Event {
    pub operation: &'static str,
    pub kind: &'static str,
    pub id: String,
    pub at: Timestamp,
    pub data: Value,
}

/// What the other side says beside "taken".
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Reply {
    pub ext_id: Option<String>,
    /// It decided at once.
    pub decided: Option<Map<String, Value>>,
}

/// An id that follows from what it stands for, in the form of a UUID.
pub(super) fn id_of(connection: &str, what: &str) -> String {
    let digits = hex(&hmac_sha256(connection.as_bytes(), what.as_bytes()));
    format!("{}-{}-8{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32])
}

/// `t=…,v1=…`.
pub(super) fn signature(key: &[u8], t: i64, event_id: &str, body: &[u8]) -> String {
    let mut message = format!("{t}.{event_id}.").into_bytes();
    message.extend_from_slice(body);
    format!("t={t},v1={}", hex(&hmac_sha256(key, &message)))
}

/// A body that may say more than the status: anything else is ignored.
pub(super) fn read_reply(body: &Value, zone: &TimeZone) -> Reply {
    let ext_id = text(body, "ext_id");
    let mut decided = body.clone();
    if decided.is_object() && member(&decided, "request_id").is_null() {
        decided["request_id"] = json!("this");
    }
    Reply { ext_id, decided: resolution(&decided, zone).ok() }
}

fn call(operation: &'static str, url: &str, headers: [(&'static str, String); 5], body: Vec<u8>) -> Call {
    // Sent once: whoever sends again signs anew and counts on.
    let mut call = Call::post(operation, url).repeat(Repeat::Never).within(DELIVERY).at_most(64 * 1024);
    call.body = Some(Body::Bytes("application/json; charset=utf-8", body));
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call
}

/// How long an event that was not taken waits, so long after its first try; nothing when it is given up. However often
/// somebody asks meanwhile, a person at a terminal for one, it is given up after its day and a half and not before.
fn ladder(age: SignedDuration) -> Option<Duration> {
    let age = u64::try_from(age.as_secs()).unwrap_or(0);
    let (mut rung, mut seconds) = (0, None);
    for step in LADDER {
        rung += step;
        // One that is near is this very try, a little early.
        if seconds.is_none() && rung >= age + step / 2 {
            seconds = Some(rung - age);
        }
    }
    let seconds = seconds.or_else(|| rung.checked_sub(age).filter(|left| *left > 0))?;
    // A little later for some: those that failed together do not come together again.
    Some(Duration::from_secs(seconds) + Duration::from_millis(rand::random_range(0..=seconds * 100)))
}

impl Dikidi {
    /// Sends an event. A failure that may have been heard is a doubt; the same event again ends it.
    pub(super) async fn deliver(&self, event: &Event) -> Result<Reply, Fault> {
        let Some((bridge, url)) = self.bridge().and_then(|bridge| Some((bridge, bridge.url.as_ref()?))) else {
            return Err(self.cannot(event.operation, "nothing can be sent without `bridge_url`"));
        };
        let url = url.expose_secret();
        self.is_open(event.operation, url).await?;
        let zone = self.wiring.zone().await;
        let (at, tried) = self.begun(event).await?;
        let body = json!({
            "v": 1, "event_id": event.id, "type": event.kind, "occurred_at": sent(at, &zone),
            "source": "flow", "connection": self.wiring.name, "data": event.data,
        });
        let body = body.to_string().into_bytes();
        let signed = signature(bridge.key(), self.wiring.clock.now().as_second(), &event.id, &body);
        let headers = [
            ("x-flow-event", event.kind.to_owned()),
            ("x-flow-event-id", event.id.clone()),
            ("x-flow-signature", signed),
            ("idempotency-key", event.id.clone()),
            ("x-flow-attempt", tried.to_string()),
        ];
        let call = call(event.operation, url, headers, body);
        // A tool that cannot compute a signature knows us by the token, as we know it.
        let call = match bridge.auth {
            Auth::Bearer => call.header("authorization", format!("Bearer {}", bridge.token())),
            Auth::Header => call.header("x-flow-token", bridge.token()),
            Auth::Hmac | Auth::Query => call,
        };
        match self.portal.send(&call).await {
            Ok(answer) => {
                self.ended(event).await;
                Ok(answer.value().map(|body| read_reply(&body, &zone)).unwrap_or_default())
            }
            Err(fault) => {
                let fault = self.undelivered(fault, url).await;
                let age = self.wiring.clock.now().duration_since(at);
                Err(self.again_or_never(event, fault, age).await)
            }
        }
    }

    /// Says when an event that was not taken is sent again; after the last try it is given up.
    async fn again_or_never(&self, event: &Event, fault: Fault, age: SignedDuration) -> Fault {
        if !matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::RateLimited | FaultKind::Unreachable) {
            return fault;
        }
        let Some(wait) = ladder(age) else {
            tracing::error!(connection = %self.wiring.name, event = %event.id, kind = event.kind, %fault,
                "an event could not be delivered for more than a day, and is given up");
            self.ended(event).await;
            let detail = format!("the bridge did not take it in a day and a half: {}", fault.detail);
            return Fault { kind: FaultKind::Rejected, detail, retry_after: None, ..fault };
        };
        Fault { retry_after: Some(fault.retry_after.unwrap_or(wait)), ..fault }
    }

    /// When an event was tried first, and the how manieth try this is: sent again it is the same to the letter.
    async fn begun(&self, event: &Event) -> Result<(Timestamp, i64), Fault> {
        let (store, name) = (&self.wiring.store, &self.wiring.name);
        let known = store.copied(name, BEGUN, &event.id).await.map_err(self.lost(event.operation))?;
        let tried = known.as_ref().and_then(|known| int(member(&known.body, "tried"))).unwrap_or(0) + 1;
        let at = known.as_ref().map_or(event.at, |known| known.at);
        let copy = Copied { id: event.id.clone(), phone: None, body: json!({"tried": tried}), at };
        store.keep_copy(name, BEGUN, &copy).await.map_err(self.lost(event.operation))?;
        if known.is_some() {
            return Ok((at, tried));
        }
        // As it was kept: a store may know less than nanoseconds.
        let kept = store.copied(name, BEGUN, &event.id).await.map_err(self.lost(event.operation))?;
        Ok((kept.map_or(at, |kept| kept.at), tried))
    }

    async fn ended(&self, event: &Event) {
        if let Err(error) = self.wiring.store.forget_copy(&self.wiring.name, BEGUN, &event.id).await {
            tracing::warn!(%error, "a delivered event could not be put aside");
        }
    }

    async fn undelivered(&self, fault: Fault, url: &str) -> Fault {
        if fault.kind == FaultKind::Unsupported && fault.detail.starts_with(judge::GONE) {
            let at = self.wiring.clock.now();
            let copy = Copied { id: CLOSED.to_owned(), phone: None, body: json!({"url": short_mark(url)}), at };
            if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, STATE, &copy).await {
                tracing::warn!(%error, "a closed bridge could not be noted");
            }
        }
        let kind = match fault.kind {
            FaultKind::Unavailable if fault.detail.starts_with(judge::LATER) => FaultKind::RateLimited,
            FaultKind::Unavailable | FaultKind::Timeout | FaultKind::Protocol => FaultKind::UnknownOutcome,
            kind => {
                if !matches!(kind, FaultKind::RateLimited | FaultKind::Unreachable | FaultKind::UnknownOutcome) {
                    tracing::error!(connection = %self.wiring.name, %fault, "the bridge does not take an event");
                }
                kind
            }
        };
        Fault { kind, ..fault }
    }

    /// Refuses to send over a bridge that was closed, as long as its address is the same.
    async fn is_open(&self, operation: &'static str, url: &str) -> Result<(), Fault> {
        if operation == "ping" {
            return Ok(());
        }
        let closed = self.wiring.store.copied(&self.wiring.name, STATE, CLOSED).await.map_err(self.lost(operation))?;
        match closed {
            Some(copy) if text(&copy.body, "url") == Some(short_mark(url)) => {
                let detail = format!("{}: set another `bridge_url`, or run `flow crm test`", judge::GONE);
                Err(self.fault(FaultKind::Unsupported, operation, detail))
            }
            _ => Ok(()),
        }
    }

    /// The bridge answers: it is not closed any more.
    pub(super) async fn reopened(&self) -> Result<(), Fault> {
        self.wiring.store.forget_copy(&self.wiring.name, STATE, CLOSED).await.map_err(self.lost("ping"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_signed_over_time_id_and_body() {
        let signed = signature(b"secret", 1_788_508_800, "e-1", b"{}");
        let wanted = hex(&hmac_sha256(b"secret", b"1788508800.e-1.{}"));
        assert_eq!(signed, format!("t=1788508800,v1={wanted}"));
        let id = id_of("salon", "book|k1");
        assert_eq!((id.len(), id.as_str() == id_of("salon", "book|k1")), (36, true));
        assert_ne!(id, id_of("other", "book|k1"));
    }

    #[test]
    fn an_event_is_given_up_after_a_day_and_a_half_and_not_before() {
        let about = |seconds: i64| ladder(SignedDuration::from_secs(seconds)).map(|wait| wait.as_secs());
        for (age, least, most) in [
            (0, 10, 11),
            (11, 58, 66),
            (68, 300, 334),
            (9_400, 21_000, 24_000),
            (30_000, 87_000, 97_000),
            (117_000, 370, 408),
        ] {
            let wait = about(age).unwrap();
            assert!((least..=most).contains(&wait), "{age}: {wait}");
        }
        assert_eq!(about(117_370), None);
    }

    #[test]
    fn a_reply_is_read_or_ignored() {
        let zone = TimeZone::UTC;
        assert_eq!(read_reply(&json!("ok"), &zone), Reply::default());
        assert_eq!(read_reply(&json!({"ext_id": 7}), &zone).ext_id.as_deref(), Some("7"));
        let decided = read_reply(&json!({"result": "confirmed", "ext_id": "dk-1"}), &zone).decided.unwrap();
        assert_eq!(decided["result"], "confirmed");
        assert_eq!(read_reply(&json!({"result": "maybe"}), &zone).decided, None);
    }
}
