//! What callers may write into a lead.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::daemon::http::Http;
use crate::daemon::http::body::{Fields, expected_phone};
use crate::daemon::http::problem::{CONTACT_REQUIRED, NOT_FOUND, Problem, words};
use crate::domain::contact::{Channel, Phone, Region};
use crate::domain::conversation::Conversation;
use crate::domain::id::{ContactId, ConversationId};
use crate::domain::lead::{Consent, Lead, LeadPatch, LeadStatus};

const CUSTOM_BYTES: usize = 8 * 1024;
const TAGS: usize = 20;
const TAG_CHARS: usize = 50;
const EMAIL_CHARS: usize = 254;
/// A wish may be so old: somebody types in what was said yesterday.
const OLDEST_WISH: SignedDuration = SignedDuration::from_hours(24);
/// What stands for hidden characters.
const MASK: &str = "•••";
/// What only flow itself writes.
const READ_ONLY: [&str; 7] = ["id", "contact_id", "crm", "created_at", "updated_at", "version", "channel"];

/// A lead as a caller made it.
///
/// # Errors
/// 422 with everything that is wrong; the store's failures.
pub async fn new_lead(http: &Http, mut fields: Fields, region: Region, now: Timestamp) -> Result<Lead, Problem> {
    let channel = fields.name_of("channel", &Channel::ALL, Channel::as_str).flatten().unwrap_or(Channel::Api);
    let named: Option<ConversationId> = fields.id("conversation_id", ConversationId::PREFIX).flatten();
    let patch = read(&mut fields, region, now);
    refuse_read_only(&mut fields);
    let phone = patch.phone.clone().flatten();
    let has_contact = phone.is_some() || patch.email.clone().flatten().is_some() || named.is_some();
    if !has_contact && fields.is_fine() {
        let detail = words("Укажите phone, email или conversation_id", "Give phone, email or conversation_id");
        fields.refuse_whole(CONTACT_REQUIRED.code, detail);
    }
    fields.finish()?;
    let conversation = match named {
        Some(id) => Some(conversation_of(http, id).await?),
        None => None,
    };
    let contact_id = contact_of(http, conversation.as_ref(), phone.as_ref(), &patch, now).await?;
    let mut lead = Lead::blank(channel, now);
    lead.contact_id = contact_id;
    lead.conversation_id = conversation.map(|conversation| conversation.id);
    patch.apply(&mut lead);
    Ok(lead)
}

async fn conversation_of(http: &Http, id: ConversationId) -> Result<Conversation, Problem> {
    let unknown = words("Такого диалога нет", "There is no such conversation");
    http.app.store.conversation(id).await?.ok_or_else(|| Problem::new(&NOT_FOUND, unknown))
}

/// The person: the one of the dialogue, or the one with that phone.
async fn contact_of(
    http: &Http,
    conversation: Option<&Conversation>,
    phone: Option<&Phone>,
    patch: &LeadPatch,
    now: Timestamp,
) -> Result<Option<ContactId>, Problem> {
    match (conversation, phone) {
        (Some(conversation), _) => Ok(Some(conversation.contact.id)),
        (None, Some(phone)) => {
            let name = patch.name.as_ref().and_then(Option::as_deref);
            Ok(Some(http.app.store.ensure_contact(phone, name, now).await?.id))
        }
        (None, None) => Ok(None),
    }
}

/// A change as a caller made it. Members that equal what the caller was shown change nothing: so a
/// whole object may be sent back, read-only and masked members included.
///
/// # Errors
/// 422 with everything that is wrong.
pub fn patch(mut fields: Fields, seen: &Value, region: Region, now: Timestamp) -> Result<LeadPatch, Problem> {
    let same: Vec<String> = fields
        .members()
        .iter()
        .filter(|(name, value)| seen.get(name) == Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        fields.take(&name);
    }
    refuse_masked(&mut fields);
    let patch = read(&mut fields, region, now);
    if fields.take("conversation_id").is_some() {
        fields.refuse("conversation_id", "read_only", read_only());
    }
    refuse_read_only(&mut fields);
    fields.finish()?;
    Ok(patch)
}

/// Reads the writable members that are there.
fn read(fields: &mut Fields, region: Region, now: Timestamp) -> LeadPatch {
    LeadPatch {
        status: status(fields),
        name: fields.text("name", 200),
        phone: fields.parsed("phone", "phone_format", expected_phone(), |text| Phone::parse(text, region).ok()),
        email: email(fields),
        source: fields.text("source", 200),
        service: fields.text("service", 200),
        desired_at: desired_at(fields, now),
        desired_text: fields.text("desired_text", 500),
        comment: fields.text("comment", 5000),
        tags: fields.texts("tags", TAGS, TAG_CHARS).map(Option::unwrap_or_default),
        assigned_to: fields.text("assigned_to", 100),
        consent: consent(fields, now),
        custom: fields.object("custom", CUSTOM_BYTES).map(|custom| custom.unwrap_or_else(|| json!({}))),
        // The CRM's side is written by what pushes leads.
        crm: None,
    }
}

fn status(fields: &mut Fields) -> Option<LeadStatus> {
    let status = fields.name_of("status", LeadStatus::ALL, LeadStatus::as_str)?;
    if status.is_none() {
        fields.refuse("status", "required", words("Статус не может быть пустым", "A status cannot be cleared"));
    }
    status
}

fn email(fields: &mut Fields) -> Option<Option<String>> {
    let expected = words("Нужен адрес вида anna@example.ru", "Expected an address such as anna@example.ru");
    fields.parsed("email", "email_format", expected, |text| {
        let (user, host) = text.split_once('@')?;
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '@');
        let labels: Vec<&str> = host.split('.').collect();
        let fits = !user.is_empty() && labels.len() > 1 && labels.iter().all(|label| !label.is_empty());
        let is_it = fits && user.chars().chain(host.chars()).all(is_plain) && text.chars().count() <= EMAIL_CHARS;
        is_it.then(|| text.to_owned())
    })
}

fn desired_at(fields: &mut Fields, now: Timestamp) -> Option<Option<Timestamp>> {
    let wish = fields.time("desired_at")?;
    if wish.is_some_and(|wish| wish.duration_since(now) < -OLDEST_WISH) {
        let detail = words("Время прошло больше суток назад", "The time is more than a day in the past");
        fields.refuse("desired_at", "past", detail);
        return None;
    }
    Some(wish)
}

fn consent(fields: &mut Fields, now: Timestamp) -> Option<Option<Consent>> {
    let Some(mut inner) = fields.nested("consent")? else { return Some(None) };
    let personal_data = inner.flag("personal_data");
    let at = inner.time("at").flatten();
    if personal_data.is_none() && inner.is_fine() {
        inner.refuse("personal_data", "required", words("Нужно true или false", "Expected true or false"));
    }
    fields.absorb(inner);
    let personal_data = personal_data?;
    Some(Some(Consent { personal_data, at: at.or_else(|| personal_data.then_some(now)) }))
}

fn refuse_read_only(fields: &mut Fields) {
    for name in READ_ONLY {
        if fields.take(name).is_some() {
            fields.refuse(name, "read_only", read_only());
        }
    }
}

/// What was hidden from a reader must not come back as a value, when the lead has changed in between.
fn refuse_masked(fields: &mut Fields) {
    let is_masked = |value: &Value| value.as_str().is_some_and(|text| text.contains(MASK));
    let masked: Vec<String> =
        fields.members().iter().filter(|(_, value)| is_masked(value)).map(|(name, _)| name.clone()).collect();
    for name in masked {
        fields.take(&name);
        let detail = words("Значение скрыто; пришлите настоящее", "The value is masked; send the real one");
        fields.refuse(&name, "masked", detail);
    }
}

fn read_only() -> crate::daemon::http::problem::Words {
    words("Это поле меняет только сервер", "Only the server changes this member")
}
