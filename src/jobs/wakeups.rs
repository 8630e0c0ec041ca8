//! Tells those who wait in this process that there is something to look at. Only a hint: whoever waits
//! also looks by itself now and then, because another process may have written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use crate::domain::id::ConversationId;

/// Who waits for what.
#[derive(Debug, Default)]
pub struct Wakeups {
    workers: Mutex<Vec<Weak<Notify>>>,
    /// Who tells other daemons.
    tellers: Mutex<Vec<Weak<Notify>>>,
    conversations: Mutex<HashMap<ConversationId, Weak<Notify>>>,
}

/// Forgotten listeners are swept when there are this many entries.
const SWEEP_AT: usize = 1024;

impl Wakeups {
    /// There is work for the workers, here and elsewhere.
    pub fn work(&self) {
        self.heard();
        let tellers = self.tellers.lock().unwrap_or_else(PoisonError::into_inner);
        for teller in tellers.iter().filter_map(Weak::upgrade) {
            teller.notify_one();
        }
    }

    /// What is notified when there is work for other daemons.
    #[must_use]
    pub fn teller(&self) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        self.tellers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&notify));
        notify
    }

    /// There is work that somebody else has told of.
    pub fn heard(&self) {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        for worker in workers.iter().filter_map(Weak::upgrade) {
            worker.notify_one();
        }
    }

    /// What is notified whenever there is work; a word that comes before the wait is kept.
    #[must_use]
    pub fn worker(&self) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&notify));
        notify
    }

    /// Something was written to that conversation.
    pub fn conversation(&self, id: ConversationId) {
        let listeners = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = listeners.get(&id).and_then(Weak::upgrade) {
            notify.notify_waiters();
        }
    }

    /// What is notified whenever something is written to that conversation. Take `notified()` of it and
    /// enable it before looking, so that nothing between the look and the wait is missed.
    #[must_use]
    pub fn listen(&self, id: ConversationId) -> Arc<Notify> {
        let mut listeners = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = listeners.get(&id).and_then(Weak::upgrade) {
            return notify;
        }
        if listeners.len() >= SWEEP_AT {
            listeners.retain(|_, weak| weak.strong_count() > 0);
        }
        let notify = Arc::new(Notify::new());
        listeners.insert(id, Arc::downgrade(&notify));
        notify
    }
}
