//! Leads, conversations and messages as they are shown; for readers without `pii:read` with people masked.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::contact::{Phone, mask_email, mask_name};
use crate::domain::conversation::{Conversation, Handoff, Message};
use crate::domain::lead::Lead;

/// Fewer digits than this are no phone.
const PHONE_DIGITS: usize = 7;
/// Digits of a masked phone that stay.
const SHOWN_DIGITS: usize = 4;

/// How much of people a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Full,
    /// Names, phones and e-mails are masked, in free texts too.
    Masked,
}

impl Sight {
    /// The sight of a reader who may or may not see people.
    #[must_use]
    pub const fn of(sees_people: bool) -> Self {
        if sees_people { Self::Full } else { Self::Masked }
    }

    fn name(self, name: Option<&str>) -> Option<String> {
        name.map(|name| if self == Self::Full { name.to_owned() } else { mask_name(name) })
    }

    fn email(self, email: Option<&str>) -> Option<String> {
        email.map(|email| if self == Self::Full { email.to_owned() } else { mask_email(email) })
    }

    fn phone(self, phone: Option<&Phone>) -> Option<String> {
        phone.map(|phone| if self == Self::Full { phone.to_string() } else { phone.masked() })
    }

    fn text(self, text: &str) -> String {
        if self == Self::Full { text.to_owned() } else { mask_text(text) }
    }

    fn text_opt(self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn value(self, value: &Value) -> Value {
        if self == Self::Full { value.clone() } else { mask_value(value) }
    }
}

/// A time in JSON: UTC, to the millisecond.
#[must_use]
pub fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn time_opt(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// A text.
#[must_use]
pub fn text(text: &str, sight: Sight) -> String {
    sight.text(text)
}

/// A lead.
#[must_use]
pub fn lead(lead: &Lead, sight: Sight) -> Value {
    let consent = lead.consent.as_ref().map(|c| json!({ "personal_data": c.personal_data, "at": time_opt(c.at) }));
    json!({
        "id": lead.id,
        "status": lead.status,
        "name": sight.name(lead.name.as_deref()),
        "phone": sight.phone(lead.phone.as_ref()),
        "email": sight.email(lead.email.as_deref()),
        "channel": lead.channel,
        "source": sight.text_opt(lead.source.as_deref()),
        "service": sight.text_opt(lead.service.as_deref()),
        "desired_at": time_opt(lead.desired_at),
        "desired_text": sight.text_opt(lead.desired_text.as_deref()),
        "comment": sight.text_opt(lead.comment.as_deref()),
        "tags": lead.tags.iter().map(|tag| sight.text(tag)).collect::<Vec<_>>(),
        "assigned_to": sight.text_opt(lead.assigned_to.as_deref()),
        "contact_id": lead.contact_id,
        "conversation_id": lead.conversation_id,
        "consent": consent,
        "crm": {
            "provider": lead.crm.provider,
            "external_id": lead.crm.external_id,
            "url": lead.crm.url,
            "state": lead.crm.state,
            "last_error": sight.text_opt(lead.crm.last_error.as_deref()),
            "synced_at": time_opt(lead.crm.synced_at),
        },
        "custom": sight.value(&lead.custom),
        "created_at": time(lead.created_at),
        "updated_at": time(lead.updated_at),
        "version": lead.version,
    })
}

/// A conversation without its messages.
#[must_use]
pub fn conversation(conversation: &Conversation, sight: Sight) -> Value {
    let contact = &conversation.contact;
    let last = conversation.last_message.as_ref();
    json!({
        "id": conversation.id,
        "channel": conversation.identity.channel,
        "status": conversation.status,
        "handoff": conversation.handoff.as_ref().map(handoff),
        "contact": {
            "id": contact.id,
            "name": sight.name(contact.name.as_deref()),
            "phone": sight.phone(contact.phone.as_ref()),
        },
        "lead_id": conversation.lead_id,
        "message_count": conversation.message_count,
        "last_message": last.map(|m| json!({ "role": m.role, "text": sight.text(&m.text), "at": time(m.at) })),
        "language": conversation.language,
        "unanswered": conversation.unanswered,
        "started_at": time(conversation.started_at),
        "last_message_at": time(conversation.last_message_at),
        "closed_at": time_opt(conversation.closed_at),
        "version": conversation.version,
    })
}

fn handoff(handoff: &Handoff) -> Value {
    json!({ "state": handoff.state, "reason": handoff.reason, "at": time(handoff.at), "operator": handoff.operator })
}

/// A message; how it came about only when asked for.
#[must_use]
pub fn message(message: &Message, sight: Sight, with_trace: bool) -> Value {
    let mut shown = json!({
        "id": message.id,
        "role": message.role,
        "kind": message.kind,
        "text": sight.text(&message.text),
        "at": time(message.at),
        "channel_message_id": message.channel_message_id,
        "attachments": [],
        "delivery": delivery(message),
        "transcript": null,
        "buttons": buttons(message, sight),
        "button_value": sight.text_opt(message.button_value.as_deref()),
        "in_reply_to": message.in_reply_to,
        "metadata": message.metadata.as_ref().map(|metadata| sight.value(metadata)),
    });
    if with_trace {
        shown["trace"] = message.trace.clone().unwrap_or(Value::Null);
    }
    shown
}

/// The buttons under a message.
#[must_use]
pub fn buttons(message: &Message, sight: Sight) -> Value {
    let shown = |button: &crate::domain::conversation::Button| json!({ "text": sight.text(&button.text), "value": sight.text(&button.value) });
    message.buttons.iter().map(shown).collect()
}

/// What became of an outgoing message.
#[must_use]
pub fn delivery(message: &Message) -> Value {
    message.delivery.as_ref().map_or(Value::Null, |delivery| {
        json!({
            "state": delivery.state,
            "error": delivery.error,
            "attempts": delivery.attempts,
            "at": time(delivery.at),
        })
    })
}

/// Hides what looks like a phone or an e-mail address inside a text.
fn mask_text(text: &str) -> String {
    let no_mail: Vec<String> = text
        .split_inclusive(char::is_whitespace)
        .map(|word| {
            let bare = word.trim_end();
            let is_mail = bare.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
            if is_mail { format!("{}{}", mask_email(bare), &word[bare.len()..]) } else { word.to_owned() }
        })
        .collect();
    mask_digits(&no_mail.concat())
}

/// Runs of digits with the signs people write phones with: all but the last digits become dots.
fn mask_digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_numeric() || !run.is_empty() && is_between_digits(c) => run.push(c),
            other => {
                out.push_str(&masked_run(&run));
                run.clear();
                out.extend(other);
            }
        }
    }
    out
}

fn is_between_digits(c: char) -> bool {
    matches!(c, '-' | '(' | ')' | '.' | '/' | '+' | '\u{2010}'..='\u{2015}') || c.is_whitespace() && c != '\n'
}

fn masked_run(run: &str) -> String {
    let digits = run.chars().filter(|c| c.is_numeric()).count();
    if digits < PHONE_DIGITS {
        return run.to_owned();
    }
    let mut seen = 0;
    let hide = |c: char| {
        if !c.is_numeric() {
            return c;
        }
        seen += 1;
        if seen + SHOWN_DIGITS <= digits { '•' } else { c }
    };
    run.chars().map(hide).collect()
}

fn mask_value(value: &Value) -> Value {
    match value {
        Value::String(text) => mask_text(text).into(),
        Value::Number(number) => {
            let text = number.to_string();
            let masked = mask_text(&text);
            if masked == text { value.clone() } else { masked.into() }
        }
        Value::Array(items) => items.iter().map(mask_value).collect(),
        Value::Object(members) => {
            let masked = members.iter().map(|(name, value)| (mask_text(name), mask_value(value)));
            Value::Object(masked.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_addresses_inside_texts_are_hidden() {
        for (text, shown) in [
            ("мой +7 (999) 000-11-22, звоните", "мой +• (•••) •••-11-22, звоните"),
            ("89990001122", "•••••••1122"),
            ("пишите на anna@example.ru или сюда", "пишите на a•••@example.ru или сюда"),
            ("завтра в 10:30, 1500 рублей", "завтра в 10:30, 1500 рублей"),
        ] {
            assert_eq!(mask_text(text), shown);
        }
    }

    #[test]
    fn a_number_in_free_members_is_hidden_too() {
        let masked = mask_value(&json!({ "tel": 79990001122_u64, "age": 30, "list": ["+79990001122"] }));
        assert_eq!(masked, json!({ "tel": "•••••••1122", "age": 30, "list": ["+•••••••1122"] }));
    }

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(time("2026-06-12T13:00:00+03:00".parse().unwrap()), "2026-06-12T10:00:00.000Z");
    }
}
