//! A connection that cannot be opened: whoever asks it hears why, and nothing is booked elsewhere instead.

use async_trait::async_trait;

use crate::domain::crm::{Crm, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// A connection that is configured and cannot be opened.
pub struct Broken {
    name: String,
    why: String,
}

impl Broken {
    /// The connection of that name.
    #[must_use]
    pub fn new(name: &str, why: &str) -> Self {
        Self { name: name.to_owned(), why: why.to_owned() }
    }
}

#[async_trait]
impl Crm for Broken {
    fn connection(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        "broken"
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        Err(Fault::new(FaultKind::Unsupported, &self.name, "probe", self.why.clone()))
    }
}
