//! A client of the `api` channel writes; the front desk answers.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{METADATA_BYTES, Post, accepted, answered, text};
use crate::daemon::http::body::{Fields, expected_phone};
use crate::daemon::http::problem::{Problem, TARGET, words};
use crate::daemon::http::region;
use crate::daemon::http::view::Sight;
use crate::daemon::http::waiting::{Reply, wait_for_reply};
use crate::domain::contact::{Channel, Identity, Phone, Region};
use crate::domain::conversation::{ConversationStatus, Incoming, MessageKind, TEXT_CHARS};
use crate::domain::id::MessageId;

const SENDER_CHARS: usize = 128;
const BUTTON_CHARS: usize = 256;
/// Members of a message to a client.
const OUTGOING_ONLY: [&str; 7] = ["conversation_id", "to", "buttons", "template", "pause_bot", "send_at", "split"];

/// Stores what the client wrote; with `Prefer: wait` answers with the reply once there is one.
pub(super) async fn receive(post: &Post<'_>, fields: Fields) -> Result<Response, Problem> {
    let app = &post.http.app;
    // Only a phone needs the region, and most messages bring none.
    let has_phone = fields.members().get("sender").is_some_and(|sender| sender["phone"].is_string());
    let region = if has_phone { region(post.http).await? } else { Region::default() };
    let external_id = format!("api-{}", MessageId::new(app.now()));
    let incoming = read(fields, region, external_id)?;
    let received = app.receive(&incoming, post.key).await?;
    let accepted = |applied| accepted(received.message_id, received.conversation_id, &Value::Null, applied);
    let Some(seconds) = post.wait.filter(|seconds| *seconds > 0) else { return Ok(accepted(None)) };
    match wait_for_reply(post.http, &received, seconds).await? {
        Some(reply) => {
            let body = replied(&reply, received.message_id, Sight::of(post.caller.sees_people()));
            Ok(answered(StatusCode::OK, body, received.conversation_id, Some(seconds)))
        }
        None => Ok(accepted(Some(seconds))),
    }
}

fn replied(reply: &Reply, message: MessageId, sight: Sight) -> Value {
    let shown = crate::daemon::http::view::message(&reply.last, sight, false);
    let text = crate::daemon::http::view::text(&reply.text, sight);
    json!({
        "id": message,
        "conversation_id": reply.last.conversation_id,
        "reply": { "id": reply.last.id, "text": text, "buttons": shown["buttons"] },
        "end_conversation": reply.status == ConversationStatus::Closed,
    })
}

fn read(mut fields: Fields, region: Region, external_id: String) -> Result<Incoming, Problem> {
    fields.take("role");
    fields.name_of("channel", &[Channel::Api], Channel::as_str);
    let too_long = words(format!("Не длиннее {TEXT_CHARS} символов"), format!("At most {TEXT_CHARS} characters"));
    let text = text(&mut fields, Some(TEXT_CHARS), too_long);
    let button_value = fields.text("button", BUTTON_CHARS).flatten();
    let metadata = fields.object("metadata", METADATA_BYTES).flatten();
    let (mut sender, mut name, mut phone) = (None, None, None);
    match fields.nested("sender") {
        Some(Some(mut inner)) => {
            sender = inner.text("id", SENDER_CHARS).flatten();
            name = inner.text("name", 200).flatten();
            phone = inner
                .parsed("phone", "phone_format", expected_phone(), |text| Phone::parse(text, region).ok())
                .flatten();
            if sender.is_none() && inner.is_fine() {
                inner.refuse("id", "required", words("Нужен id отправителя", "The sender's id is required"));
            }
            fields.absorb(inner);
        }
        _ if fields.is_fine() => {
            fields
                .refuse_whole(TARGET.code, words("Для role customer нужен sender", "The role customer needs a sender"));
        }
        _ => {}
    }
    for name in OUTGOING_ONLY {
        if fields.take(name).is_some_and(|value| !value.is_null()) {
            let detail = words("Не для сообщений от клиента", "Not for messages from a client");
            fields.refuse(name, "not_allowed", detail);
        }
    }
    fields.finish()?;
    Ok(Incoming {
        identity: Identity { channel: Channel::Api, account: String::new(), external_id: sender.unwrap_or_default() },
        external_id,
        kind: if button_value.is_some() { MessageKind::Button } else { MessageKind::Text },
        text: text.unwrap_or_default(),
        button_value,
        name,
        phone,
        metadata,
    })
}
