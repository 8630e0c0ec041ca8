//! Who we are and what we may do. There is no list of rights: what may be written is proved by writing.

use serde_json::Value;

use super::EasyWeek;
use crate::adapters::http::{Method, read};
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::{Fault, FaultKind};

impl EasyWeek {
    pub(super) async fn look_around(&self) -> Result<Probe, Fault> {
        let mut checks = Vec::new();
        let ping = self.looked("ping", &["ping"], |body| {
            let version = body.get("version").and_then(read::text).unwrap_or_default();
            (true, format!("version {version}"))
        });
        checks.push(ping.await?);
        let workspace =
            self.looked("workspace", &["workspace"], |_| (true, "the key belongs to the workspace".to_owned()));
        checks.push(workspace.await?);
        let began = self.now();
        let location = match self.location("probe").await {
            Ok(location) => {
                let zone = location.zone.iana_name().unwrap_or("an unnamed zone");
                let ms = u64::try_from(self.now().duration_since(began).as_millis()).unwrap_or(0);
                let detail = format!("{}, times in {zone}", location.name);
                checks.push(Check { name: "location".to_owned(), ok: true, detail, ms });
                location
            }
            Err(fault) if matches!(fault.kind, FaultKind::Rejected | FaultKind::NotFound) => {
                checks.push(Check { name: "location".to_owned(), ok: false, detail: fault.detail, ms: 0 });
                return Ok(Probe { account: self.wire.workspace().to_owned(), checks });
            }
            Err(fault) => return Err(fault),
        };
        let parts = ["locations", &location.id, "services"];
        let services =
            self.looked("services", &parts, |body| match read::list(body.get("data").unwrap_or(body)).is_empty() {
                false => (true, "clients can book".to_owned()),
                true => (false, "the location has no service: add one in Services of the workspace".to_owned()),
            });
        checks.push(services.await?);
        checks.push(self.looked("customers", &["customers"], |_| (true, "customers can be read".to_owned())).await?);
        Ok(Probe { account: location.name.clone(), checks })
    }

    /// One look. What is refused is an answer; credentials that are refused are not.
    async fn looked(
        &self,
        name: &'static str,
        parts: &[&str],
        read: impl Fn(&Value) -> (bool, String),
    ) -> Result<Check, Fault> {
        let began = self.now();
        let call = self.wire.call(name, Method::Get, parts);
        let call = if parts.len() > 1 || parts == ["customers"] { call.query(&[("per_page", "1")]) } else { call };
        match self.wire.portal.json(&call).await {
            Ok(body) => {
                let (ok, detail) = read(&body);
                let ms = u64::try_from(self.now().duration_since(began).as_millis()).unwrap_or(0);
                Ok(Check { name: name.to_owned(), ok, detail, ms })
            }
            // Under a workspace that is not there everything is missing.
            Err(fault) if fault.kind == FaultKind::NotFound && name == "workspace" => {
                Err(Fault { kind: FaultKind::Unauthorized, ..fault })
            }
            Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Rejected) => {
                Ok(Check { name: name.to_owned(), ok: false, detail: fault.detail, ms: 0 })
            }
            Err(fault) => Err(fault),
        }
    }
}
