//! Front-door tests: through the binary, through HTTP, through the store's traits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of tests fail by panicking")]

mod browser;
mod channel;
mod cli;
#[cfg(feature = "crash-points")]
mod cluster;
mod crash;
mod crm;
mod desk;
mod eval;
mod fuzz;
mod house;
mod http;
mod inbox;
mod layers;
mod logs;
mod nlu;
mod serve;
mod store;
mod support;
mod telegram;
