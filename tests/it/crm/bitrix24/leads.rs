//! Leads and notes.

use flow::adapters::http::faulty::Trouble;
use flow::domain::crm::{About, LeadToPush, marker};
use flow::domain::lead::LeadStatus;
use serde_json::json;

use super::super::support::{NOW, phone};
use super::{Salon, at};

fn lead(text: &str) -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker("ld_1"),
        external_id: None,
        title: "telegram: Маникюр: Анна".to_owned(),
        name: Some("Анна Каренина".to_owned()),
        phone: Some(phone("+79037654321")),
        email: Some("anna@example.ru".to_owned()),
        service: Some("Маникюр".to_owned()),
        wanted: None,
        status: LeadStatus::New,
        channel: flow::domain::contact::Channel::Telegram,
        source: Some("ads".to_owned()),
        comment: None,
        summary: text.to_owned(),
        created_at: NOW.parse().unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_portal_with_leads_gets_a_lead_and_again_the_same() {
    let salon = Salon::open();
    let leads = salon.far.crm.leads().unwrap();
    let first = leads.push(&lead("хочет [URL=http://x]маникюр[/URL] <b>срочно</b>")).await.unwrap();
    assert!(first.url.as_deref().unwrap().ends_with(&format!("/crm/lead/details/{}/", first.external_id)));
    {
        let portal = salon.portal();
        let item = portal.items[&1].values().next().unwrap();
        assert_eq!((item["name"].as_str(), item["originId"].as_str()), (Some("Анна"), Some("lead:ld_1")));
        assert_eq!(item["fm"].as_array().unwrap().len(), 2);
        let comments = item["comments"].as_str().unwrap();
        assert!(comments.contains("&#91;URL") && !comments.contains("<b>") && comments.contains("[B]"), "{comments}");
        assert_eq!(portal.items[&3].len(), 1, "a stranger stays a lead");
    }
    let again = LeadToPush { external_id: Some(first.external_id.clone()), ..lead("передумала") };
    assert_eq!(leads.push(&again).await.unwrap(), first);
    salon.far.way.asked();
    assert_eq!(leads.push(&again).await.unwrap(), first);
    assert!(!salon.far.way.asked().contains(&"crm.item.update"), "nothing is new");
    assert_eq!(salon.portal().items[&1].len(), 1);
    let id: i64 = first.external_id.parse().unwrap();
    assert!(salon.portal().items[&1][&id]["comments"].as_str().unwrap().contains("передумала"));
    // A person wrote over it: the news go beside.
    salon.portal().items.get_mut(&1).unwrap().get_mut(&id).unwrap()["comments"] = json!("Позвонить в среду");
    leads.push(&lead("снова пишет")).await.unwrap();
    leads.push(&lead("снова пишет")).await.unwrap();
    assert_eq!(salon.portal().items[&1][&id]["comments"], "Позвонить в среду");
    assert_eq!(salon.portal().comments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_portal_without_leads_gets_a_deal_with_its_service() {
    let salon = Salon::with(|portal| portal.mode = 2, |_| {});
    let pushed = salon.far.crm.leads().unwrap().push(&lead("хочет маникюр")).await.unwrap();
    let id: i64 = pushed.external_id.parse().unwrap();
    let portal = salon.portal();
    assert!(portal.items[&1].is_empty() && portal.items[&2].contains_key(&id));
    assert_eq!(portal.items[&2][&id]["contactIds"].as_array().unwrap().len(), 1);
    assert_eq!(portal.rows[&id][0]["productId"], 1267);
    assert!(pushed.url.unwrap().contains("/crm/deal/details/"));
}

#[tokio::test(start_paused = true)]
async fn a_known_client_is_fastened_and_the_configuration_decides() {
    let salon = Salon::with(|_| {}, |settings| settings["lead"] = json!("deal"));
    let known = LeadToPush { phone: Some(phone("+79161112233")), ..lead("x") };
    let pushed = salon.far.crm.leads().unwrap().push(&known).await.unwrap();
    assert_eq!(salon.portal().items[&2][&pushed.external_id.parse().unwrap()]["contactIds"], json!([275]));
    let classic = Salon::open();
    let pushed = classic.far.crm.leads().unwrap().push(&known).await.unwrap();
    assert_eq!(classic.portal().items[&1][&pushed.external_id.parse().unwrap()]["contactId"], 275);
}

#[tokio::test(start_paused = true)]
async fn a_lead_whose_answer_was_lost_is_looked_for_before_it_is_written_again() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::AppliedThen(502), Trouble::Cut] {
        let salon = Salon::open();
        salon.far.way.next(&["crm.item.add"], [trouble]);
        let pushed = salon.far.crm.leads().unwrap().push(&lead("x")).await.unwrap();
        assert_eq!(salon.far.crm.leads().unwrap().push(&lead("x")).await.unwrap(), pushed);
        assert_eq!(salon.portal().items[&1].len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_and_a_task_are_written_once() {
    let salon = Salon::open();
    let pushed = salon.far.crm.leads().unwrap().push(&lead("x")).await.unwrap();
    let notes = salon.far.crm.notes().unwrap();
    let about = [About::Client("275".into()), About::Lead(pushed.external_id)];
    let due = at("2026-03-11T12:00:00+03:00").to_zoned(jiff::tz::TimeZone::get("Europe/Moscow").unwrap());
    for about in &about {
        for _ in 0..2 {
            notes.note(about, "просит перезвонить [b]", "flow-AAAAAAAAAA").await.unwrap();
            notes.task(about, "Перезвонить", &due, "flow-BBBBBBBBBB").await.unwrap();
        }
    }
    let portal = salon.portal();
    assert_eq!((portal.comments.len(), portal.activities.len()), (2, 2));
    assert!(portal.comments[0].2.contains("&#91;b&#93;"), "{:?}", portal.comments[0]);
    assert_eq!(portal.activities.values().next().unwrap()["DEADLINE"], "2026-03-11T12:00:00+03:00");
}

#[tokio::test(start_paused = true)]
async fn a_lead_whose_creation_is_in_doubt_is_one_object_also_while_nothing_shows_it() {
    for trouble in [Trouble::AppliedThenDropped, Trouble::Dropped, Trouble::AppliedThen(502)] {
        let salon = Salon::open();
        let leads = salon.far.crm.leads().unwrap();
        salon.far.way.next(&["crm.item.add"], [trouble]);
        let first = leads.push(&lead("маникюр")).await.unwrap();
        assert_eq!(salon.portal().items[&1].len(), 1);
        // Neither the list nor the object itself shows it for a while.
        let id: i64 = first.external_id.parse().unwrap();
        salon.portal().late.insert(id);
        let shown = async {
            tokio::time::sleep(std::time::Duration::from_secs(4)).await;
            salon.portal().late.clear();
        };
        let again = LeadToPush { external_id: Some(first.external_id.clone()), ..lead("маникюр") };
        let (pushed, ()) = tokio::join!(leads.push(&again), shown);
        assert_eq!(pushed.unwrap(), first);
        assert_eq!(salon.portal().items[&1].len(), 1);
    }
}
