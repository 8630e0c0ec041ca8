//! What an update means. Only what is used is read, and every part by itself: a member that Telegram adds or
//! changes tomorrow costs at most the part it stands in.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Me;
use crate::domain::channel::{Courtesy, Event, Meaning, RawEvent, Unreadable};
use crate::domain::contact::{Channel, Identity, Phone, Region};
use crate::domain::conversation::{Incoming, MessageKind};
use crate::domain::outbox::Unreachable;

/// Names are shown to staff and used in bookings: longer ones are no names.
const NAME_CHARS: usize = 64;

#[derive(Deserialize)]
struct Update {
    update_id: i64,
    message: Option<Value>,
    edited_message: Option<Value>,
    callback_query: Option<Value>,
    my_chat_member: Option<Value>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    language_code: String,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct Message {
    message_id: i64,
    chat: Chat,
    from: Option<User>,
    text: Option<String>,
    caption: Option<String>,
    reply_to_message: Option<Value>,
    contact: Option<Card>,
    sticker: Option<Value>,
    voice: Option<Value>,
    audio: Option<Value>,
    video: Option<Value>,
    video_note: Option<Value>,
    animation: Option<Value>,
    document: Option<Value>,
    photo: Option<Value>,
    location: Option<Value>,
    poll: Option<Value>,
    story: Option<Value>,
    game: Option<Value>,
    paid_media: Option<Value>,
    checklist: Option<Value>,
    dice: Option<Value>,
    media_group_id: Option<String>,
}

#[derive(Deserialize)]
struct Card {
    #[serde(default)]
    phone_number: String,
    #[serde(default)]
    first_name: String,
    user_id: Option<i64>,
}

#[derive(Deserialize)]
struct Pressed {
    id: String,
    from: User,
    message: Option<Value>,
    data: Option<String>,
}

/// The message of a press; of an old one only this much is told.
#[derive(Deserialize)]
struct Origin {
    message_id: i64,
    chat: Chat,
}

#[derive(Deserialize)]
struct Membership {
    chat: Chat,
    from: User,
    new_chat_member: Member,
}

#[derive(Deserialize)]
struct Member {
    status: String,
}

/// Reads an update. What is not for us is `Nothing`; what has no number is unreadable.
pub(super) fn read(body: &str, me: &Me) -> Result<Event, Unreadable> {
    let update: Update = serde_json::from_str(body).map_err(|_| Unreadable("no update of the Bot API"))?;
    let raw = RawEvent {
        channel: Channel::Telegram,
        account: me.id.clone(),
        id: update.update_id.to_string(),
        body: body.to_owned(),
    };
    let (meaning, courtesy) = if let Some(message) = update.message {
        of_message(message, me)
    } else if let Some(message) = update.edited_message {
        (of_edit(message, me), None)
    } else if let Some(press) = update.callback_query {
        of_press(press, me)
    } else if let Some(change) = update.my_chat_member {
        (of_membership(change, me), None)
    } else {
        (Meaning::Nothing("kind"), None)
    };
    Ok(Event { raw, meaning, courtesy })
}

fn part<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn identity(me: &Me, chat: &Chat, user: i64) -> Identity {
    // People of one group have a dialogue each; a private chat is its person.
    let external_id = if chat.kind == "private" { chat.id.to_string() } else { format!("{}/{user}", chat.id) };
    Identity { channel: Channel::Telegram, account: me.id.clone(), external_id }
}

fn name(user: &User) -> Option<String> {
    let name = format!("{} {}", user.first_name.trim(), user.last_name.trim());
    let name = name.trim();
    let is_name = name.chars().filter(|c| c.is_alphabetic()).count() > 1 && name.chars().count() <= NAME_CHARS;
    is_name.then(|| name.to_owned())
}

fn of_message(value: Value, me: &Me) -> (Meaning, Option<Courtesy>) {
    let Some(message) = part::<Message>(value) else { return (Meaning::Nothing("unreadable"), None) };
    let Some(from) = &message.from else { return (Meaning::Nothing("nobody"), None) };
    // Two bots would answer each other for ever.
    if from.is_bot {
        return (Meaning::Nothing("bot"), None);
    }
    if !matches!(message.chat.kind.as_str(), "private" | "group" | "supergroup") {
        return (Meaning::Nothing("chat"), None);
    }
    if message.chat.kind != "private" && !is_addressed(&message, me) {
        return (Meaning::Nothing("group"), None);
    }
    let identity = identity(me, &message.chat, from.id);
    let mut incoming = Incoming {
        external_id: format!("{}/{}", message.chat.id, message.message_id),
        identity: identity.clone(),
        kind: MessageKind::Text,
        text: String::new(),
        button_value: None,
        name: name(from),
        phone: None,
        metadata: None,
    };
    if !fill(&mut incoming, &message, me) {
        // Somebody joined, a title changed: nobody expects an answer.
        return (Meaning::Nothing("service"), None);
    }
    if let Some(language) = language(from).filter(|_| incoming.kind != MessageKind::Text) {
        // Words show their language by themselves.
        let metadata = incoming.metadata.get_or_insert_with(|| json!({}));
        metadata["language"] = language.into();
    }
    (Meaning::Message(Box::new(incoming)), Some(Courtesy::Typing { identity }))
}

/// The language of the client's app, where it is one of ours.
fn language(user: &User) -> Option<&'static str> {
    ["ru", "en"].into_iter().find(|code| user.language_code.split('-').next() == Some(code))
}

/// In a group we answer whoever names us, commands us or replies to us.
fn is_addressed(message: &Message, me: &Me) -> bool {
    let replied = message.reply_to_message.as_ref().and_then(|replied| replied["from"]["id"].as_i64());
    if replied.is_some_and(|id| id.to_string() == me.id) {
        return true;
    }
    let text = message.text.as_ref().or(message.caption.as_ref());
    me.username().is_some_and(|name| text.is_some_and(|text| mention(text, &name).is_some()))
}

/// Where a text names us: `@name`, not as a part of a longer name.
fn mention(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let (haystack, needle) = (text.to_ascii_lowercase(), format!("@{}", name.to_ascii_lowercase()));
    haystack.match_indices(&needle).map(|(at, found)| at..at + found.len()).find(|range| {
        let next = haystack[range.end..].chars().next();
        next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
    })
}

/// What a person wrote, without our own name.
fn said(message: &Message, me: &Me) -> Option<String> {
    let mut text = message.text.clone().or_else(|| message.caption.clone())?;
    if let Some(range) = me.username().and_then(|name| mention(&text, &name)) {
        text.replace_range(range, "");
    }
    Some(text.trim().to_owned())
}

/// Takes over what a message holds; `false` when it holds nothing that a person wrote.
fn fill(incoming: &mut Incoming, message: &Message, me: &Me) -> bool {
    incoming.text = said(message, me).unwrap_or_default();
    if command(incoming) {
        return true;
    }
    if let Some(card) = &message.contact {
        return contact(incoming, card, message);
    }
    if let Some(sticker) = &message.sticker {
        incoming.text = sticker["emoji"].as_str().unwrap_or_default().to_owned();
    }
    let files = [
        (MessageKind::Voice, &message.voice),
        (MessageKind::Image, &message.photo),
        (MessageKind::Location, &message.location),
        (MessageKind::File, &message.video_note),
        (MessageKind::File, &message.video),
        (MessageKind::File, &message.animation),
        (MessageKind::File, &message.audio),
        (MessageKind::File, &message.document),
        (MessageKind::File, &message.sticker),
        (MessageKind::File, &message.poll),
        (MessageKind::File, &message.story),
        (MessageKind::File, &message.game),
        (MessageKind::File, &message.paid_media),
        (MessageKind::File, &message.checklist),
        (MessageKind::File, &message.dice),
    ];
    if let Some((kind, value)) = files.iter().find_map(|(kind, value)| value.as_ref().map(|value| (*kind, value))) {
        // A sticker with its emoji is a word.
        incoming.kind = if message.sticker.is_some() && !incoming.text.is_empty() { MessageKind::Text } else { kind };
        incoming.metadata = Some(attachment(kind, value, message.media_group_id.as_deref()));
        return true;
    }
    !incoming.text.is_empty()
}

/// What is needed to fetch a file later; a voice note waits to be written down.
fn attachment(kind: MessageKind, value: &Value, album: Option<&str>) -> Value {
    if kind == MessageKind::Location {
        return json!({ "location": { "latitude": value["latitude"], "longitude": value["longitude"] } });
    }
    // Of a picture's sizes the last is the largest.
    let file = value.as_array().and_then(|sizes| sizes.last()).unwrap_or(value);
    let mut kept = serde_json::Map::new();
    for name in ["file_id", "file_unique_id", "duration", "mime_type", "file_size", "file_name"] {
        if let Some(member) = file.get(name) {
            kept.insert(name.to_owned(), member.clone());
        }
    }
    let mut found = json!({ "file": kept });
    if let Some(album) = album {
        found["album"] = album.into();
    }
    if kind == MessageKind::Voice {
        found["transcription"] = "pending".into();
    }
    found
}

/// `/start`, `/help` and `/cancel` are buttons that everybody has; another command is answered as none.
fn command(incoming: &mut Incoming) -> bool {
    let (word, rest) = incoming.text.split_once(char::is_whitespace).unwrap_or((&incoming.text, ""));
    let value = match word.split('@').next().unwrap_or(word).to_ascii_lowercase().as_str() {
        "/start" => "menu:start",
        "/help" => "menu:help",
        "/cancel" => "menu:drop",
        word if is_command(word) => "menu:command",
        _ => return false,
    };
    // What stood in the link that led here.
    let payload = rest.trim();
    if value == "menu:start" && !payload.is_empty() {
        incoming.metadata = Some(json!({ "start": payload.chars().take(64).collect::<String>() }));
    }
    incoming.kind = MessageKind::Button;
    incoming.button_value = Some(value.to_owned());
    incoming.text = word.to_owned();
    true
}

/// `/settings`, but not «/», a path or a fraction.
fn is_command(word: &str) -> bool {
    let name = word.strip_prefix('/').unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 32
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A card is the client's own phone only when it names the client.
fn contact(incoming: &mut Incoming, card: &Card, message: &Message) -> bool {
    incoming.kind = MessageKind::Contact;
    let is_own = card.user_id.is_some() && card.user_id == message.from.as_ref().map(|from| from.id);
    let digits = card.phone_number.trim_start_matches('+');
    let phone = Phone::parse(&format!("+{digits}"), Region::default()).ok();
    incoming.metadata = Some(json!({ "card": { "own": is_own, "name": card.first_name } }));
    if let Some(phone) = phone.filter(|_| is_own) {
        incoming.text = phone.as_str().to_owned();
        incoming.phone = Some(phone);
    }
    true
}

fn of_edit(value: Value, me: &Me) -> Meaning {
    let Some(message) = part::<Message>(value) else { return Meaning::Nothing("unreadable") };
    let (Some(from), Some(text)) = (&message.from, said(&message, me)) else { return Meaning::Nothing("edit") };
    Meaning::Edit {
        identity: identity(me, &message.chat, from.id),
        external_id: format!("{}/{}", message.chat.id, message.message_id),
        text,
    }
}

fn of_press(value: Value, me: &Me) -> (Meaning, Option<Courtesy>) {
    let Some(press) = part::<Pressed>(value) else { return (Meaning::Nothing("unreadable"), None) };
    let origin = press.message.and_then(part::<Origin>);
    let chat = origin.as_ref().map(|origin| Chat { id: origin.chat.id, kind: origin.chat.kind.clone() });
    // Without its message a press can only be of a private chat, whose number is the person's.
    let chat = chat.unwrap_or(Chat { id: press.from.id, kind: "private".to_owned() });
    let identity = identity(me, &chat, press.from.id);
    let courtesy = Some(Courtesy::Pressed {
        id: press.id.clone(),
        identity: identity.clone(),
        spent: origin.map(|origin| format!("{}/{}", origin.chat.id, origin.message_id)),
    });
    let Some(data) = press.data.filter(|_| !press.from.is_bot) else { return (Meaning::Nothing("press"), courtesy) };
    let incoming = Incoming {
        external_id: format!("press/{}", press.id),
        identity,
        kind: MessageKind::Button,
        text: String::new(),
        button_value: None,
        name: name(&press.from),
        phone: None,
        metadata: None,
    };
    (Meaning::Press { incoming: Box::new(incoming), data }, courtesy)
}

fn of_membership(value: Value, me: &Me) -> Meaning {
    let Some(change) = part::<Membership>(value) else { return Meaning::Nothing("unreadable") };
    if change.chat.kind != "private" {
        return Meaning::Nothing("membership");
    }
    let unreachable = match change.new_chat_member.status.as_str() {
        "kicked" | "left" => Some(Unreachable::Blocked),
        _ => None,
    };
    Meaning::Reach { identity: identity(me, &change.chat, change.from.id), unreachable }
}

#[cfg(test)]
mod tests;
