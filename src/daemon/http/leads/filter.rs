//! Which leads are asked for, and in which order.

use axum::http::Uri;
use jiff::Timestamp;

use crate::daemon::http::body::expected_phone;
use crate::daemon::http::query::{Params, describe};
use crate::domain::contact::{Channel, Phone, Region};
use crate::domain::lead::{CrmState, Lead, LeadStatus};
use crate::domain::store::{LeadFilter, LeadSort};

const SORTS: [&str; 4] = ["-created_at", "created_at", "-updated_at", "updated_at"];

/// A list of leads: filters, order, and a description of both that its cursors are bound to.
pub struct Wanted {
    /// Which.
    pub filter: LeadFilter,
    /// By what.
    pub sort: LeadSort,
    /// Newest first.
    pub descending: bool,
    /// The list's name.
    pub what: String,
}

impl Wanted {
    /// The time a lead is ordered by.
    #[must_use]
    pub fn time_of(&self, lead: &Lead) -> Timestamp {
        match self.sort {
            LeadSort::Created => lead.created_at,
            LeadSort::Updated => lead.updated_at,
        }
    }
}

/// Reads filters and order.
pub fn read(params: &mut Params, region: Region, uri: &Uri) -> Wanted {
    let what = describe(uri);
    let filter = LeadFilter {
        status: params.names_of("status", LeadStatus::ALL, LeadStatus::as_str),
        channel: params.names_of("channel", &Channel::ALL, Channel::as_str),
        source: params.text("source", 0, 200),
        service: params.text("service", 0, 200),
        assigned_to: params.text("assigned_to", 0, 100),
        tag: params.text("tag", 0, 50),
        phone: params.parsed("phone", "phone_format", expected_phone(), |text| {
            // A `+` arrives as a space unless it was escaped.
            let text = text.strip_prefix(' ').map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
            Phone::parse(&text, region).ok()
        }),
        crm_state: params.names_of("crm_state", CrmState::ALL, CrmState::as_str),
        q: params.text("q", 2, 100),
        created_after: params.time("created_after"),
        created_before: params.time("created_before"),
        updated_after: params.time("updated_after"),
        updated_before: params.time("updated_before"),
    };
    let sort = params.name_of("sort", &SORTS, |name| name).unwrap_or(SORTS[0]);
    Wanted {
        filter,
        sort: if sort.ends_with("updated_at") { LeadSort::Updated } else { LeadSort::Created },
        descending: sort.starts_with('-'),
        what,
    }
}
