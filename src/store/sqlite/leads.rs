//! Leads.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::conversations::{event, phone};
use super::rows::{
    Where, all, containing, execute, int, json, json_opt, ms, one, order, parsed, parsed_opt, scalar, text_opt,
    time_of, time_opt, to_json, to_json_opt,
};
use super::{SqliteStore, idempotency};
use crate::domain::contact::{Channel, Phone};
use crate::domain::conversation::Conversation;
use crate::domain::id::LeadId;
use crate::domain::lead::{CrmState, Lead, LeadCrm, LeadPatch, LeadStatus};
use crate::domain::store::{
    CreatedLead, IdempotencyKey, LeadDraft, LeadFilter, LeadSort, Leads, Page, StoreError, StoreResult,
};
use crate::domain::text::fold;

/// An open lead with the same phone younger than this is the same lead (HTTP API B1).
const SAME_LEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

#[async_trait]
impl Leads for SqliteStore {
    async fn create_lead(
        &self,
        lead: &Lead,
        dedupe: bool,
        now: Timestamp,
        key: Option<&IdempotencyKey>,
    ) -> StoreResult<CreatedLead> {
        let (lead, key) = (lead.clone(), key.cloned());
        self.write(move |c| {
            let created = create(c, lead, dedupe, now)?;
            if let Some(key) = &key {
                idempotency::claim(c, key, &created.lead.id.to_string(), now)?;
            }
            Ok(created)
        })
        .await
    }

    async fn update_lead(
        &self,
        id: LeadId,
        patch: &LeadPatch,
        if_version: Option<i64>,
        now: Timestamp,
    ) -> StoreResult<Lead> {
        let patch = patch.clone();
        self.write(move |c| {
            let lead = lead(c, id)?.ok_or(StoreError::NotFound("lead"))?;
            if if_version.is_some_and(|version| version != lead.version) {
                return Err(StoreError::Version { current: lead.version });
            }
            change(c, lead, &patch, now)
        })
        .await
    }

    async fn lead(&self, id: LeadId) -> StoreResult<Option<Lead>> {
        self.read(move |c| lead(c, id)).await
    }

    async fn leads(&self, filter: &LeadFilter, sort: LeadSort, page: &Page) -> StoreResult<Vec<Lead>> {
        let (mut clause, page) = (clause_of(filter), page.clone());
        let column = match sort {
            LeadSort::Created => "created_at",
            LeadSort::Updated => "updated_at",
        };
        self.read(move |c| {
            clause.after(&page, column, "id");
            let sql = format!("SELECT * FROM leads{}{}", clause.sql(), order(&page, column, "id"));
            all(c, &sql, clause.params(), read_lead)
        })
        .await
    }

    async fn count_leads(&self, filter: &LeadFilter, cap: u32) -> StoreResult<u32> {
        let clause = clause_of(filter);
        self.read(move |c| {
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM leads{} LIMIT {cap})", clause.sql());
            Ok(scalar(c, &sql, clause.params())?.unwrap_or(0))
        })
        .await
    }
}

fn clause_of(filter: &LeadFilter) -> Where {
    let mut clause = Where::default();
    clause.any_of("status", filter.status.iter().map(|status| status.as_str()));
    clause.any_of("channel", filter.channel.iter().map(|channel| channel.as_str()));
    clause.any_of("crm_state", filter.crm_state.iter().map(|state| state.as_str()));
    clause.and_opt("source = ?", filter.source.clone());
    clause.and_opt("service = ?", filter.service.clone());
    clause.and_opt("assigned_to = ?", filter.assigned_to.clone());
    clause.and_opt("EXISTS (SELECT 1 FROM json_each(leads.tags) WHERE value = ?)", filter.tag.clone());
    clause.and_opt("phone = ?", filter.phone.as_ref().map(|phone| phone.as_str().to_owned()));
    clause.and_opt("folded LIKE ? ESCAPE '\\'", filter.q.as_deref().map(|q| containing(&fold(q))));
    clause.and_opt("created_at >= ?", filter.created_after.map(ms));
    clause.and_opt("created_at < ?", filter.created_before.map(ms));
    clause.and_opt("updated_at >= ?", filter.updated_after.map(ms));
    clause.and_opt("updated_at < ?", filter.updated_before.map(ms));
    clause
}

pub(super) fn lead(c: &Connection, id: LeadId) -> StoreResult<Option<Lead>> {
    one(c, "SELECT * FROM leads WHERE id=?1", [id.to_string()], read_lead)
}

fn read_lead(row: &Row<'_>) -> StoreResult<Lead> {
    Ok(Lead {
        id: parsed(row, "id", |s| s.parse().ok())?,
        status: parsed(row, "status", LeadStatus::parse)?,
        name: text_opt(row, "name")?,
        phone: parsed_opt(row, "phone", phone)?,
        email: text_opt(row, "email")?,
        channel: parsed(row, "channel", Channel::parse)?,
        source: text_opt(row, "source")?,
        service: text_opt(row, "service")?,
        desired_at: time_opt(row, "desired_at")?,
        desired_text: text_opt(row, "desired_text")?,
        comment: text_opt(row, "comment")?,
        tags: json(row, "tags")?,
        assigned_to: text_opt(row, "assigned_to")?,
        contact_id: parsed_opt(row, "contact_id", |s| s.parse().ok())?,
        conversation_id: parsed_opt(row, "conversation_id", |s| s.parse().ok())?,
        consent: json_opt(row, "consent")?,
        crm: LeadCrm {
            provider: text_opt(row, "crm_provider")?,
            external_id: text_opt(row, "crm_external_id")?,
            url: text_opt(row, "crm_url")?,
            state: parsed(row, "crm_state", CrmState::parse)?,
            last_error: text_opt(row, "crm_error")?,
            synced_at: time_opt(row, "crm_synced_at")?,
        },
        custom: json(row, "custom")?,
        created_at: time_of(row, "created_at")?,
        updated_at: time_of(row, "updated_at")?,
        version: int(row, "version")?,
    })
}

fn create(c: &Connection, mut new: Lead, dedupe: bool, now: Timestamp) -> StoreResult<CreatedLead> {
    if dedupe && let Some(first) = open_lead_of(c, new.phone.as_ref(), now)? {
        let patch = filling(&first, &new);
        return Ok(CreatedLead { lead: change(c, first, &patch, now)?, duplicate: true });
    }
    new.tags.sort();
    new.tags.dedup();
    insert(c, &new)?;
    event(c, "lead.created", &new.id.to_string(), now)?;
    Ok(CreatedLead { lead: new, duplicate: false })
}

fn open_lead_of(c: &Connection, phone: Option<&Phone>, now: Timestamp) -> StoreResult<Option<Lead>> {
    let Some(phone) = phone else { return Ok(None) };
    let since = ms(now) - i64::try_from(SAME_LEAD.as_millis()).unwrap_or(i64::MAX);
    one(
        c,
        "SELECT * FROM leads WHERE phone=?1 AND created_at>?2 AND status IN ('new', 'in_progress', 'qualified')
         ORDER BY created_at DESC LIMIT 1",
        params![phone.as_str(), since],
        read_lead,
    )
}

/// What `new` knows and `first` does not.
fn filling(first: &Lead, new: &Lead) -> LeadPatch {
    fn fill<T: Clone>(have: &Option<T>, offered: &Option<T>) -> Option<Option<T>> {
        (have.is_none() && offered.is_some()).then(|| offered.clone())
    }
    let mut tags = first.tags.clone();
    tags.extend(new.tags.iter().cloned());
    LeadPatch {
        status: None,
        name: fill(&first.name, &new.name),
        phone: None,
        email: fill(&first.email, &new.email),
        source: fill(&first.source, &new.source),
        service: fill(&first.service, &new.service),
        desired_at: fill(&first.desired_at, &new.desired_at),
        desired_text: fill(&first.desired_text, &new.desired_text),
        comment: fill(&first.comment, &new.comment),
        tags: Some(tags),
        assigned_to: fill(&first.assigned_to, &new.assigned_to),
        consent: fill(&first.consent, &new.consent),
        custom: None,
        crm: None,
    }
}

pub(super) fn insert(c: &Connection, lead: &Lead) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO leads(id, status, name, phone, email, channel, source, service, desired_at, desired_text, comment,
         tags, assigned_to, contact_id, conversation_id, consent, crm_provider, crm_external_id, crm_url, crm_state,
         crm_error, crm_synced_at, custom, folded, created_at, updated_at, version)
         VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)",
        params![
            lead.id.to_string(),
            lead.status.as_str(),
            lead.name,
            lead.phone.as_ref().map(Phone::as_str),
            lead.email,
            lead.channel.as_str(),
            lead.source,
            lead.service,
            lead.desired_at.map(ms),
            lead.desired_text,
            lead.comment,
            to_json(&lead.tags)?,
            lead.assigned_to,
            lead.contact_id.map(|id| id.to_string()),
            lead.conversation_id.map(|id| id.to_string()),
            to_json_opt(lead.consent.as_ref())?,
            lead.crm.provider,
            lead.crm.external_id,
            lead.crm.url,
            lead.crm.state.as_str(),
            lead.crm.last_error,
            lead.crm.synced_at.map(ms),
            to_json(&lead.custom)?,
            folded(lead),
            ms(lead.created_at),
            ms(lead.updated_at),
            lead.version
        ],
    )
    .map(|_| ())
}

/// What `q` looks into: name, phone and comment.
fn folded(lead: &Lead) -> String {
    let parts = [lead.name.as_deref(), lead.phone.as_ref().map(Phone::as_str), lead.comment.as_deref()];
    fold(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

/// Applies a patch; the same values again change nothing and make no event.
fn change(c: &Connection, mut lead: Lead, patch: &LeadPatch, now: Timestamp) -> StoreResult<Lead> {
    if let Some(to) = patch.status
        && !lead.status.may_become(to)
    {
        return Err(StoreError::Transition { from: lead.status, to });
    }
    if !patch.apply(&mut lead) {
        return Ok(lead);
    }
    lead.updated_at = now;
    lead.version += 1;
    execute(
        c,
        "UPDATE leads SET status=?2, name=?3, phone=?4, email=?5, source=?6, service=?7, desired_at=?8,
         desired_text=?9, comment=?10, tags=?11, assigned_to=?12, consent=?13, custom=?14, folded=?15, updated_at=?16,
         version=?17, crm_provider=?18, crm_external_id=?19, crm_url=?20, crm_state=?21, crm_error=?22,
         crm_synced_at=?23 WHERE id=?1",
        params![
            lead.id.to_string(),
            lead.status.as_str(),
            lead.name,
            lead.phone.as_ref().map(Phone::as_str),
            lead.email,
            lead.source,
            lead.service,
            lead.desired_at.map(ms),
            lead.desired_text,
            lead.comment,
            to_json(&lead.tags)?,
            lead.assigned_to,
            to_json_opt(lead.consent.as_ref())?,
            to_json(&lead.custom)?,
            folded(&lead),
            ms(lead.updated_at),
            lead.version,
            lead.crm.provider,
            lead.crm.external_id,
            lead.crm.url,
            lead.crm.state.as_str(),
            lead.crm.last_error,
            lead.crm.synced_at.map(ms)
        ],
    )?;
    event(c, "lead.updated", &lead.id.to_string(), now)?;
    Ok(lead)
}

/// The conversation's lead: an open one is updated, a booked one only by what `update_only` says, else one is made.
pub(super) fn from_dialogue(
    c: &Connection,
    conversation: &Conversation,
    draft: &LeadDraft,
    now: Timestamp,
) -> StoreResult<Option<LeadId>> {
    let current = match conversation.lead_id {
        Some(id) => lead(c, id)?,
        None => None,
    };
    let id = match current {
        Some(lead) if lead.status.is_open() || draft.update_only || draft.status == Some(lead.status) => {
            let patch = LeadPatch {
                status: draft.status.filter(|to| lead.status.may_become(*to)),
                name: draft.name.clone().map(Some),
                phone: draft.phone.clone().map(Some),
                service: draft.service.clone().map(Some),
                desired_at: draft.desired_at.map(Some),
                desired_text: draft.desired_text.clone().map(Some),
                ..LeadPatch::default()
            };
            change(c, lead, &patch, now)?.id
        }
        _ if draft.update_only => return Ok(None),
        _ => {
            let source = link(c, conversation)?;
            create(c, Lead { source, ..drafted(conversation, draft, now) }, false, now)?.lead.id
        }
    };
    Ok(Some(id))
}

/// What stood in the link that led the client here last.
fn link(c: &Connection, conversation: &Conversation) -> StoreResult<Option<String>> {
    let sql = "SELECT json_extract(metadata, '$.start') FROM messages WHERE conversation_id=?1 AND role='customer'
               AND json_extract(metadata, '$.start') IS NOT NULL ORDER BY seq DESC LIMIT 1";
    scalar(c, sql, [conversation.id.to_string()])
}

fn drafted(conversation: &Conversation, draft: &LeadDraft, now: Timestamp) -> Lead {
    Lead {
        status: draft.status.unwrap_or(LeadStatus::New),
        name: draft.name.clone().or_else(|| conversation.contact.name.clone()),
        phone: draft.phone.clone().or_else(|| conversation.contact.phone.clone()),
        email: conversation.contact.email.clone(),
        service: draft.service.clone(),
        desired_at: draft.desired_at,
        desired_text: draft.desired_text.clone(),
        contact_id: Some(conversation.contact.id),
        conversation_id: Some(conversation.id),
        ..Lead::blank(conversation.identity.channel, now)
    }
}
