//! Work that waits, work that was given up, and messages in doubt.

use jiff::SignedDuration;

use super::Looks;
use crate::app::App;
use crate::cli::failure::Failure;

/// Work that waits longer is not being done.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// Looks at the queue.
pub(super) async fn look(app: &App, looks: &mut Looks) -> Result<(), Failure> {
    let queue = app.store.queue_stats().await?;
    let oldest = queue.oldest.map(|at| app.now().duration_since(at)).filter(|_| queue.pending > 0);
    let age = oldest.map(|age| format!(", the oldest for {}", length(age))).unwrap_or_default();
    let waiting = format!("{} jobs wait{age}", queue.pending);
    if queue.dead > 0 {
        let hint = "`flow jobs list --state dead` shows them; `flow jobs retry ID` gives one another chance";
        looks.warn("queue", format!("{} jobs were given up; {waiting}", queue.dead), hint);
    } else if oldest.is_some_and(|age| age > STALE) {
        looks.warn("queue", waiting, "start the daemon with `flow serve`");
    } else {
        looks.ok("queue", waiting);
    }
    outbox(app, looks).await
}

/// What is in doubt and what was refused stays until a person has decided.
async fn outbox(app: &App, looks: &mut Looks) -> Result<(), Failure> {
    let stats = app.store.outbox_stats().await?;
    if stats.unknown > 0 {
        let hint = "`flow jobs list --state dead` shows them; look into the chats, then `flow jobs retry` or `cancel`";
        looks.warn("outbox", format!("of {} messages nobody knows whether they went out", stats.unknown), hint);
    }
    if stats.failed > 0 {
        let hint = "`flow jobs list --state dead` says why; answer with `flow inbox reply`, then `flow jobs cancel`";
        looks.warn("outbox", format!("the channel refused {} messages", stats.failed), hint);
    }
    if stats.unknown + stats.failed == 0 {
        looks.ok("outbox", format!("{} messages wait, {} under way", stats.queued, stats.sending));
    }
    Ok(())
}

/// A length of time in its largest unit.
fn length(time: SignedDuration) -> String {
    match time.as_secs().max(0) {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 2 * 3600 => format!("{} min", seconds / 60),
        seconds if seconds < 48 * 3600 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / (24 * 3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, told) in [(-3, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")] {
            assert_eq!(length(SignedDuration::from_secs(seconds)), told);
        }
    }
}
