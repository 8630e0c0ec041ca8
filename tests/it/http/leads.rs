//! `/api/v1/leads`.

use std::collections::HashSet;

use flow::config::Config;
use flow::domain::token::Scope;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Flow, send};

fn id(lead: &Value) -> String {
    format!("/api/v1/leads/{}", lead["id"].as_str().unwrap())
}

fn free() -> Config {
    let mut config = Config::default();
    (config.api.limits.default, config.api.limits.write) = (0, 0);
    config
}

#[tokio::test]
async fn a_lead_is_made_shown_and_changed() {
    let flow = Flow::start().await;
    let body = json!({ "name": " Анна ", "phone": "8 (999) 000-11-22", "service": "Стрижка", "source": "landing",
        "tags": ["vip", "a", "vip"], "custom": { "utm": { "x": [1, null] } }, "consent": { "personal_data": true } });
    let made = send(flow.post("/api/v1/leads", &body)).await;
    let lead = made.ok(201);
    assert_eq!((made.header("location"), made.header("etag")), (id(&lead).as_str(), "\"v1\""));
    let expected = json!({ "status": "new", "name": "Анна", "phone": "+79990001122", "email": null, "channel": "api",
        "source": "landing", "service": "Стрижка", "desired_at": null, "desired_text": null, "comment": null,
        "tags": ["a", "vip"], "assigned_to": null, "conversation_id": null,
        "consent": { "personal_data": true, "at": super::NOW },
        "crm": { "provider": null, "external_id": null, "url": null, "state": "none", "last_error": null, "synced_at": null },
        "custom": { "utm": { "x": [1, null] } }, "created_at": super::NOW, "updated_at": super::NOW, "version": 1 });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&lead[name], value, "{name}");
    }
    assert!(lead["contact_id"].as_str().is_some_and(|id| id.starts_with("ct_")));
    assert_eq!(send(flow.get(&id(&lead))).await.ok(200), lead);

    flow.clock.advance(SignedDuration::from_secs(1));
    let changed = send(flow.put(&id(&lead), &json!({ "status": "booked", "comment": "x", "service": null }))).await;
    let now = changed.ok(200);
    assert_eq!((changed.header("etag"), now["version"].as_i64()), ("\"v2\"", Some(2)));
    assert_eq!((&now["status"], &now["name"], &now["service"]), (&json!("booked"), &json!("Анна"), &Value::Null));
    let again = send(flow.put(&id(&lead), &json!({ "status": "booked" }))).await;
    assert_eq!(again.header("etag"), "\"v2\"", "a change to nothing raises no version");
    let whole = send(flow.put(&id(&lead), &now)).await.ok(200);
    assert_eq!(whole, now, "a whole object may be sent back");
}

#[tokio::test]
async fn what_is_wrong_with_a_lead_is_told_all_at_once() {
    let flow = Flow::start().await;
    let body = json!({ "phone": "12", "email": "x", "channel": "fax", "status": "gone", "tags": [1], "custom": [],
        "desired_at": "2026-06-10T10:00:00Z", "consent": {}, "name": "я".repeat(201), "crm": {}, "surprise": 1,
        "conversation_id": "cv_1" });
    let refused = send(flow.post("/api/v1/leads", &body)).await.refused(422, "validation");
    let mut told: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("#/channel", "enum"),
            ("#/consent/personal_data", "required"),
            ("#/conversation_id", "id"),
            ("#/crm", "read_only"),
            ("#/custom", "type"),
            ("#/desired_at", "past"),
            ("#/email", "email_format"),
            ("#/name", "length"),
            ("#/phone", "phone_format"),
            ("#/status", "enum"),
            ("#/surprise", "unknown_member"),
            ("#/tags/0", "type"),
        ]
    );
    send(flow.post("/api/v1/leads", &json!({ "name": "Анна" }))).await.refused(422, "contact_required");
    let unknown = json!({ "conversation_id": "cv_01JXABCDEFGHJKMNPQRSTVWXYZ" });
    send(flow.post("/api/v1/leads", &unknown)).await.refused(404, "not_found");
    for path in ["/api/v1/leads/ld_01JXABCDEFGHJKMNPQRSTVWXYZ", "/api/v1/leads/x"] {
        send(flow.get(path)).await.refused(404, "not_found");
        send(flow.put(path, &json!({}))).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn an_open_lead_with_the_same_phone_is_the_same_lead() {
    let flow = Flow::start().await;
    let first = send(flow.post("/api/v1/leads", &json!({ "phone": "+79990001122", "name": "Анна" }))).await.ok(201);
    let again =
        send(flow.post("/api/v1/leads", &json!({ "phone": "89990001122", "name": "Яна", "comment": "ждёт" }))).await;
    let merged = again.ok(200);
    assert_eq!((again.header("x-duplicate"), &merged["id"]), ("true", &first["id"]));
    assert_eq!((&merged["name"], &merged["comment"]), (&json!("Анна"), &json!("ждёт")));
    let other = send(flow.post("/api/v1/leads?dedupe=none", &json!({ "phone": "89990001122" }))).await.ok(201);
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn a_status_moves_only_where_it_may() {
    let flow = Flow::start().await;
    let lead = send(flow.post("/api/v1/leads", &json!({ "phone": "+79990001122" }))).await.ok(201);
    send(flow.put(&id(&lead), &json!({ "status": "qualified" }))).await.ok(200);
    let refused = send(flow.put(&id(&lead), &json!({ "status": "won" }))).await.refused(409, "invalid_transition");
    assert_eq!((&refused["from"], &refused["to"]), (&json!("qualified"), &json!("won")));
    assert_eq!(refused["allowed"], json!(["booked", "lost"]));
    let read_only = send(flow.put(&id(&lead), &json!({ "id": "ld_1", "version": 9 }))).await.refused(422, "validation");
    assert!(read_only["errors"].as_array().unwrap().iter().all(|error| error["code"] == "read_only"));
}

#[tokio::test]
async fn of_many_who_change_one_version_one_wins() {
    let flow = Flow::with(free()).await;
    let lead = send(flow.post("/api/v1/leads", &json!({ "phone": "+79990001122" }))).await.ok(201);
    let calls =
        (0..20).map(|n| send(flow.put(&id(&lead), &json!({ "comment": format!("{n}") })).header("If-Match", "\"v1\"")));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(lost.refused(412, "precondition_failed")["etag"], "\"v2\"");
    }
    let known = send(flow.get(&id(&lead)).header("If-None-Match", "\"v2\"")).await;
    assert_eq!((known.status, known.header("etag"), known.text.as_str()), (304, "\"v2\"", ""));
    send(flow.get(&id(&lead)).header("If-None-Match", "\"v1\"")).await.ok(200);
    send(flow.put(&id(&lead), &json!({})).header("If-Match", "W/\"v2\"")).await.refused(412, "precondition_failed");
    send(flow.put(&id(&lead), &json!({})).header("If-Match", "*")).await.ok(200);
    // A change that is wrong in itself is told so; a whole object that was right when it was read is not wrong.
    let wrong = flow.put(&id(&lead), &json!({ "name": 1, "version": 1 })).header("If-Match", "\"v9\"");
    send(wrong).await.refused(422, "validation");
    send(flow.put(&id(&lead), &lead).header("If-Match", "\"v1\"")).await.refused(412, "precondition_failed");

    let mut config = free();
    config.api.require_if_match = true;
    let strict = Flow::with(config).await;
    let lead = send(strict.post("/api/v1/leads", &json!({ "phone": "+79990001122" }))).await.ok(201);
    send(strict.put(&id(&lead), &json!({}))).await.refused(428, "precondition_required");
}

#[tokio::test]
async fn paging_neither_repeats_nor_skips_while_leads_come_in() {
    let flow = Flow::with(free()).await;
    let make = |n: usize| {
        let body = json!({ "email": format!("a{n}@example.ru"), "source": "s" });
        send(flow.post("/api/v1/leads", &body))
    };
    // The clock stands: all have the same time.
    let made = join_all((0..150).map(make)).await;
    let wanted: HashSet<String> = made.iter().map(|answer| answer.ok(201)["id"].as_str().unwrap().to_owned()).collect();
    for sort in ["-created_at", "created_at", "-updated_at"] {
        let mut path = format!("/api/v1/leads?limit=7&sort={sort}&source=s");
        let mut seen = Vec::new();
        for page in 0.. {
            let answer = send(flow.get(&path)).await;
            let body = answer.ok(200);
            seen.extend(body["items"].as_array().unwrap().iter().map(|lead| lead["id"].as_str().unwrap().to_owned()));
            if page % 5 == 0 {
                flow.clock.advance(SignedDuration::from_secs(if sort == "created_at" { -10_000 } else { 1 }));
                make(1000 + page).await.ok(201);
            }
            let Some(next) = body["next_cursor"].as_str() else {
                assert_eq!((body["has_more"].as_bool(), answer.header("link")), (Some(false), ""));
                break;
            };
            let link = answer.header("link").strip_prefix('<').unwrap().split('>').next().unwrap();
            assert!(link.contains(next) && link.contains("source=s"), "{link}");
            path = link.to_owned();
        }
        let unique: HashSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{sort}: something was repeated");
        assert!(wanted.iter().all(|id| unique.contains(id)), "{sort}: something was skipped");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_or_an_edited_one_is_refused() {
    let flow = Flow::start().await;
    for n in 0..3 {
        send(flow.post("/api/v1/leads", &json!({ "email": format!("a{n}@example.ru") }))).await.ok(201);
    }
    let body = send(flow.get("/api/v1/leads?limit=1&include=total")).await.ok(200);
    assert_eq!((body["total"].as_u64(), body["total_is_capped"].as_bool()), (Some(3), Some(false)));
    let cursor = body["next_cursor"].as_str().unwrap();
    send(flow.get(&format!("/api/v1/leads?limit=2&cursor={cursor}"))).await.ok(200);
    for path in ["/api/v1/leads?status=new", "/api/v1/leads?sort=created_at", "/api/v1/conversations?"] {
        let glue = if path.ends_with('?') { "" } else { "&" };
        send(flow.get(&format!("{path}{glue}cursor={cursor}"))).await.refused(400, "invalid_cursor");
    }
    let mut edited = cursor.to_owned();
    edited.replace_range(10..11, if &edited[10..11] == "A" { "B" } else { "A" });
    for bad in [edited.as_str(), "x", "%D1%84"] {
        send(flow.get(&format!("/api/v1/leads?cursor={bad}"))).await.refused(400, "invalid_cursor");
    }
    let blank = send(flow.get("/api/v1/leads?cursor=&source=&tag=%20")).await.ok(200);
    assert_eq!(blank["items"].as_array().unwrap().len(), 3, "what a form left blank is not given");
}

#[tokio::test]
async fn filters_choose_and_wrong_ones_are_refused() {
    let flow = Flow::start().await;
    let body =
        json!({ "phone": "+79990001122", "name": "Анна", "comment": "любит Ёлки", "tags": ["vip"], "channel": "call" });
    send(flow.post("/api/v1/leads", &body)).await.ok(201);
    send(flow.post("/api/v1/leads", &json!({ "email": "b@example.ru", "status": "lost" }))).await.ok(201);
    for (query, found) in [
        ("status=new,lost", 2),
        ("status=new", 1),
        ("channel=call", 1),
        ("tag=vip", 1),
        ("tag=no", 0),
        ("phone=%2B79990001122", 1),
        ("phone=89990001122", 1),
        ("phone=+79990001122", 1),
        ("q=елки", 1),
        ("q=9990001", 1),
        ("q=%25%25", 0),
        ("created_after=2026-06-12T13:00:00.123%2B03:00", 2),
        ("created_before=2026-06-12T10:00:00.123Z", 0),
        ("crm_state=none", 2),
        ("assigned_to=x", 0),
    ] {
        let body = send(flow.get(&format!("/api/v1/leads?{query}"))).await.ok(200);
        assert_eq!(body["items"].as_array().unwrap().len(), found, "{query}");
    }
    for query in [
        "status=gone",
        "limit=0",
        "limit=201",
        "limit=x",
        "created_after=yesterday",
        "q=a",
        "sort=name",
        "include=x",
        "phone=1",
        "status=new&status=lost",
    ] {
        send(flow.get(&format!("/api/v1/leads?{query}"))).await.refused(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn people_are_masked_for_readers_without_pii_read() {
    let flow = Flow::start().await;
    let body = json!({ "phone": "+79990001122", "name": "Анна", "email": "anna@example.ru", "comment": "звонить 8 (999) 000-11-22",
        "custom": { "tel": 79990001122_u64 } });
    let lead = send(flow.post("/api/v1/leads", &body)).await.ok(201);
    let reader = flow.as_one_with(&[Scope::LeadsWrite]).await;
    let paths = [
        id(&lead),
        "/api/v1/leads".to_owned(),
        "/api/v1/leads?q=9990001122".to_owned(),
        "/api/v1/leads?format=csv".to_owned(),
    ];
    for path in paths {
        let answer = send(reader.get(&path)).await;
        assert_eq!(answer.status, 200);
        let digits: String = answer.text.chars().filter(char::is_ascii_digit).collect();
        assert!(!answer.text.contains("Анна") && !answer.text.contains("anna@"), "{}", answer.text);
        assert!(!digits.contains("9990001122") && !digits.contains("99900011"), "{}", answer.text);
        assert!(answer.text.contains("+7999•••1122"), "{}", answer.text);
    }
    let seen = send(reader.get(&id(&lead))).await.ok(200);
    let mut sent = seen.clone();
    sent["status"] = json!("booked");
    let changed = send(reader.call("PUT", &id(&lead)).json(&sent)).await.ok(200);
    assert_eq!((&changed["status"], &changed["name"]), (&json!("booked"), &json!("А•••")));
    let stale = send(reader.call("PUT", &id(&lead)).json(&json!({ "name": "Б•••" }))).await.refused(422, "validation");
    assert_eq!(stale["errors"][0]["code"], "masked", "a lead that changed in between keeps its name");
    let whole = send(flow.get(&id(&lead))).await.ok(200);
    assert_eq!((&whole["name"], &whole["phone"], &whole["custom"]), (&lead["name"], &lead["phone"], &lead["custom"]));
}

#[tokio::test]
async fn an_export_holds_every_lead_and_no_formula() {
    let flow = Flow::with(free()).await;
    let bad = json!({ "email": "a@example.ru", "name": "=HYPERLINK(\"x\")", "comment": "a,\"b\"\nc", "source": "@x" });
    send(flow.post("/api/v1/leads", &bad)).await.ok(201);
    let make = |n: usize| send(flow.post("/api/v1/leads", &json!({ "email": format!("b{n}@example.ru") })));
    for made in join_all((0..600).map(make)).await {
        made.ok(201);
    }
    let squeezed = send(flow.get("/api/v1/leads?format=csv").header("Accept-Encoding", "gzip")).await;
    assert_eq!((squeezed.status, squeezed.header("content-encoding")), (200, "gzip"), "and the answer ends");
    let answer = send(flow.get("/api/v1/leads").header("Accept", "text/csv")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|column| column == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 601);
    let row = rows.iter().find(|row| &row[at("email")] == "a@example.ru").unwrap();
    assert_eq!(
        (&row[at("name")], &row[at("source")], &row[at("comment")]),
        ("'=HYPERLINK(\"x\")", "'@x", "a,\"b\"\nc")
    );
    send(flow.get("/api/v1/leads?format=csv&limit=1")).await.refused(400, "invalid_parameter");
}
