//! `flow channel list`.

use serde_json::{Value, json};

use super::{CHANNELS, is_configured};
use crate::app::App;
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::health;
use crate::cli::output::Shape;
use crate::domain::channel::Delivery;
use crate::domain::contact::Channel;

static CHANNEL: Shape = Shape {
    members: &["channel", "enabled", "mode", "account", "detail"],
    columns: &[
        ("channel", "channel"),
        ("enabled", "enabled"),
        ("mode", "mode"),
        ("account", "account"),
        ("detail", "detail"),
    ],
    times: &[],
};

/// Lists them, whether they are on or not.
pub(super) fn run(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&CHANNEL)?;
    cx.session(Open::Optional, async |session, out| {
        out.all(&CHANNEL, &CHANNELS.map(|channel| row(&session.app, channel)))
    })
}

fn row(app: &App, channel: Channel) -> Value {
    let messenger = app.messenger(channel);
    json!({
        "channel": channel, "enabled": app.reaches(channel), "mode": messenger.map(|messenger| messenger.delivery()),
        "account": messenger.map(|messenger| messenger.account()), "detail": detail(app, channel),
    })
}

/// How it stands, or what would turn it on.
pub(super) fn detail(app: &App, channel: Channel) -> String {
    match app.messenger(channel).map(|messenger| messenger.delivery()) {
        Some(Delivery::Polling) => "the daemon asks for what is new".to_owned(),
        Some(Delivery::Webhook) => match app.hook_url(channel) {
            Some(url) => format!("to be called at {url}"),
            None => "nothing says where it is to call; set `http.public_url`".to_owned(),
        },
        None if is_configured(app, channel) => "cannot be opened; the log tells why".to_owned(),
        None => here(app, channel),
    }
}

/// Where clients come for their messages.
fn here(app: &App, channel: Channel) -> String {
    let http = &app.config.http;
    let base = || http.public_url.clone().unwrap_or_else(|| format!("http://{}", health::reachable(http.listen)));
    match channel {
        Channel::Web if app.config.channels.web.enabled => format!("{}/chat", base()),
        Channel::Web => "off; `channels.web.enabled` turns it on".to_owned(),
        Channel::Api => format!("{}/api/v1/messages, with a token", base()),
        channel => format!("off; `channels.{channel}.token` turns it on"),
    }
}
