//! A CRM that may or may not have done what it was asked: no visit twice, none that is not there, and the
//! client hears the truth at each step.

use std::sync::Arc;

use flow::domain::booking::BookingState;
use flow::domain::clock::ManualClock;
use flow::domain::conversation::HandoffState;
use flow::domain::crm::BookRequest;
use flow::domain::fault::FaultKind;
use flow::domain::store::BookingUpdate;
use jiff::SignedDuration;

use crate::support::talk::{Office, Talk, phone};
use crate::support::vendor::{Fate, Vendor};

const LATER: &str = "Подтвердим";
const BOOKED: &str = "записаны";

struct Desk {
    office: Office,
    vendor: Arc<Vendor>,
}

impl Desk {
    async fn open() -> Self {
        let clock: Arc<ManualClock> = Office::clock();
        let vendor = Vendor::new(&Office::profile(), clock.clone()).await;
        Self { office: Office::before(vendor.clone(), clock).await, vendor }
    }

    fn wait(&self, length: SignedDuration) {
        self.office.clock.advance(length);
    }

    async fn state(&self) -> BookingState {
        let rows = self.office.bookings().await;
        assert_eq!(rows.len(), 1, "one row, whatever happened");
        rows[0].state
    }
}

/// Up to the summary; the next word is the yes.
async fn summed_up<'o>(desk: &'o Desk) -> Talk<'o> {
    let mut talk = Talk::new(&desk.office, "pyotr");
    let summary = talk.says("Поменять масло в четверг в 11:00, я Пётр, 8 913 000-00-02").await;
    assert!(summary.contains("11:00"), "{summary}");
    talk
}

const SECONDS: SignedDuration = SignedDuration::from_secs(6);

#[tokio::test]
async fn a_booking_that_was_applied_unheard_is_found_and_not_made_again() {
    let desk = Desk::open().await;
    desk.vendor.next("book", &[Fate::AppliedThenLost]);
    let mut talk = summed_up(&desk).await;
    let told = talk.says("да").await;
    assert!(told.contains(LATER) && !told.contains(BOOKED), "{told}");
    assert_eq!(desk.state().await, BookingState::Unknown);
    // Asked meanwhile, the bot neither books again nor claims anything.
    let meanwhile = talk.says("ну что там? да").await;
    assert!(!meanwhile.contains(BOOKED), "{meanwhile}");
    desk.wait(SECONDS);
    let told = talk.hears().await;
    assert!(told.contains(BOOKED), "{told}");
    assert_eq!(desk.state().await, BookingState::Booked);
    assert_eq!((desk.vendor.count("book"), desk.vendor.appointments().await.len()), (1, 1));
    desk.wait(SignedDuration::from_hours(1));
    assert_eq!(talk.hears().await, "", "it is said once");
}

#[tokio::test]
async fn a_booking_that_was_lost_on_the_way_is_made_once_after_a_look() {
    let desk = Desk::open().await;
    desk.vendor.next("book", &[Fate::LostBefore, Fate::LostBefore]);
    let mut talk = summed_up(&desk).await;
    assert!(talk.says("да").await.contains(LATER));
    desk.wait(SECONDS);
    assert_eq!(talk.hears().await, "", "a second delay needs no words");
    assert_eq!(desk.state().await, BookingState::Unknown);
    desk.wait(SECONDS + SECONDS);
    assert!(talk.hears().await.contains(BOOKED));
    assert_eq!((desk.vendor.count("book"), desk.vendor.appointments().await.len()), (3, 1));
}

#[tokio::test]
async fn a_call_that_died_unheard_stays_a_doubt_while_the_crm_is_away() {
    let desk = Desk::open().await;
    desk.vendor.next("book", &[Fate::AppliedThenLost]);
    let mut talk = summed_up(&desk).await;
    talk.says("да").await;
    // As a process leaves it that dies while it asks.
    let row = desk.office.bookings().await.remove(0);
    let asking = BookingUpdate { id: row.id, state: BookingState::Committing, external_id: None, error: None };
    desk.office.app.store.update_booking(&asking, desk.office.app.now()).await.unwrap();
    *desk.vendor.away.lock().unwrap() = Some(FaultKind::Unreachable);
    desk.wait(SECONDS);
    talk.hears().await;
    assert_eq!(desk.state().await, BookingState::Unknown, "that nobody answers proves nothing");
    *desk.vendor.away.lock().unwrap() = None;
    desk.wait(SignedDuration::from_mins(1));
    assert!(talk.hears().await.contains(BOOKED));
    assert_eq!((desk.vendor.count("book"), desk.vendor.appointments().await.len()), (1, 1));
}

#[tokio::test]
async fn when_the_crm_is_down_the_request_stands_a_person_is_told_and_it_is_finished_later() {
    let desk = Desk::open().await;
    let mut talk = summed_up(&desk).await;
    *desk.vendor.away.lock().unwrap() = Some(FaultKind::Unavailable);
    assert!(talk.says("да").await.contains(LATER));
    assert_eq!(desk.state().await, BookingState::Held, "it was certainly not applied");
    let mut said = Vec::new();
    for _ in 0..20 {
        desk.wait(SignedDuration::from_mins(1));
        said.push(talk.hears().await);
    }
    let said: Vec<&String> = said.iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("администратор"), "{said:?}");
    let handoff = talk.conversation().await.handoff.unwrap();
    assert_eq!((handoff.state, handoff.reason.as_str()), (HandoffState::Requested, "crm_unavailable"));
    *desk.vendor.away.lock().unwrap() = None;
    desk.wait(SignedDuration::from_mins(6));
    assert!(talk.hears().await.contains(BOOKED));
    assert_eq!((desk.state().await, desk.vendor.appointments().await.len()), (BookingState::Booked, 1));
}

#[tokio::test]
async fn a_look_that_is_refused_decides_nothing() {
    let desk = Desk::open().await;
    desk.vendor.next("book", &[Fate::AppliedThenLost]);
    let mut talk = summed_up(&desk).await;
    talk.says("да").await;
    desk.vendor.next("appointments", &[Fate::Fails(FaultKind::Unauthorized)]);
    desk.wait(SECONDS);
    assert_eq!(talk.hears().await, "");
    assert_eq!(desk.state().await, BookingState::Unknown, "nobody says no for the CRM");
    desk.wait(SECONDS + SECONDS);
    assert!(talk.hears().await.contains(BOOKED));
    assert_eq!(desk.vendor.count("book"), 1);
}

#[tokio::test]
async fn a_time_that_somebody_took_meanwhile_is_told_and_others_are_offered() {
    let desk = Desk::open().await;
    desk.vendor.next("book", &[Fate::LostBefore]);
    let mut talk = summed_up(&desk).await;
    talk.says("да").await;
    let row = desk.office.bookings().await.remove(0);
    let other = BookRequest {
        key: "front-desk".to_owned(),
        service_id: row.service_id.clone(),
        employee_id: row.employee_id.clone(),
        start: row.start,
        name: Some("Кто-то".to_owned()),
        phone: phone("+79990000000"),
        comment: None,
        origin: Default::default(),
    };
    desk.vendor.calendar_of_its_own().book(&other).await.unwrap();
    desk.wait(SECONDS);
    let told = talk.hears().await;
    assert!(!told.contains(BOOKED) && told.contains("заняли"), "{told}");
    assert_eq!((desk.state().await, desk.vendor.appointments().await.len()), (BookingState::Refused, 1));
}

#[tokio::test]
async fn a_cancel_and_a_move_that_were_applied_unheard_are_told_once() {
    let desk = Desk::open().await;
    let mut talk = summed_up(&desk).await;
    assert!(talk.says("да").await.contains(BOOKED));
    desk.vendor.next("move", &[Fate::AppliedThenLost]);
    talk.says("перенесите на четверг на 12:00").await;
    let told = talk.says("да").await;
    assert!(told.contains(LATER), "{told}");
    desk.wait(SECONDS);
    let told = talk.hears().await;
    assert!(told.contains("перенес") && told.contains("12:00"), "{told}");
    desk.vendor.next("cancel", &[Fate::AppliedThenLost]);
    talk.says("отмените запись").await;
    assert!(talk.says("да").await.contains(LATER));
    desk.wait(SECONDS);
    let told = talk.hears().await;
    assert!(told.to_lowercase().contains("отмен"), "{told}");
    assert_eq!(desk.vendor.appointments().await.len(), 0);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_seen_is_no_silence() {
    let desk = Desk::open().await;
    let mut talk = Talk::new(&desk.office, "pyotr");
    *desk.vendor.away.lock().unwrap() = Some(FaultKind::Unreachable);
    talk.sends("Поменять масло в четверг в 11:00", None).await;
    let mut heard = String::new();
    for _ in 0..5 {
        heard.push_str(&talk.hears().await);
        desk.wait(SignedDuration::from_secs(1));
    }
    assert!(heard.contains("расписание"), "{heard}");
    let handoff = talk.conversation().await.handoff.unwrap();
    assert_eq!(handoff.reason, "crm_unavailable");
    // Back with the bot everything goes on.
    *desk.vendor.away.lock().unwrap() = None;
    desk.office.app.store.hand_back(talk.id.unwrap(), desk.office.app.now()).await.unwrap();
    assert!(talk.says("Поменять масло в четверг в 11:00").await.contains("11:00"));
}

#[tokio::test]
async fn a_message_that_breaks_its_turn_stops_its_own_dialogue_for_seconds_and_nobody_elses() {
    let desk = Desk::open().await;
    desk.vendor.next("slots", &[Fate::Panics; 9]);
    let mut unlucky = Talk::new(&desk.office, "unlucky");
    let mut other = Talk::new(&desk.office, "other");
    unlucky.sends("Поменять масло в четверг в 11:00", None).await;
    assert!(other.says("Какой у вас адрес?").await.contains("Складская"));
    let mut heard = String::new();
    for _ in 0..4 {
        heard.push_str(&unlucky.hears().await);
        desk.wait(SignedDuration::from_secs(2));
    }
    assert!(heard.contains("администратор"), "{heard}");
    assert_eq!(unlucky.conversation().await.handoff.unwrap().reason, "failures");
    let stats = desk.office.app.store.queue_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (0, 1), "kept for a person to look at");
    assert!(other.says("Сколько стоит шиномонтаж?").await.contains('₽'));
}
