//! What the other side of the bridge means by an answer: the status says it, the body says more where it is JSON.

use crate::adapters::http::judge::{Refusal, by_status};
use crate::adapters::http::{Answer, Call, mask};
use crate::domain::fault::FaultKind;

/// What a closed bridge begins with.
pub(super) const GONE: &str = "the bridge is closed";

/// What an event that was not taken yet begins with.
pub(super) const LATER: &str = "too many events: it asks to wait";

pub(super) fn judge(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    let said = || mask::excerpt(&answer.body);
    let refusal = match answer.status {
        410 => Refusal::new(
            FaultKind::Unsupported,
            format!("{GONE}: the other side answered 410 Gone; set another `bridge_url`, or run `flow crm test`"),
        ),
        // Whoever sends it again signs it anew: not the call itself is repeated.
        425 | 429 => Refusal::new(FaultKind::Unavailable, format!("{LATER} (HTTP {})", answer.status))
            .after(answer.retry_after()),
        408 => Refusal::new(FaultKind::Unavailable, "it did not answer in time (HTTP 408)"),
        300..=399 => {
            Refusal::new(FaultKind::Rejected, "it sends us elsewhere, which is not followed: check `bridge_url`")
        }
        404 => Refusal::new(FaultKind::Rejected, format!("nothing is at the address (HTTP 404): {}", said())),
        402 | 400 | 405..=407 | 409 | 411..=424 => {
            Refusal::new(FaultKind::Rejected, format!("it refuses the event (HTTP {}): {}", answer.status, said()))
        }
        _ => return by_status(call, answer),
    };
    Err(refusal)
}
