//! Moving and cancelling in the journal: read first, written whole, read back.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::company::Company;
use super::form::{to_keep, visit};
use super::record::{Change, RecordRow, body};
use super::slots::SlotRow;
use super::wire::{self, Who};
use super::{Branch, locked};
use crate::adapters::http::Method;
use crate::domain::copies::Copied;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, MoveRequest};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// The kind of what is kept of appointments that flow calls off: deleted ones cannot be read here and there.
const GIVEN_UP: &str = "given_up";

/// A move in doubt is written so often at most.
const AT_MOST: u8 = 2;
/// So long a move that nobody saw is remembered.
const IN_DOUBT: SignedDuration = SignedDuration::from_mins(10);

impl Branch {
    pub(super) async fn move_visit(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let company = self.company("move").await?;
        let row = self.record("move", &request.id).await?;
        let row = row.ok_or_else(|| self.missing("move", "appointment", &request.id))?;
        let unreadable = || self.fault(FaultKind::Protocol, "move", "an appointment without a time");
        let keeps_employee = request.employee_id.is_none() || request.employee_id == row.staff;
        if !row.is_deleted && row.start(&company.zone) == Some(request.start) && keeps_employee {
            return row.appointment(&company.zone).ok_or_else(unreadable);
        }
        self.may_be_moved(&row)?;
        let start = row.start(&company.zone).ok_or_else(unreadable)?;
        self.may_still("move", company.row.change, start, "move")?;
        let employee = request.employee_id.clone().or_else(|| row.staff.clone());
        let employee = employee.ok_or_else(|| {
            self.fault(FaultKind::Rejected, "move", "the appointment is nobody's: say whose it becomes")
        })?;
        let slot = self.target(&row, &employee, keeps_employee, request.start, &company).await?;
        let seconds = if keeps_employee && row.seconds > 0 { row.seconds } else { slot.seconds };
        let change = Change { to: Some((slot.datetime.clone(), employee.clone(), seconds)), comment: None };
        if let Err(fault) = self.put_move(&row, request.start, &change).await {
            if fault.kind != FaultKind::Rejected {
                return Err(fault);
            }
            let again = self.target(&row, &employee, keeps_employee, request.start, &company).await;
            return Err(again.err().filter(|gone| gone.kind == FaultKind::SlotTaken).unwrap_or(fault));
        }
        let sent = || {
            let mut moved = row.appointment(&company.zone)?;
            moved.start = request.start.to_zoned(company.zone.clone());
            moved.end = moved.start.checked_add(SignedDuration::from_secs(seconds)).ok()?;
            moved.employee_id = Some(employee.clone());
            Some(moved)
        };
        match self.record("move", &request.id).await {
            Ok(Some(now)) => {
                if now.wall != slot.wall || now.staff.as_deref() != Some(employee.as_str()) {
                    tracing::warn!(connection = %self.wiring.name, record = %now.id,
                        "an appointment was stored otherwise than it was sent");
                }
                now.appointment(&company.zone).or_else(sent).ok_or_else(unreadable)
            }
            outcome => {
                tracing::warn!(connection = %self.wiring.name, fault = ?outcome.err(), "a move could not be read back");
                sent().ok_or_else(unreadable)
            }
        }
    }

    /// Writes a move. One in doubt that is not to be seen may be written once more; then it is for a person.
    async fn put_move(&self, row: &RecordRow, start: Timestamp, change: &Change) -> Result<(), Fault> {
        let key = (row.id.clone(), start);
        let tried = {
            let mut moves = locked(&self.moves);
            moves.retain(|_, (at, _)| self.now().duration_since(*at) < IN_DOUBT);
            moves.get(&key).map_or(0, |(_, tried)| *tried)
        };
        if tried >= AT_MOST {
            let detail = format!(
                "the move was sent {tried} times, the vendor said nothing that makes sense, and the appointment stands \
                 where it stood: look at it in the journal, and repeat the command when it has not moved"
            );
            return Err(self.fault(FaultKind::UnknownOutcome, "move", detail));
        }
        let written = self.put_record(row, change).await;
        match &written {
            Err(fault) if fault.retry() == Retry::Look => locked(&self.moves).insert(key, (self.now(), tried + 1)),
            _ => locked(&self.moves).remove(&key),
        };
        written
    }

    /// Refuses what the branch has closed.
    pub(super) fn may_be_moved(&self, row: &RecordRow) -> Result<(), Fault> {
        let why = if row.is_deleted {
            "the appointment is cancelled: book a new one"
        } else if row.attendance == 1 {
            "the client has come already"
        } else if row.is_locked {
            "the branch has closed the appointment for changes: its staff must move it"
        } else if row.is_paid {
            "the appointment is paid for: the branch's staff must move it"
        } else {
            return Ok(());
        };
        Err(self.fault(FaultKind::Rejected, "move", why))
    }

    /// The time to move to, as the vendor writes it. An appointment does not stand in its own way.
    async fn target(
        &self,
        row: &RecordRow,
        employee: &str,
        keeps_employee: bool,
        start: Timestamp,
        company: &Company,
    ) -> Result<SlotRow, Fault> {
        let at = start.to_zoned(company.zone.clone());
        if start <= self.now() {
            return Err(self.fault(FaultKind::Rejected, "move", "that time is over"));
        }
        let services: Vec<&str> = row.services.iter().map(String::as_str).collect();
        if services.is_empty() || !wire::is_id(employee) {
            let detail =
                if services.is_empty() { "the appointment has no service" } else { "there is no such employee" };
            return Err(self.fault(FaultKind::Rejected, "move", detail));
        }
        let rows = self.times("move", &services, Some(employee), at.date()).await?;
        if let Some(found) = rows.iter().find(|slot| slot.wall == at.datetime()) {
            return Ok(found.clone());
        }
        if rows.is_empty() {
            self.must_employ("move", employee).await?;
        }
        if keeps_employee && overlaps_itself(row, start, &company.zone) {
            let like = rows.first().map(|slot| slot.datetime.clone()).or_else(|| wire::text(&row.raw, "datetime"));
            let offset = like.and_then(|like| like.get(19..).map(str::to_owned)).filter(|offset| !offset.is_empty());
            let offset = offset.unwrap_or_else(|| at.strftime("%:z").to_string());
            let datetime = format!("{}{offset}", at.strftime("%Y-%m-%dT%H:%M:%S"));
            return Ok(SlotRow { datetime, wall: at.datetime(), seconds: row.seconds });
        }
        Err(self.taken("move", &at, &rows))
    }

    /// Writes an appointment whole.
    pub(super) async fn put_record(&self, row: &RecordRow, change: &Change) -> Result<(), Fault> {
        let call = self
            .wire
            .call("change_record", Method::Put, Who::User, &["record", &self.company_id, &row.id])
            .json(body(row, change));
        self.wire.done(&call).await
    }

    pub(super) async fn cancel_visit(&self, id: &str) -> Result<Appointment, Fault> {
        let company = self.company("cancel").await?;
        let Some(row) = self.record("cancel", id).await? else { return self.gone(id, &company.zone).await };
        let unreadable = || self.fault(FaultKind::Protocol, "cancel", "an appointment without a time");
        let now = row.appointment(&company.zone).ok_or_else(unreadable)?;
        if row.is_deleted {
            return Ok(now);
        }
        if row.attendance == 1 {
            return Err(self.fault(FaultKind::Rejected, "cancel", "the client has come already"));
        }
        self.may_still("cancel", company.row.delete, now.start.timestamp(), "cancel")?;
        let copy = Copied { id: id.to_owned(), phone: now.client.phone.clone(), body: to_keep(&now), at: self.now() };
        let kept = self.wiring.store.keep_copy(&self.wiring.name, GIVEN_UP, &copy).await;
        kept.map_err(|error| self.fault(FaultKind::Store, "cancel", error.to_string()))?;
        let parts = ["record", &self.company_id, id];
        self.wire.done(&self.wire.call("delete_record", Method::Delete, Who::User, &parts)).await?;
        match self.record("cancel", id).await {
            Ok(Some(row)) if !row.is_deleted => {
                let detail = "it says that it is done, and the appointment stands";
                Err(self.fault(FaultKind::UnknownOutcome, "cancel", detail))
            }
            _ => Ok(Appointment { status: AppointmentStatus::Cancelled, ..now }),
        }
    }

    /// An appointment that cannot be read (any more): cancelled, when we were calling it off.
    async fn gone(&self, id: &str, zone: &TimeZone) -> Result<Appointment, Fault> {
        let copy = self.wiring.store.copied(&self.wiring.name, GIVEN_UP, id).await;
        let copy = copy.map_err(|error| self.fault(FaultKind::Store, "cancel", error.to_string()))?;
        let kept = copy.and_then(|copy| visit(&copy.body, id, copy.phone, zone, AppointmentStatus::Cancelled));
        let kept = kept.ok_or_else(|| self.missing("cancel", "appointment", id))?;
        // The list shows deleted ones where a single look does not.
        let day = kept.start.date();
        let query = AppointmentQuery { phone: None, from: Some(day), to: Some(day), all: true };
        let listed = self.records(&query, None, None).await?;
        match listed.into_iter().find(|row| row.id == id) {
            Some(row) if !row.is_deleted => {
                Err(self.fault(FaultKind::UnknownOutcome, "cancel", "the appointment is listed and cannot be read"))
            }
            Some(row) => Ok(row.appointment(zone).unwrap_or(kept)),
            None => Ok(kept),
        }
    }

    /// Adds a remark to an appointment; one that carries the mark is not added again.
    pub(super) async fn remark(&self, id: &str, text: &str, marker: &str) -> Result<(), Fault> {
        let row = self.record("note", id).await?;
        let row = row.ok_or_else(|| self.missing("note", "appointment", id))?;
        if row.comment.contains(marker) {
            return Ok(());
        }
        let comment = match row.comment.as_str() {
            "" => format!("{text} #{marker}"),
            known => format!("{known}\n{text} #{marker}"),
        };
        self.put_record(&row, &Change { to: None, comment: Some(comment) }).await?;
        let read = self.record("note", id).await.ok().flatten();
        if let Some(now) = read.filter(|now| now.changed != row.changed && !now.comment.contains(marker)) {
            tracing::warn!(connection = %self.wiring.name, record = %now.id, "somebody else wrote the appointment meanwhile");
        }
        Ok(())
    }
}

fn overlaps_itself(row: &RecordRow, start: Timestamp, zone: &TimeZone) -> bool {
    let length = SignedDuration::from_secs(row.seconds);
    row.start(zone).is_some_and(|own| start < own + length && own < start + length)
}
