//! A new visit: service, employee where it matters, time, name and phone, and the summary.

use super::form::{Asked, Task, Wanted};
use super::turn::Turn;
use super::{Act, Need};
use crate::dialog::say::{Label, VisitWords, format};
use crate::domain::company::Service;
use crate::domain::conversation::{Button, DialogState};

/// Buttons under one message.
pub(super) const MAX_BUTTONS: usize = 10;
/// Services that are listed with their prices.
const MAX_LINES: usize = 15;

/// A short mark of what a client agrees to: another offer has another mark.
pub(super) fn digest(parts: &[&str]) -> String {
    format!("{:08x}", crc32fast::hash(parts.join("|").as_bytes()))
}

impl Turn<'_> {
    /// Goes as far as the form allows. `agreed` is the digest of the summary the client said yes to.
    pub fn book(&mut self, agreed: Option<&str>) -> Result<(), Need> {
        let Some(service) = self.settle_service() else { return Ok(()) };
        if !self.settle_employee(&service) || !self.settle_time(&service.id)? || !self.settle_contact() {
            return Ok(());
        }
        self.sum_up(&service, agreed);
        Ok(())
    }

    /// The service, or asks for it.
    fn settle_service(&mut self) -> Option<Service> {
        if let Some(service) = self.service() {
            return Some(service.clone());
        }
        let named = self.named().map(|employee| employee.services.clone());
        let done_by_named = |service: &&Service| named.as_ref().is_none_or(|ids| ids.contains(&service.id));
        let asked_before = self.form.services.len() > 1;
        let mut choice: Vec<Service> = self
            .scene
            .profile
            .visible_services()
            .filter(|service| !asked_before || self.form.services.contains(&service.id))
            .filter(done_by_named)
            .cloned()
            .collect();
        if choice.is_empty() {
            choice = self.scene.profile.visible_services().cloned().collect();
        }
        if let [only] = choice.as_slice() {
            self.form.service = Some(only.id.clone());
            self.form.services.clear();
            return Some(only.clone());
        }
        let question = if asked_before { self.words().ask_which_service() } else { self.words().ask_service() };
        self.ask_service(question, &choice);
        None
    }

    /// Asks for a service: all of them, or their groups when they are many.
    pub fn ask_service(&mut self, question: &str, choice: &[Service]) {
        let mut groups: Vec<&str> = Vec::new();
        for group in choice.iter().filter_map(|service| service.category.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let grouped = choice.len() > MAX_BUTTONS && (2..=MAX_BUTTONS).contains(&groups.len());
        let buttons = if grouped {
            let button = |group: &&str| Button { text: (*group).to_owned(), value: format!("cat:{group}") };
            groups.iter().map(button).collect()
        } else {
            self.service_buttons(choice)
        };
        let text = if choice.len() > MAX_LINES {
            question.to_owned()
        } else {
            format!("{question}\n{}", self.service_lines(choice))
        };
        self.ask(Asked::Service, DialogState::Booking, text, buttons);
    }

    pub fn service_buttons(&self, choice: &[Service]) -> Vec<Button> {
        let button = |service: &Service| Button { text: service.title.clone(), value: format!("svc:{}", service.id) };
        choice.iter().take(MAX_BUTTONS).map(button).collect()
    }

    /// A line for each service with its price and length.
    pub fn service_lines(&self, choice: &[Service]) -> String {
        let line = |service: &Service| {
            let length = format::duration(service.duration_min, self.language);
            self.words().service_line(&service.title, &self.price_words(service), &length)
        };
        choice.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Whether it is settled who does it; asks when it is not. Nobody is asked for who was not mentioned.
    pub fn settle_employee(&mut self, service: &Service) -> bool {
        let providers = self.providers(&service.id);
        if !self.form.employees.is_empty() {
            let able = |id: &String| providers.iter().any(|employee| employee.id == *id);
            let fitting: Vec<String> = self.form.employees.iter().filter(|id| able(id)).cloned().collect();
            self.form.employees.clear();
            match fitting.as_slice() {
                [] => {}
                [only] => self.form.employee = Wanted::Named(only.clone()),
                _ => {
                    self.ask_employee(&fitting);
                    return false;
                }
            }
        }
        let Wanted::Named(id) = &self.form.employee else { return true };
        if providers.iter().any(|employee| employee.id == *id) {
            return true;
        }
        let name = self.employee_name(Some(id));
        self.say(self.words().employee_does_not(&name, &service.title));
        self.form.employee = Wanted::Unset;
        let able: Vec<String> = providers.iter().map(|employee| employee.id.clone()).collect();
        self.ask_employee(&able);
        false
    }

    /// Asks who should do it.
    pub fn ask_employee(&mut self, ids: &[String]) {
        let mut buttons: Vec<Button> = ids
            .iter()
            .take(MAX_BUTTONS - 1)
            .map(|id| Button { text: self.employee_name(Some(id)), value: format!("emp:{id}") })
            .collect();
        let names: Vec<String> = buttons.iter().map(|button| button.text.clone()).collect();
        buttons.push(self.button(Label::AnyEmployee, "emp:any"));
        let text = format!("{}\n{}", self.words().ask_employee(), names.join("\n"));
        self.form.employees = ids.to_vec();
        self.ask(Asked::Employee, DialogState::Booking, text, buttons);
    }

    /// Whether name and phone are known; asks for what is missing.
    fn settle_contact(&mut self) -> bool {
        let words = self.words();
        let (asked, text) = match (self.known_name(), self.known_phone()) {
            (Some(_), Some(_)) => return true,
            (None, None) => (Asked::Contact, words.ask_contact()),
            (None, Some(_)) => (Asked::Name, words.ask_name()),
            (Some(_), None) => (Asked::Phone, words.ask_phone()),
        };
        if std::mem::take(&mut self.bad_phone) {
            self.say(words.bad_phone());
        }
        let asked_already = matches!(self.form.asked, Some(Asked::Contact | Asked::Name | Asked::Phone));
        if let (true, Some(slot)) = (self.is_silent() && (!asked_already || self.changed), &self.form.slot) {
            self.say(self.words().time_is_free(&self.when(&slot.start)));
        }
        self.ask(asked, DialogState::CollectingInfo, text, Vec::new());
        false
    }

    /// The summary, or the booking when the client agreed to this very summary.
    fn sum_up(&mut self, service: &Service, agreed: Option<&str>) {
        let Some(slot) = self.form.slot.clone() else { return };
        let employee_id = slot.employee.clone();
        let digest =
            digest(&["book", &service.id, &slot.start.timestamp().to_string(), employee_id.as_deref().unwrap_or("")]);
        if agreed == Some(digest.as_str())
            && let (Some(name), Some(phone)) = (self.known_name(), self.known_phone())
        {
            self.commit(
                digest,
                Act::Book {
                    service_id: service.id.clone(),
                    employee_id,
                    start: slot.start.timestamp(),
                    end: slot.end,
                    name,
                    phone,
                },
            );
            return;
        }
        let (when, employee) = (self.when(&slot.start), self.employee_name(employee_id.as_deref()));
        let price = format::capitalised(&self.price_words(service));
        let visit = VisitWords { service: &service.title, when: &when, employee: &employee, price: &price };
        let text = self.words().summary_book(visit);
        self.confirm(digest, text, Label::Change);
    }

    /// Hands a write to the CRM over; what becomes of it is told when it is known.
    pub fn commit(&mut self, digest: String, act: Act) {
        self.rule("agreed");
        self.act = Some(act);
        self.form.digest = Some(digest);
        self.form.pending = true;
        self.form.asked = None;
        self.offer(Vec::new());
        self.state = DialogState::Confirming;
    }

    /// Begins something new; what was talked about before a booking is its beginning.
    pub fn start(&mut self, task: Task) {
        let old = self.form.clone();
        self.form.restart(task);
        if task == Task::Book && old.task == Task::None {
            self.form.service = old.service;
            self.form.services = old.services;
            self.form.employee = old.employee;
        }
    }

    /// Gives the form up.
    pub fn drop_form(&mut self) {
        self.form.restart(Task::None);
        self.say(self.words().dropped());
        let menu = self.menu();
        self.offer(menu);
        self.state = DialogState::Consulting;
    }
}
