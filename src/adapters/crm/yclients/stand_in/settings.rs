//! The branch's settings.

use serde_json::{Value, json};

use super::{COMPANY, Salon, good};
use crate::adapters::http::far::FarRequest;
use crate::adapters::http::{Answer, Method};

impl Salon {
    pub(super) fn settings(&mut self, request: &FarRequest, parts: &[&str]) -> Option<Answer> {
        Some(match (request.method, parts) {
            (Method::Get, ["companies"]) => {
                good(200, &json!([{"id": COMPANY.to_string(), "title": "Салон «Ромашка»"}]))
            }
            (Method::Get, ["user", "permissions", _]) => good(200, &self.rights),
            (Method::Get, ["license", _]) => good(200, &json!({"active": "1", "deactivation_date": "31.12.2026"})),
            (Method::Get, ["hooks_settings", _]) => good(200, &self.hooks),
            (Method::Post, ["hooks_settings", _]) => {
                // The whole setting is replaced, others' addresses and flags with it.
                self.hooks = request.json();
                good(201, &self.hooks)
            }
            _ => return None,
        })
    }
}

/// The branch.
pub(super) fn company() -> Value {
    json!({"title": "Салон «Ромашка»", "timezone": "Europe/Moscow", "currency_short_title": "руб.", "phone_confirmation": false,
        "booking_email_required": false, "booking_comment_required": 0, "allow_change_record": true,
        "allow_change_record_delay_step": 0, "allow_delete_record": 1, "allow_delete_record_delay_step": "0",
        "active_staff_count": 2})
}

/// Every right that there is.
pub(super) fn rights() -> Value {
    json!({
        "timetable": {"timetable_access": true, "master_id": 0, "last_days_count": -1,
            "timetable_transferring_record_access": true},
        "record_form": {"create_records_access": true, "edit_records_access": 1, "delete_records_access": "1"},
        "clients": {"clients_access": true, "clients_phones_email_access": true, "clients_card_phone_access": true,
            "client_phones_access": true, "client_comments_list_access": true, "client_comments_add_access": true,
            "clients_visit_master_id": "0"},
        "settings": {"webhook_read_access": true, "settings_access": true},
        "other": {"auth_enable_check_ip": false, "auth_list_allowed_ip": []},
    })
}

/// Another integration's setting.
pub(super) fn hooks() -> Value {
    json!({"urls": ["https://other.example/hook"], "active": 1, "salon": 0, "service_category": 0, "service": 0, "master": 0,
        "client": 0, "record": "1", "good": 1, "goods_operations_sale": 0, "goods_operations_receipt": 0,
        "goods_operations_consumable": 0, "goods_operations_stolen": 0, "goods_operations_move": 0, "finances_operation": 0})
}
