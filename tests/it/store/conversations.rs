use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Button, ConversationStatus, Handoff, HandoffState, Incoming, MessageKind, Role};
use flow::domain::id::ConversationId;
use flow::domain::job::{Pool, Work};
use flow::domain::store::{ConversationFilter, Effects, MessageRange, Page, Store, StoreError};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use super::samples::{at, claim_one, identity, phone, reply, says};

async fn all(store: &dyn Store, filter: &ConversationFilter) -> Vec<String> {
    let found = store.conversations(filter, &Page::first(100)).await.unwrap();
    assert_eq!(store.count_conversations(filter, 100).await.unwrap() as usize, found.len());
    found.into_iter().map(|conversation| conversation.identity.external_id).collect()
}

/// Stores one message and answers its conversation.
async fn hear(store: &dyn Store, incoming: &Incoming, now: Timestamp) -> ConversationId {
    store.receive(incoming, now, None, None).await.unwrap().conversation_id
}

pub async fn a_message_reads_back_with_its_conversation_contact_and_job(store: &dyn Store) {
    let incoming = Incoming {
        kind: MessageKind::Button,
        button_value: Some("yes".to_owned()),
        name: Some("Анна".to_owned()),
        phone: Some(phone(5)),
        metadata: Some(json!({"page": "/prices"})),
        ..says("anna", 1, "Да, всё верно")
    };
    let received = store.receive(&incoming, at(0), Some(at(2)), None).await.unwrap();
    assert!(!received.duplicate);
    let message = store.message(received.message_id).await.unwrap().unwrap();
    assert_eq!((message.seq, message.conversation_id), (received.seq, received.conversation_id));
    assert_eq!((message.role, message.kind), (Role::Customer, MessageKind::Button));
    assert_eq!((message.text.as_str(), message.button_value.as_deref()), ("Да, всё верно", Some("yes")));
    assert_eq!((message.at, message.channel_message_id.as_deref()), (at(0), Some("anna-1")));
    assert_eq!((message.metadata, message.delivery), (incoming.metadata, None));

    let conversation = store.conversation(received.conversation_id).await.unwrap().unwrap();
    assert_eq!(conversation.identity, identity("anna"));
    assert_eq!((conversation.status, conversation.message_count), (ConversationStatus::Open, 1));
    assert_eq!(conversation.contact.id, received.contact_id);
    assert_eq!(conversation.contact.name.as_deref(), Some("Анна"));
    assert_eq!(conversation.contact.phone, Some(phone(5)));
    assert_eq!((conversation.started_at, conversation.last_message_at), (at(0), at(0)));
    assert_eq!(conversation.last_message.as_ref().unwrap().text, "Да, всё верно");
    assert_eq!(store.conversation_of(&identity("anna")).await.unwrap(), Some(conversation));

    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), Some(at(2)));
    let job = claim_one(store, at(2)).await;
    assert_eq!(job.work, Ok(Work::Answer { conversation_id: received.conversation_id }));
}

pub async fn a_redelivered_message_is_one_message(store: &dyn Store) {
    let first = store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap();
    for again in 1..=10 {
        let twice = store.receive(&says("anna", 1, "Привет"), at(again), Some(at(again)), None).await.unwrap();
        assert!(twice.duplicate);
        assert_eq!((twice.message_id, twice.seq), (first.message_id, first.seq));
        assert_eq!((twice.conversation_id, twice.contact_id), (first.conversation_id, first.contact_id));
    }
    let conversation = store.conversation(first.conversation_id).await.unwrap().unwrap();
    assert_eq!((conversation.message_count, conversation.last_message_at), (1, at(0)));
    assert_eq!(store.queue_stats().await.unwrap().pending, 1);
}

pub async fn a_message_delivered_ten_times_at_once_is_one_message(store: &dyn Store) {
    let incoming = says("anna", 1, "Привет");
    let told = join_all((0..10).map(|_| store.receive(&incoming, at(0), Some(at(0)), None))).await;
    let told: Vec<_> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(told.iter().filter(|received| !received.duplicate).count(), 1);
    assert!(told.iter().all(|received| received.message_id == told[0].message_id));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.conversations), (1, 1));
    assert_eq!(store.queue_stats().await.unwrap().pending, 1);
}

pub async fn the_same_external_id_on_another_account_is_another_message(store: &dyn Store) {
    let first = store.receive(&says("anna", 1, "Привет"), at(0), None, None).await.unwrap();
    for (channel, account) in [(Channel::Web, "second"), (Channel::Telegram, "")] {
        let elsewhere = Identity { channel, account: account.to_owned(), external_id: "anna".to_owned() };
        let other = Incoming { identity: elsewhere, ..says("anna", 1, "Привет") };
        let second = store.receive(&other, at(1), None, None).await.unwrap();
        assert!(!second.duplicate);
        assert_ne!(second.conversation_id, first.conversation_id);
    }
    assert_eq!(store.counts().await.unwrap().messages, 3);
}

pub async fn a_closed_conversation_opens_again_with_the_next_message(store: &dyn Store) {
    let id = hear(store, &says("anna", 1, "Привет"), at(0)).await;
    let asked = Handoff { state: HandoffState::Requested, reason: "asked".to_owned(), at: at(0), operator: None };
    store.set_handoff(id, &asked, at(0)).await.unwrap();
    store.close(id, at(5)).await.unwrap();
    let closed = store.conversation(id).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.closed_at), (ConversationStatus::Closed, Some(at(5))));
    assert_eq!(hear(store, &says("anna", 2, "Я вернулась"), at(9)).await, id);
    let open = store.conversation(id).await.unwrap().unwrap();
    assert_eq!((open.status, open.closed_at), (ConversationStatus::Open, None));
    assert!(!open.is_with_person());
}

pub async fn closing_twice_keeps_the_first_moment(store: &dyn Store) {
    let id = hear(store, &says("anna", 1, "Привет"), at(0)).await;
    store.close(id, at(5)).await.unwrap();
    let closed = store.conversation(id).await.unwrap();
    store.close(id, at(9)).await.unwrap();
    assert_eq!(store.conversation(id).await.unwrap(), closed);
}

pub async fn what_the_channel_knows_fills_only_what_is_empty(store: &dyn Store) {
    let id = hear(store, &says("anna", 1, "Привет"), at(0)).await;
    let named = Incoming { name: Some("Анна".to_owned()), ..says("anna", 2, "Это я") };
    hear(store, &named, at(1)).await;
    let other = Incoming { name: Some("anya_1990".to_owned()), phone: Some(phone(5)), ..says("anna", 3, "Ау") };
    hear(store, &other, at(2)).await;
    let contact = store.conversation(id).await.unwrap().unwrap().contact;
    assert_eq!((contact.name.as_deref(), contact.phone), (Some("Анна"), Some(phone(5))));
}

pub async fn a_typed_phone_is_not_one_that_the_channel_vouches_for(store: &dyn Store) {
    let id = store.receive(&says("anna", 1, "Привет"), at(0), Some(at(0)), None).await.unwrap().conversation_id;
    let contact = async || store.conversation(id).await.unwrap().unwrap().contact;
    let job = claim_one(store, at(0)).await;
    let typed = Effects { phone: Some(phone(5)), ..Effects::default() };
    store.commit_turn(id, (&job.lease, job.id), &typed, at(1)).await.unwrap();
    assert_eq!((contact().await.phone, contact().await.verified_phone), (Some(phone(5)), None));
    // Staff who book for that number do not book for whoever typed it.
    let booked_for = store.ensure_contact(&phone(5), None, at(2)).await.unwrap();
    assert_ne!(booked_for.id, contact().await.id);
    hear(store, &Incoming { phone: Some(phone(6)), ..says("anna", 2, "Ау") }, at(3)).await;
    assert_eq!((contact().await.phone, contact().await.verified_phone), (Some(phone(5)), Some(phone(6))));
    let first = hear(store, &Incoming { phone: Some(phone(7)), ..says("olga", 1, "Привет") }, at(4)).await;
    let olga = store.conversation(first).await.unwrap().unwrap().contact;
    assert_eq!((olga.phone, olga.verified_phone), (Some(phone(7)), Some(phone(7))));
}

pub async fn a_message_posted_with_a_handoff_gives_the_conversation_to_a_person(store: &dyn Store) {
    let id = hear(store, &says("anna", 1, "Позовите человека"), at(0)).await;
    let mut message = reply("Здравствуйте, это Ольга");
    message.role = Role::Operator;
    message.buttons = vec![Button { text: "Да".to_owned(), value: "yes".to_owned() }];
    let taken = Handoff {
        state: HandoffState::Taken,
        reason: "operator_message".to_owned(),
        at: at(3),
        operator: Some("Ольга".to_owned()),
    };
    let stored = store.post(id, &message, Some(&taken), at(3), None).await.unwrap();
    assert_eq!((stored.role, stored.buttons.len()), (Role::Operator, 1));
    assert_eq!(store.message(stored.id).await.unwrap(), Some(stored));
    let conversation = store.conversation(id).await.unwrap().unwrap();
    assert!(conversation.is_with_person());
    assert_eq!(conversation.handoff, Some(taken.clone()));
    assert_eq!((conversation.status, conversation.message_count), (ConversationStatus::WaitingOperator, 2));
    assert_eq!(conversation.last_message_at, at(3));
    let returned = Handoff { state: HandoffState::Returned, at: at(9), ..taken };
    store.set_handoff(id, &returned, at(9)).await.unwrap();
    let conversation = store.conversation(id).await.unwrap().unwrap();
    assert_eq!((conversation.status, conversation.is_with_person()), (ConversationStatus::Open, false));
}

pub async fn messages_are_read_by_ranges(store: &dyn Store) {
    let id = hear(store, &says("anna", 1, "1"), at(0)).await;
    for number in 2..=6 {
        hear(store, &says("anna", number, &number.to_string()), at(number.into())).await;
        hear(store, &says("boris", number, "другой"), at(number.into())).await;
    }
    let read = async |range, limit| -> Vec<(String, i64)> {
        let found = store.messages(id, range, limit).await.unwrap();
        found.into_iter().map(|message| (message.text, message.seq)).collect()
    };
    let everything = read(MessageRange::Last, 100).await;
    let texts = |list: &[(String, i64)]| list.iter().map(|(text, _)| text.clone()).collect::<String>();
    assert_eq!(texts(&everything), "123456");
    assert_eq!(texts(&read(MessageRange::Last, 2).await), "56");
    assert_eq!(texts(&read(MessageRange::Before(everything[3].1), 2).await), "23");
    assert_eq!(texts(&read(MessageRange::After(everything[3].1), 100).await), "56");
    assert_eq!(texts(&read(MessageRange::After(everything[0].1), 2).await), "23");
    assert_eq!(read(MessageRange::After(everything[5].1), 100).await, []);
}

pub async fn messages_since_follow_every_conversation(store: &dyn Store) {
    assert_eq!(store.last_seq().await.unwrap(), 0);
    hear(store, &says("anna", 1, "a"), at(0)).await;
    let from = store.last_seq().await.unwrap();
    hear(store, &says("boris", 1, "b"), at(1)).await;
    let id = hear(store, &says("anna", 2, "c"), at(2)).await;
    store.post(id, &reply("d"), None, at(3), None).await.unwrap();
    let found = store.messages_since(from, 10).await.unwrap();
    assert_eq!(found.iter().map(|message| message.text.as_str()).collect::<String>(), "bcd");
    assert_eq!(found.last().unwrap().seq, store.last_seq().await.unwrap());
    assert_eq!(store.messages_since(from, 1).await.unwrap().len(), 1);
}

pub async fn each_filter_of_conversations_finds_its_own(store: &dyn Store) {
    let anna = hear(store, &says("anna", 1, "Привет"), at(0)).await;
    let boris = hear(store, &says("boris", 1, "Привет"), at(10)).await;
    let telegram = Identity { channel: Channel::Telegram, ..identity("clara") };
    hear(store, &Incoming { identity: telegram, ..says("clara", 1, "Привет") }, at(20)).await;
    store.close(anna, at(30)).await.unwrap();
    let asked = Handoff { state: HandoffState::Requested, reason: "asked".to_owned(), at: at(30), operator: None };
    store.set_handoff(boris, &asked, at(30)).await.unwrap();
    let contact = store.conversation(anna).await.unwrap().unwrap().contact.id;

    let every = ConversationFilter::default();
    assert_eq!(all(store, &every).await, ["clara", "boris", "anna"]);
    let status = |status| ConversationFilter { status: vec![status], ..ConversationFilter::default() };
    assert_eq!(all(store, &status(ConversationStatus::Closed)).await, ["anna"]);
    assert_eq!(all(store, &status(ConversationStatus::WaitingOperator)).await, ["boris"]);
    let channel = ConversationFilter { channel: vec![Channel::Telegram], ..every.clone() };
    assert_eq!(all(store, &channel).await, ["clara"]);
    let with = ConversationFilter { contact_id: Some(contact), ..every.clone() };
    assert_eq!(all(store, &with).await, ["anna"]);
    let handed = |handoff| ConversationFilter { handoff: Some(handoff), ..ConversationFilter::default() };
    assert_eq!(all(store, &handed(true)).await, ["boris"]);
    assert_eq!(all(store, &handed(false)).await, ["clara", "anna"]);
    let from = ConversationFilter { updated_after: Some(at(10)), ..every.clone() };
    assert_eq!(all(store, &from).await, ["clara", "boris"]);
    let until = ConversationFilter { updated_before: Some(at(10)), ..every };
    assert_eq!(all(store, &until).await, ["anna"]);
}

pub async fn conversations_are_found_by_inflected_words(store: &dyn Store) {
    hear(store, &says("anna", 1, "Запишите на окрашивание волос"), at(0)).await;
    hear(store, &says("boris", 1, "Есть ли парковка у салона?"), at(1)).await;
    let boris = store.conversation_of(&identity("boris")).await.unwrap().unwrap().id;
    store.post(boris, &reply("Да, бесплатные парковки за домом"), None, at(2), None).await.unwrap();
    let find = async |q: &str| {
        all(store, &ConversationFilter { q: Some(q.to_owned()), ..ConversationFilter::default() }).await
    };
    assert_eq!(find("окрашиванию").await, ["anna"]);
    assert_eq!(find("ПАРКОВКОЙ").await, ["boris"]);
    assert_eq!(find("парковка окрашивание").await, Vec::<String>::new());
    assert_eq!(find("\" OR 1 --").await, Vec::<String>::new());
    assert_eq!(find("  ").await, Vec::<String>::new());
    // What was written after the first search is found by the next.
    hear(store, &says("clara", 1, "Парковку оплачивать?"), at(3)).await;
    assert_eq!(find("парковки").await, ["clara", "boris"]);
}

pub async fn conversations_with_equal_times_page_without_gaps(store: &dyn Store) {
    for number in 0..23 {
        hear(store, &says(&format!("client-{number:02}"), 1, "Привет"), at(0)).await;
    }
    for descending in [true, false] {
        let mut page = Page { limit: 5, after: None, descending };
        let mut seen = Vec::new();
        loop {
            let found = store.conversations(&ConversationFilter::default(), &page).await.unwrap();
            let Some(last) = found.last() else { break };
            assert!(seen.len() < 1000, "paging does not end");
            page.after = Some((last.last_message_at, last.id.to_string()));
            seen.extend(found.into_iter().map(|conversation| conversation.identity.external_id));
        }
        assert_eq!(seen.len(), 23);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 23);
    }
}

pub async fn counting_stops_at_its_cap(store: &dyn Store) {
    for number in 0..7 {
        hear(store, &says(&format!("client-{number}"), 1, "Привет"), at(0)).await;
    }
    assert_eq!(store.count_conversations(&ConversationFilter::default(), 5).await.unwrap(), 5);
    assert_eq!(store.count_conversations(&ConversationFilter::default(), 50).await.unwrap(), 7);
}

pub async fn of_several_people_with_a_phone_the_last_active_is_first(store: &dyn Store) {
    let known = |client: &str, number| Incoming { phone: Some(phone(5)), ..says(client, number, "Привет") };
    hear(store, &known("anna", 1), at(0)).await;
    hear(store, &known("boris", 1), at(10)).await;
    hear(store, &says("clara", 1, "Привет"), at(20)).await;
    let boris = store.conversation_of(&identity("boris")).await.unwrap().unwrap().contact.id;
    let found = store.contacts_by_phone(&phone(5)).await.unwrap();
    assert_eq!((found.len(), found[0].id), (2, boris));
    hear(store, &says("anna", 2, "Это снова я"), at(30)).await;
    assert_ne!(store.contacts_by_phone(&phone(5)).await.unwrap()[0].id, boris);
    assert_eq!(store.contacts_by_phone(&phone(6)).await.unwrap(), []);
}

pub async fn a_contact_is_made_once_for_a_phone(store: &dyn Store) {
    let first = store.ensure_contact(&phone(5), None, at(0)).await.unwrap();
    assert_eq!((first.name.clone(), first.phone.clone()), (None, Some(phone(5))));
    let named = store.ensure_contact(&phone(5), Some("Анна"), at(1)).await.unwrap();
    assert_eq!((named.id, named.name.as_deref()), (first.id, Some("Анна")));
    let kept = store.ensure_contact(&phone(5), Some("Другое имя"), at(2)).await.unwrap();
    assert_eq!((kept.id, kept.name.as_deref()), (first.id, Some("Анна")));
    assert_eq!(store.contacts_by_phone(&phone(5)).await.unwrap(), [kept]);
}

pub async fn an_unknown_conversation_is_not_found(store: &dyn Store) {
    let nobody = ConversationId::new(at(0));
    let missing = StoreError::NotFound("conversation");
    assert_eq!(store.conversation(nobody).await.unwrap(), None);
    assert_eq!(store.conversation_of(&identity("nobody")).await.unwrap(), None);
    assert_eq!(store.close(nobody, at(0)).await, Err(missing.clone()));
    assert_eq!(store.post(nobody, &reply("?"), None, at(0), None).await, Err(missing.clone()));
    let asked = Handoff { state: HandoffState::Requested, reason: "asked".to_owned(), at: at(0), operator: None };
    assert_eq!(store.set_handoff(nobody, &asked, at(0)).await, Err(missing.clone()));
    assert_eq!(store.turn_input(nobody, 10).await, Err(missing.clone()));
    store.enqueue(&[super::samples::job("a", at(0))], at(0)).await.unwrap();
    let job = claim_one(store, at(0)).await;
    assert_eq!(store.commit_turn(nobody, (&job.lease, job.id), &Effects::default(), at(0)).await, Err(missing));
}
