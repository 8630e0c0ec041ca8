//! `flow version`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Shape;

/// Show the version
#[derive(Debug, Args)]
pub struct VersionArgs {}

static VERSION: Shape = Shape { members: &["name", "version"], columns: &[("version", "version")], times: &[] };

/// Prints it.
pub fn run(_args: VersionArgs, cx: &mut Context) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    cx.out.told(&VERSION, &json!({"name": "flow", "version": version}), &format!("flow {version}"))
}
