//! Whole bookings, from the first word to the visit that stands.

use super::desk::{Chat, Means, book, no, phone, said, yes};
use crate::dialog::flow::Act;
use crate::dialog::understand::Intent;
use crate::domain::conversation::DialogState;
use crate::domain::lead::LeadStatus;

#[test]
fn one_message_leads_to_the_summary_and_only_a_yes_books() {
    let mut chat = Chat::known();
    let hello =
        book("Здравствуйте! Запишите на замену масла к Марату завтра в 14:00").wants(&[Intent::Book, Intent::Greet]);
    let reply = chat.says(hello.service(&["oil"]).employee(&["marat"]).day("2026-03-11").at("14:00"));
    assert_eq!(chat.state(), DialogState::Confirming);
    for part in
        ["Здравствуйте", "Замена масла", "завтра, в среду, 11 марта, в 14:00", "Марат Сафин", "1\u{a0}500\u{a0}₽"]
    {
        assert!(reply.to_lowercase().contains(&part.to_lowercase()), "{part}: {reply}");
    }
    assert_eq!(chat.titles(), ["Да", "Изменить"]);
    assert!(chat.acts.is_empty());
    let reply = chat.says(yes("да"));
    assert!(reply.contains("вы записаны"), "{reply}");
    assert_eq!(chat.state(), DialogState::Completed);
    assert_eq!(chat.visits(), ["oil marat 03-11 14:00"]);
    assert!(chat.asked.as_ref().unwrap().says.is_empty(), "nothing is claimed before the CRM answers");
}

#[test]
fn one_detail_a_message_ends_with_name_and_phone() {
    let mut chat = Chat::new();
    chat.says(said("Добрый день").wants(&[Intent::Greet]));
    assert_eq!(chat.state(), DialogState::Greeting);
    let reply = chat.says(said("надо поменять масло").service(&["oil"]));
    assert_eq!(chat.state(), DialogState::Booking);
    assert!(reply.contains("на какой день"), "{reply}");
    assert_eq!(chat.titles()[1], "завтра, 11 марта");
    chat.says(said("без разницы к кому").with(|u| u.any_employee = true));
    assert_eq!(chat.state(), DialogState::Booking);
    let reply = chat.says(said("в пятницу").day("2026-03-13"));
    assert!(reply.contains("13 марта"), "{reply}");
    assert!(chat.titles().contains(&"15:00".to_owned()));
    let reply = chat.says(said("в полтретьего").at("14:30"));
    assert_eq!(chat.state(), DialogState::CollectingInfo);
    assert!(reply.contains("зовут") && reply.contains("телефон"), "{reply}");
    chat.says(said("8 927 000-00-09, Игнат").phone("+79270000009").name("Игнат"));
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("ага"));
    let reply = chat.says(yes("да"));
    assert!(reply.contains("в силе"), "{reply}");
    assert_eq!(chat.state(), DialogState::Completed);
    assert_eq!(chat.visits(), ["oil oleg 03-13 14:30"]);
    let Act::Book { name, phone: number, .. } = &chat.acts[0] else { panic!() };
    assert_eq!((name.as_str(), number.as_str()), ("Игнат", "+79270000009"));
    chat.says(said("спасибо").wants(&[Intent::Thanks]));
    assert_eq!(chat.state(), DialogState::Completed);
}

#[test]
fn name_and_phone_are_taken_in_any_order_and_only_what_is_missing_is_asked() {
    let mut chat = Chat::new();
    chat.says(book("шиномонтаж завтра в 12").service(&["tyres"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(said("+7 927 000 00 09").phone("+79270000009"));
    assert!(reply.contains("зовут") && !reply.contains("номер"), "{reply}");
    assert_eq!(chat.state(), DialogState::CollectingInfo);
    chat.says(said("анна").with(|u| u.bare_name = Some("Анна".to_owned())).employee(&["anna"]));
    assert_eq!(chat.state(), DialogState::Confirming);
    assert_eq!(chat.asked.as_ref().unwrap().name.as_deref(), Some("Анна"));
    assert!(chat.text().contains("Олег Ветров"), "a client's name is no employee: {}", chat.text());
    assert_eq!(chat.plan().lead.as_ref().unwrap().status, Some(LeadStatus::Qualified));
}

#[test]
fn digits_that_are_no_phone_are_asked_for_again() {
    let mut chat = Chat::new();
    chat.name = Some("Пётр".to_owned());
    chat.says(book("шиномонтаж завтра в 12").service(&["tyres"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(said("8 927 000"));
    assert!(reply.contains("не похож"), "{reply}");
    assert_eq!(chat.state(), DialogState::CollectingInfo);
}

#[test]
fn a_question_and_a_change_of_mind_leave_the_rest_of_the_form() {
    let mut chat = Chat::known();
    chat.says(
        book("Поменять масло у Марата в четверг в 17:00")
            .service(&["oil"])
            .employee(&["marat"])
            .day("2026-03-12")
            .at("17:00"),
    );
    let reply = chat.says(said("а гарантия есть?").wants(&[Intent::Question]));
    assert!(reply.contains("6 месяцев") && reply.contains("17:00"), "{reply}");
    assert_eq!(chat.state(), DialogState::Confirming);
    let reply = chat.says(said("ясно. ой, лучше в пятницу").day("2026-03-13"));
    assert!(reply.contains("В пятницу, 13 марта, в 17:00") && reply.contains("Марат"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["oil marat 03-13 17:00"]);
}

#[test]
fn a_taken_time_is_told_and_what_is_free_on_both_sides_is_offered() {
    let mut chat = Chat::known().with_visit("engine", "marat", "2026-03-12T15:00:00+04:00", "+79271111111");
    let reply =
        chat.says(book("Диагностика подвески в четверг в 15:00").service(&["gear"]).day("2026-03-12").at("15:00"));
    assert!(reply.contains("занято"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
    assert_eq!(chat.titles(), ["13:00", "13:30", "14:00", "16:30", "17:00", "17:30"]);
    let reply = chat.says(said("тогда в 16:30").at("16:30"));
    assert!(reply.contains("16:30"), "{reply}");
    chat.says(yes("да"));
    assert_eq!(chat.visits()[1], "gear marat 03-12 16:30");
}

#[test]
fn the_lead_goes_from_new_to_qualified_to_booked() {
    let mut chat = Chat::new();
    chat.says(book("хочу записаться"));
    let lead = chat.plan().lead.clone().unwrap();
    assert_eq!((lead.status, lead.service), (Some(LeadStatus::New), None));
    chat.says(said("шиномонтаж").service(&["tyres"]));
    assert_eq!(chat.plan().lead.as_ref().unwrap().service.as_deref(), Some("Шиномонтаж"));
    chat.says(
        said("завтра в 12, Лев, 8 927 000 00 09").day("2026-03-11").at("12:00").name("Лев").phone("+79270000009"),
    );
    let lead = chat.plan().lead.clone().unwrap();
    assert_eq!((lead.status, lead.phone), (Some(LeadStatus::Qualified), Some(phone("+79270000009"))));
    chat.says(yes("да"));
    let lead = chat.plan().lead.clone().unwrap();
    assert_eq!(lead.status, Some(LeadStatus::Booked));
    assert!(lead.desired_at.is_some() && !lead.update_only);
    chat.says(yes("да"));
    assert_eq!(chat.plan().lead, None, "an extra yes makes no lead");
}

#[test]
fn an_english_client_is_answered_in_english_and_picks_a_button() {
    let mut chat = Chat::known();
    let reply = chat.says(
        book("Hello, what times are free tomorrow for tyres?")
            .wants(&[Intent::Book, Intent::Greet])
            .service(&["tyres"])
            .day("2026-03-11"),
    );
    assert!(reply.contains("Free times tomorrow, Wednesday, 11 March"), "{reply}");
    assert!(!reply.contains("Здравствуйте"));
    let reply = chat.press("11:00");
    assert!(reply.contains("Please check") && reply.contains("at 11:00"), "{reply}");
    assert_eq!(chat.titles(), ["Yes", "Change"]);
    let reply = chat.says(yes("yes"));
    assert!(reply.contains("you are booked"), "{reply}");
    chat.says(yes("yes"));
    assert_eq!(chat.acts.len(), 1);
}

#[test]
fn buttons_alone_carry_a_booking_through() {
    let mut chat = Chat::known();
    chat.press_value("Записаться", "menu:book");
    chat.press("Шиномонтаж");
    chat.press("пт, 13 марта");
    chat.press("12:00");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.press("Да");
    assert_eq!(chat.visits(), ["tyres oleg 03-13 12:00"]);
}

#[test]
fn a_no_at_the_summary_asks_what_to_change() {
    let mut chat = Chat::known();
    chat.says(book("шиномонтаж завтра в 12").service(&["tyres"]).day("2026-03-11").at("12:00"));
    let reply = chat.says(no("нет"));
    assert!(reply.contains("что изменить"), "{reply}");
    assert_eq!(chat.state(), DialogState::Booking);
    chat.press("Время");
    assert!(chat.titles().contains(&"15:00".to_owned()));
    chat.press("15:00");
    chat.press("Изменить");
    let reply = chat.says(said("мастера"));
    assert!(reply.contains("Анна Лис"), "{reply}");
    chat.press("Анна");
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["tyres anna 03-11 15:00"]);
}

#[test]
fn a_second_service_begins_a_new_form_that_knows_the_client() {
    let mut chat = Chat::new();
    chat.says(
        book("шиномонтаж завтра в 12, Лев, 8 927 000 00 09")
            .service(&["tyres"])
            .day("2026-03-11")
            .at("12:00")
            .name("Лев")
            .phone("+79270000009"),
    );
    chat.says(yes("да"));
    let reply = chat.says(said("ещё и масло поменять").service(&["oil"]));
    assert!(reply.contains("Замена масла"), "{reply}");
    assert_eq!(chat.plan().lead.as_ref().unwrap().status, Some(LeadStatus::New));
    chat.says(said("завтра в 13").day("2026-03-11").at("13:00"));
    assert_eq!(chat.state(), DialogState::Confirming);
    chat.says(yes("да"));
    assert_eq!(chat.visits(), ["tyres oleg 03-11 12:00", "oil oleg 03-11 13:00"]);
}
