//! Who is busy when, while visits are made up.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::domain::company::{Employee, Profile, Service};
use crate::domain::slots::{providers, working_hours};
use crate::domain::store::Busy;

/// Visits of every employee: start and end.
pub struct Diary<'p> {
    profile: &'p Profile,
    busy: HashMap<String, BTreeMap<Timestamp, Timestamp>>,
}

/// A time somebody could come.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The service's id.
    pub service: String,
    /// Who does it.
    pub employee: String,
    /// Their name.
    pub employee_name: String,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// The local day.
    pub day: Date,
    /// The local time.
    pub time: Time,
}

/// So often another day is tried before the book is taken for full.
const TRIES: u32 = 16;
/// Most people come within so many days.
const SOON: u32 = 14;

impl<'p> Diary<'p> {
    /// A diary that knows what stands already.
    pub fn new(profile: &'p Profile, taken: Vec<Busy>) -> Self {
        let mut busy: HashMap<String, BTreeMap<Timestamp, Timestamp>> = HashMap::new();
        for one in taken {
            if let Some(employee) = one.employee_id {
                busy.entry(employee).or_default().insert(one.start, one.end);
            }
        }
        Self { profile, busy }
    }

    /// Looks for a free time that may still be asked for at `now`; the time is not taken yet.
    pub fn find(&self, service: &Service, now: Timestamp, rng: &mut ChaCha8Rng) -> Option<Visit> {
        let tz = self.profile.company.timezone.tz();
        let rules = &self.profile.company.booking;
        let today = now.to_zoned(tz.clone()).date();
        let earliest = now + SignedDuration::from_mins(i64::from(rules.lead_time_min));
        let staff: Vec<&Employee> = providers(self.profile, service, None).collect();
        for _ in 0..TRIES {
            let employee = *staff.get(rng.random_range(0..staff.len().max(1)))?;
            let day = today.saturating_add(i64::from(rng.random_range(0..=rules.horizon_days.min(SOON))).days());
            let hours = working_hours(self.profile, employee, day);
            if hours.is_empty() {
                continue;
            }
            let hours = hours[rng.random_range(0..hours.len())];
            let room = u32::from(hours.to.saturating_sub(hours.from));
            let Some(spare) = room.checked_sub(service.duration_min) else { continue };
            let step = rules.step_min.max(1);
            let minute = u32::from(hours.from) + step * rng.random_range(0..=spare / step);
            let Some(visit) = self.visit(service, employee, day, minute) else { continue };
            if visit.start >= earliest && self.is_free(&visit) {
                return Some(visit);
            }
        }
        None
    }

    fn visit(&self, service: &Service, employee: &Employee, day: Date, minute: u32) -> Option<Visit> {
        let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
        let time = Time::new(hour, minute, 0, 0).ok()?;
        let zoned = day.to_datetime(time).to_zoned(self.profile.company.timezone.tz().clone()).ok()?;
        // A local time that the zone skips is no time to come.
        if zoned.time() != time {
            return None;
        }
        let start = zoned.timestamp();
        Some(Visit {
            service: service.id.clone(),
            employee: employee.id.clone(),
            employee_name: employee.name.clone(),
            start,
            end: start + SignedDuration::from_mins(i64::from(service.duration_min)),
            day,
            time,
        })
    }

    fn is_free(&self, visit: &Visit) -> bool {
        let Some(taken) = self.busy.get(&visit.employee) else { return true };
        // Visits do not overlap, so only the last one that begins before the end can be in the way.
        taken.range(..visit.end).next_back().is_none_or(|(_, end)| *end <= visit.start)
    }

    /// Takes the time.
    pub fn take(&mut self, visit: &Visit) {
        self.busy.entry(visit.employee.clone()).or_default().insert(visit.start, visit.end);
    }
}
