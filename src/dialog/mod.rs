//! What to say: from a client's words to a reply and its effects.

mod apologise;
mod facts;
pub mod flow;
pub mod outcome;
pub mod say;
pub mod turn;
pub mod understand;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Zoned};

use self::understand::Vocabulary;
use crate::domain::clock::Clock;
use crate::domain::company::Profile;
use crate::domain::conversation::{Button, Conversation, Message, Outgoing, Role};
use crate::domain::crm::Crm;
use crate::domain::fault::Fault;
use crate::domain::id::MessageId;
use crate::domain::store::{Store, StoreError};

/// What the configuration says of dialogues.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Silence after which a dialogue begins anew.
    pub session_ttl: SignedDuration,
    /// Messages this close together are one; zero: each stands alone.
    pub coalesce: SignedDuration,
    /// Whether whoever gives a phone may see, move and cancel the visits under it.
    pub trust_typed_phone: bool,
}

/// The front desk: store, CRM and rules together.
pub struct Desk {
    store: Arc<dyn Store>,
    crm: Arc<dyn Crm>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    /// The words of the profile that was seen last; compiling them anew each turn would cost more than the turn.
    words: Mutex<Option<(Arc<Profile>, Arc<Vocabulary>)>>,
}

/// Why a step of a dialogue could not be made. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TurnError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The CRM could not be asked.
    #[error(transparent)]
    Crm(#[from] Fault),
    /// The state machine asked for facts without end.
    #[error("the dialogue asks for facts without end")]
    Endless,
    /// A bug in ours.
    #[error("the work panicked")]
    Panicked,
    /// A job that this version does not understand.
    #[error("a job that this version cannot read: {0}")]
    Unreadable(String),
}

/// The business as a turn sees it.
struct Business {
    profile: Arc<Profile>,
    words: Arc<Vocabulary>,
    now: Zoned,
}

impl Desk {
    /// The connection that bookings go to.
    #[must_use]
    pub fn connection(&self) -> &str {
        self.crm.connection()
    }

    /// A desk before that CRM.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, crm: Arc<dyn Crm>, clock: Arc<dyn Clock>, rules: Rules) -> Self {
        Self { store, crm, clock, rules, words: Mutex::default() }
    }

    /// The words of the loaded profile, compiled; nothing without a profile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn vocabulary(&self) -> Result<Option<(Arc<Profile>, Arc<Vocabulary>)>, StoreError> {
        let Some(profile) = self.store.profile().await? else { return Ok(None) };
        let mut kept = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, words)) = kept.as_ref()
            && Arc::ptr_eq(known, &profile)
        {
            return Ok(Some((profile, Arc::clone(words))));
        }
        let words = Arc::new(Vocabulary::new(&profile.services, &profile.employees));
        *kept = Some((Arc::clone(&profile), Arc::clone(&words)));
        Ok(Some((profile, words)))
    }

    async fn business(&self) -> Result<Option<Business>, StoreError> {
        Ok(self.vocabulary().await?.map(|(profile, words)| {
            let now = self.clock.now().to_zoned(profile.company.timezone.tz().clone());
            Business { profile, words, now }
        }))
    }

    fn scene<'a>(
        &self,
        business: &'a Business,
        conversation: &'a Conversation,
        history: &[Message],
    ) -> flow::Scene<'a> {
        flow::Scene {
            profile: &business.profile,
            now: &business.now,
            language: conversation.language,
            client_name: conversation.contact.name.as_deref(),
            client_phone: conversation.contact.phone.as_ref(),
            verified_phone: conversation.contact.verified_phone.as_ref(),
            person_spoke: person_spoke(history),
            trust_typed_phone: self.rules.trust_typed_phone,
            in_public: conversation.identity.is_in_group(),
        }
    }

    /// What the web chat says before the client has written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn welcome(
        &self,
        language: Option<crate::domain::contact::Locale>,
    ) -> Result<Option<(Arc<Profile>, String, Vec<Button>)>, StoreError> {
        let Some(business) = self.business().await? else { return Ok(None) };
        let scene = flow::Scene {
            profile: &business.profile,
            now: &business.now,
            language,
            client_name: None,
            client_phone: None,
            verified_phone: None,
            person_spoke: false,
            trust_typed_phone: self.rules.trust_typed_phone,
            in_public: false,
        };
        let said = flow::welcome(&scene);
        Ok(Some((Arc::clone(&business.profile), said.text, said.buttons)))
    }
}

/// Counts a hand-over that was stored.
fn count_handoff(effects: &crate::domain::store::Effects) {
    if let Some(handoff) = &effects.handoff {
        metrics::counter!("flow_handoffs_total", "reason" => handoff.reason.clone()).increment(1);
    }
}

/// Whether a person of the company wrote after the bot last did.
fn person_spoke(history: &[Message]) -> bool {
    history
        .iter()
        .rev()
        .find(|message| matches!(message.role, Role::Bot | Role::Operator))
        .is_some_and(|message| message.role == Role::Operator)
}

/// What a plan says, as messages; the first carries how it came about.
fn spoken(plan: &flow::Plan, in_reply_to: Option<MessageId>) -> Vec<Outgoing> {
    plan.says
        .iter()
        .enumerate()
        .map(|(index, said)| Outgoing {
            role: Role::Bot,
            text: said.text.clone(),
            buttons: said.buttons.clone(),
            in_reply_to,
            metadata: said.asks_phone.then(|| serde_json::json!({ "asks": "phone" })),
            trace: (index == 0).then(|| plan.trace.clone()),
        })
        .collect()
}
