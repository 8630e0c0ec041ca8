//! Renewing a far side's credential: by one at a time, stored before it is used. A refresh token that may be used
//! once is lost when two use it, or when what it gave is used before it is on disk.

use std::time::Duration;

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
    let told = |error: StoreError| Fault::new(FaultKind::Store, name, "renew", error.to_string());
    let duty = format!("renew:{name}");
    for _ in 0..LOOKS {
        let now = clock.now();
        if store.hold_duty(&duty, holder, now + DUTY, now).await.map_err(told)? {
            let renewed = as_the_only_one(store, clock, name, known, &renew).await;
            store.drop_duty(&duty, holder).await.map_err(told)?;
            return renewed;
        }
        tokio::time::sleep(LOOK).await;
        if let Some(current) = store.credential(name).await.map_err(told)?
            && current.version > known
        {
            return Ok(current);
        }
    }
    Err(Fault::new(FaultKind::Unavailable, name, "renew", "somebody else renews the credential and does not finish"))
}

async fn as_the_only_one(
    store: &dyn Store,
    clock: &dyn Clock,
    name: &str,
    known: i64,
    renew: &impl AsyncFn(Option<&str>) -> Result<String, Fault>,
) -> Result<Credential, Fault> {
    let told = |error: StoreError| Fault::new(FaultKind::Store, name, "renew", error.to_string());
    let current = store.credential(name).await.map_err(told)?;
    if let Some(current) = current.as_ref().filter(|current| current.version > known) {
        return Ok(current.clone());
    }
    let value = renew(current.as_ref().map(|current| current.value.as_str())).await?;
    let was = current.map_or(0, |current| current.version);
    store.save_credential(name, &value, was, clock.now()).await.map_err(told)
}
