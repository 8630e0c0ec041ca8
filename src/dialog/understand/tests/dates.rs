//! Dates and times made from what they mean: a day and an hour are chosen first, then said.

use jiff::ToSpan;

use super::*;

const ACCUSATIVE: [&str; 7] = ["понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье"];
const GENITIVE: [&str; 7] = ["понедельника", "вторника", "среды", "четверга", "пятницы", "субботы", "воскресенья"];
const ENGLISH: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
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
const HOURS: [&str; 13] = [
    "",
    "час",
    "два",
    "три",
    "четыре",
    "пять",
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
];
const HOURS_GENITIVE: [&str; 13] = [
    "",
    "часа",
    "двух",
    "трёх",
    "четырёх",
    "пяти",
    "шести",
    "семи",
    "восьми",
    "девяти",
    "десяти",
    "одиннадцати",
    "двенадцати",
];
const ORDINALS: [&str; 13] = [
    "",
    "первого",
    "второго",
    "третьего",
    "четвёртого",
    "пятого",
    "шестого",
    "седьмого",
    "восьмого",
    "девятого",
    "десятого",
    "одиннадцатого",
    "двенадцатого",
];

/// Moments at the edges of weeks, months and years.
const MOMENTS: [&str; 5] = [
    "2026-03-10T10:00:00+03:00[Europe/Moscow]",
    "2026-03-15T23:30:00+03:00[Europe/Moscow]",
    "2026-12-31T15:40:00+03:00[Europe/Moscow]",
    "2028-02-28T09:00:00+03:00[Europe/Moscow]",
    "2026-08-03T00:10:00+05:00[Asia/Yekaterinburg]",
];

/// Words that must change nothing.
const AROUND: [(&str, &str); 4] = [
    ("", ""),
    ("Здравствуйте, можно ", "?"),
    ("хочу на маникюр ", ", нас двое"),
    ("запишите ", ", телефон 8 916 123-45-67"),
];

struct Check {
    wrong: Vec<String>,
    all: usize,
}

impl Check {
    const fn new() -> Self {
        Self { wrong: Vec::new(), all: 0 }
    }

    fn say(&mut self, text: &str, now: &Zoned, expected: &str) {
        self.all += 1;
        let said = brief(&read_at(text, now));
        if said != expected {
            self.wrong.push(format!("{text} at {now}: {said}, not {expected}"));
        }
    }

    fn say_around(&mut self, text: &str, now: &Zoned, expected: &str) {
        for (before, after) in AROUND {
            self.say(&format!("{before}{text}{after}"), now, expected);
        }
    }

    fn done(self, at_least: usize) {
        println!("{} of {} right", self.all - self.wrong.len(), self.all);
        assert!(self.all >= at_least, "only {} cases", self.all);
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.all, self.wrong.join("\n"));
    }
}

/// The bare hour's time and whether it has two readings.
fn bare(hour: usize, minute: usize) -> String {
    let clock = if (1..=7).contains(&hour) { hour + 12 } else { hour };
    format!("{clock:02}:{minute:02}{}", if hour == 8 { " !" } else { "" })
}

fn after(now: &Zoned, days: i64) -> Date {
    now.date().checked_add(days.days()).unwrap()
}

#[test]
fn days_of_the_week() {
    let mut check = Check::new();
    for now in MOMENTS.map(moment) {
        let today = i64::from(now.date().weekday().to_monday_zero_offset());
        for day in 0..7usize {
            let index = i64::try_from(day).unwrap();
            let ahead = (index - today - 1).rem_euclid(7) + 1;
            let near = after(&now, ahead);
            check.say_around(&format!("в {}", ACCUSATIVE[day]), &now, &format!("{near} -"));
            check.say(&format!("on {}", ENGLISH[day]), &now, &format!("{near} -"));
            check.say(&format!("в {} в 15:00", ACCUSATIVE[day]), &now, &format!("{near} 15:00"));
            check.say(&format!("до {}", GENITIVE[day]), &now, &format!("{}..{near} -", now.date()));
            let week = after(&now, index - today);
            let passed = if index < today { " !" } else { "" };
            check.say(&format!("this {}", ENGLISH[day]), &now, &format!("{week} -{passed}"));
            let next = after(&now, index - today + 7);
            check.say(&format!("next {}", ENGLISH[day]), &now, &format!("{next} -"));
            check.say(&format!("на следующей неделе в {}", ACCUSATIVE[day]), &now, &format!("{next} -"));
        }
    }
    check.done(300);
}

#[test]
fn days_of_the_month() {
    let mut check = Check::new();
    for now in MOMENTS.map(moment) {
        for days in (0..120).step_by(7) {
            let day = after(&now, days);
            let (number, month) = (day.day(), MONTHS[usize::try_from(day.month() - 1).unwrap()]);
            check.say_around(&format!("{number} {month}"), &now, &format!("{day} -"));
            check.say(&day.strftime("%d.%m").to_string(), &now, &format!("{day} -"));
            check.say(&day.strftime("на %d.%m.%Y в 12:30").to_string(), &now, &format!("{day} 12:30"));
            check.say(&day.strftime("%Y-%m-%d").to_string(), &now, &format!("{day} -"));
            check.say(&day.strftime("%B %-d at 3 pm").to_string(), &now, &format!("{day} 15:00"));
            check.say(&format!("{number}-го {month} в десять"), &now, &format!("{day} 10:00"));
        }
        for number in 1..=28i8 {
            let nearest = (0..31).map(|d| after(&now, d)).find(|d| d.day() == number).unwrap();
            check.say(&format!("{number}-го"), &now, &format!("{nearest} -"));
        }
    }
    check.done(600);
}

#[test]
fn hours() {
    let mut check = Check::new();
    let now = tuesday();
    for hour in 1..=12usize {
        let expected = bare(hour, 0);
        check.say_around(&format!("в {}", HOURS[hour]), &now, &format!("- {expected}"));
        check.say(
            &format!("часам к {}", if hour == 1 { "часу" } else { HOURS_GENITIVE[hour] }),
            &now,
            &format!("- {}", if hour == 1 { "13:00".to_owned() } else { expected.clone() }),
        );
        check.say(&format!("около {}", HOURS_GENITIVE[hour]), &now, &format!("- {expected}"));
        let (clock, flag) = expected.split_once(' ').map_or((expected.as_str(), ""), |(clock, _)| (clock, " !"));
        check.say(&format!("после {}", HOURS_GENITIVE[hour]), &now, &format!("- {clock}..{flag}"));
        check.say(&format!("до {}", HOURS_GENITIVE[hour]), &now, &format!("- ..{clock}{flag}"));
        let previous = if hour == 1 { 12 } else { hour - 1 };
        check.say(&format!("в половине {}", ORDINALS[hour]), &now, &format!("- {}", bare(previous, 30)));
        check.say(&format!("пол{}", ORDINALS[hour].replace('ё', "е")), &now, &format!("- {}", bare(previous, 30)));
        check.say(&format!("без четверти {}", HOURS[hour]), &now, &format!("- {}", bare(previous, 45)));
        check.say(&format!("{hour} am"), &now, &format!("- {:02}:00", hour % 12));
        check.say(&format!("at {hour} pm"), &now, &format!("- {:02}:00", hour % 12 + 12));
        check.say(&format!("at half past {hour}"), &now, &format!("- {}", bare(hour, 30)));
        if (4..=11).contains(&hour) {
            check.say(&format!("в {hour} утра"), &now, &format!("- {hour:02}:00"));
        }
        if (5..=11).contains(&hour) {
            check.say(&format!("завтра в {hour} вечера"), &now, &format!("2026-03-11 {:02}:00", hour + 12));
            check.say(&format!("вечером в {}", HOURS[hour]), &now, &format!("- {:02}:00", hour + 12));
        }
    }
    for hour in 13..=23 {
        for text in [
            format!("в {hour}"),
            format!("{hour}:00"),
            format!("{hour}ч"),
            format!("к {hour}.00"),
            format!("{hour}-00"),
        ] {
            check.say(&text, &now, &format!("- {hour}:00"));
        }
    }
    check.done(200);
}

#[test]
fn stretches_of_hours() {
    let mut check = Check::new();
    let now = tuesday();
    for from in 1..=12usize {
        for to in (1..=12usize).filter(|to| *to != from) {
            let start = if from <= 7 { from + 12 } else { from };
            let Some(end) = [to % 12, to % 12 + 12].into_iter().find(|end| *end > start) else { continue };
            check.say(&format!("с {from} до {to}"), &now, &format!("- {start:02}:00..{end:02}:00"));
            check.say(&format!("between {from} and {to}"), &now, &format!("- {start:02}:00..{end:02}:00"));
        }
    }
    check.done(100);
}

#[test]
fn time_from_now() {
    let mut check = Check::new();
    for now in MOMENTS.map(moment) {
        for days in 2..=9i64 {
            let unit = if days <= 4 { "дня" } else { "дней" };
            check.say(&format!("через {days} {unit}"), &now, &format!("{} -", after(&now, days)));
            check.say(&format!("in {days} days"), &now, &format!("{} -", after(&now, days)));
            let months = now.date().checked_add(days.months()).unwrap();
            check.say(&format!("через {days} месяцев"), &now, &format!("{months} -"));
            let later = now.checked_add((days * 25).minutes()).unwrap();
            check.say(&format!("через {} минут", days * 25), &now, &later.strftime("%Y-%m-%d %H:%M").to_string());
        }
        check.say("через неделю", &now, &format!("{} -", after(&now, 7)));
        check.say("послезавтра утром", &now, &format!("{} 06:00..12:00", after(&now, 2)));
    }
    check.done(150);
}

#[test]
fn one_wrong_letter_is_forgiven() {
    let mut check = Check::new();
    let now = tuesday();
    for (day, word) in ACCUSATIVE.iter().enumerate() {
        let letters: Vec<char> = word.chars().collect();
        let expected = format!("{} -", after(&now, (i64::try_from(day).unwrap() - 2).rem_euclid(7) + 1));
        for at in 2..letters.len() - 1 {
            let mut swapped = letters.clone();
            swapped.swap(at - 1, at);
            let missing: String = letters.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
            let mut doubled = letters.clone();
            doubled.insert(at, letters[at]);
            for said in [swapped.into_iter().collect::<String>(), missing, doubled.into_iter().collect()] {
                check.say(&format!("в {said}"), &now, &expected);
            }
        }
    }
    check.done(80);
}
