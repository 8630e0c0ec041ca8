//! The daemon as the system sees it: its port, its signals, its end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, Home};

/// A daemon over the salon, on a port of its own.
fn serve(home: &Home) -> Daemon {
    assert!(home.run(&["seed", "--preset", "salon"]).status.success());
    Daemon::start(home, &["--listen", "127.0.0.1:0"], &[])
}

fn client() -> reqwest::Client {
    crate::support::web().no_proxy().build().unwrap()
}

/// Writes as a client through the API; answers the status and the document.
async fn write(http: &reqwest::Client, url: &str, sender: &str, text: &str) -> Option<(u16, Value)> {
    let body = json!({"role": "customer", "channel": "api", "sender": {"id": sender}, "text": text});
    let answer = http.post(format!("{url}/api/v1/messages")).json(&body).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.ok()?))
}

/// Looks until it holds, at most twenty seconds.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "waited for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn the_demo_tells_its_address_and_the_commands_that_show_the_result() {
    let home = Home::new();
    let store = format!("sqlite://{}", home.store().display());
    let daemon = Daemon::start(&home, &["--demo", "--store", &store, "--listen", "127.0.0.1:0"], &[]);
    for part in ["/chat", &format!("leads list --store {store}"), &format!("bookings list --store {store}")] {
        assert!(daemon.greeting.contains(part), "{part} in {}", daemon.greeting);
    }
}

#[test]
fn a_busy_port_is_told_with_a_way_out() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = home.run(&["serve", "--listen", &address, "-o", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let last: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "config");
    assert!(last["error"]["message"].as_str().unwrap().contains(&address), "{last}");
    assert!(last["error"]["hint"].as_str().unwrap().contains("--listen"), "{last}");
}

#[test]
fn the_service_manager_hears_when_it_is_ready() {
    let home = Home::new();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _daemon = Daemon::start(&home, &["--listen", "127.0.0.1:0"], &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    let mut heard = [0; 256];
    let length = socket.recv(&mut heard).unwrap();
    assert_eq!(std::str::from_utf8(&heard[..length]).unwrap().trim(), "READY=1");
}

#[tokio::test]
async fn sigterm_under_load_loses_no_acknowledged_message_and_ends_well() {
    let home = Home::new();
    let mut daemon = serve(&home);
    let http = client();
    let mut writers = tokio::task::JoinSet::new();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    for writer in 0..8 {
        let (http, url, tell) = (http.clone(), daemon.url.clone(), tell.clone());
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..200 {
                match write(&http, &url, &format!("w{writer}"), &format!("Сколько стоит стрижка? {number}")).await
                {
                    Some((202, document)) => {
                        acknowledged.push(document["id"].as_str().unwrap().to_owned());
                        tell.send(()).ok();
                    }
                    // Draining, limited or gone: not acknowledged.
                    Some((status, _)) => assert!(matches!(status, 429 | 503), "{status}"),
                    None => break,
                }
            }
            acknowledged
        });
    }
    for _ in 0..10 {
        told.recv().await.expect("messages are acknowledged");
    }
    daemon.signal("TERM");
    let mut acknowledged = Vec::new();
    while let Some(found) = writers.join_next().await {
        acknowledged.extend(found.unwrap());
    }
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!acknowledged.is_empty(), "something was accepted before the signal");
    let stored = home.run(&["conversations", "export", "-o", "jsonl"]);
    let stored = String::from_utf8(stored.stdout).unwrap();
    for id in acknowledged {
        assert!(stored.contains(&id), "{id} was acknowledged and is not in the store");
    }
}

#[tokio::test]
async fn a_message_acknowledged_before_a_power_cut_is_answered_once_after_it() {
    let home = Home::new();
    let mut daemon = serve(&home);
    let http = client();
    let (status, document) = write(&http, &daemon.url, "anna", "Какой у вас адрес?").await.unwrap();
    assert_eq!(status, 202);
    daemon.kill();

    let daemon = Daemon::start(&home, &["--listen", "127.0.0.1:0"], &[]);
    let id = document["conversation_id"].as_str().unwrap();
    let url = format!("{}/api/v1/conversations/{id}", daemon.url);
    let bots = async || {
        let shown: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
        let items = shown["messages"]["items"].as_array().unwrap().clone();
        items.iter().filter(|message| message["role"] == "bot").count()
    };
    eventually("the answer", async || bots().await > 0).await;
    // A second worker, had it taken the same job, would have answered by the next turn.
    write(&http, &daemon.url, "anna", "спасибо").await.unwrap();
    eventually("the second answer", async || bots().await > 1).await;
    assert_eq!(bots().await, 2);
}

/// A request that never ends.
fn stuck(daemon: &Daemon) -> TcpStream {
    let mut stream = TcpStream::connect(daemon.url.trim_start_matches("http://")).unwrap();
    let head = "POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    // Connections are accepted in order: once a later one is answered, this one is being served.
    let mut later = TcpStream::connect(stream.peer_addr().unwrap()).unwrap();
    later.write_all(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    later.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stream
}

/// Waits until the daemon takes no new connections: it has heard the first signal.
fn until_it_stops_listening(daemon: &Daemon) {
    let began = Instant::now();
    while TcpStream::connect(daemon.url.trim_start_matches("http://")).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(10), "the first signal was not heard");
        std::thread::yield_now();
    }
}

#[test]
fn a_request_that_never_ends_does_not_hold_the_stop() {
    let home = Home::new();
    let mut daemon = serve(&home);
    let _stuck = stuck(&daemon);
    let began = Instant::now();
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(12), "it was cut off");
}

#[test]
fn a_second_signal_leaves_at_once() {
    let home = Home::new();
    let mut daemon = serve(&home);
    let _stuck = stuck(&daemon);
    daemon.signal("TERM");
    until_it_stops_listening(&daemon);
    let began = Instant::now();
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(5), "it left at once");
}
