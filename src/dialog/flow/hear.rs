//! A message in words: what it wants, what it adds to the form, and what is said back.

use super::Need;
use super::form::{Asked, Task};
use super::person::is_angry;
use super::plain::{hesitates, postpones};
use super::turn::Turn;
use crate::dialog::understand::{Intent, Understanding, YesNo};
use crate::domain::conversation::DialogState;
use crate::domain::text::{fold, words};

/// A visit is not to be called off after all.
const KEEPS: &[&str] =
    &["не отмен", "не надо отмен", "не нужно отмен", "don't cancel", "do not cancel", "keep it", "передумал"];
/// A «cancel» of so few words in the middle of a form means the form.
const SHORT: usize = 2;

/// What a message says to a summary.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Yes(String),
    No,
    Neither,
}

impl Turn<'_> {
    /// Works a message out.
    pub fn hear(&mut self, said: &Understanding) -> Result<(), Need> {
        self.listen(said);
        self.form.pressed = None;
        if said.phone.is_none()
            && let Some(value) = self.typed_button(&said.text).or_else(|| self.counted_choice(said))
            && self.press(&value)?
        {
            return Ok(());
        }
        let said = &self.in_context(said);
        let learnt = self.learn_contact(said);
        let waits = self.form.digest.is_some();
        if self.form.task != Task::None && !self.form.pending && postpones(&said.text) && (waits || !said_data(said)) {
            // «хорошо, спрошу у мужа и напишу» agrees to nothing yet: what was summed up goes on waiting.
            self.rule("postponed");
            self.say(self.words().all_right());
            return Ok(());
        }
        if said.intents.contains(&Intent::Human) {
            self.hand_over(if is_angry(&said.text) { "anger" } else { "asked" });
            return Ok(());
        }
        if self.form.pending {
            return self.wait(said);
        }
        if self.answer_offered_person(said)? {
            return Ok(());
        }
        let awaited = self.form.digest.take();
        let mut verdict = self.verdict(said, awaited.as_deref());
        if self.form.task == Task::Cancel && self.names_other_visit(said) {
            // «нет, ту, что в пятницу»: nothing is agreed to of the one that was shown.
            self.form.visit = None;
            verdict = Verdict::Neither;
        }
        if verdict == Verdict::No && self.form.task == Task::Cancel && !said.intents.contains(&Intent::Reschedule) {
            self.refuse_summary();
            return Ok(());
        }
        let said = &self.as_wish(said)?;
        self.greet(said);
        let Some(routed) = self.route(said)? else { return Ok(()) };
        let merged = self.merge(said);
        self.changed = merged;
        let answered = self.answer(said)?;
        match verdict {
            Verdict::No if !merged && !routed && !answered && !learnt => {
                self.refuse_summary();
                return Ok(());
            }
            Verdict::Neither if !merged && !routed && !answered && !learnt => {
                self.plain(said, awaited)?;
                return Ok(());
            }
            _ => {}
        }
        self.form.failures = 0;
        self.after(said, answered, verdict)
    }

    /// Goes on with the form, or ends an answer outside one.
    pub fn after(&mut self, said: &Understanding, answered: bool, verdict: Verdict) -> Result<(), Need> {
        if self.form.task != Task::None {
            let agreed = match verdict {
                Verdict::Yes(digest) => Some(digest),
                _ => None,
            };
            return self.proceed(Some(said), agreed.as_deref());
        }
        if answered {
            self.state = DialogState::Consulting;
        } else if self.is_silent() || said.intents == [Intent::Greet] {
            self.help();
        }
        Ok(())
    }

    /// Goes as far as the form allows.
    pub fn proceed(&mut self, said: Option<&Understanding>, agreed: Option<&str>) -> Result<(), Need> {
        if self.scene.in_public && self.form.task != Task::None {
            self.rule("in_public");
            self.form.restart(Task::None);
            self.state = DialogState::Consulting;
            self.say(self.words().in_private());
            return Ok(());
        }
        match self.form.task {
            Task::None => Ok(()),
            Task::Book => self.book(agreed),
            Task::Move => self.move_visit(said, agreed),
            Task::Cancel => self.cancel_visit(said, agreed),
            Task::List => self.list_visits(),
        }
    }

    fn verdict(&self, said: &Understanding, awaited: Option<&str>) -> Verdict {
        let Some(digest) = awaited else { return Verdict::Neither };
        if self.form.task == Task::Cancel && said.intents.contains(&Intent::Cancel) {
            let folded = fold(&said.text);
            let keeps = KEEPS.iter().any(|words| folded.contains(words));
            return if keeps { Verdict::No } else { Verdict::Yes(digest.to_owned()) };
        }
        match said.yes_no {
            Some(YesNo::Yes) if !said.negated && !hesitates(&said.text) => Verdict::Yes(digest.to_owned()),
            Some(YesNo::No) => Verdict::No,
            _ => Verdict::Neither,
        }
    }

    /// Decides what the form is for. `None`: the message is dealt with.
    fn route(&mut self, said: &Understanding) -> Result<Option<bool>, Need> {
        // Cancelling one day to come on another is moving.
        let moves = said.intents.contains(&Intent::Reschedule);
        // «в пятницу не смогу» in the middle of a form refuses a day of it.
        let refuses_day = said.negated && matches!(self.form.task, Task::Book | Task::Move);
        let task = said.intents.iter().find(|intent| match intent {
            Intent::Cancel => !moves && !refuses_day,
            Intent::Reschedule | Intent::Book | Intent::MyBookings => true,
            _ => false,
        });
        match (task, self.form.task) {
            (Some(Intent::Cancel), Task::Cancel) | (Some(Intent::Reschedule), Task::Move) => {}
            (Some(Intent::Cancel), Task::Book | Task::Move) if !said_data(said) => {
                if !self.cancel_instead(said)? {
                    return Ok(None);
                }
            }
            (Some(Intent::Cancel), _) => self.start(Task::Cancel),
            (Some(Intent::Reschedule), Task::Book) if self.form.is_begun() && said_data(said) => {}
            (Some(Intent::Reschedule), Task::Cancel) if self.form.visit.is_some() => self.move_instead(said),
            (Some(Intent::Reschedule), _) => self.start(Task::Move),
            (Some(Intent::Book), Task::Book) => {}
            (Some(Intent::Book), Task::Cancel | Task::Move)
                if self.form.asked == Some(Asked::Visit) && said_data(said) => {}
            (Some(Intent::Book), Task::Move) if !self.other_service(said) => {}
            (Some(Intent::Book), _) => self.start(Task::Book),
            (Some(Intent::MyBookings), Task::Book | Task::Move) => self.mention_visits()?,
            (Some(Intent::MyBookings), _) => self.start(Task::List),
            _ => return Ok(Some(self.route_data(said))),
        }
        Ok(Some(true))
    }

    /// Data without a wish begin a booking, or change what was just booked.
    fn route_data(&mut self, said: &Understanding) -> bool {
        let idle = matches!(said.intent, Intent::Other | Intent::Greet | Intent::Smalltalk | Intent::No | Intent::Yes);
        if self.form.task != Task::None || !idle || !said_data(said) {
            return false;
        }
        let about_service = said.service.is_some() || !said.candidates.service.is_empty();
        let done = self.form.done.clone().filter(|done| done.task != Task::Cancel && !about_service);
        match done {
            Some(done) => {
                self.rule("changes_what_was_booked");
                self.start(Task::Move);
                self.take_visit(done.visit, Some(said));
            }
            None => self.start(Task::Book),
        }
        true
    }

    /// A bare «cancel» in the middle of a form: the visit that is moved, one that stands, or just the
    /// form. `false`: the form was dropped.
    fn cancel_instead(&mut self, said: &Understanding) -> Result<bool, Need> {
        let visit = self.form.visit.clone().filter(|_| self.form.task == Task::Move);
        let folded = fold(&said.text);
        let count = words(&folded).count();
        let noun = count == 1 && ["отмена", "cancel"].contains(&folded.trim());
        let form_meant = noun || (visit.is_none() && (count <= SHORT || self.has_no_visits()?));
        if form_meant {
            self.rule("form_dropped");
            self.drop_form();
            return Ok(false);
        }
        self.start(Task::Cancel);
        if let Some(visit) = visit {
            self.take_visit(visit, None);
        }
        Ok(true)
    }

    fn move_instead(&mut self, said: &Understanding) {
        let visit = self.form.visit.clone();
        self.start(Task::Move);
        if let Some(visit) = visit {
            self.take_visit(visit, Some(said));
        }
    }

    fn other_service(&self, said: &Understanding) -> bool {
        said.service.is_some()
            && self.form.visit.as_ref().is_some_and(|visit| said.service.as_ref() != Some(&visit.service))
    }

    fn has_no_visits(&self) -> Result<bool, Need> {
        Ok(self.facts.appointments(self.lookup_phone().as_ref())?.is_empty())
    }

    /// Greets who greets; not after a person of the company has spoken.
    fn greet(&mut self, said: &Understanding) {
        let in_passing = self.form.task != Task::None && said_data(said);
        if !said.intents.contains(&Intent::Greet) || self.scene.person_spoke || in_passing {
            return;
        }
        if said.intent == Intent::Greet && self.form.task == Task::None && !said_data(said) {
            self.say(self.words().greeting(&self.scene.profile.company.name));
        } else {
            self.say(self.words().hello());
        }
    }

    /// Says what can be done here.
    pub fn help(&mut self) {
        self.say(self.words().how_can_i_help());
        let menu = self.menu();
        self.offer(menu);
    }

    /// The CRM is being asked: questions are answered, nothing is done twice.
    fn wait(&mut self, said: &Understanding) -> Result<(), Need> {
        self.rule("pending");
        self.answer(said)?;
        self.say_pending();
        self.offer(Vec::new());
        self.state = DialogState::Confirming;
        Ok(())
    }
}

fn said_when(said: &Understanding) -> bool {
    said.date.is_some() || said.time.is_some()
}

/// Whether a message says anything that a form takes.
pub(super) fn said_data(said: &Understanding) -> bool {
    said_when(said)
        || said.service.is_some()
        || !said.candidates.service.is_empty()
        || said.employee.is_some()
        || !said.candidates.employee.is_empty()
}
