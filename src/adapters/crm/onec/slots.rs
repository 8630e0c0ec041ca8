//! Free times: working hours less what is taken. Pure.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::domain::company::{Interval, WeekHours};
use crate::domain::crm::Slot;

/// What free times are computed from, for one person.
pub(super) struct Diary<'d> {
    pub(super) employee_id: &'d str,
    pub(super) week: &'d WeekHours,
    /// Local times that are taken.
    pub(super) taken: Vec<(DateTime, DateTime)>,
}

/// The rules of free times.
pub(super) struct Grid<'g> {
    pub(super) zone: &'g TimeZone,
    pub(super) service_id: &'g str,
    pub(super) minutes: i64,
    pub(super) step: u16,
    pub(super) earliest: Timestamp,
}

/// Free times of a person on these days.
pub(super) fn free(diary: &Diary<'_>, grid: &Grid<'_>, from: Date, to: Date) -> Vec<Slot> {
    let days = from.series(1.day()).take_while(|day| *day <= to);
    days.flat_map(|day| {
        let intervals = diary.week.on(day.weekday());
        intervals.iter().flat_map(move |interval| on(diary, grid, day, *interval)).collect::<Vec<_>>()
    })
    .collect()
}

fn on(diary: &Diary<'_>, grid: &Grid<'_>, day: Date, interval: Interval) -> Vec<Slot> {
    let Some(closes) = local(day, interval.to) else { return Vec::new() };
    let mut found = Vec::new();
    let mut minute = interval.from;
    while minute < interval.to {
        if let Some(start) = local(day, minute) {
            let end = start.saturating_add(grid.minutes.minutes());
            let is_free = diary.taken.iter().all(|(from, to)| end <= *from || *to <= start);
            if end <= closes
                && is_free
                && let (Some(start), Some(end)) = (existing(grid.zone, start), existing(grid.zone, end))
                && start.timestamp() >= grid.earliest
            {
                let (employee_id, service_id) = (Some(diary.employee_id.to_owned()), grid.service_id.to_owned());
                found.push(Slot { start, end, employee_id, service_id });
            }
        }
        minute = minute.saturating_add(grid.step);
    }
    found
}

fn local(day: Date, minute: u16) -> Option<DateTime> {
    let (day, minute) = if minute >= 1440 { (day.tomorrow().ok()?, minute - 1440) } else { (day, minute) };
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    Some(day.to_datetime(time))
}

/// A local time that the zone has; of a repeated one the earlier.
fn existing(zone: &TimeZone, at: DateTime) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_zoned(at);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) { None } else { ambiguous.earlier().ok() }
}

/// The moment of a local time, whatever the zone makes of it.
pub(super) fn zoned(zone: &TimeZone, at: DateTime) -> Option<Zoned> {
    zone.to_ambiguous_zoned(at).compatible().ok()
}

/// The first moment that may be offered.
pub(super) fn earliest(now: Timestamp, lead_time_min: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(i64::from(lead_time_min))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_fits_between_what_is_taken_and_ends_inside_the_hours() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let mut week = WeekHours::default();
        week.0[2] = vec![Interval { from: 600, to: 780 }];
        let at = |text: &str| text.parse::<DateTime>().unwrap();
        let taken = vec![(at("2026-03-11T10:30:00"), at("2026-03-11T11:00:00"))];
        let diary = Diary { employee_id: "e", week: &week, taken };
        let earliest = "2026-03-11T10:15:00+03:00".parse().unwrap();
        let grid = Grid { zone: &zone, service_id: "s", minutes: 30, step: 30, earliest };
        let (from, to) = ("2026-03-10".parse().unwrap(), "2026-03-12".parse().unwrap());
        let found = free(&diary, &grid, from, to);
        let starts: Vec<String> = found.iter().map(|slot| slot.start.strftime("%d %H:%M").to_string()).collect();
        assert_eq!(starts, ["11 11:00", "11 11:30", "11 12:00", "11 12:30"]);
    }
}
