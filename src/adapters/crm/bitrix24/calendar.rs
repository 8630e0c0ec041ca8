//! Free times and bookings. Bitrix24 lets visits overlap: whoever books looks before and after, and of two that want
//! one time the smaller id stays.

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Bitrix24;
use super::account::Model;
use super::batch::Command;
use super::catalogue::Resource;
use super::desk::{Draft, LIST, bookings_params, wide};
use super::item::{Item, read_bookings};
use super::slots::{Rule, Wanted, free_times, read_rules};
use super::texts::{Tag, visit_description, visit_name};
use crate::domain::company::Profile;
use crate::domain::crm::{Appointment, AppointmentQuery, BookRequest, Calendar, MoveRequest, Slot, SlotQuery};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::BookingId;
use crate::domain::refusal;
use crate::domain::slots::free_slots as profile_slots;
use crate::domain::store::Busy;

/// So long what was offered for a key is believed.
const OFFER: std::time::Duration = std::time::Duration::from_secs(20);
/// Offers of so many keys are remembered.
const MOST_OFFERS: usize = 256;

/// Who would do it, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub staff: String,
    pub end: Timestamp,
}

impl Bitrix24 {
    /// Free times from resources' rules, less what is booked.
    async fn resource_slots(&self, query: &SlotQuery, zone: &TimeZone) -> Result<Vec<Slot>, Fault> {
        let good = self.good("slots", &query.service_id).await?;
        let profile = self.profile().await?;
        let resources = self.resources().await?;
        let goods = self.goods().await?;
        let is_one = |resource: &&Resource| query.employee_id.as_ref().is_none_or(|id| *id == resource.id);
        let wanted: Vec<&Resource> = resources.iter().filter(is_one).collect();
        if let (Some(id), true) = (&query.employee_id, wanted.is_empty()) {
            return Err(self.wire.fault(FaultKind::NotFound, "slots", format!("there is no employee `{id}`")));
        }
        let provides = |resource: &&Resource| self.provided(resource, &goods, profile.as_deref()).contains(&good.id);
        let wanted: Vec<&Resource> = wanted.into_iter().filter(provides).collect();
        let Some(window) = window(query, zone) else { return Ok(Vec::new()) };
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&str> = wanted.iter().map(|resource| resource.id.as_str()).collect();
        let (rules, mut busy) = self.rules_and_busy(&ids, window).await?;
        busy.retain(|item| query.moving.as_deref() != Some(item.id.as_str()));
        let mut slots = Vec::new();
        for (resource, rules) in wanted.iter().zip(&rules) {
            let wanted = Wanted {
                owner: &resource.id,
                minutes: self.minutes(&good, profile.as_deref()),
                from: query.from,
                to: query.to,
                zone,
                earliest: self.wire.wiring().clock.now(),
            };
            slots.extend(free_times(rules, &busy, &wanted).into_iter().map(|(start, end)| Slot {
                start: start.to_zoned(zone.clone()),
                end: end.to_zoned(zone.clone()),
                employee_id: Some(resource.id.clone()),
                service_id: query.service_id.clone(),
            }));
        }
        // Stable: those of one start stay in the portal's order.
        slots.sort_by_key(|slot| slot.start.timestamp());
        Ok(slots)
    }

    /// Rules of resources and bookings of a window, in one request as far as one page goes.
    pub(super) async fn rules_and_busy(
        &self,
        resources: &[&str],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<(Vec<Vec<Rule>>, Vec<Item>), Fault> {
        const RULES: &str = "booking.v1.resource.slots.list";
        let (from, to) = wide(from, to);
        let mut commands = vec![Command::new("page", LIST, bookings_params(from, to, None, 0))];
        let unknown: Vec<&&str> = resources.iter().filter(|id| self.rule(id).is_none()).collect();
        commands.extend(unknown.iter().map(|id| {
            let id: serde_json::Value = id.parse::<i64>().map_or_else(|_| (**id).into(), Into::into);
            Command::new(format!("r{}", id.to_string().trim_matches('"')), RULES, serde_json::json!({"resourceId": id}))
        }));
        let replies = self.wire.batch(&commands, false).await?;
        for id in unknown {
            let rules = read_rules(replies.get(&format!("r{id}"))?).map_err(self.wire.unread(RULES))?;
            self.keep_rule(id, rules);
        }
        let page = read_bookings(replies.get("page")?).map_err(self.wire.unread(LIST))?;
        let busy = self.bookings((from, to), None, Some(page)).await?;
        Ok((resources.iter().map(|id| self.rule(id).unwrap_or_default()).collect(), busy))
    }

    /// Free times from the profile's hours, less what takes the time of its people in the portal and in the ledger.
    async fn profile_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        let profile = self.own_profile("slots").await?;
        let missing =
            |what: &str, id: &str| self.wire.fault(FaultKind::NotFound, "slots", format!("there is no {what} `{id}`"));
        profile.service(&query.service_id).ok_or_else(|| missing("service", &query.service_id))?;
        if let Some(id) = &query.employee_id {
            profile.employee(id).ok_or_else(|| missing("employee", id))?;
        }
        let zone = profile.company.timezone.tz().clone();
        let Some(window) = window(query, &zone) else { return Ok(Vec::new()) };
        let busy = self.profile_busy(&profile, query, window).await?;
        let now = self.wire.wiring().clock.now().to_zoned(zone);
        let query = SlotQuery { moving: None, ..query.clone() };
        Ok(profile_slots(&profile, &query, &busy, &now))
    }

    async fn profile_busy(
        &self,
        profile: &Profile,
        query: &SlotQuery,
        window: (Timestamp, Timestamp),
    ) -> Result<Vec<Busy>, Fault> {
        let people = self.people(profile).await?;
        let employees: Vec<String> = match &query.employee_id {
            Some(id) => vec![id.clone()],
            None => profile.visible_employees().map(|employee| employee.id.clone()).collect(),
        };
        let mut items = self.busy_events(&people, &employees, window).await?;
        if let Some(id) = &query.moving {
            let moving = if items.iter().any(|item| item.id.is_empty()) { self.one(id).await? } else { None };
            let is_it = |item: &Item| {
                item.id == *id
                    || moving.as_ref().is_some_and(|moving| {
                        item.id.is_empty() && (item.start, item.end) == (moving.start, moving.end)
                    })
            };
            items.retain(|item| !is_it(item));
        }
        let taken = |item: Item| {
            let (start, end) = (item.start, item.end);
            item.owners.into_iter().map(move |employee| Busy {
                booking_id: BookingId::new(start),
                external_id: None,
                employee_id: Some(employee),
                start,
                end,
            })
        };
        Ok(items.into_iter().flat_map(taken).collect())
    }

    /// Why a time is not among the free ones: somebody has it, or nobody is offered it.
    async fn why_not(&self, request: &BookRequest, query: &SlotQuery, zone: &TimeZone) -> Result<Fault, Fault> {
        let at = request.start.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let taken = self.wire.fault(FaultKind::SlotTaken, "book", format!("{at} is not free"));
        let profile = self.profile().await?;
        if self.model() != Model::Booking {
            let now = self.wire.wiring().clock.now().to_zoned(zone.clone());
            let Some(profile) = profile else { return Ok(taken) };
            let (kind, why) = refusal::reason(&profile, query, request.start, &now);
            return Ok(self.wire.fault(kind, "book", why));
        }
        let good = self.good("book", &request.service_id).await?;
        let resources = self.resources().await?;
        let rules = resources.iter().filter(|one| query.employee_id.as_ref().is_none_or(|id| *id == one.id));
        let is_offered = rules.filter_map(|one| Some((one, self.rule(&one.id)?))).any(|(one, rules)| {
            let wanted = Wanted {
                owner: &one.id,
                minutes: self.minutes(&good, profile.as_deref()),
                from: query.from,
                to: query.to,
                zone,
                earliest: self.wire.wiring().clock.now(),
            };
            free_times(&rules, &[], &wanted).iter().any(|(start, _)| *start == request.start)
        });
        Ok(if is_offered { taken } else { self.not_offered("book", request.start, zone) })
    }

    /// A time at which nobody could be booked, whoever is there.
    pub(super) fn not_offered(&self, operation: &'static str, start: Timestamp, zone: &TimeZone) -> Fault {
        let at = start.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let detail = format!(
            "{at} is not a time that is offered: a visit begins at a step of the resource's hours and ends within them"
        );
        self.wire.fault(FaultKind::Rejected, operation, detail)
    }

    /// What a request wants as it was offered a moment ago, else looked up now.
    async fn chosen(&self, request: &BookRequest) -> Result<Chosen, Fault> {
        let known = self.offers().remove(&request.key).filter(|(at, _)| at.elapsed() < OFFER);
        if let Some((_, chosen)) = known {
            return Ok(chosen);
        }
        let zone = self.zone().await?;
        self.offer(request, &zone).await?;
        let chosen = self.offers().remove(&request.key).map(|(_, chosen)| chosen);
        chosen.ok_or_else(|| self.wire.fault(FaultKind::SlotTaken, "book", "the time is not offered"))
    }
}

#[async_trait]
impl Calendar for Bitrix24 {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        match self.model() {
            Model::Booking => {
                let zone = self.zone().await?;
                self.resource_slots(query, &zone).await
            }
            Model::Calendar | Model::Deal => self.profile_slots(query).await,
        }
    }

    async fn offer(&self, request: &BookRequest, zone: &TimeZone) -> Result<Slot, Fault> {
        let day = request.start.to_zoned(self.zone().await?).date();
        let query = SlotQuery {
            service_id: request.service_id.clone(),
            employee_id: request.employee_id.clone(),
            from: day,
            to: day,
            moving: None,
        };
        let free = self.free_slots(&query).await?;
        let Some(slot) = free.into_iter().find(|slot| slot.start.timestamp() == request.start) else {
            return Err(self.why_not(request, &query, zone).await?);
        };
        if let Some(staff) = slot.employee_id.clone() {
            let mut offers = self.offers();
            if offers.len() >= MOST_OFFERS {
                offers.retain(|_, (at, _)| at.elapsed() < OFFER);
            }
            if offers.len() < MOST_OFFERS {
                offers.insert(request.key.clone(), (Instant::now(), Chosen { staff, end: slot.end.timestamp() }));
            }
        }
        Ok(slot)
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        let Some(item) = self.one(id).await? else { return Ok(None) };
        let client = self.client_in(&item).await?;
        self.shown(item, None, client).await.map(Some)
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        // Whatever fails before the visit itself is written is certain: no visit was written.
        let chosen = self.chosen(request).await.map_err(certain)?;
        let title = self.service_title(&request.service_id).await.map_err(certain)?;
        let client = self.client_of(request).await.map_err(certain)?;
        let deal = self.deal_of(request).await;
        let name = visit_name(&title, request.name.as_deref().or(client.name.as_deref()));
        let description = visit_description(request, &self.tag(&request.marker(), &request.service_id, &chosen.staff));
        let draft = Draft {
            staff: &chosen.staff,
            start: request.start,
            end: chosen.end,
            name: &name,
            description: &description,
            contact: client.id.as_deref().unwrap_or_default(),
            deal: deal.as_deref(),
        };
        let id = self.add(&draft).await?;
        self.settled(&id, &draft, request, client.clone(), &[]).await
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        let hour = SignedDuration::from_hours(1);
        let (from, to) = wide(request.start, request.start.checked_add(hour).unwrap_or(request.start));
        let items = self.visits((from, to), None).await?;
        let marker = request.marker();
        let is_it = |item: &Item| Tag::read(&item.description).marker.as_deref() == Some(marker.as_str());
        let Some(item) = items.into_iter().find(is_it) else { return Ok(None) };
        let mut found = [item];
        self.load_contacts(&mut found).await?;
        let [item] = found;
        let client = self.client_of(request).await?;
        let deal = self.deal_of(request).await;
        let staff = item.owners.first().cloned().unwrap_or_default();
        let draft = Draft {
            staff: &staff,
            start: item.start,
            end: item.end,
            name: &item.name,
            description: &item.description,
            contact: client.id.as_deref().unwrap_or_default(),
            deal: deal.as_deref(),
        };
        let fastened = item.contacts.as_deref().unwrap_or_default();
        match self.settled(&item.id, &draft, request, client.clone(), fastened).await {
            Err(fault) if fault.kind == FaultKind::SlotTaken => Ok(None),
            told => told.map(Some),
        }
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.change(request).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.call_off(id).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.listed(query).await
    }
}

/// The moments that days begin and end at.
fn window(query: &SlotQuery, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let window = (midnight(query.from)?, midnight(query.to.tomorrow().ok()?)?);
    (window.0 < window.1).then_some(window)
}

/// A failure before anything of the visit was written.
pub(super) fn certain(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::UnknownOutcome | FaultKind::Protocol => Fault { kind: FaultKind::Unavailable, ..fault },
        _ => fault,
    }
}
