//! Questions that are answered from what the business wrote down, alone or in the middle of a form.

use jiff::civil::Date;

use super::Need;
use super::book::MAX_BUTTONS;
use super::choose::plus;
use super::form::{Asked, Days, Task};
use super::knowledge::{answer, question_stems, search_stems};
use super::turn::Turn;
use crate::dialog::say::format;
use crate::dialog::understand::{Intent, Understanding};
use crate::domain::company::{Employee, Service, WeekHours};
use crate::domain::conversation::{Button, DialogState};
use crate::domain::text::fold;

/// How far ahead exceptional closing is mentioned, in days.
const CLOSED_SOON: i32 = 14;
/// What an answer found for a bare word must be worth.
pub(super) const SURE: f64 = 0.55;
/// The same for a question that was only taken for one about hours, address or staff.
const LIKELY: f64 = 0.5;
/// Words that ask how long something takes.
const HOW_LONG: &[&str] =
    &["сколько длит", "как долго", "по времени", "продолжительн", "сколько занима", "how long", "долго"];
/// Words that ask what something is needed for.
const WHY: &[&str] = &["зачем", "почему", "для чего", "why", "what for"];

pub(super) const QUESTIONS: [Intent; 6] =
    [Intent::AskPrice, Intent::AskHours, Intent::AskAddress, Intent::AskServices, Intent::AskStaff, Intent::Question];

impl Turn<'_> {
    /// Answers every question of a message; `true` when there was one.
    pub fn answer(&mut self, said: &Understanding) -> Result<bool, Need> {
        let mut answered = false;
        for intent in said.intents.iter().filter(|intent| QUESTIONS.contains(intent)) {
            let guessed = !matches!(intent, Intent::AskPrice | Intent::Question)
                && !said.outright.contains(intent)
                && self.mentioned(said).is_empty();
            if guessed && let Some((text, _)) = self.look_up(&said.text)?.filter(|(_, worth)| *worth >= LIKELY) {
                // «а за город ездите?» is less about the address than about what is written of it.
                self.rule("knowledge");
                self.say(text);
                answered = true;
                continue;
            }
            match intent {
                Intent::AskPrice => self.tell_price(said)?,
                Intent::AskHours => self.tell_hours(said),
                Intent::AskAddress => self.tell_contacts(),
                Intent::AskServices => self.tell_offered(said)?,
                Intent::AskStaff => self.tell_staff(said),
                _ if !self.tell(said)? => continue,
                _ => {}
            }
            answered = true;
        }
        Ok(answered)
    }

    /// A question that names a time is mostly a wish («а в 20:00?»): it is taken as one unless the
    /// business wrote down an answer.
    pub fn as_wish(&self, said: &Understanding) -> Result<Understanding, Need> {
        let mut wish = said.clone();
        let nudges = self.form.task != Task::None && super::nudge::is_nudge(&said.text);
        let when = said.date.is_some() || said.time.is_some();
        let outright = said.intents.iter().any(|i| matches!(i, Intent::Book | Intent::Reschedule | Intent::Cancel));
        if !said.asides.is_empty() && (when || said.employee.is_some()) && !outright {
            // «в среду в 16:00, а картой можно?»: the rest of the message is the wish.
            wish.intents.insert(0, Intent::Book);
            wish.intent = Intent::Book;
            return Ok(wish);
        }
        let when = when || self.names_another(said);
        if !said.intents.contains(&Intent::Question) || !(when || nudges) || outright {
            return Ok(wish);
        }
        let answered = !nudges && self.look_up(&said.text)?.is_some_and(|(_, worth)| worth >= SURE);
        if !answered {
            wish.intents.retain(|intent| *intent != Intent::Question);
            if wish.intents.is_empty() {
                let hours = self.form.task == Task::None && said.time.is_none() && said.service.is_none();
                wish.intents.push(if hours { Intent::AskHours } else { Intent::Other });
            }
            wish.intent = wish.intents[0];
        }
        Ok(wish)
    }

    /// Whether a message names somebody else than the form does: «а к Ольге можно?».
    fn names_another(&self, said: &Understanding) -> bool {
        let named =
            self.named().map(|employee| &employee.id).or(self.form.slot.as_ref().and_then(|s| s.employee.as_ref()));
        self.form.task != Task::None && said.employee.is_some() && said.employee.as_ref() != named
    }

    pub fn mentioned(&self, said: &Understanding) -> Vec<Service> {
        let ids = said.service.iter().chain(said.candidates.service.iter().filter(|_| said.service.is_none()));
        ids.filter_map(|id| self.scene.profile.service(id)).cloned().collect()
    }

    /// Address and phone.
    pub fn tell_contacts(&mut self) {
        let company = &self.scene.profile.company;
        let phone = company.phone.as_ref().map(ToString::to_string);
        self.say(self.words().contacts(company.address.as_deref(), phone.as_deref()));
        let menu = self.menu();
        self.offer(menu);
    }

    fn tell_hours(&mut self, said: &Understanding) {
        let employee = said.employee.as_deref().and_then(|id| self.scene.profile.employee(id));
        let day = said.date.and_then(|days| Days { from: days.from, to: days.to }.day());
        match (day, employee) {
            (Some(day), employee) => self.tell_day(day, employee),
            (None, Some(employee)) => {
                let hours = employee.hours.as_ref().unwrap_or(&self.scene.profile.company.hours);
                let week = self.week(hours);
                self.say(self.words().employee_hours(&employee.name, &week));
            }
            (None, None) => self.tell_week(),
        }
        let menu = self.menu();
        self.offer(menu);
    }

    fn week(&self, hours: &WeekHours) -> String {
        format::week(hours, self.words().day_off(), self.language)
    }

    /// The week's hours, and what is closed soon.
    pub fn tell_week(&mut self) {
        let company = &self.scene.profile.company;
        let week = self.week(&company.hours);
        self.say(self.words().hours(&week));
        let soon = plus(self.today(), CLOSED_SOON);
        let near = company.closed.iter().filter(|span| span.to >= self.today() && span.from <= soon);
        let shown = |day| format::date(day, self.today(), self.language);
        let spans: Vec<String> = near
            .map(|span| match span.from == span.to {
                true => shown(span.from),
                false => format!("{}–{}", shown(span.from), shown(span.to)),
            })
            .collect();
        if !spans.is_empty() {
            self.say(self.words().closed_soon(&spans.join(", ")));
        }
    }

    fn tell_day(&mut self, day: Date, employee: Option<&Employee>) {
        let company = &self.scene.profile.company;
        let off = employee.is_some_and(|e| e.days_off.iter().any(|span| span.contains(day)));
        let hours = employee.and_then(|e| e.hours.as_ref()).unwrap_or(&company.hours).on(day.weekday());
        let shown = self.on_day(day);
        let text = match (hours.is_empty() || off || company.is_closed_on(day), employee) {
            (true, None) => self.words().closed_on(&shown),
            (true, Some(e)) => self.words().refusal(&crate::dialog::say::Refusal::DayOff(e.name.clone(), shown)),
            (false, None) => self.words().hours_on(&shown, &format::intervals(hours)),
            (false, Some(e)) => self.words().employee_hours(&e.name, &format!("{shown}, {}", format::intervals(hours))),
        };
        self.say(text);
    }

    /// Who works here, for the service when one is named.
    pub fn tell_staff(&mut self, said: &Understanding) {
        if let (Some(_), Some(_)) = (&said.employee, &said.date) {
            return self.tell_hours(said);
        }
        let service = said.service.as_deref().and_then(|id| self.scene.profile.service(id));
        let people: Vec<&Employee> = match service {
            Some(service) => self.providers(&service.id),
            None => self.scene.profile.visible_employees().collect(),
        };
        let heading = match (service, people.is_empty()) {
            (_, true) => self.words().staff_none().to_owned(),
            (Some(service), _) => self.words().staff_for(&service.title),
            (None, _) => self.words().staff().to_owned(),
        };
        let line = |e: &&Employee| e.title.as_ref().map_or_else(|| e.name.clone(), |t| format!("{} — {t}", e.name));
        let lines: Vec<String> = std::iter::once(heading).chain(people.iter().map(line)).collect();
        self.say(lines.join("\n"));
        let button = |e: &&Employee| Button { text: e.name.clone(), value: format!("emp:{}", e.id) };
        let buttons = people.iter().take(MAX_BUTTONS).map(button).collect();
        self.offer(buttons);
    }

    pub fn look_up(&self, text: &str) -> Result<Option<(String, f64)>, Need> {
        let question = question_stems(text);
        if question.is_empty() {
            return Ok(None);
        }
        let hits = self.facts.knowledge(&search_stems(&question))?;
        Ok(answer(text, &question, hits, &self.scene.profile.knowledge))
    }

    /// Answers any other question, or says honestly that the data has no answer.
    fn tell(&mut self, said: &Understanding) -> Result<bool, Need> {
        let folded = fold(&said.text);
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        let menu = self.menu();
        self.offer(menu);
        if matches!(self.form.asked, Some(Asked::Contact | Asked::Name | Asked::Phone)) && has(WHY) {
            self.say(self.words().why_contact());
            return Ok(true);
        }
        let service = self.mentioned(said).into_iter().next().or_else(|| self.service().cloned());
        if let (true, Some(service)) = (has(HOW_LONG), service) {
            let length = format::duration(service.duration_min, self.language);
            self.say(self.words().duration(&service.title, &length));
            return Ok(true);
        }
        if !said.asides.is_empty() {
            let whole = self.look_up(&said.text)?.filter(|_| said.asides.len() == 1);
            for aside in &said.asides {
                let own = self.look_up(aside)?;
                let worth = |found: &Option<(String, f64)>| found.as_ref().map_or(0.0, |(_, worth)| *worth);
                let best = if worth(&whole) > worth(&own) { whole.clone() } else { own };
                match best {
                    Some((text, _)) => {
                        self.rule("knowledge");
                        self.say(text);
                    }
                    None => self.admit(aside),
                }
            }
            return Ok(true);
        }
        if said.employee.is_some() && self.form.slot.is_some() {
            // «Это Анна будет?»: the summary that follows names who it is.
            return Ok(true);
        }
        // Beside another wish only a sure answer is given: the other wish may be all that was meant.
        let beside = said.intents.iter().any(|intent| *intent != Intent::Question && *intent != Intent::Greet);
        match self.look_up(&said.text)?.filter(|(_, worth)| !beside || *worth >= SURE) {
            Some((text, _)) => {
                self.rule("knowledge");
                self.say(text);
            }
            None if beside => return Ok(false),
            None => self.admit(&said.text),
        }
        Ok(true)
    }

    fn admit(&mut self, question: &str) {
        self.rule("unknown_question");
        self.say(self.words().unknown_answer());
        self.question = Some(question.to_owned());
        if self.form.task == Task::None {
            self.ask_person(DialogState::Consulting, "");
        }
    }

    /// Answers words that ask nothing outright but name something the business wrote about.
    pub fn answer_freely(&mut self, said: &Understanding) -> Result<bool, Need> {
        let found = self.look_up(&said.text)?.filter(|(_, worth)| *worth >= SURE);
        let Some((text, _)) = found else { return Ok(false) };
        self.rule("knowledge");
        self.say(text);
        let menu = self.menu();
        self.offer(menu);
        Ok(true)
    }
}
