//! What runs for long: the HTTP side of the daemon.

pub mod http;
