//! The calendar over the bridge: a booking is a request, a list is what was told.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Dikidi;
use super::kept::{Request, State, Visit, Wish};
use crate::domain::crm::{
    Appointment, AppointmentQuery, AppointmentStatus, BookRequest, Calendar, MoveRequest, Slot, SlotQuery,
};
use crate::domain::fault::{Fault, FaultKind};

/// What an id stands for.
pub(super) enum Standing {
    Visit(Visit),
    Request(Request),
}

impl Dikidi {
    /// What an id of the other side, or of a request, stands for now.
    pub(super) async fn standing(&self, operation: &'static str, id: &str) -> Result<Option<Standing>, Fault> {
        if let Some(visit) = self.visit(operation, id).await? {
            return Ok(Some(Standing::Visit(visit)));
        }
        let Some(request) = self.request(operation, id).await? else { return Ok(None) };
        if (request.wish != Wish::Create || request.state == State::Confirmed)
            && let Some(ext_id) = &request.ext_id
            && let Some(visit) = self.visit(operation, ext_id).await?
        {
            return Ok(Some(Standing::Visit(visit)));
        }
        Ok(Some(Standing::Request(request)))
    }

    /// A visit with what is asked about it and not decided: it waits for the salon.
    pub(super) async fn shown(
        &self,
        operation: &'static str,
        visit: &Visit,
        zone: &TimeZone,
    ) -> Result<Option<Appointment>, Fault> {
        let Some(appointment) = visit.appointment(zone) else { return Ok(None) };
        if visit.status != AppointmentStatus::Booked {
            return Ok(Some(appointment));
        }
        let now = self.wiring.clock.now();
        let phone = visit.client.phone.as_ref();
        let asked = self.requests(operation, phone).await?.into_iter().any(|request| {
            request.wish != Wish::Create
                && request.state == State::Delivered
                && request.is_open(now)
                && request.ext_id.as_deref() == Some(visit.ext_id.as_str())
        });
        let status = if asked { AppointmentStatus::Requested } else { appointment.status };
        Ok(Some(Appointment { status, ..appointment }))
    }

    /// Whether a time may be asked for: somebody says that it is free, or nobody says anything.
    pub(super) async fn may_be_free(
        &self,
        operation: &'static str,
        query: &SlotQuery,
        start: Timestamp,
        zone: &TimeZone,
    ) -> Result<Slot, Fault> {
        let wanted = self.wanted(operation, &query.service_id).await?;
        let at = start.to_zoned(zone.clone());
        if start <= self.wiring.clock.now() {
            return Err(self.fault(
                FaultKind::Rejected,
                operation,
                format!("{} is past", at.strftime("%Y-%m-%d %H:%M")),
            ));
        }
        match self.free(operation, query, &wanted, zone).await? {
            Some(free) => free.into_iter().find(|slot| slot.start.timestamp() == start).ok_or_else(|| {
                let detail = format!("{} is not free", at.strftime("%Y-%m-%d %H:%M"));
                self.fault(FaultKind::SlotTaken, operation, detail)
            }),
            None => {
                if let Some(id) = &query.employee_id {
                    self.person(operation, id).await?;
                }
                Ok(Slot {
                    end: (start + SignedDuration::from_mins(wanted.minutes)).to_zoned(zone.clone()),
                    start: at,
                    employee_id: query.employee_id.clone(),
                    service_id: query.service_id.clone(),
                })
            }
        }
    }
}

#[async_trait]
impl Calendar for Dikidi {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let zone = self.wiring.zone().await;
        let wanted = self.wanted("slots", &query.service_id).await?;
        match self.free("slots", query, &wanted, &zone).await? {
            Some(free) => Ok(free),
            None => Err(self.cannot(
                "slots",
                "nobody tells free times here: there is no `query_url` and no valid slots.snapshot for this",
            )),
        }
    }

    async fn offer(&self, request: &BookRequest, zone: &TimeZone) -> Result<Slot, Fault> {
        if !self.can_send() {
            return Err(self.cannot("book", "nothing can be requested without `bridge_url`"));
        }
        // What was asked for under this key may have been heard: it is asked for again, whatever is free now.
        if let Some(known) = self.request("book", &self.request_id(&request.key)).await? {
            return Ok(Slot {
                start: known.start.to_zoned(zone.clone()),
                end: known.end().to_zoned(zone.clone()),
                employee_id: request.employee_id.clone(),
                service_id: request.service_id.clone(),
            });
        }
        let day = request.start.to_zoned(zone.clone()).date();
        let query = SlotQuery {
            service_id: request.service_id.clone(),
            employee_id: request.employee_id.clone(),
            from: day,
            to: day,
            moving: None,
        };
        self.may_be_free("book", &query, request.start, zone).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let zone = self.wiring.zone().await;
        match self.standing("appointment", id).await? {
            Some(Standing::Visit(visit)) => self.shown("appointment", &visit, &zone).await,
            Some(Standing::Request(request)) => Ok(Some(request.appointment(self.wiring.clock.now(), &zone))),
            None => Ok(None),
        }
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.book_by_request(request).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let zone = self.wiring.zone().await;
        let found = self.request("find_booked", &self.request_id(&request.key)).await?;
        let delivered = found.filter(|request| request.state != State::Requested);
        Ok(delivered.map(|request| request.appointment(self.wiring.clock.now(), &zone)))
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.move_by_request(request).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.cancel_by_request(id).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let zone = self.wiring.zone().await;
        let now = self.wiring.clock.now();
        let mut found = Vec::new();
        let requests = self.requests("appointments", query.phone.as_ref()).await?;
        for visit in self.visits("appointments", query.phone.as_ref()).await? {
            let Some(mut appointment) = visit.appointment(&zone) else { continue };
            let is_asked = requests.iter().any(|request| {
                request.wish != Wish::Create
                    && request.state == State::Delivered
                    && request.is_open(now)
                    && request.ext_id.as_deref() == Some(visit.ext_id.as_str())
            });
            if is_asked && appointment.status == AppointmentStatus::Booked {
                appointment.status = AppointmentStatus::Requested;
            }
            found.push(appointment);
        }
        // A request that became a visit is in the list already.
        let is_apart = |request: &&Request| {
            // One that was confirmed without the salon's id is a visit under its own.
            let id = request.ext_id.as_ref().unwrap_or(&request.id);
            let is_visit = found.iter().any(|visit| visit.id == *id);
            request.wish == Wish::Create && request.state != State::Requested && !is_visit
        };
        let apart: Vec<Appointment> = requests.iter().filter(is_apart).map(|r| r.appointment(now, &zone)).collect();
        found.extend(apart);
        found.retain(|appointment| {
            let day = appointment.start.date();
            let is_shown = query.all || appointment.status != AppointmentStatus::Cancelled;
            is_shown && query.from.is_none_or(|from| day >= from) && query.to.is_none_or(|to| day <= to)
        });
        found.sort_by(|a, b| (a.start.timestamp(), &a.id).cmp(&(b.start.timestamp(), &b.id)));
        Ok(found)
    }
}
