//! What flow and a CRM tell each other beside a dialogue: leads that are pushed, services and staff that are read, and
//! what the CRM told by itself.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::domain::booking::{Booking, BookingState};
use crate::domain::clock::Clock;
use crate::domain::conversation::{Message, Role};
use crate::domain::copies::{CATALOGUE, Copied, HOOK};
use crate::domain::crm::{Appointment, AppointmentStatus, Crm, HookCall, LeadToPush, Pushed, marker};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::id::LeadId;
use crate::domain::job::{NewJob, Scheduled, Work};
use crate::domain::lead::{CrmState, Lead, LeadCrm, LeadPatch};
use crate::domain::overlay::CatalogueCopy;
use crate::domain::store::{
    BookingFilter, BookingMove, BookingUpdate, LeadFilter, LeadSort, MessageRange, Page, Store, StoreError,
};

/// So many messages make a summary.
const MESSAGES: u32 = 30;
/// A message in a summary is no longer.
const MESSAGE_CHARS: usize = 300;
/// A lead that a dialogue is still filling waits so long before the CRM hears of it.
const QUIET: SignedDuration = SignedDuration::from_secs(20);
/// Leads older than this are not pushed by themselves: a CRM that is connected today must not get last year's.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// Leads looked at in one step.
const AT_ONCE: u32 = 100;
/// Services and staff are read anew this often.
pub const SYNC_EVERY: SignedDuration = SignedDuration::from_mins(30);

fn lost(name: &str, operation: &'static str) -> impl Fn(StoreError) -> Fault {
    let name = name.to_owned();
    move |error| {
        let kind = if matches!(error, StoreError::NotFound(_)) { FaultKind::NotFound } else { FaultKind::Store };
        Fault::new(kind, &name, operation, error.to_string())
    }
}

/// Writes a lead into a CRM and remembers where it lies there; again, it updates the same object.
///
/// # Errors
/// What the CRM says; the lead remembers it too.
pub async fn push_lead(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm, id: LeadId) -> Result<Pushed, Fault> {
    let name = crm.connection();
    let lead = store.lead(id).await.map_err(lost(name, "push"))?;
    let lead = lead.ok_or_else(|| Fault::new(FaultKind::NotFound, name, "push", format!("there is no lead {id}")))?;
    crm.detect().await?;
    let leads = crm.leads().ok_or_else(|| {
        Fault::new(FaultKind::Unsupported, name, "push", format!("this {} account keeps no leads", crm.kind()))
    })?;
    let messages = match lead.conversation_id {
        Some(id) => store.messages(id, MessageRange::Last, MESSAGES).await.map_err(lost(name, "push"))?,
        None => Vec::new(),
    };
    let pushed = leads.push(&to_push(&lead, name, &messages)).await;
    let known = |state, error: Option<String>| LeadCrm {
        provider: Some(name.to_owned()),
        state,
        last_error: error,
        ..(if lead.crm.provider.as_deref() == Some(name) { lead.crm.clone() } else { LeadCrm::default() })
    };
    let now = clock.now();
    let crm_of_lead = match &pushed {
        Ok(pushed) => LeadCrm {
            external_id: Some(pushed.external_id.clone()),
            url: pushed.url.clone(),
            synced_at: Some(now),
            ..known(CrmState::Synced, None)
        },
        Err(fault) => known(
            if fault.retry() == Retry::Never { CrmState::Failed } else { CrmState::Unknown },
            Some(fault.to_string()),
        ),
    };
    let patch = LeadPatch { crm: Some(crm_of_lead), ..LeadPatch::default() };
    store.update_lead(id, &patch, None, now).await.map_err(lost(name, "push"))?;
    pushed
}

fn to_push(lead: &Lead, connection: &str, messages: &[Message]) -> LeadToPush {
    let wanted = lead.desired_text.clone().or_else(|| lead.desired_at.map(|at| at.to_string()));
    let who = lead.name.clone().or_else(|| lead.phone.as_ref().map(ToString::to_string)).unwrap_or_default();
    let parts = [Some(lead.channel.as_str().to_owned()), lead.service.clone(), Some(who).filter(|who| !who.is_empty())];
    LeadToPush {
        lead_id: lead.id.to_string(),
        marker: marker(&lead.id.to_string()),
        external_id: lead.crm.external_id.clone().filter(|_| lead.crm.provider.as_deref() == Some(connection)),
        title: parts.into_iter().flatten().collect::<Vec<_>>().join(": "),
        name: lead.name.clone(),
        phone: lead.phone.clone(),
        email: lead.email.clone(),
        service: lead.service.clone(),
        wanted,
        status: lead.status,
        channel: lead.channel,
        source: lead.source.clone(),
        comment: lead.comment.clone(),
        summary: summary(messages),
        created_at: lead.created_at,
    }
}

/// A conversation in short: who said what.
fn summary(messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages {
        let who = match message.role {
            Role::Customer => "Клиент",
            Role::Bot => "flow",
            Role::Operator => "Сотрудник",
            Role::System => continue,
        };
        let said: String = message.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(MESSAGE_CHARS).collect();
        if !said.is_empty() {
            // Writing to a String cannot fail.
            writeln!(text, "{who}: {said}").ok();
        }
    }
    text.trim_end().to_owned()
}

/// Leads that the active CRM does not know yet, or not as they are now, are put into its lane. A key for each version
/// makes one of several daemons' many.
///
/// # Errors
/// When the store fails.
pub async fn queue_leads(store: &dyn Store, crm: &dyn Crm, now: Timestamp) -> Result<usize, StoreError> {
    if crm.leads().is_none() {
        return Ok(0);
    }
    let filter = LeadFilter {
        created_after: Some(now - FRESH),
        updated_before: Some(now - QUIET),
        crm_state: vec![CrmState::None, CrmState::Synced],
        ..LeadFilter::default()
    };
    let page = Page { limit: AT_ONCE, after: None, descending: true };
    let leads = store.leads(&filter, LeadSort::Updated, &page).await?;
    let is_old = |lead: &Lead| match (lead.crm.state, lead.crm.synced_at) {
        (CrmState::Synced, Some(synced)) => synced < lead.updated_at,
        (state, _) => state == CrmState::None,
    };
    let due: Vec<Scheduled> = leads
        .iter()
        .filter(|lead| is_old(lead))
        .map(|lead| Scheduled {
            key: format!("push:{}:{}:{}", crm.connection(), lead.id, lead.version),
            due_at: now,
            lane: format!("crm:{}:lead:{}", crm.connection(), lead.id),
            work: Work::PushLead { lead_id: lead.id, connection: crm.connection().to_owned() },
        })
        .collect();
    if !due.is_empty() {
        store.schedule(&due).await?;
    }
    Ok(due.len())
}

/// Reads a CRM's services and staff and keeps them; nothing where it has none of its own.
///
/// # Errors
/// What the CRM and the store say.
pub async fn sync(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm) -> Result<Option<CatalogueCopy>, Fault> {
    let Some(copy) = crm.read_catalogue().await? else { return Ok(None) };
    let name = crm.connection();
    let body = serde_json::to_value(&copy)
        .map_err(|error| Fault::new(FaultKind::Protocol, name, "sync", error.to_string()))?;
    let known = store.copied(name, CATALOGUE, "").await.map_err(lost(name, "sync"))?;
    // The same again keeps its moment: nobody reads the profile anew for nothing.
    if known.is_none_or(|known| known.body != body) {
        let kept = Copied { id: String::new(), phone: None, body, at: clock.now() };
        store.keep_copy(name, CATALOGUE, &kept).await.map_err(lost(name, "sync"))?;
        tracing::info!(connection = name, services = copy.services.len(), staff = copy.staff.len(), "read anew");
    }
    Ok(Some(copy))
}

/// The next reading of a CRM's services and staff, as one job whoever writes it.
#[must_use]
pub fn next_sync(connection: &str, now: Timestamp) -> Scheduled {
    let slot = now.as_second().div_euclid(SYNC_EVERY.as_secs());
    Scheduled {
        key: format!("sync:{connection}:{slot}"),
        due_at: now,
        lane: format!("crm:{connection}:sync"),
        work: Work::SyncCrm { connection: connection.to_owned() },
    }
}

/// A call of a CRM as it is kept: the body and what it is about, no header and no query, which hold secrets.
#[must_use]
pub fn kept_hook(dedupe: &str, call: &HookCall, subjects: &[(String, &'static str, String)], now: Timestamp) -> Copied {
    let rows: Vec<Value> =
        subjects.iter().map(|(kind, subject, id)| json!({"kind": kind, "subject": subject, "id": id})).collect();
    let body = json!({"body": String::from_utf8_lossy(&call.body), "events": rows});
    Copied { id: dedupe.to_owned(), phone: None, body, at: now }
}

/// The job that works on a call of a CRM.
#[must_use]
pub fn hook_job(connection: &str, id: &str, now: Timestamp) -> NewJob {
    NewJob {
        lane: format!("crm:{connection}:hooks"),
        work: Work::CrmHook { connection: connection.to_owned(), id: id.to_owned() },
        ready_at: now,
    }
}

/// Works on a call of a CRM that was kept: what it is about is read again.
///
/// # Errors
/// What the CRM and the store say.
pub async fn work_on_hook(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm, id: &str) -> Result<(), Fault> {
    let name = crm.connection();
    let Some(kept) = store.copied(name, HOOK, id).await.map_err(lost(name, "hook"))? else { return Ok(()) };
    if let Some(hooks) = crm.hooks() {
        let body = kept.body["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        hooks.apply(&HookCall { body, now: kept.at.as_second(), ..HookCall::default() }).await?;
    }
    for event in kept.body["events"].as_array().into_iter().flatten() {
        let id = event["id"].as_str().unwrap_or_default();
        match event["subject"].as_str() {
            Some("appointment") if !id.is_empty() => follow(store, clock, crm, id).await?,
            Some("catalogue") => drop(sync(store, clock, crm).await?),
            _ => {}
        }
    }
    // The row stays for a while: the same call again is recognised by it.
    Ok(())
}

/// The ledger follows an appointment that changed in the CRM.
async fn follow(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm, id: &str) -> Result<(), Fault> {
    let name = crm.connection();
    let filter = BookingFilter {
        connection: Some(name.to_owned()),
        external_id: Some(id.to_owned()),
        ..BookingFilter::default()
    };
    let page = Page { limit: 1, after: None, descending: true };
    let rows = store.bookings(&filter, &page).await.map_err(lost(name, "hook"))?;
    let Some(row) = rows.into_iter().next() else { return Ok(()) };
    let Some(calendar) = crm.calendar() else { return Ok(()) };
    let now = clock.now();
    let mut external_id = None;
    let state = match calendar.appointment(id).await? {
        None => BookingState::Cancelled,
        Some(seen) => {
            moved(store, &row, &seen, now).await.map_err(lost(name, "hook"))?;
            // What was a request is an appointment with an id of its own now.
            external_id = Some(seen.id.clone()).filter(|seen| row.external_id.as_ref() != Some(seen));
            match seen.status {
                AppointmentStatus::Cancelled => BookingState::Cancelled,
                AppointmentStatus::Done => BookingState::Done,
                AppointmentStatus::NoShow => BookingState::NoShow,
                AppointmentStatus::Booked => BookingState::Booked,
                AppointmentStatus::Requested => return Ok(()),
            }
        }
    };
    if row.state == state && row.error.is_none() && external_id.is_none() {
        return Ok(());
    }
    let told = BookingUpdate { id: row.id, state, external_id, error: None };
    match store.update_booking(&told, now).await {
        Ok(_) => Ok(()),
        Err(StoreError::SlotTaken) => {
            tracing::warn!(booking = %row.id, "the CRM has a visit where the ledger has another");
            Ok(())
        }
        Err(error) => Err(lost(name, "hook")(error)),
    }
}

async fn moved(store: &dyn Store, row: &Booking, seen: &Appointment, now: Timestamp) -> Result<(), StoreError> {
    let (start, end) = (seen.start.timestamp(), seen.end.timestamp());
    let employee_id = seen.employee_id.clone().or_else(|| row.employee_id.clone());
    if !row.state.is_live() || (row.start == start && row.employee_id == employee_id) {
        return Ok(());
    }
    let change = BookingMove {
        id: row.id,
        key: format!("seen:{}:{}", row.id, row.version),
        start,
        end,
        employee_name: (employee_id == row.employee_id).then(|| row.employee_name.clone()).flatten(),
        employee_id,
    };
    match store.move_booking(&change, now).await {
        Ok(_) => Ok(()),
        Err(StoreError::SlotTaken) => {
            tracing::warn!(booking = %row.id, "a visit was moved in the CRM to where the ledger has another");
            Ok(())
        }
        Err(error) => Err(error),
    }
}
