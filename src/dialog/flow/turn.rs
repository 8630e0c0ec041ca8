//! One step being worked out: the form, and what has been decided so far.

use jiff::civil::Date;
use serde_json::json;

use super::form::{Asked, Form, Task, Visit, Wanted};
use super::{Act, Facts, Need, Plan, Said, Scene};
use crate::dialog::say::{Label, Phrases, VisitWords, format, phrases};
use crate::dialog::understand::{Understanding, shown_locale};
use crate::domain::company::{Employee, Service};
use crate::domain::contact::{Locale, Phone};
use crate::domain::conversation::{Button, DialogState, Session};
use crate::domain::crm::{Slot, SlotQuery};
use crate::domain::lead::LeadStatus;
use crate::domain::store::LeadDraft;

/// Characters of the date as the client said it that are kept.
const DESIRED_CHARS: usize = 200;

/// A step being worked out.
pub(super) struct Turn<'a> {
    pub scene: &'a Scene<'a>,
    pub facts: &'a dyn Facts,
    pub form: Form,
    pub state: DialogState,
    pub language: Locale,
    parts: Vec<String>,
    buttons: Vec<Button>,
    pub act: Option<Act>,
    pub name: Option<String>,
    pub phone: Option<Phone>,
    pub lead: Option<LeadDraft>,
    pub handoff: Option<&'static str>,
    pub question: Option<String>,
    /// The day that was named could not be understood.
    pub unclear_day: bool,
    /// The message changed what is wished for.
    pub changed: bool,
    /// Digits were given that are no phone number.
    pub bad_phone: bool,
    rules: Vec<&'static str>,
    intents: Vec<&'static str>,
    before: serde_json::Value,
}

impl<'a> Turn<'a> {
    pub fn new(scene: &'a Scene<'a>, facts: &'a dyn Facts, session: Option<&Session>) -> Self {
        let form = session.map(|session| Form::from_json(&session.form)).unwrap_or_default();
        Self {
            scene,
            facts,
            before: slots(&form),
            form,
            state: session.map_or(DialogState::Greeting, |session| session.state),
            language: scene.language.unwrap_or(scene.profile.company.locale),
            parts: Vec::new(),
            buttons: Vec::new(),
            act: None,
            name: None,
            phone: None,
            lead: None,
            handoff: None,
            question: None,
            unclear_day: false,
            bad_phone: false,
            changed: false,
            rules: Vec::new(),
            intents: Vec::new(),
        }
    }

    /// Takes the language of a text that shows one; a name, a number or «ok» shows none.
    pub fn listen(&mut self, said: &Understanding) {
        let shown = shown_locale(&said.text, self.scene.language);
        let only_data = self.scene.language.is_some()
            && said.bare_name.is_some()
            && matches!(self.form.asked, Some(Asked::Name | Asked::Contact));
        if let Some(shown) = shown.filter(|_| !only_data) {
            self.language = shown;
        }
        self.intents = said.intents.iter().map(|intent| intent.as_str()).collect();
    }

    pub fn words(&self) -> &'static dyn Phrases {
        phrases(self.language)
    }

    pub fn today(&self) -> Date {
        self.scene.now.date()
    }

    /// Notes why it came about.
    pub fn rule(&mut self, name: &'static str) {
        self.rules.push(name);
    }

    /// A press that was answered before.
    pub fn is_pressed_again(&self) -> bool {
        self.rules.contains(&"pressed_again")
    }

    /// Adds a paragraph to the reply.
    pub fn say(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.parts.push(text);
        }
    }

    /// Whether anything is said yet.
    pub fn is_silent(&self) -> bool {
        self.parts.is_empty()
    }

    /// Ends the reply with a question and its buttons.
    pub fn ask(&mut self, asked: Asked, state: DialogState, text: impl Into<String>, buttons: Vec<Button>) {
        self.say(text);
        self.buttons = buttons;
        self.form.asked = Some(asked);
        self.state = state;
    }

    /// Ends the reply with the offer of a person; what was asked before stays open.
    pub fn ask_person(&mut self, state: DialogState, text: impl Into<String>) {
        self.say(text);
        self.buttons = vec![self.person_button()];
        self.form.offered_person = true;
        self.state = state;
    }

    /// Ends the reply with a summary that waits for its yes.
    pub fn confirm(&mut self, digest: String, text: impl Into<String>, refuse: Label) {
        self.say(text);
        self.buttons =
            vec![self.button(Label::Yes, format!("yes:{digest}")), self.button(refuse, format!("no:{digest}"))];
        self.form.digest = Some(digest);
        self.form.asked = None;
        self.state = DialogState::Confirming;
    }

    /// Puts buttons under the reply.
    pub fn offer(&mut self, buttons: Vec<Button>) {
        self.buttons = buttons;
    }

    pub fn button(&self, label: Label, value: impl Into<String>) -> Button {
        Button { text: self.words().button(label).to_owned(), value: value.into() }
    }

    /// What a client can begin with.
    pub fn menu(&self) -> Vec<Button> {
        vec![
            self.button(Label::Book, "menu:book"),
            self.button(Label::Prices, "menu:prices"),
            self.button(Label::Contacts, "menu:contacts"),
            self.button(Label::Visits, "menu:visits"),
        ]
    }

    pub fn person_button(&self) -> Button {
        self.button(Label::Person, "menu:human")
    }

    /// A «yes» in words may answer the person who spoke last: what was summed up before is shown again first.
    pub fn doubt_agreement(&mut self) {
        if !self.form.pending {
            self.form.digest = None;
            self.form.offered_person = false;
            self.form.buttons.retain(|button| !button.value.starts_with("yes:") && !button.value.starts_with("no:"));
        }
    }

    /// The name given in this dialogue, else the one known before.
    pub fn known_name(&self) -> Option<String> {
        self.form
            .name
            .clone()
            .or_else(|| self.scene.client_name.map(str::to_owned))
            .filter(|name| !name.trim().is_empty())
    }

    /// The phone given in this dialogue, else the one known before.
    pub fn known_phone(&self) -> Option<Phone> {
        self.form.phone.clone().or_else(|| self.scene.client_phone.cloned())
    }

    pub fn service(&self) -> Option<&'a Service> {
        self.form.service.as_deref().and_then(|id| self.scene.profile.service(id))
    }

    /// The title of a service, hidden ones too: visits outlive their service.
    pub fn service_title(&self, id: &str) -> String {
        self.scene.profile.services.iter().find(|s| s.id == id).map_or_else(String::new, |s| s.title.clone())
    }

    /// The name of an employee, hidden ones too; empty when nobody is named.
    pub fn employee_name(&self, id: Option<&str>) -> String {
        let found = id.and_then(|id| self.scene.profile.employees.iter().find(|e| e.id == id));
        found.map_or_else(String::new, |e| e.name.clone())
    }

    /// Visible people who do the service and were not refused.
    pub fn providers(&self, service: &str) -> Vec<&'a Employee> {
        let provides = |e: &&Employee| e.services.iter().any(|s| s == service) && !self.form.without.contains(&e.id);
        self.scene.profile.visible_employees().filter(provides).collect()
    }

    /// The named employee.
    pub fn named(&self) -> Option<&'a Employee> {
        match &self.form.employee {
            Wanted::Named(id) => self.scene.profile.employee(id),
            _ => None,
        }
    }

    /// «в пятницу, 13 марта, в 15:00»
    pub fn when(&self, at: &jiff::Zoned) -> String {
        let local = at.with_time_zone(self.scene.profile.company.timezone.tz().clone());
        format::when(local.date(), local.time(), self.today(), self.language)
    }

    pub fn on_day(&self, day: Date) -> String {
        format::on_day(day, self.today(), self.language)
    }

    /// What a service costs, in words.
    pub fn price_words(&self, service: &Service) -> String {
        let words = self.words();
        service.price.map_or_else(
            || words.price_by_person().to_owned(),
            |price| {
                let (from, to) = format::price_ends(price, &self.scene.profile.company.currency, self.language);
                words.price(&from, to.as_deref())
            },
        )
    }

    /// Says something about a visit.
    pub fn about(&self, visit: &Visit, tell: impl Fn(&dyn Phrases, VisitWords<'_>) -> String) -> String {
        let (service, when) = (self.service_title(&visit.service), self.when(&visit.start));
        let employee = self.employee_name(visit.employee.as_deref());
        tell(self.words(), VisitWords { service: &service, when: &when, employee: &employee, price: "" })
    }

    /// Free times, those of refused employees and days left out; one for each start, by the profile's order.
    pub fn free(&self, query: &SlotQuery) -> Result<Vec<Slot>, Need> {
        let rank = |slot: &Slot| {
            let place = |id: &str| self.scene.profile.employees.iter().position(|e| e.id == id).unwrap_or(usize::MAX);
            let picked = slot.employee_id.is_some() && slot.employee_id == self.form.picked;
            (slot.start.timestamp(), !picked, slot.employee_id.as_deref().map_or(usize::MAX, place))
        };
        let refused = |slot: &Slot| {
            slot.employee_id.as_ref().is_some_and(|id| self.form.without.contains(id))
                || self.form.not_days.contains(&slot.start.date())
        };
        let mut slots: Vec<Slot> = self.facts.slots(query)?.iter().filter(|slot| !refused(slot)).cloned().collect();
        slots.retain(|slot| slot.start.timestamp() > self.scene.now.timestamp());
        slots.sort_by_key(rank);
        slots.dedup_by_key(|slot| slot.start.timestamp());
        Ok(slots)
    }

    /// The lead as the form stands.
    fn booking_lead(&self) -> Option<LeadDraft> {
        if self.form.task != Task::Book {
            return None;
        }
        let (name, phone) = (self.known_name(), self.known_phone());
        let qualified = phone.is_some() && self.form.service.is_some() && self.form.slot.is_some();
        Some(LeadDraft {
            status: Some(if qualified { LeadStatus::Qualified } else { LeadStatus::New }),
            name,
            phone,
            service: self.service().map(|service| service.title.clone()),
            desired_at: self.form.slot.as_ref().map(|slot| slot.start.timestamp()),
            desired_text: self.form.desired_text.clone(),
            update_only: false,
        })
    }

    /// Keeps the client's own words about the date.
    pub fn note_desired(&mut self, text: &str) {
        self.form.desired_text = Some(text.trim().chars().take(DESIRED_CHARS).collect());
    }

    /// The reply so far, as one message.
    pub fn said(&self) -> Said {
        Said { text: self.parts.join("\n\n"), buttons: self.buttons.clone(), asks_phone: false }
    }

    /// What was decided.
    pub fn plan(mut self) -> Plan {
        let offers_person = self.buttons.iter().any(|button| button.value == "menu:human");
        if self.question.is_some() && !offers_person && self.act.is_none() {
            let person = self.person_button();
            self.buttons.push(person);
        }
        if !self.is_pressed_again() {
            self.form.buttons.clone_from(&self.buttons);
        }
        let lead = self.lead.take().or_else(|| self.booking_lead());
        let asks_phone = matches!(self.form.asked, Some(Asked::Contact | Asked::Phone | Asked::VisitPhone));
        let says = if self.is_silent() {
            Vec::new()
        } else {
            vec![Said { asks_phone: asks_phone && self.phone.is_none(), ..self.said() }]
        };
        Plan {
            state: self.state,
            form: self.form.to_json(),
            says,
            act: self.act,
            language: self.language,
            name: self.name,
            phone: self.phone,
            lead,
            handoff: self.handoff,
            question: self.question,
            trace: json!({
                "intents": self.intents,
                "rules": self.rules,
                "before": self.before,
                "after": slots(&self.form),
            }),
        }
    }
}

/// The form's slots, for the trace: no name and no phone.
fn slots(form: &Form) -> serde_json::Value {
    json!({
        "task": form.task,
        "service": form.service,
        "employee": form.employee,
        "date": form.date,
        "time": form.time,
        "start": form.slot.as_ref().map(|slot| slot.start.timestamp()),
        "visit": form.visit.as_ref().map(|visit| &visit.id),
        "asked": form.asked,
        "failures": form.failures,
    })
}
