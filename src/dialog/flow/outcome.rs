//! What became of a write to the CRM. Only here is a client told that a visit stands.

use super::form::{Asked, Done, Task, Visit};
use super::turn::Turn;
use super::{Need, Outcome};
use crate::dialog::say::{Label, Refusal, VisitWords, format};
use crate::domain::conversation::DialogState;
use crate::domain::crm::{Appointment, AppointmentStatus};
use crate::domain::lead::LeadStatus;
use crate::domain::store::LeadDraft;

impl Turn<'_> {
    /// Tells the client what became of it.
    pub fn tell_outcome(&mut self, outcome: &Outcome) -> Result<(), Need> {
        match outcome {
            Outcome::Booked(appointment) => self.tell_booked(appointment),
            Outcome::Moved(appointment) => self.tell_moved(appointment),
            Outcome::Cancelled(appointment) => self.tell_cancelled(appointment),
            Outcome::SlotTaken => return self.tell_taken(),
            Outcome::Refused => {
                self.form.pending = false;
                self.form.digest = None;
                self.rule("crm_refused");
                self.say(self.words().refused());
                self.handoff = Some("crm_refused");
            }
            Outcome::Delayed => {
                self.form.pending = true;
                self.rule("crm_delayed");
                self.say(self.words().delayed());
            }
            Outcome::Escalated { is_last } => {
                if *is_last {
                    self.form.pending = false;
                    self.form.digest = None;
                }
                self.rule("crm_unavailable");
                self.say(self.words().escalated());
                self.handoff = Some("crm_unavailable");
            }
        }
        Ok(())
    }

    /// Ends the form; what was done stays known.
    fn complete(&mut self, task: Task, visit: Visit) {
        let digest = self.form.digest.take();
        self.form.restart(Task::None);
        self.form.done = Some(Done { task, visit, digest });
        self.state = DialogState::Completed;
    }

    fn tell_booked(&mut self, appointment: &Appointment) {
        let visit = Visit::from(appointment);
        let agreed = appointment.status != AppointmentStatus::Requested;
        self.lead = Some(LeadDraft {
            status: Some(if agreed { LeadStatus::Booked } else { LeadStatus::Qualified }),
            name: self.known_name(),
            phone: self.known_phone(),
            service: Some(self.service_title(&visit.service)).filter(|title| !title.is_empty()),
            desired_at: Some(visit.start.timestamp()),
            desired_text: self.form.desired_text.clone(),
            update_only: false,
        });
        let price = self.scene.profile.service(&visit.service).map(|service| self.price_words(service));
        let price = price.map_or_else(String::new, |price| format::capitalised(&price));
        let address = self.scene.profile.company.address.as_deref();
        let text = self.about(&visit, |words, visit| {
            let visit = VisitWords { price: &price, ..visit };
            if agreed { words.booked(visit, address) } else { words.requested(visit) }
        });
        self.say(text);
        let then = std::mem::take(&mut self.form.then);
        self.complete(Task::Book, visit);
        self.offer_next(then);
    }

    /// A service that was named beside the one just booked.
    fn offer_next(&mut self, then: Vec<String>) {
        let Some(next) = then.first().and_then(|id| self.scene.profile.service(id)) else { return };
        self.say(self.words().and_also(&next.title));
        let button = self.button(Label::Book, format!("svc:{}", next.id));
        self.offer(vec![button]);
        self.form.then = then;
    }

    fn tell_moved(&mut self, appointment: &Appointment) {
        let visit = Visit::from(appointment);
        self.lead =
            Some(LeadDraft { desired_at: Some(visit.start.timestamp()), update_only: true, ..LeadDraft::default() });
        let agreed = appointment.status != AppointmentStatus::Requested;
        let text = self.about(&visit, |words, visit| if agreed { words.moved(visit) } else { words.requested(visit) });
        self.say(text);
        self.complete(Task::Move, visit);
    }

    fn tell_cancelled(&mut self, appointment: &Appointment) {
        let visit = Visit::from(appointment);
        if appointment.status == AppointmentStatus::Requested {
            // It stands until the vendor's staff have called it off.
            self.say(self.words().delayed());
            self.complete(Task::None, visit);
            return;
        }
        self.lead = Some(LeadDraft { status: Some(LeadStatus::Lost), update_only: true, ..LeadDraft::default() });
        let text = self.about(&visit, |words, visit| words.cancelled(visit));
        self.say(text);
        self.complete(Task::Cancel, visit);
    }

    /// Somebody was faster: what is free nearby is offered.
    fn tell_taken(&mut self) -> Result<(), Need> {
        self.rule("slot_taken");
        self.form.pending = false;
        self.form.digest = None;
        let Some(slot) = self.form.slot.take() else { return self.proceed(None, None) };
        let Some(service) = self.form.service.clone() else { return self.proceed(None, None) };
        let (day, time) = (self.on_day(slot.start.date()), format::time(slot.start.time()));
        let found = self.near(&service, slot.start.date(), Refusal::JustTaken(day, time))?;
        let found = found.without(slot.start.timestamp());
        self.form.asked = Some(Asked::Time);
        self.settle(found);
        Ok(())
    }
}
