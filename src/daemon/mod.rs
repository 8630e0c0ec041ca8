//! The long-running program: named parts, one stop, and the ways in.

mod allowance;
mod courtesy;
mod helper;
pub mod http;
mod introduction;
pub mod metrics;
mod parts;
mod poller;
mod scheduler;
mod sender;
pub mod serve;
pub mod trouble;
mod worker;
