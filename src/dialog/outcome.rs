//! The CRM's answer to what a client agreed to. «Вы записаны» is stored in the transaction that stores
//! the CRM's id of the appointment. What nobody knows is looked up before it is written again.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Known, from_ledger};
use super::flow::{self, Outcome};
use super::{Desk, TurnError, spoken};
use crate::domain::booking::{Booking, BookingState, REQUESTED};
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, Calendar, MoveRequest, Origin};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::id::{BookingId, ConversationId};
use crate::domain::job::{Claimed, NewJob, Scheduled, Work};
use crate::domain::store::{BookingUpdate, Effects, StoreError};

/// The first wait before a CRM that failed is asked again; each next one doubles, up to the longest.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_LOOK: SignedDuration = SignedDuration::from_mins(5);
/// A person is told when a booking has waited for so long.
const ESCALATE_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// A booking is not looked for any longer than this often: more than a day.
const LOOKS: u32 = 300;
/// A move or a cancel is handed to a person after so many tries: about a quarter of an hour.
const TRIES: u32 = 8;

/// What the CRM said, for the ledger, for the client and for what happens next.
#[derive(Default)]
struct Verdict {
    outcome: Option<Outcome>,
    booking: Option<BookingUpdate>,
    scheduled: Vec<Scheduled>,
    given_up: Option<String>,
}

impl Verdict {
    fn told(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }
}

/// How often the CRM was asked about this before, and whether the client has heard of the delay.
fn wait_after(looks: u32, fault: &Fault) -> SignedDuration {
    let wait = (FIRST_LOOK * (1_i32 << looks.min(10))).min(LONGEST_LOOK);
    // What a person of the company must mend is not asked for every few seconds.
    let wait = if fault.is_for_the_company() { LONGEST_LOOK } else { wait };
    fault.retry_after.and_then(|asked| SignedDuration::try_from(asked).ok()).map_or(wait, |asked| asked.max(wait))
}

/// Why a booking waits, in the ledger's word.
fn why(fault: &Fault) -> &'static str {
    if fault.is_for_the_company() { fault.kind.as_str() } else { "crm_unavailable" }
}

/// A look that is refused leaves it as open as before.
async fn look(calendar: &dyn Calendar, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
    calendar.find_booked(request).await.map_err(|fault| match fault.retry() {
        Retry::Never => Fault { kind: FaultKind::UnknownOutcome, ..fault },
        _ => fault,
    })
}

impl Desk {
    /// Asks the CRM to book a held row and tells the client what came of it. `looks` is how often it was
    /// asked before; the client knows of the delay then.
    ///
    /// # Errors
    /// When the store fails; nothing was told then.
    pub async fn commit_booking(
        &self,
        booking_id: BookingId,
        conversation_id: ConversationId,
        looks: Option<u32>,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let row = self.store.booking(booking_id).await?.ok_or(StoreError::NotFound("booking"))?;
        let is_open = matches!(row.state, BookingState::Held | BookingState::Committing | BookingState::Unknown);
        if !is_open && looks.is_some() {
            // A person, or another daemon, was faster, and has told the client.
            return self.tell(conversation_id, job, Verdict::default()).await;
        }
        let verdict = match self.ask_for(&row).await {
            Ok(appointment) => Verdict {
                booking: Some(BookingUpdate {
                    id: booking_id,
                    state: BookingState::Booked,
                    external_id: Some(appointment.id.clone()),
                    // It stands, and the vendor's staff must agree first.
                    error: (appointment.status == AppointmentStatus::Requested).then(|| REQUESTED.to_owned()),
                }),
                ..Verdict::told(Outcome::Booked(appointment))
            },
            Err(TurnError::Crm(fault)) if fault.kind != FaultKind::Store => {
                self.not_booked(&row, conversation_id, looks, &fault)
            }
            Err(error) => return Err(error),
        };
        self.tell(conversation_id, job, verdict).await
    }

    /// Asks the CRM, after a look when an earlier call may have been applied.
    async fn ask_for(&self, row: &Booking) -> Result<Appointment, TurnError> {
        let calendar = self.calendar("book")?;
        let phone = row.phone.clone();
        let phone = phone.ok_or_else(|| StoreError::Other(format!("booking {} has no phone", row.id)))?;
        let request = BookRequest {
            key: row.id.to_string(),
            service_id: row.service_id.clone(),
            employee_id: row.employee_id.clone(),
            start: row.start,
            name: row.client_name.clone(),
            phone,
            comment: row.comment.clone(),
            origin: Origin {
                channel: row.channel,
                contact_id: row.contact_id,
                conversation_id: row.conversation_id,
                lead_id: row.lead_id,
            },
        };
        // Whoever was asking when the process died may have been heard.
        let in_doubt = matches!(row.state, BookingState::Committing | BookingState::Unknown);
        if in_doubt && let Some(found) = look(calendar, &request).await? {
            return Ok(found);
        }
        // That nothing is seen proves nothing yet; that something is seen is told at once.
        let settles = SignedDuration::try_from(self.crm.settles_after()).unwrap_or(LONGEST_LOOK);
        if in_doubt && self.clock.now().duration_since(row.updated_at) < settles {
            let detail = "the booking may still be under way; nothing of it is to be seen yet";
            return Err(Fault::new(FaultKind::UnknownOutcome, self.crm.connection(), "book", detail).into());
        }
        // The doubt that this call may leave begins now, whatever was before it.
        let before = (row.state == BookingState::Committing).then_some(BookingState::Unknown);
        for state in before.into_iter().chain([BookingState::Committing]) {
            let update = BookingUpdate { id: row.id, state, external_id: None, error: None };
            self.store.update_booking(&update, self.clock.now()).await?;
        }
        crate::crash::point("booking.committing");
        let booked = calendar.book(&request).await;
        crate::crash::point("booking.answered");
        match booked {
            // It may be our own visit that takes the time: a CRM can show it late.
            Err(fault) if in_doubt && fault.kind == FaultKind::SlotTaken => {
                let found = look(calendar, &request).await?;
                let kind = if self.crm.busy_may_be_ours() { FaultKind::UnknownOutcome } else { fault.kind };
                found.ok_or_else(|| Fault { kind, ..fault }.into())
            }
            other => Ok(other?),
        }
    }

    /// What a fault means for a booking: refused for good, or still open and looked at later.
    fn not_booked(&self, row: &Booking, conversation_id: ConversationId, looks: Option<u32>, fault: &Fault) -> Verdict {
        let now = self.clock.now();
        let update = |state, error: Option<&str>| BookingUpdate {
            id: row.id,
            state,
            external_id: None,
            error: error.map(str::to_owned),
        };
        // After a call that may have been applied, only a look tells: a mere refusal to answer changes nothing.
        // One that was being asked for when a process died is as open as one whose answer was lost.
        let in_doubt =
            matches!(row.state, BookingState::Committing | BookingState::Unknown) || fault.retry() == Retry::Look;
        if fault.retry() == Retry::Never && !fault.is_for_the_company() {
            let taken = fault.kind == FaultKind::SlotTaken;
            let error = match fault.kind {
                FaultKind::Rejected => "refused",
                other => other.as_str(),
            };
            if !taken {
                tracing::warn!(booking = %row.id, %fault, "the CRM refuses a booking; a person is asked");
            }
            return Verdict {
                booking: Some(update(BookingState::Refused, Some(error))),
                ..Verdict::told(if taken { Outcome::SlotTaken } else { Outcome::Refused })
            };
        }
        let looked = looks.unwrap_or(0);
        let state = if in_doubt { BookingState::Unknown } else { BookingState::Held };
        if row.start <= now || looked >= LOOKS {
            // The time of the visit has come: only a person can tell now.
            let state = if in_doubt { BookingState::Unknown } else { BookingState::Refused };
            return Verdict {
                booking: Some(update(state, Some("crm_unavailable"))),
                given_up: Some(fault.to_string()),
                ..Verdict::told(Outcome::Escalated { is_last: true })
            };
        }
        tracing::warn!(booking = %row.id, %fault, state = state.as_str(), looks = looked, "a booking waits for the CRM");
        let lane = NewJob::crm_lane(self.crm.connection(), conversation_id);
        let next = looks.map_or(0, |looks| looks + 1);
        let mut scheduled = vec![Scheduled {
            key: format!("reconcile:{}:{next}", row.id),
            due_at: now + wait_after(looked, fault),
            lane,
            work: Work::ReconcileBooking { booking_id: row.id, conversation_id, looks: next },
        }];
        if looks.is_none() {
            scheduled.push(Scheduled {
                key: format!("escalate:{}", row.id),
                // What the company must mend is told at once.
                due_at: if fault.is_for_the_company() { now } else { (now + ESCALATE_AFTER).min(row.start) },
                lane: NewJob::conversation_lane(conversation_id),
                work: Work::EscalateBooking { booking_id: row.id, conversation_id },
            });
        }
        let outcome = looks.is_none().then_some(Outcome::Delayed);
        Verdict { outcome, booking: Some(update(state, Some(why(fault)))), scheduled, given_up: None }
    }

    /// Tells a person, and the client, when a booking still waits for the CRM.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn escalate_booking(
        &self,
        booking_id: BookingId,
        conversation_id: ConversationId,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let row = self.store.booking(booking_id).await?;
        let waits = row.is_some_and(|row| {
            matches!(row.state, BookingState::Held | BookingState::Committing | BookingState::Unknown)
        });
        let verdict = if waits { Verdict::told(Outcome::Escalated { is_last: false }) } else { Verdict::default() };
        self.tell(conversation_id, job, verdict).await
    }

    /// Tells the client what the vendor's staff made of a request that waited for them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_decision(
        &self,
        booking_id: BookingId,
        conversation_id: ConversationId,
        cancelling: bool,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let row = self.store.booking(booking_id).await?.filter(|row| row.error.is_none());
        let outcome = match (row, self.business().await?) {
            (Some(row), Some(business)) => match (row.state, cancelling) {
                (BookingState::Booked, false) => Some(Outcome::Booked(from_ledger(&business.profile, row))),
                (BookingState::Cancelled, true) => Some(Outcome::Cancelled(from_ledger(&business.profile, row))),
                (BookingState::Booked, true) | (BookingState::Cancelled, false) => Some(Outcome::Refused),
                _ => None,
            },
            _ => None,
        };
        self.tell(conversation_id, job, outcome.map(Verdict::told).unwrap_or_default()).await
    }

    /// Asks the CRM to move an appointment.
    ///
    /// # Errors
    /// When the store fails; nothing was told then.
    pub async fn move_booking(
        &self,
        conversation_id: ConversationId,
        request: &MoveRequest,
        tries: u32,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let verdict = match self.calendar("move")?.move_to(request).await {
            Ok(appointment) => Verdict::told(Outcome::Moved(appointment)),
            // The time went by, or became too soon, while the summary waited: others are offered.
            Err(fault) if fault.kind == FaultKind::Rejected => Verdict::told(Outcome::SlotTaken),
            Err(fault) => self.not_changed(&request.key, tries, fault, job)?,
        };
        self.tell(conversation_id, job, verdict).await
    }

    /// Asks the CRM to cancel an appointment.
    ///
    /// # Errors
    /// When the store fails; nothing was told then.
    pub async fn cancel_booking(
        &self,
        conversation_id: ConversationId,
        appointment_id: &str,
        tries: u32,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let verdict = match self.calendar("cancel")?.cancel(appointment_id).await {
            Ok(appointment) => Verdict::told(Outcome::Cancelled(appointment)),
            Err(fault) => self.not_changed(&format!("cancel:{appointment_id}:{}", job.id), tries, fault, job)?,
        };
        self.tell(conversation_id, job, verdict).await
    }

    fn calendar(&self, operation: &'static str) -> Result<&dyn Calendar, Fault> {
        self.crm.calendar().ok_or_else(|| {
            Fault::new(FaultKind::Unsupported, self.crm.connection(), operation, "this CRM has no calendar")
        })
    }

    /// What a fault means for a move or a cancel. Both are asked again under the same key: the CRM's side
    /// of the seam answers the same when it was applied already.
    fn not_changed(&self, key: &str, tries: u32, fault: Fault, job: &Claimed) -> Result<Verdict, TurnError> {
        if fault.kind == FaultKind::Store {
            // There is nowhere to write what would be told.
            return Err(fault.into());
        }
        match fault.retry() {
            Retry::Never if fault.kind == FaultKind::SlotTaken => return Ok(Verdict::told(Outcome::SlotTaken)),
            Retry::Never if fault.is_for_the_company() => {}
            Retry::Never => return Ok(Verdict::told(Outcome::Refused)),
            Retry::After(_) | Retry::Look => {}
        }
        if tries >= TRIES {
            return Ok(Verdict {
                given_up: Some(fault.to_string()),
                ..Verdict::told(Outcome::Escalated { is_last: true })
            });
        }
        let Ok(work) = &job.work else { return Err(fault.into()) };
        let mut work = work.clone();
        if let Work::MoveBooking { tries, .. } | Work::CancelBooking { tries, .. } = &mut work {
            *tries += 1;
        }
        tracing::warn!(job = job.id, kind = work.name(), tries, %fault, "a change waits for the CRM");
        Ok(Verdict {
            outcome: (tries == 0).then_some(Outcome::Delayed),
            scheduled: vec![Scheduled {
                key: format!("again:{key}:{}", tries + 1),
                due_at: self.clock.now() + wait_after(tries, &fault),
                lane: job.lease.lane.clone(),
                work,
            }],
            ..Verdict::default()
        })
    }

    async fn tell(&self, id: ConversationId, job: &Claimed, verdict: Verdict) -> Result<(), TurnError> {
        let booking = verdict.booking.as_ref();
        tracing::debug!(
            conversation = %id,
            booking = booking.map(|update| tracing::field::display(update.id)),
            state = booking.map(|update| update.state.as_str()),
            "the CRM answered"
        );
        let input = self.store.turn_input(id, 20).await?;
        let mut effects = Effects {
            booking: verdict.booking,
            scheduled: verdict.scheduled,
            given_up: verdict.given_up,
            ..Effects::default()
        };
        if let (Some(outcome), Some(business), Some(session)) =
            (&verdict.outcome, self.business().await?, &input.session)
        {
            let scene = self.scene(&business, &input.conversation, &input.history);
            let mut known = Known::default();
            let plan = self
                .decide(&mut known, &business.profile, input.conversation.contact.id, |facts| {
                    flow::outcome(&scene, session, outcome, facts)
                })
                .await?;
            effects.messages = spoken(&plan, None);
            self.keep(&plan, input.session_version, &mut effects);
            if input.conversation.is_with_person() {
                // Who has it keeps it.
                effects.handoff = None;
            }
        }
        let now: Timestamp = self.clock.now();
        self.store.commit_turn(id, (&job.lease, job.id), &effects, now).await?;
        super::count_handoff(&effects);
        if let Some(update) = &effects.booking {
            metrics::counter!("flow_bookings_total", "outcome" => update.state.as_str()).increment(1);
        }
        Ok(())
    }
}
