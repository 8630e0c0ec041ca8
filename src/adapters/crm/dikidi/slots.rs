//! Free times: asked for where somebody answers, else those that were told and are still valid. They are hints: the
//! salon decides.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Dikidi;
use super::catalogue::{Wanted, as_sent};
use super::kept::{Named, State, Wish};
use super::outbound::{id_of, signature};
use super::scalars::{list, member, minutes, moment, nested, sent, text};
use crate::adapters::http::{Body, Call, Repeat};
use crate::domain::copies::Copied;
use crate::domain::crm::{AppointmentStatus, Slot, SlotQuery};
use crate::domain::fault::Fault;

const SLOTS: &str = "slots";
/// A script must answer within so long.
const QUERY: Duration = Duration::from_secs(10);
/// More snapshots are not looked at.
const AT_MOST: u32 = 1000;

/// A free time as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Free {
    pub start: Timestamp,
    pub minutes: Option<i64>,
    pub employee: Option<Named>,
}

/// Reads an answer to a query, or a snapshot.
pub(super) fn read_free(body: &Value, zone: &TimeZone) -> Result<Vec<Free>, String> {
    if !body.is_object() {
        return Err("an answer that is no object".to_owned());
    }
    let of_all = named(nested(body, "employee", &["ext_id", "name"]).as_ref());
    let row = |row: &Value| {
        let start = moment(member(row, "start"), zone).ok_or("a free time without a start")?;
        let length = minutes(member(row, "duration_min")).or_else(|| minutes(member(row, "minutes")));
        let employee = named(nested(row, "employee", &["ext_id", "name"]).as_ref()).or_else(|| of_all.clone());
        Ok(Free { start, minutes: length, employee })
    };
    list(body, "slots").iter().map(row).collect()
}

fn named(object: Option<&Value>) -> Option<Named> {
    let object = object?;
    let (ext_id, name) = (text(object, "ext_id"), text(object, "name"));
    let id = ext_id.or_else(|| name.clone())?;
    Some(Named { name: name.unwrap_or_else(|| id.clone()), ext_id: id })
}

/// Somebody's time that is taken.
struct Taken {
    employee: Option<String>,
    from: Timestamp,
    to: Timestamp,
    /// The visit or the request that takes it.
    ids: Vec<String>,
}

impl Dikidi {
    /// What the other side says is free, when anything says so.
    pub(super) async fn free(
        &self,
        operation: &'static str,
        query: &SlotQuery,
        wanted: &Wanted,
        zone: &TimeZone,
    ) -> Result<Option<Vec<Slot>>, Fault> {
        let employee = match &query.employee_id {
            Some(id) => Some(self.person(operation, id).await?),
            None => None,
        };
        let asked_by_url = self.bridge().is_some_and(|bridge| bridge.query_url.is_some());
        let free = match asked_by_url {
            true => Some(self.queried(operation, query, wanted, employee.as_ref(), zone).await?),
            false => self.told_free(operation, wanted, employee.as_ref(), zone).await?,
        };
        let Some(free) = free else { return Ok(None) };
        let now = self.wiring.clock.now();
        let mut slots: Vec<Slot> = Vec::new();
        for free in free {
            let start = free.start.to_zoned(zone.clone());
            let is_asked = match (&employee, &free.employee) {
                (Some(wanted), Some(has)) => is_one(wanted, has),
                _ => true,
            };
            if !is_asked || free.start <= now || start.date() < query.from || start.date() > query.to {
                continue;
            }
            let length = SignedDuration::from_mins(free.minutes.unwrap_or(wanted.minutes));
            slots.push(Slot {
                end: (free.start + length).to_zoned(zone.clone()),
                start,
                // As it was asked for: the caller's id of the same person.
                employee_id: query.employee_id.clone().or_else(|| free.employee.map(|has| has.ext_id)),
                service_id: query.service_id.clone(),
            });
        }
        slots.sort_by(|a, b| (a.start.timestamp(), &a.employee_id).cmp(&(b.start.timestamp(), &b.employee_id)));
        slots.dedup();
        self.without_taken(operation, slots, query.moving.as_deref()).await.map(Some)
    }

    async fn queried(
        &self,
        operation: &'static str,
        query: &SlotQuery,
        wanted: &Wanted,
        employee: Option<&Named>,
        zone: &TimeZone,
    ) -> Result<Vec<Free>, Fault> {
        let Some((bridge, url)) = self.bridge().and_then(|bridge| Some((bridge, bridge.query_url.as_ref()?))) else {
            return Ok(Vec::new());
        };
        let now = self.wiring.clock.now();
        let midnight = |day: jiff::civil::Date| day.to_zoned(zone.clone()).map_or(now, |at| at.timestamp());
        let (from, to) = (midnight(query.from).max(now), midnight(query.to.saturating_add(1.day())));
        let mut service = as_sent(&wanted.named);
        service.insert("duration_min".to_owned(), json!(wanted.minutes));
        let body = json!({"v": 1, "type": "slots.query", "data": {
            "service": service, "employee": employee.map(as_sent), "from": sent(from, zone), "to": sent(to, zone)}});
        let body = body.to_string().into_bytes();
        let id = id_of(&self.wiring.name, &format!("query|{:032x}", rand::random::<u128>()));
        let signed = signature(bridge.key(), now.as_second(), &id, &body);
        let mut call = Call::post("query", url.expose_secret()).repeat(Repeat::Safe).within(QUERY);
        call.body = Some(Body::Bytes("application/json; charset=utf-8", body));
        let call = call
            .header("x-flow-event", "slots.query")
            .header("x-flow-event-id", id)
            .header("x-flow-signature", signed)
            .header("x-flow-attempt", "1");
        let answer = self.portal.json(&call).await?;
        read_free(&answer, zone)
            .map_err(|detail| self.fault(crate::domain::fault::FaultKind::Protocol, operation, detail))
    }

    /// What snapshots say that are still valid; nothing when there is none for what is asked.
    async fn told_free(
        &self,
        operation: &'static str,
        wanted: &Wanted,
        employee: Option<&Named>,
        zone: &TimeZone,
    ) -> Result<Option<Vec<Free>>, Fault> {
        let copies = self.wiring.store.all_copied(&self.wiring.name, SLOTS, None, AT_MOST).await;
        let now = self.wiring.clock.now();
        let mut found: Option<Vec<Free>> = None;
        for copy in copies.map_err(self.lost(operation))? {
            let until = text(&copy.body, "until").and_then(|until| until.parse::<Timestamp>().ok());
            let service = named(copy.body.get("service"));
            let whose = named(copy.body.get("employee"));
            let is_valid = until.is_some_and(|until| until > now);
            let is_of_service = service.is_none_or(|service| is_one(&wanted.named, &service));
            let is_of_person = match (employee, &whose) {
                (Some(wanted), Some(has)) => is_one(wanted, has),
                _ => true,
            };
            if is_valid && is_of_service && is_of_person {
                found.get_or_insert_default().extend(read_free(&copy.body, zone).unwrap_or_default());
            }
        }
        Ok(found)
    }

    pub(super) async fn keep_slots(&self, key: &str, body: Value, at: Timestamp) -> Result<(), Fault> {
        let copy = Copied { id: key.to_owned(), phone: None, body, at };
        self.wiring.store.keep_copy(&self.wiring.name, SLOTS, &copy).await.map_err(self.lost("hook")).map(|_| ())
    }

    /// Less what flow knows to be taken or asked for.
    async fn without_taken(
        &self,
        operation: &'static str,
        mut slots: Vec<Slot>,
        moving: Option<&str>,
    ) -> Result<Vec<Slot>, Fault> {
        if slots.is_empty() {
            return Ok(slots);
        }
        let taken = self.taken(operation).await?;
        slots.retain(|slot| {
            !taken.iter().any(|taken| {
                let is_same = taken.employee.is_some() && taken.employee == slot.employee_id;
                let is_moving = moving.is_some_and(|id| taken.ids.iter().any(|known| known == id));
                is_same && !is_moving && taken.from < slot.end.timestamp() && slot.start.timestamp() < taken.to
            })
        });
        Ok(slots)
    }

    async fn taken(&self, operation: &'static str) -> Result<Vec<Taken>, Fault> {
        let now = self.wiring.clock.now();
        let mut taken = Vec::new();
        for visit in self.visits(operation, None).await? {
            if let (AppointmentStatus::Booked, Some(from), Some(to)) = (visit.status, visit.start, visit.end()) {
                let ids = [Some(visit.ext_id), visit.request_id].into_iter().flatten().collect();
                taken.push(Taken { employee: visit.employee.map(|e| e.ext_id), from, to, ids });
            }
        }
        for request in self.requests(operation, None).await? {
            // One that was not delivered asks nobody for anything; what is in doubt the ledger holds.
            if request.wish != Wish::Cancel && request.state != State::Requested && request.is_open(now) {
                let (from, to) = (request.start, request.end());
                let ids = [Some(request.id), request.ext_id].into_iter().flatten().collect();
                taken.push(Taken { employee: request.employee.map(|e| e.ext_id), from, to, ids });
            }
        }
        Ok(taken)
    }
}

/// Whether two names are of one, by id, else by name.
fn is_one(a: &Named, b: &Named) -> bool {
    a.ext_id == b.ext_id || a.name.to_lowercase() == b.name.to_lowercase()
}
