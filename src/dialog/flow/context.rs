//! What a message wants, given what is being arranged: in the middle of a form «а в субботу?» is a day and «к Стасу» a
//! person, whatever they would be alone.

use super::form::{Asked, Task};
use super::hear::said_data;
use super::merge::wishes;
use super::nudge::is_nudge;
use super::turn::Turn;
use crate::dialog::understand::{Intent, Understanding};
use crate::domain::text::fold;

/// Words of a visit that exists.
const VISITS: &[&str] =
    &["запис", "визит", "прием", "бронь", "брони", "appointment", "booking", "visit", "reservation"];

impl Turn<'_> {
    /// The message as it is meant here.
    pub fn in_context(&self, said: &Understanding) -> Understanding {
        let mut meant = said.clone();
        if self.form.task == Task::None {
            return meant;
        }
        let fills = said_data(said) || said.any_employee || said.any_time || is_nudge(&said.text);
        let guessed = !said.outright.contains(&Intent::Human);
        let asks = said.text.contains('?');
        if guessed && (said.faint || asks) && said.intents.contains(&Intent::Human) {
            // In the middle of a form a question is answered, or honestly not, before a person is called for it.
            meant.intents.retain(|intent| *intent != Intent::Human);
            if asks && !meant.intents.contains(&Intent::Question) {
                meant.intents.push(Intent::Question);
            }
        }
        if fills && wishes(&said.text) {
            // "can we make it the other one instead?": the question is the wish.
            meant.asides.retain(|aside| !wishes(aside));
        }
        if fills {
            let asides = !meant.asides.is_empty();
            let wish = wishes(&said.text);
            let sure = |intent: &Intent| match intent {
                Intent::Question => asides || (said.outright.contains(intent) && !wish),
                Intent::Book | Intent::AskPrice | Intent::Yes | Intent::No | Intent::Other => true,
                _ => said.outright.contains(intent),
            };
            meant.intents.retain(sure);
            let who = self.form.asked == Some(Asked::Employee) && !said.candidates.employee.is_empty();
            if who {
                meant.intents.retain(|intent| *intent != Intent::AskStaff);
            }
            if self.corrects(said) {
                meant
                    .intents
                    .retain(|intent| !matches!(intent, Intent::Cancel | Intent::Reschedule | Intent::MyBookings));
            }
        }
        if meant.intents.is_empty() {
            meant.intents.push(Intent::Other);
        }
        meant.intent = meant.intents[0];
        meant
    }

    /// «ой, во вторник меня не будет, лучше в четверг»: of a booking that is not made yet another day is wished for.
    fn corrects(&self, said: &Understanding) -> bool {
        let folded = fold(&said.text);
        let speaks_of_visit = VISITS.iter().any(|word| folded.contains(word));
        self.form.task == Task::Book && self.form.is_begun() && !speaks_of_visit
    }
}
