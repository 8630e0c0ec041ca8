//! What the bridge's papers say of deliveries, links and ids.

use std::time::Duration;

use flow::domain::crm::Decision;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_repeat_counts_on_is_signed_anew_and_comes_later_and_later() {
    let (far, other) = bridge().await;
    let calendar = far.raw.calendar().unwrap();
    let wanted = wanted(&far, "k1").await;
    other.lock().unwrap().replies = None;
    let mut waits = Vec::new();
    for _ in 0..5 {
        far.way.next(&["book"], [Trouble::AppliedThen(503)]);
        let fault = calendar.book(&wanted).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::UnknownOutcome);
        let wait = fault.retry_after.unwrap();
        waits.push(wait.as_secs());
        tokio::time::sleep(wait).await;
    }
    for (wait, about) in waits.iter().zip([10, 60, 300, 1800, 7200]) {
        assert!((about - about / 10..=about + about / 10 + 1).contains(wait), "{waits:?}");
    }
    let tries = other.lock().unwrap().tries.clone();
    assert_eq!(tries.iter().map(|(_, tried, _)| *tried).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(tries.windows(2).all(|two| two[0].0 == two[1].0 && two[0].2 != two[1].2), "{tries:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_often_does_not_use_up_the_day() {
    let (far, _) = bridge().await;
    let wanted = wanted(&far, "k1").await;
    for _ in 0..20 {
        far.way.next(&["book"], [Trouble::Answers(503, String::new())]);
        let fault = far.raw.calendar().unwrap().book(&wanted).await.unwrap_err();
        assert_ne!(fault.kind, FaultKind::Rejected, "{fault}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    far.way.next(&[], []);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(far.raw.calendar().unwrap().book(&wanted).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_other_side_asks_for_is_kept() {
    let (far, _) = bridge().await;
    let wanted = wanted(&far, "k1").await;
    far.way.next(&["book"], vec![Trouble::Answers(429, String::new()); 4]);
    let fault = far.raw.calendar().unwrap().book(&wanted).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::RateLimited);
    assert!(fault.retry_after.is_some_and(|wait| wait >= Duration::from_secs(10)), "{fault:?}");
}

/// The id and the key in the link of the only request.
fn link(other: &Arc<Mutex<Middleware>>) -> (String, String) {
    let other = other.lock().unwrap();
    let url = other.of_kind("appointment.requested")[0]["data"]["resolve_url"].as_str().unwrap().to_owned();
    let (id, key) = url.strip_prefix("https://bot.example/r/").unwrap().split_once("?k=").unwrap();
    (id.to_owned(), key.to_owned())
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_link_decides_once() {
    for (decision, status) in [
        (Decision::Confirm, AppointmentStatus::Booked),
        (Decision::Reject, AppointmentStatus::Cancelled),
        (Decision::Change(date(2026, 3, 11).at(15, 0, 0, 0)), AppointmentStatus::Requested),
    ] {
        for auth in ["hmac", "bearer", "header", "query"] {
            let (far, other) = salon(|settings| settings["auth"] = json!(auth)).await;
            let calendar = far.crm.calendar().unwrap();
            let booked = calendar.book(&wanted(&far, "k1").await).await.unwrap();
            let (id, key) = link(&other);
            assert_eq!(id, booked.id);
            let hooks = far.crm.hooks().unwrap();
            let forged = format!("{}0", &key[..key.len() - 1]);
            for (id, key) in [(id.as_str(), forged.as_str()), (id.as_str(), ""), ("rq_0", key.as_str())] {
                if key == link(&other).1 && id == booked.id {
                    continue;
                }
                assert!(hooks.asked(id, key).await.is_none());
                assert!(hooks.decided(id, key, &decision).await.is_none());
            }
            let asked = hooks.asked(&id, &key).await.unwrap();
            assert!(asked.outcome.is_none() && asked.may_change && asked.text.contains("Новая заявка"), "{asked:?}");
            let call = hooks.decided(&id, &key, &decision).await.unwrap();
            let twice = hooks.decided(&id, &key, &decision).await.unwrap();
            assert_eq!(hooks.read(&call).unwrap()[0].dedupe, hooks.read(&twice).unwrap()[0].dedupe);
            assert_eq!(hooks.admit(&call).await, Ok(true));
            hooks.apply(&call, &hooks.read(&call).unwrap()).await.unwrap();
            assert!(hooks.asked(&id, &key).await.is_none_or(|asked| asked.outcome.is_some()));
            let shown = far.raw.calendar().unwrap().appointment(&booked.id).await.unwrap().unwrap();
            assert_eq!(shown.status, status, "{auth} {decision:?}");
            let all = AppointmentQuery { all: true, ..AppointmentQuery::default() };
            assert_eq!(calendar.appointments(&all).await.unwrap().len(), 1, "{auth} {decision:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_ends_with_its_request_and_is_absent_where_nobody_reaches_us() {
    let (far, other) = bridge().await;
    far.crm.calendar().unwrap().book(&wanted(&far, "k1").await).await.unwrap();
    let (id, key) = link(&other);
    tokio::time::sleep(Duration::from_secs(5 * 3600)).await;
    let asked = far.crm.hooks().unwrap().asked(&id, &key).await.unwrap();
    assert!(asked.outcome.is_some_and(|outcome| outcome.contains("срок")));
}

#[tokio::test(start_paused = true)]
async fn an_event_without_an_id_is_known_by_the_hash_of_its_words() {
    use sha2::{Digest, Sha256};
    let (far, _) = bridge().await;
    let data = json!({"ext_id": "c-1", "phone": "+79161112233"});
    let at = "2026-03-10T10:15:00+03:00";
    let body = json!({"v": 1, "type": "client.upserted", "occurred_at": at, "data": data});
    let events = far.crm.hooks().unwrap().read(&signed(&far, "", &body)).unwrap();
    let words = format!("client.upserted{at}{data}");
    assert_eq!(events[0].dedupe, hex(&Sha256::digest(words.as_bytes())));
}
