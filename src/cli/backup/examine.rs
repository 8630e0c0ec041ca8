//! What is in a backup, seen in a copy of it: the file itself is only read.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rand::Rng;

use super::{Label, private};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::store::{Conversations, Counts, Finding, StoreError, StoreResult, Upkeep};
use crate::domain::transfer::{TableSum, Transfer, compared};
use crate::store::sqlite::{LATEST_SCHEMA, SqliteStore, backup};

/// Checks whose findings mean that the file is not what was once written.
const FATAL: &[&str] = &["file", "contents", "unfinished"];

/// What the folders of drafts are called, and the file in each that its process holds for as long as it lives.
const DRAFTS: &str = "flow-backup-";
const HELD: &str = "held";

/// A folder that goes away with this value.
pub(super) struct Scratch {
    path: PathBuf,
    _held: fs::File,
}

impl Scratch {
    /// A folder of its owner alone, where temporary files lie. What killed runs have left there is taken away.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(cx: &Context) -> Result<Self, Failure> {
        let folder = cx.env.get("TMPDIR").unwrap_or("/tmp");
        let folder = cx.env.cwd().join(folder);
        let name = format!("{}-{:08x}", std::process::id(), rand::rng().random::<u32>());
        // Under another name until it is held: others take away what nobody holds.
        let (path, made) = (folder.join(format!("{DRAFTS}{name}")), folder.join(format!("flow-draft-{name}")));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let failed = |error| Failure::file("make", &path, &error);
        builder.create(&made).map_err(failed)?;
        let held = private(&made.join(HELD)).map_err(failed)?;
        held.lock().map_err(failed)?;
        fs::rename(&made, &path).map_err(failed)?;
        clear_dead(&folder, &path);
        Ok(Self { path, _held: held })
    }

    /// Where the store lies in it.
    pub(super) fn store(&self) -> PathBuf {
        self.path.join("flow.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Takes away the drafts of our own that nobody holds: whoever made them was killed. They hold personal data.
fn clear_dead(folder: &Path, own: &Path) {
    let (Ok(entries), Ok(ours)) = (fs::read_dir(folder), fs::symlink_metadata(own)) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_draft = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DRAFTS));
        let is_ours = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir() && same_owner(&found, &ours));
        if !is_draft || !is_ours || path == own {
            continue;
        }
        let held = fs::File::options().write(true).open(path.join(HELD));
        if held.is_ok_and(|held| held.try_lock().is_ok()) {
            drop(fs::remove_dir_all(&path));
        }
    }
}

#[cfg(unix)]
fn same_owner(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn same_owner(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// What a look at a backup came to.
pub(super) struct Examined {
    /// What it says about itself; a plain store says nothing.
    pub(super) label: Option<Label>,
    /// The schema that it was written with.
    pub(super) schema: u32,
    /// How many rows there are.
    pub(super) counts: Counts,
    /// Rows in all tables.
    pub(super) rows: u64,
    /// When the last message was written.
    pub(super) newest_message_at: Option<Timestamp>,
    /// What is wrong.
    pub(super) findings: Vec<Finding>,
}

impl Examined {
    /// What keeps it from being restored.
    pub(super) fn fatal(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| FATAL.contains(&finding.check.as_str()))
    }
}

/// Copies a backup, with the log that somebody may have copied beside it.
///
/// # Errors
/// When it cannot be read, or the copy not written.
pub(super) fn laid_out(file: &Path, copy: &Path) -> Result<(), Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!("{} is a folder, and a backup is one file", file.display()))
            .hint(format!("name the file in it; `ls {}` shows them", file.display())));
    }
    for ending in ["", "-wal"] {
        let (from, to) = (backup::beside(file, ending), backup::beside(copy, ending));
        if !ending.is_empty() && !from.exists() {
            continue;
        }
        let mut source = fs::File::open(&from).map_err(|error| Failure::file("read", &from, &error))?;
        let mut target = private(&to).map_err(|error| Failure::file("write", &to, &error))?;
        std::io::copy(&mut source, &mut target).map_err(|error| Failure::file("write", &to, &error))?;
    }
    Ok(())
}

/// Looks at everything in a copy of a backup, and brings its schema forward.
pub(super) async fn examined(copy: &Path) -> StoreResult<Examined> {
    let mut seen = Examined {
        label: None,
        schema: 0,
        counts: Counts::default(),
        rows: 0,
        newest_message_at: None,
        findings: Vec::new(),
    };
    match look(copy, &mut seen).await {
        Err(StoreError::Damaged(detail)) => seen.findings.insert(0, finding("file", detail)),
        Err(error @ StoreError::Foreign) => seen.findings.insert(0, finding("file", error.to_string())),
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    Ok(seen)
}

async fn look(copy: &Path, seen: &mut Examined) -> StoreResult<()> {
    let unread = |_| StoreError::Damaged("what the backup says about itself cannot be read".to_owned());
    seen.label = backup::label(copy)?.map(|text| serde_json::from_str(&text).map_err(unread)).transpose()?;
    seen.schema = SqliteStore::peek_schema(copy)?;
    let store = SqliteStore::open_unfinished(copy)?;
    seen.findings = store.check().await?;
    if let Some(mark) = store.copy_mark().await? {
        seen.findings.push(finding("unfinished", format!("the copy `{}` into it has not finished", mark.again)));
    }
    let sums: Vec<TableSum> = store.sums().await?;
    seen.rows = sums.iter().map(|table| table.rows).sum();
    // What an older schema held has another sum.
    if let Some(label) = seen.label.as_ref().filter(|label| label.schema == LATEST_SCHEMA) {
        seen.findings.extend(compared(&label.tables, &sums).into_iter().map(|detail| finding("contents", detail)));
    }
    seen.counts = store.counts().await?;
    let last = store.last_seq().await?;
    seen.newest_message_at = store.messages_since(last - 1, 1).await?.first().map(|message| message.at);
    Ok(())
}

fn finding(check: &str, detail: String) -> Finding {
    let hint = "take another backup: this file is not what was once written".to_owned();
    Finding { check: check.to_owned(), detail, hint }
}
