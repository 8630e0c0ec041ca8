//! Moving, cancelling and listing visits. A booking that is cancelled is deleted there: what it was is kept here, so
//! that cancelling it again answers the same.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Bitrix24;
use super::account::Model;
use super::calendar::certain;
use super::desk::{Draft, wide};
use super::item::Item;
use super::slots::{Wanted, free_times};
use super::texts::Tag;
use crate::adapters::http::read;
use crate::domain::contact::{Phone, Region};
use crate::domain::copies::Copied;
use crate::domain::crm::{
    Appointment, AppointmentQuery, AppointmentStatus, Clients, CrmClient, MoveRequest, Slot, SlotQuery, marker,
};
use crate::domain::fault::{Fault, FaultKind};

/// Copies of visits that flow called off.
const CALLED_OFF: &str = "bitrix24.cancelled";
/// Copies that one answer lists.
const MOST_CALLED_OFF: u32 = 1000;

impl Bitrix24 {
    pub(super) fn tag(&self, marker: &str, service: &str, staff: &str) -> Tag {
        let employee = (self.model() != Model::Booking).then(|| staff.to_owned());
        Tag { marker: Some(marker.to_owned()), service: Some(service.to_owned()), employee }
    }

    /// Moves: reads first, looks whether there is room, writes, and looks again.
    pub(super) async fn change(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let gone = || self.wire.fault(FaultKind::NotFound, "move", format!("there is no appointment `{}`", request.id));
        let Some(item) = self.one(&request.id).await.map_err(certain)? else {
            // A move to somebody else's calendar makes a new event: it may have been finished before.
            let found = match self.model() {
                Model::Calendar => self.moved_before(request).await?,
                Model::Booking | Model::Deal => None,
            };
            let item = found.ok_or_else(gone)?;
            let client = self.client_in(&item).await?;
            return self.shown(item, None, client).await;
        };
        let staff = item.owners.first().cloned().unwrap_or_default();
        let target = request.employee_id.clone().unwrap_or_else(|| staff.clone());
        let end = request.start.checked_add(item.end.duration_since(item.start)).unwrap_or(request.start);
        let client = self.client_in(&item).await.map_err(certain)?;
        if item.start == request.start && staff == target {
            return self.shown(item, None, client).await;
        }
        let is_elsewhere = self.model() == Model::Calendar && !self.same_calendar(&staff, &target).await?;
        if is_elsewhere && let Some(new) = self.moved_before(request).await? {
            return self.finish_elsewhere(item, new, client).await;
        }
        self.has_room(&item, &target, request, end).await.map_err(certain)?;
        if is_elsewhere {
            let description = self.retold(&item, request, &target);
            let contact = client.id.clone().unwrap_or_default();
            let draft = Draft {
                staff: &target,
                start: request.start,
                end,
                name: &item.name,
                description: &description,
                contact: &contact,
                deal: None,
            };
            let id = self.add(&draft).await?;
            let new = Item {
                id,
                owners: vec![target.clone()],
                start: request.start,
                end,
                name: item.name.clone(),
                description: description.clone(),
                contacts: item.contacts.clone(),
            };
            return self.finish_elsewhere(item, new, client).await;
        }
        self.shift(&item, &target, request.start, end).await?;
        let moved = Item { owners: vec![target.clone()], start: request.start, end, ..item.clone() };
        self.looked_after(&item, moved, client).await
    }

    /// After a move: whoever was there before stays, and the client is still fastened.
    async fn looked_after(&self, before: &Item, moved: Item, client: CrmClient) -> Result<Appointment, Fault> {
        let target = moved.owners.first().cloned().unwrap_or_default();
        let others = match self.visits(wide(moved.start, moved.end), Some(&target)).await {
            Ok(others) => others,
            Err(fault) => {
                tracing::warn!(%fault, "the visit was moved and could not be looked at again");
                return self.shown(moved, None, client).await;
            }
        };
        let is_first = |other: &&Item| {
            other.id != moved.id && other.takes(&target, moved.start, moved.end) && other.was_before(&moved.id)
        };
        if others.iter().any(|other| is_first(&other)) {
            let staff = before.owners.first().cloned().unwrap_or_default();
            let back = self.shift(&moved, &staff, before.start, before.end).await;
            back.map_err(|fault| Fault { kind: FaultKind::UnknownOutcome, ..fault })?;
            return Err(self.wire.fault(FaultKind::SlotTaken, "move", "somebody else has booked this time"));
        }
        let seen = others.into_iter().find(|other| other.id == moved.id);
        let had = before.contacts.as_deref().unwrap_or_default();
        let now = match (self.model(), &seen) {
            (Model::Booking, Some(seen)) => {
                let mut items = [seen.clone()];
                self.load_contacts(&mut items).await.ok();
                items[0].contacts.clone()
            }
            _ => None,
        };
        if let (Some(now), Some(contact)) = (now, had.first())
            && now.is_empty()
        {
            tracing::info!(booking = %moved.id, "the portal dropped the client when the booking was moved");
            self.wire.batch(&super::desk::attach_commands(&moved.id, contact, None), true).await?;
        }
        self.shown(seen.unwrap_or(moved), None, client).await
    }

    /// The description of an event that stands for another one from now on.
    fn retold(&self, item: &Item, request: &MoveRequest, target: &str) -> String {
        let old = Tag::read(&item.description);
        let words = old.marker.as_deref().and_then(|mark| item.description.split(mark).next());
        let words = words.unwrap_or(&item.description).trim_end();
        let tag = Tag { marker: Some(marker(&request.key)), service: old.service, employee: Some(target.to_owned()) };
        format!("{words}\n{}", tag.line())
    }

    async fn same_calendar(&self, one: &str, other: &str) -> Result<bool, Fault> {
        let people = self.people(&*self.own_profile("move").await?).await?;
        let of = |employee: &str| people.user(employee).unwrap_or(&people.owner).to_owned();
        Ok(of(one) == of(other))
    }

    /// The event that an earlier call under this key made in another calendar.
    async fn moved_before(&self, request: &MoveRequest) -> Result<Option<Item>, Fault> {
        let hour = SignedDuration::from_hours(1);
        let window = wide(request.start, request.start.checked_add(hour).unwrap_or(request.start));
        let mark = marker(&request.key);
        let items = self.visits(window, request.employee_id.as_deref()).await?;
        let is_it = |item: &Item| Tag::read(&item.description).marker.as_deref() == Some(mark.as_str());
        Ok(items.into_iter().find(is_it))
    }

    async fn finish_elsewhere(&self, old: Item, new: Item, client: CrmClient) -> Result<Appointment, Fault> {
        self.remove(&old.id).await.map_err(|fault| {
            let detail =
                format!("the visit stands as {} now, and {} could not be removed: {}", new.id, old.id, fault.detail);
            Fault { kind: FaultKind::UnknownOutcome, detail, ..fault }
        })?;
        self.shown(new, None, client).await
    }

    /// Whether the target has room then.
    async fn has_room(&self, item: &Item, target: &str, request: &MoveRequest, end: Timestamp) -> Result<(), Fault> {
        let zone = self.zone().await?;
        let day = request.start.to_zoned(zone.clone()).date();
        let is_free = match self.model() {
            Model::Booking => {
                if !self.resources().await?.iter().any(|resource| resource.id == target) {
                    return Err(self.wire.fault(
                        FaultKind::NotFound,
                        "move",
                        format!("there is no employee `{target}`"),
                    ));
                }
                let (rules, mut busy) = self.rules_and_busy(&[target], (request.start, end)).await?;
                busy.retain(|other| other.id != item.id);
                let minutes = u32::try_from(item.end.duration_since(item.start).as_mins()).ok();
                let earliest = self.wire.wiring().clock.now();
                let wanted = Wanted { owner: target, minutes, from: day, to: day, zone: &zone, earliest };
                let free = rules.iter().flat_map(|rules| free_times(rules, &busy, &wanted));
                free.into_iter().any(|(start, _)| start == request.start)
            }
            Model::Calendar | Model::Deal => {
                let service_id = self.shown(item.clone(), None, nobody()).await?.service_id;
                let employee_id = Some(target.to_owned());
                let moving = Some(item.id.clone());
                let query = SlotQuery { service_id, employee_id, from: day, to: day, moving };
                let free: Vec<Slot> = crate::domain::crm::Calendar::free_slots(self, &query).await?;
                free.iter().any(|slot| slot.start.timestamp() == request.start)
            }
        };
        if is_free {
            return Ok(());
        }
        let at = request.start.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string();
        Err(self.wire.fault(FaultKind::SlotTaken, "move", format!("{at} is not free")))
    }

    /// Cancels: deletes, and leaves a word with the client.
    pub(super) async fn call_off(&self, id: &str) -> Result<Appointment, Fault> {
        let Some(item) = self.one(id).await? else {
            let known = self.called_off(id).await?;
            return known.ok_or_else(|| {
                self.wire.fault(FaultKind::NotFound, "cancel", format!("there is no appointment `{id}`"))
            });
        };
        let contacts = item.contacts.clone().unwrap_or_default();
        let client = self.client_in(&item).await?;
        let name = item.name.clone();
        let shown = self.shown(item, None, client).await?;
        let cancelled = Appointment { status: AppointmentStatus::Cancelled, ..shown };
        // Before the deletion: afterwards nobody knows what it was.
        self.keep_called_off(&cancelled).await?;
        self.remove(id).await?;
        let at = cancelled.start.strftime("%d.%m.%Y %H:%M");
        let text = if self.is_russian() {
            format!("Запись отменена: {name}, {at}")
        } else {
            format!("Cancelled: {name}, {at}")
        };
        for contact in contacts {
            if let Err(fault) = self.comment("contact", &contact, &text, &marker(&format!("cancel:{id}"))).await {
                tracing::warn!(%fault, "the visit was cancelled without a word in its client's timeline");
            }
        }
        Ok(cancelled)
    }

    async fn keep_called_off(&self, appointment: &Appointment) -> Result<(), Fault> {
        let wiring = self.wire.wiring();
        let copy = Copied {
            id: appointment.id.clone(),
            phone: appointment.client.phone.clone(),
            body: called_off_body(appointment),
            at: wiring.clock.now(),
        };
        let kept = wiring.store.keep_copy(&wiring.name, CALLED_OFF, &copy).await;
        kept.map(|_| ()).map_err(|error| self.wire.fault(FaultKind::Store, "cancel", error.to_string()))
    }

    async fn called_off(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let wiring = self.wire.wiring();
        let copied = wiring.store.copied(&wiring.name, CALLED_OFF, id).await;
        let copied = copied.map_err(|error| self.wire.fault(FaultKind::Store, "cancel", error.to_string()))?;
        let zone = self.zone().await?;
        Ok(copied.and_then(|copy| read_called_off(id, &copy.body, &zone)))
    }

    /// Who comes to a visit.
    pub(super) async fn client_in(&self, item: &Item) -> Result<CrmClient, Fault> {
        let ids: Vec<String> = item.contacts.iter().flatten().take(1).cloned().collect();
        let cards = self.contacts(&ids).await?;
        let known = ids.first().and_then(|id| cards.get(id)).map(|card| card.client.clone());
        Ok(known.unwrap_or_else(|| CrmClient { id: ids.into_iter().next(), ..nobody() }))
    }

    /// Visits of a window, of one of the staff or of all. Of calendars only what is a visit.
    pub(super) async fn visits(&self, window: (Timestamp, Timestamp), staff: Option<&str>) -> Result<Vec<Item>, Fault> {
        match self.model() {
            Model::Booking => self.bookings(window, None, None).await,
            Model::Calendar | Model::Deal => {
                let people = self.people(&*self.own_profile("appointments").await?).await?;
                let calendars = match staff {
                    Some(employee) => vec![people.user(employee).unwrap_or(&people.owner).to_owned()],
                    None => people.calendars(),
                };
                let items = self.events(&people, &calendars, window, false).await?;
                let is_visit = |item: &Item| {
                    staff.is_some()
                        || item.contacts.as_ref().is_some_and(|contacts| !contacts.is_empty())
                        || Tag::read(&item.description).marker.is_some()
                };
                Ok(items.into_iter().filter(is_visit).collect())
            }
        }
    }

    /// Visits of days, of one client or of all.
    pub(super) async fn listed(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        let zone = self.zone().await?;
        let now = self.wire.wiring().clock.now();
        let year = SignedDuration::from_hours(24 * 366);
        let midnight = |day: jiff::civil::Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        let from = query.from.and_then(midnight).unwrap_or(now - year);
        let to = query.to.and_then(|day| day.tomorrow().ok()).and_then(midnight).unwrap_or(now + year);
        let (mut items, mut cards) = match &query.phone {
            None => (self.visits((from, to), None).await?, HashMap::new()),
            Some(phone) => self.visits_of(phone, (from, to)).await?,
        };
        items.retain(|item| (from..to).contains(&item.start));
        self.load_contacts(&mut items).await?;
        let mut unknown: Vec<String> =
            items.iter().filter_map(|item| item.contacts.as_ref()?.first().cloned()).collect();
        unknown.sort();
        unknown.dedup();
        unknown.retain(|id| !cards.contains_key(id));
        cards.extend(self.contacts(&unknown).await?.into_iter().map(|(id, card)| (id, card.client)));
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            let contact = item.contacts.as_ref().and_then(|contacts| {
                let wanted = contacts.iter().find(|id| query.phone.is_some() && cards.contains_key(*id));
                wanted.or(contacts.first()).cloned()
            });
            let client = contact.as_ref().and_then(|id| cards.get(id)).cloned();
            let client = client.unwrap_or_else(|| CrmClient { id: contact, ..nobody() });
            shown.push(self.shown(item, None, client).await?);
        }
        if query.all {
            shown.extend(self.all_called_off(query.phone.as_ref(), from, to).await?);
        }
        shown.sort_by(|a, b| a.start.timestamp().cmp(&b.start.timestamp()).then_with(|| a.id.cmp(&b.id)));
        Ok(shown)
    }

    /// Visits of whoever has that phone; several cards may.
    async fn visits_of(
        &self,
        phone: &Phone,
        window: (Timestamp, Timestamp),
    ) -> Result<(Vec<Item>, HashMap<String, CrmClient>), Fault> {
        let found = self.find_by_phone(phone).await?;
        let cards: HashMap<String, CrmClient> =
            found.into_iter().filter_map(|client| Some((client.id.clone()?, client))).collect();
        if cards.is_empty() {
            return Ok((Vec::new(), cards));
        }
        if self.model() != Model::Booking {
            let mut items = self.visits(window, None).await?;
            items.retain(|item| item.contacts.iter().flatten().any(|contact| cards.contains_key(contact)));
            return Ok((items, cards));
        }
        let mut items: Vec<Item> = Vec::new();
        for contact in cards.keys() {
            for item in self.bookings(window, Some(contact), None).await? {
                if items.iter().all(|known| known.id != item.id) {
                    items.push(item);
                }
            }
        }
        // A portal that does not hear the filter by client answers everybody's.
        self.load_contacts(&mut items).await?;
        items.retain(|item| item.contacts.iter().flatten().any(|contact| cards.contains_key(contact)));
        Ok((items, cards))
    }

    async fn all_called_off(
        &self,
        phone: Option<&Phone>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Appointment>, Fault> {
        let wiring = self.wire.wiring();
        let copies = wiring.store.all_copied(&wiring.name, CALLED_OFF, phone, MOST_CALLED_OFF).await;
        let copies = copies.map_err(|error| self.wire.fault(FaultKind::Store, "appointments", error.to_string()))?;
        let zone = self.zone().await?;
        let of = |copy: Copied| read_called_off(&copy.id, &copy.body, &zone);
        let is_wanted = |shown: &Appointment| (from..to).contains(&shown.start.timestamp());
        Ok(copies.into_iter().filter_map(of).filter(is_wanted).collect())
    }
}

pub(super) fn nobody() -> CrmClient {
    CrmClient { id: None, name: None, phone: None, email: None }
}

fn called_off_body(appointment: &Appointment) -> Value {
    json!({"start": appointment.start.timestamp().to_string(), "end": appointment.end.timestamp().to_string(),
        "service_id": appointment.service_id, "employee_id": appointment.employee_id,
        "client": {"id": appointment.client.id, "name": appointment.client.name,
            "phone": appointment.client.phone.as_ref().map(Phone::as_str), "email": appointment.client.email}})
}

/// Reads what was kept of a visit that was called off.
#[must_use]
pub fn read_called_off(id: &str, body: &Value, zone: &jiff::tz::TimeZone) -> Option<Appointment> {
    let of = |value: &Value, name: &str| value.get(name).and_then(read::text);
    let at = |name: &str| of(body, name)?.parse::<Timestamp>().ok().map(|at| at.to_zoned(zone.clone()));
    let client = body.get("client").unwrap_or(&Value::Null);
    Some(Appointment {
        id: id.to_owned(),
        start: at("start")?,
        end: at("end")?,
        service_id: of(body, "service_id").unwrap_or_default(),
        employee_id: of(body, "employee_id"),
        client: CrmClient {
            id: of(client, "id"),
            name: of(client, "name"),
            phone: of(client, "phone").and_then(|phone| Phone::parse(&phone, Region::default()).ok()),
            email: of(client, "email"),
        },
        status: AppointmentStatus::Cancelled,
    })
}
