//! The ledger follows what a CRM's own people do with the visits that flow booked: by what the CRM tells, and by a look
//! every few minutes, because what it tells may be lost.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::crm::lost;
use crate::domain::booking::{Booking, BookingState, CANCELLING, REQUESTED};
use crate::domain::clock::Clock;
use crate::domain::crm::{Appointment, AppointmentStatus, Crm};
use crate::domain::fault::Fault;
use crate::domain::id::BookingId;
use crate::domain::job::{NewJob, Scheduled, Work};
use crate::domain::store::{BookingFilter, BookingMove, BookingUpdate, Page, Store, StoreError};

/// Visits that ended are followed so long: whether the client came is often noted the day after.
const BEHIND: SignedDuration = SignedDuration::from_hours(24);
/// Visits are followed so far ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Visits followed in one step.
const AT_ONCE: u32 = 2000;
/// A visit that flow touched just now may not be seen yet by whoever asks: that it is missing proves nothing.
const UNSEEN: SignedDuration = SignedDuration::from_mins(3);

/// The next look at what became of the visits, as one job whoever writes it.
#[must_use]
pub fn next_follow(crm: &dyn Crm, now: Timestamp) -> Scheduled {
    let connection = crm.connection();
    let every = i64::try_from(crm.follows_every().as_secs()).unwrap_or(i64::MAX).max(60);
    let slot = now.as_second().div_euclid(every);
    Scheduled {
        key: format!("follow:{connection}:{slot}"),
        due_at: now,
        lane: format!("crm:{connection}:sync"),
        work: Work::FollowCrm { connection: connection.to_owned() },
    }
}

/// Asks what became of the visits that flow booked and that are not over. A CRM that does not answer is asked at the
/// next look: nothing is lost by waiting.
///
/// # Errors
/// What the store says.
pub async fn follow_all(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm) -> Result<usize, Fault> {
    let name = crm.connection();
    let now = clock.now();
    let known = standing(store, name, now).await.map_err(lost(name, "follow"))?;
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Ok(0) };
    if let Err(fault) = crm.detect().await {
        tracing::warn!(connection = name, %fault, "what became of the visits will be asked later");
        return Ok(0);
    }
    let Some(calendar) = crm.calendar() else { return Ok(0) };
    // Whatever the CRM's zone is, it lies within these days.
    let day = |at: Timestamp, by: i64| (at + SignedDuration::from_hours(by)).to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = (day(first.start, -24), day(last.start, 24));
    let ids: Vec<String> = known.iter().filter_map(|row| row.external_id.clone()).collect();
    let seen = match calendar.look_over(&ids, days).await {
        Ok(seen) => seen,
        Err(fault) => {
            tracing::warn!(connection = name, %fault, "what became of the visits will be asked later");
            return Ok(0);
        }
    };
    // What flow itself changed while the CRM was asked is newer than the answer.
    let present = standing(store, name, now).await.map_err(lost(name, "follow"))?;
    let present: HashMap<BookingId, Booking> = present.into_iter().map(|row| (row.id, row)).collect();
    let mut changed = 0;
    for (row, seen) in known.iter().zip(seen) {
        match present.get(&row.id) {
            Some(now_known) if now_known.version == row.version => {
                changed += usize::from(settle(store, row, seen, clock.now()).await.map_err(lost(name, "follow"))?);
            }
            _ => {}
        }
    }
    if changed > 0 {
        tracing::info!(connection = name, visits = known.len(), changed, "visits were changed in the CRM");
    }
    Ok(changed)
}

/// Visits that stand, in order of time.
async fn standing(store: &dyn Store, name: &str, now: Timestamp) -> Result<Vec<Booking>, StoreError> {
    let filter = BookingFilter {
        connection: Some(name.to_owned()),
        state: vec![BookingState::Booked],
        from: now.checked_sub(BEHIND).ok(),
        to: now.checked_add(AHEAD).ok(),
        ..BookingFilter::default()
    };
    let page = Page { limit: AT_ONCE, after: None, descending: false };
    let mut rows = store.bookings(&filter, &page).await?;
    rows.retain(|row| row.external_id.is_some());
    rows.sort_by_key(|row| row.start);
    Ok(rows)
}

/// The ledger follows an appointment that changed in the CRM.
pub(super) async fn follow(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm, id: &str) -> Result<(), Fault> {
    let name = crm.connection();
    let filter = BookingFilter {
        connection: Some(name.to_owned()),
        external_id: Some(id.to_owned()),
        ..BookingFilter::default()
    };
    let page = Page { limit: 1, after: None, descending: true };
    let rows = store.bookings(&filter, &page).await.map_err(lost(name, "hook"))?;
    let Some(row) = rows.into_iter().next() else { return Ok(()) };
    let Some(calendar) = crm.calendar() else { return Ok(()) };
    let seen = calendar.appointment(id).await?;
    settle(store, &row, seen, clock.now()).await.map_err(lost(name, "hook")).map(drop)
}

/// Writes down what was seen of a visit; whether anything was new.
async fn settle(
    store: &dyn Store,
    row: &Booking,
    seen: Option<Appointment>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut external_id = None;
    let mut is_moved = false;
    let state = match seen {
        None if now.duration_since(row.updated_at) < UNSEEN => return Ok(false),
        None => BookingState::Cancelled,
        Some(seen) => {
            is_moved = moved(store, row, &seen, now).await?;
            // What was a request is an appointment with an id of its own now.
            external_id = Some(seen.id.clone()).filter(|seen| row.external_id.as_ref() != Some(seen));
            match seen.status {
                AppointmentStatus::Cancelled => BookingState::Cancelled,
                AppointmentStatus::Done => BookingState::Done,
                AppointmentStatus::NoShow => BookingState::NoShow,
                AppointmentStatus::Booked => BookingState::Booked,
                AppointmentStatus::Requested => return Ok(is_moved),
            }
        }
    };
    if row.state == state && row.error.is_none() && external_id.is_none() {
        return Ok(is_moved);
    }
    let told = BookingUpdate { id: row.id, state, external_id, error: None };
    match store.update_booking(&told, now).await {
        Ok(now_known) => {
            tell_decision(store, row, &now_known, now).await?;
            Ok(true)
        }
        Err(StoreError::SlotTaken) => {
            tracing::warn!(booking = %row.id, "the CRM has a visit where the ledger has another");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Who waits for the vendor's staff is told what they decided.
async fn tell_decision(store: &dyn Store, row: &Booking, known: &Booking, now: Timestamp) -> Result<(), StoreError> {
    let waits_for = row.error.as_deref().filter(|error| [REQUESTED, CANCELLING].contains(error));
    let has_waited = row.state == BookingState::Booked && waits_for.is_some();
    let is_decided = matches!(known.state, BookingState::Booked | BookingState::Cancelled) && known.error.is_none();
    let Some(conversation_id) = row.conversation_id.filter(|_| has_waited && is_decided) else { return Ok(()) };
    let told = Scheduled {
        key: format!("decided:{}:{}", row.id, known.version),
        due_at: now,
        lane: NewJob::conversation_lane(conversation_id),
        work: Work::TellDecision { booking_id: row.id, conversation_id, cancelling: waits_for == Some(CANCELLING) },
    };
    store.schedule(&[told]).await.map(drop)
}

async fn moved(store: &dyn Store, row: &Booking, seen: &Appointment, now: Timestamp) -> Result<bool, StoreError> {
    let (start, end) = (seen.start.timestamp(), seen.end.timestamp());
    let employee_id = seen.employee_id.clone().or_else(|| row.employee_id.clone());
    if !row.state.is_live() || (row.start == start && row.employee_id == employee_id) {
        return Ok(false);
    }
    let change = BookingMove {
        id: row.id,
        key: format!("seen:{}:{}", row.id, row.version),
        start,
        end,
        employee_name: (employee_id == row.employee_id).then(|| row.employee_name.clone()).flatten(),
        employee_id,
    };
    match store.move_booking(&change, now).await {
        Ok(_) => Ok(true),
        Err(StoreError::SlotTaken) => {
            tracing::warn!(booking = %row.id, "a visit was moved in the CRM to where the ledger has another");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
