//! Wishes for a day and a time: readings, stretches, and what cannot be had.

use super::desk::{Chat, Means, book, no, said, yes};
use crate::dialog::understand::{Intent, YesNo};
use crate::domain::conversation::DialogState;

const OTHER: &str = "+79271111111";

#[test]
fn a_past_time_a_past_day_and_a_time_too_soon_are_told_as_what_they_are() {
    let ask = |day: &str, at: &str| {
        let mut chat = Chat::known();
        let reply = chat.says(book("масло").service(&["oil"]).day(day).at(at));
        assert_eq!(chat.state(), DialogState::Booking, "{reply}");
        assert!(!chat.buttons().is_empty());
        reply
    };
    assert!(ask("2026-03-10", "09:00").contains("прошло"));
    assert!(ask("2026-03-09", "12:00").contains("прошло"));
    assert!(ask("2026-03-10", "10:30").contains("за 1 час"));
    assert!(ask("2026-03-12", "21:00").contains("часы работы 09:00–19:00"));
    assert!(ask("2026-03-12", "12:10").contains("ровно на 12:10"));
    assert!(ask("2026-03-15", "12:00").contains("в воскресенье, 15 марта, мы не работаем"));
    assert!(ask("2026-03-20", "12:00").contains("в пятницу, 20 марта, мы не работаем"));
    assert!(ask("2026-05-20", "12:00").contains("последний день — 9 апреля"));
}

#[test]
fn a_visit_that_would_end_after_closing_is_told() {
    let mut chat = Chat::known();
    let reply = chat.says(book("двигатель").service(&["engine"]).day("2026-03-12").at("18:30"));
    assert!(reply.contains("1 час 30 минут"), "{reply}");
    assert!(chat.titles().contains(&"17:30".to_owned()), "{:?}", chat.titles());
}

#[test]
fn an_employee_who_is_away_or_busy_is_named() {
    let mut chat = Chat::known();
    let reply = chat.says(
        book("масло к Марату в понедельник в 12").service(&["oil"]).employee(&["marat"]).day("2026-03-16").at("12:00"),
    );
    assert!(reply.contains("Марат Сафин не работает"), "{reply}");
    let mut chat = Chat::known().with_visit("gear", "marat", "2026-03-12T15:00:00+04:00", OTHER);
    let reply = chat.says(
        book("масло к Марату в четверг в 15").service(&["oil"]).employee(&["marat"]).day("2026-03-12").at("15:00"),
    );
    assert!(reply.contains("Марат Сафин не принимает"), "{reply}");
    assert!(chat.titles().contains(&"16:00".to_owned()));
    chat.press("15:00, Олег Ветров");
    assert!(
        chat.text().contains("Олег") && chat.text().contains("15:00"),
        "the same time with somebody else: {}",
        chat.text()
    );
}

#[test]
fn an_hour_with_two_readings_is_asked_back_only_when_both_are_free() {
    let mut chat = Chat::known();
    // The garage opens at nine: only one reading of «в 9» or «в 6» could be meant here.
    let reply = chat.says(book("масло завтра в 6").service(&["oil"]).day("2026-03-11").at("06:00").or_at("18:00"));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert!(reply.contains("18:00"), "{reply}");
    let mut chat = Chat::known();
    let reply =
        chat.says(book("масло завтра в 3 или в 4").service(&["oil"]).day("2026-03-11").at("15:00").or_at("16:00"));
    assert_eq!(chat.state(), DialogState::Booking, "{reply}");
    assert_eq!(chat.titles(), ["15:00", "16:00"]);
    chat.press("16:00");
    assert_eq!(chat.state(), DialogState::Confirming);
}

#[test]
fn a_stretch_of_the_day_is_offered_and_a_single_fit_goes_to_the_summary() {
    let mut chat = Chat::known();
    chat.says(book("шиномонтаж завтра после четырёх").service(&["tyres"]).day("2026-03-11").between("16:00", ""));
    assert_eq!(chat.titles(), ["16:00", "16:30", "17:00", "17:30", "18:00"]);
    let mut chat = Chat::known();
    chat.says(book("двигатель завтра после пяти").service(&["engine"]).day("2026-03-11").between("17:30", ""));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert!(chat.text().contains("17:30"));
    let mut chat = Chat::known();
    let reply =
        chat.says(book("шиномонтаж завтра ночью").service(&["tyres"]).day("2026-03-11").between("21:00", "23:00"));
    assert!(reply.contains("часы работы"), "{reply}");
}

#[test]
fn several_days_with_an_hour_offer_the_days_where_it_is_free() {
    let mut chat = Chat::known().with_visit("gear", "marat", "2026-03-17T15:00:00+04:00", OTHER);
    let reply = chat.says(
        book("подвеска на следующей неделе в 15").service(&["gear"]).days("2026-03-16", "2026-03-22").at("15:00"),
    );
    assert_eq!(chat.titles(), ["ср, 18 марта, 15:00", "чт, 19 марта, 15:00", "сб, 21 марта, 15:00"], "{reply}");
    chat.press("15:00");
    assert_eq!(chat.state(), DialogState::Confirming);
    let mut chat = Chat::known();
    chat.says(book("масло на выходных").service(&["oil"]).days("2026-03-14", "2026-03-15"));
    assert!(chat.text().contains("14 марта"), "only Saturday is open: {}", chat.text());
    assert!(chat.titles().contains(&"12:00".to_owned()));
}

#[test]
fn an_unclear_day_is_asked_about() {
    let mut chat = Chat::known();
    let reply = chat.says(book("масло в среду 13-го в 12").service(&["oil"]).at("12:00").with(|u| u.ambiguous = true));
    assert!(reply.contains("какой это день"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
    chat.says(said("13 марта").day("2026-03-13"));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert!(chat.text().contains("12:00"), "the hour is kept");
}

#[test]
fn an_hour_without_a_day_asks_for_the_day_and_keeps_the_hour() {
    let mut chat = Chat::known();
    chat.says(book("масло в 12").service(&["oil"]).at("12:00"));
    assert_eq!(chat.state(), DialogState::Booking);
    chat.press("завтра");
    assert!(chat.text().contains("12:00"));
    assert_eq!(chat.state(), DialogState::Confirming);
}

#[test]
fn any_time_takes_the_first_free_one() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра, в любое время").service(&["oil"]).day("2026-03-11").with(|u| u.any_time = true));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert!(chat.text().contains("09:00"), "{}", chat.text());
}

#[test]
fn a_time_offered_on_another_day_is_meant_there() {
    let mut chat = Chat::known();
    chat.says(book("масло в воскресенье в 15:30").service(&["oil"]).day("2026-03-15").at("15:30"));
    let titles = chat.titles();
    assert!(titles[0].contains("пн, 16 марта, 15:30"), "{titles:?}");
    chat.says(said("тогда в понедельник").day("2026-03-16"));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert!(chat.text().contains("15:30"));
}

#[test]
fn numbers_alone_answer_the_question_that_was_asked() {
    let mut chat = Chat::known();
    chat.says(book("запишите"));
    chat.says(said("2").with(|u| u.lone_number = Some(2)));
    assert!(chat.text().contains("Шиномонтаж"));
    chat.says(said("12").with(|u| u.lone_number = Some(12)));
    assert!(chat.text().contains("12 марта"), "{}", chat.text());
    chat.says(said("3").with(|u| u.lone_number = Some(3)));
    assert!(chat.text().contains("15:00"), "{}", chat.text());
    assert_eq!(chat.state(), DialogState::Confirming);
}

#[test]
fn what_is_refused_is_not_offered_again() {
    let mut chat = Chat::known();
    chat.says(book("масло").service(&["oil"]));
    chat.says(said("только не завтра").day("2026-03-11").with(|u| u.negated = true));
    assert!(!chat.titles().contains(&"завтра, 11 марта".to_owned()), "{:?}", chat.titles());
    chat.says(said("в четверг в 12").day("2026-03-12").at("12:00"));
    assert!(chat.text().contains("Олег"));
    chat.says(said("не к Олегу").employee(&["oleg"]).with(|u| u.negated = true));
    assert!(!chat.text().contains("Олег") && chat.text().contains("Марат"), "{}", chat.text());
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil marat 03-12 12:00"]);
}

#[test]
fn no_to_the_offered_times_asks_for_another_day() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра").service(&["oil"]).day("2026-03-11"));
    chat.says(no("нет, не подходит"));
    assert!(chat.text().contains("на какой день"), "{}", chat.text());
    assert_eq!(chat.state(), DialogState::Booking);
}

#[test]
fn yes_to_a_single_offer_takes_it() {
    let mut chat = Chat::known();
    for hour in [12, 13, 14, 15] {
        chat = chat.with_visit("gear", "marat", &format!("2026-03-14T{hour}:00:00+04:00"), OTHER);
    }
    chat.booked.pop();
    chat.says(book("подвеска в субботу").service(&["gear"]).day("2026-03-14"));
    assert_eq!(chat.titles(), ["15:00"]);
    chat.says(yes("да"));
    assert_eq!(chat.state(), DialogState::Confirming);
}

#[test]
fn a_long_day_is_spread_over_its_full_hours() {
    let mut chat = Chat::known();
    chat.says(book("шиномонтаж завтра").service(&["tyres"]).day("2026-03-11"));
    let titles = chat.titles();
    assert_eq!(titles.len(), 12);
    for at in ["09:00", "11:00", "15:00", "18:00"] {
        assert!(titles.contains(&at.to_owned()), "{titles:?}");
    }
    assert!(chat.needs <= 2, "a day is one question to the calendar");
}

#[test]
fn a_full_day_offers_days() {
    let mut chat = Chat::known();
    for at in ["12:00", "13:00", "14:00", "15:00", "16:00", "17:00", "18:00"] {
        chat = chat.with_visit("gear", "marat", &format!("2026-03-12T{at}:00+04:00"), OTHER);
    }
    let reply = chat.says(book("подвеска в четверг").service(&["gear"]).day("2026-03-12"));
    assert!(reply.contains("свободного времени нет"), "{reply}");
    assert_eq!(chat.titles()[0], "пт, 13 марта");
}

#[test]
fn earlier_later_and_by_how_much_lean_on_what_was_offered() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    chat.says(said("а можно на полчаса позже?").wants(&[Intent::Book]));
    assert!(chat.text().contains("в 12:30"), "{}", chat.text());
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(said("попозже бы"));
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(chat.titles().contains(&"13:00".to_owned()) && !chat.titles().contains(&"12:00".to_owned()));
    chat.says(said("нет, пораньше, чем предлагали").wants(&[Intent::No]).with(|u| u.yes_no = Some(YesNo::No)));
    assert!(chat.titles().contains(&"09:00".to_owned()), "{:?}", chat.titles());
    chat.says(said("самое первое"));
    assert!(chat.text().contains("в 09:00"), "{}", chat.text());
}

#[test]
fn another_day_time_or_employee_than_the_offered_one() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    chat.says(said("давайте к другому мастеру"));
    assert!(chat.text().contains("Марат"), "{}", chat.text());
    chat.says(said("и в другой день"));
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(!chat.titles().contains(&"завтра, 11 марта".to_owned()));
    chat.press("чт, 12 марта");
    assert!(chat.text().contains("12:00") && chat.text().contains("Марат"), "{}", chat.text());
    chat.says(said("другое время"));
    assert!(chat.titles().contains(&"15:00".to_owned()), "{:?}", chat.titles());
}

#[test]
fn the_soonest_time_is_looked_for_once_the_service_is_known() {
    let mut chat = Chat::known();
    chat.says(book("запишите на ближайшее время"));
    chat.says(said("масло").service(&["oil"]));
    assert!(chat.text().contains("Сегодня") && chat.titles().contains(&"11:00".to_owned()), "{}", chat.text());
}

#[test]
fn a_move_by_an_hour_is_counted_from_the_visit() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", "+79270000001");
    let by_an_hour = said("перенесите на час позже").wants(&[Intent::Reschedule]).at("13:00");
    chat.says(by_an_hour);
    assert!(chat.text().contains("12 марта, в 15:00"), "{}", chat.text());
}

#[test]
fn thinking_it_over_changes_nothing() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(said("подумаю и напишу позже"));
    assert!(reply.starts_with("Хорошо"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("да, записывайте"));
    assert_eq!(chat.acts.len(), 1);
}

#[test]
fn any_time_of_a_stretch_is_its_first() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра вечером").service(&["oil"]).day("2026-03-11").between("17:00", "23:00"));
    chat.says(said("в любое время").with(|u| u.any_time = true));
    assert!(chat.text().contains("в 17:00"), "{}", chat.text());
}

#[test]
fn one_part_of_the_day_settles_two_readings() {
    let mut chat = Chat::known();
    chat.profile.company.hours = chat.profile.company.hours.clone();
    for day in &mut chat.profile.company.hours.0 {
        *day = vec![crate::domain::company::Interval { from: 480, to: 1320 }];
    }
    chat.says(book("шиномонтаж завтра в 8").service(&["tyres"]).day("2026-03-11").at("08:00").or_at("20:00"));
    assert_eq!(chat.titles(), ["08:00", "20:00"]);
    chat.says(said("вечера").between("17:00", "23:00"));
    assert!(chat.text().contains("в 20:00"), "{}", chat.text());
    assert_eq!(chat.state(), DialogState::Confirming);
}
