//! Accounts without the booking module: calendars of users, or deals.

use flow::adapters::crm::bitrix24::stand_in::{Event, Portal};
use flow::adapters::http::faulty::Trouble;
use flow::domain::crm::{Appointment, AppointmentQuery, MoveRequest};
use flow::domain::fault::FaultKind;
use serde_json::json;

use super::super::support::{phone, request};
use super::{Salon, at, day, query};

/// The preset's people as users of the portal.
fn calendars(portal: &mut Portal) {
    portal.has_booking = false;
    portal.users = vec![
        json!({"ID": "1", "NAME": "Ирина", "LAST_NAME": "Салонова"}),
        json!({"ID": "7", "NAME": "Анна", "LAST_NAME": "Соколова"}),
        json!({"ID": "8", "NAME": "Мария", "LAST_NAME": "Левина"}),
    ];
}

async fn with_calendars() -> Salon {
    let salon = Salon::with(calendars, |_| {});
    salon.far.seed().await;
    salon.far.crm.detect().await.unwrap();
    salon
}

/// Who of the preset is which user.
async fn employee(salon: &Salon, name: &str) -> String {
    let staff = salon.catalogue().staff(Some("haircut-women")).await.unwrap();
    staff.into_iter().find(|employee| employee.name == name).unwrap().id
}

async fn visits(salon: &Salon) -> Vec<Appointment> {
    let query = AppointmentQuery {
        phone: Some(phone("+79161234567")),
        from: Some(day("2026-03-10")),
        to: Some(day("2026-04-10")),
        all: false,
    };
    salon.calendar().appointments(&query).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn without_the_module_visits_are_events_of_employees() {
    let salon = with_calendars().await;
    let anna = employee(&salon, "Анна Соколова").await;
    // A meeting of hers that has nothing to do with flow, one that takes no time, and an absence.
    for (id, from, to, kind) in [
        (11, "2026-03-11T10:00:00+03:00", "2026-03-11T11:30:00+03:00", "busy"),
        (12, "2026-03-11T12:00:00+03:00", "2026-03-11T13:00:00+03:00", "free"),
        (13, "2026-03-11T18:00:00+03:00", "2026-03-11T21:00:00+03:00", "absent"),
    ] {
        let event = Event {
            owner: 7,
            from: at(from).as_second(),
            to: at(to).as_second(),
            name: "Личное".into(),
            description: String::new(),
            bound: vec![],
            accessibility: kind.into(),
        };
        salon.portal().events.insert(id, event);
    }
    let free =
        salon.calendar().free_slots(&query("haircut-women", Some(&anna), "2026-03-11", "2026-03-11")).await.unwrap();
    let starts: Vec<String> = free.iter().map(|slot| slot.start.strftime("%H:%M").to_string()).collect();
    assert_eq!((starts.first().unwrap().as_str(), starts.last().unwrap().as_str()), ("11:30", "17:00"), "{starts:?}");
    let wish = request("k-1", "haircut-women", Some(&anna), at("2026-03-11T15:00:00+03:00"));
    let visit = salon.calendar().book(&wish).await.unwrap();
    assert_eq!(visit.employee_id.as_deref(), Some(anna.as_str()));
    {
        let portal = salon.portal();
        let event = &portal.events[&visit.id.parse::<i64>().unwrap()];
        assert_eq!((event.owner, event.bound.len()), (7, 1), "{event:?}");
        assert!(event.bound[0].starts_with("C_") && event.description.contains("первый визит"));
        assert_eq!(event.to - event.from, 3600);
    }
    assert_eq!(salon.calendar().book(&wish).await.unwrap().id, visit.id);
    let found = visits(&salon).await;
    assert_eq!(found.len(), 1, "private events are nobody's visits: {found:?}");
    assert_eq!((found[0].id.as_str(), found[0].service_id.as_str()), (visit.id.as_str(), "haircut-women"));
    let all = AppointmentQuery { phone: None, from: Some(day("2026-03-10")), to: Some(day("2026-03-12")), all: false };
    assert_eq!(salon.calendar().appointments(&all).await.unwrap().len(), 1);
    salon.calendar().cancel(&visit.id).await.unwrap();
    salon.calendar().cancel(&visit.id).await.unwrap();
    assert_eq!(salon.portal().events.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_move_to_somebody_elses_calendar_is_finished_by_the_same_key() {
    let salon = with_calendars().await;
    let (anna, maria) = (employee(&salon, "Анна Соколова").await, employee(&salon, "Мария Левина").await);
    let visit = salon
        .calendar()
        .book(&request("k-1", "haircut-women", Some(&anna), at("2026-03-11T15:00:00+03:00")))
        .await
        .unwrap();
    let moving = MoveRequest {
        key: "m-1".into(),
        id: visit.id.clone(),
        start: at("2026-03-12T13:00:00+03:00"),
        employee_id: Some(maria.clone()),
    };
    salon.far.way.next(&["calendar.event.delete"], [Trouble::Dropped]);
    let half = salon.calendar().move_to(&moving).await.unwrap_err();
    assert_eq!((half.kind, salon.portal().events.len()), (FaultKind::UnknownOutcome, 2), "{half}");
    let moved = salon.calendar().move_to(&moving).await.unwrap();
    assert_ne!(moved.id, visit.id);
    assert_eq!((moved.employee_id.as_deref(), salon.portal().events.len()), (Some(maria.as_str()), 1));
    assert_eq!(salon.calendar().move_to(&moving).await.unwrap().id, moved.id);
    assert_eq!(visits(&salon).await.len(), 1);
    assert_eq!(salon.portal().events.values().next().unwrap().owner, 8);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_no_user_is_kept_in_the_owners_calendar_without_taking_it() {
    let salon = Salon::with(|portal| portal.has_booking = false, |_| {});
    salon.far.seed().await;
    salon.far.crm.detect().await.unwrap();
    let staff = salon.catalogue().staff(Some("haircut-women")).await.unwrap();
    let (one, two) = (staff[0].id.clone(), staff[1].id.clone());
    let start = at("2026-03-11T15:00:00+03:00");
    salon.calendar().book(&request("k-1", "haircut-women", Some(&one), start)).await.unwrap();
    let taken = salon.calendar().book(&request("k-2", "haircut-women", Some(&one), start)).await.unwrap_err();
    assert_eq!(taken.kind, FaultKind::SlotTaken);
    salon.calendar().book(&request("k-3", "haircut-women", Some(&two), start)).await.unwrap();
    assert!(salon.portal().events.values().all(|event| event.owner == 1));
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_may_not_be_written_is_told_with_what_to_do() {
    let salon = Salon::with(
        |portal| {
            calendars(portal);
            portal.shut_calendars = vec![7];
        },
        |_| {},
    );
    salon.far.seed().await;
    salon.far.crm.detect().await.unwrap();
    let anna = employee(&salon, "Анна Соколова").await;
    let wish = request("k-1", "haircut-women", Some(&anna), at("2026-03-11T15:00:00+03:00"));
    let fault = salon.calendar().book(&wish).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden, "{fault}");
    assert!(fault.detail.contains("calendar.event.add"), "{fault}");
}

async fn with_deals() -> Salon {
    let salon = Salon::with(
        |portal| {
            portal.has_booking = false;
            portal.scopes = vec!["crm", "catalog"];
        },
        |_| {},
    );
    salon.far.seed().await;
    salon.far.crm.detect().await.unwrap();
    salon
}

#[tokio::test(start_paused = true)]
async fn with_deals_alone_the_ledger_keeps_the_times_and_a_deal_shows_the_visit() {
    let salon = with_deals().await;
    let free = salon.calendar().free_slots(&query("haircut-women", None, "2026-03-11", "2026-03-11")).await.unwrap();
    let staff = free[0].employee_id.clone().unwrap();
    let start = at("2026-03-11T15:00:00+03:00");
    let wish = request("k-1", "haircut-women", Some(&staff), start);
    let visit = salon.calendar().book(&wish).await.unwrap();
    let id: i64 = visit.id.parse().unwrap();
    {
        let portal = salon.portal();
        let deal = &portal.items[&2][&id];
        assert_eq!(
            (deal["originatorId"].as_str(), deal["originId"].as_str()),
            (Some("flow"), Some(wish.marker().as_str()))
        );
        assert_eq!((deal["opportunity"].as_i64(), deal["currencyId"].as_str()), (Some(2500), Some("RUB")));
        assert!(deal["comments"].as_str().unwrap().contains("первый визит"));
        assert_eq!(deal["contactIds"].as_array().unwrap().len(), 1);
        let activity = portal.activities.values().next().unwrap();
        assert_eq!(activity["DEADLINE"], "2026-03-11T15:00:00+03:00");
        assert_eq!(portal.rows[&id][0]["productId"], 1265, "the service of the catalogue with the same name");
    }
    let taken = salon.calendar().book(&request("k-2", "haircut-women", Some(&staff), start)).await.unwrap_err();
    assert_eq!(taken.kind, FaultKind::SlotTaken);
    let moving = MoveRequest {
        key: "m-1".into(),
        id: visit.id.clone(),
        start: at("2026-03-12T16:00:00+03:00"),
        employee_id: None,
    };
    salon.far.way.next(&["crm.item.update"], [Trouble::AppliedThenDropped]);
    let moved = salon.calendar().move_to(&moving).await;
    let moved = match moved {
        Ok(moved) => moved,
        Err(fault) => {
            assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{fault}");
            salon.calendar().move_to(&moving).await.unwrap()
        }
    };
    assert_eq!(moved.id, visit.id);
    assert_eq!(salon.portal().activities.values().next().unwrap()["DEADLINE"], "2026-03-12T16:00:00+03:00");
    assert!(salon.portal().items[&2][&id]["comments"].as_str().unwrap().contains("12.03.2026 16:00"));
    salon.calendar().cancel(&visit.id).await.unwrap();
    salon.calendar().cancel(&visit.id).await.unwrap();
    let portal = salon.portal();
    assert_eq!((portal.items[&2][&id]["stageId"].as_str(), portal.activities.len()), (Some("LOSE"), 0));
    assert_eq!(portal.comments.len(), 1, "{:?}", portal.comments);
}

#[tokio::test(start_paused = true)]
async fn a_deal_whose_answer_was_lost_is_found_again_by_its_origin() {
    let salon = with_deals().await;
    let free = salon.calendar().free_slots(&query("haircut-women", None, "2026-03-11", "2026-03-11")).await.unwrap();
    let staff = free[0].employee_id.clone().unwrap();
    let mut wish = request("k-1", "haircut-women", Some(&staff), free[4].start.timestamp());
    wish.phone = phone("+79161112233");
    salon.far.way.next(&["crm.item.add"], [Trouble::AppliedThenDropped]);
    let doubt = salon.calendar().book(&wish).await.unwrap_err();
    assert_eq!(doubt.kind, FaultKind::UnknownOutcome, "{doubt}");
    let visit = salon.calendar().book(&wish).await.unwrap();
    assert_eq!(salon.portal().items[&2].len(), 1);
    assert!(salon.portal().items[&2].contains_key(&visit.id.parse().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn the_model_can_be_chosen_and_an_empty_module_is_not_one() {
    let deal = Salon::with(|_| {}, |settings| settings["booking"] = json!("deal"));
    deal.far.seed().await;
    deal.far.crm.detect().await.unwrap();
    assert!(deal.far.raw.records().is_some() && deal.far.raw.calendar().is_none());
    let empty = Salon::with(|portal| portal.resources.clear(), |_| {});
    empty.far.seed().await;
    empty.far.crm.detect().await.unwrap();
    assert!(empty.far.raw.catalogue().is_none() && empty.far.raw.calendar().is_some(), "calendars of employees");
}

#[tokio::test(start_paused = true)]
async fn a_method_that_a_batch_does_not_know_is_a_module_that_is_not_there() {
    let salon = Salon::with(
        |portal| {
            calendars(portal);
            portal.names_batch = true;
        },
        |_| {},
    );
    salon.far.seed().await;
    salon.far.crm.detect().await.unwrap();
    let probe = salon.far.crm.probe().await.unwrap();
    let appointments = probe.checks.iter().find(|check| check.name == "appointments").unwrap();
    assert!(appointments.ok && appointments.detail.contains("calendars"), "{appointments:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deal_that_was_found_after_a_doubt_gets_what_belongs_to_it_and_tells_its_client() {
    for (method, trouble) in [
        ("crm.item.add", Trouble::AppliedThenDropped),
        ("crm.activity.todo.add", Trouble::Dropped),
        ("crm.activity.todo.add", Trouble::AppliedThen(502)),
        ("crm.item.productrow.set", Trouble::Dropped),
    ] {
        let salon = with_deals().await;
        let free =
            salon.calendar().free_slots(&query("haircut-women", None, "2026-03-11", "2026-03-11")).await.unwrap();
        let mut wish = request("k-1", "haircut-women", free[4].employee_id.as_deref(), free[4].start.timestamp());
        wish.phone = phone("+79161112233");
        salon.far.way.next(&[method], [trouble]);
        let visit = match salon.calendar().book(&wish).await {
            Ok(visit) => visit,
            Err(_) => salon.calendar().book(&wish).await.unwrap(),
        };
        {
            let portal = salon.portal();
            assert_eq!((portal.items[&2].len(), portal.activities.len(), portal.rows.len()), (1, 1, 1), "{method}");
        }
        let query = AppointmentQuery {
            phone: Some(phone("+79161112233")),
            from: Some(day("2026-03-10")),
            to: Some(day("2026-04-10")),
            all: true,
        };
        let found = salon.calendar().appointments(&query).await.unwrap();
        assert_eq!(found[0].client.id.as_deref(), Some("275"));
        salon.calendar().cancel(&visit.id).await.unwrap();
        let found = salon.calendar().appointments(&query).await.unwrap();
        assert_eq!(found[0].client.id.as_deref(), Some("275"), "a cancelled one as well");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deal_that_is_there_already_is_not_made_twice_and_a_move_writes_only_what_changes() {
    let salon = with_deals().await;
    let free = salon.calendar().free_slots(&query("haircut-women", None, "2026-03-11", "2026-03-11")).await.unwrap();
    let mut wish = request("k-1", "haircut-women", free[4].employee_id.as_deref(), free[4].start.timestamp());
    wish.phone = phone("+79161112233");
    let deal = json!({"id": 77, "originatorId": "flow", "originId": wish.marker(), "stageId": "NEW", "comments": ""});
    salon.portal().items.get_mut(&2).unwrap().insert(77, deal);
    assert_eq!(salon.calendar().book(&wish).await.unwrap().id, "77");
    let made = {
        let portal = salon.portal();
        (portal.items[&2].len(), portal.activities.len())
    };
    assert_eq!(made, (1, 1));
    let moving =
        MoveRequest { key: "m-1".into(), id: "77".into(), start: at("2026-03-12T16:00:00+03:00"), employee_id: None };
    salon.calendar().move_to(&moving).await.unwrap();
    salon.far.way.asked();
    salon.calendar().move_to(&moving).await.unwrap();
    let again = salon.far.way.asked();
    assert!(!again.iter().any(|method| method.contains("update")), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_visit_moved_into_a_calendar_that_somebody_just_filled_gives_way() {
    let salon = with_calendars().await;
    let (anna, maria) = (employee(&salon, "Анна Соколова").await, employee(&salon, "Мария Левина").await);
    let wish = request("k-1", "haircut-women", Some(&anna), at("2026-03-11T15:00:00+03:00"));
    let visit = salon.calendar().book(&wish).await.unwrap();
    let start = at("2026-03-12T13:00:00+03:00");
    salon.portal().rival = Some((start.as_second(), start.as_second() + 3600, 8));
    let moving = MoveRequest { key: "m-1".into(), id: visit.id.clone(), start, employee_id: Some(maria) };
    let taken = salon.calendar().move_to(&moving).await.unwrap_err();
    assert_eq!(taken.kind, FaultKind::SlotTaken, "{taken}");
    let portal = salon.portal();
    assert!(portal.events.contains_key(&visit.id.parse().unwrap()), "it stays where it was");
    assert_eq!(portal.events.len(), 2);
}
