//! What an answer of this platform means: its booking codes stand in several places, and a refusal may come in a 200.

use serde_json::Value;

use crate::adapters::http::judge::{Refusal, by_status};
use crate::adapters::http::{Answer, Call, mask, read};
use crate::domain::fault::FaultKind;

/// The text of YCLIENTS for "an empty list".
const NOTHING: &str = "Не найдено";

/// Questions whose answer is a list.
const LISTS: &[&str] = &[
    "records",
    "services",
    "categories",
    "staff",
    "book_services",
    "book_staff",
    "book_dates",
    "book_times",
    "find_client",
    "labels",
    "client_comments",
    "branches",
];

/// Writes that a busy time may refuse.
const BOOKINGS: &[&str] = &["create_record", "change_record", "book_record", "rebook", "book_check"];

/// YCLIENTS'.
pub(super) fn yclients(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    judge(call, answer, true)
}

/// Altegio's; its messages come in many languages and decide nothing.
pub(super) fn altegio(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    judge(call, answer, false)
}

fn judge(call: &Call, answer: &Answer, by_text: bool) -> Result<(), Refusal> {
    let body = answer.value().unwrap_or_default();
    let is_refused = body.get("success").and_then(read::flag) == Some(false);
    if answer.is_success() && !is_refused {
        return Ok(());
    }
    if answer.status >= 500 {
        return by_status(call, answer);
    }
    let message = message(&body);
    let is_list = LISTS.contains(&call.operation);
    let is_empty = if by_text {
        is_refused && message.trim_end_matches('.') == NOTHING
    } else {
        matches!(body.get("data"), Some(Value::Array(rows)) if rows.is_empty())
    };
    if is_list && is_empty && matches!(answer.status, 200..=299 | 404) {
        return Ok(());
    }
    if let Some(code) = code(&body).or_else(|| booking_code(i64::from(answer.status))) {
        tracing::debug!(
            operation = call.operation,
            status = answer.status,
            code,
            "refused by a code of the booking form"
        );
        return Err(by_code(code, &message));
    }
    let is_conflict =
        body.get("meta").and_then(|meta| meta.get("conflict")).is_some_and(|conflict| !conflict.is_null());
    if is_conflict && BOOKINGS.contains(&call.operation) {
        return Err(taken(&message));
    }
    if is_licence(&message) && (answer.is_success() || matches!(answer.status, 402 | 403)) {
        return Err(Refusal::new(
            FaultKind::LicenceExpired,
            said("the branch's licence has expired", answer, &message),
        ));
    }
    let status = if answer.is_success() { inner_status(&body).unwrap_or(422) } else { answer.status };
    match status {
        401 => Err(Refusal::new(FaultKind::Unauthorized, said("the credentials are refused", answer, &message))),
        403 => Err(Refusal::new(FaultKind::Forbidden, forbidden(call, answer, &message))),
        409 if BOOKINGS.contains(&call.operation) => Err(taken(&message)),
        // Its limiter is undocumented: that a write was not taken is not certain.
        429 if call.is_write() => {
            let said = said("too many calls; whether this one was taken is not certain", answer, &message);
            Err(Refusal::new(FaultKind::UnknownOutcome, said).after(answer.retry_after()))
        }
        405 => Err(Refusal::new(FaultKind::NotFound, said("there is no such way to ask", answer, &message))),
        _ if answer.is_success() && is_empty && by_text => {
            Err(Refusal::new(FaultKind::NotFound, said("there is no such thing", answer, &message)))
        }
        200..=299 | 422 => Err(Refusal::new(FaultKind::Rejected, said("it refuses the data", answer, &message))),
        _ => by_status(call, &Answer { status, headers: answer.headers.clone(), body: answer.body.clone() }),
    }
}

fn said(words: &str, answer: &Answer, message: &str) -> String {
    let shown = if message.is_empty() { mask::excerpt(&answer.body) } else { mask::excerpt(message.as_bytes()) };
    let colon = if shown.is_empty() { "" } else { ": " };
    format!("{words} (HTTP {}){colon}{shown}", answer.status)
}

fn by_code(code: i64, message: &str) -> Refusal {
    let message = mask::excerpt(message.as_bytes());
    let told = |kind, words: &str| Refusal::new(kind, format!("{words} (code {code}): {message}"));
    match code {
        433 | 436 => taken(&message),
        434 => told(FaultKind::ClientBlocked, "the client is on the branch's black list"),
        438 => told(FaultKind::NotFound, "the service is there no more"),
        431 => told(FaultKind::Rejected, "it does not take the phone"),
        432 => told(FaultKind::Rejected, "it wants a code from an SMS"),
        435 => told(FaultKind::Rejected, "it wants the client's name"),
        _ => told(FaultKind::Rejected, "two appointments of one request overlap"),
    }
}

fn taken(message: &str) -> Refusal {
    let message = mask::excerpt(message.as_bytes());
    let colon = if message.is_empty() { "" } else { ": " };
    Refusal::new(FaultKind::SlotTaken, format!("the time is taken, or nobody works then{colon}{message}"))
}

fn forbidden(call: &Call, answer: &Answer, message: &str) -> String {
    let right = match call.operation {
        "records" | "record" => "timetable.timetable_access",
        "create_record" => "record_form.create_records_access",
        "change_record" => "record_form.edit_records_access and timetable.timetable_transferring_record_access",
        "delete_record" => "record_form.delete_records_access",
        "find_client" | "client" | "create_client" | "change_client" => "clients.clients_access",
        "client_comments" | "comment_client" => {
            "clients.client_comments_list_access and clients.client_comments_add_access"
        }
        "hook_settings" | "set_hooks" => "settings.webhook_read_access and settings.settings_access",
        _ => return said("the credentials lack a permission", answer, message),
    };
    said(&format!("the user lacks the right {right}"), answer, message)
}

/// Whether a refusal speaks of the licence; both brands end it with the branch's number.
fn is_licence(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("лиценз") || message.contains("licen")
}

fn message(body: &Value) -> String {
    let in_meta = body.get("meta").and_then(|meta| meta.get("message"));
    let plain = body.get("message").or_else(|| body.get("error"));
    let first_title = body.get("errors").and_then(|errors| errors.get(0)).and_then(|first| first.get("title"));
    [in_meta, plain, first_title].into_iter().flatten().find_map(read::text).unwrap_or_default()
}

/// The booking form's code, wherever it stands.
pub(super) fn code(body: &Value) -> Option<i64> {
    find_code(body, 6, &|code| booking_code(code))
}

fn booking_code(code: i64) -> Option<i64> {
    (431..=438).contains(&code).then_some(code)
}

/// The status that a refusal in a 200 names itself.
fn inner_status(body: &Value) -> Option<u16> {
    let known = |code: i64| matches!(code, 400 | 401 | 402 | 403 | 404 | 405 | 409 | 422 | 429).then_some(code);
    find_code(body, 3, &known).and_then(|code| u16::try_from(code).ok())
}

fn find_code(value: &Value, depth: usize, known: &dyn Fn(i64) -> Option<i64>) -> Option<i64> {
    if depth == 0 {
        return None;
    }
    match value {
        Value::Object(members) => {
            let own = ["code", "error_code", "status", "errorCode"]
                .iter()
                .find_map(|name| known(read::int(members.get(*name)?)?));
            own.or_else(|| members.values().find_map(|inner| find_code(inner, depth - 1, known)))
        }
        Value::Array(rows) => rows.iter().find_map(|inner| find_code(inner, depth - 1, known)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(call: &Call, status: u16, body: &Value, judge: crate::adapters::http::judge::Judge) -> Option<FaultKind> {
        let answer = Answer { status, body: body.to_string().into_bytes(), ..Answer::default() };
        judge(call, &answer).err().map(|refusal| refusal.kind)
    }

    #[test]
    fn a_booking_code_is_read_wherever_it_stands() {
        let call = Call::post("create_record", "https://h");
        for body in [
            json!({"success": false, "meta": {"code": 433}}),
            json!({"success": false, "meta": {"errors": {"code": "433", "id": 1}}}),
            json!({"errors": [{"code": 433}]}),
            json!({"code": 433, "message": "занято"}),
        ] {
            assert_eq!(kind(&call, 422, &body, yclients), Some(FaultKind::SlotTaken), "{body}");
        }
        let blocked = json!({"success": false, "data": null, "meta": {"message": "нельзя", "errors": {"code": 434}}});
        assert_eq!(kind(&call, 403, &blocked, yclients), Some(FaultKind::ClientBlocked));
        assert_eq!(kind(&call, 434, &json!({}), yclients), Some(FaultKind::ClientBlocked));
    }

    #[test]
    fn an_expired_licence_is_told_by_its_text_and_a_missing_right_is_not_taken_for_it() {
        let call = Call::get("find_client", "https://h");
        let licence =
            json!({"success": false, "meta": {"message": "Необходимо продлить лицензию в филиале с id: 4564"}});
        assert_eq!(kind(&call, 403, &licence, yclients), Some(FaultKind::LicenceExpired));
        assert_eq!(kind(&call, 402, &licence, altegio), Some(FaultKind::LicenceExpired));
        let right = json!({"success": false, "meta": {"message": "Недостаточно прав"}});
        assert_eq!(kind(&call, 403, &right, yclients), Some(FaultKind::Forbidden));
    }

    #[test]
    fn an_empty_list_is_told_from_a_refusal() {
        let nothing = json!({"success": false, "data": null, "meta": {"message": "Не найдено"}});
        let (list, single) = (Call::get("records", "https://h"), Call::get("record", "https://h"));
        assert_eq!(kind(&list, 200, &nothing, yclients), None);
        assert_eq!(kind(&list, 404, &nothing, yclients), None);
        assert_eq!(kind(&single, 200, &nothing, yclients), Some(FaultKind::NotFound));
        assert_eq!(kind(&list, 200, &nothing, altegio), Some(FaultKind::Rejected));
        let other = json!({"success": false, "data": [], "meta": {"message": "Нельзя"}});
        assert_eq!(kind(&list, 200, &other, yclients), Some(FaultKind::Rejected));
    }

    #[test]
    fn a_limit_on_a_write_is_a_doubt() {
        let nothing = json!({});
        assert_eq!(kind(&Call::get("records", "https://h"), 429, &nothing, yclients), Some(FaultKind::RateLimited));
        let write = Call::post("create_record", "https://h");
        assert_eq!(kind(&write, 429, &nothing, yclients), Some(FaultKind::UnknownOutcome));
        assert_eq!(kind(&write, 409, &nothing, altegio), Some(FaultKind::SlotTaken));
        assert_eq!(kind(&write, 502, &nothing, altegio), Some(FaultKind::UnknownOutcome));
    }
}
