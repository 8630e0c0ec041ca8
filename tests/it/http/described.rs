//! The served description and what the routes really do are one.

use std::collections::BTreeSet;

use flow::daemon::http::problem::KINDS;
use flow::daemon::http::routes;
use serde_json::{Value, json};

use super::schema::errors;
use super::{Answer, Flow, send};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(flow: &Flow) -> Value {
    send(flow.nobody().get("/api/v1/openapi.json")).await.ok(200)
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &'_ Value)| {
        (path.clone(), item.as_object().unwrap().keys().cloned().collect::<Vec<_>>())
    };
    let listed = paths.iter().map(of).flat_map(|(path, keys)| keys.into_iter().map(move |key| (path.clone(), key)));
    listed
        .filter(|(_, key)| METHODS.contains(&key.as_str()))
        .map(|(path, method)| {
            let operation = &document["paths"][&path][&method];
            (path, method, operation)
        })
        .collect()
}

/// A response of the description, with its reference followed.
fn resolved<'d>(document: &'d Value, response: &'d Value) -> &'d Value {
    match response["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.strip_prefix('#').unwrap()).expect("a response that is not there"),
        None => response,
    }
}

/// The examples of a body or response, each with its schema.
fn examples(content: &Value) -> Vec<(&Value, &Value)> {
    let mut found = Vec::new();
    for media in content.as_object().into_iter().flatten().map(|(_, media)| media) {
        found.extend(media.get("example").map(|example| (&media["schema"], example)));
        let several = media.get("examples").and_then(Value::as_object).into_iter().flatten();
        found.extend(several.map(|(_, example)| (&media["schema"], &example["value"])));
    }
    found
}

#[tokio::test]
async fn every_route_and_method_is_described_and_nothing_else() {
    let flow = Flow::start().await;
    let document = document(&flow).await;
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(path, method, _)| (path, method.to_uppercase())).collect();
    let answered: BTreeSet<(String, String)> = routes()
        .into_iter()
        .flat_map(|(path, methods)| methods.iter().map(move |method| (path.to_owned(), (*method).to_owned())))
        .collect();
    assert_eq!(described, answered);
    let ids: Vec<&str> = operations(&document).iter().map(|(_, _, op)| op["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an operationId is used twice");
}

#[tokio::test]
async fn every_kind_of_problem_is_described() {
    let flow = Flow::start().await;
    let document = document(&flow).await;
    let listed = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let listed: BTreeSet<&str> = listed.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(listed, KINDS.iter().map(|kind| kind.code).collect());
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let example = &response["content"]["application/problem+json"]["example"];
        let kind = KINDS.iter().find(|kind| example["code"] == kind.code).unwrap();
        assert_eq!(example["status"], kind.status, "{name}");
    }
}

/// The `type` of a problem leads to its section.
#[test]
fn every_kind_of_problem_has_its_section_and_no_section_is_left_over() {
    let page = include_str!("../../../docs/problems.md");
    let mut told: Vec<(&str, u16)> = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let (code, rest) = section.split_once('\n').unwrap();
        let status = rest.trim_start().strip_prefix("**").and_then(|rest| rest.get(..3)).unwrap_or_default();
        told.push((code, status.parse().unwrap_or_else(|_| panic!("{code} begins with its status in bold"))));
        assert!(rest.contains("\n\nWhat to do: "), "{code} says what to do");
    }
    assert_eq!(told, KINDS.iter().map(|kind| (kind.code, kind.status)).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_example_fits_its_schema() {
    let flow = Flow::start().await;
    let document = document(&flow).await;
    let mut count = 0;
    for (path, method, operation) in operations(&document) {
        let bodies = operation.get("requestBody").map(|body| &body["content"]);
        let responses = operation["responses"].as_object().unwrap().values();
        let contents = responses.filter_map(|response| resolved(&document, response).get("content"));
        for (schema, example) in bodies.into_iter().chain(contents).flat_map(examples) {
            assert_eq!(errors(&document, schema, example), Vec::<String>::new(), "{method} {path}");
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

/// The response fits what is described for that operation and status.
#[track_caller]
fn fits(document: &Value, path: &str, method: &str, answer: &Answer) {
    let responses = &document["paths"][path][method]["responses"];
    let response = resolved(document, &responses[answer.status.to_string()]);
    let media = answer.header("content-type").split(';').next().unwrap();
    let schema = &response["content"][media]["schema"];
    assert!(schema.is_object(), "{method} {path} {} {media} is not described", answer.status);
    assert_eq!(errors(document, schema, &answer.json()), Vec::<String>::new(), "{method} {path}");
}

#[tokio::test]
async fn what_the_routes_answer_fits_the_description() {
    let flow = Flow::start().await;
    let document = document(&flow).await;
    let lead_body =
        json!({ "phone": "+79990001122", "name": "Анна", "consent": { "personal_data": true }, "custom": { "a": 1 } });
    let made = send(flow.post("/api/v1/leads", &lead_body)).await;
    fits(&document, "/api/v1/leads", "post", &made);
    fits(&document, "/api/v1/leads", "post", &send(flow.post("/api/v1/leads", &lead_body)).await);
    fits(&document, "/api/v1/leads", "post", &send(flow.post("/api/v1/leads", &json!({ "phone": "x" }))).await);
    fits(&document, "/api/v1/leads", "get", &send(flow.get("/api/v1/leads?limit=1&include=total")).await);
    fits(&document, "/api/v1/leads", "get", &send(flow.get("/api/v1/leads?limit=0")).await);
    let path = made.header("location").to_owned();
    let one = "/api/v1/leads/{id}";
    fits(&document, one, "get", &send(flow.get(&path)).await);
    fits(&document, one, "put", &send(flow.put(&path, &json!({ "status": "booked" }))).await);
    fits(&document, one, "put", &send(flow.put(&path, &json!({ "status": "new" }))).await);
    fits(&document, one, "put", &send(flow.put(&path, &json!({})).header("If-Match", "\"v1\"")).await);
    fits(&document, one, "get", &send(flow.get("/api/v1/leads/x")).await);

    let messages = "/api/v1/messages";
    let inbound = json!({ "role": "customer", "sender": { "id": "u1" }, "text": "Добрый день" });
    let said = send(flow.post(messages, &inbound)).await;
    fits(&document, messages, "post", &said);
    let outbound =
        json!({ "to": { "channel": "api", "address": "u1" }, "text": "Ждём", "buttons": [{ "text": "Да" }] });
    fits(&document, messages, "post", &send(flow.post(messages, &outbound).header("Prefer", "wait=1")).await);
    fits(&document, messages, "post", &send(flow.post(messages, &json!({}))).await);
    fits(&document, "/api/v1/conversations", "get", &send(flow.get("/api/v1/conversations")).await);
    let path = said.header("location").to_owned();
    fits(&document, "/api/v1/conversations/{id}", "get", &send(flow.get(&format!("{path}?include=trace"))).await);
    fits(&document, "/api/v1/conversations", "get", &send(flow.nobody().get("/api/v1/conversations")).await);

    fits(&document, "/health", "get", &send(flow.nobody().get("/health")).await);
    fits(&document, "/health/ready", "get", &send(flow.nobody().get("/health/ready")).await);
    let session = send(flow.nobody().call("POST", "/chat/session").json(&json!({ "language": "en" }))).await;
    fits(&document, "/chat/session", "post", &session);
    let visitor = session.json()["visitor"].as_str().unwrap().to_owned();
    let body = json!({ "client_id": "1", "text": "x" });
    let say = flow.nobody().call("POST", "/chat/messages").header("X-Flow-Visitor", &visitor).json(&body);
    fits(&document, "/chat/messages", "post", &send(say).await);
    let again = flow.nobody().call("POST", "/chat/session").json(&json!({ "visitor": visitor }));
    fits(&document, "/chat/session", "post", &send(again).await);
    flow.life.drain();
    fits(&document, "/health", "get", &send(flow.nobody().get("/health")).await);
    fits(&document, "/health/ready", "get", &send(flow.nobody().get("/health/ready")).await);
}
