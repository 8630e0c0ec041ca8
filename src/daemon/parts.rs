//! The parts of the daemon: each has a name, hears one stop and is waited for.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Running parts. One that ends by itself ends them all, and is named.
pub struct Parts {
    stop: CancellationToken,
    tasks: JoinSet<(&'static str, Result<(), String>)>,
}

impl Parts {
    /// No parts yet; `stop` ends them.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, tasks: JoinSet::new() }
    }

    /// Starts a part. It must end soon after the stop.
    pub fn add<F>(&mut self, name: &'static str, part: F)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.tasks.spawn(async move { (name, part.await) });
    }

    /// Waits for the stop or for the first part that ends, then for the rest, at most `patience`.
    ///
    /// # Errors
    /// Names the part that failed, ended by itself or did not end in time.
    pub async fn finish(mut self, patience: Duration) -> Result<(), String> {
        let mut result = Ok(());
        // The stop first: a part that ended because of it did not end by itself.
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            Some(ended) = self.tasks.join_next() => result = verdict(ended, self.stop.is_cancelled()),
        }
        self.stop.cancel();
        let rest = async {
            while let Some(ended) = self.tasks.join_next().await {
                let told = verdict(ended, true);
                result = std::mem::replace(&mut result, Ok(())).and(told);
            }
        };
        if tokio::time::timeout(patience, rest).await.is_err() {
            self.tasks.abort_all();
            return result.and(Err(format!("a part did not stop within {} s", patience.as_secs())));
        }
        result
    }
}

type Ended = Result<(&'static str, Result<(), String>), tokio::task::JoinError>;

fn verdict(ended: Ended, stopping: bool) -> Result<(), String> {
    match ended {
        Ok((_, Ok(()))) if stopping => Ok(()),
        Ok((name, Ok(()))) => Err(format!("the {name} ended by itself")),
        Ok((name, Err(error))) => Err(format!("the {name} failed: {error}")),
        Err(error) => Err(format!("a part panicked: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_by_itself_ends_the_daemon_and_is_named() {
        let stop = CancellationToken::new();
        let mut parts = Parts::new(stop.clone());
        let waiting = stop.clone();
        parts.add("patient", async move {
            waiting.cancelled().await;
            Ok(())
        });
        parts.add("hasty", async { Ok(()) });
        assert_eq!(parts.finish(Duration::from_secs(5)).await, Err("the hasty ended by itself".to_owned()));
        assert!(stop.is_cancelled());
    }

    #[tokio::test]
    async fn a_part_that_ends_with_the_stop_ended_well() {
        for _ in 0..100 {
            let stop = CancellationToken::new();
            let mut parts = Parts::new(stop.clone());
            parts.add("obedient", async { Ok(()) });
            stop.cancel();
            tokio::task::yield_now().await;
            assert_eq!(parts.finish(Duration::from_secs(5)).await, Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_does_not_hear_the_stop_is_left_behind() {
        let stop = CancellationToken::new();
        let mut parts = Parts::new(stop.clone());
        parts.add("deaf", std::future::pending());
        stop.cancel();
        let told = parts.finish(Duration::from_secs(2)).await;
        assert_eq!(told, Err("a part did not stop within 2 s".to_owned()));
    }
}
