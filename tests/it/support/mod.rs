//! What front-door tests share.

pub mod daemon;
pub mod webdriver;
