//! Copies of what dialogues remember: there at once, or not at all.

use std::time::Duration;

use async_trait::async_trait;
use redis::{AsyncCommands, RedisError};

use super::{PATIENCE, Redis, told};
use crate::domain::sharing::SessionCopies;

/// What takes longer has not saved anything.
const AT_ONCE: Duration = Duration::from_millis(10);
/// Bytes of a copy at most; what is longer is none of ours.
const LARGEST: usize = 64 * 1024;

impl Redis {
    /// Runs a call that may fail for nothing: then there are no copies for a while.
    async fn at_once<T>(&self, call: impl Future<Output = Result<T, RedisError>>) -> Option<T> {
        let answer = tokio::time::timeout(AT_ONCE, call).await;
        // One key may hold anything; that says nothing of the others.
        let is_well = answer.as_ref().is_ok_and(|answer| match answer {
            Ok(_) => true,
            Err(error) => error.code() == Some("WRONGTYPE"),
        });
        self.copies_rest_until.after(!is_well);
        answer.ok()?.ok()
    }

    fn gives_no_copies(&self) -> bool {
        self.rests_until.is_on() || self.copies_rest_until.is_on()
    }
}

#[async_trait]
impl SessionCopies for Redis {
    async fn copy(&self, key: &str) -> Option<String> {
        if self.gives_no_copies() {
            return None;
        }
        let mut connection = self.connection().ok()?;
        let last = isize::try_from(LARGEST).unwrap_or(isize::MAX);
        let found: Vec<u8> = self.at_once(connection.getrange(key, 0, last)).await?;
        if found.is_empty() || found.len() > LARGEST { None } else { String::from_utf8(found).ok() }
    }

    async fn keep(&self, key: &str, copy: &str, life: Duration) {
        if self.gives_no_copies() || copy.len() > LARGEST {
            return;
        }
        let Ok(mut connection) = self.connection() else { return };
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
        self.at_once(connection.pset_ex::<_, _, ()>(key, copy, life)).await;
    }

    async fn forget(&self, keys: &[String]) -> Result<(), String> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection()?;
        // Although it may have failed a moment ago: what is asked here is worth a wait.
        let gone = tokio::time::timeout(PATIENCE * 2, connection.del::<_, ()>(keys)).await;
        gone.map_err(|_| "no answer in time".to_owned())?.map_err(told)
    }
}
