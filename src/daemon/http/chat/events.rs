//! `GET /chat/events`: what happens in a visitor's conversation, as server-sent events.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::visitor::Visitor;
use super::{shown, typing_until};
use crate::daemon::http::Http;
use crate::daemon::http::problem::{Problem, RATE_LIMITED, words};
use crate::daemon::http::query::Params;
use crate::domain::contact::Identity;
use crate::domain::conversation::Role;
use crate::domain::id::ConversationId;
use crate::domain::store::{MessageRange, StoreResult};

const MOST_PER_VISITOR: usize = 8;
const MOST_IN_ALL: usize = 2000;
const RETRY_S: u32 = 5;
/// Proxies cut connections that are silent for long.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Another process may have written: nobody wakes us then.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A visitor who has not written yet has no conversation to listen to.
const LOOK_FOR_CONVERSATION: Duration = Duration::from_secs(1);
const AT_ONCE: u32 = 100;
/// Among so many newest messages one is not a remark of the system's.
const NEWEST: u32 = 10;

/// The open streams by visitor.
#[derive(Debug, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// One open stream; closing it frees its place.
struct Place {
    streams: Arc<Mutex<HashMap<String, usize>>>,
    visitor: String,
}

impl Streams {
    fn enter(&self, visitor: &str) -> Result<Place, Problem> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.values().sum::<usize>() >= MOST_IN_ALL {
            let detail = words("Слишком много открытых чатов", "Too many chats are open");
            return Err(Problem::unavailable(RETRY_S, detail));
        }
        let open = streams.entry(visitor.to_owned()).or_default();
        if *open >= MOST_PER_VISITOR {
            let detail = words("Чат открыт в слишком многих вкладках", "The chat is open in too many tabs");
            return Err(Problem::new(&RATE_LIMITED, detail).header(header::RETRY_AFTER, RETRY_S));
        }
        *open += 1;
        Ok(Place { streams: Arc::clone(&self.0), visitor: visitor.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.visitor) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.visitor);
            }
        }
    }
}

/// `GET /chat/events?after=SEQ`.
pub async fn listen(State(http): State<Http>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let expected = words("Нужен номер сообщения", "Expected the number of a message");
    let after = params.parsed("after", "type", expected, |text| text.parse().ok().filter(|seq| *seq >= 0));
    params.finish()?;
    let identity = Visitor::of_headers(&headers, http.key().await?)?.identity();
    let place = http.streams.enter(&identity.external_id)?;
    let events = Events {
        http,
        identity,
        conversation: None,
        cursor: after.unwrap_or(0),
        typing_until: None,
        is_typing: false,
        is_new: true,
        has_looked: false,
        ping_at: Instant::now() + PING_EVERY,
        _place: place,
    };
    let pieces = stream::unfold(events, |mut events| async {
        let piece = events.next().await?;
        Some((Ok::<_, Infallible>(piece), events))
    });
    let body = Body::from_stream(pieces.fuse());
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

struct Events {
    http: Http,
    identity: Identity,
    conversation: Option<ConversationId>,
    cursor: i64,
    /// When the announced reply is no longer expected.
    typing_until: Option<i64>,
    /// What the page was told last.
    is_typing: bool,
    /// Nothing has been told yet.
    is_new: bool,
    /// Whether a reply is due has been looked at.
    has_looked: bool,
    ping_at: Instant,
    _place: Place,
}

impl Events {
    /// The next piece of the stream; nothing when it ends.
    async fn next(&mut self) -> Option<String> {
        if self.is_new {
            self.is_new = false;
            // The headers reach the page with the first byte.
            return Some(": open\n\n".to_owned());
        }
        loop {
            if self.http.life.is_draining() {
                return None;
            }
            let listener = match self.find().await {
                Ok(found) => found.map(|id| self.http.app.wakeups.listen(id)),
                Err(_) => return None,
            };
            let woken = async {
                match &listener {
                    Some(notify) => notify.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::pin!(woken);
            // Polled once before looking, so that nothing between the look and the wait is missed.
            let was_woken = futures_util::poll!(woken.as_mut()).is_ready();
            // A failing store ends the stream; the page comes back by itself.
            let news = self.look().await.ok()?;
            if !news.is_empty() {
                self.ping_at = Instant::now() + PING_EVERY;
                return Some(news);
            }
            let now = Instant::now();
            if now >= self.ping_at {
                self.ping_at = now + PING_EVERY;
                return Some(": ping\n\n".to_owned());
            }
            let pause = if listener.is_some() { LOOK_AGAIN } else { LOOK_FOR_CONVERSATION };
            tokio::select! {
                () = &mut woken, if !was_woken => {}
                () = sleep_until(self.ping_at.min(now + pause)) => {}
                () = self.http.life.drained() => {}
            }
        }
    }

    async fn find(&mut self) -> StoreResult<Option<ConversationId>> {
        if self.conversation.is_none() {
            let found = self.http.app.store.conversation_of(&self.identity).await?;
            self.conversation = found.map(|conversation| conversation.id);
        }
        Ok(self.conversation)
    }

    /// The events since the last look.
    async fn look(&mut self) -> StoreResult<String> {
        let mut out = String::new();
        let Some(id) = self.conversation else { return Ok(out) };
        let store = &self.http.app.store;
        let messages = store.messages(id, MessageRange::After(self.cursor), AT_ONCE).await?;
        for message in &messages {
            self.cursor = message.seq;
            if let Some(shown) = shown(message, &self.identity) {
                // Writing to a String cannot fail.
                write!(out, "id: {}\nevent: message\ndata: {shown}\n\n", message.seq).ok();
            }
            // The page takes an answer for the end of typing.
            if matches!(message.role, Role::Bot | Role::Operator) {
                self.is_typing = false;
            }
        }
        if !messages.is_empty() || !self.has_looked {
            self.has_looked = true;
            let newest = store.messages(id, MessageRange::Last, NEWEST).await?;
            let conversation = store.conversation(id).await?;
            self.typing_until = conversation.and_then(|conversation| typing_until(&conversation, &newest));
        }
        let is_typing = self.typing_until.is_some_and(|end| self.http.app.now().as_millisecond() < end);
        if is_typing != self.is_typing {
            self.is_typing = is_typing;
            write!(out, "event: typing\ndata: {}\n\n", json!({ "on": is_typing })).ok();
        }
        Ok(out)
    }
}
