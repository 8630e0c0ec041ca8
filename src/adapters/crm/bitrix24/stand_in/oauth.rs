//! The server that renews tokens: a refresh token is spent when it is used.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Portal;
use crate::adapters::http::Answer;
use crate::adapters::http::far::{FarRequest, json as answer};

/// An application on the portal.
#[derive(Debug, Clone)]
pub struct Oauth {
    /// Its id.
    pub client_id: String,
    /// Its key.
    pub client_secret: String,
    /// The refresh token that is good now.
    pub refresh: String,
    /// The access token that is good now, and until when.
    pub access: Option<(String, Timestamp)>,
    /// How often it was renewed.
    pub renewals: u32,
}

impl Oauth {
    /// Whether a token is good; nothing for one that never was.
    pub(super) fn is_valid(&self, token: &str, now: Timestamp) -> Option<bool> {
        let known = self.access.as_ref().filter(|(access, _)| access == token);
        match known {
            Some((_, until)) => Some(now < *until),
            None if token.starts_with("access-") => Some(false),
            None => None,
        }
    }
}

impl Portal {
    pub(super) fn renew(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        let refuse = |error: &str| answer(400, &json!({"error": error, "error_description": error}));
        let Some(oauth) = &mut self.oauth else { return refuse("invalid_client") };
        let of = |name: &str| request.param(name).unwrap_or_default();
        if of("grant_type") != "refresh_token" {
            return refuse("invalid_request");
        }
        if of("client_id") != oauth.client_id || of("client_secret") != oauth.client_secret {
            return refuse("invalid_client");
        }
        if of("refresh_token") != oauth.refresh {
            return refuse("invalid_grant");
        }
        oauth.renewals += 1;
        let access = format!("access-{}", oauth.renewals);
        oauth.refresh = format!("refresh-{}", oauth.renewals);
        oauth.access = Some((access.clone(), now + SignedDuration::from_hours(1)));
        answer(
            200,
            &json!({"access_token": access, "expires_in": 3600, "refresh_token": oauth.refresh, "scope": "crm,booking",
                "client_endpoint": "https://salon.bitrix24.ru/rest/", "server_endpoint": "https://oauth.example/rest/",
                "domain": "oauth.example", "member_id": "a1b2c3", "status": "L", "user_id": 1}),
        )
    }
}
