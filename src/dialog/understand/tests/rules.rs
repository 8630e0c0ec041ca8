//! The rules one by one.

use super::*;

#[track_caller]
fn means(text: &str, expected: &str) {
    assert_eq!(brief(&read(text)), expected, "{text}");
}

#[test]
fn a_skipped_local_time_is_the_first_moment_after_the_gap_and_a_repeated_one_the_earlier() {
    let spring = moment("2026-03-20T10:00:00+00:00[Europe/London]");
    let said = read_at("29 March at 1:30 am", &spring);
    assert_eq!(said.start.unwrap().to_string(), "2026-03-29T02:00:00+01:00[Europe/London]");
    let autumn = moment("2026-10-20T10:00:00+01:00[Europe/London]");
    let said = read_at("25 October at 1:30 am", &autumn);
    assert_eq!(said.start.unwrap().to_string(), "2026-10-25T01:30:00+01:00[Europe/London]");
}

#[test]
fn days_that_contradict_each_other_are_not_chosen_between() {
    means("в среду 13-го", "- - !");
    means("завтра, 12 марта", "- - !");
    means("в пятницу 13-го", "2026-03-13 -");
    means("31.02", "- - !");
    means("31 апреля в 15:00", "- 15:00 !");
}

#[test]
fn a_correction_takes_back_what_was_said() {
    means("в четверг, ой, лучше в пятницу", "2026-03-13 -");
    means("не в четверг, а в пятницу", "2026-03-13 -");
    means("завтра не могу, давайте послезавтра", "2026-03-12 -");
    means("в 3, нет, лучше в 4", "- 16:00");
    means("not Thursday but Friday", "2026-03-13 -");
}

#[test]
fn the_target_of_a_move_is_the_date() {
    means("перенесите меня с пятницы на субботу", "2026-03-14 -");
    means("перенесите запись с 15:00 на 17:00", "- 17:00");
    means("move my visit from Friday to Saturday", "2026-03-14 -");
    means("завтрашнюю запись перенесите на пятницу", "2026-03-13 -");
    means("вместо пятницы в субботу", "2026-03-14 -");
}

#[test]
fn an_ambiguous_hour_has_its_other_reading() {
    let said = read("завтра в 8");
    assert!(said.ambiguous);
    assert_eq!(said.other_time, Time::new(20, 0, 0, 0).ok());
    assert_eq!(read("с 8 до 10").other_time, None);
}

#[test]
fn either_of_two_is_the_earlier_and_ambiguous() {
    means("в 3 или в 4", "- 15:00 !");
    means("в среду или в четверг", "2026-03-11 - !");
}

#[test]
fn greetings_and_wishes_name_no_part_of_the_day() {
    for text in ["Добрый вечер!", "доброе утро", "хорошего дня", "Good morning", "have a nice day", "хороших выходных"]
    {
        let said = read(text);
        assert_eq!((brief(&said).as_str(), said.part), ("- -", None), "{text}");
    }
}

#[test]
fn numbers_of_other_things_are_neither_days_nor_hours() {
    for text in [
        "нас 3 человека",
        "дом 15",
        "бюджет 5000",
        "ей 9 лет",
        "кабинет 12",
        "на двоих",
        "15",
        "2 собаки",
        "ул. Ленина, 15",
        "заказ 12",
        "20%",
        "$15",
    ] {
        means(text, "- -");
    }
}

#[test]
fn refused_days_and_people_are_marked() {
    for text in ["только не в пятницу", "в пятницу не смогу", "кроме среды", "not on Friday"]
    {
        assert!(read(text).negated, "{text}");
    }
    assert!(!read("не в пятницу, а в субботу").negated);
    assert!(read_in_salon("не к Анне").negated);
}

#[test]
fn a_choice_left_open_is_marked() {
    for text in ["к любому мастеру", "без разницы к кому", "кто свободен", "anyone is fine"]
    {
        assert!(read(text).any_employee, "{text}");
    }
    for text in ["в любое время", "когда угодно", "any time"] {
        assert!(read(text).any_time, "{text}");
    }
}

#[test]
fn a_lone_number_and_a_lone_name_are_offered_to_the_dialogue() {
    assert_eq!(read("2").lone_number, Some(2));
    assert_eq!(read("второй").lone_number, Some(2));
    assert_eq!(read("15-го").lone_number, None);
    assert_eq!(read("анна").bare_name.as_deref(), Some("Анна"));
    assert_eq!(read("Анна Петровна").bare_name.as_deref(), Some("Анна Петровна"));
    for text in ["привет", "завтра", "хорошо", "маникюр", "да", "в пятницу"] {
        assert_eq!(read(text).bare_name, None, "{text}");
    }
}

#[test]
fn hidden_services_are_not_candidates() {
    assert!(read_in_salon("солярий").candidates.service.is_empty());
}

#[test]
fn agreement_is_only_what_agrees() {
    for text in ["да", "ага", "всё верно", "записывайте", "да, на пятницу", "yes", "не, точно отменяй"]
    {
        assert_eq!(read(text).yes_no, Some(YesNo::Yes), "{text}");
    }
    for text in ["нет", "нет, лучше в 16", "не надо", "no"] {
        assert_eq!(read(text).yes_no, Some(YesNo::No), "{text}");
    }
    for text in ["можно в пятницу?", "есть место?", "верно?", "запишите на стрижку", "не знаю"]
    {
        assert_eq!(read(text).yes_no, None, "{text}");
    }
}

#[test]
fn several_intents_stand_in_the_order_of_strength() {
    assert_eq!(read("запишите на пятницу, и сколько стоит маникюр?").intents, [Intent::Book, Intent::AskPrice]);
    assert_eq!(read("отмените запись. и есть ли парковка?").intents, [Intent::Cancel, Intent::Question]);
    assert_eq!(read("не, точно отменяй").intent, Intent::Cancel);
}

#[test]
fn the_language_is_that_of_the_letters() {
    assert_eq!(read("hello").locale, Locale::En);
    assert_eq!(read("хочу botox").locale, Locale::Ru);
    assert_eq!(read("15:00").locale, Locale::Ru);
}

#[test]
fn an_ordinary_word_is_no_misspelt_insult() {
    for text in ["когда придут?", "ладно, оставлю дома", "а результаты когда придут, если кровь возьмут?"]
    {
        assert!(!read(text).outright.contains(&Intent::Human), "{text}");
    }
}
