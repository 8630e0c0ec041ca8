//! Why a time cannot be had, and which are near; pure.

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use super::company::{Interval, Profile};
use super::crm::{Slot, SlotQuery};
use super::fault::FaultKind;
use super::slots::{free_slots, horizon, providers, working_hours};

/// So many near times are told.
const NEAR: usize = 3;
/// They are looked for in so many days after.
const DAYS_AFTER: i64 = 7;

/// The days near those of a query.
#[must_use]
pub fn around(query: &SlotQuery) -> SlotQuery {
    let (before, after) = (query.from.saturating_sub(1.day()), query.to.saturating_add(DAYS_AFTER.days()));
    SlotQuery { from: before, to: after, ..query.clone() }
}

/// The free times nearest to a moment, in words.
#[must_use]
pub fn nearest(free: &[Slot], start: Timestamp) -> String {
    let mut starts: Vec<&Zoned> = free.iter().map(|slot| &slot.start).collect();
    starts.dedup();
    starts.sort_by_key(|at| at.timestamp().duration_since(start).abs());
    starts.truncate(NEAR);
    starts.sort();
    match starts.as_slice() {
        [] => format!("nothing is free within {DAYS_AFTER} days of it"),
        near => {
            let times: Vec<String> = near.iter().map(|at| show(at)).collect();
            format!("nearest free: {}", times.join(", "))
        }
    }
}

/// Why a time that is not among the free ones cannot be had.
#[must_use]
pub fn reason(profile: &Profile, query: &SlotQuery, start: Timestamp, now: &Zoned) -> (FaultKind, String) {
    let rules = &profile.company.booking;
    let local = start.to_zoned(profile.company.timezone.tz().clone());
    let time = show(&local);
    let rejected = |why: String| (FaultKind::Rejected, format!("{time} {why}"));
    if start < now.timestamp() {
        return rejected("has passed".to_owned());
    }
    if start < now.timestamp() + SignedDuration::from_mins(i64::from(rules.lead_time_min)) {
        return rejected(format!("is too soon: a visit is booked {} minutes ahead at least", rules.lead_time_min));
    }
    if local.date() > horizon(profile, now.date()) {
        return rejected(format!("is too far: visits are booked {} days ahead at most", rules.horizon_days));
    }
    if free_slots(profile, query, &[], now).iter().any(|slot| slot.start.timestamp() == start) {
        return (FaultKind::SlotTaken, format!("{time} is taken"));
    }
    let Some(service) = profile.service(&query.service_id) else { return rejected("is not offered".to_owned()) };
    let employees = providers(profile, service, query.employee_id.as_deref());
    let hours: Vec<&Interval> = employees.flat_map(|employee| working_hours(profile, employee, local.date())).collect();
    let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
    let fits = |interval: &&Interval| {
        u32::from(interval.from) <= minute && minute + service.duration_min <= u32::from(interval.to)
    };
    match hours.iter().any(fits) {
        true => rejected(format!("is not a time that is offered: visits begin every {} minutes", rules.step_min)),
        false if hours.is_empty() => rejected("is on a day without working hours".to_owned()),
        false => rejected(format!("is outside the working hours for {} minutes", service.duration_min)),
    }
}

fn show(at: &Zoned) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
