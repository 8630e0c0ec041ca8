//! What flow remembers of an account beside its visits: its zone, and which appointment took the place of which.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Ledgered;
use crate::domain::copies::Copied;
use crate::domain::crm::Appointment;
use crate::domain::fault::Fault;

const ZONE: &str = "zone";
const SUCCESSOR: &str = "successor";
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
