//! When the bot is of no help: asks again, offers a person, calls one.

use super::Need;
use super::form::Task;
use super::hear::{Verdict, said_data};
use super::turn::Turn;
use crate::dialog::understand::{Understanding, YesNo};
use crate::domain::text::fold;

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
/// Messages not understood before a person is offered, and before one is called.
const OFFER_AFTER: u8 = 2;
const CALL_AFTER: u8 = 3;

impl Turn<'_> {
    /// Nothing could be made of the message: asks again, offers a person, calls one.
    pub fn not_understood(&mut self, said: &Understanding, awaited: Option<String>) -> Result<(), Need> {
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
                self.ask_person(self.state, self.words().offer_person());
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

    /// «да» to the offer of a person calls one; anything else goes on.
    pub fn answer_offered_person(&mut self, said: &Understanding) -> Result<bool, Need> {
        if !std::mem::take(&mut self.form.offered_person) || said_data(said) {
            return Ok(false);
        }
        match said.yes_no {
            Some(YesNo::Yes) => {
                let reason = if self.form.failures >= OFFER_AFTER { "failures" } else { "question" };
                self.hand_over(reason);
            }
            Some(YesNo::No) => {
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
        self.form.offered_person = false;
    }
}

/// Whether a person is wanted out of anger and not just asked for.
pub(super) fn is_angry(text: &str) -> bool {
    let folded = fold(text);
    let has = |stems: &[&str]| stems.iter().any(|stem| folded.contains(stem));
    has(ANGRY) || !has(ASKS_PERSON)
}
