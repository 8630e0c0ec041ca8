//! `flow db copy`.

use clap::Args;
use serde_json::json;

use crate::cli::context::{Context, at, place};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::cli::{log, runtime, transfer};
use crate::config::StoreUrl;
use crate::domain::transfer::Mark;

/// Copy a store into an empty one, SQLite or PostgreSQL
#[derive(Debug, Args)]
#[command(after_help = "The copy is of the moment it begins; stop the daemon first if nothing may be missing.
An interrupted copy goes on when the same command is given again. Examples:
  flow db copy sqlite://flow.db postgres://flow@localhost/flow
  flow db copy postgres://flow@localhost/flow sqlite://copy.db -o json")]
pub struct CopyArgs {
    /// The store to copy, such as sqlite://flow.db
    from: String,
    /// An empty store, or one that is not there yet
    to: String,
}

static COPIED: Shape = Shape {
    members: &["from", "to", "tables", "rows", "bytes", "checksum", "resumed", "verified"],
    columns: &[("from", "from"), ("to", "to"), ("tables", "tables"), ("rows", "rows")],
    times: &[],
};

/// Copies, and compares what came of it.
pub fn run(args: &CopyArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&COPIED)?;
    let (from, to) = (cx.store_at(&args.from)?, cx.store_at(&args.to)?);
    if transfer::identity(&from) == transfer::identity(&to) {
        return Err(Failure::usage(format!("{from} would be copied into itself")).hint("name another store to copy to"));
    }
    // A configuration is not needed, and one that is wrong is no reason not to move away.
    if let Ok(loaded) = cx.load() {
        log::start(&loaded.config.observability, cx.verbose, cx.out.is_quiet());
    }
    let (out, quiet) = (&cx.out, cx.out.is_quiet());
    let outcome = runtime::run(async {
        let source = transfer::source(&from)?;
        let target = transfer::target(&to)?;
        if target.is_served().await? {
            return Err(served(&to));
        }
        if source.is_served().await? {
            out.note("a daemon works on the source: what it writes from now on is not in the copy");
        }
        let begin = Mark::new(transfer::identity(&from), format!("flow db copy {from} {to}"));
        transfer::copied(&*source, &*target, begin, false, quiet).await.map_err(|error| at(&to, error))
    });
    let copied = transfer::told_how_to_go_on(outcome, cx)?;
    let bytes = to.file().and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len());
    let value = json!({
        "from": from.to_string(), "to": to.to_string(), "tables": copied.tables.len(), "rows": copied.rows(),
        "bytes": bytes, "checksum": copied.checksum(), "resumed": copied.resumed, "verified": true,
    });
    let text =
        format!("{}: {} rows in {} tables, compared with {from}", place(&to), copied.rows(), copied.tables.len());
    cx.out.told(&COPIED, &value, &text)?;
    // As it was typed: a password out of the environment belongs into no file.
    let typed = StoreUrl::parse(&args.to, cx.env.cwd()).map_or_else(|_| to.to_string(), |typed| typed.to_string());
    let password = if typed.contains("***") { " (with its password in place of ***)" } else { "" };
    cx.out.note(&format!(
        "next: stop the daemon, write `store.url = \"{typed}\"` into the configuration{password}, and start it again"
    ));
    Ok(())
}

/// A daemon works on what is about to be overwritten.
pub fn served(url: &StoreUrl) -> Failure {
    Failure::store(format!("{}: a daemon works on this store", place(url))).hint("stop it, and try again")
}
