//! The one file that names reqwest: carries a call over the network, no further than the call allows.

use std::error::Error;
use std::sync::Once;
use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, Body, Broken, Call, Method, Transport, url};

/// A connection must stand after so long.
const CONNECT: Duration = Duration::from_secs(10);
/// More header bytes are not kept.
const HEADER_AT_MOST: usize = 8 * 1024;

/// How a connection goes out.
#[derive(Default)]
pub struct Settings {
    /// The longest call.
    pub timeout: Duration,
    /// Further certificates to trust, PEM.
    pub ca_bundle: Option<Vec<u8>>,
    /// A proxy.
    pub proxy: Option<String>,
}

/// Carries calls over the network.
pub struct Client {
    inner: reqwest::Client,
    timeout: Duration,
}

impl Client {
    /// A client of its own: a connection's certificates and proxy are nobody else's.
    ///
    /// # Errors
    /// When the certificates or the proxy cannot be read.
    pub fn open(settings: Settings) -> Result<Self, String> {
        static PROVIDER: Once = Once::new();
        // Whoever comes first installs it; all use the same.
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider().install_default().ok();
        });
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("flow/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(settings.timeout))
            // A redirect would send a secret elsewhere, and turn a POST into a GET.
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60));
        if let Some(pem) = settings.ca_bundle {
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| format!("ca_bundle: {error}"))?;
            if certificates.is_empty() {
                return Err("ca_bundle: there is no certificate in it".to_owned());
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(proxy) = settings.proxy {
            builder = builder.proxy(reqwest::Proxy::all(&proxy).map_err(|_| "proxy: this is no address of a proxy")?);
        }
        let inner = builder.build().map_err(|error| causes(&error))?;
        Ok(Self { inner, timeout: settings.timeout })
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.inner.request(method, &call.url).timeout(call.timeout.unwrap_or(self.timeout));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let typed = call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let (content_type, bytes) = match &call.body {
            None => match call.method {
                // Some servers refuse a body of unknown length.
                Method::Post | Method::Put | Method::Patch => return request.header("content-length", "0"),
                Method::Get | Method::Delete => return request,
            },
            Some(Body::Json(value)) => ("application/json", value.to_string().into_bytes()),
            Some(Body::Form(pairs)) => ("application/x-www-form-urlencoded", url::form(pairs).into_bytes()),
            Some(Body::Bytes(content_type, bytes)) => (*content_type, bytes.clone()),
        };
        let request = if typed { request } else { request.header("content-type", content_type) };
        request.body(bytes)
    }
}

#[async_trait]
impl Transport for Client {
    async fn send(&self, call: &Call) -> Result<Answer, Broken> {
        let mut response = self.request(call).send().await.map_err(|error| broken(&error))?;
        let headers = response
            .headers()
            .iter()
            .filter(|(_, value)| value.len() <= HEADER_AT_MOST)
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| cut(&error))? {
            if body.len() + chunk.len() > call.largest {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// Before the answer's head came.
fn broken(error: &reqwest::Error) -> Broken {
    if error.is_connect() || error.is_builder() {
        // Also a connection that could not be made in time.
        return Broken::NotSent(causes(error));
    }
    if error.is_timeout() { Broken::TooLong } else { Broken::Lost(causes(error)) }
}

/// While the answer's body came.
fn cut(error: &reqwest::Error) -> Broken {
    if error.is_timeout() { Broken::TooLong } else { Broken::Lost(format!("the answer was cut: {}", causes(error))) }
}

/// The deepest cause, without the address: it may hold a secret.
fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if std::ptr::addr_eq(cause, std::ptr::from_ref(error)) {
        return if error.is_builder() { "the address cannot be used".to_owned() } else { "no answer".to_owned() };
    }
    cause.to_string()
}
