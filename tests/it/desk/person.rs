//! A person in the middle of a dialogue with the bot.

use flow::domain::conversation::Handoff;

use crate::support::talk::{Office, Talk};

/// A client who is asked for name and phone, and calls for a person.
async fn asked<'o>(office: &'o Office) -> Talk<'o> {
    let mut talk = Talk::new(office, "client");
    talk.says("здравствуйте, хочу поменять масло завтра в 15:00").await;
    talk.says("позовите человека").await;
    assert!(talk.conversation().await.is_with_person());
    talk
}

async fn store(talk: &Talk<'_>) -> std::sync::Arc<dyn flow::domain::store::Store> {
    std::sync::Arc::clone(&talk.office.app.store)
}

async fn answers(talk: &Talk<'_>, text: &str) {
    store(talk).await.reply(talk.id.unwrap(), text, "Ольга", talk.office.app.now()).await.unwrap();
}

async fn returns(talk: &Talk<'_>) -> Option<Handoff> {
    store(talk).await.hand_back(talk.id.unwrap(), talk.office.app.now()).await.unwrap().handoff
}

#[tokio::test]
async fn after_a_person_the_bot_goes_on_with_the_form_and_does_not_greet_again() {
    let office = Office::open(|_| {}).await;
    let mut talk = asked(&office).await;
    assert_eq!(talk.says("вы где?").await, "", "the bot is silent");
    answers(&talk, "Здравствуйте! Мы на Складской.").await;
    assert_eq!(talk.says("понятно, сколько стоит шиномонтаж?").await, "");
    // This one no worker has looked at when the conversation is returned.
    talk.sends("спасибо", None).await;
    returns(&talk).await;
    assert_eq!(talk.hears().await, "", "what was written to a person is not answered late");
    let reply = talk.says("здравствуйте, меня зовут Пётр, 8 913 000-00-02").await;
    assert!(!reply.contains("Здравствуйте"), "{reply}");
    assert!(reply.contains("15:00") && reply.contains("масла"), "the form was kept: {reply}");
    let reply = talk.says("да").await;
    assert!(reply.contains("записаны"), "{reply}");
}

#[tokio::test]
async fn a_return_without_an_answer_makes_the_bot_answer_the_last_message() {
    let office = Office::open(|_| {}).await;
    let mut talk = asked(&office).await;
    assert_eq!(talk.says("алло").await, "");
    assert_eq!(talk.says("а сколько стоит шиномонтаж?").await, "");
    returns(&talk).await;
    let reply = talk.hears().await;
    assert!(reply.contains("2") && reply.contains("₽"), "{reply}");
    assert_eq!(talk.hears().await, "", "once");
}

#[tokio::test]
async fn a_return_with_nothing_left_open_says_nothing() {
    let office = Office::open(|_| {}).await;
    let mut talk = asked(&office).await;
    returns(&talk).await;
    assert_eq!(talk.hears().await, "", "«person comes» was the answer");
    assert_eq!(returns(&talk).await.unwrap().at, office.app.now(), "twice is once");
}

#[tokio::test]
async fn a_message_that_waits_when_a_person_takes_over_is_not_the_bots() {
    let office = Office::open(|_| {}).await;
    let mut talk = Talk::new(&office, "client");
    talk.sends("сколько стоит шиномонтаж?", None).await;
    store(&talk).await.take(talk.id.unwrap(), "Ольга", false, office.app.now()).await.unwrap();
    assert_eq!(talk.hears().await, "");
    returns(&talk).await;
    assert!(talk.hears().await.contains("₽"), "nobody answered it");
}

#[tokio::test]
async fn a_yes_to_a_person_is_no_yes_to_the_summary_before() {
    let office = Office::open(|_| {}).await;
    let mut talk = Talk::new(&office, "client");
    talk.says("поменять масло завтра в 15:00").await;
    let reply = talk.says("Пётр, 8 913 000-00-02").await;
    assert!(reply.contains("15:00"), "{reply}");
    store(&talk).await.take(talk.id.unwrap(), "Ольга", false, office.app.now()).await.unwrap();
    answers(&talk, "Вам удобнее на Складской?").await;
    returns(&talk).await;
    let reply = talk.says("Да").await;
    assert!(reply.contains("15:00") && !reply.contains("записаны"), "the summary is shown again: {reply}");
    assert_eq!(office.bookings().await, []);
    assert!(talk.says("да").await.contains("записаны"));
}
