//! Plays a scenario through the real engine: a store of its own, a clock that stands still, the path of a channel.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::scenario::{Booked, Scenario, Turn};
use crate::app::App;
use crate::config::{CompanyOverrides, Config, StoreUrl, load_profile};
use crate::domain::booking::{BookingState, NewBooking};
use crate::domain::clock::ManualClock;
use crate::domain::company::Profile;
use crate::domain::contact::Identity;
use crate::domain::conversation::{Button, Conversation, DialogState, Incoming, Message, MessageKind, Role};
use crate::domain::id::ConversationId;
use crate::domain::lead::LeadStatus;
use crate::domain::store::{BookingFilter, BookingUpdate, MessageRange, Page};

/// Replies of one turn are never more.
const REPLIES: u32 = 100;

/// What a turn came to.
pub(super) struct Played {
    /// What the client did, as the transcript shows it.
    pub(super) said: String,
    /// Texts and button titles of the replies.
    pub(super) replies: Vec<(String, Vec<Button>)>,
    /// The state after it.
    pub(super) state: DialogState,
    /// Why the turn could not be played.
    pub(super) problem: Option<String>,
}

/// An appointment that stands at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) service: String,
    pub(super) employee: Option<String>,
    pub(super) start: Timestamp,
}

/// Everything that can be graded.
pub(super) struct Performance {
    pub(super) turns: Vec<Played>,
    pub(super) handed_over: bool,
    pub(super) lead_status: Option<LeadStatus>,
    pub(super) appointments: Vec<Standing>,
}

struct Stage {
    app: App,
    clock: Arc<ManualClock>,
    identity: Identity,
    conversation: Option<ConversationId>,
    last_seq: i64,
    buttons: Vec<Button>,
}

/// Plays a scenario.
///
/// # Errors
/// When its profile cannot be read or the store fails.
pub(super) async fn play(path: &Path, scenario: &Scenario, place: Option<&StoreUrl>) -> Result<Performance, String> {
    let file = path.parent().unwrap_or(Path::new(".")).join(&scenario.profile);
    let (profile, _) = load_profile(&file, &CompanyOverrides::default()).map_err(|problems| problems.to_string())?;
    let clock = Arc::new(ManualClock::at(scenario.now));
    let mut config = Config::default();
    config.dialog.coalesce = Duration::ZERO;
    let app = App::in_scratch(config, place, clock.clone()).map_err(|error| error.to_string())?;
    app.store.save_profile(&profile, scenario.now).await.map_err(|error| error.to_string())?;
    for (index, booked) in scenario.booked.iter().enumerate() {
        book(&app, &profile, index, booked).await?;
    }
    let identity = Identity { channel: scenario.channel, account: String::new(), external_id: "scenario".to_owned() };
    let mut stage = Stage { app, clock, identity, conversation: None, last_seq: 0, buttons: Vec::new() };
    let mut turns = Vec::new();
    for (index, turn) in scenario.turns.iter().enumerate() {
        turns.push(stage.turn(scenario, index, turn).await?);
    }
    stage.end(scenario, turns).await
}

async fn book(app: &App, profile: &Profile, index: usize, booked: &Booked) -> Result<(), String> {
    let service =
        profile.service(&booked.service).ok_or(format!("booked: there is no service `{}`", booked.service))?;
    let employee =
        profile.employee(&booked.employee).ok_or(format!("booked: there is no employee `{}`", booked.employee))?;
    let new = NewBooking {
        connection: "local".to_owned(),
        key: format!("booked-{index}"),
        service_id: service.id.clone(),
        service_title: service.title.clone(),
        employee_id: Some(employee.id.clone()),
        employee_name: Some(employee.name.clone()),
        start: booked.start,
        end: booked.start + SignedDuration::from_mins(i64::from(service.duration_min)),
        client_name: booked.name.clone(),
        phone: booked.phone.clone(),
        price: service.price.map(|price| price.from),
        currency: profile.company.currency.clone(),
        comment: None,
        channel: None,
        contact_id: None,
        conversation_id: None,
        lead_id: None,
    };
    let row = app.store.reserve(&new, BookingState::Booked, app.now()).await.map_err(|e| format!("booked: {e}"))?;
    let update =
        BookingUpdate { id: row.id, state: BookingState::Booked, external_id: Some(row.id.to_string()), error: None };
    app.store.update_booking(&update, app.now()).await.map(|_| ()).map_err(|error| error.to_string())
}

impl Stage {
    async fn turn(&mut self, scenario: &Scenario, index: usize, turn: &Turn) -> Result<Played, String> {
        self.clock.advance(SignedDuration::try_from(turn.wait).unwrap_or(SignedDuration::ZERO));
        let (text, button) = if turn.press.is_empty() {
            (turn.client.clone(), None)
        } else {
            match pressed(&self.buttons, &turn.press) {
                Some(button) => (button.text.clone(), Some(button.value.clone())),
                None => return self.unplayable(turn).await,
            }
        };
        let said = if button.is_some() { format!("[{text}]") } else { text.clone() };
        let incoming = Incoming {
            identity: self.identity.clone(),
            external_id: format!("turn-{index}"),
            kind: if button.is_some() { MessageKind::Button } else { MessageKind::Text },
            text,
            button_value: button,
            name: scenario.client.name.clone(),
            phone: scenario.client.phone.clone(),
            metadata: None,
        };
        let received = self.app.receive(&incoming, None).await.map_err(|error| error.to_string())?;
        self.conversation = Some(received.conversation_id);
        self.last_seq = self.last_seq.max(received.seq);
        self.app.runner.run_due().await.map_err(|error| error.to_string())?;
        let replies = self.replies(received.conversation_id).await?;
        if !replies.is_empty() {
            self.buttons = replies.iter().flat_map(|message| message.buttons.clone()).collect();
        }
        Ok(Played {
            said,
            replies: replies.into_iter().map(|message| (message.text, message.buttons)).collect(),
            state: self.state().await?,
            problem: None,
        })
    }

    async fn unplayable(&self, turn: &Turn) -> Result<Played, String> {
        let offered: Vec<&str> = self.buttons.iter().map(|button| button.text.as_str()).collect();
        let problem = format!("no button contains `{}`; offered were [{}]", turn.press, offered.join(", "));
        let said = format!("[{}]", turn.press);
        Ok(Played { said, replies: Vec::new(), state: self.state().await?, problem: Some(problem) })
    }

    async fn replies(&mut self, id: ConversationId) -> Result<Vec<Message>, String> {
        let range = MessageRange::After(self.last_seq);
        let found = self.app.store.messages(id, range, REPLIES).await.map_err(|error| error.to_string())?;
        if let Some(last) = found.last() {
            self.last_seq = last.seq;
        }
        Ok(found.into_iter().filter(|message| message.role == Role::Bot).collect())
    }

    async fn state(&self) -> Result<DialogState, String> {
        let Some(id) = self.conversation else { return Ok(DialogState::Greeting) };
        let input = self.app.store.turn_input(id, 0).await.map_err(|error| error.to_string())?;
        Ok(input.session.map_or(DialogState::Greeting, |session| session.state))
    }

    async fn end(&self, scenario: &Scenario, turns: Vec<Played>) -> Result<Performance, String> {
        let conversation = match self.conversation {
            Some(id) => self.app.store.conversation(id).await.map_err(|error| error.to_string())?,
            None => None,
        };
        let lead_status = match conversation.as_ref().and_then(|conversation| conversation.lead_id) {
            Some(id) => self.app.store.lead(id).await.map_err(|error| error.to_string())?.map(|lead| lead.status),
            None => None,
        };
        Ok(Performance {
            turns,
            handed_over: conversation.as_ref().is_some_and(Conversation::is_with_person),
            lead_status,
            appointments: self.standing(scenario, conversation.as_ref()).await?,
        })
    }

    /// The client's live appointments: by channel identity, by the phone the channel gave, by the phone given in the dialogue.
    async fn standing(
        &self,
        scenario: &Scenario,
        conversation: Option<&Conversation>,
    ) -> Result<Vec<Standing>, String> {
        let contact = conversation.map(|conversation| &conversation.contact);
        let phones = [scenario.client.phone.clone(), contact.and_then(|contact| contact.phone.clone())];
        let live = BookingFilter {
            state: vec![BookingState::Held, BookingState::Committing, BookingState::Booked, BookingState::Unknown],
            from: Some(self.app.now()),
            ..BookingFilter::default()
        };
        let mut filters: Vec<BookingFilter> =
            phones.into_iter().flatten().map(|phone| BookingFilter { phone: Some(phone), ..live.clone() }).collect();
        if let Some(contact) = contact {
            filters.push(BookingFilter { contact_id: Some(contact.id), ..live });
        }
        let mut rows = Vec::new();
        for filter in filters {
            let page = Page { limit: REPLIES, after: None, descending: false };
            rows.extend(self.app.store.bookings(&filter, &page).await.map_err(|error| error.to_string())?);
        }
        rows.sort_by_key(|row| (row.start, row.id));
        rows.dedup_by_key(|row| row.id);
        Ok(rows
            .into_iter()
            .map(|row| Standing { service: row.service_id, employee: row.employee_id, start: row.start })
            .collect())
    }
}

/// The first button with that title, else the first whose title contains it, without regard to case.
fn pressed<'b>(buttons: &'b [Button], wanted: &str) -> Option<&'b Button> {
    let wanted = crate::domain::text::fold(wanted);
    let title = |button: &Button| crate::domain::text::fold(&button.text);
    buttons
        .iter()
        .find(|button| title(button) == wanted)
        .or_else(|| buttons.iter().find(|button| title(button).contains(&wanted)))
}
