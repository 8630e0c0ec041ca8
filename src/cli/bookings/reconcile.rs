//! `flow bookings reconcile`: asks the CRM about bookings whose outcome nobody knows.

use clap::Args;

use super::BOOKING;
use crate::cli::context::{Context, Open, Session, id};
use crate::cli::failure::{Failure, exit};
use crate::domain::booking::{Booking, BookingState};
use crate::domain::id::BookingId;
use crate::domain::job::{NewJob, Pool, Scheduled, Work};
use crate::domain::store::{BookingFilter, Page};
use crate::domain::view;

/// Ask the CRM about bookings whose outcome nobody knows
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings reconcile
  flow bookings reconcile bk_01JX… -o json")]
pub struct ReconcileArgs {
    /// These bookings; all that are open when none is named
    ids: Vec<String>,
}

const OPEN: [BookingState; 3] = [BookingState::Held, BookingState::Committing, BookingState::Unknown];
/// More open bookings than this at once mean that the CRM is away.
const AT_MOST: u32 = 1000;

/// Looks each up, finishes what can be finished, and shows how they stand. Clients are told as always.
pub(super) fn run(args: &ReconcileArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let rows = wanted(session, &args.ids).await?;
        let connection = session.app.config.crm.active.clone();
        let now = session.now();
        let looks: Vec<Scheduled> = rows
            .iter()
            .filter_map(|row| {
                let conversation_id = row.conversation_id.filter(|_| OPEN.contains(&row.state))?;
                Some(Scheduled {
                    key: format!("reconcile:{}:by-hand:{}", row.id, now.as_millisecond()),
                    due_at: now,
                    lane: NewJob::crm_lane(&connection, conversation_id),
                    work: Work::ReconcileBooking { booking_id: row.id, conversation_id, looks: 0 },
                })
            })
            .collect();
        session.app.store.schedule(&looks).await?;
        session.app.store.enter_due(AT_MOST, now).await?;
        // A daemon may be at it too: whoever takes a lane has it.
        let pool = Pool::Class(format!("crm:{connection}"));
        loop {
            let claimed = session.app.runner.claim(&pool, 1).await?;
            let Some(job) = claimed.into_iter().next() else { break };
            session.app.runner.run(job).await;
        }
        let mut list = out.list(&BOOKING)?;
        let mut open = 0;
        for row in &rows {
            let row = session.app.store.booking(row.id).await?.unwrap_or_else(|| row.clone());
            open += usize::from(OPEN.contains(&row.state));
            list.row(view::booking(&row))?;
        }
        list.finish()?;
        if rows.is_empty() {
            out.note("no booking is open: of each it is known whether it stands");
        }
        if open == 0 {
            return Ok(());
        }
        let message = format!("{open} of {} are still open", rows.len());
        Err(Failure::new("unknown_outcome", exit::PARTLY, message)
            .hint("the daemon looks again by itself; `flow crm test` tells whether the CRM answers"))
    })
}

async fn wanted(session: &Session, ids: &[String]) -> Result<Vec<Booking>, Failure> {
    if ids.is_empty() {
        let filter = BookingFilter { state: OPEN.to_vec(), ..BookingFilter::default() };
        let page = Page { limit: AT_MOST, after: None, descending: false };
        return Ok(session.app.store.bookings(&filter, &page).await?);
    }
    let mut rows = Vec::with_capacity(ids.len());
    for text in ids {
        let found = session.app.store.booking(id::<BookingId>(text, "booking")?).await?;
        rows.push(found.ok_or_else(|| {
            Failure::not_found(format!("there is no booking `{text}`")).hint("`flow bookings list` shows them")
        })?);
    }
    Ok(rows)
}
