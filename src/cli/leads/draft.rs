//! The members of a lead as somebody gave them, and what is wrong with them.

use jiff::Timestamp;
use serde_json::Value;

use crate::cli::times::{Edge, Here};
use crate::domain::contact::{Channel, Phone, Region};
use crate::domain::lead::{Lead, LeadStatus};

/// Members that can be given, with the longest text of each (HTTP API B1).
pub const WRITABLE: &[(&str, usize)] = &[
    ("status", 20),
    ("name", 200),
    ("phone", 40),
    ("email", 254),
    ("channel", 20),
    ("source", 200),
    ("service", 200),
    ("desired_at", 64),
    ("desired_text", 500),
    ("comment", 5000),
    ("tags", 1100),
    ("assigned_to", 100),
    ("custom", 8192),
    ("created_at", 64),
];

/// Members that flow writes itself: an export has them, an import passes them over.
pub const OWN: &[&str] = &["id", "contact_id", "conversation_id", "consent", "crm", "updated_at", "version"];

const TAGS_AT_MOST: usize = 20;
const TAG_AT_MOST: usize = 50;

/// What members are read against.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Now, and where.
    pub here: Here,
    /// The country whose numbers come without a code.
    pub region: Region,
}

impl Reader {
    /// Sets one member from its text; an empty one clears it.
    ///
    /// # Errors
    /// What is wrong, as a sentence that names the member.
    pub fn set(&self, lead: &mut Lead, member: &str, text: &str) -> Result<(), String> {
        let text = text.trim();
        let most = WRITABLE.iter().find(|(name, _)| *name == member).map_or(0, |(_, most)| *most);
        if text.chars().count() > most {
            return Err(format!("{member} is longer than {most} characters"));
        }
        let given = (!text.is_empty()).then(|| text.to_owned());
        match member {
            "name" => lead.name = given,
            "email" => lead.email = given.map(email).transpose()?,
            "phone" => lead.phone = given.map(|text| self.phone(&text)).transpose()?,
            "source" => lead.source = given,
            "service" => lead.service = given,
            "desired_text" => lead.desired_text = given,
            "comment" => lead.comment = given,
            "assigned_to" => lead.assigned_to = given,
            "desired_at" => lead.desired_at = given.map(|text| self.moment(member, &text)).transpose()?,
            "created_at" => {
                let at = given.map(|text| self.moment(member, &text)).transpose()?;
                lead.created_at = at.unwrap_or(lead.created_at);
                if lead.created_at > self.here.now {
                    return Err("created_at: it lies ahead".to_owned());
                }
            }
            "status" => lead.status = given.map(|text| status(&text)).transpose()?.unwrap_or(lead.status),
            "channel" => lead.channel = given.map(|text| channel(&text)).transpose()?.unwrap_or(lead.channel),
            "tags" => lead.tags = given.map(|text| tags(&text)).transpose()?.unwrap_or_default(),
            "custom" => lead.custom = given.map(|text| object(&text)).transpose()?.unwrap_or_default(),
            _ => return Err(format!("there is no member `{member}`")),
        }
        if lead.custom.is_null() {
            lead.custom = Value::Object(serde_json::Map::new());
        }
        Ok(())
    }

    fn phone(&self, text: &str) -> Result<Phone, String> {
        Phone::parse(text, self.region).map_err(|_| format!("phone: `{text}` is no phone number"))
    }

    fn moment(&self, member: &str, text: &str) -> Result<Timestamp, String> {
        self.here.moment(text, Edge::Start).map_err(|failure| format!("{member}: {failure}"))
    }
}

/// Whether the person behind it can be reached.
///
/// # Errors
/// When neither phone nor e-mail is there.
pub fn reachable(lead: &Lead) -> Result<(), String> {
    if lead.phone.is_none() && lead.email.is_none() {
        return Err("a lead needs a phone or an email".to_owned());
    }
    Ok(())
}

fn email(text: String) -> Result<String, String> {
    let good = text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(char::is_whitespace)
    });
    if good { Ok(text) } else { Err(format!("email: `{text}` is no e-mail address")) }
}

fn status(text: &str) -> Result<LeadStatus, String> {
    let known = || LeadStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ");
    LeadStatus::parse(text).ok_or_else(|| format!("status: there is no `{text}`; one of {}", known()))
}

fn channel(text: &str) -> Result<Channel, String> {
    let known = || Channel::ALL.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(", ");
    Channel::parse(text).ok_or_else(|| format!("channel: there is no `{text}`; one of {}", known()))
}

/// A JSON list, as an export writes it, or words between commas.
fn tags(text: &str) -> Result<Vec<String>, String> {
    let tags: Vec<String> = serde_json::from_str(text)
        .unwrap_or_else(|_| text.split([',', ';']).map(|tag| tag.trim().to_owned()).collect());
    let tags: Vec<String> = tags.into_iter().filter(|tag| !tag.is_empty()).collect();
    if tags.len() > TAGS_AT_MOST || tags.iter().any(|tag| tag.chars().count() > TAG_AT_MOST) {
        return Err(format!("tags: at most {TAGS_AT_MOST} of at most {TAG_AT_MOST} characters"));
    }
    Ok(tags)
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        _ => Err("custom: expected a JSON object".to_owned()),
    }
}
