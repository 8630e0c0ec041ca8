//! Visits that exist: to move, to cancel, to list.

use super::book::{MAX_BUTTONS, digest};
use super::form::{Asked, Days, Hours, Task, Visit, Wanted};
use super::turn::Turn;
use super::{Act, Need};
use crate::dialog::say::{Label, format};
use crate::dialog::understand::{DateRange, Intent, Understanding};
use crate::domain::contact::Phone;
use crate::domain::conversation::{Button, DialogState};
use crate::domain::text::{fold, words};

impl Turn<'_> {
    /// The phone that visits may be looked up by.
    pub fn lookup_phone(&self) -> Option<Phone> {
        match self.scene.trust_typed_phone {
            true => self.known_phone(),
            // A number typed in an earlier turn or dialogue is still only typed.
            false => self.scene.verified_phone.cloned(),
        }
    }

    fn live_visits(&self) -> Result<Vec<Visit>, Need> {
        Ok(self.facts.appointments(self.lookup_phone().as_ref())?.iter().map(Visit::from).collect())
    }

    /// Whether it is known which visit is meant; asks when it is not.
    fn settle_visit(&mut self, said: Option<&Understanding>) -> Result<bool, Need> {
        if self.form.visit.is_some() {
            return Ok(true);
        }
        let all = self.live_visits()?;
        if all.is_empty() {
            self.ask_for_phone();
            return Ok(false);
        }
        let asked_among: Vec<Visit> =
            all.iter().filter(|v| self.form.visits.iter().any(|a| a.id == v.id)).cloned().collect();
        let pool = if asked_among.is_empty() { all } else { asked_among };
        let fitting = match said {
            Some(said) => self.narrowed(&pool, said),
            None => pool,
        };
        if let [only] = fitting.as_slice() {
            self.take_visit(only.clone(), said);
            return Ok(true);
        }
        self.ask_visit(fitting);
        Ok(false)
    }

    /// The visits that a message speaks of; all when it speaks of none of them.
    fn narrowed(&mut self, pool: &[Visit], said: &Understanding) -> Vec<Visit> {
        if let Some(counted) = ordinal(&said.text).and_then(|at| pool.get(at)) {
            return vec![counted.clone()];
        }
        let mut fitting = pool.to_vec();
        let services = &said.candidates.service;
        keep(&mut fitting, |visit| services.contains(&visit.service) || said.service.as_ref() == Some(&visit.service));
        let people = &said.candidates.employee;
        let by = |visit: &Visit, id: &String| visit.employee.as_ref() == Some(id);
        keep(&mut fitting, |visit| people.iter().chain(&said.employee).any(|id| by(visit, id)));
        let just_done =
            self.form.done.as_ref().filter(|done| self.state == DialogState::Completed && done.task != Task::Cancel);
        if let (true, Some(done)) = (fitting.len() == pool.len() && said.date.is_none(), just_done) {
            keep(&mut fitting, |visit| visit.id == done.visit.id);
        }
        let pointed = self.form.task == Task::Cancel || self.form.asked == Some(Asked::Visit);
        if let (true, true, None, Some(at)) = (
            fitting.len() > 1,
            pointed,
            said.date,
            said.time.and_then(|time| time.from.filter(|_| time.from == time.to)),
        ) {
            // «ту, которая в 12:00»
            keep(&mut fitting, |visit| visit.start.time() == at);
        }
        if fitting.len() > 1
            && let Some(days) = said.date
        {
            let before = fitting.len();
            let holds = |visit: &Visit| {
                let day = visit.start.date();
                days.from.is_none_or(|from| day >= from) && days.to.is_none_or(|to| day <= to)
            };
            keep(&mut fitting, holds);
            if self.form.task == Task::Move && fitting.len() < before {
                // The day named is that of the visit, not the one it should go to.
                self.form.date = None;
            }
            if let Some(at) = said.time.and_then(|time| time.from) {
                keep(&mut fitting, |visit| visit.start.time() == at);
            }
        }
        fitting
    }

    /// Takes a visit; for a move its service, its employee and its hour stay unless another is wished for.
    pub fn take_visit(&mut self, visit: Visit, said: Option<&Understanding>) {
        if self.form.task == Task::Move {
            let other = said.and_then(|said| said.employee.clone()).filter(|id| visit.employee.as_ref() != Some(id));
            let kept = visit.employee.clone().filter(|id| self.scene.profile.employee(id).is_some());
            self.form.employee = match (other, kept, &self.form.employee) {
                (_, _, Wanted::Any) => Wanted::Any,
                (Some(id), ..) | (None, Some(id), _) => Wanted::Named(id),
                (None, None, _) => Wanted::Unset,
            };
            let own_day = Some(Days::single(visit.start.date()));
            if self.form.date == own_day && self.form.time.is_none() {
                self.form.date = None;
            }
        }
        self.form.service = Some(visit.service.clone());
        self.form.visits.clear();
        self.form.visit = Some(visit);
    }

    /// Whether a message speaks of another visit than the one that was settled.
    pub fn names_other_visit(&self, said: &Understanding) -> bool {
        let Some(visit) = &self.form.visit else { return false };
        if said.intents.contains(&Intent::Reschedule) {
            return false;
        }
        let (services, people, day) = (&said.candidates.service, &said.candidates.employee, visit.start.date());
        let other_service = !services.is_empty() && !services.contains(&visit.service);
        let other_person = !people.is_empty() && visit.employee.as_ref().is_none_or(|id| !people.contains(id));
        let inside = |days: DateRange| days.from.is_none_or(|from| day >= from) && days.to.is_none_or(|to| day <= to);
        other_service || other_person || said.date.is_some_and(|days| !inside(days))
    }

    fn ask_for_phone(&mut self) {
        let words = self.words();
        let buttons = vec![self.button(Label::Book, "menu:book"), self.person_button()];
        match (self.lookup_phone(), self.known_phone().is_some()) {
            (Some(_), _) => {
                self.ask(Asked::VisitPhone, DialogState::CollectingInfo, words.no_visits_by_phone(), buttons);
            }
            (None, true) => self.ask_person(DialogState::Booking, words.no_visits_untrusted()),
            (None, false) => {
                if std::mem::take(&mut self.bad_phone) {
                    self.say(words.bad_phone());
                }
                self.ask(Asked::VisitPhone, DialogState::CollectingInfo, words.ask_phone_for_visits(), Vec::new());
            }
        }
    }

    fn ask_visit(&mut self, visits: Vec<Visit>) {
        let text = format!("{}\n{}", self.words().ask_visit(), self.visit_lines(&visits));
        let button = |visit: &Visit| {
            let day = format::day_title(visit.start.date(), self.today(), self.language);
            let time = format::time(visit.start.time());
            let text = format!("{day}, {time} — {}", self.service_title(&visit.service));
            Button { text, value: format!("appt:{}", visit.id) }
        };
        let buttons = visits.iter().take(MAX_BUTTONS).map(button).collect();
        self.form.visits = visits;
        self.ask(Asked::Visit, DialogState::Booking, text, buttons);
    }

    /// A line for each visit: when, what, with whom.
    fn visit_lines(&self, visits: &[Visit]) -> String {
        let line = |visit: &Visit| {
            let mut line =
                format!("{} — {}", format::capitalised(&self.when(&visit.start)), self.service_title(&visit.service));
            let employee = self.employee_name(visit.employee.as_deref());
            if !employee.is_empty() {
                line.push_str(&format!(", {employee}"));
            }
            line
        };
        visits.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Moves a visit as far as the form allows.
    pub fn move_visit(&mut self, said: Option<&Understanding>, agreed: Option<&str>) -> Result<(), Need> {
        let known_before = self.form.visit.is_some();
        if !self.settle_visit(said)? {
            return Ok(());
        }
        let Some(visit) = self.form.visit.clone() else { return Ok(()) };
        if let (false, Some(said)) = (known_before, said) {
            self.nudge_visit(said);
        }
        let only_hour =
            self.form.asked != Some(Asked::Day) && said.is_some_and(|s| s.time.is_some() && s.date.is_none());
        match (self.form.date, self.form.time) {
            (Some(_), None) if !self.form.new_hour => self.form.time = Some(Hours::point(visit.start.time())),
            (None, Some(_)) if only_hour => {
                self.form.date = Some(Days::single(visit.start.date()));
            }
            _ => {}
        }
        if let Some(service) = self.scene.profile.service(&visit.service)
            && !self.settle_employee(service)
        {
            return Ok(());
        }
        if !self.settle_time(&visit.service)? {
            return Ok(());
        }
        let Some(slot) = self.form.slot.clone() else { return Ok(()) };
        let employee = slot.employee.clone().or_else(|| visit.employee.clone());
        let at = slot.start.timestamp();
        let digest = digest(&["move", &visit.id, &at.to_string(), employee.as_deref().unwrap_or("")]);
        if agreed == Some(digest.as_str()) {
            let employee_id = employee.filter(|id| visit.employee.as_ref() != Some(id));
            self.commit(digest, Act::Move { appointment_id: visit.id, start: at, employee_id });
            return Ok(());
        }
        let (old, new) = (self.when(&visit.start), self.when(&slot.start));
        let name = self.employee_name(employee.as_deref());
        let text = self.words().summary_move(&self.service_title(&visit.service), &old, &new, &name);
        self.confirm(digest, text, Label::Change);
        Ok(())
    }

    /// Cancels a visit once the client agrees.
    pub fn cancel_visit(&mut self, said: Option<&Understanding>, agreed: Option<&str>) -> Result<(), Need> {
        if !self.settle_visit(said)? {
            return Ok(());
        }
        let Some(visit) = self.form.visit.clone() else { return Ok(()) };
        let digest = digest(&["cancel", &visit.id]);
        if agreed == Some(digest.as_str()) {
            self.commit(digest, Act::Cancel { appointment_id: visit.id });
            return Ok(());
        }
        let text = self.about(&visit, |words, visit| words.summary_cancel(visit));
        self.confirm(digest, text, Label::No);
        Ok(())
    }

    /// Tells which visits stand.
    pub fn list_visits(&mut self) -> Result<(), Need> {
        let visits = self.live_visits()?;
        if visits.is_empty() {
            self.ask_for_phone();
            return Ok(());
        }
        self.tell_visits(&visits);
        let buttons = match visits.as_slice() {
            [only] => vec![
                self.button(Label::Move, format!("move:{}", only.id)),
                self.button(Label::Cancel, format!("cancel:{}", only.id)),
            ],
            _ => vec![self.button(Label::Move, "menu:move"), self.button(Label::Cancel, "menu:cancel")],
        };
        self.form.restart(Task::None);
        self.offer(buttons);
        self.state = DialogState::Consulting;
        Ok(())
    }

    fn tell_visits(&mut self, visits: &[Visit]) {
        self.say(format!("{}\n{}", self.words().visits(), self.visit_lines(visits)));
    }

    /// Tells which visits stand in the middle of something else.
    pub fn mention_visits(&mut self) -> Result<(), Need> {
        let visits = self.live_visits()?;
        match visits.is_empty() {
            true => self.say(self.words().no_visits()),
            false => self.tell_visits(&visits),
        }
        Ok(())
    }

    /// The live visit of that id.
    pub fn find_visit(&self, id: &str) -> Result<Option<Visit>, Need> {
        Ok(self.live_visits()?.into_iter().find(|visit| visit.id == id))
    }
}

/// Keeps what fits, unless nothing does.
fn keep(visits: &mut Vec<Visit>, fits: impl Fn(&Visit) -> bool) {
    if visits.iter().any(&fits) {
        visits.retain(fits);
    }
}

/// «вторую», "the first one": which of a list is meant, counted from 0.
fn ordinal(text: &str) -> Option<usize> {
    const ORDINALS: [(&str, &str); 4] =
        [("перв", "first"), ("втор", "second"), ("трет", "third"), ("четверту", "fourth")];
    let folded = fold(text);
    let is = |word: &str, ru: &str, en: &str| word == en || (word.starts_with(ru) && !word.starts_with("вторник"));
    ORDINALS.iter().position(|(ru, en)| words(&folded).any(|word| is(word, ru, en)))
}
