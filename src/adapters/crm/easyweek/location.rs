//! The location that is booked into, and its zone.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::read::{LocationRow, locations};
use super::{EasyWeek, locked};
use crate::adapters::http::Method;
use crate::domain::fault::{Fault, FaultKind};

/// So long what is known of it holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// The location.
pub(super) struct Location {
    pub id: String,
    pub name: String,
    pub zone: TimeZone,
}

impl EasyWeek {
    /// The location, as known for at most an hour.
    pub(super) async fn location(&self, operation: &'static str) -> Result<Arc<Location>, Fault> {
        let now = self.now();
        if let Some((at, known)) = &*locked(&self.location)
            && now.duration_since(*at) < HOLDS
        {
            return Ok(Arc::clone(known));
        }
        let call = self.wire.call("locations", Method::Get, &["locations"]);
        let rows = self.wire.all(&call, locations, |row| &row.id).await.map_err(|fault| match fault.kind {
            // Every workspace has the list: under a slug that is not one nothing is there.
            FaultKind::NotFound => Fault {
                kind: FaultKind::Unauthorized,
                detail: format!("there is no workspace `{}`: {}", self.wire.workspace(), fault.detail),
                ..fault
            },
            _ => fault,
        })?;
        let row = chosen(rows, self.wanted_location.as_deref())
            .map_err(|why| self.fault(FaultKind::Rejected, operation, why))?;
        let zone = match (&self.wiring.timezone, row.zone.as_deref().map(TimeZone::get)) {
            (Some(zone), _) => zone.clone(),
            (None, Some(Ok(zone))) => zone,
            _ => {
                tracing::warn!(connection = %self.wiring.name,
                    "the location does not name its zone: the company's is taken; set `timezone` of the connection");
                self.wiring.zone().await
            }
        };
        let known = Arc::new(Location { id: row.id, name: row.name, zone });
        *locked(&self.location) = Some((now, Arc::clone(&known)));
        Ok(known)
    }
}

/// The location that is meant.
fn chosen(rows: Vec<LocationRow>, wanted: Option<&str>) -> Result<LocationRow, String> {
    let names = rows.iter().map(|row| format!("{} ({})", row.id, row.name)).collect::<Vec<_>>().join(", ");
    let count = rows.len();
    let found = match wanted {
        Some(id) => rows.into_iter().find(|row| row.id == id),
        None if count > 1 => {
            return Err(format!(
                "the workspace has {count} locations: set `location` of the connection to one of {names}"
            ));
        }
        None => rows.into_iter().next(),
    };
    found.ok_or_else(|| match count {
        0 => "the workspace has no location: add one in Settings → Locations".to_owned(),
        _ => format!("`location` is none of the workspace's: {names}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_location_needs_no_choice_and_several_do() {
        let row = |id: &str| LocationRow { id: id.to_owned(), name: "Salon".to_owned(), zone: None };
        assert_eq!(chosen(vec![row("a")], None).unwrap().id, "a");
        assert!(chosen(vec![row("a"), row("b")], None).unwrap_err().contains("set `location`"));
        assert_eq!(chosen(vec![row("a"), row("b")], Some("b")).unwrap().id, "b");
        assert!(chosen(vec![row("a")], Some("c")).is_err() && chosen(vec![], None).is_err());
    }
}
