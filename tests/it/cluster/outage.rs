//! The database goes away, hangs, or is not there yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Command, Stdio};

use super::*;
use crate::support::postgres::Alone;

/// A server of its own, with a salon in it.
fn own() -> Option<(Cluster, Alone)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (database, server) = runtime.block_on(Database::alone())?;
    Some((Cluster::over(Home::over(database.url(), database)), server))
}

/// How often each line was logged, at what level.
fn told(log: &std::path::Path) -> BTreeMap<(String, String), usize> {
    let log = std::fs::read_to_string(log).unwrap();
    let mut told = BTreeMap::new();
    for line in log.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let of = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        *told.entry((of("level"), of("message"))).or_default() += 1;
    }
    told
}

fn logged(cluster: &Cluster, more: &[(&str, &str)]) -> Daemon {
    let log = Stdio::from(File::create(cluster.home.path().join("log")).unwrap());
    let mut env = cluster.env(more);
    env.push(("FLOW_OBSERVABILITY__LOG_FORMAT", "json"));
    Daemon::try_logged(&cluster.home, &["--listen", "127.0.0.1:0"], &env, log).unwrap()
}

#[test]
fn a_lost_database_is_told_once_by_each_part_and_once_more_when_it_is_back() {
    let Some((cluster, server)) = own() else { return };
    let daemon = logged(&cluster, &[]);
    cluster.api.push(cluster.api.text(5001, QUESTIONS[0]));
    until("an answer", || cluster.api.sent(5001).len() == 1);
    server.stop();
    until("health to tell", || get(&daemon, "/health").is_some_and(|(status, _)| status == 503));
    std::thread::sleep(Duration::from_secs(8));
    server.start();
    cluster.api.push(cluster.api.text(5001, QUESTIONS[1]));
    until("another answer", || cluster.api.sent(5001).len() == 2);
    let log = cluster.home.path().join("log");
    let count = |told: &BTreeMap<(String, String), usize>, word: &str| {
        told.iter().filter(|((_, message), _)| message.contains(word)).map(|(_, count)| *count).sum::<usize>()
    };
    until("word of its return", || {
        ["jobs are taken again", "is started again"].iter().all(|back| count(&told(&log), back) > 0)
    });
    let told = told(&log);
    for ((level, message), count) in &told {
        // The dialogues and each CRM have a worker of their own.
        let parts = if message.starts_with("jobs ") { 2 } else { 1 };
        assert!(*count <= parts, "{level} {message}: {count} times in {told:?}");
    }
    for (lost, back) in [("jobs cannot be taken", "jobs are taken again"), ("cannot be started", "is started again")] {
        assert!(count(&told, lost) > 0 && count(&told, lost) >= count(&told, back), "{lost}: {told:?}");
    }
}

#[test]
fn a_database_that_hangs_is_told_without_being_asked_and_nothing_is_lost() {
    let Some((cluster, server)) = own() else { return };
    let hook = [("FLOW_CHANNELS__TELEGRAM__MODE", "webhook")];
    let daemon = logged(&cluster, &hook);
    cluster.api.deliver_to(&daemon.url, Some(SECRET));
    cluster.ask(5000..5010);
    until("some work", || cluster.api.sent_count() > 5);
    server.hang();
    let refused = cluster.api.deliveries().len();
    cluster.api.push(cluster.api.text(5900, QUESTIONS[0]));
    until("a refusal", || cluster.api.deliveries()[refused..].iter().any(|(_, status)| *status == 503));
    // Nobody asks meanwhile: the daemon itself has looked.
    std::thread::sleep(Duration::from_secs(16));
    let (status, body) = get(&daemon, "/health").unwrap();
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("unhealthy"), "{body}");
    server.go_on();
    until("health to recover", || get(&daemon, "/health").is_some_and(|(status, _)| status == 200));
    let jobs = || cluster.home.json(&["jobs", "stats", "-o", "json"]);
    until("the end of the work", || cluster.api.pending() == 0 && jobs()["pending"] == 0);
    let stats = jobs();
    let doubtful = stats["outbox"]["unknown"].as_u64().unwrap();
    let sent = cluster.api.sent_count();
    assert!(sent <= 31 && sent + doubtful >= 31, "{sent} and {stats}");
    let stored = cluster.home.json(&["conversations", "list", "-o", "json", "--limit", "0"]);
    assert_eq!(stored.as_array().unwrap().len(), 11);
    assert_eq!(cluster.home.run(&["db", "check"]).status.code(), Some(0));
}

#[test]
fn a_daemon_that_comes_before_its_database_waits_for_it() {
    let Some((cluster, server)) = own() else { return };
    server.stop();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let log = cluster.home.path().join("log");
    let mut command = cluster.home.command(&["serve", "--listen", &listen]);
    let mut env = cluster.env(&[]);
    env.push(("FLOW_OBSERVABILITY__LOG_FORMAT", "json"));
    let command = command.envs(env).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = Waiting(command.stderr(File::create(&log).unwrap()).spawn().unwrap());
    let status = |path: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let http = crate::support::web().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
            Some(http.get(format!("http://{listen}{path}")).send().await.ok()?.status().as_u16())
        })
    };
    until("the port", || status("/health/live") == Some(200));
    for path in ["/health", "/health/ready", "/api/v1/leads"] {
        assert_eq!(status(path), Some(503), "{path}");
    }
    std::thread::sleep(Duration::from_secs(4));
    assert!(child.0.try_wait().unwrap().is_none(), "it waits");
    server.start();
    cluster.api.push(cluster.api.text(5001, QUESTIONS[0]));
    until("an answer", || cluster.api.sent(5001).len() == 1);
    assert_eq!(status("/health"), Some(200));
    let told = told(&log);
    let waits: usize =
        told.iter().filter(|((_, message), _)| message.contains("flow waits for it")).map(|(_, count)| *count).sum();
    assert_eq!(waits, 1, "{told:?}");
    Command::new("kill").arg(child.0.id().to_string()).status().unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

/// Ended with the case.
struct Waiting(std::process::Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_daemon_that_waits_ends_when_it_is_told_to_and_what_cannot_mend_itself_ends_it_at_once() {
    let Some((cluster, server)) = own() else { return };
    let missing = format!("{}_not", cluster.home.url());
    let ended = cluster.home.run(&["serve", "--listen", "127.0.0.1:0", "--store", &missing]);
    assert_eq!(ended.status.code(), Some(7), "there is no such database: {ended:?}");
    server.stop();
    let mut waiting = cluster.serve_only("worker", &[]);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!waiting.has_ended());
    waiting.signal("TERM");
    assert_eq!(waiting.wait().code(), Some(0));
    // Only the daemon waits.
    assert_eq!(cluster.home.run(&["leads", "list"]).status.code(), Some(7));
}
