//! A person or a program writes to a client.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{METADATA_BYTES, Post, accepted, answered, text};
use crate::daemon::http::body::Fields;
use crate::daemon::http::problem::{
    CHANNEL_DISABLED, CONVERSATION_CLOSED, Problem, RECIPIENT_UNREACHABLE, TARGET, words,
};
use crate::daemon::http::view;
use crate::domain::contact::{Channel, Identity};
use crate::domain::conversation::{
    Button, Conversation, ConversationStatus, Handoff, HandoffState, Outgoing, Role, TEXT_CHARS,
};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::text::parts;

const BUTTONS: usize = 10;
const BUTTON_TITLE_CHARS: usize = 64;
const BUTTON_VALUE_CHARS: usize = 256;
const ADDRESS_CHARS: usize = 128;

enum Target {
    Conversation(ConversationId),
    Address(Identity),
}

struct Letter {
    target: Target,
    role: Role,
    parts: Vec<String>,
    buttons: Vec<Button>,
    pauses_bot: bool,
    metadata: Option<serde_json::Value>,
}

/// Stores the message where the client reads it, which on the present channels is its delivery.
pub(super) async fn send(post: &Post<'_>, fields: Fields) -> Result<Response, Problem> {
    let app = &post.http.app;
    let letter = read(fields)?;
    let conversation = find(post, &letter.target).await?;
    if !app.reaches(conversation.identity.channel) {
        return Err(disabled(conversation.identity.channel));
    }
    if conversation.status == ConversationStatus::Closed {
        let detail = words("Клиент откроет его следующим сообщением", "The client's next message opens it again");
        return Err(Problem::new(&CONVERSATION_CLOSED, detail));
    }
    if let Some(why) = conversation.unreachable {
        let detail = words(
            "Клиент закрыл переписку и откроет её следующим сообщением",
            "The client's address takes no messages until the client writes again",
        );
        return Err(Problem::new(&RECIPIENT_UNREACHABLE, detail).member("reason", why.as_str()));
    }
    let now = app.now();
    let is_taken = conversation.handoff.as_ref().is_some_and(|handoff| handoff.state == HandoffState::Taken);
    let handoff = (letter.pauses_bot && !is_taken).then(|| Handoff {
        state: HandoffState::Taken,
        reason: "operator_message".to_owned(),
        at: now,
        operator: Some(post.caller.name.clone()),
    });
    let stored = app.store.post_all(conversation.id, &messages(&letter), handoff.as_ref(), now, post.key).await?;
    app.wakeups.conversation(conversation.id);
    app.wakeups.work();
    let (Some(first), Some(last)) = (stored.first(), stored.last()) else { return Err(Problem::internal()) };
    let delivery = view::delivery(last);
    match post.wait {
        Some(seconds) if seconds > 0 => {
            let delivery = settled(post, conversation.id, last.id, seconds, delivery).await?;
            let state = delivery["state"].clone();
            let body =
                json!({ "id": first.id, "conversation_id": conversation.id, "state": state, "delivery": delivery });
            Ok(answered(StatusCode::OK, body, conversation.id, Some(seconds)))
        }
        _ => Ok(accepted(first.id, conversation.id, &delivery, None)),
    }
}

/// What becomes of a message that must be carried, waited for at most so long.
async fn settled(
    post: &Post<'_>,
    conversation: ConversationId,
    message: MessageId,
    seconds: u64,
    mut delivery: Value,
) -> Result<Value, Problem> {
    let app = &post.http.app;
    let listener = app.wakeups.listen(conversation);
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(seconds);
    while matches!(delivery["state"].as_str(), Some("queued" | "sending")) && tokio::time::Instant::now() < end {
        let told = listener.notified();
        if let Some(message) = app.store.message(message).await? {
            delivery = view::delivery(&message);
        }
        if matches!(delivery["state"].as_str(), Some("queued" | "sending")) {
            // Another process may carry it: look now and then.
            let look = (tokio::time::Instant::now() + std::time::Duration::from_millis(500)).min(end);
            drop(tokio::time::timeout_at(look, told).await);
        }
    }
    Ok(delivery)
}

/// One message a part; the buttons stand under the last.
fn messages(letter: &Letter) -> Vec<Outgoing> {
    let last = letter.parts.len() - 1;
    let part = |(index, text): (usize, &String)| Outgoing {
        role: letter.role,
        text: text.clone(),
        buttons: if index == last { letter.buttons.clone() } else { Vec::new() },
        in_reply_to: None,
        metadata: letter.metadata.clone(),
        trace: None,
    };
    letter.parts.iter().enumerate().map(part).collect()
}

async fn find(post: &Post<'_>, target: &Target) -> Result<Conversation, Problem> {
    let store = &post.http.app.store;
    let found = match target {
        Target::Conversation(id) => store.conversation(*id).await?,
        Target::Address(identity) if !post.http.app.reaches(identity.channel) => {
            return Err(disabled(identity.channel));
        }
        Target::Address(identity) => {
            let account = post.http.app.messenger(identity.channel).map(|messenger| messenger.account().to_owned());
            let identity = Identity { account: account.unwrap_or_default(), ..identity.clone() };
            store.conversation_of(&identity).await?
        }
    };
    found.ok_or_else(Problem::not_found)
}

fn disabled(channel: Channel) -> Problem {
    let detail = words(format!("Канал {channel} не подключён"), format!("The channel {channel} is not enabled"));
    Problem::new(&CHANNEL_DISABLED, detail).member("channel", channel.as_str())
}

fn read(mut fields: Fields) -> Result<Letter, Problem> {
    let role = fields.name_of("role", &[Role::Operator, Role::Bot, Role::Customer], Role::as_str).flatten();
    let role = role.unwrap_or(Role::Operator);
    let may_split = fields.flag("split").unwrap_or(false);
    let too_long = words(
        format!("Не длиннее {TEXT_CHARS} символов; split: true разделит текст"),
        format!("At most {TEXT_CHARS} characters; split: true divides the text"),
    );
    let text = text(&mut fields, (!may_split).then_some(TEXT_CHARS), too_long).unwrap_or_default();
    let buttons = buttons(&mut fields);
    let pauses_bot = fields.flag("pause_bot").unwrap_or(role == Role::Operator);
    let metadata = fields.object("metadata", METADATA_BYTES).flatten();
    refuse_impossible(&mut fields);
    let target = target(&mut fields);
    fields.finish()?;
    let target = target.ok_or_else(Problem::internal)?;
    Ok(Letter {
        target,
        role,
        parts: parts(&text, TEXT_CHARS).into_iter().map(str::to_owned).collect(),
        buttons,
        pauses_bot,
        metadata,
    })
}

fn target(fields: &mut Fields) -> Option<Target> {
    let given: Vec<bool> = ["conversation_id", "to", "sender"]
        .iter()
        .map(|name| fields.members().get(*name).is_some_and(|v| !v.is_null()))
        .collect();
    if given != [true, false, false] && given != [false, true, false] {
        for name in ["conversation_id", "to", "sender", "channel"] {
            fields.take(name);
        }
        let detail = words(
            "Нужно ровно одно: conversation_id, to или role customer с sender",
            "Exactly one is needed: conversation_id, to, or the role customer with a sender",
        );
        fields.refuse_whole(TARGET.code, detail);
        return None;
    }
    fields.take("sender");
    let conversation = fields.id("conversation_id", ConversationId::PREFIX).flatten();
    let address = fields.nested("to").flatten().and_then(|mut inner| {
        let channel = inner.name_of("channel", &Channel::ALL, Channel::as_str).flatten();
        let address = inner.text("address", ADDRESS_CHARS).flatten();
        for (name, is_missing) in [("channel", channel.is_none()), ("address", address.is_none())] {
            if is_missing && inner.is_fine() {
                inner.refuse(name, "required", words("Обязательное поле", "This member is required"));
            }
        }
        fields.absorb(inner);
        Some(Identity { channel: channel?, account: String::new(), external_id: address? })
    });
    conversation.map(Target::Conversation).or(address.map(Target::Address))
}

fn buttons(fields: &mut Fields) -> Vec<Button> {
    let mut buttons = Vec::new();
    for mut inner in fields.nested_list("buttons", BUTTONS) {
        let title = inner.text("text", BUTTON_TITLE_CHARS).flatten();
        let value = inner.text("value", BUTTON_VALUE_CHARS).flatten();
        match title {
            Some(text) => buttons.push(Button { value: value.unwrap_or_else(|| text.clone()), text }),
            None if inner.is_fine() => {
                inner.refuse("text", "required", words("Нужна надпись", "A title is required"));
            }
            None => {}
        }
        fields.absorb(inner);
    }
    buttons
}

/// What no present channel can do.
fn refuse_impossible(fields: &mut Fields) {
    let given = |fields: &mut Fields, name: &str| fields.take(name).is_some_and(|value| !value.is_null());
    if given(fields, "template") {
        let detail = words(
            "Шаблоны есть только у WhatsApp, он не подключён",
            "Only WhatsApp has templates, and it is not enabled",
        );
        fields.refuse("template", "unsupported", detail);
    }
    if given(fields, "send_at") {
        let detail =
            words("Отложенная отправка на подключённых каналах невозможна", "The enabled channels cannot send later");
        fields.refuse("send_at", "unsupported", detail);
    }
}
