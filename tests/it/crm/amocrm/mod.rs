//! amoCRM before its stand-in: what flow writes there, once, whatever happens to the calls.

mod access;
mod lost;
mod rules;

use std::sync::{Arc, Mutex};

use flow::adapters::crm::amocrm::stand_in::Account;
use flow::adapters::crm::row;
use flow::adapters::http::far::InProcess;
use flow::adapters::http::faulty::Trouble;
use flow::domain::clock::Clock;
use flow::domain::contact::Channel;
use flow::domain::crm::{
    About, AppointmentQuery, AppointmentStatus, BookRequest, LeadToPush, MoveRequest, NewClient, marker,
};
use flow::domain::fault::FaultKind;
use flow::domain::lead::LeadStatus;
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::crm::support::{Far, NOW, PausedClock, before, phone, request};

/// A connection and the account behind it.
async fn account(change: impl FnOnce(&mut Account), settings: impl FnOnce(&mut Value)) -> (Far, Arc<Mutex<Account>>) {
    let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
    let mut account = Account::default();
    change(&mut account);
    let account = Arc::new(Mutex::new(account));
    let far = InProcess::new(Arc::clone(&account), Arc::clone(&clock));
    let far = before(row("amocrm").unwrap(), Arc::new(far), clock, settings);
    far.seed().await;
    (far, account)
}

async fn plain() -> (Far, Arc<Mutex<Account>>) {
    account(|_| {}, |_| {}).await
}

/// The first free time of tomorrow.
async fn wanted(far: &Far, key: &str) -> BookRequest {
    let day = date(2026, 3, 11);
    let free = far.crm.calendar().unwrap().free_slots(&far.wanted("haircut-women", day)).await.unwrap();
    let slot = &free[0];
    request(key, "haircut-women", slot.employee_id.as_deref(), slot.start.timestamp())
}

fn lead() -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker("ld_1"),
        external_id: None,
        title: "Женская стрижка".to_owned(),
        name: Some("Ирина".to_owned()),
        phone: Some(phone("+79165550101")),
        email: None,
        service: Some("Женская стрижка".to_owned()),
        wanted: Some("пятница утром".to_owned()),
        status: LeadStatus::New,
        channel: Channel::Telegram,
        source: None,
        comment: None,
        summary: "Хочет стрижку в пятницу утром.".to_owned(),
        created_at: NOW.parse().unwrap(),
    }
}

fn fields() -> Vec<Value> {
    vec![
        json!({"id": 5001, "name": "Начало визита", "type": "date_time", "code": null, "enums": null}),
        json!({"id": 5002, "name": "Длительность, мин", "type": "numeric", "enums": null}),
        json!({"id": 5004, "name": "flow id", "type": "text", "enums": null}),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_one_lead_with_one_task_from_booking_to_cancelling() {
    let (far, account) = account(|account| account.fields = fields(), |_| {}).await;
    let probe = far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().all(|check| check.ok), "{:#?}", probe.checks);
    assert_eq!(probe.account, "Салон «Ромашка»");
    assert!(!far.crm.catalogue().unwrap().services(false).await.unwrap().is_empty());
    assert!(!far.crm.catalogue().unwrap().staff(Some("haircut-women")).await.unwrap().is_empty());

    let calendar = far.crm.calendar().unwrap();
    let wanted = wanted(&far, "k1").await;
    let booked = calendar.book(&wanted).await.unwrap();
    assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
    let other = BookRequest { start: wanted.start + 1.hour(), ..wanted.clone() };
    assert_eq!(calendar.book(&other).await.unwrap_err().kind, FaultKind::KeyReused);
    let rival = BookRequest { key: "k2".to_owned(), ..wanted.clone() };
    assert_eq!(calendar.book(&rival).await.unwrap_err().kind, FaultKind::SlotTaken);
    {
        let account = account.lock().unwrap();
        assert_eq!((account.leads.len(), account.tasks.len(), account.contacts.len()), (1, 1, 2));
        let id = account.leads[0]["id"].as_i64().unwrap();
        assert_eq!(id.to_string(), booked.id);
        assert_eq!(account.tasks[0]["complete_till"], wanted.start.as_second());
        assert!(account.texts("leads", id)[0].contains("первый визит"));
        let mark = json!([{"value": wanted.marker()}]);
        let values = account.leads[0]["custom_fields_values"].as_array().unwrap();
        assert!(values.iter().any(|field| field["values"] == mark), "{values:?}");
    }
    let later = wanted.start + 3.hours();
    let moving = MoveRequest { key: "m1".to_owned(), id: booked.id.clone(), start: later, employee_id: None };
    let moved = calendar.move_to(&moving).await.unwrap();
    assert_eq!((moved.id.as_str(), moved.start.timestamp()), (booked.id.as_str(), later));
    far.way.asked();
    calendar.move_to(&moving).await.unwrap();
    let writes = ["update_lead", "update_task", "create_note", "create_task"];
    assert!(!far.way.asked().iter().any(|asked| writes.contains(asked)), "moving again writes nothing");
    assert_eq!(account.lock().unwrap().tasks[0]["complete_till"], later.as_second());
    let records = far.raw.records().unwrap();
    assert_eq!(records.read(&booked.id).await.unwrap().unwrap().start, Some(later));

    assert_eq!(calendar.cancel(&booked.id).await.unwrap().status, AppointmentStatus::Cancelled);
    assert_eq!(calendar.cancel(&booked.id).await.unwrap().status, AppointmentStatus::Cancelled);
    let account = account.lock().unwrap();
    assert_eq!((&account.leads[0]["status_id"], &account.tasks[0]["is_completed"]), (&json!(143), &json!(true)));
    assert_eq!((account.leads.len(), account.tasks.len(), account.notes.len()), (1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_want_one_time_make_one_visit() {
    let (far, account) = plain().await;
    let beside = far.beside();
    let one = wanted(&far, "k1").await;
    let other = BookRequest { key: "k2".to_owned(), ..one.clone() };
    let (a, b) = tokio::join!(far.crm.calendar().unwrap().book(&one), beside.calendar().unwrap().book(&other));
    let kinds: Vec<FaultKind> = [a, b].into_iter().filter_map(Result::err).map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::SlotTaken]);
    assert_eq!(account.lock().unwrap().leads.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_found_by_phone_and_nobody_else_with_the_same_digits() {
    let (far, _) = account(
        |account| {
            account.contacts.push(
                json!({"id": 5, "name": "Чужой", "updated_at": 1_790_000_000, "custom_fields_values":
                [{"field_code": "PHONE", "values": [{"value": "+79990001122"}]},
                 {"field_id": 9, "values": [{"value": "9161112233"}]}]}),
            );
            account
                .contacts
                .push(json!({"id": 6, "name": "Мария И.", "updated_at": 1_780_000_000, "custom_fields_values":
                [{"field_code": "PHONE", "values": [{"value": "+7 916 111-22-33"}]}]}));
            account.is_odd = true;
        },
        |_| {},
    )
    .await;
    let clients = far.crm.clients().unwrap();
    for form in ["8 (916) 111-22-33", "+79161112233", "9161112233"] {
        let found = clients.find_by_phone(&phone(form)).await.unwrap();
        let ids: Vec<Option<&str>> = found.iter().map(|client| client.id.as_deref()).collect();
        assert_eq!(ids, [Some("6"), Some("40401635")], "the latest changed first");
    }
    assert!(clients.find_by_phone(&phone("+79160000000")).await.unwrap().is_empty(), "a 204 is nobody");
}

#[tokio::test(start_paused = true)]
async fn a_card_is_made_once_and_keeps_what_is_in_it() {
    let (far, account) = plain().await;
    let cards = far.crm.client_cards().unwrap();
    let client = NewClient { name: Some("Мария".to_owned()), phone: phone("+79161112233"), email: None };
    let known = cards.ensure(&client).await.unwrap();
    assert_eq!(known.name.as_deref(), Some("Мария Иванова"), "a card that is there is not changed");
    let other = NewClient { phone: phone("+79160000001"), email: Some("m@example.ru".to_owned()), ..client };
    cards.update(known.id.as_deref().unwrap(), &other).await.unwrap();
    let made = cards.ensure(&NewClient { phone: phone("+79160000002"), ..other.clone() }).await.unwrap();
    assert_eq!(cards.ensure(&NewClient { phone: phone("+79160000002"), ..other }).await.unwrap().id, made.id);
    let account = account.lock().unwrap();
    assert_eq!(account.contacts.len(), 2);
    let phones =
        account.contacts[0]["custom_fields_values"].as_array().unwrap().iter().find(|f| f["field_code"] == "PHONE");
    assert_eq!(phones.unwrap()["values"].as_array().unwrap().len(), 2, "the old phone stays");
}

#[tokio::test(start_paused = true)]
async fn a_lead_is_one_object_however_often_it_is_pushed() {
    for is_odd in [false, true] {
        let (far, account) = account(|account| account.is_odd = is_odd, |_| {}).await;
        let leads = far.crm.leads().unwrap();
        far.way.next(&["create_lead_complex"], [Trouble::AppliedThenDropped]);
        assert_eq!(leads.push(&lead()).await.unwrap_err().kind, FaultKind::UnknownOutcome);
        let pushed = leads.push(&lead()).await.unwrap();
        assert_eq!(
            pushed.url.as_deref(),
            Some(format!("http://127.0.0.1:9/leads/detail/{}", pushed.external_id).as_str())
        );
        let more = LeadToPush {
            external_id: Some(pushed.external_id.clone()),
            summary: "Передумала, хочет в субботу.".to_owned(),
            ..lead()
        };
        assert_eq!(leads.push(&more).await.unwrap(), pushed);
        assert_eq!(leads.push(&more).await.unwrap(), pushed);
        let account = account.lock().unwrap();
        assert_eq!((account.leads.len(), account.contacts.len()), (1, 2));
        let id = account.leads[0]["id"].as_i64().unwrap();
        assert_eq!(account.texts("leads", id).len(), 2, "each summary once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_and_a_task_are_written_once() {
    let (far, account) = plain().await;
    let notes = far.crm.notes().unwrap();
    let about = About::Client("40401635".to_owned());
    let due = far.clock.now().to_zoned(jiff::tz::TimeZone::UTC);
    for _ in 0..2 {
        notes.note(&about, "Любит чай", &marker("n")).await.unwrap();
        notes.task(&about, "Перезвонить", &due, &marker("t")).await.unwrap();
    }
    let account = account.lock().unwrap();
    assert_eq!((account.texts("contacts", 40_401_635).len(), account.tasks.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_masters_own_tasks_take_their_time() {
    let start = "2026-03-11T08:00:00Z".parse::<jiff::Timestamp>().unwrap();
    let (far, _) = plain().await;
    let profile = far.store.profile().await.unwrap().unwrap();
    let employee = profile.employees.iter().find(|e| e.services.iter().any(|s| s == "haircut-women")).unwrap();
    let (far, _) = account(
        |account| {
            for (id, at, kind) in [(1, start, 2), (2, start + 2.hours(), 1)] {
                account
                    .tasks
                    .push(json!({"id": id, "task_type_id": kind, "text": "Личное", "responsible_user_id": 101,
                    "entity_id": 0, "complete_till": at.as_second(), "duration": 3600, "is_completed": false}));
            }
        },
        |settings| settings["users"] = json!({employee.id.clone(): 101}),
    )
    .await;
    let query = flow::domain::crm::SlotQuery {
        employee_id: Some(employee.id.clone()),
        ..far.wanted("haircut-women", date(2026, 3, 11))
    };
    let free = far.crm.calendar().unwrap().free_slots(&query).await.unwrap();
    let is_free = |at: jiff::Timestamp| free.iter().any(|slot| slot.start.timestamp() == at);
    assert!(!free.is_empty() && !is_free(start) && is_free(start + 2.hours()), "a call is no visit");
}

#[tokio::test(start_paused = true)]
async fn nobody_has_no_appointments() {
    let (far, _) = plain().await;
    let query = AppointmentQuery { phone: Some(phone("+79160000009")), ..AppointmentQuery::default() };
    assert!(far.crm.calendar().unwrap().appointments(&query).await.unwrap().is_empty());
}

fn anything() -> impl Strategy<Value = Value> {
    let names = "id|name|_embedded|contacts|leads|tasks|notes|users|custom_fields_values|values|value|enums|rights|_links|next|href|complete_till";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-zа-я\\[\\]=&.+ -]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(names, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_breaks_a_reader(value in anything()) {
        (row("amocrm").unwrap().read_all)(&value);
    }
}
