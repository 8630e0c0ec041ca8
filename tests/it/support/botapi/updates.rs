//! What people do, as updates without a number: [`BotApi::push`] gives it.

use serde_json::{Value, json};

use super::BotApi;
use super::methods::BOT;
use super::state::is_private;

/// Whoever writes without a name.
const NAME: &str = "Анна";

impl BotApi {
    /// A message in a private chat.
    pub fn text(&self, chat: i64, text: &str) -> Value {
        self.text_from(chat, chat, NAME, text)
    }

    /// A message of somebody with that name; in a group when the chat is one.
    pub fn text_from(&self, chat: i64, user: i64, name: &str, text: &str) -> Value {
        let mut content = json!({"text": text});
        if text.starts_with('/') {
            let command = text.split_whitespace().next().unwrap_or_default();
            let length = command.encode_utf16().count();
            content["entities"] = json!([{"type": "bot_command", "offset": 0, "length": length}]);
        }
        self.message(chat, user, name, content)
    }

    /// A message in a group.
    pub fn group_text(&self, chat: i64, user: i64, text: &str) -> Value {
        assert!(!is_private(chat), "a group has a negative id");
        self.text_from(chat, user, NAME, text)
    }

    /// A press of a button under a message.
    pub fn press(&self, chat: i64, message_id: i64, data: &str) -> Value {
        let mut state = self.shared.lock();
        let date = state.tick();
        // A real number has eighteen digits.
        let id = (438_200_000_000_000_000 + date).to_string();
        state.presses.insert(id.clone());
        let (text, markup) = state.shown.get(&(chat, message_id)).cloned().unwrap_or_default();
        let bot: Value = serde_json::from_str(BOT).expect("the bot");
        let mut message = json!({
            "message_id": message_id,
            "from": bot,
            "chat": place(chat, NAME),
            "date": date,
            "text": if text.is_empty() { "Выберите" } else { &text },
        });
        if markup["inline_keyboard"].is_array() {
            message["reply_markup"] = markup;
        }
        json!({"callback_query": {
            "id": id,
            "from": user(chat.abs(), NAME),
            "message": message,
            "chat_instance": "-3912345678901234567",
            "data": data,
        }})
    }

    /// A phone card; with the user's own id it is his own.
    pub fn contact(&self, chat: i64, phone: &str, user_id: Option<i64>) -> Value {
        let mut card = json!({"phone_number": phone, "first_name": NAME});
        if let Some(id) = user_id {
            card["user_id"] = id.into();
        }
        self.message(chat, chat.abs(), NAME, json!({"contact": card}))
    }

    /// A voice message of three seconds.
    pub fn voice(&self, chat: i64) -> Value {
        let voice = json!({
            "file_id": "AwACAgIAAxkBAAIB",
            "file_unique_id": "AgADvoice",
            "duration": 3,
            "mime_type": "audio/ogg",
            "file_size": super::http::FILE.len(),
        });
        self.message(chat, chat.abs(), NAME, json!({"voice": voice}))
    }

    /// A photo in two sizes.
    pub fn photo(&self, chat: i64, caption: Option<&str>) -> Value {
        let mut content = json!({"photo": [
            {"file_id": "AgACsmall", "file_unique_id": "AQADsmall", "width": 90, "height": 67, "file_size": 1253},
            {"file_id": "AgAClarge", "file_unique_id": "AQADlarge", "width": 800, "height": 600, "file_size": 71532},
        ]});
        if let Some(caption) = caption {
            content["caption"] = caption.into();
        }
        self.message(chat, chat.abs(), NAME, content)
    }

    /// Another text for a message that was sent before.
    pub fn edited(&self, chat: i64, message_id: i64, text: &str) -> Value {
        let date = self.shared.lock().tick();
        json!({"edited_message": {
            "message_id": message_id,
            "from": user(chat.abs(), NAME),
            "chat": place(chat, NAME),
            "date": date,
            "edit_date": date,
            "text": text,
        }})
    }

    /// The user blocks the bot (`kicked`) or lets it speak again (`member`).
    pub fn membership(&self, chat: i64, status: &str) -> Value {
        let bot: Value = serde_json::from_str(BOT).expect("the bot");
        let kicked = json!({"user": bot, "status": "kicked", "until_date": 0});
        let member = json!({"user": bot, "status": "member"});
        let (old, new) = match status {
            "kicked" => (member, kicked),
            "member" => (kicked, member),
            other => panic!("{other} is neither kicked nor member"),
        };
        json!({"my_chat_member": {
            "chat": place(chat, NAME),
            "from": user(chat.abs(), NAME),
            "date": self.shared.lock().tick(),
            "old_chat_member": old,
            "new_chat_member": new,
        }})
    }

    /// A new message with that content.
    fn message(&self, chat: i64, id: i64, name: &str, content: Value) -> Value {
        let (message_id, date) = {
            let mut state = self.shared.lock();
            (state.next_message(chat), state.tick())
        };
        let mut message = json!({
            "message_id": message_id,
            "from": user(id, name),
            "chat": place(chat, name),
            "date": date,
        });
        if let (Some(message), Value::Object(content)) = (message.as_object_mut(), content) {
            message.extend(content);
        }
        json!({"message": message})
    }
}

fn user(id: i64, name: &str) -> Value {
    json!({"id": id, "is_bot": false, "first_name": name, "language_code": "ru"})
}

fn place(chat: i64, name: &str) -> Value {
    if is_private(chat) {
        json!({"id": chat, "type": "private", "first_name": name})
    } else {
        json!({"id": chat, "type": "supergroup", "title": "Группа"})
    }
}
