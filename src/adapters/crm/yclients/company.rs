//! The branch: its zone, its money and what it allows clients.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::wire::{self, Who};
use super::{Branch, locked};
use crate::adapters::http::Method;
use crate::domain::fault::{Fault, FaultKind};

/// So long what is known of the branch holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// Until when clients may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub is_allowed: bool,
    /// Not later than so many seconds before the start.
    pub until: i64,
}

/// A branch as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CompanyRow {
    pub title: String,
    pub zone: Option<String>,
    pub currency: Option<String>,
    pub needs_code: bool,
    pub needs_email: bool,
    pub change: Rule,
    pub delete: Rule,
}

/// A branch.
pub(super) struct Company {
    pub row: CompanyRow,
    pub zone: TimeZone,
}

impl Branch {
    /// The branch, as known for at most an hour.
    pub(super) async fn company(&self, operation: &'static str) -> Result<Arc<Company>, Fault> {
        let now = self.now();
        if let Some((at, known)) = &*locked(&self.company)
            && now.duration_since(*at) < HOLDS
        {
            return Ok(Arc::clone(known));
        }
        let call = self.wire.call("company", Method::Get, Who::User, &["company", &self.company_id]);
        let row = match self.wire.portal.json(&call).await {
            Ok(body) => read_company(&body).map_err(self.unreadable(operation))?,
            // Some branches are shown to users only; the booking form serves all the same.
            Err(fault) if !self.has_user && matches!(fault.kind, FaultKind::Forbidden | FaultKind::Unauthorized) => {
                tracing::info!(connection = %self.wiring.name, %fault, "the branch's settings are not shown to a partner");
                read_company(&serde_json::json!({})).map_err(self.unreadable(operation))?
            }
            Err(fault) => return Err(fault),
        };
        let zone = self.zone_of(&row).await;
        let known = Arc::new(Company { row, zone });
        *locked(&self.company) = Some((now, Arc::clone(&known)));
        Ok(known)
    }

    async fn zone_of(&self, row: &CompanyRow) -> TimeZone {
        if let Some(zone) = &self.wiring.timezone {
            return zone.clone();
        }
        match row.zone.as_deref().map(TimeZone::get) {
            Some(Ok(zone)) => zone,
            _ => {
                tracing::warn!(connection = %self.wiring.name,
                    "the branch does not name its zone: the company's is taken; set `timezone` of the connection");
                self.wiring.zone().await
            }
        }
    }

    /// Refuses what the branch does not allow clients (any more).
    pub(super) fn may_still(
        &self,
        operation: &'static str,
        rule: Rule,
        start: jiff::Timestamp,
        what: &str,
    ) -> Result<(), Fault> {
        let refuse = |detail: String| Err(self.fault(FaultKind::Rejected, operation, detail));
        if !rule.is_allowed {
            return refuse(format!("the branch does not let clients {what} appointments: its staff must"));
        }
        if rule.until > 0 && start.duration_since(self.now()).as_secs() < rule.until {
            let hours = rule.until / 3600;
            let (count, unit) = if hours > 0 { (hours, "h") } else { (rule.until / 60, "min") };
            return refuse(format!(
                "the branch lets clients {what} appointments not later than {count} {unit} before: its staff must"
            ));
        }
        Ok(())
    }
}

/// Reads the branch.
pub(super) fn read_company(body: &Value) -> Result<CompanyRow, String> {
    let company = wire::one(body);
    if !company.is_object() {
        return Err("expected a branch".to_owned());
    }
    let zone = wire::text(company, "timezone_name")
        .filter(|name| name.contains('/') || name == "UTC")
        .or_else(|| wire::text(company, "timezone").filter(|name| name.contains('/')));
    let rule = |allowed: &str, step: &str| Rule {
        is_allowed: wire::flag(company, allowed).unwrap_or(true),
        until: wire::int(company, step).unwrap_or(0),
    };
    Ok(CompanyRow {
        title: ["title", "public_title"].iter().find_map(|name| wire::text(company, name)).unwrap_or_default(),
        zone,
        currency: ["currency_iso", "currency", "currency_short_title"]
            .iter()
            .find_map(|name| currency(&wire::text(company, name)?)),
        needs_code: wire::flag(company, "phone_confirmation").unwrap_or(false),
        needs_email: wire::flag(company, "booking_email_required").unwrap_or(false),
        change: rule("allow_change_record", "allow_change_record_delay_step"),
        delete: rule("allow_delete_record", "allow_delete_record_delay_step"),
    })
}

/// A currency's code from how the branch shows it.
fn currency(shown: &str) -> Option<String> {
    let code = match shown.trim().trim_end_matches('.').to_lowercase().as_str() {
        "руб" | "р" | "₽" | "rub" | "rur" => "RUB",
        "тг" | "тенге" | "₸" | "kzt" => "KZT",
        "бел. руб" | "br" | "byn" | "бр" => "BYN",
        "грн" | "₴" | "uah" => "UAH",
        "сум" | "so'm" | "uzs" => "UZS",
        "сом" | "kgs" => "KGS",
        "€" | "eur" | "евро" => "EUR",
        "$" | "usd" => "USD",
        "£" | "gbp" => "GBP",
        "₾" | "gel" | "лари" => "GEL",
        "֏" | "amd" | "драм" => "AMD",
        "₼" | "azn" => "AZN",
        "aed" | "dh" | "dhs" => "AED",
        "zł" | "pln" => "PLN",
        "₺" | "try" => "TRY",
        other if other.len() == 3 && other.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            return Some(other.to_uppercase());
        }
        _ => return None,
    };
    Some(code.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_zone_is_a_name_and_never_a_number() {
        let zone = |company| read_company(&json!({"data": company})).unwrap().zone;
        assert_eq!(zone(json!({"timezone": 3, "timezone_name": "Europe/Moscow"})).as_deref(), Some("Europe/Moscow"));
        assert_eq!(zone(json!({"timezone": "Asia/Omsk"})).as_deref(), Some("Asia/Omsk"));
        assert_eq!(zone(json!({"timezone": "3"})), None);
    }

    #[test]
    fn what_clients_may_do_is_read_as_flags_and_seconds() {
        let company = json!({"title": "Салон", "currency_short_title": "руб.", "allow_change_record": "1",
            "allow_change_record_delay_step": "7200", "allow_delete_record": false, "phone_confirmation": 1});
        let row = read_company(&company).unwrap();
        assert_eq!(row.change, Rule { is_allowed: true, until: 7200 });
        assert!(!row.delete.is_allowed && row.needs_code && !row.needs_email);
        assert_eq!(row.currency.as_deref(), Some("RUB"));
        assert!(read_company(&json!({"data": []})).is_err());
    }
}
