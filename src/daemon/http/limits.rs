//! How often one may call: fixed windows in this process's memory. A restart forgets them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderName, header};
use jiff::Timestamp;

use super::frame::Context;
use super::problem::{Problem, RATE_LIMITED, words};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Windows that are over are swept when there are this many.
const SWEEP_AT: usize = 10_000;

/// So many calls in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its name in the headers.
    pub name: &'static str,
    /// Calls; 0: no limit.
    pub quota: u32,
    /// Seconds.
    pub window_s: u32,
}

/// How a caller stands with a policy after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    policy: Policy,
    /// Calls that are left.
    remaining: u32,
    /// Seconds until all are back.
    reset_s: u32,
    /// This call was one too many.
    is_exceeded: bool,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_ms: i64,
    used: u32,
}

/// Who called how often.
#[derive(Debug, Default)]
pub struct Limits {
    windows: Mutex<HashMap<(&'static str, String), Window>>,
}

impl Limits {
    /// Counts a call of `who`; nothing when the policy is off.
    pub fn count(&self, policy: Policy, who: &str, now: Timestamp) -> Option<Standing> {
        self.stand(policy, who, now, 1)
    }

    /// How `who` stands, without counting.
    pub fn look(&self, policy: Policy, who: &str, now: Timestamp) -> Option<Standing> {
        self.stand(policy, who, now, 0)
    }

    fn stand(&self, policy: Policy, who: &str, now: Timestamp, calls: u32) -> Option<Standing> {
        if policy.quota == 0 {
            return None;
        }
        let now = now.as_millisecond();
        let length = i64::from(policy.window_s) * 1000;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SWEEP_AT {
            windows.retain(|_, window| window.ends_ms > now);
        }
        let fresh = Window { ends_ms: now + length, used: 0 };
        let window = windows.entry((policy.name, who.to_owned())).or_insert(fresh);
        // A clock that was set back must not lock anybody out for longer than a window.
        if window.ends_ms <= now || window.ends_ms > now + length {
            *window = fresh;
        }
        window.used = window.used.saturating_add(calls);
        Some(Standing {
            policy,
            remaining: policy.quota.saturating_sub(window.used),
            reset_s: u32::try_from((window.ends_ms - now + 999) / 1000).unwrap_or(policy.window_s),
            is_exceeded: window.used > policy.quota || calls == 0 && window.used >= policy.quota,
        })
    }
}

impl Standing {
    /// Whether the call was one too many.
    #[must_use]
    pub const fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }
}

/// Tells the caller how it stands and refuses the call when some policy is exceeded.
///
/// # Errors
/// 429 with the names of the policies.
pub fn enforce(standings: &[Standing], context: &Context) -> Result<(), Problem> {
    if standings.is_empty() {
        return Ok(());
    }
    let (mut policies, mut states) = (String::new(), String::new());
    for (index, standing) in standings.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let Policy { name, quota, window_s } = standing.policy;
        // Writing to a String cannot fail.
        write!(policies, "{comma}\"{name}\";q={quota};w={window_s}").ok();
        write!(states, "{comma}\"{name}\";r={};t={}", standing.remaining, standing.reset_s).ok();
    }
    context.add_header(RATELIMIT_POLICY, &policies);
    context.add_header(RATELIMIT, &states);
    let exceeded: Vec<&Standing> = standings.iter().filter(|standing| standing.is_exceeded).collect();
    let Some(wait) = exceeded.iter().map(|standing| standing.reset_s.max(1)).max() else { return Ok(()) };
    let names: Vec<&str> = exceeded.iter().map(|standing| standing.policy.name).collect();
    let detail = words(format!("Повторите через {wait} с"), format!("Try again in {wait} s"));
    Err(Problem::new(&RATE_LIMITED, detail).member("violated-policies", names).header(header::RETRY_AFTER, wait))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const TWO: Policy = Policy { name: "two", quota: 2, window_s: 60 };

    #[test]
    fn the_call_above_the_quota_is_exceeded_until_the_window_ends() {
        let limits = Limits::default();
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        let exceeded = |at| limits.count(TWO, "a", at).is_some_and(|standing| standing.is_exceeded);
        assert!(!exceeded(now));
        assert!(!exceeded(now));
        assert!(exceeded(now + SignedDuration::from_secs(59)));
        assert!(!exceeded(now + SignedDuration::from_secs(60)));
        assert!(limits.count(TWO, "b", now).is_some_and(|standing| standing.remaining == 1));
        assert!(limits.count(Policy { quota: 0, ..TWO }, "a", now).is_none());
    }

    #[test]
    fn a_look_counts_nothing() {
        let limits = Limits::default();
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        for _ in 0..5 {
            assert!(limits.look(TWO, "a", now).is_some_and(|standing| standing.remaining == 2));
        }
        limits.count(TWO, "a", now);
        limits.count(TWO, "a", now);
        assert!(limits.look(TWO, "a", now).is_some_and(|standing| standing.is_exceeded));
    }
}
