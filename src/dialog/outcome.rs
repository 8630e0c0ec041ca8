//! The CRM's answer to what a client agreed to. «Вы записаны» is stored in the transaction that stores
//! the CRM's id of the appointment.

use jiff::{SignedDuration, Timestamp};

use super::facts::Known;
use super::flow::{self, Outcome};
use super::{Desk, TurnError, spoken};
use crate::domain::booking::BookingState;
use crate::domain::crm::{BookRequest, Calendar, MoveRequest, Origin};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::id::{BookingId, ConversationId};
use crate::domain::job::{Claimed, NewJob};
use crate::domain::store::{BookingUpdate, Effects, StoreError};

/// How long a CRM that cannot be reached is left alone after the client was told.
const LATER: SignedDuration = SignedDuration::from_mins(1);

/// What the CRM said, for the ledger and for the client.
struct Verdict {
    outcome: Outcome,
    booking: Option<BookingUpdate>,
    again: Option<Timestamp>,
}

impl Desk {
    /// Asks the CRM to book a held row and tells the client what came of it.
    ///
    /// # Errors
    /// When it must be tried again; nothing was told then.
    pub async fn commit_booking(
        &self,
        booking_id: BookingId,
        conversation_id: ConversationId,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let row = self.store.booking(booking_id).await?.ok_or(StoreError::NotFound("booking"))?;
        let calendar = self.calendar("book")?;
        let update = |state, external_id, error| BookingUpdate { id: booking_id, state, external_id, error };
        if row.state == BookingState::Held {
            self.store.update_booking(&update(BookingState::Committing, None, None), self.clock.now()).await?;
        }
        let Some(phone) = row.phone.clone() else {
            return Err(StoreError::Other(format!("booking {booking_id} has no phone")).into());
        };
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
        let verdict = match calendar.book(&request).await {
            Ok(appointment) => Verdict {
                booking: Some(update(BookingState::Booked, Some(appointment.id.clone()), None)),
                outcome: Outcome::Booked(appointment),
                again: None,
            },
            Err(fault) => {
                let mut verdict = self.failed(fault, job)?;
                if verdict.again.is_none() {
                    let why = matches!(verdict.outcome, Outcome::SlotTaken).then_some("slot_taken");
                    let error = Some(why.unwrap_or("refused").to_owned());
                    verdict.booking = Some(update(BookingState::Refused, None, error));
                }
                verdict
            }
        };
        self.tell(conversation_id, job, verdict).await
    }

    /// Asks the CRM to move an appointment.
    ///
    /// # Errors
    /// When it must be tried again; nothing was told then.
    pub async fn move_booking(
        &self,
        conversation_id: ConversationId,
        request: &MoveRequest,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let verdict = match self.calendar("move")?.move_to(request).await {
            Ok(appointment) => Verdict { outcome: Outcome::Moved(appointment), booking: None, again: None },
            // The time went by, or became too soon, while the summary waited: others are offered.
            Err(fault) if fault.kind == FaultKind::Rejected => {
                Verdict { outcome: Outcome::SlotTaken, booking: None, again: None }
            }
            Err(fault) => self.failed(fault, job)?,
        };
        self.tell(conversation_id, job, verdict).await
    }

    /// Asks the CRM to cancel an appointment.
    ///
    /// # Errors
    /// When it must be tried again; nothing was told then.
    pub async fn cancel_booking(
        &self,
        conversation_id: ConversationId,
        appointment_id: &str,
        job: &Claimed,
    ) -> Result<(), TurnError> {
        let verdict = match self.calendar("cancel")?.cancel(appointment_id).await {
            Ok(appointment) => Verdict { outcome: Outcome::Cancelled(appointment), booking: None, again: None },
            Err(fault) => self.failed(fault, job)?,
        };
        self.tell(conversation_id, job, verdict).await
    }

    fn calendar(&self, operation: &'static str) -> Result<&dyn Calendar, Fault> {
        self.crm.calendar().ok_or_else(|| {
            Fault::new(FaultKind::Unsupported, self.crm.connection(), operation, "this CRM has no calendar")
        })
    }

    /// What a fault means: told at once, told as a delay the first time, or tried again in silence.
    fn failed(&self, fault: Fault, job: &Claimed) -> Result<Verdict, TurnError> {
        let told = |outcome| Ok(Verdict { outcome, booking: None, again: None });
        match fault.retry() {
            Retry::Never if fault.kind == FaultKind::SlotTaken => told(Outcome::SlotTaken),
            Retry::Never => told(Outcome::Refused),
            // The store itself failed: there is nowhere to write what would be told.
            _ if fault.kind == FaultKind::Store || job.attempt > 1 => Err(fault.into()),
            Retry::After(_) | Retry::Look => Ok(Verdict {
                outcome: Outcome::Delayed,
                booking: None,
                again: Some(
                    self.clock.now()
                        + fault.retry_after.map_or(LATER, |wait| SignedDuration::try_from(wait).unwrap_or(LATER)),
                ),
            }),
        }
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
        let mut effects = Effects { booking: verdict.booking, ..Effects::default() };
        if let (Some(at), Ok(work)) = (verdict.again, &job.work) {
            effects.jobs.push(NewJob { lane: job.lease.lane.clone(), work: work.clone(), ready_at: at });
        }
        if let (Some(business), Some(session)) = (self.business().await?, &input.session) {
            let scene = self.scene(&business, &input.conversation, &input.history);
            let mut known = Known::default();
            let plan = self
                .decide(&mut known, &business.profile, input.conversation.contact.id, |facts| {
                    flow::outcome(&scene, session, &verdict.outcome, facts)
                })
                .await?;
            effects.messages = spoken(&plan, None);
            self.keep(&plan, input.session_version, &mut effects);
        }
        self.store.commit_turn(id, (&job.lease, job.id), &effects, self.clock.now()).await?;
        Ok(())
    }
}
