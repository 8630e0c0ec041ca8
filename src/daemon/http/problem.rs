//! The one writer of errors: RFC 9457 `application/problem+json`, told in Russian or English.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::domain::contact::Locale;
use crate::domain::store::StoreError;

/// The media type of problems.
pub(super) const MEDIA: &str = "application/problem+json";
/// Where the problems are described.
const DESCRIPTIONS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/problems.md#");
/// The identity that the IETF registered for spent quotas.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
/// Errors of the whole request: alone, they name the problem.
const NAMED: [&Kind; 5] = [&CONTACT_REQUIRED, &TARGET, &TOO_LONG, &CHANNEL_DISABLED, &RECIPIENT_UNREACHABLE];

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    ru: Cow<'static, str>,
    en: Cow<'static, str>,
}

/// A sentence in both languages.
pub fn words(ru: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Words {
    Words { ru: ru.into(), en: en.into() }
}

impl Words {
    /// The sentence in that language.
    #[must_use]
    pub fn in_language(&self, language: Locale) -> &str {
        match language {
            Locale::Ru => &self.ru,
            Locale::En => &self.en,
        }
    }
}

/// A kind of problem: what never changes between its occurrences.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Short and stable, for programs.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    title: (&'static str, &'static str),
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal, $ru:literal, $en:literal;)+) => {
        $(pub(super) const $name: Kind = Kind { code: $code, status: $status, title: ($ru, $en) };)+
        /// Every kind, for the description of the API.
        pub const KINDS: &[&Kind] = &[$(&$name,)+];
    };
}

kinds! {
    INVALID_JSON = 400 "invalid_json", "Тело запроса — не JSON", "The body is not JSON";
    INVALID_PARAMETER = 400 "invalid_parameter", "Неверный параметр", "A parameter is not valid";
    INVALID_CURSOR = 400 "invalid_cursor", "Неверный курсор", "The cursor is not valid";
    IDEMPOTENCY_KEY_MISSING = 400 "idempotency_key_missing", "Нужен Idempotency-Key", "Idempotency-Key is required";
    UNAUTHENTICATED = 401 "unauthenticated", "Нужен действующий токен", "A valid token is required";
    FORBIDDEN = 403 "forbidden", "Токену это не разрешено", "The token does not allow this";
    NOT_FOUND = 404 "not_found", "Не найдено", "Not found";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed", "Метод не поддерживается", "The method is not supported";
    NOT_ACCEPTABLE = 406 "not_acceptable", "Такого формата ответа нет", "No such format of the answer";
    REQUEST_TIMEOUT = 408 "request_timeout", "Тело запроса шло слишком долго", "The body took too long to come";
    CONFLICT = 409 "conflict", "Состояние изменилось", "The state has changed";
    CONVERSATION_CLOSED = 409 "conversation_closed", "Диалог завершён", "The conversation is closed";
    INVALID_TRANSITION = 409 "invalid_transition", "Такая смена статуса невозможна", "The status cannot change so";
    IDEMPOTENCY_IN_PROGRESS = 409 "idempotency_in_progress", "Такой запрос ещё выполняется", "The same request is still running";
    PRECONDITION_FAILED = 412 "precondition_failed", "Объект изменился", "The object has changed";
    TOO_LARGE = 413 "too_large", "Слишком большое тело запроса", "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type", "Неподдерживаемый тип тела", "The body's media type is not supported";
    VALIDATION = 422 "validation", "Запрос содержит ошибки", "Request is not valid";
    CONTACT_REQUIRED = 422 "contact_required", "Нужен телефон, e-mail или диалог", "A phone, an e-mail or a conversation is required";
    TARGET = 422 "target", "Непонятно, кому писать", "It is not clear whom to write to";
    TOO_LONG = 422 "too_long", "Слишком длинный текст", "The text is too long";
    CHANNEL_DISABLED = 422 "channel_disabled", "Канал не подключён", "The channel is not enabled";
    RECIPIENT_UNREACHABLE = 422 "recipient_unreachable", "Клиенту нельзя написать", "The client cannot be written to";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused", "Ключ уже использован с другим запросом", "The key was used with another request";
    PRECONDITION_REQUIRED = 428 "precondition_required", "Нужен If-Match", "If-Match is required";
    RATE_LIMITED = 429 "quota_exceeded", "Слишком много запросов", "Too many requests";
    INTERNAL = 500 "internal", "Внутренняя ошибка", "Internal error";
    UNAVAILABLE = 503 "unavailable", "Временно недоступно", "Temporarily unavailable";
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    place: (&'static str, String),
    /// Short and stable, for programs.
    pub code: &'static str,
    detail: Words,
}

impl Wrong {
    /// In the body: a JSON Pointer as a fragment (`#/phone`).
    pub fn at(pointer: impl Into<String>, code: &'static str, detail: Words) -> Self {
        Self { place: ("pointer", pointer.into()), code, detail }
    }

    /// In the query.
    pub fn parameter(name: impl Into<String>, code: &'static str, detail: Words) -> Self {
        Self { place: ("parameter", name.into()), code, detail }
    }

    /// In a header.
    pub fn header(name: &str, code: &'static str, detail: Words) -> Self {
        Self { place: ("header", name.to_owned()), code, detail }
    }

    fn json(&self, language: Locale) -> Value {
        json!({ self.place.0: self.place.1, "code": self.code, "detail": self.detail.in_language(language) })
    }
}

/// Why a request was refused. Carried to the edge, where it is written in the caller's language.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: &'static Kind,
    detail: Words,
    errors: Vec<Wrong>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of that kind.
    #[must_use]
    pub fn new(kind: &'static Kind, detail: Words) -> Self {
        Self(Box::new(Inner { kind, detail, errors: Vec::new(), members: Map::new(), headers: Vec::new() }))
    }

    /// The body's errors, all at once.
    #[must_use]
    pub fn validation(errors: Vec<Wrong>) -> Self {
        let alone = if let [only] = errors.as_slice() { Some(only.code) } else { None };
        let kind = NAMED.into_iter().find(|kind| Some(kind.code) == alone).unwrap_or(&VALIDATION);
        Self::listing(kind, errors)
    }

    /// The query's errors, all at once.
    #[must_use]
    pub fn parameters(errors: Vec<Wrong>) -> Self {
        Self::listing(&INVALID_PARAMETER, errors)
    }

    fn listing(kind: &'static Kind, errors: Vec<Wrong>) -> Self {
        let detail = match errors.as_slice() {
            [only] => only.detail.clone(),
            many => words(format!("Ошибок: {}", many.len()), format!("{} things are wrong", many.len())),
        };
        let mut problem = Self::new(kind, detail);
        problem.0.errors = errors;
        problem
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(&NOT_FOUND, words("Такого адреса или объекта нет", "There is no such address or object"))
    }

    /// Something is broken; the caller is told nothing of it.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            &INTERNAL,
            words(
                "Ошибка записана в журнал; сообщите request_id тому, кто ведёт сервер",
                "The error is in the log; tell request_id to whoever runs the server",
            ),
        )
    }

    /// Not now; the same request may work after so many seconds.
    #[must_use]
    pub fn unavailable(after_s: u32, detail: Words) -> Self {
        Self::new(&UNAVAILABLE, detail).header(header::RETRY_AFTER, after_s)
    }

    /// The object has another version than `If-Match` names.
    #[must_use]
    pub fn precondition_failed(version: i64) -> Self {
        let etag = super::etag::of(version);
        let detail = words("Прочитайте объект заново и повторите", "Read the object again and repeat the change");
        Self::new(&PRECONDITION_FAILED, detail).member("etag", etag)
    }

    /// With a further member.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// With a further header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// The problem as the caller reads it.
    #[must_use]
    pub fn body(&self, language: Locale, request_id: &str) -> Value {
        let kind = self.0.kind;
        let title = match language {
            Locale::Ru => kind.title.0,
            Locale::En => kind.title.1,
        };
        let name =
            if *kind == RATE_LIMITED { QUOTA_EXCEEDED.to_owned() } else { format!("{DESCRIPTIONS}{}", kind.code) };
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("type", name.into());
        put("title", title.into());
        put("status", kind.status.into());
        put("detail", self.0.detail.in_language(language).into());
        put("instance", format!("urn:flow:request:{request_id}").into());
        put("code", kind.code.into());
        put("request_id", request_id.into());
        if !self.0.errors.is_empty() {
            put("errors", self.0.errors.iter().map(|error| error.json(language)).collect());
        }
        body.extend(self.0.members.clone());
        Value::Object(body)
    }

    /// The response as the caller gets it.
    #[must_use]
    pub fn response(&self, language: Locale, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body(language, request_id).to_string()));
        *response.status_mut() = StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
        headers.append(header::VARY, HeaderValue::from_static("accept-language"));
        for (name, value) in &self.0.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

/// Only a carrier: the frame around all routes writes it, because only that knows the language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = StatusCode::from_u16(self.0.kind.status).unwrap_or_default().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let busy = || Self::unavailable(1, words("Хранилище занято, повторите запрос", "The store is busy, try again"));
        match error {
            StoreError::NotFound(_) => Self::not_found(),
            StoreError::Version { current } => Self::precondition_failed(current),
            StoreError::Transition { from, to } => Self::new(
                &INVALID_TRANSITION,
                words(format!("Из {from} нельзя перейти в {to}"), format!("A lead cannot go from {from} to {to}")),
            )
            .member("from", from.as_str())
            .member("to", to.as_str())
            .member("allowed", from.allowed().iter().map(|status| status.as_str()).collect::<Vec<_>>()),
            StoreError::KeyReused => Self::new(
                &IDEMPOTENCY_KEY_REUSED,
                words("Возьмите новый ключ для другого запроса", "Take a new key for another request"),
            ),
            StoreError::Closed => Self::new(
                &CONVERSATION_CLOSED,
                words("Клиент откроет его следующим сообщением", "The client's next message opens it again"),
            ),
            StoreError::SlotTaken | StoreError::LostLease | StoreError::Owned { .. } => {
                Self::new(&CONFLICT, words("Кто-то успел раньше", "Somebody else was first"))
            }
            StoreError::Busy(_) | StoreError::Away(_) => busy(),
            StoreError::Full | StoreError::ReadOnly => {
                tracing::error!(%error, "the store cannot be written");
                Self::unavailable(30, words("Хранилище не принимает записей", "The store takes no writes"))
            }
            StoreError::Open(_)
            | StoreError::Denied(_)
            | StoreError::Filling
            | StoreError::Newer { .. }
            | StoreError::Foreign
            | StoreError::Damaged(_)
            | StoreError::Unfinished(_)
            | StoreError::NotEmpty
            | StoreError::Other(_) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }
}
