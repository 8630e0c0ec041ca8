//! `flow backup`.

mod create;
mod examine;
mod restore;
mod verify;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::failure::Failure;
use crate::domain::transfer::TableSum;
use crate::store::sqlite::backup;

/// Make, check and restore backups
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    Create(create::CreateArgs),
    Verify(verify::VerifyArgs),
    Restore(restore::RestoreArgs),
}

/// What a backup says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    /// When it was made.
    made_at: jiff::Timestamp,
    /// Its schema.
    schema: u32,
    /// What was in it then.
    tables: Vec<TableSum>,
}

/// Runs the command.
pub fn run(command: BackupCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        BackupCommand::Create(args) => create::run(args, cx),
        BackupCommand::Verify(args) => verify::run(&args, cx),
        BackupCommand::Restore(args) => restore::run(&args, cx),
    }
}

/// A file that is taken away again unless it was kept, with what SQLite puts beside it.
struct Draft(PathBuf);

impl Draft {
    /// The draft of a file. What somebody left there who was killed over it is taken away: SQLite would read an old log
    /// into a new file.
    fn of(file: &Path) -> Self {
        let draft = Self(backup::beside(file, ".part"));
        draft.clear();
        draft
    }

    fn clear(&self) {
        for ending in ["", "-wal", "-shm", "-journal", "-daemon", "-copy"] {
            drop(std::fs::remove_file(backup::beside(&self.0, ending)));
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Makes an empty file that only its owner may read.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
