//! What an answer of Bitrix24 means: its codes are texts, numbers or nothing, and stand in answers of any status.

use std::time::Duration;

use serde_json::Value;

use crate::adapters::http::judge::{Refusal, by_status, out_of_order};
use crate::adapters::http::{Answer, Call, mask, read};
use crate::domain::fault::FaultKind;

/// How long a method rests when the portal says that its time is used up and not until when.
pub const STEP: Duration = Duration::from_secs(60);
/// A portal that the vendor blocked is not asked for so long.
const BLOCKED: Duration = Duration::from_secs(600);

/// What an error says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The code as a text; empty where there is none.
    pub code: String,
    /// The words.
    pub description: String,
}

/// Reads the error of an answer, of a command of a batch, or of the OAuth server.
#[must_use]
pub fn read_error(value: &Value) -> Option<Said> {
    let error = value.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false))?;
    let (code, own) = match error {
        // REST 3.0.
        Value::Object(members) => (
            members.get("code").and_then(read::text).unwrap_or_default(),
            members.get("message").and_then(read::text).unwrap_or_default(),
        ),
        other => (read::text(other).unwrap_or_default(), String::new()),
    };
    let description = value.get("error_description").and_then(read::text).unwrap_or(own);
    Some(Said { code, description })
}

/// The judge of every call.
///
/// # Errors
/// Why the answer is not what was asked for.
pub fn judge(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    // A renamed portal sends us to its new host.
    if matches!(answer.status, 301 | 302 | 303 | 307 | 308) && answer.header("location").is_some() {
        return Ok(());
    }
    let Some(value) = answer.value().filter(Value::is_object) else {
        by_status(call, answer)?;
        let excerpt = mask::excerpt(&answer.body);
        let what = if answer.body.is_empty() { "an empty answer".to_owned() } else { format!("no JSON: {excerpt}") };
        return Err(Refusal::new(FaultKind::Protocol, format!("{what} (HTTP {})", answer.status)));
    };
    let Some(said) = read_error(&value) else { return by_status(call, answer) };
    let kind = kind(&said, answer.status);
    let detail = detail(call.operation, &said, kind);
    Err(match kind {
        Some(FaultKind::RateLimited) => limited(&said, detail).after_header(answer),
        Some(kind) => Refusal::new(kind, detail),
        None => out_of_order(call, answer, detail),
    })
}

trait AfterHeader {
    fn after_header(self, answer: &Answer) -> Self;
}

impl AfterHeader for Refusal {
    fn after_header(self, answer: &Answer) -> Self {
        let asked = self.retry_after.or_else(|| answer.retry_after());
        self.after(asked)
    }
}

fn limited(said: &Said, detail: String) -> Refusal {
    let refusal = Refusal::new(FaultKind::RateLimited, detail);
    match said.code.as_str() {
        "OPERATION_TIME_LIMIT" => refusal.after(Some(STEP)).of_operation(),
        "OVERLOAD_LIMIT" => refusal.after(Some(BLOCKED)),
        _ => refusal,
    }
}

/// What a code means; nothing when the portal is out of order and a write may have been applied.
#[must_use]
pub fn kind(said: &Said, status: u16) -> Option<FaultKind> {
    let words = said.description.to_lowercase();
    let has = |word: &str| words.contains(word);
    Some(match said.code.as_str() {
        "QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" | "OVERLOAD_LIMIT" => FaultKind::RateLimited,
        "expired_token"
        | "NO_AUTH_FOUND"
        | "invalid_token"
        | "invalid_grant"
        | "invalid_client"
        | "PORTAL_DELETED"
        | "APPLICATION_NOT_FOUND" => FaultKind::Unauthorized,
        "PAYMENT_REQUIRED" => FaultKind::LicenceExpired,
        "ACCESS_DENIED" if has("commercial") || has("plan") || has("тариф") => FaultKind::LicenceExpired,
        "INVALID_CREDENTIALS"
        | "insufficient_scope"
        | "invalid_scope"
        | "ACCESS_DENIED"
        | "user_access_error"
        | "allowed_only_intranet_user" => FaultKind::Forbidden,
        // A command that a batch does not know is refused by either name.
        "ERROR_METHOD_NOT_FOUND" | "ERROR_BATCH_METHOD_NOT_ALLOWED" => FaultKind::Unsupported,
        "NOT_FOUND" | "OWNER_NOT_FOUND" | "ERROR_NOT_FOUND" | "1019" | "1021" => FaultKind::NotFound,
        "1018" => FaultKind::SlotTaken,
        "INTERNAL_SERVER_ERROR" | "ERROR_UNEXPECTED_ANSWER" => return None,
        _ if has("access denied") || has("доступ запрещ") || has("недостаточно прав") => {
            FaultKind::Forbidden
        }
        _ if has("feature is not available") => FaultKind::Unsupported,
        _ if has("not found") || has("не найден") => FaultKind::NotFound,
        _ => match status {
            401 => FaultKind::Unauthorized,
            402 => FaultKind::LicenceExpired,
            403 => FaultKind::Forbidden,
            404 | 410 => FaultKind::NotFound,
            408 | 425 | 429 => FaultKind::RateLimited,
            500..=599 => return None,
            _ => FaultKind::Rejected,
        },
    })
}

/// The words of a fault: what the portal says and what to do about it.
#[must_use]
pub fn detail(method: &str, said: &Said, kind: Option<FaultKind>) -> String {
    let description = mask::excerpt(said.description.as_bytes());
    let told = match (said.code.is_empty(), description.is_empty()) {
        (false, false) => format!("{}: {description}", said.code),
        (false, true) => said.code.clone(),
        (true, false) => description,
        (true, true) => "it refuses without a word".to_owned(),
    };
    let todo = match (said.code.as_str(), kind) {
        ("insufficient_scope", _) => {
            let scope = scope_of(method);
            format!(
                "the webhook lacks the permission `{scope}`: open the webhook in Bitrix24 (Разработчикам → \
                 Интеграции) and add it under «Настройка прав»"
            )
        }
        ("expired_token", _) => "the token is too old".to_owned(),
        ("invalid_grant", _) => {
            "the refresh token is used or too old: authorize the application again and put the new \
             refresh_token into the configuration"
                .to_owned()
        }
        ("invalid_client", _) => {
            "client_id and client_secret do not fit, or the application is not installed".to_owned()
        }
        ("PORTAL_DELETED", _) => "the portal is closed".to_owned(),
        ("OVERLOAD_LIMIT", _) => "Bitrix24 has blocked the portal's REST by hand: ask its support".to_owned(),
        ("OPERATION_TIME_LIMIT", _) => "this method has used up its time of ten minutes".to_owned(),
        ("allowed_only_intranet_user", _) => {
            "the webhook belongs to an extranet user: an employee must make it".to_owned()
        }
        ("ERROR_METHOD_NOT_FOUND" | "ERROR_BATCH_METHOD_NOT_ALLOWED", _) => {
            format!("this portal has no method {method}")
        }
        (_, Some(FaultKind::Unauthorized)) => "the webhook or the token is refused: make a new incoming webhook \
             (Разработчикам → Другое → Входящий вебхук), or authorize the application again"
            .to_owned(),
        (_, Some(FaultKind::LicenceExpired)) => "REST needs a commercial plan with a subscription to Маркет".to_owned(),
        (_, Some(FaultKind::Forbidden)) => format!(
            "whoever made the webhook may not call {method}: give them the right \
             in Bitrix24, or let an administrator make the webhook"
        ),
        _ => String::new(),
    };
    if todo.is_empty() { told } else { format!("{told}; {todo}") }
}

/// The permission of a webhook that a method needs.
#[must_use]
pub fn scope_of(method: &str) -> &'static str {
    match method.split('.').next().unwrap_or_default() {
        "crm" => "crm",
        "catalog" => "catalog",
        "booking" => "booking",
        "calendar" => "calendar",
        "user" => "user",
        "tasks" | "task" => "task",
        _ => "crm",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: u16, body: &Value) -> Refusal {
        let call = Call::post("crm.item.add", "http://127.0.0.1/");
        judge(&call, &Answer { status, body: body.to_string().into_bytes(), ..Answer::default() }).unwrap_err()
    }

    #[test]
    fn each_code_is_what_the_vendor_means_by_it() {
        for (status, error, words, kind) in [
            (503, json!("QUERY_LIMIT_EXCEEDED"), "Too many requests", FaultKind::RateLimited),
            (429, json!("OPERATION_TIME_LIMIT"), "Method is blocked", FaultKind::RateLimited),
            (401, json!("expired_token"), "", FaultKind::Unauthorized),
            (401, json!("NO_AUTH_FOUND"), "Wrong authorization data", FaultKind::Unauthorized),
            (403, json!("insufficient_scope"), "", FaultKind::Forbidden),
            (403, json!("ACCESS_DENIED"), "REST API is available only on commercial plans", FaultKind::LicenceExpired),
            (403, json!("ACCESS_DENIED"), "Access denied", FaultKind::Forbidden),
            (404, json!("ERROR_METHOD_NOT_FOUND"), "Method not found!", FaultKind::Unsupported),
            (400, json!("ERROR_BATCH_METHOD_NOT_ALLOWED"), "Method is not allowed", FaultKind::Unsupported),
            (400, json!(""), "Not found", FaultKind::NotFound),
            (400, json!(1018), "resources unavailable", FaultKind::SlotTaken),
            (400, json!(422), "bad period", FaultKind::Rejected),
            (400, json!(1021), "", FaultKind::NotFound),
            (400, json!(""), "Access denied", FaultKind::Forbidden),
            (400, json!("Communication type is not defined"), "", FaultKind::Rejected),
            (200, json!("INVALID_ARG_VALUE"), "no", FaultKind::Rejected),
            (200, json!(0), "Required fields: name", FaultKind::Rejected),
            (500, json!("INTERNAL_SERVER_ERROR"), "", FaultKind::UnknownOutcome),
        ] {
            let body = json!({"error": error, "error_description": words});
            assert_eq!(told(status, &body).kind, kind, "{status} {error} {words}");
        }
        let third =
            json!({"error": {"code": "BITRIX_REST_V3_EXCEPTION_VALIDATION", "message": "no", "validation": []}});
        assert_eq!(told(400, &third).kind, FaultKind::Rejected);
    }

    #[test]
    fn a_used_up_method_pauses_alone_and_a_missing_permission_is_named() {
        let limit = told(429, &json!({"error": "OPERATION_TIME_LIMIT", "error_description": "x"}));
        assert!(limit.of_operation && limit.retry_after == Some(STEP));
        let scope = told(403, &json!({"error": "insufficient_scope", "error_description": "x"}));
        assert!(scope.detail.contains("`crm`") && scope.detail.contains("Настройка прав"), "{}", scope.detail);
        let phone = told(400, &json!({"error": "X", "error_description": "phone +79161234567"}));
        assert!(!phone.detail.contains("916123"), "{}", phone.detail);
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is() {
        let html = Answer { status: 200, body: b"<html>".to_vec(), ..Answer::default() };
        let call = Call::post("crm.item.add", "http://127.0.0.1/");
        assert_eq!(judge(&call, &html).unwrap_err().kind, FaultKind::Protocol);
        assert_eq!(judge(&call, &Answer { status: 503, ..html }).unwrap_err().kind, FaultKind::UnknownOutcome);
    }
}
