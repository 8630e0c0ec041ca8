//! `flow status`.

use std::fmt::Write as _;

use clap::Args;
use jiff::ToSpan;
use serde_json::json;

use super::context::{Context, Open, Session};
use super::failure::Failure;
use super::health::{self, Answer};
use super::output::Shape;
use crate::domain::outbox::OutboxStats;
use crate::domain::store::{Counts, QueueStats};
use crate::domain::view::rfc3339;

/// Show how things stand
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow status
  flow status -o json")]
pub struct StatusArgs {}

static STATUS: Shape = Shape {
    members: &[
        "company",
        "timezone",
        "store",
        "crm",
        "counts.conversations",
        "counts.messages",
        "counts.leads",
        "counts.bookings",
        "counts.services",
        "counts.employees",
        "counts.knowledge",
        "counts.tokens",
        "bookings_today",
        "queue.pending",
        "queue.dead",
        "queue.oldest",
        "outbox.queued",
        "outbox.sending",
        "outbox.unknown",
        "outbox.failed",
        "daemon.listen",
        "daemon.asked",
        "daemon.state",
    ],
    columns: &[("company", "company")],
    times: &["queue.oldest"],
};

/// Shows it on one screen.
pub fn run(_args: StatusArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let store = &session.app.store;
        let counts = store.counts().await?;
        let queue = store.queue_stats().await?;
        let outbox = store.outbox_stats().await?;
        let today = bookings_today(session).await?;
        let listen = session.app.config.http.listen;
        let asked = health::reachable(listen);
        let daemon = health::ask(asked);
        let company = session.profile.as_ref().map(|profile| profile.company.name.clone());
        let status = json!({
            "company": company, "timezone": session.tz.iana_name(),
            "store": session.app.config.store.url.to_string(), "crm": session.app.config.crm.active,
            "counts": counts, "bookings_today": today,
            "queue": {"pending": queue.pending, "dead": queue.dead, "oldest": queue.oldest.map(rfc3339)},
            "outbox": {"queued": outbox.queued, "sending": outbox.sending, "unknown": outbox.unknown, "failed": outbox.failed},
            "daemon": {"listen": listen.to_string(), "asked": asked.to_string(), "state": daemon},
        });
        let text = screen(session, company.as_deref(), &counts, today, (&queue, &outbox), daemon);
        out.told(&STATUS, &status, &text)
    })
}

async fn bookings_today(session: &Session) -> Result<u64, Failure> {
    let here = session.here();
    let today = here.today();
    let tomorrow = today.saturating_add(1.day());
    Ok(session.app.store.bookings_on(here.midnight(today), here.midnight(tomorrow)).await?)
}

fn screen(
    session: &Session,
    company: Option<&str>,
    counts: &Counts,
    today: u64,
    (queue, outbox): (&QueueStats, &OutboxStats),
    daemon: Answer,
) -> String {
    let config = &session.app.config;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing into a `String` cannot fail.
        let _ = writeln!(text, "{name:<14} {value}");
    };
    line("company", company.unwrap_or("none yet: load a profile with `flow seed`").to_owned());
    line("services", format!("{}, staff {}, knowledge {}", counts.services, counts.employees, counts.knowledge));
    line("conversations", format!("{}, messages {}", counts.conversations, counts.messages));
    line("leads", counts.leads.to_string());
    line("bookings", format!("{}, today {today}", counts.bookings));
    let oldest = queue.oldest.map(|at| format!(", the oldest since {}", session.here().show(at))).unwrap_or_default();
    line("queue", format!("{} waiting, {} given up{oldest}", queue.pending, queue.dead));
    let doubtful = if outbox.unknown > 0 { format!(", {} perhaps not arrived", outbox.unknown) } else { String::new() };
    let refused = if outbox.failed > 0 { format!(", {} refused", outbox.failed) } else { String::new() };
    line("outbox", format!("{} on their way{doubtful}{refused}", outbox.queued + outbox.sending));
    line("crm", config.crm.active.clone());
    line("store", config.store.url.to_string());
    let asked = health::reachable(config.http.listen);
    let daemon = match daemon {
        Answer::Up => format!("one answers at http://{asked}; it may serve another store"),
        Answer::Down => format!("nobody answers at {asked}; start it with `flow serve`"),
        Answer::Other => format!("something else answers at {asked}"),
    };
    line("daemon", daemon);
    text
}
