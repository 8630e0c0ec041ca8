//! What must happen next: each kind of work in a place of its own, one runner for all.

mod run;
pub mod wakeups;

pub use run::{Runner, Worked};
