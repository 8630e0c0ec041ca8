//! What a client in a Telegram chat sees.

use super::{ANNA, Bot};

#[test]
fn a_visit_is_booked_by_buttons_and_a_shared_phone() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "/start"));
    let greeting = bot.heard(ANNA, 1);
    assert!(greeting[0].contains("Чем помочь"), "{greeting:?}");

    let (message, book) = bot.button(ANNA, "Записаться");
    assert!(book.len() <= 64);
    bot.api.push(bot.api.press(ANNA, message, &book));
    bot.heard(ANNA, 2);
    bot.api.push(bot.api.text(ANNA, "на женскую стрижку в ближайшую пятницу в 15:00"));
    let asked = bot.heard(ANNA, 3).pop().unwrap();
    let question = bot.api.calls("sendMessage").into_iter().last().unwrap();
    assert!(
        question["reply_markup"]["keyboard"][0][0]["request_contact"].as_bool().unwrap_or(false),
        "{asked} {question}"
    );
    bot.api.push(bot.api.contact(ANNA, "79161234567", Some(ANNA)));
    let summary = bot.heard(ANNA, 4).pop().unwrap();
    assert!(summary.contains("15:00"), "{summary}");
    let (message, yes) = bot.button(ANNA, "Да");
    bot.api.push(bot.api.press(ANNA, message, &yes));
    let booked = bot.heard(ANNA, 5).pop().unwrap();
    assert!(booked.to_lowercase().contains("записаны"), "{booked}");
    bot.api.wait_until_blocking("every press to be answered", |api| api.count("answerCallbackQuery") == 2);

    // The same button again, by a double press and by a redelivered update, books nothing twice.
    bot.api.push(bot.api.press(ANNA, message, &yes));
    bot.api.push(bot.api.text(ANNA, "спасибо"));
    let again = bot.heard(ANNA, 6).split_off(5);
    assert!(again.len() == 1 && !again[0].to_lowercase().contains("записаны"), "it was answered once: {again:?}");
    assert_eq!(bot.home.json(&["bookings", "list", "-o", "json"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_forged_or_foreign_button_is_answered_and_does_nothing() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "/start"));
    bot.heard(ANNA, 1);
    let (message, book) = bot.button(ANNA, "Записаться");
    // Somebody else's chat, and signs that nobody made.
    for (number, data) in [book.as_str(), "yes:1", "b.1.0.AAAAAAAAAAA", "slot:2030-01-01"].into_iter().enumerate() {
        bot.api.push(bot.api.press(6001, message, data));
        let told = bot.heard(6001, number + 1).pop().unwrap();
        assert!(told.contains("кнопка"), "{data}: {told}");
    }
    bot.api.wait_until_blocking("every press to be answered", |api| api.count("answerCallbackQuery") == 4);
    assert_eq!(bot.home.json(&["bookings", "list", "-o", "json"]).as_array().unwrap().len(), 0);
}

#[test]
fn buttons_survive_a_restart() {
    let bot = Bot::new();
    let mut daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "/start"));
    bot.heard(ANNA, 1);
    let (message, prices) = bot.button(ANNA, "Цены");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.press(ANNA, message, &prices));
    let told = bot.heard(ANNA, 2).pop().unwrap();
    assert!(told.contains('₽'), "{told}");
}

#[test]
fn commands_media_edits_and_groups_are_what_a_person_expects() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    let say = |update, count: usize| {
        bot.api.push(update);
        bot.heard(ANNA, count).pop().unwrap()
    };
    assert!(say(bot.api.text(ANNA, "/help"), 1).contains("записаться"));
    assert!(say(bot.api.text(ANNA, "/cancel"), 2).len() > 3);
    assert!(say(bot.api.voice(ANNA), 3).contains("Голосовое"));
    assert!(say(bot.api.photo(ANNA, None), 4).contains("вложение"));
    assert!(say(bot.api.contact(ANNA, "79031112233", Some(42)), 5).contains("другого человека"));
    let question = bot.api.text(ANNA, "Сколько стоит стрижка?");
    let number = question["message"]["message_id"].as_i64().unwrap();
    assert!(say(question, 6).contains('₽'));

    // A changed message is stored as it is now, and not answered again.
    bot.api.push(bot.api.edited(ANNA, number, "Сколько стоит маникюр?"));
    bot.until("the edit", || bot.stored().iter().any(|found| found.to_string().contains("маникюр")));
    // A group hears nothing unless it names the bot, and then only there.
    bot.api.push(bot.api.group_text(-1001, 77, "всем привет"));
    bot.api.push(bot.api.group_text(-1001, 77, "@flow_test_bot какой у вас адрес?"));
    bot.heard(-1001, 1);
    let answer = bot.api.calls("sendMessage").into_iter().rev().find(|call| call["chat_id"] == -1001).unwrap();
    assert!(answer["reply_parameters"]["message_id"].is_i64(), "it is seen whom it answers: {answer}");
    assert!(say(bot.api.text(ANNA, "спасибо"), 7).len() > 3);
    assert_eq!((bot.api.sent(ANNA).len(), bot.api.sent(-1001).len()), (7, 1));
    let stored = bot.stored();
    let anna = stored.iter().find(|found| found["message_count"] == 14).expect("seven messages of hers, seven answers");
    let voice = Bot::messages(anna).iter().find(|m| m["kind"] == "voice").unwrap();
    assert_eq!(voice["metadata"]["transcription"], "pending", "{voice}");
    let page = bot.home.run(&["conversations", "show", anna["id"].as_str().unwrap()]).stdout;
    let page = String::from_utf8(page).unwrap();
    for shown in ["[voice, ", "[picture]", "[contact]", "(edited)"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(bot.api.count("sendChatAction") > 0, "it shows that an answer is being written");
}

#[test]
fn a_dialogue_that_cannot_be_read_is_apologised_for_and_begins_anew() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "Хочу на женскую стрижку"));
    bot.heard(ANNA, 1);
    let store = rusqlite::Connection::open(bot.home.path().join("flow.db")).unwrap();
    assert_eq!(store.execute("UPDATE sessions SET form='{bad'", []).unwrap(), 1);
    bot.api.push(bot.api.text(ANNA, "в пятницу"));
    let told = bot.heard(ANNA, 2).pop().unwrap();
    assert!(told.contains("администратор"), "the client hears that a person comes: {told}");
    let inbox = bot.home.json(&["inbox", "list", "-o", "json"]);
    assert_eq!(inbox[0]["handoff"]["reason"], "failures", "{inbox}");
    assert_eq!(bot.home.json(&["jobs", "list", "--state", "dead", "-o", "json"]).as_array().unwrap().len(), 1);
    // Given back, the bot goes on from the beginning.
    assert!(bot.home.run(&["inbox", "return", inbox[0]["id"].as_str().unwrap()]).status.success());
    bot.api.push(bot.api.text(ANNA, "Какой у вас адрес?"));
    bot.heard(ANNA, 3);
}

#[test]
fn a_button_that_cannot_be_read_keeps_nobody_waiting() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text(ANNA, "/start"));
    bot.heard(ANNA, 1);
    let (message, book) = bot.button(ANNA, "Записаться");
    let store = rusqlite::Connection::open(bot.home.path().join("flow.db")).unwrap();
    assert_eq!(store.execute("UPDATE messages SET buttons='{bro' WHERE role='bot'", []).unwrap(), 1);
    bot.api.push(bot.api.press(ANNA, message, &book));
    bot.api.push(bot.api.text(6001, "Какой у вас адрес?"));
    bot.heard(6001, 1);
    // The dialogue of the press cannot be read either: a person comes, and the client hears so.
    assert!(bot.heard(ANNA, 2)[1].contains("администратор"));
    // A conversation that cannot be read keeps its own messages out, and no other's.
    assert_eq!(store.execute("UPDATE conversations SET status='lost' WHERE external_id='5001'", []).unwrap(), 1);
    bot.api.push(bot.api.text(ANNA, "Алло?"));
    bot.api.push(bot.api.text(6001, "Сколько стоит стрижка?"));
    bot.heard(6001, 2);
    bot.until("all as read", || bot.api.pending() == 0);
}

#[test]
fn what_a_client_writes_cannot_become_markup() {
    let bot = Bot::new();
    let _daemon = bot.serve(&[]);
    bot.api.push(bot.api.text_from(ANNA, ANNA, "<b>&amp;</i> Анна & Ко", "Хочу на стрижку"));
    bot.heard(ANNA, 1);
    bot.api.push(bot.api.text(ANNA, "меня зовут <i>Tom & Jerry</b>, запишите на женскую стрижку в пятницу в 15:00"));
    bot.heard(ANNA, 2);
    let refused = bot.api.calls("sendMessage").len() - bot.api.sent(ANNA).len();
    assert_eq!(refused, 0, "no text was refused for its markup");
}
