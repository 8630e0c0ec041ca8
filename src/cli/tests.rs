//! The definitions of the commands, and the documents that show them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;

use super::definitions;

fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    let path = format!("{path} {}", command.get_name()).trim_start().to_owned();
    if command.get_subcommands().next().is_none() {
        found.push((path.clone(), command.clone()));
    }
    command.get_subcommands().for_each(|next| leaves(next, &path, found));
}

#[test]
fn the_definitions_are_sound() {
    definitions().debug_assert();
}

#[test]
fn every_command_shows_examples_that_can_be_typed() {
    let mut found = Vec::new();
    leaves(&definitions(), "", &mut found);
    assert!(found.len() > 40, "{}", found.len());
    let mut wrong = Vec::new();
    for (path, mut command) in found {
        let help = command.render_long_help().to_string();
        match help.split_once("Examples:") {
            Some((_, examples)) => wrong.extend(untypable(&path, examples)),
            None => wrong.push(format!("{path}: no Examples")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_in_the_documents_can_be_typed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<PathBuf> =
        fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.push(root.join("README.md"));
    let mut wrong = Vec::new();
    let mut blocks = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for block in text.split("```").skip(1).step_by(2) {
            blocks += 1;
            wrong.extend(untypable(&document.display().to_string(), block));
        }
    }
    assert!(blocks > 5, "{blocks}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_that_cannot_be_typed_is_found() {
    assert_eq!(untypable("here", "$ flow token create --name site --scopes leads:write").len(), 1);
    assert_eq!(untypable("here", "  flow leads list --since 7d | head    # the newest"), Vec::<String>::new());
}

/// The lines of a text that begin with `flow` and are no command of it.
fn untypable(place: &str, text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.trim().trim_start_matches("$ "));
    let commands = lines.filter(|line| line.starts_with("flow "));
    commands
        .filter_map(|line| {
            let told = definitions().try_get_matches_from(words(line)).err()?;
            told.use_stderr().then(|| format!("{place}: {line}\n{told}"))
        })
        .collect()
}

/// The words of a line as a shell has them: quotes, and what ends a command. Two spaces begin a remark.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, quote) {
            (sign, Some(end)) if sign == end => quote = None,
            ('\'' | '"', None) => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            ('|' | '>' | '<' | '#' | '&' | ';', None) => break,
            (' ', None) => {
                words.extend(word.take());
                if signs.peek() == Some(&' ') && !line.contains("\\ ") {
                    let rest: String = signs.clone().collect();
                    if !rest.trim_start().starts_with('-') {
                        break;
                    }
                }
            }
            (sign, _) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    words
}
