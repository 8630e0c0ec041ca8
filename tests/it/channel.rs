//! `flow channel` through the binary, before a Bot API server of its own.

use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Incoming, MessageKind};
use flow::domain::store::Conversations;
use flow::store::sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::support::botapi::{BotApi, Fault, Rule};
use crate::support::daemon::Home;

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{} {}", self.stdout, self.stderr))
    }

    fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{} {}", self.stdout, self.stderr));
        assert_eq!(told["error"]["exit_code"].as_i64(), self.code.map(i64::from));
        told["error"].clone()
    }
}

fn flow(home: &Home, api: &BotApi, env: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = home.command(&[&["channel"], arguments].concat());
    command.env("FLOW_CHANNELS__TELEGRAM__TOKEN", BotApi::TOKEN).env("FLOW_CHANNELS__TELEGRAM__API_URL", &api.url);
    let output = command.envs(env.iter().copied()).stdin(std::process::Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn fault(api: &BotApi, times: usize, fault: Fault) {
    api.fault(Rule { method: "sendMessage", chat: None, times, fault });
}

const WEBHOOK: (&str, &str) = ("FLOW_CHANNELS__TELEGRAM__MODE", "webhook");
const PUBLIC: (&str, &str) = ("FLOW_HTTP__PUBLIC_URL", "https://bot.example.ru");
const HOOK: &str = "https://bot.example.ru/api/v1/telegram/webhook";

#[test]
fn the_ways_in_are_listed_without_a_store() {
    let (home, api) = (Home::new(), BotApi::start());
    let list = flow(&home, &api, &[WEBHOOK, PUBLIC], &["list", "-o", "json"]).json();
    assert_eq!(
        list[0],
        json!({"channel": "telegram", "enabled": true, "mode": "webhook", "account": "7000001", "detail": format!("to be called at {HOOK}")})
    );
    assert_eq!(
        (&list[1]["channel"], &list[1]["mode"], &list[2]["channel"]),
        (&json!("web"), &Value::Null, &json!("api"))
    );
    let off = home.json(&["channel", "list", "-o", "json"]);
    assert_eq!((&off[0]["enabled"], &off[0]["account"]), (&json!(false), &Value::Null));
    println!("{}", flow(&home, &api, &[], &["list"]).stdout);
    println!("{}", flow(&home, &api, &[], &["test", "telegram"]).stdout);
    assert!(!home.store().exists());
}

#[test]
fn a_test_tells_what_keeps_messages_from_arriving() {
    let (home, api) = (Home::new(), BotApi::start());
    let fine = flow(&home, &api, &[], &["test", "telegram", "-o", "json"]);
    assert_eq!(fine.code, Some(0), "{} {}", fine.stdout, fine.stderr);
    assert_eq!((&fine.json()["ok"], &fine.json()["account"]), (&json!(true), &json!("@flow_test_bot")));
    let bad = flow(&home, &api, &[WEBHOOK, PUBLIC], &["test", "telegram", "-o", "json"]);
    assert_eq!((bad.code, &bad.json()["ok"]), (Some(5), &json!(false)));
    let nowhere = flow(&home, &api, &[WEBHOOK], &["test", "telegram", "-o", "json"]);
    assert!(nowhere.stdout.contains("http.public_url"), "{}", nowhere.stdout);
    api.fault(Rule { method: "getMe", chat: None, times: 1, fault: Fault::Refuse(401, "Unauthorized") });
    let refused = flow(&home, &api, &[], &["test", "telegram", "-o", "json"]);
    assert_eq!((refused.code, &refused.json()["checks"][0]["name"]), (Some(5), &json!("connect")));
    assert_eq!(refused.error()["code"], "unauthorized");
    assert!(refused.error()["hint"].as_str().unwrap().contains("channels.telegram.token"));
    for name in ["web", "api"] {
        assert_eq!(flow(&home, &api, &[], &["test", name, "-o", "json"]).json()["ok"], true);
    }
    let gone = flow(
        &home,
        &api,
        &[("FLOW_CHANNELS__TELEGRAM__API_URL", "http://127.0.0.1:1")],
        &["test", "telegram", "-o", "json"],
    );
    assert_eq!((gone.code, &gone.error()["code"]), (Some(6), &json!("unreachable")));
    let unknown = flow(&home, &api, &[], &["test", "telegramm", "-o", "json"]);
    assert_eq!((unknown.code, unknown.error()["hint"].as_str()), (Some(2), Some("did you mean `telegram`?")));
    let output = home.run(&["channel", "test", "telegram", "-o", "json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("channels.telegram.token"));
    assert!(!home.store().exists());
}

#[test]
fn a_channel_is_told_where_to_call_and_to_call_no_more() {
    let (home, api) = (Home::new(), BotApi::start());
    let none = flow(&home, &api, &[], &["register", "telegram", "-o", "json"]);
    assert_eq!((none.code, &none.error()["code"]), (Some(3), &json!("config")));
    let clear = flow(&home, &api, &[], &["register", "telegram", "--url", "http://bot.example.ru/x", "-o", "json"]);
    assert_eq!(clear.code, Some(2));
    let registered = flow(&home, &api, &[PUBLIC], &["register", "telegram", "-o", "json"]);
    assert_eq!(registered.code, Some(0), "{}", registered.stderr);
    assert_eq!((&registered.json()["url"], &registered.json()["failed_at"]), (&json!(HOOK), &Value::Null));
    assert!(registered.stderr.contains("channels.telegram.mode"), "{}", registered.stderr);
    let (url, secret) = api.webhook().unwrap();
    assert_eq!((url.as_str(), secret.len()), (HOOK, 64));
    flow(&home, &api, &[PUBLIC, WEBHOOK], &["register", "telegram", "-q"]);
    assert_eq!(api.webhook().unwrap().1, secret, "made once");
    let fine = flow(&home, &api, &[PUBLIC, WEBHOOK], &["test", "telegram", "-o", "json"]);
    assert_eq!(fine.code, Some(0), "{}", fine.stdout);
    let ended = flow(&home, &api, &[], &["unregister", "telegram", "-o", "json"]);
    assert_eq!((ended.code, &ended.json()["url"], api.webhook()), (Some(0), &json!(""), None));
    let web = flow(&home, &api, &[], &["register", "web", "-o", "json"]);
    assert_eq!((web.code, &web.error()["code"]), (Some(5), &json!("unsupported")));
}

#[tokio::test]
async fn a_message_goes_out_at_once_and_a_refusal_is_told() {
    let (home, api) = (Home::new(), BotApi::start());
    let send =
        |arguments: &[&str]| flow(&home, &api, &[], &[&["send", "telegram"], arguments, &["-o", "json"]].concat());
    let sent = send(&["5001", "Добрый", "день!"]);
    assert_eq!(sent.json(), json!({"channel": "telegram", "address": "5001", "state": "sent", "message_id": "5001/1"}));
    assert_eq!(sent.stderr, "");
    assert_eq!(api.sent(5001)[0].text, "Добрый день!");
    assert_eq!(send(&["-1005", "Всем"]).json()["address"], "-1005");
    fault(&api, 1, Fault::RetryAfter(1));
    assert_eq!(send(&["5001", "ещё"]).code, Some(0));
    fault(&api, 1, Fault::RetryAfter(60));
    let busy = send(&["5001", "ещё"]);
    assert_eq!((busy.code, &busy.error()["code"]), (Some(6), &json!("rate_limited")));
    for (told, exit, code, rule) in [
        ("Forbidden: bot was blocked by the user", 5, "client_blocked", 403),
        ("Bad Request: something", 5, "rejected", 400),
        ("Unauthorized", 5, "unauthorized", 401),
    ] {
        api.clear_faults();
        fault(&api, 1, Fault::Refuse(rule, told));
        let refused = send(&["5001", "ещё"]);
        assert_eq!((refused.code, refused.error()["code"].as_str()), (Some(exit), Some(code)), "{}", refused.stderr);
    }
    api.clear_faults();
    fault(&api, 1, Fault::DropAfter);
    let doubt = send(&["5001", "ещё"]);
    assert_eq!((doubt.code, &doubt.error()["code"]), (Some(8), &json!("unknown_outcome")));
    fault(&api, 1, Fault::Migrate(-10077));
    let moved = send(&["-55", "Всем"]);
    assert_eq!((moved.code, &moved.json()["address"], api.sent(-10077).len()), (Some(0), &json!("-10077"), 1));
    let nobody = send(&["слово", "ещё"]);
    assert_eq!((nobody.code, &nobody.error()["code"]), (Some(4), &json!("not_found")));
    let before = api.sent(5001).len();
    let long = "я".repeat(3990) + &"😀".repeat(10);
    assert_eq!(send(&["5001", &long]).code, Some(0));
    assert_eq!(api.sent(5001).len(), before + 2);
    assert_eq!(send(&["5001", &"я".repeat(4001)]).code, Some(2));

    let store = SqliteStore::open(&home.store()).unwrap();
    let identity =
        Identity { channel: Channel::Telegram, account: "7000001".to_owned(), external_id: "5001".to_owned() };
    let incoming = Incoming {
        identity,
        external_id: "5001/9".to_owned(),
        kind: MessageKind::Text,
        text: "Здравствуйте".to_owned(),
        button_value: None,
        name: None,
        phone: None,
        metadata: None,
    };
    let id =
        store.receive(&incoming, "2026-03-10T07:00:00Z".parse().unwrap(), None, None).await.unwrap().conversation_id;
    let beside = send(&["5001", "ещё"]);
    assert!(beside.stderr.contains(&format!("flow inbox reply {id}")), "{}", beside.stderr);
}

#[test]
fn a_doctor_asks_the_channel() {
    let (home, api) = (Home::new(), BotApi::start());
    home.run(&["seed", "--preset", "salon"]);
    let doctor = |env: &[(&str, &str)]| {
        let mut command = home.command(&["doctor", "-o", "json"]);
        command.env("FLOW_CHANNELS__TELEGRAM__TOKEN", BotApi::TOKEN).env("FLOW_CHANNELS__TELEGRAM__API_URL", &api.url);
        command.env("FLOW_HTTP__LISTEN", "127.0.0.1:1");
        let output = command.envs(env.iter().copied()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let (code, report) = doctor(&[]);
    assert_eq!(code, Some(0), "{report:#}");
    assert!(report.to_string().contains("telegram, token"));
    let (code, report) = doctor(&[WEBHOOK, PUBLIC]);
    let checks = report["checks"].as_array().unwrap();
    let hook = checks.iter().find(|check| check["name"] == "telegram, webhook").unwrap();
    assert_eq!((code, &hook["verdict"]), (Some(9), &json!("fail")));
    println!("{report:#}");
}
