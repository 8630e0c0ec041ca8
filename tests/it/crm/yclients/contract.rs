//! What the platform's papers say of doubt, rights, tokens and keys.

use std::time::Duration;

use flow::domain::crm::{BookRequest, SlotQuery};
use flow::domain::fault::Fault;
use jiff::ToSpan;

use super::*;

/// Longer than the journal may hide an appointment.
async fn a_minute() {
    tokio::time::sleep(Duration::from_secs(70)).await;
}

/// A booking that was not heard, after which the salon looks like this.
async fn unheard(change: impl FnOnce(&mut Salon, &BookRequest)) -> (Story, BookRequest, Fault) {
    let story = Story::of("yclients");
    let wanted = request("doubt", "331", Some("6544"), at(12, 0));
    story.far.way.next(&["create_record"], [Trouble::Dropped]);
    let fault = story.far.crm.calendar().unwrap().book(&wanted).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::UnknownOutcome);
    story.salon(|salon| change(salon, &wanted));
    a_minute().await;
    let fault = story.far.crm.calendar().unwrap().book(&wanted).await.unwrap_err();
    (story, wanted, fault)
}

fn lookalike(salon: &mut Salon, wanted: &BookRequest) -> usize {
    salon.clients.push(json!({"id": 900, "name": "Анна", "phone": wanted.phone.as_str()}));
    salon.add_record(6544, 331, DAY.at(12, 0, 0, 0), Some(900));
    salon.records.len() - 1
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_like_a_booking_of_ours_is_not_taken_for_it() {
    let (story, wanted, fault) = unheard(|salon, wanted| {
        lookalike(salon, wanted);
    })
    .await;
    assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{fault}");
    assert!(fault.detail.contains(&wanted.marker()), "{fault}");
    assert_eq!(story.records(), 1);
    // Somebody finds that it is ours after all, and marks it.
    story.salon(|salon| salon.records[0].comment = format!("#{}", wanted.marker()));
    let found = story.far.crm.calendar().unwrap().book(&wanted).await.unwrap();
    assert_eq!(found.id, story.salon(|salon| salon.records[0].id.to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_refused_after_a_doubt_may_be_taken_by_ourselves() {
    let story = Story::of("yclients");
    let calendar = story.far.crm.calendar().unwrap();
    let wanted = request("doubt", "331", Some("6544"), at(12, 0));
    story.far.way.next(&["create_record"], [Trouble::Dropped]);
    assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    a_minute().await;
    // Neither the journal nor the free times show it yet, and the check knows.
    let taken = json!({"success": false, "data": null, "meta": {"message": "Занято", "code": 433}}).to_string();
    story.far.way.next(&["book_check"], [Trouble::Answers(422, taken)]);
    assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    story.salon(|salon| {
        let at = lookalike(salon, &wanted);
        salon.records[at].comment = format!("#{}", wanted.marker());
    });
    a_minute().await;
    assert!(calendar.book(&wanted).await.is_ok());
    assert_eq!(story.records(), 1);
}

#[tokio::test(start_paused = true)]
async fn several_marked_alike_and_one_that_was_cancelled_are_for_a_person() {
    let (story, _, fault) = unheard(|salon, wanted| {
        for hour in [12, 14] {
            let at = lookalike(salon, wanted);
            salon.records[at].comment = format!("#{}", wanted.marker());
            salon.records[at].start = DAY.at(hour, 30, 0, 0);
        }
    })
    .await;
    assert_eq!(fault.kind, FaultKind::UnknownOutcome);
    assert!(fault.detail.contains("2 appointments"), "{fault}");
    assert_eq!(story.records(), 2);
    let (story, _, fault) = unheard(|salon, wanted| {
        let at = lookalike(salon, wanted);
        salon.records[at].comment = format!("#{}", wanted.marker());
        salon.records[at].is_deleted = true;
    })
    .await;
    assert_eq!(fault.kind, FaultKind::UnknownOutcome);
    assert!(fault.detail.contains("cancelled"), "{fault}");
    assert_eq!(story.records(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_move_that_nobody_sees_is_written_twice_at_most() {
    let story = Story::of("yclients");
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("m", "331", Some("6544"), at(12, 0))).await.unwrap();
    let moving = MoveRequest { key: "mv".to_owned(), id: booked.id.clone(), start: at(16, 0), employee_id: None };
    story.far.way.next(&["change_record"], [Trouble::Dropped, Trouble::Dropped, Trouble::None]);
    story.far.way.asked();
    for _ in 0..4 {
        assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    }
    let asked = story.far.way.asked();
    assert_eq!(asked.iter().filter(|asked| **asked == "change_record").count(), 2);
    // Whoever repeats the command has looked.
    let moved = story.far.beside().calendar().unwrap().move_to(&moving).await.unwrap();
    assert_eq!(moved.start.timestamp(), at(16, 0));
}

#[tokio::test(start_paused = true)]
async fn days_of_later_months_are_found_where_a_range_is_overheard() {
    for ignores_ranges in [false, true] {
        let story = Story::with("yclients", |_| {}, |salon| salon.ignores_ranges = ignores_ranges);
        let last = DAY.saturating_add(30.days());
        let query = SlotQuery {
            service_id: "331".to_owned(),
            employee_id: Some("6544".to_owned()),
            from: DAY,
            to: last,
            moving: None,
        };
        let slots = story.far.crm.calendar().unwrap().free_slots(&query).await.unwrap();
        let mut days: Vec<Date> = slots.iter().map(|slot| slot.start.date()).collect();
        days.dedup();
        assert_eq!((days.len(), days.last()), (31, Some(&last)), "{ignores_ranges}");
        let asked = story.far.way.asked().iter().filter(|asked| **asked == "book_dates").count();
        assert_eq!(asked, if ignores_ranges { 2 } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_which_of_the_two_tokens_it_means() {
    for kind in BOTH {
        for (token, says) in
            [("partner_token", "`partner_token` is not accepted"), ("user_token", "`user_token` is not")]
        {
            let story = Story::with(kind, |settings| settings[token] = json!("another"), |_| {});
            let fault = story.far.crm.probe().await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unauthorized);
            assert!(fault.detail.contains(says) && !fault.detail.contains("another"), "{fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn taking_our_address_out_lowers_no_flag() {
    for kind in BOTH {
        let story = Story::with(kind, |_| {}, |salon| salon.hooks["urls"] = json!([]));
        let hooks = story.far.crm.hooks().unwrap();
        assert!(hooks.register("https://bot.example/hooks/crm/main").await.unwrap());
        let raised = story.salon(|salon| salon.hooks.clone());
        assert!(hooks.unregister("https://bot.example/hooks/crm/main").await.unwrap());
        story.salon(|salon| {
            let left = salon.hooks.as_object().unwrap();
            assert_eq!(left["urls"], json!([]));
            for (name, value) in raised.as_object().unwrap().iter().filter(|(name, _)| *name != "urls") {
                assert_eq!(&left[name], value, "{name}");
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_to_an_appointment_is_kept_encrypted() {
    let story = Story::as_guest("yclients");
    let calendar = story.far.crm.calendar().unwrap();
    let booked = calendar.book(&request("form", "331", Some("6544"), at(12, 0))).await.unwrap();
    let hash = story.salon(|salon| salon.records[0].hash.clone());
    let kept = story.far.store.copied("yclients", "record_hash", &booked.id).await.unwrap().unwrap();
    assert!(!kept.body.to_string().contains(&hash), "{}", kept.body);
    assert_eq!(story.far.beside().calendar().unwrap().cancel(&booked.id).await.unwrap().id, booked.id);
}
