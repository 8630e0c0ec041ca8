//! What the user may do, right by right, and where each is given.

use serde_json::Value;

use super::vendor::Vendor;
use super::wire;
use crate::adapters::http::read;
use crate::domain::crm::Check;

/// Whether a right is there: given, refused, or not spoken of.
fn right(data: &Value, path: &str) -> Option<bool> {
    let mut at = data;
    for part in path.split('.') {
        at = at.get(part)?;
    }
    read::flag(at)
}

/// Reads the rights, one check for each thing that flow does.
pub(super) fn read_rights(body: &Value, vendor: &Vendor, with_hooks: bool) -> Vec<Check> {
    let data = wire::one(body);
    let cabinet = &vendor.cabinet;
    let mut checks: Vec<Check> = [
        ("list appointments", &["timetable.timetable_access"][..], cabinet.see),
        ("create appointments", &["record_form.create_records_access"], cabinet.create),
        ("edit appointments", &["record_form.edit_records_access"], cabinet.edit),
        ("cancel appointments", &["record_form.delete_records_access"], cabinet.delete),
        ("move appointments", &["timetable.timetable_transferring_record_access"], cabinet.carry),
        ("clients", &["clients.clients_access"], cabinet.clients),
        (
            "phones of clients",
            &[
                "clients.clients_phones_email_access",
                "clients.clients_card_phone_access",
                "clients.client_phones_access",
            ],
            cabinet.phones,
        ),
        (
            "comments of clients",
            &["clients.client_comments_list_access", "clients.client_comments_add_access"],
            cabinet.comments,
        ),
    ]
    .into_iter()
    .map(|(name, paths, words)| check(data, name, paths, words, cabinet.rights))
    .collect();
    if with_hooks {
        let paths = ["settings.webhook_read_access", "settings.settings_access"];
        checks.push(check(data, "webhooks", &paths, cabinet.hooks, cabinet.rights));
    }
    checks.extend(restrictions(data, vendor));
    checks
}

fn check(data: &Value, name: &str, paths: &[&str], words: &str, place: &str) -> Check {
    // A right that is not spoken of was not given.
    let missing: Vec<&str> = paths.iter().copied().filter(|path| right(data, path) != Some(true)).collect();
    let detail = if missing.is_empty() {
        paths.join(", ")
    } else {
        format!("the user lacks {}: give it in {place}: {words}", missing.join(", "))
    };
    Check { name: name.to_owned(), ok: missing.is_empty(), detail, ms: 0 }
}

/// What limits the user without being a right that is missing.
fn restrictions(data: &Value, vendor: &Vendor) -> Vec<Check> {
    let cabinet = &vendor.cabinet;
    let mut checks = Vec::new();
    let mut told = |name: &str, detail: String| checks.push(Check { name: name.to_owned(), ok: true, detail, ms: 0 });
    if right(data, "other.auth_enable_check_ip") == Some(true) {
        let detail = format!(
            "the user may come from listed addresses only: add this machine's to {} in {}",
            cabinet.address_lock, cabinet.rights
        );
        told("addresses", detail);
    }
    let limited = [("timetable", "master_id"), ("clients", "clients_visit_master_id")];
    if limited.iter().any(|(section, name)| data.get(*section).and_then(|rights| wire::id(rights, name)).is_some()) {
        let detail = format!(
            "the user sees one employee's appointments only: switch off {} in {}",
            cabinet.one_master, cabinet.rights
        );
        told("employees", detail);
    }
    if let Some(days) =
        data.get("timetable").and_then(|rights| wire::int(rights, "last_days_count")).filter(|days| *days > 0)
    {
        told("history", format!("the user sees appointments of the last {days} days"));
    }
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapters::crm::yclients::vendor::YCLIENTS;

    #[test]
    fn a_missing_right_is_named_with_the_place_where_it_is_given() {
        let body = json!({"data": {"timetable": {"timetable_access": 1, "master_id": "7"},
            "record_form": {"create_records_access": "0"}, "clients": {"clients_access": true, "client_phones_access": 1},
            "other": {"auth_enable_check_ip": true}}});
        let checks = read_rights(&body, &YCLIENTS, true);
        let of = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
        assert!(of("list appointments").ok && !of("create appointments").ok && of("clients").ok);
        for absent in ["edit appointments", "move appointments", "phones of clients", "webhooks"] {
            assert!(!of(absent).ok && of(absent).detail.contains("the user lacks"), "{absent}");
        }
        let detail = &of("create appointments").detail;
        assert!(
            detail.contains("record_form.create_records_access") && detail.contains("«Создание записей»"),
            "{detail}"
        );
        assert!(of("addresses").ok && of("employees").detail.contains("one employee"));
    }
}
