//! Completion scripts and manual pages, made from the definitions of the commands.

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::{Shell, generate};

use super::context::Context;
use super::definitions;
use super::failure::Failure;

/// Write a completion script
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow completions bash > /etc/bash_completion.d/flow
  flow completions zsh > ~/.zfunc/_flow
  flow completions fish > ~/.config/fish/completions/flow.fish")]
pub struct CompletionsArgs {
    /// The shell it is for
    shell: Shell,
}

/// Write the manual pages into a directory
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow man /usr/local/share/man/man1")]
pub struct ManArgs {
    /// The directory, which is made when it is not there
    #[arg(value_hint = ValueHint::DirPath)]
    dir: PathBuf,
}

/// Prints the script of a shell.
pub fn completions(args: CompletionsArgs, cx: &mut Context) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut definitions(), "flow", &mut script);
    cx.out.text(&String::from_utf8_lossy(&script))
}

/// Writes every page.
pub fn man(args: &ManArgs, cx: &mut Context) -> Result<(), Failure> {
    let dir = cx.env.cwd().join(&args.dir);
    let failed = |error: io::Error| Failure::file("write the pages into", &dir, &error);
    std::fs::create_dir_all(&dir).map_err(failed)?;
    clap_mangen::generate_to(definitions(), &dir).map_err(failed)?;
    cx.out.note(&format!("the pages are in {}", dir.display()));
    Ok(())
}
