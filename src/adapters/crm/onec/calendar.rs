//! The calendar: hours less visits less holds, and visits by day and by client.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::slots::{Diary, Grid, earliest, free};
use super::visits::{Detail, Seen};
use super::{OneC, locks, wire};
use crate::domain::company::WeekHours;
use crate::domain::contact::Phone;
use crate::domain::crm::{
    Appointment, AppointmentQuery, AppointmentStatus, BookRequest, Calendar, Clients, CrmClient, CrmEmployee,
    MoveRequest, Slot, SlotQuery,
};
use crate::domain::fault::{Fault, FaultKind};

impl OneC {
    /// When somebody works: by the map, else as the company does.
    async fn weeks(&self, operation: &'static str, staff: &[CrmEmployee]) -> Result<Vec<WeekHours>, Fault> {
        if let Some(hours) = &self.hours {
            return Ok(staff.iter().map(|one| hours.of(&one.id, &one.name).cloned().unwrap_or_default()).collect());
        }
        let profile = self.wiring.store.profile().await;
        let profile = profile.map_err(|error| self.fault(FaultKind::Store, operation, error.to_string()))?;
        let hours = profile.map(|profile| profile.company.hours.clone()).ok_or_else(|| {
            let detail = "nobody knows the working hours: write `hours` into the section `employee` of the map, or \
                          load a business profile with `flow seed`";
            self.fault(FaultKind::Unsupported, operation, detail)
        })?;
        Ok(vec![hours; staff.len()])
    }

    /// Those who are asked for; somebody unknown is told.
    async fn asked(&self, operation: &'static str, query: &SlotQuery) -> Result<Vec<CrmEmployee>, Fault> {
        let mut staff = self.everybody(operation).await?;
        if let Some(id) = &query.employee_id {
            let key = wire::guid(id).unwrap_or_default();
            staff.retain(|employee| employee.id == key);
            if staff.is_empty() {
                return Err(self.fault(FaultKind::NotFound, operation, format!("there is no employee `{id}`")));
            }
        }
        Ok(staff)
    }

    /// Free times; what is held under `own` counts as free.
    pub(super) async fn free_for(
        &self,
        operation: &'static str,
        query: &SlotQuery,
        minutes: Option<i64>,
        own: Option<&str>,
    ) -> Result<Vec<Slot>, Fault> {
        let sold = match minutes {
            Some(_) => None,
            None => Some(self.sold(operation, &query.service_id).await?),
        };
        let minutes = minutes.or(sold.as_ref().map(|sold| sold.minutes)).unwrap_or(60);
        let mut staff = self.asked(operation, query).await?;
        if let Some(sold) = &sold {
            staff.retain(|employee| self.provides(employee, &sold.id));
        }
        let weeks = self.weeks(operation, &staff).await?;
        let zone = self.zone().await;
        let now = self.now();
        let from = query.from.max(now.to_zoned(zone.clone()).date());
        if staff.is_empty() || query.to < from {
            return Ok(Vec::new());
        }
        let whole = (from.at(0, 0, 0, 0), query.to.saturating_add(1.day()).at(0, 0, 0, 0));
        let only = query.employee_id.as_ref().and_then(|_| staff.first()).map(|employee| employee.id.as_str());
        let mut busy = self.busy(operation, whole, only, Detail::Time).await?;
        busy.retain(|seen| query.moving.as_deref().is_none_or(|id| wire::guid(id).as_deref() != Some(&seen.id)));
        let held = self.held(operation, own).await?;
        let service_id = sold.map_or_else(|| query.service_id.clone(), |sold| sold.id);
        let grid = Grid {
            zone: &zone,
            service_id: &service_id,
            minutes,
            step: self.map.step(),
            earliest: earliest(now, self.map.lead_time()),
        };
        let mut slots = Vec::new();
        for (employee, week) in staff.iter().zip(&weeks) {
            let diary = Diary { employee_id: &employee.id, week, taken: self.taken(&employee.id, &busy, &held) };
            slots.extend(free(&diary, &grid, from, query.to));
        }
        // Stable: those of one start stay in the order of the staff.
        slots.sort_by_key(|slot| slot.start.timestamp());
        Ok(slots)
    }

    /// Why a time is not among the free ones: somebody has it, or nobody works then.
    pub(super) async fn why_not(
        &self,
        operation: &'static str,
        employee: Option<&str>,
        minutes: i64,
        start: Timestamp,
    ) -> Result<Fault, Fault> {
        let zone = self.zone().await;
        let local = start.to_zoned(zone.clone());
        let at = local.strftime("%Y-%m-%d %H:%M").to_string();
        let mut staff = self.everybody(operation).await?;
        staff.retain(|one| employee.is_none_or(|id| wire::guid(id).as_deref() == Some(&one.id)));
        let weeks = self.weeks(operation, &staff).await?;
        let earliest = earliest(self.now(), self.map.lead_time());
        let grid = Grid { zone: &zone, service_id: "", minutes, step: self.map.step(), earliest };
        let is_offered = staff.iter().zip(&weeks).any(|(one, week)| {
            let diary = Diary { employee_id: &one.id, week, taken: Vec::new() };
            free(&diary, &grid, local.date(), local.date()).iter().any(|slot| slot.start.timestamp() == start)
        });
        Ok(match is_offered {
            true => self.fault(FaultKind::SlotTaken, operation, format!("{at} is not free")),
            false => {
                let step = self.map.step();
                let detail = format!(
                    "{at} is not a time that is offered: a visit begins every {step} minutes of the working hours and \
                     ends within them (`hours`, `step_min` and `lead_time_min` of the map)"
                );
                self.fault(FaultKind::Rejected, operation, detail)
            }
        })
    }

    /// The free time that a request wants.
    pub(super) async fn offered(&self, request: &BookRequest, zone: &TimeZone) -> Result<Option<Slot>, Fault> {
        let day = request.start.to_zoned(zone.clone()).date();
        let query = SlotQuery {
            service_id: request.service_id.clone(),
            employee_id: request.employee_id.clone(),
            from: day,
            to: day,
            moving: None,
        };
        let own = locks::operation(&request.marker());
        let free = self.free_for("book", &query, None, Some(&own)).await?;
        Ok(free.into_iter().find(|slot| slot.start.timestamp() == request.start))
    }

    fn taken(
        &self,
        employee: &str,
        busy: &[Seen],
        held: &[locks::Held],
    ) -> Vec<(jiff::civil::DateTime, jiff::civil::DateTime)> {
        // Where visits name nobody, the business has one diary.
        let is_common = self.map.appointment.as_ref().is_some_and(|map| map.employee.is_none());
        let visits = busy.iter().filter(|seen| is_common || seen.employee.as_deref() == Some(employee));
        let holds = held.iter().filter(|held| held.employee == employee);
        visits.map(|seen| (seen.start, seen.end)).chain(holds.map(|held| (held.start, held.end))).collect()
    }

    /// Clients by their keys. Those whom the user may not see stay nameless.
    pub(super) async fn people(
        &self,
        operation: &'static str,
        ids: &[String],
    ) -> Result<HashMap<String, CrmClient>, Fault> {
        let Some(map) = self.map.client.as_ref().filter(|_| !ids.is_empty()) else { return Ok(HashMap::new()) };
        let place = self.map.phone(map);
        let rows = match self.elements(operation, &map.set, ids, &super::clients::client_select(map, &place)).await {
            Ok(rows) => rows,
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Rejected) => {
                tracing::warn!(%fault, "clients of visits could not be read: they stay nameless");
                return Ok(HashMap::new());
            }
            Err(fault) => return Err(fault),
        };
        let read = rows.iter().filter_map(|row| super::clients::read_client(map, &place, row).ok());
        Ok(read.filter_map(|card| Some((card.client.id.clone()?, card.client))).collect())
    }

    /// The condition that visits are of one client; nothing when nobody has the phone.
    async fn of_client(&self, phone: &Phone) -> Result<Option<(String, Vec<CrmClient>)>, Fault> {
        let map = self.appointment_map("appointments")?;
        let needle = super::clients::needle(phone);
        match (&map.client, &self.map.client) {
            (Some(field), Some(client)) => {
                let cards = self.find_by_phone(phone).await?;
                let ids: Vec<&str> = cards.iter().filter_map(|card| card.id.as_deref()).collect();
                let conditions: Vec<String> = ids.iter().map(|id| wire::refers(field, &client.set, id)).collect();
                Ok((!conditions.is_empty()).then(|| (wire::any(&conditions), cards)))
            }
            _ => {
                let field = map.phone_field.as_ref().or(map.comment.as_ref());
                let field = field.ok_or_else(|| self.unmapped("appointments", "appointment.client"))?;
                Ok(Some((format!("substringof({},{field})", wire::quoted(&needle)), Vec::new())))
            }
        }
    }

    async fn listed(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let map = self.appointment_map("appointments")?;
        let zone = self.zone().await;
        let (of_client, cards) = match &query.phone {
            None => (String::new(), Vec::new()),
            Some(phone) => match self.of_client(phone).await? {
                Some(found) => found,
                None => return Ok(Vec::new()),
            },
        };
        let midnight = |day: Date| wire::moment_literal(day.at(0, 0, 0, 0));
        let from = query.from.map_or_else(String::new, |day| format!("{} ge {}", map.start, midnight(day)));
        let to = query.to.and_then(|day| day.tomorrow().ok());
        let to = to.map_or_else(String::new, |day| format!("{} lt {}", map.start, midnight(day)));
        let live = if query.all { "" } else { "DeletionMark eq false" };
        let filter = wire::all(&[&of_client, &from, &to, live]);
        let mut seen = self.visits("appointments", filter, Detail::All).await?;
        seen.retain(|seen| query.all || seen.is_live());
        let mut known: HashMap<String, CrmClient> =
            cards.into_iter().filter_map(|card| Some((card.id.clone()?, card))).collect();
        let mut strangers: Vec<String> = seen.iter().filter_map(|seen| seen.client.clone()).collect();
        strangers.retain(|id| !known.contains_key(id));
        strangers.sort();
        strangers.dedup();
        known.extend(self.people("appointments", &strangers).await?);
        let shown = |seen: &Seen| {
            let nobody = CrmClient { id: seen.client.clone(), name: None, phone: query.phone.clone(), email: None };
            let client = seen.client.as_ref().and_then(|id| known.get(id).cloned()).unwrap_or(nobody);
            self.shown(&zone, seen, client)
        };
        seen.iter().map(shown).collect()
    }

    /// The document that a request made: by its mark, else by who comes to whom.
    pub(super) async fn made_by(
        &self,
        operation: &'static str,
        mark: &str,
        start: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Seen>, Fault> {
        let map = self.appointment_map(operation)?;
        let Some(field) = map.marker() else { return Ok(None) };
        let start = start.to_zoned(zone.clone()).datetime();
        let then = self.busy(operation, (start, start.saturating_add(1.minute())), None, Detail::All).await?;
        let carries = |seen: &Seen| seen.mark.as_deref().is_some_and(|text| text.contains(mark));
        if let Some(found) = then.into_iter().find(carries) {
            return Ok(Some(found));
        }
        let filter = format!("substringof({},{field}) and DeletionMark eq false", wire::quoted(mark));
        match self.visits(operation, filter, Detail::All).await {
            Ok(found) => Ok(found.into_iter().find(carries)),
            // A text of unlimited length cannot be searched on every base.
            Err(fault) if fault.kind == FaultKind::Rejected => {
                tracing::info!(field, "this base does not search by the field of the mark");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Calendar for OneC {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        // What the visit that is moved holds is its own.
        let own = match &query.moving {
            Some(id) if self.has_locks() => self.visit("slots", id).await?.and_then(|seen| locks::operation_of(&seen)),
            _ => None,
        };
        self.free_for("slots", query, None, own.as_deref()).await
    }

    async fn offer(&self, request: &BookRequest, zone: &TimeZone) -> Result<Slot, Fault> {
        // What an earlier try under this key holds is held for it.
        match self.offered(request, zone).await? {
            Some(slot) => Ok(slot),
            None => {
                let employee = request.employee_id.as_deref();
                let minutes = self.sold("book", &request.service_id).await?.minutes;
                Err(self.why_not("book", employee, minutes, request.start).await?)
            }
        }
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        match self.visit("appointment", id).await? {
            Some(seen) => self.shown_whole("appointment", &seen).await.map(Some),
            None => Ok(None),
        }
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        self.make(request).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let zone = self.zone().await;
        if let Some(seen) = self.made_by("find_booked", &request.marker(), request.start, &zone).await? {
            let seen = self.finished(seen).await;
            return self.shown_whole("find_booked", &seen).await.map(Some);
        }
        if self.appointment_map("find_booked")?.marker().is_some() {
            return Ok(None);
        }
        let day = request.start.to_zoned(zone).date();
        let query = AppointmentQuery { phone: Some(request.phone.clone()), from: Some(day), to: Some(day), all: false };
        let is_it = |found: &Appointment| {
            found.start.timestamp() == request.start
                && (found.service_id.is_empty() || found.service_id == request.service_id)
                && (request.employee_id.is_none() || found.employee_id == request.employee_id)
                && found.status != AppointmentStatus::Cancelled
        };
        Ok(self.listed(&query).await?.into_iter().find(is_it))
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.shift(request).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.call_off(id).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.listed(query).await
    }
}
