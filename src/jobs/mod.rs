//! What must happen next: each kind of work in a place of its own, one runner for all.

pub mod budgets;
pub mod buttons;
pub mod courtesies;
pub mod crm;
pub mod follow;
mod run;
pub mod send;
pub mod wakeups;

pub use run::{Runner, Worked};
