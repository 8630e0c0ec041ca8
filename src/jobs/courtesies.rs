//! Calls that nothing depends on, on their way to whoever makes them.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::domain::channel::Courtesy;
use crate::domain::id::ConversationId;

/// How many may wait; further ones are left undone.
const WAITING: usize = 1024;

/// A call that nothing depends on, and the dialogue it is for.
pub type Asked = (Courtesy, Option<ConversationId>);

/// The way from those who notice to the one who calls.
#[derive(Debug)]
pub struct Courtesies {
    sender: mpsc::Sender<Asked>,
    receiver: Mutex<Option<mpsc::Receiver<Asked>>>,
}

impl Default for Courtesies {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }
}

impl Courtesies {
    /// Asks for a call; in a crowd it is left undone.
    pub fn ask(&self, courtesy: Courtesy, conversation: Option<ConversationId>) {
        drop(self.sender.try_send((courtesy, conversation)));
    }

    /// The other end, for the one part of the daemon that makes these calls.
    pub fn take(&self) -> Option<mpsc::Receiver<Asked>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
