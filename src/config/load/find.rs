//! Where the configuration's file is.

use std::io;
use std::path::PathBuf;

use super::Sources;
use crate::config::problem::Problem;

/// Whether there is simply no such file.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The first file there is; one that was asked for by name must be there.
pub(super) fn find_file(sources: &Sources<'_>) -> Result<Option<(PathBuf, Vec<u8>)>, Problem> {
    let env = sources.env;
    let asked = match (sources.config_flag, env.get("FLOW_CONFIG")) {
        (Some(flag), _) => Some(("--config", env.cwd().join(flag))),
        (None, Some(path)) => Some(("FLOW_CONFIG", env.cwd().join(path))),
        (None, None) => None,
    };
    if let Some((by, path)) = asked {
        return match std::fs::read(&path) {
            Ok(bytes) => Ok(Some((path, bytes))),
            Err(error) => {
                let problem = Problem::of(by, format!("cannot read {}: {error}", path.display()));
                Err(problem.hint("name a file that is there, or write one with `flow init`"))
            }
        };
    }
    for path in env.config_files() {
        match std::fs::read(&path) {
            Ok(bytes) => return Ok(Some((path, bytes))),
            Err(error) if is_absent(&error) => {}
            Err(error) => {
                return Err(Problem::of("", format!("cannot read it: {error}")).at(Some(path), None));
            }
        }
    }
    Ok(None)
}
