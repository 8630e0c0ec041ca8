//! Where the vendor calls: one setting for the whole branch, with the addresses and flags of everybody. Nobody else's
//! are touched, and no flag is lowered.

use serde_json::{Map, Value};

use super::Branch;
use super::wire::{self, Who};
use crate::adapters::http::{Method, read};
use crate::domain::fault::{Fault, FaultKind};

/// What flow wants to be told of.
const RAISED: &[&str] = &["active", "service", "master", "client", "record"];
/// Every flag that the vendor is known to have; others are sent back as they came.
const KNOWN: &[&str] = &[
    "active",
    "salon",
    "service_category",
    "service",
    "master",
    "client",
    "record",
    "good",
    "goods_operations_sale",
    "goods_operations_receipt",
    "goods_operations_consumable",
    "goods_operations_stolen",
    "goods_operations_move",
    "finances_operation",
];

/// The setting as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HookSettings {
    pub urls: Vec<String>,
    pub flags: Map<String, Value>,
}

impl HookSettings {
    fn is_raised(&self, name: &str) -> bool {
        self.flags.get(name).and_then(read::flag).unwrap_or(false)
    }

    fn raise(&mut self, name: &str) {
        self.flags.insert(name.to_owned(), 1.into());
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("urls".to_owned(), self.urls.clone().into());
        for name in KNOWN {
            body.insert((*name).to_owned(), i32::from(self.is_raised(name)).into());
        }
        for (name, _) in self.flags.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())) {
            body.insert(name.clone(), i32::from(self.is_raised(name)).into());
        }
        Value::Object(body)
    }
}

/// Reads the setting.
pub(super) fn read_settings(body: &Value) -> Result<HookSettings, String> {
    let data = wire::one(body);
    match data {
        // A branch without one.
        Value::Null => Ok(HookSettings::default()),
        Value::Array(rows) if rows.is_empty() => Ok(HookSettings::default()),
        Value::Object(members) => {
            let urls = members.get("urls").map(read::list).unwrap_or_default();
            let is_flag = |value: &Value| {
                matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_)) && read::flag(value).is_some()
            };
            let ids = ["id", "salon_id", "company_id"];
            let flags = members
                .iter()
                .filter(|(name, value)| *name != "urls" && !ids.contains(&name.as_str()) && is_flag(value));
            Ok(HookSettings {
                urls: urls.into_iter().filter_map(read::text).collect(),
                flags: flags.map(|(name, value)| (name.clone(), value.clone())).collect(),
            })
        }
        _ => Err("expected the settings of webhooks".to_owned()),
    }
}

impl Branch {
    async fn hook_settings(&self) -> Result<HookSettings, Fault> {
        let call = self.wire.call("hook_settings", Method::Get, Who::User, &["hooks_settings", &self.company_id]);
        let body = self.wire.portal.json(&call).await?;
        read_settings(&body).map_err(self.unreadable("register"))
    }

    async fn set_hooks(&self, settings: &HookSettings) -> Result<(), Fault> {
        let parts = ["hooks_settings", &self.company_id];
        let call = self.wire.call("set_hooks", Method::Post, Who::User, &parts).json(settings.body());
        self.wire.done(&call).await
    }

    /// Has the vendor call that address too.
    pub(super) async fn call_us_at(&self, url: &str) -> Result<(), Fault> {
        let mut settings = self.hook_settings().await?;
        let wanted = || RAISED.iter().chain(self.vendor.has_tags.then_some(&"schedule"));
        let is_there = |settings: &HookSettings| {
            settings.urls.iter().any(|known| known == url) && wanted().all(|name| settings.is_raised(name))
        };
        if is_there(&settings) {
            return Ok(());
        }
        if !settings.urls.iter().any(|known| known == url) {
            if self.vendor.most_urls.is_some_and(|most| settings.urls.len() >= most) {
                let detail = "all addresses of webhooks are taken: remove one that is not used any more in the cabinet";
                return Err(self.fault(FaultKind::Rejected, "register", detail));
            }
            settings.urls.push(url.to_owned());
        }
        wanted().for_each(|name| settings.raise(name));
        self.set_hooks(&settings).await?;
        if is_there(&self.hook_settings().await?) {
            return Ok(());
        }
        let detail =
            "the settings of webhooks were taken and do not hold our address: another integration writes them too";
        Err(self.fault(FaultKind::Unavailable, "register", detail))
    }

    /// Has the vendor call that address no more; flags stay, others may need them.
    pub(super) async fn call_us_no_more(&self, url: &str) -> Result<(), Fault> {
        let mut settings = self.hook_settings().await?;
        let before = settings.urls.len();
        settings.urls.retain(|known| known != url);
        if settings.urls.len() == before {
            return Ok(());
        }
        match self.set_hooks(&settings).await {
            // Where an empty list is not taken, the switch alone can say that nobody is called: ours was the only one.
            Err(fault) if fault.kind == FaultKind::Rejected && settings.urls.is_empty() => {
                settings.urls.push(url.to_owned());
                settings.flags.insert("active".to_owned(), 0.into());
                return self.set_hooks(&settings).await;
            }
            outcome => outcome?,
        }
        if self.hook_settings().await?.urls.iter().all(|known| known != url) {
            return Ok(());
        }
        let detail =
            "the settings of webhooks were taken and still hold our address: another integration writes them too";
        Err(self.fault(FaultKind::Unavailable, "unregister", detail))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_set_is_sent_back() {
        let body = json!({"success": true, "data": {"urls": ["https://other"], "active": "1", "good": 1, "loyalty_card": true,
            "url_settings": [{"url": "https://other"}], "salon_id": 4564}});
        let mut settings = read_settings(&body).unwrap();
        settings.raise("record");
        let sent = settings.body();
        assert_eq!(
            (&sent["good"], &sent["record"], &sent["loyalty_card"], &sent["salon"]),
            (&json!(1), &json!(1), &json!(1), &json!(0))
        );
        assert_eq!((sent.get("url_settings"), sent.get("salon_id")), (None, None));
        assert_eq!(read_settings(&json!({"data": []})).unwrap(), HookSettings::default());
    }
}
