//! `flow jobs stats`.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::cli::times::Here;
use crate::domain::job::ClassStats;
use crate::domain::outbox::OutboxStats;
use crate::domain::store::QueueStats;
use crate::domain::view::rfc3339;

static STATS: Shape = Shape {
    members: &[
        "pending",
        "dead",
        "oldest",
        "classes",
        "outbox.queued",
        "outbox.sending",
        "outbox.unknown",
        "outbox.failed",
        "outbox.oldest",
    ],
    columns: &[("waiting", "pending"), ("given up", "dead"), ("oldest", "oldest")],
    times: &["oldest", "outbox.oldest"],
};

/// Shows how the queue and the outbox stand, on one screen.
pub(super) fn run(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&STATS)?;
    cx.session(Open::Existing, async |session, out| {
        let store = &session.app.store;
        let queue = store.queue_stats().await?;
        let classes = store.class_stats().await?;
        let outbox = store.outbox_stats().await?;
        let stats = json!({
            "pending": queue.pending, "dead": queue.dead, "oldest": queue.oldest.map(rfc3339), "classes": classes,
            "outbox": {
                "queued": outbox.queued, "sending": outbox.sending, "unknown": outbox.unknown,
                "failed": outbox.failed,
                "oldest": outbox.oldest.map(rfc3339),
            },
        });
        let text = screen(&queue, &classes, &outbox, &session.here());
        out.told(&STATS, &stats, &text)
    })
}

fn screen(queue: &QueueStats, classes: &[ClassStats], outbox: &OutboxStats, here: &Here) -> String {
    let since =
        |at: Option<Timestamp>| at.map(|at| format!(", the oldest since {}", here.show(at))).unwrap_or_default();
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing into a `String` cannot fail.
        let _ = writeln!(text, "{name:<14} {value}");
    };
    line("queue", format!("{} waiting, {} given up{}", queue.pending, queue.dead, since(queue.oldest)));
    for class in classes {
        let ClassStats { class, lanes, pending, running } = class;
        line(&format!("  {class}"), format!("{pending} waiting in {lanes} lanes, {running} being worked on"));
    }
    let OutboxStats { queued, sending, unknown, failed, oldest } = outbox;
    let oldest = since(*oldest);
    line("outbox", format!("{queued} waiting, {sending} under way, {unknown} in doubt, {failed} refused{oldest}"));
    text
}
