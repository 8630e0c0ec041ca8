//! What flow and a CRM tell each other beside a dialogue.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use flow::adapters::http::faulty::Trouble;
use flow::domain::booking::BookingState;
use flow::domain::contact::Channel;
use flow::domain::copies::{Copied, HOOK};
use flow::domain::crm::{Appointment, Crm, LeadToPush, Leads, Probe, Pushed, Visit};
use flow::domain::fault::Fault;
use flow::domain::lead::Lead;
use flow::domain::overlay::CatalogueCopy;
use flow::domain::store::{BookingFilter, Page};
use flow::jobs::crm::{first_reading, hook_job, push_lead, work_on_hook};
use flow::jobs::follow::follow_all;
use serde_json::json;

use super::suite::{bookable, wish};
use super::support::{Far, connect, phone};

/// A CRM that never answers.
struct Silent;

#[async_trait]
impl Crm for Silent {
    fn connection(&self) -> &str {
        "silent"
    }

    fn kind(&self) -> &'static str {
        "silent"
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        std::future::pending().await
    }

    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_does_not_wait_for_a_catalogue_that_does_not_come() {
    let far = connect("yclients");
    let began = tokio::time::Instant::now();
    assert!(!first_reading(far.store.as_ref(), far.clock.as_ref(), &Silent).await);
    assert!(began.elapsed() <= Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(first_reading(far.store.as_ref(), far.clock.as_ref(), far.crm.as_ref()).await);
    far.way.asked();
    assert!(first_reading(far.store.as_ref(), far.clock.as_ref(), far.crm.as_ref()).await);
    assert!(far.way.asked().is_empty(), "what is known is not read again");
}

#[tokio::test(start_paused = true)]
async fn of_a_call_that_was_worked_on_only_its_mark_stays() {
    let far = connect("yclients");
    let (store, now) = (far.store.as_ref(), far.clock.now());
    let body = json!({"body": "phone=+79161234567", "events": []});
    let hook = Copied { id: "e-1".to_owned(), phone: None, body, at: now };
    let jobs = [hook_job("yclients", "e-1", now)];
    assert!(store.keep_hook("yclients", &hook, &jobs, now).await.unwrap());
    work_on_hook(store, far.clock.as_ref(), far.crm.as_ref(), "e-1").await.unwrap();
    assert_eq!(store.copied("yclients", HOOK, "e-1").await.unwrap().unwrap().body, json!({}));
    assert!(!store.keep_hook("yclients", &hook, &jobs, now).await.unwrap(), "the same call again is known");
}

/// What a person does in the CRM itself: the adapter without its ledger.
async fn called_off_there(far: &Far, visit: &Appointment) {
    if let Some(calendar) = far.raw.calendar() {
        calendar.cancel(&visit.id).await.unwrap();
        return;
    }
    let known = Visit {
        key: "there".to_owned(),
        marker: "flow-there".to_owned(),
        service_id: visit.service_id.clone(),
        service_title: visit.service_id.clone(),
        employee_id: visit.employee_id.clone(),
        employee_name: None,
        start: visit.start.clone(),
        end: visit.end.clone(),
        price: None,
        currency: "RUB".to_owned(),
        name: None,
        phone: phone("+79161234567"),
        comment: None,
    };
    far.raw.records().unwrap().cancel(&visit.id, &known).await.unwrap();
}

async fn state_of(far: &Far, id: &str) -> BookingState {
    let filter = BookingFilter { external_id: Some(id.to_owned()), ..BookingFilter::default() };
    let page = Page { limit: 2, after: None, descending: false };
    let rows = far.store.bookings(&filter, &page).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].state
}

#[tokio::test(start_paused = true)]
async fn what_a_person_calls_off_in_the_crm_is_called_off_here() {
    // A few are read one by one, many from a list.
    for many in [2, 12] {
        for (far, slots) in bookable().await {
            let kind = far.row.kind.kind;
            let calendar = far.crm.calendar().unwrap();
            let mut visits: Vec<Appointment> = Vec::new();
            for slot in &slots {
                let is_apart = visits.last().is_none_or(|last| slot.start.timestamp() >= last.end.timestamp());
                if is_apart && visits.len() < many {
                    let key = format!("v-{}", visits.len());
                    let booked = calendar.book(&wish(&key, slot)).await;
                    visits.push(booked.unwrap_or_else(|fault| panic!("{kind}: {fault}")));
                }
            }
            assert!(visits.len() > many / 2, "{kind}: {} visits", visits.len());
            let (store, clock) = (far.store.as_ref(), far.clock.as_ref());
            assert_eq!(follow_all(store, clock, far.crm.as_ref()).await.unwrap(), 0, "{kind}: nothing changed");
            called_off_there(&far, &visits[1]).await;
            tokio::time::sleep(Duration::from_secs(200)).await;
            assert_eq!(follow_all(store, clock, far.crm.as_ref()).await.unwrap(), 1, "{kind}");
            assert_eq!(state_of(&far, &visits[1].id).await, BookingState::Cancelled, "{kind}");
            assert_eq!(state_of(&far, &visits[0].id).await, BookingState::Booked, "{kind}");
            assert_eq!(follow_all(store, clock, far.crm.as_ref()).await.unwrap(), 0, "{kind}: once");
            far.way.next(&[], std::iter::repeat_n(Trouble::Dropped, 200));
            assert_eq!(follow_all(store, clock, far.crm.as_ref()).await.unwrap(), 0, "{kind}: a later look will do");
            assert_eq!(state_of(&far, &visits[0].id).await, BookingState::Booked, "{kind}: silence changes nothing");
        }
    }
}

/// A CRM that only keeps what it was told of leads.
#[derive(Default)]
struct Book(Mutex<Vec<LeadToPush>>);

#[async_trait]
impl Crm for Book {
    fn connection(&self) -> &str {
        "book"
    }

    fn kind(&self) -> &'static str {
        "book"
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        std::future::pending().await
    }

    fn leads(&self) -> Option<&dyn Leads> {
        Some(self)
    }
}

#[async_trait]
impl Leads for Book {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        self.0.lock().unwrap().push(lead.clone());
        Ok(Pushed { external_id: "1".to_owned(), url: None })
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_names_its_service_as_people_call_it() {
    let far = connect("dikidi");
    far.seed().await;
    let (store, clock) = (far.store.as_ref(), far.clock.as_ref());
    let profile = store.profile().await.unwrap().unwrap();
    let known = &profile.services[0];
    let book = Book::default();
    for (service, shown) in [(known.id.as_str(), known.title.as_str()), ("ремонт скрипки", "ремонт скрипки")]
    {
        let lead = Lead { service: Some(service.to_owned()), ..Lead::blank(Channel::Api, clock.now()) };
        let lead = store.create_lead(&lead, false, clock.now(), None).await.unwrap().lead;
        push_lead(store, clock, &book, lead.id).await.unwrap();
        let told = book.0.lock().unwrap().pop().unwrap();
        assert_eq!(told.service.as_deref(), Some(shown));
        assert!(told.title.contains(shown), "{}", told.title);
    }
}
