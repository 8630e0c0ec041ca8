//! 1C:Enterprise: the story of a connection, and what an infobase does to those who write into it.

use std::sync::{Arc, Mutex, PoisonError};

use flow::adapters::crm::onec::{self, Infobase};
use flow::adapters::http::far::InProcess;
use flow::adapters::http::faulty::Trouble;
use flow::domain::clock::Clock;
use flow::domain::contact::Channel;
use flow::domain::crm::{
    About, AppointmentQuery, AppointmentStatus, BookRequest, LeadToPush, MoveRequest, NewClient, SlotQuery,
};
use flow::domain::fault::FaultKind;
use flow::domain::lead::LeadStatus;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value, json};

use super::support::{Far, NOW, PausedClock, before, phone, request};

const VISITS: &str = "Document_Запись";
const EVENTS: &str = "Document_Событие";
const LOCKS: &str = "InformationRegister_flow_Блокировки";
const CLIENTS: &str = "Catalog_Контрагенты";

struct Salon {
    far: Far,
    base: Arc<Mutex<Infobase>>,
}

impl Salon {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Value)) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(NOW));
        let base = Arc::new(Mutex::new(Infobase::salon()));
        let way = Arc::new(InProcess::new(Arc::clone(&base), Arc::clone(&clock)));
        Self { far: before(&onec::ROW, way, clock, change), base }
    }

    fn see<T>(&self, look: impl FnOnce(&mut Infobase) -> T) -> T {
        look(&mut self.base.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn live(&self, set: &str) -> usize {
        self.see(|base| base.all(set).iter().filter(|row| row["DeletionMark"] != json!(true)).count())
    }

    async fn slots(&self, service: &str) -> Vec<(String, Option<String>)> {
        let query = self.far.wanted(service, date(2026, 3, 11));
        let slots = self.far.crm.calendar().unwrap().free_slots(&query).await.unwrap();
        slots.into_iter().map(|slot| (slot.start.strftime("%H:%M").to_string(), slot.employee_id)).collect()
    }
}

fn at(hour: u32) -> Timestamp {
    format!("2026-03-11T{hour:02}:00:00+03:00").parse().unwrap()
}

fn cut(key: &str, hour: u32) -> BookRequest {
    request(key, &Infobase::services()[0], Some(&Infobase::staff()[0]), at(hour))
}

fn lead(marker: &str) -> LeadToPush {
    LeadToPush {
        lead_id: "ld_1".to_owned(),
        marker: marker.to_owned(),
        external_id: None,
        title: "Лид из Telegram: Мария".to_owned(),
        name: Some("Мария".to_owned()),
        phone: Some(phone("+79161112233")),
        email: None,
        service: Some("Женская стрижка".to_owned()),
        wanted: Some("в пятницу утром".to_owned()),
        status: LeadStatus::New,
        channel: Channel::Telegram,
        source: None,
        comment: None,
        summary: "Хочет стрижку в пятницу утром.".to_owned(),
        created_at: NOW.parse().unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_salon_is_read_as_the_map_says() {
    let salon = Salon::open();
    let probe = salon.far.crm.probe().await.unwrap();
    assert_eq!(probe.account, "127.0.0.1:9/salon");
    let failed: Vec<_> = probe.checks.iter().filter(|check| !check.ok).collect();
    assert!(failed.is_empty(), "{failed:?}");

    let catalogue = salon.far.crm.catalogue().unwrap();
    let services = catalogue.services(false).await.unwrap();
    let shown: Vec<_> = services
        .iter()
        .map(|one| (one.title.as_str(), one.duration_min, one.price.map(|price| price.from), one.category.as_deref()))
        .collect();
    let group = Some("Услуги салона");
    assert_eq!(
        shown,
        [
            ("Женская стрижка", Some(60), Some(250_000), group),
            ("Маникюр", Some(90), Some(200_000), group),
            ("Мужская стрижка", Some(30), Some(150_000), group),
        ]
    );
    let names = |staff: Vec<flow::domain::crm::CrmEmployee>| staff.into_iter().map(|one| one.name).collect::<Vec<_>>();
    let [_, men, nails] = Infobase::services();
    assert_eq!(names(catalogue.staff(None).await.unwrap()), ["Анна Петрова", "Ольга Смирнова"]);
    assert_eq!(names(catalogue.staff(Some(&men)).await.unwrap()), ["Анна Петрова"]);
    assert_eq!(names(catalogue.staff(Some(&nails)).await.unwrap()), ["Ольга Смирнова"]);
    for unknown in ["haircut", "00000000-5a10-11ee-8c0b-0050569affff"] {
        assert_eq!(catalogue.staff(Some(unknown)).await.unwrap_err().kind, FaultKind::NotFound);
    }
    let slots = salon.slots(&men).await;
    assert_eq!((slots.len(), slots[0].0.as_str(), slots[19].0.as_str()), (20, "10:00", "19:30"));
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_booked_moved_and_cancelled_once() {
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    let booked = calendar.book(&cut("k1", 12)).await.unwrap();
    assert_eq!((booked.status, booked.start.timestamp()), (AppointmentStatus::Booked, at(12)));
    assert_eq!(booked.client.phone, Some(phone("+79161234567")));
    let again = calendar.book(&cut("k1", 12)).await.unwrap();
    assert_eq!((again.id.clone(), salon.live(VISITS), salon.live(CLIENTS)), (booked.id.clone(), 1, 2));
    assert_eq!(calendar.book(&cut("k1", 15)).await.unwrap_err().kind, FaultKind::KeyReused);
    assert_eq!(calendar.book(&cut("k2", 12)).await.unwrap_err().kind, FaultKind::SlotTaken);
    salon.see(|base| {
        let visit = &base.all(VISITS)[0];
        assert_eq!(visit["Дата_Окончания"], "2026-03-11T13:00:00");
        assert!(visit["Комментарий"].as_str().unwrap().starts_with("Чат. flow-"), "{visit}");
        assert!(visit["Комментарий"].as_str().unwrap().ends_with("первый визит"), "{visit}");
        assert_eq!((&visit["Услуги"][0]["Цена"], &visit["Услуги"][0]["LineNumber"]), (&json!(2500), &json!("1")));
    });
    assert!(!salon.slots(&Infobase::services()[1]).await.iter().any(|(start, _)| start == "12:30"));

    let moving = MoveRequest { key: "m1".into(), id: booked.id.clone(), start: at(16), employee_id: None };
    for _ in 0..2 {
        let moved = calendar.move_to(&moving).await.unwrap();
        assert_eq!((moved.id.clone(), moved.start.timestamp()), (booked.id.clone(), at(16)));
    }
    assert!(salon.slots(&Infobase::services()[1]).await.iter().any(|(start, _)| start == "12:30"));
    for _ in 0..2 {
        let cancelled = calendar.cancel(&booked.id).await.unwrap();
        assert_eq!(cancelled.status, AppointmentStatus::Cancelled);
    }
    assert_eq!(salon.see(|base| base.all(LOCKS).len()), 0, "holds are given back");
    assert_eq!(salon.see(|base| base.destroyed), 0, "nothing is deleted but locks");
    let moving = MoveRequest { key: "m2".into(), id: booked.id, start: at(17), employee_id: None };
    assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::Rejected);
    assert_eq!(calendar.cancel(&Infobase::maria()).await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_and_not_heard_is_found_again() {
    for change in
        [|_: &mut Value| {}, |settings: &mut Value| drop(settings["map"].as_object_mut().unwrap().remove("lock"))]
    {
        for lost in ["create_appointment", "create_client", "lock"] {
            let salon = Salon::with(change);
            let calendar = salon.far.crm.calendar().unwrap();
            salon.far.way.next(&[lost], [Trouble::AppliedThenDropped]);
            let first = calendar.book(&cut("k", 11)).await;
            if let Err(fault) = &first {
                assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{lost}: {fault}");
            }
            let again = calendar.book(&cut("k", 11)).await.unwrap();
            assert_eq!((salon.live(VISITS), salon.live(CLIENTS)), (1, 2), "{lost}");
            assert!(first.is_err() || first.unwrap().id == again.id);
            assert_eq!(again.start.timestamp(), at(11));
        }
    }
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    salon.far.way.next(&["create_appointment"], [Trouble::Dropped]);
    let lost = calendar.book(&cut("lost", 11)).await;
    assert_eq!((lost.unwrap_err().kind, salon.live(VISITS)), (FaultKind::UnknownOutcome, 0));
    assert_eq!(calendar.book(&cut("lost", 11)).await.unwrap_err().kind, FaultKind::UnknownOutcome, "not settled yet");
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    calendar.book(&cut("lost", 11)).await.unwrap();
    assert_eq!(salon.live(VISITS), 1, "the time that the first try held is held for it");

    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    let id = calendar.book(&cut("k", 11)).await.unwrap().id;
    let moving = MoveRequest { key: "m".into(), id: id.clone(), start: at(14), employee_id: None };
    salon.far.way.next(&["move_appointment"], [Trouble::AppliedThenDropped]);
    assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    assert_eq!(calendar.move_to(&moving).await.unwrap().start.timestamp(), at(14));
    salon.far.way.next(&["cancel_appointment"], [Trouble::AppliedThen(504)]);
    assert_eq!(calendar.cancel(&id).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    assert_eq!(calendar.cancel(&id).await.unwrap().status, AppointmentStatus::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_words_is_looked_into() {
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    salon.see(|base| base.refusal = Some("Не заполнен документ-основание".to_owned()));
    let fault = calendar.book(&cut("a", 11)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(fault.detail.contains("документ-основание"), "{fault}");
    assert_eq!((salon.live(VISITS), salon.see(|base| base.all(LOCKS).len())), (0, 0));
    salon.see(|base| base.half_done = true);
    let booked = calendar.book(&cut("b", 11)).await.unwrap();
    assert_eq!((booked.status, salon.live(VISITS)), (AppointmentStatus::Booked, 1));
    salon.see(|base| (base.refusal, base.half_done) = (Some("Мастер Анна уже занята".to_owned()), false));
    assert_eq!(calendar.book(&cut("c", 13)).await.unwrap_err().kind, FaultKind::SlotTaken);
}

#[tokio::test(start_paused = true)]
async fn what_1c_does_not_keep_is_told_by_its_name() {
    for (field, named) in [("Сотрудник_Key", "Сотрудник_Key"), ("Статус", "Статус"), ("Услуги", "Услуги")]
    {
        let salon = Salon::open();
        salon.see(|base| base.ignored.insert(field.to_owned()));
        let fault = salon.far.crm.calendar().unwrap().book(&cut("k", 11)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected, "{fault}");
        assert!(fault.detail.contains("WriteNotApplied") && fault.detail.contains(named), "{fault}");
        assert_eq!(salon.live(VISITS), 0, "a document that guards nobody's time is marked for deletion");
    }
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    let id = calendar.book(&cut("k", 11)).await.unwrap().id;
    salon.see(|base| base.ignored.insert("Статус".to_owned()));
    let fault = calendar.cancel(&id).await.unwrap_err();
    assert!(fault.detail.contains("Статус"), "{fault}");
    salon.see(|base| {
        base.ignored.clear();
        base.short.insert("Комментарий".to_owned(), 30);
    });
    let short = calendar.book(&cut("s", 15)).await.unwrap();
    let again = calendar.book(&cut("s", 15)).await.unwrap();
    assert_eq!(short.id, again.id, "the mark stands before what is cut");
}

#[tokio::test(start_paused = true)]
async fn posting_that_fails_leaves_a_draft_and_a_request() {
    let posted = |settings: &mut Value| {
        settings["map"]["appointment"]["post"] = true.into();
        settings["map"]["appointment"]["cancel"] = "unpost_and_mark".into();
    };
    let salon = Salon::with(posted);
    let calendar = salon.far.crm.calendar().unwrap();
    let booked = calendar.book(&cut("a", 11)).await.unwrap();
    assert_eq!(salon.see(|base| base.all(VISITS)[0]["Posted"].clone()), true);
    let moving = MoveRequest { key: "m".into(), id: booked.id.clone(), start: at(12), employee_id: None };
    assert_eq!(calendar.move_to(&moving).await.unwrap().status, AppointmentStatus::Booked);
    assert_eq!(salon.see(|base| base.all(VISITS)[0]["Posted"].clone()), true, "unposted, changed, posted again");
    for (key, hour, trouble) in [("m2", 14, Trouble::Dropped), ("m3", 16, Trouble::AppliedThenDropped)] {
        let moving = MoveRequest { key: key.into(), id: booked.id.clone(), start: at(hour), employee_id: None };
        salon.far.way.next(&["move_appointment"], [trouble]);
        assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::UnknownOutcome);
        let moved = calendar.move_to(&moving).await.unwrap();
        assert_eq!((moved.status, moved.start.timestamp()), (AppointmentStatus::Booked, at(hour)), "finished");
    }
    assert_eq!(calendar.cancel(&booked.id).await.unwrap().status, AppointmentStatus::Cancelled);
    salon.see(|base| {
        assert_eq!(
            (&base.all(VISITS)[0]["Posted"], &base.all(VISITS)[0]["DeletionMark"]),
            (&json!(false), &json!(true))
        );
        base.posting_refusal = Some("Период закрыт".to_owned());
    });
    let draft = calendar.book(&cut("b", 11)).await.unwrap();
    assert_eq!((draft.status, salon.live(VISITS)), (AppointmentStatus::Requested, 1));
    salon.see(|base| base.posting_refusal = Some("Время занято другим документом".to_owned()));
    assert_eq!(calendar.book(&cut("c", 15)).await.unwrap_err().kind, FaultKind::SlotTaken);
    assert_eq!(salon.live(VISITS), 1, "the one that lost is marked for deletion");
}

#[tokio::test(start_paused = true)]
async fn two_systems_that_want_one_time_are_not_both_served() {
    let salon = Salon::open();
    salon.see(|base| {
        let key = format!("slot:{}:2026-03-11T11:30", Infobase::staff()[0]);
        base.add(LOCKS, json!({"Ключ": key, "Операция": "x", "Срок": "2026-03-10T10:10:00"}));
    });
    let calendar = salon.far.raw.calendar().unwrap();
    assert_eq!(calendar.book(&cut("a", 11)).await.unwrap_err().kind, FaultKind::SlotTaken);
    assert_eq!(salon.see(|base| base.all(LOCKS).len()), 1, "the first half was given back");
    let free = calendar.free_slots(&salon.far.wanted(&Infobase::services()[1], date(2026, 3, 11))).await.unwrap();
    assert!(!free.iter().any(|slot| slot.start.timestamp().to_string().contains("T08:30")), "held by somebody");
    tokio::time::advance(std::time::Duration::from_secs(1200)).await;
    calendar.book(&cut("b", 11)).await.unwrap();

    // Without a register the document that was numbered first stays.
    let salon = Salon::with(|settings| drop(settings["map"].as_object_mut().unwrap().remove("lock")));
    let calendar = salon.far.raw.calendar().unwrap();
    calendar.book(&cut("a", 11)).await.unwrap();
    let fault = calendar.book(&cut("b", 11)).await.unwrap_err();
    assert_eq!((fault.kind, salon.live(VISITS)), (FaultKind::SlotTaken, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_is_found_however_the_phone_is_stored() {
    for (number, shown) in [
        ("79161502239", "+7 (916) 150-22-39"),
        ("", "+7 (916) 150-22-39"),
        ("", "8 916 150 22 39"),
        ("", "89161502239"),
        ("9161502239", ""),
    ] {
        let salon = Salon::open();
        let id = salon.see(|base| base.client("Анна", number, shown));
        let found = salon.far.crm.clients().unwrap().find_by_phone(&phone("8 (916) 150-22-39")).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id.clone().unwrap()).collect::<Vec<_>>(), [id], "{number} {shown}");
        assert_eq!(found[0].phone, Some(phone("+79161502239")));
    }
    let attribute = |settings: &mut Value| {
        settings["map"]["client"]["phone"] = json!({"kind": "attribute", "phone_field": "Телефон"});
    };
    let salon = Salon::with(attribute);
    salon.see(|base| base.client("О'Нил", "", "8 (916) 150-22-39"));
    let clients = salon.far.crm.clients().unwrap();
    assert_eq!(clients.find_by_phone(&phone("+79161502239")).await.unwrap().len(), 1);
    assert!(clients.find_by_phone(&phone("+79161502230")).await.unwrap().is_empty());
    let cards = salon.far.crm.client_cards().unwrap();
    let new = NewClient { name: Some("Пётр".into()), phone: phone("+79030000001"), email: None };
    let made = cards.ensure(&new).await.unwrap();
    assert_eq!(cards.ensure(&new).await.unwrap().id, made.id);
}

#[tokio::test(start_paused = true)]
async fn cards_are_written_whole_and_the_last_visitor_comes_first() {
    let salon = Salon::open();
    let cards = salon.far.crm.client_cards().unwrap();
    let known = NewClient {
        name: Some("Мария Петрова".into()),
        phone: phone("+79031112233"),
        email: Some("maria@example.ru".into()),
    };
    let updated = cards.update(&Infobase::maria(), &known).await.unwrap();
    assert_eq!(updated.email.as_deref(), Some("maria@example.ru"));
    salon.see(|base| {
        let card = &base.all(CLIENTS)[0];
        let rows = card["КонтактнаяИнформация"].as_array().unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| row["LineNumber"].as_str().unwrap()).collect();
        assert_eq!((card["Description"].as_str(), numbers), (Some("Мария Петрова"), vec!["1", "2", "3"]));
        assert_eq!(rows[0]["НомерТелефона"], "79161112233", "what was there stays");
    });
    let second = salon.see(|base| base.client("Мария", "79161112233", ""));
    let visit = |client: &str, start: &str, end: &str| json!({"Клиент_Key": client, "Дата_Начала": start, "Дата_Окончания": end, "Статус": "Завершена"});
    salon.see(|base| {
        base.add(VISITS, visit(&Infobase::maria(), "2026-01-01T10:00:00", "2026-01-01T11:00:00"));
        base.add(VISITS, visit(&second, "2026-02-01T10:00:00", "2026-02-01T11:00:00"));
    });
    let found = salon.far.crm.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap();
    assert_eq!(found[0].id.as_deref(), Some(second.as_str()));
    let query = AppointmentQuery {
        phone: Some(phone("+79161112233")),
        from: Some(date(2026, 1, 1)),
        to: Some(date(2026, 2, 1)),
        all: false,
    };
    let calendar = salon.far.crm.calendar().unwrap();
    let visits = calendar.appointments(&query).await.unwrap();
    assert_eq!(visits.iter().map(|one| one.status).collect::<Vec<_>>(), [AppointmentStatus::Done; 2]);
    let nobody = AppointmentQuery { phone: Some(phone("+79990000000")), ..query };
    assert_eq!(calendar.appointments(&nobody).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_lead_is_one_event_with_its_notes() {
    let salon = Salon::open();
    let leads = salon.far.crm.leads().unwrap();
    salon.far.way.next(&["create_lead"], [Trouble::AppliedThenDropped]);
    let first = leads.push(&lead("flow-AAAAAAAAAA")).await;
    let pushed = leads.push(&lead("flow-AAAAAAAAAA")).await.unwrap();
    assert_eq!(first.unwrap_err().kind, FaultKind::UnknownOutcome);
    assert!(pushed.url.as_deref().unwrap().starts_with("http://127.0.0.1:9/salon/#e1cib/data/"), "{pushed:?}");
    let notes = salon.far.crm.notes().unwrap();
    for _ in 0..2 {
        notes.note(&About::Lead(pushed.external_id.clone()), "перезвонить", "flow-NOTE000001").await.unwrap();
        notes.note(&About::Client(Infobase::maria()), "любит чай", "flow-NOTE000002").await.unwrap();
    }
    let more = LeadToPush {
        external_id: Some(pushed.external_id.clone()),
        summary: "Передумала: в субботу.".to_owned(),
        ..lead("flow-AAAAAAAAAA")
    };
    assert_eq!(leads.push(&more).await.unwrap().external_id, pushed.external_id);
    salon.see(|base| {
        assert_eq!(base.all(EVENTS).len(), 2, "the lead and the client's note");
        let text = base.all(EVENTS)[0]["ОписаниеСобытия"].as_str().unwrap();
        assert!(text.contains("в субботу") && text.matches("перезвонить").count() == 1, "{text}");
        assert_eq!(base.all(EVENTS)[0]["Контрагент_Key"], Infobase::maria());
        base.unfilterable = vec!["ОписаниеСобытия".to_owned()];
    });
    assert_eq!(leads.push(&lead("flow-AAAAAAAAAA")).await.unwrap().external_id, pushed.external_id);
    salon.see(|base| base.short.insert("ОписаниеСобытия".to_owned(), 60));
    let cut = leads.push(&lead("flow-BBBBBBBBBB")).await.unwrap();
    assert_eq!(leads.push(&lead("flow-BBBBBBBBBB")).await.unwrap().external_id, cut.external_id);
    let text = salon.see(|base| base.all(EVENTS)[2]["ОписаниеСобытия"].as_str().unwrap().to_owned());
    assert!(text.ends_with("(полностью — в flow)") && text.chars().count() <= 60, "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_in_the_base_is_named_with_what_to_press() {
    let salon = Salon::open();
    salon.see(|base| {
        base.unpublished.insert("Catalog_Сотрудники".to_owned());
        base.forbidden.insert("InformationRegister_ЦеныНоменклатуры".to_owned());
    });
    let probe = salon.far.crm.probe().await.unwrap();
    let failed: Vec<_> = probe.checks.iter().filter(|check| !check.ok).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    let told = failed.iter().map(|check| check.detail.as_str()).collect::<String>();
    assert!(
        told.contains("Справочник.Сотрудники") && told.contains("Настройка автоматического REST-сервиса"),
        "{told}"
    );
    assert!(told.contains("«Чтение»") && told.contains("РегистрСведений.ЦеныНоменклатуры"), "{told}");
    let fault = salon.far.crm.catalogue().unwrap().staff(None).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden);

    let wrong = Salon::with(|settings| settings["map"]["appointment"]["const"] = json!({"Отделение": "x"}));
    let probe = wrong.far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().any(|check| !check.ok && check.detail.contains("Отделение")), "{probe:?}");
    let wrong = Salon::with(|settings| settings["password"] = "другой".into());
    assert_eq!(wrong.far.crm.probe().await.unwrap_err().kind, FaultKind::Unauthorized);
    let salon = Salon::open();
    salon.far.way.next(&["probe"], [Trouble::Answers(404, "<html>".into())]);
    let probe = salon.far.crm.probe().await.unwrap();
    assert!(probe.checks[0].detail.contains("standardOdata"), "{probe:?}");
}

#[tokio::test(start_paused = true)]
async fn odd_answers_are_told_from_good_ones() {
    let salon = Salon::open();
    let catalogue = salon.far.crm.catalogue().unwrap();
    for (trouble, kind) in [
        (Trouble::Answers(200, "<html>login</html>".into()), FaultKind::Protocol),
        (Trouble::Cut, FaultKind::Protocol),
        (Trouble::Answers(200, r#"{"odata.error":{"code":"14","message":{"value":"x"}}}"#.into()), FaultKind::Rejected),
        (Trouble::Answers(302, String::new()), FaultKind::Protocol),
        (Trouble::Answers(200, r#"{"value":7}"#.into()), FaultKind::Protocol),
        (Trouble::Answers(503, "<html>".into()), FaultKind::Unavailable),
    ] {
        salon.far.way.next(&["staff"], [trouble.clone(), trouble.clone(), trouble.clone(), trouble.clone()]);
        assert_eq!(catalogue.staff(None).await.unwrap_err().kind, kind, "{trouble:?}");
        salon.far.way.next(&[], []);
        tokio::time::advance(std::time::Duration::from_secs(30)).await;
    }
    let full = r#"{"odata.error":{"code":"-1","message":{"lang":"ru","value":"Не обнаружено свободной лицензии!"}}}"#;
    salon.far.way.next(&["staff"], [Trouble::Answers(500, full.into())]);
    assert_eq!(catalogue.staff(None).await.unwrap().len(), 2, "a licence is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_rows_come_page_by_page() {
    let salon = Salon::open();
    salon.see(|base| {
        for number in 0..1000 {
            base.add("Catalog_Сотрудники", json!({"Description": format!("Мастер {number:04}")}));
        }
        for hour in 0..1000 {
            let day = date(2026, 3, 11).saturating_add(jiff::ToSpan::days(hour / 40));
            let start = day.at((hour % 20) as i8, 0, 0, 0);
            let end = start.saturating_add(jiff::ToSpan::minutes(30));
            base.add(
                VISITS,
                json!({"Клиент_Key": Infobase::maria(), "Статус": "Запланирована",
                "Дата_Начала": start.to_string(), "Дата_Окончания": end.to_string()}),
            );
        }
    });
    assert_eq!(salon.far.crm.catalogue().unwrap().staff(None).await.unwrap().len(), 1002);
    let query = AppointmentQuery { phone: None, from: None, to: Some(date(2026, 12, 1)), all: false };
    let visits = salon.far.crm.calendar().unwrap().appointments(&query).await.unwrap();
    assert_eq!(visits.len(), 1000);
    assert!(visits.is_sorted_by_key(|visit| visit.start.timestamp()));
    assert_eq!(visits[0].client.name.as_deref(), Some("Мария Иванова"));
}

#[tokio::test(start_paused = true)]
async fn a_map_is_proposed_that_works() {
    let salon = Salon::open();
    let text = salon.far.crm.discover().await.unwrap().unwrap();
    let proposed: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let map = serde_json::to_value(&proposed["crm"]["onec"]["map"]).unwrap();
    let again = Salon::with(|settings| settings["map"] = map);
    let probe = again.far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().all(|check| check.ok), "{probe:?}\n{text}");
    let booked = again.far.crm.calendar().unwrap().book(&cut("k", 12)).await.unwrap();
    let pushed = again.far.crm.leads().unwrap().push(&lead("flow-CCCCCCCCCC")).await;
    assert!(pushed.is_ok());
    let cancelled = again.far.crm.calendar().unwrap().cancel(&booked.id).await.unwrap();
    assert_eq!(cancelled.status, AppointmentStatus::Cancelled, "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_worked_map_does_without_a_register_that_is_not_there() {
    let salon = Salon::with(|settings| drop(settings.as_object_mut().unwrap().remove("map")));
    salon.see(|base| base.unpublished.insert(LOCKS.to_owned()));
    let probe = salon.far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().all(|check| check.ok), "{probe:?}");
    let query = SlotQuery { to: date(2026, 3, 15), ..salon.far.wanted(&Infobase::services()[0], date(2026, 3, 14)) };
    let free = salon.far.crm.calendar().unwrap().free_slots(&query).await.unwrap();
    assert!(free.iter().all(|slot| slot.start.date() == date(2026, 3, 14)), "closed on Sundays");
    salon.far.crm.calendar().unwrap().book(&cut("k", 12)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn booking_asks_no_more_than_it_must() {
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    calendar.free_slots(&salon.far.wanted(&Infobase::services()[0], date(2026, 3, 11))).await.unwrap();
    assert_eq!(salon.far.way.asked().len(), 4, "service, staff, visits, holds");
    let known = BookRequest { phone: phone("+79161112233"), ..cut("k", 12) };
    calendar.book(&known).await.unwrap();
    let asked = salon.far.way.asked();
    assert_eq!(asked.len(), 10, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_with_two_phones_is_found_by_either() {
    let salon = Salon::open();
    let id = salon.see(|base| {
        let id = base.client("Анна", "79113333344", "+7 (911) 333-33-44");
        let row = base.sets.get_mut(CLIENTS).unwrap().iter_mut().find(|row| row["Ref_Key"] == json!(id)).unwrap();
        let mut second = row["КонтактнаяИнформация"][0].clone();
        second["LineNumber"] = json!("2");
        second["НомерТелефона"] = json!("79114443344");
        second["Представление"] = json!("+7 (911) 444-33-44");
        row["КонтактнаяИнформация"].as_array_mut().unwrap().push(second);
        id
    });
    for number in ["+79113333344", "+79114443344"] {
        let found = salon.far.crm.clients().unwrap().find_by_phone(&phone(number)).await.unwrap();
        assert_eq!(found.iter().filter_map(|one| one.id.clone()).collect::<Vec<_>>(), [id.as_str()], "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_in_doubt_is_looked_for_a_minute_before_another_is_made() {
    for change in
        [|_: &mut Value| {}, |settings: &mut Value| drop(settings["map"].as_object_mut().unwrap().remove("lock"))]
    {
        let salon = Salon::with(change);
        let calendar = salon.far.crm.calendar().unwrap();
        let before = salon.live(CLIENTS);
        salon.far.way.next(&["create_client"], [Trouble::Dropped]);
        for _ in 0..2 {
            let fault = calendar.book(&cut("k", 11)).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unavailable, "{fault}");
        }
        let asked = salon.far.way.asked();
        assert_eq!(asked.iter().filter(|call| **call == "create_client").count(), 1, "{asked:?}");
        tokio::time::advance(std::time::Duration::from_secs(90)).await;
        calendar.book(&cut("k", 11)).await.unwrap();
        assert_eq!((salon.live(CLIENTS), salon.live(VISITS)), (before + 1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_in_doubt_is_not_written_twice_within_a_minute() {
    let salon = Salon::open();
    let leads = salon.far.crm.leads().unwrap();
    salon.far.way.next(&["create_lead"], [Trouble::Dropped]);
    for _ in 0..3 {
        let fault = leads.push(&lead("flow-AAAAAAAAAA")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::UnknownOutcome, "{fault}");
    }
    let asked = salon.far.way.asked();
    assert_eq!(asked.iter().filter(|call| **call == "create_lead").count(), 1, "{asked:?}");
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    leads.push(&lead("flow-AAAAAAAAAA")).await.unwrap();
    assert_eq!(salon.see(|base| base.all(EVENTS).len()), 1);
}

#[tokio::test(start_paused = true)]
async fn a_time_outside_the_hours_or_the_step_is_refused_and_not_called_taken() {
    let salon = Salon::open();
    let calendar = salon.far.crm.calendar().unwrap();
    for time in ["2026-03-11T12:10:00+03:00", "2026-03-11T22:00:00+03:00"] {
        let wish = BookRequest { start: time.parse().unwrap(), ..cut(time, 11) };
        let fault = calendar.book(&wish).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected, "{time}: {fault}");
    }
    let id = calendar.book(&cut("k", 11)).await.unwrap().id;
    let start = "2026-03-11T13:10:00+03:00".parse().unwrap();
    let moving = MoveRequest { key: "m".into(), id, start, employee_id: None };
    assert_eq!(calendar.move_to(&moving).await.unwrap_err().kind, FaultKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_posting_whose_answer_was_lost_is_asked_for_again_once_it_was_read() {
    let posted = |settings: &mut Value| settings["map"]["appointment"]["post"] = true.into();
    for trouble in [Trouble::Dropped, Trouble::AppliedThenDropped, Trouble::AppliedThen(500)] {
        let salon = Salon::with(posted);
        let calendar = salon.far.crm.calendar().unwrap();
        salon.far.way.next(&["post"], [trouble]);
        let booked = calendar.book(&cut("a", 11)).await.unwrap();
        assert_eq!(booked.status, AppointmentStatus::Booked);
        assert_eq!(salon.see(|base| base.all(VISITS)[0]["Posted"].clone()), true);
    }
}

proptest::proptest! {
    #[test]
    fn no_reader_is_upset_by_anything(text in "\\PC{0,200}", number in proptest::num::i64::ANY, deep in 0..6_usize) {
        let names = ["value", "Ref_Key", "Дата_Начала", "Услуги", "КонтактнаяИнформация", "appointment", "employee", "hours"];
        let mut value = json!([text, number, null, true, {"Ref_Key": text}]);
        (onec::ROW.read_all)(&json!(text));
        for step in 0..deep {
            value = json!({names[(step + deep) % names.len()]: value.clone(), names[step]: number, "Ref_Key": Infobase::maria(),
                "Дата_Начала": "2026-03-11T10:00:00", "Цена": text});
            (onec::ROW.read_all)(&value);
            (onec::ROW.read_all)(&json!([value, {"Дата_Начала": text}]));
        }
    }
}
