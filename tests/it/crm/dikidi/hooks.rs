//! What comes in over the bridge.

use flow::domain::crm::HookSubject;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_decision_stands_and_another_one_contradicts_it() {
    let (far, _) = bridge().await;
    let calendar = far.crm.calendar().unwrap();
    let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
    let told = |result: &str| json!({"request_id": booked.id, "result": result, "reason": "no_time", "ext_id": "x"});
    let at = "2026-03-10T10:30:00+03:00";
    let kind = "appointment.request_resolved";
    assert_eq!(tell(&far, "e1", kind, at, told("rejected")).await, Ok(true));
    assert_eq!(tell(&far, "e2", kind, at, told("rejected")).await, Ok(false), "the same again is known");
    let conflict = Err(HookRefusal::Conflict("request already resolved".to_owned()));
    assert_eq!(tell(&far, "e3", kind, at, told("confirmed")).await, conflict);
    assert_eq!(calendar.appointment(&booked.id).await.unwrap().unwrap().status, AppointmentStatus::Cancelled);
    let unknown = json!({"request_id": "rq_0", "result": "confirmed"});
    assert!(matches!(tell(&far, "e4", kind, at, unknown).await, Err(HookRefusal::Invalid(_))));
}

#[tokio::test(start_paused = true)]
async fn the_newest_word_wins_and_what_is_older_fills_gaps() {
    let (far, _) = bridge().await;
    let calendar = far.crm.calendar().unwrap();
    let gone = json!({"ext_id": "dk-1"});
    tell(&far, "e2", "appointment.canceled", "2026-03-10T12:00:00+03:00", gone).await.unwrap();
    assert!(calendar.appointments(&everything()).await.unwrap().is_empty(), "nobody said when it is");
    let made = json!({"ext_id": "dk-1", "status": "booked", "start": "2026-03-12T12:00:00+03:00", "duration_min": 30});
    tell(&far, "e1", "appointment.created", "2026-03-10T11:00:00+03:00", made).await.unwrap();
    assert_eq!(calendar.appointments(&everything()).await.unwrap()[0].status, AppointmentStatus::Cancelled);
    let back = json!({"ext_id": "dk-1", "status": "confirmed", "comment": null});
    tell(&far, "e3", "appointment.updated", "2026-03-10T13:00:00+03:00", back).await.unwrap();
    let listed = calendar.appointments(&everything()).await.unwrap();
    assert_eq!((listed[0].status, listed[0].start.hour()), (AppointmentStatus::Booked, 12));
}

#[tokio::test(start_paused = true)]
async fn services_and_free_times_come_from_snapshots() {
    let (far, _) = salon(|settings| {
        settings.as_object_mut().unwrap().remove("query_url");
    })
    .await;
    let calendar = far.crm.calendar().unwrap();
    let day = date(2026, 3, 11);
    assert_eq!(calendar.free_slots(&far.wanted("haircut-women", day)).await.unwrap_err().kind, FaultKind::Unsupported);
    let row = |id: &str, name: &str| {
        json!({"ext_id": id, "name": name, "price_min": "1500.00", "price_max": 2000,
        "duration_min": 45, "employees": ["m-5"], "active": true})
    };
    let told = json!({"services": [row("s-1", "Стрижка"), row("s-2", "Укладка"), row("s-3", "Маникюр")],
        "employees": [{"ext_id": "m-5", "name": "Ольга", "position": "Мастер"}], "complete": true});
    tell(&far, "c1", "catalog.snapshot", "2026-03-10T10:01:00+03:00", told).await.unwrap();
    let catalogue = far.crm.catalogue().unwrap();
    let services = catalogue.services(false).await.unwrap();
    assert_eq!((services.len(), services[0].duration_min, services[0].price.unwrap().from), (3, Some(45), 150_000));
    assert_eq!(catalogue.staff(Some("s-1")).await.unwrap()[0].service_ids, ["s-1", "s-2", "s-3"]);
    assert_eq!(catalogue.staff(Some("s-9")).await.unwrap_err().kind, FaultKind::NotFound);
    let few = json!({"services": [row("s-1", "Стрижка")], "employees": [], "complete": true});
    let refused = tell(&far, "c2", "catalog.snapshot", "2026-03-10T10:02:00+03:00", few.clone()).await;
    assert!(matches!(refused, Err(HookRefusal::Invalid(_))), "more than half is a mistake");
    let forced = json!({"force": true, "services": few["services"], "employees": [], "complete": "1"});
    tell(&far, "c3", "catalog.snapshot", "2026-03-10T10:02:00+03:00", forced).await.unwrap();
    assert_eq!(catalogue.services(false).await.unwrap().len(), 1);
    assert_eq!(catalogue.services(true).await.unwrap().len(), 3);

    let free = json!({"valid_until": "2026-03-10T12:00:00+03:00", "employee": {"ext_id": "m-5"}, "service": null,
        "slots": [{"start": "2026-03-11T09:00:00+03:00", "duration_min": 45}, {"start": "2026-03-09 09:00:00"}]});
    tell(&far, "s1", "slots.snapshot", "2026-03-10T10:03:00+03:00", free).await.unwrap();
    let slots = calendar.free_slots(&far.wanted("s-1", day)).await.unwrap();
    assert_eq!((slots.len(), slots[0].employee_id.as_deref()), (1, Some("m-5")));
    let taken = request("k", "s-1", Some("m-5"), slots[0].start.timestamp() + 1.hour());
    assert_eq!(calendar.book(&taken).await.unwrap_err().kind, FaultKind::SlotTaken);
    tokio::time::sleep(std::time::Duration::from_secs(3 * 3600)).await;
    assert_eq!(calendar.free_slots(&far.wanted("s-1", day)).await.unwrap_err().kind, FaultKind::Unsupported, "too old");
    assert_eq!(calendar.book(&taken).await.unwrap().status, AppointmentStatus::Requested, "nobody says no any more");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_signed_is_not_read() {
    let (far, _) = bridge().await;
    let hooks = far.crm.hooks().unwrap();
    let now = far.clock.now().as_second();
    let ping =
        json!({"v": 1, "event_id": "p-1", "type": "ping", "occurred_at": "2026-03-10T10:00:00+03:00", "data": {}});
    let call = signed(&far, "p-1", &ping);
    let events = hooks.read(&call).unwrap();
    assert_eq!((events[0].subject.clone(), events[0].dedupe.as_str()), (HookSubject::Connection, "p-1"));
    assert_eq!(hooks.answer(&events, false), Some(json!({"status": "ok", "event_id": "p-1"})));
    assert_eq!(hooks.answer(&events, true), Some(json!({"status": "duplicate", "event_id": "p-1"})));
    hooks.apply(&call, &events).await.unwrap();
    assert!(far.crm.probe().await.unwrap().checks.iter().any(|check| check.detail.contains("the last event came")));
    for drift in [-301, 301] {
        assert_eq!(hooks.read(&signed_at(now + drift, now, "p-1", &ping)), Err(HookRefusal::Stale));
        assert!(hooks.read(&signed_at(now + drift - drift.signum(), now, "p-1", &ping)).is_ok());
    }
    let mut forged = call.clone();
    forged.body.push(b' ');
    assert_eq!(hooks.read(&forged), Err(HookRefusal::Forged));
    forged = HookCall { headers: Vec::new(), ..call.clone() };
    assert_eq!(hooks.read(&forged), Err(HookRefusal::Forged));
    let bad = signed(&far, "x", &json!([]));
    assert!(matches!(hooks.read(&bad), Err(HookRefusal::Unreadable(_))));
    assert_eq!(
        hooks
            .read(&signed(&far, "u", &json!({"type": "boom", "data": {}})))
            .map(|_| ())
            .map_err(|r| matches!(r, HookRefusal::Invalid(_))),
        Err(true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_cannot_sign_carries_a_token() {
    for (auth, call) in [
        (
            "bearer",
            HookCall { headers: vec![("authorization".to_owned(), format!("Bearer {SECRET}"))], ..HookCall::default() },
        ),
        ("header", HookCall { headers: vec![("x-flow-token".to_owned(), SECRET.to_owned())], ..HookCall::default() }),
        ("query", HookCall { query: vec![("token".to_owned(), SECRET.to_owned())], ..HookCall::default() }),
    ] {
        let (far, _) = salon(|settings| settings["auth"] = json!(auth)).await;
        let hooks = far.crm.hooks().unwrap();
        let now = far.clock.now().as_second();
        let told = |at: &str| {
            let body = json!({"type": "ping", "occurred_at": at}).to_string().into_bytes();
            HookCall { body, now, ..call.clone() }
        };
        assert!(hooks.read(&told("2026-03-10 09:00:00")).is_ok(), "{auth}");
        assert_eq!(hooks.read(&told("2026-03-09 09:00:00")), Err(HookRefusal::Stale), "{auth}");
        let bare = HookCall { headers: Vec::new(), query: Vec::new(), ..told("2026-03-10 09:00:00") };
        assert_eq!(hooks.read(&bare), Err(HookRefusal::Forged), "{auth}");
        let signed = signed(&far, "p", &json!({"type": "ping"}));
        assert_eq!(hooks.read(&signed), Err(HookRefusal::Forged), "one way at a time");
    }
}
