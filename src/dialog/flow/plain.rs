//! Words that add nothing to the form: yes and no, thanks, greetings.

use super::Need;
use super::form::{Asked, Task};
use super::turn::Turn;
use crate::dialog::say::Label;
use crate::dialog::understand::{Intent, Understanding, YesNo};
use crate::domain::conversation::DialogState;
use crate::domain::text::fold;

impl Turn<'_> {
    /// Words that neither want, nor tell, nor ask anything.
    pub fn plain(&mut self, said: &Understanding, awaited: Option<String>) -> Result<(), Need> {
        let active = self.form.task != Task::None;
        match (said.intent, said.yes_no) {
            _ if said.intents.contains(&Intent::Bye) => {
                self.say(self.words().goodbye());
                self.form.digest = awaited;
            }
            _ if postpones(&said.text) => {
                self.say(self.words().all_right());
                self.form.digest = awaited;
            }
            (Intent::Thanks, _) if !active => self.say(self.words().you_are_welcome()),
            (Intent::Greet, _) if !active => self.help(),
            (Intent::Smalltalk, _) => {
                if !self.answer_freely(said)? {
                    self.say(self.words().smalltalk());
                    let menu = self.menu();
                    self.offer(menu);
                }
                self.proceed(None, None)?;
            }
            (Intent::Thanks | Intent::Greet, _) => self.proceed(None, None)?,
            (_, Some(YesNo::Yes)) => self.plain_yes()?,
            (_, Some(YesNo::No)) => self.plain_no()?,
            _ if acknowledges(&said.text) => self.proceed(None, None)?,
            _ => return self.not_understood(said, awaited),
        }
        if self.is_silent() {
            self.help();
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
            (Task::None, _) if !self.form.then.is_empty() => {
                let mut then = std::mem::take(&mut self.form.then);
                self.start(Task::Book);
                self.form.service = Some(then.remove(0));
                self.form.then = then;
                self.proceed(None, None)?;
            }
            (Task::None, _) if self.form.done.is_some() => self.stands(),
            (Task::None, _) if self.form.service.is_some() || !self.form.services.is_empty() => {
                self.start(Task::Book);
                self.proceed(None, None)?;
            }
            (_, Some(Asked::VisitPhone)) => {
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
                self.form.then.clear();
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

    /// «время», «день»: what to change, named in a word.
    pub fn change_named(&mut self, text: &str) -> Result<bool, Need> {
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
}

/// «понятно»: heard, and no more.
fn acknowledges(text: &str) -> bool {
    const HEARD: &[&str] = &[
        "понятно",
        "понял",
        "поняла",
        "ясно",
        "ага понятно",
        "принято",
        "got it",
        "i see",
        "understood",
        "noted",
        "right",
    ];
    let folded = fold(text);
    HEARD.contains(&folded.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// Whether a yes is taken back or tied to something in the same breath: «да не», "yes but", «да, щас посмотрю».
pub(super) fn hesitates(text: &str) -> bool {
    const BRAKES: &[&str] = &[
        "не",
        "нет",
        "но",
        "посмотрю",
        "уточню",
        "проверю",
        "потом",
        "but",
        "no",
        "not",
        "wait",
        "later",
        "maybe",
        "unless",
    ];
    let folded = fold(text);
    crate::domain::text::words(&folded).any(|word| BRAKES.contains(&word))
}

/// Whether the client will write again later.
pub(super) fn postpones(text: &str) -> bool {
    const LATER: &[&str] = &[
        "подума",
        "посоветуюсь",
        "спрошу",
        "отпишусь",
        "сообщу",
        "скажу",
        "и напишу",
        "и отвечу",
        "погоди",
        "подожди",
        "let me check",
        "let me think",
        "let me ask",
        "check with my",
        "hold on",
        "напишу позже",
        "позже напишу",
        "отвечу позже",
        "позже отвечу",
        "напишу потом",
        "потом напишу",
        "think about it",
        "get back to you",
        "let you know",
        "write later",
    ];
    let folded = fold(text);
    LATER.iter().any(|words| folded.contains(words))
}
