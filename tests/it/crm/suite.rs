//! What holds for every kind of CRM, before its vendor's stand-in.

use std::time::Duration;

use flow::adapters::crm::ROWS;
use flow::adapters::http::faulty::Trouble;
use flow::domain::crm::{
    Appointment, AppointmentQuery, AppointmentStatus, BookRequest, LeadToPush, MoveRequest, Slot, SlotQuery, marker,
};
use flow::domain::fault::{Fault, FaultKind};
use flow::domain::lead::LeadStatus;
use jiff::ToSpan;
use jiff::civil::date;

use super::support::{Far, connect, phone, request};

/// Tomorrow, for a clock that stands on 10 March.
const DAY: jiff::civil::Date = date(2026, 3, 12);
/// Whose visits are counted.
const PHONE: &str = "+79161234567";

/// The free times of the first service that has some, by one person; nothing for an account that is not booked through.
async fn room(far: &Far) -> Option<Vec<Slot>> {
    let services = far.crm.catalogue()?.services(false).await.unwrap();
    for service in services {
        let query = far.wanted(&service.id, DAY);
        let query = SlotQuery { to: DAY.saturating_add(1.day()), ..query };
        let staff = far.crm.catalogue()?.staff(Some(&service.id)).await.unwrap();
        let employee_id = staff.first().map(|employee| employee.id.clone());
        let found = far.crm.calendar()?.free_slots(&SlotQuery { employee_id, ..query }).await;
        match found {
            Err(fault) if fault.kind == FaultKind::Unsupported => return None,
            other => {
                let slots = other.unwrap_or_else(|fault| panic!("{}: {fault}", far.row.kind.kind));
                if slots.len() > 8 {
                    return Some(slots);
                }
            }
        }
    }
    panic!("{}: no service has room", far.row.kind.kind)
}

/// A fresh connection of each kind that can be booked through, with its free times.
pub async fn bookable() -> Vec<(Far, Vec<Slot>)> {
    let mut found = Vec::new();
    for row in ROWS {
        let far = connect(row.kind.kind);
        far.seed().await;
        if let Some(slots) = room(&far).await {
            found.push((far, slots));
        }
    }
    assert!(found.len() >= 5, "{} kinds can be booked through", found.len());
    found
}

async fn again(kind: &str) -> (Far, Vec<Slot>) {
    let far = connect(kind);
    far.seed().await;
    let slots = room(&far).await.unwrap();
    (far, slots)
}

pub fn wish(key: &str, slot: &Slot) -> BookRequest {
    request(key, &slot.service_id, slot.employee_id.as_deref(), slot.start.timestamp())
}

/// A time that does not touch the first.
fn other(slots: &[Slot]) -> &Slot {
    slots.iter().rev().find(|slot| slot.start.timestamp() >= slots[0].end.timestamp()).unwrap()
}

async fn visits(far: &Far) -> Vec<Appointment> {
    let query = AppointmentQuery {
        phone: Some(phone(PHONE)),
        from: Some(DAY),
        to: Some(DAY.saturating_add(2.days())),
        all: false,
    };
    let found = far.crm.calendar().unwrap().appointments(&query).await.unwrap();
    found.into_iter().filter(|visit| visit.status != AppointmentStatus::Cancelled).collect()
}

/// Asks as an operator does who repeats a command until it is known what came of it.
async fn until_known<T>(kind: &str, call: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
    let mut last = None;
    for _ in 0..40 {
        match call().await {
            Err(fault) if !matches!(fault.retry(), flow::domain::fault::Retry::Never) => {
                tokio::time::sleep(fault.retry_after.unwrap_or(Duration::from_secs(5)).max(Duration::from_secs(5)))
                    .await;
                last = Some(fault);
            }
            known => return known,
        }
    }
    panic!("{kind}: it stays in doubt: {last:?}")
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_booked_moved_and_cancelled_and_each_key_means_one() {
    for (far, slots) in bookable().await {
        let kind = far.row.kind.kind;
        let calendar = far.crm.calendar().unwrap();
        let (slot, later) = (&slots[0], other(&slots));
        let first = calendar.book(&wish("k-1", slot)).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!(first.start.timestamp(), slot.start.timestamp(), "{kind}");
        let same = calendar.book(&wish("k-1", slot)).await.unwrap();
        assert_eq!(same.id, first.id, "{kind}: the same key is the same visit");
        let beside = far.beside();
        let same = beside.calendar().unwrap().book(&wish("k-1", slot)).await.unwrap();
        assert_eq!(same.id, first.id, "{kind}: also from another process");
        let reused = calendar.book(&wish("k-1", later)).await.unwrap_err();
        assert_eq!(reused.kind, FaultKind::KeyReused, "{kind}: {reused}");
        let taken = calendar.book(&wish("k-2", slot)).await.unwrap_err();
        assert_eq!(taken.kind, FaultKind::SlotTaken, "{kind}: {taken}");
        let found = visits(&far).await;
        assert_eq!(found.iter().map(|visit| visit.id.as_str()).collect::<Vec<_>>(), [first.id.as_str()], "{kind}");
        assert_eq!(found[0].start.timestamp(), slot.start.timestamp(), "{kind}");

        let moving = MoveRequest {
            key: "m-1".to_owned(),
            id: first.id.clone(),
            start: later.start.timestamp(),
            employee_id: None,
        };
        let moved = calendar.move_to(&moving).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!(moved.start.timestamp(), later.start.timestamp(), "{kind}");
        let repeated = calendar.move_to(&moving).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!(
            (&repeated.id, repeated.status),
            (&moved.id, moved.status),
            "{kind}: a repeated move answers the same"
        );
        let same = calendar.book(&wish("k-1", slot)).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!(same.id, moved.id, "{kind}: the booking's key means the visit wherever it is now");
        let other_use = MoveRequest { key: "k-1".to_owned(), ..moving.clone() };
        let reused = calendar.move_to(&other_use).await.unwrap_err();
        assert_eq!(reused.kind, FaultKind::KeyReused, "{kind}: one name space for both: {reused}");
        let reused = calendar.book(&wish("m-1", later)).await.unwrap_err();
        assert_eq!(reused.kind, FaultKind::KeyReused, "{kind}: {reused}");
        let found = visits(&far).await;
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        assert_eq!((&found[0].id, found[0].start.timestamp()), (&moved.id, later.start.timestamp()), "{kind}");
        let once_more = calendar.book(&wish("k-3", slot)).await;
        assert!(once_more.is_ok(), "{kind}: the first time is free again: {once_more:?}");

        // An id that a move replaced still means the visit.
        let gone = calendar.cancel(&first.id).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        let twice = calendar.cancel(&moved.id).await.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!((gone.id, gone.status), (twice.id, twice.status), "{kind}");
        assert_eq!(visits(&far).await.len(), 1, "{kind}");
    }
}

/// What may happen to one call of a booking. Each is tried at each call.
fn troubles() -> Vec<Trouble> {
    vec![
        Trouble::AppliedThenDropped,
        Trouble::Dropped,
        Trouble::AppliedThen(502),
        Trouble::Cut,
        Trouble::Answers(200, "<html>It works</html>".to_owned()),
    ]
}

#[tokio::test(start_paused = true)]
async fn whatever_call_of_a_booking_is_lost_one_visit_comes_of_it() {
    for row in ROWS {
        let kind = row.kind.kind;
        let far = connect(kind);
        far.seed().await;
        let Some(slots) = room(&far).await else { continue };
        far.way.asked();
        far.crm.calendar().unwrap().book(&wish("count", &slots[0])).await.unwrap();
        let calls = far.way.asked();
        for trouble in troubles() {
            for at in 0..calls.len() {
                let (far, slots) = again(kind).await;
                let plan = std::iter::repeat_n(Trouble::None, at).chain([trouble.clone()]);
                far.way.next(&[], plan);
                let calendar = far.crm.calendar().unwrap();
                let wish = wish("lost", &slots[0]);
                let booked = until_known(kind, async || calendar.book(&wish).await).await;
                let what = format!("{kind}: {trouble:?} at call {at} of {calls:?}");
                let booked = booked.unwrap_or_else(|fault| panic!("{what}: {fault}"));
                let found = visits(&far).await;
                assert_eq!(found.len(), 1, "{what}: {found:?}");
                assert_eq!(found[0].id, booked.id, "{what}");
                assert_eq!(calendar.book(&wish).await.unwrap().id, booked.id, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_call_of_a_move_or_a_cancel_is_lost_it_is_finished_once() {
    for row in ROWS {
        let kind = row.kind.kind;
        let far = connect(kind);
        far.seed().await;
        let Some(slots) = room(&far).await else { continue };
        let moving = |id: &str, slots: &[Slot]| MoveRequest {
            key: "move".to_owned(),
            id: id.to_owned(),
            start: other(slots).start.timestamp(),
            employee_id: None,
        };
        let visit = far.crm.calendar().unwrap().book(&wish("first", &slots[0])).await.unwrap();
        far.way.asked();
        let moved = far.crm.calendar().unwrap().move_to(&moving(&visit.id, &slots)).await.unwrap();
        let of_move = far.way.asked().len();
        far.crm.calendar().unwrap().cancel(&moved.id).await.unwrap();
        let of_cancel = far.way.asked().len();
        for trouble in troubles() {
            for at in 0..of_move + of_cancel {
                let what = format!("{kind}: {trouble:?} at call {at} of {of_move}+{of_cancel}");
                let (far, slots) = again(kind).await;
                let calendar = far.crm.calendar().unwrap();
                let visit = calendar.book(&wish("first", &slots[0])).await.unwrap();
                let plan = std::iter::repeat_n(Trouble::None, at).chain([trouble.clone()]);
                far.way.next(&[], plan);
                let request = moving(&visit.id, &slots);
                let moved = until_known(kind, async || calendar.move_to(&request).await).await;
                let moved = moved.unwrap_or_else(|fault| panic!("{what}: {fault}"));
                if at < of_move {
                    let found = visits(&far).await;
                    assert_eq!(found.len(), 1, "{what}: {found:?}");
                    assert_eq!((&found[0].id, found[0].start.timestamp()), (&moved.id, request.start), "{what}");
                    continue;
                }
                let gone = until_known(kind, async || calendar.cancel(&moved.id).await).await;
                gone.unwrap_or_else(|fault| panic!("{what}: {fault}"));
                assert!(visits(&far).await.is_empty(), "{what}");
            }
        }
    }
}

/// In real time: a paused clock runs ahead while the store works, and patience ends.
#[tokio::test]
async fn of_two_processes_that_want_one_slot_one_wins() {
    for (far, slots) in bookable().await {
        let kind = far.row.kind.kind;
        let beside = far.beside();
        let (one, two) = (wish("one", &slots[0]), wish("two", &slots[0]));
        let (first, second) =
            tokio::join!(far.crm.calendar().unwrap().book(&one), beside.calendar().unwrap().book(&two));
        let won = [&first, &second].iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "{kind}: {first:?} {second:?}");
        let lost = first.err().or(second.err()).unwrap();
        assert_eq!(lost.kind, FaultKind::SlotTaken, "{kind}: {lost}");
        assert_eq!(visits(&far).await.len(), 1, "{kind}");
    }
}

/// In real time: a paused clock runs ahead while the store works, and patience ends.
#[tokio::test]
async fn one_key_at_once_from_two_processes_is_one_visit() {
    for (far, slots) in bookable().await {
        let kind = far.row.kind.kind;
        let beside = far.beside();
        let wish = wish("same", &slots[0]);
        let (first, second) =
            tokio::join!(far.crm.calendar().unwrap().book(&wish), beside.calendar().unwrap().book(&wish));
        assert_eq!(first.unwrap().id, second.unwrap().id, "{kind}");
        assert_eq!(visits(&far).await.len(), 1, "{kind}");
    }
}

fn lead(external_id: Option<String>) -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker("ld_1"),
        external_id,
        title: "telegram: Маникюр: Анна".to_owned(),
        name: Some("Анна".to_owned()),
        phone: Some(phone(PHONE)),
        email: None,
        service: Some("Маникюр".to_owned()),
        wanted: Some("в пятницу утром".to_owned()),
        status: LeadStatus::New,
        channel: flow::domain::contact::Channel::Telegram,
        source: None,
        comment: None,
        summary: "Клиент: хочу на маникюр\nflow: На какой день?".to_owned(),
        created_at: super::support::NOW.parse().unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_call_of_a_push_is_lost_one_lead_comes_of_it() {
    let mut tried = 0;
    for row in ROWS {
        let kind = row.kind.kind;
        let far = connect(kind);
        far.seed().await;
        let Some(leads) = far.crm.leads() else { continue };
        let pushed = match leads.push(&lead(None)).await {
            Err(fault) if fault.kind == FaultKind::Unsupported => continue,
            other => other.unwrap_or_else(|fault| panic!("{kind}: {fault}")),
        };
        tried += 1;
        let calls = far.way.asked().len();
        let same = leads.push(&lead(None)).await.unwrap();
        assert_eq!(same.external_id, pushed.external_id, "{kind}: found by its mark");
        let same = leads.push(&lead(Some(pushed.external_id.clone()))).await.unwrap();
        assert_eq!(same.external_id, pushed.external_id, "{kind}");
        for trouble in troubles() {
            for at in 0..calls {
                let what = format!("{kind}: {trouble:?} at call {at} of {calls}");
                let far = connect(kind);
                far.seed().await;
                far.way.next(&[], std::iter::repeat_n(Trouble::None, at).chain([trouble.clone()]));
                let leads = far.crm.leads().unwrap();
                let pushed = until_known(kind, async || leads.push(&lead(None)).await).await;
                let pushed = pushed.unwrap_or_else(|fault| panic!("{what}: {fault}"));
                assert_eq!(leads.push(&lead(None)).await.unwrap().external_id, pushed.external_id, "{what}");
            }
        }
    }
    assert!(tried >= 3, "{tried} kinds keep leads");
}

/// Reads something over the wire.
async fn read(far: &Far) -> Result<usize, Fault> {
    if let Some(clients) = far.crm.clients() {
        return clients.find_by_phone(&phone("+79161112233")).await.map(|found| found.len());
    }
    far.crm.catalogue().unwrap().services(true).await.map(|services| services.len())
}

/// Kinds that answer something over the wire without a booking.
async fn readable() -> Vec<Far> {
    let mut found = Vec::new();
    for row in ROWS {
        let far = connect(row.kind.kind);
        far.seed().await;
        if read(&far).await.is_ok() && !far.way.asked().is_empty() {
            found.push(far);
        }
    }
    assert!(found.len() >= 5, "{} kinds can be read", found.len());
    found
}

#[tokio::test(start_paused = true)]
async fn answers_that_make_no_sense_are_told_as_such_and_show_nobodys_data() {
    for far in readable().await {
        let kind = far.row.kind.kind;
        let html = "<html><body>Technical works, +7 916 123-45-67, token abcdef0123456789abcdef</body></html>";
        far.way.next(&[], std::iter::repeat_n(Trouble::Answers(200, html.to_owned()), 9));
        let fault = read(&far).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Protocol, "{kind}: {fault}");
        for hidden in ["123-45-67", "abcdef0123456789abcdef"] {
            assert!(!fault.detail.contains(hidden), "{kind}: {fault}");
        }
        far.way.next(&[], std::iter::repeat_n(Trouble::Answers(401, "{}".to_owned()), 9));
        let fault = read(&far).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Unauthorized), "{kind}: {fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_a_limit_a_cut_answer_and_a_lost_connection() {
    for far in readable().await {
        let kind = far.row.kind.kind;
        for trouble in
            [Trouble::Refused, Trouble::Dropped, Trouble::Cut, Trouble::Silent, Trouble::Answers(429, String::new())]
        {
            far.way.next(&[], [trouble.clone()]);
            let mut outcome = read(&far).await;
            if let Err(Fault { kind: FaultKind::RateLimited, retry_after: Some(wait), .. }) = outcome {
                // A vendor that wants a minute gets it from whoever asks again.
                tokio::time::sleep(wait).await;
                outcome = read(&far).await;
            }
            assert!(outcome.is_ok(), "{kind}: {trouble:?}: {outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_nobody_has_is_nobody() {
    for far in readable().await {
        let kind = far.row.kind.kind;
        if let Some(clients) = far.crm.clients() {
            assert_eq!(clients.find_by_phone(&phone("+79990001122")).await.unwrap(), [], "{kind}");
            let found = clients.find_by_phone(&phone("8 (916) 111-22-33")).await.unwrap();
            let phones: Vec<_> = found.iter().filter_map(|client| client.phone.clone()).collect();
            assert!(phones.iter().all(|known| known.as_str() == "+79161112233"), "{kind}: {found:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_sample_connects_and_every_check_is_well() {
    for row in ROWS {
        let far = connect(row.kind.kind);
        far.seed().await;
        let probe = far.crm.probe().await.unwrap_or_else(|fault| panic!("{}: {fault}", row.kind.kind));
        let bad: Vec<_> = probe.checks.iter().filter(|check| !check.ok).collect();
        assert!(bad.is_empty() && !probe.checks.is_empty(), "{}: {bad:?}", row.kind.kind);
        assert!(!probe.account.is_empty(), "{}", row.kind.kind);
    }
}
