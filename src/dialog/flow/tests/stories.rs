//! Whole dialogues in the client's own words: the parser and the state machine together.

use super::desk::Chat;
use crate::domain::conversation::DialogState;
use crate::domain::lead::LeadStatus;

const MINE: &str = "+79270000001";

#[test]
fn everything_at_once() {
    let mut chat = Chat::known();
    let reply = chat.writes("Добрый день! Запишите на замену масла к Анне завтра в 14:00");
    assert_eq!(chat.state(), DialogState::Confirming, "{reply}");
    assert!(reply.contains("14:00") && reply.contains("11 марта"), "{reply}");
    let reply = chat.writes("да");
    assert!(reply.contains("вы записаны"), "{reply}");
    assert_eq!(chat.visits(), ["oil anna 03-11 14:00"]);
    assert_eq!(chat.plan().lead.as_ref().unwrap().status, Some(LeadStatus::Booked));
}

#[test]
fn step_by_step_with_a_spare_yes() {
    let mut chat = Chat::new();
    for text in ["Доброе утро", "нужно переобуть машину", "к любому мастеру", "в четверг", "в полчетвёртого"]
    {
        let reply = chat.writes(text);
        assert!(!reply.contains("записаны"), "{reply}");
    }
    assert_eq!(chat.state(), DialogState::CollectingInfo, "{}", chat.text());
    chat.writes("меня зовут Глеб, 8 (927) 000-00-09");
    assert_eq!(chat.state(), DialogState::Confirming, "{}", chat.text());
    chat.writes("угу");
    chat.writes("да");
    assert_eq!(chat.visits(), ["tyres oleg 03-12 15:30"]);
    assert_eq!(chat.state(), DialogState::Completed);
}

#[test]
fn a_taken_time_and_its_neighbour() {
    let mut chat = Chat::known().with_visit("engine", "marat", "2026-03-12T15:00:00+04:00", "+79271111111");
    let reply = chat.writes("Диагностика подвески в четверг в 15:00");
    assert!(reply.contains("занято") && reply.contains("14:00"), "{reply}");
    chat.writes("тогда в 16:30");
    chat.writes("подтверждаю");
    assert_eq!(chat.visits()[1], "gear marat 03-12 16:30");
}

#[test]
fn a_question_and_a_change_of_mind() {
    let mut chat = Chat::known();
    chat.writes("Поменять масло у Марата в среду в 17:00");
    let reply = chat.writes("а гарантия есть?");
    assert!(reply.contains("6 месяцев") && reply.contains("17:00"), "{reply}");
    let reply = chat.writes("понятно. ой, лучше в пятницу");
    assert!(reply.contains("13 марта, в 17:00"), "{reply}");
    chat.writes("да");
    assert_eq!(chat.visits(), ["oil marat 03-13 17:00"]);
}

#[test]
fn a_move_by_the_phone_given() {
    let mut chat = Chat::new().with_visit("engine", "marat", "2026-03-12T14:00:00+04:00", MINE);
    chat.writes("Нужно перенести запись");
    chat.writes("8-927-000-00-01, Григорий");
    let reply = chat.writes("на воскресенье на 14:00");
    assert!(reply.contains("не работаем"), "{reply}");
    let reply = chat.writes("тогда на 17 марта на 12:30");
    assert!(reply.contains("12:30"), "{reply}");
    chat.writes("да");
    chat.writes("да");
    assert_eq!(chat.visits(), ["engine marat 03-17 12:30"]);
}

#[test]
fn the_right_one_of_two_is_cancelled() {
    let two = || {
        Chat::known().with_visit("oil", "oleg", "2026-03-12T14:00:00+04:00", MINE).with_visit(
            "gear",
            "marat",
            "2026-03-13T15:00:00+04:00",
            MINE,
        )
    };
    let mut chat = two();
    for text in ["Отмените, пожалуйста, подвеску", "не, точно отменяй", "да", "да"]
    {
        chat.writes(text);
    }
    assert_eq!(chat.visits(), ["oil oleg 03-12 14:00"]);
    let mut chat = two();
    for text in ["хочу отменить запись", "вторую", "да"] {
        chat.writes(text);
    }
    assert_eq!(chat.visits(), ["oil oleg 03-12 14:00"]);
}

#[test]
fn anger_is_handed_over_and_books_nothing() {
    let mut chat = Chat::known();
    let reply = chat.writes("Вы испортили мне машину! Это безобразие, кто ответит?!");
    assert_eq!(chat.plan().handoff, Some("anger"));
    assert!(reply.contains("администратор"), "{reply}");
    assert!(chat.acts.is_empty());
}

#[test]
fn an_english_story_with_a_button() {
    let mut chat = Chat::known();
    let reply = chat.writes("Hi, what times are free tomorrow for a tyre change with Анна?");
    assert!(reply.contains("11:00") && !reply.contains("Здравствуйте"), "{reply}");
    chat.press("11:00");
    let reply = chat.writes("yes");
    assert!(reply.contains("you are booked"), "{reply}");
    chat.writes("yes");
    assert_eq!(chat.visits(), ["tyres anna 03-11 11:00"]);
}

#[test]
fn a_question_that_names_a_time_is_a_wish() {
    let mut chat = Chat::known();
    chat.writes("запишите на шиномонтаж завтра в 12");
    let reply = chat.writes("а в 15:00 можно?");
    assert!(reply.contains("в 15:00"), "{reply}");
    let reply = chat.writes("а пораньше есть?");
    assert!(reply.contains("09:00"), "{reply}");
    let reply = chat.writes("а в субботу вы работаете?");
    assert!(reply.contains("10:00–16:00") && reply.contains("11 марта"), "{reply}");
    assert!(chat.acts.is_empty());
}

#[test]
fn several_wishes_in_one_message() {
    let mut chat = Chat::known();
    let reply = chat.writes("привет, сколько стоит шиномонтаж и можно ли завтра?");
    assert!(reply.contains("2\u{a0}000") && reply.contains("11 марта"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
}
