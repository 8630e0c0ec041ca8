//! Bitrix24 before a portal in memory.

mod doubt;
mod events;
mod leads;
mod models;
mod story;

use std::sync::{Arc, Mutex};

use flow::adapters::crm::bitrix24::ROW;
use flow::adapters::crm::bitrix24::stand_in::Portal;
use flow::adapters::http::far::InProcess;
use flow::domain::clock::Clock;
use flow::domain::crm::{Calendar, Catalogue, SlotQuery};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::support::{Far, NOW, PausedClock, before};

/// A connection with the portal in hand.
struct Salon {
    far: Far,
    portal: Arc<Mutex<Portal>>,
}

impl Salon {
    fn open() -> Self {
        Self::with(|_| {}, |_| {})
    }

    /// Before a portal that was changed, with changed settings.
    fn with(portal: impl FnOnce(&mut Portal), settings: impl FnOnce(&mut Value)) -> Self {
        let mut salon = Portal::salon();
        portal(&mut salon);
        let portal = Arc::new(Mutex::new(salon));
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
        let way = Arc::new(InProcess::new(Arc::clone(&portal), Arc::clone(&clock)));
        Self { far: before(&ROW, way, clock, settings), portal }
    }

    fn portal(&self) -> std::sync::MutexGuard<'_, Portal> {
        self.portal.lock().unwrap()
    }

    fn calendar(&self) -> &dyn Calendar {
        self.far.crm.calendar().unwrap()
    }

    fn catalogue(&self) -> &dyn Catalogue {
        self.far.crm.catalogue().unwrap()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn query(service: &str, staff: Option<&str>, from: &str, to: &str) -> SlotQuery {
    SlotQuery {
        service_id: service.to_owned(),
        employee_id: staff.map(str::to_owned),
        from: day(from),
        to: day(to),
        moving: None,
    }
}
