//! YCLIENTS and Altegio before their stand-in.

use std::sync::{Arc, Mutex};

use flow::adapters::crm::yclients::stand_in::{SECRET, Salon};
use flow::adapters::crm::{ROWS, row};
use flow::adapters::http::far::InProcess;
use flow::adapters::http::faulty::Trouble;
use flow::domain::clock::Clock;
use flow::domain::contact::Channel;
use flow::domain::crm::{
    About, AppointmentQuery, AppointmentStatus, HookCall, HookRefusal, HookSubject, LeadToPush, MoveRequest, NewClient,
    Slot, SlotQuery, marker,
};
use flow::domain::fault::FaultKind;
use flow::domain::lead::LeadStatus;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Far, NOW, PausedClock, before, phone, request};

mod contract;

const BOTH: [&str; 2] = ["yclients", "altegio"];
const DAY: Date = date(2026, 3, 11);

struct Story {
    far: Far,
    salon: Arc<Mutex<Salon>>,
}

impl Story {
    fn of(kind: &str) -> Self {
        Self::with(kind, |_| {}, |_| {})
    }

    fn with(kind: &str, change: impl FnOnce(&mut Value), plant: impl FnOnce(&mut Salon)) -> Self {
        let mut salon = if kind == "altegio" { Salon::altegio() } else { Salon::yclients() };
        plant(&mut salon);
        let salon = Arc::new(Mutex::new(salon));
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
        let far = Arc::new(InProcess::new(Arc::clone(&salon), Arc::clone(&clock)));
        Self { far: before(row(kind).unwrap(), far, clock, change), salon }
    }

    fn as_guest(kind: &str) -> Self {
        Self::with(kind, no_user, |_| {})
    }

    fn salon<T>(&self, look: impl FnOnce(&mut Salon) -> T) -> T {
        look(&mut self.salon.lock().unwrap())
    }

    async fn slots(&self, service: &str, employee: Option<&str>, from: Date, to: Date) -> Vec<Slot> {
        let query = SlotQuery {
            service_id: service.to_owned(),
            employee_id: employee.map(str::to_owned),
            from,
            to,
            moving: None,
        };
        self.far.crm.calendar().unwrap().free_slots(&query).await.unwrap()
    }

    fn records(&self) -> usize {
        self.salon(|salon| salon.records.len())
    }

    /// Nothing was asked for that must not be: overlaps, messages, money.
    fn is_clean(&self) {
        self.salon(|salon| assert_eq!(salon.sins, Vec::<String>::new()));
    }
}

fn no_user(settings: &mut Value) {
    settings.as_object_mut().unwrap().remove("user_token");
}

fn at(hour: i8, minute: i8) -> Timestamp {
    DAY.at(hour, minute, 0, 0).in_tz("Europe/Moscow").unwrap().timestamp()
}

fn lead(phone_of: Option<&str>, summary: &str) -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker("ld_1"),
        external_id: None,
        title: "Заявка из чата".to_owned(),
        name: Some("Пётр".to_owned()),
        phone: phone_of.map(phone),
        email: Some("petr@example.ru".to_owned()),
        service: Some("Маникюр".to_owned()),
        wanted: Some("завтра вечером".to_owned()),
        status: LeadStatus::New,
        channel: Channel::Web,
        source: None,
        comment: None,
        summary: summary.to_owned(),
        created_at: NOW.parse().unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_every_right_says_so() {
    for kind in BOTH {
        let story = Story::of(kind);
        let probe = story.far.crm.probe().await.unwrap();
        assert_eq!(probe.account, "Салон «Ромашка»");
        let wrong: Vec<_> = probe.checks.iter().filter(|check| !check.ok).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(probe.checks.len() > 10, "{}", probe.checks.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_fails_its_check_and_names_the_place_to_give_it() {
    let story = Story::with(
        "yclients",
        |_| {},
        |salon| {
            salon.rights["record_form"]["delete_records_access"] = json!(false);
            salon.rights["clients"]["clients_card_phone_access"] = json!("0");
        },
    );
    let probe = story.far.crm.probe().await.unwrap();
    let wrong: Vec<_> = probe.checks.iter().filter(|check| !check.ok).collect();
    assert_eq!(
        wrong.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(),
        ["cancel appointments", "phones of clients"]
    );
    assert!(wrong[0].detail.contains("record_form.delete_records_access"), "{}", wrong[0].detail);
    assert!(wrong[0].detail.contains("«Удаление записей»"), "{}", wrong[0].detail);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_and_a_wrong_branch_are_told_apart() {
    for kind in BOTH {
        let story = Story::with(kind, |settings| settings["user_token"] = json!("another"), |_| {});
        let fault = story.far.crm.probe().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unauthorized, "{fault}");
        assert!(!fault.to_string().contains("another"));
        let story = Story::with(kind, |settings| settings["company_id"] = json!(1), |_| {});
        let probe = story.far.crm.probe().await.unwrap();
        let wrong = probe.checks.iter().find(|check| !check.ok).unwrap();
        assert!(wrong.detail.contains("company_id"), "{}", wrong.detail);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_licence_is_told_by_every_operation() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.is_expired = true);
        let kinds = [
            story.far.crm.probe().await.unwrap_err().kind,
            story.far.crm.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap_err().kind,
            story.far.crm.calendar().unwrap().book(&request("k", "331", None, at(12, 0))).await.unwrap_err().kind,
        ];
        assert_eq!(kinds, [FaultKind::LicenceExpired; 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn services_and_staff_are_those_that_clients_can_book() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.services[2].is_online = false);
        let catalogue = story.far.crm.catalogue().unwrap();
        let services = catalogue.services(false).await.unwrap();
        assert_eq!(
            services.iter().map(|s| s.title.as_str()).collect::<Vec<_>>(),
            ["Женская стрижка", "Мужская стрижка"]
        );
        let first = &services[0];
        assert_eq!(
            (first.id.as_str(), first.category.as_deref(), first.duration_min),
            ("331", Some("Волосы"), Some(60))
        );
        assert_eq!(
            (first.price.unwrap().from, first.price.unwrap().to, first.currency.as_str()),
            (250_000, None, "RUB")
        );
        assert_eq!(catalogue.services(true).await.unwrap().len(), 3);
        let staff = catalogue.staff(None).await.unwrap();
        assert_eq!(staff.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Анна Петрова", "Ольга Смирнова"]);
        assert_eq!(staff[0].service_ids, ["331", "332"]);
        assert_eq!(catalogue.staff(Some("333")).await.unwrap()[0].name, "Ольга Смирнова");
        assert_eq!(catalogue.staff(Some("999")).await.unwrap_err().kind, FaultKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn free_times_are_the_salons_wall_clock_whatever_the_offset_says() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.offset = "+00:00".to_owned());
        let slots = story.slots("331", Some("6544"), DAY, DAY).await;
        assert_eq!(slots.len(), 19);
        assert_eq!(slots[0].start.to_string(), "2026-03-11T10:00:00+03:00[Europe/Moscow]");
        assert_eq!(slots[0].end.to_string(), "2026-03-11T11:00:00+03:00[Europe/Moscow]");
        let today = story.slots("331", None, date(2026, 3, 1), date(2026, 3, 10)).await;
        assert!(today.iter().all(|slot| slot.start.timestamp() > story.far.clock.now() && slot.employee_id.is_none()));
        assert!(story.slots("331", None, date(2026, 3, 1), date(2026, 3, 9)).await.is_empty());
        let wide = story.slots("332", Some("6544"), DAY, date(2026, 4, 20)).await;
        assert_eq!(wide.iter().map(|slot| slot.start.date()).collect::<std::collections::BTreeSet<_>>().len(), 41);
        let calendar = story.far.crm.calendar().unwrap();
        for (service, employee) in [("999", None), ("331", Some("999")), ("x/../y", None)] {
            let query = SlotQuery {
                service_id: service.to_owned(),
                employee_id: employee.map(str::to_owned),
                from: DAY,
                to: DAY,
                moving: None,
            };
            assert_eq!(calendar.free_slots(&query).await.unwrap_err().kind, FaultKind::NotFound, "{service}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_made_once_and_carries_what_the_staff_needs() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.offset = "+09:00".to_owned());
        let calendar = story.far.crm.calendar().unwrap();
        let wanted = request("order-1", "331", Some("6544"), at(12, 0));
        let booked = calendar.book(&wanted).await.unwrap();
        assert_eq!(booked.start.to_string(), "2026-03-11T12:00:00+03:00[Europe/Moscow]");
        assert_eq!((booked.status, booked.employee_id.as_deref()), (AppointmentStatus::Booked, Some("6544")));
        assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
        let other = request("order-1", "331", Some("6545"), at(12, 0));
        assert_eq!(calendar.book(&other).await.unwrap_err().kind, FaultKind::KeyReused);
        let late = request("order-2", "332", Some("6544"), at(12, 30));
        assert_eq!(calendar.book(&late).await.unwrap_err().kind, FaultKind::SlotTaken);
        story.salon(|salon| {
            let record = &salon.records[0];
            assert_eq!(salon.records.len(), 1);
            assert_eq!(record.comment, format!("первый визит #{}", wanted.marker()));
            assert_eq!(record.start.to_string(), "2026-03-11T12:00:00");
            assert!(record.api_id.parse::<u64>().unwrap() < 1 << 53);
        });
        assert!(!story.slots("331", Some("6544"), DAY, DAY).await.iter().any(|slot| slot.start.hour() == 12));
        story.is_clean();
    }
}

#[tokio::test(start_paused = true)]
async fn anybody_is_somebody_who_is_free() {
    for kind in BOTH {
        let story = Story::with(
            kind,
            |_| {},
            |salon| {
                salon.add_record(6544, 331, DAY.at(12, 0, 0, 0), None);
            },
        );
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("any", "331", None, at(12, 0))).await.unwrap();
        assert_eq!(booked.employee_id.as_deref(), Some("6545"));
        let second = calendar.book(&request("any-2", "331", None, at(12, 0))).await.unwrap_err();
        assert_eq!(second.kind, FaultKind::SlotTaken);
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_time_is_told_also_without_a_code() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.hides_codes = true);
        let calendar = story.far.crm.calendar().unwrap();
        let wanted = request("late", "331", Some("6544"), at(12, 0));
        // It is taken between the look and the write.
        let zone = story.far.wiring.zone().await;
        story.far.raw.calendar().unwrap().offer(&wanted, &zone).await.unwrap();
        story.salon(|salon| salon.add_record(6544, 331, DAY.at(12, 0, 0, 0), None));
        let fault = story.far.raw.calendar().unwrap().book(&wanted).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::SlotTaken, "{fault}");
        assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::SlotTaken);
        assert_eq!(story.records(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_on_the_black_list_is_told_as_such() {
    for change in [|_: &mut Value| {}, no_user] {
        let story = Story::with("yclients", change, |salon| salon.blocked = Some("79161234567".to_owned()));
        let fault = story.far.crm.calendar().unwrap().book(&request("k", "331", None, at(12, 0))).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::ClientBlocked);
        assert_eq!(story.records(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn two_who_want_one_time_are_not_both_booked() {
    let story = Story::of("yclients");
    let beside = story.far.beside();
    let (one, two) = (request("a", "331", Some("6544"), at(12, 0)), request("b", "331", Some("6544"), at(12, 0)));
    let (first, second) =
        tokio::join!(story.far.crm.calendar().unwrap().book(&one), beside.calendar().unwrap().book(&two));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    assert_eq!(story.records(), 1);
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_a_write_the_same_key_ends_with_one_appointment() {
    for kind in BOTH {
        for trouble in [
            Trouble::AppliedThenDropped,
            Trouble::AppliedThen(502),
            Trouble::AppliedThen(429),
            Trouble::AppliedThen(200),
            Trouble::Cut,
            Trouble::Dropped,
            Trouble::Silent,
            Trouble::Answers(429, "{}".to_owned()),
            Trouble::Answers(503, "<html>".to_owned()),
        ] {
            let story = Story::of(kind);
            let calendar = story.far.crm.calendar().unwrap();
            let wanted = request("doubt", "331", Some("6544"), at(12, 0));
            story.far.way.next(&["create_record"], [trouble.clone()]);
            let first = calendar.book(&wanted).await;
            let fault = first.unwrap_err();
            assert!(
                matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::Protocol),
                "{kind} {trouble:?}: {fault}"
            );
            tokio::time::sleep(std::time::Duration::from_secs(66)).await;
            let second = story.far.beside().calendar().unwrap().book(&wanted).await.unwrap();
            assert_eq!(calendar.book(&wanted).await.unwrap().id, second.id);
            assert_eq!(story.records(), 1, "{kind} {trouble:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_before_the_write_is_certain_and_the_key_may_try_again() {
    for (operations, trouble) in [
        (["book_times"], Trouble::Answers(200, "<html>nginx</html>".to_owned())),
        (["book_check"], Trouble::Answers(200, "<html>nginx</html>".to_owned())),
        (["create_record"], Trouble::Refused),
    ] {
        let story = Story::of("yclients");
        let calendar = story.far.crm.calendar().unwrap();
        let wanted = request("again", "331", Some("6544"), at(12, 0));
        story.far.way.next(&operations, [trouble.clone(), trouble.clone(), trouble.clone(), trouble]);
        let fault = calendar.book(&wanted).await.unwrap_err();
        assert!(!matches!(fault.kind, FaultKind::UnknownOutcome), "{fault}");
        assert_eq!(story.records(), 0);
        story.far.way.next(&[], []);
        calendar.book(&wanted).await.unwrap();
        assert_eq!(story.records(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_appointment_moves_whole_and_stays_itself() {
    for kind in BOTH {
        let story = Story::of(kind);
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("m", "331", Some("6544"), at(12, 0))).await.unwrap();
        story.salon(|salon| {
            salon.records[0].custom_fields = json!({"src": "walk-in"});
            salon.records[0].comment.push_str(" кофе без сахара");
            salon.records[0].attendance = 2;
        });
        let comment = story.salon(|salon| salon.records[0].comment.clone());
        let to = |key: &str, start, employee: Option<&str>| MoveRequest {
            key: key.to_owned(),
            id: booked.id.clone(),
            start,
            employee_id: employee.map(str::to_owned),
        };
        let moved = calendar.move_to(&to("m-1", at(12, 30), None)).await.unwrap();
        assert_eq!((moved.id.as_str(), moved.start.timestamp()), (booked.id.as_str(), at(12, 30)));
        story.far.way.asked();
        assert_eq!(calendar.move_to(&to("m-1", at(12, 30), None)).await.unwrap().id, booked.id);
        assert!(!story.far.way.asked().contains(&"change_record"));
        let other = calendar.move_to(&to("m-2", at(15, 0), Some("6545"))).await.unwrap();
        assert_eq!((other.employee_id.as_deref(), other.start.timestamp()), (Some("6545"), at(15, 0)));
        story.salon(|salon| {
            let record = &salon.records[0];
            assert_eq!((record.comment.as_str(), record.attendance), (comment.as_str(), 2));
            assert_eq!(record.custom_fields, json!({"src": "walk-in"}));
            salon.add_record(6545, 331, DAY.at(17, 0, 0, 0), None);
        });
        let busy = calendar.move_to(&to("m-3", at(17, 0), None)).await.unwrap_err();
        assert_eq!(busy.kind, FaultKind::SlotTaken, "{busy}");
        let gone = MoveRequest { id: "99".to_owned(), ..to("m-4", at(13, 0), None) };
        assert_eq!(calendar.move_to(&gone).await.unwrap_err().kind, FaultKind::NotFound);
        story.is_clean();
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_in_doubt_is_finished_by_the_same_key() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::Dropped, Trouble::AppliedThen(502)] {
        let story = Story::of("yclients");
        let calendar = story.far.crm.calendar().unwrap();
        let booked = calendar.book(&request("m", "331", Some("6544"), at(12, 0))).await.unwrap();
        let moving = MoveRequest { key: "mv".to_owned(), id: booked.id.clone(), start: at(16, 0), employee_id: None };
        story.far.way.next(&["change_record"], [trouble]);
        assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome);
        let moved = calendar.move_to(&moving).await.unwrap();
        assert_eq!((moved.id.as_str(), moved.start.timestamp()), (booked.id.as_str(), at(16, 0)));
        assert_eq!(story.records(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_twice_answers_the_same_also_where_deleted_ones_are_gone() {
    for forgets in [false, true] {
        for trouble in [None, Some(Trouble::AppliedThenDropped)] {
            for kind in BOTH {
                let story = Story::with(kind, |_| {}, |salon| salon.forgets_deleted = forgets);
                let calendar = story.far.crm.calendar().unwrap();
                let booked = calendar.book(&request("c", "331", Some("6544"), at(12, 0))).await.unwrap();
                let is_in_doubt = trouble.is_some();
                story.far.way.next(&["delete_record"], trouble.clone());
                let first = calendar.cancel(&booked.id).await;
                assert_eq!(first.is_err(), is_in_doubt, "{first:?}");
                let again = story.far.beside().calendar().unwrap().cancel(&booked.id).await.unwrap();
                assert_eq!((again.id.as_str(), again.status), (booked.id.as_str(), AppointmentStatus::Cancelled));
                assert_eq!(again.start.timestamp(), at(12, 0));
                assert!(story.salon(|salon| salon.records[0].is_deleted));
                assert_eq!(story.slots("331", Some("6544"), DAY, DAY).await.len(), 19);
            }
        }
    }
    let story = Story::of("yclients");
    assert_eq!(story.far.crm.calendar().unwrap().cancel("99").await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn what_the_branch_does_not_let_clients_do_flow_does_not_do_either() {
    let story = Story::with(
        "yclients",
        |_| {},
        |salon| {
            salon.company["allow_change_record_delay_step"] = json!("172800");
            salon.company["allow_delete_record"] = json!(0);
        },
    );
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("r", "331", Some("6544"), at(12, 0))).await.unwrap();
    let moving = MoveRequest { key: "mv".to_owned(), id: booked.id.clone(), start: at(16, 0), employee_id: None };
    let late = calendar.move_to(&moving).await.unwrap_err();
    assert_eq!(late.kind, FaultKind::Rejected);
    assert!(late.detail.contains("48 h"), "{}", late.detail);
    assert_eq!(calendar.cancel(&booked.id).await.unwrap_err().kind, FaultKind::Rejected);
    assert!(!story.salon(|salon| salon.records[0].is_deleted));
}

#[tokio::test(start_paused = true)]
async fn a_client_is_found_however_their_phone_is_stored() {
    for stored in ["+79161234567", "79161234567", "+7 916 123-45-67", "89161234567", "9161234567"] {
        for kind in BOTH {
            let story = Story::with(
                kind,
                |_| {},
                |salon| {
                    salon.add_client("Мария 79161234567", "+79990000000");
                    salon.add_client("Анна", stored);
                    let second = salon.add_client("Анна П.", stored);
                    salon.clients.iter_mut().find(|client| client["id"] == second).unwrap()["last_visit_date"] =
                        json!("2026-03-01 12:00:00");
                },
            );
            // What the stand-in compares is digits without spaces.
            let clients = story.far.crm.clients().unwrap();
            let found = clients.find_by_phone(&phone("8 (916) 123-45-67")).await.unwrap();
            let names: Vec<_> = found.iter().map(|client| client.name.as_deref().unwrap()).collect();
            assert_eq!(names, ["Анна П.", "Анна"], "{stored}");
            assert_eq!(found[0].phone, Some(phone("+79161234567")));
            assert!(clients.find_by_phone(&phone("+79160000001")).await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_is_made_once_and_changed_whole() {
    for trouble in [None, Some(Trouble::AppliedThenDropped), Some(Trouble::Answers(422, "{}".to_owned()))] {
        let story = Story::of("yclients");
        let cards = story.far.crm.client_cards().unwrap();
        let new = NewClient { name: Some("Пётр".to_owned()), phone: phone("+79161234567"), email: None };
        let is_refused = matches!(trouble, Some(Trouble::Answers(..)));
        story.far.way.next(&["create_client"], trouble);
        let first = cards.ensure(&new).await;
        assert_eq!(first.is_err(), is_refused);
        let card = cards.ensure(&new).await.unwrap();
        assert_eq!(story.salon(|salon| salon.clients.len()), 2);
        story.salon(|salon| salon.clients[1]["comment"] = json!("любит кофе"));
        let email = Some("p@example.ru".to_owned());
        let id = card.id.unwrap();
        let updated = cards.update(&id, &NewClient { name: None, email: email.clone(), ..new }).await.unwrap();
        assert_eq!((updated.name.as_deref(), updated.email), (Some("Пётр"), email));
        assert_eq!(story.salon(|salon| salon.clients[1]["comment"].clone()), json!("любит кофе"));
        story.is_clean();
    }
}

#[tokio::test(start_paused = true)]
async fn appointments_are_listed_by_client_and_by_day_to_the_end() {
    for kind in BOTH {
        let story = Story::with(
            kind,
            |_| {},
            |salon| {
                let client = salon.add_client("Анна", "+79161234567");
                for n in 0..1000_i32 {
                    let (day, at) = (DAY.saturating_add(jiff::Span::new().days(n % 5)), i8::try_from(n % 10).unwrap());
                    salon.add_record(6544, 331, day.at(10 + at, 0, 0, 0), Some(client));
                }
                salon.add_record(6544, 331, DAY.at(9, 0, 0, 0), None);
                salon.records[0].is_deleted = true;
                salon.records[5].attendance = -1;
            },
        );
        let calendar = story.far.crm.calendar().unwrap();
        let query = |phone_of: Option<&str>, from, to, all| AppointmentQuery {
            phone: phone_of.map(phone),
            from: Some(from),
            to: Some(to),
            all,
        };
        let last = DAY.saturating_add(jiff::Span::new().days(4));
        let all = calendar.appointments(&query(None, DAY, last, true)).await.unwrap();
        assert_eq!(all.len(), 1000);
        assert!(all.is_sorted_by_key(|visit| visit.start.timestamp()));
        assert_eq!(calendar.appointments(&query(None, DAY, DAY, false)).await.unwrap().len(), 199);
        let of = calendar.appointments(&query(Some("+79161234567"), DAY, DAY, false)).await.unwrap();
        assert_eq!(of.len(), 199);
        assert_eq!(of.iter().filter(|visit| visit.status == AppointmentStatus::NoShow).count(), 1);
        assert_eq!(calendar.appointments(&query(Some("+79160000001"), DAY, last, true)).await.unwrap(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_is_one_client_with_a_label_and_a_comment_however_often_it_is_pushed() {
    for kind in BOTH {
        for (no_comments, no_labels) in [(false, false), (true, kind == "altegio")] {
            let story = Story::with(
                kind,
                |_| {},
                |salon| {
                    salon.has_no_comments = no_comments;
                    salon.has_no_labels = no_labels;
                },
            );
            let leads = story.far.crm.leads().unwrap();
            let first = leads.push(&lead(Some("+79161234567"), "Хочет маникюр")).await.unwrap();
            let again = leads.push(&lead(Some("+79161234567"), "Хочет маникюр")).await.unwrap();
            let known =
                LeadToPush { external_id: Some(first.external_id.clone()), ..lead(None, "Хочет педикюр") };
            let changed = leads.push(&known).await.unwrap();
            assert_eq!((&again, &changed), (&first, &first));
            story.salon(|salon| {
                assert_eq!((salon.clients.len(), salon.labels.len()), (2, 1));
                let client = &salon.clients[1];
                assert_eq!(client["id"].to_string(), first.external_id);
                assert_eq!(client["categories"].as_array().unwrap().len(), 1);
                assert_eq!(client["name"], "Пётр");
                let said = match no_comments {
                    true => client["comment"].as_str().unwrap().to_owned(),
                    false => {
                        assert_eq!(salon.comments.len(), 1);
                        salon.comments[0].2.clone()
                    }
                };
                assert!(said.contains("педикюр") && !said.contains("Хочет маникюр"), "{said}");
                assert!(said.contains(&marker("ld_1")), "{said}");
            });
            story.is_clean();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_breaks_in_the_middle_is_finished_by_the_next() {
    for operation in ["create_client", "create_label", "change_client", "comment_client"] {
        let story = Story::of("yclients");
        let leads = story.far.crm.leads().unwrap();
        story.far.way.next(&[operation], [Trouble::AppliedThenDropped]);
        if let Err(fault) = leads.push(&lead(Some("+79161234567"), "Хочет маникюр")).await {
            assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{fault}");
        }
        leads.push(&lead(Some("+79161234567"), "Хочет маникюр")).await.unwrap();
        let counts = story.salon(|salon| (salon.clients.len(), salon.labels.len(), salon.comments.len()));
        assert_eq!(counts, (2, 1, 1), "{operation}");
    }
    let story = Story::of("yclients");
    let fault = story.far.crm.leads().unwrap().push(&lead(None, "x")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_note_is_written_once_to_a_client_and_to_an_appointment() {
    for kind in BOTH {
        let story = Story::of(kind);
        let booked =
            story.far.crm.calendar().unwrap().book(&request("n", "331", Some("6544"), at(12, 0))).await.unwrap();
        let client = story.salon(|salon| salon.clients[1]["id"].to_string());
        let notes = story.far.crm.notes().unwrap();
        for about in [About::Client(client), About::Appointment(booked.id)] {
            for _ in 0..2 {
                notes.note(&about, "перезвонить", "flow-NOTE").await.unwrap();
            }
        }
        story.salon(|salon| {
            assert_eq!(salon.comments.len(), 1);
            assert_eq!(salon.records[0].comment.matches("перезвонить").count(), 1);
            assert!(salon.records[0].comment.starts_with("первый визит"));
        });
        let nobody = notes.note(&About::Client("77".to_owned()), "x", "flow-X").await.unwrap_err();
        assert_eq!(nobody.kind, FaultKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn the_booking_form_serves_without_a_users_token() {
    for kind in BOTH {
        for forgets in [false, true] {
            let story = Story::with(kind, no_user, |salon| salon.forgets_deleted = forgets);
            let crm = &story.far.crm;
            assert!(crm.clients().is_none() && crm.leads().is_none() && crm.notes().is_none());
            let probe = crm.probe().await.unwrap();
            assert!(probe.checks.iter().all(|check| check.ok), "{:?}", probe.checks);
            let catalogue = crm.catalogue().unwrap();
            assert_eq!(catalogue.services(false).await.unwrap()[2].category.as_deref(), Some("Ногти"));
            assert_eq!(catalogue.staff(Some("333")).await.unwrap()[0].service_ids, ["333"]);
            let calendar = crm.calendar().unwrap();
            let wanted = request("form", "331", Some("6544"), at(12, 0));
            let booked = calendar.book(&wanted).await.unwrap();
            assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
            assert_eq!(booked.end.timestamp(), at(13, 0));
            let mine =
                AppointmentQuery { phone: Some(phone("+79161234567")), all: true, ..AppointmentQuery::default() };
            assert_eq!(calendar.appointments(&mine).await.unwrap().len(), 1);
            let other = AppointmentQuery { phone: Some(phone("+79161112233")), ..mine.clone() };
            assert_eq!(calendar.appointments(&other).await.unwrap_err().kind, FaultKind::Unsupported);
            assert_eq!(
                calendar.appointments(&AppointmentQuery::default()).await.unwrap_err().kind,
                FaultKind::Unsupported
            );
            let to = |key: &str, employee: Option<&str>| MoveRequest {
                key: key.to_owned(),
                id: booked.id.clone(),
                start: at(15, 0),
                employee_id: employee.map(str::to_owned),
            };
            assert_eq!(calendar.move_to(&to("f-1", Some("6545"))).await.unwrap_err().kind, FaultKind::Unsupported);
            let beside = story.far.beside();
            let moved = beside.calendar().unwrap().move_to(&to("f-2", None)).await.unwrap();
            assert_eq!(
                (moved.id.as_str(), moved.start.timestamp(), moved.end.timestamp()),
                (booked.id.as_str(), at(15, 0), at(16, 0))
            );
            for _ in 0..2 {
                let cancelled = calendar.cancel(&booked.id).await.unwrap();
                assert_eq!(
                    (cancelled.id.as_str(), cancelled.status),
                    (booked.id.as_str(), AppointmentStatus::Cancelled)
                );
            }
            story.salon(|salon| {
                assert!(salon.records[0].is_deleted);
                assert!(salon.records[0].comment.contains(&wanted.marker()));
            });
            story.is_clean();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_by_the_form_in_doubt_is_never_made_twice() {
    for (trouble, made) in [(Trouble::AppliedThenDropped, true), (Trouble::Dropped, false)] {
        let story = Story::as_guest("yclients");
        let calendar = story.far.crm.calendar().unwrap();
        let wanted = request("form", "331", Some("6544"), at(12, 0));
        story.far.way.next(&["book_record"], [trouble]);
        assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
        tokio::time::sleep(std::time::Duration::from_secs(66)).await;
        let again = calendar.book(&wanted).await;
        match made {
            true => assert_eq!(again.unwrap_err().kind, FaultKind::UnknownOutcome),
            false => assert!(again.is_ok()),
        }
        assert_eq!(story.records(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_that_wants_a_code_says_what_to_switch_off() {
    let story = Story::with("yclients", no_user, |salon| salon.company["phone_confirmation"] = json!(true));
    let fault = story.far.crm.calendar().unwrap().book(&request("k", "331", None, at(12, 0))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unsupported);
    assert!(fault.detail.contains("user_token"), "{}", fault.detail);
    let probe = story.far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().any(|check| !check.ok && check.detail.contains("SMS")));
}

#[tokio::test(start_paused = true)]
async fn answers_that_make_no_sense_are_faults_with_an_excerpt_and_without_phones() {
    for body in [
        "<html><body>502 Bad Gateway 79161234567</body></html>",
        "",
        "[1,2",
        "{\"success\":true,\"data\":\"79161234567\"}",
    ] {
        let story = Story::of("yclients");
        let answers = std::iter::repeat_n(Trouble::Answers(200, body.to_owned()), 6);
        story.far.way.next(&["records"], answers);
        let query = AppointmentQuery { from: Some(DAY), to: Some(DAY), ..AppointmentQuery::default() };
        let fault = story.far.crm.calendar().unwrap().appointments(&query).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Protocol, "{body}");
        assert!(!fault.to_string().contains("7916"), "{fault}");
    }
    let story = Story::of("yclients");
    let refused = json!({"success": false, "data": null, "meta": {"message": "Недопустимое значение"}}).to_string();
    story.far.way.next(&["find_client"], [Trouble::Answers(200, refused)]);
    let fault = story.far.crm.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    story.far.way.next(&["find_client"], [Trouble::Answers(429, String::new())]);
    assert_eq!(story.far.crm.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap().len(), 1);
}

fn hook(secret: &str, body: &Value) -> HookCall {
    HookCall {
        query: vec![("s".to_owned(), secret.to_owned())],
        body: body.to_string().into_bytes(),
        ..HookCall::default()
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_are_believed_by_the_secret_in_their_address_and_read_for_ids_only() {
    for kind in BOTH {
        let story = Story::of(kind);
        let hooks = story.far.crm.hooks().unwrap();
        let body = json!({"company_id": 4564, "resource": "record", "resource_id": 17, "status": "create", "data": {"id": 17}});
        let events = hooks.read(&hook(SECRET, &body)).unwrap();
        assert_eq!(
            events,
            hooks
                .read(&hook(SECRET, &json!([body])))
                .unwrap_or_default()
                .into_iter()
                .zip(&events)
                .map(|(other, event)| { flow::domain::crm::HookEvent { dedupe: event.dedupe.clone(), ..other } })
                .collect::<Vec<_>>()
        );
        assert_eq!(events[0].subject, HookSubject::Appointment("17".to_owned()));
        assert_eq!(hooks.read(&hook("guess", &body)), Err(HookRefusal::Forged));
        let foreign = json!({"company_id": 1, "resource": "record", "resource_id": 17, "status": "create"});
        assert!(matches!(hooks.read(&hook(SECRET, &foreign)), Err(HookRefusal::Invalid(_))));
        let broken = HookCall { body: b"{".to_vec(), ..hook(SECRET, &body) };
        assert!(matches!(hooks.read(&broken), Err(HookRefusal::Unreadable(_))));
        assert!(hooks.register("https://bot.example/hooks/crm/main").await.unwrap());
        assert!(hooks.register("https://bot.example/hooks/crm/main").await.unwrap());
        story.salon(|salon| {
            let ours = format!("https://bot.example/hooks/crm/main?s={SECRET}");
            assert_eq!(salon.hooks["urls"], json!(["https://other.example/hook", ours]));
            assert_eq!(
                (&salon.hooks["good"], &salon.hooks["record"], &salon.hooks["client"]),
                (&json!(1), &json!(1), &json!(1))
            );
        });
        assert!(hooks.unregister("https://bot.example/hooks/crm/main").await.unwrap());
        story.salon(|salon| assert_eq!(salon.hooks["urls"], json!(["https://other.example/hook"])));
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_costs_few_calls() {
    let story = Story::of("yclients");
    let calendar = story.far.crm.calendar().unwrap();
    calendar.book(&request("a", "331", Some("6544"), at(12, 0))).await.unwrap();
    assert_eq!(story.far.way.asked(), ["company", "services", "book_times", "book_check", "create_record", "record"]);
    calendar.book(&request("b", "331", Some("6544"), at(13, 0))).await.unwrap();
    assert_eq!(story.far.way.asked(), ["book_times", "book_check", "create_record", "record"]);
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_to_do() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    rt.block_on(async {
        let far = super::support::connect("yclients");
        for (name, value, says) in [
            ("company_id", json!("branch"), "company_id"),
            ("partner_token", json!(" "), "partner_token"),
            ("unknown", json!(1), "unknown"),
        ] {
            let mut settings = far.settings.clone();
            settings[name] = value;
            let error = (far.row.open)(far.wiring.clone(), settings).err().unwrap();
            assert!(error.contains(says), "{error}");
        }
        let mut wiring = far.wiring.clone();
        wiring.base_url = Some("http://api.yclients.com/api/v1".to_owned());
        assert!((far.row.open)(wiring, far.settings.clone()).err().unwrap().contains("https"));
    });
}

fn anything() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("data"),
        Just("id"),
        Just("meta"),
        Just("datetime"),
        Just("date"),
        Just("services"),
        Just("staff"),
        Just("client"),
        Just("phone"),
        Just("booking_dates"),
        Just("seance_length"),
        Just("record_hash"),
        Just("record_id"),
        Just("company_id"),
        Just("resource"),
        Just("resource_id"),
        Just("urls"),
        Just("text"),
        Just("deactivation_date"),
        Just("total_count"),
        Just("categories"),
        Just("price_min"),
        Just("code"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
        Just(json!("2026-09-04T09:00:00+03:00")),
        Just(json!("4564")),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|pairs| pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_answer_makes_a_reader_panic(value in anything()) {
        for row in ROWS {
            (row.read_all)(&value);
        }
    }
}
