//! A command that was written wrongly, told in one line for programs.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::definitions;
use super::failure::Failure;

/// Says what is wrong with the arguments, what is allowed there, and where the help is.
pub fn told(error: &clap::Error, args: &[OsString]) -> Failure {
    let command = command_of(args);
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            format!("`{command}` needs a command after it")
        }
        _ => message(error),
    };
    Failure::usage(message).hint(format!("see `{command} --help`"))
}

fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    // A list stands below the line that announces it.
    if message.ends_with(':') {
        let lists = [ContextKind::InvalidArg, ContextKind::PriorArg];
        let named: Vec<String> = lists.into_iter().flat_map(|kind| all(error, kind)).collect();
        message = format!("{message} {}", named.join(", "));
    }
    let allowed: Vec<String> =
        [ContextKind::ValidValue, ContextKind::ValidSubcommand].into_iter().flat_map(|kind| all(error, kind)).collect();
    if !allowed.is_empty() {
        message.push_str(&format!("; one of {}", allowed.join(", ")));
    }
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand];
    let near: Vec<String> = near.into_iter().flat_map(|kind| all(error, kind)).collect();
    if !near.is_empty() {
        message.push_str(&format!("; did you mean `{}`?", near.join("` or `")));
    }
    message
}

fn all(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// The command that the words name, as far as they name one.
fn command_of(args: &[OsString]) -> String {
    let root = definitions();
    let (mut command, mut path) = (&root, root.get_name().to_owned());
    for word in args.iter().skip(1).map(|arg| arg.to_string_lossy()) {
        if let Some(next) = command.find_subcommand(word.as_ref()) {
            path.push_str(&format!(" {}", next.get_name()));
            command = next;
        }
    }
    path
}
