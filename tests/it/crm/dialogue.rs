//! A client who writes, and the CRM of each vendor behind: what they hear is what stands there, whatever happens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flow::adapters::crm::ledgered::Ledgered;
use flow::adapters::crm::{ROWS, Row, Wiring};
use flow::adapters::http::far::{FarSide, InProcess};
use flow::adapters::http::faulty::{Faulty, Trouble};
use flow::app::App;
use flow::config::Config;
use flow::config::connections::Connection;
use flow::domain::booking::BookingState;
use flow::domain::clock::Clock;
use flow::domain::conversation::HandoffState;
use flow::domain::crm::{AppointmentQuery, AppointmentStatus, Crm, HookCall};
use flow::domain::signing::{hex, hmac_sha256};
use flow::jobs::budgets::Budgets;
use flow::jobs::crm::{hook_job, kept_hook};

use super::support::{NOW, PausedClock, request};
use crate::support::talk::{Office, Talk};

const WISH: &str = "Хочу на женскую стрижку послезавтра в 15:00, меня зовут Пётр, +7 916 555-00-11";
const LATER: &str = "Подтвердим";

/// What a client is told who has the time: what waits for the vendor's staff is not said to be booked.
fn done(kind: &str) -> &'static str {
    if kind == "dikidi" { "Заявка отправлена" } else { "записаны" }
}

/// A salon before the stand-in of a vendor.
struct Salon {
    office: Office,
    crm: Arc<dyn Crm>,
    raw: Arc<dyn Crm>,
    way: Arc<Faulty>,
    kind: &'static str,
}

impl Salon {
    async fn open(row: &'static Row) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
        let far: Arc<Mutex<Box<dyn FarSide>>> = Arc::new(Mutex::new((row.stand_in)(clock.now())));
        let way = Arc::new(Faulty::new(Arc::new(InProcess::new(far, Arc::clone(&clock)))));
        let mut config = Config::default();
        config.dialog.coalesce = Duration::ZERO;
        row.kind.kind.clone_into(&mut config.crm.active);
        let known = Connection { kind: row.kind.kind.to_owned(), ..Connection::default() };
        config.crm.connections.insert(row.kind.kind.to_owned(), known);
        let mut made: Option<(Arc<dyn Crm>, Arc<dyn Crm>)> = None;
        let app = App::in_memory_before(config, clock, |store, clock| {
            let mut settings = (row.sample)("http://127.0.0.1:9");
            let base_url = settings.as_object_mut().unwrap().remove("base_url");
            let wiring = Wiring {
                name: row.kind.kind.to_owned(),
                store: Arc::clone(&store),
                clock,
                transport: Arc::clone(&way) as _,
                purse: Arc::new(Budgets::new(store, None)),
                base_url: base_url.and_then(|url| url.as_str().map(str::to_owned)),
                timeout: None,
                calls_per_second: None,
                timezone: None,
                holder: "test".to_owned(),
                secrets: Arc::default(),
                public_url: None,
            };
            let raw = (row.open)(wiring.clone(), settings).unwrap();
            let crm: Arc<dyn Crm> = Arc::new(Ledgered::new(Arc::clone(&raw), row.kind, wiring));
            made = Some((Arc::clone(&crm), raw));
            crm
        });
        let app = app.unwrap();
        let text = flow::config::presets::get("salon").unwrap();
        let none = |_: &std::path::Path| Err(std::io::Error::other("none"));
        let (profile, _) =
            flow::config::parse_profile(text, std::path::Path::new(""), &Default::default(), &none).unwrap();
        app.store.save_profile(&profile, app.now()).await.unwrap();
        let (crm, raw) = made.unwrap();
        Self { office: Office { app, clock: Office::clock() }, crm, raw, way, kind: row.kind.kind }
    }

    /// Those kinds that a client is booked through, each with what was said up to the summary.
    async fn each(mut story: impl AsyncFnMut(&Self, Talk<'_>)) {
        let mut told = 0;
        for row in ROWS {
            let salon = Self::open(row).await;
            let mut talk = Talk::new(&salon.office, "pyotr");
            let summary = talk.says(WISH).await;
            if !summary.contains("15:00") {
                assert_eq!(salon.kind, "dikidi", "{}: {summary}", salon.kind);
                continue;
            }
            story(&salon, talk).await;
            told += 1;
        }
        assert!(told >= 6, "{told} kinds");
    }

    /// What stands in the CRM.
    async fn visits(&self) -> usize {
        let all = AppointmentQuery::default();
        let calendar = self.raw.calendar().or_else(|| self.crm.calendar()).unwrap();
        let found = calendar.appointments(&all).await.unwrap();
        found.iter().filter(|visit| visit.status != AppointmentStatus::Cancelled).count()
    }

    async fn state(&self) -> BookingState {
        let rows = self.office.bookings().await;
        assert_eq!(rows.len(), 1, "{}: one row, whatever happened", self.kind);
        rows[0].state
    }

    /// Whether nothing answers from now on.
    fn is_away(&self, away: bool) {
        self.way.next(&[], std::iter::repeat_n(Trouble::Refused, if away { 10_000 } else { 0 }));
    }
}

/// What the client hears within so many minutes, without silence in between.
async fn heard(talk: &mut Talk<'_>, minutes: u32) -> String {
    let mut heard = String::new();
    for _ in 0..minutes * 12 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let said = talk.hears().await;
        if !said.is_empty() {
            heard.push_str(&said);
            heard.push('\n');
        }
    }
    heard
}

#[tokio::test(start_paused = true)]
async fn who_says_yes_is_booked_there_moved_and_cancelled() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        let told = talk.says("да").await;
        assert!(told.contains(done(kind)), "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (1, BookingState::Booked), "{kind}");
        if kind == "dikidi" {
            // Nothing of it is certain before its staff agree.
            return;
        }
        let summary = talk.says("перенесите на послезавтра на 17:00").await;
        let told = talk.says("да").await;
        assert!(told.contains("17:00"), "{kind}: {summary}\n{told}");
        assert_eq!(salon.visits().await, 1, "{kind}");
        let rows = salon.office.bookings().await;
        assert_eq!(rows[0].start.to_string(), "2026-03-12T14:00:00Z", "{kind}");
        talk.says("отмените запись").await;
        let told = talk.says("да").await;
        assert!(told.to_lowercase().contains("отмен"), "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (0, BookingState::Cancelled), "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_looked_for_and_the_truth_is_told_in_seconds() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        // Whichever call it is that writes: the answers of all are lost for a while.
        salon.way.next(&[], std::iter::repeat_n(Trouble::AppliedThenDropped, 40));
        let told = talk.says("да").await;
        assert!(!told.contains(done(kind)), "{kind}: nobody knows yet: {told}");
        assert!(!told.is_empty(), "{kind}: silence");
        salon.is_away(false);
        let told = heard(&mut talk, 4).await;
        assert_eq!(told.matches(done(kind)).count(), 1, "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (1, BookingState::Booked), "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_is_away_is_waited_for_and_the_visit_is_booked_once() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        salon.is_away(true);
        let told = talk.says("да").await;
        assert!(told.contains(LATER) && !told.contains(done(kind)), "{kind}: {told}");
        let told = heard(&mut talk, 20).await;
        assert!(told.contains("администратор") && !told.contains(done(kind)), "{kind}: a person is asked: {told}");
        let handoff = talk.conversation().await.handoff.unwrap();
        assert_eq!((handoff.state, handoff.reason.as_str()), (HandoffState::Requested, "crm_unavailable"), "{kind}");
        salon.is_away(false);
        let told = heard(&mut talk, 8).await;
        assert_eq!(told.matches(done(kind)).count(), 1, "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (1, BookingState::Booked), "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_time_that_somebody_took_before_the_yes_is_not_promised() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        if kind == "dikidi" {
            // Its staff see who was first.
            return;
        }
        let row = salon.office.bookings().await.into_iter().next();
        let (service, employee) = match row {
            Some(row) => (row.service_id, row.employee_id),
            None => {
                let services = salon.crm.catalogue().unwrap().services(false).await.unwrap();
                let service = services.into_iter().find(|service| service.title.contains("енская стрижка")).unwrap();
                (service.id, None)
            }
        };
        // Everybody who could do it is taken at that time, by the CRM's own people.
        let staff = salon.crm.catalogue().unwrap().staff(Some(&service)).await.unwrap();
        let staff: Vec<String> = match employee {
            Some(one) => vec![one],
            None => staff.into_iter().map(|one| one.id).collect(),
        };
        for (at, one) in staff.iter().enumerate() {
            let start = "2026-03-12T12:00:00Z".parse().unwrap();
            let mut other = request(&format!("front-{at}"), &service, Some(one), start);
            other.phone = super::support::phone("+79990000000");
            let calendar = salon.raw.calendar().or_else(|| salon.crm.calendar()).unwrap();
            if let Err(fault) = calendar.book(&other).await {
                panic!("{kind}: {one}: {fault}");
            }
        }
        let before = salon.visits().await;
        let told = talk.says("да").await;
        assert!(!told.contains(done(kind)), "{kind}: {told}");
        assert!(told.contains("занят") || told.contains("заня"), "{kind}: {told}");
        assert_eq!(salon.visits().await, before, "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_paid_for_is_told_to_the_company_and_the_visit_is_booked_when_it_is() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        if kind == "dikidi" {
            // A bridge of the company's own is paid by nobody.
            return;
        }
        let unpaid = Trouble::Answers(402, r#"{"error":"PAYMENT_REQUIRED"}"#.to_owned());
        salon.way.next(&[], std::iter::repeat_n(unpaid, 10_000));
        let told = talk.says("да").await;
        assert!(!told.contains(done(kind)) && !told.is_empty(), "{kind}: {told}");
        let told = format!("{told}{}", heard(&mut talk, 1).await);
        assert!(told.contains("администратор") || told.contains(LATER), "{kind}: {told}");
        assert!(!told.contains("402") && !told.to_lowercase().contains("лиценз"), "{kind}: {told}");
        let handoff = talk.conversation().await.handoff.unwrap();
        assert_eq!(handoff.state, HandoffState::Requested, "{kind}");
        let rows = salon.office.bookings().await;
        assert_eq!(rows.len(), 1, "{kind}: the request stands: {told}");
        assert_eq!(rows[0].error.as_deref(), Some("licence_expired"), "{kind}: the operator sees why");
        salon.is_away(false);
        let told = heard(&mut talk, 12).await;
        assert_eq!(told.matches(done(kind)).count(), 1, "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (1, BookingState::Booked), "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_is_slow_makes_nobody_wait_and_books_once() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        salon.way.next(&[], std::iter::repeat_n(Trouble::Silent, 10_000));
        let began = tokio::time::Instant::now();
        talk.sends("да", None).await;
        let mut told = String::new();
        while told.is_empty() {
            told = talk.hears().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(began.elapsed() < Duration::from_secs(20), "{kind}: silence");
        }
        assert!(!told.contains(done(kind)), "{kind}: {told}");
        salon.is_away(false);
        let told = heard(&mut talk, 12).await;
        assert_eq!(told.matches(done(kind)).count(), 1, "{kind}: {told}");
        assert_eq!((salon.visits().await, salon.state().await), (1, BookingState::Booked), "{kind}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_on_the_black_list_is_told_no_reason_and_a_person_is() {
    Salon::each(async |salon, mut talk| {
        let kind = salon.kind;
        if kind != "yclients" && kind != "altegio" {
            return;
        }
        let refusal =
            r#"{"success":false,"data":null,"meta":{"message":"Клиент в чёрном списке","errors":{"code":434}}}"#;
        salon.way.next(&["create_record", "book_record"], [Trouble::Answers(422, refusal.to_owned())]);
        let told = talk.says("да").await;
        assert!(!told.contains(done(kind)) && !told.to_lowercase().contains("списк"), "{kind}: {told}");
        assert!(told.contains("администратор"), "{kind}: {told}");
        let rows = salon.office.bookings().await;
        assert_eq!(rows[0].error.as_deref(), Some("client_blocked"), "{kind}: the operator sees why");
        assert_eq!((salon.visits().await, salon.state().await), (0, BookingState::Refused), "{kind}");
        assert_eq!(talk.conversation().await.handoff.unwrap().state, HandoffState::Requested, "{kind}");
    })
    .await;
}

/// A word of the other side of the bridge, as the route takes it.
async fn bridge_says(salon: &Salon, id: &str, kind: &str, data: serde_json::Value) {
    let app = &salon.office.app;
    let row = ROWS.iter().find(|row| row.kind.kind == salon.kind).unwrap();
    let event = serde_json::json!({
        "v": 1, "event_id": id, "type": kind, "occurred_at": app.now().to_string(), "data": data,
    });
    let (body, now) = (event.to_string().into_bytes(), app.now().as_second());
    let secret = (row.sample)("http://127.0.0.1:9")["bridge_secret"].as_str().unwrap().to_owned();
    let mac = hex(&hmac_sha256(secret.as_bytes(), &[format!("{now}.{id}.").as_bytes(), &body].concat()));
    let headers = [("x-flow-event-id", id.to_owned()), ("x-flow-signature", format!("t={now},v1={mac}"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let call = HookCall { headers, body, now, ..HookCall::default() };
    let events = salon.crm.hooks().unwrap().read(&call).unwrap();
    let (kept, job) = (kept_hook(id, &call, &events, app.now()), hook_job(salon.kind, id, app.now()));
    assert!(app.store.keep_hook(salon.kind, &kept, &[job], app.now()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_vendors_staff_is_told_what_they_decided() {
    let resolved = "appointment.request_resolved";
    for (result, word) in [("confirmed", "записаны"), ("rejected", "администратор")] {
        let salon = Salon::open(ROWS.iter().find(|row| row.kind.kind == "dikidi").unwrap()).await;
        let mut talk = Talk::new(&salon.office, "pyotr");
        talk.says(WISH).await;
        assert!(talk.says("да").await.contains(done("dikidi")));
        let booked = salon.office.bookings().await.remove(0);
        let data = serde_json::json!({"request_id": booked.external_id.unwrap(), "result": result, "ext_id": "dk-1"});
        bridge_says(&salon, "e-1", resolved, data).await;
        let told = heard(&mut talk, 1).await;
        assert!(told.contains(word), "{result}: {told}");
        assert_eq!(heard(&mut talk, 8).await, "", "{result}: once");
        let state = salon.state().await;
        assert_eq!(state == BookingState::Booked, result == "confirmed", "{result}: {state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_visit_stands_until_the_vendors_staff_have_called_it_off() {
    let salon = Salon::open(ROWS.iter().find(|row| row.kind.kind == "dikidi").unwrap()).await;
    let mut talk = Talk::new(&salon.office, "pyotr");
    talk.says(WISH).await;
    talk.says("да").await;
    let booked = salon.office.bookings().await.remove(0);
    let data = serde_json::json!({"request_id": booked.external_id.unwrap(), "result": "confirmed", "ext_id": "dk-1"});
    bridge_says(&salon, "e-1", "appointment.request_resolved", data).await;
    heard(&mut talk, 1).await;
    talk.says("отмените запись").await;
    let told = talk.says("да").await;
    assert!(told.contains(LATER) && !told.to_lowercase().contains("отмен"), "{told}");
    assert_eq!(salon.state().await, BookingState::Booked);
    bridge_says(&salon, "e-2", "appointment.canceled", serde_json::json!({"ext_id": "dk-1", "reason": "client"})).await;
    let told = heard(&mut talk, 1).await;
    assert!(told.to_lowercase().contains("отмен"), "{told}");
    assert_eq!(salon.state().await, BookingState::Cancelled);
    assert_eq!(heard(&mut talk, 8).await, "", "once");
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_refuses_connections_leaves_nobody_waiting() {
    for row in ROWS {
        let kind = row.kind.kind;
        let salon = Salon::open(row).await;
        salon.is_away(true);
        // The breaker rests after some failures; a client must not rest with it.
        for client in ["first", "second", "third"] {
            let mut talk = Talk::new(&salon.office, client);
            let began = tokio::time::Instant::now();
            talk.sends(WISH, None).await;
            let mut told = String::new();
            while told.is_empty() {
                told = talk.hears().await;
                tokio::time::sleep(Duration::from_millis(250)).await;
                assert!(began.elapsed() < Duration::from_secs(10), "{kind}: {client} hears nothing");
            }
            assert!(!told.contains(done(kind)), "{kind}: {told}");
        }
    }
}
