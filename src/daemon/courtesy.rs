//! Calls that nothing depends on: the sign that an answer is being written, the end of a pressed button's wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::channel::{Courtesy, Messenger};
use crate::domain::contact::Identity;
use crate::domain::conversation::Role;
use crate::domain::id::ConversationId;
use crate::jobs::courtesies::Asked;

/// Calls of each kind under way at once; in a crowd further ones are left undone.
const AT_ONCE: usize = 64;
/// The sign fades after five seconds.
const REFRESH: Duration = Duration::from_secs(4);
/// An answer that takes longer is not announced any further.
const REFRESHES: usize = 7;

/// Obliges until the stop.
///
/// # Errors
/// Never by itself.
pub async fn run(app: App, mut asked: mpsc::Receiver<Asked>, stop: CancellationToken) -> Result<(), String> {
    // Signs of writing last for seconds; they must not keep a pressed button waiting.
    let (mut pressed, mut typing) = (JoinSet::new(), JoinSet::new());
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(_) = pressed.join_next(), if !pressed.is_empty() => {}
            Some(_) = typing.join_next(), if !typing.is_empty() => {}
            Some((courtesy, conversation)) = asked.recv(), if pressed.len() < AT_ONCE => {
                let (identity, running) = match &courtesy {
                    Courtesy::Typing { identity } => (identity, &mut typing),
                    Courtesy::Pressed { identity, .. } => (identity, &mut pressed),
                };
                let messenger = app.messenger(identity.channel).filter(|_| running.len() < AT_ONCE);
                if let Some(messenger) = messenger {
                    running.spawn(oblige(app.clone(), Arc::clone(messenger), courtesy, conversation));
                }
            }
        }
    }
}

async fn oblige(app: App, messenger: Arc<dyn Messenger>, courtesy: Courtesy, conversation: Option<ConversationId>) {
    match (&courtesy, conversation) {
        (Courtesy::Pressed { .. }, _) | (_, None) => messenger.oblige(&courtesy).await,
        (Courtesy::Typing { identity }, Some(id)) => typing(&app, &*messenger, identity, id).await,
    }
}

/// Shows it for as long as the client's message is the last one.
async fn typing(app: &App, messenger: &dyn Messenger, identity: &Identity, id: ConversationId) {
    let sign = Courtesy::Typing { identity: identity.clone() };
    for _ in 0..REFRESHES {
        let Ok(Some(conversation)) = app.store.conversation(id).await else { return };
        let waits = conversation.last_message.as_ref().is_some_and(|last| last.role == Role::Customer);
        if !waits || conversation.is_with_person() {
            return;
        }
        messenger.oblige(&sign).await;
        let answered = app.wakeups.listen(id);
        tokio::select! {
            () = answered.notified() => {}
            () = tokio::time::sleep(REFRESH) => {}
        }
    }
}
