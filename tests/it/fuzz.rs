//! A fuzzer that reads the description of the API finds nothing that contradicts it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, Home};

const DESCRIPTION: &str = include_str!("../../src/daemon/http/openapi.json");
/// What a valid request may be answered because of something that no schema can say.
const FORGIVEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fuzz/schemathesis.toml");
const EXAMPLES: &str = "25";
const SEED: &str = "1";
/// Limits would refuse most of the requests.
const UNLIMITED: [(&str, &str); 4] = [
    ("FLOW_API__LIMITS__DEFAULT", "0"),
    ("FLOW_API__LIMITS__WRITE", "0"),
    ("FLOW_API__LIMITS__MESSAGES", "0"),
    ("FLOW_API__LIMITS__AUTH_FAILURES", "0"),
];

/// The fuzzer; nothing, with the reason printed, where it is not there and need not be.
fn fuzzer() -> Option<PathBuf> {
    let wish = std::env::var_os("FLOW_TEST_FUZZ").unwrap_or_default();
    let path = std::env::var_os("FLOW_TEST_SCHEMATHESIS").map(PathBuf::from).filter(|path| path.is_file());
    if wish == "skip" {
        println!("skipped: FLOW_TEST_FUZZ=skip");
        return None;
    }
    if path.is_none() {
        assert!(wish != "require", "FLOW_TEST_FUZZ=require, but FLOW_TEST_SCHEMATHESIS names no program");
        println!("skipped: FLOW_TEST_SCHEMATHESIS names no program; scripts/test brings one");
    }
    path
}

/// Runs the fuzzer against a seeded salon and fails with what it printed when it found something.
fn finds_nothing(arguments: impl FnOnce(&Home, &Daemon) -> Vec<String>) {
    let Some(program) = fuzzer() else { return };
    let home = Home::new();
    assert!(home.run(&["seed", "--preset", "salon"]).status.success());
    let token = home.json(&["token", "create", "fuzz", "--scope", "admin", "-o", "json"]);
    let store = format!("sqlite://{}", home.store().display());
    let daemon = Daemon::start(&home, &["--demo", "--store", &store, "--listen", "127.0.0.1:0"], &UNLIMITED);
    let output = Command::new(program)
        .current_dir(home.path())
        .args(arguments(&home, &daemon))
        .args(["--checks", "all", "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"])
        .args(["-H", &format!("Authorization: Bearer {}", token["token"].as_str().unwrap())])
        .stdin(Stdio::null())
        .output()
        .expect("the fuzzer runs");
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("generated"), "the fuzzer tried nothing: {told}");
}

#[test]
fn a_fuzzer_finds_nothing_that_contradicts_the_served_description() {
    finds_nothing(|_, daemon| {
        let served = format!("{}/api/v1/openapi.json", daemon.url);
        ["--config-file", FORGIVEN, "run", &served].map(str::to_owned).to_vec()
    });
}

/// Nothing is forgiven here, and what is sent gets past the first refusal.
#[test]
fn a_fuzzer_finds_nothing_at_all_where_a_schema_says_everything() {
    finds_nothing(|home, daemon| {
        let file = home.path().join("openapi.json");
        std::fs::write(&file, timeless().to_string()).unwrap();
        ["run", file.to_str().unwrap(), "--url", &daemon.url].map(str::to_owned).to_vec()
    });
}

/// The description without what depends on the time, the store or the country of a phone.
fn timeless() -> Value {
    const STATEFUL: [&str; 7] = ["Idempotency-Key", "If-Match", "cursor", "before", "after", "format", "phone"];
    let mut document: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let operations = document["paths"].as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|item| item.values_mut()) {
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            parameters.retain(|parameter| !STATEFUL.contains(&parameter["name"].as_str().unwrap()));
        }
    }
    let schemas = &mut document["components"]["schemas"];
    let phones = json!({ "enum": ["+79990001122", "8 (912) 345-67-89", null] });
    for name in ["LeadCreate", "LeadUpdate"] {
        let members = schemas[name]["properties"].as_object_mut().unwrap();
        members.remove("desired_at").unwrap();
        members["phone"] = phones.clone();
    }
    schemas["LeadCreate"]["required"] = json!(["phone"]);
    schemas["LeadCreate"]["properties"]["phone"] = json!({ "enum": ["+79990001122", "8 (912) 345-67-89"] });
    schemas["IncomingMessage"]["properties"]["sender"]["properties"]["phone"] = phones;
    document
}
