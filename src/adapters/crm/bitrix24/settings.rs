//! The keys of a connection to Bitrix24, and the addresses that follow from them.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::http::{read, url};

/// Where visits are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingKey {
    /// Whatever the account has.
    #[default]
    Auto,
    /// The booking module.
    Booking,
    /// Calendars of users.
    Calendar,
    /// Deals.
    Deal,
}

/// What a lead becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadKey {
    /// A lead where the account works with leads, else a deal.
    #[default]
    Auto,
    /// A lead.
    Lead,
    /// A deal.
    Deal,
}

/// The keys of a connection.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The incoming webhook; the whole of it is a secret.
    pub webhook_url: Option<SecretString>,
    /// OAuth: the application's id.
    pub client_id: Option<String>,
    /// OAuth: the application's key.
    pub client_secret: Option<SecretString>,
    /// OAuth: the portal's host.
    pub domain: Option<String>,
    /// OAuth: the first refresh token.
    pub refresh_token: Option<SecretString>,
    /// OAuth: the server that renews tokens.
    pub oauth_url: Option<String>,
    /// What the portal's events must carry.
    pub application_token: Option<SecretString>,
    /// The portal's id that its events must carry.
    pub member_id: Option<String>,
    /// Where visits are written.
    pub booking: BookingKey,
    /// What a lead becomes.
    pub lead: LeadKey,
    /// Who is responsible for what flow makes; the webhook's owner when absent.
    pub responsible_id: Option<i64>,
    /// The pipeline of deals.
    pub category_id: Option<i64>,
    /// The stage a deal begins in.
    pub deal_stage: Option<String>,
    /// The stage a lead begins in.
    pub lead_stage: Option<String>,
    /// The stage of a deal whose visit was called off.
    pub cancelled_stage: Option<String>,
    /// The source of leads, deals and contacts.
    pub source_id: Option<String>,
    /// The catalogue of services.
    pub catalog_id: Option<i64>,
    /// The property of a service that says how many minutes it takes.
    pub duration_property: Option<i64>,
    /// Minutes by the service's id.
    pub durations: BTreeMap<String, Value>,
    /// Ids of services by the id of whoever provides them, separated by commas.
    pub staff_services: BTreeMap<String, Value>,
    /// Portal users by the profile's id of an employee.
    pub users: BTreeMap<String, Value>,
    /// The type of resources that are people.
    pub resource_type_id: Option<i64>,
}

impl Settings {
    /// Minutes that the configuration gives a service.
    #[must_use]
    pub fn minutes(&self, service: &str) -> Option<u32> {
        self.durations.get(service).and_then(read::int).and_then(|minutes| u32::try_from(minutes).ok())
    }

    /// Services that the configuration gives somebody.
    #[must_use]
    pub fn services_of(&self, staff: &str) -> Option<Vec<String>> {
        let given = self.staff_services.get(staff)?;
        Some(match given {
            Value::Array(rows) => rows.iter().filter_map(read::text).collect(),
            other => {
                let text = read::text(other).unwrap_or_default();
                text.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
            }
        })
    }
}

/// How flow is let in.
pub enum Entry {
    /// By an incoming webhook.
    Webhook {
        /// `https://HOST/rest/USER/CODE`.
        root: String,
    },
    /// As an application.
    Application {
        /// `https://HOST/rest`.
        root: String,
        /// The application's id.
        client_id: String,
        /// Its key.
        client_secret: SecretString,
        /// The first refresh token.
        refresh_token: SecretString,
        /// The server that renews tokens.
        oauth_url: String,
    },
}

/// The way in that the keys describe.
///
/// # Errors
/// What is missing or contradicts itself.
pub fn entry(settings: &Settings, base_url: Option<&str>) -> Result<Entry, String> {
    let oauth = settings.client_id.is_some() || settings.client_secret.is_some() || settings.refresh_token.is_some();
    match (&settings.webhook_url, oauth) {
        (Some(_), true) => Err("give either webhook_url or the keys of OAuth (client_id, client_secret, domain, \
             refresh_token), not both"
            .to_owned()),
        (Some(webhook), false) => Ok(Entry::Webhook { root: webhook_root(webhook.expose_secret(), base_url)? }),
        (None, true) => application(settings, base_url),
        (None, false) => Err("webhook_url is missing: in Bitrix24 open Разработчикам → Другое → Входящий вебхук and \
             copy its address (https://PORTAL/rest/USER/CODE/); or give client_id, client_secret, domain and \
             refresh_token of an application"
            .to_owned()),
    }
}

/// `https://HOST/rest/USER/CODE` of whatever was copied from the portal; `base_url` replaces scheme and host.
fn webhook_root(webhook: &str, base_url: Option<&str>) -> Result<String, String> {
    let form = "webhook_url: expected https://PORTAL/rest/USER/CODE/";
    let webhook = webhook.trim();
    let (scheme, host, path) = url::split(webhook).ok_or(form)?;
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let at = parts.iter().position(|part| *part == "rest").ok_or(form)?;
    let [user, code] = parts.get(at + 1..at + 3).and_then(|pair| <[&str; 2]>::try_from(pair).ok()).ok_or(form)?;
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_digit()) || !is_plain(code) {
        return Err(form.to_owned());
    }
    // What the portal shows beside the address: the method of its example.
    if parts.len() > at + 4 {
        return Err(form.to_owned());
    }
    let prefix: String = parts[..at].iter().map(|part| format!("/{part}")).collect();
    let here = format!("{prefix}/rest/{user}/{code}");
    let root = match base_url.map(|base| base.trim_end_matches('/')) {
        None => format!("{scheme}://{}{here}", host.trim_end_matches('.')),
        Some(base) if base.contains("/rest/") => base.to_owned(),
        Some(base) => format!("{}/rest/{user}/{code}", base.trim_end_matches("/rest")),
    };
    url::check(&root).map_err(|why| format!("webhook_url: {why}"))?;
    Ok(root)
}

fn application(settings: &Settings, base_url: Option<&str>) -> Result<Entry, String> {
    let mut missing = Vec::new();
    if settings.client_id.is_none() {
        missing.push("client_id");
    }
    if settings.client_secret.is_none() {
        missing.push("client_secret");
    }
    if settings.refresh_token.is_none() {
        missing.push("refresh_token");
    }
    if settings.domain.is_none() && base_url.is_none() {
        missing.push("domain");
    }
    let (Some(client_id), Some(client_secret), Some(refresh_token), true) = (
        settings.client_id.clone(),
        settings.client_secret.clone(),
        settings.refresh_token.clone(),
        missing.is_empty(),
    ) else {
        return Err(format!("OAuth needs {} as well: take them from the application's card", missing.join(", ")));
    };
    let domain = settings.domain.as_deref().unwrap_or_default().trim();
    let root = match base_url.map(|base| base.trim_end_matches('/')) {
        Some(base) if base.ends_with("/rest") => base.to_owned(),
        Some(base) => format!("{base}/rest"),
        None if domain.contains("://") => format!("{}/rest", domain.trim_end_matches('/').trim_end_matches("/rest")),
        None => format!("https://{}/rest", domain.trim_end_matches(['/', '.'])),
    };
    url::check(&root).map_err(|why| format!("domain: {why}"))?;
    let oauth_url = match &settings.oauth_url {
        Some(given) => given.trim_end_matches('/').trim_end_matches("/oauth/token").to_owned(),
        None if is_russian(&root) => "https://oauth.bitrix24.tech".to_owned(),
        None => "https://oauth.bitrix.info".to_owned(),
    };
    url::check(&oauth_url).map_err(|why| format!("oauth_url: {why}"))?;
    Ok(Entry::Application { root, client_id, client_secret, refresh_token, oauth_url })
}

/// The host of an address, with its port.
#[must_use]
pub fn host(root: &str) -> &str {
    url::split(root).map_or("", |(_, host, _)| host)
}

/// Whether the portal's people most likely read Russian: all but the vendor's foreign zones.
#[must_use]
pub fn is_russian(root: &str) -> bool {
    let host = host(root);
    !host.contains(".bitrix24.") || [".ru", ".by", ".kz"].iter().any(|zone| host.ends_with(zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(webhook: &str, base: Option<&str>) -> Result<String, String> {
        webhook_root(webhook, base)
    }

    #[test]
    fn a_webhook_is_taken_however_it_was_copied() {
        for form in [
            "https://p.bitrix24.ru/rest/1/abc123/",
            "https://p.bitrix24.ru/rest/1/abc123",
            " https://p.bitrix24.ru/rest/1/abc123/profile.json ",
            "https://p.bitrix24.ru./rest/1/abc123/profile",
        ] {
            assert_eq!(root(form, None).as_deref(), Ok("https://p.bitrix24.ru/rest/1/abc123"), "{form}");
        }
        let test = root("https://p.bitrix24.ru/rest/1/abc/", Some("http://127.0.0.1:9"));
        assert_eq!(test.as_deref(), Ok("http://127.0.0.1:9/rest/1/abc"));
        for bad in
            ["https://p.ru/rest/abc/1/", "http://p.bitrix24.ru/rest/1/abc/", "p.ru/rest/1/abc", "", "https://p.ru"]
        {
            let error = root(bad, None).unwrap_err();
            assert!(!error.contains("abc"), "the address is a secret: {error}");
        }
    }

    #[test]
    fn keys_that_contradict_each_other_are_told() {
        let of = |json: Value| -> Result<Entry, String> {
            let settings: Settings = serde_json::from_value(json).map_err(|error| error.to_string())?;
            entry(&settings, None)
        };
        let error = |json| of(json).err().unwrap();
        assert!(error(serde_json::json!({})).contains("Входящий вебхук"));
        let both = serde_json::json!({"webhook_url": "https://p.ru/rest/1/a/", "client_id": "x"});
        assert!(error(both).contains("not both"));
        let half = error(serde_json::json!({"client_id": "x"}));
        assert!(half.contains("client_secret, refresh_token, domain"), "{half}");
        assert!(error(serde_json::json!({"webhok_url": "x"})).contains("unknown field"));
    }
}
