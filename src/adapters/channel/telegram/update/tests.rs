use std::sync::RwLock;

use serde_json::{Value, json};

use super::super::Me;
use super::read;
use crate::domain::channel::{Courtesy, Event, Meaning};
use crate::domain::conversation::{Incoming, MessageKind};
use crate::domain::outbox::Unreachable;

fn me() -> Me {
    Me { id: "7".to_owned(), username: RwLock::new(Some("Flow_bot".to_owned())) }
}

fn seen(update: &Value) -> Event {
    read(&update.to_string(), &me()).expect("an update")
}

/// A message of Anna's in her private chat, with these members beside the usual ones.
fn message(members: Value) -> Value {
    let mut message = json!({
        "message_id": 57, "date": 1_780_000_000,
        "from": {"id": 5001, "is_bot": false, "first_name": "Анна", "last_name": "К."},
        "chat": {"id": 5001, "type": "private", "first_name": "Анна"},
    });
    message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({"update_id": 911, "message": message})
}

fn incoming(members: Value) -> Incoming {
    match seen(&message(members)).meaning {
        Meaning::Message(incoming) => *incoming,
        other => panic!("{other:?}"),
    }
}

fn in_group(text: &str, members: Value) -> Value {
    let mut update = message(json!({"text": text, "chat": {"id": -10_077, "type": "supergroup", "title": "Дом"}}));
    update["message"].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    update
}

#[test]
fn words_come_with_their_sender_and_their_number() {
    let event = seen(&message(json!({"text": "  Хочу на стрижку "})));
    assert_eq!((event.raw.account.as_str(), event.raw.id.as_str()), ("7", "911"));
    assert!(matches!(event.courtesy, Some(Courtesy::Typing { .. })));
    let said = incoming(json!({"text": "  Хочу на стрижку "}));
    assert_eq!((said.text.as_str(), said.external_id.as_str()), ("Хочу на стрижку", "5001/57"));
    assert_eq!((said.name.as_deref(), said.identity.external_id.as_str()), (Some("Анна К."), "5001"));
}

#[test]
fn commands_are_buttons_and_a_link_tells_where_the_client_came_from() {
    let start = incoming(json!({"text": "/start src_site42"}));
    assert_eq!((start.kind, start.button_value.as_deref()), (MessageKind::Button, Some("menu:start")));
    assert_eq!(start.metadata.unwrap()["start"], "src_site42");
    assert_eq!(incoming(json!({"text": "/help@flow_BOT"})).button_value.as_deref(), Some("menu:help"));
    assert_eq!(incoming(json!({"text": "/cancel"})).button_value.as_deref(), Some("menu:drop"));
    let other = incoming(json!({"text": "/price"}));
    assert_eq!((other.kind, other.button_value.as_deref()), (MessageKind::Button, Some("menu:command")));
    for words in ["/", "/ 2", "1/2", "//", "/Улица", "/a-b"] {
        assert_eq!(incoming(json!({"text": words})).kind, MessageKind::Text, "{words}");
    }
}

#[test]
fn what_holds_no_words_is_a_file_and_tells_the_language_of_the_device() {
    for (name, value) in [
        ("dice", json!({"emoji": "🎲", "value": 3})),
        ("poll", json!({"id": "1", "question": "?"})),
        ("story", json!({"id": 1})),
        ("game", json!({"title": "x"})),
        ("paid_media", json!({"star_count": 1})),
    ] {
        assert_eq!(incoming(json!({ name: value })).kind, MessageKind::File, "{name}");
    }
    assert_eq!(incoming(json!({"contact": {"first_name": "Анна"}})).kind, MessageKind::Contact);
    for (code, known) in [("en", Some("en")), ("en-GB", Some("en")), ("ru", Some("ru")), ("de", None), ("", None)] {
        let from = json!({"id": 5001, "is_bot": false, "first_name": "Ann", "language_code": code});
        let start = incoming(json!({"text": "/start", "from": from}));
        assert_eq!(start.metadata.as_ref().and_then(|found| found["language"].as_str()), known, "{code}");
    }
}

#[test]
fn a_card_is_the_clients_phone_only_when_it_is_the_clients() {
    let own = incoming(json!({"contact": {"phone_number": "79161234567", "first_name": "Анна", "user_id": 5001}}));
    assert_eq!((own.text.as_str(), own.phone.unwrap().as_str()), ("+79161234567", "+79161234567"));
    for user in [json!(6), Value::Null] {
        let card = json!({"contact": {"phone_number": "+7 916 123-45-67", "first_name": "Муж", "user_id": user}});
        let other = incoming(card);
        assert_eq!((other.text.as_str(), other.phone, other.kind), ("", None, MessageKind::Contact));
    }
}

#[test]
fn a_voice_note_waits_to_be_written_down() {
    let voice = json!({"voice": {"file_id": "F", "file_unique_id": "U", "duration": 4, "mime_type": "audio/ogg"}});
    let note = incoming(voice);
    assert_eq!((note.kind, note.text.as_str()), (MessageKind::Voice, ""));
    let kept = note.metadata.unwrap();
    assert_eq!((&kept["transcription"], &kept["file"]["file_id"]), (&json!("pending"), &json!("F")));
}

#[test]
fn of_a_picture_the_largest_is_kept_and_its_words_are_read() {
    let sizes = json!([{"file_id": "s", "file_unique_id": "1"}, {"file_id": "L", "file_unique_id": "2"}]);
    let picture = incoming(json!({"photo": sizes, "caption": "Хочу так же", "media_group_id": "9"}));
    assert_eq!((picture.kind, picture.text.as_str()), (MessageKind::Image, "Хочу так же"));
    let kept = picture.metadata.unwrap();
    assert_eq!((&kept["file"]["file_id"], &kept["album"]), (&json!("L"), &json!("9")));
}

#[test]
fn in_a_group_only_who_means_us_is_heard() {
    for text in ["Всем привет", "@flow_bot2 ты тут?", "пишите @other"] {
        assert_eq!(seen(&in_group(text, json!({}))).meaning, Meaning::Nothing("group"), "{text}");
    }
    let meant = [
        in_group("@flow_bot, сколько стоит стрижка?", json!({})),
        in_group("сколько стоит стрижка?", json!({"reply_to_message": {"message_id": 1, "from": {"id": 7}}})),
        in_group("/help@Flow_bot", json!({})),
    ];
    for update in meant {
        let Meaning::Message(heard) = seen(&update).meaning else { panic!("{update}") };
        assert_eq!(heard.identity.external_id, "-10077/5001");
        assert!(!heard.text.contains("@flow_bot,"), "{}", heard.text);
    }
}

#[test]
fn bots_channels_and_services_are_not_answered() {
    let bot = json!({"text": "Привет", "from": {"id": 8, "is_bot": true, "first_name": "B"}});
    assert_eq!(seen(&message(bot)).meaning, Meaning::Nothing("bot"));
    let channel = json!({"text": "Новость", "chat": {"id": -1, "type": "channel"}});
    assert_eq!(seen(&message(channel)).meaning, Meaning::Nothing("chat"));
    assert_eq!(seen(&message(json!({"new_chat_title": "x"}))).meaning, Meaning::Nothing("service"));
    assert_eq!(seen(&json!({"update_id": 1, "poll": {}})).meaning, Meaning::Nothing("kind"));
}

#[test]
fn a_press_is_answered_whatever_became_of_its_message() {
    let press = json!({"update_id": 5, "callback_query": {
        "id": "438", "from": {"id": 5001, "is_bot": false, "first_name": "Анна"}, "chat_instance": "1", "data": "b.1.0.x",
        "message": {"message_id": 58, "date": 0, "chat": {"id": 5001, "type": "private"}}}});
    let event = seen(&press);
    let Meaning::Press { incoming, data } = event.meaning else { panic!() };
    assert_eq!((incoming.external_id.as_str(), data.as_str()), ("press/438", "b.1.0.x"));
    let Some(Courtesy::Pressed { id, spent, .. }) = event.courtesy else { panic!() };
    assert_eq!((id.as_str(), spent.as_deref()), ("438", Some("5001/58")));
}

#[test]
fn a_block_and_its_end_are_told() {
    let change = |status: &str| {
        json!({"update_id": 1, "my_chat_member": {"date": 1, "chat": {"id": 5001, "type": "private"},
            "from": {"id": 5001, "is_bot": false, "first_name": "A"},
            "old_chat_member": {"status": "member"}, "new_chat_member": {"status": status, "until_date": 0}}})
    };
    let told = |status| match seen(&change(status)).meaning {
        Meaning::Reach { unreachable, .. } => unreachable,
        other => panic!("{other:?}"),
    };
    assert_eq!((told("kicked"), told("member")), (Some(Unreachable::Blocked), None));
}

#[test]
fn what_cannot_be_read_costs_only_itself() {
    assert!(read("", &me()).is_err());
    assert!(read("[]", &me()).is_err());
    assert!(read("{\"message\":{}}", &me()).is_err(), "without a number nothing can be acknowledged");
    let odd = json!({"update_id": 9_007_199_254_740_991_i64, "message": {"message_id": "x"}});
    assert_eq!(seen(&odd).meaning, Meaning::Nothing("unreadable"));
    let new_kind = json!({"update_id": 2, "brand_new_kind": {"a": [1, 2]}});
    assert_eq!(seen(&new_kind).meaning, Meaning::Nothing("kind"));
}
