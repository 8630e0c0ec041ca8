//! What copies and backups share: stores by their addresses, and a bar.

use std::path::Path;

use super::context::{Context, at, must_exist};
use super::failure::{Failure, exit};
use super::progress;
use crate::config::StoreUrl;
use crate::domain::store::StoreResult;
use crate::domain::transfer::{Copied, Mark, Stage, Transfer, copy};
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// Sessions that a copy needs.
const SESSIONS: usize = 3;

/// A store whose rows are moved.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub fn source(url: &StoreUrl) -> Result<Box<dyn Transfer>, Failure> {
    must_exist(url)?;
    let opened: StoreResult<Box<dyn Transfer>> = match url {
        StoreUrl::Sqlite(path) => SqliteStore::open(path).map(|store| Box::new(store) as _),
        StoreUrl::Postgres(url) => PostgresStore::open(url.expose(), SESSIONS).map(|store| Box::new(store) as _),
    };
    opened.map_err(|error| at(url, error))
}

/// A store that rows are moved into, made where there is none; it may be one that is not whole yet.
///
/// # Errors
/// When it cannot be opened.
pub fn target(url: &StoreUrl) -> Result<Box<dyn Transfer>, Failure> {
    let opened: StoreResult<Box<dyn Transfer>> = match url {
        StoreUrl::Sqlite(path) => SqliteStore::open_unfinished(path).map(|store| Box::new(store) as _),
        StoreUrl::Postgres(url) => {
            PostgresStore::open_unfinished(url.expose(), SESSIONS).map(|store| Box::new(store) as _)
        }
    };
    opened.map_err(|error| at(url, error))
}

/// The address that tells a store from all others: however its file was named, and without secrets.
pub fn identity(url: &StoreUrl) -> String {
    match url.file() {
        Some(path) => StoreUrl::Sqlite(resolved(path)).to_string(),
        None => url.to_string(),
    }
}

/// The path itself, whatever leads to it.
pub fn resolved(path: &Path) -> std::path::PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join(name),
        _ => path.to_owned(),
    })
}

/// Copies under a bar.
///
/// # Errors
/// As [`copy`].
pub async fn copied(
    from: &dyn Transfer,
    to: &dyn Transfer,
    begin: Mark,
    replace: bool,
    quiet: bool,
) -> StoreResult<Copied> {
    let mut stage = Stage::Rows(0);
    let mut bar = progress::bar(0, "rows", quiet);
    let mut watch = move |now: Stage, rows: u64| {
        if now != stage {
            bar.finish_and_clear();
            bar = match now {
                Stage::Rows(total) => progress::bar(total, "rows", quiet),
                Stage::Compare(total) => progress::bar(total, "compared", quiet),
            };
            stage = now;
        }
        bar.inc(rows);
        if bar.position() >= bar.length().unwrap_or_default() {
            bar.finish_and_clear();
        }
    };
    copy(from, to, begin, replace, &mut watch).await
}

/// Says how an interrupted copy goes on.
pub fn told_how_to_go_on<T>(outcome: Result<T, Failure>, cx: &Context) -> Result<T, Failure> {
    if outcome.as_ref().is_err_and(|failure| failure.exit == exit::INTERRUPTED) {
        cx.out.note("the same command goes on where it stopped");
    }
    outcome
}
