//! `/api/v1/conversations`.

use flow::domain::token::Scope;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Flow, send};

async fn say(flow: &Flow, sender: &str, text: &str) -> Value {
    flow.clock.advance(SignedDuration::from_secs(1));
    let body = json!({ "role": "customer", "sender": { "id": sender, "name": "Иван", "phone": "+79990001122" }, "text": text });
    send(flow.post("/api/v1/messages", &body)).await.ok(202)
}

#[tokio::test]
async fn conversations_are_listed_by_last_message_and_found_by_words() {
    let flow = Flow::start().await;
    let first = say(&flow, "u1", "Хочу записаться на стрижку").await;
    let second = say(&flow, "u2", "Где вы находитесь?").await;
    let ids = |body: Value| -> Vec<Value> {
        body["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
    };
    let all = send(flow.get("/api/v1/conversations?include=total")).await.ok(200);
    assert_eq!(all["total"], 2);
    assert_eq!(ids(all), [second["conversation_id"].clone(), first["conversation_id"].clone()]);
    let page = send(flow.get("/api/v1/conversations?limit=1&sort=last_message_at")).await.ok(200);
    let next = page["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(page), [first["conversation_id"].clone()]);
    let rest =
        send(flow.get(&format!("/api/v1/conversations?limit=1&sort=last_message_at&cursor={next}"))).await.ok(200);
    assert_eq!(ids(rest), [second["conversation_id"].clone()]);
    for (query, found) in [
        ("q=стрижка", 1),
        ("channel=api", 2),
        ("channel=web", 0),
        ("handoff=true", 0),
        ("handoff=false", 2),
        ("status=open", 2),
        ("unanswered=true", 0),
    ] {
        assert_eq!(
            ids(send(flow.get(&format!("/api/v1/conversations?{query}"))).await.ok(200)).len(),
            found,
            "{query}"
        );
    }
    for query in ["handoff=1", "lead_id=x", "contact_id=ld_1", "status=done"] {
        send(flow.get(&format!("/api/v1/conversations?{query}"))).await.refused(400, "invalid_parameter");
    }
    let reader = flow.as_one_with(&[Scope::ConversationsRead]).await;
    assert_eq!(
        send(reader.get("/api/v1/conversations?q=стрижка")).await.refused(403, "forbidden")["required_scope"],
        "pii:read"
    );
}

#[tokio::test]
async fn messages_are_read_backwards_and_forwards() {
    let flow = Flow::start().await;
    let mut path = String::new();
    for n in 0..5 {
        let said = say(&flow, "u1", &format!("{n}")).await;
        path = format!("/api/v1/conversations/{}", said["conversation_id"].as_str().unwrap());
    }
    let texts = |body: &Value| -> Vec<String> {
        body["messages"]["items"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
    };
    let last = send(flow.get(&format!("{path}?messages=2"))).await.ok(200);
    assert_eq!(texts(&last), ["3", "4"]);
    let before = last["messages"]["next_cursor"].as_str().unwrap();
    let earlier = send(flow.get(&format!("{path}?messages=10&before={before}"))).await.ok(200);
    assert_eq!(
        (texts(&earlier), &earlier["messages"]["next_cursor"]),
        (vec!["0".into(), "1".into(), "2".into()], &Value::Null)
    );
    let latest = last["messages"]["latest_cursor"].as_str().unwrap().to_owned();
    assert!(texts(&send(flow.get(&format!("{path}?after={latest}"))).await.ok(200)).is_empty());
    say(&flow, "u1", "5").await;
    assert_eq!(texts(&send(flow.get(&format!("{path}?after={latest}"))).await.ok(200)), ["5"]);
    assert!(texts(&send(flow.get(&format!("{path}?messages=0"))).await.ok(200)).is_empty());
    assert_eq!(texts(&send(flow.get(&format!("{path}?after={latest}&before={before}"))).await.ok(200)), ["5"]);
    assert_eq!(texts(&send(flow.get(&format!("{path}?messages=1&after=&before="))).await.ok(200)), ["5"]);
    for query in ["messages=201", "include=all", "nonsense=1"] {
        send(flow.get(&format!("{path}?{query}"))).await.refused(400, "invalid_parameter");
    }
    send(flow.get(&format!("{path}?before=x"))).await.refused(400, "invalid_cursor");
    let other = say(&flow, "u2", "x").await;
    let foreign = format!("/api/v1/conversations/{}?before={before}", other["conversation_id"].as_str().unwrap());
    send(flow.get(&foreign)).await.refused(400, "invalid_cursor");
    send(flow.get("/api/v1/conversations/cv_01JXABCDEFGHJKMNPQRSTVWXYZ")).await.refused(404, "not_found");

    let tag = send(flow.get(&path)).await.header("etag").to_owned();
    assert_eq!(send(flow.get(&path).header("If-None-Match", &tag)).await.status, 304);
    say(&flow, "u1", "6").await;
    assert_eq!(send(flow.get(&path).header("If-None-Match", &tag)).await.status, 200);
}

#[tokio::test]
async fn people_are_masked_and_traces_kept_from_readers() {
    let flow = Flow::start().await;
    let said = say(&flow, "u1", "Мой номер 8 (999) 000-11-22, anna@example.ru").await;
    let path = format!("/api/v1/conversations/{}", said["conversation_id"].as_str().unwrap());
    let reader = flow.as_one_with(&[Scope::ConversationsRead]).await;
    for path in [path.as_str(), "/api/v1/conversations"] {
        let answer = send(reader.get(path)).await;
        assert_eq!(answer.status, 200);
        for secret in ["Иван", "79990001122", "000-11", "anna@"] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
    }
    assert_eq!(
        send(reader.get(&format!("{path}?include=trace"))).await.refused(403, "forbidden")["required_scope"],
        "admin"
    );
    let traced = send(flow.get(&format!("{path}?include=trace"))).await.ok(200);
    assert!(traced["messages"]["items"][0].as_object().unwrap().contains_key("trace"));
}
