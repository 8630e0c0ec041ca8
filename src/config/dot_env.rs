//! The `.env` beside a configuration file, read without touching the process.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::utf8;
use super::load::is_absent;
use super::problem::Problem;

/// What a `.env` says: values with their lines by name. The first of several is the one that counts.
pub type DotEnv = BTreeMap<String, (String, Option<usize>)>;

/// Reads the file, which may be absent; lines that say nothing are added to `problems`.
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> DotEnv {
    let text = match std::fs::read(path) {
        Ok(bytes) => utf8(bytes, Some(path)),
        Err(error) if is_absent(&error) => return DotEnv::new(),
        Err(error) => Err(Problem::of("", format!("cannot read it: {error}")).at(Some(path.to_owned()), None)),
    };
    match text {
        Ok(text) => entries(text.trim_start_matches('\u{feff}'), path, problems),
        Err(problem) => {
            problems.push(problem);
            DotEnv::new()
        }
    }
}

fn entries(text: &str, path: &Path, problems: &mut Vec<Problem>) -> DotEnv {
    let mut found = DotEnv::new();
    for entry in dotenvy::from_read_iter(text.as_bytes()) {
        let problem = match entry {
            Ok((name, value)) => {
                let line = line_of(text, |line| names(line, &name));
                found.entry(name).or_insert((value, line));
                continue;
            }
            // The line itself is not repeated: it may hold a secret.
            Err(dotenvy::Error::LineParse(bad, _)) => Problem::of("", "a line that is no NAME=value")
                .at(Some(path.to_owned()), line_of(text, |line| line.trim() == bad.trim()))
                .hint("quote a value that has spaces"),
            Err(error) => Problem::of("", error.to_string()).at(Some(path.to_owned()), None),
        };
        problems.push(problem);
    }
    found
}

fn names(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
}

fn line_of(text: &str, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    text.lines().position(is_it).map(|at| at + 1)
}
