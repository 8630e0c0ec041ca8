//! A store as one file that nobody works on: taken while others write, sealed, and put in a store's place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::rows::{all, execute, scalar};
use super::transfer::{Moment, moment};
use super::{SqliteStore, failure, open};
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::{TableSum, Transfer, sums};

/// Pages that are copied in one go.
const PAGES: i32 = 1024;
/// Where a backup keeps what is said about it.
const LABEL: &str = "backup";
/// What the mark beside a file that is copied into is called.
const COPYING: &str = "-copy";

impl SqliteStore {
    /// Copies the file as it is now into another one, while others write; answers what was in it then.
    ///
    /// # Errors
    /// When one cannot be read or the other not written.
    pub async fn back_up(&self, to: &Path) -> StoreResult<Vec<TableSum>> {
        let readers =
            self.readers.as_ref().ok_or_else(|| StoreError::Other("a store in memory stays there".to_owned()))?;
        let mut now = Moment(Some(moment(open::reader(readers.path())?)?));
        let sums = sums(&mut now).await?;
        let to = to.to_owned();
        // The same transaction: what is copied is what was summed.
        now.run(move |c| {
            let mut target = Connection::open(&to).map_err(failure)?;
            let backup = Backup::new(c, &mut target).map_err(failure)?;
            backup.run_to_completion(PAGES, std::time::Duration::ZERO, None).map_err(failure)
        })
        .await?;
        Ok(sums)
    }

    /// What is in the store now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sums(&self) -> StoreResult<Vec<TableSum>> {
        sums(&mut *self.snapshot().await?).await
    }
}

/// A file that somebody copies into: a mark beside it says so, and nobody holds it when that process is dead.
pub(super) struct Filled {
    mark: PathBuf,
    _held: File,
}

impl Filled {
    /// Nothing when somebody else fills it.
    pub(super) fn of(path: &Path) -> StoreResult<Option<Self>> {
        let mark = beside(path, COPYING);
        let opened = File::options().create(true).truncate(false).write(true).open(&mark);
        let file = opened.map_err(|error| unopened(&mark, &error))?;
        Ok(file.try_lock().is_ok().then(|| Self { mark, _held: file }))
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.mark));
    }
}

/// Whether a living daemon serves the store in that file.
///
/// # Errors
/// When its lock cannot be looked at.
pub fn is_served(path: &Path) -> StoreResult<bool> {
    is_held(&beside(path, "-daemon"))
}

pub(super) fn is_held(lock: &Path) -> StoreResult<bool> {
    match File::options().write(true).open(lock) {
        Ok(file) => Ok(file.try_lock().is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unopened(lock, &error)),
    }
}

/// The file of that name beside a store's.
#[must_use]
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What a backup says about itself; nothing in a plain store.
///
/// # Errors
/// `Foreign` or `Damaged` for a file that is no store.
pub fn label(path: &Path) -> StoreResult<Option<String>> {
    let c = open::reader(path)?;
    match open::schema_of(&c)? {
        None => Err(StoreError::Damaged("the file is empty".to_owned())),
        Some(_) => scalar(&c, "SELECT value FROM meta WHERE key=?1", [LABEL]),
    }
}

/// Makes a store that nobody has open one whole file, with a label or without, and looks whether it is sound.
///
/// # Errors
/// `Damaged` when it is not, `Busy` when somebody has it open.
pub fn seal(path: &Path, label: Option<&str>) -> StoreResult<()> {
    let c = existing(path)?;
    execute(&c, "DELETE FROM meta WHERE key=?1", [LABEL])?;
    if let Some(label) = label {
        execute(&c, "INSERT INTO meta(key, value) VALUES(?1, ?2)", [LABEL, label])?;
    }
    let told = all(&c, "PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0).map_err(failure))?;
    if let Some(wrong) = told.into_iter().find(|line| line != "ok") {
        return Err(StoreError::Damaged(wrong));
    }
    drop(c);
    alone(path)?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| unopened(path, &error))
}

/// Writes the log into the file and takes it away; whoever still has the file open keeps that from happening.
fn alone(path: &Path) -> StoreResult<()> {
    let c = existing(path)?;
    let mode: Option<String> = scalar(&c, "PRAGMA journal_mode=DELETE", [])?;
    match mode.as_deref() {
        Some("delete") => Ok(()),
        _ => Err(StoreError::Busy("somebody has it open".to_owned())),
    }
}

fn existing(path: &Path) -> StoreResult<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failure)
}

/// Puts a sealed store in the place of another one. What was there is kept under a name of its own; at every moment
/// there is a whole store in the place, unless the old one is too damaged for that.
///
/// # Errors
/// `Busy` when somebody has the old one open.
pub fn put_in_place(sealed: &Path, path: &Path, kept: Option<&Path>) -> StoreResult<()> {
    let moved = |from: &Path, to: &Path| fs::rename(from, to).map_err(|error| unopened(to, &error));
    if path.exists() {
        // A log that damage keeps from being written back must not meet the new file.
        if let Err(error @ (StoreError::Busy(_) | StoreError::ReadOnly | StoreError::Full)) = alone(path) {
            return Err(error);
        }
        for ending in ["-wal", "-shm"] {
            let log = beside(path, ending);
            match kept {
                Some(kept) if log.exists() => moved(&log, &beside(kept, ending))?,
                _ => drop(fs::remove_file(log)),
            }
        }
        if let Some(kept) = kept
            && fs::hard_link(path, kept).is_err()
        {
            moved(path, kept)?;
        }
    }
    moved(sealed, path)?;
    sync_folder(path);
    Ok(())
}

/// Makes the name of a file durable. Where a folder cannot be synced, the file's own sync has to do.
pub fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        drop(File::open(folder).and_then(|folder| folder.sync_all()));
    }
}

fn unopened(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Open(format!("{}: {error}", path.display())),
    }
}
