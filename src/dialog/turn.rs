//! One turn: the client's new messages → what they mean → a plan → one transaction.

use std::time::Instant;

use jiff::SignedDuration;

use super::facts::Known;
use super::flow::{self, Act, Input, Plan};
use super::understand::understand;
use super::{Business, Desk, TurnError, spoken};
use crate::domain::booking::NewBooking;
use crate::domain::contact::Locale;
use crate::domain::conversation::{Conversation, Handoff, HandoffState, Message, MessageKind, Outgoing, Role, Session};
use crate::domain::id::{BookingId, ConversationId, MessageId};
use crate::domain::job::{Lease, NewJob, Work};
use crate::domain::store::{Effects, StoreError, TurnInput};

/// Earlier messages that a turn looks at.
const HISTORY: u32 = 20;

/// What a group of messages amounts to.
struct Group<'m> {
    input: Input,
    last: &'m Message,
}

impl Desk {
    /// Answers what a client wrote, and completes the job that asked for it.
    ///
    /// # Errors
    /// When the store or the CRM fails; nothing was changed then.
    pub async fn answer(&self, id: ConversationId, job: (&Lease, i64)) -> Result<(), TurnError> {
        let began = Instant::now();
        let input = self.store.turn_input(id, HISTORY).await?;
        let mut effects = self.react(&input).await?;
        // Whoever takes it, or gives it back, while a reply is worked out is not spoken over, nor left unanswered.
        effects.with_person = Some(input.conversation.is_with_person());
        if input.new.last().is_some() && effects.usage.is_none() {
            let micros = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
            effects.usage = Some(("offline".to_owned(), micros));
        }
        tracing::debug!(
            conversation = %id,
            messages = input.new.len(),
            replies = effects.messages.len(),
            state = effects.session.as_ref().map(|(session, _)| session.state.as_str()),
            handoff = effects.handoff.as_ref().map(|handoff| handoff.reason.as_str()),
            hold = effects.hold.as_ref().map(|(id, _)| tracing::field::display(id)),
            "a turn was planned"
        );
        crate::crash::point("turn.planned");
        stage("plan", began);
        let began = Instant::now();
        let committed = self.store.commit_turn(id, job, &effects, self.clock.now()).await;
        crate::crash::point("turn.committed");
        if committed.is_ok() {
            stage("commit", began);
            super::count_handoff(&effects);
        }
        match committed {
            Err(StoreError::SlotTaken) => self.answer_taken(&input, effects, job).await,
            other => Ok(other?),
        }
    }

    /// Somebody took the slot between the summary and the yes: that is told instead.
    async fn answer_taken(&self, input: &TurnInput, mut effects: Effects, job: (&Lease, i64)) -> Result<(), TurnError> {
        effects.hold = None;
        effects.jobs.retain(|job| !matches!(job.work, Work::CommitBooking { .. }));
        if let (Some(business), Some((session, version))) = (self.business().await?, effects.session.take()) {
            let conversation = &input.conversation;
            let scene = self.scene(&business, conversation, &input.history);
            let mut known = Known::default();
            let taken = flow::Outcome::SlotTaken;
            let plan = self
                .decide(&mut known, &business.profile, conversation.contact.id, |facts| {
                    flow::outcome(&scene, &session, &taken, facts)
                })
                .await?;
            effects.messages.extend(spoken(&plan, None));
            self.keep(&plan, version, &mut effects);
        }
        self.store.commit_turn(input.conversation.id, job, &effects, self.clock.now()).await?;
        Ok(())
    }

    async fn react(&self, input: &TurnInput) -> Result<Effects, TurnError> {
        let Some(last) = input.new.last() else { return Ok(Effects::default()) };
        let silent = Effects { answered_seq: Some(last.seq), ..Effects::default() };
        if input.conversation.is_with_person() {
            return Ok(silent);
        }
        let Some(business) = self.business().await? else {
            return Ok(self.without_profile(&input.conversation, last, silent));
        };
        self.converse(input, &business).await
    }

    /// Nothing is written down yet: a person must answer, and the client is told so.
    fn without_profile(&self, conversation: &Conversation, last: &Message, mut effects: Effects) -> Effects {
        let locale = super::understand::locale_of(&last.text).or(conversation.language).unwrap_or_default();
        effects.messages.push(Outgoing {
            role: Role::Bot,
            text: super::say::not_set_up(locale).to_owned(),
            buttons: Vec::new(),
            in_reply_to: Some(last.id),
            metadata: None,
            trace: None,
        });
        effects.handoff = Some(self.handoff("no_profile"));
        effects
    }

    async fn converse(&self, input: &TurnInput, business: &Business) -> Result<Effects, TurnError> {
        let mut conversation = input.conversation.clone();
        conversation.language = conversation.language.or_else(|| input.new.iter().find_map(device_language));
        let mut effects = Effects::default();
        let mut known = Known::default();
        let mut session = input.session.clone().filter(|session| self.is_fresh(session));
        let groups = groups(&input.new, business, self.rules.coalesce);
        for (index, group) in groups.iter().enumerate() {
            let scene = flow::Scene {
                person_spoke: index == 0 && super::person_spoke(&input.history),
                ..self.scene(business, &conversation, &[])
            };
            known.agreed = session.as_ref().and_then(|session| flow::agreed(session, &group.input));
            let plan = self
                .decide(&mut known, &business.profile, conversation.contact.id, |facts| {
                    flow::step(&scene, session.as_ref(), &group.input, facts)
                })
                .await?;
            effects.answered_seq = Some(group.last.seq);
            effects.messages.extend(spoken(&plan, Some(group.last.id)));
            self.keep(&plan, input.session_version, &mut effects);
            if let Some(act) = &plan.act {
                self.undertake(act, &conversation, business, group.last.id, &mut effects);
            }
            if plan.act.is_some() || plan.handoff.is_some() {
                // What was written after it is looked at once this is done.
                if index + 1 < groups.len() {
                    effects.jobs.push(self.answer_job(conversation.id));
                }
                break;
            }
            session = effects.session.as_ref().map(|(session, _)| session.clone());
            conversation.language = Some(plan.language);
            conversation.contact.name = plan.name.or(conversation.contact.name);
            conversation.contact.phone = plan.phone.or(conversation.contact.phone);
        }
        Ok(effects)
    }

    fn is_fresh(&self, session: &Session) -> bool {
        self.clock.now().duration_since(session.updated_at) < self.rules.session_ttl
    }

    /// What a plan says of the dialogue and the client.
    pub(super) fn keep(&self, plan: &Plan, version: i64, effects: &mut Effects) {
        let updated_at = self.clock.now();
        effects.session = Some((Session { state: plan.state, form: plan.form.clone(), updated_at }, version));
        effects.language = Some(plan.language);
        effects.name = plan.name.clone().or(effects.name.take());
        effects.phone = plan.phone.clone().or(effects.phone.take());
        effects.lead = plan.lead.clone().or(effects.lead.take());
        effects.question = plan.question.clone().or(effects.question.take());
        if let Some(reason) = plan.handoff {
            effects.handoff = Some(self.handoff(reason));
        }
    }

    pub(super) fn handoff(&self, reason: &str) -> Handoff {
        Handoff { state: HandoffState::Requested, reason: reason.to_owned(), at: self.clock.now(), operator: None }
    }

    fn answer_job(&self, conversation_id: ConversationId) -> NewJob {
        NewJob {
            lane: NewJob::conversation_lane(conversation_id),
            work: Work::Answer { conversation_id },
            ready_at: self.clock.now(),
        }
    }

    /// Writes down what the client agreed to; the CRM is asked by the job.
    fn undertake(
        &self,
        act: &Act,
        conversation: &Conversation,
        business: &Business,
        message: MessageId,
        effects: &mut Effects,
    ) {
        let connection = self.crm.connection();
        let now = self.clock.now();
        let work = match act {
            Act::Book { service_id, employee_id, start, end, name, phone } => {
                let booking_id = BookingId::new(now);
                let profile = &business.profile;
                let service = profile.service(service_id);
                let hold = NewBooking {
                    connection: connection.to_owned(),
                    key: booking_id.to_string(),
                    service_id: service_id.clone(),
                    service_title: service.map_or_else(|| service_id.clone(), |service| service.title.clone()),
                    employee_id: employee_id.clone(),
                    employee_name: employee_id
                        .as_deref()
                        .and_then(|id| profile.employee(id))
                        .map(|employee| employee.name.clone()),
                    start: *start,
                    end: *end,
                    client_name: Some(name.clone()),
                    phone: Some(phone.clone()),
                    price: service.and_then(|service| service.price).map(|price| price.from),
                    currency: profile.company.currency.clone(),
                    comment: None,
                    channel: Some(conversation.identity.channel),
                    contact_id: Some(conversation.contact.id),
                    conversation_id: Some(conversation.id),
                    lead_id: None,
                };
                effects.hold = Some((booking_id, hold));
                Work::CommitBooking { booking_id, conversation_id: conversation.id }
            }
            Act::Move { appointment_id, start, employee_id } => Work::MoveBooking {
                conversation_id: conversation.id,
                connection: connection.to_owned(),
                appointment_id: appointment_id.clone(),
                start: *start,
                employee_id: employee_id.clone(),
                // One message moves one appointment once, however often the job runs.
                key: message.to_string(),
                tries: 0,
            },
            Act::Cancel { appointment_id } => Work::CancelBooking {
                conversation_id: conversation.id,
                connection: connection.to_owned(),
                appointment_id: appointment_id.clone(),
                tries: 0,
            },
        };
        let lane = NewJob::crm_lane(connection, conversation.id);
        effects.jobs.push(NewJob { lane, work, ready_at: now });
    }
}

fn stage(name: &'static str, began: Instant) {
    metrics::histogram!("flow_turn_duration_seconds", "stage" => name).record(began.elapsed());
}

/// Quick messages in a row are one, whatever they hold; a pressed button stands alone.
fn groups<'m>(new: &'m [Message], business: &Business, coalesce: SignedDuration) -> Vec<Group<'m>> {
    let mut groups: Vec<Vec<&Message>> = Vec::new();
    let is_pressed = |message: &Message| message.kind == MessageKind::Button;
    for message in new {
        let follows = |last: &&Message| {
            let gap = message.at.duration_since(last.at);
            !is_pressed(last) && !is_pressed(message) && !coalesce.is_zero() && gap <= coalesce
        };
        match groups.last_mut() {
            Some(members) if members.last().is_some_and(follows) => members.push(message),
            _ => groups.push(vec![message]),
        }
    }
    groups
        .into_iter()
        .filter_map(|members| {
            let last = *members.last()?;
            let words = members.iter().map(|message| message.text.as_str()).filter(|text| !text.trim().is_empty());
            let text = words.collect::<Vec<_>>().join("\n");
            let understanding = understand(&text, &business.now, &business.words, business.profile.company.region());
            let media = members.iter().all(|message| is_bare_media(message)).then_some(last.kind);
            Some(Group { input: Input { understanding, button: last.button_value.clone(), media }, last })
        })
        .collect()
}

/// What the client's device speaks, told by the channel where the message itself shows no language.
fn device_language(message: &Message) -> Option<Locale> {
    message.metadata.as_ref().and_then(|metadata| Locale::parse(metadata["language"].as_str()?))
}

/// A picture, a voice note or a file without a word: there is nothing in it to understand.
fn is_bare_media(message: &Message) -> bool {
    use MessageKind::{Contact, File, Image, Location, Voice};
    matches!(message.kind, Voice | Image | File | Location | Contact) && message.text.trim().is_empty()
}
