//! The long-running program: named parts, one stop, and the ways in.

mod allowance;
mod courtesy;
mod helper;
pub mod http;
mod introduction;
pub mod metrics;
mod outage;
mod parts;
mod poller;
mod scheduler;
mod sender;
pub mod serve;
pub mod standby;
pub mod trouble;
mod worker;
