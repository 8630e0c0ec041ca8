//! `flow db`.

use clap::Subcommand;
use serde_json::json;

use super::context::{Context, Open, must_exist};
use super::failure::{Failure, exit};
use super::output::Shape;
use super::runtime;
use crate::domain::store::{Finding, StoreError, Upkeep};
use crate::store::sqlite::{LATEST_SCHEMA, SqliteStore};

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
    }
}

/// Looks without changing: also an older schema stays as it is.
fn status(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&STATUS)?;
    let url = cx.config()?.store.url;
    let path = url.path();
    must_exist(path)?;
    let current = SqliteStore::peek_schema(path)?;
    let size = std::fs::metadata(path).map(|file| file.len()).ok();
    let status = json!({
        "url": url.to_string(), "file": path, "size_bytes": size,
        "current": current, "latest": LATEST_SCHEMA, "up_to_date": current == LATEST_SCHEMA,
    });
    cx.out.object(&STATUS, &status)?;
    if current > LATEST_SCHEMA {
        return Err(StoreError::Newer { found: current, known: LATEST_SCHEMA }.into());
    }
    Ok(())
}

fn migrate(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&MIGRATED)?;
    let path = cx.config()?.store.url.path().to_owned();
    must_exist(&path)?;
    let from = SqliteStore::peek_schema(&path)?;
    cx.session(Open::Existing, async |session, out| {
        let to = session.app.store.schema().await?.current;
        let text = if from == to { format!("the schema is {to} already") } else { format!("schema {from} → {to}") };
        out.told(&MIGRATED, &json!({"from": from, "to": to, "changed": from != to}), &text)
    })
}

fn check(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&FINDINGS)?;
    let path = cx.config()?.store.url.path().to_owned();
    must_exist(&path)?;
    // Only the store: a business that cannot be read must not keep its damage from being told.
    let findings = runtime::run(async {
        let looked = match SqliteStore::open(&path) {
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
