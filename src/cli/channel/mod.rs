//! `flow channel`: the ways that clients come in, and a word straight out.

mod hook;
mod list;
mod probe;
mod send;

use std::sync::Arc;

use clap::Subcommand;

use super::context::Context;
use super::failure::{Failure, exit};
use crate::app::App;
use crate::config::near;
use crate::domain::channel::Messenger;
use crate::domain::contact::Channel;

pub(super) use probe::look;

/// Look after the ways that clients come in
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow channel list
  flow channel test telegram
  flow channel register telegram
  flow channel send telegram 123456789 Добрый день! Это проверка.")]
pub enum ChannelCommand {
    /// List the ways in and how they stand
    #[command(after_help = "Examples:
  flow channel list
  flow channel list -o json")]
    List,
    /// Ask a channel who we are and what keeps messages from arriving
    Test(probe::TestArgs),
    /// Have a channel call the daemon
    Register(hook::RegisterArgs),
    /// Have a channel no longer call the daemon
    Unregister(hook::UnregisterArgs),
    /// Send one message now, outside any conversation
    Send(send::SendArgs),
}

/// The ways in that this version has.
const CHANNELS: [Channel; 3] = [Channel::Telegram, Channel::Web, Channel::Api];

/// Runs the command.
pub fn run(command: ChannelCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        ChannelCommand::List => list::run(cx),
        ChannelCommand::Test(args) => probe::run(&args, cx),
        ChannelCommand::Register(args) => hook::register(args, cx),
        ChannelCommand::Unregister(args) => hook::unregister(&args, cx),
        ChannelCommand::Send(args) => send::run(&args, cx),
    }
}

/// The channel of that name.
fn named(name: &str) -> Result<Channel, Failure> {
    CHANNELS.into_iter().find(|channel| channel.as_str() == name).ok_or_else(|| {
        Failure::usage(format!("there is no channel `{name}`"))
            .hint_opt(near::advice(name, &CHANNELS.map(Channel::as_str)))
    })
}

/// Who carries messages to a channel.
fn messenger(app: &App, channel: Channel) -> Result<&Arc<dyn Messenger>, Failure> {
    app.messenger(channel).ok_or_else(|| match channel.is_carried() {
        true if is_configured(app, channel) => unopened(channel),
        true => Failure::config(format!("the channel {channel} is not configured"))
            .hint(format!("set `channels.{channel}.token`; @BotFather gives one")),
        false => Failure::new("unsupported", exit::REFUSED, format!("nothing is carried to the channel {channel}"))
            .hint("clients come here for their messages; only telegram is called"),
    })
}

/// Whether it has what it needs, be that right or wrong.
pub(super) fn is_configured(app: &App, channel: Channel) -> bool {
    channel == Channel::Telegram && app.config.channels.telegram.token.is_some()
}

/// It is configured, but not rightly.
pub(super) fn unopened(channel: Channel) -> Failure {
    Failure::config(format!("the channel {channel} cannot be opened"))
        .hint(format!("correct what the log names, in `channels.{channel}`"))
}

/// What to do when a channel refuses: the general advice is about CRMs.
pub(super) fn advised(failure: Failure) -> Failure {
    match failure.code {
        Some("unauthorized") => failure.hint("set `channels.telegram.token` anew; @BotFather shows it"),
        Some("unreachable" | "timeout") => {
            failure.hint("check the network; `channels.telegram.proxy` is a way out where Telegram is closed")
        }
        Some("protocol") => failure.hint("check that `channels.telegram.api_url` is a Bot API server"),
        _ => failure,
    }
}
