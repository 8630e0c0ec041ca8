//! Booking: the client, the hold, one document, a look at what came of it, posting.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map as Object, Value, json};

use super::catalogue::Sold;
use super::map::AppointmentMap;
use super::visits::{Detail, Seen};
use super::{OneC, judge, locks, slots, wire};
use crate::adapters::http::Call;
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, CrmClient, NewClient};
use crate::domain::fault::{Fault, FaultKind, Retry};

/// Between two tries to post a document.
const POST_AGAIN: Duration = Duration::from_secs(2);

/// A visit as it is to be written.
struct Wanted<'w> {
    request: &'w BookRequest,
    sold: Sold,
    employee: String,
    client: CrmClient,
    start: DateTime,
    end: DateTime,
    zone: TimeZone,
    price: Option<i64>,
}

/// What came of posting a document.
pub(super) enum Posting {
    /// It is posted.
    Done,
    /// The configuration's own code says no.
    Refused(Fault),
    /// Nobody knows, or not now.
    Open(Fault),
}

impl OneC {
    /// Books once.
    pub(super) async fn make(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let wanted = self.wanted(request).await.map_err(judge::before_the_write)?;
        let operation = locks::operation(&request.marker());
        let keys = self.keys(&wanted.employee, wanted.start, wanted.end);
        self.hold("book", &keys, &operation).await?;
        let outcome = self.write(&wanted).await;
        if let Err(fault) = &outcome
            && fault.retry() != Retry::Look
        {
            self.release("book", &keys).await;
        }
        outcome
    }

    /// Everything that is known before the document is written; nothing of it is the booking.
    async fn wanted<'r>(&self, request: &'r BookRequest) -> Result<Wanted<'r>, Fault> {
        let zone = self.zone().await;
        let sold = self.sold("book", &request.service_id).await?;
        let employee = self.who("book", request, &zone).await?;
        let card = NewClient { name: request.name.clone(), phone: request.phone.clone(), email: None };
        let client = self.card_of("book", &card).await?;
        let wants_price = self.appointment_map("book")?.lines.as_ref();
        let price = match wants_price.filter(|lines| lines.price.is_some() || lines.amount.is_some()) {
            Some(_) => self.price_of(&sold.id).await,
            None => None,
        };
        let start = request.start.to_zoned(zone.clone()).datetime();
        let end = start.saturating_add(jiff::SignedDuration::from_mins(sold.minutes));
        Ok(Wanted { request, sold, employee, client, start, end, zone, price })
    }

    async fn who(&self, call: &'static str, request: &BookRequest, zone: &TimeZone) -> Result<String, Fault> {
        if let Some(id) = &request.employee_id {
            let missing = || self.fault(FaultKind::NotFound, call, format!("there is no employee `{id}`"));
            return wire::guid(id).ok_or_else(missing);
        }
        let slot = self.offered(request, zone).await?;
        slot.and_then(|slot| slot.employee_id)
            .ok_or_else(|| self.fault(FaultKind::SlotTaken, call, "nobody is free at this time"))
    }

    async fn write(&self, wanted: &Wanted<'_>) -> Result<Appointment, Fault> {
        let map = self.appointment_map("book")?;
        if self.has_locks() {
            // Whoever books in 1C itself knows nothing of the lock.
            let span = (wanted.start, wanted.end);
            let rivals = self.busy("book", span, Some(&wanted.employee), Detail::Time).await;
            if !rivals.map_err(judge::before_the_write)?.is_empty() {
                return Err(self.taken_meanwhile("book"));
            }
        }
        let now = self.now().to_zoned(wanted.zone.clone()).datetime();
        let body = body(map, self.map.client.as_ref().map(|client| client.set.as_str()), wanted, now, self);
        let made = match self.create("create_appointment", &map.set, body.clone()).await {
            Ok(made) => made,
            Err(fault) if judge::is_refused(&fault) => return self.after_refusal(wanted, fault).await,
            Err(fault) => return Err(fault),
        };
        let Some(id) = made.get("Ref_Key").and_then(wire::read_reference) else {
            return Err(self.odd("book")("the answer to a new document has no Ref_Key".to_owned()));
        };
        if let Err(fault) = self.is_whole(map, &body, &made, &wanted.sold) {
            // It would block nobody's time, or be nobody's: nothing of it may stay.
            self.withdraw("book", map, &id).await?;
            return Err(fault);
        }
        self.settle(map, wanted, id).await
    }

    fn taken_meanwhile(&self, call: &'static str) -> Fault {
        self.fault(FaultKind::SlotTaken, call, "somebody booked this time meanwhile")
    }

    /// The configuration's code said no: whether the document stands nevertheless, only a look tells.
    async fn after_refusal(&self, wanted: &Wanted<'_>, fault: Fault) -> Result<Appointment, Fault> {
        let map = self.appointment_map("book")?;
        let looked = self.made_by("book", &wanted.request.marker(), wanted.request.start, &wanted.zone).await;
        match looked.map_err(|looked| Fault { kind: FaultKind::UnknownOutcome, ..looked })? {
            Some(seen) => self.settle(map, wanted, seen.id).await,
            None if map.marker().is_none() => Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
            None => Err(judge::certain(fault)),
        }
    }

    /// What without which a document is no appointment.
    fn is_whole(
        &self,
        map: &AppointmentMap,
        body: &Object<String, Value>,
        made: &Value,
        sold: &Sold,
    ) -> Result<(), Fault> {
        let fields = [Some(map.start.as_str()), map.end.as_deref(), map.duration.as_deref(), map.client.as_deref()];
        let more = [map.employee.as_deref(), map.service.as_deref(), map.status.as_ref().map(|s| s.field.as_str())];
        let fields: Vec<&str> =
            fields.into_iter().chain(more).flatten().filter(|field| body.contains_key(*field)).collect();
        self.kept("book", body, made, &fields)?;
        if let Some(lines) = &map.lines {
            let seen = self.seen("book", map, made)?;
            if seen.is_none_or(|seen| seen.service.as_deref() != Some(&sold.id)) {
                return Err(self.not_kept("book", &lines.table));
            }
        }
        if let Some(field) = map.marker()
            && !super::far::is_kept(&body[field], made.get(field))
        {
            tracing::warn!(field, "1C cut the comment of an appointment: the field is short");
        }
        Ok(())
    }

    /// A document that stands: whether it is alone in its time, and posted where it should be.
    async fn settle(&self, map: &AppointmentMap, wanted: &Wanted<'_>, id: String) -> Result<Appointment, Fault> {
        let span = (wanted.start, wanted.end);
        let mut seen = match self.busy("book", span, Some(&wanted.employee), Detail::All).await {
            Ok(there) => {
                let own = there.iter().find(|seen| seen.id == id).cloned();
                if let Some(own) = &own
                    && there.iter().any(|other| other.id != id && was_first(other, own))
                {
                    self.withdraw("book", map, &id).await?;
                    return Err(self.taken_meanwhile("book"));
                }
                own
            }
            Err(fault) => {
                tracing::warn!(%fault, "an appointment was written and could not be read back");
                None
            }
        };
        let mut status = seen.as_ref().map_or(AppointmentStatus::Booked, |seen| seen.status);
        if map.post {
            status = self.post_new(map, &id).await?;
        }
        if let Some(seen) = &mut seen {
            seen.status = status;
            seen.service.get_or_insert_with(|| wanted.sold.id.clone());
            return self.shown(&wanted.zone, seen, wanted.client.clone());
        }
        let at = |at: DateTime| {
            slots::zoned(&wanted.zone, at).ok_or_else(|| self.odd("book")("a time is out of range".to_owned()))
        };
        Ok(Appointment {
            id,
            start: at(wanted.start)?,
            end: at(wanted.end)?,
            service_id: wanted.sold.id.clone(),
            employee_id: Some(wanted.employee.clone()),
            client: wanted.client.clone(),
            status,
        })
    }

    /// Posts a new document. One that the configuration does not post stands as a draft for a person to look at,
    /// unless the reason is that the time is taken.
    async fn post_new(&self, map: &AppointmentMap, id: &str) -> Result<AppointmentStatus, Fault> {
        match self.post("Post", map, id, true).await {
            Posting::Done => Ok(AppointmentStatus::Booked),
            Posting::Refused(fault) if fault.kind == FaultKind::SlotTaken => {
                self.withdraw("book", map, id).await?;
                Err(Fault { operation: "book", ..fault })
            }
            Posting::Refused(fault) | Posting::Open(fault) => {
                tracing::warn!(%fault, id, "created_unposted: the document is written and not posted: post it in 1C");
                Ok(AppointmentStatus::Requested)
            }
        }
    }

    /// A document that an earlier call left, finished where it was not.
    pub(super) async fn finished(&self, seen: Seen) -> Seen {
        match self.map.appointment.as_ref().filter(|map| map.post) {
            Some(map) => self.posted(map, seen).await,
            None => seen,
        }
    }

    /// A document that is to be posted and may be already.
    pub(super) async fn posted(&self, map: &AppointmentMap, seen: Seen) -> Seen {
        if seen.is_posted == Some(true) || !seen.is_live() {
            return seen;
        }
        match self.post("Post", map, &seen.id, true).await {
            Posting::Done => Seen { status: AppointmentStatus::Booked, is_posted: Some(true), ..seen },
            Posting::Refused(fault) | Posting::Open(fault) => {
                tracing::warn!(%fault, "created_unposted: the document is written and not posted: post it in 1C");
                seen
            }
        }
    }

    /// Posts a document or takes that back. The answer says little: `Posted` is read.
    pub(super) async fn post(&self, verb: &str, map: &AppointmentMap, id: &str, wanted: bool) -> Posting {
        match self.post_once(verb, map, id, wanted).await {
            // It was read and is not posted: it may be asked for again.
            Posting::Open(_) => {
                tokio::time::sleep(POST_AGAIN).await;
                self.post_once(verb, map, id, wanted).await
            }
            told => told,
        }
    }

    async fn post_once(&self, verb: &str, map: &AppointmentMap, id: &str, wanted: bool) -> Posting {
        let path = format!("{}({})/{verb}", map.set, wire::guid_literal(id));
        let address = format!("{}/{}", self.base, wire::path(&path));
        let mode = if wanted { "false" } else { "" };
        let call = Call::post("post", wire::with_options(&address, &[("PostingModeOperational", mode)]));
        let told = self.tell(call).await.err();
        let read = self.element("post", &map.set, id, "Ref_Key,Posted").await;
        let is_posted = match read {
            Ok(Some(row)) => row.get("Posted").and_then(crate::adapters::http::read::flag),
            Ok(None) => None,
            Err(fault) => return Posting::Open(told.unwrap_or(fault)),
        };
        match (is_posted == Some(wanted), told) {
            (true, _) => Posting::Done,
            (false, Some(fault)) if judge::is_locked(&fault) => Posting::Open(judge::certain(fault)),
            (false, Some(fault)) if judge::is_refused(&fault) => Posting::Refused(judge::certain(fault)),
            (false, Some(fault)) => Posting::Open(fault),
            (false, None) => {
                let detail = "WriteNotApplied: 1C did not keep `Posted`: the document is not as it was asked for";
                Posting::Open(self.fault(FaultKind::Protocol, "post", detail))
            }
        }
    }

    /// Marks a document that must not stand: never a deletion.
    pub(super) async fn withdraw(&self, call: &'static str, map: &AppointmentMap, id: &str) -> Result<(), Fault> {
        let mut body = Object::new();
        body.insert("DeletionMark".to_owned(), Value::Bool(true));
        let marked = self.patch("withdraw", &map.set, id, body.clone()).await;
        let kept = marked.and_then(|held| self.kept(call, &body, &held, &["DeletionMark"]));
        kept.map_err(|fault| {
            let detail = format!("{}; the document {id} could not be marked for deletion: do it in 1C", fault.detail);
            Fault { kind: FaultKind::UnknownOutcome, detail, ..fault }
        })
    }
}

/// Of two documents in one time the one that was numbered first stays.
fn was_first(other: &Seen, own: &Seen) -> bool {
    match (&other.number, &own.number) {
        (Some(theirs), Some(ours)) if theirs.len() == ours.len() && theirs != ours => theirs < ours,
        _ => other.id < own.id,
    }
}

/// The document as it is sent.
fn body(
    map: &AppointmentMap,
    client_set: Option<&str>,
    wanted: &Wanted<'_>,
    now: DateTime,
    onec: &OneC,
) -> Object<String, Value> {
    let mut body = Object::new();
    for (field, value) in &map.constants {
        body.insert(field.clone(), wire::sent(value));
    }
    if map.is_document() {
        body.insert("Date".to_owned(), wire::moment(now).into());
    }
    body.insert(map.start.clone(), wire::moment(wanted.start).into());
    if let Some(end) = &map.end {
        body.insert(end.clone(), wire::moment(wanted.end).into());
    }
    if let Some(duration) = &map.duration {
        body.insert(duration.clone(), wanted.sold.minutes.into());
    }
    if let (Some(field), Some(set), Some(id)) = (&map.client, client_set, &wanted.client.id) {
        wire::refer(&mut body, field, set, id);
    }
    if let (Some(field), Some(employees)) = (&map.employee, &onec.map.employee) {
        wire::refer(&mut body, field, &employees.set, &wanted.employee);
    }
    if let (Some(field), Some(services)) = (&map.service, &onec.map.service) {
        wire::refer(&mut body, field, &services.set, &wanted.sold.id);
    }
    if let Some((field, value)) = map.status.as_ref().and_then(|status| Some((&status.field, status.new.as_ref()?))) {
        body.insert(field.clone(), wire::sent(value));
    }
    if let Some(field) = &map.phone_field {
        body.insert(field.clone(), wanted.request.phone.as_str().into());
    }
    if let Some(lines) = &map.lines {
        let mut line = Object::new();
        line.insert("LineNumber".to_owned(), "1".into());
        line.insert(lines.service.clone(), wanted.sold.id.clone().into());
        line.insert(lines.quantity.clone(), 1.into());
        for field in [&lines.price, &lines.amount].into_iter().flatten() {
            if let Some(price) = wanted.price {
                line.insert(field.clone(), major(price));
            }
        }
        body.insert(lines.table.clone(), json!([line]));
    }
    comment(map, wanted, &mut body);
    body
}

/// An amount as 1C has it.
fn major(minor: i64) -> Value {
    if minor % 100 == 0 { (minor / 100).into() } else { json!(f64::from(i32::try_from(minor).unwrap_or(0)) / 100.0) }
}

/// The mark comes first: 1C cuts a text at its end and says nothing.
fn comment(map: &AppointmentMap, wanted: &Wanted<'_>, body: &mut Object<String, Value>) {
    let mark = wanted.request.marker();
    let mut said = vec![format!("Чат. {mark}.")];
    if map.client.is_none() {
        said.push(wanted.request.name.clone().unwrap_or_default());
        said.push(wanted.request.phone.as_str().to_owned());
    }
    said.extend(wanted.request.comment.clone());
    if let Some(field) = &map.comment {
        body.insert(field.clone(), said.join(" ").into());
    }
    if let Some(field) = map.marker().filter(|field| Some(*field) != map.comment.as_deref()) {
        body.insert(field.to_owned(), mark.into());
    }
}
