//! The booking module: services, staff, free times, visits.

use flow::adapters::crm::bitrix24::stand_in::Booked;
use flow::adapters::http::faulty::Trouble;
use flow::domain::crm::{AppointmentQuery, AppointmentStatus, MoveRequest, NewClient};
use flow::domain::fault::FaultKind;
use serde_json::{Value, json};

use super::super::support::{phone, request};
use super::{Salon, at, day, query};

fn booked(from: &str, to: &str, resource: i64, client: Option<i64>) -> Booked {
    Booked {
        from: at(from).as_second(),
        to: at(to).as_second(),
        resources: vec![resource],
        name: "Маникюр — по телефону".to_owned(),
        description: String::new(),
        clients: client.into_iter().collect(),
        external: Value::Null,
    }
}

fn moving(key: &str, id: &str, start: &str, staff: Option<&str>) -> MoveRequest {
    MoveRequest { key: key.to_owned(), id: id.to_owned(), start: at(start), employee_id: staff.map(str::to_owned) }
}

fn days(from: &str, to: &str) -> AppointmentQuery {
    AppointmentQuery { phone: None, from: Some(day(from)), to: Some(day(to)), all: false }
}

#[tokio::test(start_paused = true)]
async fn services_and_staff_are_the_catalogues_and_the_booking_modules() {
    let salon = Salon::with(|portal| portal.services[1]["active"] = json!("N"), |_| {});
    let services = salon.catalogue().services(false).await.unwrap();
    let shown: Vec<_> = services.iter().map(|s| (s.id.as_str(), s.duration_min, s.price.map(|p| p.from))).collect();
    assert_eq!(shown, [("1265", Some(60), Some(250_000)), ("1267", Some(90), Some(200_000))]);
    assert_eq!(salon.catalogue().services(true).await.unwrap().len(), 3);
    let staff = salon.catalogue().staff(None).await.unwrap();
    assert_eq!(staff.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["Анна Петрова", "Ольга Смирнова"]);
    let manicure = salon.catalogue().staff(Some("1267")).await.unwrap();
    assert_eq!(manicure.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["258"]);
    let unknown = salon.catalogue().staff(Some("999")).await.unwrap_err();
    assert_eq!(unknown.kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn without_the_catalogue_services_are_products_of_the_crm() {
    let salon = Salon::with(|portal| portal.scopes.retain(|scope| *scope != "catalog"), |_| {});
    let services = salon.catalogue().services(false).await.unwrap();
    assert_eq!(services[0].price.map(|p| p.from), Some(250_000));
    assert_eq!(services[0].duration_min, None, "products have no such property");
    let probe = salon.far.crm.probe().await.unwrap();
    let check = probe.checks.iter().find(|check| check.name == "catalog").unwrap();
    assert!(!check.ok && check.detail.contains("`catalog`") && check.detail.contains("Настройка прав"), "{check:?}");
    // The resource's own step is how long a visit takes then.
    let free = salon.calendar().free_slots(&query("1266", Some("257"), "2026-03-11", "2026-03-11")).await.unwrap();
    assert_eq!(free[0].end.duration_since(&free[0].start).as_mins(), 30);
}

#[tokio::test(start_paused = true)]
async fn free_times_follow_the_rules_and_leave_out_what_is_booked_and_past() {
    let salon = Salon::open();
    salon.portal().bookings.insert(7, booked("2026-03-11T11:00:00+03:00", "2026-03-11T12:00:00+03:00", 258, None));
    let free = salon.calendar().free_slots(&query("1267", None, "2026-03-11", "2026-03-11")).await.unwrap();
    let starts: Vec<String> = free.iter().map(|slot| slot.start.strftime("%H:%M").to_string()).collect();
    assert_eq!(starts.first().map(String::as_str), Some("12:00"), "neither 10:00 nor 10:30 leaves room for 90 minutes");
    assert_eq!(starts.last().map(String::as_str), Some("18:30"));
    assert!(free.iter().all(|slot| slot.employee_id.as_deref() == Some("258") && slot.service_id == "1267"));
    // The clock stands at 10:00 of the 10th.
    let today = salon.calendar().free_slots(&query("1266", None, "2026-03-09", "2026-03-10")).await.unwrap();
    assert!(today.iter().all(|slot| slot.start.timestamp() >= salon.far.clock.now()));
    for (service, staff) in [("999", None), ("1265", Some("999"))] {
        let fault = salon.calendar().free_slots(&query(service, staff, "2026-03-11", "2026-03-11")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
    }
    salon.far.way.asked();
    salon.calendar().free_slots(&query("1265", None, "2026-03-11", "2026-03-17")).await.unwrap();
    assert_eq!(salon.far.way.asked(), ["batch"], "a week of everybody is one request");
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_written_with_its_client_and_its_comment() {
    let salon = Salon::open();
    let mut wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
    wish.phone = phone("8 916 111-22-33");
    let visit = salon.calendar().book(&wish).await.unwrap();
    assert_eq!((visit.client.id.as_deref(), visit.service_id.as_str()), (Some("275"), "1265"));
    {
        let portal = salon.portal();
        let kept = &portal.bookings[&visit.id.parse::<i64>().unwrap()];
        assert_eq!((kept.clients.as_slice(), kept.resources.as_slice()), ([275].as_slice(), [257].as_slice()));
        assert!(kept.description.starts_with("первый визит\n") && kept.description.contains(&wish.marker()));
        assert_eq!(kept.name, "Женская стрижка — Анна Петрова");
        assert_eq!(portal.items[&3].len(), 1, "the card that is there is taken");
    }
    let mine = AppointmentQuery { phone: Some(phone("+79161112233")), ..days("2026-03-10", "2026-04-09") };
    let found = salon.calendar().appointments(&mine).await.unwrap();
    assert_eq!(
        found.iter().map(|f| (f.id.as_str(), f.service_id.as_str())).collect::<Vec<_>>(),
        [(visit.id.as_str(), "1265")]
    );
    assert_eq!(found[0].client.name.as_deref(), Some("Мария Иванова"));
    let nobody = AppointmentQuery { phone: Some(phone("+79990001122")), ..mine };
    assert_eq!(salon.calendar().appointments(&nobody).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn whoever_books_beside_us_and_came_first_keeps_the_time() {
    let (start, end) = ("2026-03-11T15:00:00+03:00", "2026-03-11T16:00:00+03:00");
    let rival = (at(start).as_second(), at(end).as_second(), 257);
    let salon = Salon::with(|portal| portal.rival = Some(rival), |_| {});
    let fault = salon.calendar().book(&request("k-1", "1265", Some("257"), at(start))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::SlotTaken, "{fault}");
    assert_eq!(salon.portal().bookings.len(), 1, "ours was taken away again");
    // Whoever only touches it is no rival.
    let next = salon.calendar().book(&request("k-2", "1265", Some("257"), at(end))).await;
    assert!(next.is_ok(), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_move_keeps_the_id_and_the_client_and_a_cancel_leaves_a_word() {
    let salon = Salon::with(|portal| portal.drops_clients = true, |_| {});
    let visit =
        salon.calendar().book(&request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"))).await.unwrap();
    let number = visit.id.parse::<i64>().unwrap();
    let moved =
        salon.calendar().move_to(&moving("m-1", &visit.id, "2026-03-12T11:30:00+03:00", Some("258"))).await.unwrap();
    assert_eq!((moved.id.as_str(), moved.employee_id.as_deref()), (visit.id.as_str(), Some("258")));
    assert_eq!(salon.portal().bookings[&number].resources, [258]);
    assert_eq!(salon.portal().bookings[&number].clients.len(), 1, "the client was fastened again");
    let taken = salon.calendar().book(&request("k-2", "1265", Some("258"), at("2026-03-12T12:00:00+03:00"))).await;
    assert_eq!(taken.unwrap_err().kind, FaultKind::SlotTaken);
    for (key, start, staff, kind) in [
        ("m-2", "2026-03-12T23:00:00+03:00", None, FaultKind::Rejected),
        ("m-3", "2026-03-12T15:00:00+03:00", Some("999"), FaultKind::NotFound),
    ] {
        let fault = salon.calendar().move_to(&moving(key, &visit.id, start, staff)).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
    }
    let gone = salon.calendar().move_to(&moving("m-4", "4711", "2026-03-12T15:00:00+03:00", None)).await.unwrap_err();
    assert_eq!(gone.kind, FaultKind::NotFound);

    let cancelled = salon.calendar().cancel(&visit.id).await.unwrap();
    assert_eq!(cancelled.status, AppointmentStatus::Cancelled);
    assert!(salon.portal().bookings.is_empty());
    let (kind, _, text) = salon.portal().comments[0].clone();
    assert!(kind == "contact" && text.contains("Запись отменена") && text.contains("12.03.2026 11:30"), "{text}");
    let beside = salon.far.beside();
    let twice = beside.calendar().unwrap().cancel(&visit.id).await.unwrap();
    assert_eq!((twice.id, twice.status, twice.start), (cancelled.id, cancelled.status, cancelled.start));
    assert_eq!(salon.portal().count("booking.v1.booking.delete"), 1);
    assert_eq!(salon.calendar().cancel("4711").await.unwrap_err().kind, FaultKind::NotFound);
    let all = AppointmentQuery { all: true, ..days("2026-03-10", "2026-04-09") };
    assert_eq!(salon.calendar().appointments(&all).await.unwrap().len(), 1);
    assert_eq!(salon.calendar().appointments(&days("2026-03-10", "2026-04-09")).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_portal_without_the_method_that_reads_one_booking_is_looked_through() {
    let salon = Salon::with(|portal| (portal.has_get, portal.bare_ids) = (false, true), |_| {});
    let visit = salon.calendar().book(&request("k-1", "1265", None, at("2026-03-11T15:00:00+03:00"))).await.unwrap();
    assert_eq!(visit.employee_id.as_deref(), Some("257"), "the first who is free");
    let read = salon.calendar().appointment(&visit.id).await.unwrap().unwrap();
    assert_eq!((read.id.as_str(), read.client.phone), (visit.id.as_str(), Some(phone("+79161234567"))));
    assert_eq!(salon.calendar().appointment("4711").await.unwrap(), None);
    assert_eq!(salon.calendar().appointment("x").await.unwrap(), None);
    salon.calendar().cancel(&visit.id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_bookings_are_read_to_the_end() {
    let salon = Salon::open();
    for index in 0..1000_i64 {
        let from = at("2026-03-11T00:00:00Z").as_second() + index * 600;
        let visit =
            Booked { from, to: from + 600, ..booked("2026-03-11T00:00:00Z", "2026-03-11T01:00:00Z", 258, Some(275)) };
        salon.portal().bookings.insert(5000 + index, visit);
    }
    let found = salon.calendar().appointments(&days("2026-03-01", "2026-04-01")).await.unwrap();
    assert_eq!(found.len(), 1000);
    assert!(found.windows(2).all(|pair| pair[0].start.timestamp() <= pair[1].start.timestamp()));
    assert!(found.iter().all(|visit| visit.client.name.as_deref() == Some("Мария Иванова")));
    assert_eq!(found[0].service_id, "1267", "by the name that people gave it");
    let mine = AppointmentQuery { phone: Some(phone("+79161112233")), ..days("2026-03-01", "2026-04-01") };
    assert_eq!(salon.calendar().appointments(&mine).await.unwrap().len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_found_in_every_form_and_the_most_recently_active_first() {
    let salon = Salon::open();
    for (id, stored, active) in
        [(300, "+7 916 111 22 33", "2026-03-05T10:00:00+03:00"), (301, "9161112233", "2025-01-01T00:00:00+03:00")]
    {
        let card = json!({"id": id, "name": "Маша", "lastActivityTime": active,
            "fm": [{"id": id, "typeId": "PHONE", "value": stored}]});
        salon.portal().items.get_mut(&3).unwrap().insert(id, card);
    }
    let clients = salon.far.crm.clients().unwrap();
    for form in ["8 (916) 111-22-33", "+79161112233", "916 111 22 33"] {
        let found = clients.find_by_phone(&phone(form)).await.unwrap();
        let ids: Vec<_> = found.iter().map(|client| client.id.clone().unwrap()).collect();
        assert_eq!(ids, ["300", "275", "301"], "{form}");
    }
    let cards = salon.far.crm.client_cards().unwrap();
    let new =
        NewClient {
            name: Some("Иван Петров".into()), phone: phone("+79037654321"), email: Some("i@x.ru".into())
        };
    let made = cards.ensure(&new).await.unwrap();
    assert_eq!(cards.ensure(&new).await.unwrap().id, made.id);
    let changed = NewClient { phone: phone("+79030000000"), email: None, ..new };
    cards.update(made.id.as_deref().unwrap(), &changed).await.unwrap();
    let id = made.id.unwrap().parse::<i64>().unwrap();
    let card = salon.portal().items[&3][&id].clone();
    assert_eq!((card["name"].as_str(), card["lastName"].as_str()), (Some("Иван"), Some("Петров")));
    assert_eq!(card["fm"].as_array().unwrap().len(), 3, "{card}");
    assert_eq!(card["originatorId"], "flow");
}

#[tokio::test(start_paused = true)]
async fn what_the_vendor_refuses_is_told_as_what_it_is() {
    let refused = |status: u16, error: &str, words: &str| {
        Trouble::Answers(status, json!({"error": error, "error_description": words}).to_string())
    };
    for (trouble, kind) in [
        (refused(401, "NO_AUTH_FOUND", "Wrong authorization data"), FaultKind::Unauthorized),
        (refused(403, "insufficient_scope", "no"), FaultKind::Forbidden),
        (refused(403, "ACCESS_DENIED", "REST API is available only on commercial plans"), FaultKind::LicenceExpired),
        (refused(200, "INVALID_ARG_VALUE", "bad"), FaultKind::Rejected),
        (refused(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload"), FaultKind::RateLimited),
    ] {
        let salon = Salon::open();
        salon.far.way.next(&[], [trouble]);
        let fault = salon.far.crm.clients().unwrap().find_by_phone(&phone("+79161112233")).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(!fault.to_string().contains("salon0code"), "{fault}");
    }
    let salon = Salon::open();
    salon.far.way.next(&["batch"], [refused(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")]);
    assert!(salon.far.crm.probe().await.is_ok(), "a limit is waited out");
    salon.far.way.next(&["batch"], [Trouble::Answers(401, json!({"error": "NO_AUTH_FOUND"}).to_string())]);
    assert_eq!(salon.far.crm.probe().await.unwrap_err().kind, FaultKind::Unauthorized);
}

#[tokio::test(start_paused = true)]
async fn a_method_whose_time_is_used_up_rests_alone() {
    let salon = Salon::open();
    salon.far.crm.detect().await.unwrap();
    salon.catalogue().services(false).await.unwrap();
    let wish = request("k-1", "1265", Some("257"), at("2026-03-11T15:00:00+03:00"));
    salon.portal().operating.insert("booking.v1.booking.add".into(), 480.0);
    let fault = salon.calendar().book(&wish).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::RateLimited, "{fault}");
    assert!(fault.retry_after.unwrap().as_secs() >= 60, "{fault:?}");
    // Everything else goes on.
    salon.calendar().free_slots(&query("1265", None, "2026-03-11", "2026-03-11")).await.unwrap();
    salon.portal().operating.clear();
    tokio::time::sleep(fault.retry_after.unwrap()).await;
    salon.calendar().book(&wish).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_probe_says_whose_webhook_it_is_and_what_it_lacks() {
    let salon = Salon::open();
    let probe = salon.far.crm.probe().await.unwrap();
    assert!(probe.account.contains("Ирина Салонова"), "{}", probe.account);
    assert!(probe.checks.iter().all(|check| check.ok), "{:?}", probe.checks);
    assert_eq!(salon.far.way.asked(), ["batch"]);
    for (scope, name) in [("crm", "crm"), ("booking", "appointments"), ("catalog", "catalog")] {
        let salon = Salon::with(|portal| portal.scopes.retain(|known| *known != scope), |_| {});
        let probe = salon.far.crm.probe().await.unwrap();
        let check = probe.checks.iter().find(|check| check.name == name).unwrap();
        assert!(!check.ok && check.detail.contains(&format!("`{scope}`")), "{scope}: {check:?}");
    }
    let salon = Salon::with(|portal| portal.is_dismissed = true, |_| {});
    let probe = salon.far.crm.probe().await.unwrap();
    assert!(probe.checks.iter().any(|check| !check.ok && check.detail.contains("dismissed")), "{probe:?}");
}

#[tokio::test(start_paused = true)]
async fn a_renamed_portal_is_followed_by_another_post() {
    let base = |settings: &mut Value| {
        settings["webhook_url"] = json!("https://old.bitrix24.ru/rest/1/salon0code/");
    };
    let salon = Salon::with(|portal| portal.renamed = Some("new.bitrix24.ru".into()), base);
    let probe = salon.far.crm.probe().await.unwrap();
    assert!(probe.account.starts_with("new.bitrix24.ru"), "{}", probe.account);
    assert_eq!(salon.far.way.asked().len(), 2);
    salon.far.crm.probe().await.unwrap();
    assert_eq!(salon.far.way.asked().len(), 1, "its new host is known now");
}

#[tokio::test(start_paused = true)]
async fn a_time_that_nobody_is_offered_is_refused_and_not_called_taken() {
    let salon = Salon::open();
    for time in ["2026-03-11T12:10:00+03:00", "2026-03-11T22:00:00+03:00"] {
        let fault = salon.calendar().book(&request(time, "1265", Some("257"), at(time))).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected, "{time}: {fault}");
        assert!(fault.detail.contains("not a time that is offered"), "{fault}");
    }
    let visit =
        salon.calendar().book(&request("k-1", "1265", Some("257"), at("2026-03-11T12:00:00+03:00"))).await.unwrap();
    let moving =
        MoveRequest { key: "m-1".into(), id: visit.id, start: at("2026-03-11T13:10:00+03:00"), employee_id: None };
    assert_eq!(salon.calendar().move_to(&moving).await.unwrap_err().kind, FaultKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn the_probe_counts_resources_of_every_page() {
    let salon = Salon::with(
        |portal| {
            for id in 1000..1100 {
                portal.resources.push(json!({"id": id, "name": format!("Мастер {id}"), "typeId": 5}));
            }
        },
        |_| {},
    );
    let count = salon.portal().resources.len();
    let probe = salon.far.crm.probe().await.unwrap();
    let booking = probe.checks.iter().find(|check| check.name == "booking").unwrap();
    assert!(booking.detail.starts_with(&format!("{count} resources")), "{booking:?}");
}
