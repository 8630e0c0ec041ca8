//! What a person at a terminal gets when something does not work: what failed, why, and what to do.

use std::fmt;
use std::io::{self, Write};

use serde_json::json;

use crate::config::Problems;
use crate::dialog::TurnError;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::store::StoreError;

/// The exit codes, as promised in `docs/interfaces.md`.
pub mod exit {
    /// A bug.
    pub const INTERNAL: u8 = 1;
    /// The command was written wrongly.
    pub const USAGE: u8 = 2;
    /// The configuration is wrong.
    pub const CONFIG: u8 = 3;
    /// There is no such thing.
    pub const NOT_FOUND: u8 = 4;
    /// The far side refused.
    pub const REFUSED: u8 = 5;
    /// The far side is out of reach.
    pub const LATER: u8 = 6;
    /// The store.
    pub const STORE: u8 = 7;
    /// Partly done.
    pub const PARTLY: u8 = 8;
    /// The check ran and found something.
    pub const FOUND: u8 = 9;
    /// Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable word; absent when the answer on stdout says all (a check that found something).
    pub code: Option<&'static str>,
    /// What failed and why.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The exit code.
    pub exit: u8,
}

impl Failure {
    /// A failure of that code and exit.
    #[must_use]
    pub fn new(code: &'static str, exit: u8, message: impl Into<String>) -> Self {
        Self { code: Some(code), message: message.into(), hint: None, exit }
    }

    /// The command was written wrongly.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", exit::USAGE, message)
    }

    /// The configuration or the profile is wrong.
    #[must_use]
    pub fn config(message: impl Into<String>) -> Self {
        Self::new("config", exit::CONFIG, message)
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not_found", exit::NOT_FOUND, message)
    }

    /// The store cannot be used.
    #[must_use]
    pub fn store(message: impl Into<String>) -> Self {
        Self::new("store", exit::STORE, message)
    }

    /// Something that should not happen.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new("internal", exit::INTERNAL, message)
    }

    /// Ctrl-C.
    #[must_use]
    pub fn interrupted() -> Self {
        Self { code: None, message: String::new(), hint: None, exit: exit::INTERRUPTED }
    }

    /// The answer is already on stdout; only the exit code is left to say.
    #[must_use]
    pub fn told(exit: u8) -> Self {
        Self { code: None, message: String::new(), hint: None, exit }
    }

    /// A reading or writing of a file that did not work.
    #[must_use]
    pub fn file(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        let message = format!("cannot {what} {}: {error}", path.display());
        let place = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(path).display();
        match error.kind() {
            io::ErrorKind::NotFound => Self::not_found(message).hint("check the path"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if what == "read" => {
                Self::usage(message).hint("let the user that runs flow read it")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::store(message)
                .hint(format!("let the user that runs flow write in {place}, or name another folder")),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::store(message).hint(format!("free some space on the disk that holds {place}"))
            }
            _ => Self::usage(message).hint(format!("check what lies at {place}")),
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with advice, where there is some.
    #[must_use]
    pub fn hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Writes it for a person, or as the one line that programs read.
    pub fn write(&self, to: &mut dyn Write, as_json: bool) -> io::Result<()> {
        let Some(code) = self.code else { return Ok(()) };
        if as_json {
            let error = json!({"error": {
                "code": code, "message": self.message, "hint": self.hint, "exit_code": self.exit,
            }});
            return writeln!(to, "{error}");
        }
        writeln!(to, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => writeln!(to, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Writing the answer failed. A reader that went away has what it wanted.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::told(0),
            _ => Self::internal(format!("cannot write the answer: {error}")),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::config(problems.to_string())
            .hint("correct these lines; `config.toml.example` has every key, and `flow config check` tells whether all is well")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Open(_) => Self::store(message)
                .hint("check `store.url`, that its folder may be written or its database answers; `flow config show`"),
            StoreError::Away(_) => Self::store(message)
                .hint("bring the database back, or check host and port in `store.url`; `flow config show`"),
            StoreError::Denied(_) => Self::store(message).hint(GRANTS),
            StoreError::Filling => {
                Self::store(message).hint("wait until that copy has ended; when it was killed, give its command again")
            }
            StoreError::Newer { .. } => {
                Self::store(message).hint("install the newer flow; a store is never taken back")
            }
            StoreError::Busy(_) => {
                Self::store(message).hint("another program holds the store, or its database is away; try again")
            }
            StoreError::Full => Self::store(message).hint("free some space and try again"),
            StoreError::ReadOnly => {
                Self::store(message).hint("let the user that runs flow write the file and its folder")
            }
            StoreError::Foreign => Self::store(message).hint("name another file with --store sqlite://PATH"),
            StoreError::Damaged(_) => {
                Self::store(message).hint("restore it from a backup, or name another file with --store sqlite://PATH")
            }
            StoreError::Unfinished(_) => Self::store(message)
                .hint("run that command once more, it goes on where it stopped; or take another store"),
            StoreError::NotEmpty => Self::usage(message).hint("name an empty store, or a file that is not there yet"),
            StoreError::NotFound(_) => Self::not_found(message),
            StoreError::SlotTaken => Self::new("slot_taken", exit::REFUSED, message).hint(FREE_TIMES),
            StoreError::KeyReused => Self::usage(message).hint("take another --key"),
            StoreError::LostLease | StoreError::Version { .. } => {
                Self::new("conflict", exit::STORE, message).hint("somebody else changed it; try again")
            }
            StoreError::Owned { .. } => {
                Self::new("conflict", exit::STORE, message).hint("--yes takes it over from them")
            }
            StoreError::Closed => {
                Self::new("conflict", exit::STORE, message).hint("the client's next message opens it again")
            }
            StoreError::Transition { from, .. } => {
                let allowed: Vec<_> = from.allowed().iter().map(|status| status.as_str()).collect();
                Self::new("rejected", exit::REFUSED, message).hint(format!("it may become {}", allowed.join(", ")))
            }
            StoreError::Other(_) => Self::internal(message),
        }
    }
}

/// What flow must be allowed to do in a database.
const GRANTS: &str = "let the role of `store.url` own its database, or as its owner: GRANT USAGE, CREATE ON SCHEMA \
                      public TO role; GRANT ALL ON ALL TABLES IN SCHEMA public TO role; GRANT ALL ON ALL SEQUENCES IN \
                      SCHEMA public TO role";
const FREE_TIMES: &str = "see the free times with `flow crm slots`";

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let (code, exit, hint) = match fault.kind {
            FaultKind::Unauthorized => ("unauthorized", exit::REFUSED, Some("check the connection's credentials")),
            FaultKind::Forbidden => ("forbidden", exit::REFUSED, Some("give the account the permission it lacks")),
            FaultKind::Rejected => ("rejected", exit::REFUSED, Some("correct what is named and try again")),
            FaultKind::NotFound => ("not_found", exit::NOT_FOUND, Some("check the id")),
            FaultKind::Unsupported => ("unsupported", exit::REFUSED, Some("`flow crm kinds` lists what a kind can do")),
            FaultKind::SlotTaken => ("slot_taken", exit::REFUSED, Some(FREE_TIMES)),
            FaultKind::ClientBlocked => {
                ("client_blocked", exit::REFUSED, Some("the CRM blocks this client; unblock them there"))
            }
            FaultKind::LicenceExpired => ("licence_expired", exit::REFUSED, Some("the account must be paid for")),
            FaultKind::KeyReused => ("usage", exit::USAGE, Some("take another --key, or repeat the first arguments")),
            FaultKind::RateLimited => {
                ("rate_limited", exit::LATER, Some("try again later, or wait longer with --wait"))
            }
            FaultKind::Unreachable => ("unreachable", exit::LATER, Some("check the address and the network")),
            FaultKind::Unavailable => ("unavailable", exit::LATER, Some("try again later")),
            FaultKind::Timeout => ("timeout", exit::LATER, Some("try again later")),
            FaultKind::Protocol => ("protocol", exit::LATER, Some("check that `base_url` is the CRM's own address")),
            FaultKind::UnknownOutcome => {
                ("unknown_outcome", exit::PARTLY, Some("it may have been applied: repeat with the same --key"))
            }
            FaultKind::Store => ("store", exit::STORE, Some("`flow doctor` looks at the store")),
        };
        Self::new(code, exit, fault.to_string()).hint_opt(hint.map(str::to_owned))
    }
}

impl From<TurnError> for Failure {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Store(error) => error.into(),
            TurnError::Crm(fault) => fault.into(),
            TurnError::Endless | TurnError::Panicked | TurnError::Unreadable(_) => Self::internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_for_programs_carries_code_message_hint_and_exit() {
        let failure = Failure::from(StoreError::Newer { found: 9, known: 1 });
        let mut line = Vec::new();
        failure.write(&mut line, true).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(read["error"]["code"], "store");
        assert_eq!(read["error"]["exit_code"], 7);
        assert!(read["error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_no_slip_in_the_command() {
        let told =
            |kind, what| Failure::file(what, std::path::Path::new("/etc/flow/config.toml"), &io::Error::from(kind));
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::StorageFull] {
            let failure = told(kind, "write");
            assert_eq!((failure.code, failure.exit), (Some("store"), exit::STORE), "{kind}");
            assert!(failure.hint.unwrap().contains("/etc/flow"), "{kind}");
        }
        assert_eq!(told(io::ErrorKind::NotFound, "read").exit, exit::NOT_FOUND);
        assert!(told(io::ErrorKind::IsADirectory, "write").hint.is_some());
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.code), (0, None));
    }
}
