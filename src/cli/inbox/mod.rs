//! `flow inbox`: conversations that wait for a person, or have one.

mod list;
mod write;

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::Failure;

pub(super) use write::text_of;

/// Answer clients who need a person
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  flow inbox                               who waits, the longest first
  flow inbox take cv_01JX… --as Ольга      the bot is silent from here on
  flow inbox reply cv_01JX… Добрый день! Чем помочь?
  flow inbox return cv_01JX…               the bot goes on")]
pub struct InboxArgs {
    #[command(subcommand)]
    command: Option<InboxCommand>,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Show who waits for a person, the longest first, then what people have taken
    List(list::ListArgs),
    /// Take a conversation; the bot is silent until it is returned
    Take(write::TakeArgs),
    /// Write to the client; what nobody has taken is taken
    Reply(write::ReplyArgs),
    /// Give a conversation back to the bot
    Return(write::ReturnArgs),
}

/// Runs a command of the group; without one the list.
pub fn run(args: InboxArgs, cx: &mut Context) -> Result<(), Failure> {
    match args.command {
        None => list::run(&list::ListArgs::default(), cx),
        Some(InboxCommand::List(args)) => list::run(&args, cx),
        Some(InboxCommand::Take(args)) => write::take(&args, cx),
        Some(InboxCommand::Reply(args)) => write::reply(&args, cx),
        Some(InboxCommand::Return(args)) => write::give_back(&args, cx),
    }
}
