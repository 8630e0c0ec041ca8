//! Carries what waits in the outbox to its channel. A part is marked as under way, durably, before it is
//! carried: after a crash in between nobody knows whether it went out, and nobody guesses.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::buttons;
use super::wakeups::Wakeups;
use crate::domain::channel::Messenger;
use crate::domain::clock::Clock;
use crate::domain::job::Lease;
use crate::domain::outbox::{Carried, Carrying, Taken};
use crate::domain::signing::SigningKey;
use crate::domain::store::{Store, StoreError, StoreResult};

/// A worker that dies leaves its chats to others after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A call that takes long prolongs its lease this often.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What became of a part, for whoever paces them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The chat.
    pub chat: String,
    /// The channel has it.
    pub is_sent: bool,
    /// The channel asked to wait until then.
    pub wait_until: Option<jiff::Timestamp>,
}

/// Carries parts to one channel.
#[derive(Clone)]
pub struct Sender {
    store: Arc<dyn Store>,
    messenger: Arc<dyn Messenger>,
    clock: Arc<dyn Clock>,
    wakeups: Arc<Wakeups>,
    key: SigningKey,
}

impl Sender {
    /// A sender to that channel; `key` signs its buttons.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        messenger: Arc<dyn Messenger>,
        clock: Arc<dyn Clock>,
        wakeups: Arc<Wakeups>,
        key: SigningKey,
    ) -> Self {
        Self { store, messenger, clock, wakeups, key }
    }

    /// Takes at most `limit` parts that are due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take(&self, limit: u32) -> StoreResult<Vec<Carrying>> {
        let now = self.clock.now();
        let channel = self.messenger.channel();
        let Taken { parts, doubtful, given_up } = self.store.take_parts(channel, limit, now + LEASE, now).await?;
        crate::crash::point("send.marked");
        for id in doubtful {
            tracing::error!(conversation = %id, "a message was under way when its worker died: `flow jobs list --state dead`");
            count(channel.as_str(), "unknown");
            self.wakeups.conversation(id);
        }
        for id in given_up {
            count(channel.as_str(), "failed");
            self.wakeups.conversation(id);
        }
        Ok(parts)
    }

    /// Carries one part and stores what became of it.
    pub async fn carry(&self, mut carrying: Carrying) -> Told {
        let lease = carrying.lease.clone();
        let part = &mut carrying.part;
        let channel = part.identity.channel.as_str();
        buttons::sign(&self.key, &part.identity, part.message_seq, &mut part.buttons);
        let carried = {
            let carrying = self.messenger.carry(part, self.clock.now());
            self.in_lease(&lease, carrying).await
        };
        crate::crash::point("send.delivered");
        let outcome = match &carried {
            Carried::Sent { .. } => "sent",
            Carried::Again { .. } | Carried::Moved { .. } => "retried",
            Carried::Failed { .. } => "failed",
            Carried::Unknown { .. } => "unknown",
        };
        count(channel, outcome);
        let told = Told {
            chat: part.identity.external_id.clone(),
            is_sent: matches!(carried, Carried::Sent { .. }),
            wait_until: match &carried {
                Carried::Again { at, error } if error.code == "rate_limited" => Some(*at),
                _ => None,
            },
        };
        match &carried {
            Carried::Failed { error, .. } | Carried::Unknown { error } => {
                tracing::error!(conversation = %part.conversation_id, message_id = %part.message_id, outcome, code = error.code, detail = error.detail, "a message was not delivered");
            }
            Carried::Again { error, .. } => {
                tracing::warn!(conversation = %part.conversation_id, code = error.code, attempt = part.attempt, "a message will be carried again");
            }
            Carried::Sent { .. } | Carried::Moved { .. } => {}
        }
        let conversation = part.conversation_id;
        self.keep(&carrying, &carried).await;
        crate::crash::point("send.stored");
        self.wakeups.conversation(conversation);
        told
    }

    /// Waits for a call and keeps its lease meanwhile. A lease that is lost does not end the call: it may have gone out.
    async fn in_lease<T>(&self, lease: &Lease, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        loop {
            tokio::select! {
                done = &mut call => return done,
                _ = beat.tick() => drop(self.store.heartbeat(lease, self.clock.now() + LEASE).await),
            }
        }
    }

    /// Stores the outcome. A store that is away for a moment must not turn what is known into doubt.
    async fn keep(&self, carrying: &Carrying, carried: &Carried) {
        let mut last = None;
        for wait in [100, 300, 1000, 3000, 0] {
            let pace = self.messenger.pace(&carrying.part.identity);
            let kept = self.store.carried(carrying, carried, pace, self.clock.now()).await;
            match kept {
                Ok(()) => return,
                Err(StoreError::LostLease) => {
                    tracing::error!(
                        part = carrying.part.id,
                        "another worker has taken the chat over; the outcome is theirs"
                    );
                    return;
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
        if let Some(error) = last {
            tracing::error!(part = carrying.part.id, %error, "the outcome could not be stored");
        }
    }
}

fn count(channel: &'static str, outcome: &'static str) {
    metrics::counter!("flow_outbound_messages_total", "channel" => channel, "outcome" => outcome).increment(1);
}
