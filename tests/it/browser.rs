//! The web chat in headless Chromium, before the real binary.

use serde_json::Value;

use crate::support::daemon::{Daemon, Home};
use crate::support::webdriver::{Browser, ENTER, TAB, available};

/// The words of all messages, in order.
const MESSAGES: &str = "return [...document.querySelectorAll('[role=log] .msg')].map(m => m.innerText)";

/// `flow serve --demo` over the store of this folder.
fn demo(home: &Home, listen: &str) -> Daemon {
    let store = format!("sqlite://{}", home.store().display());
    Daemon::start(home, &["--demo", "--store", &store, "--listen", listen], &[])
}

async fn say(browser: &Browser, text: &str) {
    browser.click("textarea").await;
    browser.press_keys(text).await;
    browser.press_keys(ENTER).await;
}

async fn hears(browser: &Browser, part: &str) {
    let script = format!("return document.querySelector('[role=log]').innerText.includes({})", Value::from(part));
    browser.wait_for(part, &script).await;
}

async fn press(browser: &Browser, title: &str) {
    let script = format!(
        "const b = [...document.querySelectorAll('[role=log] button:not(:disabled)')].filter(b => b.innerText.trim() === {});
         if (b.length) b[b.length - 1].click(); return b.length > 0",
        Value::from(title)
    );
    browser.wait_for(title, &script).await;
}

#[tokio::test]
async fn a_client_asks_a_price_and_books_in_the_browser_and_the_operator_sees_it() {
    if !available() {
        return;
    }
    let home = Home::new();
    let daemon = demo(&home, "127.0.0.1:0");
    let browser = Browser::start(1280, 800).await;
    browser.open(&format!("{}/chat", daemon.url)).await;
    browser.wait_for("the welcome", "return document.querySelectorAll('[role=log] button').length > 0").await;

    say(&browser, "Здравствуйте! Сколько стоит стрижка?").await;
    hears(&browser, "₽").await;
    say(&browser, "Запишите на мужскую стрижку завтра в 15:00, меня зовут Олег, 8 916 123-45-67").await;
    hears(&browser, "15:00").await;
    press(&browser, "Да").await;
    hears(&browser, "записаны").await;

    let leads = home.json(&["leads", "list", "-o", "json"]);
    assert_eq!(leads[0]["status"], "booked", "{leads}");
    assert_eq!(leads[0]["phone"], "+79161234567");
    let bookings = home.json(&["bookings", "list", "-o", "json"]);
    assert_eq!(bookings.as_array().map(Vec::len), Some(1), "{bookings}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_killed_daemon_and_a_reload_lose_and_double_nothing() {
    if !available() {
        return;
    }
    let home = Home::new();
    let mut daemon = demo(&home, "127.0.0.1:0");
    let browser = Browser::start(375, 667).await;
    browser.open(&format!("{}/chat", daemon.url)).await;
    browser.wait_for("the welcome", "return document.querySelectorAll('[role=log] button').length > 0").await;
    say(&browser, "Какой у вас адрес?").await;
    hears(&browser, "Садовый").await;

    let port = daemon.url.rsplit(':').next().expect("a port").to_owned();
    daemon.kill();
    say(&browser, "А парковка есть?").await;
    let _again = demo(&home, &format!("127.0.0.1:{port}"));
    hears(&browser, "арков").await;
    let answered = "return document.querySelectorAll('[role=log] .msg.bot').length >= 2";
    browser.wait_for("the answer after the restart", answered).await;

    let before = browser.run(MESSAGES).await;
    browser.open(&format!("{}/chat", daemon.url)).await;
    hears(&browser, "Какой у вас адрес?").await;
    hears(&browser, "А парковка есть?").await;
    let count = |messages: &Value, text: &str| {
        messages.as_array().into_iter().flatten().filter(|m| m.as_str().is_some_and(|m| m.contains(text))).count()
    };
    let after = browser.run(MESSAGES).await;
    for messages in [&before, &after] {
        assert_eq!(count(messages, "Какой у вас адрес?"), 1, "{messages}");
        assert_eq!(count(messages, "А парковка есть?"), 1, "{messages}");
    }
    let wide = browser.run("return document.documentElement.scrollWidth > window.innerWidth").await;
    assert_eq!(wide, Value::Bool(false), "a phone must not scroll sideways");
}

#[tokio::test]
async fn the_chat_is_used_with_the_keyboard_alone_and_speaks_english() {
    if !available() {
        return;
    }
    let home = Home::new();
    let daemon = demo(&home, "127.0.0.1:0");
    let browser = Browser::start(800, 600).await;
    browser.open(&format!("{}/chat?lang=en", daemon.url)).await;
    browser.wait_for("the welcome", "return document.querySelectorAll('[role=log] button').length > 0").await;
    assert_eq!(browser.run("return document.documentElement.lang").await, "en");
    let mut reached = false;
    for _ in 0..20 {
        browser.press_keys(TAB).await;
        reached = browser.run("return document.activeElement.closest('[role=log]') !== null && document.activeElement.tagName === 'BUTTON'").await
            == Value::Bool(true);
        if reached {
            break;
        }
    }
    assert!(reached, "Tab reaches the offered buttons");
    browser.press_keys(ENTER).await;
    let spoke = "return document.querySelector('[role=log] .msg.customer') !== null";
    browser.wait_for("the pressed button as a message", spoke).await;
    let live = browser.run("return document.querySelector('[role=log]').getAttribute('aria-live')").await;
    assert_eq!(live, "polite");
}

#[tokio::test]
async fn the_widget_opens_the_chat_on_a_page_of_another_origin() {
    if !available() {
        return;
    }
    let home = Home::new();
    let store = format!("sqlite://{}", home.store().display());
    let host = std::net::TcpListener::bind("127.0.0.1:0").expect("a page of one's own");
    let origin = format!("http://{}", host.local_addr().expect("its address"));
    let daemon = Daemon::start(
        &home,
        &["--demo", "--store", &store, "--listen", "127.0.0.1:0"],
        &[("FLOW_CHANNELS__WEB__EMBED_ORIGINS", &origin)],
    );
    let page = format!(
        "<!doctype html><title>Shop</title><h1>Shop</h1><script src=\"{}/widget.js\" async data-lang=\"ru\"></script>",
        daemon.url
    );
    std::thread::spawn(move || {
        for stream in host.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let mut request = [0; 4096];
            drop(std::io::Read::read(&mut stream, &mut request));
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
            drop(std::io::Write::write_all(
                &mut stream,
                format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).as_bytes(),
            ));
        }
    });
    let browser = Browser::start(1280, 800).await;
    browser.open(&origin).await;
    browser.wait_for("the launcher", "return window.FlowChat !== undefined").await;
    // The frame stands in a closed shadow root; its first sign of life is a message to the page.
    browser
        .run("window.addEventListener('message', e => { window.heard = [e.origin, e.data.type] }); window.FlowChat.open()")
        .await;
    browser.wait_for("the chat in its frame", "return window.heard !== undefined").await;
    assert_eq!(browser.run("return window.heard").await, serde_json::json!([daemon.url, "flow:unread"]));
}
