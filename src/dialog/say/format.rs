//! How days, times, lengths and money are written.

use jiff::civil::{Date, Time, Weekday};

use crate::domain::company::{Interval, Price, WeekHours};
use crate::domain::contact::Locale;

const RU_MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];
const EN_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// «в» and the accusative, Monday first.
const RU_ON: [&str; 7] =
    ["в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"];
const RU_SHORT: [&str; 7] = ["пн", "вт", "ср", "чт", "пт", "сб", "вс"];
const EN_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn index(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

/// `15:00`.
#[must_use]
pub fn time(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// «13 марта», with the year when it is not this one.
#[must_use]
pub fn date(date: Date, today: Date, locale: Locale) -> String {
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let name = match locale {
        Locale::Ru => RU_MONTHS[month],
        Locale::En => EN_MONTHS[month],
    };
    let year = if date.year() == today.year() { String::new() } else { format!(" {}", date.year()) };
    format!("{} {name}{year}", date.day())
}

fn relative(day: Date, today: Date, locale: Locale) -> Option<&'static str> {
    match ((day - today).get_days(), locale) {
        (0, Locale::Ru) => Some("сегодня"),
        (0, Locale::En) => Some("today"),
        (1, Locale::Ru) => Some("завтра"),
        (1, Locale::En) => Some("tomorrow"),
        _ => None,
    }
}

/// «в пятницу, 13 марта», «завтра, в среду, 11 марта»; "on Friday, 13 March".
#[must_use]
pub fn on_day(day: Date, today: Date, locale: Locale) -> String {
    let weekday = index(day.weekday());
    let date = date(day, today, locale);
    match (relative(day, today, locale), locale) {
        (Some(word), Locale::Ru) => format!("{word}, {}, {date}", RU_ON[weekday]),
        (Some(word), Locale::En) => format!("{word}, {}, {date}", EN_DAYS[weekday]),
        (None, Locale::Ru) => format!("{}, {date}", RU_ON[weekday]),
        (None, Locale::En) => format!("on {}, {date}", EN_DAYS[weekday]),
    }
}

/// «в пятницу, 13 марта, в 15:00»; "on Friday, 13 March, at 15:00".
#[must_use]
pub fn when(day: Date, at: Time, today: Date, locale: Locale) -> String {
    let day = on_day(day, today, locale);
    match locale {
        Locale::Ru => format!("{day}, в {}", time(at)),
        Locale::En => format!("{day}, at {}", time(at)),
    }
}

/// The title of a day's button: «завтра, 11 марта», «пт, 13 марта», "Fri, 13 March".
#[must_use]
pub fn day_title(day: Date, today: Date, locale: Locale) -> String {
    let weekday = index(day.weekday());
    let date = date(day, today, locale);
    match (relative(day, today, locale), locale) {
        (Some(word), _) => format!("{word}, {date}"),
        (None, Locale::Ru) => format!("{}, {date}", RU_SHORT[weekday]),
        (None, Locale::En) => format!("{}, {date}", &EN_DAYS[weekday][..3]),
    }
}

/// The form of a Russian noun after a number: 1 час, 2 часа, 5 часов.
#[must_use]
pub fn plural<'a>(count: u32, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    match (count % 10, count % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}

/// «1 час 30 минут», "1 hour 30 minutes".
#[must_use]
pub fn duration(minutes: u32, locale: Locale) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    let mut parts = Vec::new();
    let english = |count, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    if hours > 0 {
        parts.push(match locale {
            Locale::Ru => format!("{hours} {}", plural(hours, "час", "часа", "часов")),
            Locale::En => english(hours, "hour"),
        });
    }
    if rest > 0 || hours == 0 {
        parts.push(match locale {
            Locale::Ru => format!("{rest} {}", plural(rest, "минута", "минуты", "минут")),
            Locale::En => english(rest, "minute"),
        });
    }
    parts.join(" ")
}

/// «за 1 час 30 минут» wants the accusative of the minute: «за 1 минуту», «за 21 минуту».
#[must_use]
pub fn lead_time(minutes: u32, locale: Locale) -> String {
    duration(minutes, locale).replace("минута", "минуту")
}

/// «60 дней», "60 days".
#[must_use]
pub fn days(count: u32, locale: Locale) -> String {
    match locale {
        Locale::Ru => format!("{count} {}", plural(count, "день", "дня", "дней")),
        Locale::En => format!("{count} {}", if count == 1 { "day" } else { "days" }),
    }
}

/// Digits after the decimal point in that currency (ISO 4217).
fn exponent(currency: &str) -> u32 {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" => 0,
        "KWD" | "BHD" | "JOD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Money in minor units: «2 500 ₽», "2,500 RUB"; the fraction only when there is one.
#[must_use]
pub fn money(minor: i64, currency: &str, locale: Locale) -> String {
    let unit = 10_i64.pow(exponent(currency));
    let (whole, fraction) = (minor / unit, (minor % unit).abs());
    let (group, point) = match locale {
        Locale::Ru => ('\u{a0}', ','),
        Locale::En => (',', '.'),
    };
    let digits = whole.abs().to_string();
    let mut out = if minor < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    if fraction > 0 {
        let width = exponent(currency) as usize;
        out.push_str(&format!("{point}{fraction:0width$}"));
    }
    let symbol = match (locale, currency) {
        (Locale::Ru, "RUB") => "₽",
        (Locale::Ru, "KZT") => "₸",
        (Locale::Ru, "EUR") => "€",
        (Locale::Ru, "USD") => "$",
        (_, code) => code,
    };
    format!("{out}\u{a0}{symbol}")
}

/// Both ends of a price.
#[must_use]
pub fn price_ends(price: Price, currency: &str, locale: Locale) -> (String, Option<String>) {
    let upper = price.to.filter(|&to| to > price.from).map(|to| money(to, currency, locale));
    (money(price.from, currency, locale), upper)
}

fn minute(of_day: u16) -> String {
    format!("{:02}:{:02}", of_day / 60, of_day % 60)
}

/// `10:00–14:00, 15:00–18:00`.
#[must_use]
pub fn intervals(intervals: &[Interval]) -> String {
    let shown: Vec<String> = intervals.iter().map(|i| format!("{}–{}", minute(i.from), minute(i.to))).collect();
    shown.join(", ")
}

/// «пн–пт 10:00–20:00, сб 10:00–18:00, вс выходной»: days with equal hours are put together.
#[must_use]
pub fn week(hours: &WeekHours, closed: &str, locale: Locale) -> String {
    let name = |at: usize| match locale {
        Locale::Ru => RU_SHORT[at],
        Locale::En => &EN_DAYS[at][..3],
    };
    let mut groups: Vec<String> = Vec::new();
    let mut first = 0;
    while first < 7 {
        let mut last = first;
        while last < 6 && hours.0[last + 1] == hours.0[first] {
            last += 1;
        }
        let days = match last - first {
            0 => name(first).to_owned(),
            1 => format!("{}, {}", name(first), name(last)),
            _ => format!("{}–{}", name(first), name(last)),
        };
        let shown = if hours.0[first].is_empty() { closed.to_owned() } else { intervals(&hours.0[first]) };
        groups.push(format!("{days} {shown}"));
        first = last + 1;
    }
    groups.join("; ")
}

/// The first letter as a capital.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_told_with_their_weekday() {
        let today = day("2026-03-10");
        assert_eq!(on_day(day("2026-03-13"), today, Locale::Ru), "в пятницу, 13 марта");
        assert_eq!(on_day(day("2026-03-11"), today, Locale::Ru), "завтра, в среду, 11 марта");
        assert_eq!(on_day(day("2026-03-13"), today, Locale::En), "on Friday, 13 March");
        assert_eq!(on_day(day("2027-01-12"), today, Locale::Ru), "во вторник, 12 января 2027");
        assert_eq!(day_title(day("2026-03-11"), today, Locale::Ru), "завтра, 11 марта");
        assert_eq!(day_title(day("2026-03-13"), today, Locale::Ru), "пт, 13 марта");
        assert_eq!(day_title(day("2026-03-13"), today, Locale::En), "Fri, 13 March");
    }

    #[test]
    fn lengths_agree_with_their_number() {
        assert_eq!(duration(30, Locale::Ru), "30 минут");
        assert_eq!(duration(60, Locale::Ru), "1 час");
        assert_eq!(duration(150, Locale::Ru), "2 часа 30 минут");
        assert_eq!(duration(300, Locale::Ru), "5 часов");
        assert_eq!(duration(61, Locale::En), "1 hour 1 minute");
        assert_eq!(plural(11, "день", "дня", "дней"), "дней");
        assert_eq!(plural(22, "день", "дня", "дней"), "дня");
    }

    #[test]
    fn money_is_grouped_and_shows_a_fraction_only_when_there_is_one() {
        assert_eq!(money(250_000, "RUB", Locale::Ru), "2\u{a0}500\u{a0}₽");
        assert_eq!(money(250_000, "RUB", Locale::En), "2,500\u{a0}RUB");
        assert_eq!(money(65_050, "RUB", Locale::Ru), "650,50\u{a0}₽");
        assert_eq!(money(1_234_567, "JPY", Locale::En), "1,234,567\u{a0}JPY");
    }

    #[test]
    fn equal_days_of_the_week_are_grouped() {
        let open = vec![Interval { from: 600, to: 1200 }];
        let mut hours = WeekHours::default();
        for at in 0..5 {
            hours.0[at] = open.clone();
        }
        hours.0[5] = vec![Interval { from: 600, to: 840 }, Interval { from: 900, to: 1080 }];
        assert_eq!(week(&hours, "выходной", Locale::Ru), "пн–пт 10:00–20:00; сб 10:00–14:00, 15:00–18:00; вс выходной");
    }
}
