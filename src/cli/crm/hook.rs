//! `flow crm register` and `unregister`: where a CRM calls the daemon.

use clap::Args;
use serde_json::json;

use super::far::{WaitArgs, connection, lacks};
use crate::adapters::crm::CRMS;
use crate::cli::address;
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::crm::Crm;

/// Have a CRM call the daemon, or show what to paste in its cabinet
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm register amocrm
  flow crm register yclients --url https://bot.example.ru/hooks/yclients/yclients")]
pub struct RegisterArgs {
    /// The connection
    name: String,
    /// The address to call, without its secret; made of `http.public_url` when absent
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Have a CRM no longer call the daemon
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm unregister amocrm")]
pub struct UnregisterArgs {
    /// The connection
    name: String,
    /// The address that was registered; made of `http.public_url` when absent
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

static HOOK: Shape = Shape {
    members: &["connection", "url", "registered", "paste"],
    columns: &[("connection", "connection"), ("url", "url"), ("registered", "registered"), ("to paste", "paste")],
    times: &[],
};

/// Has it call.
pub(super) fn register(args: RegisterArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&HOOK)?;
    cx.session(Open::Create, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let url = address::callable(&args.name, args.url, session.app.crm_hook_url(crm.as_ref()))?;
        let hooks = crm.hooks().ok_or_else(|| silent(crm.as_ref(), "register"))?;
        let known = hooks.addresses(&url).map_err(|why| {
            Failure::config(why).hint(format!("set it in [crm.{}], to at least 32 random letters", args.name))
        })?;
        let is_done = args.wait.call(async || hooks.register(&url).await).await?;
        // Whoever pastes an address by hand must see the whole of it, with the secret that it carries.
        let paste = if is_done { Vec::new() } else { known };
        let answer = json!({"connection": args.name, "url": url, "registered": is_done, "paste": paste});
        if is_done {
            return out.told(&HOOK, &answer, &format!("{} calls {url}", args.name));
        }
        out.told(&HOOK, &answer, &paste.join("\n"))?;
        out.note(&format!(
            "{} cannot be told by itself where to call: paste this in its cabinet, as docs/crm describes, and show it \
             to nobody",
            args.name
        ));
        Ok(())
    })
}

/// Has it call nobody.
pub(super) fn unregister(args: UnregisterArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&HOOK)?;
    cx.session(Open::Optional, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let url = address::callable(&args.name, args.url, session.app.crm_hook_url(crm.as_ref()))?;
        let hooks = crm.hooks().ok_or_else(|| silent(crm.as_ref(), "unregister"))?;
        let is_done = args.wait.call(async || hooks.unregister(&url).await).await?;
        let answer = json!({"connection": args.name, "url": url, "registered": false, "paste": []});
        if is_done {
            return out.told(&HOOK, &answer, &format!("{} does not call {url} any more", args.name));
        }
        out.told(&HOOK, &answer, "")?;
        out.note(&format!("take the address out by hand, in the cabinet of {}", args.name));
        Ok(())
    })
}

/// That nothing of what this connection's CRM tells could be taken.
fn silent(crm: &dyn Crm, operation: &'static str) -> Failure {
    let can = CRMS.iter().any(|kind| kind.kind == crm.kind() && kind.capabilities.contains(&"hooks"));
    let failure = lacks(crm, operation, "calls of its own that could be taken");
    match can {
        true => failure.hint(format!(
            "nothing would prove that a call is the CRM's: set the secret of its calls in [crm.{}], see docs/crm/{}.md",
            crm.connection(),
            crm.kind()
        )),
        false => failure,
    }
}
