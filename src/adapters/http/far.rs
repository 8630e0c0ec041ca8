//! A far side that lives in this process: the stand-ins of vendors that tests use and `flow crm mock` serves.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{Answer, Body, Broken, Call, Method, Transport, url};
use crate::domain::clock::Clock;

/// A request as a far side reads it.
#[derive(Debug, Clone)]
pub struct FarRequest {
    /// The method.
    pub method: Method,
    /// The path, decoded, from the first slash on.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl FarRequest {
    /// A value of the query.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of that name in the query.
    pub fn params<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path's parts.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

/// A vendor's server, as far as flow needs it: state and answers, no sockets.
pub trait FarSide: Send {
    /// Answers one request.
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer;
}

impl FarSide for Box<dyn FarSide> {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        self.as_mut().answer(request, now)
    }
}

/// A JSON answer.
#[must_use]
pub fn json(status: u16, body: &Value) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Answer { status, headers, body: body.to_string().into_bytes() }
}

/// An answer without a body.
#[must_use]
pub fn empty(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

/// Carries calls to a far side in this process.
pub struct InProcess<F: ?Sized = dyn FarSide> {
    clock: Arc<dyn Clock>,
    far: Arc<Mutex<F>>,
}

impl<F: FarSide + ?Sized> InProcess<F> {
    /// To that far side, at the clock's time.
    #[must_use]
    pub fn new(far: Arc<Mutex<F>>, clock: Arc<dyn Clock>) -> Self {
        Self { clock, far }
    }
}

#[async_trait]
impl<F: FarSide + ?Sized> Transport for InProcess<F> {
    async fn send(&self, call: &Call) -> Result<Answer, Broken> {
        let request = request(call).ok_or_else(|| Broken::NotSent("the address cannot be used".to_owned()))?;
        Ok(self.far.lock().unwrap_or_else(PoisonError::into_inner).answer(&request, self.clock.now()))
    }
}

/// A call as the far side reads it.
#[must_use]
pub fn request(call: &Call) -> Option<FarRequest> {
    let (_, host, rest) = url::split(&call.url)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut headers: Vec<(String, String)> =
        call.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    headers.push(("host".to_owned(), host.to_owned()));
    let (content_type, body) = match &call.body {
        None => ("", Vec::new()),
        Some(Body::Json(value)) => ("application/json", value.to_string().into_bytes()),
        Some(Body::Form(pairs)) => ("application/x-www-form-urlencoded", url::form(pairs).into_bytes()),
        Some(Body::Bytes(content_type, bytes)) => (*content_type, bytes.clone()),
    };
    if !content_type.is_empty() && headers.iter().all(|(name, _)| name != "content-type") {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    Some(FarRequest { method: call.method, path: url::decode(path, false), query: url::pairs(query), headers, body })
}
