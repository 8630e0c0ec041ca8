//! What a connection to DIKIDI is told.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::http::url;

/// The keys of `[crm.dikidi]` beside those that every connection takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    booking_url: Option<String>,
    bridge_url: Option<SecretString>,
    query_url: Option<SecretString>,
    bridge_secret: Option<SecretString>,
    bridge_secret_in: Option<SecretString>,
    #[serde(default)]
    auth: Auth,
}

/// How the other side shows that a call is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Auth {
    /// A signature.
    #[default]
    Hmac,
    /// `Authorization: Bearer`.
    Bearer,
    /// `X-Flow-Token`.
    Header,
    /// `?token=`.
    Query,
}

/// What is configured, checked.
pub(super) struct Settings {
    pub booking_url: Option<String>,
    pub bridge: Option<Bridge>,
}

/// The bridge.
pub(super) struct Bridge {
    /// Where events go; without it the bridge only listens.
    pub url: Option<SecretString>,
    pub query_url: Option<SecretString>,
    /// Signs what goes out.
    secret: SecretString,
    /// Signs what comes in.
    secret_in: SecretString,
    pub auth: Auth,
}

impl Bridge {
    pub fn key(&self) -> &[u8] {
        self.secret.expose_secret().as_bytes()
    }

    /// What shows that we are we where a signature cannot be checked.
    pub fn token(&self) -> &str {
        self.secret.expose_secret()
    }

    pub fn key_in(&self) -> &[u8] {
        self.secret_in.expose_secret().as_bytes()
    }
}

impl Settings {
    pub fn read(value: Value) -> Result<Self, String> {
        let keys: Keys = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let addresses = [
            ("booking_url", keys.booking_url.as_deref()),
            ("bridge_url", keys.bridge_url.as_ref().map(ExposeSecret::expose_secret)),
            ("query_url", keys.query_url.as_ref().map(ExposeSecret::expose_secret)),
        ];
        for (name, address) in addresses {
            if let Some(address) = address {
                url::check(address).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        let bridge = match (keys.bridge_secret, keys.bridge_secret_in) {
            (Some(secret), secret_in) => Some(Bridge {
                url: keys.bridge_url,
                query_url: keys.query_url,
                secret_in: secret_in.unwrap_or_else(|| secret.clone()),
                secret,
                auth: keys.auth,
            }),
            (None, Some(secret_in)) if keys.bridge_url.is_none() && keys.query_url.is_none() => {
                Some(Bridge { url: None, query_url: None, secret: secret_in.clone(), secret_in, auth: keys.auth })
            }
            (None, _) if keys.bridge_url.is_some() || keys.query_url.is_some() => {
                return Err("`bridge_secret` is missing: it signs what goes over the bridge".to_owned());
            }
            _ => None,
        };
        if keys.booking_url.is_none() && bridge.is_none() {
            return Err("`booking_url` is missing: the company's public page, https://dikidi.net/COMPANY \
                        (or `bridge_url` and `bridge_secret`)"
                .to_owned());
        }
        Ok(Self { booking_url: keys.booking_url, bridge })
    }
}
