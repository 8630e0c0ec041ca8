//! What flow remembers of an account beside its visits: its zone, and which appointment took the place of which.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Ledgered;
use crate::domain::copies::Copied;
use crate::domain::crm::Appointment;
use crate::domain::fault::Fault;

const ZONE: &str = "zone";
const SUCCESSOR: &str = "successor";
const MOVED: &str = "moved";
/// An appointment is not moved more often.
const MOVES: usize = 50;

impl Ledgered {
    /// The account's zone: what is configured, else what the CRM's own times stood in, else the company's.
    pub(super) async fn zone(&self) -> TimeZone {
        if let Some(zone) = &self.wiring.timezone {
            return zone.clone();
        }
        let kept = self.store().copied(self.name(), ZONE, "").await.ok().flatten();
        let kept = kept.and_then(|kept| TimeZone::get(kept.body.as_str()?).ok());
        match kept {
            Some(zone) => zone,
            None => self.wiring.zone().await,
        }
    }

    /// Remembers the zone that an appointment's times stand in.
    pub(super) async fn keep_zone(&self, appointment: &Appointment) -> Result<(), Fault> {
        let Some(name) = appointment.start.time_zone().iana_name() else { return Ok(()) };
        if self.zone().await.iana_name() == Some(name) {
            return Ok(());
        }
        let copy = Copied { id: String::new(), phone: None, body: json!(name), at: self.clock().now() };
        self.store().keep_copy(self.name(), ZONE, &copy).await.map_err(self.lost("book")).map(drop)
    }

    /// Remembers that a move made one appointment of another.
    pub(super) async fn succeeded(&self, old: &str, new: &str) -> Result<(), Fault> {
        let copy = Copied { id: old.to_owned(), phone: None, body: json!(new), at: self.clock().now() };
        self.store().keep_copy(self.name(), SUCCESSOR, &copy).await.map_err(self.lost("move")).map(drop)
    }

    /// Remembers what the move under a key made of a visit that the ledger does not have.
    pub(super) async fn has_moved(&self, key: &str, id: &str) -> Result<(), Fault> {
        let copy = Copied { id: key.to_owned(), phone: None, body: json!(id), at: self.clock().now() };
        self.store().keep_copy(self.name(), MOVED, &copy).await.map_err(self.lost("move")).map(drop)
    }

    /// What the move under that key made of a visit that the ledger does not have.
    pub(super) async fn moved_to(&self, key: &str) -> Result<Option<String>, Fault> {
        let copy = self.store().copied(self.name(), MOVED, key).await.map_err(self.lost("move"))?;
        Ok(copy.and_then(|copy| copy.body.as_str().map(str::to_owned)))
    }

    /// The appointment that an id means now.
    pub(super) async fn present(&self, id: &str) -> Result<String, Fault> {
        let mut id = id.to_owned();
        for _ in 0..MOVES {
            let next = self.store().copied(self.name(), SUCCESSOR, &id).await.map_err(self.lost("find"))?;
            match next.and_then(|next| next.body.as_str().map(str::to_owned)) {
                Some(next) => id = next,
                None => break,
            }
        }
        Ok(id)
    }
}
