//! The state machine: a form that is filled in any order. Pure: what it must know of the outside it
//! names as a [`Need`], and is asked again once that is known.

mod appointments;
mod book;
mod choose;
mod context;
mod form;
mod hear;
mod knowledge;
mod merge;
mod nudge;
mod offer;
mod offered;
mod outcome;
mod person;
mod plain;
mod press;
mod questions;
mod refuse;
#[cfg(test)]
mod tests;
mod turn;

use jiff::{Timestamp, Zoned};

use self::form::Form;
use self::turn::Turn;
use super::understand::{Understanding, YesNo};
use crate::domain::company::Profile;
use crate::domain::contact::{Locale, Phone};
use crate::domain::conversation::{Button, DialogState, MessageKind, Session};
use crate::domain::crm::{Appointment, Slot, SlotQuery};
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::store::LeadDraft;

/// What a step knows of the world before it asks.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The business.
    pub profile: &'a Profile,
    /// The present moment in the company's zone.
    pub now: &'a Zoned,
    /// The language shown so far; `None` on the first message.
    pub language: Option<Locale>,
    /// The name the channel or an earlier dialogue gave.
    pub client_name: Option<&'a str>,
    /// The phone the channel or an earlier dialogue gave.
    pub client_phone: Option<&'a Phone>,
    /// The phone the channel vouches for; one that was typed, now or before, is none.
    pub verified_phone: Option<&'a Phone>,
    /// A person of the company wrote since the bot last did.
    pub person_spoke: bool,
    /// Whether a typed phone lets one see, move and cancel the visits under it.
    pub trust_typed_phone: bool,
    /// Others read along: nothing private is said.
    pub in_public: bool,
}

/// Something the step must know first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Need {
    /// Free times.
    Slots(SlotQuery),
    /// The client's visits from now on: those under the phone, and those this contact booked.
    Appointments(Option<Phone>),
    /// Knowledge entries for these stems.
    Knowledge(Vec<String>),
}

/// What is known of the outside; a missing fact is the [`Need`] for it.
pub trait Facts {
    /// Free times in order.
    fn slots(&self, query: &SlotQuery) -> Result<&[Slot], Need>;
    /// The client's live visits from now on, in order of time.
    fn appointments(&self, phone: Option<&Phone>) -> Result<&[Appointment], Need>;
    /// Knowledge entries, best first.
    fn knowledge(&self, stems: &[String]) -> Result<&[KnowledgeHit], Need>;
}

/// One message to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its words.
    pub text: String,
    /// Buttons under it.
    pub buttons: Vec<Button>,
    /// It asks for the phone, which a channel may know how to share.
    pub asks_phone: bool,
}

/// A write to the CRM that the client has agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Book.
    Book {
        /// Service id.
        service_id: String,
        /// Employee id; always one, chosen from the free slots.
        employee_id: Option<String>,
        /// Start.
        start: Timestamp,
        /// End.
        end: Timestamp,
        /// Who comes.
        name: String,
        /// Who comes.
        phone: Phone,
    },
    /// Move.
    Move {
        /// The CRM's id.
        appointment_id: String,
        /// To when.
        start: Timestamp,
        /// To whom; `None` keeps the employee.
        employee_id: Option<String>,
    },
    /// Cancel.
    Cancel {
        /// The CRM's id.
        appointment_id: String,
    },
}

/// What a step decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The new state.
    pub state: DialogState,
    /// The new form.
    pub form: serde_json::Value,
    /// What to say, in order.
    pub says: Vec<Said>,
    /// A write to the CRM; the reply comes when its outcome is known ([`outcome()`]).
    pub act: Option<Act>,
    /// The client's language.
    pub language: Locale,
    /// The client's name, when it was learnt now.
    pub name: Option<String>,
    /// The client's phone, when it was learnt now.
    pub phone: Option<Phone>,
    /// The lead.
    pub lead: Option<LeadDraft>,
    /// A person is asked for: `asked`, `anger`, `failures`, `question`, `crm_refused` or `crm_unavailable`.
    pub handoff: Option<&'static str>,
    /// A question nobody could answer.
    pub question: Option<String>,
    /// How it came about, for `--trace`.
    pub trace: serde_json::Value,
}

/// What a client did: words, or a button with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// What the words mean.
    pub understanding: Understanding,
    /// The value of a pressed button.
    pub button: Option<String>,
    /// What came without a word: a voice note, a picture, a file.
    pub media: Option<MessageKind>,
}

/// What became of an [`Act`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The CRM has it.
    Booked(Appointment),
    /// The CRM moved it.
    Moved(Appointment),
    /// The CRM cancelled it.
    Cancelled(Appointment),
    /// Somebody was faster.
    SlotTaken,
    /// The CRM refused; a person must help.
    Refused,
    /// The CRM cannot be reached: the request stands and will be finished later. Said once.
    Delayed,
    /// It takes too long: a person is asked to see to it.
    Escalated {
        /// Nothing more is tried.
        is_last: bool,
    },
}

/// What a message or a pressed button leads to. Called again with the fact once a [`Need`] was answered.
///
/// # Errors
/// The fact that must be known first.
pub fn step(scene: &Scene<'_>, session: Option<&Session>, input: &Input, facts: &dyn Facts) -> Result<Plan, Need> {
    let mut turn = Turn::new(scene, facts, session);
    if scene.person_spoke && input.button.is_none() {
        turn.doubt_agreement();
    }
    let pressed = match &input.button {
        Some(value) => turn.press(value)?,
        None => false,
    };
    match input.media {
        _ if pressed => {}
        Some(kind) => turn.receive_media(kind)?,
        None => turn.hear(&input.understanding)?,
    }
    if turn.is_silent() && turn.act.is_none() && !turn.is_pressed_again() {
        // Whoever writes is answered, whatever it was.
        turn.rule("nothing_to_say");
        turn.help();
    }
    Ok(turn.plan())
}

/// The time that a message agrees to, when a summary waits for its yes and this is one.
#[must_use]
pub fn agreed(session: &Session, input: &Input) -> Option<Slot> {
    let form = Form::from_json(&session.form);
    let digest = form.digest.as_deref()?;
    let is_yes = match &input.button {
        Some(value) => value.strip_prefix("yes:") == Some(digest),
        None => input.understanding.yes_no == Some(YesNo::Yes),
    };
    let slot = form.slot.filter(|_| is_yes)?;
    let end = slot.end.to_zoned(slot.start.time_zone().clone());
    Some(Slot { start: slot.start, end, employee_id: slot.employee, service_id: form.service? })
}

/// What the CRM's answer to an [`Act`] leads to.
///
/// # Errors
/// The fact that must be known first.
pub fn outcome(scene: &Scene<'_>, session: &Session, outcome: &Outcome, facts: &dyn Facts) -> Result<Plan, Need> {
    let mut turn = Turn::new(scene, facts, Some(session));
    turn.tell_outcome(outcome)?;
    Ok(turn.plan())
}

/// The first words of the web chat, before the client has said any.
#[must_use]
pub fn welcome(scene: &Scene<'_>) -> Said {
    let mut turn = Turn::new(scene, &NoFacts, None);
    turn.say(turn.words().greeting(&scene.profile.company.name));
    turn.help();
    turn.said()
}

/// What is said when a turn could not be worked out, in the language of the dialogue; a person sees to it.
#[must_use]
pub fn apology(scene: &Scene<'_>, why: Apology, link: Option<&str>) -> String {
    let turn = Turn::new(scene, &NoFacts, None);
    match why {
        Apology::Broken => turn.words().broken(),
        Apology::ScheduleAway => turn.words().schedule_away(),
        Apology::Elsewhere => return turn.words().elsewhere(link),
    }
    .to_owned()
}

/// Why a turn could not be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apology {
    /// A fault of ours.
    Broken,
    /// The CRM does not answer.
    ScheduleAway,
    /// The CRM cannot be booked through; clients book on a page of its own.
    Elsewhere,
}

/// Knows nothing, for what needs no facts.
struct NoFacts;

impl Facts for NoFacts {
    fn slots(&self, query: &SlotQuery) -> Result<&[Slot], Need> {
        Err(Need::Slots(query.clone()))
    }

    fn appointments(&self, phone: Option<&Phone>) -> Result<&[Appointment], Need> {
        Err(Need::Appointments(phone.cloned()))
    }

    fn knowledge(&self, stems: &[String]) -> Result<&[KnowledgeHit], Need> {
        Err(Need::Knowledge(stems.to_vec()))
    }
}
