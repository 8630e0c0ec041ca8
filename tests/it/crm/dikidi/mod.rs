//! DIKIDI: the link alone, and the bridge with a stand-in of its other side.

mod contract;
mod hooks;

use std::sync::{Arc, Mutex};

use flow::adapters::crm::dikidi::stand_in::{Middleware, SECRET};
use flow::adapters::crm::row;
use flow::adapters::http::far::InProcess;
use flow::adapters::http::faulty::Trouble;
use flow::domain::clock::Clock;
use flow::domain::contact::Channel;
use flow::domain::crm::{
    About, AppointmentQuery, AppointmentStatus, BookRequest, HookCall, HookRefusal, LeadToPush, MoveRequest, NewClient,
    marker,
};
use flow::domain::fault::FaultKind;
use flow::domain::lead::LeadStatus;
use flow::domain::signing::{hex, hmac_sha256};
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::crm::support::{Far, NOW, PausedClock, before, phone, request};

async fn salon(settings: impl FnOnce(&mut Value)) -> (Far, Arc<Mutex<Middleware>>) {
    let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
    let other = Arc::new(Mutex::new(Middleware::default()));
    let far = InProcess::new(Arc::clone(&other), Arc::clone(&clock));
    let far = before(row("dikidi").unwrap(), Arc::new(far), clock, settings);
    far.seed().await;
    (far, other)
}

async fn bridge() -> (Far, Arc<Mutex<Middleware>>) {
    salon(|_| {}).await
}

async fn wanted(far: &Far, key: &str) -> BookRequest {
    let profile = far.store.profile().await.unwrap().unwrap();
    let employee = profile.employees.iter().find(|e| e.services.iter().any(|s| s == "haircut-women")).unwrap();
    request(key, "haircut-women", Some(&employee.id), "2026-03-11T09:00:00Z".parse().unwrap())
}

fn signed(far: &Far, id: &str, body: &Value) -> HookCall {
    signed_at(far.clock.now().as_second(), far.clock.now().as_second(), id, body)
}

fn signed_at(t: i64, now: i64, id: &str, body: &Value) -> HookCall {
    let body = body.to_string().into_bytes();
    let message = [format!("{t}.{id}.").as_bytes(), &body].concat();
    let mac = hex(&hmac_sha256(SECRET.as_bytes(), &message));
    let headers =
        [("x-flow-event-id", id.to_owned()), ("x-flow-signature", format!("t={t},v1={},v1={mac}", "0".repeat(64)))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    HookCall { headers, body, now, ..HookCall::default() }
}

/// An event as it is taken by the route: read, admitted, applied.
async fn tell(far: &Far, id: &str, kind: &str, at: &str, data: Value) -> Result<bool, HookRefusal> {
    let call = signed(far, id, &json!({"v": 1, "event_id": id, "type": kind, "occurred_at": at, "data": data}));
    let hooks = far.raw.hooks().unwrap();
    let events = hooks.read(&call)?;
    let is_new = hooks.admit(&call).await?;
    if is_new {
        hooks.apply(&call, &events).await.unwrap();
    }
    Ok(is_new)
}

fn everything() -> AppointmentQuery {
    AppointmentQuery { all: true, ..AppointmentQuery::default() }
}

#[tokio::test(start_paused = true)]
async fn without_a_bridge_clients_are_sent_to_the_link() {
    let (far, _) = salon(|settings| *settings = json!({"booking_url": "https://dikidi.net/123456"})).await;
    let probe = far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().all(|check| check.ok), "{probe:?}");
    assert!(!far.crm.catalogue().unwrap().services(false).await.unwrap().is_empty(), "services of the profile");
    let calendar = far.crm.calendar().unwrap();
    let fault = calendar.free_slots(&far.wanted("haircut-women", date(2026, 3, 11))).await.unwrap_err();
    assert!(fault.kind == FaultKind::Unsupported && fault.detail.contains("https://dikidi.net/123456"), "{fault}");
    let fault = calendar.book(&wanted(&far, "k").await).await.unwrap_err();
    assert!(fault.kind == FaultKind::Unsupported && fault.detail.contains("https://dikidi.net/123456"), "{fault}");
    assert!(far.crm.leads().is_none() && far.crm.hooks().is_none());
    assert!(far.crm.instead().unwrap().contains("https://dikidi.net/123456"));
    assert!(far.way.asked().is_empty(), "nobody is called");
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_a_request_that_the_salon_confirms() {
    let (far, other) = bridge().await;
    let probe = far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().all(|check| check.ok), "{probe:#?}");
    assert!(probe.checks.iter().any(|check| check.detail.contains("curl -X POST")), "{probe:#?}");
    let calendar = far.crm.calendar().unwrap();
    let slots = calendar.free_slots(&far.wanted("haircut-women", date(2026, 3, 11))).await.unwrap();
    assert_eq!(slots.len(), 19);
    let wanted = wanted(&far, "k1").await;
    let booked = calendar.book(&wanted).await.unwrap();
    assert!(booked.status == AppointmentStatus::Requested && booked.id.starts_with("rq_"), "{booked:?}");
    let again = calendar.book(&wanted).await.unwrap();
    assert_eq!((again.id.as_str(), again.status), (booked.id.as_str(), AppointmentStatus::Requested));
    let other_time = BookRequest { start: wanted.start + 1.hour(), ..wanted.clone() };
    assert_eq!(calendar.book(&other_time).await.unwrap_err().kind, FaultKind::KeyReused);
    {
        let other = other.lock().unwrap();
        let [event] = other.of_kind("appointment.requested")[..] else { panic!("one request") };
        let data = &event["data"];
        assert_eq!((&event["source"], &event["connection"]), (&json!("flow"), &json!("dikidi")));
        assert_eq!(
            (&data["request_id"], &data["kind"], &data["duration_min"]),
            (&json!(booked.id), &json!("create"), &json!(60))
        );
        assert_eq!((&data["start"], &data["timezone"]), (&json!("2026-03-11T12:00:00+03:00"), &json!("Europe/Moscow")));
        assert_eq!(
            (&data["client"]["phone"], &data["services"][0]["price"]),
            (&json!("+79161234567"), &json!("2500.00"))
        );
        assert_eq!(data["comment"], "первый визит");
        assert!(data["expires_at"].as_str().unwrap().starts_with("2026-03-10T14:0"), "four hours: {data}");
        let text = data["text_for_operator"].as_str().unwrap();
        assert!(text.starts_with("Новая заявка: ср 11 марта 12:00, Женская стрижка"), "{text}");
    }
    let rival = BookRequest { key: "k2".to_owned(), phone: phone("+79160000001"), ..wanted.clone() };
    assert_eq!(calendar.book(&rival).await.unwrap_err().kind, FaultKind::SlotTaken, "what is asked for is not offered");

    let visit = json!({"ext_id": 558_812, "request_id": booked.id, "status": "booked", "start": "2026-03-11 12:00:00",
        "duration_min": "60", "client_name": "Анна", "client_phone": "8 916 123-45-67",
        "services": [{"ext_id": "s-31", "name": "Стрижка"}], "employee": {"ext_id": "m-5", "name": "Ольга"}});
    assert_eq!(tell(&far, "e-1", "appointment.created", "2026-03-10T10:30:00+03:00", visit).await, Ok(true));
    let query = AppointmentQuery { phone: Some(phone("+79161234567")), ..AppointmentQuery::default() };
    let listed = calendar.appointments(&query).await.unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((listed[0].id.as_str(), listed[0].status), ("558812", AppointmentStatus::Booked));
    for id in [booked.id.as_str(), "558812"] {
        assert_eq!(calendar.appointment(id).await.unwrap().unwrap().status, AppointmentStatus::Booked);
    }
    let found = far.crm.clients().unwrap().find_by_phone(&phone("+79161234567")).await.unwrap();
    assert_eq!(found[0].name.as_deref(), Some("Анна"), "whoever came is known");

    let start = "2026-03-12T08:00:00Z".parse().unwrap();
    let moving = MoveRequest { key: "m".to_owned(), id: "558812".to_owned(), start, employee_id: None };
    let moved = calendar.move_to(&moving).await.unwrap();
    assert_eq!((moved.id.as_str(), moved.status), ("558812", AppointmentStatus::Requested));
    let listed = calendar.appointments(&query).await.unwrap();
    assert_eq!((listed[0].start.timestamp() == wanted.start, listed[0].status), (true, AppointmentStatus::Requested));
    let wish = other.lock().unwrap().of_kind("appointment.reschedule_requested")[0]["data"]["request_id"].clone();
    let told = json!({"request_id": wish, "result": "confirmed", "ext_id": "558812"});
    tell(&far, "e-2", "appointment.request_resolved", "2026-03-10T10:40:00+03:00", told).await.unwrap();
    assert_eq!(calendar.appointment("558812").await.unwrap().unwrap().start.timestamp(), start);

    for _ in 0..2 {
        assert_eq!(calendar.cancel("558812").await.unwrap().status, AppointmentStatus::Requested);
    }
    assert_eq!(other.lock().unwrap().of_kind("appointment.cancel_requested").len(), 1);
    let gone = json!({"ext_id": "558812", "reason": "client"});
    tell(&far, "e-3", "appointment.canceled", "2026-03-10T10:50:00+03:00", gone).await.unwrap();
    for _ in 0..2 {
        assert_eq!(calendar.cancel("558812").await.unwrap().status, AppointmentStatus::Cancelled);
    }
    assert!(calendar.appointments(&query).await.unwrap().is_empty());
    assert_eq!(calendar.cancel("nobody").await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_is_replaced_or_taken_back() {
    let (far, other) = bridge().await;
    let calendar = far.crm.calendar().unwrap();
    let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
    let start: Timestamp = "2026-03-11T11:00:00Z".parse().unwrap();
    let moving = MoveRequest { key: "m".to_owned(), id: booked.id.clone(), start, employee_id: None };
    far.way.next(&["withdraw"], vec![Trouble::AppliedThenDropped; 4]);
    assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    far.way.next(&[], []);
    let moved = calendar.move_to(&moving).await.unwrap();
    assert!(moved.id != booked.id && moved.start.timestamp() == start, "{moved:?}");
    assert_eq!(other.lock().unwrap().of_kind("appointment.requested").len(), 2);
    assert_eq!(other.lock().unwrap().of_kind("appointment.request_withdrawn").len(), 1);
    for _ in 0..2 {
        assert_eq!(calendar.cancel(&moved.id).await.unwrap().status, AppointmentStatus::Cancelled);
    }
    assert_eq!(other.lock().unwrap().of_kind("appointment.request_withdrawn").len(), 2);
    assert!(calendar.appointments(&AppointmentQuery::default()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_decides_ends() {
    let (far, _) = bridge().await;
    let calendar = far.crm.calendar().unwrap();
    let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(4 * 3600 + 1)).await;
    assert_eq!(calendar.appointment(&booked.id).await.unwrap().unwrap().status, AppointmentStatus::Cancelled);
    // Late is better than never.
    let told = json!({"request_id": booked.id, "result": "confirmed", "ext_id": "dk-1"});
    tell(&far, "e", "appointment.request_resolved", "2026-03-10T15:00:00+03:00", told).await.unwrap();
    assert_eq!(calendar.appointment(&booked.id).await.unwrap().unwrap().status, AppointmentStatus::Booked);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_one_event_under_one_id() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::AppliedThen(502), Trouble::Silent, Trouble::Refused] {
        let (far, other) = bridge().await;
        let calendar = far.crm.calendar().unwrap();
        let wanted = wanted(&far, "k1").await;
        far.way.next(&["book"], vec![trouble.clone(); 4]);
        let fault = calendar.book(&wanted).await.unwrap_err();
        let kind = if trouble == Trouble::Refused { FaultKind::Unreachable } else { FaultKind::UnknownOutcome };
        assert_eq!(fault.kind, kind, "{trouble:?}");
        far.way.next(&[], []);
        tokio::time::sleep(std::time::Duration::from_secs(11)).await;
        let booked = calendar.book(&wanted).await.unwrap();
        assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
        let other = other.lock().unwrap();
        assert_eq!(other.events.len(), 1, "{trouble:?}");
        assert!(other.heard.iter().all(|id| other.events.contains_key(id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_that_decides_at_once_is_heard() {
    let (far, other) = bridge().await;
    other.lock().unwrap().replies = Some(json!({"result": "confirmed", "ext_id": "dk-9"}));
    let calendar = far.crm.calendar().unwrap();
    let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
    assert_eq!((booked.id.as_str(), booked.status), ("dk-9", AppointmentStatus::Booked));
    assert_eq!(calendar.cancel("dk-9").await.unwrap().status, AppointmentStatus::Cancelled);
    other.lock().unwrap().replies = Some(json!({"result": "rejected", "reason": "no_time"}));
    let fault = calendar.book(&wanted(&far, "k2").await).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::SlotTaken, "{fault}");
}

fn lead() -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker("ld_1"),
        external_id: None,
        title: "Стрижка".to_owned(),
        name: Some("Анна".to_owned()),
        phone: Some(phone("+79161502239")),
        email: None,
        service: Some("Стрижка".to_owned()),
        wanted: Some("пт утром".to_owned()),
        status: LeadStatus::New,
        channel: Channel::Telegram,
        source: None,
        comment: None,
        summary: "Хочет стрижку.".to_owned(),
        created_at: NOW.parse().unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_and_a_note_are_told_once_for_each_of_their_words() {
    let (far, other) = bridge().await;
    let leads = far.crm.leads().unwrap();
    far.way.next(&["lead"], vec![Trouble::AppliedThenDropped; 4]);
    assert_eq!(leads.push(&lead()).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    far.way.next(&[], []);
    for _ in 0..3 {
        assert_eq!(leads.push(&lead()).await.unwrap().external_id, "ld_1");
    }
    let more = LeadToPush { summary: "Передумала.".to_owned(), ..lead() };
    leads.push(&more).await.unwrap();
    leads.push(&more).await.unwrap();
    for _ in 0..2 {
        far.crm.notes().unwrap().note(&About::Lead("ld_1".to_owned()), "Любит чай", &marker("n")).await.unwrap();
        let client = NewClient { name: Some("Анна".to_owned()), phone: phone("+79161502239"), email: None };
        far.crm.client_cards().unwrap().ensure(&client).await.unwrap();
    }
    let other = other.lock().unwrap();
    let count = |kind: &str| other.of_kind(kind).len();
    assert_eq!(["lead.created", "lead.updated", "note.added", "client.upsert_requested"].map(count), [1, 1, 1, 1]);
    assert_eq!(other.of_kind("lead.updated")[0]["data"]["revision"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_bridge_that_refuses_or_is_closed_says_so() {
    let (far, other) = bridge().await;
    other.lock().unwrap().refuses = true;
    let probe = far.crm.probe().await.unwrap();
    let failed = probe.checks.iter().find(|check| !check.ok).unwrap();
    assert!(failed.name == "bridge out" && failed.detail.contains("bridge_secret"), "{failed:?}");
    let raw = far.raw.calendar().unwrap();
    assert_eq!(raw.book(&wanted(&far, "k0").await).await.unwrap_err().kind, FaultKind::Rejected);
    other.lock().unwrap().refuses = false;
    other.lock().unwrap().is_gone = true;
    let wanted = BookRequest { start: "2026-03-11T12:00:00Z".parse().unwrap(), ..wanted(&far, "k1").await };
    assert_eq!(raw.book(&wanted).await.unwrap_err().kind, FaultKind::Unsupported);
    far.way.asked();
    assert_eq!(raw.book(&wanted).await.unwrap_err().kind, FaultKind::Unsupported);
    assert!(far.way.asked().is_empty(), "a closed bridge is not asked again");
    other.lock().unwrap().is_gone = false;
    far.crm.probe().await.unwrap();
    assert_eq!(raw.book(&wanted).await.unwrap().status, AppointmentStatus::Requested, "a ping that works opens it");

    let (far, _) = salon(|settings| settings["bridge_secret"] = json!("another-secret-of-the-bridge")).await;
    assert_eq!(far.crm.probe().await.unwrap_err().kind, FaultKind::Unauthorized);

    let (far, _) = bridge().await;
    far.way.next(&["query"], vec![Trouble::Answers(200, "<html>hello</html>".to_owned()); 2]);
    let asked = far.wanted("haircut-women", date(2026, 3, 11));
    assert_eq!(far.crm.calendar().unwrap().free_slots(&asked).await.unwrap_err().kind, FaultKind::Protocol);
    far.way.next(&["query"], [Trouble::Answers(429, String::new()), Trouble::Cut]);
    far.crm.calendar().unwrap().free_slots(&asked).await.ok();
    far.way.next(&["query"], [Trouble::Answers(200, "{\"slots\":[]}".to_owned())]);
    assert!(far.crm.calendar().unwrap().free_slots(&asked).await.unwrap().is_empty());
}

#[test]
fn settings_that_cannot_be_are_told() {
    let open = |settings: Value| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (far, _) = bridge().await;
            (far.row.open)(far.wiring.clone(), settings).err()
        })
    };
    for (settings, told) in [
        (json!({}), "booking_url"),
        (json!({"bridge_url": "https://x.example/in"}), "bridge_secret"),
        (json!({"booking_url": "http://dikidi.net/1"}), "https"),
        (json!({"booking_url": "https://dikidi.net/1", "colour": 1}), "colour"),
    ] {
        assert!(open(settings.clone()).unwrap().contains(told), "{settings}");
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let names = "ext_id|name|type|data|start|end|duration_min|client|client_phone|services|employees|slots|price_min|complete|status|result|request_id|occurred_at|valid_until";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-zа-я:+. -]{0,25}".prop_map(Value::from),
        Just(json!("2026-03-11T12:00:00+03:00")),
        Just(json!("confirmed")),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(names, inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_event_breaks_a_reader(value in anything()) {
        (row("dikidi").unwrap().read_all)(&value);
    }
}
