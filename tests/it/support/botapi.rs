//! A Bot API server of its own for each test: real where it refuses, and wrong on request.
#![allow(dead_code, reason = "not every test uses all of it")]
#![allow(clippy::expect_used, reason = "helpers of tests fail by panicking")]

// With their paths, because a bench includes this file by its own.
#[path = "botapi/deliver.rs"]
mod deliver;
#[path = "botapi/faults.rs"]
mod faults;
#[path = "botapi/http.rs"]
mod http;
#[path = "botapi/markup.rs"]
mod markup;
#[path = "botapi/methods.rs"]
mod methods;
#[path = "botapi/state.rs"]
mod state;
#[path = "botapi/updates.rs"]
mod updates;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

#[allow(unused_imports, reason = "not every test uses all of it")]
pub use faults::{Fault, Rule};
#[allow(unused_imports, reason = "not every test uses all of it")]
pub use state::Sent;

/// Updates are brought to a webhook over that many connections.
const DELIVERERS: usize = 16;
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A running server; it ends with this value.
pub struct BotApi {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Arc<state::Shared>,
    runtime: Handle,
    deliverers: Mutex<Vec<AbortHandle>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BotApi {
    /// The token of the only bot.
    pub const TOKEN: &str = "7000001:AAE-test_token_for_the_fake_server_0001";

    /// Starts a server on a thread of its own, so that a test may block.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        let shared = Arc::new(state::Shared::new());
        let (stop, stopped) = oneshot::channel();
        let state = Arc::clone(&shared);
        let serve = move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = http::listen(listener, state) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("botapi".to_owned()).spawn(serve).expect("a thread");
        Self { url, shared, runtime: handle, deliverers: Mutex::default(), stop: Some(stop), thread: Some(thread) }
    }

    /// Queues an update and answers its number.
    pub fn push(&self, update: Value) -> i64 {
        self.shared.push(&[update])[0]
    }

    /// Queues updates at once and answers their numbers.
    pub fn push_many(&self, updates: impl IntoIterator<Item = Value>) -> Vec<i64> {
        // Made before the state is locked, because making them locks it too.
        let updates: Vec<Value> = updates.into_iter().collect();
        self.shared.push(&updates)
    }

    /// Queues once more an update that was pushed before.
    pub fn redeliver(&self, update_id: i64) {
        self.shared.redeliver(update_id);
    }

    /// Updates that nobody confirmed.
    pub fn pending(&self) -> usize {
        self.shared.lock().pending()
    }

    /// What the bot sent to a chat, the earliest first.
    pub fn sent(&self, chat: i64) -> Vec<Sent> {
        self.shared.lock().sent.iter().filter(|sent| sent.chat == chat).cloned().collect()
    }

    /// What the bot sent, the earliest first.
    pub fn all_sent(&self) -> Vec<Sent> {
        self.shared.lock().sent.clone()
    }

    /// How many messages the bot sent; counted without the journal too.
    pub fn sent_count(&self) -> u64 {
        self.shared.lock().sent_count
    }

    /// The parameters of all calls of a method, also of those that failed.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let state = self.shared.lock();
        let calls = state.calls.iter().filter(|(name, _)| name.eq_ignore_ascii_case(method));
        calls.map(|(_, params)| params.clone()).collect()
    }

    /// How many calls of a method came; counted without the journal too.
    pub fn count(&self, method: &str) -> usize {
        let state = self.shared.lock();
        let counts = state.counts.iter().filter(|(name, _)| name.eq_ignore_ascii_case(method));
        counts.map(|(_, count)| count).sum()
    }

    /// Without the journal only numbers are kept, and any message may be edited.
    pub fn set_journal(&self, is_on: bool) {
        self.shared.lock().is_journal_on = is_on;
    }

    /// The address and the secret that setWebhook told; none without a webhook.
    pub fn webhook(&self) -> Option<(String, String)> {
        let state = self.shared.lock();
        let webhook = &state.webhook;
        (!webhook.url.is_empty()).then(|| (webhook.url.clone(), webhook.secret.clone()))
    }

    /// Some calls to come go wrong; of several rules for a call the earliest holds.
    pub fn fault(&self, rule: Rule) {
        assert!(rule.times > 0, "a rule for no call");
        assert!(
            methods::METHODS.iter().any(|known| known.eq_ignore_ascii_case(rule.method)),
            "{} is unknown",
            rule.method
        );
        self.shared.lock().rules.push(rule);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.shared.lock().clear_faults();
    }

    /// That many of a hundred messages are dropped before and after they are applied.
    pub fn chance(&self, seed: u64, drop_before_percent: u8, drop_after_percent: u8) {
        let chance = faults::Chance::new(seed, drop_before_percent, drop_after_percent);
        self.shared.lock().chance = Some(chance);
    }

    /// A chat gets so many messages in a second and three more at once; others are refused with 429.
    pub fn limits(&self, per_chat_per_second: Option<f64>) {
        self.shared.lock().limit = per_chat_per_second;
    }

    /// How many messages the limit refused.
    pub fn limited(&self) -> usize {
        self.shared.lock().limited
    }

    /// Brings all updates to the webhook under that address, each until it is taken; within a chat one after another.
    pub fn deliver_to(&self, base: &str, secret: Option<&str>) {
        self.stop_delivery();
        let target = Arc::new(deliver::Target::new(base, secret));
        let delivery = self.shared.lock().begin_delivery();
        let begin = |_| {
            let work = deliver::deliver(Arc::clone(&self.shared), Arc::clone(&target), delivery);
            self.runtime.spawn(work).abort_handle()
        };
        self.deliverers().extend((0..DELIVERERS).map(begin));
    }

    /// Updates stay queued from now on; one on its way may still be taken and is then brought again.
    pub fn stop_delivery(&self) {
        self.shared.lock().end_delivery();
        for deliverer in self.deliverers().drain(..) {
            deliverer.abort();
        }
    }

    /// Every attempt with the status of its answer, zero when the connection failed.
    pub fn deliveries(&self) -> Vec<(i64, u16)> {
        self.shared.lock().deliveries.clone()
    }

    fn deliverers(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.deliverers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something holds.
    pub async fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "{}", self.missed(what));
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until something holds, on a thread that may block.
    #[track_caller]
    pub fn wait_until_blocking(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "{}", self.missed(what));
            std::thread::sleep(LOOK);
        }
    }

    /// Why a wait was in vain: the end of the journal.
    fn missed(&self, what: &str) -> String {
        let state = self.shared.lock();
        let mut told = format!("{what}: not within {PATIENCE:?}. {} updates pending.\n", state.pending());
        for (method, params) in &state.calls[state.calls.len().saturating_sub(12)..] {
            told += &format!("called {method} {params}\n");
        }
        for sent in &state.sent[state.sent.len().saturating_sub(12)..] {
            told += &format!("sent {} to {}: {:?} {:?}\n", sent.message_id, sent.chat, sent.text, sent.buttons);
        }
        for (id, status) in &state.deliveries[state.deliveries.len().saturating_sub(12)..] {
            told += &format!("brought {id}: {status}\n");
        }
        told
    }
}

impl Drop for BotApi {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

#[cfg(test)]
#[path = "botapi/tests.rs"]
mod tests;
