//! The web chat.

use std::time::Duration;

use flow::config::Config;
use flow::domain::conversation::{Button, Outgoing, Role};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Flow, send};

async fn open(flow: &Flow, body: &Value) -> Value {
    send(flow.nobody().call("POST", "/chat/session").json(body)).await.ok(200)
}

fn say(flow: &Flow, visitor: &Value, body: &Value) -> RequestBuilder {
    flow.nobody().call("POST", "/chat/messages").header("X-Flow-Visitor", visitor.as_str().unwrap()).json(body)
}

/// An open event stream, read event by event.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(flow: &Flow, visitor: &Value, after: i64) -> Self {
        let call = flow
            .nobody()
            .get(&format!("/chat/events?after={after}"))
            .header("X-Flow-Visitor", visitor.as_str().unwrap());
        let response = call.header("Accept-Encoding", "gzip").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream; charset=utf-8"));
        assert_eq!((header("x-accel-buffering").as_deref(), header("content-encoding")), (Some("no"), None));
        Self { response, text: String::new() }
    }

    /// The next event: its name and data. `None` when the stream ends.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())) {
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
            }
            let piece =
                timeout(Duration::from_secs(20), self.response.chunk()).await.expect("nothing came").unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test]
async fn a_session_knows_its_visitor_again_and_stores_nothing_before_the_first_message() {
    let flow = Flow::start().await;
    let first = open(&flow, &json!({ "visitor": null, "language": "ru" })).await;
    assert_eq!(
        (&first["company"], &first["language"], &first["cursor"]),
        (&json!("Салон «Ромашка»"), &json!("ru"), &json!(0))
    );
    assert_eq!((&first["messages"], &first["typing"]), (&json!([]), &json!(false)));
    assert!(first["welcome"]["text"].is_string() && first["welcome"]["buttons"].is_array());
    assert_eq!(flow.app.store.counts().await.unwrap().conversations, 0);
    let again = open(&flow, &json!({ "visitor": first["visitor"], "language": "en" })).await;
    assert_eq!((&again["visitor"], &again["language"]), (&first["visitor"], &json!("en")));
    for garbage in ["x", "ёё", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-0000000000000000"] {
        assert_ne!(open(&flow, &json!({ "visitor": garbage })).await["visitor"], garbage);
    }
    let refused = send(flow.nobody().call("POST", "/chat/session").json(&json!({ "language": "de", "x": 1 }))).await;
    assert_eq!(refused.refused(422, "validation")["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_sent_twice_is_one_message() {
    let flow = Flow::start().await;
    let visitor = open(&flow, &json!({})).await["visitor"].clone();
    let body = json!({ "client_id": "0b8c9a3e-1", "text": " Здравствуйте " });
    let first = send(say(&flow, &visitor, &body)).await.ok(202);
    assert_eq!(send(say(&flow, &visitor, &body)).await.ok(202), first);
    let pressed = json!({ "client_id": "2", "text": "Да", "button": "yes" });
    send(say(&flow, &visitor, &pressed)).await.ok(202);
    let session = open(&flow, &json!({ "visitor": visitor })).await;
    let messages = session["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(
        (&messages[0]["client_id"], &messages[0]["text"], &messages[0]["role"]),
        (&json!("0b8c9a3e-1"), &json!("Здравствуйте"), &json!("customer"))
    );
    assert_eq!((&session["cursor"], &session["typing"]), (&messages[1]["seq"], &json!(true)));
    let listed = send(flow.get("/api/v1/conversations")).await.ok(200);
    let path = format!("/api/v1/conversations/{}", listed["items"][0]["id"].as_str().unwrap());
    let shown = send(flow.get(&path)).await.ok(200);
    assert_eq!((&shown["channel"], &shown["messages"]["items"][1]["kind"]), (&json!("web"), &json!("button")));
    assert_eq!(shown["messages"]["items"][1]["button_value"], "yes");

    // The same client_id of somebody else is somebody else's message.
    let other = open(&flow, &json!({})).await["visitor"].clone();
    assert_ne!(send(say(&flow, &other, &body)).await.ok(202)["id"], first["id"]);
}

#[tokio::test]
async fn a_wrong_message_or_visitor_is_refused() {
    let flow = Flow::start().await;
    let visitor = open(&flow, &json!({})).await["visitor"].clone();
    let long = "я".repeat(4001);
    for (body, code) in [
        (json!({ "client_id": "1", "text": long }), "too_long"),
        (json!({ "client_id": "1", "text": "  " }), "validation"),
        (json!({ "client_id": "1" }), "validation"),
        (json!({ "text": "x" }), "validation"),
        (json!({ "client_id": "a b", "text": "x" }), "validation"),
        (json!({ "client_id": "1", "text": "x", "button": "b".repeat(257) }), "validation"),
        (json!({ "client_id": "1", "text": "x", "extra": 1 }), "validation"),
    ] {
        send(say(&flow, &visitor, &body)).await.refused(422, code);
    }
    let huge = json!({ "client_id": "1", "text": "x".repeat(70_000) });
    send(say(&flow, &visitor, &huge)).await.refused(413, "too_large");
    let fine = json!({ "client_id": "1", "text": "x" });
    send(say(&flow, &json!("stranger"), &fine)).await.refused(401, "unauthenticated");
    send(flow.nobody().call("POST", "/chat/messages").json(&fine)).await.refused(401, "unauthenticated");
    send(flow.nobody().get("/chat/events")).await.refused(401, "unauthenticated");
    let with_header = |path: &str| flow.nobody().get(path).header("X-Flow-Visitor", visitor.as_str().unwrap());
    send(with_header("/chat/events?after=x")).await.refused(400, "invalid_parameter");
    send(with_header("/chat/events?after=-1")).await.refused(400, "invalid_parameter");
}

#[tokio::test]
async fn a_visitor_may_write_thirty_messages_a_minute() {
    let flow = Flow::start().await;
    let visitor = open(&flow, &json!({})).await["visitor"].clone();
    for n in 0..30 {
        send(say(&flow, &visitor, &json!({ "client_id": n.to_string(), "text": "x" }))).await.ok(202);
    }
    let refused = send(say(&flow, &visitor, &json!({ "client_id": "more", "text": "x" }))).await;
    refused.refused(429, "quota_exceeded");
    assert_eq!(refused.header("retry-after"), "60");
}

#[tokio::test]
async fn events_tell_messages_and_typing_and_go_on_from_a_cursor() {
    let flow = Flow::start().await;
    let visitor = open(&flow, &json!({})).await["visitor"].clone();
    let mut stream = Stream::open(&flow, &visitor, 0).await;
    let sent = send(say(&flow, &visitor, &json!({ "client_id": "c1", "text": "Здравствуйте" }))).await.ok(202);
    let (name, own) = stream.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &own["id"], &own["client_id"], &own["seq"]),
        ("message", &sent["id"], &json!("c1"), &sent["seq"])
    );
    assert_eq!(stream.next().await, Some(("typing".to_owned(), json!({ "on": true }))));

    let message = flow.app.store.message(sent["id"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap();
    let post = async |role, text: &str| {
        let outgoing = Outgoing {
            role,
            text: text.to_owned(),
            buttons: vec![Button::titled("Да")],
            in_reply_to: None,
            metadata: None,
            trace: None,
        };
        flow.app.store.post(message.conversation_id, &outgoing, None, flow.now(), None).await.unwrap();
        flow.app.wakeups.conversation(message.conversation_id);
    };
    post(Role::System, "не для клиента").await;
    post(Role::Bot, "Чем помочь?").await;
    let (name, reply) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &reply["text"], &reply["role"]), ("message", &json!("Чем помочь?"), &json!("bot")));
    assert_eq!(reply["buttons"], json!([{ "text": "Да", "value": "Да" }]));

    let mut later = Stream::open(&flow, &visitor, own["seq"].as_i64().unwrap()).await;
    assert_eq!(later.next().await, Some(("message".to_owned(), reply.clone())));
    let operator = json!({ "conversation_id": message.conversation_id, "text": "Я человек" });
    send(flow.post("/api/v1/messages", &operator)).await.ok(202);
    for stream in [&mut stream, &mut later] {
        let (_, event) = stream.next().await.unwrap();
        assert_eq!((&event["role"], &event["text"]), (&json!("operator"), &json!("Я человек")));
    }
    flow.life.drain();
    assert_eq!((stream.next().await, later.next().await), (None, None));
}

#[tokio::test]
async fn a_visitor_writes_thirty_times_a_minute_unless_messages_are_not_limited() {
    let mut unlimited = Config::default();
    unlimited.api.limits.messages = 0;
    for (config, is_limited) in [(Config::default(), true), (unlimited, false)] {
        let flow = Flow::with(config).await;
        let visitor = open(&flow, &json!({})).await["visitor"].clone();
        let write = |n: u32| send(say(&flow, &visitor, &json!({ "client_id": n.to_string(), "text": "x" })));
        for n in 0..30 {
            write(n).await.ok(202);
        }
        let last = write(30).await;
        assert_eq!(last.status, if is_limited { 429 } else { 202 }, "{}", last.text);
    }
}

#[tokio::test]
async fn a_visitor_may_hold_eight_streams_and_closed_ones_free_their_place() {
    let flow = Flow::start().await;
    let visitor = open(&flow, &json!({})).await["visitor"].clone();
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(Stream::open(&flow, &visitor, 0).await);
    }
    let call = || flow.nobody().get("/chat/events").header("X-Flow-Visitor", visitor.as_str().unwrap());
    send(call()).await.refused(429, "quota_exceeded");
    streams.clear();
    let freed = async {
        while call().send().await.unwrap().status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), freed).await.expect("no place became free");
}

#[tokio::test]
async fn the_page_is_served_with_a_strict_policy_and_revalidated() {
    let mut config = Config::default();
    config.channels.web.embed_origins = vec!["https://shop.example".to_owned()];
    let flow = Flow::with(config).await;
    for path in [
        "/chat",
        "/chat/chat.js",
        "/chat/chat.css",
        "/chat/i18n.js",
        "/chat/outbox.js",
        "/chat/stream.js",
        "/chat/view.js",
        "/widget.js",
    ] {
        let page = send(flow.nobody().get(path)).await;
        assert_eq!(
            (page.status, page.header("cache-control"), page.header("referrer-policy")),
            (200, "no-cache", "no-referrer"),
            "{path}"
        );
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';")
                && policy.ends_with("frame-ancestors 'self' https://shop.example"),
            "{policy}"
        );
        assert!(!page.header("permissions-policy").is_empty());
        let known = send(flow.nobody().get(path).header("If-None-Match", page.header("etag"))).await;
        assert_eq!((known.status, known.text.as_str()), (304, ""));
    }
    let mut closed = Config::default();
    closed.channels.web.enabled = false;
    let flow = Flow::with(closed).await;
    for path in ["/chat", "/widget.js", "/chat/events"] {
        send(flow.get(path)).await.refused(404, "not_found");
    }
}
