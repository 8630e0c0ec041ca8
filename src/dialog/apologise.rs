//! When a turn cannot be worked out: the client hears it, a person is asked, and the dialogue goes on behind it.

use super::flow::{self, Apology};
use super::{Desk, TurnError};
use crate::domain::conversation::{Outgoing, Role};
use crate::domain::id::ConversationId;
use crate::domain::job::{Lease, NewJob, Work};
use crate::domain::store::{Effects, LeadDraft, StoreError};

/// The first address in a sentence.
fn link_in(sentence: &str) -> Option<&str> {
    let link = &sentence[sentence.find("https://").or_else(|| sentence.find("http://"))?..];
    let end = link.find(char::is_whitespace).unwrap_or(link.len());
    Some(link[..end].trim_end_matches(['.', ',', ';', ')']))
}

impl Desk {
    /// Tells the client that the work of a job came to nothing and asks a person. With `error` the job is
    /// given up and kept; without it is done.
    ///
    /// # Errors
    /// When the store fails; nothing was changed then.
    pub async fn apologise(
        &self,
        id: ConversationId,
        why: Apology,
        error: Option<String>,
        job: (&Lease, i64),
    ) -> Result<(), TurnError> {
        let input = self.store.unanswered_by(id).await?;
        let now = self.clock.now();
        let mut effects = Effects {
            answered_seq: input.last.map(|(seq, _)| seq),
            // What a turn broke on is not given to the next one.
            begins_anew: why == Apology::Broken,
            given_up: error,
            ..Effects::default()
        };
        if !input.conversation.is_with_person() {
            effects.with_person = Some(false);
            effects.handoff = Some(self.handoff(match why {
                Apology::Broken => "failures",
                Apology::ScheduleAway | Apology::Elsewhere => "crm_unavailable",
            }));
            if why == Apology::Elsewhere {
                // Who wants a visit is a lead, wherever it is booked in the end.
                effects.lead = Some(LeadDraft::default());
            }
            let instead = self.crm.instead();
            let link = instead.as_deref().and_then(link_in);
            let text = match self.business().await? {
                Some(business) => flow::apology(&self.scene(&business, &input.conversation, &[]), why, link),
                None => super::say::not_set_up(input.conversation.language.unwrap_or_default()).to_owned(),
            };
            effects.messages.push(Outgoing {
                role: Role::Bot,
                text,
                buttons: Vec::new(),
                in_reply_to: input.last.map(|(_, message)| message),
                metadata: None,
                trace: Some(serde_json::json!({ "rules": ["apology"] })),
            });
        }
        if input.more {
            let lane = NewJob::conversation_lane(id);
            effects.jobs.push(NewJob { lane, work: Work::Answer { conversation_id: id }, ready_at: now });
        }
        match self.store.commit_turn(id, job, &effects, now).await {
            // A person took it meanwhile: the job is tried again, and is silent then.
            Err(error @ StoreError::Version { .. }) => Err(error.into()),
            other => {
                other?;
                super::count_handoff(&effects);
                Ok(())
            }
        }
    }
}
