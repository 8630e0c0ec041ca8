//! `flow init`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Shape;
use crate::config::{EXAMPLE, presets};

/// Write a configuration and a business profile
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow init
  flow init --preset clinic --dir /etc/flow")]
pub struct InitArgs {
    /// The business to begin with
    #[arg(long, default_value = presets::NAMES[0], value_parser = presets::NAMES)]
    preset: String,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    dir: PathBuf,
}

static WRITTEN: Shape = Shape { members: &["written"], columns: &[("written", "written")], times: &[] };

/// Writes both files, or none of them.
pub fn run(args: &InitArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&WRITTEN)?;
    let profile = presets::get(&args.preset).unwrap_or_default();
    let is_here = args.dir == Path::new(".");
    let dir = if is_here { cx.env.cwd().to_owned() } else { cx.env.cwd().join(&args.dir) };
    let files = [(dir.join("config.toml"), EXAMPLE), (dir.join("profile.toml"), profile)];
    let there: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).filter(|path| path.exists()).collect();
    let names = there.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ");
    if !there.is_empty() && !cx.agrees(&format!("replace {names}?"))? {
        return Err(Failure::usage(format!("nothing was written: there is already {names}"))
            .hint("replace it with --yes, or write elsewhere with --dir DIR"));
    }
    let was_there = |path: &PathBuf| there.contains(&path.as_path());
    std::fs::create_dir_all(&dir).map_err(|error| Failure::file("make", &dir, &error))?;
    for (path, text) in &files {
        std::fs::write(path, text).map_err(|error| {
            // Both or none; what was there before this run cannot be given back.
            files.iter().filter(|(path, _)| !was_there(path)).for_each(|(path, _)| drop(std::fs::remove_file(path)));
            Failure::file("write", path, &error)
        })?;
    }
    let written: Vec<_> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    cx.out.told(&WRITTEN, &json!({"written": written}), &written.join("\n"))?;
    let config = if is_here { String::new() } else { format!(" --config {}", files[0].0.display()) };
    cx.out.note(&format!(
        "next: describe your business in {}, then `flow seed {}{config}` and `flow serve{config}`",
        written[1], written[1]
    ));
    Ok(())
}
