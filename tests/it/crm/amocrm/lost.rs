//! Answers that are lost: the same key, or the same lead, is one object.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_write_leaves_one_visit_under_its_key() {
    for lost in ["create_contact", "create_lead", "create_task", "create_note"] {
        for trouble in [Trouble::AppliedThenDropped, Trouble::AppliedThen(504), Trouble::Dropped] {
            let (far, account) = plain().await;
            let calendar = far.crm.calendar().unwrap();
            let wanted = wanted(&far, "k1").await;
            far.way.next(&[lost], [trouble.clone()]);
            let first = calendar.book(&wanted).await;
            if let Err(fault) = &first {
                let kinds = [FaultKind::UnknownOutcome, FaultKind::Unavailable];
                assert!(kinds.contains(&fault.kind), "{lost} {trouble:?}: {fault}");
            }
            tokio::time::sleep(std::time::Duration::from_secs(6)).await;
            let again = calendar.book(&wanted).await.unwrap_or_else(|fault| panic!("{lost} {trouble:?}: {fault}"));
            if let Ok(first) = first {
                assert_eq!(first.id, again.id);
            }
            let account = account.lock().unwrap();
            let counts = (account.leads.len(), account.tasks.len(), account.contacts.len(), account.notes.len());
            assert_eq!(counts, (1, 1, 2, 1), "{lost} {trouble:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_moving_or_cancelling_is_finished_by_the_same_call() {
    for lost in ["update_lead", "update_task", "create_note"] {
        let (far, account) = plain().await;
        let calendar = far.crm.calendar().unwrap();
        let wanted = wanted(&far, "k1").await;
        let booked = calendar.book(&wanted).await.unwrap();
        let start = wanted.start + 2.hours();
        let moving = MoveRequest { key: "m".to_owned(), id: booked.id.clone(), start, employee_id: None };
        far.way.next(&[lost], vec![Trouble::AppliedThenDropped; 5]);
        calendar.move_to(&moving).await.ok();
        far.way.next(&[], []);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        calendar.move_to(&moving).await.unwrap_or_else(|fault| panic!("{lost}: {fault}"));
        assert_eq!(account.lock().unwrap().notes.len(), 2, "{lost}: one note of the move");
        far.way.next(&[lost], vec![Trouble::AppliedThenDropped; 5]);
        calendar.cancel(&booked.id).await.ok();
        far.way.next(&[], []);
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        calendar.cancel(&booked.id).await.unwrap_or_else(|fault| panic!("{lost}: {fault}"));
        let account = account.lock().unwrap();
        assert_eq!(account.tasks[0]["complete_till"], start.as_second());
        assert_eq!((&account.leads[0]["status_id"], account.notes.len()), (&json!(143), 3), "{lost}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_that_may_be_there_is_not_written_again_before_it_must_show() {
    let (far, account) = plain().await;
    let leads = far.crm.leads().unwrap();
    far.way.next(&["create_lead_complex"], [Trouble::Dropped]);
    assert_eq!(leads.push(&lead()).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    let fault = leads.push(&lead()).await.unwrap_err();
    assert!(fault.kind == FaultKind::UnknownOutcome && fault.retry_after.is_some(), "{fault}");
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    leads.push(&lead()).await.unwrap();
    assert_eq!(account.lock().unwrap().leads.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_contacts_are_read_to_the_end_and_a_filter_that_is_ignored_fools_nobody() {
    let (far, _) = account(
        |account| {
            for id in 0..1000 {
                account.leads.push(json!({"id": 10_000 + id, "name": format!("Сделка {id}"), "status_id": 2030,
                    "_embedded": {"contacts": [{"id": 40_401_635}], "tags": []}, "custom_fields_values": null}));
            }
            account.ignores_filters = true;
        },
        |_| {},
    )
    .await;
    let calendar = far.crm.calendar().unwrap();
    let wanted = BookRequest { phone: phone("+79161112233"), ..wanted(&far, "k1").await };
    far.way.next(&["create_lead"], [Trouble::AppliedThenDropped]);
    assert_eq!(calendar.book(&wanted).await.unwrap_err().kind, FaultKind::UnknownOutcome);
    let booked = calendar.book(&wanted).await.unwrap();
    assert_eq!(calendar.book(&wanted).await.unwrap().id, booked.id);
}
