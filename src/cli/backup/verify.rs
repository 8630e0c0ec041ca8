//! `flow backup verify`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;

use super::examine::{Examined, Scratch, examined, laid_out};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Shape;
use crate::cli::runtime;

/// Restore a backup into a place of its own and check what is in it
#[derive(Debug, Args)]
#[command(after_help = "Nothing is written beside the file; a copy in $TMPDIR is looked at. Examples:
  flow backup verify flow-20260310T070000Z.db
  flow backup verify /var/backups/flow.db -o json")]
pub struct VerifyArgs {
    /// The backup
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

static SEEN: Shape = Shape {
    members: &["file", "ok", "made_at", "schema", "rows", "counts", "newest_message_at", "findings"],
    columns: &[("file", "file"), ("ok", "ok"), ("rows", "rows"), ("made", "made_at")],
    times: &["made_at", "newest_message_at"],
};

/// Looks at a copy and tells; exit 9 when something is wrong.
pub(super) fn run(args: &VerifyArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&SEEN)?;
    let file = cx.env.cwd().join(&args.file);
    let scratch = Scratch::new(cx)?;
    laid_out(&file, &scratch.store())?;
    let seen = runtime::run(async { Ok(examined(&scratch.store()).await?) })?;
    let value = json!({
        "file": file.display().to_string(), "ok": seen.findings.is_empty(),
        "made_at": seen.label.as_ref().map(|label| label.made_at), "schema": seen.schema, "rows": seen.rows,
        "counts": seen.counts, "newest_message_at": seen.newest_message_at, "findings": seen.findings,
    });
    cx.out.told(&SEEN, &value, &page(&file.display().to_string(), &seen))?;
    if seen.findings.is_empty() { Ok(()) } else { Err(Failure::told(exit::FOUND)) }
}

fn page(file: &str, seen: &Examined) -> String {
    let mut text = match &seen.label {
        Some(label) => format!("{file}: made {}, schema {}\n", label.made_at, seen.schema),
        None => format!("{file}: a store without a seal, schema {}\n", seen.schema),
    };
    let counts = &seen.counts;
    text.push_str(&format!(
        "{} conversations, {} messages, {} leads, {} bookings",
        counts.conversations, counts.messages, counts.leads, counts.bookings
    ));
    if let Some(at) = seen.newest_message_at {
        text.push_str(&format!("; the last message is of {at}"));
    }
    if seen.findings.is_empty() {
        return text + "\nnothing is wrong";
    }
    for found in &seen.findings {
        text.push_str(&format!("\n{}: {}; {}", found.check, found.detail, found.hint));
    }
    text
}
