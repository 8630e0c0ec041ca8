//! A connection before a stand-in of its vendor, with troubles on the way and a clock that the test moves.
#![allow(dead_code, reason = "each kind of CRM uses a part")]

use std::sync::{Arc, Mutex};

use flow::adapters::crm::ledgered::Ledgered;
use flow::adapters::crm::{Row, Wiring, row};
use flow::adapters::http::Transport;
use flow::adapters::http::far::{FarSide, InProcess};
use flow::adapters::http::faulty::Faulty;
use flow::domain::clock::Clock;
use flow::domain::contact::{Phone, Region};
use flow::domain::crm::{BookRequest, Crm, Origin, SlotQuery};
use flow::domain::store::Store;
use flow::jobs::budgets::Budgets;
use flow::store::sqlite::SqliteStore;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

/// A clock that goes with tokio's, which a paused test moves by itself.
pub struct PausedClock {
    base: Timestamp,
    began: Instant,
}

impl PausedClock {
    pub fn at(base: &str) -> Self {
        Self { base: base.parse().unwrap(), began: Instant::now() }
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.began.elapsed()).unwrap()
    }
}

/// A Tuesday morning in Moscow.
pub const NOW: &str = "2026-03-10T07:00:00Z";

/// A connection and everything around it.
pub struct Far {
    /// As the application uses it: with the ledger around.
    pub crm: Arc<dyn Crm>,
    /// The adapter alone.
    pub raw: Arc<dyn Crm>,
    /// The way to the vendor.
    pub way: Arc<Faulty>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    /// What the connection is made of; for a second one beside it.
    pub wiring: Wiring,
    pub settings: Value,
    pub row: &'static Row,
}

/// A connection of that kind to a fresh stand-in.
pub fn connect(kind: &str) -> Far {
    connect_with(kind, |_| {})
}

/// As [`connect`], with other settings.
pub fn connect_with(kind: &str, change: impl FnOnce(&mut Value)) -> Far {
    let row = row(kind).unwrap_or_else(|| panic!("no row of the kind {kind}"));
    let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
    let far: Arc<Mutex<Box<dyn FarSide>>> = Arc::new(Mutex::new((row.stand_in)(clock.now())));
    before(row, Arc::new(InProcess::new(far, Arc::clone(&clock))), clock, change)
}

/// A connection to a far side of the test's own.
pub fn before(
    row: &'static Row,
    far: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    change: impl FnOnce(&mut Value),
) -> Far {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let way = Arc::new(Faulty::new(far));
    let mut settings = (row.sample)("http://127.0.0.1:9");
    change(&mut settings);
    let base_url = settings.as_object_mut().unwrap().remove("base_url");
    let wiring = Wiring {
        name: row.kind.kind.to_owned(),
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        transport: Arc::clone(&way) as Arc<dyn Transport>,
        purse: Arc::new(Budgets::new(Arc::clone(&store), None)),
        base_url: base_url.and_then(|url| url.as_str().map(str::to_owned)),
        public_url: Some("https://bot.example".to_owned()),
        timeout: None,
        calls_per_second: None,
        timezone: None,
        holder: "test".to_owned(),
        secrets: Arc::default(),
    };
    let raw = (row.open)(wiring.clone(), settings.clone()).unwrap();
    let crm = Arc::new(Ledgered::new(Arc::clone(&raw), row.kind, wiring.clone()));
    Far { crm, raw, way, store, clock, wiring, settings, row }
}

impl Far {
    /// Another process on the same store and before the same vendor.
    pub fn beside(&self) -> Arc<dyn Crm> {
        let wiring = Wiring { holder: "beside".to_owned(), ..self.wiring.clone() };
        let raw = (self.row.open)(wiring.clone(), self.settings.clone()).unwrap();
        Arc::new(Ledgered::new(raw, self.row.kind, wiring))
    }

    /// A business profile, for kinds that have no services of their own.
    pub async fn seed(&self) {
        let text = flow::config::presets::get("salon").unwrap();
        let none = |_: &std::path::Path| Err(std::io::Error::other("none"));
        let base = std::path::Path::new("");
        let (profile, _) = flow::config::parse_profile(text, base, &Default::default(), &none).unwrap();
        self.store.save_profile(&profile, self.clock.now()).await.unwrap();
    }

    /// Free times of the first service with anybody on a day.
    pub fn wanted(&self, service: &str, day: Date) -> SlotQuery {
        SlotQuery { service_id: service.to_owned(), employee_id: None, from: day, to: day, moving: None }
    }
}

/// A request to book.
pub fn request(key: &str, service: &str, employee: Option<&str>, start: Timestamp) -> BookRequest {
    BookRequest {
        key: key.to_owned(),
        service_id: service.to_owned(),
        employee_id: employee.map(str::to_owned),
        start,
        name: Some("Анна Петрова".to_owned()),
        phone: phone("+79161234567"),
        comment: Some("первый визит".to_owned()),
        origin: Origin::default(),
    }
}

pub fn phone(text: &str) -> Phone {
    Phone::parse(text, Region::default()).unwrap()
}
