//! A front desk for tests: a calendar that computes free times, and a chat with one client.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan, Zoned};

use super::garage::garage;
pub use super::garage::phone;
pub use super::means::{Means, book, no, said, yes};
use crate::dialog::flow::{Act, Facts, Input, Need, Outcome, Plan, Scene, outcome, step};
use crate::dialog::understand::{Understanding, Vocabulary, understand};
use crate::domain::company::Profile;
use crate::domain::contact::{Locale, Phone};
use crate::domain::conversation::{DialogState, Session};
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient, Slot, SlotQuery};
use crate::domain::id::BookingId;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::slots::free_slots;
use crate::domain::store::Busy;

/// Facts that are computed when a step asks for them.
#[derive(Default)]
struct Known {
    slots: HashMap<SlotQuery, Vec<Slot>>,
    appointments: HashMap<Option<Phone>, Vec<Appointment>>,
    knowledge: HashMap<Vec<String>, Vec<KnowledgeHit>>,
}

impl Facts for Known {
    fn slots(&self, query: &SlotQuery) -> Result<&[Slot], Need> {
        self.slots.get(query).map(Vec::as_slice).ok_or_else(|| Need::Slots(query.clone()))
    }
    fn appointments(&self, phone: Option<&Phone>) -> Result<&[Appointment], Need> {
        self.appointments.get(&phone.cloned()).map(Vec::as_slice).ok_or_else(|| Need::Appointments(phone.cloned()))
    }
    fn knowledge(&self, stems: &[String]) -> Result<&[KnowledgeHit], Need> {
        self.knowledge.get(stems).map(Vec::as_slice).ok_or_else(|| Need::Knowledge(stems.to_vec()))
    }
}

/// A chat with one client.
pub struct Chat {
    pub profile: Profile,
    pub now: Zoned,
    pub name: Option<String>,
    pub phone: Option<Phone>,
    /// Whether the channel gave the phone, or an earlier dialogue.
    pub vouched: bool,
    pub trust_typed_phone: bool,
    pub in_public: bool,
    pub person_spoke: bool,
    pub language: Option<Locale>,
    pub session: Option<Session>,
    pub booked: Vec<Appointment>,
    /// What the CRM answers instead of doing it.
    pub answer: Option<Outcome>,
    pub acts: Vec<Act>,
    pub plan: Option<Plan>,
    /// The plan before the CRM answered.
    pub asked: Option<Plan>,
    /// How many facts the last step asked for.
    pub needs: usize,
}

impl Chat {
    /// A garage on Tuesday, 10 March 2026, at ten; nothing is known of the client.
    pub fn new() -> Self {
        Self {
            profile: garage(),
            now: "2026-03-10T10:00:00+04:00[Europe/Samara]".parse().unwrap(),
            name: None,
            phone: None,
            vouched: true,
            trust_typed_phone: true,
            in_public: false,
            person_spoke: false,
            language: None,
            session: None,
            booked: Vec::new(),
            answer: None,
            acts: Vec::new(),
            plan: None,
            asked: None,
            needs: 0,
        }
    }

    /// The channel knows name and phone.
    pub fn known() -> Self {
        Self { name: Some("Пётр".to_owned()), phone: Some(phone("+79270000001")), ..Self::new() }
    }

    /// A visit that exists before.
    pub fn with_visit(mut self, service: &str, employee: &str, start: &str, owner: &str) -> Self {
        self.put(service, Some(employee), start, phone(owner));
        self
    }

    fn put(&mut self, service: &str, employee: Option<&str>, start: &str, owner: Phone) -> Appointment {
        let start: Timestamp = start.parse().unwrap();
        let start = start.to_zoned(self.profile.company.timezone.tz().clone());
        let length = self.profile.services.iter().find(|s| s.id == service).unwrap().duration_min;
        let appointment = Appointment {
            id: format!("ap{}", self.booked.len() + 1),
            end: start.checked_add(i64::from(length).minutes()).unwrap(),
            start,
            service_id: service.to_owned(),
            employee_id: employee.map(str::to_owned),
            client: CrmClient { id: None, name: None, phone: Some(owner), email: None },
            status: AppointmentStatus::Booked,
        };
        self.booked.push(appointment.clone());
        appointment
    }

    /// Free times by the profile's hours and what is booked.
    fn free(&self, query: &SlotQuery) -> Vec<Slot> {
        let busy: Vec<Busy> = self
            .booked
            .iter()
            .map(|a| Busy {
                employee_id: a.employee_id.clone(),
                start: a.start.timestamp(),
                end: a.end.timestamp(),
                booking_id: BookingId::new(self.now.timestamp()),
                external_id: Some(a.id.clone()),
            })
            .collect();
        free_slots(&self.profile, query, &busy, &self.now)
    }

    fn learn(&self, known: &mut Known, need: Need) {
        match need {
            Need::Slots(query) => {
                assert!(query.from <= query.to, "an empty stretch is no question");
                let slots = self.free(&query);
                known.slots.insert(query, slots);
            }
            Need::Appointments(phone) => {
                let own = |a: &&Appointment| phone.is_some() && a.client.phone == phone && a.start > self.now;
                let mut own: Vec<Appointment> = self.booked.iter().filter(own).cloned().collect();
                own.sort_by_key(|a| a.start.timestamp());
                known.appointments.insert(phone, own);
            }
            Need::Knowledge(stems) => {
                known.knowledge.insert(stems, Vec::new());
            }
        }
    }

    fn work(&mut self, act: impl Fn(&Scene<'_>, &dyn Facts) -> Result<Plan, Need>) -> Plan {
        let mut known = Known::default();
        for asked in 0..12 {
            let client_phone = self.phone.clone();
            let scene = Scene {
                profile: &self.profile,
                now: &self.now,
                language: self.language,
                client_name: self.name.as_deref(),
                client_phone: client_phone.as_ref(),
                verified_phone: client_phone.as_ref().filter(|_| self.vouched),
                person_spoke: self.person_spoke,
                trust_typed_phone: self.trust_typed_phone,
                in_public: self.in_public,
            };
            match act(&scene, &known) {
                Ok(plan) => {
                    self.needs = asked;
                    self.language = Some(plan.language);
                    self.session =
                        Some(Session { state: plan.state, form: plan.form.clone(), updated_at: self.now.timestamp() });
                    return plan;
                }
                Err(need) => self.learn(&mut known, need),
            }
        }
        panic!("a step asks for facts without end");
    }

    fn commit(&mut self, act: &Act) -> Outcome {
        if let Some(answer) = self.answer.take() {
            return answer;
        }
        match act {
            Act::Book { service_id, employee_id, start, phone, .. } => {
                let start = start.to_zoned(self.profile.company.timezone.tz().clone());
                let text = start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                Outcome::Booked(self.put(service_id, employee_id.as_deref(), &text, phone.clone()))
            }
            Act::Move { appointment_id, start, employee_id } => {
                let tz = self.profile.company.timezone.tz().clone();
                let found = self.booked.iter_mut().find(|a| a.id == *appointment_id).unwrap();
                let length = found.end.timestamp() - found.start.timestamp();
                found.start = start.to_zoned(tz.clone());
                found.end = (*start + length).to_zoned(tz);
                found.employee_id = employee_id.clone().or(found.employee_id.take());
                Outcome::Moved(found.clone())
            }
            Act::Cancel { appointment_id } => {
                let at = self.booked.iter().position(|a| a.id == *appointment_id).unwrap();
                Outcome::Cancelled(self.booked.remove(at))
            }
        }
    }

    fn send(&mut self, input: &Input) -> String {
        let session = self.session.clone();
        let mut plan = self.work(|scene, facts| step(scene, session.as_ref(), input, facts));
        for said in &plan.says {
            assert!(!said.text.contains("записаны") && !said.text.contains("booked"), "{}", said.text);
        }
        self.asked = Some(plan.clone());
        if let Some(act) = plan.act.clone() {
            let answer = self.commit(&act);
            self.acts.push(act);
            plan = self.tell(&answer);
        }
        self.plan = Some(plan);
        self.text()
    }

    /// The CRM answers.
    pub fn tell(&mut self, answer: &Outcome) -> Plan {
        let session = self.session.clone().unwrap();
        let plan = self.work(|scene, facts| outcome(scene, &session, answer, facts));
        self.plan = Some(plan.clone());
        plan
    }

    /// The client writes; answers the reply.
    pub fn says(&mut self, understanding: Understanding) -> String {
        self.send(&Input { understanding, button: None, media: None })
    }

    /// The client writes, and the parser reads it.
    pub fn writes(&mut self, text: &str) -> String {
        let company = &self.profile.company;
        let words = Vocabulary::new(&self.profile.services, &self.profile.employees);
        self.says(understand(text, &self.now, &words, company.region()))
    }

    /// The client presses the button whose title contains this.
    pub fn press(&mut self, title: &str) -> String {
        let buttons = self.buttons();
        let exact = buttons.iter().find(|(text, _)| text == title);
        let button = exact.or_else(|| buttons.iter().find(|(text, _)| text.contains(title)));
        let (text, value) = button.unwrap_or_else(|| panic!("no button {title}: {buttons:?}")).clone();
        self.press_value(&text, &value)
    }

    /// The client presses a button that may be old.
    pub fn press_value(&mut self, title: &str, value: &str) -> String {
        self.send(&Input { understanding: said(title), button: Some(value.to_owned()), media: None })
    }

    pub fn plan(&self) -> &Plan {
        self.plan.as_ref().unwrap()
    }

    pub fn state(&self) -> DialogState {
        self.plan().state
    }

    pub fn text(&self) -> String {
        self.plan().says.iter().map(|said| said.text.clone()).collect::<Vec<_>>().join("\n")
    }

    pub fn buttons(&self) -> Vec<(String, String)> {
        let buttons = self.plan().says.iter().flat_map(|said| &said.buttons);
        buttons.map(|button| (button.text.clone(), button.value.clone())).collect()
    }

    pub fn titles(&self) -> Vec<String> {
        self.buttons().into_iter().map(|(text, _)| text).collect()
    }

    /// Live visits as «service employee start».
    pub fn visits(&self) -> Vec<String> {
        let shown = |a: &Appointment| {
            format!("{} {} {}", a.service_id, a.employee_id.as_deref().unwrap_or("-"), a.start.strftime("%m-%d %H:%M"))
        };
        self.booked.iter().map(shown).collect()
    }
}
