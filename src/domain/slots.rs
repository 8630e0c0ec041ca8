//! Free times from the profile and from what is taken; pure. `docs/interfaces.md` §4 is the rule:
//! the grid starts at each interval's start, a visit ends inside its interval, a slot starts at least
//! `lead_time_min` from now and its day is at most `horizon_days` away.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use super::company::{Employee, Interval, Profile, Service, WeekHours};
use super::crm::{Slot, SlotQuery};
use super::store::Busy;

/// The free slots of a query, by start and then in the profile's order of employees.
#[must_use]
pub fn free_slots(profile: &Profile, query: &SlotQuery, busy: &[Busy], now: &Zoned) -> Vec<Slot> {
    let Some(service) = profile.service(&query.service_id) else { return Vec::new() };
    let mut slots = Vec::new();
    let days = offered_days(profile, query, now);
    for employee in providers(profile, service, query.employee_id.as_deref()) {
        let moves = |busy: &Busy| query.moving.as_deref().is_some_and(|id| busy.is(id));
        let own = |busy: &&Busy| busy.employee_id.as_deref() == Some(employee.id.as_str()) && !moves(busy);
        let taken: Vec<(Timestamp, Timestamp)> = busy.iter().filter(own).map(|b| (b.start, b.end)).collect();
        for day in &days {
            for interval in working_hours(profile, employee, *day) {
                slots.extend(inside(profile, service, employee, *day, *interval, &taken, now));
            }
        }
    }
    // Stable: those of one start stay in the profile's order.
    slots.sort_by_key(|slot| slot.start.timestamp());
    slots
}

/// Employees who provide a service, in the profile's order.
pub fn providers<'a>(
    profile: &'a Profile,
    service: &'a Service,
    only: Option<&'a str>,
) -> impl Iterator<Item = &'a Employee> {
    profile
        .visible_employees()
        .filter(move |employee| employee.services.contains(&service.id) && only.is_none_or(|id| id == employee.id))
}

/// When somebody works on a day: own hours replace the company's; days off and closed days are empty.
#[must_use]
pub fn working_hours<'a>(profile: &'a Profile, employee: &'a Employee, day: Date) -> &'a [Interval] {
    if profile.company.is_closed_on(day) || employee.days_off.iter().any(|off| off.contains(day)) {
        return &[];
    }
    let week: &WeekHours = employee.hours.as_ref().unwrap_or(&profile.company.hours);
    week.on(day.weekday())
}

/// The last day that is offered.
#[must_use]
pub fn horizon(profile: &Profile, today: Date) -> Date {
    today.saturating_add(i64::from(profile.company.booking.horizon_days).days())
}

fn offered_days(profile: &Profile, query: &SlotQuery, now: &Zoned) -> Vec<Date> {
    let first = query.from.max(now.date());
    let last = query.to.min(horizon(profile, now.date()));
    first.series(1.day()).take_while(|day| *day <= last).collect()
}

fn inside(
    profile: &Profile,
    service: &Service,
    employee: &Employee,
    day: Date,
    interval: Interval,
    taken: &[(Timestamp, Timestamp)],
    now: &Zoned,
) -> Vec<Slot> {
    let tz = profile.company.timezone.tz();
    let rules = &profile.company.booking;
    let earliest = now.timestamp() + SignedDuration::from_mins(i64::from(rules.lead_time_min));
    let length = SignedDuration::from_mins(i64::from(service.duration_min));
    let Some(closes) = moment(tz, day, interval.to) else { return Vec::new() };
    let step = u16::try_from(rules.step_min.max(1)).unwrap_or(u16::MAX);
    let mut found = Vec::new();
    let mut minute = interval.from;
    while minute < interval.to {
        // A local time that the zone skips does not exist; one that it repeats is the earlier.
        if let Some(start) = existing(tz, day, minute) {
            let end = start + length;
            let is_free = || taken.iter().all(|(from, to)| end <= *from || *to <= start);
            if start >= earliest && end <= closes && is_free() {
                found.push(Slot {
                    start: start.to_zoned(tz.clone()),
                    end: end.to_zoned(tz.clone()),
                    employee_id: Some(employee.id.clone()),
                    service_id: service.id.clone(),
                });
            }
        }
        minute = minute.saturating_add(step);
    }
    found
}

fn local(day: Date, minute: u16) -> Option<DateTime> {
    let (day, minute) = if minute >= 1440 { (day.tomorrow().ok()?, minute - 1440) } else { (day, minute) };
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    Some(day.to_datetime(time))
}

/// The instant of a local time; a skipped one is the first instant after the gap.
fn moment(tz: &TimeZone, day: Date, minute: u16) -> Option<Timestamp> {
    tz.to_ambiguous_timestamp(local(day, minute)?).compatible().ok()
}

fn existing(tz: &TimeZone, day: Date, minute: u16) -> Option<Timestamp> {
    let ambiguous = tz.to_ambiguous_timestamp(local(day, minute)?);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) { None } else { ambiguous.earlier().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::{BookingRules, Company, DaySpan, Zone};
    use crate::domain::contact::Locale;
    use crate::domain::id::BookingId;

    fn profile(zone: &str, hours: &[(u16, u16)], step_min: u32, duration_min: u32) -> Profile {
        let intervals: Vec<Interval> = hours.iter().map(|(from, to)| Interval { from: *from, to: *to }).collect();
        Profile {
            company: Company {
                name: "Test".into(),
                phone: None,
                address: None,
                timezone: Zone::find(zone).unwrap(),
                locale: Locale::Ru,
                currency: "RUB".into(),
                hours: WeekHours(std::array::from_fn(|_| intervals.clone())),
                booking: BookingRules { step_min, lead_time_min: 60, horizon_days: 30 },
                closed: vec![DaySpan { from: "2026-03-12".parse().unwrap(), to: "2026-03-12".parse().unwrap() }],
            },
            services: vec![Service {
                id: "cut".into(),
                title: "Cut".into(),
                aliases: vec![],
                category: None,
                duration_min,
                price: None,
                hidden: false,
            }],
            employees: vec![Employee {
                id: "anna".into(),
                name: "Anna".into(),
                aliases: vec![],
                title: None,
                services: vec!["cut".into()],
                hours: None,
                days_off: vec![],
                hidden: false,
            }],
            knowledge: vec![],
        }
    }

    fn starts(profile: &Profile, from: &str, to: &str, busy: &[Busy], now: &str) -> Vec<String> {
        starts_moving(profile, (from, to), None, busy, now)
    }

    fn starts_moving(
        profile: &Profile,
        (from, to): (&str, &str),
        moving: Option<&str>,
        busy: &[Busy],
        now: &str,
    ) -> Vec<String> {
        let query = SlotQuery {
            service_id: "cut".into(),
            employee_id: None,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            moving: moving.map(str::to_owned),
        };
        let now: Timestamp = now.parse().unwrap();
        let now = now.to_zoned(profile.company.timezone.tz().clone());
        free_slots(profile, &query, busy, &now).iter().map(|s| s.start.strftime("%d %H:%M%:z").to_string()).collect()
    }

    #[test]
    fn a_visit_ends_inside_its_interval_and_starts_after_the_lead_time() {
        let profile = profile("Europe/Moscow", &[(600, 780)], 30, 60);
        let all = starts(&profile, "2026-03-11", "2026-03-11", &[], "2026-03-10T10:00:00+03:00");
        assert_eq!(all, ["11 10:00+03:00", "11 10:30+03:00", "11 11:00+03:00", "11 11:30+03:00", "11 12:00+03:00"]);
        let today = starts(&profile, "2026-03-10", "2026-03-10", &[], "2026-03-10T10:31:00+03:00");
        assert_eq!(today, ["10 12:00+03:00"]);
    }

    #[test]
    fn closed_days_the_horizon_and_taken_times_are_left_out() {
        let profile = profile("Europe/Moscow", &[(600, 720)], 60, 60);
        let busy = [Busy {
            employee_id: Some("anna".into()),
            start: "2026-03-11T10:30:00+03:00".parse().unwrap(),
            end: "2026-03-11T11:00:00+03:00".parse().unwrap(),
            booking_id: BookingId::new(Timestamp::UNIX_EPOCH),
            external_id: None,
        }];
        let found = starts(&profile, "2026-03-11", "2026-03-13", &busy, "2026-03-10T10:00:00+03:00");
        assert_eq!(found, ["11 11:00+03:00", "13 10:00+03:00", "13 11:00+03:00"]);
        let beyond = starts(&profile, "2026-04-09", "2026-04-20", &[], "2026-03-10T10:00:00+03:00");
        assert_eq!(beyond, ["09 10:00+03:00", "09 11:00+03:00"], "the 30th day from the 10th of March is the last");
    }

    #[test]
    fn the_time_of_a_visit_that_is_moved_is_free_by_the_id_its_crm_gave() {
        let profile = profile("Europe/Moscow", &[(600, 720)], 60, 60);
        let booking_id = BookingId::new(Timestamp::UNIX_EPOCH);
        let row = Busy {
            employee_id: Some("anna".into()),
            start: "2026-03-11T10:00:00+03:00".parse().unwrap(),
            end: "2026-03-11T11:00:00+03:00".parse().unwrap(),
            booking_id,
            external_id: Some("555".into()),
        };
        let day = ("2026-03-11", "2026-03-11");
        let moving = |id: &str, row: &Busy| {
            starts_moving(&profile, day, Some(id), std::slice::from_ref(row), "2026-03-10T10:00:00+03:00").len()
        };
        assert_eq!((moving("555", &row), moving("556", &row)), (2, 1));
        let held = Busy { external_id: None, ..row };
        assert_eq!((moving(&booking_id.to_string(), &held), moving("555", &held)), (2, 1), "not yet with the CRM");
    }

    #[test]
    fn skipped_hours_do_not_exist_and_repeated_ones_come_once() {
        // Berlin: 29 March 2026 skips 02:00–03:00, 25 October 2026 repeats it.
        let night = profile("Europe/Berlin", &[(60, 240)], 60, 60);
        let spring = starts(&night, "2026-03-29", "2026-03-29", &[], "2026-03-28T10:00:00+01:00");
        assert_eq!(spring, ["29 01:00+01:00", "29 03:00+02:00"]);
        let autumn = starts(&night, "2026-10-25", "2026-10-25", &[], "2026-10-24T10:00:00+02:00");
        assert_eq!(autumn, ["25 01:00+02:00", "25 02:00+02:00", "25 03:00+01:00"]);
    }
}
