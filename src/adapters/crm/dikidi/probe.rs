//! What of the connection works: the link, and both directions of the bridge.

use jiff::SignedDuration;
use serde_json::json;
use tokio::time::Instant;

use super::Dikidi;
use super::hooks::HEARD;
use super::outbound::{Event, STATE, id_of, signature};
use super::scalars::sent;
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// A bridge that is silent for so long is spoken of.
const SILENT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A price list that is older is spoken of.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

fn check(name: &str, ok: bool, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), ok, detail: detail.into(), ms: 0 }
}

impl Dikidi {
    pub(super) async fn look_around(&self) -> Result<Probe, Fault> {
        let profile = self.wiring.store.profile().await.map_err(self.lost("probe"))?;
        let account = profile.map(|profile| profile.company.name.clone());
        let account = account.or_else(|| self.settings.booking_url.clone()).unwrap_or_else(|| self.wiring.name.clone());
        let mut checks = vec![match &self.settings.booking_url {
            Some(url) => check("booking link", true, format!("clients are sent to {url}")),
            None => check("booking link", true, "none: set `booking_url` so that clients can book by themselves"),
        }];
        let Some(bridge) = self.bridge() else {
            let detail = "none: flow sends clients to the link and keeps leads to itself; `bridge_url` and \
                          `bridge_secret` connect it";
            checks.push(check("bridge", true, detail));
            return Ok(Probe { account, checks });
        };
        match bridge.url.is_some() {
            true => checks.push(self.ping().await?),
            false => checks.push(check("bridge out", true, "none: without `bridge_url` nothing can be requested")),
        }
        checks.push(self.heard_check().await?);
        checks.push(self.catalogue_check().await?);
        let slots = match bridge.query_url.is_some() {
            true => "asked for at `query_url`",
            false => "only as slots.snapshot events tell them; `query_url` would answer at once",
        };
        checks.push(check("free times", true, slots));
        Ok(Probe { account, checks })
    }

    /// Sends a ping. One that is not taken is what the check says; a bridge that cannot be reached is a fault.
    async fn ping(&self) -> Result<Check, Fault> {
        let began = Instant::now();
        let now = self.wiring.clock.now();
        let event = Event {
            operation: "ping",
            kind: "ping",
            id: id_of(&self.wiring.name, &format!("ping|{:032x}", rand::random::<u128>())),
            at: now,
            data: json!({}),
        };
        let sent = self.deliver(&event).await;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (ok, detail) = match sent {
            Ok(_) => {
                self.reopened().await?;
                (true, "a signed ping was taken".to_owned())
            }
            Err(fault) => match fault.kind {
                FaultKind::Rejected | FaultKind::Forbidden | FaultKind::Unsupported | FaultKind::NotFound => {
                    (false, format!("{}; compare `bridge_url` and `bridge_secret` on both sides", fault.detail))
                }
                // A ping writes nothing: nothing is in doubt.
                FaultKind::UnknownOutcome => return Err(Fault { kind: FaultKind::Unavailable, ..fault }),
                _ => return Err(fault),
            },
        };
        Ok(Check { name: "bridge out".to_owned(), ok, detail, ms })
    }

    async fn heard_check(&self) -> Result<Check, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, STATE, HEARD).await.map_err(self.lost("probe"))?;
        let now = self.wiring.clock.now();
        let zone = self.wiring.zone().await;
        let try_it = || format!("try: {}", self.curl());
        let detail = match copy {
            Some(copy) if now.duration_since(copy.at) <= SILENT => {
                format!("the last event came at {}", sent(copy.at, &zone))
            }
            Some(copy) => format!("no event since {}, for more than 7 days; {}", sent(copy.at, &zone), try_it()),
            None => format!("no event has come yet; {}", try_it()),
        };
        Ok(check("bridge in", true, detail))
    }

    /// A line that sends a signed ping to us, good for five minutes.
    fn curl(&self) -> String {
        let Some(bridge) = self.bridge() else { return String::new() };
        let now = self.wiring.clock.now();
        let id = format!("ping-{}", now.as_second());
        let body = json!({"v": 1, "event_id": id, "type": "ping", "occurred_at": now.to_string(), "source": "curl", "data": {}});
        let body = body.to_string();
        let signed = signature(bridge.key_in(), now.as_second(), &id, body.as_bytes());
        format!(
            "curl -X POST PUBLIC_URL/hooks/bridge/{} -H 'Content-Type: application/json' -H 'X-Flow-Event: ping' \
             -H 'X-Flow-Event-Id: {id}' -H 'X-Flow-Signature: {signed}' -d '{body}'",
            self.wiring.name
        )
    }

    async fn catalogue_check(&self) -> Result<Check, Fault> {
        let now = self.wiring.clock.now();
        let detail = match self.snapshot_age().await? {
            None => "services and staff come from the business profile; a catalog.snapshot event would replace them"
                .to_owned(),
            Some(at) if now.duration_since(at) > OLD => {
                "the last catalog.snapshot is older than 30 days: prices may be wrong".to_owned()
            }
            Some(at) => format!("as told at {}", sent(at, &self.wiring.zone().await)),
        };
        Ok(check("services", true, detail))
    }
}
