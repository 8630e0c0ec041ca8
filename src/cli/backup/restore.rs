//! `flow backup restore`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;

use super::Draft;
use super::examine::{Examined, Scratch, examined, laid_out};
use crate::cli::context::{Context, at, place};
use crate::cli::db::copy::served;
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::cli::{runtime, transfer};
use crate::config::StoreUrl;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::{Mark, Transfer};
use crate::store::sqlite::{SqliteStore, backup};

/// Put a backup in the place of the store
#[derive(Debug, Args)]
#[command(after_help = "A store that is not empty is replaced with --yes only; a file that is replaced is kept beside
the new one. Examples:
  flow backup restore flow-20260310T070000Z.db
  flow backup restore /var/backups/flow.db --store sqlite://second.db")]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

static RESTORED: Shape = Shape {
    members: &["file", "store", "rows", "schema", "made_at", "kept"],
    columns: &[("store", "store"), ("rows", "rows"), ("kept", "kept")],
    times: &["made_at"],
};

/// Looks at the backup first; then the old store goes, and never before the new one is whole.
pub(super) fn run(args: &RestoreArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&RESTORED)?;
    let url = cx.config()?.store.url;
    let file = cx.env.cwd().join(&args.file);
    let (seen, kept) = match &url {
        StoreUrl::Sqlite(path) => into_file(&file, path, &url, cx)?,
        StoreUrl::Postgres(_) => (into_database(&file, &url, cx)?, None),
    };
    let kept = kept.map(|path| path.display().to_string());
    let value = json!({
        "file": file.display().to_string(), "store": url.to_string(), "rows": seen.rows, "schema": seen.schema,
        "made_at": seen.label.as_ref().map(|label| label.made_at), "kept": kept,
    });
    let mut text = format!("{}: {} rows of {}", place(&url), seen.rows, file.display());
    if let Some(kept) = &kept {
        text.push_str(&format!("\nthe store that was there is kept as {kept}"));
    }
    cx.out.told(&RESTORED, &value, &text)
}

/// A backup that may be restored. What is wrong with the data in it is told, and was so when it was made.
fn sound(copy: &Path, file: &Path, cx: &Context) -> Result<Examined, Failure> {
    let seen = runtime::run(async { Ok(examined(copy).await?) })?;
    if let Some(wrong) = seen.fatal() {
        return Err(Failure::store(format!("nothing was restored: {}: {}", file.display(), wrong.detail))
            .hint("take another backup; `flow backup verify FILE` tells all that is wrong with one"));
    }
    for found in &seen.findings {
        cx.out.warn(&format!("warning: {}: {}; {}", found.check, found.detail, found.hint));
    }
    Ok(seen)
}

fn agreed(url: &StoreUrl, cx: &Context) -> Result<(), Failure> {
    if cx.agrees(&format!("replace the store {}?", place(url)))? {
        return Ok(());
    }
    Err(Failure::usage(format!("nothing was restored: {} is not empty", place(url)))
        .hint("replace it with --yes, or name another store with --store"))
}

fn into_file(file: &Path, path: &Path, url: &StoreUrl, cx: &Context) -> Result<(Examined, Option<PathBuf>), Failure> {
    let path = &transfer::resolved(path);
    if transfer::resolved(file) == *path {
        return Err(Failure::usage(format!("{} is the store itself", file.display())).hint("name a backup"));
    }
    if backup::is_served(path)? {
        return Err(served(url));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    }
    let draft = Draft::of(path);
    laid_out(file, &draft.0)?;
    let seen = sound(&draft.0, file, cx)?;
    backup::seal(&draft.0, None)?;
    let is_used = path.exists() && runtime::run(async { Ok(is_used(path).await?) })?;
    if is_used {
        agreed(url, cx)?;
    }
    let stamp = cx.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let kept = is_used.then(|| backup::beside(path, &format!(".{stamp}")));
    backup::put_in_place(&draft.0, path, kept.as_deref()).map_err(|error| at(url, error))?;
    Ok((seen, kept))
}

/// Whether there is something in a store that a person may miss. What cannot be read may be that too.
async fn is_used(path: &Path) -> StoreResult<bool> {
    let used = async { Ok(!SqliteStore::open_unfinished(path)?.is_empty().await?) };
    match used.await {
        Err(StoreError::Damaged(_) | StoreError::Newer { .. } | StoreError::Other(_)) => Ok(true),
        used => used,
    }
}

fn into_database(file: &Path, url: &StoreUrl, cx: &Context) -> Result<Examined, Failure> {
    let scratch = Scratch::new(cx)?;
    let target = transfer::target(url)?;
    laid_out(file, &scratch.store())?;
    let seen = sound(&scratch.store(), file, cx)?;
    let from = transfer::resolved(file).display().to_string();
    let begin = Mark::new(format!("backup {from}"), format!("flow backup restore {from} --store {url}"));
    let replace = runtime::run(async {
        if target.is_served().await? {
            return Err(served(url));
        }
        Ok(match target.copy_mark().await? {
            Some(mark) => mark.from != begin.from,
            None => !target.is_empty().await?,
        })
    })?;
    if replace {
        agreed(url, cx)?;
    }
    let quiet = cx.out.is_quiet();
    let outcome = runtime::run(async {
        let source = SqliteStore::open(&scratch.store())?;
        transfer::copied(&source, &*target, begin, replace, quiet).await.map_err(|error| at(url, error))
    });
    transfer::told_how_to_go_on(outcome, cx)?;
    Ok(seen)
}
