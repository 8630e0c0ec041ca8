//! Questions, alone and in the middle of a form.

use super::desk::{Chat, Means, book, said, yes};
use crate::dialog::understand::Intent;
use crate::domain::contact::Locale;
use crate::domain::conversation::DialogState;

fn ask(text: &str, intent: Intent) -> crate::dialog::understand::Understanding {
    said(text).wants(&[intent])
}

#[test]
fn prices_come_from_the_profile() {
    let mut chat = Chat::new();
    let reply = chat.says(ask("сколько стоит шиномонтаж?", Intent::AskPrice).service(&["tyres"]));
    assert!(reply.contains("от 2\u{a0}000\u{a0}₽ до 4\u{a0}000\u{a0}₽"), "{reply}");
    assert_eq!(chat.state(), DialogState::Consulting);
    let reply = chat.says(ask("а двигатель проверить?", Intent::AskPrice).service(&["engine"]));
    assert!(reply.contains("стоимость назовёт специалист"), "{reply}");
    let reply = chat.says(ask("сколько стоит диагностика?", Intent::AskPrice).service(&["engine", "gear"]));
    assert!(reply.contains("двигателя") && reply.contains("1\u{a0}000\u{a0}₽"), "{reply}");
    let reply = chat.says(ask("какие цены?", Intent::AskPrice).with(|u| u.text = "какие цены".to_owned()));
    assert!(reply.contains("Замена масла") || reply.contains("Диагностика"), "{reply}");
    assert_eq!(chat.plan().lead, None, "a question is no lead");
}

#[test]
fn a_question_before_the_wish_is_its_context() {
    let mut chat = Chat::known();
    chat.says(ask("сколько стоит шиномонтаж?", Intent::AskPrice).service(&["tyres"]));
    let reply = chat.says(book("запишите завтра в 12").day("2026-03-11").at("12:00"));
    assert!(reply.contains("Шиномонтаж"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
}

#[test]
fn several_wishes_in_one_message_are_all_served() {
    let mut chat = Chat::known();
    let both = said("привет, сколько стоит шиномонтаж и можно завтра?");
    let reply =
        chat.says(both.wants(&[Intent::Book, Intent::AskPrice, Intent::Greet]).service(&["tyres"]).day("2026-03-11"));
    assert!(
        reply.starts_with("Здравствуйте!") && reply.contains("2\u{a0}000") && reply.contains("свободно"),
        "{reply}"
    );
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(chat.titles().contains(&"12:00".to_owned()));
}

#[test]
fn hours_are_grouped_and_told_for_a_day() {
    let mut chat = Chat::new();
    let reply = chat.says(ask("как вы работаете?", Intent::AskHours));
    assert!(reply.contains("пн–пт 09:00–19:00; сб 10:00–16:00; вс выходной"), "{reply}");
    assert!(reply.contains("20 марта"), "exceptional closing is told: {reply}");
    let reply = chat.says(ask("а в воскресенье?", Intent::AskHours).day("2026-03-15"));
    assert!(reply.contains("не работаем"), "{reply}");
    let reply = chat.says(ask("are you open on Saturday?", Intent::AskHours).day("2026-03-14"));
    assert!(reply.contains("On Saturday, 14 March, we are open 10:00–16:00"), "{reply}");
}

#[test]
fn address_services_and_staff_are_told() {
    let mut chat = Chat::new();
    let reply = chat.says(ask("где вы?", Intent::AskAddress));
    assert!(reply.contains("Заводская") && reply.contains("+78462000000"), "{reply}");
    let reply = chat.says(ask("что вы делаете?", Intent::AskServices));
    assert!(reply.contains("Обслуживание") && reply.contains("30 минут"), "{reply}");
    let reply = chat.says(ask("кто у вас работает?", Intent::AskStaff));
    assert!(reply.contains("Марат Сафин — Механик"), "{reply}");
    let reply = chat.says(ask("кто делает шиномонтаж?", Intent::AskStaff).service(&["tyres"]));
    assert!(reply.contains("Анна") && !reply.contains("Марат"), "{reply}");
    let reply = chat.says(ask("сколько длится шиномонтаж?", Intent::Question).service(&["tyres"]));
    assert!(reply.contains("1 час"), "{reply}");
}

#[test]
fn knowledge_answers_also_with_a_slip_and_otherwise_honestly_not() {
    let mut chat = Chat::new();
    assert!(chat.says(ask("есть где припарковаться?", Intent::Question)).contains("во дворе"));
    assert!(chat.says(ask("какая гарнтия?", Intent::Question)).contains("6 месяцев"));
    assert_eq!(chat.state(), DialogState::Consulting);
    let reply = chat.says(ask("вы делаете скидки пенсионерам?", Intent::Question));
    assert!(reply.contains("не знаю точного ответа"), "{reply}");
    assert_eq!(chat.plan().question.as_deref(), Some("вы делаете скидки пенсионерам?"));
    assert_eq!(chat.plan().handoff, None);
    assert_eq!(chat.titles(), ["Позвать администратора"]);
    chat.says(yes("да, позовите"));
    assert_eq!(chat.plan().handoff, Some("question"));
    chat.says(ask("а по праздникам скидки?", Intent::Question));
    chat.says(ask("где вы?", Intent::AskAddress));
    chat.says(yes("да"));
    assert_eq!(chat.plan().handoff, None, "the offer was for that question alone");
}

#[test]
fn a_question_about_another_service_or_day_changes_nothing_in_the_form() {
    let mut chat = Chat::known();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(ask("а шиномонтаж сколько?", Intent::AskPrice).service(&["tyres"]));
    assert!(reply.contains("2\u{a0}000") && reply.contains("Замена масла"), "{reply}");
    let reply = chat.says(ask("а в субботу вы открыты?", Intent::AskHours).day("2026-03-14"));
    assert!(reply.contains("10:00–16:00") && reply.contains("11 марта, в 12:00"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil oleg 03-11 12:00"]);
}

#[test]
fn a_question_while_name_and_phone_are_asked_returns_to_them() {
    let mut chat = Chat::new();
    chat.says(book("масло завтра в 12").service(&["oil"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(ask("а где вы находитесь?", Intent::AskAddress));
    assert!(reply.contains("Заводская") && reply.contains("зовут"), "{reply}");
    assert_eq!(chat.state(), DialogState::CollectingInfo);
    let reply = chat.says(ask("зачем вам телефон?", Intent::Question));
    assert!(reply.contains("предупредят"), "{reply}");
    assert_eq!(chat.plan().question, None);
}

#[test]
fn the_reply_is_in_the_language_of_the_words() {
    let mut chat = Chat::new();
    chat.says(ask("where are you?", Intent::AskAddress));
    assert_eq!(chat.plan().language, Locale::En);
    let reply = chat.says(ask("15:00", Intent::Other).with(|u| u.locale = Locale::Ru));
    assert_eq!(chat.plan().language, Locale::En, "{reply}");
    chat.says(ask("а где вы находитесь?", Intent::AskAddress));
    assert_eq!(chat.plan().language, Locale::Ru);
    chat.says(said("ok"));
    assert_eq!(chat.plan().language, Locale::Ru);
}
