//! The link in a request: whoever has it decides, until the request ends. What they say is an event like any other.

use serde_json::json;

use super::Dikidi;
use super::kept::{Request, State, Wish};
use super::outbound::signature;
use super::scalars::sent;
use super::settings::Auth;
use crate::domain::crm::{Asked, Decision, HookCall};
use crate::domain::signing::{hex, hmac_sha256};

/// Hex digits of a key: 128 bits.
const KEY: usize = 32;

impl Dikidi {
    /// Where a person decides on a request; nothing where nobody outside reaches us.
    pub(super) fn link(&self, request: &Request) -> Option<String> {
        let base = self.wiring.public_url.as_deref()?.trim_end_matches('/');
        Some(format!("{base}/r/{}?k={}", request.id, self.key_of(request)?))
    }

    /// What proves that a link is ours. It dies with the request.
    fn key_of(&self, request: &Request) -> Option<String> {
        let words = format!("resolve|{}|{}|{}", self.wiring.name, request.id, request.expires_at.as_second());
        let mut key = hex(&hmac_sha256(self.bridge()?.key_in(), words.as_bytes()));
        key.truncate(KEY);
        Some(key)
    }

    /// The request that a link is about.
    async fn linked(&self, id: &str, key: &str) -> Option<Request> {
        use subtle::ConstantTimeEq as _;
        let request = self.request("resolve", id).await.ok().flatten()?;
        let wanted = self.key_of(&request)?;
        bool::from(wanted.as_bytes().ct_eq(key.as_bytes())).then_some(request)
    }

    pub(super) async fn asked_by(&self, id: &str, key: &str) -> Option<Asked> {
        let request = self.linked(id, key).await?;
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        let outcome = match request.state {
            State::Confirmed => Some("подтверждена"),
            State::Rejected => Some("отклонена"),
            State::Changed => Some("перенесена на другое время, ждём ответа клиента"),
            State::Withdrawn => Some("отозвана клиентом"),
            State::Requested | State::Delivered if now >= request.expires_at => Some("закрыта: срок ответа прошёл"),
            State::Requested | State::Delivered => None,
        };
        Some(Asked {
            text: super::book::for_operator(&request, &zone),
            start: request.start.to_zoned(zone.clone()),
            until: request.expires_at.to_zoned(zone),
            may_change: request.wish != Wish::Cancel,
            outcome: outcome.map(str::to_owned),
        })
    }

    pub(super) async fn decided_by(&self, id: &str, key: &str, decision: &Decision) -> Option<HookCall> {
        let request = self.linked(id, key).await?;
        let bridge = self.bridge()?;
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        let data = match decision {
            Decision::Confirm => json!({"request_id": id, "result": "confirmed"}),
            Decision::Reject => json!({"request_id": id, "result": "rejected", "reason": "other"}),
            Decision::Change(start) => {
                let start = start.to_zoned(zone.clone()).ok()?.timestamp();
                json!({"request_id": id, "result": "changed", "start": sent(start, &zone),
                       "duration_min": request.minutes})
            }
        };
        // A button that is pressed twice says the same once.
        let event_id = format!("page-{}", &hex(&hmac_sha256(bridge.key_in(), data.to_string().as_bytes()))[..KEY]);
        let body = json!({
            "v": 1, "event_id": event_id, "type": "appointment.request_resolved", "occurred_at": sent(now, &zone),
            "source": "page", "data": data,
        });
        let body = body.to_string().into_bytes();
        let secret = || String::from_utf8_lossy(bridge.key_in()).into_owned();
        let mut call = HookCall { body, now: now.as_second(), ..HookCall::default() };
        match bridge.auth {
            Auth::Hmac => {
                let signed = signature(bridge.key_in(), call.now, &event_id, &call.body);
                call.headers.push(("x-flow-signature".to_owned(), signed));
            }
            Auth::Bearer => call.headers.push(("authorization".to_owned(), format!("Bearer {}", secret()))),
            Auth::Header => call.headers.push(("x-flow-token".to_owned(), secret())),
            Auth::Query => call.query.push(("token".to_owned(), secret())),
        }
        call.headers.push(("x-flow-event-id".to_owned(), event_id));
        Some(call)
    }
}
