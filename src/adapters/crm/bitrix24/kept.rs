//! What is asked seldom and kept for a while: services, staff, what the account can do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Dictionaries change seldom.
pub const LONG: Duration = Duration::from_secs(15 * 60);

/// A value with its age.
pub struct Kept<T> {
    value: Mutex<Option<(Instant, Arc<T>)>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: Mutex::new(None) }
    }
}

impl<T> Kept<T> {
    /// What is not older than that.
    pub fn fresh(&self, age: Duration) -> Option<Arc<T>> {
        self.lock().as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, value)| Arc::clone(value))
    }

    /// Whatever is there.
    pub fn any(&self) -> Option<Arc<T>> {
        self.lock().as_ref().map(|(_, value)| Arc::clone(value))
    }

    /// Keeps a value from now on.
    pub fn keep(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.lock() = Some((Instant::now(), Arc::clone(&value)));
        value
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Arc<T>)>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
