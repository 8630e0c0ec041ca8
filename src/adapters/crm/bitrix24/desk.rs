//! Visits as the two places know them that Bitrix24 has for them: bookings of resources and events of calendars. Whose
//! time a visit takes is named as flow's callers name it: by the resource, or by the profile's employee.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::Bitrix24;
use super::account::Model;
use super::batch::Command;
use super::catalogue::{PAGE, is_passing};
use super::item::{
    Item, read_accessibility, read_booking, read_bookings, read_clients, read_event, read_events, read_made,
};
use super::people::People;
use super::texts::Tag;
use crate::domain::fault::{Fault, FaultKind};

pub(super) const LIST: &str = "booking.v1.booking.list";
/// So many pages are asked for at once after the first.
const PAGES: usize = 10;
/// More rows than this are no calendar of a small business.
const MOST_ROWS: usize = 20_000;
/// Whether a window means "inside" or "touching" differs: what begins or ends so far away is seen by both.
const WIDER: SignedDuration = SignedDuration::from_hours(12);

/// What a visit is written with.
pub(super) struct Draft<'d> {
    pub staff: &'d str,
    pub start: Timestamp,
    pub end: Timestamp,
    pub name: &'d str,
    pub description: &'d str,
    pub contact: &'d str,
    pub deal: Option<&'d str>,
}

pub(super) fn wide(from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
    (from.checked_sub(WIDER).unwrap_or(Timestamp::MIN), to.checked_add(WIDER).unwrap_or(Timestamp::MAX))
}

/// The parameters of a page of bookings.
pub(super) fn bookings_params(from: Timestamp, to: Timestamp, contact: Option<&str>, start: usize) -> Value {
    let mut filter = json!({"within": {"dateFrom": from.as_second(), "dateTo": to.as_second()}});
    if let Some(contact) = contact {
        filter["client"] = json!({"entities": [{"code": "CONTACT", "module": "crm", "id": contact}]});
    }
    json!({"filter": filter, "order": {"dateFrom": "ASC"}, "start": start})
}

fn period(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Value {
    let zone = zone.iana_name().unwrap_or("UTC");
    json!({"from": {"timestamp": start.as_second(), "timezone": zone},
        "to": {"timestamp": end.as_second(), "timezone": zone}})
}

fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| json!(id), |number| json!(number))
}

fn iso(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl Bitrix24 {
    /// Bookings of a window, page after page: the list never says how many there are. `first` is a page that came
    /// already.
    pub(super) async fn bookings(
        &self,
        (from, to): (Timestamp, Timestamp),
        contact: Option<&str>,
        first: Option<(Vec<Item>, bool)>,
    ) -> Result<Vec<Item>, Fault> {
        let (mut items, mut more) = match first {
            Some(page) => page,
            None => {
                let answer = self.wire.read(LIST, bookings_params(from, to, contact, 0)).await?;
                read_bookings(&answer["result"]).map_err(self.wire.unread(LIST))?
            }
        };
        let mut start = PAGE;
        while more && items.len() < MOST_ROWS {
            let command = |page: usize| {
                let params = bookings_params(from, to, contact, start + page * PAGE);
                Command::new(format!("p{page}"), LIST, params)
            };
            let commands: Vec<Command> = (0..PAGES).map(command).collect();
            let replies = self.wire.batch(&commands, false).await?;
            for command in &commands {
                let (page, is_whole) = read_bookings(replies.get(&command.key)?).map_err(self.wire.unread(LIST))?;
                let is_new = page.first().is_some_and(|first| items.iter().all(|known| known.id != first.id));
                more = is_whole && is_new;
                let fresh: Vec<Item> = page.into_iter().filter(|item| items.iter().all(|k| k.id != item.id)).collect();
                items.extend(fresh);
                if !more {
                    break;
                }
            }
            start += PAGES * PAGE;
        }
        Ok(items)
    }

    /// Events of calendars that lie in a window.
    pub(super) async fn events(
        &self,
        people: &People,
        users: &[String],
        (from, to): (Timestamp, Timestamp),
        only_busy: bool,
    ) -> Result<Vec<Item>, Fault> {
        const METHOD: &str = "calendar.event.get";
        let zone = self.zone().await?;
        let day = |at: Timestamp, by: i64| at.to_zoned(zone.clone()).date().saturating_add(by.days()).to_string();
        let command = |user: &String| {
            let params = json!({"type": "user", "ownerId": number(user), "from": day(from, -1), "to": day(to, 1)});
            Command::new(format!("u{user}"), METHOD, params)
        };
        let commands: Vec<Command> = users.iter().map(command).collect();
        let mut items = Vec::new();
        let mut take = |user: &str, value: &Value| -> Result<(), Fault> {
            let read = read_events(value, user, &zone, only_busy).map_err(self.wire.unread(METHOD))?;
            items.extend(read.into_iter().filter(|item| item.start < to && from < item.end));
            Ok(())
        };
        if let ([user], [one]) = (users, commands.as_slice()) {
            take(user, &self.wire.read(one.method, one.params.clone()).await?["result"])?;
        } else if !commands.is_empty() {
            let replies = self.wire.batch(&commands, false).await?;
            for (user, command) in users.iter().zip(&commands) {
                take(user, replies.get(&command.key)?)?;
            }
        }
        Ok(items.into_iter().map(|item| as_staff(item, people)).collect())
    }

    /// What takes the time of employees: absences and other meetings too.
    pub(super) async fn busy_events(
        &self,
        people: &People,
        employees: &[String],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Item>, Fault> {
        const METHOD: &str = "calendar.accessibility.get";
        let zone = self.zone().await?;
        let mut users: Vec<String> =
            employees.iter().filter_map(|employee| people.user(employee)).map(str::to_owned).collect();
        users.sort();
        users.dedup();
        let mut items = Vec::new();
        if !users.is_empty() {
            // The range is of dates, of a zone that is not said.
            let day = |at: Timestamp, by: i64| at.to_zoned(zone.clone()).date().saturating_add(by.days()).to_string();
            let ids: Vec<Value> = users.iter().map(|user| number(user)).collect();
            let params = json!({"users": ids, "from": day(from, -1), "to": day(to, 1)});
            let answer = self.wire.read(METHOD, params).await?;
            let read = read_accessibility(&answer["result"], &users, &zone).map_err(self.wire.unread(METHOD))?;
            for item in read {
                let user = item.owners.first().cloned().unwrap_or_default();
                let owners = people.employees(&user).map(str::to_owned).collect();
                items.push(Item { owners, ..item });
            }
        }
        if employees.iter().any(|employee| people.user(employee).is_none()) {
            let owner = [people.owner.clone()];
            let events = self.events(people, &owner, (from, to), true).await?;
            items.extend(events.into_iter().filter(|item| Tag::read(&item.description).employee.is_some()));
        }
        Ok(items)
    }

    /// Writes a visit once and answers its id.
    pub(super) async fn add(&self, draft: &Draft<'_>) -> Result<String, Fault> {
        let zone = self.zone().await?;
        let (method, params) = match self.model() {
            Model::Booking => {
                let fields = json!({"name": draft.name, "description": draft.description,
                    "resourceIds": [number(draft.staff)], "datePeriod": period(draft.start, draft.end, &zone)});
                ("booking.v1.booking.add", json!({"fields": fields}))
            }
            Model::Calendar | Model::Deal => {
                let people = self.people(&*self.own_profile("book").await?).await?;
                let mut bound = vec![format!("C_{}", draft.contact)];
                bound.extend(draft.deal.map(|deal| format!("D_{deal}")));
                let params = json!({"type": "user", "ownerId": number(people.user(draft.staff).unwrap_or(&people.owner)),
                    "name": draft.name, "description": draft.description,
                    "from": iso(draft.start, &zone), "to": iso(draft.end, &zone), "skip_time": "N",
                    "accessibility": "busy", "is_meeting": "N", "auto_detect_section": "Y", "crm_fields": bound});
                ("calendar.event.add", params)
            }
        };
        let answer = self.wire.write(method, params).await?;
        let id = read_made(&answer["result"]);
        id.ok_or_else(|| self.wire.fault(FaultKind::UnknownOutcome, method, "the answer has no id of what was made"))
    }

    /// Writes another time, and with bookings another resource.
    pub(super) async fn shift(&self, item: &Item, staff: &str, start: Timestamp, end: Timestamp) -> Result<(), Fault> {
        let zone = self.zone().await?;
        let (method, params) = match self.model() {
            Model::Booking => {
                let mut fields = json!({"datePeriod": period(start, end, &zone)});
                if !item.owners.iter().any(|own| own == staff) {
                    fields["resourceIds"] = json!([number(staff)]);
                }
                ("booking.v1.booking.update", json!({"id": number(&item.id), "fields": fields}))
            }
            Model::Calendar | Model::Deal => {
                let people = self.people(&*self.own_profile("move").await?).await?;
                let owner = number(people.user(staff).unwrap_or(&people.owner));
                let params = json!({"id": number(&item.id), "type": "user", "ownerId": owner, "name": item.name,
                    "from": iso(start, &zone), "to": iso(end, &zone), "skip_time": "N"});
                ("calendar.event.update", params)
            }
        };
        self.wire.write(method, params).await.map(|_| ())
    }

    /// Takes a visit away; one that is gone is away.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Fault> {
        let (method, params) = match self.model() {
            Model::Booking => ("booking.v1.booking.delete", json!({"id": number(id)})),
            Model::Calendar | Model::Deal => ("calendar.event.delete", json!({"id": number(id)})),
        };
        match self.wire.write(method, params).await {
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
            told => told.map(|_| ()),
        }
    }

    /// The visit of that id as it is now.
    pub(super) async fn one(&self, id: &str) -> Result<Option<Item>, Fault> {
        if id.parse::<u64>().is_err() {
            return Ok(None);
        }
        match self.model() {
            Model::Booking => self.one_booking(id).await,
            Model::Calendar | Model::Deal => {
                const METHOD: &str = "calendar.event.getbyid";
                let answer = match self.wire.read(METHOD, json!({"id": number(id)})).await {
                    Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
                    told => told?,
                };
                let zone = self.zone().await?;
                let item = read_event(&answer["result"], &zone).map_err(self.wire.unread(METHOD))?;
                let Some(item) = item else { return Ok(None) };
                let people = self.people(&*self.own_profile("appointments").await?).await?;
                Ok(Some(as_staff(item, &people)))
            }
        }
    }

    /// By id where the portal has a method for it, with its clients; else looked for in the list.
    async fn one_booking(&self, id: &str) -> Result<Option<Item>, Fault> {
        const GET: &str = "booking.v1.booking.get";
        if !self.has_no_get() {
            let commands = [
                Command::new("one", GET, json!({"id": number(id)})),
                Command::new("clients", CLIENTS, json!({"bookingId": number(id)})),
            ];
            let replies = self.wire.batch(&commands, false).await?;
            match replies.get("one") {
                Ok(value) => {
                    let item = read_booking(value).map_err(self.wire.unread(GET))?;
                    let contacts = replies.get("clients").ok().and_then(read_clients);
                    return Ok(Some(Item { contacts: item.contacts.or(contacts), ..item }));
                }
                Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
                Err(fault) if fault.kind == FaultKind::Unsupported => {
                    tracing::info!("this portal has no {GET}: bookings are looked for in their list");
                    self.note_no_get();
                }
                Err(fault) => return Err(fault),
            }
        }
        let now = self.wire.wiring().clock.now();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let window = (now - days(93), now + days(400));
        let found = self.bookings(window, None, None).await?.into_iter().find(|item| item.id == id);
        let Some(item) = found else { return Ok(None) };
        let mut items = [item];
        self.load_contacts(&mut items).await?;
        let [item] = items;
        Ok(Some(item))
    }

    /// Asks for the clients of bookings that do not tell them.
    pub(super) async fn load_contacts(&self, items: &mut [Item]) -> Result<(), Fault> {
        let command = |item: &Item| Command::new(&item.id, CLIENTS, json!({"bookingId": number(&item.id)}));
        let commands: Vec<Command> = items.iter().filter(|item| item.contacts.is_none()).map(command).collect();
        if commands.is_empty() {
            return Ok(());
        }
        let replies = self.wire.batch(&commands, false).await?;
        for item in items.iter_mut().filter(|item| item.contacts.is_none()) {
            item.contacts = match replies.get(&item.id) {
                Ok(value) => read_clients(value),
                Err(fault) if is_passing(&fault) => return Err(fault),
                // It was taken away meanwhile.
                Err(_) => Some(Vec::new()),
            };
        }
        Ok(())
    }
}

pub(super) const CLIENTS: &str = "booking.v1.booking.client.list";

/// The commands that fasten a contact and a deal to a booking; each replaces what was there.
pub(super) fn attach_commands(id: &str, contact: &str, deal: Option<&str>) -> Vec<Command> {
    let clients = json!([{"id": number(contact), "type": {"module": "crm", "code": "CONTACT"}}]);
    let client = json!({"bookingId": number(id), "clients": clients});
    let mut commands = vec![Command::new("client", "booking.v1.booking.client.set", client)];
    commands.extend(deal.map(|deal| {
        let data = json!([{"moduleId": "crm", "entityTypeId": "DEAL", "value": deal}]);
        Command::new(
            "deal",
            "booking.v1.booking.externalData.set",
            json!({"bookingId": number(id), "externalData": data}),
        )
    }));
    commands
}

/// An event of a calendar as taking the time of employees: whoever its line for flow names, else all who have the
/// calendar.
fn as_staff(item: Item, people: &People) -> Item {
    let user = item.owners.first().cloned().unwrap_or_default();
    let named = Tag::read(&item.description).employee;
    let owners = match named {
        Some(employee) if people.user(&employee).is_none_or(|own| own == user) => vec![employee],
        _ => people.employees(&user).map(str::to_owned).collect(),
    };
    Item { owners, ..item }
}
