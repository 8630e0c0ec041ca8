//! What keeps messages from arriving is seen without anybody asking Telegram.

use serde_json::Value;

use super::{ANNA, Bot};
use crate::support::botapi::{Fault, Rule};
use crate::support::daemon::Daemon;

fn get(daemon: &Daemon, path: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let http = crate::support::web().no_proxy().build().unwrap();
        let answer = http.get(format!("{}{path}", daemon.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "the daemon itself is usable");
        answer.text().await.unwrap()
    })
}

fn health(daemon: &Daemon) -> Value {
    serde_json::from_str(&get(daemon, "/health")).unwrap()
}

fn telegram(health: &Value) -> (&str, &str) {
    let check = &health["checks"]["channels"]["telegram"];
    (check["status"].as_str().unwrap(), check["detail"].as_str().unwrap_or_default())
}

#[test]
fn a_token_that_is_refused_is_told_by_health() {
    let bot = Bot::new();
    let daemon = bot.serve(&[("FLOW_CHANNELS__TELEGRAM__TOKEN", "7000001:AAwrong")]);
    bot.until("the trouble", || telegram(&health(&daemon)).0 == "degraded");
    let told = health(&daemon);
    assert_eq!(told["status"], "degraded");
    assert!(telegram(&told).1.contains("the token is wrong or was revoked"), "{told}");
}

#[test]
fn another_program_with_the_same_token_is_told_by_health_doctor_and_test() {
    let bot = Bot::new();
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    bot.api.fault(Rule { method: "getUpdates", chat: None, times: 1000, fault: Fault::Refuse(409, conflict) });
    let daemon = bot.serve(&[]);
    bot.until("the trouble", || telegram(&health(&daemon)).0 == "degraded");
    assert!(telegram(&health(&daemon)).1.contains("another program uses the same token"), "{}", health(&daemon));
    assert!(get(&daemon, "/metrics").contains("flow_channel_up{channel=\"telegram\"} 0"));
    let doctor = bot.home.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(9));
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("another program"), "{doctor:?}");
    assert_ne!(bot.home.run(&["channel", "test", "telegram"]).status.code(), Some(0));
}

#[test]
fn a_channel_that_works_again_is_well_and_says_when_it_was_heard() {
    let bot = Bot::new();
    bot.api.fault(Rule { method: "getUpdates", chat: None, times: 1, fault: Fault::DropBefore });
    let daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.heard(ANNA, 1);
    bot.until("the end of the trouble", || telegram(&health(&daemon)).0 == "ok");
    let told = health(&daemon);
    assert!(told["checks"]["channels"]["telegram"]["last_inbound_at"].is_string(), "{told}");
    let metrics = get(&daemon, "/metrics");
    assert!(metrics.contains("flow_channel_pending{channel=\"telegram\"}"), "{metrics}");
}
