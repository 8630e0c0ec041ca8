//! Telegram calls the daemon: stored first, then answered.

use super::{ANNA, Bot};

const SECRET: &str = "s3cret_of-the-webhook";
const HOOK: &[(&str, &str)] =
    &[("FLOW_CHANNELS__TELEGRAM__MODE", "webhook"), ("FLOW_CHANNELS__TELEGRAM__WEBHOOK_SECRET", SECRET)];

async fn call(url: &str, secret: Option<&str>, body: impl Into<reqwest::Body>) -> (u16, String) {
    let http = crate::support::web().no_proxy().build().unwrap();
    let mut request = http.post(format!("{url}/api/v1/telegram/webhook")).body(body);
    if let Some(secret) = secret {
        request = request.header("x-telegram-bot-api-secret-token", secret);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_telegram_is_heard_and_an_answer_says_nothing() {
    let bot = Bot::new();
    let daemon = bot.serve(HOOK);
    let mut update = bot.api.text(ANNA, "Какой у вас адрес?");
    update["update_id"] = 5.into();
    let update = update.to_string();
    for wrong in [None, Some(""), Some("s3cret"), Some("S3cret_of-the-webhook")] {
        assert_eq!(call(&daemon.url, wrong, update.clone()).await, (401, String::new()), "{wrong:?}");
    }
    assert_eq!(call(&daemon.url, Some(SECRET), vec![b' '; 1_100_000]).await.0, 413);
    for nonsense in ["", "null", "[1]", "{\"message\":{}}", "\u{0}"] {
        assert_eq!(call(&daemon.url, Some(SECRET), nonsense).await, (200, String::new()), "{nonsense:?}");
    }
    assert_eq!(call(&daemon.url, Some(SECRET), vec![0xff, 0xfe]).await.0, 200);
    assert_eq!(bot.stored().len(), 0);
    assert_eq!(call(&daemon.url, Some(SECRET), update).await, (200, String::new()));
    bot.heard(ANNA, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_deliveries_at_once_and_again_are_one_message() {
    let bot = Bot::new();
    let daemon = bot.serve(HOOK);
    let mut update = bot.api.text(ANNA, "Какой у вас адрес?");
    update["update_id"] = 77.into();
    let same = update.to_string();
    // The same message under another number: it came by asking too.
    update["update_id"] = 78.into();
    let twin = update.to_string();
    let calls = (0..10).map(|_| call(&daemon.url, Some(SECRET), same.clone()));
    for (status, _) in futures_util::future::join_all(calls).await {
        assert_eq!(status, 200);
    }
    assert_eq!(call(&daemon.url, Some(SECRET), twin).await.0, 200);
    bot.heard(ANNA, 1);
    let mut last = bot.api.text(ANNA, "спасибо");
    last["update_id"] = 79.into();
    assert_eq!(call(&daemon.url, Some(SECRET), last.to_string()).await.0, 200);
    bot.heard(ANNA, 2);
    assert_eq!(bot.stored()[0]["message_count"], 4);
}

#[test]
fn registering_sets_the_address_and_looks_whether_it_stands() {
    let bot = Bot::new();
    let env = [("FLOW_CHANNELS__TELEGRAM__MODE", "webhook"), ("FLOW_HTTP__PUBLIC_URL", "https://bot.example.ru")];
    let run = |arguments: &[&str]| {
        let output = bot.home.command(arguments).envs(env).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), serde_json::from_str::<serde_json::Value>(&shown).unwrap_or_default())
    };
    let (code, tested) = run(&["channel", "test", "telegram", "-o", "json"]);
    assert_eq!((code, &tested["ok"]), (Some(5), &false.into()), "no webhook is set yet: {tested}");
    let (code, registered) = run(&["channel", "register", "telegram", "-o", "json"]);
    assert_eq!(code, Some(0));
    assert_eq!(registered["url"], "https://bot.example.ru/api/v1/telegram/webhook");
    let (url, secret) = bot.api.webhook().unwrap();
    assert_eq!(url, "https://bot.example.ru/api/v1/telegram/webhook");
    assert!(secret.len() >= 32, "a secret is made");
    let (code, tested) = run(&["channel", "test", "telegram", "-o", "json"]);
    assert_eq!((code, &tested["ok"]), (Some(0), &true.into()), "{tested}");
    assert_eq!(tested["account"], "@flow_test_bot");
    assert_eq!(run(&["channel", "unregister", "telegram"]).0, Some(0));
    assert!(bot.api.webhook().is_none_or(|(url, _)| url.is_empty()));
}

#[test]
fn a_daemon_that_is_to_be_called_says_where_and_only_when_it_must() {
    let bot = Bot::new();
    let url = ("FLOW_HTTP__PUBLIC_URL", "https://bot.example.ru");
    let mut daemon = bot.serve(&[HOOK[0], HOOK[1], url]);
    bot.api.wait_until_blocking("the webhook", |api| api.webhook().is_some_and(|(_, secret)| secret == SECRET));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(bot.api.webhook().is_some(), "a stop leaves it: what comes meanwhile is delivered later");
    let _daemon = bot.serve(&[HOOK[0], HOOK[1], url]);
    bot.api.wait_until_blocking("a look", |api| api.count("getWebhookInfo") >= 3);
    assert_eq!(bot.api.count("setWebhook"), 1);
}

#[test]
fn updates_come_through_the_webhook_in_the_order_they_were_written() {
    let bot = Bot::new();
    let mut daemon = bot.serve(HOOK);
    bot.api.deliver_to(&daemon.url, Some(SECRET));
    for number in 0..5 {
        bot.api.push(bot.api.text(ANNA, if number == 4 { "Сколько стоит стрижка?" } else { "Какой у вас адрес?" }));
    }
    let told = bot.heard(ANNA, 5);
    assert!(told[4].contains('₽'), "{told:?}");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    // What comes while nobody answers is delivered later.
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.api.stop_delivery();
    let daemon = bot.serve(HOOK);
    bot.api.deliver_to(&daemon.url, Some(SECRET));
    bot.heard(ANNA, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_told_to_come_again_and_is_not_lost() {
    let bot = Bot::new();
    let daemon = bot.serve(HOOK);
    let mut update = bot.api.text(ANNA, "Какой у вас адрес?");
    update["update_id"] = 5.into();
    let other = rusqlite::Connection::open(bot.home.store()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let http = crate::support::web().no_proxy().build().unwrap();
    let call = || {
        let request = http.post(format!("{}/api/v1/telegram/webhook", daemon.url)).body(update.to_string());
        request.header("x-telegram-bot-api-secret-token", SECRET).send()
    };
    let refused = call().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(call().await.unwrap().status().as_u16(), 200);
    bot.heard(ANNA, 1);
    assert_eq!(bot.stored()[0]["message_count"], 2);
}
