//! What every route refuses, and how.

use std::sync::Arc;

use flow::app::App;
use flow::config::Config;
use flow::daemon::http::routes;
use flow::domain::clock::{Clock, ManualClock};
use flow::domain::token::{Scope, issue};
use serde_json::json;

use super::{Caller, Flow, NOW, send};

/// Limits would refuse the many calls of one test.
fn unlimited() -> Config {
    let mut config = Config::default();
    let limits = &mut config.api.limits;
    (limits.default, limits.write, limits.messages, limits.auth_failures) = (0, 0, 0, 0);
    config
}

fn filled(path: &str) -> String {
    path.replace("{id}", "x")
}

fn protected() -> impl Iterator<Item = (String, &'static str)> {
    let api = routes().into_iter().filter(|(path, _)| path.starts_with("/api/v1/") && !path.ends_with("openapi.json"));
    api.flat_map(|(path, methods)| methods.iter().map(move |method| (filled(path), *method)))
}

#[tokio::test]
async fn every_protected_route_refuses_callers_without_a_token_that_allows_it() {
    let flow = Flow::with(unlimited()).await;
    let powerless = flow.as_one_with(&[Scope::KnowledgeRead]).await;
    let mut typo = flow.token.clone().unwrap();
    typo.replace_range(12..13, if &typo[12..13] == "x" { "y" } else { "x" });
    let mut count = 0;
    for (path, method) in protected() {
        let nobody = send(flow.nobody().call(method, &path)).await;
        nobody.refused(401, "unauthenticated");
        assert_eq!(nobody.header("www-authenticate"), "Bearer realm=\"flow\", error=\"invalid_token\"");
        for bad in [typo.clone(), issue().text, "x".to_owned()] {
            let caller = Caller { flow: &flow, token: Some(bad) };
            send(caller.call(method, &path)).await.refused(401, "unauthenticated");
        }
        let refused = send(powerless.call(method, &path)).await.refused(403, "forbidden");
        assert!(refused["required_scope"].is_string(), "{path}");
        let query = flow.caller().call(method, &format!("{path}?token={}", flow.token.as_ref().unwrap()));
        assert!([400, 404].contains(&send(query).await.status), "{method} {path}");
        count += 1;
    }
    assert_eq!(count, 8);
}

#[tokio::test]
async fn every_route_refuses_other_methods_and_parameters_it_does_not_know() {
    let flow = Flow::with(unlimited()).await;
    for (path, methods) in routes() {
        let path = filled(path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(&method) {
                let is_static = path.ends_with(".js") || path.ends_with(".css") || path == "/chat";
                let has_id = path.ends_with("/x");
                if !is_static && !has_id {
                    let answer = send(flow.caller().call(method, &format!("{path}?nonsense=1"))).await;
                    let body = answer.refused(400, "invalid_parameter");
                    assert_eq!(body["errors"][0]["parameter"], "nonsense", "{method} {path}");
                }
                continue;
            }
            let answer = send(flow.caller().call(method, &path)).await;
            answer.refused(405, "method_not_allowed");
            for allowed in methods {
                assert!(
                    answer.header("allow").split(", ").any(|one| one == *allowed),
                    "{path}: {}",
                    answer.header("allow")
                );
            }
        }
        let options = send(flow.nobody().call("OPTIONS", &path)).await;
        assert_eq!(options.status, 204, "{path}");
        assert!(options.header("allow").contains("OPTIONS"));
        send(flow.caller().call("GET", &format!("{path}/"))).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn every_route_with_a_body_refuses_what_is_not_the_json_it_wants() {
    let flow = Flow::with(unlimited()).await;
    let lead = send(flow.post("/api/v1/leads", &json!({ "phone": "+79990001122" }))).await.ok(201);
    let visitor = send(flow.post("/chat/session", &json!({}))).await.ok(200)["visitor"].as_str().unwrap().to_owned();
    let lead_path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    let mut cases = vec![("PUT", lead_path.clone()), ("PATCH", lead_path)];
    cases.extend(
        ["/api/v1/leads", "/api/v1/messages", "/chat/session", "/chat/messages"].map(|path| ("POST", path.to_owned())),
    );
    for (method, path) in cases {
        let call = || flow.caller().call(method, &path).header("X-Flow-Visitor", &visitor);
        let json_call = |text: &'static str| call().header("Content-Type", "application/json").body(text);
        send(call().body("{}")).await.refused(415, "unsupported_media_type");
        send(call().header("Content-Type", "text/plain").body("{}")).await.refused(415, "unsupported_media_type");
        for bad in ["", "{", "{\"a\":}", "\u{0}", "{} {}"] {
            send(json_call(bad)).await.refused(400, "invalid_json");
        }
        send(call().header("Content-Type", "application/json").body(vec![b'{', 0xff, b'}']))
            .await
            .refused(400, "invalid_json");
        for other in ["[]", "1", "null", "\"x\""] {
            send(json_call(other)).await.refused(422, "validation");
        }
        let deep = "[".repeat(100_000);
        send(call().header("Content-Type", "application/json").body(deep)).await.refused(
            if path.starts_with("/chat") { 413 } else { 400 },
            if path.starts_with("/chat") { "too_large" } else { "invalid_json" },
        );
        let large = format!("{{\"text\":\"{}\"}}", "x".repeat(1024 * 1024));
        send(call().header("Content-Type", "application/json").body(large)).await.refused(413, "too_large");
        let unknown = send(json_call("{\"nonsense\":1}")).await;
        assert_eq!(unknown.status, 422, "{path}: {}", unknown.text);
        let errors = unknown.json()["errors"].clone();
        assert!(
            errors
                .as_array()
                .unwrap()
                .iter()
                .any(|error| error["pointer"] == "#/nonsense" && error["code"] == "unknown_member"),
            "{errors}"
        );
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_problem_in_the_callers_language() {
    let flow = Flow::start().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/analytics/metrics",
        "/webhook/max",
        "/knowledge-base/status",
        "/%ff",
        "/chat/nonsense.js",
    ] {
        send(flow.get(path)).await.refused(404, "not_found");
    }
    let russian = send(flow.get("/nowhere")).await;
    assert_eq!((russian.header("content-language"), russian.json()["title"].as_str().unwrap()), ("ru", "Не найдено"));
    let english = send(flow.get("/nowhere").header("Accept-Language", "en-GB, ru;q=0.2")).await;
    assert_eq!((english.header("content-language"), english.json()["title"].as_str().unwrap()), ("en", "Not found"));
    send(flow.get("/api/v1/leads").header("Accept", "image/png")).await.refused(406, "not_acceptable");
}

#[tokio::test]
async fn every_response_carries_a_request_id_and_is_not_stored() {
    let flow = Flow::start().await;
    let own = send(flow.get("/api/v1/leads").header("X-Request-Id", "my-request-1")).await;
    assert_eq!((own.header("x-request-id"), own.header("cache-control")), ("my-request-1", "no-store"));
    assert_eq!(own.header("x-content-type-options"), "nosniff");
    let fresh = send(flow.get("/health/live").header("X-Request-Id", "bad id!")).await;
    assert!(fresh.header("x-request-id").starts_with("req_"));
    let head = send(flow.caller().call("HEAD", "/api/v1/leads")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let squeezed = send(flow.get("/api/v1/openapi.json").header("Accept-Encoding", "gzip")).await;
    assert_eq!(squeezed.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn without_any_token_the_api_is_open_to_this_machine_alone() {
    let flow = Flow::bare(Config::default()).await;
    send(flow.get("/api/v1/leads")).await.ok(200);
    for (name, value) in
        [("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=203.0.113.5"), ("Host", "evil.example")]
    {
        send(flow.get("/api/v1/leads").header(name, value)).await.refused(401, "unauthenticated");
    }
    let wrong = Caller { flow: &flow, token: Some(issue().text) };
    send(wrong.get("/api/v1/leads")).await.refused(401, "unauthenticated");
    flow.token(&[Scope::LeadsRead]).await;
    send(flow.get("/api/v1/leads")).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_is_stored_as_a_hash_and_ends_when_revoked_or_expired() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.store.url = flow::config::StoreUrl::Sqlite(folder.path().join("flow.db"));
    let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
    let app = App::open(config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let flow = Flow::over(app, clock).await;
    let caller = flow.as_one_with(&[Scope::LeadsRead]).await;
    send(caller.get("/api/v1/leads")).await.ok(200);
    let token = caller.token.as_deref().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [token, &token[9..39]] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    let stored = flow.app.store.tokens().await.unwrap().remove(0);
    assert_eq!((stored.last_used_at, stored.last_used_ip.as_deref()), (Some(flow.now()), Some("127.0.0.1")));
    flow.app.store.revoke_token(stored.id, flow.now()).await.unwrap();
    send(caller.get("/api/v1/leads")).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn calls_above_the_quota_are_refused_until_the_window_ends() {
    let mut config = unlimited();
    (config.api.limits.default, config.api.limits.write) = (5, 2);
    let flow = Flow::with(config).await;
    let first = send(flow.get("/api/v1/leads")).await;
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=5;w=60");
    assert_eq!(first.header("ratelimit"), "\"default\";r=4;t=60");
    for _ in 0..2 {
        send(flow.post("/api/v1/leads", &json!({}))).await.refused(422, "contact_required");
    }
    let refused = send(flow.post("/api/v1/leads", &json!({}))).await;
    let body = refused.refused(429, "quota_exceeded");
    assert_eq!(body["violated-policies"], json!(["write"]));
    assert_eq!(body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(
        (refused.header("retry-after"), refused.header("ratelimit")),
        ("60", "\"default\";r=1;t=60, \"write\";r=0;t=60")
    );
    let other = flow.as_one_with(&[Scope::LeadsRead]).await;
    send(other.get("/api/v1/leads")).await.ok(200);
    flow.clock.advance(jiff::SignedDuration::from_secs(60));
    send(flow.post("/api/v1/leads", &json!({}))).await.refused(422, "contact_required");
}

#[tokio::test]
async fn an_address_that_guesses_tokens_is_shut_out_for_a_while() {
    let mut config = unlimited();
    config.api.limits.auth_failures = 3;
    let flow = Flow::with(config).await;
    for _ in 0..3 {
        let guess = Caller { flow: &flow, token: Some(issue().text) };
        send(guess.get("/api/v1/leads")).await.refused(401, "unauthenticated");
    }
    let refused = send(flow.get("/api/v1/leads")).await;
    refused.refused(429, "quota_exceeded");
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    flow.clock.advance(jiff::SignedDuration::from_secs(300));
    send(flow.get("/api/v1/leads")).await.ok(200);
}

#[tokio::test]
async fn cors_lets_in_the_listed_origins_only() {
    let silent = Flow::start().await;
    let answer = send(silent.get("/api/v1/leads").header("Origin", "https://app.example.ru")).await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary").contains("origin")), ("", false));

    let mut config = unlimited();
    config.http.cors.allowed_origins = vec!["https://app.example.ru".to_owned()];
    config.http.cors.credentials = true;
    let flow = Flow::with(config).await;
    let preflight = |origin: &'static str| {
        let call = flow.nobody().call("OPTIONS", "/api/v1/leads").header("Origin", origin);
        call.header("Access-Control-Request-Method", "POST").header("Access-Control-Request-Headers", "authorization")
    };
    let allowed = send(preflight("https://app.example.ru")).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, "https://app.example.ru"));
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(
        (allowed.header("access-control-max-age"), allowed.header("access-control-allow-credentials")),
        ("600", "true")
    );
    let stranger = send(preflight("https://evil.example")).await;
    assert_eq!((stranger.status, stranger.header("access-control-allow-origin")), (204, ""));
    assert!(stranger.header("vary").contains("origin") && stranger.header("access-control-allow-methods").is_empty());
    let actual = send(flow.get("/api/v1/leads").header("Origin", "https://app.example.ru")).await;
    assert!(actual.header("access-control-expose-headers").contains("ratelimit-policy"));
    let refused = send(flow.nobody().get("/api/v1/leads").header("Origin", "https://app.example.ru")).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "https://app.example.ru"));
    let health = send(flow.get("/health/live").header("Origin", "https://app.example.ru")).await;
    assert_eq!(health.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn health_tells_details_to_this_machine_and_readiness_ends_with_draining() {
    let flow = Flow::start().await;
    // A machine under load may miss the time that a look at the store is given: look again then.
    let mut body = send(flow.nobody().get("/health")).await.ok(200);
    for _ in 0..50 {
        if body["status"] == "ok" {
            break;
        }
        flow.clock.advance(jiff::SignedDuration::from_secs(2));
        body = send(flow.nobody().get("/health")).await.ok(200);
    }
    assert_eq!((body["status"].as_str(), body["started_at"].as_str()), (Some("ok"), Some(NOW)));
    assert_eq!(body["checks"]["database"]["status"], "ok");
    assert_eq!(body["checks"]["knowledge_base"], json!({ "status": "ok", "chunks": 1 }));
    assert_eq!(body["checks"]["channels"]["web"]["status"], "ok");
    let outside = send(flow.nobody().get("/health").header("X-Forwarded-For", "203.0.113.5")).await.ok(200);
    let members: Vec<_> = outside.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["status", "version", "uptime_s"]);
    send(flow.nobody().get("/health/ready")).await.ok(200);

    flow.life.drain();
    let stopping = send(flow.post("/api/v1/leads", &json!({ "phone": "+79990001122" }))).await;
    stopping.refused(503, "unavailable");
    assert_eq!(stopping.header("retry-after"), "5");
    send(flow.nobody().get("/health/ready")).await.refused(503, "unavailable");
    assert_eq!(send(flow.nobody().get("/health")).await.ok(503)["status"], "unhealthy");
    send(flow.nobody().get("/health/live")).await.ok(200);
    send(flow.get("/api/v1/leads")).await.ok(200);
}
