//! `flow backup create`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;

use super::{Draft, Label, private};
use crate::cli::context::{Context, at, must_exist};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::cli::{runtime, transfer};
use crate::config::StoreUrl;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::{Mark, TableSum, compared};
use crate::store::sqlite::{LATEST_SCHEMA, SqliteStore, backup};

/// Write the whole store into one file, also while the daemon serves
#[derive(Debug, Args)]
#[command(after_help = "The file is a SQLite store whatever the store itself is. Examples:
  flow backup create
  flow backup create /var/backups/flow.db -o json")]
pub struct CreateArgs {
    /// The file; flow-TIME.db in this folder when none is named
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
}

static MADE: Shape = Shape {
    members: &["file", "bytes", "made_at", "schema", "tables", "rows", "verified"],
    columns: &[("file", "file"), ("rows", "rows"), ("made", "made_at")],
    times: &["made_at"],
};

/// Makes the backup beside its place, looks at it, and puts it there.
pub(super) fn run(args: CreateArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&MADE)?;
    let url = cx.config()?.store.url;
    must_exist(&url)?;
    let made_at = cx.clock.now();
    let name = args.file.unwrap_or_else(|| format!("flow-{}.db", made_at.strftime("%Y%m%dT%H%M%SZ")).into());
    let file = cx.env.cwd().join(name);
    if file.exists() {
        return Err(Failure::usage(format!("nothing was written: there is already {}", file.display()))
            .hint("name another file, or take the old one away"));
    }
    let draft = Draft::of(&file);
    private(&draft.0).map_err(|error| Failure::file("write", &draft.0, &error))?;
    let quiet = cx.out.is_quiet();
    let tables = runtime::run(async {
        let tables = match &url {
            StoreUrl::Sqlite(path) => taken(path, &draft.0).await,
            StoreUrl::Postgres(_) => gathered(&url, &draft.0, quiet).await?,
        };
        tables.map_err(|error| at(&url, error))
    })?;
    let label = Label { made_at, schema: LATEST_SCHEMA, tables };
    let text = serde_json::to_string(&label).map_err(|error| Failure::internal(error.to_string()))?;
    backup::seal(&draft.0, Some(&text))?;
    // A link never replaces what somebody else has put there meanwhile.
    let linked = std::fs::hard_link(&draft.0, &file);
    if linked.is_err() && !file.exists() {
        backup::put_in_place(&draft.0, &file, None)?;
    } else {
        linked.map_err(|error| Failure::file("write", &file, &error))?;
        backup::sync_folder(&file);
    }
    tell(&file, &label, cx)
}

fn tell(file: &Path, label: &Label, cx: &mut Context) -> Result<(), Failure> {
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    let rows: u64 = label.tables.iter().map(|table| table.rows).sum();
    let value = json!({
        "file": file.display().to_string(), "bytes": bytes, "made_at": label.made_at, "schema": label.schema,
        "tables": label.tables.len(), "rows": rows, "verified": true,
    });
    let text = format!("{}: {rows} rows, {bytes} bytes, compared with the store", file.display());
    cx.out.told(&MADE, &value, &text)
}

/// A file's own pages, and what they hold read again.
async fn taken(path: &Path, draft: &Path) -> StoreResult<Vec<TableSum>> {
    let wanted = SqliteStore::open(path)?.back_up(draft).await?;
    let found = SqliteStore::open_unfinished(draft)?.sums().await?;
    match compared(&wanted, &found) {
        differing if differing.is_empty() => Ok(found),
        differing => Err(StoreError::Damaged(format!("the backup differs from the store: {}", differing.join(", ")))),
    }
}

/// A database's rows, in a new file.
async fn gathered(url: &StoreUrl, draft: &Path, quiet: bool) -> Result<StoreResult<Vec<TableSum>>, Failure> {
    let source = transfer::source(url)?;
    let target = SqliteStore::open_unfinished(draft)?;
    let begin = Mark::new(transfer::identity(url), "flow backup create".to_owned());
    let copied = transfer::copied(&*source, &target, begin, false, quiet).await;
    Ok(copied.map(|copied| copied.tables))
}
