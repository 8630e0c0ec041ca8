//! Channels that messages are carried to, as they see us.

use super::Looks;
use crate::app::App;
use crate::cli::channel;
use crate::cli::failure::Failure;
use crate::domain::contact::Channel;
use crate::domain::crm::Check;

/// Asks each of them.
pub(super) async fn look(app: &App, looks: &mut Looks) {
    for way in Channel::ALL.into_iter().filter(|way| channel::is_configured(app, *way)) {
        let Some(messenger) = app.messenger(way) else {
            looks.fail(way.as_str(), &channel::unopened(way));
            continue;
        };
        match channel::look(app, messenger.as_ref()).await {
            Ok(probe) => probe.checks.into_iter().for_each(|check| add(way, check, looks)),
            Err(fault) => looks.fail(way.as_str(), &channel::advised(Failure::from(fault))),
        }
    }
}

fn add(way: Channel, check: Check, looks: &mut Looks) {
    let name = format!("{way}, {}", check.name);
    let next = format!("put it right, then look again with `flow channel test {way}`");
    match (check.ok, check.name.as_str()) {
        (true, _) => looks.ok(&name, check.detail),
        // Nothing that clients write arrives.
        (false, "webhook") => looks.fail(&name, &Failure::config(check.detail).hint(next)),
        (false, _) => looks.warn(&name, check.detail, &next),
    }
}
