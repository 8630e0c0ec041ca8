//! What holds of every text.

use proptest::prelude::*;

use super::*;

fn same(a: &Understanding, b: &Understanding) -> bool {
    (brief(a), &a.intents, &a.candidates, &a.phone, a.yes_no, a.part)
        == (brief(b), &b.intents, &b.candidates, &b.phone, b.yes_no, b.part)
}

/// Sentences put together from words that mean something.
fn sentence() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "запишите",
        "на",
        "в",
        "к",
        "до",
        "после",
        "с",
        "пятницу",
        "среду",
        "завтра",
        "15",
        "3",
        "8:30",
        "марта",
        "13-го",
        "вечером",
        "утра",
        "Анне",
        "стрижку",
        "маникюр",
        "не",
        "или",
        "через",
        "два",
        "часа",
        "полтретьего",
        "без",
        "четверти",
        "пять",
        "8 916 123-45-67",
        "меня зовут",
        "Олег",
        "сколько стоит",
        "at",
        "on",
        "next",
        "Friday",
        "pm",
        "half past",
        "two",
        "from",
        "to",
        "?",
        ",",
        "31.02",
        "-",
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..10).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let said = read_in_salon(&text);
        prop_assert_eq!(said.text, text);
    }

    #[test]
    fn no_mixture_of_known_words_makes_it_panic(text in sentence()) {
        let said = read_in_salon(&text);
        prop_assert!(!said.intents.is_empty());
        prop_assert_eq!(said.intent, said.intents[0]);
        prop_assert_eq!(said.service.is_some(), said.candidates.service.len() == 1);
    }

    #[test]
    fn spaces_around_change_nothing(text in sentence(), before in "[ \t\n\u{a0}]{0,3}", after in "[ \t\n]{0,3}") {
        let spaced = format!("{before}{text}{after}");
        prop_assert!(same(&read_in_salon(&text), &read_in_salon(&spaced)));
    }

    #[test]
    fn case_changes_neither_days_nor_hours(text in sentence()) {
        prop_assert_eq!(brief(&read(&text)), brief(&read(&text.to_lowercase())));
        // «МАРТА» beside a phone or after «меня зовут» is a woman.
        prop_assume!(!text.contains("зовут") && !text.contains("916"));
        prop_assert_eq!(brief(&read(&text)), brief(&read(&text.to_uppercase())));
    }

    #[test]
    fn a_printed_day_and_hour_is_read_back_as_itself(days in 0i64..300, minutes in 0i8..4, hour in 9i8..21) {
        const RU_DAYS: [&str; 7] = ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"];
        const RU_MONTHS: [&str; 12] = [
            "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
        ];
        let at = tuesday().date().checked_add(jiff::Span::new().days(days)).unwrap().at(hour, minutes * 15, 0, 0);
        let weekday = usize::from(at.date().weekday().to_monday_zero_offset().unsigned_abs());
        let month = usize::from(at.month().unsigned_abs()) - 1;
        let clock = at.strftime("%H:%M");
        let expected = format!("{} {clock}", at.date());
        prop_assert_eq!(brief(&read(&format!("{}, {} {}, {clock}", RU_DAYS[weekday], at.day(), RU_MONTHS[month]))), expected.clone());
        prop_assert_eq!(brief(&read(&at.strftime("%A, %-d %B, %H:%M").to_string())), expected);
    }
}
