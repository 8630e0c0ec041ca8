//! The vendor's rules: what is not written twice, how fast it may be asked, and whose calls are believed.

use std::time::Duration;

use flow::adapters::crm::amocrm::stand_in::CLIENT;
use flow::domain::crm::{HookCall, HookRefusal};
use tokio::time::Instant;

use super::*;

fn count(asked: &[&'static str], operation: &str) -> usize {
    asked.iter().filter(|known| **known == operation).count()
}

#[tokio::test(start_paused = true)]
async fn no_write_is_repeated_before_it_was_looked_for() {
    for operation in ["update_lead", "update_task"] {
        let (far, _) = plain().await;
        let calendar = far.crm.calendar().unwrap();
        let wanted = wanted(&far, "k1").await;
        let booked = calendar.book(&wanted).await.unwrap();
        let start = wanted.start + 2.hours();
        let moving = MoveRequest { key: "m".to_owned(), id: booked.id.clone(), start, employee_id: None };
        far.way.next(&[operation], [Trouble::AppliedThen(502)]);
        far.way.asked();
        assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome, "{operation}");
        assert_eq!(count(&far.way.asked(), operation), 1, "{operation}");
        calendar.move_to(&moving).await.unwrap();
        assert_eq!(count(&far.way.asked(), operation), 0, "{operation}: it was there");
    }
    let with_list = |settings: &mut Value| settings["catalog_id"] = json!(32_908);
    for lost in ["link", "create_task"] {
        let (far, account) = account(|_| {}, with_list).await;
        let calendar = far.crm.calendar().unwrap();
        let wanted = wanted(&far, "k1").await;
        far.way.next(&[lost], [Trouble::AppliedThen(504)]);
        assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
        calendar.book(&wanted).await.unwrap();
        assert_eq!(account.lock().unwrap().links.len(), 1, "{lost}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_waited_out_halves_the_pace_of_every_process() {
    let (far, _) = plain().await;
    let beside = far.beside();
    let phone = phone("+79161112233");
    let took = async |crm: &dyn flow::domain::crm::Crm| {
        let began = Instant::now();
        for _ in 0..6 {
            crm.clients().unwrap().find_by_phone(&phone).await.unwrap();
        }
        began.elapsed()
    };
    assert!(took(far.crm.as_ref()).await < Duration::from_millis(1300));
    far.way.next(&["contacts"], [Trouble::Answers(429, "{\"retry_after\":1}".to_owned())]);
    far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(took(far.crm.as_ref()).await > Duration::from_millis(1900), "half the pace");
    assert!(took(beside.as_ref()).await > Duration::from_millis(1900), "in another process too");
    tokio::time::sleep(Duration::from_secs(660)).await;
    assert!(took(far.crm.as_ref()).await < Duration::from_millis(1300), "and not for ever");
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_a_ban_hold_for_every_process() {
    let (far, _) = plain().await;
    let beside = far.beside();
    let phone = phone("+79161112233");
    for (said, waits) in [("slow down", Duration::from_secs(60)), ("{\"retry_after\":40}", Duration::from_secs(40))] {
        far.way.next(&["contacts"], [Trouble::Answers(429, said.to_owned())]);
        let fault = far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
        assert_eq!((fault.kind, fault.retry_after), (FaultKind::RateLimited, Some(waits)));
        far.way.asked();
        far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
        assert!(far.way.asked().is_empty(), "nobody asks meanwhile");
        if said == "slow down" {
            tokio::time::sleep(waits).await;
        }
    }
    let fault = beside.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
    assert_eq!((fault.kind, far.way.asked().len()), (FaultKind::RateLimited, 0), "in no process");
    tokio::time::sleep(Duration::from_secs(41)).await;
    beside.clients().unwrap().find_by_phone(&phone).await.unwrap();

    far.way.next(&["contacts"], [Trouble::Answers(403, "<html>nginx</html>".to_owned())]);
    assert_eq!(far.crm.clients().unwrap().find_by_phone(&phone).await.unwrap_err().kind, FaultKind::Forbidden);
    far.way.asked();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let fault = beside.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
    assert!(fault.kind == FaultKind::RateLimited && fault.detail.contains("flow crm test"), "{fault}");
    assert!(far.way.asked().is_empty());
    beside.probe().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(far.crm.clients().unwrap().find_by_phone(&phone).await.is_ok(), "a probe that works ends it");
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_another_account_is_refused_also_where_the_token_names_none() {
    let opaque = |account: &mut Account| account.tokens = vec!["opaque".to_owned()];
    let (far, _) = account(opaque, |settings| settings["access_token"] = json!("opaque")).await;
    let hooks = far.crm.hooks().unwrap();
    hooks.register("https://flow.example/hooks/amocrm/amocrm").await.unwrap();
    let secret = {
        let key = flow::domain::signing::hmac_sha256(b"opaque", b"hook|amocrm");
        flow::domain::signing::hex(&key[..16])
    };
    let call = |account: &str| HookCall {
        rest: vec![secret.clone()],
        body: format!("leads[update][0][id]=77{account}").into_bytes(),
        ..HookCall::default()
    };
    assert!(matches!(hooks.read(&call("")), Err(HookRefusal::Unreadable(_))), "every call names its account");
    let (ours, foreign) = (call("&account[id]=32720107"), call("&account[id]=5"));
    far.way.next(&["account"], vec![Trouble::Silent; 4]);
    assert_eq!(hooks.admit(&ours).await, Err(HookRefusal::Stale), "who we are cannot be asked now");
    far.way.next(&[], []);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(hooks.admit(&foreign).await, Err(HookRefusal::Forged));
    assert_eq!(hooks.admit(&ours).await, Ok(true));
    assert_eq!(hooks.read(&foreign), Err(HookRefusal::Forged), "it is known now");
    far.way.asked();
    let beside = far.beside();
    assert_eq!(beside.hooks().unwrap().admit(&foreign).await, Err(HookRefusal::Forged));
    assert!(far.way.asked().is_empty(), "and kept");
}

#[tokio::test(start_paused = true)]
async fn visits_name_their_contact() {
    let (far, account) = plain().await;
    let calendar = far.crm.calendar().unwrap();
    let wanted = wanted(&far, "k1").await;
    let booked = calendar.book(&wanted).await.unwrap();
    let contact = account.lock().unwrap().contacts.last().unwrap()["id"].to_string();
    far.way.asked();
    let query = AppointmentQuery { phone: Some(wanted.phone.clone()), ..AppointmentQuery::default() };
    let mine = calendar.appointments(&query).await.unwrap();
    assert_eq!(mine[0].client.id.as_deref(), Some(contact.as_str()));
    assert!(far.way.asked().is_empty(), "it was remembered");
    assert_eq!(calendar.cancel(&booked.id).await.unwrap().client.id.as_deref(), Some(contact.as_str()));
    // What was booked before it was remembered is asked for, once.
    far.store.forget_copy("amocrm", "visit", &booked.id).await.unwrap();
    let query = AppointmentQuery { all: true, ..query };
    for asked in [1, 0] {
        far.way.asked();
        assert_eq!(calendar.appointments(&query).await.unwrap()[0].client.id.as_deref(), Some(contact.as_str()));
        assert_eq!(far.way.asked().len(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_contact_is_made_once_however_late_the_search_is() {
    let (far, account) = account(|account| account.indexed_below = Some(1000), |_| {}).await;
    let calendar = far.crm.calendar().unwrap();
    let wanted = wanted(&far, "k1").await;
    far.way.next(&["create_lead"], [Trouble::AppliedThenDropped]);
    assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    tokio::time::sleep(Duration::from_secs(6)).await;
    calendar.book(&wanted).await.unwrap();
    {
        let account = account.lock().unwrap();
        assert_eq!((account.contacts.len(), account.leads.len()), (2, 1), "found through the contact that was made");
        let contact = account.contacts.last().unwrap();
        assert_eq!((&contact["first_name"], &contact["last_name"]), (&json!("Анна"), &json!("Петрова")));
    }
    let gone = account.lock().unwrap().contacts.pop().unwrap();
    assert_eq!(far.crm.clients().unwrap().find_by_phone(&wanted.phone).await.unwrap(), [], "{gone} was merged");
}

#[tokio::test(start_paused = true)]
async fn a_lost_contact_is_looked_for_and_the_booking_goes_on() {
    for trouble in [Trouble::Dropped, Trouble::Answers(502, String::new()), Trouble::AppliedThen(502)] {
        let (far, account) = plain().await;
        let wanted = wanted(&far, "k1").await;
        far.way.next(&["create_contact"], [trouble.clone()]);
        far.crm.calendar().unwrap().book(&wanted).await.unwrap_or_else(|fault| panic!("{trouble:?}: {fault}"));
        let account = account.lock().unwrap();
        assert_eq!((account.contacts.len(), account.leads.len()), (2, 1), "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_is_closed_with_a_reason_where_the_account_wants_one() {
    let reasons = || vec![json!({"id": 900, "name": "Дорого"}), json!({"id": 901, "name": "Отменил клиент"})];
    for (given, reason) in [(None, 901), (Some(900), 900)] {
        let settings = |settings: &mut Value| {
            if let Some(given) = given {
                settings["loss_reason_id"] = json!(given);
            }
        };
        let (far, account) = account(|account| account.loss_reasons = reasons(), settings).await;
        let calendar = far.crm.calendar().unwrap();
        let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
        calendar.cancel(&booked.id).await.unwrap();
        let account = account.lock().unwrap();
        let lead = &account.leads[0];
        assert_eq!((&lead["status_id"], &lead["loss_reason_id"]), (&json!(143), &json!(reason)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_visit_whose_lead_was_deleted_can_be_called_off() {
    let (far, account) = plain().await;
    let calendar = far.crm.calendar().unwrap();
    let wanted = wanted(&far, "k1").await;
    let booked = calendar.book(&wanted).await.unwrap();
    account.lock().unwrap().leads[0]["is_deleted"] = json!(true);
    for _ in 0..2 {
        assert_eq!(calendar.cancel(&booked.id).await.unwrap().status, AppointmentStatus::Cancelled);
    }
    let again = BookRequest { key: "k2".to_owned(), ..wanted };
    calendar.book(&again).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_authorization_that_nobody_uses_is_used_every_week() {
    let (far, account) = account(|account| account.tokens.clear(), super::access::oauth).await;
    for (days, renewals) in [(0, 1), (3, 1), (4, 2), (7, 3)] {
        tokio::time::sleep(Duration::from_secs(days * 86_400)).await;
        assert_eq!(far.crm.read_catalogue().await.unwrap(), None);
        assert_eq!(account.lock().unwrap().renewals, renewals, "after {days} days; {}", CLIENT.0);
    }
}
