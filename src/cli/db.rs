//! `flow db`.

pub(super) mod copy;

use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::context::{Context, Open, at, must_exist};
use super::failure::{Failure, exit};
use super::output::Shape;
use super::runtime;
use crate::app::{open_store, peek_schema};
use crate::config::StoreUrl;
use crate::domain::store::{Finding, StoreError};

/// Look after the store
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow db status
  flow db check -o json")]
pub enum DbCommand {
    /// Show the file and its schema
    #[command(after_help = "Examples:
  flow db status")]
    Status,
    /// Bring the schema forward
    #[command(after_help = "Examples:
  flow db migrate")]
    Migrate,
    /// Look for damage
    #[command(after_help = "Examples:
  flow db check
  flow db check -o json")]
    Check,
    Copy(copy::CopyArgs),
}

static STATUS: Shape = Shape {
    members: &["url", "file", "size_bytes", "current", "latest", "up_to_date"],
    columns: &[("file", "file"), ("current", "current"), ("latest", "latest")],
    times: &[],
};
static MIGRATED: Shape =
    Shape { members: &["from", "to", "changed"], columns: &[("from", "from"), ("to", "to")], times: &[] };
static FINDINGS: Shape = Shape {
    members: &["check", "detail", "hint"],
    columns: &[("check", "check"), ("found", "detail"), ("what to do", "hint")],
    times: &[],
};

/// Runs the command.
pub fn run(command: DbCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        DbCommand::Status => status(cx),
        DbCommand::Migrate => migrate(cx),
        DbCommand::Check => check(cx),
        DbCommand::Copy(args) => copy::run(&args, cx),
    }
}

/// Looks without changing: also an older schema stays as it is.
fn status(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&STATUS)?;
    let url = cx.config()?.store.url;
    let (current, latest) = peeked(&url)?;
    let file = url.file();
    let size = file.and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len());
    let status = json!({
        "url": url.to_string(), "file": file, "size_bytes": size,
        "current": current, "latest": latest, "up_to_date": current == latest,
    });
    cx.out.object(&STATUS, &status)?;
    if current > latest {
        return Err(StoreError::Newer { found: current, known: latest }.into());
    }
    Ok(())
}

/// The schema of the store, which must be there, and the newest that this program knows.
fn peeked(url: &StoreUrl) -> Result<(u32, u32), Failure> {
    must_exist(url)?;
    Ok(peek_schema(url).map_err(|error| at(url, error))?.unwrap_or_default())
}

fn migrate(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&MIGRATED)?;
    let (from, _) = peeked(&cx.config()?.store.url)?;
    cx.session(Open::Existing, async |session, out| {
        let to = session.app.store.schema().await?.current;
        let text = if from == to { format!("the schema is {to} already") } else { format!("schema {from} → {to}") };
        out.told(&MIGRATED, &json!({"from": from, "to": to, "changed": from != to}), &text)
    })
}

fn check(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&FINDINGS)?;
    let config = cx.config()?;
    must_exist(&config.store.url)?;
    // Only the store: a business that cannot be read must not keep its damage from being told.
    let findings = runtime::run(async {
        let looked = match open_store(&config, &Arc::default(), None) {
            Ok(store) => store.check().await,
            Err(error) => Err(error),
        };
        match looked {
            Err(StoreError::Damaged(detail)) => Ok(vec![damage(detail)]),
            looked => Ok(looked?),
        }
    })?;
    if findings.is_empty() && cx.out.is_for_people() {
        return cx.out.text("nothing is wrong");
    }
    cx.out.all(&FINDINGS, &findings)?;
    if findings.is_empty() { Ok(()) } else { Err(Failure::told(exit::FOUND)) }
}

fn damage(detail: String) -> Finding {
    let hint = "stop the daemon and restore the store from a backup".to_owned();
    Finding { check: "file".to_owned(), detail, hint }
}
