//! The long-running program: named parts, one stop, and the ways in.

pub mod http;
mod parts;
mod scheduler;
pub mod serve;
mod worker;
