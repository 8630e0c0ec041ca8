//! Events of the portal: a form with a token in it and no signature over it. Only ids are read; what they are about is
//! asked for again.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::Bitrix24;
use super::account::Model;
use super::batch::Command;
use super::php;
use super::settings::host;
use crate::adapters::http::{read, url};
use crate::domain::crm::{HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
use crate::domain::fault::Fault;

/// A form of an event is small.
const LARGEST: usize = 256 * 1024;

/// What an application subscribes to.
const EVENTS: &[&str] = &[
    "ONCRMLEADADD",
    "ONCRMLEADUPDATE",
    "ONCRMLEADDELETE",
    "ONCRMDEALADD",
    "ONCRMDEALUPDATE",
    "ONCRMDEALDELETE",
    "ONCRMCONTACTADD",
    "ONCRMCONTACTUPDATE",
    "ONCRMCONTACTDELETE",
    "ONBOOKINGADD",
    "ONBOOKINGUPDATE",
    "ONBOOKINGDELETE",
    "ONCALENDARENTRYADD",
    "ONCALENDARENTRYUPDATE",
    "ONCALENDARENTRYDELETE",
];

/// An event as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its name, in upper case.
    pub event: String,
    /// What it is about.
    pub id: Option<String>,
    /// When, in seconds.
    pub at: String,
    /// The token.
    pub token: String,
    /// The portal's id.
    pub member_id: Option<String>,
    /// The portal's host.
    pub domain: Option<String>,
}

/// Reads the form of an event.
///
/// # Errors
/// What is missing in it.
pub fn read_told(value: &Value) -> Result<Told, String> {
    let text = |value: Option<&Value>| value.and_then(read::text);
    let auth = value.get("auth").unwrap_or(&Value::Null);
    let data = value.get("data").unwrap_or(&Value::Null);
    let inside = |name: &str| data.get(name).and_then(|fields| text(fields.get("ID").or_else(|| fields.get("id"))));
    let id = inside("FIELDS").or_else(|| text(data.get("ID"))).or_else(|| text(data.get("id")));
    let id = id.or_else(|| inside("FIELDS_AFTER")).or_else(|| inside("FIELDS_BEFORE"));
    Ok(Told {
        event: text(value.get("event")).ok_or("the form has no `event`")?.to_uppercase(),
        id,
        at: text(value.get("ts")).unwrap_or_default(),
        token: text(auth.get("application_token")).unwrap_or_default(),
        member_id: text(auth.get("member_id")),
        domain: text(auth.get("domain")),
    })
}

fn form(call: &HookCall) -> Result<Value, HookRefusal> {
    if call.body.len() > LARGEST {
        return Err(HookRefusal::Unreadable("the form is too large".to_owned()));
    }
    let is_json = call.header("content-type").is_some_and(|kind| kind.contains("json"));
    if is_json {
        return serde_json::from_slice(&call.body).map_err(|_| HookRefusal::Unreadable("this is no JSON".to_owned()));
    }
    let text =
        std::str::from_utf8(&call.body).map_err(|_| HookRefusal::Unreadable("the form is no text".to_owned()))?;
    Ok(php::value(&url::pairs(text)))
}

/// What an event is about.
fn subject(told: &Told, model: Option<Model>) -> Vec<HookSubject> {
    let Some(id) = told.id.clone() else {
        return vec![match told.event.as_str() {
            "ONAPPINSTALL" | "ONAPPUNINSTALL" | "ONAPPUPDATE" => HookSubject::Connection,
            _ => HookSubject::Other,
        }];
    };
    let event = told.event.as_str();
    let is = |prefix: &str| event.starts_with(prefix);
    if is("ONBOOKINGRESOURCE") || is("ONCRMPRODUCT") || is("CATALOG.") {
        return vec![HookSubject::Catalogue];
    }
    if is("ONBOOKING") || is("ONCALENDARENTRY") {
        return vec![HookSubject::Appointment(id)];
    }
    if is("ONCRMDEAL") && model == Some(Model::Deal) {
        // A deal may stand for a visit and may be what a lead became.
        return vec![HookSubject::Appointment(id.clone()), HookSubject::Lead(id)];
    }
    if is("ONCRMLEAD") || is("ONCRMDEAL") {
        return vec![HookSubject::Lead(id)];
    }
    if is("ONCRMCONTACT") {
        return vec![HookSubject::Client(id)];
    }
    vec![HookSubject::Other]
}

impl Bitrix24 {
    fn is_from_portal(&self, told: &Told) -> bool {
        let Some(token) = &self.settings.application_token else { return false };
        let is_same = |given: &str, known: &str| bool::from(given.as_bytes().ct_eq(known.as_bytes()));
        if !is_same(&told.token, token.expose_secret()) {
            return false;
        }
        let member = self.settings.member_id.clone().or_else(|| self.wire.member_id());
        if let Some(member) = member {
            return told.member_id.as_deref().is_some_and(|given| is_same(given, &member));
        }
        // Without the portal's id its host must fit, unless a test server stands in its place.
        let site = self.wire.site();
        let known = host(&site);
        let is_here = known.starts_with("127.") || known.starts_with("localhost") || known.starts_with("[::1]");
        match (&told.domain, is_here || self.wire.wiring().base_url.is_some()) {
            (Some(domain), false) => domain.eq_ignore_ascii_case(known),
            _ => true,
        }
    }

    async fn bind(&self, method: &'static str, address: &str) -> Result<bool, Fault> {
        if !self.wire.is_application() {
            return Ok(false);
        }
        let command = |event: &&str| Command::new(*event, method, json!({"event": event, "handler": address}));
        let commands: Vec<Command> = EVENTS.iter().map(command).collect();
        let replies = self.wire.batch(&commands, true).await?;
        let mut bound = 0;
        for event in EVENTS {
            match replies.get(event) {
                Ok(_) => bound += 1,
                Err(fault) => tracing::info!(event, %fault, "the portal does not take this event"),
            }
        }
        Ok(bound > 0)
    }
}

#[async_trait]
impl Hooks for Bitrix24 {
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal> {
        let told = read_told(&form(call)?).map_err(HookRefusal::Unreadable)?;
        if !self.is_from_portal(&told) {
            return Err(HookRefusal::Forged);
        }
        let model = self.account.any().map(|account| account.model);
        let subjects = subject(&told, model);
        let id = told.id.clone().unwrap_or_default();
        let event = |(index, subject): (usize, HookSubject)| HookEvent {
            dedupe: format!("{}:{id}:{}:{index}", told.event, told.at),
            kind: told.event.clone(),
            subject,
        };
        Ok(subjects.into_iter().enumerate().map(event).collect())
    }

    async fn register(&self, url: &str) -> Result<bool, Fault> {
        self.bind("event.bind", url).await
    }

    async fn unregister(&self, url: &str) -> Result<bool, Fault> {
        self.bind("event.unbind", url).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Told {
        read_told(&php::value(&url::pairs(text))).unwrap()
    }

    #[test]
    fn the_id_of_each_family_is_found() {
        for (form, id) in [
            ("event=ONCRMDEALUPDATE&data[FIELDS][ID]=662&ts=1787000000&auth[application_token]=t", Some("662")),
            ("event=ONBOOKINGADD&data%5BID%5D=5", Some("5")),
            ("event=OnCalendarEntryAdd&data[id]=7", Some("7")),
            ("event=ONTASKADD&data[FIELDS_BEFORE]=undefined&data[FIELDS_AFTER][ID]=9", Some("9")),
            ("event=ONTASKDELETE&data[FIELDS_BEFORE][ID]=9&data[FIELDS_AFTER]=undefined", Some("9")),
            ("event=ONAPPUNINSTALL&data[CLEAN]=0", None),
        ] {
            assert_eq!(told(form).id.as_deref(), id, "{form}");
        }
        assert!(read_told(&json!([])).is_err());
    }

    #[test]
    fn an_event_is_about_what_its_name_says() {
        let of = |event: &str, model| subject(&told(&format!("event={event}&data[ID]=5")), model);
        assert_eq!(of("ONBOOKINGDELETE", None), [HookSubject::Appointment("5".into())]);
        assert_eq!(of("ONBOOKINGRESOURCEUPDATE", None), [HookSubject::Catalogue]);
        assert_eq!(of("ONCRMDEALADD", Some(Model::Booking)), [HookSubject::Lead("5".into())]);
        assert_eq!(of("ONCRMDEALADD", Some(Model::Deal)).len(), 2);
        assert_eq!(of("ONCRMCONTACTADD", None), [HookSubject::Client("5".into())]);
        assert_eq!(of("ONTASKADD", None), [HookSubject::Other]);
    }
}
