//! `flow channel register` and `unregister`: where a channel calls the daemon.

use clap::Args;
use serde_json::{Value, json};

use super::{advised, messenger, named};
use crate::cli::address;
use crate::cli::context::{Context, Open};
use crate::cli::crm::WaitArgs;
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Shape;
use crate::domain::channel::{Delivery, Hook};
use crate::domain::contact::Channel;
use crate::domain::view::rfc3339;

/// Have a channel call the daemon
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow channel register telegram
  flow channel register telegram --url https://bot.example.ru/api/v1/telegram/webhook")]
pub struct RegisterArgs {
    /// The channel: telegram
    name: String,
    /// The whole address to call; made of `http.public_url` when absent
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Have a channel no longer call the daemon
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow channel unregister telegram")]
pub struct UnregisterArgs {
    /// The channel: telegram
    name: String,
    #[command(flatten)]
    wait: WaitArgs,
}

static HOOK: Shape = Shape {
    members: &["channel", "url", "pending", "failed_at", "failure"],
    columns: &[("channel", "channel"), ("url", "url"), ("waiting", "pending"), ("failure", "failure")],
    times: &["failed_at"],
};

/// Has it call, and looks whether it will.
pub(super) fn register(args: RegisterArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&HOOK)?;
    let channel = named(&args.name)?;
    // The secret that the calls carry is kept in the store.
    cx.session(Open::Create, async |session, out| {
        let app = &session.app;
        let messenger = messenger(app, channel)?;
        let url = address::callable(channel.as_str(), args.url, app.hook_url(channel))?;
        let secret = app.hook_secret(channel).await?;
        let hook = args.wait.call(async || messenger.register(&url, &secret).await).await.map_err(advised)?;
        if !is_same(&hook.url, &url) {
            let message = format!("{channel} says that it calls {}, and not {url}", shown(&hook.url));
            return Err(Failure::new("rejected", exit::REFUSED, message)
                .hint("somebody else may use the same token; register again, or take a new token"));
        }
        app.note_hook(messenger.as_ref(), &url).await?;
        out.told(&HOOK, &view(channel, &hook), &format!("{channel} calls {url}"))?;
        if messenger.delivery() == Delivery::Polling {
            out.note(&format!(
                "set `channels.{channel}.mode` to \"webhook\": with \"polling\" the daemon asks for messages, \
                 which {channel} refuses while it calls"
            ));
        }
        Ok(())
    })
}

/// Has it call nobody.
pub(super) fn unregister(args: &UnregisterArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&HOOK)?;
    let channel = named(&args.name)?;
    cx.session(Open::Optional, async |session, out| {
        let messenger = messenger(&session.app, channel)?;
        let hook = args.wait.call(async || {
            messenger.unregister().await?;
            messenger.hook().await
        });
        let hook = hook.await.map_err(advised)?;
        if !hook.url.is_empty() {
            let message = format!("{channel} says that it still calls {}", hook.url);
            return Err(Failure::new("rejected", exit::REFUSED, message)
                .hint("somebody else may use the same token; try again, or take a new token"));
        }
        out.told(&HOOK, &view(channel, &hook), &format!("{channel} calls nobody"))?;
        if messenger.delivery() == Delivery::Webhook {
            out.note(&format!(
                "no message arrives while `channels.{channel}.mode` is \"webhook\": register again, or set it to \
                 \"polling\""
            ));
        }
        Ok(())
    })
}

fn view(channel: Channel, hook: &Hook) -> Value {
    json!({
        "channel": channel, "url": hook.url, "pending": hook.pending,
        "failed_at": hook.failed_at.map(rfc3339), "failure": hook.failure,
    })
}

fn shown(url: &str) -> &str {
    if url.is_empty() { "nobody" } else { url }
}

/// Addresses come back in their plain form: `https://host` as `https://host/`.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_its_plain_form() {
        assert!(is_same("https://bot.example.ru/", "https://Bot.Example.ru"));
        assert!(!is_same("", "https://bot.example.ru") && !is_same("https://a.ru/x", "https://a.ru/y"));
    }
}
