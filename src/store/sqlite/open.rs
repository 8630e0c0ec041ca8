//! Opening a file: settings, migrations, and refusing what is not ours.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::{LATEST_SCHEMA, failure};
use crate::domain::store::{StoreError, StoreResult};

mod embedded {
    refinery::embed_migrations!("src/store/migrations/sqlite");
}

/// `flow` in ASCII: marks the file as ours (`file(1)` shows it).
const APPLICATION_ID: i32 = 0x666c_6f77;
/// How long a second process may hold the file before a write gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_CACHE: usize = 128;

pub(super) fn file(path: &Path) -> StoreResult<Connection> {
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
        && !parent.exists()
    {
        std::fs::create_dir_all(parent).map_err(|error| StoreError::Open(format!("{}: {error}", parent.display())))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fresh = !path.exists();
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| unopened(path, error))?;
    if fresh {
        restrict(path);
    }
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
    // Before the settings: `journal_mode` is written into the file, and this one may be somebody else's.
    refuse_newer(&connection)?;
    settings(&connection)?;
    if connection.is_readonly("main").map_err(failure)? {
        return Err(StoreError::ReadOnly);
    }
    migrate(&mut connection)?;
    Ok(connection)
}

/// Conversations are personal data: a new file is the owner's alone. One that somebody shared on
/// purpose keeps its mode.
#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).ok();
}

#[cfg(not(unix))]
fn restrict(_path: &Path) {}

pub(super) fn memory() -> StoreResult<Connection> {
    let mut connection = Connection::open_in_memory().map_err(failure)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "foreign_keys", true).map_err(failure)?;
    migrate(&mut connection)?;
    Ok(connection)
}

pub(super) fn reader(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| unopened(path, error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.execute_batch("PRAGMA query_only=ON; PRAGMA mmap_size=268435456;").map_err(failure)?;
    Ok(connection)
}

pub(super) fn peek(path: &Path) -> StoreResult<u32> {
    let connection = reader(path)?;
    Ok(schema_of(&connection)?.unwrap_or(0))
}

fn unopened(path: &Path, error: rusqlite::Error) -> StoreError {
    match failure(error) {
        StoreError::Open(text) => StoreError::Open(format!("{}: {text}", path.display())),
        other => other,
    }
}

fn settings(connection: &Connection) -> StoreResult<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
             PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384; PRAGMA mmap_size=268435456;
             PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=4000;",
        )
        .map_err(failure)
}

/// The schema's version; `None` in an empty file.
pub(super) fn schema_of(connection: &Connection) -> StoreResult<Option<u32>> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failure)?;
    if tables == 0 {
        return Ok(None);
    }
    let known: Option<String> = connection
        .query_row("SELECT name FROM sqlite_schema WHERE name='refinery_schema_history'", [], |row| row.get(0))
        .optional()
        .map_err(failure)?;
    if known.is_none() {
        return Err(StoreError::Foreign);
    }
    connection.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0)).map_err(failure)
}

/// The schema of a file that this program may open: `None` in an empty one.
fn refuse_newer(connection: &Connection) -> StoreResult<Option<u32>> {
    match schema_of(connection)? {
        Some(found) if found > LATEST_SCHEMA => Err(StoreError::Newer { found, known: LATEST_SCHEMA }),
        found => Ok(found),
    }
}

fn migrate(connection: &mut Connection) -> StoreResult<()> {
    if refuse_newer(connection)? == Some(LATEST_SCHEMA) {
        return Ok(());
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failure)?;
    embedded::migrations::runner()
        .run(connection)
        .map(|_| ())
        .map_err(|error| StoreError::Open(format!("the schema cannot be brought forward: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_until_the_disk_has_it() {
        let home = tempfile::tempdir().unwrap();
        let connection = file(&home.path().join("flow.db")).unwrap();
        let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        // 2 is FULL: the log is synced before a commit returns.
        assert_eq!(pragma("synchronous"), Ok(2));
        assert_eq!(pragma("foreign_keys"), Ok(1));
        assert_eq!(pragma("application_id"), Ok(i64::from(APPLICATION_ID)));
    }
}
