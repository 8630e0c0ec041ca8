//! One client's chat with the front desk, through the app and a store of its own, under a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use flow::app::App;
use flow::config::{CompanyOverrides, Config, load_profile};
use flow::domain::booking::{Booking, BookingState, NewBooking};
use flow::domain::clock::ManualClock;
use flow::domain::company::Profile;
use flow::domain::contact::{Channel, Identity, Phone, Region};
use flow::domain::conversation::{Button, Conversation, Incoming, Message, MessageKind, Role};
use flow::domain::crm::Crm;
use flow::domain::id::ConversationId;
use flow::domain::store::{BookingFilter, MessageRange, Page};
use jiff::{SignedDuration, Timestamp};

/// Where the car service of the scenarios is, in the morning of a working Tuesday.
const NOW: &str = "2026-05-19T10:00:00+07:00";

pub fn phone(text: &str) -> Phone {
    Phone::parse(text, Region::default()).expect("a phone")
}

/// An app over the car service of the scenarios.
pub struct Office {
    pub app: App,
    pub clock: Arc<ManualClock>,
}

impl Office {
    /// With that configuration; quick messages do not wait for each other.
    pub async fn open(change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().expect("a moment")));
        let mut config = Config::default();
        config.dialog.coalesce = Duration::ZERO;
        change(&mut config);
        let app = App::in_memory(config, clock.clone()).expect("a store");
        Self::over(app, clock).await
    }

    /// Before a CRM of the test's own.
    pub async fn before(crm: Arc<dyn Crm>, clock: Arc<ManualClock>) -> Self {
        let mut config = Config::default();
        config.dialog.coalesce = Duration::ZERO;
        let app = App::in_memory_before(config, clock.clone(), |_, _| crm).expect("a store");
        Self::over(app, clock).await
    }

    /// A clock that stands where the scenarios begin.
    pub fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(NOW.parse().expect("a moment")))
    }

    /// The business of the scenarios.
    pub fn profile() -> Profile {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/profiles/garage.toml");
        load_profile(file.as_ref(), &CompanyOverrides::default()).expect("the profile").0
    }

    async fn over(app: App, clock: Arc<ManualClock>) -> Self {
        app.store.save_profile(&Self::profile(), app.now()).await.expect("saved");
        Self { app, clock }
    }

    /// Every row of the ledger.
    pub async fn bookings(&self) -> Vec<Booking> {
        let page = Page { limit: 1000, after: None, descending: false };
        self.app.store.bookings(&BookingFilter::default(), &page).await.expect("bookings")
    }

    /// An oil change with Denis or whoever comes first, booked by the staff for that phone.
    pub async fn book(&self, key: &str, start: &str, phone: Phone) -> Booking {
        let profile = self.app.store.profile().await.expect("a read").expect("a profile");
        let service = profile.service("oil").expect("the service");
        let employee = profile.employees.iter().find(|e| e.services.contains(&service.id)).expect("somebody");
        let start: Timestamp = start.parse().expect("a moment");
        let new = NewBooking {
            connection: "local".to_owned(),
            key: key.to_owned(),
            service_id: service.id.clone(),
            service_title: service.title.clone(),
            employee_id: Some(employee.id.clone()),
            employee_name: Some(employee.name.clone()),
            start,
            end: start + SignedDuration::from_mins(i64::from(service.duration_min)),
            client_name: Some("Кто-то".to_owned()),
            phone: Some(phone),
            price: None,
            currency: "RUB".to_owned(),
            comment: None,
            channel: None,
            contact_id: None,
            conversation_id: None,
            lead_id: None,
        };
        self.app.store.reserve(&new, BookingState::Booked, self.app.now()).await.expect("booked")
    }
}

/// A client on a channel.
pub struct Talk<'o> {
    pub office: &'o Office,
    identity: Identity,
    /// The phone that the channel knows.
    pub phone: Option<Phone>,
    sent: u32,
    seq: i64,
    pub id: Option<ConversationId>,
    /// Every button that was ever offered, the oldest first.
    pub buttons: Vec<Button>,
}

impl<'o> Talk<'o> {
    pub fn new(office: &'o Office, client: &str) -> Self {
        let identity = Identity { channel: Channel::Web, account: String::new(), external_id: client.to_owned() };
        Self { office, identity, phone: None, sent: 0, seq: 0, id: None, buttons: Vec::new() }
    }

    /// Stores a message without running the work that it asks for.
    pub async fn sends(&mut self, text: &str, button: Option<&str>) {
        self.sent += 1;
        let incoming = Incoming {
            identity: self.identity.clone(),
            external_id: format!("{}-{}", self.identity.external_id, self.sent),
            kind: if button.is_some() { MessageKind::Button } else { MessageKind::Text },
            text: text.to_owned(),
            button_value: button.map(str::to_owned),
            name: None,
            phone: self.phone.clone(),
            metadata: None,
        };
        let received = self.office.app.receive(&incoming, None).await.expect("stored");
        self.id = Some(received.conversation_id);
    }

    /// Runs what is due and answers what the bot has said since the last look.
    pub async fn hears(&mut self) -> String {
        self.office.app.runner.run_due().await.expect("the work is done");
        let replies: Vec<Message> = self.messages(self.seq).await;
        self.seq = replies.last().map_or(self.seq, |last| last.seq);
        let bot: Vec<&Message> = replies.iter().filter(|message| message.role == Role::Bot).collect();
        self.buttons.extend(bot.iter().flat_map(|message| message.buttons.clone()));
        bot.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    async fn messages(&self, after: i64) -> Vec<Message> {
        let Some(id) = self.id else { return Vec::new() };
        self.office.app.store.messages(id, MessageRange::After(after), 500).await.expect("messages")
    }

    /// The client writes; answers the reply.
    pub async fn says(&mut self, text: &str) -> String {
        self.sends(text, None).await;
        self.hears().await
    }

    /// The client presses a button; answers the reply.
    pub async fn presses(&mut self, button: &Button) -> String {
        self.sends(&button.text, Some(&button.value)).await;
        self.hears().await
    }

    pub async fn conversation(&self) -> Conversation {
        let id = self.id.expect("a conversation");
        self.office.app.store.conversation(id).await.expect("a read").expect("the conversation")
    }
}
