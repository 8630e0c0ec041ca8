//! The lock register: an independent register that refuses a key it has. A hold of a time, and of a client who is
//! being created. Held for a while; what has run out is removed.

use std::sync::atomic::Ordering;

use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan};
use serde_json::{Map as Object, Value};
use sha2::{Digest, Sha256};

use super::far::Query;
use super::map::LockMap;
use super::visits::Seen;
use super::{OneC, judge, wire};
use crate::adapters::http::{Call, Method, Repeat, read};
use crate::domain::fault::{Fault, FaultKind};

/// A hold lasts so long: until the document is there and seen by everybody.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
/// That of a client who is being created: a little longer than a doubt about it.
const CLIENT_LASTS: SignedDuration = SignedDuration::from_secs(75);
/// So many that have run out are removed at once.
const SWEEP: usize = 20;

/// A row of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock {
    key: String,
    operation: String,
    until: Option<DateTime>,
}

/// Somebody's time that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) employee: String,
    pub(super) start: DateTime,
    pub(super) end: DateTime,
}

/// Reads a row.
pub(super) fn read_lock(map: &LockMap, row: &Value) -> Result<Lock, String> {
    Ok(Lock {
        key: row.get(&map.key).and_then(read::text).ok_or("a lock has no key")?,
        operation: row.get(&map.operation).and_then(read::text).unwrap_or_default(),
        until: row.get(&map.until).and_then(wire::read_moment),
    })
}

/// The guid of an operation, from the mark that its document carries.
pub(super) fn operation(mark: &str) -> String {
    let hash = Sha256::digest(mark.as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The operation that made a document.
pub(super) fn operation_of(seen: &Seen) -> Option<String> {
    let text = seen.mark.as_deref()?;
    let mark = &text[text.find("flow-")?..];
    let end = mark.char_indices().skip(5).find(|(_, letter)| !letter.is_ascii_alphanumeric());
    Some(operation(&mark[..end.map_or(mark.len(), |(at, _)| at)]))
}

const fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl OneC {
    fn lock_map(&self) -> Option<&LockMap> {
        self.map.lock.as_ref().filter(|_| !self.no_lock.load(Ordering::Relaxed))
    }

    pub(super) fn has_locks(&self) -> bool {
        self.lock_map().is_some()
    }

    /// The length of what one key holds: every offered time begins and ends at one.
    fn cell(&self) -> u16 {
        let begins = self.hours.iter().flat_map(|hours| hours.intervals()).map(|interval| interval.from);
        begins.fold(self.map.step(), gcd).clamp(1, 60)
    }

    /// The keys of somebody's time, in ascending order.
    pub(super) fn keys(&self, employee: &str, start: DateTime, end: DateTime) -> Vec<String> {
        let cell = i64::from(self.cell());
        let minute = i64::from(start.hour()) * 60 + i64::from(start.minute());
        let mut at = start.date().at(0, 0, 0, 0).saturating_add((minute / cell * cell).minutes());
        let mut keys = Vec::new();
        while at < end && keys.len() < 24 * 60 {
            keys.push(format!("slot:{employee}:{}", at.strftime("%Y-%m-%dT%H:%M")));
            at = at.saturating_add(cell.minutes());
        }
        keys
    }

    /// Takes keys, one after the other; when one cannot be had the others are given back.
    pub(super) async fn hold(&self, call: &'static str, keys: &[String], operation: &str) -> Result<(), Fault> {
        for (at, key) in keys.iter().enumerate() {
            if let Err(fault) = self.take(call, key, operation).await {
                self.release(call, &keys[..at]).await;
                return Err(fault);
            }
        }
        Ok(())
    }

    async fn take(&self, call: &'static str, key: &str, operation: &str) -> Result<(), Fault> {
        let Some(map) = self.lock_map() else { return Ok(()) };
        let Err(fault) = self.put(map, key, operation).await else { return Ok(()) };
        match fault.kind {
            FaultKind::NotFound if self.is_worked && fault.detail.starts_with(judge::NO_ENTITY) => {
                tracing::info!(set = map.set, "the base has no lock register: done without");
                self.no_lock.store(true, Ordering::Relaxed);
                return Ok(());
            }
            FaultKind::NotFound => {
                let detail = format!(
                    "{} is not published: tick «{}» in the settings of the REST service, or take `lock` out of the map",
                    map.set,
                    wire::shown(&map.set)
                );
                return Err(Fault { kind: FaultKind::Forbidden, detail, ..fault });
            }
            // A key that is there is refused in one of several ways.
            FaultKind::Rejected | FaultKind::Protocol | FaultKind::UnknownOutcome | FaultKind::SlotTaken => {}
            _ => return Err(fault),
        }
        let found = self.locks(call, format!("{} eq {}", map.key, wire::quoted(key))).await?;
        let now = self.now().to_zoned(self.zone().await).datetime();
        match found.iter().find(|lock| lock.key == key) {
            None => Err(judge::before_the_write(fault)),
            Some(lock) if lock.operation.eq_ignore_ascii_case(operation) => Ok(()),
            Some(lock) if lock.until.is_some_and(|until| until <= now) => {
                self.release(call, &[key.to_owned()]).await;
                self.put(map, key, operation).await.map_err(|_| self.somebody(call))
            }
            Some(_) => Err(self.somebody(call)),
        }
    }

    fn somebody(&self, call: &'static str) -> Fault {
        self.fault(FaultKind::SlotTaken, call, "somebody else is booking this time now")
    }

    async fn put(&self, map: &LockMap, key: &str, operation: &str) -> Result<(), Fault> {
        let lasts = if key.starts_with("client:") { CLIENT_LASTS } else { LASTS };
        let until = self.now().checked_add(lasts).unwrap_or(self.now()).to_zoned(self.zone().await).datetime();
        let mut body = Object::new();
        body.insert(map.key.clone(), key.into());
        body.insert(map.operation.clone(), operation.into());
        body.insert(map.until.clone(), wire::moment(until).into());
        let call = Call::post("lock", self.address(&map.set, &[])).json(Value::Object(body));
        self.tell(call).await.map(drop)
    }

    /// Gives keys back; one that cannot be runs out by itself.
    pub(super) async fn release(&self, call: &'static str, keys: &[String]) {
        let Some(map) = self.lock_map() else { return };
        for key in keys {
            let path = format!("{}({}={})", map.set, map.key, wire::quoted(key));
            let remove = Call::new("unlock", Method::Delete, self.address(&path, &[])).repeat(Repeat::Safe);
            match self.tell(remove).await {
                Ok(_) => {}
                Err(fault) if fault.kind == FaultKind::NotFound => {}
                Err(fault) => tracing::warn!(%fault, call, "a lock could not be removed; it runs out by itself"),
            }
        }
    }

    /// Removes what an operation holds, but for some keys, and what has run out.
    pub(super) async fn release_of(&self, call: &'static str, operation: &str, but: &[String]) {
        let Some(map) = self.lock_map() else { return };
        let now = self.now().to_zoned(self.zone().await).datetime();
        let own = format!("{} eq {}", map.operation, wire::quoted(operation));
        let old = format!("{} lt {}", map.until, wire::moment_literal(now));
        match self.locks(call, wire::any(&[own, old])).await {
            Ok(locks) => {
                // The register may be somebody else's as well.
                let is_ours = |key: &str| key.starts_with("slot:") || key.starts_with("client:");
                let is_old = |lock: &Lock| is_ours(&lock.key) && lock.until.is_some_and(|until| until < now);
                let gone = locks.into_iter().filter(|lock| lock.operation == operation || is_old(lock));
                let keys: Vec<String> = gone.map(|lock| lock.key).filter(|key| !but.contains(key)).collect();
                self.release(call, &keys[..keys.len().min(SWEEP)]).await;
            }
            Err(fault) => tracing::warn!(%fault, "locks could not be read; they run out by themselves"),
        }
    }

    async fn locks(&self, call: &'static str, filter: String) -> Result<Vec<Lock>, Fault> {
        let Some(map) = self.lock_map() else { return Ok(Vec::new()) };
        let select = [map.key.as_str(), &map.operation, &map.until].join(",");
        let query = Query { filter, select, order: map.key.clone() };
        let rows = self.rows(call, &map.set, &query).await?;
        rows.iter().map(|row| read_lock(map, row)).collect::<Result<_, _>>().map_err(self.odd(call))
    }

    /// Times that others hold.
    pub(super) async fn held(&self, call: &'static str, own: Option<&str>) -> Result<Vec<Held>, Fault> {
        let Some(map) = self.lock_map() else { return Ok(Vec::new()) };
        let now = self.now().to_zoned(self.zone().await).datetime();
        let filter = format!("startswith({},'slot:') and {} gt {}", map.key, map.until, wire::moment_literal(now));
        let locks = match self.locks(call, filter).await {
            Ok(locks) => locks,
            Err(fault) if fault.kind == FaultKind::Forbidden && self.is_worked => {
                tracing::info!(set = map.set, "the base has no lock register: done without");
                self.no_lock.store(true, Ordering::Relaxed);
                return Ok(Vec::new());
            }
            Err(fault) => return Err(fault),
        };
        let cell = i64::from(self.cell());
        let held = |lock: Lock| {
            let (employee, at) = lock.key.strip_prefix("slot:")?.split_once(':')?;
            let start: DateTime = format!("{at}:00").parse().ok()?;
            let is_theirs = own != Some(lock.operation.as_str()) && lock.until.is_none_or(|until| until > now);
            let end = start.saturating_add(cell.minutes());
            is_theirs.then(|| Held { employee: employee.to_owned(), start, end })
        };
        Ok(locks.into_iter().filter_map(held).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_a_guid_that_its_mark_gives() {
        let own = operation("flow-7K3Q9ZABCD");
        assert_eq!(wire::guid(&own), Some(own.clone()));
        assert_ne!(own, operation("flow-7K3Q9ZABCE"));
        assert_eq!((gcd(30, 600), gcd(30, 585)), (30, 15));
    }
}
