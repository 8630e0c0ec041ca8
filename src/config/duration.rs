//! Lengths of time as people write them: `"1500ms"`, `"30s"`, `"5m"`, `"24h"`, `"7d"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a number and its unit; `None` when it is anything else or too long to count.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*ms)?))
}

/// Writes it in the largest unit that divides it, hours at most.
#[must_use]
pub fn format(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let whole = UNITS[1..4].iter().rev().find(|(_, unit)| ms > 0 && ms.is_multiple_of(*unit));
    match whole {
        Some((name, unit)) => format!("{}{name}", ms / unit),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
    }
}

/// For `#[serde(with = "duration")]`.
///
/// # Errors
/// When the writer fails.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// For `#[serde(with = "duration")]`.
///
/// # Errors
/// When the text is no length of time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| de::Error::custom("expected a length of time such as \"30s\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_in_its_largest_unit() {
        for (text, ms, shown) in [
            ("1500ms", 1500, "1500ms"),
            ("30s", 30_000, "30s"),
            ("120s", 120_000, "2m"),
            ("24h", 86_400_000, "24h"),
            ("2d", 172_800_000, "48h"),
            ("0s", 0, "0s"),
            ("5 m", 300_000, "5m"),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
            assert_eq!(format(Duration::from_millis(ms)), shown);
        }
        for bad in ["", "5", "s", "-5s", "1.5s", "5 weeks", "99999999999999999999s", "99999999999999999d"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
