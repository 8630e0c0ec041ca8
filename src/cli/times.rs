//! Times as people write them: RFC 3339, a day, `7d`, `today`, `вчера`.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::failure::Failure;

const FORMS: &str = "write 2026-03-11, 2026-03-11T15:00:00+03:00, 7d, today, yesterday or tomorrow";

/// A moment in a zone: what days and words are meant against.
#[derive(Debug, Clone)]
pub struct Here {
    /// The present moment.
    pub now: Timestamp,
    /// The company's zone.
    pub tz: TimeZone,
}

/// Which end of a day stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Its first moment.
    Start,
    /// The first moment after it: the day itself is included.
    End,
}

impl Here {
    /// Today in the zone.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.tz.clone()).date()
    }

    /// The first moment of a day.
    #[must_use]
    pub fn midnight(&self, day: Date) -> Timestamp {
        day.to_zoned(self.tz.clone()).map(|start| start.timestamp()).unwrap_or(self.now)
    }

    /// A moment; a day stands for its `edge`.
    ///
    /// # Errors
    /// When the text is no time.
    pub fn moment(&self, text: &str, edge: Edge) -> Result<Timestamp, Failure> {
        let text = text.trim();
        if let Some(moment) = self.point(text)? {
            return Ok(moment);
        }
        if let Some(back) = length(text) {
            return Ok(self.now - back);
        }
        let day = self.day(text)?;
        let day = if edge == Edge::End { day.tomorrow().unwrap_or(day) } else { day };
        Ok(self.midnight(day))
    }

    /// A moment that is not a whole day: RFC 3339, or a local date and time. Of a local time that comes
    /// twice it is the earlier one; one that the clocks skip is refused, for nobody can mean it.
    fn point(&self, text: &str) -> Result<Option<Timestamp>, Failure> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Some(moment));
        }
        let Some(local) = text.parse::<DateTime>().ok().filter(|_| text.contains(':')) else { return Ok(None) };
        let ambiguous = self.tz.to_ambiguous_timestamp(local);
        if let AmbiguousOffset::Gap { after, .. } = ambiguous.offset() {
            let hour = self.gap_end(local, after).strftime("%Y-%m-%d %H:%M");
            let zone = self.tz.iana_name().unwrap_or("the company's zone");
            return Err(Failure::usage(format!("`{text}` does not exist in {zone}: the clocks are put forward then"))
                .hint(format!("the first moment after it is {hour}")));
        }
        Ok(ambiguous.earlier().ok())
    }

    /// The local time at which a gap that holds `local` ends.
    fn gap_end(&self, local: DateTime, after: Offset) -> DateTime {
        // Read with the offset after the gap, a skipped time lies before the change; the change comes next.
        let earlier = after.to_timestamp(local).unwrap_or(self.now);
        let change = self.tz.following(earlier).next().map_or(earlier, |change| change.timestamp());
        change.to_zoned(self.tz.clone()).datetime()
    }

    /// The start of a visit: a moment, never a whole day.
    ///
    /// # Errors
    /// When the text is no date with a time.
    pub fn start(&self, text: &str) -> Result<Timestamp, Failure> {
        self.point(text.trim())?.ok_or_else(|| {
            Failure::usage(format!("`{text}` is no date with a time"))
                .hint("write 2026-03-11T15:00:00+03:00, or 2026-03-11T15:00 in the company's zone")
        })
    }

    /// A day.
    ///
    /// # Errors
    /// When the text is no day.
    pub fn day(&self, text: &str) -> Result<Date, Failure> {
        let text = text.trim();
        let today = self.today();
        let named = match text.to_lowercase().as_str() {
            "today" | "сегодня" => Some(0),
            "yesterday" | "вчера" => Some(-1),
            "tomorrow" | "завтра" => Some(1),
            "послезавтра" => Some(2),
            _ => None,
        };
        if let Some(days) = named {
            return Ok(today.saturating_add(i64::from(days).days()));
        }
        if let Some(ahead) = text.strip_prefix('+').and_then(length) {
            return Ok((self.now + ahead).to_zoned(self.tz.clone()).date());
        }
        if let Some(back) = length(text) {
            return Ok((self.now - back).to_zoned(self.tz.clone()).date());
        }
        if let Some(moment) = self.point(text)? {
            return Ok(moment.to_zoned(self.tz.clone()).date());
        }
        text.parse().map_err(|_| Failure::usage(format!("`{text}` is no time")).hint(FORMS))
    }

    /// A moment ahead: `90d` is in ninety days, anything else is as [`Here::moment`].
    ///
    /// # Errors
    /// When the text is no time.
    pub fn ahead(&self, text: &str) -> Result<Timestamp, Failure> {
        match length(text.trim()) {
            Some(ahead) => Ok(self.now + ahead),
            None => self.moment(text, Edge::End),
        }
    }

    /// A moment for a person: `2026-03-11 15:00` in the zone.
    #[must_use]
    pub fn show(&self, at: Timestamp) -> String {
        at.to_zoned(self.tz.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// Refuses an end that lies before its beginning.
///
/// # Errors
/// When it does.
pub fn in_order(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), Failure> {
    match (from, to) {
        (Some(from), Some(to)) if to <= from => {
            Err(Failure::usage("the end lies before the beginning")
                .hint("give an earlier first day, or a later last one"))
        }
        _ => Ok(()),
    }
}

/// A length of time: `30s`, `90m`, `24h`, `7d`, `2w`.
#[must_use]
pub fn length(text: &str) -> Option<SignedDuration> {
    const YEARS_100: i64 = 100 * 366 * 24 * 3600;
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.trim().parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return None,
    };
    number.checked_mul(seconds).filter(|total| *total <= YEARS_100).map(SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        let tz = TimeZone::get("Europe/Moscow").unwrap();
        Here { now: "2026-03-10T10:00:00+03:00".parse().unwrap(), tz }
    }

    #[test]
    fn days_and_words_are_meant_in_the_companys_zone() {
        let at = |text: &str, edge| here().moment(text, edge).unwrap().to_string();
        assert_eq!(at("2026-03-11", Edge::Start), "2026-03-10T21:00:00Z");
        assert_eq!(at("2026-03-11", Edge::End), "2026-03-11T21:00:00Z");
        assert_eq!(at("вчера", Edge::Start), "2026-03-08T21:00:00Z");
        assert_eq!(at("Завтра", Edge::Start), at("tomorrow", Edge::Start));
        assert_eq!(at("7d", Edge::Start), "2026-03-03T07:00:00Z");
        assert_eq!(at("2026-03-11T15:00", Edge::Start), "2026-03-11T12:00:00Z");
        assert_eq!(at("2026-03-11 15:00", Edge::Start), "2026-03-11T12:00:00Z");
        assert_eq!(at("2026-03-11T15:00:00+05:00", Edge::Start), "2026-03-11T10:00:00Z");
    }

    #[test]
    fn a_skipped_time_is_refused_with_the_next_one_and_a_repeated_one_is_the_earlier() {
        let tz = TimeZone::get("Europe/Berlin").unwrap();
        let berlin = Here { now: "2027-01-01T00:00:00Z".parse().unwrap(), tz };
        for skipped in ["2027-03-28T02:30", "2027-03-28T02:00", "2027-03-28 02:59"] {
            let failure = berlin.start(skipped).unwrap_err();
            assert_eq!(failure.exit, 2);
            assert!(failure.hint.unwrap().ends_with("2027-03-28 03:00"), "{skipped}");
        }
        assert_eq!(berlin.start("2027-03-28T03:00").unwrap().to_string(), "2027-03-28T01:00:00Z");
        assert_eq!(berlin.start("2026-10-25T02:30").unwrap().to_string(), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms() {
        for bad in ["", "soon", "2026-13-01", "2026-02-30", "-7d", "7y", "99999999999999d"] {
            let failure = here().moment(bad, Edge::Start).unwrap_err();
            assert_eq!(failure.exit, 2, "{bad}");
        }
        assert!(here().start("2026-03-11").is_err(), "a visit needs an hour");
    }
}
