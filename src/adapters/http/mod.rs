//! The seam under every adapter that speaks HTTP: what a call is, who carries it, and what is laid around the carrier
//! once for all: patience, pace, a breaker, limits, recording.

pub mod cassette;
pub mod client;
pub mod credentials;
pub mod far;
pub mod faulty;
pub mod judge;
pub mod mask;
pub mod portal;
pub mod read;
pub mod recorded;
pub mod url;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

/// A larger answer is refused unless the call says otherwise.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// What is done to the thing that the address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or asks with a body.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Reads what stands in a request.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete].into_iter().find(|known| known.as_str() == text)
    }
}

/// What sending the same call again does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it reads, or writes the same value.
    Safe,
    /// Nothing: the far side knows the call by a key in it.
    Keyed,
    /// It may be done twice.
    Never,
}

/// A call to a far side.
#[derive(Clone)]
pub struct Call {
    /// flow's word for it, for faults, metrics and limits of one method.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The whole address, percent-encoded.
    pub url: String,
    /// Further headers. Their values are never shown.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent.
    pub body: Option<Body>,
    /// What sending it again does.
    pub repeat: Repeat,
    /// How long it may take, when the connection's own limit does not fit.
    pub timeout: Option<Duration>,
    /// The largest answer.
    pub largest: usize,
}

impl std::fmt::Debug for Call {
    /// Without address, headers and body: each may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("operation", &self.operation).field("method", &self.method).finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Clone)]
pub enum Body {
    /// `application/json`.
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// These bytes under this content type.
    Bytes(&'static str, Vec<u8>),
}

impl Call {
    /// A call; one that reads may be repeated, one that writes may not unless it says so.
    #[must_use]
    pub fn new(operation: &'static str, method: Method, url: impl Into<String>) -> Self {
        let repeat = if method == Method::Get { Repeat::Safe } else { Repeat::Never };
        Self {
            operation,
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            repeat,
            timeout: None,
            largest: LARGEST,
        }
    }

    /// A call that reads.
    #[must_use]
    pub fn get(operation: &'static str, url: impl Into<String>) -> Self {
        Self::new(operation, Method::Get, url)
    }

    /// A call that writes.
    #[must_use]
    pub fn post(operation: &'static str, url: impl Into<String>) -> Self {
        Self::new(operation, Method::Post, url)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(Body::Json(body));
        self
    }

    /// With a form.
    #[must_use]
    pub fn form(mut self, pairs: Vec<(String, String)>) -> Self {
        self.body = Some(Body::Form(pairs));
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With these pairs in the query, encoded; a value that is empty stays out.
    #[must_use]
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.url = url::with_query(&self.url, pairs);
        self
    }

    /// What sending it again does.
    #[must_use]
    pub const fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// How long it may take.
    #[must_use]
    pub const fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The largest answer that is taken.
    #[must_use]
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// Whether a second one could do something twice.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.repeat == Repeat::Never
    }
}

/// What came back.
#[derive(Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case; what is no UTF-8 is replaced.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status says that it was done.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as JSON, when it is some: nothing else is told of it. Deeper than 128 levels is none.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        serde_json::from_slice(body).ok()
    }

    /// How long the far side asks us to wait, when it does so in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after").and_then(|value| value.trim().parse().ok()).map(Duration::from_secs)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Nothing was sent: the far side cannot have heard it.
    NotSent(String),
    /// It took too long; the far side may have heard it.
    TooLong,
    /// The connection was lost, or the answer was; the far side may have heard it.
    Lost(String),
    /// The answer is larger than the call allows.
    TooLarge,
}

/// Carries calls.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Carries one call once.
    async fn send(&self, call: &Call) -> Result<Answer, Broken>;
}
