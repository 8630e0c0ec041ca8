//! `/api/v1/conversations`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::auth::Caller;
use super::cursor::Cursors;
use super::problem::{Problem, words};
use super::query::{Paging, Params, TOTAL_CAP, describe, listed, negotiated};
use super::view::{self, Sight};
use super::{CONVERSATIONS, Http, etag};
use crate::domain::contact::Channel;
use crate::domain::conversation::{Conversation, ConversationStatus, Message};
use crate::domain::id::ConversationId;
use crate::domain::store::{ConversationFilter, MessageRange};
use crate::domain::token::Scope;

const SORTS: [&str; 2] = ["-last_message_at", "last_message_at"];
const JSON: &str = "application/json";
const MOST_MESSAGES: u32 = 200;
const USUAL_MESSAGES: u32 = 50;

/// `GET /api/v1/conversations`.
pub async fn list(State(http): State<Http>, caller: Caller, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    caller.need(Scope::ConversationsRead)?;
    negotiated(&headers, &[JSON])?;
    let mut params = Params::of(&uri)?;
    let filter = filter(&mut params);
    let descending = params.name_of("sort", &SORTS, |name| name).is_none_or(|sort| sort.starts_with('-'));
    let paging = Paging::read(&mut params);
    params.finish()?;
    if filter.q.is_some() {
        caller.need(Scope::PiiRead)?;
    }
    let what = describe(&uri);
    let cursors = Cursors::new(http.key().await?, &what);
    let page = paging.ask(&cursors, descending)?;
    let mut rows = http.app.store.conversations(&filter, &page).await?;
    let next = paging.cut(&mut rows, |row| cursors.after_row(row.last_message_at, &row.id.to_string()));
    let total = match paging.with_total {
        true => Some(http.app.store.count_conversations(&filter, TOTAL_CAP + 1).await?),
        false => None,
    };
    let sight = Sight::of(caller.sees_people());
    Ok(listed(&uri, rows.iter().map(|row| view::conversation(row, sight)).collect(), next, total))
}

fn filter(params: &mut Params) -> ConversationFilter {
    let id =
        |prefix: &str| words(format!("Нужен id вида {prefix}_01JX…"), format!("Expected an id such as {prefix}_01JX…"));
    ConversationFilter {
        status: params.names_of("status", ConversationStatus::ALL, ConversationStatus::as_str),
        channel: params.names_of("channel", &Channel::ALL, Channel::as_str),
        lead_id: params.parsed("lead_id", "id", id("ld"), |text| text.parse().ok()),
        contact_id: params.parsed("contact_id", "id", id("ct"), |text| text.parse().ok()),
        handoff: params.flag("handoff"),
        unanswered: params.flag("unanswered"),
        updated_after: params.time("updated_after"),
        updated_before: params.time("updated_before"),
        q: params.text("q", 2, 100),
    }
}

/// Which messages are shown with a conversation.
struct Window {
    limit: u32,
    range: MessageRange,
}

/// `GET /api/v1/conversations/{id}`.
pub async fn show(
    State(http): State<Http>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.need(Scope::ConversationsRead)?;
    negotiated(&headers, &[JSON])?;
    let id: ConversationId = id.parse().map_err(|_| Problem::not_found())?;
    let cursors = Cursors::new(http.key().await?, &format!("{CONVERSATIONS}/{id}"));
    let mut params = Params::of(&uri)?;
    let with_trace = params.name_of("include", &["trace"], |name| name).is_some();
    let window = window(&mut params, &cursors);
    params.finish()?;
    let window = window?;
    if with_trace {
        caller.need(Scope::Admin)?;
    }
    let conversation = http.app.store.conversation(id).await?.ok_or_else(Problem::not_found)?;
    let tag = etag::of(conversation.version);
    if etag::is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let sight = Sight::of(caller.sees_people());
    let mut body = view::conversation(&conversation, sight);
    body["messages"] =
        messages(&http, &conversation, &window, &cursors, |m| view::message(m, sight, with_trace)).await?;
    Ok(([(header::ETAG, tag)], Json(body)).into_response())
}

/// Reads `messages`, `before` and `after`; of both, `after` counts. A cursor that is not ours is told after
/// the other errors.
fn window(params: &mut Params, cursors: &Cursors<'_>) -> Result<Window, Problem> {
    let limit = params.number("messages", 0, MOST_MESSAGES, USUAL_MESSAGES);
    let range = match (params.given("before"), params.given("after")) {
        (_, Some(after)) => MessageRange::After(cursors.message(&after)?),
        (Some(before), None) => MessageRange::Before(cursors.message(&before)?),
        (None, None) => MessageRange::Last,
    };
    Ok(Window { limit, range })
}

/// The messages of the window, oldest first, with the cursors to go on: `next_cursor` in the direction of
/// the request, `latest_cursor` to ask `after` for what comes later.
async fn messages(
    http: &Http,
    conversation: &Conversation,
    window: &Window,
    cursors: &Cursors<'_>,
    show: impl Fn(&Message) -> Value,
) -> Result<Value, Problem> {
    let limit = window.limit as usize;
    if limit == 0 {
        return Ok(json!({ "items": [], "next_cursor": null, "has_more": false, "latest_cursor": null }));
    }
    let mut rows = http.app.store.messages(conversation.id, window.range, window.limit + 1).await?;
    let has_more = rows.len() > limit;
    let is_forward = matches!(window.range, MessageRange::After(_));
    if has_more && is_forward {
        rows.truncate(limit);
    } else if has_more {
        rows.remove(0);
    }
    let edge = if is_forward { rows.last() } else { rows.first() };
    let next = edge.filter(|_| has_more).map(|message| cursors.at_message(message.seq));
    let latest = rows.last().map(|message| cursors.at_message(message.seq)).or_else(|| match window.range {
        MessageRange::After(seq) => Some(cursors.at_message(seq)),
        MessageRange::Last | MessageRange::Before(_) => None,
    });
    Ok(json!({
        "items": rows.iter().map(show).collect::<Vec<_>>(),
        "next_cursor": next,
        "has_more": has_more,
        "latest_cursor": latest,
    }))
}
