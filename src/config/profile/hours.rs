//! Opening hours and days off.

use jiff::civil::Date;
use toml::de::DeValue;

use super::fields::{Field, Fields};
use crate::config::problem::Problem;
use crate::domain::company::{DaySpan, Interval, WeekHours};

/// The names of days, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const MAX_INTERVALS: usize = 24;
const MIDNIGHT: u16 = 24 * 60;

/// The hours in the table `name`; `None` when it is absent.
pub fn week(owner: &Fields<'_>, name: &str) -> Option<WeekHours> {
    let table = owner.section(name, &DAYS)?;
    let mut week = WeekHours::default();
    for (index, day) in DAYS.iter().enumerate() {
        if let Some(field) = table.field(day) {
            week.0[index] = intervals(&field);
        }
    }
    Some(week)
}

fn intervals(day: &Field<'_>) -> Vec<Interval> {
    let one = |field: &Field<'_>| field.raw_text().and_then(|text| field.check(interval(text)));
    let mut intervals: Vec<Interval> = match day.value {
        DeValue::Array(_) => day.items(MAX_INTERVALS).iter().filter_map(one).collect(),
        _ => one(day).into_iter().collect(),
    };
    intervals.sort();
    for pair in intervals.windows(2) {
        if pair[1].from < pair[0].to {
            day.note(Problem::of("", format!("{} and {} overlap", show(pair[0]), show(pair[1]))));
        }
    }
    intervals
}

/// `10:00-20:00` as it is written.
#[must_use]
pub fn show(interval: Interval) -> String {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("{}-{}", clock(interval.from), clock(interval.to))
}

fn interval(text: &str) -> Result<Interval, Problem> {
    let shape = || Problem::of("", format!("`{text}` are no hours")).hint("write them as \"10:00-20:00\"");
    let (from, to) = text.split_once(['-', '–', '—']).ok_or_else(shape)?;
    let [from, to] = [from, to].map(|part| minutes(part.trim()));
    let (from, to) = (from?, to?);
    if from >= MIDNIGHT {
        return Err(Problem::of("", format!("`{text}` starts at the end of the day")));
    }
    if to <= from {
        let problem = Problem::of("", format!("`{text}` ends before it starts"));
        return Err(problem.hint("hours past midnight are two days; midnight as an end is 24:00"));
    }
    Ok(Interval { from, to })
}

fn minutes(text: &str) -> Result<u16, Problem> {
    let wrong = || Problem::of("", format!("`{text}` is no time")).hint("write it as HH:MM, from 00:00 to 24:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return Err(wrong());
    }
    let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    let total = hour * 60 + minute;
    if minute < 60 && total <= MIDNIGHT { Ok(total) } else { Err(wrong()) }
}

/// The days of `[[name]]`, each a `date` or `from` and `to`.
pub fn days(owner: &Fields<'_>, name: &str) -> Vec<DaySpan> {
    const MAX_DAYS: usize = 1000;
    owner.sections(name, MAX_DAYS, &["date", "from", "to"]).iter().filter_map(span).collect()
}

fn span(entry: &Fields<'_>) -> Option<DaySpan> {
    match (entry.field("date"), entry.field("from"), entry.field("to")) {
        (Some(day), None, None) => date(&day).map(|day| DaySpan { from: day, to: day }),
        (None, Some(first), Some(last)) => {
            let (from, to) = (date(&first), date(&last));
            let (from, to) = (from?, to?);
            if to < from {
                last.note(Problem::of("", format!("{to} is before {from}")));
                return None;
            }
            Some(DaySpan { from, to })
        }
        _ => {
            entry.note("", Problem::of("", "needs either `date`, or `from` and `to`"));
            None
        }
    }
}

/// A day, in quotes or as TOML's own date.
fn date(field: &Field<'_>) -> Option<Date> {
    let text = match field.value {
        DeValue::Datetime(moment) => moment.to_string(),
        _ => field.raw_text()?.to_owned(),
    };
    let wrong = || Problem::of("", format!("`{text}` is no day")).hint("write it as YYYY-MM-DD");
    // The parser would also take a time behind the day, and days without dashes.
    let day = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    field.check(day.ok_or_else(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_end_at_midnight_at_the_latest() {
        assert_eq!(interval("10:00-24:00"), Ok(Interval { from: 600, to: 1440 }));
        assert_eq!(interval("9:00 – 20:30"), Ok(Interval { from: 540, to: 1230 }));
        for bad in
            ["25:00-26:00", "10:00-24:01", "24:00-24:00", "18:00-10:00", "10:00", "10-20", "10:60-11:00", "+9:00-10:00"]
        {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
