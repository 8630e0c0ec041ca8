//! Moving and listing visits.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Bitrix24;
use super::account::Model;
use super::calendar::certain;
use super::desk::{Draft, wide};
use super::item::Item;
use super::slots::{Wanted, free_times};
use super::texts::Tag;
use crate::domain::contact::Phone;
use crate::domain::crm::{Appointment, AppointmentQuery, Clients, CrmClient, MoveRequest, Slot, SlotQuery, marker};
use crate::domain::fault::{Fault, FaultKind};

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
            self.gives_way(&new, &item, &target).await?;
            return self.finish_elsewhere(item, new, client).await;
        }
        self.shift(&item, &target, request.start, end).await?;
        let moved = Item { owners: vec![target.clone()], start: request.start, end, ..item.clone() };
        self.looked_after(&item, moved, client).await
    }

    /// After a visit was written into another calendar: whoever was there before stays, the visit remains where it was.
    async fn gives_way(&self, new: &Item, old: &Item, target: &str) -> Result<(), Fault> {
        let others = match self.visits(wide(new.start, new.end), Some(target)).await {
            Ok(others) => others,
            Err(fault) => {
                tracing::warn!(%fault, "the visit was moved and could not be looked at again");
                return Ok(());
            }
        };
        let is_first = |other: &Item| {
            other.id != new.id
                && other.id != old.id
                && other.takes(target, new.start, new.end)
                && other.was_before(&new.id)
        };
        if !others.iter().any(is_first) {
            return Ok(());
        }
        self.remove(&new.id).await.map_err(|fault| Fault { kind: FaultKind::UnknownOutcome, ..fault })?;
        Err(self.wire.fault(FaultKind::SlotTaken, "move", "somebody else has booked this time"))
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
            self.fasten(&moved, contact).await?;
        }
        self.shown(seen.unwrap_or(moved), None, client).await
    }

    /// Fastens a client again.
    async fn fasten(&self, moved: &Item, contact: &str) -> Result<(), Fault> {
        let commands = super::desk::attach_commands(&moved.id, contact, None);
        let params = super::batch::batch_params(&commands);
        let is_there = async {
            let mut items = [Item { contacts: None, ..moved.clone() }];
            self.load_contacts(&mut items).await?;
            Ok(items[0].contacts.iter().flatten().any(|known| known == contact))
        };
        self.wire.settle("batch", params, is_there).await
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
                let among = |busy: &[Item]| {
                    let mut free = rules.iter().flat_map(|rules| free_times(rules, busy, &wanted));
                    free.any(|(start, _)| start == request.start)
                };
                if !among(&[]) {
                    return Err(self.not_offered("move", request.start, &zone));
                }
                among(&busy)
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
}

pub(super) fn nobody() -> CrmClient {
    CrmClient { id: None, name: None, phone: None, email: None }
}
