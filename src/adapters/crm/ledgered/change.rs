//! Moving and cancelling: what flow knows of a visit follows what the CRM did.

use jiff::Timestamp;

use super::book::requested_or;
use super::calendar::with_clients;
use super::visits::of_row;
use super::{Ledgered, Way, doubt};
use crate::domain::booking::{Booking, BookingState, CANCELLING, REQUESTED};
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, Calendar, MoveRequest, Origin, Records};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::store::{BookingMove, BookingUpdate, StoreError};

impl Ledgered {
    /// Moves; whoever else works under the key is waited for.
    pub(super) async fn move_under_key(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.alone("move", &request.key, async {
            // What a move made anew is meant by its old id too; whoever else moves it under the key has done so now.
            let present = MoveRequest { id: self.present(&request.id).await?, ..request.clone() };
            match self.way("move").await? {
                Way::Native(calendar) => self.move_natively(calendar, &present, &request.id).await,
                Way::Ledger(records) => self.move_in_ledger(records, &present).await,
            }
        })
        .await
    }

    async fn move_natively(
        &self,
        calendar: &dyn Calendar,
        request: &MoveRequest,
        asked: &str,
    ) -> Result<Appointment, Fault> {
        let lost = self.lost("move");
        let zone = self.zone().await;
        let row = self.row_of("move", &request.id).await?;
        // The ledger's own move goes under the same key: both must mean the same by it.
        let fingerprint = match &row {
            Some(row) => followed(row, request, request.start, request.employee_id.clone()).fingerprint(),
            None => format!("move|{asked}|{}|{}", request.start, request.employee_id.as_deref().unwrap_or("")),
        };
        if let Some(done) = self.store().booking_by_key(self.name(), &request.key).await.map_err(&lost)? {
            let meant = self.store().key_meaning(self.name(), &request.key).await.map_err(&lost)?;
            let is_same = meant.is_some_and(|meant| {
                let anybody = meant.rsplit_once('|').map_or("", |(start, _)| start);
                meant == fingerprint || fingerprint.strip_suffix('|') == Some(anybody)
            });
            return match is_same {
                true => Ok(requested_or(of_row(done.clone(), &zone), done.error.as_deref())),
                false => {
                    Err(self.fault(FaultKind::KeyReused, "move", format!("the key was used for booking {}", done.id)))
                }
            };
        }
        self.store().try_key(self.name(), &request.key, &fingerprint, self.clock().now()).await.map_err(&lost)?;
        // A visit that the ledger does not have leaves what its key moved it to in a note of its own.
        if row.is_none()
            && let Some(id) = self.moved_to(&request.key).await?
            && let Some(done) = calendar.appointment(&self.present(&id).await?).await?
        {
            return Ok(done);
        }
        let moved = calendar.move_to(request).await.map_err(doubt)?;
        match row {
            Some(row) => self.follow(&row, request, &moved).await?,
            None if moved.id != request.id => {
                self.succeeded(&request.id, &moved.id).await?;
                self.has_moved(&request.key, &moved.id).await?;
            }
            None => self.has_moved(&request.key, &moved.id).await?,
        }
        Ok(moved)
    }

    /// The ledger follows what the CRM did; that it disagrees is told, not refused: the CRM is the truth.
    async fn follow(&self, row: &Booking, request: &MoveRequest, moved: &Appointment) -> Result<(), Fault> {
        let change = followed(row, request, moved.start.timestamp(), moved.employee_id.clone());
        let change = BookingMove { end: moved.end.timestamp(), ..change };
        match self.store().move_booking(&change, self.clock().now()).await {
            Ok(_) => {}
            Err(StoreError::SlotTaken | StoreError::KeyReused | StoreError::NotFound(_)) => {
                tracing::warn!(booking = %row.id, "the CRM moved a visit to where the ledger has another");
                return Ok(());
            }
            Err(error) => return Err(self.lost("move")(error)),
        }
        let is_replaced = row.external_id.as_deref() != Some(moved.id.as_str());
        if is_replaced {
            self.succeeded(&request.id, &moved.id).await?;
        }
        // One that waits for the vendor's staff is told so under the same key again, too.
        let error = match moved.status {
            AppointmentStatus::Requested => Some(REQUESTED.to_owned()),
            _ => row.error.clone().filter(|error| error != REQUESTED),
        };
        if is_replaced || error != row.error {
            let update = BookingUpdate { id: row.id, state: row.state, external_id: Some(moved.id.clone()), error };
            self.store().update_booking(&update, self.clock().now()).await.map_err(self.lost("move"))?;
        }
        Ok(())
    }

    async fn move_in_ledger(&self, records: &dyn Records, request: &MoveRequest) -> Result<Appointment, Fault> {
        let lost = self.lost("move");
        let row = self.row_of("move", &request.id).await?;
        let row = row.ok_or_else(|| self.missing("move", "appointment", &request.id))?;
        if !row.state.is_live() {
            return Err(self.fault(FaultKind::Rejected, "move", format!("{} is {}", request.id, row.state)));
        }
        let profile = self.profile("move").await?;
        if let Some(id) = &request.employee_id
            && profile.employee(id).is_none()
        {
            return Err(self.missing("move", "employee", id));
        }
        let employee_id = request.employee_id.clone().or_else(|| row.employee_id.clone());
        let change = BookingMove {
            id: row.id,
            key: request.key.clone(),
            start: request.start,
            end: request.start + row.end.duration_since(row.start),
            employee_name: employee_id.as_deref().and_then(|id| profile.employee(id)).map(|e| e.name.clone()),
            employee_id,
        };
        let known = self.store().booking_by_key(self.name(), &request.key).await.map_err(&lost)?;
        if known.is_none() {
            let now = self.clock().now();
            self.store().try_key(self.name(), &request.key, &change.fingerprint(), now).await.map_err(&lost)?;
            if (row.start, &row.employee_id) != (change.start, &change.employee_id) {
                let wanted = self.wanted(&row, &change)?;
                self.own_offer("move", &profile, records, &wanted, Some(request.id.clone())).await?;
            }
        }
        let moved = self.store().move_booking(&change, self.clock().now()).await.map_err(&lost)?;
        let zone = self.zone().await;
        let visit = self.visit(&moved, &request.key, &zone)?;
        match records.change(&request.id, &visit).await {
            Ok(()) => Ok(of_row(moved, &zone)),
            // It was not applied: the ledger goes back, and the key may try again.
            Err(fault) if matches!(fault.retry(), Retry::Never) => {
                let back = BookingMove {
                    id: row.id,
                    key: format!("{}:back:{}", request.key, moved.version),
                    start: row.start,
                    end: row.end,
                    employee_id: row.employee_id.clone(),
                    employee_name: row.employee_name.clone(),
                };
                self.store().move_booking(&back, self.clock().now()).await.map_err(&lost)?;
                Err(fault)
            }
            // Repeating writes the same again.
            Err(fault) => Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
        }
    }

    fn wanted(&self, row: &Booking, change: &BookingMove) -> Result<BookRequest, Fault> {
        let phone = row.phone.clone();
        let phone = phone.ok_or_else(|| self.fault(FaultKind::Rejected, "move", "the visit has no phone"))?;
        Ok(BookRequest {
            key: change.key.clone(),
            service_id: row.service_id.clone(),
            employee_id: change.employee_id.clone(),
            start: change.start,
            name: row.client_name.clone(),
            phone,
            comment: None,
            origin: Origin::default(),
        })
    }

    /// Cancels in the CRM, then in the ledger.
    pub(super) async fn cancel_visit(&self, id: &str) -> Result<Appointment, Fault> {
        let way = self.way("cancel").await?;
        let id = &self.present(id).await?;
        let row = self.row_of("cancel", id).await?;
        let zone = self.zone().await;
        let cancelled = match (&way, &row) {
            (Way::Native(calendar), _) => calendar.cancel(id).await.map_err(doubt)?,
            (Way::Ledger(_), None) => return Err(self.missing("cancel", "appointment", id)),
            (Way::Ledger(_), Some(row)) if row.state == BookingState::Cancelled => of_row(row.clone(), &zone),
            (Way::Ledger(records), Some(row)) => {
                let visit = self.visit(row, &format!("cancel:{}", row.id), &zone)?;
                match records.cancel(id, &visit).await.map_err(doubt) {
                    // Nothing there stands for the visit any more: the ledger need not keep its time either.
                    Err(fault) if fault.kind == FaultKind::NotFound => {
                        tracing::info!(connection = %self.name(), id, "a visit without its object was called off");
                    }
                    cancelled => cancelled?,
                }
                Appointment { status: AppointmentStatus::Cancelled, ..of_row(row.clone(), &zone) }
            }
        };
        let cancelled = match &way {
            Way::Ledger(records) => with_clients(*records, vec![cancelled.clone()]).await.pop().unwrap_or(cancelled),
            Way::Native(_) => cancelled,
        };
        if let Some(row) = row.filter(|row| row.state.is_live()) {
            let (state, error) = match cancelled.status {
                AppointmentStatus::Cancelled => (BookingState::Cancelled, None),
                // One that waits for the vendor's staff still stands.
                AppointmentStatus::Requested => (row.state, Some(CANCELLING.to_owned())),
                _ => return Ok(cancelled),
            };
            let update = BookingUpdate { id: row.id, state, external_id: None, error };
            self.store().update_booking(&update, self.clock().now()).await.map_err(self.lost("cancel"))?;
        }
        Ok(cancelled)
    }
}

/// A move of the CRM as the ledger follows it.
fn followed(row: &Booking, request: &MoveRequest, start: Timestamp, employee_id: Option<String>) -> BookingMove {
    let employee_id = employee_id.or_else(|| row.employee_id.clone());
    BookingMove {
        id: row.id,
        key: request.key.clone(),
        start,
        end: start + row.end.duration_since(row.start),
        employee_name: (employee_id == row.employee_id).then(|| row.employee_name.clone()).flatten(),
        employee_id,
    }
}
