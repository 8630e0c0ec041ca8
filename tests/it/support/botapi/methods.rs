//! The methods of the Bot API.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::faults::Fault;
use super::markup::{TOO_LONG, buttons, nested, visible_text};
use super::state::{Sent, Shared, State, Webhook, chat_of, is_private};

/// What the server knows; anything else is not found.
pub(super) const METHODS: [&str; 11] = [
    "getUpdates",
    "sendMessage",
    "sendChatAction",
    "answerCallbackQuery",
    "editMessageText",
    "editMessageReplyMarkup",
    "getMe",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
    "getFile",
];

/// The bot as a user.
pub(super) const BOT: &str = r#"{"id":7000001,"is_bot":true,"first_name":"Flow","username":"flow_test_bot"}"#;

/// The bot as getMe tells it.
const ME: &str = concat!(
    r#"{"ok":true,"result":{"id":7000001,"is_bot":true,"first_name":"Flow","username":"flow_test_bot","#,
    r#""can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false,"#,
    r#""can_connect_to_business":false,"has_main_web_app":false}}"#
);
const WEBHOOK_ACTIVE: &str =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_POLL: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup are \
                            exactly the same as a current content and reply markup of the message";

/// Why a call is refused; 400 with that description.
type Refused = Cow<'static, str>;

/// Writes into a body.
fn put(body: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    body.write_fmt(text).expect("memory takes all");
}

/// Writes a result.
fn ok(body: &mut Vec<u8>, result: &Value) -> u16 {
    put(body, format_args!(r#"{{"ok":true,"result":{result}}}"#));
    200
}

/// Writes a refusal and answers its code.
pub(super) fn refuse(body: &mut Vec<u8>, code: u16, description: &str) -> u16 {
    put(body, format_args!("{}", json!({"ok": false, "error_code": code, "description": description})));
    code
}

fn retry_after(body: &mut Vec<u8>, seconds: u64) -> u16 {
    let told = json!({
        "ok": false,
        "error_code": 429,
        "description": format!("Too Many Requests: retry after {seconds}"),
        "parameters": {"retry_after": seconds},
    });
    put(body, format_args!("{told}"));
    429
}

/// Writes the answer of a fault that is one.
pub(super) fn told(fault: &Fault, body: &mut Vec<u8>) -> Option<u16> {
    match fault {
        Fault::RetryAfter(seconds) => Some(retry_after(body, *seconds)),
        Fault::Refuse(code, description) => Some(refuse(body, *code, description)),
        Fault::Migrate(chat) => {
            let told = json!({
                "ok": false,
                "error_code": 400,
                "description": "Bad Request: group chat was upgraded to a supergroup chat",
                "parameters": {"migrate_to_chat_id": chat},
            });
            put(body, format_args!("{told}"));
            Some(400)
        }
        _ => None,
    }
}

/// Does a call, writes its answer and says its status.
pub(super) async fn call(shared: &Shared, method: &str, params: &Value, body: &mut Vec<u8>) -> u16 {
    if method == "getUpdates" {
        return get_updates(shared, params, body).await;
    }
    let state = &mut *shared.lock();
    let done = match method {
        "sendMessage" => match chat_of(params) {
            Some(chat) if state.is_over_limit(chat) => return retry_after(body, 1),
            _ => send_message(state, params, body),
        },
        "editMessageText" => edit_message(state, params, true, body),
        "editMessageReplyMarkup" => edit_message(state, params, false, body),
        "sendChatAction" => {
            let is_known = params["action"].as_str().is_some_and(|action| !action.is_empty());
            if is_known { Ok(ok(body, &Value::Bool(true))) } else { Err("Bad Request: wrong parameter action".into()) }
        }
        "answerCallbackQuery" => answer_press(state, params, body),
        "getMe" => {
            body.extend_from_slice(ME.as_bytes());
            Ok(200)
        }
        "setWebhook" => set_webhook(state, params).map(|()| {
            shared.news.notify_waiters();
            ok(body, &Value::Bool(true))
        }),
        "deleteWebhook" => {
            state.webhook = Webhook::default();
            if is_true(&params["drop_pending_updates"]) {
                state.drop_pending();
            }
            Ok(ok(body, &Value::Bool(true)))
        }
        "getWebhookInfo" => Ok(ok(body, &webhook_info(state))),
        "getFile" => match params["file_id"].as_str() {
            Some(id) if !id.is_empty() => {
                let file = json!({
                    "file_id": id,
                    "file_unique_id": format!("u{id}"),
                    "file_size": super::http::FILE.len(),
                    "file_path": "voice/file_1.oga",
                });
                Ok(ok(body, &file))
            }
            _ => Err("Bad Request: file_id not specified".into()),
        },
        _ => return refuse(body, 404, "Not Found"),
    };
    done.unwrap_or_else(|description| refuse(body, 400, &description))
}

async fn get_updates(shared: &Shared, params: &Value, body: &mut Vec<u8>) -> u16 {
    let number = |key: &str| {
        let value = &params[key];
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    };
    let limit = usize::try_from(number("limit").unwrap_or(100).clamp(1, 100)).expect("a small number");
    let seconds = u64::try_from(number("timeout").unwrap_or(0).clamp(0, 50)).expect("a small number");
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let turn = {
        let mut state = shared.lock();
        if !state.webhook.url.is_empty() {
            return refuse(body, 409, WEBHOOK_ACTIVE);
        }
        if !params["allowed_updates"].is_null() {
            state.allowed_updates = params["allowed_updates"].clone();
        }
        state.confirm(number("offset").unwrap_or(0));
        state.poll += 1;
        state.poll
    };
    // An earlier poll ends.
    shared.news.notify_waiters();
    loop {
        let mut news = pin!(shared.news.notified());
        news.as_mut().enable();
        body.clear();
        {
            let mut state = shared.lock();
            if state.poll != turn {
                return refuse(body, 409, OTHER_POLL);
            }
            if !state.webhook.url.is_empty() {
                return refuse(body, 409, "Conflict: terminated by setWebhook request");
            }
            if state.hand_out(limit, body) || Instant::now() >= deadline {
                return 200;
            }
        }
        tokio::time::timeout_at(deadline, news).await.ok();
    }
}

/// A message of the bot as it is answered.
struct Message<'a> {
    id: i64,
    chat: i64,
    date: i64,
    text: &'a str,
    markup: &'a Value,
    is_edited: bool,
}

impl Message<'_> {
    fn write(&self, body: &mut Vec<u8>) -> u16 {
        let Self { id, chat, date, text, markup, is_edited } = self;
        put(body, format_args!(r#"{{"ok":true,"result":{{"message_id":{id},"from":{BOT},"date":{date},"chat":"#));
        if is_private(*chat) {
            put(body, format_args!(r#"{{"id":{chat},"type":"private","first_name":"Анна"}}"#));
        } else {
            put(body, format_args!(r#"{{"id":{chat},"type":"supergroup","title":"Группа"}}"#));
        }
        if *is_edited {
            put(body, format_args!(r#","edit_date":{}"#, date + 1));
        }
        // Only a keyboard under the message is part of it.
        if markup["inline_keyboard"].is_array() {
            put(body, format_args!(r#","reply_markup":{markup}"#));
        }
        body.extend_from_slice(br#","text":"#);
        serde_json::to_writer(&mut *body, text).expect("memory takes all");
        body.extend_from_slice(b"}}");
        200
    }
}

fn send_message(state: &mut State, params: &Value, body: &mut Vec<u8>) -> Result<u16, Refused> {
    let chat = known_chat(params)?;
    let text = visible_text(params)?;
    let markup = nested(params, "reply_markup")?.unwrap_or_default();
    let buttons = buttons(&markup, chat)?;
    let message_id = state.next_message(chat);
    let message = Message { id: message_id, chat, date: state.tick(), text: &text, markup: &markup, is_edited: false };
    let status = message.write(body);
    state.sent_count += 1;
    if state.is_journal_on {
        let text = text.into_owned();
        state.shown.insert((chat, message_id), (text.clone(), markup.into_owned()));
        state.sent.push(Sent { message_id, chat, text, buttons, at: std::time::Instant::now() });
    }
    Ok(status)
}

/// Changes a message's text and keyboard, or its keyboard only.
fn edit_message(state: &mut State, params: &Value, has_text: bool, body: &mut Vec<u8>) -> Result<u16, Refused> {
    let chat = known_chat(params)?;
    let id = &params["message_id"];
    let id = id.as_i64().or_else(|| id.as_str()?.parse().ok());
    let id = id.ok_or("Bad Request: message identifier is not specified")?;
    let markup = nested(params, "reply_markup")?.unwrap_or_default();
    buttons(&markup, chat)?;
    let shown = state.shown.get(&(chat, id));
    if shown.is_none() && state.is_journal_on {
        return Err("Bad Request: message to edit not found".into());
    }
    let text = if has_text {
        visible_text(params)
            .map_err(|told| if told == TOO_LONG { "Bad Request: MESSAGE_TOO_LONG".into() } else { told })?
    } else {
        shown.map_or("", |(text, _)| text.as_str()).to_owned().into()
    };
    if shown.is_some_and(|(before, keyboard)| *before == text && *keyboard == *markup) {
        return Err(NOT_MODIFIED.into());
    }
    let message = Message { id, chat, date: state.tick(), text: &text, markup: &markup, is_edited: true };
    let status = message.write(body);
    if state.is_journal_on {
        state.shown.insert((chat, id), (text.into_owned(), markup.into_owned()));
    }
    Ok(status)
}

fn known_chat(params: &Value) -> Result<i64, Refused> {
    match chat_of(params) {
        None if params["chat_id"].is_null() => Err("Bad Request: chat_id is empty".into()),
        None | Some(0) => Err("Bad Request: chat not found".into()),
        Some(chat) => Ok(chat),
    }
}

fn answer_press(state: &State, params: &Value, body: &mut Vec<u8>) -> Result<u16, Refused> {
    if !state.presses.contains(params["callback_query_id"].as_str().unwrap_or_default()) {
        return Err("Bad Request: query is too old and response timeout expired or query ID is invalid".into());
    }
    if params["text"].as_str().is_some_and(|text| text.chars().count() > 200) {
        return Err("Bad Request: MESSAGE_TOO_LONG".into());
    }
    Ok(ok(body, &Value::Bool(true)))
}

fn set_webhook(state: &mut State, params: &Value) -> Result<(), Refused> {
    let url = params["url"].as_str().unwrap_or_default();
    let secret = params["secret_token"].as_str().unwrap_or_default();
    let is_own = url.strip_prefix("http://127.0.0.1").is_some_and(|rest| rest.starts_with([':', '/']));
    if !url.is_empty() && !url.starts_with("https://") && !is_own {
        return Err("Bad Request: bad webhook: HTTPS url must be provided for webhook".into());
    }
    if secret.len() > 256 {
        return Err("Bad Request: secret token is too long".into());
    }
    if !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err("Bad Request: secret token contains unallowed characters".into());
    }
    if let Some(allowed) = nested(params, "allowed_updates")? {
        state.allowed_updates = allowed.into_owned();
    }
    if is_true(&params["drop_pending_updates"]) {
        state.drop_pending();
    }
    let max_connections = params["max_connections"].as_i64().unwrap_or(40);
    state.webhook = Webhook { url: url.to_owned(), max_connections, secret: secret.to_owned() };
    Ok(())
}

fn webhook_info(state: &State) -> Value {
    let mut info = json!({
        "url": state.webhook.url,
        "has_custom_certificate": false,
        "pending_update_count": state.pending(),
    });
    if !state.webhook.url.is_empty() {
        info["max_connections"] = state.webhook.max_connections.into();
    }
    if state.allowed_updates.as_array().is_some_and(|kinds| !kinds.is_empty()) {
        info["allowed_updates"] = state.allowed_updates.clone();
    }
    info
}

/// Yes, as JSON or a form says it.
fn is_true(value: &Value) -> bool {
    *value == true || matches!(value.as_str(), Some("true" | "True" | "1")) || *value == 1
}
