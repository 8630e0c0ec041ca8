//! What the daemon tells of itself: figures and lines, and nothing of the people who write to it.

use std::fs::File;
use std::process::Stdio;

use serde_json::Value;

use crate::support::botapi::{BotApi, Fault, Rule};
use crate::support::daemon::{Daemon, Home};

const ANNA: i64 = 5001;
const SECRET: &str = "planted-webhook-secret-77";

/// Whatever a client or an operator would not want to find in a log.
const PLANTED: &[&str] =
    &["9161234567", "916 123-45-67", "916%20", "Аполлинария", "Какой у вас адрес", "Садовый переулок", SECRET];

#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_no_phone_no_name_no_words_and_no_secret_and_figures_tell_the_rest() {
    let home = Home::new();
    assert!(home.run(&["seed", "--preset", "salon"]).status.success());
    let api = BotApi::start();
    let path = home.path().join("log");
    let env = [
        ("FLOW_CHANNELS__TELEGRAM__TOKEN", BotApi::TOKEN),
        ("FLOW_CHANNELS__TELEGRAM__API_URL", api.url.as_str()),
        ("FLOW_CHANNELS__TELEGRAM__WEBHOOK_SECRET", SECRET),
        ("FLOW_CHANNELS__TELEGRAM__LIMITS__PER_CHAT", "0"),
        ("FLOW_DIALOG__COALESCE", "0s"),
        // As loud as it gets, the libraries too.
        ("FLOW_OBSERVABILITY__LOG", "trace"),
        ("FLOW_OBSERVABILITY__LOG_FORMAT", "json"),
    ];
    let log = Stdio::from(File::create(&path).unwrap());
    let mut daemon = Daemon::try_logged(&home, &["--listen", "127.0.0.1:0"], &env, log).unwrap();

    api.fault(Rule { method: "getMe", chat: None, times: 1, fault: Fault::DropAfter });
    let name = "Аполлинария";
    api.push(api.text_from(ANNA, ANNA, name, "Какой у вас адрес?"));
    api.wait_until("an answer", |api| api.sent(ANNA).len() == 1).await;
    api.push(api.text_from(ANNA, ANNA, name, "Запишите на мужскую стрижку в среду в 12:00, 8 916 123-45-67"));
    api.wait_until("a summary", |api| api.sent(ANNA).len() == 2).await;
    for (fault, chat) in [
        (Fault::DropAfter, 6001),
        (Fault::RetryAfter(1), 6002),
        (Fault::Refuse(403, "Forbidden: bot was blocked by the user"), 6003),
        (Fault::Refuse(400, "Bad Request: something new"), 6004),
    ] {
        api.fault(Rule { method: "sendMessage", chat: Some(chat), times: 1, fault });
        api.push(api.text_from(chat, chat, name, "Позвоните мне: +7 916 123-45-67"));
    }
    api.wait_until("the faults", |api| api.calls("sendMessage").len() >= 7).await;
    let http = crate::support::web().no_proxy().build().unwrap();
    let hook = format!("{}/api/v1/telegram/webhook", daemon.url);
    let wrong = http.post(&hook).header("x-telegram-bot-api-secret-token", "wrong").body("{}").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let unreadable = http.post(&hook).header("x-telegram-bot-api-secret-token", SECRET);
    assert_eq!(unreadable.body("+7 916 123-45-67").send().await.unwrap().status(), 200);
    let body = serde_json::json!({"role": "customer", "channel": "api", "text": "Какой у вас адрес?",
        "sender": {"id": "u1", "name": name, "phone": "+79161234567"}});
    let said = http.post(format!("{}/api/v1/messages", daemon.url)).json(&body).send().await.unwrap();
    assert_eq!(said.status(), 202);

    let metrics = http.get(format!("{}/metrics", daemon.url)).send().await.unwrap();
    assert_eq!(metrics.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let figures = metrics.text().await.unwrap();
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));

    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.lines().count() > 20, "it tells something");
    let token_secret = BotApi::TOKEN.split(':').nth(1).unwrap();
    for planted in PLANTED.iter().copied().chain([token_secret]) {
        let found: Vec<&str> = log.lines().filter(|line| line.contains(planted)).collect();
        assert!(found.is_empty(), "{planted} in {found:?}");
        assert!(!figures.contains(planted), "{planted} among the figures");
    }
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let failures =
        |word: &str| lines.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.contains(word))).count();
    assert_eq!(failures("a message was not delivered"), 3, "one line for each failure");
    for figure in [
        "flow_inbound_messages_total{channel=\"telegram\",kind=\"text\"} 6",
        "flow_inbound_messages_total{channel=\"api\",kind=\"text\"} 1",
        "flow_outbound_messages_total{channel=\"telegram\",outcome=\"unknown\"} 1",
        "flow_webhook_rejected_total{channel=\"telegram\",reason=\"secret\"} 1",
        "flow_webhook_rejected_total{channel=\"telegram\",reason=\"unreadable\"} 1",
        "flow_outbox_depth{kind=\"out:telegram\"}",
        "flow_build_info{",
        "process_resident_memory_bytes",
    ] {
        assert!(figures.contains(figure), "{figure} in:\n{figures}");
    }
}
