use flow::domain::contact::Channel;
use flow::domain::id::LeadId;
use flow::domain::lead::{Consent, CrmState, Lead, LeadCrm, LeadPatch, LeadStatus};
use flow::domain::store::{LeadFilter, LeadSort, Page, Store, StoreError};
use jiff::Timestamp;
use serde_json::json;

use super::samples::{at, lead, phone, somebody};

async fn add(store: &dyn Store, lead: Lead) -> Lead {
    let now = lead.created_at;
    let created = store.create_lead(&lead, false, now, None).await.unwrap();
    assert!(!created.duplicate);
    created.lead
}

async fn page_through(store: &dyn Store, sort: LeadSort, mut page: Page) -> Vec<LeadId> {
    let mut seen = Vec::new();
    loop {
        let found = store.leads(&LeadFilter::default(), sort, &page).await.unwrap();
        let Some(last) = found.last() else { return seen };
        assert!(seen.len() < 1000, "paging does not end");
        page.after = Some((moment(last, sort), last.id.to_string()));
        seen.extend(found.into_iter().map(|lead| lead.id));
    }
}

fn moment(lead: &Lead, sort: LeadSort) -> Timestamp {
    match sort {
        LeadSort::Created => lead.created_at,
        LeadSort::Updated => lead.updated_at,
    }
}

fn full() -> Lead {
    Lead {
        name: Some("Анна".to_owned()),
        phone: Some(phone(1)),
        email: Some("anna@example.ru".to_owned()),
        channel: Channel::Telegram,
        source: Some("site".to_owned()),
        service: Some("Стрижка".to_owned()),
        desired_at: Some(at(86_400)),
        desired_text: Some("завтра утром".to_owned()),
        comment: Some("просила перезвонить".to_owned()),
        tags: vec!["vip".to_owned(), "new".to_owned(), "vip".to_owned()],
        assigned_to: Some("olga".to_owned()),
        consent: Some(Consent { personal_data: true, at: Some(at(0)) }),
        crm: LeadCrm {
            provider: Some("yclients".to_owned()),
            external_id: Some("771233".to_owned()),
            url: Some("https://example.ru/771233".to_owned()),
            state: CrmState::Synced,
            last_error: None,
            synced_at: Some(at(5)),
        },
        custom: json!({"utm": "spring"}),
        ..lead(at(0))
    }
}

pub async fn a_lead_reads_back_whole(store: &dyn Store) {
    let (contact, _) = somebody(store).await;
    let made = add(store, Lead { contact_id: Some(contact), ..full() }).await;
    assert_eq!((&made.tags[..], made.contact_id), (&["new".to_owned(), "vip".to_owned()][..], Some(contact)));
    assert_eq!(store.lead(made.id).await.unwrap(), Some(Lead { tags: made.tags.clone(), ..full_like(&made) }));
    assert_eq!(store.lead(LeadId::new(at(9))).await.unwrap(), None);
}

/// The sample with the id that the store answered.
fn full_like(made: &Lead) -> Lead {
    Lead { id: made.id, contact_id: made.contact_id, ..full() }
}

pub async fn an_open_lead_with_the_same_phone_is_the_same_lead(store: &dyn Store) {
    let first =
        Lead { name: Some("Анна".to_owned()), phone: Some(phone(1)), tags: vec!["site".to_owned()], ..lead(at(0)) };
    let first = store.create_lead(&first, true, at(0), None).await.unwrap();
    assert!(!first.duplicate);
    let second = Lead {
        name: Some("Аня".to_owned()),
        phone: Some(phone(1)),
        service: Some("Стрижка".to_owned()),
        tags: vec!["call".to_owned()],
        ..lead(at(60))
    };
    let again = store.create_lead(&second, true, at(60), None).await.unwrap();
    assert!(again.duplicate);
    assert_eq!((again.lead.id, again.lead.version), (first.lead.id, 2));
    assert_eq!((again.lead.name.as_deref(), again.lead.service.as_deref()), (Some("Анна"), Some("Стрижка")));
    assert_eq!(again.lead.tags, ["call", "site"]);
    assert_eq!(store.lead(first.lead.id).await.unwrap(), Some(again.lead.clone()));
    // Nothing new is known: nothing changes.
    let third = store.create_lead(&second, true, at(120), None).await.unwrap();
    assert_eq!(third.lead, again.lead);
    assert_eq!(store.counts().await.unwrap().leads, 1);
}

pub async fn asked_to_make_one_a_second_lead_is_made(store: &dyn Store) {
    add(store, Lead { phone: Some(phone(1)), ..lead(at(0)) }).await;
    add(store, Lead { phone: Some(phone(1)), ..lead(at(1)) }).await;
    // Without a phone nobody is the same.
    assert!(!store.create_lead(&lead(at(2)), true, at(2), None).await.unwrap().duplicate);
    assert!(!store.create_lead(&lead(at(3)), true, at(3), None).await.unwrap().duplicate);
    assert_eq!(store.counts().await.unwrap().leads, 4);
}

pub async fn an_old_or_ended_lead_is_not_the_same_lead(store: &dyn Store) {
    const DAY: i64 = 86_400;
    let with = |number, seconds| Lead { phone: Some(phone(number)), ..lead(at(seconds)) };
    add(store, with(1, 0)).await;
    let inside = store.create_lead(&with(1, 30 * DAY - 1), true, at(30 * DAY - 1), None).await.unwrap();
    assert!(inside.duplicate);
    let after = store.create_lead(&with(1, 30 * DAY), true, at(30 * DAY), None).await.unwrap();
    assert!(!after.duplicate);
    for (number, status) in
        [(2, LeadStatus::Booked), (3, LeadStatus::Won), (4, LeadStatus::Lost), (5, LeadStatus::Spam)]
    {
        add(store, Lead { status, ..with(number, 0) }).await;
        assert!(!store.create_lead(&with(number, 60), true, at(60), None).await.unwrap().duplicate, "{status}");
    }
}

pub async fn a_patch_changes_what_it_names_and_raises_the_version(store: &dyn Store) {
    let made = add(store, full()).await;
    let patch = LeadPatch {
        status: Some(LeadStatus::Qualified),
        name: Some(Some("Анна Петрова".to_owned())),
        comment: Some(None),
        tags: Some(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]),
        ..LeadPatch::default()
    };
    let changed = store.update_lead(made.id, &patch, Some(1), at(60)).await.unwrap();
    let wanted = Lead {
        status: LeadStatus::Qualified,
        name: Some("Анна Петрова".to_owned()),
        comment: None,
        tags: vec!["a".to_owned(), "b".to_owned()],
        updated_at: at(60),
        version: 2,
        ..made
    };
    assert_eq!(changed, wanted);
    assert_eq!(store.lead(changed.id).await.unwrap(), Some(wanted));
    // What `q` finds follows the change.
    let by = |q: &str| LeadFilter { q: Some(q.to_owned()), ..LeadFilter::default() };
    assert_eq!(store.count_leads(&by("петров"), 10).await.unwrap(), 1);
    assert_eq!(store.count_leads(&by("перезвонить"), 10).await.unwrap(), 0);
}

pub async fn a_patch_to_the_same_values_changes_nothing(store: &dyn Store) {
    let made = add(store, full()).await;
    let events = store.events_since(0, 100).await.unwrap();
    let same = LeadPatch {
        status: Some(made.status),
        name: Some(made.name.clone()),
        tags: Some(vec!["vip".to_owned(), "new".to_owned()]),
        ..LeadPatch::default()
    };
    assert_eq!(store.update_lead(made.id, &same, None, at(60)).await.unwrap(), made);
    assert_eq!(store.update_lead(made.id, &LeadPatch::default(), None, at(60)).await.unwrap(), made);
    assert_eq!(store.events_since(0, 100).await.unwrap(), events);
}

pub async fn another_version_is_refused(store: &dyn Store) {
    let made = add(store, full()).await;
    let patch = |name: &str| LeadPatch { name: Some(Some(name.to_owned())), ..LeadPatch::default() };
    store.update_lead(made.id, &patch("первое"), Some(1), at(1)).await.unwrap();
    let late = store.update_lead(made.id, &patch("второе"), Some(1), at(2)).await;
    assert_eq!(late, Err(StoreError::Version { current: 2 }));
    assert_eq!(store.lead(made.id).await.unwrap().unwrap().name.as_deref(), Some("первое"));
    let nobody = store.update_lead(LeadId::new(at(0)), &patch("никто"), None, at(3)).await;
    assert_eq!(nobody, Err(StoreError::NotFound("lead")));
}

pub async fn a_transition_that_is_not_allowed_is_refused(store: &dyn Store) {
    for from in LeadStatus::ALL {
        for to in LeadStatus::ALL {
            let made = add(store, Lead { status: *from, ..lead(at(0)) }).await;
            let patch = LeadPatch { status: Some(*to), ..LeadPatch::default() };
            let told = store.update_lead(made.id, &patch, None, at(1)).await;
            if from == to || from.allowed().contains(to) {
                assert_eq!(told.map(|lead| lead.status), Ok(*to));
            } else {
                assert_eq!(told, Err(StoreError::Transition { from: *from, to: *to }));
                assert_eq!(store.lead(made.id).await.unwrap(), Some(made));
            }
        }
    }
}

pub async fn leads_with_equal_times_page_without_gaps(store: &dyn Store) {
    let mut made = Vec::new();
    for _ in 0..23 {
        made.push(add(store, lead(at(0))).await.id);
    }
    made.sort();
    for sort in [LeadSort::Created, LeadSort::Updated] {
        for limit in [1, 5, 23, 100] {
            let newest = page_through(store, sort, Page { limit, after: None, descending: true }).await;
            assert!(newest.iter().rev().eq(made.iter()), "{limit}");
            let oldest = page_through(store, sort, Page { limit, after: None, descending: false }).await;
            assert_eq!(oldest, made);
        }
    }
}

pub async fn a_lead_written_while_paging_hides_none(store: &dyn Store) {
    for second in 0..6 {
        add(store, lead(at(second))).await;
    }
    let first = store.leads(&LeadFilter::default(), LeadSort::Created, &Page::first(3)).await.unwrap();
    add(store, lead(at(100))).await;
    let last = first.last().unwrap();
    let rest = Page { after: Some((last.created_at, last.id.to_string())), ..Page::first(10) };
    let second = store.leads(&LeadFilter::default(), LeadSort::Created, &rest).await.unwrap();
    let times: Vec<Timestamp> = first.iter().chain(&second).map(|lead| lead.created_at).collect();
    assert_eq!(times, (0..6).rev().map(at).collect::<Vec<_>>());
}

pub async fn each_filter_of_leads_finds_its_own(store: &dyn Store) {
    let one = add(store, full()).await.id;
    let two = add(store, Lead { status: LeadStatus::Booked, name: Some("Пётр".to_owned()), ..lead(at(10)) }).await.id;
    let every = LeadFilter::default();
    let find = async |filter: LeadFilter| -> Vec<LeadId> {
        let found = store.leads(&filter, LeadSort::Created, &Page::first(100)).await.unwrap();
        assert_eq!(store.count_leads(&filter, 100).await.unwrap() as usize, found.len());
        found.into_iter().map(|lead| lead.id).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(find(every.clone()).await, [two, one]);
    assert_eq!(find(LeadFilter { status: vec![LeadStatus::New], ..every.clone() }).await, [one]);
    let both = vec![LeadStatus::New, LeadStatus::Booked];
    assert_eq!(find(LeadFilter { status: both, ..every.clone() }).await, [two, one]);
    assert_eq!(find(LeadFilter { channel: vec![Channel::Api], ..every.clone() }).await, [two]);
    assert_eq!(find(LeadFilter { source: some("site"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { service: some("Стрижка"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { assigned_to: some("olga"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { tag: some("vip"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { tag: some("vi"), ..every.clone() }).await, []);
    assert_eq!(find(LeadFilter { phone: Some(phone(1)), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { crm_state: vec![CrmState::None], ..every.clone() }).await, [two]);
    assert_eq!(find(LeadFilter { q: some("ПЕТР"), ..every.clone() }).await, [two]);
    assert_eq!(find(LeadFilter { q: some("перезвон"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { q: some("9160000001"), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { created_after: Some(at(10)), ..every.clone() }).await, [two]);
    assert_eq!(find(LeadFilter { created_before: Some(at(10)), ..every.clone() }).await, [one]);
    let patch = LeadPatch { comment: Some(None), ..LeadPatch::default() };
    store.update_lead(one, &patch, None, at(50)).await.unwrap();
    assert_eq!(find(LeadFilter { updated_after: Some(at(50)), ..every.clone() }).await, [one]);
    assert_eq!(find(LeadFilter { updated_before: Some(at(50)), ..every }).await, [two]);
}

pub async fn a_search_takes_percent_and_underscore_as_they_are(store: &dyn Store) {
    let named = |name: &str| Lead { name: Some(name.to_owned()), ..lead(at(0)) };
    for name in ["скидка 50%", "скидка 500", "a_b", "acb", r"c\d"] {
        add(store, named(name)).await;
    }
    for (q, count) in [("50%", 1), ("50", 2), ("a_b", 1), (r"c\d", 1), ("%", 1), ("'", 0)] {
        let filter = LeadFilter { q: Some(q.to_owned()), ..LeadFilter::default() };
        assert_eq!(store.count_leads(&filter, 10).await.unwrap(), count, "{q}");
    }
}
