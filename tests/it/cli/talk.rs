use super::Home;

#[test]
fn a_conversation_is_listed_shown_followed_and_closed() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "40"]).ok();
    let list = home.flow(&["conversations", "list", "--limit", "3", "-o", "json"]).ok().json();
    assert_eq!(list.as_array().unwrap().len(), 3);
    let id = list[0]["id"].as_str().unwrap();
    let shown = home.flow(&["conversations", "show", id, "-o", "json"]).ok().json();
    let items = shown["messages"]["items"].as_array().unwrap();
    assert_eq!(items.len() as u64, shown["message_count"].as_u64().unwrap());
    assert_eq!(items[0]["role"], "customer");
    let page = home.flow(&["conversations", "show", id]).ok().stdout;
    assert!(page.starts_with(id) && page.contains("  client\n"), "{page}");
    let tail = home.flow(&["conversations", "tail", "--limit", "5", "-o", "jsonl"]).ok().stdout;
    assert_eq!(tail.lines().count(), 5);
    home.flow(&["conversations", "tail", "-f", "-o", "json"]).fails(2);
    let closed = home.flow(&["conversations", "close", id, "-o", "json"]).ok().json();
    assert_eq!(closed["status"], "closed");
    assert_eq!(home.flow(&["conversations", "list", "--status", "closed", "-o", "json"]).ok().json()[0]["id"], id);
    home.flow(&["conversations", "show", "cv_01JX0000000000000000000000"]).fails(4);
    assert_eq!(home.flow(&["conversations", "export"]).ok().stdout.lines().count(), 40);
}

#[test]
fn a_chat_needs_a_business() {
    let home = Home::empty();
    let error = home.flow(&["chat", "-o", "json"]).fails(3).error();
    assert!(error["hint"].as_str().unwrap().contains("flow seed --preset salon"), "{error}");
    assert!(!home.store().exists());
    home.flow(&["leads", "add", "--phone", "+79160000001"]).ok();
    home.flow(&["chat"]).fails(3);
}

#[test]
fn what_is_said_in_the_chat_is_stored_as_on_a_channel() {
    let home = Home::salon();
    // How long an engine without an answer is waited for is the configuration's.
    let mut command = home.command(&["chat", "--as", "8 916 123-45-67", "--name", "Анна", "--script", "said.txt"]);
    home.file("said.txt", "Здравствуйте!\n\n");
    let run = super::Run::of(command.env("FLOW_DIALOG__REPLY_BUDGET", "200ms").output().unwrap()).ok();
    assert!(run.stdout.starts_with("> Здравствуйте!\n"), "{run:?}");
    let list = home.flow(&["conversations", "list", "-o", "json"]).ok().json();
    assert_eq!(list[0]["channel"], "api");
    assert_eq!(list[0]["contact"]["phone"], "+79161234567");
    assert_eq!(list[0]["contact"]["name"], "Анна");
}

#[test]
fn a_text_is_parsed_and_a_file_line_by_line() {
    let home = Home::empty();
    let at = ["--at", "2026-03-10T10:00:00+03:00", "--tz", "Europe/Moscow"];
    let mut args = vec!["nlu", "parse", "  завтра в 15:00 "];
    args.extend(at);
    let answer = home.flow(&args).ok().json();
    assert_eq!(answer["text"], "  завтра в 15:00 ");
    assert!(answer["candidates"]["service"].is_array());
    assert_eq!(home.flow_with(&["nlu", "parse"], "привет\n").ok().json()["text"], "привет");
    let long = format!("{{\"text\":\"{}\"}}", "а".repeat(100_000));
    let lines = format!(
        "{{\"text\":\"раз\",\"at\":\"2026-03-10T10:00:00+03:00\",\"tz\":\"Europe/Moscow\",\"kind\":\"x\"}}\nnonsense\n\
         {{\"text\":\"два\",\"tz\":\"Moon/Base\"}}\n{long}\n\n{{\"text\":\"три\"}}"
    );
    home.file("said.jsonl", &lines);
    let run = home.flow(&["nlu", "parse", "--file", "said.jsonl", "-o", "table"]).fails(8);
    let answers: Vec<serde_json::Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 6, "an empty line has its answer too");
    assert_eq!((answers[0]["text"].as_str(), answers[5]["text"].as_str()), (Some("раз"), Some("три")));
    assert!((1..5).all(|line| answers[line]["error"].is_string()), "{answers:?}");
    home.flow(&["nlu", "parse", "x", "--tz", "Moon/Base"]).fails(2);
    assert!(!home.store().exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_goes_on_with_130() {
    use std::io::{BufRead, BufReader};
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "5"]).ok();
    let mut child = home.command(&["conversations", "tail", "-f", "--limit", "1", "-o", "jsonl"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("conversation_id"));
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
