//! Things to store.

use flow::domain::booking::NewBooking;
use flow::domain::channel::RawEvent;
use flow::domain::company::{
    BookingRules, Company, DaySpan, Employee, Interval, KnowledgeEntry, Price, Profile, Service, WeekHours, Zone,
};
use flow::domain::contact::{Channel, Identity, Locale, Phone, Region};
use flow::domain::conversation::{
    Delivery, DeliveryError, DeliveryState, Incoming, Message, MessageKind, Outgoing, Role,
};
use flow::domain::id::{ContactId, ConversationId, LeadId};
use flow::domain::job::{Claimed, NewJob, Pool, Work};
use flow::domain::lead::{Lead, LeadCrm, LeadStatus};
use flow::domain::outbox::{Carried, Carrying, Taken, Unreachable};
use flow::domain::store::Store;
use jiff::{SignedDuration, Timestamp};

/// So many seconds after the moment that cases begin at.
pub fn at(seconds: i64) -> Timestamp {
    "2026-03-10T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// So many minutes after the moment that cases begin at.
pub fn minute(minutes: i64) -> Timestamp {
    at(minutes * 60)
}

pub fn phone(number: u32) -> Phone {
    Phone::parse(&format!("+7916{number:07}"), Region::default()).unwrap()
}

pub fn identity(client: &str) -> Identity {
    Identity { channel: Channel::Web, account: String::new(), external_id: client.to_owned() }
}

/// A client's message; its external id is the client's name with `number`.
pub fn says(client: &str, number: u32, text: &str) -> Incoming {
    Incoming {
        identity: identity(client),
        external_id: format!("{client}-{number}"),
        kind: MessageKind::Text,
        text: text.to_owned(),
        button_value: None,
        name: None,
        phone: None,
        metadata: None,
    }
}

/// A chat of our bot on Telegram.
pub fn telegram(chat: &str) -> Identity {
    Identity { channel: Channel::Telegram, account: "7".to_owned(), external_id: chat.to_owned() }
}

/// A client's message there; its external id is the chat with `number`.
pub fn tells(chat: &str, number: u32, text: &str) -> Incoming {
    Incoming { identity: telegram(chat), external_id: format!("{chat}/{number}"), ..says(chat, number, text) }
}

/// An event of that bot, as it came.
pub fn raw(number: u32) -> RawEvent {
    RawEvent {
        channel: Channel::Telegram,
        account: "7".to_owned(),
        id: number.to_string(),
        body: format!("{{\"update_id\":{number}}}"),
    }
}

pub fn reply(text: &str) -> Outgoing {
    Outgoing {
        role: Role::Bot,
        text: text.to_owned(),
        buttons: Vec::new(),
        in_reply_to: None,
        metadata: None,
        trace: None,
    }
}

pub fn lead(now: Timestamp) -> Lead {
    Lead {
        id: LeadId::new(now),
        status: LeadStatus::New,
        name: None,
        phone: None,
        email: None,
        channel: Channel::Api,
        source: None,
        service: None,
        desired_at: None,
        desired_text: None,
        comment: None,
        tags: Vec::new(),
        assigned_to: None,
        contact_id: None,
        conversation_id: None,
        consent: None,
        crm: LeadCrm::default(),
        custom: serde_json::json!({}),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// Somebody who has written, with the conversation.
pub async fn somebody(store: &dyn Store) -> (ContactId, ConversationId) {
    let received = store.receive(&says("somebody", 1, "Привет"), at(0), None, None).await.unwrap();
    let conversation = store.conversation(received.conversation_id).await.unwrap().unwrap();
    (conversation.contact.id, conversation.id)
}

/// A visit to Anna from one minute to another.
pub fn visit(key: &str, from: i64, to: i64) -> NewBooking {
    NewBooking {
        connection: "local".to_owned(),
        key: key.to_owned(),
        service_id: "haircut".to_owned(),
        service_title: "Стрижка".to_owned(),
        employee_id: Some("anna".to_owned()),
        employee_name: Some("Анна Петрова".to_owned()),
        start: minute(from),
        end: minute(to),
        client_name: Some("Мария".to_owned()),
        phone: Some(phone(1)),
        price: Some(250_000),
        currency: "RUB".to_owned(),
        comment: None,
        channel: Some(Channel::Web),
        contact_id: None,
        conversation_id: None,
        lead_id: None,
    }
}

pub fn job(lane: &str, ready: Timestamp) -> NewJob {
    let conversation_id = ConversationId::new(ready);
    NewJob { lane: lane.to_owned(), work: Work::Answer { conversation_id }, ready_at: ready }
}

/// Claims the one job that is due, for a minute.
pub async fn claim_one(store: &dyn Store, now: Timestamp) -> Claimed {
    let mut claimed = store.claim(&Pool::Inside, 10, now + SignedDuration::from_mins(1), now).await.unwrap();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

/// A chat that has been opened.
pub async fn chat(store: &dyn Store, chat: &str) -> ConversationId {
    store.receive(&tells(chat, 1, "Привет"), at(0), None, None).await.unwrap().conversation_id
}

pub async fn say(store: &dyn Store, id: ConversationId, text: &str, now: i64) -> Message {
    store.post(id, &reply(text), None, at(now), None).await.unwrap()
}

/// A look for parts, with a lease of a minute.
pub async fn look(store: &dyn Store, now: i64) -> Taken {
    store.take_parts(Channel::Telegram, 100, at(now + 60), at(now)).await.unwrap()
}

/// Parts that may be carried now, the others as they should be.
pub async fn take(store: &dyn Store, now: i64) -> Vec<Carrying> {
    let taken = look(store, now).await;
    assert_eq!((taken.doubtful, taken.given_up), (vec![], vec![]));
    taken.parts
}

pub async fn take_one(store: &dyn Store, now: i64) -> Carrying {
    let mut parts = take(store, now).await;
    assert_eq!(parts.len(), 1, "{parts:?}");
    parts.remove(0)
}

/// The channel has it under the part's own number.
pub async fn arrives(store: &dyn Store, carrying: &Carrying, now: i64) {
    let sent = Carried::Sent { external_id: Some(carrying.part.id.to_string()) };
    store.carried(carrying, &sent, None, at(now)).await.unwrap();
}

pub async fn delivery(store: &dyn Store, message: &Message) -> Delivery {
    store.message(message.id).await.unwrap().unwrap().delivery.unwrap()
}

pub async fn state(store: &dyn Store, message: &Message) -> DeliveryState {
    delivery(store, message).await.state
}

pub fn delivery_error(code: &str) -> DeliveryError {
    DeliveryError { code: code.to_owned(), detail: format!("the far side said {code}") }
}

pub fn refused(unreachable: Option<Unreachable>) -> Carried {
    Carried::Failed { error: delivery_error("refused"), unreachable }
}

pub fn telegram_lanes() -> Pool {
    Pool::Class("out:telegram".to_owned())
}

pub fn service(id: &str, title: &str) -> Service {
    Service {
        id: id.to_owned(),
        title: title.to_owned(),
        aliases: vec![format!("{title} быстро")],
        category: Some("Волосы".to_owned()),
        duration_min: 60,
        price: Some(Price { from: 250_000, to: Some(300_000) }),
        hidden: false,
    }
}

pub fn note(title: &str, text: &str, tags: &[&str]) -> KnowledgeEntry {
    KnowledgeEntry {
        title: title.to_owned(),
        text: text.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

pub fn profile() -> Profile {
    let mut hours = WeekHours::default();
    hours.0[0] = vec![Interval { from: 600, to: 840 }, Interval { from: 900, to: 1200 }];
    hours.0[5] = vec![Interval { from: 600, to: 1440 }];
    let mut own = WeekHours::default();
    own.0[1] = vec![Interval { from: 600, to: 1080 }];
    let day = |text: &str| text.parse().unwrap();
    let employee = |id: &str, name: &str| Employee {
        id: id.to_owned(),
        name: name.to_owned(),
        aliases: vec!["Аня".to_owned()],
        title: Some("Стилист".to_owned()),
        services: vec!["haircut".to_owned()],
        hours: None,
        days_off: vec![DaySpan { from: day("2026-03-08"), to: day("2026-03-09") }],
        hidden: false,
    };
    Profile {
        company: Company {
            name: "Салон «Ромашка»".to_owned(),
            phone: Some(phone(900)),
            address: Some("Москва, ул. Лесная, 5".to_owned()),
            timezone: Zone::find("Europe/Moscow").unwrap(),
            locale: Locale::Ru,
            currency: "RUB".to_owned(),
            hours,
            booking: BookingRules { step_min: 15, ..BookingRules::default() },
            closed: vec![DaySpan { from: day("2026-05-01"), to: day("2026-05-03") }],
        },
        services: vec![service("haircut", "Стрижка"), Service { price: None, ..service("colour", "Окрашивание") }],
        employees: vec![
            Employee { hours: Some(own), ..employee("anna", "Анна Петрова") },
            employee("olga", "Ольга Смирнова"),
        ],
        knowledge: vec![
            note("Оплата", "Принимаем карты и наличные.", &["оплата", "карта"]),
            note("Парковка", "Перед домом есть бесплатные места, въезд со двора.", &[]),
            note("Подарки", "Продаём сертификаты. Оплатить их можно и на сайте.", &["сертификат"]),
        ],
    }
}
