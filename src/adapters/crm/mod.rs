//! CRMs: one folder and one row each.

pub mod local;
pub mod watched;

/// What a kind of CRM can do at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Kind {
    /// The name in the configuration.
    pub kind: &'static str,
    /// One line for `flow crm kinds`.
    pub summary: &'static str,
    /// Of `services, staff, slots, clients, appointments, leads, notes, hooks`.
    pub capabilities: &'static [&'static str],
}

/// Every kind this program has.
pub const CRMS: &[Kind] = &[local::KIND];
