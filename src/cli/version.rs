//! `flow version`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Shape;

/// Show the version
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow version
  flow version -o json")]
pub struct VersionArgs {}

static VERSION: Shape =
    Shape { members: &["name", "version", "commit"], columns: &[("version", "version")], times: &[] };

/// The commit that was built, where the build says it.
const COMMIT: Option<&str> = option_env!("FLOW_COMMIT");

/// Prints it.
pub fn run(_args: VersionArgs, cx: &mut Context) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let commit = COMMIT.filter(|commit| !commit.is_empty());
    let build = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    let document = json!({"name": "flow", "version": version, "commit": commit});
    cx.out.told(&VERSION, &document, &format!("flow {version}{build}"))
}
