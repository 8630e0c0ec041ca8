//! A message in words: what it wants, what it adds to the form, and what is said back.

use super::Need;
use super::form::{Asked, Task};
use super::turn::Turn;
use crate::dialog::understand::{Intent, Understanding, YesNo};
use crate::domain::conversation::DialogState;
use crate::domain::text::{fold, words};

/// Words of somebody who asks for a person without being angry (stems, folded).
const ASKS_PERSON: &[&str] = &[
    "администратор",
    "админ",
    "оператор",
    "менеджер",
    "сотрудник",
    "человек",
    "людьми",
    "живо",
    "позов",
    "переключ",
    "переведи",
    "соедини",
    "перезвон",
    "позвон",
    "свяж",
    "human",
    "person",
    "operator",
    "manager",
    "agent",
    "someone",
    "somebody",
    "call me",
    "staff",
    "receptionist",
];
/// Words of anger and complaint.
const ANGRY: &[&str] = &[
    "безобраз",
    "ужас",
    "кошмар",
    "жалоб",
    "пожал",
    "хам",
    "верните",
    "возврат",
    "испорт",
    "порез",
    "обман",
    "недовол",
    "возмут",
    "возмущ",
    "отврат",
    "претензи",
    "в суд",
    "позор",
    "достал",
    "издева",
    "сколько можно",
    "идиот",
    "тупо",
    "бред",
    "надоел",
    "бесит",
    "terrible",
    "awful",
    "complain",
    "refund",
    "ruined",
    "angry",
    "disgust",
    "outrage",
    "unacceptable",
    "horrible",
    "worst",
    "rude",
    "ridiculous",
    "stupid",
    "useless",
];
/// A visit is not to be called off after all.
const KEEPS: &[&str] =
    &["не отмен", "не надо отмен", "не нужно отмен", "don't cancel", "do not cancel", "keep it", "передумал"];
/// Messages not understood before a person is offered, and before one is called.
const OFFER_AFTER: u8 = 2;
const CALL_AFTER: u8 = 3;
/// A «cancel» of so few words in the middle of a form means the form.
const SHORT: usize = 2;

/// What a message says to a summary.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    Yes(String),
    No,
    Neither,
}

impl Turn<'_> {
    /// Works a message out.
    pub fn hear(&mut self, said: &Understanding) -> Result<(), Need> {
        self.listen(said);
        if said.phone.is_none()
            && let Some(value) = self.typed_button(&said.text).or_else(|| self.counted_choice(said))
            && self.press(&value)?
        {
            return Ok(());
        }
        let learnt = self.learn_contact(said);
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
        let verdict = self.verdict(said, awaited.as_deref());
        if verdict == Verdict::No && self.form.task == Task::Cancel {
            self.refuse_summary();
            return Ok(());
        }
        self.greet(said);
        let Some(routed) = self.route(said)? else { return Ok(()) };
        let merged = self.merge(said);
        let answered = self.answer(said)?;
        match verdict {
            Verdict::No if !merged && !routed && !answered => {
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
    fn after(&mut self, said: &Understanding, answered: bool, verdict: Verdict) -> Result<(), Need> {
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
            Some(YesNo::Yes) if !said.negated => Verdict::Yes(digest.to_owned()),
            Some(YesNo::No) => Verdict::No,
            _ => Verdict::Neither,
        }
    }

    /// Decides what the form is for. `None`: the message is dealt with.
    fn route(&mut self, said: &Understanding) -> Result<Option<bool>, Need> {
        let task = said
            .intents
            .iter()
            .find(|intent| matches!(intent, Intent::Cancel | Intent::Reschedule | Intent::Book | Intent::MyBookings));
        match (task, self.form.task) {
            (Some(Intent::Cancel), Task::Cancel) | (Some(Intent::Reschedule), Task::Move) => {}
            (Some(Intent::Cancel), Task::Book | Task::Move) if !said_data(said) => {
                if words(&fold(&said.text)).count() <= SHORT || self.has_no_visits()? {
                    self.rule("form_dropped");
                    self.drop_form();
                    return Ok(None);
                }
                self.start(Task::Cancel);
            }
            (Some(Intent::Cancel), _) => self.start(Task::Cancel),
            (Some(Intent::Reschedule), Task::Book) if self.form.service.is_some() && said_when(said) => {}
            (Some(Intent::Reschedule), Task::Cancel) if self.form.visit.is_some() => self.move_instead(said),
            (Some(Intent::Reschedule), _) => self.start(Task::Move),
            (Some(Intent::Book), Task::Book) => {}
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
        Ok(self.facts.appointments(self.known_phone().as_ref())?.is_empty())
    }

    /// Greets who greets; not after a person of the company has spoken.
    fn greet(&mut self, said: &Understanding) {
        if !said.intents.contains(&Intent::Greet) || self.scene.person_spoke {
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

    /// Words that neither want, nor tell, nor ask anything.
    fn plain(&mut self, said: &Understanding, awaited: Option<String>) -> Result<(), Need> {
        let active = self.form.task != Task::None;
        match (said.intent, said.yes_no) {
            (Intent::Bye, _) => {
                self.say(self.words().goodbye());
                self.form.digest = awaited;
            }
            (Intent::Thanks, _) if !active => self.say(self.words().you_are_welcome()),
            (Intent::Greet, _) if !active => self.help(),
            (Intent::Smalltalk, _) => {
                if !self.answer_freely(said)? {
                    self.say(self.words().smalltalk());
                }
                self.proceed(None, None)?;
            }
            (Intent::Thanks | Intent::Greet, _) => self.proceed(None, None)?,
            (_, Some(YesNo::Yes)) => self.plain_yes()?,
            (_, Some(YesNo::No)) => self.plain_no()?,
            _ => return self.not_understood(said, awaited),
        }
        self.form.failures = 0;
        Ok(())
    }

    /// A «yes» without a summary.
    fn plain_yes(&mut self) -> Result<(), Need> {
        if let Some(value) = self.only_choice() {
            self.press(&value)?;
            return Ok(());
        }
        match (self.form.task, self.form.asked) {
            (Task::None, _) if self.form.done.is_some() => self.stands(),
            (Task::None, _) | (_, Some(Asked::VisitPhone)) if self.state != DialogState::Greeting => {
                self.start(Task::Book);
                self.proceed(None, None)?;
            }
            (Task::None, _) => self.help(),
            _ => self.proceed(None, None)?,
        }
        Ok(())
    }

    /// A «no» without a summary.
    fn plain_no(&mut self) -> Result<(), Need> {
        match (self.form.task, self.form.asked) {
            (Task::None, _) => {
                self.say(self.words().all_right());
                let menu = self.menu();
                self.offer(menu);
            }
            (_, Some(Asked::Time)) => {
                self.form.date = None;
                self.form.time = None;
                self.form.new_hour = true;
                self.proceed(None, None)?;
            }
            (_, Some(Asked::Contact | Asked::Name | Asked::Phone)) => {
                self.say(self.words().why_contact());
                self.proceed(None, None)?;
            }
            _ => self.drop_form(),
        }
        Ok(())
    }

    /// What was done stands; nothing is done again.
    pub fn stands(&mut self) {
        self.rule("already_done");
        let Some(done) = self.form.done.clone() else { return };
        let text = match done.task {
            Task::Cancel => self.words().stays_cancelled().to_owned(),
            _ => self.about(&done.visit, |words, visit| words.stands(visit)),
        };
        self.say(text);
    }

    /// The client does not agree to the summary.
    pub fn refuse_summary(&mut self) {
        self.rule("summary_refused");
        self.form.failures = 0;
        if self.form.task == Task::Cancel {
            self.form.restart(Task::None);
            self.say(self.words().kept());
            self.state = DialogState::Consulting;
            return;
        }
        let mut buttons = Vec::new();
        use crate::dialog::say::Label;
        if self.form.task == Task::Book {
            buttons.push(self.button(Label::ChangeService, "change:service"));
        }
        buttons.extend([
            self.button(Label::ChangeDay, "change:day"),
            self.button(Label::ChangeTime, "change:time"),
            self.button(Label::ChangeEmployee, "change:employee"),
            self.button(Label::Drop, "menu:drop"),
        ]);
        self.ask(Asked::Change, DialogState::Booking, self.words().ask_change(), buttons);
    }

    /// Nothing could be made of the message: asks again, offers a person, calls one.
    fn not_understood(&mut self, said: &Understanding, awaited: Option<String>) -> Result<(), Need> {
        if self.change_named(&said.text)? {
            self.form.failures = 0;
            return Ok(());
        }
        if self.answer_freely(said)? {
            self.form.failures = 0;
            return self.after(said, true, Verdict::Neither);
        }
        self.rule("not_understood");
        self.form.failures = self.form.failures.saturating_add(1);
        match self.form.failures {
            CALL_AFTER.. => self.hand_over("failures"),
            OFFER_AFTER => {
                self.form.digest = awaited;
                let person = self.person_button();
                self.ask(Asked::Person, self.state, self.words().offer_person(), vec![person]);
            }
            _ => {
                self.say(self.words().not_understood());
                if self.form.task == Task::None {
                    let menu = self.menu();
                    self.offer(menu);
                }
                self.proceed(None, None)?;
            }
        }
        Ok(())
    }

    /// «время», «день»: what to change, named in a word.
    fn change_named(&mut self, text: &str) -> Result<bool, Need> {
        if self.form.asked != Some(Asked::Change) {
            return Ok(false);
        }
        let folded = fold(text);
        let parts = [
            ("time", &["врем", "час", "time"][..]),
            ("day", &["день", "дат", "day", "date"]),
            ("service", &["услуг", "service"]),
            ("employee", &["мастер", "специалист", "врач", "сотрудник", "specialist", "master", "who"]),
        ];
        match parts.iter().find(|(_, stems)| stems.iter().any(|stem| folded.contains(stem))) {
            Some((part, _)) => self.press_change(part),
            None => Ok(false),
        }
    }

    /// «да» to the offer of a person calls one; anything else goes on.
    fn answer_offered_person(&mut self, said: &Understanding) -> Result<bool, Need> {
        if self.form.asked != Some(Asked::Person) || said_data(said) {
            return Ok(false);
        }
        match said.yes_no {
            Some(YesNo::Yes) => {
                let reason = if self.form.failures >= OFFER_AFTER { "failures" } else { "question" };
                self.hand_over(reason);
            }
            Some(YesNo::No) => {
                self.form.asked = None;
                self.form.failures = 0;
                self.say(self.words().all_right());
                self.proceed(None, None)?;
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Asks a person to take over; the state stays as it is.
    pub fn hand_over(&mut self, reason: &'static str) {
        self.rule("hand_over");
        let words = self.words();
        self.say(match reason {
            "anger" => words.sorry_person_comes(),
            "failures" => words.failures_person_comes(),
            _ => words.person_comes(),
        });
        self.offer(Vec::new());
        self.handoff = Some(reason);
        self.form.failures = 0;
        if self.form.asked == Some(Asked::Person) {
            self.form.asked = None;
        }
    }

    /// The CRM is being asked: questions are answered, nothing is done twice.
    fn wait(&mut self, said: &Understanding) -> Result<(), Need> {
        self.rule("pending");
        self.answer(said)?;
        self.say(self.words().pending());
        self.offer(Vec::new());
        self.state = DialogState::Confirming;
        Ok(())
    }
}

fn is_angry(text: &str) -> bool {
    let folded = fold(text);
    let has = |stems: &[&str]| stems.iter().any(|stem| folded.contains(stem));
    has(ANGRY) || !has(ASKS_PERSON)
}

fn said_when(said: &Understanding) -> bool {
    said.date.is_some() || said.time.is_some()
}

/// Whether a message says anything that a form takes.
fn said_data(said: &Understanding) -> bool {
    said_when(said)
        || said.service.is_some()
        || !said.candidates.service.is_empty()
        || said.employee.is_some()
        || !said.candidates.employee.is_empty()
}
