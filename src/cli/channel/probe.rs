//! `flow channel test`: who we are on a channel, and what keeps messages from arriving.

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::{advised, list, messenger, named};
use crate::app::App;
use crate::cli::context::{Context, Open};
use crate::cli::crm::WaitArgs;
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{Out, Shape};
use crate::daemon::trouble;
use crate::domain::channel::{ChannelProbe, Delivery, Messenger};
use crate::domain::contact::Channel;
use crate::domain::crm::Check;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::store::StoreError;

/// Ask a channel who we are and what keeps messages from arriving
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow channel test telegram
  flow channel test telegram -o json")]
pub struct TestArgs {
    /// The channel: telegram, web or api
    name: String,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, Serialize)]
struct Document {
    channel: Channel,
    ok: bool,
    account: Option<String>,
    checks: Vec<Check>,
}

static DOCUMENT: Shape = Shape {
    members: &["channel", "ok", "account", "checks"],
    columns: &[("channel", "channel"), ("ok", "ok"), ("account", "account")],
    times: &[],
};

/// Tests it; the document is printed also when a check fails.
pub(super) fn run(args: &TestArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&DOCUMENT)?;
    let channel = named(&args.name)?;
    cx.session(Open::Optional, async |session, out| {
        let app = &session.app;
        let (account, checks, failure) = if channel.is_carried() {
            asked(app, messenger(app, channel)?.as_ref(), args.wait).await
        } else {
            (None, vec![own(app, channel)], None)
        };
        let ok = checks.iter().all(|check| check.ok);
        let document = Document { channel, ok, account, checks };
        tell(&document, out)?;
        if ok { Ok(()) } else { Err(failure.unwrap_or_else(|| failed(&document))) }
    })
}

/// What a channel says of itself. One that does not answer is a check that failed.
async fn asked(app: &App, messenger: &dyn Messenger, wait: WaitArgs) -> (Option<String>, Vec<Check>, Option<Failure>) {
    let began = Instant::now();
    match wait.call(async || look(app, messenger).await).await {
        Ok(probe) => (Some(probe.account), probe.checks, None),
        Err(failure) => {
            let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let check = Check { name: "connect".to_owned(), ok: false, detail: failure.message.clone(), ms };
            (None, vec![check], Some(advised(failure)))
        }
    }
}

/// Asks the far side, and looks whether our own side knows where it is to be called.
///
/// # Errors
/// What the far side says.
pub async fn look(app: &App, messenger: &dyn Messenger) -> Result<ChannelProbe, Fault> {
    let is_called = messenger.delivery() == Delivery::Webhook;
    let expected = app.hook_url(messenger.channel()).filter(|_| is_called);
    let mut probe = messenger.probe(expected.as_deref(), app.now()).await?;
    if is_called && expected.is_none() {
        let detail = "the mode is \"webhook\" and nothing says where to call: set `http.public_url`".to_owned();
        // What was found of the webhook was judged as if the daemon asked.
        probe.checks.retain(|check| check.name != "webhook");
        probe.checks.push(Check { name: "webhook".to_owned(), ok: false, detail, ms: 0 });
    }
    if let Some(detail) = trouble::of(app, messenger).await.map_err(unread)? {
        probe.checks.push(Check { name: "daemon".to_owned(), ok: false, detail, ms: 0 });
    }
    Ok(probe)
}

fn unread(error: StoreError) -> Fault {
    Fault::new(FaultKind::Store, "store", "probe", error.to_string())
}

/// A channel on which clients come to us has nobody to ask.
fn own(app: &App, channel: Channel) -> Check {
    Check { name: "enabled".to_owned(), ok: app.reaches(channel), detail: list::detail(app, channel), ms: 0 }
}

fn tell(document: &Document, out: &mut Out) -> Result<(), Failure> {
    let verdict = if document.ok { "works" } else { "does not work" };
    let account = document.account.as_ref().map(|account| format!(": {account}")).unwrap_or_default();
    let mut text = format!("{} {verdict}{account}\n", document.channel);
    for check in &document.checks {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        text.push_str(&format!("  {mark}  {}: {}\n", check.name, check.detail));
    }
    out.told(&DOCUMENT, document, &text)
}

fn failed(document: &Document) -> Failure {
    let names: Vec<&str> = document.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    Failure::new("rejected", exit::REFUSED, format!("{}: {} failed", document.channel, names.join(", ")))
        .hint("do what the check says, then test again")
}
