//! Limits and bans are the whole connection's: a pause that amoCRM asks for holds in every process on the store, half
//! the pace for a while after it, and after a ban nobody asks anything but who we are.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::hooks::CONNECTION;
use super::rows::member;
use super::{Amo, judge};
use crate::adapters::http::portal::Portal;
use crate::adapters::http::read;
use crate::domain::copies::Copied;
use crate::domain::fault::{Fault, FaultKind};

/// After a limit the pace is halved for so long.
const SLOW_FOR: Duration = Duration::from_secs(600);
/// After a ban nothing is asked for so long.
const BAN: SignedDuration = SignedDuration::from_secs(3600);
/// What others were told is looked up so often.
const LOOKED_UP: Duration = Duration::from_secs(1);
/// The store's one copy of it.
const LIMIT: &str = "limit";

/// How the connection may be used now, as this process knows it.
#[derive(Default)]
pub(super) struct Limits(Mutex<Known>);

#[derive(Default)]
struct Known {
    looked_up: Option<Instant>,
    /// The last limit of our own calls that was noted.
    noted: Option<Instant>,
    slow_until: Option<Instant>,
    banned_until: Option<Timestamp>,
}

impl Limits {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Amo {
    /// The way to amoCRM at the pace that holds now.
    pub(super) fn portal(&self) -> &Portal {
        let until = self.limits.known().slow_until;
        if until.is_some_and(|until| until > Instant::now()) { &self.slow } else { &self.fast }
    }

    /// Takes over what other processes were told; refuses what nobody may ask now.
    pub(super) async fn mind(&self, operation: &'static str) -> Result<(), Fault> {
        let is_fresh = self.limits.known().looked_up.is_some_and(|at| at.elapsed() < LOOKED_UP);
        if !is_fresh {
            let copy = self.wiring.store.copied(&self.wiring.name, CONNECTION, LIMIT).await;
            let copy = copy.map_err(|error| self.store_fault(operation, &error))?;
            self.limits.known().looked_up = Some(Instant::now());
            match copy {
                Some(copy) => self.take_over(&copy.body),
                // Another process was let in again.
                None => self.limits.known().banned_until = None,
            }
        }
        let now = self.wiring.clock.now();
        let banned = self.limits.known().banned_until.filter(|until| *until > now && operation != "account");
        let Some(until) = banned else { return Ok(()) };
        let detail = format!(
            "{}: not asked before {}; write to its support, then run `flow crm test {}`",
            judge::BANNED,
            until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            self.wiring.name
        );
        let fault = self.portal().fault(FaultKind::RateLimited, operation, detail);
        Err(Fault { retry_after: until.duration_since(now).try_into().ok(), ..fault })
    }

    fn take_over(&self, body: &Value) {
        let now = self.wiring.clock.now();
        let until = |name: &str| {
            let at = read::int(member(body, name)).and_then(|at| Timestamp::from_second(at).ok())?;
            Some(at).filter(|at| *at > now)
        };
        let left = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
        if let Some(paused) = until("paused_until") {
            self.fast.pause(None, left(paused));
            self.slow.pause(None, left(paused));
        }
        let mut known = self.limits.known();
        known.banned_until = until("banned_until");
        known.slow_until = known.slow_until.max(until("slow_until").map(|at| Instant::now() + left(at)));
    }

    /// Slows down after a limit, also one that was waited out, and stops after a ban; tells the other processes.
    pub(super) async fn heed(&self, fault: Option<&Fault>) {
        let now = self.wiring.clock.now();
        let limited = self.fast.limited_at().max(self.slow.limited_at());
        let is_new = limited > self.limits.known().noted;
        let is_ban = fault.is_some_and(|f| f.kind == FaultKind::Forbidden && f.detail.starts_with(judge::BANNED));
        if !is_new && !is_ban {
            return;
        }
        let mut body = json!({});
        if is_new {
            let asked = fault.filter(|fault| fault.kind == FaultKind::RateLimited).and_then(|fault| fault.retry_after);
            let pause = asked.unwrap_or_default();
            // Whichever portal was told, both wait.
            if !pause.is_zero() {
                self.fast.pause(None, pause);
                self.slow.pause(None, pause);
            }
            // What amoCRM did not ask for is this process's own guess.
            if fault.is_some_and(|fault| fault.detail.starts_with(judge::TOLD_TO_WAIT)) {
                body["paused_until"] = json!(later(now, pause).as_second());
            }
            body["slow_until"] = json!(later(now, pause + SLOW_FOR).as_second());
            let mut known = self.limits.known();
            known.noted = limited;
            known.slow_until = Some(Instant::now() + pause + SLOW_FOR);
        }
        if is_ban {
            tracing::error!(connection = %self.wiring.name, "amoCRM has shut us out; not asked for an hour");
            let until = now.checked_add(BAN).unwrap_or(Timestamp::MAX);
            body["banned_until"] = json!(until.as_second());
            self.limits.known().banned_until = Some(until);
        }
        let copy = Copied { id: LIMIT.to_owned(), phone: None, body, at: now };
        if let Err(error) = self.wiring.store.keep_copy(&self.wiring.name, CONNECTION, &copy).await {
            tracing::warn!(connection = %self.wiring.name, %error, "other processes could not be told of a limit");
        }
    }

    /// It answers: a ban is over.
    pub(super) async fn is_let_in(&self) -> Result<(), Fault> {
        let was_banned = self.limits.known().banned_until.take().is_some();
        if !was_banned {
            return Ok(());
        }
        let forgotten = self.wiring.store.forget_copy(&self.wiring.name, CONNECTION, LIMIT).await;
        forgotten.map_err(|error| self.store_fault("account", &error))
    }
}

/// A moment that is not before what it stands for, in whole seconds.
fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO) + SignedDuration::from_millis(999);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
