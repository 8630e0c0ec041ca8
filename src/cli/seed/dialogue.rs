//! One made-up dialogue under way: its messages, its clock and its chance.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::texts::{Phrases, fill, phrases};
use crate::domain::contact::{Channel, Contact, Identity, Locale, Phone, Region};
use crate::domain::conversation::{Button, Message, MessageKind, Role};
use crate::domain::id::{ContactId, ConversationId, MessageId};

/// A client nobody is.
#[derive(Debug, Clone)]
pub struct Person {
    /// Where they write from.
    pub identity: Identity,
    /// Their language.
    pub locale: Locale,
    /// Their name.
    pub name: &'static str,
    /// Their phone.
    pub phone: Phone,
}

impl Person {
    /// Makes somebody up; `account` keeps them apart from everybody real.
    pub fn make_up(account: &str, rng: &mut ChaCha8Rng) -> Option<Self> {
        let locale = if rng.random_ratio(1, 12) { Locale::En } else { Locale::Ru };
        let phone = format!("+79{:09}", rng.random_range(0..1_000_000_000_u32));
        let phone = Phone::parse(&phone, Region::default()).ok()?;
        let channel = match rng.random_range(0..100) {
            0..40 => Channel::Telegram,
            40..62 => Channel::Whatsapp,
            62..85 => Channel::Web,
            85..93 => Channel::Max,
            93..98 => Channel::Talkme,
            _ => Channel::Api,
        };
        let external_id = match channel {
            Channel::Whatsapp => phone.digits().to_owned(),
            Channel::Telegram | Channel::Max => rng.random_range(100_000_000_000..1_000_000_000_000_u64).to_string(),
            _ => format!("v-{:016x}", rng.random::<u64>()),
        };
        let names = phrases(locale).names;
        Some(Self {
            identity: Identity { channel, account: account.to_owned(), external_id },
            locale,
            name: names[rng.random_range(0..names.len())],
            phone,
        })
    }

    /// Whether the channel itself tells the phone.
    pub fn phone_is_known(&self) -> bool {
        self.identity.channel == Channel::Whatsapp
    }
}

/// A dialogue that is being written down.
pub struct Dialogue<'r> {
    /// Chance.
    pub rng: &'r mut ChaCha8Rng,
    /// The client's sentences and the desk's.
    pub phrases: &'static Phrases,
    /// The client.
    pub person: Person,
    /// Its id.
    pub id: ConversationId,
    /// The client's contact id.
    pub contact: ContactId,
    /// When it began.
    pub started: Timestamp,
    /// The present moment in it.
    pub at: Timestamp,
    /// What was said.
    pub messages: Vec<Message>,
    /// What the client has told of themselves.
    pub named: bool,
}

impl<'r> Dialogue<'r> {
    /// Begins at a moment.
    pub fn begin(person: Person, at: Timestamp, rng: &'r mut ChaCha8Rng) -> Self {
        let (id, contact) = (rng.random(), rng.random());
        Self {
            phrases: phrases(person.locale),
            id: ConversationId::from_parts(at, id),
            contact: ContactId::from_parts(at, contact),
            named: false,
            person,
            started: at,
            at,
            messages: Vec::with_capacity(12),
            rng,
        }
    }

    /// One of several sentences.
    pub fn pick(&mut self, of: &'static [&'static str]) -> &'static str {
        of[self.rng.random_range(0..of.len().max(1))]
    }

    /// The client writes.
    pub fn client(&mut self, sentences: &'static [&'static str], blanks: &[(&str, &str)]) {
        let text = fill(self.pick(sentences), blanks);
        self.wait(4, 70);
        self.push(Role::Customer, MessageKind::Text, text, None, Vec::new());
    }

    /// The client presses a button.
    pub fn press(&mut self, title: &str) {
        self.wait(2, 30);
        self.push(Role::Customer, MessageKind::Button, title.to_owned(), Some(title.to_owned()), Vec::new());
    }

    /// The desk answers.
    pub fn bot(&mut self, text: String, buttons: &[&str]) {
        self.wait(1, 3);
        let buttons = buttons.iter().map(|title| Button::titled(*title)).collect();
        self.push(Role::Bot, MessageKind::Text, text, None, buttons);
    }

    /// Time goes by.
    pub fn wait(&mut self, from: i64, to: i64) {
        self.at += SignedDuration::from_millis(self.rng.random_range(from * 1000..=to * 1000));
    }

    fn push(&mut self, role: Role, kind: MessageKind, text: String, value: Option<String>, buttons: Vec<Button>) {
        // To the millisecond, as the store keeps it.
        let at = Timestamp::from_millisecond(self.at.as_millisecond()).unwrap_or(self.at);
        let id = MessageId::from_parts(at, self.rng.random());
        let is_client = role == Role::Customer;
        let in_reply_to = match self.messages.last() {
            Some(last) if !is_client && last.role == Role::Customer => Some(last.id),
            _ => None,
        };
        self.messages.push(Message {
            edited_at: None,
            seq: 0,
            id,
            conversation_id: self.id,
            role,
            kind,
            text,
            button_value: value,
            buttons,
            at,
            channel_message_id: is_client.then(|| id.to_string()),
            delivery: None,
            in_reply_to,
            metadata: None,
            trace: None,
        });
    }

    /// The client as the desk knows them at the end.
    pub fn known_contact(&self) -> Contact {
        Contact {
            id: self.contact,
            name: self.named.then(|| self.person.name.to_owned()),
            phone: (self.named || self.person.phone_is_known()).then(|| self.person.phone.clone()),
            verified_phone: self.person.phone_is_known().then(|| self.person.phone.clone()),
            email: None,
            created_at: self.started,
        }
    }
}
