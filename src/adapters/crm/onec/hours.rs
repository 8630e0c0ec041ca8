//! Working hours as the map has them: one week for everybody, or one for each person.

use std::collections::HashMap;

use serde_json::Value;

use crate::domain::company::{Interval, WeekHours};

/// Days as they are written, Monday first.
const DAYS: [&[&str]; 7] = [
    &["mon", "monday", "пн"],
    &["tue", "tuesday", "вт"],
    &["wed", "wednesday", "ср"],
    &["thu", "thursday", "чт"],
    &["fri", "friday", "пт"],
    &["sat", "saturday", "сб"],
    &["sun", "sunday", "вс"],
];

/// Working hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hours {
    /// Of everybody who has none of their own.
    pub(super) common: Option<WeekHours>,
    /// By an employee's id or name, in lower case.
    pub(super) own: HashMap<String, WeekHours>,
}

impl Hours {
    /// When somebody works.
    pub(super) fn of(&self, id: &str, name: &str) -> Option<&WeekHours> {
        let own = self.own.get(&id.to_lowercase()).or_else(|| self.own.get(&name.to_lowercase()));
        own.or(self.common.as_ref())
    }

    /// Every interval there is.
    pub(super) fn intervals(&self) -> impl Iterator<Item = &Interval> {
        self.common.iter().chain(self.own.values()).flat_map(|week| week.0.iter().flatten())
    }
}

/// Reads `employee.hours`.
pub(super) fn read_hours(value: &Value) -> Result<Hours, String> {
    let Value::Object(table) = value else {
        return Err("expected a table such as { mon-fri = \"10:00-20:00\" }".into());
    };
    let mut hours = Hours::default();
    for (key, value) in table {
        if let Value::Object(_) = value {
            let one = read_hours(value)?;
            let week = one.common.ok_or_else(|| format!("`{key}` names no days"))?;
            let name = super::wire::guid(key).unwrap_or_else(|| key.to_lowercase());
            match key.as_str() {
                "default" => hours.common = Some(week),
                _ => drop(hours.own.insert(name, week)),
            }
            continue;
        }
        let week = hours.common.get_or_insert_with(WeekHours::default);
        for day in days(key)? {
            week.0[day] = intervals(value)?;
        }
    }
    Ok(hours)
}

fn days(text: &str) -> Result<Vec<usize>, String> {
    let day = |text: &str| {
        let text = text.trim().to_lowercase();
        DAYS.iter().position(|names| names.contains(&text.as_str()))
    };
    let wrong = || format!("`{text}` is no day: write mon, tue, wed, thu, fri, sat, sun, or mon-fri");
    let mut found = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None if matches!(part.trim(), "daily" | "all") => found.extend(0..7),
            None => found.push(day(part).ok_or_else(wrong)?),
            Some((from, to)) => {
                let (from, to) = (day(from).ok_or_else(wrong)?, day(to).ok_or_else(wrong)?);
                let length = (to + 7 - from) % 7;
                found.extend((from..=from + length).map(|day| day % 7));
            }
        }
    }
    Ok(found)
}

fn intervals(value: &Value) -> Result<Vec<Interval>, String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => return Err(format!("`{value}` are no hours: write \"10:00-20:00\"")),
    };
    let mut intervals = texts.into_iter().map(interval).collect::<Result<Vec<_>, _>>()?;
    intervals.sort();
    match intervals.windows(2).any(|pair| pair[1].from < pair[0].to) {
        true => Err(format!("`{value}`: the hours overlap")),
        false => Ok(intervals),
    }
}

fn interval(text: &str) -> Result<Interval, String> {
    let wrong = || format!("`{text}` are no hours: write \"10:00-20:00\"");
    let minutes = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour <= 24 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once(['-', '–', '—']).ok_or_else(wrong)?;
    let (from, to) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
    if from < to { Ok(Interval { from, to }) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_week_is_read_as_it_is_written() {
        let hours = read_hours(&json!({"mon-fri": "10:00-20:00", "сб": ["10:00-14:00", "15:00-18:00"],
            "Анна Петрова": {"tue": "12:00-24:00"}}))
        .unwrap();
        let week = hours.of("x", "y").unwrap();
        assert_eq!((week.0[4].len(), week.0[5].len(), week.0[6].len()), (1, 2, 0));
        assert_eq!(hours.of("x", "анна Петрова").unwrap().0[1], [Interval { from: 720, to: 1440 }]);
        for bad in [
            json!({"mon": "20:00-10:00"}),
            json!({"someday": "1:00-2:00"}),
            json!("x"),
            json!({"mon": "1:00-3:00,2:00-4:00"}),
        ] {
            assert!(read_hours(&bad).is_err(), "{bad}");
        }
    }
}
