//! What flow keeps of its bookings: a booking names neither its service's id nor its employee.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::read::BookingRow;
use super::{EasyWeek, SETTLES};
use crate::adapters::http::read::text;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::crm::CrmClient;
use crate::domain::fault::{Fault, FaultKind};

/// Of bookings.
const BOOKING: &str = "booking";
/// Of bookings that others made, as they were seen.
const SEEN: &str = "seen";
/// So long what was seen of them holds: people may change a booking's service there.
const SEEN_HOLDS: SignedDuration = SignedDuration::from_hours(1);
/// Of moves that were begun, by their mark.
const MOVE: &str = "move";

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub service: String,
    pub employee: Option<String>,
}

/// Reads what was kept.
pub(super) fn of(body: &Value) -> Option<Kept> {
    Some(Kept { service: text(body.get("service")?)?, employee: body.get("employee").and_then(text) })
}

impl EasyWeek {
    fn lost(&self, operation: &'static str) -> impl Fn(crate::domain::store::StoreError) -> Fault + '_ {
        move |error| self.fault(FaultKind::Store, operation, error.to_string())
    }

    pub(super) async fn kept(&self, operation: &'static str, id: &str) -> Result<Option<Kept>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, BOOKING, id).await.map_err(self.lost(operation))?;
        Ok(copy.and_then(|copy| of(&copy.body)))
    }

    /// Whether flow made a booking so lately that it may not show yet.
    pub(super) async fn is_new(&self, operation: &'static str, id: &str) -> Result<bool, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, BOOKING, id).await.map_err(self.lost(operation))?;
        let settles = SignedDuration::try_from(SETTLES).unwrap_or(SignedDuration::MAX);
        Ok(copy.is_some_and(|copy| self.now().duration_since(copy.at) < settles))
    }

    /// Keeps what was sent; that it cannot be kept costs the employee's name, not the booking.
    pub(super) async fn keep(&self, id: &str, phone: Option<&Phone>, kept: &Kept) {
        let body = json!({"service": kept.service, "employee": kept.employee});
        let copy = Copied { id: id.to_owned(), phone: phone.cloned(), body, at: self.now() };
        if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, BOOKING, &copy).await {
            tracing::warn!(connection = %self.wiring.name, %error, "what was booked could not be kept");
        }
    }

    /// The title of a booking's service and its client, as seen lately.
    pub(super) async fn seen(
        &self,
        operation: &'static str,
        id: &str,
    ) -> Result<Option<(Option<String>, CrmClient)>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, SEEN, id).await.map_err(self.lost(operation))?;
        let Some(copy) = copy.filter(|copy| self.now().duration_since(copy.at) < SEEN_HOLDS) else { return Ok(None) };
        let of = |name: &str| copy.body.get(name).and_then(text);
        let client = CrmClient { id: of("client"), name: of("name"), phone: copy.phone.clone(), email: of("email") };
        Ok(client.id.is_some().then(|| (of("service"), client)))
    }

    /// Keeps what was seen of a booking, so that the next list costs less.
    pub(super) async fn saw(&self, row: &BookingRow, client: &CrmClient) {
        let mut body = json!({"service": row.service, "client": client.id});
        // What is somebody's is kept under their phone, by which it is erased.
        if client.phone.is_some() {
            body["name"] = json!(client.name);
            body["email"] = json!(client.email);
        }
        let copy = Copied { id: row.id.clone(), phone: client.phone.clone(), body, at: self.now() };
        if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, SEEN, &copy).await {
            tracing::debug!(connection = %self.wiring.name, %error, "what was seen could not be kept");
        }
    }

    /// When a move was begun, when it was.
    pub(super) async fn begun(&self, marker: &str) -> Result<Option<Timestamp>, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, MOVE, marker).await.map_err(self.lost("move"))?;
        Ok(copy.map(|copy| copy.at))
    }

    /// Keeps that a move is begun, before anything of it is written.
    pub(super) async fn begin(&self, marker: &str, old: &str, phone: Option<&Phone>) -> Result<(), Fault> {
        let copy = Copied { id: marker.to_owned(), phone: phone.cloned(), body: json!({"old": old}), at: self.now() };
        let kept = self.wiring.store.keep_copy(&self.wiring.name, MOVE, &copy).await;
        kept.map(|_| ()).map_err(self.lost("move"))
    }

    /// Nothing of a move was written: it is not begun.
    pub(super) async fn not_begun(&self, marker: &str) -> Result<(), Fault> {
        self.wiring.store.forget_copy(&self.wiring.name, MOVE, marker).await.map_err(self.lost("move"))
    }
}
