use flow::domain::booking::{BookingState, NewBooking};
use flow::domain::contact::{Channel, Contact, Locale};
use flow::domain::conversation::{DialogState, Handoff, HandoffState, Message, MessageKind, Role, Session};
use flow::domain::id::{BookingId, ContactId, ConversationId, MessageId};
use flow::domain::lead::{LeadPatch, LeadStatus};
use flow::domain::store::{
    BookingMove, BookingUpdate, Counts, Event, MessageRange, Store, StoreError, WholeConversation,
};
use serde_json::json;

use super::samples::{at, identity, lead, minute, phone, says, visit};

pub async fn a_new_store_is_empty_and_sound(store: &dyn Store) {
    store.ping().await.unwrap();
    let schema = store.schema().await.unwrap();
    assert_eq!(schema.current, schema.latest);
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    assert_eq!(store.check().await.unwrap(), []);
    assert_eq!(store.events_since(0, 10).await.unwrap(), []);
    assert_eq!(store.unanswered(10).await.unwrap(), []);
    assert_eq!(store.tokens().await.unwrap(), []);
}

pub async fn events_follow_in_order(store: &dyn Store) {
    let made = store.create_lead(&lead(at(0)), false, at(0), None).await.unwrap().lead;
    let won = LeadPatch { status: Some(LeadStatus::Won), ..LeadPatch::default() };
    store.update_lead(made.id, &won, None, at(1)).await.unwrap();
    let booking = store.reserve(&visit("k", 60, 120), BookingState::Held, at(2)).await.unwrap();
    let becomes = |state| BookingUpdate { id: booking.id, state, external_id: None, error: None };
    store.update_booking(&becomes(BookingState::Booked), at(3)).await.unwrap();
    let change = BookingMove {
        id: booking.id,
        key: "m".to_owned(),
        start: minute(180),
        end: minute(240),
        employee_id: None,
        employee_name: None,
    };
    store.move_booking(&change, at(4)).await.unwrap();
    store.update_booking(&becomes(BookingState::Cancelled), at(5)).await.unwrap();
    let refused = store.reserve(&visit("r", 60, 120), BookingState::Held, at(6)).await.unwrap();
    let update = BookingUpdate { id: refused.id, ..becomes(BookingState::Refused) };
    store.update_booking(&update, at(6)).await.unwrap();
    let id = store.receive(&says("anna", 1, "Человека!"), at(7), None, None).await.unwrap().conversation_id;
    let asked = Handoff { state: HandoffState::Requested, reason: "asked".to_owned(), at: at(7), operator: None };
    store.set_handoff(id, &asked, at(7)).await.unwrap();

    let events: Vec<Event> = store.events_since(0, 100).await.unwrap();
    let told: Vec<(&str, String)> = events.iter().map(|event| (event.kind.as_str(), event.subject.clone())).collect();
    let wanted = [
        ("lead.created", made.id.to_string()),
        ("lead.updated", made.id.to_string()),
        ("booking.booked", booking.id.to_string()),
        ("booking.moved", booking.id.to_string()),
        ("booking.cancelled", booking.id.to_string()),
        ("booking.refused", refused.id.to_string()),
        ("conversation.handoff", id.to_string()),
    ];
    assert_eq!(told, wanted);
    assert!(events.is_sorted_by_key(|event| (event.seq, event.at)));
    assert_eq!(store.events_since(events[4].seq, 1).await.unwrap(), events[5..6]);
}

fn message(conversation_id: ConversationId, seconds: i64, role: Role, text: &str) -> Message {
    Message {
        edited_at: None,
        seq: 0,
        id: MessageId::new(at(seconds)),
        conversation_id,
        role,
        kind: MessageKind::Text,
        text: text.to_owned(),
        button_value: None,
        buttons: Vec::new(),
        at: at(seconds),
        channel_message_id: None,
        delivery: None,
        in_reply_to: None,
        metadata: None,
        trace: None,
    }
}

fn whole(client: &str, from: i64) -> WholeConversation {
    let id = ConversationId::new(at(0));
    let contact = Contact {
        id: ContactId::new(at(0)),
        name: Some("Анна".to_owned()),
        phone: Some(phone(4)),
        verified_phone: Some(phone(4)),
        email: None,
        created_at: at(0),
    };
    let mut lead = lead(at(5));
    (lead.conversation_id, lead.contact_id) = (Some(id), Some(contact.id));
    lead.channel = Channel::Web;
    let booking = NewBooking {
        contact_id: Some(contact.id),
        conversation_id: Some(id),
        lead_id: Some(lead.id),
        ..visit(client, from, from + 60)
    };
    WholeConversation {
        id,
        identity: identity(client),
        contact,
        language: Locale::Ru,
        messages: vec![message(id, 1, Role::Customer, "Хочу на стрижку"), message(id, 3, Role::Bot, "Вы записаны")],
        session: Session { state: DialogState::Completed, form: json!({}), updated_at: at(3) },
        lead: Some(lead),
        booking: Some((BookingId::new(at(3)), booking, BookingState::Booked)),
    }
}

pub async fn whole_conversations_read_back(store: &dyn Store) {
    let (one, two) = (whole("anna", 60), whole("boris", 180));
    store.write_activity(vec![one.clone(), two]).await.unwrap();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.conversations, counts.messages, counts.leads, counts.bookings), (2, 4, 2, 2));
    let conversation = store.conversation(one.id).await.unwrap().unwrap();
    assert_eq!((conversation.message_count, conversation.started_at), (2, at(1)));
    assert_eq!((conversation.last_message_at, conversation.lead_id), (at(3), one.lead.map(|lead| lead.id)));
    assert_eq!(conversation.contact, one.contact);
    let messages = store.messages(one.id, MessageRange::Last, 10).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.role).collect::<Vec<_>>(), [Role::Customer, Role::Bot]);
    let input = store.turn_input(one.id, 10).await.unwrap();
    assert_eq!((input.new.len(), input.session), (0, Some(one.session)));
}

pub async fn a_batch_with_one_bad_conversation_writes_none(store: &dyn Store) {
    let told = store.write_activity(vec![whole("anna", 60), whole("boris", 90)]).await;
    assert_eq!(told, Err(StoreError::SlotTaken));
    let empty = WholeConversation { messages: Vec::new(), ..whole("clara", 300) };
    assert!(store.write_activity(vec![whole("anna", 60), empty]).await.is_err());
    assert_eq!(store.counts().await.unwrap(), Counts::default());
}

pub async fn bookings_of_a_day_are_counted(store: &dyn Store) {
    for (key, from, state) in
        [("a", 0, BookingState::Booked), ("b", 60, BookingState::Held), ("c", 1440, BookingState::Booked)]
    {
        store.reserve(&visit(key, from, from + 60), state, at(0)).await.unwrap();
    }
    assert_eq!(store.bookings_on(minute(0), minute(1440)).await.unwrap(), 1);
    assert_eq!(store.bookings_on(minute(0), minute(1441)).await.unwrap(), 2);
}
