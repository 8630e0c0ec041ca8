//! Free times from the rules of resources: pure. A rule says from when to when, in its own zone, on which days of the
//! week, and in which steps.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::item::Item;
use crate::adapters::http::read;

/// When a resource may be booked.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// From that minute of the day.
    pub from: i64,
    /// Until that minute, at most 1440.
    pub to: i64,
    /// In that zone; the connection's when it does not say.
    pub zone: Option<TimeZone>,
    /// On those days; all when it does not say.
    pub days: Vec<Weekday>,
    /// Step and, where nothing else says it, length, in minutes.
    pub step: u32,
}

/// Reads `booking.v1.resource.slots.list`.
///
/// # Errors
/// When it has no rules in it.
pub fn read_rules(value: &Value) -> Result<Vec<Rule>, String> {
    let rows = match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        Value::Object(members) => read::list(members.get("slots").ok_or("the answer has no `slots`")?),
        _ => return Err("the answer has no `slots`".to_owned()),
    };
    let rule = |row: &Value| {
        let of = |name: &str| row.get(name).and_then(read::int);
        let days = row.get("weekDays").map(read::list).unwrap_or_default();
        Some(Rule {
            from: of("from").filter(|from| (0..1440).contains(from))?,
            to: of("to").filter(|to| (1..=1440).contains(to))?,
            zone: row.get("timezone").and_then(read::text).and_then(|name| TimeZone::get(&name).ok()),
            days: days.into_iter().filter_map(weekday).collect(),
            step: of("slotSize").and_then(|step| u32::try_from(step).ok()).filter(|step| (1..=1440).contains(step))?,
        })
    };
    Ok(rows.into_iter().filter_map(rule).collect())
}

fn weekday(value: &Value) -> Option<Weekday> {
    let text = read::text(value)?.to_lowercase();
    Some(match text.get(..2)? {
        "mo" => Weekday::Monday,
        "tu" => Weekday::Tuesday,
        "we" => Weekday::Wednesday,
        "th" => Weekday::Thursday,
        "fr" => Weekday::Friday,
        "sa" => Weekday::Saturday,
        "su" => Weekday::Sunday,
        _ => return None,
    })
}

/// Which times are looked for.
pub struct Wanted<'w> {
    /// Whose.
    pub owner: &'w str,
    /// How long, in minutes; a rule's own step when nothing says it.
    pub minutes: Option<u32>,
    /// First day, in the connection's zone.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The connection's zone.
    pub zone: &'w TimeZone,
    /// Nothing starts earlier.
    pub earliest: Timestamp,
}

/// Starts and ends that fit into a rule and meet nothing, in order.
#[must_use]
pub fn free_times(rules: &[Rule], busy: &[Item], wanted: &Wanted<'_>) -> Vec<(Timestamp, Timestamp)> {
    let mut found = Vec::new();
    let (Ok(first), Ok(last)) = (wanted.from.yesterday(), wanted.to.tomorrow()) else { return found };
    for rule in rules {
        let zone = rule.zone.as_ref().unwrap_or(wanted.zone);
        // A rule's day may be another one here.
        for day in first.series(1.day()).take_while(|day| *day <= last) {
            if rule.days.is_empty() || rule.days.contains(&day.weekday()) {
                times_of_day(rule, zone, day, busy, wanted, &mut found);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn times_of_day(
    rule: &Rule,
    zone: &TimeZone,
    day: Date,
    busy: &[Item],
    wanted: &Wanted<'_>,
    found: &mut Vec<(Timestamp, Timestamp)>,
) {
    let length = SignedDuration::from_mins(i64::from(wanted.minutes.unwrap_or(rule.step)));
    let Some(closes) = moment(zone, day, rule.to, true) else { return };
    let mut minute = rule.from;
    while minute < rule.to {
        let start = moment(zone, day, minute, false);
        minute += i64::from(rule.step);
        let Some(start) = start else { continue };
        let end = start + length;
        let here = start.to_zoned(wanted.zone.clone()).date();
        let is_wanted = (wanted.from..=wanted.to).contains(&here) && start >= wanted.earliest && end <= closes;
        if is_wanted && !busy.iter().any(|item| item.takes(wanted.owner, start, end)) {
            found.push((start, end));
        }
    }
}

/// The instant of a minute of a day. One that the zone skips does not exist, but as an end it is where the gap ends;
/// one that it repeats is the earlier.
fn moment(zone: &TimeZone, day: Date, minute: i64, is_end: bool) -> Option<Timestamp> {
    let (day, minute) = if minute >= 1440 { (day.tomorrow().ok()?, minute - 1440) } else { (day, minute) };
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(day.to_datetime(time));
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return if is_end { ambiguous.compatible().ok() } else { None };
    }
    ambiguous.earlier().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn starts(rules: &Value, busy: &[Item], days: (&str, &str), minutes: Option<u32>, here: &str) -> Vec<String> {
        let zone = zone(here);
        let wanted = Wanted {
            owner: "257",
            minutes,
            from: days.0.parse().unwrap(),
            to: days.1.parse().unwrap(),
            zone: &zone,
            earliest: "2026-03-01T00:00:00Z".parse().unwrap(),
        };
        let times = free_times(&read_rules(rules).unwrap(), busy, &wanted);
        times.iter().map(|(at, _)| at.to_zoned(zone.clone()).strftime("%d %H:%M").to_string()).collect()
    }

    #[test]
    fn a_visit_fits_into_one_rule_and_meets_no_booking() {
        let rules = json!({"slots": [
            {"from": 600, "to": 720, "timezone": "Europe/Moscow", "weekDays": ["Wed"], "slotSize": 30},
            {"from": "720", "to": "780", "timezone": "Europe/Moscow", "weekDays": ["Wed"], "slotSize": "30"}]});
        let days = ("2026-03-10", "2026-03-12");
        let all = starts(&rules, &[], days, Some(60), "Europe/Moscow");
        assert_eq!(all, ["11 10:00", "11 10:30", "11 11:00", "11 12:00"]);
        let busy = Item {
            id: "1".into(),
            owners: vec!["257".into()],
            start: "2026-03-11T10:00:00+03:00".parse().unwrap(),
            end: "2026-03-11T11:00:00+03:00".parse().unwrap(),
            name: String::new(),
            description: String::new(),
            contacts: None,
        };
        assert_eq!(starts(&rules, &[busy], days, Some(60), "Europe/Moscow"), ["11 11:00", "11 12:00"]);
        assert_eq!(starts(&json!([]), &[], days, Some(60), "Europe/Moscow").len(), 0);
    }

    #[test]
    fn a_rule_keeps_its_own_zone_and_hours_that_do_not_exist_are_left_out() {
        let rules = json!({"slots": [{"from": 0, "to": 1440, "timezone": "Asia/Vladivostok", "slotSize": 720}]});
        let found = starts(&rules, &[], ("2026-03-11", "2026-03-11"), None, "Europe/Moscow");
        assert_eq!(found, ["11 05:00", "11 17:00"]);
        let night = json!({"slots": [{"from": 60, "to": 240, "timezone": "Europe/Berlin", "slotSize": 60}]});
        let spring = starts(&night, &[], ("2026-03-29", "2026-03-29"), Some(60), "Europe/Berlin");
        assert_eq!(spring, ["29 01:00", "29 03:00"]);
    }
}
