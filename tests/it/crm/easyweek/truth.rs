//! What a booking is held to be: by its mark, with whoever has it on their list, and no longer than anybody waits.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

fn by_hand(salon: &mut Workspace, staff: usize, start: Timestamp, notes: &str) -> String {
    let customer = salon.customers[0].0.clone();
    let id = format!("hand-{}", salon.bookings.len());
    salon.bookings.push(Booking {
        id: id.clone(),
        service: WOMEN.to_owned(),
        staff,
        start,
        minutes: 60,
        customer,
        notes: notes.to_owned(),
        is_canceled: false,
        is_completed: false,
    });
    id
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_only_looks_alike_is_somebody_elses() {
    let story = Story::new();
    let calendar = story.far.crm.calendar().unwrap();
    let mut wanted = request("alike", WOMEN, Some(ANNA), at(12, 0));
    wanted.phone = phone("+79161112233");
    story.far.way.next(&["create_booking"], [Trouble::Dropped]);
    assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    story.salon(|salon| by_hand(salon, 1, at(12, 0), ""));
    let look = calendar.find_booked(&wanted).await.unwrap();
    assert_eq!(look, None, "nobody's mark is on it");
    tokio::time::sleep(Duration::from_secs(61)).await;
    let booked = calendar.book(&wanted).await.unwrap();
    assert!(booked.id != "hand-0" && story.standing() == 2, "ours was not there, and is made");

    story.salon(|salon| by_hand(salon, 0, at(12, 0), &wanted.marker()));
    let fault = calendar.find_booked(&wanted).await.unwrap_err();
    assert!(fault.kind == FaultKind::UnknownOutcome && fault.detail.contains(&booked.id), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn a_booking_made_by_hand_keeps_its_employee_when_it_is_moved() {
    for asks_who_cancels in [false, true] {
        let story = Story::with(|_| {}, |salon| salon.asks_who_cancels = asks_who_cancels);
        let id = story.salon(|salon| by_hand(salon, 1, at(12, 0), "от руки"));
        let calendar = story.far.crm.calendar().unwrap();
        let to = moving("m", &id, at(15, 0), None);
        let moved = calendar.move_to(&to).await.unwrap();
        assert_eq!(moved.employee_id.as_deref(), Some(OLGA));
        assert_eq!(story.salon(|salon| salon.bookings.last().unwrap().staff), 1);
        // The old id means the new booking, in whatever is asked next.
        assert_eq!(calendar.move_to(&to).await.unwrap().id, moved.id);
        let again = calendar.move_to(&moving("m2", &id, at(17, 0), None)).await.unwrap();
        assert_eq!(calendar.move_to(&to).await.unwrap().id, again.id, "what was moved on is not moved back");
        assert_eq!(calendar.cancel(&id).await.unwrap().id, again.id);
        assert_eq!((story.standing(), story.salon(|salon| salon.bookings.len())), (0, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_serves_instead_is_told() {
    let story = Story::with(|_| {}, |salon| salon.serves_instead = Some(1));
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("k", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
    assert_eq!(booked.employee_id.as_deref(), Some(OLGA));
    let query = AppointmentQuery { phone: Some(phone("+79161234567")), ..AppointmentQuery::default() };
    let mine = calendar.appointments(&query).await.unwrap();
    assert_eq!(mine[0].employee_id.as_deref(), Some(OLGA));
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_move_under_one_key_answer_the_same() {
    let story = Story::new();
    let (calendar, beside) = (story.far.crm.calendar().unwrap(), story.far.beside());
    let booked = calendar.book(&request("k", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
    let to = moving("m", &booked.id, at(15, 0), None);
    let (a, b) = tokio::join!(calendar.move_to(&to), beside.calendar().unwrap().move_to(&to));
    assert_eq!(a.unwrap().id, b.unwrap().id);
    assert_eq!((story.standing(), story.salon(|salon| salon.bookings.len())), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_limit_undoes_no_doubt_and_makes_none() {
    let story = Story::new();
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("k", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
    let to = moving("m", &booked.id, at(15, 0), None);
    let limited = || Trouble::Answers(429, String::new());
    story.far.way.next(&["create_booking"], [limited()]);
    assert_eq!(calendar.move_to(&to).await.unwrap_err().kind, FaultKind::RateLimited, "nothing was written");
    tokio::time::sleep(Duration::from_secs(61)).await;
    story.far.way.next(&["cancel_booking"], [limited()]);
    assert_eq!(calendar.move_to(&to).await.unwrap_err().kind, FaultKind::UnknownOutcome, "both stand");
    assert_eq!(calendar.move_to(&to).await.unwrap_err().kind, FaultKind::UnknownOutcome, "and still do");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(calendar.move_to(&to).await.unwrap().start.timestamp(), at(15, 0));
    assert_eq!((story.standing(), story.salon(|salon| salon.bookings.len())), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn pages_that_grow_while_they_are_read_are_refused() {
    let story = Story::with(|_| {}, |salon| salon.grows = true);
    story.far.way.asked();
    let fault = story.far.raw.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap_err();
    assert!(fault.kind == FaultKind::Protocol && fault.detail.contains("grows"), "{fault}");
    assert_eq!(story.far.way.asked().len(), 4, "it is read twice, two pages each");
}

#[tokio::test(start_paused = true)]
async fn a_long_list_ends_in_the_time_that_somebody_waits() {
    let story = Story::with(
        |_| {},
        |salon| {
            for n in 0..300_i64 {
                let customer = salon.add_customer("К", &n.to_string(), &format!("+7903{n:07}"));
                let start = at(10, 0) + jiff::SignedDuration::from_mins(n);
                let id = by_hand(salon, 0, start, "");
                let booking = salon.bookings.iter_mut().find(|booking| booking.id == id).unwrap();
                booking.customer = customer;
            }
        },
    );
    let calendar = story.far.crm.calendar().unwrap();
    let query = AppointmentQuery { phone: None, from: Some(DAY), to: Some(DAY), all: false };
    let mut known = 0;
    for _ in 0..3 {
        let began = Instant::now();
        let all = calendar.appointments(&query).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
        assert_eq!(all.len(), 300);
        let described = all.iter().filter(|visit| visit.client.phone.is_some() && visit.service_id == WOMEN).count();
        assert!(described > known, "each list knows more: {described} after {known}");
        known = described;
    }
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_does_not_show_yet_can_be_moved() {
    let story = Story::new();
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("k", WOMEN, Some(ANNA), at(12, 0))).await.unwrap();
    let until = story.far.clock.now() + jiff::SignedDuration::from_secs(2);
    story.salon(|salon| salon.hides = Some((booked.id.clone(), until)));
    calendar.move_to(&moving("m", &booked.id, at(15, 0), None)).await.unwrap();
    assert_eq!(story.standing(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_is_not_there_is_a_wrong_credential() {
    let story = Story::new();
    story.far.way.next(&["locations"], [Trouble::Answers(404, r#"{"message":"Not found."}"#.to_owned())]);
    let fault = story.far.crm.catalogue().unwrap().services(false).await.unwrap_err();
    assert!(fault.kind == FaultKind::Unauthorized && fault.detail.contains("romashka"), "{fault}");
}
