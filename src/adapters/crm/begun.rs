//! Objects that an adapter began to make in a CRM that refuses no double. The beginning is kept in the store, so that the
//! next try, also another process's, knows that the first may still be under way, or is there and not seen yet.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Wiring;
use crate::domain::contact::Phone;
use crate::domain::copies::Copied;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::store::StoreError;

/// Copies of this kind.
const BEGUN: &str = "begun";
/// Nobody asks for older ones.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// How long ago.
    pub age: SignedDuration,
    /// The vendor's id of what came of it; nothing when nobody knows.
    pub id: Option<String>,
}

impl Wiring {
    /// Notes that an object is about to be made; `what` names it for this connection.
    ///
    /// # Errors
    /// When it cannot be kept: the object must not be made then.
    pub async fn begin(&self, what: &str, phone: Option<&Phone>) -> Result<(), Fault> {
        self.keep_begun(what, phone, None).await?;
        self.store.forget_copies(BEGUN, self.clock.now() - LIFE).await.map(drop).map_err(|error| self.unkept(&error))
    }

    /// Notes what came of it.
    pub async fn was_made(&self, what: &str, phone: Option<&Phone>, id: &str) {
        if let Err(fault) = self.keep_begun(what, phone, Some(id)).await {
            tracing::warn!(%fault, "what was made could not be noted");
        }
    }

    /// Notes that certainly nothing came of it.
    pub async fn came_to_nothing(&self, what: &str) {
        if let Err(error) = self.store.forget_copy(&self.name, BEGUN, what).await {
            tracing::warn!(%error, "what came to nothing could not be forgotten");
        }
    }

    /// What was begun not longer ago than that.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn begun(&self, what: &str, within: SignedDuration) -> Result<Option<Begun>, Fault> {
        let copy = self.store.copied(&self.name, BEGUN, what).await.map_err(|error| self.unkept(&error))?;
        Ok(copy.and_then(|copy| {
            let age = self.clock.now().duration_since(copy.at);
            let id = copy.body.get("id").and_then(|id| id.as_str()).map(str::to_owned);
            (age < within).then_some(Begun { age, id })
        }))
    }

    async fn keep_begun(&self, what: &str, phone: Option<&Phone>, id: Option<&str>) -> Result<(), Fault> {
        let at: Timestamp = self.clock.now();
        let copy = Copied { id: what.to_owned(), phone: phone.cloned(), body: json!({"id": id}), at };
        self.store.keep_copy(&self.name, BEGUN, &copy).await.map(drop).map_err(|error| self.unkept(&error))
    }

    fn unkept(&self, error: &StoreError) -> Fault {
        Fault::new(FaultKind::Store, &self.name, "begin", error.to_string())
    }
}
