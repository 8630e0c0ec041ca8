//! What comes in over the bridge: verified before it is read, kept as copies, the newest word wins.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::Dikidi;
use super::envelope::{self, Envelope};
use super::kept::{Request, State, Wish, read_visit};
use super::outbound::{STATE, signature};
use super::scalars::text;
use super::settings::{Auth, Bridge};
use crate::domain::copies::Copied;
use crate::domain::crm::{Asked, Decision, HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
use crate::domain::fault::Fault;

/// A signature is as old as this at most, and as far ahead.
const SKEW: i64 = 300;
/// With a token instead of a signature an event is as old as this at most.
const OLDEST: i64 = 24 * 3600;
/// The moment of the last event that came.
pub(super) const HEARD: &str = "heard";
/// A visit without our mark is the one that was asked for when it is as near as this.
const NEAR: SignedDuration = SignedDuration::from_mins(5);

fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// `t` and every `v1` of a signature.
fn parts(header: &str) -> Option<(i64, Vec<&str>)> {
    let (mut at, mut signatures) = (None, Vec::new());
    for part in header.split(',').take(16) {
        match part.trim().split_once('=') {
            Some(("t", value)) => at = value.trim().parse().ok(),
            Some(("v1", value)) => signatures.push(value.trim()),
            _ => {}
        }
    }
    Some((at?, signatures)).filter(|(_, signatures)| !signatures.is_empty())
}

/// Whether a call is signed by the secret that both sides have, and how old the signature is.
fn verify(bridge: &Bridge, call: &HookCall) -> Result<Option<Timestamp>, HookRefusal> {
    let token = |given: Option<&str>| match given.filter(|given| is_equal(given.as_bytes(), bridge.key_in())) {
        Some(_) => Ok(None),
        None => Err(HookRefusal::Forged),
    };
    match bridge.auth {
        Auth::Hmac => {}
        Auth::Bearer => return token(call.header("authorization").and_then(|value| value.strip_prefix("Bearer "))),
        Auth::Header => return token(call.header("x-flow-token")),
        Auth::Query => return token(call.param("token")),
    }
    let (at, signatures) = call.header("x-flow-signature").and_then(parts).ok_or(HookRefusal::Forged)?;
    let id = call.header("x-flow-event-id").map(str::to_owned).or_else(|| envelope::named_id(&call.body));
    let wanted = signature(bridge.key_in(), at, &id.unwrap_or_default(), &call.body);
    let wanted = wanted.split_once("v1=").map_or("", |(_, wanted)| wanted);
    let mut is_signed = false;
    for given in signatures {
        // Every one is compared, so that time tells nothing.
        is_signed |= is_equal(given.to_ascii_lowercase().as_bytes(), wanted.as_bytes());
    }
    match (is_signed, (call.now - at).abs() <= SKEW) {
        (false, _) => Err(HookRefusal::Forged),
        (true, false) => Err(HookRefusal::Stale),
        (true, true) => Ok(Timestamp::from_second(at).ok()),
    }
}

fn subjects(envelope: &Envelope) -> Vec<HookSubject> {
    let id = |name: &str| text(&envelope.data, name);
    match envelope.kind.as_str() {
        kind if kind.starts_with("appointment.") => {
            // A request is known here by its own id until the salon's is.
            let ids = [id("request_id"), id("ext_id")];
            ids.into_iter().flatten().map(HookSubject::Appointment).collect()
        }
        "client.upserted" => vec![HookSubject::Client(id("ext_id").unwrap_or_default())],
        "catalog.snapshot" => vec![HookSubject::Catalogue],
        "ping" | "pong" => vec![HookSubject::Connection],
        _ => vec![HookSubject::Other],
    }
}

impl Dikidi {
    /// What a call says, its authenticity aside; in the zone that is known without asking.
    fn envelope(&self, call: &HookCall, zone: &TimeZone) -> Result<Envelope, HookRefusal> {
        envelope::read(&call.body, call.header("x-flow-event-id"), zone)
    }

    fn zone_here(&self) -> TimeZone {
        let usual = || TimeZone::get("Europe/Moscow").unwrap_or(TimeZone::UTC);
        self.wiring.timezone.clone().unwrap_or_else(usual)
    }

    async fn take(&self, envelope: &Envelope, at: Timestamp, zone: &TimeZone) -> Result<(), Fault> {
        let data = &envelope.data;
        match envelope.kind.as_str() {
            "appointment.created" | "appointment.updated" | "appointment.canceled" => {
                let Ok(mut visit) = envelope::visit(data, zone) else { return Ok(()) };
                if envelope.kind == "appointment.canceled" {
                    visit.insert("status".to_owned(), json!("canceled"));
                }
                self.keep_visit("hook", &visit, at).await?;
                self.tie(&Value::Object(visit), &envelope.kind).await
            }
            "appointment.request_resolved" => {
                let Ok(told) = envelope::resolution(data, zone) else { return Ok(()) };
                let id = text(&Value::Object(told.clone()), "request_id").unwrap_or_default();
                match self.request("hook", &id).await? {
                    Some(request) if contradicts(&request, &told).is_none() => {
                        self.decide("hook", &request, &told, at).await.map(|_| ())
                    }
                    _ => Ok(()),
                }
            }
            "client.upserted" => {
                let Ok(card) = envelope::client(data) else { return Ok(()) };
                self.keep_client("hook", &card, at).await.map(|_| ())
            }
            "catalog.snapshot" => {
                let Ok(told) = envelope::catalogue(data) else { return Ok(()) };
                self.keep_snapshot(&told, at).await
            }
            "slots.snapshot" => {
                let Ok((key, body)) = envelope::slots(data, zone) else { return Ok(()) };
                self.keep_slots(&key, body, at).await
            }
            _ => Ok(()),
        }
    }

    /// A visit that was asked for ends its request; one that only looks like it is told to the operator.
    async fn tie(&self, body: &Value, kind: &str) -> Result<(), Fault> {
        let Some(visit) = read_visit(body) else { return Ok(()) };
        if let Some(id) = &visit.request_id
            && let Some(request) = self.request("hook", id).await?
        {
            if matches!(request.state, State::Withdrawn | State::Rejected) {
                return Ok(());
            }
            let is_cancelled = kind == "appointment.canceled";
            let settled = Request {
                state: if is_cancelled && request.wish != Wish::Cancel { State::Rejected } else { State::Confirmed },
                ext_id: Some(visit.ext_id),
                start: visit.start.unwrap_or(request.start),
                ..request
            };
            return self.keep_request("hook", &settled).await;
        }
        let (Some(start), Some(phone)) = (visit.start, &visit.client.phone) else { return Ok(()) };
        let now = self.wiring.clock.now();
        let requests = self.requests("hook", Some(phone)).await?;
        let is_near = |request: &&Request| request.is_open(now) && request.start.duration_since(start).abs() <= NEAR;
        if let Some(request) = requests.iter().find(is_near) {
            tracing::warn!(connection = %self.wiring.name, request = %request.id, appointment = %visit.ext_id,
                "a visit came without a request's id, and looks like that request: resolve it by hand");
        }
        Ok(())
    }

    async fn heard(&self, envelope: &Envelope) -> Result<(), Fault> {
        let at = self.wiring.clock.now();
        let copy = Copied { id: HEARD.to_owned(), phone: None, body: json!({"kind": envelope.kind}), at };
        self.wiring.store.keep_copy(&self.wiring.name, STATE, &copy).await.map_err(self.lost("hook")).map(|_| ())
    }
}

/// Why a decision cannot stand beside the one before: `Some(true)` when it is the same.
fn contradicts(request: &Request, told: &serde_json::Map<String, Value>) -> Option<bool> {
    let told = Value::Object(told.clone());
    match request.state {
        State::Requested | State::Delivered => None,
        State::Changed if request.decided.as_ref() != Some(&told) => None,
        State::Changed => Some(true),
        State::Withdrawn => Some(false),
        State::Confirmed | State::Rejected => {
            let result = text(&told, "result");
            let is_confirmed = request.state == State::Confirmed && result.as_deref() == Some("confirmed");
            let by_event = request.decided.is_none() && is_confirmed && {
                let id = text(&told, "ext_id");
                id.is_none() || id == request.ext_id
            };
            Some(request.decided.as_ref() == Some(&told) || by_event)
        }
    }
}

#[async_trait]
impl Hooks for Dikidi {
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal> {
        let bridge = self.bridge().ok_or(HookRefusal::Forged)?;
        verify(bridge, call)?;
        let envelope = self.envelope(call, &self.zone_here())?;
        if bridge.auth != Auth::Hmac {
            let Some(at) = envelope.at else {
                let wrong =
                    ("/occurred_at".to_owned(), "is missing: without a signature it says how old this is".to_owned());
                return Err(HookRefusal::Invalid(vec![wrong]));
            };
            if (call.now - at.as_second()).abs() > OLDEST {
                return Err(HookRefusal::Stale);
            }
        }
        let events = subjects(&envelope).into_iter().enumerate().map(|(at, subject)| HookEvent {
            dedupe: if at == 0 { envelope.id.clone() } else { format!("{}#{at}", envelope.id) },
            kind: envelope.kind.clone(),
            subject,
        });
        Ok(events.collect())
    }

    async fn admit(&self, call: &HookCall) -> Result<bool, HookRefusal> {
        let zone = self.wiring.zone().await;
        let envelope = self.envelope(call, &zone)?;
        match envelope.kind.as_str() {
            "appointment.request_resolved" => {
                let told = envelope::resolution(&envelope.data, &zone).map_err(HookRefusal::Invalid)?;
                let id = text(&envelope.data, "request_id").unwrap_or_default();
                match self.request("hook", &id).await {
                    Ok(Some(request)) => match contradicts(&request, &told) {
                        None => Ok(true),
                        Some(true) => Ok(false),
                        Some(false) => Err(HookRefusal::Conflict("request already resolved".to_owned())),
                    },
                    Ok(None) => {
                        let wrong = ("/data/request_id".to_owned(), "no such request was sent from here".to_owned());
                        Err(HookRefusal::Invalid(vec![wrong]))
                    }
                    Err(_) => Ok(true),
                }
            }
            "catalog.snapshot" => {
                let told = envelope::catalogue(&envelope.data).map_err(HookRefusal::Invalid)?;
                let known = self.stored_snapshot("hook").await.ok().flatten().unwrap_or_default();
                let (before, lost) = known.losses(&told);
                if told.is_complete && !told.is_forced && lost * 2 > before {
                    let what = format!("would take away {lost} of {before}: send `force` when it is meant");
                    return Err(HookRefusal::Invalid(vec![("/data/complete".to_owned(), what)]));
                }
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    fn answer(&self, events: &[HookEvent], duplicate: bool) -> Option<Value> {
        let status = if duplicate { "duplicate" } else { "ok" };
        let id = events.first().map(|event| event.dedupe.clone());
        Some(json!({"status": status, "event_id": id}))
    }

    async fn asked(&self, id: &str, key: &str) -> Option<Asked> {
        self.asked_by(id, key).await
    }

    async fn decided(&self, id: &str, key: &str, decision: &Decision) -> Option<HookCall> {
        self.decided_by(id, key, decision).await
    }

    async fn apply(&self, call: &HookCall, _events: &[HookEvent]) -> Result<(), Fault> {
        let zone = self.wiring.zone().await;
        let envelope = match self.envelope(call, &zone) {
            Ok(envelope) => envelope,
            Err(refusal) => {
                tracing::warn!(connection = %self.wiring.name, ?refusal, "a kept call cannot be read any more");
                return Ok(());
            }
        };
        // Where it does not say when it happened it happened when it came.
        let came = Timestamp::from_second(call.now).unwrap_or_else(|_| self.wiring.clock.now());
        let at = envelope.at.unwrap_or(came);
        self.take(&envelope, at, &zone).await?;
        self.heard(&envelope).await
    }
}
