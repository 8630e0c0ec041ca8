//! Messages on their way: limits, refusals, lost connections, blocks, and what is told of them.

use std::time::Duration;

use serde_json::Value;

use super::{ANNA, Bot};
use crate::support::botapi::{Fault, Rule};

const BORIS: i64 = 5002;

fn on_send(chat: i64, times: usize, fault: Fault) -> Rule {
    Rule { method: "sendMessage", chat: Some(chat), times, fault }
}

/// What is told of the bot's messages to a chat.
fn deliveries(bot: &Bot, chat: i64) -> Vec<(String, String)> {
    let told = |message: &Value| {
        let delivery = &message["delivery"];
        let word = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
        (word("state"), delivery["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let of_chat = |found: &&Value| {
        Bot::messages(found)
            .iter()
            .any(|m| m["channel_message_id"].as_str().is_some_and(|id| id.starts_with(&format!("{chat}/"))))
    };
    let stored = bot.stored();
    // It may not be stored yet: whoever waits looks again.
    let Some(conversation) = stored.iter().find(of_chat) else { return Vec::new() };
    Bot::messages(conversation).iter().filter(|m| m["role"] == "bot").map(told).collect()
}

#[test]
fn a_limit_of_one_chat_holds_that_chat_only_and_nothing_is_lost() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.fault(on_send(ANNA, 1, Fault::RetryAfter(2)));
    let began = std::time::Instant::now();
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.api.push(bot.api.text(ANNA, "Сколько стоит стрижка?"));
    bot.api.push(bot.api.text(BORIS, "Какой у вас адрес?"));
    bot.heard(BORIS, 1);
    assert!(began.elapsed() < Duration::from_secs(2), "the other chat did not wait");
    let answers = bot.heard(ANNA, 2);
    assert!(began.elapsed() >= Duration::from_secs(2), "what the server says is waited out");
    assert!(answers[1].contains('₽'), "in order: {answers:?}");
    bot.until("both as sent", || deliveries(&bot, ANNA).iter().all(|(state, _)| state == "sent"));
}

#[test]
fn a_message_that_may_have_gone_out_is_shown_and_not_sent_twice() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    for (chat, fault, arrived) in [(ANNA, Fault::DropAfter, 1), (BORIS, Fault::DropBefore, 0)] {
        bot.api.fault(on_send(chat, 1, fault));
        bot.api.push(bot.api.text(chat, "Какой у вас адрес?"));
        bot.until("the doubt", || deliveries(&bot, chat) == [("unknown".to_owned(), "unknown_outcome".to_owned())]);
        // The dialogue goes on behind it.
        bot.api.push(bot.api.text(chat, "Сколько стоит стрижка?"));
        bot.heard(chat, arrived + 1);
    }
    // A person sees both and decides: one was never seen, so it goes out again.
    let dead = bot.home.json(&["jobs", "list", "--state", "dead", "-o", "json"]);
    assert_eq!(dead.as_array().unwrap().len(), 2, "{dead}");
    let id = dead[1]["id"].as_str().unwrap();
    assert!(bot.home.run(&["jobs", "retry", id]).status.success());
    bot.heard(BORIS, 2);
    bot.until("it as sent", || deliveries(&bot, BORIS).iter().all(|(state, _)| state == "sent"));
    assert!(bot.home.run(&["jobs", "cancel", dead[0]["id"].as_str().unwrap(), "--yes"]).status.success());
    assert_eq!(bot.home.json(&["jobs", "list", "-o", "json"]).as_array().unwrap().len(), 0);
    assert_eq!(bot.api.sent(ANNA).len(), 2, "what had arrived was not said again");
}

#[test]
fn a_server_that_sends_and_then_fails_is_not_asked_to_send_again() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    let faults = [
        (ANNA, Fault::RefuseAfter(500, "Internal Server Error")),
        (BORIS, Fault::HtmlAfter(502)),
        (5003, Fault::RefuseAfter(502, "Bad Gateway")),
    ];
    for (chat, fault) in faults {
        bot.api.fault(on_send(chat, 1, fault));
        bot.api.push(bot.api.text(chat, "Какой у вас адрес?"));
    }
    for chat in [ANNA, BORIS, 5003] {
        bot.until("the doubt", || deliveries(&bot, chat) == [("unknown".to_owned(), "unknown_outcome".to_owned())]);
    }
    // Nothing more is carried before the server answers what changes nothing; then everything is.
    bot.api.fault(Rule { method: "getMe", chat: None, times: 1, fault: Fault::DropBefore });
    bot.api.push(bot.api.text(ANNA, "Сколько стоит стрижка?"));
    bot.heard(ANNA, 2);
    assert_eq!((bot.api.sent(BORIS).len(), bot.api.sent(5003).len()), (1, 1), "what had arrived is not said again");
    let stats = bot.home.json(&["jobs", "stats", "-o", "json"]);
    assert_eq!(stats["outbox"]["unknown"], 3, "{stats}");
    // All that is dead is tried again, but for what may have arrived.
    assert!(bot.home.run(&["jobs", "retry", "--dead"]).status.success());
    assert_eq!(bot.home.json(&["jobs", "list", "--state", "dead", "-o", "json"]).as_array().unwrap().len(), 3);
}

#[test]
fn a_reply_that_the_channel_refuses_is_kept_and_a_person_is_asked() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.fault(on_send(ANNA, 1, Fault::Refuse(400, "Bad Request: message text is strange")));
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.until("the refusal", || deliveries(&bot, ANNA) == [("failed".to_owned(), "rejected".to_owned())]);
    let inbox = bot.home.json(&["inbox", "list", "-o", "json"]);
    assert_eq!(inbox[0]["handoff"]["reason"], "not_delivered", "{inbox}");
    let status = bot.home.json(&["status", "-o", "json"]);
    assert_eq!((&status["outbox"]["failed"], &status["queue"]["dead"]), (&1.into(), &1.into()), "{status}");
    let dead = bot.home.json(&["jobs", "list", "--state", "dead", "-o", "json"]);
    assert_eq!(dead[0]["error"], "bad request: message text is strange", "{dead}");
    // It did not arrive, so it may be sent again without a question.
    assert!(bot.home.run(&["jobs", "retry", "--dead"]).status.success());
    bot.heard(ANNA, 1);
    bot.until("it as sent", || deliveries(&bot, ANNA).iter().all(|(state, _)| state == "sent"));
}

#[test]
fn a_client_who_blocked_the_bot_is_left_alone_until_writing_again() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.fault(on_send(ANNA, 1, Fault::Refuse(403, "Forbidden: bot was blocked by the user")));
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.until("the refusal", || deliveries(&bot, ANNA) == [("failed".to_owned(), "blocked".to_owned())]);
    let conversation = bot.stored()[0]["id"].as_str().unwrap().to_owned();
    let before = bot.api.calls("sendMessage").len();
    let output = bot.home.run(&["inbox", "reply", &conversation, "Вы тут?", "-o", "json"]);
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(bot.api.calls("sendMessage").len(), before, "nothing is tried at a closed door");
    bot.api.push(bot.api.membership(ANNA, "member"));
    bot.api.push(bot.api.text(ANNA, "Сколько стоит стрижка?"));
    bot.heard(ANNA, 1);
}

#[test]
fn a_group_that_became_a_supergroup_is_written_to_at_its_new_address() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.group_text(-77, 5, "/help@flow_test_bot"));
    bot.heard(-77, 1);
    bot.api.fault(on_send(-77, 1, Fault::Migrate(-10_077)));
    bot.api.push(bot.api.group_text(-77, 5, "/help@flow_test_bot"));
    bot.heard(-10_077, 1);
    bot.api.push(bot.api.group_text(-10_077, 5, "/help@flow_test_bot"));
    bot.heard(-10_077, 2);
    assert_eq!(bot.stored().len(), 1, "it is the same dialogue");
}

#[test]
fn a_long_answer_of_a_person_arrives_in_parts_and_in_order() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "Позовите человека"));
    bot.heard(ANNA, 1);
    let conversation = bot.stored()[0]["id"].as_str().unwrap().to_owned();
    let text = (0..60).map(|n| format!("Пункт {n}: {}", "👍 слово ".repeat(7))).collect::<Vec<_>>().join("\n");
    let text: String = text.chars().take(3990).collect();
    assert!(bot.home.run(&["inbox", "reply", &conversation, &text]).status.success());
    let parts = bot.heard(ANNA, 3).split_off(1);
    assert!(parts.iter().all(|part| part.encode_utf16().count() <= 4096));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&parts.join("\n")), words(&text));
    bot.until("all as sent", || deliveries(&bot, ANNA).iter().all(|(state, _)| state == "sent"));
}

#[test]
fn the_pace_of_a_chat_is_kept() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[("FLOW_CHANNELS__TELEGRAM__LIMITS__PER_CHAT", "5")]);
    bot.api.limits(Some(6.0));
    for _ in 0..8 {
        bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    }
    bot.heard(ANNA, 8);
    assert_eq!(bot.api.limited(), 0, "the server had nothing to complain of");
}
