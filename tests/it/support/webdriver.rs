//! A small WebDriver client (W3C WebDriver, JSON over HTTP) for headless Chromium.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The W3C name of an element reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with one window.
pub struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

/// Whether this run must have a browser, may have one, or has none (`scripts/test` says which).
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "the test runner's word, and why a test is skipped"
)]
pub fn available() -> bool {
    let found =
        |name: &str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let there = found("chromium") && found("chromedriver");
    let must = std::env::var("FLOW_TEST_BROWSER").is_ok_and(|word| word == "require");
    assert!(there || !must, "chromium and chromedriver are needed here: apt-get install chromium chromium-driver");
    if !there {
        eprintln!("skipped: chromium and chromedriver are not installed");
    }
    there
}

impl Browser {
    /// Starts chromedriver on a port of its own choice and opens a window of that size.
    pub async fn start(width: u32, height: u32) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("successfully on port ").nth(1).map(|rest| rest.trim_end_matches('.').trim().to_owned())
            })
            .expect("chromedriver tells its port");
        // Its output must go on being read, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--lang=ru".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments}
        }}});
        let http = crate::support::web().no_proxy().build().expect("a client");
        let base = format!("http://127.0.0.1:{port}");
        let answer: Value = http
            .post(format!("{base}/session"))
            .json(&wanted)
            .send()
            .await
            .expect("chromedriver answers")
            .json()
            .await
            .expect("in JSON");
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser session: {answer}"));
        let session = format!("{base}/session/{id}");
        Self { driver, http, session, _profile: profile }
    }

    async fn command(&self, path: &str, body: Value) -> Result<Value, String> {
        let answer: Value = self
            .http
            .post(format!("{}/{path}", self.session))
            .json(&body)
            .send()
            .await
            .map_err(|error| error.to_string())?
            .json()
            .await
            .map_err(|error| error.to_string())?;
        match answer["value"]["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.command("url", json!({"url": url})).await.expect("the page opens");
    }

    /// Runs a function body in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", json!({"script": script, "args": []}))
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Looks until the script answers something true.
    pub async fn wait_for(&self, what: &str, script: &str) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.run(script).await;
            if answer.as_bool().unwrap_or(!answer.is_null()) {
                return answer;
            }
            if began.elapsed() > PATIENCE {
                let page = self.run("return document.body.innerText").await;
                panic!("waited for {what}; the page says: {page}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The elements of a selector.
    pub async fn find(&self, selector: &str) -> Option<String> {
        let found = self.command("element", json!({"using": "css selector", "value": selector})).await.ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    /// Clicks as a person would.
    pub async fn click(&self, selector: &str) {
        let id = self.find(selector).await.unwrap_or_else(|| panic!("there is no {selector}"));
        self.command(&format!("element/{id}/click"), json!({})).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
    }

    /// Types into whatever has the focus.
    pub async fn press_keys(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({"type": "keyDown", "value": key.to_string()}),
                    json!({"type": "keyUp", "value": key.to_string()}),
                ]
            })
            .collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.command("actions", body).await.expect("keys");
    }

    /// What the page complained of.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", json!({"type": "browser"})).await.unwrap_or(Value::Null);
        log.as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session ends with its driver; the browser is its child.
        drop(Command::new("pkill").arg("-P").arg(self.driver.id().to_string()).status());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The key that WebDriver calls Enter.
pub const ENTER: &str = "\u{e007}";
/// The key that WebDriver calls Tab.
pub const TAB: &str = "\u{e004}";
