//! What flow and a CRM tell each other beside a dialogue: leads that are pushed, services and staff that are read, and
//! what the CRM told by itself.

use std::fmt::Write;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::follow::follow;
use crate::domain::clock::Clock;
use crate::domain::conversation::{Message, Role};
use crate::domain::copies::{CATALOGUE, Copied, HOOK};
use crate::domain::crm::{Crm, HookCall, HookEvent, HookSubject, LeadToPush, Pushed, marker};
use crate::domain::fault::{Fault, FaultKind, Retry};
use crate::domain::id::LeadId;
use crate::domain::job::{NewJob, Scheduled, Work};
use crate::domain::lead::{CrmState, Lead, LeadCrm, LeadPatch};
use crate::domain::overlay::CatalogueCopy;
use crate::domain::store::{LeadFilter, LeadSort, MessageRange, Page, Store, StoreError};

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
/// A client who writes first does not wait any longer for services and staff to be read.
const FIRST_READING: Duration = Duration::from_secs(4);
/// Services and staff are read anew this often.
pub const SYNC_EVERY: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn lost(name: &str, operation: &'static str) -> impl Fn(StoreError) -> Fault {
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
        let instead = crm.instead().map_or_else(String::new, |instead| format!(": {instead}"));
        Fault::new(FaultKind::Unsupported, name, "push", format!("this {} account keeps no leads{instead}", crm.kind()))
    })?;
    let messages = match lead.conversation_id {
        Some(id) => store.messages(id, MessageRange::Last, MESSAGES).await.map_err(lost(name, "push"))?,
        None => Vec::new(),
    };
    // A lead names a service by an id; who reads it in the CRM wants the title.
    let profile = store.profile().await.map_err(lost(name, "push"))?;
    let title = lead.service.as_deref().and_then(|id| Some(profile.as_ref()?.service(id)?.title.clone()));
    let pushed = leads.push(&to_push(&lead, title, name, &messages)).await;
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

fn to_push(lead: &Lead, title: Option<String>, connection: &str, messages: &[Message]) -> LeadToPush {
    let service = title.or_else(|| lead.service.clone());
    let wanted = lead.desired_text.clone().or_else(|| lead.desired_at.map(|at| at.to_string()));
    let who = lead.name.clone().or_else(|| lead.phone.as_ref().map(ToString::to_string)).unwrap_or_default();
    let parts = [Some(lead.channel.as_str().to_owned()), service.clone(), Some(who).filter(|who| !who.is_empty())];
    LeadToPush {
        lead_id: lead.id.to_string(),
        marker: marker(&lead.id.to_string()),
        external_id: lead.crm.external_id.clone().filter(|_| lead.crm.provider.as_deref() == Some(connection)),
        title: parts.into_iter().flatten().collect::<Vec<_>>().join(": "),
        name: lead.name.clone(),
        phone: lead.phone.clone(),
        email: lead.email.clone(),
        service,
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

/// Reads services and staff before the first client is answered, when nobody has read them yet: without them the
/// profile's own ids would be asked for, which the CRM does not know. Whether they are known now.
pub async fn first_reading(store: &dyn Store, clock: &dyn Clock, crm: &dyn Crm) -> bool {
    match store.copied(crm.connection(), CATALOGUE, "").await {
        Ok(None) => {}
        known => return known.is_ok(),
    }
    let read = tokio::time::timeout(FIRST_READING, sync(store, clock, crm)).await;
    let why = match read {
        Ok(Ok(_)) => return true,
        Ok(Err(fault)) => fault.to_string(),
        Err(_) => format!("no answer within {} s", FIRST_READING.as_secs()),
    };
    let connection = crm.connection();
    tracing::warn!(connection, why, "services and staff of the CRM could not be read: see `flow crm sync`");
    false
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
pub fn kept_hook(dedupe: &str, call: &HookCall, events: &[HookEvent], now: Timestamp) -> Copied {
    let row = |event: &HookEvent| {
        let (subject, id) = event.subject.parts();
        json!({"kind": event.kind, "subject": subject, "id": id})
    };
    let rows: Vec<Value> = events.iter().map(row).collect();
    let body = json!({"body": String::from_utf8_lossy(&call.body), "events": rows});
    Copied { id: dedupe.to_owned(), phone: None, body, at: now }
}

fn event_of(row: &Value) -> Option<HookEvent> {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let subject = HookSubject::of_parts(text("subject"), text("id"))?;
    Some(HookEvent { dedupe: String::new(), kind: text("kind").to_owned(), subject })
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
    let events: Vec<HookEvent> = kept.body["events"].as_array().into_iter().flatten().filter_map(event_of).collect();
    if let Some(hooks) = crm.hooks() {
        let body = kept.body["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        hooks.apply(&HookCall { body, now: kept.at.as_second(), ..HookCall::default() }, &events).await?;
    }
    for event in &events {
        match &event.subject {
            HookSubject::Appointment(id) if !id.is_empty() => follow(store, clock, crm, id).await?,
            HookSubject::Catalogue => drop(sync(store, clock, crm).await?),
            _ => {}
        }
    }
    // The row stays for a while: the same call again is recognised by it. What was in it is not needed any more.
    let done = Copied { body: json!({}), ..kept };
    store.keep_copy(name, HOOK, &done).await.map(drop).map_err(lost(name, "hook"))
}
