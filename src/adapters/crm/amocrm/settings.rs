//! What a connection to amoCRM is told.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::http::url;

/// The keys of `[crm.amocrm]` beside those that every connection takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub access_token: Option<SecretString>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub redirect_uri: Option<String>,
    pub refresh_token: Option<SecretString>,
    pub pipeline_id: Option<i64>,
    pub status_new: Option<i64>,
    pub status_booked: Option<i64>,
    pub status_cancelled: Option<i64>,
    pub loss_reason_id: Option<i64>,
    pub start_field_id: Option<i64>,
    pub duration_field_id: Option<i64>,
    pub master_field_id: Option<i64>,
    pub flow_field_id: Option<i64>,
    pub source_field_id: Option<i64>,
    pub catalog_id: Option<i64>,
    pub task_type_id: Option<i64>,
    /// The profile's employee and the user of amoCRM.
    #[serde(default)]
    pub users: BTreeMap<String, i64>,
    pub hook_secret: Option<SecretString>,
}

/// Who we are for amoCRM.
pub(super) enum Credentials {
    /// A long-lived token of a private integration.
    Token(SecretString),
    /// An integration that renews its tokens.
    Oauth(Oauth),
}

/// An integration and its first refresh token.
pub(super) struct Oauth {
    pub client_id: String,
    pub client_secret: SecretString,
    pub redirect_uri: String,
    pub first: Option<SecretString>,
}

impl Settings {
    pub fn read(value: Value) -> Result<Self, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    /// The one way in that is configured.
    pub fn credentials(&self) -> Result<Credentials, String> {
        let is_oauth = self.client_id.is_some() || self.client_secret.is_some() || self.refresh_token.is_some();
        match (&self.access_token, is_oauth) {
            (Some(_), true) => {
                Err("`access_token` and the keys of OAuth (`client_id`, `client_secret`, `refresh_token`) \
                     exclude each other: keep the one that is used"
                    .to_owned())
            }
            (Some(token), false) => Ok(Credentials::Token(token.clone())),
            (None, false) => Err("`access_token` is missing: the long-lived token of a private integration \
                                  (or `client_id`, `client_secret`, `redirect_uri` and `refresh_token`)"
                .to_owned()),
            (None, true) => {
                let missing = |name: &str| format!("`{name}` is missing: OAuth needs it");
                Ok(Credentials::Oauth(Oauth {
                    client_id: self.client_id.clone().ok_or_else(|| missing("client_id"))?,
                    client_secret: self.client_secret.clone().ok_or_else(|| missing("client_secret"))?,
                    redirect_uri: self.redirect_uri.clone().ok_or_else(|| missing("redirect_uri"))?,
                    first: self.refresh_token.clone(),
                }))
            }
        }
    }
}

/// The account's address without the prefix of the API, which tokens do not have.
pub(super) fn base(given: Option<&str>) -> Result<String, String> {
    let given = given.ok_or("`base_url` is missing: the account's address, https://SUBDOMAIN.amocrm.ru")?;
    url::check(given).map_err(|error| format!("base_url: {error}"))?;
    let base = given.trim_end_matches('/');
    let base = base.strip_suffix("/api/v4").unwrap_or(base).trim_end_matches('/');
    let host = url::split(base).map(|(_, host, _)| host).unwrap_or_default();
    if host.starts_with("www.amocrm.") || host.starts_with("www.kommo.") {
        return Err("base_url: the API answers at the account's own address, https://SUBDOMAIN.amocrm.ru".to_owned());
    }
    Ok(base.to_owned())
}

/// A secret in the clear, to be sent or signed with.
pub(super) fn clear(secret: &SecretString) -> &str {
    secret.expose_secret()
}
