//! Renewing a far side's credential: by one at a time, stored before it is used. A refresh token that may be used
//! once is lost when two use it, or when what it gave is used before it is on disk.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::domain::clock::Clock;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::sharing::Credential;
use crate::domain::store::{Store, StoreError};

/// Whoever renews has so long; then somebody else may try.
const DUTY: SignedDuration = SignedDuration::from_secs(30);
/// Between two looks at what somebody else renews.
const LOOK: Duration = Duration::from_millis(50);
/// How often: twice as long as a duty lasts.
const LOOKS: u32 = 1200;

/// How a far side is asked for a new credential.
#[async_trait]
pub trait Renewal: Send + Sync {
    /// Asks with what is stored, and answers what is to be stored.
    async fn renew(&self, stored: Option<&str>) -> Result<String, Fault>;
}

/// Who renews.
enum Turn {
    /// We do, from what is stored.
    Ours(Option<Credential>),
    /// Somebody has.
    Done(Credential),
}

/// A credential newer than `known`. Whoever comes first asks the far side, by `renew` and with what is stored; the
/// others wait and take what came of it.
///
/// # Errors
/// What the far side says to whoever asks it, and what the store says.
pub async fn renewed(
    (store, clock): (&dyn Store, &dyn Clock),
    (name, holder): (&str, &str),
    known: i64,
    renew: impl AsyncFn(Option<&str>) -> Result<String, Fault>,
) -> Result<Credential, Fault> {
    match turn(store, clock, (name, holder), known).await? {
        Turn::Done(current) => Ok(current),
        Turn::Ours(current) => {
            let value = renew(current.as_ref().map(|current| current.value.as_str())).await;
            kept(store, clock, (name, holder), current, value).await
        }
    }
}

/// As [`renewed`], for work that moves between threads: a closure that waits cannot say that it may.
///
/// # Errors
/// As [`renewed`].
pub async fn renewed_by(
    (store, clock): (&dyn Store, &dyn Clock),
    (name, holder): (&str, &str),
    known: i64,
    renewal: &dyn Renewal,
) -> Result<Credential, Fault> {
    match turn(store, clock, (name, holder), known).await? {
        Turn::Done(current) => Ok(current),
        Turn::Ours(current) => {
            let value = renewal.renew(current.as_ref().map(|current| current.value.as_str())).await;
            kept(store, clock, (name, holder), current, value).await
        }
    }
}

/// Waits until it is our turn, or until somebody else has renewed.
async fn turn(store: &dyn Store, clock: &dyn Clock, (name, holder): (&str, &str), known: i64) -> Result<Turn, Fault> {
    let told = |error: StoreError| Fault::new(FaultKind::Store, name, "renew", error.to_string());
    let duty = duty_of(name);
    for _ in 0..LOOKS {
        let now = clock.now();
        if store.hold_duty(&duty, holder, now + DUTY, now).await.map_err(told)? {
            let current = store.credential(name).await.map_err(told)?;
            if let Some(current) = current.as_ref().filter(|current| current.version > known) {
                store.drop_duty(&duty, holder).await.map_err(told)?;
                return Ok(Turn::Done(current.clone()));
            }
            return Ok(Turn::Ours(current));
        }
        tokio::time::sleep(LOOK).await;
        if let Some(current) = store.credential(name).await.map_err(told)?
            && current.version > known
        {
            return Ok(Turn::Done(current));
        }
    }
    Err(Fault::new(FaultKind::Unavailable, name, "renew", "somebody else renews the credential and does not finish"))
}

/// Stores what was renewed and gives the duty up, also when nothing was.
async fn kept(
    store: &dyn Store,
    clock: &dyn Clock,
    (name, holder): (&str, &str),
    was: Option<Credential>,
    value: Result<String, Fault>,
) -> Result<Credential, Fault> {
    let told = |error: StoreError| Fault::new(FaultKind::Store, name, "renew", error.to_string());
    let saved = match value {
        Ok(value) => {
            let was = was.map_or(0, |was| was.version);
            store.save_credential(name, &value, was, clock.now()).await.map_err(told)
        }
        Err(fault) => Err(fault),
    };
    store.drop_duty(&duty_of(name), holder).await.map_err(told)?;
    saved
}

fn duty_of(name: &str) -> String {
    format!("renew:{name}")
}
