//! What the server remembers: updates on their way, messages, faults to come and the journal.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::Notify;

use super::faults::{Chance, Fault, Rule};

/// The first `date` that the server tells.
const DAWN: i64 = 1_780_000_000;
/// That many messages may go to one chat at once before its limit holds.
const BURST: f64 = 3.0;

/// A message that the bot sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub message_id: i64,
    pub chat: i64,
    /// As the client sees it, without markup.
    pub text: String,
    /// Titles and data; a link for its data, nothing for a button of the reply keyboard.
    pub buttons: Vec<(String, String)>,
    pub at: Instant,
}

/// An update as it travels.
pub(super) struct Update {
    pub(super) chat: i64,
    pub(super) json: String,
}

/// The number of an update and, for those queued again, which copy it is.
pub(super) type Key = (i64, u32);

struct Queued {
    update: Arc<Update>,
    /// A copy that nobody was given yet: an offset does not remove it.
    is_new_copy: bool,
}

/// What setWebhook told.
#[derive(Default)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) max_connections: i64,
    pub(super) secret: String,
}

/// The state with what wakes those who wait for a change.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes long polls.
    pub(super) news: Notify,
    /// Wakes one deliverer.
    pub(super) work: Notify,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::new()), news: Notify::new(), work: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues updates in this order and answers their numbers.
    pub(super) fn push(&self, updates: &[Value]) -> Vec<i64> {
        let mut state = self.lock();
        let ids = updates.iter().map(|update| state.push(update)).collect();
        self.wake(&state);
        ids
    }

    /// Queues an update once more.
    pub(super) fn redeliver(&self, id: i64) {
        let mut state = self.lock();
        let update = state.archive.get(&id).cloned();
        let update = update.unwrap_or_else(|| panic!("update {id} was not pushed while the journal was on"));
        state.copies += 1;
        let key = (id, state.copies);
        state.enqueue(key, update, true);
        self.wake(&state);
    }

    fn wake(&self, state: &State) {
        self.news.notify_waiters();
        for _ in 0..state.ready.len().min(super::DELIVERERS) {
            self.work.notify_one();
        }
    }
}

/// All that the server knows.
pub(super) struct State {
    next_update: i64,
    copies: u32,
    queue: BTreeMap<Key, Queued>,
    archive: HashMap<i64, Arc<Update>>,

    ticks: i64,
    message_ids: HashMap<i64, i64>,
    /// The bot's messages: text and keyboard.
    pub(super) shown: HashMap<(i64, i64), (String, Value)>,
    /// Presses that may be answered.
    pub(super) presses: HashSet<String>,

    pub(super) is_journal_on: bool,
    pub(super) sent: Vec<Sent>,
    pub(super) sent_count: u64,
    pub(super) calls: Vec<(&'static str, Value)>,
    pub(super) counts: HashMap<&'static str, usize>,
    pub(super) deliveries: Vec<(i64, u16)>,

    pub(super) rules: Vec<Rule>,
    pub(super) chance: Option<Chance>,
    pub(super) limit: Option<f64>,
    buckets: HashMap<i64, (f64, Instant)>,
    pub(super) limited: usize,

    pub(super) webhook: Webhook,
    pub(super) allowed_updates: Value,
    /// The latest getUpdates; earlier ones end.
    pub(super) poll: u64,

    /// The delivery that is on; a number of its own each.
    delivery: Option<u64>,
    deliveries_begun: u64,
    /// What a delivery still has to bring to each chat; the first may be on its way.
    lanes: HashMap<i64, VecDeque<Key>>,
    /// Chats with something to bring and nothing on its way.
    ready: VecDeque<i64>,
}

impl State {
    fn new() -> Self {
        Self {
            next_update: 1000,
            copies: 0,
            queue: BTreeMap::new(),
            archive: HashMap::new(),
            ticks: 0,
            message_ids: HashMap::new(),
            shown: HashMap::new(),
            presses: HashSet::new(),
            is_journal_on: true,
            sent: Vec::new(),
            sent_count: 0,
            calls: Vec::new(),
            counts: HashMap::new(),
            deliveries: Vec::new(),
            rules: Vec::new(),
            chance: None,
            limit: None,
            buckets: HashMap::new(),
            limited: 0,
            webhook: Webhook::default(),
            allowed_updates: Value::Null,
            poll: 0,
            delivery: None,
            deliveries_begun: 0,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
        }
    }

    /// The date of the next thing that happens.
    pub(super) fn tick(&mut self) -> i64 {
        self.ticks += 1;
        DAWN + self.ticks
    }

    /// The number of the next message in a chat, whoever writes it.
    pub(super) fn next_message(&mut self, chat: i64) -> i64 {
        let id = self.message_ids.entry(chat).or_default();
        *id += 1;
        *id
    }

    fn push(&mut self, update: &Value) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        let json = update.to_string();
        let members = json.strip_prefix('{').filter(|members| members.len() > 1);
        let members = members.unwrap_or_else(|| panic!("an update is an object of one kind: {json}"));
        let json = format!("{{\"update_id\":{id},{members}");
        let update = Arc::new(Update { chat: chat_of_update(update), json });
        if self.is_journal_on {
            self.archive.insert(id, Arc::clone(&update));
        }
        self.enqueue((id, 0), update, false);
        id
    }

    fn enqueue(&mut self, key: Key, update: Arc<Update>, is_new_copy: bool) {
        let chat = update.chat;
        self.queue.insert(key, Queued { update, is_new_copy });
        if self.delivery.is_some() {
            self.plan(chat, key);
        }
    }

    /// Updates that nobody confirmed.
    pub(super) fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Forgets all updates on their way.
    pub(super) fn drop_pending(&mut self) {
        self.queue.clear();
    }

    /// Forgets the updates below an offset; a negative one leaves that many at the end.
    pub(super) fn confirm(&mut self, offset: i64) {
        let offset = if offset < 0 {
            let kept = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            self.queue.keys().rev().nth(kept).map_or(0, |last| last.0 + 1)
        } else {
            offset
        };
        let below = self.queue.range(..(offset, 0)).filter(|(_, queued)| !queued.is_new_copy);
        let below: Vec<Key> = below.map(|(key, _)| *key).collect();
        for key in below {
            self.queue.remove(&key);
        }
    }

    /// Writes the first updates as a result; answers whether there was any.
    pub(super) fn hand_out(&mut self, limit: usize, body: &mut Vec<u8>) -> bool {
        body.extend_from_slice(br#"{"ok":true,"result":["#);
        for (at, queued) in self.queue.values_mut().take(limit).enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend_from_slice(queued.update.json.as_bytes());
            queued.is_new_copy = false;
        }
        body.extend_from_slice(b"]}");
        !self.queue.is_empty()
    }

    /// Notes a call and answers the fault that waited for it.
    pub(super) fn receive(&mut self, method: &'static str, params: &Value) -> Option<Fault> {
        *self.counts.entry(method).or_default() += 1;
        if self.is_journal_on {
            self.calls.push((method, params.clone()));
        }
        let chat = chat_of(params);
        let is_meant = |rule: &Rule| rule.chat.is_none() || rule.chat == chat;
        let found = self.rules.iter().position(|rule| rule.method.eq_ignore_ascii_case(method) && is_meant(rule));
        if let Some(at) = found {
            let rule = &mut self.rules[at];
            let fault = rule.fault.clone();
            rule.times -= 1;
            if rule.times == 0 {
                self.rules.remove(at);
            }
            return Some(fault);
        }
        self.chance.as_mut().filter(|_| method == "sendMessage")?.draw()
    }

    /// Nothing goes wrong any more.
    pub(super) fn clear_faults(&mut self) {
        self.rules.clear();
        self.chance = None;
    }

    /// Takes one message out of what a chat may get now; answers whether that is too much.
    pub(super) fn is_over_limit(&mut self, chat: i64) -> bool {
        let Some(rate) = self.limit else { return false };
        let now = Instant::now();
        let (left, at) = self.buckets.entry(chat).or_insert((BURST, now));
        *left = (*left + now.duration_since(*at).as_secs_f64() * rate).min(BURST);
        *at = now;
        if *left < 1.0 {
            self.limited += 1;
            return true;
        }
        *left -= 1.0;
        false
    }

    /// Begins a delivery of all that is queued and answers its number.
    pub(super) fn begin_delivery(&mut self) -> u64 {
        self.end_delivery();
        self.deliveries_begun += 1;
        self.delivery = Some(self.deliveries_begun);
        let keys: Vec<(i64, Key)> = self.queue.iter().map(|(key, queued)| (queued.update.chat, *key)).collect();
        for (chat, key) in keys {
            self.plan(chat, key);
        }
        self.deliveries_begun
    }

    /// What was not acknowledged stays queued.
    pub(super) fn end_delivery(&mut self) {
        self.delivery = None;
        self.lanes.clear();
        self.ready.clear();
    }

    fn plan(&mut self, chat: i64, key: Key) {
        let lane = self.lanes.entry(chat).or_default();
        lane.push_back(key);
        if lane.len() == 1 {
            self.ready.push_back(chat);
        }
    }

    /// Whether this delivery is the one that is on.
    pub(super) fn is_delivering(&self, delivery: u64) -> bool {
        self.delivery == Some(delivery)
    }

    /// The next update to bring.
    pub(super) fn next_delivery(&mut self) -> Option<(Key, Arc<Update>)> {
        while let Some(chat) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&chat) else { continue };
            while let Some(key) = lane.front() {
                if let Some(queued) = self.queue.get(key) {
                    return Some((*key, Arc::clone(&queued.update)));
                }
                lane.pop_front();
            }
            self.lanes.remove(&chat);
        }
        None
    }

    /// An update was taken: its chat may have the next one.
    pub(super) fn delivered(&mut self, delivery: u64, chat: i64, key: Key) {
        self.queue.remove(&key);
        if !self.is_delivering(delivery) {
            return;
        }
        let Some(lane) = self.lanes.get_mut(&chat) else { return };
        lane.pop_front();
        if lane.is_empty() {
            self.lanes.remove(&chat);
        } else {
            self.ready.push_back(chat);
        }
    }
}

/// The chat that a call is about.
pub(super) fn chat_of(params: &Value) -> Option<i64> {
    let chat = &params["chat_id"];
    chat.as_i64().or_else(|| chat.as_str()?.parse().ok())
}

/// The chat of an update, or zero.
fn chat_of_update(update: &Value) -> i64 {
    let held = update.as_object().into_iter().flatten();
    let mut chats = held.map(|(_, kind)| if kind["message"].is_object() { &kind["message"] } else { kind });
    chats.find_map(|kind| kind["chat"]["id"].as_i64()).unwrap_or_default()
}

/// Groups have negative ids.
pub(super) fn is_private(chat: i64) -> bool {
    chat > 0
}
