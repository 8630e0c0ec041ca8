//! The command line: one file a group of commands, one printer, one kind of failure.

mod address;
mod backup;
mod bookings;
mod channel;
mod chat;
mod config;
mod contacts;
mod context;
mod conversations;
mod crm;
mod db;
mod doctor;
mod eval;
pub mod failure;
mod health;
mod inbox;
mod init;
mod jobs;
mod leads;
mod log;
mod nlu;
pub mod output;
mod pages;
mod progress;
mod runtime;
mod seed;
mod serve;
mod status;
#[cfg(test)]
mod tests;
mod times;
mod token;
mod transfer;
mod usage;
mod version;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::context::Context;
use self::failure::Failure;
use self::output::{Colour, Format, Out, Style};
use crate::config::Environment;
use crate::config::environment::arguments;
use crate::domain::clock::SystemClock;

/// An AI front desk before the CRM you already have
#[derive(Debug, Parser)]
#[command(name = "flow", version, propagate_version = false, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = "Examples:
  flow serve --demo                     a look at flow: nothing has to be set up
  flow init --preset salon              write config.toml and profile.toml
  flow seed profile.toml                load the business
  flow chat                             talk to it
  flow leads list --since 7d -o json    what came of it")]
struct Cli {
    #[command(flatten)]
    global: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Globals {
    /// Read this configuration file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use this store, such as sqlite://flow.db
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    /// Print the answer as table, json, jsonl, csv or tsv
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = true)]
    output: Option<Format>,
    /// Print only these fields, separated by commas
    #[arg(long, global = true, value_name = "A,B", value_delimiter = ',')]
    fields: Option<Vec<String>>,
    /// Say nothing beside the answer
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more; twice says most
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    color: Colour,
    /// Never ask
    #[arg(long, global = true)]
    no_input: bool,
    /// Answer yes to what would be asked
    #[arg(long, global = true)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Serve(serve::ServeArgs),
    /// Write a configuration and a business profile
    Init(init::InitArgs),
    /// Load a business profile, and made-up activity
    Seed(seed::SeedArgs),
    /// Talk to the front desk in the terminal
    Chat(chat::ChatArgs),
    /// Show and change leads
    #[command(subcommand)]
    Leads(leads::LeadsCommand),
    /// Read conversations
    #[command(subcommand)]
    Conversations(conversations::ConversationsCommand),
    /// Show, hand out and erase what is held about a person
    #[command(subcommand)]
    Contacts(contacts::ContactsCommand),
    /// Answer clients who need a person
    Inbox(inbox::InboxArgs),
    /// Show, make, move and cancel bookings
    #[command(subcommand)]
    Bookings(bookings::BookingsCommand),
    /// Work with one CRM connection
    #[command(subcommand)]
    Crm(crm::CrmCommand),
    /// Look after the ways that clients come in
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    /// Look after the work that waits
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Look after the store
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Make, check and restore backups
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Make and revoke API tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Show what the language parser understands
    #[command(subcommand)]
    Nlu(nlu::NluCommand),
    /// Play scripted dialogues as tests
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    /// Check everything that flow needs
    Doctor(doctor::DoctorArgs),
    /// Show how things stand
    Status(status::StatusArgs),
    /// Write a completion script
    Completions(pages::CompletionsArgs),
    /// Write the manual pages into a directory
    Man(pages::ManArgs),
    /// Show the version
    Version(version::VersionArgs),
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let args = arguments();
    let as_json = wants_json(&args);
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, &args, as_json),
    };
    // A bug must not look like anything else: Rust's own exit code for a panic is not one of ours.
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(cli))).unwrap_or_else(|_| {
        Err(Failure::internal("flow has met a bug in itself").hint("report the lines above, with the command"))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure, as_json),
    }
}

/// The definitions themselves, for completions and manual pages.
fn definitions() -> clap::Command {
    Cli::command()
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    let cx = &mut context(cli.global);
    match cli.command {
        Command::Serve(args) => serve::run(args, cx),
        Command::Init(args) => init::run(&args, cx),
        Command::Seed(args) => seed::run(args, cx),
        Command::Chat(args) => chat::run(args, cx),
        Command::Leads(command) => leads::run(command, cx),
        Command::Conversations(command) => conversations::run(command, cx),
        Command::Contacts(command) => contacts::run(command, cx),
        Command::Inbox(args) => inbox::run(args, cx),
        Command::Bookings(command) => bookings::run(command, cx),
        Command::Crm(command) => crm::run(command, cx),
        Command::Channel(command) => channel::run(command, cx),
        Command::Jobs(command) => jobs::run(command, cx),
        Command::Config(command) => config::run(command, cx),
        Command::Db(command) => db::run(command, cx),
        Command::Backup(command) => backup::run(command, cx),
        Command::Token(command) => token::run(command, cx),
        Command::Nlu(command) => nlu::run(command, cx),
        Command::Eval(command) => eval::run(command, cx),
        Command::Doctor(args) => doctor::run(args, cx),
        Command::Status(args) => status::run(args, cx),
        Command::Completions(args) => pages::completions(args, cx),
        Command::Man(args) => pages::man(&args, cx),
        Command::Version(args) => version::run(args, cx),
    }
}

fn context(global: Globals) -> Context {
    let env = Environment::from_process();
    let style = Style {
        format: global.output,
        fields: global.fields.map(|fields| fields.into_iter().filter(|field| !field.is_empty()).collect()),
        colour: global.color,
        no_color: env.get("NO_COLOR").is_some(),
        quiet: global.quiet,
    };
    Context {
        env,
        config_flag: global.config,
        store_flag: global.store,
        verbose: global.verbose,
        no_input: global.no_input,
        yes: global.yes,
        clock: Arc::new(SystemClock),
        out: Out::stdout(style),
    }
}

/// Help and version are answers; anything else is a usage failure.
fn unparsed(error: &clap::Error, args: &[OsString], as_json: bool) -> ExitCode {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_answer || !as_json {
        // A reader that went away is no failure, and nobody can be told that stderr is gone.
        drop(error.print());
        return if is_answer { ExitCode::SUCCESS } else { ExitCode::from(failure::exit::USAGE) };
    }
    end(&usage::told(error, args), true)
}

fn end(failure: &Failure, as_json: bool) -> ExitCode {
    let mut stderr = io::stderr();
    drop(failure.write(&mut stderr, as_json).and_then(|()| stderr.flush()));
    ExitCode::from(failure.exit)
}

/// Whether failures are for programs; asked before the arguments are known to be good.
fn wants_json(args: &[OsString]) -> bool {
    let is_json = |value: &str| matches!(value, "json" | "jsonl");
    let texts: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--").collect();
    texts.iter().enumerate().any(|(index, arg)| {
        let next = || texts.get(index + 1).is_some_and(|value| is_json(value));
        match arg.as_ref() {
            "-o" | "--output" => next(),
            arg => arg
                .strip_prefix("--output=")
                .or_else(|| arg.strip_prefix("-o="))
                .or_else(|| arg.strip_prefix("-o"))
                .is_some_and(is_json),
        }
    })
}

#[cfg(test)]
mod format_tests {
    use super::*;

    #[test]
    fn failures_are_for_programs_however_the_format_is_written() {
        let json = |text: &str| wants_json(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        for text in ["flow -o json status", "flow --output=jsonl x", "flow status -ojson", "flow --output json"] {
            assert!(json(text), "{text}");
        }
        assert!(!json("flow -o table x") && !json("flow nlu parse -- -o json"));
    }
}
