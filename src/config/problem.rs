//! What is wrong with what a person wrote, and where.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One mistake in a file, a variable or a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file it stands in.
    pub file: Option<PathBuf>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The key (`http.listen`), the variable (`FLOW_HTTP__LISTEN`) or the flag; empty when it is the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem that stands in no file.
    #[must_use]
    pub fn of(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: None, line: None, key: key.into(), message: message.into(), hint: None }
    }

    /// The same problem with its place in a file.
    #[must_use]
    pub fn at(mut self, file: Option<PathBuf>, line: Option<usize>) -> Self {
        self.file = file;
        self.line = line;
        self
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}: ", file.display())?,
            (Some(file), None) => write!(f, "{}: ", file.display())?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// Every mistake that was found, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `Ok` when there are none; otherwise all of them, sorted by place.
    ///
    /// # Errors
    /// When there is at least one problem.
    pub fn none_or(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        // Variables and flags, which have no place, come after the file.
        problems.sort_by(|a, b| (a.file.is_none(), &a.file, a.line).cmp(&(b.file.is_none(), &b.file, b.line)));
        Err(Self(problems))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
