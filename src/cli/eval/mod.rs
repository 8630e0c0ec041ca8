//! `flow eval`: scripted dialogues as tests, through the same engine and path as a channel.

mod grade;
mod play;
mod report;
mod scenario;
mod stage;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::report::{Graded, Report};
use super::context::Context;
use super::failure::{Failure, exit};
use super::output::{Format, Shape};
use super::progress;

/// Play scripted dialogues
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow eval run scenarios/                     every scenario below the folder
  flow eval run scenarios/angry.toml -o json   one, for a program
  flow eval run scenarios/ --k 4 --junit eval.xml")]
pub enum EvalCommand {
    /// Play scenarios and grade what came of them
    Run(RunArgs),
}

/// Play scenarios and grade what came of them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow eval run scenarios/
  flow eval run scenarios/ --k 4 --junit eval.xml
  flow eval run scenarios/ --store postgres://flow@localhost/flow   each in a schema of its own there")]
pub struct RunArgs {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What understands clients: offline
    #[arg(long, value_name = "ENGINE", default_value = "offline")]
    engine: String,
    /// Play each scenario so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    k: u32,
    /// Write JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

static SHAPE: Shape = Shape {
    members: &["total", "passed", "failed", "engine", "pass_k", "scenarios", "errors"],
    columns: &[],
    times: &[],
};

static ROW: Shape = Shape {
    members: &["file", "name", "passed", "failures", "turns", "ms"],
    columns: &[("file", "file"), ("name", "name"), ("passed", "passed"), ("turns", "turns"), ("ms", "ms")],
    times: &[],
};

/// Runs a command of the group.
///
/// # Errors
/// Exit 9 when a scenario fails, 2 when a file cannot be read.
pub fn run(command: EvalCommand, cx: &mut Context) -> Result<(), Failure> {
    let EvalCommand::Run(args) = command;
    if args.engine != "offline" && args.engine != "auto" {
        let message = format!("there is no engine `{}` in this version", args.engine);
        return Err(Failure::usage(message).hint("use --engine offline"));
    }
    let bar = progress::bar(0, "scenarios", cx.out.is_quiet());
    let place = cx.store_flag.as_deref().map(|url| cx.store_at(url)).transpose()?;
    let report = stage::run(&args.paths, args.k, place.as_ref(), &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::internal(format!("cannot start the players: {error}")))?;
    if let Some(path) = &args.junit {
        std::fs::write(path, report.junit()).map_err(|error| Failure::file("write", path, &error))?;
    }
    show(&report, cx)?;
    verdict(&report)
}

fn show(report: &Report, cx: &mut Context) -> Result<(), Failure> {
    match cx.out.format() {
        Format::Json => cx.out.object(&SHAPE, report),
        Format::Table => cx.out.text(&told(report)),
        Format::Jsonl | Format::Csv | Format::Tsv => cx.out.all(&ROW, &report.scenarios),
    }
}

/// For people: what failed, with the dialogue, then the count.
fn told(report: &Report) -> String {
    let mut text = String::new();
    for graded in report.scenarios.iter().filter(|graded| !graded.passed) {
        text.push_str(&failed(graded));
    }
    for unreadable in &report.errors {
        text.push_str(&format!("{}: {}\n", unreadable.file, unreadable.error));
    }
    text.push_str(&format!("{} passed, {} failed", report.passed, report.failed));
    if !report.errors.is_empty() {
        text.push_str(&format!(", {} could not be read", report.errors.len()));
    }
    text
}

fn failed(graded: &Graded) -> String {
    let failures: Vec<String> = graded.failures.iter().map(|failure| format!("  {failure}\n")).collect();
    format!("FAILED {} ({})\n{}\n{}\n", graded.file, graded.name, failures.concat(), graded.transcript)
}

fn verdict(report: &Report) -> Result<(), Failure> {
    if !report.errors.is_empty() {
        let message = format!("{} could not be read", report.errors.len());
        return Err(Failure::usage(message).hint("each file and its error stand in the answer"));
    }
    if report.failed > 0 {
        return Err(Failure::told(exit::FOUND));
    }
    Ok(())
}
