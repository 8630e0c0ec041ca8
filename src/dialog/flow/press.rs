//! Pressed buttons. A value says all by itself, and is checked: it may come from long ago.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Need;
use super::form::{Asked, Days, Hours, Task, Wanted};
use super::offer::read_slot;
use super::turn::Turn;
use crate::dialog::understand::Understanding;
use crate::domain::company::Service;
use crate::domain::conversation::{DialogState, MessageKind};
use crate::domain::text::fold;

/// The same button twice within this time was pressed once by an impatient finger.
const DOUBLE_PRESS: SignedDuration = SignedDuration::from_secs(10);
/// Buttons that choose one of several.
const CHOICES: &[&str] = &["svc", "cat", "emp", "day", "slot", "change"];

impl Turn<'_> {
    /// The button of the last reply whose title was typed.
    pub fn typed_button(&self, text: &str) -> Option<String> {
        let typed = fold(text.trim());
        let same = |title: &str| !typed.is_empty() && fold(title) == typed;
        self.form.buttons.iter().find(|button| same(&button.text)).map(|button| button.value.clone())
    }

    /// Does what a button says; `false` when its value is not one of ours.
    pub fn press(&mut self, value: &str) -> Result<bool, Need> {
        let (kind, rest) = value.split_once(':').unwrap_or((value, ""));
        let now = self.scene.now.timestamp();
        let just_pressed = |(last, at): &(String, Timestamp)| last == value && now.duration_since(*at) <= DOUBLE_PRESS;
        let again = self.form.pressed.as_ref().is_some_and(just_pressed) && !self.is_offered(value);
        if again && (self.form.pending || matches!(kind, "yes" | "no") || CHOICES.contains(&kind)) {
            // A double press: the first one was answered.
            self.rule("pressed_again");
            return Ok(true);
        }
        self.form.pressed = Some((value.to_owned(), now));
        if self.form.pending && (kind, rest) != ("menu", "human") {
            self.say_pending();
            return Ok(true);
        }
        self.form.failures = 0;
        self.form.offered_person = false;
        match kind {
            "menu" => return self.press_menu(rest),
            "yes" | "no" => self.press_answer(kind == "yes", rest)?,
            "appt" | "move" | "cancel" => self.press_visit(kind, rest)?,
            kind if CHOICES.contains(&kind) => {
                if self.is_past(kind, value) {
                    self.stale();
                    return Ok(true);
                }
                self.form.digest = None;
                return self.press_choice(kind, rest);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the last reply had that button.
    fn is_offered(&self, value: &str) -> bool {
        self.form.buttons.iter().any(|button| button.value == value)
    }

    /// Whether a choice belongs to something that has ended: a time or a day of it begins nothing new. A service
    /// begins a booking, but not out of the list of one that was made.
    fn is_past(&self, kind: &str, value: &str) -> bool {
        let is_over = self.form.task == Task::None && !self.is_offered(value);
        is_over && (self.form.done.is_some() || !matches!(kind, "svc" | "cat"))
    }

    /// Says that a button has had its day, and what can be done now.
    fn stale(&mut self) {
        self.rule("stale_button");
        self.say(self.words().stale());
        if self.form.task == Task::None {
            let menu = self.menu();
            self.offer(menu);
        }
    }

    /// Says what is under way.
    pub fn say_pending(&mut self) {
        let words = self.words();
        self.say(if self.form.task == Task::Cancel { words.pending_cancel() } else { words.pending() });
    }

    fn press_menu(&mut self, rest: &str) -> Result<bool, Need> {
        match rest {
            "human" => {
                self.hand_over("asked");
                return Ok(true);
            }
            // Nothing is begun: what was done before stands, and is not dropped by a word like this.
            "drop" if self.form.task == Task::None && self.form.done.is_some() => {
                self.stands();
                let menu = self.menu();
                self.offer(menu);
            }
            "drop" => self.drop_form(),
            "start" => {
                // Who begins anew is not held to what was asked before.
                if self.form.task != Task::None {
                    self.start(Task::None);
                }
                self.form.digest = None;
                self.say(self.words().greeting(&self.scene.profile.company.name));
                self.help();
            }
            "help" => {
                self.say(self.words().what_i_can());
                if self.form.task == Task::None {
                    let menu = self.menu();
                    self.offer(menu);
                } else {
                    self.form.digest = None;
                    self.proceed(None, None)?;
                }
            }
            "stale" => {
                self.stale();
                self.form.digest = None;
                self.proceed(None, None)?;
            }
            "command" => {
                self.say(self.words().unknown_command());
                return self.press_menu("help");
            }
            "book" | "move" | "cancel" | "visits" => {
                let task = match rest {
                    "book" => Task::Book,
                    "move" => Task::Move,
                    "cancel" => Task::Cancel,
                    _ => Task::List,
                };
                if self.form.task != task {
                    self.start(task);
                }
                self.form.digest = None;
                self.proceed(None, None)?;
            }
            "prices" | "services" => self.consult(|turn| turn.tell_services(turn.words().prices()))?,
            "contacts" => self.consult(|turn| {
                turn.tell_contacts();
                turn.tell_week();
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Answers a question of the menu and returns to what was asked.
    fn consult(&mut self, tell: impl Fn(&mut Self)) -> Result<(), Need> {
        tell(self);
        if self.form.task == Task::None {
            self.state = DialogState::Consulting;
            return Ok(());
        }
        self.form.digest = None;
        self.proceed(None, None)
    }

    fn press_answer(&mut self, yes: bool, digest: &str) -> Result<(), Need> {
        let awaited = self.form.digest.as_deref() == Some(digest);
        match (awaited, yes) {
            (true, true) => {
                self.form.digest = None;
                self.proceed(None, Some(digest))
            }
            (true, false) => {
                self.form.digest = None;
                self.refuse_summary();
                Ok(())
            }
            (false, _) if self.form.done.as_ref().is_some_and(|done| done.digest.as_deref() == Some(digest)) => {
                self.stands();
                Ok(())
            }
            (false, _) => {
                self.stale();
                self.form.digest = None;
                self.proceed(None, None)
            }
        }
    }

    fn press_visit(&mut self, kind: &str, id: &str) -> Result<(), Need> {
        let task = match (kind, self.form.task) {
            ("move", _) | (_, Task::Move) => Task::Move,
            _ => Task::Cancel,
        };
        if self.form.task != task {
            self.start(task);
        }
        if kind == "appt" && self.form.task == Task::None {
            self.form.task = Task::List;
        }
        self.form.digest = None;
        self.form.visit = None;
        if let Some(visit) = self.find_visit(id)? {
            self.take_visit(visit, None);
        }
        self.proceed(None, None)
    }

    fn press_choice(&mut self, kind: &str, rest: &str) -> Result<bool, Need> {
        if kind == "change" {
            if !matches!(self.form.task, Task::Book | Task::Move) {
                // What should be changed is long forgotten.
                self.stale();
                return Ok(true);
            }
            return self.press_change(rest);
        }
        if !matches!(self.form.task, Task::Book | Task::Move) {
            self.start(Task::Book);
        }
        match kind {
            "svc" if self.scene.profile.service(rest).is_some() => {
                if self.form.task == Task::Move {
                    self.start(Task::Book);
                }
                self.form.service = Some(rest.to_owned());
                self.form.services.clear();
                self.form.picked = None;
            }
            "cat" => return Ok(self.press_category(rest)),
            "emp" => {
                self.form.employees.clear();
                self.form.picked = None;
                self.form.employee = match rest {
                    "any" => Wanted::Any,
                    id => Wanted::Named(id.to_owned()),
                };
            }
            "day" => match rest.parse::<Date>() {
                Ok(day) => self.form.date = Some(Days::single(day)),
                Err(_) => return Ok(false),
            },
            "slot" => {
                let Some((start, employee)) = read_slot(rest, self) else { return Ok(false) };
                self.form.date = Some(Days::single(start.date()));
                self.form.time = Some(Hours::point(start.time()));
                if let (Wanted::Named(named), Some(other)) = (&self.form.employee, &employee)
                    && named != other
                {
                    self.form.employee = Wanted::Named(other.clone());
                }
                self.form.picked = employee;
            }
            _ => {}
        }
        self.proceed(None, None)?;
        Ok(true)
    }

    fn press_category(&mut self, group: &str) -> bool {
        let inside = |service: &&Service| service.category.as_deref() == Some(group);
        let choice: Vec<Service> = self.scene.profile.visible_services().filter(inside).cloned().collect();
        if choice.is_empty() {
            return false;
        }
        self.form.services = choice.iter().map(|service| service.id.clone()).collect();
        self.ask_service(self.words().ask_which_service(), &choice);
        true
    }

    /// Something without words: says what becomes of it and goes on with what was asked.
    pub fn receive_media(&mut self, kind: MessageKind) -> Result<(), Need> {
        self.rule("media");
        self.say(match kind {
            MessageKind::Voice => self.words().voice_received(),
            MessageKind::Contact => self.words().card_of_somebody(),
            MessageKind::Location => self.words().place_received(),
            _ => self.words().media_received(),
        });
        if self.form.task == Task::None {
            return Ok(());
        }
        self.form.digest = None;
        self.proceed(None, None)
    }

    /// Forgets one part of the form, so that it is asked for again.
    pub fn press_change(&mut self, part: &str) -> Result<bool, Need> {
        match part {
            "service" => {
                self.form.service = None;
                self.form.services.clear();
            }
            "day" => self.form.date = None,
            "time" => {
                self.form.time = None;
                self.form.new_hour = true;
            }
            "employee" => {
                let service = self.form.service.clone().unwrap_or_default();
                let able: Vec<String> = self.providers(&service).iter().map(|employee| employee.id.clone()).collect();
                self.form.picked = None;
                self.ask_employee(&able);
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.form.asked = None;
        self.proceed(None, None)?;
        Ok(true)
    }

    /// The choice of the last reply when there was only one: a «yes» means it.
    pub fn only_choice(&self) -> Option<String> {
        let choice = |value: &str| ["slot:", "day:", "svc:", "appt:"].iter().any(|kind| value.starts_with(kind));
        let mut choices = self.form.buttons.iter().filter(|button| choice(&button.value));
        match (choices.next(), choices.next()) {
            (Some(only), None) => Some(only.value.clone()),
            _ => None,
        }
    }

    /// The choice of the last reply that a lone number counts off.
    pub fn counted_choice(&self, said: &Understanding) -> Option<String> {
        let listed = matches!(self.form.asked, Some(Asked::Service | Asked::Employee | Asked::Visit));
        let at = usize::try_from(said.lone_number.filter(|_| listed)?).ok()?.checked_sub(1)?;
        self.form.buttons.get(at).map(|button| button.value.clone())
    }
}
