//! Made-up activity.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::context::Session;
use crate::cli::failure::Failure;
use crate::domain::company::Profile;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// So many conversations.
    pub conversations: u32,
    /// Over so many days.
    pub days: u32,
    /// The same number makes the same activity.
    pub rng: u64,
    /// The moment it ends at.
    pub until: Timestamp,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Made {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Leads.
    pub leads: u64,
    /// Bookings.
    pub bookings: u64,
}

/// Writes it.
pub async fn write(
    wanted: &Wanted,
    _profile: &Arc<Profile>,
    _session: &Session,
    _quiet: bool,
) -> Result<Made, Failure> {
    Ok(Made { conversations: u64::from(wanted.conversations), ..Made::default() })
}
