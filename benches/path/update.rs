//! What clients write, as Telegram brings it and as the store takes it.

use flow::domain::channel::{Arrival, RawEvent};
use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Incoming, MessageKind};
use jiff::Timestamp;

use super::botapi::BotApi;

/// An update and its message have one number, above those that the stand-in gives the bot's own messages.
const FIRST: u64 = 1_000_000_000;
/// What is written when the answer does not matter.
pub const WISH: &str = "Здравствуйте! Хочу записаться на стрижку завтра после шести, есть ли свободное время?";
/// Words that are answered quickly.
pub const THANKS: &str = "спасибо";
/// What is looked up.
pub const QUESTION: &str = "Какой у вас адрес?";

/// A chat thanks and asks by turns.
pub const fn words(turn: u64) -> &'static str {
    if turn.is_multiple_of(2) { THANKS } else { QUESTION }
}

/// A message in a private chat.
#[derive(Clone, Copy)]
pub struct Update {
    /// No two have the same.
    pub number: u64,
    /// Whose.
    pub chat: u64,
    /// The words.
    pub text: &'static str,
}

impl Update {
    /// The next of many that take turns among so many chats.
    pub const fn among(chats: u64, number: u64, text: &'static str) -> Self {
        Self { number, chat: 5000 + number % chats, text }
    }

    /// As it travels.
    pub fn json(self) -> String {
        let Self { number, chat, text } = self;
        let number = FIRST + number;
        let person = r#""first_name":"Анна","last_name":"Петрова","username":"anna_petrova""#;
        let from = format!(r#"{{"id":{chat},"is_bot":false,{person},"language_code":"ru"}}"#);
        let place = format!(r#"{{"id":{chat},{person},"type":"private"}}"#);
        let message =
            format!(r#""message_id":{number},"from":{from},"chat":{place},"date":1780000000,"text":"{text}""#);
        format!(r#"{{"update_id":{number},"message":{{{message}}}}}"#)
    }

    /// As the daemon stores it, to be answered then.
    pub fn row(self, answer_at: Timestamp) -> (RawEvent, Arrival) {
        let Self { number, chat, text } = self;
        let account = BotApi::TOKEN.split(':').next().unwrap_or_default().to_owned();
        let number = FIRST + number;
        let raw = RawEvent {
            channel: Channel::Telegram,
            account: account.clone(),
            id: number.to_string(),
            body: self.json(),
        };
        let incoming = Incoming {
            identity: Identity { channel: Channel::Telegram, account, external_id: chat.to_string() },
            external_id: format!("{chat}/{number}"),
            kind: MessageKind::Text,
            text: text.to_owned(),
            button_value: None,
            name: Some("Анна Петрова".to_owned()),
            phone: None,
            metadata: None,
        };
        (raw, Arrival::Message(Box::new(incoming), answer_at))
    }
}
