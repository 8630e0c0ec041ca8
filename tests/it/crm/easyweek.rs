//! EasyWeek before its stand-in.

mod truth;

use std::sync::{Arc, Mutex};

use flow::adapters::crm::easyweek::stand_in::{Booking, SECRET, Workspace};
use flow::adapters::crm::row;
use flow::adapters::http::far::InProcess;
use flow::adapters::http::faulty::Trouble;
use flow::domain::clock::Clock;
use flow::domain::crm::{
    AppointmentQuery, AppointmentStatus, HookCall, HookRefusal, HookSubject, MoveRequest, NewClient, SlotQuery,
};
use flow::domain::fault::FaultKind;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::support::{Far, NOW, PausedClock, before, phone, request};

const DAY: Date = date(2026, 3, 11);
const WOMEN: &str = "0000014b-0000-4000-8000-0000000000aa";
const NAILS: &str = "0000014d-0000-4000-8000-0000000000aa";
const ANNA: &str = "00001990-0000-4000-8000-0000000000aa";
const OLGA: &str = "00001991-0000-4000-8000-0000000000aa";

struct Story {
    far: Far,
    salon: Arc<Mutex<Workspace>>,
}

impl Story {
    fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    fn with(change: impl FnOnce(&mut Value), plant: impl FnOnce(&mut Workspace)) -> Self {
        let mut salon = Workspace::salon();
        plant(&mut salon);
        let salon = Arc::new(Mutex::new(salon));
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
        let far = Arc::new(InProcess::new(Arc::clone(&salon), Arc::clone(&clock)));
        Self { far: before(row("easyweek").unwrap(), far, clock, change), salon }
    }

    fn salon<T>(&self, look: impl FnOnce(&mut Workspace) -> T) -> T {
        look(&mut self.salon.lock().unwrap())
    }

    fn standing(&self) -> usize {
        self.salon(|salon| salon.bookings.iter().filter(|booking| !booking.is_canceled).count())
    }
}

fn at(hour: i8, minute: i8) -> Timestamp {
    DAY.at(hour, minute, 0, 0).in_tz("Europe/Moscow").unwrap().timestamp()
}

fn moving(key: &str, id: &str, start: Timestamp, employee: Option<&str>) -> MoveRequest {
    MoveRequest { key: key.to_owned(), id: id.to_owned(), start, employee_id: employee.map(str::to_owned) }
}

fn slots(service: &str, employee: Option<&str>, from: Date, to: Date) -> SlotQuery {
    SlotQuery { service_id: service.to_owned(), employee_id: employee.map(str::to_owned), from, to, moving: None }
}

#[tokio::test(start_paused = true)]
async fn a_connection_says_whose_it_is_and_what_is_wrong_with_it() {
    let story = Story::new();
    let probe = story.far.crm.probe().await.unwrap();
    assert_eq!(probe.account, "Салон «Ромашка»");
    assert!(probe.checks.iter().all(|check| check.ok), "{:?}", probe.checks);
    for (name, value) in [("token", "secret_another_one"), ("workspace", "another")] {
        let story = Story::with(|settings| settings[name] = json!(value), |_| {});
        let fault = story.far.crm.probe().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unauthorized);
    }
    let story = Story::with(|_| {}, |salon| salon.others.push("Второй".to_owned()));
    let probe = story.far.crm.probe().await.unwrap();
    let wrong = probe.checks.iter().find(|check| !check.ok).unwrap();
    assert!(wrong.detail.contains("set `location`"), "{}", wrong.detail);
}

#[tokio::test(start_paused = true)]
async fn services_staff_and_free_times_are_read() {
    for has_intervals in [false, true] {
        let story = Story::with(|_| {}, |salon| salon.has_intervals = has_intervals);
        let catalogue = story.far.crm.catalogue().unwrap();
        let services = catalogue.services(false).await.unwrap();
        let first = &services[0];
        assert_eq!(
            (first.id.as_str(), first.title.as_str(), first.category.as_deref()),
            (WOMEN, "Женская стрижка", Some("Красота"))
        );
        assert_eq!(
            (first.duration_min, first.price.unwrap().from, first.currency.as_str()),
            (Some(60), 250_000, "RUB")
        );
        assert_eq!(catalogue.staff(None).await.unwrap().len(), 2);
        let able = catalogue.staff(Some(NAILS)).await.unwrap();
        assert_eq!((able.len(), able[0].name.as_str(), able[0].service_ids[0].as_str()), (1, "Ольга Смирнова", NAILS));
        assert_eq!(catalogue.staff(Some("x")).await.unwrap_err().kind, FaultKind::NotFound);
        let calendar = story.far.crm.calendar().unwrap();
        let free = calendar.free_slots(&slots(WOMEN, Some(ANNA), DAY, DAY)).await.unwrap();
        assert_eq!(free.len(), 19);
        assert_eq!(free[0].start.to_string(), "2026-03-11T10:00:00+03:00[Europe/Moscow]");
        let wide = calendar.free_slots(&slots(WOMEN, None, date(2026, 3, 1), date(2026, 4, 30))).await.unwrap();
        assert!(wide.iter().all(|slot| slot.start.timestamp() > story.far.clock.now()));
        assert_eq!(wide.last().unwrap().start.date(), date(2026, 4, 30));
        for (service, employee) in [("x", None), (WOMEN, Some("x"))] {
            let fault = calendar.free_slots(&slots(service, employee, DAY, DAY)).await.unwrap_err();
            assert!(matches!(fault.kind, FaultKind::NotFound | FaultKind::Rejected), "{fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_made_once_and_remembers_its_employee() {
    let story = Story::new();
    let calendar = story.far.crm.calendar().unwrap();
    let wanted = request("order-1", WOMEN, Some(ANNA), at(12, 0));
    let booked = calendar.book(&wanted).await.unwrap();
    assert_eq!((booked.start.timestamp(), booked.end.timestamp()), (at(12, 0), at(13, 0)));
    assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
    let other = request("order-1", WOMEN, Some(OLGA), at(12, 0));
    assert_eq!(calendar.book(&other).await.unwrap_err().kind, FaultKind::KeyReused);
    let late = request("order-2", WOMEN, Some(ANNA), at(12, 30));
    assert_eq!(calendar.book(&late).await.unwrap_err().kind, FaultKind::SlotTaken);
    story.salon(|salon| {
        assert_eq!(salon.bookings.len(), 1);
        assert_eq!(salon.bookings[0].notes, format!("первый визит {}", wanted.marker()));
        assert_eq!((salon.customers[1].1.as_str(), salon.customers[1].2.as_str()), ("Анна", "Петрова"));
    });
    let query = AppointmentQuery { phone: Some(phone("+79161234567")), ..AppointmentQuery::default() };
    let mine = calendar.appointments(&query).await.unwrap();
    assert_eq!((mine.len(), mine[0].employee_id.as_deref(), mine[0].service_id.as_str()), (1, Some(ANNA), WOMEN));
    assert_eq!(mine[0].client.name.as_deref(), Some("Анна Петрова"));
    // The vendor itself refuses the time, under a field of its own.
    let raw = story.far.raw.calendar().unwrap();
    assert_eq!(raw.book(&late).await.unwrap_err().kind, FaultKind::SlotTaken);
}

#[tokio::test(start_paused = true)]
async fn a_form_that_demands_more_says_which_field() {
    let story = Story::with(|_| {}, |salon| salon.demands = Some("customer_email".to_owned()));
    let fault = story.far.crm.calendar().unwrap().book(&request("k", WOMEN, None, at(12, 0))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.detail.contains("customer_email"), "{}", fault.detail);
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_a_write_the_same_key_ends_with_one_booking() {
    for trouble in [
        Trouble::AppliedThenDropped,
        Trouble::AppliedThen(502),
        Trouble::AppliedThen(200),
        Trouble::Cut,
        Trouble::Dropped,
        Trouble::Answers(201, "{}".to_owned()),
    ] {
        let story = Story::new();
        let calendar = story.far.crm.calendar().unwrap();
        let wanted = request("doubt", WOMEN, Some(ANNA), at(12, 0));
        story.far.way.next(&["create_booking"], [trouble.clone()]);
        let fault = calendar.book(&wanted).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::Protocol), "{trouble:?}: {fault}");
        tokio::time::sleep(std::time::Duration::from_secs(61)).await;
        let second = story.far.beside().calendar().unwrap().book(&wanted).await.unwrap();
        assert_eq!(calendar.book(&wanted).await.unwrap().id, second.id);
        assert_eq!(story.salon(|salon| salon.bookings.len()), 1, "{trouble:?}");
    }
    let story = Story::new();
    let limited = Trouble::Answers(429, String::new());
    story.far.way.next(&["create_booking"], [limited]);
    let fault = story.far.crm.calendar().unwrap().book(&request("k", WOMEN, None, at(12, 0))).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry_after.map(|wait| wait.as_secs())), (FaultKind::RateLimited, Some(60)));
}

#[tokio::test(start_paused = true)]
async fn a_move_is_a_new_booking_and_a_cancelled_one() {
    for asks_who_cancels in [false, true] {
        let story = Story::with(|_| {}, |salon| salon.asks_who_cancels = asks_who_cancels);
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("m", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
        let moved = calendar.move_to(&moving("m-1", &booked.id, at(15, 0), None)).await.unwrap();
        assert_ne!(moved.id, booked.id);
        assert_eq!((moved.start.timestamp(), moved.employee_id.as_deref()), (at(15, 0), Some(ANNA)));
        assert_eq!(calendar.move_to(&moving("m-1", &booked.id, at(15, 0), None)).await.unwrap().id, moved.id);
        let again = calendar.move_to(&moving("m-2", &moved.id, at(17, 0), Some(OLGA))).await.unwrap();
        assert_eq!(again.employee_id.as_deref(), Some(OLGA));
        story.salon(|salon| {
            assert_eq!(salon.bookings.len(), 3);
            let last = salon.bookings.last().unwrap();
            assert!(last.notes.starts_with("первый визит flow-"), "{}", last.notes);
            assert!(last.notes.ends_with(&format!("(moved from {})", moved.id)), "{}", last.notes);
            assert_eq!(last.notes.matches("moved from").count(), 1);
        });
        assert_eq!(story.standing(), 1);
        let gone = moving("m-3", "no-such-booking", at(11, 0), None);
        assert_eq!(calendar.move_to(&gone).await.unwrap_err().kind, FaultKind::NotFound);
        let busy = moving("m-4", &again.id, at(21, 0), None);
        assert_eq!(calendar.move_to(&busy).await.unwrap_err().kind, FaultKind::SlotTaken);
        assert_eq!(story.standing(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_stops_half_way_is_finished_by_the_same_key() {
    for (operation, trouble) in [
        ("create_booking", Trouble::AppliedThenDropped),
        ("create_booking", Trouble::Dropped),
        ("cancel_booking", Trouble::Dropped),
        ("cancel_booking", Trouble::AppliedThenDropped),
        ("cancel_booking", Trouble::Answers(422, "{}".to_owned())),
    ] {
        let story = Story::new();
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("m", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
        let to = moving("mv", &booked.id, at(16, 0), None);
        story.far.way.next(&[operation], [trouble.clone()]);
        let fault = calendar.move_to(&to).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{operation} {trouble:?}");
        tokio::time::sleep(std::time::Duration::from_secs(65)).await;
        let moved = story.far.beside().calendar().unwrap().move_to(&to).await.unwrap();
        assert_eq!(moved.start.timestamp(), at(16, 0));
        assert_eq!(calendar.move_to(&to).await.unwrap().id, moved.id);
        assert_eq!(story.standing(), 1, "{operation} {trouble:?}");
        assert_eq!(story.salon(|salon| salon.bookings.len()), 2, "{operation} {trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_twice_answers_the_same() {
    for trouble in [None, Some(Trouble::AppliedThenDropped)] {
        let story = Story::new();
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("c", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
        let is_in_doubt = trouble.is_some();
        story.far.way.next(&["cancel_booking"], trouble);
        assert_eq!(calendar.cancel(&booked.id).await.is_err(), is_in_doubt);
        let again = calendar.cancel(&booked.id).await.unwrap();
        assert_eq!((again.id.as_str(), again.status), (booked.id.as_str(), AppointmentStatus::Cancelled));
        assert_eq!(story.standing(), 0);
        assert_eq!(calendar.cancel("nothing").await.unwrap_err().kind, FaultKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn customers_are_found_by_their_whole_number_and_made_once() {
    for trouble in [None, Some(Trouble::AppliedThenDropped)] {
        let story = Story::new();
        let clients = story.far.crm.clients().unwrap();
        let found = clients.find_by_phone(&phone("8 (916) 111-22-33")).await.unwrap();
        assert_eq!((found.len(), found[0].name.as_deref()), (1, Some("Мария Иванова")));
        assert!(clients.find_by_phone(&phone("+79160000001")).await.unwrap().is_empty());
        story.salon(|salon| salon.customers[0].4 = "m@example.ru".to_owned());
        let cards = story.far.crm.client_cards().unwrap();
        let email = Some("m@example.ru".to_owned());
        let new = NewClient { name: Some("Пётр".to_owned()), phone: phone("+79161234567"), email };
        // The address is another customer's: what is lost first is a refusal, which nobody can know.
        let is_in_doubt = trouble.is_some();
        story.far.way.next(&["create_client"], trouble);
        assert_eq!(cards.ensure(&new).await.is_err(), is_in_doubt);
        let card = cards.ensure(&new).await.unwrap();
        assert_eq!(card.phone, Some(phone("+79161234567")));
        assert_eq!(story.salon(|salon| salon.customers.len()), 2);
        let fault = cards.update(card.id.as_deref().unwrap(), &new).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unsupported);
    }
}

#[tokio::test(start_paused = true)]
async fn bookings_are_listed_by_client_and_by_day_to_the_end() {
    let story = Story::with(
        |_| {},
        |salon| {
            let customer = salon.add_customer("Анна", "", "+79161234567");
            let nails = salon.services[2].id.clone();
            for n in 0..250_u32 {
                salon.bookings.push(Booking {
                    id: format!("b-{n:04}"),
                    service: nails.clone(),
                    staff: 1,
                    start: at(10, 0) + jiff::SignedDuration::from_mins(i64::from(n) % 500),
                    minutes: 90,
                    customer: customer.clone(),
                    notes: String::new(),
                    is_canceled: n == 0,
                    is_completed: n == 1,
                });
            }
        },
    );
    let calendar = story.far.crm.calendar().unwrap();
    let query = AppointmentQuery { phone: None, from: Some(DAY), to: Some(DAY), all: true };
    let all = calendar.appointments(&query).await.unwrap();
    assert_eq!(all.len(), 250);
    assert_eq!((all[0].service_id.as_str(), all[0].client.name.as_deref()), (NAILS, Some("Анна")));
    assert_eq!(all[1].status, AppointmentStatus::Done);
    let mine = AppointmentQuery { phone: Some(phone("+79161234567")), all: false, ..query.clone() };
    assert_eq!(calendar.appointments(&mine).await.unwrap().len(), 249);
    let nobody = AppointmentQuery { phone: Some(phone("+79160000001")), ..query };
    assert_eq!(calendar.appointments(&nobody).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn hooks_are_believed_by_the_token_in_their_address() {
    let story = Story::new();
    let hooks = story.far.crm.hooks().unwrap();
    let call = |token: &str, body: &str| HookCall {
        query: vec![("event".to_owned(), "booking-canceled".to_owned()), ("token".to_owned(), token.to_owned())],
        body: body.as_bytes().to_vec(),
        ..HookCall::default()
    };
    let body = r#"{"uid":"u-1","id":123456,"booking_attributes.booking_comment":"x","booking_status":"Neu"}"#;
    let events = hooks.read(&call(SECRET, body)).unwrap();
    assert_eq!(
        (events[0].kind.as_str(), &events[0].subject),
        ("booking-canceled", &HookSubject::Appointment("u-1".to_owned()))
    );
    assert_eq!(events, hooks.read(&call(SECRET, body)).unwrap());
    assert_eq!(hooks.read(&call("guess", body)), Err(HookRefusal::Forged));
    // It would be switched off there if it were refused.
    assert_eq!(hooks.read(&call(SECRET, "?")).unwrap()[0].subject, HookSubject::Other);
    assert!(!hooks.register("https://bot.example/hooks/easyweek/main").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_no_answer_are_a_fault() {
    for body in ["<html>nginx</html>", "", "{\"data\":\"x\"}", "{\"message\":\"x\",\"errors\":{\"a\":[\"b\"]}}"] {
        let story = Story::new();
        story.far.way.next(&["services"], std::iter::repeat_n(Trouble::Answers(200, body.to_owned()), 4));
        let fault = story.far.crm.catalogue().unwrap().services(false).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Protocol | FaultKind::Rejected), "{body}: {fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_costs_few_calls() {
    let story = Story::new();
    let calendar = story.far.crm.calendar().unwrap();
    calendar.book(&request("a", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
    assert_eq!(story.far.way.asked(), ["locations", "time_slots", "create_booking", "booking", "bookings"]);
}
