//! Moving and cancelling: a wish about a visit, or another wish in place of one that waits.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Dikidi;
use super::book::expiry;
use super::calendar::Standing;
use super::kept::{Named, Request, State, Visit, Wish};
use super::outbound::{Event, id_of};
use crate::domain::crm::{Appointment, AppointmentStatus, MoveRequest, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};

impl Dikidi {
    fn missing(&self, operation: &'static str, id: &str) -> Fault {
        self.fault(FaultKind::NotFound, operation, format!("there is no appointment `{id}`"))
    }

    pub(super) async fn move_by_request(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        let id = self.request_id(&request.key);
        if let Some(known) = self.request("move", &id).await? {
            let moved = match known.state {
                State::Requested => self.ask_salon("move", known, &zone).await?,
                State::Rejected => {
                    let detail = "the salon has declined this time: take another one";
                    return Err(self.fault(FaultKind::Rejected, "move", detail));
                }
                _ => known.appointment(now, &zone),
            };
            // The one it replaces may still stand, when this was broken off.
            self.replace("move", &request.id, &id).await?;
            return Ok(moved);
        }
        let standing = self.standing("move", &request.id).await?.ok_or_else(|| self.missing("move", &request.id))?;
        match standing {
            Standing::Visit(visit) => self.move_visit(visit, request, id, &zone).await,
            Standing::Request(old) => self.move_request(old, request, id, &zone).await,
        }
    }

    async fn move_visit(
        &self,
        visit: Visit,
        request: &MoveRequest,
        id: String,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let shown = self.shown("move", &visit, zone).await?.ok_or_else(|| self.missing("move", &request.id))?;
        if matches!(shown.status, AppointmentStatus::Cancelled | AppointmentStatus::Done | AppointmentStatus::NoShow) {
            return Err(self.fault(FaultKind::Rejected, "move", format!("{} is {}", shown.id, shown.status)));
        }
        let employee = match &request.employee_id {
            Some(id) => Some(self.person("move", id).await?),
            None => visit.employee.clone(),
        };
        if visit.start == Some(request.start) && employee == visit.employee {
            return Ok(shown);
        }
        let service =
            visit.service.clone().unwrap_or_else(|| Named { ext_id: String::new(), name: "запись".to_owned() });
        self.check_time(&service, employee.as_ref(), &visit.ext_id, request.start, zone).await?;
        let new = self.wish(id, Wish::Reschedule, &visit, (service, employee), request.start);
        self.keep_request("move", &new).await?;
        self.ask_salon("move", new, zone).await
    }

    /// Another request in place of one that nobody has decided.
    async fn move_request(
        &self,
        old: Request,
        request: &MoveRequest,
        id: String,
        zone: &TimeZone,
    ) -> Result<Appointment, Fault> {
        let now = self.wiring.clock.now();
        if !old.is_open(now) {
            return Err(self.fault(FaultKind::Rejected, "move", format!("the request `{}` is over", old.id)));
        }
        let employee = match &request.employee_id {
            Some(id) => Some(self.person("move", id).await?),
            None => old.employee.clone(),
        };
        if old.start == request.start && old.employee == employee {
            return Ok(old.appointment(now, zone));
        }
        self.check_time(&old.service, employee.as_ref(), &old.id, request.start, zone).await?;
        let new = Request {
            id: id.clone(),
            state: State::Requested,
            ext_id: None,
            start: request.start,
            employee,
            made_at: now,
            expires_at: expiry(now, request.start),
            decided: None,
            ..old.clone()
        };
        self.keep_request("move", &new).await?;
        let moved = self.ask_salon("move", new, zone).await?;
        let replaced = self.replace("move", &old.id, &id).await;
        // The new one stands already: the same key again withdraws the old one.
        replaced.map_err(|fault| Fault { kind: FaultKind::UnknownOutcome, ..fault })?;
        Ok(moved)
    }

    /// Withdraws a request that another one replaces.
    async fn replace(&self, operation: &'static str, old: &str, new: &str) -> Result<(), Fault> {
        match self.request(operation, old).await? {
            Some(request)
                if old != new
                    && request.wish == Wish::Create
                    && matches!(request.state, State::Requested | State::Delivered | State::Changed) =>
            {
                self.withdraw(operation, request).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    async fn check_time(
        &self,
        service: &Named,
        employee: Option<&Named>,
        moving: &str,
        start: Timestamp,
        zone: &TimeZone,
    ) -> Result<(), Fault> {
        let day = start.to_zoned(zone.clone()).date();
        let query = SlotQuery {
            service_id: service.ext_id.clone(),
            employee_id: employee.map(|employee| employee.ext_id.clone()),
            from: day,
            to: day,
            moving: Some(moving.to_owned()),
        };
        match self.may_be_free("move", &query, start, zone).await {
            // A service or a person that only the salon's own visits name: the salon knows.
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
            checked => checked.map(|_| ()),
        }
    }

    fn wish(
        &self,
        id: String,
        wish: Wish,
        visit: &Visit,
        (service, employee): (Named, Option<Named>),
        start: Timestamp,
    ) -> Request {
        let now = self.wiring.clock.now();
        Request {
            id,
            state: State::Requested,
            wish,
            ext_id: Some(visit.ext_id.clone()),
            start,
            minutes: visit.minutes,
            service,
            price: None,
            employee,
            name: visit.client.name.clone(),
            phone: visit.client.phone.clone(),
            comment: None,
            made_at: now,
            expires_at: expiry(now, start),
            decided: None,
        }
    }

    pub(super) async fn cancel_by_request(&self, id: &str) -> Result<Appointment, Fault> {
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        match self.standing("cancel", id).await?.ok_or_else(|| self.missing("cancel", id))? {
            Standing::Request(request) if request.is_open(now) => {
                let withdrawn = self.withdraw("cancel", request).await?;
                Ok(withdrawn.appointment(now, &zone))
            }
            Standing::Request(request) => Ok(request.appointment(now, &zone)),
            Standing::Visit(visit) => self.cancel_visit(&visit, &zone).await,
        }
    }

    async fn cancel_visit(&self, visit: &Visit, zone: &TimeZone) -> Result<Appointment, Fault> {
        let now = self.wiring.clock.now();
        let shown = visit.appointment(zone).ok_or_else(|| self.missing("cancel", &visit.ext_id))?;
        if shown.status != AppointmentStatus::Booked {
            return Ok(shown);
        }
        let asked = self.requests("cancel", visit.client.phone.as_ref()).await?;
        let of_visit = |request: &&Request| {
            request.wish == Wish::Cancel
                && request.ext_id.as_deref() == Some(visit.ext_id.as_str())
                && request.is_open(now)
        };
        let known = asked.into_iter().find(|request| of_visit(&request));
        let request = match known {
            Some(known) if known.state != State::Requested => {
                return Ok(Appointment { status: AppointmentStatus::Requested, ..shown });
            }
            Some(known) => known,
            None => {
                // A later wish to cancel is another one: the salon may have declined the first.
                let id = self.request_id(&format!("cancel|{}|{}", visit.ext_id, now.as_second()));
                let service = visit.service.clone();
                let service =
                    service.unwrap_or_else(|| Named { ext_id: String::new(), name: "запись".to_owned() });
                let start = shown.start.timestamp();
                let new = self.wish(id, Wish::Cancel, visit, (service, visit.employee.clone()), start);
                self.keep_request("cancel", &new).await?;
                new
            }
        };
        self.ask_salon("cancel", request, zone).await
    }

    /// Takes a request back.
    async fn withdraw(&self, operation: &'static str, request: Request) -> Result<Request, Fault> {
        let event = Event {
            operation: "withdraw",
            kind: "appointment.request_withdrawn",
            id: id_of(&self.wiring.name, &format!("withdraw|{}", request.id)),
            at: request.made_at,
            data: json!({"request_id": request.id, "ext_id": request.ext_id, "reason": "client"}),
        };
        self.deliver(&event).await?;
        let withdrawn = Request { state: State::Withdrawn, ..request };
        self.keep_request(operation, &withdrawn).await?;
        Ok(withdrawn)
    }
}
