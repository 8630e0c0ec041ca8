//! Opening the chat, and what a visitor writes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::visitor::Visitor;
use super::{shown, typing_until};
use crate::daemon::http::Http;
use crate::daemon::http::body::{self, Fields};
use crate::daemon::http::frame::Context;
use crate::daemon::http::limits::{Policy, enforce};
use crate::daemon::http::problem::{Problem, TOO_LONG, words};
use crate::daemon::http::query::Params;
use crate::domain::contact::{Identity, Locale};
use crate::domain::conversation::{Incoming, MessageKind};
use crate::domain::store::MessageRange;

const BODY_LIMIT: usize = 64 * 1024;
const CLIENT_ID_CHARS: usize = 64;
const BUTTON_CHARS: usize = 256;
/// The history that the page opens with.
const HISTORY: u32 = 100;
const PER_VISITOR: Policy = Policy { name: "visitor", quota: 30, window_s: 60 };
const PER_ADDRESS: Policy = Policy { name: "address", quota: 120, window_s: 60 };
/// The name without a profile.
const NAMELESS: &str = "flow";

/// `POST /chat/session`: a known visitor's history, or a new visitor.
pub async fn open(
    State(http): State<Http>,
    Extension(context): Extension<Arc<Context>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    Params::of(&parts.uri)?.finish()?;
    limit_address(&http, &context)?;
    let mut fields = body::object(&parts.headers, body, BODY_LIMIT, &["application/json"]).await?;
    let presented = fields.text("visitor", BODY_LIMIT).flatten();
    let wish = fields.name_of("language", &[Locale::Ru, Locale::En], Locale::as_str).flatten();
    fields.finish()?;
    let key = http.key().await?;
    let visitor = presented.and_then(|text| Visitor::of(&text, key)).unwrap_or_else(|| Visitor::new(key));
    Ok(Json(opened(&http, &visitor, wish).await?).into_response())
}

async fn opened(http: &Http, visitor: &Visitor, wish: Option<Locale>) -> Result<Value, Problem> {
    let app = &http.app;
    let identity = visitor.identity();
    let conversation = app.store.conversation_of(&identity).await?;
    let welcome = app.desk.welcome(wish.or(conversation.as_ref().and_then(|known| known.language))).await?;
    let (mut cursor, mut messages, mut is_typing) = (0, Vec::new(), false);
    if let Some(conversation) = &conversation {
        let history = app.store.messages(conversation.id, MessageRange::Last, HISTORY).await?;
        cursor = history.last().map_or(0, |message| message.seq);
        messages = history.iter().filter_map(|message| shown(message, &identity)).collect();
        is_typing = typing_until(conversation, &history).is_some_and(|end| app.now().as_millisecond() < end);
    }
    let spoken = conversation.and_then(|conversation| conversation.language);
    let local = welcome.as_ref().map(|(profile, _, _)| profile.company.locale);
    let company = welcome.as_ref().map_or(NAMELESS, |(profile, _, _)| profile.company.name.as_str()).to_owned();
    let (text, buttons) = welcome.map_or_else(Default::default, |(_, text, buttons)| (text, buttons));
    Ok(json!({
        "visitor": visitor.as_str(),
        "company": company,
        "language": wish.or(spoken).or(local).unwrap_or_default(),
        "welcome": { "text": text, "buttons": buttons },
        "cursor": cursor,
        "messages": messages,
        "typing": is_typing,
    }))
}

/// `POST /chat/messages`: the same `client_id` again is the same message.
pub async fn say(
    State(http): State<Http>,
    Extension(context): Extension<Arc<Context>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    Params::of(&parts.uri)?.finish()?;
    limit_address(&http, &context)?;
    let identity = Visitor::of_headers(&parts.headers, http.key().await?)?.identity();
    limit(&http, &context, PER_VISITOR, &identity.external_id)?;
    let fields = body::object(&parts.headers, body, BODY_LIMIT, &["application/json"]).await?;
    let incoming = read(fields, identity, http.app.config.dialog.max_message_chars)?;
    let received = http.app.receive(&incoming, None).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": received.message_id, "seq": received.seq }))).into_response())
}

fn read(mut fields: Fields, identity: Identity, longest: usize) -> Result<Incoming, Problem> {
    let expected = words("Нужно до 64 букв, цифр и дефисов", "Expected up to 64 letters, digits and dashes");
    let client_id = fields.parsed("client_id", "format", expected.clone(), |text| {
        let fits = text.len() <= CLIENT_ID_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| text.to_owned())
    });
    if matches!(client_id, Some(None)) || client_id.is_none() && fields.is_fine() {
        fields.refuse("client_id", "required", expected);
    }
    let text = fields.text("text", BODY_LIMIT);
    match &text {
        Some(Some(text)) if text.chars().count() > longest => {
            let detail = words(format!("Не длиннее {longest} символов"), format!("At most {longest} characters"));
            fields.refuse("text", TOO_LONG.code, detail);
        }
        Some(None) => fields.refuse("text", "required", words("Нужен непустой текст", "A text is required")),
        None if fields.is_fine() => {
            fields.refuse("text", "required", words("Нужен непустой текст", "A text is required"));
        }
        _ => {}
    }
    let button_value = fields.text("button", BUTTON_CHARS).flatten();
    fields.finish()?;
    let external_id = format!("{}/{}", identity.external_id, client_id.flatten().unwrap_or_default());
    Ok(Incoming {
        identity,
        external_id,
        kind: if button_value.is_some() { MessageKind::Button } else { MessageKind::Text },
        text: text.flatten().unwrap_or_default(),
        button_value,
        name: None,
        phone: None,
        metadata: None,
    })
}

fn limit_address(http: &Http, context: &Context) -> Result<(), Problem> {
    let address = context.address.map_or_else(String::new, |address| address.to_string());
    limit(http, context, PER_ADDRESS, &address)
}

/// Whoever turns the limit of messages off turns the chat's off with it.
fn limit(http: &Http, context: &Context, policy: Policy, who: &str) -> Result<(), Problem> {
    if http.app.config.api.limits.messages == 0 {
        return Ok(());
    }
    let standing = http.limits.count(policy, who, http.app.now());
    enforce(standing.as_slice(), context)
}
