//! Each write of a booking, a move and a cancel is applied and its answer lost.

use flow::adapters::crm::bitrix24::ROW;
use flow::adapters::http::faulty::Trouble;
use flow::domain::crm::MoveRequest;
use flow::domain::fault::{Fault, FaultKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::support::request;
use super::{Salon, at};

fn is_doubt(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::UnknownOutcome | FaultKind::Protocol)
}

#[tokio::test(start_paused = true)]
async fn a_booking_whose_answer_was_lost_is_found_by_its_mark_and_fastened_to_its_client() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::AppliedThen(502), Trouble::Cut] {
        let salon = Salon::open();
        let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
        salon.far.way.next(&["booking.v1.booking.add"], [trouble]);
        let doubt = salon.calendar().book(&wish).await.unwrap_err();
        assert!(is_doubt(&doubt), "{doubt}");
        let visit = salon.calendar().book(&wish).await.unwrap();
        let portal = salon.portal();
        let (id, kept) = portal.bookings.iter().next().unwrap();
        assert_eq!((portal.bookings.len(), id.to_string(), kept.clients.len()), (1, visit.id, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_never_arrived_is_written_when_the_look_proves_it() {
    let salon = Salon::open();
    let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
    salon.far.way.next(&["booking.v1.booking.add"], [Trouble::Dropped]);
    assert!(is_doubt(&salon.calendar().book(&wish).await.unwrap_err()));
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    salon.calendar().book(&wish).await.unwrap();
    assert_eq!(salon.portal().bookings.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_move_and_a_cancel_whose_answers_were_lost_are_finished() {
    let salon = Salon::open();
    let visit =
        salon.calendar().book(&request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"))).await.unwrap();
    let moving = MoveRequest {
        key: "m-1".into(),
        id: visit.id.clone(),
        start: at("2026-03-12T11:00:00+03:00"),
        employee_id: None,
    };
    salon.far.way.next(&["booking.v1.booking.update"], [Trouble::AppliedThenDropped]);
    assert!(is_doubt(&salon.calendar().move_to(&moving).await.unwrap_err()));
    assert_eq!(salon.calendar().move_to(&moving).await.unwrap().start.timestamp(), moving.start);
    assert_eq!(salon.portal().count("booking.v1.booking.update"), 1);
    salon.far.way.next(&["booking.v1.booking.delete"], [Trouble::AppliedThenDropped]);
    assert!(is_doubt(&salon.calendar().cancel(&visit.id).await.unwrap_err()));
    salon.calendar().cancel(&visit.id).await.unwrap();
    assert!(salon.portal().bookings.is_empty());
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "id",
        "ID",
        "result",
        "items",
        "booking",
        "datePeriod",
        "from",
        "to",
        "timestamp",
        "fm",
        "error",
        "slots",
        "services",
        "CONTACT",
        "7",
        "DATE_FROM_TS_UTC",
        "DATE_TO_TS_UTC",
        "DT_SKIP_TIME",
        "weekDays",
        "slotSize",
        "auth",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!("Y")),
        Just(json!("253402207199")),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("flow-ABCDEFGHIJ service=1")),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..6).prop_map(|rows| Value::Object(
                rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_comes_no_reader_falls_over(value in any_json()) {
        (ROW.read_all)(&value);
    }
}

#[tokio::test(start_paused = true)]
async fn the_word_about_a_cancelled_visit_is_written_once_whatever_was_lost() {
    let lost = [
        ("booking.v1.booking.delete", Trouble::AppliedThenDropped),
        ("crm.timeline.comment.add", Trouble::AppliedThen(502)),
        ("crm.timeline.comment.add", Trouble::Dropped),
    ];
    for (method, trouble) in lost {
        let salon = Salon::open();
        let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
        let visit = salon.calendar().book(&wish).await.unwrap();
        salon.far.way.next(&[method], [trouble]);
        if salon.calendar().cancel(&visit.id).await.is_err() {
            salon.calendar().cancel(&visit.id).await.unwrap();
        }
        salon.calendar().cancel(&visit.id).await.unwrap();
        let comments = salon.portal().comments.clone();
        assert_eq!(comments.len(), 1, "{method}: {comments:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_creation_is_in_doubt_or_not_seen_yet_gets_one_card() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::Dropped, Trouble::AppliedThen(500)] {
        let salon = Salon::open();
        salon.far.way.next(&["crm.item.add"], [trouble]);
        let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
        salon.calendar().book(&wish).await.unwrap();
        assert_eq!(salon.portal().items[&3].len(), 2);
        let made = *salon.portal().items[&3].keys().next_back().unwrap();
        salon.portal().late.insert(made);
        let next = request("k-2", "1265", Some("257"), at("2026-03-11T17:00:00+03:00"));
        salon.calendar().book(&next).await.unwrap();
        assert_eq!(salon.portal().items[&3].len(), 2, "the index does not know the card yet; flow does");
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_repeated_after_an_error_of_the_server_before_a_look() {
    let salon = Salon::open();
    let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
    salon.calendar().book(&wish).await.unwrap();
    let fine = salon.portal().count("booking.v1.booking.client.set");
    let next = request("k-2", "1265", Some("257"), at("2026-03-11T17:00:00+03:00"));
    // The fourth batch is the one that fastens the client.
    salon.far.way.next(&["batch"], [Trouble::None, Trouble::None, Trouble::AppliedThen(502)]);
    if salon.calendar().book(&next).await.is_err() {
        salon.calendar().book(&next).await.unwrap();
    }
    assert_eq!(salon.portal().count("booking.v1.booking.client.set"), fine + 1);
    assert!(salon.portal().bookings.values().all(|booked| booked.clients.len() == 1));
}
