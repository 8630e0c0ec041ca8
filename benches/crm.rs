//! What a CRM costs: calls and time of a week's free times and of a booking through each adapter before a far side that
//! answers after 50 ms, and 10,000 clients looked up inside the vendor's limits. The second is in virtual time: it
//! passes as the limits and the far side make it pass, whatever the machine.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench fails by panicking and prints what it measured")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flow::adapters::crm::ledgered::Ledgered;
use flow::adapters::crm::{ROWS, Row, Wiring};
use flow::adapters::http::far::{FarSide, InProcess};
use flow::adapters::http::portal::in_background;
use flow::adapters::http::{Answer, Broken, Call, Transport};
use flow::domain::clock::Clock;
use flow::domain::contact::{Phone, Region};
use flow::domain::crm::{BookRequest, Crm, Origin, SlotQuery};
use flow::domain::outbox::Pace;
use flow::domain::sharing::{Drawn, Purse, drawn};
use flow::domain::store::Store;
use flow::store::sqlite::SqliteStore;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::time::{Instant, sleep};

/// How long the far side takes.
const FAR: Duration = Duration::from_millis(50);
const CLIENTS: usize = 10_000;

struct Paused {
    base: Timestamp,
    began: Instant,
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.began.elapsed()).unwrap()
    }
}

/// Budgets in memory: a paused clock must not run while a thread of the store works.
#[derive(Default)]
struct InMemory(Mutex<HashMap<String, i64>>);

#[async_trait]
impl Purse for InMemory {
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> Result<Drawn, String> {
        let mut budgets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (drawn, whole_at) = drawn(budgets.get(budget).copied(), pace, wanted, now);
        budgets.insert(budget.to_owned(), whole_at);
        Ok(drawn)
    }
}

/// A far side that takes its time, and when it was asked.
struct Slow {
    inner: InProcess<Box<dyn FarSide>>,
    asked: Mutex<Vec<Instant>>,
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, call: &Call) -> Result<Answer, Broken> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        sleep(FAR).await;
        self.inner.send(call).await
    }
}

impl Slow {
    fn asked(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn connect(row: &'static Row) -> (Arc<dyn Crm>, Arc<Slow>) {
    let clock: Arc<dyn Clock> =
        Arc::new(Paused { base: "2026-03-10T07:00:00Z".parse().unwrap(), began: Instant::now() });
    let far = Arc::new(Mutex::new((row.stand_in)(clock.now())));
    let way = Arc::new(Slow { inner: InProcess::new(far, Arc::clone(&clock)), asked: Mutex::default() });
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let text = flow::config::presets::get("salon").unwrap();
    let none = |_: &std::path::Path| Err(std::io::Error::other("none"));
    let (profile, _) = flow::config::parse_profile(text, std::path::Path::new(""), &Default::default(), &none).unwrap();
    store.save_profile(&profile, clock.now()).await.unwrap();
    let mut settings = (row.sample)("http://127.0.0.1:9");
    let base_url = settings.as_object_mut().unwrap().remove("base_url");
    let wiring = Wiring {
        name: row.kind.kind.to_owned(),
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        transport: Arc::clone(&way) as Arc<dyn Transport>,
        purse: Arc::new(InMemory::default()),
        base_url: base_url.and_then(|url| url.as_str().map(str::to_owned)),
        timeout: None,
        calls_per_second: None,
        timezone: None,
        holder: "bench".to_owned(),
        secrets: Arc::default(),
        public_url: None,
    };
    let raw = (row.open)(wiring.clone(), settings).unwrap();
    (Arc::new(Ledgered::new(raw, row.kind, wiring)), way)
}

/// Calls and time of some work.
async fn measured<T>(way: &Slow, work: impl Future<Output = T>) -> (T, usize, Duration) {
    way.asked();
    let began = Instant::now();
    let done = work.await;
    (done, way.asked().len(), began.elapsed())
}

async fn slots_and_booking(row: &'static Row) {
    let kind = row.kind.kind;
    let (crm, way) = connect(row).await;
    let calendar = crm.calendar().unwrap();
    let catalogue = crm.catalogue().unwrap();
    let services = catalogue.services(false).await.unwrap();
    let service = &services[0];
    let staff = catalogue.staff(Some(&service.id)).await.unwrap();
    let week = SlotQuery {
        service_id: service.id.clone(),
        employee_id: staff.first().map(|employee| employee.id.clone()),
        from: date(2026, 3, 11),
        to: date(2026, 3, 11).saturating_add(6.days()),
        moving: None,
    };
    let (found, calls, took) = measured(&way, calendar.free_slots(&week)).await;
    let Ok(found) = found else {
        println!("{kind:>10}  booked on a page of its own");
        return;
    };
    let slot = &found[found.len() / 2];
    let request = BookRequest {
        key: "bench".to_owned(),
        service_id: service.id.clone(),
        employee_id: slot.employee_id.clone().or(week.employee_id),
        start: slot.start.timestamp(),
        name: Some("Анна".to_owned()),
        phone: Phone::parse("+79161234567", Region::default()).unwrap(),
        comment: None,
        origin: Origin::default(),
    };
    let (booked, of_booking, time) = measured(&way, calendar.book(&request)).await;
    booked.unwrap();
    println!(
        "{kind:>10}  slots of a week: {:>3} free, {calls:>2} calls, {:>5} ms   booking: {of_booking:>2} calls, {:>5} ms",
        found.len(),
        took.as_millis(),
        time.as_millis()
    );
}

/// Looks 10,000 clients up behind everything live, and what the fastest second and minute of it were.
async fn clients(row: &'static Row) {
    let kind = row.kind.kind;
    let (crm, way) = connect(row).await;
    let Some(clients) = crm.clients() else { return };
    let began = Instant::now();
    way.asked();
    in_background(async {
        for number in 0..CLIENTS {
            let phone = Phone::parse(&format!("+7916{number:07}"), Region::default()).unwrap();
            clients.find_by_phone(&phone).await.unwrap();
        }
    })
    .await;
    let (asked, took) = (way.asked(), began.elapsed());
    let busiest = |window: Duration| {
        let mut first = 0;
        (0..asked.len()).fold(0, |most, last| {
            while asked[last] - asked[first] >= window {
                first += 1;
            }
            most.max(last - first + 1)
        })
    };
    println!(
        "{kind:>10}  {CLIENTS} clients: {} calls in {:.1} min; at most {} in a second, {} in a minute",
        asked.len(),
        took.as_secs_f64() / 60.0,
        busiest(Duration::from_secs(1)),
        busiest(Duration::from_secs(60)),
    );
}

fn main() {
    let builder = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all();
        builder
    };
    for row in ROWS {
        builder().build().unwrap().block_on(slots_and_booking(row));
    }
    for row in ROWS {
        builder().start_paused(true).build().unwrap().block_on(clients(row));
    }
}
