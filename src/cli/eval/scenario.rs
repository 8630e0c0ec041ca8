//! The format of a scenario (`docs/interfaces.md` §5); unknown keys are refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::contact::{Channel, Phone};
use crate::domain::conversation::DialogState;
use crate::domain::lead::LeadStatus;

/// A scripted dialogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// Relative to the scenario's file.
    pub(super) profile: PathBuf,
    pub(super) now: Timestamp,
    #[serde(default = "web")]
    pub(super) channel: Channel,
    #[serde(default)]
    pub(super) client: Client,
    #[serde(default)]
    pub(super) booked: Vec<Booked>,
    #[serde(rename = "turn")]
    pub(super) turns: Vec<Turn>,
    #[serde(default)]
    pub(super) expect: End,
}

fn web() -> Channel {
    Channel::Web
}

/// What the channel knows of the client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) name: Option<String>,
    pub(super) phone: Option<Phone>,
}

/// An appointment that exists before the first turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Booked {
    pub(super) employee: String,
    pub(super) service: String,
    pub(super) start: Timestamp,
    pub(super) phone: Option<Phone>,
    pub(super) name: Option<String>,
}

/// One message of the client's, and what is expected of the reply.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Turn {
    #[serde(default)]
    pub(super) client: String,
    #[serde(default)]
    pub(super) press: String,
    #[serde(default = "no_time", deserialize_with = "duration")]
    pub(super) wait: Duration,
    #[serde(default)]
    pub(super) expect: Reply,
}

fn no_time() -> Duration {
    Duration::ZERO
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::config::parse_duration(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a length of time such as \"20m\"")))
}

/// What is expected of one turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    pub(super) state: Option<DialogState>,
    #[serde(default)]
    pub(super) state_none: Vec<DialogState>,
    #[serde(default)]
    pub(super) reply_all: Vec<String>,
    #[serde(default)]
    pub(super) reply_any: Vec<String>,
    #[serde(default)]
    pub(super) reply_none: Vec<String>,
}

/// What is expected of the store at the end.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) state: Option<DialogState>,
    #[serde(default)]
    pub(super) state_none: Vec<DialogState>,
    pub(super) handed_over: Option<bool>,
    pub(super) lead_status: Option<LeadStatus>,
    pub(super) appointments: Option<Vec<Visit>>,
}

/// An appointment that must stand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    pub(super) service: String,
    pub(super) employee: Option<String>,
    pub(super) start: Timestamp,
}

/// Reads a scenario.
///
/// # Errors
/// Says what is wrong and where.
pub(super) fn read(path: &Path) -> Result<Scenario, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.to_string().trim_end().replace('\n', " "))
}

/// The scenario files of a path: itself, or every `.toml` below a folder that is not a business profile.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "toml") && !is_profile(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// A folder may hold the profiles its scenarios use.
fn is_profile(path: &Path) -> bool {
    std::fs::read_to_string(path)
        .ok()
        .and_then(|text| text.parse::<toml::Table>().ok())
        .is_some_and(|table| table.contains_key("company") && !table.contains_key("turn"))
}
