use flow::domain::booking::BookingState;
use flow::domain::contact::Locale;
use flow::domain::conversation::{ConversationStatus, DialogState, Handoff, HandoffState, Role, Session};
use flow::domain::id::{BookingId, ConversationId};
use flow::domain::job::{Claimed, JobFilter, JobState, Lease, Pool, Scheduled, Work};
use flow::domain::lead::LeadStatus;
use flow::domain::store::{
    BookingFilter, BookingUpdate, ConversationFilter, Effects, LeadDraft, LeadFilter, MessageRange, Page, Store,
    StoreError, TurnInput,
};
use jiff::SignedDuration;
use serde_json::json;

use super::samples::{at, claim_one, job, minute, phone, reply, says, visit};

/// A client wrote; a worker has the job.
async fn asked(store: &dyn Store, number: u32, text: &str, now: i64) -> (ConversationId, Claimed) {
    let received = store.receive(&says("anna", number, text), at(now), Some(at(now)), None).await.unwrap();
    (received.conversation_id, claim_one(store, at(now)).await)
}

fn session(state: DialogState) -> Session {
    Session { state, form: json!({"service": "haircut", "asked": ["phone"]}), updated_at: at(1) }
}

/// A word to a person, hours from now.
fn later(id: ConversationId) -> Scheduled {
    let work = Work::EscalateBooking { booking_id: BookingId::new(at(1)), conversation_id: id };
    Scheduled { key: "escalate:k".to_owned(), due_at: minute(600), lane: format!("conv:{id}"), work }
}

/// Everything that a step may change.
fn everything(input: &TurnInput) -> Effects {
    Effects {
        with_person: Some(false),
        answered_seq: input.new.last().map(|message| message.seq),
        session: Some((session(DialogState::Confirming), input.session_version)),
        messages: vec![reply("Записываю на 10:00"), reply("Подтвердите, пожалуйста")],
        name: Some("Анна".to_owned()),
        phone: Some(phone(7)),
        language: Some(Locale::En),
        lead: Some(LeadDraft { service: Some("Стрижка".to_owned()), ..LeadDraft::default() }),
        hold: Some((BookingId::new(at(1)), visit("k", 60, 120))),
        booking: None,
        handoff: Some(Handoff {
            state: HandoffState::Requested,
            reason: "question".to_owned(),
            at: at(1),
            operator: None,
        }),
        question: Some("А собаку можно?".to_owned()),
        jobs: vec![job("crm:local:1", at(1))],
        scheduled: vec![later(input.conversation.id)],
        given_up: None,
        usage: Some(("offline".to_owned(), 900)),
        begins_anew: false,
    }
}

/// All that a step could have changed, to be compared before and after.
async fn snapshot(store: &dyn Store, id: ConversationId) -> impl PartialEq + std::fmt::Debug {
    (
        store.turn_input(id, 100).await.unwrap(),
        store.messages(id, MessageRange::Last, 100).await.unwrap(),
        store.leads(&LeadFilter::default(), flow::domain::store::LeadSort::Created, &Page::first(100)).await.unwrap(),
        store.bookings(&BookingFilter::default(), &Page::first(100)).await.unwrap(),
        store.unanswered(100).await.unwrap(),
        store.events_since(0, 100).await.unwrap(),
        store.jobs(&JobFilter::default(), 100).await.unwrap(),
    )
}

pub async fn a_turn_starts_from_what_no_turn_has_seen(store: &dyn Store) {
    let (id, first) = asked(store, 1, "Привет", 0).await;
    let input = store.turn_input(id, 10).await.unwrap();
    assert_eq!((input.new.len(), input.history.len(), input.session_version), (1, 0, 0));
    assert_eq!(input.session, None);
    let effects =
        Effects {
            answered_seq: Some(input.new[0].seq), messages: vec![reply("Здравствуйте")], ..everything(&input)
        };
    store.commit_turn(id, (&first.lease, first.id), &effects, at(1)).await.unwrap();
    for number in 2..=3 {
        store.receive(&says("anna", number, "ещё"), at(2), None, None).await.unwrap();
    }
    let input = store.turn_input(id, 10).await.unwrap();
    assert_eq!(input.new.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["ещё", "ещё"]);
    let history: Vec<&str> = input.history.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(history, ["Привет", "Здравствуйте"]);
    assert_eq!((input.session, input.session_version), (Some(session(DialogState::Confirming)), 1));
    assert_eq!(store.turn_input(id, 1).await.unwrap().history.len(), 1);
}

pub async fn a_turn_writes_everything_together(store: &dyn Store) {
    let (id, claimed) = asked(store, 1, "Хочу на стрижку", 0).await;
    let input = store.turn_input(id, 10).await.unwrap();
    let effects = everything(&input);
    store.commit_turn(id, (&claimed.lease, claimed.id), &effects, at(1)).await.unwrap();

    let now = store.turn_input(id, 10).await.unwrap();
    assert_eq!((now.new.len(), now.history.len(), now.session_version), (0, 3, 1));
    assert_eq!(now.history[1].role, Role::Bot);
    let conversation = now.conversation;
    assert_eq!(conversation.contact.name.as_deref(), Some("Анна"));
    assert_eq!(conversation.contact.phone, Some(phone(7)));
    assert_eq!((conversation.language, conversation.message_count), (Some(Locale::En), 3));
    assert_eq!((conversation.status, conversation.unanswered), (ConversationStatus::WaitingOperator, true));
    let lead = store.lead(conversation.lead_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((lead.name.as_deref(), lead.phone.clone()), (Some("Анна"), Some(phone(7))));
    assert_eq!((lead.service.as_deref(), lead.conversation_id), (Some("Стрижка"), Some(id)));
    let booking = store.booking(effects.hold.unwrap().0).await.unwrap().unwrap();
    assert_eq!((booking.state, booking.lead_id), (BookingState::Held, Some(lead.id)));
    assert_eq!(store.unanswered(10).await.unwrap()[0].text, "А собаку можно?");
    assert_eq!(claim_one(store, at(1)).await.lease.lane, "crm:local:1");
    let questions = ConversationFilter { unanswered: Some(true), ..ConversationFilter::default() };
    assert_eq!(store.count_conversations(&questions, 10).await.unwrap(), 1);
    let of_lead = ConversationFilter { lead_id: Some(lead.id), ..ConversationFilter::default() };
    assert_eq!(store.count_conversations(&of_lead, 10).await.unwrap(), 1);
}

pub async fn what_a_turn_schedules_is_written_with_it(store: &dyn Store) {
    let (id, claimed) = asked(store, 1, "Хочу на стрижку", 0).await;
    let work = later(id);
    let effects = Effects { scheduled: vec![work.clone()], ..Effects::default() };
    store.commit_turn(id, (&claimed.lease, claimed.id), &effects, at(1)).await.unwrap();
    let waiting = store.job(&work.key).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.ready_at), (JobState::Scheduled, Some(work.due_at)));
    assert_eq!((waiting.kind.as_str(), waiting.lane.as_str()), ("escalate_booking", work.lane.as_str()));
    // Another turn that asks for the same asks for nothing new.
    let (_, second) = asked(store, 2, "И ещё", 2).await;
    let sooner = Effects { scheduled: vec![Scheduled { due_at: at(3), ..work.clone() }], ..Effects::default() };
    store.commit_turn(id, (&second.lease, second.id), &sooner, at(3)).await.unwrap();
    assert_eq!(store.enter_due(10, work.due_at - SignedDuration::from_millis(1)).await.unwrap(), 0);
    assert_eq!(store.enter_due(10, work.due_at).await.unwrap(), 1);
    assert_eq!(claim_one(store, work.due_at).await.work, Ok(work.work));
}

pub async fn a_job_that_is_given_up_is_kept_and_what_was_said_is_written(store: &dyn Store) {
    let (id, first) = asked(store, 1, "Хочу на стрижку", 0).await;
    store.receive(&says("anna", 2, "Ау"), at(0), Some(at(0)), None).await.unwrap();
    let given_up = Effects {
        given_up: Some("the engine failed three times".to_owned()),
        ..everything(&store.turn_input(id, 10).await.unwrap())
    };
    let stale = Lease { token: first.lease.token ^ 1, ..first.lease.clone() };
    let before = snapshot(store, id).await;
    let told = store.commit_turn(id, (&stale, first.id), &given_up, at(1)).await;
    assert_eq!(told, Err(StoreError::LostLease));
    assert_eq!(snapshot(store, id).await, before);
    store.commit_turn(id, (&first.lease, first.id), &given_up, at(1)).await.unwrap();

    let dead = store.job(&first.id.to_string()).await.unwrap().unwrap();
    assert_eq!((dead.state, dead.attempts, dead.died_at), (JobState::Dead, 1, Some(at(1))));
    assert_eq!((dead.kind.as_str(), dead.error.as_deref()), ("answer", Some("the engine failed three times")));
    let input = store.turn_input(id, 10).await.unwrap();
    assert_eq!((input.new.len(), input.conversation.message_count, input.session_version), (0, 4, 1));
    assert!(input.conversation.is_with_person());
    assert!(store.booking(given_up.hold.unwrap().0).await.unwrap().is_some());
    // The dialogue goes on: with the next message, and with what was asked for beside it.
    let next = store.claim(&Pool::Class("conv".to_owned()), 10, at(60), at(1)).await.unwrap();
    assert_eq!((next.len(), next[0].attempt), (1, 1));
    assert_eq!(next[0].work, Ok(Work::Answer { conversation_id: id }));
    assert_eq!(claim_one(store, at(1)).await.lease.lane, "crm:local:1");
}

pub async fn a_taken_slot_writes_nothing(store: &dyn Store) {
    store.reserve(&visit("other", 90, 150), BookingState::Held, at(0)).await.unwrap();
    let (id, claimed) = asked(store, 1, "Да", 0).await;
    let before = snapshot(store, id).await;
    let effects = everything(&store.turn_input(id, 10).await.unwrap());
    let told = store.commit_turn(id, (&claimed.lease, claimed.id), &effects, at(1)).await;
    assert_eq!(told, Err(StoreError::SlotTaken));
    assert_eq!(snapshot(store, id).await, before);
    // The work is still the worker's: without the hold the same step goes through.
    let without = Effects { hold: None, ..effects };
    store.commit_turn(id, (&claimed.lease, claimed.id), &without, at(1)).await.unwrap();
}

pub async fn a_lost_lease_writes_nothing(store: &dyn Store) {
    let (id, slow) = asked(store, 1, "Хочу на стрижку", 0).await;
    let effects = everything(&store.turn_input(id, 10).await.unwrap());
    store.reap(at(61)).await.unwrap();
    let quick = claim_one(store, at(61)).await;
    let before = snapshot(store, id).await;
    let told = store.commit_turn(id, (&slow.lease, slow.id), &effects, at(62)).await;
    assert_eq!(told, Err(StoreError::LostLease));
    assert_eq!(snapshot(store, id).await, before);
    store.commit_turn(id, (&quick.lease, quick.id), &effects, at(62)).await.unwrap();
}

pub async fn a_stale_session_writes_nothing(store: &dyn Store) {
    let (id, first) = asked(store, 1, "Хочу на стрижку", 0).await;
    let stale = store.turn_input(id, 10).await.unwrap();
    let plain = Effects { handoff: None, hold: None, jobs: Vec::new(), ..everything(&stale) };
    store.commit_turn(id, (&first.lease, first.id), &plain, at(1)).await.unwrap();
    let (_, second) = asked(store, 2, "И ещё", 2).await;
    let before = snapshot(store, id).await;
    let told = store.commit_turn(id, (&second.lease, second.id), &everything(&stale), at(3)).await;
    assert_eq!(told, Err(StoreError::Version { current: 1 }));
    assert_eq!(snapshot(store, id).await, before);
    let fresh = everything(&store.turn_input(id, 10).await.unwrap());
    store.commit_turn(id, (&second.lease, second.id), &fresh, at(3)).await.unwrap();
    assert_eq!(store.turn_input(id, 10).await.unwrap().session_version, 2);
}

pub async fn a_failed_turn_leaves_its_job_where_it_was(store: &dyn Store) {
    let (id, claimed) = asked(store, 1, "Да", 0).await;
    let missing =
        BookingUpdate { id: BookingId::new(at(0)), state: BookingState::Booked, external_id: None, error: None };
    let effects = Effects { booking: Some(missing), ..everything(&store.turn_input(id, 10).await.unwrap()) };
    let told = store.commit_turn(id, (&claimed.lease, claimed.id), &effects, at(1)).await;
    assert_eq!(told, Err(StoreError::NotFound("booking")));
    store.reap(at(61)).await.unwrap();
    let again = claim_one(store, at(61)).await;
    assert_eq!((again.id, again.attempt), (claimed.id, 2));
}

pub async fn a_dialogue_has_one_lead_that_grows(store: &dyn Store) {
    let (id, first) = asked(store, 1, "Сколько стоит?", 0).await;
    let with = |lead: LeadDraft| Effects { lead: Some(lead), ..Effects::default() };
    let nothing = with(LeadDraft { update_only: true, ..LeadDraft::default() });
    store.commit_turn(id, (&first.lease, first.id), &nothing, at(1)).await.unwrap();
    assert_eq!(store.counts().await.unwrap().leads, 0);
    let (_, second) = asked(store, 2, "Стрижку", 2).await;
    let made = with(LeadDraft { service: Some("Стрижка".to_owned()), ..LeadDraft::default() });
    store.commit_turn(id, (&second.lease, second.id), &made, at(3)).await.unwrap();
    let (_, third) = asked(store, 3, "Завтра", 4).await;
    let grown = with(LeadDraft {
        status: Some(LeadStatus::Qualified),
        phone: Some(phone(3)),
        desired_at: Some(minute(600)),
        ..LeadDraft::default()
    });
    store.commit_turn(id, (&third.lease, third.id), &grown, at(5)).await.unwrap();
    assert_eq!(store.counts().await.unwrap().leads, 1);
    let lead = store.conversation(id).await.unwrap().unwrap().lead_id.unwrap();
    let lead = store.lead(lead).await.unwrap().unwrap();
    assert_eq!((lead.status, lead.service.as_deref()), (LeadStatus::Qualified, Some("Стрижка")));
    assert_eq!((lead.phone, lead.desired_at, lead.version), (Some(phone(3)), Some(minute(600)), 2));
}

pub async fn a_dialogue_only_moves_its_lead_where_it_may_go(store: &dyn Store) {
    let to = |status| Effects {
        lead: Some(LeadDraft { status: Some(status), ..LeadDraft::default() }),
        ..Effects::default()
    };
    let (id, first) = asked(store, 1, "Стрижку", 0).await;
    store.commit_turn(id, (&first.lease, first.id), &to(LeadStatus::Qualified), at(1)).await.unwrap();
    let (_, second) = asked(store, 2, "Не знаю", 2).await;
    store.commit_turn(id, (&second.lease, second.id), &to(LeadStatus::InProgress), at(3)).await.unwrap();
    let lead = store.conversation(id).await.unwrap().unwrap().lead_id.unwrap();
    assert_eq!(store.lead(lead).await.unwrap().unwrap().status, LeadStatus::Qualified);
    let (_, third) = asked(store, 3, "Да", 4).await;
    store.commit_turn(id, (&third.lease, third.id), &to(LeadStatus::Booked), at(5)).await.unwrap();
    // A booked lead is finished business: a new wish is a new lead.
    let (_, fourth) = asked(store, 4, "И ещё раз", 6).await;
    store.commit_turn(id, (&fourth.lease, fourth.id), &to(LeadStatus::Qualified), at(7)).await.unwrap();
    assert_eq!(store.lead(lead).await.unwrap().unwrap().status, LeadStatus::Booked);
    assert_ne!(store.conversation(id).await.unwrap().unwrap().lead_id, Some(lead));
    assert_eq!(store.counts().await.unwrap().leads, 2);
}

pub async fn closing_a_conversation_forgets_the_state_of_its_dialogue(store: &dyn Store) {
    let (id, claimed) = asked(store, 1, "Хочу на стрижку", 0).await;
    let effects = everything(&store.turn_input(id, 10).await.unwrap());
    store.commit_turn(id, (&claimed.lease, claimed.id), &effects, at(1)).await.unwrap();
    store.close(id, at(2)).await.unwrap();
    let input = store.turn_input(id, 10).await.unwrap();
    assert_eq!((input.session, input.session_version), (None, 0));
}
