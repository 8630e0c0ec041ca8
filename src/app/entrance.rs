//! The one entrance of what clients write: stored first, then everything else.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};

use super::App;
use crate::domain::channel::{Arrival, Courtesy, Event, Mark, Meaning, RawEvent, Stored};
use crate::domain::contact::Channel;
use crate::domain::conversation::{Incoming, MessageKind, Received};
use crate::domain::store::{IdempotencyKey, StoreError, StoreResult};
use crate::jobs::buttons;

impl App {
    /// The one entrance of clients' messages: stores one with the job that answers it and wakes a worker.
    /// A pressed button is answered at once; words wait for those that follow quickly.
    ///
    /// # Errors
    /// When the store fails; nothing is stored then.
    pub async fn receive(&self, incoming: &Incoming, key: Option<&IdempotencyKey>) -> StoreResult<Received> {
        let _place = self.gate.try_acquire().map_err(|_| crowded())?;
        let now = self.now();
        let answer_at = now + self.pause(incoming.kind);
        let received = self.store.receive(incoming, now, Some(answer_at), key).await?;
        let channel = incoming.identity.channel.as_str();
        if received.duplicate {
            metrics::counter!("flow_inbound_duplicates_total", "channel" => channel).increment(1);
        } else {
            count_inbound(incoming);
            self.wakeups.conversation(received.conversation_id);
            self.wakeups.work();
        }
        Ok(received)
    }

    /// How long words wait for those that follow quickly.
    fn pause(&self, kind: MessageKind) -> SignedDuration {
        match kind {
            MessageKind::Button => SignedDuration::ZERO,
            _ => SignedDuration::try_from(self.config.dialog.coalesce).unwrap_or(SignedDuration::ZERO),
        }
    }

    /// The same entrance for what a channel delivers: everything in one durable step, the mark with it.
    ///
    /// # Errors
    /// When the store fails; nothing is stored then, and the channel must deliver it again.
    pub async fn ingest(&self, events: Vec<Event>, mark: Option<&Mark>) -> StoreResult<Vec<Stored>> {
        let _place = self.gate.try_acquire().map_err(|_| crowded())?;
        crate::crash::point("ingest.received");
        let now = self.now();
        let (mut rows, mut courtesies) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        for Event { raw, meaning, mut courtesy } in events {
            let arrival = match meaning {
                Meaning::Message(incoming) => self.arrival(*incoming, now),
                Meaning::Press { incoming, data } => {
                    let pressed = buttons::resolve(&*self.store, &self.button_key().await?, *incoming, &data).await?;
                    let is_spent = pressed.button_value.as_deref().is_some_and(buttons::is_spent);
                    if let Some(Courtesy::Pressed { spent, .. }) = courtesy.as_mut().filter(|_| !is_spent) {
                        *spent = None;
                    }
                    self.arrival(pressed, now)
                }
                Meaning::Edit { identity, external_id, text } => Arrival::Edit { identity, external_id, text },
                Meaning::Reach { identity, unreachable } => Arrival::Reach { identity, unreachable },
                Meaning::Nothing(why) => {
                    let channel = raw.channel.as_str();
                    metrics::counter!("flow_inbound_ignored_total", "channel" => channel, "reason" => why).increment(1);
                    Arrival::Nothing
                }
            };
            rows.push((raw, arrival));
            courtesies.push(courtesy);
        }
        let counted: Vec<(Channel, Option<MessageKind>)> = rows
            .iter()
            .map(|(raw, arrival)| match arrival {
                Arrival::Message(incoming, _) => (raw.channel, Some(incoming.kind)),
                _ => (raw.channel, None),
            })
            .collect();
        let stored = self.keep(rows, mark, now).await?;
        crate::crash::point("ingest.stored");
        if let Some((channel, _)) = counted.first() {
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(*channel, now);
        }
        for ((stored, courtesy), (channel, kind)) in stored.iter().zip(courtesies).zip(counted) {
            self.after(*stored, courtesy, channel, kind);
        }
        Ok(stored)
    }

    /// Stores events. One that meets damage is kept as it came and means nothing: the others must not wait for it,
    /// and the channel would only bring it again.
    async fn keep(
        &self,
        rows: Vec<(RawEvent, Arrival)>,
        mark: Option<&Mark>,
        now: Timestamp,
    ) -> StoreResult<Vec<Stored>> {
        match self.store.ingest(rows.clone(), mark, now).await {
            Err(StoreError::Damaged(_)) => {}
            other => return other,
        }
        let mut stored = Vec::with_capacity(rows.len());
        for (raw, arrival) in rows {
            let kept = match self.store.ingest(vec![(raw.clone(), arrival)], None, now).await {
                Err(error @ StoreError::Damaged(_)) => {
                    tracing::error!(channel = %raw.channel, %error, "an event is kept without its meaning: `flow db check`");
                    self.store.ingest(vec![(raw, Arrival::Nothing)], None, now).await?
                }
                kept => kept?,
            };
            stored.extend(kept);
        }
        self.store.ingest(Vec::new(), mark, now).await?;
        Ok(stored)
    }

    fn arrival(&self, mut incoming: Incoming, now: Timestamp) -> Arrival {
        let longest = self.config.dialog.max_message_chars;
        if let Some((end, _)) = incoming.text.char_indices().nth(longest) {
            incoming.text.truncate(end);
        }
        let answer_at = now + self.pause(incoming.kind);
        Arrival::Message(Box::new(incoming), answer_at)
    }

    /// When this process last heard from a channel.
    #[must_use]
    pub fn last_inbound(&self, channel: Channel) -> Option<Timestamp> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied()
    }

    fn after(&self, stored: Stored, courtesy: Option<Courtesy>, channel: Channel, kind: Option<MessageKind>) {
        let (channel, mut conversation) = (channel.as_str(), None);
        match stored {
            Stored::Duplicate => {
                metrics::counter!("flow_inbound_duplicates_total", "channel" => channel).increment(1);
                return;
            }
            Stored::New(None) => {}
            Stored::New(Some(id)) => {
                conversation = Some(id);
                if let Some(kind) = kind {
                    let kind = kind.as_str();
                    metrics::counter!("flow_inbound_messages_total", "channel" => channel, "kind" => kind).increment(1);
                }
                self.wakeups.conversation(id);
                self.wakeups.work();
            }
        }
        if let Some(courtesy) = courtesy {
            self.courtesies.ask(courtesy, conversation);
        }
    }
}

fn crowded() -> StoreError {
    StoreError::Busy("too many messages wait to be stored".to_owned())
}

fn count_inbound(incoming: &Incoming) {
    let (channel, kind) = (incoming.identity.channel.as_str(), incoming.kind.as_str());
    metrics::counter!("flow_inbound_messages_total", "channel" => channel, "kind" => kind).increment(1);
}
