//! What an answer of 1C means. A 500 is often the configuration's own refusal in words; whether the write stands then,
//! only a look tells.

use std::time::Duration;

use serde_json::Value;

use crate::adapters::http::judge::{Refusal, by_status};
use crate::adapters::http::{Answer, Call, Method, mask};
use crate::domain::fault::{Fault, FaultKind};

/// How a refusal in the configuration's own words begins.
const REFUSED: &str = "1C refuses: ";
/// How a refusal begins that the next try may not meet.
const LOCKED: &str = "1C is busy with the same data: ";
/// How an answer begins that there is no such entity, or no such set.
pub(super) const NO_ENTITY: &str = "1C knows no such entity";
/// Between two tries when somebody else writes the same.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// What 1C said.
struct Said {
    code: Option<i64>,
    text: String,
}

/// Reads an answer.
pub(super) fn judge(call: &Call, answer: &Answer) -> Result<(), Refusal> {
    let said = said(answer);
    match (answer.is_success(), said) {
        (true, None) => Ok(()),
        (_, Some(said)) => Err(refusal(call, answer, &said)),
        (false, None) => Err(unexplained(call, answer)),
    }
}

fn said(answer: &Answer) -> Option<Said> {
    // An error is short and says so at once; a long list is not read twice.
    let head = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]).into_owned();
    if head.contains("odata.error") {
        let value = answer.value()?;
        let error = value.get("odata.error")?;
        let message = error.get("message");
        let text = message.and_then(|message| message.get("value").or(Some(message))).and_then(Value::as_str);
        let code = error.get("code").and_then(crate::adapters::http::read::int);
        return Some(Said { code, text: text.unwrap_or_default().to_owned() });
    }
    if head.contains("<m:error") || head.contains("<error") {
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let code = between(&body, "code>").and_then(|code| code.trim().parse().ok());
        let text = between(&body, "message").and_then(|rest| rest.split_once('>').map(|(_, text)| text.to_owned()));
        return Some(Said { code, text: text.unwrap_or_default() });
    }
    None
}

/// What stands after the first such word, up to the next tag.
fn between(text: &str, word: &str) -> Option<String> {
    let from = text.find(word)? + word.len();
    let rest = &text[from..];
    Some(rest[..rest.find("</").unwrap_or(rest.len())].to_owned())
}

fn refusal(call: &Call, answer: &Answer, said: &Said) -> Refusal {
    let shown = mask::excerpt(said.text.as_bytes());
    let lower = said.text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let about = |words: &str| format!("{words} (HTTP {}): {shown}", answer.status);
    if answer.status == 401 {
        return unexplained(call, answer);
    }
    if is_out_of_licences(&lower) {
        let detail = about("1C has no free licence or session: close idle ones in the console of the cluster, or wait");
        return Refusal::new(FaultKind::RateLimited, detail).after(answer.retry_after());
    }
    if answer.status == 403
        || has(&["нарушение прав", "недостаточно прав", "прав доступа", "нет прав", "access right", "access denied"])
    {
        return Refusal::new(FaultKind::Forbidden, about(NO_RIGHT));
    }
    match (answer.status, said.code) {
        (404, _) | (_, Some(9)) => Refusal::new(FaultKind::NotFound, about(NO_ENTITY)),
        (500..=599, _) | (_, Some(-1)) => refused(call, &lower, &shown, answer),
        (_, Some(code @ (1 | 6 | 13 | 14))) => {
            Refusal::new(FaultKind::Rejected, about(&format!("the map does not fit this base: {}", meaning(code))))
        }
        _ => Refusal::new(FaultKind::Rejected, about("1C refuses the data")),
    }
}

const NO_RIGHT: &str =
    "the user lacks a right: in the Designer give the user's role «Чтение», «Добавление» and «Изменение» on the object";

/// 1C's own code threw, or somebody else writes the same.
fn refused(call: &Call, lower: &str, shown: &str, answer: &Answer) -> Refusal {
    let is_locked = [
        "конфликт блокировок",
        "блокировк",
        "взаимоблокиров",
        "не удалось заблокировать",
        "превышено максимальное время ожидания",
        "deadlock",
        "lock request",
        "lock conflict",
    ]
    .iter()
    .any(|word| lower.contains(word));
    match (is_locked, call.is_write(), call.method) {
        (true, false, _) => Refusal::new(FaultKind::Unavailable, format!("{LOCKED}{shown}")).after(Some(LOCK_WAIT)),
        // The transaction was undone: the same values may be written again.
        (true, true, Method::Patch) => {
            Refusal::new(FaultKind::RateLimited, format!("{LOCKED}{shown}")).after(Some(LOCK_WAIT)).of_operation()
        }
        (true, true, _) => Refusal::new(FaultKind::Protocol, format!("{LOCKED}{shown}")),
        (false, true, _) => Refusal::new(FaultKind::Protocol, format!("{REFUSED}{shown}")),
        (false, false, _) => {
            Refusal::new(FaultKind::Rejected, format!("1C's own code failed (HTTP {}): {shown}", answer.status))
        }
    }
}

fn is_out_of_licences(lower: &str) -> bool {
    // A visit may be called «сеанс» in a salon, too.
    let of_session =
        ["колич", "превыш", "свободн", "начал", "отсутств", "удал", "заверш", "информацион", "огранич", "слишком"];
    lower.contains("лиценз")
        || lower.contains("licen")
        || (lower.contains("сеанс") && of_session.iter().any(|word| lower.contains(word)))
}

const fn meaning(code: i64) -> &'static str {
    match code {
        1 => "a value is not of the field's type",
        6 => "a method or a part of the path is not there",
        13 => "rows of a tabular part are written with their owner",
        _ => "a filter names what is not there, or cannot be filtered by",
    }
}

/// A refusal without 1C's words: of the web server, or of a proxy.
fn unexplained(call: &Call, answer: &Answer) -> Refusal {
    match answer.status {
        401 => {
            let detail = "the login or the password is refused (HTTP 401): check them, and leave only the basic \
                          authentication on in the web server";
            Refusal::new(FaultKind::Unauthorized, detail)
        }
        403 => Refusal::new(FaultKind::Forbidden, format!("{NO_RIGHT} (HTTP 403)")),
        404 => Refusal::new(
            FaultKind::NotFound,
            "nothing is published at this address (HTTP 404): check `base_url`, and tick «Публиковать стандартный \
             интерфейс OData» in «Администрирование → Публикация на веб-сервере» of the Designer (in default.vrd: \
             standardOdata enable=\"true\", with a small d)",
        ),
        _ => match by_status(call, answer) {
            Err(refusal) => refusal,
            Ok(()) => Refusal::new(FaultKind::Protocol, format!("HTTP {}", answer.status)),
        },
    }
}

/// Whether 1C said no in its own words: nothing but a look tells whether the write stands.
pub(super) fn is_refused(fault: &Fault) -> bool {
    fault.kind == FaultKind::Protocol && (fault.detail.starts_with(REFUSED) || fault.detail.starts_with(LOCKED))
}

/// Whether somebody else was writing the same just then.
pub(super) fn is_locked(fault: &Fault) -> bool {
    fault.kind == FaultKind::Protocol && fault.detail.starts_with(LOCKED)
}

/// A refusal in words of which a look showed that nothing stands.
pub(super) fn certain(fault: Fault) -> Fault {
    if !is_refused(&fault) {
        return fault;
    }
    let lower = fault.detail.to_lowercase();
    let kind = match () {
        () if fault.detail.starts_with(LOCKED) => FaultKind::Unavailable,
        () if lower.contains("занят") || lower.contains("пересек") => FaultKind::SlotTaken,
        () if lower.contains("черн") && lower.contains("спис") => FaultKind::ClientBlocked,
        () => FaultKind::Rejected,
    };
    Fault { kind, ..fault }
}

/// A failed step before the one that matters: whatever became of it, what was asked for was not done.
pub(super) fn before_the_write(fault: Fault) -> Fault {
    match fault.kind {
        _ if is_refused(&fault) => certain(fault),
        FaultKind::UnknownOutcome | FaultKind::Timeout | FaultKind::Protocol => {
            Fault { kind: FaultKind::Unavailable, ..fault }
        }
        // An object that the request needs is not there: it is not the appointment that is missing.
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(method: Method, status: u16, body: &str) -> Refusal {
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        judge(&Call::new("x", method, "https://h/"), &answer).unwrap_err()
    }

    fn error(code: &str, text: &str) -> String {
        serde_json::json!({"odata.error": {"code": code, "message": {"lang": "ru", "value": text}}}).to_string()
    }

    #[test]
    fn each_answer_has_its_meaning() {
        use FaultKind::{
            Forbidden, NotFound, Protocol, RateLimited, Rejected, Unauthorized, Unavailable, UnknownOutcome,
        };
        for (method, status, body, kind) in [
            (Method::Get, 404, error("9", "Сущность не найдена"), NotFound),
            (Method::Get, 400, error("14", "Ошибка разбора"), Rejected),
            (Method::Post, 400, error("", "Запись с такими ключевыми полями существует"), Rejected),
            (Method::Post, 500, error("-1", "Мастер уже занят"), Protocol),
            (Method::Get, 500, error("-1", "Ошибка"), Rejected),
            (Method::Get, 500, error("-1", "Конфликт блокировок при выполнении транзакции"), Unavailable),
            (Method::Patch, 500, error("-1", "Конфликт блокировок"), RateLimited),
            (Method::Post, 500, error("-1", "Не обнаружено свободной лицензии!"), RateLimited),
            (Method::Get, 200, error("14", "Ошибка"), Rejected),
            (Method::Post, 500, error("-1", "Нарушение прав доступа!"), Forbidden),
            (Method::Get, 404, "<html>".to_owned(), NotFound),
            (Method::Get, 401, String::new(), Unauthorized),
            (Method::Post, 502, "<html>".to_owned(), UnknownOutcome),
            (Method::Get, 302, String::new(), Protocol),
            (
                Method::Get,
                404,
                "<m:error><m:code>9</m:code><m:message xml:lang=\"ru\">Нет</m:message></m:error>".to_owned(),
                NotFound,
            ),
        ] {
            assert_eq!(judged(method, status, &body).kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn words_of_a_refusal_are_shown_without_phones_and_decide_once_looked() {
        let told = judged(Method::Post, 500, &error("-1", "Мастер занят, клиент +7 916 150-22-39"));
        let fault = certain(Fault::new(told.kind, "onec", "book", told.detail));
        assert_eq!(fault.kind, FaultKind::SlotTaken);
        assert!(!fault.detail.contains("150"), "{fault}");
    }
}
