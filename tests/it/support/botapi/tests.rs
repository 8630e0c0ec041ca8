//! The server itself.
#![allow(unused_imports, reason = "a bench compiles this file without its tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{BotApi, Fault, Rule};

/// Calls a method; the answer, or none when the connection was closed.
async fn call(api: &BotApi, method: &str, params: Value) -> Option<Value> {
    let client = web().no_proxy().build().expect("a client");
    let url = format!("{}/bot{}/{method}", api.url, BotApi::TOKEN);
    client.post(url).json(&params).send().await.ok()?.json().await.ok()
}

/// The description of a refusal.
async fn refusal(api: &BotApi, method: &str, params: Value) -> String {
    let answer = call(api, method, params).await.expect("an answer");
    assert_eq!(answer["ok"], false, "{answer}");
    answer["description"].as_str().expect("a description").to_owned()
}

fn ids(answer: &Value) -> Vec<i64> {
    let updates = answer["result"].as_array().unwrap_or_else(|| panic!("updates: {answer}"));
    updates.iter().filter_map(|update| update["update_id"].as_i64()).collect()
}

#[tokio::test]
async fn a_text_is_measured_as_it_is_seen() {
    let api = BotApi::start();
    let escaped = "&lt;".repeat(4096);
    let sent = call(&api, "SendMessage", json!({"chat_id": 5, "text": escaped, "parse_mode": "HTML"})).await;
    assert_eq!(sent.expect("an answer")["result"]["message_id"], 1);
    assert_eq!(api.sent(5)[0].text, "<".repeat(4096));

    let long = json!({"chat_id": 5, "text": "😀".repeat(2049)});
    assert_eq!(refusal(&api, "sendMessage", long).await, "Bad Request: message is too long");
    let empty = json!({"chat_id": 5, "text": ""});
    assert_eq!(refusal(&api, "sendMessage", empty).await, "Bad Request: message text is empty");
    assert_eq!((api.sent_count(), api.count("sendmessage"), api.calls("sendMessage").len()), (1, 3, 3));
}

#[tokio::test]
async fn broken_markup_is_refused() {
    let api = BotApi::start();
    for text in ["<b>bold", "bold</b>", "<b><i>both</b></i>", "<div>no</div>", "2 < 3", "a&nbsp;b", "<span>no</span>"] {
        let told = refusal(&api, "sendMessage", json!({"chat_id": 5, "text": text, "parse_mode": "HTML"})).await;
        assert!(told.starts_with("Bad Request: can't parse entities: "), "{text}: {told}");
    }
    let link = "<a href=\"https://example.ru/?a=1&amp;b=>2\">Q&amp;A</a> &#65; <b>R&D</b>";
    call(&api, "sendMessage", json!({"chat_id": 5, "text": link, "parse_mode": "HTML"})).await.expect("an answer");
    call(&api, "sendMessage", json!({"chat_id": 5, "text": "2 < 3"})).await.expect("an answer");
    let texts: Vec<String> = api.sent(5).into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, ["Q&A A R&D", "2 < 3"]);
}

#[tokio::test]
async fn buttons_have_one_action_and_short_data() {
    let api = BotApi::start();
    let with = |button: Value| json!({"chat_id": 5, "text": "?", "reply_markup": {"inline_keyboard": [[button]]}});
    for (button, told) in [
        (json!({"text": "a", "callback_data": "ы".repeat(33)}), "BUTTON_DATA_INVALID"),
        (json!({"text": "a", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (json!({"text": "a"}), "Text buttons are unallowed"),
        (json!({"text": "a", "callback_data": "a", "url": "https://example.ru"}), "exactly one action"),
    ] {
        assert!(refusal(&api, "sendMessage", with(button)).await.contains(told), "{told}");
    }
    call(&api, "sendMessage", with(json!({"text": "a", "callback_data": "ы".repeat(32)}))).await.expect("an answer");
    assert_eq!(api.sent(5)[0].buttons, [("a".to_owned(), "ы".repeat(32))]);

    let press = api.press(5, 1, "x");
    let answer = json!({"callback_query_id": press["callback_query"]["id"]});
    assert_eq!(call(&api, "answerCallbackQuery", answer).await.expect("an answer")["result"], true);
    assert!(refusal(&api, "answerCallbackQuery", json!({"callback_query_id": "1"})).await.contains("too old"));
}

#[tokio::test]
async fn an_offset_confirms() {
    let api = BotApi::start();
    let pushed = api.push_many((0..5).map(|n| api.text(5, &format!("{n}"))));
    assert_eq!(pushed, [1000, 1001, 1002, 1003, 1004]);
    let poll = async |params| ids(&call(&api, "GetUpdates", params).await.expect("an answer"));
    assert_eq!(poll(json!({"limit": 2})).await, [1000, 1001]);
    assert_eq!(poll(json!({"offset": 1002})).await, [1002, 1003, 1004]);
    assert_eq!(api.pending(), 3);
    api.redeliver(1000);
    // A copy that nobody has seen is not confirmed by an offset above it.
    assert_eq!(poll(json!({"offset": 1005})).await, [1000]);
    assert_eq!(poll(json!({"offset": 1005})).await, [0; 0]);
    let (seen, ()) = tokio::join!(poll(json!({"offset": 1005, "timeout": 20})), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        api.push(api.voice(5));
    });
    assert_eq!(seen, [1005]);
    let waiting = json!({"offset": 1006, "timeout": 20});
    let (told, seen) = tokio::join!(refusal(&api, "getUpdates", waiting), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        poll(json!({"offset": 1006})).await
    });
    assert!(told.starts_with("Conflict: terminated by other getUpdates"), "{told}");
    assert_eq!(seen, [0; 0]);
    call(&api, "setWebhook", json!({"url": "https://example.ru/"})).await.expect("an answer");
    assert!(refusal(&api, "getUpdates", json!({})).await.starts_with("Conflict: can't use getUpdates"));
}

#[tokio::test]
async fn a_fault_holds_as_often_as_asked() {
    let api = BotApi::start();
    let message = json!({"chat_id": 5, "text": "да"});
    let fault = |fault| Rule { method: "sendMessage", chat: Some(5), times: 1, fault };
    api.fault(fault(Fault::DropAfter));
    assert_eq!(call(&api, "sendMessage", message.clone()).await, None);
    assert_eq!(api.sent(5).len(), 1);
    api.fault(fault(Fault::DropBefore));
    assert_eq!(call(&api, "sendMessage", message.clone()).await, None);
    assert_eq!(api.sent(5).len(), 1);
    api.fault(fault(Fault::RetryAfter(7)));
    api.fault(fault(Fault::Migrate(-1007)));
    let limited = call(&api, "sendMessage", message.clone()).await.expect("an answer");
    assert_eq!(limited["parameters"]["retry_after"], 7);
    let moved = call(&api, "sendMessage", message.clone()).await.expect("an answer");
    assert_eq!(moved["parameters"]["migrate_to_chat_id"], -1007);
    assert_eq!(call(&api, "sendMessage", message).await.expect("an answer")["result"]["text"], "да");
    assert_eq!(api.count("sendMessage"), 5);
}

#[tokio::test]
async fn a_form_is_read_like_json() {
    let api = BotApi::start();
    let url = format!("{}/bot{}/SetWebhook", api.url, BotApi::TOKEN);
    let part = |name: &str, value: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = [
        part("url", "https://example.ru/hook"),
        part("secret_token", "1234"),
        part("max_connections", "20"),
        part("allowed_updates", "[\"message\"]"),
    ];
    let client = web().no_proxy().build().expect("a client");
    let request = client.post(url).header("content-type", "multipart/form-data; boundary=edge");
    let answer: Value =
        request.body(parts.concat() + "--edge--\r\n").send().await.expect("sent").json().await.expect("an answer");
    assert_eq!(answer["result"], true);
    assert_eq!(api.webhook(), Some(("https://example.ru/hook".to_owned(), "1234".to_owned())));
    let info = call(&api, "getWebhookInfo", json!({})).await.expect("an answer");
    assert_eq!(info["result"]["allowed_updates"], json!(["message"]));
    assert_eq!(info["result"]["max_connections"], 20);
    let told = refusal(&api, "setWebhook", json!({"url": "http://example.ru"})).await;
    assert_eq!(told, "Bad Request: bad webhook: HTTPS url must be provided for webhook");
}

#[test]
fn a_webhook_gets_an_update_until_it_takes_it() {
    let api = BotApi::start();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("its address"));
    api.push_many(["one", "two"].map(|text| api.text(5, text)));
    api.deliver_to(&base, Some("word"));
    // It has no time, then hangs up, then takes both over one connection.
    let mut answers = ["503 Busy", "", "200 OK", "204 No Content"].into_iter();
    while api.pending() > 0 {
        let (stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(&stream);
        for answer in answers.by_ref() {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
            }
            assert!(head.starts_with("POST /api/v1/telegram/webhook HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("X-Telegram-Bot-Api-Secret-Token: word\r\n"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
            let mut body = vec![0; length.parse().expect("a number")];
            reader.read_exact(&mut body).expect("a body");
            if answer.is_empty() {
                break;
            }
            (&stream).write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).expect("sent");
        }
        if answers.len() == 0 {
            api.wait_until_blocking("both are taken", |api| api.pending() == 0);
        }
    }
    assert_eq!(api.deliveries(), [(1000, 503), (1000, 200), (1001, 204)]);
}

/// The TLS of the whole program has one provider, which whoever comes first installs.
fn web() -> reqwest::ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
}
