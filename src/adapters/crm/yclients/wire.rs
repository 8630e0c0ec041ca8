//! A call as this platform takes it, and what its answers have in common.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Wiring;
use super::vendor::Vendor;
use crate::adapters::http::portal::{Budget, Portal, Rules};
use crate::adapters::http::{Call, Method, mask, read, url};
use crate::domain::fault::{Fault, FaultKind};

/// Rows of a page; what the vendor gives at most.
pub(super) const PAGE: usize = 200;
/// Pages of one question.
pub(super) const PAGES: usize = 500;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// A client before the booking form: the partner's token alone.
    Guest,
    /// A user of the salon, where the connection has one.
    User,
}

/// The way to the vendor.
pub(super) struct Wire {
    pub portal: Portal,
    base: String,
    guest: SecretString,
    user: Option<SecretString>,
    vendor: &'static Vendor,
}

impl Wire {
    /// The way of a connection.
    pub fn open(
        vendor: &'static Vendor,
        wiring: &Wiring,
        partner: SecretString,
        user: Option<SecretString>,
    ) -> Result<Self, String> {
        let base = wiring.base_url.clone().unwrap_or_else(|| vendor.base.to_owned());
        url::check(&base).map_err(|why| format!("base_url: {why}"))?;
        let host = url::split(&base).map_or("", |(_, host, _)| host).to_owned();
        // Five a second and two hundred a minute for an address of ours: the branches behind it share them.
        let budgets = vec![
            Budget::per_second(format!("host:{host}"), 4.0, 1),
            Budget::new(format!("host:{host}:minute"), 180, SignedDuration::from_mins(1), 15),
        ];
        let portal = wiring.portal(Rules { judge: vendor.judge, budgets });
        let guest = partner.expose_secret().trim();
        let user = user.map(|user| SecretString::from(format!("Bearer {guest}, User {}", user.expose_secret().trim())));
        Ok(Self { portal, base, guest: SecretString::from(format!("Bearer {guest}")), user, vendor })
    }

    /// A call of that address; its parts are encoded.
    pub fn call(&self, operation: &'static str, method: Method, who: Who, parts: &[&str]) -> Call {
        self.call_at(&self.base, operation, method, who, parts)
    }

    /// Calls where the answer says no more than that it is done: nothing, or anything that is JSON.
    pub async fn done(&self, call: &Call) -> Result<(), Fault> {
        let answer = self.portal.send(call).await?;
        if answer.body.iter().all(u8::is_ascii_whitespace) || answer.value().is_some() {
            return Ok(());
        }
        let detail = format!("an answer that is no JSON: {}", mask::excerpt(&answer.body));
        Err(self.portal.fault(FaultKind::Protocol, call.operation, detail))
    }

    /// A call of the second version of the API, where the address has a version.
    pub fn call_v2(&self, operation: &'static str, method: Method, who: Who, parts: &[&str]) -> Option<Call> {
        let base = format!("{}/v2", self.base.strip_suffix("/v1")?);
        Some(self.call_at(&base, operation, method, who, parts))
    }

    fn call_at(&self, base: &str, operation: &'static str, method: Method, who: Who, parts: &[&str]) -> Call {
        let mut address = base.to_owned();
        for part in parts {
            address.push('/');
            address.push_str(&url::encode(part));
        }
        let authorization = match (who, &self.user) {
            (Who::User, Some(user)) => user,
            _ => &self.guest,
        };
        Call::new(operation, method, address)
            .header("accept", self.vendor.accept)
            .header("accept-language", self.vendor.language)
            .header("authorization", authorization.expose_secret())
    }
}

/// What an answer is about; the old form has no envelope.
pub(super) fn data(body: &Value) -> &Value {
    body.get("data").unwrap_or(body)
}

/// The one object that an answer is about, also where it is a list of one.
pub(super) fn one(body: &Value) -> &Value {
    match data(body) {
        Value::Array(rows) if rows.len() == 1 => &rows[0],
        other => other,
    }
}

/// The rows of an answer; nothing found is written as null, an empty list or an empty object.
pub(super) fn rows<'v>(body: &'v Value, what: &str) -> Result<Vec<&'v Value>, String> {
    match data(body) {
        Value::Array(rows) => Ok(rows.iter().collect()),
        Value::Null => Ok(Vec::new()),
        Value::Object(rows) if rows.is_empty() => Ok(Vec::new()),
        // A script's list with holes is written as an object of numbers.
        Value::Object(rows) if rows.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_digit())) => {
            Ok(rows.values().collect())
        }
        _ => Err(format!("expected a list of {what}")),
    }
}

/// How many rows there are in all.
pub(super) fn total(body: &Value) -> Option<usize> {
    let meta = body.get("meta")?;
    let total = ["total_count", "count"].iter().find_map(|name| read::int(meta.get(name)?));
    total.and_then(|total| usize::try_from(total).ok())
}

/// A member that names something: `0` and an empty one are nothing.
pub(super) fn id(value: &Value, name: &str) -> Option<String> {
    read::text(value.get(name)?).filter(|id| id != "0")
}

/// A member as a text.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    read::text(value.get(name)?)
}

/// A member as a number.
pub(super) fn int(value: &Value, name: &str) -> Option<i64> {
    read::int(value.get(name)?)
}

/// A member as a flag.
pub(super) fn flag(value: &Value, name: &str) -> Option<bool> {
    read::flag(value.get(name)?)
}

/// The wall clock of a text; an offset after it is not believed.
pub(super) fn naive(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let wall = text.get(..19).filter(|wall| !wall.ends_with(['+', '-', 'Z'])).or_else(|| text.get(..16))?;
    wall.replace(' ', "T").parse().ok()
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A number as ids are here; anything else names nothing, and is not asked for.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 18 && id.bytes().all(|byte| byte.is_ascii_digit()) && id != "0"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_wall_clock_is_read_and_the_offset_is_not() {
        for text in ["2026-09-04 09:00:00", "2026-09-04T09:00:00+09:00", "2026-09-04T09:00:00+0000", "2026-09-04 09:00"]
        {
            assert_eq!(naive(text).unwrap().to_string(), "2026-09-04T09:00:00", "{text}");
        }
        for bad in ["", "0000-00-00", "0000-00-00 00:00:00", "завтра утром, часов в десять", "2026-13-01T00:00:00"]
        {
            assert_eq!(naive(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_is_written_in_many_ways() {
        for body in [json!({"data": null}), json!({"data": []}), json!({"data": {}}), json!([])] {
            assert_eq!(rows(&body, "rows").unwrap().len(), 0, "{body}");
        }
        assert_eq!(rows(&json!({"data": {"0": 1, "7": 2}}), "rows").unwrap().len(), 2);
        assert!(rows(&json!({"data": "no"}), "rows").is_err());
        assert_eq!(one(&json!({"data": [{"id": 1}]})), &json!({"id": 1}));
    }
}
