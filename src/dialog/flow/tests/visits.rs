//! Visits that exist: moved, cancelled, listed.

use super::desk::{Chat, Means, book, no, said, yes};
use crate::dialog::flow::Act;
use crate::dialog::understand::{Intent, Understanding, YesNo};
use crate::domain::conversation::DialogState;
use crate::domain::lead::LeadStatus;

const MINE: &str = "+79270000001";

fn cancel(text: &str) -> Understanding {
    said(text).wants(&[Intent::Cancel])
}

fn shift(text: &str) -> Understanding {
    said(text).wants(&[Intent::Reschedule])
}

#[test]
fn a_visit_is_found_by_the_phone_given_in_the_chat_and_moved() {
    let mut chat = Chat::new().with_visit("engine", "marat", "2026-03-12T14:00:00+04:00", MINE);
    let reply = chat.says(shift("хочу перенести запись"));
    assert!(reply.contains("номер телефона"), "{reply}");
    assert_eq!(chat.state(), DialogState::CollectingInfo);
    let reply = chat.says(said("8 927 000-00-01, Григорий").phone(MINE).name("Григорий"));
    assert!(reply.contains("Диагностика двигателя") && reply.contains("14:00"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
    let reply = chat.says(said("на воскресенье на 14:00").day("2026-03-15").at("14:00"));
    assert!(reply.contains("не работаем") && reply.contains("14:00"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
    let reply = chat.says(said("тогда на 17 марта на 12:30").day("2026-03-17").at("12:30"));
    assert!(reply.contains("12:30") && reply.contains("Было"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["engine marat 03-17 12:30"]);
    assert_eq!(chat.state(), DialogState::Completed);
    assert!(matches!(&chat.acts[0], Act::Move { employee_id: None, .. }), "{:?}", chat.acts);
    chat.says(yes("да"));
    assert_eq!(chat.acts.len(), 1);
}

#[test]
fn only_a_new_day_keeps_the_hour_where_it_is_free() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    let reply = chat.says(shift("перенесите с четверга на пятницу").day("2026-03-13"));
    assert!(reply.contains("13 марта, в 14:00"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);

    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE).with_visit(
        "tyres",
        "oleg",
        "2026-03-13T14:00:00+04:00",
        "+79271111111",
    );
    chat.says(shift("перенесите с четверга на пятницу").day("2026-03-13"));
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(chat.titles().contains(&"13:30".to_owned()), "{:?}", chat.titles());
}

#[test]
fn only_a_new_hour_keeps_the_day_and_its_own_time_counts_as_free() {
    let mut chat = Chat::known().with_visit("tyres", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    let reply = chat.says(shift("можно на полчаса позже, на 14:30?").at("14:30"));
    assert!(reply.contains("12 марта, в 14:30"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["tyres oleg 03-12 14:30"]);
}

#[test]
fn a_visit_can_go_to_another_employee() {
    let mut chat = Chat::known().with_visit("tyres", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.says(shift("перенесите на субботу на 12 к Анне").day("2026-03-14").at("12:00").employee(&["anna"]));
    assert!(chat.text().contains("Анна Лис"), "{}", chat.text());
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["tyres anna 03-14 12:00"]);
}

#[test]
fn moving_to_its_own_time_is_told() {
    let mut chat = Chat::known().with_visit("tyres", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    let reply = chat.says(shift("перенесите на четверг 14:00").day("2026-03-12").at("14:00"));
    assert!(reply.contains("и так назначен"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
}

#[test]
fn the_right_one_of_two_visits_is_cancelled_and_said_again_is_a_yes() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE).with_visit(
        "gear",
        "marat",
        "2026-03-13T15:00:00+04:00",
        MINE,
    );
    let reply = chat.says(cancel("отмените подвеску").service(&["gear"]));
    assert!(reply.contains("Диагностика подвески"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
    assert_eq!(chat.titles(), ["Да", "Нет"]);
    chat.says(cancel("не, точно отменяй").with(|u| u.yes_no = Some(YesNo::No)));
    assert_eq!(chat.state(), DialogState::Completed);
    assert_eq!(chat.visits(), ["oil oleg 03-12 14:00"]);
    let lead = chat.plan().lead.clone().unwrap();
    assert_eq!((lead.status, lead.update_only), (Some(LeadStatus::Lost), true));
    let reply = chat.says(yes("да"));
    assert!(reply.contains("уже отменён"), "{reply}");
    assert_eq!(chat.acts.len(), 1);
}

#[test]
fn several_visits_are_asked_about_with_buttons_words_and_numbers() {
    let two = || {
        Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE).with_visit(
            "oil",
            "anna",
            "2026-03-13T15:00:00+04:00",
            MINE,
        )
    };
    let mut chat = two();
    chat.says(cancel("отмените запись"));
    assert_eq!(chat.state(), DialogState::Booking);
    assert_eq!(chat.titles()[0], "чт, 12 марта, 14:00 — Замена масла");
    chat.press("чт, 12 марта");
    chat.press("Да");
    assert_eq!(chat.visits(), ["oil anna 03-13 15:00"]);

    let mut chat = two();
    chat.says(cancel("отмените запись"));
    chat.says(said("которая в пятницу").day("2026-03-13"));
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil oleg 03-12 14:00"]);

    let mut chat = two();
    chat.says(cancel("отмените запись"));
    chat.says(said("2").with(|u| u.lone_number = Some(2)));
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil oleg 03-12 14:00"]);
}

#[test]
fn a_no_leaves_the_visit_as_it_is() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.says(cancel("отмените"));
    let reply = chat.says(no("нет, не надо"));
    assert!(reply.contains("остаётся"), "{reply}");
    chat.says(cancel("отмените"));
    chat.says(cancel("ой, не отменяйте"));
    assert!(chat.acts.is_empty());
}

#[test]
fn a_cancel_may_become_a_move() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.says(cancel("отмените запись"));
    let reply = chat.says(shift("хотя лучше перенесите на пятницу").day("2026-03-13"));
    assert!(reply.contains("13 марта, в 14:00"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil oleg 03-13 14:00"]);
}

#[test]
fn nothing_found_is_told_and_a_new_visit_offered() {
    let mut chat = Chat::known();
    let reply = chat.says(cancel("отмените мою запись"));
    assert!(reply.contains("не нашлось"), "{reply}");
    assert!(chat.titles().contains(&"Записаться".to_owned()));
    assert_ne!(chat.state(), DialogState::Completed);
}

#[test]
fn a_typed_phone_shows_nothing_where_it_is_not_trusted() {
    let mut chat = Chat::new().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.trust_typed_phone = false;
    chat.says(cancel("отмените мою запись"));
    let reply = chat.says(said("8 927 000-00-01").phone(MINE));
    assert!(!reply.contains("12 марта"), "{reply}");
    assert!(chat.titles().contains(&"Позвать администратора".to_owned()));
}

#[test]
fn a_phone_typed_in_an_earlier_dialogue_shows_nothing_either() {
    for (vouched, shown) in [(false, false), (true, true)] {
        let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
        (chat.trust_typed_phone, chat.vouched) = (false, vouched);
        let reply = chat.says(said("на когда я записан?").wants(&[Intent::MyBookings]));
        assert_eq!(reply.contains("12 марта"), shown, "{reply}");
        chat.says(cancel("отмените"));
        chat.says(yes("да"));
        assert_eq!(chat.visits().is_empty(), shown);
    }
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", "+79270000009");
    chat.trust_typed_phone = false;
    let reply = chat.says(cancel("отмените запись на 8 927 000-00-09").phone("+79270000009"));
    assert!(!reply.contains("12 марта"), "{reply}");
}

#[test]
fn visits_are_listed_without_names_and_can_be_moved_from_there() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    let reply = chat.says(said("на когда я записан?").wants(&[Intent::MyBookings]));
    assert!(reply.contains("12 марта, в 14:00") && reply.contains("Замена масла"), "{reply}");
    assert_eq!(chat.state(), DialogState::Consulting);
    chat.press("Перенести");
    assert_eq!(chat.state(), DialogState::Booking);
    chat.press("завтра");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.press("Да");
    assert_eq!(chat.visits(), ["oil oleg 03-11 14:00"]);
}

#[test]
fn after_a_booking_another_day_moves_it() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    chat.says(yes("да"));
    let reply = chat.says(said("ой, лучше в четверг").day("2026-03-12"));
    assert!(reply.contains("Перенести"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil oleg 03-12 12:00"]);
    chat.says(cancel("отмените"));
    chat.says(yes("да"));
    assert!(chat.visits().is_empty());
}

#[test]
fn a_move_by_hour_alone_can_be_refused_and_asked_again() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.says(shift("перенесите на пятницу").day("2026-03-13"));
    chat.press("Изменить");
    chat.press("Время");
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(chat.titles().contains(&"17:00".to_owned()), "{:?}", chat.titles());
    chat.press("17:00");
    chat.press("Да");
    assert_eq!(chat.visits(), ["oil oleg 03-13 17:00"]);
}

#[test]
fn a_move_may_become_a_cancel() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    chat.says(shift("перенесите на пятницу").day("2026-03-13"));
    let reply = chat.says(cancel("нет, отмените совсем").with(|u| u.yes_no = Some(YesNo::No)));
    assert!(reply.contains("Отменить этот визит"), "{reply}");
    chat.says(yes("да"));
    assert!(chat.visits().is_empty());
}

#[test]
fn cancelling_to_come_another_day_is_moving() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE);
    let both = said("отмените запись и запишите на другой день").wants(&[Intent::Cancel, Intent::Reschedule]);
    let reply = chat.says(both);
    assert!(reply.contains("На какой день"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
}

#[test]
fn a_cancel_that_names_another_visit_is_no_yes() {
    let mut chat = Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE).with_visit(
        "gear",
        "marat",
        "2026-03-13T15:00:00+04:00",
        MINE,
    );
    chat.says(cancel("отмените подвеску").service(&["gear"]));
    let reply = chat.says(cancel("нет, отмените масло").service(&["oil"]).with(|u| u.yes_no = Some(YesNo::No)));
    assert!(chat.acts.is_empty());
    assert!(reply.contains("Замена масла"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["gear marat 03-13 15:00"]);
    chat.says(cancel("отмените запись"));
    let reply =
        chat.says(shift("не отменяйте, перенесите").with(|u| u.intents = vec![Intent::Cancel, Intent::Reschedule]));
    assert!(reply.contains("На какой день"), "{reply}");
    assert_eq!(chat.visits().len(), 1);
}
