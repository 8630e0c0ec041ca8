//! `POST /api/v1/messages`.

use std::path::Path;

use flow::config::{CompanyOverrides, Config, parse_profile};
use flow::domain::token::Scope;
use serde_json::{Value, json};

use super::{Answer, Flow, send};

const PATH: &str = "/api/v1/messages";

async fn conversation(flow: &Flow) -> Value {
    let body = json!({ "role": "customer", "sender": { "id": "u1", "name": "Иван", "phone": "89990001122" }, "text": "Сколько стоит стрижка?" });
    send(flow.post(PATH, &body)).await.ok(202)
}

#[tokio::test]
async fn a_customers_message_is_stored_and_accepted() {
    let flow = Flow::start().await;
    let answer = send(flow.post(PATH, &json!({ "role": "customer", "channel": "api", "sender": { "id": "u1", "name": "Иван", "phone": null }, "text": "Добрый день", "metadata": { "a": 1 } }))).await;
    let body = answer.ok(202);
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/conversations/{}", body["conversation_id"].as_str().unwrap())
    );
    let shown = send(flow.get(answer.header("location"))).await.ok(200);
    let message = &shown["messages"]["items"][0];
    assert_eq!(
        (&message["id"], &message["text"], &message["metadata"]),
        (&body["id"], &json!("Добрый день"), &json!({ "a": 1 }))
    );
    assert_eq!(
        (&shown["channel"], &shown["contact"]["name"], &shown["message_count"]),
        (&json!("api"), &json!("Иван"), &json!(1))
    );
}

#[tokio::test]
async fn a_customers_message_waits_for_the_reply() {
    let flow = salon().await;
    let body = ask(&flow, json!({ "text": "Сколько стоит стрижка?" })).await.ok(200);
    let reply = body["reply"]["text"].as_str().unwrap();
    assert!(reply.replace('\u{a0}', " ").contains("2 500 ₽"), "{body}");
    assert!(body["reply"]["buttons"].is_array() && body["end_conversation"] == false, "{body}");
    // Whoever owns the conversation answers in his own time: nobody waits for the bot.
    let operator = json!({ "conversation_id": body["conversation_id"], "text": "Я сам отвечу" });
    send(flow.post(PATH, &operator)).await.ok(202);
    ask(&flow, json!({ "text": "Ау" })).await.ok(202);
}

#[tokio::test]
async fn a_client_of_the_api_books_and_the_lead_is_booked() {
    let flow = salon().await;
    let wish = "Запишите меня на стрижку завтра в 15:00, меня зовут Олег, телефон 8 916 123-45-67";
    let offered = ask(&flow, json!({ "text": wish })).await.ok(200)["reply"].clone();
    let yes = &offered["buttons"][0];
    assert!(offered["text"].as_str().unwrap().contains("15:00") && yes["text"] == "Да", "{offered}");
    let body = ask(&flow, json!({ "text": yes["text"], "button": yes["value"] })).await.ok(200);
    assert!(body["reply"]["text"].as_str().unwrap().contains("записаны"), "{body}");
    let leads = send(flow.get("/api/v1/leads")).await.ok(200);
    assert_eq!(leads["items"].as_array().map(Vec::len), Some(1), "{leads}");
    let lead = &leads["items"][0];
    assert_eq!(
        (&lead["status"], &lead["phone"], &lead["conversation_id"]),
        (&json!("booked"), &json!("+79161234567"), &body["conversation_id"])
    );
}

/// Open every day, with a price.
async fn salon() -> Flow {
    let flow = Flow::start().await;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| format!("{day} = \"10:00-20:00\""));
    let text = super::SHOP
        .replace("mon = \"10:00-20:00\"", &days.join("\n"))
        .replace("duration_min = 60", "duration_min = 60\nprice = 250000");
    let read = |_: &Path| Err(std::io::Error::other("no files"));
    let (profile, _) = parse_profile(&text, Path::new("/shop"), &CompanyOverrides::default(), &read)
        .map_err(|e| e.to_string())
        .unwrap();
    flow.app.store.save_profile(&profile, flow.now()).await.unwrap();
    flow
}

/// A client writes and waits; the clock goes on and the jobs run meanwhile.
async fn ask(flow: &Flow, said: Value) -> Answer {
    let mut body = json!({ "role": "customer", "sender": { "id": "u1" } });
    body.as_object_mut().unwrap().append(&mut said.as_object().unwrap().clone());
    let call = send(flow.post(PATH, &body).header("Prefer", "wait=20"));
    let work = async {
        loop {
            flow.clock.advance(jiff::SignedDuration::from_secs(2));
            flow.app.runner.run_due().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::select! { answer = call => answer, () = work => unreachable!() };
    assert_eq!(answer.header("preference-applied"), "wait=20");
    answer
}

#[tokio::test]
async fn a_reply_that_does_not_come_in_time_is_a_202() {
    let flow = Flow::start().await;
    let body = json!({ "role": "customer", "sender": { "id": "u1" }, "text": "Добрый день" });
    let call = send(flow.post(PATH, &body).header("Prefer", "wait=1"));
    let (answer, _) = tokio::join!(call, flow.app.runner.run_due());
    answer.ok(202);
    assert_eq!(answer.header("preference-applied"), "wait=1");
}

#[tokio::test]
async fn an_operators_message_takes_the_conversation_over() {
    let flow = Flow::start().await;
    let known = conversation(&flow).await;
    let body = json!({ "conversation_id": known["conversation_id"], "text": " Ждём вас ", "buttons": [{ "text": "Буду", "value": "ok" }], "metadata": { "campaign": "reminder" } });
    let sent = send(flow.post(PATH, &body)).await.ok(202);
    assert_eq!(sent["state"], "sent");
    let shown =
        send(flow.get(&format!("/api/v1/conversations/{}", known["conversation_id"].as_str().unwrap()))).await.ok(200);
    assert_eq!(
        shown["handoff"],
        json!({ "state": "taken", "reason": "operator_message", "at": super::NOW, "operator": "Ольга" })
    );
    let message = &shown["messages"]["items"][1];
    assert_eq!(
        (&message["role"], &message["text"], &message["delivery"]["state"]),
        (&json!("operator"), &json!("Ждём вас"), &json!("sent"))
    );
    assert_eq!(message["buttons"], json!([{ "text": "Буду", "value": "ok" }]));

    let to = json!({ "to": { "channel": "api", "address": "u1" }, "role": "bot", "text": "Напоминаем" });
    let final_state = send(flow.post(PATH, &to).header("Prefer", "wait=5")).await.ok(200);
    assert_eq!(
        (&final_state["conversation_id"], &final_state["delivery"]["state"]),
        (&known["conversation_id"], &json!("sent"))
    );
}

#[tokio::test]
async fn a_bots_message_leaves_the_conversation_with_the_bot() {
    let flow = Flow::start().await;
    let known = conversation(&flow).await;
    let id = known["conversation_id"].as_str().unwrap();
    send(flow.post(PATH, &json!({ "conversation_id": id, "role": "bot", "text": "x" }))).await.ok(202);
    send(flow.post(PATH, &json!({ "conversation_id": id, "pause_bot": false, "text": "x" }))).await.ok(202);
    assert_eq!(send(flow.get(&format!("/api/v1/conversations/{id}"))).await.ok(200)["handoff"], Value::Null);
}

#[tokio::test]
async fn a_conversation_that_is_named_blank_is_refused() {
    let flow = Flow::start().await;
    for blank in ["", " ", "cv_"] {
        let refused = send(flow.post(PATH, &json!({ "conversation_id": blank, "text": "x" }))).await;
        assert_eq!(refused.refused(422, "validation")["errors"][0]["pointer"], "#/conversation_id");
    }
}

#[tokio::test]
async fn a_long_text_is_split_only_when_asked() {
    let flow = Flow::start().await;
    let known = conversation(&flow).await;
    let text = "слово ".repeat(1500);
    let body = |split| json!({ "conversation_id": known["conversation_id"], "text": text, "split": split, "buttons": [{ "text": "Да" }] });
    send(flow.post(PATH, &body(false))).await.refused(422, "too_long");
    let first = send(flow.post(PATH, &body(true))).await.ok(202);
    let shown =
        send(flow.get(&format!("/api/v1/conversations/{}", known["conversation_id"].as_str().unwrap()))).await.ok(200);
    let items = shown["messages"]["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[1]["id"]), (4, &first["id"]));
    assert_eq!(
        (items[1]["buttons"].as_array().unwrap().len(), &items[3]["buttons"]),
        (0, &json!([{ "text": "Да", "value": "Да" }]))
    );
}

#[tokio::test]
async fn a_message_nobody_can_send_is_refused_with_its_reason() {
    let flow = Flow::start().await;
    let known = conversation(&flow).await["conversation_id"].clone();
    for (body, status, code) in [
        (json!({ "text": "x" }), 422, "target"),
        (json!({ "text": "x", "conversation_id": known, "to": { "channel": "api", "address": "u1" } }), 422, "target"),
        (json!({ "text": "x", "sender": { "id": "u1" } }), 422, "target"),
        (json!({ "text": "x", "role": "customer" }), 422, "target"),
        (json!({ "text": "x", "conversation_id": "cv_01JXABCDEFGHJKMNPQRSTVWXYZ" }), 404, "not_found"),
        (json!({ "text": "x", "to": { "channel": "api", "address": "nobody" } }), 404, "not_found"),
        (json!({ "text": "x", "to": { "channel": "telegram", "address": "5001" } }), 422, "channel_disabled"),
        (json!({ "text": "", "conversation_id": known }), 422, "validation"),
        (json!({ "text": "x", "conversation_id": known, "send_at": "2026-06-13T10:00:00Z" }), 422, "validation"),
        (json!({ "text": "x", "conversation_id": known, "template": { "name": "t" } }), 422, "validation"),
        (json!({ "text": "x", "conversation_id": known, "role": "system" }), 422, "validation"),
        (
            json!({ "text": "x", "conversation_id": known, "buttons": vec![json!({ "text": "b" }); 11] }),
            422,
            "validation",
        ),
        (json!({ "text": "x", "conversation_id": known, "metadata": { "x": "y".repeat(5000) } }), 422, "validation"),
        (json!({ "text": "x", "role": "customer", "sender": {} }), 422, "validation"),
        (json!({ "text": "x", "role": "customer", "sender": { "id": "u1" }, "channel": "web" }), 422, "validation"),
        (json!({ "text": "я".repeat(4001), "role": "customer", "sender": { "id": "u1" } }), 422, "too_long"),
    ] {
        send(flow.post(PATH, &body)).await.refused(status, code);
    }
    let id = known.as_str().unwrap().parse().unwrap();
    flow.app.store.close(id, flow.now()).await.unwrap();
    send(flow.post(PATH, &json!({ "text": "x", "conversation_id": known }))).await.refused(409, "conversation_closed");
}

#[tokio::test]
async fn each_direction_has_a_scope_of_its_own() {
    let flow = Flow::start().await;
    let known = conversation(&flow).await["conversation_id"].clone();
    let inbound = json!({ "role": "customer", "sender": { "id": "u2" }, "text": "x" });
    let outbound = json!({ "conversation_id": known, "text": "x" });
    let sender = flow.as_one_with(&[Scope::MessagesSend]).await;
    let ingester = flow.as_one_with(&[Scope::MessagesIngest]).await;
    send(sender.call("POST", PATH).json(&outbound)).await.ok(202);
    send(ingester.call("POST", PATH).json(&inbound)).await.ok(202);
    assert_eq!(
        send(sender.call("POST", PATH).json(&inbound)).await.refused(403, "forbidden")["required_scope"],
        "messages:ingest"
    );
    assert_eq!(
        send(ingester.call("POST", PATH).json(&outbound)).await.refused(403, "forbidden")["required_scope"],
        "messages:send"
    );

    let mut config = Config::default();
    config.api.require_idempotency_key = true;
    let strict = Flow::with(config).await;
    send(strict.post(PATH, &inbound)).await.refused(400, "idempotency_key_missing");
    send(strict.post(PATH, &inbound).header("Idempotency-Key", "k")).await.ok(202);
}
