//! Moving and cancelling: read first, write what is not yet so, read what came of it.

use jiff::civil::DateTime;
use serde_json::{Map as Object, Value};

use super::book::Posting;
use super::map::{AppointmentMap, Cancel};
use super::visits::Seen;
use super::{OneC, judge, locks, wire};
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient, MoveRequest, SlotQuery, marker};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// Where a visit goes.
struct Shift {
    start: DateTime,
    end: DateTime,
    employee: Option<String>,
}

impl OneC {
    async fn there(&self, call: &'static str, id: &str) -> Result<Seen, Fault> {
        let seen = self.visit(call, id).await?;
        seen.ok_or_else(|| self.fault(FaultKind::NotFound, call, format!("there is no appointment `{id}`")))
    }

    /// Moves; what an earlier call left unfinished is finished.
    pub(super) async fn shift(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let map = self.appointment_map("move")?;
        let seen = self.there("move", &request.id).await?;
        if !seen.is_live() {
            return Err(self.fault(FaultKind::Rejected, "move", format!("{} is cancelled", seen.id)));
        }
        let zone = self.zone().await;
        let start = request.start.to_zoned(zone).datetime();
        let employee = match &request.employee_id {
            Some(id) => Some(
                wire::guid(id)
                    .ok_or_else(|| self.fault(FaultKind::NotFound, "move", format!("there is no employee `{id}`")))?,
            ),
            None => seen.employee.clone(),
        };
        let end = start.saturating_add(seen.end.duration_since(seen.start));
        let to = Shift { start, end, employee };
        let is_there = seen.start == to.start && seen.employee == to.employee;
        if is_there {
            let seen = if map.post { self.finished(seen).await } else { seen };
            return self.shown_whole("move", &seen).await;
        }
        // Under the visit's own operation: what it holds itself is not in its way.
        let operation = locks::operation_of(&seen).unwrap_or_else(|| locks::operation(&marker(&request.key)));
        self.has_room(request, &seen, &to, &operation).await?;
        let of = |who: Option<&str>, start, end| who.map_or_else(Vec::new, |who| self.keys(who, start, end));
        let before = of(seen.employee.as_deref(), seen.start, seen.end);
        let keys = of(to.employee.as_deref(), to.start, to.end);
        self.hold("move", &keys, &operation).await?;
        let outcome = self.write_shift(map, &seen, &to).await;
        match &outcome {
            Err(fault) if fault.retry() != Retry::Look => {
                let fresh: Vec<String> = keys.into_iter().filter(|key| !before.contains(key)).collect();
                self.release("move", &fresh).await;
            }
            Ok(_) => self.release_of("move", &operation, &keys).await,
            Err(_) => {}
        }
        outcome
    }

    /// Whether the new time is free, the visit's own counted as free.
    async fn has_room(&self, request: &MoveRequest, seen: &Seen, to: &Shift, own: &str) -> Result<(), Fault> {
        let day = to.start.date();
        let query = SlotQuery {
            service_id: seen.service.clone().unwrap_or_default(),
            employee_id: to.employee.clone(),
            from: day,
            to: day,
            moving: Some(seen.id.clone()),
        };
        let minutes = seen.end.duration_since(seen.start).as_mins();
        let free = self.free_for("move", &query, Some(minutes), Some(own)).await?;
        match free.iter().any(|slot| slot.start.timestamp() == request.start) {
            true => Ok(()),
            false => Err(self.why_not("move", to.employee.as_deref(), minutes, request.start).await?),
        }
    }

    async fn write_shift(&self, map: &AppointmentMap, seen: &Seen, to: &Shift) -> Result<Appointment, Fault> {
        // Another look right before: it narrows the race with whoever edits it in 1C.
        let now = self.there("move", &seen.id).await.map_err(judge::before_the_write)?;
        if now.version != seen.version || now.start != seen.start || now.employee != seen.employee {
            let detail = "somebody changed the appointment in 1C a moment ago: try again";
            return Err(self.fault(FaultKind::Unavailable, "move", detail));
        }
        let is_posted = seen.is_posted == Some(true);
        let must_post = map.post || (is_posted && map.repost == Some(true));
        if is_posted && map.repost.unwrap_or(map.post) {
            match self.post("Unpost", map, &seen.id, false).await {
                Posting::Done => {}
                Posting::Refused(fault) => return Err(fault),
                Posting::Open(fault) => return Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
            }
        }
        let mut body = Object::new();
        body.insert(map.start.clone(), wire::moment(to.start).into());
        if let Some(end) = &map.end {
            body.insert(end.clone(), wire::moment(to.end).into());
        }
        if let (Some(field), Some(employees), Some(id)) = (&map.employee, &self.map.employee, &to.employee)
            && seen.employee != to.employee
        {
            wire::refer(&mut body, field, &employees.set, id);
        }
        let held = self.changed("move", map, &seen.id, &body, must_post).await?;
        let read = self.seen("move", map, &held)?;
        let mut moved = Seen { start: to.start, end: to.end, employee: to.employee.clone(), ..seen.clone() };
        if let Some(read) = read {
            moved.status = read.status;
        }
        if must_post {
            moved = self.posted(map, Seen { is_posted: Some(false), ..moved }).await;
        }
        self.told("move", &moved).await
    }

    /// A change that stands: it is told also when who comes cannot be read.
    async fn told(&self, call: &'static str, seen: &Seen) -> Result<Appointment, Fault> {
        match self.shown_whole(call, seen).await {
            Ok(appointment) => Ok(appointment),
            Err(fault) => {
                tracing::warn!(%fault, "an appointment was changed and its client could not be read");
                let client = CrmClient { id: seen.client.clone(), name: None, phone: None, email: None };
                self.shown(&self.zone().await, seen, client)
            }
        }
    }

    /// Changes fields and compares what 1C made of it. A refusal in words undid the change, but for an unposting
    /// before it.
    async fn changed(
        &self,
        call: &'static str,
        map: &AppointmentMap,
        id: &str,
        body: &Object<String, Value>,
        is_half_done: bool,
    ) -> Result<Value, Fault> {
        let fields: Vec<&str> = body.keys().map(String::as_str).collect();
        let written = if call == "move" { "move_appointment" } else { "cancel_appointment" };
        let held = match self.patch(written, &map.set, id, body.clone()).await {
            Ok(held) => held,
            Err(fault) if judge::is_refused(&fault) => {
                let read = self.element(call, &map.set, id, &format!("Ref_Key,{}", fields.join(","))).await;
                match read {
                    Ok(Some(held)) if self.kept(call, body, &held, &fields).is_ok() => held,
                    Ok(_) if is_half_done => return Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
                    Ok(_) => return Err(judge::certain(fault)),
                    Err(read) => return Err(Fault { kind: FaultKind::UnknownOutcome, ..read }),
                }
            }
            Err(fault) => return Err(fault),
        };
        self.kept(call, body, &held, &fields)?;
        Ok(held)
    }

    /// Calls a visit off, as the map says; never by a deletion.
    pub(super) async fn call_off(&self, id: &str) -> Result<Appointment, Fault> {
        let map = self.appointment_map("cancel")?;
        let seen = self.there("cancel", id).await?;
        if seen.is_live() {
            let mut body = Object::new();
            match map.cancel() {
                Cancel::Status => {
                    let status = map.status.as_ref().and_then(|status| Some((status, status.canceled.as_ref()?)));
                    let (status, value) = status.ok_or_else(|| self.unmapped("cancel", "appointment.status"))?;
                    body.insert(status.field.clone(), wire::sent(value));
                }
                Cancel::UnpostAndMark => {
                    if seen.is_posted == Some(true) {
                        match self.post("Unpost", map, &seen.id, false).await {
                            Posting::Done => {}
                            Posting::Refused(fault) => return Err(Fault { operation: "cancel", ..fault }),
                            Posting::Open(fault) => return Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
                        }
                    }
                    body.insert("DeletionMark".to_owned(), Value::Bool(true));
                }
            }
            self.changed("cancel", map, &seen.id, &body, false).await?;
            if let Some(operation) = locks::operation_of(&seen) {
                self.release_of("cancel", &operation, &[]).await;
            }
        }
        let cancelled = Seen { status: AppointmentStatus::Cancelled, ..seen };
        self.told("cancel", &cancelled).await
    }
}
