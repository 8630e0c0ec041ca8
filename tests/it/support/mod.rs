//! What front-door tests share.

pub mod botapi;
pub mod daemon;
pub mod postgres;
pub mod redis;
pub mod talk;
pub mod vendor;
pub mod webdriver;

/// A web client. The TLS of the whole program has one provider, which whoever comes first installs.
pub fn web() -> reqwest::ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
}
